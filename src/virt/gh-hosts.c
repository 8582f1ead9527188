/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-hosts"

#include "config.h"

#include "gh-hosts.h"

#include <string.h>

#include "gh-host-label.h"

struct _GhHosts
{
  GObject    parent_instance;
  GPtrArray *hosts;    /* (element-type GhHost) */
  GSettings *settings; /* (owned): names that the user gives */
};

static void list_model_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GhHosts, gh_hosts, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static GType
get_item_type (GListModel *list)
{
  return GH_TYPE_HOST;
}

static guint
get_n_items (GListModel *list)
{
  return GH_HOSTS (list)->hosts->len;
}

static gpointer
get_item (GListModel *list,
          guint       position)
{
  GhHosts *self = GH_HOSTS (list);

  return position < self->hosts->len ? g_object_ref (g_ptr_array_index (self->hosts,
                                                                        position)) : NULL;
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
gh_hosts_finalize (GObject *object)
{
  GhHosts *self = GH_HOSTS (object);

  g_object_unref (self->settings);
  g_ptr_array_unref (self->hosts);
  G_OBJECT_CLASS (gh_hosts_parent_class)->finalize (object);
}

static void
gh_hosts_class_init (GhHostsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_hosts_finalize;
}

/* Hosts that are seen together have different names. */
static void
update_labels (GhHosts *self)
{
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;
  g_auto (GStrv) labels = NULL;

  for (guint i = 0; i < self->hosts->len; i++)
    g_strv_builder_add (uris, gh_host_get_uri (g_ptr_array_index (self->hosts, i)));
  list = g_strv_builder_end (uris);
  labels = gh_host_labels_new ((const char * const *) list);
  for (guint i = 0; i < self->hosts->len; i++)
    gh_host_set_label (g_ptr_array_index (self->hosts, i), labels[i]);
}

static void
gh_hosts_init (GhHosts *self)
{
  self->hosts = g_ptr_array_new_with_free_func (g_object_unref);
  self->settings = g_settings_new (GH_APP_ID);
  g_signal_connect_object (self->settings, "changed::host-names", G_CALLBACK (update_labels), self,
                           G_CONNECT_SWAPPED);
  /* A key that was never read tells of no changes. */
  g_variant_unref (g_settings_get_value (self->settings, "host-names"));
}

/**
 * gh_hosts_new:
 *
 * Returns: (transfer full): an empty registry. Main thread, as all of this class.
 */
GhHosts *
gh_hosts_new (void)
{
  return g_object_new (GH_TYPE_HOSTS, NULL);
}

/**
 * gh_hosts_add:
 * @self: the registry
 * @uri: a libvirt URI
 *
 * Returns: (transfer none): the host of that URI, new and not connected unless
 *   it was there already
 */
GhHost *
gh_hosts_add (GhHosts    *self,
              const char *uri)
{
  GhHost *host = NULL;

  g_return_val_if_fail (GH_IS_HOSTS (self), NULL);

  host = gh_hosts_find (self, uri);
  if (host != NULL)
    return host;
  host = gh_host_new (uri);
  g_ptr_array_add (self->hosts, host);
  update_labels (self);
  g_list_model_items_changed (G_LIST_MODEL (self), self->hosts->len - 1, 0, 1);
  return host;
}

/**
 * gh_hosts_take:
 * @self: the registry
 * @host: (transfer full): a host, connected or not, whose URI is not there
 *
 * Puts a host at the end.
 */
void
gh_hosts_take (GhHosts *self,
               GhHost  *host)
{
  g_return_if_fail (GH_IS_HOSTS (self));
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (gh_hosts_find (self, gh_host_get_uri (host)) == NULL);

  g_ptr_array_add (self->hosts, host);
  update_labels (self);
  g_list_model_items_changed (G_LIST_MODEL (self), self->hosts->len - 1, 0, 1);
}

/**
 * gh_hosts_remove:
 * @self: the registry
 * @host: a host of it
 *
 * Disconnects the host and forgets it.
 */
void
gh_hosts_remove (GhHosts *self,
                 GhHost  *host)
{
  guint position = 0;

  g_return_if_fail (GH_IS_HOSTS (self));

  if (!g_ptr_array_find (self->hosts, host, &position))
    return;
  gh_host_disconnect (host);
  g_ptr_array_remove_index (self->hosts, position);
  update_labels (self);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

/**
 * gh_hosts_replace:
 * @self: the registry
 * @host: a host of it
 * @other: (transfer full): a host, connected or not, whose URI is not there
 *
 * Puts @other where @host is, which is disconnected and forgotten.
 */
void
gh_hosts_replace (GhHosts *self,
                  GhHost  *host,
                  GhHost  *other)
{
  guint position = 0;

  g_return_if_fail (GH_IS_HOSTS (self));
  g_return_if_fail (GH_IS_HOST (other));
  g_return_if_fail (gh_hosts_find (self, gh_host_get_uri (other)) == NULL);
  g_return_if_fail (g_ptr_array_find (self->hosts, host, &position));

  gh_host_disconnect (host);
  g_object_unref (host);
  self->hosts->pdata[position] = other;
  update_labels (self);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 1);
}

GhHost *
gh_hosts_find (GhHosts    *self,
               const char *uri)
{
  g_return_val_if_fail (GH_IS_HOSTS (self), NULL);

  for (guint i = 0; i < self->hosts->len; i++)
    if (strcmp (gh_host_get_uri (g_ptr_array_index (self->hosts, i)), uri) == 0)
      return g_ptr_array_index (self->hosts, i);
  return NULL;
}

/**
 * gh_hosts_find_machine:
 * @self: the registry
 * @uuid: a UUID
 *
 * Returns: (transfer none) (nullable): the first machine of that UUID on any host
 */
GhMachine *
gh_hosts_find_machine (GhHosts    *self,
                       const char *uuid)
{
  g_return_val_if_fail (GH_IS_HOSTS (self), NULL);

  for (guint i = 0; i < self->hosts->len; i++)
    {
      GhMachine *machine = gh_host_find_machine (g_ptr_array_index (self->hosts, i), uuid);

      if (machine != NULL && strcmp (gh_machine_get_uuid (machine), uuid) == 0)
        return machine;
    }
  return NULL;
}
