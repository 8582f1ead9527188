/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The window never waits: no dispatch of the main loop may take longer than 50 ms.
 * The watch measures every one, from the end of poll() to its next start, by standing
 * in as the poll function of the default main context; and a thread of its own looks
 * for a dispatch that is over the limit right now and has the main thread print its
 * stack, so that the report says what ran. Debug and test builds only.
 */

#define G_LOG_DOMAIN "gh-stall-watch"

#include "config.h"

#include "gh-stall-watch.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static GPollFunc inner_poll = NULL;
static pthread_t watched;
static guint limit_us = 0;              /* (atomic) 0: the watch is off */
static gint64 dispatch_start = 0;       /* (mutex) 0 while the loop polls */
static gint64 reported_dispatch = 0;    /* (mutex) */
static guint n_stalls = 0;              /* (atomic) */
static guint longest_us = 0;            /* (atomic) */
static GMutex mutex;
static gboolean thread_runs = FALSE;

static void
print_stack_cb (int signum)
{
  void *frames[64];
  int n = backtrace (frames, G_N_ELEMENTS (frames));

  backtrace_symbols_fd (frames, n, STDERR_FILENO);
}

static gpointer
watch_thread (gpointer user_data)
{
  while (TRUE)
    {
      guint limit = g_atomic_int_get (&limit_us);
      gboolean late = FALSE;

      g_usleep (limit > 0 ? limit / 5 : 100000);
      g_mutex_lock (&mutex);
      late = limit > 0 && dispatch_start != 0 && dispatch_start != reported_dispatch &&
             g_get_monotonic_time () - dispatch_start > limit;
      if (late)
        reported_dispatch = dispatch_start;
      g_mutex_unlock (&mutex);

      if (late)
        pthread_kill (watched, SIGURG);
    }
  return NULL;
}

static int
watching_poll (GPollFD *fds,
               guint    n_fds,
               int      timeout_ms)
{
  guint limit = g_atomic_int_get (&limit_us);
  gint64 start = 0;
  int result;

  g_mutex_lock (&mutex);
  start = dispatch_start;
  dispatch_start = 0;
  g_mutex_unlock (&mutex);

  if (limit > 0 && start != 0)
    {
      guint spent = (guint) (g_get_monotonic_time () - start);

      if (spent > (guint) g_atomic_int_get (&longest_us))
        g_atomic_int_set (&longest_us, spent);
      if (spent > limit)
        {
          g_atomic_int_inc (&n_stalls);
          g_printerr ("stall %u us\n", spent);
        }
    }

  result = inner_poll (fds, n_fds, timeout_ms);

  g_mutex_lock (&mutex);
  dispatch_start = g_get_monotonic_time ();
  g_mutex_unlock (&mutex);
  return result;
}

/**
 * gh_stall_watch_start:
 * @limit_ms: the longest allowed dispatch, in ms
 *
 * Starts measuring the default main context. Main thread; only one watch.
 */
void
gh_stall_watch_start (guint limit_ms)
{
  struct sigaction action = { 0 };
  void *frames[4];

  g_atomic_int_set (&limit_us, limit_ms * 1000);
  if (inner_poll != NULL)
    return;

  /* The first backtrace() loads a library; not in a signal handler, please. */
  (void) backtrace (frames, G_N_ELEMENTS (frames));
  action.sa_handler = print_stack_cb;
  action.sa_flags = SA_RESTART;
  sigaction (SIGURG, &action, NULL);

  watched = pthread_self ();
  inner_poll = g_main_context_get_poll_func (NULL);
  g_main_context_set_poll_func (NULL, watching_poll);
  if (!thread_runs)
    g_thread_unref (g_thread_new ("stall-watch", watch_thread, NULL));
  thread_runs = TRUE;
}

/**
 * gh_stall_watch_stop:
 *
 * Stops measuring; the counts stay.
 */
void
gh_stall_watch_stop (void)
{
  g_atomic_int_set (&limit_us, 0);
}

/**
 * gh_stall_watch_get_count:
 *
 * Returns: how many dispatches were over the limit
 */
guint
gh_stall_watch_get_count (void)
{
  return (guint) g_atomic_int_get (&n_stalls);
}

/**
 * gh_stall_watch_get_longest:
 *
 * Returns: the longest dispatch seen, in microseconds
 */
guint
gh_stall_watch_get_longest (void)
{
  return (guint) g_atomic_int_get (&longest_us);
}

/**
 * gh_stall_watch_reset:
 *
 * Forgets what was counted, and the dispatch that is running now.
 */
void
gh_stall_watch_reset (void)
{
  g_atomic_int_set (&n_stalls, 0);
  g_atomic_int_set (&longest_us, 0);
  g_mutex_lock (&mutex);
  dispatch_start = 0;
  g_mutex_unlock (&mutex);
}
