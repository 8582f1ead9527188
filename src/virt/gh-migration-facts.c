/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What is found out about a move before it: here the machine and its host, and what all readings
 * have in common. The others are in gh-migration-files.c and gh-migration-target.c. */

#define G_LOG_DOMAIN "gh-migration-facts"

#include "config.h"

#include "gh-migration-facts-private.h"

#include "gh-live.h"
#include "gh-presence-private.h"
#include "gh-virt-error-private.h"
#include "gh-xml-document.h"

void
gh_migration_host_clear (GhMigrationHost *host)
{
  g_free (host->uuid);
  g_free (host->hostname);
  g_free (host->driver);
  g_free (host->capabilities);
}

void
gh_migration_source_free (GhMigrationSource *self)
{
  gh_migration_host_clear (&self->host);
  g_free (self->xml);
  g_free (self->persistent_xml);
  g_free (self->job);
  g_strfreev (self->block_jobs);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_free (self);
}

static void
reading_clear (gpointer data)
{
  GhMigrationReading *reading = data;

  g_free (reading->name);
  g_free (reading->xml);
  g_clear_pointer (&reading->source, gh_migration_source_free);
  g_clear_pointer (&reading->target, gh_migration_target_free);
  g_clear_pointer (&reading->files, g_ptr_array_unref);
  g_clear_pointer (&reading->disks, g_ptr_array_unref);
}

void
gh_migration_reading_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, reading_clear);
}

GhMigrationReading *
gh_migration_reading_new (GhHost     *host,
                          const char *uuid)
{
  GhMigrationReading *reading = g_atomic_rc_box_new0 (GhMigrationReading);

  if (uuid != NULL)
    g_strlcpy (reading->uuid, uuid, sizeof reading->uuid);
  reading->is_test = gh_host_is_test (host);
  reading->is_local = gh_host_is_local (host) && !reading->is_test;
  reading->files = g_ptr_array_new_with_free_func (gh_migration_file_free);
  return reading;
}

GhMigrationReading *
gh_migration_reading_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gh_migration_host_read_identity (GhMigrationHost *host,
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

void
gh_migration_host_read_versions (GhMigrationHost *host,
                                 virConnectPtr    conn)
{
  host->driver = g_strdup (virConnectGetType (conn));
  virConnectGetVersion (conn, &host->hypervisor);
  virConnectGetLibVersion (conn, &host->libvirt);
  virResetLastError ();
}

char *
gh_migration_dup_xml (virDomainPtr   domain,
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
  GhMigrationReading *reading = part->record;
  GhMigrationSource *source = reading->source;
  virConnectPtr conn = gh_conn_get (lane, error);
  unsigned int migratable = reading->is_test ? 0 : VIR_DOMAIN_XML_MIGRATABLE;
  g_autoptr (virDomain) domain = NULL;

  if (conn != NULL && part->index == SOURCE_IDENTITY)
    gh_migration_host_read_identity (&source->host, conn);
  else if (conn != NULL && part->index == SOURCE_VERSIONS)
    gh_migration_host_read_versions (&source->host, conn);
  if (conn == NULL || part->index >= SOURCE_IDENTITY)
    return NULL;
  domain = gh_conn_find_domain (lane, reading->uuid, error);
  if (domain == NULL)
    return NULL;
  switch (part->index)
    {
    case SOURCE_XML:
      source->xml = gh_migration_dup_xml (domain, migratable, error);
      break;
    case SOURCE_PERSISTENT_XML:
      if (virDomainIsPersistent (domain) == 1)
        source->persistent_xml = gh_migration_dup_xml (domain,
                                                       migratable | VIR_DOMAIN_XML_INACTIVE, NULL);
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

void
gh_host_load_migration_source_async (GhHost              *host,
                                     const char          *uuid,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  GhMigrationReading *reading = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  reading = gh_migration_reading_new (host, uuid);
  reading->source = g_new0 (GhMigrationSource, 1);
  gh_host_call_parts (host, GH_LANE_USER, "migration-source", source_worker, reading,
                      gh_migration_reading_unref, SOURCE_N_PARTS,
                      g_task_new (host, cancellable, callback, user_data));
}

GhMigrationSource *
gh_host_load_migration_source_finish (GhHost        *host,
                                      GAsyncResult  *result,
                                      GError       **error)
{
  GhMigrationReading *reading = gh_migration_reading_finish (host, result, error);
  GhMigrationSource *source = NULL;

  if (reading == NULL)
    return NULL;
  source = g_steal_pointer (&reading->source);
  gh_migration_reading_unref (reading);
  return source;
}
