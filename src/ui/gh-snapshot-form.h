/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-plan-dialog.h"
#include "gh-snapshot-plan.h"

G_BEGIN_DECLS

/* The choices of a GhSnapshotPlan: name and description of one that is taken; whether how the
 * machine is now is kept before it goes back. */
#define GH_TYPE_SNAPSHOT_FORM (gh_snapshot_form_get_type ())
G_DECLARE_FINAL_TYPE (GhSnapshotForm, gh_snapshot_form, GH, SNAPSHOT_FORM, GtkBin)

GtkWidget *gh_snapshot_form_new     (GhSnapshotPlan *plan);
/* In a window of its own. @parent: (nullable). */
void       gh_snapshot_form_present (GtkWindow *parent, GhSnapshotPlan *plan,
                                     GhPlanDialogStyle style);

G_END_DECLS
