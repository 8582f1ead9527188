/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *gh_text_fold            (const char *text);
int   gh_text_compare_natural (const char *a,
                               const char *b);
guint gh_text_get_columns     (const char *text);
char *gh_text_dup_padded      (const char *text,
                               guint       columns);

G_END_DECLS
