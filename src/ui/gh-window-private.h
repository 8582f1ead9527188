/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-window.h"

#include "gh-clone-actions.h"
#include "gh-empty-page.h"
#include "gh-error-bar.h"
#include "gh-library-view.h"
#include "gh-machine-actions.h"
#include "gh-machine-page.h"
#include "gh-move-actions.h"
#include "gh-notice-bar.h"
#include "gh-trial-actions.h"

G_BEGIN_DECLS

/* For gh-window.c and the files that it was cut into. */

struct _GhWindow
{
  HdyApplicationWindow parent_instance;

  HdyLeaflet          *leaflet;
  GtkWidget           *library_pane;
  GtkWidget           *separator;
  HdyHeaderBar        *library_header;
  GtkToggleButton     *menu_button;
  GhLibraryView       *library;
  GhErrorBar          *library_errors;
  GtkBox              *machine_pane;
  HdyHeaderBar        *machine_header;
  GhErrorBar          *machine_errors;
  GtkStack            *content;
  GhMachinePage       *page;     /* (unowned) (nullable): made with the first machine */
  GtkWidget           *controls; /* (unowned) (nullable): likewise */
  /* (unowned) (nullable): made with the first selection of several */
  HdyStatusPage       *multiple;
  GtkWidget           *choose;   /* (unowned) (nullable): made when first shown */
  GhEmptyPage         *empty;    /* (unowned) (nullable): made while there is no machine */
  GhNoticeBar         *notice;   /* (unowned) (nullable): made with the first notice */
  GtkWidget           *interrupted; /* (unowned) (nullable): made after the first picture */
  GtkWidget           *machine_activity; /* (unowned) (nullable): likewise */
  GtkWidget           *library_activity; /* (unowned) (nullable): likewise; shown while folded */

  GhHosts             *hosts;    /* (owned) */
  GhMachineActions    *actions;  /* (owned) */
  GhCloneActions      *clone_actions; /* (owned) */
  GhTrialActions      *trial_actions; /* (owned) */
  GhMoveActions       *move_actions;  /* (owned) */
  GhMachine           *machine;  /* (owned) (nullable): whose page is shown */
  char                *shown;    /* (nullable): UUID of the machine whose page was shown last */
  char                *awaited;  /* (nullable): UUID of a machine to show once it is listed */
  GSettings           *settings; /* (owned) */
  gboolean             fullscreen;
  gboolean             whole;    /* the library has the window to itself: there is no machine */
  guint                update_id;
  guint                found_id;
  guint                uptime_id;
  guint                resize_id;
  guint                late_id;
  guint                late_step;
  gulong               after_paint_id;
  gboolean             window_reported;
  gboolean             list_reported;
};

/* Actions */
void gh_window_add_actions        (GhWindow *self);
void gh_window_update_actions     (GhWindow *self);
void gh_window_set_action_enabled (GhWindow *self, const char *name, gboolean enabled);

/* What it shows */
void gh_window_update_content     (GhWindow *self);
void gh_window_update_title       (GhWindow *self);
void gh_window_update_empty       (GhWindow *self);
/* Puts a bar on top of the pane that can be seen; @bar (nullable). */
void gh_window_place_bar          (GhWindow *self, GtkWidget *bar);
void gh_window_update_panes       (GhWindow *self);
/* All of it, at once. */
void gh_window_update_now         (GhWindow *self);

void gh_window_show_machine_pane  (GhWindow *self);
void gh_window_set_fullscreen     (GhWindow *self, gboolean fullscreen);

G_END_DECLS
