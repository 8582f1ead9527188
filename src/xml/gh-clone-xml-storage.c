/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Of a clone's definition: disks, firmware variables, TPM, shared folders, memory in files. */

#define G_LOG_DOMAIN "gh-clone-xml"

#include "config.h"

#include "gh-clone-xml-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const GhCloneXmlDisk *
find_option (GhCloning  *self,
             const char *target)
{
  GPtrArray *disks = self->options->disks;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const GhCloneXmlDisk *disk = g_ptr_array_index (disks, i);

      if (g_strcmp0 (disk->target, target) == 0)
        return disk;
    }
  return NULL;
}

static char *
dup_serial (GhCloning  *self,
            const char *id,
            const char *before)
{
  static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
  gsize length = CLAMP (strlen (before), 8, 20);
  GRand *rand = gh_cloning_new_rand (self, id);
  char *text = g_malloc0 (length + 1);

  for (gsize i = 0; i < length; i++)
    text[i] = letters[g_rand_int_range (rand, 0, sizeof letters - 1)];
  g_rand_free (rand);
  return text;
}

/* A name of the kind that is registered with nobody. */
static char *
dup_wwn (GhCloning  *self,
         const char *id,
         const char *before)
{
  GRand *rand = gh_cloning_new_rand (self, id);
  guint32 high = g_rand_int (rand);
  guint32 low = g_rand_int (rand);

  g_rand_free (rand);
  return g_strdup_printf ("5%07x%08x", high & 0x0fffffff, low);
}

static void
change_number (GhCloning  *self,
               xmlNode    *disk,
               const char *target,
               const char *element,
               const char *label,
               char       *(*make) (GhCloning *, const char *, const char *))
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_REMOVE | GH_CLONING_SET;
  xmlNode *node = gh_xml_node_get_child (disk, element);
  g_autofree char *id = g_strdup_printf ("%s-%s", element, target);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  const char *value = NULL;
  GhCloningChoice choice;

  if (node == NULL)
    return;
  before = gh_xml_node_dup_text (node);
  choice = gh_cloning_decide (self, id, GH_CLONING_KEEP, allowed, &value);
  if (choice == GH_CLONING_NEW)
    after = make (self, id, before);
  else if (choice != GH_CLONING_REMOVE)
    after = g_strdup (choice == GH_CLONING_SET ? value : before);
  if (after != NULL)
    gh_xml_document_set_text (self->document, node, after);
  else
    gh_xml_document_remove (self->document, node);
  gh_cloning_note (self, id, label, before, after, g_strcmp0 (before, after) != 0, allowed,
                   _("The guest may mount the disk by it, so it stays unless you choose "
                     "otherwise."));
}

static void
note_disk (GhCloning            *self,
           const GhDiskXml      *disk,
           const GhCloneXmlDisk *option)
{
  g_autofree char *id = g_strdup_printf ("disk-%s", disk->target);
  g_autofree char *label = g_strdup_printf (_("Disk %s"), disk->target);
  const char *why = NULL;

  if (option != NULL && option->action == GH_CLONE_XML_REPLACE)
    why = option->base != NULL ? _("A new image with only what will differ; it needs the original.")
                               : _("A copy of its own.");
  else if (option != NULL && option->action == GH_CLONE_XML_REMOVE)
    why = _("The clone does without it.");
  else if (disk->source_text == NULL)
    return;
  else if (disk->readonly || strcmp (disk->device, "cdrom") == 0)
    why = _("Nothing is written to it, so both machines can use it.");
  else
    why = disk->shareable
            ? _("It is meant to be used by several machines at once.")
            : _("Both machines write to it: unless the guests know how to share it, what is on it "
                "will be lost.");
  gh_cloning_note (self, id, label, disk->source_text,
                   option != NULL ? option->path : NULL,
                   option != NULL && option->action != GH_CLONE_XML_KEEP, 0, why);
}

static void
change_disk (GhCloning       *self,
             xmlNode         *node,
             const GhDiskXml *disk)
{
  const GhCloneXmlDisk *option = find_option (self, disk->target);
  g_autofree char *label = NULL;

  note_disk (self, disk, option);
  if (option != NULL && option->action == GH_CLONE_XML_REMOVE)
    {
      gh_xml_document_remove (self->document, node);
      return;
    }
  if (option == NULL || option->action == GH_CLONE_XML_KEEP)
    {
      xmlNode *source = gh_xml_node_get_child (node, "source");

      if (source != NULL)
        gh_cloning_set (self, source, "index", NULL);
      return;
    }
  gh_domain_xml_set_disk_source (self->clone, disk->target, option->path, option->format);
  label = g_strdup_printf (_("Disk %s: serial number"), disk->target);
  change_number (self, node, disk->target, "serial", label, dup_serial);
  g_free (label);
  label = g_strdup_printf (_("Disk %s: world-wide name"), disk->target);
  change_number (self, node, disk->target, "wwn", label, dup_wwn);
}

static void
change_disks (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "devices/disk");
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (self->clone);

  for (guint i = 0; i < nodes->len && i < disks->len; i++)
    change_disk (self, g_ptr_array_index (nodes, i), g_ptr_array_index (disks, i));
}

/* The drive for a seed image: where this kind of machine has CD drives. */
static const char *
get_cd_bus (GhCloning *self)
{
  g_autofree char *machine = gh_domain_xml_dup_machine (self->clone);
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (self->clone);

  for (guint i = 0; i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);

      /* IDE has room for four, which may be taken. */
      if (strcmp (disk->device, "cdrom") == 0 && g_strcmp0 (disk->bus, "sata") == 0)
        return "sata";
      if (strcmp (disk->device, "cdrom") == 0 && g_strcmp0 (disk->bus, "scsi") == 0)
        return "scsi";
    }
  if (machine != NULL && (strstr (machine, "pc") != NULL || strstr (machine, "q35") != NULL))
    return "sata";
  return "scsi";
}

static char *
dup_free_target (GhCloning  *self,
                 const char *prefix)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (self->clone);

  for (char letter = 'a'; letter <= 'z'; letter++)
    {
      g_autofree char *target = g_strdup_printf ("%s%c", prefix, letter);
      gboolean taken = FALSE;

      for (guint i = 0; i < disks->len; i++)
        taken |= strcmp (((GhDiskXml *) g_ptr_array_index (disks, i))->target, target) == 0;
      if (!taken)
        return g_steal_pointer (&target);
    }
  return g_strdup_printf ("%saa", prefix);
}

static void
add_seed (GhCloning *self)
{
  GhXmlDocument *document = self->document;
  xmlNode *devices = gh_xml_document_find (document, "devices");
  xmlNode *last = NULL;
  xmlNode *disk = NULL;
  xmlNode *child = NULL;
  g_autofree char *target = dup_free_target (self, "sd");

  if (self->options->seed_path == NULL || devices == NULL)
    return;
  for (xmlNode *node = gh_xml_node_get_child (devices, "disk"); node != NULL;
       node = gh_xml_node_get_next (node, "disk"))
    last = node;
  disk = gh_xml_document_add (document, devices, last, "disk");
  gh_cloning_set (self, disk, "type", "file");
  gh_cloning_set (self, disk, "device", "cdrom");
  child = gh_xml_document_add (document, disk, NULL, "driver");
  gh_cloning_set (self, child, "name", "qemu");
  gh_cloning_set (self, child, "type", "raw");
  child = gh_xml_document_add (document, disk, child, "source");
  gh_cloning_set (self, child, "file", self->options->seed_path);
  child = gh_xml_document_add (document, disk, child, "target");
  gh_cloning_set (self, child, "dev", target);
  gh_cloning_set (self, child, "bus", get_cd_bus (self));
  gh_xml_document_add (document, disk, child, "readonly");
  gh_cloning_note (self, "seed", _("CD for cloud-init"), NULL, self->options->seed_path, TRUE, 0,
                   _("From it the guest learns its new name and that it is another machine."));
}

/* Files that stand for memory which outlives the machine. */
static void
change_memories (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document,
                                                          "devices/memory[source/path]");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      xmlNode *path = gh_xml_node_get_child (gh_xml_node_get_child (node, "source"), "path");
      xmlNode *target = gh_xml_node_get_child (node, "target");
      g_autofree char *id = g_strdup_printf ("memory-%u", i);
      g_autofree char *before = gh_xml_node_dup_text (path);
      g_autofree char *access = gh_xml_node_dup_attribute (node, "access");
      gboolean harmless = g_strcmp0 (access, "private") == 0 ||
                          gh_xml_node_get_child (target, "readonly") != NULL;

      gh_cloning_keep_or_remove (self, node, id, _("Persistent memory"), before,
                                 harmless ? GH_CLONING_KEEP : GH_CLONING_REMOVE,
                                 harmless ? _("The guests only read it.")
                                          : _("Both guests would write to the same file; it is not "
                                              "copied."));
    }
}

static void
note_folders (GhCloning *self)
{
  static const char *const attributes[] = { "dir", "file", "dev", "name", "socket", "pool", NULL };
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "devices/filesystem");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      xmlNode *source = gh_xml_node_get_child (node, "source");
      g_autofree char *id = g_strdup_printf ("filesystem-%u", i);
      g_autofree char *before = NULL;

      for (guint j = 0; attributes[j] != NULL && before == NULL; j++)
        before = gh_xml_node_dup_attribute (source, attributes[j]);
      gh_cloning_keep_or_remove (self, node, id, _("Shared folder"), before, GH_CLONING_KEEP,
                                 gh_xml_node_get_child (node, "readonly") != NULL
                                   ? _("Both machines read the same files.")
                                   : _("Both machines see the same files, and may write to them."));
    }
}

static void
change_leases (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "devices/lease");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      g_autofree char *id = g_strdup_printf ("lease-%u", i);
      g_autofree char *before =
        gh_xml_node_dup_child_attribute (node, "target", "path");

      gh_cloning_keep_or_remove (self, node, id, _("Lock"), before, GH_CLONING_REMOVE,
                                 _("Only one machine can hold it at a time."));
    }
}

void
gh_cloning_storage (GhCloning *self)
{
  change_disks (self);
  add_seed (self);
  change_memories (self);
  note_folders (self);
  change_leases (self);
}

/* Firmware */

static void
set_nvram (GhCloning  *self,
           xmlNode    *os,
           xmlNode    *nvram,
           const char *path)
{
  static const char *const before[] = { "loader", "firmware", "type" };
  xmlNode *place = NULL;

  if (nvram == NULL)
    {
      for (guint i = 0; i < G_N_ELEMENTS (before) && place == NULL; i++)
        place = gh_xml_node_get_child (os, before[i]);
      nvram = gh_xml_document_add (self->document, os, place, "nvram");
    }
  if (gh_xml_node_get_child (nvram, "source") != NULL)
    {
      gh_xml_document_remove (self->document, gh_xml_node_get_child (nvram, "source"));
      gh_cloning_set (self, nvram, "type", NULL);
    }
  gh_xml_document_set_text (self->document, nvram, path);
}

/* libvirt makes a new file, from the template that is named here or that fits. */
static void
unset_nvram (GhCloning *self,
             xmlNode   *nvram)
{
  g_autofree char *template = gh_xml_node_dup_attribute (nvram, "template");

  if (nvram == NULL)
    return;
  if (template == NULL)
    {
      gh_xml_document_remove (self->document, nvram);
      return;
    }
  gh_cloning_remove (self, gh_xml_node_get_child (nvram, "source"));
  gh_cloning_set (self, nvram, "type", NULL);
  gh_xml_document_set_text (self->document, nvram, "");
}

static void
change_nvram (GhCloning *self)
{
  const char *path = self->options->nvram_path;
  xmlNode *os = gh_xml_document_find (self->document, "os");
  xmlNode *nvram = gh_xml_node_get_child (os, "nvram");
  g_autofree char *before = gh_domain_xml_dup_nvram_path (self->clone);
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW;
  GhCloningChoice choice;

  if (os == NULL ||
      (nvram == NULL && gh_domain_xml_get_firmware (self->clone) == GH_FIRMWARE_BIOS))
    return;

  /* To keep them is to copy them: two machines cannot have one file. */
  choice = gh_cloning_decide (self, "nvram", path != NULL ? GH_CLONING_KEEP : GH_CLONING_NEW,
                              path != NULL ? allowed : 0, NULL);
  if (choice == GH_CLONING_KEEP)
    set_nvram (self, os, nvram, path);
  else
    unset_nvram (self, nvram);
  gh_cloning_note (self, "nvram", _("Firmware variables"),
                   before != NULL ? before : _("a file chosen by the host"),
                   choice == GH_CLONING_KEEP ? path : _("a new file chosen by the host"), TRUE,
                   path != NULL ? allowed : 0,
                   choice == GH_CLONING_KEEP
                     ? _("A copy of its own, with the same boot entries and keys.")
                     : _("Boot entries and keys of the original are not in it."));
}

/* The same for the firmware variables of newer libvirt. */
static void
change_varstore (GhCloning *self)
{
  xmlNode *node = gh_xml_document_find (self->document, "os/varstore");
  g_autofree char *before = gh_xml_node_dup_attribute (node, "path");

  if (before == NULL)
    return;
  gh_cloning_set (self, node, "path", self->options->nvram_path);
  if (node->properties == NULL)
    gh_xml_document_remove (self->document, node);
  gh_cloning_note (self, "varstore", _("Firmware variables"), before,
                   self->options->nvram_path != NULL ? self->options->nvram_path
                                                     : _("a new file chosen by the host"),
                   TRUE, 0, NULL);
}

static void
change_emulated_tpm (GhCloning *self,
                     xmlNode   *backend)
{
  gboolean copied = self->options->tpm_copied;

  /* Without a place of its own its state is where libvirt keeps that of this UUID. */
  gh_cloning_remove (self, gh_xml_node_get_child (backend, "source"));
  gh_cloning_note (self, "tpm", _("TPM"), _("with the state of the original"),
                   copied ? _("with a copy of that state") : _("empty"), TRUE, 0,
                   copied
                     ? _("Two machines have the same secrets: who opens one can open the other.")
                     : _("What is sealed to the original's, such as a BitLocker or LUKS key, has "
                         "to be unlocked by its recovery key."));
}

static void
change_tpm (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "devices/tpm");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      xmlNode *backend = gh_xml_node_get_child (node, "backend");
      g_autofree char *type = gh_xml_node_dup_attribute (backend, "type");

      if (type == NULL || strcmp (type, "emulator") == 0)
        {
          if (backend != NULL)
            change_emulated_tpm (self, backend);
          continue;
        }
      gh_cloning_keep_or_remove (self, node, "tpm", _("TPM"), type, GH_CLONING_REMOVE,
                                 _("It is a device of the host, which one machine can use at a "
                                   "time."));
    }
}

void
gh_cloning_firmware (GhCloning *self)
{
  change_nvram (self);
  change_varstore (self);
  change_tpm (self);
}
