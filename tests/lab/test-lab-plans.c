/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Plans by the command line, on a real host: killed at every boundary and taken back, with the
 * host looked at before and after. */

#include "gh-lab.h"

#include <string.h>

static GhLabRun *
create (GhLab      *lab,
        const char *name)
{
  return gh_lab_run (lab, "create", name, "--empty", "--size", "0.01", "--memory", "64", "--cpus",
                     "1",
                     "--network", "none", "--graphics", "none", "--firmware", "bios", "--yes",
                     "--json", NULL);
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

/* Takes back what was interrupted, and looks whether the host is as @before. */
static void
assert_taken_back (GhLab      *lab,
                   const char *point,
                   GStrv       before)
{
  g_autoptr (GhLabRun) undo = NULL;

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  g_test_message ("%s", point);
  g_assert_cmpuint (count_interrupted (lab), ==, 1);
  undo = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpuint (count_interrupted (lab), ==, 0);
  gh_lab_assert_inventory (lab, before);
}

static void
test_create_killed (void)
{
  static const char * const points[] = {
    "plan-step-pool-create-before", "plan-step-pool-create-saved", "plan-step-pool-create-after",
    "plan-step-volume-create-before", "plan-step-volume-create-saved",
    "plan-step-volume-create-after", "plan-step-define-before", "plan-step-define-saved",
    "plan-step-define-after", "plan-step-start-before", "plan-step-start-after",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) before = gh_lab_list_inventory (lab);

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *faults = g_strconcat (points[i], ":kill", NULL);
      g_autoptr (GhLabRun) run = NULL;

      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
      run = create (lab, "crash <&>'\"");
      gh_lab_assert_status (run, 128 + 9);
      assert_taken_back (lab, points[i], before);
    }
}

/* The machine could not be started, and the program was killed while it undid. */
static void
test_undo_killed (void)
{
  static const char * const points[] = {
    "plan-undo-start-before", "plan-undo-start-after", "plan-undo-define-before",
    "plan-undo-define-after", "plan-undo-volume-create-before", "plan-undo-volume-create-after",
    "plan-undo-pool-create-before", "plan-undo-pool-create-after",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) before = gh_lab_list_inventory (lab);

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *faults = g_strconcat ("plan-step-start-after:fail=1;", points[i], ":kill",
                                             NULL);
      g_autoptr (GhLabRun) run = NULL;

      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
      run = create (lab, "crash");
      gh_lab_assert_status (run, 128 + 9);
      assert_taken_back (lab, points[i], before);
    }
}

static void
test_create_fails (void)
{
  static const char * const faults[] = {
    "pool-create:fail=38", "volume-create:fail=38", "domain-define:fail=38",
    "domain-create:fail=38", "plan-step-start-after:fail=38", "plan-journal-write:fail=38,after=5",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) before = gh_lab_list_inventory (lab);

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autoptr (GhLabRun) run = NULL;

      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults[i]);
      run = create (lab, "fails");
      gh_lab_assert_status (run, 1);
      g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
      gh_lab_assert_inventory (lab, before);
    }
}

static void
test_delete (void)
{
  static const char * const points[] = {
    "plan-step-undefine-before", "plan-step-undefine-saved", "plan-step-undefine-after",
    "plan-step-volume-remove-before",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) made = create (lab, "gone");
  g_autoptr (GhLabRun) off = gh_lab_run (lab, "force-off", "gone", "--yes", NULL);
  g_autoptr (GhLabRun) refused = NULL;
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) deleted = NULL;
  g_autoptr (GhLabRun) again = NULL;
  g_auto (GStrv) before = gh_lab_list_inventory (lab);
  g_auto (GStrv) after = NULL;

  gh_lab_assert_status (made, 0);
  gh_lab_assert_status (off, 0);
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *faults = g_strconcat (points[i], ":kill", NULL);
      g_autoptr (GhLabRun) run = NULL;

      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
      run = gh_lab_run (lab, "delete", "gone", "--json", NULL);
      gh_lab_assert_status (run, 128 + 9);
      assert_taken_back (lab, points[i], before);
    }

  dry = gh_lab_run (lab, "delete", "gone", "--dry-run", "--json", NULL);
  gh_lab_assert_status (dry, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (dry), ==, "");
  gh_lab_assert_inventory (lab, before);

  /* A running one: not without being told so. */
  gh_lab_run_free (gh_lab_run (lab, "start", "gone", NULL));
  refused = gh_lab_run (lab, "delete", "gone", "--json", NULL);
  gh_lab_assert_status (refused, 3);
  g_assert_true (gh_lab_run_has_check (refused, "machine-running", "warning"));

  deleted = gh_lab_run (lab, "delete", "gone", "--yes", "--json", NULL);
  gh_lab_assert_status (deleted, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (deleted), ==, "done");
  after = gh_lab_list_inventory (lab);
  for (guint i = 0; after[i] != NULL; i++)
    g_assert_null (strstr (after[i], "gone"));
  again = gh_lab_run (lab, "delete", "gone", "--json", NULL);
  gh_lab_assert_status (again, 1);
  g_assert_nonnull (again->json);
}

/* Another machine uses the disk: it stays, also when it is asked for. */
static void
test_delete_shared (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) first = gh_lab_run (lab, "create", "first", "--empty", "--size", "0.01",
                                           "--memory", "64", "--network", "none", "--no-start",
                                           "--yes", "--json", NULL);
  g_autoptr (GhLabRun) removed = NULL;
  g_autoptr (GhLabRun) second = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *path = NULL;
  virDomainPtr domain = NULL;
  const char *start = NULL;
  char *definition = NULL;

  gh_lab_assert_status (first, 0);
  domain = virDomainLookupByName (gh_lab_connect (lab), "first");
  g_assert_nonnull (domain);
  definition = virDomainGetXMLDesc (domain, 0);
  virDomainFree (domain);
  start = strstr (definition, "<source file='");
  g_assert_nonnull (start);
  start += strlen ("<source file='");
  path = g_strndup (start, strcspn (start, "'"));
  free (definition);
  xml = g_strdup_printf ("<domain type='qemu'><name>second</name><memory unit='MiB'>64</memory>"
                         "<os><type arch='x86_64'>hvm</type></os><devices>"
                         "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                         "<source file='%s'/><target dev='vda' bus='virtio'/></disk></devices>"
                         "</domain>",
                         path);
  domain = virDomainDefineXML (gh_lab_connect (lab), xml);
  g_assert_nonnull (domain);
  virDomainFree (domain);

  removed = gh_lab_run (lab, "delete", "first", "--remove", path, "--yes", "--json", NULL);
  gh_lab_assert_status (removed, 0);
  g_assert_true (gh_lab_run_has_check (removed, "file-kept", "note"));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  second = gh_lab_run (lab, "delete", "second", "--yes", "--json", NULL);
  gh_lab_assert_status (second, 0);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* One document on standard output whatever happens, and the status that belongs to it. */
static void
test_documents (void)
{
  static const struct
  {
    const char *arguments[8];
    int         status;
  } cases[] = {
    { { "list", "--json" }, 0 },
    { { "list", "too", "many", "--json" }, 2 },
    { { "frobnicate", "--json" }, 2 },
    { { "create", "--json" }, 2 },
    { { "create", "x", "--json" }, 2 },
    { { "create", "x", "--empty", "--iso", "/x", "--json" }, 2 },
    { { "create", "x", "--empty", "--memory", "-5", "--json" }, 2 },
    { { "create", "x", "--empty", "--firmware", "coreboot", "--json" }, 2 },
    { { "create", "x", "--iso", "/nowhere.iso", "--json" }, 3 },
    { { "create", "x/y", "--empty", "--json" }, 3 },
    { { "create", "x", "--empty", "--dry-run", "--json" }, 0 },
    { { "delete", "nobody", "--json" }, 1 },
    { { "start", "nobody", "--json" }, 1 },
    { { "info", "nobody", "--json" }, 1 },
    { { "undo", "--json" }, 0 },
    { { "undo", "--forget", "--json" }, 2 },
    { { "undo", "0123", "--json" }, 2 },
    { { "-c", "nonsense:///", "list", "--json" }, 1 },
    { { "--json", "-c", "test:///default", "force-off", "test" }, 3 },
    { { "--json", "-c", "test:///default", "resume", "test" }, 3 },
    { { "--json", "-y", "-c", "test:///default", "force-off", "test" }, 0 },
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) before = gh_lab_list_inventory (lab);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhLabRun) run = gh_lab_runv (lab, cases[i].arguments);

      gh_lab_assert_status (run, cases[i].status);
      g_assert_nonnull (run->json);
    }
  gh_lab_assert_inventory (lab, before);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lab-plans/create-killed", test_create_killed);
  g_test_add_func ("/lab-plans/undo-killed", test_undo_killed);
  g_test_add_func ("/lab-plans/create-fails", test_create_fails);
  g_test_add_func ("/lab-plans/delete", test_delete);
  g_test_add_func ("/lab-plans/delete-shared", test_delete_shared);
  g_test_add_func ("/lab-plans/documents", test_documents);
  return g_test_run ();
}
