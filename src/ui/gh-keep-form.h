/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-keep-plan.h"

G_BEGIN_DECLS

/* The choices of a GhKeepPlan. */
#define GH_TYPE_KEEP_FORM (gh_keep_form_get_type ())
G_DECLARE_FINAL_TYPE (GhKeepForm, gh_keep_form, GH, KEEP_FORM, GtkBin)

GtkWidget *gh_keep_form_new (GhKeepPlan *plan);

G_END_DECLS
