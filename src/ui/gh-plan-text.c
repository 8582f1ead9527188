/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-plan-text"

#include "config.h"

#include "gh-plan-text.h"

#include <glib/gi18n-lib.h>

#include "gh-virt-error.h"

/**
 * gh_plan_text_step_state:
 * @state: the state of a step
 *
 * Returns: (transfer none): for screen readers and logs; translated
 */
const char *
gh_plan_text_step_state (GhStepState state)
{
  switch (state)
    {
    case GH_STEP_WAITING:
      return _("To do");
    case GH_STEP_RUNNING:
      return _("In progress");
    case GH_STEP_DONE:
      return _("Done");
    case GH_STEP_FAILED:
      return _("Failed");
    case GH_STEP_UNDOING:
      return _("Being undone");
    case GH_STEP_UNDONE:
      return _("Undone");
    case GH_STEP_LEFT:
      return _("Could not be undone");
    case GH_STEP_SKIPPED:
      return _("Left out");
    default:
      g_return_val_if_reached (NULL);
    }
}

const char *
gh_plan_text_step_icon (GhStepState state)
{
  switch (state)
    {
    case GH_STEP_WAITING:
      return "radio-symbolic";
    case GH_STEP_DONE:
      return "object-select-symbolic";
    case GH_STEP_FAILED:
      return "dialog-error-symbolic";
    case GH_STEP_UNDONE:
      return "edit-undo-symbolic";
    case GH_STEP_LEFT:
      return "dialog-warning-symbolic";
    case GH_STEP_SKIPPED:
      return "list-remove-symbolic";
    case GH_STEP_RUNNING:
    case GH_STEP_UNDOING:
    default:
      return "content-loading-symbolic";
    }
}

/**
 * gh_plan_text_check_level:
 * @level: how serious
 *
 * Returns: (transfer none): what the icon says, for screen readers; translated
 */
const char *
gh_plan_text_check_level (GhCheckLevel level)
{
  switch (level)
    {
    case GH_CHECK_OK:
      return _("All right");
    case GH_CHECK_NOTE:
      return _("Note");
    case GH_CHECK_WARNING:
      return _("Warning");
    case GH_CHECK_REFUSAL:
      return _("Has to be solved first");
    default:
      g_return_val_if_reached (NULL);
    }
}

const char *
gh_plan_text_check_icon (GhCheckLevel level)
{
  switch (level)
    {
    case GH_CHECK_NOTE:
      return "dialog-information-symbolic";
    case GH_CHECK_WARNING:
      return "dialog-warning-symbolic";
    case GH_CHECK_REFUSAL:
      return "dialog-error-symbolic";
    case GH_CHECK_OK:
    default:
      return "object-select-symbolic";
    }
}

/**
 * gh_plan_text_dup_commands:
 * @plan: a plan
 *
 * Returns: (transfer full): lines for a shell that do what the offered fixes
 *   and the steps do; fixes first, as comments, since each is the user's choice
 */
char *
gh_plan_text_dup_commands (GhPlan *plan)
{
  GString *text = g_string_new (NULL);
  GPtrArray *checks = gh_plan_get_checks (plan);
  GPtrArray *steps = gh_plan_get_steps (plan);

  for (guint i = 0; checks != NULL && i < checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (checks, i);

      if (gh_check_get_fix_command (check) == NULL)
        continue;
      g_string_append_printf (text, "# %s: %s\n%s\n", gh_check_get_title (check),
                              gh_check_get_fix_label (check), gh_check_get_fix_command (check));
    }
  for (guint i = 0; steps != NULL && i < steps->len; i++)
    {
      GhStep *step = g_ptr_array_index (steps, i);
      g_autofree char *title = gh_step_dup_title (step);
      g_autofree char *command = gh_step_dup_command (step);

      g_string_append_printf (text, "# %s\n", title);
      if (command != NULL)
        g_string_append_printf (text, "%s\n", command);
    }
  return g_string_free (text, FALSE);
}

/**
 * gh_plan_text_dup_log:
 * @plan: a plan that runs or was run
 *
 * Returns: (transfer full): what was done, with the equivalent commands, what
 *   is left and the raw text of the error
 */
char *
gh_plan_text_dup_log (GhPlan *plan)
{
  GString *text = g_string_new (NULL);
  GPtrArray *steps = gh_plan_get_steps (plan);
  GStrv left = gh_plan_get_left (plan);
  const GError *error = gh_plan_get_error (plan);

  for (guint i = 0; steps != NULL && i < steps->len; i++)
    {
      GhStep *step = g_ptr_array_index (steps, i);
      g_autofree char *title = gh_step_dup_title (step);
      g_autofree char *command = gh_step_dup_command (step);

      /* Translators: a line of a log: what was to be done, and how it went. */
      g_string_append_printf (text, _("# %s: %s"), title,
                              gh_plan_text_step_state (gh_step_get_state (step)));
      g_string_append_c (text, '\n');
      if (command != NULL)
        g_string_append_printf (text, "%s\n", command);
    }
  for (guint i = 0; left != NULL && left[i] != NULL; i++)
    {
      /* Translators: a line of a log about something that could not be removed. */
      g_string_append_printf (text, _("# Left behind: %s"), left[i]);
      g_string_append_c (text, '\n');
    }
  if (error != NULL)
    {
      g_autofree char *details = gh_error_dup_details (error);
      g_auto (GStrv) lines = g_strsplit (details, "\n", -1);

      for (guint i = 0; lines[i] != NULL; i++)
        g_string_append_printf (text, "# %s\n", lines[i]);
    }
  return g_string_free (text, FALSE);
}
