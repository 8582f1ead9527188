/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-plan.h"

G_BEGIN_DECLS

/**
 * GhActivityItem:
 *
 * One run of one plan. While it runs it follows the plan; when the run has
 * ended it keeps what was told at the end, so that the plan may be changed and
 * run again (which makes another item).
 *
 * Properties: "title", "status", "fraction", "running", "outcome".
 */
#define GH_TYPE_ACTIVITY_ITEM (gh_activity_item_get_type ())
G_DECLARE_FINAL_TYPE (GhActivityItem, gh_activity_item, GH, ACTIVITY_ITEM, GObject)

GhPlan     *gh_activity_item_get_plan     (GhActivityItem *self); /* nullable: NULL once ended */
const char *gh_activity_item_get_title    (GhActivityItem *self);
const char *gh_activity_item_get_status   (GhActivityItem *self);
double      gh_activity_item_get_fraction (GhActivityItem *self);
gboolean    gh_activity_item_is_running   (GhActivityItem *self);
gboolean    gh_activity_item_can_cancel   (GhActivityItem *self);
GhOutcome   gh_activity_item_get_outcome  (GhActivityItem *self);
/* The user ended it, and nothing went wrong in that: no reason to worry anybody. */
gboolean    gh_activity_item_was_cancelled (GhActivityItem *self);
gint64      gh_activity_item_get_end_time (GhActivityItem *self); /* µs since 1970; 0 before */
/* Steps with their states, equivalent commands, what is left, the error's raw text. */
char       *gh_activity_item_dup_log      (GhActivityItem *self);
void        gh_activity_item_cancel       (GhActivityItem *self);

/* For GhActivity. */
GhActivityItem *gh_activity_item_new         (GhPlan         *plan);
void            gh_activity_item_end         (GhActivityItem *self);
const char     *gh_activity_item_get_id      (GhActivityItem *self);
/* Nullable: the UUID of what was made. */
const char     *gh_activity_item_get_machine (GhActivityItem *self);

G_END_DECLS
