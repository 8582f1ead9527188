/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migration-facts"

#include "config.h"

#include "gh-migration-facts.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gh-domain-xml.h"
#include "gh-host-private.h"
#include "gh-live.h"
#include "gh-migration-xml.h"
#include "gh-presence-private.h"
#include "gh-state-folders-private.h"
#include "gh-virt-error-private.h"
#include "gh-xml-document.h"

/* What is asked of a machine that is busy is asked of its QEMU. */
typedef struct
{
  char      uuid[VIR_UUID_STRING_BUFLEN];
  gboolean  is_local;
  gboolean  is_test;
  char     *name;  /* (nullable) */
  char     *xml;   /* (nullable) */
  GStrv     paths; /* (nullable) */
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->name);
  g_free (call->xml);
  g_strfreev (call->paths);
  g_free (call);
}

static void
file_free (gpointer data)
{
  GhMigrationFile *file = data;

  g_free (file->path);
  g_free (file->pool);
  g_free (file->name);
  g_free (file->format);
  g_free (file->identity);
  g_free (file->stamp);
  g_free (file);
}

static void
host_clear (GhMigrationHost *host)
{
  g_free (host->uuid);
  g_free (host->hostname);
  g_free (host->driver);
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
  g_free (self->machine_error);
  g_free (self->cpu_error);
  g_clear_pointer (&self->folders, gh_state_folders_free);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_free (self);
}

static void
source_free (gpointer data)
{
  gh_migration_source_free (data);
}

static void
target_free (gpointer data)
{
  gh_migration_target_free (data);
}

GhMigrationFile *
gh_migration_find_file (GPtrArray  *files,
                        const char *path)
{
  for (guint i = 0; files != NULL && path != NULL && i < files->len; i++)
    {
      GhMigrationFile *file = g_ptr_array_index (files, i);

      if (strcmp (file->path, path) == 0)
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

/* Hosts */

static void
read_host (GhMigrationHost *host,
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
  host->driver = g_strdup (virConnectGetType (conn));
  virConnectGetVersion (conn, &host->hypervisor);
  virConnectGetLibVersion (conn, &host->libvirt);
  free (capabilities);
  free (hostname);
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
  file->name = g_strdup (virStorageVolGetName (volume));
  if (pool != NULL)
    {
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
  file->capacity = capacity != NULL ? g_ascii_strtoull (capacity, NULL, 10) : 0;
  file->allocation = allocation != NULL ? g_ascii_strtoull (allocation, NULL, 10) : 0;
  if (changed != NULL)
    file->stamp = g_strdup_printf ("%s %s", capacity, changed);
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

static GhMigrationFile *
read_file (virConnectPtr conn,
           const char   *path,
           gboolean      is_local)
{
  GhMigrationFile *file = g_new0 (GhMigrationFile, 1);
  g_autoptr (virStorageVol) volume = virStorageVolLookupByPath (conn, path);

  file->path = g_strdup (path);
  if (volume != NULL)
    read_volume (file, volume);
  if (is_local)
    look_at_file (file);
  virResetLastError ();
  return file;
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

/* The size of a disk is what QEMU says, where it runs. */
static void
read_size (GhMigrationFile *file,
           virDomainPtr     domain,
           const char      *target)
{
  virDomainBlockInfo info = { 0 };

  if (virDomainGetBlockInfo (domain, target, &info, 0) == 0)
    {
      file->capacity = info.capacity;
      if (info.allocation > 0)
        file->allocation = info.allocation;
    }
  virResetLastError ();
}

static void
read_disks (GhMigrationSource *source,
            virDomainPtr       domain,
            gboolean           is_local)
{
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (source->xml, NULL);
  g_autoptr (GPtrArray) disks = xml != NULL ? gh_domain_xml_list_disks (xml) : NULL;
  g_autoptr (GStrvBuilder) busy = g_strv_builder_new ();

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);
      virDomainBlockJobInfo info = { 0 };
      GhMigrationFile *file = NULL;

      if (disk->source == NULL || *disk->source != '/')
        continue;
      file = read_file (virDomainGetConnect (domain), disk->source, is_local);
      if (g_strcmp0 (disk->device, "disk") == 0 || g_strcmp0 (disk->device, "lun") == 0)
        read_size (file, domain, disk->target);
      g_ptr_array_add (source->files, file);
      if (source->presence.active && virDomainGetBlockJobInfo (domain, disk->target, &info, 0) == 1)
        g_strv_builder_add (busy, disk->target);
      virResetLastError ();
    }
  source->block_jobs = g_strv_builder_end (busy);
}

static void
read_condition (GhMigrationSource *source,
                virDomainPtr       domain)
{
  int state = 0;
  int reason = 0;
  int autostart = 0;
  int n_snapshots = virDomainSnapshotNum (domain, 0);

  source->n_snapshots = n_snapshots > 0 ? (guint) n_snapshots : 0;
  source->has_saved_state = virDomainHasManagedSaveImage (domain, 0) == 1;
  source->autostart = virDomainGetAutostart (domain, &autostart) == 0 && autostart != 0;
  if (virDomainGetState (domain, &state, &reason, 0) == 0)
    source->paused_by_error = state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_IOERROR;
  virResetLastError ();
}

static gpointer
source_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (GhMigrationSource) source = g_new0 (GhMigrationSource, 1);
  unsigned int migratable = call->is_test ? 0 : VIR_DOMAIN_XML_MIGRATABLE;

  source->files = g_ptr_array_new_with_free_func (file_free);
  if (domain == NULL)
    return NULL;
  read_host (&source->host, virDomainGetConnect (domain));
  gh_presence_read (&source->presence, domain);
  source->xml = dup_xml (domain, migratable, error);
  if (source->xml == NULL)
    return NULL;
  if (source->presence.persistent)
    source->persistent_xml = dup_xml (domain, migratable | VIR_DOMAIN_XML_INACTIVE, NULL);
  source->job = source->presence.active ? gh_live_dup_job (domain) : NULL;
  read_condition (source, domain);
  read_disks (source, domain, call->is_local);
  return g_steal_pointer (&source);
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
      target->uuid_active = virDomainIsActive (same) == 1;
      target->uuid_name = g_strdup (virDomainGetName (same));
    }
  if (namesake != NULL)
    {
      char uuid[VIR_UUID_STRING_BUFLEN] = "";

      virDomainGetUUIDString (namesake, uuid);
      target->has_name = strcmp (uuid, call->uuid) != 0;
    }
  virResetLastError ();
}

/* The emulator's path may be another there: libvirt finds it by what it emulates. */
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
  char *capabilities = virConnectGetDomainCapabilities (conn, NULL, arch, machine, type, 0);
  virErrorPtr last = capabilities == NULL ? virGetLastError () : NULL;

  target->cpu = -1;
  if (last != NULL && last->code != VIR_ERR_NO_SUPPORT)
    target->machine_error = g_strdup (last->message);
  free (capabilities);
  virResetLastError ();
  if (target->machine_error != NULL || cpu == NULL ||
      (mode != NULL && strcmp (mode, "custom") != 0))
    return;
  switch (virConnectCompareHypervisorCPU (conn, NULL, arch, machine, type, cpu,
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

static gpointer
target_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GhMigrationTarget) target = g_new0 (GhMigrationTarget, 1);
  g_autoptr (GhDomainXml) xml = NULL;

  target->files = g_ptr_array_new_with_free_func (file_free);
  if (conn == NULL)
    return NULL;
  xml = gh_domain_xml_new_from_string (call->xml, error);
  if (xml == NULL)
    return NULL;
  read_host (&target->host, conn);
  read_names (target, conn, call);
  compare_machine (target, conn, xml);
  read_folders (target, conn, xml);
  target->free_memory_kib = virNodeGetFreeMemory (conn) / 1024;
  for (guint i = 0; call->paths[i] != NULL; i++)
    g_ptr_array_add (target->files, read_file (conn, call->paths[i], call->is_local));
  virResetLastError ();
  return g_steal_pointer (&target);
}

/* Asking */

static Call *
call_new (GhHost     *host,
          const char *uuid)
{
  Call *call = g_new0 (Call, 1);

  g_strlcpy (call->uuid, uuid, sizeof call->uuid);
  call->is_test = gh_host_is_test (host);
  call->is_local = gh_host_is_local (host) && !call->is_test;
  return call;
}

void
gh_host_load_migration_source_async (GhHost              *host,
                                     const char          *uuid,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_READ, "migration-source", source_worker,
                call_new (host, uuid), call_free, source_free,
                g_task_new (host, cancellable, callback, user_data));
}

GhMigrationSource *
gh_host_load_migration_source_finish (GhHost        *host,
                                      GAsyncResult  *result,
                                      GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gh_host_load_migration_target_async (GhHost              *host,
                                     const char          *uuid,
                                     const char          *name,
                                     const char          *xml,
                                     const char * const  *paths,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  call = call_new (host, uuid);
  call->name = g_strdup (name);
  call->xml = g_strdup (xml);
  call->paths = g_strdupv ((GStrv) paths);
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_READ, "migration-target", target_worker,
                call, call_free, target_free, g_task_new (host, cancellable, callback, user_data));
}

GhMigrationTarget *
gh_host_load_migration_target_finish (GhHost        *host,
                                      GAsyncResult  *result,
                                      GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
