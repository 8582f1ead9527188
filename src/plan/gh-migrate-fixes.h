/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-migrate-plan-private.h"

G_BEGIN_DECLS

/* Repairs of the checks of moving. Each holds the plan weakly: the plan holds the check. */
void gh_migrate_fix_pool_missing (GhCheck *check, GhMigratePlan *plan, const GhMigrateItem *item);
void gh_migrate_fix_pool_off     (GhCheck *check, GhMigratePlan *plan, const GhPoolInfo *pool);
void gh_migrate_fix_network_off  (GhCheck *check, GhMigratePlan *plan, const char *network);
void gh_migrate_fix_medium       (GhCheck *check, GhMigratePlan *plan, const char *target);

G_END_DECLS
