/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-move-xml"

#include "config.h"

#include "gh-move-xml.h"

#include "gh-domain-xml-private.h"

gboolean
gh_domain_xml_set_nvram_path (GhDomainXml *self,
                              const char  *path)
{
  GhXmlDocument *document = NULL;
  xmlNode *nvram = NULL;
  xmlNode *source = NULL;
  g_autofree char *before = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self) && path != NULL, FALSE);

  document = gh_domain_xml_get_document (self);
  nvram = gh_xml_node_get_child (gh_xml_node_get_child (gh_xml_document_get_root (document), "os"),
                                 "nvram");
  before = gh_domain_xml_dup_nvram_path (self);
  if (nvram == NULL || before == NULL)
    return FALSE;
  source = gh_xml_node_get_child (nvram, "source");
  if (source != NULL)
    gh_xml_document_set_attribute (document, source, "file", path);
  else
    gh_xml_document_set_text (document, nvram, path);
  return TRUE;
}

char *
gh_domain_xml_dup_tpm_file (GhDomainXml *self)
{
  g_autofree char *uuid = NULL;
  g_autofree char *type = NULL;
  g_autofree char *version = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  uuid = gh_domain_xml_dup_uuid (self);
  type = gh_domain_xml_dup_text (self, "devices/tpm/backend/@type");
  version = gh_domain_xml_dup_text (self, "devices/tpm/backend/@version");
  if (g_strcmp0 (type, "emulator") != 0 || uuid == NULL || !g_uuid_string_is_valid (uuid))
    return NULL;
  return g_strcmp0 (version, "1.2") == 0
         ? g_build_filename (uuid, "tpm1.2", "tpm-00.permall", NULL)
         : g_build_filename (uuid, "tpm2", "tpm2-00.permall", NULL);
}
