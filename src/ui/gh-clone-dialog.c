/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-clone-dialog"

#include "config.h"

#include "gh-clone-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-activity.h"
#include "gh-clone-form.h"
#include "gh-plan-dialog.h"
#include "gh-ui.h"
#include "gh-xml-window.h"

/* “Clone 3 machines” */
static void
update_verb (GhPlanDialog *dialog)
{
  GhClonePlan *plan = gh_clone_form_get_plan (GH_CLONE_FORM (gh_plan_dialog_get_form (dialog)));
  g_autofree char *verb = NULL;
  guint copies = 1;

  g_object_get (plan, "copies", &copies, NULL);
  if (copies > 1)
    verb = g_strdup_printf (ngettext ("Clone %u machine", "Clone %u machines", copies), copies);
  gh_plan_dialog_set_verb (dialog, verb != NULL ? verb : gh_plan_get_verb (GH_PLAN (plan)));
}

static void
show_xml_cb (GhCloneForm  *form,
             GhPlanDialog *dialog)
{
  GhClonePlan *plan = gh_clone_form_get_plan (form);
  g_autofree char *name = gh_clone_plan_dup_name_at (plan, 0);
  g_autofree char *xml = gh_clone_plan_dup_xml (plan, 0);
  g_autofree char *title = NULL;

  if (xml == NULL)
    return;
  /* Translators: the title of a window that shows the XML of a machine. */
  title = g_strdup_printf (_("Definition of “%s”"), name);
  gh_xml_window_present (GTK_WINDOW (dialog), title, xml);
}

static void
dialog_done_cb (GhPlanDialog *dialog,
                GhCloneForm  *form)
{
  GhClonePlan *plan = gh_clone_form_get_plan (form);
  const char *uuid = gh_clone_plan_get_uuid (plan, 0);

  if (uuid != NULL)
    gh_activity_show_machine (gh_activity_get_default (), gh_plan_get_host (GH_PLAN (plan)), uuid);
}

static void
present (GtkWindow  *parent,
         GhMachine  *machine,
         gboolean    linked,
         const char *snapshot)
{
  g_autoptr (GhClonePlan) plan = NULL;
  g_autofree char *title = NULL;
  GhPlanDialog *dialog = NULL;
  GtkWidget *form = NULL;

  gh_ui_init ();
  plan = gh_clone_plan_new (machine);
  if (linked)
    g_object_set (plan, "linked", TRUE, NULL);
  if (snapshot != NULL)
    g_object_set (plan, "snapshot", snapshot, NULL);

  title = g_strdup_printf (linked ? _("New machine from “%s”") : _("Clone “%s”"),
                           gh_machine_get_label (machine));
  form = gh_clone_form_new (plan);
  dialog = gh_plan_dialog_new (parent, title, GH_PLAN_DIALOG_SUGGESTED, form);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  g_signal_connect_object (plan, "notify::copies", G_CALLBACK (update_verb), dialog,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (form, "show-xml", G_CALLBACK (show_xml_cb), dialog, 0);
  g_signal_connect_object (dialog, "done", G_CALLBACK (dialog_done_cb), form, 0);
  update_verb (dialog);
  gtk_widget_grab_focus (form);
  gtk_window_present (GTK_WINDOW (dialog));
}

/**
 * gh_clone_dialog_present:
 * @parent: (nullable): the window it is for
 * @machine: what to clone
 * @linked: whether to begin with a linked clone
 *
 * Opens “Clone”. When it is done, GhActivity::show-machine is emitted for the first new machine;
 * when its window was closed before, only the desktop is told.
 */
void
gh_clone_dialog_present (GtkWindow *parent,
                         GhMachine *machine,
                         gboolean   linked)
{
  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_MACHINE (machine));

  present (parent, machine, linked, NULL);
}

/**
 * gh_clone_dialog_present_snapshot:
 * @parent: (nullable): the window it is for
 * @machine: what to clone
 * @snapshot: the snapshot of it to begin with
 *
 * The same for what a snapshot keeps.
 */
void
gh_clone_dialog_present_snapshot (GtkWindow  *parent,
                                  GhMachine  *machine,
                                  const char *snapshot)
{
  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_MACHINE (machine) && snapshot != NULL);

  present (parent, machine, /* linked= */ FALSE, snapshot);
}
