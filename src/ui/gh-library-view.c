/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The list of hosts and machines: the widget itself, and when it holds the figures of hosts. */

#define G_LOG_DOMAIN "gh-library-view"

#include "config.h"

#include "gh-library-view-private.h"

#include "gh-ui.h"

/* What headings alone may take, before they scroll. */
#define MAX_HOSTS_PX 200

enum
{
  SELECTION_CHANGED,
  MACHINE_ACTIVATED,
  DELETE_REQUESTED,
  MOVE_REQUESTED,
  EMPTY_REQUESTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhLibraryView, gh_library_view, GTK_TYPE_BIN)

/* Figures: held while the list can be seen, and not a moment longer. */

static void
release_figures (GhLibraryView *self)
{
  for (guint i = 0; i < self->held->len; i++)
    gh_host_release_figures (g_ptr_array_index (self->held, i));
  g_ptr_array_set_size (self->held, 0);
}

static void
update_held (GhLibraryView *self)
{
  gboolean visible = gtk_widget_get_mapped (GTK_WIDGET (self)) && !self->iconified;
  g_autoptr (GPtrArray) before = g_steal_pointer (&self->held);

  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; visible && self->hosts != NULL &&
                    i < g_list_model_get_n_items (G_LIST_MODEL (self->hosts)); i++)
    {
      GhHost *host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      gh_host_hold_figures (host);
      g_ptr_array_add (self->held, host);
    }
  for (guint i = 0; i < before->len; i++)
    gh_host_release_figures (g_ptr_array_index (before, i));
}

static gboolean
window_state_changed_cb (GtkWidget           *toplevel,
                         GdkEventWindowState *event,
                         GhLibraryView       *self)
{
  gboolean iconified = (event->new_window_state & (GDK_WINDOW_STATE_ICONIFIED |
                                                   GDK_WINDOW_STATE_WITHDRAWN)) != 0;

  if (self->iconified != iconified)
    {
      self->iconified = iconified;
      update_held (self);
    }
  return GDK_EVENT_PROPAGATE;
}

static void
set_toplevel (GhLibraryView *self,
              GtkWidget     *toplevel)
{
  if (self->toplevel == toplevel)
    return;
  if (self->toplevel != NULL)
    g_signal_handlers_disconnect_by_func (self->toplevel, window_state_changed_cb, self);
  g_set_weak_pointer (&self->toplevel, toplevel);
  if (toplevel != NULL)
    g_signal_connect (toplevel, "window-state-event", G_CALLBACK (window_state_changed_cb), self);
}

/* Signals */

void
gh_library_view_emit_selection_changed (GhLibraryView *self)
{
  g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

void
gh_library_view_emit_machine_activated (GhLibraryView *self,
                                        GhMachine     *machine)
{
  g_signal_emit (self, signals[MACHINE_ACTIVATED], 0, machine);
}

void
gh_library_view_emit_delete_requested (GhLibraryView *self)
{
  g_signal_emit (self, signals[DELETE_REQUESTED], 0);
}

void
gh_library_view_emit_empty_requested (GhLibraryView *self,
                                      GhHost        *host)
{
  g_signal_emit (self, signals[EMPTY_REQUESTED], 0, host);
}

static void
dropped_cb (GhLibraryView *self,
            GPtrArray     *machines,
            GhHost        *host)
{
  g_signal_emit (self, signals[MOVE_REQUESTED], 0, machines, host);
}

/* GObject */

static void
gh_library_view_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (gh_library_view_parent_class)->map (widget);
  update_held (GH_LIBRARY_VIEW (widget));
}

static void
gh_library_view_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (gh_library_view_parent_class)->unmap (widget);
  update_held (GH_LIBRARY_VIEW (widget));
}

static void
gh_library_view_hierarchy_changed (GtkWidget *widget,
                                   GtkWidget *previous)
{
  GtkWidget *toplevel = gtk_widget_get_toplevel (widget);

  set_toplevel (GH_LIBRARY_VIEW (widget), GTK_IS_WINDOW (toplevel) ? toplevel : NULL);
}

static void
gh_library_view_dispose (GObject *object)
{
  GhLibraryView *self = GH_LIBRARY_VIEW (object);

  g_clear_handle_id (&self->refresh_id, g_source_remove);
  g_clear_handle_id (&self->countdown_id, g_source_remove);
  set_toplevel (self, NULL);
  release_figures (self);
  gh_library_view_set_hosts (self, NULL);
  g_clear_object (&self->menu_host);
  g_clear_object (&self->cursor_machine);
  G_OBJECT_CLASS (gh_library_view_parent_class)->dispose (object);
}

static void
gh_library_view_finalize (GObject *object)
{
  GhLibraryView *self = GH_LIBRARY_VIEW (object);

  g_clear_object (&self->actions);
  g_clear_object (&self->drag);
  g_clear_pointer (&self->wanted, g_hash_table_unref);
  g_clear_pointer (&self->held, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_library_view_parent_class)->finalize (object);
}

static void
gh_library_view_class_init (GhLibraryViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_library_view_dispose;
  object_class->finalize = gh_library_view_finalize;
  widget_class->map = gh_library_view_map;
  widget_class->unmap = gh_library_view_unmap;
  widget_class->hierarchy_changed = gh_library_view_hierarchy_changed;

  signals[SELECTION_CHANGED] =
    g_signal_new ("selection-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MACHINE_ACTIVATED] =
    g_signal_new ("machine-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_MACHINE);
  signals[DELETE_REQUESTED] =
    g_signal_new ("delete-requested", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MOVE_REQUESTED] =
    g_signal_new ("move-requested", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_PTR_ARRAY, GH_TYPE_HOST);
  signals[EMPTY_REQUESTED] =
    g_signal_new ("empty-requested", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_HOST);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-library-view.ui");
  gtk_widget_class_bind_template_child (widget_class, GhLibraryView, filter_entry);
  gtk_widget_class_bind_template_child (widget_class, GhLibraryView, list_page);
  gtk_widget_class_bind_template_child (widget_class, GhLibraryView, stack);
  gtk_widget_class_bind_template_child (widget_class, GhLibraryView, tree);
  gtk_widget_class_bind_template_child (widget_class, GhLibraryView, selection);
  gh_library_view_bind_selection (widget_class);
  gh_library_view_bind_filter (widget_class);
  gh_library_view_bind_menus (widget_class);
  gh_library_view_bind_rows (widget_class);
  gh_library_view_bind_input (widget_class);
}

static void
gh_library_view_init (GhLibraryView *self)
{
  self->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));

  gh_library_view_add_column (self);
  gh_library_view_init_selection (self);

  self->drag = gh_library_drag_new (self->tree);
  g_signal_connect_object (self->drag, "dropped", G_CALLBACK (dropped_cb), self,
                           G_CONNECT_SWAPPED);

  gh_library_view_add_actions (self);
}

/**
 * gh_library_view_new:
 *
 * Returns: (transfer floating): an empty view
 */
GtkWidget *
gh_library_view_new (void)
{
  return g_object_new (GH_TYPE_LIBRARY_VIEW, NULL);
}

/**
 * gh_library_view_set_hosts:
 * @self: a view
 * @hosts: (nullable): what to show, or %NULL for nothing
 */
void
gh_library_view_set_hosts (GhLibraryView *self,
                           GhHosts       *hosts)
{
  g_return_if_fail (GH_IS_LIBRARY_VIEW (self));

  if (self->hosts == hosts)
    return;

  if (self->model != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->model, self);
      g_signal_handlers_disconnect_by_data (self->hosts, self);
      if (self->tree != NULL)
        gtk_tree_view_set_model (self->tree, NULL);
    }
  g_clear_object (&self->model);
  g_set_object (&self->hosts, hosts);
  if (hosts == NULL)
    return;

  self->model = gh_library_model_new (hosts);
  g_signal_connect_swapped (hosts, "items-changed", G_CALLBACK (update_held), self);
  gh_library_view_watch_matches (self);
  gh_library_view_watch_figures (self);
  gh_library_view_watch_selection (self);
  update_held (self);
}

/**
 * gh_library_view_get_model:
 * @self: a view
 *
 * Returns: (transfer none) (nullable): the rows, while there are hosts
 */
GhLibraryModel *
gh_library_view_get_model (GhLibraryView *self)
{
  g_return_val_if_fail (GH_IS_LIBRARY_VIEW (self), NULL);

  return self->model;
}

/**
 * gh_library_view_get_host:
 * @self: a view
 *
 * Returns: (transfer none) (nullable): the host whose menu is open, else that of the row with the
 *   cursor
 */
GhHost *
gh_library_view_get_host (GhLibraryView *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  g_return_val_if_fail (GH_IS_LIBRARY_VIEW (self), NULL);

  if (self->host_menu_open)
    return self->menu_host;
  gtk_tree_view_get_cursor (self->tree, &path, NULL);
  if (self->model == NULL || path == NULL ||
      !gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return NULL;
  return gh_library_model_get_host (self->model, &iter);
}

/**
 * gh_library_view_set_only_hosts:
 * @self: a view
 * @only_hosts: whether there is no machine that could be searched for
 *
 * Then it takes no more room than the headings need.
 */
void
gh_library_view_set_only_hosts (GhLibraryView *self,
                                gboolean       only_hosts)
{
  g_return_if_fail (GH_IS_LIBRARY_VIEW (self));

  if (only_hosts)
    gtk_entry_set_text (self->filter_entry, "");
  gtk_widget_set_visible (GTK_WIDGET (self->filter_entry), !only_hosts);
  gtk_widget_set_vexpand (GTK_WIDGET (self), !only_hosts);
  gtk_widget_set_vexpand (GTK_WIDGET (self->stack), !only_hosts);
  gtk_scrolled_window_set_propagate_natural_height (self->list_page, only_hosts);
  gtk_scrolled_window_set_max_content_height (self->list_page, only_hosts ? MAX_HOSTS_PX : -1);
}

/**
 * gh_library_view_focus_filter:
 * @self: a view
 */
void
gh_library_view_focus_filter (GhLibraryView *self)
{
  g_return_if_fail (GH_IS_LIBRARY_VIEW (self));

  gtk_widget_grab_focus (GTK_WIDGET (self->filter_entry));
}

/**
 * gh_library_view_focus_list:
 * @self: a view
 */
void
gh_library_view_focus_list (GhLibraryView *self)
{
  g_return_if_fail (GH_IS_LIBRARY_VIEW (self));

  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
}
