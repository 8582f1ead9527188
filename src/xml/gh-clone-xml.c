/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The definition of a clone: name, UUID, addresses of network cards, disks, firmware variables. */

#define G_LOG_DOMAIN "gh-clone-xml"

#include "config.h"

#include "gh-clone-xml.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-domain-xml-private.h"

static void
clear_change (gpointer data)
{
  GhCloneChange *self = data;

  g_free (self->id);
  g_free (self->label);
  g_free (self->before);
  g_free (self->after);
  g_free (self->why);
}

GhCloneChange *
gh_clone_change_ref (GhCloneChange *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_clone_change_unref (GhCloneChange *self)
{
  g_atomic_rc_box_release_full (self, clear_change);
}

static void
unref_change (gpointer change)
{
  gh_clone_change_unref (change);
}

GhCloneXmlDisk *
gh_clone_xml_disk_new (const char           *target,
                       GhCloneXmlDiskAction  action,
                       const char           *path,
                       const char           *format,
                       const char           *base,
                       const char           *base_format)
{
  GhCloneXmlDisk *self = g_new0 (GhCloneXmlDisk, 1);

  self->target = g_strdup (target);
  self->action = action;
  self->path = g_strdup (path);
  self->format = g_strdup (format);
  self->base = g_strdup (base);
  self->base_format = g_strdup (base_format);
  return self;
}

void
gh_clone_xml_disk_free (gpointer disk)
{
  GhCloneXmlDisk *self = disk;

  g_free (self->target);
  g_free (self->path);
  g_free (self->format);
  g_free (self->base);
  g_free (self->base_format);
  g_free (self);
}

static void
add_change (GPtrArray  *changes,
            const char *id,
            const char *label,
            const char *before,
            const char *after)
{
  GhCloneChange *change = g_atomic_rc_box_new0 (GhCloneChange);

  change->id = g_strdup (id);
  change->label = g_strdup (label);
  change->before = g_strdup (before);
  change->after = g_strdup (after);
  change->changes = TRUE;
  g_ptr_array_add (changes, change);
}

static void
remove_node (GhXmlDocument *document,
             xmlNode       *node)
{
  if (node != NULL)
    gh_xml_document_remove (document, node);
}

static void
change_nics (GhXmlDocument           *document,
             const GhCloneXmlOptions *options,
             GPtrArray               *changes)
{
  g_autoptr (GPtrArray) nics = gh_xml_document_find_all (document, "devices/interface");
  GRand *rand = g_rand_new_with_seed (options->seed);

  for (guint i = 0; i < nics->len; i++)
    {
      xmlNode *nic = g_ptr_array_index (nics, i);
      xmlNode *mac = gh_xml_node_get_child (nic, "mac");
      g_autofree char *before = gh_xml_node_dup_child_attribute (nic, "mac", "address");
      g_autofree char *after = NULL;
      g_autofree char *id = g_strdup_printf ("mac-%u", i);

      do
        {
          guint32 number = g_rand_int (rand);

          g_free (after);
          after = g_strdup_printf ("52:54:00:%02x:%02x:%02x", number & 0xff, number >> 8 & 0xff,
                                   number >> 16 & 0xff);
        }
      while (options->used_macs != NULL && g_hash_table_contains (options->used_macs, after));
      if (mac == NULL)
        mac = gh_xml_document_add (document, nic, NULL, "mac");
      gh_xml_document_set_attribute (document, mac, "address", after);
      add_change (changes, id, _("Address of the network card"), before, after);
      if (!options->network)
        {
          xmlNode *link = gh_xml_node_get_child (nic, "link");

          if (link == NULL)
            link = gh_xml_document_add (document, nic, NULL, "link");
          gh_xml_document_set_attribute (document, link, "state", "down");
        }
    }
  g_rand_free (rand);
}

static xmlNode *
find_disk (GhXmlDocument *document,
           const char    *target)
{
  g_autoptr (GPtrArray) disks = gh_xml_document_find_all (document, "devices/disk");

  for (guint i = 0; i < disks->len; i++)
    {
      g_autofree char *name = gh_xml_node_dup_child_attribute (g_ptr_array_index (disks, i),
                                                               "target", "dev");

      if (g_strcmp0 (name, target) == 0)
        return g_ptr_array_index (disks, i);
    }
  return NULL;
}

static void
change_disks (GhDomainXml             *clone,
              const GhCloneXmlOptions *options,
              GPtrArray               *changes)
{
  GhXmlDocument *document = gh_domain_xml_get_document (clone);

  for (guint i = 0; options->disks != NULL && i < options->disks->len; i++)
    {
      const GhCloneXmlDisk *disk = g_ptr_array_index (options->disks, i);
      xmlNode *node = find_disk (document, disk->target);
      g_autofree char *id = g_strdup_printf ("disk-%s", disk->target);

      if (node == NULL || disk->action == GH_CLONE_XML_KEEP)
        continue;
      if (disk->action == GH_CLONE_XML_REMOVE)
        remove_node (document, node);
      else
        gh_domain_xml_set_disk_source (clone, disk->target, disk->path, disk->format);
      add_change (changes, id, disk->target, NULL, disk->path);
    }
}

GhDomainXml *
gh_clone_xml_make (GhDomainXml              *source,
                   const GhCloneXmlOptions  *options,
                   GPtrArray               **changes,
                   GError                  **error)
{
  g_autoptr (GhDomainXml) clone = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (unref_change);
  g_autofree char *name = NULL;
  g_autofree char *uuid = NULL;
  GhXmlDocument *document = NULL;
  xmlNode *nvram = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (source), NULL);
  g_return_val_if_fail (options->name != NULL && options->uuid != NULL, NULL);

  name = gh_domain_xml_dup_name (source);
  uuid = gh_domain_xml_dup_uuid (source);
  clone = gh_domain_xml_copy (source);
  document = gh_domain_xml_get_document (clone);
  gh_domain_xml_set_name (clone, options->name);
  add_change (list, "name", _("Name"), name, options->name);
  gh_domain_xml_set_uuid (clone, options->uuid);
  add_change (list, "uuid", _("UUID"), uuid, options->uuid);
  gh_domain_xml_set_title (clone, options->title);
  gh_domain_xml_remove_secrets (clone);
  change_nics (document, options, list);
  change_disks (clone, options, list);
  nvram = gh_xml_document_find (document, "os/nvram");
  if (nvram != NULL && options->nvram_path != NULL)
    gh_xml_document_set_text (document, nvram, options->nvram_path);
  else if (nvram != NULL)
    remove_node (document, nvram);
  if (changes != NULL)
    *changes = g_steal_pointer (&list);
  return g_steal_pointer (&clone);
}
