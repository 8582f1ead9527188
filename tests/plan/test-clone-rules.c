/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Rules of cloning that need no host. */

#include "config.h"

#include <glib.h>
#include <string.h>

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

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/clone-rules/snapshot-name", test_snapshot_name);

  return g_test_run ();
}
