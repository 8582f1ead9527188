/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* migrate: parameters uuid, name, new-name, peer (the destination), temporary; address, bandwidth,
 *   by-peer, peer-address (the destination as the source opens it), tls, persist: how it was moved,
 *   for going on with it;
 *   begun: journaled right before anything is done;
 *   may-post-copy: it may be told to, by us or by others;
 *   post-copy: it was told to go on there before all of its memory was: from then on neither host
 *     has a whole one, until it has moved;
 *   returns: a temporary copy goes back to where it is defined;
 *   resume-there: the guest was paused on the way, and goes on when it has arrived.
 *
 * Where the machine is, is what both hosts say, never what a call returned:
 *
 *   source            destination         then
 *   runs              nothing             it has not moved
 *   runs              is receiving        not yet: its libvirt ends that by itself when we go away
 *   held by the move  nothing             the guest goes on here
 *   held by the move  off                 it has moved, and was switched off there, when the move
 *                                         brings its definition: what is here is a remainder
 *   paused by a user  off                 the same
 *   held by the move  runs                it has moved; what is here is a remainder
 *   nothing, off      runs, paused        it has moved
 *   runs              runs                it has moved, and libvirt let it go on here all the same,
 *                                         as when its answer is lost on the way: paused here
 *                                         at once. Later: two copies, said, and nothing is touched
 *   a part            all of its memory   it has moved; what is here is a remainder
 *   a part of the memory on each          it broke in post-copy, and is gone on with on demand
 *                                         (gh-recovery.h); until then nothing is touched
 *   off               nothing, off        nobody can tell which disks are the newer ones: nothing
 *                                         is touched
 *
 * “Held” is what libvirt itself calls paused by a migration; what a user paused is not. */

#define G_LOG_DOMAIN "gh-migrate-step"

#include "config.h"

#include "gh-migrate-step.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-line-rates.h"
#include "gh-migrate-remainder.h"
#include "gh-recovery.h"
#include "gh-step-private.h"
#include "gh-virt-error.h"

/* How long a host that is receiving may take to notice that nobody sends any more: keep-alive finds
 * a dead client after 30 s. */
#define RECEIVING_LIMIT_MS 45000
#define RECEIVING_POLL_MS 500

struct _GhMigrateStep
{
  GhStep              parent_instance;

  GhMigrationOptions *options;   /* (nullable): NULL out of a journal */
  GhMigration        *migration; /* (nullable): while it runs */
  gboolean            recover;   /* it was broken to be gone on with */
  guint64             sent;      /* bytes over the line; 0: not known, or slower than could be */
  guint64             sent_ms;   /* how long that took */
  gboolean            limited;   /* to a bandwidth, now or before */
};

G_DEFINE_FINAL_TYPE (GhMigrateStep, gh_migrate_step, GH_TYPE_STEP)

enum
{
  PROGRESS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  GhHost     *host;
  GError     *error;       /* (nullable): of the move */
  GhPresence *here;        /* (nullable) */
  GhPresence *there;       /* (nullable) */
  gboolean    undoing;
  gint64      deadline_us; /* 0: not set */
} Work;

static void look_here (GTask *task);

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_object (&work->host);
  g_clear_error (&work->error);
  g_free (work->here);
  g_free (work->there);
  g_free (work);
}

static GhStep *
get_step (GTask *task)
{
  return GH_STEP (g_task_get_source_object (task));
}

static const char *
get_uuid (GTask *task)
{
  return gh_step_get_string (get_step (task), "uuid");
}

static GTask *
new_task (GhStep              *step,
          GhHost              *host,
          gboolean             undoing,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GTask *task = g_task_new (step, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  g_task_set_source_tag (task, new_task);
  g_task_set_check_cancellable (task, FALSE);
  work->host = g_object_ref (host);
  work->undoing = undoing;
  g_task_set_task_data (task, work, work_free);
  return task;
}

/* What both hosts said */

static gboolean
has_arrived (const Work *work)
{
  return work->there->active && !work->there->held && !work->there->moving &&
         !work->there->post_copy && !work->here->running &&
         (!work->here->post_copy || work->there->whole);
}

/* Takes @why. */
static void
return_not_undone (GTask *task,
                   char  *why)
{
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s", why);
  g_free (why);
}

static gboolean
look_again_cb (gpointer user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);

  g_clear_pointer (&work->here, g_free);
  g_clear_pointer (&work->there, g_free);
  look_here (g_object_ref (task));
  return G_SOURCE_REMOVE;
}

/* Takes @task. */
static void
wait_for_receiver (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  if (work->deadline_us == 0)
    work->deadline_us = g_get_monotonic_time () + RECEIVING_LIMIT_MS * G_TIME_SPAN_MILLISECOND;
  if (g_get_monotonic_time () < work->deadline_us)
    {
      g_timeout_add_full (G_PRIORITY_DEFAULT, RECEIVING_POLL_MS, look_again_cb, task,
                          g_object_unref);
      return;
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                           _("%s is still waiting to receive it."),
                           gh_host_get_label (gh_step_get_peer (get_step (task))));
  g_object_unref (task);
}

/* It is where it was before: fails with what the move ended with. One that was gone on with may
 * have ended without an error, and not have arrived all the same. */
static void
return_failure (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  if (work->error == NULL)
    work->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED,
                                       _("It is not being moved any more, and has not arrived. "
                                         "Look at both hosts."));
  g_task_return_error (task, g_steal_pointer (&work->error));
}

static void
resumed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (!gh_host_resume_finish (GH_HOST (object), result, &error))
    g_task_return_error (task, error);
  else if (work->undoing)
    g_task_return_boolean (task, TRUE);
  else
    return_failure (task);
}

/* It ran there, was switched off there, and its disks have changed since. Nothing that was done for
 * the move is taken back then, and what is here never goes on. Takes @task. */
static void
return_is_off_there (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  const char *label = gh_host_get_label (gh_step_get_peer (get_step (task)));
  g_autofree char *why =
    work->there->failed
    ? g_strdup_printf (_("It failed at %s, and may have run there before. What is here stays "
                         "paused: look at both hosts."), label)
    : g_strdup_printf (_("It has moved, and is off at %s; what is here is a remainder."), label);

  if (work->undoing)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s", why);
  else
    g_task_return_new_error (task, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT, "%s", why);
  g_object_unref (task);
}

/* The move failed or is taken back: takes @task. */
static void
settle_failure (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  /* One that the user paused before it was moved may have gone on there, too. */
  if (work->here->active && !work->here->running && work->there->persistent &&
      !work->there->active && gh_migrate_step_brings_definition (get_step (task)))
    {
      return_is_off_there (task);
      return;
    }
  if (work->here->held && !work->there->active)
    {
      gh_host_resume_async (work->host, get_uuid (task), resumed_cb, task);
      return;
    }
  if (work->undoing)
    g_task_return_boolean (task, TRUE);
  else
    return_failure (task);
  g_object_unref (task);
}

static void
resumed_there_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  /* It has moved all the same; that it is paused is there to be seen. */
  if (!gh_host_resume_finish (GH_HOST (object), result, &error))
    g_warning ("It has arrived, but could not go on: %s", error->message);
  g_task_return_boolean (task, TRUE);
}

/* It has arrived: takes @task. */
static void
succeed (GTask *task)
{
  GhStep *step = get_step (task);

  if (gh_step_get_boolean (step, "resume-there"))
    {
      gh_host_resume_async (gh_step_get_peer (step), get_uuid (task), resumed_there_cb, task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
stopped_here_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (gh_host_suspend_finish (GH_HOST (object), result, &error))
    {
      /* What comes after the move says that there is a remainder. */
      g_message ("It ran on both hosts for a moment, and has been paused at the source");
      succeed (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* It ran here just now, for no longer than it took to look: what it did meanwhile is nothing to
 * what two of them would do. */
static gboolean
has_come_twice (const Work *work)
{
  return !work->undoing && work->here->running && !work->here->moving && !work->here->post_copy &&
         work->there->running && (!work->there->moving || work->there->receiving) &&
         !work->there->post_copy;
}

static void recover (GTask *task);

/* Takes @task. */
static void
settle_parts (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  GhMigrateStep *self = GH_MIGRATE_STEP (get_step (task));
  const char *label = gh_host_get_label (gh_step_get_peer (get_step (task)));

  if (self->recover)
    {
      self->recover = FALSE;
      recover (task);
      return;
    }
  /* Others may have begun it, while nobody looked. */
  gh_step_set_boolean (get_step (task), "post-copy", TRUE);
  if (work->undoing)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             _("Its memory is in part here and in part at %s. It cannot be taken "
                               "back, only finished."), label);
  else
    g_task_return_new_error (task, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT,
                             _("It is paused, and its memory is in two parts: here and at %s. "
                               "Neither may be switched off or started. To recover it goes on "
                               "with the move once the line is whole. (%s)"), label,
                             work->error != NULL ? work->error->message : "?");
  g_object_unref (task);
}

/* Takes @task. */
static void
judge (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  const char *label = gh_host_get_label (gh_step_get_peer (get_step (task)));

  if (has_come_twice (work))
    {
      gh_host_suspend_async (work->host, get_uuid (task), stopped_here_cb, task);
      return;
    }
  if (work->here->running && work->there->running)
    return_not_undone (task, g_strdup (_("It runs on both hosts at once! Switch one of the two off "
                                         "by hand.")));
  else if (has_arrived (work) && work->undoing)
    return_not_undone (task, g_strdup_printf (_("It has moved, and runs at %s."), label));
  else if (has_arrived (work))
    {
      if (work->error != NULL)
        g_message ("The move ended with an error, but it has arrived: %s", work->error->message);
      succeed (task);
      return;
    }
  else if (work->here->post_copy || work->there->post_copy)
    {
      settle_parts (task);
      return;
    }
  else if (work->there->active)
    {
      wait_for_receiver (task);
      return;
    }
  else
    {
      settle_failure (task);
      return;
    }
  g_object_unref (task);
}

/* Asking both. When one does not answer the first error is what counts. Take @task. */

static void
fail_looking (GTask  *task,
              GError *error)
{
  Work *work = g_task_get_task_data (task);

  if (work->error != NULL)
    {
      g_error_free (error);
      error = g_steal_pointer (&work->error);
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
there_looked_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  work->there = gh_host_load_presence_finish (GH_HOST (object), result, &error);
  if (work->there == NULL)
    fail_looking (task, error);
  else
    judge (task);
}

static void
there_ready_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (!gh_host_ready_finish (GH_HOST (object), result, &error))
    fail_looking (task, error);
  else
    gh_host_load_presence_async (GH_HOST (object), get_uuid (task), NULL, there_looked_cb, task);
}

static void
here_looked_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  work->here = gh_host_load_presence_finish (GH_HOST (object), result, &error);
  if (work->here == NULL)
    fail_looking (task, error);
  else
    gh_host_ready_async (gh_step_get_peer (get_step (task)), NULL, there_ready_cb, task);
}

static void
here_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (!gh_host_ready_finish (GH_HOST (object), result, &error))
    fail_looking (task, error);
  else
    gh_host_load_presence_async (GH_HOST (object), get_uuid (task), NULL, here_looked_cb, task);
}

static void
look_here (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  gh_host_ready_async (work->host, NULL, here_ready_cb, task);
}

/* Doing */

static double
get_fraction (const GhMigrationProgress *progress)
{
  guint64 total = progress->disk_total + progress->memory_total;

  return total == 0 ? -1.0 : (double) (MIN (progress->disk_done, progress->disk_total) +
                                       progress->memory_done) / (double) total;
}

static void
noted_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  if (!gh_step_save_finish (GH_STEP (object), result, &error))
    g_warning ("The journal does not know of the post-copy: %s", error->message);
}

/* Whoever told it to: from now on neither host has a whole one. */
static void
note_post_copy (GhMigrateStep *self)
{
  const GhMigrationProgress *progress = gh_migration_get_progress (self->migration);

  if (progress->phase != GH_MIGRATION_POST_COPY ||
      gh_step_get_boolean (GH_STEP (self), "post-copy"))
    return;
  gh_step_set_boolean (GH_STEP (self), "post-copy", TRUE);
  gh_step_save_async (GH_STEP (self), noted_cb, NULL);
}

/* How fast the line is, as far as this move says. */
static void
note_rate (GhMigrateStep *self)
{
  const GhMigrationProgress *progress = gh_migration_get_progress (self->migration);

  self->limited = self->limited || gh_step_get_int (GH_STEP (self), "bandwidth") > 0;
  if (self->limited)
    self->sent = self->sent_ms = 0;
  else if (progress->phase == GH_MIGRATION_DISKS || progress->phase == GH_MIGRATION_MEMORY)
    {
      self->sent = progress->disk_done + progress->memory_sent;
      self->sent_ms = progress->elapsed_ms;
    }
}

static void
progress_cb (GhMigrateStep *self)
{
  note_post_copy (self);
  note_rate (self);
  gh_step_set_fraction (GH_STEP (self),
                        get_fraction (gh_migration_get_progress (self->migration)));
  g_signal_emit (self, signals[PROGRESS], 0);
}

/* What one that is over still reads, late, is nobody's. */
static void
set_migration (GhMigration *migration, /* nullable */
               gpointer     data)
{
  GhMigrateStep *self = data;

  if (self->migration != NULL)
    g_signal_handlers_disconnect_by_data (self->migration, self);
  g_set_object (&self->migration, migration);
  if (migration != NULL)
    g_signal_connect_object (migration, "notify::progress", G_CALLBACK (progress_cb), self,
                             G_CONNECT_SWAPPED);
}

static void
rate_kept_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  gh_line_rates_keep_finish (result);
  succeed (user_data);
}

static void
moved_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  GhMigrateStep *self = GH_MIGRATE_STEP (get_step (task));

  gh_migration_run_finish (GH_MIGRATION (object), result, &work->error);
  set_migration (NULL, self);
  if (work->error != NULL)
    {
      look_here (task);
      return;
    }
  gh_line_rates_keep_async (gh_step_get_uri (GH_STEP (self)),
                            gh_host_get_uri (gh_step_get_peer (GH_STEP (self))), GH_LINE_LIVE,
                            self->sent, (gint64) self->sent_ms * 1000, rate_kept_cb, task);
}

/* Going on with it */

/* What was said while it moved counts less than what both hosts say now. */
static void
recovered_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);

  g_clear_error (&work->error);
  gh_recovery_run_finish (GH_HOST (object), result, &work->error);
  g_clear_pointer (&work->here, g_free);
  g_clear_pointer (&work->there, g_free);
  look_here (task);
}

/* As the machine was moved before, but for what is over: its disks have moved, its definition is
 * there, and more than one connection at a time does not go with post-copy. */
static GhMigrationOptions *
dup_recovery_options (GhStep *step)
{
  GhMigrationOptions *options = gh_migration_options_new ();

  options->post_copy = options->resume = TRUE;
  options->peer = gh_step_get_boolean (step, "by-peer");
  options->persist = gh_step_get_boolean (step, "persist");
  options->undefine = !gh_step_get_boolean (step, "temporary");
  options->tls = gh_step_get_boolean (step, "tls");
  options->bandwidth_mib = (guint) CLAMP (gh_step_get_int (step, "bandwidth"), 0, 1000000);
  options->name = g_strdup (gh_step_get_string (step, "new-name"));
  options->address = g_strdup (gh_step_get_string (step, "address"));
  options->peer_uri = g_strdup (gh_step_get_string (step, "peer-address"));
  return options;
}

/* Takes @task. */
static void
recover (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  GhStep *step = get_step (task);
  g_autoptr (GhMigrationOptions) options = dup_recovery_options (step);

  gh_recovery_run_async (work->host, gh_step_get_peer (step), get_uuid (task), options,
                         set_migration, step, g_task_get_cancellable (task), recovered_cb, task);
}

static void
begun_saved_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  GhMigrateStep *self = GH_MIGRATE_STEP (object);
  g_autoptr (GhMigration) migration = NULL;
  GError *error = NULL;

  if (!gh_step_save_finish (GH_STEP (self), result, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  migration = gh_migration_new (work->host, gh_step_get_peer (GH_STEP (self)), get_uuid (task),
                                self->options);
  set_migration (migration, self);
  gh_migration_run_async (self->migration, g_task_get_cancellable (task), moved_cb, task);
}

/* By the journal alone: others can begin post-copy, too, and we may end before it is written. */
static gboolean
may_be_in_parts (GhStep *step)
{
  return gh_step_get_boolean (step, "begun") && (gh_step_get_boolean (step, "post-copy") ||
                                                 gh_step_get_boolean (step, "may-post-copy"));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  GhMigrateStep *self = GH_MIGRATE_STEP (step);
  GTask *task = new_task (step, host, FALSE, cancellable, callback, user_data);

  /* Out of a journal that is done only for what was found to be in parts. */
  if (self->options == NULL && gh_step_get_peer (step) != NULL &&
      gh_step_get_boolean (step, "begun"))
    {
      recover (task);
      return;
    }
  if (self->options == NULL || gh_step_get_peer (step) == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                               _("It is not known any more how it was to be moved."));
      g_object_unref (task);
      return;
    }
  gh_step_set_boolean (step, "begun", TRUE);
  gh_step_save_async (step, begun_saved_cb, task);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  GTask *task = new_task (step, host, TRUE, NULL, callback, user_data);

  if (gh_step_get_boolean (step, "begun") && gh_step_get_peer (step) != NULL)
    {
      look_here (task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Words */

static char *
dup_title (GhStep *step)
{
  GhHost *peer = gh_step_get_peer (step);

  return g_strdup_printf (_("Move “%s” to %s while it runs"), gh_step_get_string (step, "name"),
                          peer != NULL ? gh_host_get_label (peer)
                          : gh_step_get_string (step, "peer"));
}

static void
add_word (GString    *line,
          const char *option,
          const char *value)
{
  g_autofree char *quoted = value != NULL ? gh_command_dup_quoted (value) : NULL;

  g_string_append_printf (line, " --%s", option);
  if (quoted != NULL)
    g_string_append_printf (line, " %s", quoted);
}

static void
add_number (GString    *line,
            const char *option,
            guint       value)
{
  if (value > 0)
    g_string_append_printf (line, " --%s %u", option, value);
}

static char *
dup_command (GhStep *step)
{
  g_autoptr (GhMigrationOptions) recovery = GH_MIGRATE_STEP (step)->options == NULL
                                            ? dup_recovery_options (step) : NULL;
  const GhMigrationOptions *options = recovery != NULL ? recovery
                                                       : GH_MIGRATE_STEP (step)->options;
  const char *machine = gh_command_get_machine (gh_step_get_string (step, "name"),
                                                gh_step_get_string (step, "uuid"));
  const char *destination = options != NULL && options->peer_uri != NULL
                            ? options->peer_uri : gh_step_get_string (step, "peer");
  g_autofree char *start = gh_command_dup_virsh (gh_step_get_uri (step), "migrate", machine,
                                                 destination, NULL);
  GString *line = g_string_new (start);
  g_autofree char *disks = NULL;

  const struct
  {
    gboolean    on;
    const char *option;
  } flags[] = {
    { options->live, "live" }, { options->peer || options->tunnelled, "p2p" },
    { options->tunnelled, "tunnelled" }, { options->persist, "persistent" },
    { options->undefine, "undefinesource" }, { options->disks != NULL, "copy-storage-all" },
    { options->unsafe, "unsafe" },
    { options->auto_converge || options->slow_later, "auto-converge" },
    { options->post_copy, "postcopy" }, { options->resume, "postcopy-resume" },
    { options->parallel, "parallel" }, { options->tls, "tls" },
    { options->compression != NULL, "compressed" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (flags[i].on)
      add_word (line, flags[i].option, NULL);
  add_number (line, "auto-converge-initial", options->slow_later ? 1 : 0);
  add_number (line, "auto-converge-increment", options->slow_later ? 1 : 0);
  add_number (line, "parallel-connections", options->parallel ? options->connections : 0);
  add_number (line, "bandwidth", options->bandwidth_mib);
  add_number (line, "postcopy-bandwidth", options->post_copy ? options->bandwidth_mib : 0);
  if (options->compression != NULL)
    add_word (line, "comp-methods", options->compression);
  if (options->name != NULL)
    add_word (line, "dname", options->name);
  if (options->address != NULL)
    add_word (line, "migrateuri", options->address);
  disks = options->disks != NULL ? g_strjoinv (",", options->disks) : NULL;
  if (disks != NULL)
    add_word (line, "migrate-disks", disks);
  if (disks != NULL && options->disks_address != NULL)
    add_word (line, "disks-uri", options->disks_address);
  g_string_append (line, " --abort-on-error");
  return g_string_free (line, FALSE);
}

static char *
dup_undo_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "domjobabort",
                               gh_command_get_machine (gh_step_get_string (step, "name"),
                                                       gh_step_get_string (step, "uuid")), NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s”"), gh_step_get_string (step, "name"));
}

static void
gh_migrate_step_finalize (GObject *object)
{
  GhMigrateStep *self = GH_MIGRATE_STEP (object);

  g_clear_object (&self->migration);
  g_clear_pointer (&self->options, gh_migration_options_free);
  G_OBJECT_CLASS (gh_migrate_step_parent_class)->finalize (object);
}

static const char * const needs[] = { "uuid", "name", "peer", NULL };

static void
gh_migrate_step_class_init (GhMigrateStepClass *klass)
{
  GhStepClass *step_class = GH_STEP_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_migrate_step_finalize;
  step_class->kind = "migrate";
  step_class->commits = TRUE;
  step_class->resumes = TRUE;
  step_class->may_be_in_doubt = may_be_in_parts;
  step_class->needs = needs;
  step_class->dup_title = dup_title;
  step_class->dup_command = dup_command;
  step_class->dup_left = dup_left;
  step_class->dup_undo_command = dup_undo_command;
  step_class->dup_commit_check = gh_migrate_step_dup_commit_check;
  step_class->do_async = do_async;
  step_class->undo_async = undo_async;

  signals[PROGRESS] = g_signal_new ("progress", GH_TYPE_MIGRATE_STEP, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 0);
}

static void
gh_migrate_step_init (GhMigrateStep *self)
{
}

GhStep *
gh_migrate_step_new (GhHost                   *destination,
                     const char               *uuid,
                     const char               *name,
                     const GhMigrationOptions *options)
{
  GhMigrateStep *self = g_object_new (GH_TYPE_MIGRATE_STEP, NULL);
  GhStep *step = GH_STEP (self);

  g_return_val_if_fail (GH_IS_HOST (destination) && g_uuid_string_is_valid (uuid), step);

  gh_step_set_peer (step, destination);
  gh_step_set_string (step, "uuid", uuid);
  gh_step_set_string (step, "name", name);
  gh_step_set_string (step, "new-name", options->name);
  gh_step_set_boolean (step, "temporary", !options->undefine);
  gh_step_set_boolean (step, "persist", options->persist);
  gh_step_set_boolean (step, "may-post-copy", options->post_copy);
  gh_step_set_boolean (step, "by-peer", options->peer);
  gh_step_set_boolean (step, "tls", options->tls);
  gh_step_set_int (step, "bandwidth", options->bandwidth_mib);
  gh_step_set_string (step, "address", options->address);
  gh_step_set_string (step, "peer-address", options->peer_uri);
  self->options = gh_migration_options_copy (options);
  return step;
}

GhMigration *
gh_migrate_step_get_migration (GhMigrateStep *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_STEP (self), NULL);

  return self->migration;
}

static void
broken_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigrateStep *self = GH_MIGRATE_STEP (g_task_get_source_object (task));
  GError *error = NULL;

  if (gh_migration_change_finish (GH_MIGRATION (object), result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->recover = FALSE;
  g_task_return_error (task, error);
}

void
gh_migrate_step_recover_async (GhMigrateStep       *self,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_MIGRATE_STEP (self));
  g_return_if_fail (self->migration != NULL);

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_migrate_step_recover_async);
  self->recover = TRUE;
  gh_migration_break_async (self->migration, broken_cb, task);
}

gboolean
gh_migrate_step_recover_finish (GhMigrateStep  *self,
                                GAsyncResult   *result,
                                GError        **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
