/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-migrate-plan.h"

G_BEGIN_DECLS

/* A network a machine that moves is on, and what it will be on there. */
#define GH_TYPE_MIGRATE_NETWORK_ROW (gh_migrate_network_row_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateNetworkRow, gh_migrate_network_row, GH, MIGRATE_NETWORK_ROW,
                      HdyActionRow)

GtkWidget  *gh_migrate_network_row_new         (GhMigratePlan *plan, GhMigrateNetwork *network);
/* What it is about, "network default": unique in a plan. */
const char *gh_migrate_network_row_get_id      (GhMigrateNetworkRow *self);
char       *gh_migrate_network_row_dup_id      (GhMigrateNetwork *network);
void        gh_migrate_network_row_set_network (GhMigrateNetworkRow *self,
                                                GhMigrateNetwork *network);

G_END_DECLS
