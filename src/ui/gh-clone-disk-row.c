/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-clone-disk-row"

#include "config.h"

#include "gh-clone-disk-row.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "gh-format.h"
#include "gh-storage.h"
#include "gh-ui.h"

struct _GhCloneDiskRow
{
  GtkBin           parent_instance;

  GhClonePlan     *plan;    /* (owned) (nullable) */
  GhCloneDisk     *disk;    /* (owned) (nullable) */
  gboolean         showing; /* what the buttons say now is not the user's choice */
  char            *pools;   /* those in the list, one a line */

  GtkWidget       *separator;
  GtkWidget       *modes_box;
  GtkToggleButton *copy_button;
  GtkToggleButton *link_button;
  GtkToggleButton *share_button;
  GtkToggleButton *leave_out_button;
  GtkLabel        *name_label;
  GtkLabel        *size_label;
  GtkLabel        *source_label;
  GtkLabel        *reason_label;
  GtkLabel        *estimate_label;
  GtkWidget       *reset_button;
  GtkWidget       *pool_box;
  GtkComboBox     *pool_combo;
  GtkWidget       *refusals_expander;
  GtkLabel        *refusals_label;
};

G_DEFINE_FINAL_TYPE (GhCloneDiskRow, gh_clone_disk_row, GTK_TYPE_BIN)

static GtkToggleButton *
get_button (GhCloneDiskRow *self,
            GhCloneMode     mode)
{
  switch (mode)
    {
    case GH_CLONE_LINK:
      return self->link_button;
    case GH_CLONE_SHARE:
      return self->share_button;
    case GH_CLONE_LEAVE_OUT:
      return self->leave_out_button;
    case GH_CLONE_COPY:
    case GH_CLONE_N_MODES:
    default:
      return self->copy_button;
    }
}

/* What is in a drive, in words: "vda", "CD drive sda". */
static char *
dup_name (GhCloneDisk *disk)
{
  if (g_strcmp0 (disk->device, "cdrom") == 0)
    /* Translators: %s is the name of a drive, such as “sda”. */
    return g_strdup_printf (_("CD drive %s"), disk->target);
  if (g_strcmp0 (disk->device, "floppy") == 0)
    /* Translators: %s is the name of a drive, such as “fda”. */
    return g_strdup_printf (_("Floppy drive %s"), disk->target);
  /* Translators: %s is the name of a disk, such as “vda”. */
  return g_strdup_printf (_("Disk %s"), disk->target);
}

static char *
dup_size (GhCloneDisk *disk)
{
  g_autofree char *capacity = gh_format_file_size (disk->capacity);
  g_autofree char *used = gh_format_file_size (disk->allocation);

  if (disk->capacity == 0)
    return g_strdup ("");
  if (disk->allocation == 0)
    return g_steal_pointer (&capacity);
  /* Translators: how large a disk is, and how much of that it takes: “20 GiB, 4.1 GiB used”. */
  return g_strdup_printf (_("%s, %s used"), capacity, used);
}

static char *
dup_estimate (GhCloneDisk *disk)
{
  g_autofree char *span = NULL;

  if (disk->mode != GH_CLONE_COPY && disk->mode != GH_CLONE_LINK)
    return g_strdup ("");
  if (disk->seconds < 0)
    return g_strdup (disk->method != NULL ? disk->method : "");
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
show_text (GtkLabel   *label,
           const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

static void
show_modes (GhCloneDiskRow *self)
{
  g_autoptr (GString) refusals = g_string_new (NULL);

  self->showing = TRUE;
  for (guint i = 0; i < GH_CLONE_N_MODES; i++)
    {
      GtkToggleButton *button = get_button (self, (GhCloneMode) i);
      const char *refusal = self->disk->refusals[i];
      AtkObject *accessible = gtk_widget_get_accessible (GTK_WIDGET (button));

      if (self->disk->mode == i)
        gtk_toggle_button_set_active (button, TRUE);
      gtk_widget_set_sensitive (GTK_WIDGET (button), refusal == NULL);
      gtk_widget_set_tooltip_text (GTK_WIDGET (button), refusal);
      atk_object_set_description (accessible, refusal != NULL ? refusal : "");
      if (refusal == NULL)
        continue;
      /* Translators: a choice that cannot be made, and why: “Link: its file is on another host”. */
      g_string_append_printf (refusals, _("%s: %s"), gtk_button_get_label (GTK_BUTTON (button)),
                              refusal);
      g_string_append_c (refusals, '\n');
    }
  self->showing = FALSE;
  if (refusals->len > 0)
    g_string_truncate (refusals, refusals->len - 1);
  gtk_label_set_label (self->refusals_label, refusals->str);
  gtk_widget_set_visible (self->refusals_expander, refusals->len > 0);
}

static gboolean
can_hold (GhPoolInfo *pool)
{
  return pool->active && g_strcmp0 (pool->type, "iscsi") != 0 &&
         g_strcmp0 (pool->type, "scsi") != 0 && g_strcmp0 (pool->type, "mpath") != 0;
}

static void
show_pools (GhCloneDiskRow *self,
            GPtrArray      *pools)
{
  g_autoptr (GString) names = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; pools != NULL && i < pools->len; i++)
    {
      GhPoolInfo *pool = g_ptr_array_index (pools, i);

      if (!can_hold (pool))
        continue;
      g_string_append_printf (names, "%s\n", pool->name);
      n++;
    }
  self->showing = TRUE;
  /* The list would close under the pointer if it were filled anew each time. */
  if (g_strcmp0 (self->pools, names->str) != 0)
    {
      gtk_combo_box_text_remove_all (GTK_COMBO_BOX_TEXT (self->pool_combo));
      for (guint i = 0; pools != NULL && i < pools->len; i++)
        {
          GhPoolInfo *pool = g_ptr_array_index (pools, i);

          if (can_hold (pool))
            gtk_combo_box_text_append (GTK_COMBO_BOX_TEXT (self->pool_combo), pool->name,
                                       pool->name);
        }
      g_free (self->pools);
      self->pools = g_strdup (names->str);
    }
  gtk_combo_box_set_active_id (self->pool_combo, self->disk->pool);
  self->showing = FALSE;
  gtk_widget_set_visible (self->pool_box,
                          n > 1 && (self->disk->mode == GH_CLONE_COPY ||
                                    self->disk->mode == GH_CLONE_LINK));
}

static void
mode_toggled_cb (GtkToggleButton *button,
                 GhCloneDiskRow  *self)
{
  if (self->showing || self->disk == NULL || !gtk_toggle_button_get_active (button))
    return;

  for (guint i = 0; i < GH_CLONE_N_MODES; i++)
    if (get_button (self, (GhCloneMode) i) == button)
      {
        gh_clone_plan_set_disk_mode (self->plan, self->disk->target, (GhCloneMode) i);
        return;
      }
}

static void
pool_changed_cb (GtkComboBox    *combo,
                 GhCloneDiskRow *self)
{
  const char *pool = gtk_combo_box_get_active_id (combo);

  if (!self->showing && self->disk != NULL && pool != NULL)
    gh_clone_plan_set_disk_pool (self->plan, self->disk->target, pool);
}

static void
reset_clicked_cb (GhCloneDiskRow *self)
{
  gh_clone_plan_reset_disk (self->plan, self->disk->target);
}

static void
gh_clone_disk_row_finalize (GObject *object)
{
  GhCloneDiskRow *self = GH_CLONE_DISK_ROW (object);

  g_clear_object (&self->plan);
  g_clear_pointer (&self->disk, gh_clone_disk_unref);
  g_free (self->pools);
  G_OBJECT_CLASS (gh_clone_disk_row_parent_class)->finalize (object);
}

static void
gh_clone_disk_row_class_init (GhCloneDiskRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_clone_disk_row_finalize;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-clone-disk-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, separator);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, modes_box);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, link_button);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, share_button);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, leave_out_button);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, size_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, source_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, reason_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, estimate_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, reset_button);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, pool_box);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, pool_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, refusals_expander);
  gtk_widget_class_bind_template_child (widget_class, GhCloneDiskRow, refusals_label);
  gtk_widget_class_bind_template_callback (widget_class, mode_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, pool_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, reset_clicked_cb);
}

static void
gh_clone_disk_row_init (GhCloneDiskRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
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
  g_autofree char *name = NULL;
  g_autofree char *size = NULL;
  g_autofree char *estimate = NULL;
  const char *refusal = NULL;

  g_return_if_fail (GH_IS_CLONE_DISK_ROW (self));
  g_return_if_fail (disk != NULL);

  gh_clone_disk_ref (disk);
  g_clear_pointer (&self->disk, gh_clone_disk_unref);
  self->disk = disk;

  name = dup_name (disk);
  size = dup_size (disk);
  estimate = dup_estimate (disk);
  gtk_label_set_label (self->name_label, name);
  show_text (self->size_label, size);
  show_text (self->source_label, disk->source_text);
  refusal = disk->refusals[disk->mode];
  show_text (self->reason_label, refusal != NULL     ? refusal
                                 : disk->overridden ? NULL
                                                    : disk->reason);
  show_text (self->estimate_label, refusal != NULL ? NULL : estimate);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->estimate_label), disk->destination);
  gtk_widget_set_visible (self->reset_button, disk->overridden);
  /* The group of buttons is about this disk. */
  atk_object_set_name (gtk_widget_get_accessible (self->modes_box), name);
  show_modes (self);
  show_pools (self, pools);
}

void
gh_clone_disk_row_set_separated (GhCloneDiskRow *self,
                                 gboolean        separated)
{
  g_return_if_fail (GH_IS_CLONE_DISK_ROW (self));

  gtk_widget_set_visible (self->separator, separated);
}
