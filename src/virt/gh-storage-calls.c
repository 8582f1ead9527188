/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How pools, volumes and networks are asked for and changed. */

#define G_LOG_DOMAIN "gh-storage-calls"

#include "config.h"

#include "gh-storage-private.h"

GhStorageArgs *
gh_storage_args_new (const char *name,
                     const char *xml,
                     gboolean    flag)
{
  GhStorageArgs *args = g_new0 (GhStorageArgs, 1);

  args->name = g_strdup (name);
  args->xml = g_strdup (xml);
  args->flag = flag;
  return args;
}

static void
args_free (gpointer data)
{
  GhStorageArgs *args = data;

  g_free (args->name);
  g_free (args->xml);
  g_free (args->source);
  g_free (args);
}

void
gh_storage_call (GhHost              *host,
                 GhLaneRole           role,
                 GhLaneKind           kind,
                 const char          *name,
                 GhLaneFunc           func,
                 GhStorageArgs       *data,
                 GDestroyNotify       result_free,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  gh_host_call (host, role, GH_LANE_USER, kind, name, func, data, args_free, result_free,
                g_task_new (host, cancellable, callback, user_data));
}

/* For calls that change storage: what is known of it is old as soon as they run, and once more
 * when they have ended. */
static void
changed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GDestroyNotify result_free = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &error);

  gh_host_mark_storage_stale (GH_HOST (object));
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, value, result_free);
}

void
gh_storage_change (GhHost              *host,
                   GhLaneRole           role,
                   const char          *name,
                   GhLaneFunc           func,
                   GhStorageArgs       *data,
                   GDestroyNotify       result_free,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_storage_change);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, result_free, NULL);
  gh_host_mark_storage_stale (host);
  gh_storage_call (host, role, GH_LANE_WRITE, name, func, data, result_free, cancellable,
                   changed_cb, task);
}
