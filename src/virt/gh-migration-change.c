/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What can be done about a move while it runs: by the lane that watches it, as the other is blocked
 * until it is over. Aborting is one of these changes. */

#define G_LOG_DOMAIN "gh-migration-change"

#include "config.h"

#include "gh-migration-private.h"

#include <glib/gi18n-lib.h>
#include <libvirt/libvirt-qemu.h>
#include <stdlib.h>
#include <string.h>

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

/* An abort may come before there is a job: it is tried again until the move is over. */
#define ABORT_MS 150
/* An abort waits for the disks' connections, and over a line that was cut these last as long as
 * TCP has patience, which is a quarter of an hour. After so long they are torn down. */
#define YANK_MS 3000

typedef enum
{
  CHANGE_ABORT,
  CHANGE_YANK,
  CHANGE_BANDWIDTH,
  CHANGE_DOWNTIME,
  CHANGE_POST_COPY,
  CHANGE_SUSPEND,
  CHANGE_BREAK,
  CHANGE_SLOW,
} ChangeKind;

typedef struct
{
  char       uuid[VIR_UUID_STRING_BUFLEN];
  ChangeKind kind;
  guint      value;
  gboolean   post_copy; /* may be started, or was: of BANDWIDTH */
  GStrv      disks; /* (nullable): of YANK */
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_strfreev (change->disks);
  g_free (change);
}

static const char * const change_names[] = {
  "domain-job-abort", "domain-yank", "domain-migrate-bandwidth", "domain-migrate-downtime",
  "domain-migrate-post-copy", "domain-suspend", "domain-job-break", "domain-migrate-slow",
};

/* libvirt has no call for it. The nodes are those it makes for a disk that is copied; where it
 * calls them otherwise QEMU knows none, and nothing happens. */
static void
yank_disks (virDomainPtr  domain,
            char        **disks)
{
  for (guint i = 0; disks != NULL && disks[i] != NULL; i++)
    {
      g_autofree char *command = g_strdup_printf ("{\"execute\":\"yank\",\"arguments\":{"
                                                  "\"instances\":[{\"type\":\"block-node\","
                                                  "\"node-name\":\"migration-%s-storage\"}]}}",
                                                  disks[i]);
      char *result = NULL;

      if (disks[i][strspn (disks[i], G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS)] == '\0' &&
          virDomainQemuMonitorCommand (domain, command, &result, 0) == 0)
        g_debug ("%s: %s", disks[i], result);
      free (result);
    }
}

int
gh_migration_set_speed (virDomainPtr domain,
                        guint        mib_per_s,
                        gboolean     post_copy)
{
  if (virDomainMigrateSetMaxSpeed (domain, mib_per_s != 0 ? mib_per_s : GH_MIGRATION_NO_LIMIT,
                                   0) < 0)
    return -1;
  return post_copy ? virDomainMigrateSetMaxSpeed (domain, mib_per_s,
                                                  VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY)
                   : 0;
}

gboolean
gh_migration_may_slow (virDomainPtr domain)
{
  static const char command[] = "{\"execute\":\"query-migrate-capabilities\"}";
  char *result = NULL;
  gboolean may = FALSE;

  if (virDomainQemuMonitorCommand (domain, command, &result, 0) == 0)
    {
      g_auto (GStrv) parts = g_strsplit (result, "}", -1);

      for (guint i = 0; parts[i] != NULL && !may; i++)
        may = strstr (parts[i], "\"auto-converge\"") != NULL && strstr (parts[i], "true") != NULL;
    }
  free (result);
  return may;
}

/* libvirt takes back at the end what a move changed; but it marks the run here as “custom-monitor”
 * in its log from now on. */
int
gh_migration_slow_guest (virDomainPtr domain)
{
  char *result = NULL;
  int status = virDomainQemuMonitorCommand (domain, GH_MIGRATION_SLOW_COMMAND, &result, 0);

  if (status == 0 && strstr (result, "\"error\"") != NULL)
    status = -1;
  g_debug ("%s", result != NULL ? result : "No answer");
  free (result);
  return status;
}

static int
apply_change (virDomainPtr  domain,
              const Change *change)
{
  switch (change->kind)
    {
    case CHANGE_BANDWIDTH:
      return gh_migration_set_speed (domain, change->value, change->post_copy);
    case CHANGE_DOWNTIME:
      return virDomainMigrateSetMaxDowntime (domain, change->value, 0);
    case CHANGE_POST_COPY:
      return virDomainMigrateStartPostCopy (domain, 0);
    case CHANGE_SUSPEND:
      return virDomainSuspend (domain);
    case CHANGE_SLOW:
      return gh_migration_slow_guest (domain);
    case CHANGE_BREAK:
      return virDomainAbortJobFlags (domain, VIR_DOMAIN_ABORT_JOB_POSTCOPY);
    case CHANGE_YANK:
      yank_disks (domain, change->disks);
      return 0;
    case CHANGE_ABORT:
    default:
      return virDomainAbortJob (domain);
    }
}

static gpointer
change_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Change *change = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, change->uuid, error);

  if (domain != NULL && apply_change (domain, change) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static void
queue_change (GhMigration         *self,
              ChangeKind           kind,
              guint                value,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  Change *change = g_new0 (Change, 1);

  g_strlcpy (change->uuid, self->uuid, sizeof change->uuid);
  change->kind = kind;
  change->value = value;
  change->post_copy = self->options->post_copy;
  change->disks = kind == CHANGE_YANK ? g_strdupv (self->options->disks) : NULL;
  gh_lane_run_async (self->watch_lane, GH_LANE_USER, GH_LANE_WRITE, change_names[kind],
                     change_worker, change, change_free, NULL, NULL, callback, user_data);
}

static void
early_set_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (error != NULL)
    g_debug ("The bandwidth stays as it was at the start: %s", error->message);
}

/* libvirt gives QEMU what the move was begun with when it begins to send memory, whatever was set
 * in the meantime. */
void
gh_migration_set_early_bandwidth (GhMigration *self)
{
  self->has_early = FALSE;
  queue_change (self, CHANGE_BANDWIDTH, self->early_mib, early_set_cb, NULL);
}

static void
changed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigration *self = GH_MIGRATION (g_task_get_source_object (task));
  GError *error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (GPOINTER_TO_INT (g_task_get_task_data (task)) == CHANGE_POST_COPY)
    self->post_copy = TRUE;
  /* Who doubles it twice in a second means twice. */
  if (GPOINTER_TO_INT (g_task_get_task_data (task)) == CHANGE_DOWNTIME && self->progress != NULL)
    {
      self->progress->max_downtime_ms = self->downtime_ms;
      gh_migration_notify_progress (self);
    }
  g_task_return_boolean (task, TRUE);
}

/* Takes @task. */
static void
change_with (GhMigration *self,
             ChangeKind   kind,
             guint        value,
             GTask       *task)
{
  g_task_set_task_data (task, GINT_TO_POINTER ((int) kind), NULL);
  if (self->task != NULL)
    {
      if (kind == CHANGE_DOWNTIME)
        self->downtime_ms = value;
      queue_change (self, kind, value, changed_cb, task);
      return;
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s",
                           _("It is not being moved any more."));
  g_object_unref (task);
}

static void
change (GhMigration         *self,
        ChangeKind           kind,
        guint                value,
        GAsyncReadyCallback  callback,
        gpointer             user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, change);
  change_with (self, kind, value, task);
}

static void
given_up_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GhMigration) self = user_data;

  (void) gh_migration_change_finish (self, result, NULL);
  self->breaking = FALSE;
}

static void
aborted_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GhMigration) self = user_data;

  (void) gh_lane_run_finish (GH_LANE (object), result, NULL);
  self->aborting = FALSE;
}

/* A post-copy cannot be aborted. One that goes on is let go on: it will soon be through, while to
 * break it would stop the guest. */
static void
give_up (GhMigration *self)
{
  if (self->breaking || self->progress == NULL || self->progress->silent_s * 1000 < YANK_MS)
    return;
  self->breaking = TRUE;
  gh_migration_break_async (self, given_up_cb, g_object_ref (self));
}

static gboolean
abort_cb (gpointer user_data)
{
  GhMigration *self = user_data;

  if (self->post_copy)
    give_up (self);
  else if (!self->aborting)
    {
      gboolean yank = !self->yanked && self->options->disks != NULL &&
                      g_get_monotonic_time () - self->abort_us > YANK_MS * 1000;

      self->aborting = TRUE;
      self->yanked = self->yanked || yank;
      queue_change (self, yank ? CHANGE_YANK : CHANGE_ABORT, 0, aborted_cb, g_object_ref (self));
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
start_abort_cb (gpointer user_data)
{
  GhMigration *self = user_data;

  if (self->task == NULL || self->abort_id != 0)
    return G_SOURCE_REMOVE;
  self->abort_us = g_get_monotonic_time ();
  abort_cb (self);
  self->abort_id = g_timeout_add (ABORT_MS, abort_cb, self);
  return G_SOURCE_REMOVE;
}

/**
 * gh_migration_abort:
 * @self: a move
 *
 * Begins to abort it, and goes on until it is over. In whichever thread it is cancelled.
 */
void
gh_migration_abort (GhMigration *self)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, start_abort_cb, g_object_ref (self), g_object_unref);
}

void
gh_migration_set_bandwidth_async (GhMigration         *self,
                                  guint                mib_per_s,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_return_if_fail (GH_IS_MIGRATION (self));

  self->early_mib = mib_per_s;
  self->has_early = self->progress == NULL || self->progress->phase < GH_MIGRATION_MEMORY;
  change (self, CHANGE_BANDWIDTH, mib_per_s, callback, user_data);
}

void
gh_migration_set_downtime_async (GhMigration         *self,
                                 guint                ms,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_return_if_fail (GH_IS_MIGRATION (self));

  change (self, CHANGE_DOWNTIME, ms, callback, user_data);
}

void
gh_migration_start_post_copy_async (GhMigration         *self,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_return_if_fail (GH_IS_MIGRATION (self));

  change (self, CHANGE_POST_COPY, 0, callback, user_data);
}

void
gh_migration_suspend_async (GhMigration         *self,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_return_if_fail (GH_IS_MIGRATION (self));

  change (self, CHANGE_SUSPEND, 0, callback, user_data);
}

void
gh_migration_slow_guest_async (GhMigration         *self,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (GH_IS_MIGRATION (self));

  change (self, CHANGE_SLOW, 0, callback, user_data);
}

static void
there_looked_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GTask *task = user_data;
  GhMigration *self = GH_MIGRATION (g_task_get_source_object (task));
  GError *error = NULL;
  g_autofree GhPresence *there = gh_host_load_presence_finish (GH_HOST (object), result, &error);

  if (there != NULL && !there->post_copy)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY,
                                 _("Its guest does not go on there yet. To break the move now "
                                   "would lose it."));
  if (error == NULL)
    {
      change_with (self, CHANGE_BREAK, 0, task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* QEMU at the destination waits for a new connection only once its guest has begun to go on there.
 * Before that, whatever cuts the old one makes it end, and half of the memory with it. */
void
gh_migration_break_async (GhMigration         *self,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_MIGRATION (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_migration_break_async);
  gh_host_load_presence_async (self->destination, self->uuid, NULL, there_looked_cb, task);
}

gboolean
gh_migration_change_finish (GhMigration   *self,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
