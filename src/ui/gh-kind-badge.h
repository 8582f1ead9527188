/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine-mark.h"

G_BEGIN_DECLS

/* What tells templates, linked clones and trials from other machines. */

const char *gh_kind_badge_get_text (GhMachineKind kind); /* (nullable): “Template” */
const char *gh_kind_badge_get_icon (GhMachineKind kind); /* (nullable) */
/* In the source of @cr. */
void        gh_kind_badge_draw     (GhMachineKind kind, cairo_t *cr, int x, int y, int size,
                                    int scale);

G_END_DECLS
