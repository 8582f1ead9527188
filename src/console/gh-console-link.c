/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* From a machine to an open display, and back again when it is lost. The link watches the machine,
 * and has at most one of these at a time: an opening under way, an open display, or a timeout until
 * the next try.
 *
 * Opening does two things at once: the module with the displays is loaded on its own thread,
 * while the machine's live XML and then the first socket are fetched on the host's lane. When both
 * are there, the display is made.
 */

#define G_LOG_DOMAIN "gh-console-link"

#include "config.h"

#include "gh-console-link.h"

#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "gh-console-module.h"
#include "gh-debug.h"
#include "gh-host.h"
#include "gh-start-guard.h"
#include "gh-virt-error.h"

/* How long a display may take from its socket to its first picture. */
#define ANSWER_LIMIT_MS 20000
/* A display that was shown this long counts as having worked. */
#define STABLE_US (10 * G_USEC_PER_SEC)

/* SPICE serves one client: two that each came back for ever would fight for the screen, so after
 * the last of these the user is asked. */
static const guint retry_delays_ms[] = { 300, 1000, 2000, 4000, 8000, 15000, 30000 };

typedef struct
{
  GhConsoleLink      *link;        /* (owned) */
  GCancellable       *cancellable; /* (owned) */
  GhDisplayCreateFunc create;
  GhConsoleTarget    *target;      /* (owned) (nullable) */
  gboolean            reached;     /* the socket is there, or is not needed */
  int                 fd;
} Opening;

struct _GhConsoleLink
{
  GObject         parent_instance;

  GhConsoleKind   kind;
  GhMachine      *machine; /* (owned) (nullable) */

  GhConsoleState  state;
  const char     *icon_name;
  char           *title;
  char           *text;    /* (nullable) */
  char           *details; /* (nullable) */
  GhConsoleOffer  offer;

  gboolean        wanted;      /* somebody looked */
  gboolean        on_hold;
  gboolean        closed;      /* by the user */
  gboolean        given_up;    /* the state stays until something changes */
  gboolean        user_needed; /* the display asks for a user name too */
  gboolean        running;     /* our request to run the machine is under way */
  GError         *run_error;   /* (nullable): why it failed, until the next one */
  char           *user;        /* (nullable) */
  char           *password;    /* (nullable): never logged */

  GCancellable   *opening; /* (owned) (nullable): of the opening under way */
  GhDisplay      *display; /* (owned) (nullable) */
  GdkPixbuf      *last_frame; /* (owned) (nullable): of the display before */
  int             opened_id;  /* the machine's run that was opened; -1: none */
  gint64          shown_time;
  guint           n_failures;
  guint           retry_id;
  guint           answer_id;

  gboolean        has_graphics;
  gboolean        has_serial;
};

G_DEFINE_FINAL_TYPE (GhConsoleLink, gh_console_link, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void evaluate (GhConsoleLink *self);

static Opening *
opening_new (GhConsoleLink *self)
{
  Opening *opening = g_rc_box_new0 (Opening);

  opening->link = g_object_ref (self);
  opening->cancellable = g_object_ref (self->opening);
  opening->fd = -1;
  return opening;
}

static void
opening_clear (gpointer data)
{
  Opening *opening = data;

  if (opening->fd >= 0)
    close (opening->fd);
  g_clear_pointer (&opening->target, gh_console_target_free);
  g_clear_object (&opening->cancellable);
  g_clear_object (&opening->link);
}

static void
opening_unref (Opening *opening)
{
  g_rc_box_release_full (opening, opening_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_unref)

static void
clear_secret (char **secret)
{
  if (*secret != NULL)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

/* Takes @title, @text and @details. */
static void
set_status (GhConsoleLink  *self,
            GhConsoleState  state,
            const char     *icon_name,
            char           *title,
            char           *text,
            char           *details,
            GhConsoleOffer  offer)
{
  g_free (self->title);
  g_free (self->text);
  g_free (self->details);
  self->state = state;
  self->icon_name = icon_name;
  self->title = title;
  self->text = text;
  self->details = details;
  self->offer = offer;
  g_signal_emit (self, signals[CHANGED], 0);
}

static const char *
get_icon (GhConsoleLink *self)
{
  return self->kind == GH_CONSOLE_SERIAL ? "utilities-terminal-symbolic"
                                         : "video-display-symbolic";
}

/* --- Statuses without a connection --- */

static void
show_inactive (GhConsoleLink *self)
{
  const char *label = gh_machine_get_label (self->machine);
  const char *busy = gh_machine_get_busy_text (self->machine);
  GhConsoleOffer offer = gh_machine_can (self->machine, GH_MACHINE_START)
                           ? GH_CONSOLE_OFFER_RUN : GH_CONSOLE_OFFER_NOTHING;
  const char *later = self->kind == GH_CONSOLE_SERIAL
                        ? _("Its terminal is shown here while it runs.")
                        : _("Its screen is shown here while it runs.");

  if (busy != NULL || self->running)
    offer = GH_CONSOLE_OFFER_NOTHING;
  if (busy != NULL)
    later = busy;

  if (self->run_error != NULL && offer == GH_CONSOLE_OFFER_RUN)
    {
      GString *title = g_string_new (_(gh_machine_action_get_info (GH_MACHINE_START)->failure));

      g_string_replace (title, "%s", label, 1);
      set_status (self, GH_CONSOLE_WAITING, "dialog-warning-symbolic",
                  g_string_free (title, FALSE), gh_error_dup_sentence (self->run_error),
                  gh_error_dup_details (self->run_error),
                  g_error_matches (self->run_error, GH_GUARD_ERROR, GH_GUARD_ERROR_IN_DOUBT)
                  ? GH_CONSOLE_OFFER_RUN_IN_DOUBT : offer);
      return;
    }

  switch (gh_machine_get_state (self->machine))
    {
    case GH_MACHINE_SAVED:
      set_status (self, GH_CONSOLE_WAITING, "media-playback-pause-symbolic",
                  /* Translators: the state of a machine was written to a file. */
                  g_strdup_printf (_("“%s” is saved"), label),
                  g_strdup (busy != NULL ? busy : _("It goes on where it was saved.")), NULL,
                  offer);
      break;
    case GH_MACHINE_CRASHED:
      set_status (self, GH_CONSOLE_WAITING, "dialog-warning-symbolic",
                  g_strdup_printf (_("“%s” crashed"), label), g_strdup (later), NULL, offer);
      break;
    case GH_MACHINE_UNKNOWN:
      set_status (self, GH_CONSOLE_WAITING, get_icon (self),
                  g_strdup_printf (_("Nothing is known about “%s” right now"), label),
                  g_strdup (_("Its host does not answer, or has not answered yet.")), NULL,
                  GH_CONSOLE_OFFER_NOTHING);
      break;
    case GH_MACHINE_OFF:
    case GH_MACHINE_RUNNING:
    case GH_MACHINE_PAUSED:
    case GH_MACHINE_SUSPENDED:
    case GH_MACHINE_STOPPING:
    default:
      set_status (self, GH_CONSOLE_WAITING, "system-shutdown-symbolic",
                  g_strdup_printf (_("“%s” is off"), label), g_strdup (later), NULL, offer);
    }
}

static void
show_not_available (GhConsoleLink *self,
                    const GError  *error)
{
  gboolean other = self->kind == GH_CONSOLE_SERIAL ? self->has_graphics : self->has_serial;
  const char *title = self->kind == GH_CONSOLE_SERIAL ? _("No terminal to show")
                                                      : _("No screen to show");
  gboolean ours = error->domain == GH_CONSOLE_ERROR;

  self->given_up = TRUE;
  set_status (self, GH_CONSOLE_NOT_AVAILABLE, get_icon (self), g_strdup (title),
              ours ? g_strdup (error->message) : gh_error_dup_sentence (error),
              ours ? NULL : gh_error_dup_details (error),
              other ? GH_CONSOLE_OFFER_OTHER_KIND : GH_CONSOLE_OFFER_CONNECT);
}

static void
show_connecting (GhConsoleLink *self)
{
  set_status (self, GH_CONSOLE_CONNECTING, get_icon (self),
              g_strdup (self->n_failures > 0 || self->last_frame != NULL ? _("Reconnecting…")
                                                                         : _("Connecting…")),
              NULL, NULL, GH_CONSOLE_OFFER_NOTHING);
}

/* --- The parts of a connection --- */

static void
cancel_opening (GhConsoleLink *self)
{
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
}

static void
close_display (GhConsoleLink *self,
               gboolean       keep_frame)
{
  g_autoptr (GhDisplay) display = g_steal_pointer (&self->display);

  g_clear_handle_id (&self->answer_id, g_source_remove);
  if (display != NULL)
    {
      if (keep_frame)
        {
          g_autoptr (GdkPixbuf) frame = gh_display_dup_frame (display);

          if (frame != NULL)
            g_set_object (&self->last_frame, frame);
        }
      g_signal_handlers_disconnect_by_data (display, self);
      /* Whoever shows the widget lets go of it now, before the connection ends. */
      g_signal_emit (self, signals[CHANGED], 0);
      gh_display_close (display);
    }
  if (!keep_frame)
    g_clear_object (&self->last_frame);
}

static void
stop (GhConsoleLink *self,
      gboolean       keep_frame)
{
  cancel_opening (self);
  g_clear_handle_id (&self->retry_id, g_source_remove);
  close_display (self, keep_frame);
  self->opened_id = -1;
}

static gboolean
retry_cb (gpointer user_data)
{
  GhConsoleLink *self = user_data;

  self->retry_id = 0;
  evaluate (self);
  return G_SOURCE_REMOVE;
}

/* The connection failed or ended; the machine may still run. */
static void
connection_lost (GhConsoleLink *self,
                 const GError  *error)
{
  guint delay_ms = 0;

  if (self->shown_time != 0 && g_get_monotonic_time () - self->shown_time > STABLE_US)
    self->n_failures = 0;
  self->shown_time = 0;
  stop (self, /* keep_frame= */ TRUE);

  if (!gh_machine_exists (self->machine) || !gh_machine_is_active (self->machine))
    {
      evaluate (self);
      return;
    }

  self->given_up = self->n_failures >= G_N_ELEMENTS (retry_delays_ms);
  if (!self->given_up)
    {
      delay_ms = retry_delays_ms[self->n_failures++];
      self->retry_id = g_timeout_add (delay_ms, retry_cb, self);
    }

  /* The first loss is most often a guest that restarts: not worth an alarm. */
  if (self->n_failures == 1)
    show_connecting (self);
  else
    {
      g_autofree char *why = NULL;
      const char *next = self->given_up ? _("The machine is still running.")
                                        : _("It is tried again by itself.");

      if (error == NULL)
        why = g_strdup (_("The connection was closed; perhaps another program shows this "
                          "machine now."));
      else if (error->domain == GH_CONSOLE_ERROR)
        why = g_strdup (error->message);
      else
        why = gh_error_dup_sentence (error);
      set_status (self, GH_CONSOLE_LOST, "network-error-symbolic",
                  g_strdup (_("The console was lost")),
                  /* Translators: two sentences: why, and what happens next. */
                  g_strdup_printf (_("%s %s"), why, next),
                  error != NULL ? gh_error_dup_details (error) : NULL,
                  GH_CONSOLE_OFFER_CONNECT);
    }
}

static void
opening_failed (Opening      *opening,
                const GError *error)
{
  GhConsoleLink *self = opening->link;

  cancel_opening (self);
  if (error->domain == GH_CONSOLE_ERROR ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    show_not_available (self, error);
  else
    connection_lost (self, error);
}

static void
display_made_cb (GhDisplay     *display,
                 GhConsoleLink *self)
{
  gh_debug_milestone ("console-widget");
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
display_shown_cb (GhDisplay     *display,
                  GhConsoleLink *self)
{
  g_clear_handle_id (&self->answer_id, g_source_remove);
  gh_debug_milestone ("console-shown");
  g_clear_object (&self->last_frame);
  self->shown_time = g_get_monotonic_time ();
  set_status (self, GH_CONSOLE_SHOWN, get_icon (self), g_strdup (""), NULL, NULL,
              GH_CONSOLE_OFFER_NOTHING);
}

static void
display_drawn_cb (GhDisplay     *display,
                  GhConsoleLink *self)
{
  gh_debug_milestone ("console-first-frame");
}

static void
display_lost_cb (GhDisplay     *display,
                 const GError  *error,
                 GhConsoleLink *self)
{
  g_autoptr (GhConsoleLink) hold = g_object_ref (self);

  connection_lost (hold, error);
}

static void
display_password_needed_cb (GhDisplay     *display,
                            gboolean       user_too,
                            GhConsoleLink *self)
{
  g_autoptr (GhConsoleLink) hold = g_object_ref (self);
  gboolean wrong = self->password != NULL;

  clear_secret (&self->password);
  stop (self, /* keep_frame= */ FALSE);
  self->opened_id = gh_machine_get_id (self->machine);
  self->user_needed = user_too;
  self->given_up = TRUE;
  set_status (self, GH_CONSOLE_NEEDS_PASSWORD, "dialog-password-symbolic",
              g_strdup_printf (_("The display of “%s” asks for a password"),
                               gh_machine_get_label (self->machine)),
              wrong ? g_strdup (_("The password was not accepted.")) : NULL, NULL,
              GH_CONSOLE_OFFER_PASSWORD);
}

static gboolean
answer_timeout_cb (gpointer user_data)
{
  g_autoptr (GhConsoleLink) self = g_object_ref (user_data);
  g_autoptr (GError) error = g_error_new_literal (GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_PROTOCOL,
                                                  _("The display did not answer."));

  self->answer_id = 0;
  connection_lost (self, error);
  return G_SOURCE_REMOVE;
}

/* Both halves are there: connects. */
static void
opening_advance (Opening *opening)
{
  GhConsoleLink *self = opening->link;
  int fd = opening->fd;

  if (opening->create == NULL || !opening->reached)
    return;

  /* Not cancelled but finished. */
  g_clear_object (&self->opening);
  opening->fd = -1;
  self->display = opening->create (opening->target->protocol);
  g_signal_connect (self->display, "made", G_CALLBACK (display_made_cb), self);
  g_signal_connect (self->display, "shown", G_CALLBACK (display_shown_cb), self);
  g_signal_connect (self->display, "drawn", G_CALLBACK (display_drawn_cb), self);
  g_signal_connect (self->display, "lost", G_CALLBACK (display_lost_cb), self);
  g_signal_connect (self->display, "password-needed", G_CALLBACK (display_password_needed_cb),
                    self);
  self->answer_id = g_timeout_add (ANSWER_LIMIT_MS, answer_timeout_cb, self);
  gh_display_open (self->display, opening->target, fd);
}

static void
module_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;
  GhDisplayCreateFunc create = gh_console_module_load_finish (result, &error);

  if (g_cancellable_is_cancelled (opening->cancellable))
    return;
  if (create == NULL)
    {
      opening_failed (opening, error);
      return;
    }
  gh_debug_milestone ("console-module");
  opening->create = create;
  opening_advance (opening);
}

static void
socket_opened_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) network_error = NULL;
  GhMachine *machine = GH_MACHINE (object);
  GhHost *host = gh_machine_get_host (machine);

  opening->fd = gh_machine_open_graphics_finish (machine, result, &error);
  if (g_cancellable_is_cancelled (opening->cancellable))
    return;

  if (opening->fd < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    {
      opening_failed (opening, error);
      return;
    }
  if (opening->fd < 0 &&
      !gh_console_target_use_network (opening->target,
                                      host != NULL && !gh_host_is_local (host)
                                        ? gh_host_get_uri (host) : "",
                                      &network_error))
    {
      opening_failed (opening, network_error);
      return;
    }

  if (opening->target->tunnel)
    {
      opening->fd = gh_host_open_tunnel (host, opening->target->host,
                                         (guint) opening->target->port, &network_error);
      if (opening->fd < 0)
        {
          opening_failed (opening, network_error);
          return;
        }
    }

  gh_debug_milestone ("console-socket");
  opening->reached = TRUE;
  opening_advance (opening);
}

static void
xml_loaded_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = gh_machine_load_xml_finish (GH_MACHINE (object), result, &error);
  g_autoptr (GhDomainXml) xml = NULL;
  GhConsoleLink *self = opening->link;

  if (g_cancellable_is_cancelled (opening->cancellable))
    return;

  if (text != NULL)
    xml = gh_domain_xml_new_from_string (text, &error);
  if (xml != NULL)
    {
      self->has_graphics = gh_console_target_has_graphics (xml);
      self->has_serial = gh_console_target_has_serial (xml);
      opening->target = self->kind == GH_CONSOLE_SERIAL
                          ? gh_console_target_new_serial (xml, &error)
                          : gh_console_target_new_graphical (xml, &error);
    }
  if (opening->target == NULL)
    {
      opening_failed (opening, error);
      return;
    }

  opening->target->machine = g_object_ref (self->machine);
  gh_console_target_set_password (opening->target, self->user, self->password);
  if (self->kind == GH_CONSOLE_SERIAL)
    {
      opening->reached = TRUE;
      opening_advance (opening);
      return;
    }
  gh_machine_open_graphics_async (self->machine, opening->target->index, opening->cancellable,
                                  socket_opened_cb, g_rc_box_acquire (opening));
}

static void
start_opening (GhConsoleLink *self)
{
  g_autoptr (Opening) opening = NULL;

  gh_debug_milestone ("console-open");
  self->opening = g_cancellable_new ();
  self->opened_id = gh_machine_get_id (self->machine);
  opening = opening_new (self);
  show_connecting (self);

  gh_machine_load_xml_async (self->machine, GH_XML_LIVE, opening->cancellable, xml_loaded_cb,
                             g_rc_box_acquire (opening));
  gh_console_module_load_async (opening->cancellable, module_loaded_cb, g_rc_box_acquire (opening));
}

/* Brings the link to where it should be; called whenever anything changed. */
static void
evaluate (GhConsoleLink *self)
{
  int id = -1;

  if (self->machine == NULL)
    {
      stop (self, /* keep_frame= */ FALSE);
      set_status (self, GH_CONSOLE_WAITING, get_icon (self), g_strdup (_("No machine")), NULL, NULL,
                  GH_CONSOLE_OFFER_NOTHING);
      return;
    }

  if (!gh_machine_exists (self->machine))
    {
      stop (self, /* keep_frame= */ FALSE);
      set_status (self, GH_CONSOLE_WAITING, get_icon (self),
                  g_strdup_printf (_("“%s” is not there any more"),
                                   gh_machine_get_label (self->machine)),
                  NULL, NULL, GH_CONSOLE_OFFER_NOTHING);
      return;
    }

  /* A host that does not answer is no reason to close a console that works. */
  if (gh_machine_get_state (self->machine) == GH_MACHINE_UNKNOWN && self->display != NULL)
    return;
  if (!gh_machine_is_active (self->machine))
    {
      stop (self, /* keep_frame= */ FALSE);
      self->n_failures = 0;
      self->given_up = FALSE;
      self->closed = FALSE;
      show_inactive (self);
      return;
    }

  g_clear_error (&self->run_error);
  id = gh_machine_get_id (self->machine);
  if (self->opened_id != -1 && id != -1 && id != self->opened_id)
    {
      /* Another run of the machine: what was opened or refused was of the one before. */
      stop (self, /* keep_frame= */ TRUE);
      self->n_failures = 0;
      self->given_up = FALSE;
    }

  if (self->display != NULL || self->opening != NULL || self->retry_id != 0 || self->given_up)
    return;
  if (self->closed || self->on_hold || !self->wanted)
    {
      g_clear_object (&self->last_frame);
      set_status (self, GH_CONSOLE_CLOSED, get_icon (self),
                  g_strdup (_("The console is not open")),
                  g_strdup (_("The machine runs without being watched.")), NULL,
                  GH_CONSOLE_OFFER_CONNECT);
      return;
    }
  start_opening (self);
}

static void
machine_changed_cb (GhMachine     *machine,
                    GParamSpec    *pspec,
                    GhConsoleLink *self)
{
  evaluate (self);
  /* Whoever shows it may say that the machine is paused. */
  if (self->display != NULL)
    g_signal_emit (self, signals[CHANGED], 0);
}

static void
host_state_changed_cb (GhHost        *host,
                       GParamSpec    *pspec,
                       GhConsoleLink *self)
{
  if (gh_host_get_state (host) != GH_HOST_CONNECTED || self->state != GH_CONSOLE_LOST)
    return;

  /* It was lost with the host; now the host is back. */
  g_clear_handle_id (&self->retry_id, g_source_remove);
  self->given_up = FALSE;
  self->n_failures = 0;
  evaluate (self);
}

static void
machine_run_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GhConsoleLink) self = user_data;
  g_autoptr (GError) error = NULL;
  GhMachine *machine = GH_MACHINE (object);

  if (self->machine != machine)
    {
      gh_machine_run_action_finish (machine, result, NULL);
      return;
    }
  self->running = FALSE;
  if (!gh_machine_run_action_finish (machine, result, &error) && !gh_error_is_cancelled (error))
    self->run_error = g_steal_pointer (&error);
  evaluate (self);
}

static void
gh_console_link_dispose (GObject *object)
{
  GhConsoleLink *self = GH_CONSOLE_LINK (object);

  cancel_opening (self);
  g_clear_handle_id (&self->retry_id, g_source_remove);
  g_clear_handle_id (&self->answer_id, g_source_remove);
  if (self->display != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->display, self);
      gh_display_close (self->display);
    }
  g_clear_object (&self->display);
  g_clear_object (&self->machine);
  g_clear_object (&self->last_frame);
  G_OBJECT_CLASS (gh_console_link_parent_class)->dispose (object);
}

static void
gh_console_link_finalize (GObject *object)
{
  GhConsoleLink *self = GH_CONSOLE_LINK (object);

  clear_secret (&self->password);
  g_clear_error (&self->run_error);
  g_free (self->user);
  g_free (self->title);
  g_free (self->text);
  g_free (self->details);
  G_OBJECT_CLASS (gh_console_link_parent_class)->finalize (object);
}

static void
gh_console_link_class_init (GhConsoleLinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gh_console_link_dispose;
  object_class->finalize = gh_console_link_finalize;

  signals[CHANGED] = g_signal_new ("changed", GH_TYPE_CONSOLE_LINK, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
gh_console_link_init (GhConsoleLink *self)
{
  self->opened_id = -1;
}

GhConsoleLink *
gh_console_link_new (GhConsoleKind kind)
{
  GhConsoleLink *self = g_object_new (GH_TYPE_CONSOLE_LINK, NULL);

  self->kind = kind;
  evaluate (self);
  return self;
}

GhMachine *
gh_console_link_get_machine (GhConsoleLink *self)
{
  return self->machine;
}

void
gh_console_link_set_machine (GhConsoleLink *self,
                             GhMachine     *machine)
{
  if (self->machine == machine)
    return;

  stop (self, /* keep_frame= */ FALSE);
  if (self->machine != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->machine, self);
      if (gh_machine_get_host (self->machine) != NULL)
        g_signal_handlers_disconnect_by_data (gh_machine_get_host (self->machine), self);
    }
  g_set_object (&self->machine, machine);
  clear_secret (&self->password);
  g_clear_pointer (&self->user, g_free);
  self->closed = FALSE;
  self->given_up = FALSE;
  self->running = FALSE;
  g_clear_error (&self->run_error);
  self->n_failures = 0;
  self->shown_time = 0;
  self->has_graphics = FALSE;
  self->has_serial = FALSE;
  if (machine != NULL)
    {
      GhHost *host = gh_machine_get_host (machine);

      g_signal_connect_object (machine, "notify::state", G_CALLBACK (machine_changed_cb), self, 0);
      g_signal_connect_object (machine, "notify::busy-text", G_CALLBACK (machine_changed_cb), self,
                               0);
      g_signal_connect_object (machine, "gone", G_CALLBACK (evaluate), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (machine, "notify::label", G_CALLBACK (machine_changed_cb), self, 0);
      if (host != NULL)
        g_signal_connect_object (host, "notify::state", G_CALLBACK (host_state_changed_cb), self,
                                 0);
    }
  evaluate (self);
}

GhConsoleKind
gh_console_link_get_kind (GhConsoleLink *self)
{
  return self->kind;
}

GhConsoleState
gh_console_link_get_state (GhConsoleLink *self)
{
  return self->state;
}

const char *
gh_console_link_get_title (GhConsoleLink *self)
{
  return self->title;
}

const char *
gh_console_link_get_text (GhConsoleLink *self)
{
  return self->text;
}

const char *
gh_console_link_get_details (GhConsoleLink *self)
{
  return self->details;
}

const char *
gh_console_link_get_icon_name (GhConsoleLink *self)
{
  return self->icon_name;
}

GhConsoleOffer
gh_console_link_get_offer (GhConsoleLink *self)
{
  return self->offer;
}

gboolean
gh_console_link_get_user_needed (GhConsoleLink *self)
{
  return self->user_needed;
}

/* The open display, once it has a widget. */
GhDisplay *
gh_console_link_get_display (GhConsoleLink *self)
{
  if (self->display == NULL || gh_display_get_widget (self->display) == NULL)
    return NULL;
  return self->display;
}

GdkPixbuf *
gh_console_link_get_last_frame (GhConsoleLink *self)
{
  return self->last_frame;
}

gboolean
gh_console_link_get_has_graphics (GhConsoleLink *self)
{
  return self->has_graphics;
}

gboolean
gh_console_link_get_has_serial (GhConsoleLink *self)
{
  return self->has_serial;
}

/* Somebody looks: from now on it opens by itself. */
void
gh_console_link_want (GhConsoleLink *self)
{
  if (self->wanted)
    return;
  self->wanted = TRUE;
  evaluate (self);
}

gboolean
gh_console_link_get_on_hold (GhConsoleLink *self)
{
  return self->on_hold;
}

void
gh_console_link_set_on_hold (GhConsoleLink *self,
                             gboolean       on_hold)
{
  self->on_hold = on_hold;
  evaluate (self);
}

/* The user asks: whatever stood in the way is tried anew. */
void
gh_console_link_connect (GhConsoleLink *self)
{
  if (self->display != NULL || self->opening != NULL)
    return;
  g_clear_handle_id (&self->retry_id, g_source_remove);
  self->wanted = TRUE;
  self->closed = FALSE;
  self->on_hold = FALSE;
  self->given_up = FALSE;
  self->n_failures = 0;
  evaluate (self);
}

void
gh_console_link_disconnect (GhConsoleLink *self)
{
  stop (self, /* keep_frame= */ FALSE);
  self->closed = TRUE;
  self->given_up = FALSE;
  evaluate (self);
}

void
gh_console_link_give_password (GhConsoleLink *self,
                               const char    *user,
                               const char    *password)
{
  if (self->state != GH_CONSOLE_NEEDS_PASSWORD)
    return;
  g_free (self->user);
  self->user = g_strdup (user);
  clear_secret (&self->password);
  self->password = g_strdup (password);
  self->given_up = FALSE;
  evaluate (self);
}

void
gh_console_link_run_machine (GhConsoleLink *self)
{
  if (self->machine == NULL || self->running || !gh_machine_can (self->machine, GH_MACHINE_START))
    return;
  self->running = TRUE;
  g_clear_error (&self->run_error);
  self->wanted = TRUE;
  self->closed = FALSE;
  evaluate (self);
  gh_machine_run_action_async (self->machine, GH_MACHINE_START, NULL, machine_run_cb,
                               g_object_ref (self));
}
