/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-sidebar-handle"

#include "config.h"

#include "gh-sidebar-handle.h"

#include <math.h>

/* One pixel is hard to hit. */
#define GRIP_PX 4
#define KEY_STEP 10
#define MIN_WIDTH 180
#define MAX_WIDTH 900
/* What the other pane keeps, whatever is dragged. */
#define OTHER_PX 360

struct _GhSidebarHandle
{
  GtkSeparator  parent_instance;

  GtkWidget    *pane;   /* (weak) (nullable) */
  GdkWindow    *grip;   /* (owned) (nullable): takes the pointer around the line */
  int           width;
  gboolean      dragging;
  double        drag_x; /* where it was taken, on the screen */
  int           drag_width;
};

G_DEFINE_FINAL_TYPE (GhSidebarHandle, gh_sidebar_handle, GTK_TYPE_SEPARATOR)

enum
{
  PROP_0,
  PROP_WIDTH,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* The pane is as wide for large text as it is for small. */
static double
get_scale (GhSidebarHandle *self)
{
  double resolution = gdk_screen_get_resolution (gtk_widget_get_screen (GTK_WIDGET (self)));

  return resolution > 0 ? resolution / 96 : 1;
}

static void
update_pane (GhSidebarHandle *self)
{
  if (self->pane != NULL)
    gtk_widget_set_size_request (self->pane, (int) lround (self->width * get_scale (self)), -1);
}

/* What was dragged must not fold the panes nor cover the other one. */
static int
get_maximum (GhSidebarHandle *self)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));
  double scale = get_scale (self);
  int room = parent != NULL ? gtk_widget_get_allocated_width (parent) : 0;

  return CLAMP ((int) ((room - OTHER_PX) / scale), MIN_WIDTH, MAX_WIDTH);
}

static void
drag_to (GhSidebarHandle *self,
         int              width)
{
  gh_sidebar_handle_set_width (self, CLAMP (width, MIN_WIDTH, get_maximum (self)));
}

static gboolean
is_right_to_left (GhSidebarHandle *self)
{
  return gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
}

static void
get_grip (GtkWidget    *widget,
          GdkRectangle *grip)
{
  gtk_widget_get_allocation (widget, grip);
  grip->x -= GRIP_PX;
  grip->width += 2 * GRIP_PX;
}

static void
gh_sidebar_handle_realize (GtkWidget *widget)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);
  g_autoptr (GdkCursor) cursor = gdk_cursor_new_from_name (gtk_widget_get_display (widget),
                                                           "col-resize");
  GdkWindowAttr attributes = { 0 };
  GdkRectangle grip;

  GTK_WIDGET_CLASS (gh_sidebar_handle_parent_class)->realize (widget);
  get_grip (widget, &grip);
  attributes.window_type = GDK_WINDOW_CHILD;
  attributes.wclass = GDK_INPUT_ONLY;
  attributes.x = grip.x;
  attributes.y = grip.y;
  attributes.width = grip.width;
  attributes.height = grip.height;
  attributes.event_mask = gtk_widget_get_events (widget) | GDK_BUTTON_PRESS_MASK |
                          GDK_BUTTON_RELEASE_MASK | GDK_POINTER_MOTION_MASK;
  self->grip = gdk_window_new (gtk_widget_get_parent_window (widget), &attributes,
                               GDK_WA_X | GDK_WA_Y);
  gtk_widget_register_window (widget, self->grip);
  gdk_window_set_cursor (self->grip, cursor);
}

static void
gh_sidebar_handle_unrealize (GtkWidget *widget)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);

  if (self->grip != NULL)
    {
      gtk_widget_unregister_window (widget, self->grip);
      gdk_window_destroy (self->grip);
      self->grip = NULL;
    }
  self->dragging = FALSE;
  GTK_WIDGET_CLASS (gh_sidebar_handle_parent_class)->unrealize (widget);
}

static void
gh_sidebar_handle_map (GtkWidget *widget)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);

  GTK_WIDGET_CLASS (gh_sidebar_handle_parent_class)->map (widget);
  /* Panes with windows of their own cover half of it else. */
  gdk_window_show (self->grip);
  gdk_window_raise (self->grip);
}

static void
gh_sidebar_handle_unmap (GtkWidget *widget)
{
  gdk_window_hide (GH_SIDEBAR_HANDLE (widget)->grip);
  GTK_WIDGET_CLASS (gh_sidebar_handle_parent_class)->unmap (widget);
}

static void
gh_sidebar_handle_size_allocate (GtkWidget     *widget,
                                 GtkAllocation *allocation)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);
  GdkRectangle grip;

  GTK_WIDGET_CLASS (gh_sidebar_handle_parent_class)->size_allocate (widget, allocation);
  if (self->grip == NULL)
    return;
  get_grip (widget, &grip);
  gdk_window_move_resize (self->grip, grip.x, grip.y, grip.width, grip.height);
  gdk_window_raise (self->grip);
}

static gboolean
gh_sidebar_handle_button_press_event (GtkWidget      *widget,
                                      GdkEventButton *event)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);

  if (event->button != GDK_BUTTON_PRIMARY || event->type != GDK_BUTTON_PRESS)
    return GDK_EVENT_PROPAGATE;

  self->dragging = TRUE;
  self->drag_x = event->x_root;
  self->drag_width = self->width;
  return GDK_EVENT_STOP;
}

static gboolean
gh_sidebar_handle_motion_notify_event (GtkWidget      *widget,
                                       GdkEventMotion *event)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);
  double moved = (event->x_root - self->drag_x) / get_scale (self);

  if (!self->dragging)
    return GDK_EVENT_PROPAGATE;

  drag_to (self, self->drag_width + (int) lround (is_right_to_left (self) ? -moved : moved));
  return GDK_EVENT_STOP;
}

static gboolean
gh_sidebar_handle_button_release_event (GtkWidget      *widget,
                                        GdkEventButton *event)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);

  if (!self->dragging)
    return GDK_EVENT_PROPAGATE;
  self->dragging = FALSE;
  return GDK_EVENT_STOP;
}

static gboolean
gh_sidebar_handle_key_press_event (GtkWidget   *widget,
                                   GdkEventKey *event)
{
  GhSidebarHandle *self = GH_SIDEBAR_HANDLE (widget);
  int step = is_right_to_left (self) ? -KEY_STEP : KEY_STEP;

  switch (event->keyval)
    {
    case GDK_KEY_Left:
    case GDK_KEY_KP_Left:
      drag_to (self, self->width - step);
      return GDK_EVENT_STOP;
    case GDK_KEY_Right:
    case GDK_KEY_KP_Right:
      drag_to (self, self->width + step);
      return GDK_EVENT_STOP;
    default:
      return GTK_WIDGET_CLASS (gh_sidebar_handle_parent_class)->key_press_event (widget, event);
    }
}

static gboolean
gh_sidebar_handle_draw (GtkWidget *widget,
                        cairo_t   *cr)
{
  gboolean result = GTK_WIDGET_CLASS (gh_sidebar_handle_parent_class)->draw (widget, cr);

  /* A focus ring does not fit on a line. */
  if (gtk_widget_has_visible_focus (widget))
    {
      GdkRGBA color;

      if (gtk_style_context_lookup_color (gtk_widget_get_style_context (widget),
                                          "theme_selected_bg_color", &color))
        {
          gdk_cairo_set_source_rgba (cr, &color);
          cairo_paint (cr);
        }
    }
  return result;
}

static void
gh_sidebar_handle_dispose (GObject *object)
{
  g_clear_weak_pointer (&GH_SIDEBAR_HANDLE (object)->pane);
  G_OBJECT_CLASS (gh_sidebar_handle_parent_class)->dispose (object);
}

static void
gh_sidebar_handle_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_WIDTH:
      g_value_set_int (value, GH_SIDEBAR_HANDLE (object)->width);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_sidebar_handle_set_property (GObject      *object,
                                guint         prop_id,
                                const GValue *value,
                                GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_WIDTH:
      gh_sidebar_handle_set_width (GH_SIDEBAR_HANDLE (object), g_value_get_int (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_sidebar_handle_class_init (GhSidebarHandleClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_sidebar_handle_dispose;
  object_class->get_property = gh_sidebar_handle_get_property;
  object_class->set_property = gh_sidebar_handle_set_property;
  widget_class->realize = gh_sidebar_handle_realize;
  widget_class->unrealize = gh_sidebar_handle_unrealize;
  widget_class->map = gh_sidebar_handle_map;
  widget_class->unmap = gh_sidebar_handle_unmap;
  widget_class->size_allocate = gh_sidebar_handle_size_allocate;
  widget_class->button_press_event = gh_sidebar_handle_button_press_event;
  widget_class->motion_notify_event = gh_sidebar_handle_motion_notify_event;
  widget_class->button_release_event = gh_sidebar_handle_button_release_event;
  widget_class->key_press_event = gh_sidebar_handle_key_press_event;
  widget_class->draw = gh_sidebar_handle_draw;

  properties[PROP_WIDTH] =
    g_param_spec_int ("width", NULL, NULL, 0, G_MAXINT, 0,
                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  gtk_widget_class_set_accessible_role (widget_class, ATK_ROLE_SPLIT_PANE);
}

static void
gh_sidebar_handle_init (GhSidebarHandle *self)
{
  gtk_widget_set_can_focus (GTK_WIDGET (self), TRUE);
  g_signal_connect_object (gtk_widget_get_settings (GTK_WIDGET (self)), "notify::gtk-xft-dpi",
                           G_CALLBACK (update_pane), self, G_CONNECT_SWAPPED);
}

/**
 * gh_sidebar_handle_set_pane:
 * @self: a handle
 * @pane: (nullable): whose width it is about
 */
void
gh_sidebar_handle_set_pane (GhSidebarHandle *self,
                            GtkWidget       *pane)
{
  g_return_if_fail (GH_IS_SIDEBAR_HANDLE (self));

  g_set_weak_pointer (&self->pane, pane);
  update_pane (self);
}

int
gh_sidebar_handle_get_width (GhSidebarHandle *self)
{
  g_return_val_if_fail (GH_IS_SIDEBAR_HANDLE (self), 0);

  return self->width;
}

void
gh_sidebar_handle_set_width (GhSidebarHandle *self,
                             int              width)
{
  g_return_if_fail (GH_IS_SIDEBAR_HANDLE (self));

  if (self->width == width)
    return;
  self->width = width;
  update_pane (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WIDTH]);
}
