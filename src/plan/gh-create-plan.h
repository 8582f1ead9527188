/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-machine-spec.h"
#include "gh-os-info.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/**
 * GhCreateSource:
 * @GH_CREATE_FROM_NOTHING: an empty machine with an empty disk
 * @GH_CREATE_FROM_ISO: an installer or live CD image; with a new disk
 * @GH_CREATE_FROM_DISK: an existing disk image, used where it is
 * @GH_CREATE_FROM_KERNEL: a kernel, with or without an initrd; no disk unless asked for
 */
typedef enum
{
  GH_CREATE_FROM_NOTHING,
  GH_CREATE_FROM_ISO,
  GH_CREATE_FROM_DISK,
  GH_CREATE_FROM_KERNEL,
} GhCreateSource;

/**
 * GhCreateField:
 *
 * The inputs that have a proposal. Each has a property of the same name, in
 * brackets. A field is either *proposed*: it follows the source, the OS and the
 * host, and notifies when the proposal changes; or *overridden* by the user, and
 * then it stays as it is until gh_create_plan_reset().
 */
typedef enum
{
  GH_CREATE_NAME,       /* "name", string */
  /* "os-id", string: a libosinfo id or short id, "" for none; proposed: what the ISO is */
  GH_CREATE_OS,
  GH_CREATE_MEMORY,     /* "memory-kib", uint64 */
  GH_CREATE_CPUS,       /* "cpus", uint */
  GH_CREATE_DISK_SIZE,  /* "disk-bytes", uint64: of the new disk, 0 for none */
  GH_CREATE_POOL,       /* "pool", string: name of the pool for the new disk */
  GH_CREATE_DISK_NAME,  /* "disk-name", string: file name of the new disk */
  GH_CREATE_FIRMWARE,   /* "firmware", int: a GhFirmware */
  GH_CREATE_NETWORK,    /* "network", string: "none", "user", "network:NAME", "bridge:NAME" */
  GH_CREATE_GRAPHICS,   /* "graphics", string: "spice", "vnc", "none" */
  GH_CREATE_TPM,        /* "tpm", boolean */
  GH_CREATE_N_FIELDS,
} GhCreateField;

#define GH_TYPE_CREATE_PLAN (gh_create_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhCreatePlan, gh_create_plan, GH, CREATE_PLAN, GhPlan)

/* The plan that makes one machine. From when it is made it reads what the host offers, and
 * whenever "source", "iso-path" or the OS changes, it looks at the file and proposes anew. All on
 * the main thread.
 *
 * Plain properties, without proposals:
 *   "source"      int, a GhCreateSource; setting a path below sets it too, so that it rarely has to
 *                 be
 *                 set. The paths of the other sources are kept, but do not count
 *   "iso-path", "disk-path", "kernel-path", "initrd-path", "cmdline"   strings, NULL or "" for none
 *   "title"       string, NULL or "" for none
 *   "clipboard", "sound"   boolean, FALSE and TRUE
 *   "start"       boolean, TRUE: start it when it is made
 * Read-only ones:
 *   "loading"     boolean: the host's offers are being read, or the source is being looked at
 *   "os-name"     string, nullable: of the OS in "os-id", for display
 *   "detected-os" string, nullable: name of the OS recognised in the ISO, overridden or not
 *
 * g_object_set_property(), and so a binding, overrides a field only when the value differs from
 * the one shown, so that a bidirectional binding does not turn each new proposal into the user's
 * wish. The setters below always override. */
GhCreatePlan   *gh_create_plan_new            (GhHost *host);

void            gh_create_plan_set_source     (GhCreatePlan *self, GhCreateSource source);
GhCreateSource  gh_create_plan_get_source     (GhCreatePlan *self);
void            gh_create_plan_set_iso_path   (GhCreatePlan *self, const char *path);
const char     *gh_create_plan_get_iso_path   (GhCreatePlan *self);
void            gh_create_plan_set_disk_path  (GhCreatePlan *self, const char *path);
const char     *gh_create_plan_get_disk_path  (GhCreatePlan *self);
void            gh_create_plan_set_kernel     (GhCreatePlan *self, const char *kernel_path,
                                               const char *initrd_path, const char *cmdline);
const char     *gh_create_plan_get_kernel_path (GhCreatePlan *self);
const char     *gh_create_plan_get_initrd_path (GhCreatePlan *self);
const char     *gh_create_plan_get_cmdline    (GhCreatePlan *self);
void            gh_create_plan_set_title      (GhCreatePlan *self, const char *title);
const char     *gh_create_plan_get_title      (GhCreatePlan *self);
void            gh_create_plan_set_clipboard  (GhCreatePlan *self, gboolean clipboard);
gboolean        gh_create_plan_get_clipboard  (GhCreatePlan *self);
void            gh_create_plan_set_sound      (GhCreatePlan *self, gboolean sound);
gboolean        gh_create_plan_get_sound      (GhCreatePlan *self);
void            gh_create_plan_set_start      (GhCreatePlan *self, gboolean start);
gboolean        gh_create_plan_get_start      (GhCreatePlan *self);

void            gh_create_plan_set_name       (GhCreatePlan *self, const char *name);
const char     *gh_create_plan_get_name       (GhCreatePlan *self);
void            gh_create_plan_set_os_id      (GhCreatePlan *self, const char *os_id);
const char     *gh_create_plan_get_os_id      (GhCreatePlan *self); /* "" for none */
void            gh_create_plan_set_memory_kib (GhCreatePlan *self, guint64 memory_kib);
guint64         gh_create_plan_get_memory_kib (GhCreatePlan *self);
void            gh_create_plan_set_cpus       (GhCreatePlan *self, guint cpus);
guint           gh_create_plan_get_cpus       (GhCreatePlan *self);
void            gh_create_plan_set_disk_bytes (GhCreatePlan *self, guint64 disk_bytes);
guint64         gh_create_plan_get_disk_bytes (GhCreatePlan *self);
void            gh_create_plan_set_pool       (GhCreatePlan *self, const char *pool);
const char     *gh_create_plan_get_pool       (GhCreatePlan *self);
void            gh_create_plan_set_disk_name  (GhCreatePlan *self, const char *disk_name);
const char     *gh_create_plan_get_disk_name  (GhCreatePlan *self);
void            gh_create_plan_set_firmware   (GhCreatePlan *self, GhFirmware firmware);
GhFirmware      gh_create_plan_get_firmware   (GhCreatePlan *self);
void            gh_create_plan_set_network    (GhCreatePlan *self, const char *network);
const char     *gh_create_plan_get_network    (GhCreatePlan *self);
void            gh_create_plan_set_graphics   (GhCreatePlan *self, const char *graphics);
const char     *gh_create_plan_get_graphics   (GhCreatePlan *self);
void            gh_create_plan_set_tpm        (GhCreatePlan *self, gboolean tpm);
gboolean        gh_create_plan_get_tpm        (GhCreatePlan *self);

gboolean        gh_create_plan_is_overridden  (GhCreatePlan *self, GhCreateField field);
/* Back to the proposal. */
void            gh_create_plan_reset          (GhCreatePlan *self, GhCreateField field);

gboolean        gh_create_plan_get_loading     (GhCreatePlan *self);
const char     *gh_create_plan_get_os_name     (GhCreatePlan *self); /* nullable */
const char     *gh_create_plan_get_detected_os (GhCreatePlan *self); /* nullable */

/* What there is to choose from, once it has been read: NULL or empty before. "choices-changed" is
 * emitted when any of them changed. */
/* (transfer none) (nullable) */
GhCapabilities *gh_create_plan_get_capabilities (GhCreatePlan *self);
/* (element-type GhNetworkInfo) (nullable) */
GPtrArray      *gh_create_plan_get_networks     (GhCreatePlan *self);
/* (element-type GhPoolInfo) (nullable) */
GPtrArray      *gh_create_plan_get_pools        (GhCreatePlan *self);

/* The machine's definition as of the last preparation; NULL when there is none because the inputs
 * do not make one. For “Show XML”. */
char           *gh_create_plan_dup_xml         (GhCreatePlan *self);
/* UUID of the machine that is, or was, made: one per plan, from the start. */
const char     *gh_create_plan_get_machine_uuid (GhCreatePlan *self);

/* Pure rules, shared with other plans that make machines. */

/* A file name is 255 bytes; the longest thing put after the name is "_VARS.qcow2.new". */
#define GH_CREATE_MAX_NAME_BYTES 240

/* NULL when @name may be a machine's name, else why not, in a sentence; @id (out) (nullable): the
 * check's id. */
char           *gh_create_plan_check_name      (const char *name, const char **id);
/* @stem, or @stem-2, @stem-3 … the first that is in none of @taken (nullable). */
char           *gh_create_plan_propose_name    (const char *stem, GHashTable *taken);

G_END_DECLS
