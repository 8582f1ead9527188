/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

/* Devices of the host in machines that run, by the names of gh_domain_xml_list_blockers(). The
 * machine's definition stays as it is. A machine that is gone or off, or does not have the device
 * (has it already), counts as done. */

/* Fails when the guest does not let it go within some seconds. @device: as text. */
void     gh_host_unplug_async  (GhHost *host, const char *uuid, const char *name,
                                const char *device, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_host_unplug_finish (GhHost *host, GAsyncResult *result, GError **error);
void     gh_host_plug_async    (GhHost *host, const char *uuid, const char *name,
                                const char *device, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean gh_host_plug_finish   (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
