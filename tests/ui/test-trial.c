/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Throw-away copies in the window: what can be done with which machine, the bar, and the questions,
 * each asked once. */

#include "config.h"

#include <string.h>

#include "gh-activity.h"
#include "gh-keep-dialog.h"
#include "gh-machine-mark.h"
#include "gh-names.h"
#include "gh-plan-dialog.h"
#include "gh-snapshots-dialog.h"
#include "gh-snapshots.h"
#include "gh-test.h"
#include "gh-ui-test.h"
#include "gh-ui.h"
#include "gh-window.h"

#define WEB "cccccccc-0000-4000-8000-000000000001"
#define TRIAL "cccccccc-0000-4000-8000-000000000002"
#define BUSY "cccccccc-0000-4000-8000-000000000003"

#define MACHINE(name, uuid, metadata, state) \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>" name \
  "</name><uuid>" uuid "</uuid>" metadata "<memory>4096</memory><os><type>hvm</type></os>" \
  "<test:runstate>" state "</test:runstate></domain>"

#define MARK \
  "<metadata><g:machine xmlns:g='" GH_MACHINE_MARK_NAMESPACE "'><g:trial uuid='" WEB \
  "' name='web'/></g:machine></metadata>"

static const char node[] =
  "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
  "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
  MACHINE ("web", WEB, "", "5") MACHINE ("web-trial", TRIAL, MARK, "5")
  MACHINE ("busy", BUSY, "", "1") "</node>";

typedef struct
{
  GhHosts   *hosts;
  GhHost    *host;
  GhWindow  *window;
  GhMachine *trial;
  guint      n_decided;
} Fixture;

static gboolean
is_known_trial (gpointer data)
{
  GhMachine *machine = gh_host_find_machine (data, TRIAL);

  return machine != NULL && gh_machine_get_kind (machine) == GH_MACHINE_TRIAL;
}

static void
decided_cb (Fixture *fixture)
{
  fixture->n_decided++;
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *path = g_build_filename (folder, "node.xml", NULL);
  g_autofree char *uri = g_strconcat ("test://", path, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, node, -1, &error);
  g_assert_no_error (error);
  fixture->n_decided = 0;
  fixture->hosts = gh_hosts_new ();
  fixture->host = gh_hosts_add (fixture->hosts, uri);
  fixture->window = gh_window_new (NULL, fixture->hosts);
  g_signal_connect_swapped (fixture->window, "trials-decided", G_CALLBACK (decided_cb), fixture);
  gtk_window_present (GTK_WINDOW (fixture->window));
  gh_host_connect (fixture->host);
  gh_test_wait_until (is_known_trial, fixture->host);
  fixture->trial = g_object_ref (gh_host_find_machine (fixture->host, TRIAL));
  gh_ui_test_settle ();
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer window = fixture->window;

  g_object_add_weak_pointer (G_OBJECT (window), &window);
  gtk_widget_destroy (window);
  gh_test_wait_until (is_gone, &window);
  g_clear_object (&fixture->trial);
  gh_hosts_remove (fixture->hosts, fixture->host);
  g_assert_finalize_object (fixture->hosts);
}

typedef struct
{
  Fixture    *fixture;
  const char *action;
  gboolean    enabled;
} Expected;

static gboolean
is_as_expected (gpointer data)
{
  Expected *expected = data;

  return g_action_group_get_action_enabled (G_ACTION_GROUP (expected->fixture->window),
                                            expected->action) == expected->enabled;
}

static void
assert_enabled (Fixture    *fixture,
                const char *action,
                gboolean    enabled)
{
  gh_test_wait_until (is_as_expected, &(Expected){ fixture, action, enabled });
}

static void
activate (Fixture    *fixture,
          const char *action)
{
  assert_enabled (fixture, action, TRUE);
  g_action_group_activate_action (G_ACTION_GROUP (fixture->window), action, NULL);
}

static GtkWidget *
find_question (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GTK_IS_MESSAGE_DIALOG (l->data))
      return l->data;
  return NULL;
}

static gboolean
has_question (gpointer data)
{
  return find_question () != NULL;
}

static GtkWidget *
wait_question (void)
{
  gh_test_wait_until (has_question, NULL);
  gh_ui_test_settle ();
  return find_question ();
}

typedef struct
{
  GhMachine      *machine;
  GhMachineState  state;
} StateWait;

static gboolean
has_state (gpointer data)
{
  StateWait *wait = data;

  return gh_machine_get_state (wait->machine) == wait->state &&
         gh_machine_get_busy_text (wait->machine) == NULL;
}

static void
wait_state (GhMachine      *machine,
            GhMachineState  state)
{
  gh_test_wait_until (has_state, &(StateWait){ machine, state });
}

static void
start_trial (Fixture *fixture)
{
  gh_window_show_machine (fixture->window, fixture->trial, FALSE);
  activate (fixture, "machine-start");
  wait_state (fixture->trial, GH_MACHINE_RUNNING);
}

static gboolean
is_removed (gpointer data)
{
  return !gh_machine_exists (data);
}

static void
test_actions (Fixture       *fixture,
              gconstpointer  data)
{
  gh_window_show_machine (fixture->window, gh_host_find_machine (fixture->host, "web"), FALSE);
  assert_enabled (fixture, "try-machine", TRUE);
  assert_enabled (fixture, "try-machine-offline", TRUE);
  assert_enabled (fixture, "discard-trial", FALSE);
  assert_enabled (fixture, "keep-trial", FALSE);
  assert_enabled (fixture, "discard-all-trials", TRUE);
  gh_ui_test_settle ();
  g_assert_false (gh_ui_test_shows (GTK_WIDGET (fixture->window), "throw-away copy"));

  gh_window_show_machine (fixture->window, gh_host_find_machine (fixture->host, "busy"), FALSE);
  assert_enabled (fixture, "try-machine", FALSE);

  gh_window_show_machine (fixture->window, fixture->trial, FALSE);
  assert_enabled (fixture, "try-machine", FALSE);
  assert_enabled (fixture, "discard-trial", TRUE);
  assert_enabled (fixture, "keep-trial", TRUE);
  gh_ui_test_wait_shows (GTK_WIDGET (fixture->window), "This is a throw-away copy of “web”.");
  gh_names_assert (GTK_WIDGET (fixture->window));
  gh_ui_test_shoot (GTK_WIDGET (fixture->window), "trial-bar");
}

/* It was asked for: no question, and the original is shown. */
static void
test_discard (Fixture       *fixture,
              gconstpointer  data)
{
  gh_window_show_machine (fixture->window, fixture->trial, FALSE);
  activate (fixture, "discard-trial");
  gh_test_wait_until (is_removed, fixture->trial);
  g_assert_null (find_question ());
  assert_enabled (fixture, "discard-all-trials", FALSE);
  g_assert_false (gh_window_ask_about_trials (fixture->window));
  /* The original is shown in its place. */
  assert_enabled (fixture, "try-machine", TRUE);
}

static void
test_shut_down (Fixture       *fixture,
                gconstpointer  data)
{
  GtkWidget *question = NULL;

  start_trial (fixture);
  activate (fixture, "machine-shutdown");
  question = wait_question ();
  g_assert_true (gh_ui_test_shows (question, "has shut down"));
  gtk_dialog_response (GTK_DIALOG (question), GTK_RESPONSE_CANCEL);
  wait_state (fixture->trial, GH_MACHINE_OFF);
  g_assert_null (find_question ());
  g_assert_cmpint (gh_machine_get_kind (fixture->trial), ==, GH_MACHINE_TRIAL);
  /* Once. */
  g_assert_false (gh_window_ask_about_trials (fixture->window));

  /* It ran once more. */
  start_trial (fixture);
  activate (fixture, "machine-shutdown");
  question = wait_question ();
  gh_ui_test_click (question, "Discard");
  gh_test_wait_until (is_removed, fixture->trial);
}

/* Others are not asked about. */
static void
test_shut_down_other (Fixture       *fixture,
                      gconstpointer  data)
{
  GhMachine *machine = gh_host_find_machine (fixture->host, "busy");

  gh_window_show_machine (fixture->window, machine, FALSE);
  activate (fixture, "machine-shutdown");
  wait_state (machine, GH_MACHINE_OFF);
  gh_ui_test_settle ();
  g_assert_null (find_question ());
}

static gboolean
is_decided (gpointer data)
{
  return ((Fixture *) data)->n_decided > 0;
}

static void
test_leaving (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *question = NULL;

  /* It was left by whoever made it. */
  g_assert_false (gh_window_ask_about_trials (fixture->window));
  start_trial (fixture);
  g_assert_true (gh_window_ask_about_trials (fixture->window));
  /* Asked again while it is open: the same one. */
  g_assert_true (gh_window_ask_about_trials (fixture->window));
  question = wait_question ();
  gh_ui_test_shoot (question, "trial-question");
  gh_ui_test_click (question, "Cancel");
  gh_ui_test_settle ();
  g_assert_cmpuint (fixture->n_decided, ==, 0);

  g_assert_true (gh_window_ask_about_trials (fixture->window));
  gh_ui_test_click (wait_question (), "Leave it");
  g_assert_cmpuint (fixture->n_decided, ==, 1);
  g_assert_true (gh_machine_is_active (fixture->trial));
  g_assert_false (gh_window_ask_about_trials (fixture->window));
}

static void
test_leaving_discards (Fixture       *fixture,
                       gconstpointer  data)
{
  start_trial (fixture);
  g_assert_true (gh_window_ask_about_trials (fixture->window));
  gh_ui_test_click (wait_question (), "Discard");
  /* Not before it is gone. */
  g_assert_cmpuint (fixture->n_decided, ==, 0);
  gh_test_wait_until (is_decided, fixture);
  gh_test_wait_until (is_removed, fixture->trial);
  g_assert_cmpuint (fixture->n_decided, ==, 1);
}

static GtkWidget *
find_plan_dialog (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GH_IS_PLAN_DIALOG (l->data))
      return l->data;
  return NULL;
}

static gboolean
has_no_plan_dialog (gpointer data)
{
  return find_plan_dialog () == NULL;
}

static gboolean
is_ordinary (gpointer data)
{
  return gh_machine_get_kind (data) == GH_MACHINE_ORDINARY;
}

static void
test_keep (Fixture       *fixture,
           gconstpointer  data)
{
  GtkWidget *dialog = NULL;

  start_trial (fixture);
  activate (fixture, "keep-trial");
  dialog = find_plan_dialog ();
  g_assert_nonnull (dialog);
  gh_ui_test_wait_shows (dialog, "It is called “web-trial”");
  gh_ui_test_shoot (dialog, "trial-keep");
  gh_ui_test_click (dialog, "Keep");
  gh_test_wait_until (has_no_plan_dialog, NULL);
  gh_test_wait_until (is_ordinary, fixture->trial);
  assert_enabled (fixture, "discard-trial", FALSE);
  assert_enabled (fixture, "discard-all-trials", FALSE);
  g_assert_false (gh_window_ask_about_trials (fixture->window));
}

static GtkWidget *
find_snapshots (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GH_IS_SNAPSHOTS_DIALOG (l->data) && gtk_widget_get_mapped (l->data))
      return l->data;
  return NULL;
}

static gboolean
can_try_snapshot (gpointer data)
{
  GtkWidget *window = find_snapshots ();
  GtkWidget *button = window != NULL ? gh_ui_test_find (window, GTK_TYPE_BUTTON, "Try in a copy")
                                     : NULL;

  return button != NULL && gtk_widget_is_sensitive (button);
}

static gboolean
has_second_trial (gpointer data)
{
  GhMachine *machine = gh_host_find_machine (data, "web-trial-2");

  return machine != NULL && gh_machine_get_kind (machine) == GH_MACHINE_TRIAL;
}

static void
take_snapshot (Fixture    *fixture,
               const char *name,
               const char *description)
{
  const char * const none[] = { NULL };
  g_autofree char *xml = gh_snapshot_xml_dup_new (name, description, FALSE, none, none);
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;

  gh_host_take_snapshot_async (fixture->host, WEB, xml, NULL, gh_test_call_cb, &call);
  gh_host_take_snapshot_finish (fixture->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* From the window of snapshots, which goes then. */
static void
test_snapshot (Fixture       *fixture,
               gconstpointer  data)
{
  take_snapshot (fixture, "clean", "Fresh from the installer");
  take_snapshot (fixture, "updated", "All updates of November");
  gh_window_show_machine (fixture->window, gh_host_find_machine (fixture->host, "web"), FALSE);
  activate (fixture, "show-snapshots");
  gh_test_wait_until (can_try_snapshot, NULL);
  gh_ui_test_shoot (find_snapshots (), "snapshots");
  gh_ui_test_click (find_snapshots (), "Try in a copy");
  gh_test_wait_until (has_second_trial, fixture->host);
  g_assert_null (find_snapshots ());
}

#define add(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)

int
main (int    argc,
      char **argv)
{
  gh_ui_test_init (&argc, &argv);
  add ("/trial/actions", test_actions);
  add ("/trial/discard", test_discard);
  add ("/trial/shut-down", test_shut_down);
  add ("/trial/shut-down-other", test_shut_down_other);
  add ("/trial/leaving", test_leaving);
  add ("/trial/leaving-discards", test_leaving_discards);
  add ("/trial/keep", test_keep);
  add ("/trial/snapshot", test_snapshot);
  return g_test_run ();
}
