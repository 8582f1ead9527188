/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Linked clones that become full ones, on a host of the test driver, whose disks are volumes:
 * what is proposed, refused and done, and that it is taken back. */

#include "config.h"

#include <string.h>

#include "gh-faults.h"
#include "gh-independent-plan.h"
#include "gh-machine-mark.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "plan-test.h"

#define DISK(name, target) \
  "<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/>" \
  "<source file='/p/" name "'/><target dev='" target "'/><serial>" target "</serial></disk>"
#define MACHINE(name, state, metadata, devices) \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>" name "</name><metadata>" \
  "<guesthouse:machine xmlns:guesthouse='" GH_MACHINE_MARK_NAMESPACE "'>" metadata \
  "</guesthouse:machine></metadata><memory>4096</memory><os><type>hvm</type></os>" \
  "<devices>" devices "</devices><test:runstate>" state "</test:runstate></domain>"
#define PARENT "<guesthouse:parent uuid='u' name='base'/>"
#define VOLUME(name, backing) \
  "<volume type='file'><name>" name "</name><capacity>1000000</capacity>" \
  "<allocation>50000</allocation>" \
  "<target><path>/p/" name "</path><format type='qcow2'/></target>" backing "</volume>"
#define BACKING(name) "<backingStore><path>/p/" name "</path><format type='qcow2'/></backingStore>"

static const char node_xml[] =
  "<node><cpu><mhz>6000</mhz><model>i686</model><active>2</active><nodes>1</nodes>"
  "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
  MACHINE ("base", "5", "<guesthouse:template/>", DISK ("base.qcow2", "vda"))
  MACHINE ("one", "5", PARENT, DISK ("one.qcow2", "vda") DISK ("data.qcow2", "vdb")
           DISK ("plain.qcow2", "vdc"))
  MACHINE ("two", "1", PARENT, DISK ("two.qcow2", "vda"))
  MACHINE ("three", "5", PARENT "<guesthouse:other/>", DISK ("three.qcow2", "vda"))
  MACHINE ("sharer", "5", "", DISK ("three.qcow2", "vda"))
  MACHINE ("plain", "5", "", DISK ("plain.qcow2", "vda"))
  MACHINE ("late", "5", PARENT, DISK ("plain.qcow2", "vda"))
  MACHINE ("layered", "5", "<guesthouse:template/>" PARENT, DISK ("layered.qcow2", "vda"))
  "<pool type='dir'><name>p</name><uuid>aaaaaaaa-0000-0000-0000-000000000001</uuid>"
  "<target><path>/p</path></target>"
  VOLUME ("base.qcow2", "") VOLUME ("one.qcow2", BACKING ("base.qcow2"))
  VOLUME ("data.qcow2", BACKING ("base.qcow2")) VOLUME ("two.qcow2", BACKING ("base.qcow2"))
  VOLUME ("three.qcow2", BACKING ("base.qcow2")) VOLUME ("plain.qcow2", "")
  VOLUME ("layered.qcow2", BACKING ("base.qcow2"))
  "</pool></node>";

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
assert_steps (GhIndependentPlan *plan,
              const char        *expected)
{
  g_autofree char *steps = NULL;
  g_autoptr (GError) error = NULL;

  plan_test_prepare (GH_PLAN (plan), &error);
  g_assert_no_error (error);
  steps = dup_steps (GH_PLAN (plan));
  g_assert_cmpstr (steps, ==, expected);
}

static GhIndependentPlan *
new_plan (GhHost     *host,
          const char *name)
{
  return gh_independent_plan_new (plan_test_get_machine (host, name));
}

static void
assert_check (GhIndependentPlan *plan,
              const char        *id,
              GhCheckLevel       level)
{
  GhCheck *check = plan_test_find_check (GH_PLAN (plan), id);

  g_test_message ("%s", id);
  g_assert_nonnull (check);
  g_assert_cmpint (gh_check_get_level (check), ==, level);
}

static char *
dup_xml (GhHost     *host,
         const char *name)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GhMachine *machine = plan_test_get_machine (host, name);
  char *xml = NULL;

  gh_machine_load_xml_async (machine, GH_XML_INACTIVE, NULL, gh_test_call_cb, &call);
  xml = gh_machine_load_xml_finish (machine, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return xml;
}

static void
test_choice (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  g_autoptr (GhIndependentPlan) all = new_plan (host, "one");
  g_autoptr (GhIndependentPlan) some = new_plan (host, "one");
  g_autoptr (GhIndependentPlan) unknown = new_plan (host, "one");
  GhIndependentDisk *disk = NULL;

  assert_steps (all, "copy /p/one-own-vda.qcow2; copy /p/one-own-vdb.qcow2; switch-disks; release; "
                "volume-remove /p/one.qcow2; volume-remove /p/data.qcow2");
  g_assert_cmpuint (gh_independent_plan_get_disks (all)->len, ==, 2);
  disk = g_ptr_array_index (gh_independent_plan_get_disks (all), 0);
  g_assert_cmpstr (disk->target, ==, "vda");
  g_assert_cmpstr (disk->base, ==, "/p/base.qcow2");
  g_assert_cmpuint (disk->n_backing, ==, 1);
  g_assert_cmpuint (disk->most, ==, 100000);
  g_assert_cmpuint (disk->least, ==, 50000);

  gh_independent_plan_set_chosen (all, "vdb", FALSE);
  assert_steps (all, "copy /p/one-own-vda.qcow2; switch-disks; volume-remove /p/one.qcow2");
  assert_check (all, "linked-in-part", GH_CHECK_NOTE);
  gh_independent_plan_set_chosen (all, "vda", FALSE);
  assert_steps (all, "");
  assert_check (all, "nothing-chosen", GH_CHECK_REFUSAL);

  gh_independent_plan_add_disk (some, "vdb");
  assert_steps (some, "copy /p/one-own-vdb.qcow2; switch-disks; volume-remove /p/data.qcow2");
  gh_independent_plan_add_disk (unknown, "vdc");
  assert_steps (unknown, "");
  assert_check (unknown, "disk-unknown", GH_CHECK_REFUSAL);
  gh_host_disconnect (host);
  g_object_unref (host);
}

static void
test_checks (void)
{
  static const struct
  {
    const char  *machine;
    const char  *steps;
    const char  *check;
    GhCheckLevel level;
  } cases[] = {
    { "two", "pull /p/two.qcow2; release", "machine-running", GH_CHECK_REFUSAL },
    { "three", "copy /p/three-own.qcow2; switch-disks; release", "file-kept", GH_CHECK_NOTE },
    { "plain", "", "independent", GH_CHECK_OK },
    /* Only what is noted of it is out of date. */
    { "late", "release", "independent", GH_CHECK_OK },
    { "layered", "copy /p/layered-own.qcow2; switch-disks; release; "
      "volume-remove /p/layered.qcow2", "template", GH_CHECK_REFUSAL },
  };
  GhHost *host = plan_test_new_host (node_xml);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhIndependentPlan) plan = new_plan (host, cases[i].machine);

      assert_steps (plan, cases[i].steps);
      assert_check (plan, cases[i].check, cases[i].level);
    }
  gh_host_disconnect (host);
  g_object_unref (host);
}

static gboolean
is_clone (gpointer machine)
{
  return gh_machine_get_kind (machine) == GH_MACHINE_LINKED_CLONE;
}

static gboolean
is_ordinary (gpointer machine)
{
  return gh_machine_get_kind (machine) == GH_MACHINE_ORDINARY;
}

/* Its definition is what it was but for the file. */
static void
test_run (void)
{
  GhHost *host = plan_test_new_host (node_xml);
  GhMachine *machine = plan_test_get_machine (host, "one");
  g_autoptr (GhIndependentPlan) plan = new_plan (host, "one");
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;

  gh_test_wait_until (is_clone, machine);
  g_assert_true (plan_test_run (GH_PLAN (plan), &error));
  g_assert_no_error (error);
  gh_test_wait_until (is_ordinary, machine);
  xml = dup_xml (host, "one");
  g_assert_nonnull (strstr (xml, "/p/one-own-vda.qcow2"));
  g_assert_nonnull (strstr (xml, "/p/one-own-vdb.qcow2"));
  g_assert_nonnull (strstr (xml, "/p/plain.qcow2"));
  g_assert_null (strstr (xml, "/p/one.qcow2"));
  g_assert_nonnull (strstr (xml, "<serial>vda</serial>"));
  g_assert_nonnull (strstr (xml, "discard='unmap'"));
  gh_host_disconnect (host);
  g_object_unref (host);
}

/* Whatever fails, everything is as it was. */
static void
test_fails (void)
{
  static const char * const faults[] = {
    "volume-copy:fail=38", "volume-copy:fail=38,after=1", "domain-define:fail=38",
    "domain-set-metadata:fail=38,times=1", "plan-step-switch-disks-after:fail=38",
    "plan-step-release-after:fail=38",
  };
  GhHost *host = plan_test_new_host (node_xml);
  g_auto (GStrv) inventory = plan_test_list_inventory (host);
  g_autofree char *before = dup_xml (host, "one");

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autoptr (GhIndependentPlan) plan = new_plan (host, "one");
      g_autofree char *after = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", faults[i]);
      gh_faults_set (faults[i]);
      g_assert_false (plan_test_run (GH_PLAN (plan), &error));
      gh_faults_set (NULL);
      g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
      plan_test_assert_inventory (host, inventory);
      after = dup_xml (host, "one");
      g_assert_cmpstr (after, ==, before);
    }
  gh_host_disconnect (host);
  g_object_unref (host);
}

/* Our other marks stay when the parent goes, and come back with it. */
static void
test_mark (void)
{
  static const char both[] = "<machine><parent uuid='u' name='n'/><other/></machine>";
  g_autofree char *released = gh_machine_mark_dup_released (both);
  g_autofree char *none = gh_machine_mark_dup_released ("<machine><parent uuid='u'/></machine>");
  g_autofree char *odd = gh_machine_mark_dup_released ("<machine");

  g_assert_true (gh_machine_mark_has_parent (both));
  g_assert_false (gh_machine_mark_has_parent (released));
  g_assert_nonnull (strstr (released, "<other/>"));
  g_assert_null (none);
  g_assert_null (odd);
  g_assert_false (gh_machine_mark_has_parent (NULL));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/independent/choice", test_choice);
  g_test_add_func ("/independent/checks", test_checks);
  g_test_add_func ("/independent/run", test_run);
  g_test_add_func ("/independent/fails", test_fails);
  g_test_add_func ("/independent/mark", test_mark);

  return g_test_run ();
}
