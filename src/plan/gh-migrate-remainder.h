/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-step.h"

G_BEGIN_DECLS

/* For GhMigrateStep: what its parameters and both hosts tell of a move, as dup_commit_check() of
 * GhStepClass. */
GhCheck  *gh_migrate_step_dup_commit_check   (GhStep *step, GhHost *host);
/* The destination gets its definition at the end of the move, and has none before. One that goes
 * back is defined there all the time. */
gboolean  gh_migrate_step_brings_definition  (GhStep *step);

G_END_DECLS
