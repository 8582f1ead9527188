/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The streams of a transfer. Of the thread of a role. */

#define G_LOG_DOMAIN "gh-transfer-stream"

#include "config.h"

#include "gh-transfer-private.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "gh-virt-error-private.h"

/* What is asked for at once grows where there are only holes. */
#define MAX_RANGE ((guint64) 1 << 40)

void
gh_transfer_role_drop_stream (GhTransferRole *self)
{
  if (self->stream == NULL)
    return;
  virStreamAbort (self->stream);
  virStreamFree (self->stream);
  self->stream = NULL;
  virResetLastError ();
}

void
gh_transfer_role_drop_handles (GhTransferRole *self)
{
  gh_transfer_role_drop_stream (self);
  if (self->volume != NULL)
    virStorageVolFree (self->volume);
  self->volume = NULL;
  virResetLastError ();
}

static gboolean
open_download (GhTransferRole  *self,
               virConnectPtr    conn,
               guint64          start,
               guint64          end,
               GError         **error)
{
  guint64 length = MIN (end - start, self->range);

  self->stream = virStreamNew (conn, 0);
  if (self->stream == NULL ||
      virStorageVolDownload (self->volume, self->stream, start, length,
                             VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM) < 0)
    {
      gh_virt_error_take (error);
      if (self->stream != NULL)
        virStreamFree (self->stream);
      self->stream = NULL;
      return FALSE;
    }
  self->stream_end = start + length;
  self->range_bytes = 0;
  return TRUE;
}

/* The download has given everything it was asked for. */
static gboolean
end_download (GhTransferRole  *self,
              guint64          position,
              GError         **error)
{
  if (virStreamFinish (self->stream) < 0)
    {
      gh_virt_error_take (error);
      gh_transfer_role_drop_stream (self);
      return FALSE;
    }
  virStreamFree (self->stream);
  self->stream = NULL;
  if (position != self->stream_end)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                   _("“%s” is not as long any more as it was."), self->path);
      return FALSE;
    }
  if (self->kind == GH_TRANSFER_READER)
    self->range = self->range_bytes < self->range / 2 ? MIN (self->range * 2, MAX_RANGE)
                                                      : self->limit;
  return TRUE;
}

/* Takes what there is: a piece of data, a hole, or the end. */
static gboolean
receive (GhTransferRole     *self,
         GhTransferSegment  *segment,
         GError            **error)
{
  int n = virStreamRecvFlags (self->stream, self->buffer, GH_TRANSFER_MESSAGE_BYTES,
                              VIR_STREAM_RECV_STOP_AT_HOLE);
  long long hole = 0;

  if (n > 0)
    {
      gh_transfer_segment_add_data (segment, self->buffer, (gsize) n);
      self->range_bytes += (guint64) n;
    }
  else if (n == -3 && virStreamRecvHole (self->stream, &hole, 0) == 0 && hole >= 0)
    gh_transfer_segment_add_hole (segment, (guint64) hole);
  else if (n == 0)
    return end_download (self, gh_transfer_segment_get_end (segment), error);
  else
    {
      gh_virt_error_take (error);
      return FALSE;
    }
  if (gh_transfer_segment_get_end (segment) <= self->stream_end)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                       _("The host sent more than it was asked for."));
  return FALSE;
}

/* Reads up to @end, or until there are @limit bytes of data. */
gboolean
gh_transfer_role_fill (GhTransferRole     *self,
                       virConnectPtr       conn,
                       GhTransferSegment  *segment,
                       guint64             end,
                       guint64             limit,
                       GError            **error)
{
  while (gh_transfer_segment_get_end (segment) < end &&
         gh_transfer_segment_get_n_bytes (segment) < limit)
    {
      if (gh_transfer_is_stopped (self->transfer))
        {
          gh_transfer_set_cancelled (error);
          return FALSE;
        }
      if (self->stream == NULL &&
          !open_download (self, conn, gh_transfer_segment_get_end (segment), end, error))
        return FALSE;
      if (!receive (self, segment, error))
        return FALSE;
    }
  gh_transfer_segment_close (segment);
  return TRUE;
}

static gboolean
send_data (GhTransferRole  *self,
           virStreamPtr     stream,
           GBytes          *bytes,
           GError         **error)
{
  gsize length = 0;
  const char *data = g_bytes_get_data (bytes, &length);

  while (length > 0)
    {
      int n = 0;

      if (gh_transfer_is_stopped (self->transfer))
        {
          gh_transfer_set_cancelled (error);
          return FALSE;
        }
      n = virStreamSend (stream, data, MIN (length, GH_TRANSFER_MESSAGE_BYTES));
      if (n < 0)
        {
          gh_virt_error_take (error);
          return FALSE;
        }
      data += n;
      length -= (gsize) n;
      g_mutex_lock (&self->transfer->progress->mutex);
      self->transfer->progress->figures.n_sent += (guint64) n;
      g_mutex_unlock (&self->transfer->progress->mutex);
    }
  return TRUE;
}

static gboolean
send_segment (GhTransferRole     *self,
              virStreamPtr        stream,
              GhTransferSegment  *segment,
              GError            **error)
{
  GArray *extents = gh_transfer_segment_get_extents (segment);

  for (guint i = 0; i < extents->len; i++)
    {
      GhTransferExtent *extent = &g_array_index (extents, GhTransferExtent, i);

      if (extent->data != NULL && !send_data (self, stream, extent->data, error))
        return FALSE;
      if (extent->data == NULL && virStreamSendHole (stream, (long long) extent->length, 0) < 0)
        {
          gh_virt_error_take (error);
          return FALSE;
        }
    }
  if (virStreamFinish (stream) == 0)
    return TRUE;
  gh_virt_error_take (error);
  return FALSE;
}

gboolean
gh_transfer_role_upload (GhTransferRole     *self,
                         virConnectPtr       conn,
                         GhTransferSegment  *segment,
                         GError            **error)
{
  guint64 start = gh_transfer_segment_get_start (segment);
  virStreamPtr stream = virStreamNew (conn, 0);
  gboolean sent = FALSE;

  if (stream == NULL ||
      virStorageVolUpload (self->volume, stream, start,
                           gh_transfer_segment_get_end (segment) - start,
                           VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM) < 0)
    gh_virt_error_take (error);
  else
    {
      sent = send_segment (self, stream, segment, error);
      if (!sent)
        virStreamAbort (stream);
    }
  if (stream != NULL)
    virStreamFree (stream);
  virResetLastError ();
  return sent;
}
