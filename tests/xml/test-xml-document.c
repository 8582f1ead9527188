/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What gets in, what does not, and that what is not edited comes out byte for byte. */

#include "config.h"

#include "gh-xml-document.h"

#include <string.h>

#include <libxml/xmlerror.h>

#include "xml-test-data.h"

static void
refuse (const char *text,
        int         code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (gh_xml_document_new (text, "domain", &error));
  g_assert_error (error, GH_XML_ERROR, code);
  g_assert_cmpstr (error->message, !=, "");
}

static void
test_refused (void)
{
  refuse ("", GH_XML_ERROR_PARSE);
  refuse ("   ", GH_XML_ERROR_PARSE);
  refuse ("domain", GH_XML_ERROR_PARSE);
  refuse ("<domain>", GH_XML_ERROR_PARSE);
  refuse ("<domain></domain><domain/>", GH_XML_ERROR_PARSE);
  refuse ("<domain a='1' a='2'/>", GH_XML_ERROR_PARSE);
  refuse ("<domain><name>&nbsp;</name></domain>", GH_XML_ERROR_PARSE);
  refuse ("<domain><name>\xff</name></domain>", GH_XML_ERROR_PARSE);
  refuse ("<domain><name>&#0;</name></domain>", GH_XML_ERROR_PARSE);
  refuse ("<domain><name>\x01</name></domain>", GH_XML_ERROR_PARSE);
  refuse ("<?xml version='1.0' encoding='ISO-8859-1'?><domain>\xc3\xbc</domain>",
          GH_XML_ERROR_PARSE);
  refuse ("<network/>", GH_XML_ERROR_NOT_A_DOMAIN);
  refuse ("<domain xmlns='urn:example'/>", GH_XML_ERROR_NOT_A_DOMAIN);
}

static void
test_refused_line (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (gh_xml_document_new ("<domain>\n<name>\n</domain>", "domain", &error));
  g_assert_nonnull (strstr (error->message, "3"));
  g_assert_null (strchr (error->message, '\n'));
}

/* Nothing of a document type is looked at, whatever it would have said. */
static void
test_document_type (void)
{
  g_autoptr (GString) laughs = g_string_new ("<!DOCTYPE domain [<!ENTITY l0 'ha'>");

  for (int i = 1; i < 20; i++)
    g_string_append_printf (laughs, "<!ENTITY l%d '&l%d;&l%d;&l%d;&l%d;'>",
                            i, i - 1, i - 1, i - 1, i - 1);
  g_string_append (laughs, "]><domain><name>&l19;</name></domain>");

  refuse ("<!DOCTYPE domain><domain/>", GH_XML_ERROR_DTD);
  refuse ("<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>", GH_XML_ERROR_DTD);
  refuse ("<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain>&x;</domain>",
          GH_XML_ERROR_DTD);
  refuse ("<!DOCTYPE domain [<!ATTLIST domain type CDATA 'kvm'>]><domain/>", GH_XML_ERROR_DTD);
  refuse ("<!DOCTYPE domain [ broken", GH_XML_ERROR_DTD);
  refuse (laughs->str, GH_XML_ERROR_DTD);
}

static void
test_size (void)
{
  g_autoptr (GString) text = g_string_new ("<domain>");
  GhXmlDocument *document = NULL;
  g_autofree char *filler = g_strnfill (GH_XML_MAX_SIZE - strlen ("<domain></domain>"), ' ');
  g_autoptr (GError) error = NULL;

  g_string_append (text, filler);
  g_string_append (text, "</domain>");
  document = gh_xml_document_new (text->str, "domain", &error);
  g_assert_no_error (error);
  gh_xml_document_free (document);

  g_string_append_c (text, '\n');
  refuse (text->str, GH_XML_ERROR_TOO_LARGE);
}

static void
test_depth (void)
{
  g_autoptr (GString) text = g_string_new ("<domain>");

  for (int i = 0; i < 100000; i++)
    g_string_append (text, "<a>");
  for (int i = 0; i < 100000; i++)
    g_string_append (text, "</a>");
  g_string_append (text, "</domain>");
  refuse (text->str, GH_XML_ERROR_PARSE);
}

/* libxml2's own messages would land on the terminal of whoever started the program. */
static void
test_silence (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (GhXmlDocument) document = NULL;

      test_refused ();
      test_document_type ();
      document = gh_xml_document_new ("<domain><bad:prefix/></domain>", "domain", NULL);
      g_assert_nonnull (document);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("");
}

static GhXmlDocument *
read_document (const char *text)
{
  g_autoptr (GError) error = NULL;
  GhXmlDocument *document = gh_xml_document_new (text, "domain", &error);

  g_assert_no_error (error);
  return document;
}

static void
assert_written (GhXmlDocument *document,
                const char    *expected)
{
  g_autofree char *text = gh_xml_document_to_string (document);

  g_assert_cmpstr (text, ==, expected);
}

static const char *const files[] = {
  "odd.xml",
  "dos.xml",
  "paths.xml",
  "uefi-secure-live.xml",
  "uefi-secure-inactive.xml",
  "spice-live.xml",
  "spice-inactive.xml",
};

/* Unedited; after an edit that is taken back; and with every element edited and put back. */
static void
test_round_trip (gconstpointer data)
{
  g_autofree char *text = load_data (data);
  g_autoptr (GhXmlDocument) document = read_document (text);
  g_autoptr (GPtrArray) nodes = NULL;
  xmlNode *root = gh_xml_document_get_root (document);
  xmlNode *added = NULL;

  assert_written (document, text);

  added = gh_xml_document_add (document, root, gh_xml_node_get_child (root, "name"), "added");
  gh_xml_document_remove (document, added);
  assert_written (document, text);
  added = gh_xml_document_add (document, root, NULL, "added");
  gh_xml_document_remove (document, added);
  assert_written (document, text);

  nodes = gh_xml_document_find_all (document, "//*");
  for (guint i = 0; i < nodes->len; i++)
    {
      gh_xml_document_set_attribute (document, g_ptr_array_index (nodes, i), "added", "1");
      gh_xml_document_set_attribute (document, g_ptr_array_index (nodes, i), "added", NULL);
    }
  assert_written (document, text);
}

/* The copy is read from what was written, so it tells whether that still is the same document. */
static void
test_copy (gconstpointer data)
{
  g_autofree char *text = load_data (data);
  g_autoptr (GhXmlDocument) document = read_document (text);
  g_autoptr (GhXmlDocument) copy = NULL;
  g_autoptr (GPtrArray) nodes = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  nodes = gh_xml_document_find_all (document, "//*");
  for (guint i = 0; i < nodes->len; i++)
    gh_xml_document_set_attribute (document, g_ptr_array_index (nodes, i), "mark", "<&'\">\n\tü");
  copy = gh_xml_document_copy (document);
  before = gh_xml_document_to_string (document);
  after = gh_xml_document_to_string (copy);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpstr (before, !=, text);

  g_clear_pointer (&nodes, g_ptr_array_unref);
  nodes = gh_xml_document_find_all (copy, "//*");
  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *mark = gh_xml_node_dup_attribute (g_ptr_array_index (nodes, i), "mark");

      g_assert_cmpstr (mark, ==, "<&'\">\n\tü");
      gh_xml_document_set_attribute (copy, g_ptr_array_index (nodes, i), "mark", NULL);
    }
  g_clear_pointer (&after, g_free);
  after = gh_xml_document_to_string (copy);
  g_assert_cmpstr (after, ==, text);
}

static void
test_set_text (void)
{
  g_autoptr (GhXmlDocument) document =
    read_document ("<domain a='1'  ><n  x=\"y\">old<!-- c --></n ><m/><o></o ></domain>");
  xmlNode *root = gh_xml_document_get_root (document);

  gh_xml_document_set_text (document, gh_xml_node_get_child (root, "n"), "a<b>&'\"\xc3\xbc");
  gh_xml_document_set_text (document, gh_xml_node_get_child (root, "m"), "in");
  gh_xml_document_set_text (document, gh_xml_node_get_child (root, "o"), "in");
  assert_written (document, "<domain a='1'  ><n  x=\"y\">a&lt;b&gt;&amp;'\"\xc3\xbc</n >"
                            "<m>in</m><o>in</o ></domain>");
  gh_xml_document_set_text (document, gh_xml_node_get_child (root, "m"), "");
  gh_xml_document_set_text (document, gh_xml_node_get_child (root, "n"), "");
  assert_written (document, "<domain a='1'  ><n  x=\"y\"></n ><m/><o>in</o ></domain>");
}

static void
test_set_text_of_empty_tag (void)
{
  g_autoptr (GhXmlDocument) document = read_document ("<domain><n a='1' b = \"2\" /></domain>");
  xmlNode *node = gh_xml_node_get_child (gh_xml_document_get_root (document), "n");

  gh_xml_document_set_text (document, node, "in");
  assert_written (document, "<domain><n a='1' b = \"2\">in</n></domain>");
}

static void
test_set_attribute (void)
{
  g_autoptr (GhXmlDocument) document =
    read_document ("<domain xmlns:q='urn:q' b='1'\n  q:a='2'   a = '3' c=\"4\" />");
  xmlNode *root = gh_xml_document_get_root (document);

  gh_xml_document_set_attribute (document, root, "a", "x'\"<&\n");
  assert_written (document, "<domain xmlns:q='urn:q' b='1'\n  q:a='2'   "
                            "a=\"x'&quot;&lt;&amp;&#10;\" c=\"4\" />");
  gh_xml_document_set_attribute (document, root, "b", NULL);
  gh_xml_document_set_attribute (document, root, "d", "5");
  gh_xml_document_set_attribute (document, root, "a", NULL);
  assert_written (document, "<domain xmlns:q='urn:q'\n  q:a='2' c=\"4\" d=\"5\" />");
  gh_xml_document_set_attribute (document, root, "a", "6");
  gh_xml_document_set_attribute (document, root, "nothing", NULL);
  assert_written (document, "<domain xmlns:q='urn:q'\n  q:a='2' c=\"4\" d=\"5\" a=\"6\" />");
}

static void
test_add_and_remove (void)
{
  g_autoptr (GhXmlDocument) document =
    read_document ("<domain>\n  <a/>\n  <b/>  <c/>\n\t<d/>\n</domain>");
  xmlNode *root = gh_xml_document_get_root (document);
  xmlNode *node = NULL;

  gh_xml_document_remove (document, gh_xml_node_get_child (root, "a"));
  gh_xml_document_remove (document, gh_xml_node_get_child (root, "d"));
  assert_written (document, "<domain>\n  <b/>  <c/>\n</domain>");
  node = gh_xml_document_add (document, root, gh_xml_node_get_child (root, "c"), "e");
  gh_xml_document_set_attribute (document, node, "f", "g&h");
  gh_xml_document_set_text (document, gh_xml_document_add (document, node, NULL, "i"), "ü");
  gh_xml_document_add (document, root, NULL, "first");
  assert_written (document, "<domain>\n  <first/>\n  <b/>  <c/>  "
                            "<e f=\"g&amp;h\"><i>ü</i></e>\n</domain>");
}

static void
test_illegal_text (void)
{
  g_autoptr (GhXmlDocument) document = read_document ("<domain/>");
  g_autoptr (GhXmlDocument) copy = NULL;

  gh_xml_document_set_text (document, gh_xml_document_get_root (document),
                            "a\x01\x1b[31mb\x7f\t\xef\xbf\xbe\xff" "c");
  copy = gh_xml_document_copy (document);
  assert_written (copy, "<domain>a[31mb\x7f\t\xef\xbf\xbd" "c</domain>");
}

static void
test_names (void)
{
  g_autoptr (GhXmlDocument) document =
    read_document ("<domain xmlns:o='urn:o'><o:n v='other'/><n o:v='other'/><n v='own'/></domain>");
  xmlNode *node = gh_xml_node_get_child (gh_xml_document_get_root (document), "n");
  g_autofree char *first = gh_xml_node_dup_attribute (node, "v");
  g_autofree char *second = NULL;

  g_assert_null (first);
  node = gh_xml_node_get_next (node, "n");
  second = gh_xml_node_dup_attribute (node, "v");
  g_assert_cmpstr (second, ==, "own");
  g_assert_null (gh_xml_node_get_next (node, NULL));
  g_assert_null (gh_xml_node_get_child (NULL, "n"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xml-document/refused", test_refused);
  g_test_add_func ("/xml-document/refused-line", test_refused_line);
  g_test_add_func ("/xml-document/document-type", test_document_type);
  g_test_add_func ("/xml-document/size", test_size);
  g_test_add_func ("/xml-document/depth", test_depth);
  g_test_add_func ("/xml-document/silence", test_silence);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *round_trip = g_strconcat ("/xml-document/round-trip/", files[i], NULL);
      g_autofree char *copy = g_strconcat ("/xml-document/copy/", files[i], NULL);

      g_test_add_data_func (round_trip, files[i], test_round_trip);
      g_test_add_data_func (copy, files[i], test_copy);
    }
  g_test_add_func ("/xml-document/set-text", test_set_text);
  g_test_add_func ("/xml-document/set-text-of-empty-tag", test_set_text_of_empty_tag);
  g_test_add_func ("/xml-document/set-attribute", test_set_attribute);
  g_test_add_func ("/xml-document/add-and-remove", test_add_and_remove);
  g_test_add_func ("/xml-document/illegal-text", test_illegal_text);
  g_test_add_func ("/xml-document/names", test_names);
  return g_test_run ();
}
