/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-left-plan"

#include "config.h"

#include "gh-left-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-host-identity.h"
#include "gh-image-graph.h"
#include "gh-left-files.h"
#include "gh-left-state.h"
#include "gh-steps.h"
#include "gh-virt-error.h"

struct _GhLeftPlan
{
  GhPlan     parent_instance;

  GhMachine *machine;
  GhHost    *left_at;
};

G_DEFINE_FINAL_TYPE (GhLeftPlan, gh_left_plan, GH_TYPE_PLAN)

/* What is read on the way. */
typedef struct
{
  GPtrArray *files; /* (nullable) (element-type GhLeftFile): of all hosts */
  char      *host;  /* (nullable): UUID of that it is about */
  GStrv      paths; /* (nullable): of the files there */
  GPtrArray *pools; /* (nullable) (element-type GhPoolInfo): read when more than disks stayed */
  GhStateFolders *folders; /* (nullable): the same */
  GhStateFolders *own;     /* (nullable): the same, of the host the machine is at */
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_clear_pointer (&reading->files, g_ptr_array_unref);
  g_clear_pointer (&reading->pools, g_ptr_array_unref);
  g_clear_pointer (&reading->folders, gh_state_folders_free);
  g_clear_pointer (&reading->own, gh_state_folders_free);
  g_strfreev (reading->paths);
  g_free (reading->host);
  g_free (reading);
}

static GhLeftPlan *
get_self (GTask *task)
{
  return GH_LEFT_PLAN (g_task_get_source_object (task));
}

static char *
dup_title (GhPlan *plan)
{
  GhLeftPlan *self = GH_LEFT_PLAN (plan);

  /* Translators: the names of a machine and of a host. */
  return g_strdup_printf (_("Remove what “%s” left at %s"), gh_machine_get_name (self->machine),
                          gh_host_get_label (self->left_at));
}

/* Takes @title. */
static void
take_check (GhPlanDraft  *draft,
            GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  gh_plan_draft_add_check (draft, gh_check_new (level, id, title, detail));
  g_free (title);
}

/* Takes @title. */
static void
return_refusal (GTask      *task,
                const char *id,
                char       *title,
                const char *detail)
{
  GhPlanDraft *draft = gh_plan_draft_new ();

  take_check (draft, GH_CHECK_REFUSAL, id, title, detail);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
add_steps (GhLeftPlan       *self,
           GhPlanDraft      *draft,
           const GhLeftFile *file,
           gboolean          is_there)
{
  GhStep *step = NULL;

  if (is_there)
    {
      step = gh_volume_remove_step_new (file->path, file->pool);
      gh_step_set_host (step, self->left_at);
      gh_plan_draft_add_step (draft, step);
    }
  step = gh_forget_left_step_new (self->left_at, gh_machine_get_uuid (self->machine),
                                  gh_machine_get_name (self->machine), file->host, file->path);
  gh_step_set_weight (step, 0.1);
  gh_plan_draft_add_step (draft, step);
}

/* Whoever uses it keeps it. */
static void
add_file (GhLeftPlan       *self,
          GhPlanDraft      *draft,
          const Reading    *reading,
          GhImageGraph     *graph,
          const GhLeftFile *file)
{
  GhImage *image = gh_image_graph_find (graph, file->path);
  g_autoptr (GPtrArray) checks = gh_image_graph_check_path (graph, file->path, NULL,
                                                            GH_IMAGE_USE_DELETE);
  g_autofree char *size = image != NULL && image->has_size ? gh_format_file_size (image->size)
                                                           : NULL;

  if (checks->len > 0)
    {
      const char *why = gh_check_get_title (g_ptr_array_index (checks, 0));

      take_check (draft, GH_CHECK_WARNING, "left-used",
                  g_strdup_printf (_("It stays: %s"), file->path), why);
      return;
    }
  if (file->kind != NULL)
    {
      gh_left_state_add (draft, self->left_at, self->machine, file, reading->folders,
                         reading->own, reading->pools);
      return;
    }
  /* Metadata may name any file. Only what is known as an image is touched. */
  if (image != NULL && image->problem != GH_IMAGE_MISSING && image->pool == NULL)
    {
      take_check (draft, GH_CHECK_WARNING, "left-used",
                  g_strdup_printf (_("It stays: %s"), file->path),
                  _("It is in no active storage pool of the host."));
      return;
    }
  if (image == NULL || image->problem == GH_IMAGE_MISSING)
    take_check (draft, GH_CHECK_NOTE, "left-gone",
                g_strdup_printf (_("It is gone already: %s"), file->path), NULL);
  else if (size != NULL)
    /* Translators: a path and a size. */
    take_check (draft, GH_CHECK_WARNING, "left-deleted",
                g_strdup_printf (_("It is deleted: %s (%s)"), file->path, size), NULL);
  else
    take_check (draft, GH_CHECK_WARNING, "left-deleted",
                g_strdup_printf (_("It is deleted: %s"), file->path), NULL);
  add_steps (self, draft, file, image != NULL && image->problem != GH_IMAGE_MISSING);
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhLeftPlan *self = get_self (task);
  Reading *reading = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GhImageGraph) graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  GhPlanDraft *draft = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  draft = gh_plan_draft_new ();
  for (guint i = 0; i < reading->files->len; i++)
    {
      const GhLeftFile *file = g_ptr_array_index (reading->files, i);

      if (strcmp (file->host, reading->host) == 0)
        add_file (self, draft, reading, graph, file);
    }
  if (draft->steps->len == 0)
    take_check (draft, GH_CHECK_REFUSAL, "left-nothing",
                g_strdup_printf (_("There is nothing at %s that could be deleted"),
                                 gh_host_get_label (self->left_at)), NULL);
  else if (gh_machine_is_active (self->machine))
    take_check (draft, GH_CHECK_OK, "left-runs",
                g_strdup_printf (_("“%s” runs without it"), gh_machine_get_name (self->machine)),
                NULL);
  else
    take_check (draft, GH_CHECK_NOTE, "left-not-run",
                g_strdup_printf (_("“%s” does not run at the moment"),
                                 gh_machine_get_name (self->machine)),
                _("Start it once, to be sure that all of it has arrived."));
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

/* Takes @task. */
static void
load_graph (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);

  gh_image_graph_reload_async (get_self (task)->left_at,
                               (const char * const *) reading->paths,
                               g_task_get_cancellable (task), graph_loaded_cb, task);
}

static void
pools_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  GError *error = NULL;

  reading->pools = gh_host_load_pools_finish (GH_HOST (object), result, &error);
  if (reading->pools == NULL)
    g_task_return_error (task, error);
  else
    load_graph (g_object_ref (task));
}

static void
own_folders_loaded_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  GTask *task = user_data;
  Reading *reading = g_task_get_task_data (task);

  reading->own = gh_host_load_state_folders_finish (GH_HOST (object), result, NULL);
  gh_host_load_pools_async (get_self (task)->left_at, g_task_get_cancellable (task),
                            pools_loaded_cb, task);
}

static void
folders_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  GTask *task = user_data;
  Reading *reading = g_task_get_task_data (task);

  /* A check tells when they are missing. */
  reading->folders = gh_host_load_state_folders_finish (GH_HOST (object), result, NULL);
  gh_host_load_state_folders_async (gh_plan_get_host (GH_PLAN (get_self (task))),
                                    g_task_get_cancellable (task), own_folders_loaded_cb, task);
}

static void
identity_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean has_state = FALSE;
  GError *error = NULL;

  reading->host = gh_host_load_identity_finish (GH_HOST (object), result, &error);
  if (reading->host == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < reading->files->len; i++)
    {
      const GhLeftFile *file = g_ptr_array_index (reading->files, i);

      if (strcmp (file->host, reading->host) != 0)
        continue;
      g_strv_builder_add (builder, file->path);
      has_state = has_state || file->kind != NULL;
    }
  reading->paths = g_strv_builder_end (builder);
  /* A URI may mean another host than it did when the machine moved. */
  if (*reading->paths == NULL)
    return_refusal (task, "left-elsewhere",
                    g_strdup_printf (_("Nothing of “%s” was left at %s"),
                                     gh_machine_get_name (get_self (task)->machine),
                                     gh_host_get_label (GH_HOST (object))), NULL);
  else if (has_state)
    gh_host_load_state_folders_async (GH_HOST (object), g_task_get_cancellable (task),
                                      folders_loaded_cb, g_object_ref (task));
  else
    load_graph (g_object_ref (task));
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);

  if (definition == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  reading->files = gh_left_files_list (definition->metadata);
  gh_host_load_identity_async (get_self (task)->left_at, g_task_get_cancellable (task),
                               identity_loaded_cb, g_object_ref (task));
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhLeftPlan *self = get_self (task);
  GhHost *host = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  g_autofree char *detail = NULL;

  if (!gh_host_ready_finish (host, result, &error))
    {
      if (gh_error_is_cancelled (error))
        {
          g_task_return_error (task, g_steal_pointer (&error));
          return;
        }
      detail = gh_error_dup_sentence (error);
      return_refusal (task, "host-unreachable",
                      g_strdup_printf (_("The host %s cannot be reached"), gh_host_get_uri (host)),
                      detail);
    }
  else if (host != self->left_at)
    gh_host_ready_async (self->left_at, g_task_get_cancellable (task), host_ready_cb,
                         g_object_ref (task));
  else
    gh_host_load_definition_async (gh_machine_get_host (self->machine),
                                   gh_machine_get_uuid (self->machine),
                                   g_task_get_cancellable (task), definition_loaded_cb,
                                   g_object_ref (task));
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GTask *task = g_task_new (plan, cancellable, callback, user_data);

  g_task_set_source_tag (task, prepare_async);
  g_task_set_task_data (task, g_new0 (Reading, 1), reading_free);
  gh_host_ready_async (gh_plan_get_host (plan), cancellable, host_ready_cb, task);
}

static void
gh_left_plan_finalize (GObject *object)
{
  GhLeftPlan *self = GH_LEFT_PLAN (object);

  g_clear_object (&self->machine);
  g_clear_object (&self->left_at);
  G_OBJECT_CLASS (gh_left_plan_parent_class)->finalize (object);
}

static void
gh_left_plan_class_init (GhLeftPlanClass *klass)
{
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_left_plan_finalize;
  plan_class->kind = "remove-left";
  plan_class->verb = N_("Delete");
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;
}

static void
gh_left_plan_init (GhLeftPlan *self)
{
}

GhLeftPlan *
gh_left_plan_new (GhMachine *machine,
                  GhHost    *left_at)
{
  GhLeftPlan *self = NULL;

  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);
  g_return_val_if_fail (GH_IS_HOST (left_at), NULL);

  self = g_object_new (GH_TYPE_LEFT_PLAN, "host", gh_machine_get_host (machine), NULL);
  self->machine = g_object_ref (machine);
  self->left_at = g_object_ref (left_at);
  return self;
}

GhMachine *
gh_left_plan_get_machine (GhLeftPlan *self)
{
  g_return_val_if_fail (GH_IS_LEFT_PLAN (self), NULL);

  return self->machine;
}
