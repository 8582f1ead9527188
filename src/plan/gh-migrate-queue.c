/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Each machine is a step, and the step runs a plan. It is that plan which checks, keeps a journal
 * and undoes; this one only says which is next, and what became of all of them. How it is prepared
 * is in gh-migrate-queue-prepare.c, the step in gh-queued-move.c. */

#define G_LOG_DOMAIN "gh-migrate-queue"

#include "config.h"

#include "gh-migrate-queue-private.h"

#include <glib/gi18n-lib.h>

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
  if (gh_queued_plan_is_done (plan))
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

static GhHost *
get_asked (GhPlan *plan)
{
  return GH_MIGRATE_QUEUE (plan)->destination;
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
  plan_class->get_asked = get_asked;
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = gh_migrate_queue_prepare_async;

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

  return !g_hash_table_contains (self->left_out, plan);
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

  if (included == gh_migrate_queue_get_included (self, plan))
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

const char *
gh_queued_plan_get_name (GhMigratePlan *plan)
{
  return gh_machine_get_name (gh_migrate_plan_get_machine (plan));
}

gboolean
gh_queued_plan_is_done (GhMigratePlan *plan)
{
  return gh_plan_get_state (GH_PLAN (plan)) == GH_PLAN_ENDED &&
         gh_plan_get_outcome (GH_PLAN (plan)) == GH_OUTCOME_DONE;
}

void
gh_migrate_queue_set_current (GhMigrateQueue *self,
                              GhMigratePlan  *plan)
{
  if (g_set_object (&self->current, plan))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CURRENT]);
}

void
gh_migrate_queue_emit_moved (GhMigrateQueue *self,
                             GhMigratePlan  *plan)
{
  g_signal_emit (self, signals[MOVED], 0, plan);
}
