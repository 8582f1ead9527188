/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Volumes, one at a time or all of them. */

#define G_LOG_DOMAIN "gh-volumes"

#include "config.h"

#include "gh-storage-private.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-virt-error-private.h"

static gpointer
list_volumes_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GPtrArray) result = NULL;
  virStoragePoolPtr *pools = NULL;

  if (conn == NULL)
    return NULL;
  result = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_volume_info_unref);
  if (virConnectListAllStoragePools (conn, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE) < 0 &&
      gh_storage_take_error (error))
    return NULL;
  for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
    {
      virStorageVolPtr *volumes = NULL;

      if (!g_cancellable_is_cancelled (cancellable))
        {
          if (args->flag)
            gh_storage_refresh_pool (pools[i], NULL);
          if (virStoragePoolListAllVolumes (pools[i], &volumes, 0) < 0)
            virResetLastError ();
        }
      for (guint j = 0; volumes != NULL && volumes[j] != NULL; j++)
        {
          g_ptr_array_add (result,
                           gh_volume_info_read (volumes[j], virStoragePoolGetName (pools[i])));
          virStorageVolFree (volumes[j]);
        }
      free (volumes);
      virStoragePoolFree (pools[i]);
    }
  free (pools);
  return g_steal_pointer (&result);
}

/* The volume of a path; looks again after a refresh of the pool whose folder it is in, for files
 * that came after the last one. (nullable), without an error when there is none. */
static virStorageVolPtr
find_volume (virConnectPtr  conn,
             const char    *path)
{
  virStorageVolPtr volume = virStorageVolLookupByPath (conn, path);
  g_autofree char *folder = NULL;
  g_autoptr (virStoragePool) pool = NULL;

  virResetLastError ();
  if (volume != NULL)
    return volume;
  folder = g_path_get_dirname (path);
  pool = virStoragePoolLookupByTargetPath (conn, folder);
  if (pool != NULL && gh_storage_refresh_pool (pool, NULL))
    volume = virStorageVolLookupByPath (conn, path);
  virResetLastError ();
  return volume;
}

static gpointer
find_volume_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;
  g_autoptr (virStoragePool) pool = NULL;

  if (conn == NULL)
    return NULL;
  volume = find_volume (conn, args->name);
  if (volume == NULL)
    return NULL;
  pool = virStoragePoolLookupByVolume (volume);
  return gh_volume_info_read (volume, pool != NULL ? virStoragePoolGetName (pool) : NULL);
}

static gpointer
create_volume_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  g_autoptr (virStorageVol) volume = NULL;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByName (conn, args->name);
  volume = pool != NULL ? virStorageVolCreateXML (pool, args->xml, 0) : NULL;
  if (volume == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  return gh_volume_info_read (volume, args->name);
}

static gpointer
copy_volume_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  g_autoptr (virStorageVol) source = NULL;
  g_autoptr (virStorageVol) volume = NULL;

  if (conn == NULL)
    return NULL;
  source = find_volume (conn, args->source);
  if (source == NULL)
    {
      g_set_error (error, GH_VIRT_ERROR, VIR_ERR_NO_STORAGE_VOL, "No active pool holds “%s”",
                   args->source);
      return NULL;
    }
  pool = virStoragePoolLookupByName (conn, args->name);
  volume = pool != NULL ? virStorageVolCreateXMLFrom (pool, args->xml, source, 0) : NULL;
  if (volume == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  return gh_volume_info_read (volume, args->name);
}

static gpointer
delete_volume_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;
  struct stat info = { 0 };

  if (conn == NULL)
    return NULL;
  volume = find_volume (conn, args->name);
  if (volume != NULL)
    {
      if (virStorageVolDelete (volume, 0) < 0)
        gh_virt_error_take (error);
      return NULL;
    }
  if (!args->local_user)
    {
      g_set_error (error, GH_VIRT_ERROR, VIR_ERR_NO_STORAGE_VOL, "No active pool holds “%s”",
                   args->name);
      return NULL;
    }
  if (lstat (args->name, &info) < 0 && errno == ENOENT)
    return NULL;
  if (!S_ISREG (info.st_mode) || unlink (args->name) < 0)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "“%s”: %s", args->name,
                 S_ISREG (info.st_mode) ? g_strerror (errno) : "not a regular file");
  return NULL;
}

/* The calls */

void
gh_host_load_volumes_async (GhHost              *host,
                            gboolean             refresh,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  gh_storage_call (host, GH_ROLE_JOB, GH_LANE_READ, "volume-list", list_volumes_worker,
                   gh_storage_args_new (NULL, NULL, refresh),
                   (GDestroyNotify) g_ptr_array_unref, cancellable, callback, user_data);
}

GPtrArray *
gh_host_load_volumes_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_find_volume_async (GhHost              *host,
                           const char          *path,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  gh_storage_call (host, GH_ROLE_CONTROL, GH_LANE_READ, "volume-find", find_volume_worker,
                   gh_storage_args_new (path, NULL, FALSE),
                   (GDestroyNotify) gh_volume_info_unref, cancellable, callback, user_data);
}

GhVolumeInfo *
gh_host_find_volume_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_create_volume_async (GhHost              *host,
                             const char          *pool,
                             const char          *xml,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  /* A fully allocated volume takes as long as writing it. */
  gh_storage_change (host, GH_ROLE_JOB, "volume-create", create_volume_worker,
                     gh_storage_args_new (pool, xml, FALSE), (GDestroyNotify) gh_volume_info_unref,
                     cancellable, callback, user_data);
}

GhVolumeInfo *
gh_host_create_volume_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_copy_volume_async (GhHost              *host,
                           const char          *pool,
                           const char          *xml,
                           const char          *source,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  GhStorageArgs *data = gh_storage_args_new (pool, xml, FALSE);

  data->source = g_strdup (source);
  gh_storage_call (host, GH_ROLE_JOB, GH_LANE_WRITE, "volume-copy", copy_volume_worker, data,
                   (GDestroyNotify) gh_volume_info_unref, cancellable, callback, user_data);
}

GhVolumeInfo *
gh_host_copy_volume_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_delete_volume_async (GhHost              *host,
                             const char          *path,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  GhStorageArgs *data = gh_storage_args_new (path, NULL, FALSE);

  data->local_user = gh_host_is_local (host) && gh_host_is_session (host);
  gh_storage_change (host, GH_ROLE_JOB, "volume-delete", delete_volume_worker, data, NULL,
                     cancellable,
                     callback, user_data);
}

gboolean
gh_host_delete_volume_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
