/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "gh-interfaces.h"
#include "gh-test.h"
#include "gh-threads.h"

static void
test_documents (void)
{
  static const struct
  {
    const char      *xml;
    const char      *name; /* (nullable): it is none */
    GhInterfaceKind  kind;
    gboolean         is_down;
    gboolean         is_for_all;
  }
  cases[] = {
    { "<interface type='ethernet' name='eth0'><link speed='1000' state='up'/></interface>",
      "eth0", GH_INTERFACE_OTHER, FALSE, TRUE },
    { "<interface type='bridge' name='br0'><bridge><interface type='ethernet' name='eth1'>"
      "<link state='up'/></interface></bridge><link state='down'/></interface>",
      "br0", GH_INTERFACE_BRIDGE, TRUE, TRUE },
    /* What is down in a bridge is not the bridge. */
    { "<interface type='bridge' name='br1'><bridge><interface type='ethernet' name='eth1'>"
      "<link state='down'/></interface></bridge></interface>",
      "br1", GH_INTERFACE_BRIDGE, FALSE, TRUE },
    { "<interface type='ethernet' name='lo'/>", "lo", GH_INTERFACE_OTHER, FALSE, FALSE },
    { "<interface type='ethernet' name='vnet3'/>", "vnet3", GH_INTERFACE_OTHER, FALSE, FALSE },
    { "<interface type='ethernet'/>", NULL, GH_INTERFACE_UNKNOWN, FALSE, FALSE },
    { "<device><name>net_eth2_52_54_00_00_00_01</name><capability type='net'>"
      "<interface>eth2</interface><link state='down'/></capability></device>",
      "eth2", GH_INTERFACE_UNKNOWN, TRUE, TRUE },
    { "<device><name>pci</name><capability type='pci'/></device>", NULL, GH_INTERFACE_UNKNOWN,
      FALSE, FALSE },
    { "<interface", NULL, GH_INTERFACE_UNKNOWN, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GhInterface *interface = gh_interface_new_from_xml (cases[i].xml);

      g_assert_true ((interface == NULL) == (cases[i].name == NULL));
      if (interface == NULL)
        continue;
      g_assert_cmpstr (interface->name, ==, cases[i].name);
      g_assert_cmpint (interface->kind, ==, cases[i].kind);
      g_assert_cmpint (interface->is_down, ==, cases[i].is_down);
      g_assert_cmpint (gh_interface_is_for_all (interface), ==, cases[i].is_for_all);
      gh_interface_free (interface);
    }
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/interfaces/documents", test_documents);
  return g_test_run ();
}
