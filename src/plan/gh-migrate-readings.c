/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the plan that moves a machine reads of both hosts: as much as can be at once, since a line
 * may have a long delay.
 *
 *   both hosts connected
 *     -> machine here, its disks -> files there, whose names follow from disks and pools
 *        machine here -> what the destination says to it
 *     -> pools, networks and capabilities there, images here
 */

#define G_LOG_DOMAIN "gh-migrate-readings"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "gh-host-secrets.h"
#include "gh-interfaces.h"
#include "gh-migrate-hardware.h"
#include "gh-migrate-plan-private.h"
#include "gh-secret-xml.h"
#include "gh-virt-error.h"

typedef struct
{
  GhMigrateFacts  facts;
  guint           n_connecting;
  gboolean        ended;  /* a host cannot be reached, and that was told */
  guint           n_waiting;
  GError         *error; /* (nullable): the first */
} Reading;

void
gh_migrate_facts_clear (GhMigrateFacts *self)
{
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_clear_object (&self->xml);
  g_clear_pointer (&self->source, gh_migration_source_free);
  g_clear_pointer (&self->target, gh_migration_target_free);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_clear_pointer (&self->networks, g_ptr_array_unref);
  g_clear_pointer (&self->interfaces, g_ptr_array_unref);
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
  g_clear_pointer (&self->graph, gh_image_graph_unref);
  g_clear_pointer (&self->move, gh_move_facts_free);
  g_clear_pointer (&self->snapshots, gh_snapshot_definitions_free);
  g_clear_pointer (&self->secrets, g_ptr_array_unref);
  g_clear_pointer (&self->secrets_here, g_ptr_array_unref);
  g_clear_pointer (&self->secrets_there, g_ptr_array_unref);
  g_clear_pointer (&self->from, gh_reach_free);
  g_clear_pointer (&self->to, gh_reach_free);
}

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  gh_migrate_facts_clear (&reading->facts);
  g_clear_error (&reading->error);
  g_free (reading);
}

static GhMigratePlan *
get_plan (GTask *task)
{
  return GH_MIGRATE_PLAN (g_task_get_source_object (task));
}

static GhHost *
get_host (GTask *task)
{
  return gh_plan_get_host (GH_PLAN (g_task_get_source_object (task)));
}

static GhMigrateFacts *
get_facts (GTask *task)
{
  return &((Reading *) g_task_get_task_data (task))->facts;
}

static void
return_draft (GTask       *task,
              GhPlanDraft *draft)
{
  gh_migrate_plan_set_loading (get_plan (task), FALSE);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
return_error (GTask  *task,
              GError *error)
{
  gh_migrate_plan_set_loading (get_plan (task), FALSE);
  g_task_return_error (task, error);
}

/* Everything is known. */
static void
decide (GTask *task)
{
  GhMigratePlan *self = get_plan (task);
  GhMigrateFacts *facts = get_facts (task);
  GhPlanDraft *draft = NULL;

  /* A preparation that was dropped must not put its facts beside another's checks. */
  if (g_task_return_error_if_cancelled (task))
    {
      gh_migrate_plan_set_loading (self, FALSE);
      return;
    }
  if (facts->move != NULL)
    {
      facts->move->pools = g_ptr_array_ref (facts->pools);
    }
  gh_migrate_decide (&self->inputs, facts);
  draft = gh_plan_draft_new ();
  gh_migrate_plan_take_facts (self, facts, draft);
  return_draft (task, draft);
}

/* Takes @error (nullable). */
static void
end_one (GTask  *task,
         GError *error)
{
  Reading *reading = g_task_get_task_data (task);

  if (error != NULL && reading->error == NULL)
    reading->error = error;
  else
    g_clear_error (&error);
  if (--reading->n_waiting > 0)
    return;
  if (reading->error != NULL)
    return_error (task, g_steal_pointer (&reading->error));
  else
    decide (task);
}

static void
target_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->target = gh_host_load_migration_target_finish (GH_HOST (object), result,
                                                                   &error);
  end_one (task, error);
}

static void
networks_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->networks = gh_host_load_networks_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

/* A host that does not know its interfaces may have any. */
static void
interfaces_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->interfaces = gh_host_load_interfaces_finish (GH_HOST (object), result, &error);
  if (error != NULL && !gh_error_is_cancelled (error))
    g_clear_error (&error);
  end_one (task, error);
}

static void
capabilities_loaded_cb (GObject      *object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->capabilities = gh_host_load_capabilities_finish (GH_HOST (object), result,
                                                                     &error);
  end_one (task, error);
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

static void
move_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->move = gh_move_facts_load_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

static void
snapshots_loaded_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->snapshots =
    gh_host_load_snapshot_definitions_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

/* The paths that are looked at there: those the disks have here, and those copies could get. */
static GStrv
list_paths (GhMigrateFacts *facts)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (facts->items, i);

      const char *path = gh_migrate_item_get_path (item);

      if (path != NULL && *path == '/')
        g_strv_builder_add (builder, path);
      if (item->candidates != NULL)
        g_strv_builder_addv (builder, (const char **) item->candidates);
    }
  return g_strv_builder_end (builder);
}

static GStrv
list_media (GhMigrateFacts *facts)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (facts->items, i);

      if (item->is_medium && gh_migrate_item_get_path (item) != NULL)
        g_strv_builder_add (builder, gh_migrate_item_get_path (item));
    }
  return g_strv_builder_end (builder);
}

/* Whether it has cards on interfaces of the host. */
static gboolean
has_bridges (GhDomainXml *xml)
{
  g_autoptr (GPtrArray) nics = gh_domain_xml_list_nics (xml);

  for (guint i = 0; i < nics->len; i++)
    if (strcmp (((GhNicXml *) nics->pdata[i])->type, "bridge") == 0 ||
        strcmp (((GhNicXml *) nics->pdata[i])->type, "direct") == 0)
      return TRUE;
  return FALSE;
}

/* Counts a reading that begins. */
static GTask *
begin_one (GTask *task)
{
  ((Reading *) g_task_get_task_data (task))->n_waiting++;
  return g_object_ref (task);
}

static void
files_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->files = gh_host_load_migration_files_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

/* Names of copies follow from the disks here and the pools there. */
static void
read_files_when_known (GTask *task)
{
  GhMigratePlan *self = get_plan (task);
  GhMigrateFacts *facts = get_facts (task);
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) media = NULL;

  if (facts->source == NULL || facts->source->files == NULL || facts->pools == NULL)
    return;
  facts->items = gh_migrate_list_items (&self->inputs, facts);
  paths = list_paths (facts);
  media = list_media (facts);
  gh_host_load_migration_files_async (self->destination, (const char * const *) paths,
                                      (const char * const *) media, g_task_get_cancellable (task),
                                      files_loaded_cb, begin_one (task));
}

/* A disk that is named by pool and volume is the file, or device, that the volume is. */
static void
resolve_volumes (GhMigrateFacts *facts)
{
  for (guint i = 0; i < facts->disks->len; i++)
    {
      GhDiskXml *disk = g_ptr_array_index (facts->disks, i);
      GhMigrationFile *file = gh_migration_find_volume (facts->source->files, disk->source_pool,
                                                        disk->source_volume);

      if (disk->source == NULL && file != NULL && file->is_there)
        disk->source = g_strdup (file->path);
    }
}

static void
disks_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_load_migration_disks_finish (GH_HOST (object), result, get_facts (task)->source,
                                           &error))
    {
      resolve_volumes (get_facts (task));
      read_files_when_known (task);
    }
  end_one (task, error);
}

static void
secrets_here_loaded_cb (GObject      *object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->secrets_here = gh_host_load_secrets_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

static void
secrets_there_loaded_cb (GObject      *object,
                         GAsyncResult *result,
                         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->secrets_there = gh_host_load_secrets_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

/* A key that is for this comparison only. */
static GBytes *
new_key (void)
{
  guint32 words[8];

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    words[i] = g_random_int ();
  /* Fails on kernels older than anything we run on only. */
  (void) !getentropy (words, sizeof words);
  return g_bytes_new (words, sizeof words);
}

static void
load_secrets (GTask *task)
{
  GhMigrateFacts *facts = get_facts (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GBytes) key = new_key ();

  facts->secrets = gh_domain_xml_list_secrets (facts->xml);
  if (facts->secrets->len == 0)
    return;
  gh_host_load_secrets_async (get_host (task), facts->secrets, key, cancellable,
                              secrets_here_loaded_cb, begin_one (task));
  gh_host_load_secrets_async (get_plan (task)->destination, facts->secrets, key, cancellable,
                              secrets_there_loaded_cb, begin_one (task));
}

static void
load_for_machine (GTask *task)
{
  GhMigratePlan *self = get_plan (task);
  GhMigrateFacts *facts = get_facts (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  const char *uuid = gh_machine_get_uuid (self->machine);
  const char *name = self->inputs.name != NULL ? self->inputs.name
                                               : gh_machine_get_name (self->machine);

  facts->disks = gh_domain_xml_list_disks (facts->xml);
  gh_host_load_migration_disks_async (get_host (task), uuid, facts->disks, cancellable,
                                      disks_loaded_cb, begin_one (task));
  gh_host_load_migration_target_async (self->destination, uuid, name, facts->source->xml,
                                       gh_migrate_get_huge_page_kib (facts->xml), cancellable,
                                       target_loaded_cb, begin_one (task));
  load_secrets (task);
  if (has_bridges (facts->xml))
    gh_host_load_interfaces_async (self->destination, cancellable, interfaces_loaded_cb,
                                   begin_one (task));
  if (facts->source->presence.active)
    return;
  gh_move_facts_load_async (get_host (task), self->destination, cancellable, move_loaded_cb,
                            begin_one (task));
  gh_host_load_snapshot_definitions_async (get_host (task), uuid, cancellable,
                                           snapshots_loaded_cb, begin_one (task));
}

static void
source_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigrateFacts *facts = get_facts (task);
  GError *error = NULL;

  facts->source = gh_host_load_migration_source_finish (GH_HOST (object), result, &error);
  if (facts->source != NULL)
    facts->xml = gh_domain_xml_new_from_string (facts->source->xml, &error);
  if (facts->xml != NULL)
    load_for_machine (task);
  end_one (task, error);
}

static void
pools_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->pools = gh_host_load_pools_finish (GH_HOST (object), result, &error);
  read_files_when_known (task);
  end_one (task, error);
}

static void
from_found_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->from = gh_host_load_reach_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

static void
to_found_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->to = gh_host_load_reach_finish (GH_HOST (object), result, &error);
  end_one (task, error);
}

/* Without them it is reckoned with what lines mostly are. */
static void
rates_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  (void) gh_line_rates_load_finish (result, get_facts (task)->rates, &error);
  end_one (task, error);
}

/* Who uses what on a whole host takes long to read from afar: each machine, and each volume. It
 * matters only when disks are to be removed. What the disks themselves lie on, their pools say;
 * that of files in no pool the graph alone knows, on this computer. */
static gboolean
needs_graph (GhMigratePlan *self)
{
  GhHost *host = gh_plan_get_host (GH_PLAN (self));

  return self->inputs.remove_source || (gh_host_is_local (host) && !gh_host_is_test (host));
}

static void
load_all (GTask *task)
{
  GhMigratePlan *self = get_plan (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  /* First what others wait for. */
  gh_host_load_migration_source_async (get_host (task), gh_machine_get_uuid (self->machine),
                                       cancellable, source_loaded_cb, begin_one (task));
  gh_host_load_pools_async (self->destination, cancellable, pools_loaded_cb, begin_one (task));
  if (needs_graph (self))
    gh_image_graph_load_async (get_host (task), cancellable, graph_loaded_cb, begin_one (task));
  gh_host_load_networks_async (self->destination, cancellable, networks_loaded_cb,
                               begin_one (task));
  gh_host_load_capabilities_async (self->destination, cancellable, capabilities_loaded_cb,
                                   begin_one (task));
  gh_line_rates_load_async (gh_host_get_uri (get_host (task)), gh_host_get_uri (self->destination),
                            cancellable, rates_loaded_cb, begin_one (task));
  gh_host_load_reach_async (get_host (task), cancellable, from_found_cb, begin_one (task));
  gh_host_load_reach_async (self->destination, cancellable, to_found_cb, begin_one (task));
}

/* Takes @title. */
static void
return_refusal (GTask      *task,
                const char *id,
                char       *title,
                const char *detail)
{
  GhPlanDraft *draft = gh_plan_draft_new ();

  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, id, title, detail));
  g_free (title);
  return_draft (task, draft);
}

/* Takes @error. */
static void
return_unreachable (GTask  *task,
                    GhHost *host,
                    GError *error)
{
  g_autofree char *detail = gh_error_dup_sentence (error);

  if (gh_error_is_cancelled (error))
    {
      return_error (task, error);
      return;
    }
  return_refusal (task, "host-unreachable",
                  g_strdup_printf (_("The host %s cannot be reached"), gh_host_get_uri (host)),
                  detail);
  g_error_free (error);
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMigratePlan *self = get_plan (task);
  Reading *reading = g_task_get_task_data (task);
  GhHost *host = GH_HOST (object);
  GError *error = NULL;

  /* The one that fails first is told; the other may take for ever. */
  if (!gh_host_ready_finish (host, result, &error) && !reading->ended)
    {
      reading->ended = TRUE;
      return_unreachable (task, host, g_steal_pointer (&error));
    }
  g_clear_error (&error);
  if (--reading->n_connecting > 0 || reading->ended)
    return;
  if (!gh_machine_exists (self->machine))
    return_refusal (task, "machine-gone", g_strdup_printf (_("“%s” is gone"),
                                                           gh_machine_get_name (self->machine)),
                    _("Somebody else has removed it in the meantime."));
  else
    load_all (task);
}

/* Both at once. */
static void
connect_hosts (GTask *task)
{
  GhHost *hosts[] = { get_host (task), get_plan (task)->destination };
  Reading *reading = g_task_get_task_data (task);

  reading->n_connecting = G_N_ELEMENTS (hosts);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      gh_host_expect_readings (hosts[i]);
      gh_host_ready_async (hosts[i], g_task_get_cancellable (task), host_ready_cb,
                           g_object_ref (task));
    }
}

void
gh_migrate_plan_prepare_async (GhPlan              *plan,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  GhMigratePlan *self = GH_MIGRATE_PLAN (plan);
  g_autoptr (GTask) task = g_task_new (plan, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_migrate_plan_prepare_async);
  g_task_set_task_data (task, g_new0 (Reading, 1), reading_free);
  gh_migrate_plan_set_loading (self, TRUE);
  if (self->destination == NULL)
    return_refusal (task, "no-destination", g_strdup (_("Choose the host it is to move to")), NULL);
  else if (self->destination == gh_plan_get_host (plan))
    return_refusal (task, "same-host", g_strdup_printf (_("“%s” is there already"),
                                                        gh_machine_get_name (self->machine)), NULL);
  else
    connect_hosts (task);
}
