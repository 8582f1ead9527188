/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-move-actions"

#include "config.h"

#include "gh-move-actions.h"

#include <glib/gi18n-lib.h>

#include "gh-activity.h"
#include "gh-left-plan.h"
#include "gh-migrate-dialog.h"
#include "gh-plan-dialog.h"

struct _GhMoveActions
{
  GObject    parent_instance;

  GhWindow  *window;   /* (unowned): it owns us */
  GPtrArray *machines; /* (element-type GhMachine): what is selected */

  GhHost    *awaited_host; /* (owned) (nullable): where the shown machine has gone */
  char      *awaited_uuid; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (GhMoveActions, gh_move_actions, G_TYPE_OBJECT)

static void
move_activated_cb (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  GhMoveActions *self = user_data;

  gh_move_actions_move (self, self->machines, NULL);
}

/* Metadata may have been written by anybody, and a URI can have libvirt run programs: only a host
 * that the user has added is connected to. (nullable) */
static GhHost *
find_left_host (GhMoveActions *self)
{
  GhMachine *machine = self->machines->len == 1 ? g_ptr_array_index (self->machines, 0) : NULL;
  const char *uri = machine != NULL ? gh_machine_get_left_uri (machine) : NULL;

  return uri != NULL ? gh_hosts_find (gh_window_get_hosts (self->window), uri) : NULL;
}

/**
 * gh_move_actions_present_left:
 * @parent: (nullable): the window it is about to be above
 * @machine: what has moved
 * @host: where it was
 *
 * Shows what it left there, to be removed.
 */
void
gh_move_actions_present_left (GtkWindow *parent,
                              GhMachine *machine,
                              GhHost    *host)
{
  g_autoptr (GhLeftPlan) plan = gh_left_plan_new (machine, host);
  /* Translators: the names of a machine and of a host. */
  g_autofree char *text = g_strdup_printf (
    _("Files of “%s” stayed at %s when it moved. They are as they were then, and nothing uses them "
      "any more."), gh_machine_get_label (machine), gh_host_get_label (host));
  GtkWidget *label = gtk_label_new (text);
  GhPlanDialog *dialog = NULL;

  g_object_set (label, "visible", TRUE, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "xalign",
                0.0, NULL);
  dialog = gh_plan_dialog_new (parent, _("Remove what was left"), GH_PLAN_DIALOG_DESTRUCTIVE,
                               label);
  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 400);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (plan));
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
remove_left_activated_cb (GSimpleAction *action,
                          GVariant      *parameter,
                          gpointer       user_data)
{
  GhMoveActions *self = user_data;
  GhHost *host = find_left_host (self);

  if (host != NULL)
    gh_move_actions_present_left (GTK_WINDOW (self->window),
                                  g_ptr_array_index (self->machines, 0), host);
}

static const GActionEntry action_entries[] = {
  { "move-machine", move_activated_cb },
  { "remove-left", remove_left_activated_cb },
};

/* Following */

static void
stop_waiting (GhMoveActions *self)
{
  if (self->awaited_host != NULL)
    g_signal_handlers_disconnect_by_data (self->awaited_host, self);
  g_clear_object (&self->awaited_host);
  g_clear_pointer (&self->awaited_uuid, g_free);
}

/* Once it is listed there. Who looks at another machine by then is left alone. */
static void
follow (GhMoveActions *self)
{
  GhMachine *machine = gh_host_find_machine (self->awaited_host, self->awaited_uuid);
  g_autofree char *text = NULL;

  if (machine == NULL || !gh_machine_exists (machine))
    return;
  if (g_strcmp0 (gh_window_get_shown_uuid (self->window), self->awaited_uuid) == 0)
    {
      gh_window_show_machine (self->window, machine, /* console= */ FALSE);
      /* Translators: the names of a machine and of a host. */
      text = g_strdup_printf (_("“%s” has moved to %s"), gh_machine_get_label (machine),
                              gh_host_get_label (self->awaited_host));
      gh_window_show_notice (self->window, text);
    }
  stop_waiting (self);
}

static void
machine_moved_cb (GhMoveActions *self,
                  GhHost        *host,
                  const char    *uuid)
{
  if (g_strcmp0 (gh_window_get_shown_uuid (self->window), uuid) != 0)
    return;

  stop_waiting (self);
  self->awaited_host = g_object_ref (host);
  self->awaited_uuid = g_strdup (uuid);
  g_signal_connect_object (host, "machines-changed", G_CALLBACK (follow), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  follow (self);
}

static void
gh_move_actions_dispose (GObject *object)
{
  stop_waiting (GH_MOVE_ACTIONS (object));
  G_OBJECT_CLASS (gh_move_actions_parent_class)->dispose (object);
}

static void
gh_move_actions_finalize (GObject *object)
{
  g_ptr_array_unref (GH_MOVE_ACTIONS (object)->machines);
  G_OBJECT_CLASS (gh_move_actions_parent_class)->finalize (object);
}

static void
gh_move_actions_class_init (GhMoveActionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gh_move_actions_dispose;
  object_class->finalize = gh_move_actions_finalize;
}

static void
gh_move_actions_init (GhMoveActions *self)
{
  self->machines = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * gh_move_actions_new:
 * @window: the window to add the actions to; it owns what is returned
 *
 * Returns: (transfer full): the actions
 */
GhMoveActions *
gh_move_actions_new (GhWindow *window)
{
  GhMoveActions *self = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  g_return_val_if_fail (GH_IS_WINDOW (window), NULL);

  self = g_object_new (GH_TYPE_MOVE_ACTIONS, NULL);
  self->window = window;
  g_action_map_add_action_entries (G_ACTION_MAP (window), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  g_signal_connect_object (gh_activity_get_default (), "machine-moved",
                           G_CALLBACK (machine_moved_cb), self, G_CONNECT_SWAPPED);
  gh_move_actions_update (self, none);
  return self;
}

/**
 * gh_move_actions_update:
 * @self: the actions
 * @machines: (element-type GhMachine): what is selected
 *
 * Enables what is possible with what is selected.
 */
void
gh_move_actions_update (GhMoveActions *self,
                        GPtrArray     *machines)
{
  GAction *action = NULL;

  g_return_if_fail (GH_IS_MOVE_ACTIONS (self));

  g_ptr_array_set_size (self->machines, 0);
  for (guint i = 0; i < machines->len; i++)
    if (gh_machine_exists (g_ptr_array_index (machines, i)))
      g_ptr_array_add (self->machines, g_object_ref (g_ptr_array_index (machines, i)));
  action = g_action_map_lookup_action (G_ACTION_MAP (self->window), "move-machine");
  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), self->machines->len > 0);
  action = g_action_map_lookup_action (G_ACTION_MAP (self->window), "remove-left");
  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), find_left_host (self) != NULL);
}

/**
 * gh_move_actions_move:
 * @self: the actions
 * @machines: (element-type GhMachine): what to move
 * @destination: (nullable): where to, as far as is known
 */
void
gh_move_actions_move (GhMoveActions *self,
                      GPtrArray     *machines,
                      GhHost        *destination)
{
  g_return_if_fail (GH_IS_MOVE_ACTIONS (self));

  if (machines->len > 0)
    gh_migrate_dialog_present (GTK_WINDOW (self->window), gh_window_get_hosts (self->window),
                               machines, destination);
}

static int
compare_labels (gconstpointer a,
                gconstpointer b)
{
  GhMachine *first = *(GhMachine *const *) a;
  GhMachine *second = *(GhMachine *const *) b;

  return g_utf8_collate (gh_machine_get_label (first), gh_machine_get_label (second));
}

/**
 * gh_move_actions_empty_host:
 * @self: the actions
 * @host: what is to be without machines, as for maintenance
 */
void
gh_move_actions_empty_host (GhMoveActions *self,
                            GhHost        *host)
{
  g_autoptr (GPtrArray) machines = NULL;

  g_return_if_fail (GH_IS_MOVE_ACTIONS (self));
  g_return_if_fail (GH_IS_HOST (host));

  machines = gh_host_dup_machines (host);
  g_ptr_array_sort (machines, compare_labels);
  gh_move_actions_move (self, machines, NULL);
}
