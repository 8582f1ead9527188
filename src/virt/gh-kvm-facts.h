/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-capabilities.h"

G_BEGIN_DECLS

typedef struct _GhHost GhHost;

/* What a host may leave unsaid. */
typedef enum
{
  GH_SAID_NOTHING,
  GH_SAID_NO,
  GH_SAID_YES,
} GhSaid;

/**
 * GhKvmFacts:
 *
 * What libvirt tells of a host's hardware virtualization: nothing is run there. From
 * virConnectGetCapabilities(), its processor's features with those of its model
 * (virConnectBaselineCPU()), virConnectGetDomainCapabilities() and, where we may ask for it,
 * virConnectGetSysinfo(). Immutable and reference counted; any thread.
 */
typedef struct
{
  char           *arch;         /* (nullable): "x86_64" */
  char           *cpu_vendor;   /* (nullable): "Intel", "AMD" */
  char           *cpu_model;    /* (nullable): libvirt's name of it, “Skylake-Client” */
  char           *vendor;       /* (nullable): who made the computer */
  char           *product;      /* (nullable) */
  gboolean        has_flag;     /* the processor says vmx or svm */
  gboolean        in_machine;   /* it is a virtual machine itself */
  gboolean        offers_kvm;   /* so libvirt's account has opened it, and QEMU works with it */
  gboolean        has_emulator;
  GhSaid          nested;       /* machines may run machines */
  GhSaid          iommu;
  GhCapabilities *capabilities;
} GhKvmFacts;

/* Each (nullable) but @capabilities_xml; foreign, and whatever cannot be read was not said. */
GhKvmFacts *gh_kvm_facts_new         (const char *capabilities_xml, const char *cpu_xml,
                                      const char *domain_capabilities_xml,
                                      const char *sysinfo_xml);
GhKvmFacts *gh_kvm_facts_ref         (GhKvmFacts *self);
void        gh_kvm_facts_unref       (GhKvmFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhKvmFacts, gh_kvm_facts_unref)

/* Of a connected host; asked anew each time. */
void        gh_host_load_kvm_facts_async  (GhHost *host, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
GhKvmFacts *gh_host_load_kvm_facts_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
