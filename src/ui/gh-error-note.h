/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* An error in the middle of a page: what failed, why in a sentence, and the raw text under
 * “Details”. Hidden while there is no error. */
#define GH_TYPE_ERROR_NOTE (gh_error_note_get_type ())
G_DECLARE_FINAL_TYPE (GhErrorNote, gh_error_note, GH, ERROR_NOTE, GtkBin)

void gh_error_note_show_error (GhErrorNote *self, const char *title, const GError *error);
void gh_error_note_show_outcome (GhErrorNote *self, const char *text, const GError *error);
void gh_error_note_clear      (GhErrorNote *self);

G_END_DECLS
