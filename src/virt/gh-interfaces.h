/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

/* The names of the host's own network interfaces, bridges among them; fails where its libvirt does
 * not know them. */
void  gh_host_load_interfaces_async  (GhHost *host, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
GStrv gh_host_load_interfaces_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
