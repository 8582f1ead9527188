/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* template: parameters uuid, name, on; looked: the rest is known; was-template; n-files, and of
 * each file that was made read-only, or is made writable again, path-N and mode-N, its mode as an
 * ordinary machine's disk; autostart: its host started it by itself, and does so when it is a
 * machine again.
 *
 * All that stands in the machine's metadata too, for the day when it stops being a template.
 *
 * Undoing leaves it a template when others have been linked to it since. */

#define G_LOG_DOMAIN "gh-template-step"

#include "config.h"

#include "gh-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-command.h"
#include "gh-domain-xml.h"
#include "gh-lane.h"
#include "gh-machine-mark.h"
#include "gh-step-task.h"
#include "gh-still-needed.h"
#include "gh-virt-error.h"

/* Nobody may write any more; who could not read before cannot now. */
#define PROTECTED(mode) ((mode) & 0555)
/* A journal that names more is not one of ours. */
#define MAX_FILES 256

typedef GhStep GhTemplateStep;
typedef GhStepClass GhTemplateStepClass;

G_DEFINE_FINAL_TYPE (GhTemplateStep, gh_template_step, GH_TYPE_STEP)

/* What a worker does to files. */
typedef struct
{
  gboolean   look;     /* only find out which are ours, and their modes */
  gboolean   protect;
  GPtrArray *files;    /* (element-type GhMarkedFile) */
} FileJob;

typedef struct
{
  gboolean   on;         /* what is being made of it, undoing considered */
  char      *element;    /* (nullable): its metadata as read */
  GPtrArray *candidates; /* (element-type GhMarkedFile): its disks */
  GPtrArray *unresolved; /* (element-type GhDiskXml): volumes whose path is not known yet */
} Work;

static void
job_free (gpointer data)
{
  FileJob *job = data;

  g_ptr_array_unref (job->files);
  g_free (job);
}

static void
work_free (gpointer data)
{
  Work *work = data;

  g_free (work->element);
  g_clear_pointer (&work->candidates, g_ptr_array_unref);
  g_clear_pointer (&work->unresolved, g_ptr_array_unref);
  g_free (work);
}

static GPtrArray *
files_new (void)
{
  return g_ptr_array_new_with_free_func (gh_marked_file_free);
}

/* Files */

/* A regular file of ours, opened without following a link in its last part; -1: it is not. */
static int
open_ours (const char  *path,
           struct stat *status)
{
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

  if (fd >= 0 && (fstat (fd, status) != 0 || !S_ISREG (status->st_mode) ||
                  status->st_uid != geteuid ()))
    {
      close (fd);
      fd = -1;
    }
  return fd;
}

static gpointer
files_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  FileJob *job = data;
  g_autoptr (GPtrArray) found = files_new ();

  for (guint i = 0; i < job->files->len && *error == NULL; i++)
    {
      GhMarkedFile *file = g_ptr_array_index (job->files, i);
      g_autofree char *resolved = realpath (file->path, NULL);
      struct stat status = { 0 };
      int fd = resolved != NULL ? open_ours (resolved, &status) : -1;
      guint mode = status.st_mode & 0777;

      if (fd < 0)
        continue;
      if (job->look && (mode & 0222) != 0)
        g_ptr_array_add (found, gh_marked_file_new (resolved, mode));
      /* What somebody has given another mode since is theirs. */
      else if (!job->look && (job->protect ? mode == file->mode
                                           : mode == PROTECTED (file->mode)) &&
               fchmod (fd, job->protect ? PROTECTED (file->mode) : file->mode) != 0)
        g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "“%s”: %s", resolved,
                     g_strerror (errno));
      close (fd);
    }
  return *error == NULL ? g_steal_pointer (&found) : NULL;
}

static void
run_files (GTask               *task,
           gboolean             look,
           gboolean             protect,
           GPtrArray           *files,
           GAsyncReadyCallback  callback)
{
  FileJob *job = g_new0 (FileJob, 1);
  g_autoptr (GhLane) lane = gh_lane_new ("template");

  job->look = look;
  job->protect = protect;
  job->files = g_ptr_array_ref (files);
  gh_lane_run_async (lane, GH_LANE_USER, look ? GH_LANE_READ : GH_LANE_WRITE, "template-files",
                     files_worker, job, job_free, (GDestroyNotify) g_ptr_array_unref, NULL,
                     callback, g_object_ref (task));
}

static GPtrArray *
finish_files (GObject       *object,
              GAsyncResult  *result,
              GError       **error)
{
  GPtrArray *files = gh_lane_run_finish (GH_LANE (object), result, error);

  gh_lane_stop (GH_LANE (object), NULL);
  return files;
}

static void
set_files (GhStep    *step,
           GPtrArray *files)
{
  guint n = MIN (files->len, MAX_FILES);

  gh_step_set_int (step, "n-files", n);
  for (guint i = 0; i < n; i++)
    {
      GhMarkedFile *file = g_ptr_array_index (files, i);
      g_autofree char *path_name = g_strdup_printf ("path-%u", i + 1);
      g_autofree char *mode_name = g_strdup_printf ("mode-%u", i + 1);

      gh_step_set_string (step, path_name, file->path);
      gh_step_set_int (step, mode_name, file->mode);
    }
}

static GPtrArray *
get_files (GhStep *step)
{
  GPtrArray *files = files_new ();
  gint64 n = gh_step_get_int (step, "n-files");

  for (gint64 i = 0; i < MIN (n, MAX_FILES); i++)
    {
      g_autofree char *path_name = g_strdup_printf ("path-%d", (int) i + 1);
      g_autofree char *mode_name = g_strdup_printf ("mode-%d", (int) i + 1);
      const char *path = gh_step_get_string (step, path_name);
      gint64 mode = gh_step_get_int (step, mode_name);

      if (path != NULL && g_path_is_absolute (path) && mode > 0 && mode <= 0777)
        g_ptr_array_add (files, gh_marked_file_new (path, (guint) mode));
    }
  return files;
}

/* Doing and undoing: metadata first when it becomes a template, so that it is protected from us
 * whatever happens; last when it stops being one. */

static void
mark_removed_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_set_metadata_finish (GH_HOST (object), result, &error), &error);
}

static void
write_mark (GTask               *task,
            GAsyncReadyCallback  callback)
{
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);
  g_autoptr (GPtrArray) files = get_files (step);
  g_autofree char *element = gh_machine_mark_dup_text (
    work->element, work->on, files, gh_step_get_boolean (step, "autostart"));

  gh_host_set_metadata_async (get_host (task), gh_step_get_string (step, "uuid"), element, NULL,
                              callback, g_object_ref (task));
}

/* A host that starts a template by itself, when it boots, asks nobody. */
static void
set_autostart (GTask               *task,
               gboolean             autostart,
               GAsyncReadyCallback  callback)
{
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);

  if (gh_step_get_boolean (step, "autostart"))
    gh_host_set_autostart_async (get_host (task), gh_step_get_string (step, "uuid"), autostart,
                                 NULL, callback, g_object_ref (task));
  else if (work->on)
    g_task_return_boolean (task, TRUE);
  else
    write_mark (task, mark_removed_cb);
}

static void
autostart_off_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_set_autostart_finish (GH_HOST (object), result, &error), &error);
}

static void
autostart_on_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_set_autostart_finish (GH_HOST (object), result, &error))
    write_mark (task, mark_removed_cb);
  else
    g_task_return_error (task, error);
}

static void
protected_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) files = finish_files (object, result, &error);

  if (files == NULL)
    g_task_return_error (task, error);
  else
    set_autostart (task, FALSE, autostart_off_cb);
}

static void
marked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GPtrArray) files = get_files (get_step (task));
  GError *error = NULL;

  if (!gh_host_set_metadata_finish (GH_HOST (object), result, &error))
    g_task_return_error (task, error);
  else
    run_files (task, /* look= */ FALSE, /* protect= */ TRUE, files, protected_cb);
}

static void
unprotected_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) files = finish_files (object, result, &error);

  if (files == NULL)
    g_task_return_error (task, error);
  else
    set_autostart (task, TRUE, autostart_on_cb);
}

static void
carry_out (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  g_autoptr (GPtrArray) files = get_files (get_step (task));

  if (work->on)
    write_mark (task, marked_cb);
  else
    run_files (task, /* look= */ FALSE, /* protect= */ FALSE, files, unprotected_cb);
}

static void
save (GTask     *task,
      GPtrArray *files)
{
  GhStep *step = get_step (task);

  set_files (step, files);
  gh_step_set_boolean (step, "looked", TRUE);
  gh_step_task_save (task, carry_out);
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) files = finish_files (object, result, &error);

  if (files != NULL)
    save (task, files);
  else
    g_task_return_error (task, error);
}

static void
look_at_files (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  if (gh_host_is_local (get_host (task)))
    run_files (task, /* look= */ TRUE, FALSE, work->candidates, looked_cb);
  else
    {
      g_autoptr (GPtrArray) none = files_new ();

      save (task, none);
    }
}

static void
volumes_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) volumes = gh_host_load_volumes_finish (GH_HOST (object), result, &error);

  if (volumes == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < work->unresolved->len; i++)
    for (guint j = 0; j < volumes->len; j++)
      {
        GhDiskXml *disk = g_ptr_array_index (work->unresolved, i);
        GhVolumeInfo *volume = g_ptr_array_index (volumes, j);

        if (volume->path != NULL && g_strcmp0 (disk->source_pool, volume->pool) == 0 &&
            g_strcmp0 (disk->source_volume, volume->name) == 0)
          g_ptr_array_add (work->candidates, gh_marked_file_new (volume->path, 0));
      }
  look_at_files (task);
}

/* Its own disks, which become the base of others'. */
static void
find_disks (Work        *work,
            GhDomainXml *xml,
            GPtrArray   *disks)
{
  work->candidates = files_new ();
  work->unresolved = g_ptr_array_new ();
  for (guint i = 0; i < disks->len; i++)
    {
      GhDiskXml *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->device, "disk") != 0 || disk->readonly || disk->shareable)
        continue;
      if (disk->source != NULL && g_path_is_absolute (disk->source))
        g_ptr_array_add (work->candidates, gh_marked_file_new (disk->source, 0));
      else if (disk->source_volume != NULL)
        g_ptr_array_add (work->unresolved, disk);
    }
}

static void
make_template (GTask        *task,
               GhDefinition *definition)
{
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (definition->xml, &error);
  GPtrArray *disks = NULL;

  if (xml == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (definition->live_xml != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                               _("“%s” is running, and writes to its disks."), definition->name);
      return;
    }
  disks = gh_domain_xml_list_disks (xml);
  g_object_set_data_full (G_OBJECT (task), "disks", disks, (GDestroyNotify) g_ptr_array_unref);
  find_disks (work, xml, disks);
  if (work->unresolved->len > 0)
    gh_host_load_volumes_async (get_host (task), /* refresh= */ FALSE, NULL, volumes_loaded_cb,
                                g_object_ref (task));
  else
    look_at_files (task);
}

static void
unneeded_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_still_needed_finish (GH_HOST (object), result, &error))
    carry_out (task);
  else
    g_task_return_error (task, error);
}

/* Others may have linked to it meanwhile, who trusted that it is a template. */
static void
undo (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  if (work->on)
    carry_out (task);
  else
    gh_still_needed_async (get_host (task), gh_step_get_string (get_step (task), "uuid"), NULL,
                           NULL, unneeded_cb, g_object_ref (task));
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);
  g_autoptr (GhMachineMark) mark = NULL;

  if (definition == NULL)
    {
      gboolean gone = g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN);

      if (is_undoing (task) && gone)
        {
          g_error_free (error);
          g_task_return_boolean (task, TRUE);
        }
      else
        g_task_return_error (task, error);
      return;
    }

  mark = gh_machine_mark_new (definition->metadata);
  work->element = g_strdup (definition->metadata);
  if (is_undoing (task))
    {
      undo (task);
      return;
    }
  gh_step_set_boolean (step, "was-template", mark->is_template);
  gh_step_set_boolean (step, "autostart", work->on ? definition->autostart : mark->autostart);
  if (mark->is_template == work->on)
    g_task_return_boolean (task, TRUE);
  else if (work->on)
    make_template (task, definition);
  else
    save (task, mark->files);
}

static GTask *
add_work (GTask *task)
{
  Work *work = g_new0 (Work, 1);

  work->on = gh_step_get_boolean (get_step (task), "on") != is_undoing (task);
  g_task_set_task_data (task, work, work_free);
  return task;
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = gh_step_task_new (step, host, cancellable, callback, user_data);

  gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), cancellable,
                                 definition_loaded_cb, add_work (task));
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = add_work (gh_step_task_new_undo (step, host, callback, user_data));

  if (gh_step_get_boolean (step, "looked"))
    gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), NULL,
                                   definition_loaded_cb, g_object_ref (task));
  else /* It was so already, or it did not get that far. */
    g_task_return_boolean (task, TRUE);
}

static char *
dup_title (GhStep *step)
{
  const char *name = gh_step_get_string (step, "name");

  return gh_step_get_boolean (step, "on")
         ? g_strdup_printf (_("Make “%s” a template"), name)
         : g_strdup_printf (_("Make “%s” an ordinary machine again"), name);
}

static char *
dup_command_for (GhStep   *step,
                 gboolean  on)
{
  const char *machine = gh_step_get_machine_word (step);

  if (on)
    return gh_command_dup_virsh (gh_step_get_uri (step), "metadata", machine,
                                 GH_MACHINE_MARK_NAMESPACE, "--config", "--key",
                                 GH_MACHINE_MARK_PREFIX, "--set",
                                 "<machine><template/></machine>", NULL);
  return gh_command_dup_virsh (gh_step_get_uri (step), "metadata", machine,
                               GH_MACHINE_MARK_NAMESPACE, "--config", "--remove", NULL);
}

static char *
dup_command (GhStep *step)
{
  return dup_command_for (step, gh_step_get_boolean (step, "on"));
}

static char *
dup_undo_command (GhStep *step)
{
  return dup_command_for (step, !gh_step_get_boolean (step, "on"));
}

static char *
dup_left (GhStep *step)
{
  const char *name = gh_step_get_string (step, "name");

  return gh_step_get_boolean (step, "on")
         ? g_strdup_printf (_("The machine “%s” is a template"), name)
         : g_strdup_printf (_("The machine “%s” is no template any more"), name);
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_template_step_class_init (GhTemplateStepClass *klass)
{
  klass->kind = "template";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_template_step_init (GhTemplateStep *self)
{
}

GhStep *
gh_template_step_new (const char *uuid,
                      const char *name,
                      gboolean    on)
{
  GhStep *self = g_object_new (gh_template_step_get_type (), NULL);

  g_return_val_if_fail (uuid != NULL && name != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_boolean (self, "on", on);
  return self;
}
