/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Going back takes a snapshot of how the machine is first, so that it can be undone, and the user
 * can come back later as well. Where that cannot be, the plan says what is lost, and is final. */

#define G_LOG_DOMAIN "gh-snapshot-plan"

#include "config.h"

#include "gh-snapshot-plan-private.h"

#include <glib/gi18n-lib.h>

#include "gh-steps.h"
#include "gh-virt-error.h"

typedef enum
{
  VERB_TAKE,
  VERB_REVERT,
  VERB_DELETE,
} Verb;

typedef struct
{
  GhMachine *machine;
  char      *snapshot;    /* (nullable) */
  char      *proposed;    /* (nullable) */
  char      *description; /* (nullable) */
  gboolean   safety;
  Verb       verb;
} GhSnapshotPlanPrivate;

typedef GhSnapshotPlan GhSnapshotTakePlan;
typedef GhSnapshotPlanClass GhSnapshotTakePlanClass;
typedef GhSnapshotPlan GhSnapshotRevertPlan;
typedef GhSnapshotPlanClass GhSnapshotRevertPlanClass;
typedef GhSnapshotPlan GhSnapshotDeletePlan;
typedef GhSnapshotPlanClass GhSnapshotDeletePlanClass;

static GType gh_snapshot_take_plan_get_type   (void);
static GType gh_snapshot_revert_plan_get_type (void);
static GType gh_snapshot_delete_plan_get_type (void);

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GhSnapshotPlan, gh_snapshot_plan, GH_TYPE_PLAN)
G_DEFINE_FINAL_TYPE (GhSnapshotTakePlan, gh_snapshot_take_plan, GH_TYPE_SNAPSHOT_PLAN)
G_DEFINE_FINAL_TYPE (GhSnapshotRevertPlan, gh_snapshot_revert_plan, GH_TYPE_SNAPSHOT_PLAN)
G_DEFINE_FINAL_TYPE (GhSnapshotDeletePlan, gh_snapshot_delete_plan, GH_TYPE_SNAPSHOT_PLAN)

enum
{
  PROP_0,
  PROP_MACHINE,
  PROP_SNAPSHOT,
  PROP_DESCRIPTION,
  PROP_SAFETY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static GhSnapshotPlanPrivate *
get_private (gpointer self)
{
  return gh_snapshot_plan_get_instance_private (self);
}

static char *
dup_title (GhPlan *plan)
{
  GhSnapshotPlanPrivate *priv = get_private (plan);
  const char *machine = gh_machine_get_name (priv->machine);
  const char *name = gh_snapshot_plan_get_name (GH_SNAPSHOT_PLAN (plan));

  switch (priv->verb)
    {
    case VERB_REVERT:
      /* Translators: a machine, and a snapshot of it. */
      return g_strdup_printf (_("Go back to the snapshot “%2$s” of “%1$s”"), machine, name);
    case VERB_DELETE:
      /* Translators: a machine, and a snapshot of it. */
      return g_strdup_printf (_("Delete the snapshot “%2$s” of “%1$s”"), machine, name);
    case VERB_TAKE:
    default:
      return g_strdup_printf (_("Take a snapshot of “%s”"), machine);
    }
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

/* Filling the draft */

static void
fill_take (GhSnapshotPlan        *self,
           const GhSnapshotFacts *facts,
           GhPlanDraft           *draft)
{
  GhSnapshotPlanPrivate *priv = get_private (self);
  const GhSnapshotList *list = facts->list;

  if (priv->proposed == NULL || gh_snapshot_list_find (list, priv->proposed) != NULL)
    {
      g_autoptr (GDateTime) now = g_date_time_new_now_local ();
      g_autofree char *wish = g_date_time_format (now, "%Y-%m-%d-%H%M");

      g_free (priv->proposed);
      priv->proposed = gh_snapshot_facts_dup_free_name (facts, wish);
    }
  gh_snapshot_check_take (facts, gh_snapshot_plan_get_name (self), draft);
  gh_plan_draft_add_step (draft, gh_snapshot_take_step_new (
                            gh_machine_get_uuid (priv->machine), list->name,
                            gh_snapshot_plan_get_name (self), priv->description, list->active,
                            (const char * const *) facts->kept,
                            (const char * const *) facts->left_out));
}

static void
fill_revert (GhSnapshotPlan        *self,
             const GhSnapshotFacts *facts,
             GhPlanDraft           *draft)
{
  GhSnapshotPlanPrivate *priv = get_private (self);
  const GhSnapshotList *list = facts->list;
  const char *uuid = gh_machine_get_uuid (priv->machine);
  g_autoptr (GhCheck) obstacle = gh_snapshot_facts_dup_obstacle (facts);
  g_autofree char *safety = NULL;

  if (priv->safety && obstacle == NULL)
    {
      g_autofree char *wish = g_strdup_printf ("before-%s", priv->snapshot);

      safety = gh_snapshot_facts_dup_free_name (facts, wish);
    }
  gh_snapshot_check_revert (facts, priv->snapshot, safety, priv->safety, draft);
  if (gh_snapshot_list_find (list, priv->snapshot) == NULL)
    return;
  if (safety != NULL)
    {
      g_autofree char *description = NULL;

      /* Translators: a snapshot's name. */
      description = g_strdup_printf (_("Taken before going back to “%s”"), priv->snapshot);
      gh_plan_draft_add_step (draft, gh_snapshot_take_step_new (
                                uuid, list->name, safety, description, list->active,
                                (const char * const *) facts->kept,
                                (const char * const *) facts->left_out));
    }
  gh_plan_draft_add_step (draft, gh_snapshot_revert_step_new (uuid, list->name, priv->snapshot,
                                                              safety));
}

static void
fill_delete (GhSnapshotPlan        *self,
             const GhSnapshotFacts *facts,
             GhPlanDraft           *draft)
{
  GhSnapshotPlanPrivate *priv = get_private (self);

  gh_snapshot_check_delete (facts, priv->snapshot, draft);
  if (gh_snapshot_list_find (facts->list, priv->snapshot) != NULL)
    gh_plan_draft_add_step (draft, gh_snapshot_delete_step_new (
                              gh_machine_get_uuid (priv->machine), facts->list->name,
                              priv->snapshot));
}

static void
fill (GhSnapshotPlan        *self,
      const GhSnapshotFacts *facts,
      GhPlanDraft           *draft)
{
  switch (get_private (self)->verb)
    {
    case VERB_REVERT:
      fill_revert (self, facts, draft);
      break;
    case VERB_DELETE:
      fill_delete (self, facts, draft);
      break;
    case VERB_TAKE:
    default:
      fill_take (self, facts, draft);
      break;
    }
}

/* Preparing */

static void
free_list (gpointer data)
{
  gh_snapshot_list_free (data);
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhSnapshotPlan *self = GH_SNAPSHOT_PLAN (g_task_get_source_object (task));
  GError *error = NULL;
  g_autoptr (GhImageGraph) graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  g_autoptr (GhSnapshotFacts) facts = NULL;
  GhPlanDraft *draft = NULL;

  if (graph != NULL)
    facts = gh_snapshot_facts_new (g_task_get_task_data (task), graph, &error);
  if (facts == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  draft = gh_plan_draft_new ();
  fill (self, facts, draft);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

/* Takes @error, which says why the machine could not be looked at. */
static void
return_unreadable (GTask      *task,
                   const char *id,
                   char       *title,
                   GError     *error)
{
  g_autoptr (GError) owned = error;
  g_autofree char *owned_title = title;
  g_autofree char *detail = NULL;
  GhPlanDraft *draft = NULL;

  if (gh_error_is_cancelled (error))
    {
      g_task_return_error (task, g_steal_pointer (&owned));
      return;
    }
  draft = gh_plan_draft_new ();
  detail = gh_error_dup_sentence (error);
  take_check (draft, GH_CHECK_REFUSAL, id, g_steal_pointer (&owned_title), detail);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
list_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhSnapshotPlanPrivate *priv = get_private (g_task_get_source_object (task));
  GError *error = NULL;
  GhSnapshotList *list = gh_host_load_snapshots_finish (GH_HOST (object), result, &error);
  const char *name = gh_machine_get_name (priv->machine);

  if (list != NULL)
    {
      g_task_set_task_data (task, list, free_list);
      gh_image_graph_reload_async (GH_HOST (object), NULL, g_task_get_cancellable (task),
                                   graph_loaded_cb, g_object_ref (task));
    }
  else if (g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN))
    return_unreadable (task, "machine-gone", g_strdup_printf (_("“%s” is gone"), name), error);
  else
    return_unreadable (task, "snapshots-unknown",
                       g_strdup_printf (_("The snapshots of “%s” cannot be listed"), name), error);
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhSnapshotPlanPrivate *priv = get_private (g_task_get_source_object (task));
  GhHost *host = GH_HOST (object);
  GError *error = NULL;

  if (gh_host_ready_finish (host, result, &error))
    gh_host_load_snapshots_async (host, gh_machine_get_uuid (priv->machine), /* settled= */ FALSE,
                                  g_task_get_cancellable (task), list_loaded_cb,
                                  g_object_ref (task));
  else
    return_unreadable (task, "host-unreachable",
                       g_strdup_printf (_("The host %s cannot be reached"),
                                        gh_host_get_uri (host)), error);
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

/* The object */

static void
set_string (GhSnapshotPlan *self,
            char          **field,
            const char     *value,
            guint           prop_id)
{
  if (g_strcmp0 (*field, value) == 0)
    return;
  g_free (*field);
  *field = g_strdup (value);
  gh_plan_invalidate (GH_PLAN (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[prop_id]);
}

static void
gh_snapshot_plan_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  GhSnapshotPlanPrivate *priv = get_private (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, priv->machine);
      break;
    case PROP_SNAPSHOT:
      g_value_set_string (value, priv->snapshot);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, priv->description);
      break;
    case PROP_SAFETY:
      g_value_set_boolean (value, priv->safety);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_snapshot_plan_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  GhSnapshotPlan *self = GH_SNAPSHOT_PLAN (object);
  GhSnapshotPlanPrivate *priv = get_private (self);

  switch (prop_id)
    {
    case PROP_MACHINE:
      priv->machine = g_value_dup_object (value);
      break;
    case PROP_SNAPSHOT:
      set_string (self, &priv->snapshot, g_value_get_string (value), prop_id);
      break;
    case PROP_DESCRIPTION:
      set_string (self, &priv->description, g_value_get_string (value), prop_id);
      break;
    case PROP_SAFETY:
      if (priv->safety == g_value_get_boolean (value))
        break;
      priv->safety = g_value_get_boolean (value);
      gh_plan_invalidate (GH_PLAN (self));
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_snapshot_plan_finalize (GObject *object)
{
  GhSnapshotPlanPrivate *priv = get_private (object);

  g_clear_object (&priv->machine);
  g_free (priv->snapshot);
  g_free (priv->proposed);
  g_free (priv->description);
  G_OBJECT_CLASS (gh_snapshot_plan_parent_class)->finalize (object);
}

static void
gh_snapshot_plan_class_init (GhSnapshotPlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_snapshot_plan_get_property;
  object_class->set_property = gh_snapshot_plan_set_property;
  object_class->finalize = gh_snapshot_plan_finalize;
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE,
                                                  flags | G_PARAM_CONSTRUCT_ONLY);
  properties[PROP_SNAPSHOT] = g_param_spec_string ("snapshot", NULL, NULL, NULL, flags);
  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);
  properties[PROP_SAFETY] = g_param_spec_boolean ("safety", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_snapshot_plan_init (GhSnapshotPlan *self)
{
  get_private (self)->safety = TRUE;
}

static void
gh_snapshot_take_plan_class_init (GhSnapshotTakePlanClass *klass)
{
  GH_PLAN_CLASS (klass)->kind = "snapshot-take";
  GH_PLAN_CLASS (klass)->verb = N_("Take snapshot");
}

static void
gh_snapshot_take_plan_init (GhSnapshotTakePlan *self)
{
  get_private (self)->verb = VERB_TAKE;
}

static void
gh_snapshot_revert_plan_class_init (GhSnapshotRevertPlanClass *klass)
{
  GH_PLAN_CLASS (klass)->kind = "snapshot-revert";
  GH_PLAN_CLASS (klass)->verb = N_("Go back");
}

static void
gh_snapshot_revert_plan_init (GhSnapshotRevertPlan *self)
{
  get_private (self)->verb = VERB_REVERT;
}

static void
gh_snapshot_delete_plan_class_init (GhSnapshotDeletePlanClass *klass)
{
  GH_PLAN_CLASS (klass)->kind = "snapshot-delete";
  GH_PLAN_CLASS (klass)->verb = N_("Delete snapshot");
}

static void
gh_snapshot_delete_plan_init (GhSnapshotDeletePlan *self)
{
  get_private (self)->verb = VERB_DELETE;
}

static GhSnapshotPlan *
plan_new (GType       type,
          GhMachine  *machine,
          const char *snapshot)
{
  return g_object_new (type, "machine", machine, "host", gh_machine_get_host (machine), "snapshot",
                       snapshot, NULL);
}

/**
 * gh_snapshot_plan_new_take:
 * @machine: a machine
 *
 * Returns: (transfer full): the plan
 */
GhSnapshotPlan *
gh_snapshot_plan_new_take (GhMachine *machine)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return plan_new (gh_snapshot_take_plan_get_type (), machine, NULL);
}

/**
 * gh_snapshot_plan_new_revert:
 * @machine: a machine
 * @snapshot: the name of what to go back to
 *
 * Returns: (transfer full): the plan
 */
GhSnapshotPlan *
gh_snapshot_plan_new_revert (GhMachine  *machine,
                             const char *snapshot)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine) && snapshot != NULL, NULL);

  return plan_new (gh_snapshot_revert_plan_get_type (), machine, snapshot);
}

/**
 * gh_snapshot_plan_new_delete:
 * @machine: a machine
 * @snapshot: the name of what is not needed any more
 *
 * Returns: (transfer full): the plan
 */
GhSnapshotPlan *
gh_snapshot_plan_new_delete (GhMachine  *machine,
                             const char *snapshot)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine) && snapshot != NULL, NULL);

  return plan_new (gh_snapshot_delete_plan_get_type (), machine, snapshot);
}

GhMachine *
gh_snapshot_plan_get_machine (GhSnapshotPlan *self)
{
  g_return_val_if_fail (GH_IS_SNAPSHOT_PLAN (self), NULL);

  return get_private (self)->machine;
}

const char *
gh_snapshot_plan_get_name (GhSnapshotPlan *self)
{
  g_return_val_if_fail (GH_IS_SNAPSHOT_PLAN (self), NULL);

  return get_private (self)->snapshot != NULL ? get_private (self)->snapshot
                                              : get_private (self)->proposed;
}
