/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-display.h"

G_BEGIN_DECLS

#define GH_TYPE_SERIAL_DISPLAY (gh_serial_display_get_type ())
G_DECLARE_FINAL_TYPE (GhSerialDisplay, gh_serial_display, GH, SERIAL_DISPLAY, GhDisplay)

G_END_DECLS
