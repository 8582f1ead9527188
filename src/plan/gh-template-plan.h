/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-plan.h"

G_BEGIN_DECLS

#define GH_TYPE_TEMPLATE_PLAN (gh_template_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhTemplatePlan, gh_template_plan, GH, TEMPLATE_PLAN, GhPlan)

/* Makes a machine a template, from which others are made and which is not started; or, with @on
 * FALSE, a machine again, unless others depend on it. Properties: "machine", "on" (both construct
 * only). */
GhTemplatePlan *gh_template_plan_new         (GhMachine *machine, gboolean on);
GhMachine      *gh_template_plan_get_machine (GhTemplatePlan *self);
gboolean        gh_template_plan_get_on      (GhTemplatePlan *self);

G_END_DECLS
