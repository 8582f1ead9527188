/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-hosts.h"
#include "gh-plan.h"

G_BEGIN_DECLS

#define GH_TYPE_UNDO_PLAN (gh_undo_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhUndoPlan, gh_undo_plan, GH, UNDO_PLAN, GhPlan)

/* Takes back a plan whose program was killed; made by gh_journal_load_interrupted_async(). Its host
 * connects when it is prepared; one that is open already may be given with the property "host". The
 * same goes for further hosts its steps acted on, which are looked for in "hosts" (nullable). */
/* “Create “web-1””; as it was written then. */
const char *gh_undo_plan_get_original_title (GhUndoPlan *self);
const char *gh_undo_plan_get_original_kind  (GhUndoPlan *self); /* "create" */
const char *gh_undo_plan_get_host_uri       (GhUndoPlan *self);
gint64      gh_undo_plan_get_start_time     (GhUndoPlan *self); /* µs since the epoch */
gboolean    gh_undo_plan_may_recover        (GhUndoPlan *self); /* see gh_step_may_be_in_doubt() */

/* Removes the journal and leaves everything as it is: it is not offered again. */
void        gh_undo_plan_forget_async       (GhUndoPlan *self, GAsyncReadyCallback callback,
                                             gpointer user_data);
gboolean    gh_undo_plan_forget_finish      (GhUndoPlan *self, GAsyncResult *result,
                                             GError **error);

G_END_DECLS
