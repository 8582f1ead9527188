/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GhCapabilities:
 *
 * What a host offers to new machines, from virConnectGetCapabilities(),
 * virConnectGetDomainCapabilities() of its own architecture and
 * virNodeGetInfo(). Immutable and reference counted; any thread.
 */
typedef struct
{
  char     *host_uuid;      /* (nullable) */
  char     *arch;           /* "x86_64" */
  char     *emulator;       /* (nullable): path of QEMU */
  char     *virt_type;      /* best: "kvm", else "qemu"; "test" on the test driver */
  gboolean  has_kvm;
  guint64   memory_kib;
  guint     n_cpus;
  char     *machine_q35;    /* (nullable): canonical type, NULL when not offered */
  gboolean  has_spice;
  gboolean  has_vnc;
  gboolean  has_uefi;
  gboolean  has_secure_boot;
  gboolean  has_tpm;        /* emulated TPM 2.0 */
  gboolean  has_virtio_video;
  gboolean  has_cpu_maximum;
  gboolean  has_host_passthrough;
  guint     max_cpus;       /* of one machine */
} GhCapabilities;

GhCapabilities *gh_capabilities_new   (const char *capabilities_xml,
                                       const char *domain_capabilities_xml,
                                       guint64     memory_kib,
                                       guint       n_cpus);
GhCapabilities *gh_capabilities_ref   (GhCapabilities *self);
void            gh_capabilities_unref (GhCapabilities *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhCapabilities, gh_capabilities_unref)

G_END_DECLS
