/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/**
 * GhMachineSpec:
 *
 * A machine to be made, from which gh_machine_spec_to_xml() writes the first
 * definition. Plain data, filled by the create plan. Paths are the host's.
 */
typedef struct
{
  char       *name;
  char       *uuid;
  char       *title;        /* (nullable) */
  char       *os_id;        /* (nullable): libosinfo id, "http://debian.org/debian/12" */
  char       *virt_type;    /* "kvm", "qemu", "test" */
  char       *arch;
  char       *emulator;     /* (nullable) */
  char       *machine;      /* (nullable): libvirt chooses */
  GhFirmware  firmware;
  guint64     memory_kib;
  guint       n_cpus;
  char       *cpu_mode;     /* (nullable): "host-passthrough", "maximum" */

  char       *kernel;       /* (nullable) */
  char       *initrd;       /* (nullable) */
  char       *cmdline;      /* (nullable) */

  char       *disk_path;    /* (nullable): no disk */
  char       *disk_format;  /* "qcow2", "raw" … */
  char       *disk_bus;     /* "virtio", "sata", "ide" … */
  gboolean    disk_discard;
  gboolean    disk_readonly;
  char       *cdrom_path;   /* (nullable): no CD; boots from it while the disk is empty */
  char       *cdrom_bus;    /* "sata", "ide" */

  char       *nic_type;     /* (nullable): no network; "network", "user", "bridge" */
  char       *nic_source;   /* (nullable) */
  char       *nic_model;    /* "virtio", "e1000e" */

  char       *graphics;     /* (nullable): none; "spice", "vnc" */
  gboolean    graphics_local; /* listen type="none", else 127.0.0.1 */
  char       *video_model;  /* (nullable): "virtio", "vga", "qxl" */
  gboolean    clipboard;    /* spice clipboard sharing; off is written out */
  gboolean    sound;
  gboolean    tablet;
  gboolean    rng;
  gboolean    balloon;
  gboolean    agent_channel;
  gboolean    serial;
  gboolean    usb;
  gboolean    tpm;          /* emulated, 2.0 */
  gboolean    windows;      /* local clock, Hyper-V enlightenments under KVM */
} GhMachineSpec;

GhMachineSpec *gh_machine_spec_new    (void);
GhMachineSpec *gh_machine_spec_copy   (const GhMachineSpec *self);
void           gh_machine_spec_free   (GhMachineSpec *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMachineSpec, gh_machine_spec_free)

GhDomainXml   *gh_machine_spec_to_xml (const GhMachineSpec *self);

/* Small documents for storage; names and paths are escaped by libxml2. */
char          *gh_pool_xml_new_dir    (const char *name, const char *uuid, const char *path);
char          *gh_volume_xml_new      (const char *name, const char *format, guint64 capacity,
                                       const char *backing_path, const char *backing_format);
char          *gh_volume_xml_new_encrypted (const char *name, const char *format,
                                         guint64 capacity, const char *secret);
char          *gh_volume_xml_new_device (const char *name, guint64 capacity);

G_END_DECLS
