/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-snapshot-form"

#include "config.h"

#include "gh-snapshot-form.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-ui.h"

struct _GhSnapshotForm
{
  GtkBin          parent_instance;

  GtkLabel       *text_label;
  GtkWidget      *take_grid;
  GtkEntry       *name_entry;
  GtkEntry       *description_entry;
  GtkWidget      *safety_check;

  GhSnapshotPlan *plan; /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (GhSnapshotForm, gh_snapshot_form, GTK_TYPE_BIN)

static gboolean
is_kind (GhSnapshotForm *self,
         const char     *kind)
{
  return strcmp (gh_plan_get_kind (GH_PLAN (self->plan)), kind) == 0;
}

/* What is not given is proposed. */
static void
set_from_entry (GhSnapshotForm *self,
                const char     *property,
                GtkEntry       *entry)
{
  const char *text = gtk_entry_get_text (entry);

  if (self->plan != NULL)
    g_object_set (self->plan, property, *text != '\0' ? text : NULL, NULL);
}

static void
name_changed_cb (GhSnapshotForm *self)
{
  set_from_entry (self, "snapshot", self->name_entry);
}

static void
description_changed_cb (GhSnapshotForm *self)
{
  set_from_entry (self, "description", self->description_entry);
}

static void
safety_toggled_cb (GhSnapshotForm *self)
{
  if (self->plan != NULL)
    g_object_set (self->plan, "safety",
                  gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->safety_check)), NULL);
}

/* The proposal is known only now. */
static void
prepared_cb (GhSnapshotForm *self)
{
  const char *name = gh_snapshot_plan_get_name (self->plan);

  gtk_entry_set_placeholder_text (self->name_entry, name != NULL ? name : "");
}

static void
show_plan (GhSnapshotForm *self)
{
  const char *machine = gh_machine_get_label (gh_snapshot_plan_get_machine (self->plan));
  const char *name = gh_snapshot_plan_get_name (self->plan);
  g_autofree char *text = NULL;

  if (is_kind (self, "snapshot-revert"))
    /* Translators: a machine, and a snapshot of it. */
    text = g_strdup_printf (_("“%1$s” becomes what it was when “%2$s” was taken: its disks, its "
                              "settings, and its memory where the snapshot keeps that."), machine,
                            name);
  else if (is_kind (self, "snapshot-delete"))
    /* Translators: a machine, and a snapshot of it. */
    text = g_strdup_printf (_("“%1$s” stays as it is now; what the snapshot “%2$s” keeps of "
                              "before is deleted."), machine, name);
  else
    text = g_strdup_printf (_("A snapshot keeps how “%s” is now, inside of its disks, so that it "
                              "can go back to it."), machine);
  gtk_label_set_label (self->text_label, text);
  gtk_widget_set_visible (self->take_grid, is_kind (self, "snapshot-take"));
  gtk_widget_set_visible (self->safety_check, is_kind (self, "snapshot-revert"));
}

static void
gh_snapshot_form_grab_focus (GtkWidget *widget)
{
  gtk_widget_grab_focus (GTK_WIDGET (GH_SNAPSHOT_FORM (widget)->name_entry));
}

static void
gh_snapshot_form_dispose (GObject *object)
{
  GhSnapshotForm *self = GH_SNAPSHOT_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_snapshot_form_parent_class)->dispose (object);
}

static void
gh_snapshot_form_class_init (GhSnapshotFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_snapshot_form_dispose;
  widget_class->grab_focus = gh_snapshot_form_grab_focus;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-snapshot-form.ui");
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotForm, text_label);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotForm, take_grid);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotForm, name_entry);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotForm, description_entry);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotForm, safety_check);
  gtk_widget_class_bind_template_callback (widget_class, name_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, description_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, safety_toggled_cb);
}

static void
gh_snapshot_form_init (GhSnapshotForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_snapshot_form_new:
 * @plan: what it is the form of
 *
 * Returns: (transfer floating): the form
 */
GtkWidget *
gh_snapshot_form_new (GhSnapshotPlan *plan)
{
  GhSnapshotForm *self = NULL;

  g_return_val_if_fail (GH_IS_SNAPSHOT_PLAN (plan), NULL);

  self = g_object_new (GH_TYPE_SNAPSHOT_FORM, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (prepared_cb), self, G_CONNECT_SWAPPED);
  show_plan (self);
  return GTK_WIDGET (self);
}

/* Short: names are in the form, and the button says it again. */
static const char *
get_title (const char *kind)
{
  if (strcmp (kind, "snapshot-revert") == 0)
    return _("Go back to a snapshot");
  if (strcmp (kind, "snapshot-delete") == 0)
    return _("Delete a snapshot");
  return _("Take a snapshot");
}

/* What cannot be taken back asks for more than Enter. */
static void
choose_style (GhPlanDialog *dialog,
              GhPlan       *plan)
{
  GPtrArray *steps = gh_plan_get_steps (plan);
  GhPlanDialogStyle style = GH_PLAN_DIALOG_SUGGESTED;

  for (guint i = 0; i < steps->len; i++)
    if (gh_step_is_final (g_ptr_array_index (steps, i)))
      style = GH_PLAN_DIALOG_DESTRUCTIVE;
  gh_plan_dialog_set_style (dialog, style);
}

void
gh_snapshot_form_present (GtkWindow         *parent,
                          GhSnapshotPlan    *plan,
                          GhPlanDialogStyle  style)
{
  GhPlanDialog *dialog = NULL;
  GtkWidget *form = NULL;

  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_SNAPSHOT_PLAN (plan));

  form = gh_snapshot_form_new (plan);
  dialog = gh_plan_dialog_new (parent, get_title (gh_plan_get_kind (GH_PLAN (plan))), style, form);
  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 440);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (choose_style), dialog, G_CONNECT_SWAPPED);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  if (strcmp (gh_plan_get_kind (GH_PLAN (plan)), "snapshot-take") == 0)
    gtk_widget_grab_focus (form);
  gtk_window_present (GTK_WINDOW (dialog));
}
