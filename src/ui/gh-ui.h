/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The prefix of our resources; templates are at GH_UI_RESOURCES "gh-window.ui". */
#define GH_UI_RESOURCES "/org/guesthouse/Guesthouse/"

void gh_ui_init (void);

G_END_DECLS
