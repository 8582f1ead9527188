/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-machine.h"
#include "gh-plan.h"

G_BEGIN_DECLS

#define GH_TYPE_LEFT_PLAN (gh_left_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhLeftPlan, gh_left_plan, GH, LEFT_PLAN, GhPlan)

/* The plan that deletes what a machine left at a host when it moved away from it, as its metadata
 * remember. Only files nobody uses; the rest stays, and stays remembered. @left_at: that host. */
GhLeftPlan *gh_left_plan_new         (GhMachine *machine, GhHost *left_at);
GhMachine  *gh_left_plan_get_machine (GhLeftPlan *self);

G_END_DECLS
