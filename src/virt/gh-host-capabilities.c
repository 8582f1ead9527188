/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a host can do, read once and kept. */

#define G_LOG_DOMAIN "gh-host"

#include "config.h"

#include "gh-host-engine.h"
#include "gh-virt-error-private.h"

static void
capabilities_loaded_cb (GObject      *object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhCapabilities *capabilities = g_task_propagate_pointer (G_TASK (result), &error);

  if (capabilities == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
  self->capabilities = gh_capabilities_ref (capabilities);
  g_task_return_pointer (task, capabilities, (GDestroyNotify) gh_capabilities_unref);
}

static gpointer
capabilities_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  char *capabilities_xml = NULL;
  char *domain_xml = NULL;
  virNodeInfo node = { 0 };
  GhCapabilities *capabilities = NULL;

  if (conn == NULL)
    return NULL;
  capabilities_xml = virConnectGetCapabilities (conn);
  if (capabilities_xml == NULL || virNodeGetInfo (conn, &node) < 0)
    {
      gh_virt_error_take (error);
      free (capabilities_xml);
      return NULL;
    }
  /* Of the machine type that new machines have: Secure Boot is not offered for the default one.
   * Other architectures do not know it. */
  domain_xml = virConnectGetDomainCapabilities (conn, NULL, NULL, "q35", NULL, 0);
  if (domain_xml == NULL)
    domain_xml = virConnectGetDomainCapabilities (conn, NULL, NULL, NULL, NULL, 0);
  /* Fails where no emulator is installed, and on drivers that have none: nothing is offered
     then. */
  if (domain_xml == NULL)
    virResetLastError ();
  capabilities = gh_capabilities_new (capabilities_xml, domain_xml, node.memory, node.cpus);
  free (capabilities_xml);
  free (domain_xml);
  return capabilities;
}

void
gh_host_load_capabilities_async (GhHost              *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (GH_IS_HOST (self));

  g_task_set_source_tag (task, gh_host_load_capabilities_async);
  if (self->capabilities != NULL)
    {
      g_task_return_pointer (task, gh_capabilities_ref (self->capabilities),
                             (GDestroyNotify) gh_capabilities_unref);
      g_object_unref (task);
      return;
    }
  /* Probing QEMU takes seconds the first time: the others of these lanes go on. */
  gh_host_call (self, GH_ROLE_READ, GH_LANE_DEFAULT, GH_LANE_READ, "capabilities",
                capabilities_worker,
                NULL, NULL, (GDestroyNotify) gh_capabilities_unref,
                g_task_new (self, cancellable, capabilities_loaded_cb, task));
}

GhCapabilities *
gh_host_load_capabilities_finish (GhHost        *self,
                                  GAsyncResult  *result,
                                  GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
