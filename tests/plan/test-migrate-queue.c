/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Several machines, one after another, on hosts of the test driver, which cannot move any: so each
 * fails, and the next is tried all the same. Real ones move in tests/journeys. */

#include "config.h"

#include <string.h>

#include "gh-faults.h"
#include "gh-migrate-queue.h"
#include "gh-threads.h"
#include "plan-test.h"

typedef struct
{
  GhHost         *here;
  GhHost         *there;
  GhMigrateQueue *queue;
  GPtrArray      *begun; /* (element-type char): names, in order */
} Fixture;

#define MACHINE(n, devices) \
  "<domain type='test'><name>web-" n "</name>" \
  "<uuid>6695eb01-f6a4-8304-79aa-97f2502e193" n "</uuid>" \
  "<memory>1048576</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os>" \
  "<devices>" devices "</devices></domain>"

static GhHost *
new_host (const char *machines)
{
  g_autofree char *xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>%s"
    "</node>", machines);

  return plan_test_new_host (xml);
}

static void
current_changed_cb (GhMigrateQueue *queue,
                    GParamSpec     *pspec,
                    Fixture        *fixture)
{
  GhMigratePlan *plan = gh_migrate_queue_get_current (queue);

  if (plan != NULL)
    g_ptr_array_add (fixture->begun,
                     g_strdup (gh_machine_get_name (gh_migrate_plan_get_machine (plan))));
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();

  fixture->begun = g_ptr_array_new_with_free_func (g_free);
  fixture->here = new_host (MACHINE ("1", "") MACHINE ("2", "<interface type='network'>"
                                                       "<source network='lan'/></interface>")
                            MACHINE ("3", ""));
  fixture->there = new_host ("");
  g_ptr_array_add (machines, plan_test_get_machine (fixture->here, "web-1"));
  g_ptr_array_add (machines, plan_test_get_machine (fixture->here, "web-2"));
  g_ptr_array_add (machines, plan_test_get_machine (fixture->here, "web-3"));
  fixture->queue = gh_migrate_queue_new (machines, fixture->there);
  g_signal_connect (fixture->queue, "notify::current", G_CALLBACK (current_changed_cb), fixture);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gh_faults_set (NULL);
  g_assert_finalize_object (fixture->queue);
  g_object_unref (fixture->here);
  g_object_unref (fixture->there);
  g_ptr_array_unref (fixture->begun);
}

static void
prepare (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  plan_test_prepare (GH_PLAN (fixture->queue), &error);
  g_assert_no_error (error);
}

/* One that cannot be moved is left out, and that is a warning; the user may leave out others. */
static void
test_left_out (Fixture       *fixture,
               gconstpointer  data)
{
  GPtrArray *plans = gh_migrate_queue_get_plans (fixture->queue);
  GhCheck *check = NULL;

  prepare (fixture);
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (fixture->queue), ==, 2);
  g_assert_cmpuint (gh_plan_get_steps (GH_PLAN (fixture->queue))->len, ==, 2);
  check = plan_test_find_check (GH_PLAN (fixture->queue), "network-missing/web-2");
  g_assert_nonnull (check);
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_WARNING);
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (fixture->queue)), ==, GH_CHECK_WARNING);
  g_assert_nonnull (plan_test_find_check (GH_PLAN (fixture->queue), "can-be-moved/web-1"));

  gh_migrate_queue_set_included (fixture->queue, g_ptr_array_index (plans, 0), FALSE);
  prepare (fixture);
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (fixture->queue), ==, 1);
  g_assert_null (plan_test_find_check (GH_PLAN (fixture->queue), "can-be-moved/web-1"));
  gh_migrate_queue_set_included (fixture->queue, g_ptr_array_index (plans, 2), FALSE);
  prepare (fixture);
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (fixture->queue)), ==, GH_CHECK_REFUSAL);
  g_assert_nonnull (plan_test_find_check (GH_PLAN (fixture->queue), "nothing-to-move"));

  g_object_set (fixture->queue, "destination", NULL, NULL);
  prepare (fixture);
  g_assert_nonnull (plan_test_find_check (GH_PLAN (fixture->queue), "destination-missing"));
}

static void
run (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  prepare (fixture);
  g_assert_false (plan_test_run (GH_PLAN (fixture->queue), &error));
  g_assert_nonnull (error);
  /* Neither its own nor those of the machines. */
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

/* The first fails; the third is tried, too. Both are named, and neither is anywhere else. */
static void
test_goes_on (Fixture       *fixture,
              gconstpointer  data)
{
  g_auto (GStrv) left = NULL;

  run (fixture);
  g_assert_cmpuint (fixture->begun->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (fixture->begun, 0), ==, "web-1");
  g_assert_cmpstr (g_ptr_array_index (fixture->begun, 1), ==, "web-3");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (fixture->queue)), ==, GH_OUTCOME_UNDONE_IN_PART);
  left = g_strdupv (gh_plan_get_left (GH_PLAN (fixture->queue)));
  g_assert_cmpuint (g_strv_length (left), ==, 2);
  g_assert_true (g_str_has_prefix (left[0], "“web-1” is not moved: "));
  g_assert_true (g_str_has_prefix (left[1], "“web-3” is not moved: "));
  g_assert_null (gh_migrate_queue_get_current (fixture->queue));
  g_assert_null (gh_host_find_machine (fixture->there, "web-1"));
  /* It can be tried again. */
  gh_plan_invalidate (GH_PLAN (fixture->queue));
  prepare (fixture);
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (fixture->queue), ==, 2);
}

static void
cancel_cb (Fixture *fixture)
{
  if (gh_migrate_queue_get_current (fixture->queue) != NULL)
    gh_plan_cancel (GH_PLAN (fixture->queue));
}

/* The one that moves is taken back, and no other is begun. */
static void
test_cancel (Fixture       *fixture,
             gconstpointer  data)
{
  GPtrArray *plans = gh_migrate_queue_get_plans (fixture->queue);
  GStrv left = NULL;

  g_signal_connect_swapped (fixture->queue, "notify::current", G_CALLBACK (cancel_cb), fixture);
  run (fixture);
  g_assert_cmpuint (fixture->begun->len, ==, 1);
  left = gh_plan_get_left (GH_PLAN (fixture->queue));
  g_assert_cmpuint (g_strv_length (left), ==, 2);
  g_assert_cmpint (gh_plan_get_outcome (g_ptr_array_index (plans, 0)), !=, GH_OUTCOME_DONE);
  g_assert_cmpint (gh_plan_get_state (g_ptr_array_index (plans, 2)), <, GH_PLAN_RUNNING);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

#define ADD(name, func) \
  g_test_add ("/migrate-queue/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("left-out", test_left_out);
  ADD ("goes-on", test_goes_on);
  ADD ("cancel", test_cancel);
#undef ADD

  return g_test_run ();
}
