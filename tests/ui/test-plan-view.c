/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The mechanics of the widgets that show plans, on a plan that changes nothing. What real plans
 * look like in them is tested in test-plan-dialogs.c. */

#include "config.h"

#include "gh-activity-button.h"
#include "gh-activity-list.h"
#include "gh-activity.h"
#include "gh-names.h"
#include "gh-plan-dialog.h"
#include "gh-plan-view.h"
#include "gh-sample-plan.h"
#include "gh-ui-test.h"

typedef struct
{
  GhSamplePlan   *plan;
  GhSampleTraits *traits;
  GtkWidget      *window;
  GhPlanView     *view;
  int             n_done;
  guint           n_prepared; /* before the typing */
} Fixture;

static void
count_cb (int *count)
{
  (*count)++;
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->plan = gh_sample_plan_new ();
  fixture->traits = gh_sample_plan_get_traits (fixture->plan);
  gh_sample_plan_set_text (fixture->plan, "x");
  fixture->window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  fixture->view = GH_PLAN_VIEW (gh_plan_view_new ());
  gtk_widget_show (GTK_WIDGET (fixture->view));
  gtk_container_add (GTK_CONTAINER (fixture->window), GTK_WIDGET (fixture->view));
  g_signal_connect_swapped (fixture->view, "done", G_CALLBACK (count_cb), &fixture->n_done);
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 400, 400);
  gtk_widget_show (fixture->window);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer view = fixture->view;
  gpointer plan = fixture->plan;

  g_object_add_weak_pointer (view, &view);
  g_object_add_weak_pointer (plan, &plan);
  gtk_widget_destroy (fixture->window);
  g_object_unref (fixture->plan);
  gh_ui_test_assert_finalized (&view);
  gh_ui_test_assert_finalized (&plan);
  gh_activity_clear_ended (gh_activity_get_default ());
}

static GtkWidget *
widget_of (Fixture *fixture)
{
  return GTK_WIDGET (fixture->view);
}

/* Shows the plan as its traits are now. */
static void
show_plan (Fixture    *fixture,
           const char *until)
{
  gh_plan_view_set_plan (fixture->view, GH_PLAN (fixture->plan));
  gh_ui_test_wait_shows (widget_of (fixture), until);
}

static gboolean
has_ended (gpointer data)
{
  return !gh_plan_view_get_running (data);
}

static gboolean
is_half_way (gpointer data)
{
  GPtrArray *steps = gh_plan_get_steps (data);

  return gh_plan_get_state (data) == GH_PLAN_RUNNING && steps->len == 3 &&
         gh_step_get_fraction (g_ptr_array_index (steps, 1)) == 0.5;
}

static gboolean
can_run (gpointer data)
{
  return gh_plan_view_get_can_run (data);
}

static void
run_until_ended (Fixture *fixture)
{
  gh_plan_view_run (fixture->view);
  g_assert_true (gh_plan_view_get_running (fixture->view));
  g_assert_false (gh_plan_view_get_can_run (fixture->view));
  gh_test_wait_until (has_ended, fixture->view);
}

/* A host that takes long to say what it can do is named, and only until it has. */
static void
test_asking (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr (GhHost) host = gh_host_new ("test:///default");

  fixture->traits->asked = host;
  fixture->traits->prepare_ms = 1500;
  show_plan (fixture, "Asking Test host what it can do…");
  gh_ui_test_wait_shows (widget_of (fixture), "Ready");
  g_assert_false (gh_ui_test_shows (widget_of (fixture), "Asking"));
  fixture->traits->asked = NULL;
}

static void
test_ready (Fixture       *fixture,
            gconstpointer  data)
{
  show_plan (fixture, "Ready");
  g_assert_true (gh_plan_view_get_can_run (fixture->view));
  g_assert_false (gh_ui_test_shows (widget_of (fixture), "The name is free"));
  gh_ui_test_press (widget_of (fixture), "Ready");
  gh_ui_test_wait_shows (widget_of (fixture), "The name is free");
}

static void
test_work (Fixture       *fixture,
           gconstpointer  data)
{
  GtkWidget *text = NULL;
  g_autofree char *commands = NULL;

  fixture->traits->refuses = TRUE;
  show_plan (fixture, "3 steps");
  gh_ui_test_press (widget_of (fixture), "3 steps");
  gh_ui_test_wait_shows (widget_of (fixture), "Make thing 3");
  gh_ui_test_press (widget_of (fixture), "Show commands");
  text = gh_ui_test_get (widget_of (fixture), GTK_TYPE_TEXT_VIEW, "Commands");
  g_object_get (gtk_text_view_get_buffer (GTK_TEXT_VIEW (text)), "text", &commands, NULL);
  g_assert_cmpstr (commands, ==,
                   "# The network is not running: Start the network\n"
                   "virsh net-start default\n"
                   "# Make thing 1\nmake thing-1\n"
                   "# Make thing 2\nmake thing-2\n"
                   "# Make thing 3\nmake thing-3\n");
}

static void
test_fix (Fixture       *fixture,
          gconstpointer  data)
{
  GtkWidget *button = NULL;

  fixture->traits->refuses = TRUE;
  fixture->traits->warns = TRUE;
  show_plan (fixture, "The network is not running");
  g_assert_false (gh_plan_view_get_can_run (fixture->view));
  /* Why is there without asking for a refusal, on request for a warning. */
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "The machine could not start without it."));
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "virsh net-start default"));
  gh_names_assert (widget_of (fixture));
  gh_ui_test_shoot (fixture->window, "plan-fix");
  g_assert_false (gh_ui_test_shows (widget_of (fixture), "There is no KVM here."));
  gh_ui_test_press (widget_of (fixture), "Why: The guest will be slow");

  button = gh_ui_test_get (widget_of (fixture), GTK_TYPE_BUTTON, "Start the network");
  gtk_widget_grab_focus (button);
  gh_ui_test_click (widget_of (fixture), "Start the network");
  gh_test_wait_until (can_run, fixture->view);
  g_assert_false (gh_ui_test_shows (widget_of (fixture), "The network is not running"));
  gh_ui_test_wait_shows (widget_of (fixture), "Otherwise ready");
  /* The warning's row is the same one, still open; the focus has not got lost with the other. */
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "There is no KVM here."));
  g_assert_nonnull (gtk_window_get_focus (GTK_WINDOW (fixture->window)));
}

static void
test_fix_fails (Fixture       *fixture,
                gconstpointer  data)
{
  fixture->traits->refuses = TRUE;
  fixture->traits->fix_fails = TRUE;
  show_plan (fixture, "The network is not running");
  gh_ui_test_click (widget_of (fixture), "Start the network");
  gh_ui_test_wait_shows (widget_of (fixture), "That did not help");
  fixture->traits->fix_fails = FALSE;
  gh_ui_test_click (widget_of (fixture), "Start the network");
  gh_ui_test_wait_shows (widget_of (fixture), "Ready");
}

static void
test_done (Fixture       *fixture,
           gconstpointer  data)
{
  GhActivity *activity = gh_activity_get_default ();
  g_autoptr (GhActivityItem) item = NULL;
  g_autofree char *log = NULL;

  show_plan (fixture, "Ready");
  run_until_ended (fixture);
  g_assert_cmpint (fixture->n_done, ==, 1);
  g_assert_cmpuint (gh_sample_plan_get_made (fixture->plan), ==, 3);
  g_assert_false (gh_plan_view_get_can_run (fixture->view));

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (activity)), ==, 1);
  g_assert_cmpuint (gh_activity_get_n_running (activity), ==, 0);
  item = g_list_model_get_item (G_LIST_MODEL (activity), 0);
  g_assert_cmpstr (gh_activity_item_get_title (item), ==, "Make “x”");
  g_assert_cmpint (gh_activity_item_get_outcome (item), ==, GH_OUTCOME_DONE);
  g_assert_cmpint (gh_activity_item_get_end_time (item), >, 0);
  log = gh_activity_item_dup_log (item);
  g_assert_nonnull (strstr (log, "# Make thing 2: Done\nmake thing-2\n"));
}

static void
test_fails (Fixture       *fixture,
            gconstpointer  data)
{
  fixture->traits->fails = TRUE;
  show_plan (fixture, "Ready");
  run_until_ended (fixture);
  g_assert_cmpint (fixture->n_done, ==, 0);
  g_assert_cmpuint (gh_sample_plan_get_made (fixture->plan), ==, 0);
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "Everything is as it was before."));
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "Details"));
  g_assert_cmpint (gh_activity_get_unseen (gh_activity_get_default ()), ==, GH_OUTCOME_UNDONE);

  /* Once more, with the cause gone. */
  fixture->traits->fails = FALSE;
  g_assert_true (gh_plan_view_get_can_run (fixture->view));
  gh_plan_view_run (fixture->view);
  gh_test_wait_flag (&fixture->n_done);
  g_assert_cmpuint (gh_sample_plan_get_made (fixture->plan), ==, 3);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (gh_activity_get_default ())), ==, 2);
}

/* What QEMU's log says is seen without a click, below libvirt's words. */
static void
test_fails_told (Fixture       *fixture,
                 gconstpointer  data)
{
  fixture->traits->fails_told = TRUE;
  show_plan (fixture, "Ready");
  run_until_ended (fixture);
  g_assert_true (gh_ui_test_shows (widget_of (fixture),
                                   "It ended. Look there. Everything is as it was before."));
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "This failed: Thing 2\nended: one\ntwo\n"));
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "The end of /log/web-1.log:\nthree\nfour"));
}

static void
test_left (Fixture       *fixture,
           gconstpointer  data)
{
  fixture->traits->fails = TRUE;
  fixture->traits->cannot_undo = TRUE;
  show_plan (fixture, "Ready");
  run_until_ended (fixture);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (fixture->plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "Thing 1"));
}

static void
test_cancel (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr (GhActivityItem) item = NULL;

  gh_activity_mark_seen (gh_activity_get_default ());
  fixture->traits->waits = TRUE;
  show_plan (fixture, "Ready");
  gh_plan_view_run (fixture->view);
  gh_test_wait_until (is_half_way, fixture->plan);
  gh_ui_test_wait_shows (widget_of (fixture), "50 %");
  g_assert_cmpuint (gh_activity_get_n_running (gh_activity_get_default ()), ==, 1);
  gh_ui_test_click (widget_of (fixture), "Cancel");
  gh_test_wait_until (has_ended, fixture->view);
  g_assert_cmpuint (gh_sample_plan_get_made (fixture->plan), ==, 0);
  g_assert_true (gh_ui_test_shows (widget_of (fixture), "Cancelled."));
  /* It is what the user wanted: no error, no details, and nothing to look at. */
  g_assert_cmpint (gh_activity_get_unseen (gh_activity_get_default ()), ==, GH_OUTCOME_NONE);
  item = g_list_model_get_item (G_LIST_MODEL (gh_activity_get_default ()), 0);
  g_assert_cmpint (gh_activity_item_get_outcome (item), ==, GH_OUTCOME_UNDONE);
  g_assert_true (gh_activity_item_was_cancelled (item));
  g_assert_false (gh_ui_test_shows (widget_of (fixture), "Details"));
  g_assert_true (gh_plan_view_get_can_run (fixture->view));
}

static void
test_close_while_running (Fixture       *fixture,
                          gconstpointer  data)
{
  GhActivity *activity = gh_activity_get_default ();
  gpointer view = fixture->view;
  g_autoptr (GhActivityItem) item = NULL;
  int n_ended = 0;
  gulong id = g_signal_connect_swapped (activity, "plan-ended", G_CALLBACK (count_cb), &n_ended);

  fixture->traits->waits = TRUE;
  show_plan (fixture, "Ready");
  gh_plan_view_run (fixture->view);
  gh_test_wait_until (is_half_way, fixture->plan);
  g_object_add_weak_pointer (view, &view);
  gtk_widget_destroy (GTK_WIDGET (view));
  gh_ui_test_assert_finalized (&view);

  g_assert_cmpuint (gh_activity_get_n_running (activity), ==, 1);
  g_assert_cmpfloat (gh_activity_get_fraction (activity), >, 0.3);
  gh_sample_plan_go_on (fixture->plan);
  gh_test_wait_flag (&n_ended);
  g_assert_cmpuint (gh_sample_plan_get_made (fixture->plan), ==, 3);
  item = g_list_model_get_item (G_LIST_MODEL (activity), 0);
  g_assert_cmpint (gh_activity_item_get_outcome (item), ==, GH_OUTCOME_DONE);

  g_signal_handler_disconnect (activity, id);
  /* For the tear-down. */
  fixture->view = GH_PLAN_VIEW (gh_plan_view_new ());
  gtk_container_add (GTK_CONTAINER (fixture->window), GTK_WIDGET (fixture->view));
}

static void
type_text (guint    i,
           gpointer data)
{
  Fixture *fixture = data;
  g_autofree char *text = g_strnfill (i + 1, 'a');

  if (i == 0)
    fixture->n_prepared = gh_sample_plan_get_n_prepared (fixture->plan);
  gh_sample_plan_set_text (fixture->plan, text);
  /* What was prepared before still allows a run, so the button does not flicker. */
  g_assert_true (gh_plan_view_get_can_run (fixture->view));
}

static gboolean
is_prepared (gpointer data)
{
  return gh_plan_get_state (data) == GH_PLAN_PREPARED;
}

static void
test_typing (Fixture       *fixture,
             gconstpointer  data)
{
  fixture->traits->prepare_ms = 200;
  show_plan (fixture, "Ready");
  gh_ui_test_type_fast (type_text, fixture);
  g_assert_false (is_prepared (fixture->plan));
  gh_test_wait_until (is_prepared, fixture->plan);
  /* A pause between two keys lets some through on a busy machine; not one per key. */
  g_assert_cmpuint (gh_sample_plan_get_n_prepared (fixture->plan) - fixture->n_prepared, <, 25);
}

static void
test_not_prepared (Fixture       *fixture,
                   gconstpointer  data)
{
  guint n_prepared;
  int elapsed = 0;

  fixture->traits->not_prepared = TRUE;
  show_plan (fixture, "It could not be checked whether this works");
  g_assert_false (gh_plan_view_get_can_run (fixture->view));
  /* It does not go on asking by itself. */
  n_prepared = gh_sample_plan_get_n_prepared (fixture->plan);
  g_timeout_add_once (500, (GSourceOnceFunc) count_cb, &elapsed);
  gh_test_wait_flag (&elapsed);
  g_assert_cmpuint (gh_sample_plan_get_n_prepared (fixture->plan), ==, n_prepared);

  fixture->traits->not_prepared = FALSE;
  gh_ui_test_click (widget_of (fixture), "Check again");
  gh_ui_test_wait_shows (widget_of (fixture), "Ready");
  g_assert_true (gh_plan_view_get_can_run (fixture->view));
}

/* Run right after a change: what is new has to be seen first. */
static void
test_unseen_warning (Fixture       *fixture,
                     gconstpointer  data)
{
  show_plan (fixture, "Ready");
  fixture->traits->warns = TRUE;
  gh_sample_plan_set_text (fixture->plan, "y");
  gh_plan_view_run (fixture->view);
  gh_ui_test_wait_shows (widget_of (fixture), "The guest will be slow");
  g_assert_false (gh_plan_view_get_running (fixture->view));
  g_assert_cmpint (fixture->n_done, ==, 0);

  /* Now it has been; and another change that brings nothing new runs at once. */
  gh_sample_plan_set_text (fixture->plan, "z");
  gh_plan_view_run (fixture->view);
  gh_test_wait_flag (&fixture->n_done);
  g_assert_cmpuint (gh_sample_plan_get_made (fixture->plan), ==, 3);
}

/* The world changes between looking and running: the engine refuses. */
static void
test_late_refusal (Fixture       *fixture,
                   gconstpointer  data)
{
  show_plan (fixture, "Ready");
  fixture->traits->refuses = TRUE;
  run_until_ended (fixture);
  gh_ui_test_wait_shows (widget_of (fixture), "The network is not running");
  g_assert_false (gh_plan_view_get_can_run (fixture->view));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (gh_activity_get_default ())), ==, 0);
  gh_ui_test_click (widget_of (fixture), "Start the network");
  gh_test_wait_until (can_run, fixture->view);
  run_until_ended (fixture);
  g_assert_cmpint (fixture->n_done, ==, 1);
}

static gboolean
is_unseen (gpointer data)
{
  return gh_activity_get_unseen (gh_activity_get_default ()) != GH_OUTCOME_NONE;
}

static void
test_activity_button (Fixture       *fixture,
                      gconstpointer  data)
{
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  GtkWidget *button = gh_activity_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *other = gh_activity_button_new ();
  GtkWidget *list = NULL;
  gpointer weak = button;
  g_autofree char *tooltip = NULL;
  g_autofree char *unseen = NULL;
  g_autofree char *seen = NULL;

  gtk_container_add (GTK_CONTAINER (box), button);
  gtk_container_add (GTK_CONTAINER (box), other);
  gtk_widget_show (box);
  gtk_container_add (GTK_CONTAINER (window), box);
  gtk_widget_show (window);
  fixture->traits->waits = TRUE;
  show_plan (fixture, "Ready");
  gh_plan_view_run (fixture->view);
  gh_test_wait_until (is_half_way, fixture->plan);

  tooltip = gtk_widget_get_tooltip_text (button);
  g_assert_cmpstr (tooltip, ==, "Activity: 1 running");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  list = gtk_bin_get_child (GTK_BIN (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button))));
  g_assert_true (gh_ui_test_shows (list, "Make “x”"));
  gh_names_assert (list);
  gh_ui_test_shoot (fixture->window, "view-running");
  gh_ui_test_click (list, "Cancel: Make “x”");
  gh_test_wait_until (has_ended, fixture->view);
  g_assert_true (gh_ui_test_shows (list, "Cancelled. Everything is as it was before."));
  gh_ui_test_press (list, "What was run: Make “x”");
  gh_ui_test_click (list, "Clear finished");
  g_assert_true (gh_ui_test_shows (list,
                                   "What you create, copy, move or delete shows up here."));

  /* What ended while one of them showed the list has been seen by the other, too. */
  g_assert_cmpint (gh_activity_get_unseen (gh_activity_get_default ()), ==, GH_OUTCOME_NONE);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), FALSE);
  fixture->traits->waits = FALSE;
  fixture->traits->fails = TRUE;
  gh_plan_view_run (fixture->view);
  gh_test_wait_until (is_unseen, NULL);
  unseen = gtk_widget_get_tooltip_text (button);
  g_assert_cmpstr (unseen, ==, "Activity: something did not work");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (other), TRUE);
  seen = gtk_widget_get_tooltip_text (button);
  g_assert_cmpstr (seen, ==, "Activity");

  g_object_add_weak_pointer (weak, &weak);
  gtk_widget_destroy (window);
  gh_ui_test_assert_finalized (&weak);
}

static void
test_dialog (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWidget *form = gtk_entry_new ();
  GhPlanDialog *dialog = NULL;
  gpointer weak = NULL;
  int n_done = 0;

  gtk_widget_show (form);
  dialog = gh_plan_dialog_new (NULL, "Make something", GH_PLAN_DIALOG_SUGGESTED, form);
  weak = dialog;
  g_object_add_weak_pointer (weak, &weak);
  g_signal_connect_swapped (dialog, "done", G_CALLBACK (count_cb), &n_done);
  gh_plan_dialog_set_plan (dialog, GH_PLAN (fixture->plan));
  gtk_widget_show (GTK_WIDGET (dialog));
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "Ready");

  /* Fails: the form stays, and opens again. */
  fixture->traits->fails = TRUE;
  gtk_entry_set_text (GTK_ENTRY (form), "typed");
  gh_ui_test_click (GTK_WIDGET (dialog), "Make");
  g_assert_false (gtk_widget_is_sensitive (form));
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "Everything is as it was before.");
  g_assert_true (gtk_widget_is_sensitive (form));
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (form)), ==, "typed");
  g_assert_cmpint (n_done, ==, 0);

  fixture->traits->fails = FALSE;
  gh_ui_test_click (GTK_WIDGET (dialog), "Make");
  gh_test_wait_flag (&n_done);
  gh_ui_test_assert_finalized (&weak);
}

static gboolean
shows_doing (gpointer view)
{
  return gh_ui_test_shows (view, "Looking at the disks · 0:");
}

static gboolean
shows_later (gpointer view)
{
  return shows_doing (view) && !gh_ui_test_shows (view, "· 0:00");
}

/* A step of which nobody knows how long it takes says what it does, and for how long it has. */
static void
test_doing (Fixture       *fixture,
            gconstpointer  data)
{
  fixture->traits->waits = TRUE;
  fixture->traits->doing = "Looking at the disks";
  show_plan (fixture, "Ready");
  gh_plan_view_run (fixture->view);
  gh_test_wait_until (shows_doing, fixture->view);
  /* The time goes on by itself. */
  gh_test_wait_until (shows_later, fixture->view);
  gh_sample_plan_go_on (fixture->plan);
  gh_test_wait_until (has_ended, fixture->view);
}

int
main (int   argc,
      char *argv[])
{
  gh_ui_test_init (&argc, &argv);

#define ADD(name, func) g_test_add ("/plan-view/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("ready", test_ready);
  ADD ("asking", test_asking);
  ADD ("work", test_work);
  ADD ("fix", test_fix);
  ADD ("fix-fails", test_fix_fails);
  ADD ("done", test_done);
  ADD ("fails", test_fails);
  ADD ("fails-told", test_fails_told);
  ADD ("left", test_left);
  ADD ("cancel", test_cancel);
  ADD ("close-while-running", test_close_while_running);
  ADD ("typing", test_typing);
  ADD ("not-prepared", test_not_prepared);
  ADD ("unseen-warning", test_unseen_warning);
  ADD ("late-refusal", test_late_refusal);
  ADD ("activity-button", test_activity_button);
  ADD ("dialog", test_dialog);
  ADD ("doing", test_doing);
#undef ADD

  return g_test_run ();
}
