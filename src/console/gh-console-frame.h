/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GH_TYPE_CONSOLE_FRAME (gh_console_frame_get_type ())
G_DECLARE_FINAL_TYPE (GhConsoleFrame, gh_console_frame, GH, CONSOLE_FRAME, GtkBin)

GtkWidget *gh_console_frame_new         (void);
void       gh_console_frame_set_shrinks (GhConsoleFrame *self,
                                         gboolean        shrinks);

G_END_DECLS
