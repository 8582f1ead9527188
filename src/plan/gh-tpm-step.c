/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* tpm-copy: a clone's TPM gets what is in the original's. Parameters source and path, the folders
 * of their state; absent: there was no folder at the path, journaled before it is made.
 *
 * The folder is named by the clone's new UUID. Undoing removes the files in it that have the names
 * of those in the source, and the folders when they are empty then. Secrets stay in the files:
 * the journal has paths only. */

#define G_LOG_DOMAIN "gh-tpm-step"

#include "config.h"

#include "gh-steps.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-command.h"
#include "gh-faults.h"
#include "gh-lane.h"
#include "gh-step-task.h"

/* A TPM's state is some ten KiB in one or two files, in a folder for its version. */
#define MAX_FILE_BYTES (4 * 1024 * 1024)
#define MAX_FILES 32
#define MAX_DEPTH 2

typedef GhStep GhTpmCopyStep;
typedef GhStepClass GhTpmCopyStepClass;

G_DEFINE_FINAL_TYPE (GhTpmCopyStep, gh_tpm_copy_step, GH_TYPE_STEP)

typedef enum
{
  LOOK,   /* fails when something is there */
  COPY,
  REMOVE,
} Action;

typedef struct
{
  Action  action;
  char   *source;
  char   *path;
  guint   n_files;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->source);
  g_free (job->path);
  g_free (job);
}

static void
set_errno (GError     **error,
           const char  *path)
{
  int number = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "“%s”: %s", path,
               g_strerror (number));
}

/* As the original's, whose owner is not always us. */
static gboolean
take_over (int                fd,
           const struct stat *status,
           const char        *path,
           GError           **error)
{
  if (status->st_uid != geteuid () && fchown (fd, status->st_uid, status->st_gid) != 0)
    {
      set_errno (error, path);
      return FALSE;
    }
  return TRUE;
}

static gboolean
write_all (int          fd,
           const char  *bytes,
           gsize        length,
           const char  *path,
           GError     **error)
{
  while (length > 0)
    {
      gssize n = write (fd, bytes, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          set_errno (error, path);
          return FALSE;
        }
      bytes += n;
      length -= (gsize) n;
    }
  return TRUE;
}

static gboolean
copy_file (const char         *source,
           const char         *path,
           const struct stat  *status,
           GError            **error)
{
  g_autofree char *bytes = NULL;
  gsize length = 0;
  gboolean ok = FALSE;
  int fd = -1;

  if (status->st_size > MAX_FILE_BYTES)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _("“%s” is not the state of a TPM."),
                   source);
      return FALSE;
    }
  if (!g_file_get_contents (source, &bytes, &length, error))
    return FALSE;
  fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    set_errno (error, path);
  else
    {
      ok = gh_faults_enter ("tpm-write", error) &&
           write_all (fd, bytes, length, path, error) && take_over (fd, status, path, error);
      if (ok && fsync (fd) != 0)
        {
          set_errno (error, path);
          ok = FALSE;
        }
      close (fd);
    }
  /* They are keys. */
  explicit_bzero (bytes, length);
  return ok;
}

static gboolean copy_folder (Job *job, const char *source, const char *path, guint depth,
                             GError **error);

static gboolean
copy_entry (Job         *job,
            const char  *source,
            const char  *path,
            guint        depth,
            GError     **error)
{
  struct stat status;

  if (lstat (source, &status) != 0)
    {
      set_errno (error, source);
      return FALSE;
    }
  if (S_ISDIR (status.st_mode) && depth < MAX_DEPTH)
    return copy_folder (job, source, path, depth + 1, error);
  if (!S_ISREG (status.st_mode) || ++job->n_files > MAX_FILES)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _("“%s” is not the state of a TPM."),
                   source);
      return FALSE;
    }
  return copy_file (source, path, &status, error);
}

static gboolean
copy_folder (Job         *job,
             const char  *source,
             const char  *path,
             guint        depth,
             GError     **error)
{
  g_autoptr (GDir) dir = g_dir_open (source, 0, error);
  const char *name = NULL;
  struct stat status;
  int fd = -1;

  if (dir == NULL)
    return FALSE;
  if (lstat (source, &status) != 0 || mkdir (path, 0700) != 0 ||
      (fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
    {
      set_errno (error, path);
      return FALSE;
    }
  if (fchmod (fd, status.st_mode & 0777) != 0)
    set_errno (error, path);
  else
    take_over (fd, &status, path, error);
  close (fd);
  while (*error == NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *from = g_build_filename (source, name, NULL);
      g_autofree char *to = g_build_filename (path, name, NULL);

      /* A lock is of the process that holds it. */
      if (!g_str_has_suffix (name, ".lock"))
        copy_entry (job, from, to, depth, error);
    }
  return *error == NULL;
}

static void
remove_folder (const char *source,
               const char *path,
               guint       depth)
{
  g_autoptr (GDir) dir = g_dir_open (source, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *from = g_build_filename (source, name, NULL);
      g_autofree char *to = g_build_filename (path, name, NULL);
      struct stat status;

      if (lstat (to, &status) != 0)
        continue;
      if (S_ISDIR (status.st_mode) && depth < MAX_DEPTH)
        remove_folder (from, to, depth + 1);
      else if (S_ISREG (status.st_mode))
        unlink (to);
    }
  rmdir (path);
}

static gpointer
files_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Job *job = data;
  struct stat status;

  switch (job->action)
    {
    case LOOK:
      if (lstat (job->path, &status) == 0)
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                     _("There is a file “%s” already, which is not overwritten."), job->path);
      break;
    case COPY:
      copy_folder (job, job->source, job->path, 0, error);
      break;
    case REMOVE:
      remove_folder (job->source, job->path, 0);
      if (lstat (job->path, &status) == 0)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_EMPTY,
                             _("Something else has been put there."));
      break;
    }
  return NULL;
}

static void
run_files (GTask               *task,
           Action               action,
           GAsyncReadyCallback  callback)
{
  GhStep *step = get_step (task);
  Job *job = g_new0 (Job, 1);
  g_autoptr (GhLane) lane = gh_lane_new ("tpm-files");

  job->action = action;
  job->source = g_strdup (gh_step_get_string (step, "source"));
  job->path = g_strdup (gh_step_get_string (step, "path"));
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "tpm-files", files_worker, job, job_free,
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

static void
files_done_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  if (finish_files (object, result, task))
    g_task_return_boolean (task, TRUE);
}

static void
copy (GTask *task)
{
  run_files (task, COPY, files_done_cb);
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);

  if (!finish_files (object, result, task))
    return;
  gh_step_set_boolean (step, "absent", TRUE);
  gh_step_task_save (task, copy);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);

  run_files (task, LOOK, looked_cb);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "absent"))
    run_files (task, REMOVE, files_done_cb);
  else
    g_task_return_boolean (task, TRUE);
}

static char *
dup_title (GhStep *step)
{
  return g_strdup (_("Copy the secrets in the TPM"));
}

static char *
dup_command (GhStep *step)
{
  g_autofree char *source = gh_command_dup_quoted (gh_step_get_string (step, "source"));
  g_autofree char *path = gh_command_dup_quoted (gh_step_get_string (step, "path"));

  return g_strdup_printf ("cp -a -- %s %s", source, path);
}

static char *
dup_undo_command (GhStep *step)
{
  g_autofree char *path = gh_command_dup_quoted (gh_step_get_string (step, "path"));

  return g_strdup_printf ("rm -r -- %s", path);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The folder “%s”"), gh_step_get_string (step, "path"));
}

static const char * const needs[] = { "source", "path", NULL };

static void
gh_tpm_copy_step_class_init (GhTpmCopyStepClass *klass)
{
  klass->kind = "tpm-copy";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_tpm_copy_step_init (GhTpmCopyStep *self)
{
}

GhStep *
gh_tpm_copy_step_new (const char *source,
                      const char *path)
{
  GhStep *self = g_object_new (gh_tpm_copy_step_get_type (), NULL);

  g_return_val_if_fail (source != NULL && path != NULL, self);

  gh_step_set_string (self, "source", source);
  gh_step_set_string (self, "path", path);
  return self;
}
