/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-migrate-plan.h"

G_BEGIN_DECLS

/* How a machine moves, in detail: what goes together with what else is chosen can be chosen, and
 * what does not says why. */
#define GH_TYPE_MIGRATE_OPTIONS (gh_migrate_options_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateOptions, gh_migrate_options, GH, MIGRATE_OPTIONS, GtkBin)

/* Once. */
void gh_migrate_options_set_plan (GhMigrateOptions *self, GhMigratePlan *plan);

G_END_DECLS
