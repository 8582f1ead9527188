/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine-consoles.h"
#include "gh-machine.h"

G_BEGIN_DECLS

/* The pages of one machine: its consoles, and what it is.
 *
 * Signals: "fullscreen-requested" (gboolean), "failed" (const char *title, GError *). */
#define GH_TYPE_MACHINE_PAGE (gh_machine_page_get_type ())
G_DECLARE_FINAL_TYPE (GhMachinePage, gh_machine_page, GH, MACHINE_PAGE, GtkBox)

GtkWidget     *gh_machine_page_new            (void);
GhMachine     *gh_machine_page_get_machine    (GhMachinePage *self);
void           gh_machine_page_set_machine    (GhMachinePage *self, GhMachine *machine);
/* "console" or "overview" */
const char    *gh_machine_page_get_page       (GhMachinePage *self);
void           gh_machine_page_set_page       (GhMachinePage *self, const char *name);
GhMachineConsoles *gh_machine_page_get_consoles   (GhMachinePage *self);
/* Nothing but the console is left. */
void           gh_machine_page_set_fullscreen (GhMachinePage *self, gboolean fullscreen);

G_END_DECLS
