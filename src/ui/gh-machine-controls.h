/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The buttons of the header bar for what can be done with the selected machines: those that cannot
 * be used now are not there. */
#define GH_TYPE_MACHINE_CONTROLS (gh_machine_controls_get_type ())
G_DECLARE_FINAL_TYPE (GhMachineControls, gh_machine_controls, GH, MACHINE_CONTROLS, GtkBox)

/* @actions: the window's, with GhMachineActions in it */
GtkWidget *gh_machine_controls_new (GActionMap *actions);

G_END_DECLS
