/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A step is what a plan does at one go, together with how it is taken back. All
 * that undoing needs is in its parameters, which the journal keeps, so that a new
 * process can undo what a killed one did. Main thread. */

#define G_LOG_DOMAIN "gh-step"

#include "config.h"

#include "gh-step-private.h"

#include <string.h>

#include "gh-json.h"

typedef struct
{
  JsonObject     *params;
  GhHost         *host;     /* (nullable): it acts there, else on the plan's */
  GhHost         *peer;     /* (nullable) */
  char           *uri;      /* (nullable) */
  double          weight;
  guint           group;
  char           *group_name; /* (nullable) */
  GhStepState     state;
  double          fraction;
  char           *doing;     /* (nullable) */
  gint64          begun_us;  /* monotonic: when it began to run */
  GhStepSaveFunc  save_func; /* (nullable) */
  gpointer        save_data;
} GhStepPrivate;

G_DEFINE_QUARK (gh-step-error-quark, gh_step_error)
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GhStep, gh_step, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_STATE,
  PROP_FRACTION,
  PROP_DOING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static const char * const state_names[] = {
  "waiting", "running", "done", "failed", "undoing", "undone", "left", "skipped",
};

static GhStepPrivate *
get_private (GhStep *self)
{
  return gh_step_get_instance_private (self);
}

static void
gh_step_get_property (GObject    *object,
                      guint       prop_id,
                      GValue     *value,
                      GParamSpec *pspec)
{
  GhStepPrivate *priv = get_private (GH_STEP (object));

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_int (value, (int) priv->state);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, priv->fraction);
      break;
    case PROP_DOING:
      g_value_set_string (value, priv->doing);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_step_dispose (GObject *object)
{
  GhStepPrivate *priv = get_private (GH_STEP (object));

  g_clear_object (&priv->host);
  g_clear_object (&priv->peer);
  G_OBJECT_CLASS (gh_step_parent_class)->dispose (object);
}

static void
gh_step_finalize (GObject *object)
{
  GhStepPrivate *priv = get_private (GH_STEP (object));

  json_object_unref (priv->params);
  g_free (priv->uri);
  g_free (priv->group_name);
  g_free (priv->doing);
  G_OBJECT_CLASS (gh_step_parent_class)->finalize (object);
}

static void
gh_step_class_init (GhStepClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = gh_step_get_property;
  object_class->dispose = gh_step_dispose;
  object_class->finalize = gh_step_finalize;

  properties[PROP_STATE] = g_param_spec_int ("state", NULL, NULL,
                                             GH_STEP_WAITING, GH_STEP_SKIPPED, GH_STEP_WAITING,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                             G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, -1.0, 1.0, 0.0,
                                                   G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                   G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_DOING] = g_param_spec_string ("doing", NULL, NULL, NULL,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_step_init (GhStep *self)
{
  GhStepPrivate *priv = get_private (self);

  priv->params = json_object_new ();
  priv->weight = 1.0;
}

const char *
gh_step_state_to_string (GhStepState state)
{
  g_return_val_if_fail (state < G_N_ELEMENTS (state_names), NULL);

  return state_names[state];
}

gboolean
gh_step_state_from_string (const char  *text,
                           GhStepState *state)
{
  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (state_names); i++)
    if (strcmp (text, state_names[i]) == 0)
      {
        *state = (GhStepState) i;
        return TRUE;
      }
  return FALSE;
}

JsonObject *
gh_step_copy_params (JsonObject *params)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name = NULL;
  JsonNode *node = NULL;

  json_object_iter_init (&iter, params);
  while (json_object_iter_next (&iter, &name, &node))
    if (JSON_NODE_HOLDS_VALUE (node))
      json_object_set_member (copy, name, json_node_copy (node));
  return copy;
}

/**
 * gh_step_get_params:
 * @self: a step
 *
 * Returns: (transfer none): what the journal keeps of it; plain values, no
 *   secrets
 */
JsonObject *
gh_step_get_params (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return get_private (self)->params;
}

const char *
gh_step_get_string (GhStep     *self,
                    const char *name)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return gh_json_get_string (get_private (self)->params, name);
}

/**
 * gh_step_set_string:
 * @self: a step
 * @name: a parameter's name
 * @value: (nullable): its value; %NULL removes it
 */
void
gh_step_set_string (GhStep     *self,
                    const char *name,
                    const char *value)
{
  g_return_if_fail (GH_IS_STEP (self));

  if (value != NULL)
    json_object_set_string_member (get_private (self)->params, name, value);
  else if (json_object_has_member (get_private (self)->params, name))
    json_object_remove_member (get_private (self)->params, name);
}

gint64
gh_step_get_int (GhStep     *self,
                 const char *name)
{
  g_return_val_if_fail (GH_IS_STEP (self), 0);

  return gh_json_get_int (get_private (self)->params, name, 0);
}

void
gh_step_set_int (GhStep     *self,
                 const char *name,
                 gint64      value)
{
  g_return_if_fail (GH_IS_STEP (self));

  json_object_set_int_member (get_private (self)->params, name, value);
}

gboolean
gh_step_get_boolean (GhStep     *self,
                     const char *name)
{
  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  return gh_json_get_boolean (get_private (self)->params, name);
}

void
gh_step_set_boolean (GhStep     *self,
                     const char *name,
                     gboolean    value)
{
  g_return_if_fail (GH_IS_STEP (self));

  json_object_set_boolean_member (get_private (self)->params, name, value);
}

const char *
gh_step_get_kind (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return GH_STEP_GET_CLASS (self)->kind;
}

/**
 * gh_step_dup_title:
 * @self: a step
 *
 * Returns: (transfer full): what it does: “Make the disk “web-1.qcow2””
 */
char *
gh_step_dup_title (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return GH_STEP_GET_CLASS (self)->dup_title (self);
}

/**
 * gh_step_dup_command:
 * @self: a step
 *
 * Returns: (transfer full): the equivalent command line
 */
char *
gh_step_dup_command (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return GH_STEP_GET_CLASS (self)->dup_command (self);
}

/**
 * gh_step_dup_left:
 * @self: a step
 *
 * Returns: (transfer full): what is still there when it is not taken back, by
 *   name: “the disk /…/web-1.qcow2”
 */
char *
gh_step_dup_left (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return GH_STEP_GET_CLASS (self)->dup_left (self);
}

/**
 * gh_step_dup_undo_command:
 * @self: a step
 *
 * Returns: (transfer full) (nullable): the command line that takes it back
 */
char *
gh_step_dup_undo_command (GhStep *self)
{
  GhStepClass *klass = NULL;

  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  klass = GH_STEP_GET_CLASS (self);
  return klass->dup_undo_command != NULL ? klass->dup_undo_command (self) : NULL;
}

/**
 * gh_step_dup_undo_status:
 * @self: a step that is about to be undone
 *
 * Returns: (transfer full) (nullable): what undoing it has to wait for
 */
char *
gh_step_dup_undo_status (GhStep *self)
{
  GhStepClass *klass = NULL;

  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  klass = GH_STEP_GET_CLASS (self);
  return klass->dup_undo_status != NULL ? klass->dup_undo_status (self) : NULL;
}

/**
 * gh_step_dup_undo_check:
 * @self: a step out of a journal
 * @host: its host, connected
 *
 * Returns: (transfer full) (nullable): what the user has to know before the step
 *   is undone
 */
GhCheck *
gh_step_dup_undo_check (GhStep *self,
                        GhHost *host)
{
  GhStepClass *klass = NULL;

  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  klass = GH_STEP_GET_CLASS (self);
  return klass->dup_undo_check != NULL ? klass->dup_undo_check (self, host) : NULL;
}

/**
 * gh_step_may_have_committed:
 * @self: a step that failed
 * @error: why it could not be undone either
 *
 * Whether it has committed is then open, so that what it rests on has to stay, when nobody could
 * look; and for a step whose hosts tell where things are, also when they said so: there is more to
 * be done then. What else can never be undone is at its end.
 */
gboolean
gh_step_may_have_committed (GhStep       *self,
                            const GError *error)
{
  g_return_val_if_fail (GH_IS_STEP (self) && error != NULL, FALSE);

  if (!gh_step_commits (self))
    return FALSE;
  return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED) ||
         (GH_STEP_GET_CLASS (self)->dup_commit_check != NULL && gh_step_get_peer (self) != NULL);
}

/**
 * gh_step_dup_commit_check:
 * @self: a step out of a journal, that was begun
 * @host: its host, connected
 *
 * Returns: (transfer full) (nullable): why there is no way back, when it commits and was done
 */
GhCheck *
gh_step_dup_commit_check (GhStep *self,
                          GhHost *host)
{
  GhStepClass *klass = NULL;

  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  klass = GH_STEP_GET_CLASS (self);
  return klass->dup_commit_check != NULL ? klass->dup_commit_check (self, host) : NULL;
}

gboolean
gh_step_commits (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  return GH_STEP_GET_CLASS (self)->commits || GH_STEP_GET_CLASS (self)->final;
}

gboolean
gh_step_is_final (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  return GH_STEP_GET_CLASS (self)->final;
}

gboolean
gh_step_finishes (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  return GH_STEP_GET_CLASS (self)->finishes;
}

gboolean
gh_step_resumes (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  return GH_STEP_GET_CLASS (self)->resumes;
}

gboolean
gh_step_may_be_in_doubt (GhStep *self)
{
  GhStepClass *klass = NULL;

  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  klass = GH_STEP_GET_CLASS (self);
  return klass->may_be_in_doubt != NULL && klass->may_be_in_doubt (self);
}

gboolean
gh_step_can_undo (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  return GH_STEP_GET_CLASS (self)->undo_async != NULL;
}

double
gh_step_get_weight (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), 0.0);

  return get_private (self)->weight;
}

void
gh_step_set_weight (GhStep *self,
                    double  weight)
{
  g_return_if_fail (GH_IS_STEP (self));
  g_return_if_fail (weight >= 0.0);

  get_private (self)->weight = weight;
}

guint
gh_step_get_group (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), 0);

  return get_private (self)->group;
}

const char *
gh_step_get_group_name (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return get_private (self)->group_name;
}

/**
 * gh_step_set_group:
 * @self: a step
 * @group: the group it is one of; 0 for none
 * @name: (nullable): what the group makes, for people
 *
 * Steps of one group are worth something only together.
 */
void
gh_step_set_group (GhStep     *self,
                   guint       group,
                   const char *name)
{
  GhStepPrivate *priv = get_private (self);
  char *copy = NULL;

  g_return_if_fail (GH_IS_STEP (self));

  copy = g_strdup (name);
  g_free (priv->group_name);
  priv->group_name = copy;
  priv->group = group;
}

GhStepState
gh_step_get_state (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), GH_STEP_WAITING);

  return get_private (self)->state;
}

void
gh_step_set_state (GhStep      *self,
                   GhStepState  state)
{
  GhStepPrivate *priv = get_private (self);

  g_return_if_fail (GH_IS_STEP (self));

  if (priv->state == state)
    return;
  priv->state = state;
  if (state == GH_STEP_RUNNING)
    priv->begun_us = g_get_monotonic_time ();
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

double
gh_step_get_fraction (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), 0.0);

  return get_private (self)->fraction;
}

/**
 * gh_step_set_fraction:
 * @self: a step
 * @fraction: how much of it is done, 0 to 1, or less than 0 when nobody knows
 */
void
gh_step_set_fraction (GhStep *self,
                      double  fraction)
{
  GhStepPrivate *priv = get_private (self);

  g_return_if_fail (GH_IS_STEP (self));

  fraction = fraction < 0.0 ? -1.0 : MIN (fraction, 1.0);
  if (priv->fraction == fraction)
    return;
  priv->fraction = fraction;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
}

/**
 * gh_step_get_doing:
 * @self: a step
 *
 * Returns: (nullable): what it says it does right now
 */
const char *
gh_step_get_doing (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return get_private (self)->doing;
}

/**
 * gh_step_set_doing:
 * @self: a step
 * @doing: (nullable): what it does right now, for people
 *
 * For steps of which it is not known how long they take.
 */
void
gh_step_set_doing (GhStep     *self,
                   const char *doing)
{
  GhStepPrivate *priv = get_private (self);

  g_return_if_fail (GH_IS_STEP (self));

  if (g_strcmp0 (priv->doing, doing) == 0)
    return;
  g_free (priv->doing);
  priv->doing = g_strdup (doing);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DOING]);
}

/**
 * gh_step_get_elapsed_s:
 * @self: a step that runs
 *
 * Returns: for how many seconds it has
 */
guint
gh_step_get_elapsed_s (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), 0);

  return (guint) ((g_get_monotonic_time () - get_private (self)->begun_us) / G_USEC_PER_SEC);
}

void
gh_step_do_async (GhStep              *self,
                  GhHost              *host,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  g_return_if_fail (GH_IS_STEP (self));

  GH_STEP_GET_CLASS (self)->do_async (self, host, cancellable, callback, user_data);
}

/**
 * gh_step_undo_async:
 * @self: a step
 * @host: where it was done
 * @callback: called when it is undone, or could not be
 * @user_data: for @callback
 *
 * Takes back what the step did. Not cancellable.
 */
void
gh_step_undo_async (GhStep              *self,
                    GhHost              *host,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_return_if_fail (GH_IS_STEP (self));
  g_return_if_fail (gh_step_can_undo (self));

  GH_STEP_GET_CLASS (self)->undo_async (self, host, callback, user_data);
}

gboolean
gh_step_finish (GhStep        *self,
                GAsyncResult  *result,
                GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
gh_step_set_save_func (GhStep         *self,
                       GhStepSaveFunc  func,
                       gpointer        data)
{
  GhStepPrivate *priv = get_private (self);

  priv->save_func = func;
  priv->save_data = data;
}

/**
 * gh_step_save_async:
 * @self: a step in its do_async
 * @callback: called when the parameters are in the journal
 * @user_data: for @callback
 *
 * Has the parameters written now, before the step goes on to change something.
 */
void
gh_step_save_async (GhStep              *self,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  GhStepPrivate *priv = get_private (self);
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (GH_IS_STEP (self));

  if (priv->save_func != NULL)
    {
      priv->save_func (self, priv->save_data, callback, user_data);
      return;
    }
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_step_save_async);
  g_task_return_boolean (task, TRUE);
}

gboolean
gh_step_save_finish (GhStep        *self,
                     GAsyncResult  *result,
                     GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

GhHost *
gh_step_get_host (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return get_private (self)->host;
}

/**
 * gh_step_needs_host:
 * @self: a step
 * @host: a host, other than its plan's own
 *
 * Returns: whether the step, or undoing it, is about that host
 */
gboolean
gh_step_needs_host (GhStep *self,
                    GhHost *host)
{
  GhStepPrivate *priv = get_private (self);

  g_return_val_if_fail (GH_IS_STEP (self), FALSE);

  if (GH_STEP_GET_CLASS (self)->needs_host != NULL)
    return GH_STEP_GET_CLASS (self)->needs_host (self, host);
  return priv->host == host || priv->peer == host;
}

/**
 * gh_step_set_host:
 * @self: a step, before it runs
 * @host: where it acts, when that is not its plan's host
 *
 * The plan gives it to the step in place of its own, and undoing after a crash
 * connects to it.
 */
void
gh_step_set_host (GhStep *self,
                  GhHost *host)
{
  g_return_if_fail (GH_IS_STEP (self));
  g_return_if_fail (GH_IS_HOST (host));

  g_set_object (&get_private (self)->host, host);
  gh_step_set_string (self, "host", gh_host_get_uri (host));
  gh_step_set_uri (self, gh_host_get_uri (host));
}

GhHost *
gh_step_get_peer (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return get_private (self)->peer;
}

/**
 * gh_step_set_peer:
 * @self: a step, before it runs
 * @host: a host that it, and undoing it, needs beside the one it acts on
 */
void
gh_step_set_peer (GhStep *self,
                  GhHost *host)
{
  g_return_if_fail (GH_IS_STEP (self));
  g_return_if_fail (GH_IS_HOST (host));

  g_set_object (&get_private (self)->peer, host);
  gh_step_set_string (self, "peer", gh_host_get_uri (host));
}

const char *
gh_step_get_uri (GhStep *self)
{
  g_return_val_if_fail (GH_IS_STEP (self), NULL);

  return get_private (self)->uri;
}

void
gh_step_set_uri (GhStep     *self,
                 const char *uri)
{
  GhStepPrivate *priv = get_private (self);

  g_return_if_fail (GH_IS_STEP (self));

  g_free (priv->uri);
  priv->uri = g_strdup (uri);
}

/* Journals are files, and may say anything. */
static gboolean
has_needs (GhStepClass *klass,
           JsonObject  *params)
{
  for (guint i = 0; klass->needs != NULL && klass->needs[i] != NULL; i++)
    {
      const char *value = gh_json_get_string (params, klass->needs[i]);

      if (value == NULL || *value == '\0' ||
          (strcmp (klass->needs[i], "uuid") == 0 && !g_uuid_string_is_valid (value)) ||
          (strcmp (klass->needs[i], "path") == 0 && !g_path_is_absolute (value)))
        return FALSE;
    }
  return TRUE;
}

/**
 * gh_step_new_for_kind:
 * @kind: a kind out of a journal
 * @params: its parameters
 *
 * Returns: (transfer full) (nullable): the step, or %NULL for a kind that this
 *   version does not know, or one without what it needs; it must then not be touched
 */
GhStep *
gh_step_new_for_kind (const char *kind,
                      JsonObject *params)
{
  static GType (* const types[]) (void) = {
    gh_backup_step_get_type,
    gh_pool_create_step_get_type,
    gh_pool_close_step_get_type,
    gh_volume_create_step_get_type,
    gh_volume_transfer_step_get_type,
    gh_volume_remove_step_get_type,
    gh_copy_step_get_type,
    gh_forget_step_get_type,
    gh_keep_step_get_type,
    gh_parent_step_get_type,
    gh_rename_step_get_type,
    gh_probe_step_get_type,
    gh_pull_step_get_type,
    gh_release_step_get_type,
    gh_switch_step_get_type,
    gh_tpm_copy_step_get_type,
    gh_define_step_get_type,
    gh_move_check_step_get_type,
    gh_undefine_step_get_type,
    gh_undefine_final_step_get_type,
    gh_start_step_get_type,
    gh_force_off_step_get_type,
    gh_migrate_step_get_type,
    gh_settle_step_get_type,
    gh_move_snapshots_step_get_type,
    gh_sysprep_step_get_type,
    gh_template_step_get_type,
    gh_autostart_step_get_type,
    gh_secret_step_get_type,
    gh_unplug_step_get_type,
    gh_snapshot_take_step_get_type,
    gh_snapshot_revert_step_get_type,
    gh_snapshot_revert_final_step_get_type,
    gh_snapshot_delete_step_get_type,
    gh_resize_step_get_type,
  };

  g_return_val_if_fail (kind != NULL && params != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      GType type = types[i] ();
      GhStepClass *klass = g_type_class_ref (type);
      gboolean found = strcmp (klass->kind, kind) == 0;
      gboolean usable = found && has_needs (klass, params);

      g_type_class_unref (klass);
      if (found && !usable)
        return NULL;
      if (found)
        {
          GhStep *self = g_object_new (type, NULL);
          GhStepPrivate *priv = get_private (self);

          json_object_unref (priv->params);
          priv->params = gh_step_copy_params (params);
          return self;
        }
    }
  return NULL;
}
