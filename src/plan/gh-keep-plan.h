/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-clone-plan.h"
#include "gh-plan.h"

G_BEGIN_DECLS

#define GH_TYPE_KEEP_PLAN (gh_keep_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhKeepPlan, gh_keep_plan, GH, KEEP_PLAN, GhPlan)

/* Makes a trial a machine like others: it gets a name of its own, its network cables back, and
 * what it depends on is protected. Changing a property makes the plan unprepared.
 *
 *   "machine"  GhMachine, construct only: the trial
 *   "name"     string: proposed until it is set; NULL proposes again. While it runs, and where its
 *              host cannot rename it, it keeps its name
 *   "network"  boolean, TRUE: plug in what was unplugged for the trial
 *   "parent"   int, a GhCloneParent: what becomes of the machine it is a trial of. Proposed
 *              until it is set: GH_CLONE_PARENT_OVERLAY where that can be
 *   "serial"   uint, read-only: notified when what follows was read anew
 */
GhKeepPlan *gh_keep_plan_new             (GhMachine *machine);
GhMachine  *gh_keep_plan_get_machine     (GhKeepPlan *self);

/* As of the last preparation. */
gboolean    gh_keep_plan_can_rename      (GhKeepPlan *self);
/* Whether the machine it is a trial of has to become something else for it. */
gboolean    gh_keep_plan_needs_parent    (GhKeepPlan *self);
gboolean    gh_keep_plan_can_overlay     (GhKeepPlan *self);
gboolean    gh_keep_plan_has_unplugged   (GhKeepPlan *self);

G_END_DECLS
