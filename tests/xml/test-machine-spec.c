/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What is written for new machines, checked against libvirt's own schemas where they are installed.
 * With GH_TEST_KEEP_DIR the documents are kept there, for virsh to define. */

#include "config.h"

#include "gh-machine-spec.h"

#include <string.h>

#include <libxml/parser.h>
#include <libxml/relaxng.h>

#define SCHEMAS "/usr/share/libvirt/schemas"

typedef void (*ChangeFunc) (GhMachineSpec *spec);

static void
set (char      **field,
     const char *value)
{
  g_free (*field);
  *field = g_strdup (value);
}

/* A machine as the create plan fills it in on a session host without KVM. */
static GhMachineSpec *
new_spec (void)
{
  GhMachineSpec *spec = gh_machine_spec_new ();

  spec->name = g_strdup ("web-1");
  spec->uuid = g_strdup ("5f9a7e1c-3a52-4b8e-9f63-3f4f6c1d9a01");
  spec->title = g_strdup ("The web server");
  spec->os_id = g_strdup ("http://debian.org/debian/12");
  spec->virt_type = g_strdup ("qemu");
  spec->arch = g_strdup ("x86_64");
  spec->emulator = g_strdup ("/usr/bin/qemu-system-x86_64");
  spec->machine = g_strdup ("pc-q35-7.2");
  spec->memory_kib = 512 * 1024;
  spec->n_cpus = 2;
  spec->cpu_mode = g_strdup ("maximum");
  spec->disk_path = g_strdup ("/var/lib/libvirt/images/web-1.qcow2");
  spec->disk_format = g_strdup ("qcow2");
  spec->disk_bus = g_strdup ("virtio");
  spec->disk_discard = TRUE;
  spec->cdrom_path = g_strdup ("/srv/iso/debian.iso");
  spec->cdrom_bus = g_strdup ("sata");
  spec->nic_type = g_strdup ("user");
  spec->nic_model = g_strdup ("virtio");
  spec->graphics = g_strdup ("spice");
  spec->graphics_local = TRUE;
  spec->video_model = g_strdup ("virtio");
  spec->sound = TRUE;
  spec->tablet = TRUE;
  spec->rng = TRUE;
  spec->balloon = TRUE;
  spec->agent_channel = TRUE;
  spec->serial = TRUE;
  spec->usb = TRUE;
  return spec;
}

static void
change_nothing (GhMachineSpec *spec)
{
}

static void
change_uefi (GhMachineSpec *spec)
{
  spec->firmware = GH_FIRMWARE_UEFI;
}

static void
change_uefi_secure (GhMachineSpec *spec)
{
  spec->firmware = GH_FIRMWARE_UEFI_SECURE;
  spec->tpm = TRUE;
}

static void
change_windows (GhMachineSpec *spec)
{
  spec->firmware = GH_FIRMWARE_UEFI_SECURE;
  spec->tpm = TRUE;
  spec->windows = TRUE;
  set (&spec->disk_bus, "sata");
  set (&spec->nic_model, "e1000e");
  set (&spec->video_model, "vga");
}

static void
change_windows_kvm (GhMachineSpec *spec)
{
  change_windows (spec);
  set (&spec->virt_type, "kvm");
  set (&spec->cpu_mode, "host-passthrough");
}

static void
change_kernel (GhMachineSpec *spec)
{
  set (&spec->kernel, "/boot/vmlinuz");
  set (&spec->initrd, "/boot/initrd.img");
  set (&spec->cmdline, "console=tty0 console=ttyS0 quiet & <more>");
  set (&spec->disk_path, NULL);
  set (&spec->cdrom_path, NULL);
}

static void
change_no_disk (GhMachineSpec *spec)
{
  set (&spec->disk_path, NULL);
  set (&spec->cdrom_path, NULL);
}

static void
change_vnc (GhMachineSpec *spec)
{
  set (&spec->graphics, "vnc");
  spec->graphics_local = FALSE;
}

static void
change_vnc_local (GhMachineSpec *spec)
{
  set (&spec->graphics, "vnc");
}

static void
change_spice_remote (GhMachineSpec *spec)
{
  spec->graphics_local = FALSE;
  spec->clipboard = TRUE;
}

static void
change_bare (GhMachineSpec *spec)
{
  set (&spec->title, NULL);
  set (&spec->os_id, NULL);
  set (&spec->emulator, NULL);
  set (&spec->machine, NULL);
  set (&spec->cpu_mode, NULL);
  set (&spec->nic_type, NULL);
  set (&spec->graphics, NULL);
  spec->tablet = FALSE;
  spec->rng = FALSE;
  spec->balloon = FALSE;
  spec->agent_channel = FALSE;
  spec->serial = FALSE;
  spec->usb = FALSE;
  change_no_disk (spec);
}

static void
change_old (GhMachineSpec *spec)
{
  set (&spec->machine, "pc-i440fx-7.2");
  set (&spec->disk_bus, "ide");
  set (&spec->cdrom_bus, "ide");
  set (&spec->nic_model, "e1000");
  set (&spec->video_model, "qxl");
}

static void
change_network (GhMachineSpec *spec)
{
  set (&spec->nic_type, "network");
  set (&spec->nic_source, "default");
  set (&spec->disk_path, "/dev/mapper/vg-web");
  set (&spec->disk_format, "raw");
  set (&spec->disk_bus, "scsi");
  spec->usb = FALSE;
}

static void
change_bridge (GhMachineSpec *spec)
{
  set (&spec->nic_type, "bridge");
  set (&spec->nic_source, "br0");
  spec->disk_readonly = TRUE;
}

static void
change_test (GhMachineSpec *spec)
{
  set (&spec->virt_type, "test");
  set (&spec->arch, "i686");
  set (&spec->emulator, NULL);
  set (&spec->machine, NULL);
  set (&spec->cpu_mode, NULL);
  set (&spec->nic_type, "network");
  set (&spec->nic_source, "default");
}

static void
change_name (GhMachineSpec *spec)
{
  set (&spec->name, "a<b>&'\"x ü 🐧");
  set (&spec->title, "<i>A</i> & 'B' \"C\" ]]>");
  set (&spec->disk_path, "/srv/a<b>&'\"x ü/ disk.qcow2");
}

static void
change_long_name (GhMachineSpec *spec)
{
  g_free (spec->name);
  spec->name = g_strnfill (255, '&');
}

static const struct
{
  const char *name;
  ChangeFunc  change;
} variants[] = {
  { "bios", change_nothing },
  { "uefi", change_uefi },
  { "uefi-secure", change_uefi_secure },
  { "windows", change_windows },
  { "windows-kvm", change_windows_kvm },
  { "kernel", change_kernel },
  { "no-disk", change_no_disk },
  { "vnc", change_vnc },
  { "vnc-local", change_vnc_local },
  { "spice-remote", change_spice_remote },
  { "bare", change_bare },
  { "old", change_old },
  { "network", change_network },
  { "bridge", change_bridge },
  { "test", change_test },
  { "name", change_name },
  { "long-name", change_long_name },
};

static GhDomainXml *
make (ChangeFunc change)
{
  g_autoptr (GhMachineSpec) spec = new_spec ();

  change (spec);
  return gh_machine_spec_to_xml (spec);
}

static void
assert_text (GhDomainXml *xml,
             const char  *xpath,
             const char  *expected)
{
  g_autofree char *text = gh_domain_xml_dup_text (xml, xpath);

  g_assert_cmpstr (text, ==, expected);
}

static void
schema_error_cb (void        *user_data,
                 xmlErrorPtr  error)
{
  g_test_message ("%d: %s", error->line, error->message);
}

static void
assert_valid (const char *schema,
              const char *text)
{
  g_autofree char *path = g_build_filename (SCHEMAS, schema, NULL);
  xmlRelaxNGParserCtxt *parser = NULL;
  xmlRelaxNG *relaxng = NULL;
  xmlRelaxNGValidCtxt *context = NULL;
  xmlDoc *doc = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("libvirt's schemas are not installed");
      return;
    }

  doc = xmlReadMemory (text, (int) strlen (text), NULL, NULL, XML_PARSE_NONET);
  g_assert_nonnull (doc);
  parser = xmlRelaxNGNewParserCtxt (path);
  relaxng = xmlRelaxNGParse (parser);
  g_assert_nonnull (relaxng);
  context = xmlRelaxNGNewValidCtxt (relaxng);
  xmlRelaxNGSetValidStructuredErrors (context, schema_error_cb, NULL);
  g_assert_cmpint (xmlRelaxNGValidateDoc (context, doc), ==, 0);
  xmlRelaxNGFreeValidCtxt (context);
  xmlRelaxNGFree (relaxng);
  xmlRelaxNGFreeParserCtxt (parser);
  xmlFreeDoc (doc);
}

static void
test_schema (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GhDomainXml) xml = make (variants[i].change);
  g_autofree char *text = gh_domain_xml_to_string (xml);
  const char *keep = g_getenv ("GH_TEST_KEEP_DIR");

  if (keep != NULL)
    {
      g_autofree char *file = g_strconcat (variants[i].name, ".xml", NULL);
      g_autofree char *path = g_build_filename (keep, file, NULL);

      g_assert_true (g_file_set_contents (path, text, -1, NULL));
    }
  assert_valid ("domain.rng", text);
}

static void
assert_count (GhDomainXml *xml,
              const char  *piece,
              guint        expected)
{
  g_autofree char *text = gh_domain_xml_to_string (xml);
  g_auto (GStrv) parts = g_strsplit (text, piece, -1);

  g_assert_cmpuint (g_strv_length (parts) - 1, ==, expected);
}

static void
test_fields (void)
{
  g_autoptr (GhDomainXml) xml = make (change_nothing);
  g_autofree char *name = gh_domain_xml_dup_name (xml);
  g_autofree char *title = gh_domain_xml_dup_title (xml);
  g_autofree char *os_id = gh_domain_xml_dup_os_id (xml);
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);
  const GhDiskXml *disk = g_ptr_array_index (disks, 0);
  const GhDiskXml *cdrom = g_ptr_array_index (disks, 1);

  g_assert_cmpstr (name, ==, "web-1");
  g_assert_cmpstr (title, ==, "The web server");
  g_assert_cmpstr (os_id, ==, "http://debian.org/debian/12");
  g_assert_cmpuint (gh_domain_xml_get_memory_kib (xml), ==, 512 * 1024);
  g_assert_cmpuint (gh_domain_xml_get_n_cpus (xml), ==, 2);
  g_assert_cmpint (gh_domain_xml_get_firmware (xml), ==, GH_FIRMWARE_BIOS);
  g_assert_false (gh_domain_xml_has_tpm (xml));
  g_assert_cmpstr (disk->target, ==, "vda");
  g_assert_cmpstr (disk->format, ==, "qcow2");
  g_assert_cmpstr (disk->source, ==, "/var/lib/libvirt/images/web-1.qcow2");
  g_assert_cmpstr (cdrom->target, ==, "sda");
  g_assert_cmpstr (cdrom->format, ==, "raw");
  g_assert_true (cdrom->readonly);
  assert_text (xml, "devices/disk[1]/driver/@discard", "unmap");
  assert_text (xml, "devices/disk[1]/boot/@order", "1");
  assert_text (xml, "devices/disk[2]/boot/@order", "2");
  assert_text (xml, "devices/interface/boot/@order", NULL);
  assert_text (xml, "cpu/@mode", "maximum");
  assert_text (xml, "clock/@offset", "utc");
  assert_text (xml, "devices/rng/backend", "/dev/urandom");
  assert_count (xml, "<redirdev", 2);
  assert_count (xml, "<hyperv", 0);
  assert_count (xml, "pcie-root-port", 14);
}

/* Left to itself, libvirt takes whatever firmware comes first. */
static void
test_firmware (void)
{
  g_autoptr (GhDomainXml) plain = make (change_uefi);
  g_autoptr (GhDomainXml) secure = make (change_uefi_secure);

  assert_text (plain, "os/@firmware", "efi");
  assert_text (plain, "os/firmware/feature[@name='secure-boot']/@enabled", "no");
  assert_text (plain, "os/firmware/feature[@name='enrolled-keys']/@enabled", "no");
  assert_text (plain, "features/smm/@state", NULL);
  g_assert_cmpint (gh_domain_xml_get_firmware (plain), ==, GH_FIRMWARE_UEFI);

  assert_text (secure, "os/firmware/feature[@name='secure-boot']/@enabled", "yes");
  assert_text (secure, "os/firmware/feature[@name='enrolled-keys']/@enabled", "yes");
  assert_text (secure, "features/smm/@state", "on");
  assert_text (secure, "devices/tpm/@model", "tpm-crb");
  assert_text (secure, "devices/tpm/backend/@version", "2.0");
  g_assert_cmpint (gh_domain_xml_get_firmware (secure), ==, GH_FIRMWARE_UEFI_SECURE);
}

static void
test_windows (void)
{
  g_autoptr (GhDomainXml) emulated = make (change_windows);
  g_autoptr (GhDomainXml) kvm = make (change_windows_kvm);

  assert_text (emulated, "clock/@offset", "localtime");
  assert_text (emulated, "cpu/topology/@cores", "2");
  assert_text (emulated, "features/hyperv/@mode", NULL);
  assert_text (emulated, "clock/timer[@name='hypervclock']/@present", NULL);
  assert_text (kvm, "features/hyperv/spinlocks/@retries", "8191");
  assert_text (kvm, "features/hyperv/stimer/direct/@state", "on");
  assert_text (kvm, "clock/timer[@name='hypervclock']/@present", "yes");
  assert_text (kvm, "clock/timer[@name='rtc']/@tickpolicy", "catchup");
  assert_text (kvm, "clock/timer[@name='pit']/@tickpolicy", "delay");
  assert_text (kvm, "clock/timer[@name='hpet']/@present", "no");
}

/* No port is opened, and the guest does not get the clipboard, unless it was asked for. */
static void
test_display (void)
{
  g_autoptr (GhDomainXml) local = make (change_nothing);
  g_autoptr (GhDomainXml) remote = make (change_spice_remote);
  g_autoptr (GhDomainXml) vnc = make (change_vnc);
  g_autoptr (GhDomainXml) none = make (change_bare);

  assert_text (local, "devices/graphics/listen/@type", "none");
  assert_text (local, "devices/graphics/@autoport", NULL);
  assert_text (local, "devices/graphics/clipboard/@copypaste", "no");
  assert_text (local, "devices/graphics/image/@compression", "off");
  assert_text (local, "devices/channel[@type='spicevmc']/target/@name", "com.redhat.spice.0");
  assert_text (remote, "devices/graphics/listen/@address", "127.0.0.1");
  assert_text (remote, "devices/graphics/clipboard/@copypaste", NULL);
  assert_text (remote, "devices/graphics/image/@compression", NULL);
  assert_text (vnc, "devices/graphics/@type", "vnc");
  assert_count (vnc, "spice", 0);
  assert_count (none, "<graphics", 0);
  assert_count (none, "<sound", 0);
  assert_text (none, "devices/memballoon/@model", "none");
}

static void
test_boot (void)
{
  g_autoptr (GhDomainXml) kernel = make (change_kernel);
  g_autoptr (GhDomainXml) nothing = make (change_no_disk);
  g_autoptr (GhDomainXml) old = make (change_old);

  assert_text (kernel, "os/cmdline", "console=tty0 console=ttyS0 quiet & <more>");
  assert_text (kernel, "os/kernel", "/boot/vmlinuz");
  assert_text (kernel, "devices/interface/boot/@order", NULL);
  assert_text (nothing, "devices/interface/boot/@order", "1");
  assert_text (old, "devices/disk[1]/target/@dev", "hda");
  assert_text (old, "devices/disk[2]/target/@dev", "hdb");
  assert_text (old, "devices/sound/@model", "ich6");
  assert_count (old, "pcie", 0);
}

static void
test_block_device (void)
{
  g_autoptr (GhDomainXml) xml = make (change_network);

  assert_text (xml, "devices/disk[1]/@type", "block");
  assert_text (xml, "devices/disk[1]/source/@dev", "/dev/mapper/vg-web");
  assert_text (xml, "devices/disk[1]/target/@dev", "sda");
  assert_text (xml, "devices/disk[2]/target/@dev", "sdb");
  assert_text (xml, "devices/interface/source/@network", "default");
  assert_text (xml, "devices/input/@bus", "virtio");
}

static void
test_odd_names (void)
{
  g_autoptr (GhDomainXml) odd = make (change_name);
  g_autoptr (GhDomainXml) long_name = make (change_long_name);
  g_autofree char *all_ands = g_strnfill (255, '&');

  assert_text (odd, "name", "a<b>&'\"x ü 🐧");
  assert_text (odd, "title", "<i>A</i> & 'B' \"C\" ]]>");
  assert_text (odd, "devices/disk[1]/source/@file", "/srv/a<b>&'\"x ü/ disk.qcow2");
  assert_text (long_name, "name", all_ands);
}

static void
test_copy (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      g_autoptr (GhMachineSpec) spec = new_spec ();
      g_autoptr (GhMachineSpec) copy = NULL;
      g_autoptr (GhDomainXml) first = NULL;
      g_autoptr (GhDomainXml) second = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      variants[i].change (spec);
      first = gh_machine_spec_to_xml (spec);
      copy = gh_machine_spec_copy (spec);
      g_clear_pointer (&spec, gh_machine_spec_free);
      second = gh_machine_spec_to_xml (copy);
      before = gh_domain_xml_to_string (first);
      after = gh_domain_xml_to_string (second);
      g_assert_cmpstr (before, ==, after);
    }
}

static void
test_pool (void)
{
  g_autofree char *pool = gh_pool_xml_new_dir ("a<b>", "5f9a7e1c-3a52-4b8e-9f63-3f4f6c1d9a01",
                                               "/srv/a & b");
  g_autofree char *without = gh_pool_xml_new_dir ("images", NULL, "/srv/images");

  g_assert_cmpstr (pool, ==,
                   "<pool type=\"dir\">\n"
                   "  <name>a&lt;b&gt;</name>\n"
                   "  <uuid>5f9a7e1c-3a52-4b8e-9f63-3f4f6c1d9a01</uuid>\n"
                   "  <target>\n"
                   "    <path>/srv/a &amp; b</path>\n"
                   "  </target>\n"
                   "</pool>\n");
  g_assert_null (strstr (without, "uuid"));
  assert_valid ("storagepool.rng", without);
}

static void
test_volume (void)
{
  g_autofree char *volume = gh_volume_xml_new ("a&b.qcow2", "qcow2", 21474836480, NULL, NULL);
  g_autofree char *raw = gh_volume_xml_new ("a.img", "raw", 1024, NULL, NULL);
  g_autofree char *overlay = gh_volume_xml_new ("c.qcow2", "qcow2", 0, "/srv/a&b.qcow2", "qcow2");

  g_assert_nonnull (strstr (volume, "<name>a&amp;b.qcow2</name>"));
  g_assert_nonnull (strstr (volume, "<capacity unit=\"bytes\">21474836480</capacity>"));
  g_assert_nonnull (strstr (volume, "<compat>1.1</compat>"));
  g_assert_null (strstr (volume, "backingStore"));
  g_assert_null (strstr (raw, "compat"));
  g_assert_null (strstr (overlay, "capacity"));
  g_assert_nonnull (strstr (overlay, "<path>/srv/a&amp;b.qcow2</path>"));
  assert_valid ("storagevol.rng", volume);
  assert_valid ("storagevol.rng", raw);
  assert_valid ("storagevol.rng", overlay);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      g_autofree char *path = g_strconcat ("/machine-spec/schema/", variants[i].name, NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_schema);
    }
  g_test_add_func ("/machine-spec/fields", test_fields);
  g_test_add_func ("/machine-spec/firmware", test_firmware);
  g_test_add_func ("/machine-spec/windows", test_windows);
  g_test_add_func ("/machine-spec/display", test_display);
  g_test_add_func ("/machine-spec/boot", test_boot);
  g_test_add_func ("/machine-spec/block-device", test_block_device);
  g_test_add_func ("/machine-spec/odd-names", test_odd_names);
  g_test_add_func ("/machine-spec/copy", test_copy);
  g_test_add_func ("/machine-spec/pool", test_pool);
  g_test_add_func ("/machine-spec/volume", test_volume);
  return g_test_run ();
}
