/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The engine of all plans. Life of a plan:
 *
 *   EDITING -> PREPARING -> PREPARED -> RUNNING -> (UNDOING) -> ENDED
 *
 * Subclasses say how a plan is prepared: what is checked and which steps there
 * are. Everything else happens here: preparing once for all who ask, refusing,
 * running one step after another, the journal around each, progress, cancelling, and
 * taking back.
 *
 * For each step: journal (“running”) -> do -> journal (“done”) -> the next. When one
 * fails or the user cancels, it and those before it are undone in reverse, each
 * between two journal records as well. The first final step that has been done is the
 * point of no return: what fails later is left, named, and the plan goes on. So is a step that
 * commits; but while that runs it can be cancelled.
 *
 * Fault points, entered on the journal's thread right after the record is on the
 * disk: plan-step-KIND-before, plan-step-KIND-after, plan-undo-KIND-before,
 * plan-undo-KIND-after. `kill` there stops the program between two steps.
 *
 * Lives on the main thread; a running plan keeps itself alive.
 */

#define G_LOG_DOMAIN "gh-plan"

#include "config.h"

#include "gh-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-journal-private.h"
#include "gh-step-private.h"
#include "gh-virt-error.h"

typedef struct
{
  GhPlan  *plan;
  GTask   *task;
  GSource *source; /* (nullable): waits for the task's cancellable */
} Waiter;

typedef struct
{
  GhHost       *host;       /* (nullable) */
  char         *id;
  GhPlanState   state;
  GhOutcome     outcome;
  double        fraction;
  char         *status;
  GError       *error;      /* (nullable): why it ended so */
  GPtrArray    *checks;     /* (element-type GhCheck) */
  GPtrArray    *steps;      /* (element-type GhStep) */
  GPtrArray    *left;       /* (element-type char) */
  GStrv         left_names; /* (nullable): the same, for whoever asks */
  GHashTable   *kept;       /* (nullable): the groups that are not undone, as pointers */
  GStrv         kept_names; /* (nullable) */
  gint64        start_time;
  gint64        end_time;

  /* What the last preparation showed, ids and titles; NULL before. */
  GHashTable   *shown;

  guint         serial;              /* of the preparation that counts */
  GCancellable *prepare_cancellable; /* (nullable) */
  GPtrArray    *waiters;             /* (element-type Waiter) */

  GTask        *run_task;            /* (nullable) */
  GCancellable *run_cancellable;     /* (nullable) */
  GCancellable *outer_cancellable;   /* (nullable): the caller's */
  gulong        outer_id;
  GhJournal    *journal;             /* (nullable) */
  gboolean      journal_written;
  gboolean      keep_journal;        /* something left could still be taken back, or done */
  guint         index;               /* of the step at hand */
  gboolean      final_begun;
  gboolean      final_done;          /* no way back */
} GhPlanPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GhPlan, gh_plan, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_HOST,
  PROP_STATE,
  PROP_OUTCOME,
  PROP_FRACTION,
  PROP_STATUS_TEXT,
  N_PROPS
};

enum
{
  PREPARED,
  STEP_CHANGED,
  ENDED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void run_next_step (GhPlan *self);
static void undo_next_step (GhPlan *self);

static GhPlanPrivate *
get_private (GhPlan *self)
{
  return gh_plan_get_instance_private (self);
}

static GhStep *
get_step (GhPlan *self,
          guint   index)
{
  return g_ptr_array_index (get_private (self)->steps, index);
}

/* Where it acts. */
static GhHost *
find_step_host (GhPlan *self,
                GhStep *step)
{
  GhHost *host = gh_step_get_host (step);

  return host != NULL ? host : get_private (self)->host;
}

static void
set_state (GhPlan      *self,
           GhPlanState  state)
{
  GhPlanPrivate *priv = get_private (self);

  if (priv->state == state)
    return;
  priv->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static void
set_outcome (GhPlan    *self,
             GhOutcome  outcome)
{
  GhPlanPrivate *priv = get_private (self);

  if (priv->outcome == outcome)
    return;
  priv->outcome = outcome;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OUTCOME]);
}

/* Takes @status. */
static void
take_status (GhPlan *self,
             char   *status)
{
  GhPlanPrivate *priv = get_private (self);

  if (g_strcmp0 (priv->status, status) == 0)
    {
      g_free (status);
      return;
    }
  g_free (priv->status);
  priv->status = status;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS_TEXT]);
}

static void
set_fraction (GhPlan *self,
              double  fraction)
{
  GhPlanPrivate *priv = get_private (self);

  if (priv->fraction == fraction)
    return;
  priv->fraction = fraction;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
}

/* Runs up while the plan runs, and down again while it is undone. */
static void
update_fraction (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  gboolean undoing = priv->state == GH_PLAN_UNDOING;
  double total = 0.0;
  double done = 0.0;

  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = get_step (self, i);
      double weight = gh_step_get_weight (step);

      total += weight;
      switch (gh_step_get_state (step))
        {
        case GH_STEP_DONE:
          done += weight;
          break;
        case GH_STEP_FAILED:
        case GH_STEP_UNDOING:
          done += undoing ? weight * MAX (gh_step_get_fraction (step), 0.0) : weight;
          break;
        case GH_STEP_RUNNING:
          done += weight * MAX (gh_step_get_fraction (step), 0.0);
          break;
        case GH_STEP_WAITING:
        case GH_STEP_UNDONE:
        case GH_STEP_LEFT:
          break;
        }
    }
  set_fraction (self, total > 0.0 ? MIN (done / total, 1.0) : 0.0);
}

static void
step_changed_cb (GhPlan     *self,
                 GParamSpec *pspec,
                 GhStep     *step)
{
  if (get_private (self)->state >= GH_PLAN_RUNNING)
    update_fraction (self);
  g_signal_emit (self, signals[STEP_CHANGED], 0, step);
}

static void
drop_steps (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  for (guint i = 0; i < priv->steps->len; i++)
    {
      g_signal_handlers_disconnect_by_data (get_step (self, i), self);
      gh_step_set_save_func (get_step (self, i), NULL, NULL);
    }
  g_ptr_array_set_size (priv->steps, 0);
}

static void
choose_id (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  g_free (priv->id);
  priv->id = g_uuid_string_random ();
}

/* What happened is forgotten; the inputs stay. */
static void
forget_run (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  g_clear_error (&priv->error);
  g_ptr_array_set_size (priv->left, 0);
  g_clear_pointer (&priv->left_names, g_strfreev);
  g_clear_pointer (&priv->kept, g_hash_table_unref);
  g_clear_pointer (&priv->kept_names, g_strfreev);
  priv->end_time = 0;
  priv->final_begun = FALSE;
  priv->final_done = FALSE;
  priv->keep_journal = FALSE;
  priv->journal_written = FALSE;
  if (GH_PLAN_GET_CLASS (self)->dup_record == NULL)
    choose_id (self);
  set_outcome (self, GH_OUTCOME_NONE);
  set_fraction (self, 0.0);
}

/* Preparing */

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->source != NULL)
    g_source_destroy (waiter->source);
  g_clear_pointer (&waiter->source, g_source_unref);
  g_clear_object (&waiter->task);
  g_free (waiter);
}

/* Answers all who wait for the preparation; with @error (nullable) if there is one. */
static void
answer_waiters (GhPlan       *self,
                const GError *error)
{
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GPtrArray) waiters = g_steal_pointer (&priv->waiters);

  priv->waiters = g_ptr_array_new_with_free_func (waiter_free);
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = g_ptr_array_index (waiters, i);

      if (error != NULL)
        g_task_return_error (waiter->task, g_error_copy (error));
      else
        g_task_return_boolean (waiter->task, TRUE);
    }
}

static void
clear_run (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  if (priv->outer_id != 0)
    g_cancellable_disconnect (priv->outer_cancellable, priv->outer_id);
  priv->outer_id = 0;
  g_clear_object (&priv->outer_cancellable);
  g_clear_object (&priv->run_cancellable);
}

/* Takes @error. */
static void
fail_run (GhPlan *self,
          GError *error)
{
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GTask) task = g_steal_pointer (&priv->run_task);

  clear_run (self);
  g_task_return_error (task, error);
}

/* The preparation that runs no longer counts; its late result is dropped. */
static void
drop_preparation (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;

  if (priv->prepare_cancellable == NULL)
    return;

  priv->serial++;
  g_cancellable_cancel (priv->prepare_cancellable);
  g_clear_object (&priv->prepare_cancellable);
  error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("What was to be done has changed"));
  answer_waiters (self, error);
}

static int
compare_checks (gconstpointer a,
                gconstpointer b)
{
  return (int) gh_check_get_level (*(GhCheck * const *) b) -
         (int) gh_check_get_level (*(GhCheck * const *) a);
}

/* g_ptr_array_sort() is not stable, and within a level the plan's own order says something. */
static void
sort_checks (GPtrArray *checks)
{
  for (guint i = 1; i < checks->len; i++)
    for (guint j = i; j > 0 && compare_checks (&checks->pdata[j - 1], &checks->pdata[j]) > 0; j--)
      {
        gpointer swapped = checks->pdata[j];

        checks->pdata[j] = checks->pdata[j - 1];
        checks->pdata[j - 1] = swapped;
      }
}

static void
accept_draft (GhPlan      *self,
              GhPlanDraft *draft)
{
  GhPlanPrivate *priv = get_private (self);
  const char *uri = priv->host != NULL ? gh_host_get_uri (priv->host) : NULL;

  drop_steps (self);
  g_ptr_array_unref (priv->checks);
  g_ptr_array_unref (priv->steps);
  priv->checks = g_steal_pointer (&draft->checks);
  priv->steps = g_steal_pointer (&draft->steps);
  sort_checks (priv->checks);
  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = get_step (self, i);

      if (gh_step_get_uri (step) == NULL)
        gh_step_set_uri (step, uri);
      g_signal_connect_object (step, "notify", G_CALLBACK (step_changed_cb), self,
                               G_CONNECT_SWAPPED);
    }
}

/* Adds what the user has to agree to: warnings by their rule (their words hold figures that
 * change), final steps by what they destroy. */
static GHashTable *
collect_shown (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  GHashTable *shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < priv->checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (priv->checks, i);

      if (gh_check_get_level (check) == GH_CHECK_WARNING)
        g_hash_table_add (shown, g_strdup_printf ("check %s", gh_check_get_id (check)));
    }
  for (guint i = 0; i < priv->steps->len; i++)
    if (gh_step_is_final (get_step (self, i)))
      {
        g_autofree char *title = gh_step_dup_title (get_step (self, i));

        g_hash_table_add (shown, g_strdup_printf ("step %s", title));
      }
  return shown;
}

static gboolean
is_subset (GHashTable *small,
           GHashTable *large)
{
  GHashTableIter iter;
  gpointer key = NULL;

  g_hash_table_iter_init (&iter, small);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (large, key))
      return FALSE;
  return TRUE;
}

/* Takes @shown: what the preparation that counts shows. NULL: go on. */
static GError *
find_objection (GhPlan     *self,
                GHashTable *shown)
{
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GHashTable) before = g_steal_pointer (&priv->shown);

  priv->shown = shown;
  if (gh_plan_get_worst (self) == GH_CHECK_REFUSAL)
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                                gh_check_get_title (g_ptr_array_index (priv->checks, 0)));
  if (priv->run_task != NULL && before != NULL && !is_subset (shown, before))
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                                _("Something has changed since this was shown. Please look at it "
                                  "again."));
  return NULL;
}

static void begin_run (GhPlan *self);

static void
draft_made_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  GhPlan *self = GH_PLAN (object);
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) objection = NULL;
  g_autoptr (GhPlanDraft) draft = g_task_propagate_pointer (G_TASK (result), &error);
  /* Who sees that it is prepared may begin a run right away, which prepares anew and is not the
   * one meant below. */
  gboolean runs = priv->run_task != NULL;

  if (GPOINTER_TO_UINT (user_data) != priv->serial)
    return;

  g_clear_object (&priv->prepare_cancellable);
  if (draft == NULL)
    {
      take_status (self, gh_error_dup_sentence (error));
      set_state (self, GH_PLAN_EDITING);
      if (priv->run_task != NULL)
        fail_run (self, g_error_copy (error));
      answer_waiters (self, error);
      return;
    }

  accept_draft (self, draft);
  objection = find_objection (self, collect_shown (self));
  take_status (self, g_strdup (objection != NULL ? objection->message : _("Ready")));
  set_state (self, GH_PLAN_PREPARED);
  g_signal_emit (self, signals[PREPARED], 0);
  answer_waiters (self, NULL);
  if (!runs)
    return;
  if (objection != NULL)
    fail_run (self, g_steal_pointer (&objection));
  else if (g_cancellable_is_cancelled (priv->run_cancellable))
    fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled")));
  else if (priv->state == GH_PLAN_PREPARED)
    begin_run (self);
  else /* a handler of “prepared” changed an input */
    fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                         _("What was to be done has changed")));
}

static void
start_preparation (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  priv->serial++;
  priv->prepare_cancellable = g_cancellable_new ();
  take_status (self, g_strdup (_("Checking…")));
  set_state (self, GH_PLAN_PREPARING);
  GH_PLAN_GET_CLASS (self)->prepare_async (self, priv->prepare_cancellable, draft_made_cb,
                                           GUINT_TO_POINTER (priv->serial));
}

static gboolean
waiter_cancelled_cb (GCancellable *cancellable,
                     gpointer      user_data)
{
  Waiter *waiter = user_data;
  g_autoptr (GhPlan) self = g_object_ref (waiter->plan);
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GTask) task = g_object_ref (waiter->task);

  g_ptr_array_remove (priv->waiters, waiter);
  if (priv->waiters->len == 0 && priv->run_task == NULL)
    {
      drop_preparation (self);
      set_state (self, GH_PLAN_EDITING);
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled"));
  return G_SOURCE_REMOVE;
}

/* Running */

static gboolean
keeps_finished (GhPlan *self)
{
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);

  return klass->keeps_finished != NULL && klass->keeps_finished (self);
}

static JsonNode *
dup_record (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);
  g_autofree char *title = NULL;
  JsonNode *node = NULL;
  JsonObject *record = NULL;
  JsonArray *steps = NULL;

  if (klass->dup_record != NULL)
    return klass->dup_record (self);

  title = gh_plan_dup_title (self);
  record = json_object_new ();
  json_object_set_int_member (record, "format", GH_JOURNAL_FORMAT);
  json_object_set_string_member (record, "id", priv->id);
  json_object_set_string_member (record, "kind", klass->kind);
  json_object_set_string_member (record, "title", title);
  json_object_set_string_member (record, "host", priv->host != NULL ? gh_host_get_uri (priv->host)
                                 : "");
  json_object_set_int_member (record, "time", priv->start_time);
  json_object_set_boolean_member (record, "keep-finished", keeps_finished (self));
  steps = json_array_new ();
  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = get_step (self, i);
      g_autofree char *step_title = gh_step_dup_title (step);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "kind", gh_step_get_kind (step));
      json_object_set_string_member (object, "title", step_title);
      json_object_set_string_member (object, "state",
                                     gh_step_state_to_string (gh_step_get_state (step)));
      json_object_set_boolean_member (object, "final", gh_step_commits (step));
      if (gh_step_get_group (step) != 0)
        json_object_set_int_member (object, "group", gh_step_get_group (step));
      json_object_set_object_member (object, "params",
                                     gh_step_copy_params (gh_step_get_params (step)));
      json_array_add_object_element (steps, object);
    }
  json_object_set_array_member (record, "steps", steps);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, record);
  return node;
}

/* Writes where the plan is; then enters the fault point plan-PHASE-KIND-WHEN. */
static void
write_journal (GhPlan              *self,
               const char          *phase,
               const char          *when,
               GAsyncReadyCallback  callback)
{
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (JsonNode) record = dup_record (self);
  g_autofree char *point = g_strdup_printf ("plan-%s-%s-%s", phase,
                                            gh_step_get_kind (get_step (self, priv->index)), when);

  priv->journal_written = TRUE;
  gh_journal_write_async (priv->journal, record, point, callback, g_object_ref (self));
}

static void
parameters_saved_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
save_parameters (GhStep              *step,
                 gpointer             data,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  GhPlan *self = data;
  GhPlanPrivate *priv = get_private (self);
  GTask *task = g_task_new (step, NULL, callback, user_data);
  g_autoptr (JsonNode) record = dup_record (self);
  g_autofree char *point = g_strdup_printf ("plan-step-%s-saved", gh_step_get_kind (step));

  g_task_set_source_tag (task, save_parameters);
  gh_journal_write_async (priv->journal, record, point, parameters_saved_cb, task);
}

static void
add_left (GhPlan       *self,
          GhStep       *step,
          const GError *error)
{
  g_autofree char *what = gh_step_dup_left (step);
  g_autofree char *why = error != NULL ? gh_error_dup_sentence (error) : NULL;

  /* Translators: what is left, and why: “The disk /…/web-1.qcow2: permission was denied.” */
  g_ptr_array_add (get_private (self)->left,
                   why != NULL ? g_strdup_printf (_("%s: %s"), what, why) : g_strdup (what));
}

static void
remember_error (GhPlan       *self,
                const GError *error)
{
  GhPlanPrivate *priv = get_private (self);

  if (priv->error == NULL)
    priv->error = g_error_copy (error);
}

static char *
dup_end_status (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  g_autofree char *why = NULL;
  g_autofree char *left = NULL;

  if (priv->outcome == GH_OUTCOME_DONE)
    return g_strdup (_("Done"));

  left = priv->left_names != NULL ? g_strjoinv ("\n", priv->left_names) : NULL;
  if (priv->final_done || GH_PLAN_GET_CLASS (self)->goes_on)
    return left != NULL ? g_strdup_printf (_("Not everything could be done. Left:\n%s"), left)
                        : gh_error_dup_sentence (priv->error);

  why = gh_error_is_cancelled (priv->error) ? g_strdup (_("Cancelled."))
                                            : gh_error_dup_sentence (priv->error);
  if (priv->kept_names != NULL)
    {
      g_autofree char *kept = g_strjoinv ("\n", priv->kept_names);

      if (left == NULL)
        /* Translators: a sentence: what went wrong; then a list of machines, one per line. */
        return g_strdup_printf (_("%s The rest is as it was before. Finished and kept:\n%s"), why,
                                kept);
      /* Translators: a sentence: what went wrong; then two lists, one per line. */
      return g_strdup_printf (_("%s Finished and kept:\n%s\nNot everything else could be taken "
                                "back. Left:\n%s"), why, kept, left);
    }
  if (left == NULL)
    /* Translators: %s is a sentence: what went wrong. */
    return g_strdup_printf (_("%s Everything is as it was before."), why);
  /* Translators: the first %s is a sentence: what went wrong; the second a list, one per line. */
  return g_strdup_printf (_("%s Not everything could be taken back. Left:\n%s"), why, left);
}

static void
complete_run (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GTask) task = g_steal_pointer (&priv->run_task);
  GhOutcome outcome = GH_OUTCOME_DONE;

  if (priv->left->len > 0)
    outcome = GH_OUTCOME_UNDONE_IN_PART;
  else if (priv->error != NULL)
    outcome = GH_OUTCOME_UNDONE;

  for (guint i = 0; i < priv->steps->len; i++)
    gh_step_set_save_func (get_step (self, i), NULL, NULL);
  g_clear_object (&priv->journal);
  clear_run (self);
  if (priv->left->len > 0)
    {
      g_ptr_array_add (priv->left, NULL);
      priv->left_names = g_strdupv ((GStrv) priv->left->pdata);
      g_ptr_array_set_size (priv->left, (int) priv->left->len - 1);
    }
  priv->end_time = g_get_real_time ();
  /* What was shown has been agreed to for this run only. */
  g_clear_pointer (&priv->shown, g_hash_table_unref);
  set_outcome (self, outcome);
  take_status (self, dup_end_status (self));
  if (outcome == GH_OUTCOME_DONE)
    set_fraction (self, 1.0);
  set_state (self, GH_PLAN_ENDED);
  g_signal_emit (self, signals[ENDED], 0);

  if (outcome == GH_OUTCOME_DONE)
    g_task_return_boolean (task, TRUE);
  else if (priv->error != NULL)
    g_task_return_error (task, g_error_copy (priv->error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", priv->status);
}

static void
journal_ended_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;

  if (!gh_journal_end_finish (GH_JOURNAL (object), result, &error))
    {
      /* Removing it was all there was to do. */
      if (priv->steps->len == 0)
        remember_error (self, error);
      else /* what was done is done; at worst it is offered for undo although there is nothing */
        g_warning ("The journal of a plan could not be removed: %s", error->message);
    }
  complete_run (self);
}

static void
end_run (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  if (!priv->journal_written && GH_PLAN_GET_CLASS (self)->dup_record == NULL)
    complete_run (self);
  else
    gh_journal_end_async (priv->journal, priv->keep_journal, journal_ended_cb, g_object_ref (self));
}

/* An error for which undoing is to be tried again some other time. */
static gboolean
can_retry (const GError *error)
{
  return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void
undone_written_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    g_warning ("Undoing goes on without its journal: %s", error->message);
  undo_next_step (self);
}

static void
step_undone_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = get_private (self);
  GhStep *step = GH_STEP (object);
  g_autoptr (GError) error = NULL;

  if (gh_step_finish (step, result, &error))
    gh_step_set_state (step, GH_STEP_UNDONE);
  else
    {
      add_left (self, step, error);
      priv->keep_journal = priv->keep_journal || can_retry (error);
      gh_step_set_state (step, GH_STEP_LEFT);
    }
  write_journal (self, "undo", "after", undone_written_cb);
}

static void
undo_written_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhStep *step = get_step (self, get_private (self)->index);
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    g_warning ("Undoing goes on without its journal: %s", error->message);
  gh_step_undo_async (step, find_step_host (self, step), step_undone_cb, g_object_ref (self));
}

/* Finds the groups that are done as a whole, and so stay. */
static void
choose_kept (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GHashTable) broken = g_hash_table_new (NULL, NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  priv->kept = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < priv->steps->len; i++)
    if (gh_step_get_state (get_step (self, i)) != GH_STEP_DONE)
      g_hash_table_add (broken, GUINT_TO_POINTER (gh_step_get_group (get_step (self, i))));
  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = get_step (self, i);
      gpointer group = GUINT_TO_POINTER (gh_step_get_group (step));

      if (group != NULL && !g_hash_table_contains (broken, group) &&
          g_hash_table_add (priv->kept, group) && gh_step_get_group_name (step) != NULL)
        g_strv_builder_add (names, gh_step_get_group_name (step));
    }
  if (g_hash_table_size (priv->kept) == 0)
    return;
  /* What is there for all of them. */
  g_hash_table_add (priv->kept, NULL);
  priv->kept_names = g_strv_builder_end (names);
}

/* The next step to be undone before the one at hand, which it becomes; NULL: all are. */
static GhStep *
find_step_to_undo (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  while (priv->index > 0)
    {
      GhStep *step = get_step (self, --priv->index);
      GhStepState state = gh_step_get_state (step);

      if (state != GH_STEP_DONE && state != GH_STEP_FAILED)
        continue;
      if (state == GH_STEP_DONE && priv->kept != NULL &&
          g_hash_table_contains (priv->kept, GUINT_TO_POINTER (gh_step_get_group (step))))
        continue;
      if (gh_step_can_undo (step))
        return step;
      add_left (self, step, NULL);
      gh_step_set_state (step, GH_STEP_LEFT);
    }
  return NULL;
}

static void
undo_next_step (GhPlan *self)
{
  GhStep *step = find_step_to_undo (self);
  g_autofree char *title = NULL;
  char *status = NULL;

  if (step == NULL)
    {
      end_run (self);
      return;
    }

  title = gh_step_dup_title (step);
  status = gh_step_dup_undo_status (step);
  if (status == NULL)
    /* Translators: %s is the title of a step: “Make the disk “web-1.qcow2””. */
    status = g_strdup_printf (_("Taking back: %s"), title);
  take_status (self, status);
  gh_step_set_state (step, GH_STEP_UNDOING);
  write_journal (self, "undo", "before", undo_written_cb);
}

/* From the step at hand backwards. */
static void
start_undo (GhPlan       *self,
            const GError *error)
{
  GhPlanPrivate *priv = get_private (self);

  remember_error (self, error);
  if (keeps_finished (self) && priv->kept == NULL)
    choose_kept (self);
  set_state (self, GH_PLAN_UNDOING);
  if (priv->index < priv->steps->len)
    priv->index++;
  undo_next_step (self);
}

/* Names what a plan that does not go on any more has not done. */
static void
leave_the_rest (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  for (guint i = priv->index; i < priv->steps->len; i++)
    add_left (self, get_step (self, i), NULL);
  priv->keep_journal = TRUE;
}

/* What a failing step means for the plan: TRUE when it goes on all the same. */
static gboolean
tolerates_failure (GhPlan       *self,
                   GhStep       *step,
                   const GError *error)
{
  GhPlanPrivate *priv = get_private (self);

  if (GH_PLAN_GET_CLASS (self)->goes_on)
    {
      add_left (self, step, error);
      priv->keep_journal = priv->keep_journal || can_retry (error);
    }
  else if (priv->final_done)
    {
      add_left (self, step, error);
      priv->keep_journal = priv->keep_journal || (gh_step_finishes (step) && can_retry (error));
    }
  else
    return FALSE;

  remember_error (self, error);
  return TRUE;
}

static void
done_written_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    {
      if (!priv->final_done && !GH_PLAN_GET_CLASS (self)->goes_on)
        {
          start_undo (self, error);
          return;
        }
      g_warning ("The plan goes on without its journal: %s", error->message);
    }
  priv->index++;
  run_next_step (self);
}

static void
step_done_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = get_private (self);
  GhStep *step = GH_STEP (object);
  g_autoptr (GError) error = NULL;

  if (gh_step_finish (step, result, &error))
    {
      priv->final_done = priv->final_done || gh_step_commits (step);
      priv->final_begun = priv->final_begun || priv->final_done;
      gh_step_set_fraction (step, 1.0);
      gh_step_set_state (step, GH_STEP_DONE);
    }
  else
    {
      gh_step_set_state (step, GH_STEP_FAILED);
      if (!tolerates_failure (self, step, error))
        {
          start_undo (self, error);
          return;
        }
    }
  write_journal (self, "step", "after", done_written_cb);
}

static void
begun_written_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = get_private (self);
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);
  GhStep *step = get_step (self, priv->index);
  gboolean committed = priv->final_done || klass->goes_on;
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    {
      if (klass->goes_on && priv->index == 0)
        {
          /* Somebody else has the journal, or the disk is full: then nothing is touched, the
           * journal neither. */
          gh_step_set_state (step, GH_STEP_WAITING);
          remember_error (self, error);
          complete_run (self);
          return;
        }
      if (!committed)
        {
          gh_step_set_state (step, GH_STEP_FAILED);
          start_undo (self, error);
          return;
        }
      g_warning ("The plan goes on without its journal: %s", error->message);
    }
  gh_step_do_async (step, find_step_host (self, step),
                    priv->final_begun ? NULL : priv->run_cancellable,
                    step_done_cb, g_object_ref (self));
}

static void
run_next_step (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);
  gboolean cancelled = g_cancellable_is_cancelled (priv->run_cancellable) && !priv->final_begun;
  g_autofree char *title = NULL;
  GhStep *step = NULL;

  if (cancelled && (!klass->goes_on || priv->index < priv->steps->len))
    {
      g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                      _("Cancelled"));

      if (!klass->goes_on)
        {
          start_undo (self, error);
          return;
        }
      remember_error (self, error);
      leave_the_rest (self);
      end_run (self);
      return;
    }
  if (priv->index == priv->steps->len)
    {
      end_run (self);
      return;
    }

  step = get_step (self, priv->index);
  title = gh_step_dup_title (step);
  priv->final_begun = priv->final_begun || gh_step_is_final (step);
  take_status (self, g_steal_pointer (&title));
  gh_step_set_save_func (step, save_parameters, self);
  gh_step_set_state (step, GH_STEP_RUNNING);
  write_journal (self, "step", "before", begun_written_cb);
}

static void
begin_run (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);

  priv->index = 0;
  priv->start_time = g_get_real_time ();
  priv->journal = gh_journal_new (klass->unrecorded ? NULL : priv->id,
                                  /* existing= */ klass->dup_record != NULL);
  set_state (self, GH_PLAN_RUNNING);
  update_fraction (self);
  run_next_step (self);
}

/* In whichever thread cancels. */
static void
outer_cancelled_cb (GCancellable *cancellable,
                    gpointer      user_data)
{
  g_cancellable_cancel (user_data);
}

/* Class */

static void
gh_plan_get_property (GObject    *object,
                      guint       prop_id,
                      GValue     *value,
                      GParamSpec *pspec)
{
  GhPlanPrivate *priv = get_private (GH_PLAN (object));

  switch (prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, priv->host);
      break;
    case PROP_STATE:
      g_value_set_int (value, (int) priv->state);
      break;
    case PROP_OUTCOME:
      g_value_set_int (value, (int) priv->outcome);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, priv->fraction);
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, priv->status);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_plan_set_property (GObject      *object,
                      guint         prop_id,
                      const GValue *value,
                      GParamSpec   *pspec)
{
  GhPlan *self = GH_PLAN (object);
  GhPlanPrivate *priv = get_private (self);

  switch (prop_id)
    {
    case PROP_HOST:
      g_return_if_fail (priv->state < GH_PLAN_RUNNING);
      if (g_set_object (&priv->host, g_value_get_object (value)))
        {
          gh_plan_invalidate (self);
          g_object_notify_by_pspec (object, pspec);
        }
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_plan_dispose (GObject *object)
{
  GhPlan *self = GH_PLAN (object);
  GhPlanPrivate *priv = get_private (self);

  drop_steps (self);
  g_ptr_array_set_size (priv->checks, 0);
  g_clear_object (&priv->host);
  G_OBJECT_CLASS (gh_plan_parent_class)->dispose (object);
}

static void
gh_plan_finalize (GObject *object)
{
  GhPlanPrivate *priv = get_private (GH_PLAN (object));

  g_assert (priv->run_task == NULL);
  g_ptr_array_unref (priv->checks);
  g_ptr_array_unref (priv->steps);
  g_ptr_array_unref (priv->left);
  g_ptr_array_unref (priv->waiters);
  g_strfreev (priv->left_names);
  g_clear_pointer (&priv->kept, g_hash_table_unref);
  g_strfreev (priv->kept_names);
  g_clear_pointer (&priv->shown, g_hash_table_unref);
  g_clear_object (&priv->prepare_cancellable);
  g_clear_error (&priv->error);
  g_free (priv->id);
  g_free (priv->status);
  G_OBJECT_CLASS (gh_plan_parent_class)->finalize (object);
}

static void
gh_plan_class_init (GhPlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = gh_plan_get_property;
  object_class->set_property = gh_plan_set_property;
  object_class->dispose = gh_plan_dispose;
  object_class->finalize = gh_plan_finalize;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, GH_TYPE_HOST,
                                               G_PARAM_READWRITE | G_PARAM_CONSTRUCT |
                                               G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_STATE] = g_param_spec_int ("state", NULL, NULL,
                                             GH_PLAN_EDITING, GH_PLAN_ENDED, GH_PLAN_EDITING,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                             G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_OUTCOME] = g_param_spec_int ("outcome", NULL, NULL,
                                               GH_OUTCOME_NONE, GH_OUTCOME_UNDONE_IN_PART,
                                               GH_OUTCOME_NONE,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                               G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0.0, 1.0, 0.0,
                                                   G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                   G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL,
                                                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                      G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[PREPARED] = g_signal_new ("prepared", GH_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
  signals[STEP_CHANGED] = g_signal_new ("step-changed", GH_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_STEP);
  signals[ENDED] = g_signal_new ("ended", GH_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

static void
gh_plan_init (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  choose_id (self);
  priv->status = g_strdup ("");
  priv->checks = g_ptr_array_new_with_free_func (g_object_unref);
  priv->steps = g_ptr_array_new_with_free_func (g_object_unref);
  priv->left = g_ptr_array_new_with_free_func (g_free);
  priv->waiters = g_ptr_array_new_with_free_func (waiter_free);
}

/* Drafts */

GhPlanDraft *
gh_plan_draft_new (void)
{
  GhPlanDraft *self = g_new0 (GhPlanDraft, 1);

  self->checks = g_ptr_array_new_with_free_func (g_object_unref);
  self->steps = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
gh_plan_draft_free (GhPlanDraft *self)
{
  g_clear_pointer (&self->checks, g_ptr_array_unref);
  g_clear_pointer (&self->steps, g_ptr_array_unref);
  g_free (self);
}

void
gh_plan_draft_add_check (GhPlanDraft *self,
                         GhCheck     *check)
{
  g_return_if_fail (GH_IS_CHECK (check));

  g_ptr_array_add (self->checks, check);
}

void
gh_plan_draft_add_step (GhPlanDraft *self,
                        GhStep      *step)
{
  g_return_if_fail (GH_IS_STEP (step));

  g_ptr_array_add (self->steps, step);
}

/* Public */

GhHost *
gh_plan_get_host (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return get_private (self)->host;
}

const char *
gh_plan_get_kind (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return GH_PLAN_GET_CLASS (self)->kind;
}

const char *
gh_plan_get_id (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return get_private (self)->id;
}

void
gh_plan_set_id (GhPlan     *self,
                const char *id)
{
  GhPlanPrivate *priv = get_private (self);

  g_return_if_fail (g_uuid_string_is_valid (id));

  g_free (priv->id);
  priv->id = g_strdup (id);
}

char *
gh_plan_dup_title (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return GH_PLAN_GET_CLASS (self)->dup_title (self);
}

const char *
gh_plan_get_verb (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  if (GH_PLAN_GET_CLASS (self)->get_verb != NULL)
    return _(GH_PLAN_GET_CLASS (self)->get_verb (self));
  return _(GH_PLAN_GET_CLASS (self)->verb);
}

GhPlanState
gh_plan_get_state (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), GH_PLAN_EDITING);

  return get_private (self)->state;
}

GhOutcome
gh_plan_get_outcome (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), GH_OUTCOME_NONE);

  return get_private (self)->outcome;
}

double
gh_plan_get_fraction (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), 0.0);

  return get_private (self)->fraction;
}

char *
gh_plan_dup_status (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return g_strdup (get_private (self)->status);
}

const GError *
gh_plan_get_error (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return get_private (self)->error;
}

GPtrArray *
gh_plan_get_checks (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return get_private (self)->checks;
}

GPtrArray *
gh_plan_get_steps (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return get_private (self)->steps;
}

GStrv
gh_plan_get_left (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return get_private (self)->left_names;
}

GStrv
gh_plan_get_kept (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return get_private (self)->kept_names;
}

/**
 * gh_plan_get_worst:
 * @self: a plan
 *
 * Returns: the level of the worst check; %GH_CHECK_OK when there is none
 */
GhCheckLevel
gh_plan_get_worst (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  g_return_val_if_fail (GH_IS_PLAN (self), GH_CHECK_REFUSAL);

  return priv->checks->len > 0 ? gh_check_get_level (g_ptr_array_index (priv->checks,
                                                                        0)) : GH_CHECK_OK;
}

gint64
gh_plan_get_end_time (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), 0);

  return get_private (self)->end_time;
}

gboolean
gh_plan_can_cancel (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  g_return_val_if_fail (GH_IS_PLAN (self), FALSE);

  return (priv->state == GH_PLAN_PREPARING ||
          priv->state == GH_PLAN_RUNNING) && !priv->final_begun &&
         !g_cancellable_is_cancelled (priv->run_cancellable);
}

/**
 * gh_plan_invalidate:
 * @self: a plan
 *
 * An input has changed: checks and steps no longer count, and a preparation
 * that runs is dropped, its callers told %G_IO_ERROR_CANCELLED. A plan that was
 * undone starts over. While the plan runs, and when it is done, nothing happens.
 */
void
gh_plan_invalidate (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  g_return_if_fail (GH_IS_PLAN (self));

  switch (priv->state)
    {
    case GH_PLAN_EDITING:
    case GH_PLAN_RUNNING:
    case GH_PLAN_UNDOING:
      return;
    case GH_PLAN_ENDED:
      if (priv->outcome == GH_OUTCOME_DONE)
        return;
      forget_run (self);
      break;
    case GH_PLAN_PREPARING:
      drop_preparation (self);
      if (priv->run_task != NULL)
        fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                             _("What was to be done has changed")));
      break;
    case GH_PLAN_PREPARED:
      break;
    }
  g_clear_pointer (&priv->shown, g_hash_table_unref);
  take_status (self, g_strdup (""));
  set_state (self, GH_PLAN_EDITING);
}

/**
 * gh_plan_prepare_async:
 * @self: a plan
 * @cancellable: (nullable): stops waiting, and preparing when nobody else waits
 * @callback: called when checks and steps are those of the inputs
 * @user_data: for @callback
 *
 * Looks at everything and changes nothing. May be repeated; whoever asks while a
 * preparation runs gets its result.
 */
void
gh_plan_prepare_async (GhPlan              *self,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  GhPlanPrivate *priv = get_private (self);
  Waiter *waiter = NULL;

  g_return_if_fail (GH_IS_PLAN (self));

  waiter = g_new0 (Waiter, 1);
  waiter->plan = self;
  waiter->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (waiter->task, gh_plan_prepare_async);
  if (priv->state == GH_PLAN_RUNNING || priv->state == GH_PLAN_UNDOING ||
      (priv->state == GH_PLAN_ENDED && priv->outcome == GH_OUTCOME_DONE))
    {
      g_task_return_new_error (waiter->task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s",
                               _("This plan is being carried out, or has been"));
      waiter_free (waiter);
      return;
    }

  if (priv->state == GH_PLAN_ENDED)
    gh_plan_invalidate (self);
  if (cancellable != NULL)
    {
      waiter->source = g_cancellable_source_new (cancellable);
      g_source_set_callback (waiter->source, G_SOURCE_FUNC (waiter_cancelled_cb), waiter, NULL);
      g_source_attach (waiter->source, g_main_context_get_thread_default ());
    }
  g_ptr_array_add (priv->waiters, waiter);
  if (priv->state != GH_PLAN_PREPARING)
    start_preparation (self);
}

gboolean
gh_plan_prepare_finish (GhPlan        *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * gh_plan_run_async:
 * @self: a plan
 * @cancellable: (nullable): as gh_plan_cancel()
 * @callback: called when the plan has ended, or would not start
 * @user_data: for @callback
 *
 * Carries the plan out. What it ended as is the plan's outcome; when the outcome
 * is still %GH_OUTCOME_NONE, it did not start and nothing was changed.
 */
void
gh_plan_run_async (GhPlan              *self,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  GhPlanPrivate *priv = get_private (self);
  GTask *task = NULL;

  g_return_if_fail (GH_IS_PLAN (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_plan_run_async);
  g_task_set_check_cancellable (task, FALSE);
  if (priv->run_task != NULL || (priv->state == GH_PLAN_ENDED && priv->outcome == GH_OUTCOME_DONE))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s",
                               _("This plan is being carried out, or has been"));
      g_object_unref (task);
      return;
    }

  if (priv->state == GH_PLAN_ENDED)
    gh_plan_invalidate (self);
  priv->run_task = task;
  priv->run_cancellable = g_cancellable_new ();
  if (cancellable != NULL)
    {
      priv->outer_cancellable = g_object_ref (cancellable);
      priv->outer_id = g_cancellable_connect (cancellable, G_CALLBACK (outer_cancelled_cb),
                                              g_object_ref (priv->run_cancellable), g_object_unref);
    }
  /* A preparation that runs already looked at the world before the user said “go”. */
  if (priv->prepare_cancellable != NULL)
    {
      priv->serial++;
      g_cancellable_cancel (priv->prepare_cancellable);
      g_clear_object (&priv->prepare_cancellable);
    }
  start_preparation (self);
}

gboolean
gh_plan_run_finish (GhPlan        *self,
                    GAsyncResult  *result,
                    GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * gh_plan_cancel:
 * @self: a plan
 *
 * Stops preparing; or stops a running plan, which then undoes itself. Once a final
 * step has begun there is nothing to cancel any more.
 */
void
gh_plan_cancel (GhPlan *self)
{
  GhPlanPrivate *priv = get_private (self);

  g_return_if_fail (GH_IS_PLAN (self));

  if (priv->run_cancellable != NULL)
    g_cancellable_cancel (priv->run_cancellable);
  if (priv->state == GH_PLAN_PREPARING)
    {
      drop_preparation (self);
      if (priv->run_task != NULL)
        fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled")));
      take_status (self, g_strdup (""));
      set_state (self, GH_PLAN_EDITING);
    }
}

static JsonArray *
steps_to_json (GhPlan *self)
{
  GPtrArray *steps = get_private (self)->steps;
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < steps->len; i++)
    {
      GhStep *step = g_ptr_array_index (steps, i);
      g_autofree char *title = gh_step_dup_title (step);
      g_autofree char *command = gh_step_dup_command (step);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "kind", gh_step_get_kind (step));
      json_object_set_string_member (object, "title", title);
      json_object_set_string_member (object, "command", command);
      json_object_set_string_member (object, "state",
                                     gh_step_state_to_string (gh_step_get_state (step)));
      json_object_set_boolean_member (object, "final", gh_step_is_final (step));
      if (gh_step_get_host (step) != NULL)
        json_object_set_string_member (object, "host", gh_host_get_uri (gh_step_get_host (step)));
      json_array_add_object_element (array, object);
    }
  return array;
}

/**
 * gh_plan_to_json:
 * @self: a plan
 *
 * Returns: (transfer full): the plan as --json prints it
 */
JsonNode *
gh_plan_to_json (GhPlan *self)
{
  static const char * const outcomes[] = { NULL, "done", "undone", "undone-in-part" };
  GhPlanPrivate *priv = get_private (self);
  g_autofree char *title = NULL;
  g_autoptr (JsonObject) object = NULL;
  JsonArray *left = NULL;
  JsonArray *kept = NULL;
  JsonNode *node = NULL;

  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  title = gh_plan_dup_title (self);
  object = json_object_new ();
  json_object_set_string_member (object, "plan", gh_plan_get_kind (self));
  json_object_set_string_member (object, "title", title);
  json_object_set_string_member (object, "host", priv->host != NULL ? gh_host_get_uri (priv->host)
                                 : "");
  json_object_set_array_member (object, "checks",
                                gh_check_list_to_json (get_private (self)->checks));
  json_object_set_array_member (object, "steps", steps_to_json (self));
  if (outcomes[priv->outcome] != NULL)
    json_object_set_string_member (object, "outcome", outcomes[priv->outcome]);
  else
    json_object_set_null_member (object, "outcome");
  left = json_array_new ();
  for (guint i = 0; priv->left_names != NULL && priv->left_names[i] != NULL; i++)
    json_array_add_string_element (left, priv->left_names[i]);
  json_object_set_array_member (object, "left", left);
  kept = json_array_new ();
  for (guint i = 0; priv->kept_names != NULL && priv->kept_names[i] != NULL; i++)
    json_array_add_string_element (kept, priv->kept_names[i]);
  json_object_set_array_member (object, "kept", kept);
  if (priv->error != NULL)
    json_object_set_string_member (object, "error", priv->error->message);
  if (GH_PLAN_GET_CLASS (self)->add_json != NULL)
    GH_PLAN_GET_CLASS (self)->add_json (self, object);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (node, object);
  return node;
}
