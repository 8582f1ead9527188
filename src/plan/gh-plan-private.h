/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-plan.h"

G_BEGIN_DECLS

/* For a plan that goes on with another's journal. */
void gh_plan_set_id (GhPlan *self, const char *id);

G_END_DECLS
