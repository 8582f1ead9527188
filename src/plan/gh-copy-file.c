/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The part of a copy step that makes a file of this computer, and removes it again: see
 * gh-copy-step.c. */

#define G_LOG_DOMAIN "gh-copy-file"

#include "config.h"

#include "gh-copy-step-private.h"

#include <glib/gi18n-lib.h>

#include "gh-seed-image.h"

#define PROGRESS_INTERVAL_MS 100

static gboolean
progress_cb (gpointer user_data)
{
  GTask *task = user_data;

  gh_step_set_fraction (get_step (task), gh_copy_progress_get (get_work (task)->progress));
  return G_SOURCE_CONTINUE;
}

static void
file_filled_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhCopyWork *work = get_work (task);
  GError *error = NULL;

  g_clear_handle_id (&work->timer, g_source_remove);
  if (!gh_image_copy_bytes_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gh_step_set_boolean (get_step (task), "whole", TRUE);
  gh_copy_finish (task);
}

static void
seed_written_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!gh_seed_image_write_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gh_step_set_boolean (get_step (task), "whole", TRUE);
  gh_copy_finish (task);
}

static void
fill_file (GTask *task)
{
  GhStep *step = get_step (task);
  GhCopyWork *work = get_work (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_auto (GStrv) arguments = NULL;

  if (gh_copy_has_method (step, "seed"))
    {
      gh_seed_image_write_async (g_steal_pointer (&work->file),
                                 gh_step_get_string (step, "instance-id"),
                                 gh_step_get_string (step, "hostname"),
                                 g_object_get_data (G_OBJECT (step), GH_COPY_USER_DATA),
                                 cancellable, seed_written_cb, g_object_ref (task));
      return;
    }
  work->timer = g_timeout_add (PROGRESS_INTERVAL_MS, progress_cb, task);
  if (gh_copy_has_method (step, "bytes"))
    {
      gh_image_copy_bytes_async (gh_step_get_string (step, "source"),
                                 gh_step_get_boolean (step, "nvram"),
                                 g_steal_pointer (&work->file), work->progress, cancellable,
                                 file_filled_cb, g_object_ref (task));
      return;
    }
  /* qemu-img opens it itself, and would wait for our lock if we had one. */
  g_clear_pointer (&work->file, gh_new_file_free);
  arguments = gh_copy_dup_arguments (step);
  gh_image_convert_async ((const char * const *) arguments, work->progress, cancellable,
                          file_filled_cb, g_object_ref (task));
}

static void
file_named_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_new_file_name_finish (result, &error))
    {
      fill_file (task);
      return;
    }
  /* Whatever is there now is not ours. */
  gh_step_set_boolean (get_step (task), "absent", FALSE);
  g_task_return_error (task, error);
}

static void
use_file (GTask *task)
{
  GhStep *step = get_step (task);
  GhCopyWork *work = get_work (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (work->file->is_unnamed)
    gh_new_file_name_async (work->file, gh_step_get_string (step, "path"), file_named_cb,
                            g_object_ref (task));
  else
    fill_file (task);
}

/* Takes what was made. */
static void
save_file (GTask     *task,
           GhNewFile *file)
{
  GhStep *step = get_step (task);

  get_work (task)->file = file;
  gh_step_set_boolean (step, "absent", TRUE);
  gh_step_set_int (step, "device", (gint64) file->device);
  gh_step_set_int (step, "inode", (gint64) file->inode);
  gh_step_set_int (step, "birth", file->birth_ns);
  gh_step_task_save (task, use_file);
}

static void
file_created_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhNewFile *file = gh_new_file_create_finish (result, &error);

  if (file != NULL)
    {
      save_file (task, file);
      return;
    }
  /* Whatever is there now is not ours. */
  gh_step_set_boolean (get_step (task), "absent", FALSE);
  g_task_return_error (task, error);
}

static void
create_file (GTask *task)
{
  GhStep *step = get_step (task);

  gh_new_file_create_async (gh_step_get_string (step, "path"), g_task_get_cancellable (task),
                            file_created_cb, g_object_ref (task));
}

/* Where files can do without a name, it is known before it is there: one record says all. */
static void
unnamed_file_created_cb (GObject      *object,
                         GAsyncResult *result,
                         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  GhNewFile *file = gh_new_file_create_finish (result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (file != NULL)
    save_file (task, file);
  else
    {
      gh_step_set_boolean (step, "absent", TRUE);
      gh_step_task_save (task, create_file);
    }
}

static void
file_looked_at_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  GhFileIdentity identity = gh_new_file_look_finish (result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (identity != GH_FILE_IS_ABSENT)
    gh_copy_return_exists (task);
  else
    gh_new_file_create_unnamed_async (gh_step_get_string (step, "path"),
                                      g_task_get_cancellable (task), unnamed_file_created_cb,
                                      g_object_ref (task));
}

/* Takes @task. */
void
gh_copy_file_make (GTask *task)
{
  gh_new_file_look_async (gh_step_get_string (get_step (task), "path"), NULL, /* remove= */ FALSE,
                          file_looked_at_cb, task);
}

/* Undoing */

static void
file_removed_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhFileIdentity identity = gh_new_file_look_finish (result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (identity == GH_FILE_IS_OTHER)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is not the file that was made, so it stays."));
  else
    gh_copy_finish (task);
}

void
gh_copy_file_remove (GTask *task)
{
  GhStep *step = get_step (task);
  const GhNewFile made = {
    .fd = -1,
    .device = (guint64) gh_step_get_int (step, "device"),
    .inode = (guint64) gh_step_get_int (step, "inode"),
    .birth_ns = gh_step_get_int (step, "birth"),
  };

  gh_new_file_look_async (gh_step_get_string (step, "path"), made.inode != 0 ? &made : NULL,
                          /* remove= */ TRUE, file_removed_cb, g_object_ref (task));
}

static void
file_to_undo_looked_at_cb (GObject      *object,
                           GAsyncResult *result,
                           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhFileIdentity identity = gh_new_file_look_finish (result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (identity == GH_FILE_IS_ABSENT)
    g_task_return_boolean (task, TRUE);
  else
    gh_copy_remove_unused (task);
}

/* Removes it if it is the one that was made and nobody uses it. */
void
gh_copy_file_undo (GTask *task)
{
  gh_new_file_look_async (gh_step_get_string (get_step (task), "path"), NULL, /* remove= */ FALSE,
                          file_to_undo_looked_at_cb, g_object_ref (task));
}
