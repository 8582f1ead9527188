/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-undo-dialog"

#include "config.h"

#include "gh-undo-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-plan-dialog.h"
#include "gh-ui.h"

static char *
dup_explanation (GhUndoPlan *plan)
{
  g_autoptr (GDateTime) start = NULL;
  g_autofree char *when = NULL;

  start = g_date_time_new_from_unix_local (gh_undo_plan_get_start_time (plan) / G_USEC_PER_SEC);
  when = start != NULL ? g_date_time_format (start, "%x %H:%M") : g_strdup ("");
  /* Translators: the first %s is the name of a plan, “Create “web-1””, the second a time. */
  return g_strdup_printf (_("%s was begun on %s, and Guesthouse ended before it was through. What "
                            "it had done by then can be taken back."),
                          gh_undo_plan_get_original_title (plan), when);
}

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
  g_autofree char *explanation = NULL;
  GtkWidget *label = NULL;
  GhPlanDialog *dialog = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_UNDO_PLAN (plan), NULL);

  gh_ui_init ();
  explanation = dup_explanation (plan);
  label = gtk_label_new (explanation);
  g_object_set (label, "visible", TRUE, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR,
                "xalign", 0.0, NULL);
  dialog = gh_plan_dialog_new (parent, _("Interrupted"), GH_PLAN_DIALOG_SUGGESTED, label);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  gtk_window_present (GTK_WINDOW (dialog));
  return GTK_WINDOW (dialog);
}
