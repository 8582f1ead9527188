/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-xml-document"

#include "config.h"

#include "gh-xml-document.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "gh-xml-source.h"

struct _GhXmlDocument
{
  xmlDoc          *doc;
  xmlXPathContext *xpath; /* (nullable): made when it is first needed */
  GhXmlSource     *source;
};

typedef struct
{
  gboolean  has_dtd;
  char     *message; /* (owned) (nullable): of the first error */
} ParseState;

G_DEFINE_QUARK (gh-xml-error-quark, gh_xml_error)

/* Parsing */

static void
parse_error_cb (void        *user_data,
                xmlErrorPtr  error)
{
  xmlParserCtxt *context = user_data;
  ParseState *state = context->_private;

  /* Prefixes that are bound to nothing are libvirt's to judge; here they do no harm. */
  if (state->message != NULL || error->level < XML_ERR_FATAL)
    return;
  state->message = g_strdup_printf (_("Line %d: %s"), error->line,
                                    error->message != NULL ? error->message : "?");
  g_strchomp (state->message);
}

/* Called before the first declaration of a document type is looked at. */
static void
dtd_cb (void          *user_data,
        const xmlChar *name,
        const xmlChar *external_id,
        const xmlChar *system_id)
{
  xmlParserCtxt *context = user_data;
  ParseState *state = context->_private;

  state->has_dtd = TRUE;
  xmlStopParser (context);
}

/* A document that says it is in another encoding than the one we hold in memory
 * would be misread by the next one who gets it. */
static gboolean
declares_other_encoding (const char *text)
{
  g_autofree char *declaration = NULL;
  const char *end = strstr (text, "?>");
  const char *found = NULL;

  if (end == NULL || g_str_is_ascii (text))
    return FALSE;
  if (g_str_has_prefix (text, "\xef\xbb\xbf"))
    text += 3;
  if (!g_str_has_prefix (text, "<?xml "))
    return FALSE;

  declaration = g_ascii_strdown (text, (gssize) (end - text));
  found = strstr (declaration, "encoding");
  return found != NULL && strstr (found, "utf-8") == NULL;
}

static xmlDoc *
parse (const char  *text,
       gsize        length,
       GError     **error)
{
  static gsize initialized = 0;
  ParseState state = { FALSE, NULL };
  xmlParserCtxt *context = NULL;
  xmlDoc *doc = NULL;

  if (g_once_init_enter (&initialized))
    {
      xmlInitParser ();
      g_once_init_leave (&initialized, 1);
    }

  if (!g_utf8_validate (text, (gssize) length, NULL) || declares_other_encoding (text))
    {
      g_set_error_literal (error, GH_XML_ERROR, GH_XML_ERROR_PARSE,
                           _("The text is not encoded in UTF-8"));
      return NULL;
    }

  context = xmlNewParserCtxt ();
  context->_private = &state;
  context->sax->serror = parse_error_cb;
  context->sax->internalSubset = dtd_cb;
  doc = xmlCtxtReadMemory (context, text, (int) length, NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                           XML_PARSE_IGNORE_ENC);
  xmlFreeParserCtxt (context);

  if (state.has_dtd)
    g_set_error_literal (error, GH_XML_ERROR, GH_XML_ERROR_DTD,
                         _("The document has a document type declaration, which is not allowed"));
  else if (doc == NULL)
    g_set_error_literal (error, GH_XML_ERROR, GH_XML_ERROR_PARSE,
                         state.message != NULL ? state.message : _("The text is not XML"));
  if (state.has_dtd)
    g_clear_pointer (&doc, xmlFreeDoc);
  g_free (state.message);
  return doc;
}

static GhXmlDocument *
new_unchecked (const char  *text,
               gsize        length,
               GError     **error)
{
  GhXmlDocument *self = NULL;
  xmlDoc *doc = parse (text, length, error);

  if (doc == NULL)
    return NULL;

  /* So that libxml2 writes new nodes in UTF-8, not in numbers. */
  if (doc->encoding == NULL)
    doc->encoding = xmlStrdup (BAD_CAST "UTF-8");
  self = g_new0 (GhXmlDocument, 1);
  self->doc = doc;
  self->source = gh_xml_source_new (text, length);
  return self;
}

/* Editing */

static gboolean
is_blank (const xmlNode *node)
{
  return node != NULL && node->type == XML_TEXT_NODE && xmlIsBlankNode (node);
}

static void
unlink_and_free (xmlNode *node)
{
  xmlUnlinkNode (node);
  xmlFreeNode (node);
}

/* Finding */

static void
xpath_error_cb (void        *user_data,
                xmlErrorPtr  error)
{
  /* The caller is told by NULL. */
}

static xmlXPathObject *
evaluate (GhXmlDocument *self,
          const char    *xpath)
{
  if (self->xpath == NULL)
    {
      self->xpath = xmlXPathNewContext (self->doc);
      self->xpath->error = xpath_error_cb;
      xmlXPathRegisterNs (self->xpath, BAD_CAST "libosinfo",
                          BAD_CAST "http://libosinfo.org/xmlns/libvirt/domain/1.0");
      xmlXPathRegisterNs (self->xpath, BAD_CAST "qemu",
                          BAD_CAST "http://libvirt.org/schemas/domain/qemu/1.0");
      xmlXPathRegisterNs (self->xpath, BAD_CAST "guesthouse",
                          BAD_CAST "http://guesthouse.org/xmlns/libvirt/domain/1.0");
    }
  self->xpath->node = gh_xml_document_get_root (self);
  return xmlXPathEvalExpression (BAD_CAST xpath, self->xpath);
}

/**
 * gh_xml_document_new:
 * @text: a document, in UTF-8
 * @root_name: what its root element has to be called, such as "domain"
 * @error: (out): set in %GH_XML_ERROR
 *
 * Returns: (transfer full) (nullable): the document
 */
GhXmlDocument *
gh_xml_document_new (const char  *text,
                     const char  *root_name,
                     GError     **error)
{
  g_autoptr (GhXmlDocument) self = NULL;
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (root_name != NULL, NULL);

  length = strlen (text);
  if (length > GH_XML_MAX_SIZE)
    {
      g_set_error_literal (error, GH_XML_ERROR, GH_XML_ERROR_TOO_LARGE,
                           _("The document is larger than 8 MiB"));
      return NULL;
    }

  self = new_unchecked (text, length, error);
  if (self == NULL)
    return NULL;
  if (!gh_xml_node_is (gh_xml_document_get_root (self), root_name))
    {
      g_set_error (error, GH_XML_ERROR, GH_XML_ERROR_NOT_A_DOMAIN,
                   _("The document is not what was expected: it is a <%s>, not a <%s>"),
                   (const char *) gh_xml_document_get_root (self)->name, root_name);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * gh_xml_document_free:
 * @self: (transfer full): a document
 */
void
gh_xml_document_free (GhXmlDocument *self)
{
  g_clear_pointer (&self->xpath, xmlXPathFreeContext);
  xmlFreeDoc (self->doc);
  gh_xml_source_free (self->source);
  g_free (self);
}

/**
 * gh_xml_document_copy:
 * @self: a document
 *
 * Returns: (transfer full): another one with the same text
 */
GhXmlDocument *
gh_xml_document_copy (GhXmlDocument *self)
{
  g_autofree char *text = gh_xml_document_to_string (self);
  g_autoptr (GError) error = NULL;
  GhXmlDocument *copy = new_unchecked (text, strlen (text), &error);

  if (copy == NULL)
    g_error ("A document does not survive being written: %s", error->message);
  return copy;
}

/**
 * gh_xml_document_to_string:
 * @self: a document
 *
 * Returns: (transfer full): the text it was made from, with the edits
 */
char *
gh_xml_document_to_string (GhXmlDocument *self)
{
  return gh_xml_source_write (self->source, gh_xml_document_get_root (self));
}

/**
 * gh_xml_document_get_root:
 * @self: a document
 *
 * Returns: (transfer none): the root element
 */
xmlNode *
gh_xml_document_get_root (GhXmlDocument *self)
{
  return xmlDocGetRootElement (self->doc);
}

/**
 * gh_xml_document_dup_text:
 * @self: a document
 * @xpath: an XPath, from the root element
 *
 * Returns: (transfer full) (nullable): plain text of the first node found
 */
char *
gh_xml_document_dup_text (GhXmlDocument *self,
                          const char    *xpath)
{
  xmlNode *node = gh_xml_document_find (self, xpath);

  return node != NULL ? gh_xml_node_dup_text (node) : NULL;
}

/**
 * gh_xml_document_find:
 * @self: a document
 * @xpath: an XPath, from the root element
 *
 * Returns: (transfer none) (nullable): the first node, which may be an xmlAttr
 */
xmlNode *
gh_xml_document_find (GhXmlDocument *self,
                      const char    *xpath)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self, xpath);

  return nodes->len > 0 ? g_ptr_array_index (nodes, 0) : NULL;
}

/**
 * gh_xml_document_find_all:
 * @self: a document
 * @xpath: an XPath, from the root element
 *
 * No "|" in @xpath: libxml2 takes quadratic time to join two sets.
 *
 * Returns: (transfer container) (element-type xmlNode): the nodes, in document order
 */
GPtrArray *
gh_xml_document_find_all (GhXmlDocument *self,
                          const char    *xpath)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  xmlXPathObject *result = evaluate (self, xpath);

  if (result == NULL)
    g_critical ("Not an XPath: %s", xpath);
  else if (result->type == XPATH_NODESET && result->nodesetval != NULL)
    {
      for (int i = 0; i < result->nodesetval->nodeNr; i++)
        g_ptr_array_add (nodes, result->nodesetval->nodeTab[i]);
    }
  g_clear_pointer (&result, xmlXPathFreeObject);
  return g_steal_pointer (&nodes);
}

gboolean
gh_xml_document_has (GhXmlDocument *self,
                     const char    *xpath)
{
  return gh_xml_document_find (self, xpath) != NULL;
}

/**
 * gh_xml_document_list_texts:
 * @self: a document
 * @xpath: an XPath without “|”, from the root element, of elements or attributes
 *
 * Returns: (transfer full) (element-type char): what is in them, each text once
 */
GPtrArray *
gh_xml_document_list_texts (GhXmlDocument *self,
                            const char    *xpath)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self, xpath);
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlChar *content = xmlNodeGetContent (g_ptr_array_index (nodes, i));
      g_autofree char *text = g_strstrip (g_strdup ((const char *) content));

      xmlFree (content);
      if (*text != '\0' && !g_ptr_array_find_with_equal_func (texts, text, g_str_equal, NULL))
        g_ptr_array_add (texts, g_steal_pointer (&text));
    }
  return texts;
}

/**
 * gh_xml_document_set_text:
 * @self: a document
 * @node: an element of it
 * @text: what it is to hold
 */
void
gh_xml_document_set_text (GhXmlDocument *self,
                          xmlNode       *node,
                          const char    *text)
{
  g_autofree char *before = gh_xml_node_dup_text (node);
  g_autofree char *legal = gh_xml_dup_legal_text (text);

  if (strcmp (before, legal) == 0)
    return;

  gh_xml_source_ensure_marks (self->source, gh_xml_document_get_root (self));
  while (node->children != NULL)
    unlink_and_free (node->children);
  if (*legal != '\0')
    xmlAddChild (node, xmlNewDocText (self->doc, BAD_CAST legal));
  gh_xml_source_touch (node);
}

/**
 * gh_xml_document_set_attribute:
 * @self: a document
 * @node: an element of it
 * @name: an attribute
 * @value: (nullable): its value, or %NULL to remove it
 */
void
gh_xml_document_set_attribute (GhXmlDocument *self,
                               xmlNode       *node,
                               const char    *name,
                               const char    *value)
{
  g_autofree char *before = gh_xml_node_dup_attribute (node, name);
  g_autofree char *legal = value != NULL ? gh_xml_dup_legal_text (value) : NULL;

  if (g_strcmp0 (before, legal) == 0)
    return;

  gh_xml_source_ensure_marks (self->source, gh_xml_document_get_root (self));
  gh_xml_source_set_attribute (node, name, legal);
}

/**
 * gh_xml_document_remove:
 * @self: a document
 * @node: an element of it, not the root
 *
 * Removes it, with the line it stands on if it stands alone.
 */
void
gh_xml_document_remove (GhXmlDocument *self,
                        xmlNode       *node)
{
  xmlNode *parent = node->parent;

  gh_xml_source_ensure_marks (self->source, gh_xml_document_get_root (self));
  if (is_blank (node->prev) && (node->next == NULL || is_blank (node->next)))
    unlink_and_free (node->prev);
  unlink_and_free (node);
  gh_xml_source_touch (parent);
}

/**
 * gh_xml_document_add:
 * @self: a document
 * @parent: an element of it
 * @after: (nullable): a child of @parent to put it behind, or %NULL to make it the first
 * @name: the name
 *
 * Adds an empty element, indented as its neighbours are.
 *
 * Returns: (transfer none): the new element
 */
xmlNode *
gh_xml_document_add (GhXmlDocument *self,
                     xmlNode       *parent,
                     xmlNode       *after,
                     const char    *name)
{
  xmlNode *node = NULL;
  xmlNode *neighbour = after != NULL ? after : gh_xml_node_get_child (parent, NULL);
  xmlNode *space = NULL;

  gh_xml_source_ensure_marks (self->source, gh_xml_document_get_root (self));
  node = xmlNewDocNode (self->doc, NULL, BAD_CAST name, NULL);
  if (neighbour != NULL && is_blank (neighbour->prev))
    {
      space = xmlNewDocText (self->doc, neighbour->prev->content);
      /* The same bytes, if they are in the source: line ends may be those of DOS. */
      space->_private = neighbour->prev->_private;
    }

  if (after != NULL)
    xmlAddNextSibling (after, node);
  else if (neighbour != NULL)
    xmlAddPrevSibling (space != NULL ? neighbour->prev : neighbour, node);
  else
    xmlAddChild (parent, node);
  if (space != NULL)
    xmlAddPrevSibling (node, space);
  gh_xml_source_touch (parent);
  return node;
}

/**
 * gh_xml_document_add_namespaced:
 * @self: a document
 * @parent: an element of it
 * @after: (nullable): a child of @parent to put it behind, or %NULL to make it the first
 * @name: the name
 * @prefix: what to call the namespace, if it has no name here yet
 * @uri: the namespace
 *
 * Adds an empty element of a namespace, as gh_xml_document_add() does.
 *
 * Returns: (transfer none): the new element
 */
xmlNode *
gh_xml_document_add_namespaced (GhXmlDocument *self,
                                xmlNode       *parent,
                                xmlNode       *after,
                                const char    *name,
                                const char    *prefix,
                                const char    *uri)
{
  xmlNode *node = gh_xml_document_add (self, parent, after, name);
  xmlNs *ns = xmlSearchNsByHref (self->doc, node, BAD_CAST uri);

  xmlSetNs (node, ns != NULL ? ns : xmlNewNs (node, BAD_CAST uri, BAD_CAST prefix));
  return node;
}
