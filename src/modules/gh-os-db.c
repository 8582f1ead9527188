/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The only place with libosinfo. Everything here runs on GhOsInfo's thread. */

#define G_LOG_DOMAIN "gh-os-db"

#include "config.h"

#include "gh-os-db.h"

#include <osinfo/osinfo.h>

#include "gh-os-rules.h"

/* libosinfo's loader forgets to free some bytes; the leak checker is to look for ours. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable()
#define __lsan_enable()
#endif

struct _GhOsDb
{
  OsinfoLoader *loader;    /* (owned) */
  OsinfoDb     *db;        /* (unowned): the loader's */
  GHashTable   *short_ids; /* (element-type char* OsinfoOs), values unowned */
};

static void
index_short_ids (GhOsDb *self)
{
  g_autoptr (OsinfoOsList) list = osinfo_db_get_os_list (self->db);
  int n = osinfo_list_get_length (OSINFO_LIST (list));

  for (int i = 0; i < n; i++)
    {
      OsinfoEntity *os = osinfo_list_get_nth (OSINFO_LIST (list), i);
      GList *ids = osinfo_product_get_short_id_list (OSINFO_PRODUCT (os));

      for (GList *l = ids; l != NULL; l = l->next)
        g_hash_table_insert (self->short_ids, g_strdup (l->data), os);
      g_list_free (ids);
    }
}

static GhOsDb *
gh_os_db_load (const char  *overlay_dir,
               GError     **error)
{
  GhOsDb *self = g_new0 (GhOsDb, 1);
  g_autoptr (GError) overlay_error = NULL;
  GError *local_error = NULL;

  self->loader = osinfo_loader_new ();
  self->short_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  /* Ours first: what the system's database says about the same OS replaces it. Without ours it is
   * a smaller database, not an error. */
  __lsan_disable ();
  osinfo_loader_process_path (self->loader, overlay_dir, &overlay_error);
  if (overlay_error != NULL)
    g_debug ("Ignoring %s: %s", overlay_dir, overlay_error->message);
  osinfo_loader_process_default_path (self->loader, &local_error);
  __lsan_enable ();
  if (local_error != NULL)
    {
      g_propagate_error (error, local_error);
      g_hash_table_unref (self->short_ids);
      g_object_unref (self->loader);
      g_free (self);
      return NULL;
    }
  self->db = osinfo_loader_get_db (self->loader);
  index_short_ids (self);
  return self;
}

static gint64
to_time (GDate *date)
{
  g_autoptr (GDateTime) time = NULL;

  if (date == NULL || !g_date_valid (date))
    {
      g_clear_pointer (&date, g_date_free);
      return 0;
    }
  time = g_date_time_new_utc (g_date_get_year (date), (int) g_date_get_month (date),
                              g_date_get_day (date), 0, 0, 0);
  g_date_free (date);
  return time != NULL ? g_date_time_to_unix (time) : 0;
}

static GhOs *
to_os (OsinfoOs *os)
{
  OsinfoProduct *product = OSINFO_PRODUCT (os);
  GhOs *self = gh_os_new ();

  self->id = g_strdup (osinfo_entity_get_id (OSINFO_ENTITY (os)));
  self->short_id = g_strdup (osinfo_product_get_short_id (product));
  self->name = g_strdup (osinfo_product_get_name (product));
  self->version = g_strdup (osinfo_product_get_version (product));
  self->vendor = g_strdup (osinfo_product_get_vendor (product));
  self->family = g_strdup (osinfo_os_get_family (os));
  self->distro = g_strdup (osinfo_os_get_distro (os));
  self->release_date = to_time (osinfo_product_get_release_date (product));
  self->eol_date = to_time (osinfo_product_get_eol_date (product));
  return self;
}

/* An OS that is only named as somebody's parent has no name and no short id. */
static gboolean
is_described (OsinfoOs *os)
{
  return osinfo_product_get_name (OSINFO_PRODUCT (os)) != NULL &&
         osinfo_product_get_short_id (OSINFO_PRODUCT (os)) != NULL;
}

static GPtrArray *
gh_os_db_list (GhOsDb *self)
{
  g_autoptr (OsinfoOsList) list = osinfo_db_get_os_list (self->db);
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_os_unref);
  int n = osinfo_list_get_length (OSINFO_LIST (list));

  for (int i = 0; i < n; i++)
    {
      OsinfoOs *os = OSINFO_OS (osinfo_list_get_nth (OSINFO_LIST (list), i));

      if (is_described (os))
        g_ptr_array_add (result, to_os (os));
    }
  return result;
}

/* The entry for @arch, else the one for all, else any of the same family of processors. */
static OsinfoResources *
find_resources (OsinfoResourcesList *list,
                const char          *arch)
{
  int n = osinfo_list_get_length (OSINFO_LIST (list));
  OsinfoResources *best = NULL;
  int best_rank = 0;

  for (int i = 0; i < n; i++)
    {
      OsinfoResources *item = OSINFO_RESOURCES (osinfo_list_get_nth (OSINFO_LIST (list), i));
      const char *item_arch = osinfo_resources_get_architecture (item);
      int rank = 0;

      if (g_strcmp0 (item_arch, arch) == 0)
        rank = 3;
      else if (g_strcmp0 (item_arch, "all") == 0)
        rank = 2;
      else if (g_strcmp0 (item_arch, "i686") == 0 && g_strcmp0 (arch, "x86_64") == 0)
        rank = 1;
      if (rank > best_rank)
        {
          best = item;
          best_rank = rank;
        }
    }
  return best;
}

/* Values that are not set are -1. */
static guint64
positive (gint64 value)
{
  return value > 0 ? (guint64) value : 0;
}

static void
read_resources (OsinfoOs     *os,
                const char   *arch,
                GhOsDefaults *defaults)
{
  g_autoptr (OsinfoResourcesList) minimum = osinfo_os_get_minimum_resources (os);
  g_autoptr (OsinfoResourcesList) recommended = osinfo_os_get_recommended_resources (os);
  OsinfoResources *resources = find_resources (minimum, arch);

  if (resources != NULL)
    {
      defaults->minimum_memory_kib = positive (osinfo_resources_get_ram (resources)) / 1024;
      defaults->minimum_disk_bytes = positive (osinfo_resources_get_storage (resources));
      defaults->minimum_cpus = (guint) positive (osinfo_resources_get_n_cpus (resources));
    }
  resources = find_resources (recommended, arch);
  if (resources != NULL)
    {
      defaults->memory_kib = positive (osinfo_resources_get_ram (resources)) / 1024;
      defaults->disk_bytes = positive (osinfo_resources_get_storage (resources));
      defaults->n_cpus = (guint) positive (osinfo_resources_get_n_cpus (resources));
    }
}

static void
read_devices (OsinfoOs     *os,
              GhOsDefaults *defaults)
{
  /* Virtio devices have two numbers: that of the first draft, and that of 1.0. */
  const struct
  {
    const char *id;
    gsize       offset;
  } devices[] = {
    { "http://pcisig.com/pci/1af4/1000", G_STRUCT_OFFSET (GhOsDefaults, virtio_net) },
    { "http://pcisig.com/pci/1af4/1041", G_STRUCT_OFFSET (GhOsDefaults, virtio_net) },
    { "http://pcisig.com/pci/1af4/1001", G_STRUCT_OFFSET (GhOsDefaults, virtio_disk) },
    { "http://pcisig.com/pci/1af4/1042", G_STRUCT_OFFSET (GhOsDefaults, virtio_disk) },
    { "http://pcisig.com/pci/1af4/1050", G_STRUCT_OFFSET (GhOsDefaults, virtio_video) },
    { "http://pcisig.com/pci/1af4/1005", G_STRUCT_OFFSET (GhOsDefaults, virtio_rng) },
    { "http://pcisig.com/pci/1af4/1044", G_STRUCT_OFFSET (GhOsDefaults, virtio_rng) },
    { "http://pcisig.com/pci/1af4/1002", G_STRUCT_OFFSET (GhOsDefaults, virtio_balloon) },
    { "http://pcisig.com/pci/1af4/1045", G_STRUCT_OFFSET (GhOsDefaults, virtio_balloon) },
    { "http://pcisig.com/pci/1af4/1003", G_STRUCT_OFFSET (GhOsDefaults, virtio_channel) },
    { "http://pcisig.com/pci/1af4/1043", G_STRUCT_OFFSET (GhOsDefaults, virtio_channel) },
    { "http://usb.org/usb/80ee/0021", G_STRUCT_OFFSET (GhOsDefaults, usb_tablet) },
    { "http://qemu.org/chipset/x86/q35", G_STRUCT_OFFSET (GhOsDefaults, q35) },
    { "http://pcisig.com/pci/8086/10d3", G_STRUCT_OFFSET (GhOsDefaults, e1000e) },
  };
  g_autoptr (OsinfoDeviceList) list = osinfo_os_get_all_devices (os, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      if (osinfo_list_find_by_id (OSINFO_LIST (list), devices[i].id) != NULL)
        G_STRUCT_MEMBER (gboolean, defaults, devices[i].offset) = TRUE;
    }
}

static void
read_firmware (OsinfoOs     *os,
               const char   *arch,
               GhOsDefaults *defaults)
{
  g_autoptr (OsinfoFirmwareList) list = osinfo_os_get_complete_firmware_list (os, NULL);
  int n = osinfo_list_get_length (OSINFO_LIST (list));

  /* Systems that list firmware start from BIOS too, unless they say that they do not. */
  defaults->bios = TRUE;
  for (int i = 0; i < n; i++)
    {
      OsinfoFirmware *item = OSINFO_FIRMWARE (osinfo_list_get_nth (OSINFO_LIST (list), i));
      const char *type = osinfo_firmware_get_firmware_type (item);

      if (g_strcmp0 (osinfo_firmware_get_architecture (item), arch) != 0)
        continue;
      if (g_strcmp0 (type, "efi") == 0)
        defaults->uefi = osinfo_firmware_is_supported (item);
      else if (g_strcmp0 (type, "bios") == 0)
        defaults->bios = osinfo_firmware_is_supported (item);
    }
}

static GhOsDefaults *
gh_os_db_load_defaults (GhOsDb      *self,
                        const char  *id,
                        const char  *arch,
                        GError     **error)
{
  OsinfoOs *os = osinfo_db_get_os (self->db, id);
  GhOsDefaults *defaults = NULL;

  if (os == NULL || !is_described (os))
    os = g_hash_table_lookup (self->short_ids, id);
  if (os == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Unknown operating system “%s”", id);
      return NULL;
    }

  defaults = gh_os_defaults_new ();
  defaults->os = to_os (os);
  read_resources (os, arch, defaults);
  read_devices (os, defaults);
  read_firmware (os, arch, defaults);
  return defaults;
}

static void
set_label (OsinfoEntity *medium,
           const char   *name,
           const char   *value)
{
  if (value != NULL)
    osinfo_entity_set_param (medium, name, value);
}

/* libosinfo could read the image itself, but that runs the main loop of other threads, and
 * complains of images that are not as it expects. */
static GPtrArray *
gh_os_db_identify (GhOsDb             *self,
                   const GhImageSniff *labels)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_os_unref);
  g_autoptr (OsinfoMedia) medium = g_object_new (OSINFO_TYPE_MEDIA, "id", "iso", NULL);
  g_autoptr (OsinfoMediaList) matches = NULL;
  int n = 0;

  set_label (OSINFO_ENTITY (medium), OSINFO_MEDIA_PROP_VOLUME_ID, labels->volume_id);
  set_label (OSINFO_ENTITY (medium), OSINFO_MEDIA_PROP_SYSTEM_ID, labels->system_id);
  set_label (OSINFO_ENTITY (medium), OSINFO_MEDIA_PROP_PUBLISHER_ID, labels->publisher_id);
  set_label (OSINFO_ENTITY (medium), OSINFO_MEDIA_PROP_APPLICATION_ID, labels->application_id);
  osinfo_entity_set_param_int64 (OSINFO_ENTITY (medium), OSINFO_MEDIA_PROP_VOLUME_SIZE,
                                 (gint64) labels->volume_size);

  matches = osinfo_db_identify_medialist (self->db, medium);
  n = osinfo_list_get_length (OSINFO_LIST (matches));
  for (int i = 0; i < n; i++)
    {
      OsinfoMedia *match = OSINFO_MEDIA (osinfo_list_get_nth (OSINFO_LIST (matches), i));
      g_autoptr (OsinfoOs) os = osinfo_media_get_os (match);

      if (os != NULL)
        g_ptr_array_add (result, to_os (os));
    }
  return result;
}

/**
 * gh_os_db_get_module:
 *
 * Returns: (transfer none): the functions of this module
 */
const GhOsDbModule *
gh_os_db_get_module (void)
{
  static const GhOsDbModule module = {
    .load = gh_os_db_load,
    .list = gh_os_db_list,
    .load_defaults = gh_os_db_load_defaults,
    .identify = gh_os_db_identify,
  };

  return &module;
}
