/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Undoing is late: between doing and undoing other runs, and other programs, may have linked to
 * what was protected. Their clones are destroyed by the first byte that is written to it. */

#define G_LOG_DOMAIN "gh-still-needed"

#include "config.h"

#include "gh-still-needed.h"

#include <glib/gi18n-lib.h>

#include "gh-image-graph.h"

typedef struct
{
  char  *uuid;  /* (nullable) */
  GStrv  paths; /* (nullable) */
  GStrv  own;   /* (nullable) */
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_free (question->uuid);
  g_strfreev (question->paths);
  g_strfreev (question->own);
  g_free (question);
}

static gboolean
is_own (GhImageGraph   *graph,
        const Question *question,
        const GhImage  *image)
{
  for (guint i = 0; question->own != NULL && question->own[i] != NULL; i++)
    if (gh_image_graph_find (graph, question->own[i]) == image)
      return TRUE;
  return FALSE;
}

/* A trial is made without protecting anything: it loses nothing of what it had. */
static gboolean
is_of_trials (const GhImage *image)
{
  for (guint i = 0; i < image->users->len; i++)
    if (((GhImageUser *) g_ptr_array_index (image->users, i))->machine->kind != GH_MACHINE_TRIAL)
      return FALSE;
  return image->users->len > 0;
}

static void
add_dependents (GhImageGraph   *graph,
                const Question *question,
                const char     *path,
                GPtrArray      *needing)
{
  g_autoptr (GPtrArray) above = gh_image_graph_find_dependents (graph, path);

  for (guint i = 0; i < above->len; i++)
    {
      GhImage *image = g_ptr_array_index (above, i);

      if (!is_own (graph, question, image) && !is_of_trials (image))
        g_ptr_array_add (needing, image);
    }
}

/* Who lies on the files, in words; NULL: nobody. */
static char *
dup_dependents (GhImageGraph   *graph,
                const Question *question)
{
  GhImageMachine *machine = question->uuid != NULL
                            ? gh_image_graph_find_machine (graph, question->uuid) : NULL;
  g_autoptr (GPtrArray) needing = g_ptr_array_new ();
  g_auto (GStrv) names = NULL;

  for (guint i = 0; machine != NULL && i < machine->images->len; i++)
    add_dependents (graph, question, ((GhImage *) g_ptr_array_index (machine->images, i))->path,
                    needing);
  for (guint i = 0; question->paths != NULL && question->paths[i] != NULL; i++)
    add_dependents (graph, question, question->paths[i], needing);
  names = gh_image_graph_list_names (graph, needing, question->uuid);
  return names[0] != NULL ? gh_image_names_dup_text ((const char * const *) names) : NULL;
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const Question *question = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GhImageGraph) graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  g_autofree char *dependents = NULL;
  GPtrArray *spots = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  dependents = dup_dependents (graph, question);
  spots = gh_image_graph_get_blind_spots (graph);
  if (dependents != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             /* Translators: of a machine; %s are those that depend on it. */
                             _("Its disks have to stay protected for %s."), dependents);
  else if (spots->len > 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s",
                             (const char *) g_ptr_array_index (spots, 0));
  else
    g_task_return_boolean (task, TRUE);
}

void
gh_still_needed_async (GhHost              *host,
                       const char          *uuid,
                       const char * const  *paths,
                       const char * const  *own,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  GTask *task = NULL;
  Question *question = NULL;

  g_return_if_fail (GH_IS_HOST (host) && (uuid != NULL || paths != NULL));

  task = g_task_new (host, NULL, callback, user_data);
  question = g_new0 (Question, 1);
  question->uuid = g_strdup (uuid);
  question->paths = g_strdupv ((char **) paths);
  question->own = g_strdupv ((char **) own);
  g_task_set_source_tag (task, gh_still_needed_async);
  g_task_set_task_data (task, question, question_free);
  gh_image_graph_reload_async (host, paths, NULL, graph_loaded_cb, task);
}

gboolean
gh_still_needed_finish (GhHost        *host,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
