/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "gh-cpu-xml.h"
#include "gh-migration-xml.h"
#include "gh-secret-xml.h"

#define HEAD "<domain type='kvm'><name>a</name>"
#define PCI "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' " \
            "bus='0x01' slot='0x1f' function='0x3'/></source></hostdev>"
#define USB "<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/>" \
            "<product id='0xc52b'/></source></hostdev>"
#define PORT "<hostdev mode='subsystem' type='usb'><source><address bus='1' device='4'/></source>" \
             "</hostdev>"
#define MDEV "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address " \
             "uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>"
#define NIC "<interface type='hostdev'><mac address='52:54:00:00:00:01'/></interface>"
#define SHARE "<filesystem type='mount'><source dir='/srv'/><target dir='srv'/></filesystem>"
#define FAST "<filesystem type='mount'><driver type='virtiofs'/><source dir='/srv'/>" \
             "<target dir='fast'/></filesystem>"
#define MEMORY "<shmem name='ring'><model type='ivshmem-plain'/></shmem>"
#define DISK "<disk type='file' device='disk'><source file='/d'/><target dev='vda'/><transient/>" \
             "</disk>"
#define CONSOLE_USB "<redirdev bus='usb' type='spicevmc'/>"

static GhDomainXml *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GhDomainXml *xml = gh_domain_xml_new_from_string (text, &error);

  g_assert_no_error (error);
  return xml;
}

static void
test_blockers (void)
{
  static const struct
  {
    GhBlockerKind  kind;
    const char    *name;
    gboolean       unplugs;
  } expected[] = {
    { GH_BLOCKER_HOSTDEV, "PCI 0000:01:1f.3", TRUE },
    { GH_BLOCKER_HOSTDEV, "USB 046d:c52b", TRUE },
    { GH_BLOCKER_HOSTDEV, "USB 1-4", TRUE },
    { GH_BLOCKER_HOSTDEV, "mdev c2177883-f1bb-47f0-914d-32a22e3a8804", TRUE },
    { GH_BLOCKER_HOSTDEV, "52:54:00:00:00:01", TRUE },
    { GH_BLOCKER_FILESYSTEM, "srv", FALSE },
    { GH_BLOCKER_FILESYSTEM, "fast", TRUE },
    { GH_BLOCKER_SHMEM, "ring", TRUE },
    { GH_BLOCKER_TRANSIENT, "vda", FALSE },
  };
  g_autoptr (GhDomainXml) xml = parse (HEAD "<devices>" PCI USB PORT MDEV NIC SHARE FAST MEMORY DISK
                                       CONSOLE_USB "</devices></domain>");
  g_autoptr (GPtrArray) blockers = gh_domain_xml_list_blockers (xml);
  g_autofree char *text = NULL;

  g_assert_cmpuint (blockers->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < blockers->len; i++)
    {
      const GhBlocker *blocker = g_ptr_array_index (blockers, i);
      g_autofree char *device = gh_domain_xml_dup_blocker (xml, blocker->name);

      g_assert_cmpint (blocker->kind, ==, expected[i].kind);
      g_assert_cmpstr (blocker->name, ==, expected[i].name);
      g_assert_cmpint (blocker->unplugs, ==, expected[i].unplugs);
      g_assert_true ((device == NULL) == (blocker->kind == GH_BLOCKER_TRANSIENT));
    }
  /* Each goes by itself, a disk never, and the rest stays byte for byte. */
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    if (expected[i].kind != GH_BLOCKER_FILESYSTEM)
      gh_domain_xml_drop_blocker (xml, expected[i].name);
  text = gh_domain_xml_to_string (xml);
  g_assert_nonnull (strstr (text, SHARE FAST DISK CONSOLE_USB));
  g_assert_null (strstr (text, "<hostdev"));
  g_assert_null (strstr (text, "<interface"));
  g_assert_null (strstr (text, "<shmem"));
}

#define TWIN(place) "<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/>" \
                    "<product id='0xc52b'/><address bus='1' device='" place "'/></source></hostdev>"

/* Two of a kind are told apart by where they are, and found in a definition that says less. */
static void
test_twins (void)
{
  g_autoptr (GhDomainXml) run = parse (HEAD "<devices>" TWIN ("4") TWIN ("14")
                                       "</devices></domain>");
  g_autoptr (GhDomainXml) kind = parse (HEAD "<devices>" USB "</devices></domain>");
  g_autoptr (GhDomainXml) place = parse (HEAD "<devices>" PORT "</devices></domain>");
  g_autoptr (GPtrArray) blockers = gh_domain_xml_list_blockers (run);
  g_autofree char *text = NULL;
  g_autofree char *other = NULL;
  g_autofree char *gone = NULL;

  g_assert_cmpuint (blockers->len, ==, 2);
  g_assert_cmpstr (((GhBlocker *) blockers->pdata[0])->name, ==, "USB 046d:c52b (1-4)");
  g_assert_cmpstr (((GhBlocker *) blockers->pdata[1])->name, ==, "USB 046d:c52b (1-14)");
  gh_domain_xml_drop_blocker (run, "USB 046d:c52b (1-14)");
  text = gh_domain_xml_to_string (run);
  g_assert_nonnull (strstr (text, TWIN ("4")));
  g_assert_null (strstr (text, TWIN ("14")));
  gone = gh_domain_xml_dup_blocker (run, "USB 046d:c52b (1-14)");
  g_assert_null (gone);

  gh_domain_xml_drop_blocker (kind, "USB 046d:c52b (1-14)");
  gh_domain_xml_drop_blocker (place, "USB 046d:c52b (1-14)");
  other = gh_domain_xml_dup_blocker (place, "USB 1-4");
  g_assert_nonnull (other);
  gh_domain_xml_drop_blocker (place, "USB 046d:c52b (1-4)");
  g_clear_pointer (&text, g_free);
  text = gh_domain_xml_to_string (kind);
  g_assert_null (strstr (text, "<hostdev"));
  g_clear_pointer (&text, g_free);
  text = gh_domain_xml_to_string (place);
  g_assert_null (strstr (text, "<hostdev"));
}

#define AT_PORT(place, port) "<hostdev mode='subsystem' type='usb'><source>" \
                             "<vendor id='0x046d'/><product id='0xc52b'/>" place "</source>" \
                             "<address type='usb' bus='0' port='" port "'/></hostdev>"
#define AT_PLACE(device) "<address bus='1' device='" device "'/>"

/* A definition may say of both only what they are, and where in the machine. */
static void
test_twins_defined (void)
{
  const char *definition = HEAD "<devices>" AT_PORT ("", "2") AT_PORT ("", "3")
                           "</devices></domain>";
  g_autoptr (GhDomainXml) defined = parse (definition);
  g_autoptr (GhDomainXml) other = parse (definition);
  g_autoptr (GhDomainXml) run = parse (HEAD "<devices>" AT_PORT (AT_PLACE ("4"), "2")
                                       AT_PORT (AT_PLACE ("5"), "3") "</devices></domain>");
  g_autoptr (GPtrArray) blockers = gh_domain_xml_list_blockers (defined);
  g_autoptr (GPtrArray) running = gh_domain_xml_list_blockers (run);
  g_autofree char *text = NULL;

  g_assert_cmpuint (blockers->len, ==, 2);
  g_assert_cmpstr (((GhBlocker *) blockers->pdata[0])->name, ==, "USB 046d:c52b port 0.2");
  g_assert_cmpstr (((GhBlocker *) blockers->pdata[1])->name, ==, "USB 046d:c52b port 0.3");
  g_assert_cmpuint (running->len, ==, 2);
  g_assert_cmpstr (((GhBlocker *) running->pdata[1])->name, ==, "USB 046d:c52b (1-5) port 0.3");

  /* What goes from the run goes from the definition, and its twin stays. */
  gh_domain_xml_drop_blocker (defined, ((GhBlocker *) running->pdata[1])->name);
  text = gh_domain_xml_to_string (defined);
  g_assert_nonnull (strstr (text, AT_PORT ("", "2")));
  g_assert_null (strstr (text, "port='3'"));

  /* Both, one after the other: the second is alone by then. */
  gh_domain_xml_drop_blocker (other, "USB 046d:c52b port 0.2");
  gh_domain_xml_drop_blocker (other, "USB 046d:c52b port 0.3");
  g_clear_pointer (&text, g_free);
  text = gh_domain_xml_to_string (other);
  g_assert_null (strstr (text, "<hostdev"));
}

static void
test_host_model (void)
{
  g_autofree char *cpu = gh_cpu_xml_dup_host_model (
    "<domainCapabilities><cpu><mode name='host-passthrough' supported='yes'/>"
    "<mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model>"
    "<feature policy='require' name='pku'/></mode></cpu></domainCapabilities>");
  g_autofree char *model = gh_cpu_xml_dup_model (cpu);

  g_assert_cmpstr (cpu, ==, "<cpu><model fallback=\"forbid\">EPYC</model>"
                   "<feature policy=\"require\" name=\"pku\"/></cpu>");
  g_assert_cmpstr (model, ==, "EPYC");
  g_assert_null (gh_cpu_xml_dup_host_model ("<domainCapabilities><cpu><mode name='host-model' "
                                            "supported='no'/></cpu></domainCapabilities>"));
  g_assert_null (gh_cpu_xml_dup_host_model ("<other/>"));
  g_assert_null (gh_cpu_xml_dup_model ("<cpu/>"));
}

/* What is about the model is replaced; what is not stays. */
static void
test_set_cpu (void)
{
  static const char epyc[] = "<cpu mode='custom' match='exact'>"
                             "<model fallback='forbid'>EPYC</model><vendor>AMD</vendor>"
                             "<feature policy='require' name='pku'/></cpu>";
  g_autoptr (GhDomainXml) xml = parse (HEAD "<cpu mode='custom' match='exact' check='full'>"
                                       "<model>Skylake-Server</model><vendor>Intel</vendor>"
                                       "<topology sockets='1' cores='4' threads='1'/>"
                                       "<feature policy='require' name='hle'/>"
                                       "<feature policy='disable' name='rtm'/></cpu></domain>");
  g_autoptr (GhDomainXml) none = parse (HEAD "</domain>");
  g_autofree char *text = NULL;
  g_autofree char *model = NULL;
  g_autofree char *feature = NULL;
  g_autofree char *cores = NULL;

  g_assert_false (gh_domain_xml_set_cpu_model (xml, "<cpu mode='host-model'/>"));
  g_assert_true (gh_domain_xml_set_cpu_model (xml, epyc));
  text = gh_domain_xml_to_string (xml);
  model = gh_domain_xml_dup_text (xml, "cpu[@mode='custom']/model[@fallback='forbid']");
  feature = gh_domain_xml_dup_text (xml, "cpu/feature[@policy='require']/@name");
  cores = gh_domain_xml_dup_text (xml, "cpu/topology/@cores");
  g_assert_cmpstr (model, ==, "EPYC");
  g_assert_cmpstr (feature, ==, "pku");
  g_assert_cmpstr (cores, ==, "4");
  g_assert_null (strstr (text, "check="));
  g_assert_null (strstr (text, "rtm"));
  g_assert_null (strstr (text, "Intel"));
  g_assert_true (gh_domain_xml_set_cpu_model (none, epyc));
  g_free (model);
  model = gh_domain_xml_dup_text (none, "cpu/model");
  g_assert_cmpstr (model, ==, "EPYC");
}

/* Secrets that are needed elsewhere too: of disks in either place and of their layers, of storage,
 * and of a TPM; each once. A copy in the making is not the machine's. */
static void
test_secrets (void)
{
  static const char text[] =
    "<domain><devices>"
    "<disk type='file'><source file='/a'><encryption format='luks'>"
    "<secret type='passphrase' uuid='c7a5fdbd-edaf-9455-926a-d65c16db1809'/></encryption></source>"
    "<backingStore type='file'><source file='/b'><encryption format='luks'>"
    "<secret type='passphrase' usage='/b'/></encryption></source></backingStore>"
    "<mirror><source file='/c'><encryption format='luks'><secret type='passphrase' usage='/c'/>"
    "</encryption></source></mirror><target dev='vda'/></disk>"
    "<disk type='file'><source file='/d'/><encryption format='qcow'>"
    "<secret type='passphrase' uuid='c7a5fdbd-edaf-9455-926a-d65c16db1809'/></encryption>"
    "<target dev='vdb'/></disk>"
    "<disk type='network'><auth username='me'><secret type='ceph' usage='pool'/></auth>"
    "<source protocol='rbd' name='x'/><target dev='vdc'/></disk>"
    "<disk type='file'><source file='/e'><encryption format='luks'>"
    "<secret type='passphrase' uuid='../../etc'/></encryption></source><target dev='vdd'/></disk>"
    "<tpm model='tpm-crb'><backend type='emulator'>"
    "<encryption secret='11111111-edaf-9455-926a-d65c16db1809'/></backend></tpm>"
    "</devices></domain>";
  static const struct
  {
    const char *uuid;
    const char *usage;
    const char *type;
    const char *device;
  } expected[] = {
    { "c7a5fdbd-edaf-9455-926a-d65c16db1809", NULL, "volume", "vda" },
    { NULL, "/b", "volume", "vda" },
    { NULL, "pool", "ceph", "vdc" },
    { "11111111-edaf-9455-926a-d65c16db1809", NULL, "vtpm", "tpm" },
  };
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (text, NULL);
  g_autoptr (GPtrArray) secrets = gh_domain_xml_list_secrets (xml);
  g_autofree char *uuid = NULL;
  g_autofree char *usage = NULL;
  g_autofree char *format = gh_domain_xml_dup_encryption (xml, "vdb", &uuid, &usage);
  g_autofree char *none = NULL;

  g_assert_cmpuint (secrets->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < secrets->len; i++)
    {
      const GhSecretXml *secret = g_ptr_array_index (secrets, i);

      g_assert_cmpstr (secret->uuid, ==, expected[i].uuid);
      g_assert_cmpstr (secret->usage, ==, expected[i].usage);
      g_assert_cmpstr (secret->type, ==, expected[i].type);
      g_assert_cmpstr (secret->device, ==, expected[i].device);
    }
  g_assert_cmpstr (format, ==, "qcow");
  g_assert_cmpstr (uuid, ==, expected[0].uuid);
  g_assert_null (usage);
  g_clear_pointer (&uuid, g_free);
  none = gh_domain_xml_dup_encryption (xml, "vdc", &uuid, &usage);
  g_assert_null (none);
  g_assert_null (uuid);
}

/* Cards on an interface of the host, and the program that runs it. */
static void
test_host_parts (void)
{
  g_autoptr (GhDomainXml) xml = parse (
    HEAD "<devices><emulator>/usr/bin/kvm</emulator>"
    "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
    "<interface type='direct'><source dev='eth1' mode='vepa'/></interface>"
    "<interface type='bridge'><source bridge='eth0'/></interface></devices></domain>");
  g_autoptr (GhDomainXml) none = parse (HEAD "<devices/></domain>");
  g_autofree char *text = NULL;
  g_autofree char *same = NULL;

  gh_domain_xml_map_network (xml, "direct", "eth0", "enp3s0");
  gh_domain_xml_set_emulator (xml, "/usr/libexec/qemu-kvm");
  gh_domain_xml_set_emulator (none, "/usr/libexec/qemu-kvm");
  text = gh_domain_xml_to_string (xml);
  same = gh_domain_xml_to_string (none);
  g_assert_cmpstr (text, ==,
    HEAD "<devices><emulator>/usr/libexec/qemu-kvm</emulator>"
    "<interface type='direct'><source dev=\"enp3s0\" mode='bridge'/></interface>"
    "<interface type='direct'><source dev='eth1' mode='vepa'/></interface>"
    "<interface type='bridge'><source bridge='eth0'/></interface></devices></domain>");
  g_assert_cmpstr (same, ==, HEAD "<devices/></domain>");
}

/* Firmware variables of libvirt's own naming follow the machine's folder and name; others stay. */
static void
test_own_nvram (void)
{
  static const struct
  {
    const char *path;
    const char *folder;
    const char *name;
    const char *expected;
  } cases[] = {
    { "/a/libvirt/qemu/nvram/web_VARS.fd", "/b/nvram", NULL, "/b/nvram/web_VARS.fd" },
    { "/a/libvirt/qemu/nvram/web_VARS.fd", "/b/nvram", "new", "/b/nvram/new_VARS.fd" },
    { "/a/libvirt/qemu/nvram/web_VARS.fd", NULL, "new", "/a/libvirt/qemu/nvram/new_VARS.fd" },
    { "/a/libvirt/qemu/nvram/other_VARS.fd", "/b/nvram", "new",
      "/a/libvirt/qemu/nvram/other_VARS.fd" },
    { "/mine/web.fd", "/b/nvram", "new", "/mine/web.fd" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain><name>web</name><os><nvram>%s</nvram></os>"
                                               "</domain>", cases[i].path);
      g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (text, NULL);
      g_autofree char *path = NULL;

      gh_domain_xml_move_own_nvram (xml, cases[i].folder, cases[i].name);
      path = gh_domain_xml_dup_nvram_path (xml);
      g_assert_cmpstr (path, ==, cases[i].expected);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migration-xml/blockers", test_blockers);
  g_test_add_func ("/migration-xml/twins-defined", test_twins_defined);
  g_test_add_func ("/migration-xml/twins", test_twins);
  g_test_add_func ("/migration-xml/host-model", test_host_model);
  g_test_add_func ("/migration-xml/set-cpu", test_set_cpu);
  g_test_add_func ("/migration-xml/secrets", test_secrets);
  g_test_add_func ("/migration-xml/own-nvram", test_own_nvram);
  g_test_add_func ("/migration-xml/host-parts", test_host_parts);
  return g_test_run ();
}
