/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-clone-look.h"
#include "gh-clone-plan.h"
#include "gh-clone-xml.h"
#include "gh-domain-xml.h"
#include "gh-file-users.h"
#include "gh-live.h"
#include "gh-state-folders.h"
#include "gh-steps.h"
#include "gh-storage.h"

G_BEGIN_DECLS

/* What the user wants: the values of the properties. */
typedef struct
{
  char          *name;          /* (nullable): proposed */
  guint          copies;
  guint          first_number;
  gboolean       start;
  gboolean       linked;
  GhCloneParent  parent;
  gboolean       flatten;
  gboolean       keep_snapshots;
  gboolean       keep_finished;
  char          *pool;          /* (nullable) */
  GhCloneTpm     tpm;
  gboolean       set_hostname;
  gboolean       sysprep;
  gboolean       seed;
  char          *sysprep_operations; /* (nullable) */
  char          *user_data;     /* (nullable) */
  gboolean       trial;
  gboolean       network;
  char          *snapshot;      /* (nullable) */

  GHashTable    *modes;         /* target → GINT_TO_POINTER (GhCloneMode + 1) */
  GHashTable    *pools;         /* target → name */
  GHashTable    *changes;       /* id → value */
} GhCloneInputs;

/* One disk while the plan is being prepared. */
typedef struct
{
  const GhDiskXml  *xml;          /* (unowned): of the facts */
  char             *path;         /* (nullable): of the image, pools resolved */
  char             *format;       /* (nullable): as the definition says; "raw" when it does not */
  GhVolumeInfo     *volume;       /* (nullable): of an active pool */
  const GhPoolInfo *pool;         /* (nullable) (unowned): where a new image goes */
  gboolean          pool_missing; /* the one that was asked for is not there */
  char             *folder;       /* (nullable): where a new image goes */
  GhImageLook      *look;         /* (nullable): not looked at, or not of this computer */
  GhFolderLook     *folder_look;  /* (nullable) */
  GhCloneMode       mode;
  gboolean          overridden;
  char             *reason;
  char             *refusals[GH_CLONE_N_MODES];
  GhCopyMethod      method;       /* of a copy */
  gboolean          reflink;      /* a copy is expected to share blocks */
  gboolean          is_internal;  /* what is cloned is a snapshot inside of the image */
  gboolean          is_live;      /* a copy is made by the running machine's QEMU */
  char             *new_format;   /* of the new image */
  GStrv             destinations; /* (nullable): one for each copy */
  char             *parent_path;  /* (nullable): the overlay that the source gets */
} GhCloneItem;

/* How the state of a machine besides its disks is copied. */
typedef enum
{
  GH_CLONE_WAY_NONE,    /* not at all: there is none, or it cannot be */
  GH_CLONE_WAY_NOTHING, /* there is nothing yet */
  GH_CLONE_WAY_FILES,   /* by ourselves */
  GH_CLONE_WAY_POOL,    /* by streams, through a storage pool */
} GhCloneWay;

/* What is known about the world, as of the last reading. */
typedef struct
{
  gboolean     is_local;      /* its files are ours to look at */
  gboolean     is_session;
  gboolean     is_test;
  GhLiveInfo  *live;          /* (nullable): what a running machine does */
  GPtrArray   *live_disks;    /* (nullable) (element-type GhDiskXml): those it runs with */
  GhDomainXml *xml;           /* (nullable): the definition, with secrets */
  GPtrArray   *disks;         /* (nullable) (element-type GhDiskXml) */
  GPtrArray   *present_disks; /* (nullable) (element-type GhDiskXml): of the machine as it is */
  GPtrArray   *pools;         /* (nullable) (element-type GhPoolInfo) */
  GPtrArray   *definitions;   /* (nullable) (element-type GhDefinition) */
  GhFileUsers *users;         /* (nullable) */
  GStrv        snapshots;     /* (nullable): XML of the machine's */
  const char  *snapshot;      /* (nullable) (unowned): of these, the one that is cloned */
  gboolean     no_snapshot;   /* there is none of that name, or it keeps no definition */
  GhCloneLook *look;          /* (nullable): what the items point into */
  GPtrArray   *items;         /* (nullable) (element-type GhCloneItem) */
  GhStateFolders *folders;    /* (nullable): where the host keeps the following */
  gboolean     has_nvram;
  char        *nvram_path;    /* (nullable): the source's firmware variables, as far as known */
  GhImageLook  *nvram_look;   /* (nullable) (unowned): of @look, as those below */
  GhFolderLook *nvram_folder; /* (nullable) (unowned) */
  GhCloneWay   nvram_way;
  char        *nvram_pool;    /* (nullable): through which they go; else one is lent */
  GStrv        nvram_paths;   /* (nullable): where the clones' would be */
  char        *tpm_path;      /* (nullable): the file of the source's TPM, as far as known */
  GhImageLook  *tpm_look;     /* (nullable) (unowned) */
  GhFolderLook *tpm_folder;   /* (nullable) (unowned): of all TPMs */
  GhCloneWay   tpm_way;
  GStrv        names;         /* (nullable): of the clones */
} GhCloneFacts;

struct _GhClonePlan
{
  GhPlan         parent_instance;

  GhMachine     *machine;
  GhCloneInputs  inputs;
  GhCloneFacts   facts;
  GPtrArray     *uuids;         /* (element-type char): of the clones, made when first needed */
  guint32        random_seed;
  gboolean       loading;
  guint          serial;

  GPtrArray     *disks;         /* (nullable) (element-type GhCloneDisk) */
  GPtrArray     *changes;       /* (nullable) (element-type GhCloneChange) */
  GPtrArray     *documents;     /* (nullable) (element-type GhDomainXml): of the clones */
};

void        gh_clone_facts_clear       (GhCloneFacts *self);
void        gh_clone_plan_set_loading  (GhClonePlan *self, gboolean loading);
void        gh_clone_plan_prepare_async (GhPlan *plan, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);

void        gh_clone_plan_add_json     (GhPlan *plan, JsonObject *object);

/* The names of the clones; @taken: (nullable): a set. */
GStrv       gh_clone_make_names        (const GhCloneInputs *inputs, const char *source,
                                        GHashTable *taken);
/* SOURCE-WORD, or SOURCE-WORD-2 and so on when that is @taken (nullable): a set. */
char       *gh_clone_propose_name      (const char *source, const char *word, GHashTable *taken);
/* That, or with several @copies SOURCE-{n}; what comes of it is as short as a name has to be. */
char       *gh_clone_propose_pattern   (const char *source, guint first, guint copies,
                                        gboolean trial, GHashTable *taken);
/* Before looking: paths, pools and where new images would be. */
GPtrArray  *gh_clone_list_items        (const GhCloneInputs *inputs, const GhCloneFacts *facts);
/* After looking: modes, reasons, methods. */
void        gh_clone_decide            (const GhCloneInputs *inputs, const GhCloneFacts *facts,
                                        GhMachine *machine);
GPtrArray  *gh_clone_dup_disks         (const GhCloneFacts *facts);
gboolean    gh_clone_pool_has_files    (const GhPoolInfo *pool);
const GhPoolInfo *gh_clone_find_pool   (const GhCloneFacts *facts, const char *name);
gboolean    gh_clone_has_links         (const GhCloneFacts *facts);
/* Whether something is linked to what the machine writes to when it runs. */
gboolean    gh_clone_needs_parent      (const GhCloneFacts *facts);
gboolean    gh_clone_is_template       (const GhCloneFacts *facts);
/* Bytes a copy needs; 0 when it shares blocks. */
guint64     gh_clone_item_get_size     (const GhCloneItem *item);
/* Bytes that are free where its new image goes; G_MAXUINT64: not known. */
guint64     gh_clone_item_get_free     (const GhCloneItem *item);
/* Whether new images of both go to one file system. */
gboolean    gh_clone_item_is_same_place (const GhCloneItem *item, const GhCloneItem *other);
/* The id of the check that says what stands in the way of a copy or link. */
const char *gh_clone_item_get_refusal_id (const GhCloneItem *item);
/* What the guest sees; 0: not known. */
guint64     gh_clone_item_get_capacity (const GhCloneItem *item);

void        gh_clone_check_all         (GhClonePlan *self, GhPlanDraft *draft);
/* Firmware variables and TPM: whether the host has to say where they are; where they are; what is
 * to be looked at; names that are taken; how they are copied. */
gboolean    gh_clone_state_needs_folders (const GhCloneFacts *facts);
void        gh_clone_state_find        (GhCloneFacts *facts, const char *machine);
void        gh_clone_state_add_looks   (GhCloneFacts *facts, GhCloneLook *look);
void        gh_clone_state_take_names  (const GhCloneFacts *facts, GHashTable *taken);
void        gh_clone_state_decide      (GhCloneFacts *facts);
void        gh_clone_state_check       (GhClonePlan *self, GhPlanDraft *draft);
void        gh_clone_state_add_steps   (GhClonePlan *self, guint index, GhPlanDraft *draft);
/* Whether the clones get what is in the firmware variables, and in the TPM. */
gboolean    gh_clone_copies_nvram      (const GhCloneFacts *facts, const GhCloneInputs *inputs);
gboolean    gh_clone_copies_tpm        (GhClonePlan *self);
/* Makes the documents, and the steps in @draft. */
gboolean    gh_clone_add_steps         (GhClonePlan *self, GhPlanDraft *draft, GError **error);

G_END_DECLS
