/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-migrate-queue.h"

G_BEGIN_DECLS

struct _GhMigrateQueue
{
  GhPlan         parent_instance;

  GPtrArray     *plans;       /* (element-type GhMigratePlan) */
  GHashTable    *left_out;    /* (element-type GhMigratePlan): by the user */
  GhHost        *destination; /* (owned) (nullable) */
  GhMigratePlan *current;     /* (owned) (nullable) */
  int            preset;
  gboolean       temporary;
  guint          bandwidth;
  GHashTable    *ready;       /* (element-type GhMigratePlan) (unowned): are moved, as prepared */
};

/* gh-migrate-queue.c */
const char *gh_queued_plan_get_name        (GhMigratePlan *plan); /* of its machine */
gboolean    gh_queued_plan_is_done         (GhMigratePlan *plan);
/* @plan: (nullable): the one that runs now. */
void        gh_migrate_queue_set_current   (GhMigrateQueue *self, GhMigratePlan *plan);
/* One of them is done. */
void        gh_migrate_queue_emit_moved    (GhMigrateQueue *self, GhMigratePlan *plan);

/* gh-migrate-queue-prepare.c */
void        gh_migrate_queue_prepare_async (GhPlan *plan, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);

/* gh-queued-move.c: the move of one machine, as a step of the queue. */
GhStep     *gh_queued_move_new             (GhMigrateQueue *queue, GhMigratePlan *plan);

G_END_DECLS
