/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-threads"

#include "config.h"

#include "gh-threads.h"

static GThread *main_thread = NULL;

/* The last one that has called gh_threads_end(); it waits for those before it. */
static GMutex ending_mutex;
static GThread *ending = NULL; /* (owned) (nullable) (mutex ending_mutex) */

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

static GThread *
replace_ending (GThread *thread)
{
  GThread *before = NULL;

  g_mutex_lock (&ending_mutex);
  before = ending;
  ending = thread;
  g_mutex_unlock (&ending_mutex);
  return before;
}

/**
 * gh_threads_end:
 *
 * To be called last thing by a thread in which libraries may have left something that is freed
 * when it ends: whoever called this is waited for by gh_threads_wait(). It must not wait for
 * anybody any more.
 */
void
gh_threads_end (void)
{
  GThread *before = replace_ending (g_thread_ref (g_thread_self ()));

  if (before != NULL)
    g_thread_join (before);
}

/**
 * gh_threads_wait:
 *
 * Waits until all threads that have called gh_threads_end() are gone; at the end of the program.
 * libvirt has OpenSSL set up by the thread that opens the first connection. What that keeps for
 * the thread is freed by the thread’s end, and by the program’s: twice, when both come at a time.
 */
void
gh_threads_wait (void)
{
  GThread *last = replace_ending (NULL);

  if (last != NULL)
    g_thread_join (last);
}
