/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-plan.h"

G_BEGIN_DECLS

/**
 * GhPlanView:
 *
 * Any plan: its checks, steps and commands, its progress and how it ended. It
 * prepares the plan by itself whenever its inputs have changed, a moment after
 * the last change, so a dialog only sets properties on the plan. The button
 * with the verb belongs to the dialog and is bound to "can-run".
 *
 * Properties: "plan", "can-run", "running" (also while undoing).
 * Signals: "done": the plan was run to its end and is done.
 */
#define GH_TYPE_PLAN_VIEW (gh_plan_view_get_type ())
G_DECLARE_FINAL_TYPE (GhPlanView, gh_plan_view, GH, PLAN_VIEW, GtkBin)

GtkWidget *gh_plan_view_new         (void);
GhPlan    *gh_plan_view_get_plan    (GhPlanView *self); /* nullable */
void       gh_plan_view_set_plan    (GhPlanView *self, GhPlan *plan);
gboolean   gh_plan_view_get_can_run (GhPlanView *self);
gboolean   gh_plan_view_get_running (GhPlanView *self);
/* What the verb button does: runs the plan as it was shown, and does not when a warning turns up
 * that the user has not seen. */
void       gh_plan_view_run         (GhPlanView *self);
/* Opens the list of those that found nothing to say, too. */
void       gh_plan_view_show_checks (GhPlanView *self);

G_END_DECLS
