/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* pull: parameters uuid, name, target, path, pool (of the disk's file); begun: journaled before
 *   the job begins.
 *
 * Undoing ends the job if it still runs, which leaves the chain of images as it was. A disk that
 * has everything already loses nothing by it, but there is no way back: that it is so is said. */

#define G_LOG_DOMAIN "gh-pull-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-file-users.h"
#include "gh-live.h"
#include "gh-step-task.h"

#define PROGRESS_MS 100

typedef GhStep GhPullStep;
typedef GhStepClass GhPullStepClass;

G_DEFINE_FINAL_TYPE (GhPullStep, gh_pull_step, GH_TYPE_STEP)

typedef struct
{
  GhJobProgress *progress;
  guint          timer;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_handle_id (&work->timer, g_source_remove);
  gh_job_progress_unref (work->progress);
  g_free (work);
}

static Work *
get_work (GTask *task)
{
  return g_task_get_task_data (task);
}

/* Whether the disk is as it was, by what its file says of itself. */
static void
users_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *path = gh_step_get_string (get_step (task), "path");
  GError *error = NULL;
  g_autoptr (GhFileUsers) users = gh_file_users_load_finish (result, &error);
  g_auto (GStrv) chain = users != NULL ? gh_file_users_dup_chain (users, path) : NULL;
  GhImage *image = NULL;

  if (users == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  image = gh_image_graph_find (gh_file_users_get_graph (users), path);
  /* What is not there any more is not to be taken back. */
  if (chain[0] != NULL || image == NULL || image->problem == GH_IMAGE_MISSING)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("The disk holds everything itself by now. That is not taken back, "
                               "and does no harm."));
}

/* Only a list is not up to date when that fails. */
static void
pool_refreshed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *paths[] = { gh_step_get_string (get_step (task), "path"), NULL };
  g_autoptr (GError) error = NULL;

  if (!gh_host_refresh_pool_finish (GH_HOST (object), result, &error))
    g_debug ("Could not refresh the pool: %s", error->message);
  if (is_undoing (task))
    gh_file_users_load_async (get_host (task), paths, NULL, users_loaded_cb,
                              g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* The pool is to know what the file depends on now. */
static void
refresh (GTask *task)
{
  const char *pool = gh_step_get_string (get_step (task), "pool");
  const char *paths[] = { gh_step_get_string (get_step (task), "path"), NULL };

  if (pool != NULL)
    gh_host_refresh_pool_async (get_host (task), pool, NULL, pool_refreshed_cb,
                                g_object_ref (task));
  else if (is_undoing (task))
    gh_file_users_load_async (get_host (task), paths, NULL, users_loaded_cb,
                              g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* Doing */

static gboolean
progress_cb (gpointer user_data)
{
  GTask *task = user_data;

  gh_step_set_fraction (get_step (task), gh_job_progress_get (get_work (task)->progress));
  return G_SOURCE_CONTINUE;
}

static void
pulled_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_clear_handle_id (&get_work (task)->timer, g_source_remove);
  if (gh_host_pull_finish (GH_HOST (object), result, &error))
    refresh (task);
  else
    g_task_return_error (task, error);
}

static void
pull (GTask *task)
{
  GhStep *step = get_step (task);
  Work *work = get_work (task);

  work->timer = g_timeout_add (PROGRESS_MS, progress_cb, task);
  gh_host_pull_async (get_host (task), gh_step_get_string (step, "uuid"),
                      gh_step_get_string (step, "target"), work->progress,
                      g_task_get_cancellable (task), pulled_cb, g_object_ref (task));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  work->progress = gh_job_progress_new ();
  g_task_set_task_data (task, work, work_free);
  gh_step_set_boolean (step, "begun", TRUE);
  gh_step_task_save (task, pull);
}

/* Undoing */

static void
pull_ended_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_end_pull_finish (GH_HOST (object), result, &error))
    refresh (task);
  else
    g_task_return_error (task, error);
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;

  if (gh_host_ready_finish (GH_HOST (object), result, &error))
    gh_host_end_pull_async (get_host (task), gh_step_get_string (step, "uuid"),
                            gh_step_get_string (step, "target"), pull_ended_cb,
                            g_object_ref (task));
  else
    g_task_return_error (task, error);
}

/* The daemon may have gone, which is why this undoes: it is connected to anew. */
static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "begun"))
    gh_host_ready_async (host, NULL, host_ready_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* Words */

static char *
dup_title (GhStep *step)
{
  /* Translators: a disk such as “vda”, and the machine's name. */
  return g_strdup_printf (_("Copy what the disk “%s” depends on into it, while “%s” runs"),
                          gh_step_get_string (step, "target"), gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "blockpull",
                               gh_step_get_machine_word (step),
                               gh_step_get_string (step, "target"), "--wait", NULL);
}

static char *
dup_undo_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "blockjob",
                               gh_step_get_machine_word (step),
                               gh_step_get_string (step, "target"), "--abort", NULL);
}

static char *
dup_left (GhStep *step)
{
  /* Translators: a disk such as “vda”, and the machine's name. */
  return g_strdup_printf (_("The disk “%s” of “%s”"), gh_step_get_string (step, "target"),
                          gh_step_get_string (step, "name"));
}

static const char * const needs[] = { "uuid", "name", "target", "path", NULL };

static void
gh_pull_step_class_init (GhPullStepClass *klass)
{
  klass->kind = "pull";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_pull_step_init (GhPullStep *self)
{
}

GhStep *
gh_pull_step_new (const char *uuid,
                  const char *name,
                  const char *target,
                  const char *path,
                  const char *pool)
{
  GhStep *self = g_object_new (gh_pull_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);
  g_return_val_if_fail (target != NULL && path != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_string (self, "target", target);
  gh_step_set_string (self, "path", path);
  gh_step_set_string (self, "pool", pool);
  return self;
}
