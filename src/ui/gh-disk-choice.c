/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-disk-choice"

#include "config.h"

#include "gh-disk-choice.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-problem.h"
#include "gh-storage.h"
#include "gh-ui.h"

struct _GhDiskChoice
{
  GtkBin      parent_instance;

  GPtrArray  *buttons; /* (element-type GtkToggleButton): by mode */
  gboolean    showing; /* what the buttons say now is not the user's choice */
  char       *pools;   /* those in the list, one a line */

  GtkWidget  *separator;
  GtkWidget  *modes_box;
  GtkLabel   *name_label;
  GtkLabel   *size_label;
  GtkLabel   *source_label;
  GtkLabel   *reason_label;
  GtkLabel   *estimate_label;
  GtkWidget  *reset_button;
  GtkWidget  *pool_box;
  GtkComboBox *pool_combo;
  GtkWidget  *path_box;
  GtkEntry   *path_entry;
  char       *path;    /* (nullable): what it was when it was shown last */
  GtkWidget  *refusals_expander;
  GtkLabel   *refusals_label;
};

G_DEFINE_FINAL_TYPE (GhDiskChoice, gh_disk_choice, GTK_TYPE_BIN)

enum
{
  MODE_CHOSEN,
  POOL_CHOSEN,
  PATH_CHOSEN,
  RESET,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* What is in a drive, in words: "vda", "CD drive sda". */
static char *
dup_name (const GhDiskChoiceState *state)
{
  if (g_strcmp0 (state->device, "cdrom") == 0)
    /* Translators: %s is the name of a drive, such as “sda”. */
    return g_strdup_printf (_("CD drive %s"), state->target);
  if (g_strcmp0 (state->device, "floppy") == 0)
    /* Translators: %s is the name of a drive, such as “fda”. */
    return g_strdup_printf (_("Floppy drive %s"), state->target);
  /* Translators: %s is the name of a disk, such as “vda”. */
  return g_strdup_printf (_("Disk %s"), state->target);
}

static char *
dup_size (const GhDiskChoiceState *state)
{
  g_autofree char *capacity = gh_format_file_size (state->capacity);
  g_autofree char *used = gh_format_file_size (state->allocation);

  if (state->capacity == 0)
    return g_strdup ("");
  if (state->allocation == 0)
    return g_steal_pointer (&capacity);
  /* An image takes some more than it holds. */
  if (state->allocation >= state->capacity)
    /* Translators: how large a disk is: “20 GiB, all used”. */
    return g_strdup_printf (_("%s, all used"), capacity);
  /* Translators: how large a disk is, and how much of that it takes: “20 GiB, 4.1 GiB used”. */
  return g_strdup_printf (_("%s, %s used"), capacity, used);
}

static void
show_text (GtkLabel   *label,
           const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

static void
show_modes (GhDiskChoice            *self,
            const GhDiskChoiceState *state)
{
  g_autofree const char **labels = g_new0 (const char *, self->buttons->len);

  self->showing = TRUE;
  for (guint i = 0; i < self->buttons->len; i++)
    {
      GtkToggleButton *button = g_ptr_array_index (self->buttons, i);
      const char *refusal = state->refusals[i];
      AtkObject *accessible = gtk_widget_get_accessible (GTK_WIDGET (button));

      if (state->mode == (int) i)
        gtk_toggle_button_set_active (button, TRUE);
      gtk_widget_set_sensitive (GTK_WIDGET (button), refusal == NULL);
      gtk_widget_set_tooltip_text (GTK_WIDGET (button), refusal);
      atk_object_set_description (accessible, refusal != NULL ? refusal : "");
      labels[i] = gtk_button_get_label (GTK_BUTTON (button));
    }
  self->showing = FALSE;
  gh_problem_show (self->refusals_label, labels, (const char *const *) state->refusals,
                   self->buttons->len);
  gtk_widget_set_visible (self->refusals_expander,
                          gtk_widget_get_visible (GTK_WIDGET (self->refusals_label)));
}

static gboolean
can_hold (GhPoolInfo *pool)
{
  return pool->active && g_strcmp0 (pool->type, "iscsi") != 0 &&
         g_strcmp0 (pool->type, "scsi") != 0 && g_strcmp0 (pool->type, "mpath") != 0;
}

static void
show_pools (GhDiskChoice            *self,
            const GhDiskChoiceState *state,
            GPtrArray               *pools)
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
  gtk_combo_box_set_active_id (self->pool_combo, state->pool);
  self->showing = FALSE;
  gtk_widget_set_visible (self->pool_box, n > 1 && state->has_pool);
}

static void
mode_toggled_cb (GtkToggleButton *button,
                 GhDiskChoice    *self)
{
  guint i;

  if (!self->showing && gtk_toggle_button_get_active (button) &&
      g_ptr_array_find (self->buttons, button, &i))
    g_signal_emit (self, signals[MODE_CHOSEN], 0, (int) i);
}

static void
pool_changed_cb (GtkComboBox  *combo,
                 GhDiskChoice *self)
{
  const char *pool = gtk_combo_box_get_active_id (combo);

  if (!self->showing && pool != NULL)
    g_signal_emit (self, signals[POOL_CHOSEN], 0, pool);
}

/* What was typed counts when it is finished, not letter by letter. */
static void
path_activate_cb (GtkEntry     *entry,
                  GhDiskChoice *self)
{
  const char *path = gtk_entry_get_text (entry);

  if (g_strcmp0 (path, self->path) == 0 || gtk_widget_in_destruction (GTK_WIDGET (self)))
    return;
  g_free (self->path);
  self->path = g_strdup (path);
  /* A field that was emptied asks for the proposal. */
  g_signal_emit (self, signals[PATH_CHOSEN], 0, *path != '\0' ? path : NULL);
}

static gboolean
path_focus_out_cb (GtkEntry      *entry,
                   GdkEventFocus *event,
                   GhDiskChoice  *self)
{
  path_activate_cb (entry, self);
  return GDK_EVENT_PROPAGATE;
}

/* What is being typed is left alone. */
static void
show_path (GhDiskChoice            *self,
           const GhDiskChoiceState *state)
{
  const char *path = state->destination != NULL ? state->destination : "";
  gboolean typing = gtk_widget_has_focus (GTK_WIDGET (self->path_entry)) &&
                    g_strcmp0 (gtk_entry_get_text (self->path_entry), self->path) != 0;

  if (!typing && state->destination != NULL)
    {
      g_free (self->path);
      self->path = g_strdup (path);
      if (strcmp (gtk_entry_get_text (self->path_entry), path) != 0)
        gtk_entry_set_text (self->path_entry, path);
    }
  gtk_widget_set_visible (self->path_box, state->has_path);
}

static void
reset_clicked_cb (GhDiskChoice *self)
{
  g_signal_emit (self, signals[RESET], 0);
}

static void
gh_disk_choice_finalize (GObject *object)
{
  GhDiskChoice *self = GH_DISK_CHOICE (object);

  g_ptr_array_unref (self->buttons);
  g_free (self->pools);
  g_free (self->path);
  G_OBJECT_CLASS (gh_disk_choice_parent_class)->finalize (object);
}

static void
gh_disk_choice_class_init (GhDiskChoiceClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_disk_choice_finalize;

  signals[MODE_CHOSEN] = g_signal_new ("mode-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                       0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[POOL_CHOSEN] = g_signal_new ("pool-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                       0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[PATH_CHOSEN] = g_signal_new ("path-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                       0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[RESET] = g_signal_new ("reset", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-disk-choice.ui");
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, separator);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, modes_box);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, name_label);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, size_label);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, source_label);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, reason_label);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, estimate_label);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, reset_button);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, pool_box);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, pool_combo);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, path_box);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, path_entry);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, refusals_expander);
  gtk_widget_class_bind_template_child (widget_class, GhDiskChoice, refusals_label);
  gtk_widget_class_bind_template_callback (widget_class, pool_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, path_activate_cb);
  gtk_widget_class_bind_template_callback (widget_class, path_focus_out_cb);
  gtk_widget_class_bind_template_callback (widget_class, reset_clicked_cb);
}

static void
gh_disk_choice_init (GhDiskChoice *self)
{
  self->buttons = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_disk_choice_new:
 * @labels: (array zero-terminated=1): the modes, untranslated
 *
 * Returns: (transfer floating): the choice
 */
GtkWidget *
gh_disk_choice_new (const char *const *labels)
{
  GhDiskChoice *self = NULL;
  GtkRadioButton *first = NULL;

  g_return_val_if_fail (labels != NULL, NULL);

  self = g_object_new (GH_TYPE_DISK_CHOICE, "visible", TRUE, NULL);
  for (guint i = 0; labels[i] != NULL; i++)
    {
      GtkWidget *button = gtk_radio_button_new_with_label_from_widget (first, _(labels[i]));
      GtkWidget *child = gtk_flow_box_child_new ();

      first = GTK_RADIO_BUTTON (button);
      g_signal_connect_object (button, "toggled", G_CALLBACK (mode_toggled_cb), self, 0);
      gtk_widget_set_can_focus (child, FALSE);
      gtk_container_add (GTK_CONTAINER (child), button);
      gtk_widget_show_all (child);
      gtk_container_add (GTK_CONTAINER (self->modes_box), child);
      g_ptr_array_add (self->buttons, button);
    }
  return GTK_WIDGET (self);
}

/**
 * gh_disk_choice_show:
 * @self: a choice
 * @state: what to show
 * @pools: (nullable) (element-type GhPoolInfo): where it may go
 */
void
gh_disk_choice_show (GhDiskChoice            *self,
                     const GhDiskChoiceState *state,
                     GPtrArray               *pools)
{
  g_autofree char *name = NULL;
  g_autofree char *size = NULL;
  const char *refusal = NULL;

  g_return_if_fail (GH_IS_DISK_CHOICE (self));
  g_return_if_fail (state->mode < (int) self->buttons->len);

  name = dup_name (state);
  size = dup_size (state);
  refusal = state->refusals[state->mode];
  gtk_label_set_label (self->name_label, name);
  show_text (self->size_label, size);
  show_text (self->source_label, state->source);
  /* The button beside it takes the choice back. */
  show_text (self->reason_label, refusal != NULL ? refusal
                                 : state->overridden ? _("You chose this.") : state->reason);
  show_text (self->estimate_label, refusal != NULL ? NULL : state->estimate);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->estimate_label), state->destination);
  gtk_widget_set_visible (self->reset_button, state->overridden);
  /* The group of buttons is about this disk. */
  atk_object_set_name (gtk_widget_get_accessible (self->modes_box), name);
  show_modes (self, state);
  show_pools (self, state, pools);
  show_path (self, state);
}

void
gh_disk_choice_set_separated (GhDiskChoice *self,
                              gboolean      separated)
{
  g_return_if_fail (GH_IS_DISK_CHOICE (self));

  gtk_widget_set_visible (self->separator, separated);
}
