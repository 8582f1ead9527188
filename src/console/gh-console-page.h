/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-console-link.h"

G_BEGIN_DECLS

/* Signals: "button-clicked"; "password-given" (char *user, nullable; char *password). */
#define GH_TYPE_CONSOLE_PAGE (gh_console_page_get_type ())
G_DECLARE_FINAL_TYPE (GhConsolePage, gh_console_page, GH, CONSOLE_PAGE, GtkBin)

void       gh_console_page_show_link (GhConsolePage *self,
                                      GhConsoleLink *link);
void       gh_console_ensure_resources (void);

G_END_DECLS
