/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The rows of the library: what is searched in them, their order, and which are shown. */

#define G_LOG_DOMAIN "gh-library-model"

#include "config.h"

#include "gh-library-model-private.h"

#include <string.h>

#include "gh-text.h"

static guint8
get_rank (GhMachineState state)
{
  switch (state)
    {
    case GH_MACHINE_CRASHED:
      return 0;
    case GH_MACHINE_RUNNING:
      return 1;
    case GH_MACHINE_STOPPING:
      return 2;
    case GH_MACHINE_PAUSED:
      return 3;
    case GH_MACHINE_SUSPENDED:
      return 4;
    case GH_MACHINE_SAVED:
      return 5;
    case GH_MACHINE_OFF:
      return 6;
    case GH_MACHINE_UNKNOWN:
    default:
      return 7;
    }
}

void
gh_library_row_free (gpointer data)
{
  GhLibraryRow *row = data;

  g_clear_object (&row->machine);
  g_free (row->key);
  g_free (row->search);
  g_free (row);
}

gboolean
gh_library_words_match (GStrv       words,
                        const char *search)
{
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    if (strstr (search, words[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* Takes over what the machine says of itself. Returns whether its place in the order changed. */
gboolean
gh_library_model_update_row (GhLibraryModel *self,
                             GhLibraryRow   *row)
{
  g_autofree char *name = gh_text_fold (gh_machine_get_name (row->machine));
  g_autofree char *title = gh_text_fold (gh_machine_get_title (row->machine));
  const char *key = *title != '\0' ? title : name;
  guint8 rank = get_rank (gh_machine_get_state (row->machine));
  gboolean moved = g_strcmp0 (row->key, key) != 0 ||
                   (self->sort == GH_LIBRARY_SORT_STATE && row->rank != rank);

  row->rank = rank;
  g_free (row->search);
  row->search = g_strconcat (name, "\n", title, "\n", gh_machine_get_uuid (row->machine), NULL);
  if (g_strcmp0 (row->key, key) != 0)
    {
      g_free (row->key);
      row->key = g_strdup (key);
    }
  return moved;
}

static int
compare_rows (gconstpointer a,
              gconstpointer b,
              gpointer      user_data)
{
  GhLibraryModel *self = user_data;
  const GhLibraryRow *first = a;
  const GhLibraryRow *second = b;
  int order = 0;

  if (first == second)
    return 0;
  if (first->entry != second->entry)
    return first->entry->position < second->entry->position ? -1 : 1;
  if (first->machine == NULL || second->machine == NULL)
    return first->machine == NULL ? -1 : 1;

  if (self->sort == GH_LIBRARY_SORT_STATE && first->rank != second->rank)
    return first->rank < second->rank ? -1 : 1;
  if (self->sort == GH_LIBRARY_SORT_CPU && first->cpu != second->cpu)
    return first->cpu > second->cpu ? -1 : 1;

  order = gh_text_compare_natural (first->key, second->key);
  if (order == 0)
    order = strcmp (gh_machine_get_uuid (first->machine), gh_machine_get_uuid (second->machine));
  return order;
}

static int
compare_row_pointers (gconstpointer a,
                      gconstpointer b,
                      gpointer      user_data)
{
  return compare_rows (*(GhLibraryRow *const *) a, *(GhLibraryRow *const *) b, user_data);
}

gboolean
gh_library_model_is_filtering (GhLibraryModel *self)
{
  return self->words != NULL && self->words[0] != NULL;
}

static gboolean
should_show (GhLibraryModel *self,
             GhLibraryRow   *row)
{
  if (row->machine == NULL)
    return !gh_library_model_is_filtering (self) || row->entry->n_matches > 0;
  /* What was searched for is shown wherever it is. */
  return row->matches && (!row->entry->collapsed || gh_library_model_is_filtering (self));
}

void
gh_library_row_set_matches (GhLibraryRow *row,
                            gboolean      matches)
{
  if (row->matches == matches)
    return;
  row->matches = matches;
  row->entry->n_matches += matches ? 1 : -1;
}

void
gh_library_model_init_iter (GhLibraryModel *self,
                            GtkTreeIter    *iter,
                            GSequenceIter  *position)
{
  iter->stamp = self->stamp;
  iter->user_data = position;
  iter->user_data2 = NULL;
  iter->user_data3 = NULL;
}

void
gh_library_model_emit_for_row (GhLibraryModel    *self,
                               GhLibraryRow      *row,
                               GhLibraryEmitFunc  emit)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  if (row->iter == NULL)
    return;
  path = gtk_tree_path_new_from_indices (g_sequence_iter_get_position (row->iter), -1);
  gh_library_model_init_iter (self, &iter, row->iter);
  emit (GTK_TREE_MODEL (self), path, &iter);
}

void
gh_library_model_hide_row (GhLibraryModel *self,
                           GhLibraryRow   *row)
{
  g_autoptr (GtkTreePath) path = NULL;

  if (row->iter == NULL)
    return;
  path = gtk_tree_path_new_from_indices (g_sequence_iter_get_position (row->iter), -1);
  g_sequence_remove (row->iter);
  row->iter = NULL;
  gtk_tree_model_row_deleted (GTK_TREE_MODEL (self), path);
}

/* Shows, hides or redraws one row, as it should be. */
void
gh_library_model_settle_row (GhLibraryModel *self,
                             GhLibraryRow   *row,
                             gboolean        changed)
{
  gboolean show = should_show (self, row);

  if (show && row->iter == NULL)
    {
      row->iter = g_sequence_insert_sorted (self->shown, row, compare_rows, self);
      gh_library_model_emit_for_row (self, row, gtk_tree_model_row_inserted);
    }
  else if (!show)
    gh_library_model_hide_row (self, row);
  else if (changed)
    gh_library_model_emit_for_row (self, row, gtk_tree_model_row_changed);
}

static void
append_shown (GhLibraryModel *self,
              GhLibraryRow   *row)
{
  row->iter = should_show (self, row) ? g_sequence_append (self->shown, row) : NULL;
}

/* Puts the rows on show together anew. */
void
gh_library_model_rebuild (GhLibraryModel *self)
{
  g_clear_pointer (&self->shown, g_sequence_free);
  self->shown = g_sequence_new (NULL);
  self->stamp++;

  for (guint i = 0; i < self->entries->len; i++)
    {
      GhLibraryEntry *entry = g_ptr_array_index (self->entries, i);

      append_shown (self, entry->heading);
      g_ptr_array_sort_with_data (entry->machines, compare_row_pointers, self);
      for (guint j = 0; j < entry->machines->len; j++)
        {
          GhLibraryRow *row = g_ptr_array_index (entry->machines, j);

          row->index = j;
          append_shown (self, row);
        }
    }
}

/* Sorts what is shown, and tells it with a single signal, or none if nothing moved. */
void
gh_library_model_reorder (GhLibraryModel *self)
{
  g_autoptr (GtkTreePath) root = NULL;
  g_autofree int *new_order = NULL;
  GSequenceIter *iter = NULL;
  gboolean moved = FALSE;
  guint position = 0;

  for (iter = g_sequence_get_begin_iter (self->shown); !g_sequence_iter_is_end (iter);
       iter = g_sequence_iter_next (iter))
    ((GhLibraryRow *) g_sequence_get (iter))->old_position = position++;
  if (position == 0)
    return;

  g_sequence_sort (self->shown, compare_rows, self);

  new_order = g_new (int, position);
  position = 0;
  for (iter = g_sequence_get_begin_iter (self->shown); !g_sequence_iter_is_end (iter);
       iter = g_sequence_iter_next (iter))
    {
      new_order[position] = (int) ((GhLibraryRow *) g_sequence_get (iter))->old_position;
      moved = moved || new_order[position] != (int) position;
      position++;
    }
  if (!moved)
    return;

  root = gtk_tree_path_new ();
  gtk_tree_model_rows_reordered (GTK_TREE_MODEL (self), root, NULL, new_order);
}
