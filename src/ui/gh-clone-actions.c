/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-clone-actions"

#include "config.h"

#include "gh-clone-actions.h"

#include <glib/gi18n-lib.h>

#include "gh-clone-dialog.h"
#include "gh-independent-form.h"
#include "gh-machine-mark.h"
#include "gh-plan-dialog.h"
#include "gh-resize-form.h"
#include "gh-snapshots-dialog.h"
#include "gh-template-plan.h"

struct _GhCloneActions
{
  GObject    parent_instance;

  GhWindow  *window;  /* (unowned): it owns us */
  GhMachine *machine; /* (owned) (nullable): the selected one, if it is one */
};

G_DEFINE_FINAL_TYPE (GhCloneActions, gh_clone_actions, G_TYPE_OBJECT)

static void
clone_activated_cb (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  GhCloneActions *self = user_data;

  if (self->machine != NULL)
    gh_clone_dialog_present (GTK_WINDOW (self->window), self->machine,
                             gh_machine_get_kind (self->machine) == GH_MACHINE_TEMPLATE);
}

static void
clone_from_activated_cb (GSimpleAction *action,
                         GVariant      *parameter,
                         gpointer       user_data)
{
  GhCloneActions *self = user_data;
  GhMachine *machine = gh_hosts_find_machine (gh_window_get_hosts (self->window),
                                              g_variant_get_string (parameter, NULL));

  gh_window_clear_errors (self->window);
  if (machine != NULL)
    gh_clone_dialog_present (GTK_WINDOW (self->window), machine, /* linked= */ TRUE);
}

/* Takes @plan. */
static void
present_dialog (GhCloneActions *self,
                GhPlan         *plan,
                const char     *title,
                GtkWidget      *form)
{
  GhPlanDialog *dialog = gh_plan_dialog_new (GTK_WINDOW (self->window), title,
                                             GH_PLAN_DIALOG_SUGGESTED, form);

  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 400);
  gh_plan_dialog_set_plan (dialog, plan);
  gtk_window_present (GTK_WINDOW (dialog));
  g_object_unref (plan);
}

/* A plan without choices: what it is about, its checks, its steps. Takes @plan. */
static void
present_plan (GhCloneActions *self,
              GhPlan         *plan,
              const char     *title,
              const char     *text)
{
  GtkWidget *label = gtk_label_new (text);

  g_object_set (label, "visible", TRUE, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR,
                "xalign", 0.0, NULL);
  present_dialog (self, plan, title, label);
}

static void
make_independent_activated_cb (GSimpleAction *action,
                               GVariant      *parameter,
                               gpointer       user_data)
{
  GhCloneActions *self = user_data;
  GhIndependentPlan *plan = NULL;

  if (self->machine == NULL)
    return;
  plan = gh_independent_plan_new (self->machine);
  present_dialog (self, GH_PLAN (plan), _("Make independent"), gh_independent_form_new (plan));
}

static void
make_template_activated_cb (GSimpleAction *action,
                            GVariant      *parameter,
                            gpointer       user_data)
{
  GhCloneActions *self = user_data;

  if (self->machine != NULL)
    present_plan (self, GH_PLAN (gh_template_plan_new (self->machine, /* on= */ TRUE)),
                  _("Make a template"),
                  _("Others are made from a template. It stays as it is: its disks are protected "
                    "from being written, and it is not started."));
}

static void
use_as_machine_activated_cb (GSimpleAction *action,
                             GVariant      *parameter,
                             gpointer       user_data)
{
  GhCloneActions *self = user_data;

  if (self->machine != NULL)
    present_plan (self, GH_PLAN (gh_template_plan_new (self->machine, /* on= */ FALSE)),
                  _("Use as a machine again"),
                  _("It can be started and changed again, once no other machine depends on its "
                    "disks."));
}

static void
show_snapshots_activated_cb (GSimpleAction *action,
                             GVariant      *parameter,
                             gpointer       user_data)
{
  GhCloneActions *self = user_data;

  if (self->machine != NULL)
    gh_snapshots_dialog_present (GTK_WINDOW (self->window), self->machine);
}

static void
resize_disk_activated_cb (GSimpleAction *action,
                          GVariant      *parameter,
                          gpointer       user_data)
{
  GhCloneActions *self = user_data;

  if (self->machine != NULL)
    gh_resize_form_present (GTK_WINDOW (self->window), self->machine);
}

static const GActionEntry action_entries[] = {
  { "show-snapshots", show_snapshots_activated_cb },
  { "resize-disk", resize_disk_activated_cb },
  { "make-independent", make_independent_activated_cb },
  { "make-template", make_template_activated_cb },
  { "use-as-machine", use_as_machine_activated_cb },
  { "clone-machine", clone_activated_cb },
  { "new-from-template", clone_activated_cb },
  { "clone-from", clone_from_activated_cb, "s" },
};

static void
set_enabled (GhCloneActions *self,
             const char     *name,
             gboolean        enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->window), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static void
gh_clone_actions_finalize (GObject *object)
{
  g_clear_object (&GH_CLONE_ACTIONS (object)->machine);
  G_OBJECT_CLASS (gh_clone_actions_parent_class)->finalize (object);
}

static void
gh_clone_actions_class_init (GhCloneActionsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_clone_actions_finalize;
}

static void
gh_clone_actions_init (GhCloneActions *self)
{
}

/**
 * gh_clone_actions_new:
 * @window: the window to add the actions to; it owns what is returned
 *
 * Returns: (transfer full): the actions
 */
GhCloneActions *
gh_clone_actions_new (GhWindow *window)
{
  GhCloneActions *self = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  g_return_val_if_fail (GH_IS_WINDOW (window), NULL);

  self = g_object_new (GH_TYPE_CLONE_ACTIONS, NULL);
  self->window = window;
  g_action_map_add_action_entries (G_ACTION_MAP (window), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  gh_clone_actions_update (self, none);
  return self;
}

/**
 * gh_clone_actions_update:
 * @self: the actions
 * @machines: (element-type GhMachine): what is selected
 *
 * Enables the actions that are possible with what is selected.
 */
void
gh_clone_actions_update (GhCloneActions *self,
                         GPtrArray      *machines)
{
  GhMachine *machine = NULL;
  GhMachineKind kind = GH_MACHINE_ORDINARY;

  g_return_if_fail (GH_IS_CLONE_ACTIONS (self));

  if (machines->len == 1 && gh_machine_exists (g_ptr_array_index (machines, 0)))
    machine = g_ptr_array_index (machines, 0);
  g_set_object (&self->machine, machine);
  if (machine != NULL)
    kind = gh_machine_get_kind (machine);
  set_enabled (self, "show-snapshots", machine != NULL);
  set_enabled (self, "resize-disk", machine != NULL);
  set_enabled (self, "clone-machine", machine != NULL && kind != GH_MACHINE_TEMPLATE);
  set_enabled (self, "new-from-template", kind == GH_MACHINE_TEMPLATE);
  set_enabled (self, "make-independent", kind == GH_MACHINE_LINKED_CLONE);
  set_enabled (self, "make-template", machine != NULL && kind != GH_MACHINE_TEMPLATE &&
               kind != GH_MACHINE_TRIAL);
  set_enabled (self, "use-as-machine", kind == GH_MACHINE_TEMPLATE);
}
