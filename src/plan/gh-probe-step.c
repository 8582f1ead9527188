/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* share-probe: parameters folder, pool, pool-there, folder-there, shared: what is expected; name:
 * of the volume that is made for it, and goes when the other host was asked, whatever came of it;
 * left: it is about what a move left, not about disks that are to move.
 * Undone by removing that volume, by its name, which nobody else makes. */

#define G_LOG_DOMAIN "gh-probe-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-step-task.h"

#define PREFIX "guesthouse-probe-"
#define SIZE "512"

typedef GhStep GhProbeStep;
typedef GhStepClass GhProbeStepClass;

G_DEFINE_FINAL_TYPE (GhProbeStep, gh_probe_step, GH_TYPE_STEP)

typedef struct
{
  gboolean  seen;
  GError   *error; /* (nullable): of asking */
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_error (&work->error);
  g_free (work);
}

static char *
dup_path (GhStep     *step,
          const char *folder)
{
  return g_build_filename (gh_step_get_string (step, folder), gh_step_get_string (step, "name"),
                           NULL);
}

static void
return_verdict (GTask *task)
{
  GhStep *step = get_step (task);
  Work *work = g_task_get_task_data (task);
  gboolean expected = gh_step_get_boolean (step, "shared");

  if (work->error != NULL)
    g_task_return_error (task, g_steal_pointer (&work->error));
  else if (work->seen == expected)
    g_task_return_boolean (task, TRUE);
  else if (expected)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             /* Translators: a folder. */
                             _("The destination does not see what is written to %s here: it has a "
                               "folder of its own there. Copy the disks."),
                             gh_step_get_string (step, "folder"));
  else if (gh_step_get_boolean (step, "left"))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             /* Translators: a folder. */
                             _("The machine's own host sees what is written to %s there: what was "
                               "left is the very file it uses, and stays."),
                             gh_step_get_string (step, "folder"));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             /* Translators: a folder. */
                             _("The destination sees what is written to %s here: the disks would "
                               "be copied onto themselves. Do not copy them."),
                             gh_step_get_string (step, "folder"));
}

/* What the destination remembers of it goes too; the next refresh would do that as well. */
static void
forgotten_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (!gh_host_refresh_pool_finish (GH_HOST (object), result, &error))
    g_debug ("The destination may still list the probe: %s", error->message);
  return_verdict (task);
}

static void
removed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;

  /* Then the step has failed, and undoing it tries again. */
  if (!gh_host_delete_volume_finish (GH_HOST (object), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gh_host_refresh_pool_async (gh_step_get_peer (step), gh_step_get_string (step, "pool-there"),
                              NULL, forgotten_cb, g_object_ref (task));
}

static void
remove_volume (GTask *task)
{
  g_autofree char *path = dup_path (get_step (task), "folder");

  gh_host_delete_volume_async (get_host (task), path, NULL, removed_cb,
                               g_object_ref (task));
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result,
                                                                &work->error);

  work->seen = volume != NULL;
  remove_volume (task);
}

static void
refreshed_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  g_autofree char *path = dup_path (get_step (task), "folder-there");

  if (gh_host_refresh_pool_finish (GH_HOST (object), result, &work->error))
    gh_host_find_volume_async (GH_HOST (object), path, NULL, looked_cb, g_object_ref (task));
  else
    remove_volume (task);
}

static void
created_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_create_volume_finish (GH_HOST (object), result, &error);

  if (volume == NULL)
    g_task_return_error (task, error);
  else
    gh_host_refresh_pool_async (gh_step_get_peer (step), gh_step_get_string (step, "pool-there"),
                                NULL, refreshed_cb, g_object_ref (task));
}

static void
create_volume (GTask *task)
{
  GhStep *step = get_step (task);
  g_autofree char *xml = g_strdup_printf (
    "<volume><name>%s</name><capacity>" SIZE "</capacity><allocation>0</allocation>"
    "<target><format type='raw'/></target></volume>", gh_step_get_string (step, "name"));

  gh_host_create_volume_async (get_host (task),
                               gh_step_get_string (step, "pool"), xml,
                               g_task_get_cancellable (task), created_cb, g_object_ref (task));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);

  g_task_set_task_data (task, g_new0 (Work, 1), work_free);
  gh_step_task_save (task, create_volume);
}

static void
undone_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_delete_volume_finish (GH_HOST (object), result, &error), &error);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);
  const char *name = gh_step_get_string (step, "name");
  g_autofree char *path = NULL;

  /* A journal may have been written by anybody. */
  if (!g_str_has_prefix (name, PREFIX) || !g_uuid_string_is_valid (name + strlen (PREFIX)) ||
      !g_path_is_absolute (gh_step_get_string (step, "folder")))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  path = dup_path (step, "folder");
  gh_host_delete_volume_async (host, path, NULL, undone_cb, g_object_ref (task));
}

static char *
dup_title (GhStep *step)
{
  if (gh_step_get_boolean (step, "shared"))
    /* Translators: a folder. */
    return g_strdup_printf (_("Make sure that both hosts see the same in %s"),
                            gh_step_get_string (step, "folder"));
  /* Translators: a folder. */
  return g_strdup_printf (_("Make sure that each host has a %s of its own"),
                          gh_step_get_string (step, "folder"));
}

static char *
dup_command (GhStep *step)
{
  GhHost *peer = gh_step_get_peer (step);
  const char *name = gh_step_get_string (step, "name");
  const char *there = peer != NULL ? gh_host_get_uri (peer) : NULL;
  g_autofree char *path = dup_path (step, "folder-there");
  g_autofree char *make = gh_command_dup_virsh (gh_step_get_uri (step), "vol-create-as",
                                                gh_step_get_string (step, "pool"), name, SIZE "B",
                                                NULL);
  g_autofree char *refresh = gh_command_dup_virsh (there, "pool-refresh",
                                                   gh_step_get_string (step, "pool-there"), NULL);
  g_autofree char *look = gh_command_dup_virsh (there, "vol-info", path, NULL);
  g_autofree char *remove = gh_command_dup_virsh (gh_step_get_uri (step), "vol-delete", name,
                                                  "--pool", gh_step_get_string (step, "pool"),
                                                  NULL);

  return g_strjoin ("\n", make, refresh, look, remove, NULL);
}

static char *
dup_left (GhStep *step)
{
  return dup_path (step, "folder");
}

static const char * const needs[] = {
  "folder", "folder-there", "pool", "pool-there", "name", NULL,
};

static void
gh_probe_step_class_init (GhProbeStepClass *klass)
{
  klass->kind = "share-probe";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_probe_step_init (GhProbeStep *self)
{
}

GhStep *
gh_probe_step_new (GhHost           *destination,
                   const char       *pool,
                   const char       *folder,
                   const GhPoolInfo *there,
                   gboolean          shared)
{
  GhStep *self = g_object_new (gh_probe_step_get_type (), NULL);
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strconcat (PREFIX, uuid, NULL);

  g_return_val_if_fail (pool != NULL && folder != NULL, self);
  g_return_val_if_fail (there != NULL && there->path != NULL, self);

  gh_step_set_peer (self, destination);
  gh_step_set_string (self, "folder", folder);
  gh_step_set_string (self, "folder-there", there->path);
  gh_step_set_string (self, "pool", pool);
  gh_step_set_string (self, "pool-there", there->name);
  gh_step_set_string (self, "name", name);
  gh_step_set_boolean (self, "shared", shared);
  gh_step_set_weight (self, 0.1);
  return self;
}
