/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the main window tells: what has failed, and what has happened. */

#define G_LOG_DOMAIN "gh-window"

#include "config.h"

#include "gh-window-private.h"

#include "gh-virt-error.h"

static void
notify_desktop (GhWindow     *self,
                GhMachine    *machine,
                const char   *title,
                const GError *error)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));
  g_autoptr (GNotification) notification = NULL;
  g_autofree char *sentence = NULL;

  if (application == NULL || gtk_window_is_active (GTK_WINDOW (self)))
    return;
  sentence = gh_error_dup_sentence (error);
  notification = g_notification_new (title);
  g_notification_set_body (notification, sentence);
  if (machine != NULL)
    g_notification_set_default_action_and_target (notification, "app.show-machine", "s",
                                                  gh_machine_get_uuid (machine));
  g_application_send_notification (G_APPLICATION (application), NULL, notification);
}

/**
 * gh_window_show_error:
 * @self: a window
 * @machine: (nullable): which machine it is about
 * @title: what failed, in words
 * @error: why
 */
void
gh_window_show_error (GhWindow     *self,
                      GhMachine    *machine,
                      const char   *title,
                      const GError *error)
{
  gh_window_show_error_with_offer (self, machine, title, error, NULL, NULL);
}

/**
 * gh_window_show_error_with_offer:
 * @self: a window
 * @machine: (nullable): which machine it is about
 * @title: what failed, in words
 * @error: why
 * @offer: (nullable): what the user may do about it
 * @action: (nullable): the detailed name of the action behind @offer
 *
 * Shows it where the user looks, and on the desktop if that is not at this window.
 */
void
gh_window_show_error_with_offer (GhWindow     *self,
                                 GhMachine    *machine,
                                 const char   *title,
                                 const GError *error,
                                 const char   *offer,
                                 const char   *action)
{
  gboolean at_library = FALSE;

  g_return_if_fail (GH_IS_WINDOW (self));
  g_return_if_fail (error != NULL);

  g_message ("%s: %s", title, error->message);
  if (self->leaflet == NULL)
    return;
  at_library = hdy_leaflet_get_folded (self->leaflet) &&
               hdy_leaflet_get_visible_child (self->leaflet) == self->library_pane && !self->whole;
  if (!at_library)
    gh_window_place_bar (self, GTK_WIDGET (self->machine_errors));
  gh_error_bar_add (at_library ? self->library_errors : self->machine_errors, title, error, offer,
                    action);
  notify_desktop (self, machine, title, error);
}

/**
 * gh_window_clear_errors:
 * @self: a window
 *
 * Takes away what was said to have failed.
 */
void
gh_window_clear_errors (GhWindow *self)
{
  g_return_if_fail (GH_IS_WINDOW (self));

  gh_error_bar_clear (self->library_errors);
  gh_error_bar_clear (self->machine_errors);
}

/**
 * gh_window_show_notice:
 * @self: a window
 * @text: what has happened, in a sentence
 */
void
gh_window_show_notice (GhWindow   *self,
                       const char *text)
{
  g_return_if_fail (GH_IS_WINDOW (self));

  if (self->machine_pane == NULL)
    return;
  if (self->notice == NULL)
    {
      self->notice = GH_NOTICE_BAR (gh_notice_bar_new ());
      gh_window_place_bar (self, GTK_WIDGET (self->notice));
    }
  gh_notice_bar_show (self->notice, text);
}
