/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* After a crash: what each pair of answers means, of hosts that are asked where a machine is. */

#include "config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "gh-move-guard.h"
#include "gh-paths.h"
#include "gh-start-guard.h"
#include "gh-threads.h"
#include "gh-undo-plan.h"
#include "plan-test.h"

#define MACHINE_UUID "11111111-0000-4000-8000-000000000002"

typedef enum
{
  NOTHING,
  OFF,
  RUNS,
  PAUSED,
  N_STATES,
} State;

static GhHost *
new_host (State state)
{
  static const int run_states[] = { 0, 5, 1, 3 };
  g_autofree char *domain = NULL;
  g_autofree char *xml = NULL;

  if (state != NOTHING)
    domain = g_strdup_printf ("<domain type='test' "
                              "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
                              "<name>web</name><uuid>" MACHINE_UUID "</uuid><memory>65536</memory>"
                              "<os><type>hvm</type></os><test:runstate>%d</test:runstate></domain>",
                              run_states[state]);
  xml = g_strdup_printf ("<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active>"
                         "<nodes>1</nodes><sockets>1</sockets><cores>2</cores><threads>1</threads>"
                         "</cpu><memory>8192000</memory>%s</node>", domain != NULL ? domain : "");
  return plan_test_new_host (xml);
}

static GhStep *
new_step (GhHost   *peer,
          gboolean  begun)
{
  g_autoptr (JsonObject) params = json_object_new ();
  GhStep *step = NULL;

  json_object_set_string_member (params, "uuid", MACHINE_UUID);
  json_object_set_string_member (params, "name", "web");
  json_object_set_string_member (params, "peer", gh_host_get_uri (peer));
  json_object_set_boolean_member (params, "begun", begun);
  step = gh_step_new_for_kind ("migrate", params);
  g_assert_nonnull (step);
  g_assert_true (gh_step_commits (step));
  g_assert_false (gh_step_is_final (step));
  gh_step_set_peer (step, peer);
  return step;
}

/* What is said, by where it is here and there; NULL: it has not moved, and may be undone. */
static const char * const expected[N_STATES][N_STATES] = {
  [NOTHING] = { "runs-nowhere", "has-moved", "has-moved", "has-moved" },
  [OFF] = { "runs-nowhere", "runs-nowhere", "has-moved", "has-moved" },
  [RUNS] = { NULL, NULL, "runs-twice", NULL },
  [PAUSED] = { NULL, NULL, "remainder-here", NULL },
};

static void
test_where (void)
{
  for (int here = 0; here < N_STATES; here++)
    for (int there = 0; there < N_STATES; there++)
      for (guint begun = 0; begun < 2; begun++)
        {
          g_autoptr (GhHost) host = new_host ((State) here);
          g_autoptr (GhHost) peer = new_host ((State) there);
          g_autoptr (GhStep) step = new_step (peer, begun == 1);
          g_autoptr (GhCheck) check = gh_step_dup_commit_check (step, host);
          const char *wanted = begun ? expected[here][there] : NULL;

          g_test_message ("here %d, there %d, begun %u", here, there, begun);
          g_assert_cmpstr (check != NULL ? gh_check_get_id (check) : NULL, ==, wanted);
        }
}

/* It might have gone on by post-copy: that is open as long as nobody has asked the hosts, and they
 * say that it did not. */
static void
test_may_be_in_doubt (void)
{
  g_autoptr (GhHost) host = new_host (PAUSED);
  g_autoptr (GhHost) peer = new_host (RUNS);
  g_autoptr (GhStep) step = new_step (peer, TRUE);
  g_autoptr (GhCheck) check = NULL;
  g_autoptr (GhCheck) in_parts = NULL;

  g_assert_false (gh_step_may_be_in_doubt (step));
  gh_step_set_boolean (step, "may-post-copy", TRUE);
  g_assert_true (gh_step_may_be_in_doubt (step));
  check = gh_step_dup_commit_check (step, host);
  g_assert_cmpstr (gh_check_get_id (check), ==, "remainder-here");
  gh_step_set_boolean (step, "post-copy", TRUE);
  in_parts = gh_step_dup_commit_check (step, host);
  g_assert_cmpstr (gh_check_get_id (in_parts), ==, GH_CHECK_IN_DOUBT);
  gh_step_set_boolean (step, "begun", FALSE);
  g_assert_false (gh_step_may_be_in_doubt (step));
}

/* What was left here goes, and only while it is that. */
static void
test_remainder (void)
{
  g_autoptr (GhHost) host = new_host (PAUSED);
  g_autoptr (GhHost) peer = new_host (RUNS);
  g_autoptr (GhStep) step = new_step (peer, TRUE);
  g_autoptr (GhCheck) check = gh_step_dup_commit_check (step, host);

  for (guint attempt = 0; attempt < 2; attempt++)
    {
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;

      gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
      g_assert_cmpint (gh_check_fix_finish (check, gh_test_call_wait (&call), &error), ==,
                       attempt == 0);
    }
  {
    g_auto (GStrv) here = plan_test_list_inventory (host);
    g_auto (GStrv) there = plan_test_list_inventory (peer);

    g_assert_cmpstr (here[0], ==, "machine web off");
    g_assert_cmpstr (there[0], ==, "machine web active");
  }
}

/* It has moved, and was switched off there before anybody looked: what is here is a remainder all
 * the same, but only one that the move itself holds is forced off. */
static void
test_off_there (void)
{
  for (int here = NOTHING; here < N_STATES; here++)
    for (guint returns = 0; returns < 2; returns++)
      {
        g_autoptr (GhHost) host = new_host ((State) here);
        g_autoptr (GhHost) peer = new_host (OFF);
        g_autoptr (GhStep) step = new_step (peer, TRUE);
        g_auto (GStrv) before = plan_test_list_inventory (host);
        g_autoptr (GhCheck) check = NULL;
        const char *wanted = expected[here][OFF];

        if (here == PAUSED && returns == 0)
          wanted = "remainder-here";
        else if (here == NOTHING && returns == 1)
          wanted = "runs-nowhere";
        gh_step_set_boolean (step, "persist", TRUE);
        gh_step_set_boolean (step, "returns", returns == 1);
        check = gh_step_dup_commit_check (step, host);
        g_assert_cmpstr (check != NULL ? gh_check_get_id (check) : NULL, ==, wanted);
        if (here == PAUSED && returns == 0)
          {
            g_auto (GhTestCall) call = { 0 };
            g_autoptr (GError) error = NULL;

            gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
            g_assert_false (gh_check_fix_finish (check, gh_test_call_wait (&call), &error));
            g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
            plan_test_assert_inventory (host, before);
          }
      }
}

static char *
write_journal (GhHost   *host,
               GhHost   *peer,
               gboolean  persist,
               gboolean  returns)
{
  char *path = g_build_filename (gh_paths_get_journal_dir (),
                                 "5d0ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1.json", NULL);
  g_autofree char *text = g_strdup_printf (
    "{ \"format\": 1, \"id\": \"5d0ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1\", \"kind\": \"migrate\", "
    "\"title\": \"Move “web”\", \"host\": \"%s\", \"time\": 1, \"steps\": [ { "
    "\"kind\": \"migrate\", \"title\": \"Move it\", \"state\": \"running\", \"final\": false, "
    "\"params\": { \"uuid\": \"" MACHINE_UUID "\", \"name\": \"web\", \"peer\": \"%s\", "
    "\"begun\": true, \"persist\": %s, \"returns\": %s } } ] }",
    gh_host_get_uri (host), gh_host_get_uri (peer), persist ? "true" : "false",
    returns ? "true" : "false");

  g_mkdir_with_parents (gh_paths_get_journal_dir (), 0700);
  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  return path;
}

/* Who wants to resume what is here, while a move was interrupted, and it is off there. */
static void
test_resume_remainder (void)
{
  static const struct
  {
    State      there;
    GhGuardUse use;
    gboolean   persist;
    gboolean   returns;
    gboolean   doubted;
  } rows[] = {
    { OFF, GH_GUARD_RESUME, TRUE, FALSE, TRUE },
    { OFF, GH_GUARD_RESUME, TRUE, TRUE, FALSE },
    { OFF, GH_GUARD_RESUME, FALSE, FALSE, FALSE },
    { NOTHING, GH_GUARD_RESUME, TRUE, FALSE, FALSE },
    { OFF, GH_GUARD_START, TRUE, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint at_destination = 0; at_destination < 2; at_destination++)
      {
        g_autoptr (GhHosts) hosts = gh_hosts_new ();
        GhHost *host = new_host (PAUSED);
        GhHost *other = new_host (rows[i].there);
        GhHost *source = at_destination ? other : host;
        g_autofree char *path = write_journal (source, at_destination ? host : other,
                                               rows[i].persist, rows[i].returns);
        g_auto (GhTestCall) call = { 0 };
        g_autoptr (GError) error = NULL;
        gboolean doubted = rows[i].doubted && !at_destination;

        gh_hosts_take (hosts, host);
        gh_hosts_take (hosts, other);
        gh_start_guard_set_hosts (hosts);
        gh_move_guard_ask_async (host, MACHINE_UUID, rows[i].use, NULL, gh_test_call_cb, &call);
        g_assert_cmpint (gh_move_guard_ask_finish (host, gh_test_call_wait (&call), &error), ==,
                         !doubted);
        if (doubted)
          g_assert_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_IN_DOUBT);
        gh_start_guard_set_hosts (NULL);
        g_assert_no_errno (g_unlink (path));
      }
}

/* What is said to who wants to start, or resume, what is here. */
static void
test_second_copy (void)
{
  static const struct
  {
    State           here;
    State           there;
    GhMachineAction action;
    gboolean        refused;
  } rows[] = {
    { OFF, RUNS, GH_MACHINE_START, TRUE },
    { OFF, PAUSED, GH_MACHINE_START, TRUE },
    { OFF, OFF, GH_MACHINE_START, FALSE },
    { PAUSED, RUNS, GH_MACHINE_RESUME, TRUE },
    { PAUSED, PAUSED, GH_MACHINE_RESUME, FALSE },
    { PAUSED, OFF, GH_MACHINE_RESUME, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GhHosts) hosts = gh_hosts_new ();
      GhHost *host = new_host (rows[i].here);
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;
      GhMachine *machine = plan_test_get_machine (host, "web");

      gh_hosts_take (hosts, host);
      gh_hosts_take (hosts, new_host (rows[i].there));
      gh_start_guard_set_hosts (hosts);
      gh_machine_run_action_async (machine, rows[i].action, NULL, gh_test_call_cb, &call);
      g_assert_cmpint (gh_machine_run_action_finish (machine, gh_test_call_wait (&call), &error),
                       ==, !rows[i].refused);
      if (rows[i].refused)
        g_assert_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_ELSEWHERE);
      g_assert_null (gh_machine_get_busy_text (machine));
      gh_start_guard_set_hosts (NULL);
    }
}

/* Without what it needs it is not believed. */
static void
test_needs (void)
{
  static const char * const needs[] = { "uuid", "name", "peer" };

  for (guint i = 0; i < G_N_ELEMENTS (needs); i++)
    {
      g_autoptr (GhHost) peer = new_host (NOTHING);
      g_autoptr (GhStep) step = new_step (peer, TRUE);

      gh_step_set_string (step, needs[i], NULL);
      g_assert_null (gh_step_new_for_kind ("migrate", gh_step_get_params (step)));
    }
}

/* A move that was not begun is undone by doing nothing; without its options it is not done. */
static void
test_not_begun (void)
{
  g_autoptr (GhHost) host = new_host (RUNS);
  g_autoptr (GhHost) peer = new_host (NOTHING);
  g_autoptr (GhStep) step = new_step (peer, FALSE);
  g_auto (GStrv) before = plan_test_list_inventory (host);
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_undo (step, host, NULL));
  g_assert_false (plan_test_do (step, host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  plan_test_assert_inventory (host, before);
}

/* It was going on by post-copy, and there is nothing of that any more: where it is, is said. */
static void
test_recover (void)
{
  for (int there = NOTHING; there <= OFF; there++)
    {
      g_autoptr (GhHost) host = new_host (RUNS);
      g_autoptr (GhHost) peer = new_host ((State) there);
      g_autoptr (GhStep) step = new_step (peer, TRUE);
      g_autoptr (GError) error = NULL;

      gh_step_set_boolean (step, "post-copy", TRUE);
      g_assert_false (plan_test_do (step, host, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_assert_nonnull (strstr (error->message, "has not arrived"));
    }
  {
    g_autoptr (GhHost) host = new_host (PAUSED);
    g_autoptr (GhHost) peer = new_host (RUNS);
    g_autoptr (GhStep) step = new_step (peer, TRUE);
    g_autoptr (GError) error = NULL;

    gh_step_set_boolean (step, "post-copy", TRUE);
    g_assert_true (plan_test_do (step, host, &error));
    g_assert_no_error (error);
  }
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-step/where", test_where);
  g_test_add_func ("/migrate-step/may-be-in-doubt", test_may_be_in_doubt);
  g_test_add_func ("/migrate-step/remainder", test_remainder);
  g_test_add_func ("/migrate-step/off-there", test_off_there);
  g_test_add_func ("/migrate-step/resume-remainder", test_resume_remainder);
  g_test_add_func ("/migrate-step/second-copy", test_second_copy);
  g_test_add_func ("/migrate-step/needs", test_needs);
  g_test_add_func ("/migrate-step/not-begun", test_not_begun);
  g_test_add_func ("/migrate-step/recover", test_recover);
  return g_test_run ();
}
