/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-clone-plan.h"
#include "gh-clone-xml.h"

G_BEGIN_DECLS

/* One thing that is, or is not, the same in the new machine, and the choice to have it
 * otherwise. */
#define GH_TYPE_CLONE_CHANGE_ROW (gh_clone_change_row_get_type ())
G_DECLARE_FINAL_TYPE (GhCloneChangeRow, gh_clone_change_row, GH, CLONE_CHANGE_ROW, GtkBin)

GtkWidget  *gh_clone_change_row_new        (GhClonePlan *plan, GhCloneChange *change);
const char *gh_clone_change_row_get_id     (GhCloneChangeRow *self);
void        gh_clone_change_row_set_change (GhCloneChangeRow *self, GhCloneChange *change);

G_END_DECLS
