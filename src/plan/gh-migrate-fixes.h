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
void gh_migrate_fix_network_missing (GhCheck *check, GhMigratePlan *plan,
                                     const GhMigrateNetwork *network);
/* Leaves a device of the host here, or takes it along after all. */
void gh_migrate_fix_device       (GhCheck *check, GhMigratePlan *plan, const char *device,
                                  gboolean dropped);
/* Has this computer do it. */
void gh_migrate_fix_route        (GhCheck *check, GhMigratePlan *plan);
/* gh-migrate-cpu.c */
void gh_migrate_fix_cpu          (GhCheck *check, GhMigratePlan *plan);

/* Copies secrets the destination does not have. */
void gh_migrate_fix_secrets         (GhCheck *check, GhMigratePlan *plan);

G_END_DECLS
