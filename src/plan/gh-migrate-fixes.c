/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-fixes"

#include "config.h"

#include "gh-migrate-fixes.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-interfaces.h"
#include "gh-machine-spec.h"
#include "gh-migrate-explain.h"

typedef struct
{
  GWeakRef  plan;
  GhHost   *host; /* (owned): the destination */
  char     *text; /* a name, UUID, document or target */
} Fix;

static Fix *
fix_new (GhMigratePlan *plan,
         const char    *text)
{
  Fix *self = g_new0 (Fix, 1);

  g_weak_ref_init (&self->plan, plan);
  self->host = g_object_ref (plan->destination);
  self->text = g_strdup (text);
  return self;
}

static void
fix_free (gpointer data)
{
  Fix *self = data;

  g_weak_ref_clear (&self->plan);
  g_object_unref (self->host);
  g_free (self->text);
  g_free (self);
}

static void
free_weak_ref (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* The check, and with it the fix's data, may be gone when the call ends. */
static GTask *
begin (GhCheck             *check,
       Fix                 *fix,
       GCancellable        *cancellable,
       GAsyncReadyCallback  callback,
       gpointer             user_data)
{
  GTask *task = g_task_new (check, cancellable, callback, user_data);
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&fix->plan);
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_task_set_source_tag (task, begin);
  g_weak_ref_init (weak, plan);
  g_task_set_task_data (task, weak, free_weak_ref);
  return task;
}

/* The destination has to be looked at anew. Takes both. */
static void
end (GTask  *task,
     GhHost *host,
     GError *error)
{
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (g_task_get_task_data (task));

  if (plan != NULL)
    gh_plan_invalidate (GH_PLAN (plan));
  if (error != NULL && plan != NULL)
    error = gh_migrate_explain_fix (plan, GH_CHECK (g_task_get_source_object (task)), host,
                                    error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* A pool is made */

static void
pool_created_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GError *error = NULL;
  g_autofree char *uuid = gh_host_create_pool_finish (GH_HOST (object), result, &error);

  end (user_data, GH_HOST (object), error);
}

static void
create_pool (GhCheck             *check,
             gpointer             data,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  Fix *fix = data;

  gh_host_create_pool_async (fix->host, fix->text, cancellable, pool_created_cb,
                             begin (check, fix, cancellable, callback, user_data));
}

static gboolean
has_pool (GPtrArray  *pools,
          const char *name)
{
  for (guint i = 0; i < pools->len; i++)
    if (strcmp (((GhPoolInfo *) pools->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

/* Of the same name and folder as here, so that machines find their way back; or where the user
 * wants the disk. */
void
gh_migrate_fix_pool_missing (GhCheck             *check,
                             GhMigratePlan       *plan,
                             const GhMigrateItem *item)
{
  gboolean is_elsewhere = item->wanted != NULL && g_path_is_absolute (item->wanted);
  const char *name = item->pool_name;
  g_autofree char *folder = NULL;
  g_autofree char *base = NULL;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *xml = NULL;
  g_autofree char *command = NULL;

  if (item->here == NULL)
    return;
  folder = g_path_get_dirname (is_elsewhere ? item->wanted : item->here->path);
  base = g_path_get_basename (folder);
  if (is_elsewhere)
    name = base;
  else if (name == NULL)
    name = item->here->pool != NULL ? item->here->pool : "default";
  if (has_pool (plan->facts.pools, name) || strchr (name, '/') != NULL)
    return;
  xml = gh_pool_xml_new_dir (name, uuid, folder);
  command = gh_command_dup_virsh (gh_host_get_uri (plan->destination), "pool-create-as", name,
                                  "dir", "--target", folder, "--build", NULL);
  gh_check_set_fix (check, _("Make the storage pool there"), command, create_pool,
                    fix_new (plan, xml), fix_free);
}

/* A pool or network is started */

static void
pool_started_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GError *error = NULL;

  gh_host_start_pool_finish (GH_HOST (object), result, &error);
  end (user_data, GH_HOST (object), error);
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
                            begin (check, fix, cancellable, callback, user_data));
}

void
gh_migrate_fix_pool_off (GhCheck          *check,
                         GhMigratePlan    *plan,
                         const GhPoolInfo *pool)
{
  g_autofree char *command = gh_command_dup_virsh (gh_host_get_uri (plan->destination),
                                                   "pool-start", pool->name, NULL);

  gh_check_set_fix (check, _("Start the storage pool there"), command, start_pool,
                    fix_new (plan, pool->uuid), fix_free);
}

static void
network_started_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  GError *error = NULL;

  gh_host_start_network_finish (GH_HOST (object), result, &error);
  end (user_data, GH_HOST (object), error);
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
                               begin (check, fix, cancellable, callback, user_data));
}

void
gh_migrate_fix_network_off (GhCheck       *check,
                            GhMigratePlan *plan,
                            const char    *network)
{
  g_autofree char *command = gh_command_dup_virsh (gh_host_get_uri (plan->destination), "net-start",
                                                   network, NULL);

  for (guint i = 0; i < plan->facts.networks->len; i++)
    {
      const GhNetworkInfo *info = g_ptr_array_index (plan->facts.networks, i);

      if (strcmp (info->name, network) == 0)
        gh_check_set_fix (check, _("Start the network there"), command, start_network,
                          fix_new (plan, info->uuid), fix_free);
    }
}

/* A medium stays here */

static void
leave_medium (GhCheck             *check,
              gpointer             data,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&fix->plan);
  g_autofree char *target = g_strdup (fix->text);
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  g_task_set_source_tag (task, leave_medium);
  if (plan != NULL)
    gh_migrate_plan_set_disk_mode (plan, target, GH_MIGRATE_DISK_LEFT);
  g_task_return_boolean (task, TRUE);
}

void
gh_migrate_fix_medium (GhCheck       *check,
                       GhMigratePlan *plan,
                       const char    *target)
{
  gh_check_set_fix (check, _("Let the drive arrive empty"), NULL, leave_medium,
                    fix_new (plan, target), fix_free);
}

/* A network of another name */

typedef struct
{
  GWeakRef  plan;
  char     *name;
  char     *other;
} Mapping;

static void
mapping_free (gpointer data)
{
  Mapping *self = data;

  g_weak_ref_clear (&self->plan);
  g_free (self->name);
  g_free (self->other);
  g_free (self);
}

static void
map_network (GhCheck             *check,
             gpointer             data,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  Mapping *mapping = data;
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&mapping->plan);
  g_autofree char *name = g_strdup (mapping->name);
  g_autofree char *other = g_strdup (mapping->other);
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  g_task_set_source_tag (task, map_network);
  if (plan != NULL)
    gh_migrate_plan_set_network (plan, name, other);
  g_task_return_boolean (task, TRUE);
}

/* The usual one, else the first that is active. */
static const char *
propose_network (GPtrArray *networks)
{
  const char *found = NULL;

  for (guint i = 0; i < networks->len; i++)
    {
      const GhNetworkInfo *info = g_ptr_array_index (networks, i);

      if (info->active && (found == NULL || strcmp (info->name, "default") == 0))
        found = info->name;
    }
  return found;
}

/* The first that is up; a bridge need not be, when no guest is on it. */
static const char *
propose_interface (const GhMigrateFacts *facts,
                   const char           *type)
{
  g_autoptr (GPtrArray) names = gh_migrate_dup_there (facts, type);
  const char *found = NULL;

  for (guint i = 0; names != NULL && i < facts->interfaces->len; i++)
    {
      const GhInterface *interface = g_ptr_array_index (facts->interfaces, i);

      if (!g_ptr_array_find_with_equal_func (names, interface->name, g_str_equal, NULL))
        continue;
      if (!interface->is_down)
        return interface->name;
      if (found == NULL && interface->kind == GH_INTERFACE_BRIDGE)
        found = interface->name;
    }
  return found;
}

void
gh_migrate_fix_network_missing (GhCheck                *check,
                                GhMigratePlan          *plan,
                                const GhMigrateNetwork *network)
{
  const char *other = strcmp (network->type, "network") == 0
                      ? propose_network (plan->facts.networks)
                      : propose_interface (&plan->facts, network->type);
  g_autofree char *label = NULL;
  Mapping *mapping = NULL;

  if (other == NULL)
    return;
  mapping = g_new0 (Mapping, 1);
  g_weak_ref_init (&mapping->plan, plan);
  mapping->name = g_strdup (network->name);
  mapping->other = g_strdup (other);
  /* Translators: the name of a network. */
  label = g_strdup_printf (_("Use “%s” there"), other);
  gh_check_set_fix (check, label, NULL, map_network, mapping, mapping_free);
}

/* A device stays here */

static void
set_dropped (GhCheck             *check,
             Fix                 *fix,
             gboolean             dropped,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&fix->plan);
  g_autofree char *device = g_strdup (fix->text);
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  g_task_set_source_tag (task, set_dropped);
  if (plan != NULL)
    gh_migrate_plan_set_dropped (plan, device, dropped);
  g_task_return_boolean (task, TRUE);
}

static void
leave_device (GhCheck             *check,
              gpointer             data,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  set_dropped (check, data, TRUE, cancellable, callback, user_data);
}

static void
take_device (GhCheck             *check,
             gpointer             data,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  set_dropped (check, data, FALSE, cancellable, callback, user_data);
}

void
gh_migrate_fix_device (GhCheck       *check,
                       GhMigratePlan *plan,
                       const char    *device,
                       gboolean       dropped)
{
  gh_check_set_fix (check, dropped ? _("Move without it") : _("Keep it in the machine"), NULL,
                    dropped ? leave_device : take_device, fix_new (plan, device), fix_free);
}

static void
choose_client (GhCheck             *check,
               gpointer             data,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&fix->plan);
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  g_task_set_source_tag (task, choose_client);
  if (plan != NULL)
    g_object_set (plan, "route", GH_MIGRATE_CLIENT, NULL);
  g_task_return_boolean (task, TRUE);
}

void
gh_migrate_fix_route (GhCheck       *check,
                      GhMigratePlan *plan)
{
  gh_check_set_fix (check, _("Lead it from here"), NULL, choose_client, fix_new (plan, NULL),
                    fix_free);
}

/* Secrets go along */

static void
copy_secrets (GhCheck             *check,
              gpointer             data,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  Fix *fix = data;
  g_autoptr (GhMigratePlan) plan = g_weak_ref_get (&fix->plan);
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  g_task_set_source_tag (task, copy_secrets);
  if (plan != NULL)
    gh_migrate_plan_set_copy_secrets (plan, TRUE);
  g_task_return_boolean (task, TRUE);
}

void
gh_migrate_fix_secrets (GhCheck       *check,
                        GhMigratePlan *plan)
{
  gh_check_set_fix (check, _("Copy the secret to the destination"), NULL, copy_secrets,
                    fix_new (plan, NULL), fix_free);
}
