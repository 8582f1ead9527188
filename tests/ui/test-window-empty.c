/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The window while there is no machine, which is what a stranger sees first, and while none is
 * chosen. */

#include "config.h"

#include <glib/gstdio.h>

#include "gh-check.h"
#include "gh-empty-page.h"
#include "gh-faults.h"
#include "gh-library-view.h"
#include "gh-names.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"
#include "gh-virt-error.h"
#include "gh-window.h"

#define NARROW_PX 360
#define MACHINE "<domain type='test'><name>first</name><memory>65536</memory>" \
                "<os><type>hvm</type></os></domain>"

typedef struct
{
  GhHosts       *hosts;
  GhHost        *host;
  GhWindow      *window;
  GhLibraryView *library;
} Fixture;

/* Waiting */

static gpointer
get_child (Fixture    *fixture,
           const char *name)
{
  gpointer child = gtk_widget_get_template_child (GTK_WIDGET (fixture->window), GH_TYPE_WINDOW,
                                                  name);

  g_assert_nonnull (child);
  return child;
}

/* (nullable): when it can be seen. */
static GtkWidget *
find_page (Fixture *fixture)
{
  g_autoptr (GList) children = gtk_container_get_children (get_child (fixture, "library_pane"));

  for (GList *child = children; child != NULL; child = child->next)
    if (GH_IS_EMPTY_PAGE (child->data) && gtk_widget_get_mapped (child->data))
      return child->data;
  return NULL;
}

/* It has the window to itself, and is laid out. */
static gboolean
is_empty (gpointer data)
{
  Fixture *fixture = data;
  GtkWidget *page = find_page (fixture);
  int width = 0;

  gtk_window_get_size (GTK_WINDOW (fixture->window), &width, NULL);
  return page != NULL && !gtk_widget_get_mapped (get_child (fixture, "machine_pane")) &&
         !gtk_widget_get_mapped (get_child (fixture, "separator")) &&
         gtk_widget_get_allocated_width (page) == width;
}

static gboolean
is_list (gpointer data)
{
  Fixture *fixture = data;

  return find_page (fixture) == NULL && gtk_widget_get_mapped (get_child (fixture, "library")) &&
         gtk_widget_get_mapped (get_child (fixture, "machine_pane")) &&
         gtk_widget_get_mapped (get_child (fixture, "separator"));
}

static gboolean
is_settled (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED || gh_host_get_state (data) == GH_HOST_LOST;
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

typedef struct
{
  Fixture    *fixture;
  const char *name;
} Focused;

static gboolean
has_focus (gpointer data)
{
  Focused *focused = data;
  GtkWidget *page = find_page (focused->fixture);

  return page != NULL && gtk_window_get_focus (GTK_WINDOW (focused->fixture->window)) ==
                         gh_ui_test_get (page, GTK_TYPE_BUTTON, focused->name);
}

static void
wait_focus (Fixture    *fixture,
            const char *name)
{
  g_test_message ("waiting for the focus on “%s”", name);
  gh_test_wait_until (has_focus, &(Focused){ fixture, name });
}

static void
wait_shows (Fixture    *fixture,
            const char *text)
{
  gh_ui_test_wait_shows (GTK_WIDGET (fixture->window), text);
}

/* Hosts and the window */

static GhHost *
add_host (Fixture *fixture,
          guint    n_machines)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write (folder, n_machines, FALSE);

  return gh_hosts_add (fixture->hosts, uri);
}

static void
open_window (Fixture *fixture)
{
  fixture->window = gh_window_new (NULL, fixture->hosts);
  fixture->library = get_child (fixture, "library");
  gtk_window_present (GTK_WINDOW (fixture->window));
}

/* One host with as many machines; not connected. */
static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->hosts = gh_hosts_new ();
  fixture->host = add_host (fixture, GPOINTER_TO_UINT (data));
}

static void
set_up_connected (Fixture       *fixture,
                  gconstpointer  data)
{
  set_up (fixture, data);
  gh_host_connect (fixture->host);
  open_window (fixture);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer window = fixture->window;

  gh_faults_set (NULL);
  g_object_add_weak_pointer (window, &window);
  gtk_widget_destroy (window);
  gh_test_wait_until (is_gone, &window);
  while (g_list_model_get_n_items (G_LIST_MODEL (fixture->hosts)) > 0)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (fixture->hosts), 0);

      gh_hosts_remove (fixture->hosts, host);
    }
  g_assert_finalize_object (fixture->hosts);
}

static char *
define_machine (Fixture *fixture)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  char *uuid = NULL;

  gh_host_define_async (fixture->host, MACHINE, NULL, gh_test_call_cb, &call);
  uuid = gh_host_define_finish (fixture->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return uuid;
}

static void
undefine_machine (Fixture    *fixture,
                  const char *uuid)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  gh_host_undefine_async (fixture->host, uuid, 0, NULL, gh_test_call_cb, &call);
  gh_host_undefine_finish (fixture->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* A window that a button has opened; closes it. */
static gboolean
has_window (gpointer data)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  GtkWidget *found = NULL;

  for (GList *item = windows; item != NULL && found == NULL; item = item->next)
    if (g_strcmp0 (G_OBJECT_TYPE_NAME (item->data), data) == 0 &&
        gtk_widget_get_mapped (item->data))
      found = item->data;
  if (found != NULL)
    gtk_widget_destroy (found);
  return found != NULL;
}

/* Tests */

static void
test_no_machine (Fixture       *fixture,
                 gconstpointer  data)
{
  GtkWidget *window = GTK_WIDGET (fixture->window);

  gh_test_wait_until (is_empty, fixture);
  g_assert_true (gh_ui_test_shows (window, "No machines yet"));
  /* This computer needs no heading, and nothing can be searched for. */
  g_assert_false (gtk_widget_get_mapped (GTK_WIDGET (fixture->library)));
  g_assert_false (g_action_group_get_action_enabled (G_ACTION_GROUP (window), "focus-filter"));
  wait_focus (fixture, "New machine…");
  gh_names_assert (window);
  gh_ui_test_shoot (window, "empty-no-machine");

  gh_ui_test_click (window, "New machine…");
  gh_test_wait_until (has_window, (gpointer) "GhPlanDialog");
  gh_ui_test_click (window, "Add host…");
  gh_test_wait_until (has_window, (gpointer) "GhAddHostDialog");
}

/* The list is as wide as it was dragged, whatever was in its header bar before. */
static gboolean
has_sidebar_width (gpointer data)
{
  Fixture *fixture = data;
  int wanted = 0;

  gtk_widget_get_size_request (get_child (fixture, "library_pane"), &wanted, NULL);
  return gtk_widget_get_allocated_width (get_child (fixture, "library_pane")) == wanted;
}

static void
test_comes_and_goes (Fixture       *fixture,
                     gconstpointer  data)
{
  g_autofree char *uuid = NULL;

  gh_test_wait_until (is_empty, fixture);
  uuid = define_machine (fixture);
  gh_test_wait_until (is_list, fixture);
  wait_shows (fixture, "Choose a machine");
  gh_test_wait_until (has_sidebar_width, fixture);
  g_assert_true (GTK_IS_TREE_VIEW (gtk_window_get_focus (GTK_WINDOW (fixture->window))));
  gh_names_assert (GTK_WIDGET (fixture->window));
  gh_ui_test_shoot (GTK_WIDGET (fixture->window), "empty-choose");

  undefine_machine (fixture, uuid);
  gh_test_wait_until (is_empty, fixture);
  wait_focus (fixture, "New machine…");
}

/* Also when its page was what one looked at. */
static void
test_shown_goes (Fixture       *fixture,
                 gconstpointer  data)
{
  g_autofree char *uuid = gh_test_hosts_dup_uuid (1);

  gh_test_wait_until (is_settled, fixture->host);
  gh_window_show_machine (fixture->window, gh_host_find_machine (fixture->host, uuid), FALSE);
  g_assert_true (is_list (fixture));
  undefine_machine (fixture, uuid);
  gh_test_wait_until (is_empty, fixture);
}

static void
test_disconnected (Fixture       *fixture,
                   gconstpointer  data)
{
  GtkWidget *window = NULL;

  open_window (fixture);
  window = GTK_WIDGET (fixture->window);
  gh_test_wait_until (is_empty, fixture);
  g_assert_true (gh_ui_test_shows (window, "Not connected"));
  g_assert_null (gh_ui_test_find (window, GTK_TYPE_BUTTON, "New machine…"));
  /* Its heading has the menu with “Remove”; there is nothing to search for. */
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (fixture->library)));
  g_assert_cmpint (gtk_widget_get_allocated_height (GTK_WIDGET (fixture->library)), <,
                   gtk_widget_get_allocated_height (find_page (fixture)));
  g_assert_null (gh_ui_test_find (window, GTK_TYPE_ENTRY, "Filter machines"));
  wait_focus (fixture, "Connect");
  gh_names_assert (window);
  gh_ui_test_shoot (window, "empty-disconnected");

  gh_ui_test_click (window, "Connect");
  gh_test_wait_until (is_list, fixture);
  g_assert_nonnull (gh_ui_test_find (window, GTK_TYPE_ENTRY, "Filter machines"));
  gh_host_disconnect (fixture->host);
  gh_test_wait_until (is_empty, fixture);
  g_assert_true (gh_ui_test_shows (window, "Not connected"));
}

/* A host that is lost is tried again every now and then: the page stays where it is. */
static void
test_lost (Fixture       *fixture,
           gconstpointer  data)
{
  GtkWidget *window = NULL;
  g_autofree char *held = NULL;
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *faults = NULL;

  gh_faults_set ("connect-open:fail=38");
  gh_host_connect (fixture->host);
  open_window (fixture);
  window = GTK_WIDGET (fixture->window);
  gh_test_wait_until (is_settled, fixture->host);
  gh_test_wait_until (is_empty, fixture);
  g_assert_true (gh_ui_test_shows (window, "Cannot reach"));
  g_assert_true (gh_ui_test_shows (window, "Injected failure of connect-open"));
  wait_focus (fixture, "Try again");
  gh_names_assert (window);
  gh_ui_test_shoot (window, "empty-lost");

  held = g_build_filename (folder, "held", NULL);
  faults = g_strdup_printf ("connect-open:hold=%s,times=1", held);
  gh_faults_set (faults);
  gh_ui_test_click (window, "Try again");
  g_assert_cmpint (gh_host_get_state (fixture->host), ==, GH_HOST_CONNECTING);
  gh_test_wait_file (held);
  gh_ui_test_settle ();
  g_assert_true (is_empty (fixture));
  g_assert_true (gh_ui_test_shows (window, "Cannot reach"));
  g_assert_false (gtk_widget_is_sensitive (gh_ui_test_get (window, GTK_TYPE_BUTTON, "Try again")));
  g_assert_cmpint (g_remove (held), ==, 0);
  gh_test_wait_until (is_list, fixture);
}

/* What cannot be reached is named above, with its menu; what can be done is done elsewhere. */
static void
test_one_lost (Fixture       *fixture,
               gconstpointer  data)
{
  GhHost *other = gh_hosts_add (fixture->hosts, "test:///nowhere/at-all.xml");

  gh_host_connect (other);
  gh_test_wait_until (is_settled, other);
  g_assert_cmpint (gh_host_get_state (other), ==, GH_HOST_LOST);
  gh_test_wait_until (is_empty, fixture);
  wait_shows (fixture, "No machines yet");
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (fixture->library)));
  gh_ui_test_shoot (GTK_WIDGET (fixture->window), "empty-one-lost");
}

static gboolean
is_reached (gpointer data)
{
  Fixture *fixture = data;

  return gh_ui_test_shows (GTK_WIDGET (fixture->window), "No machines yet");
}

/* One that answers is there, however long another takes. */
static void
test_one_silent (Fixture       *fixture,
                 gconstpointer  data)
{
  GhHost *other = NULL;
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *held = g_build_filename (folder, "held", NULL);
  g_autofree char *faults = g_strdup_printf ("connect-open:hold=%s,times=1", held);

  open_window (fixture);
  gh_test_wait_until (is_empty, fixture);
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (fixture->window), "Not connected"));
  other = gh_hosts_add (fixture->hosts, "test:///nowhere/at-all.xml");
  gh_faults_set (faults);
  gh_host_connect (other);
  gh_test_wait_file (held);
  gh_host_connect (fixture->host);
  gh_test_wait_until (is_reached, fixture);
  g_assert_cmpint (gh_host_get_state (other), ==, GH_HOST_CONNECTING);
  g_assert_cmpint (g_remove (held), ==, 0);
  gh_test_wait_until (is_settled, other);
}

static void
test_no_host (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *window = GTK_WIDGET (fixture->window);

  gh_test_wait_until (is_empty, fixture);
  gh_hosts_remove (fixture->hosts, fixture->host);
  wait_shows (fixture, "Add the computer");
  g_assert_true (is_empty (fixture));
  g_assert_false (g_action_group_get_action_enabled (G_ACTION_GROUP (window), "new-machine"));
  wait_focus (fixture, "Add host…");
  gh_names_assert (window);
}

static GPtrArray *
new_checks (GhCheckLevel level)
{
  GPtrArray *checks = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (checks, gh_check_new (GH_CHECK_OK, "processor", "Good", NULL));
  g_ptr_array_add (checks, gh_check_new (level, "kvm-device", "The door of KVM is closed",
                                         "/dev/kvm does not open for “ada”: the group “kvm” "
                                         "may."));
  g_ptr_array_add (checks, gh_check_new (GH_CHECK_WARNING, "qemu", "There is no engine", NULL));
  return checks;
}

/* What is slow, or missing, is said before anybody waits for it; one thing after the other. */
static void
test_checks (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWidget *window = GTK_WIDGET (fixture->window);
  g_autoptr (GPtrArray) bad = new_checks (GH_CHECK_WARNING);
  g_autoptr (GPtrArray) better = new_checks (GH_CHECK_OK);

  gh_test_wait_until (is_empty, fixture);
  gh_empty_page_show_checks (GH_EMPTY_PAGE (find_page (fixture)), bad);
  g_assert_true (gh_ui_test_shows (window, "The door of KVM is closed"));
  g_assert_false (gh_ui_test_shows (window, "Good"));
  g_assert_false (gh_ui_test_shows (window, "There is no engine"));
  gh_names_assert (window);
  gh_ui_test_shoot (window, "empty-no-kvm");
  gh_empty_page_show_checks (GH_EMPTY_PAGE (find_page (fixture)), better);
  g_assert_false (gh_ui_test_shows (window, "The door of KVM is closed"));
  g_assert_true (gh_ui_test_shows (window, "There is no engine"));
  g_ptr_array_set_size (better, 2);
  gh_empty_page_show_checks (GH_EMPTY_PAGE (find_page (fixture)), better);
  g_assert_false (gh_ui_test_shows (window, "There is no engine"));
}

static gboolean
sees_error (gpointer data)
{
  Fixture *fixture = data;

  return gtk_widget_get_mapped (get_child (fixture, "machine_errors"));
}

/* What is told is told where it can be seen, and stays when the window changes. */
static void
test_errors (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr (GError) error = g_error_new_literal (GH_VIRT_ERROR, 38, "Read-only file system");
  g_autofree char *uuid = NULL;

  gh_test_wait_until (is_empty, fixture);
  gh_window_show_error (fixture->window, NULL, "Could not do it", error);
  gh_window_show_notice (fixture->window, "Something has happened");
  gh_test_wait_until (sees_error, fixture);
  g_assert_true (gh_ui_test_shows (find_page (fixture), "No machines yet"));
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (fixture->window), "Could not do it"));
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (fixture->window), "Something has happened"));
  uuid = define_machine (fixture);
  gh_test_wait_until (is_list, fixture);
  gh_test_wait_until (sees_error, fixture);
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (fixture->window), "Something has happened"));
}

static gboolean
is_narrow (gpointer data)
{
  Fixture *fixture = data;
  int width = 0;

  gtk_window_get_size (GTK_WINDOW (fixture->window), &width, NULL);
  return width == NARROW_PX && is_empty (fixture);
}

static gboolean
is_folded_list (gpointer data)
{
  Fixture *fixture = data;

  return find_page (fixture) == NULL && gtk_widget_get_mapped (get_child (fixture, "library"));
}

/* On a narrow screen too, and what comes is in the list one sees. */
static void
test_narrow (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr (GError) error = g_error_new_literal (GH_VIRT_ERROR, 38, "Read-only file system");
  g_autofree char *uuid = NULL;

  gh_test_wait_until (is_empty, fixture);
  gtk_window_resize (GTK_WINDOW (fixture->window), NARROW_PX, 600);
  gh_test_wait_until (is_narrow, fixture);
  gh_window_show_error (fixture->window, NULL, "Could not do it", error);
  gh_test_wait_until (sees_error, fixture);
  uuid = define_machine (fixture);
  gh_test_wait_until (is_folded_list, fixture);
  g_assert_true (sees_error (fixture));
  undefine_machine (fixture, uuid);
  gh_test_wait_until (is_narrow, fixture);
}

static gboolean
hides_choice (gpointer window)
{
  return !gh_ui_test_shows (window, "Choose a machine");
}

/* Nothing is found: the list says so, and nobody is told to choose from it. */
static void
test_no_match (Fixture       *fixture,
               gconstpointer  data)
{
  GtkWidget *window = GTK_WIDGET (fixture->window);
  GtkWidget *entry = NULL;

  wait_shows (fixture, "Choose a machine");
  entry = gh_ui_test_get (window, GTK_TYPE_ENTRY, "Filter machines");
  gtk_entry_set_text (GTK_ENTRY (entry), "nothing is called so");
  wait_shows (fixture, "No machine matches");
  gh_test_wait_until (hides_choice, window);
  gh_names_assert (window);
  gh_ui_test_shoot (window, "empty-no-match");
  gh_ui_test_click (window, "Clear filter");
  wait_shows (fixture, "Choose a machine");
  g_assert_false (gh_ui_test_shows (window, "No machine matches"));
}

int
main (int    argc,
      char **argv)
{
  gh_ui_test_init (&argc, &argv);
#define ADD(path, n, begin, func) \
  g_test_add ("/window-empty/" path, Fixture, GUINT_TO_POINTER (n), begin, func, tear_down)
  ADD ("no-machine", 0, set_up_connected, test_no_machine);
  ADD ("comes-and-goes", 0, set_up_connected, test_comes_and_goes);
  ADD ("shown-goes", 1, set_up_connected, test_shown_goes);
  ADD ("disconnected", 3, set_up, test_disconnected);
  ADD ("lost", 3, set_up, test_lost);
  ADD ("one-lost", 0, set_up_connected, test_one_lost);
  ADD ("one-silent", 0, set_up, test_one_silent);
  ADD ("no-host", 0, set_up_connected, test_no_host);
  ADD ("checks", 0, set_up_connected, test_checks);
  ADD ("errors", 0, set_up_connected, test_errors);
  ADD ("narrow", 0, set_up_connected, test_narrow);
  ADD ("no-match", 3, set_up_connected, test_no_match);
  return g_test_run ();
}
