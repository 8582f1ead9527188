/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The workers of a transfer, and what they do when a connection is lost. */

#define G_LOG_DOMAIN "gh-transfer-worker"

#include "config.h"

#include "gh-transfer-private.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "gh-faults.h"
#include "gh-host-private.h"
#include "gh-virt-error-private.h"

/* Data in a segment: little at first, so that there is soon something that need not be sent again;
 * then enough for lines on which each question takes long. */
#define MIN_SEGMENT (1024 * 1024)
#define MAX_SEGMENT (32 * 1024 * 1024)
/* Segments that may wait between two workers. */
#define MAX_WAITING 1
#define MIN_PAUSE_MS 100
#define MAX_PAUSE_MS 5000
#define PATIENCE_S (10 * 60)
/* How long libvirt may be busy with the volume itself: it looks at its pool after each upload. */
#define BUSY_S 30

void
gh_transfer_role_free (gpointer data)
{
  GhTransferRole *self = data;

  g_assert (self->stream == NULL && self->volume == NULL);
  gh_transfer_unref (self->transfer);
  g_free (self->pool);
  g_free (self->path);
  g_free (self->buffer);
  g_free (self);
}

/* Waiting for each other */

static gboolean
has_room (GhTransfer *self,
          GQueue     *queue)
{
  gboolean room = FALSE;

  g_mutex_lock (&self->mutex);
  room = g_queue_get_length (queue) < MAX_WAITING;
  g_mutex_unlock (&self->mutex);
  return room;
}

/* Takes @segment. */
static void
push (GhTransfer        *self,
      GQueue            *queue,
      GhTransferSegment *segment)
{
  g_mutex_lock (&self->mutex);
  while (!gh_transfer_is_stopped (self) && g_queue_get_length (queue) >= MAX_WAITING)
    g_cond_wait (&self->cond, &self->mutex);
  g_queue_push_tail (queue, segment);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* NULL: there are no more, or the transfer was stopped. */
static GhTransferSegment *
pop (GhTransfer *self,
     GQueue     *queue,
     gboolean   *all)
{
  GhTransferSegment *segment = NULL;

  g_mutex_lock (&self->mutex);
  while (!gh_transfer_is_stopped (self) && g_queue_is_empty (queue) && !*all)
    g_cond_wait (&self->cond, &self->mutex);
  if (!gh_transfer_is_stopped (self))
    segment = g_queue_pop_head (queue);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  return segment;
}

static void
set_all (GhTransfer *self,
         gboolean   *all)
{
  g_mutex_lock (&self->mutex);
  *all = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* For @ms, or until it is stopped. */
static void
pause_worker (GhTransfer *self,
              guint       ms)
{
  gint64 end = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;

  g_mutex_lock (&self->mutex);
  while (!gh_transfer_is_stopped (self) && g_cond_wait_until (&self->cond, &self->mutex, end))
    ;
  g_mutex_unlock (&self->mutex);
}

/* Doing a segment until it is done */

/* @segment (transfer none) for those who take one; a new one for the reader. */
typedef gboolean (*SegmentFunc) (GhTransferRole     *self,
                                 virConnectPtr       conn,
                                 GhTransferSegment **segment,
                                 GError            **error);

static void
note_cut (GhTransferRole *self,
          gboolean        waiting)
{
  GhTransferProgress *progress = self->transfer->progress;

  g_mutex_lock (&progress->mutex);
  if (waiting && !progress->figures.waiting)
    progress->figures.n_cuts++;
  if (!waiting && progress->figures.waiting)
    progress->figures.resumed_at = progress->figures.position;
  progress->figures.waiting = waiting;
  g_mutex_unlock (&progress->mutex);
}

/* Only the line was at fault, if the connection is gone; once there was one, it may come back. */
static gboolean
is_cut (GhTransferRole *self,
        virConnectPtr   conn,
        const GError   *error)
{
  unsigned long version = 0;
  gboolean cut = FALSE;

  if (!self->connected || gh_transfer_is_stopped (self->transfer) ||
      error->domain == GH_FAULT_ERROR)
    return FALSE;
  if (conn == NULL || virConnectIsAlive (conn) != 1)
    return TRUE;
  /* It may not know yet. */
  cut = virConnectGetLibVersion (conn, &version) < 0;
  virResetLastError ();
  return cut;
}

static gboolean
is_busy (GhTransferRole *self,
         gboolean        was_cut,
         const GError   *error)
{
  if (gh_transfer_is_stopped (self->transfer))
    return FALSE;
  /* A daemon that has just begun may not have started its pools yet. */
  if (was_cut && (g_error_matches (error, GH_VIRT_ERROR, VIR_ERR_NO_STORAGE_VOL) ||
                  g_error_matches (error, GH_VIRT_ERROR, VIR_ERR_NO_STORAGE_POOL)))
    return TRUE;
  return g_error_matches (error, GH_VIRT_ERROR, VIR_ERR_OPERATION_INVALID);
}

/* FALSE with an error: it failed for good, or was stopped. */
static gboolean
persist (GhTransferRole     *self,
         SegmentFunc         func,
         GhTransferSegment **segment,
         GError            **error)
{
  gint64 busy_end = 0;
  gint64 end = 0;
  guint pause_ms = MIN_PAUSE_MS;

  for (;;)
    {
      g_autoptr (GError) problem = NULL;
      virConnectPtr conn = gh_conn_get (self->lane, &problem);

      /* It may have been replaced while this one waited for others. */
      if (conn != self->conn && self->conn != NULL)
        self->n_cuts++;
      if (conn != self->conn)
        gh_transfer_role_drop_handles (self);
      self->conn = conn;
      self->connected = self->connected || conn != NULL;
      if (conn != NULL && self->volume == NULL)
        self->volume = gh_transfer_find_volume (conn, self->pool, self->path, &problem);
      if (conn != NULL && self->volume != NULL && func (self, conn, segment, &problem))
        {
          if (end != 0)
            note_cut (self, /* waiting= */ FALSE);
          return TRUE;
        }
      if (gh_transfer_is_stopped (self->transfer))
        g_clear_error (&problem);
      if (problem == NULL)
        gh_transfer_set_cancelled (&problem);
      if (busy_end == 0)
        busy_end = g_get_monotonic_time () + BUSY_S * G_TIME_SPAN_SECOND;
      if (is_busy (self, /* was_cut= */ self->n_cuts > 0, problem) &&
          g_get_monotonic_time () < busy_end)
        {
          gh_transfer_role_drop_handles (self);
          pause_worker (self->transfer, MIN_PAUSE_MS);
          continue;
        }
      if (end == 0)
        end = g_get_monotonic_time () + PATIENCE_S * G_TIME_SPAN_SECOND;
      if (!is_cut (self, conn, problem) || g_get_monotonic_time () > end)
        {
          g_propagate_error (error, g_steal_pointer (&problem));
          return FALSE;
        }
      g_debug ("%s: %s; trying again", self->path, problem->message);
      gh_transfer_role_drop_handles (self);
      self->n_cuts++;
      busy_end = 0;
      note_cut (self, /* waiting= */ TRUE);
      pause_worker (self->transfer, pause_ms);
      pause_ms = MIN (pause_ms * 2, MAX_PAUSE_MS);
    }
}

static gboolean
measure_source (GhTransferRole     *self,
                virConnectPtr       conn,
                GhTransferSegment **segment,
                GError            **error)
{
  GhTransferProgress *progress = self->transfer->progress;
  GhVolumeExtent extent = { 0 };

  if (!gh_transfer_measure (self->volume, &extent, error))
    return FALSE;
  self->length = extent.length;
  g_mutex_lock (&progress->mutex);
  progress->figures.total = extent.allocation;
  g_mutex_unlock (&progress->mutex);
  return TRUE;
}

static gboolean
read_segment (GhTransferRole     *self,
              virConnectPtr       conn,
              GhTransferSegment **segment,
              GError            **error)
{
  g_autoptr (GhTransferSegment) read = gh_transfer_segment_new (self->position,
                                                                /* keeps_data= */ TRUE);
  GhTransferProgress *progress = self->transfer->progress;
  gboolean filled = gh_faults_enter ("transfer-segment-read", error) &&
                    gh_transfer_role_fill (self, conn, read, self->length, self->limit, error);

  g_mutex_lock (&progress->mutex);
  progress->figures.n_read += gh_transfer_segment_get_n_bytes (read);
  g_mutex_unlock (&progress->mutex);
  if (filled)
    *segment = g_steal_pointer (&read);
  return filled;
}

static gboolean
write_segment (GhTransferRole     *self,
               virConnectPtr       conn,
               GhTransferSegment **segment,
               GError            **error)
{
  return gh_faults_enter ("transfer-segment-write", error) &&
         gh_transfer_role_upload (self, conn, *segment, error);
}

static gboolean
verify_segment (GhTransferRole     *self,
                virConnectPtr       conn,
                GhTransferSegment **segment,
                GError            **error)
{
  guint64 start = gh_transfer_segment_get_start (*segment);
  guint64 end = gh_transfer_segment_get_end (*segment);
  g_autoptr (GhTransferSegment) back = gh_transfer_segment_new (start, /* keeps_data= */ FALSE);

  self->range = end - start;
  if (!gh_faults_enter ("transfer-segment-verify", error) ||
      !gh_transfer_role_fill (self, conn, back, end, G_MAXUINT64, error))
    return FALSE;
  gh_transfer_role_drop_stream (self);
  if (gh_transfer_segment_equal (*segment, back))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _("What can be read from “%s” is not what was written to it."), self->path);
  return FALSE;
}

/* The three */

static void
read_all (GhTransferRole  *self,
          GError         **error)
{
  GhTransfer *transfer = self->transfer;

  self->limit = MIN_SEGMENT;
  self->range = MIN_SEGMENT;
  if (!persist (self, measure_source, NULL, error))
    return;
  while (self->position < self->length)
    {
      GhTransferSegment *segment = NULL;

      if (!persist (self, read_segment, &segment, error))
        return;
      self->position = gh_transfer_segment_get_end (segment);
      self->limit = MIN (self->limit * 2, MAX_SEGMENT);
      /* While nobody reads it, a download would fill our memory. */
      if (self->stream != NULL && !has_room (transfer, &transfer->to_write))
        {
          gh_transfer_role_drop_stream (self);
          self->range = self->limit;
        }
      push (transfer, &transfer->to_write, segment);
    }
  set_all (transfer, &transfer->all_read);
}

static void
write_all (GhTransferRole  *self,
           GError         **error)
{
  GhTransfer *transfer = self->transfer;
  GhTransferSegment *segment = NULL;

  while ((segment = pop (transfer, &transfer->to_write, &transfer->all_read)) != NULL)
    {
      if (!persist (self, write_segment, &segment, error))
        {
          gh_transfer_segment_free (segment);
          return;
        }
      gh_transfer_segment_drop_data (segment);
      push (transfer, &transfer->to_verify, segment);
    }
  set_all (transfer, &transfer->all_written);
}

static void
verify_all (GhTransferRole  *self,
            GError         **error)
{
  GhTransfer *transfer = self->transfer;
  GhTransferSegment *next = NULL;

  /* The writer has been, before there is anything to be done here. */
  self->connected = TRUE;
  while ((next = pop (transfer, &transfer->to_verify, &transfer->all_written)) != NULL)
    {
      g_autoptr (GhTransferSegment) segment = next;

      if (!persist (self, verify_segment, &segment, error))
        return;
      g_mutex_lock (&transfer->progress->mutex);
      transfer->progress->figures.n_verified += gh_transfer_segment_get_n_bytes (segment);
      transfer->progress->figures.position = gh_transfer_segment_get_end (segment);
      g_mutex_unlock (&transfer->progress->mutex);
    }
}

gpointer
gh_transfer_role_worker (GhLane        *lane,
                         gpointer       data,
                         GCancellable  *cancellable,
                         GError       **error)
{
  static void (* const funcs[GH_TRANSFER_N_ROLES]) (GhTransferRole *, GError **) = {
    read_all, write_all, verify_all,
  };
  GhTransferRole *self = data;

  self->lane = lane;
  self->buffer = g_malloc (GH_TRANSFER_MESSAGE_BYTES);
  funcs[self->kind] (self, error);
  if (*error == NULL && gh_transfer_is_stopped (self->transfer))
    gh_transfer_set_cancelled (error);
  if (*error != NULL)
    gh_transfer_stop (self->transfer);
  gh_transfer_role_drop_handles (self);
  return NULL;
}
