/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-resize"

#include "config.h"

#include "gh-resize.h"

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char    *name;     /* path or UUID */
  char    *target;   /* (nullable) */
  guint64  capacity;
} Call;

static Call *
call_new (const char *name,
          const char *target,
          guint64     capacity)
{
  Call *call = g_new0 (Call, 1);

  call->name = g_strdup (name);
  call->target = g_strdup (target);
  call->capacity = capacity;
  return call;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->name);
  g_free (call->target);
  g_free (call);
}

static gpointer
resize_volume_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;

  if (conn == NULL)
    return NULL;
  volume = virStorageVolLookupByPath (conn, call->name);
  if (volume == NULL || virStorageVolResize (volume, call->capacity, 0) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static gboolean
read_size (virDomainPtr   domain,
           const Call    *call,
           guint64       *size,
           GError       **error)
{
  virDomainBlockInfo info = { 0 };

  if (virDomainGetBlockInfo (domain, call->target, &info, 0) < 0)
    {
      gh_virt_error_take (error);
      return FALSE;
    }
  *size = info.capacity;
  return TRUE;
}

/* QEMU would make it smaller as well. */
static gpointer
resize_disk_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->name, error);
  guint64 size = 0;

  if (domain == NULL || !read_size (domain, call, &size, error))
    return NULL;
  if (size > call->capacity)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "“%s” is larger than that", call->target);
  else if (size < call->capacity &&
           virDomainBlockResize (domain, call->target, call->capacity,
                                 VIR_DOMAIN_BLOCK_RESIZE_BYTES) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static gpointer
size_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->name, error);
  g_autofree guint64 *size = g_new0 (guint64, 1);

  if (domain == NULL || !read_size (domain, call, size, error))
    return NULL;
  return g_steal_pointer (&size);
}

static void
changed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_host_mark_storage_stale (host);
  if (gh_call_finish_void (host, result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Takes @call. A file that is allocated as a whole is written to. */
static void
change (GhHost              *host,
        const char          *name,
        GhLaneFunc           func,
        Call                *call,
        GCancellable        *cancellable,
        GAsyncReadyCallback  callback,
        gpointer             user_data)
{
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_source_tag (task, change);
  g_task_set_check_cancellable (task, FALSE);
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, name, func, call, call_free, NULL,
                g_task_new (host, cancellable, changed_cb, task));
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
 * gh_host_resize_volume_async:
 * @host: a connected host
 * @path: of a volume
 * @capacity: bytes it is to have
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virStorageVolResize(), which makes nothing smaller.
 */
void
gh_host_resize_volume_async (GhHost              *host,
                             const char          *path,
                             guint64              capacity,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (path != NULL);

  change (host, "volume-resize", resize_volume_worker, call_new (path, NULL, capacity),
          cancellable, callback, user_data);
}

gboolean
gh_host_resize_volume_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return finish (host, result, error);
}

/**
 * gh_host_resize_disk_async:
 * @host: a connected host
 * @uuid: a running machine
 * @target: a disk of it, "vda"
 * @capacity: bytes it is to have
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainBlockResize(), unless the disk is larger already.
 */
void
gh_host_resize_disk_async (GhHost              *host,
                           const char          *uuid,
                           const char          *target,
                           guint64              capacity,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && target != NULL);

  change (host, "disk-resize", resize_disk_worker, call_new (uuid, target, capacity), cancellable,
          callback, user_data);
}

gboolean
gh_host_resize_disk_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return finish (host, result, error);
}

void
gh_host_load_disk_size_async (GhHost              *host,
                              const char          *uuid,
                              const char          *target,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && target != NULL);

  gh_host_call (host, GH_ROLE_STATS, GH_LANE_USER, GH_LANE_READ, "disk-size", size_worker,
                call_new (uuid, target, 0), call_free, g_free,
                g_task_new (host, cancellable, callback, user_data));
}

gboolean
gh_host_load_disk_size_finish (GhHost        *host,
                               GAsyncResult  *result,
                               guint64       *size,
                               GError       **error)
{
  g_autofree guint64 *found = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  found = g_task_propagate_pointer (G_TASK (result), error);
  if (found != NULL)
    *size = *found;
  return found != NULL;
}
