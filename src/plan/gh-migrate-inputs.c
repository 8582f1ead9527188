/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Inputs of a move that are no properties: what is wanted of its disks, networks and devices, each
 * by its name, and of its processor and secrets. */

#define G_LOG_DOMAIN "gh-migrate-inputs"

#include "config.h"

#include "gh-migrate-plan-private.h"

void
gh_migrate_plan_set_disk_mode (GhMigratePlan     *self,
                               const char        *target,
                               GhMigrateDiskMode  mode)
{
  gpointer value = GINT_TO_POINTER ((int) mode + 1);

  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));
  g_return_if_fail (target != NULL && mode < GH_MIGRATE_DISK_N_MODES);

  if (g_hash_table_lookup (self->inputs.modes, target) == value)
    return;
  g_hash_table_insert (self->inputs.modes, g_strdup (target), value);
  gh_plan_invalidate (GH_PLAN (self));
}

static void
set_text (GhMigratePlan *self,
          GHashTable    *table,
          const char    *key,
          const char    *value)
{
  if (g_strcmp0 (g_hash_table_lookup (table, key), value) == 0)
    return;
  if (value != NULL)
    g_hash_table_insert (table, g_strdup (key), g_strdup (value));
  else
    g_hash_table_remove (table, key);
  gh_plan_invalidate (GH_PLAN (self));
}

void
gh_migrate_plan_set_disk_pool (GhMigratePlan *self,
                               const char    *target,
                               const char    *pool)
{
  const char *path = NULL;

  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));
  g_return_if_fail (target != NULL);

  path = g_hash_table_lookup (self->inputs.paths, target);
  if (pool != NULL && path != NULL && g_path_is_absolute (path))
    {
      g_autofree char *name = g_path_get_basename (path);

      set_text (self, self->inputs.paths, target, name);
    }
  set_text (self, self->inputs.pools, target, pool);
}

void
gh_migrate_plan_set_disk_path (GhMigratePlan *self,
                               const char    *target,
                               const char    *path)
{
  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));
  g_return_if_fail (target != NULL);

  if (path != NULL && g_path_is_absolute (path))
    g_hash_table_remove (self->inputs.pools, target);
  set_text (self, self->inputs.paths, target, path);
}

void
gh_migrate_plan_set_all_disks (GhMigratePlan *self,
                               gboolean       copy,
                               const char    *pool)
{
  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));

  if (self->inputs.copy_all == copy && g_strcmp0 (self->inputs.pool_for_all, pool) == 0)
    return;
  self->inputs.copy_all = copy;
  g_free (self->inputs.pool_for_all);
  self->inputs.pool_for_all = g_strdup (pool);
  gh_plan_invalidate (GH_PLAN (self));
}

void
gh_migrate_plan_reset_disk (GhMigratePlan *self,
                            const char    *target)
{
  gboolean had_mode = FALSE;
  gboolean had_pool = FALSE;
  gboolean had_path = FALSE;

  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));
  g_return_if_fail (target != NULL);

  had_mode = g_hash_table_remove (self->inputs.modes, target);
  had_pool = g_hash_table_remove (self->inputs.pools, target);
  had_path = g_hash_table_remove (self->inputs.paths, target);
  if (had_mode || had_pool || had_path)
    gh_plan_invalidate (GH_PLAN (self));
}

void
gh_migrate_plan_set_network (GhMigratePlan *self,
                             const char    *name,
                             const char    *destination)
{
  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));
  g_return_if_fail (name != NULL);

  set_text (self, self->inputs.networks, name, destination);
}

void
gh_migrate_plan_set_dropped (GhMigratePlan *self,
                             const char    *device,
                             gboolean       dropped)
{
  gboolean is_changed = FALSE;

  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));
  g_return_if_fail (device != NULL);

  is_changed = dropped ? g_hash_table_add (self->inputs.dropped, g_strdup (device))
                       : g_hash_table_remove (self->inputs.dropped, device);
  if (is_changed)
    gh_plan_invalidate (GH_PLAN (self));
}

void
gh_migrate_plan_set_cpu (GhMigratePlan *self,
                         const char    *cpu)
{
  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));

  if (g_strcmp0 (self->inputs.cpu, cpu) == 0)
    return;
  g_free (self->inputs.cpu);
  self->inputs.cpu = g_strdup (cpu);
  gh_plan_invalidate (GH_PLAN (self));
}

void
gh_migrate_plan_set_copy_secrets (GhMigratePlan *self,
                                  gboolean       copied)
{
  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));

  if (self->inputs.copy_secrets == copied)
    return;
  self->inputs.copy_secrets = copied;
  gh_plan_invalidate (GH_PLAN (self));
}
