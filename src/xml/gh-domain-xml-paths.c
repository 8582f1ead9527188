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

/* Below <domain>. Left out on purpose: programs (emulator, helpers), <memoryBacking>, the terminals
 * libvirt makes for pty consoles, random number sources, and paths in the guest. */
static const char *const path_xpaths[] = {
  "os/loader[not(*)]",
  "os/loader/source/@file",
  "os/nvram[not(*)]",
  "os/nvram/@template",
  "os/nvram/source/@file",
  "os/varstore/@path",
  "os/varstore/@template",
  "os/kernel",
  "os/initrd",
  "os/dtb",
  "os/shim",
  "os/acpi/table",
  "sysinfo/entry/@file",
  /* Backing files at any depth, data files and mirrors are sources inside the disk. */
  "devices/disk//source/@file",
  "devices/disk//source/@dev",
  "devices/disk//source/@dir",
  "devices/disk/source[not(@file or @dev or @dir)]/@path",
  "devices/disk/mirror/@file",
  "devices/disk/mirror/@dev",
  "devices/filesystem/source/@file",
  "devices/filesystem/source/@dev",
  "devices/filesystem/source/@dir",
  "devices/memory/source/path",
  "devices/pstore/path",
  "devices/tpm/backend/device/@path",
  "devices/tpm/backend/source/@path",
  "devices/interface/rom/@file",
  "devices/hostdev/rom/@file",
  "devices/hostdev/source/block",
  "devices/hostdev/source/char",
  "devices/input/source/@dev",
  "devices/audio/@path",
  "devices/*[@type='file' or @type='unix' or @type='dev' or @type='pipe']/source/@path",
  "devices/*/log/@file",
  "devices/rng/backend[@type='file' or @type='unix' or @type='dev' or @type='pipe']/source/@path",
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
add_domain_paths (PathList      *list,
                  GhXmlDocument *document,
                  const char    *prefix)
{
  g_autoptr (GString) xpath = g_string_new (NULL);
  g_autofree char *arguments_xpath = g_strconcat (prefix, "qemu:commandline/qemu:arg/@value", NULL);
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (GPtrArray) arguments = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (path_xpaths); i++)
    g_string_append_printf (xpath, "%s%s%s", i > 0 ? " | " : "", prefix, path_xpaths[i]);
  nodes = gh_xml_document_find_all (document, xpath->str);
  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *path = gh_xml_node_dup_text (g_ptr_array_index (nodes, i));

      add_path (list, path);
    }

  arguments = gh_xml_document_find_all (document, arguments_xpath);
  for (guint i = 0; i < arguments->len; i++)
    {
      g_autofree char *argument = gh_xml_node_dup_text (g_ptr_array_index (arguments, i));

      add_argument_paths (list, argument);
    }
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
 *   can be, symbolic links are not followed
 */
GStrv
gh_domain_xml_list_paths (GhDomainXml *self)
{
  PathList list;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  path_list_init (&list);
  add_domain_paths (&list, gh_domain_xml_get_document (self), "");
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
  g_autoptr (GPtrArray) nodes = NULL;
  PathList list;

  g_return_val_if_fail (text != NULL, NULL);

  document = gh_xml_document_new (text, "domainsnapshot", error);
  if (document == NULL)
    return NULL;

  path_list_init (&list);
  nodes = gh_xml_document_find_all (document, "memory/@file | disks//source/@file | "
                                              "disks//source/@dev | disks//source/@dir");
  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *path = gh_xml_node_dup_text (g_ptr_array_index (nodes, i));

      add_path (&list, path);
    }
  add_domain_paths (&list, document, "domain/");
  add_domain_paths (&list, document, "inactiveDomain/");
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
