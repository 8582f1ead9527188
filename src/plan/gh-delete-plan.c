/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Deleting a machine. Its definition goes first, its files after: so a file is removed
 * only when nothing refers to it any more, which the step itself looks at once again. Files
 * go from the topmost layer down.
 *
 * Without saved state, snapshots, NVRAM or TPM state to remove, the machine comes back
 * when the first file cannot be removed.
 */

#define G_LOG_DOMAIN "gh-delete-plan"

#include "config.h"

#include "gh-delete-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-machine-mark.h"
#include "gh-steps.h"
#include "gh-virt-error.h"

struct _GhDeletePlan
{
  GhPlan          parent_instance;

  GhMachine      *machine;
  gboolean        keep_disks;
  gboolean        discard; /* a trial */
  GHashTable     *ticks; /* path -> GINT_TO_POINTER (gboolean): the user's */
  GhMachineFiles *files; /* (nullable) */
  GhMachineMark  *mark;  /* (nullable): of a trial, read with the files */
};

G_DEFINE_FINAL_TYPE (GhDeletePlan, gh_delete_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_MACHINE,
  PROP_KEEP_DISKS,
  PROP_DISCARD,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
dup_title (GhPlan *plan)
{
  GhDeletePlan *self = GH_DELETE_PLAN (plan);
  const char *name = gh_machine_get_name (self->machine);

  return self->discard ? g_strdup_printf (_("Discard “%s”"), name)
                       : g_strdup_printf (_("Delete “%s”"), name);
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

/* What is lost is what a trial is discarded for. */
static GhCheckLevel
get_loss_level (GhDeletePlan *self)
{
  return self->discard ? GH_CHECK_NOTE : GH_CHECK_WARNING;
}

static gboolean
has_ticked_role (GhDeletePlan *self,
                 GhFileRole    role)
{
  for (guint i = 0; i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);

      if (file->role == role && gh_delete_plan_get_ticked (self, file))
        return TRUE;
    }
  return FALSE;
}

static void
check_state (GhDeletePlan *self,
             GhPlanDraft  *draft)
{
  const char *name = gh_machine_get_name (self->machine);
  const char *detail = _("What it has not written to its disks is lost.");
  g_autofree char *span = NULL;
  gboolean exact = FALSE;
  gint64 uptime = -1;

  if (gh_machine_get_busy_text (self->machine) != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "machine-busy",
                g_strdup_printf (_("“%s” is busy: %s"), name,
                                 gh_machine_get_busy_text (self->machine)),
                _("Wait until that is done."));
  if (!gh_machine_is_active (self->machine))
    {
      take_check (draft, GH_CHECK_OK, "machine-off", g_strdup_printf (_("“%s” is off"), name),
                  NULL);
      return;
    }

  uptime = gh_machine_get_uptime (self->machine, &exact);
  span = uptime >= 0 && exact ? gh_format_duration (uptime) : NULL;
  take_check (draft, get_loss_level (self), "machine-running",
              span != NULL
              /* Translators: a machine's name, and a span of time: “2 hours” */
              ? g_strdup_printf (_("“%s” has been running for %s and will be forced off"), name,
                                 span)
              : g_strdup_printf (_("“%s” is running and will be forced off"), name), detail);
}

static gboolean
is_transient (GhMachine *machine)
{
  gboolean transient = FALSE;

  g_object_get (machine, "transient", &transient, NULL);
  return transient;
}

static void
check_state_files (GhDeletePlan *self,
                   GhPlanDraft  *draft)
{
  guint n = self->files->n_snapshots;
  gboolean disk_kept = FALSE;

  if (is_transient (self->machine))
    take_check (draft, GH_CHECK_NOTE, "machine-transient",
                g_strdup_printf (_("“%s” has no permanent definition and is gone once it is off"),
                                 gh_machine_get_name (self->machine)), NULL);
  if (self->files->has_saved_state)
    take_check (draft, get_loss_level (self), "saved-state",
                g_strdup (_("Its saved state is deleted")),
                _("The machine was saved while it ran. What it had not written to its disks is "
                  "lost."));
  if (n > 0)
    take_check (draft, get_loss_level (self), "snapshots",
                g_strdup_printf (ngettext ("Its snapshot is forgotten",
                                           "Its %u snapshots are forgotten", n), n),
                _("Without the machine there is no way back to a snapshot, also where its disks "
                  "are kept."));
  if (self->files->n_checkpoints > 0)
    take_check (draft, GH_CHECK_WARNING, "checkpoints",
                g_strdup (_("Its checkpoints are forgotten")),
                _("Backup programs go by them for what has changed; their next backup of these "
                  "disks has to be a full one."));

  for (guint i = 0; i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);

      disk_kept = disk_kept || (file->role == GH_FILE_DISK && file->exists &&
                                !gh_delete_plan_get_ticked (self, file));
    }
  if (disk_kept && has_ticked_role (self, GH_FILE_TPM_STATE))
    take_check (draft, GH_CHECK_WARNING, "tpm-without-disk",
                g_strdup (_("Its TPM state is deleted, but not all of its disks")),
                _("A disk that was encrypted with the help of the TPM can then be opened with its "
                  "recovery key only."));
}

static const char *
find_kept_layer (GhDeletePlan  *self,
                 GhMachineFile *below)
{
  for (guint i = 0; i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);

      if (file->chain != NULL && file->exists && !gh_delete_plan_get_ticked (self, file) &&
          g_strv_contains ((const char * const *) file->chain, below->path))
        return file->path;
    }
  return NULL;
}

static void
check_files (GhDeletePlan *self,
             GhPlanDraft  *draft)
{
  for (guint i = 0; i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);
      gboolean ticked = gh_delete_plan_get_ticked (self, file);
      const char *kept = ticked ? find_kept_layer (self, file) : NULL;

      if (kept != NULL)
        take_check (draft, GH_CHECK_REFUSAL, "backing-needed",
                    g_strdup_printf (_("“%s” is needed by “%s”, which is kept"), file->path, kept),
                    _("Delete both, or neither."));
      else if (ticked && file->shared)
        take_check (draft, GH_CHECK_NOTE, "base-deleted",
                    g_strdup_printf (_("“%s” is deleted as well"), file->path),
                    _("It was made for linked clones to share, and this is the last machine that "
                      "needs it."));
      /* What others use was never the trial's to take along. */
      else if (!ticked && !(self->discard && file->users != NULL))
        take_check (draft, GH_CHECK_NOTE, "file-kept",
                    g_strdup_printf (_("Not deleted: %s"), file->path), file->reason);
    }
}

/* What others need of it, and what nobody knows of that. */
static void
check_graph (GhDeletePlan *self,
             GhPlanDraft  *draft)
{
  GhImageGraph *graph = self->files->graph;
  GPtrArray *blind_spots = gh_image_graph_get_blind_spots (graph);
  GPtrArray *unreadable = gh_image_graph_get_unreadable (graph);
  const char *uuid = gh_machine_get_uuid (self->machine);
  g_autoptr (GPtrArray) refusals = gh_image_graph_check_machine (graph, uuid,
                                                                 GH_IMAGE_USE_DELETE);
  g_autofree char *dependents = gh_image_graph_dup_dependents (graph, uuid);
  gboolean removes = FALSE;

  for (guint i = 0; i < refusals->len; i++)
    gh_plan_draft_add_check (draft, g_object_ref (g_ptr_array_index (refusals, i)));
  if (refusals->len == 0 && dependents != NULL && !self->discard)
    take_check (draft, GH_CHECK_NOTE, "images-needed",
                /* Translators: a list of machines. */
                g_strdup_printf (_("What is needed by %s is not deleted"), dependents),
                _("They hold only what differs from its disks."));

  for (guint i = 0; i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);

      removes = removes || (file->role < GH_FILE_NVRAM && gh_delete_plan_get_ticked (self, file));
    }
  if (!removes)
    return;
  if (blind_spots->len > 0)
    take_check (draft, GH_CHECK_REFUSAL, "images-unknown",
                g_strdup (_("It is not known whether others need its files: keep them")),
                g_ptr_array_index (blind_spots, 0));
  if (unreadable->len > 0)
    take_check (draft, get_loss_level (self), "image-unreadable",
                g_strdup_printf (_("It is not known what “%s” depends on"),
                                 ((GhImage *) g_ptr_array_index (unreadable, 0))->path),
                _("If it lies on a file that is deleted, it breaks. A storage pool for its folder "
                  "lets the host tell."));
}

static GhUndefineFlags
choose_flags (GhDeletePlan *self)
{
  GhUndefineFlags flags = 0;

  if (self->files->has_saved_state)
    flags |= GH_UNDEFINE_SAVED_STATE;
  if (self->files->n_snapshots > 0)
    flags |= GH_UNDEFINE_SNAPSHOTS;
  if (self->files->n_checkpoints > 0)
    flags |= GH_UNDEFINE_CHECKPOINTS;
  if (has_ticked_role (self, GH_FILE_NVRAM))
    flags |= GH_UNDEFINE_NVRAM;
  if (has_ticked_role (self, GH_FILE_TPM_STATE))
    flags |= GH_UNDEFINE_TPM;
  return flags;
}

static int
compare_depths (gconstpointer a,
                gconstpointer b)
{
  const GhMachineFile *first = *(const GhMachineFile * const *) a;
  const GhMachineFile *second = *(const GhMachineFile * const *) b;

  if (first->depth != second->depth)
    return first->depth < second->depth ? -1 : 1;
  return strcmp (first->path, second->path);
}

static void
add_steps (GhDeletePlan *self,
           GhPlanDraft  *draft)
{
  g_autoptr (GPtrArray) removed = g_ptr_array_new ();
  const char *uuid = gh_machine_get_uuid (self->machine);
  const char *name = gh_machine_get_name (self->machine);

  if (gh_machine_is_active (self->machine))
    gh_plan_draft_add_step (draft, gh_force_off_step_new (uuid, name));
  if (!is_transient (self->machine))
    gh_plan_draft_add_step (draft, gh_undefine_step_new (uuid, name, choose_flags (self)));
  for (guint i = 0; i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);

      /* Libvirt removes its own state with the definition. */
      if (file->role < GH_FILE_NVRAM && gh_delete_plan_get_ticked (self, file))
        g_ptr_array_add (removed, file);
    }
  g_ptr_array_sort (removed, compare_depths);
  for (guint i = 0; i < removed->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (removed, i);

      gh_plan_draft_add_step (draft, gh_volume_remove_step_new (file->path, file->pool));
    }
}

/* Whether @path was made for the trial, by what is recorded in it. */
static gboolean
is_recorded (GhDeletePlan *self,
             const char   *path)
{
  return g_ptr_array_find_with_equal_func (self->mark->trial_files, path, g_str_equal, NULL);
}

/* Somebody has made something from the trial. */
static void
check_trial_files (GhDeletePlan *self,
                   GhPlanDraft  *draft)
{
  for (guint i = 0; self->discard && i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);

      if (file->users != NULL && is_recorded (self, file->path))
        take_check (draft, GH_CHECK_REFUSAL, "images-needed",
                    g_strdup_printf (_("“%s” is needed: its disk is used by %s"),
                                     gh_machine_get_name (self->machine), file->users),
                    _("They hold only what differs from its disks. Delete them first, or keep it "
                      "as a machine."));
    }
}

/* A trial whose mark is gone is somebody's machine by now. */
static gboolean
check_trial (GhDeletePlan *self,
             GhPlanDraft  *draft)
{
  if (!self->discard || self->mark->kind == GH_MACHINE_TRIAL)
    return TRUE;
  take_check (draft, GH_CHECK_REFUSAL, "not-a-trial",
              g_strdup_printf (_("“%s” is not a throw-away copy"),
                               gh_machine_get_name (self->machine)),
              _("Only trials are discarded. To get rid of a machine, delete it."));
  return FALSE;
}

static void
return_draft (GTask       *task,
              GhPlanDraft *draft)
{
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
decide (GTask *task)
{
  GhDeletePlan *self = GH_DELETE_PLAN (g_task_get_source_object (task));
  GhPlanDraft *draft = gh_plan_draft_new ();

  if (check_trial (self, draft))
    {
      check_state (self, draft);
      check_state_files (self, draft);
      check_files (self, draft);
      check_graph (self, draft);
      check_trial_files (self, draft);
      add_steps (self, draft);
    }
  return_draft (task, draft);
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhDeletePlan *self = GH_DELETE_PLAN (g_task_get_source_object (task));
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);

  if (definition == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;
  g_clear_pointer (&self->mark, gh_machine_mark_free);
  self->mark = gh_machine_mark_new (definition->metadata);
  decide (task);
}

static void
files_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhDeletePlan *self = GH_DELETE_PLAN (g_task_get_source_object (task));
  GError *error = NULL;
  GhMachineFiles *files = gh_machine_files_load_finish (GH_MACHINE (object), result, &error);

  if (files == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  /* A preparation that was dropped must not put its files beside another's checks. */
  if (g_task_return_error_if_cancelled (task))
    {
      gh_machine_files_unref (files);
      return;
    }
  g_clear_pointer (&self->files, gh_machine_files_unref);
  self->files = files;
  if (self->discard)
    gh_host_load_definition_async (gh_plan_get_host (GH_PLAN (self)),
                                   gh_machine_get_uuid (self->machine),
                                   g_task_get_cancellable (task), definition_loaded_cb,
                                   g_object_ref (task));
  else
    decide (task);
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhDeletePlan *self = GH_DELETE_PLAN (g_task_get_source_object (task));
  g_autoptr (GError) error = NULL;
  GhPlanDraft *draft = NULL;

  if (gh_host_ready_finish (GH_HOST (object), result, &error) && gh_machine_exists (self->machine))
    {
      gh_machine_files_load_async (self->machine, g_task_get_cancellable (task), files_loaded_cb,
                                   g_object_ref (task));
      return;
    }
  if (gh_error_is_cancelled (error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  draft = gh_plan_draft_new ();
  if (error != NULL)
    {
      g_autofree char *detail = gh_error_dup_sentence (error);

      take_check (draft, GH_CHECK_REFUSAL, "host-unreachable",
                  g_strdup_printf (_("The host %s cannot be reached"),
                                   gh_host_get_uri (GH_HOST (object))),
                  detail);
    }
  else
    take_check (draft, GH_CHECK_REFUSAL, "machine-gone",
                g_strdup_printf (_("“%s” is gone"), gh_machine_get_name (self->machine)),
                _("Somebody else has removed it in the meantime."));
  return_draft (task, draft);
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GTask *task = g_task_new (plan, cancellable, callback, user_data);

  g_task_set_source_tag (task, prepare_async);
  gh_host_ready_async (gh_plan_get_host (plan), cancellable, host_ready_cb, task);
}

static void
gh_delete_plan_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  GhDeletePlan *self = GH_DELETE_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_KEEP_DISKS:
      g_value_set_boolean (value, self->keep_disks);
      break;
    case PROP_DISCARD:
      g_value_set_boolean (value, self->discard);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_delete_plan_set_property (GObject      *object,
                             guint         prop_id,
                             const GValue *value,
                             GParamSpec   *pspec)
{
  GhDeletePlan *self = GH_DELETE_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      self->machine = g_value_dup_object (value);
      break;
    case PROP_KEEP_DISKS:
      gh_delete_plan_set_keep_disks (self, g_value_get_boolean (value));
      break;
    case PROP_DISCARD:
      self->discard = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_delete_plan_finalize (GObject *object)
{
  GhDeletePlan *self = GH_DELETE_PLAN (object);

  g_clear_object (&self->machine);
  g_hash_table_unref (self->ticks);
  g_clear_pointer (&self->files, gh_machine_files_unref);
  g_clear_pointer (&self->mark, gh_machine_mark_free);
  G_OBJECT_CLASS (gh_delete_plan_parent_class)->finalize (object);
}

static void
gh_delete_plan_class_init (GhDeletePlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);

  object_class->get_property = gh_delete_plan_get_property;
  object_class->set_property = gh_delete_plan_set_property;
  object_class->finalize = gh_delete_plan_finalize;
  plan_class->kind = "delete";
  plan_class->verb = N_("Delete");
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                  G_PARAM_STATIC_STRINGS);
  properties[PROP_KEEP_DISKS] = g_param_spec_boolean ("keep-disks", NULL, NULL, FALSE,
                                                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                      G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_DISCARD] = g_param_spec_boolean ("discard", NULL, NULL, FALSE,
                                                   G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                   G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_delete_plan_init (GhDeletePlan *self)
{
  self->ticks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

GhDeletePlan *
gh_delete_plan_new (GhMachine *machine)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_DELETE_PLAN, "machine", machine, "host",
                       gh_machine_get_host (machine), NULL);
}

GhDeletePlan *
gh_delete_plan_new_discard (GhMachine *trial)
{
  g_return_val_if_fail (GH_IS_MACHINE (trial), NULL);

  return g_object_new (GH_TYPE_DELETE_PLAN, "machine", trial, "discard", TRUE, "host",
                       gh_machine_get_host (trial), NULL);
}

GhMachine *
gh_delete_plan_get_machine (GhDeletePlan *self)
{
  g_return_val_if_fail (GH_IS_DELETE_PLAN (self), NULL);

  return self->machine;
}

void
gh_delete_plan_set_keep_disks (GhDeletePlan *self,
                               gboolean      keep_disks)
{
  g_return_if_fail (GH_IS_DELETE_PLAN (self));

  keep_disks = !!keep_disks;
  if (self->keep_disks == keep_disks)
    return;
  self->keep_disks = keep_disks;
  gh_plan_invalidate (GH_PLAN (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEEP_DISKS]);
}

gboolean
gh_delete_plan_get_keep_disks (GhDeletePlan *self)
{
  g_return_val_if_fail (GH_IS_DELETE_PLAN (self), FALSE);

  return self->keep_disks;
}

GhMachineFiles *
gh_delete_plan_get_files (GhDeletePlan *self)
{
  g_return_val_if_fail (GH_IS_DELETE_PLAN (self), NULL);

  return self->files;
}

void
gh_delete_plan_set_ticked (GhDeletePlan *self,
                           const char   *path,
                           gboolean      ticked)
{
  gpointer before = NULL;

  g_return_if_fail (GH_IS_DELETE_PLAN (self));
  g_return_if_fail (path != NULL);

  if (g_hash_table_lookup_extended (self->ticks, path, NULL, &before) &&
      GPOINTER_TO_INT (before) == !!ticked)
    return;
  g_hash_table_insert (self->ticks, g_strdup (path), GINT_TO_POINTER (!!ticked));
  gh_plan_invalidate (GH_PLAN (self));
}

/* Nobody is shown the files of a trial before they go: those that came to it later stay, but for
 * layers on top of its own, which are of no use without them. */
static gboolean
goes_with_trial (GhDeletePlan  *self,
                 GhMachineFile *file)
{
  if (file->role != GH_FILE_DISK && file->role != GH_FILE_BACKING)
    return file->advice == GH_FILE_REMOVE;
  if (self->mark == NULL || self->mark->trial_files->len == 0)
    return FALSE;
  if (is_recorded (self, file->path))
    return TRUE;
  for (guint i = 0; file->chain != NULL && file->chain[i] != NULL; i++)
    if (is_recorded (self, file->chain[i]))
      return file->advice == GH_FILE_REMOVE;
  return FALSE;
}

gboolean
gh_delete_plan_get_ticked (GhDeletePlan  *self,
                           GhMachineFile *file)
{
  gpointer ticked = NULL;

  g_return_val_if_fail (GH_IS_DELETE_PLAN (self), FALSE);
  g_return_val_if_fail (file != NULL, FALSE);

  if (file->advice == GH_FILE_GOES_ALONG)
    return TRUE;
  if (file->advice == GH_FILE_KEEP_ONLY || self->keep_disks)
    return FALSE;
  if (g_hash_table_lookup_extended (self->ticks, file->path, NULL, &ticked))
    return GPOINTER_TO_INT (ticked);
  if (self->discard)
    return goes_with_trial (self, file);
  /* A base stays with what lies on it. */
  return file->advice == GH_FILE_REMOVE && !(file->shared && find_kept_layer (self, file) != NULL);
}

gboolean
gh_delete_plan_can_tick (GhDeletePlan  *self,
                         GhMachineFile *file)
{
  g_return_val_if_fail (GH_IS_DELETE_PLAN (self), FALSE);
  g_return_val_if_fail (file != NULL, FALSE);

  return !self->keep_disks && (file->advice == GH_FILE_REMOVE || file->advice == GH_FILE_KEEP);
}

guint64
gh_delete_plan_get_freed (GhDeletePlan *self)
{
  guint64 freed = 0;

  g_return_val_if_fail (GH_IS_DELETE_PLAN (self), 0);

  for (guint i = 0; self->files != NULL && i < self->files->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files->files, i);

      if (file->has_size && gh_delete_plan_get_ticked (self, file))
        freed += file->size;
    }
  return freed;
}
