/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* The registry of hosts, a GListModel of GhHost in the order the user sees. */
#define GH_TYPE_HOSTS (gh_hosts_get_type ())
G_DECLARE_FINAL_TYPE (GhHosts, gh_hosts, GH, HOSTS, GObject)

GhHosts   *gh_hosts_new          (void);
GhHost    *gh_hosts_add          (GhHosts *self,
                                  const char *uri); /* the one there is, for a known URI */
/* Takes @host, whose URI must not be there. */
void       gh_hosts_take         (GhHosts *self, GhHost *host);
void       gh_hosts_remove       (GhHosts *self, GhHost *host);
/* Takes @other, whose URI must not be there, in the place of @host. */
void       gh_hosts_replace      (GhHosts *self, GhHost *host, GhHost *other);
GhHost    *gh_hosts_find         (GhHosts *self, const char *uri);
GhMachine *gh_hosts_find_machine (GhHosts *self, const char *uuid);

G_END_DECLS
