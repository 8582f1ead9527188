/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A command for a terminal, to be read and copied. Hidden while there is none. */
#define GH_TYPE_COMMAND_LINE (gh_command_line_get_type ())
G_DECLARE_FINAL_TYPE (GhCommandLine, gh_command_line, GH, COMMAND_LINE, GtkBin)

/* @command: (nullable) */
void gh_command_line_set_command (GhCommandLine *self, const char *command);

G_END_DECLS
