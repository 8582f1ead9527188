/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Several machines and one image: what undoing and linking have to know about the others. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gh-clone-plan.h"
#include "gh-faults.h"
#include "gh-machine-mark.h"
#include "gh-steps.h"
#include "gh-template-plan.h"
#include "gh-threads.h"
#include "plan-test.h"

#define WEB "eeeeeeee-0000-4000-8000-000000000001"
#define OTHER "eeeeeeee-0000-4000-8000-000000000002"

#define MACHINE "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>%s</name><uuid>%s</uuid><memory>4096</memory><os><type>hvm</type></os><devices>" \
  "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>" \
  "<target dev='vda'/>%s</disk></devices><test:runstate>%s</test:runstate></domain>"

typedef struct
{
  GhHost *host;
  char   *base;
  char   *own;   /* an overlay of web's, on the base */
  char   *other; /* the disk of the other machine */
} World;

/* web has the base and is off. */
static void
world_init (World      *world,
            const char *other, /* a file's name */
            const char *state, /* of the other machine */
            const char *more)  /* of both disks */
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *xml = NULL;

  world->base = g_build_filename (folder, "base.qcow2", NULL);
  world->own = g_build_filename (folder, "own.qcow2", NULL);
  world->other = g_build_filename (folder, other, NULL);
  if (strcmp (other, "base.qcow2") != 0)
    gh_test_write_qcow2 (world->other, NULL);
  gh_test_write_qcow2 (world->base, NULL);
  gh_test_write_qcow2 (world->own, world->base);
  g_assert_cmpint (g_chmod (world->base, 0640), ==, 0);
  xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    MACHINE MACHINE "</node>", "web", WEB, world->base, more, "5", "other", OTHER, world->other,
    more, state);
  world->host = plan_test_new_host (xml);
}

static void
world_clear (World *world)
{
  gh_faults_set (NULL);
  gh_host_disconnect (world->host);
  g_clear_object (&world->host);
  g_free (world->base);
  g_free (world->own);
  g_free (world->other);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static void
assert_mode (World *world,
             guint  mode)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (world->base, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, mode);
}

static gboolean
load_is_template (World *world)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GhDefinition) definition = NULL;
  g_autoptr (GhMachineMark) mark = NULL;

  gh_host_load_definition_async (world->host, WEB, NULL, gh_test_call_cb, &call);
  definition = gh_host_load_definition_finish (world->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  mark = gh_machine_mark_new (definition->metadata);
  return mark->is_template;
}

static void
assert_stays (World      *world,
              GhStep     *step,
              const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (plan_test_undo (step, world->host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
  assert_mode (world, 0440);
}

/* Another run has linked to it meanwhile; or it cannot be told; at last nobody needs it. */
static void
test_template_undone (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhStep) step = gh_template_step_new (WEB, "web", TRUE);

  world_init (&world, "other.qcow2", "5", "");
  g_unlink (world.own);
  g_assert_true (plan_test_do (step, world.host, NULL));
  gh_test_write_qcow2 (world.other, world.base);
  assert_stays (&world, step, "Its disks have to stay protected for “other”.");
  g_assert_true (load_is_template (&world));

  gh_test_write_qcow2 (world.other, NULL);
  gh_faults_set ("domain-definition-xml:fail=38,after=1");
  assert_stays (&world, step, NULL);
  gh_faults_set (NULL);
  g_assert_true (load_is_template (&world));

  g_assert_true (plan_test_undo (step, world.host, NULL));
  assert_mode (&world, 0640);
  g_assert_false (load_is_template (&world));
}

/* The same of a source that goes on with disks of its own: these do not count. */
static void
test_parent_undone (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhStep) step = gh_parent_step_new (WEB, "web");
  const GhDiskXml disk = { .target = (char *) "vda" };

  world_init (&world, "other.qcow2", "5", "");
  gh_parent_step_add_disk (step, &disk, world.base, "qcow2", world.own);
  g_assert_true (plan_test_do (step, world.host, NULL));
  assert_mode (&world, 0440);
  gh_test_write_qcow2 (world.other, world.own);
  assert_stays (&world, step, "Its disks have to stay protected for “other”.");
  gh_test_write_qcow2 (world.other, world.base);
  assert_stays (&world, step, "Its disks have to stay protected for “other”.");

  gh_test_write_qcow2 (world.other, NULL);
  gh_faults_set ("domain-definition-xml:fail=38,after=1");
  assert_stays (&world, step, NULL);
  gh_faults_set (NULL);

  g_assert_true (plan_test_undo (step, world.host, NULL));
  assert_mode (&world, 0640);
  g_assert_true (plan_test_undo (step, world.host, NULL));
}

/* A copy that a machine which cannot be seen may use by now is not deleted. */
static void
test_copy_undone_blindly (void)
{
  static const char * const faults[] = { "domain-definition-xml:fail=38,after=1",
                                         "domain-definition-xml:fail=38,times=1" };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_auto (World) world = { 0 };
      g_autofree char *path = NULL;
      g_autoptr (GhStep) step = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", faults[i]);
      world_init (&world, "other.qcow2", "5", "");
      path = g_strconcat (world.base, ".copy", NULL);
      step = gh_copy_step_new (world.base, "qcow2", path, "qcow2", GH_COPY_BYTES, NULL);
      plan_test_do (step, world.host, &error);
      g_assert_no_error (error);
      gh_faults_set (faults[i]);
      g_assert_false (plan_test_undo (step, world.host, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
      gh_faults_set (NULL);
      g_assert_true (plan_test_undo (step, world.host, NULL));
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

/* “TITLE” of the refusal because another machine runs from a disk; NULL: none. */
static const char *
find_refusal (GhPlan *plan)
{
  g_autoptr (GError) error = NULL;
  GhCheck *check = NULL;

  plan_test_prepare (plan, &error);
  g_assert_no_error (error);
  check = plan_test_find_check (plan, "image-in-use-running");
  if (check == NULL)
    return NULL;
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_REFUSAL);
  return gh_check_get_title (check);
}

/* Two machines with one disk: nothing is linked to it, and it is no template's, while the other
 * one runs. Off, with a disk of its own, or one meant to be shared, that is in nobody's way. */
static void
test_other_runs (void)
{
  static const struct
  {
    const char *other;
    const char *state;
    const char *more;
    gboolean    refused;
  } cases[] = {
    { "base.qcow2", "1", "", TRUE }, { "base.qcow2", "5", "", FALSE },
    { "other.qcow2", "1", "", FALSE }, { "base.qcow2", "1", "<shareable/>", FALSE },
    { "base.qcow2", "1", "<readonly/>", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (World) world = { 0 };
      g_autoptr (GhClonePlan) clone = NULL;
      g_autoptr (GhClonePlan) trial = NULL;
      g_autoptr (GhClonePlan) copy = NULL;
      g_autoptr (GhTemplatePlan) template = NULL;
      const char *title = NULL;
      GhMachine *machine = NULL;

      g_test_message ("%s %s", cases[i].other, cases[i].state);
      world_init (&world, cases[i].other, cases[i].state, cases[i].more);
      machine = plan_test_get_machine (world.host, "web");
      clone = gh_clone_plan_new (machine);
      g_object_set (clone, "linked", TRUE, NULL);
      trial = gh_clone_plan_new_trial (machine, NULL, TRUE);
      copy = gh_clone_plan_new (machine);
      template = gh_template_plan_new (machine, TRUE);
      title = cases[i].refused ? "“other” is running and writes to the disk “vda”" : NULL;
      g_assert_cmpstr (find_refusal (GH_PLAN (clone)), ==, title);
      g_assert_cmpstr (find_refusal (GH_PLAN (trial)), ==, title);
      g_assert_null (find_refusal (GH_PLAN (copy)));
      title = cases[i].refused ? "“other” is running and writes to disks of “web”" : NULL;
      g_assert_cmpstr (find_refusal (GH_PLAN (template)), ==, title);
      g_clear_object (&clone);
      g_clear_object (&trial);
      g_clear_object (&copy);
      g_clear_object (&template);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/shared-images/template-undone", test_template_undone);
  g_test_add_func ("/shared-images/parent-undone", test_parent_undone);
  g_test_add_func ("/shared-images/copy-undone-blindly", test_copy_undone_blindly);
  g_test_add_func ("/shared-images/other-runs", test_other_runs);

  return g_test_run ();
}
