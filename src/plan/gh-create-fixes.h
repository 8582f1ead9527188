/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-check.h"
#include "gh-create-plan.h"
#include "gh-image-probe.h"

G_BEGIN_DECLS

/* Repairs of the create plan's checks. Each holds the plan weakly: the plan holds the check. */
void gh_create_fix_connect         (GhCheck *check, GhHost *host, GhCreatePlan *plan);
void gh_create_fix_reset           (GhCheck *check, GhCreatePlan *plan, GhCreateField field,
                                    const char *label);
void gh_create_fix_name            (GhCheck *check, GhCreatePlan *plan, const char *name);
void gh_create_fix_other_disk_name (GhCheck *check, GhCreatePlan *plan, const char *disk_name);
void gh_create_fix_use_as_disk     (GhCheck *check, GhCreatePlan *plan, const char *path);
void gh_create_fix_use_as_iso      (GhCheck *check, GhCreatePlan *plan, const char *path);
void gh_create_fix_access          (GhCheck *check, GhCreatePlan *plan, const GhImageInfo *info,
                                    const char *command);
void gh_create_fix_start_pool      (GhCheck *check, GhCreatePlan *plan, GhHost *host,
                                    const GhPoolInfo *pool);
void gh_create_fix_start_network   (GhCheck *check, GhCreatePlan *plan, GhHost *host,
                                    const GhNetworkInfo *network);

G_END_DECLS
