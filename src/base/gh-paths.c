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

/* The folder of modules of the build tree the program runs in, if it does. */
static char *
find_built_module (const char *file)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = NULL;

  if (program == NULL)
    return NULL;

  folder = g_path_get_dirname (program);
  for (int level = 0; level < 3; level++)
    {
      g_autofree char *path = g_build_filename (folder, "src", "modules", file, NULL);
      char *parent = NULL;

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
      parent = g_path_get_dirname (folder);
      g_free (folder);
      folder = parent;
    }
  return NULL;
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
  char *built = NULL;

  if (folder != NULL)
    return g_build_filename (folder, file, NULL);

  built = find_built_module (file);
  if (built != NULL)
    return built;
  return g_build_filename (GH_MODULE_DIR, file, NULL);
}
