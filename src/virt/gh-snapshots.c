/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-snapshots"

#include "config.h"

#include "gh-snapshots.h"

#include "gh-host-private.h"
#include "gh-presence-private.h"
#include "gh-start-guard.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char     *uuid;
  char     *text;    /* (nullable): a name or a document */
  gboolean  settled;
} Call;

static Call *
call_new (const char *uuid,
          const char *text)
{
  Call *call = g_new0 (Call, 1);

  call->uuid = g_strdup (uuid);
  call->text = g_strdup (text);
  return call;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->uuid);
  g_free (call->text);
  g_free (call);
}

void
gh_snapshot_list_free (GhSnapshotList *self)
{
  g_free (self->name);
  g_free (self->xml);
  g_free (self->live_xml);
  g_free (self->job);
  g_free (self->current);
  g_ptr_array_unref (self->snapshots);
  g_free (self);
}

static void
free_list (gpointer data)
{
  gh_snapshot_list_free (data);
}

static void
free_snapshot (gpointer data)
{
  gh_snapshot_xml_free (data);
}

const GhSnapshotXml *
gh_snapshot_list_find (const GhSnapshotList *self,
                       const char           *name)
{
  for (guint i = 0; i < self->snapshots->len; i++)
    {
      const GhSnapshotXml *snapshot = g_ptr_array_index (self->snapshots, i);

      if (g_strcmp0 (snapshot->name, name) == 0)
        return snapshot;
    }
  return NULL;
}

/* Reading */

/* libvirt does one change of a machine after the other, and this one changes nothing. */
static gboolean
wait_for_others (virDomainPtr   domain,
                 GError       **error)
{
  unsigned int what = virDomainIsPersistent (domain) == 0 ? VIR_DOMAIN_AFFECT_LIVE
                                                          : VIR_DOMAIN_AFFECT_CONFIG;
  char *text = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_DESCRIPTION, NULL, what);
  int set = virDomainSetMetadata (domain, VIR_DOMAIN_METADATA_DESCRIPTION, text, NULL, NULL, what);

  free (text);
  if (set < 0)
    gh_virt_error_take (error);
  virResetLastError ();
  return set >= 0;
}

static char *
dup_xml (virDomainPtr   domain,
         unsigned int   flags,
         GError       **error)
{
  char *xml = virDomainGetXMLDesc (domain, flags);
  char *copy = g_strdup (xml);

  if (xml == NULL)
    gh_virt_error_take (error);
  free (xml);
  return copy;
}

static char *
dup_current (virDomainPtr domain)
{
  g_autoptr (virDomainSnapshot) current = NULL;

  if (virDomainHasCurrentSnapshot (domain, 0) == 1)
    current = virDomainSnapshotCurrent (domain, 0);
  virResetLastError ();
  return current != NULL ? g_strdup (virDomainSnapshotGetName (current)) : NULL;
}

static gboolean
read_snapshots (GhSnapshotList  *self,
                virDomainPtr     domain,
                GError         **error)
{
  virDomainSnapshotPtr *snapshots = NULL;
  int n = virDomainListAllSnapshots (domain, &snapshots, VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL);
  gboolean good = TRUE;

  if (n < 0)
    {
      gh_virt_error_take (error);
      return FALSE;
    }
  for (int i = 0; i < n; i++)
    {
      char *text = good ? virDomainSnapshotGetXMLDesc (snapshots[i], 0) : NULL;
      GhSnapshotXml *snapshot = NULL;

      if (good && text == NULL)
        gh_virt_error_take (error);
      else if (good)
        snapshot = gh_snapshot_xml_new_from_string (text, error);
      good = snapshot != NULL;
      if (good)
        g_ptr_array_add (self->snapshots, snapshot);
      free (text);
      virDomainSnapshotFree (snapshots[i]);
    }
  free (snapshots);
  return good;
}

static gpointer
list_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (GhSnapshotList) self = NULL;
  unsigned long version = 0;
  int n_checkpoints = 0;

  if (domain == NULL || (call->settled && !wait_for_others (domain, error)))
    return NULL;
  self = g_new0 (GhSnapshotList, 1);
  self->snapshots = g_ptr_array_new_with_free_func (free_snapshot);
  self->name = g_strdup (virDomainGetName (domain));
  self->active = virDomainIsActive (domain) == 1;
  self->transient = virDomainIsPersistent (domain) == 0;
  self->has_saved_state = virDomainHasManagedSaveImage (domain, 0) == 1;
  self->job = self->active ? gh_live_dup_job (domain) : NULL;
  virResetLastError ();
  self->xml = dup_xml (domain, VIR_DOMAIN_XML_INACTIVE, error);
  if (self->xml == NULL)
    return NULL;
  /* It may stop at any time. */
  if (self->active)
    self->live_xml = dup_xml (domain, 0, NULL);
  if (virConnectGetLibVersion (virDomainGetConnect (domain), &version) == 0)
    self->libvirt_version = version;
  n_checkpoints = virDomainListAllCheckpoints (domain, NULL, 0);
  self->n_checkpoints = n_checkpoints > 0 ? (guint) n_checkpoints : 0;
  virResetLastError ();
  if (!read_snapshots (self, domain, error))
    return NULL;
  self->current = dup_current (domain);
  return g_steal_pointer (&self);
}

/* Changing */

static gpointer
take_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (virDomainSnapshot) snapshot = NULL;

  if (domain == NULL)
    return NULL;
  snapshot = virDomainSnapshotCreateXML (domain, call->text, 0);
  if (snapshot == NULL)
    gh_virt_error_take (error);
  return NULL;
}

static gpointer
revert_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (virDomainSnapshot) snapshot = NULL;
  unsigned int flags = 0;

  if (domain == NULL)
    return NULL;
  snapshot = virDomainSnapshotLookupByName (domain, call->text, 0);
  /* Its run is over either way; without this, libvirt refuses where it needs a new QEMU. */
  if (virDomainIsActive (domain) == 1)
    flags |= VIR_DOMAIN_SNAPSHOT_REVERT_FORCE;
  if (snapshot == NULL || virDomainRevertToSnapshot (snapshot, flags) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static gpointer
delete_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (virDomainSnapshot) snapshot = NULL;
  virErrorPtr last = NULL;

  if (domain == NULL)
    return NULL;
  snapshot = virDomainSnapshotLookupByName (domain, call->text, 0);
  last = virGetLastError ();
  if (snapshot == NULL && last != NULL && last->code == VIR_ERR_NO_DOMAIN_SNAPSHOT)
    virResetLastError ();
  else if (snapshot == NULL || virDomainSnapshotDelete (snapshot, 0) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static void
changed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  const char *uuid = g_task_get_task_data (task);
  GError *error = NULL;

  gh_host_mark_stale (host, uuid);
  gh_host_mark_storage_stale (host);
  g_signal_emit_by_name (host, "definition-changed", uuid);
  if (gh_call_finish_void (host, result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Each on a connection of its own: memory takes long to write. Takes @task. */
static void
change (GTask       *task,
        const char  *name,
        GhLaneFunc   func,
        const char  *text)
{
  GhHost *host = GH_HOST (g_task_get_source_object (task));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, name, func,
                call_new (g_task_get_task_data (task), text), call_free, NULL,
                g_task_new (host, g_task_get_cancellable (task), changed_cb, task));
}

static GTask *
new_task (GhHost              *host,
          const char          *uuid,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_source_tag (task, new_task);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  return task;
}

static gboolean
finish (GhHost        *host,
        GAsyncResult  *result,
        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * gh_host_load_snapshots_async:
 * @host: a connected host
 * @uuid: a machine
 * @settled: whether to wait until nothing that was begun before changes it
 * @cancellable: (nullable): stops it
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Reads a machine's snapshots, and what taking one or going back to one has to know.
 */
void
gh_host_load_snapshots_async (GhHost              *host,
                              const char          *uuid,
                              gboolean             settled,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL);

  call = call_new (uuid, NULL);
  call->settled = settled;
  gh_host_call (host, settled ? GH_ROLE_JOB : GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ,
                "snapshot-list", list_worker, call, call_free, free_list,
                g_task_new (host, cancellable, callback, user_data));
}

GhSnapshotList *
gh_host_load_snapshots_finish (GhHost        *host,
                               GAsyncResult  *result,
                               GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gh_host_take_snapshot_async:
 * @host: a connected host
 * @uuid: a machine
 * @xml: the document, see gh_snapshot_xml_dup_new()
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainSnapshotCreateXML().
 */
void
gh_host_take_snapshot_async (GhHost              *host,
                             const char          *uuid,
                             const char          *xml,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && xml != NULL);

  change (new_task (host, uuid, cancellable, callback, user_data), "snapshot-take", take_worker,
          xml);
}

gboolean
gh_host_take_snapshot_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return finish (host, result, error);
}

static void
revert_allowed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_start_guard_ask_finish (GH_HOST (object), result, &error))
    change (g_object_ref (task), "snapshot-revert", revert_worker,
            g_object_get_data (G_OBJECT (task), "gh-snapshot"));
  else
    g_task_return_error (task, error);
}

/**
 * gh_host_revert_snapshot_async:
 * @host: a connected host
 * @uuid: a machine
 * @name: of the snapshot
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainRevertToSnapshot(). The start guard is asked first.
 */
void
gh_host_revert_snapshot_async (GhHost              *host,
                               const char          *uuid,
                               const char          *name,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && name != NULL);

  task = new_task (host, uuid, cancellable, callback, user_data);
  g_object_set_data_full (G_OBJECT (task), "gh-snapshot", g_strdup (name), g_free);
  gh_start_guard_ask_async (host, uuid, GH_GUARD_START, cancellable, revert_allowed_cb, task);
}

gboolean
gh_host_revert_snapshot_finish (GhHost        *host,
                                GAsyncResult  *result,
                                GError       **error)
{
  return finish (host, result, error);
}

/**
 * gh_host_delete_snapshot_async:
 * @host: a connected host
 * @uuid: a machine
 * @name: of the snapshot
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainSnapshotDelete(), of this one alone: those that were taken after it stay.
 */
void
gh_host_delete_snapshot_async (GhHost              *host,
                               const char          *uuid,
                               const char          *name,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && name != NULL);

  change (new_task (host, uuid, cancellable, callback, user_data), "snapshot-delete",
          delete_worker, name);
}

gboolean
gh_host_delete_snapshot_finish (GhHost        *host,
                                GAsyncResult  *result,
                                GError       **error)
{
  return finish (host, result, error);
}
