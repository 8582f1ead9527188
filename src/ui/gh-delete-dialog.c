/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-delete-dialog"

#include "config.h"

#include "gh-delete-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-delete-form.h"
#include "gh-plan-dialog.h"
#include "gh-ui.h"

/**
 * gh_delete_dialog_present:
 * @parent: (nullable): the window it is for
 * @machine: the machine to delete
 *
 * Shows every file of @machine and who else uses it, and deletes what is ticked.
 */
void
gh_delete_dialog_present (GtkWindow *parent,
                          GhMachine *machine)
{
  g_autoptr (GhDeletePlan) plan = NULL;
  GhPlanDialog *dialog = NULL;

  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_MACHINE (machine));

  gh_ui_init ();
  plan = gh_delete_plan_new (machine);
  dialog = gh_plan_dialog_new (parent, _("Delete machine"), GH_PLAN_DIALOG_DESTRUCTIVE,
                               gh_delete_form_new (plan));
  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 520);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  gtk_window_present (GTK_WINDOW (dialog));
}
