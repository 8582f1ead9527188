/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "gh-plan.h"

G_BEGIN_DECLS

/* The journal of one plan: a JSON file, 0600, rewritten and synced before and after each step. A
 * journal that is there with no living program holding its lock belongs to a plan that was
 * killed. */
#define GH_TYPE_JOURNAL (gh_journal_get_type ())
G_DECLARE_FINAL_TYPE (GhJournal, gh_journal, GH, JOURNAL, GObject)

/* Interrupted plans, oldest first: (element-type GhPlan), each a GhUndoPlan, whose steps take back
 * the interrupted ones in reverse and whose run removes the journal when nothing is left. Reads
 * small local files; runs on a thread of its own. */
void       gh_journal_load_interrupted_async  (GCancellable *cancellable,
                                               GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *gh_journal_load_interrupted_finish (GAsyncResult *result, GError **error);

G_END_DECLS
