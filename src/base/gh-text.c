/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-text"

#include "config.h"

#include "gh-text.h"

/**
 * gh_text_fold:
 * @text: (nullable): what somebody wrote
 *
 * Makes texts that differ only in case or accents equal, for searching and
 * sorting: “Müller” becomes “muller”. Invalid UTF-8 is kept out. Any thread.
 *
 * Returns: (transfer full): the folded text, never %NULL
 */
char *
gh_text_fold (const char *text)
{
  g_autofree char *valid = NULL;
  g_autofree char *decomposed = NULL;
  g_autofree char *folded = NULL;
  GString *plain = NULL;

  if (text == NULL)
    return g_strdup ("");
  /* Nearly all names are ASCII, and there may be ten thousand. */
  if (g_str_is_ascii (text))
    return g_ascii_strdown (text, -1);

  valid = g_utf8_make_valid (text, -1);
  folded = g_utf8_casefold (valid, -1);
  decomposed = g_utf8_normalize (folded, -1, G_NORMALIZE_ALL);
  plain = g_string_new (NULL);
  for (const char *p = decomposed; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_ismark (c))
        g_string_append_unichar (plain, c);
    }
  return g_string_free (plain, FALSE);
}

static int
compare_numbers (const char **a,
                 const char **b)
{
  const char *end_a = NULL;
  const char *end_b = NULL;
  int order = 0;

  while (**a == '0')
    (*a)++;
  while (**b == '0')
    (*b)++;
  for (end_a = *a; g_ascii_isdigit (*end_a); end_a++)
    ;
  for (end_b = *b; g_ascii_isdigit (*end_b); end_b++)
    ;

  /* Without leading zeros the longer number is the greater one. */
  if (end_a - *a != end_b - *b)
    return end_a - *a < end_b - *b ? -1 : 1;
  for (; *a < end_a && order == 0; (*a)++, (*b)++)
    order = **a - **b;
  return order;
}

/**
 * gh_text_compare_natural:
 * @a: a folded text
 * @b: another
 *
 * Orders names as people do, “web-9” before “web-10”. Any thread.
 *
 * Returns: less than, equal to or greater than 0, as strcmp() does
 */
int
gh_text_compare_natural (const char *a,
                         const char *b)
{
  const char *start_a = a;
  const char *start_b = b;

  while (*a != '\0' && *b != '\0')
    {
      if (g_ascii_isdigit (*a) && g_ascii_isdigit (*b))
        {
          int order = compare_numbers (&a, &b);

          if (order != 0)
            return order;
        }
      else if (*a != *b)
        {
          return (guchar) *a < (guchar) *b ? -1 : 1;
        }
      else
        {
          a++;
          b++;
        }
    }
  if (*a != *b)
    return *a == '\0' ? -1 : 1;
  /* “web-1” and “web-01” are equal but not the same. */
  return g_strcmp0 (start_a, start_b);
}

/**
 * gh_text_get_columns:
 * @text: a text of one line
 *
 * Returns: how many columns of a terminal it takes: two for what is wide, as the
 *   characters of Chinese are, none for what joins the character before. Any thread.
 */
guint
gh_text_get_columns (const char *text)
{
  guint columns = 0;

  g_return_val_if_fail (text != NULL, 0);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_iszerowidth (c))
        columns += g_unichar_iswide (c) ? 2 : 1;
    }
  return columns;
}

/**
 * gh_text_dup_padded:
 * @text: a text of one line
 * @columns: how wide it should be at least
 *
 * printf()'s “%-12s” counts bytes, and so misplaces what follows an “ü”. Any thread.
 *
 * Returns: (transfer full): @text, followed by spaces up to @columns columns of a terminal
 */
char *
gh_text_dup_padded (const char *text,
                    guint       columns)
{
  guint have = gh_text_get_columns (text);

  return g_strdup_printf ("%s%*s", text, have < columns ? (int) (columns - have) : 0, "");
}
