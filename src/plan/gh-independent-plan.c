/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* “Make independent”. What there is to know of the machine, its disks and where new files could
 * be is what a full clone of it would have to know, so a clone plan reads it and chooses how each
 * disk would be copied.
 *
 * While the machine runs each disk is a group of steps, so that what is whole stays when the rest
 * is cancelled: there is no way back from it, and nobody would want one. */

#define G_LOG_DOMAIN "gh-independent-plan"

#include "config.h"

#include "gh-independent-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-machine-metadata.h"

G_DEFINE_FINAL_TYPE (GhIndependentPlan, gh_independent_plan, GH_TYPE_PLAN)

/* A step that copies this much counts as much as one that copies nothing counts twice. */
#define BYTES_PER_WEIGHT (32.0 * 1024 * 1024)

enum
{
  PROP_0,
  PROP_MACHINE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
disk_free (gpointer data)
{
  GhIndependentDisk *disk = data;

  g_free (disk->target);
  g_free (disk->path);
  g_free (disk->base);
  g_free (disk->destination);
  g_free (disk);
}

static char *
dup_title (GhPlan *plan)
{
  return g_strdup_printf (_("Make “%s” independent"),
                          gh_machine_get_name (GH_INDEPENDENT_PLAN (plan)->machine));
}

static gboolean
keeps_finished (GhPlan *plan)
{
  return TRUE;
}

/* What was read */

const GhCloneItem *
gh_independent_plan_find_item (GhIndependentPlan       *self,
                               const GhIndependentDisk *disk)
{
  GPtrArray *items = self->reader->facts.items;

  for (guint i = 0; i < items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (items, i);

      if (g_strcmp0 (item->xml->target, disk->target) == 0)
        return item;
    }
  g_return_val_if_reached (NULL);
}

gboolean
gh_independent_plan_is_live (GhIndependentPlan *self)
{
  const GhLiveInfo *live = self->reader->facts.live;

  return live != NULL ? live->active : gh_machine_is_active (self->machine);
}

guint
gh_independent_plan_count_chosen (GhIndependentPlan *self)
{
  guint n = 0;

  for (guint i = 0; i < self->disks->len; i++)
    n += ((GhIndependentDisk *) self->disks->pdata[i])->chosen ? 1 : 0;
  return n;
}

gboolean
gh_independent_plan_has_parent (GhIndependentPlan *self)
{
  return gh_domain_xml_get_parent (self->reader->facts.xml, NULL, NULL);
}

static gboolean
is_chosen (GhIndependentPlan *self,
           const char        *target)
{
  gpointer chosen = NULL;

  if (g_hash_table_lookup_extended (self->choices, target, NULL, &chosen))
    return GPOINTER_TO_INT (chosen);
  return !self->only_some;
}

static GStrv
dup_chain (GhCloneFacts      *facts,
           const GhCloneItem *item)
{
  if (item->look != NULL && item->look->error_number == 0)
    return g_strdupv (item->look->chain);
  return gh_file_users_dup_chain (facts->users, item->path);
}

/* Between nothing of the base being needed and all of it. */
static void
find_size (GhIndependentDisk *disk,
           GhCloneFacts      *facts,
           const GhCloneItem *item,
           GStrv              chain,
           gboolean           live)
{
  GhImageGraph *graph = gh_file_users_get_graph (facts->users);
  guint64 capacity = gh_clone_item_get_capacity (item);
  guint64 own = item->look != NULL ? item->look->actual_size
                : item->volume != NULL ? item->volume->allocation : 0;
  guint64 below = 0;
  guint64 largest = 0;
  gboolean known = TRUE;

  for (guint i = 0; chain[i] != NULL; i++)
    {
      GhImage *image = gh_image_graph_find (graph, chain[i]);

      known = known && image != NULL && image->has_size;
      below += known ? image->size : 0;
      largest = known ? MAX (largest, image->size) : largest;
    }
  if (live)
    {
      disk->most = known ? below : G_MAXUINT64;
      if (capacity > 0)
        disk->most = MIN (disk->most, capacity > own ? capacity - own : 0);
      disk->least = largest > own ? largest - own : 0;
    }
  else
    {
      disk->most = known ? below + own : G_MAXUINT64;
      if (capacity > 0)
        disk->most = MIN (disk->most, capacity);
      disk->least = MAX (largest, own);
    }
  disk->least = MIN (disk->least, disk->most);
}

/* Whether nobody needs the old file once the machine has the new one. */
static gboolean
is_removable (GhIndependentPlan *self,
              const char        *path)
{
  GhFileUsers *users = self->reader->facts.users;
  g_autofree char *problem = gh_file_users_dup_problem (users);
  g_autoptr (GPtrArray) others = gh_file_users_find (users, path,
                                                     gh_machine_get_uuid (self->machine));

  return problem == NULL && others->len == 0;
}

static void
list_disks (GhIndependentPlan *self)
{
  GhCloneFacts *facts = &self->reader->facts;
  gboolean live = gh_independent_plan_is_live (self);

  g_clear_pointer (&self->disks, g_ptr_array_unref);
  self->disks = g_ptr_array_new_with_free_func (disk_free);
  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (facts->items, i);
      g_auto (GStrv) chain = NULL;
      GhIndependentDisk *disk = NULL;

      /* What it shares with others is not its own. */
      if (item->mode != GH_CLONE_COPY || item->path == NULL || item->xml->target == NULL)
        continue;
      chain = dup_chain (facts, item);
      if (chain == NULL || chain[0] == NULL)
        continue;
      disk = g_new0 (GhIndependentDisk, 1);
      disk->target = g_strdup (item->xml->target);
      disk->path = g_strdup (item->path);
      disk->base = g_strdup (chain[0]);
      disk->n_backing = g_strv_length (chain);
      disk->chosen = is_chosen (self, disk->target);
      find_size (disk, facts, item, chain, live);
      if (!live)
        disk->destination = g_strdup (item->parent_path);
      disk->removed = !live && is_removable (self, item->path);
      g_ptr_array_add (self->disks, disk);
    }
}

/* Steps */

static const char *
get_pool (const GhCloneItem *item)
{
  return item->pool != NULL ? item->pool->name : NULL;
}

static double
get_weight (const GhIndependentDisk *disk)
{
  return 1.0 + (disk->most != G_MAXUINT64 ? (double) disk->most / BYTES_PER_WEIGHT : 0.0);
}

static void
add_pull_steps (GhIndependentPlan *self,
                GhPlanDraft       *draft)
{
  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhIndependentDisk *disk = g_ptr_array_index (self->disks, i);
      const GhCloneItem *item = gh_independent_plan_find_item (self, disk);
      g_autofree char *name = NULL;
      GhStep *step = NULL;

      if (!disk->chosen)
        continue;
      name = g_strdup_printf (_("The disk “%s”"), disk->target);
      step = gh_pull_step_new (gh_machine_get_uuid (self->machine),
                               gh_machine_get_name (self->machine), disk->target, disk->path,
                               item->volume != NULL ? item->volume->pool : NULL);
      gh_step_set_weight (step, get_weight (disk));
      gh_step_set_group (step, i + 1, name);
      gh_plan_draft_add_step (draft, step);
    }
}

static void
add_copy_steps (GhIndependentPlan *self,
                GhPlanDraft       *draft)
{
  GhStep *change = gh_switch_step_new (gh_machine_get_uuid (self->machine),
                                       gh_machine_get_name (self->machine));

  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhIndependentDisk *disk = g_ptr_array_index (self->disks, i);
      const GhCloneItem *item = gh_independent_plan_find_item (self, disk);
      GhStep *step = NULL;

      if (!disk->chosen || disk->destination == NULL)
        continue;
      step = gh_copy_step_new (disk->path, item->format, disk->destination, item->new_format,
                               item->method, get_pool (item));
      gh_step_set_int (step, "capacity", (gint64) gh_clone_item_get_capacity (item));
      gh_step_set_boolean (step, "to-device",
                           item->pool != NULL && !gh_clone_pool_has_files (item->pool));
      gh_step_set_int (step, "size", disk->most != G_MAXUINT64 ? (gint64) disk->most : 0);
      gh_step_set_weight (step, get_weight (disk));
      gh_plan_draft_add_step (draft, step);
      gh_switch_step_add_disk (change, item->xml, disk->path, item->format, disk->destination,
                               item->new_format, item->look != NULL ? item->look->mtime_us : 0);
    }
  gh_plan_draft_add_step (draft, change);
}

/* Only now does the definition not refer to them any more. */
static void
add_remove_steps (GhIndependentPlan *self,
                  GhPlanDraft       *draft)
{
  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhIndependentDisk *disk = g_ptr_array_index (self->disks, i);
      const GhCloneItem *item = gh_independent_plan_find_item (self, disk);

      if (disk->chosen && disk->removed)
        gh_plan_draft_add_step (draft, gh_volume_remove_step_new (
          disk->path, item->volume != NULL ? item->volume->pool : NULL));
    }
}

static void
add_steps (GhIndependentPlan *self,
           GhPlanDraft       *draft)
{
  guint n = gh_independent_plan_count_chosen (self);
  gboolean live = gh_independent_plan_is_live (self);

  if (n > 0 && live)
    add_pull_steps (self, draft);
  else if (n > 0)
    add_copy_steps (self, draft);
  if (n == self->disks->len && gh_independent_plan_has_parent (self))
    gh_plan_draft_add_step (draft, gh_release_step_new (gh_machine_get_uuid (self->machine),
                                                        gh_machine_get_name (self->machine)));
  if (!live)
    add_remove_steps (self, draft);
}

/* Preparing */

/* The clone plan has got no further than to what forbids everything. */
static void
take_refusals (GhIndependentPlan *self,
               GhPlanDraft       *draft)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (self->reader));

  for (guint i = 0; i < checks->len; i++)
    if (gh_check_get_level (g_ptr_array_index (checks, i)) == GH_CHECK_REFUSAL)
      gh_plan_draft_add_check (draft, g_object_ref (g_ptr_array_index (checks, i)));
}

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhIndependentPlan *self = GH_INDEPENDENT_PLAN (g_task_get_source_object (task));
  GhPlanDraft *draft = NULL;
  GError *error = NULL;

  if (!gh_plan_prepare_finish (GH_PLAN (object), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  /* A preparation that was dropped must not put its disks beside another's checks. */
  if (g_task_return_error_if_cancelled (task))
    return;
  g_set_object (&self->reader, GH_CLONE_PLAN (object));
  draft = gh_plan_draft_new ();
  if (self->reader->facts.items == NULL)
    {
      g_clear_pointer (&self->disks, g_ptr_array_unref);
      take_refusals (self, draft);
    }
  else
    {
      list_disks (self);
      gh_independent_check_all (self, draft);
      add_steps (self, draft);
    }
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GTask *task = g_task_new (plan, cancellable, callback, user_data);
  g_autoptr (GhClonePlan) reader = gh_clone_plan_new (GH_INDEPENDENT_PLAN (plan)->machine);

  g_task_set_source_tag (task, prepare_async);
  gh_plan_prepare_async (GH_PLAN (reader), cancellable, read_cb, task);
}

/* The object */

static void
gh_independent_plan_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  if (prop_id == PROP_MACHINE)
    g_value_set_object (value, GH_INDEPENDENT_PLAN (object)->machine);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gh_independent_plan_set_property (GObject      *object,
                                  guint         prop_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  if (prop_id == PROP_MACHINE)
    GH_INDEPENDENT_PLAN (object)->machine = g_value_dup_object (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gh_independent_plan_finalize (GObject *object)
{
  GhIndependentPlan *self = GH_INDEPENDENT_PLAN (object);

  g_clear_object (&self->machine);
  g_clear_object (&self->reader);
  g_hash_table_unref (self->choices);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_independent_plan_parent_class)->finalize (object);
}

static void
gh_independent_plan_class_init (GhIndependentPlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);

  object_class->get_property = gh_independent_plan_get_property;
  object_class->set_property = gh_independent_plan_set_property;
  object_class->finalize = gh_independent_plan_finalize;
  plan_class->kind = "make-independent";
  plan_class->verb = N_("Make independent");
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;
  plan_class->keeps_finished = keeps_finished;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                  G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_independent_plan_init (GhIndependentPlan *self)
{
  self->choices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * gh_independent_plan_new:
 * @machine: a machine whose disks lie on other images
 *
 * Returns: (transfer full): the plan
 */
GhIndependentPlan *
gh_independent_plan_new (GhMachine *machine)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_INDEPENDENT_PLAN, "machine", machine, "host",
                       gh_machine_get_host (machine), NULL);
}

GhMachine *
gh_independent_plan_get_machine (GhIndependentPlan *self)
{
  g_return_val_if_fail (GH_IS_INDEPENDENT_PLAN (self), NULL);

  return self->machine;
}

void
gh_independent_plan_add_disk (GhIndependentPlan *self,
                              const char        *target)
{
  g_return_if_fail (GH_IS_INDEPENDENT_PLAN (self));
  g_return_if_fail (target != NULL);

  self->only_some = TRUE;
  g_hash_table_insert (self->choices, g_strdup (target), GINT_TO_POINTER (TRUE));
  gh_plan_invalidate (GH_PLAN (self));
}

void
gh_independent_plan_set_chosen (GhIndependentPlan *self,
                                const char        *target,
                                gboolean           chosen)
{
  g_return_if_fail (GH_IS_INDEPENDENT_PLAN (self));
  g_return_if_fail (target != NULL);

  if (is_chosen (self, target) == !!chosen)
    return;
  g_hash_table_insert (self->choices, g_strdup (target), GINT_TO_POINTER (!!chosen));
  gh_plan_invalidate (GH_PLAN (self));
}

GPtrArray *
gh_independent_plan_get_disks (GhIndependentPlan *self)
{
  g_return_val_if_fail (GH_IS_INDEPENDENT_PLAN (self), NULL);

  return self->disks;
}
