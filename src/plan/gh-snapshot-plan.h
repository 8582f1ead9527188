/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-machine.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/* Taking a snapshot of a machine, going back to one, and deleting one: a plan each. Snapshots are
 * inside of the disks' images; of others these plans say why they leave them alone.
 *
 *   "machine"      GhMachine, construct only
 *   "snapshot"     string, nullable: its name; for one that is taken NULL proposes a name
 *   "description"  string, nullable: of one that is taken
 *   "safety"       boolean, TRUE: before going back a snapshot of how the machine is now is taken,
 *                  where that can be */
#define GH_TYPE_SNAPSHOT_PLAN (gh_snapshot_plan_get_type ())
G_DECLARE_DERIVABLE_TYPE (GhSnapshotPlan, gh_snapshot_plan, GH, SNAPSHOT_PLAN, GhPlan)

struct _GhSnapshotPlanClass
{
  GhPlanClass parent_class;
};

GhSnapshotPlan *gh_snapshot_plan_new_take    (GhMachine *machine);
GhSnapshotPlan *gh_snapshot_plan_new_revert  (GhMachine *machine, const char *snapshot);
GhSnapshotPlan *gh_snapshot_plan_new_delete  (GhMachine *machine, const char *snapshot);
GhMachine      *gh_snapshot_plan_get_machine (GhSnapshotPlan *self);

/* (nullable): of the one that it is about; what is proposed, once that is known. */
const char     *gh_snapshot_plan_get_name    (GhSnapshotPlan *self);

G_END_DECLS
