/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* rename: parameters uuid, name, new-name. Undone where it still has the new name. */

#define G_LOG_DOMAIN "gh-rename-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-step-task.h"
#include "gh-virt-error.h"

typedef GhStep GhRenameStep;
typedef GhStepClass GhRenameStepClass;

G_DEFINE_FINAL_TYPE (GhRenameStep, gh_rename_step, GH_TYPE_STEP)

static void
renamed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_rename_finish (GH_HOST (object), result, &error), &error);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_rename_async (host, gh_step_get_string (step, "uuid"),
                        gh_step_get_string (step, "new-name"), cancellable, renamed_cb,
                        gh_step_task_new (step, host, cancellable, callback, user_data));
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);

  if (definition == NULL && !g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (definition == NULL ||
           g_strcmp0 (definition->name, gh_step_get_string (step, "new-name")) != 0)
    g_task_return_boolean (task, TRUE);
  else
    gh_host_rename_async (GH_HOST (object), gh_step_get_string (step, "uuid"),
                          gh_step_get_string (step, "name"), NULL, renamed_cb,
                          g_object_ref (task));
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), NULL,
                                 definition_loaded_cb,
                                 gh_step_task_new_undo (step, host, callback, user_data));
}

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (_("Rename “%s” to “%s”"), gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "new-name"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "domrename",
                               gh_step_get_machine_word (step),
                               gh_step_get_string (step, "new-name"), NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s” is called “%s” now"),
                          gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "new-name"));
}

static const char * const needs[] = { "uuid", "name", "new-name", NULL };

static void
gh_rename_step_class_init (GhRenameStepClass *klass)
{
  klass->kind = "rename";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_rename_step_init (GhRenameStep *self)
{
}

GhStep *
gh_rename_step_new (const char *uuid,
                    const char *name,
                    const char *new_name)
{
  GhStep *self = g_object_new (gh_rename_step_get_type (), NULL);

  g_return_val_if_fail (uuid != NULL && name != NULL && new_name != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_string (self, "new-name", new_name);
  return self;
}
