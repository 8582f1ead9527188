/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-trial-actions"

#include "config.h"

#include "gh-trial-actions.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-activity.h"
#include "gh-clone-plan.h"
#include "gh-delete-plan.h"
#include "gh-keep-dialog.h"
#include "gh-plan-dialog.h"
#include "gh-trial-question.h"
#include "gh-virt-error.h"

struct _GhTrialActions
{
  GObject     parent_instance;

  GhWindow   *window;     /* (weak) (nullable): it owns us */
  GhMachine  *machine;    /* (owned) (nullable): the selected one, if it is one */
  GHashTable *all;        /* (element-type utf8): UUIDs of the trials there are */
  GHashTable *running;    /* (element-type utf8): of those that run */
  GHashTable *undecided;  /* (element-type utf8): those made or started since, not asked about */
  GHashTable *trying;     /* (element-type utf8): UUIDs of originals a trial of is being made */
  GHashTable *discarding; /* UUID → GhDeletePlan (owned) */
  GHashTable *awaited;    /* UUID of an original → itself: to be started without its trials */
  GtkWidget  *question;   /* (weak) (nullable) */
  gboolean    leaving;    /* the window closes once what is being discarded is gone */
};

G_DEFINE_FINAL_TYPE (GhTrialActions, gh_trial_actions, G_TYPE_OBJECT)

enum
{
  DECIDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static gboolean
is_trial (GhMachine *machine)
{
  return gh_machine_exists (machine) && gh_machine_get_kind (machine) == GH_MACHINE_TRIAL;
}

/* Plans: run at once when there is nothing to say, else shown like any other. */

static void
show_plan (GhTrialActions *self,
           GhPlan         *plan)
{
  GhPlanDialog *dialog = NULL;
  g_autofree char *title = gh_plan_dup_title (plan);
  gboolean destructive = GH_IS_DELETE_PLAN (plan);

  if (self->window == NULL)
    return;
  g_object_set_data (G_OBJECT (plan), "gh-shown", GINT_TO_POINTER (TRUE));
  dialog = gh_plan_dialog_new (GTK_WINDOW (self->window), title,
                               destructive ? GH_PLAN_DIALOG_DESTRUCTIVE : GH_PLAN_DIALOG_SUGGESTED,
                               NULL);
  gtk_window_set_default_size (GTK_WINDOW (dialog), 560, 400);
  gh_plan_dialog_set_plan (dialog, plan);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* It is not on its way any more. */
static void
forget_plan (GhTrialActions *self,
             GhPlan         *plan)
{
  if (GH_IS_DELETE_PLAN (plan))
    g_hash_table_remove (self->discarding, gh_machine_get_uuid (
                           gh_delete_plan_get_machine (GH_DELETE_PLAN (plan))));
  else
    g_hash_table_remove (self->trying, gh_machine_get_uuid (
                           gh_clone_plan_get_machine (GH_CLONE_PLAN (plan))));
}

static void
plan_prepared_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhTrialActions) self = user_data;
  GhPlan *plan = GH_PLAN (object);
  g_autoptr (GError) error = NULL;

  if (!gh_plan_prepare_finish (plan, result, &error) && gh_error_is_cancelled (error))
    return;
  if (error == NULL && gh_plan_get_worst (plan) <= GH_CHECK_NOTE)
    {
      gh_activity_run (gh_activity_get_default (), plan);
      return;
    }
  /* It shows what stands in the way, a failure to look among it. */
  self->leaving = FALSE;
  forget_plan (self, plan);
  show_plan (self, plan);
}

/* Takes @plan. */
static void
run_plan (GhTrialActions *self,
          GhPlan         *plan)
{
  gh_plan_prepare_async (plan, NULL, plan_prepared_cb, g_object_ref (self));
  g_object_unref (plan);
}

static void
discard (GhTrialActions *self,
         GhMachine      *trial)
{
  const char *uuid = gh_machine_get_uuid (trial);
  GhDeletePlan *plan = NULL;

  g_hash_table_remove (self->undecided, uuid);
  if (!is_trial (trial) || g_hash_table_contains (self->discarding, uuid))
    return;
  plan = gh_delete_plan_new_discard (trial);
  if (trial == self->machine)
    g_object_set_data (G_OBJECT (plan), "gh-looked-at", GINT_TO_POINTER (TRUE));
  g_hash_table_insert (self->discarding, g_strdup (uuid), g_object_ref (plan));
  run_plan (self, GH_PLAN (plan));
}

static void
discard_all (GhTrialActions *self,
             GPtrArray      *trials)
{
  for (guint i = 0; i < trials->len; i++)
    discard (self, g_ptr_array_index (trials, i));
}

static void
keep (GhTrialActions *self,
      GhMachine      *trial)
{
  g_hash_table_remove (self->undecided, gh_machine_get_uuid (trial));
  if (self->window != NULL)
    gh_keep_dialog_present (GTK_WINDOW (self->window), trial);
}

/* Trials of @uuid, or all there are. */
static GPtrArray *
list_trials (GhTrialActions *self,
             const char     *uuid)
{
  GPtrArray *trials = g_ptr_array_new_with_free_func (g_object_unref);
  GListModel *hosts = G_LIST_MODEL (gh_window_get_hosts (self->window));

  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);
      g_autoptr (GPtrArray) machines = gh_host_dup_machines (host);

      for (guint j = 0; j < machines->len; j++)
        {
          GhMachine *machine = g_ptr_array_index (machines, j);

          if (is_trial (machine) &&
              (uuid == NULL || g_strcmp0 (gh_machine_get_parent_uuid (machine), uuid) == 0))
            g_ptr_array_add (trials, g_object_ref (machine));
        }
    }
  return trials;
}

/* What comes after a plan */

static void
start_awaited (GhTrialActions *self)
{
  g_autoptr (GPtrArray) uuids = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer uuid = NULL;

  g_hash_table_iter_init (&iter, self->awaited);
  while (g_hash_table_iter_next (&iter, &uuid, NULL))
    g_ptr_array_add (uuids, g_strdup (uuid));
  g_hash_table_remove_all (self->awaited);
  for (guint i = 0; i < uuids->len; i++)
    {
      GhMachine *machine = gh_hosts_find_machine (gh_window_get_hosts (self->window),
                                                  g_ptr_array_index (uuids, i));

      if (machine != NULL && gh_machine_can (machine, GH_MACHINE_START))
        gh_window_run_action (self->window, machine, GH_MACHINE_START);
    }
}

/* Who looked at the trial goes on with what it was a trial of. */
static void
show_original (GhTrialActions *self,
               GhMachine      *trial)
{
  const char *uuid = gh_machine_get_parent_uuid (trial);
  GhMachine *original = NULL;

  if (self->leaving || uuid == NULL || (self->machine != NULL && self->machine != trial))
    return;
  original = gh_hosts_find_machine (gh_window_get_hosts (self->window), uuid);
  if (original != NULL)
    gh_window_show_machine (self->window, original, /* console= */ FALSE);
}

static void
discard_ended (GhTrialActions *self,
               GhPlan         *plan)
{
  GhMachine *machine = gh_delete_plan_get_machine (GH_DELETE_PLAN (plan));
  gboolean done = gh_plan_get_outcome (plan) == GH_OUTCOME_DONE;

  if (!done)
    {
      self->leaving = FALSE;
      g_hash_table_remove_all (self->awaited);
    }
  if (!done && gh_plan_get_error (plan) != NULL &&
      g_object_get_data (G_OBJECT (plan), "gh-shown") == NULL)
    {
      g_autofree char *title = g_strdup_printf (_("Could not discard “%s”"),
                                                gh_machine_get_label (machine));

      gh_window_show_error (self->window, machine, title, gh_plan_get_error (plan));
    }
  if (done && g_object_get_data (G_OBJECT (plan), "gh-looked-at") != NULL)
    show_original (self, machine);
  if (g_hash_table_size (self->discarding) > 0)
    return;
  start_awaited (self);
  if (self->leaving)
    g_signal_emit (self, signals[DECIDED], 0);
}

static void
trial_ended (GhTrialActions *self,
             GhPlan         *plan)
{
  const char *uuid = gh_clone_plan_get_uuid (GH_CLONE_PLAN (plan), 0);
  GhMachine *machine = gh_clone_plan_get_machine (GH_CLONE_PLAN (plan));

  if (gh_plan_get_outcome (plan) == GH_OUTCOME_DONE)
    {
      g_hash_table_add (self->undecided, g_strdup (uuid));
      gh_activity_show_machine (gh_activity_get_default (), gh_plan_get_host (plan), uuid);
    }
  else if (gh_plan_get_error (plan) != NULL &&
           g_object_get_data (G_OBJECT (plan), "gh-shown") == NULL)
    {
      g_autofree char *title = g_strdup_printf (_("Could not try “%s” in a copy"),
                                                gh_machine_get_label (machine));

      gh_window_show_error (self->window, machine, title, gh_plan_get_error (plan));
    }
}

static void
plan_ended_cb (GhTrialActions *self,
               GhPlan         *plan)
{
  gboolean ours = FALSE;

  if (self->window == NULL || !(GH_IS_DELETE_PLAN (plan) || GH_IS_CLONE_PLAN (plan)))
    return;
  g_object_get (plan, GH_IS_DELETE_PLAN (plan) ? "discard" : "trial", &ours, NULL);
  if (!ours)
    return;
  forget_plan (self, plan);
  if (gh_plan_get_state (plan) != GH_PLAN_ENDED)
    {
      /* Refused at the last moment. */
      self->leaving = FALSE;
      if (g_object_get_data (G_OBJECT (plan), "gh-shown") == NULL)
        show_plan (self, plan);
    }
  else if (GH_IS_DELETE_PLAN (plan))
    discard_ended (self, plan);
  else
    trial_ended (self, plan);
}

/* Questions */

typedef struct
{
  GhTrialActions  *actions; /* (owned) */
  GPtrArray       *trials;  /* (owned) */
  GhTrialOccasion  occasion;
} Question;

static void
question_free (gpointer  data,
               GClosure *closure)
{
  Question *question = data;

  g_object_unref (question->actions);
  g_ptr_array_unref (question->trials);
  g_free (question);
}

static void
answered_cb (GtkDialog *dialog,
             int        response,
             gpointer   user_data)
{
  Question *question = user_data;
  g_autoptr (GhTrialActions) self = g_object_ref (question->actions);
  g_autoptr (GPtrArray) trials = g_ptr_array_ref (question->trials);
  gboolean leaving = question->occasion == GH_TRIAL_ON_LEAVING;

  gtk_widget_destroy (GTK_WIDGET (dialog));
  switch (response)
    {
    case GH_TRIAL_RESPONSE_DISCARD:
      self->leaving = leaving;
      discard_all (self, trials);
      /* They may have gone while the question was open. */
      if (leaving && g_hash_table_size (self->discarding) == 0)
        g_signal_emit (self, signals[DECIDED], 0);
      break;
    case GH_TRIAL_RESPONSE_KEEP:
      keep (self, g_ptr_array_index (trials, 0));
      break;
    case GH_TRIAL_RESPONSE_LEAVE:
      g_hash_table_remove_all (self->undecided);
      g_signal_emit (self, signals[DECIDED], 0);
      break;
    default:
      break;
    }
}

static void
ask (GhTrialActions  *self,
     GPtrArray       *trials,
     GhTrialOccasion  occasion)
{
  Question *question = NULL;

  if (self->question != NULL)
    {
      gtk_window_present (GTK_WINDOW (self->question));
      return;
    }
  question = g_new0 (Question, 1);
  question->actions = g_object_ref (self);
  question->trials = g_ptr_array_ref (trials);
  question->occasion = occasion;
  g_set_weak_pointer (&self->question,
                      gh_trial_question_present (GTK_WINDOW (self->window), trials, occasion));
  g_signal_connect_data (self->question, "response", G_CALLBACK (answered_cb), question,
                         question_free, 0);
}

static void
follow_one (GhTrialActions *self,
            GhMachine      *machine)
{
  const char *uuid = gh_machine_get_uuid (machine);
  g_autoptr (GPtrArray) trials = NULL;
  gboolean known = g_hash_table_contains (self->all, uuid);

  if (!is_trial (machine))
    {
      g_hash_table_remove (self->all, uuid);
      return;
    }
  g_hash_table_add (self->all, g_strdup (uuid));
  if (gh_machine_is_active (machine))
    {
      /* One that ran before we did was left so. */
      if (g_hash_table_add (self->running, g_strdup (uuid)) && known)
        g_hash_table_add (self->undecided, g_strdup (uuid));
      return;
    }
  /* Saved is not shut down: it goes on. */
  if (!g_hash_table_remove (self->running, uuid) ||
      gh_machine_get_state (machine) == GH_MACHINE_SAVED ||
      g_hash_table_contains (self->discarding, uuid) || self->question != NULL)
    return;
  g_hash_table_remove (self->undecided, uuid);
  trials = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (trials, g_object_ref (machine));
  ask (self, trials, GH_TRIAL_WAS_SHUT_DOWN);
}

/* Actions */

static void
try_activated_cb (GSimpleAction *action,
                  GVariant      *parameter,
                  gpointer       user_data)
{
  GhTrialActions *self = user_data;
  gboolean network = strcmp (g_action_get_name (G_ACTION (action)), "try-machine") == 0;

  /* A double click makes one. */
  if (self->machine != NULL &&
      g_hash_table_add (self->trying, g_strdup (gh_machine_get_uuid (self->machine))))
    run_plan (self, GH_PLAN (gh_clone_plan_new_trial (self->machine, NULL, network)));
}

/* Of the machine with that UUID, the state a snapshot keeps; it may be running. */
static void
try_snapshot_activated_cb (GSimpleAction *action,
                           GVariant      *parameter,
                           gpointer       user_data)
{
  GhTrialActions *self = user_data;
  const char *uuid = NULL;
  const char *snapshot = NULL;
  GhMachine *machine = NULL;

  g_variant_get (parameter, "(&s&s)", &uuid, &snapshot);
  machine = gh_hosts_find_machine (gh_window_get_hosts (self->window), uuid);
  if (machine != NULL && g_hash_table_add (self->trying, g_strdup (uuid)))
    run_plan (self, GH_PLAN (gh_clone_plan_new_trial (machine, snapshot, /* network= */ TRUE)));
}

static void
discard_activated_cb (GSimpleAction *action,
                      GVariant      *parameter,
                      gpointer       user_data)
{
  GhTrialActions *self = user_data;

  if (self->machine != NULL)
    discard (self, self->machine);
}

static void
keep_activated_cb (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  GhTrialActions *self = user_data;

  if (self->machine != NULL)
    keep (self, self->machine);
}

static void
discard_and_run_activated_cb (GSimpleAction *action,
                              GVariant      *parameter,
                              gpointer       user_data)
{
  GhTrialActions *self = user_data;
  const char *uuid = g_variant_get_string (parameter, NULL);
  g_autoptr (GPtrArray) trials = list_trials (self, uuid);

  gh_window_clear_errors (self->window);
  g_hash_table_add (self->awaited, g_strdup (uuid));
  discard_all (self, trials);
  if (g_hash_table_size (self->discarding) == 0)
    start_awaited (self);
}

static void
discard_all_activated_cb (GSimpleAction *action,
                          GVariant      *parameter,
                          gpointer       user_data)
{
  GhTrialActions *self = user_data;
  g_autoptr (GPtrArray) trials = list_trials (self, NULL);

  if (trials->len > 0)
    ask (self, trials, GH_TRIAL_DISCARD_ALL);
}

static const GActionEntry action_entries[] = {
  { "try-machine", try_activated_cb },
  { "try-machine-offline", try_activated_cb },
  { "try-snapshot", try_snapshot_activated_cb, "(ss)" },
  { "discard-trial", discard_activated_cb },
  { "keep-trial", keep_activated_cb },
  { "discard-and-run", discard_and_run_activated_cb, "s" },
  { "discard-all-trials", discard_all_activated_cb },
};

static void
set_enabled (GhTrialActions *self,
             const char     *name,
             gboolean        enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->window), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static void
gh_trial_actions_finalize (GObject *object)
{
  GhTrialActions *self = GH_TRIAL_ACTIONS (object);

  g_clear_weak_pointer (&self->window);
  g_clear_weak_pointer (&self->question);
  g_clear_object (&self->machine);
  g_hash_table_unref (self->all);
  g_hash_table_unref (self->running);
  g_hash_table_unref (self->undecided);
  g_hash_table_unref (self->trying);
  g_hash_table_unref (self->discarding);
  g_hash_table_unref (self->awaited);
  G_OBJECT_CLASS (gh_trial_actions_parent_class)->finalize (object);
}

static void
gh_trial_actions_class_init (GhTrialActionsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_trial_actions_finalize;

  /**
   * GhTrialActions::decided:
   *
   * The window that was asked to close may do so.
   */
  signals[DECIDED] = g_signal_new ("decided", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
gh_trial_actions_init (GhTrialActions *self)
{
  self->all = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->running = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->undecided = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->trying = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->discarding = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->awaited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

GhTrialActions *
gh_trial_actions_new (GhWindow *window)
{
  GhTrialActions *self = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  g_return_val_if_fail (GH_IS_WINDOW (window), NULL);

  self = g_object_new (GH_TYPE_TRIAL_ACTIONS, NULL);
  g_set_weak_pointer (&self->window, window);
  g_action_map_add_action_entries (G_ACTION_MAP (window), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  g_signal_connect_object (gh_activity_get_default (), "plan-ended", G_CALLBACK (plan_ended_cb),
                           self, G_CONNECT_SWAPPED);
  gh_trial_actions_update (self, none);
  set_enabled (self, "discard-all-trials", FALSE);
  return self;
}

void
gh_trial_actions_update (GhTrialActions *self,
                         GPtrArray      *machines)
{
  GhMachine *machine = NULL;
  gboolean trial = FALSE;
  gboolean off = FALSE;

  g_return_if_fail (GH_IS_TRIAL_ACTIONS (self));

  if (machines->len == 1 && gh_machine_exists (g_ptr_array_index (machines, 0)))
    machine = g_ptr_array_index (machines, 0);
  g_set_object (&self->machine, machine);
  trial = machine != NULL && is_trial (machine);
  off = machine != NULL && !gh_machine_is_active (machine) &&
        gh_machine_get_state (machine) != GH_MACHINE_UNKNOWN;
  set_enabled (self, "try-machine", off && !trial);
  set_enabled (self, "try-machine-offline", off && !trial);
  set_enabled (self, "discard-trial", trial);
  set_enabled (self, "keep-trial", trial);
}

void
gh_trial_actions_follow (GhTrialActions   *self,
                         GhMachineChanges *changes)
{
  g_return_if_fail (GH_IS_TRIAL_ACTIONS (self));

  if (self->window == NULL)
    return;
  for (guint i = 0; changes->added != NULL && i < changes->added->len; i++)
    follow_one (self, g_ptr_array_index (changes->added, i));
  for (guint i = 0; changes->changed != NULL && i < changes->changed->len; i++)
    follow_one (self, g_ptr_array_index (changes->changed, i));
  for (guint i = 0; changes->removed != NULL && i < changes->removed->len; i++)
    {
      const char *uuid = gh_machine_get_uuid (g_ptr_array_index (changes->removed, i));

      g_hash_table_remove (self->all, uuid);
      g_hash_table_remove (self->running, uuid);
      g_hash_table_remove (self->undecided, uuid);
    }
  set_enabled (self, "discard-all-trials", g_hash_table_size (self->all) > 0);
}

gboolean
gh_trial_actions_ask_to_leave (GhTrialActions *self)
{
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) trials = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_val_if_fail (GH_IS_TRIAL_ACTIONS (self), FALSE);

  if (self->window == NULL || g_hash_table_size (self->undecided) == 0)
    return FALSE;
  all = list_trials (self, NULL);
  for (guint i = 0; i < all->len; i++)
    {
      GhMachine *machine = g_ptr_array_index (all, i);

      if (g_hash_table_contains (self->undecided, gh_machine_get_uuid (machine)))
        g_ptr_array_add (trials, g_object_ref (machine));
    }
  if (trials->len == 0)
    return FALSE;
  ask (self, trials, GH_TRIAL_ON_LEAVING);
  return TRUE;
}
