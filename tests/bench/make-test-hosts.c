/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* make-test-hosts N [--half-run] > FILE: a host for test:///path/FILE with N machines. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gh-test-hosts.h"

int
main (int    argc,
      char **argv)
{
  g_autofree char *xml = NULL;

  if (argc < 2 || atoi (argv[1]) < 0)
    {
      fputs ("Usage: make-test-hosts N [--half-run] > FILE\n", stderr);
      return 2;
    }
  xml = gh_test_hosts_dup_xml ((guint) atoi (argv[1]),
                               argc > 2 && strcmp (argv[2], "--half-run") == 0);
  return fputs (xml, stdout) < 0 ? 1 : 0;
}
