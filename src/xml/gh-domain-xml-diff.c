/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Two definitions compared, in words. Every element and attribute is compared, so that nothing that
 * differs goes unsaid; what most people know has a name of its own, the rest is called by its
 * path. Lists of the same element are matched by what identifies an item, not by place.
 */

#define G_LOG_DOMAIN "gh-domain-xml"

#include "config.h"

#include "gh-domain-xml-private.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "gh-format.h"

typedef struct
{
  const char *path;
  const char *label;
} Label;

/* What a path is called; those of devices begin at the device. */
static const Label labels[] = {
  { "@type", N_("Virtualization") },
  { "name", N_("Name") },
  { "uuid", N_("UUID") },
  { "title", N_("Title") },
  { "description", N_("Description") },
  { "memory", N_("Memory") },
  { "currentMemory", N_("Memory at start") },
  { "vcpu", N_("CPUs") },
  { "vcpu/@current", N_("CPUs at start") },
  { "cpu/@mode", N_("CPU mode") },
  { "cpu/model", N_("CPU model") },
  { "os/type/@arch", N_("Architecture") },
  { "os/type/@machine", N_("Machine type") },
  { "os/@firmware", N_("Firmware") },
  { "os/firmware/feature[secure-boot]/@enabled", N_("Secure Boot") },
  { "os/firmware/feature[enrolled-keys]/@enabled", N_("Secure Boot keys enrolled") },
  { "os/loader", N_("Firmware file") },
  { "os/nvram", N_("File of firmware variables") },
  { "os/kernel", N_("Kernel") },
  { "os/initrd", N_("Initial RAM disk") },
  { "os/cmdline", N_("Kernel arguments") },
  { "clock/@offset", N_("Clock") },
  { "on_poweroff", N_("When it powers off") },
  { "on_reboot", N_("When it reboots") },
  { "on_crash", N_("When it crashes") },
  { "devices/emulator", N_("Emulator") },
  { "disk/@device", N_("Kind") },
  { "disk/driver/@type", N_("Format") },
  { "disk/driver/@cache", N_("Cache") },
  { "disk/driver/@discard", N_("Discard") },
  { "disk/source/@file", N_("File") },
  { "disk/source/@dev", N_("Block device") },
  { "disk/source/@volume", N_("Volume") },
  { "disk/source/@pool", N_("Pool") },
  { "disk/target/@bus", N_("Bus") },
  { "disk/boot/@order", N_("Place in the boot order") },
  { "disk/readonly", N_("Read-only") },
  { "disk/shareable", N_("Shareable") },
  { "interface/@type", N_("Connected to") },
  { "interface/source/@network", N_("Network") },
  { "interface/source/@bridge", N_("Bridge") },
  { "interface/source/@dev", N_("Host device") },
  { "interface/model/@type", N_("Model") },
  { "interface/link/@state", N_("Cable") },
  { "interface/boot/@order", N_("Place in the boot order") },
  { "graphics/@port", N_("Port") },
  { "graphics/listen/@address", N_("Address") },
  { "graphics/listen/@type", N_("Listens on") },
  { "graphics/clipboard/@copypaste", N_("Clipboard sharing") },
  { "video/model/@type", N_("Model") },
  { "video/model/@vram", N_("Video memory") },
  { "sound/@model", N_("Model") },
  { "tpm/@model", N_("Model") },
  { "memballoon/@model", N_("Model") },
};

static const Label devices[] = {
  { "disk", N_("Disk") },
  { "interface", N_("Network card") },
  { "graphics", N_("Display") },
  { "video", N_("Graphics card") },
  { "sound", N_("Sound card") },
  { "audio", N_("Audio") },
  { "controller", N_("Controller") },
  { "serial", N_("Serial port") },
  { "parallel", N_("Parallel port") },
  { "console", N_("Console") },
  { "channel", N_("Channel") },
  { "input", N_("Input device") },
  { "hostdev", N_("Host device") },
  { "redirdev", N_("USB redirection") },
  { "filesystem", N_("Shared folder") },
  { "tpm", N_("TPM") },
  { "rng", N_("Random number generator") },
  { "memballoon", N_("Memory balloon") },
  { "watchdog", N_("Watchdog") },
  { "smartcard", N_("Smart card") },
  { "panic", N_("Panic device") },
  { "memory", N_("Memory device") },
};

/* A child element and what tells it from its siblings. */
typedef struct
{
  char    *key;
  xmlNode *node;
} Item;

typedef struct
{
  GPtrArray  *items;  /* (element-type Item), in document order */
  GHashTable *by_key; /* (element-type utf8 xmlNode), keys of the items */
} ItemList;

typedef struct
{
  GStrvBuilder *changes;
  char         *heading; /* (owned) (nullable): the device being compared */
  gboolean      is_live; /* one of them is of a machine that runs */
  gboolean      chose_firmware; /* and libvirt chose the firmware of that run */
} Diff;

static void diff_elements (Diff *diff, const char *path, const xmlNode *a, const xmlNode *b);

static const char *
find_label (const Label *table,
            guint        n,
            const char  *path)
{
  for (guint i = 0; i < n; i++)
    if (strcmp (table[i].path, path) == 0)
      return _(table[i].label);
  return path;
}

static void
item_free (gpointer data)
{
  Item *item = data;

  g_free (item->key);
  g_free (item);
}

static void
item_list_clear (ItemList *list)
{
  g_hash_table_unref (list->by_key);
  g_ptr_array_unref (list->items);
}

static char *
dup_node_name (const xmlNode *node)
{
  if (node->ns != NULL && node->ns->prefix != NULL)
    return g_strdup_printf ("%s:%s", (const char *) node->ns->prefix, (const char *) node->name);
  return g_strdup ((const char *) node->name);
}

/* What a device is called by people: its target, its address. */
static char *
dup_device_id (const xmlNode *node)
{
  static const struct
  {
    const char *element;
    const char *child; /* (nullable): the attribute is the device's own */
    const char *attribute;
  } ids[] = {
    { "disk", "target", "dev" },
    { "interface", "mac", "address" },
    { "graphics", NULL, "type" },
    { "filesystem", "target", "dir" },
    { "channel", "target", "name" },
    { "serial", "target", "port" },
    { "parallel", "target", "port" },
    { "console", "target", "port" },
    { "input", NULL, "type" },
    { "sound", NULL, "model" },
  };

  if (gh_xml_node_is (node, "controller"))
    {
      g_autofree char *type = gh_xml_node_dup_attribute (node, "type");
      g_autofree char *index = gh_xml_node_dup_attribute (node, "index");

      return g_strdup_printf ("%s %s", type != NULL ? type : "", index != NULL ? index : "");
    }
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    if (gh_xml_node_is (node, ids[i].element))
      return ids[i].child != NULL
               ? gh_xml_node_dup_child_attribute (node, ids[i].child, ids[i].attribute)
               : gh_xml_node_dup_attribute (node, ids[i].attribute);
  return NULL;
}

/* “disk[vda]”, “feature[secure-boot]”, “timer[rtc]”; the name alone where nothing identifies. */
static char *
dup_key (const xmlNode *node,
         gboolean       is_device)
{
  g_autofree char *name = dup_node_name (node);
  g_autofree char *id = is_device ? dup_device_id (node) : gh_xml_node_dup_attribute (node, "name");

  if (!is_device && id == NULL)
    id = gh_xml_node_dup_attribute (node, "id");
  /* A model or a type is called by name as well, but there is only one. */
  if (id == NULL || gh_xml_node_is (node, "driver") || gh_xml_node_is (node, "source") ||
      gh_xml_node_is (node, "alias") || gh_xml_node_is (node, "target"))
    return g_steal_pointer (&name);
  return g_strdup_printf ("%s[%s]", name, id);
}

static void
item_list_init (ItemList      *list,
                const xmlNode *parent,
                gboolean       is_device)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  list->items = g_ptr_array_new_with_free_func (item_free);
  list->by_key = g_hash_table_new (g_str_hash, g_str_equal);
  for (xmlNode *node = gh_xml_node_get_child (parent, NULL); node != NULL;
       node = gh_xml_node_get_next (node, NULL))
    {
      Item *item = g_new0 (Item, 1);
      char *key = dup_key (node, is_device);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) + 1;

      item->node = node;
      item->key = n > 1 ? g_strdup_printf ("%s #%u", key, n) : g_strdup (key);
      g_hash_table_insert (counts, key, GUINT_TO_POINTER (n));
      g_ptr_array_add (list->items, item);
      g_hash_table_insert (list->by_key, item->key, node);
    }
}

/* Without what surrounds it; NULL for an element that has no text of its own. */
static char *
dup_leaf_text (const xmlNode *node)
{
  g_autofree char *text = NULL;

  if (node == NULL || gh_xml_node_get_child (node, NULL) != NULL)
    return NULL;

  text = gh_xml_node_dup_text (node);
  g_strstrip (text);
  return *text != '\0' ? g_steal_pointer (&text) : NULL;
}

static gboolean
is_secret (const char *path)
{
  return g_str_has_suffix (path, "/@passwd") || strstr (path, "cookie") != NULL;
}

/* The label of what is compared, behind the device it is part of. */
static char *
dup_subject (Diff       *diff,
             const char *path)
{
  const char *label = find_label (labels, G_N_ELEMENTS (labels), path);
  const char *inside = NULL;

  if (diff->heading == NULL)
    return g_strdup (label);

  /* The heading says already which device it is. */
  inside = label == path ? strchr (path, '/') : NULL;
  if (inside != NULL)
    label = inside + 1;
  /* Translators: a device and a part of it, as in “Disk vda, Format” */
  return g_strdup_printf (C_("change", "%s, %s"), diff->heading, label);
}

static void
add_change (Diff       *diff,
            const char *path,
            const char *before,
            const char *after)
{
  g_autofree char *subject = dup_subject (diff, path);
  g_autofree char *line = NULL;

  if (is_secret (path))
    /* Translators: a password was changed; it is not shown */
    line = g_strdup_printf (C_("change", "%s: changed"), subject);
  else
    /* Translators: what it was before and what it is now, as in “Memory: 4.0 GiB → 8.0 GiB” */
    line = g_strdup_printf (C_("change", "%s: %s → %s"), subject,
                            before != NULL ? before : C_("change", "not set"),
                            after != NULL ? after : C_("change", "not set"));
  g_strdelimit (line, "\n\r\t", ' ');
  g_strv_builder_add (diff->changes, line);
}

static void
add_presence (Diff       *diff,
              const char *subject,
              gboolean    added)
{
  g_autofree char *line = NULL;

  line = added ? g_strdup_printf (C_("change", "%s: added"), subject)
               : g_strdup_printf (C_("change", "%s: removed"), subject);
  g_strdelimit (line, "\n\r\t", ' ');
  g_strv_builder_add (diff->changes, line);
}

static gboolean
attribute_is (const xmlNode *node,
              const char    *name,
              const char    *value)
{
  g_autofree char *text = gh_xml_node_dup_attribute (node, name);

  return g_strcmp0 (text, value) == 0;
}

/* Whether one says "some UEFI firmware", and the other which one it came to. */
static gboolean
is_firmware_choice (const xmlNode *a,
                    const xmlNode *b)
{
  const xmlNode *before = gh_xml_node_get_child (a, "os");
  const xmlNode *after = gh_xml_node_get_child (b, "os");
  const xmlNode *run = attribute_is (before, "firmware", NULL) ? before : after;
  const xmlNode *definition = run == before ? after : before;

  return attribute_is (run, "firmware", NULL) && attribute_is (definition, "firmware", "efi") &&
         gh_xml_node_get_child (run, "loader") != NULL;
}

/* What libvirt fills in for one run of a machine and nobody decided on. */
static gboolean
is_runtime_attribute (Diff          *diff,
                      const char    *path,
                      const xmlNode *a,
                      const xmlNode *b)
{
  const xmlNode *node = a != NULL ? a : b;

  if (strcmp (path, "@id") == 0 || strcmp (path, "disk/source/@index") == 0 ||
      strcmp (path, "channel/target/@state") == 0 || g_str_has_suffix (path, "/@tty"))
    return TRUE;
  if (strcmp (path, "os/@firmware") == 0)
    return diff->chose_firmware;
  if (strcmp (path, "graphics/@port") == 0 || strcmp (path, "graphics/@tlsPort") == 0)
    return attribute_is (a, "autoport", "yes") && attribute_is (b, "autoport", "yes");
  if (g_str_has_suffix (path, "/source/@path"))
    return attribute_is (node->parent, "type", "pty");
  return FALSE;
}

static gboolean
is_runtime_element (Diff          *diff,
                    const char    *path,
                    const xmlNode *a,
                    const xmlNode *b)
{
  const xmlNode *node = a != NULL ? a : b;
  g_autofree char *name = NULL;

  if (g_str_has_suffix (path, "/alias"))
    {
      /* Only names that begin so are the user's own. */
      name = gh_xml_node_dup_attribute (node, "name");
      return name == NULL || !g_str_has_prefix (name, "ua-");
    }
  if (a != NULL && b != NULL)
    return FALSE;

  if (strcmp (path, "os/loader") == 0 || strcmp (path, "os/nvram") == 0)
    return diff->chose_firmware;
  if (strcmp (path, "interface/target") == 0)
    {
      name = gh_xml_node_dup_attribute (node, "dev");
      return name != NULL &&
             (g_str_has_prefix (name, "vnet") || g_str_has_prefix (name, "macvtap"));
    }
  if (g_str_has_suffix (path, "/source") && attribute_is (node->parent, "type", "pty"))
    return TRUE;
  if (strcmp (path, "seclabel") == 0)
    return attribute_is (node, "type", "dynamic");
  return strcmp (path, "disk/backingStore") == 0 || strcmp (path, "channel/source") == 0 ||
         strcmp (path, "resource") == 0;
}

/* The value in @node of an attribute that the other side has. */
static char *
dup_same_attribute (const xmlNode *node,
                    const xmlAttr *attribute)
{
  xmlChar *value = NULL;
  char *copy = NULL;

  if (node != NULL && attribute->ns != NULL)
    value = xmlGetNsProp (node, attribute->name, attribute->ns->href);
  else if (node != NULL)
    value = xmlGetNoNsProp (node, attribute->name);
  copy = g_strdup ((const char *) value);
  xmlFree (value);
  return copy;
}

static void
diff_attributes (Diff          *diff,
                 const char    *path,
                 const xmlNode *a,
                 const xmlNode *b)
{
  const xmlNode *nodes[] = { a, b };

  for (guint side = 0; side < G_N_ELEMENTS (nodes); side++)
    for (const xmlAttr *attribute = nodes[side] != NULL ? nodes[side]->properties : NULL;
         attribute != NULL; attribute = attribute->next)
      {
        const char *name = (const char *) attribute->name;
        g_autofree char *before = dup_same_attribute (a, attribute);
        g_autofree char *after = dup_same_attribute (b, attribute);
        g_autofree char *below = g_strdup_printf ("%s%s@%s", path, *path != '\0' ? "/" : "", name);

        /* Those of both were seen on the first side. */
        if ((side == 1 && before != NULL) || g_strcmp0 (before, after) == 0 ||
            (diff->is_live && is_runtime_attribute (diff, below, a, b)))
          continue;
        add_change (diff, below, before, after);
      }
}

static gboolean
diff_memory (Diff          *diff,
             const char    *path,
             const xmlNode *a,
             const xmlNode *b)
{
  guint64 before_kib = gh_domain_xml_parse_memory_kib (a);
  guint64 after_kib = gh_domain_xml_parse_memory_kib (b);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  if (diff->heading != NULL ||
      (strcmp (path, "memory") != 0 && strcmp (path, "currentMemory") != 0))
    return FALSE;
  if (before_kib == after_kib)
    return TRUE;

  before = a != NULL ? gh_format_memory (before_kib) : NULL;
  after = b != NULL ? gh_format_memory (after_kib) : NULL;
  /* So near that rounding hides it. */
  if (g_strcmp0 (before, after) == 0)
    {
      g_free (before);
      g_free (after);
      before = g_strdup_printf ("%" G_GUINT64_FORMAT " KiB", before_kib);
      after = g_strdup_printf ("%" G_GUINT64_FORMAT " KiB", after_kib);
    }
  add_change (diff, path, before, after);
  return TRUE;
}

static void
diff_device (Diff          *diff,
             const char    *key,
             const xmlNode *a,
             const xmlNode *b)
{
  const xmlNode *node = a != NULL ? a : b;
  g_autofree char *name = dup_node_name (node);
  g_autofree char *id = dup_device_id (node);
  const char *word = find_label (devices, G_N_ELEMENTS (devices), name);
  const char *number = strrchr (key, '#');

  if (strcmp (name, "emulator") == 0)
    {
      diff_elements (diff, "devices/emulator", a, b);
      return;
    }

  if (id == NULL && number != NULL)
    id = g_strdup (number + 1);
  /* Translators: a device and its identifier, as in “Disk vda” */
  diff->heading = id != NULL ? g_strdup_printf (C_("device", "%s %s"), word, g_strstrip (id))
                             : g_strdup (word);
  if (a == NULL || b == NULL)
    add_presence (diff, diff->heading, /* added= */ a == NULL);
  else
    diff_elements (diff, name, a, b);
  g_clear_pointer (&diff->heading, g_free);
}

static void
diff_child (Diff          *diff,
            const char    *path,
            const char    *key,
            const xmlNode *a,
            const xmlNode *b)
{
  g_autofree char *below = NULL;

  if (diff->heading == NULL && strcmp (path, "devices") == 0)
    {
      diff_device (diff, key, a, b);
      return;
    }

  below = g_strdup_printf ("%s%s%s", path, *path != '\0' ? "/" : "", key);
  diff_elements (diff, below, a, b);
}

static void
diff_children (Diff          *diff,
               const char    *path,
               const xmlNode *a,
               const xmlNode *b)
{
  gboolean is_device = diff->heading == NULL && strcmp (path, "devices") == 0;
  ItemList before;
  ItemList after;

  item_list_init (&before, a, is_device);
  item_list_init (&after, b, is_device);
  for (guint i = 0; i < before.items->len; i++)
    {
      Item *item = g_ptr_array_index (before.items, i);

      diff_child (diff, path, item->key, item->node, g_hash_table_lookup (after.by_key, item->key));
    }
  for (guint i = 0; i < after.items->len; i++)
    {
      Item *item = g_ptr_array_index (after.items, i);

      if (!g_hash_table_contains (before.by_key, item->key))
        diff_child (diff, path, item->key, NULL, item->node);
    }
  item_list_clear (&before);
  item_list_clear (&after);
}

/* Either may be NULL: then all of the other is new, or gone. */
static void
diff_elements (Diff          *diff,
               const char    *path,
               const xmlNode *a,
               const xmlNode *b)
{
  const xmlNode *node = a != NULL ? a : b;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  if ((diff->is_live && is_runtime_element (diff, path, a, b)) || diff_memory (diff, path, a, b))
    return;

  before = dup_leaf_text (a);
  after = dup_leaf_text (b);
  if (g_strcmp0 (before, after) != 0)
    add_change (diff, path, before, after);
  else if ((a == NULL || b == NULL) && node->properties == NULL &&
           gh_xml_node_get_child (node, NULL) == NULL)
    {
      g_autofree char *subject = dup_subject (diff, path);

      add_presence (diff, subject, /* added= */ a == NULL);
    }
  diff_attributes (diff, path, a, b);
  diff_children (diff, path, a, b);
}

/**
 * gh_domain_xml_diff:
 * @before: a domain
 * @after: another, or what became of it
 *
 * Says how they differ, as in “Memory: 4.0 GiB → 8.0 GiB”. Order and layout make no
 * difference, nor does what libvirt adds to a machine only while it runs. Passwords
 * are never shown.
 *
 * Returns: (transfer full): a line per change; empty when they are equal
 */
GStrv
gh_domain_xml_diff (GhDomainXml *before,
                    GhDomainXml *after)
{
  g_autoptr (GStrvBuilder) changes = g_strv_builder_new ();
  Diff diff = { .changes = changes };
  const xmlNode *a = NULL;
  const xmlNode *b = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (before), NULL);
  g_return_val_if_fail (GH_IS_DOMAIN_XML (after), NULL);

  a = gh_xml_document_get_root (gh_domain_xml_get_document (before));
  b = gh_xml_document_get_root (gh_domain_xml_get_document (after));
  /* Only a run has a number. */
  diff.is_live = !attribute_is (a, "id", NULL) || !attribute_is (b, "id", NULL);
  diff.chose_firmware = is_firmware_choice (a, b);
  diff_elements (&diff, "", a, b);
  return g_strv_builder_end (changes);
}
