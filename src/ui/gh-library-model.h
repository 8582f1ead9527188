/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

typedef enum
{
  GH_LIBRARY_SORT_NAME,
  GH_LIBRARY_SORT_STATE, /* running ones first */
  GH_LIBRARY_SORT_CPU,   /* busiest first */
} GhLibrarySort;

/* Properties: "filter", "sort", "settled" (no host is on its way any more).
 *
 * Signals:
 *  - "reset-begin", "reset-end": so much changes in between that telling every row would cost
 *    more than forgetting all; a view takes the model off and puts it on again;
 *  - "figures-changed" (GhHost *): CPU figures of its running machines; rows only look
 * different. */
#define GH_TYPE_LIBRARY_MODEL (gh_library_model_get_type ())
G_DECLARE_FINAL_TYPE (GhLibraryModel, gh_library_model, GH, LIBRARY_MODEL, GObject)

GhLibraryModel *gh_library_model_new            (GhHosts *hosts);

const char     *gh_library_model_get_filter     (GhLibraryModel *self); /* "" for none */
void            gh_library_model_set_filter     (GhLibraryModel *self, const char *filter);
GhLibrarySort   gh_library_model_get_sort       (GhLibraryModel *self);
void            gh_library_model_set_sort       (GhLibraryModel *self, GhLibrarySort sort);
gboolean        gh_library_model_get_collapsed  (GhLibraryModel *self, GhHost *host);
void            gh_library_model_set_collapsed  (GhLibraryModel *self, GhHost *host,
                                                 gboolean collapsed);

gboolean        gh_library_model_is_settled     (GhLibraryModel *self);
guint           gh_library_model_get_n_hosts    (GhLibraryModel *self);
guint           gh_library_model_get_n_machines (GhLibraryModel *self); /* all of them */
guint           gh_library_model_get_n_rows     (GhLibraryModel *self); /* shown, with headings */
/* machines the filter lets through */
guint           gh_library_model_get_n_matches  (GhLibraryModel *self);

/* What is in a row: always a host, and no machine for a heading. */
GhHost         *gh_library_model_get_host       (GhLibraryModel *self, GtkTreeIter *iter);
GhMachine      *gh_library_model_get_machine    (GhLibraryModel *self, GtkTreeIter *iter);
/* FALSE when it has no row: unknown, filtered out or collapsed. */
gboolean        gh_library_model_find_machine   (GhLibraryModel *self, GhMachine *machine,
                                                 GtkTreeIter *iter);
gboolean        gh_library_model_find_host      (GhLibraryModel *self, GhHost *host,
                                                 GtkTreeIter *iter);

G_END_DECLS
