/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* copy: makes one image or file of state from another, or (method seed) a CD for cloud-init.
 * Parameters source, source-format, path, format, method, size, pool (where the new one goes),
 * snapshot, backing, backing-format, capacity, to-device: the pool has devices for volumes;
 *   instance-id, hostname: of a CD; its user data may hold passwords and is in memory only;
 *   absent: nothing was at the path when it was looked at, journaled before it is made;
 *   device, inode, birth: what the file is known by, journaled before anything is written to it;
 *   made-capacity: what libvirt made it, for a volume;
 *   whole: everything is in it;
 *   more-follow: the pool is told of it by a later step.
 *
 * When undoing removes the file:
 *
 *   absent   at the path                        then
 *   no       whatever                           it is not ours: nothing is done
 *   yes      nothing                            done
 *   yes      the file that was made             removed; a whole one not while a machine uses it
 *   yes      an empty file, none known as made  removed: the program died between the two, which
 *                                               happens where files cannot do without a name
 *   yes      anything else                      left: somebody else made it
 *
 * Volumes that libvirt copies for us are treated like those of volume-create. Their host cannot be
 * told to stop: cancelling is answered at once, and undoing waits for its end, in this program or
 * in a later one. */

#define G_LOG_DOMAIN "gh-copy-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-file-users.h"
#include "gh-image-copy.h"
#include "gh-machine-spec.h"
#include "gh-seed-image.h"
#include "gh-step-private.h"
#include "gh-storage.h"
#include "gh-virt-error.h"

typedef GhStep GhCopyStep;
typedef GhStepClass GhCopyStepClass;

G_DEFINE_FINAL_TYPE (GhCopyStep, gh_copy_step, GH_TYPE_STEP)

#define PROGRESS_INTERVAL_MS 100
#define USER_DATA "gh-user-data"
#define COPYING "gh-copying"
#define VOLUME_INTERVAL_MS 500
/* For what may pass. A volume that its host still makes for a program that was killed cannot be
 * removed before it is done, however long that takes. */
#define MAX_DELETE_TRIES 120
/* A logical volume is made of whole extents, mostly of 4 MiB. */
#define MAX_EXTENT ((guint64) 128 * 1024 * 1024)

typedef struct
{
  GhHost         *host;
  GhNewFile      *file;      /* (nullable) */
  GhCopyProgress *progress;
  guint           timer;
  gboolean        looking;   /* at a volume that grows */
  guint           n_tries;
} Work;

/* Of a volume, by its host: from the call to its end, whoever still waits for that. */
typedef struct
{
  GTask  *doing;        /* (nullable): until it was cancelled */
  GTask  *undoing;      /* (nullable) */
  gulong  cancelled_id;
  guint   give_up_id;
} Copying;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_handle_id (&work->timer, g_source_remove);
  g_clear_object (&work->host);
  g_clear_pointer (&work->file, gh_new_file_free);
  g_clear_pointer (&work->progress, gh_copy_progress_unref);
  g_free (work);
}

static GhStep *
get_step (GTask *task)
{
  return GH_STEP (g_task_get_source_object (task));
}

static Work *
get_work (GTask *task)
{
  return g_task_get_task_data (task);
}

static GTask *
new_task (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = g_task_new (step, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  work->host = g_object_ref (host);
  work->progress = gh_copy_progress_new ();
  g_task_set_source_tag (task, new_task);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, work, work_free);
  return task;
}

static gboolean
has_method (GhStep     *step,
            const char *method)
{
  return g_strcmp0 (gh_step_get_string (step, "method"), method) == 0;
}

static char *
dup_base_name (GhStep     *step,
               const char *parameter)
{
  const char *path = gh_step_get_string (step, parameter);

  return g_path_get_basename (path != NULL ? path : "");
}

static char *
dup_title (GhStep *step)
{
  g_autofree char *source = dup_base_name (step, "source");
  g_autofree char *name = dup_base_name (step, "path");

  if (gh_step_get_boolean (step, "nvram"))
    return g_strdup_printf (_("Copy the firmware variables to “%s”"), name);
  if (has_method (step, "seed"))
    return g_strdup_printf (_("Write the CD for cloud-init “%s”"), name);
  if (has_method (step, "link"))
    /* Translators: names of two disk images. */
    return g_strdup_printf (_("Make the disk “%s” on top of “%s”"), name, source);
  return g_strdup_printf (_("Copy the disk “%s” to “%s”"), source, name);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The file “%s”"), gh_step_get_string (step, "path"));
}

static GStrv
dup_arguments (GhStep *step)
{
  g_autofree char *capacity = NULL;

  if (has_method (step, "convert"))
    return gh_image_dup_convert_command (gh_step_get_string (step, "source"),
                                         gh_step_get_string (step, "source-format"),
                                         gh_step_get_string (step, "path"),
                                         gh_step_get_string (step, "format"),
                                         gh_step_get_string (step, "snapshot"),
                                         gh_step_get_string (step, "backing"),
                                         gh_step_get_string (step, "backing-format"));
  capacity = g_strdup_printf ("%" G_GINT64_FORMAT, gh_step_get_int (step, "capacity"));
  return g_strdupv ((char *[]) { "qemu-img", "create", "-q", "-f", "qcow2",
                                 "-F", (char *) gh_step_get_string (step, "source-format"),
                                 "-b", (char *) gh_step_get_string (step, "source"),
                                 (char *) gh_step_get_string (step, "path"), capacity, NULL });
}

static char *
dup_volume_xml (GhStep *step)
{
  g_autofree char *name = dup_base_name (step, "path");

  if (gh_step_get_boolean (step, "to-device"))
    return gh_volume_xml_new_device (name, (guint64) gh_step_get_int (step, "capacity"));
  return gh_volume_xml_new (name, gh_step_get_string (step, "format"),
                            (guint64) gh_step_get_int (step, "capacity"), NULL, NULL);
}

static char *
dup_command (GhStep *step)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_auto (GStrv) arguments = NULL;

  if (has_method (step, "bytes"))
    {
      g_autofree char *source = gh_command_dup_quoted (gh_step_get_string (step, "source"));
      g_autofree char *path = gh_command_dup_quoted (gh_step_get_string (step, "path"));

      return g_strdup_printf ("cp --reflink=auto --sparse=auto -- %s %s", source, path);
    }
  if (has_method (step, "seed"))
    {
      g_autofree char *path = gh_command_dup_quoted (gh_step_get_string (step, "path"));

      return g_strdup_printf ("xorriso -as mkisofs -o %s -V cidata -J -r meta-data user-data",
                              path);
    }
  if (has_method (step, "volume"))
    {
      g_autofree char *xml = dup_volume_xml (step);
      g_autofree char *create =
        gh_command_dup_virsh (gh_step_get_uri (step), "vol-create-from", "--pool",
                              gh_step_get_string (step, "pool"), "--file", "/dev/stdin", "--vol",
                              gh_step_get_string (step, "source"), NULL);

      return g_strdup_printf ("%s <<'EOF'\n%s%sEOF", create, xml,
                              g_str_has_suffix (xml, "\n") ? "" : "\n");
    }
  arguments = dup_arguments (step);
  for (guint i = 0; arguments[i] != NULL; i++)
    {
      g_autofree char *word = gh_command_dup_quoted (arguments[i]);

      g_string_append_printf (line, "%s%s", i > 0 ? " " : "", word);
    }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static char *
dup_undo_command (GhStep *step)
{
  g_autofree char *path = NULL;

  if (gh_step_get_string (step, "pool") != NULL)
    return gh_command_dup_virsh (gh_step_get_uri (step), "vol-delete", "--vol",
                                 gh_step_get_string (step, "path"), NULL);
  path = gh_command_dup_quoted (gh_step_get_string (step, "path"));
  return g_strdup_printf ("rm -- %s", path);
}

/* The pool that lists it is to know. That it cannot be told is no failure of the copy. */
static void
pool_refreshed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (!gh_host_refresh_pool_finish (GH_HOST (object), result, &error))
    g_debug ("Could not refresh the pool: %s", error->message);
  g_task_return_boolean (task, TRUE);
}

static void
finish (GTask *task)
{
  GhStep *step = get_step (task);

  if (gh_step_get_string (step, "pool") != NULL && !gh_step_get_boolean (step, "nvram") &&
      !gh_step_get_boolean (step, "more-follow"))
    gh_host_refresh_pool_async (get_work (task)->host, gh_step_get_string (step, "pool"), NULL,
                                pool_refreshed_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
progress_cb (gpointer user_data)
{
  GTask *task = user_data;

  gh_step_set_fraction (get_step (task), gh_copy_progress_get (get_work (task)->progress));
  return G_SOURCE_CONTINUE;
}

/* Files */

static void
file_filled_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
  GError *error = NULL;

  g_clear_handle_id (&work->timer, g_source_remove);
  if (!gh_image_copy_bytes_finish (result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gh_step_set_boolean (get_step (task), "whole", TRUE);
  finish (task);
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
  finish (task);
}

static void
fill_file (GTask *task)
{
  GhStep *step = get_step (task);
  Work *work = get_work (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_auto (GStrv) arguments = NULL;

  if (has_method (step, "seed"))
    {
      gh_seed_image_write_async (g_steal_pointer (&work->file),
                                 gh_step_get_string (step, "instance-id"),
                                 gh_step_get_string (step, "hostname"),
                                 g_object_get_data (G_OBJECT (step), USER_DATA), cancellable,
                                 seed_written_cb, g_object_ref (task));
      return;
    }
  work->timer = g_timeout_add (PROGRESS_INTERVAL_MS, progress_cb, task);
  if (has_method (step, "bytes"))
    {
      gh_image_copy_bytes_async (gh_step_get_string (step, "source"),
                                 gh_step_get_boolean (step, "nvram"),
                                 g_steal_pointer (&work->file), work->progress, cancellable,
                                 file_filled_cb, g_object_ref (task));
      return;
    }
  /* qemu-img opens it itself, and would wait for our lock if we had one. */
  g_clear_pointer (&work->file, gh_new_file_free);
  arguments = dup_arguments (step);
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
file_saved_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = GH_STEP (object);
  Work *work = get_work (task);
  GError *error = NULL;

  if (!gh_step_save_finish (step, result, &error) ||
      g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error))
    g_task_return_error (task, error);
  else if (work->file->is_unnamed)
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
  gh_step_save_async (step, file_saved_cb, g_object_ref (task));
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
absence_saved_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = GH_STEP (object);
  GError *error = NULL;

  if (gh_step_save_finish (step, result, &error))
    gh_new_file_create_async (gh_step_get_string (step, "path"), g_task_get_cancellable (task),
                              file_created_cb, g_object_ref (task));
  else
    g_task_return_error (task, error);
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
      gh_step_save_async (step, absence_saved_cb, g_object_ref (task));
    }
}

static void
return_exists (GTask *task)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           _("There is a file “%s” already, which is not overwritten."),
                           gh_step_get_string (get_step (task), "path"));
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
    return_exists (task);
  else
    gh_new_file_create_unnamed_async (gh_step_get_string (step, "path"),
                                      g_task_get_cancellable (task), unnamed_file_created_cb,
                                      g_object_ref (task));
}

/* Volumes */

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

static void undo_volume (GTask *task);

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
  if (task != NULL && volume != NULL)
    g_task_return_boolean (task, TRUE);
  else if (task != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  if (undoing != NULL)
    undo_volume (undoing);
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
  Work *work = get_work (task);

  if (!work->looking)
    {
      work->looking = TRUE;
      gh_host_find_volume_async (work->host, gh_step_get_string (get_step (task), "path"), NULL,
                                 growing_volume_found_cb, g_object_ref (task));
    }
  return G_SOURCE_CONTINUE;
}

static void
volume_absence_saved_cb (GObject      *object,
                         GAsyncResult *result,
                         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = GH_STEP (object);
  GCancellable *cancellable = g_task_get_cancellable (task);
  Work *work = get_work (task);
  Copying *copying = NULL;
  g_autofree char *xml = NULL;
  GError *error = NULL;

  if (!gh_step_save_finish (step, result, &error) ||
      g_cancellable_set_error_if_cancelled (cancellable, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  xml = dup_volume_xml (step);
  work->timer = g_timeout_add (VOLUME_INTERVAL_MS, look_at_volume_cb, task);
  copying = g_new0 (Copying, 1);
  copying->doing = g_object_ref (task);
  if (cancellable != NULL)
    copying->cancelled_id = g_signal_connect (cancellable, "cancelled",
                                              G_CALLBACK (copying_cancelled_cb), copying);
  g_object_set_data (G_OBJECT (step), COPYING, copying);
  gh_host_copy_volume_async (work->host, gh_step_get_string (step, "pool"), xml,
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
    return_exists (task);
  else
    {
      gh_step_set_boolean (step, "absent", TRUE);
      gh_step_save_async (step, volume_absence_saved_cb, g_object_ref (task));
    }
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = new_task (step, host, cancellable, callback, user_data);

  if (has_method (step, "volume"))
    gh_host_find_volume_async (host, gh_step_get_string (step, "path"), cancellable,
                               volume_looked_up_cb, task);
  else
    gh_new_file_look_async (gh_step_get_string (step, "path"), NULL, /* remove= */ FALSE,
                            file_looked_at_cb, task);
}

/* Undoing */

static gboolean
try_again_cb (gpointer user_data)
{
  GTask *task = user_data;

  get_work (task)->timer = 0;
  undo_volume (task);
  return G_SOURCE_REMOVE;
}

static void
volume_deleted_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
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
    finish (task);
}

static void
remove_it (GTask *task)
{
  GhStep *step = get_step (task);
  const char *path = gh_step_get_string (step, "path");
  const GhNewFile made = {
    .fd = -1,
    .device = (guint64) gh_step_get_int (step, "device"),
    .inode = (guint64) gh_step_get_int (step, "inode"),
    .birth_ns = gh_step_get_int (step, "birth"),
  };

  if (has_method (step, "volume"))
    gh_host_delete_volume_async (get_work (task)->host, path, NULL, volume_deleted_cb,
                                 g_object_ref (task));
  else
    gh_new_file_look_async (path, made.inode != 0 ? &made : NULL, /* remove= */ TRUE,
                            file_removed_cb, g_object_ref (task));
}

static void
found_unused_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_file_users_find_none_finish (result, &error))
    remove_it (task);
  else
    g_task_return_error (task, error);
}

/* Half an image is of no use to anybody, so nobody is asked. */
static void
remove_unused (GTask *task)
{
  GhStep *step = get_step (task);

  if (gh_step_get_boolean (step, "whole"))
    gh_file_users_find_none_async (get_work (task)->host, gh_step_get_string (step, "path"),
                                   found_unused_cb, g_object_ref (task));
  else
    remove_it (task);
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
    remove_unused (task);
}

static void
undo_volume (GTask *task)
{
  gh_host_find_volume_async (get_work (task)->host, gh_step_get_string (get_step (task), "path"),
                             NULL, volume_to_undo_found_cb, g_object_ref (task));
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
    remove_unused (task);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = new_task (step, host, NULL, callback, user_data);
  Copying *copying = g_object_get_data (G_OBJECT (step), COPYING);

  if (!gh_step_get_boolean (step, "absent"))
    g_task_return_boolean (task, TRUE);
  else if (copying != NULL)
    copying->undoing = g_steal_pointer (&task);
  else if (has_method (step, "volume"))
    undo_volume (task);
  else
    gh_new_file_look_async (gh_step_get_string (step, "path"), NULL, /* remove= */ FALSE,
                            file_to_undo_looked_at_cb, g_object_ref (task));
}

static char *
dup_undo_status (GhStep *step)
{
  g_autofree char *name = dup_base_name (step, "path");

  if (g_object_get_data (G_OBJECT (step), COPYING) == NULL)
    return NULL;
  return g_strdup_printf (_("Being cleaned up: “%s” is deleted as soon as the host has finished "
                            "copying it. If you quit before, Guesthouse offers to do it when it is "
                            "next started."), name);
}

static const char * const needs[] = { "source", "path", "method", NULL };

static void
gh_copy_step_class_init (GhCopyStepClass *klass)
{
  klass->kind = "copy";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->dup_undo_status = dup_undo_status;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_copy_step_init (GhCopyStep *self)
{
}

GhStep *
gh_copy_step_new (const char   *source,
                  const char   *source_format,
                  const char   *path,
                  const char   *format,
                  GhCopyMethod  method,
                  const char   *pool)
{
  static const char * const methods[] = { "bytes", "convert", "link", "volume" };
  GhStep *self = g_object_new (gh_copy_step_get_type (), NULL);

  g_return_val_if_fail (source != NULL && path != NULL && source_format != NULL && format != NULL,
                        self);
  g_return_val_if_fail (method != GH_COPY_VOLUME || pool != NULL, self);

  gh_step_set_string (self, "source", source);
  gh_step_set_string (self, "source-format", source_format);
  gh_step_set_string (self, "path", path);
  gh_step_set_string (self, "format", format);
  gh_step_set_string (self, "method", methods[method]);
  gh_step_set_string (self, "pool", pool);
  return self;
}

GhStep *
gh_nvram_copy_step_new (const char *source,
                        const char *path)
{
  GhStep *self = gh_copy_step_new (source, "raw", path, "raw", GH_COPY_BYTES, NULL);

  gh_step_set_boolean (self, "nvram", TRUE);
  return self;
}

static void
free_user_data (gpointer text)
{
  memset (text, 0, strlen (text));
  g_free (text);
}

GhStep *
gh_seed_step_new (const char *path,
                  const char *pool,
                  const char *instance_id,
                  const char *hostname,
                  const char *user_data)
{
  GhStep *self = g_object_new (gh_copy_step_get_type (), NULL);

  g_return_val_if_fail (path != NULL && instance_id != NULL, self);

  gh_step_set_string (self, "source", "cloud-init");
  gh_step_set_string (self, "path", path);
  gh_step_set_string (self, "method", "seed");
  gh_step_set_string (self, "pool", pool);
  gh_step_set_string (self, "instance-id", instance_id);
  gh_step_set_string (self, "hostname", hostname);
  if (user_data != NULL)
    g_object_set_data_full (G_OBJECT (self), USER_DATA, g_strdup (user_data), free_user_data);
  return self;
}
