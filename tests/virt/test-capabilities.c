/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-capabilities.h"

static const char host_xml[] =
  "<capabilities><host><uuid>u-1</uuid><cpu><arch>x86_64</arch></cpu></host>"
  "<guest><os_type>hvm</os_type><arch name='x86_64'><domain type='qemu'/>"
  "<machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine></arch></guest></capabilities>";

static const char domain_xml[] =
  "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>qemu</domain>"
  "<arch>x86_64</arch>"
  "<vcpu max='255'/><os supported='yes'><enum name='firmware'><value>efi</value></enum>"
  "<loader supported='yes'><enum name='secure'><value>yes</value><value>no</value></enum>"
  "</loader></os>"
  "<cpu><mode name='host-passthrough' supported='no'/><mode name='maximum' supported='yes'/></cpu>"
  "<devices><graphics supported='yes'><enum name='type'><value>vnc</value><value>spice</value>"
  "</enum></graphics>"
  "<video><enum name='modelType'><value>virtio</value></enum></video>"
  "<tpm><enum name='backendModel'><value>emulator</value></enum></tpm></devices>"
  "</domainCapabilities>";

static void
test_full (void)
{
  g_autoptr (GhCapabilities) caps = gh_capabilities_new (host_xml, domain_xml, 1024, 2);

  g_assert_cmpstr (caps->host_uuid, ==, "u-1");
  g_assert_cmpstr (caps->arch, ==, "x86_64");
  g_assert_cmpstr (caps->emulator, ==, "/usr/bin/qemu-system-x86_64");
  g_assert_cmpstr (caps->virt_type, ==, "qemu");
  g_assert_cmpstr (caps->machine_q35, ==, "pc-q35-7.2");
  g_assert_cmpuint (caps->max_cpus, ==, 255);
  g_assert_false (caps->has_kvm);
  g_assert_true (caps->has_spice);
  g_assert_true (caps->has_vnc);
  g_assert_true (caps->has_uefi);
  g_assert_true (caps->has_secure_boot);
  g_assert_true (caps->has_tpm);
  g_assert_true (caps->has_virtio_video);
  g_assert_true (caps->has_cpu_maximum);
  g_assert_false (caps->has_host_passthrough);
}

static void
test_broken (void)
{
  g_autoptr (GhCapabilities) nothing = gh_capabilities_new ("<capab", NULL, 7, 3);
  g_autoptr (GhCapabilities) half = gh_capabilities_new (host_xml, NULL, 7, 3);

  g_assert_cmpstr (nothing->virt_type, ==, "qemu");
  g_assert_null (nothing->emulator);
  g_assert_cmpuint (nothing->memory_kib, ==, 7);
  g_assert_cmpstr (half->arch, ==, "x86_64");
  g_assert_cmpstr (half->machine_q35, ==, "pc-q35-7.2");
  g_assert_false (half->has_spice);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/capabilities/full", test_full);
  g_test_add_func ("/capabilities/broken", test_broken);
  return g_test_run ();
}
