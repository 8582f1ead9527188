/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-virt-error.h"

G_BEGIN_DECLS

/* Turns libvirt's last error of this thread into a GError; right after the failed call. */
void gh_virt_error_take    (GError **error);
/* Once, before the first connection. */
void gh_virt_error_silence (void);

G_END_DECLS
