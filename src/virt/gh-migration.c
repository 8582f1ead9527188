/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A move: one worker blocks in libvirt's call until it is over, with a connection to each host that
 * nobody else uses; a second lane reads how far it is, changes it, and aborts it. See
 * gh-migration-call.c, -watch.c and -change.c. */

#define G_LOG_DOMAIN "gh-migration"

#include "config.h"

#include "gh-migration-private.h"

#include <glib/gi18n-lib.h>

#include "gh-faults.h"
#include "gh-host-private.h"
#include "gh-virt-error-private.h"

G_DEFINE_FINAL_TYPE (GhMigration, gh_migration, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_PROGRESS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
stop_lanes (GhMigration *self)
{
  g_clear_handle_id (&self->watch_id, g_source_remove);
  g_clear_handle_id (&self->abort_id, g_source_remove);
  if (self->watch_lane != NULL)
    gh_lane_stop (self->watch_lane, gh_conn_close);
  if (self->move_lane != NULL)
    gh_lane_stop (self->move_lane, gh_conn_close);
  g_clear_object (&self->watch_lane);
  g_clear_object (&self->move_lane);
}

static void
moved_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GhMigration) self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (cancellable, self->cancelled_id);
  self->cancelled_id = 0;
  stop_lanes (self);
  /* An injected fault looks like the failure it stands for. */
  if (error != NULL && error->domain == GH_FAULT_ERROR)
    error->domain = GH_VIRT_ERROR;
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else if (g_cancellable_is_cancelled (cancellable))
    {
      g_error_free (error);
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled"));
    }
  else
    g_task_return_error (task, error);
}

/* In whichever thread cancels. */
static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  gh_migration_abort (user_data);
}

static void
gh_migration_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_PROGRESS:
      g_value_set_boxed (value, GH_MIGRATION (object)->progress);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migration_finalize (GObject *object)
{
  GhMigration *self = GH_MIGRATION (object);

  stop_lanes (self);
  g_clear_object (&self->source);
  g_clear_object (&self->destination);
  g_clear_pointer (&self->progress, gh_migration_progress_free);
  gh_migration_options_free (self->options);
  g_free (self->uuid);
  G_OBJECT_CLASS (gh_migration_parent_class)->finalize (object);
}

static void
gh_migration_class_init (GhMigrationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = gh_migration_get_property;
  object_class->finalize = gh_migration_finalize;
  properties[PROP_PROGRESS] = g_param_spec_boxed ("progress", NULL, NULL,
                                                  GH_TYPE_MIGRATION_PROGRESS,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                  G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_migration_init (GhMigration *self)
{
}

GhMigration *
gh_migration_new (GhHost                   *source,
                  GhHost                   *destination,
                  const char               *uuid,
                  const GhMigrationOptions *options)
{
  GhMigration *self = NULL;

  g_return_val_if_fail (GH_IS_HOST (source) && GH_IS_HOST (destination), NULL);

  self = g_object_new (GH_TYPE_MIGRATION, NULL);
  self->source = g_object_ref (source);
  self->destination = g_object_ref (destination);
  self->uuid = g_strdup (uuid);
  self->options = gh_migration_options_copy (options);
  self->post_copy = options->resume;
  return self;
}

const GhMigrationProgress *
gh_migration_get_progress (GhMigration *self)
{
  g_return_val_if_fail (GH_IS_MIGRATION (self), NULL);

  return self->progress;
}

void
gh_migration_notify_progress (GhMigration *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
}

void
gh_migration_run_async (GhMigration         *self,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (GH_IS_MIGRATION (self));
  g_return_if_fail (self->task == NULL && self->move_lane == NULL);

  self->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, gh_migration_run_async);
  g_task_set_check_cancellable (self->task, FALSE);
  self->move_lane = gh_host_open_job_lane (self->source);
  self->watch_lane = gh_host_open_job_lane (self->source);
  gh_migration_call_async (self, moved_cb, g_object_ref (self));
  gh_migration_watch (self);
  if (cancellable != NULL)
    self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), self, NULL);
}

gboolean
gh_migration_run_finish (GhMigration   *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
