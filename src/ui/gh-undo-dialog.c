/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-undo-dialog"

#include "config.h"

#include "gh-undo-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-plan-dialog.h"
#include "gh-ui.h"

/**
 * gh_undo_dialog_present:
 * @parent: (nullable): the window it is for
 * @plan: takes the interrupted plan back
 *
 * Returns: (transfer none): the window
 */
GtkWindow *
gh_undo_dialog_present (GtkWindow  *parent,
                        GhUndoPlan *plan)
{
  GtkWidget *label = NULL;
  GhPlanDialog *dialog = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_UNDO_PLAN (plan), NULL);

  gh_ui_init ();
  label = gtk_label_new (_("Guesthouse ended before this was through. What had been done by then "
                           "can be taken back."));
  g_object_set (label, "visible", TRUE, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR,
                "xalign", 0.0, NULL);
  dialog = gh_plan_dialog_new (parent, _("Interrupted"), GH_PLAN_DIALOG_SUGGESTED, label);
  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 360);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  gtk_window_present (GTK_WINDOW (dialog));
  return GTK_WINDOW (dialog);
}
