/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

/* Says of a throw-away copy what it is, with the buttons that end it. Takes no room for other
 * machines. Its actions are the window's. */
#define GH_TYPE_TRIAL_BAR (gh_trial_bar_get_type ())
G_DECLARE_FINAL_TYPE (GhTrialBar, gh_trial_bar, GH, TRIAL_BAR, GtkBin)

void gh_trial_bar_set_machine (GhTrialBar *self, GhMachine *machine); /* nullable */

G_END_DECLS
