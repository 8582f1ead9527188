/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* The main window: the library on the left, the selected machine on the right.
 * Signals: "painted": its first picture is there; "trials-decided": see
 * gh_window_ask_about_trials(). */
#define GH_TYPE_WINDOW (gh_window_get_type ())
G_DECLARE_FINAL_TYPE (GhWindow, gh_window, GH, WINDOW, HdyApplicationWindow)

GhWindow *gh_window_new          (GtkApplication *application, GhHosts *hosts);
GhHosts  *gh_window_get_hosts    (GhWindow *self);
/* Selects the machine and shows its page; with @console its console too. */
void      gh_window_show_machine (GhWindow *self, GhMachine *machine, gboolean console);
/* Says in an info bar what failed: @title “Could not start “web-1””, the sentence of @error below,
 * its raw text under Details. @machine (nullable): whose page it is about. */
void      gh_window_show_error   (GhWindow *self, GhMachine *machine, const char *title,
                                  const GError *error);
/* The same, with a button for @action, a detailed action name such as "win.foo('bar')". */
void      gh_window_show_error_with_offer (GhWindow *self, GhMachine *machine, const char *title,
                                           const GError *error, const char *offer,
                                           const char *action);
void      gh_window_clear_errors (GhWindow *self);
/* The machine whose page is shown, or was until it went away; nullable. */
const char *gh_window_get_shown_uuid (GhWindow *self);
/* Says for a while what has happened. */
void      gh_window_show_notice  (GhWindow *self, const char *text);
void      gh_window_save_size    (GhWindow *self);
/* Asks what is to become of throw-away copies before the window goes. FALSE when there is nothing
 * to ask; else "trials-decided" is emitted once it may go. */
gboolean  gh_window_ask_about_trials (GhWindow *self);
/* As if the user had chosen it for @machine; failures are shown here. */
void      gh_window_run_action   (GhWindow *self, GhMachine *machine, GhMachineAction action);

G_END_DECLS
