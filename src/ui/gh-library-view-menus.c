/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What one can do with a host of the list, and the menus of its rows. */

#define G_LOG_DOMAIN "gh-library-view"

#include "config.h"

#include "gh-library-view-private.h"

#include "gh-add-host-dialog.h"
#include "gh-host-removal.h"
#include "gh-ui.h"

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
    gh_library_view_emit_empty_requested (self, self->menu_host);
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
  gh_library_view_clear_filter (user_data);
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

void
gh_library_view_popup_row_menu (GhLibraryView *self,
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
  gh_library_view_popup_row_menu (self, path, event);
  return TRUE;
}

void
gh_library_view_add_actions (GhLibraryView *self)
{
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "library", G_ACTION_GROUP (self->actions));
}

void
gh_library_view_bind_menus (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, popup_menu_cb);
}
