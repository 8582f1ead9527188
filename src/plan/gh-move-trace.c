/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-move-trace"

#include "config.h"

#include "gh-move-trace.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "gh-host-identity.h"
#include "gh-journal-private.h"
#include "gh-json.h"
#include "gh-lane.h"
#include "gh-paths.h"
#include "gh-step-private.h"

#define GROUP "move"

void
gh_move_trace_free (gpointer data)
{
  GhMoveTrace *self = data;

  g_free (self->uri);
  g_free (self->host_id);
  g_free (self);
}

/* NULL: there is one of it already. */
static GhMoveTrace *
add_trace (GPtrArray  *traces,
           const char *uri,     /* nullable */
           const char *host_id, /* nullable */
           gboolean    finished)
{
  GhMoveTrace *trace = NULL;

  if (uri == NULL || *uri == '\0')
    return NULL;
  for (guint i = 0; i < traces->len; i++)
    if (strcmp (((GhMoveTrace *) g_ptr_array_index (traces, i))->uri, uri) == 0)
      return NULL;
  trace = g_new0 (GhMoveTrace, 1);
  trace->uri = g_strdup (uri);
  trace->host_id = g_strdup (host_id);
  trace->finished = finished;
  g_ptr_array_add (traces, trace);
  return trace;
}

/* Journals */

/* Whether the step may have brought the machine to another host. One that is missing its state may
 * have done anything. */
static gboolean
may_have_moved (JsonObject *step,
                JsonObject *params,
                const char *uuid)
{
  const char *kind = gh_json_get_string (step, "kind");
  GhStepState state = GH_STEP_RUNNING;

  gh_step_state_from_string (gh_json_get_string (step, "state"), &state);
  if (g_strcmp0 (gh_json_get_string (params, "uuid"), uuid) != 0 || state == GH_STEP_WAITING ||
      state == GH_STEP_UNDONE)
    return FALSE;
  return (g_strcmp0 (kind, "migrate") == 0 && gh_json_get_boolean (params, "begun")) ||
         (g_strcmp0 (kind, "define") == 0 && gh_json_get_boolean (params, "moved"));
}

static void
read_journal (JsonObject *record,
              const char *uuid,
              GPtrArray  *traces)
{
  JsonArray *steps = gh_json_get_array (record, "steps");

  for (guint i = 0; steps != NULL && i < json_array_get_length (steps); i++)
    {
      JsonNode *node = json_array_get_element (steps, i);
      JsonObject *step = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      JsonObject *params = step != NULL ? gh_json_get_object (step, "params") : NULL;
      GhMoveTrace *trace = NULL;

      if (params == NULL || !may_have_moved (step, params, uuid))
        continue;
      add_trace (traces, gh_json_get_string (record, "host"), NULL, FALSE);
      add_trace (traces, gh_json_get_string (params, "host"), NULL, FALSE);
      trace = add_trace (traces, gh_json_get_string (params, "peer"), NULL, FALSE);
      if (trace != NULL)
        trace->brings_definition = gh_json_get_boolean (params, "persist") &&
                                   !gh_json_get_boolean (params, "returns");
    }
}

/* Moves that are over */

static char *
dup_path (const char *uuid)
{
  return g_build_filename (gh_paths_get_state_dir (), "moved", uuid, NULL);
}

static void
read_kept (const char *uuid,
           GPtrArray  *traces)
{
  g_autofree char *path = dup_path (uuid);
  g_autoptr (GKeyFile) file = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *host_id = NULL;
  GStatBuf status;

  if (g_lstat (path, &status) != 0 || !S_ISREG (status.st_mode) || status.st_uid != geteuid ())
    return;
  file = g_key_file_new ();
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return;
  uri = g_key_file_get_string (file, GROUP, "destination", NULL);
  host_id = g_key_file_get_string (file, GROUP, "host", NULL);
  add_trace (traces, uri, host_id, TRUE);
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const char *uuid = data;
  g_autoptr (GPtrArray) records = gh_journal_find_records (uuid);
  GPtrArray *traces = g_ptr_array_new_with_free_func (gh_move_trace_free);

  for (guint i = 0; i < records->len; i++)
    read_journal (json_node_get_object (g_ptr_array_index (records, i)), uuid, traces);
  read_kept (uuid, traces);
  return traces;
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GPtrArray *traces = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, traces, (GDestroyNotify) g_ptr_array_unref);
}

void
gh_move_traces_load_async (const char          *uuid,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_autoptr (GhLane) lane = gh_lane_new ("moves");
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_move_traces_load_async);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "move-traces-load", load_worker,
                     g_strdup (uuid), g_free, (GDestroyNotify) g_ptr_array_unref, cancellable,
                     loaded_cb, task);
}

GPtrArray *
gh_move_traces_load_finish (GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Writing */

typedef struct
{
  char *uuid;
  char *uri;     /* (nullable): NULL has it forgotten */
  char *host_id; /* (nullable) */
} Note;

static void
note_free (gpointer data)
{
  Note *note = data;

  g_free (note->uuid);
  g_free (note->uri);
  g_free (note->host_id);
  g_free (note);
}

static void
write_note (const Note  *note,
            const char  *path,
            GError     **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;

  g_key_file_set_string (file, GROUP, "destination", note->uri);
  if (note->host_id != NULL)
    g_key_file_set_string (file, GROUP, "host", note->host_id);
  text = g_key_file_to_data (file, NULL, NULL);
  g_mkdir_with_parents (folder, 0700);
  g_file_set_contents_full (path, text, -1,
                            G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                            error);
}

static gpointer
note_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const Note *note = data;
  g_autofree char *path = dup_path (note->uuid);

  if (note->uri != NULL)
    write_note (note, path, error);
  else
    g_unlink (path);
  return NULL;
}

static void
noted_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (error != NULL)
    g_warning ("It could not be written down where a machine has moved: %s", error->message);
  gh_lane_stop (GH_LANE (object), NULL);
  g_task_return_boolean (task, TRUE);
}

/* Takes both. */
static void
take_note (Note  *note,
           GTask *task)
{
  g_autoptr (GhLane) lane = gh_lane_new ("moves");

  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "move-trace-write", note_worker, note,
                     note_free, NULL, NULL, noted_cb, task);
}

static void
identity_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  GTask *task = user_data;
  Note *note = g_new0 (Note, 1);

  note->uuid = g_strdup (g_task_get_task_data (task));
  note->uri = g_strdup (gh_host_get_uri (GH_HOST (object)));
  note->host_id = gh_host_load_identity_finish (GH_HOST (object), result, NULL);
  take_note (note, task);
}

void
gh_move_trace_keep_async (const char          *uuid,
                          GhHost              *destination,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_return_if_fail (g_uuid_string_is_valid (uuid));
  g_return_if_fail (GH_IS_HOST (destination));

  g_task_set_source_tag (task, gh_move_trace_keep_async);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  gh_host_load_identity_async (destination, NULL, identity_loaded_cb, task);
}

void
gh_move_trace_keep_finish (GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, NULL));

  (void) g_task_propagate_boolean (G_TASK (result), NULL);
}

void
gh_move_trace_forget (const char *uuid)
{
  Note *note = g_new0 (Note, 1);

  note->uuid = g_strdup (uuid);
  take_note (note, g_task_new (NULL, NULL, NULL, NULL));
}
