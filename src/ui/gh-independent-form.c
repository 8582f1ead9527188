/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-independent-form"

#include "config.h"

#include "gh-independent-form.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-ui.h"

#define TARGET "gh-target"

struct _GhIndependentForm
{
  GtkBin             parent_instance;

  GhIndependentPlan *plan;       /* (nullable) */
  gboolean           showing;    /* what the plan says: ticks are not the user's */

  GtkLabel          *title_label;
  GtkLabel          *text_label;
  GtkBox            *disks_box;
};

G_DEFINE_FINAL_TYPE (GhIndependentForm, gh_independent_form, GTK_TYPE_BIN)

static void
toggled_cb (GtkToggleButton   *button,
            GhIndependentForm *self)
{
  if (!self->showing)
    gh_independent_plan_set_chosen (self->plan, g_object_get_data (G_OBJECT (button), TARGET),
                                    gtk_toggle_button_get_active (button));
}

static char *
dup_disk_text (const GhIndependentDisk *disk)
{
  g_autofree char *size = disk->most != G_MAXUINT64 ? gh_format_file_size (disk->most) : NULL;
  g_autofree char *base = g_path_get_basename (disk->base);

  if (size == NULL)
    /* Translators: a disk such as “vda”, and the name of an image. */
    return g_strdup_printf (_("%s, which depends on “%s”"), disk->target, base);
  /* Translators: a disk such as “vda”, the name of an image, and a size such as “20 GiB”. */
  return g_strdup_printf (_("%s, which depends on “%s”: at most %s to copy"), disk->target, base,
                          size);
}

static GtkWidget *
find_row (GhIndependentForm *self,
          const char        *target)
{
  g_autoptr (GList) rows = gtk_container_get_children (GTK_CONTAINER (self->disks_box));

  for (GList *l = rows; l != NULL; l = l->next)
    if (strcmp (g_object_get_data (l->data, TARGET), target) == 0)
      return l->data;
  return NULL;
}

static GtkWidget *
add_row (GhIndependentForm *self,
         const char        *target)
{
  GtkWidget *row = gtk_check_button_new ();
  GtkWidget *label = gtk_label_new (NULL);

  g_object_set (label, "visible", TRUE, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "xalign",
                0.0, NULL);
  gtk_container_add (GTK_CONTAINER (row), label);
  g_object_set_data_full (G_OBJECT (row), TARGET, g_strdup (target), g_free);
  g_signal_connect_object (row, "toggled", G_CALLBACK (toggled_cb), self, 0);
  gtk_container_add (GTK_CONTAINER (self->disks_box), row);
  gtk_widget_show (row);
  return row;
}

/* Rows stay, with the focus: a disk that is none any more is a check's matter. */
static void
show_disks (GhIndependentForm *self)
{
  GPtrArray *disks = gh_independent_plan_get_disks (self->plan);

  self->showing = TRUE;
  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const GhIndependentDisk *disk = g_ptr_array_index (disks, i);
      GtkWidget *row = find_row (self, disk->target);
      g_autofree char *text = dup_disk_text (disk);

      if (row == NULL)
        row = add_row (self, disk->target);
      gtk_label_set_text (GTK_LABEL (gtk_bin_get_child (GTK_BIN (row))), text);
      gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (row), disk->chosen);
      gtk_widget_set_sensitive (row, disks->len > 1);
    }
  self->showing = FALSE;
}

static void
show_machine (GhIndependentForm *self)
{
  GhMachine *machine = gh_independent_plan_get_machine (self->plan);
  const char *parent = gh_machine_get_parent_name (machine);
  g_autofree char *title = g_strdup_printf (_("Make “%s” independent"),
                                            gh_machine_get_label (machine));
  g_autofree char *text = NULL;

  if (parent != NULL)
    /* Translators: the machine that it was made from. */
    text = g_strdup_printf (_("Its disks hold only what differs from “%s”. Everything else is "
                              "copied into them, and “%s” is not needed for it any more."), parent,
                            parent);
  else
    text = g_strdup (_("Its disks hold only what differs from other images. Everything else is "
                       "copied into them."));
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->text_label, text);
}

static void
gh_independent_form_dispose (GObject *object)
{
  GhIndependentForm *self = GH_INDEPENDENT_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_independent_form_parent_class)->dispose (object);
}

static void
gh_independent_form_class_init (GhIndependentFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_independent_form_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-independent-form.ui");
  gtk_widget_class_bind_template_child (widget_class, GhIndependentForm, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhIndependentForm, text_label);
  gtk_widget_class_bind_template_child (widget_class, GhIndependentForm, disks_box);
}

static void
gh_independent_form_init (GhIndependentForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
gh_independent_form_new (GhIndependentPlan *plan)
{
  GhIndependentForm *self = NULL;

  g_return_val_if_fail (GH_IS_INDEPENDENT_PLAN (plan), NULL);

  self = g_object_new (GH_TYPE_INDEPENDENT_FORM, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (show_disks), self, G_CONNECT_SWAPPED);
  show_machine (self);
  show_disks (self);
  return GTK_WIDGET (self);
}
