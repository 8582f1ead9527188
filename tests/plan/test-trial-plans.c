/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Discarding and keeping trials: who is one, what goes with it, and that keeping is taken back. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "gh-clone-plan.h"
#include "gh-delete-plan.h"
#include "gh-faults.h"
#include "gh-keep-plan.h"
#include "gh-machine-mark.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "plan-test.h"

#define WEB "dddddddd-0000-4000-8000-000000000001"
#define TRIAL "dddddddd-0000-4000-8000-000000000002"

static GhHost *
new_host (const char *state)
{
  g_autofree char *xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>web</name><uuid>" WEB "</uuid><memory>4096</memory><os><type>hvm</type></os>"
    "<test:runstate>5</test:runstate></domain>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>web-trial</name><uuid>" TRIAL "</uuid>"
    "<metadata><g:machine xmlns:g='" GH_MACHINE_MARK_NAMESPACE "'>"
    "<g:trial uuid='" WEB "' name='web'><g:file path='/nowhere/web-trial.qcow2'/></g:trial>"
    "</g:machine></metadata><memory>4096</memory><os><type>hvm</type></os>"
    "<test:runstate>%s</test:runstate></domain></node>", state);

  return plan_test_new_host (xml);
}

static void
free_host (GhHost *host)
{
  gh_faults_set (NULL);
  gh_host_disconnect (host);
  g_object_unref (host);
}

static GhMachineKind
load_kind (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GhDefinition) definition = NULL;
  g_autoptr (GhMachineMark) mark = NULL;

  gh_host_load_definition_async (host, TRIAL, NULL, gh_test_call_cb, &call);
  definition = gh_host_load_definition_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  mark = gh_machine_mark_new (definition->metadata);
  return mark->kind;
}

static void
assert_level (GhPlan       *plan,
              const char   *id,
              GhCheckLevel  level)
{
  GhCheck *check = plan_test_find_check (plan, id);

  g_assert_nonnull (check);
  g_assert_cmpint (gh_check_get_level (check), ==, level);
}

/* Running or not: it is not warned of, and only the trial goes. */
static void
test_discard (void)
{
  static const char * const states[] = { "1", "5" };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      GhHost *host = new_host (states[i]);
      g_autoptr (GhDeletePlan) plan =
        gh_delete_plan_new_discard (plan_test_get_machine (host, "web-trial"));
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) inventory = NULL;

      g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
      g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), <=, GH_CHECK_NOTE);
      g_assert_true (plan_test_run (GH_PLAN (plan), &error));
      g_assert_no_error (error);
      inventory = plan_test_list_inventory (host);
      g_assert_cmpuint (g_strv_length (inventory), ==, 1);
      g_assert_true (g_str_has_prefix (inventory[0], "machine web "));
      g_clear_object (&plan);
      free_host (host);
    }
}

static void
test_not_a_trial (void)
{
  GhHost *host = new_host ("5");
  GhMachine *machine = plan_test_get_machine (host, "web");
  g_autoptr (GhDeletePlan) discard = gh_delete_plan_new_discard (machine);
  g_autoptr (GhKeepPlan) keep = gh_keep_plan_new (machine);
  g_auto (GStrv) before = plan_test_list_inventory (host);
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_prepare (GH_PLAN (discard), &error));
  assert_level (GH_PLAN (discard), "not-a-trial", GH_CHECK_REFUSAL);
  g_assert_cmpuint (gh_plan_get_steps (GH_PLAN (discard))->len, ==, 0);
  g_assert_false (plan_test_run (GH_PLAN (discard), NULL));
  g_assert_true (plan_test_prepare (GH_PLAN (keep), &error));
  assert_level (GH_PLAN (keep), "not-a-trial", GH_CHECK_REFUSAL);
  g_assert_false (plan_test_run (GH_PLAN (keep), NULL));
  plan_test_assert_inventory (host, before);
  g_clear_object (&discard);
  g_clear_object (&keep);
  free_host (host);
}

static void
test_keep_step (void)
{
  GhHost *host = new_host ("5");
  g_autoptr (GhStep) step = gh_keep_step_new (TRIAL, "web-trial", TRUE);
  g_autoptr (GhStep) again = gh_keep_step_new (TRIAL, "web-trial", TRUE);
  g_autoptr (GhStep) copy = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_do (step, host, &error));
  g_assert_cmpint (load_kind (host), ==, GH_MACHINE_ORDINARY);
  /* It was none any more: nothing to take back. */
  g_assert_true (plan_test_do (again, host, &error));
  g_assert_true (plan_test_undo (again, host, &error));
  g_assert_cmpint (load_kind (host), ==, GH_MACHINE_ORDINARY);

  /* By a program that knows only the journal; twice. */
  copy = gh_step_new_for_kind ("keep", gh_step_get_params (step));
  g_assert_true (plan_test_undo (copy, host, &error));
  g_assert_cmpint (load_kind (host), ==, GH_MACHINE_TRIAL);
  g_assert_true (plan_test_undo (copy, host, &error));
  g_assert_no_error (error);
  free_host (host);
}

static void
test_keep_fails (void)
{
  static const char * const faults[] = { "domain-definition:fail=38",
                                         "domain-set-metadata:fail=38" };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      GhHost *host = new_host ("5");
      g_autoptr (GhStep) step = gh_keep_step_new (TRIAL, "web-trial", TRUE);

      gh_faults_set (faults[i]);
      g_assert_false (plan_test_do (step, host, NULL));
      gh_faults_set (NULL);
      g_assert_true (plan_test_undo (step, host, NULL));
      g_assert_cmpint (load_kind (host), ==, GH_MACHINE_TRIAL);
      free_host (host);
    }
}

static void
test_keep_name (void)
{
  GhHost *host = new_host ("5");
  g_autoptr (GhKeepPlan) plan = gh_keep_plan_new (plan_test_get_machine (host, "web-trial"));
  g_autofree char *proposed = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  g_assert_true (gh_keep_plan_can_rename (plan));
  g_object_get (plan, "name", &proposed, NULL);
  g_assert_cmpstr (proposed, ==, "web-clone");
  g_object_set (plan, "name", "web", NULL);
  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  assert_level (GH_PLAN (plan), "name-taken", GH_CHECK_REFUSAL);
  g_object_set (plan, "name", "a/b", NULL);
  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  assert_level (GH_PLAN (plan), "name-illegal", GH_CHECK_REFUSAL);
  g_clear_object (&plan);
  free_host (host);
}

/* A name that is free. */
static void
test_try_name (void)
{
  GhHost *host = new_host ("5");
  g_autoptr (GhClonePlan) plan = gh_clone_plan_new_trial (plan_test_get_machine (host, "web"),
                                                          NULL, TRUE);
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  name = gh_clone_plan_dup_name_at (plan, 0);
  g_assert_cmpstr (name, ==, "web-trial-2");
  g_clear_object (&plan);
  free_host (host);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  g_test_add_func ("/trial-plans/discard", test_discard);
  g_test_add_func ("/trial-plans/not-a-trial", test_not_a_trial);
  g_test_add_func ("/trial-plans/keep-step", test_keep_step);
  g_test_add_func ("/trial-plans/keep-fails", test_keep_fails);
  g_test_add_func ("/trial-plans/keep-name", test_keep_name);
  g_test_add_func ("/trial-plans/try-name", test_try_name);
  return g_test_run ();
}
