/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-command"

#include "config.h"

#include "gh-command.h"

#include <string.h>

#include "gh-host-address.h"

/**
 * gh_command_dup_quoted:
 * @word: one word
 *
 * Returns: (transfer full): the word, quoted if the shell would not read it
 *   back as it is
 */
char *
gh_command_dup_quoted (const char *word)
{
  g_return_val_if_fail (word != NULL, NULL);

  for (const char *p = word; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("_-./:@%+=,", *p) == NULL)
      return g_shell_quote (word);
  return *word == '\0' ? g_strdup ("''") : g_strdup (word);
}

/**
 * gh_command_dup_virsh:
 * @uri: (nullable): the host's URI
 * @verb: such as "start"
 * @...: words, ended by %NULL
 *
 * Returns: (transfer full): the line
 */
char *
gh_command_dup_virsh (const char *uri,
                      const char *verb,
                      ...)
{
  GString *line = g_string_new ("virsh ");
  const char *word = NULL;
  va_list words;

  if (uri != NULL)
    {
      g_autofree char *plain = gh_host_address_dup_plain (uri);
      g_autofree char *quoted = gh_command_dup_quoted (plain);

      g_string_append_printf (line, "-c %s ", quoted);
    }
  g_string_append (line, verb);
  va_start (words, verb);
  while ((word = va_arg (words, const char *)) != NULL)
    {
      g_autofree char *quoted = gh_command_dup_quoted (word);

      g_string_append_c (line, ' ');
      g_string_append (line, quoted);
    }
  va_end (words);
  return g_string_free (line, FALSE);
}

/**
 * gh_command_get_machine:
 * @name: a machine's name
 * @uuid: its UUID
 *
 * Returns: (transfer none): the one virsh cannot misread
 */
const char *
gh_command_get_machine (const char *name,
                        const char *uuid)
{
  gboolean digits = TRUE;

  if (name == NULL || *name == '-' || g_uuid_string_is_valid (name))
    return uuid;
  for (const char *p = name; *p != '\0'; p++)
    digits = digits && g_ascii_isdigit (*p);
  return digits ? uuid : name;
}
