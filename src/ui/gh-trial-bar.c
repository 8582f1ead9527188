/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-trial-bar"

#include "config.h"

#include "gh-trial-bar.h"

#include <glib/gi18n-lib.h>

#include "gh-ui.h"

struct _GhTrialBar
{
  GtkBin       parent_instance;

  GtkRevealer *revealer;
  GtkLabel    *label;

  GhMachine   *machine; /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (GhTrialBar, gh_trial_bar, GTK_TYPE_BIN)

static void
update (GhTrialBar *self)
{
  gboolean trial = self->machine != NULL &&
                   gh_machine_get_kind (self->machine) == GH_MACHINE_TRIAL;
  const char *parent = trial ? gh_machine_get_parent_name (self->machine) : NULL;
  g_autofree char *text = NULL;

  if (self->revealer == NULL)
    return;
  gtk_revealer_set_reveal_child (self->revealer, trial);
  if (!trial)
    return;
  text = parent != NULL && *parent != '\0'
         ? g_strdup_printf (_("This is a throw-away copy of “%s”."), parent)
         : g_strdup (_("This is a throw-away copy."));
  gtk_label_set_label (self->label, text);
}

static void
gh_trial_bar_dispose (GObject *object)
{
  GhTrialBar *self = GH_TRIAL_BAR (object);

  if (self->machine != NULL)
    g_signal_handlers_disconnect_by_data (self->machine, self);
  g_clear_object (&self->machine);
  G_OBJECT_CLASS (gh_trial_bar_parent_class)->dispose (object);
}

static void
gh_trial_bar_class_init (GhTrialBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_trial_bar_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-trial-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, GhTrialBar, label);
  gtk_widget_class_bind_template_child (widget_class, GhTrialBar, revealer);
}

static void
gh_trial_bar_init (GhTrialBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
gh_trial_bar_set_machine (GhTrialBar *self,
                          GhMachine  *machine)
{
  g_return_if_fail (GH_IS_TRIAL_BAR (self));

  if (self->machine == machine)
    return;
  if (self->machine != NULL)
    g_signal_handlers_disconnect_by_data (self->machine, self);
  g_set_object (&self->machine, machine);
  if (machine != NULL)
    {
      g_signal_connect_object (machine, "notify::kind", G_CALLBACK (update), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (machine, "notify::parent-name", G_CALLBACK (update), self,
                               G_CONNECT_SWAPPED);
    }
  update (self);
}
