/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The main window. What is not needed for its first picture is made when it is: the page of a
 * machine with the first machine that is chosen, consoles with the first console, dialogs when they
 * open. */

#define G_LOG_DOMAIN "gh-window"

#include "config.h"

#include "gh-window.h"

#include <glib/gi18n-lib.h>

#include "gh-activity-button.h"
#include "gh-activity.h"
#include "gh-clone-actions.h"
#include "gh-create-dialog.h"
#include "gh-debug.h"
#include "gh-delete-dialog.h"
#include "gh-empty-page.h"
#include "gh-error-bar.h"
#include "gh-folding-pane.h"
#include "gh-format.h"
#include "gh-add-host-dialog.h"
#include "gh-host-dialog.h"
#include "gh-images-dialog.h"
#include "gh-interrupted-bar.h"
#include "gh-kind-badge.h"
#include "gh-library-view.h"
#include "gh-machine-actions.h"
#include "gh-machine-controls.h"
#include "gh-machine-page.h"
#include "gh-move-actions.h"
#include "gh-notice-bar.h"
#include "gh-sidebar-handle.h"
#include "gh-trial-actions.h"
#include "gh-ui.h"
#include "gh-virt-error.h"

/* “Running · 2 hours” is right to the minute. */
#define UPTIME_INTERVAL_S 20

struct _GhWindow
{
  HdyApplicationWindow parent_instance;

  HdyLeaflet          *leaflet;
  GtkWidget           *library_pane;
  GtkWidget           *separator;
  HdyHeaderBar        *library_header;
  GtkToggleButton     *menu_button;
  GhLibraryView       *library;
  GhErrorBar          *library_errors;
  GtkBox              *machine_pane;
  HdyHeaderBar        *machine_header;
  GhErrorBar          *machine_errors;
  GtkStack            *content;
  GhMachinePage       *page;     /* (unowned) (nullable): made with the first machine */
  GtkWidget           *controls; /* (unowned) (nullable): likewise */
  /* (unowned) (nullable): made with the first selection of several */
  HdyStatusPage       *multiple;
  GtkWidget           *choose;   /* (unowned) (nullable): made when first shown */
  GhEmptyPage         *empty;    /* (unowned) (nullable): made while there is no machine */
  GhNoticeBar         *notice;   /* (unowned) (nullable): made with the first notice */
  GtkWidget           *interrupted; /* (unowned) (nullable): made after the first picture */
  GtkWidget           *machine_activity; /* (unowned) (nullable): likewise */
  GtkWidget           *library_activity; /* (unowned) (nullable): likewise; shown while folded */

  GhHosts             *hosts;    /* (owned) */
  GhMachineActions    *actions;  /* (owned) */
  GhCloneActions      *clone_actions; /* (owned) */
  GhTrialActions      *trial_actions; /* (owned) */
  GhMoveActions       *move_actions;  /* (owned) */
  GhMachine           *machine;  /* (owned) (nullable): whose page is shown */
  char                *shown;    /* (nullable): UUID of the machine whose page was shown last */
  char                *awaited;  /* (nullable): UUID of a machine to show once it is listed */
  GSettings           *settings; /* (owned) */
  gboolean             fullscreen;
  gboolean             whole;    /* the library has the window to itself: there is no machine */
  guint                update_id;
  guint                uptime_id;
  guint                resize_id;
  guint                late_id;
  guint                late_step;
  gulong               after_paint_id;
  gboolean             window_reported;
  gboolean             list_reported;
};

G_DEFINE_FINAL_TYPE (GhWindow, gh_window, HDY_TYPE_APPLICATION_WINDOW)

enum
{
  PAINTED,
  TRIALS_DECIDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void leaflet_changed_cb (GhWindow *self);

static void
set_action_enabled (GhWindow   *self,
                    const char *name,
                    gboolean    enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

/* What is shown */

static char *
dup_state (GhMachine *machine)
{
  const char *busy = gh_machine_get_busy_text (machine);
  gint64 seconds = gh_machine_get_uptime (machine, NULL);
  g_autofree char *span = NULL;

  if (busy != NULL)
    return g_strdup (busy);
  if (seconds < 0)
    return g_strdup (gh_machine_get_state_text (machine));
  span = gh_format_duration (seconds);
  return g_strdup_printf (_("%s · %s"), gh_machine_get_state_text (machine), span);
}

/* What it does, and what it is where that is not a matter of course. */
static char *
dup_subtitle (GhMachine *machine)
{
  g_autofree char *state = dup_state (machine);
  const char *parent = gh_machine_get_parent_name (machine);
  const char *kind = gh_kind_badge_get_text (gh_machine_get_kind (machine));

  if (kind == NULL)
    return g_steal_pointer (&state);
  if (gh_machine_get_kind (machine) == GH_MACHINE_LINKED_CLONE && parent != NULL)
    /* Translators: a machine's state, and the name of the machine it is a linked clone of. */
    return g_strdup_printf (_("%s · Linked clone of “%s”"), state, parent);
  if (gh_machine_get_kind (machine) == GH_MACHINE_TRIAL && parent != NULL)
    /* Translators: a machine's state, and the name of the machine it is a throw-away copy of. */
    return g_strdup_printf (_("%s · Trial of “%s”"), state, parent);
  return g_strdup_printf (_("%s · %s"), state, kind);
}

static void
update_title (GhWindow *self)
{
  g_autofree char *subtitle = NULL;
  g_autofree char *title = NULL;
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);

  if (machines->len > 1)
    {
      title = g_strdup_printf (ngettext ("%u machine selected", "%u machines selected",
                                         machines->len),
                               machines->len);
      hdy_header_bar_set_title (self->machine_header, title);
      hdy_header_bar_set_subtitle (self->machine_header, NULL);
    }
  else if (self->machine != NULL)
    {
      subtitle = dup_subtitle (self->machine);
      hdy_header_bar_set_title (self->machine_header, gh_machine_get_label (self->machine));
      hdy_header_bar_set_subtitle (self->machine_header, subtitle);
      title = g_strdup_printf (_("%s – Guesthouse"), gh_machine_get_label (self->machine));
      gtk_window_set_title (GTK_WINDOW (self), title);
    }
  else
    {
      hdy_header_bar_set_title (self->machine_header, NULL);
      hdy_header_bar_set_subtitle (self->machine_header, NULL);
      gtk_window_set_title (GTK_WINDOW (self), _("Guesthouse"));
    }
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

static void
update_actions (GhWindow *self)
{
  GListModel *hosts = G_LIST_MODEL (self->hosts);
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);
  gboolean one = machines->len == 1;

  gh_machine_actions_update (self->actions);
  gh_clone_actions_update (self->clone_actions, machines);
  gh_trial_actions_update (self->trial_actions, machines);
  gh_move_actions_update (self->move_actions, machines);
  set_action_enabled (self, "delete-machine", one &&
                      gh_machine_exists (g_ptr_array_index (machines, 0)));
  set_action_enabled (self, "open-console", one);
  set_action_enabled (self, "show-page", one);
  set_action_enabled (self, "fullscreen", one || self->fullscreen);
  set_action_enabled (self, "show-menu", !self->fullscreen);
  set_action_enabled (self, "new-machine", g_list_model_get_n_items (hosts) > 0);
  set_action_enabled (self, "focus-filter", !self->whole);
  set_action_enabled (self, "connect-hosts", any_host_waits (hosts));
}

static void
set_machine (GhWindow  *self,
             GhMachine *machine)
{
  if (!g_set_object (&self->machine, machine))
    return;
  /* What is gone may turn up on another host. */
  if (machine != NULL)
    {
      g_free (self->shown);
      self->shown = g_strdup (gh_machine_get_uuid (machine));
    }
  if (self->page != NULL)
    gh_machine_page_set_machine (self->page, machine);
}

static void
page_failed_cb (GhWindow     *self,
                const char   *title,
                const GError *error)
{
  gh_window_show_error (self, self->machine, title, error);
}

static void
set_fullscreen (GhWindow *self,
                gboolean  fullscreen)
{
  if (fullscreen)
    gtk_window_fullscreen (GTK_WINDOW (self));
  else
    gtk_window_unfullscreen (GTK_WINDOW (self));
}

static void
fullscreen_requested_cb (GhWindow *self,
                         gboolean  wanted)
{
  set_fullscreen (self, wanted);
}

static void
ensure_controls (GhWindow *self)
{
  if (self->controls != NULL)
    return;
  self->controls = gh_machine_controls_new (G_ACTION_MAP (self));
  gtk_container_add (GTK_CONTAINER (self->machine_header), self->controls);
}

static void
ensure_page (GhWindow *self)
{
  if (self->page != NULL)
    return;
  self->page = GH_MACHINE_PAGE (gh_machine_page_new ());
  g_signal_connect_object (self->page, "failed", G_CALLBACK (page_failed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->page, "fullscreen-requested", G_CALLBACK (fullscreen_requested_cb),
                           self, G_CONNECT_SWAPPED);
  gtk_widget_show (GTK_WIDGET (self->page));
  gtk_stack_add_named (self->content, GTK_WIDGET (self->page), "machine");
}

static GtkWidget *
new_bulk_button (const char *label,
                 const char *action)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  return button;
}

static void
ensure_multiple (GhWindow *self)
{
  GtkWidget *page = NULL;
  GtkWidget *box = NULL;

  if (self->multiple != NULL)
    return;
  page = hdy_status_page_new ();
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_halign (box, GTK_ALIGN_CENTER);
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Run"), "win.machine-start"));
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Pause"), "win.machine-pause"));
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Resume"), "win.machine-resume"));
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Shut down"), "win.machine-shutdown"));
  gtk_container_add (GTK_CONTAINER (box),
                     new_bulk_button (_("Save state and stop"), "win.machine-save"));
  gtk_container_add (GTK_CONTAINER (box),
                     new_bulk_button (_("Force off…"), "win.machine-force-off"));
  gtk_container_add (GTK_CONTAINER (box),
                     new_bulk_button (_("Move to another host…"), "win.move-machine"));
  gtk_container_add (GTK_CONTAINER (page), box);
  hdy_status_page_set_icon_name (HDY_STATUS_PAGE (page), "view-list-symbolic");
  gtk_widget_show_all (page);
  gtk_stack_add_named (self->content, page, "multiple");
  self->multiple = HDY_STATUS_PAGE (page);
}

static void
update_multiple (GhWindow  *self,
                 GPtrArray *machines)
{
  g_autofree char *title = NULL;
  g_autofree char *text = NULL;
  guint n_active = 0;

  for (guint i = 0; i < machines->len; i++)
    n_active += gh_machine_is_active (g_ptr_array_index (machines, i)) ? 1 : 0;
  title = g_strdup_printf (ngettext ("%u machine selected", "%u machines selected", machines->len),
                           machines->len);
  text = g_strdup_printf (ngettext ("%u of them is on. A button acts on those that allow it.",
                                    "%u of them are on. A button acts on those that allow it.",
                                    n_active),
                          n_active);
  hdy_status_page_set_title (self->multiple, title);
  hdy_status_page_set_description (self->multiple, text);
}

/* Beside a list of machines, while none of them is chosen. */
static void
ensure_choose (GhWindow *self)
{
  if (self->choose != NULL)
    return;
  self->choose = hdy_status_page_new ();
  g_object_set (self->choose, "icon-name", "computer-symbolic", "title", _("Choose a machine"),
                "description", _("Its screen and what it is made of are shown here."),
                "visible", TRUE, NULL);
  gtk_stack_add_named (self->content, self->choose, "choose");
}

static void
update_content (GhWindow *self)
{
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);

  if (machines->len > 1)
    {
      ensure_controls (self);
      ensure_multiple (self);
      update_multiple (self, machines);
      gtk_stack_set_visible_child_name (self->content, "multiple");
    }
  else if (self->machine != NULL)
    {
      ensure_controls (self);
      ensure_page (self);
      gh_machine_page_set_machine (self->page, self->machine);
      gtk_stack_set_visible_child_name (self->content, "machine");
    }
  else
    {
      GhLibraryModel *model = gh_library_view_get_model (self->library);
      /* The list says so itself when it shows none. */
      gboolean choose = self->late_id == 0 && self->list_reported &&
                        gh_library_model_get_n_matches (model) > 0;

      if (choose)
        ensure_choose (self);
      gtk_stack_set_visible_child_name (self->content, choose ? "choose" : "nothing");
    }
  if (self->controls != NULL)
    gtk_widget_set_visible (self->controls, machines->len > 0);
}

/* No machine at all */

/* Which hosts there are says the page, but for those that are not this computer's or not as they
 * should be: they have menus. */
static gboolean
needs_headings (GhWindow *self)
{
  guint n_hosts = g_list_model_get_n_items (G_LIST_MODEL (self->hosts));

  for (guint i = 0; i < n_hosts; i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      if (!gh_host_is_local (host) || gh_host_get_state (host) == GH_HOST_DISCONNECTED ||
          (n_hosts > 1 && gh_host_get_state (host) != GH_HOST_CONNECTED))
        return TRUE;
    }
  return FALSE;
}

/* Before the first picture hosts have not been asked, and while one is, it may have machines: then
 * nothing moves. */
static gboolean
wants_whole (GhWindow *self)
{
  GhLibraryModel *model = gh_library_view_get_model (self->library);

  if (!self->window_reported || self->fullscreen || self->machine != NULL ||
      gh_library_model_get_n_machines (model) > 0)
    return FALSE;
  return self->whole || gh_library_model_is_settled (model) ||
         g_list_model_get_n_items (G_LIST_MODEL (self->hosts)) == 0;
}

/* What has to be told is told in the pane that can be seen. */
static void
place_bar (GhWindow  *self,
           GtkWidget *bar) /* nullable */
{
  GtkWidget *pane = self->whole ? self->library_pane : GTK_WIDGET (self->machine_pane);

  if (bar == NULL || gtk_widget_get_parent (bar) == pane)
    return;
  g_object_ref (bar);
  if (gtk_widget_get_parent (bar) != NULL)
    gtk_container_remove (GTK_CONTAINER (gtk_widget_get_parent (bar)), bar);
  gtk_container_add_with_properties (GTK_CONTAINER (pane), bar, "position", 1, NULL);
  g_object_unref (bar);
}

static void
ensure_empty (GhWindow *self)
{
  if (self->empty != NULL)
    return;
  self->empty = GH_EMPTY_PAGE (gh_empty_page_new (self->hosts));
  gtk_container_add (GTK_CONTAINER (self->library_pane), GTK_WIDGET (self->empty));
}

/* The keyboard goes with what takes the place of what had it. */
static void
set_whole (GhWindow *self,
           gboolean  whole)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  GtkWidget *from = whole ? GTK_WIDGET (self->library) : GTK_WIDGET (self->empty);
  gboolean take_focus = focus == NULL || gtk_widget_is_ancestor (focus, from) ||
                        gtk_widget_is_ancestor (focus, GTK_WIDGET (self->machine_pane));

  if (whole)
    hdy_leaflet_set_visible_child (self->leaflet, self->library_pane);
  self->whole = whole;
  gtk_widget_set_hexpand (self->library_pane, whole);
  gtk_widget_set_visible (GTK_WIDGET (self->machine_pane), !whole);
  gtk_widget_set_visible (self->separator, !whole && !self->fullscreen);
  gtk_widget_set_visible (GTK_WIDGET (self->empty), whole);
  gh_library_view_set_only_hosts (self->library, whole);
  place_bar (self, GTK_WIDGET (self->machine_errors));
  place_bar (self, GTK_WIDGET (self->notice));
  place_bar (self, self->interrupted);
  leaflet_changed_cb (self);
  if (!take_focus)
    return;
  if (whole)
    gh_empty_page_focus (self->empty);
  else
    gh_library_view_focus_list (self->library);
}

static void
update_whole (GhWindow *self)
{
  gboolean whole = wants_whole (self);

  if (whole)
    {
      ensure_empty (self);
      gh_empty_page_update (self->empty);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->library), !whole || needs_headings (self));
  if (self->whole != whole)
    set_whole (self, whole);
  else if (whole && gtk_window_get_focus (GTK_WINDOW (self)) == NULL)
    gh_empty_page_focus (self->empty);
}

static gboolean
update_cb (gpointer user_data)
{
  GhWindow *self = user_data;
  g_autoptr (GPtrArray) machines = NULL;

  self->update_id = 0;

  if (self->awaited != NULL)
    {
      GhMachine *machine = gh_hosts_find_machine (self->hosts, self->awaited);

      if (machine != NULL)
        {
          g_clear_pointer (&self->awaited, g_free);
          gh_window_show_machine (self, machine, /* console= */ TRUE);
        }
    }

  machines = gh_library_view_dup_selected (self->library);
  if (machines->len == 1)
    set_machine (self, g_ptr_array_index (machines, 0));
  else if (machines->len == 0)
    {
      /* What is filtered out or collapsed stays on its page; what is gone does not. */
      if (self->machine != NULL && !gh_machine_exists (self->machine))
        set_machine (self, NULL);
      if (self->machine != NULL)
        g_ptr_array_add (machines, g_object_ref (self->machine));
    }
  gh_machine_actions_set_machines (self->actions, machines);
  update_whole (self);
  update_content (self);
  update_title (self);
  update_actions (self);
  return G_SOURCE_REMOVE;
}

static void
queue_update (GhWindow *self)
{
  if (self->update_id == 0)
    self->update_id = g_idle_add_full (GDK_PRIORITY_REDRAW - 5, update_cb, self, NULL);
}

static void
update_now (GhWindow *self)
{
  g_clear_handle_id (&self->update_id, g_source_remove);
  (void) update_cb (self);
}

static gboolean
uptime_cb (gpointer user_data)
{
  update_title (user_data);
  return G_SOURCE_CONTINUE;
}

static void
machines_changed_cb (GhWindow         *self,
                     GhMachineChanges *changes)
{
  if (changes->added == NULL && changes->removed == NULL && changes->changed == NULL)
    return;
  if (self->trial_actions != NULL)
    gh_trial_actions_follow (self->trial_actions, changes);
  queue_update (self);
}

static void
hosts_changed_cb (GhWindow   *self,
                  guint       position,
                  guint       removed,
                  guint       added,
                  GListModel *hosts)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);

      g_signal_connect_object (host, "machines-changed", G_CALLBACK (machines_changed_cb), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (host, "notify::state", G_CALLBACK (queue_update), self,
                               G_CONNECT_SWAPPED);
    }
  queue_update (self);
}

static void
selection_changed_cb (GhWindow *self)
{
  queue_update (self);
}

/* Folded, a machine that is chosen opens in place of the list. */
static void
show_machine_pane (GhWindow *self)
{
  hdy_leaflet_set_visible_child (self->leaflet, GTK_WIDGET (self->machine_pane));
}

static void
machine_activated_cb (GhWindow  *self,
                      GhMachine *machine)
{
  gh_window_show_machine (self, machine, /* console= */ TRUE);
}

static gboolean
resize_header_cb (gpointer user_data)
{
  GhWindow *self = user_data;

  self->resize_id = 0;
  if (self->library_header != NULL)
    gtk_widget_queue_resize (GTK_WIDGET (self->library_header));
  return G_SOURCE_REMOVE;
}

/* Happens while panes are laid out, when GTK forgets that the header bar has to be measured anew:
 * the list would stay as wide as its header was with the buttons of the window. */
static void
decorations_changed_cb (GhWindow *self)
{
  if (self->window_reported && self->resize_id == 0)
    self->resize_id = g_idle_add (resize_header_cb, self);
}

static void
leaflet_changed_cb (GhWindow *self)
{
  gboolean folded = hdy_leaflet_get_folded (self->leaflet);

  if (self->library_activity != NULL)
    {
      gtk_widget_set_visible (self->library_activity, folded || self->whole);
      gtk_widget_set_visible (self->machine_activity, !folded && !self->whole);
    }
  /* Beside the list the machine is there anyway; a list alone is where one starts. */
  set_action_enabled (self, "back",
                      folded && hdy_leaflet_get_visible_child (self->leaflet) ==
                                  GTK_WIDGET (self->machine_pane));
}

/* Actions */

static void
delete_requested_cb (GhWindow *self)
{
  g_action_group_activate_action (G_ACTION_GROUP (self), "delete-machine", NULL);
}

static void
move_requested_cb (GhWindow  *self,
                   GPtrArray *machines,
                   GhHost    *host)
{
  gh_move_actions_move (self->move_actions, machines, host);
}

static void
empty_requested_cb (GhWindow *self,
                    GhHost   *host)
{
  gh_move_actions_empty_host (self->move_actions, host);
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

  update_now (self);
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
  show_machine_pane (self);
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

  set_fullscreen (self, !self->fullscreen);
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

static const char *const sort_names[] = { "name", "state", "cpu" };

static gboolean
sort_from_settings (GValue   *value,
                    GVariant *variant,
                    gpointer  user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (sort_names); i++)
    if (g_strcmp0 (g_variant_get_string (variant, NULL), sort_names[i]) == 0)
      {
        g_value_set_int (value, (int) i);
        return TRUE;
      }
  return FALSE;
}

/* How the list is shown is remembered. */
static void
bind_library (GhWindow *self)
{
  GhLibraryModel *model = gh_library_view_get_model (self->library);
  g_autoptr (GAction) sort = g_settings_create_action (self->settings, "library-sort");

  g_settings_bind_with_mapping (self->settings, "library-sort", model, "sort", G_SETTINGS_BIND_GET,
                                sort_from_settings, NULL, NULL, NULL);
  g_settings_bind (self->settings, "collapsed-hosts", model, "collapsed-uris",
                   G_SETTINGS_BIND_DEFAULT);
  g_action_map_add_action (G_ACTION_MAP (self), sort);
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

/* Activity */

static void
show_machine_requested_cb (GhWindow   *self,
                           GhHost     *host,
                           const char *uuid)
{
  GhMachine *machine = gh_host_find_machine (host, uuid);

  if (machine != NULL)
    {
      gh_window_show_machine (self, machine, /* console= */ TRUE);
      return;
    }
  g_free (self->awaited);
  self->awaited = g_strdup (uuid);
}

/* What the first picture does not need, one piece at a time so that nothing waits for it. */
static gboolean
add_late_widget_cb (gpointer user_data)
{
  GhWindow *self = user_data;

  switch (self->late_step++)
    {
    case 0:
      self->machine_activity = gh_activity_button_new ();
      hdy_header_bar_pack_end (self->machine_header, self->machine_activity);
      return G_SOURCE_CONTINUE;

    case 1:
      self->library_activity = gh_activity_button_new ();
      hdy_header_bar_pack_end (self->library_header, self->library_activity);
      leaflet_changed_cb (self);
      return G_SOURCE_CONTINUE;

    default:
      self->interrupted = gh_interrupted_bar_new ();
      gtk_widget_show (self->interrupted);
      place_bar (self, self->interrupted);
      gh_interrupted_bar_load (GH_INTERRUPTED_BAR (self->interrupted), self->hosts);
      self->late_id = 0;
      queue_update (self);
      return G_SOURCE_REMOVE;
    }
}

/* Milestones */

static void
after_paint_cb (GdkFrameClock *clock,
                GhWindow      *self)
{
  if (!self->window_reported)
    {
      self->window_reported = TRUE;
      gh_debug_milestone ("window-mapped");
      g_signal_emit (self, signals[PAINTED], 0);
      queue_update (self);
    }
  if (!self->list_reported &&
      gh_library_model_is_settled (gh_library_view_get_model (self->library)))
    {
      self->list_reported = TRUE;
      gh_debug_milestone ("list-settled");
      self->late_id = g_idle_add_full (G_PRIORITY_LOW, add_late_widget_cb, self, NULL);
      g_signal_handler_disconnect (clock, self->after_paint_id);
      self->after_paint_id = 0;
    }
}

static void
settled_cb (GhWindow *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self->library));
  queue_update (self);
}

static void
gh_window_realize (GtkWidget *widget)
{
  GhWindow *self = GH_WINDOW (widget);

  GTK_WIDGET_CLASS (gh_window_parent_class)->realize (widget);
  if (!self->list_reported)
    self->after_paint_id = g_signal_connect (gtk_widget_get_frame_clock (widget), "after-paint",
                                             G_CALLBACK (after_paint_cb), self);
}

static void
gh_window_unrealize (GtkWidget *widget)
{
  GhWindow *self = GH_WINDOW (widget);

  if (self->after_paint_id != 0)
    g_signal_handler_disconnect (gtk_widget_get_frame_clock (widget), self->after_paint_id);
  self->after_paint_id = 0;
  GTK_WIDGET_CLASS (gh_window_parent_class)->unrealize (widget);
}

static gboolean
gh_window_window_state_event (GtkWidget           *widget,
                              GdkEventWindowState *event)
{
  GhWindow *self = GH_WINDOW (widget);
  gboolean fullscreen = (event->new_window_state & GDK_WINDOW_STATE_FULLSCREEN) != 0;

  if (self->fullscreen != fullscreen)
    {
      self->fullscreen = fullscreen;
      if (fullscreen)
        show_machine_pane (self);
      gtk_widget_set_visible (self->library_pane, !fullscreen);
      gtk_widget_set_visible (self->separator, !fullscreen && !self->whole);
      gtk_widget_set_visible (GTK_WIDGET (self->machine_header), !fullscreen);
      if (self->page != NULL)
        gh_machine_page_set_fullscreen (self->page, fullscreen);
      update_actions (self);
      queue_update (self);
    }
  return GTK_WIDGET_CLASS (gh_window_parent_class)->window_state_event (widget, event);
}

/* Whether the keys belong to the guest: then they reach it before our shortcuts. */
static gboolean
guest_has_keyboard (GhWindow *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  GhConsole *console = NULL;

  if (self->page == NULL || focus == NULL)
    return FALSE;
  console = gh_machine_consoles_get_console (gh_machine_page_get_consoles (self->page));
  if (console == NULL || !gtk_widget_get_mapped (GTK_WIDGET (console)) ||
      !gtk_widget_is_ancestor (focus, GTK_WIDGET (console)))
    return FALSE;
  return gh_console_get_grabbed (console) || gh_console_get_kind (console) == GH_CONSOLE_SERIAL;
}

static gboolean
gh_window_key_press_event (GtkWidget   *widget,
                           GdkEventKey *event)
{
  if (guest_has_keyboard (GH_WINDOW (widget)) &&
      gtk_window_propagate_key_event (GTK_WINDOW (widget), event))
    return GDK_EVENT_STOP;
  return GTK_WIDGET_CLASS (gh_window_parent_class)->key_press_event (widget, event);
}

static void
load_size (GhWindow *self)
{
  gtk_window_set_default_size (GTK_WINDOW (self),
                               g_settings_get_int (self->settings, "window-width"),
                               g_settings_get_int (self->settings, "window-height"));
  if (g_settings_get_boolean (self->settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  gh_sidebar_handle_set_pane (GH_SIDEBAR_HANDLE (self->separator), self->library_pane);
  g_settings_bind (self->settings, "sidebar-width", self->separator, "width",
                   G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_NO_SENSITIVITY);
}

static gboolean
gh_window_delete_event (GtkWidget   *widget,
                        GdkEventAny *event)
{
  gh_window_save_size (GH_WINDOW (widget));
  return GDK_EVENT_PROPAGATE;
}

static void
gh_window_destroy (GtkWidget *widget)
{
  GhWindow *self = GH_WINDOW (widget);

  g_clear_handle_id (&self->update_id, g_source_remove);
  g_clear_handle_id (&self->uptime_id, g_source_remove);
  g_clear_handle_id (&self->late_id, g_source_remove);
  /* The template's children go now; callbacks that come later find nothing to touch. */
  self->page = NULL;
  self->controls = NULL;
  self->multiple = NULL;
  self->choose = NULL;
  self->empty = NULL;
  self->notice = NULL;
  self->interrupted = NULL;
  self->library_activity = NULL;
  self->machine_activity = NULL;
  g_clear_object (&self->actions);
  g_clear_object (&self->clone_actions);
  g_clear_object (&self->trial_actions);
  g_clear_object (&self->move_actions);
  GTK_WIDGET_CLASS (gh_window_parent_class)->destroy (widget);
}

static void
gh_window_finalize (GObject *object)
{
  GhWindow *self = GH_WINDOW (object);

  g_clear_handle_id (&self->resize_id, g_source_remove);
  g_clear_object (&self->machine);
  g_clear_object (&self->hosts);
  g_clear_object (&self->settings);
  g_free (self->awaited);
  g_free (self->shown);
  G_OBJECT_CLASS (gh_window_parent_class)->finalize (object);
}

static void
gh_window_class_init (GhWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_window_finalize;
  widget_class->delete_event = gh_window_delete_event;
  widget_class->destroy = gh_window_destroy;
  widget_class->key_press_event = gh_window_key_press_event;
  widget_class->realize = gh_window_realize;
  widget_class->unrealize = gh_window_unrealize;
  widget_class->window_state_event = gh_window_window_state_event;

  /**
   * GhWindow::painted:
   *
   * The first picture of the window is there.
   */
  signals[PAINTED] = g_signal_new ("painted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * GhWindow::trials-decided:
   *
   * What gh_window_ask_about_trials() asked was answered: the window may go.
   */
  signals[TRIALS_DECIDED] = g_signal_new ("trials-decided", G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (GH_TYPE_ERROR_BAR);
  g_type_ensure (GH_TYPE_FOLDING_PANE);
  g_type_ensure (GH_TYPE_LIBRARY_VIEW);
  g_type_ensure (GH_TYPE_SIDEBAR_HANDLE);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-window.ui");
  gtk_widget_class_bind_template_child (widget_class, GhWindow, content);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, library);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, library_errors);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, library_header);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, library_pane);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, machine_errors);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, machine_header);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, machine_pane);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, menu_button);
  gtk_widget_class_bind_template_child (widget_class, GhWindow, separator);
  gtk_widget_class_bind_template_callback (widget_class, decorations_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, delete_requested_cb);
  gtk_widget_class_bind_template_callback (widget_class, empty_requested_cb);
  gtk_widget_class_bind_template_callback (widget_class, leaflet_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, machine_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, move_requested_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
}

static void
trials_decided_cb (GhWindow *self)
{
  g_signal_emit (self, signals[TRIALS_DECIDED], 0);
}

static void
gh_window_init (GhWindow *self)
{
  /* Before the template, whose handlers look actions up. */
  g_action_map_add_action_entries (G_ACTION_MAP (self), action_entries,
                                   G_N_ELEMENTS (action_entries),
                                   self);
  self->actions = gh_machine_actions_new (self);
  self->clone_actions = gh_clone_actions_new (self);
  self->trial_actions = gh_trial_actions_new (self);
  g_signal_connect_object (self->trial_actions, "decided", G_CALLBACK (trials_decided_cb), self,
                           G_CONNECT_SWAPPED);
  self->move_actions = gh_move_actions_new (self);
  self->settings = g_settings_new (GH_APP_ID);
  gtk_widget_init_template (GTK_WIDGET (self));
  load_size (self);
  self->uptime_id = g_timeout_add_seconds (UPTIME_INTERVAL_S, uptime_cb, self);
}

/**
 * gh_window_new:
 * @application: the application
 * @hosts: what to show
 *
 * Returns: (transfer none): a window, owned by GTK until it is destroyed
 */
GhWindow *
gh_window_new (GtkApplication *application,
               GhHosts        *hosts)
{
  GhWindow *self = NULL;

  g_return_val_if_fail (GH_IS_HOSTS (hosts), NULL);

  self = g_object_new (GH_TYPE_WINDOW, "application", application, NULL);
  self->hosts = g_object_ref (hosts);
  g_signal_connect_object (hosts, "items-changed", G_CALLBACK (hosts_changed_cb), self,
                           G_CONNECT_SWAPPED);
  hosts_changed_cb (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (hosts)),
                    G_LIST_MODEL (hosts));
  gh_library_view_set_hosts (self->library, hosts);
  bind_library (self);
  g_signal_connect_object (gh_library_view_get_model (self->library), "notify::settled",
                           G_CALLBACK (settled_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gh_library_view_get_model (self->library), "notify::filter",
                           G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gh_activity_get_default (), "show-machine",
                           G_CALLBACK (show_machine_requested_cb), self, G_CONNECT_SWAPPED);
  gh_library_view_focus_list (self->library);
  update_now (self);
  return self;
}

/**
 * gh_window_get_hosts:
 * @self: a window
 *
 * Returns: (transfer none): what it shows
 */
GhHosts *
gh_window_get_hosts (GhWindow *self)
{
  g_return_val_if_fail (GH_IS_WINDOW (self), NULL);

  return self->hosts;
}

static void
focus_console (GhWindow *self)
{
  GhConsole *console = gh_machine_consoles_get_console (gh_machine_page_get_consoles (self->page));

  if (console != NULL)
    gtk_widget_child_focus (GTK_WIDGET (console), GTK_DIR_TAB_FORWARD);
}

/**
 * gh_window_show_machine:
 * @self: a window
 * @machine: the machine to show
 * @console: whether to show its console, and not the page shown last
 */
void
gh_window_show_machine (GhWindow  *self,
                        GhMachine *machine,
                        gboolean   console)
{
  g_return_if_fail (GH_IS_WINDOW (self));
  g_return_if_fail (GH_IS_MACHINE (machine));

  gh_library_view_select (self->library, machine);
  update_now (self);
  if (self->page == NULL)
    return;
  if (console)
    gh_machine_page_set_page (self->page, "console");
  show_machine_pane (self);
  if (console)
    focus_console (self);
}

static void
notify_desktop (GhWindow     *self,
                GhMachine    *machine,
                const char   *title,
                const GError *error)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));
  g_autoptr (GNotification) notification = NULL;
  g_autofree char *sentence = NULL;

  if (application == NULL || gtk_window_is_active (GTK_WINDOW (self)))
    return;
  sentence = gh_error_dup_sentence (error);
  notification = g_notification_new (title);
  g_notification_set_body (notification, sentence);
  if (machine != NULL)
    g_notification_set_default_action_and_target (notification, "app.show-machine", "s",
                                                  gh_machine_get_uuid (machine));
  g_application_send_notification (G_APPLICATION (application), NULL, notification);
}

/**
 * gh_window_show_error:
 * @self: a window
 * @machine: (nullable): which machine it is about
 * @title: what failed, in words
 * @error: why
 */
void
gh_window_show_error (GhWindow     *self,
                      GhMachine    *machine,
                      const char   *title,
                      const GError *error)
{
  gh_window_show_error_with_offer (self, machine, title, error, NULL, NULL);
}

/**
 * gh_window_show_error_with_offer:
 * @self: a window
 * @machine: (nullable): which machine it is about
 * @title: what failed, in words
 * @error: why
 * @offer: (nullable): what the user may do about it
 * @action: (nullable): the detailed name of the action behind @offer
 *
 * Shows it where the user looks, and on the desktop if that is not at this window.
 */
void
gh_window_show_error_with_offer (GhWindow     *self,
                                 GhMachine    *machine,
                                 const char   *title,
                                 const GError *error,
                                 const char   *offer,
                                 const char   *action)
{
  gboolean at_library = FALSE;

  g_return_if_fail (GH_IS_WINDOW (self));
  g_return_if_fail (error != NULL);

  g_message ("%s: %s", title, error->message);
  if (self->leaflet == NULL)
    return;
  at_library = hdy_leaflet_get_folded (self->leaflet) &&
               hdy_leaflet_get_visible_child (self->leaflet) == self->library_pane && !self->whole;
  gh_error_bar_add (at_library ? self->library_errors : self->machine_errors, title, error, offer,
                    action);
  notify_desktop (self, machine, title, error);
}

/**
 * gh_window_clear_errors:
 * @self: a window
 *
 * Takes away what was said to have failed.
 */
void
gh_window_clear_errors (GhWindow *self)
{
  g_return_if_fail (GH_IS_WINDOW (self));

  gh_error_bar_clear (self->library_errors);
  gh_error_bar_clear (self->machine_errors);
}

/**
 * gh_window_get_shown_uuid:
 * @self: a window
 *
 * Returns: (nullable): the UUID of the machine whose page is shown, or was before the machine went
 *   away; %NULL when none or several are
 */
const char *
gh_window_get_shown_uuid (GhWindow *self)
{
  g_return_val_if_fail (GH_IS_WINDOW (self), NULL);

  if (self->actions != NULL && gh_machine_actions_get_machines (self->actions)->len > 1)
    return NULL;
  return self->shown;
}

/**
 * gh_window_show_notice:
 * @self: a window
 * @text: what has happened, in a sentence
 */
void
gh_window_show_notice (GhWindow   *self,
                       const char *text)
{
  g_return_if_fail (GH_IS_WINDOW (self));

  if (self->machine_pane == NULL)
    return;
  if (self->notice == NULL)
    {
      self->notice = GH_NOTICE_BAR (gh_notice_bar_new ());
      place_bar (self, GTK_WIDGET (self->notice));
    }
  gh_notice_bar_show (self->notice, text);
}

/**
 * gh_window_save_size:
 * @self: a window
 *
 * Remembers its size for the next start; done by itself when the window is closed.
 */
void
gh_window_save_size (GhWindow *self)
{
  int width = 0;
  int height = 0;
  gboolean maximized = gtk_window_is_maximized (GTK_WINDOW (self));

  g_return_if_fail (GH_IS_WINDOW (self));

  if (self->fullscreen)
    return;
  g_settings_set_boolean (self->settings, "window-maximized", maximized);
  if (maximized)
    return;
  gtk_window_get_size (GTK_WINDOW (self), &width, &height);
  g_settings_set_int (self->settings, "window-width", MAX (width, 360));
  g_settings_set_int (self->settings, "window-height", MAX (height, 294));
}

/**
 * gh_window_ask_about_trials:
 * @self: a window that is to go
 *
 * Returns: whether something was asked; then the answer decides
 */
gboolean
gh_window_ask_about_trials (GhWindow *self)
{
  g_return_val_if_fail (GH_IS_WINDOW (self), FALSE);

  return self->trial_actions != NULL && gh_trial_actions_ask_to_leave (self->trial_actions);
}

/**
 * gh_window_run_action:
 * @self: a window
 * @machine: of which machine
 * @action: what to do with it
 */
void
gh_window_run_action (GhWindow        *self,
                      GhMachine       *machine,
                      GhMachineAction  action)
{
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();

  g_return_if_fail (GH_IS_WINDOW (self));

  g_ptr_array_add (machines, machine);
  gh_machine_actions_run (self->actions, machines, action);
}
