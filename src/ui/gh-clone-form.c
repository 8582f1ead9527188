/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-clone-form"

#include "config.h"

#include "gh-clone-form.h"

#include <glib/gi18n-lib.h>
#include <handy.h>
#include <string.h>

#include "gh-clone-change-row.h"
#include "gh-clone-disk-row.h"
#include "gh-problem.h"
#include "gh-storage.h"
#include "gh-text-binding.h"
#include "gh-ui.h"

/* Names that are shown before “…”. */
#define MAX_NAMED 2

struct _GhCloneForm
{
  GtkBin            parent_instance;

  GhClonePlan      *plan;     /* (owned) (nullable) */
  GBindingGroup    *bindings; /* its source is the plan */
  gboolean          showing;  /* what the widgets say now is not the user's choice */
  gboolean          named;    /* the name is the user's */
  char             *pools;    /* those in the list, one a line */
  char             *snapshots; /* likewise */

  GtkWidget        *name_entry;
  GtkWidget        *name_reset;
  GtkWidget        *copies_spin;
  HdyActionRow     *copies_row;
  GtkWidget        *start_switch;
  GtkToggleButton  *full_tile;
  GtkToggleButton  *linked_tile;
  GtkLabel         *linked_problem;
  GtkBox           *disks_box;
  GtkStack         *disks_stack;
  GtkWidget        *parent_group;
  GtkToggleButton  *parent_template_radio;
  GtkToggleButton  *parent_overlay_radio;
  GtkExpander      *changes_expander;
  GtkBox           *changes_box;
  GtkWidget        *hostname_switch;
  GtkWidget        *seed_switch;
  GtkTextView      *user_data_view;
  GtkWidget        *sysprep_switch;
  GtkWidget        *operations_entry;
  GtkWidget        *first_row;
  GtkWidget        *first_spin;
  GtkWidget        *flatten_row;
  GtkWidget        *flatten_switch;
  GtkWidget        *snapshots_row;
  GtkWidget        *snapshots_switch;
  GtkWidget        *finished_row;
  GtkWidget        *finished_switch;
  GtkWidget        *network_switch;
  GtkWidget        *tpm_row;
  GtkWidget        *tpm_switch;
  GtkComboBox      *pool_combo;
  GtkLabel         *state_label;
  GtkWidget        *state_row;
  GtkComboBox      *state_combo;
  GtkWidget        *xml_button;
};

G_DEFINE_FINAL_TYPE (GhCloneForm, gh_clone_form, GTK_TYPE_BIN)

enum
{
  SHOW_XML,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static gboolean
get_boolean (GhCloneForm *self,
             const char  *property)
{
  gboolean value = FALSE;

  g_object_get (self->plan, property, &value, NULL);
  return value;
}

static guint
get_copies (GhCloneForm *self)
{
  guint copies = 1;

  g_object_get (self->plan, "copies", &copies, NULL);
  return copies;
}

/* Name and number */

/* “web-1, web-2 … web-7” */
static char *
dup_names (GhCloneForm *self)
{
  guint copies = get_copies (self);
  g_autofree char *last = NULL;
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MIN (copies, MAX_NAMED); i++)
    {
      g_autofree char *name = gh_clone_plan_dup_name_at (self->plan, i);

      if (name == NULL)
        return g_string_free (text, FALSE);
      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", name);
    }
  if (copies > MAX_NAMED)
    {
      last = gh_clone_plan_dup_name_at (self->plan, copies - 1);
      g_string_append_printf (text, copies > MAX_NAMED + 1 ? " … %s" : ", %s", last);
    }
  return g_string_free (text, FALSE);
}

static void
show_names (GhCloneForm *self)
{
  guint copies = get_copies (self);
  g_autofree char *names = copies > 1 ? dup_names (self) : NULL;

  hdy_action_row_set_subtitle (self->copies_row, names != NULL ? names : "");
  gtk_widget_set_visible (self->first_row, copies > 1);
  gtk_widget_set_visible (self->finished_row, copies > 1);
  gtk_widget_set_visible (self->name_reset, self->named);
}

/* Called before the plan hears of it: what differs from what the plan says was typed. */
static void
name_edited_cb (GhCloneForm *self)
{
  g_autofree char *name = NULL;

  g_object_get (self->plan, "name", &name, NULL);
  if (g_strcmp0 (name, gtk_entry_get_text (GTK_ENTRY (self->name_entry))) == 0)
    return;
  self->named = TRUE;
  gtk_widget_set_visible (self->name_reset, TRUE);
}

static void
name_reset_clicked_cb (GhCloneForm *self)
{
  if (gtk_widget_has_focus (self->name_reset))
    gtk_widget_grab_focus (self->name_entry);
  self->named = FALSE;
  g_object_set (self->plan, "name", NULL, NULL);
  show_names (self);
}

/* What it is that is cloned */

/* Nothing can be linked to disks that are written to. */
static void
show_link_problem (GhCloneForm *self)
{
  const char *choices[] = { _("Full clone"), _("Linked clone") };
  const char *problems[] = { NULL, gh_clone_plan_find_link_problem (self->plan) };

  gh_problem_set (GTK_WIDGET (self->linked_tile), problems[1]);
  gh_problem_show (self->linked_problem, choices, problems, G_N_ELEMENTS (choices));
}

static void
show_machine (GhCloneForm *self)
{
  GhMachine *machine = gh_clone_plan_get_machine (self->plan);
  const char *text = NULL;
  g_autofree char *snapshot = NULL;

  g_object_get (self->plan, "snapshot", &snapshot, NULL);
  if (snapshot != NULL)
    text = _("What is cloned is how it was when the snapshot was taken: its disks and settings. "
             "The new machine starts from off.");
  else if (gh_machine_get_state (machine) == GH_MACHINE_SAVED)
    text = _("Its memory was saved when it stopped. What is cloned are its disks; the memory, and "
             "what it had not written yet, is not in the new machine.");
  else if (gh_machine_is_active (machine))
    text = _("It goes on running. What is cloned are its disks, all at the same instant; its "
             "memory is not: the new machine starts from off, as after a power cut.");
  gtk_label_set_label (self->state_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->state_label), text != NULL);
  show_link_problem (self);
}

/* Rows of what is not there (any more) would only be in the way. */
static void
show_snapshots (GhCloneForm *self)
{
  g_auto (GStrv) names = gh_clone_plan_dup_snapshots (self->plan);
  GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT (self->state_combo);
  g_autofree char *chosen = NULL;
  g_autofree char *text = NULL;

  if (names == NULL)
    return;
  g_object_get (self->plan, "snapshot", &chosen, NULL);
  text = g_strjoinv ("\n", names);
  self->showing = TRUE;
  /* The list would close under the pointer if it were filled anew each time. */
  if (g_strcmp0 (self->snapshots, text) != 0)
    {
      gtk_combo_box_text_remove_all (combo);
      gtk_combo_box_text_append (combo, "", _("Current state"));
      for (guint i = 0; names[i] != NULL; i++)
        gtk_combo_box_text_append (combo, names[i], names[i]);
      g_free (self->snapshots);
      self->snapshots = g_steal_pointer (&text);
    }
  gtk_combo_box_set_active_id (self->state_combo, chosen != NULL ? chosen : "");
  gtk_widget_set_visible (self->state_row, names[0] != NULL || chosen != NULL);
  self->showing = FALSE;
}

static void
snapshot_changed_cb (GhCloneForm *self)
{
  const char *name = gtk_combo_box_get_active_id (self->state_combo);

  if (self->showing || self->plan == NULL || name == NULL)
    return;
  g_object_set (self->plan, "snapshot", *name != '\0' ? name : NULL, NULL);
  show_machine (self);
}

/* Disks */

static void
show_linked (GhCloneForm *self)
{
  gboolean linked = get_boolean (self, "linked");

  self->showing = TRUE;
  gtk_toggle_button_set_active (linked ? self->linked_tile : self->full_tile, TRUE);
  self->showing = FALSE;
}

static void
tile_toggled_cb (GtkToggleButton *tile,
                 GhCloneForm     *self)
{
  if (!self->showing && self->plan != NULL && gtk_toggle_button_get_active (tile))
    g_object_set (self->plan, "linked", tile == self->linked_tile, NULL);
}

static GtkWidget *
take_row (GList      **rows,
          const char  *(*get_id) (gpointer row),
          const char  *id)
{
  for (GList *l = *rows; l != NULL; l = l->next)
    if (g_strcmp0 (get_id (l->data), id) == 0)
      {
        GtkWidget *row = l->data;

        *rows = g_list_delete_link (*rows, l);
        return row;
      }
  return NULL;
}

static const char *
get_disk_id (gpointer row)
{
  return gh_clone_disk_row_get_target (row);
}

/* Rows of disks that are still there stay, with the focus. */
static void
show_disks (GhCloneForm *self)
{
  GPtrArray *disks = gh_clone_plan_get_disks (self->plan);
  GList *rows = NULL;
  gboolean link = FALSE;
  guint n_snapshots = 0;
  guint n_backing = 0;

  if (disks == NULL)
    return;
  rows = gtk_container_get_children (GTK_CONTAINER (self->disks_box));
  for (guint i = 0; i < disks->len; i++)
    {
      GhCloneDisk *disk = g_ptr_array_index (disks, i);
      GtkWidget *row = take_row (&rows, get_disk_id, disk->target);

      if (row != NULL)
        gh_clone_disk_row_set_disk (GH_CLONE_DISK_ROW (row), disk,
                                    gh_clone_plan_get_pools (self->plan));
      else
        {
          row = gh_clone_disk_row_new (self->plan, disk);
          gtk_container_add (GTK_CONTAINER (self->disks_box), row);
        }
      gtk_box_reorder_child (self->disks_box, row, (int) i);
      gh_clone_disk_row_set_separated (GH_CLONE_DISK_ROW (row), i > 0);
      link = link || disk->mode == GH_CLONE_LINK;
      n_snapshots += disk->n_internal_snapshots;
      n_backing += disk->n_backing;
    }
  g_list_free_full (rows, (GDestroyNotify) gtk_widget_destroy);

  gtk_stack_set_visible_child_name (self->disks_stack, disks->len > 0 ? "disks" : "none");
  gtk_widget_set_visible (self->parent_group, link);
  gtk_widget_set_visible (self->snapshots_row, n_snapshots > 0);
  gtk_widget_set_visible (self->flatten_row, n_backing > 0);
}

/* What can be linked to depends on whether it runs. */
static void
machine_changed_cb (GhCloneForm *self)
{
  if (self->disks_box == NULL)
    return;
  show_machine (self);
  show_disks (self);
}

/* What becomes of the original */

static void
show_parent (GhCloneForm *self)
{
  int parent = GH_CLONE_PARENT_TEMPLATE;

  g_object_get (self->plan, "parent", &parent, NULL);
  self->showing = TRUE;
  gtk_toggle_button_set_active (parent == GH_CLONE_PARENT_OVERLAY ? self->parent_overlay_radio
                                                                  : self->parent_template_radio,
                                TRUE);
  self->showing = FALSE;
}

static void
parent_toggled_cb (GtkToggleButton *radio,
                   GhCloneForm     *self)
{
  if (!self->showing && self->plan != NULL && gtk_toggle_button_get_active (radio))
    g_object_set (self->plan, "parent",
                  radio == self->parent_overlay_radio ? GH_CLONE_PARENT_OVERLAY
                                                      : GH_CLONE_PARENT_TEMPLATE,
                  NULL);
}

/* What changes */

static const char *
get_change_id (gpointer row)
{
  return gh_clone_change_row_get_id (row);
}

static void
show_changes (GhCloneForm *self)
{
  GPtrArray *changes = gh_clone_plan_get_changes (self->plan);
  g_autofree char *title = NULL;
  GList *rows = NULL;
  gboolean tpm = FALSE;
  guint n = 0;

  if (changes == NULL)
    return;
  rows = gtk_container_get_children (GTK_CONTAINER (self->changes_box));
  for (guint i = 0; i < changes->len; i++)
    {
      GhCloneChange *change = g_ptr_array_index (changes, i);
      GtkWidget *row = take_row (&rows, get_change_id, change->id);

      if (row != NULL)
        gh_clone_change_row_set_change (GH_CLONE_CHANGE_ROW (row), change);
      else
        {
          row = gh_clone_change_row_new (self->plan, change);
          gtk_container_add (GTK_CONTAINER (self->changes_box), row);
        }
      gtk_box_reorder_child (self->changes_box, row, (int) i);
      n += change->changes ? 1 : 0;
      tpm = tpm || g_str_has_prefix (change->id, "tpm");
    }
  g_list_free_full (rows, (GDestroyNotify) gtk_widget_destroy);

  title = g_strdup_printf (ngettext ("What changes in the _new machine (%u)",
                                     "What changes in the _new machines (%u)", get_copies (self)),
                           n);
  gtk_expander_set_label (self->changes_expander, title);
  gtk_widget_set_visible (self->tpm_row, tpm);
}

/* More options */

static void
show_pools (GhCloneForm *self)
{
  GPtrArray *pools = gh_clone_plan_get_pools (self->plan);
  GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT (self->pool_combo);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *chosen = NULL;

  if (pools == NULL)
    return;
  for (guint i = 0; i < pools->len; i++)
    g_string_append_printf (names, "%s\n", ((GhPoolInfo *) g_ptr_array_index (pools, i))->name);

  g_object_get (self->plan, "pool", &chosen, NULL);
  self->showing = TRUE;
  /* The list would close under the pointer if it were filled anew each time. */
  if (g_strcmp0 (self->pools, names->str) != 0)
    {
      gtk_combo_box_text_remove_all (combo);
      gtk_combo_box_text_append (combo, "", _("Beside the originals"));
      for (guint i = 0; i < pools->len; i++)
        {
          GhPoolInfo *pool = g_ptr_array_index (pools, i);

          if (pool->active)
            gtk_combo_box_text_append (combo, pool->name, pool->name);
        }
      g_free (self->pools);
      self->pools = g_strdup (names->str);
    }
  gtk_combo_box_set_active_id (self->pool_combo, chosen != NULL ? chosen : "");
  self->showing = FALSE;
}

static void
pool_changed_cb (GhCloneForm *self)
{
  const char *pool = gtk_combo_box_get_active_id (self->pool_combo);

  if (!self->showing && self->plan != NULL && pool != NULL)
    g_object_set (self->plan, "pool", *pool != '\0' ? pool : NULL, NULL);
}

static gboolean
tpm_to_switch (GBinding     *binding,
               const GValue *from,
               GValue       *to,
               gpointer      user_data)
{
  g_value_set_boolean (to, g_value_get_int (from) == GH_CLONE_TPM_COPY);
  return TRUE;
}

static gboolean
switch_to_tpm (GBinding     *binding,
               const GValue *from,
               GValue       *to,
               gpointer      user_data)
{
  g_value_set_int (to, g_value_get_boolean (from) ? GH_CLONE_TPM_COPY : GH_CLONE_TPM_FRESH);
  return TRUE;
}

/* An empty text stands for none. */
static gboolean
text_to_string (GBinding     *binding,
                const GValue *from,
                GValue       *to,
                gpointer      user_data)
{
  const char *text = g_value_get_string (from);

  g_value_set_string (to, text != NULL && *text != '\0' ? text : NULL);
  return TRUE;
}

static gboolean
string_to_text (GBinding     *binding,
                const GValue *from,
                GValue       *to,
                gpointer      user_data)
{
  const char *text = g_value_get_string (from);

  g_value_set_string (to, text != NULL ? text : "");
  return TRUE;
}

static void
xml_clicked_cb (GhCloneForm *self)
{
  g_signal_emit (self, signals[SHOW_XML], 0);
}

/* What the plan has found. */
static void
prepared_cb (GhCloneForm *self)
{
  show_names (self);
  show_disks (self);
  show_changes (self);
  show_pools (self);
  show_snapshots (self);
  show_machine (self);
  gtk_widget_set_sensitive (self->xml_button, gh_clone_plan_get_changes (self->plan) != NULL);
}

static void
gh_clone_form_dispose (GObject *object)
{
  GhCloneForm *self = GH_CLONE_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->bindings);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_clone_form_parent_class)->dispose (object);
}

static void
gh_clone_form_finalize (GObject *object)
{
  g_free (GH_CLONE_FORM (object)->pools);
  g_free (GH_CLONE_FORM (object)->snapshots);
  G_OBJECT_CLASS (gh_clone_form_parent_class)->finalize (object);
}

/* What the copies are called is what mostly changes. */
static void
gh_clone_form_grab_focus (GtkWidget *widget)
{
  gtk_widget_grab_focus (GH_CLONE_FORM (widget)->name_entry);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, name_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, name_reset);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, copies_spin);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, copies_row);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, start_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, full_tile);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, linked_tile);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, linked_problem);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, disks_box);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, disks_stack);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, parent_group);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, parent_template_radio);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, parent_overlay_radio);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, changes_expander);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, changes_box);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, hostname_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, seed_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, user_data_view);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, sysprep_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, operations_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, first_row);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, first_spin);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, flatten_row);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, flatten_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, snapshots_row);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, snapshots_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, finished_row);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, finished_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, network_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, tpm_row);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, tpm_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, pool_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, state_label);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, state_row);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, state_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCloneForm, xml_button);
  gtk_widget_class_bind_template_child_full (widget_class, "guest_expander", FALSE, 0);
  gtk_widget_class_bind_template_child_full (widget_class, "more_expander", FALSE, 0);
  gtk_widget_class_bind_template_callback (widget_class, name_reset_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, tile_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, parent_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, pool_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, snapshot_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, xml_clicked_cb);
}

static void
gh_clone_form_class_init (GhCloneFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_clone_form_dispose;
  object_class->finalize = gh_clone_form_finalize;
  widget_class->grab_focus = gh_clone_form_grab_focus;

  signals[SHOW_XML] = g_signal_new ("show-xml", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-clone-form.ui");
  bind_template (widget_class);
}

static void
bind_plan (GhCloneForm *self)
{
  GBindingFlags flags = G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL;
  GBindingGroup *bindings = self->bindings = g_binding_group_new ();
  g_autofree char *name = NULL;

  g_object_get (self->plan, "name", &name, NULL);
  gtk_entry_set_text (GTK_ENTRY (self->name_entry), name != NULL ? name : "");
  g_signal_connect_object (self->name_entry, "notify::text", G_CALLBACK (name_edited_cb), self,
                           G_CONNECT_SWAPPED);
  gh_text_binding_add (bindings, "name", self->name_entry);
  g_binding_group_bind (bindings, "copies", self->copies_spin, "value", flags);
  g_binding_group_bind (bindings, "first-number", self->first_spin, "value", flags);
  g_binding_group_bind (bindings, "start", self->start_switch, "active", flags);
  g_binding_group_bind (bindings, "set-hostname", self->hostname_switch, "active", flags);
  g_binding_group_bind (bindings, "seed", self->seed_switch, "active", flags);
  g_binding_group_bind (bindings, "sysprep", self->sysprep_switch, "active", flags);
  g_binding_group_bind (bindings, "flatten", self->flatten_switch, "active", flags);
  g_binding_group_bind (bindings, "keep-snapshots", self->snapshots_switch, "active", flags);
  g_binding_group_bind (bindings, "keep-finished", self->finished_switch, "active", flags);
  g_binding_group_bind (bindings, "network", self->network_switch, "active", flags);
  g_binding_group_bind_full (bindings, "tpm", self->tpm_switch, "active", flags, tpm_to_switch,
                             switch_to_tpm, NULL, NULL);
  g_binding_group_bind_full (bindings, "sysprep-operations", self->operations_entry, "text", flags,
                             string_to_text, text_to_string, NULL, NULL);
  g_binding_group_bind_full (bindings, "user-data", gtk_text_view_get_buffer (self->user_data_view),
                             "text", flags, string_to_text, text_to_string, NULL, NULL);
  g_binding_group_set_source (bindings, self->plan);
}

static void
gh_clone_form_init (GhCloneForm *self)
{
  g_autoptr (GList) cells = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  /* Names of snapshots may be long. */
  cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (self->state_combo));
  for (GList *l = cells; l != NULL; l = l->next)
    g_object_set (l->data, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
}

/**
 * gh_clone_form_new:
 * @plan: the plan
 *
 * Returns: (transfer floating): the form
 */
GtkWidget *
gh_clone_form_new (GhClonePlan *plan)
{
  GhCloneForm *self = NULL;
  GhMachine *machine = NULL;

  g_return_val_if_fail (GH_IS_CLONE_PLAN (plan), NULL);

  self = g_object_new (GH_TYPE_CLONE_FORM, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  machine = gh_clone_plan_get_machine (plan);
  bind_plan (self);
  g_signal_connect_object (plan, "notify::disks-serial", G_CALLBACK (prepared_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (prepared_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "notify::copies", G_CALLBACK (show_names), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "notify::linked", G_CALLBACK (show_linked), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "notify::parent", G_CALLBACK (show_parent), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (machine, "notify::state", G_CALLBACK (machine_changed_cb), self,
                           G_CONNECT_SWAPPED);
  show_machine (self);
  show_linked (self);
  show_parent (self);
  prepared_cb (self);
  return GTK_WIDGET (self);
}

GhClonePlan *
gh_clone_form_get_plan (GhCloneForm *self)
{
  g_return_val_if_fail (GH_IS_CLONE_FORM (self), NULL);

  return self->plan;
}
