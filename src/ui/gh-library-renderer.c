/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-library-renderer"

#include "config.h"

#include "gh-library-renderer.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "gh-kind-badge.h"
#include "gh-sparkline.h"
#include "gh-state-emblem.h"

#define PADDING 10       /* at both ends of a row */
#define PADDING_Y 6      /* above and below the two lines */
#define GAP 10           /* between emblem, text and graph */
#define INDENT 10        /* of machines under their host */
#define SMALL_SCALE 0.85 /* of the second line */
#define DIM_ALPHA 0.7    /* of the second line */

struct _GhLibraryRenderer
{
  GtkCellRendererText parent_instance;

  GhHost    *host;    /* (owned) (nullable) */
  GhMachine *machine; /* (owned) (nullable) */
  gboolean   collapsed;
};

G_DEFINE_FINAL_TYPE (GhLibraryRenderer, gh_library_renderer, GTK_TYPE_CELL_RENDERER_TEXT)

/* Sizes that follow the font. */
typedef struct
{
  int line_height;
  int small_height;
  int emblem;
  int graph_width;
} Metrics;

static void
get_metrics (GtkWidget *widget,
             Metrics   *metrics)
{
  PangoContext *context = gtk_widget_get_pango_context (widget);
  PangoFontMetrics *font = pango_context_get_metrics (context, NULL, NULL);
  int height = pango_font_metrics_get_height (font);

  if (height <= 0)
    height = pango_font_metrics_get_ascent (font) + pango_font_metrics_get_descent (font);
  pango_font_metrics_unref (font);

  metrics->line_height = PANGO_PIXELS_CEIL (height);
  metrics->small_height = (int) ceil (metrics->line_height * SMALL_SCALE);
  metrics->emblem = MAX (12, (int) (metrics->line_height * 0.75));
  metrics->graph_width = metrics->line_height * 3;
}

/* Why, and when it is tried again by itself. That comes first, as what is too long is cut at its
 * end. */
static char *
dup_lost_status (GhHost *host)
{
  gint64 retry_us = gh_host_get_retry_time (host);
  gint64 left_us = MAX (retry_us - g_get_monotonic_time (), 0);
  g_autofree char *error_text = NULL;

  g_object_get (host, "error-text", &error_text, NULL);
  if (error_text == NULL)
    error_text = g_strdup (_("Connection lost"));
  if (retry_us == 0)
    return g_steal_pointer (&error_text);
  /* Translators: a host that does not answer; %u seconds, and %s is why. */
  return g_strdup_printf (_("Next try in %u s · %s"), (guint) (left_us / G_USEC_PER_SEC) + 1,
                          error_text);
}

static char *
dup_host_status (GhHost *host)
{
  guint n = 0;

  switch (gh_host_get_state (host))
    {
    case GH_HOST_CONNECTING:
      return g_strdup (_("Connecting…"));
    case GH_HOST_LOST:
      return dup_lost_status (host);
    case GH_HOST_CONNECTED:
      n = gh_host_get_n_machines (host);
      if (n == 0)
        return g_strdup (_("No machines"));
      return g_strdup_printf (ngettext ("%u machine", "%u machines", n), n);
    case GH_HOST_DISCONNECTED:
    default:
      return g_strdup (_("Not connected"));
    }
}

static const char *
get_host_link (GhHost *host)
{
  switch (gh_host_get_state (host))
    {
    case GH_HOST_CONNECTING:
      return _("Cancel");
    case GH_HOST_LOST:
      return _("Retry");
    case GH_HOST_DISCONNECTED:
      return _("Connect");
    case GH_HOST_CONNECTED:
    default:
      return NULL;
    }
}

static char *
dup_host_load (GhHost *host)
{
  double share = -1;

  if (gh_host_get_state (host) != GH_HOST_CONNECTED)
    return NULL;
  g_object_get (host, "cpu-share", &share, NULL);
  if (share < 0)
    return NULL;
  /* Translators: the load of a host's processors, in percent. */
  return g_strdup_printf (_("%d %%"), (int) lround (share * 100));
}

static char *
dup_machine_status (GhMachine *machine)
{
  const char *busy = gh_machine_get_busy_text (machine);
  const char *status = busy != NULL ? busy : gh_machine_get_state_text (machine);
  const char *title = gh_machine_get_title (machine);
  const char *kind = gh_kind_badge_get_text (gh_machine_get_kind (machine));
  GString *text = g_string_new (status);

  /* A list of facts, in any language. */
  if (kind != NULL)
    g_string_append_printf (text, " · %s", kind);
  if (title != NULL && *title != '\0')
    g_string_append_printf (text, " · %s", gh_machine_get_name (machine));
  return g_string_free (text, FALSE);
}

/* All that is drawn, in words. */
static char *
dup_row_text (GhLibraryRenderer *self)
{
  g_autofree char *status = NULL;
  g_autofree char *load = NULL;
  double share = -1;

  if (self->machine != NULL)
    {
      status = dup_machine_status (self->machine);
      share = gh_machine_is_active (self->machine) ? gh_machine_get_cpu_share (self->machine) : -1;
      if (share >= 0)
        /* Translators: a machine, its state, and how busy it is, as read to the blind. */
        return g_strdup_printf (_("%s, %s, CPU %d %%"), gh_machine_get_label (self->machine),
                                status,
                                (int) lround (share * 100));
      /* Translators: a machine or host and its state, as read to the blind. */
      return g_strdup_printf (_("%s, %s"), gh_machine_get_label (self->machine), status);
    }

  status = dup_host_status (self->host);
  load = dup_host_load (self->host);
  if (load != NULL)
    return g_strdup_printf (_("%s, %s, CPU %s"), gh_host_get_label (self->host), status, load);
  return g_strdup_printf (_("%s, %s"), gh_host_get_label (self->host), status);
}

/* Mirrors what was laid out from left to right. */
static int
mirror (const GdkRectangle *area,
        gboolean            right_to_left,
        int                 x,
        int                 width)
{
  return right_to_left ? area->x + area->width - (x - area->x) - width : x;
}

typedef struct
{
  GtkWidget          *widget;
  GtkStyleContext    *context;
  cairo_t            *cr;
  const GdkRectangle *area;
  Metrics             metrics;
  GtkCellRendererState flags;
  gboolean            right_to_left;
} Canvas;

/* Draws one line of text into @width, cut short at its end. Returns its width. */
static int
draw_text (Canvas     *canvas,
           const char *text,
           int         x,
           int         y,
           int         width,
           PangoAttribute *attribute,
           double      scale,
           double      alpha)
{
  g_autoptr (PangoLayout) layout = NULL;
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  PangoRectangle extents;
  GdkRGBA color;

  if (attribute != NULL)
    pango_attr_list_insert (attributes, attribute);
  if (width <= 0)
    return 0;
  if (scale != 1.0)
    pango_attr_list_insert (attributes, pango_attr_scale_new (scale));

  layout = gtk_widget_create_pango_layout (canvas->widget, text);
  pango_layout_set_attributes (layout, attributes);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_get_pixel_extents (layout, NULL, &extents);
  if (extents.width > width)
    {
      pango_layout_set_width (layout, width * PANGO_SCALE);
      /* Names of clones, and of hosts that are one computer's, differ at their end. */
      pango_layout_set_ellipsize (layout, scale == 1.0 ? PANGO_ELLIPSIZE_MIDDLE
                                                       : PANGO_ELLIPSIZE_END);
      extents.width = width;
    }
  else if (canvas->right_to_left)
    {
      pango_layout_set_width (layout, extents.width * PANGO_SCALE);
    }

  gtk_style_context_get_color (canvas->context, gtk_style_context_get_state (canvas->context),
                               &color);
  color.alpha *= alpha;
  gdk_cairo_set_source_rgba (canvas->cr, &color);
  cairo_move_to (canvas->cr, mirror (canvas->area, canvas->right_to_left, x, extents.width), y);
  pango_cairo_show_layout (canvas->cr, layout);
  return extents.width;
}

static int
measure_text (GtkWidget  *widget,
              const char *text,
              double      scale)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  int width = 0;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return (int) ceil (width * scale);
}

static int
get_top (const Canvas *canvas)
{
  int height = canvas->metrics.line_height + canvas->metrics.small_height;

  return canvas->area->y + (canvas->area->height - height) / 2;
}

static gboolean
is_clipped_away (cairo_t            *cr,
                 const GdkRectangle *area)
{
  GdkRectangle clip;

  return gdk_cairo_get_clip_rectangle (cr, &clip) && !gdk_rectangle_intersect (&clip, area, NULL);
}

static void
get_graph_area (const GdkRectangle *area,
                const Metrics      *metrics,
                gboolean            right_to_left,
                GdkRectangle       *graph)
{
  int height = metrics->line_height + metrics->small_height / 2;
  int x = area->x + area->width - PADDING - metrics->graph_width;

  graph->x = mirror (area, right_to_left, x, metrics->graph_width);
  graph->y = area->y + (area->height - height) / 2;
  graph->width = metrics->graph_width;
  graph->height = height;
}

static void
draw_graph (GhLibraryRenderer *self,
            Canvas            *canvas)
{
  float samples[GH_SPARKLINE_SAMPLES];
  guint n = gh_machine_get_cpu_samples (self->machine, samples, G_N_ELEMENTS (samples));
  GdkRectangle graph;
  GdkRGBA color;

  get_graph_area (canvas->area, &canvas->metrics, canvas->right_to_left, &graph);
  if (canvas->flags & GTK_CELL_RENDERER_SELECTED)
    gtk_style_context_get_color (canvas->context, gtk_style_context_get_state (canvas->context),
                                 &color);
  else
    gh_state_emblem_get_color (canvas->context, GH_MACHINE_RUNNING, &color);
  gh_sparkline_draw (canvas->cr, &graph, samples, n, GH_SPARKLINE_SAMPLES, canvas->right_to_left,
                     &color);
}

static int
get_badge_width (GhLibraryRenderer *self,
                 const Metrics     *metrics)
{
  return gh_machine_get_kind (self->machine) != GH_MACHINE_ORDINARY ? metrics->emblem + GAP / 2
                                                                    : 0;
}

static void
draw_badge (GhLibraryRenderer *self,
            Canvas            *canvas,
            int                x,
            int                y)
{
  int size = canvas->metrics.emblem;
  GdkRGBA color;

  gtk_style_context_get_color (canvas->context, gtk_style_context_get_state (canvas->context),
                               &color);
  color.alpha *= DIM_ALPHA;
  gdk_cairo_set_source_rgba (canvas->cr, &color);
  gh_kind_badge_draw (gh_machine_get_kind (self->machine), canvas->cr,
                      mirror (canvas->area, canvas->right_to_left, x, size),
                      y + (canvas->metrics.line_height - size) / 2, size,
                      gtk_widget_get_scale_factor (canvas->widget));
}

static void
draw_machine (GhLibraryRenderer *self,
              Canvas            *canvas)
{
  g_autofree char *status = NULL;
  gboolean active = gh_machine_is_active (self->machine);
  int x = canvas->area->x + PADDING + INDENT;
  int end = canvas->area->x + canvas->area->width - PADDING;
  int y = get_top (canvas);
  int width = 0;
  GdkRectangle rest = *canvas->area;

  if (active)
    {
      draw_graph (self, canvas);
      end -= canvas->metrics.graph_width + GAP;
    }

  /* A tick of figures redraws the graph alone. */
  rest.x = mirror (canvas->area, canvas->right_to_left, rest.x, end - rest.x);
  rest.width = end - canvas->area->x;
  if (is_clipped_away (canvas->cr, &rest))
    return;

  gh_state_emblem_draw (canvas->context, canvas->cr,
                        mirror (canvas->area, canvas->right_to_left, x, canvas->metrics.emblem),
                        y + (canvas->metrics.line_height - canvas->metrics.emblem) / 2.0,
                        canvas->metrics.emblem, gh_machine_get_state (self->machine),
                        (canvas->flags & GTK_CELL_RENDERER_SELECTED) != 0);
  x += canvas->metrics.emblem + GAP;

  width = draw_text (canvas, gh_machine_get_label (self->machine), x, y,
                     end - x - get_badge_width (self, &canvas->metrics), NULL, 1.0, 1.0);
  if (gh_machine_get_kind (self->machine) != GH_MACHINE_ORDINARY)
    draw_badge (self, canvas, x + width + GAP / 2, y);
  status = dup_machine_status (self->machine);
  draw_text (canvas, status, x, y + canvas->metrics.line_height, end - x, NULL, SMALL_SCALE,
             DIM_ALPHA);
}

static void
draw_arrow (GhLibraryRenderer *self,
            Canvas            *canvas,
            int                x,
            int                y)
{
  int size = canvas->metrics.emblem;
  double angle = G_PI;

  if (self->collapsed)
    angle = canvas->right_to_left ? 1.5 * G_PI : 0.5 * G_PI;
  gtk_render_arrow (canvas->context, canvas->cr, angle,
                    mirror (canvas->area, canvas->right_to_left, x, size), y, size);
}

static void
draw_heading (GhLibraryRenderer *self,
              Canvas            *canvas)
{
  g_autofree char *status = dup_host_status (self->host);
  g_autofree char *load = dup_host_load (self->host);
  const char *link = get_host_link (self->host);
  int x = canvas->area->x + PADDING;
  int end = canvas->area->x + canvas->area->width - PADDING;
  int y = get_top (canvas);
  int width = 0;

  draw_arrow (self, canvas, x, y + (canvas->metrics.line_height - canvas->metrics.emblem) / 2);
  x += canvas->metrics.emblem + GAP;

  if (link != NULL)
    {
      width = measure_text (canvas->widget, link, 1.0);
      gtk_style_context_save (canvas->context);
      gtk_style_context_add_class (canvas->context, "link");
      if ((canvas->flags & GTK_CELL_RENDERER_SELECTED) == 0)
        gtk_style_context_set_state (canvas->context, GTK_STATE_FLAG_LINK);
      draw_text (canvas, link, end - width, y + canvas->metrics.small_height / 2, width,
                 pango_attr_underline_new (PANGO_UNDERLINE_SINGLE), 1.0, 1.0);
      gtk_style_context_restore (canvas->context);
    }
  else if (load != NULL)
    {
      width = measure_text (canvas->widget, load, SMALL_SCALE);
      draw_text (canvas, load, end - width, y, width, NULL, SMALL_SCALE, DIM_ALPHA);
    }
  if (width > 0)
    end -= width + GAP;

  draw_text (canvas, gh_host_get_label (self->host), x, y, end - x,
             pango_attr_weight_new (PANGO_WEIGHT_BOLD), 1.0, 1.0);
  draw_text (canvas, status, x, y + canvas->metrics.line_height, end - x, NULL, SMALL_SCALE,
             DIM_ALPHA);
}

static void
gh_library_renderer_render (GtkCellRenderer      *renderer,
                            cairo_t              *cr,
                            GtkWidget            *widget,
                            const GdkRectangle   *background_area,
                            const GdkRectangle   *cell_area,
                            GtkCellRendererState  flags)
{
  GhLibraryRenderer *self = GH_LIBRARY_RENDERER (renderer);
  Canvas canvas = {
    .widget = widget,
    .context = gtk_widget_get_style_context (widget),
    .cr = cr,
    .area = cell_area,
    .flags = flags,
    .right_to_left = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL,
  };

  if (self->host == NULL)
    return;
  get_metrics (widget, &canvas.metrics);
  if (self->machine != NULL)
    draw_machine (self, &canvas);
  else
    draw_heading (self, &canvas);
}

static void
gh_library_renderer_get_preferred_width (GtkCellRenderer *renderer,
                                         GtkWidget       *widget,
                                         int             *minimum,
                                         int             *natural)
{
  Metrics metrics;

  get_metrics (widget, &metrics);
  *minimum = metrics.line_height * 6;
  *natural = metrics.line_height * 14;
}

static void
gh_library_renderer_get_preferred_height (GtkCellRenderer *renderer,
                                          GtkWidget       *widget,
                                          int             *minimum,
                                          int             *natural)
{
  Metrics metrics;

  get_metrics (widget, &metrics);
  *minimum = *natural = metrics.line_height + metrics.small_height + 2 * PADDING_Y;
}

static void
gh_library_renderer_get_preferred_height_for_width (GtkCellRenderer *renderer,
                                                    GtkWidget       *widget,
                                                    int              width,
                                                    int             *minimum,
                                                    int             *natural)
{
  gh_library_renderer_get_preferred_height (renderer, widget, minimum, natural);
}

static void
gh_library_renderer_dispose (GObject *object)
{
  GhLibraryRenderer *self = GH_LIBRARY_RENDERER (object);

  g_clear_object (&self->host);
  g_clear_object (&self->machine);
  G_OBJECT_CLASS (gh_library_renderer_parent_class)->dispose (object);
}

static void
gh_library_renderer_class_init (GhLibraryRendererClass *klass)
{
  GtkCellRendererClass *cell_class = GTK_CELL_RENDERER_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_library_renderer_dispose;
  cell_class->render = gh_library_renderer_render;
  cell_class->get_preferred_width = gh_library_renderer_get_preferred_width;
  cell_class->get_preferred_height = gh_library_renderer_get_preferred_height;
  cell_class->get_preferred_height_for_width = gh_library_renderer_get_preferred_height_for_width;
}

static void
gh_library_renderer_init (GhLibraryRenderer *self)
{
}

/**
 * gh_library_renderer_new:
 *
 * Returns: (transfer floating): a renderer
 */
GtkCellRenderer *
gh_library_renderer_new (void)
{
  return g_object_new (GH_TYPE_LIBRARY_RENDERER, NULL);
}

/**
 * gh_library_renderer_set_row:
 * @self: a renderer
 * @host: the host the row belongs to
 * @machine: (nullable): the machine, or %NULL for the heading of @host
 * @collapsed: whether the host's machines are hidden
 *
 * Sets what to draw next.
 */
void
gh_library_renderer_set_row (GhLibraryRenderer *self,
                             GhHost            *host,
                             GhMachine         *machine,
                             gboolean           collapsed)
{
  g_autofree char *text = NULL;

  g_return_if_fail (GH_IS_LIBRARY_RENDERER (self));

  g_set_object (&self->host, host);
  g_set_object (&self->machine, machine);
  self->collapsed = collapsed;
  text = dup_row_text (self);
  g_object_set (self, "text", text, NULL);
}

/**
 * gh_library_renderer_hit:
 * @self: a renderer, set to the row
 * @widget: the view
 * @cell_area: where the row is
 * @x: in the same coordinates
 * @y: in the same coordinates
 *
 * Returns: what is drawn at that place
 */
GhLibraryHit
gh_library_renderer_hit (GhLibraryRenderer  *self,
                         GtkWidget          *widget,
                         const GdkRectangle *cell_area,
                         int                 x,
                         int                 y)
{
  gboolean right_to_left = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  const char *link = NULL;
  int from_start = x - cell_area->x;
  Metrics metrics;

  g_return_val_if_fail (GH_IS_LIBRARY_RENDERER (self), GH_LIBRARY_HIT_ROW);

  if (self->host == NULL || self->machine != NULL)
    return GH_LIBRARY_HIT_ROW;

  get_metrics (widget, &metrics);
  if (right_to_left)
    from_start = cell_area->width - from_start;
  if (from_start < PADDING + metrics.emblem + GAP)
    return GH_LIBRARY_HIT_ARROW;

  link = get_host_link (self->host);
  if (link != NULL &&
      from_start > cell_area->width - PADDING - measure_text (widget, link, 1.0) - GAP / 2)
    return GH_LIBRARY_HIT_LINK;
  return GH_LIBRARY_HIT_ROW;
}

/**
 * gh_library_renderer_is_cut:
 * @self: a renderer, set to the row of a machine
 * @widget: the view
 * @cell_area: where the row is
 *
 * Returns: whether one of its lines is cut short
 */
gboolean
gh_library_renderer_is_cut (GhLibraryRenderer  *self,
                            GtkWidget          *widget,
                            const GdkRectangle *cell_area)
{
  g_autofree char *status = NULL;
  Metrics metrics;
  int room = 0;

  g_return_val_if_fail (GH_IS_LIBRARY_RENDERER (self), FALSE);

  if (self->machine == NULL)
    return FALSE;
  get_metrics (widget, &metrics);
  status = dup_machine_status (self->machine);
  room = cell_area->width - 2 * PADDING - INDENT - metrics.emblem - GAP;
  if (gh_machine_is_active (self->machine))
    room -= metrics.graph_width + GAP;
  return measure_text (widget, gh_machine_get_label (self->machine), 1.0) >
           room - get_badge_width (self, &metrics) ||
         measure_text (widget, status, SMALL_SCALE) > room;
}

/**
 * gh_library_renderer_get_graph_area:
 * @self: a renderer
 * @widget: the view
 * @cell_area: where the row is
 * @area: (out): where in it the CPU graph is drawn
 */
void
gh_library_renderer_get_graph_area (GhLibraryRenderer  *self,
                                    GtkWidget          *widget,
                                    const GdkRectangle *cell_area,
                                    GdkRectangle       *area)
{
  Metrics metrics;

  g_return_if_fail (GH_IS_LIBRARY_RENDERER (self));

  get_metrics (widget, &metrics);
  get_graph_area (cell_area, &metrics, gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL, area);
}
