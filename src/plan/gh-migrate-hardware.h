/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-plan.h"

G_BEGIN_DECLS

/* What a machine is made of, compared with what another host offers. */
typedef struct
{
  const char *there;        /* its label */
  const char *offer;        /* (nullable): domain capabilities of it, for this kind of machine */
  const char *capabilities; /* (nullable): its capabilities */
  gint64      huge_kib;     /* free in huge pages of the machine's size; < 0: not known */
  gboolean    live;         /* it comes as it runs */
} GhMigrateOffer;

/* KiB of one huge page that all its memory is in; 0: none of it, or each part as it says. */
guint64 gh_migrate_get_huge_page_kib (GhDomainXml *machine);

/* Ids: "display", "video", "tpm-model", "device-kind", "secure-boot", "loader", "tsc-unset",
 * "tsc-differs", "huge-pages", "video-3d", "host-port", "host-path", "user-network",
 * "security-label", "memory-module", "tpm-chip", "sound". */
void    gh_migrate_check_hardware    (GhDomainXml *machine, const GhMigrateOffer *offer,
                                      GhPlanDraft *draft);

G_END_DECLS
