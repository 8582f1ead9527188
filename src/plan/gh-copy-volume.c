/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The part of a copy step that has a host copy a volume, and deletes the copy again: see
 * gh-copy-step.c. */

#define G_LOG_DOMAIN "gh-copy-volume"

#include "config.h"

#include "gh-copy-step-private.h"

#include <glib/gi18n-lib.h>

#include "gh-storage.h"
#include "gh-virt-error.h"
#include "gh-volume-claim.h"

#define COPYING "gh-copying"
#define VOLUME_INTERVAL_MS 500
/* For what may pass. A volume that its host still makes for a program that was killed cannot be
 * removed before it is done, however long that takes. */
#define MAX_DELETE_TRIES 120
/* A logical volume is made of whole extents, mostly of 4 MiB. */
#define MAX_EXTENT ((guint64) 128 * 1024 * 1024)

/* Of a volume, by its host: from the call to its end, whoever still waits for that. */
typedef struct
{
  GTask  *doing;        /* (nullable): until it was cancelled */
  GTask  *undoing;      /* (nullable) */
  gulong  cancelled_id;
  guint   give_up_id;
} Copying;

/* Nobody waits for the copy to end any more but undoing. Returns what waited (transfer full). */
static GTask *
stop_waiting (Copying *copying)
{
  GTask *task = g_steal_pointer (&copying->doing);

  g_clear_handle_id (&copying->give_up_id, g_source_remove);
  g_clear_handle_id (&get_work (task)->timer, g_source_remove);
  if (copying->cancelled_id != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), copying->cancelled_id);
  copying->cancelled_id = 0;
  return task;
}

static gboolean
give_up_cb (gpointer user_data)
{
  Copying *copying = user_data;
  g_autoptr (GTask) task = NULL;

  copying->give_up_id = 0;
  task = stop_waiting (copying);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled"));
  return G_SOURCE_REMOVE;
}

static void
copying_cancelled_cb (GCancellable *cancellable,
                      gpointer      user_data)
{
  Copying *copying = user_data;

  if (copying->give_up_id == 0)
    copying->give_up_id = g_idle_add (give_up_cb, copying);
}

static void look_for_volume (GTask *task);

static void
volume_copied_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhStep) step = user_data;
  Copying *copying = g_object_steal_data (G_OBJECT (step), COPYING);
  g_autoptr (GTask) task = NULL;
  g_autoptr (GTask) undoing = g_steal_pointer (&copying->undoing);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_copy_volume_finish (GH_HOST (object), result, &error);

  if (copying->doing != NULL)
    task = stop_waiting (copying);
  g_free (copying);
  if (volume != NULL)
    {
      gh_step_set_int (step, "made-capacity", (gint64) volume->capacity);
      gh_step_set_boolean (step, "whole", TRUE);
    }
  else
    gh_volume_claim_drop (step, error);
  if (task != NULL && volume != NULL)
    g_task_return_boolean (task, TRUE);
  else if (task != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  if (undoing != NULL)
    look_for_volume (undoing);
  g_clear_error (&error);
}

static void
growing_volume_found_cb (GObject      *object,
                         GAsyncResult *result,
                         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, NULL);
  gint64 size = gh_step_get_int (step, "size");

  get_work (task)->looking = FALSE;
  if (volume != NULL && size > 0 && get_work (task)->timer != 0)
    gh_step_set_fraction (step, MIN ((double) volume->allocation / (double) size, 1.0));
}

static gboolean
look_at_volume_cb (gpointer user_data)
{
  GTask *task = user_data;
  GhCopyWork *work = get_work (task);

  if (!work->looking)
    {
      work->looking = TRUE;
      gh_host_find_volume_async (get_host (task), gh_step_get_string (get_step (task), "path"),
                                 NULL, growing_volume_found_cb, g_object_ref (task));
    }
  return G_SOURCE_CONTINUE;
}

static void
copy_volume (GTask *task)
{
  GhStep *step = get_step (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GhCopyWork *work = get_work (task);
  Copying *copying = NULL;
  g_autofree char *xml = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  xml = gh_copy_dup_volume_xml (step);
  work->timer = g_timeout_add (VOLUME_INTERVAL_MS, look_at_volume_cb, task);
  copying = g_new0 (Copying, 1);
  copying->doing = g_object_ref (task);
  if (cancellable != NULL)
    copying->cancelled_id = g_signal_connect (cancellable, "cancelled",
                                              G_CALLBACK (copying_cancelled_cb), copying);
  g_object_set_data (G_OBJECT (step), COPYING, copying);
  gh_host_copy_volume_async (get_host (task), gh_step_get_string (step, "pool"), xml,
                             gh_step_get_string (step, "source"), cancellable, volume_copied_cb,
                             g_object_ref (step));
}

static void
volume_looked_up_cb (GObject      *object,
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
    gh_copy_return_exists (task);
  else
    {
      gh_step_set_boolean (step, "absent", TRUE);
      gh_step_task_save (task, copy_volume);
    }
}

/* Takes @task. */
void
gh_copy_volume_make (GTask *task)
{
  gh_host_find_volume_async (get_host (task), gh_step_get_string (get_step (task), "path"),
                             g_task_get_cancellable (task), volume_looked_up_cb, task);
}

/* Undoing */

static gboolean
try_again_cb (gpointer user_data)
{
  GTask *task = user_data;

  get_work (task)->timer = 0;
  look_for_volume (task);
  return G_SOURCE_REMOVE;
}

static void
volume_deleted_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhCopyWork *work = get_work (task);
  GError *error = NULL;

  if (gh_host_delete_volume_finish (GH_HOST (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else if (!gh_step_get_boolean (get_step (task), "whole") &&
           (g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_INVALID) ||
            work->n_tries++ < MAX_DELETE_TRIES))
    {
      g_clear_error (&error);
      work->timer = g_timeout_add_full (G_PRIORITY_DEFAULT, VOLUME_INTERVAL_MS, try_again_cb,
                                        g_object_ref (task), g_object_unref);
    }
  else
    g_task_return_error (task, error);
}

void
gh_copy_volume_remove (GTask *task)
{
  gh_host_delete_volume_async (get_host (task),
                               gh_step_get_string (get_step (task), "path"), NULL,
                               volume_deleted_cb, g_object_ref (task));
}

static void
volume_to_undo_found_cb (GObject      *object,
                         GAsyncResult *result,
                         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  guint64 asked = (guint64) gh_step_get_int (step, "capacity");
  guint64 most = gh_step_get_boolean (step, "to-device") ? asked + MAX_EXTENT : asked;
  guint64 made = (guint64) gh_step_get_int (step, "made-capacity");
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (volume == NULL)
    g_task_return_boolean (task, TRUE);
  else if (made != 0 && volume->capacity != made)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is not as it was made, so it may hold something else by now."));
  else if (made == 0 && asked != 0 && volume->capacity > most)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is not the file that was made, so it stays."));
  else
    gh_copy_remove_unused (task);
}

static void
look_for_volume (GTask *task)
{
  /* The host may have said that it is not ours. */
  if (!gh_step_get_boolean (get_step (task), "absent"))
    {
      gh_copy_finish (task);
      return;
    }
  gh_host_find_volume_async (get_host (task), gh_step_get_string (get_step (task), "path"),
                             NULL, volume_to_undo_found_cb, g_object_ref (task));
}

/* Waits for the end of the copying first. */
void
gh_copy_volume_undo (GTask *task)
{
  Copying *copying = g_object_get_data (G_OBJECT (get_step (task)), COPYING);

  if (copying != NULL)
    copying->undoing = g_object_ref (task);
  else
    look_for_volume (task);
}

gboolean
gh_copy_volume_is_running (GhStep *step)
{
  return g_object_get_data (G_OBJECT (step), COPYING) != NULL;
}
