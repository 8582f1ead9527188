/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A host of libvirt's test driver with @n_machines machines, of which every second one runs when
 * @half_run. Machine i is called "machine-00001" on, has the UUID gh_test_hosts_dup_uuid (i), and
 * every tenth has the title “Büro N”. */
char *gh_test_hosts_dup_xml   (guint n_machines, gboolean half_run);
char *gh_test_hosts_dup_uuid  (guint i);
/* Writes it into @folder; returns the URI to open. */
char *gh_test_hosts_write     (const char *folder, guint n_machines, gboolean half_run);
/* One with the machine “test”, running, as test:///default has it. That one is shared by all
 * connections of a process, and a host closes its own some time after it is gone. */
char *gh_test_hosts_write_one (const char *folder);

G_END_DECLS
