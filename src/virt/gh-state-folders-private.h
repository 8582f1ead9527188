/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libvirt/libvirt.h>

#include "gh-state-folders.h"

G_BEGIN_DECLS

/* For workers that ask a host for more than this. */
GhStateFolders *gh_state_folders_read (virConnectPtr conn, GError **error);

G_END_DECLS
