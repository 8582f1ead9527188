/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-domain-xml.h"

#include <string.h>

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

/* @expected: the lines, joined by newlines. */
static void
assert_diff (const char *before,
             const char *after,
             const char *expected)
{
  g_autoptr (GhDomainXml) a = read_text (before);
  g_autoptr (GhDomainXml) b = read_text (after);
  g_auto (GStrv) lines = gh_domain_xml_diff (a, b);
  g_autofree char *joined = g_strjoinv ("\n", lines);

  /* GLib sets a no-break space between number and unit. */
  for (char *space = strstr (joined, "\xc2\xa0"); space != NULL;
       space = strstr (joined, "\xc2\xa0"))
    {
      *space = ' ';
      memmove (space + 1, space + 2, strlen (space + 2) + 1);
    }
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_equal (void)
{
  assert_diff ("<domain type='kvm'><name>a</name><memory unit='MiB'>1024</memory>"
               "<features><acpi/><apic/></features></domain>",
               "<domain type=\"kvm\">\n <!-- c --> <memory>1048576</memory>\n"
               "<name>\n a </name><features><apic></apic><acpi/></features></domain>",
               "");
}

static void
test_fields (void)
{
  assert_diff ("<domain type='qemu'><name>a</name><memory unit='GiB'>4</memory><vcpu>2</vcpu>"
               "</domain>",
               "<domain type='kvm'><name>b</name><title>T</title><memory unit='GiB'>8</memory>"
               "<vcpu current='1'>2</vcpu></domain>",
               "Virtualization: qemu → kvm\n"
               "Name: a → b\n"
               "Memory: 4.0 GiB → 8.0 GiB\n"
               "CPUs at start: not set → 1\n"
               "Title: not set → T");
  assert_diff ("<domain><memory>4194304</memory></domain>",
               "<domain><memory>4194305</memory></domain>",
               "Memory: 4194304 KiB → 4194305 KiB");
  assert_diff ("<domain><description>a\nb</description></domain>", "<domain/>",
               "Description: a b → not set");
}

static void
test_firmware (void)
{
  assert_diff ("<domain><os firmware='efi'><firmware><feature enabled='yes' name='enrolled-keys'/>"
               "<feature enabled='yes' name='secure-boot'/></firmware></os></domain>",
               "<domain><os firmware='efi'><firmware><feature enabled='no' name='secure-boot'/>"
               "<feature enabled='yes' name='enrolled-keys'/></firmware></os></domain>",
               "Secure Boot: yes → no");
}

static void
test_devices (void)
{
  assert_diff ("<domain><devices><emulator>/a</emulator>"
               "<disk type='file'><driver type='qcow2'/><source file='/a'/><target dev='vda'/>"
               "</disk>"
               "<disk type='file'><source file='/b'/><target dev='vdb'/></disk>"
               "<interface type='user'><mac address='52:54:00:00:00:01'/></interface>"
               "<sound model='ich6'/>"
               "<redirdev bus='usb'/><redirdev bus='usb'/>"
               "</devices></domain>",
               "<domain><devices><emulator>/b</emulator>"
               "<disk type='file'><source file='/c'/><target dev='vdc'/></disk>"
               "<disk type='file'><driver type='raw' io='native'/><source file='/a2'/>"
               "<target dev='vda'/><readonly/></disk>"
               "<interface type='user'><mac address='52:54:00:00:00:02'/></interface>"
               "<redirdev bus='usb'/><redirdev bus='pci'/><video><model type='vga'/></video>"
               "</devices></domain>",
               "Emulator: /a → /b\n"
               "Disk vda, Format: qcow2 → raw\n"
               "Disk vda, driver/@io: not set → native\n"
               "Disk vda, File: /a → /a2\n"
               "Disk vda, Read-only: added\n"
               "Disk vdb: removed\n"
               "Network card 52:54:00:00:00:01: removed\n"
               "Sound card ich6: removed\n"
               "USB redirection 2, @bus: usb → pci\n"
               "Disk vdc: added\n"
               "Network card 52:54:00:00:00:02: added\n"
               "Graphics card: added");
}

/* Nothing that differs goes unsaid, known or not. */
static void
test_unknown (void)
{
  assert_diff ("<domain xmlns:q='urn:q'><future a='1'><child/>text</future></domain>",
               "<domain xmlns:q='urn:q'><future a='2' q:b='3'><q:child/></future></domain>",
               "future/@a: 1 → 2\n"
               "future/@b: not set → 3\n"
               "future/child: removed\n"
               "future/q:child: added");
}

static void
test_secrets (void)
{
  assert_diff ("<domain><devices><graphics type='vnc' passwd='old'/></devices></domain>",
               "<domain><devices><graphics type='vnc' passwd='new'/></devices></domain>",
               "Display vnc, @passwd: changed");
  assert_diff ("<domain><devices><disk><source><cookies><cookie name='a'>x</cookie></cookies>"
               "</source>"
               "<target dev='vda'/></disk></devices></domain>",
               "<domain><devices><disk><source><cookies><cookie name='a'>y</cookie></cookies>"
               "</source>"
               "<target dev='vda'/></disk></devices></domain>",
               "Disk vda, source/cookies/cookie[a]: changed");
}

/* What libvirt itself wrote for a machine and for its run: nobody changed anything. */
static void
test_live (void)
{
  static const char *const names[] = { "uefi-secure", "spice" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *live_name = g_strconcat (names[i], "-live.xml", NULL);
      g_autofree char *inactive_name = g_strconcat (names[i], "-inactive.xml", NULL);
      g_autoptr (GhDomainXml) live = read_data (live_name);
      g_autoptr (GhDomainXml) inactive = read_data (inactive_name);
      g_auto (GStrv) lines = gh_domain_xml_diff (live, inactive);
      g_auto (GStrv) reverse = gh_domain_xml_diff (inactive, live);

      g_assert_cmpstr (lines[0], ==, NULL);
      g_assert_cmpstr (reverse[0], ==, NULL);
    }
}

/* … but what somebody did change shows among it. */
static void
test_live_edit (void)
{
  g_autofree char *live = load_data ("uefi-secure-live.xml");
  g_autofree char *inactive = load_data ("uefi-secure-inactive.xml");
  g_autofree char *edited = replace_once (inactive, "<vcpu placement='static'>2<",
                                          "<vcpu placement='static'>3<");
  g_autofree char *bios = replace_once (edited, "<os firmware='efi'>", "<os>");
  g_autoptr (GhDomainXml) a = read_text (live);
  g_autoptr (GhDomainXml) b = read_text (bios);
  g_auto (GStrv) lines = NULL;

  assert_diff (live, edited, "CPUs: 2 → 3");
  lines = gh_domain_xml_diff (a, b);
  g_assert_true (g_strv_contains ((const char *const *) lines, "CPUs: 2 → 3"));
  g_assert_true (g_strv_contains ((const char *const *) lines,
                                  "Firmware file: /usr/share/OVMF/OVMF_CODE_4M.ms.fd → not set"));
}

static void
test_real_edit (void)
{
  g_autofree char *text = load_data ("uefi-secure-inactive.xml");
  g_autofree char *edited = replace_once (text, "copypaste='no'", "copypaste='yes'");

  assert_diff (text, edited, "Display spice, Clipboard sharing: no → yes");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/domain-xml-diff/equal", test_equal);
  g_test_add_func ("/domain-xml-diff/fields", test_fields);
  g_test_add_func ("/domain-xml-diff/firmware", test_firmware);
  g_test_add_func ("/domain-xml-diff/devices", test_devices);
  g_test_add_func ("/domain-xml-diff/unknown", test_unknown);
  g_test_add_func ("/domain-xml-diff/secrets", test_secrets);
  g_test_add_func ("/domain-xml-diff/live", test_live);
  g_test_add_func ("/domain-xml-diff/live-edit", test_live_edit);
  g_test_add_func ("/domain-xml-diff/real-edit", test_real_edit);
  return g_test_run ();
}
