/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* libxml2 forgets how a document was written: which quotes, how many spaces between
 * attributes, <a/> or <a></a>. To write back what was not edited byte for byte, each
 * node gets a mark, in its _private field, that says which bytes of the source it came
 * from. Marks are made before the first edit, by walking source and tree side by side;
 * since there are no entities, every token of the source is exactly one node. Nodes
 * without a mark are new and are written by libxml2.
 */

#define G_LOG_DOMAIN "gh-xml-document"

#include "config.h"

#include "gh-xml-document.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

/* The bytes of an attribute, with the spaces before it. */
typedef struct
{
  gsize    start;
  gsize    name_start;
  gsize    name_end;
  gsize    end;
  gboolean is_namespace;
  gboolean removed;
  xmlAttr *replaced; /* (unowned) (nullable): the attribute, once its value changed */
} AttributeMark;

/* The bytes of a node; of an element those of its two tags. */
typedef struct
{
  gsize    start;
  gsize    name_end;
  gsize    tag_tail;    /* spaces, "/" and ">" of the start tag */
  gsize    tag_end;
  gsize    close_start; /* equals tag_end of an empty element */
  gsize    end;
  gboolean is_empty_tag;
  gboolean tag_changed;
  gboolean touched;     /* something in it changed */
  GArray  *attributes;  /* (nullable) (element-type AttributeMark) */
} Mark;

struct _GhXmlDocument
{
  xmlDoc             *doc;
  xmlXPathContext    *xpath;  /* (nullable): made when it is first needed */
  char               *source;
  gsize               length;
  GPtrArray          *marks;  /* (nullable) (element-type Mark): from the first edit on */
  gboolean            marked; /* the marks are whole */
};

typedef struct
{
  GhXmlDocument *document;
  const char    *text;
  gsize          at;
} Marker;

typedef struct
{
  gboolean  has_dtd;
  char     *message; /* (owned) (nullable): of the first error */
} ParseState;

G_DEFINE_QUARK (gh-xml-error-quark, gh_xml_error)

static void
mark_free (gpointer data)
{
  Mark *mark = data;

  g_clear_pointer (&mark->attributes, g_array_unref);
  g_free (mark);
}

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
  self->source = g_strndup (text, length);
  self->length = length;
  return self;
}

/* Marking */

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static gboolean
looks_at (const Marker *marker,
          const char   *token)
{
  return strncmp (marker->text + marker->at, token, strlen (token)) == 0;
}

static void
skip_spaces (Marker *marker)
{
  while (is_space (marker->text[marker->at]))
    marker->at++;
}

static gboolean
skip_past (Marker     *marker,
           const char *token)
{
  const char *found = strstr (marker->text + marker->at, token);

  if (found == NULL)
    return FALSE;

  marker->at = (gsize) (found - marker->text) + strlen (token);
  return TRUE;
}

static Mark *
add_mark (Marker *marker,
          gsize   start)
{
  Mark *mark = g_new0 (Mark, 1);

  mark->start = start;
  g_ptr_array_add (marker->document->marks, mark);
  return mark;
}

static gboolean
mark_attribute (Marker   *marker,
                gsize     start,
                Mark     *mark,
                xmlAttr **attribute)
{
  AttributeMark bytes = { .start = start, .name_start = marker->at };
  const char *end = NULL;
  char quote;

  while (marker->text[marker->at] != '\0' && marker->text[marker->at] != '=' &&
         !is_space (marker->text[marker->at]))
    marker->at++;
  bytes.name_end = marker->at;
  skip_spaces (marker);
  if (marker->text[marker->at] != '=')
    return FALSE;
  marker->at++;
  skip_spaces (marker);
  quote = marker->text[marker->at];
  if (quote != '"' && quote != '\'')
    return FALSE;
  end = strchr (marker->text + marker->at + 1, quote);
  if (end == NULL)
    return FALSE;
  marker->at = (gsize) (end - marker->text) + 1;
  bytes.end = marker->at;

  bytes.is_namespace = strncmp (marker->text + bytes.name_start, "xmlns=", 6) == 0 ||
                       strncmp (marker->text + bytes.name_start, "xmlns:", 6) == 0 ||
                       (bytes.name_end - bytes.name_start == 5 &&
                        strncmp (marker->text + bytes.name_start, "xmlns", 5) == 0);
  if (mark->attributes == NULL)
    mark->attributes = g_array_new (FALSE, FALSE, sizeof (AttributeMark));
  if (!bytes.is_namespace)
    {
      if (*attribute == NULL)
        return FALSE;
      /* The place in the list, counted from 1: the list may still move. */
      (*attribute)->_private = GSIZE_TO_POINTER ((gsize) mark->attributes->len + 1);
      *attribute = (*attribute)->next;
    }
  g_array_append_val (mark->attributes, bytes);
  return TRUE;
}

static gboolean
mark_start_tag (Marker  *marker,
                xmlNode *node,
                Mark    *mark)
{
  xmlAttr *attribute = node->properties;

  marker->at++;
  while (marker->text[marker->at] != '\0' && marker->text[marker->at] != '/' &&
         marker->text[marker->at] != '>' && !is_space (marker->text[marker->at]))
    marker->at++;
  mark->name_end = marker->at;

  while (TRUE)
    {
      gsize start = marker->at;

      skip_spaces (marker);
      if (marker->text[marker->at] == '>' || looks_at (marker, "/>"))
        {
          mark->tag_tail = start;
          break;
        }
      if (!mark_attribute (marker, start, mark, &attribute))
        return FALSE;
    }
  mark->is_empty_tag = marker->text[marker->at] == '/';
  marker->at += mark->is_empty_tag ? 2 : 1;
  mark->tag_end = marker->at;
  return attribute == NULL;
}

/* Everything but elements: one node each, except that libxml2 joins adjoining CDATA sections. */
static gboolean
mark_leaf (Marker  *marker,
           xmlNode *node)
{
  Mark *mark = add_mark (marker, marker->at);
  gboolean found = TRUE;
  xmlElementType type = XML_TEXT_NODE;

  if (looks_at (marker, "<!--"))
    {
      marker->at += strlen ("<!--");
      found = skip_past (marker, "-->");
      type = XML_COMMENT_NODE;
    }
  else if (looks_at (marker, "<![CDATA["))
    {
      while (found && looks_at (marker, "<![CDATA["))
        found = skip_past (marker, "]]>");
      type = XML_CDATA_SECTION_NODE;
    }
  else if (looks_at (marker, "<?"))
    {
      found = skip_past (marker, "?>");
      type = XML_PI_NODE;
    }
  else
    {
      const char *end = strchr (marker->text + marker->at, '<');

      found = end != NULL;
      if (found)
        marker->at = (gsize) (end - marker->text);
    }
  mark->end = marker->at;
  node->_private = mark;
  return found && node->type == type;
}

static gboolean
mark_element (Marker  *marker,
              xmlNode *node)
{
  Mark *mark = add_mark (marker, marker->at);
  xmlNode *child = node->children;

  node->_private = mark;
  if (!mark_start_tag (marker, node, mark))
    return FALSE;

  mark->close_start = marker->at;
  mark->end = marker->at;
  if (mark->is_empty_tag)
    return child == NULL;

  for (; !looks_at (marker, "</"); child = child->next)
    {
      gboolean is_element = marker->text[marker->at] == '<' &&
                            marker->text[marker->at + 1] != '!' &&
                            marker->text[marker->at + 1] != '?';

      if (child == NULL || is_element != (child->type == XML_ELEMENT_NODE))
        return FALSE;
      if (is_element ? !mark_element (marker, child) : !mark_leaf (marker, child))
        return FALSE;
    }
  mark->close_start = marker->at;
  if (!skip_past (marker, ">"))
    return FALSE;
  mark->end = marker->at;
  return child == NULL;
}

/* To the root's "<", past byte order mark, declaration, comments and instructions. */
static gboolean
skip_prolog (Marker *marker)
{
  while (TRUE)
    {
      if (!skip_past (marker, "<"))
        return FALSE;
      marker->at--;
      if (looks_at (marker, "<!--"))
        {
          marker->at += strlen ("<!--");
          if (!skip_past (marker, "-->"))
            return FALSE;
        }
      else if (!looks_at (marker, "<?"))
        return TRUE;
      else if (!skip_past (marker, "?>"))
        return FALSE;
    }
}

/* To be called before the first edit. */
static void
ensure_marks (GhXmlDocument *self)
{
  Marker marker = { self, self->source, 0 };

  if (self->marks != NULL)
    return;

  self->marks = g_ptr_array_new_with_free_func (mark_free);
  self->marked = skip_prolog (&marker) && mark_element (&marker, gh_xml_document_get_root (self));
  if (!self->marked)
    g_warning ("Source and tree differ near byte %" G_GSIZE_FORMAT
               "; quotes and spaces will not be kept", marker.at);
}

/* Writing */

static void
append_source (GhXmlDocument *self,
               GString       *out,
               gsize          start,
               gsize          end)
{
  g_string_append_len (out, self->source + start, (gssize) (end - start));
}

static void
append_attribute_value (GhXmlDocument *self,
                        GString       *out,
                        xmlAttr       *attribute)
{
  xmlChar *value = xmlNodeListGetString (self->doc, attribute->children, 1);
  xmlBuffer *buffer = xmlBufferCreate ();

  if (value != NULL)
    xmlAttrSerializeTxtContent (buffer, self->doc, attribute, value);
  g_string_append_printf (out, "=\"%s\"", (const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  xmlFree (value);
}

static void
write_start_tag (GhXmlDocument *self,
                 GString       *out,
                 xmlNode       *node,
                 Mark          *mark)
{
  append_source (self, out, mark->start, mark->name_end);
  for (guint i = 0; mark->attributes != NULL && i < mark->attributes->len; i++)
    {
      AttributeMark *bytes = &g_array_index (mark->attributes, AttributeMark, i);

      if (bytes->replaced != NULL)
        {
          append_source (self, out, bytes->start, bytes->name_end);
          append_attribute_value (self, out, bytes->replaced);
        }
      else if (!bytes->removed)
        append_source (self, out, bytes->start, bytes->end);
    }
  for (xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
    if (attribute->_private == NULL)
      {
        g_string_append_printf (out, " %s", (const char *) attribute->name);
        append_attribute_value (self, out, attribute);
      }
  if (mark->is_empty_tag && node->children != NULL)
    g_string_append_c (out, '>');
  else
    append_source (self, out, mark->tag_tail, mark->tag_end);
}

static void
write_node (GhXmlDocument *self,
            GString       *out,
            xmlNode       *node)
{
  Mark *mark = node->_private;

  if (mark == NULL)
    {
      xmlBuffer *buffer = xmlBufferCreate ();

      xmlNodeDump (buffer, self->doc, node, 0, 0);
      g_string_append (out, (const char *) xmlBufferContent (buffer));
      xmlBufferFree (buffer);
      return;
    }
  if (!mark->touched)
    {
      append_source (self, out, mark->start, mark->end);
      return;
    }

  if (mark->tag_changed || (mark->is_empty_tag && node->children != NULL))
    write_start_tag (self, out, node, mark);
  else
    append_source (self, out, mark->start, mark->tag_end);
  for (xmlNode *child = node->children; child != NULL; child = child->next)
    write_node (self, out, child);
  if (!mark->is_empty_tag)
    append_source (self, out, mark->close_start, mark->end);
  else if (node->children != NULL)
    g_string_append_printf (out, "</%.*s>", (int) (mark->name_end - mark->start - 1),
                            self->source + mark->start + 1);
}

/* Editing */

static void
touch (xmlNode *node)
{
  for (; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent)
    if (node->_private != NULL)
      ((Mark *) node->_private)->touched = TRUE;
}

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
  g_clear_pointer (&self->marks, g_ptr_array_unref);
  g_free (self->source);
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
  GString *out = NULL;
  Mark *root = NULL;

  if (self->marks == NULL)
    return g_strndup (self->source, self->length);

  out = g_string_sized_new (self->length + 256);
  if (!self->marked)
    {
      xmlBuffer *buffer = xmlBufferCreate ();

      xmlNodeDump (buffer, self->doc, gh_xml_document_get_root (self), 0, 0);
      g_string_append (out, (const char *) xmlBufferContent (buffer));
      g_string_append_c (out, '\n');
      xmlBufferFree (buffer);
      return g_string_free (out, FALSE);
    }

  root = gh_xml_document_get_root (self)->_private;
  append_source (self, out, 0, root->start);
  write_node (self, out, gh_xml_document_get_root (self));
  append_source (self, out, root->end, self->length);
  return g_string_free (out, FALSE);
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

  ensure_marks (self);
  while (node->children != NULL)
    unlink_and_free (node->children);
  if (*legal != '\0')
    xmlAddChild (node, xmlNewDocText (self->doc, BAD_CAST legal));
  touch (node);
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
  xmlAttr *attribute = NULL;
  AttributeMark *bytes = NULL;
  Mark *mark = NULL;

  if (g_strcmp0 (before, legal) == 0)
    return;

  ensure_marks (self);
  mark = node->_private;
  attribute = xmlHasNsProp (node, BAD_CAST name, NULL);
  if (mark != NULL && attribute != NULL && attribute->_private != NULL)
    bytes = &g_array_index (mark->attributes, AttributeMark,
                            GPOINTER_TO_SIZE (attribute->_private) - 1);
  if (legal == NULL)
    {
      xmlRemoveProp (attribute);
      if (bytes != NULL)
        {
          bytes->removed = TRUE;
          bytes->replaced = NULL;
        }
    }
  else
    {
      attribute = xmlSetNsProp (node, NULL, BAD_CAST name, BAD_CAST legal);
      if (bytes != NULL)
        bytes->replaced = attribute;
    }
  if (mark != NULL)
    mark->tag_changed = TRUE;
  touch (node);
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

  ensure_marks (self);
  if (is_blank (node->prev) && (node->next == NULL || is_blank (node->next)))
    unlink_and_free (node->prev);
  unlink_and_free (node);
  touch (parent);
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

  ensure_marks (self);
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
  touch (parent);
  return node;
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
