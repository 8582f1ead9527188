/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-snapshot-edit"

#include "config.h"

#include "gh-snapshot-edit.h"

#include <string.h>

#include "gh-xml-document.h"

gboolean
gh_snapshot_xml_is_external (const char *xml)
{
  g_autoptr (GhXmlDocument) document = NULL;

  g_return_val_if_fail (xml != NULL, FALSE);

  document = gh_xml_document_new (xml, "domainsnapshot", NULL);
  return document != NULL &&
         (gh_xml_document_find (document, "disks/disk[@snapshot='external']") != NULL ||
          gh_xml_document_find (document, "memory[@snapshot='external']") != NULL);
}

static char *
dup_text (xmlNode *node)
{
  xmlBuffer *buffer = xmlBufferCreate ();
  char *text = NULL;

  xmlNodeDump (buffer, node->doc, node, 0, 0);
  text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}

/* Takes @text, and gives the outermost element another name. */
static char *
rename_element (char       *text,
                const char *from,
                const char *to)
{
  gsize length = strlen (text) - strlen (from) - 1; /* without “from>” */
  g_autofree char *start = g_strdup_printf ("<%s", from);
  g_autofree char *end = g_strdup_printf ("%s>", from);
  char *renamed = NULL;

  g_assert (g_str_has_prefix (text, start) && g_str_has_suffix (text, end));
  renamed = g_strdup_printf ("<%s%.*s%s>", to, (int) (length - strlen (start)),
                             text + strlen (start), to);
  g_free (text);
  return renamed;
}

/* NULL without an error: there is none of this name. */
static char *
edit_machine (GhXmlDocument   *document,
              const char      *name,
              GhSnapshotEdit   edit,
              gpointer         data,
              GError         **error)
{
  xmlNode *node = gh_xml_node_get_child (gh_xml_document_get_root (document), name);
  g_autofree char *text = NULL;
  g_autofree char *stripped = NULL;
  g_autoptr (GhDomainXml) machine = NULL;

  if (gh_xml_node_get_child (node, NULL) == NULL)
    return NULL;
  text = rename_element (dup_text (node), name, "domain");
  machine = gh_domain_xml_new_from_string (text, error);
  if (machine == NULL || !edit (machine, data, error))
    return NULL;
  stripped = g_strchomp (gh_domain_xml_to_string (machine));
  gh_xml_document_remove (document, node);
  return rename_element (g_steal_pointer (&stripped), "domain", name);
}

char *
gh_snapshot_xml_edit (const char      *xml,
                      GhSnapshotEdit   edit,
                      gpointer         data,
                      GError         **error)
{
  static const char * const names[] = { "domain", "inactiveDomain" };
  static const char end[] = "</domainsnapshot>";
  g_autoptr (GhXmlDocument) document = NULL;
  g_autoptr (GString) machines = g_string_new (NULL);
  g_autofree char *rest = NULL;

  g_return_val_if_fail (xml != NULL && edit != NULL, NULL);

  document = gh_xml_document_new (xml, "domainsnapshot", error);
  if (document == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GError *local = NULL;
      g_autofree char *machine = edit_machine (document, names[i], edit, data, &local);

      if (local != NULL)
        {
          g_propagate_error (error, local);
          return NULL;
        }
      if (machine != NULL)
        g_string_append_printf (machines, "%s\n", machine);
    }
  rest = g_strchomp (gh_xml_document_to_string (document));
  if (!g_str_has_suffix (rest, end))
    return g_steal_pointer (&rest);
  rest[strlen (rest) - strlen (end)] = '\0';
  return g_strconcat (rest, machines->str, end, NULL);
}
