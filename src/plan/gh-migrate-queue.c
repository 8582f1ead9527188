/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Each machine is a step, and the step runs a plan. It is that plan which checks, keeps a journal
 * and undoes; this one only says which is next, and what became of all of them. */

#define G_LOG_DOMAIN "gh-migrate-queue"

#include "config.h"

#include "gh-migrate-queue.h"

#include <glib/gi18n-lib.h>

#include "gh-format.h"
#include "gh-migrate-sums.h"
#include "gh-virt-error.h"

/* Rehearsals at the same time: each asks both hosts, whose answers come one after another. */
#define MAX_PREPARING 4

struct _GhMigrateQueue
{
  GhPlan         parent_instance;

  GPtrArray     *plans;       /* (element-type GhMigratePlan) */
  GHashTable    *left_out;    /* (element-type GhMigratePlan): by the user */
  GhHost        *destination; /* (owned) (nullable) */
  GhMigratePlan *current;     /* (owned) (nullable) */
  int            preset;
  gboolean       temporary;
  guint          bandwidth;
  GHashTable    *ready;       /* (element-type GhMigratePlan) (unowned): are moved, as prepared */
};

G_DEFINE_FINAL_TYPE (GhMigrateQueue, gh_migrate_queue, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_DESTINATION,
  PROP_PRESET,
  PROP_TEMPORARY,
  PROP_BANDWIDTH,
  PROP_CURRENT,
  N_PROPS
};

enum
{
  MOVED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static const char *
get_name (GhMigratePlan *plan)
{
  return gh_machine_get_name (gh_migrate_plan_get_machine (plan));
}

static void
set_current (GhMigrateQueue *self,
             GhMigratePlan  *plan)
{
  if (g_set_object (&self->current, plan))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CURRENT]);
}

/* The move of one machine, as a step. */

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
queued_move_dup_title (GhStep *step)
{
  return gh_plan_dup_title (GH_PLAN (GH_QUEUED_MOVE (step)->plan));
}

static char *
queued_move_dup_command (GhStep *step)
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
queued_move_dup_left (GhStep *step)
{
  GhMigratePlan *plan = GH_QUEUED_MOVE (step)->plan;

  if (gh_plan_is_in_doubt (GH_PLAN (plan)))
    /* Translators: %s is the name of a machine; why follows. */
    return g_strdup_printf (_("“%s” is in doubt"), get_name (plan));
  /* Translators: %s is the name of a machine. */
  return g_strdup_printf (_("“%s” is not moved"), get_name (plan));
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
      set_current (self->queue, NULL);
      if (done)
        g_signal_emit (self->queue, signals[MOVED], 0, self->plan);
    }
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
queued_move_do_async (GhStep              *step,
                      GhHost              *host,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  GhQueuedMove *self = GH_QUEUED_MOVE (step);
  GTask *task = g_task_new (step, cancellable, callback, user_data);

  g_task_set_source_tag (task, queued_move_do_async);
  /* What became of it is what its plan says. */
  g_task_set_check_cancellable (task, FALSE);
  g_signal_connect_object (self->plan, "notify::fraction", G_CALLBACK (plan_fraction_cb), self,
                           G_CONNECT_SWAPPED);
  if (self->queue != NULL)
    set_current (self->queue, self->plan);
  gh_plan_run_async (GH_PLAN (self->plan), cancellable, plan_ran_cb, task);
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
  step_class->dup_title = queued_move_dup_title;
  step_class->dup_command = queued_move_dup_command;
  step_class->dup_left = queued_move_dup_left;
  step_class->do_async = queued_move_do_async;
}

static void
gh_queued_move_init (GhQueuedMove *self)
{
}

static GhStep *
queued_move_new (GhMigrateQueue *queue,
                 GhMigratePlan  *plan)
{
  GhQueuedMove *self = g_object_new (GH_TYPE_QUEUED_MOVE, NULL);
  double seconds = gh_migrate_plan_get_estimate (plan, NULL);

  g_set_weak_pointer (&self->queue, queue);
  self->plan = g_object_ref (plan);
  gh_step_set_weight (GH_STEP (self), seconds > 0 ? seconds : 1.0);
  return GH_STEP (self);
}

/* Preparing: all of them, and what they say */

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

static gboolean
is_included (GhMigrateQueue *self,
             GhMigratePlan  *plan)
{
  return !g_hash_table_contains (self->left_out, plan);
}

static gboolean
is_done (GhMigratePlan *plan)
{
  return gh_plan_get_state (GH_PLAN (plan)) == GH_PLAN_ENDED &&
         gh_plan_get_outcome (GH_PLAN (plan)) == GH_OUTCOME_DONE;
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
  g_autofree char *id = g_strdup_printf ("%s/%s", gh_check_get_id (inner), get_name (plan));
  g_autofree char *text = NULL;
  GhCheck *check = NULL;

  /* What is only good to know is the same for each of them. */
  if (level < GH_CHECK_WARNING)
    return;
  if (gh_check_get_level (inner) == GH_CHECK_REFUSAL)
    /* Translators: the name of a machine, and why: “a network is missing”. */
    text = g_strdup_printf (_("“%s” is not moved: %s"), get_name (plan), title);
  else
    /* Translators: the name of a machine, and a sentence about it. */
    text = g_strdup_printf (_("“%s”: %s"), get_name (plan), title);
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

      id = g_strdup_printf ("not-checked/%s", get_name (plan));
      text = g_strdup_printf (_("“%s” is not moved: %s"), get_name (plan), sentence);
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_WARNING, id, text, NULL));
      return;
    }
  for (guint i = 0; i < checks->len; i++)
    add_finding (draft, plan, g_ptr_array_index (checks, i));
  if (gh_plan_get_worst (GH_PLAN (plan)) == GH_CHECK_REFUSAL ||
      !gh_migrate_sums_add (sums, plan, draft))
    return;
  id = g_strdup_printf ("can-be-moved/%s", get_name (plan));
  text = g_strdup_printf (_("“%s” can be moved"), get_name (plan));
  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_OK, id, text, NULL));
  gh_plan_draft_add_step (draft, queued_move_new (self, plan));
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

      if (is_included (self, plan) && !is_done (plan))
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

      if (!is_included (self, plan) || is_done (plan))
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

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (plan);
  g_autoptr (GTask) task = g_task_new (plan, cancellable, callback, user_data);
  Preparation *preparation = g_new0 (Preparation, 1);

  g_task_set_source_tag (task, prepare_async);
  preparation->n_errors = self->plans->len;
  preparation->errors = g_new0 (GError *, self->plans->len);
  g_task_set_task_data (task, preparation, preparation_free);
  prepare_more (task);
}

static char *
dup_title (GhPlan *plan)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (plan);
  guint n = self->plans->len - g_hash_table_size (self->left_out);

  if (self->destination == NULL)
    return g_strdup_printf (ngettext ("Move %u machine", "Move %u machines", n), n);
  /* Translators: %u machines to the host %s. */
  return g_strdup_printf (ngettext ("Move %u machine to %s", "Move %u machines to %s", n), n,
                          gh_host_get_label (self->destination));
}

/* Inputs: each is the same for all */

static void
apply (GhMigrateQueue *self,
       GhMigratePlan  *plan)
{
  if (is_done (plan))
    return;
  g_object_set (plan, "destination", self->destination, "temporary", self->temporary, NULL);
  /* The ways to move are about machines that run. */
  if (!gh_machine_is_active (gh_migrate_plan_get_machine (plan)))
    return;
  if (self->preset != GH_MIGRATE_CUSTOM)
    g_object_set (plan, "preset", self->preset, NULL);
  g_object_set (plan, "bandwidth", self->bandwidth, NULL);
}

static void
input_changed (GhMigrateQueue *self,
               GParamSpec     *pspec)
{
  for (guint i = 0; i < self->plans->len; i++)
    apply (self, g_ptr_array_index (self->plans, i));
  gh_plan_invalidate (GH_PLAN (self));
  if (pspec != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
gh_migrate_queue_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (object);

  switch (prop_id)
    {
    case PROP_DESTINATION:
      g_value_set_object (value, self->destination);
      break;
    case PROP_PRESET:
      g_value_set_int (value, self->preset);
      break;
    case PROP_TEMPORARY:
      g_value_set_boolean (value, self->temporary);
      break;
    case PROP_BANDWIDTH:
      g_value_set_uint (value, self->bandwidth);
      break;
    case PROP_CURRENT:
      g_value_set_object (value, self->current);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migrate_queue_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (object);

  switch (prop_id)
    {
    case PROP_DESTINATION:
      if (!g_set_object (&self->destination, g_value_get_object (value)))
        return;
      break;
    case PROP_PRESET:
      if (self->preset == g_value_get_int (value))
        return;
      self->preset = g_value_get_int (value);
      break;
    case PROP_TEMPORARY:
      if (self->temporary == g_value_get_boolean (value))
        return;
      self->temporary = g_value_get_boolean (value);
      break;
    case PROP_BANDWIDTH:
      if (self->bandwidth == g_value_get_uint (value))
        return;
      self->bandwidth = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      return;
    }
  input_changed (self, pspec);
}

static void
gh_migrate_queue_dispose (GObject *object)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (object);

  g_clear_object (&self->current);
  g_clear_object (&self->destination);
  G_OBJECT_CLASS (gh_migrate_queue_parent_class)->dispose (object);
}

static void
gh_migrate_queue_finalize (GObject *object)
{
  GhMigrateQueue *self = GH_MIGRATE_QUEUE (object);

  g_ptr_array_unref (self->plans);
  g_hash_table_unref (self->left_out);
  g_hash_table_unref (self->ready);
  G_OBJECT_CLASS (gh_migrate_queue_parent_class)->finalize (object);
}

static void
gh_migrate_queue_class_init (GhMigrateQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_migrate_queue_get_property;
  object_class->set_property = gh_migrate_queue_set_property;
  object_class->dispose = gh_migrate_queue_dispose;
  object_class->finalize = gh_migrate_queue_finalize;

  plan_class->kind = "migrate-queue";
  plan_class->verb = N_("Move");
  plan_class->goes_on = TRUE;
  plan_class->unrecorded = TRUE;
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;

  properties[PROP_DESTINATION] = g_param_spec_object ("destination", NULL, NULL, GH_TYPE_HOST,
                                                      flags | G_PARAM_READWRITE);
  properties[PROP_PRESET] = g_param_spec_int ("preset", NULL, NULL, GH_MIGRATE_SAFE,
                                              GH_MIGRATE_CUSTOM, GH_MIGRATE_SAFE,
                                              flags | G_PARAM_READWRITE);
  properties[PROP_TEMPORARY] = g_param_spec_boolean ("temporary", NULL, NULL, FALSE,
                                                     flags | G_PARAM_READWRITE);
  properties[PROP_BANDWIDTH] = g_param_spec_uint ("bandwidth", NULL, NULL, 0, G_MAXUINT, 0,
                                                  flags | G_PARAM_READWRITE);
  properties[PROP_CURRENT] = g_param_spec_object ("current", NULL, NULL, GH_TYPE_MIGRATE_PLAN,
                                                  flags | G_PARAM_READABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GhMigrateQueue::moved:
   * @plan: the plan that is done
   */
  signals[MOVED] = g_signal_new ("moved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_MIGRATE_PLAN);
}

static void
gh_migrate_queue_init (GhMigrateQueue *self)
{
  self->plans = g_ptr_array_new_with_free_func (g_object_unref);
  self->left_out = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->ready = g_hash_table_new (NULL, NULL);
}

/**
 * gh_migrate_queue_new:
 * @machines: (element-type GhMachine): what to move, in this order
 * @destination: (nullable): where to
 *
 * Returns: (transfer full): the plan
 */
GhMigrateQueue *
gh_migrate_queue_new (GPtrArray *machines,
                      GhHost    *destination)
{
  GhMigrateQueue *self = NULL;

  g_return_val_if_fail (machines != NULL && machines->len > 0, NULL);
  g_return_val_if_fail (destination == NULL || GH_IS_HOST (destination), NULL);

  self = g_object_new (GH_TYPE_MIGRATE_QUEUE, "host",
                       gh_machine_get_host (g_ptr_array_index (machines, 0)), NULL);
  g_set_object (&self->destination, destination);
  for (guint i = 0; i < machines->len; i++)
    g_ptr_array_add (self->plans,
                     gh_migrate_plan_new (g_ptr_array_index (machines, i), destination));
  input_changed (self, NULL);
  return self;
}

GPtrArray *
gh_migrate_queue_get_plans (GhMigrateQueue *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (self), NULL);

  return self->plans;
}

GhMigratePlan *
gh_migrate_queue_get_current (GhMigrateQueue *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (self), NULL);

  return self->current;
}

guint
gh_migrate_queue_get_n_ready (GhMigrateQueue *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (self), 0);

  return g_hash_table_size (self->ready);
}

gboolean
gh_migrate_queue_is_ready (GhMigrateQueue *self,
                           GhMigratePlan  *plan)
{
  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (self), FALSE);

  return g_hash_table_contains (self->ready, plan);
}

gboolean
gh_migrate_queue_get_included (GhMigrateQueue *self,
                               GhMigratePlan  *plan)
{
  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (self), FALSE);

  return is_included (self, plan);
}

/**
 * gh_migrate_queue_set_included:
 * @self: a queue
 * @plan: one of its plans
 * @included: whether its machine is to be moved, too
 */
void
gh_migrate_queue_set_included (GhMigrateQueue *self,
                               GhMigratePlan  *plan,
                               gboolean        included)
{
  g_return_if_fail (GH_IS_MIGRATE_QUEUE (self));
  g_return_if_fail (GH_IS_MIGRATE_PLAN (plan));

  if (included == is_included (self, plan))
    return;
  if (included)
    g_hash_table_remove (self->left_out, plan);
  else
    g_hash_table_add (self->left_out, g_object_ref (plan));
  gh_plan_invalidate (GH_PLAN (self));
}

/**
 * gh_migrate_queue_has_doubt:
 * @self: a queue that has ended
 *
 * Returns: whether a machine is left in doubt: its plan's journal is kept, to go on with it
 */
gboolean
gh_migrate_queue_has_doubt (GhMigrateQueue *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (self), FALSE);

  for (guint i = 0; i < self->plans->len; i++)
    if (gh_plan_is_in_doubt (g_ptr_array_index (self->plans, i)))
      return TRUE;
  return FALSE;
}

/**
 * gh_migrate_queue_get_estimate:
 * @self: a queue that is prepared
 *
 * Returns: the seconds all moves take together; < 0 when that of one is not known
 */
double
gh_migrate_queue_get_estimate (GhMigrateQueue *self)
{
  double sum = 0;

  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (self), -1);

  for (guint i = 0; i < self->plans->len; i++)
    {
      GhMigratePlan *plan = g_ptr_array_index (self->plans, i);
      double seconds = 0;

      if (!g_hash_table_contains (self->ready, plan))
        continue;
      seconds = gh_migrate_plan_get_estimate (plan, NULL);
      if (seconds < 0)
        return -1;
      sum += seconds;
    }
  return sum;
}
