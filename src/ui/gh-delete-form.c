/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-delete-form"

#include "config.h"

#include "gh-delete-form.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-file-row.h"
#include "gh-format.h"
#include "gh-ui.h"

struct _GhDeleteForm
{
  GtkBin           parent_instance;

  GhDeletePlan    *plan; /* (nullable) */

  GtkLabel        *title_label;
  GtkLabel        *state_label;
  GtkToggleButton *keep_button;
  GtkStack        *files_stack;
  GtkBox          *files_box;
  GtkLabel        *freed_label;
};

G_DEFINE_FINAL_TYPE (GhDeleteForm, gh_delete_form, GTK_TYPE_BIN)

static void
show_machine (GhDeleteForm *self)
{
  GhMachine *machine = gh_delete_plan_get_machine (self->plan);
  g_autofree char *title = NULL;
  g_autofree char *state = NULL;
  gboolean exact = FALSE;
  gint64 seconds = gh_machine_get_uptime (machine, &exact);

  title = g_strdup_printf (_("Delete “%s”?"), gh_machine_get_label (machine));
  gtk_label_set_label (self->title_label, title);

  if (gh_machine_is_active (machine) && (exact ? seconds >= 0 : seconds >= 60))
    {
      g_autofree char *duration = gh_format_duration (seconds);

      if (exact)
        /* Translators: %s is a span of time, such as “2 hours”. */
        state = g_strdup_printf (_("It has been running for %s, and is forced off first: what it "
                                   "has not written to its disks is lost."), duration);
      else
        /* Translators: %s is a span of time, such as “2 hours”. */
        state = g_strdup_printf (_("It has been running for at least %s, and is forced off first: "
                                   "what it has not written to its disks is lost."), duration);
    }
  else if (gh_machine_is_active (machine))
    state = g_strdup (_("It is running, and is forced off first: what it has not written to its "
                        "disks is lost."));
  gtk_label_set_label (self->state_label, state != NULL ? state : "");
  gtk_widget_set_visible (GTK_WIDGET (self->state_label), state != NULL);
}

static void
show_freed (GhDeleteForm *self)
{
  guint64 bytes = gh_delete_plan_get_freed (self->plan);
  g_autofree char *size = gh_format_file_size (bytes);
  g_autofree char *text = NULL;

  if (gh_delete_plan_get_files (self->plan) == NULL)
    text = g_strdup ("");
  else if (bytes == 0)
    text = g_strdup (_("No file is deleted."));
  else
    /* Translators: %s is a size, such as “20 GiB”. */
    text = g_strdup_printf (_("%s will be freed. This cannot be undone."), size);
  gtk_label_set_label (self->freed_label, text);
}

static GhFileRow *
take_row (GList      **rows,
          const char  *path)
{
  for (GList *l = *rows; l != NULL; l = l->next)
    if (strcmp (gh_file_row_get_path (l->data), path) == 0)
      {
        GhFileRow *row = l->data;

        *rows = g_list_delete_link (*rows, l);
        return row;
      }
  return NULL;
}

/* Rows of files that are still there stay, with the focus. */
static void
show_files (GhDeleteForm *self)
{
  GhMachineFiles *files = gh_delete_plan_get_files (self->plan);
  GList *rows = NULL;

  if (files == NULL)
    return;

  rows = gtk_container_get_children (GTK_CONTAINER (self->files_box));
  for (guint i = 0; i < files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (files->files, i);
      GhFileRow *row = take_row (&rows, file->path);

      if (row != NULL)
        gh_file_row_set_file (row, file);
      else
        {
          row = GH_FILE_ROW (gh_file_row_new (self->plan, file));
          gtk_container_add (GTK_CONTAINER (self->files_box), GTK_WIDGET (row));
        }
      gtk_box_reorder_child (self->files_box, GTK_WIDGET (row), (int) i);
    }
  g_list_free_full (rows, (GDestroyNotify) gtk_widget_destroy);

  gtk_stack_set_visible_child_name (self->files_stack, files->files->len > 0 ? "files" : "none");
  show_freed (self);
}

static void
gh_delete_form_dispose (GObject *object)
{
  GhDeleteForm *self = GH_DELETE_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_delete_form_parent_class)->dispose (object);
}

static void
gh_delete_form_class_init (GhDeleteFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_delete_form_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-delete-form.ui");
  gtk_widget_class_bind_template_child (widget_class, GhDeleteForm, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhDeleteForm, state_label);
  gtk_widget_class_bind_template_child (widget_class, GhDeleteForm, keep_button);
  gtk_widget_class_bind_template_child (widget_class, GhDeleteForm, files_stack);
  gtk_widget_class_bind_template_child (widget_class, GhDeleteForm, files_box);
  gtk_widget_class_bind_template_child (widget_class, GhDeleteForm, freed_label);
}

static void
gh_delete_form_init (GhDeleteForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
gh_delete_form_new (GhDeletePlan *plan)
{
  GhDeleteForm *self = NULL;
  GhMachine *machine = NULL;

  g_return_val_if_fail (GH_IS_DELETE_PLAN (plan), NULL);

  self = g_object_new (GH_TYPE_DELETE_FORM, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  machine = gh_delete_plan_get_machine (plan);
  g_object_bind_property (plan, "keep-disks", self->keep_button, "active",
                          G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (show_files), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "notify::keep-disks", G_CALLBACK (show_files), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "notify::state", G_CALLBACK (show_freed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (machine, "notify::state", G_CALLBACK (show_machine), self,
                           G_CONNECT_SWAPPED);
  show_machine (self);
  show_files (self);
  return GTK_WIDGET (self);
}
