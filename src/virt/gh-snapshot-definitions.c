/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-snapshot-definitions"

#include "config.h"

#include "gh-snapshot-definitions.h"

#include <string.h>

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char      *uuid;
  GPtrArray *list; /* (nullable) (element-type GhSnapshotInfo) */
} Call;

static Call *
call_new (const char *uuid)
{
  Call *call = g_new0 (Call, 1);

  call->uuid = g_strdup (uuid);
  return call;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->uuid);
  g_clear_pointer (&call->list, g_ptr_array_unref);
  g_free (call);
}

GhSnapshotInfo *
gh_snapshot_info_new (const char *name,
                      const char *xml,
                      gboolean    is_current)
{
  GhSnapshotInfo *self = g_new0 (GhSnapshotInfo, 1);

  self->name = g_strdup (name);
  self->xml = g_strdup (xml);
  self->is_current = is_current;
  return self;
}

void
gh_snapshot_info_free (gpointer info)
{
  GhSnapshotInfo *self = info;

  memset (self->xml, 0, strlen (self->xml));
  g_free (self->name);
  g_free (self->xml);
  g_free (self);
}

void
gh_snapshot_definitions_free (GhSnapshotDefinitions *self)
{
  g_ptr_array_unref (self->list);
  g_free (self);
}

static void
snapshots_free (gpointer data)
{
  gh_snapshot_definitions_free (data);
}

/* A driver that has none of a kind does not support it. */
static gboolean
take_error (GError **error)
{
  virErrorPtr last = virGetLastError ();

  if (last != NULL && last->code == VIR_ERR_NO_SUPPORT)
    {
      virResetLastError ();
      return FALSE;
    }
  gh_virt_error_take (error);
  return TRUE;
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (GhSnapshotDefinitions) self = NULL;
  virDomainSnapshotPtr *snapshots = NULL;
  int n = 0;
  int n_checkpoints = 0;
  GError *local = NULL;

  if (domain == NULL)
    return NULL;
  self = g_new0 (GhSnapshotDefinitions, 1);
  self->list = g_ptr_array_new_with_free_func (gh_snapshot_info_free);
  n = virDomainListAllSnapshots (domain, &snapshots, VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL);
  if (n < 0 && take_error (error))
    return NULL;
  for (int i = 0; i < n; i++)
    {
      char *xml = virDomainSnapshotGetXMLDesc (snapshots[i], VIR_DOMAIN_SNAPSHOT_XML_SECURE);

      if (xml != NULL)
        g_ptr_array_add (self->list,
                         gh_snapshot_info_new (virDomainSnapshotGetName (snapshots[i]), xml,
                                               virDomainSnapshotIsCurrent (snapshots[i], 0) == 1));
      else if (local == NULL)
        gh_virt_error_take (&local);
      free (xml);
      virDomainSnapshotFree (snapshots[i]);
    }
  free (snapshots);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  n_checkpoints = virDomainListAllCheckpoints (domain, NULL, 0);
  if (n_checkpoints < 0 && take_error (error))
    return NULL;
  self->n_checkpoints = n_checkpoints > 0 ? (guint) n_checkpoints : 0;
  return g_steal_pointer (&self);
}

static gpointer
redefine_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  for (guint i = 0; domain != NULL && i < call->list->len; i++)
    {
      const GhSnapshotInfo *info = g_ptr_array_index (call->list, i);
      unsigned int flags = VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE |
                           VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE |
                           (info->is_current ? VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT : 0);
      g_autoptr (virDomainSnapshot) snapshot = virDomainSnapshotCreateXML (domain, info->xml,
                                                                           flags);

      if (snapshot == NULL)
        {
          gh_virt_error_take (error);
          return NULL;
        }
    }
  return NULL;
}

void
gh_host_load_snapshot_definitions_async (GhHost              *host,
                                         const char          *uuid,
                                         GCancellable        *cancellable,
                                         GAsyncReadyCallback  callback,
                                         gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL);

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "snapshots", load_worker,
                call_new (uuid), call_free, snapshots_free,
                g_task_new (host, cancellable, callback, user_data));
}

GhSnapshotDefinitions *
gh_host_load_snapshot_definitions_finish (GhHost        *host,
                                          GAsyncResult  *result,
                                          GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gh_host_redefine_snapshots_async (GhHost              *host,
                                  const char          *uuid,
                                  GPtrArray           *list,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  Call *call = NULL;
  GTask *task = NULL;

  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && list != NULL);

  call = call_new (uuid);
  call->list = g_ptr_array_ref (list);
  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "snapshots-redefine",
                redefine_worker, call, call_free, NULL, task);
}

gboolean
gh_host_redefine_snapshots_finish (GhHost        *host,
                                   GAsyncResult  *result,
                                   GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
