/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-cli-undo"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-journal.h"
#include "gh-undo-plan.h"

static char *
dup_time (gint64 time_us)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format_iso8601 (local) : g_strdup ("");
}

static void
list_plans (GhCli     *self,
            GPtrArray *plans)
{
  JsonArray *array = json_array_new ();
  JsonObject *object = json_object_new ();

  if (plans->len == 0)
    gh_cli_print (self, "%s\n", _("No plan was interrupted."));
  for (guint i = 0; i < plans->len; i++)
    {
      GhUndoPlan *plan = g_ptr_array_index (plans, i);
      g_autofree char *time = dup_time (gh_undo_plan_get_start_time (plan));
      JsonObject *entry = json_object_new ();

      gh_cli_print (self, "%s  %s  %s  %s\n", gh_plan_get_id (GH_PLAN (plan)), time,
                    gh_undo_plan_get_host_uri (plan), gh_undo_plan_get_original_title (plan));
      json_object_set_string_member (entry, "id", gh_plan_get_id (GH_PLAN (plan)));
      json_object_set_string_member (entry, "time", time);
      json_object_set_string_member (entry, "host", gh_undo_plan_get_host_uri (plan));
      json_object_set_string_member (entry, "kind", gh_undo_plan_get_original_kind (plan));
      json_object_set_string_member (entry, "title", gh_undo_plan_get_original_title (plan));
      json_array_add_object_element (array, entry);
    }
  json_object_set_array_member (object, "interrupted", array);
  gh_cli_take_json (self, object);
}

/* The plans whose id is, or begins with, one of @words; all without any. NULL and an error when
 * a word fits none or several. */
static GPtrArray *
choose_plans (GPtrArray  *plans,
              GStrv       words,
              GError    **error)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; words[i] != NULL; i++)
    {
      GhPlan *found = NULL;
      guint n = 0;

      for (guint j = 0; j < plans->len; j++)
        if (g_str_has_prefix (gh_plan_get_id (g_ptr_array_index (plans, j)), words[i]))
          {
            found = g_ptr_array_index (plans, j);
            n++;
          }
      if (n != 1)
        {
          g_set_error (error, GH_CLI_ERROR, GH_CLI_ERROR_USAGE,
                       n == 0 ? _("No interrupted plan is called “%s”")
                              : _("Several interrupted plans begin with “%s”"), words[i]);
          return NULL;
        }
      if (!g_ptr_array_find (chosen, found, NULL))
        g_ptr_array_add (chosen, g_object_ref (found));
    }
  /* The newest first: it may rest on what an older one made. */
  for (guint i = plans->len; words[0] == NULL && i > 0; i--)
    g_ptr_array_add (chosen, g_object_ref (g_ptr_array_index (plans, i - 1)));
  return g_steal_pointer (&chosen);
}

static GhCliStatus
forget (GhCli      *self,
        GhUndoPlan *plan,
        GError    **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (!self->dry_run)
    {
      gh_undo_plan_forget_async (plan, gh_cli_call_cb, self);
      result = gh_cli_wait (self);
      if (!gh_undo_plan_forget_finish (plan, result, error))
        return GH_CLI_FAILED;
    }
  gh_cli_print (self, _("Forgotten: %s\n"), gh_undo_plan_get_original_title (plan));
  return GH_CLI_DONE;
}

static GhCliStatus
handle_plans (GhCli     *self,
              GPtrArray *plans,
              gboolean   forget_them)
{
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();
  GhCliStatus worst = GH_CLI_DONE;

  for (guint i = 0; i < plans->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      GhPlan *plan = g_ptr_array_index (plans, i);
      g_autoptr (GError) error = NULL;
      GhCliStatus status = GH_CLI_DONE;
      JsonNode *node = NULL;

      if (forget_them)
        status = forget (self, GH_UNDO_PLAN (plan), &error);
      else
        status = gh_cli_carry_out (self, plan);
      if (error != NULL)
        gh_cli_tell (self, "guesthouse: %s\n", error->message);
      node = gh_plan_to_json (plan);
      json_object_set_string_member (json_node_get_object (node), "id", gh_plan_get_id (plan));
      json_object_set_int_member (json_node_get_object (node), "status", (gint64) status);
      json_array_add_element (array, node);
      worst = MAX (worst, status);
    }
  json_object_set_array_member (object, "plans", array);
  json_object_set_int_member (object, "status", (gint64) worst);
  gh_cli_take_json (self, object);
  return worst;
}

GhCliStatus
gh_cli_undo (GhCli      *self,
             const char *verb,
             int         argc,
             char      **argv)
{
  gboolean all = FALSE;
  gboolean forget_them = FALSE;
  const GOptionEntry entries[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_("All of them, the newest first"), NULL },
    { "forget", 0, 0, G_OPTION_ARG_NONE, &forget_them,
      N_("Leave everything as it is, and do not offer it again"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 0, G_MAXUINT16, argc, argv, &error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) plans = NULL;
  g_autoptr (GPtrArray) chosen = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  if (all == (words[0] != NULL) && (all || forget_them))
    return gh_cli_fail (self, GH_CLI_USAGE, _("Name the plans, or say --all"), NULL);

  gh_journal_load_interrupted_async (self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  plans = gh_journal_load_interrupted_finish (result, &error);
  if (plans == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  if (!all && words[0] == NULL)
    {
      list_plans (self, plans);
      return GH_CLI_DONE;
    }
  chosen = choose_plans (plans, words, &error);
  if (chosen == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  return handle_plans (self, chosen, forget_them);
}
