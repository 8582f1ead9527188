/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* <guesthouse:machine> in a machine's <metadata>, apart from its document: libvirt gives it
 * without its namespace and takes it so. */

#define G_LOG_DOMAIN "gh-machine-mark"

#include "config.h"

#include "gh-machine-mark.h"

#include <string.h>

#include "gh-domain-xml-private.h"

GhMarkedFile *
gh_marked_file_new (const char *path,
                    guint       mode)
{
  GhMarkedFile *self = g_new0 (GhMarkedFile, 1);

  self->path = g_strdup (path);
  self->mode = mode;
  return self;
}

void
gh_marked_file_free (gpointer file)
{
  GhMarkedFile *self = file;

  g_free (self->path);
  g_free (self);
}

GhMarkedBase *
gh_marked_base_new (const char *path,
                    guint64     length,
                    gint64      changed_ns,
                    guint64     inode)
{
  GhMarkedBase *self = g_new0 (GhMarkedBase, 1);

  self->path = g_strdup (path);
  self->length = length;
  self->changed_ns = changed_ns;
  self->inode = inode;
  return self;
}

void
gh_marked_base_free (gpointer base)
{
  GhMarkedBase *self = base;

  g_free (self->path);
  g_free (self);
}

void
gh_machine_mark_free (GhMachineMark *self)
{
  g_free (self->parent_uuid);
  g_free (self->parent_name);
  g_free (self->left_uri);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->trial_files);
  g_ptr_array_unref (self->unplugged);
  g_ptr_array_unref (self->bases);
  g_ptr_array_unref (self->shared);
  g_free (self);
}

/* In our namespace, or in none. */
static gboolean
is_ours (const xmlNode *node,
         const char    *name)
{
  return strcmp ((const char *) node->name, name) == 0 &&
         (node->ns == NULL || node->ns->href == NULL ||
          strcmp ((const char *) node->ns->href, GH_MACHINE_MARK_NAMESPACE) == 0);
}

static xmlNode *
find_child (const xmlNode *parent,
            const char    *name)
{
  xmlNode *child = gh_xml_node_get_child (parent, NULL);

  while (child != NULL && !is_ours (child, name))
    child = gh_xml_node_get_next (child, NULL);
  return child;
}

static void
read_files (GhMachineMark *self,
            const xmlNode *template)
{
  for (xmlNode *child = gh_xml_node_get_child (template, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    {
      g_autofree char *path = NULL;
      g_autofree char *mode = NULL;
      guint64 bits = 0;

      if (!is_ours (child, "file"))
        continue;
      path = gh_xml_node_dup_attribute (child, "path");
      mode = gh_xml_node_dup_attribute (child, "mode");
      if (path != NULL && g_path_is_absolute (path) && mode != NULL &&
          g_ascii_string_to_unsigned (mode, 8, 0, 0777, &bits, NULL))
        g_ptr_array_add (self->files, gh_marked_file_new (path, (guint) bits));
    }
}

/* 0 for what is no number. */
static guint64
read_number (const xmlNode *node,
             const char    *name)
{
  g_autofree char *text = gh_xml_node_dup_attribute (node, name);
  guint64 number = 0;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &number, NULL))
    return 0;
  return number;
}

static void
read_trial (GhMachineMark *self,
            const xmlNode *trial)
{
  for (xmlNode *child = gh_xml_node_get_child (trial, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    {
      g_autofree char *path = gh_xml_node_dup_attribute (child, "path");
      g_autofree char *mac = gh_xml_node_dup_attribute (child, "mac");

      if (is_ours (child, "file") && path != NULL && g_path_is_absolute (path))
        g_ptr_array_add (self->trial_files, g_steal_pointer (&path));
      else if (is_ours (child, "base") && path != NULL && g_path_is_absolute (path))
        g_ptr_array_add (self->bases,
                         gh_marked_base_new (path, read_number (child, "length"),
                                             (gint64) read_number (child, "changed"),
                                             read_number (child, "inode")));
      else if (is_ours (child, "unplugged") && mac != NULL)
        g_ptr_array_add (self->unplugged, g_steal_pointer (&mac));
    }
}

static void
read_parent (GhMachineMark *self,
             const xmlNode *node,
             GhMachineKind  kind)
{
  if (node == NULL)
    return;
  self->kind = kind;
  g_free (self->parent_uuid);
  g_free (self->parent_name);
  self->parent_uuid = gh_xml_node_dup_attribute (node, "uuid");
  self->parent_name = gh_xml_node_dup_attribute (node, "name");
}

static void
read_shared (GhMachineMark *self,
             const xmlNode *machine)
{
  for (xmlNode *child = gh_xml_node_get_child (machine, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    {
      g_autofree char *path = gh_xml_node_dup_attribute (child, "path");

      if (is_ours (child, "shared") && path != NULL && g_path_is_absolute (path))
        g_ptr_array_add (self->shared, g_steal_pointer (&path));
    }
}

static GhMachineMark *
read_mark (const xmlNode *machine)
{
  GhMachineMark *self = g_new0 (GhMachineMark, 1);
  xmlNode *template = machine != NULL ? find_child (machine, "template") : NULL;

  self->files = g_ptr_array_new_with_free_func (gh_marked_file_free);
  self->trial_files = g_ptr_array_new_with_free_func (g_free);
  self->unplugged = g_ptr_array_new_with_free_func (g_free);
  self->bases = g_ptr_array_new_with_free_func (gh_marked_base_free);
  self->shared = g_ptr_array_new_with_free_func (g_free);
  if (machine == NULL)
    return self;
  read_parent (self, find_child (machine, "parent"), GH_MACHINE_LINKED_CLONE);
  read_parent (self, find_child (machine, "trial"), GH_MACHINE_TRIAL);
  if (find_child (machine, "left") != NULL)
    self->left_uri = gh_xml_node_dup_attribute (find_child (machine, "left"), "uri");
  read_shared (self, machine);
  if (self->kind == GH_MACHINE_TRIAL)
    read_trial (self, find_child (machine, "trial"));
  if (template != NULL)
    {
      g_autofree char *autostart = gh_xml_node_dup_attribute (template, "autostart");

      self->kind = GH_MACHINE_TEMPLATE;
      self->is_template = TRUE;
      self->autostart = g_strcmp0 (autostart, "yes") == 0;
      read_files (self, template);
    }
  return self;
}

GhMachineMark *
gh_machine_mark_new (const char *element)
{
  g_autoptr (GhXmlDocument) document = NULL;

  if (element != NULL)
    document = gh_xml_document_new (element, "machine", NULL);
  return read_mark (document != NULL ? gh_xml_document_get_root (document) : NULL);
}

GhMachineMark *
gh_machine_mark_new_for_domain (GhDomainXml *domain)
{
  xmlNode *metadata = NULL;
  xmlNode *machine = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (domain), NULL);

  metadata = gh_xml_node_get_child (gh_xml_document_get_root (gh_domain_xml_get_document (domain)),
                                    "metadata");
  machine = metadata != NULL ? gh_xml_node_get_child (metadata, NULL) : NULL;
  /* Here the namespace tells it from other programs' elements. */
  while (machine != NULL && (machine->ns == NULL || !is_ours (machine, "machine")))
    machine = gh_xml_node_get_next (machine, NULL);
  return read_mark (machine);
}

static void
add_files (GhXmlDocument *document,
           xmlNode       *template,
           GPtrArray     *files)
{
  xmlNode *last = NULL;

  for (guint i = 0; files != NULL && i < files->len; i++)
    {
      GhMarkedFile *file = g_ptr_array_index (files, i);
      g_autofree char *mode = g_strdup_printf ("%04o", file->mode);

      last = gh_xml_document_add (document, template, last, "file");
      gh_xml_document_set_attribute (document, last, "path", file->path);
      gh_xml_document_set_attribute (document, last, "mode", mode);
    }
}

/**
 * gh_machine_mark_dup_text:
 * @element: (nullable): our element as it is
 * @is_template: what it is to say
 * @files: (nullable) (element-type GhMarkedFile): what was made read-only
 * @autostart: whether its host started it by itself before
 *
 * Returns: (transfer full) (nullable): the element to write; %NULL to remove it
 */
char *
gh_machine_mark_dup_text (const char *element,
                          gboolean    is_template,
                          GPtrArray  *files,
                          gboolean    autostart)
{
  g_autoptr (GhXmlDocument) document = NULL;
  xmlNode *root = NULL;
  xmlNode *template = NULL;

  if (element != NULL)
    document = gh_xml_document_new (element, "machine", NULL);
  if (document == NULL)
    document = gh_xml_document_new ("<machine/>", "machine", NULL);
  root = gh_xml_document_get_root (document);
  template = find_child (root, "template");
  if (template != NULL)
    gh_xml_document_remove (document, template);
  if (is_template)
    {
      template = gh_xml_document_add (document, root, NULL, "template");
      if (autostart)
        gh_xml_document_set_attribute (document, template, "autostart", "yes");
      add_files (document, template, files);
    }
  if (gh_xml_node_get_child (root, NULL) == NULL)
    return NULL;
  return gh_xml_document_to_string (document);
}

/* Without all children of that name. */
static void
remove_children (GhXmlDocument *document,
                 const char    *name)
{
  xmlNode *root = gh_xml_document_get_root (document);

  for (xmlNode *child = find_child (root, name); child != NULL; child = find_child (root, name))
    gh_xml_document_remove (document, child);
}

/* NULL when nothing is left in it. */
static char *
dup_document (GhXmlDocument *document)
{
  if (gh_xml_node_get_child (gh_xml_document_get_root (document), NULL) == NULL)
    return NULL;
  return gh_xml_document_to_string (document);
}

/**
 * gh_machine_mark_dup_kept:
 * @element: (nullable): our element of a trial that is to be kept
 * @shared: (nullable) (element-type char): what it lies on that is nobody's own from now on
 *
 * Returns: (transfer full) (nullable): the element to write; %NULL to remove it
 */
char *
gh_machine_mark_dup_kept (const char *element,
                          GPtrArray  *shared)
{
  g_autoptr (GhXmlDocument) document = NULL;
  xmlNode *last = NULL;

  if (element != NULL)
    document = gh_xml_document_new (element, "machine", NULL);
  if (document == NULL)
    return NULL;
  remove_children (document, "trial");
  for (guint i = 0; shared != NULL && i < shared->len; i++)
    {
      last = gh_xml_document_add (document, gh_xml_document_get_root (document), last, "shared");
      gh_xml_document_set_attribute (document, last, "path", g_ptr_array_index (shared, i));
    }
  return dup_document (document);
}

/**
 * gh_machine_mark_dup_released:
 * @element: (nullable): our element as it is
 *
 * Returns: (transfer full) (nullable): the element of a machine that depends on no parent any
 *   more; %NULL to remove it
 */
char *
gh_machine_mark_dup_released (const char *element)
{
  g_autoptr (GhXmlDocument) document = NULL;

  if (element != NULL)
    document = gh_xml_document_new (element, "machine", NULL);
  if (document == NULL)
    return NULL;
  remove_children (document, "parent");
  remove_children (document, "shared");
  return dup_document (document);
}

/**
 * gh_machine_mark_has_parent:
 * @element: (nullable): our element
 *
 * Returns: whether it names a parent, on whose disks the machine's lie
 */
gboolean
gh_machine_mark_has_parent (const char *element)
{
  g_autoptr (GhXmlDocument) document = NULL;

  if (element != NULL)
    document = gh_xml_document_new (element, "machine", NULL);
  return document != NULL && find_child (gh_xml_document_get_root (document), "parent") != NULL;
}
