/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The main window while there is no machine: the library has it to itself, and says what to do. */

#define G_LOG_DOMAIN "gh-window"

#include "config.h"

#include "gh-window-private.h"

/* Which hosts there are says the page, but for those that are not this computer's or not as they
 * should be: they have menus. */
static gboolean
needs_headings (GhWindow *self)
{
  guint n_hosts = g_list_model_get_n_items (G_LIST_MODEL (self->hosts));

  for (guint i = 0; i < n_hosts; i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      if (!gh_host_is_local (host) || gh_host_get_state (host) == GH_HOST_DISCONNECTED ||
          (n_hosts > 1 && gh_host_get_state (host) != GH_HOST_CONNECTED))
        return TRUE;
    }
  return FALSE;
}

/* Before the first picture hosts have not been asked, and while one is, it may have machines: then
 * nothing moves. */
static gboolean
wants_whole (GhWindow *self)
{
  GhLibraryModel *model = gh_library_view_get_model (self->library);

  if (!self->window_reported || self->fullscreen || self->machine != NULL ||
      gh_library_model_get_n_machines (model) > 0)
    return FALSE;
  return self->whole || gh_library_model_is_settled (model) ||
         g_list_model_get_n_items (G_LIST_MODEL (self->hosts)) == 0;
}

/* What has to be told is told in the pane that can be seen. */
void
gh_window_place_bar (GhWindow  *self,
                     GtkWidget *bar) /* nullable */
{
  GtkWidget *pane = self->whole ? self->library_pane : GTK_WIDGET (self->machine_pane);

  if (bar == NULL || gtk_widget_get_parent (bar) == pane)
    return;
  g_object_ref (bar);
  if (gtk_widget_get_parent (bar) != NULL)
    gtk_container_remove (GTK_CONTAINER (gtk_widget_get_parent (bar)), bar);
  gtk_container_add_with_properties (GTK_CONTAINER (pane), bar, "position", 1, NULL);
  g_object_unref (bar);
}

static void
ensure_empty (GhWindow *self)
{
  if (self->empty != NULL)
    return;
  self->empty = GH_EMPTY_PAGE (gh_empty_page_new (self->hosts));
  gtk_container_add (GTK_CONTAINER (self->library_pane), GTK_WIDGET (self->empty));
}

/* The keyboard goes with what takes the place of what had it. */
static void
set_whole (GhWindow *self,
           gboolean  whole)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  GtkWidget *from = whole ? GTK_WIDGET (self->library) : GTK_WIDGET (self->empty);
  gboolean take_focus = focus == NULL || gtk_widget_is_ancestor (focus, from) ||
                        gtk_widget_is_ancestor (focus, GTK_WIDGET (self->machine_pane));

  if (whole)
    hdy_leaflet_set_visible_child (self->leaflet, self->library_pane);
  self->whole = whole;
  gtk_widget_set_hexpand (self->library_pane, whole);
  gtk_widget_set_visible (GTK_WIDGET (self->machine_pane), !whole);
  gtk_widget_set_visible (self->separator, !whole && !self->fullscreen);
  gtk_widget_set_visible (GTK_WIDGET (self->empty), whole);
  gh_library_view_set_only_hosts (self->library, whole);
  /* What was told in the only pane there was stays to be read there: on a narrow screen it is the
   * one in sight. */
  if (whole || gh_error_bar_get_n_errors (self->machine_errors) == 0)
    gh_window_place_bar (self, GTK_WIDGET (self->machine_errors));
  gh_window_place_bar (self, GTK_WIDGET (self->notice));
  gh_window_place_bar (self, self->interrupted);
  gh_window_update_panes (self);
  if (!take_focus)
    return;
  if (whole)
    gh_empty_page_focus (self->empty);
  else
    gh_library_view_focus_list (self->library);
}

void
gh_window_update_empty (GhWindow *self)
{
  gboolean whole = wants_whole (self);

  if (whole)
    {
      ensure_empty (self);
      gh_empty_page_update (self->empty);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->library), !whole || needs_headings (self));
  if (self->whole != whole)
    set_whole (self, whole);
  else if (whole && gtk_window_get_focus (GTK_WINDOW (self)) == NULL)
    gh_empty_page_focus (self->empty);
}
