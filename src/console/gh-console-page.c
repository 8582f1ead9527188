/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-console-page"

#include "config.h"

#include "gh-console-page.h"

#include <glib/gi18n-lib.h>

#include "gh-console-resources.h"

/* What stands in place of the guest's screen: an icon, what is the matter, and what can be
 * done about it. */
struct _GhConsolePage
{
  GtkBin     parent_instance;

  GtkWidget *image_stack;
  GtkWidget *image;
  GtkWidget *spinner;
  GtkWidget *title_label;
  GtkWidget *text_label;
  GtkWidget *password_box;
  GtkWidget *user_entry;
  GtkWidget *password_entry;
  GtkWidget *button;
  GtkWidget *details_expander;
  GtkWidget *details_label;

  GhConsoleOffer offer;
};

G_DEFINE_FINAL_TYPE (GhConsolePage, gh_console_page, GTK_TYPE_BIN)

enum
{
  BUTTON_CLICKED,
  PASSWORD_GIVEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* The templates of the console, which come with the first of its widgets. */
void
gh_console_ensure_resources (void)
{
  static gboolean registered = FALSE;

  if (!registered)
    gh_console_register_resource ();
  registered = TRUE;
}

static const char *
get_button_label (GhConsoleLink *link)
{
  GhMachine *machine = gh_console_link_get_machine (link);

  switch (gh_console_link_get_offer (link))
    {
    case GH_CONSOLE_OFFER_RUN:
      if (machine != NULL && gh_machine_get_state (machine) == GH_MACHINE_SAVED)
        return _("_Restore");
      return _("_Run");
    case GH_CONSOLE_OFFER_RUN_IN_DOUBT:
      return _("Run it all the same…");
    case GH_CONSOLE_OFFER_CONNECT:
      if (gh_console_link_get_state (link) == GH_CONSOLE_CLOSED)
        return _("_Open the console");
      return _("_Try again");
    case GH_CONSOLE_OFFER_PASSWORD:
      return _("_Open the console");
    case GH_CONSOLE_OFFER_OTHER_KIND:
      if (gh_console_link_get_kind (link) == GH_CONSOLE_SERIAL)
        return _("Show the _screen");
      return _("Show the serial _terminal");
    case GH_CONSOLE_OFFER_NOTHING:
    default:
      return NULL;
    }
}

static void
clicked_cb (GhConsolePage *self)
{
  const char *user = NULL;

  if (self->offer != GH_CONSOLE_OFFER_PASSWORD)
    {
      g_signal_emit (self, signals[BUTTON_CLICKED], 0);
      return;
    }

  if (gtk_widget_get_visible (self->user_entry))
    user = gtk_entry_get_text (GTK_ENTRY (self->user_entry));
  g_signal_emit (self, signals[PASSWORD_GIVEN], 0, user,
                 gtk_entry_get_text (GTK_ENTRY (self->password_entry)));
  gtk_entry_set_text (GTK_ENTRY (self->password_entry), "");
}

static void
gh_console_page_class_init (GhConsolePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gh_console_ensure_resources ();

  signals[BUTTON_CLICKED] =
    g_signal_new ("button-clicked", GH_TYPE_CONSOLE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
  signals[PASSWORD_GIVEN] =
    g_signal_new ("password-given", GH_TYPE_CONSOLE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (
    widget_class, "/org/guesthouse/Guesthouse/console/gh-console-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, image_stack);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, image);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, spinner);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, text_label);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, password_box);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, user_entry);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, password_entry);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, button);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, details_expander);
  gtk_widget_class_bind_template_child (widget_class, GhConsolePage, details_label);
  gtk_widget_class_bind_template_callback (widget_class, clicked_cb);
}

static void
gh_console_page_init (GhConsolePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_console_page_show_link:
 * @self: the page
 * @link: a link
 *
 * Takes its status over. The page is translucent over the last frame of a
 * display that is coming back.
 */
void
gh_console_page_show_link (GhConsolePage *self,
                           GhConsoleLink *link)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  const char *text = gh_console_link_get_text (link);
  const char *details = gh_console_link_get_details (link);
  const char *label = get_button_label (link);
  gboolean busy = gh_console_link_get_state (link) == GH_CONSOLE_CONNECTING;
  gboolean asks = FALSE;

  self->offer = gh_console_link_get_offer (link);
  asks = self->offer == GH_CONSOLE_OFFER_PASSWORD;

  gtk_image_set_from_icon_name (GTK_IMAGE (self->image), gh_console_link_get_icon_name (link),
                                GTK_ICON_SIZE_DIALOG);
  gtk_stack_set_visible_child (GTK_STACK (self->image_stack), busy ? self->spinner : self->image);
  g_object_set (self->spinner, "active", busy, NULL);
  gtk_label_set_text (GTK_LABEL (self->title_label), gh_console_link_get_title (link));
  gtk_label_set_text (GTK_LABEL (self->text_label), text != NULL ? text : "");
  gtk_widget_set_visible (self->text_label, text != NULL);
  gtk_widget_set_visible (self->password_box, asks);
  gtk_widget_set_visible (self->user_entry, asks && gh_console_link_get_user_needed (link));
  gtk_widget_set_visible (self->button, label != NULL);
  if (label != NULL)
    gtk_button_set_label (GTK_BUTTON (self->button), label);
  gtk_label_set_text (GTK_LABEL (self->details_label), details != NULL ? details : "");
  gtk_widget_set_visible (self->details_expander, details != NULL);

  if (gh_console_link_get_last_frame (link) != NULL)
    gtk_style_context_add_class (style, "over-frame");
  else
    gtk_style_context_remove_class (style, "over-frame");
}
