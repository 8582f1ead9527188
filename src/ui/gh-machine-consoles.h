/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-console.h"
#include "gh-machine.h"

G_BEGIN_DECLS

/* The consoles of one machine, one of them shown. Consoles are made when they are first seen.
 *
 * Properties: "kind" (int, a GhConsoleKind).
 * Signals: "fullscreen-requested" (gboolean), "failed" (const char *title, GError *): to be
 * told. */
#define GH_TYPE_MACHINE_CONSOLES (gh_machine_consoles_get_type ())
G_DECLARE_FINAL_TYPE (GhMachineConsoles, gh_machine_consoles, GH, MACHINE_CONSOLES, GtkBin)

GtkWidget    *gh_machine_consoles_new            (void);
void          gh_machine_consoles_set_machine    (GhMachineConsoles *self, GhMachine *machine);
GhConsoleKind gh_machine_consoles_get_kind       (GhMachineConsoles *self);
void          gh_machine_consoles_set_kind       (GhMachineConsoles *self, GhConsoleKind kind);
/* The console that is shown; nullable. */
GhConsole    *gh_machine_consoles_get_console    (GhMachineConsoles *self);
void          gh_machine_consoles_set_fullscreen (GhMachineConsoles *self, gboolean fullscreen);

G_END_DECLS
