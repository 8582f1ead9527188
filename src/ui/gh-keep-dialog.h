/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

/* “Keep as a machine”: its name, its network, and what becomes of the original. */
void gh_keep_dialog_present (GtkWindow *parent, GhMachine *trial);

G_END_DECLS
