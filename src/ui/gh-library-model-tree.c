/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The rows that are shown, as GtkTreeView wants them. */

#define G_LOG_DOMAIN "gh-library-model"

#include "config.h"

#include "gh-library-model-private.h"

static GtkTreeModelFlags
get_flags (GtkTreeModel *model)
{
  return GTK_TREE_MODEL_ITERS_PERSIST | GTK_TREE_MODEL_LIST_ONLY;
}

static int
get_n_columns (GtkTreeModel *model)
{
  return 1;
}

static GType
get_column_type (GtkTreeModel *model,
                 int           index)
{
  return G_TYPE_OBJECT;
}

static gboolean
iter_at (GhLibraryModel *self,
         GtkTreeIter    *iter,
         int             position)
{
  GSequenceIter *found = NULL;

  if (position < 0 || position >= g_sequence_get_length (self->shown))
    return FALSE;
  found = g_sequence_get_iter_at_pos (self->shown, position);
  gh_library_model_init_iter (self, iter, found);
  return TRUE;
}

static gboolean
get_iter (GtkTreeModel *model,
          GtkTreeIter  *iter,
          GtkTreePath  *path)
{
  if (gtk_tree_path_get_depth (path) != 1)
    return FALSE;
  return iter_at (GH_LIBRARY_MODEL (model), iter, gtk_tree_path_get_indices (path)[0]);
}

static GtkTreePath *
get_path (GtkTreeModel *model,
          GtkTreeIter  *iter)
{
  g_return_val_if_fail (iter->stamp == GH_LIBRARY_MODEL (model)->stamp, NULL);

  return gtk_tree_path_new_from_indices (g_sequence_iter_get_position (iter->user_data), -1);
}

GhLibraryRow *
gh_library_model_get_row (GhLibraryModel *self,
                          GtkTreeIter    *iter)
{
  g_return_val_if_fail (iter->stamp == self->stamp, NULL);

  return g_sequence_get (iter->user_data);
}

static void
get_value (GtkTreeModel *model,
           GtkTreeIter  *iter,
           int           column,
           GValue       *value)
{
  GhLibraryRow *row = gh_library_model_get_row (GH_LIBRARY_MODEL (model), iter);

  g_value_init (value, G_TYPE_OBJECT);
  if (row->machine != NULL)
    g_value_set_object (value, row->machine);
  else
    g_value_set_object (value, row->entry->host);
}

static gboolean
iter_next (GtkTreeModel *model,
           GtkTreeIter  *iter)
{
  GSequenceIter *next = g_sequence_iter_next (iter->user_data);

  if (g_sequence_iter_is_end (next))
    return FALSE;
  iter->user_data = next;
  return TRUE;
}

static gboolean
iter_previous (GtkTreeModel *model,
               GtkTreeIter  *iter)
{
  if (g_sequence_iter_is_begin (iter->user_data))
    return FALSE;
  iter->user_data = g_sequence_iter_prev (iter->user_data);
  return TRUE;
}

static gboolean
iter_children (GtkTreeModel *model,
               GtkTreeIter  *iter,
               GtkTreeIter  *parent)
{
  return parent == NULL && iter_at (GH_LIBRARY_MODEL (model), iter, 0);
}

static gboolean
iter_has_child (GtkTreeModel *model,
                GtkTreeIter  *iter)
{
  return FALSE;
}

static int
iter_n_children (GtkTreeModel *model,
                 GtkTreeIter  *iter)
{
  return iter == NULL ? g_sequence_get_length (GH_LIBRARY_MODEL (model)->shown) : 0;
}

static gboolean
iter_nth_child (GtkTreeModel *model,
                GtkTreeIter  *iter,
                GtkTreeIter  *parent,
                int           n)
{
  return parent == NULL && iter_at (GH_LIBRARY_MODEL (model), iter, n);
}

static gboolean
iter_parent (GtkTreeModel *model,
             GtkTreeIter  *iter,
             GtkTreeIter  *child)
{
  return FALSE;
}

void
gh_library_model_init_tree (GtkTreeModelIface *iface)
{
  iface->get_flags = get_flags;
  iface->get_n_columns = get_n_columns;
  iface->get_column_type = get_column_type;
  iface->get_iter = get_iter;
  iface->get_path = get_path;
  iface->get_value = get_value;
  iface->iter_next = iter_next;
  iface->iter_previous = iter_previous;
  iface->iter_children = iter_children;
  iface->iter_has_child = iter_has_child;
  iface->iter_n_children = iter_n_children;
  iface->iter_nth_child = iter_nth_child;
  iface->iter_parent = iter_parent;
}
