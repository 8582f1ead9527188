/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the tasks of all steps have in common: the host they act on, whether they undo, and how they
 * end. Their task data are free for what is a step's own. Main thread. */

#define G_LOG_DOMAIN "gh-step-task"

#include "config.h"

#include "gh-step-task.h"

#define HOST "gh-step-host"
#define UNDOING "gh-step-undoing"

typedef struct
{
  GTask          *task;
  GhStepTaskFunc  next;
} Saving;

/**
 * gh_step_task_new:
 * @step: a step
 * @host: where it acts
 * @cancellable: (nullable): what the step's own calls ask
 * @callback: called when it is done, or was not
 * @user_data: for @callback
 *
 * It ends with what really happened, whether it was cancelled or not.
 *
 * Returns: (transfer full): the task of a do_async
 */
GTask *
gh_step_task_new (GhStep              *step,
                  GhHost              *host,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  GTask *task = g_task_new (step, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_step_task_new);
  g_task_set_check_cancellable (task, FALSE);
  g_object_set_data_full (G_OBJECT (task), HOST, g_object_ref (host), g_object_unref);
  return task;
}

/**
 * gh_step_task_new_undo:
 * @step: a step
 * @host: where it acted
 * @callback: called when it is undone, or could not be
 * @user_data: for @callback
 *
 * Returns: (transfer full): the task of an undo_async
 */
GTask *
gh_step_task_new_undo (GhStep              *step,
                       GhHost              *host,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  GTask *task = gh_step_task_new (step, host, NULL, callback, user_data);

  g_object_set_data (G_OBJECT (task), UNDOING, GINT_TO_POINTER (TRUE));
  return task;
}

GhHost *
gh_step_task_get_host (GTask *task)
{
  return g_object_get_data (G_OBJECT (task), HOST);
}

gboolean
gh_step_task_is_undoing (GTask *task)
{
  return GPOINTER_TO_INT (g_object_get_data (G_OBJECT (task), UNDOING));
}

/**
 * gh_step_task_end:
 * @task: a step's task
 * @ok: what the finish function of its last call returned
 * @error: what that function has set when it is %FALSE; taken
 *
 * Ends the task as its last call ended. The address of the error, not the error, is given so that
 * the function can be called among the arguments.
 */
void
gh_step_task_end (GTask     *task,
                  gboolean   ok,
                  GError   **error)
{
  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (error));
}

static void
saved_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autofree Saving *saving = user_data;
  g_autoptr (GTask) task = saving->task;
  GError *error = NULL;

  if (gh_step_save_finish (GH_STEP (object), result, &error))
    saving->next (task);
  else
    g_task_return_error (task, error);
}

/**
 * gh_step_task_save:
 * @task: the task of a do_async
 * @next: what is done then
 *
 * Has the parameters written to the journal, and goes on when they are there; else the task ends.
 */
void
gh_step_task_save (GTask          *task,
                   GhStepTaskFunc  next)
{
  Saving *saving = g_new0 (Saving, 1);

  saving->task = g_object_ref (task);
  saving->next = next;
  gh_step_save_async (get_step (task), saved_cb, saving);
}

/**
 * gh_step_undo_nothing_async:
 * @step: a step that changes nothing, or nothing that goes without what other steps take away
 * @host: where it was done
 * @callback: called at once
 * @user_data: for @callback
 *
 * The undo_async of such steps.
 */
void
gh_step_undo_nothing_async (GhStep              *step,
                            GhHost              *host,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  g_task_return_boolean (task, TRUE);
}
