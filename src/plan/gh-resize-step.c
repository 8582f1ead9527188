/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* resize: parameters uuid, name, target, path, format, pool (nullable), from, to (bytes), live;
 *   begun
 *
 * Final: what a guest has begun to use cannot be cut off again. */

#define G_LOG_DOMAIN "gh-resize-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-image-copy.h"
#include "gh-image-graph.h"
#include "gh-resize.h"
#include "gh-snapshots.h"
#include "gh-step-task.h"

typedef GhStep GhResizeStep;
typedef GhStepClass GhResizeStepClass;

G_DEFINE_FINAL_TYPE (GhResizeStep, gh_resize_step, GH_TYPE_STEP)

static void
disk_resized_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_resize_disk_finish (GH_HOST (object), result, &error), &error);
}

static void
volume_resized_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_resize_volume_finish (GH_HOST (object), result, &error), &error);
}

static void
file_resized_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_image_convert_finish (result, &error), &error);
}

/* The format is given: what a guest wrote into a raw image must not be taken for one. */
static GStrv
dup_file_command (GhStep *step)
{
  g_autofree char *size = g_strdup_printf ("%" G_GINT64_FORMAT, gh_step_get_int (step, "to"));

  return g_strdupv ((char *[]) { "qemu-img", "resize", "-f",
                                 (char *) gh_step_get_string (step, "format"),
                                 (char *) gh_step_get_string (step, "path"), size, NULL });
}

static void
resize (GTask *task)
{
  GhStep *step = get_step (task);
  guint64 size = (guint64) gh_step_get_int (step, "to");

  if (gh_step_get_boolean (step, "live"))
    gh_host_resize_disk_async (get_host (task), gh_step_get_string (step, "uuid"),
                               gh_step_get_string (step, "target"), size, NULL, disk_resized_cb,
                               g_object_ref (task));
  else if (gh_step_get_string (step, "pool") != NULL)
    gh_host_resize_volume_async (get_host (task), gh_step_get_string (step, "path"), size, NULL,
                                 volume_resized_cb, g_object_ref (task));
  else
    {
      g_auto (GStrv) command = dup_file_command (step);
      g_autoptr (GhCopyProgress) progress = gh_copy_progress_new ();

      gh_image_convert_async ((const char * const *) command, progress, NULL, file_resized_cb,
                              g_object_ref (task));
    }
}

/* Who depends on the disk may have changed since the plan was shown. */
static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhImageGraph) graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  g_autoptr (GPtrArray) checks = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  checks = gh_image_graph_check_machine (graph, gh_step_get_string (step, "uuid"),
                                         GH_IMAGE_USE_RESIZE);
  if (checks->len > 0)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s. %s",
                               gh_check_get_title (g_ptr_array_index (checks, 0)),
                               gh_check_get_detail (g_ptr_array_index (checks, 0)));
      return;
    }
  gh_step_set_boolean (step, "begun", TRUE);
  gh_step_task_save (task, resize);
}

/* A file that a running QEMU has open must not be changed under it. */
static void
machine_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GhSnapshotList) list = gh_host_load_snapshots_finish (GH_HOST (object), result,
                                                                   &error);

  if (list == NULL)
    g_task_return_error (task, error);
  else if (list->active != gh_step_get_boolean (get_step (task), "live"))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _("“%s” was started or stopped meanwhile."), list->name);
  else
    gh_image_graph_reload_async (get_host (task), NULL, NULL, graph_loaded_cb,
                                 g_object_ref (task));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_load_snapshots_async (host, gh_step_get_string (step, "uuid"), /* settled= */ FALSE,
                                cancellable, machine_loaded_cb,
                                gh_step_task_new (step, host, cancellable, callback, user_data));
}

/* Undoing: finds out whether it did anything. */

static void
size_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  guint64 size = 0;
  GError *error = NULL;

  if (!gh_host_load_disk_size_finish (GH_HOST (object), result, &size, &error))
    g_task_return_error (task, error);
  else if (size == (guint64) gh_step_get_int (get_step (task), "from"))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("A disk that has grown cannot be made smaller again."));
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;

  if (gh_host_ready_finish (GH_HOST (object), result, &error))
    gh_host_load_disk_size_async (GH_HOST (object), gh_step_get_string (step, "uuid"),
                                  gh_step_get_string (step, "target"), NULL, size_loaded_cb,
                                  g_object_ref (task));
  else
    g_task_return_error (task, error);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "begun"))
    gh_host_ready_async (host, NULL, host_ready_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* Words */

static char *
dup_size (GhStep     *step,
          const char *name)
{
  return g_format_size_full ((guint64) gh_step_get_int (step, name), G_FORMAT_SIZE_IEC_UNITS);
}

static char *
dup_title (GhStep *step)
{
  g_autofree char *from = dup_size (step, "from");
  g_autofree char *to = dup_size (step, "to");

  /* Translators: a disk such as “vda”, the machine's name, and two sizes. */
  return g_strdup_printf (_("Make the disk “%s” of “%s” larger: %s → %s"),
                          gh_step_get_string (step, "target"), gh_step_get_string (step, "name"),
                          from, to);
}

static char *
dup_command (GhStep *step)
{
  g_autofree char *size = g_strdup_printf ("%" G_GINT64_FORMAT "B", gh_step_get_int (step, "to"));

  if (gh_step_get_boolean (step, "live"))
    return gh_command_dup_virsh (gh_step_get_uri (step), "blockresize",
                                 gh_step_get_machine_word (step),
                                 gh_step_get_string (step, "target"), size, NULL);
  if (gh_step_get_string (step, "pool") != NULL)
    return gh_command_dup_virsh (gh_step_get_uri (step), "vol-resize",
                                 gh_step_get_string (step, "path"), size, NULL);
  else
    {
      g_auto (GStrv) words = dup_file_command (step);

      for (guint i = 0; words[i] != NULL; i++)
        {
          char *quoted = gh_command_dup_quoted (words[i]);

          g_free (words[i]);
          words[i] = quoted;
        }
      return g_strjoinv (" ", words);
    }
}

static char *
dup_left (GhStep *step)
{
  g_autofree char *to = dup_size (step, "to");

  /* Translators: a disk such as “vda”, the machine's name, and a size. */
  return g_strdup_printf (_("The disk “%s” of “%s” with %s"), gh_step_get_string (step, "target"),
                          gh_step_get_string (step, "name"), to);
}

static const char * const needs[] = { "uuid", "name", "target", "path", NULL };

static void
gh_resize_step_class_init (GhResizeStepClass *klass)
{
  klass->kind = "resize";
  klass->final = TRUE;
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_resize_step_init (GhResizeStep *self)
{
}

GhStep *
gh_resize_step_new (const char *uuid,
                    const char *name,
                    const char *target,
                    const char *path,
                    const char *format,
                    const char *pool,
                    guint64     from,
                    guint64     to,
                    gboolean    live)
{
  GhStep *self = g_object_new (gh_resize_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);
  g_return_val_if_fail (target != NULL && path != NULL && format != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_string (self, "target", target);
  gh_step_set_string (self, "path", path);
  gh_step_set_string (self, "format", format);
  gh_step_set_string (self, "pool", pool);
  gh_step_set_int (self, "from", (gint64) from);
  gh_step_set_int (self, "to", (gint64) to);
  gh_step_set_boolean (self, "live", live);
  return self;
}
