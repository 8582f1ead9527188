/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Pools, volumes and networks, as plain records and verbs. */

#define G_LOG_DOMAIN "gh-storage"

#include "config.h"

#include "gh-storage.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-faults.h"
#include "gh-host-private.h"
#include "gh-virt-error-private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlXPathContext, xmlXPathFreeContext)

/* Arguments of all these workers. */
typedef struct
{
  char    *name;       /* pool, UUID or path */
  char    *xml;        /* (nullable) */
  char    *source;     /* (nullable): path of a volume */
  gboolean flag;
  gboolean local;      /* the host's files are ours */
  gboolean local_user; /* files outside pools are ours to unlink */
} Call;

static Call *
call_new (const char *name,
          const char *xml,
          gboolean    flag)
{
  Call *call = g_new0 (Call, 1);

  call->name = g_strdup (name);
  call->xml = g_strdup (xml);
  call->flag = flag;
  return call;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->name);
  g_free (call->xml);
  g_free (call->source);
  g_free (call);
}

/* Records */

static void
clear_pool (gpointer data)
{
  GhPoolInfo *self = data;

  g_free (self->name);
  g_free (self->uuid);
  g_free (self->type);
  g_free (self->path);
}

GhPoolInfo *
gh_pool_info_ref (GhPoolInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_pool_info_unref (GhPoolInfo *self)
{
  g_atomic_rc_box_release_full (self, clear_pool);
}

static void
clear_volume (gpointer data)
{
  GhVolumeInfo *self = data;

  g_free (self->name);
  g_free (self->pool);
  g_free (self->path);
  g_free (self->type);
  g_free (self->format);
  g_free (self->backing_path);
}

GhVolumeInfo *
gh_volume_info_ref (GhVolumeInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_volume_info_unref (GhVolumeInfo *self)
{
  g_atomic_rc_box_release_full (self, clear_volume);
}

static void
clear_network (gpointer data)
{
  GhNetworkInfo *self = data;

  g_free (self->name);
  g_free (self->uuid);
  g_free (self->bridge);
  g_free (self->forward);
}

GhNetworkInfo *
gh_network_info_ref (GhNetworkInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_network_info_unref (GhNetworkInfo *self)
{
  g_atomic_rc_box_release_full (self, clear_network);
}

static void
unref_pool (gpointer data)
{
  gh_pool_info_unref (data);
}

static void
unref_volume (gpointer data)
{
  gh_volume_info_unref (data);
}

static void
unref_network (gpointer data)
{
  gh_network_info_unref (data);
}

/* Reading libvirt's small documents */

static xmlXPathContextPtr
open_document (char       *xml,
               xmlDocPtr  *doc)
{
  *doc = xml != NULL ? xmlReadMemory (xml, (int) strlen (xml), NULL, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                     : NULL;
  if (xml == NULL)
    virResetLastError ();
  free (xml);
  return *doc != NULL ? xmlXPathNewContext (*doc) : NULL;
}

static char *
dup_string (xmlXPathContextPtr  context,
            const char         *xpath)
{
  xmlXPathObjectPtr object = context != NULL ? xmlXPathEvalExpression ((const xmlChar *) xpath,
                                                                       context) : NULL;
  char *copy = NULL;

  if (object != NULL && object->nodesetval != NULL && object->nodesetval->nodeNr > 0)
    {
      xmlChar *text = xmlNodeGetContent (object->nodesetval->nodeTab[0]);

      copy = g_strdup ((const char *) text);
      xmlFree (text);
    }
  if (object != NULL)
    xmlXPathFreeObject (object);
  return copy;
}

/* Which of the pools a list flag selects, in one call for all; NULL: nobody knows. */
static GHashTable *
list_pool_uuids (virConnectPtr conn,
                 unsigned int  flag)
{
  virStoragePoolPtr *pools = NULL;
  GHashTable *set = NULL;

  if (virConnectListAllStoragePools (conn, &pools, flag) < 0)
    {
      virResetLastError ();
      return NULL;
    }
  set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; pools[i] != NULL; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      virStoragePoolGetUUIDString (pools[i], uuid);
      g_hash_table_add (set, g_strdup (uuid));
      virStoragePoolFree (pools[i]);
    }
  free (pools);
  return set;
}

static guint64
read_bytes (xmlXPathContextPtr  context,
            const char         *xpath)
{
  g_autofree char *text = dup_string (context, xpath);

  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
}

/* Its document has the figures too, always in bytes: the same as virStoragePoolGetInfo() gives, and
 * no round trip more. */
static GhPoolInfo *
read_pool (virStoragePoolPtr  pool,
           GHashTable        *active,
           GHashTable        *autostart)
{
  GhPoolInfo *info = g_atomic_rc_box_new0 (GhPoolInfo);
  xmlDocPtr parsed = NULL;
  g_autoptr (xmlXPathContext) context = open_document (virStoragePoolGetXMLDesc (pool, 0), &parsed);
  g_autoptr (xmlDoc) doc = parsed;
  char uuid[VIR_UUID_STRING_BUFLEN];

  virStoragePoolGetUUIDString (pool, uuid);
  info->uuid = g_strdup (uuid);
  info->name = g_strdup (virStoragePoolGetName (pool));
  info->type = dup_string (context, "/pool/@type");
  info->path = dup_string (context, "/pool/target/path");
  info->active = active != NULL ? g_hash_table_contains (active, uuid)
                                : virStoragePoolIsActive (pool) == 1;
  info->autostart = autostart != NULL && g_hash_table_contains (autostart, uuid);
  info->capacity = read_bytes (context, "/pool/capacity");
  info->available = read_bytes (context, "/pool/available");
  virResetLastError ();
  return info;
}

static GhVolumeInfo *
read_volume (virStorageVolPtr  volume,
             const char       *pool)
{
  GhVolumeInfo *info = g_atomic_rc_box_new0 (GhVolumeInfo);
  xmlDocPtr parsed = NULL;
  g_autoptr (xmlXPathContext) context = open_document (virStorageVolGetXMLDesc (volume, 0),
                                                       &parsed);
  g_autoptr (xmlDoc) doc = parsed;
  g_autofree char *target = dup_string (context, "/volume/target/path");
  char *path = target == NULL || *target == '\0' ? virStorageVolGetPath (volume) : NULL;

  info->name = g_strdup (virStorageVolGetName (volume));
  info->pool = g_strdup (pool);
  /* Asking for the path is one more round trip; the document has it. */
  info->path = path != NULL ? g_strdup (path) : g_steal_pointer (&target);
  info->type = dup_string (context, "/volume/@type");
  info->format = dup_string (context, "/volume/target/format/@type");
  info->backing_path = dup_string (context, "/volume/backingStore/path");
  info->capacity = read_bytes (context, "/volume/capacity");
  info->allocation = read_bytes (context, "/volume/allocation");
  free (path);
  virResetLastError ();
  return info;
}

static int
compare_pools (gconstpointer a,
               gconstpointer b)
{
  return strcmp ((*(GhPoolInfo **) a)->name, (*(GhPoolInfo **) b)->name);
}

static int
compare_networks (gconstpointer a,
                  gconstpointer b)
{
  return strcmp ((*(GhNetworkInfo **) a)->name, (*(GhNetworkInfo **) b)->name);
}

/* A driver without storage or networks has none of them, which is no failure. */
static gboolean
take_error_unless_unsupported (GError **error)
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

/* Pools */

/* How often a pool that libvirt stopped is started again, and how long to wait in between. */
#define RESTART_TRIES 10
#define RESTART_PAUSE_US (100 * 1000)

/* Looks at what is in a pool. libvirt 9.0 stops a pool altogether when something in it cannot be
 * read at that moment, such as a file that somebody is writing, or a folder whose permissions are
 * being changed (storagePoolRefreshImpl() in its storage driver); then it is started again, which
 * looks once more. A pool that was stopped before is left alone. */
static gboolean
refresh_pool (virStoragePoolPtr   pool,
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
  g_autoptr (GPtrArray) result = g_ptr_array_new_with_free_func (unref_pool);
  g_autoptr (GHashTable) active = NULL;
  g_autoptr (GHashTable) autostart = NULL;
  virStoragePoolPtr *pools = NULL;

  if (conn == NULL)
    return NULL;
  if (virConnectListAllStoragePools (conn, &pools, 0) < 0 && take_error_unless_unsupported (error))
    return NULL;
  if (pools != NULL && pools[0] != NULL)
    {
      active = list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
      autostart = list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART);
    }
  for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
    {
      g_ptr_array_add (result, read_pool (pools[i], active, autostart));
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
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  char uuid[VIR_UUID_STRING_BUFLEN];

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolDefineXML (conn, call->xml, 0);
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
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByUUIDString (conn, call->name);
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
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  int n_volumes = 0;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByUUIDString (conn, call->name);
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
  if (call->flag && n_volumes == 0 && virStoragePoolDelete (pool, 0) < 0)
    virResetLastError ();
  if (virStoragePoolUndefine (pool) < 0)
    gh_virt_error_take (error);
  return NULL;
}

/* Volumes */

static gpointer
list_volumes_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GPtrArray) result = g_ptr_array_new_with_free_func (unref_volume);
  virStoragePoolPtr *pools = NULL;

  if (conn == NULL)
    return NULL;
  if (virConnectListAllStoragePools (conn, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE) < 0 &&
      take_error_unless_unsupported (error))
    return NULL;
  for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
    {
      virStorageVolPtr *volumes = NULL;

      if (!g_cancellable_is_cancelled (cancellable))
        {
          if (call->flag)
            refresh_pool (pools[i], NULL);
          if (virStoragePoolListAllVolumes (pools[i], &volumes, 0) < 0)
            virResetLastError ();
        }
      for (guint j = 0; volumes != NULL && volumes[j] != NULL; j++)
        {
          g_ptr_array_add (result, read_volume (volumes[j], virStoragePoolGetName (pools[i])));
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
  if (pool != NULL && refresh_pool (pool, NULL))
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
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;
  g_autoptr (virStoragePool) pool = NULL;

  if (conn == NULL)
    return NULL;
  volume = find_volume (conn, call->name);
  if (volume == NULL)
    return NULL;
  pool = virStoragePoolLookupByVolume (volume);
  return read_volume (volume, pool != NULL ? virStoragePoolGetName (pool) : NULL);
}

static gpointer
create_volume_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  g_autoptr (virStorageVol) volume = NULL;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByName (conn, call->name);
  volume = pool != NULL ? virStorageVolCreateXML (pool, call->xml, 0) : NULL;
  if (volume == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  return read_volume (volume, call->name);
}

static gpointer
copy_volume_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;
  g_autoptr (virStorageVol) source = NULL;
  g_autoptr (virStorageVol) volume = NULL;

  if (conn == NULL)
    return NULL;
  source = find_volume (conn, call->source);
  if (source == NULL)
    {
      g_set_error (error, GH_VIRT_ERROR, VIR_ERR_NO_STORAGE_VOL, "No active pool holds “%s”",
                   call->source);
      return NULL;
    }
  pool = virStoragePoolLookupByName (conn, call->name);
  volume = pool != NULL ? virStorageVolCreateXMLFrom (pool, call->xml, source, 0) : NULL;
  if (volume == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  return read_volume (volume, call->name);
}

static gpointer
refresh_pool_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStoragePool) pool = NULL;

  if (conn == NULL)
    return NULL;
  pool = virStoragePoolLookupByName (conn, call->name);
  if (pool == NULL)
    gh_virt_error_take (error);
  else
    refresh_pool (pool, error);
  return NULL;
}

static gpointer
delete_volume_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;
  struct stat info = { 0 };

  if (conn == NULL)
    return NULL;
  volume = find_volume (conn, call->name);
  if (volume != NULL)
    {
      if (virStorageVolDelete (volume, 0) < 0)
        gh_virt_error_take (error);
      return NULL;
    }
  if (!call->local_user)
    {
      g_set_error (error, GH_VIRT_ERROR, VIR_ERR_NO_STORAGE_VOL, "No active pool holds “%s”",
                   call->name);
      return NULL;
    }
  if (lstat (call->name, &info) < 0 && errno == ENOENT)
    return NULL;
  if (!S_ISREG (info.st_mode) || unlink (call->name) < 0)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "“%s”: %s", call->name,
                 S_ISREG (info.st_mode) ? g_strerror (errno) : "not a regular file");
  return NULL;
}

/* Everything at once, and what could not be read of it. */

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
unref_storage (gpointer data)
{
  gh_storage_info_unref (data);
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
      refresh_pool (pool, NULL);
    }
  if (volumes == NULL && error == NULL)
    volumes = list_volumes (pool, &error);
  if (error != NULL && virStoragePoolIsActive (pool) != 0)
    g_ptr_array_add (self->problems, g_strdup_printf ("%s: %s", info->name, error->message));
  for (guint i = 0; volumes != NULL && volumes[i] != NULL; i++)
    {
      GhVolumeInfo *volume = look_at_volume (volumes[i], info);

      g_ptr_array_add (self->volumes,
                       volume != NULL ? volume : read_volume (volumes[i], info->name));
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
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GhStorageInfo) self = NULL;
  g_autoptr (GHashTable) active = NULL;
  g_autoptr (GHashTable) autostart = NULL;
  virStoragePoolPtr *pools = NULL;

  if (conn == NULL)
    return NULL;
  self = g_atomic_rc_box_new0 (GhStorageInfo);
  self->pools = g_ptr_array_new_with_free_func (unref_pool);
  self->volumes = g_ptr_array_new_with_free_func (unref_volume);
  self->problems = g_ptr_array_new_with_free_func (g_free);
  if (virConnectListAllStoragePools (conn, &pools, 0) < 0 && take_error_unless_unsupported (error))
    return NULL;
  if (pools != NULL && pools[0] != NULL)
    {
      active = list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
      autostart = list_pool_uuids (conn, VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART);
    }
  for (guint i = 0; pools != NULL && pools[i] != NULL; i++)
    {
      GhPoolInfo *pool = read_pool (pools[i], active, autostart);

      g_ptr_array_add (self->pools, pool);
      if (pool->active && !g_cancellable_is_cancelled (cancellable))
        {
          if (call->local && is_readable_folder (pool))
            add_own_volumes (self, pools[i], pool, call->flag);
          else if (call->flag)
            refresh_pool (pools[i], NULL);
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

/* By name, so that each is read once whoever makes or removes another meanwhile. */
static void
add_foreign_volumes (Listing           *self,
                     virStoragePoolPtr  pool,
                     const GhPart      *part)
{
  const char *name = virStoragePoolGetName (pool);
  g_autoptr (GError) error = NULL;
  virStorageVolPtr *volumes = list_volumes (pool, &error);

  if (error != NULL && part->index == 0 && virStoragePoolIsActive (pool) != 0)
    {
      g_mutex_lock (&self->mutex);
      g_ptr_array_add (self->info->problems, g_strdup_printf ("%s: %s", name, error->message));
      g_mutex_unlock (&self->mutex);
    }
  for (guint i = 0; volumes != NULL && volumes[i] != NULL; i++)
    {
      GhVolumeInfo *volume = NULL;

      if (g_str_hash (virStorageVolGetName (volumes[i])) % part->n_parts != part->index)
        continue;
      volume = read_volume (volumes[i], name);
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

/* Networks */

/* As list_pool_uuids(). */
static GHashTable *
list_network_uuids (virConnectPtr conn,
                    unsigned int  flag)
{
  virNetworkPtr *networks = NULL;
  GHashTable *set = NULL;

  if (virConnectListAllNetworks (conn, &networks, flag) < 0)
    {
      virResetLastError ();
      return NULL;
    }
  set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; networks[i] != NULL; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      virNetworkGetUUIDString (networks[i], uuid);
      g_hash_table_add (set, g_strdup (uuid));
      virNetworkFree (networks[i]);
    }
  free (networks);
  return set;
}

static gpointer
list_networks_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GPtrArray) result = g_ptr_array_new_with_free_func (unref_network);
  g_autoptr (GHashTable) active = NULL;
  g_autoptr (GHashTable) autostart = NULL;
  virNetworkPtr *networks = NULL;

  if (conn == NULL)
    return NULL;
  if (virConnectListAllNetworks (conn, &networks, 0) < 0 && take_error_unless_unsupported (error))
    return NULL;
  if (networks != NULL && networks[0] != NULL)
    {
      active = list_network_uuids (conn, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
      autostart = list_network_uuids (conn, VIR_CONNECT_LIST_NETWORKS_AUTOSTART);
    }
  for (guint i = 0; networks != NULL && networks[i] != NULL; i++)
    {
      GhNetworkInfo *info = g_atomic_rc_box_new0 (GhNetworkInfo);
      xmlDocPtr parsed = NULL;
      g_autoptr (xmlXPathContext) context = open_document (virNetworkGetXMLDesc (networks[i], 0),
                                                           &parsed);
      g_autoptr (xmlDoc) doc = parsed;
      g_autofree char *forward = dup_string (context, "/network/forward");
      char uuid[VIR_UUID_STRING_BUFLEN];

      virNetworkGetUUIDString (networks[i], uuid);
      info->uuid = g_strdup (uuid);
      info->name = g_strdup (virNetworkGetName (networks[i]));
      info->bridge = dup_string (context, "/network/bridge/@name");
      info->forward = dup_string (context, "/network/forward/@mode");
      if (info->forward == NULL && forward != NULL)
        info->forward = g_strdup ("nat"); /* libvirt's default mode */
      info->active = active != NULL ? g_hash_table_contains (active, uuid)
                                    : virNetworkIsActive (networks[i]) == 1;
      info->autostart = autostart != NULL && g_hash_table_contains (autostart, uuid);
      virResetLastError ();
      g_ptr_array_add (result, info);
      virNetworkFree (networks[i]);
    }
  free (networks);
  g_ptr_array_sort (result, compare_networks);
  return g_steal_pointer (&result);
}

static gpointer
start_network_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virNetwork) network = NULL;

  if (conn == NULL)
    return NULL;
  network = virNetworkLookupByUUIDString (conn, call->name);
  if (network == NULL || (virNetworkIsActive (network) != 1 && virNetworkCreate (network) < 0))
    gh_virt_error_take (error);
  return NULL;
}

/* The calls */

static void
call (GhHost              *host,
      GhLaneRole           role,
      GhLaneKind           kind,
      const char          *name,
      GhLaneFunc           func,
      Call                *data,
      GDestroyNotify       result_free,
      GCancellable        *cancellable,
      GAsyncReadyCallback  callback,
      gpointer             user_data)
{
  gh_host_call (host, role, GH_LANE_USER, kind, name, func, data, call_free, result_free,
                g_task_new (host, cancellable, callback, user_data));
}

/* For calls that change storage: what is known of it is old as soon as they run, and once more
 * when they have ended. */
static void
changed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GDestroyNotify result_free = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &error);

  gh_host_mark_storage_stale (GH_HOST (object));
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, value, result_free);
}

static void
change (GhHost              *host,
        GhLaneRole           role,
        const char          *name,
        GhLaneFunc           func,
        Call                *data,
        GDestroyNotify       result_free,
        GCancellable        *cancellable,
        GAsyncReadyCallback  callback,
        gpointer             user_data)
{
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_source_tag (task, change);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, result_free, NULL);
  gh_host_mark_storage_stale (host);
  call (host, role, GH_LANE_WRITE, name, func, data, result_free, cancellable, changed_cb, task);
}

static gpointer
finish (GhHost        *host,
        GAsyncResult  *result,
        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gh_host_load_pools_async (GhHost              *host,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  call (host, GH_ROLE_READ, GH_LANE_READ, "pool-list", list_pools_worker,
        call_new (NULL, NULL, FALSE),
        (GDestroyNotify) g_ptr_array_unref, cancellable, callback, user_data);
}

GPtrArray *
gh_host_load_pools_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  return finish (host, result, error);
}

void
gh_host_create_pool_async (GhHost              *host,
                           const char          *xml,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  change (host, GH_ROLE_CONTROL, "pool-create", create_pool_worker,
          call_new (NULL, xml, FALSE), g_free, cancellable, callback, user_data);
}

char *
gh_host_create_pool_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return finish (host, result, error);
}

void
gh_host_start_pool_async (GhHost              *host,
                          const char          *uuid,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  change (host, GH_ROLE_CONTROL, "pool-start", start_pool_worker,
          call_new (uuid, NULL, FALSE), NULL, cancellable, callback, user_data);
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
  change (host, GH_ROLE_CONTROL, "pool-remove", remove_pool_worker,
          call_new (uuid, NULL, delete_empty), NULL, cancellable, callback, user_data);
}

gboolean
gh_host_remove_pool_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_load_volumes_async (GhHost              *host,
                            gboolean             refresh,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  call (host, GH_ROLE_JOB, GH_LANE_READ, "volume-list", list_volumes_worker,
        call_new (NULL, NULL, refresh),
        (GDestroyNotify) g_ptr_array_unref, cancellable, callback, user_data);
}

GPtrArray *
gh_host_load_volumes_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  return finish (host, result, error);
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
  g_task_return_pointer (task, gh_storage_info_ref (listing->info), unref_storage);
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
      g_task_return_pointer (task, info, unref_storage);
      return;
    }
  listing = g_atomic_rc_box_new0 (Listing);
  listing->info = info;
  listing->local = local;
  g_mutex_init (&listing->mutex);
  gh_host_call_parts (host, GH_LANE_USER, "volume-list", list_foreign_worker, listing,
                      listing_unref, gh_host_get_n_readers (host),
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
  Call *data = call_new (NULL, NULL, refresh);
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_host_load_storage_async);
  g_task_set_check_cancellable (task, FALSE);
  data->local = gh_host_is_local (host);
  call (host, GH_ROLE_READ, GH_LANE_READ, "volume-list", list_storage_worker, data,
        unref_storage, cancellable, storage_listed_cb, task);
}

GhStorageInfo *
gh_host_load_storage_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  return finish (host, result, error);
}

void
gh_host_find_volume_async (GhHost              *host,
                           const char          *path,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  call (host, GH_ROLE_CONTROL, GH_LANE_READ, "volume-find", find_volume_worker,
        call_new (path, NULL, FALSE),
        unref_volume, cancellable, callback, user_data);
}

GhVolumeInfo *
gh_host_find_volume_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return finish (host, result, error);
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
  change (host, GH_ROLE_JOB, "volume-create", create_volume_worker,
          call_new (pool, xml, FALSE), unref_volume, cancellable, callback, user_data);
}

GhVolumeInfo *
gh_host_create_volume_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return finish (host, result, error);
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
  Call *data = call_new (pool, xml, FALSE);

  data->source = g_strdup (source);
  call (host, GH_ROLE_JOB, GH_LANE_WRITE, "volume-copy", copy_volume_worker, data, unref_volume,
        cancellable, callback, user_data);
}

GhVolumeInfo *
gh_host_copy_volume_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  return finish (host, result, error);
}

void
gh_host_refresh_pool_async (GhHost              *host,
                            const char          *name,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  call (host, GH_ROLE_JOB, GH_LANE_WRITE, "pool-refresh", refresh_pool_worker,
        call_new (name, NULL, FALSE), NULL, cancellable, callback, user_data);
}

gboolean
gh_host_refresh_pool_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_delete_volume_async (GhHost              *host,
                             const char          *path,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  Call *data = call_new (path, NULL, FALSE);

  data->local_user = gh_host_is_local (host) && gh_host_is_session (host);
  change (host, GH_ROLE_JOB, "volume-delete", delete_volume_worker, data, NULL, cancellable,
          callback, user_data);
}

gboolean
gh_host_delete_volume_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_load_networks_async (GhHost              *host,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  call (host, GH_ROLE_READ, GH_LANE_READ, "network-list", list_networks_worker,
        call_new (NULL, NULL, FALSE),
        (GDestroyNotify) g_ptr_array_unref, cancellable, callback, user_data);
}

GPtrArray *
gh_host_load_networks_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return finish (host, result, error);
}

void
gh_host_start_network_async (GhHost              *host,
                             const char          *uuid,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  call (host, GH_ROLE_CONTROL, GH_LANE_WRITE, "network-start", start_network_worker,
        call_new (uuid, NULL, FALSE),
        NULL, cancellable, callback, user_data);
}

gboolean
gh_host_start_network_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
