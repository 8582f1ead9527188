/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-disk-row"

#include "config.h"

#include "gh-migrate-disk-row.h"

#include <glib/gi18n-lib.h>

#include "gh-disk-choice.h"
#include "gh-format.h"

/* In the order of GhMigrateDiskMode. */
static const char *const mode_labels[] = {
  N_("Both hosts see it"),
  N_("Copy it"),
  N_("Leave it here"),
  NULL,
};

struct _GhMigrateDiskRow
{
  GtkBin         parent_instance;

  GhMigratePlan *plan;   /* (owned) (nullable) */
  GhMigrateDisk *disk;   /* (owned) (nullable) */
  GhDiskChoice  *choice; /* (unowned) */
};

G_DEFINE_FINAL_TYPE (GhMigrateDiskRow, gh_migrate_disk_row, GTK_TYPE_BIN)

static void
mode_chosen_cb (GhMigrateDiskRow *self,
                int               mode)
{
  gh_migrate_plan_set_disk_mode (self->plan, self->disk->target, (GhMigrateDiskMode) mode);
}

static void
pool_chosen_cb (GhMigrateDiskRow *self,
                const char       *pool)
{
  gh_migrate_plan_set_disk_pool (self->plan, self->disk->target, pool);
}

static void
path_chosen_cb (GhMigrateDiskRow *self,
                const char       *path)
{
  gh_migrate_plan_set_disk_path (self->plan, self->disk->target, path);
}

static void
reset_cb (GhMigrateDiskRow *self)
{
  gh_migrate_plan_reset_disk (self->plan, self->disk->target);
}

static void
gh_migrate_disk_row_finalize (GObject *object)
{
  GhMigrateDiskRow *self = GH_MIGRATE_DISK_ROW (object);

  g_clear_object (&self->plan);
  g_clear_pointer (&self->disk, gh_migrate_disk_unref);
  G_OBJECT_CLASS (gh_migrate_disk_row_parent_class)->finalize (object);
}

static void
gh_migrate_disk_row_class_init (GhMigrateDiskRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_migrate_disk_row_finalize;
}

static void
gh_migrate_disk_row_init (GhMigrateDiskRow *self)
{
  G_STATIC_ASSERT (G_N_ELEMENTS (mode_labels) == GH_MIGRATE_DISK_N_MODES + 1);
  self->choice = GH_DISK_CHOICE (gh_disk_choice_new (mode_labels));
  gtk_container_add (GTK_CONTAINER (self), GTK_WIDGET (self->choice));
  g_signal_connect_object (self->choice, "mode-chosen", G_CALLBACK (mode_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->choice, "pool-chosen", G_CALLBACK (pool_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->choice, "path-chosen", G_CALLBACK (path_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->choice, "reset", G_CALLBACK (reset_cb), self, G_CONNECT_SWAPPED);
}

/**
 * gh_migrate_disk_row_new:
 * @plan: the plan
 * @disk: one of its disks
 *
 * Returns: (transfer floating): the row
 */
GtkWidget *
gh_migrate_disk_row_new (GhMigratePlan *plan,
                         GhMigrateDisk *disk)
{
  GhMigrateDiskRow *self = NULL;

  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (plan), NULL);
  g_return_val_if_fail (disk != NULL, NULL);

  self = g_object_new (GH_TYPE_MIGRATE_DISK_ROW, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  gh_migrate_disk_row_set_disk (self, disk);
  return GTK_WIDGET (self);
}

const char *
gh_migrate_disk_row_get_target (GhMigrateDiskRow *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_DISK_ROW (self), NULL);

  return self->disk->target;
}

static gboolean
has_path (const GhMigrateDisk *disk)
{
  return disk->path != NULL && g_path_is_absolute (disk->path) &&
         disk->mode != GH_MIGRATE_DISK_LEFT;
}

/**
 * gh_migrate_disk_row_set_disk:
 * @self: a row
 * @disk: its disk, as it was found last
 */
void
gh_migrate_disk_row_set_disk (GhMigrateDiskRow *self,
                              GhMigrateDisk    *disk)
{
  g_autofree char *estimate = NULL;
  GhDiskChoiceState state = { NULL };

  g_return_if_fail (GH_IS_MIGRATE_DISK_ROW (self));
  g_return_if_fail (disk != NULL);

  gh_migrate_disk_ref (disk);
  g_clear_pointer (&self->disk, gh_migrate_disk_unref);
  self->disk = disk;

  if (disk->whole > 0)
    {
      g_autofree char *size = gh_format_file_size (disk->whole);

      estimate = g_strdup_printf (_("There it is a whole disk, of up to %s"), size);
    }
  state = (GhDiskChoiceState) {
    .device = disk->device,
    .target = disk->target,
    .capacity = disk->capacity,
    .allocation = disk->allocation,
    .source = disk->source_text,
    .reason = disk->overridden ? NULL : disk->reason,
    .destination = disk->destination,
    .estimate = estimate,
    .pool = disk->pool,
    .has_pool = disk->mode == GH_MIGRATE_DISK_COPIED,
    .has_path = has_path (disk),
    .overridden = disk->overridden,
    .mode = (int) disk->mode,
    .refusals = disk->refusals,
  };
  gh_disk_choice_show (self->choice, &state, gh_migrate_plan_get_pools (self->plan));
}

void
gh_migrate_disk_row_set_separated (GhMigrateDiskRow *self,
                                   gboolean          separated)
{
  g_return_if_fail (GH_IS_MIGRATE_DISK_ROW (self));

  gh_disk_choice_set_separated (self->choice, separated);
}
