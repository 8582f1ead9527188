/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-command-line"

#include "config.h"

#include "gh-command-line.h"

#include "gh-ui.h"

struct _GhCommandLine
{
  GtkBin     parent_instance;

  GtkLabel  *label;
  GtkWidget *button;
};

G_DEFINE_FINAL_TYPE (GhCommandLine, gh_command_line, GTK_TYPE_BIN)

static void
copy_clicked_cb (GhCommandLine *self)
{
  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self), GDK_SELECTION_CLIPBOARD),
                          gtk_label_get_text (self->label), -1);
}

static void
gh_command_line_class_init (GhCommandLineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-command-line.ui");
  gtk_widget_class_bind_template_child (widget_class, GhCommandLine, label);
  gtk_widget_class_bind_template_child (widget_class, GhCommandLine, button);
  gtk_widget_class_bind_template_callback (widget_class, copy_clicked_cb);
}

static void
gh_command_line_init (GhCommandLine *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_command_line_set_command:
 * @self: a command to copy
 * @command: (nullable): the line; without one nothing shows
 */
void
gh_command_line_set_command (GhCommandLine *self,
                             const char    *command)
{
  g_return_if_fail (GH_IS_COMMAND_LINE (self));

  gtk_label_set_text (self->label, command != NULL ? command : "");
  /* Several may be on a page: which one the button copies. */
  atk_object_set_description (gtk_widget_get_accessible (self->button),
                              command != NULL ? command : "");
  gtk_widget_set_visible (GTK_WIDGET (self), command != NULL);
}
