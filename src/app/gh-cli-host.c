/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The verb about the host itself. What can be told of this computer is told also when libvirt
 * cannot be reached: that may be what is asked about. */

#define G_LOG_DOMAIN "gh-cli-host"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>

#include "gh-format.h"
#include "gh-host-facts.h"
#include "gh-virt-error.h"
#include "gh-virtualization.h"

static GhHostFacts *
load_facts (GhCli   *self,
            GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (!gh_cli_connect (self, error))
    return NULL;
  gh_host_load_facts_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  return gh_host_load_facts_finish (self->host, result, error);
}

static void
set_string (JsonObject *object,
            const char *name,
            const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
}

static void
show_facts (GhCli       *self,
            GhHostFacts *facts,
            JsonObject  *object)
{
  g_autofree char *cpus = g_strdup_printf ("%u", facts->n_cpus);
  g_autofree char *memory = gh_format_memory (facts->memory_kib);
  g_autofree char *free_memory = facts->free_memory_kib > 0
                                 ? gh_format_memory (facts->free_memory_kib) : NULL;
  g_autofree char *driver = facts->driver_version != NULL
                            ? g_strdup_printf ("%s %s", facts->driver, facts->driver_version)
                            : g_strdup (facts->driver);

  gh_cli_print_fact (self, _("Host"), self->uri);
  gh_cli_print_fact (self, _("Name"), facts->hostname);
  gh_cli_print_fact (self, _("Hypervisor"), driver);
  gh_cli_print_fact (self, _("Libvirt"), facts->libvirt_version);
  gh_cli_print_fact (self, _("Processor"), facts->processor);
  gh_cli_print_fact (self, _("CPUs"), cpus);
  gh_cli_print_fact (self, _("Memory"), memory);
  gh_cli_print_fact (self, _("Free memory"), free_memory);
  set_string (object, "hostname", facts->hostname);
  set_string (object, "driver", facts->driver);
  set_string (object, "driver-version", facts->driver_version);
  set_string (object, "libvirt-version", facts->libvirt_version);
  set_string (object, "processor", facts->processor);
  json_object_set_int_member (object, "cpus", facts->n_cpus);
  json_object_set_int_member (object, "memory-kib", (gint64) facts->memory_kib);
  if (facts->free_memory_kib > 0)
    json_object_set_int_member (object, "free-memory-kib", (gint64) facts->free_memory_kib);
}

static void
show_checks (GhCli      *self,
             JsonObject *object)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GhVirtualization) facts = NULL;
  g_autoptr (GPtrArray) checks = NULL;

  gh_virtualization_load_async (NULL, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  facts = gh_virtualization_load_finish (result, NULL);
  checks = gh_virtualization_list_checks (facts);
  gh_cli_print (self, "\n%s\n", _("This computer:"));
  gh_cli_show_checks (self, checks);
  json_object_set_array_member (object, "checks", gh_check_list_to_json (checks));
}

/* What libvirt tells of another computer. */
static void
show_far_checks (GhCli      *self,
                 JsonObject *object)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhKvmFacts) facts = NULL;
  g_autoptr (GPtrArray) checks = NULL;

  gh_host_load_kvm_facts_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  facts = gh_host_load_kvm_facts_finish (self->host, result, &error);
  if (facts == NULL)
    {
      g_autofree char *sentence = gh_error_dup_sentence (error);

      gh_cli_tell (self, "%s\n", sentence);
      return;
    }
  checks = gh_virtualization_list_far_checks (facts);
  gh_cli_print (self, "\n%s\n", _("That computer:"));
  gh_cli_show_checks (self, checks);
  json_object_set_array_member (object, "checks", gh_check_list_to_json (checks));
}

static void
show_capabilities (GhCli      *self,
                   JsonObject *object)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GhCapabilities) capabilities = NULL;

  gh_host_load_capabilities_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  capabilities = gh_host_load_capabilities_finish (self->host, result, NULL);
  if (capabilities == NULL)
    return;
  gh_cli_print_fact (self, _("KVM"), capabilities->has_kvm ? _("yes") : _("no"));
  gh_cli_print_fact (self, _("UEFI"), capabilities->has_uefi ? _("yes") : _("no"));
  gh_cli_print_fact (self, _("TPM"), capabilities->has_tpm ? _("yes") : _("no"));
  gh_cli_print_fact (self, _("SPICE"), capabilities->has_spice ? _("yes") : _("no"));
  json_object_set_boolean_member (object, "kvm", capabilities->has_kvm);
  json_object_set_boolean_member (object, "uefi", capabilities->has_uefi);
  json_object_set_boolean_member (object, "secure-boot", capabilities->has_secure_boot);
  json_object_set_boolean_member (object, "tpm", capabilities->has_tpm);
  json_object_set_boolean_member (object, "spice", capabilities->has_spice);
  json_object_set_boolean_member (object, "vnc", capabilities->has_vnc);
}

GhCliStatus
gh_cli_host (GhCli      *self,
             const char *verb,
             int         argc,
             char      **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, NULL, 0, 0, argc, argv, &error);
  g_autoptr (GhHostFacts) facts = NULL;
  g_autofree char *sentence = NULL;
  JsonObject *object = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);

  facts = load_facts (self, &error);
  object = json_object_new ();
  json_object_set_string_member (object, "host", self->uri);
  if (facts != NULL)
    {
      show_facts (self, facts, object);
      show_capabilities (self, object);
    }
  else
    {
      sentence = gh_error_dup_sentence (error);
      gh_cli_tell (self, "%s\n", sentence);
      json_object_set_string_member (object, "error", sentence);
    }
  if (gh_host_is_local (self->host))
    show_checks (self, object);
  else if (facts != NULL && !gh_host_is_test (self->host))
    show_far_checks (self, object);
  gh_cli_take_json (self, object);
  return facts != NULL ? GH_CLI_DONE : GH_CLI_FAILED;
}
