/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-clone-plan-private.h"

G_BEGIN_DECLS

/* Who the guest in a clone takes itself for: host name, keys, ids that are inside of its disks. */

/* What virt-sysprep does if nobody says otherwise: people keep their accounts and ssh keys. */
#define GH_SYSPREP_OPERATIONS "defaults,-ssh-userdir,-user-account"

/* A name a guest may have (RFC 1123), of the name of a machine: letters, digits and hyphens, at
 * most 63. Never empty; long or foreign names get a part of @uuid. */
char     *gh_clone_dup_host_name       (const char *name, const char *uuid);

void      gh_clone_check_identity      (GhClonePlan *self, GhPlanDraft *draft);
/* Where the @index-th clone's CD for cloud-init goes; NULL: there is none. */
char     *gh_clone_dup_seed_path       (GhClonePlan *self, guint index);
/* After its disks are made, before it is defined. */
void      gh_clone_add_identity_steps  (GhClonePlan *self, guint index, GhPlanDraft *draft);

G_END_DECLS
