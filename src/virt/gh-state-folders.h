/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/**
 * GhStateFolders:
 *
 * Where a host's libvirt keeps what belongs to machines besides their disks. Immutable.
 */
typedef struct
{
  char *nvram; /* firmware variables: NAME_VARS.fd */
  char *tpm;   /* TPMs: UUID/tpm2/tpm2-00.permall, and tpm1.2 */
} GhStateFolders;

void            gh_state_folders_free             (GhStateFolders *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhStateFolders, gh_state_folders_free)

/* From the command line of QEMU, as libvirt writes it: @line, of a machine that does not exist.
 * NULL: it is not like any we know. */
GhStateFolders *gh_state_folders_new_from_command (const char *line);

/* Asks the host; changes nothing there. */
void            gh_host_load_state_folders_async  (GhHost *host, GCancellable *cancellable,
                                                   GAsyncReadyCallback callback,
                                                   gpointer user_data);
GhStateFolders *gh_host_load_state_folders_finish (GhHost *host, GAsyncResult *result,
                                                   GError **error);

G_END_DECLS
