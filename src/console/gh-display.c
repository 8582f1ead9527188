/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-display"

#include "config.h"

#include "gh-display.h"

typedef struct
{
  gboolean can_resize_guest;
  gboolean takes_input;
  gboolean closed;
  gboolean shown;
  gboolean drawn;
} GhDisplayPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GhDisplay, gh_display, G_TYPE_OBJECT)

enum
{
  PROP_CAN_RESIZE_GUEST = 1,
  PROP_TAKES_INPUT,
  N_PROPS,
};

enum
{
  MADE,
  SHOWN,
  DRAWN,
  LOST,
  PASSWORD_NEEDED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void
gh_display_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  GhDisplay *self = GH_DISPLAY (object);

  switch (prop_id)
    {
    case PROP_CAN_RESIZE_GUEST:
      g_value_set_boolean (value, gh_display_get_can_resize_guest (self));
      break;
    case PROP_TAKES_INPUT:
      g_value_set_boolean (value, gh_display_get_takes_input (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_display_class_init (GhDisplayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = gh_display_get_property;

  properties[PROP_CAN_RESIZE_GUEST] =
    g_param_spec_boolean ("can-resize-guest", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_TAKES_INPUT] =
    g_param_spec_boolean ("takes-input", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[MADE] = g_signal_new ("made", GH_TYPE_DISPLAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
  signals[SHOWN] = g_signal_new ("shown", GH_TYPE_DISPLAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
  signals[DRAWN] = g_signal_new ("drawn", GH_TYPE_DISPLAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
  signals[LOST] = g_signal_new ("lost", GH_TYPE_DISPLAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_ERROR);
  signals[PASSWORD_NEEDED] = g_signal_new ("password-needed", GH_TYPE_DISPLAY, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
}

static void
gh_display_init (GhDisplay *self)
{
}

static GhDisplayPrivate *
get_private (GhDisplay *self)
{
  return gh_display_get_instance_private (self);
}

/**
 * gh_display_get_widget:
 * @self: a display that was opened
 *
 * Returns: (transfer none) (nullable): what is put into the console
 */
GtkWidget *
gh_display_get_widget (GhDisplay *self)
{
  return GH_DISPLAY_GET_CLASS (self)->get_widget (self);
}

/**
 * gh_display_get_input_widget:
 * @self: a display that was opened
 *
 * Returns: (transfer none) (nullable): the part that takes the keyboard
 */
GtkWidget *
gh_display_get_input_widget (GhDisplay *self)
{
  return GH_DISPLAY_GET_CLASS (self)->get_input_widget (self);
}

/**
 * gh_display_open:
 * @self: a new display
 * @target: what to connect to; copied as far as it is needed later
 * @fd: (transfer full): a connected socket, or -1 when @target says where to find one
 *
 * Starts connecting. Once per display.
 */
void
gh_display_open (GhDisplay             *self,
                 const GhConsoleTarget *target,
                 int                    fd)
{
  GH_DISPLAY_GET_CLASS (self)->open (self, target, fd);
}

/**
 * gh_display_close:
 * @self: a display
 *
 * Disconnects and destroys the widget. Nothing is emitted any more. May be called twice.
 */
void
gh_display_close (GhDisplay *self)
{
  GhDisplayPrivate *priv = get_private (self);

  if (priv->closed)
    return;
  priv->closed = TRUE;
  GH_DISPLAY_GET_CLASS (self)->close (self);
}

/**
 * gh_display_release:
 * @self: a display
 *
 * Gives keyboard and mouse back to the desktop.
 */
void
gh_display_release (GhDisplay *self)
{
  if (GH_DISPLAY_GET_CLASS (self)->release != NULL)
    GH_DISPLAY_GET_CLASS (self)->release (self);
}

/**
 * gh_display_send_keys:
 * @self: a display
 * @keyvals: GDK key values, ended by 0, pressed together
 *
 * Returns: %FALSE when the protocol knows no keys
 */
gboolean
gh_display_send_keys (GhDisplay   *self,
                      const guint *keyvals)
{
  if (GH_DISPLAY_GET_CLASS (self)->send_keys == NULL)
    return FALSE;
  return GH_DISPLAY_GET_CLASS (self)->send_keys (self, keyvals);
}

/**
 * gh_display_set_scaling:
 * @self: a display
 * @scaling: whether to fit the guest's screen into the widget
 */
void
gh_display_set_scaling (GhDisplay *self,
                        gboolean   scaling)
{
  if (GH_DISPLAY_GET_CLASS (self)->set_scaling != NULL)
    GH_DISPLAY_GET_CLASS (self)->set_scaling (self, scaling);
}

/**
 * gh_display_set_resize_guest:
 * @self: a display
 * @resize_guest: whether to ask the guest to take the widget's size
 */
void
gh_display_set_resize_guest (GhDisplay *self,
                             gboolean   resize_guest)
{
  if (GH_DISPLAY_GET_CLASS (self)->set_resize_guest != NULL)
    GH_DISPLAY_GET_CLASS (self)->set_resize_guest (self, resize_guest);
}

/**
 * gh_display_get_can_resize_guest:
 * @self: a display
 *
 * Returns: whether the guest would follow, which for SPICE needs its agent
 */
gboolean
gh_display_get_can_resize_guest (GhDisplay *self)
{
  return get_private (self)->can_resize_guest;
}

/**
 * gh_display_get_takes_input:
 * @self: a display
 *
 * Returns: whether keys reach the guest already; the picture may be there before
 */
gboolean
gh_display_get_takes_input (GhDisplay *self)
{
  return get_private (self)->takes_input;
}

/**
 * gh_display_dup_frame:
 * @self: a display
 *
 * Returns: (transfer full) (nullable): the guest's screen
 */
GdkPixbuf *
gh_display_dup_frame (GhDisplay *self)
{
  if (GH_DISPLAY_GET_CLASS (self)->dup_frame == NULL || get_private (self)->closed)
    return NULL;
  return GH_DISPLAY_GET_CLASS (self)->dup_frame (self);
}

/**
 * gh_display_copy:
 * @self: a display
 *
 * Copies what is selected, in a terminal.
 */
void
gh_display_copy (GhDisplay *self)
{
  if (GH_DISPLAY_GET_CLASS (self)->copy != NULL)
    GH_DISPLAY_GET_CLASS (self)->copy (self);
}

/**
 * gh_display_paste:
 * @self: a display
 *
 * Types the clipboard's text, in a terminal.
 */
void
gh_display_paste (GhDisplay *self)
{
  if (GH_DISPLAY_GET_CLASS (self)->paste != NULL)
    GH_DISPLAY_GET_CLASS (self)->paste (self);
}

void
gh_display_set_can_resize_guest (GhDisplay *self,
                                 gboolean   can_resize_guest)
{
  GhDisplayPrivate *priv = get_private (self);

  if (priv->can_resize_guest == can_resize_guest)
    return;
  priv->can_resize_guest = can_resize_guest;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_RESIZE_GUEST]);
}

void
gh_display_set_takes_input (GhDisplay *self,
                            gboolean   takes_input)
{
  GhDisplayPrivate *priv = get_private (self);

  if (priv->takes_input == takes_input)
    return;
  priv->takes_input = takes_input;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TAKES_INPUT]);
}

/* Emits "made": from now on there is a widget. */
void
gh_display_emit_made (GhDisplay *self)
{
  if (!get_private (self)->closed)
    g_signal_emit (self, signals[MADE], 0);
}

/* Emits "shown", the first time. */
void
gh_display_emit_shown (GhDisplay *self)
{
  GhDisplayPrivate *priv = get_private (self);

  if (priv->shown || priv->closed)
    return;
  priv->shown = TRUE;
  g_signal_emit (self, signals[SHOWN], 0);
}

/* Emits "drawn", the first time. */
void
gh_display_emit_drawn (GhDisplay *self)
{
  GhDisplayPrivate *priv = get_private (self);

  if (priv->drawn || priv->closed)
    return;
  priv->drawn = TRUE;
  g_signal_emit (self, signals[DRAWN], 0);
}

void
gh_display_emit_lost (GhDisplay    *self,
                      const GError *error)
{
  if (!get_private (self)->closed)
    g_signal_emit (self, signals[LOST], 0, error);
}

void
gh_display_emit_password_needed (GhDisplay *self,
                                 gboolean   user_too)
{
  if (!get_private (self)->closed)
    g_signal_emit (self, signals[PASSWORD_NEEDED], 0, user_too);
}
