/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The clones' definitions, and the steps that make them: first what all need, then one clone after
 * the other, each a group of its own, so that what is whole can be kept. */

#define G_LOG_DOMAIN "gh-clone-steps"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-clone-identity.h"
#include "gh-clone-plan-private.h"
#include "gh-live-checks.h"
#include "gh-trial-bases.h"

/* A step that copies this much counts as much as one that copies nothing counts twice. */
#define BYTES_PER_WEIGHT (32.0 * 1024 * 1024)

static void
unref_document (gpointer document)
{
  g_object_unref (document);
}

/* Sets of what only one machine can have, and some machine has. */
typedef struct
{
  GHashTable *macs;
  GHashTable *cids;
  GHashTable *ports;
  GHashTable *paths;
} Used;

static GHashTable *
new_set (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
add_used (Used        *used,
          GhDomainXml *xml)
{
  gh_clone_xml_add_used (xml, used->macs, used->cids, used->ports, used->paths);
}

static void
used_init (Used               *used,
           const GhCloneFacts *facts)
{
  used->macs = new_set ();
  used->cids = new_set ();
  used->ports = new_set ();
  used->paths = new_set ();
  for (guint i = 0; i < facts->definitions->len; i++)
    {
      const GhDefinition *definition = g_ptr_array_index (facts->definitions, i);
      g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (definition->xml, NULL);

      if (xml != NULL)
        add_used (used, xml);
    }
}

static void
used_clear (Used *used)
{
  g_hash_table_unref (used->macs);
  g_hash_table_unref (used->cids);
  g_hash_table_unref (used->ports);
  g_hash_table_unref (used->paths);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Used, used_clear)

static GPtrArray *
list_document_disks (const GhCloneFacts *facts,
                     guint               index)
{
  static const GhCloneXmlDiskAction actions[] = {
    [GH_CLONE_COPY] = GH_CLONE_XML_REPLACE,
    [GH_CLONE_LINK] = GH_CLONE_XML_REPLACE,
    [GH_CLONE_SHARE] = GH_CLONE_XML_KEEP,
    [GH_CLONE_LEAVE_OUT] = GH_CLONE_XML_REMOVE,
  };
  GPtrArray *disks = g_ptr_array_new_with_free_func (gh_clone_xml_disk_free);

  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (facts->items, i);
      gboolean linked = item->mode == GH_CLONE_LINK;
      const char *path = item->destinations != NULL ? item->destinations[index] : NULL;
      GhCloneXmlDiskAction action = actions[item->mode];

      if (action == GH_CLONE_XML_REPLACE && path == NULL)
        action = GH_CLONE_XML_KEEP;
      g_ptr_array_add (disks, gh_clone_xml_disk_new (item->xml->target, action, path,
                                                     action == GH_CLONE_XML_REPLACE
                                                     ? item->new_format : NULL,
                                                     linked ? item->path : NULL,
                                                     linked ? item->format : NULL));
    }
  return disks;
}

/* What a trial lies on, as it is now; NULL for others. */
static GPtrArray *
list_bases (GhClonePlan *self)
{
  const GhCloneFacts *facts = &self->facts;
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  if (!self->inputs.trial)
    return NULL;
  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (facts->items, i);

      if (item->mode == GH_CLONE_LINK && item->path != NULL)
        g_ptr_array_add (paths, item->path);
    }
  return gh_trial_bases_list (gh_file_users_get_graph (facts->users), paths);
}

/* A trial leaves the original as it is: that is guarded for as long as the trial is there. */
static gboolean
changes_parent (GhClonePlan *self)
{
  return !self->inputs.trial && gh_clone_needs_parent (&self->facts) &&
         !gh_clone_is_template (&self->facts);
}

/* Then its present disks become what it shares with its clones. */
static gboolean
gets_parent_overlays (GhClonePlan *self)
{
  return changes_parent (self) && self->inputs.parent == GH_CLONE_PARENT_OVERLAY;
}

static GhDomainXml *
make_document (GhClonePlan  *self,
               guint         index,
               Used         *used,
               GPtrArray   **changes,
               GError      **error)
{
  const GhCloneFacts *facts = &self->facts;
  g_autoptr (GPtrArray) disks = list_document_disks (facts, index);
  gboolean nvram_copied = facts->nvram_way == GH_CLONE_WAY_FILES ||
                          facts->nvram_way == GH_CLONE_WAY_POOL;
  g_autofree char *seed_path = gh_clone_dup_seed_path (self, index);
  g_autoptr (GPtrArray) bases = list_bases (self);
  gboolean linked = gh_clone_has_links (facts);
  const char *uuid = gh_machine_get_uuid (self->machine);
  const char *name = gh_machine_get_name (self->machine);
  const GhCloneXmlOptions options = {
    .name = facts->names[index],
    .uuid = g_ptr_array_index (self->uuids, index),
    .disks = disks,
    .nvram_path = nvram_copied ? facts->nvram_paths[index] : NULL,
    .tpm_copied = gh_clone_copies_tpm (self),
    .seed_path = seed_path,
    .used_macs = used->macs,
    .used_cids = used->cids,
    .used_ports = used->ports,
    .used_paths = used->paths,
    .overrides = self->inputs.changes,
    .parent_uuid = linked ? uuid : NULL,
    .parent_name = linked ? name : NULL,
    .trial_uuid = self->inputs.trial ? uuid : NULL,
    .trial_name = self->inputs.trial ? name : NULL,
    .trial_bases = bases,
    .base_shared = gets_parent_overlays (self),
    .network = self->inputs.network,
    .seed = self->random_seed + index,
  };

  return gh_clone_xml_make (facts->xml, &options, changes, error);
}

static gboolean
make_documents (GhClonePlan  *self,
                GError      **error)
{
  g_auto (Used) used = { NULL };
  guint copies = g_strv_length (self->facts.names);

  used_init (&used, &self->facts);
  while (self->uuids->len < copies)
    g_ptr_array_add (self->uuids, g_uuid_string_random ());
  g_clear_pointer (&self->documents, g_ptr_array_unref);
  g_clear_pointer (&self->changes, g_ptr_array_unref);
  self->documents = g_ptr_array_new_with_free_func (unref_document);
  for (guint i = 0; i < copies; i++)
    {
      GhDomainXml *xml = make_document (self, i, &used, i == 0 ? &self->changes : NULL, error);

      if (xml == NULL)
        return FALSE;
      add_used (&used, xml);
      g_ptr_array_add (self->documents, xml);
    }
  return TRUE;
}

/* Steps */

guint64
gh_clone_item_get_capacity (const GhCloneItem *item)
{
  if (item->look != NULL && item->look->virtual_size > 0)
    return item->look->virtual_size;
  return item->volume != NULL ? item->volume->capacity : 0;
}

static gboolean
can_link_ourselves (const GhCloneItem *item)
{
  return item->folder_look != NULL && item->folder_look->is_writable && item->look != NULL &&
         item->look->error_number == 0;
}

/* @is_last: of the steps that put something into its pool, which is looked at once only. */
static GhStep *
new_overlay_step (const GhCloneItem *item,
                  const char        *path,
                  gboolean           is_last)
{
  guint64 capacity = gh_clone_item_get_capacity (item);
  GhStep *step = NULL;

  /* What libvirt would do takes five times as long. */
  if (item->pool != NULL && !can_link_ourselves (item))
    {
      g_autofree char *name = g_path_get_basename (path);

      return gh_volume_create_step_new (item->pool->name, name, path, "qcow2", capacity, item->path,
                                        item->format);
    }
  step = gh_copy_step_new (item->path, item->format, path, "qcow2", GH_COPY_LINK,
                           item->pool != NULL ? item->pool->name : NULL);
  gh_step_set_boolean (step, "more-follow", !is_last);
  gh_step_set_int (step, "capacity", (gint64) capacity);
  return step;
}

static GhStep *
new_copy_step (const GhCloneItem   *item,
               const GhCloneInputs *inputs,
               const char          *path)
{
  GhStep *step = gh_copy_step_new (item->path, item->format, path, item->new_format, item->method,
                                   item->pool != NULL ? item->pool->name : NULL);
  guint64 capacity = gh_clone_item_get_capacity (item);
  guint64 size = gh_clone_item_get_size (item);

  gh_step_set_int (step, "capacity", (gint64) capacity);
  gh_step_set_boolean (step, "to-device",
                       item->pool != NULL && !gh_clone_pool_has_files (item->pool));
  gh_step_set_int (step, "size", (gint64) size);
  gh_step_set_weight (step, 1.0 + (double) size / BYTES_PER_WEIGHT);
  if (item->is_internal)
    gh_step_set_string (step, "snapshot", inputs->snapshot);
  if (item->method == GH_COPY_CONVERT && !inputs->flatten && item->look->chain[0] != NULL)
    {
      gh_step_set_string (step, "backing", item->look->chain[0]);
      gh_step_set_string (step, "backing-format", item->look->chain_formats[0]);
    }
  return step;
}

static void
add_step (GhPlanDraft *draft,
          GhStep      *step,
          guint        group,
          const char  *name)
{
  gh_step_set_group (step, group, name);
  gh_plan_draft_add_step (draft, step);
}

/* What has to be done once, before anything is linked. */
static void
add_parent_steps (GhClonePlan *self,
                  GhPlanDraft *draft)
{
  const char *uuid = gh_machine_get_uuid (self->machine);
  const char *name = gh_machine_get_name (self->machine);
  GhStep *step = NULL;

  if (!changes_parent (self))
    return;
  if (self->inputs.parent == GH_CLONE_PARENT_TEMPLATE)
    {
      gh_plan_draft_add_step (draft, gh_template_step_new (uuid, name, /* on= */ TRUE));
      return;
    }
  step = gh_parent_step_new (uuid, name);
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (self->facts.items, i);

      if (item->mode != GH_CLONE_LINK || item->parent_path == NULL)
        continue;
      gh_plan_draft_add_step (draft, new_overlay_step (item, item->parent_path,
                                                       /* is_last= */ FALSE));
      gh_parent_step_add_disk (step, item->xml, item->path, item->format,
                               item->parent_path);
    }
  gh_plan_draft_add_step (draft, step);
}

static void
free_backup_disk (gpointer disk)
{
  gh_backup_disk_free (disk);
}

/* Disks that a running machine writes to are copied together, at one instant. */
static void
add_backup_step (GhClonePlan *self,
                 guint        index,
                 GhPlanDraft *draft)
{
  const GhCloneFacts *facts = &self->facts;
  g_autoptr (GPtrArray) disks = g_ptr_array_new_with_free_func (free_backup_disk);
  guint64 size = 0;
  GhStep *step = NULL;

  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (facts->items, i);

      if (item->mode != GH_CLONE_COPY || !item->is_live || item->destinations == NULL ||
          item->refusals[GH_CLONE_COPY] != NULL)
        continue;
      size += gh_clone_item_get_size (item);
      g_ptr_array_add (disks, gh_backup_disk_new (item->xml->target, item->destinations[index],
                                                  item->new_format,
                                                  gh_clone_item_get_capacity (item)));
    }
  if (disks->len == 0)
    return;
  step = gh_backup_step_new (gh_machine_get_uuid (self->machine),
                             gh_machine_get_name (self->machine), disks,
                             gh_live_should_freeze (facts->live));
  gh_step_set_weight (step, 1.0 + (double) size / BYTES_PER_WEIGHT);
  add_step (draft, step, index + 1, facts->names[index]);
}

static void
add_clone_steps (GhClonePlan *self,
                 guint        index,
                 GhPlanDraft *draft)
{
  const GhCloneFacts *facts = &self->facts;
  const char *name = facts->names[index];
  const char *uuid = g_ptr_array_index (self->uuids, index);
  g_autofree char *xml = gh_domain_xml_to_string (g_ptr_array_index (self->documents, index));
  guint group = index + 1;

  add_backup_step (self, index, draft);
  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (facts->items, i);
      const char *path = item->destinations != NULL ? item->destinations[index] : NULL;

      if (path == NULL || item->refusals[item->mode] != NULL)
        continue;
      if (item->mode == GH_CLONE_COPY && !item->is_live)
        add_step (draft, new_copy_step (item, &self->inputs, path), group, name);
      else if (item->mode == GH_CLONE_LINK)
        add_step (draft, new_overlay_step (item, path, facts->names[index + 1] == NULL), group,
                  name);
    }
  gh_clone_add_identity_steps (self, index, draft);
  gh_clone_state_add_steps (self, index, draft);
  add_step (draft, gh_define_step_new (uuid, name, xml), group, name);
  if (self->inputs.start)
    add_step (draft, gh_start_step_new (uuid, name), group, name);
}

gboolean
gh_clone_add_steps (GhClonePlan  *self,
                    GhPlanDraft  *draft,
                    GError      **error)
{
  if (!make_documents (self, error))
    return FALSE;
  add_parent_steps (self, draft);
  for (guint i = 0; self->facts.names[i] != NULL; i++)
    add_clone_steps (self, i, draft);
  return TRUE;
}
