/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A lane is one thread that runs closures one after another, the most urgent
 * first. Each libvirt connection belongs to one thread, so there is never more than
 * one call in flight per connection: libvirt's client shares one socket per
 * connection, and 9.0 can use freed memory when threads share it.
 *
 * A lane for reading may have several threads, each with a connection of its own; whichever is
 * free takes the next closure, so that one that is stuck holds up nothing but itself.
 *
 * Life of a job: gh_lane_run_async() queues it ; the lane's thread takes it,
 * runs it and posts its result to the context that asked. The caller is
 * answered exactly once, always on the context that asked, by whichever comes
 * first there: the result or the cancellation. A cancelled job that has not
 * started never runs; a started read is abandoned; a started write is waited for,
 * because what it did is done.
 */

#define G_LOG_DOMAIN "gh-lane"

#include "config.h"

#include "gh-lane.h"

#include "gh-debug.h"
#include "gh-faults.h"
#include "gh-threads.h"

#define N_PRIORITIES (GH_LANE_BACKGROUND + 1)

typedef struct
{
  gatomicrefcount ref_count;
  GhLane         *lane; /* (owned) */
  GhLaneKind      kind;
  char           *name;
  GhLaneFunc      func;
  gpointer        data;
  GDestroyNotify  data_free;
  GDestroyNotify  result_free;
  GCancellable   *cancellable; /* (owned) (nullable) */
  gulong          cancelled_id;
  GMainContext   *context;
  GTask          *task;  /* (owned) (nullable), of the asking context: NULL once answered */
  gpointer        result; /* written by the lane's thread before it posts */
  GError         *error;
} Job;

/* One thread of a lane. */
typedef struct
{
  GhLane     *lane;       /* (owned) */
  gpointer    connection; /* (unowned) (nullable): of the thread once it is set */
  GhLaneFunc  begin;      /* (nullable): runs before the first closure */
  GDestroyNotify close_connection; /* (nullable): when @begin says that it is not wanted */
  gint64      since_us;   /* (mutex of the lane): monotonic: it is busy; 0: it waits */
} Worker;

struct _GhLane
{
  GObject   parent_instance;

  char     *name;
  GMutex    mutex;
  GCond     wake;
  GQueue    waiting[N_PRIORITIES]; /* (element-type Job) (mutex) */
  GPtrArray *workers;              /* (element-type Worker) (mutex): whose threads run */
  gboolean  stopped;               /* (mutex) */
  GDestroyNotify close_connection; /* (mutex) */
};

G_DEFINE_FINAL_TYPE (GhLane, gh_lane, G_TYPE_OBJECT)

/* Of all lanes that have been stopped: how many threads have not closed their connection yet. */
static GMutex closing_mutex;
static GCond closing_ended;
static guint n_closing; /* (mutex closing_mutex) */

/* The Worker whose thread this is. */
static GPrivate current_worker;

static Job *
job_ref (Job *job)
{
  g_atomic_ref_count_inc (&job->ref_count);
  return job;
}

static void
job_unref (gpointer data)
{
  Job *job = data;

  if (!g_atomic_ref_count_dec (&job->ref_count))
    return;

  g_assert (job->task == NULL);
  if (job->data_free != NULL && job->data != NULL)
    job->data_free (job->data);
  if (job->result != NULL && job->result_free != NULL)
    job->result_free (job->result);
  g_clear_error (&job->error);
  g_clear_object (&job->cancellable);
  g_main_context_unref (job->context);
  g_object_unref (job->lane);
  g_free (job->name);
  g_free (job);
}

static void
post (Job         *job,
      GSourceFunc  func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "gh-lane answer");
  g_source_set_callback (source, func, job_ref (job), job_unref);
  g_source_attach (source, job->context);
}

/* Answers the caller. On the asking context. */
static void
answer (Job     *job,
        gboolean cancelled)
{
  g_autoptr (GTask) task = g_steal_pointer (&job->task);

  if (task == NULL)
    return;

  if (job->cancelled_id != 0)
    g_cancellable_disconnect (job->cancellable, job->cancelled_id);
  job->cancelled_id = 0;

  if (cancelled)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
  else if (job->error != NULL)
    g_task_return_error (task, g_steal_pointer (&job->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&job->result), job->result_free);
}

static gboolean
job_finished_cb (gpointer user_data)
{
  answer (user_data, FALSE);
  return G_SOURCE_REMOVE;
}

static gboolean
job_cancelled_cb (gpointer user_data)
{
  Job *job = user_data;
  GhLane *lane = job->lane;
  gboolean drop = FALSE;
  gboolean queued = FALSE;

  if (job->task == NULL)
    return G_SOURCE_REMOVE;

  g_mutex_lock (&lane->mutex);
  for (guint i = 0; i < N_PRIORITIES && !queued; i++)
    queued = g_queue_remove (&lane->waiting[i], job);
  /* A finished job has posted its answer already; for a write that is the truth. */
  drop = queued || job->kind == GH_LANE_READ;
  g_mutex_unlock (&lane->mutex);

  if (drop)
    answer (job, TRUE);
  if (queued)
    job_unref (job);
  return G_SOURCE_REMOVE;
}

/* In whichever thread cancels. */
static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  post (user_data, job_cancelled_cb);
}

static void
run_job (GhLane *self,
         Job    *job)
{
  gint64 start = g_get_monotonic_time ();

  if (gh_faults_enter (job->name, &job->error))
    job->result = job->func (self, job->data, job->cancellable, &job->error);

  if (gh_debug_is_on (GH_DEBUG_CALLS))
    g_printerr ("call %s %s %" G_GINT64_FORMAT " us%s%s\n", self->name, job->name,
                g_get_monotonic_time () - start, job->error != NULL ? ": " : "",
                job->error != NULL ? job->error->message : "");
  if (job->error != NULL && job->result != NULL && job->result_free != NULL)
    g_clear_pointer (&job->result, job->result_free);
}

/* The next closure; NULL when the lane has been stopped. With the mutex held. */
static Job *
take_job_locked (GhLane *self)
{
  while (TRUE)
    {
      Job *job = NULL;

      for (guint i = 0; i < N_PRIORITIES && job == NULL; i++)
        job = g_queue_pop_head (&self->waiting[i]);
      if (job != NULL || self->stopped)
        return job;
      g_cond_wait (&self->wake, &self->mutex);
    }
}

/* The last thing its thread does. */
static void
end_worker (Worker         *worker,
            GDestroyNotify  close_connection,
            gboolean        stopped)
{
  if (close_connection != NULL && worker->connection != NULL)
    close_connection (worker->connection);
  g_object_unref (worker->lane);
  g_free (worker);
  gh_threads_end ();
  if (!stopped)
    return;
  g_mutex_lock (&closing_mutex);
  n_closing--;
  g_cond_broadcast (&closing_ended);
  g_mutex_unlock (&closing_mutex);
}

/* The last one stays: somebody has to take what comes. */
static gboolean
leave (Worker *worker)
{
  GhLane *self = worker->lane;
  gboolean leaves = FALSE;

  g_mutex_lock (&self->mutex);
  leaves = !self->stopped && self->workers->len > 1;
  if (leaves)
    g_ptr_array_remove (self->workers, worker);
  g_mutex_unlock (&self->mutex);
  if (leaves)
    end_worker (worker, worker->close_connection, FALSE);
  return leaves;
}

static gpointer
lane_thread (gpointer user_data)
{
  Worker *worker = user_data;
  GhLane *self = worker->lane;
  GDestroyNotify close_connection = NULL;
  Job *job = NULL;

  g_private_set (&current_worker, worker);
  /* What it cannot do is told to who asks for it next. */
  if (worker->begin != NULL && worker->begin (self, NULL, NULL, NULL) != NULL && leave (worker))
    return NULL;

  g_mutex_lock (&self->mutex);
  worker->since_us = 0;
  while ((job = take_job_locked (self)) != NULL)
    {
      worker->since_us = g_get_monotonic_time ();
      g_mutex_unlock (&self->mutex);
      run_job (self, job);
      g_mutex_lock (&self->mutex);
      worker->since_us = 0;
      post (job, job_finished_cb);
      job_unref (job);
    }
  g_ptr_array_remove (self->workers, worker);
  close_connection = self->close_connection;
  g_mutex_unlock (&self->mutex);

  end_worker (worker, close_connection, TRUE);
  return NULL;
}

static void
add_worker (GhLane         *self,
            gpointer        connection,
            GhLaneFunc      begin,
            GDestroyNotify  close_connection)
{
  Worker *worker = g_new0 (Worker, 1);

  worker->lane = g_object_ref (self);
  worker->connection = connection;
  worker->begin = begin;
  worker->close_connection = close_connection;
  worker->since_us = g_get_monotonic_time ();
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->workers, worker);
  g_mutex_unlock (&self->mutex);
  g_thread_unref (g_thread_new (self->name, lane_thread, worker));
}

static void
gh_lane_finalize (GObject *object)
{
  GhLane *self = GH_LANE (object);

  g_free (self->name);
  g_ptr_array_unref (self->workers);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->wake);
  G_OBJECT_CLASS (gh_lane_parent_class)->finalize (object);
}

static void
gh_lane_class_init (GhLaneClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_lane_finalize;
}

static void
gh_lane_init (GhLane *self)
{
  self->workers = g_ptr_array_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->wake);
}

/**
 * gh_lane_new:
 * @name: for traces, such as "control"
 *
 * Starts a thread that runs closures until gh_lane_stop(). A lane that is never
 * stopped lives as long as the program.
 *
 * Returns: (transfer full): the lane
 */
GhLane *
gh_lane_new (const char *name)
{
  GhLane *self = gh_lane_new_empty (name);

  add_worker (self, NULL, NULL, NULL);
  return self;
}

/**
 * gh_lane_new_empty:
 * @name: for traces, such as "read"
 *
 * Returns: (transfer full): a lane without threads, for gh_lane_add_thread()
 */
GhLane *
gh_lane_new_empty (const char *name)
{
  GhLane *self = g_object_new (GH_TYPE_LANE, NULL);

  self->name = g_strdup (name);
  return self;
}

/**
 * gh_lane_set_connection:
 * @self: a lane
 * @connection: (nullable): a virConnectPtr, which the lane's closures use
 *
 * Hands over the connection; to be called before the first closure is queued.
 */
void
gh_lane_set_connection (GhLane  *self,
                        gpointer connection)
{
  g_return_if_fail (GH_IS_LANE (self));

  ((Worker *) g_ptr_array_index (self->workers, 0))->connection = connection;
}

/**
 * gh_lane_get_connection:
 * @self: a lane
 *
 * Returns: (nullable): the connection of the thread that asks; for closures of the lane
 */
gpointer
gh_lane_get_connection (GhLane *self)
{
  Worker *worker = g_private_get (&current_worker);

  g_return_val_if_fail (worker != NULL && worker->lane == self, NULL);

  return worker->connection;
}

/**
 * gh_lane_add_thread:
 * @self: a lane that has not been stopped
 * @connection: (nullable): a virConnectPtr of that thread's own
 * @begin: (nullable): called there first, with the lane and nothing else: to open it. When it
 *   returns something, the thread is not wanted and ends, unless it is the last one
 * @close_connection: (nullable): called with the connection then
 *
 * Has closures of this lane run side by side. For those that only read.
 */
void
gh_lane_add_thread (GhLane         *self,
                    gpointer        connection,
                    GhLaneFunc      begin,
                    GDestroyNotify  close_connection)
{
  g_return_if_fail (GH_IS_LANE (self));
  g_assert (GH_IS_MAIN_THREAD ());

  add_worker (self, connection, begin, close_connection);
}

guint
gh_lane_get_n_threads (GhLane *self)
{
  guint n = 0;

  g_return_val_if_fail (GH_IS_LANE (self), 0);

  g_mutex_lock (&self->mutex);
  n = self->workers->len;
  g_mutex_unlock (&self->mutex);
  return n;
}

/**
 * gh_lane_get_n_busy:
 * @self: a lane
 * @for_us: since how many microseconds; 0: at all
 *
 * Returns: how many of its threads do something. Any thread.
 */
guint
gh_lane_get_n_busy (GhLane *self,
                    gint64  for_us)
{
  gint64 now_us = g_get_monotonic_time ();
  guint n = 0;

  g_return_val_if_fail (GH_IS_LANE (self), 0);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->workers->len; i++)
    {
      const Worker *worker = g_ptr_array_index (self->workers, i);

      n += worker->since_us != 0 && now_us - worker->since_us >= for_us ? 1 : 0;
    }
  g_mutex_unlock (&self->mutex);
  return n;
}

/**
 * gh_lane_stop:
 * @self: a lane
 * @close_connection: (nullable): called with the connection, on the lane's
 *   thread, when the call in flight has returned
 *
 * Takes no more closures, answers the waiting ones with %G_IO_ERROR_CLOSED and
 * lets the thread end. Returns at once: a call that is stuck in a dead host
 * stays parked on the lane's thread and is cleaned up there if it ever returns.
 */
void
gh_lane_stop (GhLane         *self,
              GDestroyNotify  close_connection)
{
  GQueue dropped = G_QUEUE_INIT;
  Job *job = NULL;

  g_return_if_fail (GH_IS_LANE (self));

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < N_PRIORITIES; i++)
    while ((job = g_queue_pop_head (&self->waiting[i])) != NULL)
      g_queue_push_tail (&dropped, job);
  if (!self->stopped)
    {
      self->stopped = TRUE;
      self->close_connection = close_connection;
      g_mutex_lock (&closing_mutex);
      n_closing += self->workers->len;
      g_mutex_unlock (&closing_mutex);
    }
  g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->mutex);

  while ((job = g_queue_pop_head (&dropped)) != NULL)
    {
      g_set_error (&job->error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The connection was closed");
      post (job, job_finished_cb);
      job_unref (job);
    }
}

/**
 * gh_lane_wait_closed:
 * @timeout_ms: how long at most
 *
 * Waits until all lanes that were stopped have closed their connections, and their threads are
 * gone; at the end of the program only. A program that is gone while it takes its leave makes
 * libvirt's daemon free what it has of it twice at a time, and fall over with every other
 * program's connections. And see gh_threads_wait().
 *
 * Returns: %FALSE when some did not, as with a host that does not answer
 */
gboolean
gh_lane_wait_closed (guint timeout_ms)
{
  gint64 end = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  gboolean closed = TRUE;

  g_mutex_lock (&closing_mutex);
  while (n_closing > 0 && closed)
    closed = g_cond_wait_until (&closing_ended, &closing_mutex, end);
  closed = n_closing == 0;
  g_mutex_unlock (&closing_mutex);
  gh_threads_wait ();
  return closed;
}

/**
 * gh_lane_get_n_waiting:
 * @self: a lane
 *
 * Returns: how many closures wait behind the one that runs. Any thread.
 */
guint
gh_lane_get_n_waiting (GhLane *self)
{
  guint n = 0;

  g_return_val_if_fail (GH_IS_LANE (self), 0);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < N_PRIORITIES; i++)
    n += self->waiting[i].length;
  g_mutex_unlock (&self->mutex);
  return n;
}

/**
 * gh_lane_run_async:
 * @self: a lane
 * @priority: its place among the waiting closures
 * @kind: whether it changes anything, which decides what cancelling means
 * @name: what it is called in traces and faults, such as "domain-start"
 * @func: runs on the lane's thread
 * @data: (nullable) (transfer full): handed to @func
 * @data_free: (nullable): frees @data, on either thread
 * @result_free: (nullable): frees a result nobody waits for any more
 * @cancellable: (nullable): see #GhLaneKind for what it does
 * @callback: (nullable): called on the caller's main context, exactly once
 * @user_data: for @callback
 *
 * Queues a closure. Main thread.
 */
void
gh_lane_run_async (GhLane              *self,
                   GhLanePriority       priority,
                   GhLaneKind           kind,
                   const char          *name,
                   GhLaneFunc           func,
                   gpointer             data,
                   GDestroyNotify       data_free,
                   GDestroyNotify       result_free,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  Job *job = NULL;
  gboolean stopped = FALSE;

  g_return_if_fail (GH_IS_LANE (self));
  g_return_if_fail (func != NULL);
  g_assert (GH_IS_MAIN_THREAD ());

  job = g_new0 (Job, 1);
  g_atomic_ref_count_init (&job->ref_count);
  job->lane = g_object_ref (self);
  job->kind = kind;
  job->name = g_strdup (name);
  job->func = func;
  job->data = data;
  job->data_free = data_free;
  job->result_free = result_free;
  job->context = g_main_context_ref_thread_default ();
  /* Completion is decided here, not by GTask's own cancellable check. */
  job->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_check_cancellable (job->task, FALSE);
  g_task_set_source_tag (job->task, gh_lane_run_async);

  g_mutex_lock (&self->mutex);
  stopped = self->stopped;
  if (!stopped)
    {
      g_queue_push_tail (&self->waiting[priority], job_ref (job));
      g_cond_signal (&self->wake);
    }
  g_mutex_unlock (&self->mutex);

  if (stopped)
    {
      g_set_error (&job->error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The connection was closed");
      post (job, job_finished_cb);
    }
  else if (cancellable != NULL)
    {
      job->cancellable = g_object_ref (cancellable);
      job->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb),
                                                 job_ref (job), job_unref);
    }
  job_unref (job);
}

/**
 * gh_lane_run_finish:
 * @self: a lane
 * @result: the result given to the callback
 * @error: (out): what went wrong
 *
 * Returns: (transfer full) (nullable): what the closure returned
 */
gpointer
gh_lane_run_finish (GhLane        *self,
                    GAsyncResult  *result,
                    GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
