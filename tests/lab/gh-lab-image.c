/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "gh-lab-image.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

char *
gh_lab_run_tool (const char *first,
                 ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  char *out = NULL;
  int status = 0;
  va_list more;

  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s\n%s", first, error->message, err);
  return out;
}

void
gh_lab_write_pattern (const char *path,
                      const char *command)
{
  g_autofree char *out = gh_lab_run_tool ("qemu-io", "-f", "qcow2", "-c", command, path, NULL);

  g_assert_nonnull (strstr (out, "wrote"));
}

gboolean
gh_lab_has_pattern (const char *path,
                    const char *command)
{
  g_autofree char *out = gh_lab_run_tool ("qemu-io", "-f", "qcow2", "-r", "-c", command, path,
                                          NULL);

  return strstr (out, "failed") == NULL;
}

void
gh_lab_assert_same_contents (const char *path,
                             const char *other)
{
  g_autofree char *out = gh_lab_run_tool ("qemu-img", "compare", path, other, NULL);

  g_assert_nonnull (strstr (out, "identical"));
}

static JsonObject *
load_info (const char  *path,
           JsonParser  *parser)
{
  g_autofree char *out = gh_lab_run_tool ("qemu-img", "info", "-U", "--output=json", path, NULL);

  g_assert_true (json_parser_load_from_data (parser, out, -1, NULL));
  return json_node_get_object (json_parser_get_root (parser));
}

void
gh_lab_assert_backing (const char *path,
                       const char *backing,  /* NULL: none */
                       const char *format)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *info = load_info (path, parser);

  if (backing == NULL)
    {
      g_assert_false (json_object_has_member (info, "backing-filename"));
      return;
    }
  g_assert_cmpstr (json_object_get_string_member (info, "full-backing-filename"), ==, backing);
  g_assert_cmpstr (json_object_get_string_member (info, "backing-filename-format"), ==, format);
}

guint
gh_lab_count_snapshots (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *info = load_info (path, parser);

  return json_object_has_member (info, "snapshots")
         ? json_array_get_length (json_object_get_array_member (info, "snapshots")) : 0;
}

guint
gh_lab_get_mode (const char *path)
{
  struct stat status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  return status.st_mode & 0777;
}

char *
gh_lab_dup_xml (GhLab      *lab,
                const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  g_auto (GStrv) parts = NULL;
  char *xml = NULL;
  char *copy = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE);
  /* What libvirt leaves of metadata that were removed. */
  parts = g_strsplit (xml, "  <metadata/>\n", -1);
  copy = g_strjoinv ("", parts);
  free (xml);
  virDomainFree (domain);
  return copy;
}

char *
gh_lab_dup_value (GhLab      *lab,
                  const char *name,
                  const char *before)
{
  g_autofree char *xml = gh_lab_dup_xml (lab, name);
  const char *start = strstr (xml, before);
  static const char * const entities[][2] = {
    { "&lt;", "<" }, { "&gt;", ">" }, { "&apos;", "'" }, { "&quot;", "\"" }, { "&amp;", "&" },
  };
  g_autoptr (GString) value = NULL;

  if (start == NULL)
    return NULL;
  start += strlen (before);
  value = g_string_new_len (start, (gssize) strcspn (start, "'<"));
  for (guint i = 0; i < G_N_ELEMENTS (entities); i++)
    g_string_replace (value, entities[i][0], entities[i][1], 0);
  return g_string_free (g_steal_pointer (&value), FALSE);
}

char *
gh_lab_dup_disk (GhLab      *lab,
                 const char *name)
{
  char *path = gh_lab_dup_value (lab, name, "<source file='");

  g_assert_nonnull (path);
  return path;
}

