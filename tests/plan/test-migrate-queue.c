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
#include "gh-undo-plan.h"
#include "plan-test.h"

typedef struct
{
  GhHost         *here;
  GhHost         *there;
  GhMigrateQueue *queue;
  GPtrArray      *begun; /* (element-type char): names, in order */
} Fixture;

#define MACHINE(n, devices) SIZED (n, "1048576", devices)
#define SIZED(n, kib, devices) \
  "<domain type='test'><name>web-" n "</name>" \
  "<uuid>6695eb01-f6a4-8304-79aa-97f2502e193" n "</uuid>" \
  "<memory>" kib "</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os>" \
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
  g_assert_true (gh_plan_needs_host (GH_PLAN (fixture->queue), fixture->here));
  g_assert_true (gh_plan_needs_host (GH_PLAN (fixture->queue), fixture->there));

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

#define DISK(path, gib, mib) \
  "<volume type='file'><name>" path "</name><capacity unit='GiB'>" gib "</capacity>" \
  "<allocation unit='MiB'>" mib "</allocation><target><path>/p/" path "</path>" \
  "<format type='qcow2'/></target></volume>"
#define USES(path) "<disk type='file' device='disk'><source file='/p/" path "'/>" \
                   "<driver name='qemu' type='qcow2'/><target dev='vda'/></disk>"

static gboolean
is_said (GhMigrateQueue *queue,
         const char     *id,
         const char     *words)
{
  GhCheck *check = plan_test_find_check (GH_PLAN (queue), id);

  if (check == NULL)
    return FALSE;
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_WARNING);
  g_assert_nonnull (strstr (gh_check_get_title (check), words));
  return TRUE;
}

/* Each would fit alone: the test driver's pools hold 100 GiB. */
static void
test_together (void)
{
  g_autoptr (GhHost) here = new_host (
    MACHINE ("1", USES ("a")) MACHINE ("2", USES ("b")) MACHINE ("3", USES ("c"))
    "<pool type='dir'><name>p</name><target><path>/p</path></target>"
    DISK ("a", "60", "40000") DISK ("b", "60", "50000") DISK ("c", "60", "30000") "</pool>");
  g_autoptr (GhHost) there = new_host ("<pool type='dir'><name>p</name><target><path>/there</path>"
                                       "</target></pool>");
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();
  g_autoptr (GhMigrateQueue) queue = NULL;
  GPtrArray *plans = NULL;

  g_ptr_array_add (machines, plan_test_get_machine (here, "web-1"));
  g_ptr_array_add (machines, plan_test_get_machine (here, "web-2"));
  g_ptr_array_add (machines, plan_test_get_machine (here, "web-3"));
  queue = gh_migrate_queue_new (machines, there);
  plans = gh_migrate_queue_get_plans (queue);
  plan_test_prepare (GH_PLAN (queue), NULL);
  for (guint i = 0; i < plans->len; i++)
    g_assert_cmpint (gh_plan_get_worst (g_ptr_array_index (plans, i)), <, GH_CHECK_REFUSAL);
  g_assert_true (is_said (queue, "together-no-room/web-3", "117"));
  g_assert_null (plan_test_find_check (GH_PLAN (queue), "can-be-moved/web-3"));
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (queue), ==, 2);
  g_assert_cmpuint (gh_plan_get_steps (GH_PLAN (queue))->len, ==, 2);
  g_assert_true (gh_migrate_queue_is_ready (queue, g_ptr_array_index (plans, 1)));
  g_assert_false (gh_migrate_queue_is_ready (queue, g_ptr_array_index (plans, 2)));

  /* Without the one before it, it fits. */
  gh_migrate_queue_set_included (queue, g_ptr_array_index (plans, 1), FALSE);
  plan_test_prepare (GH_PLAN (queue), NULL);
  g_assert_null (plan_test_find_check (GH_PLAN (queue), "together-no-room/web-3"));
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (queue), ==, 2);
}

/* Each has less memory than is free there, and together they have more: 3 MiB are free on the test
 * driver's own host. */
static void
test_memory (void)
{
  g_autoptr (GhHost) here = new_host (SIZED ("1", "1200", "") SIZED ("2", "1200", "")
                                      SIZED ("3", "1200", ""));
  g_autoptr (GhHost) there = gh_host_new ("test:///default");
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();
  g_autoptr (GhMigrateQueue) queue = NULL;

  g_ptr_array_add (machines, plan_test_get_machine (here, "web-1"));
  g_ptr_array_add (machines, plan_test_get_machine (here, "web-2"));
  g_ptr_array_add (machines, plan_test_get_machine (here, "web-3"));
  queue = gh_migrate_queue_new (machines, there);
  plan_test_prepare (GH_PLAN (queue), NULL);
  g_assert_false (is_said (queue, "together-memory/web-1", ""));
  g_assert_false (is_said (queue, "together-memory/web-2", ""));
  g_assert_true (is_said (queue, "together-memory/web-3", "3.5"));
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (queue), ==, 3);
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
  g_assert_false (gh_migrate_queue_has_doubt (fixture->queue));
  g_assert_null (gh_migrate_queue_get_current (fixture->queue));
  g_assert_null (gh_host_find_machine (fixture->there, "web-1"));
  /* It can be tried again. */
  gh_plan_invalidate (GH_PLAN (fixture->queue));
  prepare (fixture);
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (fixture->queue), ==, 2);
}

static void
assert_journals (guint n)
{
  g_autoptr (GPtrArray) plans = plan_test_load_interrupted ();

  g_assert_cmpuint (plans->len, ==, n);
  for (guint i = 0; i < plans->len; i++)
    {
      g_auto (GhTestCall) call = { 0 };

      g_assert_cmpstr (gh_undo_plan_get_original_kind (g_ptr_array_index (plans, i)), ==,
                       "migrate");
      gh_undo_plan_forget_async (g_ptr_array_index (plans, i), gh_test_call_cb, &call);
      g_assert_true (gh_undo_plan_forget_finish (g_ptr_array_index (plans, i),
                                                 gh_test_call_wait (&call), NULL));
    }
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

/* Of the first nobody knows where it is, neither when it has failed nor when it is to be taken
 * back: that is said of it, and of it alone, and its journal is kept. The third is tried. */
static void
test_in_doubt (Fixture       *fixture,
               gconstpointer  data)
{
  GPtrArray *plans = gh_migrate_queue_get_plans (fixture->queue);
  g_autoptr (GError) error = NULL;
  GStrv left = NULL;

  prepare (fixture);
  gh_faults_set ("domain-presence:fail=38,times=2");
  g_assert_false (plan_test_run (GH_PLAN (fixture->queue), &error));
  gh_faults_set (NULL);
  g_assert_cmpuint (fixture->begun->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (fixture->begun, 1), ==, "web-3");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (fixture->queue)), ==, GH_OUTCOME_UNDONE_IN_PART);
  left = gh_plan_get_left (GH_PLAN (fixture->queue));
  g_assert_cmpuint (g_strv_length (left), ==, 2);
  g_assert_true (g_str_has_prefix (left[0], "“web-1” is in doubt: "));
  g_assert_true (g_str_has_prefix (left[1], "“web-3” is not moved: "));
  g_assert_true (gh_migrate_queue_has_doubt (fixture->queue));
  g_assert_true (gh_plan_is_in_doubt (g_ptr_array_index (plans, 0)));
  g_assert_false (gh_plan_is_in_doubt (g_ptr_array_index (plans, 2)));
  g_assert_cmpint (gh_plan_get_outcome (g_ptr_array_index (plans, 2)), ==, GH_OUTCOME_UNDONE);
  assert_journals (1);
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
  ADD ("in-doubt", test_in_doubt);
  ADD ("cancel", test_cancel);
#undef ADD
  g_test_add_func ("/migrate-queue/together", test_together);
  g_test_add_func ("/migrate-queue/memory", test_memory);

  return g_test_run ();
}
