/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-clone-disk-row"

#include "config.h"

#include "gh-clone-disk-row.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <math.h>

#include "gh-disk-choice.h"
#include "gh-format.h"

/* In the order of GhCloneMode. */
static const char *const mode_labels[] = {
  N_("Copy"),
  N_("Link"),
  N_("Share"),
  N_("Leave out"),
  NULL,
};

struct _GhCloneDiskRow
{
  GtkBin        parent_instance;

  GhClonePlan  *plan;   /* (owned) (nullable) */
  GhCloneDisk  *disk;   /* (owned) (nullable) */
  GhDiskChoice *choice; /* (unowned) */
};

G_DEFINE_FINAL_TYPE (GhCloneDiskRow, gh_clone_disk_row, GTK_TYPE_BIN)

static char *
dup_estimate (GhCloneDisk *disk)
{
  g_autofree char *span = NULL;

  if (disk->mode != GH_CLONE_COPY && disk->mode != GH_CLONE_LINK)
    return NULL;
  if (disk->seconds < 0)
    return g_strdup (disk->method);
  if (disk->seconds < 1)
    span = g_strdup (_("under a second"));
  else
    {
      g_autofree char *duration = gh_format_duration ((gint64) ceil (disk->seconds));

      /* Translators: %s is a span of time, such as “2 minutes”. */
      span = g_strdup_printf (_("about %s"), duration);
    }
  if (disk->method == NULL)
    return g_steal_pointer (&span);
  /* Translators: how a disk is copied, and how long that takes: “by sharing blocks · about 2 s”. */
  return g_strdup_printf (_("%s · %s"), disk->method, span);
}

static void
mode_chosen_cb (GhCloneDiskRow *self,
                int             mode)
{
  gh_clone_plan_set_disk_mode (self->plan, self->disk->target, (GhCloneMode) mode);
}

static void
pool_chosen_cb (GhCloneDiskRow *self,
                const char     *pool)
{
  gh_clone_plan_set_disk_pool (self->plan, self->disk->target, pool);
}

static void
reset_cb (GhCloneDiskRow *self)
{
  gh_clone_plan_reset_disk (self->plan, self->disk->target);
}

static void
gh_clone_disk_row_finalize (GObject *object)
{
  GhCloneDiskRow *self = GH_CLONE_DISK_ROW (object);

  g_clear_object (&self->plan);
  g_clear_pointer (&self->disk, gh_clone_disk_unref);
  G_OBJECT_CLASS (gh_clone_disk_row_parent_class)->finalize (object);
}

static void
gh_clone_disk_row_class_init (GhCloneDiskRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_clone_disk_row_finalize;
}

static void
gh_clone_disk_row_init (GhCloneDiskRow *self)
{
  G_STATIC_ASSERT (G_N_ELEMENTS (mode_labels) == GH_CLONE_N_MODES + 1);
  self->choice = GH_DISK_CHOICE (gh_disk_choice_new (mode_labels));
  gtk_container_add (GTK_CONTAINER (self), GTK_WIDGET (self->choice));
  g_signal_connect_object (self->choice, "mode-chosen", G_CALLBACK (mode_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->choice, "pool-chosen", G_CALLBACK (pool_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->choice, "reset", G_CALLBACK (reset_cb), self, G_CONNECT_SWAPPED);
}

/**
 * gh_clone_disk_row_new:
 * @plan: the plan
 * @disk: one of its disks
 *
 * Returns: (transfer floating): the row
 */
GtkWidget *
gh_clone_disk_row_new (GhClonePlan *plan,
                       GhCloneDisk *disk)
{
  GhCloneDiskRow *self = NULL;

  g_return_val_if_fail (GH_IS_CLONE_PLAN (plan), NULL);
  g_return_val_if_fail (disk != NULL, NULL);

  self = g_object_new (GH_TYPE_CLONE_DISK_ROW, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  gh_clone_disk_row_set_disk (self, disk, gh_clone_plan_get_pools (plan));
  return GTK_WIDGET (self);
}

const char *
gh_clone_disk_row_get_target (GhCloneDiskRow *self)
{
  g_return_val_if_fail (GH_IS_CLONE_DISK_ROW (self), NULL);

  return self->disk->target;
}

/**
 * gh_clone_disk_row_set_disk:
 * @self: a row
 * @disk: its disk, as it was found last
 * @pools: (nullable) (element-type GhPoolInfo): where it may go
 */
void
gh_clone_disk_row_set_disk (GhCloneDiskRow *self,
                            GhCloneDisk    *disk,
                            GPtrArray      *pools)
{
  char *refusals[GH_CLONE_N_MODES] = { NULL }; /* (unowned) */
  g_autofree char *estimate = NULL;
  GhDiskChoiceState state = { NULL };

  g_return_if_fail (GH_IS_CLONE_DISK_ROW (self));
  g_return_if_fail (disk != NULL);

  gh_clone_disk_ref (disk);
  g_clear_pointer (&self->disk, gh_clone_disk_unref);
  self->disk = disk;

  estimate = dup_estimate (disk);
  memcpy (refusals, disk->refusals, sizeof refusals);
  if (refusals[GH_CLONE_LINK] == NULL)
    refusals[GH_CLONE_LINK] = (char *) gh_clone_plan_find_link_problem (self->plan);
  state = (GhDiskChoiceState) {
    .device = disk->device,
    .target = disk->target,
    .capacity = disk->capacity,
    .allocation = disk->allocation,
    .source = disk->source_text,
    .reason = disk->overridden ? NULL : disk->reason,
    .estimate = estimate,
    .destination = disk->destination,
    .pool = disk->pool,
    .has_pool = disk->mode == GH_CLONE_COPY || disk->mode == GH_CLONE_LINK,
    .overridden = disk->overridden,
    .mode = (int) disk->mode,
    .refusals = refusals,
  };
  gh_disk_choice_show (self->choice, &state, pools);
}

void
gh_clone_disk_row_set_separated (GhCloneDiskRow *self,
                                 gboolean        separated)
{
  g_return_if_fail (GH_IS_CLONE_DISK_ROW (self));

  gh_disk_choice_set_separated (self->choice, separated);
}
