/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-plan.h"

G_BEGIN_DECLS

/* Plans in words, for the widgets that show them. */
const char *gh_plan_text_step_state     (GhStepState   state);
const char *gh_plan_text_step_icon      (GhStepState   state);
const char *gh_plan_text_check_level    (GhCheckLevel  level);
const char *gh_plan_text_check_icon     (GhCheckLevel  level);
char       *gh_plan_text_dup_commands   (GhPlan       *plan);
char       *gh_plan_text_dup_log        (GhPlan       *plan);

G_END_DECLS
