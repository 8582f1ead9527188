/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void  gh_stall_watch_start       (guint limit_ms);
void  gh_stall_watch_stop        (void);
guint gh_stall_watch_get_count   (void);
guint gh_stall_watch_get_longest (void);
void  gh_stall_watch_reset       (void);

G_END_DECLS
