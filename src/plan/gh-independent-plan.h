/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-machine.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/**
 * GhIndependentDisk:
 *
 * One disk that lies on other images, as of the last preparation. Sizes in bytes.
 */
typedef struct
{
  char    *target;      /* "vda" */
  char    *path;
  char    *base;        /* what it lies on, nearest */
  guint    n_backing;   /* how many images that are, one on the other */
  gboolean chosen;
  guint64  most;        /* what has to be copied at most; G_MAXUINT64: not known */
  guint64  least;       /* and at least */
  char    *destination; /* (nullable): the file it gets; NULL: it keeps the one it has */
  gboolean removed;     /* the file it had is removed */
} GhIndependentDisk;

#define GH_TYPE_INDEPENDENT_PLAN (gh_independent_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhIndependentPlan, gh_independent_plan, GH, INDEPENDENT_PLAN, GhPlan)

/* The plan that turns a linked clone into a full one: its disks then hold everything themselves,
 * and nobody needs what they were on for its sake. While the machine runs, its QEMU copies what is
 * missing into the disks it has; else each becomes one new file and the old one is removed. */
GhIndependentPlan *gh_independent_plan_new         (GhMachine *machine);
GhMachine         *gh_independent_plan_get_machine (GhIndependentPlan *self);

/* All disks that lie on other images are chosen, until the first call of this: then none but
 * those. */
void               gh_independent_plan_add_disk    (GhIndependentPlan *self, const char *target);
/* Of those that are chosen, whether this is one. */
void               gh_independent_plan_set_chosen  (GhIndependentPlan *self, const char *target,
                                                    gboolean chosen);
/* (transfer none) (nullable) (element-type GhIndependentDisk): as of the last preparation. */
GPtrArray         *gh_independent_plan_get_disks   (GhIndependentPlan *self);

G_END_DECLS
