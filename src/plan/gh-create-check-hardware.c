/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Checks of what a new machine consists of, its disks aside. */

#define G_LOG_DOMAIN "gh-create-check-hardware"

#include "config.h"

#include "gh-create-checks-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-create-fixes.h"
#include "gh-format.h"

#define LEAST_MEMORY_KIB ((guint64) 1024)
/* Of any machine type of QEMU, where the host does not say. */
#define MOST_CPUS 4096

void
gh_create_check_memory (GhCreateChecker *self)
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

void
gh_create_check_cpus (GhCreateChecker *self)
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

void
gh_create_check_firmware (GhCreateChecker *self)
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

void
gh_create_check_tpm (GhCreateChecker *self)
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
check_virtual_network (GhCreateChecker *self,
                       const char      *name)
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

void
gh_create_check_network (GhCreateChecker *self)
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

void
gh_create_check_graphics (GhCreateChecker *self)
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
