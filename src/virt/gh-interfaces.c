/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What kind an interface is and whether it is up, only its document says: so they are read by
 * several connections side by side, as everything of a rehearsal. */

#define G_LOG_DOMAIN "gh-interfaces"

#include "config.h"

#include "gh-interfaces.h"

#include <string.h>

#include "gh-host-private.h"
#include "gh-virt-error-private.h"
#include "gh-xml-document.h"

/* A record of several parts. */
typedef struct
{
  GPtrArray *list; /* (element-type GhInterface) (mutex mutex) */
  GMutex     mutex;
} Interfaces;

void
gh_interface_free (gpointer interface)
{
  GhInterface *self = interface;

  g_free (self->name);
  g_free (self);
}

static gboolean
has_state (GhXmlDocument *document,
           const char    *xpath,
           const char    *state)
{
  xmlNode *link = gh_xml_document_find (document, xpath);
  g_autofree char *value = link != NULL ? gh_xml_node_dup_attribute (link, "state") : NULL;

  return g_strcmp0 (value, state) == 0;
}

static GhInterface *
take_interface (char            *name,
                GhInterfaceKind  kind,
                gboolean         is_down)
{
  GhInterface *self = NULL;

  if (name == NULL || *name == '\0')
    {
      g_free (name);
      return NULL;
    }
  self = g_new0 (GhInterface, 1);
  self->name = name;
  self->kind = kind;
  self->is_down = is_down;
  return self;
}

GhInterface *
gh_interface_new_from_xml (const char *xml)
{
  g_autoptr (GhXmlDocument) interface = NULL;
  g_autoptr (GhXmlDocument) device = NULL;
  g_autofree char *type = NULL;
  xmlNode *root = NULL;

  g_return_val_if_fail (xml != NULL, NULL);

  interface = gh_xml_document_new (xml, "interface", NULL);
  if (interface != NULL)
    {
      root = gh_xml_document_get_root (interface);
      type = gh_xml_node_dup_attribute (root, "type");
      return take_interface (gh_xml_node_dup_attribute (root, "name"),
                             g_strcmp0 (type, "bridge") == 0 ? GH_INTERFACE_BRIDGE
                             : type != NULL ? GH_INTERFACE_OTHER : GH_INTERFACE_UNKNOWN,
                             has_state (interface, "link", "down"));
    }
  device = gh_xml_document_new (xml, "device", NULL);
  if (device == NULL)
    return NULL;
  return take_interface (gh_xml_document_dup_text (device, "capability[@type='net']/interface"),
                         GH_INTERFACE_UNKNOWN,
                         has_state (device, "capability[@type='net']/link", "down"));
}

gboolean
gh_interface_is_for_all (const GhInterface *self)
{
  static const char * const others[] = { "vnet", "macvtap", "virbr0-nic", "tap", "veth" };

  if (strcmp (self->name, "lo") == 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_str_has_prefix (self->name, others[i]))
      return FALSE;
  return TRUE;
}

static void
interfaces_clear (gpointer data)
{
  Interfaces *self = data;

  g_clear_pointer (&self->list, g_ptr_array_unref);
  g_mutex_clear (&self->mutex);
}

static void
interfaces_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, interfaces_clear);
}

/* By name, so that each is read once whoever comes or goes meanwhile. */
static gboolean
is_share (const GhPart *part,
          const char   *name)
{
  return g_str_hash (name) % part->n_parts == part->index;
}

/* Frees @xml (nullable). One that has gone meanwhile has no document; nor has one about which
 * libvirt may not read everything, and that is there: @name (nullable) is all that is known. */
static void
add_interface (Interfaces *self,
               char       *xml,
               const char *name)
{
  GhInterface *interface = xml != NULL ? gh_interface_new_from_xml (xml) : NULL;

  if (xml == NULL && name != NULL && virGetLastErrorCode () != VIR_ERR_NO_INTERFACE)
    interface = take_interface (g_strdup (name), GH_INTERFACE_UNKNOWN, FALSE);
  free (xml);
  if (interface == NULL)
    return;
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->list, interface);
  g_mutex_unlock (&self->mutex);
}

static gboolean
read_interfaces (Interfaces    *self,
                 virConnectPtr  conn,
                 const GhPart  *part)
{
  virInterfacePtr *interfaces = NULL;
  int n = virConnectListAllInterfaces (conn, &interfaces, 0);

  for (int i = 0; i < n; i++)
    {
      if (is_share (part, virInterfaceGetName (interfaces[i])))
        add_interface (self, virInterfaceGetXMLDesc (interfaces[i], 0),
                       virInterfaceGetName (interfaces[i]));
      virInterfaceFree (interfaces[i]);
    }
  free (interfaces);
  return n >= 0;
}

static gboolean
read_devices (Interfaces    *self,
              virConnectPtr  conn,
              const GhPart  *part)
{
  virNodeDevicePtr *devices = NULL;
  int n = virConnectListAllNodeDevices (conn, &devices, VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET);

  for (int i = 0; i < n; i++)
    {
      if (is_share (part, virNodeDeviceGetName (devices[i])))
        add_interface (self, virNodeDeviceGetXMLDesc (devices[i], 0), NULL);
      virNodeDeviceFree (devices[i]);
    }
  free (devices);
  return n >= 0;
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const GhPart *part = data;
  virConnectPtr conn = gh_conn_get (lane, error);

  if (conn == NULL)
    return NULL;
  if (!read_interfaces (part->record, conn, part) && !read_devices (part->record, conn, part))
    gh_virt_error_take (error);
  virResetLastError ();
  return NULL;
}

void
gh_host_load_interfaces_async (GhHost              *host,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  Interfaces *record = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  record = g_atomic_rc_box_new0 (Interfaces);
  record->list = g_ptr_array_new_with_free_func (gh_interface_free);
  g_mutex_init (&record->mutex);
  gh_host_call_parts (host, GH_LANE_USER, "interfaces", load_worker, record, interfaces_unref,
                      gh_host_get_n_readers (host),
                      g_task_new (host, cancellable, callback, user_data));
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp ((*(GhInterface * const *) a)->name, (*(GhInterface * const *) b)->name);
}

GPtrArray *
gh_host_load_interfaces_finish (GhHost        *host,
                                GAsyncResult  *result,
                                GError       **error)
{
  Interfaces *record = NULL;
  GPtrArray *list = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  record = g_task_propagate_pointer (G_TASK (result), error);
  if (record == NULL)
    return NULL;
  list = g_steal_pointer (&record->list);
  interfaces_unref (record);
  g_ptr_array_sort (list, compare_names);
  return list;
}
