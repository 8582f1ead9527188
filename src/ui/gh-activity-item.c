/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-activity-item"

#include "config.h"

#include "gh-activity-item.h"

#include <glib/gi18n-lib.h>

#include "gh-clone-plan.h"
#include "gh-create-plan.h"
#include "gh-migrate-plan.h"
#include "gh-migrate-queue.h"
#include "gh-plan-text.h"
#include "gh-virt-error.h"

struct _GhActivityItem
{
  GObject    parent_instance;

  char      *id;        /* unique in this session: a plan may be run more than once */
  char      *title;
  GhPlan    *plan;      /* (owned) (nullable): NULL once ended */
  char      *status;
  double     fraction;
  GhOutcome  outcome;
  gboolean   cancelled; /* and nothing else is wrong */
  gint64     end_time;
  char      *log;       /* (nullable): kept when the run has ended */
  char      *machine;   /* (nullable) */
};

G_DEFINE_FINAL_TYPE (GhActivityItem, gh_activity_item, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_STATUS,
  PROP_FRACTION,
  PROP_RUNNING,
  PROP_OUTCOME,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
update_from_plan (GhActivityItem *self)
{
  g_autofree char *status = gh_plan_dup_status (self->plan);
  double fraction = CLAMP (gh_plan_get_fraction (self->plan), 0, 1);

  if (g_strcmp0 (status, self->status) != 0)
    {
      g_free (self->status);
      self->status = g_steal_pointer (&status);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS]);
    }
  if (fraction != self->fraction)
    {
      self->fraction = fraction;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
    }
}

static void
plan_changed_cb (GhPlan         *plan,
                 GParamSpec     *pspec,
                 GhActivityItem *self)
{
  update_from_plan (self);
}

static void
gh_activity_item_finalize (GObject *object)
{
  GhActivityItem *self = GH_ACTIVITY_ITEM (object);

  g_clear_object (&self->plan);
  g_free (self->id);
  g_free (self->title);
  g_free (self->status);
  g_free (self->log);
  g_free (self->machine);
  G_OBJECT_CLASS (gh_activity_item_parent_class)->finalize (object);
}

static void
gh_activity_item_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  GhActivityItem *self = GH_ACTIVITY_ITEM (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_RUNNING:
      g_value_set_boolean (value, gh_activity_item_is_running (self));
      break;
    case PROP_OUTCOME:
      g_value_set_int (value, self->outcome);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_activity_item_class_init (GhActivityItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = gh_activity_item_finalize;
  object_class->get_property = gh_activity_item_get_property;

  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, NULL, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  properties[PROP_OUTCOME] = g_param_spec_int ("outcome", NULL, NULL, GH_OUTCOME_NONE,
                                               GH_OUTCOME_UNDONE_IN_PART, GH_OUTCOME_NONE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_activity_item_init (GhActivityItem *self)
{
  self->id = g_uuid_string_random ();
}

GhActivityItem *
gh_activity_item_new (GhPlan *plan)
{
  GhActivityItem *self = g_object_new (GH_TYPE_ACTIVITY_ITEM, NULL);

  self->plan = g_object_ref (plan);
  self->title = gh_plan_dup_title (plan);
  update_from_plan (self);
  g_signal_connect_object (plan, "notify", G_CALLBACK (plan_changed_cb), self, 0);
  return self;
}

/* Of several moves what was not begun is left, which is as it was wanted. */
static gboolean
was_cancelled (GhPlan *plan)
{
  GPtrArray *moves = NULL;

  if (!gh_error_is_cancelled (gh_plan_get_error (plan)) ||
      gh_plan_get_outcome (plan) == GH_OUTCOME_DONE)
    return FALSE;
  if (!GH_IS_MIGRATE_QUEUE (plan))
    return gh_plan_get_outcome (plan) != GH_OUTCOME_UNDONE_IN_PART;
  moves = gh_migrate_queue_get_plans (GH_MIGRATE_QUEUE (plan));
  for (guint i = 0; i < moves->len; i++)
    if (gh_plan_get_outcome (g_ptr_array_index (moves, i)) == GH_OUTCOME_UNDONE_IN_PART)
      return FALSE;
  return TRUE;
}

/* The run has ended: keeps what there is to tell, and lets go of the plan. */
void
gh_activity_item_end (GhActivityItem *self)
{
  g_return_if_fail (GH_IS_ACTIVITY_ITEM (self));
  g_return_if_fail (self->plan != NULL);

  g_signal_handlers_disconnect_by_func (self->plan, plan_changed_cb, self);
  g_object_freeze_notify (G_OBJECT (self));
  update_from_plan (self);
  self->outcome = gh_plan_get_outcome (self->plan);
  self->cancelled = was_cancelled (self->plan);
  self->end_time = gh_plan_get_end_time (self->plan);
  self->log = gh_plan_text_dup_log (self->plan);
  if (GH_IS_CREATE_PLAN (self->plan))
    self->machine = g_strdup (gh_create_plan_get_machine_uuid (GH_CREATE_PLAN (self->plan)));
  else if (GH_IS_CLONE_PLAN (self->plan))
    self->machine = g_strdup (gh_clone_plan_get_uuid (GH_CLONE_PLAN (self->plan), 0));
  else if (GH_IS_MIGRATE_PLAN (self->plan))
    self->machine =
      g_strdup (gh_machine_get_uuid (gh_migrate_plan_get_machine (GH_MIGRATE_PLAN (self->plan))));
  g_clear_object (&self->plan);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNNING]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OUTCOME]);
  g_object_thaw_notify (G_OBJECT (self));
}

gboolean
gh_activity_item_was_cancelled (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), FALSE);

  return self->cancelled;
}

GhPlan *
gh_activity_item_get_plan (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), NULL);

  return self->plan;
}

const char *
gh_activity_item_get_title (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), NULL);

  return self->title;
}

const char *
gh_activity_item_get_status (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), NULL);

  return self->status;
}

double
gh_activity_item_get_fraction (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), 0);

  return self->fraction;
}

gboolean
gh_activity_item_is_running (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), FALSE);

  return self->plan != NULL;
}

gboolean
gh_activity_item_can_cancel (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), FALSE);

  return self->plan != NULL && gh_plan_get_state (self->plan) == GH_PLAN_RUNNING &&
         gh_plan_can_cancel (self->plan);
}

GhOutcome
gh_activity_item_get_outcome (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), GH_OUTCOME_NONE);

  return self->outcome;
}

gint64
gh_activity_item_get_end_time (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), 0);

  return self->end_time;
}

const char *
gh_activity_item_get_id (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), NULL);

  return self->id;
}

const char *
gh_activity_item_get_machine (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), NULL);

  return self->machine;
}

/**
 * gh_activity_item_dup_log:
 * @self: a run
 *
 * Returns: (transfer full): what was done, step by step, with the equivalent
 *   commands; for reading and copying
 */
char *
gh_activity_item_dup_log (GhActivityItem *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY_ITEM (self), NULL);

  if (self->plan != NULL)
    return gh_plan_text_dup_log (self->plan);
  return g_strdup (self->log);
}

void
gh_activity_item_cancel (GhActivityItem *self)
{
  g_return_if_fail (GH_IS_ACTIVITY_ITEM (self));

  if (gh_activity_item_can_cancel (self))
    gh_plan_cancel (self->plan);
}
