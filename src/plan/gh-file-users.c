/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Libvirt protects nobody's data: it deletes a backing file under ten machines
 * without a word. So before a file is removed, or given to a second machine, this
 * table is asked. It is the graph of the host's images, read anew, seen from below.
 */

#define G_LOG_DOMAIN "gh-file-users"

#include "config.h"

#include "gh-file-users.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-image-graph-private.h"

struct _GhFileUsers
{
  gatomicrefcount ref_count;
  GhImageGraph   *graph;
};

void
gh_file_user_free (gpointer user)
{
  GhFileUser *self = user;

  g_free (self->machine_uuid);
  g_free (self->name);
  g_free (self->how);
  g_free (self);
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
  gh_image_graph_unref (self->graph);
  g_free (self);
}

static void
unref_users (gpointer users)
{
  gh_file_users_unref (users);
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhImageGraph *graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  GhFileUsers *self = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self = g_new0 (GhFileUsers, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->graph = graph;
  g_task_return_pointer (task, self, unref_users);
}

/**
 * gh_file_users_load_async:
 * @host: a connected host
 * @paths: (nullable): the files that will be asked about
 * @cancellable: (nullable): stops it
 * @callback: called with the table
 * @user_data: for @callback
 *
 * Reads all definitions, snapshots and images of @host. Main thread.
 */
void
gh_file_users_load_async (GhHost              *host,
                          const char * const  *paths,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_file_users_load_async);
  gh_image_graph_reload_async (host, paths, cancellable, graph_loaded_cb, task);
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

static void
users_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *path = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GhFileUsers) users = gh_file_users_load_finish (result, &error);
  g_autofree char *text = users != NULL ? gh_file_users_dup_text (users, path, NULL) : NULL;
  g_autofree char *problem = users != NULL ? gh_file_users_dup_problem (users) : NULL;

  if (error != NULL)
    g_task_return_error (task, error);
  else if (problem != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s", problem);
  else if (text != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, _("It is used by %s."), text);
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * gh_file_users_find_none_async:
 * @host: a connected host
 * @path: a file that is to be removed
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Makes sure that nobody uses a file, by what is read now. The one question before a
 * file is removed; not knowing is an answer that stops it. Main thread.
 */
void
gh_file_users_find_none_async (GhHost              *host,
                               const char          *path,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  const char *paths[] = { path, NULL };
  GTask *task = NULL;

  g_return_if_fail (path != NULL);

  task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_file_users_find_none_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  gh_file_users_load_async (host, paths, NULL, users_loaded_cb, task);
}

gboolean
gh_file_users_find_none_finish (GAsyncResult  *result,
                                GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

GhImageGraph *
gh_file_users_get_graph (GhFileUsers *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->graph;
}

/**
 * gh_file_users_dup_problem:
 * @self: the table
 *
 * Returns: (transfer full) (nullable): why nobody can say that a file is not used;
 *   %NULL when everything could be read
 */
char *
gh_file_users_dup_problem (GhFileUsers *self)
{
  GPtrArray *spots = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  spots = gh_image_graph_get_blind_spots (self->graph);
  return spots->len > 0 ? g_strdup (g_ptr_array_index (spots, 0)) : NULL;
}

static GPtrArray *
lookup (GhFileUsers *self,
        const char  *path)
{
  GhImage *image = gh_image_graph_find (self->graph, path);

  return image != NULL ? g_hash_table_lookup (self->graph->file_users, image) : NULL;
}

gboolean
gh_file_users_is_same (GhFileUsers *self,
                       const char  *path,
                       const char  *other)
{
  g_autofree char *first = gh_image_graph_dup_identity (self->graph, path);
  g_autofree char *second = gh_image_graph_dup_identity (self->graph, other);

  return strcmp (first, second) == 0;
}

GhVolumeInfo *
gh_file_users_find_volume (GhFileUsers *self,
                           const char  *path)
{
  GPtrArray *volumes = self->graph->storage->volumes;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);

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
  GPtrArray *volumes = self->graph->storage->volumes;

  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);

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

/* What is under the image at @path: its backing file, nearest first; also for images whose
 * machine is gone. */
GStrv
gh_file_users_dup_chain (GhFileUsers *self,
                         const char  *path)
{
  g_autoptr (GStrvBuilder) chain = g_strv_builder_new ();
  g_autoptr (GPtrArray) images = gh_image_graph_find_chain (self->graph, path);

  for (guint i = 0; i < images->len; i++)
    g_strv_builder_add (chain, ((GhImage *) g_ptr_array_index (images, i))->path);
  return g_strv_builder_end (chain);
}
