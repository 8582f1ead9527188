/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-cpu-baseline"

#include "config.h"

#include "gh-cpu-baseline.h"

#include <glib/gi18n-lib.h>

#include "gh-cpu-xml.h"
#include "gh-host-private.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char  *arch;    /* all (nullable) */
  char  *machine;
  char  *type;
  GStrv  cpus;    /* to join; NULL: to ask what the host has */
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->arch);
  g_free (call->machine);
  g_free (call->type);
  g_strfreev (call->cpus);
  g_free (call);
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  char *capabilities = NULL;
  char *model = NULL;

  if (conn == NULL)
    return NULL;
  capabilities = virConnectGetDomainCapabilities (conn, NULL, call->arch, call->machine, call->type,
                                                  0);
  if (capabilities == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  model = gh_cpu_xml_dup_host_model (capabilities);
  free (capabilities);
  if (model == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _("The host does not say what processor it can give a machine."));
  return model;
}

static gpointer
join_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  char *text = NULL;
  char *copy = NULL;

  if (conn == NULL)
    return NULL;
  text = virConnectBaselineHypervisorCPU (conn, NULL, call->arch, call->machine, call->type,
                                          (const char **) call->cpus, g_strv_length (call->cpus),
                                          VIR_CONNECT_BASELINE_CPU_MIGRATABLE);
  copy = g_strdup (text);
  if (text == NULL)
    gh_virt_error_take (error);
  free (text);
  return copy;
}

static void
start (GhHost              *host,
       const char          *call_name,
       GhLaneFunc           func,
       const char          *text,
       const char * const  *cpus,
       GTask               *task)
{
  GError *error = NULL;
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (text, &error);
  Call *call = NULL;

  if (xml == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  call = g_new0 (Call, 1);
  call->arch = gh_domain_xml_dup_arch (xml);
  call->machine = gh_domain_xml_dup_machine (xml);
  call->type = gh_domain_xml_dup_type (xml);
  call->cpus = g_strdupv ((char **) cpus);
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, call_name, func, call, call_free,
                g_free, task);
}

void
gh_host_load_cpu_model_async (GhHost              *host,
                              const char          *xml,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (xml != NULL);

  start (host, "cpu-model", load_worker, xml, NULL,
         g_task_new (host, cancellable, callback, user_data));
}

char *
gh_host_load_cpu_model_finish (GhHost        *host,
                               GAsyncResult  *result,
                               GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gh_host_join_cpus_async (GhHost              *host,
                         const char          *xml,
                         const char * const  *cpus,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (xml != NULL && cpus != NULL && cpus[0] != NULL);

  start (host, "cpu-baseline", join_worker, xml, cpus,
         g_task_new (host, cancellable, callback, user_data));
}

char *
gh_host_join_cpus_finish (GhHost        *host,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
