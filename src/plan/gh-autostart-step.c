/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* autostart-off: parameters uuid, name, peer: where the machine goes;
 *   was-on: the host started it by itself, journaled before that is changed.
 * Before a machine leaves: its host would start it when it restarts itself, whatever has become of
 * the move by then, and nobody would be asked. Undone by having the host do it again, where it did
 * and still has the machine, once the other host has said that it has none. */

#define G_LOG_DOMAIN "gh-autostart-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-migration.h"
#include "gh-step-task.h"
#include "gh-virt-error.h"

typedef GhStep GhAutostartStep;
typedef GhStepClass GhAutostartStepClass;

G_DEFINE_FINAL_TYPE (GhAutostartStep, gh_autostart_step, GH_TYPE_STEP)

static void
set_cb (GObject      *object,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_set_autostart_finish (GH_HOST (object), result, &error), &error);
}

static void
switch_off (GTask *task)
{
  GhStep *step = get_step (task);

  gh_host_set_autostart_async (get_host (task), gh_step_get_string (step, "uuid"),
                               FALSE, g_task_get_cancellable (task), set_cb,
                               g_object_ref (task));
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  gboolean autostart = FALSE;
  GError *error = NULL;

  if (!gh_host_load_autostart_finish (GH_HOST (object), result, &autostart, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (!autostart)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  gh_step_set_boolean (step, "was-on", TRUE);
  gh_step_task_save (task, switch_off);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_load_autostart_async (host, gh_step_get_string (step, "uuid"), cancellable, loaded_cb,
                                gh_step_task_new (step, host, cancellable, callback, user_data));
}

/* A machine that is gone is started by nobody. */
static void
set_again_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_set_autostart_finish (GH_HOST (object), result, &error) ||
      g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN))
    {
      g_clear_error (&error);
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, error);
}

static void
looked_there_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autofree GhPresence *there = gh_host_load_presence_finish (GH_HOST (object), result, &error);

  if (there == NULL)
    g_task_return_error (task, error);
  else if (there->exists)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             /* Translators: a host. */
                             _("The machine is at %s, and would run twice."),
                             gh_host_get_label (GH_HOST (object)));
  else
    gh_host_set_autostart_async (get_host (task), gh_step_get_string (step, "uuid"),
                                 TRUE, NULL, set_again_cb, g_object_ref (task));
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  GTask *task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "was-on") && gh_step_get_peer (step) != NULL)
    {
      gh_host_load_presence_async (gh_step_get_peer (step), gh_step_get_string (step, "uuid"), NULL,
                                   looked_there_cb, task);
      return;
    }
  if (gh_step_get_boolean (step, "was-on"))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "%s",
                             _("The other host is not connected, and may have the machine."));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (_("Have the host here not start “%s” by itself any more"),
                          gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "autostart",
                               gh_step_get_machine_word (step), "--disable", NULL);
}

static char *
dup_undo_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "autostart",
                               gh_step_get_machine_word (step), NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("That the host starts “%s” by itself"),
                          gh_step_get_string (step, "name"));
}

static const char * const needs[] = { "uuid", "name", "peer", NULL };

static void
gh_autostart_step_class_init (GhAutostartStepClass *klass)
{
  klass->kind = "autostart-off";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_undo_command = dup_undo_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_autostart_step_init (GhAutostartStep *self)
{
}

GhStep *
gh_autostart_off_step_new (GhHost     *destination,
                           const char *uuid,
                           const char *name)
{
  GhStep *self = g_object_new (gh_autostart_step_get_type (), NULL);

  g_return_val_if_fail (GH_IS_HOST (destination), self);
  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);

  gh_step_set_peer (self, destination);

  gh_step_set_machine (self, uuid, name);
  return self;
}
