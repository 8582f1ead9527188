/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-paths"

#include "config.h"

#include "gh-paths.h"

/**
 * gh_paths_get_state_dir:
 *
 * Returns: (transfer none): $XDG_STATE_HOME/guesthouse; not created here.
 *   Any thread.
 */
const char *
gh_paths_get_state_dir (void)
{
  static gsize initialized = 0;
  static char *path = NULL;

  if (g_once_init_enter (&initialized))
    {
      path = g_build_filename (g_get_user_state_dir (), "guesthouse", NULL);
      g_once_init_leave (&initialized, 1);
    }
  return path;
}

/**
 * gh_paths_get_journal_dir:
 *
 * Returns: (transfer none): the folder of plan journals, in the state
 *   directory; not created here. Any thread.
 */
const char *
gh_paths_get_journal_dir (void)
{
  static gsize initialized = 0;
  static char *path = NULL;

  if (g_once_init_enter (&initialized))
    {
      path = g_build_filename (gh_paths_get_state_dir (), "plans", NULL);
      g_once_init_leave (&initialized, 1);
    }
  return path;
}

/* The root of the build tree the program runs in, if it does. */
static char *
find_build_root (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = NULL;

  if (program == NULL)
    return NULL;

  folder = g_path_get_dirname (program);
  for (int level = 0; level < 3; level++)
    {
      g_autofree char *mark = g_build_filename (folder, "meson-private", NULL);
      char *parent = NULL;

      if (g_file_test (mark, G_FILE_TEST_IS_DIR))
        return g_steal_pointer (&folder);
      parent = g_path_get_dirname (folder);
      g_free (folder);
      folder = parent;
    }
  return NULL;
}

/**
 * gh_paths_get_build_root:
 *
 * Returns: (transfer none) (nullable): the root of the build tree the program
 *   runs in, or %NULL for an installed program. Any thread.
 */
const char *
gh_paths_get_build_root (void)
{
  static gsize initialized = 0;
  static char *path = NULL;

  if (g_once_init_enter (&initialized))
    {
      path = find_build_root ();
      g_once_init_leave (&initialized, 1);
    }
  return path;
}

/**
 * gh_paths_use_build_tree:
 *
 * Lets a program that runs in its build tree find its own settings schema, icons
 * and help there, and the help viewer it starts too; does nothing in an installed
 * one. To be called first thing in main(): it changes the environment, and GLib
 * reads it only once.
 */
void
gh_paths_use_build_tree (void)
{
  const char *root = gh_paths_get_build_root ();
  const char *data_dirs = g_getenv ("XDG_DATA_DIRS");
  g_autofree char *schema_dir = NULL;
  g_autofree char *new_dirs = NULL;

  if (root == NULL)
    return;

  schema_dir = g_build_filename (root, "data", NULL);
  g_setenv ("GSETTINGS_SCHEMA_DIR", schema_dir, /* overwrite= */ FALSE);

  if (data_dirs == NULL || *data_dirs == '\0')
    data_dirs = "/usr/local/share/:/usr/share/";
  new_dirs = g_strdup_printf ("%s/share:%s", root, data_dirs);
  g_setenv ("XDG_DATA_DIRS", new_dirs, /* overwrite= */ TRUE);
}

/**
 * gh_paths_get_locale_dir:
 *
 * Returns: (transfer none): the folder for bindtextdomain(), in the build tree
 *   or where translations are installed. Any thread.
 */
const char *
gh_paths_get_locale_dir (void)
{
  static gsize initialized = 0;
  static char *path = NULL;

  if (g_once_init_enter (&initialized))
    {
      const char *root = gh_paths_get_build_root ();

      path = root != NULL ? g_build_filename (root, "po", NULL) : g_strdup (GH_LOCALE_DIR);
      g_once_init_leave (&initialized, 1);
    }
  return path;
}

/**
 * gh_paths_dup_module:
 * @name: a module's name, such as "consoles"
 *
 * Finds the shared object of a module that is loaded on demand: in
 * GUESTHOUSE_MODULE_DIR, in the build tree the program runs from, or where it
 * is installed. Any thread.
 *
 * Returns: (transfer full): the path; the file may not exist
 */
char *
gh_paths_dup_module (const char *name)
{
  g_autofree char *file = g_strdup_printf ("guesthouse-%s.so", name);
  const char *folder = g_getenv ("GUESTHOUSE_MODULE_DIR");
  const char *root = gh_paths_get_build_root ();

  if (folder != NULL)
    return g_build_filename (folder, file, NULL);
  if (root != NULL)
    return g_build_filename (root, "src", "modules", file, NULL);
  return g_build_filename (GH_MODULE_DIR, file, NULL);
}

/**
 * gh_paths_dup_data:
 * @name: a file or folder of the program's own data, such as "osinfo"
 *
 * Finds it in GUESTHOUSE_DATA_DIR, in the build tree the program runs from, or
 * where it is installed. Any thread.
 *
 * Returns: (transfer full): the path; there may be nothing at it
 */
char *
gh_paths_dup_data (const char *name)
{
  const char *folder = g_getenv ("GUESTHOUSE_DATA_DIR");
  const char *root = gh_paths_get_build_root ();

  if (folder != NULL)
    return g_build_filename (folder, name, NULL);
  if (root != NULL)
    return g_build_filename (root, "data", name, NULL);
  return g_build_filename (GH_PKGDATA_DIR, name, NULL);
}

/**
 * gh_paths_dup_helper:
 * @name: a program of ours that others run, such as "guesthouse-ssh"
 *
 * Finds it in the build tree the program runs from, or where it is installed. Any thread.
 *
 * Returns: (transfer full): the path; there may be nothing at it
 */
char *
gh_paths_dup_helper (const char *name)
{
  const char *root = gh_paths_get_build_root ();

  if (root != NULL)
    return g_build_filename (root, "src", "ssh", name, NULL);
  return g_build_filename (GH_HELPER_DIR, name, NULL);
}
