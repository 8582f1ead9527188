/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-debug"

#include "config.h"

#include "gh-debug.h"

static const GDebugKey keys[] = {
  { "calls", GH_DEBUG_CALLS },
  { "stalls", GH_DEBUG_STALLS },
  { "times", GH_DEBUG_TIMES },
};

/**
 * gh_debug_is_on:
 * @flag: what to ask for
 *
 * Returns: whether GUESTHOUSE_DEBUG names it; the variable is read once.
 *   Any thread.
 */
gboolean
gh_debug_is_on (GhDebugFlags flag)
{
  static gsize initialized = 0;
  static guint flags = 0;

  if (g_once_init_enter (&initialized))
    {
      flags = g_parse_debug_string (g_getenv ("GUESTHOUSE_DEBUG"), keys, G_N_ELEMENTS (keys));
      g_once_init_leave (&initialized, 1);
    }

  return (flags & flag) != 0;
}

/**
 * gh_debug_milestone:
 * @name: a word such as "window-mapped"
 *
 * With GUESTHOUSE_DEBUG=times, prints `milestone NAME MICROSECONDS` (monotonic
 * clock) to standard error, for tests/bench to read. Any thread.
 */
void
gh_debug_milestone (const char *name)
{
  if (gh_debug_is_on (GH_DEBUG_TIMES))
    g_printerr ("milestone %s %" G_GINT64_FORMAT "\n", name, g_get_monotonic_time ());
}
