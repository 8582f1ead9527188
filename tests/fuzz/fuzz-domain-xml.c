/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Anything that may be thrown at the reader of definitions. What gets in has to come out byte for
 * byte, survive every edit as the same document, and equal itself. */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "gh-domain-xml.h"
#include "gh-snapshot-xml.h"
#include "gh-xml-document.h"

static void
read_all (GhDomainXml *xml)
{
  g_free (gh_domain_xml_dup_name (xml));
  g_free (gh_domain_xml_dup_title (xml));
  g_free (gh_domain_xml_dup_description (xml));
  g_free (gh_domain_xml_dup_uuid (xml));
  g_free (gh_domain_xml_dup_type (xml));
  g_free (gh_domain_xml_dup_machine (xml));
  g_free (gh_domain_xml_dup_arch (xml));
  g_free (gh_domain_xml_dup_os_id (xml));
  g_free (gh_domain_xml_dup_nvram_path (xml));
  g_ptr_array_unref (gh_domain_xml_list_disks (xml));
  g_ptr_array_unref (gh_domain_xml_list_nics (xml));
  g_ptr_array_unref (gh_domain_xml_list_graphics (xml));
  g_ptr_array_unref (gh_domain_xml_list_serials (xml));
  g_strfreev (gh_domain_xml_list_paths (xml));
  (void) gh_domain_xml_get_memory_kib (xml);
  (void) gh_domain_xml_get_n_cpus (xml);
  (void) gh_domain_xml_get_firmware (xml);
  (void) gh_domain_xml_has_tpm (xml);
}

static void
assert_equal (GhDomainXml *a,
              GhDomainXml *b)
{
  g_auto (GStrv) lines = gh_domain_xml_diff (a, b);

  if (lines[0] != NULL)
    g_error ("Not equal: %s", lines[0]);
}

static void
assert_written (GhDomainXml *xml,
                const char  *expected)
{
  g_autofree char *text = gh_domain_xml_to_string (xml);

  if (strcmp (text, expected) != 0)
    g_error ("Written differently");
}

static void
edit (GhDomainXml *xml)
{
  static const char name[] = "a<b>&'\"\xc3\xbc\n";
  g_autofree char *read = NULL;
  g_autoptr (GhDomainXml) copy = NULL;

  gh_domain_xml_set_name (xml, name);
  gh_domain_xml_set_uuid (xml, "5f9a7e1c-3a52-4b8e-9f63-3f4f6c1d9a01");
  gh_domain_xml_set_title (xml, name);
  gh_domain_xml_remove_secrets (xml);
  read = gh_domain_xml_dup_name (xml);
  if (strcmp (read, name) != 0)
    g_error ("The name is not what it was set to");

  copy = gh_domain_xml_copy (xml);
  assert_equal (xml, copy);
  read_all (copy);
  gh_domain_xml_set_title (copy, NULL);
}

/* Every element changed and put back, through the document. */
static void
edit_everything (const char *text)
{
  g_autoptr (GhXmlDocument) document = gh_xml_document_new (text, "domain", NULL);
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (document, "//*");
  g_autoptr (GhXmlDocument) copy = NULL;
  g_autofree char *written = NULL;

  for (guint i = 0; i < nodes->len; i++)
    gh_xml_document_set_attribute (document, g_ptr_array_index (nodes, i), "new-one", "<&'\">\n");
  copy = gh_xml_document_copy (document);
  for (guint i = 0; i < nodes->len; i++)
    gh_xml_document_set_attribute (document, g_ptr_array_index (nodes, i), "new-one", NULL);
  written = gh_xml_document_to_string (document);
  if (strstr (text, "new-one") == NULL && strcmp (written, text) != 0)
    g_error ("Written differently after edits were taken back");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GhDomainXml) xml = NULL;
  g_autoptr (GhDomainXml) copy = NULL;
  g_autoptr (GhSnapshotXml) snapshot = NULL;

  g_log_set_always_fatal (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  xml = gh_domain_xml_new_from_string (text, NULL);
  if (xml == NULL)
    {
      g_strfreev (gh_snapshot_xml_list_paths (text, NULL));
      snapshot = gh_snapshot_xml_new_from_string (text, NULL);
      return 0;
    }

  assert_written (xml, text);
  read_all (xml);
  copy = gh_domain_xml_copy (xml);
  assert_equal (xml, copy);
  edit (copy);
  assert_written (xml, text);
  edit_everything (text);
  return 0;
}
