/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What the fields of a form are called. */
void gh_row_titles_keep_words (GtkWidget *form);

G_END_DECLS
