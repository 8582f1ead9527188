/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-check.h"
#include "gh-migrate-plan.h"

G_BEGIN_DECLS

/* What an error of libvirt in a plan that moves a machine, or takes that back, means: the table of
 * gh-migrate-errors.h for all of its steps, and the end of QEMU's log where that is on this
 * computer. Answers explain_async () of GhPlanClass. @machine, its name, and @destination:
 * nullable, where they are not known. */
void gh_migrate_explain_async (GhPlan *plan, GhStep *step, const GError *error, const char *machine,
                               GhHost *destination, GAsyncReadyCallback callback,
                               gpointer user_data);

/* The same for what a fix of @plan failed with, which acted at @host. Takes @error. */
GError *gh_migrate_explain_fix (GhMigratePlan *plan, GhCheck *check, GhHost *host, GError *error);

G_END_DECLS
