/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a machine is made of against what another host says that it offers: documents as libvirt 9.0
 * writes them, shortened. */

#include "config.h"

#include "gh-migrate-hardware.h"

#define ENUM(name, ...) "<enum name='" name "'>" __VA_ARGS__ "</enum>"
#define V(value) "<value>" value "</value>"

static const char offer[] =
  "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>kvm</domain>"
  "<machine>pc-q35-7.2</machine><arch>x86_64</arch><vcpu max='288'/>"
  "<os supported='yes'>" ENUM ("firmware", V ("efi"))
  "<loader supported='yes'>" V ("/usr/share/OVMF/OVMF_CODE_4M.fd")
  ENUM ("type", V ("rom") V ("pflash")) ENUM ("secure", V ("no")) "</loader></os><devices>"
  "<disk supported='yes'>" ENUM ("bus", V ("virtio") V ("sata") V ("usb") V ("scsi")) "</disk>"
  "<graphics supported='yes'>" ENUM ("type", V ("vnc") V ("sdl")) "</graphics>"
  "<video supported='yes'>" ENUM ("modelType", V ("vga") V ("virtio") V ("none")) "</video>"
  "<rng supported='yes'>" ENUM ("model", V ("virtio")) ENUM ("backendModel", V ("random")) "</rng>"
  "<tpm supported='yes'>" ENUM ("model", V ("tpm-tis")) ENUM ("backendModel", V ("emulator"))
  "</tpm><redirdev supported='yes'>" ENUM ("bus", V ("usb")) "</redirdev>"
  "<channel supported='yes'>" ENUM ("type", V ("pty") V ("unix")) "</channel>"
  "</devices></domainCapabilities>";

static const char capabilities[] =
  "<capabilities><host><uuid>28f8c8cf-4d0d-4bb3-a49b-b307fee00fd9</uuid><cpu><arch>x86_64</arch>"
  "<counter name='tsc' frequency='2904000000' scaling='no'/></cpu>"
  "<secmodel><model>apparmor</model></secmodel><secmodel><model>dac</model></secmodel>"
  "</host></capabilities>";

/* @parts: below <domain>; @devices: below its <devices>. */
static GhPlanDraft *
compare (const char *parts,
         const char *devices,
         gboolean    live,
         gint64      huge_kib)
{
  g_autofree char *text = g_strdup_printf (
    "<domain type='kvm'><name>web</name><memory unit='GiB'>1</memory>"
    "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>%s"
    "<devices><disk type='file' device='disk'><source file='/p/a'/><target dev='vda' bus='virtio'/>"
    "</disk><video><model type='virtio'/></video><graphics type='vnc'/>"
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    "<serial type='pty'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
    "<interface type='network'><source network='lan'/></interface>%s</devices></domain>",
    parts != NULL ? parts : "", devices != NULL ? devices : "");
  g_autoptr (GError) error = NULL;
  g_autoptr (GhDomainXml) machine = gh_domain_xml_new_from_string (text, &error);
  const GhMigrateOffer there = { "beta", offer, capabilities, huge_kib, live };
  GhPlanDraft *draft = gh_plan_draft_new ();

  g_assert_no_error (error);
  gh_migrate_check_hardware (machine, &there, draft);
  return draft;
}

/* It is the only one. */
static void
assert_only (GhPlanDraft  *draft,
             const char   *id,
             GhCheckLevel  level)
{
  for (guint i = 0; i < draft->checks->len; i++)
    g_test_message ("%s: %s", gh_check_get_id (g_ptr_array_index (draft->checks, i)),
                    gh_check_get_title (g_ptr_array_index (draft->checks, i)));
  if (id == NULL)
    {
      g_assert_cmpuint (draft->checks->len, ==, 0);
      return;
    }
  g_assert_cmpuint (draft->checks->len, ==, 1);
  g_assert_cmpstr (gh_check_get_id (g_ptr_array_index (draft->checks, 0)), ==, id);
  g_assert_cmpint (gh_check_get_level (g_ptr_array_index (draft->checks, 0)), ==, level);
  g_assert_nonnull (gh_check_get_detail (g_ptr_array_index (draft->checks, 0)));
}

#define NONE GH_CHECK_OK

/* Each with what is said when it runs, and when it is off. */
static const struct
{
  const char   *id;
  GhCheckLevel  live;
  GhCheckLevel  off;
  const char   *parts;
  const char   *devices;
} cases[] = {
  { "display", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL, NULL, "<graphics type='spice'/>" },
  { "display", NONE, NONE, NULL, "<graphics type='egl-headless'/>" },
  { "video", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL, NULL, "<video><model type='qxl'/></video>" },
  { "tpm-model", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL, NULL,
    "<tpm model='tpm-crb'><backend type='emulator'/></tpm>" },
  { "tpm-model", NONE, NONE, NULL, "<tpm model='tpm-tis'><backend type='emulator'/></tpm>" },
  { "tpm-chip", GH_CHECK_REFUSAL, GH_CHECK_WARNING, NULL,
    "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>" },
  { "device-kind", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL, NULL,
    "<disk type='file' device='cdrom'><target dev='hda' bus='ide'/></disk>" },
  { "device-kind", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL, NULL,
    "<rng model='virtio'><backend model='builtin'/></rng>" },
  { "device-kind", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL, NULL, "<channel type='spicevmc'/>" },
  { "device-kind", NONE, NONE, NULL, "<channel type='qemu-vdagent'/>" },
  { "device-kind", NONE, NONE, NULL,
    "<disk type='file' device='disk'><source file='/p/b'/><target dev='sda' bus='sd'/></disk>" },
  { "secure-boot", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL,
    "<os firmware='efi'><loader secure='yes'/></os>", NULL },
  { "loader", GH_CHECK_WARNING, GH_CHECK_WARNING,
    "<os><loader secure='yes' type='pflash'>/opt/own.fd</loader></os>", NULL },
  { "loader", GH_CHECK_WARNING, GH_CHECK_WARNING,
    "<os><loader type='pflash'>/usr/share/edk2/ovmf/OVMF_CODE.fd</loader></os>", NULL },
  { "loader", NONE, NONE,
    "<os><loader type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader></os>", NULL },
  { "tsc-unset", GH_CHECK_REFUSAL, NONE,
    "<cpu mode='host-passthrough'><feature policy='require' name='invtsc'/></cpu>", NULL },
  { "tsc-unset", NONE, NONE,
    "<cpu mode='host-passthrough'><feature policy='require' name='invtsc'/></cpu>"
    "<clock><timer name='tsc' frequency='2904000100'/></clock>", NULL },
  { "tsc-differs", GH_CHECK_REFUSAL, NONE,
    "<clock><timer name='tsc' frequency='2100000000'/></clock>", NULL },
  { "memory-module", GH_CHECK_REFUSAL, NONE, NULL,
    "<memory model='dimm'><target><size unit='GiB'>1</size></target></memory>" },
  { "memory-module", NONE, NONE, NULL, "<memory model='dimm'><target><size>1</size></target>"
    "<address type='dimm' slot='0'/></memory>" },
  { "memory-module", GH_CHECK_REFUSAL, NONE, NULL, "<memory model='sgx-epc'/>" },
  { "video-3d", GH_CHECK_REFUSAL, NONE, NULL,
    "<video><model type='virtio'><acceleration accel3d='yes'/></model></video>" },
  { "host-port", GH_CHECK_WARNING, GH_CHECK_WARNING, NULL,
    "<serial type='dev'><source path='/dev/ttyS0'/></serial>"
    "<console type='dev'><source path='/dev/ttyS0'/></console>" },
  { "host-path", GH_CHECK_NOTE, GH_CHECK_NOTE, NULL,
    "<interface type='vhostuser'><source type='unix' path='/run/ovs.sock' mode='client'/>"
    "</interface>" },
  { "host-path", GH_CHECK_NOTE, GH_CHECK_NOTE, NULL,
    "<memory model='nvdimm'><source><path>/nv</path></source>"
    "<address type='dimm' slot='0'/></memory>" },
  { "host-path", GH_CHECK_NOTE, GH_CHECK_NOTE, "<os><kernel>/boot/vmlinuz</kernel></os>", NULL },
  { "user-network", GH_CHECK_NOTE, NONE, NULL, "<interface type='user'/>" },
  { "security-label", GH_CHECK_REFUSAL, GH_CHECK_REFUSAL,
    "<seclabel type='static' model='selinux' relabel='yes'><label>a:b:c:s0</label></seclabel>",
    NULL },
  { "security-label", NONE, NONE,
    "<seclabel type='dynamic' model='selinux'/><seclabel type='static' model='dac'/>", NULL },
  { "sound", GH_CHECK_NOTE, GH_CHECK_NOTE, NULL, "<audio id='1' type='pulseaudio'/>" },
  { "sound", NONE, NONE, NULL, "<audio id='1' type='spice'/>" },
};

static void
test_cases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhPlanDraft) live = compare (cases[i].parts, cases[i].devices, TRUE, -1);
      g_autoptr (GhPlanDraft) off = compare (cases[i].parts, cases[i].devices, FALSE, -1);

      g_test_message ("case %u: %s", i, cases[i].id);
      assert_only (live, cases[i].live != NONE ? cases[i].id : NULL, cases[i].live);
      assert_only (off, cases[i].off != NONE ? cases[i].id : NULL, cases[i].off);
    }
}

static void
test_huge_pages (void)
{
  static const char backed[] = "<memoryBacking><hugepages/></memoryBacking>";
  static const char large[] =
    "<memoryBacking><hugepages><page size='1' unit='G'/></hugepages></memoryBacking>";
  static const char several[] =
    "<memoryBacking><hugepages><page size='1' unit='G' nodeset='0'/>"
    "<page size='2048' unit='KiB' nodeset='1'/></hugepages></memoryBacking>";
  static const char part[] = "<memoryBacking><hugepages><page size='1' unit='G' nodeset='0'/>"
                             "</hugepages></memoryBacking>";
  static const struct
  {
    const char *parts;
    gint64      free_kib;
    guint64     page_kib;
    gboolean    fits;
  } sizes[] = {
    { NULL, 0, 0, TRUE },
    { backed, -1, 2048, TRUE },
    { backed, 1048576, 2048, TRUE },
    { backed, 1048575, 2048, FALSE },
    { large, 0, 1048576, FALSE },
    { several, 0, 0, TRUE },
    { part, 0, 0, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain type='kvm'><name>web</name>%s</domain>",
                                               sizes[i].parts != NULL ? sizes[i].parts : "");
      g_autoptr (GhDomainXml) machine = gh_domain_xml_new_from_string (text, NULL);
      g_autoptr (GhPlanDraft) live = compare (sizes[i].parts, NULL, TRUE, sizes[i].free_kib);
      g_autoptr (GhPlanDraft) off = compare (sizes[i].parts, NULL, FALSE, sizes[i].free_kib);

      g_assert_cmpuint (gh_migrate_get_huge_page_kib (machine), ==, sizes[i].page_kib);
      assert_only (live, sizes[i].fits ? NULL : "huge-pages", GH_CHECK_WARNING);
      assert_only (off, sizes[i].fits ? NULL : "huge-pages", GH_CHECK_WARNING);
    }
}

/* A host that says nothing, or nonsense, offers everything. */
static void
test_nothing_known (void)
{
  static const char * const offers[] = { NULL, "", "<domainCapabilities/>", "<other/>", "<<" };

  for (guint i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      const GhMigrateOffer there = { "beta", offers[i], offers[i], -1, TRUE };
      g_autoptr (GhDomainXml) machine = gh_domain_xml_new_from_string (
        "<domain type='kvm'><name>web</name><devices><graphics type='spice'/><video>"
        "<model type='qxl'/></video></devices></domain>", NULL);
      g_autoptr (GhPlanDraft) draft = gh_plan_draft_new ();

      gh_migrate_check_hardware (machine, &there, draft);
      assert_only (draft, NULL, NONE);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-hardware/cases", test_cases);
  g_test_add_func ("/migrate-hardware/huge-pages", test_huge_pages);
  g_test_add_func ("/migrate-hardware/nothing-known", test_nothing_known);
  return g_test_run ();
}
