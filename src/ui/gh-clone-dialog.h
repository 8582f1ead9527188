/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-clone-plan.h"

G_BEGIN_DECLS

/* “Clone”. With @linked it begins with a linked clone, as of a template. */
void gh_clone_dialog_present (GtkWindow *parent, GhMachine *machine, gboolean linked);
/* “Clone”, of what a snapshot keeps. */
void gh_clone_dialog_present_snapshot (GtkWindow *parent, GhMachine *machine,
                                       const char *snapshot);

G_END_DECLS
