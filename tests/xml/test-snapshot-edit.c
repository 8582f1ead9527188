/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "gh-snapshot-edit.h"
#include "gh-xml-error.h"

#define SNAPSHOT(disks, machines) \
  "<domainsnapshot>\n  <name>one</name>\n  <disks>" disks "</disks>\n  " machines \
  "\n  <cookie><keep me='so'/></cookie>\n</domainsnapshot>\n"

static gboolean
rename_machine (GhDomainXml  *machine,
                gpointer      data,
                GError      **error)
{
  if (data == NULL)
    {
      g_set_error_literal (error, GH_XML_ERROR, GH_XML_ERROR_VALUE, "not this one");
      return FALSE;
    }
  gh_domain_xml_set_name (machine, data);
  return TRUE;
}

static void
test_external (void)
{
  g_assert_false (gh_snapshot_xml_is_external (SNAPSHOT ("<disk name='vda' snapshot='internal'/>",
                                                         "")));
  g_assert_true (gh_snapshot_xml_is_external (SNAPSHOT ("<disk name='vda' snapshot='external'/>",
                                                        "")));
  g_assert_true (gh_snapshot_xml_is_external ("<domainsnapshot><memory snapshot='external' "
                                              "file='/m'/></domainsnapshot>"));
}

static void
test_edit (void)
{
  static const char text[] = SNAPSHOT ("<disk name='vda' snapshot='internal'/>",
                                       "<domain type='kvm'><name>a</name><odd/></domain>"
                                       "<inactiveDomain type='kvm'><name>a</name>"
                                       "</inactiveDomain>");
  g_autoptr (GError) error = NULL;
  g_autofree char *edited = gh_snapshot_xml_edit (text, rename_machine, "b", &error);

  g_assert_no_error (error);
  g_assert_nonnull (strstr (edited, "<name>one</name>"));
  g_assert_nonnull (strstr (edited, "<cookie><keep me='so'/></cookie>"));
  g_assert_nonnull (strstr (edited, "<domain type=\"kvm\"><name>b</name><odd/></domain>"));
  g_assert_nonnull (strstr (edited, "<inactiveDomain type=\"kvm\"><name>b</name>"
                            "</inactiveDomain>"));
  g_assert_true (g_str_has_suffix (edited, "</domainsnapshot>"));
  g_assert_null (gh_snapshot_xml_edit (text, rename_machine, NULL, &error));
  g_assert_error (error, GH_XML_ERROR, GH_XML_ERROR_VALUE);
  g_clear_error (&error);
  g_assert_null (gh_snapshot_xml_edit ("<other/>", rename_machine, "b", &error));
  g_assert_nonnull (error);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/snapshot-xml/external", test_external);
  g_test_add_func ("/snapshot-xml/edit", test_edit);
  return g_test_run ();
}
