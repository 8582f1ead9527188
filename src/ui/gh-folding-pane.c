/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-folding-pane"

#include "config.h"

#include "gh-folding-pane.h"

struct _GhFoldingPane
{
  GtkBox   parent_instance;

  gboolean folded;
  int      beside_px; /* what it liked when last asked unfolded */
};

G_DEFINE_FINAL_TYPE (GhFoldingPane, gh_folding_pane, GTK_TYPE_BOX)

enum
{
  PROP_0,
  PROP_FOLDED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
gh_folding_pane_get_preferred_width (GtkWidget *widget,
                                     int       *minimum,
                                     int       *natural)
{
  GhFoldingPane *self = GH_FOLDING_PANE (widget);

  GTK_WIDGET_CLASS (gh_folding_pane_parent_class)->get_preferred_width (widget, minimum, natural);
  if (self->folded)
    *natural = MAX (*natural, self->beside_px);
  else
    self->beside_px = *natural;
}

static void
gh_folding_pane_get_property (GObject    *object,
                              guint       id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  if (id == PROP_FOLDED)
    g_value_set_boolean (value, GH_FOLDING_PANE (object)->folded);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gh_folding_pane_set_property (GObject      *object,
                              guint         id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  GhFoldingPane *self = GH_FOLDING_PANE (object);

  if (id != PROP_FOLDED)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  if (self->folded == g_value_get_boolean (value))
    return;
  self->folded = g_value_get_boolean (value);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (object, pspec);
}

static void
gh_folding_pane_class_init (GhFoldingPaneClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = gh_folding_pane_get_property;
  object_class->set_property = gh_folding_pane_set_property;
  GTK_WIDGET_CLASS (klass)->get_preferred_width = gh_folding_pane_get_preferred_width;

  properties[PROP_FOLDED] = g_param_spec_boolean ("folded", NULL, NULL, FALSE, G_PARAM_READWRITE |
                                                  G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_folding_pane_init (GhFoldingPane *self)
{
}
