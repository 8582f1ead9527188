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
#include "gh-host-address.h"
#include "gh-host-label.h"
#include "gh-host-private.h"
#include "gh-machine-private.h"
#include "gh-threads.h"
#include "gh-virt-error-private.h"

/* Above this many stale machines one list of everything is cheaper. */
#define MAX_SINGLE_REFRESHES 32
#define FIGURES_INTERVAL_MS 2000
/* Reading and showing figures may cost this part of one core. */
#define FIGURES_COST_DIVISOR 150
#define MAX_RETRY_S 60
/* Connections for reading are closed when nothing was read for so long. */
#define READERS_IDLE_S 30
/* One that is busy for longer may be stuck in a QEMU: another takes its place, a few times. */
#define READER_STUCK_US (5 * G_TIME_SPAN_SECOND)
#define MAX_STUCK_READERS 15
#define MAX_READERS 5
/* What else a login over ssh has to have room for: control, figures, consoles, and a job or two. */
#define OTHER_SESSIONS 5

/* Where events of one connection go. It outlives the host if need be: libvirt and idle sources
 * hold references. */
typedef struct
{
  gatomicrefcount ref_count;
  GWeakRef        host;
} EventSink;

struct _GhHost
{
  GObject      parent_instance;

  char        *uri;
  char        *label;
  GhHostState  state;
  GError      *error;         /* (nullable): why it is lost */
  char        *error_text;    /* (nullable) */

  GhLane      *control;       /* (owned) (nullable): NULL unless connecting or connected */
  GhLane      *stats;         /* (owned) (nullable): the same as control on the test driver */
  GhLane      *console;       /* (owned) (nullable): made when first used */
  GhLane      *readers;       /* (owned) (nullable): made when first used */
  guint        readers_id;    /* closes them */
  gboolean     many_readings; /* are to be expected soon after connecting */
  gboolean     brief;         /* nobody looks at it for long */
  EventSink   *sink;          /* (owned) (nullable): of the present connection */
  GhSsh       *ssh;           /* (owned) (nullable): of the present connection, over ssh */
  GCancellable *cancellable;  /* (owned): of everything the present connection does */
  GPtrArray   *ready_tasks;   /* (element-type GTask) */
  guint        retry_id;
  guint        n_retries;
  gint64       retry_time_us; /* monotonic; 0: no retry is waiting */

  GHashTable  *machines;      /* UUID (of the machine) -> GhMachine (owned) */
  GHashTable  *stale;         /* (element-type char): UUIDs */
  gboolean     all_stale;
  gboolean     opened;        /* the list will be told of changes */
  gboolean     listed;        /* the first list has arrived */
  gboolean     watching;      /* all events are registered */
  gboolean     refreshing;
  gboolean     titles_running;

  guint        n_figure_holds;
  guint        figures_id;
  gboolean     figures_running;
  guint        figures_interval_ms;
  double       cpu_share;

  GhCapabilities *capabilities; /* (owned) (nullable) */
};

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

static void start_refresh (GhHost *self);
static void start_titles (GhHost *self);
static void start_figures (GhHost *self);
static void lose_connection (GhHost *self, const GError *error);

/* Event sinks */

static EventSink *
sink_new (GhHost *host)
{
  EventSink *sink = g_new0 (EventSink, 1);

  g_atomic_ref_count_init (&sink->ref_count);
  g_weak_ref_init (&sink->host, host);
  return sink;
}

static EventSink *
sink_ref (EventSink *sink)
{
  g_atomic_ref_count_inc (&sink->ref_count);
  return sink;
}

static void
sink_unref (gpointer data)
{
  EventSink *sink = data;

  if (g_atomic_ref_count_dec (&sink->ref_count))
    {
      g_weak_ref_clear (&sink->host);
      g_free (sink);
    }
}

/* The host, if @sink is of its present connection. */
static GhHost *
sink_dup_host (EventSink *sink)
{
  GhHost *host = g_weak_ref_get (&sink->host);

  if (host != NULL && host->sink != sink)
    g_clear_object (&host);
  return host;
}

typedef struct
{
  EventSink *sink;
  char       uuid[VIR_UUID_STRING_BUFLEN];
  gboolean   started;
  gboolean   title;
  gboolean   storage; /* of a pool, not of a machine */
  char      *reason;  /* (nullable): the connection was closed */
} Event;

static void
event_free (gpointer data)
{
  Event *event = data;

  sink_unref (event->sink);
  g_free (event->reason);
  g_free (event);
}

static gboolean
event_cb (gpointer user_data)
{
  Event *event = user_data;
  g_autoptr (GhHost) host = sink_dup_host (event->sink);

  if (host == NULL)
    return G_SOURCE_REMOVE;

  if (event->reason != NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (GH_VIRT_ERROR, VIR_ERR_INTERNAL_ERROR,
                                                      event->reason);

      lose_connection (host, error);
      return G_SOURCE_REMOVE;
    }
  if (event->storage)
    {
      gh_host_mark_storage_stale (host);
      return G_SOURCE_REMOVE;
    }
  if (event->started)
    gh_host_note_started (host, event->uuid);
  gh_host_mark_stale (host, event->uuid);
  return G_SOURCE_REMOVE;
}

/* libvirt calls back on the main loop or, when a lane's thread reads the socket for everybody,
 * there: the event always takes the way through the main context. */
static Event *
event_new (EventSink    *sink,
           virDomainPtr  domain)
{
  Event *event = g_new0 (Event, 1);

  event->sink = sink_ref (sink);
  if (domain != NULL)
    virDomainGetUUIDString (domain, event->uuid);
  return event;
}

static void
event_post (Event *event)
{
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, event_cb, event, event_free);
}

static int
lifecycle_event_cb (virConnectPtr  conn,
                    virDomainPtr   domain,
                    int            type,
                    int            detail,
                    void          *opaque)
{
  Event *event = event_new (opaque, domain);

  event->started = type == VIR_DOMAIN_EVENT_STARTED;
  event_post (event);
  return 0;
}

static void
metadata_event_cb (virConnectPtr  conn,
                   virDomainPtr   domain,
                   int            type,
                   const char    *nsuri,
                   void          *opaque)
{
  event_post (event_new (opaque, domain));
}

/* What a run is made of has changed: a disk was plugged in, or is another file now. */
static void
device_event_cb (virConnectPtr  conn,
                 virDomainPtr   domain,
                 const char    *alias,
                 void          *opaque)
{
  event_post (event_new (opaque, domain));
}

/* The agent in the guest came or went. */
static void
agent_event_cb (virConnectPtr  conn,
                virDomainPtr   domain,
                int            state,
                int            reason,
                void          *opaque)
{
  event_post (event_new (opaque, domain));
}

static void
block_job_event_cb (virConnectPtr  conn,
                    virDomainPtr   domain,
                    const char    *disk,
                    int            type,
                    int            status,
                    void          *opaque)
{
  event_post (event_new (opaque, domain));
}

static void
pool_event_cb (virConnectPtr     conn,
               virStoragePoolPtr pool,
               int               type,
               int               detail,
               void             *opaque)
{
  Event *event = event_new (opaque, NULL);

  event->storage = TRUE;
  event_post (event);
}

static void
closed_event_cb (virConnectPtr  conn,
                 int            reason,
                 void          *opaque)
{
  Event *event = event_new (opaque, NULL);

  switch (reason)
    {
    case VIR_CONNECT_CLOSE_REASON_KEEPALIVE:
      event->reason = g_strdup ("connection closed due to keepalive timeout");
      break;
    case VIR_CONNECT_CLOSE_REASON_CLIENT:
      event_free (event);
      return;
    default:
      event->reason = g_strdup ("client socket is closed");
      break;
    }
  event_post (event);
}

/* Workers */

static GhConn *
conn_new (GhHost        *self,
          GhSshSeatKind  kind,
          EventSink     *sink)
{
  GhConn *conn = g_new0 (GhConn, 1);

  /* An ssh of ours makes its own of it, and tells of errors by the whole. */
  conn->uri = self->ssh != NULL ? g_strdup (self->uri) : gh_host_address_dup_plain (self->uri);
  conn->ssh = self->ssh != NULL ? gh_ssh_ref (self->ssh) : NULL;
  conn->kind = kind;
  conn->sink = sink;
  conn->brief = self->brief;
  conn->pool_event_id = -1;
  return conn;
}

/* Not every driver has every event; what it does not tell is as old as the last refresh. */
static void
register_event (GhConn                               *conn,
                EventSink                            *sink,
                int                                   event,
                virConnectDomainEventGenericCallback  callback)
{
  int id = -1;

  g_assert (conn->n_event_ids < G_N_ELEMENTS (conn->event_ids));

  id = virConnectDomainEventRegisterAny (conn->conn, NULL, event, callback, sink_ref (sink),
                                         sink_unref);
  if (id >= 0)
    conn->event_ids[conn->n_event_ids++] = id;
  else
    {
      virResetLastError ();
      sink_unref (sink);
    }
}

/* Opens, with the one event that the list needs to stay right. */
static gpointer
open_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  EventSink *sink = data;
  GhConn *conn = gh_lane_get_connection (lane);

  if (gh_conn_get (lane, error) == NULL)
    return NULL;

  if (conn->brief)
    return NULL;
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                  VIR_DOMAIN_EVENT_CALLBACK (lifecycle_event_cb));
  /* The test driver lives in this process and never closes; its 9.0 does not free the callback. */
  if (g_str_has_prefix (conn->uri, "test:"))
    return NULL;
  if (virConnectRegisterCloseCallback (conn->conn, closed_event_cb, sink_ref (sink),
                                       sink_unref) < 0)
    sink_unref (sink);
  else
    conn->closed_cb = closed_event_cb;
  return NULL;
}

/* The other events: each is a round trip, which may be long, and the list is read meanwhile. */
static gpointer
events_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  EventSink *sink = data;
  GhConn *conn = gh_lane_get_connection (lane);

  if (gh_conn_get (lane, error) == NULL)
    return NULL;

  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
                  VIR_DOMAIN_EVENT_CALLBACK (metadata_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
                  VIR_DOMAIN_EVENT_CALLBACK (device_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                  VIR_DOMAIN_EVENT_CALLBACK (device_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2,
                  VIR_DOMAIN_EVENT_CALLBACK (block_job_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE,
                  VIR_DOMAIN_EVENT_CALLBACK (agent_event_cb));
  conn->pool_event_id =
    virConnectStoragePoolEventRegisterAny (conn->conn, NULL, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
                                           VIR_STORAGE_POOL_EVENT_CALLBACK (pool_event_cb),
                                           sink_ref (sink), sink_unref);
  if (conn->pool_event_id < 0)
    sink_unref (sink);
  virResetLastError ();
  return NULL;
}

/* Helpers */

static void
set_state (GhHost       *self,
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

static void
emit_changes (GhHost    *self,
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

static void
answer_ready (GhHost       *self,
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
drop_readers (GhHost *self)
{
  g_clear_handle_id (&self->readers_id, g_source_remove);
  if (self->readers != NULL)
    gh_lane_stop (self->readers, gh_conn_close);
  g_clear_object (&self->readers);
}

static void
drop_lanes (GhHost *self)
{
  drop_readers (self);
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
  g_clear_pointer (&self->sink, sink_unref);
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
  emit_changes (self, NULL, NULL, changed, FALSE);
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
static void
lose_connection (GhHost       *self,
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
  set_state (self, GH_HOST_LOST, error);
  set_machines_unknown (self);
  answer_ready (self, error);
}

static gboolean
is_connection_error (const GError *error)
{
  if (error->domain == GH_CONNECT_ERROR)
    return TRUE;
  return error->domain == GH_VIRT_ERROR &&
         (error->code == VIR_ERR_NO_CONNECT || error->code == VIR_ERR_RPC ||
          strstr (error->message, "client socket is closed") != NULL ||
          strstr (error->message, "keepalive timeout") != NULL);
}

/* Refresh */

static void
apply_record (GhHost                *self,
              const GhMachineRecord *record,
              GPtrArray             *added,
              GPtrArray             *changed)
{
  GhMachine *machine = g_hash_table_lookup (self->machines, record->uuid);

  if (machine != NULL)
    {
      if (gh_machine_apply (machine, record))
        g_ptr_array_add (changed, machine);
      return;
    }
  machine = gh_machine_new (self, record);
  g_hash_table_insert (self->machines, (gpointer) gh_machine_get_uuid (machine), machine);
  g_ptr_array_add (added, machine);
}

static void
remove_machine (GhHost     *self,
                const char *uuid,
                GPtrArray  *removed)
{
  GhMachine *machine = g_hash_table_lookup (self->machines, uuid);

  if (machine == NULL)
    return;
  g_ptr_array_add (removed, g_object_ref (machine));
  g_hash_table_remove (self->machines, uuid);
  gh_machine_set_gone (machine);
}

static void
apply_refresh (GhHost    *self,
               GhRefresh *refresh)
{
  g_autoptr (GPtrArray) added = g_ptr_array_new ();
  g_autoptr (GPtrArray) changed = g_ptr_array_new ();
  g_autoptr (GPtrArray) removed = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < refresh->records->len; i++)
    apply_record (self, g_ptr_array_index (refresh->records, i), added, changed);
  for (guint i = 0; i < refresh->gone->len; i++)
    remove_machine (self, g_ptr_array_index (refresh->gone, i), removed);

  if (refresh->full && g_hash_table_size (self->machines) > refresh->records->len)
    {
      g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
      g_autoptr (GList) uuids = g_hash_table_get_keys (self->machines);

      for (guint i = 0; i < refresh->records->len; i++)
        g_hash_table_add (seen,
                          ((GhMachineRecord *) g_ptr_array_index (refresh->records, i))->uuid);
      for (GList *l = uuids; l != NULL; l = l->next)
        if (!g_hash_table_contains (seen, l->data))
          remove_machine (self, l->data, removed);
    }
  emit_changes (self, added, removed, changed, FALSE);
}

static void
refreshed_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  GhRefresh *refresh = g_task_propagate_pointer (G_TASK (result), &error);

  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;

  self->refreshing = FALSE;
  if (refresh == NULL)
    {
      /* The first list decides whether the host is of use. A later failure that is not the
       * connection's leaves the list as it was; the next event asks again. */
      if (!self->listed || is_connection_error (error))
        lose_connection (self, error);
      else
        g_warning ("Could not refresh %s: %s", self->uri, error->message);
      return;
    }

  apply_refresh (self, refresh);
  if (refresh->full && !self->listed)
    {
      self->listed = TRUE;
      self->n_retries = 0;
      set_state (self, GH_HOST_CONNECTED, NULL);
      answer_ready (self, NULL);
    }
  gh_refresh_free (refresh);

  start_refresh (self);
  start_titles (self);
  start_figures (self);
}

static gboolean
any_start_unknown (GhHost *self)
{
  GHashTableIter iter;
  gpointer machine;

  if (!gh_host_is_local (self) || gh_host_is_test (self))
    return FALSE;
  if (!self->listed)
    return TRUE;
  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    if (gh_machine_is_active (machine) && !gh_machine_knows_start (machine))
      return TRUE;
  return FALSE;
}

/* One refresh runs; what becomes stale meanwhile is looked at by the next. */
static void
start_refresh (GhHost *self)
{
  GhRefreshRequest *request = NULL;

  if (self->refreshing || !self->opened ||
      (!self->all_stale && g_hash_table_size (self->stale) == 0))
    return;

  request = g_new0 (GhRefreshRequest, 1);
  request->scan_uptime = any_start_unknown (self);
  if (!self->all_stale && self->listed && g_hash_table_size (self->stale) <= MAX_SINGLE_REFRESHES)
    {
      guint n = 0;
      char **uuids = (char **) g_hash_table_get_keys_as_array (self->stale, &n);

      request->uuids = g_strdupv (uuids);
      g_free (uuids);
    }
  self->all_stale = FALSE;
  g_hash_table_remove_all (self->stale);
  self->refreshing = TRUE;
  gh_host_call (self, GH_ROLE_STATS, GH_LANE_DEFAULT, GH_LANE_READ, "domain-list",
                gh_host_refresh_worker,
                request, gh_refresh_request_free, gh_refresh_free,
                g_task_new (self, self->cancellable, refreshed_cb, NULL));
}

static void
titles_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) changed = g_ptr_array_new ();
  GhRefresh *refresh = g_task_propagate_pointer (G_TASK (result), &error);

  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;

  self->titles_running = FALSE;
  /* Titles are decoration: a failure is left to the list refresh to notice. */
  if (refresh == NULL)
    return;

  for (guint i = 0; i < refresh->records->len; i++)
    {
      GhMachineRecord *record = g_ptr_array_index (refresh->records, i);
      GhMachine *machine = g_hash_table_lookup (self->machines, record->uuid);

      if (machine == NULL)
        continue;
      gh_machine_set_size (machine, record->n_cpus, record->memory_kib);
      if (gh_machine_set_title (machine, record->title) |
          (record->mark != NULL && gh_machine_set_mark (machine, record->mark)))
        g_ptr_array_add (changed, machine);
    }
  emit_changes (self, NULL, NULL, changed, FALSE);
  gh_refresh_free (refresh);
  start_titles (self);
}

static void
start_titles (GhHost *self)
{
  GhRefreshRequest *request = NULL;
  g_autoptr (GStrvBuilder) uuids = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer machine;
  guint n = 0;

  /* A title that changes after it was read is told by an event. */
  if (self->titles_running || self->stats == NULL || !self->listed || !self->watching)
    return;

  g_hash_table_iter_init (&iter, self->machines);
  while (n < 500 && g_hash_table_iter_next (&iter, NULL, &machine))
    if (gh_machine_needs_title (machine))
      {
        g_strv_builder_add (uuids, gh_machine_get_uuid (machine));
        n++;
      }
  if (n == 0)
    return;

  request = g_new0 (GhRefreshRequest, 1);
  request->uuids = g_strv_builder_end (uuids);
  self->titles_running = TRUE;
  gh_host_call (self, GH_ROLE_STATS, GH_LANE_BACKGROUND, GH_LANE_READ, "domain-titles",
                gh_host_titles_worker,
                request, gh_refresh_request_free, gh_refresh_free,
                g_task_new (self, self->cancellable, titles_loaded_cb, NULL));
}

/* Figures */

static gboolean
figures_cb (gpointer user_data)
{
  GhHost *self = user_data;

  self->figures_id = 0;
  start_figures (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_figures (GhHost *self,
                  guint   delay_ms)
{
  if (self->figures_id == 0 && self->n_figure_holds > 0 && self->state == GH_HOST_CONNECTED)
    self->figures_id = g_timeout_add (delay_ms, figures_cb, self);
}

static void
apply_figures (GhHost           *self,
               GhFiguresReading *reading)
{
  gint64 start_us = g_get_monotonic_time ();
  gint64 cost_us = 0;
  gboolean any = FALSE;
  double cpus_used = 0;

  for (guint i = 0; i < reading->readings->len; i++)
    {
      GhCpuReading *row = &g_array_index (reading->readings, GhCpuReading, i);
      GhMachine *machine = g_hash_table_lookup (self->machines, row->uuid);

      if (machine != NULL && gh_machine_add_cpu (machine, row->cpu_ns, reading->time_us))
        {
          any = TRUE;
          cpus_used += gh_machine_get_cpu_share (machine) * MAX (gh_machine_get_n_cpus (machine),
                                                                 1);
        }
    }
  if (any)
    {
      guint n_cpus = self->capabilities != NULL ? self->capabilities->n_cpus : 0;
      double share = n_cpus > 0 ? MIN (cpus_used / n_cpus, 1.0) : -1;

      emit_changes (self, NULL, NULL, NULL, TRUE);
      if (self->cpu_share != share)
        {
          self->cpu_share = share;
          g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CPU_SHARE]);
        }
    }
  /* What it costs decides how often it is done; painting costs about as much again. */
  cost_us = reading->cpu_cost_us + 2 * (g_get_monotonic_time () - start_us);
  self->figures_interval_ms = (guint) CLAMP (MAX (cost_us * FIGURES_COST_DIVISOR,
                                                  reading->duration_us * 10) / 1000,
                                             FIGURES_INTERVAL_MS, 30 * 1000);
}

static void
figures_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  GhFiguresReading *reading = g_task_propagate_pointer (G_TASK (result), &error);

  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;

  self->figures_running = FALSE;
  if (reading != NULL)
    {
      apply_figures (self, reading);
      gh_figures_reading_free (reading);
    }
  else
    {
      g_debug ("No figures of %s: %s", self->uri, error->message);
      self->figures_interval_ms = MIN (MAX (self->figures_interval_ms, FIGURES_INTERVAL_MS) * 2,
                                       60 * 1000);
    }
  schedule_figures (self, self->figures_interval_ms);
}

static void
capabilities_for_figures_cb (GObject      *object,
                             GAsyncResult *result,
                             gpointer      user_data)
{
  g_autoptr (GhCapabilities) capabilities = gh_host_load_capabilities_finish (GH_HOST (object),
                                                                              result, NULL);

  /* Without them the host has no load figure; nothing else depends on it here. */
  (void) capabilities;
}

static void
start_figures (GhHost *self)
{
  if (self->figures_running || self->n_figure_holds == 0 || self->state != GH_HOST_CONNECTED ||
      self->figures_id != 0)
    return;

  /* The host's number of CPUs, for its own load; once. */
  if (self->capabilities == NULL && self->figures_interval_ms == 0)
    gh_host_load_capabilities_async (self, self->cancellable, capabilities_for_figures_cb, NULL);
  self->figures_interval_ms = MAX (self->figures_interval_ms, FIGURES_INTERVAL_MS);
  self->figures_running = TRUE;
  gh_host_call (self, GH_ROLE_STATS, GH_LANE_BACKGROUND, GH_LANE_READ, "domain-stats",
                gh_host_figures_worker,
                NULL, NULL, gh_figures_reading_free,
                g_task_new (self, self->cancellable, figures_loaded_cb, NULL));
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
  start_titles (self);
  /* Who was quick may have read what changed before anybody told. */
  if (self->listed)
    {
      g_signal_emit (self, signals[DEFINITION_CHANGED], 0, NULL);
      gh_host_mark_storage_stale (self);
    }
}

/* This computer's daemon where it usually is: no line has to be waited for, polkit may ask for a
 * password, and it may have to be started first. */
static gboolean
is_at_hand (GhHost *self)
{
  return gh_host_is_local (self) && strstr (self->uri, "socket=") == NULL;
}

/* Whether connections may be opened side by side from the beginning: nobody is asked a password.
 * Over ssh they wait for the login, which only the control lane asks for. */
static gboolean
can_open_ahead (GhHost *self)
{
  return !gh_host_is_test (self) && !is_at_hand (self);
}

guint
gh_host_get_n_readers (GhHost *self)
{
  guint n_sessions = 0;

  if (gh_host_is_test (self))
    return 1;
  if (self->ssh == NULL)
    return is_at_hand (self) ? 2 : MAX_READERS;
  n_sessions = gh_ssh_get_max_sessions (self->ssh);
  return n_sessions > OTHER_SESSIONS ? MIN (n_sessions - OTHER_SESSIONS, MAX_READERS) : 1;
}

static gpointer
open_worker_ahead (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  g_autoptr (GError) local = NULL;

  /* Whoever asks next tries once more, and is told why not. */
  gh_conn_get (lane, &local);
  return NULL;
}

/* One of several: where there is no room for it in a login over ssh, the others do its work, unless
 * they may all be stuck. */
static gpointer
open_reader_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  GhConn *conn = gh_lane_get_connection (lane);
  gboolean others = gh_lane_get_n_busy (lane, READER_STUCK_US) + 1 < gh_lane_get_n_threads (lane);
  g_autoptr (GError) local = NULL;

  conn->kind = others ? GH_SSH_SEAT_GIVES_WAY : GH_SSH_SEAT_NEEDED;
  gh_conn_get (lane, &local);
  conn->kind = GH_SSH_SEAT_NEEDED;
  return g_error_matches (local, G_IO_ERROR, G_IO_ERROR_BUSY) ? conn : NULL;
}

static gboolean
readers_idle_cb (gpointer user_data)
{
  GhHost *self = user_data;

  if (gh_lane_get_n_busy (self->readers, 0) > 0 || gh_lane_get_n_waiting (self->readers) > 0)
    return G_SOURCE_CONTINUE;
  self->readers_id = 0;
  drop_readers (self);
  return G_SOURCE_REMOVE;
}

/* Has @n connections for reading, or as many as there may be. */
static void
open_readers (GhHost *self,
              guint   n)
{
  guint max = gh_host_get_n_readers (self);

  if (self->readers == NULL)
    self->readers = gh_lane_new_empty ("read");
  max += MIN (gh_lane_get_n_busy (self->readers, READER_STUCK_US), MAX_STUCK_READERS);
  while (gh_lane_get_n_threads (self->readers) < MIN (n, max))
    gh_lane_add_thread (self->readers, conn_new (self, GH_SSH_SEAT_NEEDED, NULL),
                        open_reader_worker, gh_conn_close);
  g_clear_handle_id (&self->readers_id, g_source_remove);
  self->readers_id = g_timeout_add_seconds (READERS_IDLE_S, readers_idle_cb, self);
}

/* For one more question: those that are open and busy are not waited for. */
static GhLane *
get_readers (GhHost *self)
{
  guint n_asked = 0;

  if (self->readers != NULL)
    n_asked = gh_lane_get_n_busy (self->readers, 0) + gh_lane_get_n_waiting (self->readers);
  open_readers (self, n_asked + 1);
  return self->readers;
}

static void
open_stats (GhHost *self)
{
  if (gh_host_is_test (self))
    self->stats = g_object_ref (self->control);
  else
    {
      self->stats = gh_lane_new_empty ("stats");
      gh_lane_add_thread (self->stats, conn_new (self, GH_SSH_SEAT_NEEDED, NULL),
                          open_worker_ahead, NULL);
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
        open_stats (self);
      if (self->many_readings && !gh_host_is_test (self))
        open_readers (self, MAX_READERS);
      self->all_stale = TRUE;
      if (!self->brief)
        gh_host_call (self, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "connect-events",
                      events_worker, sink_ref (self->sink), sink_unref, NULL,
                      g_task_new (self, self->cancellable, watching_cb, NULL));
      start_refresh (self);
      return;
    }
  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;
  lose_connection (self, error);
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
      set_state (self, GH_HOST_CONNECTING, NULL);
      lose_connection (self, error);
      return;
    }
  self->sink = sink_new (self);
  self->control = gh_lane_new ("control");
  gh_lane_set_connection (self->control, conn_new (self, GH_SSH_SEAT_FIRST, self->sink));
  gh_host_call (self, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "connect-open", open_worker,
                sink_ref (self->sink), sink_unref, NULL,
                g_task_new (self, self->cancellable, opened_cb, NULL));
  if (can_open_ahead (self))
    {
      open_stats (self);
      if (self->many_readings)
        open_readers (self, MAX_READERS);
    }
  set_state (self, GH_HOST_CONNECTING, NULL);
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
    open_readers (self, MAX_READERS);
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
  set_state (self, GH_HOST_DISCONNECTED, NULL);
  emit_changes (self, NULL, removed, NULL, FALSE);
  g_set_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Disconnected");
  answer_ready (self, error);
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
  start_refresh (self);
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

guint
gh_host_get_n_machines (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), 0);

  return g_hash_table_size (self->machines);
}

/**
 * gh_host_dup_machines:
 * @self: a host
 *
 * Returns: (transfer full) (element-type GhMachine): its machines, in no order
 */
GPtrArray *
gh_host_dup_machines (GhHost *self)
{
  GPtrArray *machines = NULL;
  GHashTableIter iter;
  gpointer machine;

  g_return_val_if_fail (GH_IS_HOST (self), NULL);

  machines = g_ptr_array_new_full (g_hash_table_size (self->machines), g_object_unref);
  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    g_ptr_array_add (machines, g_object_ref (machine));
  return machines;
}

/**
 * gh_host_find_machine:
 * @self: a host
 * @name_or_uuid: what the user calls it
 *
 * Returns: (transfer none) (nullable): the machine of that UUID, else of that name
 */
GhMachine *
gh_host_find_machine (GhHost     *self,
                      const char *name_or_uuid)
{
  GHashTableIter iter;
  gpointer machine;

  g_return_val_if_fail (GH_IS_HOST (self), NULL);

  machine = g_hash_table_lookup (self->machines, name_or_uuid);
  if (machine != NULL)
    return machine;
  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    if (strcmp (gh_machine_get_name (machine), name_or_uuid) == 0)
      return machine;
  return NULL;
}

/**
 * gh_host_hold_figures:
 * @self: a host
 *
 * Has figures read until the matching gh_host_release_figures(). To be held
 * only while something on screen shows them.
 */
void
gh_host_hold_figures (GhHost *self)
{
  g_return_if_fail (GH_IS_HOST (self));

  self->n_figure_holds++;
  start_figures (self);
}

void
gh_host_release_figures (GhHost *self)
{
  g_return_if_fail (GH_IS_HOST (self));
  g_return_if_fail (self->n_figure_holds > 0);

  self->n_figure_holds--;
  if (self->n_figure_holds == 0)
    g_clear_handle_id (&self->figures_id, g_source_remove);
}

GhLane *
gh_host_open_job_lane (GhHost *self)
{
  GhLane *lane = gh_lane_new ("job");

  gh_lane_set_connection (lane, conn_new (self, GH_SSH_SEAT_NEEDED, NULL));
  return lane;
}

GhLane *
gh_host_get_lane (GhHost     *self,
                  GhLaneRole  role)
{
  /* A host that was lost is lost until it is back: calls would wait for it, perhaps for ever. */
  gboolean reconnecting = self->state == GH_HOST_CONNECTING && self->n_retries > 0;

  switch (role)
    {
    case GH_ROLE_STATS:
      return self->opened ? self->stats : NULL;
    case GH_ROLE_CONSOLE:
      if (self->console == NULL && self->control != NULL)
        self->console =
          gh_host_is_test (self) ? g_object_ref (self->control) : gh_host_open_job_lane (self);
      return reconnecting ? NULL : self->console;
    case GH_ROLE_READ:
      return reconnecting || self->control == NULL ? NULL : get_readers (self);
    case GH_ROLE_CONTROL:
    case GH_ROLE_JOB:
    default:
      return reconnecting ? NULL : self->control;
    }
}

/* Capabilities */

static void
capabilities_loaded_cb (GObject      *object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhCapabilities *capabilities = g_task_propagate_pointer (G_TASK (result), &error);

  if (capabilities == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
  self->capabilities = gh_capabilities_ref (capabilities);
  g_task_return_pointer (task, capabilities, (GDestroyNotify) gh_capabilities_unref);
}

static gpointer
capabilities_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  char *capabilities_xml = NULL;
  char *domain_xml = NULL;
  virNodeInfo node = { 0 };
  GhCapabilities *capabilities = NULL;

  if (conn == NULL)
    return NULL;
  capabilities_xml = virConnectGetCapabilities (conn);
  if (capabilities_xml == NULL || virNodeGetInfo (conn, &node) < 0)
    {
      gh_virt_error_take (error);
      free (capabilities_xml);
      return NULL;
    }
  /* Of the machine type that new machines have: Secure Boot is not offered for the default one.
   * Other architectures do not know it. */
  domain_xml = virConnectGetDomainCapabilities (conn, NULL, NULL, "q35", NULL, 0);
  if (domain_xml == NULL)
    domain_xml = virConnectGetDomainCapabilities (conn, NULL, NULL, NULL, NULL, 0);
  /* Fails where no emulator is installed, and on drivers that have none: nothing is offered
     then. */
  if (domain_xml == NULL)
    virResetLastError ();
  capabilities = gh_capabilities_new (capabilities_xml, domain_xml, node.memory, node.cpus);
  free (capabilities_xml);
  free (domain_xml);
  return capabilities;
}

void
gh_host_load_capabilities_async (GhHost              *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (GH_IS_HOST (self));

  g_task_set_source_tag (task, gh_host_load_capabilities_async);
  if (self->capabilities != NULL)
    {
      g_task_return_pointer (task, gh_capabilities_ref (self->capabilities),
                             (GDestroyNotify) gh_capabilities_unref);
      g_object_unref (task);
      return;
    }
  /* Probing QEMU takes seconds the first time: the others of these lanes go on. */
  gh_host_call (self, GH_ROLE_READ, GH_LANE_DEFAULT, GH_LANE_READ, "capabilities",
                capabilities_worker,
                NULL, NULL, (GDestroyNotify) gh_capabilities_unref,
                g_task_new (self, cancellable, capabilities_loaded_cb, task));
}

GhCapabilities *
gh_host_load_capabilities_finish (GhHost        *self,
                                  GAsyncResult  *result,
                                  GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
