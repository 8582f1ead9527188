/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-metadata"

#include "config.h"

#include "gh-machine-metadata.h"

#include <string.h>

#include "gh-domain-xml-private.h"

/* An element of ours; libvirt takes the namespace away when it hands one out. */
static gboolean
is_ours (const xmlNode *node,
         const char    *name)
{
  if (node == NULL || node->type != XML_ELEMENT_NODE ||
      strcmp ((const char *) node->name, name) != 0)
    return FALSE;
  return node->ns == NULL || node->ns->href == NULL ||
         strcmp ((const char *) node->ns->href, GH_METADATA_NAMESPACE) == 0;
}

static xmlNode *
get_ours (const xmlNode *parent,
          const char    *name)
{
  xmlNode *child = gh_xml_node_get_child (parent, NULL);

  while (child != NULL && !is_ours (child, name))
    child = gh_xml_node_get_next (child, NULL);
  return child;
}

static xmlNode *
get_metadata (GhDomainXml *self)
{
  return gh_xml_node_get_child (gh_xml_document_get_root (gh_domain_xml_get_document (self)),
                                "metadata");
}

static xmlNode *
get_machine (GhDomainXml *self)
{
  return gh_xml_document_find (gh_domain_xml_get_document (self), "metadata/guesthouse:machine");
}

static xmlNode *
add (GhDomainXml *self,
     xmlNode     *parent,
     xmlNode     *after,
     const char  *name)
{
  return gh_xml_document_add_namespaced (gh_domain_xml_get_document (self), parent, after, name,
                                         GH_METADATA_PREFIX, GH_METADATA_NAMESPACE);
}

/* The last child, to put another behind. */
static xmlNode *
get_last_child (const xmlNode *parent)
{
  xmlNode *last = NULL;

  for (xmlNode *child = gh_xml_node_get_child (parent, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    last = child;
  return last;
}

/* Where libvirt writes <metadata>: behind the texts about the machine. */
static xmlNode *
find_place_of_metadata (const xmlNode *root)
{
  static const char *const before[] = {
    "description", "title", "hwuuid", "genid", "uuid", "name",
  };

  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    {
      xmlNode *node = gh_xml_node_get_child (root, before[i]);

      if (node != NULL)
        return node;
    }
  return NULL;
}

static xmlNode *
ensure_machine (GhDomainXml *self)
{
  GhXmlDocument *document = gh_domain_xml_get_document (self);
  xmlNode *root = gh_xml_document_get_root (document);
  xmlNode *machine = get_machine (self);
  xmlNode *metadata = get_metadata (self);

  if (machine != NULL)
    return machine;
  if (metadata == NULL)
    metadata = gh_xml_document_add (document, root, find_place_of_metadata (root), "metadata");
  return add (self, metadata, get_last_child (metadata), "machine");
}

/* Removes our element, and what it is in, when they are empty. */
static void
remove_empty (GhDomainXml *self)
{
  GhXmlDocument *document = gh_domain_xml_get_document (self);
  xmlNode *machine = get_machine (self);

  if (machine == NULL || gh_xml_node_get_child (machine, NULL) != NULL)
    return;
  gh_xml_document_remove (document, machine);
  if (gh_xml_node_get_child (get_metadata (self), NULL) == NULL)
    gh_xml_document_remove (document, get_metadata (self));
}

/* Removes one child of our element, and what is empty then. */
static void
remove_child (GhDomainXml *self,
              const char  *name)
{
  xmlNode *child = get_ours (get_machine (self), name);

  if (child != NULL)
    gh_xml_document_remove (gh_domain_xml_get_document (self), child);
  remove_empty (self);
}

/* Adds one, with what every reference to a machine has. */
static xmlNode *
add_reference (GhDomainXml *self,
               const char  *element,
               const char  *uuid,
               const char  *name)
{
  GhXmlDocument *document = gh_domain_xml_get_document (self);
  xmlNode *machine = NULL;
  xmlNode *node = NULL;

  remove_child (self, element);
  machine = ensure_machine (self);
  node = add (self, machine, get_last_child (machine), element);
  gh_xml_document_set_attribute (document, node, "uuid", uuid);
  gh_xml_document_set_attribute (document, node, "name", name != NULL ? name : "");
  return node;
}

/* One element for each of @texts (nullable). */
static void
add_texts (GhDomainXml *self,
           xmlNode     *parent,
           const char  *element,
           const char  *attribute,
           GPtrArray   *texts)
{
  for (guint i = 0; texts != NULL && i < texts->len; i++)
    {
      xmlNode *node = add (self, parent, get_last_child (parent), element);

      gh_xml_document_set_attribute (gh_domain_xml_get_document (self), node, attribute,
                                     g_ptr_array_index (texts, i));
    }
}

static gboolean
read_reference (const xmlNode  *machine,
                const char     *element,
                char          **uuid,
                char          **name)
{
  xmlNode *node = get_ours (machine, element);

  if (uuid != NULL)
    *uuid = gh_xml_node_dup_attribute (node, "uuid");
  if (name != NULL)
    *name = gh_xml_node_dup_attribute (node, "name");
  return node != NULL;
}

/* Into no namespace, as libvirt wants it. */
static void
strip_namespace (xmlNode *node)
{
  if (node->ns != NULL && strcmp ((const char *) node->ns->href, GH_METADATA_NAMESPACE) == 0)
    node->ns = NULL;
  for (xmlNode *child = gh_xml_node_get_child (node, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    strip_namespace (child);
}

static void
remove_declaration (xmlNode *node)
{
  xmlNs **link = &node->nsDef;

  while (*link != NULL)
    {
      xmlNs *declaration = *link;

      if (strcmp ((const char *) declaration->href, GH_METADATA_NAMESPACE) == 0)
        {
          *link = declaration->next;
          xmlFreeNs (declaration);
        }
      else
        link = &declaration->next;
    }
}

/**
 * gh_metadata_disk_new:
 * @target: the target of a disk, such as "vda"
 * @base: path of the file it is linked to
 * @format: format of that file
 *
 * Returns: (transfer full): a record of them
 */
GhMetadataDisk *
gh_metadata_disk_new (const char *target,
                      const char *base,
                      const char *format)
{
  GhMetadataDisk *self = g_new0 (GhMetadataDisk, 1);

  self->target = g_strdup (target);
  self->base = g_strdup (base);
  self->format = g_strdup (format);
  return self;
}

/**
 * gh_metadata_disk_free:
 * @self: (transfer full): a record
 */
void
gh_metadata_disk_free (GhMetadataDisk *self)
{
  g_free (self->target);
  g_free (self->base);
  g_free (self->format);
  g_free (self);
}

/**
 * gh_domain_xml_is_template:
 * @self: a domain
 *
 * Returns: whether it is marked as one that others are linked to
 */
gboolean
gh_domain_xml_is_template (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), FALSE);

  return get_ours (get_machine (self), "template") != NULL;
}

/**
 * gh_domain_xml_set_template:
 * @self: a domain
 * @is_template: whether it is to be one
 */
void
gh_domain_xml_set_template (GhDomainXml *self,
                            gboolean     is_template)
{
  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  if (is_template == gh_domain_xml_is_template (self))
    return;
  if (is_template)
    add (self, ensure_machine (self), NULL, "template");
  else
    remove_child (self, "template");
}

/**
 * gh_domain_xml_get_parent:
 * @self: a domain
 * @uuid: (out) (optional) (nullable): UUID of its parent
 * @name: (out) (optional) (nullable): what the parent was called then
 *
 * Returns: whether it is a linked clone
 */
gboolean
gh_domain_xml_get_parent (GhDomainXml  *self,
                          char        **uuid,
                          char        **name)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), FALSE);

  return read_reference (get_machine (self), "parent", uuid, name);
}

/**
 * gh_domain_xml_list_parent_disks:
 * @self: a domain
 *
 * Returns: (transfer full) (element-type GhMetadataDisk): what its disks were linked to
 */
GPtrArray *
gh_domain_xml_list_parent_disks (GhDomainXml *self)
{
  g_autoptr (GPtrArray) disks =
    g_ptr_array_new_with_free_func ((GDestroyNotify) gh_metadata_disk_free);
  xmlNode *parent = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  parent = get_ours (get_machine (self), "parent");
  for (xmlNode *node = gh_xml_node_get_child (parent, NULL); node != NULL;
       node = gh_xml_node_get_next (node, NULL))
    {
      GhMetadataDisk *disk = NULL;

      if (!is_ours (node, "disk"))
        continue;
      disk = g_new0 (GhMetadataDisk, 1);
      disk->target = gh_xml_node_dup_attribute (node, "target");
      disk->base = gh_xml_node_dup_attribute (node, "base");
      disk->format = gh_xml_node_dup_attribute (node, "format");
      g_ptr_array_add (disks, disk);
    }
  return g_steal_pointer (&disks);
}

/**
 * gh_domain_xml_set_parent:
 * @self: a domain
 * @uuid: (nullable): UUID of its parent, or %NULL when it is no linked clone any more
 * @name: (nullable): name of its parent
 * @disks: (nullable) (element-type GhMetadataDisk): what its disks are linked to
 */
void
gh_domain_xml_set_parent (GhDomainXml *self,
                          const char  *uuid,
                          const char  *name,
                          GPtrArray   *disks)
{
  GhXmlDocument *document = NULL;
  xmlNode *parent = NULL;
  xmlNode *last = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  document = gh_domain_xml_get_document (self);
  if (uuid == NULL)
    {
      remove_child (self, "parent");
      return;
    }

  parent = add_reference (self, "parent", uuid, name);
  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const GhMetadataDisk *disk = g_ptr_array_index (disks, i);

      last = add (self, parent, last, "disk");
      gh_xml_document_set_attribute (document, last, "target", disk->target);
      gh_xml_document_set_attribute (document, last, "base", disk->base);
      gh_xml_document_set_attribute (document, last, "format", disk->format);
    }
}

/**
 * gh_domain_xml_dup_trial_of:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): UUID of the machine it is a throw-away twin of
 */
char *
gh_domain_xml_dup_trial_of (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_node_dup_attribute (get_ours (get_machine (self), "trial"), "uuid");
}

/**
 * gh_domain_xml_dup_trial_of_name:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): what that machine was called then
 */
char *
gh_domain_xml_dup_trial_of_name (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_node_dup_attribute (get_ours (get_machine (self), "trial"), "name");
}

/**
 * gh_domain_xml_set_trial_of:
 * @self: a domain
 * @uuid: (nullable): UUID of the machine it is a throw-away twin of, or %NULL to keep it
 * @name: (nullable): name of that machine
 * @files: (nullable) (element-type char): what was made for it
 * @unplugged: (nullable) (element-type char): addresses of cards without a cable
 */
void
gh_domain_xml_set_trial_of (GhDomainXml *self,
                            const char  *uuid,
                            const char  *name,
                            GPtrArray   *files,
                            GPtrArray   *unplugged)
{
  xmlNode *trial = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  if (uuid == NULL)
    {
      remove_child (self, "trial");
      return;
    }
  trial = add_reference (self, "trial", uuid, name);
  add_texts (self, trial, "file", "path", files);
  add_texts (self, trial, "unplugged", "mac", unplugged);
}

static void
set_number (GhXmlDocument *document,
            xmlNode       *node,
            const char    *name,
            guint64        number)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, number);

  if (number > 0)
    gh_xml_document_set_attribute (document, node, name, text);
}

/**
 * gh_domain_xml_add_trial_base:
 * @self: a domain
 * @base: a file that it lies on, as it is now
 *
 * Remembers how the file was when the trial began.
 */
void
gh_domain_xml_add_trial_base (GhDomainXml        *self,
                              const GhMarkedBase *base)
{
  GhXmlDocument *document = NULL;
  xmlNode *trial = NULL;
  xmlNode *node = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));
  g_return_if_fail (base != NULL);

  trial = get_ours (get_machine (self), "trial");
  if (trial == NULL)
    return;
  document = gh_domain_xml_get_document (self);
  node = add (self, trial, get_last_child (trial), "base");
  gh_xml_document_set_attribute (document, node, "path", base->path);
  set_number (document, node, "length", base->length);
  set_number (document, node, "changed", (guint64) MAX (base->changed_ns, 0));
  set_number (document, node, "inode", base->inode);
}

/* (nullable): the element for @path, or for any. */
static xmlNode *
find_shared (GhDomainXml *self,
             const char  *path)
{
  for (xmlNode *node = gh_xml_node_get_child (get_machine (self), NULL); node != NULL;
       node = gh_xml_node_get_next (node, NULL))
    {
      g_autofree char *found = gh_xml_node_dup_attribute (node, "path");

      if (is_ours (node, "shared") && (path == NULL || g_strcmp0 (found, path) == 0))
        return node;
    }
  return NULL;
}

/**
 * gh_domain_xml_add_shared:
 * @self: a domain
 * @path: a file it lies on, which is no machine's own disk any more
 */
void
gh_domain_xml_add_shared (GhDomainXml *self,
                          const char  *path)
{
  xmlNode *machine = NULL;
  xmlNode *node = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self) && path != NULL);

  if (find_shared (self, path) != NULL)
    return;
  machine = ensure_machine (self);
  node = add (self, machine, get_last_child (machine), "shared");
  gh_xml_document_set_attribute (gh_domain_xml_get_document (self), node, "path", path);
}

/**
 * gh_domain_xml_remove_shared:
 * @self: a domain
 * @path: (nullable): what it does not share any more; %NULL for all
 */
void
gh_domain_xml_remove_shared (GhDomainXml *self,
                             const char  *path)
{
  xmlNode *node = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  while ((node = find_shared (self, path)) != NULL)
    {
      gh_xml_document_remove (gh_domain_xml_get_document (self), node);
      remove_empty (self);
    }
}

/**
 * gh_domain_xml_get_kind:
 * @self: a domain
 *
 * Returns: what Guesthouse shows it as
 */
void
gh_domain_xml_add_left (GhDomainXml      *self,
                        const GhLeftFile *file)
{
  GhXmlDocument *document = NULL;
  xmlNode *machine = NULL;
  xmlNode *node = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self) && file != NULL);

  document = gh_domain_xml_get_document (self);
  machine = ensure_machine (self);
  for (node = gh_xml_node_get_child (machine, NULL); node != NULL;
       node = gh_xml_node_get_next (node, NULL))
    {
      g_autofree char *host = gh_xml_node_dup_attribute (node, "host");
      g_autofree char *path = gh_xml_node_dup_attribute (node, "path");

      if (is_ours (node, "left") && g_strcmp0 (host, file->host) == 0 &&
          g_strcmp0 (path, file->path) == 0)
        return;
    }
  node = add (self, machine, get_last_child (machine), "left");
  gh_xml_document_set_attribute (document, node, "host", file->host);
  gh_xml_document_set_attribute (document, node, "uri", file->uri);
  gh_xml_document_set_attribute (document, node, "path", file->path);
  if (file->pool != NULL)
    gh_xml_document_set_attribute (document, node, "pool", file->pool);
  if (file->kind != NULL)
    gh_xml_document_set_attribute (document, node, "kind", file->kind);
}

void
gh_domain_xml_remove_left (GhDomainXml *self)
{
  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  while (get_ours (get_machine (self), "left") != NULL)
    remove_child (self, "left");
}

GhMachineKind
gh_domain_xml_get_kind (GhDomainXml *self)
{
  g_autoptr (GhMachineMark) mark = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), GH_MACHINE_ORDINARY);

  mark = gh_machine_mark_new_for_domain (self);
  return mark->kind;
}

/**
 * gh_domain_xml_dup_machine_metadata:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): our element, as virDomainSetMetadata() takes it
 */
char *
gh_domain_xml_dup_machine_metadata (GhDomainXml *self)
{
  xmlNode *machine = NULL;
  xmlDoc *doc = NULL;
  xmlNode *copy = NULL;
  xmlBuffer *buffer = NULL;
  char *text = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  machine = get_machine (self);
  if (machine == NULL)
    return NULL;

  doc = xmlNewDoc (BAD_CAST "1.0");
  copy = xmlDocCopyNode (machine, doc, 1);
  xmlDocSetRootElement (doc, copy);
  strip_namespace (copy);
  remove_declaration (copy);
  buffer = xmlBufferCreate ();
  xmlNodeDump (buffer, doc, copy, 0, 0);
  text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  xmlFreeDoc (doc);
  return text;
}

/**
 * gh_machine_metadata_parse:
 * @text: (nullable): our element, as virDomainGetMetadata() hands it out
 * @uuid: (out) (optional) (nullable): UUID of the machine it is a trial of, else of its parent
 * @name: (out) (optional) (nullable): name of that machine
 *
 * Returns: what Guesthouse shows the machine as
 */
GhMachineKind
gh_machine_metadata_parse (const char  *text,
                           char       **uuid,
                           char       **name)
{
  g_autoptr (GhMachineMark) mark = gh_machine_mark_new (text);

  if (uuid != NULL)
    *uuid = g_strdup (mark->parent_uuid);
  if (name != NULL)
    *name = g_strdup (mark->parent_name);
  return mark->kind;
}

void
gh_domain_xml_set_away_autostart (GhDomainXml *self,
                                  gboolean     autostart)
{
  xmlNode *machine = NULL;
  xmlNode *node = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  if (!autostart)
    {
      remove_child (self, "away");
      return;
    }
  machine = ensure_machine (self);
  node = get_ours (machine, "away");
  if (node == NULL)
    node = add (self, machine, get_last_child (machine), "away");
  gh_xml_document_set_attribute (gh_domain_xml_get_document (self), node, "autostart", "yes");
}

gboolean
gh_domain_xml_get_away_autostart (GhDomainXml *self)
{
  g_autofree char *value = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), FALSE);

  value = gh_xml_node_dup_attribute (get_ours (get_machine (self), "away"), "autostart");
  return g_strcmp0 (value, "yes") == 0;
}
