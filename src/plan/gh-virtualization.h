/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-kvm-facts.h"

G_BEGIN_DECLS

typedef enum
{
  GH_PROCESSOR_OTHER, /* neither of the two: there is no flag that could be looked for */
  GH_PROCESSOR_INTEL,
  GH_PROCESSOR_AMD,
} GhProcessorMaker;

/**
 * GhVirtualization:
 *
 * What this computer has for running machines fast, and what stands in the way. Made of what
 * an ordinary user may read; needs no libvirt. Immutable and reference counted; any thread.
 */
typedef struct
{
  GhProcessorMaker  maker;
  char             *processor;      /* (nullable): “Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz” */
  char             *vendor;         /* (nullable): who made the computer: “LENOVO” */
  char             *product;        /* (nullable): “ThinkPad T480” */
  gboolean          in_machine;     /* this computer is a virtual machine itself */
  char             *hypervisor;     /* (nullable): and which: “KVM” */
  gboolean          cpuid_has;      /* the processor's own word (CPUID) */
  gboolean          flag_has;       /* the kernel's: not while the firmware has it off */

  const char       *module;         /* (nullable): "kvm_intel", "kvm_amd" */
  gboolean          module_loaded;  /* or built in */
  gboolean          module_blocked; /* (nullable): by a "blacklist" line in /etc/modprobe.d */

  gboolean          device_exists;  /* /dev/kvm */
  int               device_errno;   /* of opening it; 0: it opens */
  char             *device_closed_for; /* (nullable): the system's QEMU's account, if it may not */
  int               kvm_api;        /* KVM_GET_API_VERSION; 12 for 15 years now; 0: not asked */
  int               kvm_errno;      /* of making a machine in it; 0: it works, or was not asked */

  gboolean          nested;         /* machines may run machines */
  gboolean          iommu_used;     /* devices are in IOMMU groups */
  gboolean          iommu_there;    /* the firmware describes one */
  gboolean          has_tun;        /* /dev/net/tun */
  gboolean          has_vhost_net;  /* /dev/vhost-net */

  gboolean          has_qemu;       /* for this computer's processor */
  gboolean          has_libvirt;    /* its daemon */
  gboolean          has_uefi;       /* firmware for machines */
  gboolean          has_tpm;        /* swtpm */
  gboolean          system_socket;  /* the system daemon can be reached */
  gboolean          system_access;  /* and its socket opened by us */
  char             *user;           /* who we are */
  char             *os_release;     /* (nullable): where packages are changed as it runs */
} GhVirtualization;

/* What cannot be read from files, so that tests can say it. */
typedef struct
{
  gboolean (*cpuid)    (GhProcessorMaker maker, gpointer data);
  /* Returns 0 or an errno; @api (out). @fd is of /dev/kvm. */
  int      (*make_vm)  (int fd, int *api, gpointer data);
  gpointer   data;
} GhVirtualizationProbe;

/* What an outer hypervisor is called, by what it puts into the firmware's tables; nullable. */
const char       *gh_virtualization_get_hypervisor (const char *vendor, const char *product);

GhVirtualization *gh_virtualization_ref         (GhVirtualization *self);
void              gh_virtualization_unref       (GhVirtualization *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhVirtualization, gh_virtualization_unref)

/* @root: "/", or a folder that stands for it. Reads small files: for workers. */
GhVirtualization *gh_virtualization_read        (const char *root,
                                                 const GhVirtualizationProbe *probe);

void              gh_virtualization_load_async  (GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
GhVirtualization *gh_virtualization_load_finish (GAsyncResult *result, GError **error);

/* (element-type GhCheck): the same of another computer, in the same words as far as libvirt tells
 * it; what it does not tell is said to be unknown. */
GPtrArray        *gh_virtualization_list_far_checks (GhKvmFacts *facts);

/* (element-type GhCheck): in the order in which one thing needs the other; each with what it
 * means, what to do, and where there is one the command. */
GPtrArray        *gh_virtualization_list_checks (GhVirtualization *self);

G_END_DECLS
