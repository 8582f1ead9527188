/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-xml-document.h"

G_BEGIN_DECLS

GhDomainXml   *gh_domain_xml_new_for_document (GhXmlDocument *document); /* transfer full */
GhXmlDocument *gh_domain_xml_get_document     (GhDomainXml *self);

/* An amount of memory, in KiB, from the text and unit attribute of an element. */
guint64        gh_domain_xml_parse_memory_kib (const xmlNode *node);

G_END_DECLS
