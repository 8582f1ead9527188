/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-clone-plan.h"

G_BEGIN_DECLS

/* The choices for copies of a machine. Signals: "show-xml": the user wants to see the definition
 * of the first one. */
#define GH_TYPE_CLONE_FORM (gh_clone_form_get_type ())
G_DECLARE_FINAL_TYPE (GhCloneForm, gh_clone_form, GH, CLONE_FORM, GtkBin)

GtkWidget   *gh_clone_form_new      (GhClonePlan *plan);
GhClonePlan *gh_clone_form_get_plan (GhCloneForm *self);

G_END_DECLS
