/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What there is to know of the machine and its disks is what a full clone of it would have to know,
 * so a clone plan reads it. */

#define G_LOG_DOMAIN "gh-resize-plan"

#include "config.h"

#include "gh-resize-plan.h"

#include <glib/gi18n-lib.h>

#include "gh-clone-plan-private.h"
#include "gh-live-checks.h"

struct _GhResizePlan
{
  GhPlan       parent_instance;

  GhMachine   *machine;
  GhClonePlan *reader;  /* (nullable) */
  char        *target;  /* (nullable) */
  guint64      size;
  GPtrArray   *disks;   /* (nullable) (element-type GhResizeDisk) */
};

G_DEFINE_FINAL_TYPE (GhResizePlan, gh_resize_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_MACHINE,
  PROP_TARGET,
  PROP_SIZE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
disk_free (gpointer data)
{
  GhResizeDisk *disk = data;

  g_free (disk->target);
  g_free (disk->path);
  g_free (disk);
}

static char *
dup_title (GhPlan *plan)
{
  GhResizePlan *self = GH_RESIZE_PLAN (plan);
  const GhResizeDisk *disk = gh_resize_plan_get_disk (self);
  const char *name = gh_machine_get_name (self->machine);

  if (disk == NULL)
    return g_strdup_printf (_("Make a disk of “%s” larger"), name);
  /* Translators: a disk such as “vda”, and a machine. */
  return g_strdup_printf (_("Make the disk “%s” of “%s” larger"), disk->target, name);
}

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

/* What was read */

static gboolean
is_live (GhResizePlan *self)
{
  const GhLiveInfo *live = self->reader->facts.live;

  return live != NULL ? live->active : gh_machine_is_active (self->machine);
}

static const GhCloneItem *
find_item (GhResizePlan       *self,
           const GhResizeDisk *disk)
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

static void
list_disks (GhResizePlan *self)
{
  GPtrArray *items = self->reader->facts.items;

  g_clear_pointer (&self->disks, g_ptr_array_unref);
  self->disks = g_ptr_array_new_with_free_func (disk_free);
  for (guint i = 0; i < items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (items, i);
      GhResizeDisk *disk = NULL;

      if (g_strcmp0 (item->xml->device, "disk") != 0 || item->path == NULL ||
          item->xml->target == NULL)
        continue;
      disk = g_new0 (GhResizeDisk, 1);
      disk->target = g_strdup (item->xml->target);
      disk->path = g_strdup (item->path);
      disk->size = gh_clone_item_get_capacity (item);
      g_ptr_array_add (self->disks, disk);
    }
}

/* Checks */

static void
check_guard (GhResizePlan *self,
             GhPlanDraft  *draft)
{
  GhImageGraph *graph = gh_file_users_get_graph (self->reader->facts.users);
  g_autoptr (GPtrArray) checks = gh_image_graph_check_machine (
    graph, gh_machine_get_uuid (self->machine), GH_IMAGE_USE_RESIZE);

  for (guint i = 0; i < checks->len; i++)
    gh_plan_draft_add_check (draft, g_object_ref (g_ptr_array_index (checks, i)));
}

static void
check_state (GhResizePlan       *self,
             const GhResizeDisk *disk,
             GhPlanDraft        *draft)
{
  GhCloneFacts *facts = &self->reader->facts;
  const char *name = gh_machine_get_name (self->machine);
  const char *busy = gh_machine_get_busy_text (self->machine);
  const char * const targets[] = { disk->target, NULL };

  if (busy != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "machine-busy",
                g_strdup_printf (_("“%s” is busy: %s"), name, busy), _("Wait until that is done."));
  if (gh_machine_get_state (self->machine) == GH_MACHINE_SAVED)
    take_check (draft, GH_CHECK_REFUSAL, "saved-state",
                g_strdup_printf (_("“%s” has a saved state"), name),
                _("When it goes on, its guest must find the disks as they were. Start it first, or "
                  "discard the saved state."));
  if (facts->live != NULL && facts->live->active)
    gh_live_checks_add_busy (draft, name, facts->live, targets);
}

/* Whether the machine runs with the image that its definition names. */
static gboolean
runs_with (GhCloneFacts       *facts,
           const GhResizeDisk *disk)
{
  for (guint i = 0; facts->live_disks != NULL && i < facts->live_disks->len; i++)
    {
      const GhDiskXml *live = g_ptr_array_index (facts->live_disks, i);

      if (g_strcmp0 (live->target, disk->target) == 0)
        return live->source == NULL || g_strcmp0 (live->source, disk->path) == 0;
    }
  return FALSE;
}

static gboolean
has_file (const GhCloneItem  *item,
          const GhCloneFacts *facts)
{
  if (item->volume != NULL)
    return g_strcmp0 (item->volume->type, "file") == 0;
  return facts->is_local && item->look != NULL && item->look->error_number == 0 &&
         !item->look->is_block;
}

static void
check_kind (GhResizePlan       *self,
            const GhResizeDisk *disk,
            GhPlanDraft        *draft)
{
  GhCloneFacts *facts = &self->reader->facts;
  const GhCloneItem *item = find_item (self, disk);

  if (!has_file (item, facts))
    take_check (draft, GH_CHECK_REFUSAL, "disk-kind",
                g_strdup_printf (_("The disk “%s” is no file that Guesthouse can make larger"),
                                 disk->target),
                _("Devices and logical volumes are made larger by the tools of their host."));
  else if (g_strcmp0 (item->format, "qcow2") != 0 && g_strcmp0 (item->format, "raw") != 0)
    take_check (draft, GH_CHECK_REFUSAL, "disk-format",
                /* Translators: a disk such as “vda”, and a format such as “vmdk”. */
                g_strdup_printf (_("The disk “%s” has the format %s"), disk->target, item->format),
                _("Only images of the formats qcow2 and raw can be made larger."));
  if (is_live (self) && !runs_with (facts, disk))
    take_check (draft, GH_CHECK_REFUSAL, "disk-differs",
                g_strdup_printf (_("“%s” runs with another disk “%s” than it has from its next "
                                   "start on"), gh_machine_get_name (self->machine), disk->target),
                _("Shut it down first."));
  if (item->xml->readonly)
    take_check (draft, GH_CHECK_REFUSAL, "disk-readonly",
                g_strdup_printf (_("The disk “%s” is only read"), disk->target), NULL);
}

/* Nobody else has the disk: his guest would not know of it. */
static void
check_users (GhResizePlan       *self,
             const GhResizeDisk *disk,
             GhPlanDraft        *draft)
{
  GhFileUsers *users = self->reader->facts.users;
  const char *uuid = gh_machine_get_uuid (self->machine);
  GhImage *image = gh_image_graph_find (gh_file_users_get_graph (users), disk->path);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;

  for (guint i = 0; image != NULL && i < image->users->len; i++)
    {
      GhImageUser *user = g_ptr_array_index (image->users, i);

      if (g_strcmp0 (user->machine->uuid, uuid) != 0)
        g_strv_builder_add (builder, user->machine->name);
    }
  names = g_strv_builder_end (builder);
  if (names[0] == NULL)
    return;
  list = gh_image_names_dup_text ((const char * const *) names);
  take_check (draft, GH_CHECK_REFUSAL, "disk-shared",
              /* Translators: a disk such as “vda”, and machines. */
              g_strdup_printf (_("The disk “%s” is used by %s as well"), disk->target, list),
              _("They would find it changed under them."));
}

static gboolean
check_size (GhResizePlan       *self,
            const GhResizeDisk *disk,
            GhPlanDraft        *draft)
{
  g_autofree char *size = g_format_size_full (disk->size, G_FORMAT_SIZE_IEC_UNITS);

  if (disk->size == 0)
    take_check (draft, GH_CHECK_REFUSAL, "size-unknown",
                g_strdup_printf (_("The size of the disk “%s” is not known"), disk->target), NULL);
  else if (self->size < disk->size && self->size > 0)
    take_check (draft, GH_CHECK_REFUSAL, "size-smaller",
                /* Translators: a disk such as “vda”, and a size. */
                g_strdup_printf (_("The disk “%s” has %s already"), disk->target, size),
                _("Disks are not made smaller: what the guest has at their end would be cut off."));
  else if (self->size <= disk->size)
    take_check (draft, GH_CHECK_REFUSAL, "size-same",
                /* Translators: a disk such as “vda”, and a size. */
                g_strdup_printf (_("The disk “%s” has %s"), disk->target, size),
                _("Choose a larger size."));
  return disk->size > 0 && self->size > disk->size;
}

/* The image takes the room only when the guest writes to it. */
static void
check_space (GhResizePlan       *self,
             const GhResizeDisk *disk,
             GhPlanDraft        *draft)
{
  const GhCloneItem *item = find_item (self, disk);
  guint64 growth = self->size - disk->size;
  guint64 room = gh_clone_item_get_free (item);
  g_autofree char *growth_text = g_format_size_full (growth, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *room_text = g_format_size_full (room, G_FORMAT_SIZE_IEC_UNITS);

  if (room != G_MAXUINT64 && growth > room)
    take_check (draft, GH_CHECK_WARNING, "little-space",
                /* Translators: two sizes. */
                g_strdup_printf (_("The disk grows by %s, but only %s are free"), growth_text,
                                 room_text),
                _("The machine is paused when it has written so much that its host has no room "
                  "left."));
}

static void
check_snapshots (const GhCloneItem  *item,
                 const GhResizeDisk *disk,
                 GhPlanDraft        *draft)
{
  guint n = item->look != NULL ? item->look->n_snapshots : 0;

  if (n > 0)
    take_check (draft, GH_CHECK_WARNING, "snapshots-smaller",
                g_strdup_printf (ngettext ("The disk “%s” holds a snapshot",
                                           "The disk “%s” holds snapshots", n), disk->target),
                _("Going back to one makes the disk as small again as it was then."));
}

static void
check_disk (GhResizePlan       *self,
            const GhResizeDisk *disk,
            GhPlanDraft        *draft)
{
  check_state (self, disk, draft);
  check_kind (self, disk, draft);
  check_users (self, disk, draft);
  if (!check_size (self, disk, draft))
    return;
  check_space (self, disk, draft);
  check_snapshots (find_item (self, disk), disk, draft);
  take_check (draft, GH_CHECK_NOTE, "grow-only",
              g_strdup (_("A disk that has grown cannot be made smaller again")),
              _("This cannot be undone."));
  take_check (draft, GH_CHECK_NOTE, "guest-partitions",
              is_live (self)
              ? g_strdup_printf (_("“%s” goes on running, and sees the larger disk at once"),
                                 gh_machine_get_name (self->machine))
              : g_strdup_printf (_("“%s” sees the larger disk from its next start on"),
                                 gh_machine_get_name (self->machine)),
              _("Partitions and file systems stay as they are. They are made larger in the "
                "guest."));
}

/* Preparing */

static void
add_step (GhResizePlan       *self,
          const GhResizeDisk *disk,
          GhPlanDraft        *draft)
{
  const GhCloneItem *item = find_item (self, disk);

  if (disk->size == 0 || self->size <= disk->size)
    return;
  gh_plan_draft_add_step (draft, gh_resize_step_new (
                            gh_machine_get_uuid (self->machine),
                            gh_machine_get_name (self->machine), disk->target, disk->path,
                            item->format, item->volume != NULL ? item->volume->pool : NULL,
                            disk->size, self->size, is_live (self)));
}

static void
fill (GhResizePlan *self,
      GhPlanDraft  *draft)
{
  const GhResizeDisk *disk = NULL;

  list_disks (self);
  check_guard (self, draft);
  disk = gh_resize_plan_get_disk (self);
  if (disk != NULL)
    {
      check_disk (self, disk, draft);
      add_step (self, disk, draft);
    }
  else if (self->target != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "disk-unknown",
                /* Translators: a machine, and a disk such as “vda”. */
                g_strdup_printf (_("“%s” has no disk “%s”"), gh_machine_get_name (self->machine),
                                 self->target), NULL);
  else
    take_check (draft, GH_CHECK_REFUSAL, "no-disk",
                g_strdup_printf (_("“%s” has no disk"), gh_machine_get_name (self->machine)), NULL);
}

/* The clone plan has got no further than to what forbids everything. */
static void
take_refusals (GhResizePlan *self,
               GhPlanDraft  *draft)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (self->reader));

  g_clear_pointer (&self->disks, g_ptr_array_unref);
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
  GhResizePlan *self = GH_RESIZE_PLAN (g_task_get_source_object (task));
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
    take_refusals (self, draft);
  else
    fill (self, draft);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GTask *task = g_task_new (plan, cancellable, callback, user_data);
  g_autoptr (GhClonePlan) reader = gh_clone_plan_new (GH_RESIZE_PLAN (plan)->machine);

  g_task_set_source_tag (task, prepare_async);
  gh_plan_prepare_async (GH_PLAN (reader), cancellable, read_cb, task);
}

/* The object */

static void
gh_resize_plan_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  GhResizePlan *self = GH_RESIZE_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_TARGET:
      g_value_set_string (value, self->target);
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_resize_plan_set_property (GObject      *object,
                             guint         prop_id,
                             const GValue *value,
                             GParamSpec   *pspec)
{
  GhResizePlan *self = GH_RESIZE_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      self->machine = g_value_dup_object (value);
      return;
    case PROP_TARGET:
      if (g_strcmp0 (self->target, g_value_get_string (value)) == 0)
        return;
      g_free (self->target);
      self->target = g_value_dup_string (value);
      break;
    case PROP_SIZE:
      if (self->size == g_value_get_uint64 (value))
        return;
      self->size = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      return;
    }
  gh_plan_invalidate (GH_PLAN (self));
  g_object_notify_by_pspec (object, pspec);
}

static void
gh_resize_plan_finalize (GObject *object)
{
  GhResizePlan *self = GH_RESIZE_PLAN (object);

  g_clear_object (&self->machine);
  g_clear_object (&self->reader);
  g_free (self->target);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_resize_plan_parent_class)->finalize (object);
}

static void
gh_resize_plan_class_init (GhResizePlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_resize_plan_get_property;
  object_class->set_property = gh_resize_plan_set_property;
  object_class->finalize = gh_resize_plan_finalize;
  plan_class->kind = "resize";
  plan_class->verb = N_("Make larger");
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE,
                                                  flags | G_PARAM_CONSTRUCT_ONLY);
  properties[PROP_TARGET] = g_param_spec_string ("target", NULL, NULL, NULL, flags);
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_resize_plan_init (GhResizePlan *self)
{
}

/**
 * gh_resize_plan_new:
 * @machine: a machine
 * @target: (nullable): the disk
 *
 * Returns: (transfer full): the plan
 */
GhResizePlan *
gh_resize_plan_new (GhMachine  *machine,
                    const char *target)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_RESIZE_PLAN, "machine", machine, "host",
                       gh_machine_get_host (machine), "target", target, NULL);
}

GhMachine *
gh_resize_plan_get_machine (GhResizePlan *self)
{
  g_return_val_if_fail (GH_IS_RESIZE_PLAN (self), NULL);

  return self->machine;
}

GPtrArray *
gh_resize_plan_get_disks (GhResizePlan *self)
{
  g_return_val_if_fail (GH_IS_RESIZE_PLAN (self), NULL);

  return self->disks;
}

const GhResizeDisk *
gh_resize_plan_get_disk (GhResizePlan *self)
{
  g_return_val_if_fail (GH_IS_RESIZE_PLAN (self), NULL);

  for (guint i = 0; self->disks != NULL && i < self->disks->len; i++)
    {
      const GhResizeDisk *disk = g_ptr_array_index (self->disks, i);

      if (self->target == NULL || g_strcmp0 (disk->target, self->target) == 0)
        return disk;
    }
  return NULL;
}
