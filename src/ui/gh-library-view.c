/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-library-view"

#include "config.h"

#include "gh-library-view.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-add-host-dialog.h"
#include "gh-host-removal.h"
#include "gh-library-drag.h"
#include "gh-library-renderer.h"
#include "gh-ui.h"
#include "gh-virt-error.h"

/* What headings alone may take, before they scroll. */
#define MAX_HOSTS_PX 200

struct _GhLibraryView
{
  GtkBin             parent_instance;

  GtkEntry          *filter_entry;
  GtkStack          *stack;
  GtkScrolledWindow *list_page;
  GtkTreeView       *tree;
  GtkTreeSelection  *selection;
  GtkWidget         *placeholder; /* (unowned) (nullable): made when first needed */

  GtkTreeViewColumn *column;   /* (unowned) */
  GtkCellRenderer   *renderer; /* (unowned) */
  GhHosts           *hosts;    /* (owned) (nullable) */
  GhLibraryModel    *model;    /* (owned) (nullable) */
  GSimpleActionGroup *actions; /* (owned): "library." */
  GhLibraryDrag     *drag;     /* (owned) */

  GHashTable        *wanted;   /* (element-type utf8): UUIDs of the selection */
  gboolean           applying; /* the selection is changed by us, not by the user */
  double             scroll_position; /* during a reset */
  GhMachine         *cursor_machine;  /* (owned) (nullable): during a reset */
  GhHost            *menu_host;       /* (owned) (nullable): what "library." actions are about */
  gboolean           host_menu_open;  /* so are those of the window */

  GPtrArray         *held;     /* (element-type GhHost): whose figures we hold */
  GtkWidget         *toplevel; /* (weak) */
  gboolean           iconified;
  guint              refresh_id;
  guint              countdown_id; /* a host is shown that is tried again soon */
};

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

static void
figures_changed_cb (GhLibraryModel *model,
                    GhHost         *host,
                    GhLibraryView  *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  g_autoptr (GtkTreePath) end = NULL;
  GdkWindow *window = gtk_tree_view_get_bin_window (self->tree);
  GtkTreeIter iter;

  if (window == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self->tree)) ||
      !gtk_tree_view_get_visible_range (self->tree, &path, &end))
    return;

  for (gboolean more = gtk_tree_model_get_iter (GTK_TREE_MODEL (model), &iter, path);
       more && gtk_tree_path_compare (path, end) <= 0;
       more = gtk_tree_model_iter_next (GTK_TREE_MODEL (model), &iter))
    {
      GhMachine *machine = gh_library_model_get_machine (model, &iter);
      GdkRectangle cell;
      GdkRectangle graph;

      if (machine != NULL && gh_library_model_get_host (model, &iter) == host &&
          gh_machine_is_active (machine))
        {
          gtk_tree_view_get_cell_area (self->tree, path, self->column, &cell);
          gh_library_renderer_get_graph_area (GH_LIBRARY_RENDERER (self->renderer),
                                              GTK_WIDGET (self->tree), &cell, &graph);
          gdk_window_invalidate_rect (window, &graph, FALSE);
        }
      gtk_tree_path_next (path);
    }
}

/* Selection */

static void
remember_selection (GhLibraryView *self)
{
  g_autoptr (GPtrArray) machines = gh_library_view_dup_selected (self);

  g_hash_table_remove_all (self->wanted);
  for (guint i = 0; i < machines->len; i++)
    g_hash_table_add (self->wanted,
                      g_strdup (gh_machine_get_uuid (g_ptr_array_index (machines, i))));
}

static void
selection_changed_cb (GhLibraryView *self)
{
  if (self->applying || self->model == NULL)
    return;
  remember_selection (self);
  g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

static gboolean
may_select (GtkTreeSelection *selection,
            GtkTreeModel     *model,
            GtkTreePath      *path,
            gboolean          is_selected,
            gpointer          user_data)
{
  GtkTreeIter iter;

  return is_selected || (gtk_tree_model_get_iter (model, &iter, path) &&
                         gh_library_model_get_machine (GH_LIBRARY_MODEL (model), &iter) != NULL);
}

static gboolean
restore_row (GhLibraryView *self,
             GtkTreeIter   *iter)
{
  GhMachine *machine = gh_library_model_get_machine (self->model, iter);

  if (machine == NULL || !g_hash_table_contains (self->wanted, gh_machine_get_uuid (machine)))
    return FALSE;
  gtk_tree_selection_select_iter (self->selection, iter);
  return TRUE;
}

/* While a machine moves, both hosts list it; then it is not selected twice. */
static gboolean
is_selected_elsewhere (GhLibraryView *self,
                       GtkTreeIter   *iter)
{
  GhMachine *machine = gh_library_model_get_machine (self->model, iter);
  g_autoptr (GPtrArray) selected = NULL;

  if (machine == NULL || !g_hash_table_contains (self->wanted, gh_machine_get_uuid (machine)))
    return FALSE;
  selected = gh_library_view_dup_selected (self);
  for (guint i = 0; i < selected->len; i++)
    if (g_strcmp0 (gh_machine_get_uuid (g_ptr_array_index (selected, i)),
                   gh_machine_get_uuid (machine)) == 0)
      return TRUE;
  return FALSE;
}

/* A machine that comes back is selected as it was. */
static void
row_inserted_cb (GtkTreeModel  *model,
                 GtkTreePath   *path,
                 GtkTreeIter   *iter,
                 GhLibraryView *self)
{
  gboolean restored = FALSE;

  if (g_hash_table_size (self->wanted) == 0 || is_selected_elsewhere (self, iter))
    return;
  self->applying = TRUE;
  restored = restore_row (self, iter);
  self->applying = FALSE;
  if (restored)
    g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

/* The view unselects what is deleted or hidden; it stays wanted. */
static void
row_deleting_cb (GtkTreeModel  *model,
                 GtkTreePath   *path,
                 GhLibraryView *self)
{
  self->applying = TRUE;
}

static void
row_deleted_cb (GtkTreeModel  *model,
                GtkTreePath   *path,
                GhLibraryView *self)
{
  self->applying = FALSE;
}

static void
connect_rows (GhLibraryView *self)
{
  /* One before and one after the view's own handler. */
  g_signal_connect (self->model, "row-deleted", G_CALLBACK (row_deleting_cb), self);
  gtk_tree_view_set_model (self->tree, GTK_TREE_MODEL (self->model));
  g_signal_connect_after (self->model, "row-deleted", G_CALLBACK (row_deleted_cb), self);
  g_signal_connect_after (self->model, "row-inserted", G_CALLBACK (row_inserted_cb), self);
}

static void
disconnect_rows (GhLibraryView *self)
{
  g_signal_handlers_disconnect_by_func (self->model, row_deleting_cb, self);
  g_signal_handlers_disconnect_by_func (self->model, row_deleted_cb, self);
  g_signal_handlers_disconnect_by_func (self->model, row_inserted_cb, self);
  gtk_tree_view_set_model (self->tree, NULL);
}

static void
reset_begin_cb (GhLibraryView *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  self->applying = TRUE;
  g_clear_object (&self->cursor_machine);
  gtk_tree_view_get_cursor (self->tree, &path, NULL);
  if (path != NULL && gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    g_set_object (&self->cursor_machine, gh_library_model_get_machine (self->model, &iter));
  self->scroll_position =
    gtk_adjustment_get_value (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->tree)));
  disconnect_rows (self);
}

static void
restore_cursor (GhLibraryView *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  if (self->cursor_machine == NULL ||
      !gh_library_model_find_machine (self->model, self->cursor_machine, &iter))
    return;
  path = gtk_tree_model_get_path (GTK_TREE_MODEL (self->model), &iter);
  gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
}

static void
reset_end_cb (GhLibraryView *self)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  gboolean restored = FALSE;
  GtkTreeIter iter;

  connect_rows (self);
  restore_cursor (self);
  gtk_tree_selection_unselect_all (self->selection);
  if (g_hash_table_size (self->wanted) > 0)
    for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
         more = gtk_tree_model_iter_next (model, &iter))
      restored = restore_row (self, &iter) || restored;
  gtk_adjustment_set_value (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->tree)),
                            self->scroll_position);
  g_clear_object (&self->cursor_machine);
  self->applying = FALSE;
  if (restored)
    g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

/* When nothing is found */

static void
ensure_placeholder (GhLibraryView *self)
{
  GtkWidget *button = NULL;

  if (self->placeholder != NULL)
    return;

  button = gtk_button_new_with_label (_("Clear filter"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "library.clear-filter");
  gtk_widget_set_halign (button, GTK_ALIGN_CENTER);
  gtk_style_context_add_class (gtk_widget_get_style_context (button), "pill");
  self->placeholder = hdy_status_page_new ();
  g_object_set (self->placeholder, "icon-name", "edit-find-symbolic",
                "title", _("No machine matches"),
                "description", _("Try other words, or fewer of them."), NULL);
  gtk_container_add (GTK_CONTAINER (self->placeholder), button);
  gtk_widget_show_all (self->placeholder);
  gtk_stack_add_named (self->stack, self->placeholder, "placeholder");
}

static void
update_stack (GhLibraryView *self)
{
  gboolean nothing = gh_library_model_get_n_machines (self->model) > 0 &&
                     *gh_library_model_get_filter (self->model) != '\0' &&
                     gh_library_model_get_n_matches (self->model) == 0;

  if (nothing)
    ensure_placeholder (self);
  gtk_stack_set_visible_child_name (self->stack, nothing ? "placeholder" : "list");
}

static gboolean
refresh_cb (gpointer user_data)
{
  GhLibraryView *self = user_data;

  self->refresh_id = 0;
  update_stack (self);
  return G_SOURCE_REMOVE;
}

static void
queue_refresh (GhLibraryView *self)
{
  if (self->refresh_id == 0)
    self->refresh_id = g_idle_add_full (GDK_PRIORITY_REDRAW - 10, refresh_cb, self, NULL);
}

/* Filter */

static void
filter_changed_cb (GhLibraryView *self)
{
  if (self->model == NULL)
    return;
  gh_library_model_set_filter (self->model, gtk_entry_get_text (self->filter_entry));
  update_stack (self);
}

static void
filter_stopped_cb (GhLibraryView *self)
{
  gtk_entry_set_text (self->filter_entry, "");
  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
}

/* Puts the cursor on the first machine that is shown. */
static void
focus_first_machine (GhLibraryView *self)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  GtkTreeIter iter;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autoptr (GtkTreePath) path = NULL;

      if (gh_library_model_get_machine (self->model, &iter) == NULL)
        continue;
      path = gtk_tree_model_get_path (model, &iter);
      gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
      break;
    }
  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
}

static void
filter_activated_cb (GhLibraryView *self)
{
  focus_first_machine (self);
}

static gboolean
filter_key_pressed_cb (GhLibraryView *self,
                       GdkEventKey   *event)
{
  if (event->keyval != GDK_KEY_Down && event->keyval != GDK_KEY_KP_Down)
    return GDK_EVENT_PROPAGATE;
  focus_first_machine (self);
  return GDK_EVENT_STOP;
}

/* Host actions and menus */

static void
set_action_enabled (GhLibraryView *self,
                    const char    *name,
                    gboolean       enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static void
set_menu_host (GhLibraryView *self,
               GhHost        *host)
{
  GhHostState state = gh_host_get_state (host);

  g_set_object (&self->menu_host, host);
  set_action_enabled (self, "host-connect", state == GH_HOST_DISCONNECTED);
  set_action_enabled (self, "host-cancel", state == GH_HOST_CONNECTING);
  set_action_enabled (self, "host-disconnect",
                      state == GH_HOST_CONNECTED || state == GH_HOST_LOST);
  set_action_enabled (self, "host-refresh", state == GH_HOST_CONNECTED);
  set_action_enabled (self, "host-retry", state == GH_HOST_LOST);
  set_action_enabled (self, "host-empty",
                      state == GH_HOST_CONNECTED && gh_host_get_n_machines (host) > 0);
}

static void
host_connect_activated_cb (GSimpleAction *action,
                           GVariant      *parameter,
                           gpointer       user_data)
{
  GhLibraryView *self = user_data;

  if (self->menu_host != NULL)
    gh_host_connect (self->menu_host);
}

static void
host_disconnect_activated_cb (GSimpleAction *action,
                              GVariant      *parameter,
                              gpointer       user_data)
{
  GhLibraryView *self = user_data;

  if (self->menu_host != NULL && gh_host_removal_is_free (GTK_WIDGET (self), self->menu_host))
    gh_host_disconnect (self->menu_host);
}

static void
host_refresh_activated_cb (GSimpleAction *action,
                           GVariant      *parameter,
                           gpointer       user_data)
{
  GhLibraryView *self = user_data;

  if (self->menu_host != NULL)
    gh_host_refresh (self->menu_host);
}

static void
host_copy_uri_activated_cb (GSimpleAction *action,
                            GVariant      *parameter,
                            gpointer       user_data)
{
  GhLibraryView *self = user_data;
  GtkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self), GDK_SELECTION_CLIPBOARD);

  if (self->menu_host != NULL)
    gtk_clipboard_set_text (clipboard, gh_host_get_uri (self->menu_host), -1);
}

static void
host_empty_activated_cb (GSimpleAction *action,
                         GVariant      *parameter,
                         gpointer       user_data)
{
  GhLibraryView *self = user_data;

  if (self->menu_host != NULL)
    g_signal_emit (self, signals[EMPTY_REQUESTED], 0, self->menu_host);
}

static void
dropped_cb (GhLibraryView *self,
            GPtrArray     *machines,
            GhHost        *host)
{
  g_signal_emit (self, signals[MOVE_REQUESTED], 0, machines, host);
}

static void
host_remove_activated_cb (GSimpleAction *action,
                          GVariant      *parameter,
                          gpointer       user_data)
{
  GhLibraryView *self = user_data;

  if (self->menu_host != NULL)
    gh_host_removal_ask (GTK_WIDGET (self), self->hosts, self->menu_host);
}

static void
host_edit_activated_cb (GSimpleAction *action,
                        GVariant      *parameter,
                        gpointer       user_data)
{
  GhLibraryView *self = user_data;
  GtkWidget *toplevel = gtk_widget_get_toplevel (GTK_WIDGET (self));

  if (self->menu_host != NULL)
    (void) gh_add_host_dialog_present_for (GTK_IS_WINDOW (toplevel) ? GTK_WINDOW (toplevel) : NULL,
                                           self->hosts, self->menu_host);
}

static void
clear_filter_activated_cb (GSimpleAction *action,
                           GVariant      *parameter,
                           gpointer       user_data)
{
  filter_stopped_cb (user_data);
}

static const GActionEntry action_entries[] = {
  { "host-connect", host_connect_activated_cb },
  { "host-retry", host_connect_activated_cb },
  { "host-cancel", host_disconnect_activated_cb },
  { "host-disconnect", host_disconnect_activated_cb },
  { "host-refresh", host_refresh_activated_cb },
  { "host-copy-uri", host_copy_uri_activated_cb },
  { "host-empty", host_empty_activated_cb },
  { "host-edit", host_edit_activated_cb },
  { "host-remove", host_remove_activated_cb },
  { "clear-filter", clear_filter_activated_cb },
};

static void
menu_done_cb (GhLibraryView *self)
{
  self->host_menu_open = FALSE;
}

/* Whether it is open. */
static gboolean
popup_menu (GhLibraryView *self,
            const char    *name,
            GdkEvent      *event,
            GtkTreePath   *path)
{
  g_autoptr (GtkBuilder) builder =
    gtk_builder_new_from_resource (GH_UI_RESOURCES "gh-library-menus.ui");
  GMenuModel *model = G_MENU_MODEL (gtk_builder_get_object (builder, name));
  GtkWidget *menu = gtk_menu_new_from_model (model);
  GdkRectangle area;

  gtk_menu_attach_to_widget (GTK_MENU (menu), GTK_WIDGET (self->tree), NULL);
  /* After what was chosen has been done. */
  g_signal_connect_object (menu, "selection-done", G_CALLBACK (menu_done_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (menu, "selection-done", G_CALLBACK (gtk_widget_destroy), NULL);
  if (event != NULL && gdk_event_get_event_type (event) == GDK_BUTTON_PRESS)
    {
      gtk_menu_popup_at_pointer (GTK_MENU (menu), event);
      return gtk_widget_get_visible (menu);
    }
  gtk_tree_view_get_background_area (self->tree, path, self->column, &area);
  gtk_menu_popup_at_rect (GTK_MENU (menu), gtk_tree_view_get_bin_window (self->tree), &area,
                          GDK_GRAVITY_SOUTH_WEST, GDK_GRAVITY_NORTH_WEST, event);
  return gtk_widget_get_visible (menu);
}

static void
popup_row_menu (GhLibraryView *self,
                GtkTreePath   *path,
                GdkEvent      *event)
{
  GtkTreeIter iter;

  if (!gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return;

  if (gh_library_model_get_machine (self->model, &iter) == NULL)
    {
      set_menu_host (self, gh_library_model_get_host (self->model, &iter));
      self->host_menu_open = popup_menu (self, "host_menu", event, path);
      return;
    }
  if (!gtk_tree_selection_iter_is_selected (self->selection, &iter))
    gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
  popup_menu (self, "machine_menu", event, path);
}

static gboolean
popup_menu_cb (GhLibraryView *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  g_autoptr (GdkEvent) event = gtk_get_current_event ();

  gtk_tree_view_get_cursor (self->tree, &path, NULL);
  if (path == NULL)
    return FALSE;
  popup_row_menu (self, path, event);
  return TRUE;
}

static void
follow_host_link (GhLibraryView *self,
                  GhHost        *host)
{
  if (gh_host_get_state (host) == GH_HOST_CONNECTING)
    gh_host_disconnect (host);
  else
    gh_host_connect (host);
}

static void
toggle_host (GhLibraryView *self,
             GhHost        *host)
{
  gh_library_model_set_collapsed (self->model, host,
                                  !gh_library_model_get_collapsed (self->model, host));
}

/* Once: when such a row is drawn again, it wants the next second, too. */
static gboolean
countdown_cb (gpointer user_data)
{
  GhLibraryView *self = user_data;

  self->countdown_id = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self->tree));
  return G_SOURCE_REMOVE;
}

static void
draw_row (GtkTreeViewColumn *column,
          GtkCellRenderer   *renderer,
          GtkTreeModel      *model,
          GtkTreeIter       *iter,
          gpointer           user_data)
{
  GhLibraryModel *library = GH_LIBRARY_MODEL (model);
  GhHost *host = gh_library_model_get_host (library, iter);
  GhLibraryView *self = user_data; /* (nullable): it is not shown */

  gh_library_renderer_set_row (GH_LIBRARY_RENDERER (renderer), host,
                               gh_library_model_get_machine (library, iter),
                               gh_library_model_get_collapsed (library, host));
  if (self != NULL && self->countdown_id == 0 && gh_host_get_retry_time (host) > 0)
    self->countdown_id = g_timeout_add_seconds (1, countdown_cb, self);
}

static GhLibraryHit
find_hit (GhLibraryView *self,
          GtkTreePath   *path,
          GtkTreeIter   *iter,
          int            x,
          int            y)
{
  GdkRectangle cell;

  draw_row (self->column, self->renderer, GTK_TREE_MODEL (self->model), iter, NULL);
  gtk_tree_view_get_cell_area (self->tree, path, self->column, &cell);
  return gh_library_renderer_hit (GH_LIBRARY_RENDERER (self->renderer), GTK_WIDGET (self->tree),
                                  &cell, x, y);
}

static gboolean
press_heading (GhLibraryView  *self,
               GtkTreePath    *path,
               GtkTreeIter    *iter,
               GdkEventButton *event)
{
  GhHost *host = gh_library_model_get_host (self->model, iter);

  if (event->type != GDK_BUTTON_PRESS)
    return GDK_EVENT_STOP;
  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
  if (find_hit (self, path, iter, (int) event->x, (int) event->y) == GH_LIBRARY_HIT_LINK)
    follow_host_link (self, host);
  else
    toggle_host (self, host);
  /* The selection is not touched: a heading is nothing to select. */
  return GDK_EVENT_STOP;
}

static gboolean
button_pressed_cb (GhLibraryView  *self,
                   GdkEventButton *event)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  if (event->window != gtk_tree_view_get_bin_window (self->tree) ||
      !gtk_tree_view_get_path_at_pos (self->tree, (int) event->x, (int) event->y, &path, NULL,
                                      NULL, NULL) ||
      !gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return GDK_EVENT_PROPAGATE;

  if (gdk_event_triggers_context_menu ((GdkEvent *) event))
    {
      gtk_widget_grab_focus (GTK_WIDGET (self->tree));
      popup_row_menu (self, path, (GdkEvent *) event);
      return GDK_EVENT_STOP;
    }
  if (event->button == GDK_BUTTON_PRIMARY &&
      gh_library_model_get_machine (self->model, &iter) == NULL)
    return press_heading (self, path, &iter, event);
  return GDK_EVENT_PROPAGATE;
}

/* Keyboard */

/* Left closes a host or goes to it, Right opens it; as in a tree. */
static gboolean
move_sideways (GhLibraryView *self,
               gboolean       open)
{
  g_autoptr (GtkTreePath) path = NULL;
  g_autoptr (GtkTreePath) heading = NULL;
  GhHost *host = NULL;
  GtkTreeIter iter;

  gtk_tree_view_get_cursor (self->tree, &path, NULL);
  if (path == NULL || !gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return GDK_EVENT_PROPAGATE;

  host = gh_library_model_get_host (self->model, &iter);
  if (gh_library_model_get_machine (self->model, &iter) == NULL)
    gh_library_model_set_collapsed (self->model, host, !open);
  else if (!open && gh_library_model_find_host (self->model, host, &iter))
    {
      heading = gtk_tree_model_get_path (GTK_TREE_MODEL (self->model), &iter);
      gtk_tree_view_set_cursor (self->tree, heading, NULL, FALSE);
    }
  return GDK_EVENT_STOP;
}

static gboolean
key_pressed_cb (GhLibraryView *self,
                GdkEventKey   *event)
{
  gboolean right_to_left = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  guint modifiers = event->state & gtk_accelerator_get_default_mod_mask ();

  if (self->model == NULL)
    return GDK_EVENT_PROPAGATE;
  if (modifiers == 0)
    switch (event->keyval)
      {
      case GDK_KEY_Left:
      case GDK_KEY_KP_Left:
        return move_sideways (self, right_to_left);
      case GDK_KEY_Right:
      case GDK_KEY_KP_Right:
        return move_sideways (self, !right_to_left);
      case GDK_KEY_Delete:
      case GDK_KEY_KP_Delete:
        g_signal_emit (self, signals[DELETE_REQUESTED], 0);
        return GDK_EVENT_STOP;
      case GDK_KEY_Escape:
        if (*gh_library_model_get_filter (self->model) == '\0')
          return GDK_EVENT_PROPAGATE;
        filter_stopped_cb (self);
        return GDK_EVENT_STOP;
      case GDK_KEY_space:
      case GDK_KEY_KP_Space:
        return GDK_EVENT_PROPAGATE;
      default:
        break;
      }

  /* Whoever just types, filters, if there is a filter. */
  if ((modifiers & ~GDK_SHIFT_MASK) == 0 &&
      gtk_widget_get_visible (GTK_WIDGET (self->filter_entry)) &&
      gtk_search_entry_handle_event (GTK_SEARCH_ENTRY (self->filter_entry), (GdkEvent *) event))
    {
      gtk_entry_grab_focus_without_selecting (self->filter_entry);
      return GDK_EVENT_STOP;
    }
  return GDK_EVENT_PROPAGATE;
}

static void
row_activated_cb (GhLibraryView     *self,
                  GtkTreePath       *path,
                  GtkTreeViewColumn *column)
{
  GhMachine *machine = NULL;
  GtkTreeIter iter;

  if (!gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return;
  machine = gh_library_model_get_machine (self->model, &iter);
  if (machine != NULL)
    g_signal_emit (self, signals[MACHINE_ACTIVATED], 0, machine);
  else
    toggle_host (self, gh_library_model_get_host (self->model, &iter));
}

/* Why a host is lost, and what helps, in lines; NULL when it is not. */
static char *
dup_why (GhHost *host)
{
  const GError *error = gh_host_get_error (host);
  g_autofree char *sentence = error != NULL ? gh_error_dup_sentence (error) : NULL;
  g_autofree char *advice = error != NULL ? gh_error_dup_advice (error) : NULL;
  g_autofree char *command = error != NULL ? gh_error_dup_command (error) : NULL;

  return error != NULL ? g_strconcat (sentence, advice != NULL ? "\n" : "",
                                      advice != NULL ? advice : "", command != NULL ? "\n" : "",
                                      command, NULL)
                       : NULL;
}

static gboolean
query_tooltip_cb (GhLibraryView *self,
                  int            x,
                  int            y,
                  gboolean       keyboard,
                  GtkTooltip    *tooltip)
{
  g_autoptr (GtkTreePath) path = NULL;
  g_autofree char *text = NULL;
  GhMachine *machine = NULL;
  GhHost *host = NULL;
  GtkTreeIter iter;

  if (self->model == NULL ||
      !gtk_tree_view_get_tooltip_context (self->tree, &x, &y, keyboard, NULL, &path, &iter))
    return FALSE;

  machine = gh_library_model_get_machine (self->model, &iter);
  host = gh_library_model_get_host (self->model, &iter);
  if (machine != NULL)
    {
      GdkRectangle cell;

      draw_row (self->column, self->renderer, GTK_TREE_MODEL (self->model), &iter, NULL);
      gtk_tree_view_get_cell_area (self->tree, path, self->column, &cell);
      if (!gh_library_renderer_is_cut (GH_LIBRARY_RENDERER (self->renderer),
                                       GTK_WIDGET (self->tree), &cell))
        return FALSE;
      text = g_strdup_printf ("%s\n%s · %s", gh_machine_get_label (machine),
                              gh_machine_get_state_text (machine), gh_machine_get_name (machine));
    }
  else
    {
      g_autofree char *why = dup_why (host);

      text = g_strdup_printf ("%s\n%s%s%s", gh_host_get_label (host), gh_host_get_uri (host),
                              why != NULL ? "\n" : "", why != NULL ? why : "");
    }
  gtk_tooltip_set_text (tooltip, text);
  gtk_tree_view_set_tooltip_row (self->tree, tooltip, path);
  return TRUE;
}

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
  gtk_widget_class_bind_template_callback (widget_class, button_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_key_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_stopped_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, popup_menu_cb);
  gtk_widget_class_bind_template_callback (widget_class, query_tooltip_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
}

static void
gh_library_view_init (GhLibraryView *self)
{
  self->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));

  self->renderer = gh_library_renderer_new ();
  self->column = gtk_tree_view_column_new ();
  gtk_tree_view_column_set_sizing (self->column, GTK_TREE_VIEW_COLUMN_FIXED);
  gtk_tree_view_column_set_expand (self->column, TRUE);
  gtk_tree_view_column_pack_start (self->column, self->renderer, TRUE);
  gtk_tree_view_column_set_cell_data_func (self->column, self->renderer, draw_row, self, NULL);
  gtk_tree_view_append_column (self->tree, self->column);
  gtk_tree_selection_set_select_function (self->selection, may_select, NULL, NULL);

  self->drag = gh_library_drag_new (self->tree);
  g_signal_connect_object (self->drag, "dropped", G_CALLBACK (dropped_cb), self,
                           G_CONNECT_SWAPPED);

  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "library", G_ACTION_GROUP (self->actions));
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
  g_signal_connect_swapped (self->model, "reset-begin", G_CALLBACK (reset_begin_cb), self);
  g_signal_connect_swapped (self->model, "reset-end", G_CALLBACK (reset_end_cb), self);
  g_signal_connect_swapped (self->model, "reset-end", G_CALLBACK (queue_refresh), self);
  g_signal_connect (self->model, "figures-changed", G_CALLBACK (figures_changed_cb), self);
  g_signal_connect_swapped (self->model, "row-changed", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (self->model, "row-deleted", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (self->model, "row-inserted", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (self->model, "notify::settled", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (hosts, "items-changed", G_CALLBACK (update_held), self);
  connect_rows (self);
  update_held (self);
  queue_refresh (self);
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

static void
collect_selected (GtkTreeModel *model,
                  GtkTreePath  *path,
                  GtkTreeIter  *iter,
                  gpointer      user_data)
{
  GhMachine *machine = gh_library_model_get_machine (GH_LIBRARY_MODEL (model), iter);

  if (machine != NULL)
    g_ptr_array_add (user_data, g_object_ref (machine));
}

/**
 * gh_library_view_dup_selected:
 * @self: a view
 *
 * Returns: (transfer full) (element-type GhMachine): the selected machines that are shown
 */
GPtrArray *
gh_library_view_dup_selected (GhLibraryView *self)
{
  GPtrArray *machines = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_val_if_fail (GH_IS_LIBRARY_VIEW (self), machines);

  if (self->model != NULL && gtk_tree_view_get_model (self->tree) != NULL)
    gtk_tree_selection_selected_foreach (self->selection, collect_selected, machines);
  return machines;
}

/**
 * gh_library_view_select:
 * @self: a view
 * @machine: one of the machines
 *
 * Selects @machine alone, opening its host and clearing the filter where they hide it.
 */
void
gh_library_view_select (GhLibraryView *self,
                        GhMachine     *machine)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  g_return_if_fail (GH_IS_LIBRARY_VIEW (self));
  g_return_if_fail (GH_IS_MACHINE (machine));

  if (!gh_library_model_find_machine (self->model, machine, &iter))
    {
      gtk_entry_set_text (self->filter_entry, "");
      gh_library_model_set_filter (self->model, "");
      gh_library_model_set_collapsed (self->model, gh_machine_get_host (machine), FALSE);
      update_stack (self);
    }
  if (!gh_library_model_find_machine (self->model, machine, &iter))
    return;
  path = gtk_tree_model_get_path (GTK_TREE_MODEL (self->model), &iter);
  gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
  gtk_tree_view_scroll_to_cell (self->tree, path, NULL, FALSE, 0, 0);
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
