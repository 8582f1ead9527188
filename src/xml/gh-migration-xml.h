/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/* What differs in a machine's document when it goes on at another host. */

/* Takes the medium out of a drive. FALSE when there is no such disk. */
gboolean gh_domain_xml_empty_drive        (GhDomainXml *self, const char *target);
/* Puts all cards of the @type ("network", "bridge" or "direct") that are on @name on @other. */
void     gh_domain_xml_map_network        (GhDomainXml *self, const char *type, const char *name,
                                           const char *other);
/* Firmware variables that are where libvirt puts them by itself go to @folder, where the other
 * host's libvirt does, and are called by @new_name, as it would. Both (nullable), but one: as here.
 * Another machine of the old name may have its own there. */
void     gh_domain_xml_move_own_nvram     (GhDomainXml *self, const char *folder,
                                           const char *new_name);
void     gh_domain_xml_set_emulator       (GhDomainXml *self, const char *path);
/* <cpu> as text; NULL when there is none. */
char    *gh_domain_xml_dup_cpu            (GhDomainXml *self);

/* Devices that keep a machine from being moved while it runs. */
typedef enum
{
  GH_BLOCKER_HOSTDEV,    /* a device of the host */
  GH_BLOCKER_FILESYSTEM, /* a folder of the host, by virtiofs or 9p */
  GH_BLOCKER_SHMEM,
  GH_BLOCKER_VDPA,
  GH_BLOCKER_TRANSIENT,  /* a disk that forgets */
} GhBlockerKind;

typedef struct
{
  GhBlockerKind kind;
  char         *name;    /* (nullable): which, such as “PCI 0000:01:00.0” */
  gboolean      unplugs; /* it can be taken out of a machine that runs, if the guest lets it go */
} GhBlocker;

GPtrArray *gh_domain_xml_list_blockers    (GhDomainXml *self); /* (element-type GhBlocker) */
/* The device of this name, a disk apart, as text; NULL: it has none. */
char      *gh_domain_xml_dup_blocker      (GhDomainXml *self, const char *name);
/* Takes all of this name out, disks apart. */
void       gh_domain_xml_drop_blocker     (GhDomainXml *self, const char *name);

G_END_DECLS
