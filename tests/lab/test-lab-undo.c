/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Nothing is lost, on a real host: creating a machine is killed or fails at every call it
 * makes, the daemon freezes or dies under it; each time everything is as before in the end. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

/* More calls than any of this makes: a limit only for a program that never ends. */
#define MOST_CALLS 200

typedef struct
{
  GhLab *lab;
  GStrv  before;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  user_data)
{
  fixture->lab = gh_lab_new ();
  fixture->before = gh_lab_list_inventory (fixture->lab);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  user_data)
{
  g_strfreev (fixture->before);
  gh_lab_free (fixture->lab);
}

/* With all there is to undo: a pool that is made for it, a disk, a variable store, a running
   QEMU. */
static const char * const create_line[] = {
  "create", "new", "--empty", "--size", "1", "--firmware", "uefi",
  "--memory", "64", "--json", "--yes", NULL
};

static GhLabRun *
create (GhLab      *lab,
        const char *faults)
{
  GhLabRun *run = NULL;

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
  run = gh_lab_runv (lab, create_line);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", NULL);
  return run;
}

static guint
count_interrupted (GhLab *lab)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "undo", "--json", NULL);

  gh_lab_assert_status (run, 0);
  g_assert_nonnull (run->json);
  return json_array_get_length (json_object_get_array_member (json_node_get_object (run->json),
                                                              "interrupted"));
}

/* Takes back what there is, and returns how many plans that was. */
static guint
undo_all (GhLab *lab)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "undo", "--all", "--json", "--yes", NULL);

  gh_lab_assert_status (run, 0);
  return json_array_get_length (json_object_get_array_member (json_node_get_object (run->json),
                                                              "plans"));
}

/* When the machine was made after all: take it away as a user would, with its pool. */
static void
remove_made (GhLab *lab)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "delete", "new", "--json", "--yes", NULL);
  virStoragePoolPtr pool = NULL;

  gh_lab_assert_status (run, 0);
  pool = virStoragePoolLookupByName (gh_lab_connect (lab), "default");
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolDestroy (pool), ==, 0);
  g_assert_cmpint (virStoragePoolUndefine (pool), ==, 0);
  virStoragePoolFree (pool);
}

/* kill -9 before the first call, the second, and so on until one more than there are: every
 * boundary between two steps is among them. */
static void
test_killed_anywhere (Fixture       *fixture,
                      gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  guint n_undone = 0;
  guint n_calls = 0;

  for (n_calls = 0; n_calls < MOST_CALLS; n_calls++)
    {
      g_autofree char *faults = g_strdup_printf ("*:kill,after=%u", n_calls);
      g_autoptr (GhLabRun) run = create (lab, faults);
      guint n_interrupted = 0;

      if (run->status == 0)
        break;
      gh_lab_assert_status (run, 128 + SIGKILL);
      /* Killed before it began to change anything, it has nothing to take back. */
      n_interrupted = undo_all (lab);
      g_assert_cmpuint (n_interrupted, <=, 1);
      n_undone += n_interrupted;
      /* Killed after the plan had ended, at a call that looks at what was made: it stays. */
      if (n_interrupted == 0 && gh_lab_get_machine_state (lab, "new") == VIR_DOMAIN_RUNNING)
        remove_made (lab);
      gh_lab_assert_inventory (lab, fixture->before);
    }
  g_test_message ("%u calls, %u times there was something to undo", n_calls, n_undone);
  g_assert_cmpuint (n_calls, <, MOST_CALLS);
  /* Making a pool, a volume, a definition, and starting it. */
  g_assert_cmpuint (n_undone, >=, 4);
  remove_made (lab);
  gh_lab_assert_inventory (lab, fixture->before);
}

/* The boundaries by name: before a step begins, when it has done its work and the journal does
 * not know yet, and in the undoing. */
static void
test_killed_around_steps (Fixture       *fixture,
                          gconstpointer  user_data)
{
  static const char *points[] = {
    "plan-step-pool-create-before", "plan-step-pool-create-after",
    "plan-step-volume-create-before", "plan-step-volume-create-after",
    "plan-step-define-before", "plan-step-define-after",
    "plan-step-start-before", "plan-step-start-after",
  };
  GhLab *lab = fixture->lab;

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *faults = g_strdup_printf ("%s:kill", points[i]);
      g_autoptr (GhLabRun) run = create (lab, faults);

      if (run->status != 128 + SIGKILL)
        g_error ("%s is never reached: status %d", points[i], run->status);
      g_assert_cmpuint (undo_all (lab), ==, 1);
      gh_lab_assert_inventory (lab, fixture->before);
    }
}

static void
test_fails_anywhere (Fixture       *fixture,
                     gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  guint n_undone = 0;

  for (guint i = 0; i < MOST_CALLS; i++)
    {
      /* 1: an internal error of libvirt. */
      g_autofree char *faults = g_strdup_printf ("*:fail=1,times=1,after=%u", i);
      g_autoptr (GhLabRun) run = create (lab, faults);
      gboolean made = run->status == 0;

      /* 1: failed and undone, 3: what the checks need could not be read. */
      if (!made && run->status != 3)
        {
          gh_lab_assert_status (run, 1);
          n_undone++;
        }
      g_assert_cmpuint (count_interrupted (lab), ==, 0);
      if (made)
        remove_made (lab);
      gh_lab_assert_inventory (lab, fixture->before);
      if (made && n_undone >= 4)
        break;
    }
  g_assert_cmpuint (n_undone, >=, 4);
}

/* What cannot be taken back is told by name, stays in the journal, and goes when it can. */
static void
test_undone_in_part (Fixture       *fixture,
                     gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  g_autoptr (GhLabRun) run = create (lab, "domain-create:fail=1;volume-delete:fail=38");
  JsonArray *left = NULL;
  gboolean named = FALSE;

  gh_lab_assert_status (run, 4);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone-in-part");
  left = json_object_get_array_member (json_node_get_object (run->json), "left");
  for (guint i = 0; i < json_array_get_length (left); i++)
    named = named || strstr (json_array_get_string_element (left, i), "new.qcow2") != NULL;
  g_assert_true (named);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "new"), ==, -1);

  g_assert_cmpuint (count_interrupted (lab), ==, 1);
  g_assert_cmpuint (undo_all (lab), ==, 1);
  g_assert_cmpuint (count_interrupted (lab), ==, 0);
  gh_lab_assert_inventory (lab, fixture->before);
}

/* Folders around the pool's go as well when nothing is in them, and not when something is. */
static void
test_folders (Fixture       *fixture,
              gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  g_autofree char *share = g_build_filename (gh_lab_get_folder (lab), ".local", "share", NULL);
  g_autofree char *libvirt = g_build_filename (share, "libvirt", NULL);
  g_autofree char *other = g_build_filename (share, "other", NULL);
  g_autoptr (GhLabRun) run = NULL;

  g_assert_false (g_file_test (share, G_FILE_TEST_EXISTS));
  run = create (lab, "domain-create:fail=1");
  gh_lab_assert_status (run, 1);
  g_assert_false (g_file_test (share, G_FILE_TEST_EXISTS));

  g_clear_pointer (&run, gh_lab_run_free);
  run = create (lab, "domain-create:kill");
  gh_lab_assert_status (run, 128 + SIGKILL);
  g_assert_true (g_file_test (libvirt, G_FILE_TEST_IS_DIR));
  g_assert_cmpint (g_mkdir (other, 0700), ==, 0);
  g_assert_cmpuint (undo_all (lab), ==, 1);
  g_assert_false (g_file_test (libvirt, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (other, G_FILE_TEST_IS_DIR));
  g_assert_cmpint (g_rmdir (other), ==, 0);
}

/* Undoing may be killed as well, again and again. */
static void
test_undo_is_killed (Fixture       *fixture,
                     gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  guint n_calls = 0;
  guint n_killed = 0;

  for (n_calls = 0; n_calls < MOST_CALLS; n_calls++)
    {
      g_autofree char *faults = g_strdup_printf ("*:kill,after=%u", n_calls);
      g_autoptr (GhLabRun) created = create (lab, "domain-create:kill");
      g_autoptr (GhLabRun) undone = NULL;

      gh_lab_assert_status (created, 128 + SIGKILL);
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
      undone = gh_lab_run (lab, "undo", "--all", "--json", "--yes", NULL);
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", NULL);
      if (undone->status == 0)
        break;
      gh_lab_assert_status (undone, 128 + SIGKILL);
      n_killed++;
      undo_all (lab);
      gh_lab_assert_inventory (lab, fixture->before);
    }
  g_assert_cmpuint (n_killed, >=, 3);
  g_assert_cmpuint (n_calls, <, MOST_CALLS);
  gh_lab_assert_inventory (lab, fixture->before);
}

typedef struct
{
  GhLab      *lab;
  GhLabChild *child;
} Running;

static gboolean
machine_is_defined (gpointer data)
{
  Running *running = data;

  return gh_lab_get_machine_state (running->lab,
                                   "new") >= 0 || gh_lab_child_has_ended (running->child);
}

static gboolean
pool_is_made (gpointer data)
{
  Running *running = data;
  virStoragePoolPtr pool = virStoragePoolLookupByName (gh_lab_connect (running->lab), "default");
  gboolean made = pool != NULL && virStoragePoolIsActive (pool) == 1;

  if (pool != NULL)
    virStoragePoolFree (pool);
  return made || gh_lab_child_has_ended (running->child);
}

/* The program, caught before a call that comes when @condition holds. */
static GhLabChild *
catch_before (GhLab          *lab,
              const char     *call,
              GhLabCondition  condition)
{
  g_autofree char *faults = g_strdup_printf ("%s:delay=3000", call);
  Running running = { lab, NULL };

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
  running.child = gh_lab_spawn (lab, "create", "new", "--empty", "--size", "1", "--firmware",
                                "uefi",
                                "--memory", "64", "--json", "--yes", NULL);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", NULL);
  g_assert_true (gh_lab_wait (60, condition, &running));
  g_assert_false (gh_lab_child_has_ended (running.child));
  return running.child;
}

/* Whatever a host does to a running plan, it ends and says so; once the host is well, nothing
 * but what was there before is there. */
static void
settle (Fixture    *fixture,
        GhLabChild *child)
{
  GhLab *lab = fixture->lab;
  g_autoptr (GhLabRun) run = gh_lab_child_wait (child);

  if (run->status != 1)
    gh_lab_assert_status (run, 4);
  g_assert_nonnull (run->json);
  if (run->status == 4)
    g_assert_cmpuint (undo_all (lab), ==, 1);
  gh_lab_assert_inventory (lab, fixture->before);
}

static void
test_daemon_killed (Fixture       *fixture,
                    gconstpointer  user_data)
{
  GhLabChild *child = catch_before (fixture->lab, "domain-create", machine_is_defined);

  gh_lab_kill_daemon (fixture->lab);
  settle (fixture, child);
}

static gboolean
child_has_ended (gpointer data)
{
  return gh_lab_child_has_ended (data);
}

/* A frozen daemon is noticed by its silence; nobody waits for it for ever. */
static void
freeze (Fixture    *fixture,
        GhLabChild *child)
{
  gh_lab_signal_daemon (fixture->lab, SIGSTOP);
  g_assert_true (gh_lab_wait (120, child_has_ended, child));
  gh_lab_signal_daemon (fixture->lab, SIGCONT);
  settle (fixture, child);
}

static void
test_daemon_frozen (Fixture       *fixture,
                    gconstpointer  user_data)
{
  freeze (fixture, catch_before (fixture->lab, "domain-create", machine_is_defined));
}

/* Making a disk opens a connection of its own, and opening has no time limit in libvirt. */
static void
test_daemon_frozen_while_connecting (Fixture       *fixture,
                                     gconstpointer  user_data)
{
  freeze (fixture, catch_before (fixture->lab, "volume-create", pool_is_made));
}

/* Ctrl+C at the same moment: cancelled and undone. */
static void
test_cancelled (Fixture       *fixture,
                gconstpointer  user_data)
{
  GhLabChild *child = catch_before (fixture->lab, "domain-create", machine_is_defined);
  g_autoptr (GhLabRun) run = NULL;

  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  g_assert_cmpuint (count_interrupted (fixture->lab), ==, 0);
  gh_lab_assert_inventory (fixture->lab, fixture->before);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  add ("/undo/killed-anywhere", test_killed_anywhere);
  add ("/undo/killed-around-steps", test_killed_around_steps);
  add ("/undo/fails-anywhere", test_fails_anywhere);
  add ("/undo/undone-in-part", test_undone_in_part);
  add ("/undo/folders", test_folders);
  add ("/undo/undo-is-killed", test_undo_is_killed);
  add ("/undo/daemon-killed", test_daemon_killed);
  add ("/undo/daemon-frozen", test_daemon_frozen);
  add ("/undo/daemon-frozen-while-connecting", test_daemon_frozen_while_connecting);
  add ("/undo/cancelled", test_cancelled);
#undef add

  return g_test_run ();
}
