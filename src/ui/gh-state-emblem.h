/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

void gh_state_emblem_draw (GtkStyleContext *context,
                           cairo_t         *cr,
                           double           x,
                           double           y,
                           double           size,
                           GhMachineState   state,
                           gboolean         plain);

void gh_state_emblem_get_color (GtkStyleContext *context,
                                GhMachineState   state,
                                GdkRGBA         *color);

G_END_DECLS
