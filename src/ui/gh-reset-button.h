/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Beside a choice that has a proposal: says on the row whether it is the recommended one, and
 * when it is not, brings that back.
 * Properties: "plan" (GhCreatePlan), "field" (string: "memory"), "row" (HdyActionRow). */
#define GH_TYPE_RESET_BUTTON (gh_reset_button_get_type ())
G_DECLARE_FINAL_TYPE (GhResetButton, gh_reset_button, GH, RESET_BUTTON, GtkButton)

G_END_DECLS
