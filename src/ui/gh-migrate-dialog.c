/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-dialog"

#include "config.h"

#include "gh-migrate-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-activity.h"
#include "gh-migrate-form.h"
#include "gh-migrate-several-form.h"
#include "gh-plan-dialog.h"
#include "gh-ui.h"

/* Also when the dialog was closed: then the plan runs in Activity. */
static void
moved_cb (GhMigratePlan *plan)
{
  GhHost *destination = gh_migrate_plan_get_destination (plan);

  if (gh_plan_get_outcome (GH_PLAN (plan)) == GH_OUTCOME_DONE && destination != NULL)
    gh_activity_machine_moved (gh_activity_get_default (), destination,
                               gh_machine_get_uuid (gh_migrate_plan_get_machine (plan)));
}

static void
one_of_several_moved_cb (GhMigrateQueue *queue,
                         GhMigratePlan  *plan)
{
  moved_cb (plan);
}

/* “Move 4 machines”: those that can be. */
static void
update_verb (GhPlanDialog *dialog)
{
  GhMigrateQueue *queue = gh_migrate_several_form_get_queue (
    GH_MIGRATE_SEVERAL_FORM (gh_plan_dialog_get_form (dialog)));
  guint n = gh_migrate_queue_get_n_ready (queue);
  g_autofree char *verb = NULL;

  if (n > 0)
    verb = g_strdup_printf (ngettext ("Move %u machine", "Move %u machines", n), n);
  gh_plan_dialog_set_verb (dialog, verb != NULL ? verb : gh_plan_get_verb (GH_PLAN (queue)));
}

static void
show_dialog (GtkWindow  *parent,
             const char *title,
             GtkWidget  *form,
             GhPlan     *plan)
{
  GhPlanDialog *dialog = gh_plan_dialog_new (parent, title, GH_PLAN_DIALOG_SUGGESTED, form);

  gh_plan_dialog_set_plan (dialog, plan);
  gh_plan_dialog_add_rehearsal (dialog);
  if (GH_IS_MIGRATE_QUEUE (plan))
    g_signal_connect_object (plan, "prepared", G_CALLBACK (update_verb), dialog,
                             G_CONNECT_SWAPPED);
  gtk_widget_child_focus (form, GTK_DIR_TAB_FORWARD);
  gtk_window_present (GTK_WINDOW (dialog));
}

/**
 * gh_migrate_dialog_present:
 * @parent: (nullable): the window it is for
 * @hosts: the hosts to choose from
 * @machines: (element-type GhMachine): what to move
 * @destination: (nullable): where to, as far as is known
 *
 * Opens “Move to another host”. For each machine that has moved, GhActivity::machine-moved is
 * emitted, whether the dialog is still open or not.
 */
void
gh_migrate_dialog_present (GtkWindow *parent,
                           GhHosts   *hosts,
                           GPtrArray *machines,
                           GhHost    *destination)
{
  g_autoptr (GhPlan) plan = NULL;
  g_autofree char *title = NULL;

  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_HOSTS (hosts));
  g_return_if_fail (machines != NULL && machines->len > 0);
  g_return_if_fail (destination == NULL || GH_IS_HOST (destination));

  gh_ui_init ();
  if (machines->len == 1)
    {
      GhMachine *machine = g_ptr_array_index (machines, 0);

      plan = GH_PLAN (gh_migrate_plan_new (machine, destination));
      g_signal_connect (plan, "ended", G_CALLBACK (moved_cb), NULL);
      title = g_strdup_printf (_("Move “%s”"), gh_machine_get_label (machine));
      show_dialog (parent, title, gh_migrate_form_new (GH_MIGRATE_PLAN (plan), hosts), plan);
    }
  else
    {
      plan = GH_PLAN (gh_migrate_queue_new (machines, destination));
      g_signal_connect (plan, "moved", G_CALLBACK (one_of_several_moved_cb), NULL);
      title = g_strdup_printf (ngettext ("Move %u machine", "Move %u machines", machines->len),
                               machines->len);
      show_dialog (parent, title,
                   gh_migrate_several_form_new (GH_MIGRATE_QUEUE (plan), hosts), plan);
    }
}
