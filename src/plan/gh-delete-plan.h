/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-machine-files.h"
#include "gh-plan.h"

G_BEGIN_DECLS

#define GH_TYPE_DELETE_PLAN (gh_delete_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhDeletePlan, gh_delete_plan, GH, DELETE_PLAN, GhPlan)

/* Removes one machine and those of its files that are ticked: forces it off if it runs, removes
 * its definition first, then the files. Properties: "keep-disks"; "discard" (construct only). */
GhDeletePlan   *gh_delete_plan_new            (GhMachine *machine);
/* Discards a trial: without warnings, since that is what trials are for, and only what was made for
 * it. Refuses a machine that is none, and one that others depend on. */
GhDeletePlan   *gh_delete_plan_new_discard    (GhMachine *trial);
GhMachine      *gh_delete_plan_get_machine    (GhDeletePlan *self);

/* Keeps every file, also the ticked ones; NVRAM and TPM state too. */
void            gh_delete_plan_set_keep_disks (GhDeletePlan *self, gboolean keep_disks);
gboolean        gh_delete_plan_get_keep_disks (GhDeletePlan *self);

/* As of the last preparation; NULL before the first. Anew with each GhPlan::prepared. */
GhMachineFiles *gh_delete_plan_get_files      (GhDeletePlan *self); /* (transfer none) (nullable) */

/* By the file's path, so that the choice survives a new preparation. A file that may not be
 * ticked stays unticked. */
void            gh_delete_plan_set_ticked     (GhDeletePlan *self, const char *path,
                                               gboolean ticked);
gboolean        gh_delete_plan_get_ticked     (GhDeletePlan *self, GhMachineFile *file);
/* Whether the user may change the tick. */
gboolean        gh_delete_plan_can_tick       (GhDeletePlan *self, GhMachineFile *file);
guint64         gh_delete_plan_get_freed      (GhDeletePlan *self); /* bytes of the ticked files */

G_END_DECLS
