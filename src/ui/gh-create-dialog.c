/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-create-dialog"

#include "config.h"

#include "gh-create-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-activity.h"
#include "gh-create-form.h"
#include "gh-file-entry.h"
#include "gh-os-info.h"
#include "gh-plan-dialog.h"
#include "gh-ui.h"

static void
form_ready_cb (GhCreateForm *form,
               GParamSpec   *pspec,
               GhPlanDialog *dialog)
{
  gh_plan_dialog_set_ready (dialog, gh_create_form_get_ready (form));
}

static void
form_plan_cb (GhCreateForm *form,
              GParamSpec   *pspec,
              GhPlanDialog *dialog)
{
  gh_plan_dialog_set_plan (dialog, GH_PLAN (gh_create_form_get_plan (form)));
}

static void
remember_file (GhFileKind  kind,
               const char *path)
{
  if (path != NULL && g_path_is_absolute (path))
    gh_file_kind_remember (kind, path);
}

static void
dialog_done_cb (GhPlanDialog *dialog,
                GhCreateForm *form)
{
  GhCreatePlan *plan = gh_create_form_get_plan (form);
  GhHost *host = gh_plan_get_host (GH_PLAN (plan));

  if (gh_host_is_local (host) && gh_create_plan_get_source (plan) == GH_CREATE_FROM_ISO)
    remember_file (GH_FILE_KIND_ISO, gh_create_plan_get_iso_path (plan));
  if (gh_host_is_local (host) && gh_create_plan_get_source (plan) == GH_CREATE_FROM_KERNEL)
    {
      remember_file (GH_FILE_KIND_KERNEL, gh_create_plan_get_kernel_path (plan));
      remember_file (GH_FILE_KIND_INITRD, gh_create_plan_get_initrd_path (plan));
    }
  gh_activity_show_machine (gh_activity_get_default (), host,
                            gh_create_plan_get_machine_uuid (plan));
}

/**
 * gh_create_dialog_present:
 * @parent: (nullable): the window it is for
 * @hosts: where machines can be made; at least one
 * @preferred: (nullable): where to, unless the user chooses another
 *
 * Opens “New machine”. When it is done, GhActivity::show-machine is emitted for
 * the new machine; when its window was closed before, only the desktop is told.
 */
void
gh_create_dialog_present (GtkWindow *parent,
                          GhHosts   *hosts,
                          GhHost    *preferred)
{
  g_autoptr (GhHost) host = NULL;
  GhPlanDialog *dialog = NULL;
  GtkWidget *form = NULL;

  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_HOSTS (hosts));

  host = preferred != NULL ? g_object_ref (preferred)
                           : g_list_model_get_item (G_LIST_MODEL (hosts), 0);
  g_return_if_fail (host != NULL);

  gh_ui_init ();
  /* The first one who wants to know which system an image holds should not wait for it. */
  gh_os_info_warm_up (gh_os_info_get_default ());

  form = gh_create_form_new (hosts, host);
  dialog = gh_plan_dialog_new (parent, _("New machine"), GH_PLAN_DIALOG_SUGGESTED, form);
  g_signal_connect_object (form, "notify::plan", G_CALLBACK (form_plan_cb), dialog, 0);
  g_signal_connect_object (form, "notify::ready", G_CALLBACK (form_ready_cb), dialog, 0);
  g_signal_connect_object (dialog, "done", G_CALLBACK (dialog_done_cb), form, 0);
  form_ready_cb (GH_CREATE_FORM (form), NULL, dialog);
  form_plan_cb (GH_CREATE_FORM (form), NULL, dialog);
  gtk_widget_grab_focus (form);
  gtk_window_present (GTK_WINDOW (dialog));
}
