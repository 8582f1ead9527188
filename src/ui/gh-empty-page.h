/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* What there is to do while no host has a machine: make one, reach a host, add one; and why
 * machines would be slow on this computer. Its buttons are actions of the window. */
#define GH_TYPE_EMPTY_PAGE (gh_empty_page_get_type ())
G_DECLARE_FINAL_TYPE (GhEmptyPage, gh_empty_page, GH, EMPTY_PAGE, GtkBin)

GtkWidget *gh_empty_page_new         (GhHosts *hosts);
/* Says how the hosts are now. */
void       gh_empty_page_update      (GhEmptyPage *self);
/* Puts the keyboard's focus on what is most likely wanted. */
void       gh_empty_page_focus       (GhEmptyPage *self);
/* Shows the worst of @checks (element-type GhCheck) if it is one to do something about. */
void       gh_empty_page_show_checks (GhEmptyPage *self, GPtrArray *checks);

G_END_DECLS
