/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* An info bar that offers to take back plans which a crash interrupted, one
 * after another; it takes no room while there is none. */
#define GH_TYPE_INTERRUPTED_BAR (gh_interrupted_bar_get_type ())
G_DECLARE_FINAL_TYPE (GhInterruptedBar, gh_interrupted_bar, GH, INTERRUPTED_BAR, GtkBin)

GtkWidget *gh_interrupted_bar_new  (void);
/* Looks for interrupted plans in the background; to be called once, after the first picture.
 * Undoing uses the connections of @hosts where there is one. */
void       gh_interrupted_bar_load (GhInterruptedBar *self, GhHosts *hosts);

G_END_DECLS
