/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a new machine is proposed to be like, and the machine that comes of it. Pure functions over
 * what was read; no calls. */

#define G_LOG_DOMAIN "gh-create-proposals"

#include "config.h"

#include "gh-create-plan-private.h"

#include <string.h>

#define MIB_KIB ((guint64) 1024)
#define GIB ((guint64) 1024 * 1024 * 1024)

void
gh_create_inputs_clear (GhCreateInputs *self)
{
  g_free (self->iso_path);
  g_free (self->disk_path);
  g_free (self->kernel_path);
  g_free (self->initrd_path);
  g_free (self->cmdline);
  g_free (self->title);
  g_free (self->name);
  g_free (self->os_id);
  g_free (self->pool);
  g_free (self->disk_name);
  g_free (self->network);
  g_free (self->graphics);
  memset (self, 0, sizeof *self);
}

void
gh_create_facts_clear (GhCreateFacts *self)
{
  for (guint i = 0; i < GH_CREATE_N_FILES; i++)
    {
      g_clear_pointer (&self->files[i], gh_image_info_unref);
      g_clear_pointer (&self->volumes[i], gh_volume_info_unref);
    }
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
  g_clear_pointer (&self->networks, g_ptr_array_unref);
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_clear_error (&self->host_error);
  g_clear_pointer (&self->detected, gh_os_unref);
  g_clear_pointer (&self->defaults, gh_os_defaults_unref);
  g_clear_error (&self->os_error);
  g_clear_pointer (&self->users, gh_file_users_unref);
  g_clear_error (&self->users_error);
  g_clear_pointer (&self->local, gh_local_facts_unref);
  g_clear_pointer (&self->target_volume, gh_volume_info_unref);
}

/**
 * gh_create_inputs_get_path:
 * @self: inputs
 * @file: which file
 *
 * Returns: (nullable): its path, if the source uses that file and one was given
 */
const char *
gh_create_inputs_get_path (const GhCreateInputs *self,
                           GhCreateFile          file)
{
  const char *path = NULL;

  if (file == GH_CREATE_ISO && self->source == GH_CREATE_FROM_ISO)
    path = self->iso_path;
  else if (file == GH_CREATE_DISK && self->source == GH_CREATE_FROM_DISK)
    path = self->disk_path;
  else if (file == GH_CREATE_KERNEL && self->source == GH_CREATE_FROM_KERNEL)
    path = self->kernel_path;
  else if (file == GH_CREATE_INITRD && self->source == GH_CREATE_FROM_KERNEL)
    path = self->initrd_path;
  return path != NULL && *path != '\0' ? path : NULL;
}

const GhPoolInfo *
gh_create_facts_find_pool (const GhCreateFacts *self,
                           const char          *name)
{
  for (guint i = 0; self->pools != NULL && i < self->pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (self->pools, i);

      if (g_strcmp0 (pool->name, name) == 0)
        return pool;
    }
  return NULL;
}

const GhNetworkInfo *
gh_create_facts_find_network (const GhCreateFacts *self,
                              const char          *name)
{
  for (guint i = 0; self->networks != NULL && i < self->networks->len; i++)
    {
      const GhNetworkInfo *network = g_ptr_array_index (self->networks, i);

      if (g_strcmp0 (network->name, name) == 0)
        return network;
    }
  return NULL;
}

/**
 * gh_create_dup_default_pool_path:
 * @facts: what is known of the host
 *
 * Returns: (transfer full) (nullable): the folder of the default pool, where all
 *   tools expect it; %NULL on a remote session, whose home is not known
 */
char *
gh_create_dup_default_pool_path (const GhCreateFacts *facts)
{
  if (!facts->is_session)
    return g_strdup ("/var/lib/libvirt/images");
  if (!facts->is_local)
    return NULL;
  return g_build_filename (g_get_user_data_dir (), "libvirt", "images", NULL);
}

gboolean
gh_create_pool_will_be_made (const GhCreateInputs *inputs,
                             const GhCreateFacts  *facts)
{
  g_autofree char *path = NULL;

  if (inputs->disk_bytes == 0 || inputs->source == GH_CREATE_FROM_DISK || facts->pools == NULL ||
      g_strcmp0 (inputs->pool, GH_CREATE_DEFAULT_POOL) != 0 ||
      gh_create_facts_find_pool (facts, inputs->pool) != NULL)
    return FALSE;
  path = gh_create_dup_default_pool_path (facts);
  return path != NULL;
}

/**
 * gh_create_dup_pool_path:
 * @inputs: what is wanted
 * @facts: what is known
 *
 * Returns: (transfer full) (nullable): the folder the new disk goes to
 */
char *
gh_create_dup_pool_path (const GhCreateInputs *inputs,
                         const GhCreateFacts  *facts)
{
  const GhPoolInfo *pool = gh_create_facts_find_pool (facts, inputs->pool);

  if (inputs->disk_bytes == 0 || inputs->source == GH_CREATE_FROM_DISK)
    return NULL;
  if (pool != NULL)
    return g_strdup (pool->path);
  if (gh_create_pool_will_be_made (inputs, facts))
    return gh_create_dup_default_pool_path (facts);
  return NULL;
}

char *
gh_create_dup_target_path (const GhCreateInputs *inputs,
                           const GhCreateFacts  *facts)
{
  g_autofree char *folder = gh_create_dup_pool_path (inputs, facts);

  if (folder == NULL || inputs->disk_name == NULL || *inputs->disk_name == '\0')
    return NULL;
  return g_build_filename (folder, inputs->disk_name, NULL);
}

/* The daemon of the system asks the kernel as root; its QEMU opens the device as somebody else. */
gboolean
gh_create_has_kvm (const GhCreateFacts *facts)
{
  return facts->capabilities->has_kvm &&
         (facts->is_session || facts->local == NULL || facts->local->kvm_closed_for == NULL);
}

gboolean
gh_create_is_x86 (const GhCreateFacts *facts)
{
  const char *arch = facts->capabilities != NULL ? facts->capabilities->arch : NULL;

  return g_strcmp0 (arch, "x86_64") == 0 || g_strcmp0 (arch, "i686") == 0;
}

gboolean
gh_create_uses_q35 (const GhCreateFacts *facts)
{
  return facts->capabilities != NULL && facts->capabilities->machine_q35 != NULL &&
         (facts->defaults == NULL || facts->defaults->q35);
}

gboolean
gh_create_is_name_taken (GhHost     *host,
                         const char *name)
{
  GhMachine *machine = gh_host_find_machine (host, name);

  return machine != NULL && g_strcmp0 (gh_machine_get_name (machine), name) == 0;
}

/* The file's name without folder and ending. */
static char *
dup_stem (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  char *dot = strrchr (base, '.');

  if (dot != NULL && dot != base)
    *dot = '\0';
  return g_steal_pointer (&base);
}

static void
propose_name (GhCreateInputs      *inputs,
              const GhCreateFacts *facts)
{
  g_autoptr (GPtrArray) machines = gh_host_dup_machines (facts->host);
  g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *stem = NULL;
  const GhOs *os = facts->defaults != NULL ? facts->defaults->os : NULL;

  for (guint i = 0; i < machines->len; i++)
    g_hash_table_add (taken, (gpointer) gh_machine_get_name (g_ptr_array_index (machines, i)));

  if (os != NULL && g_strcmp0 (os->short_id, "unknown") != 0)
    stem = g_strdup (os->short_id);
  else if (gh_create_inputs_get_path (inputs, GH_CREATE_DISK) != NULL)
    stem = dup_stem (inputs->disk_path);
  else if (gh_create_inputs_get_path (inputs, GH_CREATE_ISO) != NULL)
    stem = dup_stem (inputs->iso_path);
  else if (inputs->source == GH_CREATE_FROM_KERNEL)
    stem = g_strdup ("linux");
  else
    stem = g_strdup ("machine");
  g_free (inputs->name);
  inputs->name = gh_create_plan_propose_name (stem, taken);
}

static guint64
propose_memory (const GhCreateFacts *facts)
{
  guint64 wanted = facts->defaults != NULL ? facts->defaults->memory_kib : 2 * 1024 * MIB_KIB;
  guint64 host = facts->capabilities != NULL ? facts->capabilities->memory_kib : 0;

  /* Half of a small host is what leaves it alive. */
  if (host != 0 && wanted > host / 2)
    wanted = MAX (host / 2 / (256 * MIB_KIB) * (256 * MIB_KIB), 256 * MIB_KIB);
  if (facts->defaults != NULL)
    wanted = MAX (wanted, facts->defaults->minimum_memory_kib);
  return host != 0 ? MIN (wanted, host) : wanted;
}

static guint
propose_cpus (const GhCreateFacts *facts)
{
  guint wanted = facts->defaults != NULL ? facts->defaults->n_cpus : 2;

  if (facts->capabilities != NULL && facts->capabilities->n_cpus > 0)
    wanted = MIN (wanted, facts->capabilities->n_cpus);
  if (facts->capabilities != NULL && facts->capabilities->max_cpus > 0)
    wanted = MIN (wanted, facts->capabilities->max_cpus);
  return MAX (wanted, 1);
}

static void
propose_pool (GhCreateInputs      *inputs,
              const GhCreateFacts *facts)
{
  const char *name = GH_CREATE_DEFAULT_POOL;
  g_autofree char *path = gh_create_dup_default_pool_path (facts);

  if (facts->pools == NULL)
    return;
  if (gh_create_facts_find_pool (facts, name) == NULL)
    {
      /* Libvirt lets no two pools have one folder; and what cannot be made is not proposed. */
      for (guint i = 0; i < facts->pools->len; i++)
        {
          const GhPoolInfo *pool = g_ptr_array_index (facts->pools, i);

          if ((path != NULL && g_strcmp0 (pool->path, path) == 0) ||
              (path == NULL && pool->active && g_strcmp0 (pool->type, "dir") == 0))
            {
              name = pool->name;
              break;
            }
        }
    }
  g_free (inputs->pool);
  inputs->pool = g_strdup (name);
}

static guint64
propose_disk_bytes (const GhCreateInputs *inputs,
                    const GhCreateFacts  *facts)
{
  const GhPoolInfo *pool = gh_create_facts_find_pool (facts, inputs->pool);
  guint64 wanted = facts->defaults != NULL ? facts->defaults->disk_bytes : 20 * GIB;
  guint64 least = facts->defaults != NULL ? MAX (facts->defaults->minimum_disk_bytes, GIB) : GIB;

  if (inputs->source == GH_CREATE_FROM_DISK || inputs->source == GH_CREATE_FROM_KERNEL)
    return 0;
  /* No more than there is; but never so little that the OS does not fit: a check says so. */
  if (pool != NULL && pool->active && wanted > pool->available)
    wanted = MAX (pool->available / GIB * GIB, least);
  return wanted;
}

static GhFirmware
propose_firmware (const GhCreateInputs *inputs,
                  const GhCreateFacts  *facts)
{
  const GhOsDefaults *defaults = facts->defaults;
  const GhCapabilities *capabilities = facts->capabilities;
  const GhImageInfo *medium = facts->files[GH_CREATE_ISO] != NULL ? facts->files[GH_CREATE_ISO]
                                                                  : facts->files[GH_CREATE_DISK];
  GhImageFlags boots = (medium != NULL ? medium->flags : 0) &
                       (GH_IMAGE_BOOT_BIOS | GH_IMAGE_BOOT_UEFI);
  gboolean secure;

  if (capabilities == NULL || !capabilities->has_uefi || inputs->source == GH_CREATE_FROM_KERNEL)
    return GH_FIRMWARE_BIOS;

  secure = defaults != NULL && defaults->secure_boot && capabilities->has_secure_boot &&
           gh_create_uses_q35 (facts);
  /* What is on the medium is stronger than what anybody wrote about the OS. */
  if (boots == GH_IMAGE_BOOT_BIOS)
    return GH_FIRMWARE_BIOS;
  if (secure)
    return GH_FIRMWARE_UEFI_SECURE;
  if (boots == GH_IMAGE_BOOT_UEFI)
    return GH_FIRMWARE_UEFI;
  if (defaults != NULL && !defaults->bios)
    return GH_FIRMWARE_UEFI;
  /* An installed system starts as it was installed, and most disks do from BIOS. */
  if (inputs->source == GH_CREATE_FROM_DISK)
    return GH_FIRMWARE_BIOS;
  return defaults != NULL && defaults->uefi ? GH_FIRMWARE_UEFI : GH_FIRMWARE_BIOS;
}

/* Higher is better. */
static int
rank_network (const GhNetworkInfo *network)
{
  int rank = network->active ? 8 : 0;

  if (g_strcmp0 (network->name, "default") == 0)
    rank += 4;
  if (g_strcmp0 (network->forward, "nat") == 0)
    rank += 2;
  return rank;
}

static char *
propose_network (const GhCreateFacts *facts)
{
  const GhNetworkInfo *best = NULL;

  /* A session's QEMU may not plug into the bridge of a virtual network. */
  if (facts->is_session)
    return g_strdup ("user");
  for (guint i = 0; facts->networks != NULL && i < facts->networks->len; i++)
    {
      const GhNetworkInfo *network = g_ptr_array_index (facts->networks, i);

      if (best == NULL || rank_network (network) > rank_network (best))
        best = network;
    }
  return best != NULL ? g_strdup_printf ("network:%s", best->name) : g_strdup ("user");
}

static const char *
propose_graphics (const GhCreateFacts *facts)
{
  if (facts->capabilities == NULL || facts->capabilities->has_spice)
    return "spice";
  return facts->capabilities->has_vnc ? "vnc" : "none";
}

/**
 * gh_create_propose:
 * @inputs: (inout): what the user wants
 * @facts: what is known, however little it is yet
 *
 * Fills the fields that are not overridden.
 */
void
gh_create_propose (GhCreateInputs      *inputs,
                   const GhCreateFacts *facts)
{
  const gboolean *overridden = inputs->overridden;

  if (!overridden[GH_CREATE_OS])
    {
      g_free (inputs->os_id);
      inputs->os_id = g_strdup (facts->detected != NULL ? facts->detected->id : "");
    }
  if (!overridden[GH_CREATE_NAME])
    propose_name (inputs, facts);
  if (!overridden[GH_CREATE_MEMORY])
    inputs->memory_kib = propose_memory (facts);
  if (!overridden[GH_CREATE_CPUS])
    inputs->cpus = propose_cpus (facts);
  if (!overridden[GH_CREATE_POOL])
    propose_pool (inputs, facts);
  if (!overridden[GH_CREATE_DISK_SIZE])
    inputs->disk_bytes = propose_disk_bytes (inputs, facts);
  if (!overridden[GH_CREATE_DISK_NAME])
    {
      g_free (inputs->disk_name);
      inputs->disk_name = g_strdup_printf ("%s.qcow2", inputs->name);
    }
  if (!overridden[GH_CREATE_FIRMWARE])
    inputs->firmware = propose_firmware (inputs, facts);
  if (!overridden[GH_CREATE_NETWORK])
    {
      g_free (inputs->network);
      inputs->network = propose_network (facts);
    }
  if (!overridden[GH_CREATE_GRAPHICS])
    {
      g_free (inputs->graphics);
      inputs->graphics = g_strdup (propose_graphics (facts));
    }
  if (!overridden[GH_CREATE_TPM])
    inputs->tpm = facts->defaults != NULL && facts->defaults->tpm && facts->capabilities != NULL &&
                  facts->capabilities->has_tpm;
}

static char *
dup_nonempty (const char *text)
{
  return text != NULL && *text != '\0' ? g_strdup (text) : NULL;
}

static void
set_disks (GhMachineSpec        *spec,
           const GhCreateInputs *inputs,
           const GhCreateFacts  *facts)
{
  const GhImageInfo *disk = facts->files[GH_CREATE_DISK];
  const GhVolumeInfo *volume = facts->volumes[GH_CREATE_DISK];
  const char *pc_bus = gh_create_uses_q35 (facts) ? "sata" : "ide";
  const char *old_bus = gh_create_is_x86 (facts) ? pc_bus : "scsi";

  spec->disk_bus = g_strdup (facts->defaults->virtio_disk ? "virtio" : old_bus);
  spec->cdrom_bus = g_strdup (old_bus);
  if (inputs->source == GH_CREATE_FROM_DISK)
    {
      spec->disk_path = dup_nonempty (inputs->disk_path);
      if (disk != NULL && disk->format != NULL)
        spec->disk_format = g_strdup (disk->format);
      else
        spec->disk_format =
          g_strdup (volume != NULL && volume->format != NULL ? volume->format : "raw");
    }
  else if (inputs->disk_bytes > 0)
    {
      spec->disk_path = gh_create_dup_target_path (inputs, facts);
      spec->disk_format = g_strdup ("qcow2");
      spec->disk_discard = TRUE;
    }
  spec->cdrom_path = g_strdup (gh_create_inputs_get_path (inputs, GH_CREATE_ISO));
}

static void
set_network (GhMachineSpec        *spec,
             const GhCreateInputs *inputs,
             const GhCreateFacts  *facts)
{
  const char *colon = strchr (inputs->network, ':');
  gboolean is_q35 = gh_create_uses_q35 (facts);

  if (strcmp (inputs->network, "none") == 0)
    return;
  if (colon != NULL)
    {
      spec->nic_type = g_strndup (inputs->network, (gsize) (colon - inputs->network));
      spec->nic_source = g_strdup (colon + 1);
    }
  else
    spec->nic_type = g_strdup (inputs->network);

  if (facts->defaults->virtio_net || !gh_create_is_x86 (facts))
    spec->nic_model = g_strdup ("virtio");
  else if (facts->defaults->rtl8139)
    spec->nic_model = g_strdup ("rtl8139");
  else
    spec->nic_model = g_strdup (is_q35 && facts->defaults->e1000e ? "e1000e" : "e1000");
}

static void
set_display (GhMachineSpec        *spec,
             const GhCreateInputs *inputs,
             const GhCreateFacts  *facts)
{
  const GhOsDefaults *defaults = facts->defaults;
  gboolean is_q35 = gh_create_uses_q35 (facts);

  if (strcmp (inputs->graphics, "none") != 0)
    {
      spec->graphics = g_strdup (inputs->graphics);
      spec->graphics_local = facts->is_local;
      spec->video_model = g_strdup ((defaults->virtio_video || !gh_create_is_x86 (facts)) &&
                                    facts->capabilities->has_virtio_video ? "virtio" : "vga");
    }
  spec->clipboard = inputs->clipboard;
  spec->sound = inputs->sound;
  /* What knows no q35 has no driver for the USB 3 controller either. */
  spec->usb = is_q35 || !gh_create_is_x86 (facts);
  spec->tablet = defaults->usb_tablet && spec->usb;
}

/**
 * gh_create_make_spec:
 * @inputs: what the user wants
 * @facts: what is known, with capabilities and defaults
 * @uuid: of the machine
 *
 * Returns: (transfer full): the machine
 */
GhMachineSpec *
gh_create_make_spec (const GhCreateInputs *inputs,
                     const GhCreateFacts  *facts,
                     const char           *uuid)
{
  const GhCapabilities *capabilities = facts->capabilities;
  const GhOsDefaults *defaults = facts->defaults;
  gboolean is_test = facts->is_test;
  GhMachineSpec *spec = gh_machine_spec_new ();

  spec->name = g_strdup (inputs->name);
  spec->uuid = g_strdup (uuid);
  spec->title = dup_nonempty (inputs->title);
  spec->os_id = defaults->os != NULL ? g_strdup (defaults->os->id) : NULL;
  spec->virt_type = g_strdup (capabilities->has_kvm && !gh_create_has_kvm (facts)
                              ? "qemu" : capabilities->virt_type);
  spec->arch = g_strdup (capabilities->arch);
  spec->emulator = is_test ? NULL : g_strdup (capabilities->emulator);
  if (!is_test && gh_create_is_x86 (facts))
    spec->machine = g_strdup (gh_create_uses_q35 (facts) ? capabilities->machine_q35 : "pc");
  spec->firmware = inputs->firmware;
  spec->memory_kib = inputs->memory_kib;
  spec->n_cpus = inputs->cpus;
  if (gh_create_has_kvm (facts) && capabilities->has_host_passthrough)
    spec->cpu_mode = g_strdup ("host-passthrough");
  else if (capabilities->has_cpu_maximum && !is_test)
    spec->cpu_mode = g_strdup ("maximum");

  if (inputs->source == GH_CREATE_FROM_KERNEL)
    {
      spec->kernel = dup_nonempty (inputs->kernel_path);
      spec->initrd = dup_nonempty (inputs->initrd_path);
      spec->cmdline = dup_nonempty (inputs->cmdline);
    }
  set_disks (spec, inputs, facts);
  set_network (spec, inputs, facts);
  set_display (spec, inputs, facts);
  spec->rng = defaults->virtio_rng;
  spec->balloon = defaults->virtio_balloon;
  spec->agent_channel = defaults->virtio_channel;
  spec->serial = TRUE;
  spec->tpm = inputs->tpm;
  spec->windows = defaults->windows;
  return spec;
}
