/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * GhSidebarHandle:
 *
 * The line between two panes, which can be dragged: with the pointer, which has some
 * pixels on both sides of it, and with the arrow keys. What is to the start of it becomes
 * as wide as "width", which is in pixels at 96 dpi and as large as the text on others.
 *
 * Properties: "width" (int).
 */
#define GH_TYPE_SIDEBAR_HANDLE (gh_sidebar_handle_get_type ())
G_DECLARE_FINAL_TYPE (GhSidebarHandle, gh_sidebar_handle, GH, SIDEBAR_HANDLE, GtkSeparator)

/* @pane: what is to the start of it, and owned by the same container. */
void gh_sidebar_handle_set_pane  (GhSidebarHandle *self, GtkWidget *pane);
int  gh_sidebar_handle_get_width (GhSidebarHandle *self);
void gh_sidebar_handle_set_width (GhSidebarHandle *self, int width);

G_END_DECLS
