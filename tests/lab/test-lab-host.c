/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the command line tells of a host, with libvirt and without. */

#include "gh-lab.h"

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
  g_test_add_func ("/lab-host/without-libvirt", test_without_libvirt);
  return g_test_run ();
}
