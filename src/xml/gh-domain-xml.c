/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-domain-xml"

#include "config.h"

#include "gh-domain-xml-private.h"

#include <string.h>

struct _GhDomainXml
{
  GObject        parent_instance;

  GhXmlDocument *document;
};

G_DEFINE_FINAL_TYPE (GhDomainXml, gh_domain_xml, G_TYPE_OBJECT)

static xmlNode *
get_root (GhDomainXml *self)
{
  return gh_xml_document_get_root (self->document);
}

static char *
dup_child_text (GhDomainXml *self,
                const char  *name)
{
  xmlNode *child = gh_xml_node_get_child (get_root (self), name);

  return child != NULL ? gh_xml_node_dup_text (child) : NULL;
}

/* Empty counts as not given. */
static char *
null_if_empty (char *text)
{
  if (text != NULL && *text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

static gboolean
text_is (GhDomainXml *self,
         const char  *xpath,
         const char  *value)
{
  g_autofree char *text = gh_xml_document_dup_text (self->document, xpath);

  return g_strcmp0 (text, value) == 0;
}

/* What one unit stands for in bytes, as libvirt reads it: case does not matter, "k" and
 * "KiB" are 1024, "KB" is 1000. 0 for a unit libvirt does not know. */
static guint64
parse_unit (const char *unit)
{
  static const char prefixes[] = "kmgtpe";
  const char *prefix = NULL;
  guint64 base = 1024;
  guint64 bytes = 1;

  if (g_ascii_strcasecmp (unit, "b") == 0 || g_ascii_strcasecmp (unit, "byte") == 0 ||
      g_ascii_strcasecmp (unit, "bytes") == 0)
    return 1;

  prefix = strchr (prefixes, g_ascii_tolower (unit[0]));
  if (unit[0] == '\0' || prefix == NULL)
    return 0;
  if (g_ascii_strcasecmp (unit + 1, "b") == 0)
    base = 1000;
  else if (unit[1] != '\0' && g_ascii_strcasecmp (unit + 1, "ib") != 0)
    return 0;

  for (const char *p = prefixes; p <= prefix; p++)
    bytes *= base;
  return bytes;
}

/**
 * gh_domain_xml_parse_memory_kib:
 * @node: (nullable): an element such as `<memory unit='MiB'>`
 *
 * Returns: the amount in KiB, rounded up; 0 when it cannot be read
 */
guint64
gh_domain_xml_parse_memory_kib (const xmlNode *node)
{
  g_autofree char *unit = gh_xml_node_dup_attribute (node, "unit");
  g_autofree char *text = NULL;
  guint64 scale = unit != NULL ? parse_unit (unit) : 1024;
  guint64 amount = 0;

  if (node == NULL)
    return 0;

  text = gh_xml_node_dup_text (node);
  if (!g_ascii_string_to_unsigned (g_strstrip (text), 10, 0, G_MAXUINT64, &amount, NULL) ||
      scale == 0 || amount > G_MAXUINT64 / scale)
    return 0;
  amount *= scale;
  return amount / 1024 + (amount % 1024 != 0 ? 1 : 0);
}

static void
gh_domain_xml_finalize (GObject *object)
{
  GhDomainXml *self = GH_DOMAIN_XML (object);

  gh_xml_document_free (self->document);
  G_OBJECT_CLASS (gh_domain_xml_parent_class)->finalize (object);
}

static void
gh_domain_xml_class_init (GhDomainXmlClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_domain_xml_finalize;
}

static void
gh_domain_xml_init (GhDomainXml *self)
{
}

/**
 * gh_domain_xml_new_for_document:
 * @document: (transfer full): a document whose root is <domain>
 *
 * Returns: (transfer full): the domain
 */
GhDomainXml *
gh_domain_xml_new_for_document (GhXmlDocument *document)
{
  GhDomainXml *self = g_object_new (GH_TYPE_DOMAIN_XML, NULL);

  self->document = document;
  return self;
}

/**
 * gh_domain_xml_get_document:
 * @self: a domain
 *
 * Returns: (transfer none): its document
 */
GhXmlDocument *
gh_domain_xml_get_document (GhDomainXml *self)
{
  return self->document;
}

/**
 * gh_domain_xml_new_from_string:
 * @text: a libvirt domain document, in UTF-8
 * @error: (out): set in %GH_XML_ERROR
 *
 * Returns: (transfer full) (nullable): the domain
 */
GhDomainXml *
gh_domain_xml_new_from_string (const char  *text,
                               GError     **error)
{
  GhXmlDocument *document = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  document = gh_xml_document_new (text, "domain", error);
  return document != NULL ? gh_domain_xml_new_for_document (document) : NULL;
}

/**
 * gh_domain_xml_to_string:
 * @self: a domain
 *
 * Returns: (transfer full): the text it was made from, byte for byte but for the edits
 */
char *
gh_domain_xml_to_string (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_document_to_string (self->document);
}

/**
 * gh_domain_xml_copy:
 * @self: a domain
 *
 * Returns: (transfer full): an independent one, edits included
 */
GhDomainXml *
gh_domain_xml_copy (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_domain_xml_new_for_document (gh_xml_document_copy (self->document));
}

/**
 * gh_domain_xml_dup_text:
 * @self: a domain
 * @xpath: an XPath below <domain>, such as "os/type/@machine"
 *
 * Returns: (transfer full) (nullable): plain text of the first node found
 */
char *
gh_domain_xml_dup_text (GhDomainXml *self,
                        const char  *xpath)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_document_dup_text (self->document, xpath);
}

/**
 * gh_domain_xml_dup_name:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): its name
 */
char *
gh_domain_xml_dup_name (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return null_if_empty (dup_child_text (self, "name"));
}

/**
 * gh_domain_xml_dup_title:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): its title
 */
char *
gh_domain_xml_dup_title (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return null_if_empty (dup_child_text (self, "title"));
}

/**
 * gh_domain_xml_dup_description:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): its description
 */
char *
gh_domain_xml_dup_description (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return null_if_empty (dup_child_text (self, "description"));
}

/**
 * gh_domain_xml_dup_uuid:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): its UUID, as written
 */
char *
gh_domain_xml_dup_uuid (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return null_if_empty (dup_child_text (self, "uuid"));
}

/**
 * gh_domain_xml_dup_type:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): what runs it, such as "kvm"
 */
char *
gh_domain_xml_dup_type (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_node_dup_attribute (get_root (self), "type");
}

/**
 * gh_domain_xml_dup_machine:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): its machine type, such as "pc-q35-7.2"
 */
char *
gh_domain_xml_dup_machine (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_document_dup_text (self->document, "os/type/@machine");
}

/**
 * gh_domain_xml_dup_arch:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): its architecture, such as "x86_64"
 */
char *
gh_domain_xml_dup_arch (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_document_dup_text (self->document, "os/type/@arch");
}

/**
 * gh_domain_xml_dup_os_id:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): the libosinfo id of the guest's OS, from the
 *   metadata that virt-manager and GNOME Boxes write too
 */
char *
gh_domain_xml_dup_os_id (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return gh_xml_document_dup_text (self->document,
                                   "metadata/libosinfo:libosinfo/libosinfo:os/@id");
}

/**
 * gh_domain_xml_get_memory_kib:
 * @self: a domain
 *
 * Returns: the memory it has at most, in KiB; 0 when it is not given
 */
guint64
gh_domain_xml_get_memory_kib (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), 0);

  return gh_domain_xml_parse_memory_kib (gh_xml_node_get_child (get_root (self), "memory"));
}

/**
 * gh_domain_xml_get_n_cpus:
 * @self: a domain
 *
 * Returns: how many CPUs it starts with, which may be fewer than it can have
 */
guint
gh_domain_xml_get_n_cpus (GhDomainXml *self)
{
  xmlNode *node = NULL;
  g_autofree char *text = NULL;
  guint64 n = 0;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), 0);

  node = gh_xml_node_get_child (get_root (self), "vcpu");
  if (node == NULL)
    return 1;

  text = gh_xml_node_dup_attribute (node, "current");
  if (text == NULL)
    text = gh_xml_node_dup_text (node);
  if (!g_ascii_string_to_unsigned (g_strstrip (text), 10, 1, G_MAXUINT, &n, NULL))
    return 1;
  return (guint) n;
}

/**
 * gh_domain_xml_get_firmware:
 * @self: a domain
 *
 * Goes by what is written down: a bare `firmware='efi'`, from which libvirt may choose a
 * firmware with Secure Boot, counts as %GH_FIRMWARE_UEFI.
 *
 * Returns: the firmware
 */
GhFirmware
gh_domain_xml_get_firmware (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), GH_FIRMWARE_BIOS);

  if (!text_is (self, "os/@firmware", "efi") && !text_is (self, "os/loader/@type", "pflash"))
    return GH_FIRMWARE_BIOS;
  if (text_is (self, "os/firmware/feature[@name='secure-boot']/@enabled", "yes"))
    return GH_FIRMWARE_UEFI_SECURE;
  if (text_is (self, "os/firmware/feature[@name='secure-boot']/@enabled", "no"))
    return GH_FIRMWARE_UEFI;
  return text_is (self, "os/loader/@secure", "yes") ? GH_FIRMWARE_UEFI_SECURE : GH_FIRMWARE_UEFI;
}

/**
 * gh_domain_xml_dup_nvram_path:
 * @self: a domain
 *
 * Returns: (transfer full) (nullable): the file of the firmware's variables; %NULL when there
 *   is none, or when libvirt chooses it at the start
 */
char *
gh_domain_xml_dup_nvram_path (GhDomainXml *self)
{
  char *path = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  path = null_if_empty (gh_xml_document_dup_text (self->document, "os/nvram/source/@file"));
  if (path == NULL)
    path = null_if_empty (gh_xml_document_dup_text (self->document, "os/nvram[not(*)]"));
  return path;
}

/**
 * gh_domain_xml_has_tpm:
 * @self: a domain
 *
 * Returns: whether it has a TPM of any kind
 */
gboolean
gh_domain_xml_has_tpm (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), FALSE);

  return gh_xml_document_find (self->document, "devices/tpm") != NULL;
}

/**
 * gh_domain_xml_set_name:
 * @self: a domain
 * @name: its new name
 */
void
gh_domain_xml_set_name (GhDomainXml *self,
                        const char  *name)
{
  xmlNode *node = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));
  g_return_if_fail (name != NULL);

  node = gh_xml_node_get_child (get_root (self), "name");
  if (node == NULL)
    node = gh_xml_document_add (self->document, get_root (self), NULL, "name");
  gh_xml_document_set_text (self->document, node, name);
}

/**
 * gh_domain_xml_set_uuid:
 * @self: a domain
 * @uuid: its new UUID
 *
 * Changes the one in <sysinfo> too: libvirt refuses a machine whose two differ.
 */
void
gh_domain_xml_set_uuid (GhDomainXml *self,
                        const char  *uuid)
{
  xmlNode *node = NULL;
  g_autoptr (GPtrArray) entries = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));
  g_return_if_fail (uuid != NULL);

  node = gh_xml_node_get_child (get_root (self), "uuid");
  if (node == NULL)
    node = gh_xml_document_add (self->document, get_root (self),
                                gh_xml_node_get_child (get_root (self), "name"), "uuid");
  gh_xml_document_set_text (self->document, node, uuid);

  entries = gh_xml_document_find_all (self->document, "sysinfo/system/entry[@name='uuid']");
  for (guint i = 0; i < entries->len; i++)
    gh_xml_document_set_text (self->document, g_ptr_array_index (entries, i), uuid);
}

/**
 * gh_domain_xml_set_title:
 * @self: a domain
 * @title: (nullable): its new title, or %NULL for none; libvirt allows one line
 */
void
gh_domain_xml_set_title (GhDomainXml *self,
                         const char  *title)
{
  xmlNode *node = NULL;
  xmlNode *before = NULL;
  g_autofree char *line = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  node = gh_xml_node_get_child (get_root (self), "title");
  if (title == NULL || *title == '\0')
    {
      if (node != NULL)
        gh_xml_document_remove (self->document, node);
      return;
    }

  if (node == NULL)
    {
      before = gh_xml_node_get_child (get_root (self), "uuid");
      if (before == NULL)
        before = gh_xml_node_get_child (get_root (self), "name");
      node = gh_xml_document_add (self->document, get_root (self), before, "title");
    }
  line = g_strdelimit (g_strdup (title), "\n\r", ' ');
  gh_xml_document_set_text (self->document, node, line);
}

/**
 * gh_domain_xml_remove_secrets:
 * @self: a domain
 *
 * Removes what only libvirt's "secure" XML holds: passwords of displays, and cookies
 * of disks that are read over HTTP.
 */
void
gh_domain_xml_remove_secrets (GhDomainXml *self)
{
  g_autoptr (GPtrArray) passwords = NULL;
  g_autoptr (GPtrArray) cookies = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));

  passwords = gh_xml_document_find_all (self->document, "//*[@passwd]");
  for (guint i = 0; i < passwords->len; i++)
    gh_xml_document_set_attribute (self->document, g_ptr_array_index (passwords, i),
                                   "passwd", NULL);
  /* Not one inside another: that would be freed with the outer one. */
  cookies = gh_xml_document_find_all (self->document, "//cookies[not(ancestor::cookies)]");
  for (guint i = 0; i < cookies->len; i++)
    gh_xml_document_remove (self->document, g_ptr_array_index (cookies, i));
}
