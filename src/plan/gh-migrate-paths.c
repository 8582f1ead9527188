/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What disks are called at the destination of a move: as here, by a name that is free, or as the
 * user wants it. */

#define G_LOG_DOMAIN "gh-migrate-paths"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>

#include "gh-migrate-fixes.h"
#include "gh-migrate-plan-private.h"

/* Names that are tried for a copy. */
#define N_CANDIDATES 4

/* Pools */

static gboolean
pool_has_files (const GhPoolInfo *pool)
{
  static const char * const types[] = { "dir", "fs", "netfs", NULL };

  return pool->path != NULL && g_strv_contains (types, pool->type);
}

const GhPoolInfo *
gh_migrate_find_pool (GPtrArray  *pools,
                      const char *name)
{
  for (guint i = 0; name != NULL && i < pools->len; i++)
    if (strcmp (((GhPoolInfo *) pools->pdata[i])->name, name) == 0)
      return pools->pdata[i];
  return NULL;
}

/* The pool on the same folder, else of the same name, else the usual one, else any. One that has to
 * be started first is better than none: a check offers that. */
static const GhPoolInfo *
propose_pool (GPtrArray             *pools,
              const GhMigrationFile *file)
{
  g_autofree char *folder = g_path_get_dirname (file->path);
  const GhPoolInfo *found = NULL;
  const char *names[] = { file->pool, "default" };

  for (guint i = 0; i < pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (pools, i);

      if (pool->active && pool_has_files (pool) && strcmp (pool->path, folder) == 0)
        return pool;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      found = gh_migrate_find_pool (pools, names[i]);
      if (found != NULL && found->active && pool_has_files (found))
        return found;
    }
  for (guint i = 0; i < pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (pools, i);

      if (pool->active && pool_has_files (pool))
        return pool;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      found = gh_migrate_find_pool (pools, names[i]);
      if (found != NULL && pool_has_files (found))
        return found;
    }
  return NULL;
}

static GStrv
list_candidates (const GhPoolInfo      *pool,
                 const GhMigrationFile *file)
{
  g_autofree char *name = g_path_get_basename (file->path);
  const char *dot = strrchr (name, '.');
  g_autofree char *stem = dot != NULL && dot != name ? g_strndup (name, (gsize) (dot - name))
                                                     : g_strdup (name);
  const char *suffix = dot != NULL && dot != name ? dot : "";
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 1; i <= N_CANDIDATES; i++)
    {
      g_autofree char *other = i == 1 ? g_strdup (name) : g_strdup_printf ("%s-%u%s", stem, i,
                                                                           suffix);
      g_autofree char *path = g_build_filename (pool->path, other, NULL);

      g_strv_builder_add (builder, path);
    }
  return g_strv_builder_end (builder);
}

/* What was asked for */

static gboolean
is_whole_path (const char *text)
{
  return text != NULL && g_path_is_absolute (text);
}

/* One that names a file, and only in one way. */
static gboolean
is_sound (const char *text)
{
  g_autofree char *canonical = is_whole_path (text) ? g_canonicalize_filename (text, "/") : NULL;
  g_autofree char *name = g_path_get_basename (text);

  for (const char *p = text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return FALSE;
  if (*text == '\0' || strcmp (text, "/") == 0 || strlen (name) > NAME_MAX ||
      strlen (text) >= PATH_MAX || !g_utf8_validate (text, -1, NULL))
    return FALSE;
  if (canonical != NULL)
    return strcmp (canonical, text) == 0;
  return strchr (text, '/') == NULL && strcmp (text, ".") != 0 && strcmp (text, "..") != 0;
}

static const GhPoolInfo *
find_pool_of_folder (GPtrArray  *pools,
                     const char *folder)
{
  const GhPoolInfo *found = NULL;

  for (guint i = 0; i < pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (pools, i);

      if (pool_has_files (pool) && strcmp (pool->path, folder) == 0 &&
          (found == NULL || pool->active))
        found = pool;
    }
  return found;
}

const char *
gh_migrate_item_get_path (const GhMigrateItem *item)
{
  return is_whole_path (item->wanted) && is_sound (item->wanted) ? item->wanted
                                                                 : item->xml->source;
}

gboolean
gh_migrate_item_is_renamed (const GhMigrateItem *item)
{
  return g_strcmp0 (gh_migrate_item_get_path (item), item->xml->source) != 0;
}

void
gh_migrate_item_choose_pool (GhMigrateItem *item,
                             GPtrArray     *pools)
{
  g_autofree char *folder = is_whole_path (item->wanted) ? g_path_get_dirname (item->wanted) : NULL;
  g_autofree char *name = item->wanted != NULL ? g_path_get_basename (item->wanted) : NULL;

  if (folder != NULL)
    item->pool = find_pool_of_folder (pools, folder);
  else if (item->pool_name != NULL)
    item->pool = gh_migrate_find_pool (pools, item->pool_name);
  else
    item->pool = propose_pool (pools, item->here);
  if (item->pool == NULL || !pool_has_files (item->pool))
    item->pool = NULL;
  else if (item->wanted == NULL)
    item->candidates = list_candidates (item->pool, item->here);
  else if (is_sound (item->wanted))
    {
      g_autofree char *path = g_build_filename (item->pool->path, name, NULL);
      const char *paths[] = { path, NULL };

      item->candidates = g_strdupv ((char **) paths);
    }
}

static void
refuse (GhMigratePlan *self,
        GhPlanDraft   *draft,
        const char    *id,
        char          *title,
        const char    *detail)
{
  g_autofree char *owned = title;

  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, id, owned, detail));
}

static gboolean
has_base (GhMigratePlan       *self,
          const GhMigrateItem *item)
{
  GhImage *image = self->facts.graph != NULL && item->here != NULL
                   ? gh_image_graph_find (self->facts.graph, item->here->path) : NULL;

  return (item->xml->backing != NULL && item->xml->backing[0] != NULL) || item->n_layers > 0 ||
         (image != NULL && (image->below->len > 0 || image->foreign_base != NULL));
}

/* Whether it was seen to be the same file, will be proved to be, or is known not to be. */
static gboolean
is_provable (const GhMigrateItem *item)
{
  g_autofree char *here = item->here != NULL ? g_path_get_basename (item->here->path) : NULL;
  g_autofree char *there = g_path_get_basename (item->wanted);

  return gh_migration_file_is_same (item->here, item->there) ||
         (item->there != NULL && item->there->is_known) || item->is_medium ||
         (!g_str_has_prefix (item->wanted, "/dev/") && gh_migrate_item_can_be_probed (item) &&
          g_strcmp0 (here, there) == 0);
}

gboolean
gh_migrate_check_path (GhMigratePlan       *self,
                       GhPlanDraft         *draft,
                       const GhMigrateItem *item)
{
  gboolean shared = item->mode == GH_MIGRATE_DISK_SHARED;
  const char *target = item->xml->target;

  if (item->wanted == NULL || item->mode == GH_MIGRATE_DISK_LEFT)
    return TRUE;
  if (!is_sound (item->wanted) || (shared && !is_whole_path (item->wanted)))
    refuse (self, draft, "path-invalid",
            /* Translators: what was typed, and a disk (“vda”). */
            g_strdup_printf (_("“%s” cannot be the path of the disk %s"), item->wanted, target),
            shared ? _("A disk both hosts see needs its whole path there, beginning with “/”.")
                   : _("It is a name without “/”, or a whole path beginning with “/”."));
  else if (shared && gh_migrate_item_is_renamed (item) && has_base (self, item))
    refuse (self, draft, "path-chain",
            g_strdup_printf (_("The disk %s cannot have another path there"), target),
            _("It rests on other images, which it finds by their paths here. Mount the share at "
              "the same place there, or copy the disk."));
  else if (shared && gh_migrate_item_is_renamed (item) && !is_provable (item))
    refuse (self, draft, "path-not-known",
            /* Translators: a path on another host, and a disk (“vda”). */
            g_strdup_printf (_("It cannot be told whether “%s” is the disk %s"), item->wanted,
                             target),
            _("Of a host that is elsewhere only the folder can be proved to be the same, so the "
              "file has to have the same name there as here."));
  else if (!shared && item->pool != NULL && item->pool->active && item->destination == NULL)
    refuse (self, draft, "file-taken",
            /* Translators: a path on another host, and a disk (“vda”). */
            g_strdup_printf (_("“%s” is taken, and the disk %s cannot be written there"),
                             item->candidates[0], target),
            _("What is there is not overwritten. Choose another name."));
  else
    return TRUE;
  return FALSE;
}
