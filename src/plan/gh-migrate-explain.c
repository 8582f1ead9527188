/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-explain"

#include "config.h"

#include "gh-migrate-explain.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-migrate-errors.h"
#include "gh-qemu-log.h"
#include "gh-told-error.h"

typedef struct
{
  GError *error;
  GhHost *hosts[2]; /* (nullable): whose logs are looked at, one after the other */
  char   *names[2]; /* of the machine there */
  gint64  since_us;
  guint   index;
  char   *path;     /* (nullable): of the one that is being read */
  char   *uuid;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_error (&work->error);
  for (guint i = 0; i < G_N_ELEMENTS (work->hosts); i++)
    {
      g_clear_object (&work->hosts[i]);
      g_free (work->names[i]);
    }
  g_free (work->path);
  g_free (work->uuid);
  g_free (work);
}

static void look_into_next (GTask *task);

static void
log_loaded_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  GTask *task = user_data;
  Work *work = g_task_get_task_data (task);
  g_autofree char *lines = gh_qemu_log_load_finish (result);

  if (lines != NULL)
    {
      gh_told_error_set_log (work->error, work->path, lines);
      work->index = G_N_ELEMENTS (work->hosts);
    }
  look_into_next (task);
}

/* Takes @task. */
static void
look_into_next (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  for (; work->index < G_N_ELEMENTS (work->hosts); work->index++)
    {
      guint i = work->index;
      GhHost *host = work->hosts[i];

      g_clear_pointer (&work->path, g_free);
      if (host != NULL && gh_host_is_local (host) && !gh_host_is_test (host))
        work->path = gh_qemu_log_dup_path (gh_host_is_session (host), work->names[i]);
      if (work->path == NULL)
        continue;
      work->index++;
      gh_qemu_log_load_async (work->path, work->uuid, work->since_us, i == 0, log_loaded_cb, task);
      return;
    }
  g_task_return_pointer (task, g_steal_pointer (&work->error), (GDestroyNotify) g_error_free);
  g_object_unref (task);
}

static GhHost *
get_host (GhPlan *plan,
          GhStep *step)
{
  return gh_step_get_host (step) != NULL ? gh_step_get_host (step) : gh_plan_get_host (plan);
}

/* A move says what goes wrong at its destination; what else has two hosts reads from one and writes
 * to the other. NULL: at one of the two. */
static GhHost *
find_place (GhPlan *plan,
            GhStep *step,
            GhHost *destination) /* nullable */
{
  GhHost *peer = gh_step_get_peer (step);
  const char *kind = gh_step_get_kind (step);

  if (strcmp (kind, "finish") == 0 && destination != NULL)
    return destination;
  if (peer == NULL || peer == get_host (plan, step))
    return get_host (plan, step);
  return strcmp (kind, "migrate") == 0 ? peer : NULL;
}

static char *
dup_place (GhPlan *plan,
           GhStep *step,
           GhHost *place) /* nullable */
{
  if (place != NULL)
    return g_strdup (gh_host_get_label (place));
  /* Translators: two hosts, at one of which it was. */
  return g_strdup_printf (_("%s or %s"), gh_host_get_label (get_host (plan, step)),
                          gh_host_get_label (gh_step_get_peer (step)));
}

/* (nullable): a host that is not @source. */
static GhHost *
find_destination (GhStep *step,
                  GhHost *source)
{
  GhHost *hosts[] = { gh_step_get_peer (step), gh_step_get_host (step) };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    if (hosts[i] != NULL && hosts[i] != source)
      return hosts[i];
  return NULL;
}

static char *
dup_step_words (GhStep     *step,
                const char *machine, /* nullable */
                GhHost     *place)   /* nullable */
{
  g_autofree char *title = gh_step_dup_title (step);

  if (machine == NULL && place == NULL)
    return g_steal_pointer (&title);
  if (machine == NULL)
    /* Translators: a host, and the title of a step: “Make the disk “web-1.qcow2””. */
    return g_strdup_printf (_("At %s: %s"), gh_host_get_label (place), title);
  if (place == NULL)
    /* Translators: a machine, and the title of a step: “Copy the disk “web-1.qcow2””. */
    return g_strdup_printf (_("Moving “%s”: %s"), machine, title);
  /* Translators: a machine, a host, and the title of a step: “Make the disk “web-1.qcow2””. */
  return g_strdup_printf (_("Moving “%s”, at %s: %s"), machine, gh_host_get_label (place), title);
}

static void
find_logs (Work   *work,
           GhPlan *plan,
           GhStep *step)
{
  const char *name = gh_step_get_string (step, "name");
  const char *new_name = gh_step_get_string (step, "new-name");
  const char *uuid = gh_step_get_string (step, "uuid");

  if (work->error->domain != GH_TOLD_ERROR || !gh_migrate_error_is_log (work->error) ||
      strcmp (gh_step_get_kind (step), "migrate") != 0 || name == NULL || uuid == NULL)
    return;
  work->uuid = g_strdup (uuid);
  work->since_us = g_get_real_time () -
                   ((gint64) gh_step_get_elapsed_s (step) + 1) * G_USEC_PER_SEC;
  /* The one there was started for this. */
  g_set_object (&work->hosts[0], gh_step_get_peer (step));
  work->names[0] = g_strdup (new_name != NULL ? new_name : name);
  g_set_object (&work->hosts[1], gh_plan_get_host (plan));
  work->names[1] = g_strdup (name);
}

/**
 * gh_migrate_explain_async:
 * @plan: a plan
 * @step: its step that failed
 * @error: with what
 * @machine: (nullable): what is moved
 * @destination: (nullable): to where, when it is known
 * @callback: of explain_async ()
 * @user_data: for @callback
 */
void
gh_migrate_explain_async (GhPlan              *plan,
                          GhStep              *step,
                          const GError        *error,
                          const char          *machine,
                          GhHost              *destination,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  GTask *task = g_task_new (plan, NULL, callback, user_data);
  Work *work = g_new0 (Work, 1);
  GhHost *host = get_host (plan, step);

  g_task_set_source_tag (task, gh_migrate_explain_async);
  g_task_set_task_data (task, work, work_free);
  if (host == NULL)
    work->error = g_error_copy (error);
  else
    {
      GhHost *source = gh_plan_get_host (plan) != NULL ? gh_plan_get_host (plan) : host;
      GhHost *other = destination != NULL ? destination : find_destination (step, source);
      GhHost *at = find_place (plan, step, destination);
      g_autofree char *words = dup_step_words (step, machine, at);
      g_autofree char *place = dup_place (plan, step, at);
      GhMigrateErrorHosts hosts = {
        gh_host_get_label (source), other != NULL ? gh_host_get_label (other) : place, place,
      };

      work->error = gh_migrate_error_tell (error, &hosts, words);
      find_logs (work, plan, step);
    }
  look_into_next (task);
}

GError *
gh_migrate_explain_fix (GhMigratePlan *plan,
                        GhCheck       *check,
                        GhHost        *host,
                        GError        *error)
{
  g_autoptr (GError) taken = error;
  const char *label = gh_host_get_label (host);
  const char *source = gh_host_get_label (gh_plan_get_host (GH_PLAN (plan)));
  GhMigrateErrorHosts hosts = { source, label, label };
  g_autofree char *words = g_strdup_printf (_("At %s: %s"), label, gh_check_get_fix_label (check));

  return gh_migrate_error_tell (taken, &hosts, words);
}
