/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-create-plan.h"
#include "gh-file-users.h"
#include "gh-image-probe.h"
#include "gh-local-facts.h"

G_BEGIN_DECLS

#define GH_CREATE_DEFAULT_POOL "default"

/* What the user wants: the values of the properties, proposed ones included. */
typedef struct
{
  GhCreateSource  source;
  char           *iso_path;    /* (nullable) */
  char           *disk_path;   /* (nullable) */
  char           *kernel_path; /* (nullable) */
  char           *initrd_path; /* (nullable) */
  char           *cmdline;     /* (nullable) */
  char           *title;       /* (nullable) */
  gboolean        clipboard;
  gboolean        sound;
  gboolean        start;

  char           *name;
  char           *os_id;       /* "" for none */
  guint64         memory_kib;
  guint           cpus;
  guint64         disk_bytes;
  char           *pool;
  char           *disk_name;
  GhFirmware      firmware;
  char           *network;
  char           *graphics;
  gboolean        tpm;

  gboolean        overridden[GH_CREATE_N_FIELDS];
} GhCreateInputs;

typedef enum
{
  GH_CREATE_ISO,
  GH_CREATE_DISK,
  GH_CREATE_KERNEL,
  GH_CREATE_INITRD,
  GH_CREATE_N_FILES,
} GhCreateFile;

/* What is known about the world, as of the last reading. All nullable. */
typedef struct
{
  GhHost         *host;          /* (unowned): the plan's */
  gboolean        is_connected;
  gboolean        is_test;       /* the test driver: no files, no QEMU */
  gboolean        is_session;    /* machines run as the user who connects */
  gboolean        is_local;      /* its files are ours */
  GhCapabilities *capabilities;
  GPtrArray      *networks;      /* (element-type GhNetworkInfo) */
  GPtrArray      *pools;         /* (element-type GhPoolInfo) */
  GError         *host_error;    /* why one of them is missing */
  GhImageInfo    *files[GH_CREATE_N_FILES];   /* of the current source only */
  GhVolumeInfo   *volumes[GH_CREATE_N_FILES]; /* what the host says of files we cannot look at */
  GhOs           *detected;
  GhOsDefaults   *defaults;
  GError         *os_error;      /* why there are none: no such OS, no database */
  GhFileUsers    *users;
  GError         *users_error;
  GhLocalFacts   *local;         /* of the computer the host is, if it is this one */
  GhVolumeInfo   *target_volume; /* a volume that is where the new disk would be */
} GhCreateFacts;

struct _GhCreatePlan
{
  GhPlan          parent_instance;

  GhCreateInputs  inputs;
  GhCreateFacts   facts;
  char           *machine_uuid;
  char           *pool_uuid;
  char           *xml;            /* (nullable): as of the last preparation */

  GCancellable   *host_load;      /* (nullable): while it runs */
  GCancellable   *scan_load;      /* (nullable) */
  GCancellable   *defaults_load;  /* (nullable) */
  GCancellable   *last_load;      /* (nullable) */
  gint64          host_time;      /* when it was read, monotonic; 0: never */
  gint64          scan_time;
  char           *defaults_key;   /* (nullable): what the defaults are for */
  char           *identified_key; /* (nullable): the file that was recognised, or not */
  gboolean        was_loading;    /* what “loading” was last notified as */

  GTask          *prepare_task;   /* (nullable) */
};

/* Properties, of which some are notified by readings. */
typedef enum
{
  PROP_0,
  PROP_SOURCE,
  PROP_ISO_PATH,
  PROP_DISK_PATH,
  PROP_KERNEL_PATH,
  PROP_INITRD_PATH,
  PROP_CMDLINE,
  PROP_TITLE,
  PROP_CLIPBOARD,
  PROP_SOUND,
  PROP_START,
  PROP_NAME,
  PROP_OS_ID,
  PROP_MEMORY_KIB,
  PROP_CPUS,
  PROP_DISK_BYTES,
  PROP_POOL,
  PROP_DISK_NAME,
  PROP_FIRMWARE,
  PROP_NETWORK,
  PROP_GRAPHICS,
  PROP_TPM,
  PROP_LOADING,
  PROP_OS_NAME,
  PROP_DETECTED_OS,
  N_PROPS
} GhCreatePlanProperty;

void        gh_create_inputs_clear  (GhCreateInputs *self);
void        gh_create_facts_clear   (GhCreateFacts *self);

/* The path of @file in @inputs if the source is one that uses it; NULL when there is none. */
const char *gh_create_inputs_get_path (const GhCreateInputs *self, GhCreateFile file);
/* Where the new disk goes: all NULL when there is none, or no place for it. */
const GhPoolInfo *gh_create_facts_find_pool (const GhCreateFacts *self, const char *name);
char       *gh_create_dup_default_pool_path (const GhCreateFacts *facts); /* (nullable) */
gboolean    gh_create_pool_will_be_made (const GhCreateInputs *inputs, const GhCreateFacts *facts);
char       *gh_create_dup_pool_path    (const GhCreateInputs *inputs, const GhCreateFacts *facts);
char       *gh_create_dup_target_path  (const GhCreateInputs *inputs, const GhCreateFacts *facts);
const GhNetworkInfo *gh_create_facts_find_network (const GhCreateFacts *self, const char *name);
gboolean    gh_create_has_kvm          (const GhCreateFacts *facts);
gboolean    gh_create_is_x86           (const GhCreateFacts *facts);
gboolean    gh_create_uses_q35         (const GhCreateFacts *facts);

/* Proposals: writes the fields that are not overridden. */
void        gh_create_propose          (GhCreateInputs *inputs, const GhCreateFacts *facts);
gboolean    gh_create_is_name_taken    (GhHost *host, const char *name);

/* The machine the inputs make; the facts must hold capabilities and defaults. */
GhMachineSpec *gh_create_make_spec     (const GhCreateInputs *inputs, const GhCreateFacts *facts,
                                        const char *uuid);

/* Adds all checks to @draft. FALSE when the inputs do not even make a machine: there are no
 * steps to show then. @plan: for fixes. */
gboolean    gh_create_check_all        (GhCreatePlan *plan, const GhCreateInputs *inputs,
                                        const GhCreateFacts *facts, GhPlanDraft *draft);
void        gh_create_plan_notify         (GhCreatePlan *self, GhCreatePlanProperty property);
/* From the moment it runs, a plan is about what it was prepared for. */
gboolean    gh_create_plan_is_frozen      (GhCreatePlan *self);
/* The signal “choices-changed”. */
void        gh_create_plan_emit_choices   (GhCreatePlan *self);

/* Readings. */
void        gh_create_plan_host_changed   (GhCreatePlan *self);
void        gh_create_plan_begin_scan     (GhCreatePlan *self);
void        gh_create_plan_begin_defaults (GhCreatePlan *self);
void        gh_create_plan_loads_changed  (GhCreatePlan *self);
void        gh_create_plan_cancel_loads   (GhCreatePlan *self);
void        gh_create_plan_prepare_async  (GhPlan *plan, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
/* From fixes: what was read of the host counts no more. */
void        gh_create_plan_forget_facts (GhCreatePlan *self);

G_END_DECLS
