/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The part of making the graph that looks at files: which is which, and what lies on what by what
 * their heads say. */

#define G_LOG_DOMAIN "gh-image-graph-files"

#include "config.h"

#include "gh-image-builder.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#include "gh-json.h"

/* More are not followed. */
#define MAX_IMAGES 500000

char *
gh_image_dup_identity (gboolean    local,
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
  g_autofree char *identity = gh_image_dup_identity (self->local, path);

  const char *known = NULL;

  g_mutex_lock (&self->mutex);
  known = g_hash_table_lookup (self->identities, path);
  /* What it was when the graph was made stands for its images; other paths may be new files. */
  if (known == NULL || !g_hash_table_contains (self->by_identity, known))
    g_hash_table_insert (self->identities, g_strdup (path), g_steal_pointer (&identity));
  g_mutex_unlock (&self->mutex);
}

GhImage *
gh_image_builder_ensure (GhImageBuilder *self,
                         const char     *path)
{
  GhImageGraph *graph = self->graph;
  const char *identity = g_hash_table_lookup (graph->identities, path);
  GhImage *image = NULL;
  gboolean new_name = identity == NULL;

  if (identity == NULL)
    {
      char *made = gh_image_dup_identity (graph->local, path);

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

void
gh_image_builder_link (GhImage *above,
                       GhImage *below)
{
  /* An image that names itself as its base depends on nobody else. */
  if (above == below || g_ptr_array_find (above->below, below, NULL))
    return;
  g_ptr_array_add (above->below, below);
  g_ptr_array_add (below->above, above);
  below->is_image = TRUE;
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
void
gh_image_builder_link_named (GhImageBuilder *self,
                             GhImage        *image,
                             const char     *text)
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
        gh_image_builder_link (image, gh_image_builder_ensure (self, path));
      /* The same for all names. */
      if (g_path_is_absolute (text))
        return;
    }
}

gboolean
gh_image_builder_is_raw (GhImageBuilder *self,
                         GhImage        *image)
{
  return g_hash_table_contains (self->raw, image) && !g_hash_table_contains (self->not_raw, image);
}

/* Formats in which one image can lie on another. */
gboolean
gh_image_has_layers (const char *format)
{
  return format != NULL && strcmp (format, "raw") != 0 && strcmp (format, "luks") != 0 &&
         strcmp (format, "iso") != 0 && strcmp (format, "dir") != 0;
}

static void
look_at (GhImageBuilder *self,
         GhImage        *image)
{
  const char *path = g_ptr_array_index (image->names, 0);
  gboolean raw = gh_image_builder_is_raw (self, image);
  gboolean known = image->pool != NULL || image->below->len > 0 || image->foreign_base != NULL;
  gboolean layered = g_hash_table_contains (self->not_raw, image);
  struct stat status;
  GhImageHead *head = NULL;

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
  if (S_ISREG (status.st_mode))
    {
      image->length = (guint64) status.st_size;
      image->changed_ns = gh_image_to_ns (&status.st_mtim);
      image->inode = status.st_ino;
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

  head = gh_image_memory_read_head (self, path, &status);
  if (!head->readable)
    {
      if (!known)
        image->problem = GH_IMAGE_UNREADABLE;
      if (!known && (layered || gh_image_has_layers (image->format)))
        g_ptr_array_add (self->graph->unreadable, image);
      return;
    }
  if (gh_image_has_layers (head->format))
    image->is_image = TRUE;
  if (image->format == NULL && image->is_image)
    image->format = g_strdup (head->format);
  if (image->capacity == 0)
    image->capacity = head->capacity;
  if (head->backing != NULL && !is_garbled (head->backing, path))
    gh_image_builder_link_named (self, image, head->backing);
  if (head->data != NULL && !is_garbled (head->data, path))
    gh_image_builder_link_named (self, image, head->data);
  if (head->linked && image->below->len == 0 && image->foreign_base == NULL)
    g_ptr_array_add (self->graph->unreadable, image);
}

/* What is found under an image is looked at in its turn. */
void
gh_image_builder_look (GhImageBuilder *self,
                       GCancellable   *cancellable)
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
          GhImageHead *head = image->names->len > 1 && !gh_image_builder_is_raw (self, image)
                       ? g_hash_table_lookup (self->memory->heads, image->names->pdata[0]) : NULL;

          if (head != NULL && head->round == self->memory->round && head->backing != NULL &&
              !is_garbled (head->backing, image->names->pdata[0]))
            gh_image_builder_link_named (self, image, head->backing);
        }
    }
}
