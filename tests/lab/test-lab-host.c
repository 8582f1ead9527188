/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the command line tells of a host, with libvirt and without. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_facts (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "host", "--json", NULL);
  g_autoptr (GhLabRun) text = gh_lab_run (lab, "host", NULL);
  JsonObject *object = NULL;
  unsigned long version = 0;
  g_autofree char *expected = NULL;

  gh_lab_assert_status (run, 0);
  gh_lab_assert_status (text, 0);
  object = json_node_get_object (run->json);
  g_assert_cmpint (virConnectGetVersion (gh_lab_connect (lab), &version), ==, 0);
  expected = g_strdup_printf ("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000,
                              version % 1000);
  g_assert_cmpstr (json_object_get_string_member (object, "driver"), ==, "QEMU");
  g_assert_cmpstr (json_object_get_string_member (object, "driver-version"), ==, expected);
  g_assert_cmpint (json_object_get_int_member (object, "cpus"), ==, g_get_num_processors ());
  g_assert_cmpint (json_object_get_int_member (object, "memory-kib"), >,
                   json_object_get_int_member (object, "free-memory-kib"));
  g_assert_true (json_object_get_boolean_member (object, "spice"));
  g_assert_true (gh_lab_run_has_check (run, "qemu", "ok"));
  g_assert_nonnull (strstr (text->out, expected));
  g_assert_true (json_object_get_boolean_member (object, "vnc"));
  g_assert_cmpint (json_object_get_int_member (object, "machine-cpus-max"), >, 0);
  g_assert_nonnull (strstr (text->out, "Secure Boot"));
  g_assert_nonnull (strstr (text->out, "VNC"));
  g_assert_nonnull (strstr (text->out, "CPUs at most"));
}

static void
define_pool (GhLab      *lab,
             const char *name,
             gboolean    start)
{
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), name, NULL);
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>%s</name><target><path>%s</path>"
                                          "</target></pool>", name, path);
  virStoragePoolPtr pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);

  g_assert_nonnull (pool);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  if (start)
    g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static JsonObject *
find_pool (GhLabRun   *run,
           const char *name)
{
  JsonArray *array = json_object_get_array_member (json_node_get_object (run->json), "pools");

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = json_array_get_object_element (array, i);

      if (strcmp (json_object_get_string_member (object, "name"), name) == 0)
        return object;
    }
  return NULL;
}

/* How busy it is, and how full. */
static void
test_load (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) text = NULL;
  JsonObject *object = NULL;
  JsonObject *pool = NULL;
  double use = 0.0;

  define_pool (lab, "started", TRUE);
  define_pool (lab, "resting", FALSE);
  run = gh_lab_run (lab, "host", "--json", NULL);
  text = gh_lab_run (lab, "host", NULL);
  gh_lab_assert_status (run, 0);
  object = json_node_get_object (run->json);
  g_assert_true (json_object_has_member (object, "cpu-use"));
  use = json_object_get_double_member (object, "cpu-use");
  g_assert_cmpfloat (use, >=, 0.0);
  g_assert_cmpfloat (use, <=, 1.0);

  pool = find_pool (run, "started");
  g_assert_nonnull (pool);
  g_assert_true (json_object_get_boolean_member (pool, "active"));
  g_assert_true (json_object_has_member (pool, "path"));
  g_assert_cmpint (json_object_get_int_member (pool, "free"), >, 0);
  g_assert_cmpint (json_object_get_int_member (pool, "capacity"), >=,
                   json_object_get_int_member (pool, "free"));
  pool = find_pool (run, "resting");
  g_assert_nonnull (pool);
  g_assert_false (json_object_get_boolean_member (pool, "active"));
  g_assert_false (json_object_has_member (pool, "free"));

  gh_lab_assert_status (text, 0);
  g_assert_nonnull (strstr (text->out, "CPU use"));
  g_assert_nonnull (strstr (text->out, "  started: /"));
  g_assert_nonnull (strstr (text->out, ", not started\n"));
  g_test_message ("%s", text->out);
}

/* Why libvirt cannot be reached may be just what is asked about. */
static void
test_without_libvirt (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "-c", "qemu+unix:///session?socket=/nowhere/sock",
                                         "host", "--json", NULL);
  JsonObject *object = NULL;

  gh_lab_assert_status (run, 1);
  object = json_node_get_object (run->json);
  g_assert_true (json_object_has_member (object, "error"));
  g_assert_false (json_object_has_member (object, "driver"));
  g_assert_true (gh_lab_run_has_check (run, "qemu", "ok"));
  g_assert_cmpint (gh_lab_get_daemon_pid (lab), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab-host/facts", test_facts);
  g_test_add_func ("/lab-host/load", test_load);
  g_test_add_func ("/lab-host/without-libvirt", test_without_libvirt);
  return g_test_run ();
}
