/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A volume moves from one host to another in segments, by three workers, each on a lane and a
 * connection of its own:
 *
 *   reader (source) -> to_write -> writer (destination) -> to_verify -> verifier (destination)
 *
 * A segment counts as arrived when the verifier has read it back and found it equal. Whoever loses
 * its connection makes a new one and does its segment again; the others wait for it. The
 * destination's daemon closes a file after each segment, so what the writer finished has left
 * it when it dies.
 *
 * libvirt's client takes in whatever a host sends, without limit, as fast as the line gives it.
 * So a download asks for no more than there is room for, or is given up when there is none. */
#define G_LOG_DOMAIN "gh-transfer"

#include "config.h"

#include "gh-transfer.h"

#include <glib/gi18n-lib.h>

#include "gh-faults.h"
#include "gh-host-private.h"
#include "gh-threads.h"
#include "gh-transfer-private.h"
#include "gh-virt-error-private.h"

/* How long an answer to cancelling may take. */
#define CANCEL_MS 700

/* Progress */

GhTransferProgress *
gh_transfer_progress_new (void)
{
  GhTransferProgress *self = g_new0 (GhTransferProgress, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  return self;
}

GhTransferProgress *
gh_transfer_progress_ref (GhTransferProgress *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gh_transfer_progress_unref (GhTransferProgress *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
gh_transfer_progress_get (GhTransferProgress *self,
                          GhTransferFigures  *figures)
{
  g_mutex_lock (&self->mutex);
  *figures = self->figures;
  g_mutex_unlock (&self->mutex);
}

double
gh_transfer_progress_get_fraction (GhTransferProgress *self)
{
  GhTransferFigures figures;

  gh_transfer_progress_get (self, &figures);
  if (figures.total == 0)
    return -1.0;
  /* Both directions of the line: what is sent, and what is read back. */
  return MIN (((double) MIN (figures.n_sent, figures.total) + (double) figures.n_verified) /
              (2.0 * (double) figures.total), 1.0);
}

/* Memory */

static void
free_segment (gpointer data)
{
  gh_transfer_segment_free (data);
}

GhTransfer *
gh_transfer_ref (GhTransfer *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gh_transfer_unref (GhTransfer *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->to_write, free_segment);
  g_queue_clear_full (&self->to_verify, free_segment);
  g_clear_error (&self->error);
  gh_transfer_progress_unref (self->progress);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

gboolean
gh_transfer_is_stopped (GhTransfer *self)
{
  return g_atomic_int_get (&self->stopped) != 0;
}

void
gh_transfer_stop (GhTransfer *self)
{
  g_mutex_lock (&self->mutex);
  g_atomic_int_set (&self->stopped, 1);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

void
gh_transfer_set_cancelled (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled"));
}

/* Main thread */

static void
answer (GhTransfer *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (task == NULL)
    return;
  g_clear_handle_id (&self->give_up_id, g_source_remove);
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), self->cancelled_id);
  self->cancelled_id = 0;
  gh_host_mark_storage_stale (GH_HOST (g_task_get_source_object (task)));
  if (g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    {
      g_clear_error (&self->error);
      gh_transfer_set_cancelled (&self->error);
    }
  if (self->error != NULL)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
role_ended_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  GhTransfer *self = user_data;
  GError *error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  gh_lane_stop (GH_LANE (object), gh_conn_close);
  if (error != NULL)
    {
      gh_transfer_stop (self);
      if (error->domain == GH_FAULT_ERROR)
        error->domain = GH_VIRT_ERROR;
    }
  /* Who was stopped by another's failure says no more than that. */
  if (error != NULL &&
      (self->error == NULL ||
       g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
    {
      g_clear_error (&self->error);
      self->error = g_steal_pointer (&error);
    }
  g_clear_error (&error);
  self->n_running--;
  if (self->n_running == 0)
    answer (self);
  gh_transfer_unref (self);
}

/* They end by themselves, however long that takes; what they may still write is of no use. */
static gboolean
give_up_cb (gpointer user_data)
{
  GhTransfer *self = user_data;

  self->give_up_id = 0;
  answer (self);
  return G_SOURCE_REMOVE;
}

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  GhTransfer *self = user_data;

  gh_transfer_stop (self);
  if (self->give_up_id == 0)
    self->give_up_id = g_timeout_add (CANCEL_MS, give_up_cb, self);
}

static void
start_role (GhTransfer         *transfer,
            GhTransferRoleKind  kind,
            GhHost             *host,
            const char         *pool,
            const char         *path)
{
  static const char * const names[GH_TRANSFER_N_ROLES] = { "transfer-read", "transfer-write",
                                               "transfer-verify" };
  g_autoptr (GhLane) lane = gh_host_open_job_lane (host);
  GhTransferRole *role = g_new0 (GhTransferRole, 1);

  role->transfer = gh_transfer_ref (transfer);
  role->kind = kind;
  role->pool = g_strdup (pool);
  role->path = g_strdup (path);
  transfer->n_running++;
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, names[kind], gh_transfer_role_worker,
                     role, gh_transfer_role_free, NULL, NULL, role_ended_cb,
                     gh_transfer_ref (transfer));
}

void
gh_host_transfer_async (GhHost              *host,
                        const char          *pool,
                        const char          *path,
                        GhHost              *source,
                        const char          *source_pool,
                        const char          *source_path,
                        GhTransferProgress  *progress,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  GTask *task = NULL;
  GhTransfer *self = NULL;

  g_return_if_fail (GH_IS_HOST (host) && GH_IS_HOST (source));
  g_return_if_fail (path != NULL && source_path != NULL);
  g_assert (GH_IS_MAIN_THREAD ());

  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_host_transfer_async);
  g_task_set_check_cancellable (task, FALSE);
  if (g_task_return_error_if_cancelled (task))
    {
      g_object_unref (task);
      return;
    }
  self = g_new0 (GhTransfer, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->progress = progress != NULL ? gh_transfer_progress_ref (progress)
                                    : gh_transfer_progress_new ();
  self->task = task;
  gh_host_mark_storage_stale (host);
  start_role (self, GH_TRANSFER_READER, source, source_pool, source_path);
  start_role (self, GH_TRANSFER_WRITER, host, pool, path);
  start_role (self, GH_TRANSFER_VERIFIER, host, pool, path);
  if (cancellable != NULL)
    self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), self, NULL);
  gh_transfer_unref (self);
}

gboolean
gh_host_transfer_finish (GhHost        *host,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
