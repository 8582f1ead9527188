/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-migration.h"

G_BEGIN_DECLS

/* Told when its move begins (@migration) and when it is over (NULL). */
typedef void (*GhRecoveryFunc) (GhMigration *migration,
                                gpointer     data);

/* Goes on with a post-copy that broke, by @options with resume set, from a host that is connected
 * to another. Where neither has a part of the machine's memory, nothing is done, and that is no
 * error; whoever asked looks at both afterwards. */
void     gh_recovery_run_async  (GhHost *host, GhHost *peer, const char *uuid,
                                 const GhMigrationOptions *options, GhRecoveryFunc func,
                                 gpointer data, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_recovery_run_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
