/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GH_DIGEST_BYTES 32 /* SHA-256 */

/**
 * GhTransferExtent:
 *
 * Bytes in a row, or a hole.
 */
typedef struct
{
  guint64  length;
  GBytes  *data; /* (nullable): NULL for a hole */
} GhTransferExtent;

/**
 * GhTransferSegment:
 *
 * A stretch of a file on its way from one host to another, with what is in it and a
 * checksum of that. Of one thread at a time.
 */
typedef struct _GhTransferSegment GhTransferSegment;

GhTransferSegment *gh_transfer_segment_new      (guint64 start, gboolean keeps_data);
void               gh_transfer_segment_free     (GhTransferSegment *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhTransferSegment, gh_transfer_segment_free)

void               gh_transfer_segment_add_data (GhTransferSegment *self, const void *data,
                                                 gsize length);
void               gh_transfer_segment_add_hole (GhTransferSegment *self, guint64 length);
/* After this nothing may be added. */
void               gh_transfer_segment_close    (GhTransferSegment *self);
/* It is known how it reads, and what it held is let go. */
void               gh_transfer_segment_drop_data (GhTransferSegment *self);

guint64            gh_transfer_segment_get_start   (const GhTransferSegment *self);
guint64            gh_transfer_segment_get_end     (const GhTransferSegment *self);
/* Without holes. */
guint64            gh_transfer_segment_get_n_bytes (const GhTransferSegment *self);
/* (element-type GhTransferExtent), in order */
GArray            *gh_transfer_segment_get_extents (const GhTransferSegment *self);

/* Of closed ones: whether both read the same. Where holes are does not matter: they read as
 * zeroes, and file systems make them where they like. */
gboolean           gh_transfer_segment_equal    (const GhTransferSegment *self,
                                                 const GhTransferSegment *other);

G_END_DECLS
