/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What can be done to a move while it runs. */

#define G_LOG_DOMAIN "gh-migrate-actions"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-migrate-plan-private.h"

/* QEMU's own, until it is known. */
#define PAUSE_MS 300
/* As "bandwidth" can be. */
#define MAX_MIB 1000000

static GhMigration *
get_migration (GhMigratePlan *self)
{
  return self->step != NULL ? gh_migrate_step_get_migration (self->step) : NULL;
}

const char *
gh_migrate_action_get_label (GhMigrateAction action)
{
  static const char * const labels[] = {
    N_("Allow a longer pause"), N_("Slow the guest down"), N_("Go on there at once"),
    N_("Pause the guest"), N_("Recover"),
  };

  g_return_val_if_fail (action < G_N_ELEMENTS (labels), NULL);

  return _(labels[action]);
}

GhMigrateTrouble
gh_migrate_plan_get_trouble (GhMigratePlan *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), GH_MIGRATE_NO_TROUBLE);

  if (self->recovering)
    return GH_MIGRATE_RECOVERING;
  if (self->silent)
    return GH_MIGRATE_SILENT;
  return self->stuck ? GH_MIGRATE_STUCK : GH_MIGRATE_NO_TROUBLE;
}

const char *
gh_migrate_plan_find_action_problem (GhMigratePlan   *self,
                                     GhMigrateAction  action)
{
  const int *values = NULL;

  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  values = self->inputs.choice.values;
  if (action == GH_MIGRATE_RECOVER && self->recovering)
    return _("A new connection is being made.");
  if (get_migration (self) == NULL)
    return _("It is not being moved at the moment.");
  if (action == GH_MIGRATE_RECOVER)
    return self->silent ? NULL : _("Nothing is wrong with the line.");
  if (self->progress != NULL && self->progress->phase == GH_MIGRATION_POST_COPY)
    return _("The guest goes on there already.");
  if (action == GH_MIGRATE_SLOW_GUEST && self->slow_problem != NULL)
    return self->slow_problem;
  if (action == GH_MIGRATE_SLOW_GUEST &&
      (self->slowed || values[GH_MIGRATE_OPTION_AUTO_CONVERGE]))
    return _("That happens by itself, more and more, as long as it is needed.");
  if (action == GH_MIGRATE_POST_COPY && !values[GH_MIGRATE_OPTION_POST_COPY])
    return _("Post-copy was not allowed when the move began, and cannot be later.");
  if (action == GH_MIGRATE_POST_COPY &&
      (self->progress == NULL || self->progress->phase != GH_MIGRATION_MEMORY))
    return _("Its memory is not being sent yet.");
  return NULL;
}

static void
changed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_migration_change_finish (GH_MIGRATION (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* libvirt or QEMU may know nothing of it: then it is not offered again. */
static void
slowed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigratePlan *self = GH_MIGRATE_PLAN (g_task_get_source_object (task));
  GError *error = NULL;

  self->slowed = gh_migration_change_finish (GH_MIGRATION (object), result, &error);
  if (self->slowed)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_free (self->slow_problem);
  self->slow_problem = g_strdup_printf (_("The host could not slow it down: %s"), error->message);
  g_task_return_error (task, error);
}

static void
recovered_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigratePlan *self = GH_MIGRATE_PLAN (g_task_get_source_object (task));
  GError *error = NULL;

  self->recovering = gh_migrate_step_recover_finish (GH_MIGRATE_STEP (object), result, &error);
  if (self->recovering)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

typedef void (*ChangeFunc) (GhMigration         *migration,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data);

static void
saved_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigration *migration = gh_migrate_step_get_migration (GH_MIGRATE_STEP (object));
  ChangeFunc func = (ChangeFunc) g_task_get_task_data (task);
  GError *error = NULL;

  if (!gh_step_save_finish (GH_STEP (object), result, &error))
    g_task_return_error (task, error);
  else if (migration == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s",
                             _("It is not being moved at the moment."));
  else
    func (migration, changed_cb, g_object_ref (task));
}

/* What the journal must know before it is done: takes @task. */
static void
save_and_change (GhMigratePlan *self,
                 const char    *param,
                 ChangeFunc     func,
                 GTask         *task)
{
  g_task_set_task_data (task, (gpointer) func, NULL);
  gh_step_set_boolean (GH_STEP (self->step), param, TRUE);
  gh_step_save_async (GH_STEP (self->step), saved_cb, task);
}

void
gh_migrate_plan_act_async (GhMigratePlan       *self,
                           GhMigrateAction      action,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  const char *problem = gh_migrate_plan_find_action_problem (self, action);
  GTask *task = NULL;
  guint pause_ms = PAUSE_MS;

  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_migrate_plan_act_async);
  if (problem != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s", problem);
      g_object_unref (task);
      return;
    }
  switch (action)
    {
    case GH_MIGRATE_POST_COPY:
      save_and_change (self, "post-copy", gh_migration_start_post_copy_async, task);
      break;
    case GH_MIGRATE_PAUSE_GUEST:
      save_and_change (self, "resume-there", gh_migration_suspend_async, task);
      break;
    case GH_MIGRATE_SLOW_GUEST:
      gh_migration_slow_guest_async (get_migration (self), slowed_cb, task);
      break;
    case GH_MIGRATE_RECOVER:
      gh_migrate_step_recover_async (self->step, recovered_cb, task);
      break;
    case GH_MIGRATE_ALLOW_PAUSE:
    default:
      if (self->progress != NULL && self->progress->max_downtime_ms > 0)
        pause_ms = self->progress->max_downtime_ms;
      gh_migration_set_downtime_async (get_migration (self), pause_ms * 2, changed_cb, task);
    }
}

gboolean
gh_migrate_plan_act_finish (GhMigratePlan  *self,
                            GAsyncResult   *result,
                            GError        **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
noted_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  if (!gh_step_save_finish (GH_STEP (object), result, &error))
    g_warning ("The journal does not know of the bandwidth: %s", error->message);
}

/* It holds for a recovery as well, whoever does that. */
static void
note_bandwidth (GhMigratePlan *self,
                int            mib_per_s)
{
  if (get_migration (self) == NULL)
    return;
  self->bandwidth_set = mib_per_s;
  gh_step_set_int (GH_STEP (self->step), "bandwidth", mib_per_s);
  gh_step_save_async (GH_STEP (self->step), noted_cb, NULL);
}

static void
bandwidth_changed_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigratePlan *self = GH_MIGRATE_PLAN (g_task_get_source_object (task));
  int mib_per_s = GPOINTER_TO_INT (g_task_get_task_data (task));
  GError *error = NULL;

  if (gh_migration_change_finish (GH_MIGRATION (object), result, &error))
    {
      note_bandwidth (self, mib_per_s);
      g_task_return_boolean (task, TRUE);
      return;
    }
  /* Unless another was asked for meanwhile. */
  if (self->bandwidth_now == mib_per_s)
    gh_migrate_plan_set_bandwidth_now (self, self->bandwidth_set);
  g_task_return_error (task, error);
}

void
gh_migrate_plan_change_bandwidth_async (GhMigratePlan       *self,
                                        guint                mib_per_s,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_MIGRATE_PLAN (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_migrate_plan_change_bandwidth_async);
  mib_per_s = MIN (mib_per_s, MAX_MIB);
  g_task_set_task_data (task, GINT_TO_POINTER ((int) mib_per_s), NULL);
  gh_migrate_plan_set_bandwidth_now (self, (int) mib_per_s);
  if (get_migration (self) != NULL)
    {
      gh_migration_set_bandwidth_async (get_migration (self), mib_per_s, bandwidth_changed_cb,
                                        task);
      return;
    }
  gh_migrate_plan_set_bandwidth_now (self, self->bandwidth_set);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s",
                           _("It is not being moved at the moment."));
  g_object_unref (task);
}

gboolean
gh_migrate_plan_change_bandwidth_finish (GhMigratePlan  *self,
                                         GAsyncResult   *result,
                                         GError        **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
