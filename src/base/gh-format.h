/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *gh_format_duration   (gint64  seconds);
char *gh_format_memory     (guint64 kib);
char *gh_format_file_size  (guint64 bytes);

G_END_DECLS
