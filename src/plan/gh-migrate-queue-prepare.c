/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How a queue of moves is prepared: all its plans, some at a time, and what they say together. */

#define G_LOG_DOMAIN "gh-migrate-queue-prepare"

#include "config.h"

#include "gh-migrate-queue-private.h"

#include <glib/gi18n-lib.h>

#include "gh-format.h"
#include "gh-migrate-sums.h"
#include "gh-virt-error.h"

/* Rehearsals at the same time: each asks both hosts, whose answers come one after another. */
#define MAX_PREPARING 4

typedef struct
{
  guint    next;      /* the plan to be prepared next */
  guint    n_running;
  GError **errors;    /* one for each plan; NULL where there is none */
  guint    n_errors;
} Preparation;

static void
preparation_free (gpointer data)
{
  Preparation *self = data;

  for (guint i = 0; i < self->n_errors; i++)
    g_clear_error (&self->errors[i]);
  g_free (self->errors);
  g_free (self);
}

static void
inner_fixed_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_check_fix_finish (GH_CHECK (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
fix_inner (GhCheck             *check,
           gpointer             data,
           GCancellable        *cancellable,
           GAsyncReadyCallback  callback,
           gpointer             user_data)
{
  GTask *task = g_task_new (check, cancellable, callback, user_data);

  g_task_set_source_tag (task, fix_inner);
  gh_check_fix_async (data, cancellable, inner_fixed_cb, task);
}

/* What a machine's plan found, with the machine's name, since there are several. A refusal there
 * leaves out the machine, which is no reason to refuse the others. */
static void
add_finding (GhPlanDraft   *draft,
             GhMigratePlan *plan,
             GhCheck       *inner)
{
  GhCheckLevel level = MIN (gh_check_get_level (inner), GH_CHECK_WARNING);
  const char *title = gh_check_get_title (inner);
  g_autofree char *id = g_strdup_printf ("%s/%s", gh_check_get_id (inner),
                                          gh_queued_plan_get_name (plan));
  g_autofree char *text = NULL;
  GhCheck *check = NULL;

  /* What is only good to know is the same for each of them. */
  if (level < GH_CHECK_WARNING)
    return;
  if (gh_check_get_level (inner) == GH_CHECK_REFUSAL)
    /* Translators: the name of a machine, and why: “a network is missing”. */
    text = g_strdup_printf (_("“%s” is not moved: %s"), gh_queued_plan_get_name (plan), title);
  else
    /* Translators: the name of a machine, and a sentence about it. */
    text = g_strdup_printf (_("“%s”: %s"), gh_queued_plan_get_name (plan), title);
  check = gh_check_new (level, id, text, gh_check_get_detail (inner));
  if (gh_check_get_fix_label (inner) != NULL)
    gh_check_set_fix (check, gh_check_get_fix_label (inner), gh_check_get_fix_command (inner),
                      fix_inner, g_object_ref (inner), g_object_unref);
  gh_plan_draft_add_check (draft, check);
}

static void
add_machine (GhMigrateQueue *self,
             GhPlanDraft    *draft,
             GhMigratePlan  *plan,
             GhMigrateSums  *sums,
             const GError   *error)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (plan));
  g_autofree char *id = NULL;
  g_autofree char *text = NULL;

  if (error != NULL)
    {
      g_autofree char *sentence = gh_error_dup_sentence (error);

      id = g_strdup_printf ("not-checked/%s", gh_queued_plan_get_name (plan));
      text = g_strdup_printf (_("“%s” is not moved: %s"), gh_queued_plan_get_name (plan),
                              sentence);
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_WARNING, id, text, NULL));
      return;
    }
  for (guint i = 0; i < checks->len; i++)
    add_finding (draft, plan, g_ptr_array_index (checks, i));
  if (gh_plan_get_worst (GH_PLAN (plan)) == GH_CHECK_REFUSAL ||
      !gh_migrate_sums_add (sums, plan, draft))
    return;
  id = g_strdup_printf ("can-be-moved/%s", gh_queued_plan_get_name (plan));
  text = g_strdup_printf (_("“%s” can be moved"), gh_queued_plan_get_name (plan));
  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_OK, id, text, NULL));
  gh_plan_draft_add_step (draft, gh_queued_move_new (self, plan));
  g_hash_table_add (self->ready, plan);
}

static void
add_estimate (GhMigrateQueue *self,
              GhPlanDraft    *draft)
{
  double seconds = gh_migrate_queue_get_estimate (self);
  g_autofree char *span = gh_format_duration ((gint64) MAX (seconds, 1));
  g_autofree char *text = NULL;

  if (seconds < 0)
    return;
  /* Translators: a span of time, such as “2 minutes”. */
  text = g_strdup_printf (_("All together will take about %s"), span);
  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_NOTE, "estimate", text, NULL));
}

static GhPlanDraft *
make_draft (GhMigrateQueue *self,
            Preparation    *preparation)
{
  GhPlanDraft *draft = gh_plan_draft_new ();
  g_autoptr (GhMigrateSums) sums = NULL;

  g_hash_table_remove_all (self->ready);
  if (self->destination == NULL)
    {
      gh_plan_draft_add_check (draft,
                               gh_check_new (GH_CHECK_REFUSAL, "destination-missing",
                                             _("Choose the host they are to move to"), NULL));
      return draft;
    }
  sums = gh_migrate_sums_new (gh_host_get_label (self->destination));
  for (guint i = 0; i < self->plans->len; i++)
    {
      GhMigratePlan *plan = g_ptr_array_index (self->plans, i);

      if (gh_migrate_queue_get_included (self, plan) && !gh_queued_plan_is_done (plan))
        add_machine (self, draft, plan, sums, preparation->errors[i]);
    }
  if (g_hash_table_size (self->ready) == 0)
    gh_plan_draft_add_check (draft,
                             gh_check_new (GH_CHECK_REFUSAL, "nothing-to-move",
                                           _("None of these machines can be moved"), NULL));
  else
    add_estimate (self, draft);
  return draft;
}

static void prepare_more (GTask *task);

static void
plan_prepared_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (g_task_get_source_object (task));
  Preparation *preparation = g_task_get_task_data (task);
  GError *error = NULL;
  guint i;

  preparation->n_running--;
  if (!gh_plan_prepare_finish (GH_PLAN (object), result, &error) &&
      g_ptr_array_find (self->plans, object, &i))
    preparation->errors[i] = error;
  else
    g_clear_error (&error);
  prepare_more (task);
}

/* Takes the next ones on; the last answers. */
static void
prepare_more (GTask *task)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (g_task_get_source_object (task));
  Preparation *preparation = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  while (preparation->n_running < MAX_PREPARING && preparation->next < self->plans->len &&
         self->destination != NULL && !g_cancellable_is_cancelled (cancellable))
    {
      GhMigratePlan *plan = g_ptr_array_index (self->plans, preparation->next++);

      if (!gh_migrate_queue_get_included (self, plan) || gh_queued_plan_is_done (plan))
        continue;
      if (gh_plan_get_state (GH_PLAN (plan)) == GH_PLAN_ENDED)
        gh_plan_invalidate (GH_PLAN (plan));
      preparation->n_running++;
      gh_plan_prepare_async (GH_PLAN (plan), cancellable, plan_prepared_cb, g_object_ref (task));
    }
  if (preparation->n_running == 0 && !g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, make_draft (self, preparation),
                           (GDestroyNotify) gh_plan_draft_free);
}

void
gh_migrate_queue_prepare_async (GhPlan              *plan,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (plan);
  g_autoptr (GTask) task = g_task_new (plan, cancellable, callback, user_data);
  Preparation *preparation = g_new0 (Preparation, 1);

  g_task_set_source_tag (task, gh_migrate_queue_prepare_async);
  preparation->n_errors = self->plans->len;
  preparation->errors = g_new0 (GError *, self->plans->len);
  g_task_set_task_data (task, preparation, preparation_free);
  prepare_more (task);
}
