/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* volume-create: parameters pool, name, path, format, capacity, backing-path, backing-format;
 *   secret: UUID of the secret of its host it is encrypted with (LUKS);
 *   absent: nothing was at the path when it was looked at, journaled before the volume is made;
 *   made-capacity: the size libvirt gave it, once it is made.
 * A host that says that something is there takes “absent” back.
 * volume-remove: parameters path, pool, may-stay: the plan is as well done when somebody has come
 *   to use it, so that it stays; may-be-gone: it is as well when it is not there any more.
 *
 * When undoing removes a volume:
 *
 *   absent   at the path           then
 *   no       whatever              it is not ours: nothing is done
 *   yes      nothing               done
 *   yes      of the size it got    removed, unless a machine uses it; but when it is not known to
 *                                  be made, only if it holds nothing
 *   yes      of another size       left: somebody else made it, or it was changed since
 *   yes      in no active pool     left: it cannot be looked at
 */

#define G_LOG_DOMAIN "gh-volume-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-file-users.h"
#include "gh-machine-spec.h"
#include "gh-step-task.h"
#include "gh-virt-error.h"
#include "gh-volume-claim.h"

typedef GhStep GhVolumeCreateStep;
typedef GhStepClass GhVolumeCreateStepClass;
typedef GhStep GhVolumeRemoveStep;
typedef GhStepClass GhVolumeRemoveStepClass;

G_DEFINE_FINAL_TYPE (GhVolumeCreateStep, gh_volume_create_step, GH_TYPE_STEP)
G_DEFINE_FINAL_TYPE (GhVolumeRemoveStep, gh_volume_remove_step, GH_TYPE_STEP)

/* Images are made in units of sectors. */
#define SECTOR 512

/* Results of the looks: is something there? */
typedef void (*LookedFunc) (GTask        *task,
                            GhVolumeInfo *volume,   /* (nullable) */
                            gboolean      is_file); /* a file is there, in a pool or not */

typedef struct
{
  GTask        *task;
  LookedFunc    func;
} Look;

static void
file_looked_at_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr (GTask) task = look->task;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (object), result, NULL);

  look->func (task, NULL, info != NULL);
}

static void
volume_looked_up_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  Look *look = user_data;
  GhHost *host = GH_HOST (object);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (host, result, &error);
  g_autoptr (GFile) file = NULL;

  if (error == NULL && volume == NULL && gh_host_is_local (host) && !gh_host_is_test (host))
    {
      file = g_file_new_for_path (gh_step_get_string (get_step (look->task), "path"));
      g_file_query_info_async (file, G_FILE_ATTRIBUTE_STANDARD_TYPE,
                               G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS,
                               G_PRIORITY_DEFAULT, NULL, file_looked_at_cb, look);
      return;
    }
  if (error != NULL)
    g_task_return_error (look->task, error);
  else
    look->func (look->task, volume, volume != NULL);
  g_object_unref (look->task);
  g_free (look);
}

/* Looks at what is at the path; on errors it ends the task. Takes @task. */
static void
look_at_path (GTask        *task,
              GCancellable *cancellable,
              LookedFunc    func)
{
  Look *look = g_new0 (Look, 1);

  look->task = task;
  look->func = func;
  gh_host_find_volume_async (get_host (task), gh_step_get_string (get_step (task), "path"),
                             cancellable, volume_looked_up_cb, look);
}

static void
volume_deleted_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_delete_volume_finish (GH_HOST (object), result, &error), &error);
}

static void
found_unused_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *path = gh_step_get_string (get_step (task), "path");
  GError *error = NULL;

  if (gh_file_users_find_none_finish (result, &error))
    gh_host_delete_volume_async (get_host (task), path, NULL, volume_deleted_cb,
                                 g_object_ref (task));
  else
    g_task_return_error (task, error);
}

/* The one way a file is removed: never while anybody uses it. */
static void
delete_unused (GTask *task)
{
  gh_file_users_find_none_async (get_host (task), gh_step_get_string (get_step (task), "path"),
                                 found_unused_cb, g_object_ref (task));
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The file “%s”"), gh_step_get_string (step, "path"));
}

/* volume-create */

static char *
create_dup_title (GhStep *step)
{
  return g_strdup_printf (_("Make the disk “%s”"), gh_step_get_string (step, "name"));
}

static char *
dup_volume_xml (GhStep *step)
{
  const char *secret = gh_step_get_string (step, "secret");
  const char *name = gh_step_get_string (step, "name");
  const char *format = gh_step_get_string (step, "format");
  guint64 capacity = (guint64) gh_step_get_int (step, "capacity");

  if (secret != NULL)
    return gh_volume_xml_new_encrypted (name, format, capacity, secret);
  return gh_volume_xml_new (name, format, capacity, gh_step_get_string (step, "backing-path"),
                            gh_step_get_string (step, "backing-format"));
}

static char *
create_dup_command (GhStep *step)
{
  const char *uri = gh_step_get_uri (step);
  const char *pool = gh_step_get_string (step, "pool");
  const char *name = gh_step_get_string (step, "name");
  const char *format = gh_step_get_string (step, "format");
  const char *backing_path = gh_step_get_string (step, "backing-path");
  g_autofree char *capacity = g_strdup_printf ("%" G_GINT64_FORMAT,
                                               gh_step_get_int (step, "capacity"));

  if (gh_step_get_string (step, "secret") != NULL)
    {
      g_autofree char *create = gh_command_dup_virsh (uri, "vol-create", "--pool", pool,
                                                      "/dev/stdin", NULL);
      g_autofree char *xml = dup_volume_xml (step);

      return g_strdup_printf ("%s <<'EOF'\n%s\nEOF", create, xml);
    }
  if (backing_path != NULL)
    return gh_command_dup_virsh (uri, "vol-create-as", "--pool", pool, "--name", name,
                                 "--capacity", capacity, "--allocation", "0", "--format", format,
                                 "--backing-vol", backing_path,
                                 "--backing-vol-format",
                                 gh_step_get_string (step, "backing-format"), NULL);
  return gh_command_dup_virsh (uri, "vol-create-as", "--pool", pool, "--name", name, "--capacity",
                               capacity, "--allocation", "0", "--format", format, NULL);
}

static char *
create_dup_undo_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "vol-delete", "--vol",
                               gh_step_get_string (step, "path"), NULL);
}

static void
volume_created_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_create_volume_finish (GH_HOST (object), result, &error);

  if (volume == NULL)
    {
      gh_volume_claim_drop (step, error);
      g_task_return_error (task, error);
      return;
    }
  gh_step_set_string (step, "path", volume->path);
  gh_step_set_int (step, "made-capacity", (gint64) volume->capacity);
  g_task_return_boolean (task, TRUE);
}

static void
create_volume (GTask *task)
{
  GhStep *step = get_step (task);
  g_autofree char *xml = dup_volume_xml (step);

  gh_host_create_volume_async (get_host (task), gh_step_get_string (step, "pool"), xml,
                               g_task_get_cancellable (task), volume_created_cb,
                               g_object_ref (task));
}

static void
create_looked_cb (GTask        *task,
                  GhVolumeInfo *volume,
                  gboolean      is_file)
{
  GhStep *step = get_step (task);

  if (is_file)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS,
                               _("There is a file “%s” already, which is not overwritten."),
                               gh_step_get_string (step, "path"));
      return;
    }
  gh_step_set_boolean (step, "absent", TRUE);
  gh_step_task_save (task, create_volume);
}

static void
create_do_async (GhStep              *step,
                 GhHost              *host,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  look_at_path (gh_step_task_new (step, host, cancellable, callback, user_data), cancellable,
                create_looked_cb);
}

static gboolean
can_be_ours (GhStep             *step,
             const GhVolumeInfo *volume)
{
  guint64 asked = (guint64) gh_step_get_int (step, "capacity");
  guint64 made = (guint64) gh_step_get_int (step, "made-capacity");

  if (made != 0)
    return volume->capacity == made;
  return (volume->capacity == asked ||
          volume->capacity == (asked + SECTOR - 1) / SECTOR * SECTOR) &&
         gh_volume_claim_is_fresh (volume, volume->capacity);
}

static void
undo_looked_cb (GTask        *task,
                GhVolumeInfo *volume,
                gboolean      is_file)
{
  if (volume == NULL && !is_file)
    g_task_return_boolean (task, TRUE);
  else if (volume == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                             _("No active storage pool holds it, so it cannot be looked at."));
  else if (!can_be_ours (get_step (task), volume))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is not as it was made, so it may hold something else by now."));
  else
    delete_unused (task);
}

static void
create_undo_async (GhStep              *step,
                   GhHost              *host,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  GTask *task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "absent"))
    {
      look_at_path (task, NULL, undo_looked_cb);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static const char * const create_needs[] = { "pool", "name", "path", "format", NULL };

static void
gh_volume_create_step_class_init (GhVolumeCreateStepClass *klass)
{
  klass->kind = "volume-create";
  klass->needs = create_needs;
  klass->dup_title = create_dup_title;
  klass->dup_command = create_dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = create_dup_undo_command;
  klass->do_async = create_do_async;
  klass->undo_async = create_undo_async;
}

static void
gh_volume_create_step_init (GhVolumeCreateStep *self)
{
}

GhStep *
gh_volume_create_step_new (const char *pool,
                           const char *name,
                           const char *path,
                           const char *format,
                           guint64     capacity,
                           const char *backing_path,
                           const char *backing_format)
{
  GhStep *self = g_object_new (gh_volume_create_step_get_type (), NULL);

  g_return_val_if_fail (pool != NULL && name != NULL && path != NULL && format != NULL, self);

  gh_step_set_string (self, "pool", pool);
  gh_step_set_string (self, "name", name);
  gh_step_set_string (self, "path", path);
  gh_step_set_string (self, "format", format);
  gh_step_set_int (self, "capacity", (gint64) capacity);
  gh_step_set_string (self, "backing-path", backing_path);
  gh_step_set_string (self, "backing-format", backing_format);
  return self;
}

/* volume-remove */

static char *
remove_dup_title (GhStep *step)
{
  return g_strdup_printf (_("Delete the file “%s”"), gh_step_get_string (step, "path"));
}

static char *
remove_dup_command (GhStep *step)
{
  g_autofree char *path = NULL;

  if (gh_step_get_string (step, "pool") != NULL)
    return gh_command_dup_virsh (gh_step_get_uri (step), "vol-delete", "--vol",
                                 gh_step_get_string (step, "path"), NULL);
  path = gh_command_dup_quoted (gh_step_get_string (step, "path"));
  return g_strdup_printf ("rm -- %s", path);
}

static void
before_removal_cb (GTask        *task,
                   GhVolumeInfo *volume,
                   gboolean      is_file)
{
  if (is_file)
    delete_unused (task);
  else
    g_task_return_boolean (task, TRUE);
}

static void
remove_do_async (GhStep              *step,
                 GhHost              *host,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);

  if (gh_step_get_boolean (step, "may-be-gone"))
    look_at_path (g_object_ref (task), cancellable, before_removal_cb);
  else
    delete_unused (task);
}

static void
still_there_cb (GTask        *task,
                GhVolumeInfo *volume,
                gboolean      is_file)
{
  if (is_file)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("It has been deleted, which cannot be taken back."));
}

/* For the case that it failed: finds out whether it did anything. */
static void
remove_undo_async (GhStep              *step,
                   GhHost              *host,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  look_at_path (gh_step_task_new_undo (step, host, callback, user_data), NULL, still_there_cb);
}

static const char * const remove_needs[] = { "path", NULL };

static void
gh_volume_remove_step_class_init (GhVolumeRemoveStepClass *klass)
{
  klass->kind = "volume-remove";
  klass->needs = remove_needs;
  klass->final = TRUE;
  klass->dup_title = remove_dup_title;
  klass->dup_command = remove_dup_command;
  klass->dup_left = dup_left;
  klass->do_async = remove_do_async;
  klass->undo_async = remove_undo_async;
}

static void
gh_volume_remove_step_init (GhVolumeRemoveStep *self)
{
}

GhStep *
gh_volume_remove_step_new (const char *path,
                           const char *pool)
{
  GhStep *self = g_object_new (gh_volume_remove_step_get_type (), NULL);

  g_return_val_if_fail (path != NULL, self);

  gh_step_set_string (self, "path", path);
  gh_step_set_string (self, "pool", pool);
  return self;
}
