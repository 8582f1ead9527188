/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A popover to find an operating system by typing. The list is loaded when it is first opened.
 * Signal: "chosen" (const char *id): "" for none of them. */
#define GH_TYPE_OS_CHOOSER (gh_os_chooser_get_type ())
G_DECLARE_FINAL_TYPE (GhOsChooser, gh_os_chooser, GH, OS_CHOOSER, GtkPopover)

GtkWidget *gh_os_chooser_new (void);

G_END_DECLS
