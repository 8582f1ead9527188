/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* GhHost: one libvirt connection as the user knows it, and the machines on it.
 *
 * It lives on the main thread and never calls libvirt itself. Its lanes do, each a thread with
 * a connection of its own; all of them are made when connecting and thrown away together when
 * the connection breaks or the user walks away, so a call stuck in a dead host is left parked on
 * a thread nobody waits for.
 *
 * Change: libvirt event -> the UUID is marked stale -> one coalesced refresh on the stats lane
 * -> plain records -> machines are updated -> one "machines-changed" for the list models.
 *
 * Machines keep their identity (UUID) through reconnects: while the host is lost they stay, in
 * state unknown, and are matched again afterwards.
 */

#define G_LOG_DOMAIN "gh-host"

#include "config.h"

#include "gh-host.h"

#include <libvirt-glib/libvirt-glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "gh-askpass.h"
#include "gh-connect-error.h"
#include "gh-debug.h"
#include "gh-host-engine.h"
#include "gh-host-label.h"
#include "gh-machine-private.h"
#include "gh-threads.h"
#include "gh-virt-error-private.h"

#define MAX_RETRY_S 60

enum
{
  PROP_0,
  PROP_URI,
  PROP_LABEL,
  PROP_STATE,
  PROP_ERROR_TEXT,
  PROP_CPU_SHARE,
  N_PROPS,
};

enum
{
  MACHINES_CHANGED,
  DEFINITION_CHANGED,
  STORAGE_CHANGED,
  N_SIGNALS,
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhHost, gh_host, G_TYPE_OBJECT)

/* Helpers */

void
gh_host_set_state (GhHost       *self,
                   GhHostState   state,
                   const GError *error)
{
  g_autofree char *text = error != NULL ? gh_error_dup_sentence (error) : NULL;
  GError *copy = error != NULL ? g_error_copy (error) : NULL;

  g_object_freeze_notify (G_OBJECT (self));
  g_clear_error (&self->error);
  self->error = copy;
  if (g_strcmp0 (self->error_text, text) != 0)
    {
      g_free (self->error_text);
      self->error_text = g_steal_pointer (&text);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ERROR_TEXT]);
    }
  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

void
gh_host_set_cpu_share (GhHost *self,
                       double  share)
{
  if (self->cpu_share == share)
    return;
  self->cpu_share = share;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CPU_SHARE]);
}

void
gh_host_emit_changes (GhHost    *self,
                      GPtrArray *added,
                      GPtrArray *removed,
                      GPtrArray *changed,
                      gboolean   figures)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  GhMachineChanges changes = {
    added != NULL ? added : none,
    removed != NULL ? removed : none,
    changed != NULL ? changed : none,
    figures,
  };

  if (changes.added->len > 0 || changes.removed->len > 0 || changes.changed->len > 0 || figures)
    g_signal_emit (self, signals[MACHINES_CHANGED], 0, &changes);
}

void
gh_host_answer_ready (GhHost       *self,
                      const GError *error)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->ready_tasks);

  self->ready_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);
      GSource *source = g_task_get_task_data (task);

      /* The cancellable outlives the wait, and may be cancelled much later. */
      if (source != NULL)
        g_source_destroy (source);
      if (g_task_get_completed (task) || g_task_return_error_if_cancelled (task))
        continue;
      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_boolean (task, TRUE);
    }
}

static void
drop_lanes (GhHost *self)
{
  gh_host_drop_readers (self);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();

  if (self->stats != NULL && self->stats != self->control)
    gh_lane_stop (self->stats, gh_conn_close);
  if (self->console != NULL && self->console != self->control)
    gh_lane_stop (self->console, gh_conn_close);
  if (self->control != NULL)
    gh_lane_stop (self->control, gh_conn_close);
  g_clear_object (&self->stats);
  g_clear_object (&self->console);
  g_clear_object (&self->control);
  /* An opening that hangs would wait for ever. What is open closes by itself: a job may run. */
  if (self->ssh != NULL && self->state == GH_HOST_CONNECTING)
    gh_ssh_stop (self->ssh);
  if (self->ssh != NULL)
    gh_askpass_forget (gh_ssh_get_folder (self->ssh));
  g_clear_pointer (&self->ssh, gh_ssh_unref);
  g_clear_pointer (&self->sink, gh_event_sink_unref);
  g_clear_handle_id (&self->figures_id, g_source_remove);
  self->figures_running = FALSE;
  self->refreshing = FALSE;
  self->titles_running = FALSE;
  self->opened = FALSE;
  self->listed = FALSE;
  self->watching = FALSE;
  self->all_stale = FALSE;
  g_hash_table_remove_all (self->stale);
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
}

static void
set_machines_unknown (GhHost *self)
{
  g_autoptr (GPtrArray) changed = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer machine;

  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    if (gh_machine_set_state (machine, GH_MACHINE_UNKNOWN))
      g_ptr_array_add (changed, machine);
  gh_host_emit_changes (self, NULL, NULL, changed, FALSE);
}

static gboolean
retry_cb (gpointer user_data)
{
  GhHost *self = user_data;

  self->retry_id = 0;
  self->retry_time_us = 0;
  gh_host_connect (self);
  return G_SOURCE_REMOVE;
}

/* What the user did not want, or has to do something about first, is not tried again. */
static GError *
dup_reason (GhHost       *self,
            const GError *error)
{
  if (self->ssh != NULL && gh_askpass_was_cancelled (gh_ssh_get_folder (self->ssh)))
    return gh_connect_error_new (self->uri, error, NULL, /* cancelled= */ TRUE);
  return g_error_copy (error);
}

/* Shows the host as lost and tries again after 1, 2, 4 … 60 s. */
void
gh_host_lose_connection (GhHost       *self,
                         const GError *why)
{
  guint delay_s = MIN (1u << MIN (self->n_retries, 6u), MAX_RETRY_S);
  g_autoptr (GError) error = dup_reason (self, why);

  if (self->state != GH_HOST_CONNECTING && self->state != GH_HOST_CONNECTED)
    return;

  g_debug ("%s is lost: %s", self->uri, error->message);
  drop_lanes (self);
  g_clear_handle_id (&self->retry_id, g_source_remove);
  if (!gh_connect_error_needs_user (error))
    {
      self->n_retries++;
      self->retry_time_us = g_get_monotonic_time () + delay_s * G_USEC_PER_SEC;
      self->retry_id = g_timeout_add_seconds (delay_s, retry_cb, self);
    }
  gh_host_set_state (self, GH_HOST_LOST, error);
  set_machines_unknown (self);
  gh_host_answer_ready (self, error);
}

/* Connecting */

static void
watching_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;

  /* A connection that broke is told by its own event. */
  if (!gh_call_finish_void (self, result, &error))
    return;
  self->watching = TRUE;
  gh_host_start_titles (self);
  /* Who was quick may have read what changed before anybody told. */
  if (self->listed)
    {
      g_signal_emit (self, signals[DEFINITION_CHANGED], 0, NULL);
      gh_host_mark_storage_stale (self);
    }
}

static void
opened_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;

  if (gh_call_finish_void (self, result, &error))
    {
      if (self->control == NULL)
        return;
      if (self->ssh != NULL)
        gh_askpass_accepted (gh_ssh_get_folder (self->ssh));
      self->opened = TRUE;
      if (self->stats == NULL)
        gh_host_open_stats (self);
      if (self->many_readings && !gh_host_is_test (self))
        gh_host_open_readers (self, GH_HOST_MAX_READERS);
      self->all_stale = TRUE;
      if (!self->brief)
        gh_host_call (self, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "connect-events",
                      gh_host_events_worker, gh_event_sink_ref (self->sink), gh_event_sink_unref,
                      NULL, g_task_new (self, self->cancellable, watching_cb, NULL));
      gh_host_start_refresh (self);
      return;
    }
  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;
  gh_host_lose_connection (self, error);
}

static void
register_events_once (void)
{
  static gboolean done = FALSE;

  if (done)
    return;
  done = TRUE;
  gh_virt_error_silence ();
  /* Closing a connection writes to its socket, and the daemon may have died since. */
  signal (SIGPIPE, SIG_IGN);
  /* Before the first connection: events and keep-alive then run on the main loop. */
  gvir_event_register ();
}

static void
gh_host_get_property (GObject    *object,
                      guint       prop_id,
                      GValue     *value,
                      GParamSpec *pspec)
{
  GhHost *self = GH_HOST (object);

  switch (prop_id)
    {
    case PROP_URI:
      g_value_set_string (value, self->uri);
      break;
    case PROP_LABEL:
      g_value_set_string (value, self->label);
      break;
    case PROP_STATE:
      g_value_set_int (value, self->state);
      break;
    case PROP_ERROR_TEXT:
      g_value_set_string (value, self->error_text);
      break;
    case PROP_CPU_SHARE:
      g_value_set_double (value, self->cpu_share);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_host_dispose (GObject *object)
{
  GhHost *self = GH_HOST (object);
  GHashTableIter iter;
  gpointer machine;

  g_clear_handle_id (&self->retry_id, g_source_remove);
  drop_lanes (self);
  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    gh_machine_set_gone (machine);
  g_hash_table_remove_all (self->machines);
  G_OBJECT_CLASS (gh_host_parent_class)->dispose (object);
}

static void
gh_host_finalize (GObject *object)
{
  GhHost *self = GH_HOST (object);

  g_free (self->uri);
  g_free (self->label);
  g_clear_error (&self->error);
  g_free (self->error_text);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->ready_tasks);
  g_hash_table_unref (self->machines);
  g_hash_table_unref (self->stale);
  G_OBJECT_CLASS (gh_host_parent_class)->finalize (object);
}

static void
gh_host_class_init (GhHostClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_host_get_property;
  object_class->dispose = gh_host_dispose;
  object_class->finalize = gh_host_finalize;

  props[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, flags);
  props[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, 0, GH_HOST_LOST, 0, flags);
  props[PROP_ERROR_TEXT] = g_param_spec_string ("error-text", NULL, NULL, NULL, flags);
  props[PROP_CPU_SHARE] = g_param_spec_double ("cpu-share", NULL, NULL, -1, 1, -1, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * GhHost::machines-changed:
   * @self: the host
   * @changes: a #GhMachineChanges, valid during the emission
   */
  signals[MACHINES_CHANGED] = g_signal_new ("machines-changed", GH_TYPE_HOST, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL,
                                            NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);

  /**
   * GhHost::definition-changed:
   * @self: the host
   * @uuid: (nullable): the machine; %NULL: any of them
   *
   * What a machine is made of, or whether it runs, may have changed. What others
   * do without an event is not told.
   */
  signals[DEFINITION_CHANGED] = g_signal_new ("definition-changed", GH_TYPE_HOST,
                                              G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                              1, G_TYPE_STRING);
  /**
   * GhHost::storage-changed:
   * @self: the host
   *
   * Pools or volumes have changed, or are about to.
   */
  signals[STORAGE_CHANGED] = g_signal_new ("storage-changed", GH_TYPE_HOST, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
gh_host_init (GhHost *self)
{
  self->cpu_share = -1;
  self->cancellable = g_cancellable_new ();
  self->ready_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->machines = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  self->stale = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * gh_host_new:
 * @uri: a libvirt URI
 *
 * Makes a host that is not connected yet. Main thread, as all of this class.
 *
 * Returns: (transfer full): the host
 */
GhHost *
gh_host_new (const char *uri)
{
  GhHost *self = NULL;

  g_return_val_if_fail (uri != NULL, NULL);
  g_assert (GH_IS_MAIN_THREAD ());

  self = g_object_new (GH_TYPE_HOST, NULL);
  self->uri = g_strdup (uri);
  self->label = gh_host_label_new (uri);
  return self;
}

const char *
gh_host_get_uri (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), NULL);

  return self->uri;
}

const char *
gh_host_get_label (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), NULL);

  return self->label;
}

/**
 * gh_host_set_label:
 * @self: a host
 * @label: what it is called among others
 *
 * For the registry, which knows the others.
 */
void
gh_host_set_label (GhHost     *self,
                   const char *label)
{
  g_return_if_fail (GH_IS_HOST (self));
  g_return_if_fail (label != NULL);

  if (strcmp (self->label, label) == 0)
    return;
  g_free (self->label);
  self->label = g_strdup (label);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LABEL]);
}

GhHostState
gh_host_get_state (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), GH_HOST_DISCONNECTED);

  return self->state;
}

/**
 * gh_host_get_error:
 * @self: a host
 *
 * Returns: (nullable) (transfer none): why the host is lost
 */
const GError *
gh_host_get_error (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), NULL);

  return self->error;
}

/**
 * gh_host_is_local:
 * @self: a host
 *
 * Returns: whether its files are this computer's files. The test driver's
 *   paths are looked at here too.
 */
gboolean
gh_host_is_local (GhHost *self)
{
  g_autoptr (GUri) parsed = NULL;
  const char *host = NULL;

  g_return_val_if_fail (GH_IS_HOST (self), FALSE);

  parsed = g_uri_parse (self->uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS, NULL);
  host = parsed != NULL ? g_uri_get_host (parsed) : NULL;
  return host == NULL || *host == '\0';
}

/**
 * gh_host_is_session:
 * @self: a host
 *
 * Returns: whether machines run as the user who connects; as root libvirt
 *   gives the system's daemon even for a session URI
 */
gboolean
gh_host_is_session (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), FALSE);

  return strstr (self->uri, "/session") != NULL && (geteuid () != 0 || !gh_host_is_local (self));
}

gboolean
gh_host_is_test (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), FALSE);

  return g_str_has_prefix (self->uri, "test:");
}

gboolean
gh_host_uri_can_tunnel (const char *uri)
{
  return gh_ssh_is_wanted (uri);
}

GhSsh *
gh_host_dup_ssh (GhHost *self)
{
  g_assert (GH_IS_MAIN_THREAD ());
  return self->ssh != NULL ? gh_ssh_ref (self->ssh) : NULL;
}

/**
 * gh_host_open_tunnel:
 * @self: a host over ssh
 * @address: an address as the host sees it
 * @port: a port there
 * @error: (out): why there is no way
 *
 * Has the host connect to one of its own ports, such as a machine's display.
 *
 * Returns: a socket, or -1
 */
int
gh_host_open_tunnel (GhHost      *self,
                     const char  *address,
                     guint        port,
                     GError     **error)
{
  g_return_val_if_fail (GH_IS_HOST (self), -1);
  g_assert (GH_IS_MAIN_THREAD ());

  if (self->ssh != NULL && self->state == GH_HOST_CONNECTED)
    return gh_ssh_open_tunnel (self->ssh, address, port, error);
  g_set_error (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_CONNECT, "Not connected to %s", self->uri);
  return -1;
}

/**
 * gh_host_get_max_sessions:
 * @self: a host
 *
 * Returns: how many connections its ssh service lets through a login, when it was seen to let fewer
 *   through than is usual; else 0
 */
guint
gh_host_get_max_sessions (GhHost *self)
{
  guint n = 0;

  g_return_val_if_fail (GH_IS_HOST (self), 0);

  n = self->ssh != NULL ? gh_ssh_get_max_sessions (self->ssh) : 0;
  return n < GH_SSH_MAX_SESSIONS ? n : 0;
}

/**
 * gh_host_end_logins:
 *
 * Ends all logins over ssh, of all hosts, and with them what still goes through them.
 */
void
gh_host_end_logins (void)
{
  gh_ssh_shutdown ();
}

/**
 * gh_host_get_retry_time:
 * @self: a host
 *
 * Returns: when a lost host is tried again, monotonic, in µs; 0 when no try waits
 */
gint64
gh_host_get_retry_time (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), 0);

  return self->retry_time_us;
}

/**
 * gh_host_connect:
 * @self: a host
 *
 * Starts connecting, at once also when a retry was waiting; does nothing while
 * it connects or is connected. The result shows in "state". Opening may take for
 * ever: gh_host_disconnect() walks away from it.
 */
void
gh_host_connect (GhHost *self)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (GH_IS_HOST (self));
  g_assert (GH_IS_MAIN_THREAD ());

  if (self->state == GH_HOST_CONNECTING || self->state == GH_HOST_CONNECTED)
    return;

  register_events_once ();
  g_clear_handle_id (&self->retry_id, g_source_remove);
  self->retry_time_us = 0;
  self->figures_interval_ms = 0;
  if (gh_ssh_is_wanted (self->uri))
    self->ssh = gh_ssh_new (self->uri, &error);
  if (error != NULL)
    {
      gh_host_set_state (self, GH_HOST_CONNECTING, NULL);
      gh_host_lose_connection (self, error);
      return;
    }
  self->sink = gh_event_sink_new (self);
  self->control = gh_lane_new ("control");
  gh_lane_set_connection (self->control, gh_host_new_conn (self, GH_SSH_SEAT_FIRST, self->sink));
  gh_host_call (self, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "connect-open",
                gh_host_open_worker, gh_event_sink_ref (self->sink), gh_event_sink_unref, NULL,
                g_task_new (self, self->cancellable, opened_cb, NULL));
  if (gh_host_can_open_ahead (self))
    {
      gh_host_open_stats (self);
      if (self->many_readings)
        gh_host_open_readers (self, GH_HOST_MAX_READERS);
    }
  gh_host_set_state (self, GH_HOST_CONNECTING, NULL);
}

/**
 * gh_host_set_brief:
 * @self: a host that is not connected
 *
 * Says that it will be asked once and left, with nothing changed: then it need not tell of what
 * happens on it, each kind of which costs a round trip at both ends, and titles are not read.
 */
void
gh_host_set_brief (GhHost *self)
{
  g_return_if_fail (GH_IS_HOST (self));
  g_return_if_fail (self->state == GH_HOST_DISCONNECTED);

  self->brief = TRUE;
}

/**
 * gh_host_expect_readings:
 * @self: a host
 *
 * Says that many things will be asked soon, as for a rehearsal: the connections for that are opened
 * now, side by side, or while it connects.
 */
void
gh_host_expect_readings (GhHost *self)
{
  g_return_if_fail (GH_IS_HOST (self));

  self->many_readings = TRUE;
  if (self->state == GH_HOST_CONNECTED && !gh_host_is_test (self))
    gh_host_open_readers (self, GH_HOST_MAX_READERS);
}

/**
 * gh_host_disconnect:
 * @self: a host
 *
 * Closes the connection, or cancels connecting. Its machines leave the list.
 */
void
gh_host_disconnect (GhHost *self)
{
  g_autoptr (GPtrArray) removed = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (GH_IS_HOST (self));

  if (self->state == GH_HOST_DISCONNECTED)
    return;

  g_clear_handle_id (&self->retry_id, g_source_remove);
  self->retry_time_us = 0;
  self->n_retries = 0;
  drop_lanes (self);

  removed = gh_host_dup_machines (self);
  g_hash_table_remove_all (self->machines);
  for (guint i = 0; i < removed->len; i++)
    gh_machine_set_gone (g_ptr_array_index (removed, i));
  gh_host_set_state (self, GH_HOST_DISCONNECTED, NULL);
  gh_host_emit_changes (self, NULL, removed, NULL, FALSE);
  g_set_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Disconnected");
  gh_host_answer_ready (self, error);
}

/**
 * gh_host_refresh:
 * @self: a host
 *
 * Reads the list anew; a lost host is tried at once.
 */
void
gh_host_refresh (GhHost *self)
{
  g_return_if_fail (GH_IS_HOST (self));

  if (self->state == GH_HOST_LOST)
    gh_host_connect (self);
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
  gh_host_mark_stale (self, NULL);
}

void
gh_host_mark_stale (GhHost     *self,
                    const char *uuid)
{
  if (uuid == NULL)
    self->all_stale = TRUE;
  else
    g_hash_table_add (self->stale, g_strdup (uuid));
  gh_host_start_refresh (self);
  g_signal_emit (self, signals[DEFINITION_CHANGED], 0, uuid);
}

void
gh_host_mark_storage_stale (GhHost *self)
{
  g_signal_emit (self, signals[STORAGE_CHANGED], 0);
}

void
gh_host_note_started (GhHost     *self,
                      const char *uuid)
{
  GhMachine *machine = g_hash_table_lookup (self->machines, uuid);

  if (machine != NULL)
    gh_machine_set_started (machine, g_get_real_time ());
}

static gboolean
ready_cancelled_cb (GCancellable *cancellable,
                    gpointer      user_data)
{
  g_task_return_error_if_cancelled (user_data);
  return G_SOURCE_REMOVE;
}

/**
 * gh_host_ready_async:
 * @self: a host
 * @cancellable: (nullable): stops waiting, not connecting
 * @callback: called when the first list is there, or connecting failed
 * @user_data: for @callback
 *
 * Connects unless it is connected, and waits for the list of machines.
 */
void
gh_host_ready_async (GhHost              *self,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (GH_IS_HOST (self));

  g_task_set_source_tag (task, gh_host_ready_async);
  if (self->state == GH_HOST_CONNECTED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_ptr_array_add (self->ready_tasks, g_object_ref (task));
  if (cancellable != NULL)
    {
      g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

      g_task_attach_source (task, source, G_SOURCE_FUNC (ready_cancelled_cb));
      g_task_set_task_data (task, g_source_ref (source), (GDestroyNotify) g_source_unref);
    }
  gh_host_connect (self);
}

gboolean
gh_host_ready_finish (GhHost        *self,
                      GAsyncResult  *result,
                      GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
