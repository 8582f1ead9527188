/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-resize-form"

#include "config.h"

#include "gh-resize-form.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "gh-plan-dialog.h"
#include "gh-size-spin.h"
#include "gh-ui.h"

#define MIB (1024.0 * 1024.0)

struct _GhResizeForm
{
  GtkBin           parent_instance;

  GtkLabel        *text_label;
  GtkWidget       *disk_label;
  GtkComboBoxText *disk_combo;
  GtkWidget       *size_spin;
  GtkAdjustment   *size_adjustment;

  GhResizePlan    *plan;     /* (owned) (nullable) */
  char            *shown;    /* (nullable): the disk whose size is proposed */
  gboolean         updating; /* what the plan says is no wish of the user's */
};

G_DEFINE_FINAL_TYPE (GhResizeForm, gh_resize_form, GTK_TYPE_BIN)

static void
size_changed_cb (GhResizeForm *self)
{
  if (!self->updating && self->plan != NULL)
    g_object_set (self->plan, "size",
                  (guint64) (gtk_adjustment_get_value (self->size_adjustment) * MIB), NULL);
}

static void
disk_changed_cb (GhResizeForm *self)
{
  if (!self->updating && self->plan != NULL)
    g_object_set (self->plan, "target",
                  gtk_combo_box_get_active_id (GTK_COMBO_BOX (self->disk_combo)), NULL);
}

static void
fill_combo (GhResizeForm *self,
            GPtrArray    *disks)
{
  GtkTreeModel *model = gtk_combo_box_get_model (GTK_COMBO_BOX (self->disk_combo));

  if (gtk_tree_model_iter_n_children (model, NULL) == (int) disks->len)
    return;
  gtk_combo_box_text_remove_all (self->disk_combo);
  for (guint i = 0; i < disks->len; i++)
    {
      const GhResizeDisk *disk = g_ptr_array_index (disks, i);
      g_autofree char *name = g_path_get_basename (disk->path);
      /* Translators: a disk such as “vda”, and the name of its file. */
      g_autofree char *text = g_strdup_printf (_("%s: %s"), disk->target, name);

      gtk_combo_box_text_append (self->disk_combo, disk->target, text);
    }
}

static void
show_disk (GhResizeForm       *self,
           const GhResizeDisk *disk)
{
  g_autofree char *size = g_format_size_full (disk->size, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *text = NULL;

  if (disk->size > 0)
    /* Translators: a disk such as “vda”, and a size. */
    text = g_strdup_printf (_("The disk “%s” has %s now. It can only be made larger: what the "
                              "guest has on it stays."), disk->target, size);
  gtk_label_set_label (self->text_label, text != NULL ? text : "");
  gtk_combo_box_set_active_id (GTK_COMBO_BOX (self->disk_combo), disk->target);
  if (g_strcmp0 (self->shown, disk->target) == 0)
    return;
  g_free (self->shown);
  self->shown = g_strdup (disk->target);
  gtk_adjustment_set_value (self->size_adjustment, ceil (disk->size / MIB));
}

static void
prepared_cb (GhResizeForm *self)
{
  GPtrArray *disks = gh_resize_plan_get_disks (self->plan);
  const GhResizeDisk *disk = gh_resize_plan_get_disk (self->plan);

  if (disks == NULL)
    return;
  self->updating = TRUE;
  fill_combo (self, disks);
  gtk_widget_set_visible (self->disk_label, disks->len > 1);
  gtk_widget_set_visible (GTK_WIDGET (self->disk_combo), disks->len > 1);
  if (disk != NULL)
    show_disk (self, disk);
  self->updating = FALSE;
  gtk_widget_set_sensitive (self->size_spin, disk != NULL && disk->size > 0);
}

static void
gh_resize_form_grab_focus (GtkWidget *widget)
{
  gtk_widget_grab_focus (GH_RESIZE_FORM (widget)->size_spin);
}

static void
gh_resize_form_dispose (GObject *object)
{
  GhResizeForm *self = GH_RESIZE_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_resize_form_parent_class)->dispose (object);
}

static void
gh_resize_form_finalize (GObject *object)
{
  g_free (GH_RESIZE_FORM (object)->shown);
  G_OBJECT_CLASS (gh_resize_form_parent_class)->finalize (object);
}

static void
gh_resize_form_class_init (GhResizeFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_resize_form_dispose;
  object_class->finalize = gh_resize_form_finalize;
  widget_class->grab_focus = gh_resize_form_grab_focus;

  g_type_ensure (GH_TYPE_SIZE_SPIN);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-resize-form.ui");
  gtk_widget_class_bind_template_child (widget_class, GhResizeForm, text_label);
  gtk_widget_class_bind_template_child (widget_class, GhResizeForm, disk_label);
  gtk_widget_class_bind_template_child (widget_class, GhResizeForm, disk_combo);
  gtk_widget_class_bind_template_child (widget_class, GhResizeForm, size_spin);
  gtk_widget_class_bind_template_child (widget_class, GhResizeForm, size_adjustment);
  gtk_widget_class_bind_template_callback (widget_class, disk_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, size_changed_cb);
}

static void
gh_resize_form_init (GhResizeForm *self)
{
  g_autoptr (GList) cells = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  /* Names of files may be long. */
  cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (self->disk_combo));
  for (GList *l = cells; l != NULL; l = l->next)
    g_object_set (l->data, "ellipsize", PANGO_ELLIPSIZE_MIDDLE, NULL);
}

/**
 * gh_resize_form_new:
 * @plan: what it is the form of
 *
 * Returns: (transfer floating): the form
 */
GtkWidget *
gh_resize_form_new (GhResizePlan *plan)
{
  GhResizeForm *self = NULL;

  g_return_val_if_fail (GH_IS_RESIZE_PLAN (plan), NULL);

  self = g_object_new (GH_TYPE_RESIZE_FORM, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (prepared_cb), self, G_CONNECT_SWAPPED);
  prepared_cb (self);
  return GTK_WIDGET (self);
}

void
gh_resize_form_present (GtkWindow *parent,
                        GhMachine *machine)
{
  g_autoptr (GhResizePlan) plan = NULL;
  g_autofree char *title = NULL;
  GhPlanDialog *dialog = NULL;
  GtkWidget *form = NULL;

  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (GH_IS_MACHINE (machine));

  gh_ui_init ();
  plan = gh_resize_plan_new (machine, NULL);
  title = gh_plan_dup_title (GH_PLAN (plan));
  form = gh_resize_form_new (plan);
  dialog = gh_plan_dialog_new (parent, title, GH_PLAN_DIALOG_SUGGESTED, form);
  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 440);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  gtk_widget_grab_focus (form);
  gtk_window_present (GTK_WINDOW (dialog));
}
