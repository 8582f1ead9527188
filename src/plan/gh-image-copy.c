/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Copying images that this process may read. Bytes are copied on lanes of their own; other
 * formats, chains and states inside an image are left to qemu-img, as a child.
 *
 * While a source is copied it is locked as QEMU locks images (byte ranges, by open file): a
 * machine cannot begin to write to it, and one that does already is noticed. */

#define G_LOG_DOMAIN "gh-image-copy"

#include "config.h"

#include "gh-image-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-lane.h"
#include "gh-threads.h"

/* What is copied between two looks at the cancellable. */
#define PIECE (8 * 1024 * 1024)

/* What qemu-img may use. */
#define QEMU_IMG_MEMORY (G_GUINT64_CONSTANT (4) * 1024 * 1024 * 1024)

/* QEMU's locks (block/file-posix.c): bytes that say what an image is used for, and bytes that say
 * what others must not use it for. */
#define LOCK_USED 100
#define LOCK_NOT_SHARED 200
#define PERMISSION_READ 0
#define PERMISSION_WRITE 1
#define PERMISSION_RESIZE 3

typedef struct
{
  char           *path;      /* (nullable) */
  GhNewFile       file;
  gboolean        has_file;
  gboolean        owns_fd;   /* closed with the request, at the latest */
  gboolean        remove;
  gboolean        in_use;
  GhCopyProgress *progress;  /* (nullable) */
} Request;

static Request *
request_new (const char      *path,
             const GhNewFile *file)
{
  Request *self = g_new0 (Request, 1);

  self->path = g_strdup (path);
  self->has_file = file != NULL;
  if (file != NULL)
    self->file = *file;
  return self;
}

static void
request_free (gpointer data)
{
  Request *self = data;

  if (self->owns_fd)
    close (self->file.fd);
  g_free (self->path);
  g_clear_pointer (&self->progress, gh_copy_progress_unref);
  g_free (self);
}

static void
set_errno (GError     **error,
           int          number,
           const char  *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "“%s”: %s", path,
               g_strerror (number));
}

/* Ends @task with what its lane did; the lane is its own. */
static void
lane_done_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GDestroyNotify result_free = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, value, result_free);
}

static void
run (const char          *name,
     GhLaneFunc           func,
     Request             *request,
     GDestroyNotify       result_free,
     gpointer             tag,
     GCancellable        *cancellable,
     GAsyncReadyCallback  callback,
     gpointer             user_data)
{
  g_autoptr (GhLane) lane = gh_lane_new (name);
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_assert (GH_IS_MAIN_THREAD ());

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, result_free, NULL);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, name, func, request, request_free,
                     result_free, cancellable, lane_done_cb, task);
}

/* New files */

void
gh_new_file_free (GhNewFile *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

static void
free_new_file (gpointer file)
{
  gh_new_file_free (file);
}

static gint64
get_birth (int         folder,
           const char *path,
           int         flags)
{
  struct statx status;

  if (statx (folder, path, flags, STATX_BTIME, &status) != 0 ||
      (status.stx_mask & STATX_BTIME) == 0)
    return 0;
  return status.stx_btime.tv_sec * G_GINT64_CONSTANT (1000000000) + status.stx_btime.tv_nsec;
}

static gboolean
fill_identity (GhNewFile *file)
{
  struct stat status;

  if (fstat (file->fd, &status) != 0)
    return FALSE;
  file->device = status.st_dev;
  file->inode = status.st_ino;
  file->birth_ns = get_birth (file->fd, "", AT_EMPTY_PATH);
  return TRUE;
}

static void
set_exists (GError     **error,
            const char  *path)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               _("There is a file “%s” already, which is not overwritten."), path);
}

static gpointer
create_unnamed_worker (GhLane        *lane,
                       gpointer       data,
                       GCancellable  *cancellable,
                       GError       **error)
{
  const Request *request = data;
  g_autofree char *folder = g_path_get_dirname (request->path);
  g_autoptr (GhNewFile) file = g_new0 (GhNewFile, 1);

  file->is_unnamed = TRUE;
  file->fd = open (folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  if (file->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT ||
                       errno == EINVAL))
    return NULL;
  if (file->fd < 0 || !fill_identity (file))
    {
      set_errno (error, errno, request->path);
      return NULL;
    }
  return g_steal_pointer (&file);
}

static gpointer
name_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const Request *request = data;
  g_autofree char *name = g_strdup_printf ("/proc/self/fd/%d", request->file.fd);

  if (linkat (AT_FDCWD, name, AT_FDCWD, request->path, AT_SYMLINK_FOLLOW) == 0)
    return NULL;
  if (errno == EEXIST)
    set_exists (error, request->path);
  else
    set_errno (error, errno, request->path);
  return NULL;
}

static gpointer
create_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  const Request *request = data;
  g_autoptr (GhNewFile) file = g_new0 (GhNewFile, 1);

  file->fd = open (request->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file->fd < 0 && errno == EEXIST)
    {
      set_exists (error, request->path);
      return NULL;
    }
  if (file->fd < 0 || !fill_identity (file))
    {
      set_errno (error, errno, request->path);
      return NULL;
    }
  return g_steal_pointer (&file);
}

/**
 * gh_new_file_create_async:
 * @path: where it is to be
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called when it is there
 * @user_data: for @callback
 *
 * Makes an empty file that nobody else has made. Main thread.
 */
void
gh_new_file_create_async (const char          *path,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  run ("file-create", create_worker, request_new (path, NULL), free_new_file,
       gh_new_file_create_async, cancellable, callback, user_data);
}

GhNewFile *
gh_new_file_create_finish (GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gh_new_file_create_unnamed_async (const char          *path,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  run ("file-create", create_unnamed_worker, request_new (path, NULL), free_new_file,
       gh_new_file_create_async, cancellable, callback, user_data);
}

void
gh_new_file_name_async (GhNewFile           *self,
                        const char          *path,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  run ("file-name", name_worker, request_new (path, self), NULL, gh_new_file_name_async, NULL,
       callback, user_data);
}

gboolean
gh_new_file_name_finish (GAsyncResult  *result,
                         GError       **error)
{
  return gh_image_copy_bytes_finish (result, error);
}

static GhFileIdentity
identify (const Request *request)
{
  struct stat status;

  if (lstat (request->path, &status) != 0)
    return errno == ENOENT || errno == ENOTDIR ? GH_FILE_IS_ABSENT : GH_FILE_IS_OTHER;
  if (!S_ISREG (status.st_mode))
    return GH_FILE_IS_OTHER;
  if (!request->has_file)
    return status.st_size == 0 ? GH_FILE_IS_EMPTY : GH_FILE_IS_OTHER;
  if (status.st_dev == request->file.device && status.st_ino == request->file.inode &&
      get_birth (AT_FDCWD, request->path, AT_SYMLINK_NOFOLLOW) == request->file.birth_ns)
    return GH_FILE_IS_OURS;
  return GH_FILE_IS_OTHER;
}

static gpointer
look_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const Request *request = data;
  GhFileIdentity identity = identify (request);

  if (request->remove && (identity == GH_FILE_IS_OURS || identity == GH_FILE_IS_EMPTY) &&
      unlink (request->path) != 0)
    set_errno (error, errno, request->path);
  return GINT_TO_POINTER (identity);
}

void
gh_new_file_look_async (const char          *path,
                        const GhNewFile     *made,
                        gboolean             remove,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  Request *request = request_new (path, made);

  request->remove = remove;
  run ("file-look", look_worker, request, NULL, gh_new_file_look_async, NULL, callback, user_data);
}

GhFileIdentity
gh_new_file_look_finish (GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), GH_FILE_IS_OTHER);

  return GPOINTER_TO_INT (g_task_propagate_pointer (G_TASK (result), error));
}

/* Progress */

GhCopyProgress *
gh_copy_progress_new (void)
{
  GhCopyProgress *self = g_new0 (GhCopyProgress, 1);

  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

GhCopyProgress *
gh_copy_progress_ref (GhCopyProgress *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gh_copy_progress_unref (GhCopyProgress *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

double
gh_copy_progress_get (GhCopyProgress *self)
{
  return (double) g_atomic_int_get (&self->per_mille) / 1000.0;
}

static void
set_progress (GhCopyProgress *self,
              guint64         done,
              guint64         total)
{
  if (self != NULL && total > 0)
    g_atomic_int_set (&self->per_mille, (guint) ((double) done / (double) total * 1000.0));
}

/* Bytes */

static gboolean
has_lock (int   fd,
          off_t byte)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

  return fcntl (fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void
take_lock (int   fd,
           off_t byte)
{
  struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

  /* Where locks do not work QEMU goes on without as well. */
  if (fcntl (fd, F_OFD_SETLK, &lock) != 0)
    g_debug ("Could not lock: %s", g_strerror (errno));
}

/* Says to QEMU that the image is read and must not be written. Lasts until @fd is closed. */
static gboolean
lock_source (int          fd,
             const char  *path,
             GError     **error)
{
  take_lock (fd, LOCK_USED + PERMISSION_READ);
  take_lock (fd, LOCK_NOT_SHARED + PERMISSION_WRITE);
  take_lock (fd, LOCK_NOT_SHARED + PERMISSION_RESIZE);
  if (!has_lock (fd, LOCK_USED + PERMISSION_WRITE))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
               _("“%s” is being written to, so a copy of it would be damaged."), path);
  return FALSE;
}

/* One piece by reading and writing, where the kernel does not copy between the two files. */
static gssize
copy_by_hand (int    from,
              int    to,
              off_t  offset,
              gsize  length,
              char  *buffer)
{
  gssize n = pread (from, buffer, length, offset);
  gssize written = 0;

  while (n > 0 && written < n)
    {
      gssize m = pwrite (to, buffer + written, (gsize) (n - written), offset + written);

      if (m < 0 && errno == EINTR)
        continue;
      if (m < 0)
        return -1;
      written += m;
    }
  return n;
}

static gboolean
copies_by_kernel (int number)
{
  return number != EXDEV && number != EINVAL && number != ENOSYS && number != EOPNOTSUPP &&
         number != EPERM && number != EBADF;
}

typedef struct
{
  int      from;
  int      to;
  guint64  total;    /* bytes of data */
  guint64  done;
  char    *buffer;   /* (nullable): copying by hand */
} Copy;

/* TRUE: the data from @offset to @end is copied. */
static gboolean
copy_range (Copy          *self,
            const Request *request,
            off_t          offset,
            off_t          end,
            GCancellable  *cancellable,
            GError       **error)
{
  while (offset < end)
    {
      gsize length = (gsize) MIN (end - offset, (off_t) PIECE);
      loff_t from = offset;
      loff_t to = offset;
      gssize n = 0;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (self->buffer == NULL)
        n = copy_file_range (self->from, &from, self->to, &to, length, 0);
      if (self->buffer == NULL && (n == 0 || (n < 0 && !copies_by_kernel (errno))))
        self->buffer = g_malloc (PIECE);
      if (self->buffer != NULL)
        n = copy_by_hand (self->from, self->to, offset, length, self->buffer);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          set_errno (error, errno, request->path);
          return FALSE;
        }
      if (n == 0)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
                       _("“%s” became shorter while it was copied."), request->path);
          return FALSE;
        }
      offset += n;
      self->done += (guint64) n;
      set_progress (request->progress, self->done, self->total);
    }
  return TRUE;
}

/* All that is not a hole. */
static gboolean
copy_data (Copy          *self,
           const Request *request,
           off_t          size,
           GCancellable  *cancellable,
           GError       **error)
{
  off_t offset = 0;

  while (offset < size)
    {
      off_t data = lseek (self->from, offset, SEEK_DATA);
      off_t hole = size;

      if (data < 0 && errno == ENXIO)
        return TRUE;
      if (data < 0)
        data = offset; /* not a file system that knows holes */
      else
        hole = lseek (self->from, data, SEEK_HOLE);
      if (hole <= data)
        hole = size;
      if (!copy_range (self, request, data, MIN (hole, size), cancellable, error))
        return FALSE;
      offset = hole;
    }
  return TRUE;
}

static off_t
get_size (int                fd,
          const struct stat *status)
{
  guint64 size = 0;

  if (S_ISBLK (status->st_mode))
    return ioctl (fd, BLKGETSIZE64, &size) == 0 ? (off_t) size : -1;
  return status->st_size;
}

static gpointer
copy_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Request *request = data;
  Copy copy = { .from = -1, .to = request->file.fd };
  struct stat before;
  struct stat after;
  off_t size = 0;
  gboolean copied = FALSE;

  copy.from = open (request->path, O_RDONLY | O_CLOEXEC);
  if (copy.from < 0 || fstat (copy.from, &before) != 0 ||
      (size = get_size (copy.from, &before)) < 0)
    set_errno (error, errno, request->path);
  else if (request->in_use || lock_source (copy.from, request->path, error))
    {
      copied = S_ISREG (before.st_mode) && ioctl (copy.to, FICLONE, copy.from) == 0;
      copy.total = S_ISREG (before.st_mode)
                   ? MIN ((guint64) before.st_blocks * 512, (guint64) size) : (guint64) size;
      if (!copied)
        {
          /* Neighbouring pieces are read ahead; twice the usual is what disks like. */
          posix_fadvise (copy.from, 0, 0, POSIX_FADV_SEQUENTIAL);
          copied = copy_data (&copy, request, size, cancellable, error);
          if (copied && ftruncate (copy.to, size) != 0)
            {
              set_errno (error, errno, request->path);
              copied = FALSE;
            }
        }
      if (copied && !request->in_use && fstat (copy.from, &after) == 0 &&
          S_ISREG (after.st_mode) &&
          (after.st_size != before.st_size || after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
           after.st_mtim.tv_nsec != before.st_mtim.tv_nsec))
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                     _("“%s” was changed while it was copied."), request->path);
    }
  if (copy.from >= 0)
    close (copy.from);
  request->owns_fd = FALSE;
  /* Some file systems say only now that there was no room. */
  if (close (copy.to) != 0 && *error == NULL)
    set_errno (error, errno, request->path);
  g_free (copy.buffer);
  return NULL;
}

/**
 * gh_image_copy_bytes_async:
 * @source: a file or block device
 * @in_use: whether it may be written to meanwhile
 * @file: (transfer full): what was made for it
 * @progress: how far it is
 * @cancellable: (nullable): stops it
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Main thread.
 */
void
gh_image_copy_bytes_async (const char          *source,
                           gboolean             in_use,
                           GhNewFile           *file,
                           GhCopyProgress      *progress,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  Request *request = request_new (source, file);

  request->owns_fd = TRUE;
  request->in_use = in_use;
  file->fd = -1;
  gh_new_file_free (file);
  request->progress = gh_copy_progress_ref (progress);
  run ("file-copy", copy_worker, request, NULL, gh_image_copy_bytes_async, cancellable, callback,
       user_data);
}

gboolean
gh_image_copy_bytes_finish (GAsyncResult  *result,
                            GError       **error)
{
  GError *local_error = NULL;

  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  g_task_propagate_pointer (G_TASK (result), &local_error);
  if (local_error == NULL)
    return TRUE;
  g_propagate_error (error, local_error);
  return FALSE;
}

/* qemu-img */

GStrv
gh_image_dup_convert_command (const char *source,
                              const char *source_format,
                              const char *path,
                              const char *format,
                              const char *snapshot,
                              const char *backing,
                              const char *backing_format)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add_many (builder, "qemu-img", "convert", "-p", "-W", "-m", "8",
                           "-f", source_format, "-O", format, NULL);
  if (snapshot != NULL)
    {
      /* Options are separated by commas; one that belongs to a value is doubled. */
      g_auto (GStrv) parts = g_strsplit (snapshot, ",", -1);
      g_autofree char *value = g_strjoinv (",,", parts);
      g_autofree char *option = g_strconcat ("snapshot.name=", value, NULL);

      g_strv_builder_add_many (builder, "-l", option, NULL);
    }
  if (backing != NULL)
    g_strv_builder_add_many (builder, "-B", backing, "-F", backing_format, NULL);
  g_strv_builder_add_many (builder, source, path, NULL);
  return g_strv_builder_end (builder);
}

typedef struct
{
  GSubprocess      *process;
  GhCopyProgress   *progress;
  GCancellable     *cancellable;  /* (nullable) */
  gulong            cancelled_id;
  GString          *complaint;
  char              buffer[512];
} Conversion;

static void
conversion_free (gpointer data)
{
  Conversion *self = data;

  g_clear_object (&self->process);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->progress, gh_copy_progress_unref);
  g_string_free (self->complaint, TRUE);
  g_free (self);
}

/* In the child, between fork and exec. */
static void
limit_child (gpointer user_data)
{
  const struct rlimit memory = { QEMU_IMG_MEMORY, QEMU_IMG_MEMORY };
  const struct rlimit none = { 0, 0 };

  setrlimit (RLIMIT_AS, &memory);
  setrlimit (RLIMIT_CORE, &none);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* In whichever thread cancels. */
static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  g_subprocess_force_exit (user_data);
}

static void
converted_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Conversion *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *complaint = g_utf8_make_valid (self->complaint->str, -1);

  g_cancellable_disconnect (self->cancellable, self->cancelled_id);
  if (!g_subprocess_wait_finish (G_SUBPROCESS (object), result, &error) ||
      g_cancellable_set_error_if_cancelled (self->cancellable, &error))
    g_task_return_error (task, error);
  else if (g_subprocess_get_if_exited (self->process) &&
           g_subprocess_get_exit_status (self->process) == 0)
    g_task_return_pointer (task, NULL, NULL);
  else if (*g_strchomp (complaint) != '\0')
    g_task_return_new_error (task, G_IO_ERROR, strstr (complaint, "No space left") != NULL
                             ? G_IO_ERROR_NO_SPACE : G_IO_ERROR_FAILED, "%s", complaint);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             _("qemu-img was ended before it was done."));
}

static void read_more (GTask *task);

/* Of “    (12.34/100%)”, again and again; errors are in the same stream. */
static void
take_output (Conversion *self,
             gsize       length)
{
  const char *mark = NULL;

  g_string_append_len (self->complaint, self->buffer, (gssize) length);
  while ((mark = strstr (self->complaint->str, "/100%)")) != NULL)
    {
      const char *start = mark;

      while (start > self->complaint->str && start[-1] != '(')
        start--;
      set_progress (self->progress, (guint64) (g_ascii_strtod (start, NULL) * 10.0), 1000);
      g_string_erase (self->complaint, 0, mark + strlen ("/100%)") - self->complaint->str);
      while (self->complaint->len > 0 && g_ascii_isspace (self->complaint->str[0]))
        g_string_erase (self->complaint, 0, 1);
    }
  if (self->complaint->len > 64 * 1024)
    g_string_truncate (self->complaint, 64 * 1024);
}

static void
output_read_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Conversion *self = g_task_get_task_data (task);
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (object), result, NULL);

  if (n > 0)
    {
      take_output (self, (gsize) n);
      read_more (task);
    }
  else
    g_subprocess_wait_async (self->process, NULL, converted_cb, g_object_ref (task));
}

static void
read_more (GTask *task)
{
  Conversion *self = g_task_get_task_data (task);

  g_input_stream_read_async (g_subprocess_get_stdout_pipe (self->process), self->buffer,
                             sizeof self->buffer, G_PRIORITY_DEFAULT, NULL, output_read_cb,
                             g_object_ref (task));
}

/**
 * gh_image_convert_async:
 * @command: qemu-img with its arguments; paths in it are absolute
 * @progress: how far it is
 * @cancellable: (nullable): ends it
 * @callback: called when it has ended
 * @user_data: for @callback
 *
 * Main thread, which has to live as long as the child: it dies with the thread.
 */
void
gh_image_convert_async (const char * const  *command,
                        GhCopyProgress      *progress,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSubprocess) process = NULL;
  Conversion *self = NULL;
  GError *error = NULL;

  g_assert (GH_IS_MAIN_THREAD ());

  g_task_set_source_tag (task, gh_image_convert_async);
  g_task_set_check_cancellable (task, FALSE);
  g_subprocess_launcher_set_child_setup (launcher, limit_child, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, command, &error);
  if (process == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self = g_new0 (Conversion, 1);
  self->process = g_steal_pointer (&process);
  self->progress = gh_copy_progress_ref (progress);
  self->complaint = g_string_new (NULL);
  g_task_set_task_data (task, self, conversion_free);
  if (cancellable != NULL)
    {
      self->cancellable = g_object_ref (cancellable);
      self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb),
                                                  g_object_ref (self->process), g_object_unref);
    }
  read_more (task);
}

gboolean
gh_image_convert_finish (GAsyncResult  *result,
                         GError       **error)
{
  return gh_image_copy_bytes_finish (result, error);
}
