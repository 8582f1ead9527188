/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* How many samples a small graph shows. */
#define GH_SPARKLINE_SAMPLES 40

void gh_sparkline_draw (cairo_t            *cr,
                        const GdkRectangle *area,
                        const float        *samples,
                        guint               n_samples,
                        guint               n_slots,
                        gboolean            right_to_left,
                        const GdkRGBA      *color);

G_END_DECLS
