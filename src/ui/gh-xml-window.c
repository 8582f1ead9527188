/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-xml-window"

#include "config.h"

#include "gh-xml-window.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-ui.h"

static gboolean
key_pressed_cb (GtkWidget   *window,
                GdkEventKey *event)
{
  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  gtk_window_close (GTK_WINDOW (window));
  return GDK_EVENT_STOP;
}

static void
copy_clicked_cb (GtkTextView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  g_autofree char *text = NULL;

  g_object_get (buffer, "text", &text, NULL);
  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (view), GDK_SELECTION_CLIPBOARD),
                          text, -1);
}

/**
 * gh_xml_window_present:
 * @parent: (nullable): the window it is for
 * @title: what is shown
 * @xml: the document
 */
void
gh_xml_window_present (GtkWindow  *parent,
                       const char *title,
                       const char *xml)
{
  g_autoptr (GtkBuilder) builder = NULL;
  GtkWindow *window = NULL;
  GtkTextView *view = NULL;

  g_return_if_fail (parent == NULL || GTK_IS_WINDOW (parent));
  g_return_if_fail (xml != NULL);

  gh_ui_init ();
  builder = gtk_builder_new_from_resource (GH_UI_RESOURCES "gh-xml-window.ui");
  window = GTK_WINDOW (gtk_builder_get_object (builder, "window"));
  view = GTK_TEXT_VIEW (gtk_builder_get_object (builder, "view"));
  gtk_window_set_title (window, title);
  gtk_window_set_transient_for (window, parent);
  hdy_header_bar_set_title (HDY_HEADER_BAR (gtk_builder_get_object (builder, "header")), title);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (view), xml, -1);
  g_signal_connect (window, "key-press-event", G_CALLBACK (key_pressed_cb), NULL);
  g_signal_connect_swapped (gtk_builder_get_object (builder, "copy_button"), "clicked",
                            G_CALLBACK (copy_clicked_cb), view);
  gtk_widget_grab_focus (GTK_WIDGET (view));
  gtk_window_present (window);
}
