/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-delete-plan.h"

G_BEGIN_DECLS

/* What is to be deleted with a machine: its files, each with a tick where there is a choice. */
#define GH_TYPE_DELETE_FORM (gh_delete_form_get_type ())
G_DECLARE_FINAL_TYPE (GhDeleteForm, gh_delete_form, GH, DELETE_FORM, GtkBin)

GtkWidget *gh_delete_form_new (GhDeletePlan *plan);

G_END_DECLS
