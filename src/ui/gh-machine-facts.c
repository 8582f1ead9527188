/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-facts"

#include "config.h"

#include "gh-machine-facts.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-domain-xml.h"
#include "gh-format.h"

static void
fact_free (gpointer data)
{
  GhFact *fact = data;

  g_free (fact->label);
  g_free (fact->value);
  g_free (fact->path);
  g_free (fact);
}

static void
group_free (gpointer data)
{
  GhFactGroup *group = data;

  g_free (group->title);
  g_ptr_array_unref (group->facts);
  g_free (group);
}

static GhFactGroup *
add_group (GhMachineFacts *self,
           const char     *title)
{
  GhFactGroup *group = g_new0 (GhFactGroup, 1);

  group->title = g_strdup (title);
  group->facts = g_ptr_array_new_with_free_func (fact_free);
  g_ptr_array_add (self->groups, group);
  return group;
}

/* Takes @value; nothing is added for NULL. */
static GhFact *
add_fact (GhFactGroup *group,
          const char  *label,
          char        *value,
          gboolean     copies)
{
  GhFact *fact = NULL;

  if (value == NULL)
    return NULL;
  fact = g_new0 (GhFact, 1);
  fact->label = g_strdup (label);
  fact->value = value;
  fact->copies = copies;
  g_ptr_array_add (group->facts, fact);
  return fact;
}

static const struct
{
  const char *id;
  const char *name;
} products[] = {
  { "archlinux", "Arch Linux" },
  { "centos", "CentOS" },
  { "centos-stream", "CentOS Stream" },
  { "freebsd", "FreeBSD" },
  { "netbsd", "NetBSD" },
  { "openbsd", "OpenBSD" },
  { "opensuse", "openSUSE" },
  { "macosx", "macOS" },
  { "nixos", "NixOS" },
  { "rhel", "Red Hat Enterprise Linux" },
  { "win", "Windows" },
};

/**
 * gh_machine_facts_dup_os_name:
 * @os_id: (nullable): a libosinfo id, "http://debian.org/debian/12"
 *
 * Returns: (transfer full) (nullable): a name for people, “Debian 12”. Any thread.
 */
char *
gh_machine_facts_dup_os_name (const char *os_id)
{
  g_auto (GStrv) parts = NULL;
  const char *product = NULL;
  const char *version = NULL;
  g_autofree char *capitalized = NULL;
  guint n = 0;

  if (os_id == NULL)
    return NULL;
  /* http://VENDOR/PRODUCT/VERSION */
  parts = g_strsplit (os_id, "/", -1);
  n = g_strv_length (parts);
  if (n < 2)
    return g_strdup (os_id);
  version = parts[n - 1];
  product = n >= 5 ? parts[n - 2] : NULL;
  if (product == NULL || *product == '\0')
    return g_strdup (version);

  for (guint i = 0; i < G_N_ELEMENTS (products); i++)
    if (strcmp (products[i].id, product) == 0)
      return g_strdup_printf ("%s %s", products[i].name, version);
  capitalized = g_strdup (product);
  capitalized[0] = g_ascii_toupper (capitalized[0]);
  return g_strdup_printf ("%s %s", capitalized, version);
}

static char *
dup_firmware (GhDomainXml *document)
{
  switch (gh_domain_xml_get_firmware (document))
    {
    case GH_FIRMWARE_UEFI:
      return g_strdup (_("UEFI"));
    case GH_FIRMWARE_UEFI_SECURE:
      return g_strdup (_("UEFI with Secure Boot"));
    case GH_FIRMWARE_BIOS:
    default:
      return g_strdup (_("BIOS"));
    }
}

static char *
dup_engine (GhDomainXml *document)
{
  g_autofree char *type = gh_domain_xml_dup_type (document);
  g_autofree char *arch = gh_domain_xml_dup_arch (document);
  const char *name = type;

  if (g_strcmp0 (type, "kvm") == 0)
    name = _("KVM");
  else if (g_strcmp0 (type, "qemu") == 0)
    name = _("Software emulation (slow)");
  else if (g_strcmp0 (type, "test") == 0)
    name = _("Test driver: no real machine");
  if (arch == NULL)
    return g_strdup (name);
  return g_strdup_printf ("%s · %s", name, arch);
}

static void
add_system (GhMachineFacts *self,
            GhDomainXml    *document)
{
  GhFactGroup *group = add_group (self, _("Machine"));
  g_autofree char *os_id = gh_domain_xml_dup_os_id (document);
  guint n_cpus = gh_domain_xml_get_n_cpus (document);

  add_fact (group, _("Operating system"), gh_machine_facts_dup_os_name (os_id), FALSE);
  add_fact (group, _("Memory"), gh_format_memory (gh_domain_xml_get_memory_kib (document)), FALSE);
  add_fact (group, _("Processors"), g_strdup_printf ("%u", n_cpus), FALSE);
  add_fact (group, _("Firmware"), dup_firmware (document), FALSE);
  if (gh_domain_xml_has_tpm (document))
    add_fact (group, _("Security chip"), g_strdup (_("TPM")), FALSE);
  add_fact (group, _("Runs by"), dup_engine (document), FALSE);
  add_fact (group, _("Machine type"), gh_domain_xml_dup_machine (document), FALSE);
  add_fact (group, _("Kernel"), gh_domain_xml_dup_text (document, "os/kernel"), TRUE);
  add_fact (group, _("Name"), gh_domain_xml_dup_name (document), TRUE);
  add_fact (group, _("UUID"), gh_domain_xml_dup_uuid (document), TRUE);
}

static char *
dup_disk_label (const GhDiskXml *disk)
{
  const char *kind = _("Disk");

  if (g_strcmp0 (disk->device, "cdrom") == 0)
    kind = _("CD drive");
  else if (g_strcmp0 (disk->device, "floppy") == 0)
    kind = _("Floppy drive");
  if (disk->target == NULL)
    return g_strdup (kind);
  /* Translators: a device and what the guest calls it: “Disk vda”. */
  return g_strdup_printf (_("%s %s"), kind, disk->target);
}

static void
add_disks (GhMachineFacts *self,
           GhDomainXml    *document)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (document);
  GhFactGroup *group = NULL;

  if (disks->len == 0)
    return;
  group = add_group (self, _("Disks"));
  for (guint i = 0; i < disks->len; i++)
    {
      GhDiskXml *disk = g_ptr_array_index (disks, i);
      g_autofree char *label = dup_disk_label (disk);
      gboolean empty = disk->source_text == NULL;
      GhFact *fact = add_fact (group, label, g_strdup (empty ? _("Empty") : disk->source_text),
                               !empty);

      fact->path = g_strdup (disk->source);
    }
}

static char *
dup_nic_value (const GhNicXml *nic)
{
  GString *text = g_string_new (NULL);

  if (g_strcmp0 (nic->type, "network") == 0)
    g_string_append_printf (text, _("Network “%s”"), nic->source != NULL ? nic->source : "");
  else if (g_strcmp0 (nic->type, "bridge") == 0)
    g_string_append_printf (text, _("Bridge “%s”"), nic->source != NULL ? nic->source : "");
  else if (g_strcmp0 (nic->type, "user") == 0)
    g_string_append (text, _("User networking"));
  else
    g_string_append_printf (text, "%s %s", nic->type, nic->source != NULL ? nic->source : "");
  if (nic->model != NULL)
    g_string_append_printf (text, " · %s", nic->model);
  if (nic->mac != NULL)
    g_string_append_printf (text, " · %s", nic->mac);
  return g_string_free (text, FALSE);
}

static void
add_nics (GhMachineFacts *self,
          GhDomainXml    *document)
{
  g_autoptr (GPtrArray) nics = gh_domain_xml_list_nics (document);
  GhFactGroup *group = NULL;

  if (nics->len == 0)
    return;
  group = add_group (self, _("Network"));
  for (guint i = 0; i < nics->len; i++)
    add_fact (group, _("Network card"), dup_nic_value (g_ptr_array_index (nics, i)), TRUE);
}

static char *
dup_graphics_value (const GhGraphicsXml *graphics)
{
  g_autofree char *name = g_ascii_strup (graphics->type, -1);

  if (g_strcmp0 (graphics->listen_type, "none") == 0)
    return g_strdup_printf (_("%s, on this host only"), name);
  if (graphics->port > 0)
    return g_strdup_printf (_("%s at %s, port %d"), name,
                            graphics->listen != NULL ? graphics->listen : "127.0.0.1",
                            graphics->port);
  return g_steal_pointer (&name);
}

static void
add_displays (GhMachineFacts *self,
              GhDomainXml    *document)
{
  g_autoptr (GPtrArray) graphics = gh_domain_xml_list_graphics (document);
  g_autoptr (GPtrArray) serials = gh_domain_xml_list_serials (document);
  GhFactGroup *group = NULL;

  if (graphics->len == 0 && serials->len == 0)
    return;
  group = add_group (self, _("Consoles"));
  for (guint i = 0; i < graphics->len; i++)
    add_fact (group, _("Display"), dup_graphics_value (g_ptr_array_index (graphics, i)), FALSE);
  for (guint i = 0; i < serials->len; i++)
    {
      GhCharXml *serial = g_ptr_array_index (serials, i);

      add_fact (group, _("Serial port"), g_strdup (serial->type), FALSE);
    }
}

/**
 * gh_machine_facts_new_from_xml:
 * @xml: the definition of a machine
 * @error: (out): why it cannot be read
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): what it says, in words
 */
GhMachineFacts *
gh_machine_facts_new_from_xml (const char  *xml,
                               GError     **error)
{
  g_autoptr (GhDomainXml) document = gh_domain_xml_new_from_string (xml, error);
  GhMachineFacts *self = NULL;

  if (document == NULL)
    return NULL;
  self = g_new0 (GhMachineFacts, 1);
  self->xml = g_strdup (xml);
  self->description = gh_domain_xml_dup_description (document);
  self->groups = g_ptr_array_new_with_free_func (group_free);
  add_system (self, document);
  add_disks (self, document);
  add_nics (self, document);
  add_displays (self, document);
  return self;
}

/**
 * gh_machine_facts_free:
 * @self: facts
 */
void
gh_machine_facts_free (GhMachineFacts *self)
{
  g_free (self->xml);
  g_free (self->description);
  g_ptr_array_unref (self->groups);
  g_free (self);
}
