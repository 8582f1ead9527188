/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-host.h"
#include "gh-machine.h"

G_BEGIN_DECLS

typedef enum
{
  GH_LIBRARY_HIT_ROW,
  GH_LIBRARY_HIT_ARROW, /* opens and closes a host */
  GH_LIBRARY_HIT_LINK,  /* “Cancel” or “Retry” of a host */
} GhLibraryHit;

/* Draws one row of the library, a heading or a machine. It is a text renderer so that assistive
 * technology reads the row: what it draws is in its text in words. */
#define GH_TYPE_LIBRARY_RENDERER (gh_library_renderer_get_type ())
G_DECLARE_FINAL_TYPE (GhLibraryRenderer, gh_library_renderer, GH, LIBRARY_RENDERER,
                      GtkCellRendererText)

GtkCellRenderer *gh_library_renderer_new            (void);
/* @machine (nullable): NULL for the heading of @host */
void             gh_library_renderer_set_row        (GhLibraryRenderer *self, GhHost *host,
                                                     GhMachine *machine, gboolean collapsed);
GhLibraryHit     gh_library_renderer_hit            (GhLibraryRenderer *self, GtkWidget *widget,
                                                     const GdkRectangle *cell_area, int x, int y);
/* Whether the name does not fit, so that a tooltip has something to add. */
gboolean         gh_library_renderer_is_cut         (GhLibraryRenderer *self, GtkWidget *widget,
                                                     const GdkRectangle *cell_area);
/* Where the CPU graph is in a row. */
void             gh_library_renderer_get_graph_area (GhLibraryRenderer *self, GtkWidget *widget,
                                                     const GdkRectangle *cell_area,
                                                     GdkRectangle *area);

G_END_DECLS
