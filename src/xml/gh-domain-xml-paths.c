/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Which files a definition names. This answers "may this file be taken away?", so a path too many
 * does no harm and a path too few does.
 */

#define G_LOG_DOMAIN "gh-domain-xml"

#include "config.h"

#include "gh-domain-xml-private.h"

#include <string.h>

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

/* Where paths stand, below <domain>: as the text of an element, if @attribute is NULL. Left out on
 * purpose: programs (emulator, helpers), <memoryBacking>, the terminals libvirt makes for pty
 * consoles, random number sources, and paths in the guest. */
static const struct
{
  const char *path;
  const char *attribute;
} places[] = {
  { "os/loader", NULL },
  { "os/loader/source", "file" },
  { "os/nvram", NULL },
  { "os/nvram", "template" },
  { "os/nvram/source", "file" },
  { "os/varstore", "path" },
  { "os/varstore", "template" },
  { "os/kernel", NULL },
  { "os/initrd", NULL },
  { "os/dtb", NULL },
  { "os/shim", NULL },
  { "os/acpi/table", NULL },
  { "sysinfo/entry", "file" },
  { "devices/disk/mirror", "file" },
  { "devices/disk/mirror", "dev" },
  { "devices/filesystem/source", "file" },
  { "devices/filesystem/source", "dev" },
  { "devices/filesystem/source", "dir" },
  { "devices/memory/source/path", NULL },
  { "devices/pstore/path", NULL },
  { "devices/tpm/backend/device", "path" },
  { "devices/tpm/backend/source", "path" },
  { "devices/interface/rom", "file" },
  { "devices/hostdev/rom", "file" },
  { "devices/hostdev/source/block", NULL },
  { "devices/hostdev/source/char", NULL },
  { "devices/input/source", "dev" },
  { "devices/audio", "path" },
};

typedef struct
{
  GHashTable *seen;
  GPtrArray  *paths;
} PathList;

static void
add_path (PathList   *list,
          const char *path)
{
  g_autofree char *canonical = NULL;

  if (*path == '\0')
    return;

  canonical = *path == '/' ? g_canonicalize_filename (path, "/") : g_strdup (path);
  if (g_hash_table_contains (list->seen, canonical))
    return;
  g_ptr_array_add (list->paths, g_strdup (canonical));
  g_hash_table_add (list->seen, g_steal_pointer (&canonical));
}

static gboolean
is_qemu (const xmlNode *node,
         const char    *name)
{
  return node->ns != NULL && node->ns->href != NULL &&
         strcmp ((const char *) node->ns->href, QEMU_NAMESPACE) == 0 &&
         strcmp ((const char *) node->name, name) == 0;
}

/* QEMU's own arguments: "file=/a/b,,c.img,if=none" names "/a/b,c.img". */
static void
add_argument_paths (PathList   *list,
                    const char *argument)
{
  g_autofree char *protected = NULL;
  g_auto (GStrv) parts = NULL;
  g_auto (GStrv) pieces = g_strsplit (argument, ",,", -1);

  /* No argument holds this character, since XML cannot. */
  protected = g_strjoinv ("\001", pieces);
  parts = g_strsplit (protected, ",", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *value = strchr (parts[i], '=');

      value = value != NULL ? value + 1 : parts[i];
      g_strdelimit (value, "\001", ',');
      if (*value == '/')
        add_path (list, value);
    }
}

static void
add_command_line (PathList      *list,
                  const xmlNode *line)
{
  for (xmlNode *argument = gh_xml_node_get_child (line, NULL); argument != NULL;
       argument = gh_xml_node_get_next (argument, NULL))
    {
      g_autofree char *value = NULL;

      if (is_qemu (argument, "arg"))
        value = gh_xml_node_dup_attribute (argument, "value");
      if (value != NULL)
        add_argument_paths (list, value);
    }
}

static void
add_attribute (PathList      *list,
               const xmlNode *node,
               const char    *name)
{
  g_autofree char *path = gh_xml_node_dup_attribute (node, name);

  if (path != NULL)
    add_path (list, path);
}

/* Of the disk itself, its mirror, its data file, or backing files at any depth. */
static void
add_disk_source (PathList      *list,
                 const xmlNode *source)
{
  add_attribute (list, source, "file");
  add_attribute (list, source, "dev");
  add_attribute (list, source, "dir");
  /* The socket of a disk that is served by another program. */
  if (gh_xml_node_is (source->parent, "disk"))
    add_attribute (list, source, "path");
}

/* The other end of a serial port, channel or the like. */
static void
add_char_source (PathList      *list,
                 const xmlNode *source)
{
  static const char *const types[] = { "file", "unix", "dev", "pipe", NULL };
  g_autofree char *type = gh_xml_node_dup_attribute (source->parent, "type");

  if (type != NULL && g_strv_contains (types, type))
    add_attribute (list, source, "path");
}

static void
add_element (PathList      *list,
             const xmlNode *node,
             const char    *where)
{
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (strcmp (places[i].path, where) != 0)
      continue;
    else if (places[i].attribute != NULL)
      add_attribute (list, node, places[i].attribute);
    else if (gh_xml_node_get_child (node, NULL) == NULL)
      {
        g_autofree char *path = gh_xml_node_dup_text (node);

        add_path (list, path);
      }

  if (!g_str_has_prefix (where, "devices/"))
    return;
  if (gh_xml_node_is (node, "log"))
    add_attribute (list, node, "file");
  else if (gh_xml_node_is (node, "source") && g_str_has_prefix (where, "devices/disk/"))
    add_disk_source (list, node);
  else if (gh_xml_node_is (node, "source"))
    add_char_source (list, node);
}

/* Walks what is below @node, whose own place is in @where. */
static void
add_elements_below (PathList      *list,
                    const xmlNode *node,
                    GString       *where)
{
  gsize length = where->len;

  for (xmlNode *child = gh_xml_node_get_child (node, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    {
      /* What is in a namespace is not libvirt's; QEMU's arguments are read elsewhere. */
      if (child->ns != NULL)
        continue;
      g_string_append_printf (where, "%s%s", length > 0 ? "/" : "", (const char *) child->name);
      add_element (list, child, where->str);
      add_elements_below (list, child, where);
      g_string_truncate (where, length);
    }
}

static void
add_domain_paths (PathList      *list,
                  const xmlNode *domain)
{
  g_autoptr (GString) where = g_string_new (NULL);

  if (domain == NULL)
    return;

  add_elements_below (list, domain, where);
  for (xmlNode *child = gh_xml_node_get_child (domain, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    if (is_qemu (child, "commandline"))
      add_command_line (list, child);
}

static void
path_list_init (PathList *list)
{
  list->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  list->paths = g_ptr_array_new ();
}

static GStrv
path_list_end (PathList *list)
{
  g_hash_table_unref (list->seen);
  g_ptr_array_add (list->paths, NULL);
  return (GStrv) g_ptr_array_free (list->paths, FALSE);
}

/**
 * gh_domain_xml_list_paths:
 * @self: a domain
 *
 * Lists every host path the definition names, except through pools: also shared ones, such as
 * firmware, exported folders and devices. It is for finding out who uses a file; what belongs to
 * the machine alone it does not say.
 *
 * Returns: (transfer full): the paths, each once, in document order; canonical as far as text
 *   can be, symbolic links are not followed; last those in QEMU's own arguments
 */
GStrv
gh_domain_xml_list_paths (GhDomainXml *self)
{
  PathList list;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  path_list_init (&list);
  add_domain_paths (&list, gh_xml_document_get_root (gh_domain_xml_get_document (self)));
  return path_list_end (&list);
}

/**
 * gh_snapshot_xml_list_paths:
 * @text: a libvirt domain snapshot document, in UTF-8
 * @error: (out): set in %GH_XML_ERROR
 *
 * Returns: (transfer full) (nullable): every host path it names, in its disks, its memory and the
 *   definitions of the machine it keeps; as gh_domain_xml_list_paths()
 */
GStrv
gh_snapshot_xml_list_paths (const char  *text,
                            GError     **error)
{
  g_autoptr (GhXmlDocument) document = NULL;
  xmlNode *root = NULL;
  xmlNode *disks = NULL;
  PathList list;

  g_return_val_if_fail (text != NULL, NULL);

  document = gh_xml_document_new (text, "domainsnapshot", error);
  if (document == NULL)
    return NULL;

  root = gh_xml_document_get_root (document);
  disks = gh_xml_node_get_child (root, "disks");
  path_list_init (&list);
  add_attribute (&list, gh_xml_node_get_child (root, "memory"), "file");
  for (xmlNode *disk = gh_xml_node_get_child (disks, "disk"); disk != NULL;
       disk = gh_xml_node_get_next (disk, "disk"))
    if (gh_xml_node_get_child (disk, "source") != NULL)
      add_disk_source (&list, gh_xml_node_get_child (disk, "source"));
  add_domain_paths (&list, gh_xml_node_get_child (root, "domain"));
  add_domain_paths (&list, gh_xml_node_get_child (root, "inactiveDomain"));
  return path_list_end (&list);
}

/**
 * gh_snapshot_xml_list_made:
 * @text: a libvirt domain snapshot document, in UTF-8
 * @has_memory: (out) (nullable): whether the first path is that of the memory
 * @error: (out): set in %GH_XML_ERROR
 *
 * Returns: (transfer full) (nullable): the files that taking an external snapshot made; empty
 *   for an internal one
 */
GStrv
gh_snapshot_xml_list_made (const char  *text,
                           gboolean    *has_memory,
                           GError     **error)
{
  static const char * const xpaths[] = {
    "memory[@snapshot='external']/@file",
    "disks/disk[@snapshot='external']/source/@file | disks/disk[@snapshot='external']/source/@dev",
  };
  g_autoptr (GhXmlDocument) document = NULL;
  PathList list;

  g_return_val_if_fail (text != NULL, NULL);

  document = gh_xml_document_new (text, "domainsnapshot", error);
  if (document == NULL)
    return NULL;

  path_list_init (&list);
  for (guint i = 0; i < G_N_ELEMENTS (xpaths); i++)
    {
      g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (document, xpaths[i]);

      for (guint j = 0; j < nodes->len; j++)
        {
          g_autofree char *path = gh_xml_node_dup_text (g_ptr_array_index (nodes, j));

          add_path (&list, path);
        }
      if (i == 0 && has_memory != NULL)
        *has_memory = list.paths->len > 0;
    }
  return path_list_end (&list);
}

char *
gh_snapshot_xml_dup_name (const char *text)
{
  g_autoptr (GhXmlDocument) document = gh_xml_document_new (text, "domainsnapshot", NULL);

  return document != NULL ? gh_xml_document_dup_text (document, "name") : NULL;
}

/**
 * gh_snapshot_xml_dup_domain:
 * @text: a libvirt domain snapshot document, in UTF-8
 *
 * Returns: (transfer full) (nullable): the definition it keeps, the permanent one where there are
 *   two: that is what is cloned
 */
GhDomainXml *
gh_snapshot_xml_dup_domain (const char *text)
{
  g_autoptr (GhXmlDocument) document = gh_xml_document_new (text, "domainsnapshot", NULL);
  xmlNode *domain = NULL;
  xmlBuffer *buffer = NULL;
  GhDomainXml *xml = NULL;
  gboolean is_inactive = FALSE;

  if (document == NULL)
    return NULL;
  domain = gh_xml_document_find (document, "inactiveDomain");
  is_inactive = domain != NULL;
  if (domain == NULL)
    domain = gh_xml_document_find (document, "domain");
  if (domain == NULL)
    return NULL;
  /* A document of its own, with the name libvirt takes. */
  if (is_inactive)
    xmlNodeSetName (domain, BAD_CAST "domain");
  buffer = xmlBufferCreate ();
  xmlNodeDump (buffer, domain->doc, domain, 0, 0);
  xml = gh_domain_xml_new_from_string ((const char *) xmlBufferContent (buffer), NULL);
  xmlBufferFree (buffer);
  return xml;
}

char *
gh_snapshot_xml_dup_disk_kind (const char *text,
                               const char *target)
{
  g_autoptr (GhXmlDocument) document = gh_xml_document_new (text, "domainsnapshot", NULL);
  xmlNode *disks = document != NULL ? gh_xml_document_find (document, "disks") : NULL;

  for (xmlNode *disk = gh_xml_node_get_child (disks, "disk"); disk != NULL;
       disk = gh_xml_node_get_next (disk, "disk"))
    {
      g_autofree char *name = gh_xml_node_dup_attribute (disk, "name");

      if (g_strcmp0 (name, target) == 0)
        return gh_xml_node_dup_attribute (disk, "snapshot");
    }
  return NULL;
}
