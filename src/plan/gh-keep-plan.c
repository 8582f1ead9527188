/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* “Keep as a machine”: a trial becomes one. While it was a trial nothing of the original was
 * changed, and only this program kept it from being started; from now on it has to be safe from
 * everybody. So the original goes on with overlays of its own, or becomes a template. */

#define G_LOG_DOMAIN "gh-keep-plan"

#include "config.h"

#include "gh-keep-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-clone-plan-private.h"
#include "gh-create-plan.h"
#include "gh-image-graph.h"
#include "gh-machine-mark.h"
#include "gh-steps.h"
#include "gh-trial-bases.h"
#include "gh-virt-error.h"

struct _GhKeepPlan
{
  GhPlan         parent_instance;

  GhMachine     *machine;
  char          *name;         /* (nullable): proposed */
  gboolean       network;
  int            parent;       /* a GhCloneParent; -1: proposed */

  /* As of the last preparation. */
  GhImageGraph  *graph;        /* (nullable) */
  GhMachineMark *mark;         /* (nullable) */
  GhDomainXml   *original;     /* (nullable): the machine it lies on, if that may write to it */
  GPtrArray     *disks;        /* (nullable) (element-type GhDiskXml): of the original */
  char          *proposed;     /* (nullable): a name */
  gboolean       has_snapshots;
  gboolean       original_has_snapshots;
  guint          serial;
};

G_DEFINE_FINAL_TYPE (GhKeepPlan, gh_keep_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_MACHINE,
  PROP_NAME,
  PROP_NETWORK,
  PROP_PARENT,
  PROP_SERIAL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
dup_title (GhPlan *plan)
{
  return g_strdup_printf (_("Keep “%s” as a machine"),
                          gh_machine_get_name (GH_KEEP_PLAN (plan)->machine));
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

/* What it depends on */

static gboolean
writes (GhImageMachine *machine,
        GhImage        *image)
{
  for (guint i = 0; i < image->users->len; i++)
    {
      GhImageUser *user = g_ptr_array_index (image->users, i);

      if (user->machine == machine && user->writes)
        return TRUE;
    }
  return FALSE;
}

/* Whether the trial lies on @image, which the original writes to. */
static gboolean
is_needed (GhKeepPlan     *self,
           GhImageMachine *original,
           GhImage        *image)
{
  GhImageMachine *trial = gh_image_graph_find_machine (self->graph,
                                                       gh_machine_get_uuid (self->machine));
  g_autoptr (GPtrArray) above = NULL;

  if (image == NULL || trial == NULL || original == NULL || !writes (original, image))
    return FALSE;
  above = gh_image_graph_find_dependents (self->graph, image->path);
  for (guint i = 0; i < above->len; i++)
    if (g_ptr_array_find (trial->images, g_ptr_array_index (above, i), NULL))
      return TRUE;
  return FALSE;
}

static GhImageMachine *
find_original (GhKeepPlan *self)
{
  return self->mark != NULL && self->mark->parent_uuid != NULL && self->graph != NULL
         ? gh_image_graph_find_machine (self->graph, self->mark->parent_uuid) : NULL;
}

static guint
count_needed (GhKeepPlan *self)
{
  GhImageMachine *original = find_original (self);
  guint n = 0;

  for (guint i = 0; original != NULL && i < original->images->len; i++)
    n += is_needed (self, original, g_ptr_array_index (original->images, i)) ? 1 : 0;
  return n;
}

static gboolean
is_needed_disk (GhKeepPlan      *self,
                const GhDiskXml *disk)
{
  GhImageMachine *original = find_original (self);

  return original != NULL && disk->source != NULL &&
         is_needed (self, original, gh_image_graph_find (self->graph, disk->source));
}

static gboolean
is_template (GhKeepPlan *self)
{
  GhImageMachine *original = find_original (self);

  return original != NULL && original->is_template;
}

static gboolean
is_original_active (GhKeepPlan *self)
{
  GhImageMachine *original = find_original (self);

  return original != NULL && original->active;
}

static GhCloneParent
get_parent (GhKeepPlan *self)
{
  if (self->parent >= 0)
    return (GhCloneParent) self->parent;
  return gh_keep_plan_can_overlay (self) ? GH_CLONE_PARENT_OVERLAY : GH_CLONE_PARENT_TEMPLATE;
}

static void
check_parent (GhKeepPlan  *self,
              GhPlanDraft *draft)
{
  const char *name = self->mark->parent_name;

  if (!gh_keep_plan_needs_parent (self))
    return;
  if (is_template (self))
    take_check (draft, GH_CHECK_OK, "machine-template",
                g_strdup_printf (_("“%s” is a template"), name), NULL);
  else if (is_original_active (self))
    take_check (draft, GH_CHECK_REFUSAL, "parent-running", g_strdup_printf (_("“%s” is running"),
                                                                            name),
                _("It writes to what the trial lies on, so the trial is damaged. Discard it."));
  else if (get_parent (self) == GH_CLONE_PARENT_TEMPLATE)
    take_check (draft, GH_CHECK_WARNING, "becomes-template",
                g_strdup_printf (_("“%s” becomes a template"), name),
                _("Its disks may not be written to as long as linked clones depend on them, so it "
                  "cannot be started. Its clones can."));
  else if (self->original_has_snapshots)
    take_check (draft, GH_CHECK_REFUSAL, "parent-snapshots",
                g_strdup_printf (_("“%s” has snapshots"), name),
                _("They are of the disks it has now and would be lost to it with disks of its own "
                  "on top of them. Make it a template, or delete the snapshots."));
  else if (!gh_keep_plan_can_overlay (self))
    take_check (draft, GH_CHECK_REFUSAL, "parent-impossible",
                g_strdup_printf (_("“%s” cannot get new disks of its own"), name),
                _("Make it a template."));
  else
    take_check (draft, GH_CHECK_NOTE, "parent-overlay",
                g_strdup_printf (_("“%s” goes on with new disks of its own"), name),
                _("Its present disks become the base that it shares with its clones, and are not "
                  "written to any more."));
}

static void
check_dependence (GhKeepPlan  *self,
                  GhPlanDraft *draft)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  GhImageMachine *trial = gh_image_graph_find_machine (self->graph,
                                                       gh_machine_get_uuid (self->machine));

  for (guint i = 0; trial != NULL && i < trial->images->len; i++)
    {
      GhImage *image = g_ptr_array_index (trial->images, i);
      GhImage *base = image->below->len > 0 ? g_ptr_array_index (image->below, 0) : NULL;

      if (base != NULL && g_hash_table_add (seen, base))
        take_check (draft, GH_CHECK_NOTE, "depends-on",
                    g_strdup_printf (_("It depends on “%s”"), base->path),
                    _("It holds only what differs from it, for as long as it is a linked clone."));
    }
}

/* Its name */

static char *
dup_proposed_name (GhKeepPlan *self)
{
  g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *machines = gh_image_graph_get_machines (self->graph);
  const char *stem = self->mark->parent_name != NULL && *self->mark->parent_name != '\0'
                     ? self->mark->parent_name : gh_machine_get_name (self->machine);

  if (!gh_keep_plan_can_rename (self))
    return g_strdup (gh_machine_get_name (self->machine));
  for (guint i = 0; i < machines->len; i++)
    g_hash_table_add (taken, ((GhImageMachine *) g_ptr_array_index (machines, i))->name);
  return gh_clone_propose_name (stem, "clone", taken);
}

static const char *
get_name (GhKeepPlan *self)
{
  if (self->name != NULL)
    return self->name;
  return self->proposed != NULL ? self->proposed : gh_machine_get_name (self->machine);
}

static void
check_name (GhKeepPlan  *self,
            GhPlanDraft *draft)
{
  const char *present = gh_machine_get_name (self->machine);
  const char *name = get_name (self);
  const char *id = NULL;
  g_autofree char *fault = NULL;
  GPtrArray *machines = gh_image_graph_get_machines (self->graph);

  if (strcmp (name, present) == 0)
    {
      if (!gh_keep_plan_can_rename (self))
        take_check (draft, GH_CHECK_NOTE, "name-kept", g_strdup_printf (_("It is called “%s”"),
                                                                        present),
                    _("It can have another name while it is off and has no snapshots."));
      return;
    }
  fault = gh_create_plan_check_name (name, &id);
  if (fault != NULL)
    {
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, id, fault, NULL));
      return;
    }
  if (!gh_keep_plan_can_rename (self))
    take_check (draft, GH_CHECK_REFUSAL, "rename-impossible",
                g_strdup_printf (_("“%s” cannot be renamed now"), present),
                _("It can have another name while it is off and has no snapshots."));
  for (guint i = 0; i < machines->len; i++)
    if (strcmp (((GhImageMachine *) g_ptr_array_index (machines, i))->name, name) == 0)
      take_check (draft, GH_CHECK_REFUSAL, "name-taken",
                  g_strdup_printf (_("There is a machine named “%s” already"), name),
                  _("Choose another name."));
}

/* Steps */

/* Beside the disk, by a name that no image has. */
static char *
dup_overlay_path (GhKeepPlan      *self,
                  const GhDiskXml *disk)
{
  g_autofree char *folder = g_path_get_dirname (disk->source);

  for (guint i = 1;; i++)
    {
      g_autofree char *file = i == 1
                              ? g_strdup_printf ("%s-own-%s.qcow2", self->mark->parent_name,
                                                 disk->target)
                              : g_strdup_printf ("%s-own-%s-%u.qcow2", self->mark->parent_name,
                                                 disk->target, i);
      g_autofree char *path = g_build_filename (folder, file, NULL);

      if (gh_image_graph_find (self->graph, path) == NULL)
        return g_steal_pointer (&path);
    }
}

/* @keep: learns what is nobody's own disk any more. */
static void
add_overlays (GhKeepPlan  *self,
              GhPlanDraft *draft,
              GhStep      *keep)
{
  GhStep *step = gh_parent_step_new (self->mark->parent_uuid, self->mark->parent_name);

  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (self->disks, i);
      const char *format = disk->format != NULL ? disk->format : "raw";
      g_autofree char *path = NULL;
      GhImage *image = NULL;
      GhStep *overlay = NULL;

      if (!is_needed_disk (self, disk))
        continue;
      path = dup_overlay_path (self, disk);
      image = gh_image_graph_find (self->graph, disk->source);
      overlay = gh_copy_step_new (disk->source, format, path, "qcow2", GH_COPY_LINK, image->pool);
      gh_step_set_int (overlay, "capacity", (gint64) image->capacity);
      gh_plan_draft_add_step (draft, overlay);
      gh_parent_step_add_disk (step, disk, disk->source, format, path);
      gh_keep_step_add_shared (keep, disk->source);
    }
  gh_plan_draft_add_step (draft, step);
}

static void
add_steps (GhKeepPlan  *self,
           GhPlanDraft *draft)
{
  const char *uuid = gh_machine_get_uuid (self->machine);
  const char *name = gh_machine_get_name (self->machine);
  GhStep *keep = gh_keep_step_new (uuid, name, self->network);

  if (gh_keep_plan_needs_parent (self) && !is_template (self) && !is_original_active (self))
    {
      if (get_parent (self) == GH_CLONE_PARENT_TEMPLATE)
        gh_plan_draft_add_step (draft, gh_template_step_new (self->mark->parent_uuid,
                                                             self->mark->parent_name, TRUE));
      else if (gh_keep_plan_can_overlay (self))
        add_overlays (self, draft, keep);
    }
  gh_plan_draft_add_step (draft, keep);
  if (strcmp (get_name (self), name) != 0)
    gh_plan_draft_add_step (draft, gh_rename_step_new (uuid, name, get_name (self)));
}

/* Preparing */

static void
return_draft (GTask       *task,
              GhPlanDraft *draft)
{
  GhKeepPlan *self = GH_KEEP_PLAN (g_task_get_source_object (task));

  self->serial++;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SERIAL]);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
decide (GTask *task)
{
  GhKeepPlan *self = GH_KEEP_PLAN (g_task_get_source_object (task));
  GhPlanDraft *draft = gh_plan_draft_new ();
  const char *name = gh_machine_get_name (self->machine);
  const char *busy = gh_machine_get_busy_text (self->machine);

  if (self->mark->kind != GH_MACHINE_TRIAL)
    {
      take_check (draft, GH_CHECK_REFUSAL, "not-a-trial",
                  g_strdup_printf (_("“%s” is not a throw-away copy"), name),
                  _("It is kept anyway."));
      return_draft (task, draft);
      return;
    }
  if (busy != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "machine-busy",
                g_strdup_printf (_("“%s” is busy: %s"), name, busy), _("Wait until that is done."));
  g_free (self->proposed);
  self->proposed = dup_proposed_name (self);
  check_name (self, draft);
  check_parent (self, draft);
  check_dependence (self, draft);
  gh_trial_bases_check (draft, GH_CHECK_REFUSAL, self->graph, self->mark,
                        gh_machine_get_uuid (self->machine));
  if (self->mark->unplugged->len > 0 && !self->network)
    take_check (draft, GH_CHECK_NOTE, "network-unplugged",
                g_strdup (_("It stays without a network")), NULL);
  add_steps (self, draft);
  return_draft (task, draft);
}

static void
take_original (GhKeepPlan   *self,
               GhDefinition *definition)
{
  self->original = gh_domain_xml_new_from_string (definition->xml, NULL);
  self->disks = self->original != NULL ? gh_domain_xml_list_disks (self->original) : NULL;
  self->original_has_snapshots = definition->snapshots != NULL && definition->snapshots[0] != NULL;
}

static void
original_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhKeepPlan *self = GH_KEEP_PLAN (g_task_get_source_object (task));
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
  take_original (self, definition);
  decide (task);
}

static void
definition_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhHost *host = GH_HOST (object);
  GhKeepPlan *self = GH_KEEP_PLAN (g_task_get_source_object (task));
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (host, result, &error);

  if (definition == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;
  g_clear_pointer (&self->mark, gh_machine_mark_free);
  g_clear_object (&self->original);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  self->mark = gh_machine_mark_new (definition->metadata);
  self->has_snapshots = definition->snapshots != NULL && definition->snapshots[0] != NULL;
  if (self->mark->kind == GH_MACHINE_TRIAL && self->mark->parent_uuid != NULL &&
      gh_image_graph_find_machine (self->graph, self->mark->parent_uuid) != NULL)
    gh_host_load_definition_async (host, self->mark->parent_uuid, g_task_get_cancellable (task),
                                   original_loaded_cb, g_object_ref (task));
  else
    decide (task);
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhKeepPlan *self = GH_KEEP_PLAN (g_task_get_source_object (task));
  GError *error = NULL;
  GhImageGraph *graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_clear_pointer (&self->graph, gh_image_graph_unref);
  self->graph = graph;
  gh_host_load_definition_async (GH_HOST (object), gh_machine_get_uuid (self->machine),
                                 g_task_get_cancellable (task), definition_loaded_cb,
                                 g_object_ref (task));
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhKeepPlan *self = GH_KEEP_PLAN (g_task_get_source_object (task));
  GhHost *host = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  GhPlanDraft *draft = NULL;

  if (gh_host_ready_finish (host, result, &error) && gh_machine_exists (self->machine))
    {
      gh_image_graph_reload_async (host, NULL, g_task_get_cancellable (task), graph_loaded_cb,
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
                  g_strdup_printf (_("The host %s cannot be reached"), gh_host_get_uri (host)),
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

/* Properties */

static void
gh_keep_plan_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  GhKeepPlan *self = GH_KEEP_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_NAME:
      g_value_set_string (value, get_name (self));
      break;
    case PROP_NETWORK:
      g_value_set_boolean (value, self->network);
      break;
    case PROP_PARENT:
      g_value_set_int (value, (int) get_parent (self));
      break;
    case PROP_SERIAL:
      g_value_set_uint (value, self->serial);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_keep_plan_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  GhKeepPlan *self = GH_KEEP_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      self->machine = g_value_dup_object (value);
      return;
    case PROP_NAME:
      if (g_strcmp0 (self->name, g_value_get_string (value)) == 0)
        return;
      g_free (self->name);
      self->name = g_value_dup_string (value);
      break;
    case PROP_NETWORK:
      if (self->network == g_value_get_boolean (value))
        return;
      self->network = g_value_get_boolean (value);
      break;
    case PROP_PARENT:
      if (self->parent == g_value_get_int (value))
        return;
      self->parent = g_value_get_int (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      return;
    }
  gh_plan_invalidate (GH_PLAN (self));
  g_object_notify_by_pspec (object, pspec);
}

static void
gh_keep_plan_finalize (GObject *object)
{
  GhKeepPlan *self = GH_KEEP_PLAN (object);

  g_clear_object (&self->machine);
  g_free (self->name);
  g_free (self->proposed);
  g_clear_pointer (&self->graph, gh_image_graph_unref);
  g_clear_pointer (&self->mark, gh_machine_mark_free);
  g_clear_object (&self->original);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_keep_plan_parent_class)->finalize (object);
}

static void
gh_keep_plan_class_init (GhKeepPlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_keep_plan_get_property;
  object_class->set_property = gh_keep_plan_set_property;
  object_class->finalize = gh_keep_plan_finalize;
  plan_class->kind = "keep";
  plan_class->verb = N_("Keep");
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                  G_PARAM_STATIC_STRINGS);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_NETWORK] = g_param_spec_boolean ("network", NULL, NULL, TRUE, flags);
  properties[PROP_PARENT] = g_param_spec_int ("parent", NULL, NULL, GH_CLONE_PARENT_TEMPLATE,
                                              GH_CLONE_PARENT_OVERLAY, GH_CLONE_PARENT_TEMPLATE,
                                              flags);
  properties[PROP_SERIAL] = g_param_spec_uint ("serial", NULL, NULL, 0, G_MAXUINT, 0,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                               G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_keep_plan_init (GhKeepPlan *self)
{
  self->network = TRUE;
  self->parent = -1;
}

GhKeepPlan *
gh_keep_plan_new (GhMachine *machine)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_KEEP_PLAN, "machine", machine, "host",
                       gh_machine_get_host (machine), NULL);
}

GhMachine *
gh_keep_plan_get_machine (GhKeepPlan *self)
{
  g_return_val_if_fail (GH_IS_KEEP_PLAN (self), NULL);

  return self->machine;
}

gboolean
gh_keep_plan_can_rename (GhKeepPlan *self)
{
  g_return_val_if_fail (GH_IS_KEEP_PLAN (self), FALSE);

  return self->mark != NULL && !self->has_snapshots &&
         gh_machine_get_state (self->machine) == GH_MACHINE_OFF;
}

gboolean
gh_keep_plan_needs_parent (GhKeepPlan *self)
{
  g_return_val_if_fail (GH_IS_KEEP_PLAN (self), FALSE);

  return count_needed (self) > 0;
}

gboolean
gh_keep_plan_can_overlay (GhKeepPlan *self)
{
  guint n = 0;

  g_return_val_if_fail (GH_IS_KEEP_PLAN (self), FALSE);

  /* A disk that is named by its pool cannot be exchanged by its path. */
  for (guint i = 0; self->disks != NULL && i < self->disks->len; i++)
    n += is_needed_disk (self, g_ptr_array_index (self->disks, i)) ? 1 : 0;
  return n > 0 && n == count_needed (self) && !is_template (self) &&
         !self->original_has_snapshots && gh_host_is_local (gh_plan_get_host (GH_PLAN (self)));
}

gboolean
gh_keep_plan_has_unplugged (GhKeepPlan *self)
{
  g_return_val_if_fail (GH_IS_KEEP_PLAN (self), FALSE);

  return self->mark != NULL && self->mark->unplugged->len > 0;
}
