/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-cpu-graph"

#include "config.h"

#include "gh-cpu-graph.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "gh-host.h"
#include "gh-sparkline.h"
#include "gh-state-emblem.h"

#define N_SAMPLES 120

struct _GhCpuGraph
{
  GtkDrawingArea parent_instance;

  GhMachine     *machine; /* (owned) (nullable) */
  GhHost        *held;    /* (owned) (nullable): whose figures we hold */
};

G_DEFINE_FINAL_TYPE (GhCpuGraph, gh_cpu_graph, GTK_TYPE_DRAWING_AREA)

static void
figures_changed_cb (GhCpuGraph       *self,
                    GhMachineChanges *changes)
{
  g_autofree char *text = NULL;
  double share = -1;

  if (!changes->figures || self->machine == NULL)
    return;

  gtk_widget_queue_draw (GTK_WIDGET (self));
  share = gh_machine_get_cpu_share (self->machine);
  if (share >= 0)
    text = g_strdup_printf (_("CPU use: %d %%"), (int) lround (share * 100));
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)),
                              text != NULL ? text : "");
}

static void
hold (GhCpuGraph *self,
      GhHost     *host)
{
  if (self->held == host)
    return;
  if (self->held != NULL)
    {
      g_signal_handlers_disconnect_by_func (self->held, figures_changed_cb, self);
      gh_host_release_figures (self->held);
    }
  g_set_object (&self->held, host);
  if (host != NULL)
    {
      gh_host_hold_figures (host);
      g_signal_connect_swapped (host, "machines-changed", G_CALLBACK (figures_changed_cb), self);
    }
}

static void
update_held (GhCpuGraph *self)
{
  gboolean visible = gtk_widget_get_mapped (GTK_WIDGET (self)) && self->machine != NULL;

  hold (self, visible ? gh_machine_get_host (self->machine) : NULL);
}

static void
draw_grid (GtkStyleContext    *context,
           cairo_t            *cr,
           const GdkRectangle *area)
{
  GdkRGBA color;

  gtk_style_context_get_color (context, gtk_style_context_get_state (context), &color);
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, 0.12);
  cairo_set_line_width (cr, 1);
  for (int i = 0; i <= 4; i++)
    {
      double y = floor (area->y + (area->height - 1) * i / 4.0) + 0.5;

      cairo_move_to (cr, area->x, y);
      cairo_line_to (cr, area->x + area->width, y);
    }
  cairo_stroke (cr);
}

static gboolean
gh_cpu_graph_draw (GtkWidget *widget,
                   cairo_t   *cr)
{
  GhCpuGraph *self = GH_CPU_GRAPH (widget);
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  float samples[N_SAMPLES];
  guint n = 0;
  GdkRectangle area = { 0, 0, gtk_widget_get_allocated_width (widget),
                        gtk_widget_get_allocated_height (widget) };
  GdkRGBA color;

  draw_grid (context, cr, &area);
  if (self->machine == NULL)
    return GDK_EVENT_PROPAGATE;

  n = gh_machine_get_cpu_samples (self->machine, samples, N_SAMPLES);
  gh_state_emblem_get_color (context, GH_MACHINE_RUNNING, &color);
  gh_sparkline_draw (cr, &area, samples, n, N_SAMPLES,
                     gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL, &color);
  return GDK_EVENT_PROPAGATE;
}

static void
gh_cpu_graph_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (gh_cpu_graph_parent_class)->map (widget);
  update_held (GH_CPU_GRAPH (widget));
}

static void
gh_cpu_graph_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (gh_cpu_graph_parent_class)->unmap (widget);
  update_held (GH_CPU_GRAPH (widget));
}

static void
gh_cpu_graph_dispose (GObject *object)
{
  GhCpuGraph *self = GH_CPU_GRAPH (object);

  hold (self, NULL);
  g_clear_object (&self->machine);
  G_OBJECT_CLASS (gh_cpu_graph_parent_class)->dispose (object);
}

static void
gh_cpu_graph_class_init (GhCpuGraphClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_cpu_graph_dispose;
  widget_class->draw = gh_cpu_graph_draw;
  widget_class->map = gh_cpu_graph_map;
  widget_class->unmap = gh_cpu_graph_unmap;
}

static void
gh_cpu_graph_init (GhCpuGraph *self)
{
  AtkObject *accessible = gtk_widget_get_accessible (GTK_WIDGET (self));

  atk_object_set_role (accessible, ATK_ROLE_CHART);
  atk_object_set_name (accessible, _("CPU use"));
}

/**
 * gh_cpu_graph_new:
 *
 * Returns: (transfer floating): a graph of nothing
 */
GtkWidget *
gh_cpu_graph_new (void)
{
  return g_object_new (GH_TYPE_CPU_GRAPH, NULL);
}

/**
 * gh_cpu_graph_set_machine:
 * @self: a graph
 * @machine: (nullable): whose CPU use to show
 */
void
gh_cpu_graph_set_machine (GhCpuGraph *self,
                          GhMachine  *machine)
{
  g_return_if_fail (GH_IS_CPU_GRAPH (self));

  if (!g_set_object (&self->machine, machine))
    return;
  update_held (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
