/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The engine of all plans, in five files: the object is here, what it does in gh-plan-prepare.c,
 * gh-plan-run.c and gh-plan-take-back.c, and what it writes in gh-plan-record.c. Life of a plan:
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

#include "gh-plan-engine.h"

#include <glib/gi18n-lib.h>

#include "gh-step-private.h"

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

static GParamSpec *properties[N_PROPS];
static guint step_changed_signal;

GhPlanPrivate *
gh_plan_get_private (GhPlan *self)
{
  return gh_plan_get_instance_private (self);
}

GhStep *
gh_plan_get_step (GhPlan *self,
                  guint   index)
{
  return g_ptr_array_index (gh_plan_get_private (self)->steps, index);
}

/* Where it acts. */
GhHost *
gh_plan_find_step_host (GhPlan *self,
                        GhStep *step)
{
  GhHost *host = gh_step_get_host (step);

  return host != NULL ? host : gh_plan_get_private (self)->host;
}

void
gh_plan_set_state (GhPlan      *self,
                   GhPlanState  state)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (priv->state == state)
    return;
  priv->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
gh_plan_set_outcome (GhPlan    *self,
                     GhOutcome  outcome)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (priv->outcome == outcome)
    return;
  priv->outcome = outcome;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_OUTCOME]);
}

/* Takes @status. */
void
gh_plan_take_status (GhPlan *self,
                     char   *status)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (g_strcmp0 (priv->status, status) == 0)
    {
      g_free (status);
      return;
    }
  g_free (priv->status);
  priv->status = status;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS_TEXT]);
}

void
gh_plan_set_fraction (GhPlan *self,
                      double  fraction)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  if (priv->fraction == fraction)
    return;
  priv->fraction = fraction;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
}

/* Runs up while the plan runs, and down again while it is undone. */
void
gh_plan_update_fraction (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  gboolean undoing = priv->state == GH_PLAN_UNDOING;
  double total = 0.0;
  double done = 0.0;

  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = gh_plan_get_step (self, i);
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
        case GH_STEP_SKIPPED:
          break;
        }
    }
  gh_plan_set_fraction (self, total > 0.0 ? MIN (done / total, 1.0) : 0.0);
}

static void
step_changed_cb (GhPlan     *self,
                 GParamSpec *pspec,
                 GhStep     *step)
{
  if (gh_plan_get_private (self)->state >= GH_PLAN_RUNNING)
    gh_plan_update_fraction (self);
  g_signal_emit (self, step_changed_signal, 0, step);
}

static void
drop_steps (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  for (guint i = 0; i < priv->steps->len; i++)
    {
      g_signal_handlers_disconnect_by_data (gh_plan_get_step (self, i), self);
      gh_step_set_save_func (gh_plan_get_step (self, i), NULL, NULL);
    }
  g_ptr_array_set_size (priv->steps, 0);
}

static void
choose_id (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  g_free (priv->id);
  priv->id = g_uuid_string_random ();
}

/* What happened is forgotten; the inputs stay. */
static void
forget_run (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  g_clear_error (&priv->error);
  g_ptr_array_set_size (priv->left, 0);
  priv->in_doubt = priv->held = FALSE;
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
  gh_plan_set_outcome (self, GH_OUTCOME_NONE);
  gh_plan_set_fraction (self, 0.0);
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

void
gh_plan_accept_draft (GhPlan      *self,
                      GhPlanDraft *draft)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  const char *uri = priv->host != NULL ? gh_host_get_uri (priv->host) : NULL;

  drop_steps (self);
  g_ptr_array_unref (priv->checks);
  g_ptr_array_unref (priv->steps);
  priv->checks = g_steal_pointer (&draft->checks);
  priv->steps = g_steal_pointer (&draft->steps);
  sort_checks (priv->checks);
  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = gh_plan_get_step (self, i);

      if (gh_step_get_uri (step) == NULL)
        gh_step_set_uri (step, uri);
      g_signal_connect_object (step, "notify", G_CALLBACK (step_changed_cb), self,
                               G_CONNECT_SWAPPED);
    }
}

/* Class */

static void
gh_plan_get_property (GObject    *object,
                      guint       prop_id,
                      GValue     *value,
                      GParamSpec *pspec)
{
  GhPlanPrivate *priv = gh_plan_get_private (GH_PLAN (object));

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
  GhPlanPrivate *priv = gh_plan_get_private (self);

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
  GhPlanPrivate *priv = gh_plan_get_private (self);

  drop_steps (self);
  g_ptr_array_set_size (priv->checks, 0);
  g_clear_object (&priv->host);
  G_OBJECT_CLASS (gh_plan_parent_class)->dispose (object);
}

static void
gh_plan_finalize (GObject *object)
{
  GhPlanPrivate *priv = gh_plan_get_private (GH_PLAN (object));

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

  g_signal_new ("prepared", GH_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  step_changed_signal = g_signal_new ("step-changed", GH_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_STEP);
  g_signal_new ("ended", GH_TYPE_PLAN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
gh_plan_init (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  choose_id (self);
  priv->status = g_strdup ("");
  priv->checks = g_ptr_array_new_with_free_func (g_object_unref);
  priv->steps = g_ptr_array_new_with_free_func (g_object_unref);
  priv->left = g_ptr_array_new_with_free_func (g_free);
  priv->waiters = g_ptr_array_new_with_free_func (gh_plan_waiter_free);
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

  return gh_plan_get_private (self)->host;
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

  return gh_plan_get_private (self)->id;
}

void
gh_plan_set_id (GhPlan     *self,
                const char *id)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

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

  return gh_plan_get_private (self)->state;
}

GhOutcome
gh_plan_get_outcome (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), GH_OUTCOME_NONE);

  return gh_plan_get_private (self)->outcome;
}

double
gh_plan_get_fraction (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), 0.0);

  return gh_plan_get_private (self)->fraction;
}

char *
gh_plan_dup_status (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return g_strdup (gh_plan_get_private (self)->status);
}

const GError *
gh_plan_get_error (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return gh_plan_get_private (self)->error;
}

GPtrArray *
gh_plan_get_checks (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return gh_plan_get_private (self)->checks;
}

GPtrArray *
gh_plan_get_steps (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return gh_plan_get_private (self)->steps;
}

GStrv
gh_plan_get_left (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return gh_plan_get_private (self)->left_names;
}

/**
 * gh_plan_is_in_doubt:
 * @self: a plan that has ended
 *
 * Returns: whether nobody could say if what it is about has happened, so that some or all of it was
 *   neither finished nor taken back: its journal is kept, to go on with it
 */
gboolean
gh_plan_is_in_doubt (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  g_return_val_if_fail (GH_IS_PLAN (self), FALSE);

  return priv->state == GH_PLAN_ENDED && (priv->in_doubt || priv->held);
}

GhHost *
gh_plan_get_asked (GhPlan *self)
{
  GhPlanClass *klass = NULL;

  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  klass = GH_PLAN_GET_CLASS (self);
  return klass->get_asked != NULL ? klass->get_asked (self) : NULL;
}

/**
 * gh_plan_dup_asking:
 * @self: a plan
 *
 * The first question to a host whose service was started a moment ago takes it seconds: it looks at
 * every QEMU it has.
 *
 * Returns: (transfer full) (nullable): what is waited for while @self is prepared
 */
char *
gh_plan_dup_asking (GhPlan *self)
{
  GhHost *asked = gh_plan_get_asked (self);

  /* Translators: %s is the name of a host. */
  return asked != NULL ? g_strdup_printf (_("Asking %s what it can do…"), gh_host_get_label (asked))
                       : NULL;
}

/**
 * gh_plan_needs_host:
 * @self: a plan
 * @host: a host
 *
 * Returns: whether the plan, as it was prepared, acts on @host
 */
gboolean
gh_plan_needs_host (GhPlan *self,
                    GhHost *host)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

  g_return_val_if_fail (GH_IS_PLAN (self), FALSE);

  if (priv->host == host)
    return TRUE;
  for (guint i = 0; i < priv->steps->len; i++)
    if (gh_step_needs_host (gh_plan_get_step (self, i), host))
      return TRUE;
  return FALSE;
}

GStrv
gh_plan_get_kept (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  return gh_plan_get_private (self)->kept_names;
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
  GhPlanPrivate *priv = gh_plan_get_private (self);

  g_return_val_if_fail (GH_IS_PLAN (self), GH_CHECK_REFUSAL);

  return priv->checks->len > 0 ? gh_check_get_level (g_ptr_array_index (priv->checks,
                                                                        0)) : GH_CHECK_OK;
}

gint64
gh_plan_get_end_time (GhPlan *self)
{
  g_return_val_if_fail (GH_IS_PLAN (self), 0);

  return gh_plan_get_private (self)->end_time;
}

gboolean
gh_plan_can_cancel (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);

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
  GhPlanPrivate *priv = gh_plan_get_private (self);

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
      gh_plan_drop_preparation (self);
      if (priv->run_task != NULL)
        gh_plan_fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                     _("What was to be done has changed")));
      break;
    case GH_PLAN_PREPARED:
      break;
    }
  g_clear_pointer (&priv->shown, g_hash_table_unref);
  gh_plan_take_status (self, g_strdup (""));
  gh_plan_set_state (self, GH_PLAN_EDITING);
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
  GhPlanPrivate *priv = gh_plan_get_private (self);

  g_return_if_fail (GH_IS_PLAN (self));

  if (priv->run_cancellable != NULL)
    g_cancellable_cancel (priv->run_cancellable);
  if (priv->state == GH_PLAN_PREPARING)
    {
      gh_plan_drop_preparation (self);
      if (priv->run_task != NULL)
        gh_plan_fail_run (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                     _("Cancelled")));
      gh_plan_take_status (self, g_strdup (""));
      gh_plan_set_state (self, GH_PLAN_EDITING);
    }
}
