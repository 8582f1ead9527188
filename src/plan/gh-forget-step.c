/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* forget-left: parameters uuid, name, left-host: UUID of the host, path. Its peer is that host,
 * where the file must not be any more. Undoing has nothing to do: what is forgotten is gone. */

#define G_LOG_DOMAIN "gh-forget-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-left-files.h"
#include "gh-machine-mark.h"
#include "gh-step-task.h"
#include "gh-storage.h"

typedef GhStep GhForgetStep;
typedef GhStepClass GhForgetStepClass;

G_DEFINE_FINAL_TYPE (GhForgetStep, gh_forget_step, GH_TYPE_STEP)

static void
written_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_set_metadata_finish (GH_HOST (object), result, &error), &error);
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);
  g_autofree char *element = NULL;

  if (definition == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  element = gh_left_files_dup_without (definition->metadata,
                                       gh_step_get_string (step, "left-host"),
                                       gh_step_get_string (step, "path"));
  if (g_strcmp0 (element, definition->metadata) == 0)
    g_task_return_boolean (task, TRUE);
  else
    gh_host_set_metadata_async (GH_HOST (object), gh_step_get_string (step, "uuid"), element, NULL,
                                written_cb, g_object_ref (task));
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (volume != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS, _("“%s” is still there."),
                             gh_step_get_string (step, "path"));
  else
    gh_host_load_definition_async (get_host (task), gh_step_get_string (step, "uuid"),
                                   g_task_get_cancellable (task), definition_loaded_cb,
                                   g_object_ref (task));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_find_volume_async (gh_step_get_peer (step), gh_step_get_string (step, "path"),
                             cancellable, looked_cb,
                             gh_step_task_new (step, host, cancellable, callback, user_data));
}

static char *
dup_title (GhStep *step)
{
  /* Translators: the name of a machine, and a path. */
  return g_strdup_printf (_("Note that “%s” has not left %s any more"),
                          gh_step_get_string (step, "name"), gh_step_get_string (step, "path"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "metadata",
                               gh_step_get_machine_word (step),
                               GH_MACHINE_MARK_NAMESPACE, "--key", GH_MACHINE_MARK_PREFIX,
                               "--edit", "--config", NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("“%s” still remembers %s"), gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "path"));
}

static const char * const needs[] = { "uuid", "name", "left-host", "path", NULL };

static void
gh_forget_step_class_init (GhForgetStepClass *klass)
{
  klass->kind = "forget-left";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = gh_step_undo_nothing_async;
}

static void
gh_forget_step_init (GhForgetStep *self)
{
}

GhStep *
gh_forget_left_step_new (GhHost     *left_at,
                         const char *uuid,
                         const char *name,
                         const char *host,
                         const char *path)
{
  GhStep *self = g_object_new (gh_forget_step_get_type (), NULL);

  g_return_val_if_fail (uuid != NULL && name != NULL && host != NULL && path != NULL, self);

  gh_step_set_peer (self, left_at);
  gh_step_set_machine (self, uuid, name);
  gh_step_set_string (self, "left-host", host);
  gh_step_set_string (self, "path", path);
  return self;
}
