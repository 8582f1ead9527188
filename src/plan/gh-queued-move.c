/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The move of one machine, as a step of the queue: it runs the plan of that machine, which says
 * what became of it. */

#define G_LOG_DOMAIN "gh-queued-move"

#include "config.h"

#include "gh-migrate-queue-private.h"

#include <glib/gi18n-lib.h>

#include "gh-step-task.h"

#define GH_TYPE_QUEUED_MOVE (gh_queued_move_get_type ())
G_DECLARE_FINAL_TYPE (GhQueuedMove, gh_queued_move, GH, QUEUED_MOVE, GhStep)

struct _GhQueuedMove
{
  GhStep          parent_instance;

  GhMigrateQueue *queue; /* (weak) */
  GhMigratePlan  *plan;  /* (owned) */
};

G_DEFINE_FINAL_TYPE (GhQueuedMove, gh_queued_move, GH_TYPE_STEP)

static char *
dup_title (GhStep *step)
{
  return gh_plan_dup_title (GH_PLAN (GH_QUEUED_MOVE (step)->plan));
}

static char *
dup_command (GhStep *step)
{
  GPtrArray *steps = gh_plan_get_steps (GH_PLAN (GH_QUEUED_MOVE (step)->plan));
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < steps->len; i++)
    {
      g_autofree char *command = gh_step_dup_command (g_ptr_array_index (steps, i));

      if (command != NULL && *command != '\0')
        g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", command);
    }
  return g_string_free (text, FALSE);
}

static char *
dup_left (GhStep *step)
{
  GhMigratePlan *plan = GH_QUEUED_MOVE (step)->plan;

  if (gh_plan_is_in_doubt (GH_PLAN (plan)))
    /* Translators: %s is the name of a machine; why follows. */
    return g_strdup_printf (_("“%s” is in doubt"), gh_queued_plan_get_name (plan));
  /* Translators: %s is the name of a machine. */
  return g_strdup_printf (_("“%s” is not moved"), gh_queued_plan_get_name (plan));
}

static void
plan_fraction_cb (GhQueuedMove *self)
{
  gh_step_set_fraction (GH_STEP (self), gh_plan_get_fraction (GH_PLAN (self->plan)));
}

static void
plan_ran_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhQueuedMove *self = GH_QUEUED_MOVE (g_task_get_source_object (task));
  GError *error = NULL;
  gboolean done = gh_plan_run_finish (GH_PLAN (object), result, &error);

  g_signal_handlers_disconnect_by_func (self->plan, plan_fraction_cb, self);
  if (self->queue != NULL)
    {
      gh_migrate_queue_set_current (self->queue, NULL);
      if (done)
        gh_migrate_queue_emit_moved (self->queue, self->plan);
    }
  gh_step_task_end (task, done, &error);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GhQueuedMove *self = GH_QUEUED_MOVE (step);

  g_signal_connect_object (self->plan, "notify::fraction", G_CALLBACK (plan_fraction_cb), self,
                           G_CONNECT_SWAPPED);
  if (self->queue != NULL)
    gh_migrate_queue_set_current (self->queue, self->plan);
  gh_plan_run_async (GH_PLAN (self->plan), cancellable, plan_ran_cb,
                     gh_step_task_new (step, host, cancellable, callback, user_data));
}

static gboolean
needs_host (GhStep *step,
            GhHost *host)
{
  return gh_plan_needs_host (GH_PLAN (GH_QUEUED_MOVE (step)->plan), host);
}

static void
gh_queued_move_finalize (GObject *object)
{
  GhQueuedMove *self = GH_QUEUED_MOVE (object);

  g_clear_weak_pointer (&self->queue);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_queued_move_parent_class)->finalize (object);
}

static void
gh_queued_move_class_init (GhQueuedMoveClass *klass)
{
  GhStepClass *step_class = GH_STEP_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_queued_move_finalize;
  step_class->kind = "queued-move";
  step_class->dup_title = dup_title;
  step_class->dup_command = dup_command;
  step_class->dup_left = dup_left;
  step_class->needs_host = needs_host;
  step_class->do_async = do_async;
}

static void
gh_queued_move_init (GhQueuedMove *self)
{
}

GhStep *
gh_queued_move_new (GhMigrateQueue *queue,
                    GhMigratePlan  *plan)
{
  GhQueuedMove *self = g_object_new (GH_TYPE_QUEUED_MOVE, NULL);
  double seconds = gh_migrate_plan_get_estimate (plan, NULL);

  g_set_weak_pointer (&self->queue, queue);
  self->plan = g_object_ref (plan);
  gh_step_set_weight (GH_STEP (self), seconds > 0 ? seconds : 1.0);
  return GH_STEP (self);
}
