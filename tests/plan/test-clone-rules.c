/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Rules of cloning that need no host. */

#include "config.h"

#include <glib.h>
#include <string.h>

#include "gh-clone-plan-private.h"
#include "gh-create-plan.h"
#include "gh-image-copy.h"

/* What is given to qemu-img is read by it as one name, whatever is in it. */
static void
test_snapshot_name (void)
{
  static const char *const names[][2] = {
    { "before", "snapshot.name=before" },
    { "a,b", "snapshot.name=a,,b" },
    { ",id=1,,", "snapshot.name=,,id=1,,,," },
    { "x=y", "snapshot.name=x=y" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (GStrv) command = gh_image_dup_convert_command ("/from", "qcow2", "/to", "raw",
                                                             names[i][0], NULL, NULL);

      g_assert_true (g_strv_contains ((const char * const *) command, names[i][1]));
    }
}

/* What is proposed may be chosen, however long the name of the original is; and no character of it
 * is cut in two. */
static void
test_long_names (void)
{
  static const char *const letters[] = { "x", "ü", "機", "🐧" };
  static const guint copies[] = { 1, 2, 9, 10, 200 };

  for (guint i = 0; i < G_N_ELEMENTS (letters) * G_N_ELEMENTS (copies); i++)
    {
      const char *letter = letters[i % G_N_ELEMENTS (letters)];
      GhCloneInputs inputs = { .copies = copies[i / G_N_ELEMENTS (letters)], .first_number = 1 };
      g_autoptr (GString) source = g_string_new ("a");
      g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);
      g_auto (GStrv) names = NULL;
      g_auto (GStrv) others = NULL;

      while (source->len + strlen (letter) <= GH_CREATE_MAX_NAME_BYTES)
        g_string_append (source, letter);
      g_hash_table_add (taken, source->str);
      names = gh_clone_make_names (&inputs, source->str, taken);
      g_assert_cmpuint (g_strv_length (names), ==, inputs.copies);
      for (guint n = 0; names[n] != NULL; n++)
        {
          g_autofree char *fault = gh_create_plan_check_name (names[n], NULL);

          g_assert_cmpstr (fault, ==, NULL);
          g_assert_cmpuint (strlen (names[n]), >, GH_CREATE_MAX_NAME_BYTES - 12);
          g_assert_true (g_hash_table_add (taken, names[n]));
        }
      /* And once more, when those are taken. */
      others = gh_clone_make_names (&inputs, source->str, taken);
      g_assert_cmpuint (g_strv_length (others), ==, inputs.copies);
      for (guint n = 0; others[n] != NULL; n++)
        {
          g_autofree char *fault = gh_create_plan_check_name (others[n], NULL);

          g_assert_cmpstr (fault, ==, NULL);
          g_assert_true (g_hash_table_add (taken, others[n]));
        }
    }
}

/* A name that is short enough is all there. */
static void
test_short_names (void)
{
  GhCloneInputs inputs = { .copies = 2, .first_number = 9 };
  g_auto (GStrv) names = gh_clone_make_names (&inputs, "web", NULL);

  g_assert_cmpstr (names[0], ==, "web-9");
  g_assert_cmpstr (names[1], ==, "web-10");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/clone-rules/long-names", test_long_names);
  g_test_add_func ("/clone-rules/short-names", test_short_names);
  g_test_add_func ("/clone-rules/snapshot-name", test_snapshot_name);

  return g_test_run ();
}
