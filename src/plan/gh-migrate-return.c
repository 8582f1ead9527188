/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A temporary copy that goes back to the host where its definition was kept. libvirt lets it in, as
 * it is the same machine and off there, and the definition stays as it was: it is what the machine
 * is started from next time. So it must name the disks the machine has been running on since. Where
 * it does not, libvirt puts those into it at the moment of arrival; what it named before is out of
 * date, and stays as a file. Nothing is ever written over. */

#define G_LOG_DOMAIN "gh-migrate-return"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-machine-metadata.h"
#include "gh-migrate-plan-private.h"

gboolean
gh_migrate_plan_returns (GhMigratePlan *self)
{
  const GhPresence *here = &self->facts.source->presence;
  const GhMigrationTarget *there = self->facts.target;

  return here->active && !here->persistent && there->has_uuid && !there->uuid_active &&
         there->uuid_xml != NULL && self->inputs.name == NULL &&
         g_strcmp0 (there->uuid_name, gh_machine_get_name (self->machine)) == 0;
}

/* (nullable): where the disk will be there; NULL: it is no file or device. */
static const char *
get_path_there (const GhMigrateItem *item)
{
  if (item->mode == GH_MIGRATE_DISK_COPIED)
    return item->destination;
  return item->mode == GH_MIGRATE_DISK_SHARED && item->here != NULL
         ? gh_migrate_item_get_path (item) : NULL;
}

static const GhPoolInfo *
find_pool (GPtrArray  *pools,
           const char *name,   /* nullable */
           const char *folder) /* nullable */
{
  for (guint i = 0; i < pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (pools, i);

      if (pool->path != NULL && (name == NULL || strcmp (pool->name, name) == 0) &&
          (folder == NULL || strcmp (pool->path, folder) == 0))
        return pool;
    }
  return NULL;
}

/* (nullable): of what the kept definition names. */
static char *
dup_kept_path (GPtrArray       *pools,
               const GhDiskXml *disk)
{
  const GhPoolInfo *pool = NULL;

  if (disk->source != NULL || disk->source_pool == NULL || disk->source_volume == NULL)
    return g_strdup (disk->source);
  pool = find_pool (pools, disk->source_pool, NULL);
  return pool != NULL ? g_build_filename (pool->path, disk->source_volume, NULL) : NULL;
}

static void
remember (GhDomainXml *kept,
          const char  *host, /* nullable */
          const char  *uri,
          const char  *path,
          const char  *pool) /* nullable */
{
  GhLeftFile file = {
    .host = (char *) host, .uri = (char *) uri, .path = (char *) path, .pool = (char *) pool,
  };

  if (host != NULL && pool != NULL)
    gh_domain_xml_add_left (kept, &file);
}

/* What it named before, and what was copied, belong to nobody then. */
static void
remember_both (GhMigratePlan       *self,
               GhDomainXml         *kept,
               const GhMigrateItem *item,
               const char          *before) /* nullable */
{
  GhHost *source = gh_plan_get_host (GH_PLAN (self));
  g_autofree char *folder = before != NULL ? g_path_get_dirname (before) : NULL;
  const GhPoolInfo *pool = folder != NULL ? find_pool (self->facts.pools, NULL, folder) : NULL;

  /* A disk both see may be the very file by another path; one that was just made cannot be. */
  if (item->mode == GH_MIGRATE_DISK_COPIED && pool != NULL && !g_str_has_prefix (before, "/dev/"))
    remember (kept, self->facts.target->host.uuid, gh_host_get_uri (self->destination), before,
              pool->name);
  if (item->mode == GH_MIGRATE_DISK_COPIED && !self->inputs.remove_source)
    remember (kept, self->facts.source->host.uuid, gh_host_get_uri (source), item->here->path,
              item->here->pool);
}

/* Puts the disk it runs on into @kept; (nullable): the path that was there, when it was another. */
static char *
change_disk (GhMigratePlan       *self,
             GhDomainXml         *kept,
             GPtrArray           *disks,
             const GhMigrateItem *item)
{
  const char *path = item->is_medium ? NULL : get_path_there (item);

  for (guint i = 0; path != NULL && i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);
      g_autofree char *before = NULL;

      if (strcmp (disk->target, item->xml->target) != 0)
        continue;
      before = dup_kept_path (self->facts.pools, disk);
      /* The same volume, in a pool that has no files. */
      if (g_strcmp0 (before, path) == 0 ||
          (before == NULL && disk->source_pool != NULL &&
           g_strcmp0 (disk->source_pool, item->xml->source_pool) == 0 &&
           g_strcmp0 (disk->source_volume, item->xml->source_volume) == 0))
        return NULL;
      gh_domain_xml_set_disk_source (kept, disk->target, path, item->format);
      remember_both (self, kept, item, before);
      return before != NULL ? g_steal_pointer (&before)
                            : g_strdup (disk->source_text != NULL ? disk->source_text : "?");
    }
  return NULL;
}

/* The definition there with the disks it runs on; @changed gets a line for each that was
 * another. */
static GhDomainXml *
make_kept (GhMigratePlan  *self,
           GPtrArray      *changed,
           GError        **error)
{
  g_autoptr (GhDomainXml) kept = gh_domain_xml_new_from_string (self->facts.target->uuid_xml,
                                                                error);
  g_autoptr (GPtrArray) disks = kept != NULL ? gh_domain_xml_list_disks (kept) : NULL;

  for (guint i = 0; disks != NULL && i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      g_autofree char *before = change_disk (self, kept, disks, item);

      if (before != NULL)
        g_ptr_array_add (changed, g_strdup_printf ("%s: %s → %s", item->xml->target, before,
                                                   get_path_there (item)));
    }
  return g_steal_pointer (&kept);
}

char *
gh_migrate_plan_dup_kept (GhMigratePlan  *self,
                          GError        **error)
{
  g_autoptr (GPtrArray) changed = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GhDomainXml) kept = make_kept (self, changed, error);

  return kept != NULL && changed->len > 0 ? gh_domain_xml_to_string (kept) : NULL;
}

static void
add_check (GhPlanDraft  *draft,
           GhCheckLevel  level,
           const char   *id,
           const char   *title,
           const char   *detail)
{
  gh_plan_draft_add_check (draft, gh_check_new (level, id, title, detail));
}

/* A disk that was given to the copy while it was away, or that the definition has no more. */
static void
check_missing (GhMigratePlan *self,
               GhPlanDraft   *draft,
               GhDomainXml   *kept)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (kept);

  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      g_autofree char *title = NULL;
      gboolean found = item->is_medium;

      for (guint j = 0; j < disks->len && !found; j++)
        found = strcmp (((GhDiskXml *) disks->pdata[j])->target, item->xml->target) == 0;
      if (found)
        continue;
      title = g_strdup_printf (_("The definition at %s does not have the disk %s"),
                               gh_host_get_label (self->destination), item->xml->target);
      add_check (draft, GH_CHECK_WARNING, "disk-not-kept", title,
                 _("The machine has it until it is switched off. Add it to the definition "
                   "there, if it is to stay."));
    }
}

void
gh_migrate_check_return (GhMigratePlan *self,
                         GhPlanDraft   *draft)
{
  const char *there = gh_host_get_label (self->destination);
  const char *name = gh_machine_get_name (self->machine);
  g_autoptr (GPtrArray) changed = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GhDomainXml) kept = make_kept (self, changed, NULL);
  g_autofree char *title = g_strdup_printf (_("“%s” goes back to its definition at %s"), name,
                                            there);

  add_check (draft, GH_CHECK_OK, "returns", title,
             _("It is a temporary copy here. There it goes on as the machine whose definition was "
               "kept, and is started from that again next time."));
  if (self->facts.target->uuid_saved)
    {
      g_autofree char *saved = g_strdup_printf (_("“%s” was saved in the middle of a run at %s"),
                                                name, there);

      add_check (draft, GH_CHECK_REFUSAL, "saved-there", saved,
                 _("At its next start it would go on from there, with disks that have changed "
                   "since. If what runs here is to be kept, discard the saved state there."));
    }
  if (kept != NULL)
    check_missing (self, draft, kept);
  if (changed->len > 0)
    {
      g_autofree char *other = g_strdup_printf (_("The definition of “%s” at %s gets the disks "
                                                  "the machine runs on"), name, there);
      g_autofree char *list = NULL;
      g_autofree char *detail = NULL;

      g_ptr_array_add (changed, NULL);
      list = g_strjoinv ("\n", (char **) changed->pdata);
      detail = g_strconcat (list, "\n",
                            _("The disks it has now are out of date: what was written since the "
                              "machine went is not in them. They are not written over, and are "
                              "kept until “Remove what was left”."), NULL);
      add_check (draft, GH_CHECK_WARNING, "definition-disks", other, detail);
    }
}
