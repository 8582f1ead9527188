/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What libvirt says of pools and volumes, as plain records. */

#define G_LOG_DOMAIN "gh-storage-records"

#include "config.h"

#include "gh-storage-private.h"

#include <libxml/parser.h>
#include <string.h>

#include "gh-faults.h"
#include "gh-virt-error-private.h"

static void
clear_pool (gpointer data)
{
  GhPoolInfo *self = data;

  g_free (self->name);
  g_free (self->uuid);
  g_free (self->type);
  g_free (self->path);
}

GhPoolInfo *
gh_pool_info_ref (GhPoolInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_pool_info_unref (GhPoolInfo *self)
{
  g_atomic_rc_box_release_full (self, clear_pool);
}

static void
clear_volume (gpointer data)
{
  GhVolumeInfo *self = data;

  g_free (self->name);
  g_free (self->pool);
  g_free (self->path);
  g_free (self->type);
  g_free (self->format);
  g_free (self->backing_path);
}

GhVolumeInfo *
gh_volume_info_ref (GhVolumeInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_volume_info_unref (GhVolumeInfo *self)
{
  g_atomic_rc_box_release_full (self, clear_volume);
}

xmlXPathContextPtr
gh_document_open (char      *xml,
                  xmlDocPtr *doc)
{
  *doc = xml != NULL ? xmlReadMemory (xml, (int) strlen (xml), NULL, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                     : NULL;
  if (xml == NULL)
    virResetLastError ();
  free (xml);
  return *doc != NULL ? xmlXPathNewContext (*doc) : NULL;
}

char *
gh_document_dup_string (xmlXPathContextPtr  context,
                        const char         *xpath)
{
  xmlXPathObjectPtr object = context != NULL ? xmlXPathEvalExpression ((const xmlChar *) xpath,
                                                                       context) : NULL;
  char *copy = NULL;

  if (object != NULL && object->nodesetval != NULL && object->nodesetval->nodeNr > 0)
    {
      xmlChar *text = xmlNodeGetContent (object->nodesetval->nodeTab[0]);

      copy = g_strdup ((const char *) text);
      xmlFree (text);
    }
  if (object != NULL)
    xmlXPathFreeObject (object);
  return copy;
}

/* Which of the pools a list flag selects, in one call for all; NULL: nobody knows. */
GHashTable *
gh_storage_list_pool_uuids (virConnectPtr conn,
                            unsigned int  flag)
{
  virStoragePoolPtr *pools = NULL;
  GHashTable *set = NULL;

  if (virConnectListAllStoragePools (conn, &pools, flag) < 0)
    {
      virResetLastError ();
      return NULL;
    }
  set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; pools[i] != NULL; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      virStoragePoolGetUUIDString (pools[i], uuid);
      g_hash_table_add (set, g_strdup (uuid));
      virStoragePoolFree (pools[i]);
    }
  free (pools);
  return set;
}

static guint64
read_bytes (xmlXPathContextPtr  context,
            const char         *xpath)
{
  g_autofree char *text = gh_document_dup_string (context, xpath);

  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
}

/* Its document has the figures too, always in bytes: the same as virStoragePoolGetInfo() gives, and
 * no round trip more. */
GhPoolInfo *
gh_pool_info_read (virStoragePoolPtr  pool,
                   GHashTable        *active,
                   GHashTable        *autostart)
{
  GhPoolInfo *info = g_atomic_rc_box_new0 (GhPoolInfo);
  xmlDocPtr parsed = NULL;
  g_autoptr (xmlXPathContext) context = gh_document_open (virStoragePoolGetXMLDesc (pool, 0),
                                                          &parsed);
  g_autoptr (xmlDoc) doc = parsed;
  char uuid[VIR_UUID_STRING_BUFLEN];

  virStoragePoolGetUUIDString (pool, uuid);
  info->uuid = g_strdup (uuid);
  info->name = g_strdup (virStoragePoolGetName (pool));
  info->type = gh_document_dup_string (context, "/pool/@type");
  info->path = gh_document_dup_string (context, "/pool/target/path");
  info->active = active != NULL ? g_hash_table_contains (active, uuid)
                                : virStoragePoolIsActive (pool) == 1;
  info->autostart = autostart != NULL && g_hash_table_contains (autostart, uuid);
  info->capacity = read_bytes (context, "/pool/capacity");
  info->available = read_bytes (context, "/pool/available");
  virResetLastError ();
  return info;
}

/* A time such as “1700000000.123456789”, in nanoseconds; 0 when there is none. */
static gint64
read_time (xmlXPathContextPtr  context,
           const char         *xpath)
{
  g_autofree char *text = gh_document_dup_string (context, xpath);
  char *end = NULL;
  char digits[] = "000000000";
  gint64 seconds = text != NULL ? g_ascii_strtoll (text, &end, 10) : 0;

  if (seconds <= 0 || seconds > G_MAXINT64 / G_GINT64_CONSTANT (1000000000) - 1)
    return 0;
  for (guint i = 0; *end == '.' && i < strlen (digits) && g_ascii_isdigit (end[i + 1]); i++)
    digits[i] = end[i + 1];
  return seconds * G_GINT64_CONSTANT (1000000000) + g_ascii_strtoll (digits, NULL, 10);
}

GhVolumeInfo *
gh_volume_info_read (virStorageVolPtr  volume,
                     const char       *pool)
{
  GhVolumeInfo *info = g_atomic_rc_box_new0 (GhVolumeInfo);
  xmlDocPtr parsed = NULL;
  char *xml = gh_faults_enter ("volume-document", NULL) ? virStorageVolGetXMLDesc (volume, 0)
                                                        : NULL;
  gboolean is_gone = xml == NULL && virGetLastErrorCode () == VIR_ERR_NO_STORAGE_VOL;
  g_autoptr (xmlXPathContext) context = gh_document_open (xml, &parsed);
  g_autoptr (xmlDoc) doc = parsed;
  g_autofree char *target = gh_document_dup_string (context, "/volume/target/path");
  char *path = target == NULL || *target == '\0' ? virStorageVolGetPath (volume) : NULL;

  info->name = g_strdup (virStorageVolGetName (volume));
  info->pool = g_strdup (pool);
  info->unread = context == NULL && !is_gone;
  /* Asking for the path is one more round trip; the document has it. */
  info->path = path != NULL ? g_strdup (path) : g_steal_pointer (&target);
  info->type = gh_document_dup_string (context, "/volume/@type");
  info->format = gh_document_dup_string (context, "/volume/target/format/@type");
  info->backing_path = gh_document_dup_string (context, "/volume/backingStore/path");
  info->capacity = read_bytes (context, "/volume/capacity");
  info->allocation = read_bytes (context, "/volume/allocation");
  info->length = read_bytes (context, "/volume/physical");
  info->changed_ns = read_time (context, "/volume/target/timestamps/mtime");
  free (path);
  virResetLastError ();
  return info;
}

/* A driver without storage or networks has none of them, which is no failure. */
gboolean
gh_storage_take_error (GError **error)
{
  virErrorPtr last = virGetLastError ();

  if (last != NULL && last->code == VIR_ERR_NO_SUPPORT)
    {
      virResetLastError ();
      return FALSE;
    }
  gh_virt_error_take (error);
  return TRUE;
}
