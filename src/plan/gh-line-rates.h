/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How fast the last moves between two hosts were, so that the next can be told how long it takes.
 * In $XDG_STATE_HOME/guesthouse/line-rates, alone with what writing it leaves when that is cut
 * short: a key file of the last hundred pairs of hosts, which are not to be read from it. Nothing
 * depends on it: one that is gone or damaged is as none. */

/**
 * GhLineKind:
 * @GH_LINE_LIVE: memory and disks of a machine that runs, from host to host
 * @GH_LINE_OFF: disks through this computer; what is sent and read back counts twice
 */
typedef enum
{
  GH_LINE_LIVE,
  GH_LINE_OFF,
  GH_LINE_N_KINDS,
} GhLineKind;

/* @from, @to: URIs. Of the other direction when only that was measured. */
void     gh_line_rates_load_async  (const char *from, const char *to, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
/* Bytes per second; 0: not measured yet. */
gboolean gh_line_rates_load_finish (GAsyncResult *result, double rates[GH_LINE_N_KINDS],
                                    GError **error);

/* What is too little to tell anything is not kept. Never fails. */
void     gh_line_rates_keep_async  (const char *from, const char *to, GhLineKind kind,
                                    guint64 bytes, gint64 span_us,
                                    GAsyncReadyCallback callback, gpointer user_data);
void     gh_line_rates_keep_finish (GAsyncResult *result);

G_END_DECLS
