/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

#include "gh-xml-error.h"

G_BEGIN_DECLS

/* What is read is cut off here; libvirt's own limit for a message is 32 MiB. */
#define GH_XML_MAX_SIZE (8 * 1024 * 1024)

/**
 * GhXmlDocument:
 *
 * A libxml2 document of foreign origin, and the only way such a document gets into
 * the program: parsed without network, entities, DTD or messages to standard error.
 * It remembers the text it was made from, so that what is not edited is written
 * back byte for byte: quotes, line ends and odd spaces included. Edit it by the
 * functions below only. Not thread-safe; any one thread.
 */
typedef struct _GhXmlDocument GhXmlDocument;

/* @root_name: what the root element has to be called. */
GhXmlDocument *gh_xml_document_new       (const char *text, const char *root_name, GError **error);
void           gh_xml_document_free      (GhXmlDocument *self);
GhXmlDocument *gh_xml_document_copy      (GhXmlDocument *self);
char          *gh_xml_document_to_string (GhXmlDocument *self);
xmlNode       *gh_xml_document_get_root  (GhXmlDocument *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhXmlDocument, gh_xml_document_free)

/* XPaths start at the root element; the prefixes "libosinfo", "qemu" and
 * "guesthouse" are known. */
char          *gh_xml_document_dup_text  (GhXmlDocument *self, const char *xpath); /* nullable */
xmlNode       *gh_xml_document_find      (GhXmlDocument *self, const char *xpath); /* nullable */
GPtrArray     *gh_xml_document_find_all  (GhXmlDocument *self, const char *xpath);
gboolean       gh_xml_document_has       (GhXmlDocument *self, const char *xpath);
/* Different texts, none of them empty: (element-type char). */
GPtrArray     *gh_xml_document_list_texts (GhXmlDocument *self, const char *xpath);

/* Nodes without XPath. Names are those of elements and attributes in no namespace. */
gboolean       gh_xml_node_is            (const xmlNode *node, const char *name);
xmlNode       *gh_xml_node_get_child     (const xmlNode *node,
                                          const char *name);      /* nullable */
xmlNode       *gh_xml_node_get_next      (const xmlNode *node,
                                          const char *name);      /* nullable */
char          *gh_xml_node_dup_attribute (const xmlNode *node,
                                          const char *name);      /* nullable */
char          *gh_xml_node_dup_child_attribute (const xmlNode *node, const char *child,
                                                /* nullable */
                                                const char *name);
char          *gh_xml_node_dup_text      (const xmlNode *node);

/* Edits. Text may be any UTF-8: it is escaped, and what XML cannot hold is left out. */
void           gh_xml_document_set_text      (GhXmlDocument *self, xmlNode *node, const char *text);
void           gh_xml_document_set_attribute (GhXmlDocument *self, xmlNode *node, const char *name,
                                              const char *value);
void           gh_xml_document_remove        (GhXmlDocument *self, xmlNode *node);
xmlNode       *gh_xml_document_add           (GhXmlDocument *self, xmlNode *parent, xmlNode *after,
                                              const char *name);
xmlNode       *gh_xml_document_add_namespaced (GhXmlDocument *self, xmlNode *parent, xmlNode *after,
                                               const char *name, const char *prefix,
                                               const char *uri);

/* Text fit for XML 1.0. */
char          *gh_xml_dup_legal_text     (const char *text);

G_END_DECLS
