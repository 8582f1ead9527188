/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What becomes of disks and networks when a machine moves. */

#define G_LOG_DOMAIN "gh-migrate-disks"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-interfaces.h"
#include "gh-migrate-plan-private.h"

static void
disk_clear (gpointer data)
{
  GhMigrateDisk *disk = data;

  g_free (disk->target);
  g_free (disk->device);
  g_free (disk->bus);
  g_free (disk->source_text);
  g_free (disk->path);
  g_free (disk->format);
  g_free (disk->reason);
  for (guint i = 0; i < GH_MIGRATE_DISK_N_MODES; i++)
    g_free (disk->refusals[i]);
  g_free (disk->pool);
  g_free (disk->destination);
}

GhMigrateDisk *
gh_migrate_disk_ref (GhMigrateDisk *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_migrate_disk_unref (GhMigrateDisk *self)
{
  g_atomic_rc_box_release_full (self, disk_clear);
}

static void
network_clear (gpointer data)
{
  GhMigrateNetwork *network = data;

  g_free (network->type);
  g_free (network->name);
  g_free (network->destination);
}

GhMigrateNetwork *
gh_migrate_network_ref (GhMigrateNetwork *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_migrate_network_unref (GhMigrateNetwork *self)
{
  g_atomic_rc_box_release_full (self, network_clear);
}

static void
item_free (gpointer data)
{
  GhMigrateItem *item = data;

  g_free (item->format);
  g_free (item->reason);
  for (guint i = 0; i < GH_MIGRATE_DISK_N_MODES; i++)
    g_free (item->refusals[i]);
  g_free (item->pool_name);
  g_free (item->wanted);
  g_strfreev (item->candidates);
  g_free (item->destination);
  g_free (item->base);
  g_free (item);
}

/* Before the destination was looked at */

GPtrArray *
gh_migrate_list_items (const GhMigrateInputs *inputs,
                       const GhMigrateFacts  *facts)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (item_free);

  for (guint i = 0; i < facts->disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (facts->disks, i);
      GhMigrateItem *item = g_new0 (GhMigrateItem, 1);

      g_ptr_array_add (items, item);
      item->xml = disk;
      item->is_medium = g_strcmp0 (disk->device, "cdrom") == 0 ||
                        g_strcmp0 (disk->device, "floppy") == 0;
      item->here = gh_migration_find_file (facts->source->files, disk->source);
      item->format = g_strdup (disk->format != NULL ? disk->format : "raw");
      item->wanted = g_strdup (g_hash_table_lookup (inputs->paths, disk->target));
      item->pool_name = g_strdup (g_hash_table_lookup (inputs->pools, disk->target));
      if (item->pool_name == NULL && !item->is_medium)
        item->pool_name = g_strdup (inputs->pool_for_all);
      if (item->here == NULL || item->is_medium)
        continue;
      gh_migrate_item_choose_pool (item, facts->pools);
    }
  return items;
}

/* After it was */

static void
refuse (GhMigrateItem     *item,
        GhMigrateDiskMode  mode,
        const char        *why)
{
  g_free (item->refusals[mode]);
  item->refusals[mode] = g_strdup (why);
}

static void
propose (GhMigrateItem     *item,
         GhMigrateDiskMode  mode,
         const char        *why)
{
  item->mode = mode;
  item->reason = g_strdup (why);
}

static void
decide_medium (GhMigrateItem *item)
{
  gboolean known = FALSE;

  refuse (item, GH_MIGRATE_DISK_COPIED, _("A CD or floppy is not copied. Put its image where both "
                                          "hosts see it, or let the drive arrive empty."));
  if (item->xml->source_text == NULL)
    propose (item, GH_MIGRATE_DISK_SHARED, _("The drive is empty."));
  else if (gh_migration_file_differs (item->here, item->there, &known))
    propose (item, GH_MIGRATE_DISK_SHARED, _("The destination has another file of this name."));
  else if (item->there != NULL && item->there->is_there)
    propose (item, GH_MIGRATE_DISK_SHARED, _("The destination has the image too."));
  else
    propose (item, GH_MIGRATE_DISK_SHARED, _("The destination has to have the image as well."));
}

/* Whether a volume is reached over the network by whoever has a pool for it, and the destination
 * has that pool. */
static gboolean
is_network_volume (const GhMigrateItem  *item,
                   const GhMigrateFacts *facts)
{
  static const char * const types[] = { "rbd", "gluster", "sheepdog", "iscsi-direct", NULL };
  const GhMigrationFile *file = gh_migration_find_volume (facts->source->files,
                                                          item->xml->source_pool,
                                                          item->xml->source_volume);
  const GhPoolInfo *pool = gh_migrate_find_pool (facts->pools, item->xml->source_pool);

  return file != NULL && file->is_there && file->pool_type != NULL &&
         g_strv_contains (types, file->pool_type) && pool != NULL && pool->active &&
         strcmp (pool->type, file->pool_type) == 0;
}

/* No file or device of the host. What is not reached over the network is the host's own. */
static void
decide_elsewhere (GhMigrateItem        *item,
                  const GhMigrateFacts *facts)
{
  const char *why = NULL;

  refuse (item, GH_MIGRATE_DISK_COPIED, _("Only disks that are files or devices of the host "
                                          "can be copied."));
  propose (item, GH_MIGRATE_DISK_SHARED, _("It is reached over the network by both hosts."));
  if (strcmp (item->xml->type, "network") == 0 || is_network_volume (item, facts))
    return;
  if (strcmp (item->xml->type, "volume") == 0)
    why = _("Its volume is not found: its storage pool is not active here, or is not there at the "
            "destination.");
  else
    why = _("It is hardware or a program of this host, which no other host can reach. Take it out "
            "of the machine first.");
  refuse (item, GH_MIGRATE_DISK_SHARED, why);
}

static void
decide_disk (GhMigrateItem        *item,
             const GhMigrateFacts *facts)
{
  refuse (item, GH_MIGRATE_DISK_LEFT, _("A machine that runs cannot go without its disks."));
  if (item->here == NULL)
    decide_elsewhere (item, facts);
  else if (gh_migration_file_is_same (item->here, item->there))
    {
      propose (item, GH_MIGRATE_DISK_SHARED, _("Both hosts see the same file."));
    }
  else
    {
      if (item->there != NULL && item->there->is_known)
        refuse (item, GH_MIGRATE_DISK_SHARED,
                item->there->is_there ? _("The destination has another file of this name.")
                                      : _("The destination does not have this file."));
      propose (item, GH_MIGRATE_DISK_COPIED, _("Each host has its own storage."));
    }
}

static void
choose_destination (GhMigrateItem        *item,
                    const GhMigrateFacts *facts)
{
  for (guint i = 0; item->candidates != NULL && item->candidates[i] != NULL; i++)
    {
      GhMigrationFile *file = gh_migration_find_file (facts->files, item->candidates[i]);
      gboolean taken = file != NULL && file->is_there;

      /* Two disks of the same name in different folders come into one. */
      for (guint j = 0; j < facts->items->len && !taken; j++)
        taken = g_strcmp0 (((GhMigrateItem *) facts->items->pdata[j])->destination,
                           item->candidates[i]) == 0;
      if (!taken)
        {
          item->destination = g_strdup (item->candidates[i]);
          return;
        }
    }
}

void
gh_migrate_decide (const GhMigrateInputs *inputs,
                   const GhMigrateFacts  *facts)
{
  for (guint i = 0; i < facts->items->len; i++)
    {
      GhMigrateItem *item = g_ptr_array_index (facts->items, i);
      gpointer wanted = g_hash_table_lookup (inputs->modes, item->xml->target);

      item->there = gh_migration_find_file (facts->files, gh_migrate_item_get_path (item));
      if (item->is_medium)
        decide_medium (item);
      else
        decide_disk (item, facts);
      if (wanted != NULL)
        {
          item->mode = (GhMigrateDiskMode) (GPOINTER_TO_INT (wanted) - 1);
          item->overridden = TRUE;
        }
      else if (inputs->copy_all && item->refusals[GH_MIGRATE_DISK_COPIED] == NULL)
        {
          item->mode = GH_MIGRATE_DISK_COPIED;
          item->overridden = TRUE;
        }
      if (item->mode == GH_MIGRATE_DISK_COPIED)
        choose_destination (item, facts);
    }
  gh_migrate_measure (facts);
}

/* Whether it can be proved that both hosts see the disk: by what is written beside it. Beside a
 * device nothing can be. */
gboolean
gh_migrate_item_can_be_probed (const GhMigrateItem *item)
{
  return item->here != NULL && item->here->path != NULL &&
         !g_str_has_prefix (item->here->path, "/dev/") &&
         (strcmp (item->xml->type, "file") == 0 || strcmp (item->xml->type, "volume") == 0);
}

gboolean
gh_migrate_has_copies (const GhMigrateFacts *facts)
{
  for (guint i = 0; facts->items != NULL && i < facts->items->len; i++)
    if (((GhMigrateItem *) facts->items->pdata[i])->mode == GH_MIGRATE_DISK_COPIED)
      return TRUE;
  return FALSE;
}

GPtrArray *
gh_migrate_dup_disks (const GhMigrateFacts *facts)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_migrate_disk_unref);

  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (facts->items, i);
      gboolean copied = item->mode == GH_MIGRATE_DISK_COPIED;
      GhMigrateDisk *disk = g_atomic_rc_box_new0 (GhMigrateDisk);

      disk->target = g_strdup (item->xml->target);
      disk->device = g_strdup (item->xml->device);
      disk->bus = g_strdup (item->xml->bus);
      disk->source_text = g_strdup (item->xml->source_text);
      disk->path = g_strdup (item->xml->source);
      disk->format = g_strdup (item->format);
      disk->capacity = item->here != NULL ? item->here->capacity : 0;
      disk->allocation = item->here != NULL ? item->here->allocation : 0;
      if (copied && item->n_layers > 0 && facts->source->presence.active)
        disk->whole = item->most;
      disk->mode = item->mode;
      disk->overridden = item->overridden || item->wanted != NULL;
      disk->reason = g_strdup (item->reason);
      for (guint j = 0; j < GH_MIGRATE_DISK_N_MODES; j++)
        disk->refusals[j] = g_strdup (item->refusals[j]);
      if (copied && item->pool != NULL)
        disk->pool = g_strdup (item->pool->name);
      disk->destination = copied ? g_strdup (item->destination)
                          : item->mode == GH_MIGRATE_DISK_SHARED
                          ? g_strdup (gh_migrate_item_get_path (item)) : NULL;
      g_ptr_array_add (disks, disk);
    }
  return disks;
}

/* Networks */

static gboolean
is_listed (GPtrArray     *networks,
           const GhNicXml *nic)
{
  for (guint i = 0; i < networks->len; i++)
    {
      const GhMigrateNetwork *network = g_ptr_array_index (networks, i);

      if (strcmp (network->type, nic->type) == 0 && strcmp (network->name, nic->source) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Whether a card of the type can be on it. */
static gboolean
is_fit (const GhInterface *interface,
        const char        *type)
{
  return interface->kind == GH_INTERFACE_UNKNOWN ||
         (interface->kind == GH_INTERFACE_BRIDGE) == (strcmp (type, "bridge") == 0);
}

/* Which interfaces a host has, some do not say. */
static void
find_interface (GhMigrateNetwork *network,
                GPtrArray        *interfaces)
{
  network->is_there = network->is_active = interfaces == NULL;
  for (guint i = 0; interfaces != NULL && i < interfaces->len && !network->is_there; i++)
    {
      const GhInterface *interface = g_ptr_array_index (interfaces, i);

      if (strcmp (interface->name, network->destination) != 0)
        continue;
      /* Of whatever kind: libvirt takes a bridge of Open vSwitch for a card. */
      network->is_there = TRUE;
      network->is_active = !interface->is_down;
    }
}

GPtrArray *
gh_migrate_dup_there (const GhMigrateFacts *facts,
                      const char           *type)
{
  gboolean is_network = strcmp (type, "network") == 0;
  GPtrArray *found = is_network ? facts->networks : facts->interfaces;
  GPtrArray *names = NULL;

  if (found == NULL)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < found->len; i++)
    {
      const GhInterface *interface = is_network ? NULL : g_ptr_array_index (found, i);

      if (is_network)
        g_ptr_array_add (names, g_strdup (((GhNetworkInfo *) found->pdata[i])->name));
      else if (gh_interface_is_for_all (interface) && is_fit (interface, type))
        g_ptr_array_add (names, g_strdup (interface->name));
    }
  return names;
}

static void
find_network (GhMigrateNetwork     *network,
              const GhMigrateFacts *facts)
{
  GPtrArray *there = facts->networks;

  if (strcmp (network->type, "network") != 0)
    {
      find_interface (network, facts->interfaces);
      return;
    }
  for (guint i = 0; i < there->len && !network->is_there; i++)
    {
      const GhNetworkInfo *info = g_ptr_array_index (there, i);

      if (strcmp (info->name, network->destination) != 0)
        continue;
      network->is_there = TRUE;
      network->is_active = info->active;
    }
}

GPtrArray *
gh_migrate_dup_networks (const GhMigrateInputs *inputs,
                         const GhMigrateFacts  *facts)
{
  static const char * const types[] = { "network", "bridge", "direct", NULL };
  GPtrArray *networks = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_migrate_network_unref);
  g_autoptr (GPtrArray) nics = gh_domain_xml_list_nics (facts->xml);

  for (guint i = 0; i < nics->len; i++)
    {
      const GhNicXml *nic = g_ptr_array_index (nics, i);
      GhMigrateNetwork *network = NULL;
      const char *wanted = NULL;

      if (nic->source == NULL || is_listed (networks, nic) ||
          !g_strv_contains (types, nic->type))
        continue;
      wanted = g_hash_table_lookup (inputs->networks, nic->source);
      network = g_atomic_rc_box_new0 (GhMigrateNetwork);
      network->type = g_strdup (nic->type);
      network->name = g_strdup (nic->source);
      network->destination = g_strdup (wanted != NULL ? wanted : nic->source);
      network->overridden = wanted != NULL;
      find_network (network, facts);
      g_ptr_array_add (networks, network);
    }
  return networks;
}
