/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A spin button for sizes: its value is in MiB, its text has a unit, “4 GiB”, and what the user
 * types may have one: “1.5g”, “512 MiB”. A number alone means GiB up to "plain-limit", else MiB.
 * Properties: "plain-limit" (guint), "zero-text" (string): what zero is called. */
#define GH_TYPE_SIZE_SPIN (gh_size_spin_get_type ())
G_DECLARE_FINAL_TYPE (GhSizeSpin, gh_size_spin, GH, SIZE_SPIN, GtkSpinButton)

/* MiB; negative when @text is not a size. Pure. */
double gh_size_spin_parse (const char *text, guint plain_limit);
char  *gh_size_spin_print (guint64 mib);

G_END_DECLS
