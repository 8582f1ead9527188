/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-display.h"

G_BEGIN_DECLS

#define GH_TYPE_SPICE_DISPLAY (gh_spice_display_get_type ())
G_DECLARE_FINAL_TYPE (GhSpiceDisplay, gh_spice_display, GH, SPICE_DISPLAY, GhDisplay)

G_END_DECLS
