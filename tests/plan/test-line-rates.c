/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How fast moves were is remembered for the next ones, and nothing that lies in its place does
 * harm. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "gh-line-rates.h"
#include "gh-paths.h"
#include "gh-test.h"
#include "gh-threads.h"

#define A "qemu+ssh://user@attic/system"
#define B "qemu+ssh://[fd00::1]:2222/system"
#define MIB (1024 * 1024)

static char *
dup_path (void)
{
  return g_build_filename (gh_paths_get_state_dir (), "line-rates", "pairs", NULL);
}

static void
forget_all (void)
{
  g_autofree char *path = dup_path ();
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  g_remove (path);
}

static void
keep (const char *from,
      const char *to,
      GhLineKind  kind,
      guint64     bytes,
      gint64      span_us)
{
  g_auto (GhTestCall) call = { NULL };

  gh_line_rates_keep_async (from, to, kind, bytes, span_us, gh_test_call_cb, &call);
  gh_line_rates_keep_finish (gh_test_call_wait (&call));
}

static void
assert_rates (const char *from,
              const char *to,
              double      live,
              double      off)
{
  g_auto (GhTestCall) call = { NULL };
  double rates[GH_LINE_N_KINDS] = { -1.0, -1.0 };
  g_autoptr (GError) error = NULL;

  gh_line_rates_load_async (from, to, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_line_rates_load_finish (gh_test_call_wait (&call), rates, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (rates[GH_LINE_LIVE], live, 1.0);
  g_assert_cmpfloat_with_epsilon (rates[GH_LINE_OFF], off, 1.0);
}

/* The last counts; the way back is taken to be as fast until it was measured itself. */
static void
test_remembers (void)
{
  g_autofree char *path = dup_path ();
  g_autofree char *text = NULL;

  forget_all ();
  assert_rates (A, B, 0, 0);
  keep (A, B, GH_LINE_LIVE, 100 * MIB, 2 * G_USEC_PER_SEC);
  assert_rates (A, B, 50 * MIB, 0);
  keep (A, B, GH_LINE_OFF, 30 * MIB, G_USEC_PER_SEC);
  keep (A, B, GH_LINE_LIVE, 80 * MIB, G_USEC_PER_SEC / 2);
  assert_rates (A, B, 160 * MIB, 30 * MIB);
  assert_rates (B, A, 160 * MIB, 30 * MIB);
  keep (B, A, GH_LINE_LIVE, 10 * MIB, G_USEC_PER_SEC);
  assert_rates (B, A, 10 * MIB, 30 * MIB);
  assert_rates (A, B, 160 * MIB, 30 * MIB);
  assert_rates (A, "qemu:///system", 0, 0);

  /* Nobody reads there whom one is connected with. */
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_null (strstr (text, "attic"));
}

static void
test_too_little (void)
{
  forget_all ();
  keep (A, B, GH_LINE_LIVE, MIB, 10);
  keep (A, B, GH_LINE_LIVE, 100 * MIB, 0);
  keep (A, B, GH_LINE_OFF, 0, 0);
  assert_rates (A, B, 0, 0);
}

static void
test_damaged (void)
{
  static const char * const texts[] = {
    "no key file", "", "[x]\nlive=1\n", "[x]\nlive=nan\nmeasured=-1\n",
  };
  g_autofree char *path = dup_path ();

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *folder = g_path_get_dirname (path);

      g_mkdir_with_parents (folder, 0700);
      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      assert_rates (A, B, 0, 0);
      keep (A, B, GH_LINE_LIVE, 50 * MIB, G_USEC_PER_SEC);
      assert_rates (A, B, 50 * MIB, 0);
    }
}

/* Numbers no line has are none. */
static void
test_absurd (void)
{
  static const char * const values[] = { "-5", "0", "nan", "inf", "1e300", "12", "fast" };
  g_autofree char *path = dup_path ();

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GKeyFile) file = g_key_file_new ();
      g_auto (GStrv) groups = NULL;

      forget_all ();
      keep (A, B, GH_LINE_LIVE, 50 * MIB, G_USEC_PER_SEC);
      g_assert_true (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL));
      groups = g_key_file_get_groups (file, NULL);
      g_key_file_set_string (file, groups[0], "live", values[i]);
      g_assert_true (g_key_file_save_to_file (file, path, NULL));
      assert_rates (A, B, 0, 0);
    }
}

/* However many hosts there are: the pairs that were measured longest ago go. */
static void
test_bounded (void)
{
  g_autofree char *path = dup_path ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  gsize n = 0;

  forget_all ();
  for (int i = 0; i < 130; i++)
    {
      g_autofree char *name = g_strdup_printf ("%064x", i);

      g_key_file_set_double (file, name, "live", 5000.0);
      g_key_file_set_int64 (file, name, "measured", 1000 + i);
    }
  g_assert_true (g_key_file_save_to_file (file, path, NULL));
  keep (A, B, GH_LINE_LIVE, 50 * MIB, G_USEC_PER_SEC);
  assert_rates (A, B, 50 * MIB, 0);
  g_assert_true (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL));
  g_strfreev (g_key_file_get_groups (file, &n));
  g_assert_cmpuint (n, ==, 100);
  g_assert_false (g_key_file_has_group (file, "000000000000000000000000000000000000000000000000"
                                              "000000000000001e"));
  g_assert_true (g_key_file_has_group (file, "000000000000000000000000000000000000000000000000"
                                             "000000000000001f"));
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *state = NULL;

  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  state = gh_test_dup_tmp_dir ();
  g_setenv ("XDG_STATE_HOME", state, TRUE);
  g_test_add_func ("/line-rates/remembers", test_remembers);
  g_test_add_func ("/line-rates/too-little", test_too_little);
  g_test_add_func ("/line-rates/damaged", test_damaged);
  g_test_add_func ("/line-rates/absurd", test_absurd);
  g_test_add_func ("/line-rates/bounded", test_bounded);
  return g_test_run ();
}
