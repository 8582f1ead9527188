/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-window.h"

G_BEGIN_DECLS

/**
 * GhTrialActions:
 *
 * The window's actions about throw-away copies:
 *
 *   try-machine, try-machine-offline     of the selected machine; runs at once
 *   discard-trial, keep-trial            the selected one
 *   discard-and-run (s: UUID)            all trials of that machine, and starts it then
 *   discard-all-trials                   asks first
 *
 * It asks what is to become of a trial whose guest has shut down, and of those that are left when
 * the window closes: once each, and then only about those that were made or started since.
 *
 * Signals: "decided": what gh_trial_actions_ask_to_leave() asked was answered, and the window may
 * close. Main thread; lives as long as its window.
 */
#define GH_TYPE_TRIAL_ACTIONS (gh_trial_actions_get_type ())
G_DECLARE_FINAL_TYPE (GhTrialActions, gh_trial_actions, GH, TRIAL_ACTIONS, GObject)

GhTrialActions *gh_trial_actions_new          (GhWindow *window);
/* @machines: (element-type GhMachine): what is selected; enables what can be done with it. */
void            gh_trial_actions_update       (GhTrialActions *self, GPtrArray *machines);
/* Looks for trials that came, went or were shut down. */
void            gh_trial_actions_follow       (GhTrialActions *self, GhMachineChanges *changes);
/* FALSE when there is nothing to ask. */
gboolean        gh_trial_actions_ask_to_leave (GhTrialActions *self);

G_END_DECLS
