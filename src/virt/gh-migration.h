/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* Moving machines that run to another host (virDomainMigrate3 and its companions). By UUID, for
 * plans that go on or undo after a restart. */

typedef enum
{
  GH_MIGRATION_STARTING,
  GH_MIGRATION_DISKS,     /* disks are copied */
  GH_MIGRATION_MEMORY,    /* memory is, while the guest goes on here */
  GH_MIGRATION_POST_COPY, /* the guest goes on there, and the rest follows */
} GhMigrationPhase;

/**
 * GhMigrationProgress:
 *
 * How far a move is, as QEMU says. Sizes in bytes, rates in bytes per second. A boxed type.
 */
typedef struct
{
  GhMigrationPhase phase;
  guint64          elapsed_ms;
  guint64          disk_total;
  guint64          disk_done;
  guint64          disk_rate;
  guint64          memory_total;
  guint64          memory_done;      /* of the total, what needs no sending any more */
  guint64          memory_sent;      /* over the line, grows beyond the total */
  guint64          memory_remaining;
  guint64          memory_rate;
  guint64          dirty_rate;       /* what the guest writes meanwhile; 0: not known yet */
  guint            iteration;
  guint            throttle;         /* per cent by which the guest is slowed down */
  gint64           downtime_ms;      /* the expected pause; < 0: not known */
  guint            max_downtime_ms;  /* that is allowed; 0: not known */
} GhMigrationProgress;

#define GH_TYPE_MIGRATION_PROGRESS (gh_migration_progress_get_type ())
GType                gh_migration_progress_get_type (void);
GhMigrationProgress *gh_migration_progress_copy     (const GhMigrationProgress *self);
void                 gh_migration_progress_free     (GhMigrationProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrationProgress, gh_migration_progress_free)

G_END_DECLS
