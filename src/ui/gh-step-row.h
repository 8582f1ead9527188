/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-step.h"

G_BEGIN_DECLS

/* One step of a plan, with its state. */
#define GH_TYPE_STEP_ROW (gh_step_row_get_type ())
G_DECLARE_FINAL_TYPE (GhStepRow, gh_step_row, GH, STEP_ROW, GtkBin)

GtkWidget *gh_step_row_new (GhStep *step);

G_END_DECLS
