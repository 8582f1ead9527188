/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-askpass-dialog"

#include "config.h"

#include "gh-askpass-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-ui.h"

/* A question of ssh. It goes when the question is closed, by whomever; closing the window gives
 * up. */
struct _GhAskpassDialog
{
  HdyWindow     parent_instance;

  HdyHeaderBar *header;
  GtkWidget    *cancel_button;
  GtkButton    *accept_button;
  GtkLabel     *title_label;
  GtkLabel     *text_label;
  GtkWidget    *key_box;
  GtkLabel     *fingerprint_label;
  GtkLabel     *command_label;
  GtkEntry     *secret_entry;
  GtkWidget    *remember_check;

  GhQuestion   *question; /* (owned) */
};

G_DEFINE_FINAL_TYPE (GhAskpassDialog, gh_askpass_dialog, HDY_TYPE_WINDOW)

static void
take_title (GhAskpassDialog *self,
            char            *title,
            char            *text)
{
  gtk_label_set_text (self->title_label, title);
  gtk_label_set_text (self->text_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->text_label), text != NULL);
  g_free (title);
  g_free (text);
}

static void
show_host_key (GhAskpassDialog *self)
{
  const char *type = gh_question_get_key_type (self->question);
  g_autofree char *lower = g_ascii_strdown (type, -1);
  g_autofree char *command = g_strdup_printf ("ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub", lower);
  g_autofree char *key = g_strdup_printf ("%s  %s", type,
                                          gh_question_get_fingerprint (self->question));

  hdy_header_bar_set_title (self->header, _("Unknown computer"));
  gtk_window_set_title (GTK_WINDOW (self), _("Unknown computer"));
  take_title (self, g_strdup_printf (_("Is this really “%s”?"),
                                     gh_question_get_name (self->question)),
              g_strdup (_("It is the first time that this computer connects to it. Compare the "
                          "fingerprint of its key with the computer’s own. When they are "
                          "different, somebody is pretending to be it.")));
  gtk_label_set_text (self->fingerprint_label, key);
  gtk_label_set_text (self->command_label, command);
  gtk_button_set_label (self->accept_button, _("_They are the same"));
  gtk_widget_show (self->key_box);
  /* Enter alone does not trust anybody. */
  gtk_widget_grab_focus (self->cancel_button);
}

static void
show_secret (GhAskpassDialog *self)
{
  const char *name = gh_question_get_name (self->question);
  gboolean refused = gh_question_get_refused (self->question);
  GhQuestionKind kind = gh_question_get_kind (self->question);

  if (kind == GH_QUESTION_PASSWORD)
    take_title (self, g_strdup_printf (_("Password of “%s”"), name),
                refused ? g_strdup (_("The password was not accepted.")) : NULL);
  else if (kind == GH_QUESTION_PASSPHRASE)
    take_title (self, g_strdup (_("Passphrase of a private key")),
                refused ? g_strdup_printf (_("The passphrase does not fit the key “%s”."), name)
                        : g_strdup_printf (_("The key “%s” is protected by it."), name));
  else
    take_title (self, g_strdup (_("The computer asks")),
                g_strdup (gh_question_get_prompt (self->question)));
  gtk_widget_set_visible (self->remember_check, kind != GH_QUESTION_OTHER);
  gtk_widget_show (GTK_WIDGET (self->secret_entry));
  gtk_widget_grab_default (GTK_WIDGET (self->accept_button));
  gtk_widget_grab_focus (GTK_WIDGET (self->secret_entry));
}

static void
question_closed_cb (GhAskpassDialog *self)
{
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
accept_clicked_cb (GhAskpassDialog *self)
{
  gboolean remember = gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->remember_check));

  if (gh_question_get_kind (self->question) == GH_QUESTION_HOST_KEY)
    gh_question_answer (self->question, "yes", FALSE);
  else
    gh_question_answer (self->question, gtk_entry_get_text (self->secret_entry), remember);
}

static void
cancel_clicked_cb (GhAskpassDialog *self)
{
  gh_question_cancel (self->question);
}

static gboolean
key_pressed_cb (GhAskpassDialog *self,
                GdkEventKey     *event)
{
  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  gh_question_cancel (self->question);
  return GDK_EVENT_STOP;
}

static void
gh_askpass_dialog_destroy (GtkWidget *widget)
{
  GhAskpassDialog *self = GH_ASKPASS_DIALOG (widget);

  if (self->question != NULL)
    {
      g_autoptr (GhQuestion) question = g_steal_pointer (&self->question);

      g_signal_handlers_disconnect_by_data (question, self);
      /* Closed by its window, perhaps. */
      gh_question_cancel (question);
    }
  GTK_WIDGET_CLASS (gh_askpass_dialog_parent_class)->destroy (widget);
}

static void
gh_askpass_dialog_class_init (GhAskpassDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->destroy = gh_askpass_dialog_destroy;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-askpass-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, header);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, accept_button);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, text_label);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, key_box);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, fingerprint_label);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, command_label);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, secret_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAskpassDialog, remember_check);
  gtk_widget_class_bind_template_callback (widget_class, accept_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_pressed_cb);
}

static void
gh_askpass_dialog_init (GhAskpassDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_askpass_dialog_present:
 * @parent: (nullable): the window it belongs to
 * @question: what ssh asks
 *
 * Returns: (transfer none): the window
 */
GhAskpassDialog *
gh_askpass_dialog_present (GtkWindow  *parent,
                           GhQuestion *question)
{
  GhAskpassDialog *self = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_QUESTION (question), NULL);

  gh_ui_init ();
  self = g_object_new (GH_TYPE_ASKPASS_DIALOG, "transient-for", parent, NULL);
  self->question = g_object_ref (question);
  g_signal_connect_object (question, "closed", G_CALLBACK (question_closed_cb), self,
                           G_CONNECT_SWAPPED);
  if (gh_question_get_kind (question) == GH_QUESTION_HOST_KEY)
    show_host_key (self);
  else
    show_secret (self);
  gtk_window_present (GTK_WINDOW (self));
  return self;
}
