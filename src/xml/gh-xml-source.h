/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/* The text a document was parsed from, and which of its bytes each node is; for
 * gh-xml-document.c alone. */
typedef struct _GhXmlSource GhXmlSource;

GhXmlSource *gh_xml_source_new           (const char *text, gsize length);
void         gh_xml_source_free          (GhXmlSource *self);
void         gh_xml_source_ensure_marks  (GhXmlSource *self, xmlNode *root);
char        *gh_xml_source_write         (GhXmlSource *self, xmlNode *root);

void         gh_xml_source_touch         (xmlNode *node);
void         gh_xml_source_set_attribute (xmlNode *node, const char *name, const char *value);

G_END_DECLS
