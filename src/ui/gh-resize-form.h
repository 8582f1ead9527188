/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-resize-plan.h"

G_BEGIN_DECLS

/* The choices of a GhResizePlan: which disk, and how large. */
#define GH_TYPE_RESIZE_FORM (gh_resize_form_get_type ())
G_DECLARE_FINAL_TYPE (GhResizeForm, gh_resize_form, GH, RESIZE_FORM, GtkBin)

GtkWidget *gh_resize_form_new     (GhResizePlan *plan);
/* In a window of its own. @parent: (nullable). */
void       gh_resize_form_present (GtkWindow *parent, GhMachine *machine);

G_END_DECLS
