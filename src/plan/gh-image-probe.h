/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-image-sniff.h"

G_BEGIN_DECLS

/**
 * GhImageProblem:
 *
 * Why a file cannot be used, most basic first.
 */
typedef enum
{
  GH_IMAGE_FINE,
  GH_IMAGE_MISSING,        /* nothing there, or the path is not absolute */
  GH_IMAGE_CLOSED_FOLDER,  /* a folder on the way may not be searched: see closed_folder */
  GH_IMAGE_UNREADABLE,     /* the file itself may not be read */
  GH_IMAGE_NOT_A_FILE,     /* a folder, a socket …; block devices are fine */
  GH_IMAGE_EMPTY,
  GH_IMAGE_IO_ERROR,       /* it could not be read: see message */
  GH_IMAGE_REJECTED,       /* qemu-img does not accept it: see message */
} GhImageProblem;

/**
 * GhImageInfo:
 *
 * What is known about one file, as it was when it was looked at. Immutable and
 * reference counted; any thread.
 */
typedef struct
{
  char           *path;           /* absolute */
  GhImageProblem  problem;
  char           *message;        /* (nullable): raw text about the problem, for details */
  GhImageKind     kind;
  GhImageFlags    flags;
  const char     *format;         /* (nullable): "qcow2", "raw", as in <driver type> */
  guint64         virtual_size;   /* bytes */
  guint64         file_size;      /* bytes */
  guint64         actual_size;    /* bytes on disk */
  char           *backing_path;   /* (nullable) */
  char           *data_path;      /* (nullable) */
  char           *volume_id;      /* (nullable): of an ISO */
  gboolean        is_block;       /* a block device */
  gboolean        writable;       /* by us */
  guint64         device;         /* with inode, its identity */
  guint64         inode;

  /* Who is kept out, and where. */
  char           *closed_folder;  /* (nullable): the first folder the reader cannot search */
  char           *closed_for;     /* (nullable): the account that cannot, when it is not ours */
  gboolean        closed_is_ours; /* the folder (or file) belongs to us: we can open it */
} GhImageInfo;

GhImageInfo *gh_image_info_ref   (GhImageInfo *self);
void         gh_image_info_unref (GhImageInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhImageInfo, gh_image_info_unref)

typedef enum
{
  GH_IMAGE_PROBE_QUICK = 0,             /* our own reading only, for ISOs and kernels */
  GH_IMAGE_PROBE_QEMU = 1 << 0,         /* have qemu-img confirm formats that have metadata */
  GH_IMAGE_PROBE_FOR_SYSTEM = 1 << 1,   /* QEMU runs as the account of the system daemon */
} GhImageProbeFlags;

/* Looks at a local file, which is taken as hostile: on threads of its own, by our own reading
 * first, then by qemu-img with the format named and its memory and time limited. What is wrong
 * with the file is in the result; an error means that nothing was found out (cancelled). */
void         gh_image_probe_async  (const char *path, GhImageProbeFlags flags,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
GhImageInfo *gh_image_probe_finish (GAsyncResult *result, GError **error);

G_END_DECLS
