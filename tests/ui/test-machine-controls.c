/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The buttons of a machine: one of run, resume and pause, also while nothing is possible. */

#include "config.h"

#include "gh-machine-controls.h"
#include "gh-ui-test.h"

static const char *const names[] = { "machine-start", "machine-resume", "machine-pause",
                                     "machine-force-off", "clone-machine", "new-from-template",
                                     "try-machine" };

static void
enable (GSimpleActionGroup *group,
        const char         *name,
        gboolean            enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (group),
                                                                            name)), enabled);
}

static gboolean
is_shown (GtkWidget  *controls,
          const char *child)
{
  return gtk_widget_get_visible (GTK_WIDGET (gtk_widget_get_template_child (
    controls, GH_TYPE_MACHINE_CONTROLS, child)));
}

static void
test_primary (void)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();
  GtkWidget *controls = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GSimpleAction) action = g_simple_action_new (names[i], NULL);

      g_simple_action_set_enabled (action, FALSE);
      g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (action));
    }
  enable (group, "machine-pause", TRUE);
  controls = g_object_ref_sink (gh_machine_controls_new (G_ACTION_MAP (group)));
  g_assert_true (is_shown (controls, "pause_button"));
  g_assert_false (is_shown (controls, "start_button"));

  /* Being paused: the button stays where it is. */
  enable (group, "machine-pause", FALSE);
  g_assert_true (is_shown (controls, "pause_button"));
  enable (group, "machine-resume", TRUE);
  g_assert_true (is_shown (controls, "resume_button"));
  g_assert_false (is_shown (controls, "pause_button"));
  enable (group, "machine-resume", FALSE);
  enable (group, "machine-start", TRUE);
  g_assert_true (is_shown (controls, "start_button"));
  g_assert_false (is_shown (controls, "resume_button"));

  gtk_widget_destroy (controls);
  g_assert_finalize_object (controls);
}

int
main (int    argc,
      char **argv)
{
  gh_ui_test_init (&argc, &argv);
  g_test_add_func ("/machine-controls/primary", test_primary);
  return g_test_run ();
}
