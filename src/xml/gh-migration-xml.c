/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migration-xml"

#include "config.h"

#include "gh-migration-xml.h"

#include <string.h>

#include "gh-domain-xml-private.h"

static xmlNode *
get_root (GhDomainXml *self)
{
  return gh_xml_document_get_root (gh_domain_xml_get_document (self));
}

static xmlNode *
get_devices (GhDomainXml *self)
{
  return gh_xml_node_get_child (get_root (self), "devices");
}

gboolean
gh_domain_xml_empty_drive (GhDomainXml *self,
                           const char  *target)
{
  static const char * const names[] = { "source", "backingStore", "mirror", "auth" };
  GhXmlDocument *document = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self) && target != NULL, FALSE);

  document = gh_domain_xml_get_document (self);
  for (xmlNode *disk = gh_xml_node_get_child (get_devices (self), "disk"); disk != NULL;
       disk = gh_xml_node_get_next (disk, "disk"))
    {
      g_autofree char *name = gh_xml_node_dup_child_attribute (disk, "target", "dev");

      if (g_strcmp0 (name, target) != 0)
        continue;
      for (guint i = 0; i < G_N_ELEMENTS (names); i++)
        {
          xmlNode *child = gh_xml_node_get_child (disk, names[i]);

          if (child != NULL)
            gh_xml_document_remove (document, child);
        }
      gh_xml_document_set_attribute (document, disk, "type", "file");
      return TRUE;
    }
  return FALSE;
}

void
gh_domain_xml_map_network (GhDomainXml *self,
                           const char  *type,
                           const char  *name,
                           const char  *other)
{
  /* What libvirt found out about the port here. */
  static const char * const found[] = { "portid", "bridge" };
  const char *attribute = g_strcmp0 (type, "direct") == 0 ? "dev" : type;
  GhXmlDocument *document = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));
  g_return_if_fail (type != NULL && name != NULL && other != NULL);

  document = gh_domain_xml_get_document (self);
  for (xmlNode *nic = gh_xml_node_get_child (get_devices (self), "interface"); nic != NULL;
       nic = gh_xml_node_get_next (nic, "interface"))
    {
      xmlNode *source = gh_xml_node_get_child (nic, "source");
      g_autofree char *nic_type = gh_xml_node_dup_attribute (nic, "type");
      g_autofree char *value = gh_xml_node_dup_attribute (source, attribute);

      if (g_strcmp0 (nic_type, type) != 0 || g_strcmp0 (value, name) != 0)
        continue;
      gh_xml_document_set_attribute (document, source, attribute, other);
      for (guint i = 0; strcmp (type, "network") == 0 && i < G_N_ELEMENTS (found); i++)
        gh_xml_document_set_attribute (document, source, found[i], NULL);
    }
}

void
gh_domain_xml_set_emulator (GhDomainXml *self,
                            const char  *path)
{
  xmlNode *emulator = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self) && path != NULL);

  emulator = gh_xml_node_get_child (get_devices (self), "emulator");
  if (emulator != NULL)
    gh_xml_document_set_text (gh_domain_xml_get_document (self), emulator, path);
}

void
gh_domain_xml_move_own_nvram (GhDomainXml *self,
                              const char  *folder,
                              const char  *new_name)
{
  xmlNode *nvram = NULL;
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  g_autofree char *own = NULL;
  g_autofree char *here = NULL;
  g_autofree char *file = NULL;
  g_autofree char *moved = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self) && (folder != NULL || new_name != NULL));

  nvram = gh_xml_node_get_child (gh_xml_node_get_child (get_root (self), "os"), "nvram");
  path = gh_domain_xml_dup_nvram_path (self);
  name = gh_domain_xml_dup_name (self);
  if (nvram == NULL || path == NULL || name == NULL || gh_xml_node_get_child (nvram, NULL) != NULL)
    return;
  own = g_strdup_printf ("/libvirt/qemu/nvram/%s_VARS.fd", name);
  if (!g_str_has_suffix (path, own))
    return;
  here = g_path_get_dirname (path);
  file = g_strdup_printf ("%s_VARS.fd", new_name != NULL ? new_name : name);
  moved = g_build_filename (folder != NULL ? folder : here, file, NULL);
  gh_xml_document_set_text (gh_domain_xml_get_document (self), nvram, moved);
}

/* (nullable) */
static char *
dup_node_text (xmlNode *node)
{
  xmlBuffer *buffer = NULL;
  char *text = NULL;

  if (node == NULL)
    return NULL;
  buffer = xmlBufferCreate ();
  if (xmlNodeDump (buffer, node->doc, node, 0, 0) > 0)
    text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}

char *
gh_domain_xml_dup_cpu (GhDomainXml *self)
{
  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  return dup_node_text (gh_xml_node_get_child (get_root (self), "cpu"));
}

/* Blockers */

static void
blocker_free (gpointer data)
{
  GhBlocker *blocker = data;

  g_free (blocker->name);
  g_free (blocker);
}

/* A number of libvirt's, such as “0x01”, with @digits. */
static char *
dup_number (const xmlNode *node,
            const char    *name,
            int            digits)
{
  g_autofree char *text = gh_xml_node_dup_attribute (node, name);

  return g_strdup_printf ("%0*" G_GINT64_MODIFIER "x", digits,
                          text != NULL ? g_ascii_strtoull (text, NULL, 0) : 0);
}

static char *
dup_pci_name (const xmlNode *address)
{
  g_autofree char *domain = dup_number (address, "domain", 4);
  g_autofree char *bus = dup_number (address, "bus", 2);
  g_autofree char *slot = dup_number (address, "slot", 2);
  g_autofree char *function = dup_number (address, "function", 1);

  return g_strdup_printf ("PCI %s:%s:%s.%s", domain, bus, slot, function);
}

/* A USB device, as far as is known: a definition says what it is or where it is plugged in, a run
 * both. The port is that in the machine, which both say. */
typedef struct
{
  char *what;  /* (nullable): “046d:c52b” */
  char *place; /* (nullable): “1-4” */
  char *port;  /* (nullable): “0.2” */
} Usb;

static void
usb_clear (Usb *usb)
{
  g_clear_pointer (&usb->what, g_free);
  g_clear_pointer (&usb->place, g_free);
  g_clear_pointer (&usb->port, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Usb, usb_clear)

static gboolean
is_usb (xmlNode *device)
{
  g_autofree char *type = gh_xml_node_dup_attribute (device, "type");

  return gh_xml_node_is (device, "hostdev") && g_strcmp0 (type, "usb") == 0;
}

/* (nullable) */
static char *
dup_pair (const xmlNode *node,
          const char    *first,
          const char    *second,
          const char    *separator)
{
  g_autofree char *a = gh_xml_node_dup_attribute (node, first);
  g_autofree char *b = gh_xml_node_dup_attribute (node, second);

  return a != NULL && b != NULL ? g_strconcat (a, separator, b, NULL) : NULL;
}

static Usb
read_usb (xmlNode *device)
{
  xmlNode *source = gh_xml_node_get_child (device, "source");
  g_autofree char *vendor = dup_number (gh_xml_node_get_child (source, "vendor"), "id", 4);
  g_autofree char *product = dup_number (gh_xml_node_get_child (source, "product"), "id", 4);

  return (Usb) {
    .what = gh_xml_node_get_child (source, "vendor") != NULL
            ? g_strconcat (vendor, ":", product, NULL) : NULL,
    .place = dup_pair (gh_xml_node_get_child (source, "address"), "bus", "device", "-"),
    .port = dup_pair (gh_xml_node_get_child (device, "address"), "bus", "port", "."),
  };
}

/* The other way round, from a name of dup_usb_name(). FALSE: it is none. */
static gboolean
parse_usb (const char *name,
           Usb        *usb)
{
  g_auto (GStrv) words = g_strsplit (name, " ", -1);

  if (g_strcmp0 (words[0], "USB") != 0)
    return FALSE;
  for (guint i = 1; words[i] != NULL; i++)
    {
      gsize length = strlen (words[i]);

      if (strcmp (words[i], "port") == 0 && words[i + 1] != NULL && usb->port == NULL)
        usb->port = g_strdup (words[++i]);
      else if (strchr (words[i], ':') != NULL && usb->what == NULL)
        usb->what = g_strdup (words[i]);
      else if (usb->place == NULL && words[i][0] == '(' && length > 2)
        usb->place = g_strndup (words[i] + 1, length - 2);
      else if (usb->place == NULL)
        usb->place = g_strdup (words[i]);
    }
  return TRUE;
}

/* Whether there is another one of its kind in the machine. */
static gboolean
has_twin (xmlNode    *device,
          const char *what)
{
  for (xmlNode *other = gh_xml_node_get_child (device->parent, "hostdev"); other != NULL;
       other = gh_xml_node_get_next (other, "hostdev"))
    {
      g_auto (Usb) usb = { NULL };

      if (other == device || !is_usb (other))
        continue;
      usb = read_usb (other);
      if (g_strcmp0 (usb.what, what) == 0)
        return TRUE;
    }
  return FALSE;
}

static char *
dup_usb_name (xmlNode *device)
{
  g_auto (Usb) usb = read_usb (device);
  g_autoptr (GString) name = g_string_new ("USB ");

  if (usb.what == NULL)
    g_string_append (name, usb.place != NULL ? usb.place : "?-?");
  else
    g_string_append (name, usb.what);
  if (usb.what != NULL && usb.place != NULL)
    g_string_append_printf (name, " (%s)", usb.place);
  if (usb.what != NULL && usb.port != NULL && has_twin (device, usb.what))
    g_string_append_printf (name, " port %s", usb.port);
  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* Devices of the same kind have different names: they are told apart by them. */
static char *
dup_hostdev_name (xmlNode *device)
{
  xmlNode *source = gh_xml_node_get_child (device, "source");
  xmlNode *address = gh_xml_node_get_child (source, "address");
  g_autofree char *type = gh_xml_node_dup_attribute (device, "type");
  g_autofree char *detail = NULL;

  if (g_strcmp0 (type, "pci") == 0 && address != NULL)
    return dup_pci_name (address);
  if (g_strcmp0 (type, "usb") == 0)
    return dup_usb_name (device);
  if (g_strcmp0 (type, "mdev") == 0)
    detail = gh_xml_node_dup_attribute (address, "uuid");
  else if (g_strcmp0 (type, "scsi") == 0 && address != NULL)
    {
      g_autofree char *adapter = gh_xml_node_dup_child_attribute (source, "adapter", "name");
      g_autofree char *bus = gh_xml_node_dup_attribute (address, "bus");
      g_autofree char *target = gh_xml_node_dup_attribute (address, "target");
      g_autofree char *unit = gh_xml_node_dup_attribute (address, "unit");

      detail = g_strjoin (":", adapter != NULL ? adapter : "", bus != NULL ? bus : "",
                          target != NULL ? target : "", unit != NULL ? unit : "", NULL);
    }
  if (type == NULL)
    return NULL;
  return detail != NULL ? g_strdup_printf ("%s %s", type, detail) : g_steal_pointer (&type);
}

/* Fills @blocker with what keeps the machine here because of @device; FALSE: nothing does. USB
 * devices that are passed on by a console, <redirdev>, are not the host's. */
static gboolean
look_at_device (xmlNode   *device,
                GhBlocker *blocker)
{
  g_autofree char *type = gh_xml_node_dup_attribute (device, "type");
  gboolean is_nic = gh_xml_node_is (device, "interface");

  blocker->name = NULL;
  blocker->unplugs = TRUE;
  if (gh_xml_node_is (device, "hostdev"))
    {
      blocker->kind = GH_BLOCKER_HOSTDEV;
      blocker->name = dup_hostdev_name (device);
    }
  else if (is_nic && (g_strcmp0 (type, "hostdev") == 0 || g_strcmp0 (type, "vdpa") == 0))
    {
      blocker->kind = strcmp (type, "vdpa") == 0 ? GH_BLOCKER_VDPA : GH_BLOCKER_HOSTDEV;
      blocker->name = gh_xml_node_dup_child_attribute (device, "mac", "address");
    }
  else if (gh_xml_node_is (device, "filesystem"))
    {
      g_autofree char *driver = gh_xml_node_dup_child_attribute (device, "driver", "type");

      blocker->kind = GH_BLOCKER_FILESYSTEM;
      blocker->name = gh_xml_node_dup_child_attribute (device, "target", "dir");
      /* 9p cannot be taken out of a run. */
      blocker->unplugs = g_strcmp0 (driver, "virtiofs") == 0;
    }
  else if (gh_xml_node_is (device, "shmem"))
    {
      blocker->kind = GH_BLOCKER_SHMEM;
      blocker->name = gh_xml_node_dup_attribute (device, "name");
    }
  else if (gh_xml_node_is (device, "disk") && gh_xml_node_get_child (device, "transient") != NULL)
    {
      blocker->kind = GH_BLOCKER_TRANSIENT;
      blocker->name = gh_xml_node_dup_child_attribute (device, "target", "dev");
      blocker->unplugs = FALSE;
    }
  else
    return FALSE;
  return TRUE;
}

GPtrArray *
gh_domain_xml_list_blockers (GhDomainXml *self)
{
  GPtrArray *blockers = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  blockers = g_ptr_array_new_with_free_func (blocker_free);
  for (xmlNode *device = gh_xml_node_get_child (get_devices (self), NULL); device != NULL;
       device = gh_xml_node_get_next (device, NULL))
    {
      GhBlocker blocker = { 0 };

      if (look_at_device (device, &blocker))
        g_ptr_array_add (blockers, g_memdup2 (&blocker, sizeof blocker));
    }
  return blockers;
}

/* Nothing speaks against it where one of them does not say. */
static gboolean
may_be_equal (const char *a,
              const char *b)
{
  return a == NULL || b == NULL || strcmp (a, b) == 0;
}

/* Whether a definition and a run may mean the same device: one of them says what it is only, or
 * where. */
static gboolean
may_be_same (xmlNode    *device,
             const char *name)
{
  g_auto (Usb) usb = { NULL };
  g_auto (Usb) other = { NULL };

  if (!is_usb (device) || !parse_usb (name, &other))
    return FALSE;
  usb = read_usb (device);
  return ((usb.what != NULL && other.what != NULL) || (usb.place != NULL && other.place != NULL)) &&
         may_be_equal (usb.what, other.what) && may_be_equal (usb.place, other.place) &&
         may_be_equal (usb.port, other.port);
}

static xmlNode *
find_blocker (GhDomainXml *self,
              const char  *name,
              gboolean     exactly)
{
  for (xmlNode *device = gh_xml_node_get_child (get_devices (self), NULL); device != NULL;
       device = gh_xml_node_get_next (device, NULL))
    {
      GhBlocker blocker = { 0 };
      gboolean found = look_at_device (device, &blocker) &&
                       blocker.kind != GH_BLOCKER_TRANSIENT &&
                       (exactly ? g_strcmp0 (blocker.name, name) == 0
                                : may_be_same (device, name));

      g_free (blocker.name);
      if (found)
        return device;
    }
  return NULL;
}

char *
gh_domain_xml_dup_blocker (GhDomainXml *self,
                           const char  *name)
{
  xmlNode *device = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self) && name != NULL, NULL);

  device = find_blocker (self, name, /* exactly= */ TRUE);
  if (device == NULL)
    device = find_blocker (self, name, FALSE);
  return dup_node_text (device);
}

void
gh_domain_xml_drop_blocker (GhDomainXml *self,
                            const char  *name)
{
  xmlNode *device = NULL;
  gboolean exactly = FALSE;

  g_return_if_fail (GH_IS_DOMAIN_XML (self) && name != NULL);

  exactly = find_blocker (self, name, TRUE) != NULL;
  while ((device = find_blocker (self, name, exactly)) != NULL)
    gh_xml_document_remove (gh_domain_xml_get_document (self), device);
}
