/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-snapshot-xml"

#include "config.h"

#include "gh-snapshot-xml.h"

#include "gh-xml-document.h"

/**
 * gh_snapshot_xml_new_from_string:
 * @text: a libvirt domain snapshot document, in UTF-8
 * @error: (out): set in %GH_XML_ERROR
 *
 * Returns: (transfer full) (nullable): what it says
 */
GhSnapshotXml *
gh_snapshot_xml_new_from_string (const char  *text,
                                 GError     **error)
{
  g_autoptr (GhXmlDocument) document = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autofree char *created = NULL;
  g_autofree char *memory = NULL;
  GhSnapshotXml *self = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  document = gh_xml_document_new (text, "domainsnapshot", error);
  if (document == NULL)
    return NULL;

  self = g_new0 (GhSnapshotXml, 1);
  self->text = g_strdup (text);
  self->name = gh_xml_document_dup_text (document, "name");
  self->parent = gh_xml_document_dup_text (document, "parent/name");
  self->description = gh_xml_document_dup_text (document, "description");
  self->state = gh_xml_document_dup_text (document, "state");
  created = gh_xml_document_dup_text (document, "creationTime");
  self->created = created != NULL ? g_ascii_strtoll (created, NULL, 10) : 0;
  memory = gh_xml_document_dup_text (document, "memory/@snapshot");
  /* Old libvirt says nothing of the memory, and keeps it when the machine runs. */
  if (memory != NULL)
    self->has_memory = g_strcmp0 (memory, "no") != 0;
  else
    self->has_memory = g_strcmp0 (self->state, "running") == 0 ||
                       g_strcmp0 (self->state, "paused") == 0;
  self->external = g_strcmp0 (memory, "external") == 0 ||
                   g_strcmp0 (self->state, "disk-snapshot") == 0;
  self->has_domain = gh_xml_document_find (document, "domain") != NULL;
  disks = gh_xml_document_find_all (document, "disks/disk");
  for (guint i = 0; i < disks->len; i++)
    {
      g_autofree char *kind = gh_xml_node_dup_attribute (g_ptr_array_index (disks, i), "snapshot");

      self->external = self->external || g_strcmp0 (kind, "external") == 0;
      self->n_disks += g_strcmp0 (kind, "no") != 0 ? 1 : 0;
    }
  if (self->name == NULL)
    self->name = g_strdup ("");
  if (self->state == NULL)
    self->state = g_strdup ("");
  return self;
}

void
gh_snapshot_xml_free (GhSnapshotXml *self)
{
  g_free (self->name);
  g_free (self->parent);
  g_free (self->description);
  g_free (self->state);
  g_free (self->text);
  g_free (self);
}

static void
add_text (xmlNode    *parent,
          const char *name,
          const char *text)
{
  g_autofree char *legal = gh_xml_dup_legal_text (text);

  xmlNewTextChild (parent, NULL, BAD_CAST name, BAD_CAST legal);
}

static void
add_disks (xmlNode            *list,
           const char * const *targets,
           const char         *kind)
{
  for (guint i = 0; targets[i] != NULL; i++)
    {
      xmlNode *node = xmlNewChild (list, NULL, BAD_CAST "disk", NULL);
      g_autofree char *legal = gh_xml_dup_legal_text (targets[i]);

      xmlNewProp (node, BAD_CAST "name", BAD_CAST legal);
      xmlNewProp (node, BAD_CAST "snapshot", BAD_CAST kind);
    }
}

char *
gh_snapshot_xml_dup_new (const char         *name,
                         const char         *description,
                         gboolean            memory,
                         const char * const *kept,
                         const char * const *left_out)
{
  xmlDoc *doc = NULL;
  xmlNode *root = NULL;
  xmlNode *node = NULL;
  xmlBuffer *buffer = NULL;
  char *text = NULL;

  g_return_val_if_fail (name != NULL && kept != NULL && left_out != NULL, NULL);

  doc = xmlNewDoc (BAD_CAST "1.0");
  root = xmlNewDocNode (doc, NULL, BAD_CAST "domainsnapshot", NULL);
  xmlDocSetRootElement (doc, root);
  add_text (root, "name", name);
  if (description != NULL)
    add_text (root, "description", description);
  node = xmlNewChild (root, NULL, BAD_CAST "memory", NULL);
  xmlNewProp (node, BAD_CAST "snapshot", BAD_CAST (memory ? "internal" : "no"));
  node = xmlNewChild (root, NULL, BAD_CAST "disks", NULL);
  add_disks (node, kept, "internal");
  add_disks (node, left_out, "no");

  buffer = xmlBufferCreate ();
  xmlNodeDump (buffer, doc, root, 0, 1);
  text = g_strconcat ((const char *) xmlBufferContent (buffer), "\n", NULL);
  xmlBufferFree (buffer);
  xmlFreeDoc (doc);
  return text;
}
