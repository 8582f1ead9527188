/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Running a plan: for each step journal (“running”) -> do -> journal (“done”) -> the next, until
 * the end, or until a failure from which gh-plan-take-back.c goes on. */

#define G_LOG_DOMAIN "gh-plan-run"

#include "config.h"

#include "gh-plan-engine.h"

#include <glib/gi18n-lib.h>

#include "gh-step-private.h"
#include "gh-virt-error.h"

static void
clear_run (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (priv->outer_id != 0)
    g_cancellable_disconnect (priv->outer_cancellable, priv->outer_id);
  priv->outer_id = 0;
  g_clear_object (&priv->outer_cancellable);
  g_clear_object (&priv->run_cancellable);
}

/* Takes @error. */
void
gh_plan_fail_run (GhPlan *self,
                  GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GTask) task = g_steal_pointer (&priv->run_task);

  clear_run (self);
  g_task_return_error (task, error);
}

static void run_next_step (GhPlan *self);

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
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GTask *task = g_task_new (step, NULL, callback, user_data);
  g_autoptr (JsonNode) record = gh_plan_dup_record (self);
  g_autofree char *point = g_strdup_printf ("plan-step-%s-saved", gh_step_get_kind (step));

  g_task_set_source_tag (task, save_parameters);
  gh_journal_write_async (priv->journal, record, point, parameters_saved_cb, task);
}

static char *
dup_end_status (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autofree char *why = NULL;
  g_autofree char *left = NULL;

  if (priv->outcome == GH_OUTCOME_DONE && priv->kept_names != NULL)
    {
      g_autofree char *stayed = g_strjoinv ("\n", priv->kept_names);

      /* Translators: then a list, one per line: a file and why it was not deleted. */
      return g_strdup_printf (_("Done. Kept, and not deleted:\n%s"), stayed);
    }
  if (priv->outcome == GH_OUTCOME_DONE)
    return g_strdup (_("Done"));

  if (priv->in_doubt)
    return gh_error_dup_sentence (priv->error);
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
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GTask) task = g_steal_pointer (&priv->run_task);
  GhOutcome outcome = GH_OUTCOME_DONE;

  if (priv->left->len > 0)
    outcome = GH_OUTCOME_UNDONE_IN_PART;
  else if (priv->error != NULL)
    outcome = GH_OUTCOME_UNDONE;

  for (guint i = 0; i < priv->steps->len; i++)
    gh_step_set_save_func (gh_plan_get_step (self, i), NULL, NULL);
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
  gh_plan_set_outcome (self, outcome);
  gh_plan_take_status (self, dup_end_status (self));
  if (outcome == GH_OUTCOME_DONE)
    gh_plan_set_fraction (self, 1.0);
  gh_plan_set_state (self, GH_PLAN_ENDED);
  g_signal_emit_by_name (self, "ended");

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
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GError) error = NULL;

  if (!gh_journal_end_finish (GH_JOURNAL (object), result, &error))
    {
      /* Removing it was all there was to do. */
      if (priv->steps->len == 0)
        gh_plan_remember_error (self, error);
      else /* what was done is done; at worst it is offered for undo although there is nothing */
        g_warning ("The journal of a plan could not be removed: %s", error->message);
    }
  complete_run (self);
}

void
gh_plan_end_run (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (!priv->journal_written && GH_PLAN_GET_CLASS (self)->dup_record == NULL)
    complete_run (self);
  else
    gh_journal_end_async (priv->journal, priv->keep_journal, journal_ended_cb, g_object_ref (self));
}

/* Names what a plan that does not go on any more has not done. */
static void
leave_the_rest (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  for (guint i = priv->index; i < priv->steps->len; i++)
    gh_plan_add_left (self, gh_plan_get_step (self, i), NULL);
  priv->keep_journal = TRUE;
}

/* What a failing step means for the plan: TRUE when it goes on all the same. */
static gboolean
tolerates_failure (GhPlan       *self,
                   GhStep       *step,
                   const GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (GH_PLAN_GET_CLASS (self)->goes_on)
    {
      gh_plan_add_left (self, step, error);
      priv->keep_journal = priv->keep_journal || gh_plan_can_retry (error);
    }
  else if (priv->final_done)
    {
      gh_plan_add_left (self, step, error);
      priv->keep_journal = priv->keep_journal ||
                           (gh_step_finishes (step) && gh_plan_can_retry (error));
    }
  else
    return FALSE;

  gh_plan_remember_error (self, error);
  return TRUE;
}

static void
done_written_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    {
      if (!priv->final_done && !GH_PLAN_GET_CLASS (self)->goes_on)
        {
          gh_plan_start_undo (self, error);
          return;
        }
      g_warning ("The plan goes on without its journal: %s", error->message);
    }
  priv->index++;
  run_next_step (self);
}

static void
in_doubt_written_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    g_warning ("What is in doubt may not be offered again: %s", error->message);
  gh_plan_end_run (self);
}

/* To take back what was done before the step would be as wrong as to do what comes after it. */
static void
stop_in_doubt (GhPlan       *self,
               const GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  gh_plan_remember_error (self, error);
  gh_plan_add_left (self, gh_plan_get_step (self, priv->index), error);
  priv->in_doubt = TRUE;
  priv->keep_journal = TRUE;
  gh_plan_write_journal (self, "step", "after", in_doubt_written_cb);
}

static void
step_failed (GhPlan       *self,
             const GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GhStep *step = gh_plan_get_step (self, priv->index);

  if (priv->final_done && gh_step_get_boolean (step, "may-stay") &&
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY))
    {
      gh_plan_add_stayed (self, step, error);
      gh_step_set_state (step, GH_STEP_SKIPPED);
    }
  else
    {
      gh_step_set_state (step, GH_STEP_FAILED);
      /* A step that is a plan itself keeps what is in doubt in its own journal, and what comes
       * after it does not rest upon it. */
      if (g_error_matches (error, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT) &&
          !GH_PLAN_GET_CLASS (self)->unrecorded)
        {
          stop_in_doubt (self, error);
          return;
        }
      if (!tolerates_failure (self, step, error))
        {
          gh_plan_start_undo (self, error);
          return;
        }
    }
  gh_plan_write_journal (self, "step", "after", done_written_cb);
}

static void
failure_explained_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  g_autoptr (GError) error = gh_plan_explain_finish (self, result);

  step_failed (self, error);
}

static void
step_done_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GhStep *step = GH_STEP (object);
  g_autoptr (GError) error = NULL;

  if (!gh_step_finish (step, result, &error))
    {
      if (gh_plan_explains (self, error))
        gh_plan_explain_async (self, error, failure_explained_cb);
      else
        step_failed (self, error);
      return;
    }
  priv->final_done = priv->final_done || gh_step_commits (step);
  priv->final_begun = priv->final_begun || priv->final_done;
  gh_step_set_fraction (step, 1.0);
  gh_step_set_state (step, GH_STEP_DONE);
  gh_plan_write_journal (self, "step", "after", done_written_cb);
}

static void
begun_written_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);
  GhStep *step = gh_plan_get_step (self, priv->index);
  gboolean committed = priv->final_done || klass->goes_on;
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    {
      if (klass->goes_on && priv->index == 0)
        {
          /* Somebody else has the journal, or the disk is full: then nothing is touched, the
           * journal neither. */
          gh_step_set_state (step, GH_STEP_WAITING);
          gh_plan_remember_error (self, error);
          complete_run (self);
          return;
        }
      if (!committed)
        {
          gh_step_set_state (step, GH_STEP_FAILED);
          gh_plan_start_undo (self, error);
          return;
        }
      g_warning ("The plan goes on without its journal: %s", error->message);
    }
  gh_step_do_async (step, gh_plan_find_step_host (self, step),
                    priv->final_begun ? NULL : priv->run_cancellable,
                    step_done_cb, g_object_ref (self));
}

static void
run_next_step (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
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
          gh_plan_start_undo (self, error);
          return;
        }
      gh_plan_remember_error (self, error);
      leave_the_rest (self);
      gh_plan_end_run (self);
      return;
    }
  if (priv->index == priv->steps->len)
    {
      gh_plan_end_run (self);
      return;
    }

  step = gh_plan_get_step (self, priv->index);
  title = gh_step_dup_title (step);
  priv->final_begun = priv->final_begun || gh_step_is_final (step);
  gh_plan_take_status (self, g_steal_pointer (&title));
  gh_step_set_save_func (step, save_parameters, self);
  gh_step_set_state (step, GH_STEP_RUNNING);
  gh_plan_write_journal (self, "step", "before", begun_written_cb);
}

void
gh_plan_begin_run (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);

  priv->index = 0;
  priv->start_time = g_get_real_time ();
  priv->journal = gh_journal_new (klass->unrecorded ? NULL : priv->id,
                                  /* existing= */ klass->dup_record != NULL);
  gh_plan_set_state (self, GH_PLAN_RUNNING);
  gh_plan_update_fraction (self);
  run_next_step (self);
}

/* In whichever thread cancels. */
static void
outer_cancelled_cb (GCancellable *cancellable,
                    gpointer      user_data)
{
  g_cancellable_cancel (user_data);
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
  GhPlanPrivate *priv = gh_plan_get_private (self);
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
  gh_plan_start_preparation (self);
}

gboolean
gh_plan_run_finish (GhPlan        *self,
                    GAsyncResult  *result,
                    GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
