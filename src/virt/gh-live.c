/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Jobs on the disks of running machines. A worker begins the job, then waits on its lane, which
 * is its own, for libvirt's event or until the job is not there any more; between, it reads how
 * far it is and looks whether it was cancelled.
 *
 * The job is QEMU's: it goes on when the daemon dies, so the worker connects anew and waits on.
 * How a job ended that ended while there was no daemon nobody knows: that counts as failed. */

#define G_LOG_DOMAIN "gh-live"

#include "config.h"

#include "gh-live.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-domain-xml.h"
#include "gh-faults.h"
#include "gh-guest-agent-private.h"
#include "gh-host-private.h"
#include "gh-presence-private.h"
#include "gh-virt-error-private.h"

#define POLL_MS 150
/* How long an event may come after the job is gone. */
#define EVENT_GRACE_MS 3000
/* How long a daemon may be away before it is given up. */
#define RECONNECT_MS 15000
/* How long an aborted job may take to be gone. */
#define ABORT_MS 20000
/* How long a held guest is tried to be let go: after a restart of the daemon it takes a while until
 * that has found the agent again. */
#define THAW_MS 20000

/* What libvirt's event tells the worker. libvirt holds a reference. */
typedef struct
{
  gatomicrefcount ref_count;
  GMutex          mutex;
  GCond           cond;
  char           *target;  /* (nullable): of the disk, for block jobs */
  gboolean        ended;   /* (mutex mutex) */
  gboolean        success; /* (mutex mutex) */
  char           *message; /* (mutex mutex) (nullable) */
} Watch;

typedef struct
{
  char           uuid[VIR_UUID_STRING_BUFLEN];
  GPtrArray     *disks;    /* (nullable) (element-type GhBackupDisk) */
  GStrv          paths;    /* (nullable) */
  char          *target;   /* (nullable) */
  gboolean       freeze;   /* the guest, or ask its agent */
  gboolean       is_silent; /* the agent, as is known: it need not be asked */
  GhJobProgress *progress; /* (nullable) */
} Call;

/* A job as the worker waits for it; replaced when the connection is. */
typedef struct
{
  virDomainPtr domain;   /* (nullable) */
  Watch       *watch;    /* (nullable) */
  int          event_id; /* -1: none */
} Wait;

/* Progress */

GhJobProgress *
gh_job_progress_new (void)
{
  GhJobProgress *self = g_new0 (GhJobProgress, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->per_mille = -1;
  return self;
}

GhJobProgress *
gh_job_progress_ref (GhJobProgress *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gh_job_progress_unref (GhJobProgress *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

double
gh_job_progress_get (GhJobProgress *self)
{
  int per_mille = g_atomic_int_get (&self->per_mille);

  return per_mille < 0 ? -1.0 : per_mille / 1000.0;
}

/* Also of a job that failed: who undoes it need not let the guest go once more. */
gboolean
gh_job_progress_is_thawed (GhJobProgress *self)
{
  return g_atomic_int_get (&self->thawed);
}

static void
set_progress (GhJobProgress *self,
              guint64        done,
              guint64        total)
{
  if (self != NULL && total > 0)
    g_atomic_int_set (&self->per_mille, (int) (MIN (done, total) * 1000.0 / total));
}

/* Plain data */

static Call *
call_new (const char *uuid)
{
  Call *call = g_new0 (Call, 1);

  g_strlcpy (call->uuid, uuid, sizeof call->uuid);
  return call;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_clear_pointer (&call->disks, g_ptr_array_unref);
  g_clear_pointer (&call->progress, gh_job_progress_unref);
  g_strfreev (call->paths);
  g_free (call->target);
  g_free (call);
}

void
gh_live_info_free (GhLiveInfo *self)
{
  g_free (self->job);
  g_strfreev (self->block_jobs);
  g_free (self->xml);
  g_free (self);
}

static void
info_free (gpointer data)
{
  gh_live_info_free (data);
}

static void
backup_disk_free (gpointer data)
{
  gh_backup_disk_free (data);
}

/* Events: on the main loop, or on whichever thread reads the socket. */

static Watch *
watch_new (const char *target)
{
  Watch *watch = g_new0 (Watch, 1);

  g_atomic_ref_count_init (&watch->ref_count);
  g_mutex_init (&watch->mutex);
  g_cond_init (&watch->cond);
  watch->target = g_strdup (target);
  return watch;
}

static void
watch_unref (void *data)
{
  Watch *watch = data;

  if (!g_atomic_ref_count_dec (&watch->ref_count))
    return;
  g_mutex_clear (&watch->mutex);
  g_cond_clear (&watch->cond);
  g_free (watch->target);
  g_free (watch->message);
  g_free (watch);
}

static void
watch_end (Watch      *watch,
           gboolean    success,
           const char *message)
{
  g_mutex_lock (&watch->mutex);
  watch->ended = TRUE;
  watch->success = success;
  g_free (watch->message);
  watch->message = g_strdup (message);
  g_cond_signal (&watch->cond);
  g_mutex_unlock (&watch->mutex);
}

/* Whether it has ended, after waiting a while for that. */
static gboolean
watch_wait (Watch *watch,
            guint  wait_ms)
{
  gint64 end = g_get_monotonic_time () + wait_ms * G_TIME_SPAN_MILLISECOND;
  gboolean ended = FALSE;

  g_mutex_lock (&watch->mutex);
  while (!watch->ended && g_cond_wait_until (&watch->cond, &watch->mutex, end))
    ;
  ended = watch->ended;
  g_mutex_unlock (&watch->mutex);
  return ended;
}

static void
job_completed_cb (virConnectPtr          conn,
                  virDomainPtr           domain,
                  virTypedParameterPtr   params,
                  int                    n_params,
                  void                  *opaque)
{
  const char *message = NULL;
  int operation = 0;
  int success = 0;

  if (virTypedParamsGetInt (params, n_params, VIR_DOMAIN_JOB_OPERATION, &operation) == 1 &&
      operation != VIR_DOMAIN_JOB_OPERATION_BACKUP)
    return;
  /* The lookups leave errors behind on this thread when a parameter is of another type. */
  virTypedParamsGetBoolean (params, n_params, VIR_DOMAIN_JOB_SUCCESS, &success);
  virTypedParamsGetString (params, n_params, VIR_DOMAIN_JOB_ERRMSG, &message);
  virResetLastError ();
  watch_end (opaque, success != 0, message);
}

static void
block_job_cb (virConnectPtr  conn,
              virDomainPtr   domain,
              const char    *disk,
              int            type,
              int            status,
              void          *opaque)
{
  Watch *watch = opaque;

  if (g_strcmp0 (disk, watch->target) == 0 && type == VIR_DOMAIN_BLOCK_JOB_TYPE_PULL &&
      status != VIR_DOMAIN_BLOCK_JOB_READY)
    watch_end (watch, status == VIR_DOMAIN_BLOCK_JOB_COMPLETED,
               status == VIR_DOMAIN_BLOCK_JOB_CANCELED ? "The job was cancelled" : NULL);
}

static void
wait_clear (Wait *wait)
{
  if (wait->event_id >= 0)
    virConnectDomainEventDeregisterAny (virDomainGetConnect (wait->domain), wait->event_id);
  wait->event_id = -1;
  g_clear_pointer (&wait->domain, virDomainFree);
  g_clear_pointer (&wait->watch, watch_unref);
  virResetLastError ();
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wait, wait_clear)

/* Finds the machine and listens; before the job begins, so that no event is missed. */
static gboolean
wait_open (Wait        *wait,
           GhLane      *lane,
           const Call  *call,
           GError     **error)
{
  virConnectDomainEventGenericCallback callback = NULL;
  int id = VIR_DOMAIN_EVENT_ID_JOB_COMPLETED;

  wait_clear (wait);
  wait->domain = gh_conn_find_domain (lane, call->uuid, error);
  if (wait->domain == NULL)
    return FALSE;
  callback = VIR_DOMAIN_EVENT_CALLBACK (job_completed_cb);
  if (call->target != NULL)
    {
      callback = VIR_DOMAIN_EVENT_CALLBACK (block_job_cb);
      id = VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2;
    }
  wait->watch = watch_new (call->target);
  g_atomic_ref_count_inc (&wait->watch->ref_count);
  wait->event_id = virConnectDomainEventRegisterAny (virDomainGetConnect (wait->domain),
                                                     wait->domain, id, callback, wait->watch,
                                                     watch_unref);
  if (wait->event_id >= 0)
    return TRUE;
  watch_unref (wait->watch);
  gh_virt_error_take (error);
  return FALSE;
}

static gboolean
is_connected (virDomainPtr domain)
{
  gboolean alive = virConnectIsAlive (virDomainGetConnect (domain)) == 1;

  virResetLastError ();
  return alive;
}

/* Waits on the worker's thread, where nothing else does. */
static void
pause_worker (guint ms)
{
  g_usleep (ms * G_TIME_SPAN_MILLISECOND);
}

/* After the daemon went away: waits until there is one again. */
static gboolean
wait_reopen (Wait       *wait,
             GhLane     *lane,
             const Call *call,
             GError    **error)
{
  gint64 end = g_get_monotonic_time () + RECONNECT_MS * G_TIME_SPAN_MILLISECOND;

  while (TRUE)
    {
      g_clear_error (error);
      if (wait_open (wait, lane, call, error))
        return TRUE;
      if (g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN) ||
          g_get_monotonic_time () > end)
        return FALSE;
      pause_worker (POLL_MS);
    }
}

/* The guest agent */

static char *
dup_live_xml (virDomainPtr   domain,
              GError       **error)
{
  char *xml = virDomainGetXMLDesc (domain, 0);
  char *copy = g_strdup (xml);

  if (xml == NULL)
    gh_virt_error_take (error);
  free (xml);
  return copy;
}

/* Not even a daemon that dies at that moment may leave the guest held. */
static gboolean
thaw_whatever_happens (Wait        *wait,
                       GhLane      *lane,
                       const Call  *call,
                       GError     **error)
{
  gint64 end = g_get_monotonic_time () + THAW_MS * G_TIME_SPAN_MILLISECOND;
  guint n_tries = 0;

  do
    {
      if (n_tries > 0)
        pause_worker (POLL_MS);
      g_clear_error (error);
      if (gh_guest_agent_thaw (wait->domain, error))
        return TRUE;
      if (!is_connected (wait->domain))
        {
          g_autoptr (GError) lost = NULL;

          if (!wait_reopen (wait, lane, call, &lost))
            return FALSE;
        }
    }
  while (++n_tries < 3 || (g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) &&
                           g_get_monotonic_time () < end));
  return FALSE;
}

/* Backup */

typedef enum
{
  BACKUP_NONE,
  BACKUP_RUNS,
  BACKUP_UNKNOWN, /* the host does not say */
} BackupState;

/* Whether a backup to one of @paths runs; @error: why nobody knows. */
static BackupState
get_backup (virDomainPtr         domain,
            const char * const  *paths,
            GError             **error)
{
  static const int none[] = {
    VIR_ERR_NO_DOMAIN_BACKUP, VIR_ERR_NO_DOMAIN, VIR_ERR_NO_SUPPORT,
    VIR_ERR_OPERATION_INVALID /* it does not run */,
  };
  g_autoptr (GError) reason = NULL;
  BackupState state = BACKUP_UNKNOWN;

  if (gh_faults_enter ("domain-backup-look", &reason))
    {
      char *xml = virDomainBackupGetXMLDesc (domain, 0);

      if (xml != NULL)
        state = gh_backup_xml_writes_to (xml, paths) ? BACKUP_RUNS : BACKUP_NONE;
      else
        gh_virt_error_take (&reason);
      free (xml);
    }
  for (guint i = 0; reason != NULL && i < G_N_ELEMENTS (none); i++)
    if (g_error_matches (reason, GH_VIRT_ERROR, none[i]))
      state = BACKUP_NONE;
  if (state == BACKUP_UNKNOWN)
    g_propagate_error (error, g_steal_pointer (&reason));
  return state;
}

static void
read_backup_progress (virDomainPtr   domain,
                      GhJobProgress *progress)
{
  virTypedParameterPtr params = NULL;
  unsigned long long done = 0;
  unsigned long long total = 0;
  int n_params = 0;
  int type = 0;

  if (progress != NULL && virDomainGetJobStats (domain, &type, &params, &n_params, 0) == 0 &&
      virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_DISK_TOTAL, &total) == 1 &&
      virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_DISK_PROCESSED, &done) == 1)
    set_progress (progress, done, total);
  virTypedParamsFree (params, n_params);
  virResetLastError ();
}

static void
set_backup_error (const Watch *watch,
                  gboolean     cancelled,
                  GError     **error)
{
  if (cancelled)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled"));
  else if (watch != NULL && watch->message != NULL)
    g_set_error (error, GH_VIRT_ERROR, VIR_ERR_OPERATION_FAILED, "%s", watch->message);
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                         _("The copying ended early, and the host does not say why."));
}

/* Waits until the job that was begun has ended. */
static void
wait_for_backup (Wait          *wait,
                 GhLane        *lane,
                 const Call    *call,
                 GCancellable  *cancellable,
                 GError       **error)
{
  gboolean aborted = FALSE;

  while (!watch_wait (wait->watch, POLL_MS))
    {
      BackupState state = BACKUP_UNKNOWN;

      if (g_cancellable_is_cancelled (cancellable) && !aborted)
        {
          aborted = virDomainAbortJob (wait->domain) == 0;
          virResetLastError ();
        }
      state = get_backup (wait->domain, (const char * const *) call->paths, NULL);
      if (state == BACKUP_RUNS)
        read_backup_progress (wait->domain, call->progress);
      else if (!is_connected (wait->domain) && !wait_reopen (wait, lane, call, error))
        return;
      if (state != BACKUP_NONE)
        continue;
      /* It is not there any more; only its event knows how it ended. */
      if (!watch_wait (wait->watch, EVENT_GRACE_MS))
        {
          set_backup_error (NULL, aborted, error);
          return;
        }
      break;
    }
  if (!wait->watch->success)
    set_backup_error (wait->watch, aborted || g_cancellable_is_cancelled (cancellable), error);
}

static gboolean
begin_backup (virDomainPtr   domain,
              GPtrArray     *disks,
              GError       **error)
{
  g_autofree char *xml = gh_backup_xml_new (disks);

  if (!gh_faults_enter ("domain-backup-begin", error))
    return FALSE;
  if (virDomainBackupBegin (domain, xml, NULL, 0) == 0)
    return TRUE;
  gh_virt_error_take (error);
  return FALSE;
}

static gpointer
backup_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_auto (Wait) wait = { NULL, NULL, -1 };
  g_autoptr (GError) thaw_error = NULL;
  gboolean held = FALSE;
  gboolean begun = FALSE;

  if (!wait_open (&wait, lane, call, error))
    return NULL;
  if (!call->freeze || gh_guest_agent_freeze (wait.domain, &held, error))
    begun = begin_backup (wait.domain, call->disks, error);
  if (held && !thaw_whatever_happens (&wait, lane, call, &thaw_error))
    {
      if (begun)
        virDomainAbortJob (wait.domain);
      virResetLastError ();
      g_clear_error (error);
      g_propagate_error (error, g_steal_pointer (&thaw_error));
      return NULL;
    }
  if (call->freeze && call->progress != NULL)
    g_atomic_int_set (&call->progress->thawed, TRUE);
  if (begun)
    wait_for_backup (&wait, lane, call, cancellable, error);
  return NULL;
}

static gboolean
is_gone (GError **error)
{
  if (!g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN))
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

/* A job that is there right after a restart of the daemon may not be abortable at once; and QEMU
 * ends none that waits for a file it cannot write to. */
static gpointer
end_backup_worker (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  gint64 end = g_get_monotonic_time () + ABORT_MS * G_TIME_SPAN_MILLISECOND;

  if (domain == NULL)
    {
      is_gone (error);
      return NULL;
    }
  while (get_backup (domain, (const char * const *) call->paths, error) == BACKUP_RUNS)
    {
      g_autoptr (GError) reason = NULL;

      if (virDomainAbortJob (domain) < 0)
        gh_virt_error_take (&reason);
      if (g_get_monotonic_time () > end)
        {
          if (reason != NULL)
            g_propagate_error (error, g_steal_pointer (&reason));
          else
            g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                                 _("The machine does not stop copying its disks."));
          return NULL;
        }
      pause_worker (POLL_MS / 2);
    }
  return NULL;
}

static gpointer
thaw_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_auto (Wait) wait = { NULL, NULL, -1 };
  g_autofree char *xml = NULL;

  if (!wait_open (&wait, lane, data, error))
    {
      is_gone (error);
      return NULL;
    }
  if (virDomainIsActive (wait.domain) == 1)
    xml = dup_live_xml (wait.domain, error);
  virResetLastError ();
  /* A run without an agent is another one than that which was held. */
  if (xml != NULL && gh_guest_agent_is_configured (xml))
    thaw_whatever_happens (&wait, lane, data, error);
  return NULL;
}

void
gh_host_backup_async (GhHost              *host,
                      const char          *uuid,
                      GPtrArray           *disks,
                      gboolean             freeze_guest,
                      GhJobProgress       *progress,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (disks->len > 0);

  call = call_new (uuid);
  call->disks = g_ptr_array_new_with_free_func (backup_disk_free);
  for (guint i = 0; i < disks->len; i++)
    {
      const GhBackupDisk *disk = g_ptr_array_index (disks, i);

      g_ptr_array_add (call->disks, gh_backup_disk_new (disk->target, disk->path, disk->format,
                                                        disk->capacity));
      g_strv_builder_add (paths, disk->path);
    }
  call->paths = g_strv_builder_end (paths);
  call->freeze = freeze_guest;
  call->progress = progress != NULL ? gh_job_progress_ref (progress) : NULL;
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, "domain-backup", backup_worker,
                call, call_free, NULL, g_task_new (host, cancellable, callback, user_data));
}

gboolean
gh_host_backup_finish (GhHost        *host,
                       GAsyncResult  *result,
                       GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_end_backup_async (GhHost              *host,
                          const char          *uuid,
                          const char * const  *paths,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  call = call_new (uuid);
  call->paths = g_strdupv ((GStrv) paths);
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, "domain-backup-end",
                end_backup_worker, call, call_free, NULL,
                g_task_new (host, NULL, callback, user_data));
}

gboolean
gh_host_end_backup_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_thaw_async (GhHost              *host,
                    const char          *uuid,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, "domain-thaw-again", thaw_worker,
                call_new (uuid), call_free, NULL, g_task_new (host, NULL, callback, user_data));
}

gboolean
gh_host_thaw_finish (GhHost        *host,
                     GAsyncResult  *result,
                     GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

/* Block pull */

/* 1: one runs; 0: none; -1: nobody knows. */
static int
get_pull (virDomainPtr   domain,
          const char    *target,
          GhJobProgress *progress)
{
  virDomainBlockJobInfo info = { 0 };
  int found = virDomainGetBlockJobInfo (domain, target, &info, 0);

  virResetLastError ();
  if (found == 1 && info.type != VIR_DOMAIN_BLOCK_JOB_TYPE_PULL)
    return 0;
  if (found == 1)
    set_progress (progress, info.cur, info.end);
  return found;
}

static void
set_pull_error (const Watch *watch,
                gboolean     cancelled,
                GError     **error)
{
  if (cancelled)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled"));
  else if (watch->message != NULL)
    g_set_error (error, GH_VIRT_ERROR, VIR_ERR_OPERATION_FAILED, "%s", watch->message);
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                         _("The copying ended early, and the host does not say why. Is there "
                           "space left on its disk?"));
}

/* Whether the disk depends on other files, by what libvirt says of the running machine. */
static gboolean
has_backing (virDomainPtr  domain,
             const char   *target)
{
  g_autofree char *xml = dup_live_xml (domain, NULL);
  g_autoptr (GhDomainXml) document = xml != NULL ? gh_domain_xml_new_from_string (xml, NULL) : NULL;
  g_autoptr (GPtrArray) disks = document != NULL ? gh_domain_xml_list_disks (document) : NULL;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->target, target) == 0)
        return disk->backing != NULL && disk->backing[0] != NULL;
    }
  return TRUE;
}

static void
wait_for_pull (Wait          *wait,
               GhLane        *lane,
               const Call    *call,
               GCancellable  *cancellable,
               GError       **error)
{
  gboolean aborted = FALSE;

  while (!watch_wait (wait->watch, POLL_MS))
    {
      if (g_cancellable_is_cancelled (cancellable) && !aborted)
        {
          aborted = virDomainBlockJobAbort (wait->domain, call->target, 0) == 0;
          virResetLastError ();
        }
      if (get_pull (wait->domain, call->target, call->progress) == 1)
        continue;
      if (!is_connected (wait->domain))
        {
          if (!wait_reopen (wait, lane, call, error))
            return;
          continue;
        }
      if (!watch_wait (wait->watch, EVENT_GRACE_MS))
        {
          /* The chain itself says how it ended. */
          if (has_backing (wait->domain, call->target))
            set_pull_error (wait->watch, aborted, error);
          return;
        }
      break;
    }
  if (!wait->watch->success)
    set_pull_error (wait->watch, aborted || g_cancellable_is_cancelled (cancellable), error);
}

static gpointer
pull_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_auto (Wait) wait = { NULL, NULL, -1 };

  if (!wait_open (&wait, lane, call, error))
    return NULL;
  if (get_pull (wait.domain, call->target, call->progress) != 1 &&
      virDomainBlockPull (wait.domain, call->target, 0, 0) < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  wait_for_pull (&wait, lane, call, cancellable, error);
  return NULL;
}

static gpointer
end_pull_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain == NULL)
    {
      is_gone (error);
      return NULL;
    }
  if (get_pull (domain, call->target, NULL) == 1 &&
      virDomainBlockJobAbort (domain, call->target, 0) < 0 &&
      get_pull (domain, call->target, NULL) == 1)
    gh_virt_error_take (error);
  return NULL;
}

static void
run_pull (GhHost              *host,
          const char          *name,
          GhLaneFunc           func,
          const char          *uuid,
          const char          *target,
          GhJobProgress       *progress,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  Call *call = call_new (uuid);

  call->target = g_strdup (target);
  call->progress = progress != NULL ? gh_job_progress_ref (progress) : NULL;
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, name, func, call, call_free, NULL,
                g_task_new (host, cancellable, callback, user_data));
}

void
gh_host_pull_async (GhHost              *host,
                    const char          *uuid,
                    const char          *target,
                    GhJobProgress       *progress,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  run_pull (host, "domain-pull", pull_worker, uuid, target, progress, cancellable, callback,
            user_data);
}

gboolean
gh_host_pull_finish (GhHost        *host,
                     GAsyncResult  *result,
                     GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_end_pull_async (GhHost              *host,
                        const char          *uuid,
                        const char          *target,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  run_pull (host, "domain-pull-end", end_pull_worker, uuid, target, NULL, NULL, callback,
            user_data);
}

gboolean
gh_host_end_pull_finish (GhHost        *host,
                         GAsyncResult  *result,
                         GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

/* What a machine is busy with */

static const char *
get_operation_text (int operation)
{
  switch (operation)
    {
    case VIR_DOMAIN_JOB_OPERATION_START:
      return _("starting");
    case VIR_DOMAIN_JOB_OPERATION_SAVE:
      return _("being saved");
    case VIR_DOMAIN_JOB_OPERATION_RESTORE:
      return _("being restored");
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN:
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
      return _("being moved to another host");
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT:
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT:
      return _("working on a snapshot");
    case VIR_DOMAIN_JOB_OPERATION_DUMP:
      return _("having its memory written to a file");
    case VIR_DOMAIN_JOB_OPERATION_BACKUP:
      return _("being backed up or cloned");
    case VIR_DOMAIN_JOB_OPERATION_UNKNOWN:
    default:
      return _("working on something else");
    }
}

char *
gh_live_dup_job (virDomainPtr domain)
{
  virTypedParameterPtr params = NULL;
  char *text = NULL;
  int operation = 0;
  int n_params = 0;
  int type = VIR_DOMAIN_JOB_NONE;

  if (virDomainGetJobStats (domain, &type, &params, &n_params, 0) == 0 &&
      type != VIR_DOMAIN_JOB_NONE)
    {
      virTypedParamsGetInt (params, n_params, VIR_DOMAIN_JOB_OPERATION, &operation);
      text = g_strdup (get_operation_text (operation));
    }
  virTypedParamsFree (params, n_params);
  virResetLastError ();
  return text;
}

static GStrv
list_block_jobs (virDomainPtr  domain,
                 const char   *xml)
{
  g_autoptr (GhDomainXml) document = gh_domain_xml_new_from_string (xml, NULL);
  g_autoptr (GPtrArray) disks = document != NULL ? gh_domain_xml_list_disks (document) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);
      virDomainBlockJobInfo info = { 0 };

      if (disk->source_text != NULL &&
          virDomainGetBlockJobInfo (domain, disk->target, &info, 0) == 1)
        g_strv_builder_add (builder, disk->target);
      virResetLastError ();
    }
  return g_strv_builder_end (builder);
}

/* Whether there is one or not: a driver without backups does not know the question. */
static gboolean
knows_backups (virDomainPtr domain)
{
  char *xml = virDomainBackupGetXMLDesc (domain, 0);
  virErrorPtr last = virGetLastError ();
  gboolean known = xml != NULL || (last != NULL && last->code == VIR_ERR_NO_DOMAIN_BACKUP);

  virResetLastError ();
  free (xml);
  return known;
}

static gpointer
live_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (GhLiveInfo) info = g_new0 (GhLiveInfo, 1);

  if (domain == NULL)
    return NULL;
  info->active = virDomainIsActive (domain) == 1;
  virResetLastError ();
  if (info->active)
    {
      info->xml = dup_live_xml (domain, error);
      if (info->xml == NULL)
        return NULL;
      info->can_backup = knows_backups (domain);
      info->agent = call->freeze ? gh_guest_agent_look (domain, info->xml, call->is_silent)
                                 : GH_LIVE_AGENT_NONE;
      info->job = gh_live_dup_job (domain);
      info->block_jobs = list_block_jobs (domain, info->xml);
    }
  else
    info->block_jobs = g_new0 (char *, 1);
  return g_steal_pointer (&info);
}

/**
 * gh_host_load_live_async:
 * @host: a connected host
 * @uuid: the machine
 * @ask_agent: whether to ask its guest agent, if there is one, to answer
 * @cancellable: (nullable): stops waiting for it
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Asks QEMU, which a stuck one may delay, so on a connection of its own. An agent that does not
 * answer is waited for for five seconds, and not asked again before something happens to the
 * machine.
 */
void
gh_host_load_live_async (GhHost              *host,
                         const char          *uuid,
                         gboolean             ask_agent,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  Call *call = NULL;
  GTask *task = NULL;
  guint serial = 0;

  g_return_if_fail (GH_IS_HOST (host));

  call = call_new (uuid);
  call->freeze = ask_agent;
  call->is_silent = gh_guest_agent_is_silent (host, uuid, &serial);
  task = g_task_new (host, cancellable, callback, user_data);
  if (ask_agent && !call->is_silent)
    {
      g_object_set_data_full (G_OBJECT (task), "uuid", g_strdup (uuid), g_free);
      g_object_set_data (G_OBJECT (task), "serial", GUINT_TO_POINTER (serial));
    }
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_READ, "domain-live", live_worker,
                call, call_free, info_free, task);
}

GhLiveInfo *
gh_host_load_live_finish (GhHost        *host,
                          GAsyncResult  *result,
                          GError       **error)
{
  GhLiveInfo *info = NULL;
  const char *uuid = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  info = g_task_propagate_pointer (G_TASK (result), error);
  uuid = g_object_get_data (G_OBJECT (result), "uuid");
  if (info != NULL && uuid != NULL && info->agent == GH_LIVE_AGENT_SILENT)
    gh_guest_agent_note_silent (host, uuid,
                                GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (result), "serial")));
  return info;
}
