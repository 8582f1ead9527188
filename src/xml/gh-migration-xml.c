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
  GhXmlDocument *document = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self));
  g_return_if_fail (type != NULL && name != NULL && other != NULL);

  document = gh_domain_xml_get_document (self);
  for (xmlNode *nic = gh_xml_node_get_child (get_devices (self), "interface"); nic != NULL;
       nic = gh_xml_node_get_next (nic, "interface"))
    {
      xmlNode *source = gh_xml_node_get_child (nic, "source");
      g_autofree char *nic_type = gh_xml_node_dup_attribute (nic, "type");
      g_autofree char *value = gh_xml_node_dup_attribute (source, type);

      if (g_strcmp0 (nic_type, type) != 0 || g_strcmp0 (value, name) != 0)
        continue;
      gh_xml_document_set_attribute (document, source, type, other);
      for (guint i = 0; strcmp (type, "network") == 0 && i < G_N_ELEMENTS (found); i++)
        gh_xml_document_set_attribute (document, source, found[i], NULL);
    }
}

void
gh_domain_xml_move_own_nvram (GhDomainXml *self,
                              const char  *folder)
{
  xmlNode *nvram = NULL;
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  g_autofree char *own = NULL;
  g_autofree char *file = NULL;
  g_autofree char *moved = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (self) && folder != NULL);

  nvram = gh_xml_node_get_child (gh_xml_node_get_child (get_root (self), "os"), "nvram");
  path = gh_domain_xml_dup_nvram_path (self);
  name = gh_domain_xml_dup_name (self);
  if (nvram == NULL || path == NULL || name == NULL || gh_xml_node_get_child (nvram, NULL) != NULL)
    return;
  own = g_strdup_printf ("/libvirt/qemu/nvram/%s_VARS.fd", name);
  if (!g_str_has_suffix (path, own))
    return;
  file = g_path_get_basename (path);
  moved = g_build_filename (folder, file, NULL);
  gh_xml_document_set_text (gh_domain_xml_get_document (self), nvram, moved);
}

char *
gh_domain_xml_dup_cpu (GhDomainXml *self)
{
  xmlNode *cpu = NULL;
  xmlBuffer *buffer = NULL;
  char *text = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  cpu = gh_xml_node_get_child (get_root (self), "cpu");
  if (cpu == NULL)
    return NULL;
  buffer = xmlBufferCreate ();
  if (xmlNodeDump (buffer, cpu->doc, cpu, 0, 0) > 0)
    text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}

/* Blockers */

static void
blocker_free (gpointer data)
{
  GhBlocker *blocker = data;

  g_free (blocker->name);
  g_free (blocker);
}

/* Takes @name. */
static void
add_blocker (GPtrArray     *blockers,
             GhBlockerKind  kind,
             char          *name)
{
  GhBlocker *blocker = g_new0 (GhBlocker, 1);

  blocker->kind = kind;
  blocker->name = name;
  g_ptr_array_add (blockers, blocker);
}

/* USB devices that are passed on by a console, <redirdev>, are not the host's. */
static void
add_for_device (GPtrArray *blockers,
                xmlNode   *device)
{
  g_autofree char *type = gh_xml_node_dup_attribute (device, "type");

  if (gh_xml_node_is (device, "hostdev"))
    add_blocker (blockers, GH_BLOCKER_HOSTDEV, g_steal_pointer (&type));
  else if (gh_xml_node_is (device, "interface") && g_strcmp0 (type, "hostdev") == 0)
    add_blocker (blockers, GH_BLOCKER_HOSTDEV, gh_xml_node_dup_child_attribute (device, "mac",
                                                                                "address"));
  else if (gh_xml_node_is (device, "interface") && g_strcmp0 (type, "vdpa") == 0)
    add_blocker (blockers, GH_BLOCKER_VDPA, gh_xml_node_dup_child_attribute (device, "mac",
                                                                             "address"));
  else if (gh_xml_node_is (device, "filesystem"))
    add_blocker (blockers, GH_BLOCKER_FILESYSTEM,
                 gh_xml_node_dup_child_attribute (device, "target", "dir"));
  else if (gh_xml_node_is (device, "shmem"))
    add_blocker (blockers, GH_BLOCKER_SHMEM, gh_xml_node_dup_attribute (device, "name"));
  else if (gh_xml_node_is (device, "disk") && gh_xml_node_get_child (device, "transient") != NULL)
    add_blocker (blockers, GH_BLOCKER_TRANSIENT,
                 gh_xml_node_dup_child_attribute (device, "target", "dev"));
}

GPtrArray *
gh_domain_xml_list_blockers (GhDomainXml *self)
{
  GPtrArray *blockers = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  blockers = g_ptr_array_new_with_free_func (blocker_free);
  for (xmlNode *device = gh_xml_node_get_child (get_devices (self), NULL); device != NULL;
       device = gh_xml_node_get_next (device, NULL))
    add_for_device (blockers, device);
  return blockers;
}
