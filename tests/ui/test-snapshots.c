/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Snapshots and the size of disks in the window, over real plans on the test driver. */

#include "config.h"

#include <string.h>

#include "gh-activity.h"
#include "gh-clone-dialog.h"
#include "gh-names.h"
#include "gh-resize-form.h"
#include "gh-snapshots-dialog.h"
#include "gh-snapshots.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"

typedef struct
{
  char   *folder;
  GhHost *host;
} Fixture;

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static void
add_machine (GString    *xml,
             const char *folder,
             const char *name,
             const char *disk,
             const char *base,
             const char *mark)
{
  g_autofree char *path = g_build_filename (folder, disk, NULL);
  g_autofree char *text = g_markup_printf_escaped (
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>%s</name>", name);
  g_autofree char *rest = g_markup_printf_escaped (
    "<memory>4096</memory><os><type>hvm</type></os><devices><disk type='file' device='disk'>"
    "<driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda'/></disk></devices>"
    "<test:runstate>5</test:runstate></domain>", path);

  gh_test_write_qcow2 (path, base);
  g_string_append_printf (xml, "%s<metadata><g:machine "
                          "xmlns:g='http://guesthouse.org/xmlns/libvirt/domain/1.0'>%s"
                          "</g:machine></metadata>%s", text, mark, rest);
}

/* A machine, and a template with a clone. */
static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autoptr (GString) xml = g_string_new (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>");
  g_autofree char *path = NULL;
  g_autofree char *uri = NULL;

  fixture->folder = gh_test_dup_tmp_dir ();
  add_machine (xml, fixture->folder, "web", "web.qcow2", NULL, "");
  add_machine (xml, fixture->folder, "debian", "debian.qcow2", NULL, "<g:template/>");
  add_machine (xml, fixture->folder, "clone-1", "clone-1.qcow2", "debian.qcow2",
               "<g:parent uuid='u' name='debian'/>");
  g_string_append_printf (xml, "<pool type='dir'><name>p</name><target><path>%s</path></target>"
                          "<volume type='file'><name>web.qcow2</name><capacity>1073741824"
                          "</capacity><target><format type='qcow2'/></target></volume></pool>"
                          "</node>", fixture->folder);
  path = g_build_filename (fixture->folder, "node.xml", NULL);
  g_file_set_contents (path, xml->str, -1, NULL);
  uri = g_strconcat ("test://", path, NULL);
  fixture->host = gh_host_new (uri);
  gh_host_connect (fixture->host);
  gh_test_wait_until (is_connected, fixture->host);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gh_activity_clear_ended (gh_activity_get_default ());
  g_object_unref (fixture->host);
  g_free (fixture->folder);
}

static GhMachine *
find (Fixture    *fixture,
      const char *name)
{
  GhMachine *machine = gh_host_find_machine (fixture->host, name);

  g_assert_nonnull (machine);
  return machine;
}

/* As another program does it: without an event. */
static void
take (Fixture    *fixture,
      const char *machine,
      const char *name)
{
  const char * const kept[] = { "vda", NULL };
  const char * const none[] = { NULL };
  g_autofree char *xml = gh_snapshot_xml_dup_new (name, "Before the update", FALSE, kept, none);
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;

  gh_host_take_snapshot_async (fixture->host, gh_machine_get_uuid (find (fixture, machine)), xml,
                               NULL, gh_test_call_cb, &call);
  gh_host_take_snapshot_finish (fixture->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

typedef struct
{
  GtkWidget  *dialog;
  const char *verb;
} Button;

static gboolean
can_click (gpointer data)
{
  Button *button = data;
  GtkWidget *widget = gh_ui_test_find (button->dialog, GTK_TYPE_BUTTON, button->verb);

  return widget != NULL && gtk_widget_is_sensitive (widget);
}

static void
wait_ready (GtkWidget  *dialog,
            const char *verb)
{
  Button button = { dialog, verb };

  gh_test_wait_until (can_click, &button);
}

/* The tree in words, “NAME” per row, indented. */
static gboolean
append_row_cb (GtkTreeModel *model,
               GtkTreePath  *path,
               GtkTreeIter  *iter,
               gpointer      user_data)
{
  g_autofree char *name = NULL;
  g_autofree char *markup = NULL;

  gtk_tree_model_get (model, iter, 1, &markup, 2, &name, -1);
  for (int i = 1; i < gtk_tree_path_get_depth (path); i++)
    g_string_append_c (user_data, '-');
  g_string_append_printf (user_data, "%s%s ", name, strstr (markup, "current") != NULL ? "*" : "");
  return FALSE;
}

typedef struct
{
  GhSnapshotsDialog *dialog;
  const char        *expected;
} Tree;

static gboolean
shows_tree (gpointer data)
{
  Tree *tree = data;
  GtkWidget *widget = gh_ui_test_find (GTK_WIDGET (tree->dialog), GTK_TYPE_TREE_VIEW, "Snapshots");
  g_autoptr (GString) text = g_string_new (NULL);

  if (widget == NULL || gtk_tree_view_get_model (GTK_TREE_VIEW (widget)) == NULL)
    return FALSE;
  gtk_tree_model_foreach (gtk_tree_view_get_model (GTK_TREE_VIEW (widget)), append_row_cb, text);
  return strcmp (g_strchomp (text->str), tree->expected) == 0;
}

static void
wait_tree (GhSnapshotsDialog *dialog,
           const char        *expected)
{
  Tree tree = { dialog, expected };

  gh_test_wait_until (shows_tree, &tree);
}

static void
select_row (GhSnapshotsDialog *dialog,
            const char        *position)
{
  GtkWidget *tree = gh_ui_test_get (GTK_WIDGET (dialog), GTK_TYPE_TREE_VIEW, "Snapshots");
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_string (position);

  gtk_tree_view_set_cursor (GTK_TREE_VIEW (tree), path, NULL, FALSE);
}

static void
press_key (GtkWidget *window,
           guint      keyval,
           guint      state)
{
  GdkEvent *event = gdk_event_new (GDK_KEY_PRESS);
  gboolean handled = FALSE;

  event->key.window = g_object_ref (gtk_widget_get_window (window));
  event->key.keyval = keyval;
  event->key.state = state;
  g_signal_emit_by_name (window, "key-press-event", event, &handled);
  g_assert_true (handled);
  gdk_event_free (event);
}

static void
close_dialog (GhSnapshotsDialog *dialog)
{
  gpointer pointer = dialog;

  g_object_add_weak_pointer (pointer, &pointer);
  gtk_widget_destroy (GTK_WIDGET (dialog));
  gh_ui_test_assert_finalized (&pointer);
}

/* From none to some: taken, gone back to, deleted; each time the tree says what there is. */
static void
test_life (Fixture       *fixture,
           gconstpointer  data)
{
  GhSnapshotsDialog *dialog = gh_snapshots_dialog_present (NULL, find (fixture, "web"));
  GtkWidget *plan = NULL;

  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "No snapshots");
  gh_names_assert (GTK_WIDGET (dialog));
  gh_ui_test_shoot (GTK_WIDGET (dialog), "snapshots-empty");
  gh_ui_test_click (GTK_WIDGET (dialog), "Take a snapshot…");
  plan = gh_ui_test_wait_plan_dialog ();
  gtk_entry_set_text (GTK_ENTRY (gh_ui_test_get (plan, GTK_TYPE_ENTRY, "Name")), "clean");
  gtk_entry_set_text (GTK_ENTRY (gh_ui_test_get (plan, GTK_TYPE_ENTRY, "Description")),
                      "Fresh from the installer");
  wait_ready (plan, "Take snapshot");
  gh_names_assert (plan);
  gh_ui_test_shoot (plan, "snapshot-take");
  gh_ui_test_run_plan ("Take snapshot");
  wait_tree (dialog, "clean*");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "Fresh from the installer"));

  take (fixture, "web", "updated");
  wait_tree (dialog, "clean -updated*");
  gh_names_assert (GTK_WIDGET (dialog));
  gh_ui_test_shoot (GTK_WIDGET (dialog), "snapshots-dialog");

  select_row (dialog, "0");
  gh_ui_test_click (GTK_WIDGET (dialog), "Go back…");
  plan = gh_ui_test_wait_plan_dialog ();
  gh_ui_test_wait_shows (plan, "is kept as the snapshot “before-clean”");
  gh_names_assert (plan);
  gh_ui_test_shoot (plan, "snapshot-revert");
  gh_ui_test_run_plan ("Go back");
  wait_tree (dialog, "clean* -updated --before-clean");

  select_row (dialog, "0:0");
  gh_ui_test_click (GTK_WIDGET (dialog), "Delete…");
  plan = gh_ui_test_wait_plan_dialog ();
  gh_ui_test_wait_shows (plan, "“before-clean” was taken after it and stays as it is");
  gh_ui_test_shoot (plan, "snapshot-delete");
  gh_ui_test_run_plan ("Delete snapshot");
  wait_tree (dialog, "clean* -before-clean");

  /* By keyboard. */
  press_key (GTK_WIDGET (dialog), GDK_KEY_n, GDK_CONTROL_MASK);
  gtk_widget_destroy (gh_ui_test_wait_plan_dialog ());
  close_dialog (dialog);
}

static gboolean
is_red (GtkWidget  *dialog,
        const char *verb)
{
  GtkWidget *button = gh_ui_test_get (dialog, GTK_TYPE_BUTTON, verb);

  return gtk_style_context_has_class (gtk_widget_get_style_context (button),
                                      GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
}

/* Without a snapshot of how it is now, what is lost is listed before, and the button is red. */
static void
test_without_safety (Fixture       *fixture,
                     gconstpointer  data)
{
  GhSnapshotsDialog *dialog = NULL;
  GtkWidget *plan = NULL;
  GtkWidget *check = NULL;

  take (fixture, "web", "clean");
  dialog = gh_snapshots_dialog_present (NULL, find (fixture, "web"));
  wait_tree (dialog, "clean*");
  gh_ui_test_click (GTK_WIDGET (dialog), "Go back…");
  plan = gh_ui_test_wait_plan_dialog ();
  check = gh_ui_test_get (plan, GTK_TYPE_CHECK_BUTTON, "Keep how it is now as a snapshot");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (check), FALSE);
  gh_ui_test_wait_shows (plan, "What “web” has written to “vda” since is lost");
  wait_ready (plan, "Go back");
  g_assert_true (is_red (plan, "Go back"));
  g_assert_null (gtk_window_get_default_widget (GTK_WINDOW (plan)));
  gh_ui_test_shoot (plan, "snapshot-revert-lost");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (check), TRUE);
  gh_ui_test_wait_shows (plan, "is kept as the snapshot “before-clean”");
  wait_ready (plan, "Go back");
  g_assert_false (is_red (plan, "Go back"));
  gtk_widget_destroy (plan);
  close_dialog (dialog);
}

static gboolean
is_refused (gpointer data)
{
  Button *button = data;
  GtkWidget *widget = gh_ui_test_find (button->dialog, GTK_TYPE_BUTTON, button->verb);

  return widget != NULL && !gtk_widget_is_sensitive (widget) &&
         gh_ui_test_shows (button->dialog, "“clone-1” depends on");
}

/* What a linked clone depends on does not go back, and its disk does not grow: it is named. */
static void
test_parent (Fixture       *fixture,
             gconstpointer  data)
{
  GhSnapshotsDialog *dialog = NULL;
  Button button = { NULL, "Go back" };

  take (fixture, "debian", "clean");
  dialog = gh_snapshots_dialog_present (NULL, find (fixture, "debian"));
  wait_tree (dialog, "clean*");
  gh_ui_test_click (GTK_WIDGET (dialog), "Go back…");
  button.dialog = gh_ui_test_wait_plan_dialog ();
  gh_test_wait_until (is_refused, &button);
  g_assert_false (gh_ui_test_shows (button.dialog, "is kept as the snapshot"));
  gh_ui_test_shoot (button.dialog, "snapshot-refused");
  gtk_widget_destroy (button.dialog);
  close_dialog (dialog);

  gh_resize_form_present (NULL, find (fixture, "debian"));
  button.dialog = gh_ui_test_wait_plan_dialog ();
  button.verb = "Make larger";
  gh_test_wait_until (is_refused, &button);
  gtk_widget_destroy (button.dialog);
}

static gboolean
has_combo (gpointer data)
{
  return gh_ui_test_find (data, GTK_TYPE_COMBO_BOX, "From snapshot") != NULL;
}

/* “Clone” offers them where there are some, and begins with the one that was chosen. */
static void
test_clone (Fixture       *fixture,
            gconstpointer  data)
{
  GhSnapshotsDialog *dialog = NULL;
  GtkWidget *plan = NULL;
  GtkWidget *combo = NULL;

  gh_clone_dialog_present (NULL, find (fixture, "web"), FALSE);
  plan = gh_ui_test_wait_plan_dialog ();
  wait_ready (plan, "Clone");
  g_assert_null (gh_ui_test_find (plan, GTK_TYPE_COMBO_BOX, "From snapshot"));
  gtk_widget_destroy (plan);

  take (fixture, "web", "clean");
  take (fixture, "web", "updated");
  dialog = gh_snapshots_dialog_present (NULL, find (fixture, "web"));
  wait_tree (dialog, "clean -updated*");
  select_row (dialog, "0");
  gh_ui_test_click (GTK_WIDGET (dialog), "Clone…");
  plan = gh_ui_test_wait_plan_dialog ();
  gh_ui_test_wait_shows (plan, "how it was when the snapshot was taken");
  gh_test_wait_until (has_combo, plan);
  combo = gh_ui_test_get (plan, GTK_TYPE_COMBO_BOX, "From snapshot");
  g_assert_cmpstr (gtk_combo_box_get_active_id (GTK_COMBO_BOX (combo)), ==, "clean");
  gh_ui_test_shoot (plan, "clone-snapshot");
  gtk_combo_box_set_active_id (GTK_COMBO_BOX (combo), "");
  gh_ui_test_settle ();
  g_assert_false (gh_ui_test_shows (plan, "how it was when the snapshot was taken"));
  gtk_widget_destroy (plan);
  close_dialog (dialog);
}

/* No larger size, no button; what cannot be taken back is said before. */
static void
test_resize (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWidget *plan = NULL;
  GtkWidget *spin = NULL;
  Button button = { NULL, "Make larger" };

  gh_resize_form_present (NULL, find (fixture, "web"));
  plan = button.dialog = gh_ui_test_wait_plan_dialog ();
  gh_ui_test_wait_shows (plan, "Choose a larger size");
  g_assert_false (can_click (&button));
  spin = gh_ui_test_get (plan, GTK_TYPE_SPIN_BUTTON, "New size");
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin), 64.0 * 1024);
  gh_ui_test_wait_shows (plan, "cannot be made smaller again");
  gh_test_wait_until (can_click, &button);
  gh_names_assert (plan);
  gh_ui_test_shoot (plan, "resize-disk");
  gtk_widget_destroy (plan);
}

/* Closed while it is reading. */
static void
test_closed_early (Fixture       *fixture,
                   gconstpointer  data)
{
  close_dialog (gh_snapshots_dialog_present (NULL, find (fixture, "web")));
}

int
main (int    argc,
      char **argv)
{
  gh_ui_test_init (&argc, &argv);
#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)
  ADD ("/snapshots/life", test_life);
  ADD ("/snapshots/without-safety", test_without_safety);
  ADD ("/snapshots/parent", test_parent);
  ADD ("/snapshots/clone", test_clone);
  ADD ("/snapshots/resize", test_resize);
  ADD ("/snapshots/closed-early", test_closed_early);
#undef ADD
  return g_test_run ();
}
