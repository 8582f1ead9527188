/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-migration.h"

G_BEGIN_DECLS

/* A move that somebody else began: another program, or this one in another terminal. Only the host
 * it comes from can be told what is to change. By UUID. */

typedef enum
{
  GH_MOVING_BANDWIDTH, /* MiB per second; 0: not limited */
  GH_MOVING_DOWNTIME,  /* ms that the guest may stand still at the end */
  GH_MOVING_SLOW,      /* the guest, as far as the move needs it */
  GH_MOVING_POST_COPY,
  GH_MOVING_PAUSE,     /* the guest */
  GH_MOVING_CANCEL,
} GhMovingChange;

/* An error when it is not being moved away from @host. */
void                 gh_host_load_move_async    (GhHost *host, const char *uuid,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
GhMigrationProgress *gh_host_load_move_finish   (GhHost *host, GAsyncResult *result,
                                                 GError **error);

/* Bandwidth is what memory is sent with: while disks are copied it waits until that begins.
 * Cancelling waits until the move has ended. @value: of bandwidth and downtime. */
void                 gh_host_change_move_async  (GhHost *host, const char *uuid,
                                                 GhMovingChange change, guint value,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean             gh_host_change_move_finish (GhHost *host, GAsyncResult *result,
                                                 GError **error);

G_END_DECLS
