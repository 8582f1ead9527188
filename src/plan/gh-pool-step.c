/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* pool-create: parameters uuid, name, path; folder-made: whether the folder was not
 * there before; made-above: the first of the folders around it that was not there either, if
 * any: those between are made with the pool, and go with it when nothing is in them;
 * temporary: it is there for this plan only, what is in it comes and goes without it;
 * new: the folder is one that the plan thought up, so it goes when it is empty, also where we
 * cannot see whether it was there before;
 * n-volumes: how many images were in it when the pool was made. When there are more now,
 * undoing leaves the pool: somebody keeps images in it, or an image of this plan could not
 * be removed, and would be harder to remove without its pool.
 * pool-close: parameters uuid, name, path; remove-folder: it goes too, if it is empty.
 */

#define G_LOG_DOMAIN "gh-pool-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-machine-spec.h"
#include "gh-step-task.h"
#include "gh-virt-error.h"

/* The step that a pool-close is for, which knows whether the folder was there before. */
#define OPENED "gh-opened-step"
#define LENT_PREFIX "guesthouse-"
/* Another plan copies a small file through it. */
#define LENT_INTERVAL_MS 500
#define MAX_LENT_TRIES 120

typedef GhStep GhPoolCreateStep;
typedef GhStepClass GhPoolCreateStepClass;

typedef GhStep GhPoolCloseStep;
typedef GhStepClass GhPoolCloseStepClass;

G_DEFINE_FINAL_TYPE (GhPoolCreateStep, gh_pool_create_step, GH_TYPE_STEP)
G_DEFINE_FINAL_TYPE (GhPoolCloseStep, gh_pool_close_step, GH_TYPE_STEP)

static char *
dup_title (GhStep *step)
{
  if (gh_step_get_boolean (step, "temporary"))
    return g_strdup_printf (_("Open the folder “%s” for copying"),
                            gh_step_get_string (step, "path"));
  return g_strdup_printf (_("Make the storage pool “%s”"), gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  const char *uri = gh_step_get_uri (step);
  const char *name = gh_step_get_string (step, "name");
  g_autofree char *define = gh_command_dup_virsh (uri, "pool-define-as", "--name", name, "--type",
                                                  "dir",
                                                  "--target", gh_step_get_string (step,
                                                                                  "path"), NULL);
  g_autofree char *build = gh_command_dup_virsh (uri, "pool-build", "--pool", name, NULL);
  g_autofree char *start = gh_command_dup_virsh (uri, "pool-start", "--pool", name, NULL);
  g_autofree char *autostart = gh_command_dup_virsh (uri, "pool-autostart", "--pool", name, NULL);

  return g_strjoin ("\n", define, build, start, autostart, NULL);
}

static char *
dup_undo_command (GhStep *step)
{
  const char *uri = gh_step_get_uri (step);
  const char *uuid = gh_step_get_string (step, "uuid");
  g_autofree char *stop = gh_command_dup_virsh (uri, "pool-destroy", "--pool", uuid, NULL);
  g_autofree char *undefine = gh_command_dup_virsh (uri, "pool-undefine", "--pool", uuid, NULL);

  return g_strjoin ("\n", stop, undefine, NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The storage pool “%s” (%s)"), gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "path"));
}

typedef struct
{
  GError *error;   /* (nullable): of the last try */
  guint   n_tries;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_error (&work->error);
  g_free (work);
}

static GTask *
add_work (GTask *task)
{
  g_task_set_task_data (task, g_new0 (Work, 1), work_free);
  return task;
}

static guint
count_volumes (GhStep    *step,
               GPtrArray *volumes)
{
  guint n = 0;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);

      n += g_strcmp0 (volume->pool, gh_step_get_string (step, "name")) == 0;
    }
  return n;
}

static void
volumes_counted_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  g_autoptr (GPtrArray) volumes = gh_host_load_volumes_finish (GH_HOST (object), result, NULL);

  /* The pool is made; without a count undoing only does not look. */
  if (volumes != NULL)
    gh_step_set_int (step, "n-volumes", count_volumes (step, volumes));
  g_task_return_boolean (task, TRUE);
}

static void create_pool (GTask *task);

static gboolean
try_again_cb (gpointer user_data)
{
  create_pool (user_data);
  return G_SOURCE_REMOVE;
}

/* A folder has one pool at most: while it is one that another plan was lent, there is hope. */
static void
pools_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);
  g_autoptr (GPtrArray) pools = gh_host_load_pools_finish (GH_HOST (object), result, NULL);
  gboolean is_lent = FALSE;

  for (guint i = 0; pools != NULL && i < pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (pools, i);

      is_lent |= g_strcmp0 (pool->path, gh_step_get_string (step, "path")) == 0 &&
                 gh_pool_is_lent (pool->name);
    }
  /* It may also be gone by now, which the next try finds. */
  if (pools == NULL || (!is_lent && work->n_tries > 1) ||
      g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    g_task_return_error (task, g_steal_pointer (&work->error));
  else
    g_timeout_add_full (G_PRIORITY_DEFAULT, LENT_INTERVAL_MS, try_again_cb, g_object_ref (task),
                        g_object_unref);
}

static void
pool_created_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autofree char *uuid = gh_host_create_pool_finish (GH_HOST (object), result, &error);

  if (error != NULL && gh_step_get_boolean (step, "temporary") &&
      g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_FAILED) &&
      work->n_tries++ < MAX_LENT_TRIES)
    {
      g_clear_error (&work->error);
      work->error = error;
      gh_host_load_pools_async (GH_HOST (object), NULL, pools_loaded_cb, g_object_ref (task));
    }
  else if (error != NULL)
    g_task_return_error (task, error);
  else if (gh_step_get_boolean (step, "temporary"))
    g_task_return_boolean (task, TRUE);
  else
    gh_host_load_volumes_async (GH_HOST (object), /* refresh= */ FALSE, NULL, volumes_counted_cb,
                                g_object_ref (task));
}

static void
create_pool (GTask *task)
{
  GhStep *step = get_step (task);
  g_autofree char *xml = gh_pool_xml_new_dir (gh_step_get_string (step, "name"),
                                              gh_step_get_string (step, "uuid"),
                                              gh_step_get_string (step, "path"));

  gh_host_create_pool_async (get_host (task), xml,
                             g_task_get_cancellable (task), pool_created_cb, g_object_ref (task));
}

static void look_at_folder (GTask *task, GFile *folder);

static void
folder_looked_at_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  g_autoptr (GFile) above = g_file_get_parent (G_FILE (object));
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (object), result, &error);
  g_autoptr (GFile) folder = g_file_new_for_path (gh_step_get_string (step, "path"));
  gboolean missing = info == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  if (g_file_equal (G_FILE (object), folder))
    gh_step_set_boolean (step, "folder-made", missing);
  else if (missing)
    gh_step_set_string (step, "made-above", g_file_peek_path (G_FILE (object)));
  if (missing && above != NULL)
    look_at_folder (task, above);
  else
    gh_step_task_save (task, create_pool);
}

static void
look_at_folder (GTask *task,
                GFile *folder)
{
  g_file_query_info_async (folder, G_FILE_ATTRIBUTE_STANDARD_TYPE,
                           G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, G_PRIORITY_DEFAULT,
                           g_task_get_cancellable (task), folder_looked_at_cb,
                           g_object_ref (task));
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
  g_autoptr (GFile) folder = NULL;

  if (gh_host_is_local (host) && !gh_host_is_test (host))
    {
      folder = g_file_new_for_path (gh_step_get_string (step, "path"));
      look_at_folder (task, folder);
    }
  else
    gh_step_task_save (task, create_pool);
}

static void remove_folder_above (GTask *task, GFile *folder);

static void
folder_removed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  /* What is not empty is somebody's by now, and stays; so does what is around it. */
  if (g_file_delete_finish (G_FILE (object), result, &error))
    remove_folder_above (task, G_FILE (object));
  else
    g_task_return_boolean (task, TRUE);
}

/* A file or a link that took the folder's place is nothing of ours. */
static void
folder_found_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (object), result, &error);

  if (info != NULL && g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY)
    g_file_delete_async (G_FILE (object), G_PRIORITY_DEFAULT, NULL, folder_removed_cb,
                         g_object_ref (task));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    remove_folder_above (task, G_FILE (object));
  else
    g_task_return_boolean (task, TRUE);
}

/* Goes on up to the first folder that the step made. A folder with something in it is not
 * removed: that is what rmdir(2) is. */
static void
remove_folder_above (GTask *task,
                     GFile *folder)
{
  GhStep *step = get_step (task);
  g_autoptr (GFile) above = g_file_get_parent (folder);
  const char *made_above = gh_step_get_string (step, "made-above");
  g_autoptr (GFile) last = made_above != NULL ? g_file_new_for_path (made_above) : NULL;

  if (last == NULL || above == NULL ||
      !(g_file_equal (above, last) || g_file_has_prefix (above, last)))
    g_task_return_boolean (task, TRUE);
  else
    g_file_query_info_async (above, G_FILE_ATTRIBUTE_STANDARD_TYPE,
                             G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, G_PRIORITY_DEFAULT, NULL,
                             folder_found_cb, g_object_ref (task));
}

static void
pool_removed_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  g_autoptr (GFile) folder = g_file_new_for_path (gh_step_get_string (step, "path"));
  GError *error = NULL;

  if (gh_host_remove_pool_finish (GH_HOST (object), result, &error))
    remove_folder_above (task, folder);
  else
    g_task_return_error (task, error);
}

static gboolean
may_remove_folder (GhStep *step)
{
  return gh_step_get_boolean (step, "folder-made") || gh_step_get_boolean (step, "new");
}

static void
remove_pool (GTask *task)
{
  GhStep *step = get_step (task);

  gh_host_remove_pool_async (get_host (task), gh_step_get_string (step, "uuid"),
                             /* delete_empty= */ may_remove_folder (step),
                             NULL, pool_removed_cb, g_object_ref (task));
}

static void
volumes_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) volumes = gh_host_load_volumes_finish (GH_HOST (object), result, &error);

  if (volumes == NULL)
    g_task_return_error (task, error);
  else if (count_volumes (step, volumes) > (guint) gh_step_get_int (step, "n-volumes"))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s",
                             _("There are images in it that were not there before."));
  else
    remove_pool (task);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  if (json_object_has_member (gh_step_get_params (step), "n-volumes"))
    gh_host_load_volumes_async (host, /* refresh= */ TRUE, NULL, volumes_loaded_cb,
                                g_object_ref (task));
  else
    remove_pool (task);
}

static const char * const needs[] = { "uuid", "name", "path", NULL };

static void
gh_pool_create_step_class_init (GhPoolCreateStepClass *klass)
{
  klass->kind = "pool-create";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_pool_create_step_init (GhPoolCreateStep *self)
{
}

/**
 * gh_pool_create_step_new:
 * @uuid: a new UUID for the pool
 * @name: its name
 * @path: its folder, which is made if missing
 *
 * Returns: (transfer full): the step that makes a folder of images known to libvirt
 */
GhStep *
gh_pool_create_step_new (const char *uuid,
                         const char *name,
                         const char *path)
{
  GhStep *self = g_object_new (gh_pool_create_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL && path != NULL, self);

  gh_step_set_string (self, "uuid", uuid);
  gh_step_set_string (self, "name", name);
  gh_step_set_string (self, "path", path);
  return self;
}

GhStep *
gh_pool_lend_step_new (GhHost     *host,
                       const char *path)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strdup_printf (LENT_PREFIX "%.8s", uuid);
  GhStep *self = gh_pool_create_step_new (uuid, name, path);

  gh_step_set_boolean (self, "temporary", TRUE);
  gh_step_set_host (self, host);
  gh_step_set_weight (self, 0.1);
  return self;
}

gboolean
gh_pool_is_lent (const char *name)
{
  const char *number = NULL;

  if (name == NULL || !g_str_has_prefix (name, LENT_PREFIX))
    return FALSE;
  number = name + strlen (LENT_PREFIX);
  return strlen (number) == 8 && strspn (number, "0123456789abcdef") == 8;
}

/* pool-close */

static char *
close_dup_title (GhStep *step)
{
  return g_strdup_printf (_("Close the folder “%s” again"), gh_step_get_string (step, "path"));
}

static void
close_do_async (GhStep              *step,
                GhHost              *host,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  GhStep *opened = g_object_get_data (G_OBJECT (step), OPENED);

  gh_host_remove_pool_async (host, gh_step_get_string (step, "uuid"),
                             gh_step_get_boolean (step, "remove-folder") ||
                             (opened != NULL && may_remove_folder (opened)), NULL, pool_removed_cb,
                             gh_step_task_new (step, host, cancellable, callback, user_data));
}

static void
present_pools_loaded_cb (GObject      *object,
                         GAsyncResult *result,
                         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) pools = gh_host_load_pools_finish (GH_HOST (object), result, &error);

  if (pools == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < pools->len; i++)
    if (g_strcmp0 (((GhPoolInfo *) pools->pdata[i])->name, gh_step_get_string (step, "name")) == 0)
      {
        g_task_return_boolean (task, TRUE);
        return;
      }
  create_pool (task);
}

/* What was made through it has to be found again to be undone. The step that first made it takes
 * it away after that. */
static void
close_undo_async (GhStep              *step,
                  GhHost              *host,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  gh_host_load_pools_async (host, NULL, present_pools_loaded_cb,
                            add_work (gh_step_task_new_undo (step, host, callback, user_data)));
}

static void
gh_pool_close_step_class_init (GhPoolCloseStepClass *klass)
{
  klass->kind = "pool-close";
  klass->needs = needs;
  klass->dup_title = close_dup_title;
  klass->dup_command = dup_undo_command;
  klass->dup_left = dup_left;
  klass->do_async = close_do_async;
  klass->undo_async = close_undo_async;
}

static void
gh_pool_close_step_init (GhPoolCloseStep *self)
{
}

GhStep *
gh_pool_close_step_new (GhStep *opened)
{
  static const char * const params[] = { "uuid", "name", "path" };
  GhStep *self = g_object_new (gh_pool_close_step_get_type (), NULL);

  g_return_val_if_fail (GH_IS_STEP (opened) && gh_step_get_host (opened) != NULL, self);

  for (guint i = 0; i < G_N_ELEMENTS (params); i++)
    gh_step_set_string (self, params[i], gh_step_get_string (opened, params[i]));
  gh_step_set_boolean (self, "temporary", TRUE);
  gh_step_set_host (self, gh_step_get_host (opened));
  gh_step_set_weight (self, 0.1);
  g_object_set_data_full (G_OBJECT (self), OPENED, g_object_ref (opened), g_object_unref);
  return self;
}
