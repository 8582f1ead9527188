/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-migrate-rules.h"

G_BEGIN_DECLS

/* The ways to move, as large choices. None is chosen while "preset" is GH_MIGRATE_CUSTOM.
 *
 * Property: "preset" (int, a GhMigratePreset, read-write). */
#define GH_TYPE_MIGRATE_PRESETS (gh_migrate_presets_get_type ())
G_DECLARE_FINAL_TYPE (GhMigratePresets, gh_migrate_presets, GH, MIGRATE_PRESETS, GtkBin)

/* For each preset but CUSTOM why it cannot be chosen; NULL: it can. */
void gh_migrate_presets_set_problems (GhMigratePresets *self, const char *const *problems);

G_END_DECLS
