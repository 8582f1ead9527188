/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-migrate-plan.h"
#include "gh-migration.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/* How a machine moves, while it does: disks and memory with their rates, how fast the guest changes
 * it, the pause to expect; the bandwidth, to be changed; and what to do when it does not come to an
 * end. Nothing is shown while nothing moves. */
#define GH_TYPE_MIGRATE_PROGRESS (gh_migrate_progress_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateProgress, gh_migrate_progress, GH, MIGRATE_PROGRESS, GtkBin)

/* For a plan that moves a machine, or several; NULL for every other. (transfer floating) */
GtkWidget *gh_migrate_progress_new_for (GhPlan *plan);
/* The same without a plan, showing what it is told. */
GtkWidget *gh_migrate_progress_new     (void);
void       gh_migrate_progress_show    (GhMigrateProgress *self,
                                        const GhMigrationProgress *progress, /* nullable */
                                        GhMigrateTrouble trouble);

G_END_DECLS
