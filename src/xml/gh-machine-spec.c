/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-spec"

#include "config.h"

#include "gh-machine-spec.h"

#include <string.h>

#include <libxml/tree.h>

#include "gh-domain-xml-private.h"

#define LIBOSINFO_NAMESPACE "http://libosinfo.org/xmlns/libvirt/domain/1.0"

/* q35 takes new devices while it runs only in free PCIe root ports, and libvirt adds as many
 * as the first devices need, so none is free. A machine of ours uses six or seven. Each port
 * takes 4 KiB of the 64 KiB of I/O space when the firmware hands it out, so more than 15
 * starve each other. virt-manager takes 14 as well: what other tools see is what they know. */
#define N_ROOT_PORTS 14

/* Linux and Windows find all of USB 3.0's ports; QEMU's own default is 4. */
#define N_USB_PORTS "15"

#define N_USB_REDIRECTIONS 2

/* Building nodes */

static xmlNode *
add (xmlNode    *parent,
     const char *name)
{
  return xmlNewChild (parent, NULL, BAD_CAST name, NULL);
}

static void
set (xmlNode    *node,
     const char *name,
     const char *value)
{
  g_autofree char *legal = value != NULL ? gh_xml_dup_legal_text (value) : NULL;

  if (legal != NULL)
    xmlNewProp (node, BAD_CAST name, BAD_CAST legal);
}

static void
set_number (xmlNode    *node,
            const char *name,
            guint       value)
{
  g_autofree char *text = g_strdup_printf ("%u", value);

  set (node, name, text);
}

/* Adds an element that has one attribute. */
static xmlNode *
add_with (xmlNode    *parent,
          const char *name,
          const char *attribute,
          const char *value)
{
  xmlNode *node = add (parent, name);

  set (node, attribute, value);
  return node;
}

/* Adds an element with text, if there is any. */
static xmlNode *
add_text (xmlNode    *parent,
          const char *name,
          const char *text)
{
  g_autofree char *legal = NULL;

  if (text == NULL)
    return NULL;

  legal = gh_xml_dup_legal_text (text);
  return xmlNewTextChild (parent, NULL, BAD_CAST name, BAD_CAST legal);
}

static xmlNode *
add_number (xmlNode    *parent,
            const char *name,
            guint64     value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

  return add_text (parent, name, text);
}

static xmlDoc *
new_doc (const char *root)
{
  xmlDoc *doc = xmlNewDoc (BAD_CAST "1.0");

  doc->encoding = xmlStrdup (BAD_CAST "UTF-8");
  xmlDocSetRootElement (doc, xmlNewDocNode (doc, NULL, BAD_CAST root, NULL));
  return doc;
}

/* Indented, without an XML declaration, as libvirt writes its own. Frees @doc. */
static char *
end_doc (xmlDoc *doc)
{
  xmlBuffer *buffer = xmlBufferCreate ();
  char *text = NULL;

  xmlNodeDump (buffer, doc, xmlDocGetRootElement (doc), 0, 1);
  text = g_strconcat ((const char *) xmlBufferContent (buffer), "\n", NULL);
  xmlBufferFree (buffer);
  xmlFreeDoc (doc);
  return text;
}

/* What the spec says, in words the code below uses more than once */

static gboolean
is (const char *value,
    const char *other)
{
  return g_strcmp0 (value, other) == 0;
}

static gboolean
is_x86 (const GhMachineSpec *self)
{
  return is (self->arch, "x86_64") || is (self->arch, "i686");
}

static gboolean
is_qemu (const GhMachineSpec *self)
{
  return is (self->virt_type, "kvm") || is (self->virt_type, "qemu");
}

static gboolean
is_q35 (const GhMachineSpec *self)
{
  return self->machine != NULL && strstr (self->machine, "q35") != NULL;
}

static gboolean
is_pcie (const GhMachineSpec *self)
{
  return is_q35 (self) ||
         (is (self->arch, "aarch64") && self->machine != NULL &&
          g_str_has_prefix (self->machine, "virt"));
}

/* Parts of the document */

static void
add_metadata (const GhMachineSpec *self,
              xmlNode             *domain)
{
  xmlNode *root = NULL;
  xmlNs *namespace = NULL;
  xmlNode *os = NULL;

  if (self->os_id == NULL)
    return;

  root = add (add (domain, "metadata"), "libosinfo");
  namespace = xmlNewNs (root, BAD_CAST LIBOSINFO_NAMESPACE, BAD_CAST "libosinfo");
  xmlSetNs (root, namespace);
  os = xmlNewChild (root, namespace, BAD_CAST "os", NULL);
  set (os, "id", self->os_id);
}

static void
add_os (const GhMachineSpec *self,
        xmlNode             *domain)
{
  xmlNode *os = add (domain, "os");
  xmlNode *type = NULL;
  xmlNode *firmware = NULL;
  gboolean secure = self->firmware == GH_FIRMWARE_UEFI_SECURE;
  static const char *const features[] = { "enrolled-keys", "secure-boot" };

  if (self->firmware != GH_FIRMWARE_BIOS)
    set (os, "firmware", "efi");
  type = add_text (os, "type", "hvm");
  set (type, "arch", self->arch);
  set (type, "machine", self->machine);

  /* Always both, in so many words: left to choose, libvirt takes the first firmware of the
   * distribution's list, which on Debian has Secure Boot on. */
  if (self->firmware != GH_FIRMWARE_BIOS)
    {
      firmware = add (os, "firmware");
      for (guint i = 0; i < G_N_ELEMENTS (features); i++)
        set (add_with (firmware, "feature", "enabled", secure ? "yes" : "no"), "name", features[i]);
    }

  add_text (os, "kernel", self->kernel);
  add_text (os, "initrd", self->initrd);
  add_text (os, "cmdline", self->cmdline);
}

static void
add_hyperv (xmlNode *features)
{
  static const char *const names[] = {
    "relaxed", "vapic", "spinlocks", "vpindex", "runtime", "synic", "stimer", "frequencies",
    "tlbflush", "ipi",
  };
  xmlNode *hyperv = add_with (features, "hyperv", "mode", "custom");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      xmlNode *feature = add_with (hyperv, names[i], "state", "on");

      if (is (names[i], "spinlocks"))
        set (feature, "retries", "8191");
      else if (is (names[i], "stimer"))
        add_with (feature, "direct", "state", "on");
    }
}

static void
add_features (const GhMachineSpec *self,
              xmlNode             *domain)
{
  xmlNode *features = NULL;

  /* Arm has ACPI only with UEFI; other architectures have neither. */
  if (!is_x86 (self) && !(is (self->arch, "aarch64") && self->firmware != GH_FIRMWARE_BIOS))
    return;

  features = add (domain, "features");
  add (features, "acpi");
  if (!is_x86 (self))
    return;

  add (features, "apic");
  if (self->windows && is (self->virt_type, "kvm"))
    add_hyperv (features);
  if (!is_qemu (self))
    return;
  /* VMware's backdoor: no guest of ours needs it, and its mouse gets in the way of the tablet. */
  add_with (features, "vmport", "state", "off");
  /* The firmware keeps its variables from the guest by means of it. */
  if (self->firmware == GH_FIRMWARE_UEFI_SECURE)
    add_with (features, "smm", "state", "on");
}

static void
add_cpu (const GhMachineSpec *self,
         xmlNode             *domain)
{
  xmlNode *cpu = NULL;
  xmlNode *topology = NULL;
  guint n_cpus = MAX (self->n_cpus, 1);

  if (self->cpu_mode == NULL && !self->windows)
    return;

  cpu = add (domain, "cpu");
  set (cpu, "mode", self->cpu_mode);
  /* Desktop Windows uses at most two sockets, and libvirt's default is a socket per CPU. */
  if (self->windows)
    {
      topology = add_with (cpu, "topology", "sockets", "1");
      set (topology, "dies", "1");
      set_number (topology, "cores", n_cpus);
      set (topology, "threads", "1");
    }
}

static void
add_clock (const GhMachineSpec *self,
           xmlNode             *domain)
{
  xmlNode *clock = add_with (domain, "clock", "offset", self->windows ? "localtime" : "utc");

  if (!is_x86 (self) || !is_qemu (self))
    return;

  set (add_with (clock, "timer", "name", "rtc"), "tickpolicy", "catchup");
  set (add_with (clock, "timer", "name", "pit"), "tickpolicy", "delay");
  set (add_with (clock, "timer", "name", "hpet"), "present", "no");
  if (self->windows && is (self->virt_type, "kvm"))
    set (add_with (clock, "timer", "name", "hypervclock"), "present", "yes");
}

/* A guest that sleeps in QEMU is hard to wake, so it is not offered to. */
static void
add_power (const GhMachineSpec *self,
           xmlNode             *domain)
{
  xmlNode *pm = NULL;

  if (!is_x86 (self) || !is_qemu (self))
    return;

  pm = add (domain, "pm");
  add_with (pm, "suspend-to-mem", "enabled", "no");
  add_with (pm, "suspend-to-disk", "enabled", "no");
}

/* "vda", "sdb": the next free name on a bus; SATA, SCSI and USB share theirs. */
static char *
dup_target (const char *bus,
            guint      *n_virtio,
            guint      *n_sd,
            guint      *n_hd)
{
  if (is (bus, "virtio"))
    return g_strdup_printf ("vd%c", 'a' + (char) (*n_virtio)++);
  if (is (bus, "ide"))
    return g_strdup_printf ("hd%c", 'a' + (char) (*n_hd)++);
  return g_strdup_printf ("sd%c", 'a' + (char) (*n_sd)++);
}

static xmlNode *
add_disk (xmlNode    *devices,
          const char *device,
          const char *path,
          const char *format,
          const char *bus,
          const char *target)
{
  gboolean is_block = g_str_has_prefix (path, "/dev/") && !g_str_has_prefix (path, "/dev/shm/");
  xmlNode *disk = add_with (devices, "disk", "type", is_block ? "block" : "file");
  xmlNode *driver = NULL;

  set (disk, "device", device);
  driver = add_with (disk, "driver", "name", "qemu");
  /* Never left to be guessed: a guest could write another format's header into its raw disk. */
  set (driver, "type", format != NULL ? format : "raw");
  add_with (disk, "source", is_block ? "dev" : "file", path);
  set (add_with (disk, "target", "dev", target), "bus", bus);
  return disk;
}

static void
add_disks (const GhMachineSpec *self,
           xmlNode             *devices)
{
  guint n_virtio = 0;
  guint n_sd = 0;
  guint n_hd = 0;
  guint order = 0;
  xmlNode *disk = NULL;

  /* The disk comes before the CD: SeaBIOS goes on to the next device when a disk has no boot
   * signature, and OVMF when it has no boot loader. So an empty disk means the CD is booted, and
   * once the system is installed it starts from the disk with the CD still in. */
  if (self->disk_path != NULL)
    {
      g_autofree char *target = dup_target (self->disk_bus, &n_virtio, &n_sd, &n_hd);

      disk = add_disk (devices, "disk", self->disk_path, self->disk_format,
                       self->disk_bus != NULL ? self->disk_bus : "sata", target);
      if (self->disk_discard)
        set (gh_xml_node_get_child (disk, "driver"), "discard", "unmap");
      set_number (add (disk, "boot"), "order", ++order);
      if (self->disk_readonly)
        add (disk, "readonly");
    }
  if (self->cdrom_path != NULL)
    {
      g_autofree char *target = dup_target (self->cdrom_bus, &n_virtio, &n_sd, &n_hd);

      disk = add_disk (devices, "cdrom", self->cdrom_path, "raw",
                       self->cdrom_bus != NULL ? self->cdrom_bus : "sata", target);
      set_number (add (disk, "boot"), "order", ++order);
      add (disk, "readonly");
    }
}

static void
add_controllers (const GhMachineSpec *self,
                 xmlNode             *devices)
{
  xmlNode *usb = NULL;

  if (is (self->disk_bus, "scsi") || is (self->cdrom_bus, "scsi"))
    set (add_with (devices, "controller", "type", "scsi"), "model", "virtio-scsi");
  usb = add_with (devices, "controller", "type", "usb");
  set (usb, "model", self->usb ? "qemu-xhci" : "none");
  if (self->usb)
    set (usb, "ports", N_USB_PORTS);
  if (!is_pcie (self))
    return;

  set (add_with (devices, "controller", "type", "pci"), "model", "pcie-root");
  for (guint i = 0; i < N_ROOT_PORTS; i++)
    set (add_with (devices, "controller", "type", "pci"), "model", "pcie-root-port");
}

static void
add_nic (const GhMachineSpec *self,
         xmlNode             *devices)
{
  xmlNode *nic = NULL;

  if (self->nic_type == NULL)
    return;

  nic = add_with (devices, "interface", "type", self->nic_type);
  if (self->nic_source != NULL && !is (self->nic_type, "user"))
    add_with (nic, "source", is (self->nic_type, "direct") ? "dev" : self->nic_type,
              self->nic_source);
  if (self->nic_model != NULL)
    add_with (nic, "model", "type", self->nic_model);
  /* Nothing else to boot from; libvirt lets the firmware try only what has a number. */
  if (self->disk_path == NULL && self->cdrom_path == NULL && self->kernel == NULL)
    set_number (add (nic, "boot"), "order", 1);
}

static void
add_channels (const GhMachineSpec *self,
              xmlNode             *devices)
{
  xmlNode *channel = NULL;
  xmlNode *target = NULL;

  if (self->serial)
    add_with (devices, "serial", "type", "pty");
  if (self->agent_channel)
    {
      channel = add_with (devices, "channel", "type", "unix");
      add_with (channel, "source", "mode", "bind");
      target = add_with (channel, "target", "type", "virtio");
      set (target, "name", "org.qemu.guest_agent.0");
    }
  if (is (self->graphics, "spice"))
    {
      channel = add_with (devices, "channel", "type", "spicevmc");
      target = add_with (channel, "target", "type", "virtio");
      set (target, "name", "com.redhat.spice.0");
    }
}

static void
add_graphics (const GhMachineSpec *self,
              xmlNode             *devices)
{
  xmlNode *graphics = NULL;
  xmlNode *listen = NULL;

  if (self->graphics == NULL)
    return;

  graphics = add_with (devices, "graphics", "type", self->graphics);
  if (!self->graphics_local)
    {
      set (graphics, "port", "-1");
      set (graphics, "autoport", "yes");
    }
  listen = add_with (graphics, "listen", "type", self->graphics_local ? "none" : "address");
  if (!self->graphics_local)
    set (listen, "address", "127.0.0.1");
  if (!is (self->graphics, "spice"))
    return;

  /* Over a local socket compressing costs more than it saves. */
  if (self->graphics_local)
    add_with (graphics, "image", "compression", "off");
  if (!self->clipboard)
    add_with (graphics, "clipboard", "copypaste", "no");
}

static void
add_devices (const GhMachineSpec *self,
             xmlNode             *domain)
{
  xmlNode *devices = add (domain, "devices");
  xmlNode *node = NULL;

  add_text (devices, "emulator", self->emulator);
  add_disks (self, devices);
  add_controllers (self, devices);
  add_nic (self, devices);
  add_channels (self, devices);
  if (self->tablet)
    set (add_with (devices, "input", "type", "tablet"), "bus", self->usb ? "usb" : "virtio");
  /* PCs have a PS/2 keyboard of their own. */
  if (self->graphics != NULL && !is_x86 (self))
    set (add_with (devices, "input", "type", "keyboard"), "bus", self->usb ? "usb" : "virtio");
  if (self->tpm)
    {
      node = add_with (devices, "tpm", "model", is_x86 (self) ? "tpm-crb" : "tpm-tis");
      set (add_with (node, "backend", "type", "emulator"), "version", "2.0");
    }
  add_graphics (self, devices);
  if (self->sound && self->graphics != NULL)
    add_with (devices, "sound", "model", is_q35 (self) ? "ich9" : "ich6");
  if (self->video_model != NULL && self->graphics != NULL)
    add_with (add (devices, "video"), "model", "type", self->video_model);
  if (self->usb && is (self->graphics, "spice"))
    for (guint i = 0; i < N_USB_REDIRECTIONS; i++)
      set (add_with (devices, "redirdev", "bus", "usb"), "type", "spicevmc");
  add_with (devices, "memballoon", "model", self->balloon ? "virtio" : "none");
  if (self->rng)
    {
      node = add_with (devices, "rng", "model", "virtio");
      set (add_text (node, "backend", "/dev/urandom"), "model", "random");
    }
}

/**
 * gh_machine_spec_new:
 *
 * Returns: (transfer full): a spec in which nothing is set
 */
GhMachineSpec *
gh_machine_spec_new (void)
{
  return g_new0 (GhMachineSpec, 1);
}

/**
 * gh_machine_spec_copy:
 * @self: a spec
 *
 * Returns: (transfer full): one with the same values
 */
GhMachineSpec *
gh_machine_spec_copy (const GhMachineSpec *self)
{
  GhMachineSpec *copy = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  copy = gh_machine_spec_new ();
  *copy = *self;
  copy->name = g_strdup (self->name);
  copy->uuid = g_strdup (self->uuid);
  copy->title = g_strdup (self->title);
  copy->os_id = g_strdup (self->os_id);
  copy->virt_type = g_strdup (self->virt_type);
  copy->arch = g_strdup (self->arch);
  copy->emulator = g_strdup (self->emulator);
  copy->machine = g_strdup (self->machine);
  copy->cpu_mode = g_strdup (self->cpu_mode);
  copy->kernel = g_strdup (self->kernel);
  copy->initrd = g_strdup (self->initrd);
  copy->cmdline = g_strdup (self->cmdline);
  copy->disk_path = g_strdup (self->disk_path);
  copy->disk_format = g_strdup (self->disk_format);
  copy->disk_bus = g_strdup (self->disk_bus);
  copy->cdrom_path = g_strdup (self->cdrom_path);
  copy->cdrom_bus = g_strdup (self->cdrom_bus);
  copy->nic_type = g_strdup (self->nic_type);
  copy->nic_source = g_strdup (self->nic_source);
  copy->nic_model = g_strdup (self->nic_model);
  copy->graphics = g_strdup (self->graphics);
  copy->video_model = g_strdup (self->video_model);
  return copy;
}

/**
 * gh_machine_spec_free:
 * @self: (transfer full) (nullable): a spec
 */
void
gh_machine_spec_free (GhMachineSpec *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->uuid);
  g_free (self->title);
  g_free (self->os_id);
  g_free (self->virt_type);
  g_free (self->arch);
  g_free (self->emulator);
  g_free (self->machine);
  g_free (self->cpu_mode);
  g_free (self->kernel);
  g_free (self->initrd);
  g_free (self->cmdline);
  g_free (self->disk_path);
  g_free (self->disk_format);
  g_free (self->disk_bus);
  g_free (self->cdrom_path);
  g_free (self->cdrom_bus);
  g_free (self->nic_type);
  g_free (self->nic_source);
  g_free (self->nic_model);
  g_free (self->graphics);
  g_free (self->video_model);
  g_free (self);
}

/**
 * gh_machine_spec_to_xml:
 * @self: a spec, with name, UUID, virtualization type, architecture and memory set
 *
 * Returns: (transfer full): its first definition
 */
GhDomainXml *
gh_machine_spec_to_xml (const GhMachineSpec *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  GhDomainXml *xml = NULL;
  xmlDoc *doc = NULL;
  xmlNode *domain = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (self->name != NULL, NULL);
  g_return_val_if_fail (self->virt_type != NULL, NULL);

  doc = new_doc ("domain");
  domain = xmlDocGetRootElement (doc);
  set (domain, "type", self->virt_type);
  add_text (domain, "name", self->name);
  add_text (domain, "uuid", self->uuid);
  add_text (domain, "title", self->title);
  add_metadata (self, domain);
  set (add_number (domain, "memory", self->memory_kib), "unit", "KiB");
  add_number (domain, "vcpu", MAX (self->n_cpus, 1));
  add_os (self, domain);
  add_features (self, domain);
  add_cpu (self, domain);
  add_clock (self, domain);
  add_power (self, domain);
  add_devices (self, domain);

  text = end_doc (doc);
  xml = gh_domain_xml_new_from_string (text, &error);
  if (xml == NULL)
    g_error ("What was written cannot be read: %s", error->message);
  return xml;
}

/**
 * gh_pool_xml_new_dir:
 * @name: its name
 * @uuid: (nullable): its UUID, or %NULL to let libvirt choose
 * @path: the folder
 *
 * Returns: (transfer full): XML of a storage pool
 */
char *
gh_pool_xml_new_dir (const char *name,
                     const char *uuid,
                     const char *path)
{
  xmlDoc *doc = NULL;
  xmlNode *pool = NULL;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  doc = new_doc ("pool");
  pool = xmlDocGetRootElement (doc);
  set (pool, "type", "dir");
  add_text (pool, "name", name);
  add_text (pool, "uuid", uuid);
  add_text (add (pool, "target"), "path", path);
  return end_doc (doc);
}

/**
 * gh_volume_xml_new:
 * @name: its name, which in a folder is that of the file
 * @format: "qcow2", "raw" …
 * @capacity: its size in bytes; 0 for that of the backing file
 * @backing_path: (nullable): the file it is an overlay of
 * @backing_format: (nullable): that file's format; to be given with @backing_path, libvirt
 *   would guess
 *
 * Returns: (transfer full): XML of a storage volume that takes up nothing yet
 */
char *
gh_volume_xml_new (const char *name,
                   const char *format,
                   guint64     capacity,
                   const char *backing_path,
                   const char *backing_format)
{
  xmlDoc *doc = NULL;
  xmlNode *volume = NULL;
  xmlNode *target = NULL;
  xmlNode *backing = NULL;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (format != NULL, NULL);

  doc = new_doc ("volume");
  volume = xmlDocGetRootElement (doc);
  add_text (volume, "name", name);
  /* libvirt takes an overlay's from its backing file. */
  if (capacity > 0 || backing_path == NULL)
    set (add_number (volume, "capacity", capacity), "unit", "bytes");
  set (add_number (volume, "allocation", 0), "unit", "bytes");
  target = add (volume, "target");
  add_with (target, "format", "type", format);
  /* Else libvirt makes a qcow2 of version 2, which cannot give back space as zero clusters, nor
   * hold bitmaps for backups. */
  if (is (format, "qcow2"))
    add_text (target, "compat", "1.1");
  if (backing_path != NULL)
    {
      backing = add (volume, "backingStore");
      add_text (backing, "path", backing_path);
      if (backing_format != NULL)
        add_with (backing, "format", "type", backing_format);
    }
  return end_doc (doc);
}

/**
 * gh_volume_xml_new_encrypted:
 * @name: its name in the pool
 * @format: raw or qcow2
 * @capacity: in bytes, of what is in it
 * @secret: UUID of the secret with the passphrase
 *
 * Returns: (transfer full): the document, of a volume encrypted by LUKS
 */
char *
gh_volume_xml_new_encrypted (const char *name,
                             const char *format,
                             guint64     capacity,
                             const char *secret)
{
  xmlDoc *doc = NULL;
  xmlNode *volume = NULL;
  xmlNode *target = NULL;
  xmlNode *encryption = NULL;
  xmlNode *phrase = NULL;

  g_return_val_if_fail (name != NULL && format != NULL && secret != NULL, NULL);

  doc = new_doc ("volume");
  volume = xmlDocGetRootElement (doc);
  add_text (volume, "name", name);
  set (add_number (volume, "capacity", capacity), "unit", "bytes");
  set (add_number (volume, "allocation", 0), "unit", "bytes");
  target = add (volume, "target");
  add_with (target, "format", "type", format);
  if (is (format, "qcow2"))
    add_text (target, "compat", "1.1");
  encryption = add (target, "encryption");
  set (encryption, "format", "luks");
  phrase = add (encryption, "secret");
  set (phrase, "type", "passphrase");
  set (phrase, "uuid", secret);
  return end_doc (doc);
}

/**
 * gh_volume_xml_new_device:
 * @name: its name in the pool
 * @capacity: in bytes
 *
 * A volume of a pool whose volumes are devices: it takes all its space at once, and has
 * no format. libvirt would make a small snapshot of nothing of a logical volume that
 * takes less, which is invalid as soon as more has been written to it.
 *
 * Returns: (transfer full): the document
 */
char *
gh_volume_xml_new_device (const char *name,
                          guint64     capacity)
{
  xmlDoc *doc = NULL;
  xmlNode *volume = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  doc = new_doc ("volume");
  volume = xmlDocGetRootElement (doc);
  add_text (volume, "name", name);
  set (add_number (volume, "capacity", capacity), "unit", "bytes");
  return end_doc (doc);
}
