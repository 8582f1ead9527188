/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When the local QEMU processes were started: UUID -> gint64 * (µs, real time). */
GHashTable *gh_uptime_scan (void);

G_END_DECLS
