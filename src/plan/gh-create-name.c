/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A machine's name is the name of files (NAME.xml, NAME_VARS.fd, NAME.qcow2, NAME.log) and a word
 * on command lines, so it is held to more than libvirt demands. */

#define G_LOG_DOMAIN "gh-create-name"

#include "config.h"

#include "gh-create-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
has_control_character (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_iscntrl (c) || c == 0x2028 || c == 0x2029)
        return TRUE;
    }
  return FALSE;
}

/**
 * gh_create_plan_check_name:
 * @name: (nullable): what the user typed
 * @id: (out) (optional) (nullable): the id of the check that fails
 *
 * Returns: (transfer full) (nullable): %NULL when @name may be the name of a
 *   machine, else why not, in a sentence
 */
char *
gh_create_plan_check_name (const char  *name,
                           const char **id)
{
  const char *rule = NULL;
  char *sentence = NULL;

  if (name == NULL || *name == '\0')
    {
      rule = "name-empty";
      sentence = g_strdup (_("The machine needs a name."));
    }
  else if (!g_utf8_validate (name, -1, NULL))
    {
      rule = "name-illegal";
      sentence = g_strdup (_("The name is not valid text."));
    }
  else if (has_control_character (name))
    {
      rule = "name-illegal";
      sentence = g_strdup (_("The name has a line break or another control character in it."));
    }
  else if (strchr (name, '/') != NULL)
    {
      rule = "name-illegal";
      sentence = g_strdup (_("The name must not contain “/”."));
    }
  else if (strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    {
      rule = "name-illegal";
      sentence = g_strdup_printf (_("“%s” cannot be a name."), name);
    }
  else if (*name == '-')
    {
      rule = "name-illegal";
      sentence = g_strdup (_("The name must not begin with “-”: commands would take it for an "
                             "option."));
    }
  else if (g_unichar_isspace (g_utf8_get_char (name)) ||
           g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (name + strlen (name)))))
    {
      rule = "name-illegal";
      sentence = g_strdup (_("The name must not begin or end with a space."));
    }
  else if (strlen (name) > GH_CREATE_MAX_NAME_BYTES)
    {
      rule = "name-too-long";
      sentence = g_strdup (_("The name is too long."));
    }

  if (id != NULL)
    *id = rule;
  return sentence;
}

/* What is left of @stem when it is to be a name: letters, digits and few signs. */
static char *
make_legal (const char *stem)
{
  GString *legal = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (stem, -1);

  for (const char *p = valid; *p != '\0' && legal->len < 64; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_isalnum (c) || c == '.' || c == '_' || c == '+')
        g_string_append_unichar (legal, c);
      else if (legal->len > 0 && legal->str[legal->len - 1] != '-')
        g_string_append_c (legal, '-');
    }
  while (legal->len > 0 && strchr ("-.", legal->str[legal->len - 1]) != NULL)
    g_string_truncate (legal, legal->len - 1);
  while (legal->len > 0 && strchr ("-.", legal->str[0]) != NULL)
    g_string_erase (legal, 0, 1);
  if (legal->len == 0)
    g_string_append (legal, "machine");
  return g_string_free (legal, FALSE);
}

/**
 * gh_create_plan_propose_name:
 * @stem: what the name should be like: an OS's short id, or a file name
 * @taken: (nullable) (element-type utf8 gpointer): names that are in use
 *
 * Returns: (transfer full): a legal name that is free
 */
char *
gh_create_plan_propose_name (const char *stem,
                             GHashTable *taken)
{
  g_autofree char *base = make_legal (stem);

  if (taken == NULL || !g_hash_table_contains (taken, base))
    return g_steal_pointer (&base);
  for (guint i = 2;; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s-%u", base, i);

      if (!g_hash_table_contains (taken, name))
        return g_steal_pointer (&name);
    }
}
