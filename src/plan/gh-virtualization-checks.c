/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What GhVirtualization found, in words: what it means, and what to do about it on this computer.
 * Only the first broken link of the chain is a warning; those behind it cannot be told yet. */

#define G_LOG_DOMAIN "gh-virtualization"

#include "config.h"

#include "gh-virtualization.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-check.h"
#include "gh-command.h"
#include "gh-packages.h"

/* The way into the firmware's setup, by what the maker calls itself in the firmware's tables. */
typedef struct
{
  const char *vendor;
  const char *key;   /* at power-on */
  const char *place; /* untranslated */
} Firmware;

static const Firmware firmwares[] = {
  { "LENOVO", "F1, F2", N_("Security → Virtualization") },
  { "Dell", "F2", N_("Virtualization Support") },
  { "HP", "F10", N_("Advanced → System Options, or System Configuration") },
  { "Hewlett-Packard", "F10", N_("Security → System Security, or System Configuration") },
  { "ASUS", "F2, Del", N_("Advanced → CPU Configuration") },
  { "Acer", "F2", N_("Main, or Advanced") },
  { "Gigabyte", "Del", N_("Tweaker → Advanced CPU Settings") },
  { "Micro-Star", "Del", N_("OC → CPU Features") },
  { "MSI", "Del", N_("OC → CPU Features") },
  { "ASRock", "F2, Del", N_("Advanced → CPU Configuration") },
  { "Intel", "F2", N_("Security, or Advanced → Processor") },
  { "FUJITSU", "F2", N_("Advanced → CPU Configuration") },
  { "Framework", "F2", N_("Advanced") },
  { "Supermicro", "Del", N_("Advanced → CPU Configuration") },
  { "SAMSUNG", "F2", N_("Advanced") },
  { "TOSHIBA", "F2", N_("Advanced → System Configuration") },
};

typedef struct
{
  GhVirtualization *facts;
  GPtrArray        *checks;
  gboolean          far;    /* it is not the computer in front of the user */
} Writer;

/* Takes @title and @detail. */
static GhCheck *
add (Writer       *self,
     GhCheckLevel  level,
     const char   *id,
     char         *title,
     char         *detail)
{
  GhCheck *check = gh_check_new (level, id, title, detail);

  g_ptr_array_add (self->checks, check);
  g_free (title);
  g_free (detail);
  return check;
}

/* Fixes: a command, run by the one who is allowed to */

static void
command_ended_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GSubprocess *process = G_SUBPROCESS (object);
  g_autofree char *errors = NULL;
  GError *error = NULL;

  if (!g_subprocess_communicate_utf8_finish (process, result, NULL, &errors, &error))
    g_task_return_error (task, error);
  else if (g_subprocess_get_successful (process))
    g_task_return_boolean (task, TRUE);
  else if (g_subprocess_get_if_exited (process) &&
           (g_subprocess_get_exit_status (process) == 126 ||
            g_subprocess_get_exit_status (process) == 127))
    /* What pkexec says when it was cancelled, or nobody may. */
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                             _("It was not allowed. An administrator can run the command."));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             g_strstrip (errors)[0] != '\0' ? errors : _("The command failed."));
}

static void
run_command (GhCheck             *check,
             gpointer             data,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);
  g_autoptr (GSubprocess) process = NULL;
  GError *error = NULL;

  g_task_set_source_tag (task, run_command);
  process = g_subprocess_newv (data, G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                               G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
  if (process == NULL)
    g_task_return_error (task, error);
  else
    g_subprocess_communicate_utf8_async (process, NULL, cancellable, command_ended_cb,
                                         g_object_ref (task));
}

/* Offers to run @words as root. The line to copy is there also where nothing can ask for the right
 * to. */
static void
offer_words (GhCheck            *check,
             const char         *label,
             const char * const *words)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
  g_autoptr (GString) line = g_string_new ("sudo");

  g_strv_builder_add (all, "pkexec");
  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autofree char *quoted = gh_command_dup_quoted (words[i]);

      g_strv_builder_add (all, words[i]);
      g_string_append_printf (line, " %s", quoted);
    }
  gh_check_set_fix (check, label, line->str, run_command, g_strv_builder_end (all),
                    (GDestroyNotify) g_strfreev);
}

/* The same, NULL-terminated. */
static void
offer_command (GhCheck    *check,
               const char *label,
               const char *first,
               ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  va_list arguments;

  va_start (arguments, first);
  for (const char *word = first; word != NULL; word = va_arg (arguments, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (arguments);
  g_ptr_array_add (words, NULL);
  offer_words (check, label, (const char * const *) words->pdata);
}

/* The chain */

static const char *
get_feature_name (GhVirtualization *facts)
{
  switch (facts->maker)
    {
    case GH_PROCESSOR_INTEL:
      return "Intel VT-x";
    case GH_PROCESSOR_AMD:
      return "AMD-V (SVM)";
    case GH_PROCESSOR_OTHER:
    default:
      return _("virtualization");
    }
}

static const Firmware *
find_firmware (GhVirtualization *facts)
{
  for (guint i = 0; facts->vendor != NULL && i < G_N_ELEMENTS (firmwares); i++)
    if (g_ascii_strncasecmp (facts->vendor, firmwares[i].vendor,
                             strlen (firmwares[i].vendor)) == 0)
      return &firmwares[i];
  return NULL;
}

static char *
dup_firmware_advice (GhVirtualization *facts)
{
  const Firmware *firmware = find_firmware (facts);
  const char *option = facts->maker == GH_PROCESSOR_AMD
                       ? "“SVM Mode”, “AMD-V”" : "“Intel Virtualization Technology”, “VT-x”";

  if (firmware != NULL)
    /* Translators: the name of a computer; a key; a place in menus; what an option is called. */
    return g_strdup_printf (_("Restart, press %2$s while “%1$s” shows, and look under “%3$s” for "
                              "%4$s. Switch it on, save, and check again."),
                            facts->vendor, firmware->key, _(firmware->place), option);
  return g_strdup_printf (_("Restart into the firmware’s setup (often F2, F10 or Del at power-on), "
                            "look for %s, switch it on, save, and check again."), option);
}

static char *
dup_nesting_advice (GhVirtualization *facts)
{
  const char *name = facts->hypervisor != NULL ? facts->hypervisor : "";

  if (strcmp (name, "VMware") == 0)
    return g_strdup (_("In VMware, switch this machine off and tick “Virtualize Intel VT-x/EPT or "
                       "AMD-V/RVI” in its processor settings."));
  if (strcmp (name, "VirtualBox") == 0)
    return g_strdup (_("In VirtualBox, switch this machine off and tick “Enable Nested VT-x/AMD-V” "
                       "in its processor settings."));
  if (strcmp (name, "Hyper-V") == 0)
    return g_strdup (_("On the Hyper-V host, with this machine off: Set-VMProcessor -VMName NAME "
                       "-ExposeVirtualizationExtensions $true"));
  if (strstr (name, "KVM") != NULL)
    return g_strdup (_("On the host, load kvm_intel or kvm_amd with “nested=1”, and give this "
                       "machine the processor model “host-passthrough”."));
  return g_strdup (_("Whoever runs the host of this machine has to switch nested virtualization on "
                     "for it; with some cloud providers it takes another kind of machine."));
}

static void
add_processor (Writer *self)
{
  add (self, GH_CHECK_OK, "processor",
       g_strdup_printf (_("The processor has %s, and it is switched on"),
                        get_feature_name (self->facts)), g_strdup (self->facts->processor));
}

static void
add_inside (Writer *self)
{
  GhVirtualization *facts = self->facts;
  const char *unknown = self->far
                        ? _("The host is a virtual machine that is given no virtualization")
                        : _("This computer is a virtual machine that is given no virtualization");

  char *title = NULL;

  if (facts->hypervisor == NULL)
    title = g_strdup (unknown);
  else if (self->far)
    title = g_strdup_printf (_("The host is a machine of %s that is given no virtualization"),
                             facts->hypervisor);
  else
    title = g_strdup_printf (_("This computer is a machine of %s that is given no virtualization"),
                             facts->hypervisor);
  add (self, GH_CHECK_WARNING, "inside-machine", title, dup_nesting_advice (facts));
}

static void
add_no_processor (Writer *self)
{
  add (self, GH_CHECK_WARNING, "processor",
       g_strdup (_("The processor has no hardware virtualization")),
       g_strdup (_("Machines run in software emulation: everything works, many times slower. "
                   "Nothing but another computer changes that; machines can run on another host "
                   "that has it.")));
}

/* FALSE when what comes after it cannot be told. */
static gboolean
check_processor (Writer *self)
{
  GhVirtualization *facts = self->facts;
  GhCheck *check = NULL;

  if (facts->flag_has || facts->device_exists)
    {
      add_processor (self);
      return TRUE;
    }
  if (facts->in_machine)
    add_inside (self);
  else if (facts->cpuid_has)
    {
      check = add (self, GH_CHECK_WARNING, "firmware-off",
                   g_strdup_printf (_("The processor has %s, but the firmware has switched it "
                                      "off"), get_feature_name (facts)),
                   dup_firmware_advice (facts));
      offer_command (check, _("Restart into the firmware’s setup"), "systemctl", "reboot",
                     "--firmware-setup", NULL);
      gh_check_set_question (check, _("Restart this computer now?"),
                             _("Everything that runs on it ends: programs with what is not saved "
                               "in them, and all its virtual machines, also those that others "
                               "use. It comes up in the firmware’s setup."),
                             _("_Restart"));
    }
  else
    add_no_processor (self);
  return FALSE;
}

static gboolean
check_module (Writer *self)
{
  GhVirtualization *facts = self->facts;
  GhCheck *check = NULL;

  if (facts->module_loaded || facts->device_exists)
    {
      add (self, GH_CHECK_OK, "kvm-module", g_strdup (_("The kernel’s part (KVM) is loaded")),
           g_strdup (facts->module));
      return TRUE;
    }
  check = add (self, GH_CHECK_WARNING, "kvm-module",
               g_strdup (_("The kernel’s part (KVM) is not loaded")),
               facts->module_blocked
               ? g_strdup_printf (_("A “blacklist” line in /etc/modprobe.d keeps %s out. Remove it "
                                    "when it is there for no reason you know, for example for "
                                    "VirtualBox."), facts->module)
               : g_strdup_printf (_("Loading %s takes a moment. When the kernel says “Operation "
                                    "not supported”, the firmware has switched virtualization "
                                    "off."), facts->module));
  offer_command (check, _("Load it"), "modprobe", facts->module, NULL);
  return FALSE;
}

static gboolean
check_device (Writer *self)
{
  GhVirtualization *facts = self->facts;
  GhCheck *check = NULL;

  if (facts->device_exists && facts->device_errno == 0)
    {
      add (self, GH_CHECK_OK, "kvm-device", g_strdup (_("You may use KVM")),
           g_strdup (_("/dev/kvm opens. Your own machines run with it; those of the system run as "
                       "a user of their own.")));
      return TRUE;
    }
  if (facts->device_errno == EACCES || facts->device_errno == EPERM)
    {
      check = add (self, GH_CHECK_WARNING, "kvm-device", g_strdup (_("You may not use KVM")),
                   g_strdup_printf (_("/dev/kvm does not open for “%s”: the group “kvm” may. Log "
                                      "in again after you have been added. Machines of the system "
                                      "are not concerned."), facts->user));
      offer_command (check, _("Add me to the group"), "usermod", "--append", "--groups", "kvm",
                     facts->user, NULL);
    }
  else
    add (self, GH_CHECK_WARNING, "kvm-device",
         facts->device_exists ? g_strdup (_("/dev/kvm does not open"))
                              : g_strdup (_("/dev/kvm is missing")),
         facts->device_exists
         ? g_strdup (g_strerror (facts->device_errno))
         : g_strdup (_("KVM is loaded, but has no device: in a container, it has to be passed in "
                       "from outside.")));
  return FALSE;
}

static void
add_works (Writer *self)
{
  add (self, GH_CHECK_OK, "kvm-works", g_strdup (_("KVM works: machines run at full speed")), NULL);
}

static void
check_machine (Writer *self)
{
  switch (self->facts->kvm_errno)
    {
    case 0:
      add_works (self);
      return;
    case EBUSY:
      add (self, GH_CHECK_WARNING, "kvm-works",
           g_strdup (_("Another program has the processor’s virtualization to itself")),
           g_strdup (_("VirtualBox and VMware do not share it. End their machines, or their "
                       "services, and check again.")));
      return;
    case ENODEV:
    case EIO:
    case EOPNOTSUPP:
      add (self, GH_CHECK_WARNING, "kvm-works",
           g_strdup (_("KVM is there, but cannot make a machine")),
           dup_firmware_advice (self->facts));
      return;
    default:
      add (self, GH_CHECK_WARNING, "kvm-works",
           g_strdup (_("KVM is there, but cannot make a machine")),
           g_strdup (g_strerror (self->facts->kvm_errno)));
    }
}

/* What is good to have */

static void
add_nested (Writer *self)
{
  GhVirtualization *facts = self->facts;

  add (self, facts->nested ? GH_CHECK_OK : GH_CHECK_NOTE, "nested",
       facts->nested ? g_strdup (_("Machines may run machines themselves"))
                     : g_strdup (_("Machines cannot run machines themselves")),
       facts->nested || facts->module == NULL
       ? NULL
       : g_strdup_printf (_("Only who wants that needs it: a line “options %s nested=1” in a "
                            "file in /etc/modprobe.d, and a restart."), facts->module));
}

static void
add_iommu (Writer *self)
{
  GhVirtualization *facts = self->facts;

  if (facts->iommu_used)
    add (self, GH_CHECK_OK, "iommu", g_strdup (_("Devices can be given to machines (IOMMU)")),
         NULL);
  else
    add (self, GH_CHECK_NOTE, "iommu",
         g_strdup (_("Graphics cards and other PCI devices cannot be given to machines (IOMMU)")),
         facts->iommu_there
         ? g_strdup (facts->maker == GH_PROCESSOR_INTEL
                     ? _("The firmware has one. Add “intel_iommu=on” to the kernel’s command line "
                         "(GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub) and restart.")
                     : _("The firmware has one that the kernel does not use. Look for “iommu=off” "
                         "in its command line."))
         : g_strdup (_("When the processor has one, the firmware’s setup calls it “VT-d”, “AMD-Vi” "
                       "or “IOMMU”.")));
}

static void
add_network (Writer *self)
{
  GhVirtualization *facts = self->facts;
  GhCheck *check = NULL;

  if (facts->has_tun)
    add (self, GH_CHECK_OK, "tun", g_strdup (_("Machines of the system can be on a network")),
         NULL);
  else
    {
      check = add (self, GH_CHECK_NOTE, "tun",
                   g_strdup (_("Machines of the system cannot be on a network")),
                   g_strdup (_("/dev/net/tun is missing: the kernel module “tun” is not loaded. "
                               "Your own machines do not need it.")));
      offer_command (check, _("Load it"), "modprobe", "tun", NULL);
    }
  if (facts->has_vhost_net)
    add (self, GH_CHECK_OK, "vhost-net", g_strdup (_("Their network is fast (vhost-net)")), NULL);
  else
    {
      check = add (self, GH_CHECK_NOTE, "vhost-net",
                   g_strdup (_("Their network is slower than it could be (vhost-net)")),
                   g_strdup (_("The kernel module “vhost_net” is not loaded.")));
      offer_command (check, _("Load it"), "modprobe", "vhost_net", NULL);
    }
}

static void
check_extras (Writer *self)
{
  GhVirtualization *facts = self->facts;

  if (facts->device_exists)
    add_nested (self);
  if (facts->device_closed_for != NULL)
    add (self, GH_CHECK_NOTE, "kvm-system",
         g_strdup (_("Machines of the system may not use KVM")),
         g_strdup_printf (_("/dev/kvm does not open for “%s”, which runs the machines of the "
                            "system. Run “%s”."), facts->device_closed_for,
                          "sudo chgrp kvm /dev/kvm && sudo chmod g+rw /dev/kvm"));
  add_iommu (self);
  add_network (self);
}

/* Something that is not installed: with a fix where it is known how, and an example else. */
static void
add_missing (Writer       *self,
             GhCheckLevel  level,
             const char   *id,
             const char   *title,
             const char   *why,
             GhPackage     what)
{
  g_auto (GStrv) words = self->far ? NULL : gh_packages_dup_command (self->facts->os_release, what);
  g_autofree char *example = gh_packages_dup_example (what);
  /* Translators: %s is a command. */
  g_autofree char *how =
    self->far ? g_strdup_printf (_("How it is installed there cannot be seen from here; on Debian "
                                   "by “%s”."), example)
              : g_strdup_printf (_("How this system installs it is not known; on Debian by “%s”."),
                                 example);
  char *detail = words != NULL ? g_strdup (why) : g_strdup_printf ("%s\n%s", why, how);
  GhCheck *check = add (self, level, id, g_strdup (title), detail);

  if (words != NULL)
    offer_words (check, _("Install it"), (const char * const *) words);
}

static void
add_firmware (Writer *self)
{
  GhVirtualization *facts = self->facts;

  if (!facts->has_uefi)
    add_missing (self, GH_CHECK_NOTE, "uefi", _("There is no UEFI firmware for machines"),
                 _("Windows 11 needs it."), GH_PACKAGE_UEFI);
  if (!facts->has_tpm)
    add_missing (self, GH_CHECK_NOTE, "tpm", _("Machines cannot have a TPM"),
                 _("Windows 11 needs one."), GH_PACKAGE_TPM);
}

static void
check_software (Writer *self)
{
  GhVirtualization *facts = self->facts;
  GhCheck *check = NULL;

  if (facts->has_qemu)
    add (self, GH_CHECK_OK, "qemu", g_strdup (_("QEMU is installed")), NULL);
  else
    add_missing (self, GH_CHECK_WARNING, "qemu", _("QEMU is not installed"),
                 _("It is what runs the machines."), GH_PACKAGE_QEMU);
  if (facts->has_libvirt)
    add (self, GH_CHECK_OK, "libvirt", g_strdup (_("Libvirt’s service is installed")), NULL);
  else
    add_missing (self, GH_CHECK_WARNING, "libvirt", _("Libvirt’s service is not installed"),
                 _("It keeps the machines of this computer."), GH_PACKAGE_LIBVIRT);
  if (facts->system_socket && !facts->system_access)
    {
      check = add (self, GH_CHECK_NOTE, "system-access",
                   g_strdup (_("You may not manage the machines of the system")),
                   g_strdup_printf (_("Your own machines need no permission. The group “libvirt” "
                                      "manages those of the system; who is in it can become root. "
                                      "Add “%s” only if that is all right, and log in again."),
                                    facts->user));
      offer_command (check, _("Add me to the group"), "usermod", "--append", "--groups", "libvirt",
                     facts->user, NULL);
    }
  add_firmware (self);
}

/**
 * gh_virtualization_list_checks:
 * @self: what was found
 *
 * Returns: (transfer container) (element-type GhCheck): the chain that makes machines fast, as far
 *   as it can be told, then what else there should be. Main thread.
 */
GPtrArray *
gh_virtualization_list_checks (GhVirtualization *self)
{
  Writer writer = { .facts = self };

  g_return_val_if_fail (self != NULL, NULL);

  writer.checks = g_ptr_array_new_with_free_func (g_object_unref);
  if (check_processor (&writer) && check_module (&writer) && check_device (&writer))
    check_machine (&writer);
  check_extras (&writer);
  check_software (&writer);
  return writer.checks;
}

/* Of another computer */

/* The far host's, in the form that the words are made of. */
static GhVirtualization *
translate (GhKvmFacts *facts)
{
  GhVirtualization *self = g_atomic_rc_box_new0 (GhVirtualization);

  if (g_strcmp0 (facts->cpu_vendor, "Intel") == 0)
    {
      self->maker = GH_PROCESSOR_INTEL;
      self->module = "kvm_intel";
    }
  else if (g_strcmp0 (facts->cpu_vendor, "AMD") == 0 ||
           g_strcmp0 (facts->cpu_vendor, "Hygon") == 0)
    {
      self->maker = GH_PROCESSOR_AMD;
      self->module = "kvm_amd";
    }
  self->processor = g_strdup (facts->cpu_model);
  self->vendor = g_strdup (facts->vendor);
  self->product = g_strdup (facts->product);
  self->in_machine = facts->in_machine;
  self->hypervisor = g_strdup (gh_virtualization_get_hypervisor (facts->vendor, facts->product));
  self->nested = facts->nested == GH_SAID_YES;
  self->iommu_used = facts->iommu == GH_SAID_YES;
  self->has_uefi = facts->capabilities->has_uefi;
  self->has_tpm = facts->capabilities->has_tpm;
  return self;
}

/* The processor has it, or says nothing of it, and still there is no KVM. */
static void
add_no_kvm (Writer     *self,
            GhKvmFacts *facts)
{
  g_autofree char *firmware = self->facts->maker != GH_PROCESSOR_OTHER
                              ? dup_firmware_advice (self->facts) : NULL;
  const char *reasons =
    _("Which it is cannot be seen from here: the firmware has switched virtualization off, the "
      "kernel’s part (KVM) is not loaded, or /dev/kvm does not open for the account that runs the "
      "machines. “virt-host-validate qemu” tells on the host itself.");

  add (self, GH_CHECK_WARNING, "kvm-missing",
       facts->has_flag ? g_strdup_printf (_("The processor has %s, but the host offers no KVM"),
                                          get_feature_name (self->facts))
                       : g_strdup (_("The host offers no KVM: its machines are slow")),
       firmware != NULL ? g_strdup_printf ("%s\n%s", reasons, firmware) : g_strdup (reasons));
}

static void
check_far_kvm (Writer     *self,
               GhKvmFacts *facts)
{
  if (!facts->has_emulator)
    add_missing (self, GH_CHECK_WARNING, "qemu", _("QEMU is not installed"),
                 _("It is what runs the machines."), GH_PACKAGE_QEMU);
  else if (facts->offers_kvm)
    {
      add_processor (self);
      add_works (self);
    }
  else if (self->facts->maker == GH_PROCESSOR_OTHER || facts->has_flag)
    add_no_kvm (self, facts);
  else if (facts->in_machine)
    add_inside (self);
  else
    add_no_processor (self);
}

/**
 * gh_virtualization_list_far_checks:
 * @facts: what libvirt tells of a host
 *
 * Returns: (transfer container) (element-type GhCheck): whether its machines are fast, what else
 *   there should be, and what cannot be seen from here. Main thread.
 */
GPtrArray *
gh_virtualization_list_far_checks (GhKvmFacts *facts)
{
  g_autoptr (GhVirtualization) translated = NULL;
  Writer writer = { .far = TRUE };

  g_return_val_if_fail (facts != NULL, NULL);

  translated = translate (facts);
  writer.facts = translated;
  writer.checks = g_ptr_array_new_with_free_func (g_object_unref);
  check_far_kvm (&writer, facts);
  if (facts->offers_kvm && facts->nested != GH_SAID_NOTHING)
    add_nested (&writer);
  if (facts->iommu != GH_SAID_NOTHING)
    add_iommu (&writer);
  if (facts->has_emulator)
    {
      add (&writer, GH_CHECK_OK, "qemu", g_strdup (_("QEMU is installed")), NULL);
      add_firmware (&writer);
    }
  add (&writer, GH_CHECK_NOTE, "far-unknown", g_strdup (_("Not everything can be seen from here")),
       g_strdup (_("Libvirt does not tell whether another program keeps the processor’s "
                   "virtualization to itself, nor of /dev/net/tun and vhost-net; of nested "
                   "virtualization and the IOMMU only what stands here. “virt-host-validate qemu” "
                   "tells on the host itself. Guesthouse runs nothing there.")));
  return writer.checks;
}
