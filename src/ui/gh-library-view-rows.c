/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How the rows of the list are drawn, and what they say when pointed at. */

#define G_LOG_DOMAIN "gh-library-view"

#include "config.h"

#include "gh-library-view-private.h"

#include "gh-virt-error.h"

/* Once: when such a row is drawn again, it wants the next second, too. */
static gboolean
countdown_cb (gpointer user_data)
{
  GhLibraryView *self = user_data;

  self->countdown_id = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self->tree));
  return G_SOURCE_REMOVE;
}

static void
draw_row (GtkTreeViewColumn *column,
          GtkCellRenderer   *renderer,
          GtkTreeModel      *model,
          GtkTreeIter       *iter,
          gpointer           user_data)
{
  GhLibraryModel *library = GH_LIBRARY_MODEL (model);
  GhHost *host = gh_library_model_get_host (library, iter);
  GhLibraryView *self = user_data; /* (nullable): it is not shown */

  gh_library_renderer_set_row (GH_LIBRARY_RENDERER (renderer), host,
                               gh_library_model_get_machine (library, iter),
                               gh_library_model_get_collapsed (library, host));
  if (self != NULL && self->countdown_id == 0 && gh_host_get_retry_time (host) > 0)
    self->countdown_id = g_timeout_add_seconds (1, countdown_cb, self);
}

GhLibraryHit
gh_library_view_find_hit (GhLibraryView *self,
                          GtkTreePath   *path,
                          GtkTreeIter   *iter,
                          int            x,
                          int            y)
{
  GdkRectangle cell;

  draw_row (self->column, self->renderer, GTK_TREE_MODEL (self->model), iter, NULL);
  gtk_tree_view_get_cell_area (self->tree, path, self->column, &cell);
  return gh_library_renderer_hit (GH_LIBRARY_RENDERER (self->renderer), GTK_WIDGET (self->tree),
                                  &cell, x, y);
}

static void
figures_changed_cb (GhLibraryModel *model,
                    GhHost         *host,
                    GhLibraryView  *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  g_autoptr (GtkTreePath) end = NULL;
  GdkWindow *window = gtk_tree_view_get_bin_window (self->tree);
  GtkTreeIter iter;

  if (window == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self->tree)) ||
      !gtk_tree_view_get_visible_range (self->tree, &path, &end))
    return;

  for (gboolean more = gtk_tree_model_get_iter (GTK_TREE_MODEL (model), &iter, path);
       more && gtk_tree_path_compare (path, end) <= 0;
       more = gtk_tree_model_iter_next (GTK_TREE_MODEL (model), &iter))
    {
      GhMachine *machine = gh_library_model_get_machine (model, &iter);
      GdkRectangle cell;
      GdkRectangle graph;

      if (machine != NULL && gh_library_model_get_host (model, &iter) == host &&
          gh_machine_is_active (machine))
        {
          gtk_tree_view_get_cell_area (self->tree, path, self->column, &cell);
          gh_library_renderer_get_graph_area (GH_LIBRARY_RENDERER (self->renderer),
                                              GTK_WIDGET (self->tree), &cell, &graph);
          gdk_window_invalidate_rect (window, &graph, FALSE);
        }
      gtk_tree_path_next (path);
    }
}

void
gh_library_view_watch_figures (GhLibraryView *self)
{
  g_signal_connect (self->model, "figures-changed", G_CALLBACK (figures_changed_cb), self);
}

/* Why a host is lost, and what helps, in lines; NULL when it is not. */
static char *
dup_why (GhHost *host)
{
  const GError *error = gh_host_get_error (host);
  g_autofree char *sentence = error != NULL ? gh_error_dup_sentence (error) : NULL;
  g_autofree char *advice = error != NULL ? gh_error_dup_advice (error) : NULL;
  g_autofree char *command = error != NULL ? gh_error_dup_command (error) : NULL;

  return error != NULL ? g_strconcat (sentence, advice != NULL ? "\n" : "",
                                      advice != NULL ? advice : "", command != NULL ? "\n" : "",
                                      command, NULL)
                       : NULL;
}

static gboolean
query_tooltip_cb (GhLibraryView *self,
                  int            x,
                  int            y,
                  gboolean       keyboard,
                  GtkTooltip    *tooltip)
{
  g_autoptr (GtkTreePath) path = NULL;
  g_autofree char *text = NULL;
  GhMachine *machine = NULL;
  GhHost *host = NULL;
  GtkTreeIter iter;

  if (self->model == NULL ||
      !gtk_tree_view_get_tooltip_context (self->tree, &x, &y, keyboard, NULL, &path, &iter))
    return FALSE;

  machine = gh_library_model_get_machine (self->model, &iter);
  host = gh_library_model_get_host (self->model, &iter);
  if (machine != NULL)
    {
      GdkRectangle cell;

      draw_row (self->column, self->renderer, GTK_TREE_MODEL (self->model), &iter, NULL);
      gtk_tree_view_get_cell_area (self->tree, path, self->column, &cell);
      if (!gh_library_renderer_is_cut (GH_LIBRARY_RENDERER (self->renderer),
                                       GTK_WIDGET (self->tree), &cell))
        return FALSE;
      text = g_strdup_printf ("%s\n%s · %s", gh_machine_get_label (machine),
                              gh_machine_get_state_text (machine), gh_machine_get_name (machine));
    }
  else
    {
      g_autofree char *why = dup_why (host);

      text = g_strdup_printf ("%s\n%s%s%s", gh_host_get_label (host), gh_host_get_uri (host),
                              why != NULL ? "\n" : "", why != NULL ? why : "");
    }
  gtk_tooltip_set_text (tooltip, text);
  gtk_tree_view_set_tooltip_row (self->tree, tooltip, path);
  return TRUE;
}

void
gh_library_view_add_column (GhLibraryView *self)
{
  self->renderer = gh_library_renderer_new ();
  self->column = gtk_tree_view_column_new ();
  gtk_tree_view_column_set_sizing (self->column, GTK_TREE_VIEW_COLUMN_FIXED);
  gtk_tree_view_column_set_expand (self->column, TRUE);
  gtk_tree_view_column_pack_start (self->column, self->renderer, TRUE);
  gtk_tree_view_column_set_cell_data_func (self->column, self->renderer, draw_row, self, NULL);
  gtk_tree_view_append_column (self->tree, self->column);
}

void
gh_library_view_bind_rows (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, query_tooltip_cb);
}
