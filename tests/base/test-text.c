/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-text.h"

static void
assert_fold (const char *text,
             const char *expected)
{
  g_autofree char *folded = gh_text_fold (text);

  g_assert_cmpstr (folded, ==, expected);
}

static void
test_fold (void)
{
  assert_fold (NULL, "");
  assert_fold ("", "");
  assert_fold ("Web-1", "web-1");
  assert_fold ("MÜLLER", "muller");
  assert_fold ("Straße", "strasse");
  assert_fold ("Ĉiuĵaŭde", "ciujaude");
  assert_fold ("Привет", "привет");
  assert_fold ("win\xff", "win\xef\xbf\xbd");
}

static void
test_natural (void)
{
  static const char *const sorted[] = {
    "", "1", "2", "10", "a", "a1", "a01", "a2", "a2b", "a10", "a10a", "a010b", "a11", "b",
    "host-99999999999999999999998", "host-99999999999999999999999", "é",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sorted); j++)
      {
        int order = gh_text_compare_natural (sorted[i], sorted[j]);

        if (g_strcmp0 (sorted[i], "a1") == 0 && g_strcmp0 (sorted[j], "a01") == 0)
          {
            /* Equal as numbers, told apart so that the order is total. */
            g_assert_cmpint (order, ==, -gh_text_compare_natural (sorted[j], sorted[i]));
            g_assert_cmpint (order, !=, 0);
          }
        else if (g_strcmp0 (sorted[i], "a01") != 0 && g_strcmp0 (sorted[j], "a01") != 0)
          g_assert_cmpint (CLAMP (order, -1, 1), ==, i < j ? -1 : i > j ? 1 : 0);
      }
}

static void
assert_padded (const char *text,
               guint       columns,
               const char *expected)
{
  g_autofree char *padded = gh_text_dup_padded (text, columns);

  g_assert_cmpstr (padded, ==, expected);
}

static void
test_padded (void)
{
  assert_padded ("", 3, "   ");
  assert_padded ("off", 5, "off  ");
  assert_padded ("paused", 5, "paused");
  assert_padded ("Läuft", 7, "Läuft  ");
  assert_padded ("Lau\314\210ft", 7, "Lau\314\210ft  ");
  assert_padded ("实行", 5, "实行 ");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/fold", test_fold);
  g_test_add_func ("/text/natural", test_natural);
  g_test_add_func ("/text/padded", test_padded);
  return g_test_run ();
}
