/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Libvirt protects nobody's data: it deletes a backing file under ten machines
 * without a word. So before a file is removed, or given to a second machine, this
 * table is asked. Reading runs on the host's lanes, and what parses and looks at
 * files on a lane of its own.
 */

#define G_LOG_DOMAIN "gh-file-users"

#include "config.h"

#include "gh-file-users.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gh-domain-xml.h"
#include "gh-lane.h"

/* A chain this long is a loop. */
#define MAX_CHAIN 256

struct _GhFileUsers
{
  gatomicrefcount ref_count;
  gboolean        local;
  GHashTable     *identities; /* path -> identity, both owned */
  GHashTable     *users;      /* identity -> (element-type GhFileUser) */
  GHashTable     *backings;   /* identity of a volume -> path of its backing file */
  GPtrArray      *volumes;    /* (element-type GhVolumeInfo) */
};

typedef struct
{
  gboolean   local;
  GStrv      paths;       /* (nullable) */
  GPtrArray *definitions; /* (nullable), (element-type GhDefinition) */
  GPtrArray *volumes;     /* (nullable), (element-type GhVolumeInfo) */
  GhHost    *host;        /* of the main thread */
  GCancellable *cancellable;
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  g_strfreev (load->paths);
  g_clear_pointer (&load->definitions, g_ptr_array_unref);
  g_clear_pointer (&load->volumes, g_ptr_array_unref);
  g_clear_object (&load->host);
  g_clear_object (&load->cancellable);
  g_free (load);
}

static void
user_free (gpointer data)
{
  GhFileUser *user = data;

  g_free (user->machine_uuid);
  g_free (user->name);
  g_free (user->how);
  g_free (user);
}

GhFileUsers *
gh_file_users_ref (GhFileUsers *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gh_file_users_unref (GhFileUsers *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->identities);
  g_hash_table_unref (self->users);
  g_hash_table_unref (self->backings);
  g_ptr_array_unref (self->volumes);
  g_free (self);
}

static void
unref_users (gpointer users)
{
  gh_file_users_unref (users);
}

/* What makes a file the same file under another name. Looks at the disk on the local host, so
 * workers only. */
static const char *
identify (GhFileUsers *self,
          const char  *path)
{
  const char *known = g_hash_table_lookup (self->identities, path);
  char *identity = NULL;
  struct stat status;

  if (known != NULL)
    return known;

  if (self->local && stat (path, &status) == 0)
    identity = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev,
                                (guint64) status.st_ino);
  else if (g_path_is_absolute (path))
    {
      /* A missing file still has a folder, which may be a link. */
      g_autofree char *canonical = g_canonicalize_filename (path, "/");
      g_autofree char *folder = g_path_get_dirname (canonical);
      g_autofree char *base = g_path_get_basename (canonical);
      char *resolved = self->local ? realpath (folder, NULL) : NULL;

      identity = resolved != NULL ? g_build_filename (resolved, base, NULL) : g_strdup (canonical);
      free (resolved);
    }
  else
    identity = g_strdup (path);
  g_hash_table_insert (self->identities, g_strdup (path), identity);
  return identity;
}

static GPtrArray *
get_users (GhFileUsers *self,
           const char  *identity)
{
  GPtrArray *users = g_hash_table_lookup (self->users, identity);

  if (users == NULL)
    {
      users = g_ptr_array_new_with_free_func (user_free);
      g_hash_table_insert (self->users, g_strdup (identity), users);
    }
  return users;
}

static void
add_user (GhFileUsers *self,
          const char  *path,
          const char  *machine_uuid,
          const char  *name,
          const char  *how)
{
  GPtrArray *users = NULL;
  GhFileUser *user = NULL;

  if (path == NULL || *path == '\0')
    return;
  users = get_users (self, identify (self, path));
  for (guint i = 0; i < users->len; i++)
    {
      GhFileUser *other = g_ptr_array_index (users, i);

      if (g_strcmp0 (other->machine_uuid, machine_uuid) == 0 && strcmp (other->name, name) == 0)
        return;
    }
  user = g_new0 (GhFileUser, 1);
  user->machine_uuid = g_strdup (machine_uuid);
  user->name = g_strdup (name);
  user->how = g_strdup (how);
  g_ptr_array_add (users, user);
}

/* The files under an image that a machine uses are used by it too. */
static void
add_chain (GhFileUsers  *self,
           const char   *path,
           GhDefinition *definition)
{
  const char *below = g_hash_table_lookup (self->backings, identify (self, path));

  for (guint i = 0; below != NULL && i < MAX_CHAIN; i++)
    {
      add_user (self, below, definition->uuid, definition->name, _("backing file"));
      below = g_hash_table_lookup (self->backings, identify (self, below));
    }
}

/* What cannot be read may use anything, so the whole table fails then. */
static gboolean
add_document (GhFileUsers   *self,
              GhDefinition  *definition,
              const char    *text,
              GError       **error)
{
  g_autoptr (GhDomainXml) xml = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_auto (GStrv) paths = NULL;

  if (text == NULL)
    return TRUE;
  xml = gh_domain_xml_new_from_string (text, error);
  if (xml == NULL)
    {
      g_prefix_error (error, _("It cannot be told which files “%s” uses: "), definition->name);
      return FALSE;
    }

  disks = gh_domain_xml_list_disks (xml);
  for (guint i = 0; i < disks->len; i++)
    {
      GhDiskXml *disk = g_ptr_array_index (disks, i);
      const char *path = disk->source;

      if (path == NULL && disk->source_volume != NULL)
        {
          GhVolumeInfo *volume = gh_file_users_find_in_pool (self, disk->source_pool,
                                                             disk->source_volume);

          path = volume != NULL ? volume->path : NULL;
        }
      if (path != NULL)
        {
          add_user (self, path, definition->uuid, definition->name, _("disk"));
          add_chain (self, path, definition);
        }
      for (guint j = 0; disk->backing != NULL && disk->backing[j] != NULL; j++)
        add_user (self, disk->backing[j], definition->uuid, definition->name, _("backing file"));
    }
  paths = gh_domain_xml_list_paths (xml);
  for (guint i = 0; paths[i] != NULL; i++)
    {
      add_user (self, paths[i], definition->uuid, definition->name, _("in its definition"));
      add_chain (self, paths[i], definition);
    }
  return TRUE;
}

static gboolean
add_snapshots (GhFileUsers   *self,
               GhDefinition  *definition,
               GError       **error)
{
  for (guint i = 0; definition->snapshots != NULL && definition->snapshots[i] != NULL; i++)
    {
      g_auto (GStrv) paths = gh_snapshot_xml_list_paths (definition->snapshots[i], error);

      if (paths == NULL)
        {
          g_prefix_error (error, _("It cannot be told which files “%s” uses: "), definition->name);
          return FALSE;
        }
      for (guint j = 0; paths[j] != NULL; j++)
        {
          add_user (self, paths[j], definition->uuid, definition->name, _("snapshot"));
          add_chain (self, paths[j], definition);
        }
    }
  return TRUE;
}

static gpointer
users_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Load *load = data;
  g_autoptr (GhFileUsers) self = g_new0 (GhFileUsers, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->local = load->local;
  self->identities = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                       (GDestroyNotify) g_ptr_array_unref);
  self->backings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  self->volumes = g_ptr_array_ref (load->volumes);
  for (guint i = 0; load->paths != NULL && load->paths[i] != NULL; i++)
    identify (self, load->paths[i]);
  for (guint i = 0; i < load->volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (load->volumes, i);

      if (volume->path == NULL)
        continue;
      identify (self, volume->path);
      if (volume->backing_path == NULL)
        continue;
      g_hash_table_insert (self->backings, g_strdup (identify (self, volume->path)),
                           g_strdup (volume->backing_path));
      add_user (self, volume->backing_path, NULL, volume->path, _("backing file"));
    }
  for (guint i = 0; i < load->definitions->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      GhDefinition *definition = g_ptr_array_index (load->definitions, i);

      if (!add_document (self, definition, definition->xml, error) ||
          !add_document (self, definition, definition->live_xml, error) ||
          !add_snapshots (self, definition, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

static void
users_made_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhFileUsers *self = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (self != NULL)
    g_task_return_pointer (task, self, unref_users);
  else
    g_task_return_error (task, error);
}

static void
volumes_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  Load *job = NULL;
  GError *error = NULL;
  g_autoptr (GhLane) lane = NULL;

  load->volumes = gh_host_load_volumes_finish (GH_HOST (object), result, &error);
  if (load->volumes == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  /* The worker's own: plain data, without the host. */
  job = g_new0 (Load, 1);
  job->local = load->local;
  job->paths = g_steal_pointer (&load->paths);
  job->definitions = g_steal_pointer (&load->definitions);
  job->volumes = g_steal_pointer (&load->volumes);
  lane = gh_lane_new ("file-users");
  gh_lane_run_async (lane, GH_LANE_DEFAULT, GH_LANE_READ, "file-users", users_worker, job,
                     load_free, unref_users, load->cancellable, users_made_cb, g_object_ref (task));
}

static void
definitions_loaded_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->definitions = gh_host_load_definitions_finish (GH_HOST (object), result, &error);
  if (load->definitions == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  gh_host_load_volumes_async (load->host, /* refresh= */ TRUE, load->cancellable, volumes_loaded_cb,
                              g_object_ref (task));
}

/**
 * gh_file_users_load_async:
 * @host: a connected host
 * @paths: (nullable): the files that will be asked about
 * @cancellable: (nullable): stops it
 * @callback: called with the table
 * @user_data: for @callback
 *
 * Reads all definitions, snapshots and volumes of @host. Main thread.
 */
void
gh_file_users_load_async (GhHost              *host,
                          const char * const  *paths,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  GTask *task = NULL;
  Load *load = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  load = g_new0 (Load, 1);
  load->local = gh_host_is_local (host);
  load->paths = g_strdupv ((char **) paths);
  load->host = g_object_ref (host);
  load->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_file_users_load_async);
  g_task_set_task_data (task, load, load_free);
  gh_host_load_definitions_async (host, cancellable, definitions_loaded_cb, task);
}

/**
 * gh_file_users_load_finish:
 * @result: given to the callback
 * @error: (out): what could not be read
 *
 * Returns: (transfer full) (nullable): the table
 */
GhFileUsers *
gh_file_users_load_finish (GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* As identify(), but without looking: a path nobody has named is its own identity. */
static char *
dup_identity (GhFileUsers *self,
              const char  *path)
{
  g_autofree char *canonical = g_path_is_absolute (path) ? g_canonicalize_filename (path, "/")
                                                         : g_strdup (path);
  const char *identity = g_hash_table_lookup (self->identities, path);

  if (identity == NULL)
    identity = g_hash_table_lookup (self->identities, canonical);
  return identity != NULL ? g_strdup (identity) : g_steal_pointer (&canonical);
}

static GPtrArray *
lookup (GhFileUsers *self,
        const char  *path)
{
  g_autofree char *identity = dup_identity (self, path);

  return g_hash_table_lookup (self->users, identity);
}

gboolean
gh_file_users_is_same (GhFileUsers *self,
                       const char  *path,
                       const char  *other)
{
  g_autofree char *first = dup_identity (self, path);
  g_autofree char *second = dup_identity (self, other);

  return strcmp (first, second) == 0;
}

GhVolumeInfo *
gh_file_users_find_volume (GhFileUsers *self,
                           const char  *path)
{
  for (guint i = 0; i < self->volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (self->volumes, i);

      if (volume->path != NULL && gh_file_users_is_same (self, volume->path, path))
        return volume;
    }
  return NULL;
}

GhVolumeInfo *
gh_file_users_find_in_pool (GhFileUsers *self,
                            const char  *pool,
                            const char  *name)
{
  for (guint i = 0; i < self->volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (self->volumes, i);

      if (g_strcmp0 (volume->pool, pool) == 0 && g_strcmp0 (volume->name, name) == 0)
        return volume;
    }
  return NULL;
}

/* Whether the volume at @path belongs to the machine alone: then it is no user of its own. */
static gboolean
belongs_to (GhFileUsers *self,
            const char  *path,
            const char  *machine_uuid)
{
  GPtrArray *users = lookup (self, path);
  gboolean its_own = FALSE;

  for (guint i = 0; users != NULL && i < users->len; i++)
    {
      GhFileUser *user = g_ptr_array_index (users, i);

      if (g_strcmp0 (user->machine_uuid, machine_uuid) == 0)
        its_own = TRUE;
      else if (user->machine_uuid != NULL)
        return FALSE;
    }
  return its_own;
}

GPtrArray *
gh_file_users_find (GhFileUsers *self,
                    const char  *path,
                    const char  *except_uuid)
{
  GPtrArray *all = NULL;
  GPtrArray *found = g_ptr_array_new ();

  g_return_val_if_fail (self != NULL && path != NULL, found);

  all = lookup (self, path);
  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      GhFileUser *user = g_ptr_array_index (all, i);

      if (except_uuid != NULL && g_strcmp0 (user->machine_uuid, except_uuid) == 0)
        continue;
      if (except_uuid != NULL && user->machine_uuid == NULL &&
          belongs_to (self, user->name, except_uuid))
        continue;
      g_ptr_array_add (found, user);
    }
  return found;
}

char *
gh_file_users_dup_text (GhFileUsers *self,
                        const char  *path,
                        const char  *except_uuid)
{
  g_autoptr (GPtrArray) users = gh_file_users_find (self, path, except_uuid);
  g_autoptr (GString) text = NULL;

  if (users->len == 0)
    return NULL;

  text = g_string_new (NULL);
  for (guint i = 0; i < users->len; i++)
    {
      GhFileUser *user = g_ptr_array_index (users, i);

      if (i > 0)
        /* Translators: between the items of a list. */
        g_string_append (text, _(", "));
      /* Translators: who uses a file, and how: “web-2 (disk)”. */
      g_string_append_printf (text, _("%s (%s)"), user->name, user->how);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What is under the volume at @path: its backing file, nearest first; also for volumes whose
 * machine is gone. */
GStrv
gh_file_users_dup_chain (GhFileUsers *self,
                         const char  *path)
{
  g_autoptr (GStrvBuilder) chain = g_strv_builder_new ();
  const char *top = path;

  for (guint i = 0; i < MAX_CHAIN; i++)
    {
      g_autofree char *identity = dup_identity (self, top);

      top = g_hash_table_lookup (self->backings, identity);
      if (top == NULL)
        break;
      g_strv_builder_add (chain, top);
    }
  return g_strv_builder_end (chain);
}
