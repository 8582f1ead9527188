/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-display.h"

G_BEGIN_DECLS

#define GH_TYPE_VNC_DISPLAY (gh_vnc_display_get_type ())
G_DECLARE_FINAL_TYPE (GhVncDisplay, gh_vnc_display, GH, VNC_DISPLAY, GhDisplay)

G_END_DECLS
