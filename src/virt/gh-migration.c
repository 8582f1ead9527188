/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A move: one worker blocks in libvirt's call until it is over, with a connection to each host that
 * nobody else uses; a second lane reads how far it is, changes it, and aborts it. */

#define G_LOG_DOMAIN "gh-migration"

#include "config.h"

#include "gh-migration.h"

#include <glib/gi18n-lib.h>
#include <libvirt/libvirt-qemu.h>
#include <stdlib.h>
#include <string.h>

#include "gh-faults.h"
#include "gh-host-address.h"
#include "gh-host-private.h"
#include "gh-migration-private.h"
#include "gh-presence-private.h"
#include "gh-virt-error-private.h"

#define WATCH_MS 1000
/* An abort may come before there is a job: it is tried again until the move is over. */
#define ABORT_MS 150
/* An abort waits for the disks' connections, and over a line that was cut these last as long as
 * TCP has patience, which is a quarter of an hour. After so long they are torn down. */
#define YANK_MS 3000

struct _GhMigration
{
  GObject              parent_instance;

  GhHost              *source;
  GhHost              *destination;
  char                *uuid;
  GhMigrationOptions  *options;
  GhMigrationProgress *progress;     /* (nullable) */

  GTask               *task;         /* (nullable): while it runs */
  GhLane              *move_lane;    /* (nullable) */
  GhLane              *watch_lane;   /* (nullable) */
  guint                downtime_ms;  /* that was asked for last, while it moves */
  guint                watch_id;
  guint                abort_id;
  gulong               cancelled_id;
  gboolean             watching;     /* a question is under way */
  gint64               abort_us;     /* when it was first asked for */
  gboolean             aborting;
  gboolean             breaking;
  gboolean             yanked;
  gboolean             post_copy;
  gint64               moved_us;     /* when something moved last */
  guint                early_mib;    /* a bandwidth set before memory was being sent */
  gboolean             has_early;
};

G_DEFINE_FINAL_TYPE (GhMigration, gh_migration, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (GhMigrationProgress, gh_migration_progress, gh_migration_progress_copy,
                     gh_migration_progress_free)

enum
{
  PROP_0,
  PROP_PROGRESS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* Plain data */

GhMigrationProgress *
gh_migration_progress_copy (const GhMigrationProgress *self)
{
  GhMigrationProgress *copy = g_new (GhMigrationProgress, 1);

  *copy = *self;
  return copy;
}

void
gh_migration_progress_free (GhMigrationProgress *self)
{
  g_free (self);
}

static void
progress_free (gpointer data)
{
  gh_migration_progress_free (data);
}

GhMigrationOptions *
gh_migration_options_new (void)
{
  GhMigrationOptions *self = g_new0 (GhMigrationOptions, 1);

  self->live = TRUE;
  return self;
}

GhMigrationOptions *
gh_migration_options_copy (const GhMigrationOptions *self)
{
  GhMigrationOptions *copy = g_new (GhMigrationOptions, 1);

  *copy = *self;
  copy->compression = g_strdup (self->compression);
  copy->name = g_strdup (self->name);
  copy->xml = g_strdup (self->xml);
  copy->persistent_xml = g_strdup (self->persistent_xml);
  copy->address = g_strdup (self->address);
  copy->disks_address = g_strdup (self->disks_address);
  copy->peer_uri = g_strdup (self->peer_uri);
  copy->disks = g_strdupv (self->disks);
  return copy;
}

void
gh_migration_options_free (GhMigrationOptions *self)
{
  g_free (self->compression);
  g_free (self->name);
  g_free (self->xml);
  g_free (self->persistent_xml);
  g_free (self->address);
  g_free (self->disks_address);
  g_free (self->peer_uri);
  g_strfreev (self->disks);
  g_free (self);
}

/* The call */

typedef struct
{
  char                 uuid[VIR_UUID_STRING_BUFLEN];
  char                *destination; /* URI */
  GhSsh               *ssh;         /* (owned) (nullable): how it is reached */
  GhMigrationOptions  *options;
} Move;

static void
move_free (gpointer data)
{
  Move *move = data;

  g_free (move->destination);
  g_clear_pointer (&move->ssh, gh_ssh_unref);
  gh_migration_options_free (move->options);
  g_free (move);
}

static unsigned int
get_flags (const GhMigrationOptions *options)
{
  const struct
  {
    gboolean     on;
    unsigned int flag;
  } rows[] = {
    { options->live, VIR_MIGRATE_LIVE },
    { options->peer || options->tunnelled, VIR_MIGRATE_PEER2PEER },
    { options->tunnelled, VIR_MIGRATE_TUNNELLED },
    { options->persist, VIR_MIGRATE_PERSIST_DEST },
    { options->undefine, VIR_MIGRATE_UNDEFINE_SOURCE },
    { options->disks != NULL, VIR_MIGRATE_NON_SHARED_DISK },
    { options->unsafe, VIR_MIGRATE_UNSAFE },
    { options->compression != NULL, VIR_MIGRATE_COMPRESSED },
    { options->auto_converge || options->slow_later, VIR_MIGRATE_AUTO_CONVERGE },
    { options->post_copy, VIR_MIGRATE_POSTCOPY },
    { options->resume, VIR_MIGRATE_POSTCOPY_RESUME },
    { options->parallel, VIR_MIGRATE_PARALLEL },
    { options->tls, VIR_MIGRATE_TLS },
  };
  unsigned int flags = VIR_MIGRATE_ABORT_ON_ERROR;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    flags |= rows[i].on ? rows[i].flag : 0;
  return flags;
}

typedef struct
{
  virTypedParameterPtr params;
  int                  n;
  int                  max;
} Params;

static void
params_clear (Params *self)
{
  virTypedParamsFree (self->params, self->n);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Params, params_clear)

static gboolean
add_string (Params     *self,
            const char *name,
            const char *value)
{
  return value == NULL ||
         virTypedParamsAddString (&self->params, &self->n, &self->max, name, value) == 0;
}

/* Whether a guest may be slowed down is decided when a move begins, and by how much at any time. So
 * it is begun with as little as there is: one per cent for each two passes in which the guest wrote
 * more than half of what was sent. */
static gboolean
add_slowness (Params                   *self,
              const GhMigrationOptions *options)
{
  return options->auto_converge || !options->slow_later ||
         (virTypedParamsAddInt (&self->params, &self->n, &self->max,
                                VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL, 1) == 0 &&
          virTypedParamsAddInt (&self->params, &self->n, &self->max,
                                VIR_MIGRATE_PARAM_AUTO_CONVERGE_INCREMENT, 1) == 0);
}

static gboolean
fill_params (Params                   *self,
             const GhMigrationOptions *options)
{
  gboolean fine = add_string (self, VIR_MIGRATE_PARAM_DEST_NAME, options->name) &&
                  add_string (self, VIR_MIGRATE_PARAM_DEST_XML, options->xml) &&
                  add_string (self, VIR_MIGRATE_PARAM_PERSIST_XML,
                              options->persist ? options->persistent_xml : NULL) &&
                  add_string (self, VIR_MIGRATE_PARAM_URI, options->address) &&
                  add_string (self, VIR_MIGRATE_PARAM_DISKS_URI,
                              options->disks != NULL ? options->disks_address : NULL) &&
                  add_string (self, VIR_MIGRATE_PARAM_COMPRESSION, options->compression) &&
                  add_slowness (self, options);

  for (guint i = 0; fine && options->disks != NULL && options->disks[i] != NULL; i++)
    fine = add_string (self, VIR_MIGRATE_PARAM_MIGRATE_DISKS, options->disks[i]);
  if (fine && options->bandwidth_mib > 0)
    fine = virTypedParamsAddULLong (&self->params, &self->n, &self->max,
                                    VIR_MIGRATE_PARAM_BANDWIDTH, options->bandwidth_mib) == 0;
  if (fine && options->parallel && options->connections > 0)
    fine = virTypedParamsAddInt (&self->params, &self->n, &self->max,
                                 VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS,
                                 (int) options->connections) == 0;
  return fine;
}

static gboolean
migrate_by_peer (virDomainPtr domain,
                 const Move  *move,
                 Params      *params)
{
  return virDomainMigrateToURI3 (domain, move->destination, params->params,
                                 (unsigned int) params->n, get_flags (move->options)) == 0;
}

static gboolean
migrate_by_client (virDomainPtr  domain,
                   virConnectPtr destination,
                   const Move   *move,
                   Params       *params)
{
  g_autoptr (virDomain) moved = virDomainMigrate3 (domain, destination, params->params,
                                                   (unsigned int) params->n,
                                                   get_flags (move->options));

  return moved != NULL;
}

static gpointer
move_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Move *move = data;
  gboolean peer = move->options->peer || move->options->tunnelled;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, move->uuid, error);
  g_auto (Params) params = { NULL, 0, 0 };
  g_autoptr (GhSshSeat) seat = NULL;
  virConnectPtr destination = NULL;

  if (domain == NULL)
    return NULL;
  if (!peer)
    {
      destination = gh_conn_open (move->destination, move->ssh, GH_SSH_SEAT_NEEDED, &seat, error);
      if (destination == NULL)
        return NULL;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    ;
  else if (!fill_params (&params, move->options) ||
           !(peer ? migrate_by_peer (domain, move, &params)
                  : migrate_by_client (domain, destination, move, &params)))
    gh_virt_error_take (error);
  if (destination != NULL)
    virConnectClose (destination);
  virResetLastError ();
  return NULL;
}

/* Watching */

typedef struct
{
  char     uuid[VIR_UUID_STRING_BUFLEN];
  guint    downtime_ms; /* to be set first; 0: not */
  gboolean post_copy;
} Watch;

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

static void set_early_bandwidth (GhMigration *self);

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
    set_early_bandwidth (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
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

/* Changing */

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
                        guint        mib_per_s)
{
  return virDomainMigrateSetMaxSpeed (domain, mib_per_s != 0 ? mib_per_s : GH_MIGRATION_NO_LIMIT,
                                      0);
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
      return gh_migration_set_speed (domain, change->value);
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
static void
set_early_bandwidth (GhMigration *self)
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
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
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

/* In whichever thread cancels. */
static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, start_abort_cb, g_object_ref (user_data), g_object_unref);
}

/* Running */

static void
stop_lanes (GhMigration *self)
{
  g_clear_handle_id (&self->watch_id, g_source_remove);
  g_clear_handle_id (&self->abort_id, g_source_remove);
  if (self->watch_lane != NULL)
    gh_lane_stop (self->watch_lane, gh_conn_close);
  if (self->move_lane != NULL)
    gh_lane_stop (self->move_lane, gh_conn_close);
  g_clear_object (&self->watch_lane);
  g_clear_object (&self->move_lane);
}

static void
moved_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GhMigration) self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (cancellable, self->cancelled_id);
  self->cancelled_id = 0;
  stop_lanes (self);
  /* An injected fault looks like the failure it stands for. */
  if (error != NULL && error->domain == GH_FAULT_ERROR)
    error->domain = GH_VIRT_ERROR;
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else if (g_cancellable_is_cancelled (cancellable))
    {
      g_error_free (error);
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled"));
    }
  else
    g_task_return_error (task, error);
}

void
gh_migration_run_async (GhMigration         *self,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  Move *move = NULL;

  g_return_if_fail (GH_IS_MIGRATION (self));
  g_return_if_fail (self->task == NULL && self->move_lane == NULL);

  self->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, gh_migration_run_async);
  g_task_set_check_cancellable (self->task, FALSE);
  self->move_lane = gh_host_open_job_lane (self->source);
  self->watch_lane = gh_host_open_job_lane (self->source);
  move = g_new0 (Move, 1);
  g_strlcpy (move->uuid, self->uuid, sizeof move->uuid);
  move->ssh = gh_host_dup_ssh (self->destination);
  /* The source knows nothing of our way there; nor does libvirt, where it is not our ssh. */
  if ((self->options->peer || self->options->tunnelled) && self->options->peer_uri != NULL)
    move->destination = g_strdup (self->options->peer_uri);
  else if (!self->options->peer && !self->options->tunnelled && move->ssh != NULL)
    move->destination = g_strdup (gh_host_get_uri (self->destination));
  else
    move->destination = gh_host_address_dup_plain (gh_host_get_uri (self->destination));
  move->options = gh_migration_options_copy (self->options);
  gh_lane_run_async (self->move_lane, GH_LANE_USER, GH_LANE_WRITE, "domain-migrate", move_worker,
                     move, move_free, NULL, cancellable, moved_cb, g_object_ref (self));
  watch_cb (self);
  self->watch_id = g_timeout_add (WATCH_MS, watch_cb, self);
  if (cancellable != NULL)
    self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), self, NULL);
}

gboolean
gh_migration_run_finish (GhMigration   *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Class */

static void
gh_migration_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_PROGRESS:
      g_value_set_boxed (value, GH_MIGRATION (object)->progress);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migration_finalize (GObject *object)
{
  GhMigration *self = GH_MIGRATION (object);

  stop_lanes (self);
  g_clear_object (&self->source);
  g_clear_object (&self->destination);
  g_clear_pointer (&self->progress, gh_migration_progress_free);
  gh_migration_options_free (self->options);
  g_free (self->uuid);
  G_OBJECT_CLASS (gh_migration_parent_class)->finalize (object);
}

static void
gh_migration_class_init (GhMigrationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = gh_migration_get_property;
  object_class->finalize = gh_migration_finalize;
  properties[PROP_PROGRESS] = g_param_spec_boxed ("progress", NULL, NULL,
                                                  GH_TYPE_MIGRATION_PROGRESS,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                  G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_migration_init (GhMigration *self)
{
}

GhMigration *
gh_migration_new (GhHost                   *source,
                  GhHost                   *destination,
                  const char               *uuid,
                  const GhMigrationOptions *options)
{
  GhMigration *self = NULL;

  g_return_val_if_fail (GH_IS_HOST (source) && GH_IS_HOST (destination), NULL);

  self = g_object_new (GH_TYPE_MIGRATION, NULL);
  self->source = g_object_ref (source);
  self->destination = g_object_ref (destination);
  self->uuid = g_strdup (uuid);
  self->options = gh_migration_options_copy (options);
  self->post_copy = options->resume;
  return self;
}

const GhMigrationProgress *
gh_migration_get_progress (GhMigration *self)
{
  g_return_val_if_fail (GH_IS_MIGRATION (self), NULL);

  return self->progress;
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
