/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* “Move to another host” for one machine or several.
 * @machines: (element-type GhMachine); @destination (nullable) */
void gh_migrate_dialog_present (GtkWindow *parent, GhHosts *hosts, GPtrArray *machines,
                                GhHost *destination);

G_END_DECLS
