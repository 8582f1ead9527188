/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * GhFoldingPane:
 *
 * A pane of a #HdyLeaflet that shows less while it is folded. The leaflet folds when its panes have
 * not the width they would like; a pane that likes less once folded would unfold it, and like more
 * again, with every frame. So a folded pane goes on to like what it liked beside the other.
 *
 * Properties: "folded" (gboolean), the leaflet's.
 */
#define GH_TYPE_FOLDING_PANE (gh_folding_pane_get_type ())
G_DECLARE_FINAL_TYPE (GhFoldingPane, gh_folding_pane, GH, FOLDING_PANE, GtkBox)

G_END_DECLS
