/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What the activity button shows: the runs of this session, newest first. */
#define GH_TYPE_ACTIVITY_LIST (gh_activity_list_get_type ())
G_DECLARE_FINAL_TYPE (GhActivityList, gh_activity_list, GH, ACTIVITY_LIST, GtkBin)

GtkWidget *gh_activity_list_new (void);

G_END_DECLS
