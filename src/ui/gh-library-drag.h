/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* Machines that are dragged in the library onto a host: one, or all that are selected. Nothing is
 * done for rows: only what is under the pointer is looked at, while the button is held.
 *
 * Signal: "dropped" (GPtrArray * of GhMachine, GhHost *): on another host than theirs. */
#define GH_TYPE_LIBRARY_DRAG (gh_library_drag_get_type ())
G_DECLARE_FINAL_TYPE (GhLibraryDrag, gh_library_drag, GH, LIBRARY_DRAG, GObject)

/* @tree shows a GhLibraryModel, or nothing, and lives longer than this. */
GhLibraryDrag *gh_library_drag_new (GtkTreeView *tree);

G_END_DECLS
