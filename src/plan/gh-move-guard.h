/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-start-guard.h"

G_BEGIN_DECLS

/* Whether a machine may be started, or go on, at @host, by what is known of its moves. The other
 * hosts that are named there are asked, for which they are connected to when nobody has; what
 * cannot be asked is in doubt. Fails with GH_GUARD_ERROR. A machine that has never moved costs the
 * reading of a folder, which is mostly empty. */
void     gh_move_guard_ask_async  (GhHost              *host,
                                   const char          *uuid,
                                   GhGuardUse           use,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data);
gboolean gh_move_guard_ask_finish (GhHost              *host,
                                   GAsyncResult        *result,
                                   GError             **error);

G_END_DECLS
