/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migration-facts"

#include "config.h"

#include "gh-migration-facts.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-domain-xml.h"
#include "gh-host-private.h"
#include "gh-live.h"
#include "gh-migration-xml.h"
#include "gh-presence-private.h"
#include "gh-state-folders-private.h"
#include "gh-virt-error-private.h"
#include "gh-xml-document.h"

/* What is asked for, and what has been found: of all the closures that work on it side by side.
 * They fill different fields. */
typedef struct
{
  char      uuid[VIR_UUID_STRING_BUFLEN];
  gboolean  is_local;
  gboolean  is_test;
  char     *name;  /* (nullable) */
  char     *xml;   /* (nullable) */
  guint64   huge_page_kib;
  GStrv     paths; /* (nullable) */
  GhMigrationSource *source; /* (nullable) */
  GhMigrationTarget *target; /* (nullable) */
  GPtrArray *files;          /* (nullable) (element-type GhMigrationFile) */
  GPtrArray *disks;          /* (nullable) (element-type DiskReading) */
} Call;

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

static void
call_clear (gpointer data)
{
  Call *call = data;

  g_free (call->name);
  g_free (call->xml);
  g_strfreev (call->paths);
  g_clear_pointer (&call->source, gh_migration_source_free);
  g_clear_pointer (&call->target, gh_migration_target_free);
  g_clear_pointer (&call->files, g_ptr_array_unref);
  g_clear_pointer (&call->disks, g_ptr_array_unref);
}

static void
call_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, call_clear);
}

static void
file_free (gpointer data)
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

static void
host_clear (GhMigrationHost *host)
{
  g_free (host->uuid);
  g_free (host->hostname);
  g_free (host->driver);
  g_free (host->capabilities);
}

void
gh_migration_source_free (GhMigrationSource *self)
{
  host_clear (&self->host);
  g_free (self->xml);
  g_free (self->persistent_xml);
  g_free (self->job);
  g_strfreev (self->block_jobs);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_free (self);
}

void
gh_migration_target_free (GhMigrationTarget *self)
{
  host_clear (&self->host);
  g_free (self->uuid_name);
  g_free (self->uuid_xml);
  g_free (self->machine_error);
  g_free (self->offer);
  g_free (self->emulator);
  g_free (self->cpu_error);
  g_clear_pointer (&self->folders, gh_state_folders_free);
  g_free (self);
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

/* Hosts */

static void
read_identity (GhMigrationHost *host,
               virConnectPtr    conn)
{
  char *capabilities = virConnectGetCapabilities (conn);
  g_autoptr (GhXmlDocument) document = NULL;
  char *hostname = virConnectGetHostname (conn);

  if (capabilities != NULL)
    document = gh_xml_document_new (capabilities, "capabilities", NULL);
  if (document != NULL)
    host->uuid = gh_xml_document_dup_text (document, "host/uuid");
  host->hostname = g_strdup (hostname);
  host->capabilities = g_strdup (capabilities);
  free (capabilities);
  free (hostname);
  virResetLastError ();
}

static void
read_versions (GhMigrationHost *host,
               virConnectPtr    conn)
{
  host->driver = g_strdup (virConnectGetType (conn));
  virConnectGetVersion (conn, &host->hypervisor);
  virConnectGetLibVersion (conn, &host->libvirt);
  virResetLastError ();
}

/* Files */

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
        file->layers = g_ptr_array_new_with_free_func (file_free);
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
  Call *call = part->record;
  GhMigrationFile *file = g_ptr_array_index (call->files, part->index);
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;

  if (conn == NULL)
    return NULL;
  volume = file->path != NULL ? virStorageVolLookupByPath (conn, file->path)
                              : find_named_volume (conn, file);
  if (volume != NULL)
    read_volume (file, volume);
  if (call->disks != NULL)
    read_layers (file, conn);
  if (call->is_local && file->path != NULL)
    look_at_file (file);
  if (file->is_medium && volume != NULL)
    read_beginning (file, conn, volume);
  else if (file->is_medium && file->path != NULL && call->is_local)
    read_own_beginning (file);
  virResetLastError ();
  return NULL;
}

/* The source */

static char *
dup_xml (virDomainPtr   domain,
         unsigned int   flags,
         GError       **error)
{
  char *xml = virDomainGetXMLDesc (domain, flags | VIR_DOMAIN_XML_SECURE);
  char *copy = g_strdup (xml);

  if (xml == NULL && error != NULL)
    gh_virt_error_take (error);
  virResetLastError ();
  free (xml);
  return copy;
}

static void
read_condition (GhMigrationSource *source,
                virDomainPtr       domain)
{
  int state = 0;
  int reason = 0;

  source->has_saved_state = virDomainHasManagedSaveImage (domain, 0) == 1;
  if (virDomainGetState (domain, &state, &reason, 0) == 0)
    source->paused_by_error = state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_IOERROR;
  if (virDomainGetID (domain) != (unsigned int) -1)
    source->job = gh_live_dup_job (domain);
  virResetLastError ();
}

static void
read_habits (GhMigrationSource *source,
             virDomainPtr       domain)
{
  int autostart = 0;
  int n_snapshots = virDomainSnapshotNum (domain, 0);

  source->n_snapshots = n_snapshots > 0 ? (guint) n_snapshots : 0;
  source->autostart = virDomainGetAutostart (domain, &autostart) == 0 && autostart != 0;
  virResetLastError ();
}

/* Each of about the same number of round trips. */
enum
{
  SOURCE_XML,
  SOURCE_PERSISTENT_XML,
  SOURCE_PRESENCE,
  SOURCE_CONDITION,
  SOURCE_HABITS,
  SOURCE_IDENTITY,
  SOURCE_VERSIONS,
  SOURCE_N_PARTS,
};

static gpointer
source_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  const GhPart *part = data;
  Call *call = part->record;
  GhMigrationSource *source = call->source;
  virConnectPtr conn = gh_conn_get (lane, error);
  unsigned int migratable = call->is_test ? 0 : VIR_DOMAIN_XML_MIGRATABLE;
  g_autoptr (virDomain) domain = NULL;

  if (conn != NULL && part->index == SOURCE_IDENTITY)
    read_identity (&source->host, conn);
  else if (conn != NULL && part->index == SOURCE_VERSIONS)
    read_versions (&source->host, conn);
  if (conn == NULL || part->index >= SOURCE_IDENTITY)
    return NULL;
  domain = gh_conn_find_domain (lane, call->uuid, error);
  if (domain == NULL)
    return NULL;
  switch (part->index)
    {
    case SOURCE_XML:
      source->xml = dup_xml (domain, migratable, error);
      break;
    case SOURCE_PERSISTENT_XML:
      if (virDomainIsPersistent (domain) == 1)
        source->persistent_xml = dup_xml (domain, migratable | VIR_DOMAIN_XML_INACTIVE, NULL);
      break;
    case SOURCE_PRESENCE:
      gh_presence_read (&source->presence, domain, error);
      break;
    case SOURCE_CONDITION:
      read_condition (source, domain);
      break;
    default:
      read_habits (source, domain);
    }
  virResetLastError ();
  return NULL;
}

/* Its disks */

/* The size of a disk is what QEMU says, where it runs. */
static gpointer
disk_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const GhPart *part = data;
  Call *call = part->record;
  DiskReading *disk = NULL;
  virDomainBlockInfo info = { 0 };
  virDomainBlockJobInfo job = { 0 };
  g_autoptr (virDomain) domain = NULL;

  if (part->index >= call->disks->len)
    {
      GhPart file = { call, NULL, part->index - call->disks->len, call->files->len };

      return file_worker (lane, &file, cancellable, error);
    }
  disk = g_ptr_array_index (call->disks, part->index);
  domain = gh_conn_find_domain (lane, call->uuid, error);
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

/* The destination */

static void
read_names (GhMigrationTarget *target,
            virConnectPtr      conn,
            const Call        *call)
{
  g_autoptr (virDomain) same = virDomainLookupByUUIDString (conn, call->uuid);
  g_autoptr (virDomain) namesake = virDomainLookupByName (conn, call->name);

  if (same != NULL)
    {
      target->has_uuid = TRUE;
      target->uuid_active = virDomainGetID (same) != (unsigned int) -1;
      target->uuid_name = g_strdup (virDomainGetName (same));
    }
  if (same != NULL && !target->uuid_active)
    {
      target->uuid_saved = virDomainHasManagedSaveImage (same, 0) == 1;
      target->uuid_xml = dup_xml (same, VIR_DOMAIN_XML_INACTIVE |
                                        (call->is_test ? 0 : VIR_DOMAIN_XML_MIGRATABLE), NULL);
    }
  if (namesake != NULL)
    {
      char uuid[VIR_UUID_STRING_BUFLEN] = "";

      virDomainGetUUIDString (namesake, uuid);
      target->has_name = strcmp (uuid, call->uuid) != 0;
    }
  virResetLastError ();
}

/* What its own QEMU offers there, should it be there. It may have another name, which libvirt does
 * not look for by itself, or not know this kind of machine: then what libvirt finds by what it
 * emulates. Returns: (nullable): the program that was asked, NULL: the usual one */
static const char *
read_offer (GhMigrationTarget *target,
            virConnectPtr      conn,
            GhDomainXml       *xml,
            const char        *emulator)
{
  g_autofree char *arch = gh_domain_xml_dup_arch (xml);
  g_autofree char *machine = gh_domain_xml_dup_machine (xml);
  g_autofree char *type = gh_domain_xml_dup_type (xml);
  g_autofree char *path = NULL;
  g_autoptr (GhXmlDocument) offer = NULL;
  char *capabilities = NULL;
  virErrorPtr last = NULL;

  if (emulator != NULL)
    capabilities = virConnectGetDomainCapabilities (conn, emulator, arch, machine, type, 0);
  if (capabilities == NULL)
    {
      virResetLastError ();
      capabilities = virConnectGetDomainCapabilities (conn, NULL, arch, machine, type, 0);
      last = capabilities == NULL ? virGetLastError () : NULL;
      offer = capabilities != NULL ? gh_xml_document_new (capabilities, "domainCapabilities", NULL)
                                   : NULL;
      path = offer != NULL ? gh_xml_document_dup_text (offer, "path") : NULL;
      if (emulator != NULL && g_strcmp0 (path, emulator) != 0)
        target->emulator = g_steal_pointer (&path);
      emulator = NULL;
    }
  if (last != NULL && last->code != VIR_ERR_NO_SUPPORT)
    target->machine_error = g_strdup (last->message);
  target->offer = g_strdup (capabilities);
  free (capabilities);
  virResetLastError ();
  return emulator;
}

static void
compare_machine (GhMigrationTarget *target,
                 virConnectPtr      conn,
                 GhDomainXml       *xml)
{
  g_autofree char *arch = gh_domain_xml_dup_arch (xml);
  g_autofree char *machine = gh_domain_xml_dup_machine (xml);
  g_autofree char *type = gh_domain_xml_dup_type (xml);
  g_autofree char *mode = gh_domain_xml_dup_text (xml, "cpu/@mode");
  g_autofree char *cpu = gh_domain_xml_dup_cpu (xml);
  g_autofree char *own = gh_domain_xml_dup_text (xml, "devices/emulator");
  const char *emulator = read_offer (target, conn, xml, own);
  virErrorPtr last = NULL;

  target->cpu = -1;
  if (target->machine_error != NULL || cpu == NULL ||
      (mode != NULL && strcmp (mode, "custom") != 0))
    return;
  switch (virConnectCompareHypervisorCPU (conn, emulator, arch, machine, type, cpu,
                                          VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE))
    {
    case VIR_CPU_COMPARE_IDENTICAL:
    case VIR_CPU_COMPARE_SUPERSET:
      target->cpu = 1;
      break;
    default:
      last = virGetLastError ();
      if (last != NULL && last->code == VIR_ERR_CPU_INCOMPATIBLE)
        {
          target->cpu = 0;
          target->cpu_error = g_strdup (last->message);
        }
    }
  virResetLastError ();
}

static void
read_folders (GhMigrationTarget *target,
              virConnectPtr      conn,
              GhDomainXml       *xml)
{
  g_autofree char *path = gh_domain_xml_dup_nvram_path (xml);

  if (path != NULL)
    target->folders = gh_state_folders_read (conn, NULL);
}

/* QEMU fetches pages by userfaultfd, which the kernel gives an ordinary process, as QEMU is on
 * every host, only when it was told to. Of a host far away nobody can tell. */
static int
read_post_copy (gboolean is_local)
{
  g_autofree char *text = NULL;

  if (!is_local ||
      !g_file_get_contents ("/proc/sys/vm/unprivileged_userfaultfd", &text, NULL, NULL))
    return -1;
  return *text == '0' ? 0 : 1;
}

/* Of the whole host. */
static void
read_memory (GhMigrationTarget *target,
             virConnectPtr      conn,
             const Call        *call)
{
  unsigned int page = (unsigned int) call->huge_page_kib;
  unsigned long long n_free = 0;

  target->post_copy = read_post_copy (call->is_local);
  target->free_memory_kib = virNodeGetFreeMemory (conn) / 1024;
  target->huge_kib = -1;
  if (page > 0 && virNodeGetFreePages (conn, 1, &page, -1, 1, &n_free, 0) == 1)
    target->huge_kib = (gint64) n_free * page;
}

enum
{
  TARGET_MACHINE,
  TARGET_NAMES,
  TARGET_MEMORY,
  TARGET_FOLDERS,
  TARGET_IDENTITY,
  TARGET_VERSIONS,
  TARGET_N_PARTS,
};

static gpointer
target_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  const GhPart *part = data;
  Call *call = part->record;
  GhMigrationTarget *target = call->target;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GhDomainXml) xml = NULL;

  if (conn == NULL)
    return NULL;
  xml = gh_domain_xml_new_from_string (call->xml, error);
  if (xml == NULL)
    return NULL;
  switch (part->index)
    {
    case TARGET_MACHINE:
      compare_machine (target, conn, xml);
      break;
    case TARGET_NAMES:
      read_names (target, conn, call);
      break;
    case TARGET_MEMORY:
      read_memory (target, conn, call);
      break;
    case TARGET_FOLDERS:
      read_folders (target, conn, xml);
      break;
    case TARGET_IDENTITY:
      read_identity (&target->host, conn);
      break;
    default:
      read_versions (&target->host, conn);
    }
  virResetLastError ();
  return NULL;
}

/* Asking */

static Call *
call_new (GhHost     *host,
          const char *uuid)
{
  Call *call = g_atomic_rc_box_new0 (Call);

  if (uuid != NULL)
    g_strlcpy (call->uuid, uuid, sizeof call->uuid);
  call->is_test = gh_host_is_test (host);
  call->is_local = gh_host_is_local (host) && !call->is_test;
  call->files = g_ptr_array_new_with_free_func (file_free);
  return call;
}

static GhMigrationFile *
add_file (Call       *call,
          const char *path)
{
  GhMigrationFile *file = g_new0 (GhMigrationFile, 1);

  file->path = g_strdup (path);
  g_ptr_array_add (call->files, file);
  return file;
}

static Call *
finish (GhHost        *host,
        GAsyncResult  *result,
        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gh_host_load_migration_source_async (GhHost              *host,
                                     const char          *uuid,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  call = call_new (host, uuid);
  call->source = g_new0 (GhMigrationSource, 1);
  gh_host_call_parts (host, GH_LANE_USER, "migration-source", source_worker, call, call_unref,
                      SOURCE_N_PARTS, g_task_new (host, cancellable, callback, user_data));
}

GhMigrationSource *
gh_host_load_migration_source_finish (GhHost        *host,
                                      GAsyncResult  *result,
                                      GError       **error)
{
  Call *call = finish (host, result, error);
  GhMigrationSource *source = NULL;

  if (call == NULL)
    return NULL;
  source = g_steal_pointer (&call->source);
  call_unref (call);
  return source;
}

void
gh_host_load_migration_disks_async (GhHost              *host,
                                    const char          *uuid,
                                    GPtrArray           *disks,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  call = call_new (host, uuid);
  call->disks = g_ptr_array_new_with_free_func (disk_free);
  for (guint i = 0; i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);
      gboolean is_volume = disk->source_pool != NULL && disk->source_volume != NULL;
      DiskReading *reading = NULL;
      GhMigrationFile *file = NULL;

      if (!is_volume && (disk->source == NULL || *disk->source != '/'))
        continue;
      reading = g_new0 (DiskReading, 1);
      reading->target = g_strdup (disk->target);
      reading->has_size = g_strcmp0 (disk->device, "disk") == 0 ||
                          g_strcmp0 (disk->device, "lun") == 0;
      g_ptr_array_add (call->disks, reading);
      file = add_file (call, is_volume ? NULL : disk->source);
      file->is_medium = g_strcmp0 (disk->device, "cdrom") == 0 ||
                        g_strcmp0 (disk->device, "floppy") == 0;
      if (is_volume)
        {
          file->pool = g_strdup (disk->source_pool);
          file->name = g_strdup (disk->source_volume);
        }
    }
  gh_host_call_parts (host, GH_LANE_USER, "migration-disks", disk_worker, call, call_unref,
                      2 * call->disks->len, g_task_new (host, cancellable, callback, user_data));
}

gboolean
gh_host_load_migration_disks_finish (GhHost             *host,
                                     GAsyncResult       *result,
                                     GhMigrationSource  *source,
                                     GError            **error)
{
  Call *call = finish (host, result, error);
  g_autoptr (GStrvBuilder) busy = g_strv_builder_new ();

  if (call == NULL)
    return FALSE;
  for (guint i = 0; i < call->disks->len; i++)
    {
      const DiskReading *disk = g_ptr_array_index (call->disks, i);
      GhMigrationFile *file = g_ptr_array_index (call->files, i);

      /* The test driver makes them up. */
      if (disk->capacity > 0 && (!call->is_test || file->capacity == 0))
        {
          file->capacity = disk->capacity;
          file->allocation = disk->allocation > 0 ? disk->allocation : file->allocation;
        }
      if (disk->is_busy)
        g_strv_builder_add (busy, disk->target);
    }
  g_clear_pointer (&source->files, g_ptr_array_unref);
  g_clear_pointer (&source->block_jobs, g_strfreev);
  source->files = g_steal_pointer (&call->files);
  source->block_jobs = g_strv_builder_end (busy);
  call_unref (call);
  return TRUE;
}

void
gh_host_load_migration_target_async (GhHost              *host,
                                     const char          *uuid,
                                     const char          *name,
                                     const char          *xml,
                                     guint64              huge_page_kib,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  call = call_new (host, uuid);
  call->target = g_new0 (GhMigrationTarget, 1);
  call->target->cpu = -1;
  call->huge_page_kib = MIN (huge_page_kib, G_MAXUINT);
  call->name = g_strdup (name);
  call->xml = g_strdup (xml);
  gh_host_call_parts (host, GH_LANE_USER, "migration-target", target_worker, call, call_unref,
                      TARGET_N_PARTS, g_task_new (host, cancellable, callback, user_data));
}

GhMigrationTarget *
gh_host_load_migration_target_finish (GhHost        *host,
                                      GAsyncResult  *result,
                                      GError       **error)
{
  Call *call = finish (host, result, error);
  GhMigrationTarget *target = NULL;

  if (call == NULL)
    return NULL;
  target = g_steal_pointer (&call->target);
  call_unref (call);
  return target;
}

void
gh_host_load_migration_files_async (GhHost              *host,
                                    const char * const  *paths,
                                    const char * const  *media,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  call = call_new (host, NULL);
  for (guint i = 0; paths[i] != NULL; i++)
    add_file (call, paths[i])->is_medium = media != NULL && g_strv_contains (media, paths[i]);
  gh_host_call_parts (host, GH_LANE_USER, "migration-files", file_worker, call, call_unref,
                      call->files->len, g_task_new (host, cancellable, callback, user_data));
}

GPtrArray *
gh_host_load_migration_files_finish (GhHost        *host,
                                     GAsyncResult  *result,
                                     GError       **error)
{
  Call *call = finish (host, result, error);
  GPtrArray *files = NULL;

  if (call == NULL)
    return NULL;
  files = g_steal_pointer (&call->files);
  call_unref (call);
  return files;
}
