/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What deleting a machine proposes, refuses and does, on a host of the test driver where
 * machines share images in every way there is. */

#include "config.h"

#include <string.h>

#include "gh-delete-plan.h"
#include "gh-faults.h"
#include "gh-file-users.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "plan-test.h"

#define DISK(attributes, source, target, more) \
  "<disk " attributes "><driver name='qemu' type='qcow2'/><source " source "/>" \
  "<target dev='" target "'/>" more "</disk>"
#define MACHINE(name, os, state, rest, devices) \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>" name "</name>" \
  "<memory>4096</memory><os><type>hvm</type>" os "</os><devices>" devices "</devices>" \
  "<test:runstate>" state "</test:runstate>" rest "</domain>"
#define VOLUME(name, backing) \
  "<volume type='file'><name>" name "</name><capacity>1000000</capacity>" \
  "<allocation>50000</allocation>" \
  "<target><path>/p/" name "</path><format type='qcow2'/></target>" backing "</volume>"
#define BACKING(name) "<backingStore><path>/p/" name "</path><format type='qcow2'/></backingStore>"

static const char node_xml[] =
  "<node><cpu><mhz>6000</mhz><model>i686</model><active>2</active><nodes>1</nodes>"
  "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
  MACHINE ("web", "<kernel>/boot/vmlinuz</kernel><initrd>/boot/initrd</initrd>", "5", "",
           DISK ("type='file' device='disk'", "file='/p/web.qcow2'", "vda", "")
           DISK ("type='file' device='disk'", "file='/p/shared.qcow2'", "vdb", "")
           DISK ("type='file' device='disk'", "file='/p/read.qcow2'", "vdc", "<readonly/>")
           DISK ("type='file' device='disk'", "file='/p/cluster.qcow2'", "vdd", "<shareable/>")
           DISK ("type='file' device='disk'", "file='/outside/x.qcow2'", "vde", "")
           DISK ("type='block' device='disk'", "dev='/dev/sdz'", "vdf", "")
           DISK ("type='volume' device='disk'", "pool='p' volume='data.qcow2'", "vdg", "")
           DISK ("type='file' device='cdrom'", "file='/p/one.iso'", "hdc", "<readonly/>")
           DISK ("type='file' device='disk'", "file='/p/../p/dotted.qcow2'", "vdh", ""))
  MACHINE ("other &lt;b&gt;&amp;\"", "", "5", "",
           DISK ("type='file' device='disk'", "file='/p/shared.qcow2'", "vda", ""))
  MACHINE ("linked", "", "5", "",
           DISK ("type='file' device='disk'", "file='/p/linked.qcow2'", "vda", ""))
  MACHINE ("dotted", "", "5", "",
           DISK ("type='file' device='disk'", "file='/p/dotted.qcow2'", "vda", ""))
  MACHINE ("running", "", "1", "",
           DISK ("type='file' device='disk'", "file='/p/running.qcow2'", "vda", ""))
  MACHINE ("a&lt;b&gt;&amp;'\"", "", "5", "",
           DISK ("type='file' device='disk'", "file='/p/a&amp;b &apos;c&apos;.qcow2'", "vda", ""))
  MACHINE ("snapped", "", "5",
           "<test:domainsnapshot><name>s1</name><state>running</state>"
           "<creationTime>1</creationTime><active>1</active>"
           "<memory snapshot='external' file='/p/s1.mem'/><disks>"
           "<disk name='vda' snapshot='external' type='file'><driver type='qcow2'/>"
           "<source file='/p/s1.qcow2'/></disk></disks>"
           "<domain type='test'><name>snapped</name><memory>4096</memory>"
           "<os><type>hvm</type></os><devices>"
           DISK ("type='file' device='disk'", "file='/p/s0.qcow2'", "vda", "")
           DISK ("type='file' device='cdrom'", "file='/p/installer.iso'", "hdc", "<readonly/>")
           "</devices></domain></test:domainsnapshot>",
           DISK ("type='file' device='disk'", "file='/p/s1.qcow2'", "vda", ""))
  MACHINE ("borrower", "", "5", "",
           DISK ("type='file' device='disk'", "file='/p/s1.mem'", "vda", ""))
  "<pool type='dir'><name>p</name><uuid>aaaaaaaa-0000-0000-0000-000000000001</uuid>"
  "<target><path>/p</path></target>"
  VOLUME ("web.qcow2", BACKING ("mid.qcow2")) VOLUME ("mid.qcow2",
                                                      BACKING ("base.qcow2")) VOLUME ("base.qcow2",
                                                                                      "")
  VOLUME ("shared.qcow2", "") VOLUME ("read.qcow2", "") VOLUME ("cluster.qcow2",
                                                                "") VOLUME ("data.qcow2", "")
  VOLUME ("one.iso", "") VOLUME ("linked.qcow2", BACKING ("base.qcow2")) VOLUME ("running.qcow2",
                                                                                 "")
  VOLUME ("a&amp;b 'c'.qcow2", "") VOLUME ("s0.qcow2", "") VOLUME ("s1.qcow2", BACKING ("s0.qcow2"))
  VOLUME ("s1.mem", "") VOLUME ("installer.iso", "") VOLUME ("dotted.qcow2", "")
  "</pool></node>";

static GhMachineFile *
find_file (GhDeletePlan *plan,
           const char   *path)
{
  GPtrArray *files = gh_delete_plan_get_files (plan)->files;

  for (guint i = 0; i < files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (files, i);

      if (strcmp (file->path, path) == 0)
        return file;
    }
  g_error ("%s is not among the files", path);
}

static GhDeletePlan *
new_plan (GhHost     *host,
          const char *name)
{
  GhDeletePlan *plan = gh_delete_plan_new (plan_test_get_machine (host, name));
  g_autoptr (GError) error = NULL;

  plan_test_prepare (GH_PLAN (plan), &error);
  g_assert_no_error (error);
  return plan;
}

static char *
dup_steps (GhPlan *plan)
{
  GPtrArray *steps = gh_plan_get_steps (plan);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < steps->len; i++)
    {
      GhStep *step = g_ptr_array_index (steps, i);
      const char *path = gh_step_get_string (step, "path");

      g_string_append_printf (text, "%s%s%s%s", i > 0 ? "; " : "", gh_step_get_kind (step),
                              path != NULL ? " " : "", path != NULL ? path : "");
    }
  return g_string_free (text, FALSE);
}

static void
assert_steps (GhDeletePlan *plan,
              const char   *expected)
{
  g_autofree char *steps = dup_steps (GH_PLAN (plan));

  g_assert_cmpstr (steps, ==, expected);
}

static void
test_inventory (void)
{
  static const struct
  {
    const char  *path;
    GhFileRole   role;
    GhFileAdvice advice;
    const char  *users;
  } expected[] = {
    { "/p/web.qcow2", GH_FILE_DISK, GH_FILE_REMOVE, NULL },
    { "/p/mid.qcow2", GH_FILE_BACKING, GH_FILE_KEEP, NULL },
    { "/p/base.qcow2", GH_FILE_BACKING, GH_FILE_KEEP_ONLY, "linked" },
    { "/p/shared.qcow2", GH_FILE_DISK, GH_FILE_KEEP_ONLY, "other <b>&\"" },
    { "/p/read.qcow2", GH_FILE_DISK, GH_FILE_KEEP, NULL },
    { "/p/cluster.qcow2", GH_FILE_DISK, GH_FILE_KEEP, NULL },
    { "/outside/x.qcow2", GH_FILE_DISK, GH_FILE_KEEP_ONLY, NULL },
    { "/dev/sdz", GH_FILE_DISK, GH_FILE_KEEP_ONLY, NULL },
    { "/p/data.qcow2", GH_FILE_DISK, GH_FILE_REMOVE, NULL },
    { "/p/one.iso", GH_FILE_CDROM, GH_FILE_KEEP, NULL },
    { "/boot/vmlinuz", GH_FILE_KERNEL, GH_FILE_KEEP_ONLY, NULL },
    { "/boot/initrd", GH_FILE_KERNEL, GH_FILE_KEEP_ONLY, NULL },
  };
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "web");

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      GhMachineFile *file = find_file (plan, expected[i].path);

      g_assert_cmpint (file->role, ==, expected[i].role);
      g_assert_cmpint (file->advice, ==, expected[i].advice);
      g_assert_cmpint (file->reason == NULL, ==, expected[i].advice == GH_FILE_REMOVE);
      g_assert_cmpint (gh_delete_plan_get_ticked (plan, file), ==,
                       expected[i].advice == GH_FILE_REMOVE);
      if (expected[i].users != NULL)
        g_assert_nonnull (strstr (file->users, expected[i].users));
      else
        g_assert_null (file->users);
      if (g_str_has_prefix (file->path, "/p/"))
        {
          g_assert_cmpstr (file->pool, ==, "p");
          g_assert_cmpuint (file->size, ==, 50000);
        }
    }
  assert_steps (plan, "undefine; volume-remove /p/data.qcow2; volume-remove /p/web.qcow2");
  g_assert_cmpuint (gh_delete_plan_get_freed (plan), ==, 100000);
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "machine-off"));
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "file-kept"));
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), ==, GH_CHECK_NOTE);
}

/* Two ways to write one path. */
static void
test_other_spelling (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "dotted");
  GhMachineFile *file = find_file (plan, "/p/dotted.qcow2");

  g_assert_cmpint (file->advice, ==, GH_FILE_KEEP_ONLY);
  g_assert_nonnull (strstr (file->users, "web (disk)"));
  assert_steps (plan, "undefine");
}

static void
test_ticks (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "web");
  g_autoptr (GError) error = NULL;

  /* What may be ticked can be; what may not stays. */
  gh_delete_plan_set_ticked (plan, "/p/one.iso", TRUE);
  gh_delete_plan_set_ticked (plan, "/p/shared.qcow2", TRUE);
  gh_delete_plan_set_ticked (plan, "/p/data.qcow2", FALSE);
  gh_delete_plan_set_ticked (plan, "/etc/passwd", TRUE);
  gh_delete_plan_set_ticked (plan, "/p/mid.qcow2", TRUE);
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_EDITING);
  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  assert_steps (plan, "undefine; volume-remove /p/one.iso; volume-remove /p/web.qcow2; "
                      "volume-remove /p/mid.qcow2");

  /* A backing file cannot go without what lies on it. */
  gh_delete_plan_set_ticked (plan, "/p/web.qcow2", FALSE);
  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "backing-needed"));
  g_assert_false (plan_test_run (GH_PLAN (plan), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_clear_error (&error);

  gh_delete_plan_set_keep_disks (plan, TRUE);
  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  assert_steps (plan, "undefine");
  g_assert_cmpuint (gh_delete_plan_get_freed (plan), ==, 0);
}

static void
test_delete (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "web");
  g_auto (GStrv) before = plan_test_list_inventory (host);
  g_auto (GStrv) after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_run (GH_PLAN (plan), &error));
  g_assert_no_error (error);
  after = plan_test_list_inventory (host);
  g_assert_cmpuint (g_strv_length (after), ==, g_strv_length (before) - 3);
  g_assert_false (g_strv_contains ((const char * const *) after, "machine web off"));
  g_assert_false (g_strv_contains ((const char * const *) after, "volume /p/web.qcow2"));
  g_assert_false (g_strv_contains ((const char * const *) after, "volume /p/data.qcow2"));
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

static void
test_odd_names (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "a<b>&'\"");
  g_autofree char *command = NULL;
  g_autoptr (GError) error = NULL;

  assert_steps (plan, "undefine; volume-remove /p/a&b 'c'.qcow2");
  command = gh_step_dup_command (g_ptr_array_index (gh_plan_get_steps (GH_PLAN (plan)), 1));
  g_assert_nonnull (strstr (command, "vol-delete --vol '/p/a&b '\\''c'\\''.qcow2'"));
  g_assert_true (plan_test_run (GH_PLAN (plan), &error));
  g_assert_no_error (error);
}

static void
test_snapshots (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "snapped");
  GhMachineFile *memory = find_file (plan, "/p/s1.mem");

  g_assert_cmpuint (gh_delete_plan_get_files (plan)->n_snapshots, ==, 1);
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "snapshots"));
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), ==, GH_CHECK_WARNING);
  g_assert_cmpint (memory->role, ==, GH_FILE_SNAPSHOT_MEMORY);
  g_assert_cmpint (memory->advice, ==, GH_FILE_KEEP_ONLY);
  g_assert_nonnull (strstr (memory->users, "borrower"));
  /* The base was the disk once; the installer's ISO never was the machine's own. */
  assert_steps (plan, "undefine-final; volume-remove /p/s1.qcow2; volume-remove /p/s0.qcow2");
}

/* A machine that uses the memory file of another's snapshot as its disk may not remove it. */
static void
test_snapshot_of_another (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "borrower");
  GhMachineFile *file = find_file (plan, "/p/s1.mem");

  g_assert_cmpint (file->advice, ==, GH_FILE_KEEP_ONLY);
  g_assert_nonnull (strstr (file->users, "snapped (snapshot)"));
}

static void
test_running (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "running");
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) after = NULL;

  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "machine-running"));
  assert_steps (plan, "force-off; undefine; volume-remove /p/running.qcow2");
  g_assert_true (plan_test_run (GH_PLAN (plan), &error));
  g_assert_no_error (error);
  after = plan_test_list_inventory (host);
  for (guint i = 0; after[i] != NULL; i++)
    g_assert_null (strstr (after[i], "running"));
}

/* It was off when the user agreed. */
static void
test_started_meanwhile (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "linked");
  GhMachine *machine = gh_delete_plan_get_machine (plan);
  g_auto (GhTestCall) call = { 0 };
  g_auto (GStrv) before = NULL;
  g_autoptr (GError) error = NULL;

  gh_machine_run_action_async (machine, GH_MACHINE_START, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_machine_run_action_finish (machine, gh_test_call_wait (&call), NULL));
  while (!gh_machine_is_active (machine))
    g_main_context_iteration (NULL, TRUE);
  before = plan_test_list_inventory (host);
  g_assert_false (plan_test_run (GH_PLAN (plan), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  plan_test_assert_inventory (host, before);
}

/* Somebody gave the disk to another machine after the user agreed, and after the last look. */
static void
test_used_meanwhile (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhStep) remove = gh_volume_remove_step_new ("/p/shared.qcow2", "p");
  g_auto (GStrv) before = plan_test_list_inventory (host);
  g_autoptr (GError) error = NULL;

  g_assert_false (plan_test_do (remove, host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "web (disk)"));
  g_assert_nonnull (strstr (error->message, "other <b>&\" (disk)"));
  plan_test_assert_inventory (host, before);
}

static void
test_failures (void)
{
  static const struct
  {
    const char *machine;
    const char *faults;
    GhOutcome   outcome;
    gboolean    unchanged;
    guint       n_left;
  } cases[] = {
    { "web", "domain-undefine:fail=38", GH_OUTCOME_UNDONE, TRUE, 0 },
    /* The first file cannot be removed: the machine comes back. */
    { "web", "volume-delete:fail=38", GH_OUTCOME_UNDONE, TRUE, 0 },
    { "web", "plan-step-undefine-after:fail=1", GH_OUTCOME_UNDONE, TRUE, 0 },
    { "web", "plan-step-volume-remove-before:fail=1,times=1", GH_OUTCOME_UNDONE, TRUE, 0 },
    /* The second cannot: no way back. */
    { "web", "volume-delete:fail=38,after=1", GH_OUTCOME_UNDONE_IN_PART, FALSE, 1 },
    { "snapped", "domain-undefine:fail=38", GH_OUTCOME_UNDONE, TRUE, 0 },
    { "snapped", "volume-delete:fail=38", GH_OUTCOME_UNDONE_IN_PART, FALSE, 2 },
    { "running", "domain-destroy:fail=38", GH_OUTCOME_UNDONE, TRUE, 0 },
    /* It was forced off, and that is said. */
    { "running", "domain-undefine:fail=38", GH_OUTCOME_UNDONE_IN_PART, FALSE, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (node_xml);
      g_autoptr (GhDeletePlan) plan = new_plan (host, cases[i].machine);
      g_auto (GStrv) before = plan_test_list_inventory (host);
      g_autoptr (GError) error = NULL;
      GStrv left = NULL;

      gh_faults_set (cases[i].faults);
      g_assert_false (plan_test_run (GH_PLAN (plan), &error));
      gh_faults_set (NULL);
      left = gh_plan_get_left (GH_PLAN (plan));
      g_test_message ("%s, %s: %s", cases[i].machine, cases[i].faults, left != NULL ? left[0]
                      : "nothing left");
      g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, cases[i].outcome);
      g_assert_cmpuint (left != NULL ? g_strv_length (left) : 0, ==, cases[i].n_left);
      if (cases[i].unchanged)
        plan_test_assert_inventory (host, before);
      g_assert_cmpuint (plan_test_count_journals (), ==, 0);
    }
}

static void
cancel_cb (GhPlan *plan,
           GhStep *step,
           guint  *countdown)
{
  if (gh_step_get_state (step) == GH_STEP_RUNNING && gh_step_get_fraction (step) == 0.0 &&
      *countdown > 0 && --*countdown == 0)
    gh_plan_cancel (plan);
}

static void
test_cancel (void)
{
  for (guint i = 1; i <= 3; i++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (node_xml);
      g_autoptr (GhDeletePlan) plan = new_plan (host, "web");
      g_auto (GStrv) before = plan_test_list_inventory (host);
      guint countdown = i;
      g_autoptr (GError) error = NULL;

      g_signal_connect (plan, "step-changed", G_CALLBACK (cancel_cb), &countdown);
      /* In the first step it is taken back; in a final one it is too late. */
      if (plan_test_run (GH_PLAN (plan), &error))
        g_assert_cmpuint (i, >, 1);
      else
        {
          g_assert_cmpuint (i, ==, 1);
          g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
          plan_test_assert_inventory (host, before);
        }
      g_assert_cmpuint (countdown, ==, 0);
    }
}

static void
test_gone (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_autoptr (GhDeletePlan) plan = new_plan (host, "linked");
  g_auto (GhTestCall) call = { 0 };
  GhMachine *machine = gh_delete_plan_get_machine (plan);
  g_autoptr (GError) error = NULL;

  gh_host_undefine_async (host, gh_machine_get_uuid (machine), 0, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_host_undefine_finish (host, gh_test_call_wait (&call), NULL));
  while (gh_machine_exists (machine))
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (plan_test_run (GH_PLAN (plan), &error));
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "machine-gone"));
}

static void
test_file_users (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (node_xml);
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhFileUsers) users = NULL;
  g_autofree char *base = NULL;
  g_autofree char *nobody = NULL;
  g_autofree char *linked = NULL;
  g_auto (GStrv) chain = NULL;
  g_autoptr (GError) error = NULL;
  const char *linked_uuid = gh_machine_get_uuid (plan_test_get_machine (host, "linked"));

  gh_file_users_load_async (host, NULL, NULL, gh_test_call_cb, &call);
  users = gh_file_users_load_finish (gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  base = gh_file_users_dup_text (users, "/p/base.qcow2", NULL);
  g_assert_nonnull (strstr (base, "linked (backing file)"));
  g_assert_nonnull (strstr (base, "web (backing file)"));
  g_assert_nonnull (strstr (base, "/p/mid.qcow2 (backing file)"));
  linked = gh_file_users_dup_text (users, "/p/linked.qcow2", linked_uuid);
  g_assert_null (linked);
  nobody = gh_file_users_dup_text (users, "/nowhere", NULL);
  g_assert_null (nobody);
  chain = gh_file_users_dup_chain (users, "/p/web.qcow2");
  g_assert_cmpuint (g_strv_length (chain), ==, 2);
  g_assert_cmpstr (chain[1], ==, "/p/base.qcow2");
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *state = NULL;

  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  state = gh_test_dup_tmp_dir ();
  g_setenv ("XDG_STATE_HOME", state, TRUE);

  g_test_add_func ("/delete-plan/inventory", test_inventory);
  g_test_add_func ("/delete-plan/other-spelling", test_other_spelling);
  g_test_add_func ("/delete-plan/ticks", test_ticks);
  g_test_add_func ("/delete-plan/delete", test_delete);
  g_test_add_func ("/delete-plan/odd-names", test_odd_names);
  g_test_add_func ("/delete-plan/snapshots", test_snapshots);
  g_test_add_func ("/delete-plan/snapshot-of-another", test_snapshot_of_another);
  g_test_add_func ("/delete-plan/running", test_running);
  g_test_add_func ("/delete-plan/started-meanwhile", test_started_meanwhile);
  g_test_add_func ("/delete-plan/used-meanwhile", test_used_meanwhile);
  g_test_add_func ("/delete-plan/failures", test_failures);
  g_test_add_func ("/delete-plan/cancel", test_cancel);
  g_test_add_func ("/delete-plan/gone", test_gone);
  g_test_add_func ("/delete-plan/file-users", test_file_users);
  return g_test_run ();
}
