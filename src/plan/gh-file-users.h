/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"
#include "gh-image-graph.h"

G_BEGIN_DECLS

/**
 * GhFileUser:
 *
 * One use of a file: by a machine's definition, its current run, its snapshots,
 * or as the backing file of a volume that no machine need have.
 */
typedef struct
{
  char *machine_uuid; /* (nullable): NULL for a volume */
  char *name;         /* of the machine, or the volume's path */
  char *how;          /* translated: “disk”, “backing file”, “snapshot” … */
} GhFileUser;

/**
 * GhFileUsers:
 *
 * Who uses which file on a host, as it was when it was read: a view of GhImageGraph,
 * read anew. The permanent and live definitions and the snapshots of all machines,
 * and the backing chains of all images. Two paths are the same file when their
 * canonical paths are the same or, on the local host, their device and inode.
 * Immutable and reference counted.
 */
typedef struct _GhFileUsers GhFileUsers;

GhFileUsers *gh_file_users_ref         (GhFileUsers *self);
void         gh_file_users_unref       (GhFileUsers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhFileUsers, gh_file_users_unref)

/* @paths: (nullable): the files that will be asked about; those in definitions and pools are
 * known anyway. */
void         gh_file_users_load_async  (GhHost *host, const char * const *paths,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
GhFileUsers *gh_file_users_load_finish (GAsyncResult *result, GError **error);

/* For whoever is about to remove the file at @path: fails with %G_IO_ERROR_BUSY when it is used, or
 * when nobody can say that it is not. */
void         gh_file_users_find_none_async  (GhHost *host, const char *path,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean     gh_file_users_find_none_finish (GAsyncResult *result, GError **error);

/* The graph it is a view of. */
GhImageGraph *gh_file_users_get_graph (GhFileUsers *self);
/* (nullable): why it cannot be told of any file that nobody uses it: a sentence. */
char        *gh_file_users_dup_problem (GhFileUsers *self);

/* (element-type GhFileUser) (transfer container): the users of the file at @path, without
 * those of the machine @except_uuid (nullable). Empty when nobody uses it. */
GPtrArray   *gh_file_users_find        (GhFileUsers *self, const char *path,
                                        const char *except_uuid);
/* The same in words, “web-2 (disk), web-3 (snapshot)”: NULL when nobody does. */
char        *gh_file_users_dup_text    (GhFileUsers *self, const char *path,
                                        const char *except_uuid);
/* (transfer none) (nullable): the volume of an active pool at @path. */
GhVolumeInfo *gh_file_users_find_volume (GhFileUsers *self, const char *path);
/* The volume @name of @pool; NULL when there is none. */
GhVolumeInfo *gh_file_users_find_in_pool (GhFileUsers *self, const char *pool, const char *name);
/* Whether both are the same file. */
gboolean     gh_file_users_is_same     (GhFileUsers *self, const char *path, const char *other);
/* The backing files under the image at @path, nearest first; empty when it has none. */
GStrv        gh_file_users_dup_chain   (GhFileUsers *self, const char *path);

G_END_DECLS
