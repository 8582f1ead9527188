/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-clone-plan.h"

G_BEGIN_DECLS

/* One disk of a machine that is cloned, and what becomes of it: what cannot be chosen says why. */
#define GH_TYPE_CLONE_DISK_ROW (gh_clone_disk_row_get_type ())
G_DECLARE_FINAL_TYPE (GhCloneDiskRow, gh_clone_disk_row, GH, CLONE_DISK_ROW, GtkBin)

GtkWidget  *gh_clone_disk_row_new        (GhClonePlan *plan, GhCloneDisk *disk);
const char *gh_clone_disk_row_get_target (GhCloneDiskRow *self);
/* @pools: (element-type GhPoolInfo) (nullable): where it may go. */
void        gh_clone_disk_row_set_disk   (GhCloneDiskRow *self, GhCloneDisk *disk,
                                          GPtrArray *pools);
/* Whether a line parts it from the row above. */
void        gh_clone_disk_row_set_separated (GhCloneDiskRow *self, gboolean separated);

G_END_DECLS
