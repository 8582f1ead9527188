/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* An info bar that says what failed and why, with the raw text under Details, and a button for what
 * helps. Takes no room while there is nothing to say; what fails meanwhile waits behind what is
 * shown. Actions of its button are looked up where the bar is. */
#define GH_TYPE_ERROR_BAR (gh_error_bar_get_type ())
G_DECLARE_FINAL_TYPE (GhErrorBar, gh_error_bar, GH, ERROR_BAR, GtkBin)

GtkWidget *gh_error_bar_new   (void);
/* @offer (nullable) is the label of a button for @action, a detailed action name. */
void       gh_error_bar_add   (GhErrorBar *self, const char *title, const GError *error,
                               const char *offer, const char *action);
void       gh_error_bar_clear (GhErrorBar *self);
guint      gh_error_bar_get_n_errors (GhErrorBar *self);

G_END_DECLS
