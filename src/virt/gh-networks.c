/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Virtual networks. */

#define G_LOG_DOMAIN "gh-networks"

#include "config.h"

#include "gh-storage-private.h"

#include <string.h>

#include "gh-virt-error-private.h"

static void
clear_network (gpointer data)
{
  GhNetworkInfo *self = data;

  g_free (self->name);
  g_free (self->uuid);
  g_free (self->bridge);
  g_free (self->forward);
}

GhNetworkInfo *
gh_network_info_ref (GhNetworkInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_network_info_unref (GhNetworkInfo *self)
{
  g_atomic_rc_box_release_full (self, clear_network);
}

static int
compare_networks (gconstpointer a,
                  gconstpointer b)
{
  return strcmp ((*(GhNetworkInfo **) a)->name, (*(GhNetworkInfo **) b)->name);
}

/* As gh_storage_list_pool_uuids(). */
static GHashTable *
list_uuids (virConnectPtr conn,
            unsigned int  flag)
{
  virNetworkPtr *networks = NULL;
  GHashTable *set = NULL;

  if (virConnectListAllNetworks (conn, &networks, flag) < 0)
    {
      virResetLastError ();
      return NULL;
    }
  set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; networks[i] != NULL; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      virNetworkGetUUIDString (networks[i], uuid);
      g_hash_table_add (set, g_strdup (uuid));
      virNetworkFree (networks[i]);
    }
  free (networks);
  return set;
}

static gpointer
list_networks_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GPtrArray) result = NULL;
  g_autoptr (GHashTable) active = NULL;
  g_autoptr (GHashTable) autostart = NULL;
  virNetworkPtr *networks = NULL;

  if (conn == NULL)
    return NULL;
  result = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_network_info_unref);
  if (virConnectListAllNetworks (conn, &networks, 0) < 0 && gh_storage_take_error (error))
    return NULL;
  if (networks != NULL && networks[0] != NULL)
    {
      active = list_uuids (conn, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
      autostart = list_uuids (conn, VIR_CONNECT_LIST_NETWORKS_AUTOSTART);
    }
  for (guint i = 0; networks != NULL && networks[i] != NULL; i++)
    {
      GhNetworkInfo *info = g_atomic_rc_box_new0 (GhNetworkInfo);
      xmlDocPtr parsed = NULL;
      g_autoptr (xmlXPathContext) context = gh_document_open (virNetworkGetXMLDesc (networks[i], 0),
                                                              &parsed);
      g_autoptr (xmlDoc) doc = parsed;
      g_autofree char *forward = gh_document_dup_string (context, "/network/forward");
      char uuid[VIR_UUID_STRING_BUFLEN];

      virNetworkGetUUIDString (networks[i], uuid);
      info->uuid = g_strdup (uuid);
      info->name = g_strdup (virNetworkGetName (networks[i]));
      info->bridge = gh_document_dup_string (context, "/network/bridge/@name");
      info->forward = gh_document_dup_string (context, "/network/forward/@mode");
      if (info->forward == NULL && forward != NULL)
        info->forward = g_strdup ("nat"); /* libvirt's default mode */
      info->active = active != NULL ? g_hash_table_contains (active, uuid)
                                    : virNetworkIsActive (networks[i]) == 1;
      info->autostart = autostart != NULL && g_hash_table_contains (autostart, uuid);
      virResetLastError ();
      g_ptr_array_add (result, info);
      virNetworkFree (networks[i]);
    }
  free (networks);
  g_ptr_array_sort (result, compare_networks);
  return g_steal_pointer (&result);
}

static gpointer
start_network_worker (GhLane        *lane,
                      gpointer       data,
                      GCancellable  *cancellable,
                      GError       **error)
{
  GhStorageArgs *args = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virNetwork) network = NULL;

  if (conn == NULL)
    return NULL;
  network = virNetworkLookupByUUIDString (conn, args->name);
  if (network == NULL || (virNetworkIsActive (network) != 1 && virNetworkCreate (network) < 0))
    gh_virt_error_take (error);
  return NULL;
}

/* The calls */

void
gh_host_load_networks_async (GhHost              *host,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  gh_storage_call (host, GH_ROLE_READ, GH_LANE_READ, "network-list", list_networks_worker,
                   gh_storage_args_new (NULL, NULL, FALSE),
                   (GDestroyNotify) g_ptr_array_unref, cancellable, callback, user_data);
}

GPtrArray *
gh_host_load_networks_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_call_finish_pointer (host, result, error);
}

void
gh_host_start_network_async (GhHost              *host,
                             const char          *uuid,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  gh_storage_call (host, GH_ROLE_CONTROL, GH_LANE_WRITE, "network-start", start_network_worker,
                   gh_storage_args_new (uuid, NULL, FALSE),
                   NULL, cancellable, callback, user_data);
}

gboolean
gh_host_start_network_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
