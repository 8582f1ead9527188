/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-activity-item.h"

G_BEGIN_DECLS

/* One run in the list of activity. */
#define GH_TYPE_ACTIVITY_ROW (gh_activity_row_get_type ())
G_DECLARE_FINAL_TYPE (GhActivityRow, gh_activity_row, GH, ACTIVITY_ROW, GtkBin)

GtkWidget *gh_activity_row_new (GhActivityItem *item);

G_END_DECLS
