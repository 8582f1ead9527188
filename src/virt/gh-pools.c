/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Storage pools: what the user does with them. */

#define G_LOG_DOMAIN "gh-pools"

#include "config.h"

#include "gh-storage-private.h"

#include <string.h>

#include "gh-virt-error-private.h"

static int
compare_pools (gconstpointer a,
               gconstpointer b)
{
  return strcmp ((*(GhPoolInfo **) a)->name, (*(GhPoolInfo **) b)->name);
}

/* How often a pool that libvirt stopped is started again, and how long to wait in between. */
#define RESTART_TRIES 10
#define RESTART_PAUSE_US (100 * 1000)

/* Looks at what is in a pool. libvirt 9.0 stops a pool altogether when something in it cannot be
 * read at that moment, such as a file that somebody is writing, or a folder whose permissions are
 * being changed (storagePoolRefreshImpl() in its storage driver); then it is started again, which
 * looks once more. A pool that was stopped before is left alone. */
gboolean
gh_storage_refresh_pool (virStoragePoolPtr   pool,
                         GError            **error)
{
  gboolean was_active = TRUE;

  if (virStoragePoolRefresh (pool, 0) == 0)
    return TRUE;
  was_active = virGetLastErrorCode () != VIR_ERR_OPERATION_INVALID;
  gh_virt_error_take (error);
  for (guint i = 0; was_active && i < RESTART_TRIES && virStoragePoolIsActive (pool) == 0; i++)
    {
      if (virStoragePoolCreate (pool, 0) == 0)
        {
          g_clear_error (error);
          return TRUE;
        }
      g_usleep (RESTART_PAUSE_US);
    }
  virResetLastError ();
  return FALSE;
}

static gpointer
list_pools_worker (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GPtrArray) result = NULL;
  g_autoptr (GHashTable) active = NULL;
  g_autoptr (GHashTable) autostart = NULL;
  virStoragePoolPtr *pools = NULL;

  if (conn == NULL)
    return NULL;
  result = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_pool_info_unref);
  if (virConnectListAllStoragePools (conn, &pools, 0) < 0 && gh_storage_take_error (error))
    return NULL;
  if (pools != NULL && pools[0] != NULL)
    {
      active = gh_storage_list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
      autostart = gh_storage_list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART);
    }
  for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
    {
      g_ptr_array_add (result, gh_pool_info_read (pools[i], active, autostart));
      virStoragePoolFree (pools[i]);
    }
  free (pools);
  g_ptr_array_sort (result, compare_pools);
  return g_steal_pointer (&result);
}

static gpointer
create_pool_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  char uuid[VIR_UUID_STRING_BUFLEN];

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolDefineXML (conn, args->xml, 0);
  if (pool == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  /* Building makes the folder; one that is there stays as it is. */
  if (virStoragePoolBuild (pool, 0) < 0 || virStoragePoolCreate (pool, 0) < 0)
    {
      gh_virt_error_take (error);
      virStoragePoolUndefine (pool);
      virResetLastError ();
      return NULL;
    }
  /* Not every driver can; the pool is usable without. */
  if (virStoragePoolSetAutostart (pool, 1) < 0)
    virResetLastError ();
  virStoragePoolGetUUIDString (pool, uuid);
  return g_strdup (uuid);
}

static gpointer
start_pool_worker (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByUUIDString (conn, args->name);
  if (pool == NULL || (virStoragePoolIsActive (pool) != 1 && virStoragePoolCreate (pool, 0) < 0))
    gh_virt_error_take (error);
  return NULL;
}

static gpointer
remove_pool_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  int n_volumes = 0;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByUUIDString (conn, args->name);
  if (pool == NULL)
    {
      virErrorPtr last = virGetLastError ();

      if (last == NULL || last->code != VIR_ERR_NO_STORAGE_POOL)
        gh_virt_error_take (error);
      virResetLastError ();
      return NULL;
    }
  if (virStoragePoolIsActive (pool) == 1)
    {
      virStoragePoolRefresh (pool, 0);
      n_volumes = virStoragePoolNumOfVolumes (pool);
      if (virStoragePoolDestroy (pool) < 0)
        {
          gh_virt_error_take (error);
          return NULL;
        }
    }
  /* Deleting a dir pool is rmdir(2): it fails, and may, when something is in the folder. */
  if (args->flag && n_volumes == 0 && virStoragePoolDelete (pool, 0) < 0)
    virResetLastError ();
  if (virStoragePoolUndefine (pool) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static gpointer
refresh_pool_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByName (conn, args->name);
  if (pool == NULL)
    gh_virt_error_take (error);
  else
    gh_storage_refresh_pool (pool, error);
  return NULL;
}

/* The calls */

void
gh_host_load_pools_async (GhHost              *host,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  gh_storage_call (host, GH_ROLE_READ, GH_LANE_READ, "pool-list", list_pools_worker,
                   gh_storage_args_new (NULL, NULL, FALSE),
                   (GDestroyNotify) g_ptr_array_unref, cancellable, callback, user_data);
}

GPtrArray *
gh_host_load_pools_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_create_pool_async (GhHost              *host,
                           const char          *xml,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  gh_storage_change (host, GH_ROLE_CONTROL, "pool-create", create_pool_worker,
                     gh_storage_args_new (NULL, xml, FALSE), g_free, cancellable, callback,
                     user_data);
}

char *
gh_host_create_pool_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_start_pool_async (GhHost              *host,
                          const char          *uuid,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  gh_storage_change (host, GH_ROLE_CONTROL, "pool-start", start_pool_worker,
                     gh_storage_args_new (uuid, NULL, FALSE), NULL, cancellable, callback,
                     user_data);
}

gboolean
gh_host_start_pool_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_remove_pool_async (GhHost              *host,
                           const char          *uuid,
                           gboolean             delete_empty,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  gh_storage_change (host, GH_ROLE_CONTROL, "pool-remove", remove_pool_worker,
                     gh_storage_args_new (uuid, NULL, delete_empty), NULL, cancellable, callback,
                     user_data);
}

gboolean
gh_host_remove_pool_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_refresh_pool_async (GhHost              *host,
                            const char          *name,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  gh_storage_call (host, GH_ROLE_JOB, GH_LANE_WRITE, "pool-refresh", refresh_pool_worker,
                   gh_storage_args_new (name, NULL, FALSE), NULL, cancellable, callback, user_data);
}

gboolean
gh_host_refresh_pool_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
