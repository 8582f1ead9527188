/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-keep-form"

#include "config.h"

#include "gh-keep-form.h"

#include "gh-ui.h"

struct _GhKeepForm
{
  GtkBin           parent_instance;

  GtkEntry        *name_entry;
  GtkWidget       *network_check;
  GtkWidget       *parent_box;
  GtkToggleButton *overlay_radio;
  GtkToggleButton *template_radio;

  GhKeepPlan      *plan;     /* (owned) (nullable) */
  gboolean         updating; /* what the plan proposes is no wish of the user's */
};

G_DEFINE_FINAL_TYPE (GhKeepForm, gh_keep_form, GTK_TYPE_BIN)

static void
update (GhKeepForm *self)
{
  g_autofree char *name = NULL;
  gboolean network = TRUE;
  int parent = GH_CLONE_PARENT_TEMPLATE;

  if (self->name_entry == NULL)
    return;
  g_object_get (self->plan, "name", &name, "network", &network, "parent", &parent, NULL);
  self->updating = TRUE;
  if (g_strcmp0 (gtk_entry_get_text (self->name_entry), name) != 0)
    gtk_entry_set_text (self->name_entry, name);
  gtk_widget_set_sensitive (GTK_WIDGET (self->name_entry),
                            gh_keep_plan_can_rename (self->plan));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->network_check), network);
  gtk_widget_set_visible (self->network_check, gh_keep_plan_has_unplugged (self->plan));
  gtk_widget_set_visible (self->parent_box, gh_keep_plan_needs_parent (self->plan));
  gtk_widget_set_sensitive (GTK_WIDGET (self->overlay_radio),
                            gh_keep_plan_can_overlay (self->plan));
  gtk_toggle_button_set_active (parent == GH_CLONE_PARENT_OVERLAY ? self->overlay_radio
                                                                  : self->template_radio, TRUE);
  self->updating = FALSE;
}

static void
name_changed_cb (GhKeepForm *self)
{
  if (!self->updating)
    g_object_set (self->plan, "name", gtk_entry_get_text (self->name_entry), NULL);
}

static void
network_toggled_cb (GhKeepForm *self)
{
  if (!self->updating)
    g_object_set (self->plan, "network",
                  gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->network_check)), NULL);
}

static void
parent_toggled_cb (GhKeepForm *self)
{
  if (!self->updating)
    g_object_set (self->plan, "parent",
                  gtk_toggle_button_get_active (self->overlay_radio) ? GH_CLONE_PARENT_OVERLAY
                                                                     : GH_CLONE_PARENT_TEMPLATE,
                  NULL);
}

static void
gh_keep_form_dispose (GObject *object)
{
  GhKeepForm *self = GH_KEEP_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_keep_form_parent_class)->dispose (object);
}

static void
gh_keep_form_class_init (GhKeepFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_keep_form_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-keep-form.ui");
  gtk_widget_class_bind_template_child (widget_class, GhKeepForm, name_entry);
  gtk_widget_class_bind_template_child (widget_class, GhKeepForm, network_check);
  gtk_widget_class_bind_template_child (widget_class, GhKeepForm, overlay_radio);
  gtk_widget_class_bind_template_child (widget_class, GhKeepForm, parent_box);
  gtk_widget_class_bind_template_child (widget_class, GhKeepForm, template_radio);
  gtk_widget_class_bind_template_callback (widget_class, name_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, network_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, parent_toggled_cb);
}

static void
gh_keep_form_init (GhKeepForm *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_keep_form_new:
 * @plan: what it is the form of
 *
 * Returns: (transfer floating): the form
 */
GtkWidget *
gh_keep_form_new (GhKeepPlan *plan)
{
  GhKeepForm *self = NULL;

  g_return_val_if_fail (GH_IS_KEEP_PLAN (plan), NULL);

  self = g_object_new (GH_TYPE_KEEP_FORM, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  g_signal_connect_object (plan, "notify::serial", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}
