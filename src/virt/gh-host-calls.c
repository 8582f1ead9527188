/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Connections as lanes carry them, and the road every libvirt call takes:
 *
 *   gh_host_call() -> gh_lane_run_async() -> worker (gh_conn_get(), vir…) -> the caller's GTask
 */

#define G_LOG_DOMAIN "gh-host-calls"

#include "config.h"

#include "gh-host-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-askpass.h"
#include "gh-connect-error.h"
#include "gh-faults.h"
#include "gh-threads.h"
#include "gh-virt-error-private.h"

/* Seconds between keep-alive probes, and how many may go unanswered: a dead
 * host is noticed after interval × (count + 1) = 20 s. */
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 3
/* As long as it takes to notice that an open connection is dead. */
#define OPEN_LIMIT_S (KEEPALIVE_INTERVAL_S * (KEEPALIVE_COUNT + 1))
/* Each time one has no room, the number that a login has is known better. */
#define MAX_SEATS_TRIED (GH_SSH_MAX_SESSIONS + 2)

/* Questions libvirt asks while it connects. Nobody is at its terminal: what cannot be answered
 * without asking fails, and the host row tells why. */
static int
refuse_credentials_cb (virConnectCredentialPtr credentials,
                       unsigned int            n_credentials,
                       void                   *user_data)
{
  return -1;
}

static virConnectPtr
open_uri (const char *uri)
{
  static int types[] = { VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE, VIR_CRED_ECHOPROMPT,
                        VIR_CRED_NOECHOPROMPT };
  virConnectAuth auth = { types, G_N_ELEMENTS (types), refuse_credentials_cb, NULL };

  return virConnectOpenAuth (uri, &auth, 0);
}

/* Why not, in words; with what ssh said. */
static GError *
take_error (const char *uri,
            const char *ssh_text)
{
  g_autoptr (GError) cause = NULL;

  gh_virt_error_take (&cause);
  return gh_connect_error_new (uri, cause, ssh_text, /* cancelled= */ FALSE);
}

/* Through a login with room for it; where one turns out to have none, through another. */
static virConnectPtr
open_over_ssh (const char     *uri,
               GhSsh          *ssh,
               GhSshSeatKind   kind,
               GhSshSeat     **seat,
               GError        **error)
{
  for (guint i = 0; i < MAX_SEATS_TRIED; i++)
    {
      g_autoptr (GhSshSeat) taken = gh_ssh_seat_take (ssh, kind, error);
      g_autoptr (GError) local = NULL;
      g_autofree char *text = NULL;
      virConnectPtr conn = taken != NULL ? open_uri (gh_ssh_seat_get_open_uri (taken)) : NULL;

      if (taken == NULL)
        return NULL;
      if (conn != NULL)
        {
          gh_ssh_seat_note_open (taken);
          *seat = g_steal_pointer (&taken);
          return conn;
        }
      text = gh_ssh_seat_dup_text (taken);
      local = take_error (uri, text);
      if (!gh_ssh_seat_note_failure (taken, text, local) || i + 1 == MAX_SEATS_TRIED)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }
  g_assert_not_reached ();
}

static virConnectPtr
open_connection (const char     *uri,
                 GhSsh          *ssh,
                 GhSshSeatKind   kind,
                 GhSshSeat     **seat,
                 GError        **error)
{
  virConnectPtr conn = ssh != NULL ? open_over_ssh (uri, ssh, kind, seat, error) : open_uri (uri);

  if (conn == NULL && ssh == NULL)
    g_propagate_error (error, take_error (uri, NULL));
  /* 1 means that this transport has none, as for the test driver. */
  if (conn != NULL && virConnectSetKeepAlive (conn, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT) < 0)
    virResetLastError ();
  return conn;
}

/* One virConnectOpen() on a thread of its own, which can neither be cancelled nor timed out: who
 * waited for it may go, and then the late connection is closed there. */
typedef struct
{
  gatomicrefcount  n_refs;
  GMutex           mutex;
  GCond            cond;
  char            *uri;
  GhSsh           *ssh;       /* (owned) (nullable) */
  GhSshSeatKind    kind;
  GhSshSeat       *seat;      /* (mutex mutex) (nullable) */
  gboolean         ended;     /* (mutex mutex) */
  gboolean         abandoned; /* (mutex mutex) */
  virConnectPtr    conn;      /* (mutex mutex) (nullable) */
  GError          *error;     /* (mutex mutex) (nullable) */
} Opening;

static void
opening_unref (Opening *opening)
{
  if (!g_atomic_ref_count_dec (&opening->n_refs))
    return;
  g_clear_error (&opening->error);
  g_mutex_clear (&opening->mutex);
  g_cond_clear (&opening->cond);
  g_clear_pointer (&opening->seat, gh_ssh_seat_free);
  g_clear_pointer (&opening->ssh, gh_ssh_unref);
  g_free (opening->uri);
  g_free (opening);
}

static gpointer
open_worker (gpointer data)
{
  Opening *opening = data;
  GError *error = NULL;
  GhSshSeat *seat = NULL;
  virConnectPtr conn = open_connection (opening->uri, opening->ssh, opening->kind, &seat, &error);
  gboolean abandoned = FALSE;

  g_mutex_lock (&opening->mutex);
  abandoned = opening->abandoned;
  opening->ended = TRUE;
  opening->error = error;
  opening->seat = seat;
  if (!abandoned)
    opening->conn = conn;
  /* Who waited goes on, perhaps to the end of the program: what is left to do is short. */
  if (!abandoned)
    gh_threads_end ();
  g_cond_signal (&opening->cond);
  g_mutex_unlock (&opening->mutex);

  if (abandoned && conn != NULL)
    virConnectClose (conn);
  virResetLastError ();
  opening_unref (opening);
  return NULL;
}

/* For lanes besides the control one: nobody can tell their opening to stop, and a plan waits. */
virConnectPtr
gh_conn_open (const char     *uri,
              GhSsh          *ssh,
              GhSshSeatKind   kind,
              GhSshSeat     **seat,
              GError        **error)
{
  gint64 end = g_get_monotonic_time () + OPEN_LIMIT_S * G_TIME_SPAN_SECOND;
  Opening *opening = g_new0 (Opening, 1);
  virConnectPtr conn = NULL;

  g_atomic_ref_count_init (&opening->n_refs);
  g_atomic_ref_count_inc (&opening->n_refs);
  g_mutex_init (&opening->mutex);
  g_cond_init (&opening->cond);
  opening->uri = g_strdup (uri);
  opening->ssh = ssh != NULL ? gh_ssh_ref (ssh) : NULL;
  opening->kind = kind;
  g_thread_unref (g_thread_new ("connect", open_worker, opening));

  g_mutex_lock (&opening->mutex);
  while (!opening->ended)
    {
      if (g_cond_wait_until (&opening->cond, &opening->mutex, end))
        continue;
      /* Another login may be needed, and the user takes the time it takes. */
      if (ssh == NULL || !gh_askpass_is_asking ())
        break;
      end += KEEPALIVE_INTERVAL_S * G_TIME_SPAN_SECOND;
    }
  opening->abandoned = !opening->ended;
  conn = g_steal_pointer (&opening->conn);
  if (conn != NULL)
    *seat = g_steal_pointer (&opening->seat);
  if (opening->error != NULL)
    g_propagate_error (error, g_steal_pointer (&opening->error));
  else if (conn == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                         _("The host does not answer any more."));
  g_mutex_unlock (&opening->mutex);
  opening_unref (opening);
  return conn;
}

/**
 * gh_conn_get:
 * @lane: the lane the caller runs in
 * @error: (out): why there is no connection
 *
 * The lane's connection, opened by the first call and again after it broke.
 * For the control lane this blocks for as long as opening takes: when it hangs
 * here it is thrown away with gh_lane_stop(), and its thread closes the late
 * connection itself. Others fail when the host does not answer in time.
 *
 * Returns: (transfer none) (nullable): the connection
 */
virConnectPtr
gh_conn_get (GhLane  *lane,
             GError **error)
{
  GhConn *self = gh_lane_get_connection (lane);

  g_assert (self != NULL);
  g_assert (!GH_IS_MAIN_THREAD ());

  /* The control lane's connection carries the events; the host replaces that lane as a whole. */
  if (self->conn != NULL && self->sink == NULL && virConnectIsAlive (self->conn) == 0)
    {
      virConnectClose (self->conn);
      self->conn = NULL;
      g_clear_pointer (&self->seat, gh_ssh_seat_free);
    }
  if (self->conn == NULL && self->sink != NULL)
    self->conn = open_connection (self->uri, self->ssh, self->kind, &self->seat, error);
  else if (self->conn == NULL)
    self->conn = gh_conn_open (self->uri, self->ssh, self->kind, &self->seat, error);
  return self->conn;
}

virDomainPtr
gh_conn_find_domain (GhLane      *lane,
                     const char  *uuid,
                     GError     **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  virDomainPtr domain = NULL;

  if (conn == NULL)
    return NULL;
  domain = virDomainLookupByUUIDString (conn, uuid);
  if (domain == NULL)
    gh_virt_error_take (error);
  return domain;
}

/**
 * gh_conn_close:
 * @conn: a GhConn
 *
 * Deregisters events, closes and frees. On the lane's thread: with a frozen
 * host this may block for long.
 */
void
gh_conn_close (gpointer conn)
{
  GhConn *self = conn;

  if (self->conn != NULL)
    {
      for (guint i = 0; i < self->n_event_ids; i++)
        virConnectDomainEventDeregisterAny (self->conn, self->event_ids[i]);
      if (self->pool_event_id >= 0)
        virConnectStoragePoolEventDeregisterAny (self->conn, self->pool_event_id);
      if (self->closed_cb != NULL)
        virConnectUnregisterCloseCallback (self->conn, self->closed_cb);
      virConnectClose (self->conn);
      virResetLastError ();
    }
  g_clear_pointer (&self->seat, gh_ssh_seat_free);
  g_clear_pointer (&self->ssh, gh_ssh_unref);
  g_free (self->uri);
  g_free (self);
}

static void
call_finished_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GDestroyNotify result_free = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = gh_lane_run_finish (GH_LANE (object), result, &error);

  if (error == NULL)
    {
      g_task_return_pointer (task, value, result_free);
      return;
    }
  /* An injected fault looks like the failure it stands for. */
  if (error->domain == GH_FAULT_ERROR)
    error->domain = GH_VIRT_ERROR;
  g_task_return_error (task, error);
}

static void
job_finished_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhLane) lane = GH_LANE (g_object_ref (object));

  call_finished_cb (object, result, user_data);
  gh_lane_stop (lane, gh_conn_close);
}

/* As long as a role has a lane that stays. */
static GhLaneRole
get_lasting_role (GhHost     *self,
                  GhLaneRole  role)
{
  if (gh_host_is_test (self) && (role == GH_ROLE_JOB || role == GH_ROLE_READ))
    return GH_ROLE_CONTROL;
  return role;
}

static void
return_not_connected (GhHost *self,
                      GTask  *task)
{
  g_task_return_new_error (task, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_CONNECT,
                           "Not connected to %s", gh_host_get_uri (self));
  g_object_unref (task);
}

void
gh_host_call (GhHost         *self,
              GhLaneRole      role,
              GhLanePriority  priority,
              GhLaneKind      kind,
              const char     *name,
              GhLaneFunc      func,
              gpointer        data,
              GDestroyNotify  data_free,
              GDestroyNotify  result_free,
              GTask          *task)
{
  GhLane *lane = gh_host_get_lane (self, get_lasting_role (self, role));
  g_autoptr (GhLane) job_lane = NULL;
  GAsyncReadyCallback callback = call_finished_cb;

  g_assert (GH_IS_MAIN_THREAD ());

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, result_free, NULL);

  if (lane == NULL)
    {
      if (data_free != NULL && data != NULL)
        data_free (data);
      return_not_connected (self, task);
      return;
    }
  if (role == GH_ROLE_JOB && !gh_host_is_test (self))
    {
      lane = job_lane = gh_host_open_job_lane (self);
      callback = job_finished_cb;
    }
  gh_lane_run_async (lane, priority, kind, name, func, data, data_free, result_free,
                     g_task_get_cancellable (task), callback, task);
}

/* Parts */

typedef struct
{
  gpointer       record;
  GDestroyNotify unref;
  guint          n_waiting;
  GError        *error; /* (nullable): the first */
} Parts;

static void
parts_free (gpointer data)
{
  Parts *parts = data;

  g_clear_pointer (&parts->record, parts->unref);
  g_clear_error (&parts->error);
  g_free (parts);
}

static void
part_free (gpointer data)
{
  GhPart *part = data;

  part->unref (part->record);
  g_free (part);
}

static void
part_ended_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Parts *parts = g_task_get_task_data (task);
  GError *error = NULL;

  (void) g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL && parts->error == NULL)
    parts->error = error;
  else
    g_clear_error (&error);
  if (--parts->n_waiting > 0)
    return;
  if (parts->error != NULL)
    g_task_return_error (task, g_steal_pointer (&parts->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&parts->record), parts->unref);
}

void
gh_host_call_parts (GhHost         *self,
                    GhLanePriority  priority,
                    const char     *name,
                    GhLaneFunc      func,
                    gpointer        record,
                    GDestroyNotify  unref,
                    guint           n_parts,
                    GTask          *task)
{
  Parts *parts = g_new0 (Parts, 1);

  parts->record = record;
  parts->unref = unref;
  parts->n_waiting = MAX (n_parts, 1);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, parts, parts_free);
  for (guint i = 0; i < n_parts; i++)
    {
      GhPart *part = g_new0 (GhPart, 1);

      part->record = g_atomic_rc_box_acquire (record);
      part->unref = unref;
      part->index = i;
      part->n_parts = n_parts;
      gh_host_call (self, GH_ROLE_READ, priority, GH_LANE_READ, name, func, part, part_free, NULL,
                    g_task_new (self, g_task_get_cancellable (task), part_ended_cb,
                                g_object_ref (task)));
    }
  if (n_parts == 0)
    g_task_return_pointer (task, g_steal_pointer (&parts->record), unref);
  g_object_unref (task);
}

gpointer
gh_call_finish_pointer (gpointer       source,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, source), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
gh_call_finish_void (gpointer       source,
                     GAsyncResult  *result,
                     GError       **error)
{
  GError *local = NULL;

  g_return_val_if_fail (g_task_is_valid (result, source), FALSE);

  (void) g_task_propagate_pointer (G_TASK (result), &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}
