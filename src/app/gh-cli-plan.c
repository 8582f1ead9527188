/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Any plan on the command line: shown, agreed to, carried out and reported. */

#define G_LOG_DOMAIN "gh-cli-plan"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gh-delete-plan.h"
#include "gh-virt-error.h"

#define BAR_WIDTH 24
/* A preparation that is quicker than this tells of nothing. */
#define ASKING_MS 400

/* Clears what the progress bar drew. */
#define CLEAR_LINE "\r\033[K"

typedef struct
{
  GhCli  *cli;
  char   *line; /* (nullable): as it was drawn last */
} Progress;

void
gh_cli_show_checks (GhCli     *self,
                    GPtrArray *checks)
{
  static const char * const marks[] = { "✔", "•", "⚠", "✖" };

  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (checks, i);

      gh_cli_print (self, "  %s %s\n", marks[gh_check_get_level (check)],
                    gh_check_get_title (check));
      if (gh_check_get_detail (check) != NULL)
        gh_cli_print (self, "    %s\n", gh_check_get_detail (check));
      if (gh_check_get_fix_command (check) != NULL)
        gh_cli_print (self, "    %s: %s\n", gh_check_get_fix_label (check),
                      gh_check_get_fix_command (check));
      if (gh_check_get_fix_label (check) != NULL && self->takes_fixes)
        gh_cli_print (self, "    %s: --fix %s\n", gh_check_get_fix_label (check),
                      gh_check_get_id (check));
      else if (gh_check_get_fix_label (check) != NULL && gh_check_get_fix_command (check) == NULL)
        /* Translators: %s is what would repair it, the label of a button. */
        gh_cli_print (self, _("    In the window: %s\n"), gh_check_get_fix_label (check));
    }
}

static void
show_steps (GhCli  *self,
            GhPlan *plan)
{
  GPtrArray *steps = gh_plan_get_steps (plan);

  for (guint i = 0; i < steps->len; i++)
    {
      GhStep *step = g_ptr_array_index (steps, i);
      g_autofree char *title = gh_step_dup_title (step);
      g_autofree char *command = gh_step_dup_command (step);

      /* At the margin, so that they can be copied: a here-document ends only there. */
      gh_cli_print (self, "  %u. %s\n", i + 1, title);
      if (*command != '\0')
        gh_cli_print (self, "%s\n", command);
    }
}

static void
draw_progress (Progress   *progress,
               const char *text,
               double      fraction)
{
  struct winsize size = { 0 };
  g_autofree char *short_text = NULL;
  char *line = NULL;
  GString *bar = g_string_new (NULL);
  glong room = 80;

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    room = size.ws_col;
  room = MAX (room - BAR_WIDTH - 10, 0);
  for (guint i = 0; i < BAR_WIDTH; i++)
    g_string_append (bar, (i + 0.5) / BAR_WIDTH < fraction ? "█" : "░");
  short_text = g_utf8_substring (text, 0, MIN (room, g_utf8_strlen (text, -1)));
  line = g_strdup_printf ("%s %3.0f%% %s", bar->str, fraction * 100.0, short_text);
  g_string_free (bar, TRUE);
  if (g_strcmp0 (line, progress->line) != 0)
    gh_cli_tell (progress->cli, CLEAR_LINE "%s", line);
  g_free (progress->line);
  progress->line = line;
}

static void
progress_cb (GhPlan     *plan,
             GParamSpec *pspec,
             gpointer    user_data)
{
  Progress *progress = user_data;
  g_autofree char *status = gh_plan_dup_status (plan);
  GhPlanState state = gh_plan_get_state (plan);

  if ((state != GH_PLAN_RUNNING && state != GH_PLAN_UNDOING) ||
      gh_plan_get_outcome (plan) != GH_OUTCOME_NONE)
    return;
  g_strdelimit (status, "\n", ' ');
  if (progress->cli->terminal)
    draw_progress (progress, status, gh_plan_get_fraction (plan));
  else if (!progress->cli->json && g_strcmp0 (status, progress->line) != 0)
    {
      /* Not a terminal: one line per step. */
      gh_cli_tell (progress->cli, "%s\n", status);
      g_free (progress->line);
      progress->line = g_strdup (status);
    }
}

static gboolean
has_final_step (GhPlan *plan)
{
  GPtrArray *steps = gh_plan_get_steps (plan);

  for (guint i = 0; i < steps->len; i++)
    if (gh_step_is_final (g_ptr_array_index (steps, i)))
      return TRUE;
  return FALSE;
}

/* Whether the user agrees to what was shown. */
static gboolean
get_consent (GhCli  *self,
             GhPlan *plan)
{
  gboolean warned = gh_plan_get_worst (plan) == GH_CHECK_WARNING;

  if (self->yes)
    return TRUE;
  if (warned)
    return gh_cli_ask (self, _("Go on all the same?"));
  if (self->terminal && !self->json && has_final_step (plan))
    return gh_cli_ask (self, _("This cannot be undone. Go on?"));
  return TRUE;
}

/* What stands under “Details” in the window: the host's own words, unless the sentence has them. */
static void
tell_cause (GhCli      *self,
            GhPlan     *plan,
            const char *status)
{
  const GError *error = gh_plan_get_error (plan);

  if (error != NULL && strstr (status, error->message) == NULL)
    gh_cli_tell_details (self, error);
}

static GhCliStatus
report (GhCli  *self,
        GhPlan *plan)
{
  g_autofree char *status = gh_plan_dup_status (plan);

  switch (gh_plan_get_outcome (plan))
    {
    case GH_OUTCOME_DONE:
      gh_cli_print (self, "%s\n", status);
      return GH_CLI_DONE;
    case GH_OUTCOME_UNDONE:
      gh_cli_tell (self, "guesthouse: %s\n", status);
      /* Who cancelled it knows why. */
      if (!gh_error_is_cancelled (gh_plan_get_error (plan)))
        tell_cause (self, plan, status);
      return GH_CLI_FAILED;
    case GH_OUTCOME_UNDONE_IN_PART:
      gh_cli_tell (self, "guesthouse: %s\n", status);
      tell_cause (self, plan, status);
      return GH_CLI_UNDONE_IN_PART;
    case GH_OUTCOME_NONE:
    default:
      g_return_val_if_reached (GH_CLI_FAILED);
    }
}

static GhCliStatus
run_prepared (GhCli  *self,
              GhPlan *plan)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Progress progress = { self, NULL };
  gulong ids[2] = { 0, 0 };

  ids[0] = g_signal_connect (plan, "notify::fraction", G_CALLBACK (progress_cb), &progress);
  ids[1] = g_signal_connect (plan, "notify::status-text", G_CALLBACK (progress_cb), &progress);
  gh_plan_run_async (plan, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  gh_plan_run_finish (plan, result, &error);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    g_signal_handler_disconnect (plan, ids[i]);
  if (self->terminal && progress.line != NULL)
    gh_cli_tell (self, CLEAR_LINE);
  g_free (progress.line);

  if (gh_plan_get_outcome (plan) != GH_OUTCOME_NONE)
    return report (self, plan);
  /* It did not start: the world has changed since it was shown. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    {
      gh_cli_show_checks (self, gh_plan_get_checks (plan));
      gh_cli_tell (self, "guesthouse: %s\n", error->message);
      return GH_CLI_REFUSED;
    }
  return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
}

/* Preparing */

/* What is waited for, told when it takes long. */
typedef struct
{
  GhCli  *cli;
  GhPlan *plan;
  guint   id;
} Asking;

static gboolean
tell_asking_cb (gpointer user_data)
{
  Asking *asking = user_data;
  g_autofree char *text = gh_plan_dup_asking (asking->plan);

  asking->id = 0;
  if (text != NULL)
    gh_cli_tell (asking->cli, CLEAR_LINE "%s", text);
  return G_SOURCE_REMOVE;
}

gboolean
gh_cli_prepare_plan (GhCli   *self,
                     GhPlan  *plan,
                     GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  Asking asking = { self, plan };
  gboolean tells = self->terminal && gh_plan_get_asked (plan) != NULL;

  if (tells)
    asking.id = g_timeout_add (ASKING_MS, tell_asking_cb, &asking);
  gh_plan_prepare_async (plan, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  if (tells && asking.id == 0)
    gh_cli_tell (self, CLEAR_LINE);
  g_clear_handle_id (&asking.id, g_source_remove);
  return gh_plan_prepare_finish (plan, result, error);
}

/* Fixes */

/* (element-type GhCheck): those of @id that can be repaired. */
static GPtrArray *
list_fixable (GhPlan     *plan,
              const char *id)
{
  GPtrArray *checks = gh_plan_get_checks (plan);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (checks, i);

      if (gh_check_get_fix_label (check) != NULL && strcmp (gh_check_get_id (check), id) == 0)
        g_ptr_array_add (found, g_object_ref (check));
    }
  return found;
}

static GhCliStatus
refuse_fix (GhCli      *self,
            GhPlan     *plan,
            const char *id)
{
  g_autofree char *what = g_strdup_printf (_("Nothing called “%s” is to be repaired"), id);

  gh_cli_show_checks (self, gh_plan_get_checks (plan));
  return gh_cli_fail (self, GH_CLI_USAGE, what, NULL);
}

/* As the button in the window. What would change a host waits until it is no rehearsal. */
static gboolean
fix (GhCli    *self,
     GhCheck  *check,
     GError  **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (self->dry_run && gh_check_get_fix_command (check) != NULL)
    {
      /* Translators: %s is what would repair it, the label of a button. */
      gh_cli_print (self, _("Not done now: %s\n"), gh_check_get_fix_label (check));
      return TRUE;
    }
  gh_cli_print (self, "%s: %s\n", gh_check_get_title (check), gh_check_get_fix_label (check));
  gh_check_fix_async (check, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  return gh_check_fix_finish (check, result, error);
}

/* One fix may show what the next one is for, so each is looked for in the checks after the one
 * before it. GH_CLI_DONE when all are done. */
static GhCliStatus
apply_fixes (GhCli  *self,
             GhPlan *plan)
{
  for (guint i = 0; self->fixes != NULL && self->fixes[i] != NULL; i++)
    {
      g_autoptr (GPtrArray) checks = list_fixable (plan, self->fixes[i]);
      g_autoptr (GError) error = NULL;

      if (checks->len == 0)
        return refuse_fix (self, plan, self->fixes[i]);
      for (guint j = 0; j < checks->len; j++)
        if (!fix (self, g_ptr_array_index (checks, j), &error))
          return gh_cli_fail (self, GH_CLI_FAILED,
                              gh_check_get_fix_label (g_ptr_array_index (checks, j)), error);
      if (!gh_cli_prepare_plan (self, plan, &error))
        return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
    }
  return GH_CLI_DONE;
}

GhCliStatus
gh_cli_carry_out (GhCli  *self,
                  GhPlan *plan)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *title = gh_plan_dup_title (plan);
  GhCliStatus fixed = GH_CLI_DONE;

  if (!gh_cli_prepare_plan (self, plan, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, title, error);
  fixed = apply_fixes (self, plan);
  if (fixed != GH_CLI_DONE)
    return fixed;

  gh_cli_print (self, "%s\n", title);
  gh_cli_show_checks (self, gh_plan_get_checks (plan));
  if (self->dry_run)
    show_steps (self, plan);
  if (gh_plan_get_worst (plan) == GH_CHECK_REFUSAL)
    {
      gh_cli_tell (self, "guesthouse: %s\n",
                   gh_check_get_title (g_ptr_array_index (gh_plan_get_checks (plan), 0)));
      return GH_CLI_REFUSED;
    }
  if (self->dry_run)
    return GH_CLI_DONE;
  if (!get_consent (self, plan))
    {
      gh_cli_tell_no (self);
      return GH_CLI_REFUSED;
    }
  return run_prepared (self, plan);
}

GhCliStatus
gh_cli_run_plan (GhCli  *self,
                 GhPlan *plan)
{
  GhCliStatus status = gh_cli_carry_out (self, plan);
  g_autoptr (JsonNode) node = gh_plan_to_json (plan);

  json_object_set_int_member (json_node_get_object (node), "status", (gint64) status);
  gh_cli_print_json (self, node);
  return status;
}

GhCliStatus
gh_cli_delete (GhCli      *self,
               const char *verb,
               int         argc,
               char      **argv)
{
  gboolean keep_disks = FALSE;
  g_auto (GStrv) also = NULL;
  const GOptionEntry entries[] = {
    { "keep-disks", 'k', 0, G_OPTION_ARG_NONE, &keep_disks, N_("Keep all of its files"), NULL },
    { "remove", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &also,
      N_("Delete this file of it too, which would be kept"), N_("FILE") },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhDeletePlan) plan = NULL;
  GhMachine *machine = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  if (keep_disks && also != NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, _("--keep-disks and --remove contradict each other"),
                        NULL);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  machine = gh_cli_find_machine (self, words[0], &error);
  if (machine == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, error->message, NULL);

  plan = gh_delete_plan_new (machine);
  gh_delete_plan_set_keep_disks (plan, keep_disks);
  for (guint i = 0; also != NULL && also[i] != NULL; i++)
    {
      g_autofree char *path = g_canonicalize_filename (also[i], NULL);

      gh_delete_plan_set_ticked (plan, path, TRUE);
    }
  return gh_cli_run_plan (self, GH_PLAN (plan));
}
