/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Snapshots and growing disks, on the test driver: what is checked, which steps come of it, and
 * that failing takes them back. */

#include "config.h"

#include <string.h>

#include "gh-faults.h"
#include "gh-resize-plan.h"
#include "gh-snapshot-plan.h"
#include "gh-snapshots.h"
#include "gh-threads.h"
#include "plan-test.h"

#define DISK(name, target, format, more) \
  "<disk type='file' device='disk'><driver name='qemu' type='" format "'/>" \
  "<source file='/p/" name "'/><target dev='" target "'/>" more "</disk>"
#define MACHINE(name, state, mark, devices) \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>" name "</name><metadata><guesthouse:machine " \
  "xmlns:guesthouse='http://guesthouse.org/xmlns/libvirt/domain/1.0'>" mark \
  "</guesthouse:machine></metadata><memory>4096</memory><os><type>hvm</type></os>" \
  "<devices>" devices "</devices><test:runstate>" state "</test:runstate></domain>"
#define VOLUME(name, format, backing) \
  "<volume type='file'><name>" name "</name><capacity>1073741824</capacity>" \
  "<allocation>50000</allocation>" \
  "<target><path>/p/" name "</path><format type='" format "'/></target>" backing "</volume>"
#define BACKING(name) "<backingStore><path>/p/" name "</path><format type='qcow2'/></backingStore>"

static const char node_xml[] =
  "<node><cpu><mhz>6000</mhz><model>i686</model><active>2</active><nodes>1</nodes>"
  "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
  MACHINE ("off", "5", "", DISK ("off.qcow2", "vda", "qcow2", "")
           "<disk type='file' device='cdrom'><source file='/p/cd.iso'/><target dev='sda'/>"
           "<readonly/></disk>")
  MACHINE ("on", "1", "", DISK ("on.qcow2", "vda", "qcow2", ""))
  MACHINE ("raw", "5", "", DISK ("raw.img", "vda", "raw", ""))
  MACHINE ("bare", "5", "", "")
  MACHINE ("shares", "5", "", DISK ("off2.qcow2", "vda", "qcow2", ""))
  MACHINE ("sharer", "5", "", DISK ("off2.qcow2", "vda", "qcow2", ""))
  MACHINE ("base", "5", "<guesthouse:template/>", DISK ("base.qcow2", "vda", "qcow2", ""))
  MACHINE ("clone", "5", "<guesthouse:parent uuid='u' name='base'/>",
           DISK ("clone.qcow2", "vda", "qcow2", ""))
  "<pool type='dir'><name>p</name><uuid>aaaaaaaa-0000-0000-0000-000000000001</uuid>"
  "<target><path>/p</path></target>"
  VOLUME ("off.qcow2", "qcow2", "") VOLUME ("on.qcow2", "qcow2", "") VOLUME ("raw.img", "raw", "")
  VOLUME ("off2.qcow2", "qcow2", "") VOLUME ("base.qcow2", "qcow2", "")
  VOLUME ("clone.qcow2", "qcow2", BACKING ("base.qcow2"))
  "</pool></node>";

static void
assert_check (gpointer     plan,
              const char  *id,
              GhCheckLevel level)
{
  GhCheck *check = plan_test_find_check (plan, id);

  g_test_message ("%s", id);
  g_assert_nonnull (check);
  g_assert_cmpint (gh_check_get_level (check), ==, level);
}

static void
prepare (gpointer plan)
{
  g_autoptr (GError) error = NULL;

  plan_test_prepare (plan, &error);
  g_assert_no_error (error);
}

static void
run_well (gpointer plan)
{
  g_autoptr (GError) error = NULL;

  prepare (plan);
  plan_test_run (plan, &error);
  g_assert_no_error (error);
}

/* “name[*] …”, with the current one marked. */
static void
assert_snapshots (GhHost     *host,
                  const char *machine,
                  const char *expected)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GhSnapshotList) list = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  gh_host_load_snapshots_async (host, gh_machine_get_uuid (plan_test_get_machine (host, machine)),
                                /* settled= */ TRUE, NULL, gh_test_call_cb, &call);
  list = gh_host_load_snapshots_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < list->snapshots->len; i++)
    {
      const GhSnapshotXml *snapshot = g_ptr_array_index (list->snapshots, i);

      g_string_append_printf (text, "%s%s%s", i > 0 ? " " : "", snapshot->name,
                              g_strcmp0 (snapshot->name, list->current) == 0 ? "*" : "");
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static GhSnapshotPlan *
new_take (GhHost     *host,
          const char *machine,
          const char *name)
{
  GhSnapshotPlan *plan = gh_snapshot_plan_new_take (plan_test_get_machine (host, machine));

  g_object_set (plan, "snapshot", name, NULL);
  return plan;
}

static void
take (GhHost     *host,
      const char *machine,
      const char *name)
{
  g_autoptr (GhSnapshotPlan) plan = new_take (host, machine, name);

  run_well (plan);
}

static char *
dup_steps (GhPlan *plan)
{
  GPtrArray *steps = gh_plan_get_steps (plan);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < steps->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "",
                            gh_step_get_kind (g_ptr_array_index (steps, i)));
  return g_string_free (text, FALSE);
}

static void
assert_steps (gpointer    plan,
              const char *expected)
{
  g_autofree char *steps = NULL;

  prepare (plan);
  steps = dup_steps (plan);
  g_assert_cmpstr (steps, ==, expected);
}

static void
close_host (GhHost *host)
{
  gh_faults_set (NULL);
  gh_host_disconnect (host);
  g_object_unref (host);
}

static void
test_take (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  g_autoptr (GhSnapshotPlan) proposed = new_take (host, "off", NULL);
  g_autoptr (GhSnapshotPlan) taken = new_take (host, "off", "one");
  g_autoptr (GhSnapshotPlan) again = new_take (host, "off", "one");
  g_autoptr (GhSnapshotPlan) bad = new_take (host, "off", ".hidden");
  g_autoptr (GhSnapshotPlan) raw = new_take (host, "raw", NULL);
  g_autoptr (GhSnapshotPlan) bare = new_take (host, "bare", NULL);
  g_autoptr (GhSnapshotPlan) base = new_take (host, "base", NULL);
  g_autoptr (GhSnapshotPlan) on = new_take (host, "on", "live");

  run_well (taken);
  assert_snapshots (host, "off", "one*");
  run_well (proposed);
  g_assert_nonnull (gh_snapshot_plan_get_name (proposed));
  prepare (again);
  assert_check (again, "name-taken", GH_CHECK_REFUSAL);
  prepare (bad);
  assert_check (bad, "name-bad", GH_CHECK_REFUSAL);
  prepare (raw);
  assert_check (raw, "disk-format", GH_CHECK_REFUSAL);
  prepare (bare);
  assert_check (bare, "no-disk", GH_CHECK_REFUSAL);
  prepare (base);
  assert_check (base, "template", GH_CHECK_REFUSAL);
  prepare (on);
  assert_check (on, "memory-kept", GH_CHECK_NOTE);
  close_host (host);
}

/* What was taken for safety goes when it was not needed, and stays when it was. */
static void
test_revert (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  GhMachine *machine = plan_test_get_machine (host, "off");
  g_autoptr (GhSnapshotPlan) failing = gh_snapshot_plan_new_revert (machine, "one");
  g_autoptr (GhSnapshotPlan) plan = gh_snapshot_plan_new_revert (machine, "one");
  g_autoptr (GhSnapshotPlan) unknown = gh_snapshot_plan_new_revert (machine, "none");
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) final_error = NULL;

  take (host, "off", "one");
  take (host, "off", "two");
  prepare (failing);
  gh_faults_set ("snapshot-revert:fail=38,times=1");
  g_assert_false (plan_test_run (GH_PLAN (failing), &error));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (failing)), ==, GH_OUTCOME_UNDONE);
  assert_snapshots (host, "off", "one two*");

  gh_faults_set (NULL);
  assert_steps (plan, "snapshot-take snapshot-revert");
  assert_check (plan, "safety", GH_CHECK_NOTE);
  run_well (plan);
  assert_snapshots (host, "off", "one* two before-one");

  g_object_set (unknown, "safety", FALSE, NULL);
  prepare (unknown);
  assert_check (unknown, "no-snapshot", GH_CHECK_REFUSAL);
  g_object_set (unknown, "snapshot", "two", NULL);
  assert_steps (unknown, "snapshot-revert-final");
  assert_check (unknown, "state-lost", GH_CHECK_WARNING);
  /* Whether it went back is not claimed where it is not known. */
  gh_faults_set ("snapshot-revert:fail=38");
  g_assert_false (plan_test_run (GH_PLAN (unknown), &final_error));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (unknown)), ==, GH_OUTCOME_UNDONE_IN_PART);
  g_assert_nonnull (strstr (gh_plan_get_left (GH_PLAN (unknown))[0], "may be as in"));
  gh_faults_set (NULL);
  close_host (host);
}

/* Both fail, going back and coming back: then what keeps the state stays, and is named. */
static void
test_safety_kept (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  g_autoptr (GhSnapshotPlan) plan =
    gh_snapshot_plan_new_revert (plan_test_get_machine (host, "off"), "one");
  g_autoptr (GError) error = NULL;
  GStrv left = NULL;

  take (host, "off", "one");
  prepare (plan);
  gh_faults_set ("snapshot-revert:fail=38");
  g_assert_false (plan_test_run (GH_PLAN (plan), &error));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  left = gh_plan_get_left (GH_PLAN (plan));
  g_assert_nonnull (left);
  close_host (host);
}

static void
test_delete (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  g_autoptr (GhSnapshotPlan) plan =
    gh_snapshot_plan_new_delete (plan_test_get_machine (host, "off"), "one");

  take (host, "off", "one");
  take (host, "off", "two");
  assert_steps (plan, "snapshot-delete");
  assert_check (plan, "children-stay", GH_CHECK_NOTE);
  run_well (plan);
  assert_snapshots (host, "off", "two*");
  close_host (host);
}

/* Linked clones depend on it: nothing of all this. */
static void
test_parent (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  GhMachine *machine = plan_test_get_machine (host, "base");
  g_autoptr (GhSnapshotPlan) revert = gh_snapshot_plan_new_revert (machine, "any");
  g_autoptr (GhSnapshotPlan) delete = gh_snapshot_plan_new_delete (machine, "any");
  g_autoptr (GhResizePlan) resize = gh_resize_plan_new (machine, NULL);
  g_autoptr (GhResizePlan) clone = gh_resize_plan_new (plan_test_get_machine (host, "clone"),
                                                       NULL);
  gpointer plans[] = { revert, delete, resize };

  g_object_set (resize, "size", G_GUINT64_CONSTANT (1) << 34, NULL);
  g_object_set (clone, "size", G_GUINT64_CONSTANT (1) << 34, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (plans); i++)
    {
      prepare (plans[i]);
      assert_check (plans[i], "template", GH_CHECK_REFUSAL);
      g_assert_nonnull (strstr (gh_check_get_title (plan_test_find_check (plans[i], "template")),
                                "“clone”"));
    }
  assert_steps (clone, "resize");
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (clone)), <, GH_CHECK_REFUSAL);
  close_host (host);
}

static void
test_resize (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  g_autoptr (GhResizePlan) plan = gh_resize_plan_new (plan_test_get_machine (host, "off"), NULL);
  g_autoptr (GhResizePlan) shared = gh_resize_plan_new (plan_test_get_machine (host, "shares"),
                                                        "vda");
  g_autoptr (GhResizePlan) bare = gh_resize_plan_new (plan_test_get_machine (host, "bare"), NULL);

  assert_steps (plan, "");
  assert_check (plan, "size-same", GH_CHECK_REFUSAL);
  g_assert_cmpuint (gh_resize_plan_get_disks (plan)->len, ==, 1);
  g_assert_cmpuint (gh_resize_plan_get_disk (plan)->size, ==, 1 << 30);
  g_object_set (plan, "size", G_GUINT64_CONSTANT (1) << 29, NULL);
  assert_steps (plan, "");
  assert_check (plan, "size-smaller", GH_CHECK_REFUSAL);
  g_object_set (plan, "size", G_GUINT64_CONSTANT (1) << 31, NULL);
  assert_steps (plan, "resize");
  assert_check (plan, "grow-only", GH_CHECK_NOTE);
  g_object_set (plan, "target", "sda", NULL);
  assert_steps (plan, "");
  assert_check (plan, "disk-unknown", GH_CHECK_REFUSAL);

  g_object_set (shared, "size", G_GUINT64_CONSTANT (1) << 31, NULL);
  prepare (shared);
  assert_check (shared, "disk-shared", GH_CHECK_REFUSAL);
  prepare (bare);
  assert_check (bare, "no-disk", GH_CHECK_REFUSAL);
  close_host (host);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/snapshot-plan/take", test_take);
  g_test_add_func ("/snapshot-plan/revert", test_revert);
  g_test_add_func ("/snapshot-plan/safety-kept", test_safety_kept);
  g_test_add_func ("/snapshot-plan/delete", test_delete);
  g_test_add_func ("/snapshot-plan/parent", test_parent);
  g_test_add_func ("/snapshot-plan/resize", test_resize);
  return g_test_run ();
}
