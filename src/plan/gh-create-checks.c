/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What may be wrong with a machine that somebody wants to make, and what can be done about it.
 * Reads inputs and facts and writes checks; calls nothing except in fixes. Its files, its new disk
 * and its hardware are looked at in gh-create-check-….c. */

#define G_LOG_DOMAIN "gh-create-checks"

#include "config.h"

#include "gh-create-checks-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-create-fixes.h"
#include "gh-virt-error.h"

/* The host */

static gboolean
check_host (GhCreateChecker *self)
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
check_emulator (GhCreateChecker *self)
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
check_name (GhCreateChecker *self)
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
check_os (GhCreateChecker *self)
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
  GhCreateChecker self = { plan, inputs, facts, draft, TRUE };

  if (!check_host (&self))
    return FALSE;

  check_name (&self);
  gh_create_check_source (&self);
  check_os (&self);
  gh_create_check_memory (&self);
  gh_create_check_cpus (&self);
  gh_create_check_new_disk (&self);
  gh_create_check_firmware (&self);
  gh_create_check_tpm (&self);
  gh_create_check_network (&self);
  gh_create_check_graphics (&self);
  check_emulator (&self);
  return self.possible && facts->defaults != NULL;
}
