/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-check.h"

G_BEGIN_DECLS

/* One check of a plan, with why and fix. Signal: "fixed", when the fix has been run. */
#define GH_TYPE_CHECK_ROW (gh_check_row_get_type ())
G_DECLARE_FINAL_TYPE (GhCheckRow, gh_check_row, GH, CHECK_ROW, GtkBin)

GtkWidget *gh_check_row_new       (GhCheck *check);
GhCheck   *gh_check_row_get_check (GhCheckRow *self);
/* For the same finding of a new preparation: what was opened stays open. */
void       gh_check_row_set_check (GhCheckRow *self, GhCheck *check);

G_END_DECLS
