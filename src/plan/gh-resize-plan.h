/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-machine.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/* A disk of the machine, as of the last preparation. */
typedef struct
{
  char    *target;   /* "vda" */
  char    *path;
  guint64  size;     /* bytes the guest sees; 0: not known */
} GhResizeDisk;

#define GH_TYPE_RESIZE_PLAN (gh_resize_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhResizePlan, gh_resize_plan, GH, RESIZE_PLAN, GhPlan)

/* The plan that makes a disk larger, of a machine that is off or runs. Never smaller.
 *
 *   "machine"  GhMachine, construct only
 *   "target"   string, nullable: the disk; NULL: the first one
 *   "size"     uint64, bytes; 0: not chosen yet */
GhResizePlan       *gh_resize_plan_new         (GhMachine *machine, const char *target);
GhMachine          *gh_resize_plan_get_machine (GhResizePlan *self);
/* (transfer none) (nullable) (element-type GhResizeDisk) */
GPtrArray          *gh_resize_plan_get_disks   (GhResizePlan *self);
const GhResizeDisk *gh_resize_plan_get_disk    (GhResizePlan *self); /* nullable */

G_END_DECLS
