/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-start-guard"

#include "config.h"

#include "gh-start-guard.h"

#include <glib/gi18n-lib.h>

#include "gh-threads.h"

G_DEFINE_QUARK (gh-guard-error-quark, gh_guard_error)

/* Main thread. */
static GhStartGuardFunc guard = NULL;
static GhHosts *known_hosts = NULL; /* (nullable) (weak) */

void
gh_start_guard_set_hosts (GhHosts *hosts)
{
  g_assert (GH_IS_MAIN_THREAD ());

  g_set_weak_pointer (&known_hosts, hosts);
}

/* @running: its guest goes on; else being active is enough. */
static gboolean
is_alone (GhHost      *host,
          const char  *uuid,
          gboolean     running,
          GError     **error)
{
  guint n_hosts = known_hosts != NULL ? g_list_model_get_n_items (G_LIST_MODEL (known_hosts)) : 0;

  for (guint i = 0; i < n_hosts; i++)
    {
      g_autoptr (GhHost) other = g_list_model_get_item (G_LIST_MODEL (known_hosts), i);
      GhMachine *twin = other != host && gh_host_get_state (other) == GH_HOST_CONNECTED
                        ? gh_host_find_machine (other, uuid) : NULL;

      if (twin == NULL || !gh_machine_is_active (twin) ||
          (running && gh_machine_get_state (twin) == GH_MACHINE_PAUSED))
        continue;
      g_set_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED,
                   _("“%s” is at %s, and runs there. It is the same machine: both would write to "
                     "the same disks, or be one and the same in the network."),
                   gh_machine_get_name (twin), gh_host_get_label (other));
      return FALSE;
    }
  return TRUE;
}

gboolean
gh_start_guard_may_resume (GhHost      *host,
                           const char  *uuid,
                           GError     **error)
{
  g_return_val_if_fail (GH_IS_HOST (host), FALSE);

  return is_alone (host, uuid, TRUE, error);
}

void
gh_start_guard_set (GhStartGuardFunc func)
{
  g_assert (GH_IS_MAIN_THREAD ());

  guard = func;
}

/**
 * gh_start_guard_ask_async:
 * @host: a connected host
 * @uuid: the machine that is to be started
 * @cancellable: (nullable): stops asking
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks whether the machine may be started. Without a guard it may.
 */
void
gh_start_guard_ask_async (GhHost              *host,
                          const char          *uuid,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  if (is_alone (host, uuid, FALSE, &error) && guard != NULL)
    {
      guard (host, uuid, cancellable, callback, user_data);
      return;
    }
  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_start_guard_ask_async);
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
gh_start_guard_ask_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
