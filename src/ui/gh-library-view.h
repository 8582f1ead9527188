/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"
#include "gh-library-model.h"

G_BEGIN_DECLS

/* The list of hosts and machines, with its filter, its empty states and its context menus.
 *
 * The selection is that of UUIDs: it survives a refresh, a rename, a reconnect and a new order, and
 * comes back when what was selected is shown again. Figures are held only while the list can be
 * seen.
 *
 * Signals:
 *  - "selection-changed": other machines are selected, see gh_library_view_dup_selected();
 *  - "machine-activated" (GhMachine *): double click or Enter;
 *  - "delete-requested": the Delete key;
 *  - "move-requested" (GPtrArray * of GhMachine, GhHost *): they were dragged onto that host;
 *  - "empty-requested" (GhHost *): from its menu.
 *
 * Context menus use "win." actions for machines, and "library." ones, of this widget, for hosts. */
#define GH_TYPE_LIBRARY_VIEW (gh_library_view_get_type ())
G_DECLARE_FINAL_TYPE (GhLibraryView, gh_library_view, GH, LIBRARY_VIEW, GtkBin)

GtkWidget      *gh_library_view_new          (void);
void            gh_library_view_set_hosts    (GhLibraryView *self, GhHosts *hosts);
GhLibraryModel *gh_library_view_get_model    (GhLibraryView *self);

/* (element-type GhMachine) in the order of the list. */
GPtrArray      *gh_library_view_dup_selected (GhLibraryView *self);
/* Selects that machine alone and scrolls to it; clears the filter when it hides it. */
void            gh_library_view_select       (GhLibraryView *self, GhMachine *machine);
/* The host of the row with the cursor; nullable. */
GhHost         *gh_library_view_get_host     (GhLibraryView *self);
/* While there is no machine: as high as its headings, and without a filter. */
void            gh_library_view_set_only_hosts (GhLibraryView *self, gboolean only_hosts);
void            gh_library_view_focus_filter (GhLibraryView *self);
void            gh_library_view_focus_list   (GhLibraryView *self);

G_END_DECLS
