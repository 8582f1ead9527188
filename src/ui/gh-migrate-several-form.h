/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"
#include "gh-migrate-queue.h"

G_BEGIN_DECLS

/* What can be chosen about several machines that move one after another: where to, how, and which
 * of them. */
#define GH_TYPE_MIGRATE_SEVERAL_FORM (gh_migrate_several_form_get_type ())
G_DECLARE_FINAL_TYPE (GhMigrateSeveralForm, gh_migrate_several_form, GH, MIGRATE_SEVERAL_FORM,
                      GtkBin)

GtkWidget      *gh_migrate_several_form_new       (GhMigrateQueue *queue, GhHosts *hosts);
GhMigrateQueue *gh_migrate_several_form_get_queue (GhMigrateSeveralForm *self);

G_END_DECLS
