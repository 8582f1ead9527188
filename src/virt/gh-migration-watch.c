/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How far a move is, as its source says, read by a lane that the move does not block. */

#define G_LOG_DOMAIN "gh-migration-watch"

#include "config.h"

#include "gh-migration-private.h"

#include "gh-faults.h"
#include "gh-host-private.h"
#include "gh-presence-private.h"
#include "gh-virt-error-private.h"

#define WATCH_MS 1000

typedef struct
{
  char     uuid[VIR_UUID_STRING_BUFLEN];
  guint    downtime_ms; /* to be set first; 0: not */
  gboolean post_copy;
} Watch;

static void
progress_free (gpointer data)
{
  gh_migration_progress_free (data);
}

static guint64
get_number (virTypedParameterPtr  params,
            int                   n_params,
            const char           *name)
{
  unsigned long long value = 0;

  virTypedParamsGetULLong (params, n_params, name, &value);
  return value;
}

static guint64
get_int (virTypedParameterPtr  params,
         int                   n_params,
         const char           *name)
{
  int value = 0;

  virTypedParamsGetInt (params, n_params, name, &value);
  return value > 0 ? (guint64) value : 0;
}

static GhMigrationPhase
find_phase (const GhMigrationProgress *progress,
            gboolean                   post_copy)
{
  if (post_copy)
    return GH_MIGRATION_POST_COPY;
  if (progress->memory_total > 0)
    return GH_MIGRATION_MEMORY;
  return progress->disk_total > 0 ? GH_MIGRATION_DISKS : GH_MIGRATION_STARTING;
}

static GhMigrationProgress *
make_progress (virTypedParameterPtr params,
               int                  n,
               gboolean             post_copy)
{
  GhMigrationProgress *progress = g_new0 (GhMigrationProgress, 1);
  unsigned long long downtime = 0;

  progress->elapsed_ms = get_number (params, n, VIR_DOMAIN_JOB_TIME_ELAPSED);
  progress->disk_total = get_number (params, n, VIR_DOMAIN_JOB_DISK_TOTAL);
  progress->disk_done = get_number (params, n, VIR_DOMAIN_JOB_DISK_PROCESSED);
  progress->disk_rate = get_number (params, n, VIR_DOMAIN_JOB_DISK_BPS);
  progress->memory_total = get_number (params, n, VIR_DOMAIN_JOB_MEMORY_TOTAL);
  progress->memory_sent = get_number (params, n, VIR_DOMAIN_JOB_MEMORY_PROCESSED);
  progress->memory_remaining = get_number (params, n, VIR_DOMAIN_JOB_MEMORY_REMAINING);
  progress->memory_done = progress->memory_total -
                          MIN (progress->memory_remaining, progress->memory_total);
  progress->memory_rate = get_number (params, n, VIR_DOMAIN_JOB_MEMORY_BPS);
  progress->dirty_rate = get_number (params, n, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE) *
                         get_number (params, n, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
  progress->iteration = (guint) get_number (params, n, VIR_DOMAIN_JOB_MEMORY_ITERATION);
  progress->throttle = (guint) get_int (params, n, VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE);
  progress->downtime_ms = -1;
  if (virTypedParamsGetULLong (params, n, VIR_DOMAIN_JOB_DOWNTIME, &downtime) == 1)
    progress->downtime_ms = (gint64) downtime;
  progress->phase = find_phase (progress, post_copy);
  return progress;
}

GhMigrationProgress *
gh_migration_read_progress (virDomainPtr   domain,
                            GError       **error)
{
  GhMigrationProgress *progress = NULL;
  virTypedParameterPtr params = NULL;
  unsigned long long max_downtime = 0;
  int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
  int n_params = 0;
  int type = VIR_DOMAIN_JOB_NONE;

  if (gh_faults_enter ("domain-job-stats", error) &&
      virDomainGetJobStats (domain, &type, &params, &n_params, 0) < 0)
    gh_virt_error_take (error);
  if ((type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED) &&
      virTypedParamsGetInt (params, n_params, VIR_DOMAIN_JOB_OPERATION, &operation) >= 0 &&
      operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT)
    progress = make_progress (params, n_params, gh_presence_is_post_copy (domain));
  if (progress != NULL && virDomainMigrateGetMaxDowntime (domain, &max_downtime, 0) == 0)
    progress->max_downtime_ms = (guint) max_downtime;
  virTypedParamsFree (params, n_params);
  virResetLastError ();
  return progress;
}

/* NULL without an error: there is nothing to tell at the moment. */
static gpointer
watch_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Watch *watch = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, watch->uuid, error);
  GhMigrationProgress *progress = NULL;

  if (domain == NULL)
    return NULL;
  progress = gh_migration_read_progress (domain, NULL);
  if (progress != NULL && watch->post_copy)
    progress->phase = GH_MIGRATION_POST_COPY;
  if (progress != NULL && watch->downtime_ms > 0 &&
      virDomainMigrateSetMaxDowntime (domain, watch->downtime_ms, 0) == 0)
    progress->max_downtime_ms = watch->downtime_ms;
  virResetLastError ();
  return progress;
}

static void
note_silence (GhMigration         *self,
              GhMigrationProgress *progress)
{
  const GhMigrationProgress *before = self->progress;
  gint64 now_us = g_get_monotonic_time ();

  if (before == NULL || before->phase != progress->phase ||
      before->disk_done != progress->disk_done || before->memory_sent != progress->memory_sent ||
      before->memory_remaining != progress->memory_remaining)
    self->moved_us = now_us;
  progress->silent_s = (guint) ((now_us - self->moved_us) / G_USEC_PER_SEC);
}

static void
watched_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GhMigration) self = user_data;
  GhMigrationProgress *progress = gh_lane_run_finish (GH_LANE (object), result, NULL);

  self->watching = FALSE;
  if (progress == NULL)
    return;
  note_silence (self, progress);
  if (progress->max_downtime_ms == self->options->downtime_ms)
    self->options->downtime_ms = 0; /* it is set */
  /* Somebody else may have told it to. */
  self->post_copy = self->post_copy || progress->phase == GH_MIGRATION_POST_COPY;
  g_clear_pointer (&self->progress, gh_migration_progress_free);
  self->progress = progress;
  if (self->has_early && self->task != NULL && progress->phase >= GH_MIGRATION_MEMORY)
    gh_migration_set_early_bandwidth (self);
  gh_migration_notify_progress (self);
}

static gboolean
watch_cb (gpointer user_data)
{
  GhMigration *self = user_data;
  Watch *watch = NULL;

  if (self->watching)
    return G_SOURCE_CONTINUE;
  self->watching = TRUE;
  watch = g_new0 (Watch, 1);
  g_strlcpy (watch->uuid, self->uuid, sizeof watch->uuid);
  watch->downtime_ms = self->options->downtime_ms;
  watch->post_copy = self->post_copy;
  gh_lane_run_async (self->watch_lane, GH_LANE_DEFAULT, GH_LANE_READ, "domain-job-stats",
                     watch_worker, watch, g_free, progress_free, NULL, watched_cb,
                     g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

/**
 * gh_migration_watch:
 * @self: a move that begins, with its lanes open
 *
 * Reads how far it is, now and once a second, until its watch_id is removed.
 */
void
gh_migration_watch (GhMigration *self)
{
  watch_cb (self);
  self->watch_id = g_timeout_add (WATCH_MS, watch_cb, self);
}
