/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The sign for the state of a machine. Each state has a shape of its own, because color alone tells
 * some people nothing; wherever an emblem is drawn, the state is also there in words. */

#define G_LOG_DOMAIN "gh-state-emblem"

#include "config.h"

#include "gh-state-emblem.h"

#include <math.h>

static const char *
get_color_name (GhMachineState state)
{
  switch (state)
    {
    case GH_MACHINE_RUNNING:
      return "gh_running_color";
    case GH_MACHINE_PAUSED:
    case GH_MACHINE_STOPPING:
      return "gh_paused_color";
    case GH_MACHINE_SUSPENDED:
    case GH_MACHINE_SAVED:
      return "gh_saved_color";
    case GH_MACHINE_CRASHED:
      return "gh_crashed_color";
    case GH_MACHINE_OFF:
    case GH_MACHINE_UNKNOWN:
    default:
      return NULL;
    }
}

/**
 * gh_state_emblem_get_color:
 * @context: of the widget that draws
 * @state: the state of a machine
 * @color: (out): its color in this theme
 */
void
gh_state_emblem_get_color (GtkStyleContext *context,
                           GhMachineState   state,
                           GdkRGBA         *color)
{
  const char *name = get_color_name (state);

  if (name != NULL && gtk_style_context_lookup_color (context, name, color))
    return;
  gtk_style_context_get_color (context, gtk_style_context_get_state (context), color);
  color->alpha *= 0.5;
}

static void
draw_ring (cairo_t *cr,
           double   radius)
{
  cairo_set_line_width (cr, radius * 0.35);
  cairo_arc (cr, 0, 0, radius * 0.8, 0, 2 * G_PI);
  cairo_stroke (cr);
}

static void
draw_disc (cairo_t *cr,
           double   radius)
{
  cairo_arc (cr, 0, 0, radius, 0, 2 * G_PI);
  cairo_fill (cr);
}

static void
draw_pause (cairo_t *cr,
            double   radius)
{
  double bar = radius * 0.28;
  double height = radius * 0.9;

  cairo_set_operator (cr, CAIRO_OPERATOR_DEST_OUT);
  cairo_rectangle (cr, -bar * 1.5, -height / 2, bar, height);
  cairo_rectangle (cr, bar * 0.5, -height / 2, bar, height);
  cairo_fill (cr);
}

static void
draw_moon (cairo_t *cr,
           double   radius)
{
  cairo_set_operator (cr, CAIRO_OPERATOR_DEST_OUT);
  cairo_arc (cr, radius * 0.5, -radius * 0.3, radius * 0.75, 0, 2 * G_PI);
  cairo_fill (cr);
}

static void
draw_mark (cairo_t *cr,
           double   radius)
{
  cairo_set_operator (cr, CAIRO_OPERATOR_DEST_OUT);
  cairo_rectangle (cr, -radius * 0.15, -radius * 0.65, radius * 0.3, radius * 0.75);
  cairo_rectangle (cr, -radius * 0.15, radius * 0.3, radius * 0.3, radius * 0.3);
  cairo_fill (cr);
}

static void
draw_half (cairo_t *cr,
           double   radius)
{
  draw_ring (cr, radius);
  cairo_arc (cr, 0, 0, radius * 0.8, 0, G_PI);
  cairo_fill (cr);
}

/**
 * gh_state_emblem_draw:
 * @context: of the widget that draws
 * @cr: where to draw
 * @x: left edge
 * @y: upper edge
 * @size: width and height
 * @state: what to show
 * @plain: whether to use the color of the text, as on a selected row
 */
void
gh_state_emblem_draw (GtkStyleContext *context,
                      cairo_t         *cr,
                      double           x,
                      double           y,
                      double           size,
                      GhMachineState   state,
                      gboolean         plain)
{
  double radius = size / 2;
  GdkRGBA color;

  if (plain)
    gtk_style_context_get_color (context, gtk_style_context_get_state (context), &color);
  else
    gh_state_emblem_get_color (context, state, &color);

  cairo_save (cr);
  cairo_rectangle (cr, x, y, size, size);
  cairo_clip (cr);
  cairo_translate (cr, x + radius, y + radius);
  /* A group of its own, so that signs can be cut out of the disc. */
  cairo_push_group (cr);
  gdk_cairo_set_source_rgba (cr, &color);
  switch (state)
    {
    case GH_MACHINE_RUNNING:
      draw_disc (cr, radius);
      break;
    case GH_MACHINE_PAUSED:
      draw_disc (cr, radius);
      draw_pause (cr, radius);
      break;
    case GH_MACHINE_SUSPENDED:
      draw_disc (cr, radius);
      draw_moon (cr, radius);
      break;
    case GH_MACHINE_STOPPING:
    case GH_MACHINE_SAVED:
      draw_half (cr, radius);
      break;
    case GH_MACHINE_CRASHED:
      draw_disc (cr, radius);
      draw_mark (cr, radius);
      break;
    case GH_MACHINE_OFF:
    case GH_MACHINE_UNKNOWN:
    default:
      draw_ring (cr, radius);
      break;
    }
  cairo_pop_group_to_source (cr);
  cairo_paint (cr);
  cairo_restore (cr);
}
