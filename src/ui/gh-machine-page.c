/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-page"

#include "config.h"

#include "gh-machine-page.h"

#include <handy.h>

#include "gh-overview-page.h"
#include "gh-trial-bar.h"
#include "gh-ui.h"

struct _GhMachinePage
{
  GtkBox          parent_instance;

  GtkWidget      *switcher;
  GhTrialBar     *trial_bar;
  GtkStack       *stack;
  GhMachineConsoles  *consoles;
  GhOverviewPage *overview;

  GhMachine      *machine; /* (owned) (nullable) */
};

enum
{
  FULLSCREEN_REQUESTED,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhMachinePage, gh_machine_page, GTK_TYPE_BOX)

static void
fullscreen_requested_cb (GhMachinePage *self,
                         gboolean       wanted)
{
  g_signal_emit (self, signals[FULLSCREEN_REQUESTED], 0, wanted);
}

static void
failed_cb (GhMachinePage *self,
           const char    *title,
           const GError  *error)
{
  g_signal_emit (self, signals[FAILED], 0, title, error);
}

static void
gh_machine_page_dispose (GObject *object)
{
  g_clear_object (&GH_MACHINE_PAGE (object)->machine);
  G_OBJECT_CLASS (gh_machine_page_parent_class)->dispose (object);
}

static void
gh_machine_page_class_init (GhMachinePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_machine_page_dispose;

  signals[FULLSCREEN_REQUESTED] =
    g_signal_new ("fullscreen-requested", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[FAILED] =
    g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_ERROR);

  g_type_ensure (GH_TYPE_MACHINE_CONSOLES);
  g_type_ensure (GH_TYPE_OVERVIEW_PAGE);
  g_type_ensure (GH_TYPE_TRIAL_BAR);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-machine-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GhMachinePage, consoles);
  gtk_widget_class_bind_template_child (widget_class, GhMachinePage, overview);
  gtk_widget_class_bind_template_child (widget_class, GhMachinePage, stack);
  gtk_widget_class_bind_template_child (widget_class, GhMachinePage, switcher);
  gtk_widget_class_bind_template_child (widget_class, GhMachinePage, trial_bar);
  gtk_widget_class_bind_template_callback (widget_class, failed_cb);
  gtk_widget_class_bind_template_callback (widget_class, fullscreen_requested_cb);
}

static void
gh_machine_page_init (GhMachinePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_machine_page_new:
 *
 * Returns: (transfer floating): a page without a machine
 */
GtkWidget *
gh_machine_page_new (void)
{
  return g_object_new (GH_TYPE_MACHINE_PAGE, NULL);
}

/**
 * gh_machine_page_get_machine:
 * @self: a page
 *
 * Returns: (transfer none) (nullable): the machine it shows
 */
GhMachine *
gh_machine_page_get_machine (GhMachinePage *self)
{
  g_return_val_if_fail (GH_IS_MACHINE_PAGE (self), NULL);

  return self->machine;
}

/**
 * gh_machine_page_set_machine:
 * @self: a page
 * @machine: (nullable): the machine to show
 */
void
gh_machine_page_set_machine (GhMachinePage *self,
                             GhMachine     *machine)
{
  g_return_if_fail (GH_IS_MACHINE_PAGE (self));

  if (!g_set_object (&self->machine, machine))
    return;
  gh_machine_consoles_set_machine (self->consoles, machine);
  gh_overview_page_set_machine (self->overview, machine);
  gh_trial_bar_set_machine (self->trial_bar, machine);
}

/**
 * gh_machine_page_get_page:
 * @self: a page
 *
 * Returns: the name of the page that is shown
 */
const char *
gh_machine_page_get_page (GhMachinePage *self)
{
  g_return_val_if_fail (GH_IS_MACHINE_PAGE (self), NULL);

  return gtk_stack_get_visible_child_name (self->stack);
}

/**
 * gh_machine_page_set_page:
 * @self: a page
 * @name: the name of the page to show
 */
void
gh_machine_page_set_page (GhMachinePage *self,
                          const char    *name)
{
  g_return_if_fail (GH_IS_MACHINE_PAGE (self));

  gtk_stack_set_visible_child_name (self->stack, name);
}

/**
 * gh_machine_page_get_consoles:
 * @self: a page
 *
 * Returns: (transfer none): the page of the consoles
 */
GhMachineConsoles *
gh_machine_page_get_consoles (GhMachinePage *self)
{
  g_return_val_if_fail (GH_IS_MACHINE_PAGE (self), NULL);

  return self->consoles;
}

/**
 * gh_machine_page_set_fullscreen:
 * @self: a page
 * @fullscreen: whether to show the console and nothing else
 */
void
gh_machine_page_set_fullscreen (GhMachinePage *self,
                                gboolean       fullscreen)
{
  g_return_if_fail (GH_IS_MACHINE_PAGE (self));

  if (fullscreen)
    gh_machine_page_set_page (self, "console");
  gtk_widget_set_visible (self->switcher, !fullscreen);
  gtk_widget_set_visible (GTK_WIDGET (self->trial_bar), !fullscreen);
  gh_machine_consoles_set_fullscreen (self->consoles, fullscreen);
}
