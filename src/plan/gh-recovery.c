/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Going on with a post-copy that broke.
 *
 * Each side has to have given up the old connection before there can be a new one. The source is
 * told to. Nobody can tell the destination: while it receives libvirt lets nothing through to its
 * QEMU. It notices when the end of the connection, or the answer that the source knows none, gets
 * through to it, so when the line is whole: at once, or when TCP tries next, which is up to two
 * minutes later. A source that gives up while the line is cut may never get that through (its TCP
 * tries eight times after that), and a destination that waits for an answer asks nobody again: so
 * the user is told to wait for the line first, and how to end what is left of the connection.
 *
 *   source            destination         then
 *   no part           no part             there is nothing to do
 *   a part            all of it           as well: the source was not told of the end
 *   a part            no part             nothing can be done
 *   goes on sending   goes on             the source is told to give up
 *   gave up           goes on             wait for the destination, and try now and then: a daemon
 *                                         that was restarted meanwhile does not tell, but knows
 *   gave up           gave up             a new connection
 */

#define G_LOG_DOMAIN "gh-recovery"

#include "config.h"

#include "gh-recovery.h"

#include <glib/gi18n-lib.h>

#include "gh-virt-error.h"

/* TCP waits up to two minutes between two tries. */
#define NOTICE_LIMIT_MS 150000
#define NOTICE_POLL_MS 500
#define TRY_MS 3000

typedef struct
{
  GhHost             *peer;
  char               *uuid;
  GhMigrationOptions *options;
  GhRecoveryFunc      func;
  gpointer            data;
  GhPresence         *here;        /* (nullable) */
  gboolean            told;        /* the source was */
  gboolean            sure;        /* both have given up */
  gint64              try_us;      /* when to try although the destination says nothing */
  gint64              deadline_us;
} Recovery;

static void look (GTask *task);
static void look_later (GTask *task);

static void
recovery_free (gpointer data)
{
  Recovery *self = data;

  g_object_unref (self->peer);
  g_free (self->uuid);
  gh_migration_options_free (self->options);
  g_free (self->here);
  g_free (self);
}

static GhHost *
get_host (GTask *task)
{
  return GH_HOST (g_task_get_source_object (task));
}

/* The destination has not noticed: its daemon says that it is not broken, or still waits for the
 * end of the move, and lets nobody else through. */
static gboolean
is_not_yet (const GError *error)
{
  return g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_INVALID) ||
         g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_TIMEOUT);
}

static void
resumed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Recovery *self = g_task_get_task_data (task);
  GError *error = NULL;

  self->func (NULL, self->data);
  if (gh_migration_run_finish (GH_MIGRATION (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else if (!self->sure && is_not_yet (error) && g_get_monotonic_time () < self->deadline_us)
    {
      g_error_free (error);
      self->try_us = g_get_monotonic_time () + TRY_MS * G_TIME_SPAN_MILLISECOND;
      look_later (g_object_ref (task));
    }
  else
    g_task_return_error (task, error);
}

/* Takes @task. */
static void
resume (GTask *task)
{
  Recovery *self = g_task_get_task_data (task);
  g_autoptr (GhMigration) migration = gh_migration_new (get_host (task), self->peer, self->uuid,
                                                        self->options);

  self->func (migration, self->data);
  gh_migration_run_async (migration, g_task_get_cancellable (task), resumed_cb, task);
}

static gboolean
look_again_cb (gpointer user_data)
{
  look (g_object_ref (user_data));
  return G_SOURCE_REMOVE;
}

/* Takes @task. */
static void
look_later (GTask *task)
{
  g_timeout_add_full (G_PRIORITY_DEFAULT, NOTICE_POLL_MS, look_again_cb, task, g_object_unref);
}

static void
told_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (gh_host_break_post_copy_finish (GH_HOST (object), result, &error))
    {
      look_later (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* Takes @task. */
static void
judge (GTask            *task,
       const GhPresence *there)
{
  Recovery *self = g_task_get_task_data (task);
  const char *label = gh_host_get_label (self->peer);

  if (g_task_return_error_if_cancelled (task) || there->whole ||
      (!self->here->post_copy && !there->post_copy))
    {
      if (!g_task_had_error (task))
        g_task_return_boolean (task, TRUE);
    }
  else if (!self->here->post_copy || !there->post_copy)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("A part of its memory is not there any more, here or at %s. Without "
                               "it the move cannot go on."), label);
  else if (!self->told)
    {
      self->told = TRUE;
      self->try_us = g_get_monotonic_time () + TRY_MS * G_TIME_SPAN_MILLISECOND;
      gh_host_break_post_copy_async (get_host (task), self->uuid, told_cb, task);
      return;
    }
  else if (self->here->post_copy_failed &&
           (there->post_copy_failed || g_get_monotonic_time () > self->try_us))
    {
      self->sure = there->post_copy_failed;
      resume (task);
      return;
    }
  else if (g_get_monotonic_time () < self->deadline_us)
    {
      look_later (task);
      return;
    }
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                             _("%s has not noticed yet that the old connection is gone. Nothing "
                               "is lost; try again when the line is whole. If it never notices, "
                               "end that connection there: see “When the line is cut” in the "
                               "help."), label);
  g_object_unref (task);
}

static void
there_looked_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  g_autofree GhPresence *there = gh_host_load_presence_finish (GH_HOST (object), result, &error);

  if (there != NULL)
    {
      judge (task, there);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
there_ready_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  Recovery *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (gh_host_ready_finish (GH_HOST (object), result, &error))
    {
      gh_host_load_presence_async (self->peer, self->uuid, NULL, there_looked_cb, task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
here_looked_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  Recovery *self = g_task_get_task_data (task);
  GError *error = NULL;

  g_free (self->here);
  self->here = gh_host_load_presence_finish (GH_HOST (object), result, &error);
  if (self->here != NULL)
    {
      gh_host_ready_async (self->peer, NULL, there_ready_cb, task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
here_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  GTask *task = user_data;
  Recovery *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (gh_host_ready_finish (GH_HOST (object), result, &error))
    {
      gh_host_load_presence_async (GH_HOST (object), self->uuid, NULL, here_looked_cb, task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* Takes @task. */
static void
look (GTask *task)
{
  gh_host_ready_async (get_host (task), NULL, here_ready_cb, task);
}

void
gh_recovery_run_async (GhHost                   *host,
                       GhHost                   *peer,
                       const char               *uuid,
                       const GhMigrationOptions *options,
                       GhRecoveryFunc            func,
                       gpointer                  data,
                       GCancellable             *cancellable,
                       GAsyncReadyCallback       callback,
                       gpointer                  user_data)
{
  GTask *task = NULL;
  Recovery *self = NULL;

  g_return_if_fail (GH_IS_HOST (host) && GH_IS_HOST (peer));
  g_return_if_fail (options->resume && options->post_copy);

  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_recovery_run_async);
  g_task_set_check_cancellable (task, FALSE);
  self = g_new0 (Recovery, 1);
  self->peer = g_object_ref (peer);
  self->uuid = g_strdup (uuid);
  self->options = gh_migration_options_copy (options);
  self->func = func;
  self->data = data;
  self->deadline_us = g_get_monotonic_time () + NOTICE_LIMIT_MS * G_TIME_SPAN_MILLISECOND;
  g_task_set_task_data (task, self, recovery_free);
  look (task);
}

gboolean
gh_recovery_run_finish (GhHost        *host,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
