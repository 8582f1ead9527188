/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* parent: the source of linked clones goes on with overlays of its own; what they lie on is made
 * read-only. Parameters uuid, name, n-disks and of each disk target-N, base-N, format-N and
 * overlay-N, and pool-N and volume-N where the base is a volume in its definition; looked: the
 * rest is known; of each disk mode-N, the mode of the base when it is a file of ours (else 0), and
 * mtime-N, when the overlay was written last, in nanoseconds.
 *
 * Undoing gives the machine its old disks, unless it runs, or has written to an overlay since: that
 * would be lost. Nor when others have been linked to them since: they would not be protected any
 * more. */

#define G_LOG_DOMAIN "gh-parent-step"

#include "config.h"

#include "gh-steps.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-command.h"
#include "gh-domain-xml.h"
#include "gh-lane.h"
#include "gh-machine-metadata.h"
#include "gh-step-task.h"
#include "gh-still-needed.h"

/* Nobody may write any more; who could not read before cannot now. */
#define PROTECTED(mode) ((mode) & 0555)
/* A journal that names more is not one of ours. */
#define MAX_DISKS 256

typedef GhStep GhParentStep;
typedef GhStepClass GhParentStepClass;

G_DEFINE_FINAL_TYPE (GhParentStep, gh_parent_step, GH_TYPE_STEP)

typedef struct
{
  char   *target;
  char   *base;
  char   *format;
  char   *overlay;
  char   *pool;      /* (nullable): the base is its volume in the definition */
  char   *volume;
  guint   mode;      /* 0: not ours to change */
  gint64  mtime_ns;  /* of the overlay; 0: it cannot be looked at */
} Disk;

typedef enum
{
  LOOK,      /* fills in modes and times */
  PROTECT,
  COMPARE,   /* fails when an overlay was written to */
  RELEASE,
} FileAction;

typedef struct
{
  FileAction  action;
  GPtrArray  *disks; /* (element-type Disk) */
} FileJob;

static void
disk_free (gpointer data)
{
  Disk *disk = data;

  g_free (disk->target);
  g_free (disk->base);
  g_free (disk->format);
  g_free (disk->overlay);
  g_free (disk->pool);
  g_free (disk->volume);
  g_free (disk);
}

static void
job_free (gpointer data)
{
  FileJob *job = data;

  g_ptr_array_unref (job->disks);
  g_free (job);
}

static GPtrArray *
get_disks (GTask *task)
{
  return g_task_get_task_data (task);
}

static char *
dup_key (const char *name,
         guint       index)
{
  return g_strdup_printf ("%s-%u", name, index + 1);
}

static char *
dup_parameter (GhStep     *step,
               const char *name,
               guint       index)
{
  g_autofree char *key = dup_key (name, index);

  return g_strdup (gh_step_get_string (step, key));
}

static gint64
get_number (GhStep     *step,
            const char *name,
            guint       index)
{
  g_autofree char *key = dup_key (name, index);

  return gh_step_get_int (step, key);
}

static GPtrArray *
list_disks (GhStep *step)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func (disk_free);
  gint64 n = CLAMP (gh_step_get_int (step, "n-disks"), 0, MAX_DISKS);

  for (guint i = 0; i < n; i++)
    {
      Disk *disk = g_new0 (Disk, 1);

      disk->target = dup_parameter (step, "target", i);
      disk->base = dup_parameter (step, "base", i);
      disk->format = dup_parameter (step, "format", i);
      disk->overlay = dup_parameter (step, "overlay", i);
      disk->pool = dup_parameter (step, "pool", i);
      disk->volume = dup_parameter (step, "volume", i);
      disk->mode = (guint) get_number (step, "mode", i) & 0777;
      disk->mtime_ns = get_number (step, "mtime", i);
      if (disk->target != NULL && disk->base != NULL && disk->format != NULL &&
          disk->overlay != NULL && g_path_is_absolute (disk->base) &&
          g_path_is_absolute (disk->overlay))
        g_ptr_array_add (disks, disk);
      else
        disk_free (disk);
    }
  return disks;
}

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (_("Give “%s” new disks on top of its present ones"),
                          gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  g_autoptr (GPtrArray) disks = list_disks (step);
  g_autoptr (GString) lines = g_string_new (NULL);
  const char *machine = gh_step_get_machine_word (step);

  for (guint i = 0; i < disks->len; i++)
    {
      const Disk *disk = g_ptr_array_index (disks, i);
      g_autofree char *path = gh_command_dup_quoted (disk->base);

      g_string_append_printf (lines, "chmod a-w -- %s\n", path);
    }
  for (guint i = 0; i < disks->len; i++)
    {
      const Disk *disk = g_ptr_array_index (disks, i);
      g_autofree char *line =
        gh_command_dup_virsh (gh_step_get_uri (step), "detach-disk", machine, disk->target,
                              "--config", NULL);
      g_autofree char *other =
        gh_command_dup_virsh (gh_step_get_uri (step), "attach-disk", machine, disk->overlay,
                              disk->target, "--config", "--subdriver", "qcow2", NULL);

      g_string_append_printf (lines, "%s\n%s%s", line, other, i + 1 < disks->len ? "\n" : "");
    }
  return g_string_free (g_steal_pointer (&lines), FALSE);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s” has new disks on top of its old ones"),
                          gh_step_get_string (step, "name"));
}

static GhCheck *
dup_undo_check (GhStep *step,
                GhHost *host)
{
  GhMachine *machine = gh_host_find_machine (host, gh_step_get_string (step, "uuid"));
  g_autofree char *title = NULL;

  if (machine == NULL || !gh_machine_is_active (machine))
    return NULL;
  title = g_strdup_printf (_("“%s” was started since, and keeps its new disks"),
                           gh_step_get_string (step, "name"));
  return gh_check_new (GH_CHECK_WARNING, "parent-started", title,
                       _("What it writes is on them. Shut it down and make it independent of its "
                         "clones, if you want them gone."));
}

/* Files */

static gint64
get_mtime (const char *path)
{
  struct stat status;

  if (stat (path, &status) != 0)
    return 0;
  return status.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status.st_mtim.tv_nsec;
}

static gpointer
files_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  FileJob *job = data;

  for (guint i = 0; i < job->disks->len && *error == NULL; i++)
    {
      Disk *disk = g_ptr_array_index (job->disks, i);
      struct stat status;
      gboolean ours = lstat (disk->base, &status) == 0 && S_ISREG (status.st_mode) &&
                      status.st_uid == geteuid ();
      guint mode = ours ? status.st_mode & 0777 : 0;

      switch (job->action)
        {
        case LOOK:
          disk->mode = mode;
          disk->mtime_ns = get_mtime (disk->overlay);
          break;
        case PROTECT:
          if (ours && chmod (disk->base, PROTECTED (mode)) != 0)
            g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "“%s”: %s", disk->base,
                         g_strerror (errno));
          break;
        case COMPARE:
          if (disk->mtime_ns != 0 && get_mtime (disk->overlay) != 0 &&
              get_mtime (disk->overlay) != disk->mtime_ns)
            g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                                 _("It was started since, and what it wrote would be lost."));
          break;
        case RELEASE:
          /* What somebody has given another mode since is theirs. */
          if (ours && disk->mode != 0 && mode == PROTECTED (disk->mode) &&
              chmod (disk->base, disk->mode) != 0)
            g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "“%s”: %s", disk->base,
                         g_strerror (errno));
          break;
        }
    }
  return NULL;
}

static void
run_files (GTask               *task,
           FileAction           action,
           GAsyncReadyCallback  callback)
{
  FileJob *job = g_new0 (FileJob, 1);
  g_autoptr (GhLane) lane = gh_lane_new ("parent-files");

  job->action = action;
  job->disks = g_ptr_array_ref (get_disks (task));
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "parent-files", files_worker, job, job_free,
                     NULL, NULL, callback, g_object_ref (task));
}

/* FALSE: @task has ended. */
static gboolean
finish_files (GObject      *object,
              GAsyncResult *result,
              GTask        *task)
{
  GError *error = NULL;

  gh_lane_run_finish (GH_LANE (object), result, &error);
  gh_lane_stop (GH_LANE (object), NULL);
  if (error == NULL)
    return TRUE;
  g_task_return_error (task, error);
  return FALSE;
}

/* The definition */

static void
released_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  if (finish_files (object, result, task))
    g_task_return_boolean (task, TRUE);
}

static void
defined_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autofree char *uuid = gh_host_define_finish (GH_HOST (object), result, &error);

  if (uuid == NULL)
    g_task_return_error (task, error);
  else if (is_undoing (task))
    run_files (task, RELEASE, released_cb);
  else
    g_task_return_boolean (task, TRUE);
}

/* Changes the disks in @xml; how many were as they were expected to be. */
static guint
change_disks (GTask       *task,
              GhDomainXml *xml)
{
  GPtrArray *disks = get_disks (task);
  gboolean undoing = is_undoing (task);
  g_autoptr (GPtrArray) present = gh_domain_xml_list_disks (xml);
  guint n = 0;

  for (guint i = 0; i < disks->len; i++)
    {
      const Disk *disk = g_ptr_array_index (disks, i);

      for (guint j = 0; j < present->len; j++)
        {
          const GhDiskXml *now = g_ptr_array_index (present, j);

          if (g_strcmp0 (now->target, disk->target) != 0)
            continue;
          if (undoing && g_strcmp0 (now->source, disk->overlay) != 0)
            continue;
          n++;
          if (undoing)
            gh_domain_xml_remove_shared (xml, disk->base);
          else
            gh_domain_xml_add_shared (xml, disk->base);
          if (undoing && disk->pool != NULL && disk->volume != NULL)
            gh_domain_xml_set_disk_volume (xml, disk->target, disk->pool, disk->volume,
                                           disk->format);
          else
            gh_domain_xml_set_disk_source (xml, disk->target,
                                           undoing ? disk->base : disk->overlay,
                                           undoing ? disk->format : "qcow2");
        }
    }
  return n;
}

static void
xml_loaded_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMachine *machine = GH_MACHINE (object);
  GError *error = NULL;
  g_autofree char *text = gh_machine_load_xml_finish (machine, result, &error);
  g_autoptr (GhDomainXml) xml = text != NULL ? gh_domain_xml_new_from_string (text, &error) : NULL;
  g_autofree char *changed = NULL;
  guint n = 0;

  if (xml == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  n = change_disks (task, xml);
  if (gh_machine_is_active (machine) && (n > 0 || !is_undoing (task)))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, _("“%s” is running."),
                               gh_machine_get_name (machine));
      return;
    }
  if (!is_undoing (task) && n != get_disks (task)->len)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                               _("The disks of “%s” have changed meanwhile."),
                               gh_machine_get_name (machine));
      return;
    }
  if (n == 0)
    {
      /* It did not get so far, or was undone before. */
      run_files (task, RELEASE, released_cb);
      return;
    }
  changed = gh_domain_xml_to_string (xml);
  gh_host_define_async (get_host (task), changed, NULL, defined_cb, g_object_ref (task));
}

static void
load_xml (GTask *task)
{
  GhStep *step = get_step (task);
  GhMachine *machine = gh_host_find_machine (get_host (task), gh_step_get_string (step, "uuid"));

  if (machine != NULL)
    gh_machine_load_xml_async (machine, GH_XML_INACTIVE | GH_XML_SECURE, NULL, xml_loaded_cb,
                               g_object_ref (task));
  else if (is_undoing (task))
    run_files (task, RELEASE, released_cb);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("The machine “%s” is gone."),
                             gh_step_get_string (step, "name"));
}

static void
files_ready_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  if (finish_files (object, result, task))
    load_xml (task);
}

static void
protect (GTask *task)
{
  /* Read-only first: from then on no machine begins to write to it. */
  run_files (task, PROTECT, files_ready_cb);
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GPtrArray *disks = get_disks (task);
  GhStep *step = get_step (task);

  if (!finish_files (object, result, task))
    return;
  for (guint i = 0; i < disks->len; i++)
    {
      const Disk *disk = g_ptr_array_index (disks, i);
      g_autofree char *mode_key = dup_key ("mode", i);
      g_autofree char *time_key = dup_key ("mtime", i);

      gh_step_set_int (step, mode_key, disk->mode);
      gh_step_set_int (step, time_key, disk->mtime_ns);
    }
  gh_step_set_boolean (step, "looked", TRUE);
  gh_step_task_save (task, protect);
}

static GTask *
add_disks (GTask *task)
{
  g_task_set_task_data (task, list_disks (get_step (task)), (GDestroyNotify) g_ptr_array_unref);
  return task;
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = add_disks (gh_step_task_new (step, host, cancellable, callback,
                                                          user_data));

  if (gh_host_is_local (host))
    run_files (task, LOOK, looked_cb);
  else
    load_xml (task);
}

static void
undo_unneeded (GTask *task)
{
  if (gh_host_is_local (get_host (task)))
    run_files (task, COMPARE, files_ready_cb);
  else
    load_xml (task);
}

static void
unneeded_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_still_needed_finish (GH_HOST (object), result, &error))
    undo_unneeded (task);
  else
    g_task_return_error (task, error);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = add_disks (gh_step_task_new_undo (step, host, callback, user_data));
  GPtrArray *disks = get_disks (task);
  g_autoptr (GStrvBuilder) bases = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) overlays = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) own = NULL;

  if (gh_host_is_local (host) && !gh_step_get_boolean (step, "looked"))
    {
      /* It did not get so far. */
      g_task_return_boolean (task, TRUE);
      return;
    }
  for (guint i = 0; i < disks->len; i++)
    {
      g_strv_builder_add (bases, ((const Disk *) g_ptr_array_index (disks, i))->base);
      g_strv_builder_add (overlays, ((const Disk *) g_ptr_array_index (disks, i))->overlay);
    }
  paths = g_strv_builder_end (bases);
  own = g_strv_builder_end (overlays);
  gh_still_needed_async (host, NULL, (const char * const *) paths, (const char * const *) own,
                         unneeded_cb, g_object_ref (task));
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_parent_step_class_init (GhParentStepClass *klass)
{
  klass->kind = "parent";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_check = dup_undo_check;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_parent_step_init (GhParentStep *self)
{
}

GhStep *
gh_parent_step_new (const char *uuid,
                    const char *name)
{
  GhStep *self = g_object_new (gh_parent_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);

  gh_step_set_machine (self, uuid, name);
  return self;
}

void
gh_parent_step_add_disk (GhStep          *self,
                         const GhDiskXml *disk,
                         const char      *base,
                         const char      *format,
                         const char      *overlay)
{
  guint n = (guint) gh_step_get_int (self, "n-disks");
  const char * const values[][2] = {
    { "target", disk->target }, { "base", base }, { "format", format }, { "overlay", overlay },
    { "pool", disk->source_pool }, { "volume", disk->source_volume },
  };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *key = dup_key (values[i][0], n);

      gh_step_set_string (self, key, values[i][1]);
    }
  gh_step_set_int (self, "n-disks", n + 1);
}
