/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-host-secrets"

#include "config.h"

#include "gh-host-secrets.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-host-private.h"
#include "gh-secret-xml.h"
#include "gh-virt-error-private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virSecret, virSecretFree)

/* Looking */

typedef struct
{
  GPtrArray *wanted; /* (element-type GhSecretXml) */
  GPtrArray *found;  /* (element-type GhHostSecret) */
  GBytes    *key;
} Look;

static void
secret_free (gpointer data)
{
  GhHostSecret *secret = data;

  g_free (secret->uuid);
  g_free (secret->digest);
  g_free (secret);
}

static void
look_clear (gpointer data)
{
  Look *look = data;

  g_ptr_array_unref (look->wanted);
  g_clear_pointer (&look->found, g_ptr_array_unref);
  g_bytes_unref (look->key);
}

static void
look_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, look_clear);
}

static int
find_usage_type (const char *name)
{
  static const struct
  {
    const char *name;
    int         type;
  } types[] = {
    { "volume", VIR_SECRET_USAGE_TYPE_VOLUME }, { "ceph", VIR_SECRET_USAGE_TYPE_CEPH },
    { "iscsi", VIR_SECRET_USAGE_TYPE_ISCSI }, { "tls", VIR_SECRET_USAGE_TYPE_TLS },
    { "vtpm", VIR_SECRET_USAGE_TYPE_VTPM },
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_strcmp0 (types[i].name, name) == 0)
      return types[i].type;
  return VIR_SECRET_USAGE_TYPE_NONE;
}

static virSecretPtr
find_secret (virConnectPtr      conn,
             const GhSecretXml *wanted)
{
  return wanted->uuid != NULL ? virSecretLookupByUUIDString (conn, wanted->uuid)
         : virSecretLookupByUsage (conn, find_usage_type (wanted->type), wanted->usage);
}

static void
wipe (unsigned char *value,
      size_t         size)
{
  if (value != NULL)
    explicit_bzero (value, size);
  free (value);
}

/* A private one is not told from one that this user may not read. */
static void
read_value (GhHostSecret *found,
            virSecretPtr  secret,
            GBytes       *key)
{
  size_t size = 0;
  unsigned char *value = virSecretGetValue (secret, &size, 0);
  virErrorPtr last = value == NULL ? virGetLastError () : NULL;
  gsize key_size = 0;
  const guchar *key_data = g_bytes_get_data (key, &key_size);

  found->has_value = value != NULL ? 1 : last != NULL && last->code == VIR_ERR_NO_SECRET ? 0 : -1;
  found->is_private = last != NULL && last->code == VIR_ERR_INVALID_SECRET;
  if (value != NULL)
    found->digest = g_compute_hmac_for_data (G_CHECKSUM_SHA256, key_data, key_size, value, size);
  wipe (value, size);
}

static gpointer
look_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const GhPart *part = data;
  Look *look = part->record;
  GhHostSecret *found = g_ptr_array_index (look->found, part->index);
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virSecret) secret = NULL;
  virErrorPtr last = NULL;
  char uuid[VIR_UUID_STRING_BUFLEN] = "";

  if (conn == NULL)
    return NULL;
  secret = find_secret (conn, g_ptr_array_index (look->wanted, part->index));
  last = secret == NULL ? virGetLastError () : NULL;
  found->is_known = secret != NULL || (last != NULL && last->code == VIR_ERR_NO_SECRET);
  found->is_there = secret != NULL;
  found->has_value = -1;
  if (secret != NULL)
    {
      virSecretGetUUIDString (secret, uuid);
      found->uuid = g_strdup (uuid);
      read_value (found, secret, look->key);
    }
  virResetLastError ();
  return NULL;
}

void
gh_host_load_secrets_async (GhHost              *host,
                            GPtrArray           *secrets,
                            GBytes              *key,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  Look *look = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  look = g_atomic_rc_box_new0 (Look);
  look->wanted = g_ptr_array_ref (secrets);
  look->key = g_bytes_ref (key);
  look->found = g_ptr_array_new_with_free_func (secret_free);
  for (guint i = 0; i < secrets->len; i++)
    g_ptr_array_add (look->found, g_new0 (GhHostSecret, 1));
  gh_host_call_parts (host, GH_LANE_USER, "secrets-look", look_worker, look, look_unref,
                      secrets->len, g_task_new (host, cancellable, callback, user_data));
}

GPtrArray *
gh_host_load_secrets_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  Look *look = NULL;
  GPtrArray *found = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  look = g_task_propagate_pointer (G_TASK (result), error);
  if (look == NULL)
    return NULL;
  found = g_steal_pointer (&look->found);
  look_unref (look);
  return found;
}

/* Copying: from a lane of the one host to one of the other. */

typedef struct
{
  char          *uuid;
  char          *xml;   /* (nullable) */
  unsigned char *value; /* (nullable) */
  size_t         size;
} Copy;

static void
copy_free (gpointer data)
{
  Copy *copy = data;

  wipe (copy->value, copy->size);
  g_free (copy->uuid);
  g_free (copy->xml);
  g_free (copy);
}

static gpointer
read_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const char *uuid = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virSecret) secret = NULL;
  Copy *copy = NULL;
  char *xml = NULL;

  if (conn == NULL)
    return NULL;
  secret = virSecretLookupByUUIDString (conn, uuid);
  xml = secret != NULL ? virSecretGetXMLDesc (secret, 0) : NULL;
  if (xml != NULL)
    {
      copy = g_new0 (Copy, 1);
      copy->uuid = g_strdup (uuid);
      copy->xml = g_strdup (xml);
      copy->value = virSecretGetValue (secret, &copy->size, 0);
    }
  if (copy == NULL || copy->value == NULL)
    {
      gh_virt_error_take (error);
      g_clear_pointer (&copy, copy_free);
    }
  free (xml);
  return copy;
}

/* One without its value would only be in the way. */
static gpointer
write_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  const Copy *copy = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virSecret) there = NULL;
  g_autoptr (virSecret) secret = NULL;

  if (conn == NULL)
    return NULL;
  there = virSecretLookupByUUIDString (conn, copy->uuid);
  virResetLastError ();
  if (there != NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           _("The destination has this secret by now. It is not changed."));
      return NULL;
    }
  secret = virSecretDefineXML (conn, copy->xml, 0);
  if (secret == NULL)
    gh_virt_error_take (error);
  else if (virSecretSetValue (secret, copy->value, copy->size, 0) < 0)
    {
      gh_virt_error_take (error);
      virSecretUndefine (secret);
    }
  virResetLastError ();
  return NULL;
}

static void
written_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  (void) g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhHost *to = g_task_get_task_data (task);
  GError *error = NULL;
  Copy *copy = g_task_propagate_pointer (G_TASK (result), &error);

  if (copy == NULL)
    g_task_return_error (task, error);
  else
    gh_host_call (to, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "secret-write", write_worker,
                  copy, copy_free, NULL, g_task_new (to, NULL, written_cb, g_object_ref (task)));
}

void
gh_host_copy_secret_async (GhHost              *from,
                           GhHost              *to,
                           const char          *uuid,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (GH_IS_HOST (from) && GH_IS_HOST (to));

  task = g_task_new (from, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_host_copy_secret_async);
  g_task_set_task_data (task, g_object_ref (to), g_object_unref);
  gh_host_call (from, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "secret-read", read_worker,
                g_strdup (uuid), g_free, copy_free,
                g_task_new (from, NULL, read_cb, g_object_ref (task)));
}

gboolean
gh_host_copy_secret_finish (GhHost        *from,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, from), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* One of them */

static virSecretPtr
look_up (GhLane      *lane,
         const char  *uuid,
         GError     **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  virSecretPtr secret = NULL;

  if (conn == NULL)
    return NULL;
  secret = virSecretLookupByUUIDString (conn, uuid);
  if (secret == NULL && virGetLastErrorCode () != VIR_ERR_NO_SECRET)
    gh_virt_error_take (error);
  virResetLastError ();
  return secret;
}

static gpointer
find_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr (virSecret) secret = look_up (lane, data, error);

  return secret != NULL ? g_strdup (data) : NULL;
}

static gpointer
remove_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  g_autoptr (virSecret) secret = look_up (lane, data, error);

  if (secret != NULL && virSecretUndefine (secret) < 0)
    gh_virt_error_take (error);
  return NULL;
}

void
gh_host_find_secret_async (GhHost              *host,
                           const char          *uuid,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "secret-find", find_worker,
                g_strdup (uuid), g_free, g_free, g_task_new (host, cancellable, callback,
                                                             user_data));
}

gboolean
gh_host_find_secret_finish (GhHost        *host,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_autofree char *found = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  found = g_task_propagate_pointer (G_TASK (result), error);
  return found != NULL;
}

void
gh_host_remove_secret_async (GhHost              *host,
                             const char          *uuid,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "secret-remove",
                remove_worker, g_strdup (uuid), g_free, NULL,
                g_task_new (host, NULL, callback, user_data));
}

gboolean
gh_host_remove_secret_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
