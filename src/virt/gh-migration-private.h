/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libvirt/libvirt.h>

#include "gh-lane.h"
#include "gh-migration.h"

G_BEGIN_DECLS

struct _GhMigration
{
  GObject              parent_instance;

  GhHost              *source;
  GhHost              *destination;
  char                *uuid;
  GhMigrationOptions  *options;
  GhMigrationProgress *progress;     /* (nullable) */

  GTask               *task;         /* (nullable): while it runs */
  GhLane              *move_lane;    /* (nullable) */
  GhLane              *watch_lane;   /* (nullable) */
  guint                downtime_ms;  /* that was asked for last, while it moves */
  guint                watch_id;
  guint                abort_id;
  gulong               cancelled_id;
  gboolean             watching;     /* a question is under way */
  gint64               abort_us;     /* when it was first asked for */
  gboolean             aborting;
  gboolean             breaking;
  gboolean             yanked;
  gboolean             post_copy;
  gint64               moved_us;     /* when something moved last */
  guint                early_mib;    /* a bandwidth set before memory was being sent */
  gboolean             has_early;
};

/* gh-migration.c */
void                 gh_migration_notify_progress     (GhMigration         *self);
/* gh-migration-call.c */
void                 gh_migration_call_async          (GhMigration         *self,
                                                       GAsyncReadyCallback  callback,
                                                       gpointer             user_data);
/* gh-migration-watch.c */
void                 gh_migration_watch               (GhMigration         *self);
/* gh-migration-change.c */
void                 gh_migration_set_early_bandwidth (GhMigration         *self);
void                 gh_migration_abort               (GhMigration         *self);

/* In a lane's thread. */

/* How far the move away from this host is, whoever began it; NULL, and no error: there is none.
 * libvirt's error is that of an invalid operation where it is off, or only arrives. */
GhMigrationProgress *gh_migration_read_progress (virDomainPtr domain, GError **error);
/* 0: not limited. As virDomainMigrateSetMaxSpeed(); @post_copy: that of a post-copy as well, which
 * has one of its own, now or when it is started. */
int                  gh_migration_set_speed     (virDomainPtr domain, guint mib_per_s,
                                                 gboolean post_copy);
/* Whether the move was begun so that the guest can be slowed down. FALSE also where nobody says. */
gboolean             gh_migration_may_slow      (virDomainPtr domain);
/* < 0: libvirt's error, or QEMU refused. */
int                  gh_migration_slow_guest    (virDomainPtr domain);

G_END_DECLS
