/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

/* What a question about trials is answered with, beside GTK_RESPONSE_CANCEL. */
enum
{
  GH_TRIAL_RESPONSE_DISCARD = 1,
  GH_TRIAL_RESPONSE_KEEP,
  GH_TRIAL_RESPONSE_LEAVE, /* as they are: still trials */
};

typedef enum
{
  GH_TRIAL_WAS_SHUT_DOWN, /* one: discard, keep, or cancel */
  GH_TRIAL_ON_LEAVING,    /* the window closes: discard, leave, cancel, and keep when it is one */
  GH_TRIAL_DISCARD_ALL,   /* discard or cancel */
} GhTrialOccasion;

/* Asks what is to become of @trials (element-type GhMachine). Answers with "response", and is then
 * to be destroyed. Returns: (transfer none) */
GtkWidget *gh_trial_question_present (GtkWindow *parent, GPtrArray *trials,
                                      GhTrialOccasion occasion);

G_END_DECLS
