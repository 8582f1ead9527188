/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-activity-item.h"

G_BEGIN_DECLS

/**
 * GhActivity:
 *
 * The plans run in this session, a GListModel of GhActivityItem, newest first.
 * It keeps running plans alive, whatever happens to the window they were
 * started from, and tells the desktop when one ends while nobody looks.
 *
 * Properties: "n-running" (guint), "fraction" (of all running ones together),
 * "unseen" (GhOutcome as int: the worst since somebody looked at the list).
 * Signals:
 *  - "plan-ended" (GhPlan *): a run has ended; see its outcome;
 *  - "show-machine" (GhHost *, const char *uuid): the user waits to see this
 *    machine; it may not be listed yet. The window selects it and shows its
 *    console.
 *  - "machine-moved" (GhHost *, const char *uuid): that machine is on this host now; it may not be
 *    listed yet.
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
GhOutcome       gh_activity_get_unseen   (GhActivity *self);
void            gh_activity_mark_seen    (GhActivity *self);
void            gh_activity_clear_ended  (GhActivity *self);
void            gh_activity_show_machine (GhActivity *self, GhHost *host, const char *uuid);
void            gh_activity_machine_moved (GhActivity *self, GhHost *host, const char *uuid);

G_END_DECLS
