/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The module "consoles" brings SPICE, VNC and VTE with some sixty libraries. It is
 * loaded once, on a throw-away thread, so that the window never waits for the linker; its types are
 * registered on the main thread, when the first display is made. */

#define G_LOG_DOMAIN "gh-console-module"

#include "config.h"

#include "gh-console-module.h"

#include "gh-modules.h"
#include "gh-threads.h"

typedef struct
{
  GhDisplayCreateFunc create;
  GError             *error;
} Loaded;

static GhDisplayCreateFunc create_display = NULL;
static GPtrArray *waiting = NULL; /* (element-type GTask), while the thread runs */

static void
answer (GTask              *task,
        GhDisplayCreateFunc create,
        const GError       *error)
{
  if (create != NULL)
    g_task_return_pointer (task, (gpointer) create, NULL);
  else
    g_task_return_error (task, g_error_copy (error));
}

static gboolean
loaded_cb (gpointer user_data)
{
  g_autofree Loaded *loaded = user_data;
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&waiting);

  create_display = loaded->create;
  for (guint i = 0; i < tasks->len; i++)
    answer (g_ptr_array_index (tasks, i), loaded->create, loaded->error);
  g_clear_error (&loaded->error);
  return G_SOURCE_REMOVE;
}

static gpointer
load_worker (gpointer user_data)
{
  Loaded *loaded = g_new0 (Loaded, 1);

  loaded->create = (GhDisplayCreateFunc) gh_modules_load ("consoles", GH_DISPLAY_CREATE_SYMBOL,
                                                          &loaded->error);
  g_idle_add_full (G_PRIORITY_DEFAULT, loaded_cb, loaded, NULL);
  return NULL;
}

/**
 * gh_console_module_load_async:
 * @cancellable: (nullable): the loading itself goes on
 * @callback: called when displays can be made
 * @user_data: for @callback
 *
 * Loads the displays unless they are loaded. Main thread.
 */
void
gh_console_module_load_async (GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_assert (GH_IS_MAIN_THREAD ());

  g_task_set_source_tag (task, gh_console_module_load_async);
  if (create_display != NULL)
    {
      answer (task, create_display, NULL);
      return;
    }

  if (waiting == NULL)
    {
      waiting = g_ptr_array_new_with_free_func (g_object_unref);
      g_thread_unref (g_thread_new ("consoles", load_worker, NULL));
    }
  g_ptr_array_add (waiting, g_steal_pointer (&task));
}

/**
 * gh_console_module_load_finish:
 * @result: the result given to the callback
 * @error: (out): what went wrong
 *
 * Returns: (nullable): the function that makes displays
 */
GhDisplayCreateFunc
gh_console_module_load_finish (GAsyncResult  *result,
                               GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return (GhDisplayCreateFunc) g_task_propagate_pointer (G_TASK (result), error);
}
