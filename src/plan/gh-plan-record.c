/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A plan as JSON: as its journal holds it, and as --json prints it. */

#define G_LOG_DOMAIN "gh-plan-record"

#include "config.h"

#include "gh-plan-engine.h"

#include "gh-step-private.h"
#include "gh-told-error.h"

gboolean
gh_plan_keeps_finished (GhPlan *self)
{
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);

  return klass->keeps_finished != NULL && klass->keeps_finished (self);
}

JsonNode *
gh_plan_dup_record (GhPlan *self)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  GhPlanClass *klass = GH_PLAN_GET_CLASS (self);
  g_autofree char *title = NULL;
  JsonNode *node = NULL;
  JsonObject *record = NULL;
  JsonArray *steps = NULL;

  if (klass->dup_record != NULL)
    return klass->dup_record (self);

  title = gh_plan_dup_title (self);
  record = json_object_new ();
  json_object_set_int_member (record, "format", GH_JOURNAL_FORMAT);
  json_object_set_string_member (record, "id", priv->id);
  json_object_set_string_member (record, "kind", klass->kind);
  json_object_set_string_member (record, "title", title);
  json_object_set_string_member (record, "host", priv->host != NULL ? gh_host_get_uri (priv->host)
                                 : "");
  json_object_set_int_member (record, "time", priv->start_time);
  json_object_set_boolean_member (record, "keep-finished", gh_plan_keeps_finished (self));
  steps = json_array_new ();
  for (guint i = 0; i < priv->steps->len; i++)
    {
      GhStep *step = gh_plan_get_step (self, i);
      g_autofree char *step_title = gh_step_dup_title (step);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "kind", gh_step_get_kind (step));
      json_object_set_string_member (object, "title", step_title);
      json_object_set_string_member (object, "state",
                                     gh_step_state_to_string (gh_step_get_state (step)));
      json_object_set_boolean_member (object, "final", gh_step_commits (step));
      if (gh_step_get_group (step) != 0)
        json_object_set_int_member (object, "group", gh_step_get_group (step));
      json_object_set_object_member (object, "params",
                                     gh_step_copy_params (gh_step_get_params (step)));
      json_array_add_object_element (steps, object);
    }
  json_object_set_array_member (record, "steps", steps);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, record);
  return node;
}

/* Writes where the plan is; then enters the fault point plan-PHASE-KIND-WHEN. */
void
gh_plan_write_journal (GhPlan              *self,
                       const char          *phase,
                       const char          *when,
                       GAsyncReadyCallback  callback)
{
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autoptr (JsonNode) record = gh_plan_dup_record (self);
  const char *kind = gh_step_get_kind (gh_plan_get_step (self, priv->index));
  g_autofree char *point = g_strdup_printf ("plan-%s-%s-%s", phase, kind, when);

  priv->journal_written = TRUE;
  gh_journal_write_async (priv->journal, record, point, callback, g_object_ref (self));
}

static JsonArray *
steps_to_json (GhPlan *self)
{
  GPtrArray *steps = gh_plan_get_private (self)->steps;
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < steps->len; i++)
    {
      GhStep *step = g_ptr_array_index (steps, i);
      g_autofree char *title = gh_step_dup_title (step);
      g_autofree char *command = gh_step_dup_command (step);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "kind", gh_step_get_kind (step));
      json_object_set_string_member (object, "title", title);
      json_object_set_string_member (object, "command", command);
      json_object_set_string_member (object, "state",
                                     gh_step_state_to_string (gh_step_get_state (step)));
      json_object_set_boolean_member (object, "final", gh_step_is_final (step));
      if (gh_step_get_host (step) != NULL)
        json_object_set_string_member (object, "host", gh_host_get_uri (gh_step_get_host (step)));
      json_array_add_object_element (array, object);
    }
  return array;
}

/* What libvirt's words mean, and what else is known about them. */
static void
add_told (JsonObject   *object,
          const GError *error)
{
  JsonObject *log = NULL;
  JsonArray *lines = NULL;
  g_auto (GStrv) texts = NULL;

  if (error->domain != GH_TOLD_ERROR)
    return;
  json_object_set_string_member (object, "reason", gh_told_error_get_sentence (error));
  if (gh_told_error_get_advice (error) != NULL)
    json_object_set_string_member (object, "advice", gh_told_error_get_advice (error));
  if (gh_told_error_get_step (error) != NULL)
    json_object_set_string_member (object, "failed", gh_told_error_get_step (error));
  if (gh_told_error_get_lines (error) == NULL)
    return;
  log = json_object_new ();
  lines = json_array_new ();
  texts = g_strsplit (gh_told_error_get_lines (error), "\n", -1);
  for (guint i = 0; texts[i] != NULL; i++)
    json_array_add_string_element (lines, texts[i]);
  json_object_set_string_member (log, "path", gh_told_error_get_path (error));
  json_object_set_array_member (log, "lines", lines);
  json_object_set_object_member (object, "log", log);
}

/**
 * gh_plan_to_json:
 * @self: a plan
 *
 * Returns: (transfer full): the plan as --json prints it
 */
JsonNode *
gh_plan_to_json (GhPlan *self)
{
  static const char * const outcomes[] = { NULL, "done", "undone", "undone-in-part" };
  GhPlanPrivate *priv = gh_plan_get_private (self);
  g_autofree char *title = NULL;
  g_autoptr (JsonObject) object = NULL;
  JsonArray *left = NULL;
  JsonArray *kept = NULL;
  JsonNode *node = NULL;

  g_return_val_if_fail (GH_IS_PLAN (self), NULL);

  title = gh_plan_dup_title (self);
  object = json_object_new ();
  json_object_set_string_member (object, "plan", gh_plan_get_kind (self));
  json_object_set_string_member (object, "title", title);
  json_object_set_string_member (object, "host", priv->host != NULL ? gh_host_get_uri (priv->host)
                                 : "");
  json_object_set_array_member (object, "checks",
                                gh_check_list_to_json (gh_plan_get_private (self)->checks));
  json_object_set_array_member (object, "steps", steps_to_json (self));
  if (outcomes[priv->outcome] != NULL)
    json_object_set_string_member (object, "outcome", outcomes[priv->outcome]);
  else
    json_object_set_null_member (object, "outcome");
  left = json_array_new ();
  for (guint i = 0; priv->left_names != NULL && priv->left_names[i] != NULL; i++)
    json_array_add_string_element (left, priv->left_names[i]);
  json_object_set_array_member (object, "left", left);
  kept = json_array_new ();
  for (guint i = 0; priv->kept_names != NULL && priv->kept_names[i] != NULL; i++)
    json_array_add_string_element (kept, priv->kept_names[i]);
  json_object_set_array_member (object, "kept", kept);
  if (priv->error != NULL)
    {
      json_object_set_string_member (object, "error", priv->error->message);
      add_told (object, priv->error);
    }
  if (GH_PLAN_GET_CLASS (self)->add_json != NULL)
    GH_PLAN_GET_CLASS (self)->add_json (self, object);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (node, object);
  return node;
}
