/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What definitions and the heads of files say, remembered from one reading to the next, each with
 * what it was read from. */

#define G_LOG_DOMAIN "gh-image-memory"

#include "config.h"

#include "gh-image-builder.h"

#include <string.h>

#include "gh-domain-xml.h"

static void
use_free (gpointer data)
{
  GhImageSource *use = data;

  g_free (use->path);
  g_free (use->pool);
  g_free (use->volume);
  g_free (use->format);
  g_strfreev (use->backing);
  g_free (use);
}

static void
facts_unref (gpointer data)
{
  GhImageFacts *facts = data;

  if (!g_atomic_ref_count_dec (&facts->ref_count))
    return;
  g_free (facts->checksum);
  g_free (facts->uuid);
  g_free (facts->name);
  gh_machine_mark_free (facts->mark);
  g_free (facts->problem);
  g_ptr_array_unref (facts->uses);
  g_free (facts);
}

static void
head_free (gpointer data)
{
  GhImageHead *head = data;

  g_free (head->format);
  g_free (head->backing);
  g_free (head->data);
  g_free (head);
}

GhImageMemory *
gh_image_memory_new (void)
{
  GhImageMemory *self = g_new0 (GhImageMemory, 1);

  self->facts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, facts_unref);
  self->heads = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, head_free);
  self->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
gh_image_memory_free (GhImageMemory *self)
{
  g_hash_table_unref (self->facts);
  g_hash_table_unref (self->heads);
  g_hash_table_unref (self->folders);
  g_free (self);
}

guint
gh_image_memory_get_n_sniffed (GhImageMemory *self)
{
  return self->n_sniffed;
}

/* Definitions */

static GhImageSource *
add_use (GhImageFacts *facts,
         GhImageRole   role,
         const char   *path)
{
  GhImageSource *use = g_new0 (GhImageSource, 1);

  use->role = role;
  use->path = g_strdup (path);
  g_ptr_array_add (facts->uses, use);
  return use;
}

static void
add_disks (GhImageFacts *facts,
           GhDomainXml  *xml)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);

  for (guint i = 0; i < disks->len; i++)
    {
      GhDiskXml *disk = g_ptr_array_index (disks, i);
      gboolean is_disk = g_strcmp0 (disk->device, "disk") == 0 ||
                         g_strcmp0 (disk->device, "lun") == 0;
      gboolean writes = !disk->readonly && g_strcmp0 (disk->device, "cdrom") != 0;
      GhImageSource *use = NULL;

      if (disk->source == NULL && disk->source_volume == NULL && disk->source_text == NULL)
        continue;
      use = add_use (facts, is_disk && writes ? GH_IMAGE_AS_DISK : GH_IMAGE_AS_MEDIUM,
                     disk->source);
      use->writes = writes;
      use->shareable = disk->shareable;
      use->is_disk = TRUE;
      /* Without one libvirt takes it as raw. */
      use->format = g_strdup (disk->format != NULL ? disk->format : "raw");
      use->backing = g_strdupv (disk->backing);
      if (disk->source == NULL && disk->source_volume != NULL)
        {
          use->pool = g_strdup (disk->source_pool);
          use->volume = g_strdup (disk->source_volume);
        }
      else if (disk->source == NULL)
        use->path = g_strdup (disk->source_text);
    }
}

static void
add_others (GhImageFacts *facts,
            GhDomainXml  *xml,
            GhImageInput *input)
{
  g_auto (GStrv) paths = gh_domain_xml_list_paths (xml);
  g_autofree char *nvram = gh_domain_xml_dup_nvram_path (xml);

  if (nvram == NULL && gh_domain_xml_get_firmware (xml) != GH_FIRMWARE_BIOS)
    {
      /* Where libvirt puts it, which it writes down only when the machine starts. */
      g_autofree char *name = g_strconcat (facts->name, "_VARS.fd", NULL);

      nvram = input->session && input->local
              ? g_build_filename (g_get_user_config_dir (), "libvirt", "qemu", "nvram", name, NULL)
              : g_build_filename ("/var/lib/libvirt/qemu/nvram", name, NULL);
    }
  for (guint i = 0; paths[i] != NULL; i++)
    add_use (facts, g_strcmp0 (paths[i], nvram) == 0 ? GH_IMAGE_AS_NVRAM : GH_IMAGE_AS_OTHER,
             paths[i]);
  if (nvram != NULL && !g_strv_contains ((const char * const *) paths, nvram))
    add_use (facts, GH_IMAGE_AS_NVRAM, nvram)->writes = TRUE;
}

static gboolean
read_document (GhImageFacts  *facts,
               const char    *text,
               GhImageInput  *input,
               GError       **error)
{
  g_autoptr (GhDomainXml) xml = NULL;

  if (text == NULL)
    return TRUE;
  xml = gh_domain_xml_new_from_string (text, error);
  if (xml == NULL)
    return FALSE;
  if (facts->mark == NULL)
    facts->mark = gh_machine_mark_new_for_domain (xml);
  add_disks (facts, xml);
  add_others (facts, xml, input);
  return TRUE;
}

static gboolean
read_snapshots (GhImageFacts  *facts,
                GhDefinition  *definition,
                GError       **error)
{
  for (guint i = 0; definition->snapshots != NULL && definition->snapshots[i] != NULL; i++)
    {
      g_auto (GStrv) paths = gh_snapshot_xml_list_paths (definition->snapshots[i], error);

      if (paths == NULL)
        return FALSE;
      for (guint j = 0; paths[j] != NULL; j++)
        add_use (facts, GH_IMAGE_AS_SNAPSHOT, paths[j]);
    }
  return TRUE;
}

static char *
dup_checksum (GhDefinition *definition)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *texts[] = { definition->name, definition->xml, definition->live_xml,
                          definition->problem };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i] != NULL)
      g_checksum_update (checksum, (const guchar *) texts[i], (gssize) strlen (texts[i]) + 1);
    else
      g_checksum_update (checksum, (const guchar *) "\001", 1);
  for (guint i = 0; definition->snapshots != NULL && definition->snapshots[i] != NULL; i++)
    g_checksum_update (checksum, (const guchar *) definition->snapshots[i],
                       (gssize) strlen (definition->snapshots[i]) + 1);
  return g_strdup (g_checksum_get_string (checksum));
}

/* A definition that cannot be understood may use anything. */
static GhImageFacts *
facts_new (GhDefinition *definition,
           GhImageInput *input,
           char         *checksum)
{
  GhImageFacts *facts = g_new0 (GhImageFacts, 1);
  g_autoptr (GError) error = NULL;

  g_atomic_ref_count_init (&facts->ref_count);
  facts->checksum = checksum;
  facts->uuid = g_strdup (definition->uuid);
  facts->name = g_strdup (definition->name);
  facts->active = definition->live_xml != NULL;
  facts->uses = g_ptr_array_new_with_free_func (use_free);
  facts->problem = g_strdup (definition->problem);
  if (definition->xml != NULL && *definition->xml != '\0' &&
      (!read_document (facts, definition->xml, input, &error) ||
       !read_document (facts, definition->live_xml, input, &error) ||
       !read_snapshots (facts, definition, &error)) && facts->problem == NULL)
    facts->problem = g_strdup (error->message);
  if (facts->mark == NULL)
    facts->mark = gh_machine_mark_new (NULL);
  return facts;
}

void
gh_image_memory_remember (GhImageBuilder *self,
                          GCancellable   *cancellable)
{
  GhImageInput *input = self->input;
  g_autoptr (GHashTable) seen = NULL;

  if (input->definitions == NULL)
    return;
  seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < input->definitions->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      GhDefinition *definition = g_ptr_array_index (input->definitions, i);
      GhImageFacts *facts = g_hash_table_lookup (self->memory->facts, definition->uuid);
      g_autofree char *checksum = dup_checksum (definition);

      if (facts == NULL || strcmp (facts->checksum, checksum) != 0)
        {
          facts = facts_new (definition, input, g_steal_pointer (&checksum));
          g_hash_table_replace (self->memory->facts, facts->uuid, facts);
          self->changed = TRUE;
        }
      g_hash_table_add (seen, facts->uuid);
    }
  if (input->uuids == NULL)
    {
      GHashTableIter iter;
      gpointer uuid;

      g_hash_table_iter_init (&iter, self->memory->facts);
      while (g_hash_table_iter_next (&iter, &uuid, NULL))
        if (!g_hash_table_contains (seen, uuid))
          {
            g_hash_table_iter_remove (&iter);
            self->changed = TRUE;
          }
    }
  for (guint i = 0; input->uuids != NULL && input->uuids[i] != NULL; i++)
    if (!g_hash_table_contains (seen, input->uuids[i]) &&
        g_hash_table_remove (self->memory->facts, input->uuids[i]))
      self->changed = TRUE;
}

/* Heads */

gint64
gh_image_to_ns (const struct timespec *time)
{
  return time->tv_sec * G_GINT64_CONSTANT (1000000000) + time->tv_nsec;
}

gboolean
gh_image_head_is_current (const GhImageHead *head,
                          const struct stat *status)
{
  return head->device == (guint64) status->st_dev && head->inode == (guint64) status->st_ino &&
         head->size == (guint64) status->st_size &&
         head->mtime_ns == gh_image_to_ns (&status->st_mtim) &&
         head->ctime_ns == gh_image_to_ns (&status->st_ctim);
}

/* The head of the file at @path, read only when the file is another than last time. */
GhImageHead *
gh_image_memory_read_head (GhImageBuilder    *self,
                           const char        *path,
                           const struct stat *status)
{
  GhImageHead *head = g_hash_table_lookup (self->memory->heads, path);
  g_auto (GhImageSniff) sniff = { 0 };
  g_autoptr (GError) error = NULL;

  if (head != NULL && gh_image_head_is_current (head, status))
    {
      head->round = self->memory->round;
      return head;
    }
  head = g_new0 (GhImageHead, 1);
  head->device = status->st_dev;
  head->inode = status->st_ino;
  head->size = (guint64) status->st_size;
  head->mtime_ns = gh_image_to_ns (&status->st_mtim);
  head->ctime_ns = gh_image_to_ns (&status->st_ctim);
  head->round = self->memory->round;
  head->readable = gh_image_sniff_file (path, &sniff, &error);
  self->memory->n_sniffed++;
  if (head->readable)
    {
      head->format = g_strdup (gh_image_kind_get_format (sniff.kind));
      head->backing = g_steal_pointer (&sniff.backing_path);
      head->data = g_steal_pointer (&sniff.data_path);
      head->capacity = sniff.virtual_size;
      if (head->capacity == 0 && g_strcmp0 (head->format, "raw") == 0)
        head->capacity = head->size;
      head->linked = (sniff.flags & GH_IMAGE_LINKED) != 0;
    }
  g_hash_table_replace (self->memory->heads, g_strdup (path), head);
  self->changed = TRUE;
  return head;
}
