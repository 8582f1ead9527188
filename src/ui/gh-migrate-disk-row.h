/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-migrate-plan.h"

G_BEGIN_DECLS

/* One disk of a machine that moves, and what becomes of it: what cannot be chosen says why. */
#define GH_TYPE_MIGRATE_DISK_ROW (gh_migrate_disk_row_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateDiskRow, gh_migrate_disk_row, GH, MIGRATE_DISK_ROW, GtkBin)

GtkWidget  *gh_migrate_disk_row_new           (GhMigratePlan *plan, GhMigrateDisk *disk);
const char *gh_migrate_disk_row_get_target    (GhMigrateDiskRow *self);
void        gh_migrate_disk_row_set_disk      (GhMigrateDiskRow *self, GhMigrateDisk *disk);
/* Whether a line parts it from the row above. */
void        gh_migrate_disk_row_set_separated (GhMigrateDiskRow *self, gboolean separated);

G_END_DECLS
