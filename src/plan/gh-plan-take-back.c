/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Taking a plan back: the steps that were done are undone in reverse, each between two journal
 * records; what cannot be undone is left and named. Groups that are done as a whole may be kept. */

#define G_LOG_DOMAIN "gh-plan-take-back"

#include "config.h"

#include "gh-plan-engine.h"

#include <glib/gi18n-lib.h>

#include "gh-step-private.h"
#include "gh-virt-error.h"

static char *
dup_left (GhStep       *step,
          const GError *error) /* nullable */
{
  g_autofree char *what = gh_step_dup_left (step);
  g_autofree char *why = error != NULL ? gh_error_dup_sentence (error) : NULL;

  /* Translators: what is left, and why: “The disk /…/web-1.qcow2: permission was denied.” */
  return why != NULL ? g_strdup_printf (_("%s: %s"), what, why) : g_strdup (what);
}

void
gh_plan_add_left (GhPlan       *self,
                  GhStep       *step,
                  const GError *error)
{
  g_ptr_array_add (gh_plan_get_private (self)->left, dup_left (step, error));
}

/* Somebody has come to use what was to go last: that it stays is as it should be. */
void
gh_plan_add_stayed (GhPlan       *self,
                    GhStep       *step,
                    const GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autofree char *name = dup_left (step, error);

  if (priv->kept_names != NULL)
    g_strv_builder_addv (names, (const char **) priv->kept_names);
  g_strv_builder_add (names, name);
  g_strfreev (priv->kept_names);
  priv->kept_names = g_strv_builder_end (names);
}

void
gh_plan_remember_error (GhPlan       *self,
                        const GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (priv->error == NULL)
    priv->error = g_error_copy (error);
}

gboolean
gh_plan_explains (GhPlan       *self,
                  const GError *error)
{
  return error->domain == GH_VIRT_ERROR && GH_PLAN_GET_CLASS (self)->explain_async != NULL;
}

/* Of the step at hand; @callback is called with the plan, which is kept until then, as its data. */
void
gh_plan_explain_async (GhPlan              *self,
                       const GError        *error,
                       GAsyncReadyCallback  callback)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  GH_PLAN_GET_CLASS (self)->explain_async (self, gh_plan_get_step (self, priv->index), error,
                                           callback, g_object_ref (self));
}

GError *
gh_plan_explain_finish (GhPlan       *self,
                        GAsyncResult *result)
{
  g_assert (g_task_is_valid (result, self));

  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/* An error for which undoing is to be tried again some other time. */
gboolean
gh_plan_can_retry (const GError *error)
{
  return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void undo_next_step (GhPlan *self);

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
held_written_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    g_warning ("What is left may not be offered again: %s", error->message);
  gh_plan_end_run (self);
}

/* A step that commits could not be taken back: perhaps it is done. What it rests on, which are the
 * steps before it, must stay then, and the journal too: when all hosts answer, it says which. */
static void
hold_the_rest (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  for (guint i = priv->index; i > 0; i--)
    {
      GhStep *step = gh_plan_get_step (self, i - 1);

      if (gh_step_get_state (step) == GH_STEP_DONE && gh_step_can_undo (step))
        gh_plan_add_left (self, step, NULL);
    }
  priv->held = priv->keep_journal = TRUE;
  gh_plan_write_journal (self, "undo", "after", held_written_cb);
}

static void
step_stays (GhPlan       *self,
            const GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GhStep *step = gh_plan_get_step (self, priv->index);

  gh_plan_add_left (self, step, error);
  priv->keep_journal = priv->keep_journal || gh_plan_can_retry (error);
  gh_step_set_state (step, GH_STEP_LEFT);
  if (gh_step_may_have_committed (step, error))
    hold_the_rest (self);
  else
    gh_plan_write_journal (self, "undo", "after", undone_written_cb);
}

static void
stay_explained_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  g_autoptr (GError) error = gh_plan_explain_finish (self, result);

  step_stays (self, error);
}

static void
step_undone_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhStep *step = GH_STEP (object);
  g_autoptr (GError) error = NULL;

  if (!gh_step_finish (step, result, &error))
    {
      if (gh_plan_explains (self, error))
        gh_plan_explain_async (self, error, stay_explained_cb);
      else
        step_stays (self, error);
      return;
    }
  gh_step_set_state (step, GH_STEP_UNDONE);
  gh_plan_write_journal (self, "undo", "after", undone_written_cb);
}

static void
undo_written_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhPlan) self = user_data;
  GhStep *step = gh_plan_get_step (self, gh_plan_get_private (self)->index);
  g_autoptr (GError) error = NULL;

  if (!gh_journal_write_finish (GH_JOURNAL (object), result, &error))
    g_warning ("Undoing goes on without its journal: %s", error->message);
  gh_step_undo_async (step, gh_plan_find_step_host (self, step), step_undone_cb,
                      g_object_ref (self));
}

/* Finds the groups that are done as a whole, and so stay. */
static void
choose_kept (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (GHashTable) broken = g_hash_table_new (NULL, NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  priv->kept = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < priv->steps->len; i++)
    if (gh_step_get_state (gh_plan_get_step (self, i)) != GH_STEP_DONE)
      g_hash_table_add (broken, GUINT_TO_POINTER (gh_step_get_group (gh_plan_get_step (self, i))));
  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = gh_plan_get_step (self, i);
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
  GhPlanPrivate *priv = gh_plan_get_private (self);

  while (priv->index > 0)
    {
      GhStep *step = gh_plan_get_step (self, --priv->index);
      GhStepState state = gh_step_get_state (step);

      if (state != GH_STEP_DONE && state != GH_STEP_FAILED)
        continue;
      if (state == GH_STEP_DONE && priv->kept != NULL &&
          g_hash_table_contains (priv->kept, GUINT_TO_POINTER (gh_step_get_group (step))))
        continue;
      if (gh_step_can_undo (step))
        return step;
      gh_plan_add_left (self, step, NULL);
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
      gh_plan_end_run (self);
      return;
    }

  title = gh_step_dup_title (step);
  status = gh_step_dup_undo_status (step);
  if (status == NULL)
    /* Translators: %s is the title of a step: “Make the disk “web-1.qcow2””. */
    status = g_strdup_printf (_("Taking back: %s"), title);
  gh_plan_take_status (self, status);
  gh_step_set_state (step, GH_STEP_UNDOING);
  gh_plan_write_journal (self, "undo", "before", undo_written_cb);
}

/* From the step at hand backwards. */
void
gh_plan_start_undo (GhPlan       *self,
                    const GError *error)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  gh_plan_remember_error (self, error);
  if (gh_plan_keeps_finished (self) && priv->kept == NULL)
    choose_kept (self);
  gh_plan_set_state (self, GH_PLAN_UNDOING);
  if (priv->index < priv->steps->len)
    priv->index++;
  undo_next_step (self);
}
