/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-error-bar"

#include "config.h"

#include "gh-error-bar.h"

#include <glib/gi18n-lib.h>

#include "gh-command-line.h"
#include "gh-ui.h"
#include "gh-virt-error.h"

typedef struct
{
  char *title;
  char *sentence;
  char *advice;  /* (nullable) */
  char *command; /* (nullable) */
  char *details;
  char *offer;  /* (nullable) */
  char *action; /* (nullable) */
} Failure;

struct _GhErrorBar
{
  GtkBin         parent_instance;

  GtkInfoBar    *bar;
  GtkLabel      *title_label;
  GtkLabel      *sentence_label;
  GtkLabel      *advice_label;
  GhCommandLine *command_line;
  GtkLabel      *details_label;
  GtkRevealer   *details_revealer;
  GtkWidget     *details_button;
  GtkButton     *offer_button;
  GtkLabel      *more_label;

  GQueue         failures; /* (element-type Failure): the first one is shown */
};

G_DEFINE_FINAL_TYPE (GhErrorBar, gh_error_bar, GTK_TYPE_BIN)

static void
failure_free (gpointer data)
{
  Failure *failure = data;

  g_free (failure->title);
  g_free (failure->sentence);
  g_free (failure->advice);
  g_free (failure->command);
  g_free (failure->details);
  g_free (failure->offer);
  g_free (failure->action);
  g_free (failure);
}

static void
update_more (GhErrorBar *self)
{
  guint n = g_queue_get_length (&self->failures);
  g_autofree char *text = NULL;

  if (n > 1)
    text = g_strdup_printf (ngettext ("%u more", "%u more", n - 1), n - 1);
  gtk_label_set_text (self->more_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->more_label), text != NULL);
}

/* The target first: GTK warns of an action that lacks it even for a moment. */
static void
set_offer_action (GhErrorBar *self,
                  const char *detailed_name)
{
  GtkActionable *button = GTK_ACTIONABLE (self->offer_button);
  g_autofree char *name = NULL;
  g_autoptr (GVariant) target = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_action_parse_detailed_name (detailed_name, &name, &target, &error))
    {
      g_critical ("Bad action “%s”: %s", detailed_name, error->message);
      return;
    }
  gtk_actionable_set_action_name (button, NULL);
  gtk_actionable_set_action_target_value (button, target);
  gtk_actionable_set_action_name (button, name);
}

static void
show_first (GhErrorBar *self)
{
  Failure *failure = g_queue_peek_head (&self->failures);

  gtk_widget_set_visible (GTK_WIDGET (self), failure != NULL);
  if (failure == NULL)
    return;

  gtk_label_set_text (self->title_label, failure->title);
  gtk_label_set_text (self->sentence_label, failure->sentence);
  gtk_widget_set_visible (GTK_WIDGET (self->sentence_label), *failure->sentence != '\0');
  gtk_label_set_text (self->advice_label, failure->advice != NULL ? failure->advice : "");
  gtk_widget_set_visible (GTK_WIDGET (self->advice_label), failure->advice != NULL);
  gh_command_line_set_command (self->command_line, failure->command);
  gtk_label_set_text (self->details_label, failure->details);
  gtk_revealer_set_reveal_child (self->details_revealer, FALSE);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->details_button), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->offer_button), failure->offer != NULL);
  if (failure->offer != NULL)
    {
      gtk_button_set_label (self->offer_button, failure->offer);
      set_offer_action (self, failure->action);
    }
  update_more (self);
}

static void
closed_cb (GhErrorBar *self)
{
  Failure *failure = g_queue_pop_head (&self->failures);

  if (failure != NULL)
    failure_free (failure);
  show_first (self);
}

static void
gh_error_bar_finalize (GObject *object)
{
  g_queue_clear_full (&GH_ERROR_BAR (object)->failures, failure_free);
  G_OBJECT_CLASS (gh_error_bar_parent_class)->finalize (object);
}

static void
gh_error_bar_class_init (GhErrorBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_error_bar_finalize;
  g_type_ensure (GH_TYPE_COMMAND_LINE);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-error-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, advice_label);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, bar);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, command_line);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, details_button);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, details_label);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, details_revealer);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, more_label);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, offer_button);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, sentence_label);
  gtk_widget_class_bind_template_child (widget_class, GhErrorBar, title_label);
  gtk_widget_class_bind_template_callback (widget_class, closed_cb);
}

static void
gh_error_bar_init (GhErrorBar *self)
{
  g_queue_init (&self->failures);
}

/* GTK leaves the cross of an info bar without a word. */
static void
name_close_button (GhErrorBar *self)
{
  GObject *button = gtk_widget_get_template_child (GTK_WIDGET (self->bar), GTK_TYPE_INFO_BAR,
                                                   "close_button");

  if (button == NULL)
    return;
  gtk_widget_set_tooltip_text (GTK_WIDGET (button), _("Close"));
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (button)), _("Close"));
}

/* The widgets are made with the first failure: most starts have none. */
static void
ensure_template (GhErrorBar *self)
{
  if (self->bar != NULL)
    return;
  gtk_widget_init_template (GTK_WIDGET (self));
  name_close_button (self);
}

/**
 * gh_error_bar_new:
 *
 * Returns: (transfer floating): a bar with nothing to say
 */
GtkWidget *
gh_error_bar_new (void)
{
  return g_object_new (GH_TYPE_ERROR_BAR, NULL);
}

/**
 * gh_error_bar_add:
 * @self: a bar
 * @title: what failed, in words
 * @error: why
 * @offer: (nullable): what the user may do about it, as the label of a button
 * @action: (nullable): the detailed name of the action behind @offer
 *
 * Shows a failure, or puts it behind those that are shown.
 */
void
gh_error_bar_add (GhErrorBar   *self,
                  const char   *title,
                  const GError *error,
                  const char   *offer,
                  const char   *action)
{
  Failure *failure = NULL;

  g_return_if_fail (GH_IS_ERROR_BAR (self));
  g_return_if_fail (title != NULL);
  g_return_if_fail (error != NULL);

  ensure_template (self);
  failure = g_new0 (Failure, 1);
  failure->title = g_strdup (title);
  failure->sentence = gh_error_dup_sentence (error);
  failure->advice = gh_error_dup_advice (error);
  failure->command = gh_error_dup_command (error);
  failure->details = gh_error_dup_details (error);
  failure->offer = g_strdup (offer);
  failure->action = g_strdup (action);
  g_queue_push_tail (&self->failures, failure);
  if (g_queue_get_length (&self->failures) == 1)
    show_first (self);
  else
    update_more (self);
}

/**
 * gh_error_bar_clear:
 * @self: a bar
 *
 * Forgets all failures.
 */
void
gh_error_bar_clear (GhErrorBar *self)
{
  g_return_if_fail (GH_IS_ERROR_BAR (self));

  if (g_queue_is_empty (&self->failures))
    return;
  g_queue_clear_full (&self->failures, failure_free);
  show_first (self);
}

/**
 * gh_error_bar_get_n_errors:
 * @self: a bar
 *
 * Returns: how many failures are shown or waiting
 */
guint
gh_error_bar_get_n_errors (GhErrorBar *self)
{
  g_return_val_if_fail (GH_IS_ERROR_BAR (self), 0);

  return g_queue_get_length (&self->failures);
}
