/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Makes the graph out of what was read. Runs on a lane of its own: documents are parsed, files
 * looked at, and their heads read by GhImageSniff, which trusts none of it. What a head says is
 * taken for what the image depends on and for nothing else; and not even that where all
 * definitions say that the file is raw, since then its guest has written the head. */

#define G_LOG_DOMAIN "gh-image-graph"

#include "config.h"

#include "gh-image-builder.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* A folder with more is no place for images. */
#define MAX_FOLDER 100000

typedef struct
{
  guint64 device;
  guint64 inode;
  gint64  mtime_ns;
  gint64  ctime_ns;
} FolderStamp;

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
check_folders (GhImageBuilder *self)
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
          stamp.mtime_ns = gh_image_to_ns (&status.st_mtim);
          stamp.ctime_ns = gh_image_to_ns (&status.st_ctim);
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
add_folder (GhImageBuilder *self,
            GhPoolInfo     *pool)
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
        gh_image_builder_ensure (self, path)->is_image = TRUE;
    }
}

static void
add_storage (GhImageBuilder *self)
{
  GhStorageInfo *storage = self->input->storage;

  for (guint i = 0; i < storage->volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (storage->volumes, i);
      GhImage *image = NULL;

      if (volume->path == NULL)
        continue;
      image = gh_image_builder_ensure (self, volume->path);
      image->is_image = TRUE;
      if (image->pool != NULL)
        continue;
      image->pool = g_strdup (volume->pool);
      image->format = g_strdup (volume->format);
      image->capacity = volume->capacity;
      image->has_size = TRUE;
      image->size = volume->allocation;
      image->length = volume->length;
      image->changed_ns = volume->changed_ns;
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
link_volumes (GhImageBuilder *self)
{
  GPtrArray *volumes = self->input->storage->volumes;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);
      GhImage *image = volume->path != NULL ? gh_image_builder_ensure (self, volume->path) : NULL;

      if (image != NULL && volume->backing_path != NULL && *volume->backing_path != '\0' &&
          !gh_image_builder_is_raw (self, image))
        gh_image_builder_link_named (self, image, volume->backing_path);
    }
}

/* What was left out when they were listed, because we read it ourselves. Nobody else has them
 * yet. */
static void
complete_volumes (GhImageBuilder *self)
{
  GPtrArray *volumes = self->input->storage->volumes;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);
      GhImage *image = volume->path != NULL && volume->format == NULL
                       ? gh_image_builder_ensure (self, volume->path) : NULL;

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
find_volume_path (GhImageBuilder *self,
                  const char     *pool,
                  const char     *name)
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
add_user (GhImage             *image,
          GhImageMachine      *machine,
          const GhImageSource *use)
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
add_machine_use (GhImageBuilder      *self,
                 GhImageMachine      *machine,
                 const GhImageSource *use)
{
  const char *path = use->path != NULL ? use->path
                                       : find_volume_path (self, use->pool, use->volume);
  GhImage *image = path != NULL && *path != '\0' ? gh_image_builder_ensure (self, path) : NULL;

  if (image == NULL)
    return;
  if (use->is_disk)
    {
      g_hash_table_add (gh_image_has_layers (use->format) ? self->not_raw : self->raw, image);
      if (image->format == NULL && g_strcmp0 (use->format, "raw") != 0)
        image->format = g_strdup (use->format);
    }
  if (use->role == GH_IMAGE_AS_DISK || use->role == GH_IMAGE_AS_NVRAM ||
      (use->role <= GH_IMAGE_AS_SNAPSHOT && !is_of_the_system (image->path)))
    image->is_image = TRUE;
  add_user (image, machine, use);
  for (guint i = 0; use->backing != NULL && use->backing[i] != NULL; i++)
    {
      GhImage *below = gh_image_builder_ensure (self, use->backing[i]);

      gh_image_builder_link (image, below);
      image = below;
    }
}

static int
compare_facts (gconstpointer a,
               gconstpointer b)
{
  const GhImageFacts *first = *(const GhImageFacts * const *) a;
  const GhImageFacts *second = *(const GhImageFacts * const *) b;
  int order = strcmp (first->name, second->name);

  return order != 0 ? order : strcmp (first->uuid, second->uuid);
}

static void
add_machines (GhImageBuilder *self)
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
      GhImageFacts *facts = g_ptr_array_index (all, i);
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
  return ((GhImageHead *) head)->round != ((GhImageMemory *) memory)->round;
}

/* Whether all paths are the files they were, those that are not opened too. */
static gboolean
has_same_identities (GhImageBuilder *self)
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
is_unchanged (GhImageBuilder *self)
{
  GhImageGraph *before = self->input->before;
  GHashTableIter iter;
  gpointer path;
  gpointer value;

  g_mutex_lock (&before->mutex);
  g_hash_table_iter_init (&iter, before->identities);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      GhImageHead *head = g_hash_table_lookup (self->memory->heads, path);
      struct stat status;

      if (head != NULL)
        {
          if (stat (path, &status) == 0 && gh_image_head_is_current (head, &status))
            continue;
        }
      else
        {
          g_autofree char *identity = gh_image_dup_identity (before->local, path);

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
  GhImageBuilder self = { graph, input, input->memory, raw, not_raw, input->storage_new };

  self.memory->round++;
  if (!check_folders (&self) && !input->storage_new)
    return NULL;
  gh_image_memory_remember (&self, cancellable);
  if (!self.changed && input->before != NULL && is_unchanged (&self))
    return gh_image_graph_ref (input->before);
  add_storage (&self);
  add_machines (&self);
  link_volumes (&self);
  gh_image_builder_look (&self, cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (input->storage_new)
    complete_volumes (&self);
  if (g_hash_table_foreach_remove (self.memory->heads, is_head_unused, self.memory) > 0 ||
      !has_same_identities (&self))
    self.changed = TRUE;
  if (!self.changed && input->before != NULL)
    return gh_image_graph_ref (input->before);
  gh_image_builder_add_users (&self);
  return g_steal_pointer (&graph);
}
