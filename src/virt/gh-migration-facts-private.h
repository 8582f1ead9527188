/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libvirt/libvirt.h>

#include "gh-host-private.h"
#include "gh-migration-facts.h"

G_BEGIN_DECLS

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
  GhMigrationSource *source; /* (nullable) */
  GhMigrationTarget *target; /* (nullable) */
  GPtrArray *files;          /* (nullable) (element-type GhMigrationFile) */
  GPtrArray *disks;          /* (nullable): of gh-migration-files.c */
} GhMigrationReading;

/* gh-migration-facts.c */
GhMigrationReading *gh_migration_reading_new    (GhHost *host, const char *uuid); /* nullable */
void                gh_migration_reading_unref  (gpointer data);
GhMigrationReading *gh_migration_reading_finish (GhHost *host, GAsyncResult *result,
                                                 GError **error);
void                gh_migration_host_clear     (GhMigrationHost *host);
/* In a lane's thread. */
void  gh_migration_host_read_identity (GhMigrationHost *host, virConnectPtr conn);
void  gh_migration_host_read_versions (GhMigrationHost *host, virConnectPtr conn);
char *gh_migration_dup_xml            (virDomainPtr domain, unsigned int flags, GError **error);

/* gh-migration-files.c */
void  gh_migration_file_free          (gpointer data);

G_END_DECLS
