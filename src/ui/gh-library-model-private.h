/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-library-model.h"

G_BEGIN_DECLS

typedef struct _GhLibraryEntry GhLibraryEntry;

typedef struct
{
  GhLibraryEntry *entry;    /* (unowned) */
  GhMachine      *machine;  /* (owned) (nullable): NULL for the heading */
  char           *key;      /* what it is sorted by: the folded label */
  char           *search;   /* what is searched: name, title and UUID, folded, in lines */
  double          cpu;      /* as of the last sort, so that the order stays consistent */
  guint8          rank;     /* of the state, for sorting by it */
  gboolean        matches;  /* the filter lets it through */
  guint           index;    /* in the entry's machines */
  guint           old_position; /* while reordering */
  GSequenceIter  *iter;     /* (nullable): NULL when it is not shown */
} GhLibraryRow;

struct _GhLibraryEntry
{
  GhLibraryModel *model; /* (unowned) */
  GhHost         *host;  /* (owned) */
  guint           position;
  gboolean        collapsed;
  guint           n_matches;
  GhLibraryRow   *heading;
  GPtrArray      *machines; /* (element-type GhLibraryRow) (unowned): all, in no order */
};

struct _GhLibraryModel
{
  GObject        parent_instance;

  GhHosts       *hosts;   /* (owned) */
  GPtrArray     *entries; /* (element-type GhLibraryEntry), in the order of the hosts */
  GHashTable    *rows;    /* (element-type GhMachine GhLibraryRow): owns the rows of machines */
  GSequence     *shown;   /* (element-type GhLibraryRow) (unowned) */
  GHashTable    *collapsed; /* URIs of hosts, also of such that are not listed now */
  char          *filter;
  GStrv          words;   /* the filter's words, folded */
  GhLibrarySort  sort;
  int            stamp;
  gboolean       settled;
};

/* GTK's own: gtk_tree_model_row_changed() and its like. */
typedef void (*GhLibraryEmitFunc) (GtkTreeModel *model,
                                   GtkTreePath  *path,
                                   GtkTreeIter  *iter);

/* gh-library-model-rows.c: what a row is, whether it is shown, and where; telling views. */
void gh_library_row_free (gpointer data);
gboolean gh_library_words_match (GStrv words,
                                 const char *search);
gboolean gh_library_model_update_row (GhLibraryModel *self,
                                      GhLibraryRow   *row);
gboolean gh_library_model_is_filtering (GhLibraryModel *self);
void gh_library_row_set_matches (GhLibraryRow *row,
                                 gboolean      matches);
void gh_library_model_init_iter (GhLibraryModel *self,
                                 GtkTreeIter    *iter,
                                 GSequenceIter  *position);
void gh_library_model_emit_for_row (GhLibraryModel *self,
                                    GhLibraryRow *row,
                                    GhLibraryEmitFunc emit);
void gh_library_model_hide_row (GhLibraryModel *self,
                                GhLibraryRow   *row);
void gh_library_model_settle_row (GhLibraryModel *self,
                                  GhLibraryRow   *row,
                                  gboolean        changed);
void gh_library_model_rebuild (GhLibraryModel *self);
void gh_library_model_reorder (GhLibraryModel *self);

/* gh-library-model-tree.c: what GtkTreeView asks. */
GhLibraryRow *gh_library_model_get_row (GhLibraryModel *self,
                                        GtkTreeIter *iter);
void gh_library_model_init_tree (GtkTreeModelIface *iface);

G_END_DECLS
