/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Computers, each a folder of the files that are read, and what is said of them. */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gh-check.h"
#include "gh-packages.h"
#include "gh-test.h"
#include "gh-virtualization.h"

#define INTEL "vendor_id\t: GenuineIntel\nmodel name\t: Test(R) CPU\n"
#define AMD "vendor_id\t: AuthenticAMD\nmodel name\t: Test(R) CPU\n"
#define ARM "CPU implementer\t: 0x41\n"

typedef struct
{
  const char *name;
  const char *cpuinfo;
  const char *files;      /* “path=text”, by “|” */
  gboolean    cpuid;
  int         kvm_errno;
  const char *id;         /* of the first warning of the chain; "kvm-works" for none */
  gboolean    fine;
  const char *detail;     /* (nullable): words of what to do */
  const char *command;    /* (nullable): of the fix */
} Computer;

static const Computer computers[] = {
  { "fast", INTEL "flags\t: fpu vmx sse\n", "sys/module/kvm_intel/parameters/nested=Y|dev/kvm=",
    TRUE, 0, "kvm-works", TRUE, NULL, NULL },
  { "fast-amd", AMD "flags\t: svm\n", "sys/module/kvm_amd/x=|dev/kvm=", TRUE, 0, "kvm-works", TRUE,
    NULL, NULL },
  { "no-processor", INTEL "flags\t: fpu sse\n", "", FALSE, 0, "processor", FALSE, "emulation",
    NULL },
  /* A flag is a word, not a part of one. */
  { "part-of-a-word", INTEL "flags\t: xvmx vmx2\n", "", FALSE, 0, "processor", FALSE, NULL, NULL },
  { "firmware-off", INTEL "flags\t: fpu\n",
    "sys/class/dmi/id/sys_vendor=LENOVO|sys/class/dmi/id/product_name=20L5", TRUE, 0,
    "firmware-off", FALSE, "press F1, F2 while “LENOVO” shows",
    "sudo systemctl reboot --firmware-setup" },
  { "firmware-off-amd", AMD "flags\t: fpu\n", "sys/class/dmi/id/sys_vendor=Gigabyte Technology",
    TRUE, 0, "firmware-off", FALSE, "SVM Mode", "sudo systemctl reboot --firmware-setup" },
  { "firmware-off-unknown", INTEL "flags\t: fpu\n", "", TRUE, 0, "firmware-off", FALSE,
    "often F2, F10 or Del", NULL },
  { "in-kvm", INTEL "flags\t: hypervisor\n", "sys/class/dmi/id/sys_vendor=QEMU", FALSE, 0,
    "inside-machine", FALSE, "nested=1", NULL },
  { "in-vmware", INTEL "flags\t: hypervisor\n", "sys/class/dmi/id/sys_vendor=VMware, Inc.", FALSE,
    0, "inside-machine", FALSE, "Virtualize Intel VT-x/EPT", NULL },
  { "in-virtualbox", INTEL "flags\t: hypervisor\n",
    "sys/class/dmi/id/sys_vendor=innotek GmbH|sys/class/dmi/id/product_name=VirtualBox", FALSE, 0,
    "inside-machine", FALSE, "Nested VT-x", NULL },
  { "in-hyper-v", INTEL "flags\t: hypervisor\n",
    "sys/class/dmi/id/sys_vendor=Microsoft Corporation"
    "|sys/class/dmi/id/product_name=Virtual Machine", FALSE, 0, "inside-machine", FALSE,
    "ExposeVirtualizationExtensions", NULL },
  { "in-a-cloud", INTEL "flags\t: hypervisor\n", "", FALSE, 0, "inside-machine", FALSE,
    "cloud", NULL },
  /* Nested virtualization that works is virtualization. */
  { "nested", INTEL "flags\t: hypervisor vmx\n", "sys/module/kvm_intel/x=|dev/kvm=", TRUE, 0,
    "kvm-works", TRUE, NULL, NULL },
  { "no-module", INTEL "flags\t: vmx\n", "", TRUE, 0, "kvm-module", FALSE, "Operation not",
    "sudo modprobe kvm_intel" },
  { "no-module-amd", AMD "flags\t: svm\n", "", TRUE, 0, "kvm-module", FALSE, NULL,
    "sudo modprobe kvm_amd" },
  { "blocked", INTEL "flags\t: vmx\n", "etc/modprobe.d/vbox.conf=# no\nblacklist\tkvm_intel\n",
    TRUE, 0, "kvm-module", FALSE, "blacklist", "sudo modprobe kvm_intel" },
  { "no-device", INTEL "flags\t: vmx\n", "sys/module/kvm_intel/x=", TRUE, 0, "kvm-device", FALSE,
    "container", NULL },
  { "no-access", INTEL "flags\t: vmx\n", "sys/module/kvm_intel/x=|dev/kvm!=", TRUE, 0, "kvm-device",
    FALSE, "group “kvm”", "sudo usermod --append --groups kvm" },
  { "taken", INTEL "flags\t: vmx\n", "sys/module/kvm_intel/x=|dev/kvm=", TRUE, EBUSY, "kvm-works",
    FALSE, "VirtualBox", NULL },
  { "locked", INTEL "flags\t: vmx\n", "sys/module/kvm_intel/x=|dev/kvm=", TRUE, EOPNOTSUPP,
    "kvm-works", FALSE, "firmware", NULL },
  { "broken", INTEL "flags\t: vmx\n", "sys/module/kvm_intel/x=|dev/kvm=", TRUE, ENOMEM,
    "kvm-works", FALSE, NULL, NULL },
  { "other-processor", ARM, "dev/kvm=", FALSE, 0, "kvm-works", TRUE, NULL, NULL },
  { "nothing-readable", NULL, "", FALSE, 0, "processor", FALSE, NULL, NULL },
};

static gboolean
fake_cpuid (GhProcessorMaker maker,
            gpointer         data)
{
  return ((const Computer *) data)->cpuid;
}

static int
fake_make_vm (int       fd,
              int      *api,
              gpointer  data)
{
  *api = 12;
  return ((const Computer *) data)->kvm_errno;
}

/* “path!=” is a file that may not be opened. */
static void
write_file (const char *root,
            const char *line)
{
  const char *equals = strchr (line, '=');
  gboolean closed = equals[-1] == '!';
  g_autofree char *name = g_strndup (line, (gsize) (equals - line) - (closed ? 1 : 0));
  g_autofree char *path = g_build_filename (root, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, equals + 1, -1, NULL));
  if (closed)
    g_assert_cmpint (g_chmod (path, 0), ==, 0);
}

static GhVirtualization *
read_computer (const Computer *computer)
{
  g_autofree char *root = gh_test_dup_tmp_dir ();
  g_auto (GStrv) lines = g_strsplit (computer->files, "|", -1);
  GhVirtualizationProbe probe = { fake_cpuid, fake_make_vm, (gpointer) computer };

  if (computer->cpuinfo != NULL)
    {
      g_autofree char *line = g_strconcat ("proc/cpuinfo=", computer->cpuinfo, NULL);

      write_file (root, line);
    }
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      write_file (root, lines[i]);
  return gh_virtualization_read (root, &probe);
}

static GhCheck *
find_check (GPtrArray  *checks,
            const char *id)
{
  for (guint i = 0; i < checks->len; i++)
    if (strcmp (gh_check_get_id (g_ptr_array_index (checks, i)), id) == 0)
      return g_ptr_array_index (checks, i);
  return NULL;
}

static void
test_computer (gconstpointer data)
{
  const Computer *computer = data;
  g_autoptr (GhVirtualization) facts = NULL;
  g_autoptr (GPtrArray) checks = NULL;
  GhCheck *check = NULL;

  if (strcmp (computer->name, "no-access") == 0 && geteuid () == 0)
    {
      g_test_skip ("root opens everything");
      return;
    }
  facts = read_computer (computer);
  checks = gh_virtualization_list_checks (facts);
  check = find_check (checks, computer->id);
  g_assert_nonnull (check);
  g_assert_cmpint (gh_check_get_level (check), ==,
                   computer->fine ? GH_CHECK_OK : GH_CHECK_WARNING);
  if (computer->detail != NULL)
    g_assert_nonnull (strstr (gh_check_get_detail (check), computer->detail));
  if (computer->command != NULL)
    g_assert_true (g_str_has_prefix (gh_check_get_fix_command (check), computer->command));
  /* Only what ends everything asks first. */
  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *any = g_ptr_array_index (checks, i);
      const char *command = gh_check_get_fix_command (any);
      const char *text = NULL;
      const char *verb = NULL;

      g_assert_true ((gh_check_get_question (any, &text, &verb) != NULL) ==
                     (command != NULL && strstr (command, "reboot") != NULL));
    }
  /* One broken link hides those behind it. */
  if (!computer->fine && strcmp (computer->id, "kvm-works") != 0)
    g_assert_null (find_check (checks, "kvm-works"));
}

static void
test_extras (void)
{
  static const Computer with = { "", INTEL "flags\t: vmx\n",
    "sys/module/kvm_intel/parameters/nested=Y|dev/kvm=|sys/kernel/iommu_groups/0/x="
    "|dev/net/tun=|dev/vhost-net=|usr/bin/qemu-system-x86_64=|usr/sbin/libvirtd="
    "|usr/share/qemu/firmware/60.json={}|usr/bin/swtpm=", TRUE, 0, NULL, TRUE, NULL, NULL };
  static const Computer without = { "", INTEL "flags\t: vmx\n",
    "sys/module/kvm_intel/parameters/nested=N|dev/kvm=|sys/firmware/acpi/tables/DMAR="
    "|run/libvirt/libvirt-sock=|etc/os-release=ID=debian", TRUE, 0, NULL, TRUE, NULL, NULL };
  static const struct
  {
    const char *id;
    int         level_with;    /* -1: not there */
    int         level_without;
    const char *command;       /* (nullable): without it */
  } expected[] = {
    { "nested", GH_CHECK_OK, GH_CHECK_NOTE, NULL },
    { "iommu", GH_CHECK_OK, GH_CHECK_NOTE, NULL },
    { "tun", GH_CHECK_OK, GH_CHECK_NOTE, "sudo modprobe tun" },
    { "vhost-net", GH_CHECK_OK, GH_CHECK_NOTE, "sudo modprobe vhost_net" },
    { "qemu", GH_CHECK_OK, GH_CHECK_WARNING,
      "sudo apt-get install --yes qemu-system-x86 qemu-utils" },
    { "libvirt", GH_CHECK_OK, GH_CHECK_WARNING,
      "sudo apt-get install --yes libvirt-daemon-system" },
    { "system-access", -1, GH_CHECK_NOTE, NULL },
    { "uefi", -1, GH_CHECK_NOTE, "sudo apt-get install --yes ovmf" },
    { "tpm", -1, GH_CHECK_NOTE, "sudo apt-get install --yes swtpm swtpm-tools" },
  };
  const Computer *both[] = { &with, &without };

  for (guint i = 0; i < G_N_ELEMENTS (both); i++)
    {
      g_autoptr (GhVirtualization) facts = read_computer (both[i]);
      g_autoptr (GPtrArray) checks = gh_virtualization_list_checks (facts);

      for (guint j = 0; j < G_N_ELEMENTS (expected); j++)
        {
          GhCheck *check = find_check (checks, expected[j].id);
          int level = i == 0 ? expected[j].level_with : expected[j].level_without;

          g_test_message ("%s", expected[j].id);
          g_assert_cmpint (check != NULL ? (int) gh_check_get_level (check) : -1, ==, level);
          if (both[i] == &without && expected[j].command != NULL)
            g_assert_cmpstr (gh_check_get_fix_command (check), ==, expected[j].command);
        }
      if (both[i] == &without)
        g_assert_nonnull (strstr (gh_check_get_detail (find_check (checks, "iommu")),
                                  "intel_iommu=on"));
    }
}

/* The commands of each family of distributions; none where names may be others, or where packages
 * are not changed while the system runs. */
static void
test_packages (void)
{
  static const struct
  {
    const char *os_release;
    const char *commands[GH_N_PACKAGES]; /* NULL: not known */
  } systems[] = {
    { "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
      { "apt-get install --yes qemu-system-x86 qemu-utils",
        "apt-get install --yes libvirt-daemon-system", "apt-get install --yes ovmf",
        "apt-get install --yes swtpm swtpm-tools" } },
    { "ID=linuxmint\nID_LIKE=\"ubuntu debian\"",
      { "apt-get install --yes qemu-system-x86 qemu-utils",
        "apt-get install --yes libvirt-daemon-system", "apt-get install --yes ovmf",
        "apt-get install --yes swtpm swtpm-tools" } },
    { "NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"",
      { "dnf install --assumeyes qemu-kvm qemu-img", "dnf install --assumeyes libvirt",
        "dnf install --assumeyes edk2-ovmf", "dnf install --assumeyes swtpm swtpm-tools" } },
    { "ID='opensuse-leap'\nID_LIKE='suse opensuse'",
      { "zypper --non-interactive install qemu-x86 qemu-tools",
        "zypper --non-interactive install libvirt-daemon-qemu",
        "zypper --non-interactive install qemu-ovmf-x86_64",
        "zypper --non-interactive install swtpm" } },
    { "ID_LIKE=arch\nID=manjaro",
      { "pacman -S --needed --noconfirm qemu-desktop", "pacman -S --needed --noconfirm libvirt",
        "pacman -S --needed --noconfirm edk2-ovmf", "pacman -S --needed --noconfirm swtpm" } },
    { "ID=mageia\nID_LIKE=\"mandriva fedora\"", { NULL } },
    { "ID=\"opensuse-microos\"\nID_LIKE=\"suse opensuse opensuse-tumbleweed\"", { NULL } },
    { "ID=steamos\nID_LIKE=arch", { NULL } },
    { "ID=nixos", { NULL } },
    { "VERSION_CODENAME=debian\n#ID=debian\nXID=debian\nID='debian", { NULL } },
    { "", { NULL } },
    { NULL, { NULL } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (systems); i++)
    for (int what = 0; what < GH_N_PACKAGES; what++)
      {
        g_auto (GStrv) words = gh_packages_dup_command (systems[i].os_release, (GhPackage) what);
        g_autofree char *line = words != NULL ? g_strjoinv (" ", words) : NULL;

        g_assert_cmpstr (line, ==, systems[i].commands[what]);
      }
}

/* Where it is not known how something is installed, there is an example and nothing to press. */
static void
test_no_packages (void)
{
  static const char * const files[] = { "etc/os-release=ID=nixos",
                                        "etc/os-release=ID=fedora|run/ostree-booted=" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      const Computer computer = { "", INTEL "flags\t: vmx\n", files[i], TRUE, 0, NULL, TRUE, NULL,
                                  NULL };
      g_autoptr (GhVirtualization) facts = read_computer (&computer);
      g_autoptr (GPtrArray) checks = gh_virtualization_list_checks (facts);
      GhCheck *check = find_check (checks, "libvirt");

      g_assert_null (gh_check_get_fix_label (check));
      g_assert_nonnull (strstr (gh_check_get_detail (check),
                                "on Debian by “sudo apt install libvirt-daemon-system”."));
    }
}

/* We may, and root may; the account that runs the system's machines may not. */
static void
test_closed_for_system (void)
{
  static const Computer computer = { "", INTEL "flags\t: vmx\n", "dev/kvm=", TRUE, 0, NULL, TRUE,
                                     NULL, NULL };
  g_autoptr (GhVirtualization) facts = read_computer (&computer);
  g_autoptr (GPtrArray) checks = NULL;
  GhCheck *check = NULL;

  g_free (facts->device_closed_for);
  facts->device_closed_for = g_strdup ("libvirt-qemu");
  checks = gh_virtualization_list_checks (facts);
  check = find_check (checks, "kvm-system");
  g_assert_nonnull (check);
  g_assert_nonnull (strstr (gh_check_get_detail (check), "libvirt-qemu"));
}

/* This computer, whatever it is: read to the end, and something is said. */
static void
test_real (void)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GhVirtualization) facts = NULL;
  g_autoptr (GPtrArray) checks = NULL;

  gh_virtualization_load_async (NULL, gh_test_call_cb, &call);
  facts = gh_virtualization_load_finish (gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  checks = gh_virtualization_list_checks (facts);
  g_assert_cmpuint (checks->len, >, 4);
  if (facts->device_exists && facts->device_errno == 0)
    g_assert_nonnull (find_check (checks, "kvm-works"));
}

/* Hosts that only libvirt tells of. */

#define HOST(cpu, guest) \
  "<capabilities><host><uuid>u</uuid><cpu>" cpu "</cpu></host>" guest "</capabilities>"
#define GUEST(arch, more) \
  "<guest><os_type>hvm</os_type><arch name='" arch "'><emulator>/usr/bin/qemu</emulator>" \
  "<domain type='qemu'/>" more "</arch></guest>"
#define KVM "<domain type='kvm'/>"
#define INTEL_CPU "<arch>x86_64</arch><model>Skylake-Client</model><vendor>Intel</vendor>"
#define AMD_CPU "<arch>x86_64</arch><model>EPYC</model><vendor>AMD</vendor>"
#define ARM_CPU "<arch>aarch64</arch><model>cortex-a72</model><vendor>ARM</vendor>"
#define DOMAIN(type, cpu) \
  "<domainCapabilities><domain>" type "</domain><cpu>" cpu "</cpu></domainCapabilities>"
#define SYSINFO(vendor) \
  "<sysinfo type='smbios'><system><entry name='manufacturer'>" vendor "</entry>" \
  "<entry name='product'>X</entry></system></sysinfo>"

typedef struct
{
  const char *name;
  const char *capabilities;
  const char *cpu;      /* (nullable): with what its model has */
  const char *domain;   /* (nullable) */
  const char *sysinfo;  /* (nullable) */
  const char *id;       /* of what is said of KVM */
  gboolean    fine;
  const char *words;    /* (nullable): in its title or detail */
  int         nested;   /* -1: nothing is said of it */
  int         iommu;
} FarHost;

static const FarHost far_hosts[] = {
  { "intel-kvm",
    "<capabilities><host><cpu>" INTEL_CPU "<feature name='vmx'/></cpu><iommu support='yes'/></host>"
    GUEST ("x86_64", KVM) "</capabilities>", NULL,
    DOMAIN ("kvm", "<mode name='host-model'><feature policy='require' name='vmx'/></mode>"), NULL,
    "kvm-works", TRUE, "full speed", GH_CHECK_OK, GH_CHECK_OK },
  { "intel-kvm-not-nested",
    "<capabilities><host><cpu>" INTEL_CPU "<feature name='vmx'/></cpu><iommu support='no'/></host>"
    GUEST ("x86_64", KVM) "</capabilities>", NULL,
    DOMAIN ("kvm", "<mode name='host-model'><feature policy='disable' name='vmx'/></mode>"), NULL,
    "kvm-works", TRUE, NULL, GH_CHECK_NOTE, GH_CHECK_NOTE },
  { "amd-kvm", HOST (AMD_CPU, GUEST ("x86_64", KVM)), NULL, DOMAIN ("kvm", ""), NULL, "kvm-works",
    TRUE, NULL, -1, -1 },
  /* The flag is there, or in the model, and KVM is not: from here it is not known why. */
  { "intel-off", HOST (INTEL_CPU "<feature name='vmx'/>", GUEST ("x86_64", "")), NULL,
    DOMAIN ("qemu", ""), SYSINFO ("LENOVO"), "kvm-missing", FALSE,
    "press F1, F2 while “LENOVO” shows", -1, -1 },
  { "amd-off", HOST (AMD_CPU, GUEST ("x86_64", "")),
    "<cpu>" AMD_CPU "<feature name='svm'/></cpu>", NULL, NULL, "kvm-missing", FALSE, "SVM Mode", -1,
    -1 },
  { "no-processor", HOST (INTEL_CPU, GUEST ("x86_64", "")), "<cpu>" INTEL_CPU "</cpu>", NULL, NULL,
    "processor", FALSE, "emulation", -1, -1 },
  { "in-kvm", HOST (INTEL_CPU "<feature name='hypervisor'/>", GUEST ("x86_64", "")), NULL, NULL,
    SYSINFO ("QEMU"), "inside-machine", FALSE, "The host is a machine of QEMU/KVM", -1, -1 },
  { "in-unknown", HOST (AMD_CPU "<feature name='hypervisor'/>", GUEST ("x86_64", "")), NULL, NULL,
    NULL, "inside-machine", FALSE, "cloud", -1, -1 },
  { "aarch64-kvm", HOST (ARM_CPU, GUEST ("aarch64", KVM)), NULL, DOMAIN ("kvm", ""), NULL,
    "kvm-works", TRUE, NULL, -1, -1 },
  { "aarch64-off", HOST (ARM_CPU, GUEST ("aarch64", "")), NULL, NULL, NULL, "kvm-missing", FALSE,
    "virt-host-validate", -1, -1 },
  { "no-emulator", HOST (INTEL_CPU "<feature name='vmx'/>", ""), NULL, NULL, NULL, "qemu", FALSE,
    "QEMU is not installed", -1, -1 },
  { "broken", "<capab", "<cpu", "<x/>", "", "qemu", FALSE, NULL, -1, -1 },
};

static int
get_level (GPtrArray  *checks,
           const char *id)
{
  GhCheck *check = find_check (checks, id);

  return check != NULL ? (int) gh_check_get_level (check) : -1;
}

static void
test_far (gconstpointer data)
{
  const FarHost *far = data;
  g_autoptr (GhKvmFacts) facts = gh_kvm_facts_new (far->capabilities, far->cpu, far->domain,
                                                   far->sysinfo);
  g_autoptr (GPtrArray) checks = gh_virtualization_list_far_checks (facts);
  GhCheck *check = find_check (checks, far->id);
  g_autofree char *text = NULL;

  g_assert_nonnull (check);
  g_assert_cmpint (gh_check_get_level (check), ==, far->fine ? GH_CHECK_OK : GH_CHECK_WARNING);
  text = g_strconcat (gh_check_get_title (check), "\n", gh_check_get_detail (check), NULL);
  if (far->words != NULL)
    g_assert_nonnull (strstr (text, far->words));
  g_assert_cmpint (get_level (checks, "nested"), ==, far->nested);
  g_assert_cmpint (get_level (checks, "iommu"), ==, far->iommu);
  g_assert_cmpint (get_level (checks, "far-unknown"), ==, GH_CHECK_NOTE);
  /* What would be run would be run here. */
  for (guint i = 0; i < checks->len; i++)
    g_assert_null (gh_check_get_fix_label (g_ptr_array_index (checks, i)));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (far_hosts); i++)
    {
      g_autofree char *path = g_strconcat ("/virtualization/far/", far_hosts[i].name, NULL);

      g_test_add_data_func (path, &far_hosts[i], test_far);
    }
  for (guint i = 0; i < G_N_ELEMENTS (computers); i++)
    {
      g_autofree char *path = g_strconcat ("/virtualization/", computers[i].name, NULL);

      g_test_add_data_func (path, &computers[i], test_computer);
    }
  g_test_add_func ("/virtualization/extras", test_extras);
  g_test_add_func ("/virtualization/packages", test_packages);
  g_test_add_func ("/virtualization/no-packages", test_no_packages);
  g_test_add_func ("/virtualization/closed-for-system", test_closed_for_system);
  g_test_add_func ("/virtualization/real", test_real);
  return g_test_run ();
}
