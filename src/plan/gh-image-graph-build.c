/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Makes the graph out of what was read. Runs on a lane of its own: documents are parsed, files
 * looked at, and their heads read by GhImageSniff, which trusts none of it. What a head says is
 * taken for what the image depends on and for nothing else; and not even that where all
 * definitions say that the file is raw, since then its guest has written the head. */

#define G_LOG_DOMAIN "gh-image-graph"

#include "config.h"

#include "gh-image-graph-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gh-domain-xml.h"
#include "gh-json.h"

/* A folder with more is no place for images. */
#define MAX_FOLDER 100000
#define MAX_IMAGES 500000

/* A path, pool volume or other source that a machine names. */
typedef struct
{
  GhImageRole  role;
  gboolean     writes;
  gboolean     shareable;
  gboolean     is_disk; /* of a disk, so that the format is known */
  char        *path;    /* (nullable) */
  char        *pool;    /* (nullable): with volume, instead of a path */
  char        *volume;
  char        *format;  /* (nullable) */
  GStrv        backing; /* (nullable): what QEMU has opened under it */
} Use;

/* What one definition says; immutable. */
typedef struct
{
  gatomicrefcount ref_count;
  char           *checksum;
  char           *uuid;
  char           *name;
  GhMachineMark  *mark;
  gboolean        active;
  char           *problem; /* (nullable) */
  GPtrArray      *uses;    /* (element-type Use) */
} Facts;

/* What the head of a file says, and which state of the file that was. */
typedef struct
{
  guint64   device;
  guint64   inode;
  guint64   size;
  gint64    mtime_ns;
  gint64    ctime_ns;
  gboolean  readable;
  char     *format;   /* (nullable) */
  char     *backing;  /* (nullable): as written */
  char     *data;     /* (nullable): as written */
  guint64   capacity;
  gboolean  linked;   /* lies on something, even if it is not known on what */
  guint     round;    /* in which it was asked for last */
} Head;

typedef struct
{
  guint64 device;
  guint64 inode;
  gint64  mtime_ns;
  gint64  ctime_ns;
} FolderStamp;

struct _GhImageMemory
{
  GHashTable *facts;   /* uuid -> Facts */
  GHashTable *heads;   /* path -> Head */
  GHashTable *folders; /* path -> FolderStamp */
  guint       round;
  guint       n_sniffed;
};

typedef struct
{
  GhImageGraph  *graph;
  GhImageInput  *input;
  GhImageMemory *memory;
  GHashTable    *raw;     /* (element-type GhImage): that some definition calls raw */
  GHashTable    *not_raw; /* (element-type GhImage): that some definition calls otherwise */
  gboolean       changed; /* some file is another than the last time */
} Builder;

static void
use_free (gpointer data)
{
  Use *use = data;

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
  Facts *facts = data;

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
  Head *head = data;

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

static Use *
add_use (Facts       *facts,
         GhImageRole  role,
         const char  *path)
{
  Use *use = g_new0 (Use, 1);

  use->role = role;
  use->path = g_strdup (path);
  g_ptr_array_add (facts->uses, use);
  return use;
}

static void
add_disks (Facts       *facts,
           GhDomainXml *xml)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);

  for (guint i = 0; i < disks->len; i++)
    {
      GhDiskXml *disk = g_ptr_array_index (disks, i);
      gboolean is_disk = g_strcmp0 (disk->device, "disk") == 0 ||
                         g_strcmp0 (disk->device, "lun") == 0;
      gboolean writes = !disk->readonly && g_strcmp0 (disk->device, "cdrom") != 0;
      Use *use = NULL;

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
add_others (Facts        *facts,
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
read_document (Facts         *facts,
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
read_snapshots (Facts         *facts,
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
static Facts *
facts_new (GhDefinition *definition,
           GhImageInput *input,
           char         *checksum)
{
  Facts *facts = g_new0 (Facts, 1);
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

static void
remember_definitions (Builder      *self,
                      GCancellable *cancellable)
{
  GhImageInput *input = self->input;
  g_autoptr (GHashTable) seen = NULL;

  if (input->definitions == NULL)
    return;
  seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < input->definitions->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      GhDefinition *definition = g_ptr_array_index (input->definitions, i);
      Facts *facts = g_hash_table_lookup (self->memory->facts, definition->uuid);
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

/* Files */

static gint64
to_ns (const struct timespec *time)
{
  return time->tv_sec * G_GINT64_CONSTANT (1000000000) + time->tv_nsec;
}

static char *
dup_identity (gboolean    local,
              const char *path)
{
  struct stat status;

  if (!g_path_is_absolute (path))
    return g_strdup (path);
  /* One device may have several nodes. */
  if (local && stat (path, &status) == 0)
    return S_ISBLK (status.st_mode)
           ? g_strdup_printf ("block:%" G_GUINT64_FORMAT, (guint64) status.st_rdev)
           : g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev,
                              (guint64) status.st_ino);
  else
    {
      /* A missing file still has a folder, which may be a link. */
      g_autofree char *canonical = g_canonicalize_filename (path, "/");
      g_autofree char *folder = g_path_get_dirname (canonical);
      g_autofree char *base = g_path_get_basename (canonical);
      char *resolved = local ? realpath (folder, NULL) : NULL;
      char *identity = resolved != NULL ? g_build_filename (resolved, base, NULL)
                                        : g_strdup (canonical);

      free (resolved);
      return identity;
    }
}

void
gh_image_graph_learn (GhImageGraph *self,
                      const char   *path)
{
  g_autofree char *identity = dup_identity (self->local, path);

  const char *known = NULL;

  g_mutex_lock (&self->mutex);
  known = g_hash_table_lookup (self->identities, path);
  /* What it was when the graph was made stands for its images; other paths may be new files. */
  if (known == NULL || !g_hash_table_contains (self->by_identity, known))
    g_hash_table_insert (self->identities, g_strdup (path), g_steal_pointer (&identity));
  g_mutex_unlock (&self->mutex);
}

static GhImage *
ensure_image (Builder    *self,
              const char *path)
{
  GhImageGraph *graph = self->graph;
  const char *identity = g_hash_table_lookup (graph->identities, path);
  GhImage *image = NULL;
  gboolean new_name = identity == NULL;

  if (identity == NULL)
    {
      char *made = dup_identity (graph->local, path);

      g_hash_table_insert (graph->identities, g_strdup (path), made);
      identity = made;
    }
  image = g_hash_table_lookup (graph->by_identity, identity);
  if (image == NULL)
    {
      image = g_new0 (GhImage, 1);
      image->path = g_path_is_absolute (path) ? g_canonicalize_filename (path, "/")
                                              : g_strdup (path);
      image->names = g_ptr_array_new_with_free_func (g_free);
      image->below = g_ptr_array_new ();
      image->above = g_ptr_array_new ();
      image->users = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (graph->images, image);
      g_hash_table_insert (graph->by_identity, g_strdup (identity), image);
    }
  if (new_name)
    g_ptr_array_add (image->names, g_strdup (path));
  return image;
}

static void
link_images (GhImage *above,
             GhImage *below)
{
  /* An image that names itself as its base depends on nobody else. */
  if (above == below || g_ptr_array_find (above->below, below, NULL))
    return;
  g_ptr_array_add (above->below, below);
  g_ptr_array_add (below->above, above);
  below->is_image = TRUE;
}

static gboolean
is_same_state (const Head        *head,
               const struct stat *status)
{
  return head->device == (guint64) status->st_dev && head->inode == (guint64) status->st_ino &&
         head->size == (guint64) status->st_size && head->mtime_ns == to_ns (&status->st_mtim) &&
         head->ctime_ns == to_ns (&status->st_ctim);
}

/* The head of the file at @path, read only when the file is another than last time. */
static Head *
read_head (Builder           *self,
           const char        *path,
           const struct stat *status)
{
  Head *head = g_hash_table_lookup (self->memory->heads, path);
  g_auto (GhImageSniff) sniff = { 0 };
  g_autoptr (GError) error = NULL;

  if (head != NULL && is_same_state (head, status))
    {
      head->round = self->memory->round;
      return head;
    }
  head = g_new0 (Head, 1);
  head->device = status->st_dev;
  head->inode = status->st_ino;
  head->size = (guint64) status->st_size;
  head->mtime_ns = to_ns (&status->st_mtim);
  head->ctime_ns = to_ns (&status->st_ctim);
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

/* The file in a “json:” pseudo name: {"driver": "qcow2", "file": {"filename": "/a"}}. */
static char *
dup_json_filename (JsonObject *object,
                   guint       depth)
{
  static const char * const members[] = { "filename", "file.filename", "file.file.filename" };
  JsonObject *file = depth < 8 ? gh_json_get_object (object, "file") : NULL;

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (gh_json_get_string (object, members[i]) != NULL)
      return g_strdup (gh_json_get_string (object, members[i]));
  return file != NULL ? dup_json_filename (file, depth + 1) : NULL;
}

/* The path that an image at @path means by @text, as QEMU reads it; NULL when it is no file. */
static char *
dup_named_path (const char *text,
                const char *path)
{
  g_autofree char *name = NULL;
  g_autofree char *folder = NULL;
  const char *colon = NULL;

  if (g_str_has_prefix (text, "json:"))
    {
      g_autoptr (JsonParser) parser = json_parser_new ();
      JsonNode *root = NULL;

      if (json_parser_load_from_data (parser, text + strlen ("json:"), -1, NULL))
        root = json_parser_get_root (parser);
      if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
        name = dup_json_filename (json_node_get_object (root), 0);
    }
  else
    name = g_strdup (g_str_has_prefix (text, "file:") ? text + strlen ("file:") : text);
  if (name == NULL || *name == '\0')
    return NULL;

  /* A colon before the first slash is a protocol’s. */
  colon = strchr (name, ':');
  if (colon != NULL && memchr (name, '/', (gsize) (colon - name)) == NULL)
    return NULL;
  if (g_path_is_absolute (name))
    return g_steal_pointer (&name);
  folder = g_path_get_dirname (path);
  return g_build_filename (folder, name, NULL);
}

/* GhImageSniff gives names as text, with a question mark or U+FFFD for what is none: such a name is
 * believed only if there is a file of that name. */
static gboolean
is_garbled (const char *text,
            const char *path)
{
  g_autofree char *named = NULL;

  if (strchr (text, '?') == NULL && strstr (text, "\357\277\275") == NULL)
    return FALSE;
  named = dup_named_path (text, path);
  return named == NULL || !g_file_test (named, G_FILE_TEST_EXISTS);
}

/* Its links to what it lies on, relative to each folder in which it is known. */
static void
link_named (Builder    *self,
            GhImage    *image,
            const char *text)
{
  for (guint i = 0; i < image->names->len; i++)
    {
      const char *name = g_ptr_array_index (image->names, i);
      g_autofree char *path = g_path_is_absolute (name) ? dup_named_path (text, name) : NULL;

      if (path == NULL)
        {
          g_free (image->foreign_base);
          image->foreign_base = g_utf8_make_valid (text, -1);
          return;
        }
      if (self->graph->images->len < MAX_IMAGES)
        link_images (image, ensure_image (self, path));
      /* The same for all names. */
      if (g_path_is_absolute (text))
        return;
    }
}

static gboolean
is_raw_by_definition (Builder *self,
                      GhImage *image)
{
  return g_hash_table_contains (self->raw, image) && !g_hash_table_contains (self->not_raw, image);
}

/* Formats in which one image can lie on another. */
static gboolean
has_layers (const char *format)
{
  return format != NULL && strcmp (format, "raw") != 0 && strcmp (format, "luks") != 0 &&
         strcmp (format, "iso") != 0 && strcmp (format, "dir") != 0;
}

static void
look_at (Builder *self,
         GhImage *image)
{
  const char *path = g_ptr_array_index (image->names, 0);
  gboolean raw = is_raw_by_definition (self, image);
  gboolean known = image->pool != NULL || image->below->len > 0 || image->foreign_base != NULL;
  gboolean layered = g_hash_table_contains (self->not_raw, image);
  struct stat status;
  Head *head = NULL;

  if (!self->graph->local || !g_path_is_absolute (path))
    {
      /* Only a host’s own pools and runs tell of its files. */
      if (!known && layered && g_path_is_absolute (path))
        g_ptr_array_add (self->graph->unreadable, image);
      return;
    }
  if (stat (path, &status) != 0)
    {
      image->problem = errno == ENOENT || errno == ENOTDIR ? GH_IMAGE_MISSING
                                                           : GH_IMAGE_UNREADABLE;
      if (image->problem == GH_IMAGE_UNREADABLE && !known && layered)
        g_ptr_array_add (self->graph->unreadable, image);
      return;
    }
  if (S_ISREG (status.st_mode) && !image->has_size)
    {
      image->has_size = TRUE;
      image->size = (guint64) status.st_blocks * 512;
    }
  if (raw && image->format == NULL)
    {
      image->format = g_strdup ("raw");
      image->capacity = S_ISREG (status.st_mode) ? (guint64) status.st_size : 0;
    }
  /* Opening a device may do something: only disks that are said to have layers. */
  if (raw || !(S_ISREG (status.st_mode) || (S_ISBLK (status.st_mode) && layered)))
    return;

  head = read_head (self, path, &status);
  if (!head->readable)
    {
      if (!known)
        image->problem = GH_IMAGE_UNREADABLE;
      if (!known && (layered || has_layers (image->format)))
        g_ptr_array_add (self->graph->unreadable, image);
      return;
    }
  if (has_layers (head->format))
    image->is_image = TRUE;
  if (image->format == NULL && image->is_image)
    image->format = g_strdup (head->format);
  if (image->capacity == 0)
    image->capacity = head->capacity;
  if (head->backing != NULL && !is_garbled (head->backing, path))
    link_named (self, image, head->backing);
  if (head->data != NULL && !is_garbled (head->data, path))
    link_named (self, image, head->data);
  if (head->linked && image->below->len == 0 && image->foreign_base == NULL)
    g_ptr_array_add (self->graph->unreadable, image);
}

/* Pools */

static gboolean
is_folder_pool (GhPoolInfo *pool)
{
  static const char * const types[] = { "dir", "fs", "netfs", NULL };

  return pool->path != NULL && pool->type != NULL && g_path_is_absolute (pool->path) &&
         g_strv_contains (types, pool->type);
}

/* Whether the folders of pools hold the same names as when they were read last. */
static gboolean
check_folders (Builder *self)
{
  GPtrArray *pools = self->input->storage->pools;
  gboolean same = TRUE;

  for (guint i = 0; self->graph->local && i < pools->len; i++)
    {
      GhPoolInfo *pool = g_ptr_array_index (pools, i);
      FolderStamp stamp = { 0 };
      FolderStamp *before = NULL;
      struct stat status;

      if (!is_folder_pool (pool))
        continue;
      if (stat (pool->path, &status) == 0)
        {
          stamp.device = status.st_dev;
          stamp.inode = status.st_ino;
          stamp.mtime_ns = to_ns (&status.st_mtim);
          stamp.ctime_ns = to_ns (&status.st_ctim);
        }
      before = g_hash_table_lookup (self->memory->folders, pool->path);
      if (before != NULL && memcmp (before, &stamp, sizeof stamp) == 0)
        continue;
      same = FALSE;
      g_hash_table_replace (self->memory->folders, g_strdup (pool->path),
                            g_memdup2 (&stamp, sizeof stamp));
    }
  return same;
}

/* Files that are in a pool’s folder, though the pool is not active or was not refreshed. */
static void
add_folder (Builder    *self,
            GhPoolInfo *pool)
{
  g_autoptr (GDir) dir = g_dir_open (pool->path, 0, NULL);
  const char *name = NULL;

  for (guint i = 0; dir != NULL && i < MAX_FOLDER && (name = g_dir_read_name (dir)) != NULL; i++)
    {
      g_autofree char *path = g_build_filename (pool->path, name, NULL);
      struct stat status;

      if (*name == '.' || g_hash_table_contains (self->graph->identities, path))
        continue;
      if (stat (path, &status) == 0 && S_ISREG (status.st_mode))
        ensure_image (self, path)->is_image = TRUE;
    }
}

static void
add_storage (Builder *self)
{
  GhStorageInfo *storage = self->input->storage;

  for (guint i = 0; i < storage->volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (storage->volumes, i);
      GhImage *image = NULL;

      if (volume->path == NULL)
        continue;
      image = ensure_image (self, volume->path);
      image->is_image = TRUE;
      if (image->pool != NULL)
        continue;
      image->pool = g_strdup (volume->pool);
      image->format = g_strdup (volume->format);
      image->capacity = volume->capacity;
      image->has_size = TRUE;
      image->size = volume->allocation;
    }
  for (guint i = 0; self->graph->local && i < storage->pools->len; i++)
    if (is_folder_pool (g_ptr_array_index (storage->pools, i)))
      add_folder (self, g_ptr_array_index (storage->pools, i));
  for (guint i = 0; i < storage->problems->len; i++)
    g_ptr_array_add (self->graph->blind_spots,
                     /* Translators: %s is a pool and why: “images: permission denied”. */
                     g_strdup_printf (_("The volumes of a pool cannot be listed: %s"),
                                      (char *) g_ptr_array_index (storage->problems, i)));
}

static void
link_volumes (Builder *self)
{
  GPtrArray *volumes = self->input->storage->volumes;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);
      GhImage *image = volume->path != NULL ? ensure_image (self, volume->path) : NULL;

      if (image != NULL && volume->backing_path != NULL && *volume->backing_path != '\0' &&
          !is_raw_by_definition (self, image))
        link_named (self, image, volume->backing_path);
    }
}

/* What was left out when they were listed, because we read it ourselves. Nobody else has them
 * yet. */
static void
complete_volumes (Builder *self)
{
  GPtrArray *volumes = self->input->storage->volumes;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);
      GhImage *image = volume->path != NULL && volume->format == NULL
                       ? ensure_image (self, volume->path) : NULL;

      if (image == NULL)
        continue;
      volume->format = g_strdup (image->format);
      volume->capacity = image->capacity > 0 ? image->capacity : volume->capacity;
      if (image->below->len > 0 && volume->backing_path == NULL)
        volume->backing_path = g_strdup (((GhImage *) g_ptr_array_index (image->below, 0))->path);
    }
}

/* Machines */

static const char *
find_volume_path (Builder    *self,
                  const char *pool,
                  const char *name)
{
  GPtrArray *volumes = self->input->storage->volumes;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);

      if (g_strcmp0 (volume->pool, pool) == 0 && g_strcmp0 (volume->name, name) == 0)
        return volume->path;
    }
  return NULL;
}

/* Firmware images belong to the host, sockets and random sources to nobody. */
static gboolean
is_of_the_system (const char *path)
{
  static const char * const prefixes[] = { "/usr/", "/dev/", "/proc/", "/sys/", "/run/", "/etc/" };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (path, prefixes[i]))
      return TRUE;
  return FALSE;
}

static void
add_user (GhImage        *image,
          GhImageMachine *machine,
          const Use      *use)
{
  GhImageUser *user = NULL;

  /* Machines come one after the other, so this one's are the last. */
  for (guint i = image->users->len; i > 0; i--)
    {
      GhImageUser *other = g_ptr_array_index (image->users, i - 1);

      if (other->machine != machine)
        break;
      if (other->role <= use->role)
        {
          other->writes = other->writes || use->writes;
          other->shareable = other->shareable || use->shareable;
          return;
        }
    }
  user = g_new0 (GhImageUser, 1);
  user->machine = machine;
  user->role = use->role;
  user->writes = use->writes;
  user->shareable = use->shareable;
  g_ptr_array_add (image->users, user);
  if (!g_ptr_array_find (machine->images, image, NULL))
    g_ptr_array_add (machine->images, image);
}

static void
add_machine_use (Builder        *self,
                 GhImageMachine *machine,
                 const Use      *use)
{
  const char *path = use->path != NULL ? use->path
                                       : find_volume_path (self, use->pool, use->volume);
  GhImage *image = path != NULL && *path != '\0' ? ensure_image (self, path) : NULL;

  if (image == NULL)
    return;
  if (use->is_disk)
    {
      g_hash_table_add (has_layers (use->format) ? self->not_raw : self->raw, image);
      if (image->format == NULL && g_strcmp0 (use->format, "raw") != 0)
        image->format = g_strdup (use->format);
    }
  if (use->role == GH_IMAGE_AS_DISK || use->role == GH_IMAGE_AS_NVRAM ||
      (use->role <= GH_IMAGE_AS_SNAPSHOT && !is_of_the_system (image->path)))
    image->is_image = TRUE;
  add_user (image, machine, use);
  for (guint i = 0; use->backing != NULL && use->backing[i] != NULL; i++)
    {
      GhImage *below = ensure_image (self, use->backing[i]);

      link_images (image, below);
      image = below;
    }
}

static int
compare_facts (gconstpointer a,
               gconstpointer b)
{
  const Facts *first = *(const Facts * const *) a;
  const Facts *second = *(const Facts * const *) b;
  int order = strcmp (first->name, second->name);

  return order != 0 ? order : strcmp (first->uuid, second->uuid);
}

static void
add_machines (Builder *self)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->memory->facts);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (all, value);
  g_ptr_array_sort (all, compare_facts);
  for (guint i = 0; i < all->len; i++)
    {
      Facts *facts = g_ptr_array_index (all, i);
      GhImageMachine *machine = g_new0 (GhImageMachine, 1);

      machine->uuid = g_strdup (facts->uuid);
      machine->name = g_strdup (facts->name);
      machine->kind = facts->mark->kind;
      machine->is_template = facts->mark->is_template;
      machine->parent_name = g_strdup (facts->mark->parent_name);
      machine->active = facts->active;
      machine->problem = g_strdup (facts->problem);
      machine->images = g_ptr_array_new ();
      g_ptr_array_add (self->graph->machines, machine);
      g_hash_table_insert (self->graph->by_uuid, machine->uuid, machine);
      for (guint j = 0; j < facts->uses->len; j++)
        add_machine_use (self, machine, g_ptr_array_index (facts->uses, j));
      if (facts->problem != NULL)
        g_ptr_array_add (self->graph->blind_spots,
                         /* Translators: a machine's name, and why. */
                         g_strdup_printf (_("It cannot be told which files “%s” uses: %s"),
                                          facts->name, facts->problem));
    }
}

/* Who uses which file, in the order in which it is told */

static void
add_file_user (Builder    *self,
               GhImage    *image,
               const char *machine_uuid,
               const char *name,
               const char *how)
{
  GPtrArray *users = g_hash_table_lookup (self->graph->file_users, image);
  GhFileUser *user = NULL;

  if (users == NULL)
    {
      users = g_ptr_array_new_with_free_func (gh_file_user_free);
      g_hash_table_insert (self->graph->file_users, image, users);
    }
  /* Machines come one after the other; the first thing said of one stands. */
  if (machine_uuid != NULL && users->len > 0)
    {
      GhFileUser *last = g_ptr_array_index (users, users->len - 1);

      if (g_strcmp0 (last->machine_uuid, machine_uuid) == 0)
        return;
    }
  user = g_new0 (GhFileUser, 1);
  user->machine_uuid = g_strdup (machine_uuid);
  user->name = g_strdup (name);
  user->how = g_strdup (how);
  g_ptr_array_add (users, user);
}

static void
add_users_below (Builder        *self,
                 GhImage        *image,
                 GhImageMachine *machine,
                 GHashTable     *seen)
{
  for (guint i = 0; i < image->below->len; i++)
    {
      GhImage *below = g_ptr_array_index (image->below, i);

      if (!g_hash_table_add (seen, below))
        continue;
      add_file_user (self, below, machine->uuid, machine->name, _("backing file"));
      add_users_below (self, below, machine, seen);
    }
}

static void
add_file_users (Builder *self)
{
  static const char * const how[] = {
    [GH_IMAGE_AS_DISK] = N_("disk"),
    [GH_IMAGE_AS_MEDIUM] = N_("disk"),
    [GH_IMAGE_AS_SNAPSHOT] = N_("snapshot"),
    [GH_IMAGE_AS_NVRAM] = N_("in its definition"),
    [GH_IMAGE_AS_OTHER] = N_("in its definition"),
  };
  GhImageGraph *graph = self->graph;

  for (guint i = 0; i < graph->images->len; i++)
    {
      GhImage *image = g_ptr_array_index (graph->images, i);

      for (guint j = 0; j < image->below->len; j++)
        add_file_user (self, g_ptr_array_index (image->below, j), NULL, image->path,
                       _("backing file"));
    }
  for (guint i = 0; i < graph->machines->len; i++)
    {
      GhImageMachine *machine = g_ptr_array_index (graph->machines, i);
      g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

      for (guint j = 0; j < machine->images->len; j++)
        {
          GhImage *image = g_ptr_array_index (machine->images, j);
          GhImageRole role = GH_IMAGE_AS_OTHER;

          for (guint k = 0; k < image->users->len; k++)
            {
              GhImageUser *user = g_ptr_array_index (image->users, k);

              if (user->machine == machine)
                role = MIN (role, user->role);
            }
          add_file_user (self, image, machine->uuid, machine->name, _(how[role]));
          add_users_below (self, image, machine, seen);
        }
    }
}

static void
image_free (gpointer data)
{
  GhImage *image = data;

  g_free (image->path);
  g_ptr_array_unref (image->names);
  g_free (image->pool);
  g_free (image->format);
  g_ptr_array_unref (image->below);
  g_ptr_array_unref (image->above);
  g_ptr_array_unref (image->users);
  g_free (image->foreign_base);
  g_free (image);
}

static void
machine_free (gpointer data)
{
  GhImageMachine *machine = data;

  g_free (machine->uuid);
  g_free (machine->name);
  g_free (machine->parent_name);
  g_free (machine->problem);
  g_ptr_array_unref (machine->images);
  g_free (machine);
}

static GhImageGraph *
graph_new (GhImageInput *input)
{
  GhImageGraph *self = g_new0 (GhImageGraph, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->local = input->local;
  self->images = g_ptr_array_new_with_free_func (image_free);
  self->machines = g_ptr_array_new_with_free_func (machine_free);
  self->by_uuid = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_identity = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->file_users = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
  self->blind_spots = g_ptr_array_new_with_free_func (g_free);
  self->unreadable = g_ptr_array_new ();
  self->identities = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->storage = gh_storage_info_ref (input->storage);
  return self;
}

static gboolean
is_head_unused (gpointer path,
                gpointer head,
                gpointer memory)
{
  return ((Head *) head)->round != ((GhImageMemory *) memory)->round;
}

/* What is found under an image is looked at in its turn. */
static void
look_at_all (Builder      *self,
             GCancellable *cancellable)
{
  GPtrArray *images = self->graph->images;
  guint n_looked = 0;

  while (n_looked < images->len && !g_cancellable_is_cancelled (cancellable))
    {
      for (; n_looked < images->len && !g_cancellable_is_cancelled (cancellable); n_looked++)
        look_at (self, g_ptr_array_index (images, n_looked));
      /* Some have turned out to have another name, from which relative names lead elsewhere. */
      for (guint i = 0; i < n_looked; i++)
        {
          GhImage *image = g_ptr_array_index (images, i);
          Head *head = image->names->len > 1 && !is_raw_by_definition (self, image)
                       ? g_hash_table_lookup (self->memory->heads, image->names->pdata[0]) : NULL;

          if (head != NULL && head->round == self->memory->round && head->backing != NULL &&
              !is_garbled (head->backing, image->names->pdata[0]))
            link_named (self, image, head->backing);
        }
    }
}

/* Whether all paths are the files they were, those that are not opened too. */
static gboolean
has_same_identities (Builder *self)
{
  GhImageGraph *before = self->input->before;
  GHashTableIter iter;
  gpointer path;
  gpointer identity;

  if (before == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, self->graph->identities);
  while (g_hash_table_iter_next (&iter, &path, &identity))
    {
      gboolean same = FALSE;

      g_mutex_lock (&before->mutex);
      same = g_strcmp0 (g_hash_table_lookup (before->identities, path), identity) == 0;
      g_mutex_unlock (&before->mutex);
      if (!same)
        return FALSE;
    }
  return TRUE;
}

/* Whether every path is the file it was, in the state it was read in. */
static gboolean
is_unchanged (Builder *self)
{
  GhImageGraph *before = self->input->before;
  GHashTableIter iter;
  gpointer path;
  gpointer value;

  g_mutex_lock (&before->mutex);
  g_hash_table_iter_init (&iter, before->identities);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      Head *head = g_hash_table_lookup (self->memory->heads, path);
      struct stat status;

      if (head != NULL)
        {
          if (stat (path, &status) == 0 && is_same_state (head, &status))
            continue;
        }
      else
        {
          g_autofree char *identity = dup_identity (before->local, path);

          if (strcmp (identity, value) == 0)
            continue;
        }
      g_mutex_unlock (&before->mutex);
      return FALSE;
    }
  g_mutex_unlock (&before->mutex);
  return TRUE;
}

/**
 * gh_image_graph_build:
 * @input: what was read
 * @cancellable: (nullable): stops it
 * @error: (out): set when it was stopped
 *
 * Looks at the files and puts everything together. Any one thread.
 *
 * Returns: (transfer full) (nullable): the graph; %NULL without an error when the
 *   folder of a pool has changed since its volumes were listed
 */
GhImageGraph *
gh_image_graph_build (GhImageInput  *input,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr (GhImageGraph) graph = graph_new (input);
  g_autoptr (GHashTable) raw = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) not_raw = g_hash_table_new (NULL, NULL);
  Builder self = { graph, input, input->memory, raw, not_raw, input->storage_new };

  self.memory->round++;
  if (!check_folders (&self) && !input->storage_new)
    return NULL;
  remember_definitions (&self, cancellable);
  if (!self.changed && input->before != NULL && is_unchanged (&self))
    return gh_image_graph_ref (input->before);
  add_storage (&self);
  add_machines (&self);
  link_volumes (&self);
  look_at_all (&self, cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (input->storage_new)
    complete_volumes (&self);
  if (g_hash_table_foreach_remove (self.memory->heads, is_head_unused, self.memory) > 0 ||
      !has_same_identities (&self))
    self.changed = TRUE;
  if (!self.changed && input->before != NULL)
    return gh_image_graph_ref (input->before);
  add_file_users (&self);
  return g_steal_pointer (&graph);
}
