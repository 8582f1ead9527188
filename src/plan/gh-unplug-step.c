/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* unplug: parameters uuid, name, device: what it is called, and xml: the device itself. Undone by
 * putting it back in, where the machine runs and does not have it. The definition never changes. */

#define G_LOG_DOMAIN "gh-unplug-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-step-task.h"
#include "gh-unplug.h"

typedef GhStep GhUnplugStep;
typedef GhStepClass GhUnplugStepClass;

G_DEFINE_FINAL_TYPE (GhUnplugStep, gh_unplug_step, GH_TYPE_STEP)

static void
unplugged_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_unplug_finish (GH_HOST (object), result, &error), &error);
}

static void
unplug (GTask *task)
{
  GhStep *step = get_step (task);

  gh_host_unplug_async (get_host (task), gh_step_get_string (step, "uuid"),
                        gh_step_get_string (step, "device"), gh_step_get_string (step, "xml"),
                        g_task_get_cancellable (task), unplugged_cb, g_object_ref (task));
}

/* Undoing puts back only what was taken: so the journal says that it is about to be. */
static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);

  gh_step_set_boolean (step, "begun", TRUE);
  gh_step_task_save (task, unplug);
}

static void
plugged_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_plug_finish (GH_HOST (object), result, &error), &error);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  GTask *task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "begun"))
    {
      gh_host_plug_async (host, gh_step_get_string (step, "uuid"),
                          gh_step_get_string (step, "device"), gh_step_get_string (step, "xml"),
                          NULL, plugged_cb, task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static char *
dup_title (GhStep *step)
{
  /* Translators: a device, “PCI 0000:01:00.0”, and the name of a machine. */
  return g_strdup_printf (_("Take %s out of “%s” while it runs"),
                          gh_step_get_string (step, "device"), gh_step_get_string (step, "name"));
}

static char *
dup_device_command (GhStep     *step,
                    const char *verb)
{
  g_autofree char *command =
    gh_command_dup_virsh (gh_step_get_uri (step), verb,
                          gh_step_get_machine_word (step), "/dev/stdin", "--live", NULL);

  return g_strdup_printf ("%s <<'EOF'\n%s\nEOF", command, gh_step_get_string (step, "xml"));
}

static char *
dup_command (GhStep *step)
{
  return dup_device_command (step, "detach-device");
}

static char *
dup_undo_command (GhStep *step)
{
  return dup_device_command (step, "attach-device");
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("“%s” runs without %s"), gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "device"));
}

static const char * const needs[] = { "uuid", "name", "device", "xml", NULL };

static void
gh_unplug_step_class_init (GhUnplugStepClass *klass)
{
  klass->kind = "unplug";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_undo_command = dup_undo_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_unplug_step_init (GhUnplugStep *self)
{
}

GhStep *
gh_unplug_step_new (const char *uuid,
                    const char *name,
                    const char *device,
                    const char *xml)
{
  GhStep *self = g_object_new (gh_unplug_step_get_type (), NULL);

  g_return_val_if_fail (uuid != NULL && name != NULL && device != NULL && xml != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_string (self, "device", device);
  gh_step_set_string (self, "xml", xml);
  return self;
}
