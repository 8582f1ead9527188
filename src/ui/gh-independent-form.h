/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-independent-plan.h"

G_BEGIN_DECLS

/* What becomes independent with a machine: its disks that lie on others, each with a tick where
 * there is a choice. */
#define GH_TYPE_INDEPENDENT_FORM (gh_independent_form_get_type ())
G_DECLARE_FINAL_TYPE (GhIndependentForm, gh_independent_form, GH, INDEPENDENT_FORM, GtkBin)

GtkWidget *gh_independent_form_new (GhIndependentPlan *plan);

G_END_DECLS
