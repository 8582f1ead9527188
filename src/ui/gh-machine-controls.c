/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-controls"

#include "config.h"

#include "gh-machine-controls.h"

#include "gh-ui.h"

/* Run, resume and pause share one place. */
#define N_PRIMARY 3

struct _GhMachineControls
{
  GtkBox     parent_instance;

  GAction   *primary[N_PRIMARY]; /* (unowned): of the window we are in */

  GtkWidget *start_button;
  GtkWidget *resume_button;
  GtkWidget *pause_button;
  GtkWidget *power_box;
  GtkWidget *try_button;
  GtkWidget *clone_button;
  GtkWidget *new_button;
};

G_DEFINE_FINAL_TYPE (GhMachineControls, gh_machine_controls, GTK_TYPE_BOX)

static void
show_while_enabled (GActionMap *actions,
                    const char *name,
                    GtkWidget  *widget)
{
  GAction *action = g_action_map_lookup_action (actions, name);

  g_object_bind_property (action, "enabled", widget, "visible", G_BINDING_SYNC_CREATE);
}

/* While something is being done none is possible: the last one stays, insensitive, so that what is
 * beside it does not jump to and fro. */
static void
primary_changed_cb (GhMachineControls *self)
{
  GtkWidget *buttons[N_PRIMARY] = { self->start_button, self->resume_button, self->pause_button };
  int chosen = -1;

  for (int i = 0; i < N_PRIMARY && chosen < 0; i++)
    if (g_action_get_enabled (self->primary[i]))
      chosen = i;
  if (chosen < 0 || buttons[chosen] == NULL)
    return;
  for (int i = 0; i < N_PRIMARY; i++)
    gtk_widget_set_visible (buttons[i], i == chosen || g_action_get_enabled (self->primary[i]));
}

static void
gh_machine_controls_class_init (GhMachineControlsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-machine-controls.ui");
  gtk_widget_class_bind_template_child (widget_class, GhMachineControls, clone_button);
  gtk_widget_class_bind_template_child (widget_class, GhMachineControls, new_button);
  gtk_widget_class_bind_template_child (widget_class, GhMachineControls, pause_button);
  gtk_widget_class_bind_template_child (widget_class, GhMachineControls, power_box);
  gtk_widget_class_bind_template_child (widget_class, GhMachineControls, resume_button);
  gtk_widget_class_bind_template_child (widget_class, GhMachineControls, start_button);
  gtk_widget_class_bind_template_child (widget_class, GhMachineControls, try_button);
}

static void
gh_machine_controls_init (GhMachineControls *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_machine_controls_new:
 * @actions: the window's actions, with those of #GhMachineActions among them
 *
 * Returns: (transfer floating): the buttons
 */
GtkWidget *
gh_machine_controls_new (GActionMap *actions)
{
  static const char *const primary[N_PRIMARY] = { "machine-start", "machine-resume",
                                                  "machine-pause" };
  GhMachineControls *self = NULL;

  g_return_val_if_fail (G_IS_ACTION_MAP (actions), NULL);

  self = g_object_new (GH_TYPE_MACHINE_CONTROLS, NULL);
  for (int i = 0; i < N_PRIMARY; i++)
    {
      self->primary[i] = g_action_map_lookup_action (actions, primary[i]);
      g_signal_connect_object (self->primary[i], "notify::enabled", G_CALLBACK (primary_changed_cb),
                               self, G_CONNECT_SWAPPED);
    }
  primary_changed_cb (self);
  /* Whatever has a process can have its plug pulled, also while it does not listen. */
  show_while_enabled (actions, "machine-force-off", self->power_box);
  show_while_enabled (actions, "try-machine", self->try_button);
  show_while_enabled (actions, "clone-machine", self->clone_button);
  show_while_enabled (actions, "new-from-template", self->new_button);
  return GTK_WIDGET (self);
}
