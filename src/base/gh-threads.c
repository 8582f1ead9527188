/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-threads"

#include "config.h"

#include "gh-threads.h"

static GThread *main_thread = NULL;

/**
 * gh_threads_init:
 *
 * Remembers the calling thread as the main thread. To be called once, first
 * thing in main(); a second call from the same thread changes nothing.
 */
void
gh_threads_init (void)
{
  g_assert (main_thread == NULL || main_thread == g_thread_self ());
  main_thread = g_thread_self ();
}

/**
 * gh_threads_is_main:
 *
 * Returns: %TRUE on the main thread; before gh_threads_init() every thread
 *   counts as main, so that small test programs need no set-up
 */
gboolean
gh_threads_is_main (void)
{
  return main_thread == NULL || main_thread == g_thread_self ();
}
