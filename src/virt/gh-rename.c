/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-rename"

#include "config.h"

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char *uuid;
  char *name;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->uuid);
  g_free (call->name);
  g_free (call);
}

static gpointer
rename_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain != NULL && g_strcmp0 (virDomainGetName (domain), call->name) != 0 &&
      virDomainRename (domain, call->name, 0) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static void
renamed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_host_mark_stale (host, g_task_get_task_data (task));
  if (gh_call_finish_void (host, result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * gh_host_rename_async:
 * @host: a connected host
 * @uuid: a machine that is off
 * @name: what it is to be called
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainRename().
 */
void
gh_host_rename_async (GhHost              *host,
                      const char          *uuid,
                      const char          *name,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  GTask *task = NULL;
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && name != NULL);

  call = g_new0 (Call, 1);
  call->uuid = g_strdup (uuid);
  call->name = g_strdup (name);
  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_host_rename_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "domain-rename", rename_worker,
                call, call_free, NULL, g_task_new (host, cancellable, renamed_cb, task));
}

gboolean
gh_host_rename_finish (GhHost        *host,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
