/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-clone-plan-private.h"
#include "gh-independent-plan.h"

G_BEGIN_DECLS

struct _GhIndependentPlan
{
  GhPlan       parent_instance;

  GhMachine   *machine;
  GhClonePlan *reader;    /* (nullable): has read the world as for a full clone */
  GHashTable  *choices;   /* target → GINT_TO_POINTER (gboolean) */
  gboolean     only_some; /* what is not in choices is not chosen */
  GPtrArray   *disks;     /* (nullable) (element-type GhIndependentDisk) */
};

/* The world's side of @disk. */
const GhCloneItem *gh_independent_plan_find_item (GhIndependentPlan *self,
                                                  const GhIndependentDisk *disk);
/* Whether QEMU is to do it. */
gboolean           gh_independent_plan_is_live   (GhIndependentPlan *self);
guint              gh_independent_plan_count_chosen (GhIndependentPlan *self);
/* The machine's metadata name a parent. */
gboolean           gh_independent_plan_has_parent (GhIndependentPlan *self);

void               gh_independent_check_all      (GhIndependentPlan *self, GhPlanDraft *draft);

G_END_DECLS
