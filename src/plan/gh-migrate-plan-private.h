/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-image-graph.h"
#include "gh-line-rates.h"
#include "gh-migrate-plan.h"
#include "gh-migrate-step.h"
#include "gh-migration-facts.h"
#include "gh-move-off.h"
#include "gh-reach.h"
#include "gh-snapshot-definitions.h"
#include "gh-storage.h"

G_BEGIN_DECLS

/* What the user wants: the values of the properties. */
typedef struct
{
  GhMigrateChoice  choice;        /* LIVE holds what was set, or is proposed */
  gboolean         live_set;
  gboolean         remove_source;
  char            *name;          /* (nullable) */
  char            *address;       /* (nullable) */
  char            *disks_address; /* (nullable) */
  GHashTable      *modes;         /* target → GINT_TO_POINTER (GhMigrateDiskMode + 1) */
  GHashTable      *pools;         /* target → name */
  GHashTable      *paths;         /* target → its path there, or the name of a copy in its pool */
  GHashTable      *networks;      /* name → name */
  GHashTable      *dropped;       /* names of devices that stay here */
  char            *cpu;           /* (nullable): a <cpu> it gets, when it is off */
  gboolean         copy_secrets;  /* that the destination does not have */
  gboolean         copy_all;      /* every disk that can be, unless chosen otherwise */
  char            *pool_for_all;  /* (nullable): likewise where copies go */
} GhMigrateInputs;

/* One disk while the plan is being prepared. */
typedef struct
{
  const GhDiskXml    *xml;         /* (unowned) */
  GhMigrationFile    *here;        /* (nullable) (unowned) */
  GhMigrationFile    *there;       /* (nullable) (unowned): at the same path, or that asked for */
  gboolean            is_medium;   /* a CD or floppy */
  char               *format;      /* (nullable) */
  GhMigrateDiskMode   mode;
  gboolean            overridden;
  char               *reason;
  char               *refusals[GH_MIGRATE_DISK_N_MODES];
  const GhPoolInfo   *pool;        /* (nullable) (unowned): where a copy goes */
  char               *pool_name;   /* (nullable): that was asked for */
  char               *wanted;      /* (nullable): path or name that was asked for */
  GStrv               candidates;  /* (nullable): paths a copy could have */
  char               *destination; /* (nullable): the one it gets */
  guint               n_layers;    /* images it rests on, which come into a copy */
  char               *base;        /* (nullable): the nearest of them */
  guint64             least;       /* bytes a copy takes; at most: */
  guint64             most;
} GhMigrateItem;

/* What is known about the world, as of the last reading. */
typedef struct
{
  GhMigrationSource *source;       /* (nullable) */
  GhMigrationTarget *target;       /* (nullable) */
  GPtrArray         *files;        /* (nullable) (element-type GhMigrationFile): there */
  GhDomainXml       *xml;          /* (nullable): that is moved, with secrets */
  GPtrArray         *disks;        /* (nullable) (element-type GhDiskXml) */
  GPtrArray         *items;        /* (nullable) (element-type GhMigrateItem) */
  GPtrArray         *pools;        /* (nullable) (element-type GhPoolInfo): there */
  GPtrArray         *networks;     /* (nullable) (element-type GhNetworkInfo): there */
  GPtrArray         *interfaces;   /* (nullable) (element-type GhInterface): of the host there;
                                    * NULL: not known */
  GhCapabilities    *capabilities; /* (nullable): there */
  GhImageGraph      *graph;        /* (nullable): here, where it is needed */
  GhMoveFacts       *move;         /* (nullable): for a machine that is off */
  GhSnapshotDefinitions *snapshots; /* (nullable): likewise */
  GPtrArray         *secrets;      /* (nullable) (element-type GhSecretXml): that it refers to */
  GPtrArray         *secrets_here; /* (nullable) (element-type GhHostSecret): these, here */
  GPtrArray         *secrets_there; /* (nullable) (element-type GhHostSecret): and there */
  GhReach           *from;         /* (nullable): by what the source is reached from here */
  GhReach           *to;           /* (nullable): and the destination */
  double             rates[GH_LINE_N_KINDS]; /* bytes per second of the last moves; 0: not known */
} GhMigrateFacts;

/* Where the rate comes from that an estimate is reckoned with. */
typedef enum
{
  GH_MIGRATE_RATE_ASSUMED,
  GH_MIGRATE_RATE_MEASURED, /* on the last move between the two hosts */
  GH_MIGRATE_RATE_LIMIT,    /* the bandwidth it is to take at most */
} GhMigrateRateSource;

struct _GhMigratePlan
{
  GhPlan               parent_instance;

  GhMachine           *machine;
  GhHost              *destination; /* (nullable) */
  GhMigrateInputs      inputs;
  GhMigrateFacts       facts;
  char                *token;       /* of this plan's sockets */
  gboolean             loading;
  guint                serial;
  double               seconds;     /* estimates; < 0: not known */
  double               pause;
  double               rate;        /* bytes per second it is reckoned with */
  GhMigrateRateSource  rate_source;

  GPtrArray           *disks;       /* (nullable) (element-type GhMigrateDisk) */
  GPtrArray           *networks;    /* (nullable) (element-type GhMigrateNetwork) */

  GhMigrateStep       *step;        /* (nullable): of the last preparation */
  GhMigrationProgress *progress;    /* (nullable) */
  gboolean             stuck;
  gboolean             silent;
  gboolean             recovering;  /* until something comes over the new connection */
  gboolean             slowed;      /* on demand, in this run */
  char                *slow_problem; /* (nullable): why that cannot be */
  int                  bandwidth_now; /* asked for in this run; < 0: as it was begun */
  int                  bandwidth_set; /* and the last that was set */
};

void        gh_migrate_facts_clear        (GhMigrateFacts *self);
void        gh_migrate_plan_set_loading   (GhMigratePlan *self, gboolean loading);
void        gh_migrate_plan_set_bandwidth_now (GhMigratePlan *self, int mib_per_s);
/* After a preparation. */
void        gh_migrate_plan_take_facts    (GhMigratePlan *self, GhMigrateFacts *facts,
                                           GhPlanDraft *draft);
void        gh_migrate_plan_prepare_async (GhPlan *plan, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
/* With what the disks add to it. */
GhMigrateChoice gh_migrate_plan_get_choice (GhMigratePlan *self);

/* gh-migrate-disks.c: before the destination was looked at, and after. */
GPtrArray  *gh_migrate_list_items         (const GhMigrateInputs *inputs,
                                           const GhMigrateFacts *facts);
void        gh_migrate_decide             (const GhMigrateInputs *inputs,
                                           const GhMigrateFacts *facts);
GPtrArray  *gh_migrate_dup_disks          (const GhMigrateFacts *facts);
GPtrArray  *gh_migrate_dup_networks       (const GhMigrateInputs *inputs,
                                           const GhMigrateFacts *facts);
/* What a card like it can be on at the destination, as far as that host says: NULL: it does not. */
GPtrArray  *gh_migrate_dup_there          (const GhMigrateFacts *facts, const char *type);
gboolean    gh_migrate_item_can_be_probed (const GhMigrateItem *item);
gboolean    gh_migrate_has_copies         (const GhMigrateFacts *facts);

/* gh-migrate-room.c */
/* Fills in what copies take. */
void        gh_migrate_measure            (const GhMigrateFacts *facts);
/* What has to be sent, at most. */
guint64     gh_migrate_get_disk_bytes     (const GhMigrateFacts *facts);
void        gh_migrate_check_chain        (GhPlanDraft *draft, const GhMigrateItem *item);
void        gh_migrate_check_space        (GhMigratePlan *self, GhPlanDraft *draft);
void        gh_migrate_check_estimate     (GhMigratePlan *self, GhPlanDraft *draft);

/* gh-migrate-paths.c: what disks are called at the destination. */
/* Where the destination is to have it, if both see it; NULL: nowhere. */
const char *gh_migrate_item_get_path      (const GhMigrateItem *item);
gboolean    gh_migrate_item_is_renamed    (const GhMigrateItem *item);
const GhPoolInfo *gh_migrate_find_pool    (GPtrArray *pools, const char *name);
/* Pool and names of a copy. */
void        gh_migrate_item_choose_pool   (GhMigrateItem *item, GPtrArray *pools);
/* FALSE: the path is no good, which was said. */
gboolean    gh_migrate_check_path         (GhMigratePlan *self, GhPlanDraft *draft,
                                           const GhMigrateItem *item);

/* gh-migrate-steps.c */
/* (nullable): what is proposed while none is set. */
char       *gh_migrate_plan_dup_address   (GhMigratePlan *self);
char       *gh_migrate_plan_dup_disks_address (GhMigratePlan *self);
/* Makes the machine as it is to be at the destination. @remembered: it is what a snapshot
 * remembers, and may have had other disks then. */
void        gh_migrate_plan_change        (GhMigratePlan *self, GhDomainXml *machine,
                                           gboolean remembered);
/* What is different at the destination; NULL: nothing, or an error. */
char       *gh_migrate_plan_dup_changed   (GhMigratePlan *self, const char *text, GError **error);
/* (nullable): firmware variables that a machine that runs leaves here. */
char       *gh_migrate_plan_dup_left_nvram (GhMigratePlan *self);
gboolean    gh_migrate_add_steps          (GhMigratePlan *self, GhPlanDraft *draft, GError **error);
void        gh_migrate_add_probes         (GhMigratePlan *self, GhPlanDraft *draft);
/* gh-migrate-off.c: of a machine that is off; with the checks that are about that. */
gboolean    gh_migrate_add_off_steps      (GhMigratePlan *self, GhPlanDraft *draft, GError **error);

/* gh-migrate-return.c: whether it is a temporary copy that goes back to its definition. */
gboolean    gh_migrate_plan_returns       (GhMigratePlan *self);
/* That definition, when disks are others now; NULL: it stays as it is, or an error. */
char       *gh_migrate_plan_dup_kept      (GhMigratePlan *self, GError **error);
void        gh_migrate_check_return       (GhMigratePlan *self, GhPlanDraft *draft);

/* gh-migrate-secrets.c */
void        gh_migrate_check_secrets      (GhMigratePlan *self, GhPlanDraft *draft);
void        gh_migrate_add_secrets        (GhMigratePlan *self, GhPlanDraft *draft);
/* @secret: (nullable) (transfer full): UUID of that a copy can be encrypted with. */
gboolean    gh_migrate_plan_is_encrypted  (GhMigratePlan *self, const char *target, char **secret);

/* gh-migrate-checks.c */
void        gh_migrate_check_all          (GhMigratePlan *self, GhPlanDraft *draft);

G_END_DECLS
