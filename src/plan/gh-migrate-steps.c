/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The steps of moving a machine that runs; gh-migrate-off.c has those of one that is off. New
 * volumes are made thin by ourselves: libvirt would make them as large as the disk. */

#define G_LOG_DOMAIN "gh-migrate-steps"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-cpu-xml.h"
#include "gh-machine-metadata.h"
#include "gh-migrate-plan-private.h"
#include "gh-migration-xml.h"
#include "gh-steps.h"

/* Where the data goes */

static char *
dup_socket (GhMigratePlan *self,
            const char    *purpose)
{
  g_autofree char *name = g_strdup_printf ("gh-%s.%s", self->token, purpose);
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), name, NULL);

  return g_strconcat ("unix://", path, NULL);
}

/* Between two daemons of one computer there is no network to agree on; and a host's own name for
 * itself may mean nothing, or itself, to another: then the address we know it by is better. */
char *
gh_migrate_plan_dup_address (GhMigratePlan *self)
{
  const GhMigrateFacts *facts = &self->facts;

  if (self->inputs.address != NULL)
    return g_strdup (self->inputs.address);
  if (self->destination == NULL ||
      self->inputs.choice.values[GH_MIGRATE_OPTION_ROUTE] == GH_MIGRATE_TUNNELLED)
    return NULL;
  if (gh_host_is_local (self->destination) && gh_host_is_local (gh_plan_get_host (GH_PLAN (self))))
    return dup_socket (self, "ram");
  if (facts->from == NULL || facts->to == NULL || facts->source == NULL || facts->target == NULL)
    return NULL;
  /* The end of a tunnel to somewhere else. */
  if (gh_reach_is_loopback (facts->to) &&
      g_strcmp0 (facts->source->host.hostname, facts->target->host.hostname) != 0)
    return NULL;
  return gh_reach_dup_address (facts->to, facts->from,
                               self->inputs.choice.values[GH_MIGRATE_OPTION_TLS] != 0);
}

char *
gh_migrate_plan_dup_disks_address (GhMigratePlan *self)
{
  g_autofree char *address = NULL;

  if (self->inputs.disks_address != NULL)
    return g_strdup (self->inputs.disks_address);
  address = gh_migrate_plan_dup_address (self);
  return address != NULL && g_str_has_prefix (address, "unix:") ? dup_socket (self, "disk") : NULL;
}

/* The documents */

/* Those that cannot be taken out of a run stop the move; a check has said so. */
static void
drop_devices (GhMigratePlan *self,
              GhDomainXml   *xml)
{
  GHashTableIter iter;
  gpointer name = NULL;

  g_hash_table_iter_init (&iter, self->inputs.dropped);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    gh_domain_xml_drop_blocker (xml, name);
}

/* Whether the machine has the same file in the drive. */
static gboolean
has_same_file (GPtrArray           *disks,
               const GhMigrateItem *item)
{
  for (guint i = 0; i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);

      if (strcmp (disk->target, item->xml->target) == 0)
        return disk->source == NULL && disk->source_pool != NULL
               ? g_strcmp0 (disk->source_pool, item->xml->source_pool) == 0 &&
                 g_strcmp0 (disk->source_volume, item->xml->source_volume) == 0
               : g_strcmp0 (disk->source, item->xml->source) == 0;
    }
  return FALSE;
}

/* Firmware variables stay as they were last written here, where libvirt put them. One that is off
 * brings them itself, and remembers then. */
char *
gh_migrate_plan_dup_left_nvram (GhMigratePlan *self)
{
  const int *values = self->inputs.choice.values;
  g_autofree char *path = gh_domain_xml_dup_nvram_path (self->facts.xml);
  g_autofree char *folder = path != NULL ? g_path_get_dirname (path) : NULL;

  if (path == NULL || !values[GH_MIGRATE_OPTION_LIVE] || values[GH_MIGRATE_OPTION_TEMPORARY] ||
      !self->facts.source->presence.persistent || !g_str_has_suffix (path, "_VARS.fd") ||
      !g_str_has_suffix (folder, "/libvirt/qemu/nvram"))
    return NULL;
  return g_steal_pointer (&path);
}

static void
remember_nvram (GhMigratePlan *self,
                GhDomainXml   *machine)
{
  g_autofree char *path = gh_migrate_plan_dup_left_nvram (self);
  const GhLeftFile file = {
    .host = self->facts.source->host.uuid,
    .uri = (char *) gh_host_get_uri (gh_plan_get_host (GH_PLAN (self))),
    .path = path,
    .kind = (char *) GH_LEFT_NVRAM,
  };

  if (path != NULL)
    gh_domain_xml_add_left (machine, &file);
}

/* What stays here belongs to nobody then: the machine itself remembers it. */
static void
remember_left (GhMigratePlan *self,
               GhDomainXml   *machine)
{
  const char *host = self->facts.source->host.uuid;
  const int *values = self->inputs.choice.values;

  if (host == NULL || values[GH_MIGRATE_OPTION_TEMPORARY] ||
      !self->facts.source->presence.persistent)
    return;
  remember_nvram (self, machine);
  if (self->inputs.remove_source)
    return;
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      GhLeftFile file = {
        .host = (char *) host,
        .uri = (char *) gh_host_get_uri (gh_plan_get_host (GH_PLAN (self))),
      };

      /* What is in no pool could not be deleted from afar. */
      if (item->mode != GH_MIGRATE_DISK_COPIED || item->destination == NULL ||
          item->here->pool == NULL)
        continue;
      file.path = item->here->path;
      file.pool = item->here->pool;
      gh_domain_xml_add_left (machine, &file);
    }
}

/* A copy that is away has no autostart of its own; it knows what the machine had. */
static void
remember_autostart (GhMigratePlan *self,
                    GhDomainXml   *machine)
{
  if (gh_migrate_plan_returns (self))
    gh_domain_xml_set_away_autostart (machine, FALSE);
  else if (self->inputs.choice.values[GH_MIGRATE_OPTION_TEMPORARY] &&
           self->facts.source->autostart)
    gh_domain_xml_set_away_autostart (machine, TRUE);
}

/* Whether the host there is to start it by itself. */
static gboolean
gets_autostart (GhMigratePlan            *self,
                const GhMigrationOptions *options)
{
  if (gh_migrate_plan_returns (self))
    return gh_domain_xml_get_away_autostart (self->facts.xml);
  return options->persist && self->facts.source->autostart;
}

/* A disk both hosts see may be in a pool of another name there, or in none. */
static void
rename_volume (GhDomainXml         *machine,
               const GhMigrateItem *item)
{
  const GhMigrationFile *there = item->there;

  if (strcmp (item->xml->type, "volume") != 0 || item->here == NULL)
    return;
  if (there == NULL || there->pool == NULL || there->name == NULL)
    gh_domain_xml_set_disk_source (machine, item->xml->target, item->here->path,
                                   item->xml->format);
  else if (g_strcmp0 (there->pool, item->xml->source_pool) != 0 ||
           g_strcmp0 (there->name, item->xml->source_volume) != 0)
    gh_domain_xml_set_disk_volume (machine, item->xml->target, there->pool, there->name,
                                   item->xml->format);
}

void
gh_migrate_plan_change (GhMigratePlan *self,
                        GhDomainXml   *machine,
                        gboolean       remembered)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (machine);

  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);

      if (remembered && !has_same_file (disks, item))
        continue;
      if (item->mode == GH_MIGRATE_DISK_LEFT)
        gh_domain_xml_empty_drive (machine, item->xml->target);
      else if (item->mode == GH_MIGRATE_DISK_COPIED && item->destination != NULL)
        gh_domain_xml_set_disk_source (machine, item->xml->target, item->destination,
                                       item->format);
      else if (item->mode == GH_MIGRATE_DISK_SHARED && gh_migrate_item_is_renamed (item))
        gh_domain_xml_set_disk_source (machine, item->xml->target, gh_migrate_item_get_path (item),
                                       item->xml->format);
      else if (item->mode == GH_MIGRATE_DISK_SHARED)
        rename_volume (machine, item);
    }
  for (guint i = 0; i < self->networks->len; i++)
    {
      const GhMigrateNetwork *network = g_ptr_array_index (self->networks, i);

      if (network->overridden)
        gh_domain_xml_map_network (machine, network->type, network->name, network->destination);
    }
  drop_devices (self, machine);
  if (self->inputs.cpu != NULL && !self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE])
    gh_domain_xml_set_cpu_model (machine, self->inputs.cpu);
  if (self->facts.target->emulator != NULL)
    gh_domain_xml_set_emulator (machine, self->facts.target->emulator);
  /* Each user has a folder of their own for them. */
  if (self->facts.target->folders != NULL || self->inputs.name != NULL)
    gh_domain_xml_move_own_nvram (machine, self->facts.target->folders != NULL
                                           ? self->facts.target->folders->nvram : NULL,
                                  self->inputs.name);
}

/* What is different at the destination; NULL: nothing. */
char *
gh_migrate_plan_dup_changed (GhMigratePlan  *self,
                             const char     *text,
                             GError        **error)
{
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (text, error);
  g_autofree char *changed = NULL;

  if (xml == NULL)
    return NULL;
  gh_migrate_plan_change (self, xml, FALSE);
  remember_left (self, xml);
  remember_autostart (self, xml);
  changed = gh_domain_xml_to_string (xml);
  return strcmp (changed, text) != 0 ? g_steal_pointer (&changed) : NULL;
}

static GStrv
list_copied (const GhMigrateFacts *facts)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (facts->items, i);

      if (item->mode == GH_MIGRATE_DISK_COPIED)
        g_strv_builder_add (builder, item->xml->target);
    }
  return g_strv_builder_end (builder);
}

/* libvirt knows of few file systems that they are shared. We looked, or a step before the move
 * looks. What nobody can prove is left to libvirt's own judgement; so is the rest then. */
static gboolean
is_shared_for_certain (const GhMigrateFacts *facts)
{
  gboolean any = FALSE;

  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (facts->items, i);

      if (item->mode != GH_MIGRATE_DISK_SHARED || item->is_medium ||
          strcmp (item->xml->type, "network") == 0)
        continue;
      if (!gh_migration_file_is_same (item->here, item->there) &&
          !gh_migrate_item_can_be_probed (item))
        return FALSE;
      any = TRUE;
    }
  return any;
}

static GhMigrationOptions *
make_options (GhMigratePlan  *self,
              GError        **error)
{
  static const char * const compressions[] = { NULL, "xbzrle", "mt" };
  const int *values = self->inputs.choice.values;
  const GhMigrateFacts *facts = &self->facts;
  g_autoptr (GhMigrationOptions) options = gh_migration_options_new ();
  GError *local = NULL;

  options->peer = values[GH_MIGRATE_OPTION_ROUTE] != GH_MIGRATE_CLIENT;
  options->tunnelled = values[GH_MIGRATE_OPTION_ROUTE] == GH_MIGRATE_TUNNELLED;
  options->undefine = !values[GH_MIGRATE_OPTION_TEMPORARY] && facts->source->presence.persistent;
  options->persist = options->undefine;
  options->auto_converge = values[GH_MIGRATE_OPTION_AUTO_CONVERGE] != 0;
  options->slow_later = !options->auto_converge;
  options->post_copy = values[GH_MIGRATE_OPTION_POST_COPY] != 0;
  options->parallel = values[GH_MIGRATE_OPTION_PARALLEL] != 0;
  options->connections = (guint) values[GH_MIGRATE_OPTION_CONNECTIONS];
  options->tls = values[GH_MIGRATE_OPTION_TLS] != 0;
  options->bandwidth_mib = (guint) values[GH_MIGRATE_OPTION_BANDWIDTH];
  options->downtime_ms = (guint) values[GH_MIGRATE_OPTION_DOWNTIME];
  options->compression = g_strdup (compressions[values[GH_MIGRATE_OPTION_COMPRESSION]]);
  if (gh_migrate_plan_returns (self))
    {
      options->persistent_xml = gh_migrate_plan_dup_kept (self, &local);
      options->persist = options->persistent_xml != NULL;
    }
  options->unsafe = is_shared_for_certain (facts);
  options->name = g_strdup (self->inputs.name);
  options->address = gh_migrate_plan_dup_address (self);
  if (options->peer && facts->to != NULL && facts->from != NULL)
    options->peer_uri = gh_reach_dup_uri (facts->to, facts->from,
                                          gh_host_get_uri (self->destination));
  if (gh_migrate_has_copies (facts))
    {
      options->disks = list_copied (facts);
      options->disks_address = gh_migrate_plan_dup_disks_address (self);
    }
  if (local == NULL)
    options->xml = gh_migrate_plan_dup_changed (self, facts->source->xml, &local);
  if (local == NULL && facts->source->persistent_xml != NULL)
    options->persistent_xml = gh_migrate_plan_dup_changed (self, facts->source->persistent_xml,
                                                           &local);
  if (local == NULL)
    return g_steal_pointer (&options);
  g_propagate_error (error, local);
  return NULL;
}

/* The steps */

/* Where the destination keeps files in the same folder. */
static const GhPoolInfo *
find_same_folder (const GhMigrateFacts *facts,
                  const char           *folder)
{
  static const char * const types[] = { "dir", "fs", "netfs", NULL };

  for (guint i = 0; i < facts->pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (facts->pools, i);

      if (pool->active && g_strv_contains (types, pool->type) &&
          g_strcmp0 (pool->path, folder) == 0)
        return pool;
    }
  return NULL;
}

/* What is in no pool is lent one for the moment. */
static void
add_probe (GhMigratePlan       *self,
           GhPlanDraft         *draft,
           const GhMigrateItem *item,
           const char          *folder,
           const char          *folder_there)
{
  const GhPoolInfo *there = find_same_folder (&self->facts, folder_there);
  gboolean shared = item->mode == GH_MIGRATE_DISK_SHARED;
  g_autoptr (GhStep) lent = NULL;
  g_autoptr (GhStep) lent_there = NULL;
  GhPoolInfo seen = { .path = (char *) folder_there };
  const char *pool = item->here->pool;

  if (pool == NULL)
    {
      lent = gh_pool_lend_step_new (gh_plan_get_host (GH_PLAN (self)), folder);
      pool = gh_step_get_string (lent, "name");
      gh_plan_draft_add_step (draft, g_object_ref (lent));
    }
  if (there == NULL)
    {
      lent_there = gh_pool_lend_step_new (self->destination, folder_there);
      seen.name = (char *) gh_step_get_string (lent_there, "name");
      gh_plan_draft_add_step (draft, g_object_ref (lent_there));
    }
  gh_plan_draft_add_step (draft, gh_probe_step_new (self->destination, pool, folder,
                                                    there != NULL ? there : &seen, shared));
  if (lent_there != NULL)
    gh_plan_draft_add_step (draft, gh_pool_close_step_new (lent_there));
  if (lent != NULL)
    gh_plan_draft_add_step (draft, gh_pool_close_step_new (lent));
}

/* Whether a folder is the same one at both hosts cannot be told for certain by looking: what is
 * written on one side has to appear, or not to appear, on the other. Each folder once. */
void
gh_migrate_add_probes (GhMigratePlan *self,
                       GhPlanDraft   *draft)
{
  g_autoptr (GHashTable) done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      gboolean shared = item->mode == GH_MIGRATE_DISK_SHARED;
      const char *path = shared ? gh_migrate_item_get_path (item) : item->destination;
      g_autofree char *folder = NULL;
      g_autofree char *there = NULL;

      if (item->is_medium || !gh_migrate_item_can_be_probed (item) ||
          (!shared && g_strcmp0 (path, item->here->path) != 0))
        continue;
      folder = g_path_get_dirname (item->here->path);
      there = g_path_get_dirname (path);
      /* Without pools, both are files that we saw ourselves to be the same. */
      if ((item->here->pool == NULL || find_same_folder (&self->facts, there) == NULL) &&
          (!shared || gh_migration_file_is_same (item->here, item->there)))
        continue;
      if (g_hash_table_add (done, g_strconcat (folder, "\n", there, NULL)))
        add_probe (self, draft, item, folder, there);
    }
}

static void
add_volumes (GhMigratePlan *self,
             GhPlanDraft   *draft)
{
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      g_autofree char *name = NULL;
      g_autofree char *secret = NULL;
      GhStep *step = NULL;

      if (item->mode != GH_MIGRATE_DISK_COPIED || item->destination == NULL)
        continue;
      name = g_path_get_basename (item->destination);
      step = gh_volume_create_step_new (item->pool->name, name, item->destination, item->format,
                                        item->here->capacity, NULL, NULL);
      if (gh_migrate_plan_is_encrypted (self, item->xml->target, &secret))
        gh_step_set_string (step, "secret", secret);
      gh_step_set_host (step, self->destination);
      gh_step_set_weight (step, 0.2);
      gh_plan_draft_add_step (draft, step);
    }
}

/* What was chosen to stay here leaves the running machine. */
static void
add_unplugging (GhMigratePlan *self,
                GhPlanDraft   *draft)
{
  g_autoptr (GPtrArray) blockers = gh_domain_xml_list_blockers (self->facts.xml);

  for (guint i = 0; i < blockers->len; i++)
    {
      const GhBlocker *blocker = g_ptr_array_index (blockers, i);
      g_autofree char *device = NULL;
      GhStep *step = NULL;

      if (blocker->name == NULL || !blocker->unplugs ||
          !g_hash_table_contains (self->inputs.dropped, blocker->name))
        continue;
      device = gh_domain_xml_dup_blocker (self->facts.xml, blocker->name);
      step = gh_unplug_step_new (gh_machine_get_uuid (self->machine),
                                 gh_machine_get_name (self->machine), blocker->name, device);
      gh_step_set_weight (step, 0.5);
      gh_plan_draft_add_step (draft, step);
    }
}

static void
add_removals (GhMigratePlan *self,
              GhPlanDraft   *draft)
{
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      GhStep *step = NULL;

      if (item->mode != GH_MIGRATE_DISK_COPIED)
        continue;
      step = gh_volume_remove_step_new (item->here->path, item->here->pool);
      gh_step_set_boolean (step, "may-stay", TRUE);
      gh_plan_draft_add_step (draft, step);
    }
}

/* The definition it is to have there, should the move itself not bring it. */
static char *
dup_definition (GhMigratePlan            *self,
                const GhMigrationOptions *options)
{
  g_autoptr (GhDomainXml) xml = NULL;

  if (!options->persist)
    return NULL;
  xml = gh_domain_xml_new_from_string (options->persistent_xml != NULL
                                       ? options->persistent_xml
                                       : self->facts.source->persistent_xml, NULL);
  if (xml == NULL)
    return NULL;
  if (options->name != NULL)
    gh_domain_xml_set_name (xml, options->name);
  return gh_domain_xml_to_string (xml);
}

gboolean
gh_migrate_add_steps (GhMigratePlan  *self,
                      GhPlanDraft    *draft,
                      GError        **error)
{
  const char *uuid = gh_machine_get_uuid (self->machine);
  const char *name = gh_machine_get_name (self->machine);
  g_autoptr (GhMigrationOptions) options = NULL;
  g_autofree char *definition = NULL;
  GhStep *step = NULL;

  if (!self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE])
    {
      if (!gh_migrate_add_off_steps (self, draft, error))
        return FALSE;
      if (self->inputs.remove_source)
        add_removals (self, draft);
      return TRUE;
    }
  options = make_options (self, error);
  if (options == NULL)
    return FALSE;
  definition = dup_definition (self, options);
  gh_migrate_add_probes (self, draft);
  gh_migrate_add_secrets (self, draft);
  add_volumes (self, draft);
  add_unplugging (self, draft);
  if (self->facts.source->autostart)
    gh_plan_draft_add_step (draft, gh_autostart_off_step_new (self->destination, uuid, name));
  step = gh_migrate_step_new (self->destination, uuid, name, options);
  gh_step_set_boolean (step, "returns", gh_migrate_plan_returns (self));
  gh_step_set_weight (step, 20.0);
  g_set_object (&self->step, GH_MIGRATE_STEP (step));
  gh_plan_draft_add_step (draft, step);
  step = gh_settle_step_new (self->destination, uuid, name, definition, options->undefine,
                             gets_autostart (self, options));
  gh_step_set_weight (step, 0.2);
  gh_plan_draft_add_step (draft, step);
  if (self->inputs.remove_source && (options->undefine || gh_migrate_plan_returns (self)))
    add_removals (self, draft);
  return TRUE;
}
