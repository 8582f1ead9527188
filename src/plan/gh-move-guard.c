/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-move-guard"

#include "config.h"

#include "gh-move-guard.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-host-identity.h"
#include "gh-migration.h"
#include "gh-move-trace.h"
#include "gh-virt-error.h"

/* How long another host may take, with connecting. */
#define LIMIT_S 10

typedef struct
{
  char         *uuid;
  GhGuardUse    use;
  GPtrArray    *traces;   /* (nullable) (element-type GhMoveTrace) */
  guint         index;    /* of that which is looked at */
  GhHost       *other;    /* (nullable) (owned) */
  gboolean      is_own;   /* @other was made for asking */
  GhPresence   *presence; /* (nullable): at @other, where it is active */
  char         *id;       /* (nullable): of the host itself */
  GCancellable *limit;    /* (nullable): of one host, cancelled with the task's own */
  guint         limit_id;
  gboolean      too_late;
  gulong        cancelled_id;
} Ask;

static void ask_next (GTask *task);

static void
leave_other (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);

  g_clear_handle_id (&ask->limit_id, g_source_remove);
  if (ask->cancelled_id != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), ask->cancelled_id);
  ask->cancelled_id = 0;
  g_clear_object (&ask->limit);
  if (ask->other != NULL && ask->is_own)
    gh_host_disconnect (ask->other);
  g_clear_object (&ask->other);
}

static void
ask_free (gpointer data)
{
  Ask *ask = data;

  g_free (ask->uuid);
  g_free (ask->id);
  g_free (ask->presence);
  g_clear_pointer (&ask->traces, g_ptr_array_unref);
  g_free (ask);
}

static GhHost *
get_host (GTask *task)
{
  return g_task_get_source_object (task);
}

static const GhMoveTrace *
get_trace (Ask *ask)
{
  return g_ptr_array_index (ask->traces, ask->index);
}

static const char *
get_name (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);
  GhMachine *machine = gh_host_find_machine (get_host (task), ask->uuid);

  return machine != NULL ? gh_machine_get_name (machine) : ask->uuid;
}

/* Answers. Take @task. */

static void
return_answer (GTask  *task,
               GError *error)
{
  leave_other (task);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
return_elsewhere (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);
  const char *name = get_name (task);
  const char *label = gh_host_get_label (ask->other);
  g_autofree char *where =
    ask->presence->running
    ? g_strdup_printf (_("“%s” runs at %s. It is the same machine: both would write to the same "
                         "disks, or be one and the same in the network."), name, label)
    : g_strdup_printf (_("“%s” is paused at %s, or about to go on there. It is the same machine: "
                         "both would write to the same disks, or be one and the same in the "
                         "network."), name, label);
  const char *next = get_trace (ask)->finished
                     ? _("Use it there. To have it here, move it back, or switch it off there.")
                     : _("A move of it was interrupted. “Undo…” at the top of the window, or "
                         "“guesthouse undo”, finishes it or takes it back.");

  return_answer (task, g_error_new (GH_GUARD_ERROR, GH_GUARD_ERROR_ELSEWHERE, "%s %s", where,
                                    next));
}

static void
return_in_doubt (GTask  *task,
                 GError *error)
{
  Ask *ask = g_task_get_task_data (task);
  const char *name = get_name (task);
  const char *label = gh_host_get_label (ask->other);
  g_autofree char *why = ask->too_late
                         ? g_strdup_printf (ngettext ("It has not answered for %u second.",
                                                      "It has not answered for %u seconds.",
                                                      LIMIT_S), LIMIT_S)
                         : gh_error_dup_sentence (error);
  g_autofree char *where =
    get_trace (ask)->finished
    ? g_strdup_printf (_("“%s” may be running at %s: it has moved there, and that host cannot be "
                         "asked."), name, label)
    : g_strdup_printf (_("“%s” may be running at %s: a move of it was interrupted, and that host "
                         "cannot be asked."), name, label);

  const char *danger = ask->use == GH_GUARD_RESUME
                       ? _("If it has run there, what is paused here is a remainder, and would "
                           "destroy what was written to its disks since.")
                       : _("Two at once would write to the same disks, or be one and the same in "
                           "the network.");

  g_error_free (error);
  return_answer (task, g_error_new (GH_GUARD_ERROR, GH_GUARD_ERROR_IN_DOUBT, "%s %s %s", where,
                                    why, danger));
}

/* Takes @task. */
static void
return_may_be_remainder (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);

  return_answer (task, g_error_new (GH_GUARD_ERROR, GH_GUARD_ERROR_IN_DOUBT,
                                    _("A move of “%s” was interrupted, and it is defined at %s "
                                      "already. If it has run there, what is paused here is a "
                                      "remainder, and would destroy what was written to its disks "
                                      "since."), get_name (task),
                                    gh_host_get_label (ask->other)));
}

/* Asking one host */

/* What is at the other host does not stand in the way. Takes @task. */
static void
go_on (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);

  leave_other (task);
  g_clear_pointer (&ask->presence, g_free);
  ask->index++;
  ask_next (task);
}

/* Two URIs may mean one host. Without an answer they do not. */
static void
other_identity_loaded_cb (GObject      *object,
                          GAsyncResult *result,
                          gpointer      user_data)
{
  GTask *task = user_data;
  Ask *ask = g_task_get_task_data (task);
  g_autofree char *id = gh_host_load_identity_finish (GH_HOST (object), result, NULL);

  if (id != NULL && g_strcmp0 (id, ask->id) == 0)
    go_on (task);
  else
    return_elsewhere (task);
}

static void
fail_asking (GTask  *task,
             GError *error)
{
  if (g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    return_answer (task, error);
  else
    return_in_doubt (task, error);
}

static void
presence_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  GTask *task = user_data;
  Ask *ask = g_task_get_task_data (task);
  GError *error = NULL;
  const GhPresence *there = NULL;

  ask->presence = gh_host_load_presence_finish (GH_HOST (object), result, &error);
  there = ask->presence;
  if (there == NULL)
    {
      fail_asking (task, error);
      return;
    }
  /* It is not there any more: so it can be here as well as anywhere. */
  if (!there->exists && get_trace (ask)->finished)
    gh_move_trace_forget (ask->uuid);
  if (ask->use == GH_GUARD_RESUME && !there->active && there->persistent &&
      get_trace (ask)->brings_definition)
    return_may_be_remainder (task);
  else if (!there->active || (ask->use == GH_GUARD_RESUME && !there->running && !there->moving &&
                              !there->post_copy))
    go_on (task);
  else
    gh_host_load_identity_async (ask->other, ask->limit, other_identity_loaded_cb, task);
}

static void
other_ready_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  Ask *ask = g_task_get_task_data (task);
  GError *error = NULL;

  if (!gh_host_ready_finish (GH_HOST (object), result, &error))
    fail_asking (task, error);
  else
    gh_host_load_presence_async (ask->other, ask->uuid, ask->limit, presence_loaded_cb, task);
}

static gboolean
limit_reached_cb (gpointer user_data)
{
  Ask *ask = user_data;

  ask->limit_id = 0;
  ask->too_late = TRUE;
  g_cancellable_cancel (ask->limit);
  return G_SOURCE_REMOVE;
}

/* In whichever thread cancels. */
static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  g_cancellable_cancel (user_data);
}

/* Takes @task. */
static void
ask_other (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);
  const char *uri = get_trace (ask)->uri;
  GhHost *known = gh_start_guard_find_host (uri);

  ask->is_own = known == NULL;
  ask->other = known != NULL ? g_object_ref (known) : gh_host_new (uri);
  ask->limit = g_cancellable_new ();
  ask->limit_id = g_timeout_add_seconds (LIMIT_S, limit_reached_cb, ask);
  if (g_task_get_cancellable (task) != NULL)
    ask->cancelled_id = g_cancellable_connect (g_task_get_cancellable (task),
                                               G_CALLBACK (cancelled_cb),
                                               g_object_ref (ask->limit), g_object_unref);
  gh_host_ready_async (ask->other, ask->limit, other_ready_cb, task);
}

/* Takes @task. */
static void
ask_next (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);

  for (; ask->index < ask->traces->len; ask->index++)
    {
      const GhMoveTrace *trace = get_trace (ask);

      if (strcmp (trace->uri, gh_host_get_uri (get_host (task))) != 0 &&
          (ask->id == NULL || g_strcmp0 (trace->host_id, ask->id) != 0))
        {
          ask_other (task);
          return;
        }
    }
  return_answer (task, NULL);
}

static void
identity_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  GTask *task = user_data;
  Ask *ask = g_task_get_task_data (task);

  ask->id = gh_host_load_identity_finish (GH_HOST (object), result, NULL);
  ask_next (task);
}

static gboolean
names_others (GTask *task)
{
  Ask *ask = g_task_get_task_data (task);

  for (guint i = 0; i < ask->traces->len; i++)
    if (strcmp (((GhMoveTrace *) g_ptr_array_index (ask->traces, i))->uri,
                gh_host_get_uri (get_host (task))) != 0)
      return TRUE;
  return FALSE;
}

static void
traces_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  GTask *task = user_data;
  Ask *ask = g_task_get_task_data (task);
  GError *error = NULL;

  ask->traces = gh_move_traces_load_finish (result, &error);
  if (ask->traces == NULL || !names_others (task))
    return_answer (task, error);
  else
    gh_host_load_identity_async (get_host (task), g_task_get_cancellable (task),
                                 identity_loaded_cb, task);
}

void
gh_move_guard_ask_async (GhHost              *host,
                         const char          *uuid,
                         GhGuardUse           use,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  GTask *task = g_task_new (host, cancellable, callback, user_data);
  Ask *ask = g_new0 (Ask, 1);

  g_task_set_source_tag (task, gh_move_guard_ask_async);
  ask->uuid = g_strdup (uuid);
  ask->use = use;
  g_task_set_task_data (task, ask, ask_free);
  gh_move_traces_load_async (uuid, cancellable, traces_loaded_cb, task);
}

gboolean
gh_move_guard_ask_finish (GhHost        *host,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
