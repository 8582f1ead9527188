/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What others need is not started, changed or deleted, on a real host with real chains; and all
 * of it is free again when nobody needs it any more. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-image-graph.h"
#include "gh-image-guard.h"
#include "gh-start-guard.h"
#include "gh-steps.h"
#include "gh-test.h"
#include "gh-threads.h"

/* A machine of 64 MiB that boots nothing: it runs all the same. */
static void
define_machine (GhLab      *lab,
                const char *name,
                const char *path,
                const char *format)
{
  g_autofree char *xml = g_markup_printf_escaped (
    "<domain type='qemu'><name>%s</name><memory unit='MiB'>64</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='%s'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk></devices></domain>", name, format, path);
  virDomainPtr domain = virDomainDefineXML (gh_lab_connect (lab), xml);

  g_assert_nonnull (domain);
  virDomainFree (domain);
}

static void
qemu_img (const char *first,
          ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  va_list more;

  g_ptr_array_add (words, (gpointer) "qemu-img");
  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &err, &status,
                &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("qemu-img %s: %s", first, err);
}

static char *
new_image (GhLab      *lab,
           const char *name,
           const char *backing) /* nullable */
{
  char *path = gh_lab_dup_path (lab, name);
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  if (backing != NULL)
    qemu_img ("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", backing, path, NULL);
  else
    qemu_img ("create", "-q", "-f", "qcow2", path, "64M", NULL);
  return path;
}

static void
make_pool (GhLab      *lab,
           const char *folder)
{
  g_autofree char *path = gh_lab_dup_path (lab, folder);
  g_autofree char *xml = g_markup_printf_escaped (
    "<pool type='dir'><name>%s</name><target><path>%s</path></target></pool>", folder, path);
  virStoragePoolPtr pool = NULL;

  g_mkdir_with_parents (path, 0700);
  pool = virStoragePoolCreateXML (gh_lab_connect (lab), xml, 0);
  if (pool == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virStoragePoolFree (pool);
}

static void
force_off (GhLab      *lab,
           const char *name)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "force-off", name, "--yes", NULL);

  gh_lab_assert_status (run, 0);
}

/* Parent and two clones, one of them in no pool: who may what. */
static void
test_parent (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *base = NULL;
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  struct stat status;

  gh_lab_start_daemon (lab);
  make_pool (lab, "pool");
  base = new_image (lab, "pool/base.qcow2", NULL);
  one = new_image (lab, "pool/one.qcow2", base);
  two = new_image (lab, "elsewhere/two.qcow2", "../pool/base.qcow2");
  define_machine (lab, "parent", base, "qcow2");
  define_machine (lab, "clone-1", one, "qcow2");
  define_machine (lab, "clone-2", two, "qcow2");

  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "start", "parent", "--json", NULL);
    g_autoptr (GhLabRun) dry = gh_lab_run (lab, "start", "parent", "--json", "--dry-run", NULL);

    gh_lab_assert_status (run, 3);
    g_assert_true (gh_lab_run_has_check (run, "images-needed", "refusal"));
    g_assert_nonnull (strstr (run->err, "“clone-1”, “clone-2” depend on its disks"));
    gh_lab_assert_status (dry, 3);
    g_assert_cmpint (gh_lab_get_machine_state (lab, "parent"), ==, VIR_DOMAIN_SHUTOFF);
  }
  /* Nor does a new machine get the disk. */
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "create", "new", "--disk", base, "--no-start",
                                           "--yes", "--json", NULL);

    gh_lab_assert_status (run, 3);
    g_assert_true (gh_lab_run_has_check (run, "images-needed", "refusal"));
  }
  /* Also while a clone runs. */
  {
    g_autoptr (GhLabRun) start = gh_lab_run (lab, "start", "clone-2", NULL);
    g_autoptr (GhLabRun) run = NULL;

    gh_lab_assert_status (start, 0);
    run = gh_lab_run (lab, "start", "parent", "--json", NULL);
    gh_lab_assert_status (run, 3);
    force_off (lab, "clone-2");
  }
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "images", "parent", "--json", NULL);
    JsonObject *object = NULL;

    gh_lab_assert_status (run, 0);
    object = json_node_get_object (run->json);
    g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "images")), ==,
                      3);
    g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (object, "roots"),
                                                    0), ==, base);
  }
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "images", two, NULL);
    g_autofree char *expected = g_strdup_printf ("%s  qcow2", base);

    gh_lab_assert_status (run, 0);
    g_assert_true (g_str_has_prefix (run->out, expected));
    g_assert_nonnull (strstr (run->out, "    • clone-2"));
    g_assert_null (strstr (run->out, "clone-1"));
  }
  /* The parent goes, what the clones need stays, and they still run. */
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "delete", "parent", "--yes", "--json", NULL);
    g_autoptr (GhLabRun) start = NULL;

    gh_lab_assert_status (run, 0);
    g_assert_true (gh_lab_run_has_check (run, "images-needed", "note"));
    g_assert_cmpint (g_stat (base, &status), ==, 0);
    start = gh_lab_run (lab, "start", "clone-1", NULL);
    gh_lab_assert_status (start, 0);
    force_off (lab, "clone-1");
  }
}

/* Two machines with one disk: nothing is linked to what the other one writes to. */
static void
test_shared_disk (void)
{
  static const char * const ways[][4] = {
    { "clone", "one", "--linked", "--yes" }, { "try", "one", "--yes", "--no-start" },
    { "template", "one", "--yes", NULL },
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *base = NULL;
  g_autoptr (GhLabRun) start = NULL;

  gh_lab_start_daemon (lab);
  make_pool (lab, "pool");
  base = new_image (lab, "pool/base.qcow2", NULL);
  define_machine (lab, "one", base, "qcow2");
  define_machine (lab, "two", base, "qcow2");
  start = gh_lab_run (lab, "start", "two", NULL);
  gh_lab_assert_status (start, 0);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (GhLabRun) run = gh_lab_run (lab, ways[i][0], ways[i][1], "--json", ways[i][2],
                                             ways[i][3], NULL);

      g_test_message ("%s", ways[i][0]);
      gh_lab_assert_status (run, 3);
      g_assert_true (gh_lab_run_has_check (run, "image-in-use-running", "refusal"));
    }
  force_off (lab, "two");
}

/* When the last clone is gone, the parent is a machine like any other. */
static void
test_free_again (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *base = NULL;
  g_autofree char *one = NULL;

  gh_lab_start_daemon (lab);
  make_pool (lab, "pool");
  base = new_image (lab, "pool/base.qcow2", NULL);
  one = new_image (lab, "pool/one.qcow2", base);
  define_machine (lab, "parent", base, "qcow2");
  define_machine (lab, "clone", one, "qcow2");
  {
    g_autoptr (GhLabRun) refused = gh_lab_run (lab, "start", "parent", NULL);
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "delete", "clone", "--yes", NULL);
    g_autoptr (GhLabRun) start = NULL;

    gh_lab_assert_status (refused, 3);
    gh_lab_assert_status (run, 0);
    g_assert_false (g_file_test (one, G_FILE_TEST_EXISTS));
    start = gh_lab_run (lab, "start", "parent", NULL);
    gh_lab_assert_status (start, 0);
    force_off (lab, "parent");
  }
  /* An orphan counts, until it is gone. */
  {
    g_autofree char *orphan = new_image (lab, "pool/orphan.qcow2", base);
    g_autoptr (GhLabRun) refused = gh_lab_run (lab, "start", "parent", NULL);
    g_autoptr (GhLabRun) start = NULL;

    gh_lab_assert_status (refused, 3);
    g_assert_nonnull (strstr (refused->err, orphan));
    g_unlink (orphan);
    start = gh_lab_run (lab, "start", "parent", NULL);
    gh_lab_assert_status (start, 0);
    force_off (lab, "parent");
  }
}

/* The same file under other names: of the disk, and of what the clone lies on. */
static void
test_other_names (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *base = NULL;
  g_autofree char *hard = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *linked = NULL;
  g_autofree char *through_link = NULL;
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;

  gh_lab_start_daemon (lab);
  base = new_image (lab, "images/base.qcow2", NULL);
  hard = gh_lab_dup_path (lab, "hard.qcow2");
  folder = gh_lab_dup_path (lab, "images");
  linked = gh_lab_dup_path (lab, "linked");
  through_link = gh_lab_dup_path (lab, "linked/base.qcow2");
  g_assert_cmpint (link (base, hard), ==, 0);
  g_assert_cmpint (symlink (folder, linked), ==, 0);
  one = new_image (lab, "one.qcow2", hard);
  two = new_image (lab, "two.qcow2", through_link);
  define_machine (lab, "parent", base, "qcow2");
  define_machine (lab, "one", one, "qcow2");
  define_machine (lab, "two", two, "qcow2");
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "start", "parent", NULL);

    gh_lab_assert_status (run, 3);
    g_assert_nonnull (strstr (run->err, "“one”, “two” depend"));
  }
}

/* A template from the command line: protected from everything, and put back. */
static void
test_template (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *base = NULL;
  g_autofree char *one = NULL;
  struct stat status;

  gh_lab_start_daemon (lab);
  make_pool (lab, "pool");
  base = new_image (lab, "pool/base.qcow2", NULL);
  g_chmod (base, 0600);
  define_machine (lab, "parent", base, "qcow2");
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "template", "parent", NULL);
    g_autoptr (GhLabRun) again = gh_lab_run (lab, "template", "parent", NULL);
    g_autoptr (GhLabRun) start = gh_lab_run (lab, "start", "parent", "--json", NULL);

    gh_lab_assert_status (run, 0);
    gh_lab_assert_status (again, 0);
    gh_lab_assert_status (start, 3);
    g_assert_true (gh_lab_run_has_check (start, "template", "refusal"));
    g_stat (base, &status);
    g_assert_cmpuint (status.st_mode & 0777, ==, 0400);
  }

  one = new_image (lab, "pool/one.qcow2", base);
  define_machine (lab, "clone", one, "qcow2");
  {
    g_autoptr (GhLabRun) off = gh_lab_run (lab, "template", "parent", "--off", "--json", NULL);
    g_autoptr (GhLabRun) start = gh_lab_run (lab, "start", "parent", NULL);
    g_autoptr (GhLabRun) delete = gh_lab_run (lab, "delete", "parent", "--yes", "--json", NULL);
    g_autoptr (GhLabRun) keep = gh_lab_run (lab, "delete", "parent", "--yes", "--keep-disks",
                                            "--json", NULL);

    gh_lab_assert_status (off, 3);
    g_assert_true (gh_lab_run_has_check (off, "images-needed", "refusal"));
    gh_lab_assert_status (start, 3);
    g_assert_nonnull (strstr (start->err, "“clone” depends on its disks"));
    gh_lab_assert_status (delete, 3);
    g_assert_true (gh_lab_run_has_check (delete, "template", "refusal"));
    gh_lab_assert_status (keep, 3);
  }
  /* A real QEMU reads the base below a clone that runs. */
  {
    g_autoptr (GhLabRun) start = gh_lab_run (lab, "start", "clone", NULL);
    g_autoptr (GhLabRun) delete = NULL;
    g_autoptr (GhLabRun) off = NULL;
    g_autoptr (GhLabRun) free_start = NULL;

    gh_lab_assert_status (start, 0);
    force_off (lab, "clone");
    delete = gh_lab_run (lab, "delete", "clone", "--yes", NULL);
    gh_lab_assert_status (delete, 0);
    off = gh_lab_run (lab, "template", "parent", "--off", NULL);
    gh_lab_assert_status (off, 0);
    g_stat (base, &status);
    g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
    free_start = gh_lab_run (lab, "start", "parent", NULL);
    gh_lab_assert_status (free_start, 0);
    /* A running machine is no template. */
    {
      g_autoptr (GhLabRun) running = gh_lab_run (lab, "template", "parent", "--json", NULL);

      gh_lab_assert_status (running, 3);
      g_assert_true (gh_lab_run_has_check (running, "machine-running", "refusal"));
    }
    force_off (lab, "parent");
  }
}

/* Killed in the middle, and taken back. */
static void
test_template_killed (void)
{
  static const char * const points[] = { "before", "saved", "after" };

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autoptr (GhLab) lab = gh_lab_new ();
      g_autofree char *fault = g_strdup_printf ("plan-step-template-%s:kill", points[i]);
      g_autofree char *base = NULL;
      struct stat status;

      g_test_message ("%s", points[i]);
      gh_lab_start_daemon (lab);
      base = new_image (lab, "base.qcow2", NULL);
      g_chmod (base, 0640);
      define_machine (lab, "parent", base, "qcow2");
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", fault);
      {
        g_autoptr (GhLabRun) run = gh_lab_run (lab, "template", "parent", NULL);
        g_autoptr (GhLabRun) undo = NULL;
        g_autoptr (GhLabRun) start = NULL;

        gh_lab_assert_status (run, 128 + 9);
        gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
        undo = gh_lab_run (lab, "undo", "--all", "--yes", NULL);
        gh_lab_assert_status (undo, 0);
        g_stat (base, &status);
        g_assert_cmpuint (status.st_mode & 0777, ==, 0640);
        start = gh_lab_run (lab, "start", "parent", NULL);
        gh_lab_assert_status (start, 0);
        force_off (lab, "parent");
      }
    }
}

/* A machine whose definition the host does not give may use anything: told, and nothing goes. */
static void
test_blind (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;

  gh_lab_start_daemon (lab);
  make_pool (lab, "pool");
  one = new_image (lab, "pool/one.qcow2", NULL);
  two = new_image (lab, "pool/two.qcow2", NULL);
  define_machine (lab, "one", one, "qcow2");
  define_machine (lab, "two", two, "qcow2");
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "domain-definition-xml:fail=38,times=1");
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "delete", "one", "--yes", "--json", NULL);
    g_autoptr (GhLabRun) images = gh_lab_run (lab, "images", NULL);
    g_autoptr (GhLabRun) start = gh_lab_run (lab, "start", "one", NULL);

    gh_lab_assert_status (run, 3);
    g_assert_true (gh_lab_run_has_check (run, "images-unknown", "refusal"));
    g_assert_true (g_file_test (one, G_FILE_TEST_EXISTS));
    gh_lab_assert_status (images, 0);
    g_assert_nonnull (strstr (images->err, "It cannot be told which files"));
    gh_lab_assert_status (start, 0);
    gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
    force_off (lab, "one");
  }
}

/* Within one program: steps and calls, and the answers to what no plan does yet. */

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static gboolean
is_listed (gpointer data)
{
  return gh_host_get_n_machines (data) == 2;
}

static void
drop_host (GhHost *host)
{
  gpointer weak = host;

  g_object_add_weak_pointer (G_OBJECT (host), &weak);
  gh_host_disconnect (host);
  g_object_unref (host);
  while (weak != NULL)
    g_main_context_iteration (NULL, TRUE);
}

static GhImageGraph *
load_graph (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GhImageGraph *graph = NULL;

  gh_image_graph_load_async (host, NULL, gh_test_call_cb, &call);
  graph = gh_image_graph_load_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return graph;
}

static guint
count_refusals (GhHost     *host,
                const char *uuid,
                GhImageUse  use)
{
  g_autoptr (GhImageGraph) graph = load_graph (host);
  g_autoptr (GPtrArray) checks = gh_image_graph_check_machine (graph, uuid, use);

  return checks->len;
}

static void
test_calls (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *uri = NULL;
  g_autofree char *base = NULL;
  g_autofree char *one = NULL;
  g_autofree char *uuid = NULL;
  GhHost *host = NULL;
  virDomainPtr domain = NULL;
  GhMachine *parent = NULL;

  gh_lab_start_daemon (lab);
  base = new_image (lab, "base.qcow2", NULL);
  one = new_image (lab, "one.qcow2", base);
  define_machine (lab, "parent", base, "qcow2");
  define_machine (lab, "clone", one, "qcow2");
  uuid = gh_lab_dup_machine_uuid (lab, "parent");
  gh_image_guard_install ();
  uri = gh_lab_dup_uri (lab);
  host = gh_host_new (uri);
  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  gh_test_wait_until (is_listed, host);
  parent = gh_host_find_machine (host, "parent");

  for (guint use = GH_IMAGE_USE_START; use <= GH_IMAGE_USE_REVERT; use++)
    g_assert_cmpuint (count_refusals (host, uuid, use), ==, 1);
  {
    g_auto (GhTestCall) call = { 0 };
    g_auto (GhTestCall) step_call = { 0 };
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) step_error = NULL;
    g_autoptr (GhStep) step = gh_start_step_new (uuid, "parent");
    g_autoptr (GhImageGraph) graph = load_graph (host);
    g_autoptr (GPtrArray) checks = gh_image_graph_check_path (graph, base, NULL,
                                                              GH_IMAGE_USE_RESIZE);

    g_assert_cmpuint (checks->len, ==, 1);
    gh_machine_run_action_async (parent, GH_MACHINE_START, NULL, gh_test_call_cb, &call);
    g_assert_false (gh_machine_run_action_finish (parent, gh_test_call_wait (&call), &error));
    g_assert_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED);
    gh_step_do_async (step, host, NULL, gh_test_call_cb, &step_call);
    g_assert_false (gh_step_finish (step, gh_test_call_wait (&step_call), &step_error));
    g_assert_error (step_error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED);
  }

  /* Another program gives the clone a disk of its own: the event tells. */
  qemu_img ("rebase", "-q", "-f", "qcow2", "-b", "", one, NULL);
  g_assert_cmpuint (count_refusals (host, uuid, GH_IMAGE_USE_START), ==, 0);
  qemu_img ("rebase", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", base, one, NULL);
  g_assert_cmpuint (count_refusals (host, uuid, GH_IMAGE_USE_START), ==, 1);

  /* While it runs, its run is looked at too. */
  domain = virDomainLookupByName (gh_lab_connect (lab), "clone");
  g_assert_cmpint (virDomainCreate (domain), ==, 0);
  g_assert_cmpuint (count_refusals (host, uuid, GH_IMAGE_USE_START), ==, 1);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  g_assert_cmpint (virDomainUndefine (domain), ==, 0);
  virDomainFree (domain);
  g_unlink (one);
  g_assert_cmpuint (count_refusals (host, uuid, GH_IMAGE_USE_START), ==, 0);
  gh_start_guard_set (NULL);
  drop_host (host);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/lab-guard/parent", test_parent);
  g_test_add_func ("/lab-guard/shared-disk", test_shared_disk);
  g_test_add_func ("/lab-guard/free-again", test_free_again);
  g_test_add_func ("/lab-guard/other-names", test_other_names);
  g_test_add_func ("/lab-guard/template", test_template);
  g_test_add_func ("/lab-guard/template-killed", test_template_killed);
  g_test_add_func ("/lab-guard/blind", test_blind);
  g_test_add_func ("/lab-guard/calls", test_calls);

  return g_test_run ();
}
