/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-text-binding"

#include "config.h"

#include "gh-text-binding.h"

static gboolean
string_to_text (GBinding     *binding,
                const GValue *from,
                GValue       *to,
                gpointer      user_data)
{
  const char *text = g_value_get_string (from);

  g_value_set_string (to, text != NULL ? text : "");
  return TRUE;
}

static gboolean
text_to_string (GBinding     *binding,
                const GValue *from,
                GValue       *to,
                gpointer      user_data)
{
  const char *text = g_value_get_string (from);

  g_value_set_string (to, text != NULL && *text != '\0' ? text : NULL);
  return TRUE;
}

/**
 * gh_text_binding_add:
 * @bindings: a group whose source has the string
 * @property: the name of the string property, which may be %NULL
 * @entry: a widget with the property “text”
 */
void
gh_text_binding_add (GBindingGroup *bindings,
                     const char    *property,
                     gpointer       entry)
{
  g_binding_group_bind_full (bindings, property, entry, "text",
                             G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL, string_to_text, NULL,
                             NULL, NULL);
}

/**
 * gh_text_binding_add_optional:
 * @bindings: a group whose source has the string
 * @property: the name of the string property
 * @entry: a widget with the property “text”
 *
 * An empty text stands for %NULL.
 */
void
gh_text_binding_add_optional (GBindingGroup *bindings,
                              const char    *property,
                              gpointer       entry)
{
  g_binding_group_bind_full (bindings, property, entry, "text",
                             G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL, string_to_text,
                             text_to_string, NULL, NULL);
}
