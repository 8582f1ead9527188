/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-spice-display"

#include "config.h"

#include "gh-spice-display.h"

#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <gmodule.h>
#include <spice-client-gtk.h>

#include "gh-host.h"
#include "gh-virt-error.h"

/* How long to wait for a picture once the channel is open: a guest may show nothing at all. */
#define BLANK_MS 2000
/* Screen, cursor and input need a socket each: fetched while the main channel says hello. */
#define N_SPARES 3
/* Pictures above this are not copied; the guest chooses the size. */
#define MAX_PIXELS (64 * 1024 * 1024)

/* One SPICE session. Each of its channels needs a socket of its own, which is fetched from the
 * machine's host when the channel asks; the first one is given. The guest speaks to us
 * through spice-gtk, whose channels may come, fail and go in any order: every handler checks that
 * what it needs is still there. */
struct _GhSpiceDisplay
{
  GhDisplay         parent_instance;

  GhMachine        *machine; /* (owned) (nullable): NULL over the network */
  guint             graphics_index;
  char             *tunnel_host; /* (nullable): each socket is a way to it through the host's ssh */
  guint             tunnel_port;
  GCancellable     *cancellable; /* (owned): of the sockets being fetched */
  GQueue            spares;      /* sockets that no channel asked for yet */
  GQueue            waiting;     /* (element-type SpiceChannel) (owned): without a socket yet */
  guint             n_fetching;
  SpiceSession     *session;     /* (owned) (nullable) */
  SpiceMainChannel *main;        /* (unowned) (nullable): lives with the session */
  SpiceChannel     *screen;      /* (unowned) (nullable): the display channel shown */
  GtkWidget        *widget;      /* (owned) (nullable): a SpiceDisplay */
  gboolean          ending;      /* the first report of a loss counts */
  guint             end_id;
  guint             blank_id;
  GError           *end_error;   /* (nullable) */
  gboolean          end_password;
  gboolean          end_user;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceChannel, g_object_unref)

G_DEFINE_FINAL_TYPE (GhSpiceDisplay, gh_spice_display, GH_TYPE_DISPLAY)

/* --- The end of it --- */

static gboolean
end_cb (gpointer user_data)
{
  g_autoptr (GhSpiceDisplay) self = g_object_ref (user_data);

  self->end_id = 0;
  if (self->end_password)
    gh_display_emit_password_needed (GH_DISPLAY (self), self->end_user);
  else
    gh_display_emit_lost (GH_DISPLAY (self), self->end_error);
  return G_SOURCE_REMOVE;
}

/* Reports the end later, for channels report theirs from where they cannot be taken down.
 * Takes @error. */
static void
end (GhSpiceDisplay *self,
     GError         *error)
{
  if (self->ending)
    {
      g_clear_error (&error);
      return;
    }
  self->ending = TRUE;
  self->end_error = error;
  self->end_id = g_idle_add (end_cb, self);
}

static GError *
get_channel_error (SpiceChannel      *channel,
                   SpiceChannelEvent  event)
{
  const GError *cause = spice_channel_get_error (channel);
  const char *text = NULL;

  switch (event)
    {
    case SPICE_CHANNEL_ERROR_CONNECT:
      text = _("The display could not be reached.");
      break;
    case SPICE_CHANNEL_ERROR_TLS:
      text = _("The display's encryption (TLS) was not accepted.");
      break;
    case SPICE_CHANNEL_ERROR_LINK:
      text = _("The display did not answer as SPICE does.");
      break;
    case SPICE_CHANNEL_ERROR_AUTH:
      text = _("The display refused us.");
      break;
    case SPICE_CHANNEL_NONE:
    case SPICE_CHANNEL_OPENED:
    case SPICE_CHANNEL_SWITCHING:
    case SPICE_CHANNEL_CLOSED:
    case SPICE_CHANNEL_ERROR_IO:
    default:
      text = _("The connection to the display broke.");
    }

  /* The cause is SPICE's own English; it is for the log. */
  if (cause != NULL)
    g_debug ("Channel error %d: %s", event, cause->message);
  return g_error_new_literal (GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_PROTOCOL, text);
}

static void
channel_event_cb (SpiceChannel      *channel,
                  SpiceChannelEvent  event,
                  GhSpiceDisplay    *self)
{
  const GError *cause = NULL;

  switch (event)
    {
    case SPICE_CHANNEL_NONE:
    case SPICE_CHANNEL_OPENED:
    case SPICE_CHANNEL_SWITCHING:
      return;
    case SPICE_CHANNEL_CLOSED:
      end (self, NULL);
      return;
    case SPICE_CHANNEL_ERROR_AUTH:
      cause = spice_channel_get_error (channel);
      self->end_user = g_error_matches (cause, SPICE_CLIENT_ERROR,
                                        SPICE_CLIENT_ERROR_AUTH_NEEDS_USERNAME) ||
                       g_error_matches (cause, SPICE_CLIENT_ERROR,
                                        SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD_AND_USERNAME);
      self->end_password = self->end_user ||
                           g_error_matches (cause, SPICE_CLIENT_ERROR,
                                            SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD);
      end (self, get_channel_error (channel, event));
      return;
    case SPICE_CHANNEL_ERROR_CONNECT:
    case SPICE_CHANNEL_ERROR_TLS:
    case SPICE_CHANNEL_ERROR_LINK:
    case SPICE_CHANNEL_ERROR_IO:
    default:
      end (self, get_channel_error (channel, event));
      return;
    }
}

/* --- Sockets --- */

static gboolean
is_needed (SpiceChannel *channel)
{
  return SPICE_IS_MAIN_CHANNEL (channel) || SPICE_IS_DISPLAY_CHANNEL (channel) ||
         SPICE_IS_INPUTS_CHANNEL (channel);
}

static void
socket_fetched_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GhSpiceDisplay) self = user_data;
  g_autoptr (SpiceChannel) channel = NULL;
  g_autoptr (GError) error = NULL;
  int fd = gh_machine_open_graphics_finish (GH_MACHINE (object), result, &error);

  self->n_fetching--;
  if (self->session == NULL)
    {
      if (fd >= 0)
        close (fd);
      return;
    }

  channel = g_queue_pop_head (&self->waiting);
  if (fd >= 0 && channel == NULL)
    g_queue_push_tail (&self->spares, GINT_TO_POINTER (fd));
  else if (fd >= 0)
    spice_channel_open_fd (channel, fd);
  else if (channel != NULL && is_needed (channel))
    end (self, g_steal_pointer (&error));
  else
    /* A spare one, or sound and the like: the guest can be used without. */
    g_debug ("A channel stays closed: %s", error->message);
}

/* Returns -1 where that cannot be; the host may have been lost. */
static int
open_tunnel (GhSpiceDisplay *self)
{
  GhHost *host = gh_machine_get_host (self->machine);
  g_autoptr (GError) error = NULL;
  int fd = host != NULL ? gh_host_open_tunnel (host, self->tunnel_host, self->tunnel_port, &error)
                        : -1;

  if (error != NULL)
    g_debug ("No tunnel: %s", error->message);
  return fd;
}

static void
fetch_socket (GhSpiceDisplay *self)
{
  self->n_fetching++;
  gh_machine_open_graphics_async (self->machine, self->graphics_index, self->cancellable,
                                  socket_fetched_cb, g_object_ref (self));
}

static void
channel_open_fd_cb (SpiceChannel   *channel,
                    int             tls,
                    GhSpiceDisplay *self)
{
  int fd = -1;

  if (self->machine == NULL || self->ending)
    return;
  if (self->tunnel_host != NULL)
    {
      fd = open_tunnel (self);
      if (fd >= 0)
        spice_channel_open_fd (channel, fd);
      else if (is_needed (channel))
        end (self, NULL);
      return;
    }

  if (!g_queue_is_empty (&self->spares))
    {
      spice_channel_open_fd (channel, GPOINTER_TO_INT (g_queue_pop_head (&self->spares)));
      return;
    }
  g_queue_push_tail (&self->waiting, g_object_ref (channel));
  if (self->n_fetching < self->waiting.length)
    fetch_socket (self);
}

/* --- Sound --- */

typedef gboolean (*GstInitFunc) (int *argc, char ***argv, GError **error);

static gboolean
sound_ready_cb (gpointer user_data)
{
  GhSpiceDisplay *self = user_data;

  /* Makes and connects whatever plays the channels there are. */
  if (self->session != NULL && !self->ending)
    spice_audio_get (self->session, NULL);
  return G_SOURCE_REMOVE;
}

/* GStreamer looks through all its plugins when it is first used, for seconds after an update.
 * spice-gtk would do it on the main thread; once done, its own call returns at once. */
static gpointer
sound_worker (gpointer user_data)
{
  GModule *module = g_module_open ("libgstreamer-1.0.so.0", G_MODULE_BIND_LAZY);
  GstInitFunc init = NULL;

  if (module != NULL && g_module_symbol (module, "gst_init_check", (gpointer *) &init))
    init (NULL, NULL, NULL);
  g_idle_add_full (G_PRIORITY_LOW, sound_ready_cb, user_data, g_object_unref);
  return NULL;
}

/* --- Channels --- */

static gboolean
blank_cb (gpointer user_data)
{
  GhSpiceDisplay *self = user_data;

  self->blank_id = 0;
  gh_display_emit_shown (GH_DISPLAY (self));
  return G_SOURCE_REMOVE;
}

static void
screen_event_cb (SpiceChannel      *channel,
                 SpiceChannelEvent  event,
                 GhSpiceDisplay    *self)
{
  if (event == SPICE_CHANNEL_OPENED && self->blank_id == 0 && self->session != NULL)
    self->blank_id = g_timeout_add (BLANK_MS, blank_cb, self);
}

static void
input_event_cb (SpiceChannel      *channel,
                SpiceChannelEvent  event,
                GhSpiceDisplay    *self)
{
  gh_display_set_takes_input (GH_DISPLAY (self), event == SPICE_CHANNEL_OPENED);
}

static void
agent_changed_cb (SpiceMainChannel *channel,
                  GParamSpec       *pspec,
                  GhSpiceDisplay   *self)
{
  gboolean connected = FALSE;

  g_object_get (channel, "agent-connected", &connected, NULL);
  gh_display_set_can_resize_guest (GH_DISPLAY (self), connected);
}

static void
channel_destroyed_cb (SpiceSession   *session,
                      SpiceChannel   *channel,
                      GhSpiceDisplay *self)
{
  if (channel == (SpiceChannel *) self->main)
    self->main = NULL;
  if (channel == self->screen)
    self->screen = NULL;
}

/* --- The picture --- */

static gboolean
is_ready (GhSpiceDisplay *self)
{
  gboolean ready = FALSE;

  if (self->widget != NULL)
    g_object_get (self->widget, "ready", &ready, NULL);
  return ready;
}

static void
ready_changed_cb (GtkWidget      *widget,
                  GParamSpec     *pspec,
                  GhSpiceDisplay *self)
{
  if (is_ready (self))
    gh_display_emit_shown (GH_DISPLAY (self));
}

static gboolean
drawn_cb (GtkWidget      *widget,
          cairo_t        *cr,
          GhSpiceDisplay *self)
{
  if (is_ready (self))
    {
      g_signal_handlers_disconnect_by_func (widget, drawn_cb, self);
      gh_display_emit_drawn (GH_DISPLAY (self));
    }
  return GDK_EVENT_PROPAGATE;
}

/* Not before there is a screen: the widget complains about a session that has not said yet how it
 * takes the mouse. */
static void
make_widget (GhSpiceDisplay *self)
{
  SpiceGrabSequence *no_keys = spice_grab_sequence_new (0, NULL);

  self->widget = g_object_ref_sink (
    GTK_WIDGET (spice_display_new_with_monitor (self->session, 0, 0)));
  /* Letting go is the console's business, for all protocols alike. */
  spice_display_set_grab_keys (SPICE_DISPLAY (self->widget), no_keys);
  spice_grab_sequence_free (no_keys);
  g_object_set (self->widget, "scaling", TRUE, "resize-guest", FALSE, NULL);
  g_signal_connect (self->widget, "notify::ready", G_CALLBACK (ready_changed_cb), self);
  g_signal_connect_after (self->widget, "draw", G_CALLBACK (drawn_cb), self);
  gh_display_emit_made (GH_DISPLAY (self));
}

static void
channel_new_cb (SpiceSession   *session,
                SpiceChannel   *channel,
                GhSpiceDisplay *self)
{
  int id = -1;

  /* The widget connects the channels of screen, cursor and input, when it is made or hears of them
   * after us; what nobody connects costs nothing. */
  g_object_get (channel, "channel-id", &id, NULL);
  g_signal_connect_object (channel, "open-fd", G_CALLBACK (channel_open_fd_cb), self, 0);

  if (SPICE_IS_MAIN_CHANNEL (channel))
    {
      self->main = SPICE_MAIN_CHANNEL (channel);
      g_signal_connect_object (channel, "channel-event", G_CALLBACK (channel_event_cb), self, 0);
      g_signal_connect_object (channel, "notify::agent-connected", G_CALLBACK (agent_changed_cb),
                               self, 0);
    }
  else if (SPICE_IS_DISPLAY_CHANNEL (channel) && id == 0)
    {
      self->screen = channel;
      g_signal_connect_object (channel, "channel-event", G_CALLBACK (channel_event_cb), self, 0);
      g_signal_connect_object (channel, "channel-event", G_CALLBACK (screen_event_cb), self, 0);
      if (self->widget == NULL)
        make_widget (self);
    }
  else if (SPICE_IS_INPUTS_CHANNEL (channel))
    {
      g_signal_connect_object (channel, "channel-event", G_CALLBACK (input_event_cb), self, 0);
    }
  else if (SPICE_IS_PLAYBACK_CHANNEL (channel))
    {
      g_thread_unref (g_thread_new ("sound", sound_worker, g_object_ref (self)));
    }
}

static void
gh_spice_display_open (GhDisplay             *display,
                       const GhConsoleTarget *target,
                       int                    fd)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (display);
  g_autofree char *port = NULL;

  g_assert (self->session == NULL);

  self->session = spice_session_new ();
  g_object_set (self->session,
                "enable-usbredir", FALSE,
                "enable-smartcard", FALSE,
                "password", target->password,
                "username", target->user,
                NULL);
  g_signal_connect_object (self->session, "channel-new", G_CALLBACK (channel_new_cb), self, 0);
  g_signal_connect_object (self->session, "channel-destroy", G_CALLBACK (channel_destroyed_cb),
                           self, 0);
  g_object_set (spice_gtk_session_get (self->session),
                "auto-clipboard", target->clipboard,
                "auto-usbredir", FALSE,
                NULL);

  if (fd >= 0)
    {
      g_set_object (&self->machine, target->machine);
      self->graphics_index = target->index;
      self->tunnel_host = target->tunnel ? g_strdup (target->host) : NULL;
      self->tunnel_port = target->tunnel ? (guint) target->port : 0;
      if (!spice_session_open_fd (self->session, fd))
        end (self, NULL);
      for (guint i = 0; self->machine != NULL && !target->tunnel && i < N_SPARES; i++)
        fetch_socket (self);
      return;
    }

  port = g_strdup_printf ("%d", target->port);
  g_object_set (self->session, "host", target->host, "port", port, NULL);
  if (!spice_session_connect (self->session))
    end (self, NULL);
}

static void
gh_spice_display_close (GhDisplay *display)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (display);
  SpiceSession *session = g_steal_pointer (&self->session);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->end_id, g_source_remove);
  g_clear_handle_id (&self->blank_id, g_source_remove);

  /* The widget goes first: it still draws from the session's surfaces. */
  if (self->widget != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->widget, self);
      gtk_widget_destroy (self->widget);
    }
  g_clear_object (&self->widget);

  while (!g_queue_is_empty (&self->spares))
    close (GPOINTER_TO_INT (g_queue_pop_head (&self->spares)));
  g_queue_clear_full (&self->waiting, g_object_unref);

  self->main = NULL;
  self->screen = NULL;
  if (session != NULL)
    {
      g_signal_handlers_disconnect_by_data (session, self);
      spice_session_disconnect (session);
      g_object_unref (session);
    }
}

static GtkWidget *
gh_spice_display_get_widget (GhDisplay *display)
{
  return GH_SPICE_DISPLAY (display)->widget;
}

static void
gh_spice_display_release (GhDisplay *display)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (display);

  if (self->widget == NULL)
    return;

  spice_display_mouse_ungrab (SPICE_DISPLAY (self->widget));
  /* There is no call for it, but switching the grab off lets go, and switching it on again
   * grabs no sooner than the pointer and the focus are back. */
  g_object_set (self->widget, "grab-keyboard", FALSE, NULL);
  gtk_window_set_focus (GTK_WINDOW (gtk_widget_get_toplevel (self->widget)), NULL);
  g_object_set (self->widget, "grab-keyboard", TRUE, NULL);
}

static gboolean
gh_spice_display_send_keys (GhDisplay   *display,
                            const guint *keyvals)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (display);
  int n = 0;

  if (self->widget == NULL)
    return FALSE;
  while (keyvals[n] != 0)
    n++;
  spice_display_send_keys (SPICE_DISPLAY (self->widget), keyvals, n, SPICE_DISPLAY_KEY_EVENT_CLICK);
  return TRUE;
}

static void
gh_spice_display_set_scaling (GhDisplay *display,
                              gboolean   scaling)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (display);

  if (self->widget != NULL)
    g_object_set (self->widget, "scaling", scaling, NULL);
}

static void
gh_spice_display_set_resize_guest (GhDisplay *display,
                                   gboolean   resize_guest)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (display);

  if (self->widget != NULL)
    g_object_set (self->widget, "resize-guest", resize_guest, NULL);
}

static GdkPixbuf *
gh_spice_display_dup_frame (GhDisplay *display)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (display);
  SpiceDisplayPrimary primary = { 0 };

  if (!is_ready (self) || self->screen == NULL ||
      !spice_display_channel_get_primary (self->screen, 0, &primary) ||
      primary.width <= 0 || primary.height <= 0 ||
      (gint64) primary.width * primary.height > MAX_PIXELS)
    return NULL;
  return spice_display_get_pixbuf (SPICE_DISPLAY (self->widget));
}

static void
gh_spice_display_dispose (GObject *object)
{
  GhSpiceDisplay *self = GH_SPICE_DISPLAY (object);

  gh_display_close (GH_DISPLAY (self));
  g_clear_object (&self->machine);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->end_error);
  g_clear_pointer (&self->tunnel_host, g_free);
  G_OBJECT_CLASS (gh_spice_display_parent_class)->dispose (object);
}

static void
gh_spice_display_class_init (GhSpiceDisplayClass *klass)
{
  GhDisplayClass *display_class = GH_DISPLAY_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_spice_display_dispose;
  display_class->get_widget = gh_spice_display_get_widget;
  display_class->get_input_widget = gh_spice_display_get_widget;
  display_class->open = gh_spice_display_open;
  display_class->close = gh_spice_display_close;
  display_class->release = gh_spice_display_release;
  display_class->send_keys = gh_spice_display_send_keys;
  display_class->set_scaling = gh_spice_display_set_scaling;
  display_class->set_resize_guest = gh_spice_display_set_resize_guest;
  display_class->dup_frame = gh_spice_display_dup_frame;
}

static void
gh_spice_display_init (GhSpiceDisplay *self)
{
  self->cancellable = g_cancellable_new ();
}
