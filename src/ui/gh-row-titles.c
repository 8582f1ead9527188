/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-row-titles"

#include "config.h"

#include "gh-row-titles.h"

#include <handy.h>

static void
keep_words (GtkWidget *widget)
{
  if (!GTK_IS_LABEL (widget) ||
      !gtk_style_context_has_class (gtk_widget_get_style_context (widget), "title"))
    return;
  gtk_label_set_line_wrap_mode (GTK_LABEL (widget), PANGO_WRAP_WORD);
}

static void
search_row_cb (GtkWidget *widget,
               gpointer   user_data)
{
  keep_words (widget);
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search_row_cb, user_data);
}

/* A row can have the focus; it is called what is written on it. */
static void
name_row (GtkWidget *row)
{
  AtkObject *accessible = gtk_widget_get_accessible (row);
  g_autoptr (GString) name = NULL;

  if (atk_object_get_name (accessible) != NULL)
    return;
  name = g_string_new (hdy_preferences_row_get_title (HDY_PREFERENCES_ROW (row)));
  if (hdy_preferences_row_get_use_underline (HDY_PREFERENCES_ROW (row)))
    g_string_replace (name, "_", "", 1);
  if (name->len > 0)
    atk_object_set_name (accessible, name->str);
}

static void
search_form_cb (GtkWidget *widget,
                gpointer   user_data)
{
  if (HDY_IS_ACTION_ROW (widget))
    {
      name_row (widget);
      search_row_cb (widget, user_data);
    }
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search_form_cb, user_data);
}

/**
 * gh_row_titles_keep_words:
 * @form: a form of #HdyActionRow
 *
 * Lets titles be no narrower than their longest word. libhandy breaks them anywhere, and so gives
 * the room to the field beside them: large letters make “Betriebssyste-m” of a long word while the
 * field is wider than it must be. With this the field gives way, and then the window grows.
 * Rows without an accessible name get their title as one.
 */
void
gh_row_titles_keep_words (GtkWidget *form)
{
  g_return_if_fail (GTK_IS_WIDGET (form));

  search_form_cb (form, NULL);
}
