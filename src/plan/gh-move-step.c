/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* move-check: between sending a machine that is off and removing it from where it was. Sending
 * takes long, and nobody can keep others from starting it meanwhile: what was sent would be what
 * its disks were, and what it did since would be lost. Parameters uuid, name. Changes nothing. */

#define G_LOG_DOMAIN "gh-move-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-step-task.h"
#include "gh-transfer.h"

typedef struct
{
  GhStep     parent_instance;

  GPtrArray *transfers; /* (nullable) (element-type GhStep) */
  guint      index;     /* of the one that is looked at */
} GhMoveCheckStep;

typedef GhStepClass GhMoveCheckStepClass;

G_DEFINE_FINAL_TYPE (GhMoveCheckStep, gh_move_check_step, GH_TYPE_STEP)

static GhMoveCheckStep *
get_self (GTask *task)
{
  return g_task_get_source_object (task);
}

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (_("Make sure that “%s” was not changed meanwhile"),
                          gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "domstate",
                               gh_step_get_machine_word (step), NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s”"), gh_step_get_string (step, "name"));
}

static void check_next (GTask *task);

static void
return_changed (GTask *task)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                           _("“%s” was started or changed while it was being sent, so what was "
                             "sent is not what it is now."),
                           gh_step_get_string (GH_STEP (get_self (task)), "name"));
}

static void
measured_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMoveCheckStep *self = get_self (task);
  GhStep *transfer = g_ptr_array_index (self->transfers, self->index);
  GhVolumeExtent extent = { 0 };
  GError *error = NULL;

  if (!gh_host_measure_volume_finish (GH_HOST (object), result, &extent, &error))
    g_task_return_error (task, error);
  else if ((gint64) extent.length != gh_step_get_int (transfer, "length") ||
           extent.changed_ns != gh_step_get_int (transfer, "changed"))
    return_changed (task);
  else
    {
      self->index++;
      check_next (task);
    }
}

static void
check_next (GTask *task)
{
  GhMoveCheckStep *self = get_self (task);
  GhStep *transfer = NULL;

  /* What was not there was not sent. */
  while (self->index < self->transfers->len &&
         !gh_step_get_boolean (g_ptr_array_index (self->transfers, self->index), "whole"))
    self->index++;
  if (self->index == self->transfers->len)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  transfer = g_ptr_array_index (self->transfers, self->index);
  gh_host_measure_volume_async (get_host (task), gh_step_get_string (transfer, "source-pool"),
                                gh_step_get_string (transfer, "source"),
                                g_task_get_cancellable (task), measured_cb, g_object_ref (task));
}

static void
arrival_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);

  if (definition == NULL)
    g_task_return_error (task, error);
  else
    check_next (task);
}

static void
departure_loaded_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = GH_STEP (get_self (task));
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);

  if (definition == NULL)
    g_task_return_error (task, error);
  else if (definition->live_xml != NULL)
    return_changed (task);
  else
    gh_host_load_definition_async (gh_step_get_peer (step), gh_step_get_string (step, "uuid"),
                                   g_task_get_cancellable (task), arrival_loaded_cb,
                                   g_object_ref (task));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  ((GhMoveCheckStep *) step)->index = 0;
  gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), cancellable,
                                 departure_loaded_cb,
                                 gh_step_task_new (step, host, cancellable, callback, user_data));
}

static void
finalize (GObject *object)
{
  g_clear_pointer (&((GhMoveCheckStep *) object)->transfers, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_move_check_step_parent_class)->finalize (object);
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_move_check_step_class_init (GhMoveCheckStepClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
  klass->kind = "move-check";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = gh_step_undo_nothing_async;
}

static void
gh_move_check_step_init (GhMoveCheckStep *self)
{
}

GhStep *
gh_move_check_step_new (GhHost     *source,
                        GhHost     *host,
                        const char *uuid,
                        const char *name,
                        GPtrArray  *transfers)
{
  GhMoveCheckStep *self = g_object_new (gh_move_check_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, GH_STEP (self));

  gh_step_set_machine (GH_STEP (self), uuid, name);
  gh_step_set_host (GH_STEP (self), source);
  gh_step_set_peer (GH_STEP (self), host);
  gh_step_set_weight (GH_STEP (self), 0.1);
  self->transfers = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < transfers->len; i++)
    g_ptr_array_add (self->transfers, g_object_ref (g_ptr_array_index (transfers, i)));
  return GH_STEP (self);
}
