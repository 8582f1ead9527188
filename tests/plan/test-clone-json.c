/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What scripts are told of a clone: what they name disks and changes by. */

#include "config.h"

#include <string.h>

#include "gh-clone-plan.h"
#include "gh-threads.h"
#include "plan-test.h"

static GhHost *
new_host (void)
{
  return plan_test_new_host (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>web</name><uuid>dddddddd-0000-4000-8000-000000000001</uuid><memory>4096</memory>"
    "<os><type>hvm</type></os><devices>"
    "<disk type='file' device='disk'><source file='/nowhere/web.img'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<interface type='user'><mac address='52:54:00:11:22:33'/></interface>"
    "<filesystem type='mount'><source dir='/srv/shared'/><target dir='shared'/></filesystem>"
    "</devices><test:runstate>5</test:runstate></domain></node>");
}

/* The element of @array whose @key is @value. */
static JsonObject *
find (JsonArray  *array,
      const char *key,
      const char *value)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);

      if (strcmp (json_object_get_string_member (object, key), value) == 0)
        return object;
    }
  g_assert_not_reached ();
}

static void
assert_choices (JsonObject *change,
                const char *wanted)
{
  g_autoptr (GString) found = g_string_new (NULL);
  JsonArray *choices = json_object_get_array_member (change, "choices");

  for (guint i = 0; i < json_array_get_length (choices); i++)
    g_string_append_printf (found, "%s ", json_array_get_string_element (choices, i));
  g_assert_cmpstr (found->str, ==, wanted);
}

static void
test_json (void)
{
  GhHost *host = new_host ();
  g_autoptr (GhClonePlan) plan = gh_clone_plan_new (plan_test_get_machine (host, "web"));
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object = NULL;
  JsonObject *disk = NULL;
  JsonObject *change = NULL;

  gh_clone_plan_set_disk_mode (plan, "vda", GH_CLONE_LEAVE_OUT);
  gh_clone_plan_set_change (plan, "filesystem-0", "remove");
  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  g_assert_no_error (error);
  node = gh_plan_to_json (GH_PLAN (plan));
  object = json_node_get_object (node);

  disk = find (json_object_get_array_member (object, "disks"), "target", "vda");
  g_assert_cmpstr (json_object_get_string_member (disk, "mode"), ==, "leave-out");
  g_assert_true (json_object_get_boolean_member (disk, "chosen"));
  g_assert_cmpstr (json_object_get_string_member (disk, "reason"), !=, "");

  change = find (json_object_get_array_member (object, "changes"), "id", "filesystem-0");
  g_assert_cmpstr (json_object_get_string_member (change, "default"), ==, "keep");
  g_assert_cmpstr (json_object_get_string_member (change, "before"), ==, "/srv/shared");
  g_assert_true (json_object_get_null_member (change, "after"));
  g_assert_true (json_object_get_boolean_member (change, "chosen"));
  assert_choices (change, "keep remove ");

  change = find (json_object_get_array_member (object, "changes"), "id", "mac-0");
  g_assert_cmpstr (json_object_get_string_member (change, "default"), ==, "new");
  g_assert_false (json_object_get_boolean_member (change, "chosen"));
  assert_choices (change, "keep new value ");

  /* It changes, but not as anybody chooses. */
  change = find (json_object_get_array_member (object, "changes"), "id", "uuid");
  g_assert_true (json_object_get_null_member (change, "default"));
  assert_choices (change, "");

  g_clear_object (&plan);
  gh_host_disconnect (host);
  g_object_unref (host);
}

/* Nothing is known yet: the lists are there, and empty. */
static void
test_unprepared (void)
{
  GhHost *host = new_host ();
  g_autoptr (GhClonePlan) plan = gh_clone_plan_new (plan_test_get_machine (host, "web"));
  g_autoptr (JsonNode) node = gh_plan_to_json (GH_PLAN (plan));
  JsonObject *object = json_node_get_object (node);

  JsonArray *disks = json_object_get_array_member (object, "disks");
  JsonArray *changes = json_object_get_array_member (object, "changes");

  g_assert_cmpuint (json_array_get_length (disks), ==, 0);
  g_assert_cmpuint (json_array_get_length (changes), ==, 0);
  g_clear_object (&plan);
  gh_host_disconnect (host);
  g_object_unref (host);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/clone-json/json", test_json);
  g_test_add_func ("/clone-json/unprepared", test_unprepared);

  return g_test_run ();
}
