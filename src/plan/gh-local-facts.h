/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  GH_KVM_FINE,
  GH_KVM_NO_PROCESSOR, /* the processor has no virtualization, or it is off in the firmware */
  GH_KVM_NO_MODULE,    /* the kernel's part is not loaded */
  GH_KVM_NO_ACCESS,    /* we may not open /dev/kvm */
  GH_KVM_BROKEN,       /* it cannot be opened for another reason */
} GhKvmState;

/**
 * GhLocalFacts:
 *
 * What this computer has right now. Immutable and reference counted.
 */
typedef struct
{
  GhKvmState  kvm;
  gboolean    kvm_group_may;    /* the group “kvm” may open /dev/kvm */
  char       *kvm_closed_for;   /* (nullable): QEMU's account on the system's host, if it may not */
  char       *kvm_module;       /* "kvm_amd", "kvm_intel"; NULL on other processors */
  guint64     free_memory_kib;  /* that can be had without swapping; 0 when unknown */
  gboolean    folder_exists;
  gboolean    folder_writable;  /* by us; of the nearest one that exists */
  guint64     free_bytes;       /* in the file system of the folder; G_MAXUINT64 when unknown */
  gboolean    file_exists;      /* something is there, even if it is a broken link */
} GhLocalFacts;

GhLocalFacts *gh_local_facts_ref   (GhLocalFacts *self);
void          gh_local_facts_unref (GhLocalFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhLocalFacts, gh_local_facts_unref)

/* @folder (nullable): where a new file is to go; @file (nullable): its path. On a thread of its
 * own. */
void          gh_local_facts_load_async  (const char *folder, const char *file,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
GhLocalFacts *gh_local_facts_load_finish (GAsyncResult *result, GError **error);

G_END_DECLS
