/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libvirt/libvirt.h>

#include "gh-lane.h"
#include "gh-transfer.h"
#include "gh-transfer-segment.h"

G_BEGIN_DECLS

/* In one message; on slow lines cancelling waits for one to be through. */
#define GH_TRANSFER_MESSAGE_BYTES (64 * 1024)

struct _GhTransferProgress
{
  gatomicrefcount   ref_count;
  GMutex            mutex;
  GhTransferFigures figures; /* (mutex mutex) */
};

typedef enum
{
  GH_TRANSFER_READER,
  GH_TRANSFER_WRITER,
  GH_TRANSFER_VERIFIER,
  GH_TRANSFER_N_ROLES,
} GhTransferRoleKind;

/* Shared by the workers and the main thread. Whoever is last frees it. */
typedef struct
{
  gatomicrefcount     ref_count;
  GMutex              mutex;
  GCond               cond;
  GQueue              to_write;    /* (mutex mutex) (element-type GhTransferSegment) */
  GQueue              to_verify;   /* (mutex mutex) (element-type GhTransferSegment) */
  gboolean            all_read;    /* (mutex mutex) */
  gboolean            all_written; /* (mutex mutex) */
  gint                stopped;     /* (atomic): cancelled, or a worker failed */
  GhTransferProgress *progress;

  /* Main thread. */
  GTask              *task;        /* (nullable): NULL once answered */
  GError             *error;       /* (nullable): the first */
  guint               n_running;
  gulong              cancelled_id;
  guint               give_up_id;
} GhTransfer;

/* One worker, of its lane's thread. */
typedef struct
{
  GhTransfer       *transfer;
  GhLane           *lane;      /* (unowned) */
  GhTransferRoleKind kind;
  char             *pool;      /* (nullable) */
  char             *path;
  gboolean          connected; /* it has been, once */
  guint             n_cuts;    /* how often it was not any more */
  virConnectPtr     conn;      /* (unowned) (nullable): whose @volume and @stream are */
  virStorageVolPtr  volume;    /* (nullable) */
  virStreamPtr      stream;    /* (nullable): a download */
  guint64           stream_end;
  guint64           range;     /* what a download asks for */
  guint64           range_bytes; /* of data in the current one */
  guint64           position;  /* reader: all before it was read */
  guint64           length;    /* reader: of the file */
  gsize             limit;     /* reader: of data in the next segment */
  char             *buffer;
} GhTransferRole;

/* gh-transfer.c */
GhTransfer *gh_transfer_ref               (GhTransfer      *self);
void        gh_transfer_unref             (GhTransfer      *self);
gboolean    gh_transfer_is_stopped        (GhTransfer      *self);
void        gh_transfer_stop              (GhTransfer      *self);
void        gh_transfer_set_cancelled     (GError         **error);

/* gh-transfer-worker.c */
gpointer    gh_transfer_role_worker       (GhLane          *lane,
                                           gpointer         data,
                                           GCancellable    *cancellable,
                                           GError         **error);
void        gh_transfer_role_free         (gpointer         role);

/* gh-transfer-stream.c, of a role's thread */
void        gh_transfer_role_drop_stream  (GhTransferRole     *self);
void        gh_transfer_role_drop_handles (GhTransferRole     *self);
/* Reads up to @end, or until there are @limit bytes of data. */
gboolean    gh_transfer_role_fill         (GhTransferRole     *self,
                                           virConnectPtr       conn,
                                           GhTransferSegment  *segment,
                                           guint64             end,
                                           guint64             limit,
                                           GError            **error);
gboolean    gh_transfer_role_upload       (GhTransferRole     *self,
                                           virConnectPtr       conn,
                                           GhTransferSegment  *segment,
                                           GError            **error);

/* gh-volume-measure.c, of a lane's thread */
virStorageVolPtr gh_transfer_find_volume  (virConnectPtr    conn,
                                           const char      *pool,
                                           const char      *path,
                                           GError         **error);
gboolean    gh_transfer_measure           (virStorageVolPtr volume,
                                           GhVolumeExtent  *extent,
                                           GError         **error);

G_END_DECLS
