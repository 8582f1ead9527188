/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the clone plan has to say before it runs. Ids are stable. */

#define G_LOG_DOMAIN "gh-clone-checks"

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-clone-identity.h"
#include "gh-clone-plan-private.h"
#include "gh-create-plan.h"
#include "gh-live-checks.h"

/* What an overlay takes when it is new. */
#define OVERLAY_BYTES (1024 * 1024)

/* Takes @title. */
static void
take_check (GhPlanDraft  *draft,
            GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  gh_plan_draft_add_check (draft, gh_check_new (level, id, title, detail));
  g_free (title);
}

/* The machine */

const char *
gh_clone_plan_find_link_problem (GhClonePlan *self)
{
  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  /* What a snapshot keeps is not written to. */
  if (self->inputs.snapshot != NULL)
    return NULL;
  if (gh_machine_is_active (self->machine))
    return _("Its disks are being written to, so nothing can be linked to them. Shut it down "
             "first.");
  if (gh_machine_get_state (self->machine) == GH_MACHINE_SAVED && !self->inputs.trial)
    return _("Restoring it would write to the disks the clones are linked to. Restore it and shut "
             "it down, or discard the saved state.");
  return NULL;
}

static void
check_state (GhClonePlan *self,
             GhPlanDraft *draft)
{
  const char *name = gh_machine_get_name (self->machine);
  const char *busy = gh_machine_get_busy_text (self->machine);
  gboolean linked = gh_clone_needs_parent (&self->facts);

  if (busy != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "machine-busy",
                g_strdup_printf (_("“%s” is busy: %s"), name, busy), _("Wait until that is done."));
  if (self->facts.live != NULL && self->facts.live->active && !linked)
    {
      gboolean any = FALSE;

      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
      g_auto (GStrv) targets = NULL;

      for (guint i = 0; i < self->facts.items->len; i++)
        {
          const GhCloneItem *item = g_ptr_array_index (self->facts.items, i);

          if (item->mode != GH_CLONE_COPY || !item->is_live)
            continue;
          any = TRUE;
          g_strv_builder_add (builder, item->xml->target);
        }
      targets = g_strv_builder_end (builder);
      /* A snapshot's layers are not what is written to. */
      if (!any && self->facts.snapshot != NULL)
        return;
      gh_live_checks_add (draft, name, self->facts.live, (const char * const *) targets);
      if (targets[0] != NULL && (!self->inputs.flatten || self->inputs.keep_snapshots))
        take_check (draft, GH_CHECK_NOTE, "live-flattened",
                    g_strdup (_("Each copy is one image without snapshots")),
                    _("While the machine runs, its disks are copied as it sees them."));
      return;
    }
  if (gh_machine_is_active (self->machine))
    {
      take_check (draft, GH_CHECK_REFUSAL, "machine-running",
                  g_strdup_printf (_("“%s” is running"), name),
                  linked ? _("Its disks are being written to, so nothing can be linked to them. "
                             "Shut it down first.")
                         : _("Its disks are being written to, so a copy of them would be damaged. "
                             "Shut it down first."));
      return;
    }
  take_check (draft, GH_CHECK_OK, "machine-off", g_strdup_printf (_("“%s” is off"), name), NULL);
  if (gh_machine_get_state (self->machine) != GH_MACHINE_SAVED)
    return;
  if (linked && !self->inputs.trial)
    take_check (draft, GH_CHECK_REFUSAL, "saved-state",
                g_strdup_printf (_("“%s” was saved while it ran"), name),
                _("Restoring it would write to the disks the clones are linked to. Restore it and "
                  "shut it down, or discard the saved state."));
  else
    take_check (draft, GH_CHECK_WARNING, "saved-state",
                g_strdup_printf (_("“%s” was saved while it ran"), name),
                _("Its memory is not cloned. To the clone it will be as if the power had failed."));
}

/* Names */

static gboolean
is_name_taken (GhCloneFacts *facts,
               const char   *name)
{
  for (guint i = 0; i < facts->definitions->len; i++)
    if (strcmp (((GhDefinition *) facts->definitions->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

static void
check_names (GhClonePlan *self,
             GhPlanDraft *draft)
{
  GhCloneFacts *facts = &self->facts;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; facts->names[i] != NULL; i++)
    {
      const char *name = facts->names[i];
      const char *id = NULL;
      g_autofree char *fault = gh_create_plan_check_name (name, &id);

      if (fault != NULL)
        {
          gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, id, fault, NULL));
          return;
        }
      if (is_name_taken (facts, name))
        take_check (draft, GH_CHECK_REFUSAL, "name-taken",
                    g_strdup_printf (_("There is a machine named “%s” already"), name),
                    _("Choose another name, or another first number."));
      else if (!g_hash_table_add (seen, (gpointer) name))
        take_check (draft, GH_CHECK_REFUSAL, "name-taken",
                    g_strdup_printf (_("Two clones would be named “%s”"), name),
                    _("Put {n} into the name: it stands for the number."));
    }
}

/* Disks */

static void
check_pool (GhCloneItem *item,
            GhClonePlan *self,
            GhPlanDraft *draft,
            GHashTable  *seen)
{
  const char *wanted = g_hash_table_lookup (self->inputs.pools, item->xml->target);

  if (wanted == NULL)
    wanted = self->inputs.pool;
  if (item->pool_missing && g_hash_table_add (seen, g_strdup (wanted)))
    take_check (draft, GH_CHECK_REFUSAL, "pool-missing",
                g_strdup_printf (_("There is no storage pool named “%s”"), wanted), NULL);
  else if (item->pool != NULL && !item->pool->active &&
           g_hash_table_add (seen, g_strdup (item->pool->name)))
    take_check (draft, GH_CHECK_REFUSAL, "pool-inactive",
                g_strdup_printf (_("The storage pool “%s” is not active"), item->pool->name),
                _("Start it, or choose another one."));
  else if (!item->pool_missing && item->pool == NULL && item->folder == NULL)
    take_check (draft, GH_CHECK_REFUSAL, "pool-missing",
                g_strdup_printf (_("There is no storage pool for a copy of the disk “%s”"),
                                 item->xml->target),
                _("Make a storage pool first."));
}

/* The ids of what stands in the way of a copy or link. */
const char *
gh_clone_item_get_refusal_id (const GhCloneItem *item)
{
  if (item->look != NULL && item->look->error_number == ENOENT)
    return "disk-missing";
  if (item->look != NULL && item->look->missing != NULL)
    return "backing-missing";
  if (item->look != NULL && item->look->error_number != 0)
    return "disk-unreadable";
  return "disk-impossible";
}

static void
check_disk (GhCloneItem *item,
            GhClonePlan *self,
            GhPlanDraft *draft)
{
  const char *target = item->xml->target;
  gboolean copied = item->mode == GH_CLONE_COPY;
  gboolean writable = g_strcmp0 (item->xml->device, "disk") == 0 && !item->xml->readonly;

  if (item->refusals[item->mode] != NULL)
    {
      take_check (draft, GH_CHECK_REFUSAL, gh_clone_item_get_refusal_id (item),
                  g_strdup_printf (copied ? _("The disk “%s” cannot be copied")
                                          : _("The disk “%s” cannot be linked to"), target),
                  item->refusals[item->mode]);
      return;
    }
  if (copied && !item->is_live && item->look != NULL && item->look->n_snapshots > 0 &&
      !self->inputs.keep_snapshots)
    {
      guint n = item->look->n_snapshots;

      take_check (draft, GH_CHECK_NOTE, "snapshots-dropped",
                  g_strdup_printf (ngettext ("The snapshot inside of the disk “%s” is not copied",
                                             "The snapshots inside of the disk “%s” are not copied",
                                             n), target), NULL);
    }
  if (copied && !item->is_live && item->method == GH_COPY_VOLUME)
    take_check (draft, GH_CHECK_NOTE, "copy-not-stoppable",
                g_strdup_printf (_("The disk “%s” is copied by its host"), target),
                _("Its host cannot stop that once it has begun. When you cancel, the copy is "
                  "deleted as soon as the host has finished it."));
  if (item->mode == GH_CLONE_SHARE && writable && item->overridden && item->path != NULL)
    take_check (draft, item->xml->shareable ? GH_CHECK_NOTE : GH_CHECK_WARNING,
                "disk-shared-writable",
                g_strdup_printf (_("Both machines may write to the disk “%s”"), target),
                _("Unless what is on it is made for that, it is destroyed as soon as both run."));
  if (item->mode == GH_CLONE_LEAVE_OUT)
    take_check (draft, item->overridden ? GH_CHECK_NOTE : GH_CHECK_WARNING, "disk-left-out",
                g_strdup_printf (_("The clone does not have the disk “%s”"), target),
                item->overridden ? NULL : item->reason);
}

static void
check_folder (GhCloneItem *item,
              GhPlanDraft *draft,
              GHashTable  *seen)
{
  if (item->folder_look == NULL || item->folder == NULL ||
      (item->mode == GH_CLONE_COPY && (item->is_live || item->method == GH_COPY_VOLUME)) ||
      !g_hash_table_add (seen, g_strdup (item->folder)))
    return;
  if (!item->folder_look->is_there)
    take_check (draft, GH_CHECK_REFUSAL, "folder-missing",
                g_strdup_printf (_("The folder “%s” is not there"), item->folder), NULL);
  else if (!item->folder_look->is_writable && item->pool == NULL)
    take_check (draft, GH_CHECK_REFUSAL, "folder-closed",
                g_strdup_printf (_("You may not write to the folder “%s”"), item->folder),
                _("Choose a storage pool."));
}

static guint64
get_needed (const GhCloneItem *item)
{
  return item->mode == GH_CLONE_LINK ? OVERLAY_BYTES : gh_clone_item_get_size (item);
}

guint64
gh_clone_item_get_free (const GhCloneItem *item)
{
  if (item->folder_look != NULL && item->folder_look->is_there)
    return item->folder_look->free_bytes;
  return item->pool != NULL && item->pool->active ? item->pool->available : G_MAXUINT64;
}

gboolean
gh_clone_item_is_same_place (const GhCloneItem *item,
                             const GhCloneItem *other)
{
  if (item->folder_look != NULL && other->folder_look != NULL)
    return item->folder_look->device == other->folder_look->device;
  return item->pool == other->pool && item->folder_look == NULL && other->folder_look == NULL;
}

/* All disks of all copies that go to one file system have to fit together. */
static void
check_space (GhClonePlan *self,
             GhPlanDraft *draft)
{
  GPtrArray *items = self->facts.items;
  guint copies = g_strv_length (self->facts.names);

  for (guint i = 0; i < items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (items, i);
      guint64 needed = 0;
      gboolean seen = item->folder == NULL;
      g_autofree char *needed_text = NULL;
      g_autofree char *free_text = NULL;

      for (guint j = 0; j < items->len && !seen; j++)
        {
          const GhCloneItem *other = g_ptr_array_index (items, j);

          if (other->folder == NULL || !gh_clone_item_is_same_place (item, other))
            continue;
          seen = j < i;
          needed += get_needed (other) * copies;
        }
      if (seen || needed <= gh_clone_item_get_free (item))
        continue;
      needed_text = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
      free_text = g_format_size_full (gh_clone_item_get_free (item), G_FORMAT_SIZE_IEC_UNITS);
      take_check (draft, GH_CHECK_REFUSAL, "no-space",
                  /* Translators: the first %s is a folder, the others are sizes. */
                  g_strdup_printf (_("“%s” has too little room: %s are needed, %s are free"),
                                   item->folder, needed_text, free_text),
                  _("Choose another storage pool, make fewer copies, or make linked clones."));
    }
}

static void
check_disks (GhClonePlan *self,
             GhPlanDraft *draft)
{
  GPtrArray *items = self->facts.items;
  g_autoptr (GHashTable) pools = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < items->len; i++)
    {
      GhCloneItem *item = g_ptr_array_index (items, i);

      if (item->mode == GH_CLONE_COPY || item->mode == GH_CLONE_LINK)
        check_pool (item, self, draft, pools);
      if (item->mode == GH_CLONE_COPY || item->mode == GH_CLONE_LINK)
        check_folder (item, draft, folders);
      check_disk (item, self, draft);
    }
  check_space (self, draft);
}

/* Links */

/* Others may have the same disks, and run. */
static void
check_writers (GhClonePlan *self,
               GhPlanDraft *draft)
{
  GhImageGraph *graph = gh_file_users_get_graph (self->facts.users);
  const char *uuid = gh_machine_get_uuid (self->machine);

  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (self->facts.items, i);
      const GhImageMachine *writer = NULL;

      if (item->mode == GH_CLONE_LINK && item->path != NULL)
        writer = gh_image_graph_find_writer (graph, item->path, uuid);
      if (writer != NULL)
        take_check (draft, GH_CHECK_REFUSAL, "image-in-use-running",
                    /* Translators: a machine, and the target of a disk of another one. */
                    g_strdup_printf (_("“%s” is running and writes to the disk “%s”"), writer->name,
                                     item->xml->target),
                    _("What is linked to a disk is destroyed when that is written to. Shut it down "
                      "first."));
    }
}

static void
check_links (GhClonePlan *self,
             GhPlanDraft *draft)
{
  const char *name = gh_machine_get_name (self->machine);

  if (!gh_clone_needs_parent (&self->facts))
    return;
  if (gh_clone_is_template (&self->facts))
    {
      take_check (draft, GH_CHECK_OK, "machine-template",
                  g_strdup_printf (_("“%s” is a template"), name), NULL);
      return;
    }
  if (self->inputs.trial)
    take_check (draft, GH_CHECK_NOTE, "original-guarded",
                g_strdup_printf (_("“%s” is not started while there is a trial of it"), name),
                _("The trial holds only what differs from it. Nothing of it is changed: once the "
                  "trial is discarded, it is as it was."));
  else if (self->inputs.parent == GH_CLONE_PARENT_TEMPLATE)
    take_check (draft, GH_CHECK_WARNING, "becomes-template",
                g_strdup_printf (_("“%s” becomes a template"), name),
                _("Its disks may not be written to as long as linked clones depend on them, so it "
                  "cannot be started. Its clones can."));
  else if (self->facts.snapshots != NULL && self->facts.snapshots[0] != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "parent-snapshots",
                g_strdup_printf (_("“%s” has snapshots"), name),
                _("They are of the disks it has now and would be lost to it with disks of its own "
                  "on top of them. Make it a template, or delete the snapshots."));
  else
    take_check (draft, GH_CHECK_NOTE, "parent-overlay",
                g_strdup_printf (_("“%s” goes on with new disks of its own"), name),
                _("Its present disks become the base that it shares with its clones, and are not "
                  "written to any more."));
}

static void
check_snapshot (GhClonePlan *self,
                GhPlanDraft *draft)
{
  if (self->inputs.snapshot == NULL)
    return;
  if (self->facts.no_snapshot)
    take_check (draft, GH_CHECK_REFUSAL, "snapshot-missing",
                g_strdup_printf (_("“%s” has no snapshot “%s” that could be cloned"),
                                 gh_machine_get_name (self->machine), self->inputs.snapshot), NULL);
  else
    take_check (draft, GH_CHECK_NOTE, "from-snapshot",
                g_strdup_printf (_("The clone is as the machine was at the snapshot “%s”"),
                                 self->inputs.snapshot),
                _("Memory in the snapshot is not cloned: the clone starts from the disks."));
}

void
gh_clone_check_all (GhClonePlan *self,
                    GhPlanDraft *draft)
{
  check_snapshot (self, draft);
  check_state (self, draft);
  check_names (self, draft);
  check_disks (self, draft);
  check_links (self, draft);
  check_writers (self, draft);
  gh_clone_state_check (self, draft);
  gh_clone_check_identity (self, draft);
}
