/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* The host something moves to: one of those in the list but where it is now, or one that is added
 * here. While there is no other, it says so.
 *
 * Property: "host" (GhHost, nullable, read-write). */
#define GH_TYPE_MIGRATE_DESTINATION (gh_migrate_destination_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateDestination, gh_migrate_destination, GH, MIGRATE_DESTINATION, GtkBin)

/* @source (nullable): where it is now */
void    gh_migrate_destination_set_hosts (GhMigrateDestination *self, GhHosts *hosts,
                                          GhHost *source);
GhHost *gh_migrate_destination_get_host  (GhMigrateDestination *self); /* nullable */

G_END_DECLS
