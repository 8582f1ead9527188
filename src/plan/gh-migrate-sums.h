/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-migrate-plan.h"

G_BEGIN_DECLS

/**
 * GhMigrateSums:
 *
 * What the moves of a queue take together at the destination: each rehearses alone, and would have
 * all room for itself. Main thread.
 */
typedef struct _GhMigrateSums GhMigrateSums;

GhMigrateSums *gh_migrate_sums_new  (const char *there); /* the host's label */
void           gh_migrate_sums_free (GhMigrateSums *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrateSums, gh_migrate_sums_free)

/* Adds what a plan takes that is prepared and could go alone. FALSE: those before it leave it no
 * room, and it is not counted. Adds the warnings “together-no-room/NAME”,
 * “together-little-room/NAME” and “together-memory/NAME”. */
gboolean       gh_migrate_sums_add  (GhMigrateSums *self, GhMigratePlan *plan, GhPlanDraft *draft);

G_END_DECLS
