/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-start-guard"

#include "config.h"

#include "gh-start-guard.h"

#include "gh-threads.h"

G_DEFINE_QUARK (gh-guard-error-quark, gh_guard_error)

static GhStartGuardFunc guard = NULL; /* main thread */

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

  g_return_if_fail (GH_IS_HOST (host));

  if (guard != NULL)
    {
      guard (host, uuid, cancellable, callback, user_data);
      return;
    }
  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_start_guard_ask_async);
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
