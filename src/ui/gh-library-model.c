/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The library's list: hosts as headings, their machines under them, flattened to one level so that
 * every row has the same height and a view needs to ask for nothing but the rows it shows.
 *
 * All rows, shown or not, are in `rows`, found by machine. Those shown are also in `shown`, a
 * GSequence in the order of the screen, so that row ↔ position is O(log n) both ways; the
 * GtkTreeIter of a row is its GSequenceIter and stays valid as long as the row is shown. Filter,
 * collapsing and order are decided here: no GtkTreeModelFilter, no GtkTreeModelSort.
 *
 * Changes come in batches from the host. A small batch is told row by row, with a single
 * rows-reordered if the order changed; a large one (the first list, a filter that hides thousands)
 * is done between "reset-begin" and "reset-end", during which no row is told.
 *
 * Cost for 10,000 rows, measured in tests/ui/library-model: a filter keystroke some 5 ms, a
 * complete re-sort some 10 ms.
 */

#define G_LOG_DOMAIN "gh-library-model"

#include "config.h"

#include "gh-library-model-private.h"

#include <stdlib.h>
#include <string.h>

#include "gh-text.h"
#include "gh-threads.h"

/* From so many rows that come or go on, a view is quicker to build anew than to follow. */
#define RESET_THRESHOLD 200
/* Rows that only look different are cheap to tell. */
#define CHANGE_THRESHOLD 2000

enum
{
  PROP_0,
  PROP_FILTER,
  PROP_SORT,
  PROP_SETTLED,
  PROP_COLLAPSED_URIS,
  N_PROPS
};

enum
{
  RESET_BEGIN,
  RESET_END,
  FIGURES_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE_WITH_CODE (GhLibraryModel, gh_library_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_TREE_MODEL,
                                                      gh_library_model_init_tree))

static void
begin_reset (GhLibraryModel *self)
{
  g_signal_emit (self, signals[RESET_BEGIN], 0);
}

static void
end_reset (GhLibraryModel *self)
{
  gh_library_model_rebuild (self);
  g_signal_emit (self, signals[RESET_END], 0);
}

static GhLibraryRow *
add_row (GhLibraryModel *self,
         GhLibraryEntry *entry,
         GhMachine      *machine)
{
  GhLibraryRow *row = g_new0 (GhLibraryRow, 1);

  row->entry = entry;
  row->machine = g_object_ref (machine);
  row->cpu = gh_machine_get_cpu_share (machine);
  (void) gh_library_model_update_row (self, row);
  gh_library_row_set_matches (row, gh_library_words_match (self->words, row->search));
  row->index = entry->machines->len;
  g_ptr_array_add (entry->machines, row);
  g_hash_table_insert (self->rows, machine, row);
  return row;
}

/* Forgets a row that is not shown any more. */
static void
remove_row (GhLibraryModel *self,
            GhLibraryRow   *row)
{
  GPtrArray *machines = row->entry->machines;

  gh_library_row_set_matches (row, FALSE);
  g_ptr_array_remove_index_fast (machines, row->index);
  if (row->index < machines->len)
    ((GhLibraryRow *) g_ptr_array_index (machines, row->index))->index = row->index;
  g_hash_table_remove (self->rows, row->machine);
}

static GhLibraryRow *
find_row (GhLibraryModel *self,
          GhMachine      *machine)
{
  return g_hash_table_lookup (self->rows, machine);
}

static void
apply_changes (GhLibraryModel         *self,
               GhLibraryEntry         *entry,
               const GhMachineChanges *changes,
               gboolean                reset)
{
  gboolean moved = FALSE;

  for (guint i = 0; changes->removed != NULL && i < changes->removed->len; i++)
    {
      GhLibraryRow *row = find_row (self, g_ptr_array_index (changes->removed, i));

      if (row == NULL)
        continue;
      if (!reset)
        gh_library_model_hide_row (self, row);
      remove_row (self, row);
    }

  /* Old rows take their new places before new rows look for theirs among them. */
  for (guint i = 0; changes->changed != NULL && i < changes->changed->len; i++)
    {
      GhLibraryRow *row = find_row (self, g_ptr_array_index (changes->changed, i));

      if (row == NULL)
        continue;
      if (gh_library_model_update_row (self, row))
        moved = TRUE;
      gh_library_row_set_matches (row, gh_library_words_match (self->words, row->search));
    }
  if (!reset)
    {
      if (moved)
        gh_library_model_reorder (self);
      for (guint i = 0; changes->changed != NULL && i < changes->changed->len; i++)
        {
          GhLibraryRow *row = find_row (self, g_ptr_array_index (changes->changed, i));

          if (row != NULL)
            gh_library_model_settle_row (self, row, /* changed= */ TRUE);
        }
    }

  for (guint i = 0; changes->added != NULL && i < changes->added->len; i++)
    {
      GhMachine *machine = g_ptr_array_index (changes->added, i);
      GhLibraryRow *row = NULL;

      if (find_row (self, machine) != NULL)
        continue;
      row = add_row (self, entry, machine);
      if (!reset)
        gh_library_model_settle_row (self, row, /* changed= */ FALSE);
    }
  if (!reset)
    gh_library_model_settle_row (self, entry->heading, /* changed= */ TRUE);
}

static void
update_cpu (GhLibraryModel *self,
            GhLibraryEntry *entry)
{
  for (guint i = 0; i < entry->machines->len; i++)
    {
      GhLibraryRow *row = g_ptr_array_index (entry->machines, i);

      row->cpu = gh_machine_get_cpu_share (row->machine);
    }
}

static guint
count (GPtrArray *array)
{
  return array != NULL ? array->len : 0;
}

static void
machines_changed_cb (GhHost           *host,
                     GhMachineChanges *changes,
                     gpointer          user_data)
{
  GhLibraryEntry *entry = user_data;
  GhLibraryModel *self = entry->model;
  gboolean reset = count (changes->added) + count (changes->removed) > RESET_THRESHOLD ||
                   count (changes->changed) > CHANGE_THRESHOLD;

  g_assert (GH_IS_MAIN_THREAD ());

  if (reset)
    begin_reset (self);
  if (count (changes->added) + count (changes->removed) + count (changes->changed) > 0)
    apply_changes (self, entry, changes, reset);
  if (reset)
    end_reset (self);

  if (changes->figures)
    {
      if (self->sort == GH_LIBRARY_SORT_CPU)
        {
          update_cpu (self, entry);
          gh_library_model_reorder (self);
        }
      g_signal_emit (self, signals[FIGURES_CHANGED], 0, host);
    }
}

static gboolean
find_settled (GhLibraryModel *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      GhLibraryEntry *entry = g_ptr_array_index (self->entries, i);

      if (gh_host_get_state (entry->host) == GH_HOST_CONNECTING)
        return FALSE;
    }
  return self->entries->len > 0;
}

static void
update_settled (GhLibraryModel *self)
{
  gboolean settled = find_settled (self);

  if (self->settled == settled)
    return;
  self->settled = settled;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SETTLED]);
}

static void
host_changed_cb (GhHost     *host,
                 GParamSpec *pspec,
                 gpointer    user_data)
{
  GhLibraryEntry *entry = user_data;

  gh_library_model_emit_for_row (entry->model, entry->heading, gtk_tree_model_row_changed);
  if (g_strcmp0 (pspec->name, "state") == 0)
    update_settled (entry->model);
}

static void
entry_free (gpointer data)
{
  GhLibraryEntry *entry = data;

  g_signal_handlers_disconnect_by_data (entry->host, entry);
  g_clear_object (&entry->host);
  g_clear_pointer (&entry->heading, gh_library_row_free);
  g_clear_pointer (&entry->machines, g_ptr_array_unref);
  g_free (entry);
}

static GhLibraryEntry *
entry_new (GhLibraryModel *self,
           GhHost         *host)
{
  GhLibraryEntry *entry = g_new0 (GhLibraryEntry, 1);
  g_autoptr (GPtrArray) machines = gh_host_dup_machines (host);

  entry->model = self;
  entry->host = g_object_ref (host);
  entry->collapsed = g_hash_table_contains (self->collapsed, gh_host_get_uri (host));
  entry->machines = g_ptr_array_new ();
  entry->heading = g_new0 (GhLibraryRow, 1);
  entry->heading->entry = entry;
  for (guint i = 0; i < machines->len; i++)
    (void) add_row (self, entry, g_ptr_array_index (machines, i));

  g_signal_connect (host, "machines-changed", G_CALLBACK (machines_changed_cb), entry);
  g_signal_connect (host, "notify::state", G_CALLBACK (host_changed_cb), entry);
  g_signal_connect (host, "notify::label", G_CALLBACK (host_changed_cb), entry);
  g_signal_connect (host, "notify::error-text", G_CALLBACK (host_changed_cb), entry);
  g_signal_connect (host, "notify::cpu-share", G_CALLBACK (host_changed_cb), entry);
  return entry;
}

static void
hosts_changed_cb (GListModel     *hosts,
                  guint           position,
                  guint           removed,
                  guint           added,
                  GhLibraryModel *self)
{
  begin_reset (self);
  for (guint i = 0; i < removed; i++)
    {
      GhLibraryEntry *entry = g_ptr_array_index (self->entries, position);

      while (entry->machines->len > 0)
        remove_row (self, g_ptr_array_index (entry->machines, entry->machines->len - 1));
      g_ptr_array_remove_index (self->entries, position);
    }
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, position + i);

      g_ptr_array_insert (self->entries, (int) (position + i), entry_new (self, host));
    }
  for (guint i = 0; i < self->entries->len; i++)
    ((GhLibraryEntry *) g_ptr_array_index (self->entries, i))->position = i;
  end_reset (self);
  update_settled (self);
}

static void
gh_library_model_dispose (GObject *object)
{
  GhLibraryModel *self = GH_LIBRARY_MODEL (object);

  if (self->hosts != NULL)
    g_signal_handlers_disconnect_by_data (self->hosts, self);
  g_clear_object (&self->hosts);
  g_ptr_array_set_size (self->entries, 0);
  G_OBJECT_CLASS (gh_library_model_parent_class)->dispose (object);
}

static void
gh_library_model_finalize (GObject *object)
{
  GhLibraryModel *self = GH_LIBRARY_MODEL (object);

  g_clear_pointer (&self->shown, g_sequence_free);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->rows, g_hash_table_unref);
  g_clear_pointer (&self->collapsed, g_hash_table_unref);
  g_clear_pointer (&self->words, g_strfreev);
  g_free (self->filter);
  G_OBJECT_CLASS (gh_library_model_parent_class)->finalize (object);
}

static int
compare_uris (gconstpointer a,
              gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* In an order, so that the same hosts are the same value. */
static GStrv
dup_collapsed_uris (GhLibraryModel *self)
{
  guint n = 0;
  g_autofree gpointer *uris = g_hash_table_get_keys_as_array (self->collapsed, &n);

  qsort (uris, n, sizeof *uris, compare_uris);
  return g_strdupv ((char **) uris);
}

static void
set_collapsed_uris (GhLibraryModel     *self,
                    const char * const *uris)
{
  g_object_freeze_notify (G_OBJECT (self));
  g_hash_table_remove_all (self->collapsed);
  for (guint i = 0; uris != NULL && uris[i] != NULL; i++)
    g_hash_table_add (self->collapsed, g_strdup (uris[i]));
  for (guint i = 0; i < self->entries->len; i++)
    {
      GhLibraryEntry *entry = g_ptr_array_index (self->entries, i);

      gh_library_model_set_collapsed (
        self, entry->host, g_hash_table_contains (self->collapsed, gh_host_get_uri (entry->host)));
    }
  g_object_thaw_notify (G_OBJECT (self));
}

static void
gh_library_model_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  GhLibraryModel *self = GH_LIBRARY_MODEL (object);

  switch (prop_id)
    {
    case PROP_FILTER:
      g_value_set_string (value, self->filter);
      break;
    case PROP_SORT:
      g_value_set_int (value, self->sort);
      break;
    case PROP_SETTLED:
      g_value_set_boolean (value, self->settled);
      break;
    case PROP_COLLAPSED_URIS:
      g_value_take_boxed (value, dup_collapsed_uris (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_library_model_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  GhLibraryModel *self = GH_LIBRARY_MODEL (object);

  switch (prop_id)
    {
    case PROP_FILTER:
      gh_library_model_set_filter (self, g_value_get_string (value));
      break;
    case PROP_SORT:
      gh_library_model_set_sort (self, (GhLibrarySort) g_value_get_int (value));
      break;
    case PROP_COLLAPSED_URIS:
      set_collapsed_uris (self, g_value_get_boxed (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_library_model_class_init (GhLibraryModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gh_library_model_dispose;
  object_class->finalize = gh_library_model_finalize;
  object_class->get_property = gh_library_model_get_property;
  object_class->set_property = gh_library_model_set_property;

  properties[PROP_FILTER] =
    g_param_spec_string ("filter", NULL, NULL, "",
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_SORT] =
    g_param_spec_int ("sort", NULL, NULL, GH_LIBRARY_SORT_NAME, GH_LIBRARY_SORT_CPU,
                      GH_LIBRARY_SORT_NAME,
                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_SETTLED] =
    g_param_spec_boolean ("settled", NULL, NULL, FALSE,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_COLLAPSED_URIS] =
    g_param_spec_boxed ("collapsed-uris", NULL, NULL, G_TYPE_STRV,
                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[RESET_BEGIN] =
    g_signal_new ("reset-begin", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[RESET_END] =
    g_signal_new ("reset-end", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FIGURES_CHANGED] =
    g_signal_new ("figures-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_HOST);
}

static void
gh_library_model_init (GhLibraryModel *self)
{
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->rows = g_hash_table_new_full (NULL, NULL, NULL, gh_library_row_free);
  self->shown = g_sequence_new (NULL);
  self->collapsed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->filter = g_strdup ("");
  self->stamp = g_random_int_range (1, G_MAXINT / 2);
}

/**
 * gh_library_model_new:
 * @hosts: whose machines to list
 *
 * Returns: (transfer full): a model that follows @hosts
 */
GhLibraryModel *
gh_library_model_new (GhHosts *hosts)
{
  GhLibraryModel *self = NULL;

  g_return_val_if_fail (GH_IS_HOSTS (hosts), NULL);

  self = g_object_new (GH_TYPE_LIBRARY_MODEL, NULL);
  self->hosts = g_object_ref (hosts);
  g_signal_connect (hosts, "items-changed", G_CALLBACK (hosts_changed_cb), self);
  hosts_changed_cb (G_LIST_MODEL (hosts), 0, 0, g_list_model_get_n_items (G_LIST_MODEL (hosts)),
                    self);
  return self;
}

/**
 * gh_library_model_get_filter:
 * @self: a model
 *
 * Returns: what the list is filtered by, "" for nothing
 */
const char *
gh_library_model_get_filter (GhLibraryModel *self)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), "");

  return self->filter;
}

/* The folded words of @filter, NULL when there is none. */
static GStrv
split_words (const char *filter)
{
  g_autofree char *folded = gh_text_fold (filter);
  g_auto (GStrv) parts = g_strsplit_set (folded, " \t\n", -1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_strv_builder_add (words, parts[i]);
  return g_strv_builder_end (words);
}

/**
 * gh_library_model_set_filter:
 * @self: a model
 * @filter: (nullable): words, all of which a machine must have in its name, title or UUID
 *
 * Shows only the machines that match, and the headings of their hosts.
 */
void
gh_library_model_set_filter (GhLibraryModel *self,
                             const char     *filter)
{
  g_autoptr (GPtrArray) flipped = NULL;
  GHashTableIter iter;
  gpointer value = NULL;
  gboolean was_filtering = FALSE;
  gboolean reset = FALSE;

  g_return_if_fail (GH_IS_LIBRARY_MODEL (self));

  if (filter == NULL)
    filter = "";
  if (g_strcmp0 (self->filter, filter) == 0)
    return;

  was_filtering = gh_library_model_is_filtering (self);
  g_free (self->filter);
  self->filter = g_strdup (filter);
  g_strfreev (self->words);
  self->words = split_words (filter);

  flipped = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      GhLibraryRow *row = value;

      if (row->matches != gh_library_words_match (self->words, row->search))
        g_ptr_array_add (flipped, row);
    }

  /* Collapsed hosts open and close with the first and last letter. */
  reset = flipped->len > RESET_THRESHOLD || was_filtering != gh_library_model_is_filtering (self);
  if (reset)
    begin_reset (self);
  for (guint i = 0; i < flipped->len; i++)
    {
      GhLibraryRow *row = g_ptr_array_index (flipped, i);

      gh_library_row_set_matches (row, !row->matches);
    }
  if (reset)
    end_reset (self);
  else
    {
      for (guint i = 0; i < flipped->len; i++)
        gh_library_model_settle_row (self, g_ptr_array_index (flipped, i), /* changed= */ FALSE);
      for (guint i = 0; i < self->entries->len; i++)
        {
          GhLibraryEntry *entry = g_ptr_array_index (self->entries, i);

          gh_library_model_settle_row (self, entry->heading, /* changed= */ FALSE);
        }
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FILTER]);
}

/**
 * gh_library_model_get_sort:
 * @self: a model
 *
 * Returns: the order of a host's machines
 */
GhLibrarySort
gh_library_model_get_sort (GhLibraryModel *self)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), GH_LIBRARY_SORT_NAME);

  return self->sort;
}

/**
 * gh_library_model_set_sort:
 * @self: a model
 * @sort: the order of a host's machines
 *
 * Rows keep their selection while they move.
 */
void
gh_library_model_set_sort (GhLibraryModel *self,
                           GhLibrarySort   sort)
{
  g_return_if_fail (GH_IS_LIBRARY_MODEL (self));

  if (self->sort == sort)
    return;
  self->sort = sort;
  for (guint i = 0; i < self->entries->len; i++)
    update_cpu (self, g_ptr_array_index (self->entries, i));
  gh_library_model_reorder (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SORT]);
}

static GhLibraryEntry *
find_entry (GhLibraryModel *self,
            GhHost         *host)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      GhLibraryEntry *entry = g_ptr_array_index (self->entries, i);

      if (entry->host == host)
        return entry;
    }
  return NULL;
}

/**
 * gh_library_model_get_collapsed:
 * @self: a model
 * @host: one of its hosts
 *
 * Returns: whether only the heading of @host is shown
 */
gboolean
gh_library_model_get_collapsed (GhLibraryModel *self,
                                GhHost         *host)
{
  GhLibraryEntry *entry = NULL;

  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), FALSE);

  entry = find_entry (self, host);
  return entry != NULL && entry->collapsed;
}

/**
 * gh_library_model_set_collapsed:
 * @self: a model
 * @host: one of its hosts
 * @collapsed: whether to show only its heading
 *
 * While a filter is set, what it finds is shown anyway.
 */
void
gh_library_model_set_collapsed (GhLibraryModel *self,
                                GhHost         *host,
                                gboolean        collapsed)
{
  GhLibraryEntry *entry = NULL;
  gboolean reset = FALSE;

  g_return_if_fail (GH_IS_LIBRARY_MODEL (self));

  entry = find_entry (self, host);
  if (entry == NULL || entry->collapsed == collapsed)
    return;

  if (collapsed)
    g_hash_table_add (self->collapsed, g_strdup (gh_host_get_uri (host)));
  else
    g_hash_table_remove (self->collapsed, gh_host_get_uri (host));
  reset = entry->machines->len > RESET_THRESHOLD;
  if (reset)
    begin_reset (self);
  entry->collapsed = collapsed;
  if (reset)
    end_reset (self);
  else
    {
      for (guint i = 0; i < entry->machines->len; i++)
        gh_library_model_settle_row (self, g_ptr_array_index (entry->machines, i),
                                     /* changed= */ FALSE);
      gh_library_model_settle_row (self, entry->heading, /* changed= */ TRUE);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COLLAPSED_URIS]);
}

/**
 * gh_library_model_is_settled:
 * @self: a model
 *
 * Returns: whether every host has shown its first list or told why it cannot
 */
gboolean
gh_library_model_is_settled (GhLibraryModel *self)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), FALSE);

  return self->settled;
}

/**
 * gh_library_model_get_n_hosts:
 * @self: a model
 *
 * Returns: how many hosts there are
 */
guint
gh_library_model_get_n_hosts (GhLibraryModel *self)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), 0);

  return self->entries->len;
}

/**
 * gh_library_model_get_n_machines:
 * @self: a model
 *
 * Returns: how many machines there are, shown or not
 */
guint
gh_library_model_get_n_machines (GhLibraryModel *self)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), 0);

  return g_hash_table_size (self->rows);
}

/**
 * gh_library_model_get_n_rows:
 * @self: a model
 *
 * Returns: how many rows are shown, headings among them
 */
guint
gh_library_model_get_n_rows (GhLibraryModel *self)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), 0);

  return (guint) g_sequence_get_length (self->shown);
}

/**
 * gh_library_model_get_n_matches:
 * @self: a model
 *
 * Returns: how many machines the filter lets through
 */
guint
gh_library_model_get_n_matches (GhLibraryModel *self)
{
  guint n = 0;

  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), 0);

  for (guint i = 0; i < self->entries->len; i++)
    n += ((GhLibraryEntry *) g_ptr_array_index (self->entries, i))->n_matches;
  return n;
}

/**
 * gh_library_model_get_host:
 * @self: a model
 * @iter: a row
 *
 * Returns: (transfer none): the host the row belongs to
 */
GhHost *
gh_library_model_get_host (GhLibraryModel *self,
                           GtkTreeIter    *iter)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), NULL);

  return gh_library_model_get_row (self, iter)->entry->host;
}

/**
 * gh_library_model_get_machine:
 * @self: a model
 * @iter: a row
 *
 * Returns: (transfer none) (nullable): the row's machine, %NULL for a heading
 */
GhMachine *
gh_library_model_get_machine (GhLibraryModel *self,
                              GtkTreeIter    *iter)
{
  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), NULL);

  return gh_library_model_get_row (self, iter)->machine;
}

/**
 * gh_library_model_find_machine:
 * @self: a model
 * @machine: a machine
 * @iter: (out) (optional): set to its row
 *
 * Returns: whether the machine is in a row that is shown
 */
gboolean
gh_library_model_find_machine (GhLibraryModel *self,
                               GhMachine      *machine,
                               GtkTreeIter    *iter)
{
  GhLibraryRow *row = NULL;

  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), FALSE);

  row = find_row (self, machine);
  if (row == NULL || row->iter == NULL)
    return FALSE;
  if (iter != NULL)
    gh_library_model_init_iter (self, iter, row->iter);
  return TRUE;
}

/**
 * gh_library_model_find_host:
 * @self: a model
 * @host: a host
 * @iter: (out) (optional): set to its heading
 *
 * Returns: whether the host's heading is shown
 */
gboolean
gh_library_model_find_host (GhLibraryModel *self,
                            GhHost         *host,
                            GtkTreeIter    *iter)
{
  GhLibraryEntry *entry = NULL;

  g_return_val_if_fail (GH_IS_LIBRARY_MODEL (self), FALSE);

  entry = find_entry (self, host);
  if (entry == NULL || entry->heading->iter == NULL)
    return FALSE;
  if (iter != NULL)
    gh_library_model_init_iter (self, iter, entry->heading->iter);
  return TRUE;
}
