/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Can this computer run machines at full speed, and if not, why? Looks at each link of the chain
 *
 *   processor → firmware → kernel module → /dev/kvm → a machine made in it
 *
 * with the eyes of an ordinary user. What the firmware has switched off shows in a difference:
 * CPUID says that the processor has it, and the kernel has taken it out of its flags (since Linux
 * 5.6, arch/x86/kernel/cpu/feat_ctl.c).
 */

#define G_LOG_DOMAIN "gh-virtualization"

#include "config.h"

#include "gh-virtualization.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#ifdef __linux__
#include <linux/kvm.h>
#endif
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "gh-account.h"
#include "gh-check.h"
#include "gh-lane.h"

/* The words before “: ” in /proc/cpuinfo. */
#define CPU_MODEL "model name"
#define CPU_FLAGS "flags"

static void
virtualization_clear (gpointer data)
{
  GhVirtualization *self = data;

  g_free (self->processor);
  g_free (self->vendor);
  g_free (self->product);
  g_free (self->hypervisor);
  g_free (self->device_closed_for);
  g_free (self->user);
  g_free (self->os_release);
}

GhVirtualization *
gh_virtualization_ref (GhVirtualization *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_virtualization_unref (GhVirtualization *self)
{
  g_atomic_rc_box_release_full (self, virtualization_clear);
}

/* (nullable): the file's text without the space around it. */
static char *
dup_file (const char *root,
          const char *path)
{
  g_autofree char *full = g_build_filename (root, path, NULL);
  char *text = NULL;

  if (!g_file_get_contents (full, &text, NULL, NULL))
    return NULL;
  g_strstrip (text);
  if (*text != '\0')
    return text;
  g_free (text);
  return NULL;
}

static gboolean
exists (const char *root,
        const char *path)
{
  g_autofree char *full = g_build_filename (root, path, NULL);

  return g_file_test (full, G_FILE_TEST_EXISTS);
}

static gboolean
has_entries (const char *root,
             const char *path)
{
  g_autofree char *full = g_build_filename (root, path, NULL);
  g_autoptr (GDir) folder = g_dir_open (full, 0, NULL);

  return folder != NULL && g_dir_read_name (folder) != NULL;
}

/* (nullable): what stands behind the first @key of /proc/cpuinfo. */
static char *
dup_cpu_field (const char *cpuinfo,
               const char *key)
{
  g_auto (GStrv) lines = cpuinfo != NULL ? g_strsplit (cpuinfo, "\n", -1) : NULL;

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');

      if (colon == NULL || !g_str_has_prefix (lines[i], key))
        continue;
      *colon = '\0';
      if (strcmp (g_strchomp (lines[i]), key) == 0)
        return g_strdup (g_strstrip (colon + 1));
    }
  return NULL;
}

static void
read_processor (GhVirtualization            *self,
                const char                  *root,
                const GhVirtualizationProbe *probe)
{
  g_autofree char *cpuinfo = dup_file (root, "proc/cpuinfo");
  g_autofree char *maker = dup_cpu_field (cpuinfo, "vendor_id");
  g_autofree char *flag_text = dup_cpu_field (cpuinfo, CPU_FLAGS);
  g_auto (GStrv) flags = g_strsplit (flag_text != NULL ? flag_text : "", " ", -1);
  const char *flag = NULL;

  self->processor = dup_cpu_field (cpuinfo, CPU_MODEL);
  if (g_strcmp0 (maker, "GenuineIntel") == 0)
    {
      self->maker = GH_PROCESSOR_INTEL;
      self->module = "kvm_intel";
      flag = "vmx";
    }
  else if (g_strcmp0 (maker, "AuthenticAMD") == 0 || g_strcmp0 (maker, "HygonGenuine") == 0)
    {
      self->maker = GH_PROCESSOR_AMD;
      self->module = "kvm_amd";
      flag = "svm";
    }
  self->flag_has = flag != NULL && g_strv_contains ((const char * const *) flags, flag);
  self->in_machine = g_strv_contains ((const char * const *) flags, "hypervisor");
  self->cpuid_has = self->flag_has || probe->cpuid (self->maker, probe->data);
}

/**
 * gh_virtualization_get_hypervisor:
 * @vendor: (nullable): of a computer, by its firmware's tables
 * @product: (nullable): likewise
 *
 * As systemd-detect-virt does, from what the outer hypervisor puts into the firmware's tables.
 *
 * Returns: (nullable): which one it is
 */
const char *
gh_virtualization_get_hypervisor (const char *vendor,
                                  const char *product)
{
  static const struct
  {
    const char *word;
    const char *name;
  } known[] = {
    { "QEMU", "QEMU/KVM" },
    { "KVM", "KVM" },
    { "VMware", "VMware" },
    { "innotek", "VirtualBox" },
    { "VirtualBox", "VirtualBox" },
    { "Xen", "Xen" },
    { "Parallels", "Parallels" },
    { "Virtual Machine", "Hyper-V" },
    { "Google", "Google Compute Engine" },
    { "Amazon", "Amazon EC2" },
    { "OpenStack", "OpenStack" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if ((vendor != NULL && strstr (vendor, known[i].word) != NULL) ||
        (product != NULL && strstr (product, known[i].word) != NULL))
      return known[i].name;
  return NULL;
}

static void
read_computer (GhVirtualization *self,
               const char       *root)
{
  self->vendor = dup_file (root, "sys/class/dmi/id/sys_vendor");
  self->product = dup_file (root, "sys/class/dmi/id/product_name");
  if (self->in_machine)
    self->hypervisor = g_strdup (gh_virtualization_get_hypervisor (self->vendor,
                                                                   self->product));
}

static gboolean
is_blocked (const char *root,
            const char *module)
{
  g_autofree char *path = g_build_filename (root, "etc/modprobe.d", NULL);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name = NULL;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename ("etc/modprobe.d", name, NULL);
      g_autofree char *text = g_str_has_suffix (name, ".conf") ? dup_file (root, file) : NULL;
      g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

      for (guint i = 0; lines[i] != NULL; i++)
        {
          g_auto (GStrv) words = g_strsplit_set (g_strstrip (lines[i]), " \t", 3);

          if (g_strv_length (words) >= 2 && strcmp (words[0], "blacklist") == 0 &&
              (strcmp (words[1], module) == 0 || strcmp (words[1], "kvm") == 0))
            return TRUE;
        }
    }
  return FALSE;
}

static void
read_module (GhVirtualization *self,
             const char       *root)
{
  g_autofree char *path = NULL;
  g_autofree char *nested_path = NULL;
  g_autofree char *nested = NULL;

  if (self->module == NULL)
    return;
  path = g_build_filename ("sys/module", self->module, NULL);
  nested_path = g_build_filename (path, "parameters/nested", NULL);
  nested = dup_file (root, nested_path);
  self->module_loaded = exists (root, path);
  self->module_blocked = is_blocked (root, self->module);
  self->nested = nested != NULL && (*nested == 'Y' || *nested == '1');
}

static void
read_device (GhVirtualization            *self,
             const char                  *root,
             const GhVirtualizationProbe *probe)
{
  g_autofree char *path = g_build_filename (root, "dev/kvm", NULL);
  GhAccount account;
  int fd = open (path, O_RDWR | O_CLOEXEC);

  self->device_errno = fd < 0 ? errno : 0;
  if (gh_account_find_qemu (&account) &&
      !gh_account_may (&account, path, GH_ACCOUNT_READ | GH_ACCOUNT_WRITE))
    self->device_closed_for = g_strdup (account.name);
  self->device_exists = fd >= 0 || (self->device_errno != ENOENT && self->device_errno != ENOTDIR);
  if (fd < 0)
    return;
  self->kvm_errno = probe->make_vm (fd, &self->kvm_api, probe->data);
  close (fd);
}

static gboolean
can_connect (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  gboolean connected = FALSE;

  if (fd < 0)
    return FALSE;
  if (strlen (path) < sizeof address.sun_path)
    {
      g_strlcpy (address.sun_path, path, sizeof address.sun_path);
      /* A daemon that is too busy to answer at once is there all the same. */
      connected = connect (fd, (struct sockaddr *) &address, sizeof address) == 0 ||
                  errno == EAGAIN || errno == EINPROGRESS;
    }
  close (fd);
  return connected;
}

static void
read_software (GhVirtualization *self,
               const char       *root)
{
#if defined(__aarch64__)
  static const char qemu[] = "usr/bin/qemu-system-aarch64";
#else
  static const char qemu[] = "usr/bin/qemu-system-x86_64";
#endif
  static const char * const sockets[] = {
    "run/libvirt/libvirt-sock",
    "run/libvirt/virtqemud-sock",
  };

  self->has_qemu = exists (root, qemu) || exists (root, "usr/libexec/qemu-kvm") ||
                   exists (root, "usr/bin/qemu-kvm");
  self->has_libvirt = exists (root, "usr/sbin/libvirtd") || exists (root, "usr/sbin/virtqemud");
  self->has_uefi = has_entries (root, "usr/share/qemu/firmware");
  self->has_tpm = exists (root, "usr/bin/swtpm");
  if (!exists (root, "run/ostree-booted"))
    self->os_release = dup_file (root, "etc/os-release");
  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    {
      g_autofree char *path = g_build_filename (root, sockets[i], NULL);

      self->system_socket = self->system_socket || g_file_test (path, G_FILE_TEST_EXISTS);
      self->system_access = self->system_access || can_connect (path);
    }
}

static gboolean
cpuid_has (GhProcessorMaker maker,
           gpointer         data)
{
#if defined(__x86_64__) || defined(__i386__)
  unsigned int eax = 0;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  unsigned int edx = 0;

  /* Intel: leaf 1, ECX bit 5, VMX. AMD: leaf 0x80000001, ECX bit 2, SVM. */
  if (maker == GH_PROCESSOR_INTEL)
    return __get_cpuid (1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1U << 5)) != 0;
  if (maker == GH_PROCESSOR_AMD)
    return __get_cpuid (0x80000001, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1U << 2)) != 0;
#endif
  return FALSE;
}

static int
make_vm (int       fd,
         int      *api,
         gpointer  data)
{
#ifdef __linux__
  int vm = -1;

  *api = ioctl (fd, KVM_GET_API_VERSION, 0);
  if (*api < 0)
    {
      int code = errno;

      *api = 0;
      return code;
    }
  vm = ioctl (fd, KVM_CREATE_VM, 0);
  if (vm < 0)
    return errno;
  close (vm);
  return 0;
#else
  *api = 0;
  return ENOSYS;
#endif
}

static const GhVirtualizationProbe real_probe = { cpuid_has, make_vm, NULL };

/**
 * gh_virtualization_read:
 * @root: "/", or a folder that stands for it
 * @probe: (nullable): what answers for processor and kernel; %NULL for the real ones
 *
 * Reads small files and opens /dev/kvm: for workers.
 *
 * Returns: (transfer full): what there is
 */
GhVirtualization *
gh_virtualization_read (const char                  *root,
                        const GhVirtualizationProbe *probe)
{
  GhVirtualization *self = g_atomic_rc_box_new0 (GhVirtualization);

  if (probe == NULL)
    probe = &real_probe;
  read_processor (self, root, probe);
  read_computer (self, root);
  read_module (self, root);
  read_device (self, root, probe);
  read_software (self, root);
  self->iommu_used = has_entries (root, "sys/kernel/iommu_groups");
  self->iommu_there = self->iommu_used || exists (root, "sys/firmware/acpi/tables/DMAR") ||
                      exists (root, "sys/firmware/acpi/tables/IVRS");
  self->has_tun = exists (root, "dev/net/tun");
  self->has_vhost_net = exists (root, "dev/vhost-net");
  self->user = g_strdup (g_get_user_name ());
  return self;
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  return gh_virtualization_read ("/", NULL);
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhVirtualization *self = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (self == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, self, (GDestroyNotify) gh_virtualization_unref);
}

/**
 * gh_virtualization_load_async:
 * @cancellable: (nullable): stops waiting
 * @callback: called when it is known
 * @user_data: for @callback
 *
 * Looks at this computer, on a thread of its own. Main thread.
 */
void
gh_virtualization_load_async (GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GhLane) lane = gh_lane_new ("virtualization");

  g_task_set_source_tag (task, gh_virtualization_load_async);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "virtualization", load_worker, NULL, NULL,
                     (GDestroyNotify) gh_virtualization_unref, cancellable, loaded_cb, task);
}

/**
 * gh_virtualization_load_finish:
 * @result: given to the callback
 * @error: (out): set only when it was cancelled
 *
 * Returns: (transfer full): what there is
 */
GhVirtualization *
gh_virtualization_load_finish (GAsyncResult  *result,
                               GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
