/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

/**
 * GhMoveTrace:
 * @uri: a host that may run the machine
 * @host_id: (nullable): the UUID that host has itself
 * @finished: the machine has moved there; else the move is under way, or was interrupted
 * @brings_definition: that move defines it there at its end, and it is not defined there before
 *
 * What is written of a machine's moves on this computer: where else it may be. Of a move that goes
 * on or was interrupted the plan's journal says it; that it is over is kept for each machine by
 * itself, in $XDG_STATE_HOME/guesthouse/moved/UUID, since its definition may stay behind, as that
 * of a temporary move does, or come back from somewhere.
 */
typedef struct
{
  char     *uri;
  char     *host_id;
  gboolean  finished;
  gboolean  brings_definition;
} GhMoveTrace;

void       gh_move_trace_free        (gpointer self);

/* (element-type GhMoveTrace): of @uuid, each URI once; empty is usual, and quick: small local files
 * are read, on a thread of their own. */
void       gh_move_traces_load_async (const char *uuid, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *gh_move_traces_load_finish (GAsyncResult *result, GError **error);

/* Writes down that @uuid has moved to @destination, in place of what was known before. Does not
 * fail: at worst a start is not guarded that the user could guard against too. */
void       gh_move_trace_keep_async  (const char *uuid, GhHost *destination,
                                      GAsyncReadyCallback callback, gpointer user_data);
void       gh_move_trace_keep_finish (GAsyncResult *result);
/* The machine is not there any more. */
void       gh_move_trace_forget      (const char *uuid);

G_END_DECLS
