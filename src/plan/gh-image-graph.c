/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Questions to the graph. */

#define G_LOG_DOMAIN "gh-image-graph"

#include "config.h"

#include "gh-image-graph-private.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "gh-threads.h"

/* How many a sentence names before it counts the rest. */
#define MAX_NAMED 8

GhImageGraph *
gh_image_graph_ref (GhImageGraph *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gh_image_graph_unref (GhImageGraph *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->file_users);
  g_hash_table_unref (self->by_uuid);
  g_hash_table_unref (self->by_identity);
  g_hash_table_unref (self->identities);
  g_ptr_array_unref (self->unreadable);
  g_ptr_array_unref (self->blind_spots);
  g_ptr_array_unref (self->machines);
  g_ptr_array_unref (self->images);
  gh_storage_info_unref (self->storage);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

GPtrArray *
gh_image_graph_get_images (GhImageGraph *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->images;
}

GPtrArray *
gh_image_graph_get_machines (GhImageGraph *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->machines;
}

GPtrArray *
gh_image_graph_get_blind_spots (GhImageGraph *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->blind_spots;
}

GPtrArray *
gh_image_graph_get_unreadable (GhImageGraph *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->unreadable;
}

/* A path nobody has named is its own identity. */
char *
gh_image_graph_dup_identity (GhImageGraph *self,
                             const char   *path)
{
  g_autofree char *canonical = g_path_is_absolute (path) ? g_canonicalize_filename (path, "/")
                                                         : g_strdup (path);
  char *identity = NULL;

  g_mutex_lock (&self->mutex);
  identity = g_strdup (g_hash_table_lookup (self->identities, path));
  if (identity == NULL)
    identity = g_strdup (g_hash_table_lookup (self->identities, canonical));
  g_mutex_unlock (&self->mutex);
  return identity != NULL ? identity : g_steal_pointer (&canonical);
}

/**
 * gh_image_graph_find:
 * @self: a graph
 * @path: a path that was named to it or that it has met
 *
 * Returns: (transfer none) (nullable): the file there
 */
GhImage *
gh_image_graph_find (GhImageGraph *self,
                     const char   *path)
{
  g_autofree char *identity = NULL;

  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  identity = gh_image_graph_dup_identity (self, path);
  return g_hash_table_lookup (self->by_identity, identity);
}

GhImageMachine *
gh_image_graph_find_machine (GhImageGraph *self,
                             const char   *uuid)
{
  g_return_val_if_fail (self != NULL && uuid != NULL, NULL);

  return g_hash_table_lookup (self->by_uuid, uuid);
}

/* Adds what can be reached from @image, nearest first, without it. */
static void
add_reachable (GPtrArray  *found,
               GHashTable *seen,
               GhImage    *image,
               gboolean    up)
{
  guint start = found->len;

  g_hash_table_add (seen, image);
  for (guint i = start; i <= found->len; i++)
    {
      GhImage *from = i == start ? image : g_ptr_array_index (found, i - 1);
      GPtrArray *next = up ? from->above : from->below;

      for (guint j = 0; j < next->len; j++)
        if (g_hash_table_add (seen, g_ptr_array_index (next, j)))
          g_ptr_array_add (found, g_ptr_array_index (next, j));
    }
}

static GPtrArray *
find_reachable (GhImageGraph *self,
                const char   *path,
                gboolean      up)
{
  GPtrArray *found = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  GhImage *image = gh_image_graph_find (self, path);

  if (image != NULL)
    add_reachable (found, seen, image, up);
  return found;
}

GPtrArray *
gh_image_graph_find_dependents (GhImageGraph *self,
                                const char   *path)
{
  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  return find_reachable (self, path, TRUE);
}

GPtrArray *
gh_image_graph_find_chain (GhImageGraph *self,
                           const char   *path)
{
  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  return find_reachable (self, path, FALSE);
}

/* A snapshot names layers as disks, too, that only the machine as it was would write to. */
static GhImageMachine *
find_writer_of (const GhImage *image,
                const char    *except_uuid)
{
  for (guint i = 0; i < image->users->len; i++)
    {
      const GhImageUser *user = g_ptr_array_index (image->users, i);

      if (user->role == GH_IMAGE_AS_DISK && user->writes && user->machine->active &&
          g_strcmp0 (user->machine->uuid, except_uuid) != 0)
        return user->machine;
    }
  return NULL;
}

GhImageMachine *
gh_image_graph_find_writer (GhImageGraph *self,
                            const char   *path,
                            const char   *except_uuid)
{
  g_autoptr (GPtrArray) chain = NULL;
  GhImage *image = NULL;
  GhImageMachine *writer = NULL;

  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  image = gh_image_graph_find (self, path);
  if (image == NULL)
    return NULL;
  writer = find_writer_of (image, except_uuid);
  chain = gh_image_graph_find_chain (self, path);
  for (guint i = 0; i < chain->len && writer == NULL; i++)
    writer = find_writer_of (g_ptr_array_index (chain, i), except_uuid);
  return writer;
}

/* Sorting by what the user reads; the keys are made once, since that takes longest. */
typedef struct
{
  char     *key;
  gpointer  item;
} Sortable;

static int
compare_sortables (gconstpointer a,
                   gconstpointer b)
{
  return strcmp (((const Sortable *) a)->key, ((const Sortable *) b)->key);
}

static void
sort_items (GPtrArray    *items,
            const char *(*get_text) (gpointer item))
{
  g_autofree Sortable *sortables = g_new (Sortable, items->len + 1);

  for (guint i = 0; i < items->len; i++)
    {
      sortables[i].item = g_ptr_array_index (items, i);
      sortables[i].key = g_utf8_collate_key_for_filename (get_text (sortables[i].item), -1);
    }
  qsort (sortables, items->len, sizeof (Sortable), compare_sortables);
  for (guint i = 0; i < items->len; i++)
    {
      items->pdata[i] = sortables[i].item;
      g_free (sortables[i].key);
    }
}

static const char *
get_itself (gpointer item)
{
  return item;
}

static gboolean
has_user (GhImage *image)
{
  for (guint i = 0; i < image->users->len; i++)
    if (((GhImageUser *) g_ptr_array_index (image->users, i))->role != GH_IMAGE_AS_OTHER)
      return TRUE;
  return FALSE;
}

/* Whether a machine uses something that lies on it: then that one is named. */
static gboolean
is_used_through_others (GhImage *image)
{
  g_autoptr (GPtrArray) above = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  add_reachable (above, seen, image, TRUE);
  for (guint i = 0; i < above->len; i++)
    if (has_user (g_ptr_array_index (above, i)))
      return TRUE;
  return FALSE;
}

/**
 * gh_image_graph_list_names:
 * @self: a graph
 * @images: (element-type GhImage): images of it
 * @except_uuid: (nullable): a machine that does not count
 *
 * Who has to do with @images, for the user: the machines that use them, and the
 * paths of those that no other machine uses.
 *
 * Returns: (transfer full): names, sorted, machines first
 */
GStrv
gh_image_graph_list_names (GhImageGraph *self,
                           GPtrArray    *images,
                           const char   *except_uuid)
{
  g_autoptr (GHashTable) named = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  g_return_val_if_fail (self != NULL && images != NULL, NULL);

  for (guint i = 0; i < images->len; i++)
    {
      GhImage *image = g_ptr_array_index (images, i);
      gboolean has_other = FALSE;

      for (guint j = 0; j < image->users->len; j++)
        {
          GhImageUser *user = g_ptr_array_index (image->users, j);

          if (g_strcmp0 (user->machine->uuid, except_uuid) == 0)
            continue;
          has_other = TRUE;
          if (g_hash_table_add (named, user->machine))
            g_ptr_array_add (names, g_strdup (user->machine->name));
        }
      if (!has_other && !is_used_through_others (image))
        g_ptr_array_add (paths, g_strdup (image->path));
    }
  sort_items (names, get_itself);
  sort_items (paths, get_itself);
  g_ptr_array_extend_and_steal (names, g_steal_pointer (&paths));
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

/**
 * gh_image_names_dup_text:
 * @names: names
 *
 * Returns: (transfer full): them in words: “a”, “b” and 3 others
 */
char *
gh_image_names_dup_text (const char * const *names)
{
  guint n = g_strv_length ((char **) names);
  /* One more is not worth counting. */
  guint n_named = n <= MAX_NAMED + 1 ? n : MAX_NAMED;
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < n_named; i++)
    {
      if (i > 0)
        /* Translators: between the items of a list. */
        g_string_append (list, _(", "));
      g_string_append_printf (list, _("“%s”"), names[i]);
    }
  if (n > n_named)
    /* Translators: a list of quoted names, and how many more there are. */
    return g_strdup_printf (ngettext ("%s and %u other", "%s and %u others", n - n_named),
                            list->str, n - n_named);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

/* Checks */

static GPtrArray *
checks_new (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

/* Takes @title. */
static void
take_refusal (GPtrArray  *checks,
              const char *id,
              char       *title,
              const char *detail)
{
  g_ptr_array_add (checks, gh_check_new (GH_CHECK_REFUSAL, id, title, detail));
  g_free (title);
}

static char *
dup_machine_title (const char *name,
                   const char *list,
                   guint       n,
                   GhImageUse  use)
{
  switch (use)
    {
    case GH_IMAGE_USE_START:
      /* Translators: a machine, and those that were made from it. */
      return g_strdup_printf (ngettext ("“%s” cannot be started: %s depends on its disks",
                                        "“%s” cannot be started: %s depend on its disks", n),
                              name, list);
    case GH_IMAGE_USE_RESIZE:
      return g_strdup_printf (ngettext ("The disks of “%s” cannot be resized: %s depends on them",
                                        "The disks of “%s” cannot be resized: %s depend on them",
                                        n), name, list);
    case GH_IMAGE_USE_MOVE:
      return g_strdup_printf (ngettext ("The disks of “%s” cannot be moved: %s depends on them",
                                        "The disks of “%s” cannot be moved: %s depend on them", n),
                              name, list);
    case GH_IMAGE_USE_REVERT:
      return g_strdup_printf (ngettext ("“%s” cannot go back to a snapshot: "
                                        "%s depends on its disks",
                                        "“%s” cannot go back to a snapshot: "
                                        "%s depend on its disks", n), name, list);
    case GH_IMAGE_USE_DELETE:
      return g_strdup_printf (ngettext ("Deleting “%s” breaks %s", "Deleting “%s” breaks %s", n),
                              name, list);
    case GH_IMAGE_USE_WRITE:
    default:
      return g_strdup_printf (ngettext ("The disks of “%s” cannot be written to: "
                                        "%s depends on them",
                                        "The disks of “%s” cannot be written to: "
                                        "%s depend on them", n), name, list);
    }
}

/* Whether those who need it are all throw-away copies. */
static gboolean
are_trials (GPtrArray  *needing,
            const char *except_uuid)
{
  for (guint i = 0; i < needing->len; i++)
    {
      GhImage *image = g_ptr_array_index (needing, i);

      if (image->users->len == 0 && image->above->len == 0)
        return FALSE;
      for (guint j = 0; j < image->users->len; j++)
        {
          GhImageUser *user = g_ptr_array_index (image->users, j);

          if (user->machine->kind != GH_MACHINE_TRIAL &&
              g_strcmp0 (user->machine->uuid, except_uuid) != 0)
            return FALSE;
        }
    }
  return TRUE;
}

static const char *
get_needed_detail (GhImageUse use,
                   gboolean   trials)
{
  if (trials)
    return _("What is tried in a throw-away copy holds only what differs from it. Discard the "
             "trial, and it is as it was before.");
  if (use == GH_IMAGE_USE_DELETE)
    return _("What it holds is a part of them, also while they are off. Make them independent or "
             "delete them first.");
  if (use == GH_IMAGE_USE_MOVE)
    return _("They look for it where it is now. Make them independent or delete them first.");
  return _("They hold only what differs from it, so that each change of it destroys them, also "
           "while they are off. Make them independent or delete them first.");
}

static gboolean
is_used_by (GhImage              *image,
            const GhImageMachine *machine)
{
  for (guint i = 0; i < image->users->len; i++)
    if (((GhImageUser *) g_ptr_array_index (image->users, i))->machine == machine)
      return TRUE;
  return FALSE;
}

/* While a machine runs its definition names what its disks lie on, too, which is only read. */
static gboolean
is_base_of_own (GhImage              *image,
                const GhImageMachine *machine)
{
  for (guint i = 0; i < image->above->len; i++)
    if (is_used_by (g_ptr_array_index (image->above, i), machine))
      return TRUE;
  return FALSE;
}

/* Everything that lies on a disk of the machine that it may write to. */
static GPtrArray *
find_needing (GhImageMachine *machine)
{
  GPtrArray *found = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < machine->images->len; i++)
    {
      GhImage *image = g_ptr_array_index (machine->images, i);
      gboolean writes = FALSE;

      for (guint j = 0; j < image->users->len; j++)
        {
          GhImageUser *user = g_ptr_array_index (image->users, j);

          /* QEMU's own arguments do not say it in a way that could be relied on. */
          writes = writes || (user->machine == machine &&
                              (user->writes ||
                               (user->role == GH_IMAGE_AS_OTHER && image->is_image &&
                                !is_base_of_own (image, machine))));
        }
      if (writes)
        add_reachable (found, seen, image, TRUE);
    }
  return found;
}

/**
 * gh_image_graph_dup_dependents:
 * @self: a graph
 * @uuid: a machine
 *
 * Returns: (transfer full) (nullable): who depends on its disks, in words; %NULL when
 *   nobody does
 */
char *
gh_image_graph_dup_dependents (GhImageGraph *self,
                               const char   *uuid)
{
  GhImageMachine *machine = NULL;
  g_autoptr (GPtrArray) needing = NULL;
  g_auto (GStrv) names = NULL;

  g_return_val_if_fail (self != NULL && uuid != NULL, NULL);

  machine = gh_image_graph_find_machine (self, uuid);
  if (machine == NULL)
    return NULL;
  needing = find_needing (machine);
  names = gh_image_graph_list_names (self, needing, uuid);
  return names[0] != NULL ? gh_image_names_dup_text ((const char * const *) names) : NULL;
}

/**
 * gh_image_graph_check_machine:
 * @self: a graph
 * @uuid: a machine
 * @use: what is to be done to it
 *
 * Says what speaks against it: others lie on its disks, or it is a template, which
 * is kept for them. Deleting a machine that is no template is not refused: the files
 * that others need are kept.
 *
 * Returns: (transfer full) (element-type GhCheck): refusals
 */
GPtrArray *
gh_image_graph_check_machine (GhImageGraph *self,
                              const char   *uuid,
                              GhImageUse    use)
{
  GPtrArray *checks = checks_new ();
  GhImageMachine *machine = NULL;
  g_autoptr (GPtrArray) needing = NULL;
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;

  g_return_val_if_fail (self != NULL && uuid != NULL, checks);
  g_assert (GH_IS_MAIN_THREAD ());

  machine = gh_image_graph_find_machine (self, uuid);
  if (machine == NULL)
    return checks;
  needing = find_needing (machine);
  names = gh_image_graph_list_names (self, needing, uuid);
  if (names[0] != NULL && (use != GH_IMAGE_USE_DELETE || machine->is_template))
    {
      list = gh_image_names_dup_text ((const char * const *) names);
      take_refusal (checks, machine->is_template ? "template" : "images-needed",
                    dup_machine_title (machine->name, list, g_strv_length (names), use),
                    get_needed_detail (use, are_trials (needing, uuid)));
    }
  else if (machine->is_template && use != GH_IMAGE_USE_DELETE && use != GH_IMAGE_USE_MOVE)
    take_refusal (checks, "template", g_strdup_printf (_("“%s” is a template"), machine->name),
                  _("It is kept as it is, for machines to be made from it. Nothing depends on it "
                    "now: to start or change it, use it as a machine again."));
  return checks;
}

static char *
dup_path_title (const char *path,
                const char *list,
                guint       n,
                GhImageUse  use)
{
  switch (use)
    {
    case GH_IMAGE_USE_DELETE:
      /* Translators: a file, and the machines that need it. */
      return g_strdup_printf (ngettext ("Deleting “%s” breaks %s", "Deleting “%s” breaks %s", n),
                              path, list);
    case GH_IMAGE_USE_RESIZE:
      return g_strdup_printf (ngettext ("“%s” cannot be resized: %s depends on it",
                                        "“%s” cannot be resized: %s depend on it", n), path, list);
    case GH_IMAGE_USE_MOVE:
      return g_strdup_printf (ngettext ("“%s” cannot be moved: %s depends on it",
                                        "“%s” cannot be moved: %s depend on it", n), path, list);
    case GH_IMAGE_USE_START:
    case GH_IMAGE_USE_WRITE:
    case GH_IMAGE_USE_REVERT:
    default:
      return g_strdup_printf (ngettext ("“%s” cannot be written to: %s depends on it",
                                        "“%s” cannot be written to: %s depend on it", n), path,
                              list);
    }
}

/**
 * gh_image_graph_check_path:
 * @self: a graph
 * @path: a file
 * @except_uuid: (nullable): a machine that does not count, because it goes too
 * @use: what is to be done to it
 *
 * Returns: (transfer full) (element-type GhCheck): refusals
 */
GPtrArray *
gh_image_graph_check_path (GhImageGraph *self,
                           const char   *path,
                           const char   *except_uuid,
                           GhImageUse    use)
{
  GPtrArray *checks = checks_new ();
  g_autoptr (GPtrArray) needing = NULL;
  g_auto (GStrv) names = NULL;
  GhImage *image = NULL;

  g_return_val_if_fail (self != NULL && path != NULL, checks);
  g_assert (GH_IS_MAIN_THREAD ());

  image = gh_image_graph_find (self, path);
  needing = gh_image_graph_find_dependents (self, path);
  if (use == GH_IMAGE_USE_DELETE && image != NULL && has_user (image))
    g_ptr_array_insert (needing, 0, image);
  names = gh_image_graph_list_names (self, needing, except_uuid);
  /* Its own machine is no reason to keep it. */
  if (names[0] != NULL && !(needing->len == 1 && needing->pdata[0] == image &&
                            strcmp (names[0], image->path) == 0))
    {
      g_autofree char *list = gh_image_names_dup_text ((const char * const *) names);

      take_refusal (checks, "images-needed",
                    dup_path_title (path, list, g_strv_length (names), use),
                    get_needed_detail (use, are_trials (needing, except_uuid)));
    }
  if (use == GH_IMAGE_USE_DELETE && self->blind_spots->len > 0)
    take_refusal (checks, "images-unknown",
                  g_strdup_printf (_("It is not known whether “%s” is needed"), path),
                  g_ptr_array_index (self->blind_spots, 0));
  return checks;
}

/* For the picture */

GPtrArray *
gh_image_graph_list_related (GhImageGraph *self,
                             const char   *uuid,
                             const char   *path)
{
  GPtrArray *found = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) starts = g_ptr_array_new ();
  GhImageMachine *machine = NULL;

  g_return_val_if_fail (self != NULL, found);

  if (uuid == NULL && path == NULL)
    {
      for (guint i = 0; i < self->images->len; i++)
        if (((GhImage *) g_ptr_array_index (self->images, i))->is_image)
          g_ptr_array_add (found, g_ptr_array_index (self->images, i));
      return found;
    }
  machine = uuid != NULL ? gh_image_graph_find_machine (self, uuid) : NULL;
  for (guint i = 0; machine != NULL && i < machine->images->len; i++)
    if (((GhImage *) g_ptr_array_index (machine->images, i))->is_image)
      g_ptr_array_add (starts, g_ptr_array_index (machine->images, i));
  if (path != NULL && gh_image_graph_find (self, path) != NULL)
    g_ptr_array_add (starts, gh_image_graph_find (self, path));
  for (guint i = 0; i < starts->len; i++)
    {
      GhImage *image = g_ptr_array_index (starts, i);
      /* Each way has its own marks: what is beside it, on the same base, is not related. */
      g_autoptr (GHashTable) up = g_hash_table_new (NULL, NULL);
      g_autoptr (GHashTable) down = g_hash_table_new (NULL, NULL);
      g_autoptr (GPtrArray) reached = g_ptr_array_new ();

      g_ptr_array_add (reached, image);
      add_reachable (reached, down, image, FALSE);
      add_reachable (reached, up, image, TRUE);
      for (guint j = 0; j < reached->len; j++)
        if (g_hash_table_add (seen, g_ptr_array_index (reached, j)))
          g_ptr_array_add (found, g_ptr_array_index (reached, j));
    }
  return found;
}

static const char *
get_path (gpointer item)
{
  return ((GhImage *) item)->path;
}

GPtrArray *
gh_image_graph_list_roots (GhImageGraph *self,
                           GPtrArray    *images)
{
  GPtrArray *roots = g_ptr_array_new ();
  g_autoptr (GHashTable) all = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) reached = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) passed = g_ptr_array_new ();

  g_return_val_if_fail (self != NULL && images != NULL, roots);

  for (guint i = 0; i < images->len; i++)
    g_hash_table_add (all, g_ptr_array_index (images, i));
  for (guint i = 0; i < images->len; i++)
    {
      GhImage *image = g_ptr_array_index (images, i);
      gboolean is_root = TRUE;

      for (guint j = 0; j < image->below->len; j++)
        is_root = is_root && !g_hash_table_contains (all, g_ptr_array_index (image->below, j));
      if (is_root)
        {
          g_ptr_array_add (roots, image);
          add_reachable (passed, reached, image, TRUE);
        }
    }
  /* Images that lie on each other in a circle have no root: any of them will do. */
  for (guint i = 0; i < images->len; i++)
    {
      GhImage *image = g_ptr_array_index (images, i);

      if (g_hash_table_contains (reached, image))
        continue;
      g_ptr_array_add (roots, image);
      add_reachable (passed, reached, image, TRUE);
    }
  sort_items (roots, get_path);
  return roots;
}
