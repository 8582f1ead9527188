/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Everything that a host stores at once, and what could not be read of it: for the graph of images.
 * Files that are ours to read are looked at here; of the others, the host is asked by several
 * connections side by side. */

#define G_LOG_DOMAIN "gh-storage"

#include "config.h"

#include "gh-storage-private.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-faults.h"
#include "gh-virt-error-private.h"

static void
clear_storage (gpointer data)
{
  GhStorageInfo *self = data;

  g_ptr_array_unref (self->pools);
  g_ptr_array_unref (self->volumes);
  g_ptr_array_unref (self->problems);
}

GhStorageInfo *
gh_storage_info_ref (GhStorageInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_storage_info_unref (GhStorageInfo *self)
{
  g_atomic_rc_box_release_full (self, clear_storage);
}

static void
free_volumes (virStorageVolPtr *volumes)
{
  for (guint i = 0; volumes != NULL && volumes[i] != NULL; i++)
    virStorageVolFree (volumes[i]);
  free (volumes);
}

/* A pool whose files we can look at ourselves. */
static gboolean
is_readable_folder (const GhPoolInfo *pool)
{
  static const char * const types[] = { "dir", "fs", "netfs", NULL };

  return pool->path != NULL && pool->type != NULL && g_strv_contains (types, pool->type) &&
         access (pool->path, R_OK | X_OK) == 0;
}

/* Whether its folder holds other files than the host knows of. */
static gboolean
is_outdated (const GhPoolInfo *pool,
             virStorageVolPtr *volumes)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GDir) dir = g_dir_open (pool->path, 0, NULL);
  guint n_found = 0;
  const char *name = NULL;

  if (dir == NULL)
    return TRUE;
  for (guint i = 0; volumes[i] != NULL; i++)
    g_hash_table_add (names, (gpointer) virStorageVolGetName (volumes[i]));
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      if (g_hash_table_contains (names, name))
        n_found++;
      else if (*name != '.')
        return TRUE;
    }
  return n_found != g_hash_table_size (names);
}

/* What a document would say but for the format and what is read from the file's head, without a
 * round trip for each; NULL when the file cannot be read. In such pools the key is the path. */
static GhVolumeInfo *
look_at_volume (virStorageVolPtr  volume,
                const GhPoolInfo *pool)
{
  const char *path = virStorageVolGetKey (volume);
  GhVolumeInfo *info = NULL;
  struct stat status;

  if (path == NULL || !g_path_is_absolute (path) || stat (path, &status) != 0 ||
      !S_ISREG (status.st_mode) || access (path, R_OK) != 0)
    return NULL;
  info = g_atomic_rc_box_new0 (GhVolumeInfo);
  info->name = g_strdup (virStorageVolGetName (volume));
  info->pool = g_strdup (pool->name);
  info->path = g_strdup (path);
  info->type = g_strdup ("file");
  info->allocation = (guint64) status.st_blocks * 512;
  return info;
}

static virStorageVolPtr *
list_volumes (virStoragePoolPtr   pool,
              GError            **error)
{
  virStorageVolPtr *volumes = NULL;

  if (gh_faults_enter ("pool-volumes", error) &&
      virStoragePoolListAllVolumes (pool, &volumes, 0) < 0)
    gh_virt_error_take (error);
  return volumes;
}

/* The volumes of a pool whose files are looked at here. */
static void
add_own_volumes (GhStorageInfo     *self,
                 virStoragePoolPtr  pool,
                 const GhPoolInfo  *info,
                 gboolean           refresh)
{
  g_autoptr (GError) error = NULL;
  virStorageVolPtr *volumes = list_volumes (pool, &error);

  if (refresh && (volumes == NULL || is_outdated (info, volumes)))
    {
      g_clear_pointer (&volumes, free_volumes);
      g_clear_error (&error);
      /* A pool in which a volume is being made cannot be refreshed: it is listed as it was. */
      gh_storage_refresh_pool (pool, NULL);
    }
  if (volumes == NULL && error == NULL)
    volumes = list_volumes (pool, &error);
  if (error != NULL && virStoragePoolIsActive (pool) != 0)
    g_ptr_array_add (self->problems, g_strdup_printf ("%s: %s", info->name, error->message));
  for (guint i = 0; volumes != NULL && volumes[i] != NULL; i++)
    {
      GhVolumeInfo *volume = look_at_volume (volumes[i], info);

      if (volume == NULL)
        volume = gh_volume_info_read (volumes[i], info->name);
      if (volume->unread)
        g_ptr_array_add (self->problems, g_strdup_printf ("%s: %s", info->name, volume->name));
      g_ptr_array_add (self->volumes, volume);
    }
  free_volumes (volumes);
  virResetLastError ();
}

/* The pools, and the volumes of those whose files are ours. */
static gpointer
list_storage_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GhStorageInfo) self = NULL;
  g_autoptr (GHashTable) active = NULL;
  g_autoptr (GHashTable) autostart = NULL;
  virStoragePoolPtr *pools = NULL;

  if (conn == NULL)
    return NULL;
  self = g_atomic_rc_box_new0 (GhStorageInfo);
  self->pools = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_pool_info_unref);
  self->volumes = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_volume_info_unref);
  self->problems = g_ptr_array_new_with_free_func (g_free);
  if (virConnectListAllStoragePools (conn, &pools, 0) < 0 && gh_storage_take_error (error))
    return NULL;
  if (pools != NULL && pools[0] != NULL)
    {
      active = gh_storage_list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
      autostart = gh_storage_list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART);
    }
  for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
    {
      GhPoolInfo *pool = gh_pool_info_read (pools[i], active, autostart);

      g_ptr_array_add (self->pools, pool);
      if (pool->active && !g_cancellable_is_cancelled (cancellable))
        {
          if (args->local && is_readable_folder (pool))
            add_own_volumes (self, pools[i], pool, args->flag);
          else if (args->flag)
            gh_storage_refresh_pool (pools[i], NULL);
        }
      virStoragePoolFree (pools[i]);
    }
  free (pools);
  return g_steal_pointer (&self);
}

/* The volumes of the other pools: one document each, by several connections side by side. */
typedef struct
{
  GhStorageInfo *info;
  gboolean       local;
  GMutex         mutex;
} Listing;

static void
listing_clear (gpointer data)
{
  Listing *self = data;

  g_clear_pointer (&self->info, gh_storage_info_unref);
  g_mutex_clear (&self->mutex);
}

static void
listing_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, listing_clear);
}

static const GhPoolInfo *
find_foreign_pool (const GhStorageInfo *info,
                   const char          *name,
                   gboolean             local)
{
  for (guint i = 0; i < info->pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (info->pools, i);

      if (pool->active && (name == NULL || strcmp (pool->name, name) == 0) &&
          !(local && is_readable_folder (pool)))
        return pool;
    }
  return NULL;
}

/* Once, whichever parts of the reading met it. What could not be read may rest on anything: whoever
 * wants to delete a file has to know. */
static void
add_problem (Listing    *self,
             const char *pool,
             const char *why)
{
  g_autofree char *problem = g_strdup_printf ("%s: %s", pool, why);

  g_mutex_lock (&self->mutex);
  if (!g_ptr_array_find_with_equal_func (self->info->problems, problem, g_str_equal, NULL))
    g_ptr_array_add (self->info->problems, g_steal_pointer (&problem));
  g_mutex_unlock (&self->mutex);
}

/* By name, so that each is read once whoever makes or removes another meanwhile. */
static void
add_foreign_volumes (Listing           *self,
                     virStoragePoolPtr  pool,
                     const GhPart      *part)
{
  const char *name = virStoragePoolGetName (pool);
  g_autoptr (GError) error = NULL;
  virStorageVolPtr *volumes = list_volumes (pool, &error);

  if (error != NULL && virStoragePoolIsActive (pool) != 0)
    add_problem (self, name, error->message);
  for (guint i = 0; volumes != NULL && volumes[i] != NULL; i++)
    {
      GhVolumeInfo *volume = NULL;

      if (g_str_hash (virStorageVolGetName (volumes[i])) % part->n_parts != part->index)
        continue;
      volume = gh_volume_info_read (volumes[i], name);
      if (volume->unread)
        add_problem (self, name, volume->name);
      g_mutex_lock (&self->mutex);
      g_ptr_array_add (self->info->volumes, volume);
      g_mutex_unlock (&self->mutex);
    }
  free_volumes (volumes);
  virResetLastError ();
}

static gpointer
list_foreign_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  const GhPart *part = data;
  Listing *self = part->record;
  virConnectPtr conn = gh_conn_get (lane, error);
  virStoragePoolPtr *pools = NULL;

  if (conn == NULL)
    return NULL;
  if (virConnectListAllStoragePools (conn, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE) < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  for (guint i = 0; pools[i] != NULL; i++)
    {
      if (!g_cancellable_is_cancelled (cancellable) &&
          find_foreign_pool (self->info, virStoragePoolGetName (pools[i]), self->local) != NULL)
        add_foreign_volumes (self, pools[i], part);
      virStoragePoolFree (pools[i]);
    }
  free (pools);
  return NULL;
}

static void
foreign_listed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  Listing *listing = g_task_propagate_pointer (G_TASK (result), &error);

  if (listing == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_return_pointer (task, gh_storage_info_ref (listing->info),
                         (GDestroyNotify) gh_storage_info_unref);
  listing_unref (listing);
}

static void
storage_listed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  gboolean local = gh_host_is_local (host);
  GError *error = NULL;
  GhStorageInfo *info = g_task_propagate_pointer (G_TASK (result), &error);
  Listing *listing = NULL;

  if (info == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (find_foreign_pool (info, NULL, local) == NULL)
    {
      g_task_return_pointer (task, info, (GDestroyNotify) gh_storage_info_unref);
      return;
    }
  listing = g_atomic_rc_box_new0 (Listing);
  listing->info = info;
  listing->local = local;
  g_mutex_init (&listing->mutex);
  gh_host_call_parts (host, GH_LANE_USER, "volume-list", list_foreign_worker, listing,
                      listing_unref, gh_host_open_bulk_readers (host),
                      g_task_new (host, g_task_get_cancellable (task), foreign_listed_cb,
                                  g_object_ref (task)));
}

/**
 * gh_host_load_storage_async:
 * @host: a connected host
 * @refresh: whether its pools are looked at anew first
 * @cancellable: (nullable): stops it
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Reads all pools and the volumes of the active ones. Of a volume that is a file which
 * we can read ourselves, it leaves out what the file says: its format, capacity
 * and base.
 */
void
gh_host_load_storage_async (GhHost              *host,
                            gboolean             refresh,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  GhStorageArgs *data = gh_storage_args_new (NULL, NULL, refresh);
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_host_load_storage_async);
  g_task_set_check_cancellable (task, FALSE);
  data->local = gh_host_is_local (host);
  gh_storage_call (host, GH_ROLE_READ, GH_LANE_READ, "volume-list", list_storage_worker, data,
                   (GDestroyNotify) gh_storage_info_unref, cancellable, storage_listed_cb, task);
}

GhStorageInfo *
gh_host_load_storage_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}
