/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-test.h"

G_BEGIN_DECLS

/* $GUESTHOUSE_SHOT_LANGUAGE, such as “de”: in that language, for pictures; what is looked for by
 * name is found by what it is called there. */
void       gh_ui_test_init       (int *argc, char ***argv);

/* Widgets as a user finds them: mapped ones, by accessible name or by the text they show. */
GtkWidget *gh_ui_test_find       (GtkWidget *root, GType type, const char *name); /* nullable */
GtkWidget *gh_ui_test_get        (GtkWidget *root, GType type, const char *name);
/* Whether some visible label holds @text. */
gboolean   gh_ui_test_shows      (GtkWidget *root, const char *text);
void       gh_ui_test_wait_shows (GtkWidget *root, const char *text);
void       gh_ui_test_click      (GtkWidget *root, const char *name);
/* Presses a toggle button in. */
void       gh_ui_test_press      (GtkWidget *root, const char *name);
/* Waits until the button can be clicked, and does. */
void       gh_ui_test_click_when_ready (GtkWidget *root, const char *name);
/* Waits for the window of a plan that is open. */
GtkWidget *gh_ui_test_wait_plan_dialog (void);
/* Clicks its button once it is ready, and waits until the window has gone. */
void       gh_ui_test_run_plan   (const char *verb);
/* Handles what is pending, such as allocations, without waiting. */
void       gh_ui_test_settle     (void);
/* Calls @type_one 50 times with a pause in between, as keys come, and asserts that no dispatch took
 * over 50 ms. On a busy machine it is tried again: what blocks, blocks each time. Not asserted
 * under a sanitizer. */
void       gh_ui_test_type_fast  (void (*type_one) (guint i, gpointer data), gpointer data);
/* @object has one reference left; with it the object must go, now or when pending work is done. */
void       gh_ui_test_assert_finalized (gpointer *weak_pointer);
/* Writes the window's picture to $GUESTHOUSE_SHOTS/NAME.png when that is set. */
void       gh_ui_test_shoot      (GtkWidget *window, const char *name);

G_END_DECLS
