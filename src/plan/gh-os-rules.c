/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What libosinfo does not say about operating systems: its database leaves out figures, firmware
 * and whole device lists of systems that everybody knows to have them, and does not model Secure
 * Boot and TPM at all. Pure functions over plain data. */

#define G_LOG_DOMAIN "gh-os-rules"

#include "config.h"

#include "gh-os-rules.h"

#include <string.h>

#define GENERIC_MEMORY_KIB ((guint64) 2 * 1024 * 1024)
#define GENERIC_DISK_BYTES ((guint64) 20 * 1024 * 1024 * 1024)
#define GENERIC_CPUS 2

/* 1 January of @year, near enough, in seconds since the epoch. */
#define YEAR(year) (((gint64) (year) - 1970) * 31556952)

static void
os_clear (gpointer data)
{
  GhOs *self = data;

  g_free (self->id);
  g_free (self->short_id);
  g_free (self->name);
  g_free (self->version);
  g_free (self->vendor);
  g_free (self->family);
  g_free (self->distro);
}

GhOs *
gh_os_new (void)
{
  return g_atomic_rc_box_new0 (GhOs);
}

GhOs *
gh_os_ref (GhOs *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_os_unref (GhOs *self)
{
  g_atomic_rc_box_release_full (self, os_clear);
}

/**
 * gh_os_is_ended:
 * @self: an OS
 *
 * Returns: whether its end of life has passed; %FALSE when nobody knows
 */
gboolean
gh_os_is_ended (GhOs *self)
{
  return self->eol_date != 0 && self->eol_date < g_get_real_time () / G_USEC_PER_SEC;
}

static void
defaults_clear (gpointer data)
{
  GhOsDefaults *self = data;

  g_clear_pointer (&self->os, gh_os_unref);
}

GhOsDefaults *
gh_os_defaults_new (void)
{
  return g_atomic_rc_box_new0 (GhOsDefaults);
}

GhOsDefaults *
gh_os_defaults_ref (GhOsDefaults *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_os_defaults_unref (GhOsDefaults *self)
{
  g_atomic_rc_box_release_full (self, defaults_clear);
}

/**
 * gh_os_defaults_new_generic:
 *
 * Returns: (transfer full): defaults for an OS nobody named: what any OS of
 *   the last fifteen years can drive without help
 */
GhOsDefaults *
gh_os_defaults_new_generic (void)
{
  GhOsDefaults *self = gh_os_defaults_new ();

  self->memory_kib = GENERIC_MEMORY_KIB;
  self->disk_bytes = GENERIC_DISK_BYTES;
  self->n_cpus = GENERIC_CPUS;
  self->usb_tablet = TRUE;
  self->q35 = TRUE;
  self->e1000e = TRUE;
  self->bios = TRUE;
  /* Harmless where there is no driver, useful where there is. */
  self->virtio_rng = TRUE;
  self->virtio_balloon = TRUE;
  self->virtio_channel = TRUE;
  return self;
}

static void
set_virtio (GhOsDefaults *self)
{
  self->virtio_disk = TRUE;
  self->virtio_net = TRUE;
  self->virtio_rng = TRUE;
  self->virtio_balloon = TRUE;
  self->virtio_channel = TRUE;
}

/**
 * gh_os_defaults_new_linux:
 *
 * Returns: (transfer full): defaults for a Linux nobody named, as one that is
 *   started from a kernel file
 */
GhOsDefaults *
gh_os_defaults_new_linux (void)
{
  GhOsDefaults *self = gh_os_defaults_new_generic ();

  set_virtio (self);
  self->virtio_video = TRUE;
  self->uefi = TRUE;
  return self;
}

static gboolean
has_prefix (const char *text,
            const char *prefix)
{
  return text != NULL && g_str_has_prefix (text, prefix);
}

static void
complete_windows (GhOsDefaults *self,
                  gboolean      is_64_bit)
{
  const char *short_id = self->os->short_id;

  self->windows = TRUE;
  /* Windows 8, in 2012, was the first to start from the UEFI of a virtual machine without fuss. */
  if (is_64_bit && self->os->release_date >= YEAR (2012))
    self->uefi = TRUE;

  if (has_prefix (short_id, "win11") || has_prefix (short_id, "win2k25"))
    {
      self->uefi = TRUE;
      self->secure_boot = TRUE;
      self->tpm = TRUE;
      self->bios = FALSE;
      self->minimum_cpus = MAX (self->minimum_cpus, 2);
      self->memory_kib = MAX (self->memory_kib, (guint64) 4 * 1024 * 1024);
      self->disk_bytes = MAX (self->disk_bytes, (guint64) 64 * 1024 * 1024 * 1024);
      self->q35 = TRUE;
      self->e1000e = TRUE;
    }
}

static void
complete_unix (GhOsDefaults *self)
{
  gint64 released = self->os->release_date;
  gboolean rolling = released == 0; /* Arch, Debian testing, Fedora Rawhide */
  gboolean is_linux = g_strcmp0 (self->os->family, "linux") == 0;
  gboolean is_freebsd = g_strcmp0 (self->os->family, "freebsd") == 0;

  if (!is_linux && !is_freebsd)
    return;

  /* virtio-gpu is in Linux 4.4, on every installer since 2017; FreeBSD has no driver for it. */
  if (is_linux && (rolling || released >= YEAR (2017)))
    self->virtio_video = TRUE;
  /* Both know the q35 chipset, and start from UEFI, for much longer than the database does. */
  if (rolling || released >= YEAR (2015))
    {
      self->q35 = TRUE;
      self->e1000e = TRUE;
      self->usb_tablet = TRUE;
      self->uefi = TRUE;
      set_virtio (self);
    }
}

/**
 * gh_os_rules_complete:
 * @self: what the database knows of an OS: figures it does not know are 0
 * @arch: of the machine to be
 *
 * Fills the gaps. To be called once, before @self is shared.
 */
void
gh_os_rules_complete (GhOsDefaults *self,
                      const char   *arch)
{
  gboolean is_modern;

  g_return_if_fail (self->os != NULL);

  self->bios = self->bios || !self->uefi;
  if (g_strcmp0 (self->os->family, "winnt") == 0 || g_strcmp0 (self->os->distro, "win") == 0)
    complete_windows (self, g_strcmp0 (arch, "x86_64") == 0);
  else
    complete_unix (self);

  is_modern = self->os->release_date == 0 || self->os->release_date >= YEAR (2009);

  /* A minimum is what it starts with, not what it is usable with. */
  if (self->memory_kib == 0 && self->minimum_memory_kib != 0)
    self->memory_kib = MAX (2 * self->minimum_memory_kib, is_modern ? GENERIC_MEMORY_KIB : 0);
  if (self->disk_bytes == 0 && self->minimum_disk_bytes != 0)
    self->disk_bytes = MAX (2 * self->minimum_disk_bytes, is_modern ? GENERIC_DISK_BYTES : 0);
  if (self->memory_kib == 0)
    self->memory_kib = is_modern ? GENERIC_MEMORY_KIB : 256 * 1024;
  if (self->disk_bytes == 0)
    self->disk_bytes = is_modern ? GENERIC_DISK_BYTES : (guint64) 4 * 1024 * 1024 * 1024;
  if (self->n_cpus == 0)
    self->n_cpus = is_modern ? GENERIC_CPUS : 1;

  self->memory_kib = MAX (self->memory_kib, self->minimum_memory_kib);
  self->disk_bytes = MAX (self->disk_bytes, self->minimum_disk_bytes);
  self->n_cpus = MAX (self->n_cpus, self->minimum_cpus);

  /* A network card that nothing has a driver for is no network card. */
  if (!self->virtio_net && !self->e1000e && self->os->release_date != 0 &&
      self->os->release_date < YEAR (2001))
    self->rtl8139 = TRUE;
}

/**
 * gh_os_rules_choose_medium:
 * @systems: (element-type GhOs): what an installer image may be, by its labels;
 *   not empty
 * @path: the image's file name
 *
 * Windows 10 and 11 label their images alike. The file name usually says which
 * it is; when not, a machine fit for 11 runs both.
 *
 * Returns: which of @systems to take
 */
guint
gh_os_rules_choose_medium (GPtrArray  *systems,
                           const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_ascii_strdown (base, -1);
  gboolean says_10 = strstr (name, "win10") != NULL || strstr (name, "windows10") != NULL ||
                     strstr (name, "windows_10") != NULL || strstr (name, "windows-10") != NULL ||
                     strstr (name, "windows 10") != NULL || strstr (name, "win_10") != NULL ||
                     strstr (name, "win-10") != NULL;
  guint best = 0;

  for (guint i = 0; i < systems->len; i++)
    {
      GhOs *os = g_ptr_array_index (systems, i);

      if (g_strcmp0 (os->short_id, says_10 ? "win10" : "win11") == 0)
        best = i;
    }
  return best;
}
