/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Undoing the copying of a running machine's disks, on a host of the test driver, which has no such
 * jobs: nothing is removed before everything is known that has to be. */

#include "config.h"

#include <string.h>

#include "gh-backup-xml.h"
#include "gh-faults.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "plan-test.h"

#define MIB (1024 * 1024)
#define FIRST "/default-pool/live-vda.img"
#define SECOND "/default-pool/live-vdb.img"

/* Two files that are there, and a step that is to make them. */
typedef struct
{
  GhHost *host;
  GStrv   empty;
  GStrv   before;
  GhStep *step;
} World;

static void
free_disk (gpointer disk)
{
  gh_backup_disk_free (disk);
}

static GhStep *
new_step (GhHost   *host,
          guint64   capacity,
          gboolean  freeze)
{
  g_autoptr (GPtrArray) disks = g_ptr_array_new_with_free_func (free_disk);
  GhMachine *machine = plan_test_get_machine (host, "test");

  g_ptr_array_add (disks, gh_backup_disk_new ("vda", FIRST, "raw", capacity));
  g_ptr_array_add (disks, gh_backup_disk_new ("vdb", SECOND, "raw", capacity));
  return gh_backup_step_new (gh_machine_get_uuid (machine), "test", disks, freeze);
}

static void
make_file (World      *self,
           const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GhStep) step = gh_volume_create_step_new ("default-pool", name, path, "raw", MIB, NULL,
                                                       NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_do (step, self->host, &error));
  g_assert_no_error (error);
}

static void
world_init (World *self)
{
  self->host = plan_test_new_host (NULL);
  self->empty = plan_test_list_inventory (self->host);
  make_file (self, FIRST);
  make_file (self, SECOND);
  self->before = plan_test_list_inventory (self->host);
  self->step = new_step (self->host, MIB, /* freeze= */ FALSE);
  gh_step_set_boolean (self->step, "absent", TRUE);
}

static void
world_clear (World *self)
{
  gh_faults_set (NULL);
  gh_host_disconnect (self->host);
  g_clear_object (&self->host);
  g_clear_object (&self->step);
  g_clear_pointer (&self->empty, g_strfreev);
  g_clear_pointer (&self->before, g_strfreev);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* Everything is still there, and goes once it can be told that it may. */
static void
assert_kept_and_gone (World      *self,
                      const char *faults)
{
  g_autoptr (GhStep) again = NULL;
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", faults);
  gh_faults_set (faults);
  g_assert_false (plan_test_undo (self->step, self->host, &error));
  gh_faults_set (NULL);
  g_test_message ("%s", error->message);
  plan_test_assert_inventory (self->host, self->before);

  /* As after a crash: from what the journal has; and once more does no harm. */
  again = gh_step_new_for_kind ("backup", gh_step_get_params (self->step));
  g_assert_nonnull (again);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (plan_test_undo (again, self->host, NULL));
      plan_test_assert_inventory (self->host, self->empty);
    }
}

static void
test_blind (void)
{
  static const char * const faults[] = {
    "pool-volumes:fail=38", "domain-definition-xml:fail=38", "volume-list:fail=38",
    "volume-find:fail=38", "domain-backup-look:fail=38", "domain-backup-end:fail=38",
    "volume-delete:fail=38",
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_auto (World) world = { NULL };

      world_init (&world);
      assert_kept_and_gone (&world, faults[i]);
    }
}

/* One that cannot be removed does not keep the other. */
static void
test_in_part (void)
{
  g_auto (World) world = { NULL };
  g_auto (GStrv) after = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  gh_faults_set ("volume-delete:fail=38,times=1");
  g_assert_false (plan_test_undo (world.step, world.host, &error));
  gh_faults_set (NULL);
  after = plan_test_list_inventory (world.host);
  g_assert_true (g_strv_contains ((const char * const *) after, "volume " FIRST));
  g_assert_false (g_strv_contains ((const char * const *) after, "volume " SECOND));
  g_assert_true (plan_test_undo (world.step, world.host, NULL));
  plan_test_assert_inventory (world.host, world.empty);
}

/* What it cannot have made stays. */
static void
test_guards (void)
{
  g_auto (World) world = { NULL };
  g_autoptr (GhStep) never_looked = NULL;
  g_autoptr (GhStep) other_size = NULL;
  g_autoptr (GhStep) user = NULL;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml = plan_test_dup_xml (uuid, "user", FIRST);
  g_auto (GStrv) after = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  never_looked = new_step (world.host, MIB, /* freeze= */ FALSE);
  g_assert_true (plan_test_undo (never_looked, world.host, &error));
  plan_test_assert_inventory (world.host, world.before);

  other_size = new_step (world.host, 2 * MIB, /* freeze= */ FALSE);
  gh_step_set_boolean (other_size, "absent", TRUE);
  g_assert_false (plan_test_undo (other_size, world.host, &error));
  plan_test_assert_inventory (world.host, world.before);
  g_clear_error (&error);

  /* By now a machine uses the first. */
  user = gh_define_step_new (uuid, "user", xml);
  g_assert_true (plan_test_do (user, world.host, &error));
  g_assert_false (plan_test_undo (world.step, world.host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "user (disk)"));
  after = plan_test_list_inventory (world.host);
  g_assert_true (g_strv_contains ((const char * const *) after, "volume " FIRST));
}

/* Nothing is copied over what is there, and what was not begun leaves nothing. */
static void
test_do (void)
{
  static const char * const faults[] = {
    "plan-step-backup-before:fail=1", "plan-step-backup-saved:fail=1", "domain-backup:fail=38",
    "domain-backup-begin:fail=38", "",
  };
  g_auto (World) world = { NULL };
  g_autoptr (GhStep) over = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  over = new_step (world.host, MIB, /* freeze= */ FALSE);
  g_assert_false (plan_test_do (over, world.host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  plan_test_assert_inventory (world.host, world.before);
  g_assert_true (plan_test_undo (over, world.host, NULL));
  plan_test_assert_inventory (world.host, world.before);
  g_assert_true (plan_test_undo (world.step, world.host, NULL));

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autoptr (GhPlan) plan = plan_test_plan_new (world.host, new_step (world.host, MIB, i % 2),
                                                    NULL);

      g_test_message ("%s", faults[i]);
      g_clear_error (&error);
      gh_faults_set (faults[i]);
      g_assert_false (plan_test_run (plan, &error));
      gh_faults_set (NULL);
      g_assert_cmpint (gh_plan_get_outcome (plan), ==, GH_OUTCOME_UNDONE);
      g_assert_cmpuint (plan_test_count_journals (), ==, 0);
      plan_test_assert_inventory (world.host, world.empty);
    }
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backup-step/blind", test_blind);
  g_test_add_func ("/backup-step/in-part", test_in_part);
  g_test_add_func ("/backup-step/guards", test_guards);
  g_test_add_func ("/backup-step/do", test_do);
  return g_test_run ();
}
