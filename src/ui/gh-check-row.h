/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-check.h"

G_BEGIN_DECLS

/* One check of a plan, with why and fix. Signal: "fixed", when the fix has been run, also when it
 * failed: it may have changed things. */
#define GH_TYPE_CHECK_ROW (gh_check_row_get_type ())
G_DECLARE_FINAL_TYPE (GhCheckRow, gh_check_row, GH, CHECK_ROW, GtkBin)

GtkWidget *gh_check_row_new       (GhCheck *check);
GhCheck   *gh_check_row_get_check (GhCheckRow *self);
/* For the same finding of a new preparation: what was opened stays open. */
void       gh_check_row_set_check (GhCheckRow *self, GhCheck *check);

/* Shows @checks (element-type GhCheck) in @box, in their order. Rows of findings that are still
 * there stay, with what was opened and what their fix said; @focus is focused when the row that
 * was has gone. @fixed_cb is connected swapped, to @data. */
void       gh_check_row_update_all (GtkBox *box, GPtrArray *checks, GCallback fixed_cb,
                                    gpointer data, GtkWidget *focus);
/* Whether the fix of one of them runs: then they should stay. */
gboolean   gh_check_row_is_any_fixing (GtkBox *box);

G_END_DECLS
