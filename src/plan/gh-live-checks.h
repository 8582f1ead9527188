/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-live.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/* What copying the disks of the running machine @name means, and what forbids it. @info: what the
 * machine is busy with, and whether its guest agent answers; @targets: the disks to be copied.
 *
 *   live-memory              note: what is in memory is not cloned
 *   live-frozen              ok: the guest writes down what it holds
 *   live-not-frozen          note: there is no agent
 *   live-agent-silent        note: there is one that does not answer, so nothing is frozen
 *   live-not-supported       refusal: its QEMU cannot
 *   live-job                 refusal: it is being saved, moved, backed up …
 *   live-block-job           refusal: a disk is being worked on
 *   live-disk-not-supported  refusal: a disk of a kind that cannot be copied so */
void     gh_live_checks_add    (GhPlanDraft *draft, const char *name, GhLiveInfo *info,
                                const char * const *targets);
/* Of these, live-job and live-block-job. */
void     gh_live_checks_add_busy (GhPlanDraft *draft, const char *name, GhLiveInfo *info,
                                const char * const *targets);
/* Whether gh_backup_step_new() is to freeze. */
gboolean gh_live_should_freeze (const GhLiveInfo *info);

G_END_DECLS
