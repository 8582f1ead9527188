/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-trial-question"

#include "config.h"

#include "gh-trial-question.h"

#include <glib/gi18n-lib.h>

/* How many trials a question names before it counts the rest. */
#define MAX_NAMED 8

static char *
dup_title (GPtrArray       *trials,
           GhTrialOccasion  occasion)
{
  guint n = trials->len;

  if (n == 1 && occasion == GH_TRIAL_WAS_SHUT_DOWN)
    return g_strdup_printf (_("“%s” has shut down. Discard it?"),
                            gh_machine_get_label (g_ptr_array_index (trials, 0)));
  if (n == 1)
    return g_strdup_printf (_("Discard “%s”?"),
                            gh_machine_get_label (g_ptr_array_index (trials, 0)));
  return g_strdup_printf (ngettext ("Discard %u throw-away copy?",
                                    "Discard %u throw-away copies?", n), n);
}

static char *
dup_text (GPtrArray       *trials,
          GhTrialOccasion  occasion)
{
  GString *text = g_string_new (NULL);
  GhMachine *first = g_ptr_array_index (trials, 0);
  const char *parent = gh_machine_get_parent_name (first);

  if (trials->len == 1)
    g_string_append_printf (text, _("It is a throw-away copy of “%s”. What was done in it is lost "
                                    "when it is discarded."), parent != NULL ? parent : "");
  else
    {
      for (guint i = 0; i < MIN (trials->len, MAX_NAMED); i++)
        g_string_append_printf (text, "• %s\n",
                                gh_machine_get_label (g_ptr_array_index (trials, i)));
      if (trials->len > MAX_NAMED)
        {
          guint rest = trials->len - MAX_NAMED;

          g_string_append_printf (text, ngettext ("and %u more", "and %u more", rest), rest);
          g_string_append_c (text, '\n');
        }
      g_string_append_c (text, '\n');
      g_string_append (text, _("What was done in them is lost when they are discarded."));
    }
  if (occasion == GH_TRIAL_ON_LEAVING)
    {
      g_string_append_c (text, ' ');
      g_string_append (text, _("What is left stays a trial, goes on if it runs, and can be "
                               "discarded at any time."));
    }
  return g_string_free (text, FALSE);
}

static void
add_buttons (GtkDialog       *dialog,
             guint            n,
             GhTrialOccasion  occasion)
{
  GtkWidget *button = NULL;

  gtk_dialog_add_button (dialog, _("_Cancel"), GTK_RESPONSE_CANCEL);
  if (occasion == GH_TRIAL_ON_LEAVING)
    gtk_dialog_add_button (dialog, n == 1 ? _("_Leave it") : _("_Leave them"),
                           GH_TRIAL_RESPONSE_LEAVE);
  if (occasion != GH_TRIAL_DISCARD_ALL && n == 1)
    gtk_dialog_add_button (dialog, _("_Keep as a machine…"), GH_TRIAL_RESPONSE_KEEP);
  button = gtk_dialog_add_button (dialog, n == 1 ? _("_Discard") : _("_Discard all"),
                                  GH_TRIAL_RESPONSE_DISCARD);
  gtk_style_context_add_class (gtk_widget_get_style_context (button),
                               GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
  gtk_dialog_set_default_response (dialog, GTK_RESPONSE_CANCEL);
}

GtkWidget *
gh_trial_question_present (GtkWindow       *parent,
                           GPtrArray       *trials,
                           GhTrialOccasion  occasion)
{
  g_autofree char *title = NULL;
  g_autofree char *text = NULL;
  GtkWidget *dialog = NULL;

  g_return_val_if_fail (trials != NULL && trials->len > 0, NULL);

  title = dup_title (trials, occasion);
  text = dup_text (trials, occasion);
  dialog = gtk_message_dialog_new (parent, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                   GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE, "%s", title);
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "%s", text);
  add_buttons (GTK_DIALOG (dialog), trials->len, occasion);
  gtk_window_present (GTK_WINDOW (dialog));
  return dialog;
}
