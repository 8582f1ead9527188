/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Journals of plans, in $XDG_STATE_HOME/guesthouse/plans (0700). A plan ID has
 *
 *   ID.json  what it does and how far it got; replaced as a whole, and synced
 *   ID.lock  locked by flock() while its program lives; the kernel lets go when it dies
 *
 * so a journal whose lock is free belongs to nobody: its plan was interrupted. All
 * file work runs on a lane of the journal's own; the object itself lives on the
 * main thread. What is read back is as foreign as any file: it has to be ours, plain
 * and small, and what it does not say properly is not believed.
 */

#define G_LOG_DOMAIN "gh-journal"

#include "config.h"

#include "gh-journal-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-faults.h"
#include "gh-json.h"
#include "gh-lane.h"
#include "gh-paths.h"
#include "gh-threads.h"
#include "gh-undo-plan-private.h"

#define MAX_JOURNAL_BYTES (4 * 1024 * 1024)
#define MAX_JSON_DEPTH 16
#define MAX_JOURNALS 200

/* What the lane's thread works on. */
typedef struct
{
  gatomicrefcount ref_count;
  char           *id;
  gboolean        existing;
  int             lock_fd; /* of the lane's thread; -1: not locked */
} Files;

struct _GhJournal
{
  GObject  parent_instance;

  GhLane  *lane;  /* (owned) (nullable): NULL for one that keeps nothing */
  Files   *files; /* (owned) (nullable): likewise */
};

G_DEFINE_FINAL_TYPE (GhJournal, gh_journal, G_TYPE_OBJECT)

typedef struct
{
  Files *files;
  char  *text;  /* (nullable) */
  char  *point; /* (nullable) */
  gboolean keep;
} Job;

/* A journal that nobody holds. */
typedef struct
{
  char     *id;
  JsonNode *record; /* (nullable): NULL when it cannot be read */
  char     *problem; /* (nullable) */
  gint64    time_us;
} Found;

static Files *
files_ref (Files *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
files_unref (Files *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  g_free (self->id);
  g_free (self);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_pointer (&job->files, files_unref);
  g_free (job->text);
  g_free (job->point);
  g_free (job);
}

static void
found_free (gpointer data)
{
  Found *found = data;

  g_free (found->id);
  g_free (found->problem);
  g_clear_pointer (&found->record, json_node_unref);
  g_free (found);
}

static void
set_errno_error (GError     **error,
                 int          saved_errno,
                 const char  *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               _("The plan’s journal “%s” could not be written: %s"), path,
               g_strerror (saved_errno));
}

/* The folder, opened; made first if @create. */
static int
open_folder (gboolean   create,
             GError   **error)
{
  const char *path = gh_paths_get_journal_dir ();
  struct stat status;
  int fd = -1;

  if (create && g_mkdir_with_parents (path, 0700) != 0)
    {
      set_errno_error (error, errno, path);
      return -1;
    }
  fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    {
      set_errno_error (error, errno, path);
      return -1;
    }
  if (fstat (fd, &status) != 0 || status.st_uid != geteuid () ||
      ((status.st_mode & 077) != 0 && fchmod (fd, 0700) != 0))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   _("The folder of plan journals, “%s”, belongs to somebody else"), path);
      close (fd);
      return -1;
    }
  return fd;
}

/* The lock of journal @id: >= 0 when it is ours now, -1 when somebody has it or on an error. */
static int
take_lock (int         folder,
           const char *id,
           gboolean    create,
           GError    **error)
{
  g_autofree char *name = g_strdup_printf ("%s.lock", id);

  while (TRUE)
    {
      struct stat opened;
      struct stat named;
      int fd = openat (folder, name, O_RDWR | (create ? O_CREAT : 0) | O_NOFOLLOW | O_CLOEXEC,
                       0600);

      if (fd < 0)
        {
          set_errno_error (error, errno, name);
          return -1;
        }
      if (flock (fd, LOCK_EX | LOCK_NB) != 0)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                       _("Another Guesthouse is at work on this plan"));
          close (fd);
          return -1;
        }
      /* Whoever had it before us may have removed the file: then we hold the lock of nothing. */
      if (fstat (fd, &opened) == 0 && fstatat (folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
          opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
        return fd;
      close (fd);
      if (!create)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                       _("Another Guesthouse is at work on this plan"));
          return -1;
        }
    }
}

static gboolean
write_all (int         fd,
           const char *text)
{
  gsize left = strlen (text);

  while (left > 0)
    {
      gssize written = write (fd, text, left);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return FALSE;
      text += written;
      left -= (gsize) written;
    }
  return TRUE;
}

/* So that after a crash there is either the old journal or the new one, whole. */
static gboolean
replace_journal (int          folder,
                 const char  *id,
                 const char  *text,
                 GError     **error)
{
  g_autofree char *name = g_strdup_printf ("%s.json", id);
  g_autofree char *temporary = g_strdup_printf (".%s.tmp", id);
  int fd = openat (folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  gboolean written = FALSE;
  int saved_errno = 0;

  if (fd >= 0)
    {
      written = write_all (fd, text) && fsync (fd) == 0;
      saved_errno = errno;
      close (fd);
    }
  else
    saved_errno = errno;
  if (written && renameat (folder, temporary, folder, name) == 0 && fsync (folder) == 0)
    return TRUE;

  if (written)
    saved_errno = errno;
  unlinkat (folder, temporary, 0);
  set_errno_error (error, saved_errno, name);
  return FALSE;
}

static gboolean
journal_is_there (int         folder,
                  const char *id)
{
  g_autofree char *name = g_strdup_printf ("%s.json", id);

  return faccessat (folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Locks it if that has not been done. */
static gboolean
hold_lock (Files   *files,
           int      folder,
           GError **error)
{
  if (files->lock_fd >= 0)
    return TRUE;

  files->lock_fd = take_lock (folder, files->id, /* create= */ TRUE, error);
  if (files->lock_fd < 0)
    return FALSE;
  if (files->existing && !journal_is_there (folder, files->id))
    {
      g_autofree char *name = g_strdup_printf ("%s.lock", files->id);

      unlinkat (folder, name, 0);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _("This plan has been dealt with already, by another Guesthouse"));
      return FALSE;
    }
  return TRUE;
}

static gpointer
write_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Job *job = data;
  int folder = open_folder (/* create= */ TRUE, error);

  if (folder < 0)
    return NULL;
  if (hold_lock (job->files, folder, error) &&
      replace_journal (folder, job->files->id, job->text, error) &&
      job->point != NULL)
    gh_faults_enter (job->point, error);
  close (folder);
  return NULL;
}

static gpointer
end_worker (GhLane        *lane,
            gpointer       data,
            GCancellable  *cancellable,
            GError       **error)
{
  Job *job = data;
  Files *files = job->files;
  g_autofree char *name = g_strdup_printf ("%s.json", files->id);
  g_autofree char *lock_name = g_strdup_printf ("%s.lock", files->id);
  int folder = open_folder (/* create= */ TRUE, error);

  if (folder >= 0 && hold_lock (files, folder, error))
    {
      if (!job->keep && unlinkat (folder, name, 0) != 0 && errno != ENOENT)
        set_errno_error (error, errno, name);
      else
        unlinkat (folder, lock_name, 0);
      fsync (folder);
    }
  if (folder >= 0)
    close (folder);
  if (files->lock_fd >= 0)
    close (files->lock_fd);
  files->lock_fd = -1;
  return NULL;
}

static void
gh_journal_finalize (GObject *object)
{
  GhJournal *self = GH_JOURNAL (object);

  if (self->lane != NULL)
    gh_lane_stop (self->lane, NULL);
  g_clear_object (&self->lane);
  g_clear_pointer (&self->files, files_unref);
  G_OBJECT_CLASS (gh_journal_parent_class)->finalize (object);
}

static void
gh_journal_class_init (GhJournalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_journal_finalize;
}

static void
gh_journal_init (GhJournal *self)
{
}

GhJournal *
gh_journal_new (const char *id,
                gboolean    existing)
{
  GhJournal *self = NULL;

  g_return_val_if_fail (id == NULL || g_uuid_string_is_valid (id), NULL);

  self = g_object_new (GH_TYPE_JOURNAL, NULL);
  if (id == NULL)
    return self;
  self->lane = gh_lane_new ("journal");
  self->files = g_new0 (Files, 1);
  g_atomic_ref_count_init (&self->files->ref_count);
  self->files->id = g_strdup (id);
  self->files->existing = existing;
  self->files->lock_fd = -1;
  return self;
}

static void
worker_finished_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
run_job (GhJournal  *self,
         const char *name,
         GhLaneFunc  func,
         Job        *job,
         GTask      *task)
{
  if (self->lane == NULL)
    {
      job_free (job);
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  job->files = files_ref (self->files);
  gh_lane_run_async (self->lane, GH_LANE_USER, GH_LANE_WRITE, name, func, job, job_free, NULL,
                     NULL, worker_finished_cb, task);
}

void
gh_journal_write_async (GhJournal           *self,
                        JsonNode            *record,
                        const char          *point,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Job *job = g_new0 (Job, 1);

  g_task_set_source_tag (task, gh_journal_write_async);
  job->text = json_to_string (record, /* pretty= */ TRUE);
  job->point = g_strdup (point);
  run_job (self, "plan-journal-write", write_worker, job, task);
}

gboolean
gh_journal_write_finish (GhJournal     *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
gh_journal_end_async (GhJournal           *self,
                      gboolean             keep,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Job *job = g_new0 (Job, 1);

  g_task_set_source_tag (task, gh_journal_end_async);
  job->keep = keep;
  run_job (self, "plan-journal-end", end_worker, job, task);
}

gboolean
gh_journal_end_finish (GhJournal     *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Deep nesting would exhaust the stack of a recursive parser. */
static gboolean
nesting_is_sane (const char *text)
{
  gboolean in_string = FALSE;
  guint depth = 0;

  for (const char *p = text; *p != '\0'; p++)
    {
      if (in_string && *p == '\\' && p[1] != '\0')
        p++;
      else if (*p == '"')
        in_string = !in_string;
      else if (!in_string && (*p == '{' || *p == '['))
        depth++;
      else if (!in_string && (*p == '}' || *p == ']') && depth > 0)
        depth--;
      if (depth > MAX_JSON_DEPTH)
        return FALSE;
    }
  return TRUE;
}

static char *
read_text (int          folder,
           const char  *name,
           char       **problem)
{
  int fd = openat (folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  g_autofree char *text = NULL;
  struct stat status;
  gsize length = 0;

  if (fd < 0 || fstat (fd, &status) != 0 || !S_ISREG (status.st_mode) ||
      status.st_uid != geteuid ())
    *problem = g_strdup (_("It is not a plain file of yours."));
  else if (status.st_size > MAX_JOURNAL_BYTES)
    *problem = g_strdup (_("It is too large."));
  else
    {
      text = g_malloc ((gsize) status.st_size + 1);
      while (length < (gsize) status.st_size)
        {
          gssize n = read (fd, text + length, (gsize) status.st_size - length);

          if (n < 0 && errno == EINTR)
            continue;
          if (n <= 0)
            break;
          length += (gsize) n;
        }
      text[length] = '\0';
    }
  if (fd >= 0)
    close (fd);
  if (text == NULL)
    return NULL;
  if (strlen (text) != length || !g_utf8_validate (text, (gssize) length, NULL) ||
      !nesting_is_sane (text))
    {
      *problem = g_strdup (_("It is damaged."));
      return NULL;
    }
  return g_steal_pointer (&text);
}

static JsonNode *
parse_record (const char  *text,
              const char  *id,
              char       **problem)
{
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  JsonObject *object = NULL;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      *problem = g_strdup (_("It is damaged."));
      return NULL;
    }
  object = json_node_get_object (root);
  if (gh_json_get_int (object, "format", 0) != GH_JOURNAL_FORMAT)
    {
      *problem = g_strdup (_("It was written by another version of Guesthouse."));
      return NULL;
    }
  if (g_strcmp0 (gh_json_get_string (object, "id"), id) != 0)
    {
      *problem = g_strdup (_("It is damaged."));
      return NULL;
    }
  return g_steal_pointer (&root);
}

static JsonNode *
read_record (int         folder,
             const char *id,
             const char *word)
{
  g_autofree char *name = g_strdup_printf ("%s.json", id);
  g_autofree char *problem = NULL;
  g_autofree char *text = read_text (folder, name, &problem);

  return text != NULL && strstr (text, word) != NULL ? parse_record (text, id, &problem) : NULL;
}

/* Without their locks: a journal is replaced as a whole. */
GPtrArray *
gh_journal_find_records (const char *word)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  g_autoptr (GDir) dir = g_dir_open (gh_paths_get_journal_dir (), 0, NULL);
  int folder = dir != NULL ? open_folder (/* create= */ FALSE, NULL) : -1;
  const char *name = NULL;

  if (folder < 0)
    return records;
  while ((name = g_dir_read_name (dir)) != NULL && records->len < MAX_JOURNALS)
    {
      g_autofree char *id = g_str_has_suffix (name, ".json")
                            ? g_strndup (name, strlen (name) - strlen (".json")) : NULL;
      JsonNode *record = id != NULL && g_uuid_string_is_valid (id)
                         ? read_record (folder, id, word) : NULL;

      if (record != NULL)
        g_ptr_array_add (records, record);
    }
  close (folder);
  return records;
}

/* The journal of @id when no living program holds it. */
static Found *
look_at (int         folder,
         const char *id)
{
  g_autofree char *name = g_strdup_printf ("%s.json", id);
  g_autofree char *text = NULL;
  struct stat status = { 0 };
  Found *found = NULL;
  int lock_fd = take_lock (folder, id, /* create= */ TRUE, NULL);

  if (lock_fd < 0)
    return NULL;
  if (fstatat (folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    {
      found = g_new0 (Found, 1);
      found->id = g_strdup (id);
      found->time_us = (gint64) status.st_mtim.tv_sec * G_USEC_PER_SEC;
      text = read_text (folder, name, &found->problem);
      if (text != NULL)
        found->record = parse_record (text, id, &found->problem);
      if (found->record != NULL)
        found->time_us = gh_json_get_int (json_node_get_object (found->record), "time",
                                          found->time_us);
    }
  else
    {
      /* Killed before the first write or after the last: nothing to take back. */
      g_autofree char *temporary = g_strdup_printf (".%s.tmp", id);

      unlinkat (folder, temporary, 0);
    }
  {
    g_autofree char *lock_name = g_strdup_printf ("%s.lock", id);

    unlinkat (folder, lock_name, 0);
  }
  close (lock_fd);
  return found;
}

static int
compare_found (gconstpointer a,
               gconstpointer b)
{
  const Found *first = *(const Found * const *) a;
  const Found *second = *(const Found * const *) b;

  return first->time_us < second->time_us ? -1 : first->time_us > second->time_us;
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (found_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GDir) dir = g_dir_open (gh_paths_get_journal_dir (), 0, NULL);
  const char *name = NULL;
  int folder = -1;

  if (dir == NULL)
    return g_steal_pointer (&all);
  folder = open_folder (/* create= */ FALSE, error);
  if (folder < 0)
    return NULL;

  while ((name = g_dir_read_name (dir)) != NULL && all->len < MAX_JOURNALS)
    {
      g_autofree char *id = NULL;
      Found *found = NULL;

      if (g_str_has_suffix (name, ".json") || g_str_has_suffix (name, ".lock"))
        id = g_strndup (name, strlen (name) - strlen (".json"));
      if (id == NULL || !g_uuid_string_is_valid (id) || g_hash_table_contains (seen, id))
        continue;
      found = look_at (folder, id);
      if (found != NULL)
        g_ptr_array_add (all, found);
      g_hash_table_add (seen, g_steal_pointer (&id));
    }
  close (folder);
  g_ptr_array_sort (all, compare_found);
  return g_steal_pointer (&all);
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) all = gh_lane_run_finish (GH_LANE (object), result, &error);
  g_autoptr (GPtrArray) plans = NULL;

  gh_lane_stop (GH_LANE (object), NULL);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  plans = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < all->len; i++)
    {
      Found *found = g_ptr_array_index (all, i);

      g_ptr_array_add (plans, gh_undo_plan_new (found->id, found->record, found->problem,
                                                found->time_us));
    }
  g_task_return_pointer (task, g_steal_pointer (&plans), (GDestroyNotify) g_ptr_array_unref);
}

/**
 * gh_journal_load_interrupted_async:
 * @cancellable: (nullable): stops waiting
 * @callback: called with the plans
 * @user_data: for @callback
 *
 * Looks for plans whose program was killed. Main thread.
 */
void
gh_journal_load_interrupted_async (GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_autoptr (GhLane) lane = gh_lane_new ("journals");
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_journal_load_interrupted_async);
  gh_lane_run_async (lane, GH_LANE_DEFAULT, GH_LANE_READ, "plan-journal-load", load_worker, NULL,
                     NULL, (GDestroyNotify) g_ptr_array_unref, cancellable, loaded_cb, task);
}

/**
 * gh_journal_load_interrupted_finish:
 * @result: given to the callback
 * @error: (out): why the folder could not be read
 *
 * Returns: (transfer full) (element-type GhPlan): interrupted plans, oldest first
 */
GPtrArray *
gh_journal_load_interrupted_finish (GAsyncResult  *result,
                                    GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
