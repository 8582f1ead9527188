/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-os-chooser"

#include "config.h"

#include "gh-os-chooser.h"

#include <glib/gi18n-lib.h>

#include "gh-os-info.h"
#include "gh-ui.h"
#include "gh-virt-error.h"

/* Nobody reads on; they type one more letter. */
#define MAX_SHOWN 40

struct _GhOsChooser
{
  GtkPopover      parent_instance;

  GPtrArray      *systems;     /* (element-type GhOs) (nullable): until loaded */
  GCancellable   *cancellable;
  gboolean        loading;

  GtkEntry       *search_entry;
  GtkStack       *stack;
  GtkListBox     *list_box;
  GtkLabel       *message_label;
};

G_DEFINE_FINAL_TYPE (GhOsChooser, gh_os_chooser, GTK_TYPE_POPOVER)

enum
{
  CHOSEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
add_row (GhOsChooser *self,
         const char  *id,
         const char  *name,
         const char  *note)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *name_label = gtk_label_new (name);
  GtkWidget *note_label = gtk_label_new (note);

  g_object_set (box, "margin", 6, NULL);
  g_object_set (name_label, "xalign", 0.0, "hexpand", TRUE, "wrap", TRUE, NULL);
  g_object_set (note_label, "xalign", 1.0, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_style_context_add_class (gtk_widget_get_style_context (note_label),
                               GTK_STYLE_CLASS_DIM_LABEL);
  gtk_container_add (GTK_CONTAINER (box), name_label);
  gtk_container_add (GTK_CONTAINER (box), note_label);
  gtk_container_add (GTK_CONTAINER (row), box);
  g_object_set_data_full (G_OBJECT (row), "id", g_strdup (id), g_free);
  atk_object_set_name (gtk_widget_get_accessible (row), name);
  gtk_widget_show_all (row);
  gtk_container_add (GTK_CONTAINER (self->list_box), row);
}

static void
show_matches (GhOsChooser *self)
{
  const char *text = gtk_entry_get_text (self->search_entry);
  g_autoptr (GPtrArray) found = NULL;

  if (self->systems == NULL)
    return;

  gtk_container_foreach (GTK_CONTAINER (self->list_box), (GtkCallback) gtk_widget_destroy, NULL);
  found = gh_os_info_search (self->systems, text);
  for (guint i = 0; i < found->len && i < MAX_SHOWN; i++)
    {
      GhOs *os = g_ptr_array_index (found, i);

      add_row (self, os->id, os->name,
               gh_os_is_ended (os) ? _("no longer supported") : os->short_id);
    }
  add_row (self, "", _("Another system"), "");
  gtk_stack_set_visible_child_name (self->stack, "list");
}

static void
systems_listed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GhOsChooser) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) systems = gh_os_info_list_finish (GH_OS_INFO (object), result, &error);

  self->loading = FALSE;
  if (gh_error_is_cancelled (error) || self->stack == NULL)
    return;

  if (systems == NULL)
    {
      g_autofree char *sentence = gh_error_dup_sentence (error);

      gtk_label_set_label (self->message_label, sentence);
      gtk_stack_set_visible_child_name (self->stack, "message");
      return;
    }
  self->systems = g_steal_pointer (&systems);
  show_matches (self);
}

static void
mapped_cb (GhOsChooser *self)
{
  gtk_entry_set_text (self->search_entry, "");
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
  if (self->systems != NULL || self->loading)
    return;

  self->loading = TRUE;
  gtk_stack_set_visible_child_name (self->stack, "loading");
  gh_os_info_list_async (gh_os_info_get_default (), self->cancellable, systems_listed_cb,
                         g_object_ref (self));
}

static void
row_activated_cb (GhOsChooser   *self,
                  GtkListBoxRow *row)
{
  g_autofree char *id = g_strdup (g_object_get_data (G_OBJECT (row), "id"));

  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[CHOSEN], 0, id);
}

static void
search_activated_cb (GhOsChooser *self)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list_box, 0);

  if (row != NULL && gtk_entry_get_text_length (self->search_entry) > 0)
    row_activated_cb (self, row);
}

static gboolean
search_key_pressed_cb (GhOsChooser *self,
                       GdkEventKey *event)
{
  GtkListBoxRow *row = NULL;

  if (event->keyval != GDK_KEY_Down && event->keyval != GDK_KEY_KP_Down)
    return GDK_EVENT_PROPAGATE;

  row = gtk_list_box_get_row_at_index (self->list_box, 0);
  if (row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
  return GDK_EVENT_STOP;
}

static void
gh_os_chooser_dispose (GObject *object)
{
  GhOsChooser *self = GH_OS_CHOOSER (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (gh_os_chooser_parent_class)->dispose (object);
}

static void
gh_os_chooser_finalize (GObject *object)
{
  GhOsChooser *self = GH_OS_CHOOSER (object);

  g_clear_pointer (&self->systems, g_ptr_array_unref);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (gh_os_chooser_parent_class)->finalize (object);
}

static void
gh_os_chooser_class_init (GhOsChooserClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_os_chooser_dispose;
  object_class->finalize = gh_os_chooser_finalize;

  /**
   * GhOsChooser::chosen:
   * @id: a libosinfo id; "" for a system that is not in the list
   */
  signals[CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-os-chooser.ui");
  gtk_widget_class_bind_template_child (widget_class, GhOsChooser, search_entry);
  gtk_widget_class_bind_template_child (widget_class, GhOsChooser, stack);
  gtk_widget_class_bind_template_child (widget_class, GhOsChooser, list_box);
  gtk_widget_class_bind_template_child (widget_class, GhOsChooser, message_label);
  gtk_widget_class_bind_template_callback (widget_class, mapped_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_matches);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_key_pressed_cb);
}

static void
gh_os_chooser_init (GhOsChooser *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
gh_os_chooser_new (void)
{
  return g_object_new (GH_TYPE_OS_CHOOSER, NULL);
}
