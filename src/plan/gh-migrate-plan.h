/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-machine.h"
#include "gh-migrate-rules.h"
#include "gh-migration.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/**
 * GhMigrateDiskMode:
 * @GH_MIGRATE_DISK_SHARED: both hosts see the same: nothing is copied
 * @GH_MIGRATE_DISK_COPIED: it is copied to a new volume at the destination; the old one is kept
 * @GH_MIGRATE_DISK_LEFT: it stays here, and the drive arrives empty; for CDs and floppies only
 *
 * What becomes of a disk.
 */
typedef enum
{
  GH_MIGRATE_DISK_SHARED,
  GH_MIGRATE_DISK_COPIED,
  GH_MIGRATE_DISK_LEFT,
  GH_MIGRATE_DISK_N_MODES,
} GhMigrateDiskMode;

/**
 * GhMigrateDisk:
 *
 * One disk of the machine and what becomes of it, as of the last preparation. Sizes in bytes.
 * Reference counted; immutable.
 */
typedef struct
{
  char              *target;      /* "vda" */
  char              *device;      /* "disk", "cdrom", "floppy", "lun" */
  char              *bus;         /* (nullable) */
  char              *source_text; /* (nullable): in words; NULL for an empty drive */
  char              *path;        /* (nullable) */
  char              *format;      /* (nullable) */
  guint64            capacity;    /* 0: not known */
  guint64            allocation;
  guint64            whole;       /* bytes its copy takes at most, with what it rests on here, which
                                   * comes into it; 0: it rests on nothing */
  GhMigrateDiskMode  mode;
  gboolean           overridden;  /* chosen by the user, else proposed */
  char              *reason;      /* why this mode is proposed: a sentence */
  char              *refusals[GH_MIGRATE_DISK_N_MODES]; /* (nullable): why it cannot be chosen: a
                                                           * sentence */
  char              *pool;        /* (nullable): where it is copied to, at the destination */
  char              *destination; /* (nullable): its path at the destination */
} GhMigrateDisk;

GhMigrateDisk *gh_migrate_disk_ref   (GhMigrateDisk *self);
void           gh_migrate_disk_unref (GhMigrateDisk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrateDisk, gh_migrate_disk_unref)

/**
 * GhMigrateNetwork:
 *
 * One network, bridge or interface the machine is on, and what it will be on at the destination.
 * Reference counted; immutable.
 */
typedef struct
{
  char     *type;        /* "network", "bridge", or "direct": an interface of the host */
  char     *name;        /* here */
  char     *destination; /* there; the same name unless the user chose another */
  gboolean  overridden;
  gboolean  is_there;    /* the destination has it; TRUE where nobody can know */
  gboolean  is_active;   /* of an interface: not down */
} GhMigrateNetwork;

GhMigrateNetwork *gh_migrate_network_ref   (GhMigrateNetwork *self);
void              gh_migrate_network_unref (GhMigrateNetwork *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrateNetwork, gh_migrate_network_unref)

/* What copies take in one pool at the destination, in bytes. */
typedef struct
{
  const char *pool;      /* (unowned): until the plan is prepared anew */
  guint64     available;
  guint64     least;     /* they take at least that, and at most: */
  guint64     most;
  guint64     later;     /* when the disks are full */
} GhMigrateRoom;

/* What can be done to a move that does not come to an end. */
typedef enum
{
  GH_MIGRATE_ALLOW_PAUSE, /* twice the pause that was allowed until now */
  GH_MIGRATE_SLOW_GUEST,  /* once; with "auto-converge" it happens by itself */
  GH_MIGRATE_POST_COPY,   /* the guest goes on there, and fetches what it needs. No way back */
  GH_MIGRATE_PAUSE_GUEST, /* until it has arrived */
  GH_MIGRATE_RECOVER,     /* of a post-copy whose line is silent: by a new connection */
  GH_MIGRATE_N_ACTIONS,
} GhMigrateAction;

#define GH_TYPE_MIGRATE_PLAN (gh_migrate_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhMigratePlan, gh_migrate_plan, GH, MIGRATE_PLAN, GhPlan)

/* The plan that moves a machine to another host. Changing a property makes it unprepared; what it
 * found and proposes is there after gh_plan_prepare_async(). Preparing without running is the
 * rehearsal. Main thread.
 *
 *   "machine"       GhMachine, construct only
 *   "destination"   GhHost: connected by preparing; NULL: refused
 *   "live"          boolean: move it while it runs; proposed by whether it runs until it is set
 *   "temporary"     boolean, FALSE: the definition stays here, and the machine is gone from the
 *                   destination when it is switched off there
 *   "name"          string: at the destination; NULL: as it is
 *   "preset"        int, a GhMigratePreset: setting one sets what it is about; CUSTOM when what is
 *                   chosen is none of them
 *   "route"         int, a GhMigrateRoute
 *   "auto-converge", "post-copy", "parallel", "tls"   booleans
 *   "connections"   uint: for parallel; 0: as QEMU does
 *   "compression"   int, a GhMigrateCompression
 *   "bandwidth"     uint: MiB/s; 0: not limited
 *   "downtime"      uint: ms the guest may be paused at the end; 0: as QEMU does
 *   "address"       string, nullable: where the data goes: tcp://HOST[:PORT] or unix:///PATH; NULL:
 *                   what the hosts agree on, or the address we are connected with
 *   "disks-address" string, nullable: the same for disks; with a unix: address one is proposed
 *   "remove-source" boolean, FALSE: delete the disks here that were copied, when all went well
 *   "loading"       boolean, read-only: both hosts are being looked at
 *   "serial"        uint, read-only: notified when disks, networks, pools and estimates were read
 *                   anew
 *   "progress"      boxed GhMigrationProgress, read-only, nullable: while it moves; about once a
 *                   second
 *   "bandwidth-now" uint, read-only: what holds while it moves: "bandwidth" until that is changed
 *   "stuck"         boolean, read-only: it moves, and is not coming to an end as things are
 *   "silent"        boolean, read-only: its memory is in two parts, and nothing comes over the line
 */
GhMigratePlan *gh_migrate_plan_new             (GhMachine *machine, GhHost *destination);
GhMachine     *gh_migrate_plan_get_machine     (GhMigratePlan *self);
GhHost        *gh_migrate_plan_get_destination (GhMigratePlan *self); /* nullable */

void           gh_migrate_plan_set_disk_mode   (GhMigratePlan *self, const char *target,
                                                GhMigrateDiskMode mode);
/* A pool at the destination; NULL proposes one. Of a path that was asked for the name is kept. */
void           gh_migrate_plan_set_disk_pool   (GhMigratePlan *self, const char *target,
                                                const char *pool);
/* What the disk is called at the destination. @path: where that host has a disk both see, mounted
 * elsewhere, or where a copy goes, which also says the pool; or the name of a copy within its pool;
 * NULL proposes one. Anything can be set: what is no good is refused by a check. */
void           gh_migrate_plan_set_disk_path   (GhMigratePlan *self, const char *target,
                                                const char *path);
/* For the disks of which nothing was chosen: whether each that can be is copied, and (nullable)
 * where copies go. Before it is known which there are. */
void           gh_migrate_plan_set_all_disks   (GhMigratePlan *self, gboolean copy,
                                                const char *pool);
/* Mode, pool and path are proposed again. */
void           gh_migrate_plan_reset_disk      (GhMigratePlan *self, const char *target);
/* As of the last preparation: (element-type GhMigrateRoom), and the memory it takes there at once;
 * 0: none, as it is off. @free_kib: what is free there; 0: not known. */
GArray        *gh_migrate_plan_list_room       (GhMigratePlan *self);
guint64        gh_migrate_plan_get_memory_kib  (GhMigratePlan *self, guint64 *free_kib);
/* What was on the network @name (or the bridge, as "type" says) will be on @destination; NULL: on
 * that of the same name. */
void           gh_migrate_plan_set_network     (GhMigratePlan *self, const char *name,
                                                const char *destination);

/* Whether the device of the host stays here; @device: as gh_domain_xml_list_blockers() calls it. A
 * machine that runs has it taken out before it moves, and put back should it not arrive. */
void           gh_migrate_plan_set_dropped     (GhMigratePlan *self, const char *device,
                                                gboolean dropped);
/* The processor it gets, if it is off: a <cpu>; NULL: that it has. */
/* Whether secrets that the destination does not have are copied to it. */
void           gh_migrate_plan_set_copy_secrets (GhMigratePlan *self, gboolean copied);
void           gh_migrate_plan_set_cpu         (GhMigratePlan *self, const char *cpu);

/* Why the option cannot be given the value, all else as it is: a translated sentence; NULL: it can.
 * For making choices insensitive, with the sentence as their tooltip. */
const char    *gh_migrate_plan_find_problem    (GhMigratePlan *self, GhMigrateOption option,
                                                int value);

/* The devices that gh_migrate_plan_set_dropped() is for, as of the last preparation. */
GStrv          gh_migrate_plan_dup_devices     (GhMigratePlan *self);
/* As of the last preparation; NULL before it. All (transfer none). */
GPtrArray     *gh_migrate_plan_get_disks       (GhMigratePlan *self); /* (element-type
                                                                       * GhMigrateDisk) */
GPtrArray     *gh_migrate_plan_get_networks    (GhMigratePlan *self); /* (element-type
                                                                       * GhMigrateNetwork) */
/* What the destination has. */
GPtrArray     *gh_migrate_plan_get_pools       (GhMigratePlan *self); /* (element-type
                                                                       * GhPoolInfo) */
/* And of that, the names of what is like a GhMigrateNetwork of @type; NULL: it does not say.
 * (element-type char) (transfer full) */
GPtrArray     *gh_migrate_plan_dup_there       (GhMigratePlan *self, const char *type);
/* How long it will take, and how long the guest will stand still, in seconds; < 0: not known. */
double         gh_migrate_plan_get_estimate    (GhMigratePlan *self, double *pause);

/* While it moves. */

typedef enum
{
  GH_MIGRATE_NO_TROUBLE,
  GH_MIGRATE_STUCK,      /* as "stuck" */
  GH_MIGRATE_SILENT,     /* as "silent" */
  GH_MIGRATE_RECOVERING, /* silent, and a new connection is being made */
} GhMigrateTrouble;

GhMigrateTrouble gh_migrate_plan_get_trouble       (GhMigratePlan *self);
/* Why the action is of no use, a translated sentence; NULL: it can be done. */
const char    *gh_migrate_plan_find_action_problem (GhMigratePlan *self, GhMigrateAction action);
/* “Allow a longer pause” */
const char    *gh_migrate_action_get_label     (GhMigrateAction action);
void           gh_migrate_plan_act_async       (GhMigratePlan *self, GhMigrateAction action,
                                                GAsyncReadyCallback callback, gpointer user_data);
gboolean       gh_migrate_plan_act_finish      (GhMigratePlan *self, GAsyncResult *result,
                                                GError **error);
/* MiB/s; 0: not limited. */
void           gh_migrate_plan_change_bandwidth_async  (GhMigratePlan *self, guint mib_per_s,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
gboolean       gh_migrate_plan_change_bandwidth_finish (GhMigratePlan *self, GAsyncResult *result,
                                                        GError **error);

G_END_DECLS
