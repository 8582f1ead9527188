/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-create-plan.h"
#include "gh-hosts.h"

G_BEGIN_DECLS

/* “More options” of a new machine. Property: "plan" (GhCreatePlan).
 * Signal: "host-chosen" (GhHost *): the plan has to be made anew for it. */
#define GH_TYPE_CREATE_OPTIONS (gh_create_options_get_type ())
G_DECLARE_FINAL_TYPE (GhCreateOptions, gh_create_options, GH, CREATE_OPTIONS, GtkBin)

void gh_create_options_set_hosts (GhCreateOptions *self, GhHosts *hosts);

G_END_DECLS
