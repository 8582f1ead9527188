/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The graph of a host is kept with it, as is what it was made from. What is asked again depends
 * on what has become stale since: nothing; single machines, by events; storage, by our own
 * changes and events of pools; or everything, after a minute, a changed folder, or before
 * something is destroyed. On the local host all files are compared with how they were (stat) in
 * any case.
 *
 * One reading runs at a time. Who asks meanwhile shares its result, unless everything is to be
 * read anew: then the reading must not have begun before the question. Main thread. */

#define G_LOG_DOMAIN "gh-image-graph"

#include "config.h"

#include "gh-image-graph-private.h"

#include "gh-lane.h"
#include "gh-threads.h"
#include "gh-virt-error.h"

/* Not everything others do is told: a disk attached to a machine that is off is not. */
#define MAX_AGE_US (60 * G_TIME_SPAN_SECOND)

typedef struct
{
  gboolean  fresh;
  GSource  *source; /* (nullable): waits for cancelling */
} Request;

typedef struct
{
  GhHost        *host;        /* (unowned): it owns us */
  GhImageGraph  *graph;       /* (nullable) */
  GhStorageInfo *storage;     /* (nullable) */
  GhImageMemory *memory;      /* (nullable): while a worker has it */
  gint64         read_us;     /* monotonic: when everything was read; 0: never */
  gboolean       all_stale;
  gboolean       storage_stale;
  GHashTable    *stale;       /* (element-type char): UUIDs */

  GPtrArray     *waiting;     /* (element-type GTask): of the next reading */
  GPtrArray     *served;      /* (element-type GTask): of the one that runs */
  gboolean       loading;
  GPtrArray     *definitions; /* (nullable): of the one that runs */
  GStrv          uuids;       /* (nullable): likewise */
  gboolean       storage_new;
  guint          n_parts;     /* how many readings are on their way, and one until all are */
  GError        *part_error;  /* (nullable): of the first that failed */
} Keeper;

static void begin_reading (Keeper *self);

static void
request_free (gpointer data)
{
  Request *request = data;

  g_clear_pointer (&request->source, g_source_unref);
  g_free (request);
}

static void
keeper_free (gpointer data)
{
  Keeper *self = data;

  g_clear_pointer (&self->graph, gh_image_graph_unref);
  g_clear_pointer (&self->storage, gh_storage_info_unref);
  g_clear_pointer (&self->memory, gh_image_memory_free);
  g_hash_table_unref (self->stale);
  g_ptr_array_unref (self->waiting);
  g_ptr_array_unref (self->served);
  g_clear_pointer (&self->definitions, g_ptr_array_unref);
  g_strfreev (self->uuids);
  g_clear_error (&self->part_error);
  g_free (self);
}

static void
definition_changed_cb (GhHost     *host,
                       const char *uuid,
                       Keeper     *self)
{
  if (uuid != NULL)
    g_hash_table_add (self->stale, g_strdup (uuid));
  else
    self->all_stale = self->storage_stale = TRUE;
}

static void
storage_changed_cb (GhHost *host,
                    Keeper *self)
{
  self->storage_stale = TRUE;
}

/* What happened while it was not connected, nobody has told. */
static void
state_changed_cb (GhHost     *host,
                  GParamSpec *pspec,
                  Keeper     *self)
{
  self->all_stale = self->storage_stale = TRUE;
}

static Keeper *
get_keeper (GhHost *host)
{
  Keeper *self = g_object_get_data (G_OBJECT (host), "gh-image-graph");

  if (self != NULL)
    return self;
  self = g_new0 (Keeper, 1);
  self->host = host;
  self->memory = gh_image_memory_new ();
  self->stale = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  self->served = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (host, "definition-changed", G_CALLBACK (definition_changed_cb), self);
  g_signal_connect (host, "storage-changed", G_CALLBACK (storage_changed_cb), self);
  g_signal_connect (host, "notify::state", G_CALLBACK (state_changed_cb), self);
  g_object_set_data_full (G_OBJECT (host), "gh-image-graph", self, keeper_free);
  return self;
}

/* Worker */

typedef struct
{
  GhImageInput  input;
  GhImageGraph *result;   /* (nullable) */
  GError       *error;    /* (nullable) */
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_pointer (&job->input.memory, gh_image_memory_free);
  g_clear_pointer (&job->input.definitions, g_ptr_array_unref);
  g_strfreev (job->input.uuids);
  g_clear_pointer (&job->input.storage, gh_storage_info_unref);
  g_clear_pointer (&job->input.before, gh_image_graph_unref);
  g_clear_pointer (&job->result, gh_image_graph_unref);
  g_clear_error (&job->error);
  g_free (job);
}

typedef struct
{
  Job *job; /* handed on as the result */
} JobBox;

static void
box_free (gpointer data)
{
  JobBox *box = data;

  g_clear_pointer (&box->job, job_free);
  g_free (box);
}

/* The memory comes back whatever happens, so the error is in the job. */
static gpointer
build_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  JobBox *box = data;
  Job *job = g_steal_pointer (&box->job);

  job->result = gh_image_graph_build (&job->input, cancellable, &job->error);
  return job;
}

/* Reading */

static void
answer (Keeper       *self,
        const GError *error)
{
  g_autoptr (GPtrArray) served = g_steal_pointer (&self->served);
  g_autoptr (GhHost) host = g_object_ref (self->host);

  self->served = g_ptr_array_new_with_free_func (g_object_unref);
  self->loading = FALSE;
  for (guint i = 0; i < served->len; i++)
    {
      GTask *task = g_ptr_array_index (served, i);
      Request *request = g_task_get_task_data (task);

      /* The cancellable outlives the question. */
      if (request->source != NULL)
        g_source_destroy (request->source);
      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_pointer (task, gh_image_graph_ref (self->graph),
                               (GDestroyNotify) gh_image_graph_unref);
    }
  if (self->waiting->len > 0)
    begin_reading (self);
}

static void
fail (Keeper       *self,
      const GError *error)
{
  self->all_stale = self->storage_stale = TRUE;
  g_clear_pointer (&self->definitions, g_ptr_array_unref);
  g_clear_pointer (&self->uuids, g_strfreev);
  if (self->memory == NULL)
    self->memory = gh_image_memory_new ();
  answer (self, error);
}

static void begin_parts (Keeper *self, gboolean everything);

static void
built_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GhHost) host = user_data;
  Keeper *self = get_keeper (host);
  g_autoptr (GError) error = NULL;
  Job *job = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (job == NULL)
    {
      fail (self, error);
      return;
    }
  self->memory = g_steal_pointer (&job->input.memory);
  if (job->error != NULL)
    fail (self, job->error);
  else if (job->result == NULL)
    /* Somebody made or removed a file in a pool, and may have done more. */
    begin_parts (self, /* everything= */ TRUE);
  else
    {
      g_clear_pointer (&self->graph, gh_image_graph_unref);
      self->graph = g_steal_pointer (&job->result);
      answer (self, NULL);
    }
  job_free (job);
}

static void
begin_build (Keeper *self)
{
  Job *job = g_new0 (Job, 1);
  JobBox *box = g_new0 (JobBox, 1);
  g_autoptr (GhLane) lane = gh_lane_new ("image-graph");

  job->input.local = gh_host_is_local (self->host);
  job->input.session = gh_host_is_session (self->host);
  job->input.memory = g_steal_pointer (&self->memory);
  job->input.definitions = g_steal_pointer (&self->definitions);
  job->input.uuids = g_steal_pointer (&self->uuids);
  job->input.storage = gh_storage_info_ref (self->storage);
  job->input.storage_new = self->storage_new;
  job->input.before = self->graph != NULL ? gh_image_graph_ref (self->graph) : NULL;
  box->job = job;
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "image-graph", build_worker, box, box_free,
                     job_free, NULL, built_cb, g_object_ref (self->host));
}

/* Both readings have a connection each, and run side by side. */
static void
part_read (Keeper *self)
{
  g_autoptr (GError) error = NULL;

  if (--self->n_parts > 0)
    return;
  error = g_steal_pointer (&self->part_error);
  if (error != NULL)
    fail (self, error);
  else
    begin_build (self);
}

static void
storage_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  Keeper *self = get_keeper (host);
  g_autoptr (GError) error = NULL;
  GhStorageInfo *storage = gh_host_load_storage_finish (host, result, &error);

  if (storage != NULL)
    {
      g_clear_pointer (&self->storage, gh_storage_info_unref);
      self->storage = storage;
      self->storage_new = TRUE;
    }
  else if (self->part_error == NULL)
    self->part_error = g_steal_pointer (&error);
  part_read (self);
}

static void
begin_storage (Keeper *self)
{
  self->storage_new = FALSE;
  if (!self->storage_stale && self->storage != NULL)
    return;
  self->storage_stale = FALSE;
  self->n_parts++;
  gh_host_load_storage_async (self->host, /* refresh= */ TRUE, NULL, storage_loaded_cb, NULL);
}

static void
definitions_loaded_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  Keeper *self = get_keeper (host);
  g_autoptr (GError) error = NULL;

  self->definitions = gh_host_load_definitions_finish (host, result, &error);
  if (self->definitions == NULL && self->part_error == NULL)
    self->part_error = g_steal_pointer (&error);
  part_read (self);
}

/* What has to be read, and then the building. */
static void
begin_parts (Keeper   *self,
             gboolean  everything)
{
  g_clear_pointer (&self->definitions, g_ptr_array_unref);
  g_clear_pointer (&self->uuids, g_strfreev);
  g_assert (self->n_parts == 0);
  self->n_parts = 1;
  if (everything)
    {
      self->all_stale = FALSE;
      self->storage_stale = TRUE;
      self->read_us = g_get_monotonic_time ();
      self->n_parts++;
      gh_host_load_definitions_async (self->host, NULL, definitions_loaded_cb, NULL);
    }
  else if (g_hash_table_size (self->stale) > 0)
    {
      guint n = 0;
      g_autofree char **uuids = (char **) g_hash_table_get_keys_as_array (self->stale, &n);

      self->uuids = g_strdupv (uuids);
      self->n_parts++;
      gh_host_load_some_definitions_async (self->host, (const char * const *) self->uuids, NULL,
                                           definitions_loaded_cb, NULL);
    }
  g_hash_table_remove_all (self->stale);
  begin_storage (self);
  part_read (self);
}

static void
begin_reading (Keeper *self)
{
  gboolean everything = self->all_stale || self->graph == NULL ||
                        g_get_monotonic_time () - self->read_us > MAX_AGE_US;

  self->loading = TRUE;
  g_ptr_array_extend_and_steal (self->served, g_steal_pointer (&self->waiting));
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->served->len; i++)
    {
      Request *request = g_task_get_task_data (g_ptr_array_index (self->served, i));

      everything = everything || request->fresh;
    }
  begin_parts (self, everything);
}

/* Names that were asked about */

typedef struct
{
  GhImageGraph *graph;
  GStrv         paths;
} LearnJob;

static void
learn_job_free (gpointer data)
{
  LearnJob *job = data;

  gh_image_graph_unref (job->graph);
  g_strfreev (job->paths);
  g_free (job);
}

static gpointer
learn_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  LearnJob *job = data;

  for (guint i = 0; job->paths[i] != NULL; i++)
    gh_image_graph_learn (job->graph, job->paths[i]);
  return gh_image_graph_ref (job->graph);
}

static void
learned_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhImageGraph *graph = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (graph != NULL)
    g_task_return_pointer (task, graph, (GDestroyNotify) gh_image_graph_unref);
  else
    g_task_return_error (task, error);
}

static void
loaded_for_paths_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhImageGraph *graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  g_autoptr (GhLane) lane = NULL;
  LearnJob *job = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  job = g_new0 (LearnJob, 1);
  job->graph = graph;
  job->paths = g_strdupv (g_task_get_task_data (task));
  lane = gh_lane_new ("image-graph");
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "image-paths", learn_worker, job,
                     learn_job_free, (GDestroyNotify) gh_image_graph_unref,
                     g_task_get_cancellable (task), learned_cb, g_object_ref (task));
}

static gboolean
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Keeper *self = get_keeper (g_task_get_source_object (task));

  if (g_ptr_array_remove (self->waiting, task) || g_ptr_array_remove (self->served, task))
    g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
load (GhHost              *host,
      gboolean             fresh,
      GCancellable        *cancellable,
      GAsyncReadyCallback  callback,
      gpointer             user_data)
{
  Keeper *self = get_keeper (host);
  Request *request = g_new0 (Request, 1);
  g_autoptr (GTask) task = g_task_new (host, cancellable, callback, user_data);

  g_assert (GH_IS_MAIN_THREAD ());

  request->fresh = fresh;
  g_task_set_source_tag (task, load);
  g_task_set_task_data (task, request, request_free);
  g_ptr_array_add (self->waiting, g_object_ref (task));
  if (cancellable != NULL)
    {
      g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

      g_task_attach_source (task, source, G_SOURCE_FUNC (cancelled_cb));
      request->source = g_source_ref (source);
    }
  if (!self->loading)
    begin_reading (self);
}

/**
 * gh_image_graph_load_async:
 * @host: a connected host
 * @cancellable: (nullable): then the answer is that; what was begun goes on for the next
 * @callback: called with the graph
 * @user_data: for @callback
 *
 * The graph as it is now, as far as anybody can know without reading everything
 * again.
 */
void
gh_image_graph_load_async (GhHost              *host,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  load (host, /* fresh= */ FALSE, cancellable, callback, user_data);
}

/**
 * gh_image_graph_reload_async:
 * @host: a connected host
 * @paths: (nullable): files that will be asked about
 * @cancellable: (nullable): then the answer is that
 * @callback: called with the graph
 * @user_data: for @callback
 *
 * The graph, with everything read after this call.
 */
void
gh_image_graph_reload_async (GhHost              *host,
                             const char * const  *paths,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  if (paths == NULL || paths[0] == NULL)
    {
      load (host, /* fresh= */ TRUE, cancellable, callback, user_data);
      return;
    }
  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_image_graph_reload_async);
  g_task_set_task_data (task, g_strdupv ((char **) paths), (GDestroyNotify) g_strfreev);
  load (host, /* fresh= */ TRUE, cancellable, loaded_for_paths_cb, task);
}

/**
 * gh_image_graph_load_finish:
 * @host: a host
 * @result: given to the callback
 * @error: (out): why the host could not be read
 *
 * Returns: (transfer full) (nullable): the graph
 */
GhImageGraph *
gh_image_graph_load_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
