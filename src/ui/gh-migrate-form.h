/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"
#include "gh-migrate-plan.h"

G_BEGIN_DECLS

/* What can be chosen about one machine that moves. */
#define GH_TYPE_MIGRATE_FORM (gh_migrate_form_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateForm, gh_migrate_form, GH, MIGRATE_FORM, GtkBin)

GtkWidget     *gh_migrate_form_new      (GhMigratePlan *plan, GhHosts *hosts);
GhMigratePlan *gh_migrate_form_get_plan (GhMigrateForm *self);

G_END_DECLS
