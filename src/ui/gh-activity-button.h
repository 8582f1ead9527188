/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A header-bar button with the progress of what runs, and in its popover the
 * list of GhActivity. Follows gh_activity_get_default() by itself. */
#define GH_TYPE_ACTIVITY_BUTTON (gh_activity_button_get_type ())
G_DECLARE_FINAL_TYPE (GhActivityButton, gh_activity_button, GH, ACTIVITY_BUTTON, GtkMenuButton)

GtkWidget *gh_activity_button_new (void);

G_END_DECLS
