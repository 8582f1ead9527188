/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What one can do in the main window, but for what is done to machines. */

#define G_LOG_DOMAIN "gh-window"

#include "config.h"

#include "gh-window-private.h"

#include "gh-add-host-dialog.h"
#include "gh-create-dialog.h"
#include "gh-delete-dialog.h"
#include "gh-host-dialog.h"
#include "gh-images-dialog.h"
#include "gh-ui.h"

void
gh_window_set_action_enabled (GhWindow   *self,
                              const char *name,
                              gboolean    enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static gboolean
waits (GhHost *host)
{
  return gh_host_get_state (host) == GH_HOST_LOST ||
         gh_host_get_state (host) == GH_HOST_DISCONNECTED;
}

static gboolean
any_host_waits (GListModel *hosts)
{
  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);

      if (waits (host))
        return TRUE;
    }
  return FALSE;
}

void
gh_window_update_actions (GhWindow *self)
{
  GListModel *hosts = G_LIST_MODEL (self->hosts);
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);
  gboolean one = machines->len == 1;

  gh_machine_actions_update (self->actions);
  gh_clone_actions_update (self->clone_actions, machines);
  gh_trial_actions_update (self->trial_actions, machines);
  gh_move_actions_update (self->move_actions, machines);
  gh_window_set_action_enabled (self, "delete-machine", one &&
                                gh_machine_exists (g_ptr_array_index (machines, 0)));
  gh_window_set_action_enabled (self, "open-console", one);
  gh_window_set_action_enabled (self, "show-page", one);
  gh_window_set_action_enabled (self, "fullscreen", one || self->fullscreen);
  gh_window_set_action_enabled (self, "show-menu", !self->fullscreen);
  gh_window_set_action_enabled (self, "new-machine", g_list_model_get_n_items (hosts) > 0);
  gh_window_set_action_enabled (self, "focus-filter", !self->whole);
  gh_window_set_action_enabled (self, "connect-hosts", any_host_waits (hosts));
}

static void
new_machine_activated_cb (GSimpleAction *action,
                          GVariant      *parameter,
                          gpointer       user_data)
{
  GhWindow *self = user_data;

  gh_create_dialog_present (GTK_WINDOW (self), self->hosts,
                            gh_library_view_get_host (self->library));
}

static void
add_host_activated_cb (GSimpleAction *action,
                       GVariant      *parameter,
                       gpointer       user_data)
{
  GhWindow *self = user_data;

  gh_add_host_dialog_present (GTK_WINDOW (self), self->hosts);
}

/* All those that are not; what fails says so, each on its own. */
static void
connect_hosts_activated_cb (GSimpleAction *action,
                            GVariant      *parameter,
                            gpointer       user_data)
{
  GhWindow *self = user_data;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->hosts)); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      if (waits (host))
        gh_host_connect (host);
    }
}

static void
show_host_activated_cb (GSimpleAction *action,
                        GVariant      *parameter,
                        gpointer       user_data)
{
  GhWindow *self = user_data;
  GhHost *chosen = gh_library_view_get_host (self->library);
  g_autoptr (GhHost) host = chosen != NULL
                            ? g_object_ref (chosen)
                            : g_list_model_get_item (G_LIST_MODEL (self->hosts), 0);

  if (host != NULL)
    gh_host_dialog_present (GTK_WINDOW (self), host);
}

/* “show-images”: of the selected machine; without one, and “show-host-images”: of the host. */
static void
show_images_activated_cb (GSimpleAction *action,
                          GVariant      *parameter,
                          gpointer       user_data)
{
  GhWindow *self = user_data;
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);
  gboolean of_host = strcmp (g_action_get_name (G_ACTION (action)), "show-host-images") == 0;
  GhMachine *machine = !of_host && machines->len == 1 ? g_ptr_array_index (machines, 0) : NULL;
  GhHost *chosen = machine != NULL ? gh_machine_get_host (machine)
                                   : gh_library_view_get_host (self->library);
  g_autoptr (GhHost) host = chosen != NULL
                            ? g_object_ref (chosen)
                            : g_list_model_get_item (G_LIST_MODEL (self->hosts), 0);

  if (host != NULL)
    gh_images_dialog_present (GTK_WINDOW (self), host, machine);
}

static void
delete_machine_activated_cb (GSimpleAction *action,
                             GVariant      *parameter,
                             gpointer       user_data)
{
  GhWindow *self = user_data;
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);

  if (machines->len == 1)
    gh_delete_dialog_present (GTK_WINDOW (self), g_ptr_array_index (machines, 0));
}

static void
open_console_activated_cb (GSimpleAction *action,
                           GVariant      *parameter,
                           gpointer       user_data)
{
  GhWindow *self = user_data;

  gh_window_update_now (self);
  if (self->machine != NULL)
    gh_window_show_machine (self, self->machine, /* console= */ TRUE);
}

static void
show_page_activated_cb (GSimpleAction *action,
                        GVariant      *parameter,
                        gpointer       user_data)
{
  GhWindow *self = user_data;

  if (self->page == NULL)
    return;
  gh_machine_page_set_page (self->page, g_variant_get_string (parameter, NULL));
  gh_window_show_machine_pane (self);
}

static void
focus_filter_activated_cb (GSimpleAction *action,
                           GVariant      *parameter,
                           gpointer       user_data)
{
  GhWindow *self = user_data;

  hdy_leaflet_set_visible_child (self->leaflet, self->library_pane);
  gh_library_view_focus_filter (self->library);
}

/* Folded, the menu is where the list is. */
static void
show_menu_activated_cb (GSimpleAction *action,
                        GVariant      *parameter,
                        gpointer       user_data)
{
  GhWindow *self = user_data;

  hdy_leaflet_set_visible_child (self->leaflet, self->library_pane);
  gtk_toggle_button_set_active (self->menu_button,
                                !gtk_toggle_button_get_active (self->menu_button));
}

static void
back_activated_cb (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  GhWindow *self = user_data;

  hdy_leaflet_navigate (self->leaflet, HDY_NAVIGATION_DIRECTION_BACK);
  gh_library_view_focus_list (self->library);
}

static void
fullscreen_activated_cb (GSimpleAction *action,
                         GVariant      *parameter,
                         gpointer       user_data)
{
  GhWindow *self = user_data;

  gh_window_set_fullscreen (self, !self->fullscreen);
}

static void
show_shortcuts_activated_cb (GSimpleAction *action,
                             GVariant      *parameter,
                             gpointer       user_data)
{
  GtkApplicationWindow *window = GTK_APPLICATION_WINDOW (user_data);

  if (gtk_application_window_get_help_overlay (window) == NULL)
    {
      g_autoptr (GtkBuilder) builder =
        gtk_builder_new_from_resource (GH_UI_RESOURCES "gh-shortcuts.ui");

      gtk_application_window_set_help_overlay (
        window, GTK_SHORTCUTS_WINDOW (gtk_builder_get_object (builder, "shortcuts")));
    }
  gtk_window_present (GTK_WINDOW (gtk_application_window_get_help_overlay (window)));
}

static void
close_activated_cb (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  gtk_window_close (GTK_WINDOW (user_data));
}

static const GActionEntry action_entries[] = {
  { "new-machine", new_machine_activated_cb },
  { "add-host", add_host_activated_cb },
  { "connect-hosts", connect_hosts_activated_cb },
  { "show-host", show_host_activated_cb },
  { "show-images", show_images_activated_cb },
  { "show-host-images", show_images_activated_cb },
  { "delete-machine", delete_machine_activated_cb },
  { "open-console", open_console_activated_cb },
  { "show-page", show_page_activated_cb, "s" },
  { "focus-filter", focus_filter_activated_cb },
  { "show-menu", show_menu_activated_cb },
  { "back", back_activated_cb },
  { "fullscreen", fullscreen_activated_cb },
  { "show-shortcuts", show_shortcuts_activated_cb },
  { "close", close_activated_cb },
};

void
gh_window_add_actions (GhWindow *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
}
