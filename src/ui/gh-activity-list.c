/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-activity-list"

#include "config.h"

#include "gh-activity-list.h"

#include "gh-activity-row.h"
#include "gh-activity.h"
#include "gh-ui.h"

struct _GhActivityList
{
  GtkBin      parent_instance;

  GtkStack   *stack;
  GtkBox     *rows_box;
  GtkWidget  *clear_button;
};

G_DEFINE_FINAL_TYPE (GhActivityList, gh_activity_list, GTK_TYPE_BIN)

static void
update (GhActivityList *self)
{
  GhActivity *activity = gh_activity_get_default ();
  guint n_items = g_list_model_get_n_items (G_LIST_MODEL (activity));

  gtk_stack_set_visible_child_name (self->stack, n_items > 0 ? "runs" : "empty");
  gtk_widget_set_sensitive (self->clear_button,
                            n_items > gh_activity_get_n_running (activity));
}

static void
items_changed_cb (GListModel     *model,
                  guint           position,
                  guint           n_removed,
                  guint           n_added,
                  GhActivityList *self)
{
  g_autoptr (GList) rows = NULL;

  if (self->rows_box == NULL)
    return;

  rows = gtk_container_get_children (GTK_CONTAINER (self->rows_box));
  for (guint i = 0; i < n_removed; i++)
    gtk_widget_destroy (g_list_nth_data (rows, position + i));
  for (guint i = 0; i < n_added; i++)
    {
      g_autoptr (GhActivityItem) item = g_list_model_get_item (model, position + i);
      GtkWidget *row = gh_activity_row_new (item);

      gtk_container_add (GTK_CONTAINER (self->rows_box), row);
      gtk_box_reorder_child (self->rows_box, row, (int) (position + i));
    }
  update (self);
}

static void
clear_clicked_cb (GhActivityList *self)
{
  gh_activity_clear_ended (gh_activity_get_default ());
}

static void
gh_activity_list_class_init (GhActivityListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-activity-list.ui");
  gtk_widget_class_bind_template_child (widget_class, GhActivityList, stack);
  gtk_widget_class_bind_template_child (widget_class, GhActivityList, rows_box);
  gtk_widget_class_bind_template_child (widget_class, GhActivityList, clear_button);
  gtk_widget_class_bind_template_callback (widget_class, clear_clicked_cb);
}

static void
gh_activity_list_init (GhActivityList *self)
{
  GhActivity *activity = gh_activity_get_default ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (activity, "items-changed", G_CALLBACK (items_changed_cb), self, 0);
  g_signal_connect_object (activity, "notify::n-running", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  items_changed_cb (G_LIST_MODEL (activity), 0, 0,
                    g_list_model_get_n_items (G_LIST_MODEL (activity)), self);
}

GtkWidget *
gh_activity_list_new (void)
{
  return g_object_new (GH_TYPE_ACTIVITY_LIST, "visible", TRUE, NULL);
}
