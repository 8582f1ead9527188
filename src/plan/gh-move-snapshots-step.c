/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* snapshots-define: parameters uuid, name, count. What there is to be told is in memory only, as it
 * may hold secrets; undoing needs none of it: the snapshots go with the definition that was made
 * before them. */

#define G_LOG_DOMAIN "gh-move-snapshots-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-snapshot-definitions.h"
#include "gh-step-task.h"

typedef struct
{
  GhStep     parent_instance;

  GPtrArray *list; /* (nullable) (element-type GhSnapshotInfo) */
} GhMoveSnapshotsStep;

typedef GhStepClass GhMoveSnapshotsStepClass;

G_DEFINE_FINAL_TYPE (GhMoveSnapshotsStep, gh_move_snapshots_step, GH_TYPE_STEP)

static void
redefined_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_redefine_snapshots_finish (GH_HOST (object), result, &error),
                    &error);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_redefine_snapshots_async (host, gh_step_get_string (step, "uuid"),
                                    ((GhMoveSnapshotsStep *) step)->list, cancellable, redefined_cb,
                                    gh_step_task_new (step, host, cancellable, callback,
                                                      user_data));
}

static char *
dup_title (GhStep *step)
{
  gulong n = (gulong) gh_step_get_int (step, "count");

  return g_strdup_printf (ngettext ("Tell the destination of %lu snapshot",
                                    "Tell the destination of %lu snapshots", n), n);
}

static char *
dup_command (GhStep *step)
{
  GPtrArray *list = ((GhMoveSnapshotsStep *) step)->list;
  const char *machine = gh_step_get_machine_word (step);
  GString *text = g_string_new (NULL);

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const GhSnapshotInfo *info = g_ptr_array_index (list, i);
      g_autofree char *file = g_strdup_printf ("%s.xml", info->name);
      g_autofree char *command =
        gh_command_dup_virsh (gh_step_get_uri (step), "snapshot-create", machine, file,
                              "--redefine", info->is_current ? "--current" : NULL, NULL);

      g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", command);
    }
  return g_string_free (text, FALSE);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The snapshots of “%s”"), gh_step_get_string (step, "name"));
}

static void
finalize (GObject *object)
{
  g_clear_pointer (&((GhMoveSnapshotsStep *) object)->list, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_move_snapshots_step_parent_class)->finalize (object);
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_move_snapshots_step_class_init (GhMoveSnapshotsStepClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
  klass->kind = "snapshots-define";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = gh_step_undo_nothing_async;
}

static void
gh_move_snapshots_step_init (GhMoveSnapshotsStep *self)
{
}

GhStep *
gh_move_snapshots_step_new (const char *uuid,
                            const char *name,
                            GPtrArray  *list)
{
  GhMoveSnapshotsStep *self = g_object_new (gh_move_snapshots_step_get_type (), NULL);

  g_return_val_if_fail (uuid != NULL && name != NULL && list != NULL, GH_STEP (self));

  gh_step_set_machine (GH_STEP (self), uuid, name);
  gh_step_set_int (GH_STEP (self), "count", list->len);
  gh_step_set_weight (GH_STEP (self), 0.1);
  self->list = g_ptr_array_ref (list);
  return GH_STEP (self);
}
