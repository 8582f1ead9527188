/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* All have the parameters uuid, name (of the machine) and snapshot.
 *
 * snapshot-take: description (nullable), memory, kept and left-out: the disks, one a line; absent:
 *   no snapshot of that name was there; begun: when, in seconds
 * snapshot-revert, snapshot-revert-final: safety (nullable): the snapshot that keeps the state from
 *   before; begun; unknown: when looked at, it had not gone back for certain
 * snapshot-delete: begun
 *
 * A snapshot that was taken for safety may be the only place where the machine's state is kept. So
 * undoing removes the one that was taken only while the machine goes on from it, and first waits
 * until nothing that was begun before changes the machine any more. */

#define G_LOG_DOMAIN "gh-snapshot-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-image-graph.h"
#include "gh-snapshots.h"
#include "gh-step-task.h"
#include "gh-virt-error.h"

typedef GhStep GhSnapshotTakeStep;
typedef GhStepClass GhSnapshotTakeStepClass;
typedef GhStep GhSnapshotRevertStep;
typedef GhStepClass GhSnapshotRevertStepClass;
typedef GhStep GhSnapshotRevertFinalStep;
typedef GhStepClass GhSnapshotRevertFinalStepClass;
typedef GhStep GhSnapshotDeleteStep;
typedef GhStepClass GhSnapshotDeleteStepClass;

G_DEFINE_FINAL_TYPE (GhSnapshotTakeStep, gh_snapshot_take_step, GH_TYPE_STEP)
G_DEFINE_FINAL_TYPE (GhSnapshotRevertStep, gh_snapshot_revert_step, GH_TYPE_STEP)
G_DEFINE_FINAL_TYPE (GhSnapshotRevertFinalStep, gh_snapshot_revert_final_step, GH_TYPE_STEP)
G_DEFINE_FINAL_TYPE (GhSnapshotDeleteStep, gh_snapshot_delete_step, GH_TYPE_STEP)

/* What a step does once it has looked. Owns a reference to @task. */
typedef void (*LookedFunc) (GTask                *task,
                            const GhSnapshotList *list);

typedef struct
{
  GhSnapshotList *list;    /* (nullable) */
  gboolean        settled;
  GhImageUse      use;     /* what is asked of the graph of images */
  LookedFunc      looked;
  GhStepTaskFunc  allowed;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_pointer (&work->list, gh_snapshot_list_free);
  g_free (work);
}

static Work *
get_work (GTask *task)
{
  return g_task_get_task_data (task);
}

static const char *
get_uuid (GTask *task)
{
  return gh_step_get_string (get_step (task), "uuid");
}

static const char *
get_snapshot (GTask *task)
{
  return gh_step_get_string (get_step (task), "snapshot");
}

static GTask *
add_work (GTask *task)
{
  g_task_set_task_data (task, g_new0 (Work, 1), work_free);
  return task;
}

/* Looking */

static void
list_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
  GError *error = NULL;

  g_clear_pointer (&work->list, gh_snapshot_list_free);
  work->list = gh_host_load_snapshots_finish (GH_HOST (object), result, &error);
  if (work->list != NULL)
    work->looked (task, work->list);
  else
    g_task_return_error (task, error);
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_ready_finish (GH_HOST (object), result, &error))
    gh_host_load_snapshots_async (GH_HOST (object), get_uuid (task), get_work (task)->settled,
                                  g_task_get_cancellable (task), list_loaded_cb,
                                  g_object_ref (task));
  else
    g_task_return_error (task, error);
}

/* Takes @task. @settled: for undoing, when the daemon may have gone as well. */
static void
look (GTask      *task,
      gboolean    settled,
      LookedFunc  func)
{
  Work *work = get_work (task);

  work->looked = func;
  work->settled = settled;
  gh_host_ready_async (get_host (task), g_task_get_cancellable (task), host_ready_cb, task);
}

/* Who depends on the machine's disks may have changed since the plan was shown. */

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
  GError *error = NULL;
  g_autoptr (GhImageGraph) graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  g_autoptr (GPtrArray) checks = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  checks = gh_image_graph_check_machine (graph, get_uuid (task), work->use);
  if (checks->len > 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s. %s",
                             gh_check_get_title (g_ptr_array_index (checks, 0)),
                             gh_check_get_detail (g_ptr_array_index (checks, 0)));
  else
    work->allowed (task);
}

static void
ask_graph (GTask          *task,
           GhImageUse      use,
           GhStepTaskFunc  func)
{
  Work *work = get_work (task);

  work->use = use;
  work->allowed = func;
  gh_image_graph_reload_async (get_host (task), NULL, g_task_get_cancellable (task),
                               graph_loaded_cb, g_object_ref (task));
}

static void
fail_no_snapshot (GTask      *task,
                  const char *name)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                           /* Translators: a machine, and a snapshot of it. */
                           _("“%s” has no snapshot “%s”."),
                           gh_step_get_string (get_step (task), "name"), name);
}

/* take */

static void
taken_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_take_snapshot_finish (GH_HOST (object), result, &error), &error);
}

static GStrv
dup_lines (GhStep     *step,
           const char *name)
{
  const char *text = gh_step_get_string (step, name);

  return g_strsplit (text != NULL ? text : "", "\n", -1);
}

static void
take (GTask *task)
{
  GhStep *step = get_step (task);
  g_auto (GStrv) kept = dup_lines (step, "kept");
  g_auto (GStrv) left_out = dup_lines (step, "left-out");
  g_autofree char *xml = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  xml = gh_snapshot_xml_dup_new (get_snapshot (task), gh_step_get_string (step, "description"),
                                 gh_step_get_boolean (step, "memory"),
                                 (const char * const *) kept, (const char * const *) left_out);
  gh_host_take_snapshot_async (get_host (task), get_uuid (task), xml,
                               g_task_get_cancellable (task), taken_cb, g_object_ref (task));
}

static void
take_allowed (GTask *task)
{
  GhStep *step = get_step (task);

  gh_step_set_boolean (step, "absent", TRUE);
  gh_step_set_int (step, "begun", g_get_real_time () / G_USEC_PER_SEC);
  gh_step_task_save (task, take);
}

static void
take_looked (GTask                *task,
             const GhSnapshotList *list)
{
  GhStep *step = get_step (task);

  if (gh_snapshot_list_find (list, get_snapshot (task)) != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS,
                             /* Translators: a machine, and a snapshot of it. */
                             _("“%s” already has a snapshot “%s”."), list->name,
                             get_snapshot (task));
  /* What was agreed to keeps memory, or none. */
  else if (list->active != gh_step_get_boolean (step, "memory"))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _("“%s” was started or stopped meanwhile."), list->name);
  else
    ask_graph (task, GH_IMAGE_USE_WRITE, take_allowed);
}

static void
take_do_async (GhStep              *step,
               GhHost              *host,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  look (add_work (gh_step_task_new (step, host, cancellable, callback, user_data)),
        /* settled= */ FALSE, take_looked);
}

static void
deleted_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_delete_snapshot_finish (GH_HOST (object), result, &error),
                    &error);
}

/* Somebody else may have taken one of that name in between. The clock of another host says nothing
 * about that. */
static gboolean
is_ours (GTask               *task,
         const GhSnapshotXml *snapshot)
{
  return !gh_host_is_local (get_host (task)) ||
         snapshot->created >= gh_step_get_int (get_step (task), "begun");
}

static void
take_back_looked (GTask                *task,
                  const GhSnapshotList *list)
{
  const GhSnapshotXml *snapshot = gh_snapshot_list_find (list, get_snapshot (task));

  if (snapshot == NULL)
    g_task_return_boolean (task, TRUE);
  else if (g_strcmp0 (list->current, snapshot->name) != 0 || !is_ours (task, snapshot))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _("“%s” goes on from another state, so that this snapshot may be "
                               "needed."), list->name);
  else
    gh_host_delete_snapshot_async (get_host (task), get_uuid (task), snapshot->name, NULL,
                                   deleted_cb, g_object_ref (task));
}

static void
take_undo_async (GhStep              *step,
                 GhHost              *host,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  GTask *task = add_work (gh_step_task_new_undo (step, host, callback, user_data));

  if (gh_step_get_boolean (step, "absent"))
    {
      look (task, /* settled= */ TRUE, take_back_looked);
      return;
    }
  /* It did not get so far. */
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* revert */

static void
reverted_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_revert_snapshot_finish (GH_HOST (object), result, &error),
                    &error);
}

static void
revert (GTask *task)
{
  if (!g_task_return_error_if_cancelled (task))
    gh_host_revert_snapshot_async (get_host (task), get_uuid (task), get_snapshot (task),
                                   g_task_get_cancellable (task), reverted_cb,
                                   g_object_ref (task));
}

static void
revert_allowed (GTask *task)
{
  gh_step_set_boolean (get_step (task), "begun", TRUE);
  gh_step_task_save (task, revert);
}

static void
revert_looked (GTask                *task,
               const GhSnapshotList *list)
{
  const char *safety = gh_step_get_string (get_step (task), "safety");

  if (gh_snapshot_list_find (list, get_snapshot (task)) == NULL)
    fail_no_snapshot (task, get_snapshot (task));
  else if (safety != NULL && g_strcmp0 (list->current, safety) != 0)
    fail_no_snapshot (task, safety);
  else
    ask_graph (task, GH_IMAGE_USE_REVERT, revert_allowed);
}

static void
revert_do_async (GhStep              *step,
                 GhHost              *host,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  look (add_work (gh_step_task_new (step, host, cancellable, callback, user_data)),
        /* settled= */ FALSE, revert_looked);
}

static void
return_allowed (GTask *task)
{
  gh_host_revert_snapshot_async (get_host (task), get_uuid (task),
                                 gh_step_get_string (get_step (task), "safety"), NULL, reverted_cb,
                                 g_object_ref (task));
}

static void
return_looked (GTask                *task,
               const GhSnapshotList *list)
{
  const char *safety = gh_step_get_string (get_step (task), "safety");

  /* It may have been stopped before, after, or with some of the disks. */
  if (safety == NULL && g_strcmp0 (list->current, get_snapshot (task)) != 0)
    {
      gh_step_set_boolean (get_step (task), "unknown", TRUE);
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                               _("It is not known how far it got: look at its disks before you go "
                                 "on with it. What “%s” was before was not kept."), list->name);
    }
  else if (safety == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("What “%s” was before was not kept."), list->name);
  else if (gh_snapshot_list_find (list, safety) == NULL)
    fail_no_snapshot (task, safety);
  /* It has not gone back, or has come back already: but libvirt may have been stopped half way,
   * with some of the disks. While the machine runs, there is no half way. */
  else if (g_strcmp0 (list->current, safety) == 0 && list->active)
    g_task_return_boolean (task, TRUE);
  else if (g_strcmp0 (list->current, safety) != 0 &&
           g_strcmp0 (list->current, get_snapshot (task)) != 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _("“%s” goes on from another snapshot meanwhile."), list->name);
  else
    ask_graph (task, GH_IMAGE_USE_REVERT, return_allowed);
}

static void
revert_undo_async (GhStep              *step,
                   GhHost              *host,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  GTask *task = add_work (gh_step_task_new_undo (step, host, callback, user_data));

  if (gh_step_get_boolean (step, "begun"))
    {
      look (task, /* settled= */ TRUE, return_looked);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static GhCheck *
revert_dup_undo_check (GhStep *step,
                       GhHost *host)
{
  g_autofree char *title = NULL;

  if (gh_step_get_string (step, "safety") == NULL)
    return NULL;
  title = g_strdup_printf (_("“%s” goes back to how it was before"),
                           gh_step_get_string (step, "name"));
  return gh_check_new (GH_CHECK_WARNING, "changes-since-lost", title,
                       _("What was done in it since is lost."));
}

/* delete */

static void
delete_it (GTask *task)
{
  gh_host_delete_snapshot_async (get_host (task), get_uuid (task), get_snapshot (task),
                                 g_task_get_cancellable (task), deleted_cb,
                                 g_object_ref (task));
}

static void
delete_allowed (GTask *task)
{
  gh_step_set_boolean (get_step (task), "begun", TRUE);
  gh_step_task_save (task, delete_it);
}

static void
delete_looked (GTask                *task,
               const GhSnapshotList *list)
{
  if (gh_snapshot_list_find (list, get_snapshot (task)) == NULL)
    fail_no_snapshot (task, get_snapshot (task));
  else
    ask_graph (task, GH_IMAGE_USE_WRITE, delete_allowed);
}

static void
delete_do_async (GhStep              *step,
                 GhHost              *host,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  look (add_work (gh_step_task_new (step, host, cancellable, callback, user_data)),
        /* settled= */ FALSE, delete_looked);
}

/* Finds out whether it did anything. */
static void
delete_failed_looked (GTask                *task,
                      const GhSnapshotList *list)
{
  if (gh_snapshot_list_find (list, get_snapshot (task)) != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("It is deleted, which cannot be taken back."));
}

static void
delete_undo_async (GhStep              *step,
                   GhHost              *host,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  GTask *task = add_work (gh_step_task_new_undo (step, host, callback, user_data));

  if (gh_step_get_boolean (step, "begun"))
    {
      look (task, /* settled= */ TRUE, delete_failed_looked);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Words */

static char *
dup_virsh (GhStep     *step,
           const char *verb,
           const char *snapshot)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), verb,
                               gh_step_get_machine_word (step), "--snapshotname", snapshot, NULL);
}

static char *
take_dup_title (GhStep *step)
{
  if (gh_step_get_boolean (step, "memory"))
    /* Translators: a machine, and a snapshot of it. */
    return g_strdup_printf (_("Take the snapshot “%2$s” of “%1$s”, with its memory"),
                            gh_step_get_string (step, "name"),
                            gh_step_get_string (step, "snapshot"));
  /* Translators: a machine, and a snapshot of it. */
  return g_strdup_printf (_("Take the snapshot “%2$s” of “%1$s”"),
                          gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "snapshot"));
}

static char *
take_dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "snapshot-create-as",
                               gh_step_get_machine_word (step), "--name",
                               gh_step_get_string (step, "snapshot"), NULL);
}

static char *
take_dup_undo_command (GhStep *step)
{
  return dup_virsh (step, "snapshot-delete", gh_step_get_string (step, "snapshot"));
}

static char *
dup_left (GhStep *step)
{
  /* Translators: a machine, and a snapshot of it. */
  return g_strdup_printf (_("The snapshot “%2$s” of “%1$s”"), gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "snapshot"));
}

static char *
revert_dup_title (GhStep *step)
{
  /* Translators: a machine, and a snapshot of it. */
  return g_strdup_printf (_("Go back to the snapshot “%2$s” of “%1$s”"),
                          gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "snapshot"));
}

static char *
revert_dup_command (GhStep *step)
{
  return dup_virsh (step, "snapshot-revert", gh_step_get_string (step, "snapshot"));
}

static char *
revert_dup_undo_command (GhStep *step)
{
  const char *safety = gh_step_get_string (step, "safety");

  return safety != NULL ? dup_virsh (step, "snapshot-revert", safety) : NULL;
}

static char *
revert_dup_left (GhStep *step)
{
  if (gh_step_get_boolean (step, "unknown"))
    /* Translators: a machine, and a snapshot of it. */
    return g_strdup_printf (_("Some disks of “%1$s” may be as in its snapshot “%2$s”"),
                            gh_step_get_string (step, "name"),
                            gh_step_get_string (step, "snapshot"));
  /* Translators: a machine, and a snapshot of it. */
  return g_strdup_printf (_("“%1$s” is as in its snapshot “%2$s”"),
                          gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "snapshot"));
}

static char *
delete_dup_title (GhStep *step)
{
  /* Translators: a machine, and a snapshot of it. */
  return g_strdup_printf (_("Delete the snapshot “%2$s” of “%1$s”"),
                          gh_step_get_string (step, "name"),
                          gh_step_get_string (step, "snapshot"));
}

static char *
delete_dup_command (GhStep *step)
{
  return dup_virsh (step, "snapshot-delete", gh_step_get_string (step, "snapshot"));
}

/* Classes */

static const char * const needs[] = { "uuid", "name", "snapshot", NULL };

static void
gh_snapshot_take_step_class_init (GhSnapshotTakeStepClass *klass)
{
  klass->kind = "snapshot-take";
  klass->needs = needs;
  klass->dup_title = take_dup_title;
  klass->dup_command = take_dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = take_dup_undo_command;
  klass->do_async = take_do_async;
  klass->undo_async = take_undo_async;
}

static void
gh_snapshot_take_step_init (GhSnapshotTakeStep *self)
{
}

static void
revert_class_init (GhStepClass *klass)
{
  klass->needs = needs;
  klass->dup_title = revert_dup_title;
  klass->dup_command = revert_dup_command;
  klass->dup_left = revert_dup_left;
  klass->do_async = revert_do_async;
  klass->undo_async = revert_undo_async;
}

static void
gh_snapshot_revert_step_class_init (GhSnapshotRevertStepClass *klass)
{
  revert_class_init (klass);
  klass->kind = "snapshot-revert";
  klass->dup_undo_command = revert_dup_undo_command;
  klass->dup_undo_check = revert_dup_undo_check;
}

static void
gh_snapshot_revert_step_init (GhSnapshotRevertStep *self)
{
}

/* Without a snapshot of how it is now there is no way back. */
static void
gh_snapshot_revert_final_step_class_init (GhSnapshotRevertFinalStepClass *klass)
{
  revert_class_init (klass);
  klass->kind = "snapshot-revert-final";
  klass->final = TRUE;
}

static void
gh_snapshot_revert_final_step_init (GhSnapshotRevertFinalStep *self)
{
}

static void
gh_snapshot_delete_step_class_init (GhSnapshotDeleteStepClass *klass)
{
  klass->kind = "snapshot-delete";
  klass->final = TRUE;
  klass->needs = needs;
  klass->dup_title = delete_dup_title;
  klass->dup_command = delete_dup_command;
  klass->dup_left = dup_left;
  klass->do_async = delete_do_async;
  klass->undo_async = delete_undo_async;
}

static void
gh_snapshot_delete_step_init (GhSnapshotDeleteStep *self)
{
}

static GhStep *
step_new (GType       type,
          const char *uuid,
          const char *name,
          const char *snapshot)
{
  GhStep *self = g_object_new (type, NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);
  g_return_val_if_fail (snapshot != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_string (self, "snapshot", snapshot);
  return self;
}

GhStep *
gh_snapshot_take_step_new (const char         *uuid,
                           const char         *name,
                           const char         *snapshot,
                           const char         *description,
                           gboolean            memory,
                           const char * const *kept,
                           const char * const *left_out)
{
  GhStep *self = step_new (gh_snapshot_take_step_get_type (), uuid, name, snapshot);
  g_autofree char *kept_text = g_strjoinv ("\n", (char **) kept);
  g_autofree char *left_text = g_strjoinv ("\n", (char **) left_out);

  gh_step_set_string (self, "description", description);
  gh_step_set_boolean (self, "memory", memory);
  gh_step_set_string (self, "kept", kept_text);
  gh_step_set_string (self, "left-out", left_text);
  return self;
}

GhStep *
gh_snapshot_revert_step_new (const char *uuid,
                             const char *name,
                             const char *snapshot,
                             const char *safety)
{
  GhStep *self = step_new (safety != NULL ? gh_snapshot_revert_step_get_type ()
                           : gh_snapshot_revert_final_step_get_type (), uuid, name, snapshot);

  gh_step_set_string (self, "safety", safety);
  return self;
}

GhStep *
gh_snapshot_delete_step_new (const char *uuid,
                             const char *name,
                             const char *snapshot)
{
  return step_new (gh_snapshot_delete_step_get_type (), uuid, name, snapshot);
}
