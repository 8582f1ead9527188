/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The program without a window. */

/* Whether the arguments ask for a verb of the command line (or for --help, --version), and not
 * for the window. */
gboolean gh_cli_is_asked (int argc, char **argv);
/* Runs it; returns the exit status. Main thread, with no main loop running. */
int      gh_cli_run      (int argc, char **argv);

G_END_DECLS
