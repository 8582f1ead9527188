/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-cpu-xml"

#include "config.h"

#include "gh-cpu-xml.h"

#include "gh-domain-xml-private.h"

char *
gh_cpu_xml_dup_host_model (const char *capabilities)
{
  g_autoptr (GhXmlDocument) document = NULL;
  GString *text = NULL;
  xmlBuffer *buffer = NULL;
  xmlNode *mode = NULL;

  g_return_val_if_fail (capabilities != NULL, NULL);

  document = gh_xml_document_new (capabilities, "domainCapabilities", NULL);
  mode = document != NULL
         ? gh_xml_document_find (document, "cpu/mode[@name='host-model'][@supported='yes']") : NULL;
  if (gh_xml_node_get_child (mode, "model") == NULL)
    return NULL;
  text = g_string_new ("<cpu>");
  buffer = xmlBufferCreate ();
  for (xmlNode *child = gh_xml_node_get_child (mode, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    xmlNodeDump (buffer, child->doc, child, 0, 0);
  g_string_append (text, (const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return g_string_free (g_string_append (text, "</cpu>"), FALSE);
}

char *
gh_cpu_xml_dup_model (const char *cpu)
{
  g_autoptr (GhXmlDocument) document = NULL;

  g_return_val_if_fail (cpu != NULL, NULL);

  document = gh_xml_document_new (cpu, "cpu", NULL);
  return document != NULL ? gh_xml_document_dup_text (document, "model") : NULL;
}

static void
remove_all (GhXmlDocument *document,
            xmlNode       *parent,
            const char    *name)
{
  xmlNode *child = NULL;

  while ((child = gh_xml_node_get_child (parent, name)) != NULL)
    gh_xml_document_remove (document, child);
}

static void
copy_attribute (GhXmlDocument *document,
                xmlNode       *to,
                const xmlNode *from,
                const char    *name)
{
  g_autofree char *value = gh_xml_node_dup_attribute (from, name);

  gh_xml_document_set_attribute (document, to, name, value);
}

static xmlNode *
copy_node (GhXmlDocument *document,
           xmlNode       *parent,
           const xmlNode *from)
{
  xmlNode *node = gh_xml_document_add (document, parent, NULL, (const char *) from->name);
  g_autofree char *text = gh_xml_node_dup_text (from);

  if (text != NULL && *text != '\0')
    gh_xml_document_set_text (document, node, text);
  return node;
}

gboolean
gh_domain_xml_set_cpu_model (GhDomainXml *self,
                             const char  *cpu)
{
  static const char * const names[] = { "model", "vendor", "feature" };
  static const char * const attributes[] = { "fallback", "policy", "name" };
  static const char * const of_cpu[] = { "mode", "match" };
  static const char * const forgotten[] = { "check", "migratable" };
  g_autoptr (GhXmlDocument) wanted = NULL;
  g_autofree char *model = NULL;
  GhXmlDocument *document = NULL;
  xmlNode *from = NULL;
  xmlNode *to = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self) && cpu != NULL, FALSE);

  wanted = gh_xml_document_new (cpu, "cpu", NULL);
  model = wanted != NULL ? gh_xml_document_dup_text (wanted, "model") : NULL;
  if (model == NULL)
    return FALSE;
  document = gh_domain_xml_get_document (self);
  from = gh_xml_document_get_root (wanted);
  to = gh_xml_node_get_child (gh_xml_document_get_root (document), "cpu");
  if (to == NULL)
    to = gh_xml_document_add (document, gh_xml_document_get_root (document), NULL, "cpu");
  for (guint i = 0; i < G_N_ELEMENTS (forgotten); i++)
    gh_xml_document_set_attribute (document, to, forgotten[i], NULL);
  for (guint i = 0; i < G_N_ELEMENTS (of_cpu); i++)
    copy_attribute (document, to, from, of_cpu[i]);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      remove_all (document, to, names[i]);
      for (xmlNode *child = gh_xml_node_get_child (from, names[i]); child != NULL;
           child = gh_xml_node_get_next (child, names[i]))
        {
          xmlNode *node = copy_node (document, to, child);

          for (guint j = 0; j < G_N_ELEMENTS (attributes); j++)
            copy_attribute (document, node, child, attributes[j]);
        }
    }
  return TRUE;
}
