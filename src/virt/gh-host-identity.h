/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

/* The UUID a host has itself, whatever URI it is reached by. */
void  gh_host_load_identity_async  (GhHost *host, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
char *gh_host_load_identity_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
