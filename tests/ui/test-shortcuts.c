/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Every key that the shortcuts window shows, pressed in the program's own window. */

#include "config.h"

#include <glib/gstdio.h>

#include "gh-application.h"
#include "gh-library-view.h"
#include "gh-test-hosts.h"
#include "gh-test.h"
#include "gh-threads.h"
#include "gh-ui.h"
#include "gh-window.h"

typedef struct
{
  GtkApplication *application;
  GtkWindow      *window;
  int             result;
} Fixture;

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static gboolean
is_mapped (gpointer data)
{
  return *(gpointer *) data != NULL && gtk_widget_get_mapped (*(gpointer *) data);
}

static gboolean
is_unmapped (gpointer data)
{
  return *(gpointer *) data == NULL || !gtk_widget_get_mapped (*(gpointer *) data);
}

static GhHost *
get_host (Fixture *fixture)
{
  GhHosts *hosts = gh_application_get_hosts (GH_APPLICATION (fixture->application));
  g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (hosts), 0);

  return host;
}

/* As the X server would tell it: bindings of GTK are found by the code of the key. */
static void
press (GtkWidget       *widget,
       guint            keyval,
       GdkModifierType  modifiers)
{
  GdkKeymap *keymap = gdk_keymap_get_for_display (gtk_widget_get_display (widget));
  GdkSeat *seat = gdk_display_get_default_seat (gtk_widget_get_display (widget));
  g_autofree GdkKeymapKey *keys = NULL;
  g_autoptr (GdkEvent) event = gdk_event_new (GDK_KEY_PRESS);
  int n_keys = 0;

  g_assert_true (gdk_keymap_get_entries_for_keyval (keymap, keyval, &keys, &n_keys));
  if (keys[0].level > 0)
    modifiers |= GDK_SHIFT_MASK;
  event->key.window = g_object_ref (gtk_widget_get_window (widget));
  event->key.send_event = TRUE;
  event->key.keyval = keyval;
  event->key.hardware_keycode = (guint16) keys[0].keycode;
  event->key.group = (guint8) keys[0].group;
  event->key.state = modifiers;
  gdk_event_set_device (event, gdk_seat_get_keyboard (seat));
  gtk_main_do_event (event);
}

static void
press_accelerator (GtkWidget  *widget,
                   const char *accelerator)
{
  GdkModifierType modifiers = 0;
  guint keyval = 0;

  gtk_accelerator_parse (accelerator, &keyval, &modifiers);
  g_assert_cmpuint (keyval, !=, 0);
  press (widget, keyval, modifiers);
}

/* What an action would have been asked to do. */
static void
recorded_cb (GSimpleAction *action,
             GVariant      *target,
             gpointer       user_data)
{
  char **recorded = user_data;

  g_assert_null (*recorded);
  *recorded = g_action_print_detailed_name (g_action_get_name (G_ACTION (action)), target);
}

static void
assert_works (Fixture    *fixture,
              const char *detailed_name,
              char      **accelerators)
{
  g_autoptr (GSimpleAction) recorder = NULL;
  g_autoptr (GAction) real = NULL;
  g_autoptr (GVariant) target = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  GActionMap *map = g_str_has_prefix (detailed_name, "app.") ? G_ACTION_MAP (fixture->application)
                                                             : G_ACTION_MAP (fixture->window);

  g_assert_true (g_action_parse_detailed_name (detailed_name, &name, &target, &error));
  g_assert_no_error (error);
  g_test_message ("%s", detailed_name);
  g_assert_cmpuint (g_strv_length (accelerators), >, 0);
  g_set_object (&real, g_action_map_lookup_action (map, name + strlen ("app.")));
  g_assert_nonnull (real);

  for (guint i = 0; accelerators[i] != NULL; i++)
    {
      g_autofree char *recorded = NULL;

      recorder = g_simple_action_new (g_action_get_name (real),
                                      g_action_get_parameter_type (real));
      g_signal_connect (recorder, "activate", G_CALLBACK (recorded_cb), &recorded);
      g_action_map_add_action (map, G_ACTION (recorder));
      press_accelerator (GTK_WIDGET (fixture->window), accelerators[i]);
      g_action_map_add_action (map, real);
      g_clear_object (&recorder);
      g_assert_cmpstr (recorded, ==, detailed_name + strlen ("app."));
    }
}

static void
collect_cb (GtkWidget *widget,
            gpointer   user_data)
{
  if (GTK_IS_SHORTCUTS_SHORTCUT (widget))
    g_ptr_array_add (user_data, widget);
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), collect_cb, user_data);
}

static void
check_shortcut (Fixture   *fixture,
                GtkWidget *shortcut)
{
  g_autofree char *action = NULL;
  g_autofree char *shown = NULL;
  g_auto (GStrv) accelerators = NULL;

  g_object_get (shortcut, "action-name", &action, "accelerator", &shown, NULL);
  if (action == NULL)
    return;
  accelerators = gtk_application_get_accels_for_action (fixture->application, action);
  assert_works (fixture, action, accelerators);
  /* And the window shows that key, and no other. */
  g_assert_nonnull (shown);
  g_assert_cmpstr (g_strstrip (shown), ==, accelerators[0]);
}

static void
run_shown (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GPtrArray) shortcuts = g_ptr_array_new ();
  GtkWidget *overlay = NULL;

  g_action_group_activate_action (G_ACTION_GROUP (fixture->window), "show-shortcuts", NULL);
  overlay = GTK_WIDGET (gtk_application_window_get_help_overlay (
                          GTK_APPLICATION_WINDOW (fixture->window)));
  g_assert_nonnull (overlay);
  gh_test_wait_until (is_mapped, &overlay);
  collect_cb (overlay, shortcuts);
  gtk_widget_hide (overlay);
  g_assert_cmpuint (shortcuts->len, >, 10);
  for (guint i = 0; i < shortcuts->len; i++)
    check_shortcut (fixture, g_ptr_array_index (shortcuts, i));
}

static void
run_main_menu (gpointer data)
{
  Fixture *fixture = data;
  GtkToggleButton *button = GTK_TOGGLE_BUTTON (
    gtk_widget_get_template_child (GTK_WIDGET (fixture->window), GH_TYPE_WINDOW, "menu_button"));
  GtkWidget *popover = NULL;

  g_assert_false (gtk_toggle_button_get_active (button));
  press (GTK_WIDGET (fixture->window), GDK_KEY_F10, 0);
  g_assert_true (gtk_toggle_button_get_active (button));
  popover = GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button)));
  gh_test_wait_until (is_mapped, &popover);
  press (GTK_WIDGET (fixture->window), GDK_KEY_F10, 0);
  g_assert_false (gtk_toggle_button_get_active (button));
  gh_test_wait_until (is_unmapped, &popover);
}

/* What the list itself does with keys. */

static void
delete_recorded_cb (GSimpleAction *action,
                    GVariant      *target,
                    gboolean      *deleted)
{
  *deleted = TRUE;
}

static void
assert_menu (GtkWidget       *tree,
             guint            keyval,
             GdkModifierType  modifiers)
{
  GtkWidget *menu = NULL;
  GList *menus = NULL;

  g_assert_null (gtk_menu_get_for_attach_widget (tree));
  press (gtk_widget_get_toplevel (tree), keyval, modifiers);
  menus = gtk_menu_get_for_attach_widget (tree);
  g_assert_cmpuint (g_list_length (menus), ==, 1);
  menu = menus->data;
  gh_test_wait_until (is_mapped, &menu);
  g_object_add_weak_pointer (G_OBJECT (menu), (gpointer *) &menu);
  gtk_menu_shell_cancel (GTK_MENU_SHELL (menu));
  gh_test_wait_until (is_unmapped, &menu);
  if (menu != NULL)
    g_object_remove_weak_pointer (G_OBJECT (menu), (gpointer *) &menu);
}

static void
run_list (gpointer data)
{
  Fixture *fixture = data;
  gpointer library = gtk_widget_get_template_child (GTK_WIDGET (fixture->window), GH_TYPE_WINDOW,
                                                    "library");
  GtkWidget *tree = GTK_WIDGET (gtk_widget_get_template_child (library, GH_TYPE_LIBRARY_VIEW,
                                                               "tree"));
  g_autoptr (GSimpleAction) recorder = g_simple_action_new ("delete-machine", NULL);
  g_autofree char *uuid = gh_test_hosts_dup_uuid (1);
  GtkTreePath *heading = gtk_tree_path_new_first ();
  gboolean deleted = FALSE;

  gh_test_wait_until (is_connected, get_host (fixture));
  /* Of the host, */
  gtk_widget_grab_focus (tree);
  gtk_tree_view_set_cursor (GTK_TREE_VIEW (tree), heading, NULL, FALSE);
  gtk_tree_path_free (heading);
  assert_menu (tree, GDK_KEY_Menu, 0);
  assert_menu (tree, GDK_KEY_F10, GDK_SHIFT_MASK);
  /* and of a machine. */
  gh_library_view_select (library, gh_host_find_machine (get_host (fixture), uuid));
  gtk_widget_grab_focus (tree);
  assert_menu (tree, GDK_KEY_Menu, 0);
  assert_menu (tree, GDK_KEY_F10, GDK_SHIFT_MASK);

  g_signal_connect (recorder, "activate", G_CALLBACK (delete_recorded_cb), &deleted);
  g_action_map_add_action (G_ACTION_MAP (fixture->window), G_ACTION (recorder));
  press (GTK_WIDGET (fixture->window), GDK_KEY_Delete, 0);
  g_assert_true (deleted);
}

/* One program for all cases: GTK's application is started once in a process. */

static Fixture program;

static void
test_in_program (gconstpointer data)
{
  ((void (*) (gpointer)) data) (&program);
}

static gboolean
run_cb (gpointer user_data)
{
  program.window = gtk_application_get_active_window (program.application);
  g_assert_true (GH_IS_WINDOW (program.window));
  gh_test_wait_until (is_mapped, &program.window);
  program.result = g_test_run ();
  g_action_group_activate_action (G_ACTION_GROUP (program.application), "quit", NULL);
  return G_SOURCE_REMOVE;
}

static void
activated_cb (void)
{
  g_idle_add (run_cb, NULL);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *folder = NULL;
  g_autofree char *uri = NULL;

  gh_threads_init ();
  gtk_test_init (&argc, &argv, NULL);
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  g_test_add_data_func ("/shortcuts/shown", run_shown, test_in_program);
  g_test_add_data_func ("/shortcuts/main-menu", run_main_menu, test_in_program);
  g_test_add_data_func ("/shortcuts/list", run_list, test_in_program);

  folder = gh_test_dup_tmp_dir ();
  uri = gh_test_hosts_write (folder, 3, TRUE);
  program.application = GTK_APPLICATION (gh_application_new ());
  g_signal_connect_after (program.application, "activate", G_CALLBACK (activated_cb), NULL);
  {
    char *arguments[] = { argv[0], (char *) "-c", uri, NULL };

    g_assert_cmpint (g_application_run (G_APPLICATION (program.application), 3, arguments), ==, 0);
  }
  g_assert_finalize_object (program.application);
  return program.result;
}
