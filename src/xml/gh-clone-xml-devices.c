/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Of a clone's definition: devices of the host, shared memory, sound. */

#define G_LOG_DOMAIN "gh-clone-xml"

#include "config.h"

#include "gh-clone-xml-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* "0000:01:00.0", "003:004" or a UUID. */
static char *
dup_address (const xmlNode *address)
{
  g_autofree char *uuid = gh_xml_node_dup_attribute (address, "uuid");
  g_autofree char *bus = gh_xml_node_dup_attribute (address, "bus");
  g_autofree char *device = gh_xml_node_dup_attribute (address, "device");
  g_autofree char *domain = gh_xml_node_dup_attribute (address, "domain");
  g_autofree char *slot = gh_xml_node_dup_attribute (address, "slot");
  g_autofree char *function = gh_xml_node_dup_attribute (address, "function");

  if (uuid != NULL)
    return g_steal_pointer (&uuid);
  if (slot != NULL)
    return g_strdup_printf ("%04x:%02x:%02x.%x",
                            (guint) (domain != NULL ? g_ascii_strtoull (domain, NULL, 0) : 0),
                            (guint) (bus != NULL ? g_ascii_strtoull (bus, NULL, 0) : 0),
                            (guint) g_ascii_strtoull (slot, NULL, 0),
                            (guint) (function != NULL ? g_ascii_strtoull (function, NULL, 0) : 0));
  if (bus != NULL && device != NULL)
    return g_strdup_printf ("%s:%s", bus, device);
  return NULL;
}

/* A device of the host in words. */
static char *
dup_device_text (const xmlNode *hostdev)
{
  xmlNode *source = gh_xml_node_get_child (hostdev, "source");
  g_autofree char *type = gh_xml_node_dup_attribute (hostdev, "type");
  g_autofree char *vendor = gh_xml_node_dup_child_attribute (source, "vendor", "id");
  g_autofree char *product = gh_xml_node_dup_child_attribute (source, "product", "id");
  g_autofree char *adapter = gh_xml_node_dup_child_attribute (source, "adapter", "name");
  g_autofree char *address = dup_address (gh_xml_node_get_child (source, "address"));
  g_autofree char *protocol = gh_xml_node_dup_attribute (source, "wwpn");
  const char *what = address;
  g_autofree char *id = NULL;

  if (vendor != NULL && product != NULL)
    {
      id = g_strdup_printf ("%s:%s", vendor, product);
      what = id;
    }
  if (what == NULL)
    what = adapter != NULL ? adapter : protocol;
  return g_strdup_printf ("%s %s", type != NULL ? type : "", what != NULL ? what : "");
}

static void
change_host_devices (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "devices/hostdev");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      g_autofree char *mode = gh_xml_node_dup_attribute (node, "mode");
      g_autofree char *id = g_strdup_printf ("hostdev-%u", i);
      g_autofree char *before = NULL;

      /* Containers see parts of the host, each as many as like. */
      if (g_strcmp0 (mode, "capabilities") == 0)
        continue;
      before = dup_device_text (node);
      gh_cloning_keep_or_remove (self, node, id, _("Device of the host"), g_strstrip (before),
                                 GH_CLONING_REMOVE,
                                 _("One machine can use it at a time: with it the clone does not "
                                   "start while the original runs."));
    }
}

/* Keyboards, mice and cards of the host. */
static void
change_inputs (GhCloning *self)
{
  static const struct
  {
    const char *xpath;
    const char *id;
  } kinds[] = {
    { "devices/input[source]", "input" },
    { "devices/smartcard[@mode='host']", "smartcard-host" },
    { "devices/smartcard[@mode='host-certificates']", "smartcard-files" },
  };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, kinds[k].xpath);

      for (guint i = 0; i < nodes->len; i++)
        {
          xmlNode *node = g_ptr_array_index (nodes, i);
          g_autofree char *id = g_strdup_printf ("%s-%u", kinds[k].id, i);
          g_autofree char *path = gh_xml_node_dup_child_attribute (node, "source", "dev");

          if (path == NULL)
            path = gh_xml_node_dup_child_attribute (node, "source", "evdev");
          gh_cloning_keep_or_remove (self, node, id,
                                     k == 0 ? _("Keyboard or mouse of the host") : _("Smart card"),
                                     path != NULL ? path : _("of the host"),
                                     k == 2 ? GH_CLONING_KEEP : GH_CLONING_REMOVE,
                                     k == 2 ? _("Both machines are known by the same certificates.")
                                            : _("Only one machine at a time can use it."));
        }
    }
}

/* A name in the host's shared memory: the same one is the same memory. */
static char *
dup_memory_name (GhCloning  *self,
                 const char *before)
{
  g_autofree char *path = g_strconcat ("/", before, NULL);
  g_autofree char *renamed = gh_cloning_dup_path (self, path, FALSE);

  return g_path_get_basename (renamed);
}

static void
change_shared_memory (GhCloning *self)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_REMOVE | GH_CLONING_SET;
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "devices/shmem");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      gboolean has_server = gh_xml_node_get_child (node, "server") != NULL;
      g_autofree char *id = g_strdup_printf ("shmem-%u", i);
      g_autofree char *before = gh_xml_node_dup_attribute (node, "name");
      g_autofree char *after = NULL;
      const char *value = NULL;
      GhCloningChoice choice;

      if (before == NULL)
        continue;
      choice = gh_cloning_decide (self, id, has_server ? GH_CLONING_KEEP : GH_CLONING_NEW, allowed,
                                  &value);
      if (choice == GH_CLONING_NEW)
        after = dup_memory_name (self, before);
      else if (choice != GH_CLONING_REMOVE)
        after = g_strdup (value != NULL ? value : before);
      gh_cloning_note (self, id, _("Shared memory"), before, after, choice != GH_CLONING_KEEP,
                       allowed,
                       has_server ? _("Both machines are clients of the same server.")
                                  : _("With one name both machines see the same memory: keep it if "
                                      "they are to talk to each other through it."));
      if (after != NULL)
        gh_cloning_set (self, node, "name", after);
      else
        gh_xml_document_remove (self->document, node);
    }
}

/* Files that are written to: sound as a recording, logs of crashes. */
static void
change_files (GhCloning *self)
{
  static const struct
  {
    const char *xpath;
    const char *attribute;
    const char *id;
  } kinds[] = {
    { "devices/audio[@type='file']", "path", "audio" },
    { "devices/pstore/path", NULL, "pstore" },
  };
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_SET;

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, kinds[k].xpath);

      for (guint i = 0; i < nodes->len; i++)
        {
          xmlNode *node = g_ptr_array_index (nodes, i);
          g_autofree char *id = g_strdup_printf ("%s-%u", kinds[k].id, i);
          g_autofree char *before =
            kinds[k].attribute != NULL ? gh_xml_node_dup_attribute (node, kinds[k].attribute)
                                       : gh_xml_node_dup_text (node);
          g_autofree char *after = NULL;
          const char *value = NULL;
          GhCloningChoice choice;

          if (before == NULL || *before == '\0')
            continue;
          choice = gh_cloning_decide (self, id, GH_CLONING_NEW, allowed, &value);
          after = choice == GH_CLONING_NEW ? gh_cloning_dup_path (self, before, FALSE)
                                           : g_strdup (value != NULL ? value : before);
          if (kinds[k].attribute != NULL)
            gh_cloning_set (self, node, kinds[k].attribute, after);
          else
            gh_xml_document_set_text (self->document, node, after);
          gh_cloning_note (self, id, k == 0 ? _("Recording of sound") : _("Store for crash logs"),
                           before, after, choice != GH_CLONING_KEEP, allowed,
                           _("Both machines would write to the same file."));
        }
    }
}

void
gh_cloning_devices (GhCloning *self)
{
  change_host_devices (self);
  change_inputs (self);
  change_shared_memory (self);
  change_files (self);
}
