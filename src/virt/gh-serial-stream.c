/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A serial console as bytes. It has a lane, and so a connection, of its own: events of the
 * stream only mark that there is something to do, and the reading and writing happens on the
 * lane. On hosts whose lanes share a connection (the test driver) there are no serial consoles. */

#define G_LOG_DOMAIN "gh-serial-stream"

#include "config.h"

#include "gh-serial-stream.h"

#include "gh-faults.h"
#include "gh-serial-stream-private.h"
#include "gh-threads.h"
#include "gh-virt-error-private.h"

/* What one turn reads at most, so that a guest that floods its console cannot flood us. */
#define MAX_TURN (256 * 1024)

/* Shared by the object and the lane's jobs; whoever is last frees. Libvirt's stream callback knows
 * it by its id only: a callback that is removed while libvirt dispatches it on another thread is
 * never told to free what it was given (virNetClientStreamEventRemoveCallback() of 9.0). */
typedef struct
{
  gatomicrefcount ref_count;
  guint           id;
  GWeakRef        owner;   /* (element-type GhSerialStream) */
  virStreamPtr    stream;  /* (nullable), of the lane's thread */
  gint            wants_write; /* (atomic) */
} Shared;

struct _GhSerialStream
{
  GObject     parent_instance;

  GhLane     *lane;    /* (owned) (nullable): NULL once closed */
  Shared     *shared;
  GByteArray *out;     /* not handed to the lane yet */
  gboolean    started;
  gboolean    turning; /* a turn is on the lane */
  gboolean    again;   /* another is needed */
};

enum
{
  DATA,
  CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* The streams that are there: id -> Shared (unowned). */
G_LOCK_DEFINE_STATIC (streams);
static GHashTable *streams;
static guint last_id;

G_DEFINE_FINAL_TYPE (GhSerialStream, gh_serial_stream, G_TYPE_OBJECT)

static void start_turn (GhSerialStream *self);

static Shared *
shared_ref (Shared *shared)
{
  g_atomic_ref_count_inc (&shared->ref_count);
  return shared;
}

static void
shared_unref (gpointer data)
{
  Shared *shared = data;
  gboolean last = FALSE;

  /* Under the lock, or shared_find() could take up one that is going. */
  G_LOCK (streams);
  last = g_atomic_ref_count_dec (&shared->ref_count);
  if (last)
    {
      g_hash_table_remove (streams, GUINT_TO_POINTER (shared->id));
      if (g_hash_table_size (streams) == 0)
        g_clear_pointer (&streams, g_hash_table_unref);
    }
  G_UNLOCK (streams);
  if (!last)
    return;
  g_weak_ref_clear (&shared->owner);
  g_free (shared);
}

static Shared *
shared_new (GhSerialStream *owner)
{
  Shared *shared = g_new0 (Shared, 1);

  g_atomic_ref_count_init (&shared->ref_count);
  g_weak_ref_init (&shared->owner, owner);
  G_LOCK (streams);
  if (streams == NULL)
    streams = g_hash_table_new (NULL, NULL);
  shared->id = ++last_id;
  g_hash_table_insert (streams, GUINT_TO_POINTER (shared->id), shared);
  G_UNLOCK (streams);
  return shared;
}

/* (transfer full) (nullable) */
static Shared *
shared_find (guint id)
{
  Shared *shared = NULL;

  G_LOCK (streams);
  shared = streams != NULL ? g_hash_table_lookup (streams, GUINT_TO_POINTER (id)) : NULL;
  if (shared != NULL)
    shared_ref (shared);
  G_UNLOCK (streams);
  return shared;
}

static gboolean
turn_wanted_cb (gpointer user_data)
{
  Shared *shared = user_data;
  g_autoptr (GhSerialStream) self = g_weak_ref_get (&shared->owner);

  if (self != NULL && self->started)
    start_turn (self);
  return G_SOURCE_REMOVE;
}

/* On the main loop, or wherever libvirt dispatches. */
static void
stream_event_cb (virStreamPtr  stream,
                 int           events,
                 void         *opaque)
{
  Shared *shared = shared_find (GPOINTER_TO_UINT (opaque));

  if (shared != NULL)
    g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, turn_wanted_cb, shared, shared_unref);
}

/* One turn: writes what there is, reads what there is. */
typedef struct
{
  Shared     *shared;
  GByteArray *out;    /* written from the front; the rest goes back */
  GByteArray *in;
  gboolean    end;
  gboolean    more;
} Turn;

static void
turn_free (gpointer data)
{
  Turn *turn = data;

  shared_unref (turn->shared);
  g_byte_array_unref (turn->out);
  g_byte_array_unref (turn->in);
  g_free (turn);
}

static Turn *
turn_new (Shared     *shared,
          GByteArray *out)
{
  Turn *turn = g_new0 (Turn, 1);

  turn->shared = shared_ref (shared);
  turn->out = out;
  turn->in = g_byte_array_new ();
  return turn;
}

static gpointer
turn_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Turn *job = data;
  virStreamPtr stream = job->shared->stream;
  Turn *turn = NULL;
  char buffer[16 * 1024];
  int events = VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_HANGUP | VIR_STREAM_EVENT_ERROR;
  int n = 0;

  turn = turn_new (job->shared, g_byte_array_ref (job->out));
  if (stream == NULL)
    {
      turn->end = TRUE;
      return turn;
    }

  while (turn->out->len > 0 &&
         (n = virStreamSend (stream, (char *) turn->out->data, turn->out->len)) > 0)
    g_byte_array_remove_range (turn->out, 0, (guint) n);
  if (n == -1)
    gh_virt_error_take (error);
  while (*error == NULL && turn->in->len < MAX_TURN &&
         (n = virStreamRecv (stream, buffer, sizeof buffer)) > 0)
    g_byte_array_append (turn->in, (guint8 *) buffer, (guint) n);
  if (*error == NULL && n == -1)
    gh_virt_error_take (error);
  turn->more = turn->in->len >= MAX_TURN;
  turn->end = turn->in->len < MAX_TURN && n == 0 && *error == NULL;

  if (*error != NULL || turn->end)
    {
      virStreamEventRemoveCallback (stream);
      if (*error != NULL)
        virStreamAbort (stream);
      else
        virStreamFinish (stream);
      virStreamFree (stream);
      job->shared->stream = NULL;
      virResetLastError ();
    }
  else
    {
      if (turn->out->len > 0)
        events |= VIR_STREAM_EVENT_WRITABLE;
      virStreamEventUpdateCallback (stream, events);
    }
  if (*error != NULL)
    {
      turn_free (turn);
      return NULL;
    }
  return turn;
}

static void
end_stream (GhSerialStream *self,
            const GError   *error)
{
  if (self->lane == NULL)
    return;
  gh_lane_stop (self->lane, gh_conn_close);
  g_clear_object (&self->lane);
  g_signal_emit (self, signals[CLOSED], 0, error);
}

static void
turn_done_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GhSerialStream) self = user_data;
  g_autoptr (GError) error = NULL;
  Turn *turn = gh_lane_run_finish (GH_LANE (object), result, &error);

  self->turning = FALSE;
  if (turn == NULL)
    {
      end_stream (self, error);
      return;
    }
  if (turn->in->len > 0 && self->lane != NULL)
    {
      g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_byte_array_ref (turn->in));

      g_signal_emit (self, signals[DATA], 0, bytes);
    }
  /* What could not be sent goes first, before what was typed meanwhile. */
  g_byte_array_prepend (self->out, turn->out->data, turn->out->len);
  if (turn->end)
    end_stream (self, NULL);
  else if (self->again || turn->more)
    start_turn (self);
  turn_free (turn);
}

static void
start_turn (GhSerialStream *self)
{
  Turn *turn = NULL;

  if (self->lane == NULL)
    return;
  if (self->turning)
    {
      self->again = TRUE;
      return;
    }
  self->again = FALSE;
  self->turning = TRUE;
  turn = turn_new (self->shared, g_steal_pointer (&self->out));
  self->out = g_byte_array_new ();
  gh_lane_run_async (self->lane, GH_LANE_USER, GH_LANE_READ, "serial-turn", turn_worker, turn,
                     turn_free,
                     turn_free, NULL, turn_done_cb, g_object_ref (self));
}

static gpointer
close_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Shared *shared = data;

  if (shared->stream != NULL)
    {
      virStreamEventRemoveCallback (shared->stream);
      virStreamAbort (shared->stream);
      virStreamFree (shared->stream);
      shared->stream = NULL;
      virResetLastError ();
    }
  return NULL;
}

/* The lane goes on by itself until the stream is closed, then ends. */
static void
closed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  (void) gh_lane_run_finish (GH_LANE (object), result, NULL);
  gh_lane_stop (GH_LANE (object), gh_conn_close);
}

static void
gh_serial_stream_dispose (GObject *object)
{
  gh_serial_stream_close (GH_SERIAL_STREAM (object));
  G_OBJECT_CLASS (gh_serial_stream_parent_class)->dispose (object);
}

static void
gh_serial_stream_finalize (GObject *object)
{
  GhSerialStream *self = GH_SERIAL_STREAM (object);

  g_byte_array_unref (self->out);
  shared_unref (self->shared);
  G_OBJECT_CLASS (gh_serial_stream_parent_class)->finalize (object);
}

static void
gh_serial_stream_class_init (GhSerialStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gh_serial_stream_dispose;
  object_class->finalize = gh_serial_stream_finalize;

  /**
   * GhSerialStream::data:
   * @self: the stream
   * @bytes: (type GBytes): what the guest wrote
   */
  signals[DATA] = g_signal_new ("data", GH_TYPE_SERIAL_STREAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL,
                                G_TYPE_NONE, 1, G_TYPE_BYTES);
  /**
   * GhSerialStream::closed:
   * @self: the stream
   * @error: (nullable) (type GError): why, unless the guest just stopped
   */
  signals[CLOSED] = g_signal_new ("closed", GH_TYPE_SERIAL_STREAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
gh_serial_stream_init (GhSerialStream *self)
{
  self->out = g_byte_array_new ();
  self->shared = shared_new (self);
}

/* Opening */

typedef struct
{
  Shared  *shared;
  char     uuid[VIR_UUID_STRING_BUFLEN];
  char    *alias;
  gboolean force;
} Open;

static void
open_free (gpointer data)
{
  Open *call = data;

  shared_unref (call->shared);
  g_free (call->alias);
  g_free (call);
}

static gpointer
open_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Open *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  virStreamPtr stream = NULL;
  int events = VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_HANGUP | VIR_STREAM_EVENT_ERROR;

  if (domain == NULL)
    return NULL;
  stream = virStreamNew (gh_conn_get (lane, NULL), VIR_STREAM_NONBLOCK);
  if (stream == NULL ||
      virDomainOpenConsole (domain, call->alias, stream, call->force ? VIR_DOMAIN_CONSOLE_FORCE
                            : 0) < 0 ||
      virStreamEventAddCallback (stream, events, stream_event_cb,
                                 GUINT_TO_POINTER (call->shared->id), NULL) < 0)
    {
      gh_virt_error_take (error);
      if (stream != NULL)
        virStreamFree (stream);
      return NULL;
    }
  call->shared->stream = stream;
  return NULL;
}

static void
opened_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhSerialStream *self = g_task_get_task_data (task);
  GError *error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (error == NULL)
    {
      g_task_return_pointer (task, g_object_ref (self), g_object_unref);
      return;
    }
  if (error->domain == GH_FAULT_ERROR)
    error->domain = GH_VIRT_ERROR;
  g_task_return_error (task, error);
}

/**
 * gh_machine_open_serial_async:
 * @self: a running machine
 * @alias: (nullable): a device alias of its live XML, or %NULL for the first console
 * @force: takes it from whoever has it open
 * @cancellable: (nullable): stops waiting
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Opens a serial console, on a connection of its own (virDomainOpenConsole()).
 */
void
gh_machine_open_serial_async (GhMachine           *machine,
                              const char          *alias,
                              gboolean             force,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  GTask *task = NULL;
  GhHost *host = NULL;
  GhSerialStream *self = NULL;
  Open *call = NULL;

  g_return_if_fail (GH_IS_MACHINE (machine));
  g_assert (GH_IS_MAIN_THREAD ());

  task = g_task_new (machine, cancellable, callback, user_data);
  host = gh_machine_get_host (machine);
  if (host == NULL || gh_host_is_test (host))
    {
      g_task_return_new_error (task, GH_VIRT_ERROR, VIR_ERR_NO_SUPPORT,
                               "No serial consoles on this host");
      g_object_unref (task);
      return;
    }

  self = g_object_new (GH_TYPE_SERIAL_STREAM, NULL);
  self->lane = gh_host_open_job_lane (host);
  g_task_set_task_data (task, self, g_object_unref);
  call = g_new0 (Open, 1);
  call->shared = shared_ref (self->shared);
  g_strlcpy (call->uuid, gh_machine_get_uuid (machine), sizeof call->uuid);
  call->alias = g_strdup (alias);
  call->force = force;
  gh_lane_run_async (self->lane, GH_LANE_USER, GH_LANE_READ, "domain-open-console", open_worker,
                     call, open_free,
                     NULL, cancellable, opened_cb, task);
}

GhSerialStream *
gh_machine_open_serial_finish (GhMachine     *machine,
                               GAsyncResult  *result,
                               GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, machine), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gh_serial_stream_start:
 * @self: an opened stream
 *
 * Starts reading. Main thread.
 */
void
gh_serial_stream_start (GhSerialStream *self)
{
  g_return_if_fail (GH_IS_SERIAL_STREAM (self));

  self->started = TRUE;
  start_turn (self);
}

/**
 * gh_serial_stream_write:
 * @self: a started stream
 * @data: bytes for the guest
 * @length: how many
 *
 * Queues bytes; never blocks. Main thread.
 */
void
gh_serial_stream_write (GhSerialStream *self,
                        const char     *data,
                        gsize           length)
{
  g_return_if_fail (GH_IS_SERIAL_STREAM (self));

  g_byte_array_append (self->out, (const guint8 *) data, (guint) length);
  start_turn (self);
}

/**
 * gh_serial_stream_close:
 * @self: a stream
 *
 * Closes it, in the background; no signal is emitted any more.
 */
void
gh_serial_stream_close (GhSerialStream *self)
{
  g_autoptr (GhLane) lane = NULL;

  g_return_if_fail (GH_IS_SERIAL_STREAM (self));

  lane = g_steal_pointer (&self->lane);
  if (lane != NULL)
    gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "serial-close", close_worker,
                       shared_ref (self->shared),
                       shared_unref, NULL, NULL, closed_cb, NULL);
}
