/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-create-fixes"

#include "config.h"

#include "gh-create-fixes.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-create-plan-private.h"

typedef struct
{
  GWeakRef       plan;
  GhHost        *host;  /* (owned) (nullable) */
  char          *text;  /* (nullable): a name, path or UUID */
  char         **argv;  /* (nullable) */
  GhCreateField  field;
} Fix;

static Fix *
fix_new (GhCreatePlan *plan,
         const char   *text)
{
  Fix *self = g_new0 (Fix, 1);

  g_weak_ref_init (&self->plan, plan);
  self->text = g_strdup (text);
  return self;
}

static void
fix_free (gpointer data)
{
  Fix *self = data;

  g_weak_ref_clear (&self->plan);
  g_clear_object (&self->host);
  g_strfreev (self->argv);
  g_free (self->text);
  g_free (self);
}

/* For fixes that only change inputs: done when they return. */
static void
answer (GhCheck             *check,
        GCancellable        *cancellable,
        GAsyncReadyCallback  callback,
        gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

/* The result of a call on the host; then the host has to be looked at anew. Takes @error. */
static void
end_host_fix (GTask  *task,
              GError *error)
{
  g_autoptr (GhCreatePlan) plan = g_task_get_task_data (task) != NULL
                                    ? g_weak_ref_get (g_task_get_task_data (task)) : NULL;

  if (plan != NULL)
    gh_create_plan_forget_facts (plan);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
free_weak_ref (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* The check, and with it the fix's data, may be gone when the call ends. */
static GTask *
begin_host_fix (GhCheck             *check,
                Fix                 *fix,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  GTask *task = g_task_new (check, cancellable, callback, user_data);
  g_autoptr (GhCreatePlan) plan = g_weak_ref_get (&fix->plan);
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, plan);
  g_task_set_task_data (task, weak, free_weak_ref);
  return task;
}

static void
connected_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_host_ready_finish (GH_HOST (object), result, &error);
  end_host_fix (task, error);
}

static void
connect_host (GhCheck             *check,
              gpointer             data,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  Fix *fix = data;

  gh_host_ready_async (fix->host, cancellable, connected_cb,
                       begin_host_fix (check, fix, cancellable, callback, user_data));
}

void
gh_create_fix_connect (GhCheck      *check,
                       GhHost       *host,
                       GhCreatePlan *plan)
{
  Fix *fix = fix_new (plan, NULL);
  g_autofree char *command = gh_command_dup_virsh (gh_host_get_uri (host), "list", NULL);

  fix->host = g_object_ref (host);
  gh_check_set_fix (check, _("Connect"), command, connect_host, fix, fix_free);
}

static void
reset_field (GhCheck             *check,
             gpointer             data,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhCreatePlan) plan = g_weak_ref_get (&fix->plan);

  if (plan != NULL)
    {
      /* What was proposed, from what is known; an OS that is proposed wrongly is none. */
      if (fix->field == GH_CREATE_OS && !gh_create_plan_is_overridden (plan, GH_CREATE_OS))
        gh_create_plan_set_os_id (plan, "");
      else
        gh_create_plan_reset (plan, fix->field);
    }
  answer (check, cancellable, callback, user_data);
}

void
gh_create_fix_reset (GhCheck       *check,
                     GhCreatePlan  *plan,
                     GhCreateField  field,
                     const char    *label)
{
  Fix *fix = NULL;

  /* A field that has its proposal already is not repaired by it. */
  if (field != GH_CREATE_OS && !gh_create_plan_is_overridden (plan, field))
    return;

  fix = fix_new (plan, NULL);
  fix->field = field;
  gh_check_set_fix (check, label, NULL, reset_field, fix, fix_free);
}

static void
set_name (GhCheck             *check,
          gpointer             data,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhCreatePlan) plan = g_weak_ref_get (&fix->plan);

  if (plan != NULL)
    gh_create_plan_set_name (plan, fix->text);
  answer (check, cancellable, callback, user_data);
}

void
gh_create_fix_name (GhCheck      *check,
                    GhCreatePlan *plan,
                    const char   *name)
{
  g_autofree char *label = g_strdup_printf (_("Use “%s”"), name);

  gh_check_set_fix (check, label, NULL, set_name, fix_new (plan, name), fix_free);
}

static void
set_disk_name (GhCheck             *check,
               gpointer             data,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhCreatePlan) plan = g_weak_ref_get (&fix->plan);

  if (plan != NULL)
    gh_create_plan_set_disk_name (plan, fix->text);
  answer (check, cancellable, callback, user_data);
}

/* “web.qcow2” → “web-2.qcow2” → “web-3.qcow2” */
static char *
dup_next_name (const char *name)
{
  const char *dot = strrchr (name, '.');
  g_autofree char *stem = dot != NULL && dot != name ? g_strndup (name, (gsize) (dot - name))
                                                     : g_strdup (name);
  const char *ending = dot != NULL && dot != name ? dot : "";
  char *dash = strrchr (stem, '-');
  guint64 number = 0;

  if (dash != NULL && dash != stem &&
      g_ascii_string_to_unsigned (dash + 1, 10, 2, G_MAXUINT32, &number, NULL))
    *dash = '\0';
  else
    number = 1;
  return g_strdup_printf ("%s-%" G_GUINT64_FORMAT "%s", stem, number + 1, ending);
}

void
gh_create_fix_other_disk_name (GhCheck      *check,
                               GhCreatePlan *plan,
                               const char   *disk_name)
{
  g_autofree char *next = dup_next_name (disk_name);
  g_autofree char *label = g_strdup_printf (_("Use “%s”"), next);

  gh_check_set_fix (check, label, NULL, set_disk_name, fix_new (plan, next), fix_free);
}

static void
use_as_disk (GhCheck             *check,
             gpointer             data,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhCreatePlan) plan = g_weak_ref_get (&fix->plan);

  if (plan != NULL)
    gh_create_plan_set_disk_path (plan, fix->text);
  answer (check, cancellable, callback, user_data);
}

void
gh_create_fix_use_as_disk (GhCheck      *check,
                           GhCreatePlan *plan,
                           const char   *path)
{
  gh_check_set_fix (check, _("Use it as the disk"), NULL, use_as_disk, fix_new (plan, path),
                    fix_free);
}

static void
use_as_iso (GhCheck             *check,
            gpointer             data,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhCreatePlan) plan = g_weak_ref_get (&fix->plan);

  if (plan != NULL)
    gh_create_plan_set_iso_path (plan, fix->text);
  answer (check, cancellable, callback, user_data);
}

void
gh_create_fix_use_as_iso (GhCheck      *check,
                          GhCreatePlan *plan,
                          const char   *path)
{
  gh_check_set_fix (check, _("Use it as the CD"), NULL, use_as_iso, fix_new (plan, path), fix_free);
}

static void
access_given_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autofree char *complaint = NULL;
  GSubprocess *process = G_SUBPROCESS (object);
  GError *error = NULL;

  if (g_subprocess_communicate_utf8_finish (process, result, NULL, &complaint, &error) &&
      !g_subprocess_get_successful (process))
    g_set_error (&error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", g_strchomp (complaint));
  end_host_fix (task, error);
}

static void
give_access (GhCheck             *check,
             gpointer             data,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GTask) task = begin_host_fix (check, fix, cancellable, callback, user_data);
  g_autoptr (GSubprocess) process = NULL;
  GError *error = NULL;

  process = g_subprocess_newv ((const char *const *) fix->argv, G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  if (process == NULL)
    end_host_fix (task, error);
  else
    g_subprocess_communicate_utf8_async (process, NULL, NULL, access_given_cb, g_object_ref (task));
}

/**
 * gh_create_fix_access:
 * @check: a check
 * @plan: the plan it is of
 * @info: a file that QEMU, or we, cannot reach
 * @command: the line that opens the way
 *
 * Offers to open the one folder, or file, that is closed.
 */
void
gh_create_fix_access (GhCheck           *check,
                      GhCreatePlan      *plan,
                      const GhImageInfo *info,
                      const char        *command)
{
  Fix *fix = fix_new (plan, NULL);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  const char *label = _("Make it readable");

  if (info->closed_for != NULL)
    {
      g_ptr_array_add (argv, g_strdup ("setfacl"));
      g_ptr_array_add (argv, g_strdup ("-m"));
      g_ptr_array_add (argv, g_strdup_printf ("u:%s:x", info->closed_for));
      label = _("Let QEMU pass");
    }
  else
    {
      g_ptr_array_add (argv, g_strdup ("chmod"));
      g_ptr_array_add (argv, g_strdup (info->closed_folder != NULL ? "u+x" : "u+r"));
      if (info->closed_folder != NULL)
        label = _("Open the folder");
    }
  g_ptr_array_add (argv, g_strdup ("--"));
  g_ptr_array_add (argv, g_strdup (info->closed_folder != NULL ? info->closed_folder : info->path));
  g_ptr_array_add (argv, NULL);
  fix->argv = (char **) g_ptr_array_steal (argv, NULL);
  gh_check_set_fix (check, label, command, give_access, fix, fix_free);
}

static void
pool_started_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_host_start_pool_finish (GH_HOST (object), result, &error);
  end_host_fix (task, error);
}

static void
start_pool (GhCheck             *check,
            gpointer             data,
            GCancellable        *cancellable,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  Fix *fix = data;

  gh_host_start_pool_async (fix->host, fix->text, cancellable, pool_started_cb,
                            begin_host_fix (check, fix, cancellable, callback, user_data));
}

void
gh_create_fix_start_pool (GhCheck          *check,
                          GhCreatePlan     *plan,
                          GhHost           *host,
                          const GhPoolInfo *pool)
{
  Fix *fix = fix_new (plan, pool->uuid);
  g_autofree char *command = gh_command_dup_virsh (gh_host_get_uri (host), "pool-start", pool->name,
                                                   NULL);

  fix->host = g_object_ref (host);
  gh_check_set_fix (check, _("Start it"), command, start_pool, fix, fix_free);
}

static void
network_started_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_host_start_network_finish (GH_HOST (object), result, &error);
  end_host_fix (task, error);
}

static void
start_network (GhCheck             *check,
               gpointer             data,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  Fix *fix = data;

  gh_host_start_network_async (fix->host, fix->text, cancellable, network_started_cb,
                               begin_host_fix (check, fix, cancellable, callback, user_data));
}

void
gh_create_fix_start_network (GhCheck             *check,
                             GhCreatePlan        *plan,
                             GhHost              *host,
                             const GhNetworkInfo *network)
{
  Fix *fix = fix_new (plan, network->uuid);
  g_autofree char *command = gh_command_dup_virsh (gh_host_get_uri (host), "net-start",
                                                   network->name, NULL);

  fix->host = g_object_ref (host);
  gh_check_set_fix (check, _("Start it"), command, start_network, fix, fix_free);
}
