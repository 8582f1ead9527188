/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-sample-plan.h"

#include <string.h>

#include "gh-told-error.h"
#include "gh-virt-error.h"

struct _GhSamplePlan
{
  GhPlan          parent_instance;

  GhSampleTraits  traits;
  char           *text;
  guint           n_prepared;
  guint           made;
  GTask          *waiting; /* (nullable): the second step */
};

#define GH_TYPE_SAMPLE_STEP (gh_sample_step_get_type ())
G_DECLARE_FINAL_TYPE (GhSampleStep, gh_sample_step, GH, SAMPLE_STEP, GhStep)

struct _GhSampleStep
{
  GhStep        parent_instance;

  GhSamplePlan *plan; /* (unowned): outlives its steps' runs */
  guint         number;
};

G_DEFINE_FINAL_TYPE (GhSamplePlan, gh_sample_plan, GH_TYPE_PLAN)
G_DEFINE_FINAL_TYPE (GhSampleStep, gh_sample_step, GH_TYPE_STEP)

enum
{
  PROP_0,
  PROP_TEXT,
};

/* Steps */

static char *
gh_sample_step_dup_title (GhStep *step)
{
  return g_strdup_printf ("Make thing %u", GH_SAMPLE_STEP (step)->number);
}

static char *
gh_sample_step_dup_command (GhStep *step)
{
  return g_strdup_printf ("make thing-%u", GH_SAMPLE_STEP (step)->number);
}

static char *
gh_sample_step_dup_left (GhStep *step)
{
  return g_strdup_printf ("Thing %u", GH_SAMPLE_STEP (step)->number);
}

static void
end_step (GhSampleStep *self,
          GTask        *task)
{
  GhSampleTraits *traits = &self->plan->traits;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->number == 2 && traits->fails)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "No room on the device");
      return;
    }
  if (self->number == 2 && traits->fails_told)
    {
      g_autoptr (GError) cause = g_error_new_literal (GH_VIRT_ERROR, 1, "ended: one\ntwo");
      GError *told = gh_told_error_new (cause, "It ended.", "Look there.", "Thing 2");

      gh_told_error_set_log (told, "/log/web-1.log", "three\nfour");
      g_task_return_error (task, told);
      return;
    }
  self->plan->made++;
  gh_step_set_boolean (GH_STEP (self), "made", TRUE);
  g_task_return_boolean (task, TRUE);
}

static void
step_cancelled_cb (GCancellable *cancellable,
                   gpointer      user_data)
{
  GhSampleStep *self = user_data;

  gh_sample_plan_go_on (self->plan);
}

static void
gh_sample_step_do_async (GhStep              *step,
                         GhHost              *host,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  GhSampleStep *self = GH_SAMPLE_STEP (step);
  g_autoptr (GTask) task = g_task_new (step, cancellable, callback, user_data);

  if (self->number == 2 && self->plan->traits.waits)
    {
      gh_step_set_fraction (step, self->plan->traits.doing != NULL ? -1.0 : 0.5);
      gh_step_set_doing (step, self->plan->traits.doing);
      self->plan->waiting = g_object_ref (task);
      g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (step_cancelled_cb), self, 0);
      return;
    }
  end_step (self, task);
}

static void
gh_sample_step_undo_async (GhStep              *step,
                           GhHost              *host,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  GhSampleStep *self = GH_SAMPLE_STEP (step);
  g_autoptr (GTask) task = g_task_new (step, NULL, callback, user_data);

  if (self->number == 1 && self->plan->traits.cannot_undo)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "It is held by someone");
      return;
    }
  if (gh_step_get_boolean (step, "made"))
    self->plan->made--;
  gh_step_set_boolean (step, "made", FALSE);
  g_task_return_boolean (task, TRUE);
}

static void
gh_sample_step_class_init (GhSampleStepClass *klass)
{
  GhStepClass *step_class = GH_STEP_CLASS (klass);

  step_class->kind = "sample";
  step_class->dup_title = gh_sample_step_dup_title;
  step_class->dup_command = gh_sample_step_dup_command;
  step_class->dup_left = gh_sample_step_dup_left;
  step_class->do_async = gh_sample_step_do_async;
  step_class->undo_async = gh_sample_step_undo_async;
}

static void
gh_sample_step_init (GhSampleStep *self)
{
}

/* Preparing */

static void
fix_func (GhCheck             *check,
          gpointer             data,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GhSamplePlan *self = data;
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  if (self->traits.fix_fails)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "Not allowed to");
      return;
    }
  self->traits.refuses = FALSE;
  g_task_return_boolean (task, TRUE);
}

static GhPlanDraft *
make_draft (GhSamplePlan *self)
{
  GhPlanDraft *draft = gh_plan_draft_new ();

  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_OK, "name", "The name is free", NULL));
  if (self->traits.warns)
    gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_WARNING, "slow",
                                                  "The guest will be slow",
                                                  "There is no KVM here."));
  if (self->traits.refuses)
    {
      GhCheck *check = gh_check_new (GH_CHECK_REFUSAL, "network", "The network is not running",
                                     "The machine could not start without it.");

      gh_check_set_fix (check, "Start the network", "virsh net-start default", fix_func, self,
                        NULL);
      gh_plan_draft_add_check (draft, check);
    }
  for (guint i = 1; i <= 3; i++)
    {
      GhSampleStep *step = g_object_new (GH_TYPE_SAMPLE_STEP, NULL);

      step->plan = self;
      step->number = i;
      gh_plan_draft_add_step (draft, GH_STEP (step));
    }
  return draft;
}

static gboolean
prepared_cb (gpointer user_data)
{
  GTask *task = user_data;
  GhSamplePlan *self = g_task_get_source_object (task);

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  if (self->traits.not_prepared)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The host has gone away");
  else
    g_task_return_pointer (task, make_draft (self), (GDestroyNotify) gh_plan_draft_free);
  return G_SOURCE_REMOVE;
}

static void
gh_sample_plan_prepare_async (GhPlan              *plan,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  GhSamplePlan *self = GH_SAMPLE_PLAN (plan);
  GTask *task = g_task_new (plan, cancellable, callback, user_data);

  self->n_prepared++;
  g_timeout_add_full (G_PRIORITY_DEFAULT, self->traits.prepare_ms, prepared_cb, task,
                      g_object_unref);
}

static GhHost *
gh_sample_plan_get_asked (GhPlan *plan)
{
  return GH_SAMPLE_PLAN (plan)->traits.asked;
}

static char *
gh_sample_plan_dup_title (GhPlan *plan)
{
  return g_strdup_printf ("Make “%s”", GH_SAMPLE_PLAN (plan)->text);
}

static void
gh_sample_plan_finalize (GObject *object)
{
  GhSamplePlan *self = GH_SAMPLE_PLAN (object);

  g_free (self->text);
  G_OBJECT_CLASS (gh_sample_plan_parent_class)->finalize (object);
}

static void
gh_sample_plan_set_property (GObject      *object,
                             guint         prop_id,
                             const GValue *value,
                             GParamSpec   *pspec)
{
  if (prop_id == PROP_TEXT)
    gh_sample_plan_set_text (GH_SAMPLE_PLAN (object), g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gh_sample_plan_class_init (GhSamplePlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);

  object_class->finalize = gh_sample_plan_finalize;
  object_class->set_property = gh_sample_plan_set_property;
  plan_class->kind = "sample";
  plan_class->verb = "Make";
  plan_class->dup_title = gh_sample_plan_dup_title;
  plan_class->prepare_async = gh_sample_plan_prepare_async;
  plan_class->get_asked = gh_sample_plan_get_asked;
  g_object_class_install_property (object_class, PROP_TEXT,
                                   g_param_spec_string ("text", NULL, NULL, "",
                                                        G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS |
                                                        G_PARAM_EXPLICIT_NOTIFY));
}

static void
gh_sample_plan_init (GhSamplePlan *self)
{
  self->text = g_strdup ("");
}

GhSamplePlan *
gh_sample_plan_new (void)
{
  return g_object_new (GH_TYPE_SAMPLE_PLAN, NULL);
}

GhSampleTraits *
gh_sample_plan_get_traits (GhSamplePlan *self)
{
  return &self->traits;
}

void
gh_sample_plan_set_text (GhSamplePlan *self,
                         const char   *text)
{
  g_free (self->text);
  self->text = g_strdup (text);
  gh_plan_invalidate (GH_PLAN (self));
  g_object_notify (G_OBJECT (self), "text");
}

guint
gh_sample_plan_get_n_prepared (GhSamplePlan *self)
{
  return self->n_prepared;
}

guint
gh_sample_plan_get_made (GhSamplePlan *self)
{
  return self->made;
}

void
gh_sample_plan_go_on (GhSamplePlan *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->waiting);

  if (task != NULL)
    end_step (g_task_get_source_object (task), task);
}
