/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The definition of a clone: what it is called, and how each of its parts is decided about. The
 * parts themselves are in the other gh-clone-xml files. */

#define G_LOG_DOMAIN "gh-clone-xml"

#include "config.h"

#include "gh-clone-xml-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-machine-metadata.h"

/* What the path of a socket may be long at most, and the name of a file. */
#define MAX_SOCKET_PATH 107
#define MAX_FILE_NAME 255

static void
clear_change (gpointer data)
{
  GhCloneChange *self = data;

  g_free (self->id);
  g_free (self->label);
  g_free (self->before);
  g_free (self->after);
  g_free (self->why);
}

static void
unref_change (gpointer change)
{
  gh_clone_change_unref (change);
}

/* Deciding */

static GhCloningChoice
parse_choice (const char *value)
{
  if (strcmp (value, "keep") == 0)
    return GH_CLONING_KEEP;
  if (strcmp (value, "new") == 0)
    return GH_CLONING_NEW;
  return strcmp (value, "remove") == 0 ? GH_CLONING_REMOVE : GH_CLONING_SET;
}

static const char *
get_override (GhCloning  *self,
              const char *id)
{
  GHashTable *overrides = self->options->overrides;

  return overrides != NULL ? g_hash_table_lookup (overrides, id) : NULL;
}

GhCloningChoice
gh_cloning_decide (GhCloning        *self,
                   const char       *id,
                   GhCloningChoice   proposed,
                   guint             allowed,
                   const char      **value)
{
  const char *override = get_override (self, id);
  GhCloningChoice choice = proposed;

  if (!g_hash_table_contains (self->decided, id))
    g_hash_table_insert (self->decided, g_strdup (id), GUINT_TO_POINTER (proposed));
  if (override == NULL)
    return proposed;

  choice = parse_choice (override);
  if ((choice & allowed) == 0)
    {
      gh_cloning_fail (self, _("“%s” cannot be chosen for “%s”"), override, id);
      return proposed;
    }
  if (choice == GH_CLONING_SET && value != NULL)
    *value = override;
  return choice;
}

void
gh_cloning_note (GhCloning  *self,
                 const char *id,
                 const char *label,
                 const char *before,
                 const char *after,
                 gboolean    changes,
                 guint       allowed,
                 const char *why)
{
  GhCloneChange *change = g_atomic_rc_box_new0 (GhCloneChange);
  guint proposed = 0;

  /* Of what nothing can be chosen about, nobody has asked what was. */
  gh_cloning_decide (self, id, GH_CLONING_KEEP, allowed, NULL);
  proposed = GPOINTER_TO_UINT (g_hash_table_lookup (self->decided, id));
  change->id = g_strdup (id);
  change->label = g_strdup (label);
  change->before = g_strdup (before);
  change->after = g_strdup (changes ? after : before);
  change->why = g_strdup (why);
  change->changes = changes;
  change->can_keep = (allowed & GH_CLONING_KEEP) != 0;
  change->can_set = (allowed & GH_CLONING_SET) != 0;
  change->can_renew = (allowed & GH_CLONING_NEW) != 0;
  change->can_remove = (allowed & GH_CLONING_REMOVE) != 0;
  change->proposed = proposed == GH_CLONING_NEW ? "new"
                     : proposed == GH_CLONING_REMOVE ? "remove" : "keep";
  change->overridden = get_override (self, id) != NULL;
  g_ptr_array_add (self->changes, change);
}

gboolean
gh_cloning_keep_or_remove (GhCloning       *self,
                           xmlNode         *node,
                           const char      *id,
                           const char      *label,
                           const char      *before,
                           GhCloningChoice  proposed,
                           const char      *why)
{
  guint allowed = GH_CLONING_KEEP | GH_CLONING_REMOVE;
  gboolean keep = gh_cloning_decide (self, id, proposed, allowed, NULL) == GH_CLONING_KEEP;

  gh_cloning_note (self, id, label, before, NULL, !keep, allowed, why);
  if (!keep)
    gh_xml_document_remove (self->document, node);
  return keep;
}

void
gh_cloning_fail (GhCloning  *self,
                 const char *format,
                 ...)
{
  va_list arguments;

  if (self->error != NULL)
    return;
  va_start (arguments, format);
  self->error = g_error_new_valist (GH_XML_ERROR, GH_XML_ERROR_VALUE, format, arguments);
  va_end (arguments);
}

GRand *
gh_cloning_new_rand (GhCloning  *self,
                     const char *id)
{
  const guint32 seeds[] = { self->options->seed, g_str_hash (id),
                            g_str_hash (self->options->uuid) };

  return g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
}

gboolean
gh_cloning_take (GhCloning  *self,
                 const char *kind,
                 const char *value,
                 GHashTable *used)
{
  if (used != NULL && g_hash_table_contains (used, value))
    return FALSE;
  return g_hash_table_add (self->taken, g_strdup_printf ("%s %s", kind, value));
}

/* Where @name stands in @text as a word of its own: "web-1" does not in "web-10". */
static const char *
find_word (const char *text,
           const char *name)
{
  gsize length = strlen (name);

  if (length == 0)
    return NULL;
  for (const char *found = strstr (text, name); found != NULL; found = strstr (found + 1, name))
    if ((found == text || !g_ascii_isalnum (found[-1])) && !g_ascii_isalnum (found[length]))
      return found;
  return NULL;
}

/* The name of a file with @mark in it: in the place of the source's name or UUID, else behind
 * everything but the suffix. */
static char *
mark_file_name (GhCloning  *self,
                const char *base,
                const char *mark)
{
  const char *found = find_word (base, self->source_name);
  const char *dot = strrchr (base, '.');
  gsize length = strlen (self->source_name);

  if (found == NULL && *self->source_uuid != '\0')
    {
      found = strstr (base, self->source_uuid);
      length = strlen (self->source_uuid);
    }
  if (found != NULL)
    return g_strdup_printf ("%.*s%s%s", (int) (found - base), base, mark, found + length);
  if (dot == NULL || dot == base)
    dot = base + strlen (base);
  return g_strdup_printf ("%.*s-%s%s", (int) (dot - base), base, mark, dot);
}

char *
gh_cloning_dup_path (GhCloning  *self,
                     const char *path,
                     gboolean    is_socket)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *mark = g_strdelimit (g_strdup (self->options->name), "/", '_');
  g_autofree char *file = mark_file_name (self, base, mark);
  g_autofree char *result = g_build_filename (folder, file, NULL);
  g_autofree char *stem = NULL;

  /* Long names: a part of the UUID is as good. */
  if (strlen (file) > MAX_FILE_NAME || (is_socket && strlen (result) > MAX_SOCKET_PATH))
    {
      g_free (mark);
      g_free (file);
      g_free (result);
      mark = g_strndup (self->options->uuid, 8);
      file = mark_file_name (self, base, mark);
      if (strlen (file) > MAX_FILE_NAME)
        {
          g_free (file);
          file = g_strdup (self->options->uuid);
        }
      result = g_build_filename (folder, file, NULL);
    }
  stem = g_strdup (result);
  for (guint i = 2; !gh_cloning_take (self, "path", result, self->options->used_paths); i++)
    {
      g_free (result);
      result = g_strdup_printf ("%s-%u", stem, i);
    }
  return g_steal_pointer (&result);
}

static gboolean
parse_port (const char *text,
            guint64    *port)
{
  return text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, port, NULL);
}

/* The next one above. */
char *
gh_cloning_dup_port (GhCloning  *self,
                     const char *port)
{
  guint64 start = 0;

  if (!parse_port (port, &start))
    start = 10000;
  for (guint64 i = start + 1; i != start; i = i >= G_MAXUINT16 ? 1024 : i + 1)
    {
      g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, i);

      if (gh_cloning_take (self, "port", text, self->options->used_ports))
        return g_steal_pointer (&text);
    }
  return g_strdup (port);
}

gboolean
gh_cloning_check_port (GhCloning  *self,
                       const char *port)
{
  guint64 number = 0;

  if (!parse_port (port, &number))
    gh_cloning_fail (self, _("“%s” is not a port: a number from 1 to 65535"), port);
  else if (!gh_cloning_take (self, "port", port, self->options->used_ports))
    gh_cloning_fail (self, _("Port %s is in use already"), port);
  return self->error == NULL;
}

void
gh_cloning_set (GhCloning  *self,
                xmlNode    *node,
                const char *name,
                const char *value)
{
  gh_xml_document_set_attribute (self->document, node, name, value);
}

xmlNode *
gh_cloning_ensure (GhCloning  *self,
                   xmlNode    *parent,
                   const char *name)
{
  xmlNode *node = gh_xml_node_get_child (parent, name);

  return node != NULL ? node : gh_xml_document_add (self->document, parent, NULL, name);
}

void
gh_cloning_remove (GhCloning *self,
                   xmlNode   *node)
{
  if (node != NULL)
    gh_xml_document_remove (self->document, node);
}

/* What it is called */

static void
change_names (GhCloning *self)
{
  gh_domain_xml_set_name (self->clone, self->options->name);
  gh_cloning_note (self, "name", _("Name"), self->source_name, self->options->name, TRUE, 0, NULL);
  gh_domain_xml_set_uuid (self->clone, self->options->uuid);
  gh_cloning_note (self, "uuid", _("UUID"), self->source_uuid, self->options->uuid, TRUE, 0,
                   _("The host and the guest tell machines apart by it; it is written wherever the "
                     "guest reads it."));
}

/* “The web server (web-2)”, also where the source is such a clone itself. */
static char *
make_title (GhCloning  *self,
            const char *title)
{
  g_autofree char *suffix = g_strdup_printf (" (%s)", self->source_name);
  g_autofree char *stem = g_strdup (title);

  if (g_str_has_suffix (stem, suffix) && strlen (stem) > strlen (suffix))
    stem[strlen (stem) - strlen (suffix)] = '\0';
  return g_strdup_printf ("%s (%s)", stem, self->options->name);
}

static void
change_title (GhCloning *self)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_REMOVE | GH_CLONING_SET;
  g_autofree char *before = gh_domain_xml_dup_title (self->clone);
  g_autofree char *after = g_strdup (self->options->title);
  const char *value = NULL;
  GhCloningChoice choice;

  if (before == NULL && after == NULL && get_override (self, "title") == NULL)
    return;
  choice = gh_cloning_decide (self, "title", GH_CLONING_NEW, allowed, &value);
  if (choice == GH_CLONING_KEEP || choice == GH_CLONING_REMOVE || value != NULL)
    {
      g_free (after);
      after = g_strdup (choice == GH_CLONING_KEEP ? before : value);
    }
  else if (after == NULL && before != NULL)
    after = make_title (self, before);
  gh_domain_xml_set_title (self->clone, after);
  gh_cloning_note (self, "title", _("Title"), before, after, g_strcmp0 (before, after) != 0,
                   allowed,
                   _("So that lists do not show two machines with one title."));
}

static char *
dup_random_uuid (GhCloning  *self,
                 const char *id)
{
  GRand *rand = gh_cloning_new_rand (self, id);
  guint32 parts[4];

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    parts[i] = g_rand_int (rand);
  g_rand_free (rand);
  return g_strdup_printf ("%08x-%04x-4%03x-%04x-%04x%08x", parts[0], parts[1] >> 16,
                          parts[1] & 0xfff, (parts[2] >> 16 & 0x3fff) | 0x8000, parts[2] & 0xffff,
                          parts[3]);
}

static void
change_genid (GhCloning *self)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_REMOVE | GH_CLONING_SET;
  xmlNode *node = gh_xml_document_find (self->document, "genid");
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  const char *value = NULL;
  GhCloningChoice choice;

  if (node == NULL)
    return;
  before = gh_xml_node_dup_text (node);
  choice = gh_cloning_decide (self, "genid", GH_CLONING_NEW, allowed, &value);
  if (value != NULL && !g_uuid_string_is_valid (value))
    gh_cloning_fail (self, _("“%s” is not a UUID"), value);
  if (choice == GH_CLONING_NEW)
    after = dup_random_uuid (self, "genid");
  else if (choice != GH_CLONING_REMOVE)
    after = g_strdup (choice == GH_CLONING_SET ? value : before);
  if (after != NULL)
    gh_xml_document_set_text (self->document, node, after);
  else
    gh_xml_document_remove (self->document, node);
  gh_cloning_note (self, "genid", _("Generation ID"), before, after,
                   g_strcmp0 (before, after) != 0, allowed,
                   _("By it Windows notices that it is a copy; domain controllers rely on it."));
}

/* libvirt wants no empty groups. */
static void
remove_entry (GhCloning *self,
              xmlNode   *entry)
{
  xmlNode *group = entry->parent;

  gh_xml_document_remove (self->document, entry);
  if (gh_xml_node_get_child (group, NULL) == NULL)
    gh_xml_document_remove (self->document, group);
}

/* Serial numbers the guest reads from the firmware. */
static void
change_system_serials (GhCloning *self)
{
  static const char *const places[] = { "system", "baseBoard", "chassis" };
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_REMOVE | GH_CLONING_SET;

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *xpath = g_strdup_printf ("sysinfo/%s/entry[@name='serial']", places[i]);
      g_autofree char *id = g_strdup_printf ("serial-number-%s", places[i]);
      g_autofree char *before = gh_xml_document_dup_text (self->document, xpath);
      g_autofree char *after = NULL;
      xmlNode *node = gh_xml_document_find (self->document, xpath);
      const char *value = NULL;
      gboolean is_uuid = before != NULL && g_ascii_strcasecmp (before, self->source_uuid) == 0;
      GhCloningChoice choice;

      if (node == NULL)
        continue;
      choice = gh_cloning_decide (self, id, is_uuid ? GH_CLONING_NEW : GH_CLONING_KEEP, allowed,
                                  &value);
      if (choice == GH_CLONING_NEW)
        after = is_uuid ? g_strdup (self->options->uuid) : dup_random_uuid (self, id);
      else if (choice != GH_CLONING_REMOVE)
        after = g_strdup (choice == GH_CLONING_SET ? value : before);
      if (after != NULL)
        gh_xml_document_set_text (self->document, node, after);
      else
        remove_entry (self, node);
      gh_cloning_note (self, id, _("Serial number in the firmware"), before, after,
                       g_strcmp0 (before, after) != 0, allowed,
                       _("Some programs are licensed by it or read settings from it."));
    }
}

/* What others have written, and what we have */

static void
change_metadata (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "metadata/*");
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *before = NULL;
  gboolean keep = FALSE;

  for (guint i = nodes->len; i > 0; i--)
    {
      const xmlNode *node = g_ptr_array_index (nodes, i - 1);
      const char *uri = node->ns != NULL ? (const char *) node->ns->href : "";

      if (strcmp (uri, GH_METADATA_NAMESPACE) == 0 ||
          strcmp (uri, "http://libosinfo.org/xmlns/libvirt/domain/1.0") == 0)
        g_ptr_array_remove_index (nodes, i - 1);
      else
        g_ptr_array_insert (names, 0, *uri != '\0' ? (gpointer) uri : (gpointer) node->name);
    }
  if (nodes->len == 0)
    return;

  g_ptr_array_add (names, NULL);
  before = g_strjoinv (", ", (char **) names->pdata);
  keep = gh_cloning_decide (self, "metadata", GH_CLONING_REMOVE,
                            GH_CLONING_KEEP | GH_CLONING_REMOVE, NULL) == GH_CLONING_KEEP;
  gh_cloning_note (self, "metadata", _("Notes of other programs"), before, NULL, !keep,
                   GH_CLONING_KEEP | GH_CLONING_REMOVE,
                   _("They are about the original, and may not hold for the clone."));
  for (guint i = 0; i < nodes->len && !keep; i++)
    gh_xml_document_remove (self->document, g_ptr_array_index (nodes, i));
}

static void
change_own_metadata (GhCloning *self)
{
  const GhCloneXmlOptions *options = self->options;
  g_autoptr (GPtrArray) disks =
    g_ptr_array_new_with_free_func ((GDestroyNotify) gh_metadata_disk_free);
  g_autoptr (GPtrArray) files = g_ptr_array_new ();

  for (guint i = 0; options->disks != NULL && i < options->disks->len; i++)
    {
      const GhCloneXmlDisk *disk = g_ptr_array_index (options->disks, i);

      if (disk->action == GH_CLONE_XML_REPLACE && disk->base != NULL)
        g_ptr_array_add (disks, gh_metadata_disk_new (disk->target, disk->base, disk->base_format));
      if (disk->action == GH_CLONE_XML_REPLACE && disk->path != NULL)
        g_ptr_array_add (files, disk->path);
    }
  gh_domain_xml_set_template (self->clone, FALSE);
  gh_domain_xml_remove_left (self->clone);
  /* A linked one lies on what its source lies on; a full one may have got all of it copied. */
  if (options->parent_uuid == NULL)
    gh_domain_xml_remove_shared (self->clone, NULL);
  for (guint i = 0; options->base_shared && i < disks->len; i++)
    gh_domain_xml_add_shared (self->clone,
                              ((GhMetadataDisk *) g_ptr_array_index (disks, i))->base);
  gh_domain_xml_set_parent (self->clone, options->parent_uuid, options->parent_name, disks);
  gh_domain_xml_set_trial_of (self->clone, options->trial_uuid, options->trial_name, files,
                              self->unplugged);
  for (guint i = 0; options->trial_bases != NULL && i < options->trial_bases->len; i++)
    gh_domain_xml_add_trial_base (self->clone, g_ptr_array_index (options->trial_bases, i));
}

/* What only a running machine has: numbers, names of devices, labels that were made up. */
static void
drop_runtime (GhCloning *self)
{
  static const char *const nodes[] = {
    "devices//alias[not(starts-with(@name, 'ua-'))]",
    "devices/interface/actual",
    "seclabel[not(@type='static')]/label",
    "seclabel[not(@type='static')]/imagelabel",
    "devices/disk/backingStore[@index]",
    "devices/disk/mirror",
  };

  gh_cloning_set (self, gh_xml_document_get_root (self->document), "id", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    {
      g_autoptr (GPtrArray) found = gh_xml_document_find_all (self->document, nodes[i]);

      /* From the end: what is inside another goes before it. */
      for (guint j = found->len; j > 0; j--)
        gh_xml_document_remove (self->document, g_ptr_array_index (found, j - 1));
    }
}

/* A confinement of its own: fixed labels would let both machines at each other's files. */
static void
change_labels (GhCloning *self)
{
  g_autoptr (GPtrArray) labels = gh_xml_document_find_all (self->document,
                                                           "seclabel[@type='static']");
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_SET;

  for (guint i = 0; i < labels->len; i++)
    {
      xmlNode *node = g_ptr_array_index (labels, i);
      xmlNode *label = gh_xml_node_get_child (node, "label");
      g_autofree char *id = g_strdup_printf ("seclabel-%u", i);
      g_autofree char *model = gh_xml_node_dup_attribute (node, "model");
      g_autofree char *before = label != NULL ? gh_xml_node_dup_text (label) : NULL;
      const char *value = NULL;
      /* Who runs QEMU may be the same for all. */
      gboolean is_user = g_strcmp0 (model, "dac") == 0;
      GhCloningChoice choice = gh_cloning_decide (self, id,
                                                  is_user ? GH_CLONING_KEEP : GH_CLONING_NEW,
                                                  allowed, &value);

      if (value != NULL)
        gh_xml_document_set_text (self->document, gh_cloning_ensure (self, node, "label"), value);
      gh_cloning_note (self, id, _("Security label"), before,
                       choice == GH_CLONING_SET ? value : _("chosen by the host"),
                       choice != GH_CLONING_KEEP && g_strcmp0 (before, value) != 0, allowed,
                       is_user ? _("The user that runs the machine may be the same.")
                               : _("With one label for both, nothing keeps the machines apart."));
      if (choice != GH_CLONING_NEW)
        continue;
      gh_cloning_set (self, node, "type", "dynamic");
      gh_cloning_set (self, node, "relabel", "yes");
      gh_cloning_remove (self, label);
      gh_cloning_remove (self, gh_xml_node_get_child (node, "imagelabel"));
    }
}

/* QEMU's own arguments, which nobody can judge. */
static void
note_command_line (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document,
                                                          "qemu:commandline/qemu:arg");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *value = gh_xml_node_dup_attribute (g_ptr_array_index (nodes, i), "value");

      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, value != NULL ? value : "");
    }
  if (nodes->len > 0)
    gh_cloning_note (self, "qemu-arguments", _("Arguments for QEMU"), text->str, NULL, FALSE, 0,
                     _("They stay as they are: see whether they name files, sockets or addresses "
                       "that only one machine can use."));
}

static void
note_pinning (GhCloning *self)
{
  g_autofree char *cpus = gh_xml_document_dup_text (self->document, "cputune/vcpupin[1]/@cpuset");
  g_autofree char *nodes = gh_xml_document_dup_text (self->document, "numatune/memory/@nodeset");
  const char *before = cpus != NULL ? cpus : nodes;

  if (before != NULL)
    gh_cloning_note (self, "pinning", _("Bound to parts of the host"), before, NULL, FALSE, 0,
                     _("Both machines use the same processors or memory of the host."));
}

static void
check_overrides (GhCloning *self)
{
  GHashTableIter iter;
  gpointer id;

  if (self->options->overrides == NULL)
    return;
  g_hash_table_iter_init (&iter, self->options->overrides);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (!g_hash_table_contains (self->decided, id))
      gh_cloning_fail (self, _("There is nothing called “%s” in this machine to be changed"),
                       (const char *) id);
}

static void
change_all (GhCloning *self)
{
  drop_runtime (self);
  change_names (self);
  change_title (self);
  change_genid (self);
  change_system_serials (self);
  gh_cloning_network (self);
  gh_cloning_storage (self);
  gh_cloning_firmware (self);
  gh_cloning_graphics (self);
  gh_cloning_characters (self);
  gh_cloning_devices (self);
  change_labels (self);
  change_metadata (self);
  change_own_metadata (self);
  note_pinning (self);
  note_command_line (self);
  check_overrides (self);
}

GhCloneChange *
gh_clone_change_ref (GhCloneChange *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_clone_change_unref (GhCloneChange *self)
{
  g_atomic_rc_box_release_full (self, clear_change);
}

GhCloneXmlDisk *
gh_clone_xml_disk_new (const char           *target,
                       GhCloneXmlDiskAction  action,
                       const char           *path,
                       const char           *format,
                       const char           *base,
                       const char           *base_format)
{
  GhCloneXmlDisk *self = g_new0 (GhCloneXmlDisk, 1);

  self->target = g_strdup (target);
  self->action = action;
  self->path = g_strdup (path);
  self->format = g_strdup (format);
  self->base = g_strdup (base);
  self->base_format = g_strdup (base_format);
  return self;
}

void
gh_clone_xml_disk_free (gpointer disk)
{
  GhCloneXmlDisk *self = disk;

  g_free (self->target);
  g_free (self->path);
  g_free (self->format);
  g_free (self->base);
  g_free (self->base_format);
  g_free (self);
}

/**
 * gh_clone_xml_make:
 * @source: the definition of a machine, with secrets if those are to be cloned too
 * @options: what is to be different
 * @changes: (out) (optional) (transfer full) (element-type GhCloneChange): what is different, and
 *   what is not although one might think so
 * @error: (out): set in %GH_XML_ERROR
 *
 * Pure: the same options make the same definition. What is not about the identity of the machine
 * or about something that only one machine can have stays byte for byte.
 *
 * Returns: (transfer full) (nullable): the definition of the clone
 */
GhDomainXml *
gh_clone_xml_make (GhDomainXml              *source,
                   const GhCloneXmlOptions  *options,
                   GPtrArray               **changes,
                   GError                  **error)
{
  g_autoptr (GhDomainXml) clone = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (unref_change);
  g_autoptr (GHashTable) decided = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *name = NULL;
  g_autofree char *uuid = NULL;
  g_autoptr (GPtrArray) unplugged = g_ptr_array_new_with_free_func (g_free);
  GhCloning cloning = { .options = options, .changes = list, .decided = decided, .taken = taken,
                        .unplugged = unplugged };

  g_return_val_if_fail (GH_IS_DOMAIN_XML (source), NULL);
  g_return_val_if_fail (options->name != NULL && options->uuid != NULL, NULL);

  name = gh_domain_xml_dup_name (source);
  uuid = gh_domain_xml_dup_uuid (source);
  clone = gh_domain_xml_copy (source);
  cloning.clone = clone;
  cloning.document = gh_domain_xml_get_document (clone);
  cloning.source_name = name != NULL ? name : (char *) "";
  cloning.source_uuid = uuid != NULL ? uuid : (char *) "";
  change_all (&cloning);
  if (cloning.error != NULL)
    {
      g_propagate_error (error, cloning.error);
      return NULL;
    }
  if (changes != NULL)
    *changes = g_steal_pointer (&list);
  return g_steal_pointer (&clone);
}
