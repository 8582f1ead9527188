/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-image-guard"

#include "config.h"

#include "gh-image-guard.h"

#include "gh-image-graph.h"
#include "gh-move-guard.h"
#include "gh-start-guard.h"

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GhImageGraph) graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  g_autoptr (GPtrArray) checks = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  checks = gh_image_graph_check_machine (graph, g_task_get_task_data (task), GH_IMAGE_USE_START);
  if (checks->len == 0)
    g_task_return_boolean (task, TRUE);
  else
    {
      GhCheck *check = g_ptr_array_index (checks, 0);

      g_task_return_new_error (task, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED, "%s. %s",
                               gh_check_get_title (check), gh_check_get_detail (check));
    }
}

/* Takes @task. */
static void
ask_graph (GTask *task)
{
  gh_image_graph_load_async (g_task_get_source_object (task), g_task_get_cancellable (task),
                             graph_loaded_cb, task);
}

static void
moves_asked_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!gh_move_guard_ask_finish (GH_HOST (object), result, &error))
    g_task_return_error (task, error);
  /* What is paused has its images already. */
  else if (GPOINTER_TO_INT (g_object_get_data (G_OBJECT (task), "gh-use")) == GH_GUARD_RESUME)
    g_task_return_boolean (task, TRUE);
  else
    ask_graph (g_object_ref (task));
}

static void
ask (GhHost              *host,
     const char          *uuid,
     GhGuardUse           use,
     GCancellable        *cancellable,
     GAsyncReadyCallback  callback,
     gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_source_tag (task, ask);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  g_object_set_data (G_OBJECT (task), "gh-use", GINT_TO_POINTER ((int) use));
  if (!gh_start_guard_take_permit (host, uuid))
    gh_move_guard_ask_async (host, uuid, use, cancellable, moves_asked_cb, g_object_ref (task));
  else if (use == GH_GUARD_RESUME)
    g_task_return_boolean (task, TRUE);
  else
    ask_graph (g_object_ref (task));
}

void
gh_image_guard_install (void)
{
  gh_start_guard_set (ask);
}
