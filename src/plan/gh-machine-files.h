/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-image-graph.h"
#include "gh-machine.h"

G_BEGIN_DECLS

typedef enum
{
  GH_FILE_DISK,
  GH_FILE_BACKING,         /* further down a disk's backing chain */
  GH_FILE_SNAPSHOT_DISK,   /* a layer that a snapshot made, not in use now */
  GH_FILE_SNAPSHOT_MEMORY,
  GH_FILE_CDROM,
  GH_FILE_FLOPPY,
  GH_FILE_KERNEL,          /* and initrd, device tree */
  GH_FILE_OTHER,           /* logs, shared folders …: named in the definition */
  GH_FILE_NVRAM,
  GH_FILE_SAVED_STATE,
  GH_FILE_TPM_STATE,
} GhFileRole;

typedef enum
{
  GH_FILE_REMOVE,    /* the machine's own: ticked unless the user says otherwise */
  GH_FILE_KEEP,      /* may be ticked; reason says why it is not */
  GH_FILE_KEEP_ONLY, /* cannot be ticked; reason says why */
  GH_FILE_GOES_ALONG /* libvirt removes it with the definition: cannot be kept */
} GhFileAdvice;

/**
 * GhMachineFile:
 *
 * One file, device or piece of state of a machine. Reference counted, immutable.
 */
typedef struct
{
  GhFileRole    role;
  GhFileAdvice  advice;
  char         *path;    /* identifies it; of state without a known path, in words */
  char         *target;  /* (nullable): "vda" */
  char         *pool;    /* (nullable): of which it is a volume */
  char         *reason;  /* (nullable): why it is not ticked, a sentence */
  char         *users;   /* (nullable): who else uses it, in words */
  gboolean      shared;  /* a base made for clones to share: no machine's own disk */
  gboolean      exists;  /* FALSE when known to be missing */
  gboolean      has_size;
  guint64       size;    /* bytes it takes */
  guint         depth;   /* how many of the machine's images lie on it: 0 for the topmost */
  GStrv         chain;   /* (nullable): the images under it, nearest first */
} GhMachineFile;

GhMachineFile *gh_machine_file_ref            (GhMachineFile *self);
void           gh_machine_file_unref          (GhMachineFile *self);
const char    *gh_machine_file_get_role_text  (GhMachineFile *self); /* translated: “Disk” */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMachineFile, gh_machine_file_unref)

/**
 * GhMachineFiles:
 *
 * Everything on the host that belongs to one machine or that it uses, as it was
 * when it was read. Immutable, reference counted.
 */
typedef struct
{
  GPtrArray *files;        /* (element-type GhMachineFile), disks first */
  guint      n_snapshots;
  guint      n_checkpoints;
  gboolean   has_saved_state;
  gboolean   has_nvram;
  gboolean   has_tpm;
  GhImageGraph *graph;     /* of the host, read with them */
} GhMachineFiles;

GhMachineFiles *gh_machine_files_ref         (GhMachineFiles *self);
void            gh_machine_files_unref       (GhMachineFiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMachineFiles, gh_machine_files_unref)

void            gh_machine_files_load_async  (GhMachine *machine, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
GhMachineFiles *gh_machine_files_load_finish (GhMachine *machine, GAsyncResult *result,
                                              GError **error);

G_END_DECLS
