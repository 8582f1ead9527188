/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* keep: a trial becomes a machine. Parameters uuid, name, plug: its network cards get their cables
 * back; looked: the rest is known; element, our metadata as they were, and macs, the addresses of
 * the cards, in one string; shared-N: what it lies on that is no machine's own disk from now on. */

#define G_LOG_DOMAIN "gh-keep-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-machine-mark.h"
#include "gh-step-task.h"
#include "gh-virt-error.h"

typedef GhStep GhKeepStep;
typedef GhStepClass GhKeepStepClass;

G_DEFINE_FINAL_TYPE (GhKeepStep, gh_keep_step, GH_TYPE_STEP)

static GStrv
dup_macs (GhStep *step)
{
  const char *macs = gh_step_get_string (step, "macs");

  return g_strsplit (macs != NULL ? macs : "", " ", -1);
}

static GPtrArray *
list_shared (GhStep *step)
{
  GPtrArray *shared = g_ptr_array_new ();

  for (guint i = 0;; i++)
    {
      g_autofree char *key = g_strdup_printf ("shared-%u", i);
      const char *path = gh_step_get_string (step, key);

      if (path == NULL)
        return shared;
      g_ptr_array_add (shared, (gpointer) path);
    }
}

static void
marked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_set_metadata_finish (GH_HOST (object), result, &error), &error);
}

static void
set_mark (GTask *task)
{
  GhStep *step = get_step (task);
  const char *before = gh_step_get_string (step, "element");
  g_autoptr (GPtrArray) shared = list_shared (step);
  g_autofree char *element = is_undoing (task) ? g_strdup (before)
                                               : gh_machine_mark_dup_kept (before, shared);

  gh_host_set_metadata_async (get_host (task), gh_step_get_string (step, "uuid"), element, NULL,
                              marked_cb, g_object_ref (task));
}

static void
plugged_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_set_cables_finish (GH_HOST (object), result, &error))
    set_mark (task);
  else
    g_task_return_error (task, error);
}

/* The mark goes last and comes back last: until then it is a trial that can be discarded. */
static void
set_cables (GTask *task)
{
  GhStep *step = get_step (task);
  g_auto (GStrv) macs = dup_macs (step);

  if (gh_step_get_boolean (step, "plug") && macs[0] != NULL)
    gh_host_set_cables_async (get_host (task), gh_step_get_string (step, "uuid"),
                              (const char * const *) macs, !is_undoing (task), NULL, plugged_cb,
                              g_object_ref (task));
  else
    set_mark (task);
}

static void
keep (GTask              *task,
      const char         *element,
      GhMachineMark      *mark)
{
  GhStep *step = get_step (task);
  g_autofree char *macs = NULL;

  if (mark->kind != GH_MACHINE_TRIAL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_ptr_array_add (mark->unplugged, NULL);
  macs = g_strjoinv (" ", (char **) mark->unplugged->pdata);
  gh_step_set_string (step, "element", element);
  gh_step_set_string (step, "macs", macs);
  gh_step_set_boolean (step, "looked", TRUE);
  gh_step_task_save (task, set_cables);
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);
  g_autoptr (GhMachineMark) mark = NULL;

  if (definition == NULL && is_undoing (task) &&
      g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN))
    {
      g_error_free (error);
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (definition == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  mark = gh_machine_mark_new (definition->metadata);
  if (!is_undoing (task))
    keep (task, definition->metadata, mark);
  else if (mark->is_template)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _("“%s” has become a template since, and is needed by others."),
                             definition->name);
  else
    set_cables (task);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), cancellable,
                                 definition_loaded_cb,
                                 gh_step_task_new (step, host, cancellable, callback, user_data));
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "looked"))
    gh_host_load_definition_async (host, gh_step_get_string (step, "uuid"), NULL,
                                   definition_loaded_cb, g_object_ref (task));
  else /* It did not get that far. */
    g_task_return_boolean (task, TRUE);
}

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (_("Make “%s” a machine like others"), gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "metadata",
                               gh_step_get_machine_word (step),
                               GH_MACHINE_MARK_NAMESPACE, "--config", "--remove", NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s” is no trial any more"),
                          gh_step_get_string (step, "name"));
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_keep_step_class_init (GhKeepStepClass *klass)
{
  klass->kind = "keep";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_keep_step_init (GhKeepStep *self)
{
}

GhStep *
gh_keep_step_new (const char *uuid,
                  const char *name,
                  gboolean    plug)
{
  GhStep *self = g_object_new (gh_keep_step_get_type (), NULL);

  g_return_val_if_fail (uuid != NULL && name != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_boolean (self, "plug", plug);
  return self;
}

void
gh_keep_step_add_shared (GhStep     *self,
                         const char *path)
{
  g_autoptr (GPtrArray) shared = list_shared (self);
  g_autofree char *key = g_strdup_printf ("shared-%u", shared->len);

  g_return_if_fail (path != NULL);

  gh_step_set_string (self, key, path);
}
