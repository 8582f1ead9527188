/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* backup: parameters uuid, name, freeze, n-disks, and of each disk target-N, path-N, format-N and
 *   capacity-N; absent: nothing was at any of the paths when they were looked at, journaled before
 *   the job begins; thawed: the guest has been let go; gone: undoing has taken the files away.
 *
 * Undoing ends the job if it still runs, which is known by the files it writes to, and removes
 * what is at the paths by the rules of volume-create. */

#define G_LOG_DOMAIN "gh-backup-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-file-users.h"
#include "gh-live.h"
#include "gh-step-task.h"

#define PROGRESS_MS 250
/* A journal that names more is not one of ours. */
#define MAX_DISKS 256

typedef GhStep GhBackupStep;
typedef GhStepClass GhBackupStepClass;

G_DEFINE_FINAL_TYPE (GhBackupStep, gh_backup_step, GH_TYPE_STEP)

typedef enum
{
  STAGE_LOOK,    /* whether anything is there already */
  STAGE_REFRESH, /* so that the pools know the new files */
  STAGE_REMOVE,
} Stage;

typedef struct
{
  GPtrArray     *disks;       /* (element-type GhBackupDisk) */
  Stage          stage;
  guint          index;
  GhJobProgress *progress;    /* (nullable) */
  guint          progress_id;
  GError        *error;       /* (nullable): the first file that could not be taken away */
  GError        *thaw_error;  /* (nullable) */
} Work;

static void look_at_next (GTask *task);

static void
disk_free (gpointer data)
{
  gh_backup_disk_free (data);
}

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_handle_id (&work->progress_id, g_source_remove);
  g_clear_pointer (&work->progress, gh_job_progress_unref);
  g_ptr_array_unref (work->disks);
  g_clear_error (&work->error);
  g_clear_error (&work->thaw_error);
  g_free (work);
}

static const char *
get_part (GhStep     *step,
          const char *name,
          guint       index)
{
  g_autofree char *key = g_strdup_printf ("%s-%u", name, index + 1);

  return gh_step_get_string (step, key);
}

static GPtrArray *
list_disks (GhStep *step)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func (disk_free);
  guint n = (guint) CLAMP (gh_step_get_int (step, "n-disks"), 0, MAX_DISKS);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *key = g_strdup_printf ("capacity-%u", i + 1);
      const char *target = get_part (step, "target", i);
      const char *path = get_part (step, "path", i);
      const char *format = get_part (step, "format", i);

      if (target != NULL && format != NULL && path != NULL && g_path_is_absolute (path))
        g_ptr_array_add (disks, gh_backup_disk_new (target, path, format,
                                                    (guint64) gh_step_get_int (step, key)));
    }
  return disks;
}

static GStrv
list_paths (GPtrArray *disks)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < disks->len; i++)
    {
      const GhBackupDisk *disk = g_ptr_array_index (disks, i);

      g_strv_builder_add (builder, disk->path);
    }
  return g_strv_builder_end (builder);
}

static const GhBackupDisk *
get_disk (Work *work)
{
  return g_ptr_array_index (work->disks, work->index);
}

static GTask *
add_work (GTask *task)
{
  Work *work = g_new0 (Work, 1);

  work->disks = list_disks (get_step (task));
  g_task_set_task_data (task, work, work_free);
  return task;
}

/* Undoing goes on with what else there is to undo. */
static void
keep_error (Work   *work,
            GError *error)
{
  if (work->error == NULL)
    work->error = error;
  else
    g_error_free (error);
}

/* Removing */

static void
volume_deleted_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (!gh_host_delete_volume_finish (GH_HOST (object), result, &error))
    keep_error (work, error);
  work->index++;
  look_at_next (task);
}

static void
found_unused_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (gh_file_users_find_none_finish (result, &error))
    {
      gh_host_delete_volume_async (get_host (task), get_disk (work)->path, NULL, volume_deleted_cb,
                                   g_object_ref (task));
      return;
    }
  keep_error (work, error);
  work->index++;
  look_at_next (task);
}

static gboolean
is_ours (const GhBackupDisk *disk,
         const GhVolumeInfo *volume)
{
  /* The size is in the file from its first moment on, except for the moment before that. */
  return disk->capacity == 0 || volume->capacity == disk->capacity || volume->capacity == 0;
}

/* With what was found at one of the paths. */
static void
handle_looked (GTask        *task,
               GhVolumeInfo *volume,
               gboolean      is_file)
{
  Work *work = g_task_get_task_data (task);
  const GhBackupDisk *disk = get_disk (work);

  if (work->stage == STAGE_LOOK && is_file)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS,
                               _("There is a file “%s” already, which is not overwritten."),
                               disk->path);
      return;
    }
  if (work->stage == STAGE_REMOVE && is_file)
    {
      if (volume != NULL && is_ours (disk, volume))
        {
          gh_file_users_find_none_async (get_host (task), disk->path, found_unused_cb,
                                         g_object_ref (task));
          return;
        }
      keep_error (work, volume == NULL
                  ? g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                         _("No active storage pool holds it, so it cannot be "
                                           "looked at."))
                  : g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED,
                                         _("It is not as it was made, so it may hold something "
                                           "else by now.")));
    }
  work->index++;
  look_at_next (task);
}

/* Looking */

static void
file_looked_at_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (object), result, NULL);

  handle_looked (task, NULL, info != NULL);
}

static void
volume_found_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);
  g_autoptr (GFile) file = NULL;

  if (error != NULL && work->stage == STAGE_LOOK)
    g_task_return_error (task, error);
  else if (error != NULL)
    {
      if (work->stage == STAGE_REMOVE)
        keep_error (work, error);
      else /* the files are there; only a list is not up to date */
        g_error_free (error);
      work->index++;
      look_at_next (task);
    }
  else if (volume == NULL && gh_host_is_local (get_host (task)) && work->stage != STAGE_REFRESH)
    {
      file = g_file_new_for_path (get_disk (work)->path);
      g_file_query_info_async (file, G_FILE_ATTRIBUTE_STANDARD_TYPE,
                               G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, G_PRIORITY_DEFAULT, NULL,
                               file_looked_at_cb, g_object_ref (task));
    }
  else
    handle_looked (task, volume, volume != NULL);
}

/* Doing */

static gboolean
progress_cb (gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);

  gh_step_set_fraction (get_step (task), gh_job_progress_get (work->progress));
  return G_SOURCE_CONTINUE;
}

static void
backed_up_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  g_clear_handle_id (&work->progress_id, g_source_remove);
  if (gh_job_progress_is_thawed (work->progress))
    gh_step_set_boolean (get_step (task), "thawed", TRUE);
  if (!gh_host_backup_finish (GH_HOST (object), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gh_step_set_boolean (get_step (task), "thawed", TRUE);
  work->stage = STAGE_REFRESH;
  work->index = 0;
  look_at_next (task);
}

static void
back_up (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);

  work->progress = gh_job_progress_new ();
  work->progress_id = g_timeout_add (PROGRESS_MS, progress_cb, task);
  gh_host_backup_async (get_host (task), gh_step_get_string (step, "uuid"), work->disks,
                        gh_step_get_boolean (step, "freeze"), work->progress,
                        g_task_get_cancellable (task), backed_up_cb, g_object_ref (task));
}

/* The next path of this stage, or what comes after them all. */
static void
look_at_next (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);

  if (work->index < work->disks->len)
    {
      gh_host_find_volume_async (get_host (task), get_disk (work)->path, NULL, volume_found_cb,
                                 g_object_ref (task));
      return;
    }
  switch (work->stage)
    {
    case STAGE_LOOK:
      gh_step_set_boolean (step, "absent", TRUE);
      gh_step_task_save (task, back_up);
      break;
    case STAGE_REFRESH:
    case STAGE_REMOVE:
    default:
      gh_step_set_boolean (step, "gone", work->stage == STAGE_REMOVE && work->error == NULL);
      if (work->error != NULL)
        g_task_return_error (task, g_steal_pointer (&work->error));
      else if (work->thaw_error != NULL)
        g_task_return_error (task, g_steal_pointer (&work->thaw_error));
      else
        g_task_return_boolean (task, TRUE);
    }
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = add_work (gh_step_task_new (step, host, cancellable, callback,
                                                         user_data));

  look_at_next (task);
}

/* Undoing */

/* Nothing is removed that may still be written to. */
static void
backup_ended_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  work->stage = STAGE_REMOVE;
  if (!gh_host_end_backup_finish (GH_HOST (object), result, &error))
    {
      keep_error (work, error);
      work->index = work->disks->len;
    }
  look_at_next (task);
}

static void
end_backup (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  g_auto (GStrv) paths = list_paths (work->disks);

  gh_host_end_backup_async (get_host (task), gh_step_get_string (get_step (task), "uuid"),
                            (const char * const *) paths, backup_ended_cb, g_object_ref (task));
}

static void
thawed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);

  gh_step_set_boolean (get_step (task), "thawed",
                       gh_host_thaw_finish (GH_HOST (object), result, &work->thaw_error));
  end_backup (task);
}

/* A guest that may be held comes first. */
static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhHost *host = GH_HOST (object);
  GhStep *step = get_step (task);
  GError *error = NULL;

  if (!gh_host_ready_finish (host, result, &error))
    g_task_return_error (task, error);
  else if (gh_step_get_boolean (step, "freeze") && !gh_step_get_boolean (step, "thawed"))
    gh_host_thaw_async (host, gh_step_get_string (step, "uuid"), thawed_cb, g_object_ref (task));
  else
    end_backup (task);
}

/* The daemon may have gone, which is why this undoes: it is connected to anew. */
static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = add_work (gh_step_task_new_undo (step, host, callback, user_data));

  if (gh_step_get_boolean (step, "absent"))
    gh_host_ready_async (host, NULL, host_ready_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* Words */

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (ngettext ("Copy the disk of “%s” while it runs",
                                    "Copy the disks of “%s” while it runs",
                                    (gulong) gh_step_get_int (step, "n-disks")),
                          gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  const char *uri = gh_step_get_uri (step);
  const char *machine = gh_step_get_machine_word (step);
  g_autoptr (GPtrArray) disks = list_disks (step);
  g_autofree char *begin = gh_command_dup_virsh (uri, "backup-begin", machine, "/dev/stdin", NULL);
  g_autofree char *xml = gh_backup_xml_new (disks);
  g_autofree char *freeze = NULL;
  g_autofree char *thaw = NULL;

  if (!gh_step_get_boolean (step, "freeze"))
    return g_strdup_printf ("%s <<'EOF'\n%sEOF", begin, xml);
  freeze = gh_command_dup_virsh (uri, "domfsfreeze", machine, NULL);
  thaw = gh_command_dup_virsh (uri, "domfsthaw", machine, NULL);
  return g_strdup_printf ("%s\n%s <<'EOF'\n%sEOF\n%s", freeze, begin, xml, thaw);
}

static char *
dup_undo_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "domjobabort",
                               gh_step_get_machine_word (step), NULL);
}

static char *
dup_left (GhStep *step)
{
  g_autoptr (GPtrArray) disks = list_disks (step);
  g_auto (GStrv) paths = list_paths (disks);
  g_autofree char *list = g_strjoinv ("”, “", paths);

  if (gh_step_get_boolean (step, "gone"))
    return g_strdup_printf (_("The guest of “%s”, which may not write to its disks"),
                            gh_step_get_string (step, "name"));
  return g_strdup_printf (ngettext ("The file “%s”", "The files “%s”", disks->len), list);
}

static const char * const needs[] = { "uuid", "name", "path-1", NULL };

static void
gh_backup_step_class_init (GhBackupStepClass *klass)
{
  klass->kind = "backup";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_backup_step_init (GhBackupStep *self)
{
}

GhStep *
gh_backup_step_new (const char *uuid,
                    const char *name,
                    GPtrArray  *disks,
                    gboolean    freeze)
{
  GhStep *self = g_object_new (gh_backup_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);
  g_return_val_if_fail (disks->len > 0 && disks->len <= MAX_DISKS, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_boolean (self, "freeze", freeze);
  gh_step_set_int (self, "n-disks", disks->len);
  for (guint i = 0; i < disks->len; i++)
    {
      const GhBackupDisk *disk = g_ptr_array_index (disks, i);
      const char *names[] = { "target", "path", "format" };
      const char *values[] = { disk->target, disk->path, disk->format };
      g_autofree char *capacity = g_strdup_printf ("capacity-%u", i + 1);

      for (guint j = 0; j < G_N_ELEMENTS (names); j++)
        {
          g_autofree char *key = g_strdup_printf ("%s-%u", names[j], i + 1);

          gh_step_set_string (self, key, values[j]);
        }
      gh_step_set_int (self, capacity, (gint64) disk->capacity);
    }
  return self;
}
