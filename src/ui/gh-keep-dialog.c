/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-keep-dialog"

#include "config.h"

#include "gh-keep-dialog.h"

#include "gh-keep-form.h"
#include "gh-plan-dialog.h"
#include "gh-ui.h"

/**
 * gh_keep_dialog_present:
 * @parent: (nullable): the window it is for
 * @trial: a throw-away copy
 */
void
gh_keep_dialog_present (GtkWindow *parent,
                        GhMachine *trial)
{
  g_autoptr (GhKeepPlan) plan = NULL;
  g_autofree char *title = NULL;
  GhPlanDialog *dialog = NULL;

  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_MACHINE (trial));

  gh_ui_init ();
  plan = gh_keep_plan_new (trial);
  title = gh_plan_dup_title (GH_PLAN (plan));
  dialog = gh_plan_dialog_new (parent, title, GH_PLAN_DIALOG_SUGGESTED, gh_keep_form_new (plan));
  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 480);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  gtk_window_present (GTK_WINDOW (dialog));
}
