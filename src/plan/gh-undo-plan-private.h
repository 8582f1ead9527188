/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

#include "gh-undo-plan.h"

G_BEGIN_DECLS

/* @record (nullable): what the journal says; NULL when it cannot be read, for the reason
 * @problem. */
GhPlan *gh_undo_plan_new (const char *id, JsonNode *record, const char *problem, gint64 time_us);

G_END_DECLS
