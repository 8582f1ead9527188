/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-clone-change-row"

#include "config.h"

#include "gh-clone-change-row.h"

#include <glib/gi18n-lib.h>

#include "gh-ui.h"

struct _GhCloneChangeRow
{
  GtkBin         parent_instance;

  GhClonePlan   *plan;   /* (owned) (nullable) */
  GhCloneChange *change; /* (owned) (nullable) */
  gboolean       filled; /* the choices are those of the proposal */

  GtkLabel      *title_label;
  GtkLabel      *values_label;
  GtkLabel      *why_label;
  GtkWidget     *entry;
  GtkComboBox   *choice_combo;
};

G_DEFINE_FINAL_TYPE (GhCloneChangeRow, gh_clone_change_row, GTK_TYPE_BIN)

/* What the combo's rows stand for. */
#define DEFAULT "default"
#define KEEP "keep"
#define NEW "new"
#define REMOVE "remove"
#define SET "set"

static gboolean
is_chosen (GhCloneChangeRow *self,
           const char       *choice)
{
  return g_strcmp0 (gtk_combo_box_get_active_id (self->choice_combo), choice) == 0;
}

static char *
dup_values (GhCloneChange *change)
{
  const char *before = change->before != NULL ? change->before : _("none");

  if (!change->changes)
    return g_strdup (before);
  if (change->after == NULL)
    /* Translators: what is not in the new machine any more: “PCI device 0000:01:00.0 → goes”. */
    return g_strdup_printf (_("%s → goes"), before);
  /* Translators: what something is, and what it becomes. */
  return g_strdup_printf (_("%s → %s"), before, change->after);
}

static void
add_choice (GhCloneChangeRow *self,
            const char       *choice,
            const char       *text)
{
  if (g_strcmp0 (self->change->proposed, choice) != 0)
    gtk_combo_box_text_append (GTK_COMBO_BOX_TEXT (self->choice_combo), choice, text);
}

/* Once: what is proposed is only known while nothing is chosen. */
static void
fill_choices (GhCloneChangeRow *self)
{
  GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT (self->choice_combo);

  if (self->filled)
    return;
  self->filled = TRUE;
  gtk_combo_box_text_append (combo, DEFAULT,
                             !self->change->changes        ? _("Stays")
                             : self->change->after == NULL ? _("Goes")
                                                           : _("Changes"));
  if (self->change->can_keep && self->change->changes)
    add_choice (self, KEEP, _("Keep"));
  if (self->change->can_renew)
    /* Translators: in place of an address, a number or a file, another one that is made for it. */
    add_choice (self, NEW, C_("in a clone", "New"));
  if (self->change->can_remove)
    add_choice (self, REMOVE, C_("from a clone", "Remove"));
  if (self->change->can_set)
    add_choice (self, SET, _("Set…"));
  gtk_combo_box_set_active_id (self->choice_combo, DEFAULT);
  /* Without a choice there is nothing to open. */
  gtk_widget_set_visible (GTK_WIDGET (combo),
                          gtk_tree_model_iter_n_children (
                            gtk_combo_box_get_model (self->choice_combo), NULL) > 1);
}

static void
apply (GhCloneChangeRow *self)
{
  const char *value = NULL;

  if (is_chosen (self, KEEP))
    value = "keep";
  else if (is_chosen (self, NEW))
    value = "new";
  else if (is_chosen (self, REMOVE))
    value = "remove";
  else if (is_chosen (self, SET))
    value = gtk_entry_get_text (GTK_ENTRY (self->entry));
  /* An empty entry: the user is about to write. */
  if (value != NULL && *value == '\0')
    return;
  gh_clone_plan_set_change (self->plan, self->change->id, value);
}

static void
choice_changed_cb (GhCloneChangeRow *self)
{
  gboolean set = is_chosen (self, SET);

  if (self->plan == NULL || !self->filled)
    return;
  if (set && *gtk_entry_get_text (GTK_ENTRY (self->entry)) == '\0' && self->change->after != NULL)
    gtk_entry_set_text (GTK_ENTRY (self->entry), self->change->after);
  gtk_widget_set_visible (self->entry, set);
  if (set)
    gtk_widget_grab_focus (self->entry);
  apply (self);
}

static void
entry_changed_cb (GhCloneChangeRow *self)
{
  if (self->plan != NULL && is_chosen (self, SET))
    apply (self);
}

static void
gh_clone_change_row_finalize (GObject *object)
{
  GhCloneChangeRow *self = GH_CLONE_CHANGE_ROW (object);

  g_clear_object (&self->plan);
  g_clear_pointer (&self->change, gh_clone_change_unref);
  G_OBJECT_CLASS (gh_clone_change_row_parent_class)->finalize (object);
}

static void
gh_clone_change_row_class_init (GhCloneChangeRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_clone_change_row_finalize;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-clone-change-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GhCloneChangeRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneChangeRow, values_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneChangeRow, why_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneChangeRow, entry);
  gtk_widget_class_bind_template_child (widget_class, GhCloneChangeRow, choice_combo);
  gtk_widget_class_bind_template_callback (widget_class, choice_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, entry_changed_cb);
}

static void
gh_clone_change_row_init (GhCloneChangeRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_clone_change_row_new:
 * @plan: the plan
 * @change: one of its changes
 *
 * Returns: (transfer floating): the row
 */
GtkWidget *
gh_clone_change_row_new (GhClonePlan   *plan,
                         GhCloneChange *change)
{
  GhCloneChangeRow *self = NULL;

  g_return_val_if_fail (GH_IS_CLONE_PLAN (plan), NULL);
  g_return_val_if_fail (change != NULL, NULL);

  self = g_object_new (GH_TYPE_CLONE_CHANGE_ROW, "visible", TRUE, NULL);
  gh_clone_change_row_set_change (self, change);
  fill_choices (self);
  self->plan = g_object_ref (plan);
  return GTK_WIDGET (self);
}

const char *
gh_clone_change_row_get_id (GhCloneChangeRow *self)
{
  g_return_val_if_fail (GH_IS_CLONE_CHANGE_ROW (self), NULL);

  return self->change->id;
}

/**
 * gh_clone_change_row_set_change:
 * @self: a row
 * @change: what it is about, as of the last preparation
 */
void
gh_clone_change_row_set_change (GhCloneChangeRow *self,
                                GhCloneChange    *change)
{
  g_autofree char *values = NULL;

  g_return_if_fail (GH_IS_CLONE_CHANGE_ROW (self));
  g_return_if_fail (change != NULL);

  gh_clone_change_ref (change);
  g_clear_pointer (&self->change, gh_clone_change_unref);
  self->change = change;

  values = dup_values (change);
  gtk_label_set_label (self->title_label, change->label);
  gtk_label_set_label (self->values_label, values);
  gtk_label_set_label (self->why_label, change->why != NULL ? change->why : "");
  gtk_widget_set_visible (GTK_WIDGET (self->why_label), change->why != NULL);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->choice_combo)), change->label);
  atk_object_set_name (gtk_widget_get_accessible (self->entry), change->label);
}
