/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/**
 * GhSecretXml:
 *
 * A secret of libvirt's that a machine's document refers to, by UUID or by what it is for: the
 * passphrase of an encrypted disk or TPM, or a key of network storage.
 */
typedef struct
{
  char *uuid;   /* (nullable) */
  char *usage;  /* (nullable): used where there is no UUID */
  char *type;   /* of the usage: "volume", "ceph", "iscsi", "vtpm" */
  char *device; /* whose: a target such as "vda", or "tpm" */
} GhSecretXml;

GPtrArray *gh_domain_xml_list_secrets   (GhDomainXml *self); /* (element-type GhSecretXml) */
/* "luks" and the like: how the disk itself is encrypted; NULL: it is not, or there is none. With
 * which secret: @uuid or @usage, both (nullable). */
char      *gh_domain_xml_dup_encryption (GhDomainXml *self, const char *target, char **uuid,
                                         char **usage);

G_END_DECLS
