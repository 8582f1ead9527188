/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-backup-xml"

#include "config.h"

#include "gh-backup-xml.h"

#include "gh-xml-document.h"

GhBackupDisk *
gh_backup_disk_new (const char *target,
                    const char *path,
                    const char *format,
                    guint64     capacity)
{
  GhBackupDisk *self = g_new0 (GhBackupDisk, 1);

  self->target = g_strdup (target);
  self->path = g_strdup (path);
  self->format = g_strdup (format);
  self->capacity = capacity;
  return self;
}

void
gh_backup_disk_free (GhBackupDisk *self)
{
  g_free (self->target);
  g_free (self->path);
  g_free (self->format);
  g_free (self);
}

static xmlNode *
add (xmlNode    *parent,
     const char *name,
     const char *attribute,
     const char *value)
{
  xmlNode *node = xmlNewChild (parent, NULL, BAD_CAST name, NULL);
  g_autofree char *legal = value != NULL ? gh_xml_dup_legal_text (value) : NULL;

  if (legal != NULL)
    xmlNewProp (node, BAD_CAST attribute, BAD_CAST legal);
  return node;
}

/**
 * gh_backup_xml_new:
 * @disks: (element-type GhBackupDisk): what is copied where; disks that are not named are not
 *
 * Returns: (transfer full): a push-mode job; libvirt makes the files (0600) and fails when one
 *   is there already
 */
char *
gh_backup_xml_new (GPtrArray *disks)
{
  xmlDoc *doc = xmlNewDoc (BAD_CAST "1.0");
  xmlNode *root = xmlNewDocNode (doc, NULL, BAD_CAST "domainbackup", NULL);
  xmlNode *list = NULL;
  xmlBuffer *buffer = NULL;
  char *text = NULL;

  xmlDocSetRootElement (doc, root);
  xmlNewProp (root, BAD_CAST "mode", BAD_CAST "push");
  list = add (root, "disks", NULL, NULL);
  for (guint i = 0; i < disks->len; i++)
    {
      const GhBackupDisk *disk = g_ptr_array_index (disks, i);
      xmlNode *node = add (list, "disk", "name", disk->target);

      xmlNewProp (node, BAD_CAST "backup", BAD_CAST "yes");
      xmlNewProp (node, BAD_CAST "type", BAD_CAST "file");
      add (node, "driver", "type", disk->format);
      add (node, "target", "file", disk->path);
    }

  buffer = xmlBufferCreate ();
  xmlNodeDump (buffer, doc, root, 0, 1);
  text = g_strconcat ((const char *) xmlBufferContent (buffer), "\n", NULL);
  xmlBufferFree (buffer);
  xmlFreeDoc (doc);
  return text;
}

gboolean
gh_backup_xml_writes_to (const char         *text,
                         const char * const *paths)
{
  g_autoptr (GhXmlDocument) document = gh_xml_document_new (text, "domainbackup", NULL);
  g_autoptr (GPtrArray) targets = NULL;

  if (document == NULL)
    return FALSE;
  targets = gh_xml_document_find_all (document, "disks/disk/target");
  for (guint i = 0; i < targets->len; i++)
    {
      g_autofree char *path = gh_xml_node_dup_attribute (g_ptr_array_index (targets, i), "file");

      if (path != NULL && g_strv_contains (paths, path))
        return TRUE;
    }
  return FALSE;
}
