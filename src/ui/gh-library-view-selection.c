/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The selection of the list: that of UUIDs, so that it outlives the rows. */

#define G_LOG_DOMAIN "gh-library-view"

#include "config.h"

#include "gh-library-view-private.h"

static void
remember_selection (GhLibraryView *self)
{
  g_autoptr (GPtrArray) machines = gh_library_view_dup_selected (self);

  g_hash_table_remove_all (self->wanted);
  for (guint i = 0; i < machines->len; i++)
    g_hash_table_add (self->wanted,
                      g_strdup (gh_machine_get_uuid (g_ptr_array_index (machines, i))));
}

static void
selection_changed_cb (GhLibraryView *self)
{
  if (self->applying || self->model == NULL)
    return;
  remember_selection (self);
  gh_library_view_emit_selection_changed (self);
}

static gboolean
may_select (GtkTreeSelection *selection,
            GtkTreeModel     *model,
            GtkTreePath      *path,
            gboolean          is_selected,
            gpointer          user_data)
{
  GtkTreeIter iter;

  return is_selected || (gtk_tree_model_get_iter (model, &iter, path) &&
                         gh_library_model_get_machine (GH_LIBRARY_MODEL (model), &iter) != NULL);
}

static gboolean
restore_row (GhLibraryView *self,
             GtkTreeIter   *iter)
{
  GhMachine *machine = gh_library_model_get_machine (self->model, iter);

  if (machine == NULL || !g_hash_table_contains (self->wanted, gh_machine_get_uuid (machine)))
    return FALSE;
  gtk_tree_selection_select_iter (self->selection, iter);
  return TRUE;
}

/* While a machine moves, both hosts list it; then it is not selected twice. */
static gboolean
is_selected_elsewhere (GhLibraryView *self,
                       GtkTreeIter   *iter)
{
  GhMachine *machine = gh_library_model_get_machine (self->model, iter);
  g_autoptr (GPtrArray) selected = NULL;

  if (machine == NULL || !g_hash_table_contains (self->wanted, gh_machine_get_uuid (machine)))
    return FALSE;
  selected = gh_library_view_dup_selected (self);
  for (guint i = 0; i < selected->len; i++)
    if (g_strcmp0 (gh_machine_get_uuid (g_ptr_array_index (selected, i)),
                   gh_machine_get_uuid (machine)) == 0)
      return TRUE;
  return FALSE;
}

/* A machine that comes back is selected as it was. */
static void
row_inserted_cb (GtkTreeModel  *model,
                 GtkTreePath   *path,
                 GtkTreeIter   *iter,
                 GhLibraryView *self)
{
  gboolean restored = FALSE;

  if (g_hash_table_size (self->wanted) == 0 || is_selected_elsewhere (self, iter))
    return;
  self->applying = TRUE;
  restored = restore_row (self, iter);
  self->applying = FALSE;
  if (restored)
    gh_library_view_emit_selection_changed (self);
}

/* The view unselects what is deleted or hidden; it stays wanted. */
static void
row_deleting_cb (GtkTreeModel  *model,
                 GtkTreePath   *path,
                 GhLibraryView *self)
{
  self->applying = TRUE;
}

static void
row_deleted_cb (GtkTreeModel  *model,
                GtkTreePath   *path,
                GhLibraryView *self)
{
  self->applying = FALSE;
}

static void
connect_rows (GhLibraryView *self)
{
  /* One before and one after the view's own handler. */
  g_signal_connect (self->model, "row-deleted", G_CALLBACK (row_deleting_cb), self);
  gtk_tree_view_set_model (self->tree, GTK_TREE_MODEL (self->model));
  g_signal_connect_after (self->model, "row-deleted", G_CALLBACK (row_deleted_cb), self);
  g_signal_connect_after (self->model, "row-inserted", G_CALLBACK (row_inserted_cb), self);
}

static void
disconnect_rows (GhLibraryView *self)
{
  g_signal_handlers_disconnect_by_func (self->model, row_deleting_cb, self);
  g_signal_handlers_disconnect_by_func (self->model, row_deleted_cb, self);
  g_signal_handlers_disconnect_by_func (self->model, row_inserted_cb, self);
  gtk_tree_view_set_model (self->tree, NULL);
}

static void
reset_begin_cb (GhLibraryView *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  self->applying = TRUE;
  g_clear_object (&self->cursor_machine);
  gtk_tree_view_get_cursor (self->tree, &path, NULL);
  if (path != NULL && gtk_tree_model_get_iter (GTK_TREE_MODEL (self->model), &iter, path))
    g_set_object (&self->cursor_machine, gh_library_model_get_machine (self->model, &iter));
  self->scroll_position =
    gtk_adjustment_get_value (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->tree)));
  disconnect_rows (self);
}

static void
restore_cursor (GhLibraryView *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  if (self->cursor_machine == NULL ||
      !gh_library_model_find_machine (self->model, self->cursor_machine, &iter))
    return;
  path = gtk_tree_model_get_path (GTK_TREE_MODEL (self->model), &iter);
  gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
}

static void
reset_end_cb (GhLibraryView *self)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  gboolean restored = FALSE;
  GtkTreeIter iter;

  connect_rows (self);
  restore_cursor (self);
  gtk_tree_selection_unselect_all (self->selection);
  if (g_hash_table_size (self->wanted) > 0)
    for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
         more = gtk_tree_model_iter_next (model, &iter))
      restored = restore_row (self, &iter) || restored;
  gtk_adjustment_set_value (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->tree)),
                            self->scroll_position);
  g_clear_object (&self->cursor_machine);
  self->applying = FALSE;
  if (restored)
    gh_library_view_emit_selection_changed (self);
}

void
gh_library_view_init_selection (GhLibraryView *self)
{
  gtk_tree_selection_set_select_function (self->selection, may_select, NULL, NULL);
}

void
gh_library_view_watch_selection (GhLibraryView *self)
{
  g_signal_connect_swapped (self->model, "reset-begin", G_CALLBACK (reset_begin_cb), self);
  g_signal_connect_swapped (self->model, "reset-end", G_CALLBACK (reset_end_cb), self);
  connect_rows (self);
}

void
gh_library_view_bind_selection (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
}

static void
collect_selected (GtkTreeModel *model,
                  GtkTreePath  *path,
                  GtkTreeIter  *iter,
                  gpointer      user_data)
{
  GhMachine *machine = gh_library_model_get_machine (GH_LIBRARY_MODEL (model), iter);

  if (machine != NULL)
    g_ptr_array_add (user_data, g_object_ref (machine));
}

/**
 * gh_library_view_dup_selected:
 * @self: a view
 *
 * Returns: (transfer full) (element-type GhMachine): the selected machines that are shown
 */
GPtrArray *
gh_library_view_dup_selected (GhLibraryView *self)
{
  GPtrArray *machines = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_val_if_fail (GH_IS_LIBRARY_VIEW (self), machines);

  if (self->model != NULL && gtk_tree_view_get_model (self->tree) != NULL)
    gtk_tree_selection_selected_foreach (self->selection, collect_selected, machines);
  return machines;
}

/**
 * gh_library_view_select:
 * @self: a view
 * @machine: one of the machines
 *
 * Selects @machine alone, opening its host and clearing the filter where they hide it.
 */
void
gh_library_view_select (GhLibraryView *self,
                        GhMachine     *machine)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  g_return_if_fail (GH_IS_LIBRARY_VIEW (self));
  g_return_if_fail (GH_IS_MACHINE (machine));

  if (!gh_library_model_find_machine (self->model, machine, &iter))
    {
      gtk_entry_set_text (self->filter_entry, "");
      gh_library_model_set_filter (self->model, "");
      gh_library_model_set_collapsed (self->model, gh_machine_get_host (machine), FALSE);
      gh_library_view_update_stack (self);
    }
  if (!gh_library_model_find_machine (self->model, machine, &iter))
    return;
  path = gtk_tree_model_get_path (GTK_TREE_MODEL (self->model), &iter);
  gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
  gtk_tree_view_scroll_to_cell (self->tree, path, NULL, FALSE, 0, 0);
}
