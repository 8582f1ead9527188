/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-migration.h"
#include "gh-step.h"

G_BEGIN_DECLS

/* Moves a running machine; see gh-steps.h. Signal: "progress", about once a second. */
#define GH_TYPE_MIGRATE_STEP (gh_migrate_step_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateStep, gh_migrate_step, GH, MIGRATE_STEP, GhStep)

/* @options: copied. */
GhStep      *gh_migrate_step_new           (GhHost *destination, const char *uuid, const char *name,
                                            const GhMigrationOptions *options);
GhMigration *gh_migrate_step_get_migration (GhMigrateStep *self); /* nullable: while it runs */

/* While it runs, and nothing comes over its line any more: makes a new connection, as soon as both
 * sides have given up the old one. Ends when the source has. */
void         gh_migrate_step_recover_async  (GhMigrateStep *self, GAsyncReadyCallback callback,
                                             gpointer user_data);
gboolean     gh_migrate_step_recover_finish (GhMigrateStep *self, GAsyncResult *result,
                                             GError **error);

/* After it: both hosts are listed anew, and the definition is where it belongs, once. @xml: of the
 * definition, in memory only; (nullable) for one that is to have none there. @autostart: the host
 * started it by itself. */
GhStep      *gh_settle_step_new            (GhHost *destination, const char *uuid, const char *name,
                                            const char *xml, gboolean undefine, gboolean autostart);

G_END_DECLS
