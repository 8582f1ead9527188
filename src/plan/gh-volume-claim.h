/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-step.h"
#include "gh-storage.h"

G_BEGIN_DECLS

/* Whose a volume is that a step was to make: for its undoing, which must never remove what another
 * program put at the path between the look and the making. The parameter “absent” of the step says
 * that what is there is ours. */

void     gh_volume_claim_drop     (GhStep *step, const GError *error);
gboolean gh_volume_claim_is_fresh (const GhVolumeInfo *volume, guint64 capacity);

G_END_DECLS
