/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-finish-step"

#include "config.h"

#include "gh-finish-step.h"

#include <glib/gi18n-lib.h>

#include "gh-json.h"
#include "gh-step-task.h"

#define GH_TYPE_FINISH_STEP (gh_finish_step_get_type ())
G_DECLARE_FINAL_TYPE (GhFinishStep, gh_finish_step, GH, FINISH_STEP, GhStep)

struct _GhFinishStep
{
  GhStep      parent_instance;

  GhStep     *inner;     /* (owned) */
  JsonObject *journaled; /* (owned) */
};

G_DEFINE_FINAL_TYPE (GhFinishStep, gh_finish_step, GH_TYPE_STEP)

static char *
dup_title (GhStep *step)
{
  g_autofree char *title = gh_step_dup_title (GH_FINISH_STEP (step)->inner);

  if (gh_step_resumes (GH_FINISH_STEP (step)->inner))
    /* Translators: %s is the title of a step: “Move “web-1” to there while it runs”. */
    return g_strdup_printf (_("Go on: %s"), title);

  /* Translators: %s is the title of a step: “See that “web-1” is where it belongs, once”. */
  return g_strdup_printf (_("Finish: %s"), title);
}

static char *
dup_command (GhStep *step)
{
  GhStep *inner = GH_FINISH_STEP (step)->inner;

  gh_step_set_uri (inner, gh_step_get_uri (step));
  return gh_step_dup_command (inner);
}

static char *
dup_left (GhStep *step)
{
  return gh_step_dup_left (GH_FINISH_STEP (step)->inner);
}

static void
done_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhFinishStep *self = GH_FINISH_STEP (g_task_get_source_object (task));
  GError *error = NULL;

  if (!gh_step_finish (GH_STEP (object), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  json_object_set_string_member (self->journaled, "state",
                                 gh_step_state_to_string (GH_STEP_DONE));
  g_task_return_boolean (task, TRUE);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_step_do_async (GH_FINISH_STEP (step)->inner, host, NULL, done_cb,
                    gh_step_task_new (step, host, cancellable, callback, user_data));
}

static gboolean
needs_host (GhStep *step,
            GhHost *host)
{
  return gh_step_needs_host (GH_FINISH_STEP (step)->inner, host);
}

static void
gh_finish_step_finalize (GObject *object)
{
  GhFinishStep *self = GH_FINISH_STEP (object);

  g_clear_object (&self->inner);
  json_object_unref (self->journaled);
  G_OBJECT_CLASS (gh_finish_step_parent_class)->finalize (object);
}

static void
gh_finish_step_class_init (GhFinishStepClass *klass)
{
  GhStepClass *step_class = GH_STEP_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_finish_step_finalize;
  step_class->kind = "finish";
  step_class->dup_title = dup_title;
  step_class->dup_command = dup_command;
  step_class->dup_left = dup_left;
  step_class->needs_host = needs_host;
  step_class->do_async = do_async;
}

static void
gh_finish_step_init (GhFinishStep *self)
{
}

GhStep *
gh_finish_step_new (GhStep     *inner,
                    JsonObject *journaled)
{
  GhFinishStep *self = g_object_new (GH_TYPE_FINISH_STEP, NULL);

  self->inner = inner;
  self->journaled = json_object_ref (journaled);
  return GH_STEP (self);
}
