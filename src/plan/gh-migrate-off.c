/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Moving a machine that is off: its disks and state are brought by volume streams, it is defined
 * there, and only then not any more here. */

#define G_LOG_DOMAIN "gh-migrate-off"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-migrate-plan-private.h"
#include "gh-move-xml.h"
#include "gh-snapshot-edit.h"

/* (element-type GhMoveDisk): those that are sent. */
static GPtrArray *
list_disks (GhMigratePlan *self)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      GhMoveDisk *disk = NULL;

      if (item->mode != GH_MIGRATE_DISK_COPIED || item->destination == NULL)
        continue;
      disk = g_new0 (GhMoveDisk, 1);
      disk->target = item->xml->target;
      disk->path = item->here->path;
      disk->allocation = item->here->allocation;
      /* Of other formats the file has another length than the disk. */
      if (g_strcmp0 (item->here->format, "raw") == 0)
        disk->length = item->here->capacity;
      disk->base = item->base;
      disk->source_pool = item->here->pool;
      disk->pool = item->pool->name;
      disk->destination = item->destination;
      g_ptr_array_add (disks, disk);
    }
  return disks;
}

/* Nobody looked whether the destination has them. */
static void
check_elsewhere (GhMigratePlan *self,
                 GhPlanDraft   *draft)
{
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      g_autofree char *title = NULL;

      if (item->here != NULL || item->is_medium || item->xml->source_text == NULL)
        continue;
      title = g_strdup_printf (_("The disk %s is not sent: %s"), item->xml->target,
                               item->xml->source_text);
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_WARNING, "disk-elsewhere", title,
                                                    _("It is no file or device of this host. The "
                                                      "machine needs it there as well.")));
    }
}

static GhDomainXml *
make_after (GhMigratePlan  *self,
            const char     *text,
            GError        **error)
{
  GError *local = NULL;
  g_autofree char *changed = gh_migrate_plan_dup_changed (self, text, &local);
  GhDomainXml *after = NULL;

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  after = gh_domain_xml_new_from_string (changed != NULL ? changed : text, error);
  if (after != NULL && self->inputs.name != NULL)
    gh_domain_xml_set_name (after, self->inputs.name);
  return after;
}

/* What differs there, in a machine that a snapshot remembers. */
typedef struct
{
  GhMigratePlan *plan;
  GhDomainXml   *after;
} Edit;

static gboolean
edit_remembered (GhDomainXml  *machine,
                 gpointer      data,
                 GError      **error)
{
  const Edit *edit = data;
  g_autofree char *nvram = gh_domain_xml_dup_nvram_path (edit->after);

  gh_migrate_plan_change (edit->plan, machine, TRUE);
  if (edit->plan->inputs.name != NULL)
    gh_domain_xml_set_name (machine, edit->plan->inputs.name);
  if (nvram != NULL)
    gh_domain_xml_set_nvram_path (machine, nvram);
  return TRUE;
}

/* (element-type GhSnapshotInfo) (nullable): as they are to be there. */
static GPtrArray *
list_snapshots (GhMigratePlan  *self,
                GhDomainXml    *after,
                GError        **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (gh_snapshot_info_free);
  Edit edit = { self, after };

  for (guint i = 0; self->facts.snapshots != NULL && i < self->facts.snapshots->list->len; i++)
    {
      const GhSnapshotInfo *here = g_ptr_array_index (self->facts.snapshots->list, i);
      g_autofree char *xml = gh_snapshot_xml_edit (here->xml, edit_remembered, &edit, error);

      if (xml == NULL)
        return NULL;
      g_ptr_array_add (list, gh_snapshot_info_new (here->name, xml, here->is_current));
    }
  return g_steal_pointer (&list);
}

static gboolean
has_external_snapshot (const GhMigrateFacts *facts)
{
  for (guint i = 0; facts->snapshots != NULL && i < facts->snapshots->list->len; i++)
    if (gh_snapshot_xml_is_external (
          ((GhSnapshotInfo *) facts->snapshots->list->pdata[i])->xml))
      return TRUE;
  return FALSE;
}

gboolean
gh_migrate_add_off_steps (GhMigratePlan  *self,
                          GhPlanDraft    *draft,
                          GError        **error)
{
  const GhMigrationSource *source = self->facts.source;
  const char *text = source->persistent_xml != NULL ? source->persistent_xml : source->xml;
  const char *name = gh_machine_get_name (self->machine);
  g_autoptr (GhDomainXml) before = gh_domain_xml_new_from_string (text, error);
  g_autoptr (GhDomainXml) after = before != NULL ? make_after (self, text, error) : NULL;
  g_autoptr (GPtrArray) disks = list_disks (self);
  g_autoptr (GPtrArray) snapshots = NULL;
  GhMove move = {
    .source = gh_plan_get_host (GH_PLAN (self)),
    .source_id = source->host.uuid,
    .destination = self->destination,
    .uuid = gh_machine_get_uuid (self->machine),
    .name = name,
    .new_name = self->inputs.name != NULL ? self->inputs.name : name,
    .before = before,
    .after = after,
    .disks = disks,
    .has_external = has_external_snapshot (&self->facts),
    .n_checkpoints = self->facts.snapshots != NULL ? self->facts.snapshots->n_checkpoints : 0,
    .has_saved_state = source->has_saved_state,
    .autostart = source->autostart,
    .removes_disks = self->inputs.remove_source,
  };

  if (after == NULL)
    return FALSE;
  /* It was started while we looked, or LIVE was set to what cannot be: a check has said so. */
  if (self->facts.move == NULL)
    return TRUE;
  snapshots = list_snapshots (self, after, error);
  if (snapshots == NULL)
    return FALSE;
  move.snapshots = snapshots;
  check_elsewhere (self, draft);
  gh_migrate_add_probes (self, draft);
  gh_migrate_add_secrets (self, draft);
  gh_move_add_checks (&move, self->facts.move, draft);
  gh_move_add_steps (&move, self->facts.move, draft);
  return TRUE;
}
