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

#define G_LOG_DOMAIN "gh-xml-source"

#include "config.h"

#include "gh-xml-source.h"

#include <string.h>

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

struct _GhXmlSource
{
  char      *text;
  gsize      length;
  GPtrArray *marks;  /* (nullable) (element-type Mark): from the first edit on */
  gboolean   marked; /* the marks are whole */
};

typedef struct
{
  GhXmlSource *source;
  const char  *text;
  gsize        at;
} Marker;

static void
mark_free (gpointer data)
{
  Mark *mark = data;

  g_clear_pointer (&mark->attributes, g_array_unref);
  g_free (mark);
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
  g_ptr_array_add (marker->source->marks, mark);
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

/* Writing */

static void
append_source (GhXmlSource *self,
               GString     *out,
               gsize        start,
               gsize        end)
{
  g_string_append_len (out, self->text + start, (gssize) (end - start));
}

static void
append_attribute_value (GString *out,
                        xmlAttr *attribute)
{
  xmlChar *value = xmlNodeListGetString (attribute->doc, attribute->children, 1);
  xmlBuffer *buffer = xmlBufferCreate ();

  if (value != NULL)
    xmlAttrSerializeTxtContent (buffer, attribute->doc, attribute, value);
  g_string_append_printf (out, "=\"%s\"", (const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  xmlFree (value);
}

static void
write_start_tag (GhXmlSource *self,
                 GString     *out,
                 xmlNode     *node,
                 Mark        *mark)
{
  append_source (self, out, mark->start, mark->name_end);
  for (guint i = 0; mark->attributes != NULL && i < mark->attributes->len; i++)
    {
      AttributeMark *bytes = &g_array_index (mark->attributes, AttributeMark, i);

      if (bytes->replaced != NULL)
        {
          append_source (self, out, bytes->start, bytes->name_end);
          append_attribute_value (out, bytes->replaced);
        }
      else if (!bytes->removed)
        append_source (self, out, bytes->start, bytes->end);
    }
  for (xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
    if (attribute->_private == NULL)
      {
        g_string_append_printf (out, " %s", (const char *) attribute->name);
        append_attribute_value (out, attribute);
      }
  if (mark->is_empty_tag && node->children != NULL)
    g_string_append_c (out, '>');
  else
    append_source (self, out, mark->tag_tail, mark->tag_end);
}

/* As libxml2 writes it. */
static void
dump_node (GString *out,
           xmlNode *node)
{
  xmlBuffer *buffer = xmlBufferCreate ();

  xmlNodeDump (buffer, node->doc, node, 0, 0);
  g_string_append (out, (const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
}

static void
write_node (GhXmlSource *self,
            GString     *out,
            xmlNode     *node)
{
  Mark *mark = node->_private;

  if (mark == NULL)
    {
      dump_node (out, node);
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
                            self->text + mark->start + 1);
}

/**
 * gh_xml_source_new:
 * @text: the text of a document that has been parsed
 * @length: its length in bytes
 *
 * Returns: (transfer full): the source, with no marks
 */
GhXmlSource *
gh_xml_source_new (const char *text,
                   gsize       length)
{
  GhXmlSource *self = g_new0 (GhXmlSource, 1);

  self->text = g_strndup (text, length);
  self->length = length;
  return self;
}

/**
 * gh_xml_source_free:
 * @self: (transfer full): a source; its document must not be used any more
 */
void
gh_xml_source_free (GhXmlSource *self)
{
  g_clear_pointer (&self->marks, g_ptr_array_unref);
  g_free (self->text);
  g_free (self);
}

/**
 * gh_xml_source_ensure_marks:
 * @self: a source
 * @root: the root element of the document that was parsed from it
 *
 * To be called before the first edit, and harmless after.
 */
void
gh_xml_source_ensure_marks (GhXmlSource *self,
                            xmlNode     *root)
{
  Marker marker = { self, self->text, 0 };

  if (self->marks != NULL)
    return;

  self->marks = g_ptr_array_new_with_free_func (mark_free);
  self->marked = skip_prolog (&marker) && mark_element (&marker, root);
  if (!self->marked)
    g_warning ("Source and tree differ near byte %" G_GSIZE_FORMAT
               "; quotes and spaces will not be kept", marker.at);
}

/**
 * gh_xml_source_touch:
 * @node: an element whose children changed
 */
void
gh_xml_source_touch (xmlNode *node)
{
  for (; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent)
    if (node->_private != NULL)
      ((Mark *) node->_private)->touched = TRUE;
}

/**
 * gh_xml_source_set_attribute:
 * @node: an element
 * @name: an attribute
 * @value: (nullable): its value, or %NULL to remove it
 *
 * Changes the attribute in the tree, and remembers that it is not that of the source.
 */
void
gh_xml_source_set_attribute (xmlNode    *node,
                             const char *name,
                             const char *value)
{
  Mark *mark = node->_private;
  AttributeMark *bytes = NULL;
  xmlAttr *attribute = xmlHasNsProp (node, BAD_CAST name, NULL);

  if (mark != NULL && attribute != NULL && attribute->_private != NULL)
    bytes = &g_array_index (mark->attributes, AttributeMark,
                            GPOINTER_TO_SIZE (attribute->_private) - 1);
  if (value != NULL)
    {
      attribute = xmlSetNsProp (node, NULL, BAD_CAST name, BAD_CAST value);
      if (bytes != NULL)
        bytes->replaced = attribute;
    }
  else if (attribute != NULL)
    {
      xmlRemoveProp (attribute);
      if (bytes != NULL)
        {
          bytes->removed = TRUE;
          bytes->replaced = NULL;
        }
    }
  if (mark != NULL)
    mark->tag_changed = TRUE;
  gh_xml_source_touch (node);
}

/**
 * gh_xml_source_write:
 * @self: a source
 * @root: the root element of its document
 *
 * Returns: (transfer full): the source, with the edits
 */
char *
gh_xml_source_write (GhXmlSource *self,
                     xmlNode     *root)
{
  GString *out = NULL;
  Mark *mark = NULL;

  if (self->marks == NULL)
    return g_strndup (self->text, self->length);

  out = g_string_sized_new (self->length + 256);
  if (!self->marked)
    {
      dump_node (out, root);
      g_string_append_c (out, '\n');
      return g_string_free (out, FALSE);
    }

  mark = root->_private;
  append_source (self, out, 0, mark->start);
  write_node (self, out, root);
  append_source (self, out, mark->end, self->length);
  return g_string_free (out, FALSE);
}
