/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * GhNewFile:
 *
 * A file that was certainly made by us: it was opened with O_EXCL. What it is known by, so that
 * it is told from another one that came to be at its path later. Immutable.
 */
typedef struct
{
  int     fd;         /* open for writing; -1: not open */
  guint64 device;
  guint64 inode;
  gint64  birth_ns;   /* when it was made; 0 where the file system does not say */
  gboolean is_unnamed; /* it goes by itself unless gh_new_file_name_async() gives it its path */
} GhNewFile;

void       gh_new_file_free (GhNewFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhNewFile, gh_new_file_free)

/* Makes an empty file (0600) where nothing may be yet. */
void       gh_new_file_create_async  (const char *path, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
GhNewFile *gh_new_file_create_finish (GAsyncResult *result, GError **error);
/* The same without a name, so that it can be known before it is there. NULL without an error where
 * the file system does not know such files. */
void       gh_new_file_create_unnamed_async (const char *path, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
/* Puts it at @path, where nothing may be yet. */
void       gh_new_file_name_async    (GhNewFile *self, const char *path,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean   gh_new_file_name_finish   (GAsyncResult *result, GError **error);

typedef enum
{
  GH_FILE_IS_ABSENT,
  GH_FILE_IS_OURS,    /* the one that was made */
  GH_FILE_IS_EMPTY,   /* nothing is in it; nobody knows who made it */
  GH_FILE_IS_OTHER,
} GhFileIdentity;

/* What is at @path; with @remove it goes if it is ours, or empty while @made (nullable) is not
 * known. Never anything else. */
void           gh_new_file_look_async  (const char *path, const GhNewFile *made, gboolean remove,
                                        GAsyncReadyCallback callback, gpointer user_data);
GhFileIdentity gh_new_file_look_finish (GAsyncResult *result, GError **error);

/**
 * GhCopyProgress:
 *
 * Written by the worker, read by whoever wants to know. Reference counted; any thread.
 */
typedef struct
{
  gatomicrefcount ref_count;
  guint           per_mille; /* atomic */
} GhCopyProgress;

GhCopyProgress *gh_copy_progress_new   (void);
GhCopyProgress *gh_copy_progress_ref   (GhCopyProgress *self);
void            gh_copy_progress_unref (GhCopyProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhCopyProgress, gh_copy_progress_unref)
double          gh_copy_progress_get   (GhCopyProgress *self); /* 0 to 1 */

/* Copies @source byte for byte into the file, which it closes: as shared blocks where the file
 * system can, else what holds data, leaving holes as holes. Fails when somebody writes to @source
 * meanwhile. Cancelling stops it within one piece. */
/* @in_use: copied although a running machine may write to it, which is for small files only. */
void     gh_image_copy_bytes_async  (const char *source, gboolean in_use, GhNewFile *file,
                                     GhCopyProgress *progress, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_image_copy_bytes_finish (GAsyncResult *result, GError **error);

/* The command gh_image_convert_async() runs. @snapshot: (nullable): one inside of the image.
 * @backing, @backing_format (nullable): the new image lies on it. (transfer full) */
GStrv    gh_image_dup_convert_command (const char *source, const char *source_format,
                                       const char *path, const char *format,
                                       const char *snapshot, const char *backing,
                                       const char *backing_format);

/* Runs qemu-img, which is limited in what it may use and ends with us. @command holds “-p”. */
void     gh_image_convert_async  (const char * const *command, GhCopyProgress *progress,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_image_convert_finish (GAsyncResult *result, GError **error);

G_END_DECLS
