/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-file-row"

#include "config.h"

#include "gh-file-row.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-ui.h"

struct _GhFileRow
{
  GtkBin           parent_instance;

  GhDeletePlan    *plan;    /* (nullable) */
  GhMachineFile   *file;    /* (nullable) */
  gboolean         showing; /* what the tick says now is not the user's choice */

  GtkToggleButton *tick;
  GtkLabel        *name_label;
  GtkLabel        *size_label;
  GtkLabel        *place_label;
  GtkWidget       *users_box;
  GtkLabel        *users_label;
  GtkLabel        *reason_label;
};

G_DEFINE_FINAL_TYPE (GhFileRow, gh_file_row, GTK_TYPE_BIN)

static char *
dup_place (GhMachineFile *file)
{
  const char *role = gh_machine_file_get_role_text (file);
  gboolean has_folder = g_path_is_absolute (file->path);
  g_autofree char *folder = has_folder ? g_path_get_dirname (file->path) : NULL;
  GString *text = g_string_new (role);

  /* A list of facts, in any language. */
  if (file->target != NULL)
    g_string_append_printf (text, " %s", file->target);
  if (folder != NULL)
    g_string_append_printf (text, " · %s", folder);
  if (!file->exists)
    g_string_append_printf (text, " · %s", _("missing"));
  return g_string_free (text, FALSE);
}

static void
update (GhFileRow *self)
{
  GhMachineFile *file = self->file;
  g_autofree char *name = g_filename_display_basename (file->path);
  g_autofree char *size = file->has_size ? gh_format_file_size (file->size) : NULL;
  g_autofree char *place = dup_place (file);
  g_autofree char *users = NULL;
  gboolean goes_along = file->advice == GH_FILE_GOES_ALONG;
  gboolean keeps = gh_delete_plan_get_keep_disks (self->plan);

  self->showing = TRUE;
  gtk_toggle_button_set_active (self->tick, gh_delete_plan_get_ticked (self->plan, file) ||
                                              (goes_along && !keeps));
  self->showing = FALSE;
  gtk_widget_set_sensitive (GTK_WIDGET (self->tick), gh_delete_plan_can_tick (self->plan, file));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), file->path);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->tick)), file->path);

  gtk_label_set_label (self->name_label, name);
  gtk_label_set_label (self->size_label, size != NULL ? size : "");
  gtk_label_set_label (self->place_label, place);
  if (file->users != NULL)
    users = g_strdup_printf (_("Also used by %s"), file->users);
  gtk_label_set_label (self->users_label, users != NULL ? users : "");
  gtk_widget_set_visible (self->users_box, users != NULL);
  gtk_label_set_label (self->reason_label, file->reason != NULL ? file->reason : "");
  /* Who else uses it is said already. */
  gtk_widget_set_visible (GTK_WIDGET (self->reason_label), file->reason != NULL &&
                          (users == NULL || strstr (file->reason, file->users) == NULL));
}

static void
tick_toggled_cb (GhFileRow *self)
{
  if (!self->showing)
    gh_delete_plan_set_ticked (self->plan, self->file->path,
                               gtk_toggle_button_get_active (self->tick));
}

static void
gh_file_row_finalize (GObject *object)
{
  GhFileRow *self = GH_FILE_ROW (object);

  g_clear_object (&self->plan);
  g_clear_pointer (&self->file, gh_machine_file_unref);
  G_OBJECT_CLASS (gh_file_row_parent_class)->finalize (object);
}

static void
gh_file_row_class_init (GhFileRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_file_row_finalize;

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-file-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GhFileRow, tick);
  gtk_widget_class_bind_template_child (widget_class, GhFileRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, GhFileRow, size_label);
  gtk_widget_class_bind_template_child (widget_class, GhFileRow, place_label);
  gtk_widget_class_bind_template_child (widget_class, GhFileRow, users_box);
  gtk_widget_class_bind_template_child (widget_class, GhFileRow, users_label);
  gtk_widget_class_bind_template_child (widget_class, GhFileRow, reason_label);
  gtk_widget_class_bind_template_callback (widget_class, tick_toggled_cb);
}

static void
gh_file_row_init (GhFileRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
gh_file_row_new (GhDeletePlan  *plan,
                 GhMachineFile *file)
{
  GhFileRow *self = NULL;

  g_return_val_if_fail (GH_IS_DELETE_PLAN (plan), NULL);
  g_return_val_if_fail (file != NULL, NULL);

  self = g_object_new (GH_TYPE_FILE_ROW, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  gh_file_row_set_file (self, file);
  return GTK_WIDGET (self);
}

const char *
gh_file_row_get_path (GhFileRow *self)
{
  g_return_val_if_fail (GH_IS_FILE_ROW (self), NULL);

  return self->file->path;
}

void
gh_file_row_set_file (GhFileRow     *self,
                      GhMachineFile *file)
{
  g_return_if_fail (GH_IS_FILE_ROW (self));
  g_return_if_fail (file != NULL);

  gh_machine_file_ref (file);
  g_clear_pointer (&self->file, gh_machine_file_unref);
  self->file = file;
  update (self);
}
