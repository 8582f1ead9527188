/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-presets"

#include "config.h"

#include "gh-migrate-presets.h"

#include <glib/gi18n-lib.h>

#include "gh-problem.h"

/* In the order of GhMigratePreset. */
static const struct
{
  const char *title;
  const char *text;
  const char *icon_name;
} presets[] = {
  { N_("Safe"), N_("Can be cancelled at any time. The guest is slowed down if need be."),
    "security-high-symbolic" },
  { N_("Fast"), N_("Through several connections, with a longer pause at the end."),
    "media-seek-forward-symbolic" },
  { N_("Through one port"), N_("Inside the hosts’ own connection. For firewalls."),
    "network-wired-symbolic" },
};

struct _GhMigratePresets
{
  GtkBin           parent_instance;

  int              preset;
  gboolean         showing; /* what the tiles say now is not the user's choice */
  GtkToggleButton *tiles[GH_MIGRATE_N_PRESETS]; /* (unowned) */
  GtkLabel        *problems_label; /* (unowned) */
  GtkWidget       *custom;  /* (owned): the one that is on when no other is; never seen */
};

G_DEFINE_FINAL_TYPE (GhMigratePresets, gh_migrate_presets, GTK_TYPE_BIN)

enum
{
  PROP_0,
  PROP_PRESET,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
set_preset (GhMigratePresets *self,
            int               preset)
{
  if (preset == self->preset)
    return;
  self->preset = preset;
  self->showing = TRUE;
  gtk_toggle_button_set_active (self->tiles[preset], TRUE);
  self->showing = FALSE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PRESET]);
}

static void
tile_toggled_cb (GtkToggleButton  *tile,
                 GhMigratePresets *self)
{
  if (self->showing || !gtk_toggle_button_get_active (tile))
    return;
  for (int i = 0; i < GH_MIGRATE_N_PRESETS; i++)
    if (self->tiles[i] == tile)
      set_preset (self, i);
}

static GtkWidget *
new_label (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  return label;
}

static GtkWidget *
new_tile (GtkRadioButton *group,
          int             i)
{
  GtkWidget *tile = gtk_radio_button_new_from_widget (group);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *image = gtk_image_new_from_icon_name (presets[i].icon_name, GTK_ICON_SIZE_BUTTON);
  GtkWidget *text = new_label (_(presets[i].text));
  GtkStyleContext *style = gtk_widget_get_style_context (text);

  gtk_image_set_pixel_size (GTK_IMAGE (image), 32);
  gtk_label_set_max_width_chars (GTK_LABEL (text), 14);
  gtk_style_context_add_class (style, GTK_STYLE_CLASS_DIM_LABEL);
  gtk_style_context_add_class (style, "caption");
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  gtk_container_add (GTK_CONTAINER (box), image);
  gtk_container_add (GTK_CONTAINER (box), new_label (_(presets[i].title)));
  gtk_container_add (GTK_CONTAINER (box), text);
  gtk_toggle_button_set_mode (GTK_TOGGLE_BUTTON (tile), FALSE);
  gtk_widget_set_size_request (tile, 130, -1);
  gtk_style_context_add_class (gtk_widget_get_style_context (tile), "gh-tile");
  atk_object_set_name (gtk_widget_get_accessible (tile), _(presets[i].title));
  gtk_container_add (GTK_CONTAINER (tile), box);
  return tile;
}

/* A tile is too small to say why it cannot be chosen. */
static GtkWidget *
new_problems_label (void)
{
  GtkWidget *label = gtk_label_new (NULL);
  GtkStyleContext *style = gtk_widget_get_style_context (label);

  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_line_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_style_context_add_class (style, GTK_STYLE_CLASS_DIM_LABEL);
  gtk_style_context_add_class (style, "caption");
  return label;
}

static void
gh_migrate_presets_dispose (GObject *object)
{
  g_clear_object (&GH_MIGRATE_PRESETS (object)->custom);
  G_OBJECT_CLASS (gh_migrate_presets_parent_class)->dispose (object);
}

static void
gh_migrate_presets_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_PRESET:
      g_value_set_int (value, GH_MIGRATE_PRESETS (object)->preset);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migrate_presets_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_PRESET:
      set_preset (GH_MIGRATE_PRESETS (object), g_value_get_int (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migrate_presets_class_init (GhMigratePresetsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gh_migrate_presets_dispose;
  object_class->get_property = gh_migrate_presets_get_property;
  object_class->set_property = gh_migrate_presets_set_property;

  properties[PROP_PRESET] = g_param_spec_int ("preset", NULL, NULL, GH_MIGRATE_SAFE,
                                              GH_MIGRATE_CUSTOM, GH_MIGRATE_CUSTOM,
                                              G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                              G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_migrate_presets_init (GhMigratePresets *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *flow = gtk_flow_box_new ();
  GtkWidget *custom = gtk_radio_button_new (NULL);

  G_STATIC_ASSERT (G_N_ELEMENTS (presets) == GH_MIGRATE_CUSTOM);
  gtk_flow_box_set_selection_mode (GTK_FLOW_BOX (flow), GTK_SELECTION_NONE);
  gtk_flow_box_set_homogeneous (GTK_FLOW_BOX (flow), TRUE);
  gtk_flow_box_set_max_children_per_line (GTK_FLOW_BOX (flow), G_N_ELEMENTS (presets));
  gtk_flow_box_set_column_spacing (GTK_FLOW_BOX (flow), 6);
  gtk_flow_box_set_row_spacing (GTK_FLOW_BOX (flow), 6);
  atk_object_set_name (gtk_widget_get_accessible (flow), _("How it moves"));
  self->preset = GH_MIGRATE_CUSTOM;
  /* It is in the group without being in the window. */
  self->custom = g_object_ref_sink (custom);
  self->tiles[GH_MIGRATE_CUSTOM] = GTK_TOGGLE_BUTTON (custom);
  for (int i = 0; i < GH_MIGRATE_CUSTOM; i++)
    {
      GtkWidget *child = gtk_flow_box_child_new ();

      self->tiles[i] = GTK_TOGGLE_BUTTON (new_tile (GTK_RADIO_BUTTON (custom), i));
      g_signal_connect_object (self->tiles[i], "toggled", G_CALLBACK (tile_toggled_cb), self, 0);
      gtk_widget_set_can_focus (child, FALSE);
      gtk_container_add (GTK_CONTAINER (child), GTK_WIDGET (self->tiles[i]));
      gtk_container_add (GTK_CONTAINER (flow), child);
    }
  gtk_container_add (GTK_CONTAINER (box), flow);
  gtk_widget_show_all (box);
  self->problems_label = GTK_LABEL (new_problems_label ());
  gtk_container_add (GTK_CONTAINER (box), GTK_WIDGET (self->problems_label));
  gtk_container_add (GTK_CONTAINER (self), box);
}

/**
 * gh_migrate_presets_set_problems:
 * @self: the presets
 * @problems: (array fixed-size=3) (element-type utf8): why each cannot be chosen, or %NULL
 */
void
gh_migrate_presets_set_problems (GhMigratePresets  *self,
                                 const char *const *problems)
{
  const char *titles[GH_MIGRATE_CUSTOM];

  g_return_if_fail (GH_IS_MIGRATE_PRESETS (self));
  g_return_if_fail (problems != NULL);

  for (int i = 0; i < GH_MIGRATE_CUSTOM; i++)
    {
      gh_problem_set (GTK_WIDGET (self->tiles[i]), problems[i]);
      titles[i] = _(presets[i].title);
    }
  gh_problem_show (self->problems_label, titles, problems, GH_MIGRATE_CUSTOM);
}
