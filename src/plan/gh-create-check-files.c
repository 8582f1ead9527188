/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Checks of the files that a new machine is made from: image, disk, kernel. */

#define G_LOG_DOMAIN "gh-create-check-files"

#include "config.h"

#include "gh-create-checks-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "gh-command.h"
#include "gh-create-fixes.h"
#include "gh-virt-error.h"

/* What the x86 kernel takes. */
#define MOST_CMDLINE_BYTES 2047

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
refuse_closed (GhCreateChecker *self,
               GhImageInfo     *info)
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

/* Files of a host far away. */
static void
check_remote_files (GhCreateChecker *self)
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

/* FALSE when there is nothing more to say about the file. */
static gboolean
check_file_is_there (GhCreateChecker *self,
                     GhCreateFile     file,
                     GhImageInfo     *info)
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
check_iso (GhCreateChecker *self)
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
refuse_linked (GhCreateChecker *self,
               const char      *path,
               const char      *format,
               const char      *backing,
               const char      *data)
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
check_users (GhCreateChecker *self,
             const char      *path)
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
check_disk (GhCreateChecker *self)
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
check_kernel (GhCreateChecker *self)
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

void
gh_create_check_source (GhCreateChecker *self)
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
