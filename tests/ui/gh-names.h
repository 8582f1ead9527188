/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Whatever one can press, type into or choose from, and is shown below @root, says what it is to
 * who cannot see it; and to who can, by words or by a tooltip. */
void gh_names_assert           (GtkWidget *root);
/* No key stands for two things that are seen at a time below @root. */
void gh_names_assert_mnemonics (GtkWidget *root);

G_END_DECLS
