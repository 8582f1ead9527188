/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-plan.h"

G_BEGIN_DECLS

/* “Rehearse only”: looks at everything anew, and says that nothing was changed.
 * Signal: "show-checks": what was looked at is to be shown. */
#define GH_TYPE_REHEARSAL (gh_rehearsal_get_type ())
G_DECLARE_FINAL_TYPE (GhRehearsal, gh_rehearsal, GH, REHEARSAL, GtkBin)

GtkWidget *gh_rehearsal_new (GhPlan *plan);

G_END_DECLS
