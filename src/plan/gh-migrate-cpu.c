/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The repair of a processor that the destination does not have: one that both hosts have. The
 * machine gets it at the destination; its definition here stays as it is. */

#define G_LOG_DOMAIN "gh-migrate-cpu"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-cpu-baseline.h"
#include "gh-migrate-fixes.h"

typedef struct
{
  GWeakRef  plan;
  GhHost   *source;
  GhHost   *destination;
  char     *xml;
} Fix;

/* Of one repair: the check, and with it the fix, may be gone before it ends. */
typedef struct
{
  GWeakRef  plan;
  GhHost   *destination;
  char     *xml;
  char     *cpus[3]; /* here, there, and NULL */
} Work;

static void
fix_free (gpointer data)
{
  Fix *self = data;

  g_weak_ref_clear (&self->plan);
  g_object_unref (self->source);
  g_object_unref (self->destination);
  g_free (self->xml);
  g_free (self);
}

static void
work_free (gpointer data)
{
  Work *work = data;

  g_weak_ref_clear (&work->plan);
  g_object_unref (work->destination);
  g_free (work->xml);
  g_free (work->cpus[0]);
  g_free (work->cpus[1]);
  g_free (work);
}

static void
joined_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *cpu = gh_host_join_cpus_finish (GH_HOST (object), result, &error);
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&work->plan);

  if (cpu == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (plan != NULL)
    gh_migrate_plan_set_cpu (plan, cpu);
  g_task_return_boolean (task, TRUE);
}

static void
there_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  work->cpus[1] = gh_host_load_cpu_model_finish (GH_HOST (object), result, &error);
  if (work->cpus[1] == NULL)
    g_task_return_error (task, error);
  else
    gh_host_join_cpus_async (work->destination, work->xml, (const char * const *) work->cpus,
                             g_task_get_cancellable (task), joined_cb, g_object_ref (task));
}

static void
here_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  work->cpus[0] = gh_host_load_cpu_model_finish (GH_HOST (object), result, &error);
  if (work->cpus[0] == NULL)
    g_task_return_error (task, error);
  else
    gh_host_load_cpu_model_async (work->destination, work->xml, g_task_get_cancellable (task),
                                  there_loaded_cb, g_object_ref (task));
}

static void
choose_cpu (GhCheck             *check,
            gpointer             data,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  Fix *fix = data;
  GTask *task = g_task_new (check, cancellable, callback, user_data);
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&fix->plan);
  Work *work = g_new0 (Work, 1);

  g_task_set_source_tag (task, choose_cpu);
  g_weak_ref_init (&work->plan, plan);
  work->destination = g_object_ref (fix->destination);
  work->xml = g_strdup (fix->xml);
  g_task_set_task_data (task, work, work_free);
  gh_host_load_cpu_model_async (fix->source, work->xml, cancellable, here_loaded_cb, task);
}

void
gh_migrate_fix_cpu (GhCheck       *check,
                    GhMigratePlan *plan)
{
  Fix *fix = g_new0 (Fix, 1);

  g_weak_ref_init (&fix->plan, plan);
  fix->source = g_object_ref (gh_plan_get_host (GH_PLAN (plan)));
  fix->destination = g_object_ref (plan->destination);
  fix->xml = gh_domain_xml_to_string (plan->facts.xml);
  gh_check_set_fix (check, _("Choose a model both have"), NULL, choose_cpu, fix, fix_free);
}
