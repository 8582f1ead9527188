/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Several machines and one image: what undoing and linking have to know about the others. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gh-faults.h"
#include "gh-machine-mark.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "plan-test.h"

#define WEB "eeeeeeee-0000-4000-8000-000000000001"
#define OTHER "eeeeeeee-0000-4000-8000-000000000002"

#define MACHINE "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>%s</name><uuid>%s</uuid><memory>4096</memory><os><type>hvm</type></os><devices>" \
  "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>" \
  "<target dev='vda'/></disk></devices><test:runstate>%s</test:runstate></domain>"

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
            const char *state) /* of the other machine */
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *xml = NULL;

  world->base = g_build_filename (folder, "base.qcow2", NULL);
  world->own = g_build_filename (folder, "own.qcow2", NULL);
  world->other = g_build_filename (folder, other, NULL);
  gh_test_write_qcow2 (world->other, NULL);
  gh_test_write_qcow2 (world->base, NULL);
  gh_test_write_qcow2 (world->own, world->base);
  g_assert_cmpint (g_chmod (world->base, 0640), ==, 0);
  xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    MACHINE MACHINE "</node>", "web", WEB, world->base, "5", "other", OTHER, world->other, state);
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

  world_init (&world, "other.qcow2", "5");
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

  world_init (&world, "other.qcow2", "5");
  gh_parent_step_add_disk (step, "vda", world.base, "qcow2", world.own);
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

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/shared-images/template-undone", test_template_undone);
  g_test_add_func ("/shared-images/parent-undone", test_parent_undone);

  return g_test_run ();
}
