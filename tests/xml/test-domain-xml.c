/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-domain-xml.h"

#include <string.h>

#include "gh-snapshot-xml.h"
#include "xml-test-data.h"

static GhDomainXml *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  GhDomainXml *xml = gh_domain_xml_new_from_string (text, &error);

  g_assert_no_error (error);
  return xml;
}

static GhDomainXml *
read_data (const char *name)
{
  g_autofree char *text = load_data (name);

  return read_text (text);
}

#define assert_dup(call, expected)                    \
  G_STMT_START                                        \
  {                                                   \
    g_autofree char *assert_dup_text = (call);        \
    g_assert_cmpstr (assert_dup_text, ==, (expected)); \
  }                                                   \
  G_STMT_END

static void
test_read (void)
{
  g_autoptr (GhDomainXml) xml = read_data ("odd.xml");

  assert_dup (gh_domain_xml_dup_name (xml), "odd <one> & \"more\" ü");
  assert_dup (gh_domain_xml_dup_title (xml), NULL);
  assert_dup (gh_domain_xml_dup_description (xml), "Two\nlines\tand\ttabs ]]>");
  assert_dup (gh_domain_xml_dup_uuid (xml), "F0D1C2B3-0000-4000-8000-00000000ABCD");
  assert_dup (gh_domain_xml_dup_type (xml), "kvm");
  assert_dup (gh_domain_xml_dup_machine (xml), "pc-i440fx-7.2");
  assert_dup (gh_domain_xml_dup_arch (xml), "x86_64");
  assert_dup (gh_domain_xml_dup_os_id (xml), "http://microsoft.com/win/11");
  assert_dup (gh_domain_xml_dup_nvram_path (xml), "/var/lib/libvirt/qemu/nvram/odd_VARS.fd");
  assert_dup (gh_domain_xml_dup_text (xml, "qemu:commandline/qemu:arg/@value"), "-drive");
  assert_dup (gh_domain_xml_dup_text (xml, "metadata/empty"), NULL);
  assert_dup (gh_domain_xml_dup_text (xml, "metadata//empty"), "");
  g_assert_cmpuint (gh_domain_xml_get_memory_kib (xml), ==, 2000000000 / 1024);
  g_assert_cmpuint (gh_domain_xml_get_n_cpus (xml), ==, 3);
  g_assert_cmpint (gh_domain_xml_get_firmware (xml), ==, GH_FIRMWARE_UEFI_SECURE);
  g_assert_true (gh_domain_xml_has_tpm (xml));
}

static void
test_read_nothing (void)
{
  g_autoptr (GhDomainXml) xml = read_text ("<domain><name/><os><nvram/></os></domain>");
  g_auto (GStrv) paths = gh_domain_xml_list_paths (xml);
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);
  g_autoptr (GPtrArray) nics = gh_domain_xml_list_nics (xml);
  g_autoptr (GPtrArray) graphics = gh_domain_xml_list_graphics (xml);
  g_autoptr (GPtrArray) serials = gh_domain_xml_list_serials (xml);

  assert_dup (gh_domain_xml_dup_name (xml), NULL);
  assert_dup (gh_domain_xml_dup_uuid (xml), NULL);
  assert_dup (gh_domain_xml_dup_type (xml), NULL);
  assert_dup (gh_domain_xml_dup_os_id (xml), NULL);
  assert_dup (gh_domain_xml_dup_nvram_path (xml), NULL);
  g_assert_cmpuint (gh_domain_xml_get_memory_kib (xml), ==, 0);
  g_assert_cmpuint (gh_domain_xml_get_n_cpus (xml), ==, 1);
  g_assert_cmpint (gh_domain_xml_get_firmware (xml), ==, GH_FIRMWARE_BIOS);
  g_assert_false (gh_domain_xml_has_tpm (xml));
  g_assert_cmpuint (g_strv_length (paths), ==, 0);
  g_assert_cmpuint (disks->len + nics->len + graphics->len + serials->len, ==, 0);
}

static void
test_memory_units (void)
{
  static const struct
  {
    const char *element;
    guint64     kib;
  } cases[] = {
    { "<memory>1024</memory>", 1024 },
    { "<memory unit='b'>1024</memory>", 1 },
    { "<memory unit='bytes'>1025</memory>", 2 },
    { "<memory unit='byte'>1</memory>", 1 },
    { "<memory unit='KB'>1024</memory>", 1000 },
    { "<memory unit='k'>7</memory>", 7 },
    { "<memory unit='K'>7</memory>", 7 },
    { "<memory unit='KiB'>7</memory>", 7 },
    { "<memory unit='kib'>7</memory>", 7 },
    { "<memory unit='MB'>1024</memory>", 1000000 },
    { "<memory unit='M'>3</memory>", 3072 },
    { "<memory unit='MiB'>3</memory>", 3072 },
    { "<memory unit='GB'>1024</memory>", 1000000000 },
    { "<memory unit='G'>2</memory>", 2097152 },
    { "<memory unit='GiB'>2</memory>", 2097152 },
    { "<memory unit='TB'>1024</memory>", G_GUINT64_CONSTANT (1000000000000) },
    { "<memory unit='T'>1</memory>", 1073741824 },
    { "<memory unit='TiB'>1</memory>", 1073741824 },
    { "<memory unit='PiB'>1</memory>", G_GUINT64_CONSTANT (1099511627776) },
    { "<memory unit='EiB'>1</memory>", G_GUINT64_CONSTANT (1125899906842624) },
    { "<memory unit='MiB'> \n 3\t</memory>", 3072 },
    { "<memory unit='EiB'>16</memory>", 0 },
    { "<memory unit='furlong'>1</memory>", 0 },
    { "<memory unit=''>1</memory>", 0 },
    { "<memory unit='Mi'>1</memory>", 0 },
    { "<memory unit='MiBs'>1</memory>", 0 },
    { "<memory>-1</memory>", 0 },
    { "<memory>1.5</memory>", 0 },
    { "<memory/>", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain>%s</domain>", cases[i].element);
      g_autoptr (GhDomainXml) xml = read_text (text);

      g_test_message ("%s", cases[i].element);
      g_assert_cmpuint (gh_domain_xml_get_memory_kib (xml), ==, cases[i].kib);
    }
}

static void
test_firmware (void)
{
  static const struct
  {
    const char *os;
    GhFirmware  firmware;
  } cases[] = {
    { "<os><type>hvm</type></os>", GH_FIRMWARE_BIOS },
    { "<os firmware='bios'/>", GH_FIRMWARE_BIOS },
    { "<os><loader type='rom'>/x</loader></os>", GH_FIRMWARE_BIOS },
    { "<os firmware='efi'/>", GH_FIRMWARE_UEFI },
    { "<os><loader type='pflash'>/x</loader></os>", GH_FIRMWARE_UEFI },
    { "<os><loader type='pflash' secure='no'>/x</loader></os>", GH_FIRMWARE_UEFI },
    { "<os><loader type='pflash' secure='yes'>/x</loader></os>", GH_FIRMWARE_UEFI_SECURE },
    { "<os firmware='efi'><firmware><feature enabled='yes' name='secure-boot'/></firmware></os>",
      GH_FIRMWARE_UEFI_SECURE },
    { "<os firmware='efi'><firmware><feature enabled='no' name='secure-boot'/></firmware>"
      "<loader type='pflash' secure='yes'>/x</loader></os>",
      GH_FIRMWARE_UEFI },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain>%s</domain>", cases[i].os);
      g_autoptr (GhDomainXml) xml = read_text (text);

      g_test_message ("%s", cases[i].os);
      g_assert_cmpint (gh_domain_xml_get_firmware (xml), ==, cases[i].firmware);
    }
}

static void
test_set_name (void)
{
  g_autofree char *text = load_data ("odd.xml");
  g_autoptr (GhDomainXml) xml = read_text (text);
  g_autofree char *long_name = g_strnfill (255, '"');
  g_autofree char *expected = replace_once (text, "od&#100; &lt;one&gt; &amp; \"more\" ü",
                                            "a&lt;b&gt;&amp;'\"");
  g_autoptr (GhDomainXml) copy = NULL;

  gh_domain_xml_set_name (xml, "a<b>&'\"");
  assert_dup (gh_domain_xml_dup_name (xml), "a<b>&'\"");
  assert_dup (gh_domain_xml_to_string (xml), expected);

  gh_domain_xml_set_name (xml, long_name);
  copy = gh_domain_xml_copy (xml);
  assert_dup (gh_domain_xml_dup_name (copy), long_name);

  gh_domain_xml_set_name (copy, "odd <one> & \"more\" ü");
  assert_dup (gh_domain_xml_dup_name (xml), long_name);
}

static void
test_set_uuid (void)
{
  g_autofree char *text = load_data ("odd.xml");
  g_autoptr (GhDomainXml) xml = read_text (text);
  g_autofree char *first = replace_once (text, "F0D1C2B3-0000-4000-8000-00000000ABCD", "NEW");
  g_autofree char *both = replace_once (first, "f0d1c2b3-0000-4000-8000-00000000abcd", "NEW");

  gh_domain_xml_set_uuid (xml, "NEW");
  assert_dup (gh_domain_xml_to_string (xml), both);
}

static void
test_set_new (void)
{
  g_autoptr (GhDomainXml) xml = read_text ("<domain>\n  <memory>1</memory>\n</domain>");

  gh_domain_xml_set_name (xml, "n");
  gh_domain_xml_set_uuid (xml, "u");
  assert_dup (gh_domain_xml_to_string (xml), "<domain>\n  <name>n</name>\n  <uuid>u</uuid>\n"
                                             "  <memory>1</memory>\n</domain>");
}

static void
test_set_title (void)
{
  g_autofree char *text = load_data ("odd.xml");
  g_autoptr (GhDomainXml) xml = read_text (text);
  g_autofree char *expected = replace_once (text, "ABCD</uuid>\n",
                                            "ABCD</uuid>\n  <title>a&lt;b&gt; c</title>\n");

  gh_domain_xml_set_title (xml, "a<b>\nc");
  assert_dup (gh_domain_xml_dup_title (xml), "a<b> c");
  assert_dup (gh_domain_xml_to_string (xml), expected);
  gh_domain_xml_set_title (xml, "");
  assert_dup (gh_domain_xml_to_string (xml), text);
  gh_domain_xml_set_title (xml, NULL);
  assert_dup (gh_domain_xml_to_string (xml), text);
}

static void
test_remove_secrets (void)
{
  g_autofree char *text = load_data ("odd.xml");
  g_autoptr (GhDomainXml) xml = read_text (text);
  g_autofree char *first = replace_once (text, " passwd='s3cret&apos;'", "");
  g_autofree char *second = replace_once (first, " passwd=\"other\"", "");
  g_autofree char *expected =
    replace_once (second, "\n        <cookies>\n          <cookie name='session'>h1dden</cookie>\n"
                          "        </cookies>", "");
  g_autofree char *written = NULL;

  gh_domain_xml_remove_secrets (xml);
  written = gh_domain_xml_to_string (xml);
  g_assert_cmpstr (written, ==, expected);
  g_assert_null (strstr (written, "s3cret"));
  g_assert_null (strstr (written, "h1dden"));
}

static void
test_disks (void)
{
  g_autoptr (GhDomainXml) xml = read_data ("paths.xml");
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);
  const GhDiskXml *disk = NULL;
  static const struct
  {
    const char *type;
    const char *device;
    const char *target;
    const char *source;
    const char *text;
  } expected[] = {
    { "file", "disk", "vda", "/srv/a/../top.qcow2", "/srv/a/../top.qcow2" },
    { "block", "lun", "sda", "/dev/sdx", "/dev/sdx" },
    { "volume", "disk", "vdb", NULL, "images/vol.img" },
    { "network", "disk", "vdc", NULL, "rbd://mon.example.org:6789/pool/image" },
    { "nvme", "disk", "vdd", NULL, "0000:01:00.0, 2" },
    { "vhostuser", "disk", "vde", NULL, "/run/vhost-blk.sock" },
    { "dir", "floppy", "fda", "/srv/floppy", "/srv/floppy" },
    { "file", "cdrom", "sdb", NULL, NULL },
  };

  g_assert_cmpuint (disks->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < disks->len; i++)
    {
      disk = g_ptr_array_index (disks, i);
      g_assert_cmpstr (disk->type, ==, expected[i].type);
      g_assert_cmpstr (disk->device, ==, expected[i].device);
      g_assert_cmpstr (disk->target, ==, expected[i].target);
      g_assert_cmpstr (disk->source, ==, expected[i].source);
      g_assert_cmpstr (disk->source_text, ==, expected[i].text);
      g_assert_cmpint (disk->readonly, ==, i >= 6);
      g_assert_cmpint (disk->shareable, ==, i == 1);
      g_assert_cmpint (disk->transient, ==, i == 0);
    }

  disk = g_ptr_array_index (disks, 0);
  g_assert_cmpstr (disk->bus, ==, "virtio");
  g_assert_cmpstr (disk->format, ==, "qcow2");
  g_assert_cmpuint (g_strv_length (disk->backing), ==, 3);
  g_assert_cmpstr (disk->backing[0], ==, "/srv/middle.qcow2");
  g_assert_cmpstr (disk->backing[1], ==, "/dev/vg/base");
  g_assert_cmpstr (disk->backing[2], ==, "/srv/deepest.img");
  disk = g_ptr_array_index (disks, 2);
  g_assert_cmpstr (disk->source_pool, ==, "images");
  g_assert_cmpstr (disk->source_volume, ==, "vol.img");
}

static void
test_disk_without_type (void)
{
  g_autoptr (GhDomainXml) xml = read_data ("odd.xml");
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);
  const GhDiskXml *disk = g_ptr_array_index (disks, 0);

  g_assert_cmpuint (disks->len, ==, 2);
  g_assert_cmpstr (disk->type, ==, "file");
  g_assert_cmpstr (disk->device, ==, "cdrom");
  g_assert_null (disk->bus);
  g_assert_null (disk->format);
}

static void
test_nics (void)
{
  g_autoptr (GhDomainXml) xml = read_data ("paths.xml");
  g_autoptr (GPtrArray) nics = gh_domain_xml_list_nics (xml);
  static const GhNicXml expected[] = {
    { (char *) "network", (char *) "52:54:00:aa:bb:01", (char *) "default", (char *) "virtio" },
    { (char *) "bridge", (char *) "52:54:00:aa:bb:02", (char *) "br0", NULL },
    { (char *) "direct", NULL, (char *) "eth0", (char *) "e1000e" },
    { (char *) "user", NULL, NULL, NULL },
  };

  g_assert_cmpuint (nics->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < nics->len; i++)
    {
      const GhNicXml *nic = g_ptr_array_index (nics, i);

      g_assert_cmpstr (nic->type, ==, expected[i].type);
      g_assert_cmpstr (nic->mac, ==, expected[i].mac);
      g_assert_cmpstr (nic->source, ==, expected[i].source);
      g_assert_cmpstr (nic->model, ==, expected[i].model);
    }
}

static void
assert_graphics (GhDomainXml *xml,
                 guint        index,
                 const char  *type,
                 const char  *listen_type,
                 const char  *listen,
                 int          port,
                 int          tls_port)
{
  g_autoptr (GPtrArray) list = gh_domain_xml_list_graphics (xml);
  const GhGraphicsXml *graphics = NULL;

  g_assert_cmpuint (list->len, >, index);
  graphics = g_ptr_array_index (list, index);
  g_assert_cmpstr (graphics->type, ==, type);
  g_assert_cmpstr (graphics->listen_type, ==, listen_type);
  g_assert_cmpstr (graphics->listen, ==, listen);
  g_assert_cmpint (graphics->port, ==, port);
  g_assert_cmpint (graphics->tls_port, ==, tls_port);
}

static void
test_graphics (void)
{
  g_autoptr (GhDomainXml) odd = read_data ("odd.xml");
  g_autoptr (GhDomainXml) local = read_data ("uefi-secure-live.xml");
  g_autoptr (GhDomainXml) live = read_data ("spice-live.xml");
  g_autoptr (GhDomainXml) inactive = read_data ("spice-inactive.xml");

  assert_graphics (odd, 0, "vnc", "address", "0.0.0.0", 5903, -1);
  assert_graphics (odd, 1, "spice", "socket", "/run/spice.sock", -1, 5904);
  assert_graphics (local, 0, "spice", "none", NULL, -1, -1);
  assert_graphics (live, 0, "spice", "address", "127.0.0.1", 5900, -1);
  assert_graphics (inactive, 0, "spice", "address", "127.0.0.1", -1, -1);
}

static void
assert_serial (GPtrArray  *serials,
               guint       index,
               const char *element,
               const char *type,
               const char *alias,
               const char *target)
{
  const GhCharXml *serial = g_ptr_array_index (serials, index);

  g_assert_cmpstr (serial->element, ==, element);
  g_assert_cmpstr (serial->type, ==, type);
  g_assert_cmpstr (serial->alias, ==, alias);
  g_assert_cmpstr (serial->target, ==, target);
}

static void
test_serials (void)
{
  g_autoptr (GhDomainXml) live = read_data ("spice-live.xml");
  g_autoptr (GhDomainXml) many = read_data ("paths.xml");
  g_autoptr (GhDomainXml) console = read_text ("<domain><devices><console/></devices></domain>");
  g_autoptr (GPtrArray) serials = gh_domain_xml_list_serials (live);

  /* libvirt wrote <serial> and <console> for the same port. */
  g_assert_cmpuint (serials->len, ==, 1);
  assert_serial (serials, 0, "serial", "pty", "serial0", "0");

  g_clear_pointer (&serials, g_ptr_array_unref);
  serials = gh_domain_xml_list_serials (many);
  g_assert_cmpuint (serials->len, ==, 4);
  assert_serial (serials, 0, "serial", "file", NULL, "0");
  assert_serial (serials, 1, "serial", "unix", NULL, "1");
  assert_serial (serials, 2, "serial", "pty", "serial2", "2");
  assert_serial (serials, 3, "console", "pty", "console1", "1");

  g_clear_pointer (&serials, g_ptr_array_unref);
  serials = gh_domain_xml_list_serials (console);
  g_assert_cmpuint (serials->len, ==, 1);
  assert_serial (serials, 0, "console", "pty", NULL, NULL);
}

static void
assert_strv (GStrv              list,
             const char *const *expected)
{
  for (guint i = 0; expected[i] != NULL; i++)
    {
      g_assert_cmpstr (list[i], ==, expected[i]);
      if (list[i] == NULL)
        break;
    }
  g_assert_cmpuint (g_strv_length (list), ==, g_strv_length ((GStrv) expected));
}

static void
test_paths (void)
{
  g_autoptr (GhDomainXml) xml = read_data ("paths.xml");
  g_auto (GStrv) paths = gh_domain_xml_list_paths (xml);
  static const char *const expected[] = {
    "/srv/fwcfg.bin",
    "/usr/share/AAVMF/AAVMF_CODE.fd",
    "/usr/share/AAVMF/AAVMF_VARS.fd",
    "/srv/nvram.fd",
    "/srv/boot/vmlinuz",
    "/srv/boot/initrd.img",
    "/srv/boot/board.dtb",
    "/srv/slic.dat",
    "/srv/top.qcow2",
    "/srv/top.data",
    "/srv/middle.qcow2",
    "/dev/vg/base",
    "/srv/deepest.img",
    "/srv/old-mirror.qcow2",
    "/srv/mirror.qcow2",
    "/srv/mirror-base.qcow2",
    "/dev/sdx",
    "/run/vhost-blk.sock",
    "/srv/floppy",
    "/srv/share",
    "/srv/nic.rom",
    "/srv/serial.log",
    "/srv/serial.sock",
    "/srv/pty.log",
    "/srv/agent.sock",
    "/dev/sdz",
    "/srv/nvdimm.raw",
    NULL,
  };

  assert_strv (paths, expected);
}

static void
test_paths_of_arguments (void)
{
  g_autoptr (GhDomainXml) xml = read_data ("odd.xml");
  g_auto (GStrv) paths = gh_domain_xml_list_paths (xml);
  static const char *const expected[] = {
    "/usr/share/OVMF/OVMF_CODE_4M.ms.fd",
    "/var/lib/libvirt/qemu/nvram/odd_VARS.fd",
    "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
    "/srv/with,comma.img",
    "/srv/plain.img",
    NULL,
  };

  assert_strv (paths, expected);
}

/* The sanitizer looks at every byte of every move. */
#ifdef __SANITIZE_ADDRESS__
#define N_MANY 5000
#else
#define N_MANY 70000
#endif

/* As big as a document may be: joining sets of nodes took minutes, and the test its time-out. */
static void
test_paths_of_many (void)
{
  g_autoptr (GString) text = g_string_new ("<domain><devices>");
  g_autoptr (GhDomainXml) xml = NULL;
  g_auto (GStrv) paths = NULL;
  g_autofree char *last = NULL;

  for (int i = 0; i < N_MANY; i++)
    g_string_append_printf (text, "<disk passwd=''><source file='/a/%d' dev='/b/%d'/>"
                                  "<target dev='v%d'/></disk>", i, i, i);
  g_string_append (text, "</devices></domain>");
  xml = read_text (text->str);
  paths = gh_domain_xml_list_paths (xml);
  g_assert_cmpuint (g_strv_length (paths), ==, 2 * N_MANY);
  last = g_strdup_printf ("/b/%d", N_MANY - 1);
  g_assert_cmpstr (paths[2 * N_MANY - 1], ==, last);
  gh_domain_xml_remove_secrets (xml);
}

static void
test_paths_of_snapshot (void)
{
  g_autofree char *text = load_data ("snapshots/before-update.xml");
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) paths = gh_snapshot_xml_list_paths (text, &error);
  static const char *const expected[] = {
    "/srv/web.mem", "/srv/web.before-update", "/srv/vmlinuz", "/srv/web.qcow2",
    "/srv/web-next.qcow2", NULL,
  };

  g_assert_no_error (error);
  assert_strv (paths, expected);
  g_assert_null (gh_snapshot_xml_list_paths ("<domain/>", &error));
  g_assert_error (error, GH_XML_ERROR, GH_XML_ERROR_NOT_A_DOMAIN);
}

static void
test_snapshot (void)
{
  static const char * const kept[] = { "vda", "a<b>&'", NULL };
  static const char * const left_out[] = { "sda", NULL };
  g_autofree char *text = load_data ("snapshots/before-update.xml");
  g_autofree char *made = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhSnapshotXml) external = gh_snapshot_xml_new_from_string (text, &error);
  g_autoptr (GhSnapshotXml) internal = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (external->name, ==, "before-update");
  g_assert_cmpstr (external->state, ==, "running");
  g_assert_null (external->parent);
  g_assert_true (external->external);
  g_assert_true (external->has_memory);
  g_assert_true (external->has_domain);
  g_assert_cmpuint (external->n_disks, ==, 1);
  g_assert_null (gh_snapshot_xml_new_from_string ("<domain/>", &error));
  g_assert_error (error, GH_XML_ERROR, GH_XML_ERROR_NOT_A_DOMAIN);

  made = gh_snapshot_xml_dup_new ("a<b>&'\"", "x & y", /* memory= */ FALSE, kept, left_out);
  g_clear_error (&error);
  internal = gh_snapshot_xml_new_from_string (made, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (internal->name, ==, "a<b>&'\"");
  g_assert_cmpstr (internal->description, ==, "x & y");
  g_assert_false (internal->external);
  g_assert_false (internal->has_memory);
  g_assert_false (internal->has_domain);
  g_assert_cmpuint (internal->n_disks, ==, 2);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/domain-xml/read", test_read);
  g_test_add_func ("/domain-xml/read-nothing", test_read_nothing);
  g_test_add_func ("/domain-xml/memory-units", test_memory_units);
  g_test_add_func ("/domain-xml/firmware", test_firmware);
  g_test_add_func ("/domain-xml/set-name", test_set_name);
  g_test_add_func ("/domain-xml/set-uuid", test_set_uuid);
  g_test_add_func ("/domain-xml/set-new", test_set_new);
  g_test_add_func ("/domain-xml/set-title", test_set_title);
  g_test_add_func ("/domain-xml/remove-secrets", test_remove_secrets);
  g_test_add_func ("/domain-xml/disks", test_disks);
  g_test_add_func ("/domain-xml/disk-without-type", test_disk_without_type);
  g_test_add_func ("/domain-xml/nics", test_nics);
  g_test_add_func ("/domain-xml/graphics", test_graphics);
  g_test_add_func ("/domain-xml/serials", test_serials);
  g_test_add_func ("/domain-xml/paths", test_paths);
  g_test_add_func ("/domain-xml/paths-of-arguments", test_paths_of_arguments);
  g_test_add_func ("/domain-xml/paths-of-many", test_paths_of_many);
  g_test_add_func ("/domain-xml/paths-of-snapshot", test_paths_of_snapshot);
  g_test_add_func ("/domain-xml/snapshot", test_snapshot);
  return g_test_run ();
}
