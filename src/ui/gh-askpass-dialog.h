/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-question.h"

G_BEGIN_DECLS

#define GH_TYPE_ASKPASS_DIALOG (gh_askpass_dialog_get_type ())
G_DECLARE_FINAL_TYPE (GhAskpassDialog, gh_askpass_dialog, GH, ASKPASS_DIALOG, HdyWindow)

GhAskpassDialog *gh_askpass_dialog_present (GtkWindow *parent, GhQuestion *question);

G_END_DECLS
