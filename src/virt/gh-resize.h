/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* Makes disks larger, and never smaller: libvirt refuses that of what is used here. */

/* A volume of an active pool, whose machine is off. @capacity: bytes. */
void     gh_host_resize_volume_async  (GhHost *host, const char *path, guint64 capacity,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_host_resize_volume_finish (GhHost *host, GAsyncResult *result, GError **error);

/* A disk of a running machine, whose guest sees it at once. */
void     gh_host_resize_disk_async    (GhHost *host, const char *uuid, const char *target,
                                       guint64 capacity, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_host_resize_disk_finish   (GhHost *host, GAsyncResult *result, GError **error);

/* Bytes a running machine's disk has. */
void     gh_host_load_disk_size_async  (GhHost *host, const char *uuid, const char *target,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_host_load_disk_size_finish (GhHost *host, GAsyncResult *result, guint64 *size,
                                        GError **error);

G_END_DECLS
