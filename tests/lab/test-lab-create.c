/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The main job, on the command line and on a real host: a machine is made, used, and
 * deleted, and nothing is left of it. */

#include "gh-lab.h"

#include <string.h>
#include <unistd.h>

#define CMDLINE "console=tty0 console=ttyS0 quiet"
/* A machine that was asked to go off may still run, or not any more. */
#define ANY_STATE (-2)

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

static GhLabRun *
create_tiny (GhLab      *lab,
             const char *more)
{
  return gh_lab_run (lab, "create", "tiny", "--kernel", gh_lab_get_kernel (lab), "--initrd",
                     gh_lab_get_initrd (lab), "--cmdline", CMDLINE, "--memory", "256",
                     "--cpus", "1",
                     "--json", "--yes", more, NULL);
}

/* One word for a machine, and what has to come of it. */
static void
act (GhLab      *lab,
     const char *verb,
     int         state)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, verb, "tiny", "--json", "--yes", NULL);

  gh_lab_assert_status (run, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "done");
  if (state != ANY_STATE)
    g_assert_cmpint (gh_lab_get_machine_state (lab, "tiny"), ==, state);
}

static void
assert_refused (GhLab      *lab,
                const char *verb)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, verb, "tiny", "--json", "--yes", NULL);

  gh_lab_assert_status (run, 3);
  g_assert_true (gh_lab_run_has_check (run, "wrong-state", "refusal"));
}

typedef struct
{
  GhLab *lab;
  int    state;
} StateWanted;

static gboolean
machine_is_in_state (gpointer data)
{
  StateWanted *wanted = data;

  return gh_lab_get_machine_state (wanted->lab, "tiny") == wanted->state;
}

static void
wait_for_state (GhLab *lab,
                int    state)
{
  StateWanted wanted = { lab, state };

  g_assert_true (gh_lab_wait (60, machine_is_in_state, &wanted));
}

static void
test_dry_run (Fixture       *fixture,
              gconstpointer  user_data)
{
  g_autoptr (GhLabRun) run = NULL;
  JsonObject *object = NULL;
  JsonArray *steps = NULL;

  if (!gh_lab_has_guest ())
    return;
  run = create_tiny (fixture->lab, "--dry-run");
  gh_lab_assert_status (run, 0);
  object = json_node_get_object (run->json);
  g_assert_true (json_object_get_null_member (object, "outcome"));
  steps = json_object_get_array_member (object, "steps");
  g_assert_cmpuint (json_array_get_length (steps), >=, 2);
  for (guint i = 0; i < json_array_get_length (steps); i++)
    {
      JsonObject *step = json_array_get_object_element (steps, i);

      g_assert_cmpstr (json_object_get_string_member (step, "title"), !=, "");
      g_assert_cmpstr (json_object_get_string_member (step, "command"), !=, "");
    }
  gh_lab_assert_inventory (fixture->lab, fixture->before);
}

/* What a guest remembers must survive pausing and saving, and must not survive the plug. */
static void
test_life (Fixture       *fixture,
           gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  g_autoptr (GhLabRun) created = NULL;
  g_autoptr (GhLabRun) unconfirmed = NULL;
  g_autoptr (GhLabRun) deleted = NULL;
  g_autoptr (GBytes) screen = NULL;
  GhLabSerial *serial = NULL;

  if (!gh_lab_has_guest ())
    return;
  created = create_tiny (lab, NULL);
  gh_lab_assert_status (created, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (created), ==, "done");
  g_assert_cmpint (gh_lab_get_machine_state (lab, "tiny"), ==, VIR_DOMAIN_RUNNING);

  serial = gh_lab_serial_open (lab, "tiny");
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
  gh_lab_serial_command (serial, "word=gu; echo ${word}est", "guest");
  screen = gh_lab_screenshot (lab, "tiny");
  g_assert_cmpuint (g_bytes_get_size (screen), >, 1000);

  act (lab, "pause", VIR_DOMAIN_PAUSED);
  gh_lab_serial_write (serial, "echo ${word}ess\n");
  g_assert_false (gh_lab_serial_wait (serial, "\nguess", 1));
  assert_refused (lab, "pause");
  act (lab, "resume", VIR_DOMAIN_RUNNING);
  g_assert_true (gh_lab_serial_wait (serial, "\nguess", 60));

  act (lab, "save", VIR_DOMAIN_SHUTOFF);
  gh_lab_serial_close (serial);
  g_assert_cmpint (gh_lab_get_qemu_pid (lab, "tiny"), ==, 0);
  act (lab, "restore", VIR_DOMAIN_RUNNING);
  serial = gh_lab_serial_open (lab, "tiny");
  gh_lab_serial_command (serial, "echo ${word}ard", "guard");

  act (lab, "shutdown", ANY_STATE);
  wait_for_state (lab, VIR_DOMAIN_SHUTOFF);
  gh_lab_serial_close (serial);
  assert_refused (lab, "shutdown");
  assert_refused (lab, "restore");

  act (lab, "start", VIR_DOMAIN_RUNNING);
  serial = gh_lab_serial_open (lab, "tiny");
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
  gh_lab_serial_command (serial, "echo [${word}]", "[]");
  gh_lab_serial_command (serial, "word=gu; echo ok", "ok");
  act (lab, "reset", VIR_DOMAIN_RUNNING);
  g_assert_true (gh_lab_serial_wait (serial, "Tiny Linux", 60));
  gh_lab_serial_command (serial, "echo [${word}]", "[]");
  gh_lab_serial_close (serial);

  /* A saved state may be discarded: the next start is a cold one. */
  act (lab, "save", VIR_DOMAIN_SHUTOFF);
  unconfirmed = gh_lab_run (lab, "discard-saved", "tiny", "--json", NULL);
  gh_lab_assert_status (unconfirmed, 3);
  g_assert_true (gh_lab_run_has_check (unconfirmed, "data-loss", "warning"));
  act (lab, "discard-saved", VIR_DOMAIN_SHUTOFF);
  assert_refused (lab, "restore");

  act (lab, "start", VIR_DOMAIN_RUNNING);
  act (lab, "force-off", VIR_DOMAIN_SHUTOFF);
  deleted = gh_lab_run (lab, "delete", "tiny", "--json", "--yes", NULL);
  gh_lab_assert_status (deleted, 0);
  gh_lab_assert_inventory (lab, fixture->before);
}

/* The kernel and initrd of a deleted machine are somebody else's files. */
static void
test_delete_keeps_foreign_files (Fixture       *fixture,
                                 gconstpointer  user_data)
{
  g_autoptr (GhLabRun) created = NULL;
  g_autoptr (GhLabRun) deleted = NULL;

  if (!gh_lab_has_guest ())
    return;
  created = create_tiny (fixture->lab, "--no-start");
  gh_lab_assert_status (created, 0);
  g_assert_cmpint (gh_lab_get_machine_state (fixture->lab, "tiny"), ==, VIR_DOMAIN_SHUTOFF);
  deleted = gh_lab_run (fixture->lab, "delete", "tiny", "--json", "--yes", NULL);
  gh_lab_assert_status (deleted, 0);
  g_assert_true (g_file_test (gh_lab_get_kernel (fixture->lab), G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (gh_lab_get_initrd (fixture->lab), G_FILE_TEST_EXISTS));
  gh_lab_assert_inventory (fixture->lab, fixture->before);
}

static gboolean
is_in_inventory (GhLab      *lab,
                 const char *line)
{
  g_auto (GStrv) inventory = gh_lab_list_inventory (lab);

  return g_strv_contains ((const char * const *) inventory, line);
}

/* A new disk goes with its machine, or stays when that is asked for. */
static void
test_disk (Fixture       *fixture,
           gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  g_autoptr (GhLabRun) first = gh_lab_run (lab, "create", "one", "--empty", "--size", "1",
                                           "--no-start",
                                           "--json", "--yes", NULL);
  g_autoptr (GhLabRun) second = gh_lab_run (lab, "create", "two", "--empty", "--size", "1",
                                            "--firmware",
                                            "uefi", "--json", "--yes", NULL);
  g_autoptr (GhLabRun) deleted = NULL;
  g_autoptr (GhLabRun) kept = NULL;

  gh_lab_assert_status (first, 0);
  gh_lab_assert_status (second, 0);
  g_assert_true (is_in_inventory (lab, "machine one"));
  g_assert_true (is_in_inventory (lab, "volume default/one.qcow2"));
  g_assert_true (is_in_inventory (lab, "volume default/two.qcow2"));
  g_assert_cmpint (gh_lab_get_machine_state (lab, "one"), ==, VIR_DOMAIN_SHUTOFF);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "two"), ==, VIR_DOMAIN_RUNNING);

  deleted = gh_lab_run (lab, "delete", "two", "--json", "--yes", NULL);
  gh_lab_assert_status (deleted, 0);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "two"), ==, -1);
  g_assert_false (is_in_inventory (lab, "volume default/two.qcow2"));
  kept = gh_lab_run (lab, "delete", "one", "--keep-disks", "--json", "--yes", NULL);
  gh_lab_assert_status (kept, 0);
  g_assert_true (is_in_inventory (lab, "volume default/one.qcow2"));
  g_assert_false (is_in_inventory (lab, "machine one"));
}

/* No host undefines a machine with checkpoints that are not named. */
static void
test_checkpoints (Fixture       *fixture,
                  gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  g_autoptr (GhLabRun) made = gh_lab_run (lab, "create", "one", "--empty", "--size", "1", "--json",
                                          "--yes", NULL);
  g_autoptr (GhLabRun) shown = NULL;
  g_autoptr (GhLabRun) deleted = NULL;
  virDomainPtr domain = NULL;
  virDomainCheckpointPtr checkpoint = NULL;

  gh_lab_assert_status (made, 0);
  domain = virDomainLookupByName (gh_lab_connect (lab), "one");
  checkpoint = virDomainCheckpointCreateXML (domain, "<domaincheckpoint><name>monday</name>"
                                                     "</domaincheckpoint>", 0);
  g_assert_nonnull (checkpoint);
  virDomainCheckpointFree (checkpoint);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  virDomainFree (domain);

  shown = gh_lab_run (lab, "delete", "one", "--dry-run", "--json", NULL);
  g_assert_true (gh_lab_run_has_check (shown, "checkpoints", "warning"));
  g_assert_nonnull (strstr (shown->out, "--checkpoints-metadata"));
  deleted = gh_lab_run (lab, "delete", "one", "--json", "--yes", NULL);
  gh_lab_assert_status (deleted, 0);
  g_assert_false (is_in_inventory (lab, "machine one"));
  g_assert_false (is_in_inventory (lab, "volume default/one.qcow2"));
}

/* What was saved and cannot be read does not keep the machine off for ever: the way out is said. */
static void
test_broken_saved_state (Fixture       *fixture,
                         gconstpointer  user_data)
{
  GhLab *lab = fixture->lab;
  g_autoptr (GhLabRun) created = NULL;
  g_autoptr (GhLabRun) failed = NULL;
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  g_autofree char *saved = g_build_filename (g_environ_getenv (environment, "HOME"), ".config",
                                             "libvirt", "qemu", "save", "tiny.save", NULL);

  if (!gh_lab_has_guest ())
    return;
  created = create_tiny (lab, NULL);
  gh_lab_assert_status (created, 0);
  act (lab, "save", VIR_DOMAIN_SHUTOFF);
  g_assert_cmpint (truncate (saved, 3000), ==, 0);
  failed = gh_lab_run (lab, "restore", "tiny", NULL);
  gh_lab_assert_status (failed, 1);
  g_assert_nonnull (strstr (failed->err, "Could not start “tiny”"));
  g_assert_nonnull (strstr (failed->err, "discard-saved tiny"));
  act (lab, "discard-saved", VIR_DOMAIN_SHUTOFF);
  act (lab, "start", VIR_DOMAIN_RUNNING);
  act (lab, "reboot", VIR_DOMAIN_RUNNING);
  act (lab, "force-off", VIR_DOMAIN_SHUTOFF);
}

/* A plan that fails tells what QEMU said, and not only that it did not start. */
static void
test_cause (Fixture       *fixture,
            gconstpointer  user_data)
{
  g_autofree char *kernel = gh_lab_write_file (fixture->lab, "no-kernel", "");
  g_autoptr (GhLabRun) run = NULL;
  char header[1024] = { 0 };

  /* The magic of one, and nothing behind it. */
  memcpy (header + 0x202, "HdrS", 4);
  header[0x1fe] = 0x55;
  header[0x1ff] = (char) 0xaa;
  g_assert_true (g_file_set_contents (kernel, header, sizeof header, NULL));
  run = gh_lab_run (fixture->lab, "create", "mute", "--kernel", kernel, "--yes", NULL);
  gh_lab_assert_status (run, 1);
  g_assert_nonnull (strstr (run->err, "guesthouse: "));
  g_assert_nonnull (strstr (run->err, "\n  internal error: "));
  g_assert_nonnull (strstr (run->err, "qemu"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  add ("/create/dry-run", test_dry_run);
  add ("/create/life", test_life);
  add ("/create/delete-keeps-foreign-files", test_delete_keeps_foreign_files);
  add ("/create/disk", test_disk);
  add ("/create/checkpoints", test_checkpoints);
  add ("/create/broken-saved-state", test_broken_saved_state);
  add ("/create/cause", test_cause);
#undef add

  return g_test_run ();
}
