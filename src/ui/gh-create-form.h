/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-create-plan.h"
#include "gh-hosts.h"

G_BEGIN_DECLS

/* The choices for a new machine: what it starts from first, the rest proposed.
 * Properties: "plan" (GhCreatePlan), another one when another host is chosen; "ready" (boolean):
 * whether it is known what to start from. */
#define GH_TYPE_CREATE_FORM (gh_create_form_get_type ())
G_DECLARE_FINAL_TYPE (GhCreateForm, gh_create_form, GH, CREATE_FORM, GtkBin)

GtkWidget    *gh_create_form_new       (GhHosts *hosts, GhHost *host);
GhCreatePlan *gh_create_form_get_plan  (GhCreateForm *self);
gboolean      gh_create_form_get_ready (GhCreateForm *self);
/* As if the file had been dropped on the form. */
void          gh_create_form_take_file (GhCreateForm *self, const char *path);

G_END_DECLS
