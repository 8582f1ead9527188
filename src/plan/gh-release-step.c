/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* release: parameters uuid, name; looked: the rest is known; element: our metadata of the machine
 *   as it was.
 *
 * Undoing writes back what was there, unless somebody has changed it since. */

#define G_LOG_DOMAIN "gh-release-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-machine-mark.h"
#include "gh-step-task.h"
#include "gh-storage.h"
#include "gh-virt-error.h"

typedef GhStep GhReleaseStep;
typedef GhStepClass GhReleaseStepClass;

G_DEFINE_FINAL_TYPE (GhReleaseStep, gh_release_step, GH_TYPE_STEP)

static void
mark_written_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_set_metadata_finish (GH_HOST (object), result, &error), &error);
}

/* Takes @element (nullable). */
static void
write_mark (GTask *task,
            char  *element)
{
  gh_host_set_metadata_async (get_host (task), gh_step_get_string (get_step (task), "uuid"),
                              element, NULL, mark_written_cb, g_object_ref (task));
  g_free (element);
}

static void
write_released (GTask *task)
{
  GhStep *step = get_step (task);

  write_mark (task, gh_machine_mark_dup_released (gh_step_get_string (step, "element")));
}

static void
release (GTask      *task,
         const char *element)
{
  GhStep *step = get_step (task);

  if (!gh_machine_mark_has_parent (element))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  gh_step_set_string (step, "element", element);
  gh_step_set_boolean (step, "looked", TRUE);
  gh_step_task_save (task, write_released);
}

static void
take_back (GTask      *task,
           const char *element)
{
  const char *before = gh_step_get_string (get_step (task), "element");
  g_autofree char *made = gh_machine_mark_dup_released (before);
  g_autofree char *present = gh_machine_mark_dup_released (element);

  if (gh_machine_mark_has_parent (element))
    g_task_return_boolean (task, TRUE);
  else if (g_strcmp0 (made, present) == 0)
    write_mark (task, g_strdup (before));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("“%s” has been changed since."),
                             gh_step_get_string (get_step (task), "name"));
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);

  if (definition != NULL && is_undoing (task))
    take_back (task, definition->metadata);
  else if (definition != NULL)
    release (task, definition->metadata);
  else if (is_undoing (task) && g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN))
    {
      g_error_free (error);
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, error);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), cancellable,
                                 definition_loaded_cb,
                                 gh_step_task_new (step, host, cancellable, callback, user_data));
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "looked"))
    gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), NULL,
                                   definition_loaded_cb, g_object_ref (task));
  else /* It did not get so far. */
    g_task_return_boolean (task, TRUE);
}

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (_("Note that “%s” is no linked clone any more"),
                          gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "metadata",
                               gh_step_get_machine_word (step),
                               GH_MACHINE_MARK_NAMESPACE, "--config", "--remove", NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("“%s” is noted as no linked clone"),
                          gh_step_get_string (step, "name"));
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_release_step_class_init (GhReleaseStepClass *klass)
{
  klass->kind = "release";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_release_step_init (GhReleaseStep *self)
{
}

GhStep *
gh_release_step_new (const char *uuid,
                     const char *name)
{
  GhStep *self = g_object_new (gh_release_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);

  gh_step_set_machine (self, uuid, name);
  return self;
}
