/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The filter of the list, and what is shown when it finds nothing. */

#define G_LOG_DOMAIN "gh-library-view"

#include "config.h"

#include "gh-library-view-private.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

/* When nothing is found */

static void
ensure_placeholder (GhLibraryView *self)
{
  GtkWidget *button = NULL;

  if (self->placeholder != NULL)
    return;

  button = gtk_button_new_with_label (_("Clear filter"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "library.clear-filter");
  gtk_widget_set_halign (button, GTK_ALIGN_CENTER);
  gtk_style_context_add_class (gtk_widget_get_style_context (button), "pill");
  self->placeholder = hdy_status_page_new ();
  g_object_set (self->placeholder, "icon-name", "edit-find-symbolic",
                "title", _("No machine matches"),
                "description", _("Try other words, or fewer of them."), NULL);
  gtk_container_add (GTK_CONTAINER (self->placeholder), button);
  gtk_widget_show_all (self->placeholder);
  gtk_stack_add_named (self->stack, self->placeholder, "placeholder");
}

void
gh_library_view_update_stack (GhLibraryView *self)
{
  gboolean nothing = gh_library_model_get_n_machines (self->model) > 0 &&
                     *gh_library_model_get_filter (self->model) != '\0' &&
                     gh_library_model_get_n_matches (self->model) == 0;

  if (nothing)
    ensure_placeholder (self);
  gtk_stack_set_visible_child_name (self->stack, nothing ? "placeholder" : "list");
}

static gboolean
refresh_cb (gpointer user_data)
{
  GhLibraryView *self = user_data;

  self->refresh_id = 0;
  gh_library_view_update_stack (self);
  return G_SOURCE_REMOVE;
}

static void
queue_refresh (GhLibraryView *self)
{
  if (self->refresh_id == 0)
    self->refresh_id = g_idle_add_full (GDK_PRIORITY_REDRAW - 10, refresh_cb, self, NULL);
}

void
gh_library_view_watch_matches (GhLibraryView *self)
{
  g_signal_connect_swapped (self->model, "reset-end", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (self->model, "row-changed", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (self->model, "row-deleted", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (self->model, "row-inserted", G_CALLBACK (queue_refresh), self);
  g_signal_connect_swapped (self->model, "notify::settled", G_CALLBACK (queue_refresh), self);
  queue_refresh (self);
}

/* Filter */

static void
filter_changed_cb (GhLibraryView *self)
{
  if (self->model == NULL)
    return;
  gh_library_model_set_filter (self->model, gtk_entry_get_text (self->filter_entry));
  gh_library_view_update_stack (self);
}

void
gh_library_view_clear_filter (GhLibraryView *self)
{
  gtk_entry_set_text (self->filter_entry, "");
  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
}

static void
filter_stopped_cb (GhLibraryView *self)
{
  gh_library_view_clear_filter (self);
}

/* Puts the cursor on the first machine that is shown. */
static void
focus_first_machine (GhLibraryView *self)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  GtkTreeIter iter;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autoptr (GtkTreePath) path = NULL;

      if (gh_library_model_get_machine (self->model, &iter) == NULL)
        continue;
      path = gtk_tree_model_get_path (model, &iter);
      gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
      break;
    }
  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
}

static void
filter_activated_cb (GhLibraryView *self)
{
  focus_first_machine (self);
}

static gboolean
filter_key_pressed_cb (GhLibraryView *self,
                       GdkEventKey   *event)
{
  if (event->keyval != GDK_KEY_Down && event->keyval != GDK_KEY_KP_Down)
    return GDK_EVENT_PROPAGATE;
  focus_first_machine (self);
  return GDK_EVENT_STOP;
}

void
gh_library_view_bind_filter (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, filter_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_key_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_stopped_cb);
}
