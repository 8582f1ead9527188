/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-window.h"

G_BEGIN_DECLS

/**
 * GhMoveActions:
 *
 * The window's action “move-machine”: moves what is selected to another host, with the dialog. When
 * the machine that is shown has moved, the window follows it, and says so.
 *
 * Main thread; lives as long as its window.
 */
#define GH_TYPE_MOVE_ACTIONS (gh_move_actions_get_type ())
G_DECLARE_FINAL_TYPE (GhMoveActions, gh_move_actions, GH, MOVE_ACTIONS, GObject)

GhMoveActions *gh_move_actions_new        (GhWindow *window);
/* @machines: (element-type GhMachine): what is selected */
void           gh_move_actions_update     (GhMoveActions *self, GPtrArray *machines);
/* Opens the dialog. */
void           gh_move_actions_move       (GhMoveActions *self, GPtrArray *machines,
                                           GhHost *destination); /* nullable */
/* Opens it for all machines that are on @host. */
void           gh_move_actions_empty_host (GhMoveActions *self, GhHost *host);

/* What @machine left at @host, to be removed. */
void           gh_move_actions_present_left (GtkWindow *parent, GhMachine *machine, GhHost *host);

G_END_DECLS
