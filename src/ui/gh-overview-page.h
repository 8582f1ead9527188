/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

/* What a machine is: facts from its definition, its CPU use, and the definition itself. Reads when
 * it is seen, and again when the machine starts, stops or is changed.
 *
 * Signal: "failed" (const char *title, GError *): to be told. */
#define GH_TYPE_OVERVIEW_PAGE (gh_overview_page_get_type ())
G_DECLARE_FINAL_TYPE (GhOverviewPage, gh_overview_page, GH, OVERVIEW_PAGE, GtkBin)

GtkWidget *gh_overview_page_new         (void);
void       gh_overview_page_set_machine (GhOverviewPage *self, GhMachine *machine);

G_END_DECLS
