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
static GHashTable *permits = NULL;  /* (nullable): a set of keys */

void
gh_start_guard_set_hosts (GhHosts *hosts)
{
  g_assert (GH_IS_MAIN_THREAD ());

  g_set_weak_pointer (&known_hosts, hosts);
}

GhHost *
gh_start_guard_find_host (const char *uri)
{
  GhHost *host = known_hosts != NULL ? gh_hosts_find (known_hosts, uri) : NULL;

  return host != NULL && gh_host_get_state (host) == GH_HOST_CONNECTED ? host : NULL;
}

static char *
dup_permit_key (GhHost     *host,
                const char *uuid)
{
  return g_strconcat (uuid, "@", gh_host_get_uri (host), NULL);
}

void
gh_start_guard_permit (GhHost     *host,
                       const char *uuid)
{
  g_return_if_fail (GH_IS_HOST (host) && uuid != NULL);

  if (permits == NULL)
    permits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add (permits, dup_permit_key (host, uuid));
}

gboolean
gh_start_guard_take_permit (GhHost     *host,
                            const char *uuid)
{
  g_autofree char *key = NULL;
  gboolean was_there = FALSE;

  g_return_val_if_fail (GH_IS_HOST (host) && uuid != NULL, FALSE);

  key = dup_permit_key (host, uuid);
  was_there = permits != NULL && g_hash_table_remove (permits, key);
  if (was_there && g_hash_table_size (permits) == 0)
    g_clear_pointer (&permits, g_hash_table_unref);
  return was_there;
}

/* Half of one does not go on by itself, here or beside its other half; whoever moves it does that.
 * No journal of ours need know of that move. */
static gboolean
is_whole (GhMachine  *machine, /* nullable */
          GhHost     *host,
          GError    **error)
{
  if (machine == NULL || !gh_machine_is_in_parts (machine))
    return TRUE;
  g_set_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_ELSEWHERE,
               _("“%s” is being moved, and its memory is in two parts, one of them at %s. It goes "
                 "on by itself when the move is finished or recovered."),
               gh_machine_get_name (machine), gh_host_get_label (host));
  return FALSE;
}

/* To go on beside one that is paused is what a user may want who compares the two. */
static gboolean
is_alone (GhHost      *host,
          const char  *uuid,
          GhGuardUse   use,
          GError     **error)
{
  guint n_hosts = known_hosts != NULL ? g_list_model_get_n_items (G_LIST_MODEL (known_hosts)) : 0;

  GhMachine *own = gh_host_find_machine (host, uuid);
  gboolean is_paused_here = own != NULL && gh_machine_get_state (own) == GH_MACHINE_PAUSED;

  if (!is_whole (own, host, error))
    return FALSE;
  for (guint i = 0; i < n_hosts; i++)
    {
      g_autoptr (GhHost) other = g_list_model_get_item (G_LIST_MODEL (known_hosts), i);
      GhMachine *twin = other != host && gh_host_get_state (other) == GH_HOST_CONNECTED
                        ? gh_host_find_machine (other, uuid) : NULL;

      /* What is paused and whole has come, and what still says that it is a part was not told. */
      if (!(use == GH_GUARD_RESUME && is_paused_here) && !is_whole (twin, other, error))
        return FALSE;
      if (twin == NULL || !gh_machine_is_active (twin) ||
          (use == GH_GUARD_RESUME && gh_machine_get_state (twin) == GH_MACHINE_PAUSED))
        continue;
      g_set_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_ELSEWHERE,
                   _("“%s” is at %s, and runs there. It is the same machine: both would write to "
                     "the same disks, or be one and the same in the network."),
                   gh_machine_get_name (twin), gh_host_get_label (other));
      return FALSE;
    }
  return TRUE;
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
 * @use: what is to be done
 * @cancellable: (nullable): stops asking
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks whether the machine may be started. Without a guard it may.
 */
void
gh_start_guard_ask_async (GhHost              *host,
                          const char          *uuid,
                          GhGuardUse           use,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  if (is_alone (host, uuid, use, &error) && guard != NULL)
    {
      guard (host, uuid, use, cancellable, callback, user_data);
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
