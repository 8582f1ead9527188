/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What another account may do with a file of ours. */

#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-account.h"
#include "gh-test.h"

#define BOTH (GH_ACCOUNT_READ | GH_ACCOUNT_WRITE)

typedef struct
{
  mode_t   mode;
  gboolean owner;
  gboolean group;
  gboolean others;
} Row;

static void
test_mode (void)
{
  static const Row rows[] = {
    { 0600, TRUE, FALSE, FALSE }, { 0660, TRUE, TRUE, FALSE }, { 0666, TRUE, TRUE, TRUE },
    { 0640, TRUE, FALSE, FALSE }, { 0606, TRUE, FALSE, TRUE }, { 0460, FALSE, TRUE, FALSE },
  };
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *path = g_build_filename (folder, "device", NULL);
  GhAccount owner = { "owner", geteuid (), { 0 }, 0 };
  GhAccount group = { "group", 64055, { getegid () }, 1 };
  GhAccount other = { "other", 64055, { 64055 }, 1 };
  GhAccount root = { "root", 0, { 0 }, 0 };

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpint (chmod (path, rows[i].mode), ==, 0);
      g_assert_cmpint (gh_account_may (&owner, path, BOTH), ==, rows[i].owner);
      g_assert_cmpint (gh_account_may (&group, path, BOTH), ==, rows[i].group);
      g_assert_cmpint (gh_account_may (&other, path, BOTH), ==, rows[i].others);
      g_assert_true (gh_account_may (&root, path, BOTH));
    }
  g_assert_cmpint (chmod (path, 0711), ==, 0);
  g_assert_true (gh_account_may (&other, path, GH_ACCOUNT_SEARCH));
  g_assert_false (gh_account_may (&other, path, GH_ACCOUNT_READ));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/account/mode", test_mode);
  return g_test_run ();
}
