/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The main window. What is not needed for its first picture is made when it is: the page of a
 * machine with the first machine that is chosen, consoles with the first console, dialogs when they
 * open. What it shows is in gh-window-content.c, how it is without a machine in gh-window-empty.c,
 * what one can do in gh-window-actions.c, and what it tells in gh-window-notices.c. */

#define G_LOG_DOMAIN "gh-window"

#include "config.h"

#include "gh-window.h"

#include "gh-activity-button.h"
#include "gh-activity.h"
#include "gh-debug.h"
#include "gh-folding-pane.h"
#include "gh-interrupted-bar.h"
#include "gh-sidebar-handle.h"
#include "gh-ui.h"
#include "gh-window-private.h"

/* “Running · 2 hours” is right to the minute. */
#define UPTIME_INTERVAL_S 20

G_DEFINE_FINAL_TYPE (GhWindow, gh_window, HDY_TYPE_APPLICATION_WINDOW)

enum
{
  PAINTED,
  TRIALS_DECIDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* What is shown */

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

void
gh_window_set_fullscreen (GhWindow *self,
                          gboolean  fullscreen)
{
  if (fullscreen)
    gtk_window_fullscreen (GTK_WINDOW (self));
  else
    gtk_window_unfullscreen (GTK_WINDOW (self));
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
  gh_window_update_empty (self);
  gh_window_update_content (self);
  gh_window_update_title (self);
  gh_window_update_actions (self);
  return G_SOURCE_REMOVE;
}

static void
queue_update (GhWindow *self)
{
  /* Hosts may change once more after the window was destroyed. */
  if (self->update_id == 0 && self->actions != NULL)
    self->update_id = g_idle_add_full (GDK_PRIORITY_REDRAW - 5, update_cb, self, NULL);
}

void
gh_window_update_now (GhWindow *self)
{
  g_clear_handle_id (&self->update_id, g_source_remove);
  (void) update_cb (self);
}

static gboolean
uptime_cb (gpointer user_data)
{
  gh_window_update_title (user_data);
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

static gboolean
found_cb (gpointer user_data)
{
  GhWindow *self = user_data;

  self->found_id = 0;
  gh_window_update_content (self);
  return G_SOURCE_REMOVE;
}

/* Who types sees the list first. */
static void
filter_changed_cb (GhWindow *self)
{
  if (self->found_id == 0)
    self->found_id = g_idle_add_full (G_PRIORITY_LOW, found_cb, self, NULL);
}

static void
selection_changed_cb (GhWindow *self)
{
  queue_update (self);
}

/* Folded, a machine that is chosen opens in place of the list. */
void
gh_window_show_machine_pane (GhWindow *self)
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

void
gh_window_update_panes (GhWindow *self)
{
  gboolean folded = hdy_leaflet_get_folded (self->leaflet);

  if (self->library_activity != NULL)
    {
      gtk_widget_set_visible (self->library_activity, folded || self->whole);
      gtk_widget_set_visible (self->machine_activity, !folded && !self->whole);
    }
  /* Beside the list the machine is there anyway; a list alone is where one starts. */
  gh_window_set_action_enabled (self, "back",
                                folded && hdy_leaflet_get_visible_child (self->leaflet) ==
                                            GTK_WIDGET (self->machine_pane));
}

static void
leaflet_changed_cb (GhWindow *self)
{
  gh_window_update_panes (self);
}

/* Asked for in the list */

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
      gh_window_update_panes (self);
      return G_SOURCE_CONTINUE;

    default:
      self->interrupted = gh_interrupted_bar_new ();
      gtk_widget_show (self->interrupted);
      gh_window_place_bar (self, self->interrupted);
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
        gh_window_show_machine_pane (self);
      gtk_widget_set_visible (self->library_pane, !fullscreen);
      gtk_widget_set_visible (self->separator, !fullscreen && !self->whole);
      gtk_widget_set_visible (GTK_WIDGET (self->machine_header), !fullscreen);
      if (self->page != NULL)
        gh_machine_page_set_fullscreen (self->page, fullscreen);
      gh_window_update_actions (self);
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
  g_clear_handle_id (&self->found_id, g_source_remove);
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
  gh_window_add_actions (self);
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
                           G_CALLBACK (filter_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gh_activity_get_default (), "show-machine",
                           G_CALLBACK (show_machine_requested_cb), self, G_CONNECT_SWAPPED);
  gh_library_view_focus_list (self->library);
  gh_window_update_now (self);
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
  gh_window_update_now (self);
  if (self->page == NULL)
    return;
  if (console)
    gh_machine_page_set_page (self->page, "console");
  gh_window_show_machine_pane (self);
  if (console)
    focus_console (self);
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
