/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* start: parameters uuid, name, and was-active: it ran already, nothing to undo.
 * force-off: parameters uuid, name, and done. */

#define G_LOG_DOMAIN "gh-power-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-format.h"
#include "gh-step-task.h"

typedef GhStep GhStartStep;
typedef GhStepClass GhStartStepClass;
typedef GhStep GhForceOffStep;
typedef GhStepClass GhForceOffStepClass;

G_DEFINE_FINAL_TYPE (GhStartStep, gh_start_step, GH_TYPE_STEP)
G_DEFINE_FINAL_TYPE (GhForceOffStep, gh_force_off_step, GH_TYPE_STEP)

static char *
dup_virsh (GhStep     *step,
           const char *verb)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), verb,
                               gh_step_get_machine_word (step), NULL);
}

static gboolean
is_active (GhStep *step,
           GhHost *host)
{
  GhMachine *machine = gh_host_find_machine (host, gh_step_get_string (step, "uuid"));

  return machine != NULL && gh_machine_is_active (machine);
}

/* start */

static char *
start_dup_title (GhStep *step)
{
  return g_strdup_printf (_("Start “%s”"), gh_step_get_string (step, "name"));
}

static char *
start_dup_command (GhStep *step)
{
  return dup_virsh (step, "start");
}

static char *
start_dup_undo_command (GhStep *step)
{
  return dup_virsh (step, "destroy");
}

static char *
start_dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s” is running"), gh_step_get_string (step, "name"));
}

static GhCheck *
start_dup_undo_check (GhStep *step,
                      GhHost *host)
{
  GhMachine *machine = gh_host_find_machine (host, gh_step_get_string (step, "uuid"));
  g_autofree char *title = NULL;
  g_autofree char *span = NULL;
  gboolean exact = FALSE;
  gint64 uptime = -1;

  if (machine == NULL || !gh_machine_is_active (machine) ||
      gh_step_get_boolean (step, "was-active"))
    return NULL;

  uptime = gh_machine_get_uptime (machine, &exact);
  span = uptime >= 0 && exact ? gh_format_duration (uptime) : NULL;
  title = span != NULL
          /* Translators: a machine's name, and a span of time: “2 hours” */
          ? g_strdup_printf (_("“%s” has been running for %s and will be forced off"),
                             gh_machine_get_name (machine), span)
          : g_strdup_printf (_("“%s” is running and will be forced off"),
                             gh_machine_get_name (machine));
  return gh_check_new (GH_CHECK_WARNING, "machine-running", title,
                       _("What it has not written to its disks is lost."));
}

static void
started_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_start_finish (GH_HOST (object), result, &error), &error);
}

static void
start_do_async (GhStep              *step,
                GhHost              *host,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  GTask *task = gh_step_task_new (step, host, cancellable, callback, user_data);

  if (is_active (step, host))
    {
      gh_step_set_boolean (step, "was-active", TRUE);
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  gh_host_start_async (host, gh_step_get_string (step, "uuid"), cancellable, started_cb, task);
}

static void
forced_off_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!gh_host_force_off_finish (GH_HOST (object), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gh_step_set_boolean (get_step (task), "done", TRUE);
  g_task_return_boolean (task, TRUE);
}

static void
start_undo_async (GhStep              *step,
                  GhHost              *host,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  GTask *task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "was-active"))
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  gh_host_force_off_async (host, gh_step_get_string (step, "uuid"), NULL, forced_off_cb, task);
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_start_step_class_init (GhStartStepClass *klass)
{
  klass->kind = "start";
  klass->needs = needs;
  klass->dup_title = start_dup_title;
  klass->dup_command = start_dup_command;
  klass->dup_left = start_dup_left;
  klass->dup_undo_command = start_dup_undo_command;
  klass->dup_undo_check = start_dup_undo_check;
  klass->do_async = start_do_async;
  klass->undo_async = start_undo_async;
}

static void
gh_start_step_init (GhStartStep *self)
{
}

GhStep *
gh_start_step_new (const char *uuid,
                   const char *name)
{
  GhStep *self = g_object_new (gh_start_step_get_type (), NULL);

  gh_step_set_machine (self, uuid, name);
  return self;
}

/* force-off */

static char *
force_off_dup_title (GhStep *step)
{
  return g_strdup_printf (_("Force off “%s”"), gh_step_get_string (step, "name"));
}

static char *
force_off_dup_command (GhStep *step)
{
  return dup_virsh (step, "destroy");
}

static char *
force_off_dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s” is off"), gh_step_get_string (step, "name"));
}

static void
force_off_do_async (GhStep              *step,
                    GhHost              *host,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  gh_host_force_off_async (host, gh_step_get_string (step, "uuid"), cancellable, forced_off_cb,
                           gh_step_task_new (step, host, cancellable, callback, user_data));
}

/* Starting the machine again would not bring back what its guest was doing, so that is not
 * done; the user is told instead. */
static void
force_off_undo_async (GhStep              *step,
                      GhHost              *host,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  if (!gh_step_get_boolean (step, "done") && is_active (step, host))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("It was forced off, which cannot be taken back. You can start it "
                               "again."));
}

static void
gh_force_off_step_class_init (GhForceOffStepClass *klass)
{
  klass->kind = "force-off";
  klass->needs = needs;
  klass->dup_title = force_off_dup_title;
  klass->dup_command = force_off_dup_command;
  klass->dup_left = force_off_dup_left;
  klass->do_async = force_off_do_async;
  klass->undo_async = force_off_undo_async;
}

static void
gh_force_off_step_init (GhForceOffStep *self)
{
}

GhStep *
gh_force_off_step_new (const char *uuid,
                       const char *name)
{
  GhStep *self = g_object_new (gh_force_off_step_get_type (), NULL);

  gh_step_set_machine (self, uuid, name);
  return self;
}
