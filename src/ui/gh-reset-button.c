/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-reset-button"

#include "config.h"

#include "gh-reset-button.h"

#include <glib/gi18n-lib.h>
#include <handy.h>
#include <string.h>

#include "gh-create-plan.h"

struct _GhResetButton
{
  GtkButton      parent_instance;

  GhCreatePlan  *plan; /* (nullable) */
  GhCreateField  field;
  HdyActionRow  *row;  /* (nullable) (unowned): it holds us */
  gboolean       says; /* the row has no other use for its subtitle */
};

G_DEFINE_FINAL_TYPE (GhResetButton, gh_reset_button, GTK_TYPE_BUTTON)

enum
{
  PROP_0,
  PROP_PLAN,
  PROP_FIELD,
  PROP_ROW,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static const char *field_names[GH_CREATE_N_FIELDS] = {
  [GH_CREATE_NAME] = "name",         [GH_CREATE_OS] = "os",
  [GH_CREATE_MEMORY] = "memory",     [GH_CREATE_CPUS] = "cpus",
  [GH_CREATE_DISK_SIZE] = "disk-size", [GH_CREATE_POOL] = "pool",
  [GH_CREATE_DISK_NAME] = "disk-name", [GH_CREATE_FIRMWARE] = "firmware",
  [GH_CREATE_NETWORK] = "network",   [GH_CREATE_GRAPHICS] = "graphics",
  [GH_CREATE_TPM] = "tpm",
};

static void
update (GhResetButton *self)
{
  gboolean overridden = self->plan != NULL &&
                        gh_create_plan_is_overridden (self->plan, self->field);

  gtk_widget_set_visible (GTK_WIDGET (self), overridden);
  if (self->row != NULL && self->says)
    hdy_action_row_set_subtitle (self->row, overridden ? _("Your choice") : _("Recommended"));
}

static void
gh_reset_button_clicked (GtkButton *button)
{
  GhResetButton *self = GH_RESET_BUTTON (button);

  /* It is about to go, and the keyboard should not be left nowhere. */
  if (gtk_widget_has_focus (GTK_WIDGET (self)))
    gtk_widget_child_focus (gtk_widget_get_toplevel (GTK_WIDGET (self)), GTK_DIR_TAB_FORWARD);
  gh_create_plan_reset (self->plan, self->field);
  update (self);
}

static void
set_plan (GhResetButton *self,
          GhCreatePlan  *plan)
{
  if (plan == self->plan)
    return;

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_set_object (&self->plan, plan);
  if (plan != NULL)
    g_signal_connect_object (plan, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

static void
set_field (GhResetButton *self,
           const char    *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (field_names); i++)
    if (g_strcmp0 (field_names[i], name) == 0)
      {
        self->field = (GhCreateField) i;
        return;
      }
  g_return_if_reached ();
}

static void
gh_reset_button_dispose (GObject *object)
{
  GhResetButton *self = GH_RESET_BUTTON (object);

  self->row = NULL;
  set_plan (self, NULL);
  G_OBJECT_CLASS (gh_reset_button_parent_class)->dispose (object);
}

static void
gh_reset_button_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  GhResetButton *self = GH_RESET_BUTTON (object);

  switch (prop_id)
    {
    case PROP_PLAN:
      set_plan (self, g_value_get_object (value));
      break;
    case PROP_FIELD:
      set_field (self, g_value_get_string (value));
      update (self);
      break;
    case PROP_ROW:
      self->row = g_value_get_object (value);
      self->says = self->row != NULL && *hdy_action_row_get_subtitle (self->row) == '\0';
      update (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_reset_button_class_init (GhResetButtonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = gh_reset_button_dispose;
  object_class->set_property = gh_reset_button_set_property;
  GTK_BUTTON_CLASS (klass)->clicked = gh_reset_button_clicked;

  properties[PROP_PLAN] = g_param_spec_object ("plan", NULL, NULL, GH_TYPE_CREATE_PLAN, flags);
  properties[PROP_FIELD] = g_param_spec_string ("field", NULL, NULL, NULL, flags);
  properties[PROP_ROW] = g_param_spec_object ("row", NULL, NULL, HDY_TYPE_ACTION_ROW, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_reset_button_init (GhResetButton *self)
{
  GtkWidget *image = gtk_image_new_from_icon_name ("edit-undo-symbolic", GTK_ICON_SIZE_BUTTON);

  gtk_widget_show (image);
  gtk_container_add (GTK_CONTAINER (self), image);
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  gtk_style_context_add_class (gtk_widget_get_style_context (GTK_WIDGET (self)),
                               GTK_STYLE_CLASS_FLAT);
}
