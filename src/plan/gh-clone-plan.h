/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-clone-xml.h"
#include "gh-machine.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/**
 * GhCloneMode:
 * @GH_CLONE_COPY: the clone gets a copy of its own
 * @GH_CLONE_LINK: the clone gets an overlay that holds only what differs; its base must never be
 *   written again
 * @GH_CLONE_SHARE: both use the same
 * @GH_CLONE_LEAVE_OUT: the clone does not have it
 *
 * What becomes of a disk.
 */
typedef enum
{
  GH_CLONE_COPY,
  GH_CLONE_LINK,
  GH_CLONE_SHARE,
  GH_CLONE_LEAVE_OUT,
  GH_CLONE_N_MODES,
} GhCloneMode;

/* "copy", "link", "share", "leave-out": not for people. */
const char *gh_clone_mode_to_string (GhCloneMode mode);

/**
 * GhCloneParent:
 * @GH_CLONE_PARENT_TEMPLATE: it becomes a template, which is not started while clones depend on it
 * @GH_CLONE_PARENT_OVERLAY: it gets an overlay of its own and stays usable
 *
 * What becomes of the source of linked clones.
 */
typedef enum
{
  GH_CLONE_PARENT_TEMPLATE,
  GH_CLONE_PARENT_OVERLAY,
} GhCloneParent;

typedef enum
{
  GH_CLONE_TPM_FRESH,
  GH_CLONE_TPM_COPY, /* with the secrets in it */
} GhCloneTpm;

/**
 * GhCloneDisk:
 *
 * One disk of the source and what becomes of it, as of the last preparation. Sizes in bytes.
 * Reference counted; immutable.
 */
typedef struct
{
  char       *target;               /* "vda" */
  char       *device;               /* "disk", "cdrom", "floppy", "lun" */
  char       *bus;                  /* (nullable) */
  char       *source_text;          /* (nullable): in words; NULL for an empty drive */
  char       *path;                 /* (nullable) */
  char       *format;               /* (nullable) */
  guint64     capacity;             /* 0: not known */
  guint64     allocation;
  guint       n_internal_snapshots;
  guint       n_backing;            /* length of the chain under it */
  GhCloneMode mode;
  gboolean    overridden;           /* chosen by the user, else proposed */
  char       *reason;               /* why this mode is proposed: a sentence */
  char       *refusals[GH_CLONE_N_MODES]; /* (nullable): why it cannot be chosen: a sentence */
  char       *pool;                 /* (nullable): the name of the pool it goes to */
  char       *destination;          /* (nullable): path of the first clone's disk */
  char       *method;               /* (nullable): how it is copied, in words */
  double      seconds;              /* an estimate; < 0: not known */
} GhCloneDisk;

GhCloneDisk *gh_clone_disk_ref   (GhCloneDisk *self);
void         gh_clone_disk_unref (GhCloneDisk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhCloneDisk, gh_clone_disk_unref)

#define GH_CLONE_MAX_COPIES 200

#define GH_TYPE_CLONE_PLAN (gh_clone_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhClonePlan, gh_clone_plan, GH, CLONE_PLAN, GhPlan)

/* The plan that makes copies of a machine. Changing a property makes it unprepared; what it found
 * and proposes is there after gh_plan_prepare_async(). Main thread.
 *
 *   "machine"        GhMachine, construct only
 *   "name"           string: of the clones; {n} stands for the number. Proposed until it is set;
 *                    NULL proposes again. Without {n} a dash and the number are put behind it when
 *                    there are several copies
 *   "copies"         uint, 1 to GH_CLONE_MAX_COPIES
 *   "first-number"   uint, 1
 *   "start"          boolean, FALSE: start them when they are made
 *   "linked"         boolean, FALSE: proposes links in place of copies
 *   "parent"         int, a GhCloneParent: for links
 *   "flatten"        boolean, TRUE: a copy holds everything its chain of images holds; else it lies
 *                    on the same backing file as the original
 *   "keep-snapshots" boolean, FALSE: copies keep the snapshots inside the image
 *   "keep-finished"  boolean, FALSE: a run that fails or is cancelled keeps the clones that are
 *                    whole
 *   "pool"           string, nullable: the pool all disks go to; NULL: where the originals are
 *   "tpm"            int, a GhCloneTpm
 *   "set-hostname", "sysprep", "seed"   booleans, FALSE: what is done to the guest's identity
 *   "sysprep-operations"  string, nullable: NULL for the defaults
 *   "user-data"      string, nullable: for cloud-init
 *   "trial"          boolean, FALSE: a throw-away twin, marked as one; the original is left as it
 *                    is, and not started while there is a trial of it
 *   "network"        boolean, TRUE: FALSE makes clones with their cables unplugged
 *   "snapshot"       string, nullable: the name of a snapshot, to clone the state it keeps
 *   "loading"        boolean, read-only: the machine is being looked at
 *   "disks-serial"   uint, read-only: notified when disks, changes and pools were read anew
 */
GhClonePlan *gh_clone_plan_new            (GhMachine *machine);
/* “Try in a copy”: a linked twin that is started and thrown away later, of the machine as it is or,
 * with @snapshot (nullable), as it was. @network: FALSE to unplug its cables. */
GhClonePlan *gh_clone_plan_new_trial      (GhMachine *machine, const char *snapshot,
                                           gboolean network);
GhMachine   *gh_clone_plan_get_machine    (GhClonePlan *self);

void         gh_clone_plan_set_disk_mode  (GhClonePlan *self, const char *target,
                                           GhCloneMode mode);
void         gh_clone_plan_set_disk_pool  (GhClonePlan *self, const char *target,
                                           const char *pool);
/* Why no disk can be linked to as the machine is now, a translated sentence; NULL: that is up to
 * each disk. */
const char  *gh_clone_plan_find_link_problem (GhClonePlan *self);
/* Mode and pool are proposed again. */
void         gh_clone_plan_reset_disk     (GhClonePlan *self, const char *target);
/* @value: "keep", "new", "remove" or what it is to be; NULL for the default. */
void         gh_clone_plan_set_change     (GhClonePlan *self, const char *id, const char *value);

/* As of the last preparation; NULL before it. All (transfer none). */
GPtrArray   *gh_clone_plan_get_disks      (GhClonePlan *self); /* (element-type GhCloneDisk) */
GPtrArray   *gh_clone_plan_get_changes    (GhClonePlan *self); /* (element-type GhCloneChange) */
GPtrArray   *gh_clone_plan_get_pools      (GhClonePlan *self); /* (element-type GhPoolInfo) */

/* Names of the machine's snapshots that say how it was, so that they can be cloned; NULL before the
 * machine was looked at. */
GStrv        gh_clone_plan_dup_snapshots  (GhClonePlan *self);

/* What gh_clone_plan_set_change() takes for it: "keep", "new", "remove"; "value" for anything. */
GStrv        gh_clone_change_dup_choices  (const GhCloneChange *change);

/* Of the @index-th clone; without passwords. NULL before the first preparation. */
char        *gh_clone_plan_dup_xml        (GhClonePlan *self, guint index);
const char  *gh_clone_plan_get_uuid       (GhClonePlan *self, guint index);
char        *gh_clone_plan_dup_name_at    (GhClonePlan *self, guint index);

G_END_DECLS
