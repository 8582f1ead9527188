/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-sums"

#include "config.h"

#include "gh-migrate-sums.h"

#include <glib/gi18n-lib.h>

#include "gh-format.h"

/* Of one pool. */
typedef struct
{
  guint64 least;
  guint64 most;
} Sum;

struct _GhMigrateSums
{
  char       *there;
  GHashTable *pools;      /* name → Sum */
  guint64     memory_kib;
};

GhMigrateSums *
gh_migrate_sums_new (const char *there)
{
  GhMigrateSums *self = g_new0 (GhMigrateSums, 1);

  self->there = g_strdup (there);
  self->pools = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
gh_migrate_sums_free (GhMigrateSums *self)
{
  g_free (self->there);
  g_hash_table_unref (self->pools);
  g_free (self);
}

static const char *
get_name (GhMigratePlan *plan)
{
  return gh_machine_get_name (gh_migrate_plan_get_machine (plan));
}

/* Takes @title. */
static void
warn (GhPlanDraft   *draft,
      GhMigratePlan *plan,
      const char    *rule,
      char          *title,
      const char    *detail)
{
  g_autofree char *id = g_strdup_printf ("%s/%s", rule, get_name (plan));

  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_WARNING, id, title, detail));
  g_free (title);
}

static Sum *
ensure_sum (GhMigrateSums *self,
            const char    *pool)
{
  Sum *sum = g_hash_table_lookup (self->pools, pool);

  if (sum != NULL)
    return sum;
  sum = g_new0 (Sum, 1);
  g_hash_table_insert (self->pools, g_strdup (pool), sum);
  return sum;
}

/* FALSE: it is full before. */
static gboolean
look_at_pool (GhMigrateSums       *self,
              GhMigratePlan       *plan,
              const GhMigrateRoom *room,
              GhPlanDraft         *draft)
{
  const Sum *before = ensure_sum (self, room->pool);
  guint64 least = before->least + room->least;
  guint64 most = before->most + room->most;
  g_autofree char *left = gh_format_file_size (room->available);
  g_autofree char *needed = gh_format_file_size (least > room->available ? least : most);

  if (room->least > 0 && least > room->available)
    {
      warn (draft, plan, "together-no-room",
            /* Translators: a machine, a pool, a host, and two sizes. */
            g_strdup_printf (_("“%s” is not moved: “%s” at %s has %s free, and with those before "
                               "it %s is needed"), get_name (plan), room->pool, self->there, left,
                             needed),
            _("Leave out another one, free some room, or move it by itself to another pool."));
      return FALSE;
    }
  /* Where it is tight for one alone, its own plan says so. */
  if (room->most > 0 && most > room->available && room->most <= room->available)
    warn (draft, plan, "together-little-room",
          g_strdup_printf (_("“%s”: “%s” at %s has %s free, and with those before it up to %s may "
                             "be needed"), get_name (plan), room->pool, self->there, left, needed),
          _("When there is no room, its move fails and it stays as it is here."));
  return TRUE;
}

static void
look_at_memory (GhMigrateSums *self,
                GhMigratePlan *plan,
                GhPlanDraft   *draft)
{
  guint64 free_kib = 0;
  guint64 own = gh_migrate_plan_get_memory_kib (plan, &free_kib);
  g_autofree char *left = gh_format_memory (free_kib);
  g_autofree char *needed = NULL;

  self->memory_kib += own;
  needed = gh_format_memory (self->memory_kib);
  if (own > 0 && free_kib > 0 && own <= free_kib && self->memory_kib > free_kib)
    warn (draft, plan, "together-memory",
          /* Translators: a machine, a host, and two amounts of memory. */
          g_strdup_printf (_("“%s”: %s has %s of memory free, and with those before it %s is "
                             "needed"), get_name (plan), self->there, left, needed),
          _("They may become slow, or the host may end one."));
}

gboolean
gh_migrate_sums_add (GhMigrateSums *self,
                     GhMigratePlan *plan,
                     GhPlanDraft   *draft)
{
  g_autoptr (GArray) rooms = NULL;

  g_return_val_if_fail (self != NULL && GH_IS_MIGRATE_PLAN (plan), FALSE);

  rooms = gh_migrate_plan_list_room (plan);
  for (guint i = 0; i < rooms->len; i++)
    if (!look_at_pool (self, plan, &g_array_index (rooms, GhMigrateRoom, i), draft))
      return FALSE;
  for (guint i = 0; i < rooms->len; i++)
    {
      const GhMigrateRoom *room = &g_array_index (rooms, GhMigrateRoom, i);
      Sum *sum = ensure_sum (self, room->pool);

      sum->least += room->least;
      sum->most += room->most;
    }
  look_at_memory (self, plan, draft);
  return TRUE;
}
