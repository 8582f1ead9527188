/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-stall-watch.h"
#include "gh-test.h"
#include "gh-threads.h"

static int done = 0;

static gboolean
busy_cb (gpointer user_data)
{
  gint64 end = g_get_monotonic_time () + GPOINTER_TO_INT (user_data) * 1000;

  while (g_get_monotonic_time () < end)
    ;
  done = 1;
  return G_SOURCE_REMOVE;
}

static gboolean
again_cb (gpointer user_data)
{
  done = 1;
  return G_SOURCE_REMOVE;
}

static void
dispatch (GSourceFunc func,
          int         ms)
{
  done = 0;
  g_timeout_add (0, func, GINT_TO_POINTER (ms));
  gh_test_wait_flag (&done);
  /* The next poll ends the measured dispatch. */
  done = 0;
  g_timeout_add (1, again_cb, NULL);
  gh_test_wait_flag (&done);
}

static void
test_counts (void)
{
  gh_stall_watch_start (200);
  gh_stall_watch_reset ();
  dispatch (busy_cb, 1);
  g_assert_cmpuint (gh_stall_watch_get_count (), ==, 0);
  dispatch (busy_cb, 300);
  g_assert_cmpuint (gh_stall_watch_get_count (), ==, 1);
  g_assert_cmpuint (gh_stall_watch_get_longest (), >=, 300 * 1000);
  gh_stall_watch_stop ();
}

int
main (int   argc,
      char *argv[])
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/stall-watch/counts", test_counts);
  return g_test_run ();
}
