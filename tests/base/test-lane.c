/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-faults.h"
#include "gh-lane.h"
#include "gh-test.h"
#include "gh-threads.h"

/* Blocks a lane's thread until the test lets it go. */
typedef struct
{
  GMutex mutex;
  GCond  cond;
  int    entered;  /* (atomic) */
  int    open;
} Gate;

static Gate gate;
static int freed = 0;
static GPtrArray *order = NULL;
static GMutex order_mutex;

static void
gate_reset (void)
{
  gate.entered = 0;
  gate.open = 0;
}

static void
gate_open (void)
{
  g_mutex_lock (&gate.mutex);
  gate.open = 1;
  g_cond_broadcast (&gate.cond);
  g_mutex_unlock (&gate.mutex);
}

static void
count_free (gpointer data)
{
  g_atomic_int_inc (&freed);
}

static gpointer
gate_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_assert_false (GH_IS_MAIN_THREAD ());
  g_atomic_int_set (&gate.entered, 1);
  g_main_context_wakeup (NULL);
  g_mutex_lock (&gate.mutex);
  while (!gate.open)
    g_cond_wait (&gate.cond, &gate.mutex);
  g_mutex_unlock (&gate.mutex);
  return &gate;
}

static gpointer
note_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_mutex_lock (&order_mutex);
  g_ptr_array_add (order, data);
  g_mutex_unlock (&order_mutex);
  return data;
}

static gpointer
fail_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "No");
  return NULL;
}

static gboolean
gate_entered (gpointer data)
{
  return g_atomic_int_get (&gate.entered);
}

static void
test_priority (void)
{
  g_autoptr (GhLane) lane = gh_lane_new ("test");
  g_auto (GhTestCall) first = { 0 };
  GhTestCall calls[3] = { { 0 } };

  gate_reset ();
  order = g_ptr_array_new ();
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "gate", gate_worker, NULL, NULL, NULL, NULL,
                     gh_test_call_cb, &first);
  gh_test_wait_until (gate_entered, NULL);
  gh_lane_run_async (lane, GH_LANE_BACKGROUND, GH_LANE_READ, "c", note_worker, "background", NULL,
                     NULL, NULL,
                     gh_test_call_cb, &calls[0]);
  gh_lane_run_async (lane, GH_LANE_DEFAULT, GH_LANE_READ, "b", note_worker, "default", NULL, NULL,
                     NULL,
                     gh_test_call_cb, &calls[1]);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "a", note_worker, "user", NULL, NULL, NULL,
                     gh_test_call_cb, &calls[2]);
  g_assert_cmpuint (gh_lane_get_n_waiting (lane), ==, 3);
  gate_open ();
  gh_test_call_wait (&calls[0]);
  g_assert_cmpstr (g_ptr_array_index (order, 0), ==, "user");
  g_assert_cmpstr (g_ptr_array_index (order, 1), ==, "default");
  g_assert_cmpstr (g_ptr_array_index (order, 2), ==, "background");
  g_ptr_array_unref (order);
  gh_test_call_clear (&calls[0]);
  gh_test_call_clear (&calls[1]);
  gh_test_call_clear (&calls[2]);
  gh_lane_stop (lane, NULL);
}

static void
test_cancelled_read_is_abandoned (void)
{
  g_autoptr (GhLane) lane = gh_lane_new ("test");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_auto (GhTestCall) next = { 0 };

  gate_reset ();
  freed = 0;
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "gate", gate_worker, NULL, NULL, count_free,
                     cancellable,
                     gh_test_call_cb, &call);
  gh_test_wait_until (gate_entered, NULL);
  g_cancellable_cancel (cancellable);
  /* Answered while the call still blocks. */
  g_assert_null (gh_lane_run_finish (lane, gh_test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_atomic_int_get (&freed), ==, 0);
  gate_open ();

  /* The late result is freed, once. */
  order = g_ptr_array_new ();
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "next", note_worker, "next", NULL, NULL,
                     NULL,
                     gh_test_call_cb, &next);
  gh_test_call_wait (&next);
  g_assert_cmpint (g_atomic_int_get (&freed), ==, 1);
  g_ptr_array_unref (order);
  gh_lane_stop (lane, NULL);
}

static void
test_started_write_tells_the_truth (void)
{
  g_autoptr (GhLane) lane = gh_lane_new ("test");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GhTestCall) call = { 0 };

  gate_reset ();
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "gate", gate_worker, NULL, NULL, NULL,
                     cancellable,
                     gh_test_call_cb, &call);
  gh_test_wait_until (gate_entered, NULL);
  g_cancellable_cancel (cancellable);
  gate_open ();
  g_assert_true (gh_lane_run_finish (lane, gh_test_call_wait (&call), &error) == &gate);
  g_assert_no_error (error);
  gh_lane_stop (lane, NULL);
}

static void
test_waiting_write_never_runs (void)
{
  g_autoptr (GhLane) lane = gh_lane_new ("test");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GhTestCall) first = { 0 };
  g_auto (GhTestCall) call = { 0 };

  gate_reset ();
  freed = 0;
  order = g_ptr_array_new ();
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "gate", gate_worker, NULL, NULL, NULL, NULL,
                     gh_test_call_cb, &first);
  gh_test_wait_until (gate_entered, NULL);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "w", note_worker, "never", count_free, NULL,
                     cancellable,
                     gh_test_call_cb, &call);
  g_cancellable_cancel (cancellable);
  g_assert_null (gh_lane_run_finish (lane, gh_test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gate_open ();
  gh_test_call_wait (&first);
  g_assert_cmpuint (order->len, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&freed), ==, 1);
  g_ptr_array_unref (order);
  gh_lane_stop (lane, NULL);
}

static int connection_closed = 0;

static void
close_connection_cb (gpointer connection)
{
  g_assert_cmpstr (connection, ==, "connection");
  g_assert_false (GH_IS_MAIN_THREAD ());
  g_atomic_int_set (&connection_closed, 1);
  g_main_context_wakeup (NULL);
}

static gboolean
is_closed (gpointer data)
{
  return g_atomic_int_get (&connection_closed);
}

static void
test_stop (void)
{
  g_autoptr (GhLane) lane = gh_lane_new ("test");
  g_autoptr (GError) error = NULL;
  g_auto (GhTestCall) first = { 0 };
  g_auto (GhTestCall) waiting = { 0 };
  g_auto (GhTestCall) late = { 0 };

  gate_reset ();
  connection_closed = 0;
  gh_lane_set_connection (lane, "connection");
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "gate", gate_worker, NULL, NULL, NULL, NULL,
                     gh_test_call_cb, &first);
  gh_test_wait_until (gate_entered, NULL);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "w", fail_worker, NULL, NULL, NULL, NULL,
                     gh_test_call_cb, &waiting);
  gh_lane_stop (lane, close_connection_cb);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "late", fail_worker, NULL, NULL, NULL, NULL,
                     gh_test_call_cb, &late);

  g_assert_null (gh_lane_run_finish (lane, gh_test_call_wait (&waiting), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (gh_lane_run_finish (lane, gh_test_call_wait (&late), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_false (is_closed (NULL));
  g_assert_false (gh_lane_wait_closed (1));
  gate_open ();
  g_assert_true (gh_lane_wait_closed (60 * 1000));
  g_assert_true (is_closed (NULL));
  gh_test_wait_until (is_closed, NULL);
  gh_test_call_wait (&first);
}

static int n_begun = 0;
static int n_closed = 0;

static gpointer
begin_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  g_assert_nonnull (gh_lane_get_connection (lane));
  g_atomic_int_inc (&n_begun);
  return NULL;
}

static gpointer
connection_worker (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  return gh_lane_get_connection (lane);
}

static void
count_closed_cb (gpointer connection)
{
  g_atomic_int_inc (&n_closed);
}

/* Each thread has its own connection, and one that is stuck holds up nothing but itself. */
static void
test_threads (void)
{
  g_autoptr (GhLane) lane = gh_lane_new_empty ("test");
  g_auto (GhTestCall) stuck = { 0 };
  const char *seen = NULL;

  gate_reset ();
  n_begun = n_closed = 0;
  gh_lane_add_thread (lane, "one", begin_worker, NULL);
  gh_lane_add_thread (lane, "two", begin_worker, NULL);
  g_assert_cmpuint (gh_lane_get_n_threads (lane), ==, 2);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "gate", gate_worker, NULL, NULL, NULL, NULL,
                     gh_test_call_cb, &stuck);
  gh_test_wait_until (gate_entered, NULL);
  for (guint i = 0; i < 3; i++)
    {
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;
      const char *connection = NULL;

      gh_lane_run_async (lane, GH_LANE_BACKGROUND, GH_LANE_READ, "c", connection_worker, NULL, NULL,
                         NULL, NULL, gh_test_call_cb, &call);
      connection = gh_lane_run_finish (lane, gh_test_call_wait (&call), &error);
      g_assert_no_error (error);
      g_assert_true (seen == NULL || seen == connection);
      seen = connection;
    }
  g_assert_cmpuint (gh_lane_get_n_busy (lane, 60 * G_TIME_SPAN_SECOND), ==, 0);
  g_assert_cmpuint (gh_lane_get_n_busy (lane, 0), >=, 1);
  g_assert_cmpint (g_atomic_int_get (&n_begun), ==, 2);
  gh_lane_stop (lane, count_closed_cb);
  g_assert_false (gh_lane_wait_closed (1));
  gate_open ();
  g_assert_true (gh_lane_wait_closed (60 * 1000));
  g_assert_cmpint (g_atomic_int_get (&n_closed), ==, 2);
  gh_test_call_wait (&stuck);
}

/* What a library keeps for a thread, whose end frees it: not as long as the gate is closed, or for
 * a while. */
static void
kept_free (gpointer data)
{
  gint64 end = g_get_monotonic_time () + 200 * G_TIME_SPAN_MILLISECOND;

  g_mutex_lock (&gate.mutex);
  while (!gate.open && g_cond_wait_until (&gate.cond, &gate.mutex, end))
    continue;
  g_mutex_unlock (&gate.mutex);
  g_atomic_int_inc (&freed);
}

static GPrivate kept = G_PRIVATE_INIT (kept_free);

static gpointer
keep_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_private_set (&kept, lane);
  return NULL;
}

/* At the end of the program libraries free what they have: no thread may be about to do so. */
static void
test_threads_are_gone (void)
{
  GhLane *lanes[3];

  gate_reset ();
  freed = 0;
  for (guint i = 0; i < G_N_ELEMENTS (lanes); i++)
    {
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;

      lanes[i] = gh_lane_new ("test");
      gh_lane_run_async (lanes[i], GH_LANE_USER, GH_LANE_READ, "keep", keep_worker, NULL, NULL,
                         NULL, NULL, gh_test_call_cb, &call);
      gh_lane_run_finish (lanes[i], gh_test_call_wait (&call), &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (lanes); i++)
    gh_lane_stop (lanes[i], NULL);
  g_assert_true (gh_lane_wait_closed (60 * 1000));
  g_assert_cmpint (g_atomic_int_get (&freed), ==, G_N_ELEMENTS (lanes));
  gate_open ();
  for (guint i = 0; i < G_N_ELEMENTS (lanes); i++)
    g_object_unref (lanes[i]);
}

static void
test_faults (void)
{
  g_autoptr (GhLane) lane = gh_lane_new ("test");
  g_autoptr (GError) error = NULL;
  gint64 start = 0;

  order = g_ptr_array_new ();
  gh_faults_set ("note:fail=38,after=1,times=1;slow:delay=30");
  for (int i = 0; i < 3; i++)
    {
      g_auto (GhTestCall) call = { 0 };

      gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "note", note_worker, "x", NULL, NULL,
                         NULL,
                         gh_test_call_cb, &call);
      (void) gh_lane_run_finish (lane, gh_test_call_wait (&call), &error);
      if (i == 1)
        g_assert_error (error, GH_FAULT_ERROR, 38);
      else
        g_assert_no_error (error);
      g_clear_error (&error);
    }
  g_assert_cmpuint (order->len, ==, 2);

  start = g_get_monotonic_time ();
  {
    g_auto (GhTestCall) call = { 0 };

    gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "slow", note_worker, "x", NULL, NULL, NULL,
                       gh_test_call_cb, &call);
    gh_test_call_wait (&call);
  }
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 30 * 1000);
  gh_faults_set (NULL);
  g_ptr_array_unref (order);
  gh_lane_stop (lane, NULL);
}

int
main (int   argc,
      char *argv[])
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lane/priority", test_priority);
  g_test_add_func ("/lane/cancelled-read-is-abandoned", test_cancelled_read_is_abandoned);
  g_test_add_func ("/lane/started-write-tells-the-truth", test_started_write_tells_the_truth);
  g_test_add_func ("/lane/waiting-write-never-runs", test_waiting_write_never_runs);
  g_test_add_func ("/lane/stop", test_stop);
  g_test_add_func ("/lane/threads", test_threads);
  g_test_add_func ("/lane/threads-are-gone", test_threads_are_gone);
  g_test_add_func ("/lane/faults", test_faults);
  return g_test_run ();
}
