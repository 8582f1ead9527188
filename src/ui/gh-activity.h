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

GhPlan      *gh_activity_item_get_plan     (GhActivityItem *self); /* nullable: NULL once ended */
const char  *gh_activity_item_get_title    (GhActivityItem *self);
const char  *gh_activity_item_get_status   (GhActivityItem *self);
double       gh_activity_item_get_fraction (GhActivityItem *self);
gboolean     gh_activity_item_is_running   (GhActivityItem *self);
gboolean     gh_activity_item_can_cancel   (GhActivityItem *self);
GhOutcome    gh_activity_item_get_outcome  (GhActivityItem *self);
gint64       gh_activity_item_get_end_time (GhActivityItem *self); /* µs since the epoch; 0 before */
/* Steps with their states, equivalent commands, what is left, the error's raw text. */
char        *gh_activity_item_dup_log      (GhActivityItem *self);
void         gh_activity_item_cancel       (GhActivityItem *self);

/**
 * GhActivity:
 *
 * The plans run in this session, a GListModel of GhActivityItem, newest first.
 * It keeps running plans alive, whatever happens to the window they were
 * started from, and tells the desktop when one ends while nobody looks.
 *
 * Properties: "n-running" (guint), "fraction" (of all running ones together).
 * Signals:
 *  - "plan-ended" (GhPlan *): a run has ended; see its outcome;
 *  - "show-machine" (GhHost *, const char *uuid): the user waits to see this
 *    machine; it may not be listed yet. The window selects it and shows its
 *    console.
 *
 * Notifications activate "app.show-machine" (s, the uuid) or "app.activate".
 */
#define GH_TYPE_ACTIVITY (gh_activity_get_type ())
G_DECLARE_FINAL_TYPE (GhActivity, gh_activity, GH, ACTIVITY, GObject)

GhActivity     *gh_activity_get_default  (void); /* transfer none */
/* Runs @plan to its end. The caller follows the plan's own signals, or gives a callback. */
void            gh_activity_run          (GhActivity *self, GhPlan *plan);
guint           gh_activity_get_n_running (GhActivity *self);
double          gh_activity_get_fraction (GhActivity *self);
void            gh_activity_clear_ended  (GhActivity *self);
void            gh_activity_show_machine (GhActivity *self, GhHost *host, const char *uuid);

G_END_DECLS
