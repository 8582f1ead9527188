/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* switch-disks: parameters uuid, name, n-disks, and of each disk target-N, from-N, from-format-N,
 *   to-N and to-format-N; pool-N and volume-N, where from-N is a volume in the definition; read-N:
 *   when from-N had last been written to before it was copied; made-N: the same of to-N when the
 *   machine got it, journaled before it is defined.
 *
 * When undoing gives the machine its old disks again:
 *
 *   the machine       its old disks   its new disks     then
 *   has other disks   whatever        whatever          nothing is done
 *   has the new ones  all there       not written to    it gets the old ones
 *   has the new ones  one is gone     whatever          left: it would have nothing
 *   has the new ones  whatever        written to since  left: what was written would be lost
 *   runs              whatever        whatever          left
 *
 * Only on the local host is it known when a file was written to. */

#define G_LOG_DOMAIN "gh-switch-step"

#include "config.h"

#include "gh-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "gh-command.h"
#include "gh-domain-xml.h"
#include "gh-lane.h"
#include "gh-step-task.h"
#include "gh-storage.h"

/* A journal that names more is not one of ours. */
#define MAX_DISKS 256

typedef GhStep GhSwitchStep;
typedef GhStepClass GhSwitchStepClass;

G_DEFINE_FINAL_TYPE (GhSwitchStep, gh_switch_step, GH_TYPE_STEP)

typedef struct
{
  guint    n_disks;
  guint    index;    /* of the disk whose files are looked at */
  gboolean look_new; /* at the new one; else at the old one */
  char    *xml;      /* (nullable): the definition as read; may hold secrets */
} Work;

static void look_at_next (GTask *task);

static void
work_free (gpointer data)
{
  Work *work = data;

  if (work->xml != NULL)
    memset (work->xml, 0, strlen (work->xml));
  g_free (work->xml);
  g_free (work);
}

static Work *
get_work (GTask *task)
{
  return g_task_get_task_data (task);
}

static const char *
get_part (GhStep     *step,
          const char *name,
          guint       index)
{
  g_autofree char *key = g_strdup_printf ("%s-%u", name, index + 1);

  return gh_step_get_string (step, key);
}

static gint64
get_time (GhStep     *step,
          const char *name,
          guint       index)
{
  g_autofree char *key = g_strdup_printf ("%s-%u", name, index + 1);

  return gh_step_get_int (step, key);
}

static guint
count_disks (GhStep *step)
{
  guint n = (guint) CLAMP (gh_step_get_int (step, "n-disks"), 0, MAX_DISKS);

  for (guint i = 0; i < n; i++)
    {
      const char *from = get_part (step, "from", i);
      const char *to = get_part (step, "to", i);

      if (get_part (step, "target", i) == NULL || from == NULL || to == NULL ||
          !g_path_is_absolute (from) || !g_path_is_absolute (to) ||
          get_part (step, "from-format", i) == NULL || get_part (step, "to-format", i) == NULL)
        return i;
    }
  return n;
}

static void
return_gone (GTask *task)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("The machine “%s” is gone."),
                           gh_step_get_string (get_step (task), "name"));
}

/* The definition */

static void
defined_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autofree char *uuid = gh_host_define_finish (GH_HOST (object), result, &error);

  if (uuid != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* How many of the disks are as they are expected to be; they are changed. */
static guint
change_disks (GhStep      *step,
              GhDomainXml *xml,
              gboolean     undoing)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);
  guint n_disks = count_disks (step);
  guint n = 0;

  for (guint i = 0; i < n_disks; i++)
    for (guint j = 0; j < disks->len; j++)
      {
        const GhDiskXml *disk = g_ptr_array_index (disks, j);
        gboolean named = disk->source != NULL; /* else it is a volume of a pool */

        if (g_strcmp0 (disk->target, get_part (step, "target", i)) != 0 ||
            ((named || undoing) &&
             g_strcmp0 (disk->source, get_part (step, undoing ? "to" : "from", i)) != 0))
          continue;
        n++;
        if (undoing && get_part (step, "pool", i) != NULL && get_part (step, "volume", i) != NULL)
          {
            gh_domain_xml_set_disk_volume (xml, disk->target, get_part (step, "pool", i),
                                           get_part (step, "volume", i),
                                           get_part (step, "from-format", i));
            continue;
          }
        gh_domain_xml_set_disk_source (xml, disk->target,
                                       get_part (step, undoing ? "from" : "to", i),
                                       get_part (step, undoing ? "from-format" : "to-format", i));
      }
  return n;
}

static void
define (GTask *task)
{
  Work *work = get_work (task);
  GError *error = NULL;
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (work->xml, &error);
  g_autofree char *changed = NULL;

  if (xml == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  change_disks (get_step (task), xml, is_undoing (task));
  changed = gh_domain_xml_to_string (xml);
  gh_host_define_async (get_host (task), changed, NULL, defined_cb, g_object_ref (task));
  memset (changed, 0, strlen (changed));
}

/* Files */

/* @mtime_us: 0 where it is not known. FALSE: @task has ended. */
static gboolean
take_look (GTask    *task,
           gboolean  is_there,
           gint64    mtime_us)
{
  Work *work = get_work (task);
  GhStep *step = get_step (task);
  const char *name = gh_step_get_string (step, "name");
  gint64 read_us = get_time (step, "read", work->index);
  gint64 made_us = get_time (step, "made", work->index);
  g_autofree char *made = g_strdup_printf ("made-%u", work->index + 1);

  if (!is_there)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("“%s” is missing."),
                             get_part (step, work->look_new ? "to" : "from", work->index));
  else if (!is_undoing (task) && !work->look_new && read_us != 0 && mtime_us != 0 &&
           mtime_us != read_us)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _("“%s” was started meanwhile, and the copy of its disks is not as "
                               "they are now."), name);
  else if (is_undoing (task) && work->look_new && made_us != 0 && mtime_us != 0 &&
           mtime_us != made_us)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s",
                             _("It was started since, and what it wrote would be lost."));
  else
    {
      if (!is_undoing (task) && work->look_new)
        gh_step_set_int (step, made, mtime_us);
      return TRUE;
    }
  return FALSE;
}

static void
go_on (GTask    *task,
       gboolean  is_there,
       gint64    mtime_us)
{
  Work *work = get_work (task);

  if (!take_look (task, is_there, mtime_us))
    return;
  work->index += work->look_new ? 1 : 0;
  work->look_new = !work->look_new;
  look_at_next (task);
}

static void
file_looked_at_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (object), result, NULL);
  gint64 mtime_us = 0;

  if (info != NULL)
    mtime_us = (gint64) g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED) *
               G_USEC_PER_SEC +
               g_file_info_get_attribute_uint32 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC);
  go_on (task, info != NULL, mtime_us);
}

static void
volume_found_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
  const char *path = get_part (get_step (task), work->look_new ? "to" : "from", work->index);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);
  g_autoptr (GFile) file = NULL;

  if (error != NULL)
    g_task_return_error (task, error);
  else if (gh_host_is_local (get_host (task)) && !gh_host_is_test (get_host (task)))
    {
      file = g_file_new_for_path (path);
      g_file_query_info_async (file, G_FILE_ATTRIBUTE_TIME_MODIFIED ","
                               G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC, G_FILE_QUERY_INFO_NONE,
                               G_PRIORITY_DEFAULT, NULL, file_looked_at_cb, g_object_ref (task));
    }
  else
    go_on (task, volume != NULL, 0);
}

/* qemu-img leaves what it wrote to the system, and the old files are removed after this: the new
 * ones have to be on the disk by then, whatever happens to the power. */
static gpointer
sync_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  GPtrArray *paths = data;

  for (guint i = 0; i < paths->len && *error == NULL; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

      /* What the host's own account holds is its own to write. */
      if (fd < 0)
        continue;
      if (fsync (fd) != 0 && errno != EINVAL)
        g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "“%s”: %s", path,
                     g_strerror (errno));
      close (fd);
    }
  return NULL;
}

static void
synced_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_lane_run_finish (GH_LANE (object), result, &error);
  gh_lane_stop (GH_LANE (object), NULL);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    gh_step_task_save (task, define);
}

/* The new files, and the folders they are in. */
static void
sync_files (GTask *task)
{
  g_autoptr (GhLane) lane = gh_lane_new ("switch-disks");
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < get_work (task)->n_disks; i++)
    {
      const char *path = get_part (get_step (task), "to", i);

      g_ptr_array_add (paths, g_strdup (path));
      g_ptr_array_add (paths, g_path_get_dirname (path));
    }
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "file-sync", sync_worker, paths,
                     (GDestroyNotify) g_ptr_array_unref, NULL, NULL, synced_cb,
                     g_object_ref (task));
}

static void
look_at_next (GTask *task)
{
  Work *work = get_work (task);
  GhStep *step = get_step (task);

  if (work->index < work->n_disks)
    gh_host_find_volume_async (get_host (task),
                               get_part (step, work->look_new ? "to" : "from", work->index), NULL,
                               volume_found_cb, g_object_ref (task));
  else if (is_undoing (task))
    define (task);
  else if (gh_host_is_local (get_host (task)) && !gh_host_is_test (get_host (task)))
    sync_files (task);
  else
    gh_step_task_save (task, define);
}

static void
xml_loaded_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
  GhMachine *machine = GH_MACHINE (object);
  const char *name = gh_machine_get_name (machine);
  g_autoptr (GhDomainXml) xml = NULL;
  GError *error = NULL;
  guint n = 0;

  work->xml = gh_machine_load_xml_finish (machine, result, &error);
  xml = work->xml != NULL ? gh_domain_xml_new_from_string (work->xml, &error) : NULL;
  if (xml == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  n = change_disks (get_step (task), xml, is_undoing (task));
  if (is_undoing (task) && n == 0)
    g_task_return_boolean (task, TRUE); /* It did not get so far, or was undone before. */
  else if (gh_machine_is_active (machine))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, _("“%s” is running."), name);
  else if (n != work->n_disks || n == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("The disks of “%s” have changed meanwhile."), name);
  else
    look_at_next (task);
}

/* Takes @task. */
static void
load_xml (GTask *task)
{
  GhStep *step = get_step (task);
  GhMachine *machine = gh_host_find_machine (get_host (task), gh_step_get_string (step, "uuid"));
  Work *work = g_new0 (Work, 1);

  work->n_disks = count_disks (step);
  g_task_set_task_data (task, work, work_free);
  if (machine != NULL)
    gh_machine_load_xml_async (machine, GH_XML_INACTIVE | GH_XML_SECURE, NULL, xml_loaded_cb,
                               g_object_ref (task));
  else if (is_undoing (task))
    g_task_return_boolean (task, TRUE);
  else
    return_gone (task);
  g_object_unref (task);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  load_xml (gh_step_task_new (step, host, cancellable, callback, user_data));
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  load_xml (gh_step_task_new_undo (step, host, callback, user_data));
}

/* Words */

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (ngettext ("Give “%s” its new disk", "Give “%s” its new disks",
                                    (gulong) gh_step_get_int (step, "n-disks")),
                          gh_step_get_string (step, "name"));
}

/* virsh cannot change a disk's file without forgetting what else is said of the disk. */
static char *
dup_line (GhStep   *step,
          gboolean  undoing)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  const char *uri = gh_step_get_uri (step);
  g_autofree char *host = gh_command_dup_quoted (uri != NULL ? uri : "");
  g_autofree char *machine = gh_command_dup_quoted (gh_step_get_string (step, "uuid"));
  guint n = count_disks (step);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *target = g_strdup_printf ("target=%s", get_part (step, "target", i));
      g_autofree char *disk = g_strdup_printf (
        "path=%s,driver.type=%s", get_part (step, undoing ? "from" : "to", i),
        get_part (step, undoing ? "from-format" : "to-format", i));
      g_autofree char *target_word = gh_command_dup_quoted (target);
      g_autofree char *disk_word = gh_command_dup_quoted (disk);

      g_string_append_printf (lines, "%svirt-xml -c %s %s --edit %s --define --disk %s",
                              i > 0 ? "\n" : "", host, machine, target_word, disk_word);
    }
  return g_string_free (g_steal_pointer (&lines), FALSE);
}

static char *
dup_command (GhStep *step)
{
  return dup_line (step, /* undoing= */ FALSE);
}

static char *
dup_undo_command (GhStep *step)
{
  return dup_line (step, /* undoing= */ TRUE);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s” has new disks"), gh_step_get_string (step, "name"));
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_switch_step_class_init (GhSwitchStepClass *klass)
{
  klass->kind = "switch-disks";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_switch_step_init (GhSwitchStep *self)
{
}

GhStep *
gh_switch_step_new (const char *uuid,
                    const char *name)
{
  GhStep *self = g_object_new (gh_switch_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);

  gh_step_set_machine (self, uuid, name);
  return self;
}

void
gh_switch_step_add_disk (GhStep          *self,
                         const GhDiskXml *disk,
                         const char      *from,
                         const char      *from_format,
                         const char      *to,
                         const char      *to_format,
                         gint64           read_us)
{
  guint n = (guint) gh_step_get_int (self, "n-disks");
  g_autofree char *read = g_strdup_printf ("read-%u", n + 1);
  const char * const values[][2] = {
    { "target", disk->target }, { "from", from }, { "from-format", from_format }, { "to", to },
    { "to-format", to_format }, { "pool", disk->source_pool }, { "volume", disk->source_volume },
  };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *key = g_strdup_printf ("%s-%u", values[i][0], n + 1);

      gh_step_set_string (self, key, values[i][1]);
    }
  gh_step_set_int (self, read, read_us);
  gh_step_set_int (self, "n-disks", n + 1);
}
