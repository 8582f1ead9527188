/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-sparkline"

#include "config.h"

#include "gh-sparkline.h"

static double
get_x (const GdkRectangle *area,
       guint               slot,
       guint               n_slots,
       gboolean            right_to_left)
{
  double share = n_slots > 1 ? (double) slot / (n_slots - 1) : 1.0;

  return right_to_left ? area->x + area->width * (1.0 - share) : area->x + area->width * share;
}

static void
trace_line (cairo_t            *cr,
            const GdkRectangle *area,
            const float        *samples,
            guint               n_samples,
            guint               n_slots,
            gboolean            right_to_left)
{
  for (guint i = 0; i < n_samples; i++)
    {
      double value = CLAMP (samples[i], 0.0, 1.0);
      double x = get_x (area, n_slots - n_samples + i, n_slots, right_to_left);
      /* A line at the very edge would lose half its width. */
      double y = area->y + 1.0 + (area->height - 2.0) * (1.0 - value);

      if (i == 0)
        cairo_move_to (cr, x, y);
      else
        cairo_line_to (cr, x, y);
    }
}

/**
 * gh_sparkline_draw:
 * @cr: where to draw
 * @area: the box to fill
 * @samples: values from 0.0 to 1.0, oldest first
 * @n_samples: how many there are; at most @n_slots are drawn, the newest
 * @n_slots: how many fit into @area, so that graphs of few samples grow in from the end
 * @right_to_left: whether the newest sample is at the left
 * @color: of the line; the area below it is tinted
 *
 * Draws a small graph of what was.
 */
void
gh_sparkline_draw (cairo_t            *cr,
                   const GdkRectangle *area,
                   const float        *samples,
                   guint               n_samples,
                   guint               n_slots,
                   gboolean            right_to_left,
                   const GdkRGBA      *color)
{
  double bottom = area->y + area->height;

  if (n_samples > n_slots)
    {
      samples += n_samples - n_slots;
      n_samples = n_slots;
    }
  if (n_samples < 2)
    return;

  trace_line (cr, area, samples, n_samples, n_slots, right_to_left);
  cairo_line_to (cr, get_x (area, n_slots - 1, n_slots, right_to_left), bottom);
  cairo_line_to (cr, get_x (area, n_slots - n_samples, n_slots, right_to_left), bottom);
  cairo_close_path (cr);
  cairo_set_source_rgba (cr, color->red, color->green, color->blue, color->alpha * 0.2);
  cairo_fill (cr);

  trace_line (cr, area, samples, n_samples, n_slots, right_to_left);
  cairo_set_line_width (cr, 1.5);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  gdk_cairo_set_source_rgba (cr, color);
  cairo_stroke (cr);
}
