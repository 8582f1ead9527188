/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What speaks against taking a snapshot, going back to one or deleting one, and what is to be known
 * of it. Ids are stable. */

#define G_LOG_DOMAIN "gh-snapshot-checks"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-snapshot-plan-private.h"

/* QEMU keeps names of up to 255 bytes; libvirt adds a suffix for its file. */
#define MAX_NAME 200
/* From this libvirt on, those of running machines with UEFI can be taken. */
#define RUNNING_UEFI_VERSION 10010000

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

/* Takes @title. */
static GhCheck *
refusal (const char *id,
         char       *title,
         const char *detail)
{
  GhCheck *check = gh_check_new (GH_CHECK_REFUSAL, id, title, detail);

  g_free (title);
  return check;
}

/* The facts */

static gboolean
is_written (const GhDiskXml *disk)
{
  return g_strcmp0 (disk->device, "cdrom") != 0 && g_strcmp0 (disk->device, "floppy") != 0 &&
         disk->source_text != NULL && !disk->readonly;
}

GhSnapshotFacts *
gh_snapshot_facts_new (GhSnapshotList  *list,
                       GhImageGraph    *graph,
                       GError         **error)
{
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) left_out = g_strv_builder_new ();
  GhDomainXml *xml = gh_domain_xml_new_from_string (list->live_xml != NULL ? list->live_xml
                                                                           : list->xml, error);
  GhSnapshotFacts *self = NULL;

  if (xml == NULL)
    return NULL;
  self = g_new0 (GhSnapshotFacts, 1);
  self->list = list;
  self->graph = gh_image_graph_ref (graph);
  self->xml = xml;
  self->disks = gh_domain_xml_list_disks (xml);
  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (self->disks, i);

      if (disk->target != NULL)
        g_strv_builder_add (is_written (disk) ? kept : left_out, disk->target);
    }
  self->kept = g_strv_builder_end (kept);
  self->left_out = g_strv_builder_end (left_out);
  return self;
}

void
gh_snapshot_facts_free (GhSnapshotFacts *self)
{
  gh_image_graph_unref (self->graph);
  g_object_unref (self->xml);
  g_ptr_array_unref (self->disks);
  g_strfreev (self->kept);
  g_strfreev (self->left_out);
  g_free (self);
}

/* As much of @text as a name may have, less @reserve. */
static char *
dup_short (const char *text,
           gsize       reserve)
{
  gsize length = strlen (text);
  const char *end = text + MIN (length, MAX_NAME - reserve);

  while (end > text && ((guchar) *end & 0xc0) == 0x80)
    end--;
  return g_strndup (text, (gsize) (end - text));
}

char *
gh_snapshot_facts_dup_free_name (const GhSnapshotFacts *self,
                                 const char            *wish)
{
  g_autofree char *stem = dup_short (wish, 8);
  char *name = g_strdup (stem);

  for (guint i = 2; gh_snapshot_list_find (self->list, name) != NULL; i++)
    {
      g_free (name);
      name = g_strdup_printf ("%s-%u", stem, i);
    }
  return name;
}

/* What is common */

static void
add_guard (const GhSnapshotFacts *facts,
           GhImageUse             use,
           GhPlanDraft           *draft)
{
  g_autofree char *uuid = gh_domain_xml_dup_uuid (facts->xml);
  g_autoptr (GPtrArray) checks = gh_image_graph_check_machine (facts->graph, uuid, use);

  for (guint i = 0; i < checks->len; i++)
    gh_plan_draft_add_check (draft, g_object_ref (g_ptr_array_index (checks, i)));
}

static GhCheck *
dup_busy (const GhSnapshotList *list)
{
  if (list->job != NULL)
    return refusal ("machine-busy",
                    g_strdup_printf (_("“%s” is busy: %s"), list->name, list->job),
                    _("Wait until that is done."));
  if (list->has_saved_state)
    return refusal ("saved-state", g_strdup_printf (_("“%s” has a saved state"), list->name),
                    _("Its disks are as in the middle of its work. Start it, or discard the saved "
                      "state."));
  if (list->n_checkpoints > 0)
    return refusal ("checkpoints",
                    g_strdup_printf (_("“%s” has checkpoints of incremental backups"), list->name),
                    _("With them, QEMU cannot go back to a snapshot: the machine would be lost in "
                      "the middle of it."));
  return NULL;
}

/* FALSE when there is nothing more to say. */
static const GhSnapshotXml *
find_snapshot (const GhSnapshotFacts *facts,
               const char            *name,
               GhPlanDraft           *draft)
{
  const GhSnapshotXml *snapshot = gh_snapshot_list_find (facts->list, name);

  if (snapshot == NULL)
    take_check (draft, GH_CHECK_REFUSAL, "no-snapshot",
                /* Translators: a machine, and a snapshot of it. */
                g_strdup_printf (_("“%s” has no snapshot “%s”"), facts->list->name, name), NULL);
  return snapshot;
}

/* Taking */

static GhCheck *
dup_disk_obstacle (const GhSnapshotFacts *facts)
{
  for (guint i = 0; i < facts->disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (is_written (disk) && g_strcmp0 (disk->format, "qcow2") != 0)
        return refusal ("disk-format",
                        /* Translators: a disk such as “vda”. */
                        g_strdup_printf (_("The disk “%s” cannot hold snapshots"), disk->target),
                        _("Only images of the format qcow2 can. Clone the machine instead, or "
                          "convert the disk."));
      if (is_written (disk) && disk->shareable)
        return refusal ("disk-shared",
                        g_strdup_printf (_("The disk “%s” is shared with other machines"),
                                         disk->target),
                        _("They would find it changed under them when this one goes back."));
    }
  if (facts->kept[0] == NULL)
    return refusal ("no-disk", g_strdup_printf (_("“%s” has no disk"), facts->list->name),
                    _("Snapshots are kept inside of its disks."));
  return NULL;
}

static GhCheck *
dup_running_obstacle (const GhSnapshotFacts *facts)
{
  const GhSnapshotList *list = facts->list;
  g_autofree char *hostdev = NULL;

  if (!list->active)
    return NULL;
  if (gh_domain_xml_get_firmware (facts->xml) != GH_FIRMWARE_BIOS &&
      list->libvirt_version < RUNNING_UEFI_VERSION)
    return refusal ("firmware-running",
                    g_strdup_printf (_("“%s” runs with UEFI firmware"), list->name),
                    _("The libvirt of its host takes snapshots of such machines only while they "
                      "are off."));
  hostdev = gh_domain_xml_dup_text (facts->xml, "devices/hostdev/@type");
  if (hostdev != NULL && strcmp (hostdev, "usb") != 0)
    return refusal ("hostdev-running",
                    g_strdup_printf (_("“%s” runs with a device of its host"), list->name),
                    _("What such a device is doing cannot be kept. Shut the machine down first."));
  return NULL;
}

GhCheck *
gh_snapshot_facts_dup_obstacle (const GhSnapshotFacts *self)
{
  GhCheck *check = dup_busy (self->list);

  if (check == NULL)
    check = dup_running_obstacle (self);
  return check != NULL ? check : dup_disk_obstacle (self);
}

static gboolean
is_good_name (const char *name)
{
  if (*name == '\0' || *name == '.' || strlen (name) > MAX_NAME || strchr (name, '/') != NULL ||
      !g_utf8_validate (name, -1, NULL))
    return FALSE;
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

static void
check_name (const GhSnapshotList *list,
            const char           *name,
            GhPlanDraft          *draft)
{
  if (!is_good_name (name))
    take_check (draft, GH_CHECK_REFUSAL, "name-bad",
                g_strdup (_("This name cannot be used for a snapshot")),
                _("It has to have up to 200 bytes, without a slash, and not to begin with a "
                  "dot."));
  else if (gh_snapshot_list_find (list, name) != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "name-taken",
                /* Translators: a machine, and a snapshot of it. */
                g_strdup_printf (_("“%s” already has a snapshot “%s”"), list->name, name), NULL);
}

void
gh_snapshot_check_take (const GhSnapshotFacts *facts,
                        const char            *name,
                        GhPlanDraft           *draft)
{
  const GhSnapshotList *list = facts->list;
  GhCheck *obstacle = gh_snapshot_facts_dup_obstacle (facts);

  add_guard (facts, GH_IMAGE_USE_WRITE, draft);
  check_name (list, name, draft);
  if (obstacle != NULL)
    gh_plan_draft_add_check (draft, obstacle);
  else if (list->active)
    take_check (draft, GH_CHECK_NOTE, "memory-kept",
                g_strdup_printf (_("The snapshot keeps the memory of “%s” as well"), list->name),
                _("The guest holds still while it is written. Who goes back to it finds the "
                  "programs running as they are now."));
  else
    take_check (draft, GH_CHECK_OK, "disks-kept",
                g_strdup_printf (_("“%s” is off, and its disks are kept as they are"), list->name),
                NULL);
  if (gh_domain_xml_get_firmware (facts->xml) != GH_FIRMWARE_BIOS)
    take_check (draft, GH_CHECK_NOTE, "nvram-not-kept",
                g_strdup (_("The variables of the firmware are not in the snapshot")),
                _("Boot entries and keys stay as they are when the machine goes back."));
  if (gh_domain_xml_has_tpm (facts->xml))
    take_check (draft, GH_CHECK_NOTE, "tpm-not-kept",
                g_strdup (_("What the TPM holds is not in the snapshot")),
                _("What is sealed to it may not open any more when the machine goes back."));
}

/* Going back */

static const GhDiskXml *
find_disk (GPtrArray  *disks,
           const char *target)
{
  for (guint i = 0; i < disks->len; i++)
    if (g_strcmp0 (((GhDiskXml *) disks->pdata[i])->target, target) == 0)
      return disks->pdata[i];
  return NULL;
}

/* The snapshot is inside of the images it was taken of; libvirt would look for it in those that the
 * machine has now, and would then have it write to the ones from then. */
static void
check_disk (const GhSnapshotFacts *facts,
            const GhSnapshotXml   *snapshot,
            const GhDiskXml       *disk,
            GPtrArray             *then,
            GhPlanDraft           *draft)
{
  const GhDiskXml *before = find_disk (then, disk->target);
  g_autofree char *kind = gh_snapshot_xml_dup_disk_kind (snapshot->text, disk->target);

  if (!is_written (disk))
    return;
  if (before == NULL || g_strcmp0 (kind, "no") == 0)
    take_check (draft, GH_CHECK_WARNING, "disk-not-kept",
                /* Translators: a disk such as “vda”. */
                g_strdup_printf (_("The disk “%s” is not in the snapshot"), disk->target),
                _("What is on it stays as it is now, though the others go back."));
  else if (g_strcmp0 (before->source_text, disk->source_text) != 0)
    take_check (draft, GH_CHECK_REFUSAL, "disk-differs",
                g_strdup_printf (_("The disk “%s” was another image when the snapshot was taken"),
                                 disk->target),
                _("What it kept of it is not in the present one. Clone the snapshot instead."));
}

static void
check_disks (const GhSnapshotFacts *facts,
             const GhSnapshotXml   *snapshot,
             GhDomainXml           *before,
             GhPlanDraft           *draft)
{
  g_autoptr (GPtrArray) then = gh_domain_xml_list_disks (before);
  g_autofree char *uuid = gh_domain_xml_dup_uuid (facts->xml);

  for (guint i = 0; i < facts->disks->len; i++)
    check_disk (facts, snapshot, g_ptr_array_index (facts->disks, i), then, draft);
  /* It would write to these again. */
  for (guint i = 0; i < then->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (then, i);
      const GhDiskXml *now = find_disk (facts->disks, disk->target);
      g_autoptr (GPtrArray) checks = NULL;

      /* Of those it has now all are asked about together. */
      if (!is_written (disk) || disk->source == NULL ||
          (now != NULL && g_strcmp0 (now->source, disk->source) == 0))
        continue;
      checks = gh_image_graph_check_path (facts->graph, disk->source, uuid, GH_IMAGE_USE_REVERT);
      for (guint j = 0; j < checks->len; j++)
        gh_plan_draft_add_check (draft, g_object_ref (g_ptr_array_index (checks, j)));
    }
}

static void
check_settings (const GhSnapshotFacts *facts,
                GhDomainXml           *before,
                GhPlanDraft           *draft)
{
  g_autoptr (GhDomainXml) now = gh_domain_xml_new_from_string (facts->list->xml, NULL);
  g_auto (GStrv) changes = now != NULL ? gh_domain_xml_diff (now, before) : NULL;
  g_autofree char *detail = NULL;

  if (changes == NULL || changes[0] == NULL)
    return;
  detail = g_strjoinv ("\n", changes);
  take_check (draft, GH_CHECK_NOTE, "settings-change",
              g_strdup_printf (_("The settings of “%s” go back as well"), facts->list->name),
              detail);
}

/* What nobody will have any more. */
static char *
dup_lost (const GhSnapshotFacts *facts)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append (text, _("Lost is what was written since the snapshot to:"));
  for (guint i = 0; i < facts->disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (is_written (disk))
        g_string_append_printf (text, "\n• %s: %s", disk->target, disk->source_text);
    }
  if (facts->list->active)
    g_string_append_printf (text, "\n• %s", _("the memory, with the programs that run"));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
dup_lost_title (const GhSnapshotFacts *facts)
{
  g_autofree char *disks = gh_image_names_dup_text ((const char * const *) facts->kept);

  if (facts->list->active)
    /* Translators: a machine, and disks of it. */
    return g_strdup_printf (_("What “%s” has in memory and has written to %s since is lost"),
                            facts->list->name, disks);
  /* Translators: a machine, and disks of it. */
  return g_strdup_printf (_("What “%s” has written to %s since is lost"), facts->list->name,
                          disks);
}

static void
check_safety (const GhSnapshotFacts *facts,
              const char            *safety,
              gboolean               wished,
              GhPlanDraft           *draft)
{
  g_autoptr (GhCheck) obstacle = wished ? gh_snapshot_facts_dup_obstacle (facts) : NULL;
  g_autofree char *detail = NULL;

  if (safety != NULL)
    {
      take_check (draft, GH_CHECK_NOTE, "safety",
                  /* Translators: a machine, and a snapshot of it. */
                  g_strdup_printf (_("How “%s” is now is kept as the snapshot “%s”"),
                                   facts->list->name, safety),
                  _("It can come back to that at any time."));
      return;
    }
  detail = dup_lost (facts);
  if (obstacle != NULL)
    {
      g_autofree char *list = g_steal_pointer (&detail);

      /* Translators: why a snapshot cannot be taken, and a list of what is lost. */
      detail = g_strdup_printf (_("It cannot be kept: %s.\n%s"), gh_check_get_title (obstacle),
                                list);
    }
  take_check (draft, GH_CHECK_WARNING, "state-lost", dup_lost_title (facts), detail);
}

static void
check_outcome (const GhSnapshotList *list,
               const GhSnapshotXml  *snapshot,
               GhPlanDraft          *draft)
{
  if (snapshot->has_memory)
    take_check (draft, GH_CHECK_NOTE, "runs-then",
                g_strdup_printf (_("“%s” runs after that"), list->name),
                _("The snapshot keeps its memory: the guest goes on where it was."));
  else if (list->active)
    take_check (draft, GH_CHECK_WARNING, "guest-stops",
                g_strdup_printf (_("“%s” is running, and is off after that"), list->name),
                _("The snapshot keeps no memory. What the guest has not written is lost, as when "
                  "the plug is pulled."));
}

static gboolean
is_refused (GhPlanDraft *draft)
{
  for (guint i = 0; i < draft->checks->len; i++)
    if (gh_check_get_level (g_ptr_array_index (draft->checks, i)) == GH_CHECK_REFUSAL)
      return TRUE;
  return FALSE;
}

void
gh_snapshot_check_revert (const GhSnapshotFacts *facts,
                          const char            *name,
                          const char            *safety,
                          gboolean               wished,
                          GhPlanDraft           *draft)
{
  const GhSnapshotXml *snapshot = find_snapshot (facts, name, draft);
  g_autoptr (GhDomainXml) before = NULL;
  GhCheck *busy = NULL;

  add_guard (facts, GH_IMAGE_USE_REVERT, draft);
  if (snapshot == NULL)
    return;
  if (snapshot->external)
    {
      take_check (draft, GH_CHECK_REFUSAL, "snapshot-external",
                  g_strdup_printf (_("The snapshot “%s” is in files of its own"), name),
                  _("Guesthouse goes back only to those that are inside of the disks. Clone it, or "
                    "try it in a copy."));
      return;
    }
  before = gh_snapshot_xml_dup_domain (snapshot->text);
  if (before == NULL)
    {
      take_check (draft, GH_CHECK_REFUSAL, "no-definition",
                  g_strdup_printf (_("The snapshot “%s” does not say how the machine was"), name),
                  NULL);
      return;
    }
  busy = dup_busy (facts->list);
  if (busy != NULL)
    gh_plan_draft_add_check (draft, busy);
  check_disks (facts, snapshot, before, draft);
  /* What would come of it is not said of what does not happen. */
  if (is_refused (draft))
    return;
  check_safety (facts, safety, wished, draft);
  check_outcome (facts->list, snapshot, draft);
  check_settings (facts, before, draft);
}

/* Deleting */

static void
check_children (const GhSnapshotFacts *facts,
                const char            *name,
                GhPlanDraft           *draft)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;
  guint n = 0;

  for (guint i = 0; i < facts->list->snapshots->len; i++)
    {
      const GhSnapshotXml *other = g_ptr_array_index (facts->list->snapshots, i);

      if (g_strcmp0 (other->parent, name) == 0)
        {
          g_strv_builder_add (builder, other->name);
          n++;
        }
    }
  if (n == 0)
    return;
  names = g_strv_builder_end (builder);
  list = gh_image_names_dup_text ((const char * const *) names);
  take_check (draft, GH_CHECK_NOTE, "children-stay",
              g_strdup_printf (ngettext ("%s was taken after it and stays as it is",
                                         "%s were taken after it and stay as they are", n), list),
              _("Each snapshot is whole by itself."));
}

void
gh_snapshot_check_delete (const GhSnapshotFacts *facts,
                          const char            *name,
                          GhPlanDraft           *draft)
{
  const GhSnapshotXml *snapshot = find_snapshot (facts, name, draft);

  add_guard (facts, GH_IMAGE_USE_WRITE, draft);
  if (snapshot == NULL)
    return;
  if (snapshot->external)
    {
      take_check (draft, GH_CHECK_REFUSAL, "snapshot-external",
                  g_strdup_printf (_("The snapshot “%s” is in files of its own"), name),
                  _("The machine depends on them. Guesthouse deletes only snapshots that are "
                    "inside of the disks. A full clone has all in disks of its own and no "
                    "snapshots: clone the machine, and delete this one."));
      return;
    }
  if (facts->list->job != NULL)
    gh_plan_draft_add_check (draft, dup_busy (facts->list));
  check_children (facts, name, draft);
  take_check (draft, GH_CHECK_NOTE, "state-lost",
              g_strdup_printf (_("Nobody can go back to “%s” any more"), name),
              g_strcmp0 (facts->list->current, name) == 0
              ? _("It is the one that the machine goes on from. How the machine is now stays as it "
                  "is.")
              : _("How the machine is now stays as it is."));
}
