/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What disks are, and what lies at paths, as one of the hosts sees it. */

#define G_LOG_DOMAIN "gh-migration-files"

#include "config.h"

#include "gh-migration-facts-private.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-domain-xml.h"
#include "gh-xml-document.h"

/* What is found out about one disk here. */
typedef struct
{
  char            *target;
  gboolean         has_size;   /* of its own: it is no CD */
  guint64          capacity;   /* 0: QEMU does not say */
  guint64          allocation;
  gboolean         is_busy;
} DiskReading;

/* Longer chains than that nobody has; a circle has no end. */
#define MAX_LAYERS 64

static void
disk_free (gpointer data)
{
  DiskReading *disk = data;

  g_free (disk->target);
  g_free (disk);
}

void
gh_migration_file_free (gpointer data)
{
  GhMigrationFile *file = data;

  g_free (file->path);
  g_free (file->pool);
  g_free (file->name);
  g_free (file->pool_type);
  g_free (file->format);
  g_free (file->backing);
  g_clear_pointer (&file->layers, g_ptr_array_unref);
  g_free (file->identity);
  g_free (file->digest);
  g_free (file->stamp);
  g_free (file);
}

GhMigrationFile *
gh_migration_find_file (GPtrArray  *files,
                        const char *path)
{
  for (guint i = 0; files != NULL && path != NULL && i < files->len; i++)
    {
      GhMigrationFile *file = g_ptr_array_index (files, i);

      if (g_strcmp0 (file->path, path) == 0)
        return file;
    }
  return NULL;
}

GhMigrationFile *
gh_migration_find_volume (GPtrArray  *files,
                          const char *pool,
                          const char *name)
{
  for (guint i = 0; files != NULL && pool != NULL && name != NULL && i < files->len; i++)
    {
      GhMigrationFile *file = g_ptr_array_index (files, i);

      if (g_strcmp0 (file->pool, pool) == 0 && g_strcmp0 (file->name, name) == 0)
        return file;
    }
  return NULL;
}

gboolean
gh_migration_file_is_same (const GhMigrationFile *a,
                           const GhMigrationFile *b)
{
  if (a == NULL || b == NULL || !a->is_there || !b->is_there)
    return FALSE;
  if (a->identity != NULL && b->identity != NULL)
    return strcmp (a->identity, b->identity) == 0;
  return a->stamp != NULL && g_strcmp0 (a->stamp, b->stamp) == 0;
}

gboolean
gh_migration_file_differs (const GhMigrationFile *a,
                           const GhMigrationFile *b,
                           gboolean              *known)
{
  *known = gh_migration_file_is_same (a, b);
  if (*known || a == NULL || b == NULL || !a->is_there || !b->is_there)
    return FALSE;
  *known = a->capacity > 0 && b->capacity > 0 && a->capacity != b->capacity;
  if (*known)
    return TRUE;
  *known = a->capacity > 0 && b->capacity > 0 && a->digest != NULL && b->digest != NULL;
  return *known && strcmp (a->digest, b->digest) != 0;
}

static void
read_volume (GhMigrationFile  *file,
             virStorageVolPtr  volume)
{
  char *xml = virStorageVolGetXMLDesc (volume, 0);
  g_autoptr (GhXmlDocument) document = xml != NULL ? gh_xml_document_new (xml, "volume", NULL)
                                                   : NULL;
  virStoragePoolPtr pool = virStoragePoolLookupByVolume (volume);
  g_autofree char *capacity = NULL;
  g_autofree char *allocation = NULL;
  g_autofree char *changed = NULL;

  file->is_known = file->is_there = TRUE;
  g_free (file->name);
  file->name = g_strdup (virStorageVolGetName (volume));
  if (pool != NULL)
    {
      g_free (file->pool);
      file->pool = g_strdup (virStoragePoolGetName (pool));
      virStoragePoolFree (pool);
    }
  free (xml);
  if (document == NULL)
    return;
  capacity = gh_xml_document_dup_text (document, "capacity");
  allocation = gh_xml_document_dup_text (document, "allocation");
  changed = gh_xml_document_dup_text (document, "target/timestamps/ctime");
  file->format = gh_xml_document_dup_text (document, "target/format/@type");
  file->backing = gh_xml_document_dup_text (document, "backingStore/path");
  file->capacity = capacity != NULL ? g_ascii_strtoull (capacity, NULL, 10) : 0;
  file->allocation = allocation != NULL ? g_ascii_strtoull (allocation, NULL, 10) : 0;
  if (changed != NULL)
    file->stamp = g_strdup_printf ("%s %s", capacity, changed);
}

/* A disk may be named by pool and volume: its path, should it have one. What is in no pool that
 * is active has none. */
static virStorageVolPtr
find_named_volume (virConnectPtr    conn,
                   GhMigrationFile *file)
{
  g_autoptr (virStoragePool) pool = virStoragePoolLookupByName (conn, file->pool);
  char *xml = pool != NULL ? virStoragePoolGetXMLDesc (pool, 0) : NULL;
  g_autoptr (GhXmlDocument) document = xml != NULL ? gh_xml_document_new (xml, "pool", NULL)
                                                   : NULL;
  virStorageVolPtr volume = pool != NULL ? virStorageVolLookupByName (pool, file->name) : NULL;
  char *path = volume != NULL ? virStorageVolGetPath (volume) : NULL;

  if (document != NULL)
    file->pool_type = gh_xml_document_dup_text (document, "@type");
  if (path != NULL && *path == '/')
    file->path = g_strdup (path);
  free (path);
  free (xml);
  return volume;
}

/* Two answers for each, one after the other: but only of what the disk lies on, not of all volumes
 * that the host has. */
static void
read_layers (GhMigrationFile *file,
             virConnectPtr    conn)
{
  const char *path = file->backing;

  while (path != NULL && *path == '/' && (file->layers == NULL || file->layers->len < MAX_LAYERS))
    {
      GhMigrationFile *layer = g_new0 (GhMigrationFile, 1);
      g_autoptr (virStorageVol) volume = virStorageVolLookupByPath (conn, path);

      layer->path = g_strdup (path);
      if (file->layers == NULL)
        file->layers = g_ptr_array_new_with_free_func (gh_migration_file_free);
      g_ptr_array_add (file->layers, layer);
      if (volume != NULL)
        read_volume (layer, volume);
      path = layer->backing;
    }
}

/* Files of this computer are looked at, in a pool or not. */
static void
look_at_file (GhMigrationFile *file)
{
  struct stat status;

  file->is_known = TRUE;
  file->is_there = g_stat (file->path, &status) == 0;
  if (!file->is_there)
    return;
  file->identity = g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                    (guint64) status.st_dev, (guint64) status.st_ino);
  if (file->allocation == 0)
    file->allocation = (guint64) status.st_blocks * 512;
}

/* How a medium begins: a CD tells there when it was made. Few can have the same size and that. */
#define BEGINNING (256 * 1024)

static void
read_beginning (GhMigrationFile  *file,
                virConnectPtr     conn,
                virStorageVolPtr  volume)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 size = MIN (file->capacity, BEGINNING);
  virStreamPtr stream = size > 0 ? virStreamNew (conn, 0) : NULL;
  char buffer[16384];
  guint64 total = 0;
  int n = 0;

  if (stream == NULL || virStorageVolDownload (volume, stream, 0, size, 0) < 0)
    {
      g_clear_pointer (&stream, virStreamFree);
      return;
    }
  while ((n = virStreamRecv (stream, buffer, sizeof buffer)) > 0)
    {
      g_checksum_update (checksum, (const guchar *) buffer, n);
      total += (guint64) n;
    }
  if (n == 0 && virStreamFinish (stream) == 0 && total == size)
    file->digest = g_strdup (g_checksum_get_string (checksum));
  else if (n < 0)
    virStreamAbort (stream);
  virStreamFree (stream);
}

/* The same of a file of this computer that is in no pool. */
static void
read_own_beginning (GhMigrationFile *file)
{
  g_autofree char *buffer = g_malloc (BEGINNING);
  int fd = open (file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  gsize total = 0;
  gssize n = 0;

  if (fd >= 0 && fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > 0)
    {
      file->capacity = (guint64) status.st_size;
      while (total < BEGINNING && (n = read (fd, buffer + total, BEGINNING - total)) > 0)
        total += (gsize) n;
      if (total == MIN (file->capacity, BEGINNING))
        file->digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) buffer,
                                                    total);
    }
  if (fd >= 0)
    close (fd);
}

static gpointer
file_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const GhPart *part = data;
  GhMigrationReading *reading = part->record;
  GhMigrationFile *file = g_ptr_array_index (reading->files, part->index);
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;

  if (conn == NULL)
    return NULL;
  volume = file->path != NULL ? virStorageVolLookupByPath (conn, file->path)
                              : find_named_volume (conn, file);
  if (volume != NULL)
    read_volume (file, volume);
  if (reading->disks != NULL)
    read_layers (file, conn);
  if (reading->is_local && file->path != NULL)
    look_at_file (file);
  if (file->is_medium && volume != NULL)
    read_beginning (file, conn, volume);
  else if (file->is_medium && file->path != NULL && reading->is_local)
    read_own_beginning (file);
  virResetLastError ();
  return NULL;
}

/* The size of a disk is what QEMU says, where it runs. */
static gpointer
disk_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const GhPart *part = data;
  GhMigrationReading *reading = part->record;
  DiskReading *disk = NULL;
  virDomainBlockInfo info = { 0 };
  virDomainBlockJobInfo job = { 0 };
  g_autoptr (virDomain) domain = NULL;

  if (part->index >= reading->disks->len)
    {
      GhPart file = { reading, NULL, part->index - reading->disks->len, reading->files->len };

      return file_worker (lane, &file, cancellable, error);
    }
  disk = g_ptr_array_index (reading->disks, part->index);
  domain = gh_conn_find_domain (lane, reading->uuid, error);
  if (domain == NULL)
    return NULL;
  if (disk->has_size && virDomainGetBlockInfo (domain, disk->target, &info, 0) == 0)
    {
      disk->capacity = info.capacity;
      disk->allocation = info.allocation;
    }
  disk->is_busy = virDomainGetID (domain) != (unsigned int) -1 &&
                  virDomainGetBlockJobInfo (domain, disk->target, &job, 0) == 1;
  virResetLastError ();
  return NULL;
}

static GhMigrationFile *
add_file (GhMigrationReading *reading,
          const char         *path)
{
  GhMigrationFile *file = g_new0 (GhMigrationFile, 1);

  file->path = g_strdup (path);
  g_ptr_array_add (reading->files, file);
  return file;
}

void
gh_host_load_migration_disks_async (GhHost              *host,
                                    const char          *uuid,
                                    GPtrArray           *disks,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  GhMigrationReading *reading = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  reading = gh_migration_reading_new (host, uuid);
  reading->disks = g_ptr_array_new_with_free_func (disk_free);
  for (guint i = 0; i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);
      gboolean is_volume = disk->source_pool != NULL && disk->source_volume != NULL;
      DiskReading *found = NULL;
      GhMigrationFile *file = NULL;

      if (!is_volume && (disk->source == NULL || *disk->source != '/'))
        continue;
      found = g_new0 (DiskReading, 1);
      found->target = g_strdup (disk->target);
      found->has_size = g_strcmp0 (disk->device, "disk") == 0 ||
                          g_strcmp0 (disk->device, "lun") == 0;
      g_ptr_array_add (reading->disks, found);
      file = add_file (reading, is_volume ? NULL : disk->source);
      file->is_medium = g_strcmp0 (disk->device, "cdrom") == 0 ||
                        g_strcmp0 (disk->device, "floppy") == 0;
      if (is_volume)
        {
          file->pool = g_strdup (disk->source_pool);
          file->name = g_strdup (disk->source_volume);
        }
    }
  gh_host_call_parts (host, GH_LANE_USER, "migration-disks", disk_worker, reading,
                      gh_migration_reading_unref, 2 * reading->disks->len,
                      g_task_new (host, cancellable, callback, user_data));
}

gboolean
gh_host_load_migration_disks_finish (GhHost             *host,
                                     GAsyncResult       *result,
                                     GhMigrationSource  *source,
                                     GError            **error)
{
  GhMigrationReading *reading = gh_migration_reading_finish (host, result, error);
  g_autoptr (GStrvBuilder) busy = g_strv_builder_new ();

  if (reading == NULL)
    return FALSE;
  for (guint i = 0; i < reading->disks->len; i++)
    {
      const DiskReading *disk = g_ptr_array_index (reading->disks, i);
      GhMigrationFile *file = g_ptr_array_index (reading->files, i);

      /* The test driver makes them up. */
      if (disk->capacity > 0 && (!reading->is_test || file->capacity == 0))
        {
          file->capacity = disk->capacity;
          file->allocation = disk->allocation > 0 ? disk->allocation : file->allocation;
        }
      if (disk->is_busy)
        g_strv_builder_add (busy, disk->target);
    }
  g_clear_pointer (&source->files, g_ptr_array_unref);
  g_clear_pointer (&source->block_jobs, g_strfreev);
  source->files = g_steal_pointer (&reading->files);
  source->block_jobs = g_strv_builder_end (busy);
  gh_migration_reading_unref (reading);
  return TRUE;
}

void
gh_host_load_migration_files_async (GhHost              *host,
                                    const char * const  *paths,
                                    const char * const  *media,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  GhMigrationReading *reading = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  reading = gh_migration_reading_new (host, NULL);
  for (guint i = 0; paths[i] != NULL; i++)
    add_file (reading, paths[i])->is_medium = media != NULL && g_strv_contains (media, paths[i]);
  gh_host_call_parts (host, GH_LANE_USER, "migration-files", file_worker, reading,
                      gh_migration_reading_unref, reading->files->len,
                      g_task_new (host, cancellable, callback, user_data));
}

GPtrArray *
gh_host_load_migration_files_finish (GhHost        *host,
                                     GAsyncResult  *result,
                                     GError       **error)
{
  GhMigrationReading *reading = gh_migration_reading_finish (host, result, error);
  GPtrArray *files = NULL;

  if (reading == NULL)
    return NULL;
  files = g_steal_pointer (&reading->files);
  gh_migration_reading_unref (reading);
  return files;
}
