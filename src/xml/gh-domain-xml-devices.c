/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Disks, network cards, displays and serials of a domain, as plain records. */

#define G_LOG_DOMAIN "gh-domain-xml"

#include "config.h"

#include "gh-domain-xml-private.h"

#include <string.h>

static void
disk_free (gpointer data)
{
  GhDiskXml *disk = data;

  g_free (disk->type);
  g_free (disk->device);
  g_free (disk->target);
  g_free (disk->bus);
  g_free (disk->format);
  g_free (disk->source);
  g_free (disk->source_pool);
  g_free (disk->source_volume);
  g_free (disk->source_text);
  g_strfreev (disk->backing);
  g_free (disk);
}

static void
nic_free (gpointer data)
{
  GhNicXml *nic = data;

  g_free (nic->type);
  g_free (nic->mac);
  g_free (nic->source);
  g_free (nic->model);
  g_free (nic);
}

static void
graphics_free (gpointer data)
{
  GhGraphicsXml *graphics = data;

  g_free (graphics->type);
  g_free (graphics->listen_type);
  g_free (graphics->listen);
  g_free (graphics);
}

static void
char_free (gpointer data)
{
  GhCharXml *character = data;

  g_free (character->type);
  g_free (character->element);
  g_free (character->alias);
  g_free (character->target);
  g_free (character);
}

static xmlNode *
get_devices (GhDomainXml *self)
{
  return gh_xml_node_get_child (gh_xml_document_get_root (gh_domain_xml_get_document (self)),
                                "devices");
}

static char *
dup_attribute_or (const xmlNode *node,
                  const char    *name,
                  const char    *otherwise)
{
  char *value = gh_xml_node_dup_attribute (node, name);

  return value != NULL ? value : g_strdup (otherwise);
}

/* The first of @names that is given and not empty. */
static char *
dup_first_attribute (const xmlNode     *node,
                     const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      char *value = gh_xml_node_dup_attribute (node, names[i]);

      if (value != NULL && *value != '\0')
        return value;
      g_free (value);
    }
  return NULL;
}

/* Where libvirt writes the path of a <source>; each type of disk has one of them. */
static char *
dup_source_path (const xmlNode *source)
{
  static const char *const names[] = { "file", "dev", "dir", NULL };

  return dup_first_attribute (source, names);
}

/* As in “rbd://mon.example.org:6789/pool/image”. */
static char *
dup_network_text (const xmlNode *source)
{
  g_autofree char *protocol = dup_attribute_or (source, "protocol", "");
  g_autofree char *name = dup_attribute_or (source, "name", "");
  g_autofree char *host = gh_xml_node_dup_child_attribute (source, "host", "name");
  g_autofree char *port = gh_xml_node_dup_child_attribute (source, "host", "port");
  g_autofree char *socket = gh_xml_node_dup_child_attribute (source, "host", "socket");

  if (host == NULL)
    host = g_steal_pointer (&socket);
  return g_strdup_printf ("%s://%s%s%s%s%s", protocol, host != NULL ? host : "",
                          port != NULL ? ":" : "", port != NULL ? port : "",
                          *name != '\0' && *name != '/' ? "/" : "", name);
}

/* As in “0000:01:00.0, 1”: address of the controller, and number of the namespace. */
static char *
dup_nvme_text (const xmlNode *source)
{
  static const char *const names[] = { "domain", "bus", "slot", "function" };
  xmlNode *address = gh_xml_node_get_child (source, "address");
  g_autofree char *namespace = dup_attribute_or (source, "namespace", "1");
  guint64 parts[G_N_ELEMENTS (names)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = gh_xml_node_dup_attribute (address, names[i]);

      parts[i] = text != NULL ? g_ascii_strtoull (text, NULL, 0) : 0;
    }
  return g_strdup_printf ("%04x:%02x:%02x.%x, %s", (guint) parts[0], (guint) parts[1],
                          (guint) parts[2], (guint) parts[3], namespace);
}

static char *
dup_source_text (const GhDiskXml *disk,
                 const xmlNode   *source)
{
  if (disk->source != NULL)
    return g_strdup (disk->source);
  if (source == NULL)
    return NULL;
  if (strcmp (disk->type, "volume") == 0 && disk->source_pool != NULL)
    return g_strdup_printf ("%s/%s", disk->source_pool,
                            disk->source_volume != NULL ? disk->source_volume : "");
  if (strcmp (disk->type, "network") == 0)
    return dup_network_text (source);
  if (strcmp (disk->type, "nvme") == 0)
    return dup_nvme_text (source);
  return gh_xml_node_dup_attribute (source, "path");
}

static GStrv
dup_backing_paths (const xmlNode *disk)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (const xmlNode *store = gh_xml_node_get_child (disk, "backingStore"); store != NULL;
       store = gh_xml_node_get_child (store, "backingStore"))
    {
      g_autofree char *path = dup_source_path (gh_xml_node_get_child (store, "source"));

      if (path != NULL)
        g_strv_builder_add (builder, path);
    }
  return g_strv_builder_end (builder);
}

static GhDiskXml *
read_disk (const xmlNode *node)
{
  GhDiskXml *disk = g_new0 (GhDiskXml, 1);
  xmlNode *source = gh_xml_node_get_child (node, "source");

  disk->type = dup_attribute_or (node, "type", "file");
  disk->device = dup_attribute_or (node, "device", "disk");
  disk->target = gh_xml_node_dup_child_attribute (node, "target", "dev");
  if (disk->target == NULL)
    disk->target = g_strdup ("");
  disk->bus = gh_xml_node_dup_child_attribute (node, "target", "bus");
  disk->format = gh_xml_node_dup_child_attribute (node, "driver", "type");
  disk->source = dup_source_path (source);
  disk->source_pool = gh_xml_node_dup_attribute (source, "pool");
  disk->source_volume = gh_xml_node_dup_attribute (source, "volume");
  disk->source_text = dup_source_text (disk, source);
  disk->backing = dup_backing_paths (node);
  disk->readonly = gh_xml_node_get_child (node, "readonly") != NULL;
  disk->shareable = gh_xml_node_get_child (node, "shareable") != NULL;
  disk->transient = gh_xml_node_get_child (node, "transient") != NULL;
  return disk;
}

static int
parse_port (const xmlNode *node,
            const char    *name)
{
  g_autofree char *text = gh_xml_node_dup_attribute (node, name);
  gint64 port = -1;

  if (text == NULL || !g_ascii_string_to_signed (text, 10, 1, G_MAXUINT16, &port, NULL))
    return -1;
  return (int) port;
}

static GhGraphicsXml *
read_graphics (const xmlNode *node)
{
  static const char *const places[] = { "address", "socket", NULL };
  GhGraphicsXml *graphics = g_new0 (GhGraphicsXml, 1);
  xmlNode *listen = gh_xml_node_get_child (node, "listen");

  graphics->type = dup_attribute_or (node, "type", "");
  graphics->port = parse_port (node, "port");
  graphics->tls_port = parse_port (node, "tlsPort");
  if (listen != NULL)
    {
      graphics->listen_type = gh_xml_node_dup_attribute (listen, "type");
      graphics->listen = dup_first_attribute (listen, places);
      return graphics;
    }

  /* The older way to say it. */
  graphics->listen = gh_xml_node_dup_attribute (node, "socket");
  if (graphics->listen != NULL)
    graphics->listen_type = g_strdup ("socket");
  else
    {
      graphics->listen = gh_xml_node_dup_attribute (node, "listen");
      graphics->listen_type = graphics->listen != NULL ? g_strdup ("address") : NULL;
    }
  return graphics;
}

static GhCharXml *
read_char (const xmlNode *node)
{
  static const char *const targets[] = { "name", "port", NULL };
  GhCharXml *character = g_new0 (GhCharXml, 1);

  character->type = dup_attribute_or (node, "type", "pty");
  character->element = g_strdup ((const char *) node->name);
  character->alias = gh_xml_node_dup_child_attribute (node, "alias", "name");
  character->target = dup_first_attribute (gh_xml_node_get_child (node, "target"), targets);
  return character;
}

/**
 * gh_domain_xml_list_disks:
 * @self: a domain
 *
 * Returns: (transfer full) (element-type GhDiskXml): its disks, in document order
 */
GPtrArray *
gh_domain_xml_list_disks (GhDomainXml *self)
{
  g_autoptr (GPtrArray) disks = g_ptr_array_new_with_free_func (disk_free);

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  for (xmlNode *node = gh_xml_node_get_child (get_devices (self), "disk"); node != NULL;
       node = gh_xml_node_get_next (node, "disk"))
    g_ptr_array_add (disks, read_disk (node));
  return g_steal_pointer (&disks);
}

/**
 * gh_domain_xml_list_nics:
 * @self: a domain
 *
 * Returns: (transfer full) (element-type GhNicXml): its network cards, in document order
 */
GPtrArray *
gh_domain_xml_list_nics (GhDomainXml *self)
{
  static const char *const sources[] = {
    "network", "bridge", "dev", "name", "path", "address", NULL,
  };
  g_autoptr (GPtrArray) nics = g_ptr_array_new_with_free_func (nic_free);

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  for (xmlNode *node = gh_xml_node_get_child (get_devices (self), "interface"); node != NULL;
       node = gh_xml_node_get_next (node, "interface"))
    {
      GhNicXml *nic = g_new0 (GhNicXml, 1);

      nic->type = dup_attribute_or (node, "type", "");
      nic->mac = gh_xml_node_dup_child_attribute (node, "mac", "address");
      nic->source = dup_first_attribute (gh_xml_node_get_child (node, "source"), sources);
      nic->model = gh_xml_node_dup_child_attribute (node, "model", "type");
      g_ptr_array_add (nics, nic);
    }
  return g_steal_pointer (&nics);
}

static char *
dup_element (xmlNode *node)
{
  xmlBuffer *buffer = xmlBufferCreate ();
  char *text = NULL;

  xmlNodeDump (buffer, node->doc, node, 0, 0);
  text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}

/**
 * gh_domain_xml_set_cable:
 * @self: a domain
 * @mac: the address of a network card
 * @plugged: whether its cable is to be plugged in
 *
 * Returns: (transfer full) (nullable): the card's element as it is now; %NULL when no card has
 *   that address
 */
char *
gh_domain_xml_set_cable (GhDomainXml *self,
                         const char  *mac,
                         gboolean     plugged)
{
  GhXmlDocument *document = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);
  g_return_val_if_fail (mac != NULL, NULL);

  document = gh_domain_xml_get_document (self);
  for (xmlNode *node = gh_xml_node_get_child (get_devices (self), "interface"); node != NULL;
       node = gh_xml_node_get_next (node, "interface"))
    {
      g_autofree char *address = gh_xml_node_dup_child_attribute (node, "mac", "address");
      xmlNode *link = gh_xml_node_get_child (node, "link");

      if (address == NULL || g_ascii_strcasecmp (address, mac) != 0)
        continue;
      if (link == NULL)
        link = gh_xml_document_add (document, node, NULL, "link");
      gh_xml_document_set_attribute (document, link, "state", plugged ? "up" : "down");
      return dup_element (node);
    }
  return NULL;
}

/**
 * gh_domain_xml_list_graphics:
 * @self: a domain
 *
 * Returns: (transfer full) (element-type GhGraphicsXml): its displays, in document order,
 *   which is how virDomainOpenGraphicsFD() counts them
 */
GPtrArray *
gh_domain_xml_list_graphics (GhDomainXml *self)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (graphics_free);

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  for (xmlNode *node = gh_xml_node_get_child (get_devices (self), "graphics"); node != NULL;
       node = gh_xml_node_get_next (node, "graphics"))
    g_ptr_array_add (list, read_graphics (node));
  return g_steal_pointer (&list);
}

/* What only the kind of source says that it was; not what holds for any. */
static void
clear_source (GhXmlDocument *document,
              xmlNode       *source)
{
  static const char *const kept[] = { "seclabel", "encryption", "reservations", "slices", NULL };
  xmlNode *child = gh_xml_node_get_child (source, NULL);

  for (xmlAttr *attribute = source->properties; attribute != NULL;)
    {
      g_autofree char *name = g_strdup ((const char *) attribute->name);

      attribute = attribute->next;
      if (strcmp (name, "startupPolicy") != 0)
        gh_xml_document_set_attribute (document, source, name, NULL);
    }
  while (child != NULL)
    {
      xmlNode *next = gh_xml_node_get_next (child, NULL);

      if (!g_strv_contains (kept, (const char *) child->name))
        gh_xml_document_remove (document, child);
      child = next;
    }
}

/* libvirt wants a device for a LUN. */
static void
make_disk_of_lun (GhXmlDocument *document,
                  xmlNode       *disk)
{
  g_autofree char *device = gh_xml_node_dup_attribute (disk, "device");

  if (g_strcmp0 (device, "lun") != 0)
    return;
  gh_xml_document_set_attribute (document, disk, "device", "disk");
  gh_xml_document_set_attribute (document, disk, "rawio", NULL);
  gh_xml_document_set_attribute (document, disk, "sgio", NULL);
}

/**
 * gh_domain_xml_list_serials:
 * @self: a domain
 *
 * libvirt lists the first serial a second time, as a <console> whose target is of
 * type "serial"; that one is left out.
 *
 * Returns: (transfer full) (element-type GhCharXml): serials, then the other consoles
 */
GPtrArray *
gh_domain_xml_list_serials (GhDomainXml *self)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (char_free);
  guint n_serials = 0;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  for (xmlNode *node = gh_xml_node_get_child (get_devices (self), "serial"); node != NULL;
       node = gh_xml_node_get_next (node, "serial"))
    g_ptr_array_add (list, read_char (node));
  n_serials = list->len;

  for (xmlNode *node = gh_xml_node_get_child (get_devices (self), "console"); node != NULL;
       node = gh_xml_node_get_next (node, "console"))
    {
      g_autofree char *type = gh_xml_node_dup_child_attribute (node, "target", "type");

      if (n_serials == 0 || (type != NULL && strcmp (type, "serial") != 0))
        g_ptr_array_add (list, read_char (node));
    }
  return g_steal_pointer (&list);
}

static void
remove_child (GhXmlDocument *document,
              xmlNode       *node,
              const char    *name)
{
  xmlNode *child = gh_xml_node_get_child (node, name);

  if (child != NULL)
    gh_xml_document_remove (document, child);
}

/* @target's <disk>, of which everything is gone that only its old source was; its <source>. NULL
 * when there is no such disk. */
static xmlNode *
renew_source (GhDomainXml  *self,
              const char   *target,
              const char   *type,
              const char   *format,
              xmlNode     **disk)
{
  GhXmlDocument *document = gh_domain_xml_get_document (self);
  xmlNode *driver = NULL;
  xmlNode *source = NULL;

  for (*disk = gh_xml_node_get_child (get_devices (self), "disk"); *disk != NULL;
       *disk = gh_xml_node_get_next (*disk, "disk"))
    {
      g_autofree char *name = gh_xml_node_dup_child_attribute (*disk, "target", "dev");

      if (g_strcmp0 (name, target) == 0)
        break;
    }
  if (*disk == NULL)
    return NULL;

  gh_xml_document_set_attribute (document, *disk, "type", type);
  remove_child (document, *disk, "backingStore");
  remove_child (document, *disk, "mirror");
  remove_child (document, *disk, "auth");
  driver = gh_xml_node_get_child (*disk, "driver");
  source = gh_xml_node_get_child (*disk, "source");
  if (source == NULL)
    source = gh_xml_document_add (document, *disk, driver, "source");
  clear_source (document, source);
  if (format != NULL && driver == NULL)
    {
      driver = gh_xml_document_add (document, *disk, NULL, "driver");
      gh_xml_document_set_attribute (document, driver, "name", "qemu");
    }
  if (format != NULL)
    gh_xml_document_set_attribute (document, driver, "type", format);
  return source;
}

gboolean
gh_domain_xml_set_disk_source (GhDomainXml *self,
                               const char  *target,
                               const char  *path,
                               const char  *format)
{
  gboolean is_device = FALSE;
  xmlNode *disk = NULL;
  xmlNode *source = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), FALSE);
  g_return_val_if_fail (target != NULL && path != NULL, FALSE);

  is_device = g_str_has_prefix (path, "/dev/");
  source = renew_source (self, target, is_device ? "block" : "file", format, &disk);
  if (source == NULL)
    return FALSE;
  gh_xml_document_set_attribute (gh_domain_xml_get_document (self), source,
                                 is_device ? "dev" : "file", path);
  if (!is_device)
    make_disk_of_lun (gh_domain_xml_get_document (self), disk);
  return TRUE;
}

gboolean
gh_domain_xml_set_disk_volume (GhDomainXml *self,
                               const char  *target,
                               const char  *pool,
                               const char  *volume,
                               const char  *format)
{
  xmlNode *disk = NULL;
  xmlNode *source = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), FALSE);
  g_return_val_if_fail (target != NULL && pool != NULL && volume != NULL, FALSE);

  source = renew_source (self, target, "volume", format, &disk);
  if (source == NULL)
    return FALSE;
  gh_xml_document_set_attribute (gh_domain_xml_get_document (self), source, "pool", pool);
  gh_xml_document_set_attribute (gh_domain_xml_get_document (self), source, "volume", volume);
  return TRUE;
}
