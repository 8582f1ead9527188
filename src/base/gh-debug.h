/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GH_DEBUG_CALLS = 1 << 0,  /* every closure that runs in a lane, with its time */
  GH_DEBUG_STALLS = 1 << 1, /* main-loop dispatches over the limit */
  GH_DEBUG_TIMES = 1 << 2,  /* milestones of the start, for the bench */
} GhDebugFlags;

gboolean gh_debug_is_on     (GhDebugFlags flag);
void     gh_debug_milestone (const char *name);

G_END_DECLS
