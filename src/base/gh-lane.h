/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define GH_TYPE_LANE (gh_lane_get_type ())
G_DECLARE_FINAL_TYPE (GhLane, gh_lane, GH, LANE, GObject)

/**
 * GhLanePriority:
 * @GH_LANE_USER: what the user just asked for
 * @GH_LANE_DEFAULT: what a visible page needs
 * @GH_LANE_BACKGROUND: figures and prefetching
 *
 * Order in which waiting closures of one lane run.
 */
typedef enum
{
  GH_LANE_USER,
  GH_LANE_DEFAULT,
  GH_LANE_BACKGROUND,
} GhLanePriority;

/**
 * GhLaneKind:
 * @GH_LANE_READ: changes nothing; when cancelled, the caller is answered at
 *   once and a late result is dropped
 * @GH_LANE_WRITE: changes something; when cancelled before it starts it never
 *   runs, once started its true result is reported
 */
typedef enum
{
  GH_LANE_READ,
  GH_LANE_WRITE,
} GhLaneKind;

/**
 * GhLaneFunc:
 * @lane: the lane it runs in
 * @data: the closure's data; nobody else touches it while this runs
 * @cancellable: (nullable): for closures that do several calls to look at
 * @error: (out): to be set when %NULL is returned for failure
 *
 * Runs on the lane's thread. Takes plain data and gives plain data back: no
 * GObject of the main thread may be used in it.
 *
 * Returns: (transfer full) (nullable): the result, or %NULL; failure is told
 *   by @error alone, so verbs without a result return %NULL too
 */
typedef gpointer (*GhLaneFunc) (GhLane        *lane,
                                gpointer       data,
                                GCancellable  *cancellable,
                                GError       **error);

GhLane   *gh_lane_new            (const char          *name);
GhLane   *gh_lane_new_empty      (const char          *name);
void      gh_lane_set_connection (GhLane              *self,
                                  gpointer             connection);
gpointer  gh_lane_get_connection (GhLane              *self);
void      gh_lane_add_thread     (GhLane              *self,
                                  gpointer             connection,
                                  GhLaneFunc           begin,
                                  GDestroyNotify       close_connection);
guint     gh_lane_get_n_threads  (GhLane              *self);
guint     gh_lane_get_n_busy     (GhLane              *self,
                                  gint64               for_us);
void      gh_lane_stop           (GhLane              *self,
                                  GDestroyNotify       close_connection);
gboolean  gh_lane_wait_closed    (guint                timeout_ms);
guint     gh_lane_get_n_waiting  (GhLane              *self);

void      gh_lane_run_async      (GhLane              *self,
                                  GhLanePriority       priority,
                                  GhLaneKind           kind,
                                  const char          *name,
                                  GhLaneFunc           func,
                                  gpointer             data,
                                  GDestroyNotify       data_free,
                                  GDestroyNotify       result_free,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);
gpointer  gh_lane_run_finish     (GhLane              *self,
                                  GAsyncResult        *result,
                                  GError             **error);

G_END_DECLS
