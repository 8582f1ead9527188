/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-migrate-plan.h"

G_BEGIN_DECLS

#define GH_TYPE_MIGRATE_QUEUE (gh_migrate_queue_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateQueue, gh_migrate_queue, GH, MIGRATE_QUEUE, GhPlan)

/* The plan that moves several machines to another host, one after another, each by a GhMigratePlan
 * of its own. What they take there is counted together. A machine that cannot be moved, or for
 * which those before it leave no room, is left out, and said to be; one whose move fails is taken
 * back by its own plan, and the rest goes on. Cancelling takes back the one that is moving, and
 * begins no other. What is left is named at the end. Main thread.
 *
 *   "destination"  GhHost, nullable
 *   "preset"       int, a GhMigratePreset
 *   "temporary"    boolean, FALSE
 *   "bandwidth"    uint: MiB/s; 0: not limited
 *   "current"      GhMigratePlan, read-only, nullable: the one that runs
 *
 * Signal "moved" (GhMigratePlan *): one of them is done.
 */
GhMigrateQueue *gh_migrate_queue_new          (GPtrArray *machines, /* (element-type GhMachine) */
                                               GhHost *destination); /* nullable */
/* All of them, in order: (element-type GhMigratePlan) (transfer none). */
GPtrArray      *gh_migrate_queue_get_plans    (GhMigrateQueue *self);
GhMigratePlan  *gh_migrate_queue_get_current  (GhMigrateQueue *self); /* nullable */
/* Those that were prepared and may be moved. */
guint           gh_migrate_queue_get_n_ready  (GhMigrateQueue *self);
gboolean        gh_migrate_queue_is_ready     (GhMigrateQueue *self, GhMigratePlan *plan);
gboolean        gh_migrate_queue_get_included (GhMigrateQueue *self, GhMigratePlan *plan);
void            gh_migrate_queue_set_included (GhMigrateQueue *self, GhMigratePlan *plan,
                                               gboolean included);
/* Whether one has ended in doubt: its journal is kept. */
gboolean        gh_migrate_queue_has_doubt    (GhMigrateQueue *self);
/* Seconds all moves take together; < 0: not known. */
double          gh_migrate_queue_get_estimate (GhMigrateQueue *self);

G_END_DECLS
