/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-machine-metadata.h"

#include <string.h>

#include "xml-test-data.h"

#define UUID "11111111-2222-4333-8444-555555555555"

static GhDomainXml *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  GhDomainXml *xml = gh_domain_xml_new_from_string (text, &error);

  g_assert_no_error (error);
  return xml;
}

static void
assert_text (GhDomainXml *xml,
             const char  *expected)
{
  g_autofree char *text = gh_domain_xml_to_string (xml);

  g_assert_cmpstr (text, ==, expected);
}

/* Another reader sees the same. */
static GhDomainXml *
reread (GhDomainXml *xml)
{
  g_autofree char *text = gh_domain_xml_to_string (xml);

  return read_text (text);
}

static void
test_none (void)
{
  g_autofree char *text = load_data ("spice-inactive.xml");
  g_autoptr (GhDomainXml) xml = read_text (text);
  g_autofree char *uuid = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_parent_disks (xml);

  g_assert_false (gh_domain_xml_is_template (xml));
  g_assert_false (gh_domain_xml_get_parent (xml, &uuid, &name));
  g_assert_null (uuid);
  g_assert_null (name);
  g_assert_null (gh_domain_xml_dup_trial_of (xml));
  g_assert_null (gh_domain_xml_dup_machine_metadata (xml));
  g_assert_cmpuint (disks->len, ==, 0);
  g_assert_cmpint (gh_domain_xml_get_kind (xml), ==, GH_MACHINE_ORDINARY);

  gh_domain_xml_set_template (xml, FALSE);
  gh_domain_xml_set_parent (xml, NULL, NULL, NULL);
  gh_domain_xml_set_trial_of (xml, NULL, NULL, NULL, NULL);
  assert_text (xml, text);
}

static void
test_template (void)
{
  g_autofree char *text = load_data ("spice-inactive.xml");
  g_autoptr (GhDomainXml) xml = read_text (text);
  g_autoptr (GhDomainXml) again = NULL;

  gh_domain_xml_set_template (xml, TRUE);
  again = reread (xml);
  g_assert_true (gh_domain_xml_is_template (again));
  g_assert_cmpint (gh_domain_xml_get_kind (again), ==, GH_MACHINE_TEMPLATE);

  /* What was there before is there again, byte for byte. */
  gh_domain_xml_set_template (again, FALSE);
  assert_text (again, text);
  gh_domain_xml_set_template (xml, FALSE);
  assert_text (xml, text);
}

static void
test_no_metadata (void)
{
  static const char text[] = "<domain>\n  <name>a</name>\n  <uuid>b</uuid>\n</domain>\n";
  g_autoptr (GhDomainXml) xml = read_text (text);

  gh_domain_xml_set_template (xml, TRUE);
  assert_text (xml, "<domain>\n  <name>a</name>\n  <uuid>b</uuid>\n  <metadata>"
                    "<guesthouse:machine xmlns:guesthouse=\"" GH_METADATA_NAMESPACE "\">"
                    "<guesthouse:template/></guesthouse:machine></metadata>\n</domain>\n");
  gh_domain_xml_set_template (xml, FALSE);
  assert_text (xml, text);
}

static void
test_parent (void)
{
  g_autoptr (GhDomainXml) xml = read_text ("<domain><name>a</name></domain>");
  g_autoptr (GPtrArray) disks =
    g_ptr_array_new_with_free_func ((GDestroyNotify) gh_metadata_disk_free);
  g_autoptr (GPtrArray) read = NULL;
  g_autoptr (GhDomainXml) again = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *name = NULL;
  GhMetadataDisk *disk = NULL;

  g_ptr_array_add (disks, gh_metadata_disk_new ("vda", "/a/<'\"&>.qcow2", "qcow2"));
  g_ptr_array_add (disks, gh_metadata_disk_new ("vdb", "/b.img", "raw"));
  gh_domain_xml_set_parent (xml, "old", "old", NULL);
  gh_domain_xml_set_parent (xml, UUID, "a<b>&'\"", disks);
  again = reread (xml);

  g_assert_true (gh_domain_xml_get_parent (again, &uuid, &name));
  g_assert_cmpstr (uuid, ==, UUID);
  g_assert_cmpstr (name, ==, "a<b>&'\"");
  g_assert_cmpint (gh_domain_xml_get_kind (again), ==, GH_MACHINE_LINKED_CLONE);
  read = gh_domain_xml_list_parent_disks (again);
  g_assert_cmpuint (read->len, ==, 2);
  disk = g_ptr_array_index (read, 0);
  g_assert_cmpstr (disk->target, ==, "vda");
  g_assert_cmpstr (disk->base, ==, "/a/<'\"&>.qcow2");
  g_assert_cmpstr (disk->format, ==, "qcow2");
  disk = g_ptr_array_index (read, 1);
  g_assert_cmpstr (disk->format, ==, "raw");

  gh_domain_xml_set_parent (again, NULL, NULL, NULL);
  assert_text (again, "<domain><name>a</name></domain>");
}

static void
assert_base (const GhMarkedBase *base,
             const GhMarkedBase *expected)
{
  g_assert_cmpstr (base->path, ==, expected->path);
  g_assert_cmpuint (base->length, ==, expected->length);
  g_assert_cmpint (base->changed_ns, ==, expected->changed_ns);
  g_assert_cmpuint (base->inode, ==, expected->inode);
}

static void
test_trial (void)
{
  g_autoptr (GhDomainXml) xml = read_text ("<domain><name>a</name></domain>");
  g_autofree char *uuid = NULL;
  g_autofree char *name = NULL;
  g_autofree char *parent = NULL;
  g_autoptr (GhMarkedBase) base = gh_marked_base_new ("/p/a&b", 4096, 1700000000123456789, 17);
  g_autoptr (GhMachineMark) mark = NULL;

  gh_domain_xml_set_parent (xml, "p", "parent", NULL);
  gh_domain_xml_set_trial_of (xml, UUID, "web", NULL, NULL);
  gh_domain_xml_add_trial_base (xml, base);
  mark = gh_machine_mark_new_for_domain (xml);
  g_assert_cmpuint (mark->bases->len, ==, 1);
  assert_base (g_ptr_array_index (mark->bases, 0), base);
  uuid = gh_domain_xml_dup_trial_of (xml);
  name = gh_domain_xml_dup_trial_of_name (xml);
  g_assert_cmpstr (uuid, ==, UUID);
  g_assert_cmpstr (name, ==, "web");
  g_assert_cmpint (gh_domain_xml_get_kind (xml), ==, GH_MACHINE_TRIAL);

  /* Kept as a machine, it still depends on its parent. */
  gh_domain_xml_set_trial_of (xml, NULL, NULL, NULL, NULL);
  g_assert_true (gh_domain_xml_get_parent (xml, &parent, NULL));
  g_assert_cmpstr (parent, ==, "p");
  g_assert_cmpint (gh_domain_xml_get_kind (xml), ==, GH_MACHINE_LINKED_CLONE);
}

/* Another version of ours may have written more, and others write beside us. */
static void
test_unknown (void)
{
  static const char text[] =
    "<domain><metadata><x:y xmlns:x='z'/><g:machine xmlns:g='" GH_METADATA_NAMESPACE "' a='b'>"
    "<g:color>red</g:color></g:machine></metadata></domain>";
  g_autoptr (GhDomainXml) xml = read_text (text);

  gh_domain_xml_set_template (xml, TRUE);
  assert_text (xml,
               "<domain><metadata><x:y xmlns:x='z'/>"
               "<g:machine xmlns:g='" GH_METADATA_NAMESPACE "' a='b'><g:template/>"
               "<g:color>red</g:color></g:machine></metadata></domain>");
  gh_domain_xml_set_template (xml, FALSE);
  assert_text (xml, text);
}

static void
test_exchange (void)
{
  g_autoptr (GhDomainXml) xml = read_text ("<domain><name>a</name></domain>");
  g_autofree char *text = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *name = NULL;

  gh_domain_xml_set_parent (xml, UUID, "web & co", NULL);
  text = gh_domain_xml_dup_machine_metadata (xml);
  g_assert_cmpstr (text, ==,
                   "<machine><parent uuid=\"" UUID "\" name=\"web &amp; co\"/></machine>");
  g_assert_cmpint (gh_machine_metadata_parse (text, &uuid, &name), ==, GH_MACHINE_LINKED_CLONE);
  g_assert_cmpstr (uuid, ==, UUID);
  g_assert_cmpstr (name, ==, "web & co");
}

static void
test_parse (void)
{
  static const struct
  {
    const char   *text;
    GhMachineKind kind;
  } cases[] = {
    { NULL, GH_MACHINE_ORDINARY },
    { "", GH_MACHINE_ORDINARY },
    { "<machine", GH_MACHINE_ORDINARY },
    { "<machine/>", GH_MACHINE_ORDINARY },
    { "<other><template/></other>", GH_MACHINE_ORDINARY },
    { "<machine><x:template xmlns:x='y'/></machine>", GH_MACHINE_ORDINARY },
    { "<machine><template/></machine>", GH_MACHINE_TEMPLATE },
    { "<machine><template/><parent/></machine>", GH_MACHINE_TEMPLATE },
    { "<machine><trial uuid='a' name='b'/><parent uuid='c' name='d'/></machine>",
      GH_MACHINE_TRIAL },
  };
  g_autofree char *uuid = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_clear_pointer (&uuid, g_free);
      g_assert_cmpint (gh_machine_metadata_parse (cases[i].text, &uuid, NULL), ==, cases[i].kind);
    }
  g_assert_cmpstr (uuid, ==, "a");
}

/* What a copy that is away knows, and nothing is left of it when it is back. */
static void
test_away (void)
{
  static const char text[] = "<domain><name>web</name></domain>";
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (text, NULL);
  g_autofree char *after = NULL;

  g_assert_false (gh_domain_xml_get_away_autostart (xml));
  gh_domain_xml_set_away_autostart (xml, TRUE);
  gh_domain_xml_set_away_autostart (xml, TRUE);
  g_assert_true (gh_domain_xml_get_away_autostart (xml));
  gh_domain_xml_set_away_autostart (xml, FALSE);
  g_assert_false (gh_domain_xml_get_away_autostart (xml));
  after = gh_domain_xml_to_string (xml);
  g_assert_null (strstr (after, "metadata"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/machine-metadata/none", test_none);
  g_test_add_func ("/machine-metadata/template", test_template);
  g_test_add_func ("/machine-metadata/no-metadata", test_no_metadata);
  g_test_add_func ("/machine-metadata/parent", test_parent);
  g_test_add_func ("/machine-metadata/trial", test_trial);
  g_test_add_func ("/machine-metadata/away", test_away);
  g_test_add_func ("/machine-metadata/unknown", test_unknown);
  g_test_add_func ("/machine-metadata/exchange", test_exchange);
  g_test_add_func ("/machine-metadata/parse", test_parse);
  return g_test_run ();
}
