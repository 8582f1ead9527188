/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-window.h"

G_BEGIN_DECLS

/**
 * GhCloneActions:
 *
 * The window's actions about copies of machines:
 *
 *   clone-machine, new-from-template      of the selected machine, with the dialog
 *   clone-from (s: UUID)                  a linked clone of that machine, with the dialog
 *
 * Main thread; lives as long as its window.
 */
#define GH_TYPE_CLONE_ACTIONS (gh_clone_actions_get_type ())
G_DECLARE_FINAL_TYPE (GhCloneActions, gh_clone_actions, GH, CLONE_ACTIONS, GObject)

GhCloneActions *gh_clone_actions_new    (GhWindow *window);
/* @machines: (element-type GhMachine): what is selected; enables what can be done with it. */
void            gh_clone_actions_update (GhCloneActions *self, GPtrArray *machines);

G_END_DECLS
