/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-machine.h"
#include "gh-window.h"

G_BEGIN_DECLS

/* The actions "win.machine-start", "win.machine-force-off" … on whatever machines are the window's
 * subject: one, or a selection of many. An action is enabled when at least one of them allows it,
 * and is asked of those that do. The dangerous ones ask first, once for all. */
#define GH_TYPE_MACHINE_ACTIONS (gh_machine_actions_get_type ())
G_DECLARE_FINAL_TYPE (GhMachineActions, gh_machine_actions, GH, MACHINE_ACTIONS, GObject)

GhMachineActions *gh_machine_actions_new          (GhWindow         *window);
/* (element-type GhMachine) */
void              gh_machine_actions_set_machines (GhMachineActions *self,
                                                   GPtrArray        *machines);
GPtrArray        *gh_machine_actions_get_machines (GhMachineActions *self);
/* Looks again at what the machines allow. */
void              gh_machine_actions_update       (GhMachineActions *self);
void              gh_machine_actions_run          (GhMachineActions *self,
                                                   GPtrArray        *machines,
                                                   GhMachineAction   action);

/* “It has been running for 2 hours.”; NULL when nobody knows. */
char             *gh_machine_actions_dup_uptime   (GhMachine        *machine);

G_END_DECLS
