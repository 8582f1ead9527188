/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the mouse and the keyboard do in the list. */

#define G_LOG_DOMAIN "gh-library-view"

#include "config.h"

#include "gh-library-view-private.h"

static void
follow_host_link (GhLibraryView *self,
                  GhHost        *host)
{
  if (gh_host_get_state (host) == GH_HOST_CONNECTING)
    gh_host_disconnect (host);
  else
    gh_host_connect (host);
}

static void
toggle_host (GhLibraryView *self,
             GhHost        *host)
{
  gh_library_model_set_collapsed (self->model, host,
                                  !gh_library_model_get_collapsed (self->model, host));
}

static gboolean
press_heading (GhLibraryView  *self,
               GtkTreePath    *path,
               GtkTreeIter    *iter,
               GdkEventButton *event)
{
  GhHost *host = gh_library_model_get_host (self->model, iter);

  if (event->type != GDK_BUTTON_PRESS)
    return GDK_EVENT_STOP;
  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
  if (gh_library_view_find_hit (self, path, iter, (int) event->x, (int) event->y) ==
      GH_LIBRARY_HIT_LINK)
    follow_host_link (self, host);
  else
    toggle_host (self, host);
  /* The selection is not touched: a heading is nothing to select. */
  return GDK_EVENT_STOP;
}

static gboolean
button_pressed_cb (GhLibraryView  *self,
                   GdkEventButton *event)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  if (event->window != gtk_tree_view_get_bin_window (self->tree) ||
      !gtk_tree_view_get_path_at_pos (self->tree, (int) event->x, (int) event->y, &path, NULL,
                                      NULL, NULL) ||
      !gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return GDK_EVENT_PROPAGATE;

  if (gdk_event_triggers_context_menu ((GdkEvent *) event))
    {
      gtk_widget_grab_focus (GTK_WIDGET (self->tree));
      gh_library_view_popup_row_menu (self, path, (GdkEvent *) event);
      return GDK_EVENT_STOP;
    }
  if (event->button == GDK_BUTTON_PRIMARY &&
      gh_library_model_get_machine (self->model, &iter) == NULL)
    return press_heading (self, path, &iter, event);
  return GDK_EVENT_PROPAGATE;
}

/* Keyboard */

/* Left closes a host or goes to it, Right opens it; as in a tree. */
static gboolean
move_sideways (GhLibraryView *self,
               gboolean       open)
{
  g_autoptr (GtkTreePath) path = NULL;
  g_autoptr (GtkTreePath) heading = NULL;
  GhHost *host = NULL;
  GtkTreeIter iter;

  gtk_tree_view_get_cursor (self->tree, &path, NULL);
  if (path == NULL || !gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return GDK_EVENT_PROPAGATE;

  host = gh_library_model_get_host (self->model, &iter);
  if (gh_library_model_get_machine (self->model, &iter) == NULL)
    gh_library_model_set_collapsed (self->model, host, !open);
  else if (!open && gh_library_model_find_host (self->model, host, &iter))
    {
      heading = gtk_tree_model_get_path (GTK_TREE_MODEL (self->model), &iter);
      gtk_tree_view_set_cursor (self->tree, heading, NULL, FALSE);
    }
  return GDK_EVENT_STOP;
}

static gboolean
key_pressed_cb (GhLibraryView *self,
                GdkEventKey   *event)
{
  gboolean right_to_left = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  guint modifiers = event->state & gtk_accelerator_get_default_mod_mask ();

  if (self->model == NULL)
    return GDK_EVENT_PROPAGATE;
  if (modifiers == 0)
    switch (event->keyval)
      {
      case GDK_KEY_Left:
      case GDK_KEY_KP_Left:
        return move_sideways (self, right_to_left);
      case GDK_KEY_Right:
      case GDK_KEY_KP_Right:
        return move_sideways (self, !right_to_left);
      case GDK_KEY_Delete:
      case GDK_KEY_KP_Delete:
        gh_library_view_emit_delete_requested (self);
        return GDK_EVENT_STOP;
      case GDK_KEY_Escape:
        if (*gh_library_model_get_filter (self->model) == '\0')
          return GDK_EVENT_PROPAGATE;
        gh_library_view_clear_filter (self);
        return GDK_EVENT_STOP;
      case GDK_KEY_space:
      case GDK_KEY_KP_Space:
        return GDK_EVENT_PROPAGATE;
      default:
        break;
      }

  /* Whoever just types, filters, if there is a filter. */
  if ((modifiers & ~GDK_SHIFT_MASK) == 0 &&
      gtk_widget_get_visible (GTK_WIDGET (self->filter_entry)) &&
      gtk_search_entry_handle_event (GTK_SEARCH_ENTRY (self->filter_entry), (GdkEvent *) event))
    {
      gtk_entry_grab_focus_without_selecting (self->filter_entry);
      return GDK_EVENT_STOP;
    }
  return GDK_EVENT_PROPAGATE;
}

static void
row_activated_cb (GhLibraryView     *self,
                  GtkTreePath       *path,
                  GtkTreeViewColumn *column)
{
  GhMachine *machine = NULL;
  GtkTreeIter iter;

  if (!gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    return;
  machine = gh_library_model_get_machine (self->model, &iter);
  if (machine != NULL)
    gh_library_view_emit_machine_activated (self, machine);
  else
    toggle_host (self, gh_library_model_get_host (self->model, &iter));
}

void
gh_library_view_bind_input (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, button_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
}
