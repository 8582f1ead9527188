/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* The program with a window: its hosts, its window, what belongs to neither. One per session: a
 * second start with `-c URI` adds the host to the window that is there. */
#define GH_TYPE_APPLICATION (gh_application_get_type ())
G_DECLARE_FINAL_TYPE (GhApplication, gh_application, GH, APPLICATION, GtkApplication)

GhApplication *gh_application_new       (void);
GhHosts       *gh_application_get_hosts (GhApplication *self);

G_END_DECLS
