/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-plan.h"

G_BEGIN_DECLS

/* Plans inside the test program, where they can be watched and acted on. */

/* Connected. */
GhHost *gh_lab_plan_connect (const char *uri);
void    gh_lab_plan_prepare (GhPlan *plan);

G_END_DECLS
