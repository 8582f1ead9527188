/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "gh-left-files.h"
#include "gh-machine-metadata.h"

#define HOST "5cd0fa4c-2d1c-4c4f-8d36-1d34ff1a3f0b"
#define OTHER "6cd0fa4c-2d1c-4c4f-8d36-1d34ff1a3f0b"
#define LEFT(host, path) "<left host='" host "' uri='qemu:///system' path='" path "' " \
                         "pool='default'/>"

static void
test_list (void)
{
  static const char element[] =
    "<machine>" LEFT (HOST, "/a") LEFT (HOST, "relative") LEFT ("nobody", "/b")
    "<left host='" HOST "' path='/c'/><left xmlns='urn:x' host='" HOST "' uri='u' path='/d'/>"
    "<note/>" LEFT (OTHER, "/a") "</machine>";
  g_autoptr (GPtrArray) files = gh_left_files_list (element);
  g_autoptr (GPtrArray) none = gh_left_files_list (NULL);
  g_autoptr (GPtrArray) broken = gh_left_files_list ("<machine><left");
  g_autofree char *without = gh_left_files_dup_without (element, HOST, "/a");
  g_autofree char *last = gh_left_files_dup_without ("<machine>" LEFT (HOST, "/a") "</machine>",
                                                     HOST, "/a");
  const GhLeftFile *file = NULL;

  g_assert_cmpuint (files->len, ==, 2);
  file = g_ptr_array_index (files, 0);
  g_assert_cmpstr (file->host, ==, HOST);
  g_assert_cmpstr (file->uri, ==, "qemu:///system");
  g_assert_cmpstr (file->path, ==, "/a");
  g_assert_cmpstr (file->pool, ==, "default");
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (broken->len, ==, 0);
  g_assert_nonnull (strstr (without, LEFT (OTHER, "/a")));
  g_assert_null (strstr (without, LEFT (HOST, "/a")));
  g_assert_nonnull (strstr (without, "<note/>"));
  g_assert_null (last);
}

/* In a machine's document: once each, and a clone has none. */
static void
test_machine (void)
{
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (
    "<domain type='kvm'><name>a</name></domain>", NULL);
  g_autofree char *before = gh_domain_xml_to_string (xml);
  GhLeftFile *file = gh_left_file_new (HOST, "qemu:///system", "/a", "default");
  g_autofree char *element = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GhMachineMark) mark = NULL;

  gh_domain_xml_add_left (xml, file);
  gh_domain_xml_add_left (xml, file);
  gh_left_file_free (file);
  element = gh_domain_xml_dup_machine_metadata (xml);
  files = gh_left_files_list (element);
  g_assert_cmpuint (files->len, ==, 1);
  mark = gh_machine_mark_new (element);
  g_assert_cmpstr (mark->left_uri, ==, "qemu:///system");
  g_assert_cmpint (mark->kind, ==, GH_MACHINE_ORDINARY);
  gh_domain_xml_remove_left (xml);
  after = gh_domain_xml_to_string (xml);
  g_assert_null (strstr (after, "left"));
  g_assert_null (strstr (after, "metadata"));
  g_assert_null (strstr (before, "metadata"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/left-files/list", test_list);
  g_test_add_func ("/left-files/machine", test_machine);
  return g_test_run ();
}
