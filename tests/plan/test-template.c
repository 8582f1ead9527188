/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Machines that become templates, and machines again: what is recorded, what is protected, and
 * that it is all taken back. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gh-faults.h"
#include "gh-machine-mark.h"
#include "gh-steps.h"
#include "gh-template-plan.h"
#include "gh-threads.h"
#include "plan-test.h"

#define UUID "bbbbbbbb-0000-4000-8000-000000000001"

typedef struct
{
  GhHost *host;
  char   *disk;
  char   *link;
} World;

static void
world_init (World      *world,
            const char *state)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;

  world->disk = g_build_filename (folder, "disk.img", NULL);
  world->link = g_build_filename (folder, "link.img", NULL);
  g_file_set_contents (world->disk, "data", -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (world->disk, 0640), ==, 0);
  g_assert_cmpint (symlink (world->disk, world->link), ==, 0);
  xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>base</name><uuid>" UUID "</uuid>"
    "<metadata><g:machine xmlns:g='" GH_MACHINE_MARK_NAMESPACE "'>"
    "<g:parent uuid='u' name='the parent'/></g:machine></metadata>"
    "<memory>4096</memory><os><type>hvm</type></os><devices>"
    "<disk type='file' device='disk'><source file='%s'/><target dev='vda'/></disk>"
    "<disk type='file' device='disk'><source file='/nowhere/x'/><target dev='vdb'/></disk>"
    "<disk type='file' device='cdrom'><source file='/etc/passwd'/><target dev='hdc'/></disk>"
    "</devices><test:runstate>%s</test:runstate></domain></node>", world->link, state);
  world->host = plan_test_new_host (xml);
}

static void
world_clear (World *world)
{
  gh_faults_set (NULL);
  gh_host_disconnect (world->host);
  g_clear_object (&world->host);
  g_free (world->disk);
  g_free (world->link);
}

static GhMachineMark *
load_mark (World *world)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GhDefinition) definition = NULL;

  gh_host_load_definition_async (world->host, UUID, NULL, gh_test_call_cb, &call);
  definition = gh_host_load_definition_finish (world->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return gh_machine_mark_new (definition->metadata);
}

static gboolean
is_template (gpointer machine)
{
  return gh_machine_get_kind (machine) == GH_MACHINE_TEMPLATE;
}

static gboolean
is_clone (gpointer machine)
{
  return gh_machine_get_kind (machine) == GH_MACHINE_LINKED_CLONE;
}

static void
assert_state (World    *world,
              gboolean  is_template,
              guint     mode)
{
  g_autoptr (GhMachineMark) mark = load_mark (world);
  GStatBuf status;

  g_assert_cmpint (mark->is_template, ==, is_template);
  g_assert_cmpstr (mark->parent_name, ==, "the parent");
  g_assert_cmpint (g_stat (world->disk, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, mode);
}

static void
test_step (void)
{
  World world = { 0 };
  g_autoptr (GhStep) on = NULL;
  g_autoptr (GhStep) on_again = NULL;
  g_autoptr (GhStep) off = NULL;
  g_autoptr (GhStep) copy = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world, "5");
  assert_state (&world, FALSE, 0640);

  on = gh_template_step_new (UUID, "base", TRUE);
  g_assert_true (plan_test_do (on, world.host, &error));
  g_assert_no_error (error);
  assert_state (&world, TRUE, 0440);

  /* It was one already: not to be taken back. */
  on_again = gh_template_step_new (UUID, "base", TRUE);
  g_assert_true (plan_test_do (on_again, world.host, &error));
  g_assert_true (plan_test_undo (on_again, world.host, &error));
  assert_state (&world, TRUE, 0440);

  /* By a program that knows only the metadata. */
  off = gh_template_step_new (UUID, "base", FALSE);
  g_assert_true (plan_test_do (off, world.host, &error));
  assert_state (&world, FALSE, 0640);
  g_assert_true (plan_test_undo (off, world.host, &error));
  assert_state (&world, TRUE, 0440);

  /* By a program that knows only the journal; twice. */
  copy = gh_step_new_for_kind ("template", gh_step_get_params (on));
  g_assert_true (plan_test_undo (copy, world.host, &error));
  assert_state (&world, FALSE, 0640);
  g_assert_true (plan_test_undo (copy, world.host, &error));
  assert_state (&world, FALSE, 0640);
  g_assert_no_error (error);
  world_clear (&world);
}

static void
test_step_running (void)
{
  World world = { 0 };
  g_autoptr (GhStep) on = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world, "1");
  on = gh_template_step_new (UUID, "base", TRUE);
  g_assert_false (plan_test_do (on, world.host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_true (plan_test_undo (on, world.host, NULL));
  assert_state (&world, FALSE, 0640);
  world_clear (&world);
}

/* Whatever fails, undoing brings back what was. */
static void
test_step_fails (void)
{
  static const char * const faults[] = {
    "domain-definition:fail=38", "domain-set-metadata:fail=38", "template-files:fail=38",
    "template-files:fail=38,after=1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      World world = { 0 };
      g_autoptr (GhStep) on = gh_template_step_new (UUID, "base", TRUE);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", faults[i]);
      world_init (&world, "5");
      gh_faults_set (faults[i]);
      g_assert_false (plan_test_do (on, world.host, &error));
      g_assert_nonnull (error);
      gh_faults_set (NULL);
      g_assert_true (plan_test_undo (on, world.host, NULL));
      assert_state (&world, FALSE, 0640);
      world_clear (&world);
    }
}

/* A file that somebody has given another mode since is left as it is. */
static void
test_step_mode_changed (void)
{
  World world = { 0 };
  g_autoptr (GhStep) on = gh_template_step_new (UUID, "base", TRUE);

  world_init (&world, "5");
  g_assert_true (plan_test_do (on, world.host, NULL));
  g_assert_cmpint (g_chmod (world.disk, 0400), ==, 0);
  g_assert_true (plan_test_undo (on, world.host, NULL));
  assert_state (&world, FALSE, 0400);
  world_clear (&world);
}

static const char *
find_check (GhPlan     *plan,
            const char *id)
{
  GhCheck *check = plan_test_find_check (plan, id);

  return check != NULL ? gh_check_get_title (check) : NULL;
}

static void
set_autostart (World    *world,
               gboolean  autostart)
{
  g_auto (GhTestCall) call = { 0 };

  gh_host_set_autostart_async (world->host, UUID, autostart, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_host_set_autostart_finish (world->host, gh_test_call_wait (&call), NULL));
}

static gboolean
load_autostart (World *world)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhDefinition) definition = NULL;

  gh_host_load_definition_async (world->host, UUID, NULL, gh_test_call_cb, &call);
  definition = gh_host_load_definition_finish (world->host, gh_test_call_wait (&call), NULL);
  return definition->autostart;
}

/* A template is not started by its host either, and is again when it is a machine. */
static void
test_step_autostart (void)
{
  World world = { 0 };
  g_autoptr (GhStep) on = gh_template_step_new (UUID, "base", TRUE);
  g_autoptr (GhStep) undone = gh_template_step_new (UUID, "base", TRUE);
  g_autoptr (GhStep) off = gh_template_step_new (UUID, "base", FALSE);

  world_init (&world, "5");
  set_autostart (&world, TRUE);
  g_assert_true (plan_test_do (undone, world.host, NULL));
  g_assert_false (load_autostart (&world));
  g_assert_true (plan_test_undo (undone, world.host, NULL));
  g_assert_true (load_autostart (&world));

  g_assert_true (plan_test_do (on, world.host, NULL));
  g_assert_false (load_autostart (&world));
  g_assert_true (plan_test_do (off, world.host, NULL));
  g_assert_true (load_autostart (&world));
  assert_state (&world, FALSE, 0640);

  world_clear (&world);
}

static void
test_plan (void)
{
  World world = { 0 };
  g_autoptr (GhTemplatePlan) on = NULL;
  g_autoptr (GhTemplatePlan) off = NULL;
  g_autoptr (GError) error = NULL;
  GhMachine *machine = NULL;

  world_init (&world, "5");
  machine = plan_test_get_machine (world.host, "base");
  on = gh_template_plan_new (machine, TRUE);
  g_assert_true (plan_test_run (GH_PLAN (on), &error));
  g_assert_no_error (error);
  assert_state (&world, TRUE, 0440);
  gh_test_wait_until (is_template, machine);
  g_assert_cmpstr (gh_machine_get_parent_name (machine), ==, "the parent");

  off = gh_template_plan_new (machine, FALSE);
  g_assert_true (plan_test_run (GH_PLAN (off), &error));
  assert_state (&world, FALSE, 0640);
  gh_test_wait_until (is_clone, machine);
  world_clear (&world);
}

static void
test_plan_running (void)
{
  World world = { 0 };
  g_autoptr (GhTemplatePlan) on = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world, "1");
  on = gh_template_plan_new (plan_test_get_machine (world.host, "base"), TRUE);
  g_assert_false (plan_test_run (GH_PLAN (on), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpstr (find_check (GH_PLAN (on), "machine-running"), ==, "“base” is running");
  world_clear (&world);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/template/step", test_step);
  g_test_add_func ("/template/step-running", test_step_running);
  g_test_add_func ("/template/step-fails", test_step_fails);
  g_test_add_func ("/template/step-mode-changed", test_step_mode_changed);
  g_test_add_func ("/template/step-autostart", test_step_autostart);
  g_test_add_func ("/template/plan", test_plan);
  g_test_add_func ("/template/plan-running", test_plan_running);

  return g_test_run ();
}
