/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-host.h"
#include "gh-hosts.h"

G_BEGIN_DECLS

/* “New machine”. @preferred (nullable): where to make it unless the user chooses another host. */

void gh_create_dialog_present (GtkWindow *parent, GhHosts *hosts, GhHost *preferred);

G_END_DECLS
