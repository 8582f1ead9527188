/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"
#include "gh-migration.h"
#include "gh-state-folders.h"

G_BEGIN_DECLS

/* Everything a rehearsal of a move asks two hosts, side by side on several connections, so that a
 * line with a long delay is waited for as seldom as can be. Read only. */

/* A host as a partner of a move. */
typedef struct
{
  char   *uuid;       /* (nullable): its own idea of who it is */
  char   *hostname;   /* (nullable) */
  char   *driver;     /* (nullable): "QEMU" */
  char   *capabilities; /* (nullable): libvirt's document */
  gulong  libvirt;    /* versions as libvirt writes them: 9000000; 0: not known */
  gulong  hypervisor;
} GhMigrationHost;

/* The file or volume at a path, as one of the hosts sees it. */
typedef struct
{
  char     *path;       /* (nullable): a volume that is not found, or has none, as in Ceph */
  gboolean  is_known;   /* FALSE: no active pool holds it, and its files are not ours to look at */
  gboolean  is_there;
  char     *pool;       /* (nullable) */
  char     *name;       /* (nullable): of the volume */
  char     *pool_type;  /* (nullable): only where it was asked for by pool and name */
  char     *format;     /* (nullable) */
  guint64   capacity;
  guint64   allocation;
  char     *backing;    /* (nullable): what it lies on, as its pool says */
  GPtrArray *layers;    /* (nullable) (element-type GhMigrationFile): all it lies on, nearest first,
                         * as far as they are volumes; of the source's disks only */
  char     *identity;   /* (nullable): device and inode, where they can be looked at */
  gboolean  is_medium;  /* a CD or floppy, which is to be compared */
  char     *digest;     /* (nullable): of a medium's beginning, where it can be read */
  char     *stamp;      /* (nullable): its size and when it changed last, to the nanosecond */
} GhMigrationFile;

typedef struct
{
  GhMigrationHost  host;
  GhPresence       presence;
  char            *xml;            /* that can be moved, of the run if there is one; has secrets */
  char            *persistent_xml; /* (nullable): the definition; has secrets */
  guint            n_snapshots;
  gboolean         has_saved_state;
  gboolean         autostart;
  gboolean         paused_by_error; /* of its disks */
  char            *job;            /* (nullable): what it is busy with, in words */
  /* Of its disks: after gh_host_load_migration_disks_async (). */
  GStrv            block_jobs;     /* (nullable): targets of disks something is done to */
  GPtrArray       *files;          /* (nullable) (element-type GhMigrationFile): that have paths,
                                    * or are volumes of pools */
} GhMigrationSource;

void                gh_migration_source_free (GhMigrationSource *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrationSource, gh_migration_source_free)

typedef struct
{
  GhMigrationHost  host;
  gboolean         has_uuid;       /* a machine with this UUID is there */
  gboolean         uuid_active;
  char            *uuid_name;      /* (nullable) */
  char            *uuid_xml;       /* (nullable): its definition, where it is off; has secrets */
  gboolean         uuid_saved;     /* and it was saved in the middle of a run */
  gboolean         has_name;       /* another one has the name */
  char            *machine_error;  /* (nullable): why it cannot run this kind of machine */
  char            *offer;          /* (nullable): domain capabilities, for this kind of machine */
  char            *emulator;       /* (nullable): its QEMU, where it has none of the machine's */
  gint64           huge_kib;       /* free in huge pages of the machine's size; -1: not known */
  int              cpu;            /* 1: it has everything, 0: it does not, -1: nobody knows */
  gboolean         cpu_unknown;    /* it was asked, and could not compare */
  char            *cpu_error;      /* (nullable): what is missing, as libvirt says */
  guint64          free_memory_kib; /* 0: not known */
  GhStateFolders  *folders;        /* (nullable): of its libvirt; only for firmware variables */
  int              post_copy;      /* 1: its kernel lets QEMU do it, 0: not, -1: nobody knows */
} GhMigrationTarget;

void                gh_migration_target_free (GhMigrationTarget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrationTarget, gh_migration_target_free)

GhMigrationFile    *gh_migration_find_file   (GPtrArray *files, const char *path); /* nullable */
/* nullable */
GhMigrationFile    *gh_migration_find_volume (GPtrArray *files, const char *pool,
                                              const char *name);
/* Whether both are the same file; FALSE also where nobody can tell. */
gboolean            gh_migration_file_is_same (const GhMigrationFile *a, const GhMigrationFile *b);

void                gh_host_load_migration_source_async  (GhHost *host, const char *uuid,
                                                          GCancellable *cancellable,
                                                          GAsyncReadyCallback callback,
                                                          gpointer user_data);
GhMigrationSource  *gh_host_load_migration_source_finish (GhHost *host, GAsyncResult *result,
                                                          GError **error);
/* @disks: (element-type GhDiskXml): of the machine's XML. */
void                gh_host_load_migration_disks_async   (GhHost *host, const char *uuid,
                                                          GPtrArray *disks,
                                                          GCancellable *cancellable,
                                                          GAsyncReadyCallback callback,
                                                          gpointer user_data);
gboolean            gh_host_load_migration_disks_finish  (GhHost *host, GAsyncResult *result,
                                                          GhMigrationSource *source,
                                                          GError **error);
/* @xml: the source's; @name: it is to have; @huge_page_kib: of the pages its memory is in, or 0. */
void                gh_host_load_migration_target_async  (GhHost *host, const char *uuid,
                                                          const char *name, const char *xml,
                                                          guint64 huge_page_kib,
                                                          GCancellable *cancellable,
                                                          GAsyncReadyCallback callback,
                                                          gpointer user_data);
GhMigrationTarget  *gh_host_load_migration_target_finish (GhHost *host, GAsyncResult *result,
                                                          GError **error);
/* Whether a medium is certainly not the same; FALSE also where nobody can tell: then *@known is. */
gboolean            gh_migration_file_differs (const GhMigrationFile *a, const GhMigrationFile *b,
                                               gboolean *known);
/* What is at @paths: an array of GhMigrationFile. Those in @media are to be compared: how they
 * begin is read. */
void                gh_host_load_migration_files_async   (GhHost *host,
                                                          const char * const *paths,
                                                          const char * const *media,
                                                          GCancellable *cancellable,
                                                          GAsyncReadyCallback callback,
                                                          gpointer user_data);
GPtrArray          *gh_host_load_migration_files_finish  (GhHost *host, GAsyncResult *result,
                                                          GError **error);

G_END_DECLS
