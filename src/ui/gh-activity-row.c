/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-activity-row"

#include "config.h"

#include "gh-activity-row.h"

#include <glib/gi18n-lib.h>

#include "gh-migrate-progress.h"
#include "gh-ui.h"

struct _GhActivityRow
{
  GtkBin           parent_instance;

  GhActivityItem  *item;

  GtkImage        *icon;
  GtkLabel        *title_label;
  GtkProgressBar  *progress_bar;
  GtkLabel        *status_label;
  GtkWidget       *cancel_button;
  GtkToggleButton *log_button;
  GtkTextView     *log_view;
  GtkBox          *figures_box;
};

G_DEFINE_FINAL_TYPE (GhActivityRow, gh_activity_row, GTK_TYPE_BIN)

static void
update_icon (GhActivityRow *self)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->icon));
  const char *icon_name = "content-loading-symbolic";
  const char *name = _("In progress");

  gtk_style_context_remove_class (style, "gh-ok");
  gtk_style_context_remove_class (style, "gh-warning");
  switch (gh_activity_item_get_outcome (self->item))
    {
    case GH_OUTCOME_DONE:
      icon_name = "object-select-symbolic";
      name = _("Done");
      gtk_style_context_add_class (style, "gh-ok");
      break;
    case GH_OUTCOME_UNDONE:
      icon_name = "edit-undo-symbolic";
      name = _("Undone");
      break;
    case GH_OUTCOME_UNDONE_IN_PART:
      icon_name = "dialog-warning-symbolic";
      name = _("Undone in part");
      gtk_style_context_add_class (style, "gh-warning");
      break;
    case GH_OUTCOME_NONE:
    default:
      break;
    }
  if (gh_activity_item_was_cancelled (self->item))
    {
      icon_name = "process-stop-symbolic";
      name = _("Cancelled");
      gtk_style_context_remove_class (style, "gh-warning");
    }
  gtk_image_set_from_icon_name (self->icon, icon_name, GTK_ICON_SIZE_BUTTON);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->icon)), name);
}

static void
show_log (GhActivityRow *self)
{
  g_autofree char *log = gh_activity_item_dup_log (self->item);

  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->log_view), log, -1);
}

static void
update (GhActivityRow *self)
{
  gboolean running = gh_activity_item_is_running (self->item);

  gtk_progress_bar_set_fraction (self->progress_bar, gh_activity_item_get_fraction (self->item));
  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), running);
  gtk_widget_set_visible (self->cancel_button, running);
  gtk_widget_set_sensitive (self->cancel_button, gh_activity_item_can_cancel (self->item));
  gtk_label_set_label (self->status_label, gh_activity_item_get_status (self->item));
  if (!running)
    {
      gtk_container_foreach (GTK_CONTAINER (self->figures_box), (GtkCallback) gtk_widget_destroy,
                             NULL);
      update_icon (self);
    }
  if (gtk_toggle_button_get_active (self->log_button))
    show_log (self);
}

static void
cancel_clicked_cb (GhActivityRow *self)
{
  gh_activity_item_cancel (self->item);
  update (self);
}

static void
log_toggled_cb (GhActivityRow *self)
{
  if (gtk_toggle_button_get_active (self->log_button))
    show_log (self);
}

static void
copy_clicked_cb (GhActivityRow *self)
{
  g_autofree char *log = gh_activity_item_dup_log (self->item);

  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self), GDK_SELECTION_CLIPBOARD),
                          log, -1);
}

static void
gh_activity_row_dispose (GObject *object)
{
  GhActivityRow *self = GH_ACTIVITY_ROW (object);

  if (self->item != NULL)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_clear_object (&self->item);
  G_OBJECT_CLASS (gh_activity_row_parent_class)->dispose (object);
}

static void
gh_activity_row_class_init (GhActivityRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_activity_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-activity-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, icon);
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, status_label);
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, log_button);
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, log_view);
  gtk_widget_class_bind_template_child (widget_class, GhActivityRow, figures_box);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, log_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_clicked_cb);
}

static void
gh_activity_row_init (GhActivityRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
gh_activity_row_new (GhActivityItem *item)
{
  GhActivityRow *self = NULL;
  g_autofree char *cancel_name = NULL;
  g_autofree char *log_name = NULL;
  GtkWidget *figures = NULL;
  const char *title = NULL;

  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (item), NULL);

  self = g_object_new (GH_TYPE_ACTIVITY_ROW, "visible", TRUE, NULL);
  self->item = g_object_ref (item);
  title = gh_activity_item_get_title (item);
  gtk_label_set_label (self->title_label, title);
  /* Translators: on a button; the name of a plan, such as “Create “web-1””. */
  cancel_name = g_strdup_printf (_("Cancel: %s"), title);
  atk_object_set_name (gtk_widget_get_accessible (self->cancel_button), cancel_name);
  /* Translators: on a button; the name of a plan, such as “Create “web-1””. */
  log_name = g_strdup_printf (_("What was run: %s"), title);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->log_button)), log_name);

  figures = gh_activity_item_get_plan (item) != NULL
            ? gh_migrate_progress_new_for (gh_activity_item_get_plan (item)) : NULL;
  if (figures != NULL)
    gtk_container_add (GTK_CONTAINER (self->figures_box), figures);
  update_icon (self);
  update (self);
  g_signal_connect_object (item, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}
