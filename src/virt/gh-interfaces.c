/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-interfaces"

#include "config.h"

#include "gh-interfaces.h"

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  virInterfacePtr *interfaces = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  int n = 0;

  if (conn == NULL)
    return NULL;
  n = virConnectListAllInterfaces (conn, &interfaces, 0);
  if (n < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  for (int i = 0; i < n; i++)
    {
      g_strv_builder_add (builder, virInterfaceGetName (interfaces[i]));
      virInterfaceFree (interfaces[i]);
    }
  free (interfaces);
  return g_strv_builder_end (builder);
}

void
gh_host_load_interfaces_async (GhHost              *host,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "interfaces", load_worker, NULL,
                NULL, (GDestroyNotify) g_strfreev, g_task_new (host, cancellable, callback,
                                                               user_data));
}

GStrv
gh_host_load_interfaces_finish (GhHost        *host,
                                GAsyncResult  *result,
                                GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
