/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a host says of a machine that may come to it, and of itself as its destination. */

#define G_LOG_DOMAIN "gh-migration-target"

#include "config.h"

#include "gh-migration-facts-private.h"

#include <string.h>

#include "gh-domain-xml.h"
#include "gh-migration-xml.h"
#include "gh-state-folders-private.h"
#include "gh-xml-document.h"

void
gh_migration_target_free (GhMigrationTarget *self)
{
  gh_migration_host_clear (&self->host);
  g_free (self->uuid_name);
  g_free (self->uuid_xml);
  g_free (self->machine_error);
  g_free (self->offer);
  g_free (self->emulator);
  g_free (self->cpu_error);
  g_clear_pointer (&self->folders, gh_state_folders_free);
  g_free (self);
}

static void
read_names (GhMigrationTarget        *target,
            virConnectPtr             conn,
            const GhMigrationReading *reading)
{
  g_autoptr (virDomain) same = virDomainLookupByUUIDString (conn, reading->uuid);
  g_autoptr (virDomain) namesake = virDomainLookupByName (conn, reading->name);

  if (same != NULL)
    {
      target->has_uuid = TRUE;
      target->uuid_active = virDomainGetID (same) != (unsigned int) -1;
      target->uuid_name = g_strdup (virDomainGetName (same));
    }
  if (same != NULL && !target->uuid_active)
    {
      target->uuid_saved = virDomainHasManagedSaveImage (same, 0) == 1;
      target->uuid_xml = gh_migration_dup_xml (same, VIR_DOMAIN_XML_INACTIVE |
                                               (reading->is_test ? 0 : VIR_DOMAIN_XML_MIGRATABLE),
                                               NULL);
    }
  if (namesake != NULL)
    {
      char uuid[VIR_UUID_STRING_BUFLEN] = "";

      virDomainGetUUIDString (namesake, uuid);
      target->has_name = strcmp (uuid, reading->uuid) != 0;
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
      else
        target->cpu_unknown = TRUE;
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
read_memory (GhMigrationTarget        *target,
             virConnectPtr             conn,
             const GhMigrationReading *reading)
{
  unsigned int page = (unsigned int) reading->huge_page_kib;
  unsigned long long n_free = 0;

  target->post_copy = read_post_copy (reading->is_local);
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
  GhMigrationReading *reading = part->record;
  GhMigrationTarget *target = reading->target;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GhDomainXml) xml = NULL;

  if (conn == NULL)
    return NULL;
  xml = gh_domain_xml_new_from_string (reading->xml, error);
  if (xml == NULL)
    return NULL;
  switch (part->index)
    {
    case TARGET_MACHINE:
      compare_machine (target, conn, xml);
      break;
    case TARGET_NAMES:
      read_names (target, conn, reading);
      break;
    case TARGET_MEMORY:
      read_memory (target, conn, reading);
      break;
    case TARGET_FOLDERS:
      read_folders (target, conn, xml);
      break;
    case TARGET_IDENTITY:
      gh_migration_host_read_identity (&target->host, conn);
      break;
    default:
      gh_migration_host_read_versions (&target->host, conn);
    }
  virResetLastError ();
  return NULL;
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
  GhMigrationReading *reading = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  reading = gh_migration_reading_new (host, uuid);
  reading->target = g_new0 (GhMigrationTarget, 1);
  reading->target->cpu = -1;
  reading->huge_page_kib = MIN (huge_page_kib, G_MAXUINT);
  reading->name = g_strdup (name);
  reading->xml = g_strdup (xml);
  gh_host_call_parts (host, GH_LANE_USER, "migration-target", target_worker, reading,
                      gh_migration_reading_unref, TARGET_N_PARTS,
                      g_task_new (host, cancellable, callback, user_data));
}

GhMigrationTarget *
gh_host_load_migration_target_finish (GhHost        *host,
                                      GAsyncResult  *result,
                                      GError       **error)
{
  GhMigrationReading *reading = gh_migration_reading_finish (host, result, error);
  GhMigrationTarget *target = NULL;

  if (reading == NULL)
    return NULL;
  target = g_steal_pointer (&reading->target);
  gh_migration_reading_unref (reading);
  return target;
}
