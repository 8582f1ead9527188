/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Stands in for libFuzzer where the compiler has none: runs a target once on each file of the
 * folders given, in TAP. */

#include "config.h"

#include <glib.h>

#include "fuzz.h"

static guint n_files = 0;

static void
replay_file (const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize length = 0;

  if (!g_file_get_contents (path, &text, &length, &error))
    g_error ("%s", error->message);
  LLVMFuzzerTestOneInput ((const uint8_t *) text, length);
  n_files++;
  g_print ("ok %u %s\n", n_files, path);
}

static void
replay_folder (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = g_dir_open (path, 0, &error);
  const char *name = NULL;

  if (folder == NULL)
    g_error ("%s", error->message);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      if (g_file_test (below, G_FILE_TEST_IS_REGULAR))
        replay_file (below);
    }
}

int
main (int    argc,
      char **argv)
{
  for (int i = 1; i < argc; i++)
    replay_folder (argv[i]);
  g_print ("1..%u\n", n_files);
  return n_files > 0 ? 0 : 1;
}
