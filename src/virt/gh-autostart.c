/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Whether the host starts a machine by itself: not a part of its definition, and gone with it. */

#define G_LOG_DOMAIN "gh-autostart"

#include "config.h"

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char     uuid[VIR_UUID_STRING_BUFLEN];
  gboolean autostart;
} Call;

static Call *
call_new (const char *uuid,
          gboolean    autostart)
{
  Call *call = g_new0 (Call, 1);

  g_strlcpy (call->uuid, uuid, sizeof call->uuid);
  call->autostart = autostart;
  return call;
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  int autostart = 0;

  if (domain == NULL)
    return NULL;
  if (virDomainGetAutostart (domain, &autostart) < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  return call_new (call->uuid, autostart != 0);
}

/**
 * gh_host_load_autostart_async:
 * @host: a connected host
 * @uuid: a machine
 * @cancellable: (nullable): stops waiting
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainGetAutostart().
 */
void
gh_host_load_autostart_async (GhHost              *host,
                              const char          *uuid,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "domain-get-autostart",
                load_worker, call_new (uuid, FALSE), g_free, g_free,
                g_task_new (host, cancellable, callback, user_data));
}

/**
 * gh_host_load_autostart_finish:
 * @host: the host
 * @result: given to the callback
 * @autostart: (out): whether the host starts it by itself
 * @error: (out): why nobody knows
 *
 * Returns: whether @autostart is known
 */
gboolean
gh_host_load_autostart_finish (GhHost        *host,
                               GAsyncResult  *result,
                               gboolean      *autostart,
                               GError       **error)
{
  g_autofree Call *call = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  call = g_task_propagate_pointer (G_TASK (result), error);
  *autostart = call != NULL && call->autostart;
  return call != NULL;
}

static gpointer
set_worker (GhLane        *lane,
            gpointer       data,
            GCancellable  *cancellable,
            GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain != NULL && virDomainSetAutostart (domain, call->autostart ? 1 : 0) < 0)
    gh_virt_error_take (error);
  return NULL;
}

/**
 * gh_host_set_autostart_async:
 * @host: a connected host
 * @uuid: a machine
 * @autostart: whether the host is to start it by itself
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainSetAutostart().
 */
void
gh_host_set_autostart_async (GhHost              *host,
                             const char          *uuid,
                             gboolean             autostart,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "domain-set-autostart",
                set_worker, call_new (uuid, autostart), g_free, NULL,
                g_task_new (host, cancellable, callback, user_data));
}

gboolean
gh_host_set_autostart_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return gh_call_finish_void (host, result, error);
}
