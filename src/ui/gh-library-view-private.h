/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-library-view.h"

#include "gh-library-drag.h"
#include "gh-library-renderer.h"

G_BEGIN_DECLS

/* For gh-library-view.c and the files that it was cut into. */

struct _GhLibraryView
{
  GtkBin             parent_instance;

  GtkEntry          *filter_entry;
  GtkStack          *stack;
  GtkScrolledWindow *list_page;
  GtkTreeView       *tree;
  GtkTreeSelection  *selection;
  GtkWidget         *placeholder; /* (unowned) (nullable): made when first needed */

  GtkTreeViewColumn *column;   /* (unowned) */
  GtkCellRenderer   *renderer; /* (unowned) */
  GhHosts           *hosts;    /* (owned) (nullable) */
  GhLibraryModel    *model;    /* (owned) (nullable) */
  GSimpleActionGroup *actions; /* (owned): "library." */
  GhLibraryDrag     *drag;     /* (owned) */

  GHashTable        *wanted;   /* (element-type utf8): UUIDs of the selection */
  gboolean           applying; /* the selection is changed by us, not by the user */
  double             scroll_position; /* during a reset */
  GhMachine         *cursor_machine;  /* (owned) (nullable): during a reset */
  GhHost            *menu_host;       /* (owned) (nullable): what "library." actions are about */
  gboolean           host_menu_open;  /* so are those of the window */

  GPtrArray         *held;     /* (element-type GhHost): whose figures we hold */
  GtkWidget         *toplevel; /* (weak) */
  gboolean           iconified;
  guint              refresh_id;
  guint              countdown_id; /* a host is shown that is tried again soon */
};

/* Each file binds its own callbacks of the template. */
void gh_library_view_bind_filter    (GtkWidgetClass *widget_class);
void gh_library_view_bind_input     (GtkWidgetClass *widget_class);
void gh_library_view_bind_menus     (GtkWidgetClass *widget_class);
void gh_library_view_bind_rows      (GtkWidgetClass *widget_class);
void gh_library_view_bind_selection (GtkWidgetClass *widget_class);

/* Each hears of a new model what it needs; the selection also shows it. */
void gh_library_view_watch_figures   (GhLibraryView *self);
void gh_library_view_watch_matches   (GhLibraryView *self);
void gh_library_view_watch_selection (GhLibraryView *self);

/* Signals */
void gh_library_view_emit_selection_changed (GhLibraryView *self);
void gh_library_view_emit_machine_activated (GhLibraryView *self, GhMachine *machine);
void gh_library_view_emit_delete_requested  (GhLibraryView *self);
void gh_library_view_emit_empty_requested   (GhLibraryView *self, GhHost *host);

/* Filter */
void gh_library_view_clear_filter (GhLibraryView *self);
/* Shows the list, or that nothing is found. */
void gh_library_view_update_stack (GhLibraryView *self);

/* Menus */
void gh_library_view_add_actions    (GhLibraryView *self);
void gh_library_view_popup_row_menu (GhLibraryView *self, GtkTreePath *path, GdkEvent *event);

/* Rows */
void         gh_library_view_add_column (GhLibraryView *self);
/* What of a row is at @x, @y of the list. */
GhLibraryHit gh_library_view_find_hit   (GhLibraryView *self, GtkTreePath *path, GtkTreeIter *iter,
                                         int x, int y);

/* Selection */
void gh_library_view_init_selection (GhLibraryView *self);

G_END_DECLS
