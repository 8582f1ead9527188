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

#include "gh-copy-step-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-file-users.h"
#include "gh-machine-spec.h"
#include "gh-storage.h"

typedef GhStep GhCopyStep;
typedef GhStepClass GhCopyStepClass;

G_DEFINE_FINAL_TYPE (GhCopyStep, gh_copy_step, GH_TYPE_STEP)

static void
work_free (gpointer data)
{
  GhCopyWork *work = data;

  g_clear_handle_id (&work->timer, g_source_remove);
  g_clear_pointer (&work->file, gh_new_file_free);
  g_clear_pointer (&work->progress, gh_copy_progress_unref);
  g_free (work);
}

static GTask *
add_work (GTask *task)
{
  GhCopyWork *work = g_new0 (GhCopyWork, 1);

  work->progress = gh_copy_progress_new ();
  g_task_set_task_data (task, work, work_free);
  return task;
}

gboolean
gh_copy_has_method (GhStep     *step,
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
  if (gh_copy_has_method (step, "seed"))
    return g_strdup_printf (_("Write the CD for cloud-init “%s”"), name);
  if (gh_copy_has_method (step, "link"))
    /* Translators: names of two disk images. */
    return g_strdup_printf (_("Make the disk “%s” on top of “%s”"), name, source);
  return g_strdup_printf (_("Copy the disk “%s” to “%s”"), source, name);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The file “%s”"), gh_step_get_string (step, "path"));
}

GStrv
gh_copy_dup_arguments (GhStep *step)
{
  g_autofree char *capacity = NULL;

  if (gh_copy_has_method (step, "convert"))
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

char *
gh_copy_dup_volume_xml (GhStep *step)
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

  if (gh_copy_has_method (step, "bytes"))
    {
      g_autofree char *source = gh_command_dup_quoted (gh_step_get_string (step, "source"));
      g_autofree char *path = gh_command_dup_quoted (gh_step_get_string (step, "path"));

      return g_strdup_printf ("cp --reflink=auto --sparse=auto -- %s %s", source, path);
    }
  if (gh_copy_has_method (step, "seed"))
    {
      g_autofree char *path = gh_command_dup_quoted (gh_step_get_string (step, "path"));

      return g_strdup_printf ("xorriso -as mkisofs -o %s -V cidata -J -r meta-data user-data",
                              path);
    }
  if (gh_copy_has_method (step, "volume"))
    {
      g_autofree char *xml = gh_copy_dup_volume_xml (step);
      g_autofree char *create =
        gh_command_dup_virsh (gh_step_get_uri (step), "vol-create-from", "--pool",
                              gh_step_get_string (step, "pool"), "--file", "/dev/stdin", "--vol",
                              gh_step_get_string (step, "source"), NULL);

      return g_strdup_printf ("%s <<'EOF'\n%s%sEOF", create, xml,
                              g_str_has_suffix (xml, "\n") ? "" : "\n");
    }
  arguments = gh_copy_dup_arguments (step);
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

void
gh_copy_finish (GTask *task)
{
  GhStep *step = get_step (task);

  if (gh_step_get_string (step, "pool") != NULL && !gh_step_get_boolean (step, "nvram") &&
      !gh_step_get_boolean (step, "more-follow"))
    gh_host_refresh_pool_async (get_host (task), gh_step_get_string (step, "pool"), NULL,
                                pool_refreshed_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

void
gh_copy_return_exists (GTask *task)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           _("There is a file “%s” already, which is not overwritten."),
                           gh_step_get_string (get_step (task), "path"));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = gh_step_task_new (step, host, cancellable, callback, user_data);

  add_work (task);
  if (gh_copy_has_method (step, "volume"))
    gh_copy_volume_make (task);
  else
    gh_copy_file_make (task);
}

/* Undoing */

static void
remove_it (GTask *task)
{
  if (gh_copy_has_method (get_step (task), "volume"))
    gh_copy_volume_remove (task);
  else
    gh_copy_file_remove (task);
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
void
gh_copy_remove_unused (GTask *task)
{
  GhStep *step = get_step (task);

  if (gh_step_get_boolean (step, "whole"))
    gh_file_users_find_none_async (get_host (task), gh_step_get_string (step, "path"),
                                   found_unused_cb, g_object_ref (task));
  else
    remove_it (task);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = add_work (gh_step_task_new_undo (step, host, callback, user_data));

  if (!gh_step_get_boolean (step, "absent"))
    g_task_return_boolean (task, TRUE);
  else if (gh_copy_has_method (step, "volume"))
    gh_copy_volume_undo (task);
  else
    gh_copy_file_undo (task);
}

static char *
dup_undo_status (GhStep *step)
{
  g_autofree char *name = dup_base_name (step, "path");

  if (!gh_copy_volume_is_running (step))
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
    g_object_set_data_full (G_OBJECT (self), GH_COPY_USER_DATA, g_strdup (user_data),
                            free_user_data);
  return self;
}
