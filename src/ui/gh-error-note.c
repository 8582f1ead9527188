/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-error-note"

#include "config.h"

#include "gh-error-note.h"

#include "gh-command-line.h"
#include "gh-ui.h"
#include "gh-told-error.h"
#include "gh-virt-error.h"

struct _GhErrorNote
{
  GtkBin         parent_instance;

  GtkImage      *icon;
  GtkLabel      *title_label;
  GtkLabel      *sentence_label;
  GtkLabel      *advice_label;
  GhCommandLine *command_line;
  GtkExpander   *details_expander;
  GtkLabel      *details_label;
};

G_DEFINE_FINAL_TYPE (GhErrorNote, gh_error_note, GTK_TYPE_BIN)

static void
gh_error_note_class_init (GhErrorNoteClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (GH_TYPE_COMMAND_LINE);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-error-note.ui");
  gtk_widget_class_bind_template_child (widget_class, GhErrorNote, icon);
  gtk_widget_class_bind_template_child (widget_class, GhErrorNote, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhErrorNote, sentence_label);
  gtk_widget_class_bind_template_child (widget_class, GhErrorNote, advice_label);
  gtk_widget_class_bind_template_child (widget_class, GhErrorNote, command_line);
  gtk_widget_class_bind_template_child (widget_class, GhErrorNote, details_expander);
  gtk_widget_class_bind_template_child (widget_class, GhErrorNote, details_label);
}

static void
gh_error_note_init (GhErrorNote *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
set_icon (GhErrorNote *self,
          const char  *icon_name,
          gboolean     bad)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->icon));

  gtk_image_set_from_icon_name (self->icon, icon_name, GTK_ICON_SIZE_BUTTON);
  gtk_style_context_remove_class (style, bad ? "gh-note" : "gh-refusal");
  gtk_style_context_add_class (style, bad ? "gh-refusal" : "gh-note");
}

static void
set_advice (GhErrorNote  *self,
            const GError *error)
{
  g_autofree char *advice = error != NULL ? gh_error_dup_advice (error) : NULL;
  g_autofree char *command = error != NULL ? gh_error_dup_command (error) : NULL;

  gtk_label_set_label (self->advice_label, advice != NULL ? advice : "");
  gtk_widget_set_visible (GTK_WIDGET (self->advice_label), advice != NULL);
  gh_command_line_set_command (self->command_line, command);
}

/**
 * gh_error_note_show_error:
 * @self: a note
 * @title: (nullable): what failed
 * @error: why
 */
void
gh_error_note_show_error (GhErrorNote  *self,
                          const char   *title,
                          const GError *error)
{
  g_autofree char *sentence = NULL;
  g_autofree char *details = NULL;

  g_return_if_fail (GH_IS_ERROR_NOTE (self));
  g_return_if_fail (error != NULL);

  sentence = gh_error_dup_sentence (error);
  details = gh_error_dup_details (error);
  set_icon (self, "dialog-error-symbolic", TRUE);
  gtk_label_set_label (self->title_label, title != NULL ? title : "");
  gtk_widget_set_visible (GTK_WIDGET (self->title_label), title != NULL);
  gtk_label_set_label (self->sentence_label, sentence);
  set_advice (self, error);
  gtk_label_set_label (self->details_label, details);
  gtk_widget_set_visible (GTK_WIDGET (self->details_expander), details != NULL);
  gtk_widget_show (GTK_WIDGET (self));
}

/**
 * gh_error_note_show_outcome:
 * @self: a note
 * @text: how something ended
 * @error: (nullable): the error behind it; %NULL when it ended as the user wished
 */
void
gh_error_note_show_outcome (GhErrorNote  *self,
                            const char   *text,
                            const GError *error)
{
  g_autofree char *details = NULL;

  g_return_if_fail (GH_IS_ERROR_NOTE (self));
  g_return_if_fail (text != NULL);

  set_icon (self, error != NULL ? "dialog-error-symbolic" : "dialog-information-symbolic",
            error != NULL);
  details = error != NULL ? gh_error_dup_details (error) : NULL;
  gtk_widget_hide (GTK_WIDGET (self->title_label));
  gtk_label_set_label (self->sentence_label, text);
  set_advice (self, NULL);
  gtk_label_set_label (self->details_label, details != NULL ? details : "");
  /* What QEMU's log says is why it was looked for. */
  gtk_expander_set_expanded (self->details_expander,
                             error != NULL && error->domain == GH_TOLD_ERROR &&
                             gh_told_error_get_lines (error) != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->details_expander), details != NULL);
  gtk_widget_show (GTK_WIDGET (self));
}

void
gh_error_note_clear (GhErrorNote *self)
{
  g_return_if_fail (GH_IS_ERROR_NOTE (self));

  gtk_widget_hide (GTK_WIDGET (self));
}
