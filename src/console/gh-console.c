/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-console"

#include "config.h"

#include "gh-console.h"

#include <glib/gi18n-lib.h>

#include "gh-console-frame.h"
#include "gh-console-link.h"
#include "gh-console-page.h"
#include "gh-console-screenshot.h"
#include "gh-key-combinations.h"

#define TOP_BAR_FIRST_MS 2500
#define TOP_BAR_AGAIN_MS 1000
/* How long keys sent through the host stay pressed. */
#define KEY_HOLD_MS 60

/* The view of a GhConsoleLink: it puts the link's display into its place, or the page in front of
 * it, and looks after focus, keys and full screen. Nothing of SPICE, VNC or VTE is in here. */
struct _GhConsole
{
  GtkBin              parent_instance;

  GhConsoleLink      *link;    /* (owned) */
  GhConsoleKind       kind;
  GSimpleActionGroup *actions; /* (owned) */

  GhDisplay          *display; /* (owned) (nullable): whose widget is in the slot */
  GhConsoleFrame     *frame;   /* (unowned) (nullable): around it, for graphical ones */
  GtkWidget          *input;   /* (unowned) (nullable): of the display, while it is in the slot */
  GtkWidget          *toplevel; /* (weak) */

  GhConsoleState      state;
  char               *status_text; /* (nullable) */
  gboolean            grabbed;
  gboolean            scaling;
  gboolean            resize_guest;
  gboolean            fullscreen;
  gboolean            has_graphics;
  gboolean            has_serial;

  /* Ctrl and Alt pressed and released with nothing between them means: let go. */
  gboolean            ctrl_down;
  gboolean            alt_down;
  gboolean            release_armed;

  guint               top_hide_id;
  gboolean            top_hovered;

  GtkWidget          *slot;
  GtkWidget          *page;
  GtkWidget          *top_edge;
  GtkWidget          *top_revealer;
  GtkWidget          *top_label;
  GtkWidget          *top_keys_button;
  GtkWidget          *bar;
  GtkWidget          *hint_label;
  GtkWidget          *other_button;
  GtkWidget          *copy_button;
  GtkWidget          *paste_button;
  GtkWidget          *scaling_button;
  GtkWidget          *resize_button;
  GtkWidget          *keys_button;
  GtkWidget          *screenshot_button;
  GtkWidget          *fullscreen_button;
};

G_DEFINE_FINAL_TYPE (GhConsole, gh_console, GTK_TYPE_BIN)

enum
{
  PROP_MACHINE = 1,
  PROP_KIND,
  PROP_STATE,
  PROP_STATUS_TEXT,
  PROP_GRABBED,
  PROP_SCALING,
  PROP_RESIZE_GUEST,
  PROP_CAN_RESIZE_GUEST,
  PROP_FULLSCREEN,
  PROP_ON_HOLD,
  PROP_HAS_GRAPHICS,
  PROP_HAS_SERIAL,
  N_PROPS,
};

enum
{
  FULLSCREEN_REQUESTED,
  SCREENSHOT_REQUESTED,
  KIND_REQUESTED,
  DOUBT_ASKED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

GType
gh_console_state_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GH_CONSOLE_WAITING, "GH_CONSOLE_WAITING", "waiting" },
    { GH_CONSOLE_CONNECTING, "GH_CONSOLE_CONNECTING", "connecting" },
    { GH_CONSOLE_SHOWN, "GH_CONSOLE_SHOWN", "shown" },
    { GH_CONSOLE_NEEDS_PASSWORD, "GH_CONSOLE_NEEDS_PASSWORD", "needs-password" },
    { GH_CONSOLE_LOST, "GH_CONSOLE_LOST", "lost" },
    { GH_CONSOLE_NOT_AVAILABLE, "GH_CONSOLE_NOT_AVAILABLE", "not-available" },
    { GH_CONSOLE_CLOSED, "GH_CONSOLE_CLOSED", "closed" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GhConsoleState", values));
  return type;
}

GType
gh_console_kind_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { GH_CONSOLE_GRAPHICAL, "GH_CONSOLE_GRAPHICAL", "graphical" },
    { GH_CONSOLE_SERIAL, "GH_CONSOLE_SERIAL", "serial" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GhConsoleKind", values));
  return type;
}

static const char *
get_machine_label (GhConsole *self)
{
  GhMachine *machine = gh_console_link_get_machine (self->link);

  return machine != NULL ? gh_machine_get_label (machine) : "";
}

static GSimpleAction *
get_action (GhConsole  *self,
            const char *name)
{
  return G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self->actions), name));
}

/* --- Focus and keys --- */

static void
update_hint (GhConsole *self)
{
  GhMachine *machine = gh_console_link_get_machine (self->link);
  const char *text = NULL;

  if (self->state != GH_CONSOLE_SHOWN || machine == NULL)
    text = "";
  else if (self->grabbed && self->kind == GH_CONSOLE_SERIAL)
    text = _("Press Enter if nothing appears, Ctrl+Alt to release the keyboard");
  else if (self->grabbed)
    text = _("Press Ctrl+Alt to release keyboard and mouse");
  else if (gh_machine_get_state (machine) != GH_MACHINE_RUNNING)
    text = gh_machine_get_state_text (machine);
  else if (self->kind == GH_CONSOLE_SERIAL)
    text = _("Click the terminal to type into the machine");
  else
    text = _("Click the screen to use the machine");
  gtk_label_set_text (GTK_LABEL (self->hint_label), text);
  gtk_widget_set_tooltip_text (self->hint_label, *text != '\0' ? text : NULL);
}

/* The guest has the keys while its display is the focus of an active window. A grab of ours
 * makes X11 take the window's activity away, so that counts too. */
static gboolean
has_keys (GhConsole *self)
{
  GdkSeat *seat = NULL;

  if (self->input == NULL || self->toplevel == NULL || self->state != GH_CONSOLE_SHOWN ||
      !gh_display_get_takes_input (self->display) ||
      gtk_window_get_focus (GTK_WINDOW (self->toplevel)) != self->input)
    return FALSE;
  if (gtk_window_is_active (GTK_WINDOW (self->toplevel)))
    return TRUE;

  seat = gdk_display_get_default_seat (gtk_widget_get_display (self->input));
  return seat != NULL && gdk_seat_get_keyboard (seat) != NULL &&
         gdk_display_device_is_grabbed (gtk_widget_get_display (self->input),
                                        gdk_seat_get_keyboard (seat));
}

static void
update_grabbed (GhConsole *self)
{
  gboolean grabbed = has_keys (self);

  if (self->grabbed != grabbed)
    {
      self->grabbed = grabbed;
      self->ctrl_down = FALSE;
      self->alt_down = FALSE;
      self->release_armed = FALSE;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GRABBED]);
    }
  update_hint (self);
}

static void
window_focus_changed_cb (GObject    *window,
                         GParamSpec *pspec,
                         GhConsole  *self)
{
  update_grabbed (self);
}

static void
window_focus_set_cb (GtkWindow *window,
                     GtkWidget *widget,
                     GhConsole *self)
{
  update_grabbed (self);
}

/* Returns: whether this event is the one that lets go. */
static gboolean
follow_release_keys (GhConsole   *self,
                     GdkEventKey *event)
{
  gboolean pressed = event->type == GDK_KEY_PRESS;
  gboolean is_ctrl = event->keyval == GDK_KEY_Control_L || event->keyval == GDK_KEY_Control_R;
  gboolean is_alt = event->keyval == GDK_KEY_Alt_L || event->keyval == GDK_KEY_Alt_R ||
                    event->keyval == GDK_KEY_Meta_L || event->keyval == GDK_KEY_Meta_R;
  gboolean lets_go = !pressed && self->release_armed && (is_ctrl || is_alt);

  if (is_ctrl)
    self->ctrl_down = pressed;
  if (is_alt)
    self->alt_down = pressed;
  if (pressed)
    self->release_armed = (is_ctrl || is_alt) && self->ctrl_down && self->alt_down;
  else if (lets_go)
    self->release_armed = FALSE;
  return lets_go;
}

/* Runs before the window's own handler, which would try shortcuts and mnemonics first: while the
 * guest has the keys, they are all its own. */
static gboolean
window_key_cb (GtkWidget   *window,
               GdkEventKey *event,
               GhConsole   *self)
{
  gboolean lets_go = FALSE;
  gboolean handled = FALSE;

  if (self->input == NULL || self->state != GH_CONSOLE_SHOWN ||
      gtk_window_get_focus (GTK_WINDOW (window)) != self->input)
    return GDK_EVENT_PROPAGATE;

  lets_go = follow_release_keys (self, event);
  handled = gtk_window_propagate_key_event (GTK_WINDOW (window), event);
  if (lets_go)
    gh_console_release (self);
  return handled || self->kind == GH_CONSOLE_GRAPHICAL;
}

static gboolean
input_button_cb (GtkWidget      *widget,
                 GdkEventButton *event,
                 GhConsole      *self)
{
  self->release_armed = FALSE;
  if (!gtk_widget_is_focus (widget))
    gtk_widget_grab_focus (widget);
  return GDK_EVENT_PROPAGATE;
}

static void
set_toplevel (GhConsole *self,
              GtkWidget *toplevel)
{
  if (self->toplevel == toplevel)
    return;

  if (self->toplevel != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->toplevel, self);
      g_object_remove_weak_pointer (G_OBJECT (self->toplevel), (gpointer *) &self->toplevel);
    }
  self->toplevel = toplevel;
  if (toplevel != NULL)
    {
      g_object_add_weak_pointer (G_OBJECT (toplevel), (gpointer *) &self->toplevel);
      g_signal_connect (toplevel, "key-press-event", G_CALLBACK (window_key_cb), self);
      g_signal_connect (toplevel, "key-release-event", G_CALLBACK (window_key_cb), self);
      g_signal_connect_after (toplevel, "set-focus", G_CALLBACK (window_focus_set_cb), self);
      g_signal_connect (toplevel, "notify::is-active", G_CALLBACK (window_focus_changed_cb), self);
    }
}

static void
focus_display (GhConsole *self)
{
  GtkWidget *focus = NULL;

  if (self->input == NULL || self->toplevel == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;

  /* Not away from where somebody is typing. */
  focus = gtk_window_get_focus (GTK_WINDOW (self->toplevel));
  if (focus == NULL || gtk_widget_is_ancestor (focus, GTK_WIDGET (self)) ||
      focus == GTK_WIDGET (self))
    gtk_widget_grab_focus (self->input);
}

/* --- Full screen --- */

static gboolean
top_hide_cb (gpointer user_data)
{
  GhConsole *self = user_data;

  self->top_hide_id = 0;
  if (!self->top_hovered &&
      !gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->top_keys_button)))
    gtk_revealer_set_reveal_child (GTK_REVEALER (self->top_revealer), FALSE);
  return G_SOURCE_REMOVE;
}

static void
reveal_top (GhConsole *self,
            guint      hide_ms)
{
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->top_revealer), TRUE);
  g_clear_handle_id (&self->top_hide_id, g_source_remove);
  self->top_hide_id = g_timeout_add (hide_ms, top_hide_cb, self);
}

static gboolean
top_entered_cb (GhConsole *self)
{
  self->top_hovered = TRUE;
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->top_revealer), TRUE);
  return GDK_EVENT_PROPAGATE;
}

static gboolean
top_left_cb (GhConsole *self)
{
  self->top_hovered = FALSE;
  reveal_top (self, TOP_BAR_AGAIN_MS);
  return GDK_EVENT_PROPAGATE;
}

/* --- What the link has --- */

static void
set_can_resize_guest (GhConsole *self,
                      gboolean   can)
{
  g_simple_action_set_enabled (get_action (self, "resize-guest"), can);
  gtk_widget_set_tooltip_text (self->resize_button,
                               can ? _("Give the guest the window’s size")
                                   : _("Give the guest the window’s size: "
                                       "its display must know how, and its agent must run"));
}

static void
display_can_resize_cb (GhDisplay  *display,
                       GParamSpec *pspec,
                       GhConsole  *self)
{
  set_can_resize_guest (self, gh_display_get_can_resize_guest (display));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_RESIZE_GUEST]);
}

static void
display_takes_input_cb (GhDisplay  *display,
                        GParamSpec *pspec,
                        GhConsole  *self)
{
  update_grabbed (self);
}

static void
remove_display (GhConsole *self)
{
  if (self->input != NULL)
    g_signal_handlers_disconnect_by_data (self->input, self);
  self->input = NULL;
  if (self->display != NULL)
    {
      GtkWidget *widget = gh_display_get_widget (self->display);

      g_signal_handlers_disconnect_by_data (self->display, self);
      /* It is the display's, to destroy when it can. */
      if (widget != NULL && gtk_widget_get_parent (widget) != NULL)
        gtk_container_remove (GTK_CONTAINER (gtk_widget_get_parent (widget)), widget);
    }
  gtk_container_foreach (GTK_CONTAINER (self->slot), (GtkCallback) gtk_widget_destroy, NULL);
  self->frame = NULL;
  g_clear_object (&self->display);
}

static void
add_display (GhConsole *self,
             GhDisplay *display)
{
  g_autofree char *name = NULL;
  GtkWidget *widget = gh_display_get_widget (display);
  AtkObject *accessible = NULL;

  self->display = g_object_ref (display);
  self->input = gh_display_get_input_widget (display);
  gh_display_set_scaling (display, self->scaling);
  gh_display_set_resize_guest (display, self->resize_guest);
  g_signal_connect (display, "notify::can-resize-guest", G_CALLBACK (display_can_resize_cb), self);
  g_signal_connect (display, "notify::takes-input", G_CALLBACK (display_takes_input_cb), self);
  g_signal_connect (self->input, "button-press-event", G_CALLBACK (input_button_cb), self);

  accessible = gtk_widget_get_accessible (self->input);
  name = self->kind == GH_CONSOLE_SERIAL
           ? g_strdup_printf (_("Serial terminal of %s"), get_machine_label (self))
           : g_strdup_printf (_("Screen of %s"), get_machine_label (self));
  atk_object_set_name (accessible, name);

  if (self->kind == GH_CONSOLE_SERIAL)
    {
      gtk_box_pack_start (GTK_BOX (self->slot), widget, TRUE, TRUE, 0);
    }
  else
    {
      GtkWidget *scroller = gtk_scrolled_window_new (NULL, NULL);

      self->frame = GH_CONSOLE_FRAME (gh_console_frame_new ());
      gh_console_frame_set_shrinks (self->frame, self->scaling || self->resize_guest);
      gtk_container_add (GTK_CONTAINER (self->frame), widget);
      gtk_container_add (GTK_CONTAINER (scroller), GTK_WIDGET (self->frame));
      gtk_widget_show (scroller);
      gtk_box_pack_start (GTK_BOX (self->slot), scroller, TRUE, TRUE, 0);
      gtk_widget_show (gtk_bin_get_child (GTK_BIN (scroller)));
    }
  gtk_widget_show (widget);
}

static void
update_buttons (GhConsole *self)
{
  gboolean serial = self->kind == GH_CONSOLE_SERIAL;
  gboolean shown = self->state == GH_CONSOLE_SHOWN;
  gboolean other = serial ? self->has_graphics : self->has_serial;
  GhMachine *machine = gh_console_link_get_machine (self->link);
  /* What is shown can be used even while its host does not answer. */
  gboolean active = shown || (machine != NULL && gh_machine_is_active (machine));

  g_simple_action_set_enabled (get_action (self, "send-keys"), active);
  g_simple_action_set_enabled (get_action (self, "screenshot"), active);
  g_simple_action_set_enabled (get_action (self, "fullscreen"), shown || self->fullscreen);
  g_simple_action_set_enabled (get_action (self, "scaling"), !serial);
  g_simple_action_set_enabled (get_action (self, "copy"), serial && shown);
  g_simple_action_set_enabled (get_action (self, "paste"), serial && shown);
  g_simple_action_set_enabled (get_action (self, "release"), shown);
  g_simple_action_set_enabled (get_action (self, "other-kind"), other);
  g_simple_action_set_enabled (get_action (self, "disconnect"),
                               shown || self->state == GH_CONSOLE_CONNECTING);
  g_simple_action_set_enabled (get_action (self, "reconnect"),
                               self->state == GH_CONSOLE_LOST || self->state == GH_CONSOLE_CLOSED ||
                               self->state == GH_CONSOLE_NOT_AVAILABLE);
  if (self->display == NULL)
    set_can_resize_guest (self, FALSE);

  gtk_widget_set_visible (self->other_button, other);
  gtk_widget_set_visible (self->bar, shown && !self->fullscreen);
  gtk_label_set_text (GTK_LABEL (self->top_label), get_machine_label (self));
  g_object_set (self->keys_button, "sensitive", active, NULL);
}

static void
link_changed_cb (GhConsoleLink *link,
                 GhConsole     *self)
{
  GhDisplay *display = gh_console_link_get_display (link);
  GhConsoleState state = gh_console_link_get_state (link);
  const char *title = gh_console_link_get_title (link);
  const char *text = gh_console_link_get_text (link);
  g_autofree char *status = NULL;
  gboolean shown = FALSE;
  gboolean newly_shown = FALSE;

  g_object_freeze_notify (G_OBJECT (self));

  if (self->display != display)
    {
      remove_display (self);
      if (display != NULL)
        add_display (self, display);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_RESIZE_GUEST]);
    }

  shown = state == GH_CONSOLE_SHOWN && self->display != NULL;
  newly_shown = shown && self->state != GH_CONSOLE_SHOWN;
  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    }
  status = text != NULL ? g_strdup_printf ("%s. %s", title, text) : g_strdup (title);
  if (g_strcmp0 (status, self->status_text) != 0)
    {
      g_free (self->status_text);
      self->status_text = g_steal_pointer (&status);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS_TEXT]);
    }
  if (self->has_graphics != gh_console_link_get_has_graphics (link))
    {
      self->has_graphics = !self->has_graphics;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HAS_GRAPHICS]);
    }
  if (self->has_serial != gh_console_link_get_has_serial (link))
    {
      self->has_serial = !self->has_serial;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HAS_SERIAL]);
    }

  gh_console_page_show_link (GH_CONSOLE_PAGE (self->page), link);
  gtk_widget_set_visible (self->page, !shown);
  gtk_widget_queue_draw (self->page);
  update_buttons (self);
  if (newly_shown)
    focus_display (self);
  update_grabbed (self);

  g_object_thaw_notify (G_OBJECT (self));
}

/* Under the page: the last picture of a display that is coming back. */
static gboolean
page_draw_cb (GtkWidget *widget,
              cairo_t   *cr,
              GhConsole *self)
{
  GdkPixbuf *frame = gh_console_link_get_last_frame (self->link);
  double width = gtk_widget_get_allocated_width (widget);
  double height = gtk_widget_get_allocated_height (widget);
  double scale = 1;

  if (frame == NULL)
    return GDK_EVENT_PROPAGATE;

  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_paint (cr);
  if (self->scaling)
    scale = MIN (width / gdk_pixbuf_get_width (frame), height / gdk_pixbuf_get_height (frame));
  cairo_save (cr);
  cairo_translate (cr, MAX (0, (width - gdk_pixbuf_get_width (frame) * scale) / 2),
                   MAX (0, (height - gdk_pixbuf_get_height (frame) * scale) / 2));
  cairo_scale (cr, scale, scale);
  gdk_cairo_set_source_pixbuf (cr, frame, 0, 0);
  cairo_paint_with_alpha (cr, 0.35);
  cairo_restore (cr);
  return GDK_EVENT_PROPAGATE;
}

static void
request_other_kind (GhConsole *self)
{
  g_signal_emit (self, signals[KIND_REQUESTED], 0,
                 self->kind == GH_CONSOLE_SERIAL ? GH_CONSOLE_GRAPHICAL : GH_CONSOLE_SERIAL);
}

static void
page_button_clicked_cb (GhConsole *self)
{
  switch (gh_console_link_get_offer (self->link))
    {
    case GH_CONSOLE_OFFER_RUN:
      gh_console_link_run_machine (self->link);
      break;
    case GH_CONSOLE_OFFER_RUN_IN_DOUBT:
      g_signal_emit (self, signals[DOUBT_ASKED], 0);
      break;
    case GH_CONSOLE_OFFER_CONNECT:
      gh_console_link_connect (self->link);
      break;
    case GH_CONSOLE_OFFER_OTHER_KIND:
      request_other_kind (self);
      break;
    case GH_CONSOLE_OFFER_NOTHING:
    case GH_CONSOLE_OFFER_PASSWORD:
    default:
      break;
    }
}

static void
page_password_given_cb (GhConsolePage *page,
                        const char    *user,
                        const char    *password,
                        GhConsole     *self)
{
  gh_console_link_give_password (self->link, user, password);
}

/* --- Actions --- */

static void
send_keys_activated_cb (GSimpleAction *action,
                        GVariant      *parameter,
                        gpointer       user_data)
{
  gh_console_send_keys (user_data, g_variant_get_string (parameter, NULL));
}

static void
fullscreen_change_cb (GSimpleAction *action,
                      GVariant      *value,
                      gpointer       user_data)
{
  GhConsole *self = user_data;

  /* The state follows when the window has done it. */
  if (g_variant_get_boolean (value) != self->fullscreen)
    g_signal_emit (self, signals[FULLSCREEN_REQUESTED], 0, g_variant_get_boolean (value));
}

static void
scaling_change_cb (GSimpleAction *action,
                   GVariant      *value,
                   gpointer       user_data)
{
  gh_console_set_scaling (user_data, g_variant_get_boolean (value));
}

static void
resize_guest_change_cb (GSimpleAction *action,
                        GVariant      *value,
                        gpointer       user_data)
{
  gh_console_set_resize_guest (user_data, g_variant_get_boolean (value));
}

static void
screenshot_activated_cb (GSimpleAction *action,
                         GVariant      *parameter,
                         gpointer       user_data)
{
  g_signal_emit (user_data, signals[SCREENSHOT_REQUESTED], 0);
}

static void
reconnect_activated_cb (GSimpleAction *action,
                        GVariant      *parameter,
                        gpointer       user_data)
{
  gh_console_connect (user_data);
}

static void
disconnect_activated_cb (GSimpleAction *action,
                         GVariant      *parameter,
                         gpointer       user_data)
{
  gh_console_disconnect (user_data);
}

static void
copy_activated_cb (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  GhConsole *self = user_data;

  if (self->display != NULL)
    gh_display_copy (self->display);
}

static void
paste_activated_cb (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  GhConsole *self = user_data;

  if (self->display != NULL)
    gh_display_paste (self->display);
}

static void
release_activated_cb (GSimpleAction *action,
                      GVariant      *parameter,
                      gpointer       user_data)
{
  gh_console_release (user_data);
}

static void
other_kind_activated_cb (GSimpleAction *action,
                         GVariant      *parameter,
                         gpointer       user_data)
{
  request_other_kind (user_data);
}

static const GActionEntry action_entries[] = {
  { "send-keys", send_keys_activated_cb, "s", NULL, NULL },
  { "fullscreen", NULL, NULL, "false", fullscreen_change_cb },
  { "scaling", NULL, NULL, "true", scaling_change_cb },
  { "resize-guest", NULL, NULL, "false", resize_guest_change_cb },
  { "screenshot", screenshot_activated_cb, NULL, NULL, NULL },
  { "reconnect", reconnect_activated_cb, NULL, NULL, NULL },
  { "disconnect", disconnect_activated_cb, NULL, NULL, NULL },
  { "copy", copy_activated_cb, NULL, NULL, NULL },
  { "paste", paste_activated_cb, NULL, NULL, NULL },
  { "release", release_activated_cb, NULL, NULL, NULL },
  { "other-kind", other_kind_activated_cb, NULL, NULL, NULL },
};

/* --- Virtual functions --- */

static void
gh_console_hierarchy_changed (GtkWidget *widget,
                              GtkWidget *previous)
{
  GtkWidget *toplevel = gtk_widget_get_toplevel (widget);

  set_toplevel (GH_CONSOLE (widget), GTK_IS_WINDOW (toplevel) ? toplevel : NULL);
}

static void
gh_console_map (GtkWidget *widget)
{
  GhConsole *self = GH_CONSOLE (widget);

  GTK_WIDGET_CLASS (gh_console_parent_class)->map (widget);
  gh_console_link_want (self->link);
}

static void
gh_console_grab_focus (GtkWidget *widget)
{
  GhConsole *self = GH_CONSOLE (widget);

  if (self->input != NULL && self->state == GH_CONSOLE_SHOWN)
    gtk_widget_grab_focus (self->input);
  else
    gtk_widget_child_focus (self->page, GTK_DIR_TAB_FORWARD);
}

static void
gh_console_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  GhConsole *self = GH_CONSOLE (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, gh_console_get_machine (self));
      break;
    case PROP_KIND:
      g_value_set_enum (value, self->kind);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, self->status_text);
      break;
    case PROP_GRABBED:
      g_value_set_boolean (value, self->grabbed);
      break;
    case PROP_SCALING:
      g_value_set_boolean (value, self->scaling);
      break;
    case PROP_RESIZE_GUEST:
      g_value_set_boolean (value, self->resize_guest);
      break;
    case PROP_CAN_RESIZE_GUEST:
      g_value_set_boolean (value, self->display != NULL &&
                                    gh_display_get_can_resize_guest (self->display));
      break;
    case PROP_FULLSCREEN:
      g_value_set_boolean (value, self->fullscreen);
      break;
    case PROP_ON_HOLD:
      g_value_set_boolean (value, gh_console_link_get_on_hold (self->link));
      break;
    case PROP_HAS_GRAPHICS:
      g_value_set_boolean (value, self->has_graphics);
      break;
    case PROP_HAS_SERIAL:
      g_value_set_boolean (value, self->has_serial);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_console_set_property (GObject      *object,
                         guint         prop_id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  GhConsole *self = GH_CONSOLE (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      gh_console_set_machine (self, g_value_get_object (value));
      break;
    case PROP_KIND:
      self->kind = g_value_get_enum (value);
      break;
    case PROP_SCALING:
      gh_console_set_scaling (self, g_value_get_boolean (value));
      break;
    case PROP_RESIZE_GUEST:
      gh_console_set_resize_guest (self, g_value_get_boolean (value));
      break;
    case PROP_FULLSCREEN:
      gh_console_set_fullscreen (self, g_value_get_boolean (value));
      break;
    case PROP_ON_HOLD:
      gh_console_set_on_hold (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_console_constructed (GObject *object)
{
  GhConsole *self = GH_CONSOLE (object);
  gboolean serial = self->kind == GH_CONSOLE_SERIAL;

  G_OBJECT_CLASS (gh_console_parent_class)->constructed (object);

  gtk_widget_set_visible (self->copy_button, serial);
  gtk_widget_set_visible (self->paste_button, serial);
  gtk_widget_set_visible (self->scaling_button, !serial);
  gtk_widget_set_visible (self->resize_button, !serial);
  gtk_widget_set_visible (self->screenshot_button, !serial);
  if (serial)
    {
      gtk_button_set_image (GTK_BUTTON (self->other_button),
                            gtk_image_new_from_icon_name ("video-display-symbolic",
                                                          GTK_ICON_SIZE_BUTTON));
      gtk_widget_set_tooltip_text (self->other_button, _("Show the screen"));
      atk_object_set_name (gtk_widget_get_accessible (self->other_button), _("Show the screen"));
    }

  self->link = gh_console_link_new (self->kind);
  g_signal_connect (self->link, "changed", G_CALLBACK (link_changed_cb), self);
  link_changed_cb (self->link, self);
}

static void
gh_console_dispose (GObject *object)
{
  GhConsole *self = GH_CONSOLE (object);

  g_clear_handle_id (&self->top_hide_id, g_source_remove);
  set_toplevel (self, NULL);
  if (self->link != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->link, self);
      /* The widget goes before the connection does. */
      if (self->display != NULL)
        remove_display (self);
      gh_console_link_set_machine (self->link, NULL);
    }
  g_clear_object (&self->link);
  g_clear_object (&self->actions);
  G_OBJECT_CLASS (gh_console_parent_class)->dispose (object);
}

static void
gh_console_finalize (GObject *object)
{
  g_free (GH_CONSOLE (object)->status_text);
  G_OBJECT_CLASS (gh_console_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags write = read | G_PARAM_WRITABLE;

  properties[PROP_MACHINE] =
    g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE, write);
  properties[PROP_KIND] =
    g_param_spec_enum ("kind", NULL, NULL, gh_console_kind_get_type (), GH_CONSOLE_GRAPHICAL,
                       write | G_PARAM_CONSTRUCT_ONLY);
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, GH_TYPE_CONSOLE_STATE, GH_CONSOLE_WAITING, read);
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL, read);
  properties[PROP_GRABBED] = g_param_spec_boolean ("grabbed", NULL, NULL, FALSE, read);
  properties[PROP_SCALING] = g_param_spec_boolean ("scaling", NULL, NULL, TRUE, write);
  properties[PROP_RESIZE_GUEST] = g_param_spec_boolean ("resize-guest", NULL, NULL, FALSE, write);
  properties[PROP_CAN_RESIZE_GUEST] =
    g_param_spec_boolean ("can-resize-guest", NULL, NULL, FALSE, read);
  properties[PROP_FULLSCREEN] = g_param_spec_boolean ("fullscreen", NULL, NULL, FALSE, write);
  properties[PROP_ON_HOLD] = g_param_spec_boolean ("on-hold", NULL, NULL, FALSE, write);
  properties[PROP_HAS_GRAPHICS] = g_param_spec_boolean ("has-graphics", NULL, NULL, FALSE, read);
  properties[PROP_HAS_SERIAL] = g_param_spec_boolean ("has-serial", NULL, NULL, FALSE, read);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_console_class_init (GhConsoleClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->constructed = gh_console_constructed;
  object_class->dispose = gh_console_dispose;
  object_class->finalize = gh_console_finalize;
  object_class->get_property = gh_console_get_property;
  object_class->set_property = gh_console_set_property;
  widget_class->grab_focus = gh_console_grab_focus;
  widget_class->hierarchy_changed = gh_console_hierarchy_changed;
  widget_class->map = gh_console_map;

  install_properties (object_class);

  signals[FULLSCREEN_REQUESTED] =
    g_signal_new ("fullscreen-requested", GH_TYPE_CONSOLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[SCREENSHOT_REQUESTED] =
    g_signal_new ("screenshot-requested", GH_TYPE_CONSOLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
  signals[KIND_REQUESTED] =
    g_signal_new ("kind-requested", GH_TYPE_CONSOLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, gh_console_kind_get_type ());
  signals[DOUBT_ASKED] =
    g_signal_new ("doubt-asked", GH_TYPE_CONSOLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  gh_console_ensure_resources ();
  g_type_ensure (GH_TYPE_CONSOLE_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/guesthouse/Guesthouse/console/gh-console.ui");
  gtk_widget_class_bind_template_child (widget_class, GhConsole, slot);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, page);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, top_edge);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, top_revealer);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, top_label);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, top_keys_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, bar);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, hint_label);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, other_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, copy_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, paste_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, scaling_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, resize_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, keys_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, screenshot_button);
  gtk_widget_class_bind_template_child (widget_class, GhConsole, fullscreen_button);
  gtk_widget_class_bind_template_callback (widget_class, page_draw_cb);
  gtk_widget_class_bind_template_callback (widget_class, page_button_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, page_password_given_cb);
  gtk_widget_class_bind_template_callback (widget_class, top_entered_cb);
  gtk_widget_class_bind_template_callback (widget_class, top_left_cb);
}

static void
gh_console_init (GhConsole *self)
{
  g_autoptr (GMenuModel) keys = gh_console_dup_keys_menu ();

  self->scaling = TRUE;
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "console", G_ACTION_GROUP (self->actions));

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (self->keys_button), keys);
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (self->top_keys_button), keys);
}

/* --- Public functions --- */

/**
 * gh_console_new:
 * @kind: graphical or serial
 *
 * Returns: (transfer floating): a console without a machine
 */
GtkWidget *
gh_console_new (GhConsoleKind kind)
{
  return g_object_new (GH_TYPE_CONSOLE, "kind", kind, "visible", TRUE, NULL);
}

/**
 * gh_console_get_machine:
 * @self: a console
 *
 * Returns: (transfer none) (nullable): the machine it shows
 */
GhMachine *
gh_console_get_machine (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), NULL);

  return self->link != NULL ? gh_console_link_get_machine (self->link) : NULL;
}

/**
 * gh_console_set_machine:
 * @self: a console
 * @machine: (nullable): the machine to show
 *
 * Closes what is open. The console of the new machine opens when it can be seen.
 */
void
gh_console_set_machine (GhConsole *self,
                        GhMachine *machine)
{
  g_return_if_fail (GH_IS_CONSOLE (self));
  g_return_if_fail (machine == NULL || GH_IS_MACHINE (machine));

  if (gh_console_link_get_machine (self->link) == machine)
    return;
  gh_console_link_set_machine (self->link, machine);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MACHINE]);
}

GhConsoleKind
gh_console_get_kind (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), GH_CONSOLE_GRAPHICAL);

  return self->kind;
}

GhConsoleState
gh_console_get_state (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), GH_CONSOLE_WAITING);

  return self->state;
}

/**
 * gh_console_get_status_text:
 * @self: a console
 *
 * Returns: (transfer none): what the page in front of the screen says; translated
 */
const char *
gh_console_get_status_text (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), NULL);

  return self->status_text;
}

gboolean
gh_console_get_grabbed (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), FALSE);

  return self->grabbed;
}

/**
 * gh_console_get_actions:
 * @self: a console
 *
 * Returns: (transfer none): the group "console"
 */
GActionGroup *
gh_console_get_actions (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), NULL);

  return G_ACTION_GROUP (self->actions);
}

gboolean
gh_console_get_has_graphics (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), FALSE);

  return self->has_graphics;
}

gboolean
gh_console_get_has_serial (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), FALSE);

  return self->has_serial;
}

/**
 * gh_console_connect:
 * @self: a console
 *
 * Opens it at once, whatever kept it closed.
 */
void
gh_console_connect (GhConsole *self)
{
  g_return_if_fail (GH_IS_CONSOLE (self));

  gh_console_link_connect (self->link);
}

/**
 * gh_console_disconnect:
 * @self: a console
 *
 * Closes it, so that another program can show the machine.
 */
void
gh_console_disconnect (GhConsole *self)
{
  g_return_if_fail (GH_IS_CONSOLE (self));

  gh_console_link_disconnect (self->link);
}

void
gh_console_set_on_hold (GhConsole *self,
                        gboolean   on_hold)
{
  g_return_if_fail (GH_IS_CONSOLE (self));

  if (gh_console_link_get_on_hold (self->link) == !!on_hold)
    return;
  gh_console_link_set_on_hold (self->link, !!on_hold);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ON_HOLD]);
}

gboolean
gh_console_get_scaling (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), FALSE);

  return self->scaling;
}

static void
update_frame (GhConsole *self)
{
  if (self->frame != NULL)
    gh_console_frame_set_shrinks (self->frame, self->scaling || self->resize_guest);
}

void
gh_console_set_scaling (GhConsole *self,
                        gboolean   scaling)
{
  g_return_if_fail (GH_IS_CONSOLE (self));

  if (self->scaling == !!scaling)
    return;
  self->scaling = !!scaling;
  g_simple_action_set_state (get_action (self, "scaling"), g_variant_new_boolean (self->scaling));
  if (self->display != NULL)
    gh_display_set_scaling (self->display, self->scaling);
  update_frame (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SCALING]);
}

gboolean
gh_console_get_resize_guest (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), FALSE);

  return self->resize_guest;
}

void
gh_console_set_resize_guest (GhConsole *self,
                             gboolean   resize_guest)
{
  g_return_if_fail (GH_IS_CONSOLE (self));

  if (self->resize_guest == !!resize_guest)
    return;
  self->resize_guest = !!resize_guest;
  g_simple_action_set_state (get_action (self, "resize-guest"),
                             g_variant_new_boolean (self->resize_guest));
  if (self->display != NULL)
    gh_display_set_resize_guest (self->display, self->resize_guest);
  update_frame (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RESIZE_GUEST]);
}

gboolean
gh_console_get_fullscreen (GhConsole *self)
{
  g_return_val_if_fail (GH_IS_CONSOLE (self), FALSE);

  return self->fullscreen;
}

/**
 * gh_console_set_fullscreen:
 * @self: a console
 * @fullscreen: whether its window is full screen and shows nothing else
 *
 * To be called by the window.
 */
void
gh_console_set_fullscreen (GhConsole *self,
                           gboolean   fullscreen)
{
  g_return_if_fail (GH_IS_CONSOLE (self));

  if (self->fullscreen == !!fullscreen)
    return;
  self->fullscreen = !!fullscreen;
  g_simple_action_set_state (get_action (self, "fullscreen"),
                             g_variant_new_boolean (self->fullscreen));
  gtk_widget_set_visible (self->top_edge, self->fullscreen);
  if (self->fullscreen)
    reveal_top (self, TOP_BAR_FIRST_MS);
  update_buttons (self);
  focus_display (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FULLSCREEN]);
}

/**
 * gh_console_release:
 * @self: a console
 *
 * Gives keyboard and mouse back; the focus goes to the console's own buttons, from where
 * Tab and shortcuts work as everywhere.
 */
void
gh_console_release (GhConsole *self)
{
  g_return_if_fail (GH_IS_CONSOLE (self));

  if (self->display != NULL)
    gh_display_release (self->display);
  if (self->fullscreen)
    {
      reveal_top (self, TOP_BAR_FIRST_MS);
      gtk_widget_grab_focus (self->top_keys_button);
    }
  else
    {
      gtk_widget_grab_focus (self->keys_button);
    }
}

static void
keys_sent_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  if (!gh_machine_send_keys_finish (GH_MACHINE (object), result, &error))
    g_message ("Could not send keys: %s", error->message);
}

/**
 * gh_console_send_keys:
 * @self: a console
 * @name: of a key combination
 *
 * Returns: %FALSE when there is no such combination, or no running machine
 */
gboolean
gh_console_send_keys (GhConsole  *self,
                      const char *name)
{
  const GhKeyCombination *keys = gh_key_combinations_find (name);
  GhMachine *machine = gh_console_get_machine (self);
  guint n = 0;

  g_return_val_if_fail (GH_IS_CONSOLE (self), FALSE);

  if (keys == NULL || machine == NULL)
    return FALSE;
  if (self->display != NULL && self->state == GH_CONSOLE_SHOWN &&
      gh_display_send_keys (self->display, keys->keyvals))
    return TRUE;
  if (!gh_machine_is_active (machine))
    return FALSE;

  while (keys->codes[n] != 0)
    n++;
  gh_machine_send_keys_async (machine, keys->codes, n, KEY_HOLD_MS, NULL, keys_sent_cb, NULL);
  return TRUE;
}

static void
screenshot_saved_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_console_screenshot_save_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * gh_console_take_screenshot_async:
 * @self: a console
 * @file: where to; replaced if it exists
 * @cancellable: (nullable): leaves no file
 * @callback: called when it is saved
 * @user_data: for @callback
 *
 * Saves the guest's screen as PNG: what the display shows, or what the host sees.
 */
void
gh_console_take_screenshot_async (GhConsole           *self,
                                  GFile               *file,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GdkPixbuf) frame = NULL;
  GhMachine *machine = NULL;

  g_return_if_fail (GH_IS_CONSOLE (self));
  g_return_if_fail (G_IS_FILE (file));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_console_take_screenshot_async);
  machine = gh_console_get_machine (self);
  if (self->display != NULL && self->state == GH_CONSOLE_SHOWN)
    frame = gh_display_dup_frame (self->display);
  if (frame == NULL && (machine == NULL || !gh_machine_is_active (machine)))
    {
      g_task_return_new_error (task, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_NO_DISPLAY, "%s",
                               _("The machine is off."));
      return;
    }

  gh_console_screenshot_save_async (machine, frame, file, cancellable, screenshot_saved_cb,
                                    g_steal_pointer (&task));
}

gboolean
gh_console_take_screenshot_finish (GhConsole     *self,
                                   GAsyncResult  *result,
                                   GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
