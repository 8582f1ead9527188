/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-undo-plan.h"

G_BEGIN_DECLS

/* Takes back what an interrupted plan left: for GhInterruptedBar. */
GtkWindow *gh_undo_dialog_present (GtkWindow *parent, GhUndoPlan *plan);

G_END_DECLS
