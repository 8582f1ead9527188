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
  return g_test_run ();
}
