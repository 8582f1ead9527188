/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Preparing a plan: once for all who ask, and anew for a run, which looks at the world after the
 * user said “go” and refuses what the user has not been shown. */

#define G_LOG_DOMAIN "gh-plan-prepare"

#include "config.h"

#include "gh-plan-engine.h"

#include <glib/gi18n-lib.h>

#include "gh-virt-error.h"

typedef struct
{
  GhPlan  *plan;
  GTask   *task;
  GSource *source; /* (nullable): waits for the task's cancellable */
} Waiter;

void
gh_plan_waiter_free (gpointer data)
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
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GPtrArray) waiters = g_steal_pointer (&priv->waiters);

  priv->waiters = g_ptr_array_new_with_free_func (gh_plan_waiter_free);
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = g_ptr_array_index (waiters, i);

      if (error != NULL)
        g_task_return_error (waiter->task, g_error_copy (error));
      else
        g_task_return_boolean (waiter->task, TRUE);
    }
}

/* The preparation that runs no longer counts; its late result is dropped. */
void
gh_plan_drop_preparation (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GError) error = NULL;

  if (priv->prepare_cancellable == NULL)
    return;

  priv->serial++;
  g_cancellable_cancel (priv->prepare_cancellable);
  g_clear_object (&priv->prepare_cancellable);
  error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("What was to be done has changed"));
  answer_waiters (self, error);
}

/* Adds what the user has to agree to: warnings by their rule (their words hold figures that
 * change), final steps by what they destroy. */
static GHashTable *
collect_shown (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GHashTable *shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < priv->checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (priv->checks, i);

      if (gh_check_get_level (check) == GH_CHECK_WARNING)
        g_hash_table_add (shown, g_strdup_printf ("check %s", gh_check_get_id (check)));
    }
  for (guint i = 0; i < priv->steps->len; i++)
    if (gh_step_is_final (gh_plan_get_step (self, i)))
      {
        g_autofree char *title = gh_step_dup_title (gh_plan_get_step (self, i));

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
  GhPlanPrivate *priv = gh_plan_get_private (self);
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

static void
draft_made_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  GhPlan *self = GH_PLAN (object);
  GhPlanPrivate *priv = gh_plan_get_private (self);
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
      gh_plan_take_status (self, gh_error_dup_sentence (error));
      gh_plan_set_state (self, GH_PLAN_EDITING);
      if (priv->run_task != NULL)
        gh_plan_fail_run (self, g_error_copy (error));
      answer_waiters (self, error);
      return;
    }

  gh_plan_accept_draft (self, draft);
  objection = find_objection (self, collect_shown (self));
  gh_plan_take_status (self, g_strdup (objection != NULL ? objection->message : _("Ready")));
  gh_plan_set_state (self, GH_PLAN_PREPARED);
  g_signal_emit_by_name (self, "prepared");
  answer_waiters (self, NULL);
  if (!runs)
    return;
  if (objection != NULL)
    gh_plan_fail_run (self, g_steal_pointer (&objection));
  else if (g_cancellable_is_cancelled (priv->run_cancellable))
    gh_plan_fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled")));
  else if (priv->state == GH_PLAN_PREPARED)
    gh_plan_begin_run (self);
  else /* a handler of “prepared” changed an input */
    gh_plan_fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                 _("What was to be done has changed")));
}

void
gh_plan_start_preparation (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  priv->serial++;
  priv->prepare_cancellable = g_cancellable_new ();
  gh_plan_take_status (self, g_strdup (_("Checking…")));
  gh_plan_set_state (self, GH_PLAN_PREPARING);
  GH_PLAN_GET_CLASS (self)->prepare_async (self, priv->prepare_cancellable, draft_made_cb,
                                           GUINT_TO_POINTER (priv->serial));
}

static gboolean
waiter_cancelled_cb (GCancellable *cancellable,
                     gpointer      user_data)
{
  Waiter *waiter = user_data;
  g_autoptr (GhPlan) self = g_object_ref (waiter->plan);
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GTask) task = g_object_ref (waiter->task);

  g_ptr_array_remove (priv->waiters, waiter);
  if (priv->waiters->len == 0 && priv->run_task == NULL)
    {
      gh_plan_drop_preparation (self);
      gh_plan_set_state (self, GH_PLAN_EDITING);
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled"));
  return G_SOURCE_REMOVE;
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
  GhPlanPrivate *priv = gh_plan_get_private (self);
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
      gh_plan_waiter_free (waiter);
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
    gh_plan_start_preparation (self);
}

gboolean
gh_plan_prepare_finish (GhPlan        *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
