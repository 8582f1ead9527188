/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-delete-plan.h"

G_BEGIN_DECLS

/* One file of a machine that is to be deleted. */
#define GH_TYPE_FILE_ROW (gh_file_row_get_type ())
G_DECLARE_FINAL_TYPE (GhFileRow, gh_file_row, GH, FILE_ROW, GtkBin)

GtkWidget  *gh_file_row_new      (GhDeletePlan *plan, GhMachineFile *file);
const char *gh_file_row_get_path (GhFileRow *self);
/* As a new preparation found it. */
void        gh_file_row_set_file (GhFileRow *self, GhMachineFile *file);

G_END_DECLS
