/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The checksum is SHA-256 over the blocks that are not all zeroes, each with its place. So a hole
 * costs nothing, and a file system that keeps holes in other units changes nothing. */

#define G_LOG_DOMAIN "gh-transfer-segment"

#include "config.h"

#include "gh-transfer-segment.h"

#include <string.h>

#define BLOCK_BYTES 4096

struct _GhTransferSegment
{
  guint64    start;
  guint64    end;
  guint64    n_bytes;
  gboolean   keeps_data;
  GArray    *extents;              /* (element-type GhTransferExtent) */

  GChecksum *checksum;             /* (nullable): NULL once closed */
  guint64    block;                /* number of the block being gathered */
  gboolean   gathering;
  guint8     bytes[BLOCK_BYTES];   /* of that block; zeroes where nothing came yet */
  guint8     digest[GH_DIGEST_BYTES];
};

static const guint8 zeroes[BLOCK_BYTES];

static void
clear_extent (gpointer data)
{
  g_clear_pointer (&((GhTransferExtent *) data)->data, g_bytes_unref);
}

GhTransferSegment *
gh_transfer_segment_new (guint64  start,
                         gboolean keeps_data)
{
  GhTransferSegment *self = g_new0 (GhTransferSegment, 1);

  self->start = self->end = start;
  self->keeps_data = keeps_data;
  self->extents = g_array_new (FALSE, FALSE, sizeof (GhTransferExtent));
  g_array_set_clear_func (self->extents, clear_extent);
  self->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  return self;
}

void
gh_transfer_segment_free (GhTransferSegment *self)
{
  g_array_unref (self->extents);
  g_clear_pointer (&self->checksum, g_checksum_free);
  /* It may have carried keys. */
  explicit_bzero (self->bytes, sizeof self->bytes);
  g_free (self);
}

static void
add_block (GhTransferSegment *self,
           guint64            block,
           const guint8      *bytes)
{
  guint64 place = GUINT64_TO_LE (block);

  if (memcmp (bytes, zeroes, BLOCK_BYTES) == 0)
    return;
  g_checksum_update (self->checksum, (const guchar *) &place, sizeof place);
  g_checksum_update (self->checksum, bytes, BLOCK_BYTES);
}

static void
flush (GhTransferSegment *self)
{
  if (!self->gathering)
    return;
  add_block (self, self->block, self->bytes);
  memset (self->bytes, 0, BLOCK_BYTES);
  self->gathering = FALSE;
}

static void
digest_data (GhTransferSegment *self,
             const guint8      *bytes,
             gsize              length)
{
  guint64 position = self->end;

  while (length > 0)
    {
      guint64 block = position / BLOCK_BYTES;
      gsize offset = (gsize) (position % BLOCK_BYTES);
      gsize n = MIN (length, BLOCK_BYTES - offset);

      if (self->gathering && self->block != block)
        flush (self);
      if (n == BLOCK_BYTES)
        add_block (self, block, bytes);
      else
        {
          memcpy (self->bytes + offset, bytes, n);
          self->block = block;
          self->gathering = TRUE;
        }
      bytes += n;
      length -= n;
      position += n;
    }
}

static void
add_extent (GhTransferSegment *self,
            GBytes            *data,
            guint64            length)
{
  GhTransferExtent extent = { length, data };

  if (self->keeps_data)
    g_array_append_val (self->extents, extent);
  self->end += length;
}

void
gh_transfer_segment_add_data (GhTransferSegment *self,
                              const void        *data,
                              gsize              length)
{
  g_return_if_fail (self->checksum != NULL);

  if (length == 0)
    return;
  digest_data (self, data, length);
  add_extent (self, self->keeps_data ? g_bytes_new (data, length) : NULL, length);
  self->n_bytes += length;
}

void
gh_transfer_segment_add_hole (GhTransferSegment *self,
                              guint64            length)
{
  g_return_if_fail (self->checksum != NULL);

  if (length > 0)
    add_extent (self, NULL, length);
}

void
gh_transfer_segment_close (GhTransferSegment *self)
{
  gsize length = sizeof self->digest;

  g_return_if_fail (self->checksum != NULL);

  flush (self);
  g_checksum_get_digest (self->checksum, self->digest, &length);
  g_clear_pointer (&self->checksum, g_checksum_free);
}

void
gh_transfer_segment_drop_data (GhTransferSegment *self)
{
  g_array_set_size (self->extents, 0);
}

guint64
gh_transfer_segment_get_start (const GhTransferSegment *self)
{
  return self->start;
}

guint64
gh_transfer_segment_get_end (const GhTransferSegment *self)
{
  return self->end;
}

guint64
gh_transfer_segment_get_n_bytes (const GhTransferSegment *self)
{
  return self->n_bytes;
}

GArray *
gh_transfer_segment_get_extents (const GhTransferSegment *self)
{
  return self->extents;
}

gboolean
gh_transfer_segment_equal (const GhTransferSegment *self,
                           const GhTransferSegment *other)
{
  g_return_val_if_fail (self->checksum == NULL && other->checksum == NULL, FALSE);

  return self->start == other->start && self->end == other->end &&
         memcmp (self->digest, other->digest, GH_DIGEST_BYTES) == 0;
}
