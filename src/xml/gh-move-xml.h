/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/* Where the variables of its firmware are. FALSE when the document leaves that to libvirt, and so
 * was not changed. */
gboolean gh_domain_xml_set_nvram_path (GhDomainXml *self, const char *path);

/* The file of the state of an emulated TPM, below the folder for all: “UUID/tpm2/…”; NULL when it
 * has none, or one of the host's. */
char    *gh_domain_xml_dup_tpm_file   (GhDomainXml *self);

G_END_DECLS
