/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-plan.h"

G_BEGIN_DECLS

/**
 * GhPlanDialog:
 *
 * The window all plan dialogs are: choices on top (the form), the plan's checks,
 * steps and commands below, one verb on the button. While the plan runs the form
 * is closed to changes; when it fails it is as it was. Closing the window does not
 * stop the plan: it goes on in Activity.
 *
 * Signals: "done": the plan is done; the window closes after it.
 */
#define GH_TYPE_PLAN_DIALOG (gh_plan_dialog_get_type ())
G_DECLARE_FINAL_TYPE (GhPlanDialog, gh_plan_dialog, GH, PLAN_DIALOG, HdyWindow)

typedef enum
{
  GH_PLAN_DIALOG_SUGGESTED,   /* the verb is what Enter does */
  GH_PLAN_DIALOG_DESTRUCTIVE, /* the verb is red, and takes a click of its own */
} GhPlanDialogStyle;

GhPlanDialog *gh_plan_dialog_new        (GtkWindow         *parent,
                                         const char        *title,
                                         GhPlanDialogStyle  style,
                                         GtkWidget         *form);
/* Where it depends on the choices. */
void          gh_plan_dialog_set_style  (GhPlanDialog      *self,
                                         GhPlanDialogStyle  style);
GtkWidget    *gh_plan_dialog_get_form   (GhPlanDialog      *self);
void          gh_plan_dialog_set_plan   (GhPlanDialog      *self,
                                         GhPlan            *plan);
/* Instead of the plan's; call it after gh_plan_dialog_set_plan(). */
void          gh_plan_dialog_set_verb   (GhPlanDialog      *self,
                                         const char        *verb);
/* “Rehearse only”, below the checks; once, after gh_plan_dialog_set_plan(). */
void          gh_plan_dialog_add_rehearsal (GhPlanDialog  *self);
/* Opens the list of all that was looked at, and scrolls to it. */
void          gh_plan_dialog_show_checks (GhPlanDialog    *self);
void          gh_plan_dialog_set_ready  (GhPlanDialog      *self,
                                         gboolean           ready);

G_END_DECLS
