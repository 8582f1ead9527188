/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-problem"

#include "config.h"

#include "gh-problem.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

/* What the row says when nothing is wrong. */
#define SUBTITLE_KEY "gh-problem-subtitle"

/**
 * gh_problem_in_row:
 * @widget: what is in an HdyActionRow, or not
 * @problem: (nullable): what the row says instead of its subtitle
 *
 * %NULL or an empty text brings the subtitle back.
 */
void
gh_problem_in_row (GtkWidget  *widget,
                   const char *problem)
{
  GtkWidget *row = NULL;
  const char *subtitle = NULL;

  g_return_if_fail (GTK_IS_WIDGET (widget));

  if (problem != NULL && *problem == '\0')
    problem = NULL;
  row = gtk_widget_get_ancestor (widget, HDY_TYPE_ACTION_ROW);
  if (row == NULL)
    return;
  subtitle = g_object_get_data (G_OBJECT (row), SUBTITLE_KEY);
  if (subtitle == NULL)
    {
      subtitle = hdy_action_row_get_subtitle (HDY_ACTION_ROW (row));
      g_object_set_data_full (G_OBJECT (row), SUBTITLE_KEY,
                              g_strdup (subtitle != NULL ? subtitle : ""), g_free);
      subtitle = g_object_get_data (G_OBJECT (row), SUBTITLE_KEY);
    }
  hdy_action_row_set_subtitle (HDY_ACTION_ROW (row), problem != NULL ? problem : subtitle);
  atk_object_set_description (gtk_widget_get_accessible (row), problem != NULL ? problem : "");
}

/**
 * gh_problem_set:
 * @widget: a control
 * @problem: (nullable): why it cannot be used
 */
void
gh_problem_set (GtkWidget  *widget,
                const char *problem)
{
  g_return_if_fail (GTK_IS_WIDGET (widget));

  gtk_widget_set_sensitive (widget, problem == NULL);
  atk_object_set_description (gtk_widget_get_accessible (widget), problem != NULL ? problem : "");
  gh_problem_in_row (widget, problem);
}

static gboolean
are_same (const char *const *problems,
          guint              n)
{
  for (guint i = 0; i < n; i++)
    if (problems[i] == NULL || g_strcmp0 (problems[i], problems[0]) != 0)
      return FALSE;
  return n > 0;
}

/**
 * gh_problem_dup_text:
 * @choices: (array length=n): what each is called where it is chosen
 * @problems: (array length=n) (element-type utf8): why it cannot be; %NULL: it can
 * @n: their number
 *
 * Returns: (transfer full): a line for each that cannot be chosen; the reason alone when it is the
 *   same for all
 */
char *
gh_problem_dup_text (const char *const *choices,
                     const char *const *problems,
                     guint              n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_return_val_if_fail (choices != NULL && problems != NULL, NULL);

  if (are_same (problems, n))
    return g_strdup (problems[0]);
  for (guint i = 0; i < n; i++)
    {
      if (problems[i] == NULL)
        continue;
      if (text->len > 0)
        g_string_append_c (text, '\n');
      /* Translators: a choice that cannot be made, and why: “Link: its file is on another host”. */
      g_string_append_printf (text, _("%s: %s"), choices[i], problems[i]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * gh_problem_show:
 * @label: where it is said, below the choices
 * @choices: (array length=n): as in gh_problem_dup_text()
 * @problems: (array length=n) (element-type utf8): likewise
 * @n: their number
 *
 * When there is no problem, the label is not seen.
 */
void
gh_problem_show (GtkLabel          *label,
                 const char *const *choices,
                 const char *const *problems,
                 guint              n)
{
  g_autofree char *text = NULL;

  g_return_if_fail (GTK_IS_LABEL (label));

  text = gh_problem_dup_text (choices, problems, n);
  gtk_label_set_label (label, text);
  gtk_widget_set_visible (GTK_WIDGET (label), *text != '\0');
}
