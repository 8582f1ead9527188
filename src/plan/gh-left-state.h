/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-left-files.h"
#include "gh-plan.h"
#include "gh-state-folders.h"

G_BEGIN_DECLS

/* Deleting the firmware variables and the TPM that a machine left at a host it has moved away from.
 * They are in no pool, so their folder is lent one, as when they were sent. What metadata name may
 * be anything: only what lies where the host keeps just that is believed. Where both hosts keep
 * firmware variables in a folder of the same name, that may be one shared folder, and what was
 * “left” the very file the machine uses: so it is proved first that it is not. */

/* (element-type GhPoolInfo) @pools: of @host. @machine is where the machine is now; @own: where
 * that host keeps such files. FALSE: it stays, as a check says. */
gboolean gh_left_state_add (GhPlanDraft          *draft,
                            GhHost               *host,
                            GhMachine            *machine,
                            const GhLeftFile     *file,
                            const GhStateFolders *folders, /* nullable */
                            const GhStateFolders *own,     /* nullable */
                            GPtrArray            *pools);

G_END_DECLS
