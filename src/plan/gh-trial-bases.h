/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-image-graph.h"
#include "gh-machine-mark.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/* The images at @paths (element-type char) and all that they lie on, as they are in @graph, which
 * has been read anew: what is written into a trial of them. (element-type GhMarkedBase) */
GPtrArray *gh_trial_bases_list  (GhImageGraph *graph, GPtrArray *paths);
/* Says what of that others have written to since, as far as the trial @uuid still lies on it.
 * @level: of the check, "base-changed". */
void       gh_trial_bases_check (GhPlanDraft *draft, GhCheckLevel level, GhImageGraph *graph,
                                 GhMachineMark *mark, const char *uuid);

G_END_DECLS
