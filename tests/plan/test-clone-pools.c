/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Disks that are logical volumes: copies of them are volumes of the group, by the host and without
 * a format; what is linked to them is a file. A group with devices would need an administrator, so
 * what is planned and asked for is looked at, and how libvirt's test driver takes it. */

#include "config.h"

#include <string.h>

#include "gh-clone-plan.h"
#include "gh-faults.h"
#include "gh-threads.h"
#include "plan-test.h"

#define LEAD "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>" \
  "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"

static const char node_xml[] =
  LEAD
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
  "<name>web</name><uuid>dddddddd-0000-4000-8000-000000000001</uuid><memory>4096</memory>"
  "<os><type>hvm</type></os><devices>"
  "<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/vg/web'/>"
  "<target dev='vda' bus='virtio'/></disk>"
  "<disk type='volume' device='disk'><driver name='qemu' type='raw'/>"
  "<source pool='vg' volume='data'/><target dev='vdb' bus='virtio'/></disk>"
  "</devices><test:runstate>5</test:runstate></domain>"
  "<pool type='logical'><name>vg</name><uuid>aaaaaaaa-0000-0000-0000-000000000001</uuid>"
  "<source><name>vg</name></source><target><path>/dev/vg</path></target>"
  "<volume><name>web</name><capacity>1048576</capacity><allocation>1048576</allocation>"
  "<target><path>/dev/vg/web</path></target></volume>"
  "<volume><name>data</name><capacity>2097152</capacity><allocation>2097152</allocation>"
  "<target><path>/dev/vg/data</path></target></volume></pool>"
  "<pool type='dir'><name>files</name><uuid>aaaaaaaa-0000-0000-0000-000000000002</uuid>"
  "<target><path>/files</path></target></pool></node>";

typedef struct
{
  GhHost      *host;
  GhClonePlan *plan;
  GStrv        inventory;
} World;

static void
world_init (World *self)
{
  self->host = plan_test_new_host (node_xml);
  self->inventory = plan_test_list_inventory (self->host);
  self->plan = gh_clone_plan_new (plan_test_get_machine (self->host, "web"));
  g_object_set (self->plan, "name", "two", NULL);
}

static void
world_clear (World *self)
{
  g_clear_object (&self->plan);
  gh_host_disconnect (self->host);
  g_clear_object (&self->host);
  g_strfreev (self->inventory);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static void
prepare (World *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_prepare (GH_PLAN (self->plan), &error));
  g_assert_no_error (error);
}

static const GhCloneDisk *
get_disk (World      *self,
          const char *target)
{
  GPtrArray *disks = gh_clone_plan_get_disks (self->plan);

  for (guint i = 0; i < disks->len; i++)
    if (strcmp (((GhCloneDisk *) disks->pdata[i])->target, target) == 0)
      return g_ptr_array_index (disks, i);
  g_assert_not_reached ();
}

/* The first step with @word in its command. */
static char *
dup_command (World      *self,
             const char *word)
{
  GPtrArray *steps = gh_plan_get_steps (GH_PLAN (self->plan));

  for (guint i = 0; i < steps->len; i++)
    {
      g_autofree char *command = gh_step_dup_command (g_ptr_array_index (steps, i));

      if (strstr (command, word) != NULL)
        return g_steal_pointer (&command);
    }
  return NULL;
}

static void
assert_has (World      *self,
            const char *thing)
{
  g_auto (GStrv) now = plan_test_list_inventory (self->host);

  if (!g_strv_contains ((const char * const *) now, thing))
    {
      g_autofree char *all = g_strjoinv ("\n", now);

      g_error ("no %s in\n%s", thing, all);
    }
}

static void
test_copied (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *command = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  prepare (&world);
  g_assert_cmpstr (get_disk (&world, "vda")->pool, ==, "vg");
  g_assert_cmpstr (get_disk (&world, "vda")->destination, ==, "/dev/vg/two-vda");
  g_assert_cmpstr (get_disk (&world, "vdb")->destination, ==, "/dev/vg/two-vdb");
  g_assert_nonnull (plan_test_find_check (GH_PLAN (world.plan), "copy-not-stoppable"));
  /* A logical volume is of a size, and of no format. */
  command = dup_command (&world, "<name>two-vda</name>");
  g_assert_nonnull (command);
  g_assert_nonnull (strstr (command, "vol-create-from --pool vg"));
  g_assert_nonnull (strstr (command, "--vol /dev/vg/web"));
  g_assert_nonnull (strstr (command, ">1048576</capacity>"));
  g_assert_null (strstr (command, "qcow2"));
  /* With less than all of its space libvirt would make a snapshot of it, as small as that. */
  g_assert_null (strstr (command, "allocation"));

  g_assert_true (plan_test_run (GH_PLAN (world.plan), &error));
  g_assert_no_error (error);
  assert_has (&world, "volume /dev/vg/two-vda");
  assert_has (&world, "volume /dev/vg/two-vdb");
  assert_has (&world, "machine two off");
}

/* One of them into a pool of files, and nothing of it stays when the plan fails. */
static void
test_mixed (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GError) error = NULL;

  world_init (&world);
  gh_clone_plan_set_disk_pool (world.plan, "vda", "files");
  prepare (&world);
  g_assert_cmpstr (get_disk (&world, "vda")->destination, ==, "/files/two-vda.img");
  g_assert_cmpstr (get_disk (&world, "vdb")->destination, ==, "/dev/vg/two-vdb");
  gh_faults_set ("domain-define:fail=1");
  g_assert_false (plan_test_run (GH_PLAN (world.plan), &error));
  gh_faults_set (NULL);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (world.plan)), ==, GH_OUTCOME_UNDONE);
  plan_test_assert_inventory (world.host, world.inventory);
}

/* An overlay is a file, wherever what it lies on is. */
static void
test_linked (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *command = NULL;

  world_init (&world);
  g_object_set (world.plan, "linked", TRUE, NULL);
  prepare (&world);
  g_assert_cmpstr (get_disk (&world, "vda")->pool, ==, "files");
  g_assert_cmpstr (get_disk (&world, "vda")->destination, ==, "/files/two-vda.qcow2");
  command = dup_command (&world, "--backing-vol /dev/vg/web --backing-vol-format raw");
  g_assert_nonnull (command);
  g_assert_nonnull (strstr (command, "--format qcow2"));

  /* Not where no file can be. */
  gh_clone_plan_set_disk_pool (world.plan, "vda", "vg");
  prepare (&world);
  g_assert_nonnull (plan_test_find_check (GH_PLAN (world.plan), "disk-impossible"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/clone-pools/copied", test_copied);
  g_test_add_func ("/clone-pools/mixed", test_mixed);
  g_test_add_func ("/clone-pools/linked", test_linked);

  return g_test_run ();
}
