/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Nothing here is done to a machine before it is certain that it moves: an abort ends whatever job
 * there is, and a backup or a snapshot is not ours to end. */

#define G_LOG_DOMAIN "gh-moving"

#include "config.h"

#include "gh-moving.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-host-private.h"
#include "gh-migration-private.h"
#include "gh-presence-private.h"
#include "gh-virt-error-private.h"

#define POLL_US (200 * G_TIME_SPAN_MILLISECOND)
/* How long a move that was aborted may take to end: over a line that is cut its owner tears down
 * what does not end by itself. */
#define END_US (60 * G_TIME_SPAN_SECOND)

typedef struct
{
  char           uuid[VIR_UUID_STRING_BUFLEN];
  GhMovingChange change;
  guint          value;
} Change;

static void
progress_free (gpointer data)
{
  gh_migration_progress_free (data);
}

/* It is off, or only arrives here; and the test driver never moves anything. */
static gboolean
is_answer (const GError *reason)
{
  return g_error_matches (reason, GH_VIRT_ERROR, VIR_ERR_OPERATION_INVALID) ||
         g_error_matches (reason, GH_VIRT_ERROR, VIR_ERR_NO_SUPPORT);
}

/* NULL, and an error in words: it is not being moved; or nobody could tell. */
static GhMigrationProgress *
read_move (virDomainPtr   domain,
           GError       **error)
{
  g_autoptr (GError) reason = NULL;
  GhMigrationProgress *progress = gh_migration_read_progress (domain, &reason);

  if (progress != NULL)
    return progress;
  if (reason != NULL && !is_answer (reason))
    g_propagate_error (error, g_steal_pointer (&reason));
  else if (reason != NULL && strstr (reason->message, "only on the source host") != NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                         _("It is just arriving here. Ask the host it comes from."));
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                         _("It is not being moved at the moment."));
  return NULL;
}

/* Workers */

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, data, error);

  return domain != NULL ? read_move (domain, error) : NULL;
}

/* libvirt gives QEMU what the move was begun with when it begins to send memory, whatever was set
 * before. Nobody says whether it was begun so that post-copy can be started: it is set for that
 * too, and taken back by libvirt when the machine stays. */
static void
set_bandwidth (virDomainPtr          domain,
               guint                 mib_per_s,
               GhMigrationProgress  *progress,
               GCancellable         *cancellable,
               GError              **error)
{
  gboolean early = progress->phase < GH_MIGRATION_MEMORY;

  if (gh_migration_set_speed (domain, mib_per_s, TRUE) < 0)
    {
      gh_virt_error_take (error);
      return;
    }
  while (early)
    {
      g_autoptr (GhMigrationProgress) now = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return;
      g_usleep (POLL_US);
      now = read_move (domain, error);
      if (now == NULL)
        return;
      early = now->phase < GH_MIGRATION_MEMORY;
      if (!early && gh_migration_set_speed (domain, mib_per_s, TRUE) < 0)
        gh_virt_error_take (error);
    }
}

static void
start_post_copy (virDomainPtr         domain,
                 GhMigrationProgress *progress,
                 GError             **error)
{
  GError *local = NULL;

  if (progress->phase != GH_MIGRATION_MEMORY)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _("Its memory is not being sent yet."));
      return;
    }
  if (virDomainMigrateStartPostCopy (domain, 0) == 0)
    return;
  gh_virt_error_take (&local);
  if (strstr (local->message, "VIR_MIGRATE_POSTCOPY") != NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _("Post-copy was not allowed when the move began, and cannot be "
                             "later."));
      g_error_free (local);
      return;
    }
  g_propagate_error (error, local);
}

static void
slow_guest (virDomainPtr   domain,
            GError       **error)
{
  if (!gh_migration_may_slow (domain))
    {
      virResetLastError ();
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _("Slowing the guest down was not allowed when the move began, and "
                             "cannot be later."));
    }
  else if (gh_migration_slow_guest (domain) < 0)
    gh_virt_error_take (error);
}

/* Nothing to abort at the moment is no error: it may be between two things to do. */
static void
cancel_move (virDomainPtr   domain,
             GCancellable  *cancellable,
             GError       **error)
{
  gint64 end = g_get_monotonic_time () + END_US;
  GhPresence presence = { 0 };

  do
    {
      if (virDomainAbortJob (domain) < 0)
        virResetLastError ();
      g_usleep (POLL_US);
      if (!gh_presence_read (&presence, domain, error))
        return;
      if (!presence.moving)
        break;
    }
  while (!g_cancellable_is_cancelled (cancellable) && g_get_monotonic_time () < end);
  if (presence.moving)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                         _("It was told to stay, but its move has not ended yet."));
  else if (virDomainIsActive (domain) != 1 || presence.held)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                         _("It had moved before it could be cancelled, or is at its end. Look at "
                           "both hosts."));
  virResetLastError ();
}

static gpointer
change_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Change *change = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, change->uuid, error);
  g_autoptr (GhMigrationProgress) progress = domain != NULL ? read_move (domain, error) : NULL;

  if (progress == NULL)
    return NULL;
  if (progress->phase == GH_MIGRATION_POST_COPY && change->change != GH_MOVING_BANDWIDTH)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _("The guest goes on there already."));
      return NULL;
    }
  switch (change->change)
    {
    case GH_MOVING_BANDWIDTH:
      set_bandwidth (domain, change->value, progress, cancellable, error);
      break;
    case GH_MOVING_DOWNTIME:
      if (virDomainMigrateSetMaxDowntime (domain, change->value, 0) < 0)
        gh_virt_error_take (error);
      break;
    case GH_MOVING_SLOW:
      slow_guest (domain, error);
      break;
    case GH_MOVING_POST_COPY:
      start_post_copy (domain, progress, error);
      break;
    case GH_MOVING_PAUSE:
      if (virDomainSuspend (domain) < 0)
        gh_virt_error_take (error);
      break;
    case GH_MOVING_CANCEL:
    default:
      cancel_move (domain, cancellable, error);
    }
  return NULL;
}

/* Public */

void
gh_host_load_move_async (GhHost              *host,
                         const char          *uuid,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL);

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_READ, "domain-load-move", load_worker,
                g_strdup (uuid), g_free, progress_free,
                g_task_new (host, cancellable, callback, user_data));
}

GhMigrationProgress *
gh_host_load_move_finish (GhHost        *host,
                          GAsyncResult  *result,
                          GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_change_move_async (GhHost              *host,
                           const char          *uuid,
                           GhMovingChange       change,
                           guint                value,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  Change *data = NULL;
  GTask *task = NULL;

  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL);

  data = g_new0 (Change, 1);
  g_strlcpy (data->uuid, uuid, sizeof data->uuid);
  data->change = change;
  data->value = value;
  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, "domain-change-move",
                change_worker, data, g_free, NULL, task);
}

gboolean
gh_host_change_move_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
