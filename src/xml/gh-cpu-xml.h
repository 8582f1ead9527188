/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/* What a host can give a machine as its processor, from its domain capabilities: a <cpu>; NULL: it
 * does not say. */
char *gh_cpu_xml_dup_host_model     (const char *capabilities);
/* “EPYC”, of a <cpu>; NULL: it is none, or names no model. */
char *gh_cpu_xml_dup_model          (const char *cpu);

/* Gives the machine the model and features of @cpu, and leaves its topology and all else as it is.
 * FALSE: @cpu names no model, and nothing was changed. */
gboolean gh_domain_xml_set_cpu_model (GhDomainXml *self, const char *cpu);

G_END_DECLS
