/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* After a crash: what journals are found, what is offered, and what undoing does. The crashes
 * themselves are those of child processes, killed at each point there is; what they had made on
 * the test driver's host is gone with them, so undoing what was made is tried on a host where the
 * same steps were done by hand. (tests/lab does both in one, on a real host.) */

#include "config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-faults.h"
#include "gh-paths.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "gh-undo-plan.h"
#include "plan-test.h"

#define MIB (1024 * 1024)
#define POOL_UUID "11111111-0000-4000-8000-000000000001"
#define MACHINE_UUID "11111111-0000-4000-8000-000000000002"
#define JOURNAL_ID "11111111-0000-4000-8000-000000000003"

static const char * const kinds[] = { "pool-create", "volume-create", "define", "start" };

static GhStep *
new_step (guint index)
{
  g_autofree char *xml = NULL;

  switch (index)
    {
    case 0:
      return gh_pool_create_step_new (POOL_UUID, "images", "/images");
    case 1:
      return gh_volume_create_step_new ("images", "web.qcow2", "/images/web.qcow2", "qcow2",
                                        20 * MIB, NULL, NULL);
    case 2:
      xml = plan_test_dup_xml (MACHINE_UUID, "web-1", "/images/web.qcow2");
      return gh_define_step_new (MACHINE_UUID, "web-1", xml);
    default:
      return gh_start_step_new (MACHINE_UUID, "web-1");
    }
}

static char *
dup_journal_path (const char *id)
{
  g_autofree char *name = g_strconcat (id, ".json", NULL);

  return g_build_filename (gh_paths_get_journal_dir (), name, NULL);
}

static void
write_journal (const char *id,
               const char *text)
{
  g_autofree char *path = dup_journal_path (id);
  GError *error = NULL;

  g_mkdir_with_parents (gh_paths_get_journal_dir (), 0700);
  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}

static void
forget_all (void)
{
  g_autoptr (GPtrArray) plans = plan_test_load_interrupted ();

  for (guint i = 0; i < plans->len; i++)
    {
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;

      gh_undo_plan_forget_async (g_ptr_array_index (plans, i), gh_test_call_cb, &call);
      gh_undo_plan_forget_finish (g_ptr_array_index (plans, i), gh_test_call_wait (&call), &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

/* Killed */

static void
run_and_be_killed (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (NULL);
  g_autoptr (GhPlan) plan = plan_test_plan_new (host, new_step (0), new_step (1), new_step (2),
                                                new_step (3), NULL);

  gh_faults_set (g_getenv ("TEST_FAULTS"));
  plan_test_run (plan, NULL);
}

/* Runs this program again, and lets it be killed as @faults say. */
static void
let_child_be_killed (const char *faults)
{
  g_setenv ("TEST_FAULTS", faults, TRUE);
  g_test_trap_subprocess ("/undo-plan/killed/subprocess", 0, 0);
  g_unsetenv ("TEST_FAULTS");
  g_assert_false (g_test_trap_has_passed ());
}

static void
test_killed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (guint after = 0; after < 2; after++)
      {
        g_autofree char *faults = g_strdup_printf ("plan-step-%s-%s:kill", kinds[i], after
                                                   ? "after" : "before");
        g_autoptr (GhHost) host = plan_test_new_host (NULL);
        g_autoptr (GPtrArray) plans = NULL;
        g_autoptr (GError) error = NULL;
        g_auto (GStrv) before = plan_test_list_inventory (host);
        GhPlan *plan = NULL;
        gint64 age = 0;

        let_child_be_killed (faults);
        plans = plan_test_load_interrupted ();
        g_assert_cmpuint (plans->len, ==, 1);
        plan = g_ptr_array_index (plans, 0);
        g_assert_cmpstr (gh_undo_plan_get_original_title (GH_UNDO_PLAN (plan)), ==,
                         "Create “web-1”");
        g_assert_cmpstr (gh_undo_plan_get_original_kind (GH_UNDO_PLAN (plan)), ==, "create");
        g_assert_true (g_str_has_prefix (gh_undo_plan_get_host_uri (GH_UNDO_PLAN (plan)),
                                         "test:///"));
        age = g_get_real_time () - gh_undo_plan_get_start_time (GH_UNDO_PLAN (plan));
        g_assert_cmpint (age, >=, 0);
        g_assert_cmpint (age, <, 600 * G_USEC_PER_SEC);

        g_object_set (plan, "host", host, NULL);
        g_assert_true (plan_test_prepare (plan, &error));
        g_assert_nonnull (plan_test_find_check (plan, "interrupted"));
        g_assert_cmpuint (gh_plan_get_steps (plan)->len, ==, i + 1);
        g_assert_true (plan_test_run (plan, &error));
        g_assert_no_error (error);
        g_assert_cmpuint (plan_test_count_journals (), ==, 0);
        plan_test_assert_inventory (host, before);
      }
}

/* Killed while the plan undid itself. */
static void
test_killed_undoing (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds) - 1; i++)
    for (guint after = 0; after < 2; after++)
      {
        g_autofree char *faults = g_strdup_printf ("domain-create:fail=1;plan-undo-%s-%s:kill",
                                                   kinds[i], after ? "after" : "before");
        g_autoptr (GPtrArray) plans = NULL;
        g_autoptr (GhHost) host = plan_test_new_host (NULL);

        let_child_be_killed (faults);
        plans = plan_test_load_interrupted ();
        g_assert_cmpuint (plans->len, ==, 1);
        g_object_set (g_ptr_array_index (plans, 0), "host", host, NULL);
        g_assert_true (plan_test_run (g_ptr_array_index (plans, 0), NULL));
        /* What was undone before the end is not undone again. */
        g_assert_cmpuint (gh_plan_get_steps (g_ptr_array_index (plans, 0))->len, ==, after ? i
                          : i + 1);
        g_assert_cmpuint (plan_test_count_journals (), ==, 0);
      }
}

/* With what was made still there */

static char *
dup_record (GhStep **steps,
            guint    n_begun,
            gboolean last_done)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "format");
  json_builder_add_int_value (builder, 1);
  json_builder_set_member_name (builder, "id");
  json_builder_add_string_value (builder, JOURNAL_ID);
  json_builder_set_member_name (builder, "kind");
  json_builder_add_string_value (builder, "create");
  json_builder_set_member_name (builder, "title");
  json_builder_add_string_value (builder, "Create “web-1”");
  json_builder_set_member_name (builder, "host");
  json_builder_add_string_value (builder, "test:///default");
  json_builder_set_member_name (builder, "steps");
  json_builder_begin_array (builder);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "kind");
      json_builder_add_string_value (builder, kinds[i]);
      json_builder_set_member_name (builder, "state");
      json_builder_add_string_value (builder, i + 1 < n_begun || (i + 1 == n_begun && last_done)
                                              ? "done" : i + 1 == n_begun ? "running" : "waiting");
      json_builder_set_member_name (builder, "params");
      json_builder_begin_object (builder);
      json_builder_end_object (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      JsonArray *array = json_object_get_array_member (json_node_get_object (root), "steps");

      json_object_set_object_member (json_array_get_object_element (array, i), "params",
                                     json_object_ref (gh_step_get_params (steps[i])));
    }
  return json_to_string (root, FALSE);
}

static void
test_taken_back (void)
{
  for (guint n_begun = 1; n_begun <= G_N_ELEMENTS (kinds); n_begun++)
    for (guint last_done = 0; last_done < 2; last_done++)
      {
        g_autoptr (GhHost) host = plan_test_new_host (NULL);
        g_auto (GStrv) before = plan_test_list_inventory (host);
        g_autoptr (GPtrArray) plans = NULL;
        g_autoptr (GError) error = NULL;
        g_autofree char *text = NULL;
        GhStep *steps[G_N_ELEMENTS (kinds)];

        for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
          steps[i] = new_step (i);
        /* Done, and journaled as running or done. */
        for (guint i = 0; i < n_begun; i++)
          g_assert_true (plan_test_do (steps[i], host, NULL));
        text = dup_record (steps, n_begun, last_done == 1);
        write_journal (JOURNAL_ID, text);

        plans = plan_test_load_interrupted ();
        g_assert_cmpuint (plans->len, ==, 1);
        g_object_set (g_ptr_array_index (plans, 0), "host", host, NULL);
        if (n_begun == 4)
          {
            plan_test_get_machine (host, "web-1");
            while (!gh_machine_is_active (gh_host_find_machine (host, "web-1")))
              g_main_context_iteration (NULL, TRUE);
            g_assert_true (plan_test_prepare (g_ptr_array_index (plans, 0), NULL));
            g_assert_nonnull (plan_test_find_check (g_ptr_array_index (plans, 0),
                                                    "machine-running"));
          }
        g_assert_true (plan_test_run (g_ptr_array_index (plans, 0), &error));
        g_assert_no_error (error);
        plan_test_assert_inventory (host, before);
        g_assert_cmpuint (plan_test_count_journals (), ==, 0);
        for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
          g_object_unref (steps[i]);
        gh_host_disconnect (host);
      }
}

/* Undoing fails: the rest is undone, it is offered again, and then it works. */
static void
test_undoing_fails (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (NULL);
  g_auto (GStrv) before = plan_test_list_inventory (host);
  g_autofree char *text = NULL;
  GhStep *steps[G_N_ELEMENTS (kinds)];

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      steps[i] = new_step (i);
      g_assert_true (plan_test_do (steps[i], host, NULL));
    }
  text = dup_record (steps, G_N_ELEMENTS (kinds), TRUE);
  write_journal (JOURNAL_ID, text);
  for (guint attempt = 0; attempt < 2; attempt++)
    {
      g_autoptr (GPtrArray) plans = plan_test_load_interrupted ();
      GhPlan *plan = NULL;

      g_assert_cmpuint (plans->len, ==, 1);
      plan = g_ptr_array_index (plans, 0);
      g_object_set (plan, "host", host, NULL);
      gh_faults_set (attempt == 0 ? "volume-delete:fail=38" : NULL);
      g_assert_cmpint (plan_test_run (plan, NULL), ==, attempt == 1);
      gh_faults_set (NULL);
      g_assert_cmpint (gh_plan_get_outcome (plan), ==,
                       attempt == 0 ? GH_OUTCOME_UNDONE_IN_PART : GH_OUTCOME_DONE);
      if (attempt == 0)
        g_assert_nonnull (strstr (gh_plan_get_left (plan)[0], "/images/web.qcow2"));
    }
  plan_test_assert_inventory (host, before);
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_object_unref (steps[i]);
}

static void
test_forget (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (NULL);
  g_autoptr (GhStep) pool = new_step (0);
  g_auto (GStrv) with_pool = NULL;
  g_autofree char *text = NULL;
  GhStep *steps[] = { pool, pool, pool, pool };

  g_assert_true (plan_test_do (pool, host, NULL));
  with_pool = plan_test_list_inventory (host);
  text = dup_record (steps, 1, TRUE);
  write_journal (JOURNAL_ID, text);
  forget_all ();
  plan_test_assert_inventory (host, with_pool);
  g_assert_true (plan_test_undo (pool, host, NULL));
}

/* Two programs were offered the same. */
static void
test_two_at_once (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (NULL);
  g_autoptr (GhStep) pool = new_step (0);
  g_autofree char *text = NULL;
  g_autofree char *lock_path = g_build_filename (gh_paths_get_journal_dir (), JOURNAL_ID ".lock",
                                                 NULL);
  GhStep *steps[] = { pool, pool, pool, pool };
  g_autoptr (GPtrArray) mine = NULL;
  g_autoptr (GPtrArray) theirs = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) with_pool = NULL;
  int fd = -1;

  g_assert_true (plan_test_do (pool, host, NULL));
  with_pool = plan_test_list_inventory (host);
  text = dup_record (steps, 1, TRUE);
  write_journal (JOURNAL_ID, text);
  mine = plan_test_load_interrupted ();
  theirs = plan_test_load_interrupted ();
  g_assert_cmpuint (mine->len, ==, 1);
  g_assert_cmpuint (theirs->len, ==, 1);
  g_object_set (g_ptr_array_index (mine, 0), "host", host, NULL);
  g_object_set (g_ptr_array_index (theirs, 0), "host", host, NULL);

  /* The other is at it. */
  fd = g_open (lock_path, O_RDWR | O_CREAT, 0600);
  g_assert_cmpint (flock (fd, LOCK_EX | LOCK_NB), ==, 0);
  g_assert_false (plan_test_run (g_ptr_array_index (mine, 0), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  plan_test_assert_inventory (host, with_pool);
  {
    g_autoptr (GPtrArray) none = plan_test_load_interrupted ();

    g_assert_cmpuint (none->len, ==, 0);
  }
  close (fd);

  /* The other has done it. */
  g_assert_true (plan_test_run (g_ptr_array_index (theirs, 0), NULL));
  g_clear_error (&error);
  g_assert_false (plan_test_run (g_ptr_array_index (mine, 0), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

/* Foreign and damaged journals */

#define ID "{\"format\":1,\"id\":\"" JOURNAL_ID "\","
#define HEAD ID "\"kind\":\"create\",\"title\":\"T\",\"host\":\"test:///default\","

static void
test_not_believed (void)
{
  static const struct
  {
    const char *text;
    const char *refusal; /* (nullable): a check's id */
    const char *check;   /* (nullable) */
  } cases[] = {
    { "", "journal-unreadable", NULL },
    { "{", "journal-unreadable", NULL },
    { "null", "journal-unreadable", NULL },
    { "[1,2,3]", "journal-unreadable", NULL },
    { "{\"format\":99,\"id\":\"" JOURNAL_ID "\"}", "journal-unreadable", NULL },
    { "{\"format\":\"1\",\"id\":\"" JOURNAL_ID "\"}", "journal-unreadable", NULL },
    { "{\"format\":1,\"id\":\"11111111-0000-4000-8000-000000000009\"}", "journal-unreadable",
      NULL },
    { "{\"format\":1,\"id\":{\"a\":1}}", "journal-unreadable", NULL },
    { "{\"format\":1,\"id\":\"" JOURNAL_ID "\"}", "journal-unreadable", NULL },
    { "{\"format\":1,\"id\":\"" JOURNAL_ID "\",\"host\":7}", "journal-unreadable", NULL },
    { "\xff\xfe not UTF-8", "journal-unreadable", NULL },
    { HEAD "\"steps\":7}", NULL, "interrupted" },
    { HEAD "\"steps\":[]}", NULL, "interrupted" },
    { HEAD "\"steps\":[7,null,\"x\",[],{}]}", NULL, "unknown-step" },
    { HEAD "\"title\":[1],\"time\":\"x\",\"steps\":[{\"kind\":[\"start\"],\"params\":{}}]}", NULL,
      "unknown-step" },
    { HEAD "\"steps\":[{\"kind\":\"start\",\"params\":7,\"state\":\"done\"}]}", NULL,
      "unknown-step" },
    { HEAD "\"steps\":[{\"kind\":\"rm-rf\",\"title\":\"Rm\",\"params\":{\"path\":\"/\"},"
           "\"state\":\"done\"}]}", NULL, "unknown-step" },
    { HEAD "\"steps\":[{\"kind\":\"undo\",\"params\":{},\"state\":\"done\"}]}", NULL,
      "unknown-step" },
    { HEAD "\"steps\":[{\"kind\":\"volume-remove\",\"final\":true,\"params\":{},"
           "\"state\":\"done\"}]}", NULL, "no-way-back" },
    { HEAD "\"steps\":[{\"kind\":\"define\",\"params\":{\"uuid\":{\"a\":[]},\"name\":5},"
           "\"state\":\"waiting\"}]}", NULL, "interrupted" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (NULL);
      g_auto (GStrv) before = plan_test_list_inventory (host);
      g_autoptr (GPtrArray) plans = NULL;
      g_autoptr (GError) error = NULL;
      GhPlan *plan = NULL;

      write_journal (JOURNAL_ID, cases[i].text);
      plans = plan_test_load_interrupted ();
      g_test_message ("%s", cases[i].text);
      g_assert_cmpuint (plans->len, ==, 1);
      plan = g_ptr_array_index (plans, 0);
      if (cases[i].refusal == NULL)
        g_object_set (plan, "host", host, NULL);
      g_assert_true (plan_test_prepare (plan, &error));
      g_assert_nonnull (plan_test_find_check (plan, cases[i].refusal != NULL ? cases[i].refusal
                                              : cases[i].check));
      g_assert_cmpuint (gh_plan_get_steps (plan)->len, ==, 0);
      if (cases[i].refusal != NULL)
        {
          g_assert_false (plan_test_run (plan, &error));
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
          g_assert_cmpuint (plan_test_count_journals (), ==, 1);
        }
      plan_test_assert_inventory (host, before);
      forget_all ();
    }
}

/* Steps of a kind that is known, with parameters that are missing or of another type. */
static void
test_bad_parameters (void)
{
  static const char * const all_kinds[] = {
    "pool-create", "volume-create", "volume-remove", "define", "undefine", "undefine-final",
    "start", "force-off",
  };
  static const char * const parameters[] = {
    "{}",
    "{\"uuid\":7,\"name\":{\"x\":1},\"path\":[\"/\"],\"absent\":\"yes\",\"capacity\":\"big\","
    "\"xml\":3}",
    "{\"uuid\":\"not a uuid\",\"name\":\"\",\"path\":\"\",\"absent\":true,\"xml\":\"<not xml\","
    "\"pool\":\"nowhere\"}",
    "{\"uuid\":\"" MACHINE_UUID "\",\"name\":\"n\",\"path\":\"/p\",\"pool\":\"p\","
    "\"format\":\"raw\",\"absent\":true,\"xml\":\"<not xml\",\"capacity\":-1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (all_kinds); i++)
    for (guint j = 0; j < G_N_ELEMENTS (parameters); j++)
      {
        g_autoptr (GhHost) host = plan_test_new_host (NULL);
        g_auto (GStrv) before = plan_test_list_inventory (host);
        g_autoptr (GPtrArray) plans = NULL;
        g_autofree char *text = g_strdup_printf (HEAD "\"steps\":[{\"kind\":\"%s\",\"params\":%s,"
                                                 "\"state\":\"running\"}]}", all_kinds[i],
                                                 parameters[j]);

        write_journal (JOURNAL_ID, text);
        plans = plan_test_load_interrupted ();
        g_assert_cmpuint (plans->len, ==, 1);
        g_object_set (g_ptr_array_index (plans, 0), "host", host, NULL);
        plan_test_run (g_ptr_array_index (plans, 0), NULL);
        plan_test_assert_inventory (host, before);
        forget_all ();
      }
}

static void
test_odd_files (void)
{
  g_autofree char *path = dup_journal_path (JOURNAL_ID);
  g_autofree char *elsewhere = gh_test_dup_tmp_dir ();
  g_autofree char *target = g_build_filename (elsewhere, "secret", NULL);
  g_autofree char *stray = g_build_filename (gh_paths_get_journal_dir (), "notes.txt", NULL);
  g_autofree char *stale = g_build_filename (gh_paths_get_journal_dir (), JOURNAL_ID ".lock", NULL);
  g_autofree char *deep = g_strnfill (200000, '[');
  g_autofree char *big = g_strnfill (5 * MIB, ' ');

  /* Far too deep, and far too large. */
  write_journal (JOURNAL_ID, deep);
  forget_all ();
  write_journal (JOURNAL_ID, big);
  {
    g_autoptr (GPtrArray) plans = plan_test_load_interrupted ();

    g_assert_true (plan_test_prepare (g_ptr_array_index (plans, 0), NULL));
    g_assert_nonnull (plan_test_find_check (g_ptr_array_index (plans, 0), "journal-unreadable"));
  }
  forget_all ();

  /* A link is not followed, nor removed through. */
  g_assert_true (g_file_set_contents (target, HEAD "\"steps\":[]}", -1, NULL));
  g_assert_cmpint (symlink (target, path), ==, 0);
  {
    g_autoptr (GPtrArray) plans = plan_test_load_interrupted ();

    g_assert_true (plan_test_prepare (g_ptr_array_index (plans, 0), NULL));
    g_assert_nonnull (plan_test_find_check (g_ptr_array_index (plans, 0), "journal-unreadable"));
  }
  forget_all ();
  g_assert_true (g_file_test (target, G_FILE_TEST_EXISTS));

  /* What is not ours stays; a lock without a journal goes. */
  g_assert_true (g_file_set_contents (stray, "notes", -1, NULL));
  g_assert_true (g_file_set_contents (stale, "", -1, NULL));
  {
    g_autoptr (GPtrArray) plans = plan_test_load_interrupted ();

    g_assert_cmpuint (plans->len, ==, 0);
  }
  g_assert_cmpuint (plan_test_count_journals (), ==, 1);
  g_assert_cmpint (g_remove (stray), ==, 0);

  /* A fifo would block whoever opens it. */
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  forget_all ();
}

static void
test_unreachable (void)
{
  g_autoptr (GPtrArray) plans = NULL;
  g_autoptr (GError) error = NULL;

  write_journal (JOURNAL_ID, ID "\"host\":\"test:///nonexistent.xml\",\"steps\":["
                             "{\"kind\":\"start\",\"params\":{\"uuid\":\"" MACHINE_UUID "\"},"
                             "\"state\":\"done\"}]}");
  plans = plan_test_load_interrupted ();
  g_assert_false (plan_test_run (g_ptr_array_index (plans, 0), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_nonnull (plan_test_find_check (g_ptr_array_index (plans, 0), "host-unreachable"));
  /* Still there, for when the host is back. */
  g_assert_cmpuint (plan_test_count_journals (), ==, 1);
  forget_all ();
}

/* Steps on another host than the plan's */

static void
run_on_two_and_be_killed (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (NULL);
  g_autoptr (GhHost) other = plan_test_new_host (NULL);
  GhStep *there = new_step (0);
  g_autoptr (GhPlan) plan = NULL;

  gh_step_set_host (there, other);
  plan = plan_test_plan_new (host, there, new_step (2), NULL);
  gh_faults_set ("plan-step-define-after:kill");
  plan_test_run (plan, NULL);
}

static GhStep *
new_pool_step_on (GhHost *other)
{
  GhStep *step = new_step (0);

  gh_step_set_host (step, other);
  g_assert_cmpstr (gh_step_get_string (step, "host"), ==, gh_host_get_uri (other));
  g_assert_cmpstr (gh_step_get_uri (step), ==, gh_host_get_uri (other));
  return step;
}

/* The plan gives each step its host, in doing and in undoing. */
static void
test_other_host_run (void)
{
  for (guint fails = 0; fails < 2; fails++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (NULL);
      g_autoptr (GhHost) other = plan_test_new_host (NULL);
      g_auto (GStrv) here = plan_test_list_inventory (host);
      g_auto (GStrv) there = plan_test_list_inventory (other);
      g_autoptr (GhPlan) plan = plan_test_plan_new (host, new_pool_step_on (other), new_step (2),
                                                    NULL);
      g_auto (GStrv) with_pool = NULL;

      gh_faults_set (fails ? "domain-define:fail=1" : NULL);
      g_assert_cmpint (plan_test_run (plan, NULL), ==, !fails);
      gh_faults_set (NULL);
      with_pool = plan_test_list_inventory (other);
      g_assert_cmpint (g_strv_contains ((const char * const *) with_pool, "pool images"), ==,
                       !fails);
      if (fails)
        {
          plan_test_assert_inventory (host, here);
          plan_test_assert_inventory (other, there);
        }
    }
}

/* A new program connects to both. */
static void
test_other_host_undo (void)
{
  for (guint is_known = 0; is_known < 2; is_known++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (NULL);
      g_autoptr (GhHost) other = plan_test_new_host (NULL);
      g_autoptr (GhHosts) hosts = gh_hosts_new ();
      g_auto (GStrv) here = plan_test_list_inventory (host);
      g_auto (GStrv) there = plan_test_list_inventory (other);
      g_autoptr (GPtrArray) plans = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      GhStep *steps[] = { new_pool_step_on (other), new_step (1), new_step (2), new_step (3) };
      GhStep *step = NULL;
      GhPlan *plan = NULL;

      g_assert_true (plan_test_do (steps[0], other, NULL));
      text = dup_record (steps, 1, TRUE);
      write_journal (JOURNAL_ID, text);
      plans = plan_test_load_interrupted ();
      plan = g_ptr_array_index (plans, 0);
      if (is_known)
        gh_hosts_take (hosts, g_object_ref (other));
      g_object_set (plan, "host", host, "hosts", hosts, NULL);
      g_assert_true (plan_test_prepare (plan, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (gh_plan_get_steps (plan)->len, ==, 1);
      step = g_ptr_array_index (gh_plan_get_steps (plan), 0);
      g_assert_nonnull (gh_step_get_host (step));
      g_assert_cmpint (gh_step_get_host (step) == other, ==, is_known);
      g_assert_cmpstr (gh_step_get_uri (step), ==, gh_host_get_uri (other));
      g_assert_true (plan_test_run (plan, &error));
      g_assert_no_error (error);
      plan_test_assert_inventory (host, here);
      /* The test driver keeps its state per connection. */
      if (is_known)
        plan_test_assert_inventory (other, there);
      g_assert_cmpuint (plan_test_count_journals (), ==, 0);
      for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
        g_object_unref (steps[i]);
    }
}

static void
test_other_host_killed (void)
{
  g_autoptr (GPtrArray) plans = NULL;
  g_autoptr (GhHost) host = plan_test_new_host (NULL);
  GhPlan *plan = NULL;

  g_test_trap_subprocess ("/undo-plan/other-host/killed/subprocess", 0, 0);
  g_assert_false (g_test_trap_has_passed ());
  plans = plan_test_load_interrupted ();
  g_assert_cmpuint (plans->len, ==, 1);
  plan = g_ptr_array_index (plans, 0);
  g_object_set (plan, "host", host, NULL);
  g_assert_true (plan_test_prepare (plan, NULL));
  g_assert_cmpuint (gh_plan_get_steps (plan)->len, ==, 2);
  g_assert_null (gh_step_get_host (g_ptr_array_index (gh_plan_get_steps (plan), 0)));
  g_assert_nonnull (gh_step_get_host (g_ptr_array_index (gh_plan_get_steps (plan), 1)));
  g_assert_true (plan_test_run (plan, NULL));
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

/* One of the two is away: nothing is taken back, and it is offered again. */
static void
test_other_host_unreachable (void)
{
  static const char * const params[] = { "host", "peer" };

  for (guint i = 0; i < G_N_ELEMENTS (params); i++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (NULL);
      g_autoptr (GPtrArray) plans = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strdup_printf (HEAD "\"steps\":[{\"kind\":\"start\",\"params\":{"
                                               "\"uuid\":\"" MACHINE_UUID "\",\"%s\":"
                                               "\"test:///nonexistent.xml\"},\"state\":\"done\"}]}",
                                               params[i]);

      write_journal (JOURNAL_ID, text);
      plans = plan_test_load_interrupted ();
      g_object_set (g_ptr_array_index (plans, 0), "host", host, NULL);
      g_assert_false (plan_test_run (g_ptr_array_index (plans, 0), &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
      g_assert_nonnull (plan_test_find_check (g_ptr_array_index (plans, 0), "host-unreachable"));
      g_assert_cmpuint (plan_test_count_journals (), ==, 1);
      forget_all ();
    }
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  /* Shared with the children that are killed. */
  if (!g_test_subprocess ())
    {
      g_autofree char *state = gh_test_dup_tmp_dir ();

      g_setenv ("XDG_STATE_HOME", state, TRUE);
    }

  g_test_add_func ("/undo-plan/killed", test_killed);
  g_test_add_func ("/undo-plan/killed/subprocess", run_and_be_killed);
  g_test_add_func ("/undo-plan/killed-undoing", test_killed_undoing);
  g_test_add_func ("/undo-plan/taken-back", test_taken_back);
  g_test_add_func ("/undo-plan/undoing-fails", test_undoing_fails);
  g_test_add_func ("/undo-plan/forget", test_forget);
  g_test_add_func ("/undo-plan/two-at-once", test_two_at_once);
  g_test_add_func ("/undo-plan/not-believed", test_not_believed);
  g_test_add_func ("/undo-plan/bad-parameters", test_bad_parameters);
  g_test_add_func ("/undo-plan/odd-files", test_odd_files);
  g_test_add_func ("/undo-plan/unreachable", test_unreachable);
  g_test_add_func ("/undo-plan/other-host/run", test_other_host_run);
  g_test_add_func ("/undo-plan/other-host/undo", test_other_host_undo);
  g_test_add_func ("/undo-plan/other-host/killed", test_other_host_killed);
  g_test_add_func ("/undo-plan/other-host/killed/subprocess", run_on_two_and_be_killed);
  g_test_add_func ("/undo-plan/other-host/unreachable", test_other_host_unreachable);
  return g_test_run ();
}
