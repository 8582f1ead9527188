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
#include "gh-storage.h"
#include "gh-virt-error.h"
#include "gh-virtualization.h"

/* Its processors are busy between two looks. */
#define LOAD_INTERVAL_MS 500

static GhHostFacts *
load_facts (GhCli   *self,
            GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gh_host_load_facts_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  return gh_host_load_facts_finish (self->host, result, error);
}

/* One of the things that are told is missing; the others are told. */
static void
tell_unread (GhCli        *self,
             const GError *error)
{
  g_autofree char *sentence = gh_error_dup_sentence (error);

  gh_cli_tell (self, "%s\n", sentence);
}

static void
set_string (JsonObject *object,
            const char *name,
            const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
}

static gboolean
time_over_cb (gpointer user_data)
{
  g_task_return_boolean (user_data, TRUE);
  return G_SOURCE_REMOVE;
}

/* A second look is nice to have: without one the first is enough. */
static double
load_load (GhCli       *self,
           GhHostFacts *before)
{
  g_autoptr (GhHostFacts) after = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  if (before->busy_ns + before->idle_ns == 0)
    return -1.0;
  g_timeout_add_full (G_PRIORITY_DEFAULT, LOAD_INTERVAL_MS, time_over_cb,
                      g_task_new (NULL, NULL, gh_cli_call_cb, self), g_object_unref);
  result = gh_cli_wait (self);
  after = load_facts (self, NULL);
  return after != NULL ? gh_host_facts_get_load (before, after) : -1.0;
}

static void
show_load (GhCli       *self,
           GhHostFacts *facts,
           JsonObject  *object)
{
  double load = load_load (self, facts);
  g_autofree char *text = g_strdup_printf (_("%d %%"), (int) (load * 100.0 + 0.5));

  if (load < 0.0)
    return;
  gh_cli_print_fact (self, _("CPU use"), text);
  json_object_set_double_member (object, "cpu-use", load);
}

static void
show_pool (GhCli      *self,
           GhPoolInfo *pool,
           JsonArray  *array)
{
  g_autofree char *available = gh_format_file_size (pool->available);
  g_autofree char *capacity = gh_format_file_size (pool->capacity);
  const char *place = pool->path != NULL ? pool->path : pool->type;
  JsonObject *object = json_object_new ();

  if (pool->active)
    /* Translators: a storage pool's name; where it is; free space; all of it */
    gh_cli_print (self, _("  %s: %s, %s of %s free\n"), pool->name, place, available, capacity);
  else
    /* Translators: a storage pool's name; where it is */
    gh_cli_print (self, _("  %s: %s, not started\n"), pool->name, place);
  json_object_set_string_member (object, "name", pool->name);
  set_string (object, "type", pool->type);
  set_string (object, "path", pool->path);
  json_object_set_boolean_member (object, "active", pool->active);
  if (pool->active)
    {
      json_object_set_int_member (object, "capacity", (gint64) pool->capacity);
      json_object_set_int_member (object, "free", (gint64) pool->available);
    }
  json_array_add_object_element (array, object);
}

static void
show_pools (GhCli      *self,
            JsonObject *object)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) pools = NULL;
  JsonArray *array = NULL;

  gh_host_load_pools_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  pools = gh_host_load_pools_finish (self->host, result, &error);
  if (pools == NULL)
    {
      tell_unread (self, error);
      return;
    }
  array = json_array_new ();
  if (pools->len > 0)
    gh_cli_print (self, "\n%s\n", _("Storage:"));
  for (guint i = 0; i < pools->len; i++)
    show_pool (self, g_ptr_array_index (pools, i), array);
  json_object_set_array_member (object, "pools", array);
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
      tell_unread (self, error);
      return;
    }
  checks = gh_virtualization_list_far_checks (facts);
  gh_cli_print (self, "\n%s\n", _("That computer:"));
  gh_cli_show_checks (self, checks);
  json_object_set_array_member (object, "checks", gh_check_list_to_json (checks));
}

static void
print_has (GhCli      *self,
           const char *name,
           gboolean    has)
{
  gh_cli_print_fact (self, name, has ? _("yes") : _("no"));
}

static void
show_capabilities (GhCli      *self,
                   JsonObject *object)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhCapabilities) capabilities = NULL;
  g_autofree char *cpus = NULL;

  gh_host_load_capabilities_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  capabilities = gh_host_load_capabilities_finish (self->host, result, &error);
  if (capabilities == NULL)
    {
      tell_unread (self, error);
      return;
    }
  print_has (self, _("KVM"), capabilities->has_kvm);
  print_has (self, _("UEFI"), capabilities->has_uefi);
  print_has (self, _("Secure Boot"), capabilities->has_secure_boot);
  print_has (self, _("TPM"), capabilities->has_tpm);
  print_has (self, _("SPICE"), capabilities->has_spice);
  print_has (self, _("VNC"), capabilities->has_vnc);
  if (capabilities->max_cpus > 0)
    {
      cpus = g_strdup_printf ("%u", capabilities->max_cpus);
      /* Translators: the most CPUs a machine can have, before a number; at most 14 letters. */
      gh_cli_print_fact (self, _("CPUs at most"), cpus);
      json_object_set_int_member (object, "machine-cpus-max", capabilities->max_cpus);
    }
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

  if (gh_cli_connect (self, &error))
    facts = load_facts (self, &error);
  object = json_object_new ();
  json_object_set_string_member (object, "host", self->uri);
  if (facts != NULL)
    {
      show_facts (self, facts, object);
      show_load (self, facts, object);
      show_capabilities (self, object);
      show_pools (self, object);
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
