/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Reading nodes without XPath, and text that fits into them. */

#define G_LOG_DOMAIN "gh-xml-node"

#include "config.h"

#include <string.h>

#include "gh-xml-document.h"

/**
 * gh_xml_node_is:
 * @node: (nullable): a node
 * @name: a name
 *
 * Returns: whether it is an element of that name, in no namespace
 */
gboolean
gh_xml_node_is (const xmlNode *node,
                const char    *name)
{
  return node != NULL && node->type == XML_ELEMENT_NODE && node->ns == NULL &&
         strcmp ((const char *) node->name, name) == 0;
}

/**
 * gh_xml_node_get_child:
 * @node: (nullable): an element
 * @name: (nullable): a name, or %NULL for any
 *
 * Returns: (transfer none) (nullable): its first child element of that name
 */
xmlNode *
gh_xml_node_get_child (const xmlNode *node,
                       const char    *name)
{
  xmlNode *child = node != NULL ? node->children : NULL;

  while (child != NULL &&
         !(name != NULL ? gh_xml_node_is (child, name) : child->type == XML_ELEMENT_NODE))
    child = child->next;
  return child;
}

/**
 * gh_xml_node_get_next:
 * @node: an element
 * @name: (nullable): a name, or %NULL for any
 *
 * Returns: (transfer none) (nullable): the next sibling element of that name
 */
xmlNode *
gh_xml_node_get_next (const xmlNode *node,
                      const char    *name)
{
  xmlNode *next = node->next;

  while (next != NULL &&
         !(name != NULL ? gh_xml_node_is (next, name) : next->type == XML_ELEMENT_NODE))
    next = next->next;
  return next;
}

/**
 * gh_xml_node_dup_attribute:
 * @node: (nullable): an element
 * @name: a name
 *
 * Returns: (transfer full) (nullable): the value
 */
char *
gh_xml_node_dup_attribute (const xmlNode *node,
                           const char    *name)
{
  xmlChar *value = node != NULL ? xmlGetNoNsProp (node, BAD_CAST name) : NULL;
  char *copy = g_strdup ((const char *) value);

  xmlFree (value);
  return copy;
}

/**
 * gh_xml_node_dup_child_attribute:
 * @node: (nullable): an element
 * @child: name of its child
 * @name: name of the child's attribute
 *
 * Returns: (transfer full) (nullable): the value
 */
char *
gh_xml_node_dup_child_attribute (const xmlNode *node,
                                 const char    *child,
                                 const char    *name)
{
  return gh_xml_node_dup_attribute (gh_xml_node_get_child (node, child), name);
}

/**
 * gh_xml_node_dup_text:
 * @node: an element or attribute
 *
 * Returns: (transfer full): its text, empty if it has none
 */
char *
gh_xml_node_dup_text (const xmlNode *node)
{
  xmlChar *text = xmlNodeGetContent (node);
  char *copy = g_strdup (text != NULL ? (const char *) text : "");

  xmlFree (text);
  return copy;
}

/**
 * gh_xml_dup_legal_text:
 * @text: any string
 *
 * XML 1.0 cannot hold most control characters, in whatever form.
 *
 * Returns: (transfer full): the string without them, and in valid UTF-8
 */
char *
gh_xml_dup_legal_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *legal = g_string_sized_new (strlen (valid));

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xfffe && c != 0xffff))
        g_string_append_unichar (legal, c);
    }
  return g_string_free (legal, FALSE);
}
