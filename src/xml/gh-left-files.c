/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-left-files"

#include "config.h"

#include "gh-left-files.h"

#include <string.h>

#include "gh-machine-mark.h"
#include "gh-xml-document.h"

GhLeftFile *
gh_left_file_new (const char *host,
                  const char *uri,
                  const char *path,
                  const char *pool)
{
  GhLeftFile *self = g_new0 (GhLeftFile, 1);

  self->host = g_strdup (host);
  self->uri = g_strdup (uri);
  self->path = g_strdup (path);
  self->pool = g_strdup (pool);
  return self;
}

void
gh_left_file_free (gpointer file)
{
  GhLeftFile *self = file;

  g_free (self->host);
  g_free (self->uri);
  g_free (self->path);
  g_free (self->pool);
  g_free (self->kind);
  g_free (self);
}

/* NULL: it is no such element, or not to be believed. */
static GhLeftFile *
read_file (const xmlNode *node)
{
  g_autofree char *host = gh_xml_node_dup_attribute (node, "host");
  g_autofree char *uri = gh_xml_node_dup_attribute (node, "uri");
  g_autofree char *path = gh_xml_node_dup_attribute (node, "path");
  g_autofree char *pool = gh_xml_node_dup_attribute (node, "pool");
  g_autofree char *kind = gh_xml_node_dup_attribute (node, "kind");
  GhLeftFile *file = NULL;

  if (strcmp ((const char *) node->name, "left") != 0 || host == NULL || uri == NULL ||
      path == NULL || !g_path_is_absolute (path) || !g_uuid_string_is_valid (host))
    return NULL;
  if (node->ns != NULL && node->ns->href != NULL &&
      strcmp ((const char *) node->ns->href, GH_MACHINE_MARK_NAMESPACE) != 0)
    return NULL;
  file = gh_left_file_new (host, uri, path, pool);
  if (g_strcmp0 (kind, GH_LEFT_NVRAM) == 0 || g_strcmp0 (kind, GH_LEFT_TPM) == 0)
    file->kind = g_steal_pointer (&kind);
  return file;
}

GPtrArray *
gh_left_files_list (const char *element)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (gh_left_file_free);
  g_autoptr (GhXmlDocument) document = element != NULL
                                       ? gh_xml_document_new (element, "machine", NULL) : NULL;

  if (document == NULL)
    return files;
  for (xmlNode *node = gh_xml_node_get_child (gh_xml_document_get_root (document), NULL);
       node != NULL; node = gh_xml_node_get_next (node, NULL))
    {
      GhLeftFile *file = read_file (node);

      if (file != NULL)
        g_ptr_array_add (files, file);
    }
  return files;
}

char *
gh_left_files_dup_without (const char *element,
                           const char *host,
                           const char *path)
{
  g_autoptr (GhXmlDocument) document = element != NULL
                                       ? gh_xml_document_new (element, "machine", NULL) : NULL;
  xmlNode *root = NULL;
  xmlNode *next = NULL;

  g_return_val_if_fail (host != NULL && path != NULL, NULL);

  if (document == NULL)
    return g_strdup (element);
  root = gh_xml_document_get_root (document);
  for (xmlNode *node = gh_xml_node_get_child (root, NULL); node != NULL; node = next)
    {
      GhLeftFile *file = read_file (node);

      next = gh_xml_node_get_next (node, NULL);
      if (file != NULL && strcmp (file->host, host) == 0 && strcmp (file->path, path) == 0)
        gh_xml_document_remove (document, node);
      g_clear_pointer (&file, gh_left_file_free);
    }
  return gh_xml_node_get_child (root, NULL) != NULL ? gh_xml_document_to_string (document) : NULL;
}
