/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

void gh_delete_dialog_present (GtkWindow *parent, GhMachine *machine);

G_END_DECLS
