/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-test-hosts.h"

/* VIR_DOMAIN_RUNNING and VIR_DOMAIN_SHUTOFF */
#define RUNNING 1
#define SHUT_OFF 5

char *
gh_test_hosts_dup_uuid (guint i)
{
  return g_strdup_printf ("00000000-0000-4000-8000-%012u", i);
}

static void
append_machine (GString *xml,
                guint    i,
                gboolean runs)
{
  g_autofree char *uuid = gh_test_hosts_dup_uuid (i);

  g_string_append_printf (xml,
                          "<domain type='test'><name>machine-%05u</name><uuid>%s</uuid>", i, uuid);
  if (i % 10 == 0)
    g_string_append_printf (xml, "<title>Büro %u</title>", i);
  g_string_append_printf (xml,
                          "<memory>1048576</memory><vcpu>2</vcpu><os><type>hvm</type></os>"
                          "<devices>"
                          "<disk type='file' device='disk'>"
                          "<source file='/images/machine-%05u.qcow2'/>"
                          "<target dev='vda' bus='virtio'/></disk>"
                          "<interface type='network'><mac address='52:54:00:%02x:%02x:%02x'/>"
                          "<source network='default'/></interface>"
                          "</devices>"
                          "<test:runstate>%d</test:runstate></domain>\n",
                          i, (i >> 16) & 0xff, (i >> 8) & 0xff, i & 0xff,
                          runs ? RUNNING : SHUT_OFF);
}

char *
gh_test_hosts_dup_xml (guint    n_machines,
                       gboolean half_run)
{
  GString *xml = g_string_new ("<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>\n"
                               "<cpu><mhz>3000</mhz><model>i986</model><active>16</active>"
                               "<nodes>1</nodes><sockets>1</sockets><cores>16</cores>"
                               "<threads>1</threads></cpu><memory>67108864</memory>\n"
                               "<network><name>default</name><bridge name='virbr0'/>"
                               "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>\n"
                               "<pool type='dir'><name>default</name>"
                               "<target><path>/images</path></target></pool>\n");

  for (guint i = 1; i <= n_machines; i++)
    append_machine (xml, i, half_run && i % 2 == 1);
  g_string_append (xml, "</node>\n");
  return g_string_free (xml, FALSE);
}

char *
gh_test_hosts_write (const char *folder,
                     guint       n_machines,
                     gboolean    half_run)
{
  g_autofree char *xml = gh_test_hosts_dup_xml (n_machines, half_run);
  g_autofree char *name = g_strdup_printf ("hosts-%u%s.xml", n_machines, half_run ? "-half" : "");
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;

  g_file_set_contents (path, xml, -1, &error);
  g_assert_no_error (error);
  return g_strdup_printf ("test://%s", path);
}

char *
gh_test_hosts_write_one (const char *folder)
{
  static const char xml[] =
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    "<domain type='test'><name>test</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>"
    "<memory>8388608</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>"
    "<network><name>default</name><bridge name='virbr0'/><forward/>"
    "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
    "<pool type='dir'><name>default-pool</name><target><path>/default-pool</path></target></pool>"
    "</node>";
  g_autofree char *path = g_build_filename (folder, "host.xml", NULL);
  GError *error = NULL;

  g_file_set_contents (path, xml, -1, &error);
  g_assert_no_error (error);
  return g_strdup_printf ("test://%s", path);
}
