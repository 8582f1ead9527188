/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What speaks against making a machine independent, and what is to be known of it. Ids are
 * stable. */

#define G_LOG_DOMAIN "gh-independent-checks"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-independent-plan-private.h"
#include "gh-live-checks.h"
#include "gh-trial-bases.h"

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

/* What is chosen */

static gboolean
has_disk (GhIndependentPlan *self,
          const char        *target)
{
  for (guint i = 0; i < self->disks->len; i++)
    if (g_strcmp0 (((GhIndependentDisk *) self->disks->pdata[i])->target, target) == 0)
      return TRUE;
  return FALSE;
}

static void
check_choice (GhIndependentPlan *self,
              GhPlanDraft       *draft)
{
  const char *name = gh_machine_get_name (self->machine);
  GHashTableIter iter;
  gpointer target = NULL;
  gpointer chosen = NULL;
  gboolean unknown = FALSE;

  g_hash_table_iter_init (&iter, self->choices);
  while (g_hash_table_iter_next (&iter, &target, &chosen))
    if (GPOINTER_TO_INT (chosen) && !has_disk (self, target))
      {
        unknown = TRUE;
        take_check (draft, GH_CHECK_REFUSAL, "disk-unknown",
                    g_strdup_printf (_("“%s” has no disk “%s” that depends on another image"),
                                     name, (const char *) target), NULL);
      }
  if (unknown)
    return;
  if (self->disks->len == 0)
    take_check (draft, GH_CHECK_OK, "independent",
                g_strdup_printf (_("No disk of “%s” depends on another image"), name), NULL);
  else if (gh_independent_plan_count_chosen (self) == 0)
    take_check (draft, GH_CHECK_REFUSAL, "nothing-chosen", g_strdup (_("No disk is chosen")), NULL);
  else if (gh_independent_plan_count_chosen (self) < self->disks->len)
    take_check (draft, GH_CHECK_NOTE, "linked-in-part",
                g_strdup_printf (_("“%s” stays a linked clone"), name),
                _("The disks that are not chosen go on to depend on other images."));
}

/* The machine */

static void
check_live (GhIndependentPlan *self,
            GhPlanDraft       *draft)
{
  GhCloneFacts *facts = &self->reader->facts;
  const char *name = gh_machine_get_name (self->machine);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) targets = NULL;

  if (facts->live == NULL)
    {
      take_check (draft, GH_CHECK_REFUSAL, "machine-running",
                  g_strdup_printf (_("“%s” is running"), name),
                  _("Its host cannot do it while it runs. Shut it down first."));
      return;
    }
  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhIndependentDisk *disk = g_ptr_array_index (self->disks, i);

      if (disk->chosen)
        g_strv_builder_add (builder, disk->target);
    }
  targets = g_strv_builder_end (builder);
  gh_live_checks_add_busy (draft, name, facts->live, (const char * const *) targets);
  take_check (draft, GH_CHECK_NOTE, "machine-running",
              g_strdup_printf (_("“%s” goes on running"), name),
              _("What its disks depend on is copied into them. When that is cancelled, they are "
                "as they were."));
}

static void
check_state (GhIndependentPlan *self,
             GhPlanDraft       *draft)
{
  const char *name = gh_machine_get_name (self->machine);
  const char *busy = gh_machine_get_busy_text (self->machine);

  if (busy != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "machine-busy",
                g_strdup_printf (_("“%s” is busy: %s"), name, busy), _("Wait until that is done."));
  if (gh_clone_is_template (&self->reader->facts))
    take_check (draft, GH_CHECK_REFUSAL, "template",
                g_strdup_printf (_("“%s” is a template"), name),
                _("It is kept as it is, for machines to be made from it. Use it as a machine "
                  "again first."));
  if (gh_independent_plan_is_live (self))
    check_live (self, draft);
  else if (gh_machine_get_state (self->machine) == GH_MACHINE_SAVED)
    take_check (draft, GH_CHECK_REFUSAL, "saved-state",
                g_strdup_printf (_("“%s” was saved while it ran"), name),
                _("What was saved goes with the disks it has now. Restore it, or discard the saved "
                  "state."));
  else
    take_check (draft, GH_CHECK_OK, "machine-off", g_strdup_printf (_("“%s” is off"), name), NULL);
}

/* A snapshot outside of the disks lies in the very files, one inside of them reads what it does
 * not hold from the base. */
static void
check_snapshots (GhIndependentPlan *self,
                 GhPlanDraft       *draft)
{
  GhCloneFacts *facts = &self->reader->facts;
  const char *detail = _("They need the images its disks depend on, and would be lost. Delete the "
                         "snapshots first.");

  if (facts->snapshots != NULL && facts->snapshots[0] != NULL)
    {
      take_check (draft, GH_CHECK_REFUSAL, "snapshots",
                  g_strdup_printf (_("“%s” has snapshots"), gh_machine_get_name (self->machine)),
                  detail);
      return;
    }
  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhIndependentDisk *disk = g_ptr_array_index (self->disks, i);
      const GhCloneItem *item = gh_independent_plan_find_item (self, disk);

      if (disk->chosen && item->look != NULL && item->look->n_snapshots > 0)
        take_check (draft, GH_CHECK_REFUSAL, "snapshots",
                    g_strdup_printf (_("There are snapshots inside of the disk “%s”"),
                                     disk->target), detail);
    }
}

/* A trial whose base was written to would be made a whole of what does not belong together. What
 * can still be read of it is at least not lost. */
static void
check_bases (GhIndependentPlan *self,
             GhPlanDraft       *draft)
{
  g_autoptr (GhMachineMark) mark = gh_machine_mark_new_for_domain (self->reader->facts.xml);

  gh_trial_bases_check (draft, GH_CHECK_WARNING,
                        gh_file_users_get_graph (self->reader->facts.users), mark,
                        gh_machine_get_uuid (self->machine));
}

/* The disks */

/* What a running machine writes to need not be what it would start with. */
static gboolean
runs_with (GhCloneFacts            *facts,
           const GhIndependentDisk *disk)
{
  for (guint i = 0; facts->live_disks != NULL && i < facts->live_disks->len; i++)
    {
      const GhDiskXml *live = g_ptr_array_index (facts->live_disks, i);

      if (g_strcmp0 (live->target, disk->target) == 0)
        return live->source == NULL || gh_file_users_is_same (facts->users, live->source,
                                                              disk->path);
    }
  return FALSE;
}

static void
check_copy (GhIndependentPlan       *self,
            const GhIndependentDisk *disk,
            GhPlanDraft             *draft)
{
  const GhCloneItem *item = gh_independent_plan_find_item (self, disk);

  if (item->refusals[GH_CLONE_COPY] != NULL || disk->destination == NULL)
    {
      take_check (draft, GH_CHECK_REFUSAL, gh_clone_item_get_refusal_id (item),
                  g_strdup_printf (_("The disk “%s” cannot be copied"), disk->target),
                  item->refusals[GH_CLONE_COPY]);
      return;
    }
  if (item->method == GH_COPY_VOLUME)
    take_check (draft, GH_CHECK_NOTE, "copy-not-stoppable",
                g_strdup_printf (_("The disk “%s” is copied by its host"), disk->target),
                _("Its host cannot stop that once it has begun. When you cancel, the copy is "
                  "deleted as soon as the host has finished it."));
  if (!disk->removed)
    {
      g_autofree char *users = gh_file_users_dup_text (self->reader->facts.users, disk->path,
                                                       gh_machine_get_uuid (self->machine));
      g_autofree char *problem = gh_file_users_dup_problem (self->reader->facts.users);
      g_autofree char *detail = users != NULL
                                ? g_strdup_printf (_("It is used by %s."), users)
                                : g_steal_pointer (&problem);

      take_check (draft, GH_CHECK_NOTE, "file-kept",
                  g_strdup_printf (_("Not deleted: %s"), disk->path), detail);
    }
}

static void
check_disk (GhIndependentPlan       *self,
            const GhIndependentDisk *disk,
            GhPlanDraft             *draft)
{
  g_autofree char *size = g_format_size_full (disk->most, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *detail = NULL;

  if (disk->most != G_MAXUINT64)
    /* Translators: %s is a size, such as “20 GiB”. */
    detail = g_strdup_printf (_("At most %s have to be copied."), size);
  take_check (draft, GH_CHECK_OK, "disk-linked",
              /* Translators: a disk such as “vda”, and the path of an image. */
              g_strdup_printf (_("The disk “%s” holds what differs from “%s”"), disk->target,
                               disk->base), detail);
  if (!gh_independent_plan_is_live (self))
    check_copy (self, disk, draft);
  else if (self->reader->facts.live != NULL && !runs_with (&self->reader->facts, disk))
    take_check (draft, GH_CHECK_REFUSAL, "disk-differs",
                g_strdup_printf (_("“%s” runs with another disk “%s” than it has from its next "
                                   "start on"), gh_machine_get_name (self->machine), disk->target),
                _("Shut it down first, or leave the disk out."));
}

/* All disks that go to one file system have to fit together. */
static void
check_space (GhIndependentPlan *self,
             GhPlanDraft       *draft)
{
  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhIndependentDisk *disk = g_ptr_array_index (self->disks, i);
      const GhCloneItem *item = gh_independent_plan_find_item (self, disk);
      guint64 least = 0;
      guint64 most = 0;
      gboolean seen = !disk->chosen;
      guint64 room = gh_clone_item_get_free (item);
      g_autofree char *needed_text = NULL;
      g_autofree char *free_text = g_format_size_full (room, G_FORMAT_SIZE_IEC_UNITS);

      for (guint j = 0; j < self->disks->len && !seen; j++)
        {
          const GhIndependentDisk *other = g_ptr_array_index (self->disks, j);

          if (!other->chosen ||
              !gh_clone_item_is_same_place (item, gh_independent_plan_find_item (self, other)))
            continue;
          seen = j < i;
          least += other->least;
          most = other->most > G_MAXUINT64 - most ? G_MAXUINT64 : most + other->most;
        }
      if (seen || most <= room || room == G_MAXUINT64)
        continue;
      needed_text = g_format_size_full (least > room ? least : most, G_FORMAT_SIZE_IEC_UNITS);
      if (least > room)
        take_check (draft, GH_CHECK_REFUSAL, "no-space",
                    /* Translators: the first %s is a folder, the others are sizes. */
                    g_strdup_printf (_("“%s” has too little room: %s are needed, %s are free"),
                                     item->folder, needed_text, free_text), NULL);
      else if (most == G_MAXUINT64)
        take_check (draft, GH_CHECK_WARNING, "little-space",
                    g_strdup_printf (_("It is not known whether “%s” has enough room"),
                                     item->folder),
                    _("When the room is used up, everything is as it was before."));
      else
        take_check (draft, GH_CHECK_WARNING, "little-space",
                    /* Translators: the first %s is a folder, the others are sizes. */
                    g_strdup_printf (_("“%s” may have too little room: up to %s are needed, %s "
                                       "are free"), item->folder, needed_text, free_text),
                    _("When the room is used up, everything is as it was before."));
    }
}

void
gh_independent_check_all (GhIndependentPlan *self,
                          GhPlanDraft       *draft)
{
  check_choice (self, draft);
  if (gh_independent_plan_count_chosen (self) == 0)
    return;
  check_state (self, draft);
  check_snapshots (self, draft);
  check_bases (self, draft);
  for (guint i = 0; i < self->disks->len; i++)
    if (((GhIndependentDisk *) self->disks->pdata[i])->chosen)
      check_disk (self, g_ptr_array_index (self->disks, i), draft);
  check_space (self, draft);
}
