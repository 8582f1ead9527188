/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A window that shows @xml, to read and to copy. */
void gh_xml_window_present (GtkWindow *parent, const char *title, const char *xml);

G_END_DECLS
