/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a clone plan has to know of local files. Headers of images are read by ourselves, and only
 * where the definition says that there is one: what is in a raw disk is the guest's. */

#define G_LOG_DOMAIN "gh-clone-look"

#include "config.h"

#include "gh-clone-look.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gh-lane.h"

#define MAX_CHAIN 64
/* As much of a header as is looked at. */
#define HEADER_SIZE (64 * 1024)
#define XFS_MAGIC 0x58465342
#define BCACHEFS_MAGIC 0xca451a4e

#define QCOW2_MAGIC 0x514649fb
#define QCOW2_BACKING_FORMAT 0xe2792aca
#define QCOW2_DATA_FILE_BIT 4

/* Of one qcow2 header. */
typedef struct
{
  char    *backing;        /* (nullable): as written */
  char    *backing_format; /* (nullable) */
  guint64  virtual_size;
  guint    n_snapshots;
  gboolean has_data_file;
  gboolean is_encrypted;
} Header;

static void
header_clear (Header *self)
{
  g_clear_pointer (&self->backing, g_free);
  g_clear_pointer (&self->backing_format, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Header, header_clear)

static void
image_free (gpointer data)
{
  GhImageLook *self = data;

  g_free (self->path);
  g_strfreev (self->chain);
  g_strfreev (self->chain_formats);
  g_free (self->missing);
  g_free (self);
}

static void
folder_free (gpointer data)
{
  GhFolderLook *self = data;

  g_free (self->path);
  g_free (self);
}

static void
name_free (gpointer data)
{
  GhNameLook *self = data;

  g_free (self->folder);
  g_free (self->stem);
  g_free (self->suffix);
  g_free (self->path);
  g_free (self);
}

GhCloneLook *
gh_clone_look_new (void)
{
  GhCloneLook *self = g_new0 (GhCloneLook, 1);

  self->images = g_ptr_array_new_with_free_func (image_free);
  self->folders = g_ptr_array_new_with_free_func (folder_free);
  self->names = g_ptr_array_new_with_free_func (name_free);
  self->taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
gh_clone_look_free (GhCloneLook *self)
{
  g_ptr_array_unref (self->images);
  g_ptr_array_unref (self->folders);
  g_ptr_array_unref (self->names);
  g_hash_table_unref (self->taken);
  g_free (self);
}

GhImageLook *
gh_clone_look_add_image (GhCloneLook *self,
                         const char  *path,
                         const char  *format)
{
  GhImageLook *image = g_new0 (GhImageLook, 1);

  image->path = g_strdup (path);
  /* The worker replaces it by those of the chain. */
  image->chain_formats = g_strdupv ((char *[]) { (char *) format, NULL });
  g_ptr_array_add (self->images, image);
  return image;
}

GhFolderLook *
gh_clone_look_add_folder (GhCloneLook *self,
                          const char  *path)
{
  GhFolderLook *folder = NULL;

  for (guint i = 0; i < self->folders->len; i++)
    {
      folder = g_ptr_array_index (self->folders, i);
      if (strcmp (folder->path, path) == 0)
        return folder;
    }
  folder = g_new0 (GhFolderLook, 1);
  folder->path = g_strdup (path);
  folder->free_bytes = G_MAXUINT64;
  g_ptr_array_add (self->folders, folder);
  return folder;
}

GhNameLook *
gh_clone_look_add_name (GhCloneLook *self,
                        const char  *folder,
                        const char  *stem,
                        const char  *suffix)
{
  GhNameLook *name = g_new0 (GhNameLook, 1);

  name->folder = g_strdup (folder);
  name->stem = g_strdup (stem);
  name->suffix = g_strdup (suffix);
  g_ptr_array_add (self->names, name);
  return name;
}

/* Worker */

static guint32
read_be32 (const guint8 *bytes)
{
  return (guint32) bytes[0] << 24 | (guint32) bytes[1] << 16 | (guint32) bytes[2] << 8 | bytes[3];
}

static guint64
read_be64 (const guint8 *bytes)
{
  return (guint64) read_be32 (bytes) << 32 | read_be32 (bytes + 4);
}

static void
read_extensions (Header       *header,
                 const guint8 *bytes,
                 gsize         length,
                 gsize         offset)
{
  while (offset + 8 <= length)
    {
      guint32 type = read_be32 (bytes + offset);
      guint32 size = read_be32 (bytes + offset + 4);

      offset += 8;
      if (type == 0 || size > length - offset)
        return;
      if (type == QCOW2_BACKING_FORMAT && header->backing_format == NULL)
        header->backing_format = g_strndup ((const char *) bytes + offset, size);
      offset += (size + 7) / 8 * 8;
    }
}

/* FALSE: it is not a qcow2 image, or a damaged one. */
static gboolean
read_qcow2 (int     fd,
            Header *header)
{
  g_autofree guint8 *bytes = g_malloc0 (HEADER_SIZE);
  gssize length = pread (fd, bytes, HEADER_SIZE, 0);
  guint32 version = 0;
  guint64 backing = 0;
  guint32 backing_length = 0;
  gsize header_length = 72;

  if (length < 72 || read_be32 (bytes) != QCOW2_MAGIC)
    return FALSE;
  version = read_be32 (bytes + 4);
  if (version < 2 || version > 3)
    return FALSE;
  backing = read_be64 (bytes + 8);
  backing_length = read_be32 (bytes + 16);
  header->virtual_size = read_be64 (bytes + 24);
  header->is_encrypted = read_be32 (bytes + 32) != 0;
  header->n_snapshots = read_be32 (bytes + 60);
  if (version == 3)
    {
      if (length < 104)
        return FALSE;
      header->has_data_file = (read_be64 (bytes + 72) & QCOW2_DATA_FILE_BIT) != 0;
      header_length = read_be32 (bytes + 100);
    }
  if (backing != 0)
    {
      if (backing_length == 0 || backing_length > 1023 || backing > (guint64) length ||
          backing_length > (guint64) length - backing)
        return FALSE;
      header->backing = g_strndup ((const char *) bytes + backing, backing_length);
    }
  read_extensions (header, bytes, (gsize) length, header_length);
  return TRUE;
}

/* A name with a colon before its first slash is a protocol to QEMU. */
static gboolean
is_foreign (const char *backing)
{
  const char *colon = strchr (backing, ':');
  const char *slash = strchr (backing, '/');

  return colon != NULL && (slash == NULL || colon < slash);
}

static int
open_image (const char *path)
{
  /* Not to wait for a pipe that lies there. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0)
    return -errno;
  return fd;
}

static void
walk_chain (GhImageLook *image,
            const char  *first,
            const char  *first_format)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) formats = g_strv_builder_new ();
  g_autofree char *above = g_strdup (image->path);
  g_autofree char *backing = g_strdup (first);
  g_autofree char *format = g_strdup (first_format);

  for (guint i = 0; backing != NULL; i++)
    {
      g_autofree char *folder = g_path_get_dirname (above);
      g_autofree char *path = NULL;
      g_auto (Header) header = { 0 };
      int fd = -1;

      if (is_foreign (backing) || i == MAX_CHAIN)
        {
          image->backing_is_foreign = TRUE;
          g_strv_builder_add (paths, backing);
          g_strv_builder_add (formats, format != NULL ? format : "");
          break;
        }
      path = g_canonicalize_filename (backing, folder);
      g_strv_builder_add (paths, path);
      g_strv_builder_add (formats, format != NULL ? format : "");
      fd = open_image (path);
      if (fd < 0)
        {
          image->missing = g_steal_pointer (&path);
          break;
        }
      if (g_strcmp0 (format, "raw") != 0)
        read_qcow2 (fd, &header);
      close (fd);
      image->has_data_file = image->has_data_file || header.has_data_file;
      image->is_encrypted = image->is_encrypted || header.is_encrypted;
      g_free (above);
      above = g_steal_pointer (&path);
      g_free (backing);
      backing = g_steal_pointer (&header.backing);
      g_free (format);
      format = g_steal_pointer (&header.backing_format);
    }
  image->chain = g_strv_builder_end (paths);
  g_strfreev (image->chain_formats);
  image->chain_formats = g_strv_builder_end (formats);
}

static void
look_at_image (GhImageLook *image)
{
  g_autofree char *format = g_strdup (image->chain_formats[0]);
  g_auto (Header) header = { 0 };
  struct stat status;
  int fd = open_image (image->path);

  if (fd < 0)
    image->error_number = -fd;
  else if (fstat (fd, &status) != 0)
    image->error_number = errno;
  else if (!S_ISREG (status.st_mode) && !S_ISBLK (status.st_mode))
    image->error_number = EINVAL;
  else
    {
      image->device = status.st_dev;
      image->mtime_us = status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
      image->is_block = S_ISBLK (status.st_mode);
      image->file_size = (guint64) status.st_size;
      image->actual_size = (guint64) status.st_blocks * 512;
      if (image->is_block)
        {
          if (ioctl (fd, BLKGETSIZE64, &image->file_size) != 0)
            image->error_number = errno;
          image->actual_size = image->file_size;
        }
      image->virtual_size = image->file_size;
      if (g_strcmp0 (format, "qcow2") == 0)
        {
          image->is_damaged = !read_qcow2 (fd, &header);
          image->virtual_size = header.virtual_size;
          image->n_snapshots = header.n_snapshots;
          image->has_data_file = header.has_data_file;
          image->is_encrypted = header.is_encrypted;
        }
    }
  if (fd >= 0)
    close (fd);
  image->backing_is_relative = header.backing != NULL && !g_path_is_absolute (header.backing);
  walk_chain (image, header.backing, header.backing_format);
}

static void
look_at_folder (GhFolderLook *folder)
{
  struct statvfs space;
  struct statfs kind;
  struct stat status;

  if (stat (folder->path, &status) != 0 || !S_ISDIR (status.st_mode))
    return;
  folder->is_there = TRUE;
  folder->device = status.st_dev;
  folder->is_writable = faccessat (AT_FDCWD, folder->path, W_OK | X_OK, AT_EACCESS) == 0;
  if (statvfs (folder->path, &space) == 0)
    folder->free_bytes = (guint64) space.f_bavail * space.f_frsize;
  if (statfs (folder->path, &kind) == 0)
    folder->shares_blocks = kind.f_type == BTRFS_SUPER_MAGIC || kind.f_type == XFS_MAGIC ||
                            kind.f_type == BCACHEFS_MAGIC;
}

static gboolean
is_taken (GhCloneLook *self,
          const char  *path,
          gboolean     by_files)
{
  struct stat status;

  return g_hash_table_contains (self->taken, path) || (by_files && lstat (path, &status) == 0);
}

static void
choose_names (GhCloneLook *self,
              gboolean     by_files)
{
  for (guint i = 0; i < self->names->len; i++)
    {
      GhNameLook *name = g_ptr_array_index (self->names, i);

      for (guint n = 1; name->path == NULL; n++)
        {
          g_autofree char *number = n > 1 ? g_strdup_printf ("-%u", n) : g_strdup ("");
          g_autofree char *file = g_strconcat (name->stem, number, name->suffix, NULL);
          g_autofree char *path = g_build_filename (name->folder, file, NULL);

          if (!is_taken (self, path, by_files))
            name->path = g_steal_pointer (&path);
        }
      g_hash_table_add (self->taken, g_strdup (name->path));
    }
}

void
gh_clone_look_choose_names (GhCloneLook *self)
{
  choose_names (self, /* by_files= */ FALSE);
}

static gpointer
look_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  GhCloneLook *self = *(GhCloneLook **) data;

  *(GhCloneLook **) data = NULL;
  for (guint i = 0; i < self->images->len; i++)
    look_at_image (g_ptr_array_index (self->images, i));
  for (guint i = 0; i < self->folders->len; i++)
    look_at_folder (g_ptr_array_index (self->folders, i));
  choose_names (self, /* by_files= */ TRUE);
  return self;
}

static void
free_look (gpointer look)
{
  gh_clone_look_free (look);
}

static void
free_request (gpointer data)
{
  GhCloneLook **request = data;

  g_clear_pointer (request, gh_clone_look_free);
  g_free (request);
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhCloneLook *self = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (self == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, self, free_look);
}

void
gh_clone_look_run_async (GhCloneLook         *self,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GhLane) lane = gh_lane_new ("clone-look");
  GhCloneLook **request = g_new0 (GhCloneLook *, 1);

  *request = self;
  g_task_set_source_tag (task, gh_clone_look_run_async);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "clone-look", look_worker, request,
                     free_request, free_look, cancellable, looked_cb, task);
}

GhCloneLook *
gh_clone_look_run_finish (GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
