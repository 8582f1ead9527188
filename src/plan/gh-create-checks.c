/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What may be wrong with a machine that somebody wants to make, and what can be done about it.
 * Reads inputs and facts and writes checks; calls nothing except in fixes. */

#define G_LOG_DOMAIN "gh-create-checks"

#include "config.h"

#include "gh-create-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "gh-command.h"
#include "gh-create-fixes.h"
#include "gh-format.h"
#include "gh-virt-error.h"

#define GIB ((guint64) 1024 * 1024 * 1024)
#define LEAST_MEMORY_KIB ((guint64) 1024)
#define LEAST_DISK_BYTES ((guint64) 1024 * 1024)
#define MOST_DISK_BYTES ((guint64) 64 * 1024 * GIB)
/* Of any machine type of QEMU, where the host does not say. */
#define MOST_CPUS 4096
/* Below this a new disk cannot take even what an installer writes first. */
#define LEAST_FREE_BYTES ((guint64) 256 * 1024 * 1024)
/* What the x86 kernel takes. */
#define MOST_CMDLINE_BYTES 2047

typedef struct
{
  GhCreatePlan         *plan;
  const GhCreateInputs *inputs;
  const GhCreateFacts  *facts;
  GhPlanDraft          *draft;
  gboolean              possible; /* the inputs make a machine at all */
} Checker;

/* Takes @title and @detail. The check belongs to the draft. */
static GhCheck *
add (Checker      *self,
     GhCheckLevel  level,
     const char   *id,
     char         *title,
     char         *detail)
{
  GhCheck *check = gh_check_new (level, id, title, detail);

  gh_plan_draft_add_check (self->draft, check);
  g_free (title);
  g_free (detail);
  return check;
}

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

static gboolean
has_line_break (const char *text)
{
  return text != NULL && strpbrk (text, "\r\n") != NULL;
}

static const char *
get_host_label (Checker *self)
{
  return gh_host_get_label (self->facts->host);
}

/* The host */

static gboolean
check_host (Checker *self)
{
  const GhCreateFacts *facts = self->facts;
  GhCheck *check = NULL;

  if (facts->host == NULL)
    {
      add (self, GH_CHECK_REFUSAL, "host-missing", g_strdup (_("No host is chosen.")), NULL);
      return FALSE;
    }
  if (!facts->is_connected)
    {
      const GError *error = gh_host_get_error (facts->host);

      check = add (self, GH_CHECK_REFUSAL, "host-not-connected",
                   g_strdup_printf (_("There is no connection to %s."), get_host_label (self)),
                   error != NULL ? gh_error_dup_sentence (error) : NULL);
      gh_create_fix_connect (check, facts->host, self->plan);
      return FALSE;
    }
  if (facts->capabilities == NULL || facts->networks == NULL || facts->pools == NULL)
    {
      add (self, GH_CHECK_REFUSAL, "host-unreadable",
           g_strdup_printf (_("%s does not say what it offers."), get_host_label (self)),
           facts->host_error != NULL ? gh_error_dup_sentence (facts->host_error) : NULL);
      return FALSE;
    }
  return TRUE;
}

static void
check_emulator (Checker *self)
{
  const GhCapabilities *capabilities = self->facts->capabilities;
  const GhLocalFacts *local = self->facts->local;
  const char *open_device = "sudo chgrp kvm /dev/kvm && sudo chmod g+rw /dev/kvm";
  const char *user = g_get_user_name ();
  char *detail = NULL;

  if (self->facts->is_test)
    return;
  if (capabilities->emulator == NULL)
    {
      add (self, GH_CHECK_REFUSAL, "no-emulator",
           g_strdup_printf (_("%s has no QEMU, which runs the machines."), get_host_label (self)),
           g_strdup_printf (_("Install it there, on Debian by: %s"),
                            "sudo apt install qemu-system-x86"));
      return;
    }
  if (gh_create_has_kvm (self->facts))
    {
      add (self, GH_CHECK_OK, "kvm", g_strdup (_("The processor's virtualization (KVM) is used.")),
           NULL);
      return;
    }

  if (capabilities->has_kvm)
    detail = g_strdup_printf (_("/dev/kvm does not open for “%s”, which runs the machines of the "
                                "system. Run “%s”."), local->kvm_closed_for, open_device);
  else if (local == NULL)
    detail = g_strdup (_("Look there whether virtualization is switched on in the firmware (BIOS) "
                         "and /dev/kvm exists."));
  else if (local->kvm == GH_KVM_NO_PROCESSOR)
    detail = g_strdup (_("The processor does not offer virtualization, or it is switched off in "
                         "the firmware (BIOS), where it is called VT-x, AMD-V or SVM. On a virtual "
                         "computer, its host has to allow nested virtualization."));
  else if (local->kvm == GH_KVM_NO_MODULE)
    detail = g_strdup_printf (_("The processor has virtualization, but /dev/kvm is missing. Try: "
                                "%s. If that fails, it is switched off in the firmware (BIOS)."),
                              g_strcmp0 (local->kvm_module, "kvm_amd") == 0
                                ? "sudo modprobe kvm_amd" : "sudo modprobe kvm_intel");
  else if (local->kvm == GH_KVM_NO_ACCESS && !local->kvm_group_may)
    detail = g_strdup_printf (_("You may not open /dev/kvm, nor may the group “kvm”. Run “%s”, be "
                                "in that group, and log in again."), open_device);
  else if (local->kvm == GH_KVM_NO_ACCESS)
    detail = g_strdup_printf (_("You may not open /dev/kvm. Run “sudo adduser %s kvm” and log in "
                                "again."),
                              has_text (user) ? user : "USER");
  else
    detail = g_strdup (_("/dev/kvm exists, but does not work for QEMU. Another virtualization "
                         "program may hold the processor's virtualization."));
  add (self, GH_CHECK_WARNING, "no-kvm",
       g_strdup (_("The machine will be slow: without KVM its processor is emulated in software.")),
       detail);
}

/* Name and title */

static void
check_name (Checker *self)
{
  const char *name = self->inputs->name;
  const char *id = NULL;
  char *sentence = gh_create_plan_check_name (name, &id);
  GhCheck *check = NULL;

  if (sentence != NULL)
    {
      check = add (self, GH_CHECK_REFUSAL, id, sentence, NULL);
      self->possible = FALSE;
      gh_create_fix_reset (check, self->plan, GH_CREATE_NAME, _("Choose one for me"));
    }
  else if (gh_create_is_name_taken (self->facts->host, name))
    {
      g_autoptr (GPtrArray) machines = gh_host_dup_machines (self->facts->host);
      g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);
      g_autofree char *other = NULL;

      for (guint i = 0; i < machines->len; i++)
        g_hash_table_add (taken, (gpointer) gh_machine_get_name (g_ptr_array_index (machines, i)));
      other = gh_create_plan_propose_name (name, taken);
      check = add (self, GH_CHECK_REFUSAL, "name-taken",
                   g_strdup_printf (_("There is a machine “%s” already."), name), NULL);
      gh_create_fix_name (check, self->plan, other);
    }

  if (has_text (self->inputs->title) &&
      (has_line_break (self->inputs->title) || !g_utf8_validate (self->inputs->title, -1, NULL)))
    {
      add (self, GH_CHECK_REFUSAL, "title-illegal",
           g_strdup (_("The title has to be one line of text.")),
           NULL);
      self->possible = FALSE;
    }
}

/* The operating system */

static void
check_os (Checker *self)
{
  const GhCreateInputs *inputs = self->inputs;
  const GhCreateFacts *facts = self->facts;
  const GhOsDefaults *defaults = facts->defaults;
  GhCheck *check = NULL;

  if (facts->os_error != NULL &&
      g_error_matches (facts->os_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
      has_text (inputs->os_id))
    {
      check = add (self, GH_CHECK_REFUSAL, "os-unknown",
                   g_strdup_printf (_("No operating system is called “%s”."), inputs->os_id), NULL);
      gh_create_fix_reset (check, self->plan, GH_CREATE_OS, _("Go on without"));
      return;
    }
  if (facts->os_error != NULL)
    add (self, GH_CHECK_NOTE, "os-database",
         g_strdup (_("What operating systems need is not known here; the settings are general "
                     "ones.")),
         gh_error_dup_sentence (facts->os_error));
  else if (inputs->source == GH_CREATE_FROM_ISO && has_text (inputs->iso_path) &&
           !has_text (inputs->os_id))
    add (self, GH_CHECK_NOTE, "os-not-recognised",
         g_strdup (_("The operating system is not recognised; the settings are general ones.")),
         g_strdup (_("Choose it in the list if you know it: the machine becomes faster by fitting "
                     "drivers.")));
  else if (defaults != NULL && defaults->os != NULL && facts->detected != NULL &&
           strcmp (defaults->os->id, facts->detected->id) == 0)
    add (self, GH_CHECK_OK, "os-recognised",
         g_strdup_printf (_("This is %s."), defaults->os->name), NULL);

  if (defaults == NULL || defaults->os == NULL)
    return;

  if (!defaults->bios && inputs->firmware == GH_FIRMWARE_BIOS)
    {
      check = add (self, GH_CHECK_WARNING, "os-needs-uefi",
                   g_strdup_printf (_("%s starts only from UEFI."), defaults->os->name),
                   facts->capabilities->has_uefi
                     ? NULL : g_strdup_printf (_("%s does not offer it. On Debian, install “ovmf” "
                                                 "there."),
                                               get_host_label (self)));
      if (facts->capabilities->has_uefi)
        gh_create_fix_reset (check, self->plan, GH_CREATE_FIRMWARE, _("Use UEFI"));
    }
  else if (defaults->secure_boot && inputs->firmware != GH_FIRMWARE_UEFI_SECURE)
    {
      check = add (self, GH_CHECK_WARNING, "os-needs-secure-boot",
                   g_strdup_printf (_("%s demands Secure Boot to be installed."),
                                    defaults->os->name),
                   facts->capabilities->has_secure_boot
                     ? NULL : g_strdup_printf (_("%s does not offer it. On Debian, install “ovmf” "
                                                 "there."),
                                               get_host_label (self)));
      if (facts->capabilities->has_secure_boot)
        gh_create_fix_reset (check, self->plan, GH_CREATE_FIRMWARE, _("Use Secure Boot"));
    }
  if (!defaults->uefi && inputs->firmware != GH_FIRMWARE_BIOS)
    {
      check = add (self, GH_CHECK_WARNING, "os-needs-bios",
                   g_strdup_printf (_("%s is not known to start from UEFI."), defaults->os->name),
                   NULL);
      gh_create_fix_reset (check, self->plan, GH_CREATE_FIRMWARE, _("Use BIOS"));
    }
  if (defaults->tpm && !inputs->tpm)
    {
      check = add (self, GH_CHECK_WARNING, "os-needs-tpm",
                   g_strdup_printf (_("%s demands a TPM to be installed."), defaults->os->name),
                   facts->capabilities->has_tpm
                     ? NULL : g_strdup_printf (_("%s does not offer one. On Debian, install "
                                                 "“swtpm” and "
                                                 "“swtpm-tools” there."), get_host_label (self)));
      if (facts->capabilities->has_tpm)
        gh_create_fix_reset (check, self->plan, GH_CREATE_TPM, _("Add a TPM"));
    }
}

/* Files */

static const char *
get_unknown_text (GhCreateFile file)
{
  switch (file)
    {
    case GH_CREATE_ISO:
      return _("The CD image could not be looked at.");
    case GH_CREATE_DISK:
      return _("The disk image could not be looked at.");
    case GH_CREATE_KERNEL:
      return _("The kernel could not be looked at.");
    case GH_CREATE_INITRD:
      return _("The initrd could not be looked at.");
    case GH_CREATE_N_FILES:
    default:
      g_return_val_if_reached (NULL);
    }
}

static char *
dup_missing_text (GhCreateFile  file,
                  const char   *path)
{
  switch (file)
    {
    case GH_CREATE_ISO:
      return g_strdup_printf (_("The CD image “%s” does not exist."), path);
    case GH_CREATE_DISK:
      return g_strdup_printf (_("The disk image “%s” does not exist."), path);
    case GH_CREATE_KERNEL:
      return g_strdup_printf (_("The kernel “%s” does not exist."), path);
    case GH_CREATE_INITRD:
      return g_strdup_printf (_("The initrd “%s” does not exist."), path);
    case GH_CREATE_N_FILES:
    default:
      g_return_val_if_reached (NULL);
    }
}

/* Closed to us, or to the account that QEMU runs as. */
static void
refuse_closed (Checker     *self,
               GhImageInfo *info)
{
  const char *place = info->closed_folder != NULL ? info->closed_folder : info->path;
  g_autofree char *quoted = gh_command_dup_quoted (place);
  g_autofree char *command = NULL;
  GhCheck *check = NULL;
  char *title = NULL;
  char *detail = NULL;

  if (info->closed_for != NULL)
    {
      title = g_strdup_printf (_("QEMU cannot reach “%s”: the folder “%s” is closed to it."),
                               info->path,
                               place);
      command = g_strdup_printf ("setfacl -m u:%s:x %s", info->closed_for, quoted);
      detail = g_strdup_printf (_("Machines of this host run as “%s”. Let it pass through the "
                                  "folder, without "
                                  "showing it what is in there: %s"), info->closed_for, command);
    }
  else if (info->closed_folder != NULL)
    {
      title = g_strdup_printf (_("“%s” cannot be reached: you may not enter the folder “%s”."),
                               info->path,
                               place);
      command = g_strdup_printf ("chmod u+x %s", quoted);
    }
  else
    {
      title = g_strdup_printf (_("You may not read “%s”."), info->path);
      command = g_strdup_printf ("chmod u+r %s", quoted);
    }
  if (detail == NULL && !info->closed_is_ours)
    detail = g_strdup (_("It belongs to somebody else. Ask for access to it, or copy the file."));

  check = add (self, GH_CHECK_REFUSAL,
               info->closed_folder != NULL ? "file-closed-folder" : "file-unreadable", title,
               detail);
  if (info->closed_is_ours || geteuid () == 0)
    gh_create_fix_access (check, self->plan, info, command);
}

/* FALSE when there is nothing more to say about the file. */
static gboolean
check_file_is_there (Checker      *self,
                     GhCreateFile  file,
                     GhImageInfo  *info)
{
  const GhVolumeInfo *volume = self->facts->volumes[file];

  /* Files of a host far away are not looked at; see check_remote_files(). */
  if (info == NULL)
    {
      if (self->facts->is_local)
        add (self, GH_CHECK_REFUSAL, "file-io-error",
             g_strdup (get_unknown_text (file)), NULL);
      return FALSE;
    }

  switch (info->problem)
    {
    case GH_IMAGE_FINE:
      return TRUE;
    case GH_IMAGE_MISSING:
      if (!g_path_is_absolute (info->path))
        {
          add (self, GH_CHECK_REFUSAL, "path-relative",
               g_strdup_printf (_("The path “%s” does not begin with “/”."), info->path), NULL);
          self->possible = FALSE;
        }
      else
        add (self, GH_CHECK_REFUSAL, "file-missing",
             dup_missing_text (file, info->path), NULL);
      return FALSE;
    case GH_IMAGE_CLOSED_FOLDER:
    case GH_IMAGE_UNREADABLE:
      /* The system daemon reads what we cannot; then its word has to do. */
      if (info->closed_for == NULL && volume != NULL)
        return TRUE;
      refuse_closed (self, info);
      return info->closed_for != NULL;
    case GH_IMAGE_NOT_A_FILE:
      add (self, GH_CHECK_REFUSAL, "file-not-a-file",
           g_strdup_printf (_("“%s” is not a file."), info->path), NULL);
      return FALSE;
    case GH_IMAGE_EMPTY:
      add (self, GH_CHECK_REFUSAL, "file-empty",
           g_strdup_printf (_("The file “%s” is empty."), info->path), NULL);
      return FALSE;
    case GH_IMAGE_IO_ERROR:
      add (self, GH_CHECK_REFUSAL, "file-io-error",
           g_strdup_printf (_("“%s” cannot be read."), info->path), g_strdup (info->message));
      return FALSE;
    case GH_IMAGE_REJECTED:
      add (self, GH_CHECK_REFUSAL, "image-damaged",
           g_strdup_printf (_("The disk image “%s” is damaged."), info->path),
           g_strdup (info->message));
      return FALSE;
    default:
      g_return_val_if_reached (FALSE);
    }
}

static gboolean
is_disk_format (GhImageKind kind)
{
  return kind >= GH_IMAGE_QCOW && kind <= GH_IMAGE_LUKS;
}

static void
check_iso (Checker *self)
{
  GhImageInfo *info = self->facts->files[GH_CREATE_ISO];
  GhImageFlags boots;
  GhCheck *check = NULL;

  if (!has_text (self->inputs->iso_path))
    {
      add (self, GH_CHECK_REFUSAL, "iso-missing",
           g_strdup (_("Choose the CD image to install from.")), NULL);
      self->possible = FALSE;
      return;
    }
  if (!check_file_is_there (self, GH_CREATE_ISO, info) ||
      self->facts->volumes[GH_CREATE_ISO] != NULL)
    return;

  if (is_disk_format (info->kind))
    {
      check = add (self, GH_CHECK_REFUSAL, "iso-is-a-disk",
                   g_strdup_printf (_("“%s” is a disk image, not a CD image."), info->path), NULL);
      gh_create_fix_use_as_disk (check, self->plan, info->path);
    }
  else if (info->kind == GH_IMAGE_KERNEL || info->kind == GH_IMAGE_INITRD)
    add (self, GH_CHECK_REFUSAL, "iso-unknown-format",
         g_strdup_printf (_("“%s” is not a CD image."), info->path), NULL);
  else if (info->kind != GH_IMAGE_ISO)
    add (self, GH_CHECK_WARNING, "iso-unknown-format",
         g_strdup_printf (_("“%s” does not look like a CD image."), info->path),
         g_strdup (_("The machine may find nothing to start from.")));
  else
    {
      boots = info->flags & (GH_IMAGE_BOOT_BIOS | GH_IMAGE_BOOT_UEFI);
      if (boots == 0)
        add (self, GH_CHECK_WARNING, "iso-not-bootable",
             g_strdup_printf (_("“%s” does not say that it can be started from."), info->path),
             g_strdup (_("It may hold data only: then the machine finds nothing to start from.")));
      else if (boots == GH_IMAGE_BOOT_BIOS && self->inputs->firmware != GH_FIRMWARE_BIOS)
        {
          check = add (self, GH_CHECK_WARNING, "iso-needs-bios",
                       g_strdup (_("The CD image starts only from BIOS, the machine has UEFI.")),
                       NULL);
          gh_create_fix_reset (check, self->plan, GH_CREATE_FIRMWARE, _("Use BIOS"));
        }
      else if (boots == GH_IMAGE_BOOT_UEFI && self->inputs->firmware == GH_FIRMWARE_BIOS)
        {
          check = add (self, GH_CHECK_WARNING, "iso-needs-uefi",
                       g_strdup (_("The CD image starts only from UEFI, the machine has BIOS.")),
                       NULL);
          if (self->facts->capabilities->has_uefi)
            gh_create_fix_reset (check, self->plan, GH_CREATE_FIRMWARE, _("Use UEFI"));
        }
    }
}

static void
refuse_linked (Checker    *self,
               const char *path,
               const char *format,
               const char *backing,
               const char *data)
{
  g_autofree char *quoted = gh_command_dup_quoted (path);

  if (data != NULL)
    add (self, GH_CHECK_REFUSAL, "image-external-data",
         g_strdup_printf (_("“%s” is only a part of a disk: its data is in “%s”."), path, data),
         g_strdup_printf (_("An image that names other files could make the machine read any file "
                            "of this computer. If you trust it, make one whole image of it: %s %s "
                            "-O qcow2 %s NEW.qcow2"),
                          "qemu-img convert -f", format, quoted));
  else
    add (self, GH_CHECK_REFUSAL, "image-backing-file",
         backing != NULL
           ? g_strdup_printf (_("“%s” holds only what differs from “%s”."), path, backing)
           : g_strdup_printf (_("“%s” holds only what differs from another image."), path),
         g_strdup_printf (_("An image that names other files could make the machine read any file "
                            "of this computer. If you trust it, make one whole image of it: %s %s "
                            "-O qcow2 %s NEW.qcow2"),
                          "qemu-img convert -f", format, quoted));
}

static void
check_users (Checker    *self,
             const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) refusals = NULL;
  g_autoptr (GPtrArray) users = NULL;
  const char *running = NULL;

  if (self->facts->users == NULL)
    {
      if (self->facts->users_error != NULL)
        add (self, GH_CHECK_WARNING, "image-users-unknown",
             g_strdup (_("It could not be found out whether another machine uses this disk "
                         "image.")),
             gh_error_dup_sentence (self->facts->users_error));
      return;
    }

  /* The new machine would write to it, and destroy what lies on it. */
  refusals = gh_image_graph_check_path (gh_file_users_get_graph (self->facts->users), path,
                                        gh_create_plan_get_machine_uuid (self->plan),
                                        GH_IMAGE_USE_WRITE);
  for (guint i = 0; i < refusals->len; i++)
    gh_plan_draft_add_check (self->draft, g_object_ref (g_ptr_array_index (refusals, i)));
  if (refusals->len > 0)
    return;
  users = gh_file_users_find (self->facts->users, path,
                              gh_create_plan_get_machine_uuid (self->plan));
  if (users->len == 0)
    return;
  text = gh_file_users_dup_text (self->facts->users, path,
                                 gh_create_plan_get_machine_uuid (self->plan));
  for (guint i = 0; i < users->len && running == NULL; i++)
    {
      const GhFileUser *user = g_ptr_array_index (users, i);
      GhMachine *machine = user->machine_uuid != NULL
                             ? gh_host_find_machine (self->facts->host, user->machine_uuid) : NULL;

      if (machine != NULL && gh_machine_is_active (machine))
        running = gh_machine_get_label (machine);
    }
  if (running != NULL)
    add (self, GH_CHECK_REFUSAL, "image-in-use-running",
         g_strdup_printf (_("The disk image is in use: “%s” runs from it."), running),
         g_strdup_printf (_("Two machines that write to one disk destroy what is on it. Used by: "
                            "%s"), text));
  else
    add (self, GH_CHECK_WARNING, "image-in-use",
         g_strdup_printf (_("The disk image belongs to another machine already: %s."), text),
         g_strdup (_("Never run both at the same time: two machines that write to one disk destroy "
                     "what is on it. A clone gets a disk of its own.")));
}

static void
check_disk (Checker *self)
{
  GhImageInfo *info = self->facts->files[GH_CREATE_DISK];
  const GhVolumeInfo *volume = self->facts->volumes[GH_CREATE_DISK];
  GhCheck *check = NULL;

  if (!has_text (self->inputs->disk_path))
    {
      add (self, GH_CHECK_REFUSAL, "disk-missing",
           g_strdup (_("Choose the disk image to start from.")), NULL);
      self->possible = FALSE;
      return;
    }
  if (volume == NULL && !check_file_is_there (self, GH_CREATE_DISK, info))
    return;

  check_users (self, self->inputs->disk_path);
  /* Where only the host can look, its word has to do. */
  if (volume != NULL)
    {
      if (volume->backing_path != NULL)
        refuse_linked (self, volume->path, volume->format != NULL ? volume->format : "raw",
                       volume->backing_path, NULL);
      return;
    }

  if (info->kind == GH_IMAGE_ISO)
    {
      check = add (self, GH_CHECK_REFUSAL, "disk-is-an-iso",
                   g_strdup_printf (_("“%s” is a CD image, not a disk."), info->path), NULL);
      gh_create_fix_use_as_iso (check, self->plan, info->path);
    }
  else if (info->kind == GH_IMAGE_KERNEL || info->kind == GH_IMAGE_INITRD ||
           (info->kind == GH_IMAGE_UNKNOWN && (info->flags & GH_IMAGE_BLANK) == 0))
    add (self, GH_CHECK_REFUSAL, "image-unknown-format",
         g_strdup_printf (_("“%s” is no disk image that Guesthouse knows."), info->path),
         g_strdup (_("Known are qcow2, raw disks with a partition table or boot sector, VMDK, VDI, "
                     "VHDX and VHD. Unpack the file first if it is compressed.")));
  else if (info->backing_path != NULL || info->data_path != NULL ||
           (info->flags & GH_IMAGE_LINKED) != 0)
    refuse_linked (self, info->path, info->format, info->backing_path, info->data_path);
  else if ((info->flags & GH_IMAGE_ENCRYPTED) != 0)
    add (self, GH_CHECK_REFUSAL, "image-encrypted",
         g_strdup_printf (_("“%s” is encrypted."), info->path),
         g_strdup (_("The machine could not be started: its passphrase would have to be kept by "
                     "libvirt, which Guesthouse does not set up.")));
  else if ((info->flags & GH_IMAGE_DAMAGED) != 0)
    add (self, GH_CHECK_REFUSAL, "image-damaged",
         g_strdup_printf (_("The disk image “%s” is damaged."), info->path), NULL);
  else if ((info->flags & GH_IMAGE_UNSUPPORTED) != 0)
    add (self, GH_CHECK_REFUSAL, "image-unsupported",
         g_strdup_printf (_("“%s” is of a kind that QEMU does not support."), info->path), NULL);
  else
    {
      if (!info->writable && self->facts->is_session)
        add (self, GH_CHECK_REFUSAL, "file-not-writable",
             g_strdup_printf (_("You may not write to “%s”."), info->path),
             g_strdup (_("A machine writes to its disk. Copy the file, or ask for access to it.")));
      if ((info->flags & GH_IMAGE_BLANK) != 0)
        add (self, GH_CHECK_WARNING, "disk-blank",
             g_strdup_printf (_("“%s” begins with nothing but zeros."), info->path),
             g_strdup (_("It is taken as an empty raw disk: the machine finds nothing to start "
                         "from.")));
    }
}

static void
check_kernel (Checker *self)
{
  const GhCreateInputs *inputs = self->inputs;
  GhImageInfo *kernel = self->facts->files[GH_CREATE_KERNEL];
  GhImageInfo *initrd = self->facts->files[GH_CREATE_INITRD];

  if (!has_text (inputs->kernel_path))
    {
      if (has_text (inputs->initrd_path))
        add (self, GH_CHECK_REFUSAL, "initrd-without-kernel",
             g_strdup (_("An initrd needs a kernel that reads it.")), NULL);
      else if (has_text (inputs->cmdline))
        add (self, GH_CHECK_REFUSAL, "cmdline-without-kernel",
             g_strdup (_("Kernel options need a kernel that reads them.")), NULL);
      else
        add (self, GH_CHECK_REFUSAL, "kernel-missing", g_strdup (_("Choose the kernel to start.")),
             NULL);
      self->possible = FALSE;
      return;
    }
  if (has_line_break (inputs->cmdline) ||
      (inputs->cmdline != NULL && !g_utf8_validate (inputs->cmdline, -1, NULL)))
    {
      add (self, GH_CHECK_REFUSAL, "cmdline-illegal",
           g_strdup (_("The kernel options have to be one line of text.")), NULL);
      self->possible = FALSE;
    }
  else if (inputs->cmdline != NULL && strlen (inputs->cmdline) > MOST_CMDLINE_BYTES)
    add (self, GH_CHECK_REFUSAL, "cmdline-too-long",
         g_strdup (_("The kernel options are longer than a kernel reads.")), NULL);

  if (check_file_is_there (self, GH_CREATE_KERNEL, kernel) &&
      self->facts->volumes[GH_CREATE_KERNEL] == NULL && kernel->kind != GH_IMAGE_KERNEL)
    add (self, GH_CHECK_REFUSAL, "kernel-unknown-format",
         g_strdup_printf (_("“%s” is not a kernel."), kernel->path),
         g_strdup (_("A Linux kernel is called vmlinuz, bzImage or, with a version, "
                     "vmlinuz-6.1.")));
  if (has_text (inputs->initrd_path) && check_file_is_there (self, GH_CREATE_INITRD, initrd) &&
      self->facts->volumes[GH_CREATE_INITRD] == NULL && initrd->kind != GH_IMAGE_INITRD)
    add (self, GH_CHECK_WARNING, "initrd-unknown-format",
         g_strdup_printf (_("“%s” does not look like an initrd."), initrd->path),
         g_strdup (_("The kernel may not be able to read it.")));
}

/* Files of a host far away. */
static void
check_remote_files (Checker *self)
{
  for (guint i = 0; i < GH_CREATE_N_FILES; i++)
    {
      const char *path = gh_create_inputs_get_path (self->inputs, i);
      GhVolumeInfo *volume = self->facts->volumes[i];

      if (path == NULL)
        continue;
      if (!g_path_is_absolute (path))
        {
          add (self, GH_CHECK_REFUSAL, "path-relative",
               g_strdup_printf (_("The path “%s” does not begin with “/”."), path), NULL);
          self->possible = FALSE;
        }
      else if (volume == NULL)
        add (self, i == GH_CREATE_DISK ? GH_CHECK_REFUSAL : GH_CHECK_WARNING, "file-not-in-pool",
             g_strdup_printf (_("“%s” is in no storage pool of %s, so it cannot be looked at from "
                                "here."), path,
                              get_host_label (self)),
             g_strdup (_("The path is one of that host, not of this computer.")));
    }
}

static void
check_source (Checker *self)
{
  gboolean is_local = self->facts->is_local;

  switch (self->inputs->source)
    {
    case GH_CREATE_FROM_ISO:
      check_iso (self);
      break;
    case GH_CREATE_FROM_DISK:
      check_disk (self);
      break;
    case GH_CREATE_FROM_KERNEL:
      check_kernel (self);
      break;
    case GH_CREATE_FROM_NOTHING:
      break;
    default:
      g_return_if_reached ();
    }
  if (!is_local)
    check_remote_files (self);
}

/* Memory and processors */

static void
check_memory (Checker *self)
{
  guint64 memory_kib = self->inputs->memory_kib;
  const GhOsDefaults *defaults = self->facts->defaults;
  guint64 host_kib = self->facts->capabilities->memory_kib;
  guint64 free_kib = self->facts->local != NULL && !self->facts->is_test
                       ? self->facts->local->free_memory_kib : 0;
  g_autofree char *wanted = gh_format_memory (memory_kib);
  g_autofree char *host = gh_format_memory (host_kib);
  GhCheck *check = NULL;

  if (memory_kib == 0)
    {
      check = add (self, GH_CHECK_REFUSAL, "memory-zero", g_strdup (_("The machine needs memory.")),
                   NULL);
      self->possible = FALSE;
    }
  else if (memory_kib < LEAST_MEMORY_KIB)
    check = add (self, GH_CHECK_REFUSAL, "memory-too-small",
                 g_strdup_printf (_("No machine can be made with %s of memory."), wanted), NULL);
  else if (host_kib != 0 && memory_kib > host_kib)
    check = add (self, GH_CHECK_REFUSAL, "memory-over-host",
                 g_strdup_printf (_("%s of memory is more than %s has: %s."), wanted,
                                  get_host_label (self), host),
                 NULL);
  if (check != NULL)
    {
      gh_create_fix_reset (check, self->plan, GH_CREATE_MEMORY, _("Use the proposal"));
      return;
    }

  if (free_kib != 0 && memory_kib > free_kib && self->inputs->start)
    {
      g_autofree char *available = gh_format_memory (free_kib);

      add (self, GH_CHECK_WARNING, "memory-over-free",
           g_strdup_printf (_("Only %s of memory is free now, the machine may take %s."), available,
                            wanted),
           g_strdup (_("The whole computer becomes slow, or programs are ended, when memory runs "
                       "out.")));
    }
  if (defaults != NULL && memory_kib < defaults->minimum_memory_kib && defaults->os != NULL)
    {
      g_autofree char *least = gh_format_memory (defaults->minimum_memory_kib);

      add (self, GH_CHECK_WARNING, "memory-below-minimum",
           g_strdup_printf (_("%s needs at least %s of memory."), defaults->os->name, least), NULL);
    }
}

static void
check_cpus (Checker *self)
{
  guint cpus = self->inputs->cpus;
  const GhCapabilities *capabilities = self->facts->capabilities;
  const GhOsDefaults *defaults = self->facts->defaults;
  guint most = capabilities->max_cpus != 0 ? capabilities->max_cpus : MOST_CPUS;
  GhCheck *check = NULL;

  if (cpus == 0)
    {
      check = add (self, GH_CHECK_REFUSAL, "cpus-zero",
                   g_strdup (_("The machine needs a processor.")), NULL);
      self->possible = FALSE;
    }
  else if (cpus > most)
    check = add (self, GH_CHECK_REFUSAL, "cpus-over-machine",
                 g_strdup_printf (_("A machine of this host can have %u processors at most."),
                                  most), NULL);
  else if (capabilities->n_cpus != 0 && cpus > capabilities->n_cpus)
    check = add (self, GH_CHECK_WARNING, "cpus-over-host",
                 g_strdup_printf (_("%u processors are more than %s has: %u."), cpus,
                                  get_host_label (self),
                                  capabilities->n_cpus),
                 g_strdup (_("The machine becomes slower by that, not faster.")));
  else if (defaults != NULL && defaults->os != NULL && cpus < defaults->minimum_cpus)
    add (self, GH_CHECK_WARNING, "cpus-below-minimum",
         g_strdup_printf (_("%s needs at least %u processors."), defaults->os->name,
                          defaults->minimum_cpus),
         NULL);
  if (check != NULL)
    gh_create_fix_reset (check, self->plan, GH_CREATE_CPUS, _("Use the proposal"));
}

/* The new disk */

static gboolean
is_legal_file_name (const char *name)
{
  if (!has_text (name) || strlen (name) > 255 ||
      strcmp (name, ".") == 0 || strcmp (name, "..") == 0 ||
      strchr (name, '/') != NULL || !g_utf8_validate (name, -1, NULL) || *name == '-')
    return FALSE;
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    {
      if (g_unichar_iscntrl (g_utf8_get_char (p)))
        return FALSE;
    }
  return TRUE;
}

static void
check_space (Checker          *self,
             const GhPoolInfo *pool)
{
  guint64 size = self->inputs->disk_bytes;
  guint64 free_bytes = G_MAXUINT64;
  g_autofree char *wanted = gh_format_file_size (size);
  g_autofree char *available = NULL;

  if (pool != NULL && pool->active)
    free_bytes = pool->available;
  else if (pool == NULL && self->facts->local != NULL && !self->facts->is_test)
    free_bytes = self->facts->local->free_bytes;
  if (free_bytes == G_MAXUINT64)
    return;

  available = gh_format_file_size (free_bytes);
  if (free_bytes < LEAST_FREE_BYTES)
    add (self, GH_CHECK_REFUSAL, "no-space",
         g_strdup_printf (_("There is no space for a disk: only %s is free in “%s”."), available,
                          self->inputs->pool), NULL);
  else if (free_bytes < size)
    add (self, GH_CHECK_WARNING, "space-low",
         g_strdup_printf (_("The disk may grow to %s, but only %s is free in “%s”."), wanted,
                          available,
                          self->inputs->pool),
         g_strdup (_("It takes only the space that is used in it. When the space runs out, the "
                     "machine is paused until there is more.")));
  else
    add (self, GH_CHECK_OK, "space",
         g_strdup_printf (_("There is space for the disk of %s: %s is free."), wanted, available),
         NULL);
}

static void
check_pool (Checker *self)
{
  const GhCreateFacts *facts = self->facts;
  const GhPoolInfo *pool = gh_create_facts_find_pool (facts, self->inputs->pool);
  GhCheck *check = NULL;

  if (pool == NULL && gh_create_pool_will_be_made (self->inputs, facts))
    {
      g_autofree char *path = gh_create_dup_default_pool_path (facts);

      add (self, GH_CHECK_NOTE, "pool-will-be-made",
           g_strdup_printf (_("The storage pool “%s” will be made for it, in “%s”."),
                            GH_CREATE_DEFAULT_POOL,
                            path), NULL);
      if (facts->local != NULL && !facts->local->folder_writable && facts->is_session)
        add (self, GH_CHECK_REFUSAL, "pool-not-writable",
             g_strdup_printf (_("You may not make the folder “%s”."), path), NULL);
    }
  else if (pool == NULL)
    {
      check = add (self, GH_CHECK_REFUSAL, "pool-missing",
                   g_strdup_printf (_("%s has no storage pool “%s”."), get_host_label (self),
                                    self->inputs->pool), NULL);
      gh_create_fix_reset (check, self->plan, GH_CREATE_POOL, _("Use the usual one"));
      self->possible = FALSE;
      return;
    }
  else if (pool->path == NULL ||
           (g_strcmp0 (pool->type, "dir") != 0 && g_strcmp0 (pool->type, "fs") != 0 &&
            g_strcmp0 (pool->type, "netfs") != 0))
    {
      add (self, GH_CHECK_REFUSAL, "pool-unsupported",
           g_strdup_printf (_("The storage pool “%s” is not a folder."), pool->name),
           g_strdup (_("A new disk is a file. Choose a storage pool that is a folder.")));
      self->possible = FALSE;
      return;
    }
  else if (!pool->active)
    {
      check = add (self, GH_CHECK_REFUSAL, "pool-inactive",
                   g_strdup_printf (_("The storage pool “%s” is not active."), pool->name), NULL);
      gh_create_fix_start_pool (check, self->plan, facts->host, pool);
    }
  check_space (self, pool);
}

static void
check_disk_name (Checker *self)
{
  const GhCreateFacts *facts = self->facts;
  g_autofree char *name_problem = NULL;
  g_autofree char *path = NULL;
  GhCheck *check = NULL;

  if (!is_legal_file_name (self->inputs->disk_name))
    {
      self->possible = FALSE;
      /* A file name made of the machine's name is not the user's mistake. */
      if (!self->inputs->overridden[GH_CREATE_DISK_NAME] &&
          (name_problem = gh_create_plan_check_name (self->inputs->name, NULL)) != NULL)
        return;
      check = add (self, GH_CHECK_REFUSAL, "disk-name-illegal",
                   g_strdup_printf (_("“%s” cannot be the name of a file."),
                                    self->inputs->disk_name), NULL);
      gh_create_fix_reset (check, self->plan, GH_CREATE_DISK_NAME, _("Use the usual one"));
      return;
    }
  path = gh_create_dup_target_path (self->inputs, facts);
  if (path == NULL)
    {
      self->possible = FALSE;
      return;
    }
  if (facts->target_volume != NULL ||
      (facts->local != NULL && facts->local->file_exists && !facts->is_test))
    {
      check = add (self, GH_CHECK_REFUSAL, "disk-exists",
                   g_strdup_printf (_("There is a file “%s” already."), path),
                   g_strdup (_("It is kept as it is: a new machine never takes over or overwrites "
                               "a file.")));
      gh_create_fix_other_disk_name (check, self->plan, self->inputs->disk_name);
    }
}

static void
check_new_disk (Checker *self)
{
  const GhCreateInputs *inputs = self->inputs;
  const GhOsDefaults *defaults = self->facts->defaults;
  g_autofree char *size = gh_format_file_size (inputs->disk_bytes);
  GhCheck *check = NULL;

  if (inputs->source == GH_CREATE_FROM_DISK)
    return;
  if (inputs->disk_bytes == 0)
    {
      if (inputs->source == GH_CREATE_FROM_NOTHING)
        add (self, GH_CHECK_WARNING, "no-disk",
             g_strdup (_("The machine has no disk and nothing to start from but the network.")),
             NULL);
      else if (inputs->source == GH_CREATE_FROM_ISO)
        add (self, GH_CHECK_WARNING, "no-disk",
             g_strdup (_("The machine has no disk: nothing can be installed in it.")), NULL);
      return;
    }
  if (inputs->disk_bytes < LEAST_DISK_BYTES)
    check = add (self, GH_CHECK_REFUSAL, "disk-too-small",
                 g_strdup_printf (_("A disk of %s is too small for anything."), size), NULL);
  else if (inputs->disk_bytes > MOST_DISK_BYTES)
    check = add (self, GH_CHECK_REFUSAL, "disk-too-large",
                 g_strdup_printf (_("A disk of %s is too large."), size), NULL);
  if (check != NULL)
    {
      gh_create_fix_reset (check, self->plan, GH_CREATE_DISK_SIZE, _("Use the proposal"));
      return;
    }
  if (defaults != NULL && defaults->os != NULL && inputs->disk_bytes < defaults->minimum_disk_bytes)
    {
      g_autofree char *least = gh_format_file_size (defaults->minimum_disk_bytes);

      add (self, GH_CHECK_WARNING, "disk-below-minimum",
           g_strdup_printf (_("%s needs a disk of at least %s."), defaults->os->name, least), NULL);
    }
  check_pool (self);
  check_disk_name (self);
}

/* Devices */

static void
check_firmware (Checker *self)
{
  const GhCapabilities *capabilities = self->facts->capabilities;
  GhFirmware firmware = self->inputs->firmware;
  GhCheck *check = NULL;

  if (self->facts->is_test)
    return;
  if (firmware != GH_FIRMWARE_BIOS && !capabilities->has_uefi)
    check = add (self, GH_CHECK_REFUSAL, "uefi-not-offered",
                 g_strdup_printf (_("%s does not offer UEFI."), get_host_label (self)),
                 g_strdup_printf (_("Install it there, on Debian by: %s"),
                                  "sudo apt install ovmf"));
  else if (firmware == GH_FIRMWARE_UEFI_SECURE && !capabilities->has_secure_boot)
    check = add (self, GH_CHECK_REFUSAL, "secure-boot-not-offered",
                 g_strdup_printf (_("%s does not offer Secure Boot."), get_host_label (self)),
                 g_strdup_printf (_("Install it there, on Debian by: %s"),
                                  "sudo apt install ovmf"));
  else if (firmware == GH_FIRMWARE_UEFI_SECURE && !gh_create_uses_q35 (self->facts))
    check = add (self, GH_CHECK_REFUSAL, "secure-boot-not-offered",
                 g_strdup (_("Secure Boot needs a newer kind of machine than this operating system "
                             "knows.")),
                 NULL);
  if (check != NULL)
    gh_create_fix_reset (check, self->plan, GH_CREATE_FIRMWARE, _("Use the proposal"));
}

static void
check_tpm (Checker *self)
{
  GhCheck *check = NULL;

  if (!self->inputs->tpm || self->facts->capabilities->has_tpm || self->facts->is_test)
    return;
  check = add (self, GH_CHECK_REFUSAL, "tpm-not-offered",
               g_strdup_printf (_("%s does not offer a TPM."), get_host_label (self)),
               g_strdup_printf (_("Install it there, on Debian by: %s"),
                                "sudo apt install swtpm swtpm-tools"));
  gh_create_fix_reset (check, self->plan, GH_CREATE_TPM, _("Go on without"));
}

static void
check_virtual_network (Checker    *self,
                       const char *name)
{
  const GhNetworkInfo *network = gh_create_facts_find_network (self->facts, name);
  GhCheck *check = NULL;

  if (network == NULL)
    {
      check = add (self, GH_CHECK_REFUSAL, "network-missing",
                   g_strdup_printf (_("%s has no network “%s”."), get_host_label (self), name),
                   NULL);
      gh_create_fix_reset (check, self->plan, GH_CREATE_NETWORK, _("Use the proposal"));
    }
  else if (!network->active)
    {
      check = add (self, self->inputs->start ? GH_CHECK_REFUSAL : GH_CHECK_WARNING,
                   "network-inactive",
                   g_strdup_printf (_("The network “%s” is not active."), name),
                   g_strdup (_("The machine cannot start without it.")));
      gh_create_fix_start_network (check, self->plan, self->facts->host, network);
    }
}

static void
check_network (Checker *self)
{
  const char *network = self->inputs->network;
  gboolean is_session = self->facts->is_session;
  GhCheck *check = NULL;

  if (g_strcmp0 (network, "none") == 0)
    return;
  if (g_strcmp0 (network, "user") == 0)
    {
      add (self, GH_CHECK_NOTE, "network-user",
           g_strdup (_("The machine reaches the network, but cannot be reached from it.")),
           is_session
             ? g_strdup (_("A personal host has no virtual networks. The system's host has."))
             : NULL);
      return;
    }
  if (network != NULL && g_str_has_prefix (network, "network:") && network[8] != '\0')
    {
      check_virtual_network (self, network + 8);
      if (is_session)
        add (self, GH_CHECK_WARNING, "network-session",
             g_strdup (_("A personal host usually may not plug machines into a network.")),
             g_strdup (_("If the machine does not start for that, use user networking.")));
      return;
    }
  if (network != NULL && g_str_has_prefix (network, "bridge:") && network[7] != '\0' &&
      strlen (network + 7) < 16 &&
      strpbrk (network + 7, "/ \t\n") == NULL)
    return;

  check = add (self, GH_CHECK_REFUSAL, "network-illegal",
               g_strdup_printf (_("“%s” is no network."), network != NULL ? network : ""), NULL);
  gh_create_fix_reset (check, self->plan, GH_CREATE_NETWORK, _("Use the proposal"));
  self->possible = FALSE;
}

static void
check_graphics (Checker *self)
{
  const char *graphics = self->inputs->graphics;
  const GhCapabilities *capabilities = self->facts->capabilities;
  gboolean is_test = self->facts->is_test;
  gboolean is_spice = g_strcmp0 (graphics, "spice") == 0;
  gboolean is_vnc = g_strcmp0 (graphics, "vnc") == 0;
  GhCheck *check = NULL;

  if (!is_spice && !is_vnc && g_strcmp0 (graphics, "none") != 0)
    {
      check = add (self, GH_CHECK_REFUSAL, "graphics-illegal",
                   g_strdup_printf (_("“%s” is no kind of display."),
                                    graphics != NULL ? graphics : ""), NULL);
      self->possible = FALSE;
    }
  else if (!is_test &&
           ((is_spice && !capabilities->has_spice) || (is_vnc && !capabilities->has_vnc)))
    check = add (self, GH_CHECK_REFUSAL, "graphics-not-offered",
                 g_strdup_printf (is_spice ? _("%s does not offer SPICE displays.")
                                           : _("%s does not offer VNC displays."),
                                  get_host_label (self)), NULL);
  else if (!is_test && is_vnc && !capabilities->has_spice &&
           !self->inputs->overridden[GH_CREATE_GRAPHICS])
    add (self, GH_CHECK_NOTE, "spice-not-offered",
         g_strdup_printf (_("%s does not offer SPICE displays, so VNC is used."),
                          get_host_label (self)), NULL);
  else if (!is_test && !is_spice && !is_vnc && !self->inputs->overridden[GH_CREATE_GRAPHICS])
    add (self, GH_CHECK_WARNING, "no-display",
         g_strdup_printf (_("%s offers no display that Guesthouse knows."), get_host_label (self)),
         g_strdup (_("The machine has a serial console only.")));
  if (check != NULL)
    gh_create_fix_reset (check, self->plan, GH_CREATE_GRAPHICS, _("Use the proposal"));

  if (self->inputs->clipboard && !is_spice)
    add (self, GH_CHECK_NOTE, "clipboard-needs-spice",
         g_strdup (_("The clipboard is shared over SPICE displays only.")), NULL);
}

/**
 * gh_create_check_all:
 * @plan: for fixes
 * @inputs: what the user wants
 * @facts: what is known
 * @draft: (inout): takes the checks
 *
 * Returns: whether the inputs make a machine, so that steps can be shown, even
 *   if a check refuses it
 */
gboolean
gh_create_check_all (GhCreatePlan         *plan,
                     const GhCreateInputs *inputs,
                     const GhCreateFacts  *facts,
                     GhPlanDraft          *draft)
{
  Checker self = { plan, inputs, facts, draft, TRUE };

  if (!check_host (&self))
    return FALSE;

  check_name (&self);
  check_source (&self);
  check_os (&self);
  check_memory (&self);
  check_cpus (&self);
  check_new_disk (&self);
  check_firmware (&self);
  check_tpm (&self);
  check_network (&self);
  check_graphics (&self);
  check_emulator (&self);
  return self.possible && facts->defaults != NULL;
}
