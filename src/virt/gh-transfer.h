/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/**
 * GhTransferFigures:
 *
 * How far a transfer is. Bytes; holes do not count, but for @position.
 */
typedef struct
{
  guint64  total;     /* what the source takes; 0: not known yet */
  guint64  n_read;    /* from the source, with what was read again after a cut */
  guint64  n_sent;    /* likewise */
  guint64  n_verified;
  guint64  position;  /* up to here in the file everything has arrived, and reads as it should */
  guint64  resumed_at; /* where it went on after the last cut */
  guint    n_cuts;    /* how often a connection was lost */
  gboolean waiting;   /* for a host to be back */
} GhTransferFigures;

/**
 * GhTransferProgress:
 *
 * Written by the workers of a transfer, read by whoever shows it. Reference counted; any thread.
 */
typedef struct _GhTransferProgress GhTransferProgress;

GhTransferProgress *gh_transfer_progress_new   (void);
GhTransferProgress *gh_transfer_progress_ref   (GhTransferProgress *self);
void                gh_transfer_progress_unref (GhTransferProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhTransferProgress, gh_transfer_progress_unref)
void                gh_transfer_progress_get   (GhTransferProgress *self,
                                                GhTransferFigures  *figures);
/* 0 to 1; < 0: not known yet */
double              gh_transfer_progress_get_fraction (GhTransferProgress *self);

/* How many bytes the volume at @path takes as a file (not what a guest sees), and how many of
 * them are on the disk. An error when no active pool holds it. */
typedef struct
{
  guint64 length;
  guint64 allocation;
  gint64  changed_ns; /* when it was last written to, by its host's clock; 0: not known */
} GhVolumeExtent;

void     gh_host_measure_volume_async  (GhHost *host, const char *pool, const char *path,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_host_measure_volume_finish (GhHost *host, GAsyncResult *result,
                                        GhVolumeExtent *extent, GError **error);

/* The volume at @source_path on @source becomes what is in the volume at @path on @host, byte for
 * byte. The latter is there already, is a file, and was made raw and empty: nothing is in it that
 * a hole of the source would have to overwrite. @source_pool, @pool: the pools they are volumes
 * of, which are started again when a daemon comes back without them.
 *
 * What has been written is read back and compared. While a connection is lost the transfer waits
 * for it, for ten minutes, and goes on where the last part had arrived. Cancelling is answered
 * within a second also when a host is frozen; what is at @path is then of no use. */
void     gh_host_transfer_async        (GhHost *host, const char *pool, const char *path,
                                        GhHost *source, const char *source_pool,
                                        const char *source_path, GhTransferProgress *progress,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_host_transfer_finish       (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
