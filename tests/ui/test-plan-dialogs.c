/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The dialogs, driven as a user would, over real plans on the test driver. */

#include "config.h"

#include <glib/gstdio.h>
#include <handy.h>
#include <string.h>

#include "gh-activity.h"
#include "gh-create-dialog.h"
#include "gh-create-form.h"
#include "gh-create-plan.h"
#include "gh-delete-dialog.h"
#include "gh-faults.h"
#include "gh-file-entry.h"
#include "gh-hosts.h"
#include "gh-interrupted-bar.h"
#include "gh-names.h"
#include "gh-paths.h"
#include "gh-plan-dialog.h"
#include "gh-size-spin.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"

typedef struct
{
  char      *folder;
  char      *uri;
  char      *kernel;
  char      *iso;
  GhHosts   *hosts;
  GhHost    *host;
  GtkWidget *parent;
  int        n_shown;     /* machines asked to be shown */
  char      *shown_uuid;
} Fixture;

static void
show_machine_cb (GhActivity *activity,
                 GhHost     *host,
                 const char *uuid,
                 Fixture    *fixture)
{
  g_assert_true (host == fixture->host);
  g_free (fixture->shown_uuid);
  fixture->shown_uuid = g_strdup (uuid);
  fixture->n_shown++;
}

static void
write_kernel (const char *path)
{
  guint8 kernel[4096] = "MZ";

  kernel[0x1fe] = 0x55;
  kernel[0x1ff] = 0xaa;
  memcpy (kernel + 0x202, "HdrS", 4);
  g_assert_true (g_file_set_contents (path, (const char *) kernel, sizeof kernel, NULL));
}

/* ISO 9660 with a label that the OS database knows, and a boot catalog. */
static void
write_iso (const char *path)
{
  g_autofree guint8 *image = g_malloc0 (2048 * 22);
  guint8 *block = image + 16 * 2048;

  block[0] = 1;
  memcpy (block + 1, "CD001\1", 6);
  memset (block + 8, ' ', 64);
  memcpy (block + 40, "Debian 11.5.0 amd64 n", 21);
  block += 2048;
  memcpy (block + 1, "CD001\1EL TORITO SPECIFICATION", 29);
  block[71] = 20;
  block += 2048;
  block[0] = 255;
  memcpy (block + 1, "CD001\1", 6);
  block = image + 20 * 2048;
  block[0] = 1;
  block[30] = 0x55;
  block[31] = 0xaa;
  block[32] = 0x88;
  g_assert_true (g_file_set_contents (path, (const char *) image, 2048 * 22, NULL));
}

static GhHost *
add_host (GhHosts    *hosts,
          const char *uri)
{
  GhHost *host = gh_hosts_add (hosts, uri);
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->folder = gh_test_dup_tmp_dir ();
  fixture->kernel = g_build_filename (fixture->folder, "vmlinuz", NULL);
  fixture->iso = g_build_filename (fixture->folder, "debian.iso", NULL);
  write_kernel (fixture->kernel);
  write_iso (fixture->iso);
  fixture->hosts = gh_hosts_new ();
  fixture->uri = gh_test_hosts_write_one (fixture->folder);
  fixture->host = add_host (fixture->hosts, fixture->uri);
  fixture->parent = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_widget_show (fixture->parent);
  g_signal_connect (gh_activity_get_default (), "show-machine", G_CALLBACK (show_machine_cb),
                    fixture);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer hosts = fixture->hosts;

  gh_faults_set (NULL);
  g_signal_handlers_disconnect_by_data (gh_activity_get_default (), fixture);
  gh_activity_clear_ended (gh_activity_get_default ());
  gtk_widget_destroy (fixture->parent);
  g_object_add_weak_pointer (hosts, &hosts);
  gh_hosts_remove (fixture->hosts, fixture->host);
  g_object_unref (fixture->hosts);
  gh_ui_test_assert_finalized (&hosts);
  g_free (fixture->shown_uuid);
  g_free (fixture->iso);
  g_free (fixture->kernel);
  g_free (fixture->uri);
  g_free (fixture->folder);
}

/* The one dialog that is open. */
static GtkWidget *
find_dialog (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GH_IS_PLAN_DIALOG (l->data) && gtk_widget_get_visible (l->data))
      return l->data;
  return NULL;
}

static GtkWidget *
open_create (Fixture *fixture)
{
  gh_create_dialog_present (GTK_WINDOW (fixture->parent), fixture->hosts, NULL);
  return find_dialog ();
}

static GhCreatePlan *
get_plan (GtkWidget *dialog)
{
  GtkWidget *form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (dialog));

  return gh_create_form_get_plan (GH_CREATE_FORM (form));
}

static void
set_text (GtkWidget  *dialog,
          const char *name,
          const char *text)
{
  gtk_entry_set_text (GTK_ENTRY (gh_ui_test_get (dialog, GTK_TYPE_ENTRY, name)), text);
}

static const char *
get_text (GtkWidget  *dialog,
          const char *name)
{
  return gtk_entry_get_text (GTK_ENTRY (gh_ui_test_get (dialog, GTK_TYPE_ENTRY, name)));
}

static gboolean
is_checked (gpointer data)
{
  return gh_plan_get_state (data) == GH_PLAN_PREPARED;
}

static gboolean
is_not_loading (gpointer data)
{
  return !gh_create_plan_get_loading (data);
}

/* Until what the dialog shows is about what it holds. */
static void
wait_checked (GtkWidget *dialog)
{
  gh_test_wait_until (is_not_loading, get_plan (dialog));
  gh_test_wait_until (is_checked, get_plan (dialog));
}

static void
choose_kernel (Fixture   *fixture,
               GtkWidget *dialog)
{
  gh_ui_test_click (dialog, "Kernel");
  set_text (dialog, "Kernel", fixture->kernel);
  wait_checked (dialog);
}

static GtkWidget *
get_verb (GtkWidget *dialog)
{
  return gh_ui_test_get (dialog, GTK_TYPE_BUTTON, "Create");
}

static void
close_dialog (GtkWidget *dialog)
{
  gpointer weak = dialog;
  gpointer form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (dialog));

  g_object_add_weak_pointer (weak, &weak);
  g_object_add_weak_pointer (form, &form);
  gtk_window_close (GTK_WINDOW (dialog));
  gh_ui_test_assert_finalized (&weak);
  gh_ui_test_assert_finalized (&form);
}

static gboolean
is_listed (gpointer data)
{
  Fixture *fixture = data;

  return gh_host_find_machine (fixture->host, fixture->shown_uuid) != NULL;
}

static void
test_create (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  gpointer weak = dialog;

  /* A path can be pasted at once. */
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (dialog)) ==
                 gh_ui_test_get (dialog, GTK_TYPE_ENTRY, "Installer image"));
  /* Nothing is asked for before it is known what to start from. */
  g_assert_false (gtk_widget_get_sensitive (get_verb (dialog)));
  g_assert_null (gh_ui_test_find (dialog, GTK_TYPE_TOGGLE_BUTTON, "Show commands"));
  gh_ui_test_shoot (dialog, "create-empty");

  choose_kernel (fixture, dialog);
  g_assert_cmpstr (get_text (dialog, "Name"), !=, "");
  g_assert_true (gtk_widget_get_sensitive (get_verb (dialog)));
  set_text (dialog, "Name", "made-here");
  set_text (dialog, "Kernel arguments", "console=ttyS0");
  wait_checked (dialog);
  gh_ui_test_shoot (dialog, "create-kernel");

  g_object_add_weak_pointer (weak, &weak);
  gh_ui_test_click (dialog, "Create");
  gh_test_wait_flag (&fixture->n_shown);
  gh_ui_test_assert_finalized (&weak);
  gh_test_wait_until (is_listed, fixture);
  g_assert_cmpstr (gh_machine_get_name (gh_host_find_machine (fixture->host, fixture->shown_uuid)),
                   ==, "made-here");
}

static void
test_override (Fixture       *fixture,
               gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  GtkWidget *memory = NULL;
  GhCreatePlan *plan = get_plan (dialog);
  g_autofree char *proposed = NULL;

  choose_kernel (fixture, dialog);
  memory = gh_ui_test_get (dialog, GH_TYPE_SIZE_SPIN, "Memory");
  proposed = g_strdup (gtk_entry_get_text (GTK_ENTRY (memory)));
  g_assert_null (gh_ui_test_find (dialog, GTK_TYPE_BUTTON, "Use the recommended memory"));

  gtk_entry_set_text (GTK_ENTRY (memory), "3g");
  gtk_spin_button_update (GTK_SPIN_BUTTON (memory));
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (memory)), ==, "3 GiB");
  g_assert_cmpuint (gh_create_plan_get_memory_kib (plan), ==, 3 * 1024 * 1024);
  g_assert_true (gh_create_plan_is_overridden (plan, GH_CREATE_MEMORY));
  gh_ui_test_click (dialog, "Use the recommended memory");
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (memory)), ==, proposed);
  g_assert_false (gh_create_plan_is_overridden (plan, GH_CREATE_MEMORY));
  g_assert_null (gh_ui_test_find (dialog, GTK_TYPE_BUTTON, "Use the recommended memory"));

  /* What cannot be read as a size changes nothing. */
  gtk_entry_set_text (GTK_ENTRY (memory), "much");
  gtk_spin_button_update (GTK_SPIN_BUTTON (memory));
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (memory)), ==, proposed);
  close_dialog (dialog);
}

static void
test_recognise (Fixture       *fixture,
                gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  GtkWidget *button = NULL;

  set_text (dialog, "Installer image", fixture->iso);
  g_assert_true (gh_ui_test_shows (dialog, "Recognising…"));
  wait_checked (dialog);
  g_assert_true (gh_ui_test_shows (dialog, "Debian 11"));
  g_assert_true (gh_ui_test_shows (dialog, "Recognised"));
  g_assert_cmpstr (get_text (dialog, "Name"), ==, "debian11");
  gh_ui_test_shoot (dialog, "create-iso");

  /* Another one, by hand, and back. */
  button = gh_ui_test_get (dialog, GTK_TYPE_MENU_BUTTON, "Operating system");
  g_signal_emit_by_name (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button)), "chosen",
                         "http://fedoraproject.org/fedora/36");
  wait_checked (dialog);
  g_assert_true (gh_ui_test_shows (dialog, "Recognised: Debian 11"));
  g_assert_true (gh_ui_test_shows (dialog, "Fedora Linux 36"));
  gh_ui_test_click (dialog, "Use the recognised operating system");
  wait_checked (dialog);
  g_assert_cmpstr (get_text (dialog, "Name"), ==, "debian11");
  close_dialog (dialog);
}

static void
test_choose_os (Fixture       *fixture,
                gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  GtkWidget *button = gh_ui_test_get (dialog, GTK_TYPE_MENU_BUTTON, "Operating system");
  GtkWidget *chooser = GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button)));

  choose_kernel (fixture, dialog);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  gh_ui_test_wait_shows (chooser, "Another system");
  set_text (chooser, "Find an operating system", "windows 11");
  gh_ui_test_wait_shows (chooser, "win11");
  gh_ui_test_shoot (dialog, "create-os");
  gtk_widget_activate (gh_ui_test_get (chooser, GTK_TYPE_ENTRY, "Find an operating system"));
  gh_ui_test_wait_shows (dialog, "Microsoft Windows 11");
  wait_checked (dialog);
  g_assert_true (gh_create_plan_is_overridden (get_plan (dialog), GH_CREATE_OS));
  close_dialog (dialog);
}

static void
test_refused (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);

  choose_kernel (fixture, dialog);
  /* The test driver's own machine. */
  set_text (dialog, "Name", "test");
  wait_checked (dialog);
  g_assert_false (gtk_widget_get_sensitive (get_verb (dialog)));
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (get_plan (dialog))), ==, GH_CHECK_REFUSAL);
  gh_ui_test_shoot (dialog, "create-refused");
  set_text (dialog, "Name", "test-2");
  wait_checked (dialog);
  g_assert_true (gtk_widget_get_sensitive (get_verb (dialog)));
  close_dialog (dialog);
}

static void
test_fails (Fixture       *fixture,
            gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  guint n_machines = gh_host_get_n_machines (fixture->host);

  choose_kernel (fixture, dialog);
  set_text (dialog, "Name", "kept");
  wait_checked (dialog);
  gh_faults_set ("domain-define:fail=38");
  gh_ui_test_click (dialog, "Create");
  gh_ui_test_wait_shows (dialog, "Everything is as it was before.");
  g_assert_true (gh_ui_test_shows (dialog, "Details"));
  gh_ui_test_shoot (dialog, "create-failed");
  g_assert_cmpuint (gh_host_get_n_machines (fixture->host), ==, n_machines);
  g_assert_cmpstr (get_text (dialog, "Name"), ==, "kept");
  g_assert_cmpstr (get_text (dialog, "Kernel"), ==, fixture->kernel);
  g_assert_true (gtk_widget_is_sensitive (gh_ui_test_get (dialog, GTK_TYPE_ENTRY, "Name")));

  gh_faults_set (NULL);
  gh_ui_test_click (dialog, "Create");
  gh_test_wait_flag (&fixture->n_shown);
  gh_test_wait_until (is_listed, fixture);
}

static gboolean
runs (gpointer data)
{
  return gh_plan_get_state (data) == GH_PLAN_RUNNING;
}

static gboolean
nothing_runs (gpointer data)
{
  return gh_activity_get_n_running (gh_activity_get_default ()) == 0;
}

static void
test_cancel (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  guint n_machines = gh_host_get_n_machines (fixture->host);

  choose_kernel (fixture, dialog);
  gh_faults_set ("domain-define:delay=700");
  gh_ui_test_click (dialog, "Create");
  gh_test_wait_until (runs, get_plan (dialog));
  gh_ui_test_shoot (dialog, "create-running");
  g_assert_nonnull (gh_ui_test_find (dialog, GTK_TYPE_BUTTON, "Hide"));
  gh_ui_test_click (dialog, "Cancel");
  gh_test_wait_until (nothing_runs, NULL);
  g_assert_true (gh_ui_test_shows (dialog, "Cancelled."));
  g_assert_cmpuint (gh_host_get_n_machines (fixture->host), ==, n_machines);
  g_assert_true (gtk_widget_get_sensitive (get_verb (dialog)));
  close_dialog (dialog);
}

static void
test_close_while_running (Fixture       *fixture,
                          gconstpointer  data)
{
  GhActivity *activity = gh_activity_get_default ();
  GtkWidget *dialog = open_create (fixture);
  g_autoptr (GhCreatePlan) plan = g_object_ref (get_plan (dialog));
  g_autoptr (GhActivityItem) item = NULL;

  choose_kernel (fixture, dialog);
  gh_faults_set ("domain-define:delay=500");
  gh_ui_test_click (dialog, "Create");
  gh_test_wait_until (runs, plan);
  close_dialog (dialog);
  g_assert_cmpuint (gh_activity_get_n_running (activity), ==, 1);
  gh_test_wait_until (nothing_runs, NULL);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_DONE);
  item = g_list_model_get_item (G_LIST_MODEL (activity), 0);
  g_assert_cmpstr (gh_activity_item_get_machine (item), ==, gh_create_plan_get_machine_uuid (plan));
  /* The user has gone elsewhere, and is not called back. */
  g_assert_cmpint (fixture->n_shown, ==, 0);
}

static void
type_name (guint    i,
           gpointer data)
{
  int position = -1;

  if (i == 0)
    gtk_entry_set_text (data, "");
  gtk_editable_insert_text (data, "n", 1, &position);
}

static void
test_typing (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  GtkWidget *entry = NULL;

  choose_kernel (fixture, dialog);
  entry = gh_ui_test_get (dialog, GTK_TYPE_ENTRY, "Name");
  /* Even a host that takes its time does not hold up the keyboard. */
  gh_faults_set ("*:delay=150");
  gh_ui_test_type_fast (type_name, entry);
  gh_faults_set (NULL);
  wait_checked (dialog);
  g_assert_cmpuint (strlen (gh_create_plan_get_name (get_plan (dialog))), ==, 50);
  close_dialog (dialog);
}

static void
test_drop (Fixture       *fixture,
           gconstpointer  data)
{
  GtkWidget *dialog = open_create (fixture);
  GhCreateForm *form = GH_CREATE_FORM (gh_plan_dialog_get_form (GH_PLAN_DIALOG (dialog)));
  GhCreatePlan *plan = get_plan (dialog);
  g_autofree char *uri = g_filename_to_uri (fixture->iso, NULL, NULL);
  GtkWidget *tile = NULL;

  gh_create_form_take_file (form, fixture->kernel);
  g_assert_cmpint (gh_create_plan_get_source (plan), ==, GH_CREATE_FROM_KERNEL);
  tile = gh_ui_test_get (dialog, GTK_TYPE_RADIO_BUTTON, "Kernel");
  g_assert_true (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (tile)));
  gh_create_form_take_file (form, "/tmp/initrd.img-6.1");
  g_assert_cmpstr (gh_create_plan_get_kernel_path (plan), ==, fixture->kernel);
  g_assert_cmpstr (gh_create_plan_get_initrd_path (plan), ==, "/tmp/initrd.img-6.1");
  gh_create_form_take_file (form, "/tmp/some.qcow2");
  g_assert_cmpint (gh_create_plan_get_source (plan), ==, GH_CREATE_FROM_DISK);
  g_assert_cmpstr (get_text (dialog, "Disk image"), ==, "/tmp/some.qcow2");
  gh_create_form_take_file (form, fixture->iso);
  g_assert_cmpstr (get_text (dialog, "Installer image"), ==, fixture->iso);
  /* A URI, as a file manager pastes it, becomes a path. */
  set_text (dialog, "Installer image", "");
  set_text (dialog, "Installer image", uri);
  g_assert_cmpstr (get_text (dialog, "Installer image"), ==, fixture->iso);
  g_assert_cmpstr (gh_create_plan_get_iso_path (plan), ==, fixture->iso);
  close_dialog (dialog);
}

static void
choose_id (GtkWidget  *dialog,
           const char *combo,
           const char *id)
{
  GtkWidget *widget = gh_ui_test_get (dialog, GTK_TYPE_COMBO_BOX, combo);

  g_assert_true (gtk_combo_box_set_active_id (GTK_COMBO_BOX (widget), id));
}

static void
test_options (Fixture       *fixture,
              gconstpointer  data)
{
  g_autofree char *uri = gh_test_hosts_write (fixture->folder, 3, FALSE);
  GhHost *other = add_host (fixture->hosts, uri);
  GtkWidget *dialog = open_create (fixture);
  GhCreatePlan *plan = get_plan (dialog);
  GtkWidget *more = NULL;
  GtkWidget *start = NULL;

  choose_kernel (fixture, dialog);
  more = gh_ui_test_get (dialog, GTK_TYPE_EXPANDER, "More options");
  gtk_expander_set_expanded (GTK_EXPANDER (more), TRUE);
  gh_ui_test_shoot (dialog, "create-options");
  choose_id (dialog, "Network", "none");
  g_assert_cmpstr (gh_create_plan_get_network (plan), ==, "none");
  gh_ui_test_click (dialog, "Use the recommended network");
  g_assert_false (gh_create_plan_is_overridden (plan, GH_CREATE_NETWORK));
  start = gh_ui_test_get (dialog, GTK_TYPE_SWITCH, "Start when it is made");
  gtk_switch_set_active (GTK_SWITCH (start), FALSE);
  g_assert_false (gh_create_plan_get_start (plan));
  set_text (dialog, "Name", "moved");
  set_text (dialog, "Title", "A title");
  gh_names_assert (dialog);

  /* Another host: another plan, with what the user has said. */
  choose_id (dialog, "Host", uri);
  g_assert_true (get_plan (dialog) != plan);
  plan = get_plan (dialog);
  g_assert_true (gh_plan_get_host (GH_PLAN (plan)) == other);
  wait_checked (dialog);
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "moved");
  g_assert_cmpstr (gh_create_plan_get_title (plan), ==, "A title");
  g_assert_cmpstr (gh_create_plan_get_kernel_path (plan), ==, fixture->kernel);
  g_assert_false (gh_create_plan_get_start (plan));
  g_assert_true (gtk_widget_get_sensitive (get_verb (dialog)));
  close_dialog (dialog);
  gh_hosts_remove (fixture->hosts, other);
}

static gboolean
is_empty (gpointer data)
{
  return gh_host_get_n_machines (data) == 0;
}

static void
test_delete (Fixture       *fixture,
             gconstpointer  data)
{
  GhMachine *machine = gh_host_find_machine (fixture->host, "test");
  GtkWidget *dialog = NULL;
  gpointer weak = NULL;

  g_assert_nonnull (machine);
  gh_delete_dialog_present (GTK_WINDOW (fixture->parent), machine);
  dialog = weak = find_dialog ();
  g_object_add_weak_pointer (weak, &weak);
  g_assert_true (gh_ui_test_shows (dialog, "Delete “test”?"));
  /* The test driver's machine runs. */
  g_assert_true (gh_ui_test_shows (dialog, "forced off first"));
  gh_ui_test_wait_shows (dialog, "steps");
  gh_ui_test_shoot (dialog, "delete");
  gh_names_assert (dialog);
  gh_ui_test_click (dialog, "Delete");
  gh_ui_test_assert_finalized (&weak);
  gh_test_wait_until (is_empty, fixture->host);
}

/* Who else needs a file is said once. */
static void
test_delete_shared (Fixture       *fixture,
                    gconstpointer  data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "two.xml", NULL);
  g_autofree char *uri = g_strconcat ("test://", path, NULL);
  g_autofree char *os = g_strdup_printf ("<memory>4096</memory><os><type>hvm</type><kernel>%s"
                                         "</kernel></os></domain>", fixture->kernel);
  g_autofree char *xml = g_strconcat ("<node><domain type='test'><name>one</name>", os,
                                      "<domain type='test'><name>two</name>", os, "</node>", NULL);
  GhHost *host = NULL;
  GtkWidget *dialog = NULL;

  g_assert_true (g_file_set_contents (path, xml, -1, NULL));
  host = add_host (fixture->hosts, uri);
  gh_delete_dialog_present (GTK_WINDOW (fixture->parent), gh_host_find_machine (host, "one"));
  dialog = find_dialog ();
  gh_ui_test_wait_shows (dialog, "Also used by two");
  g_assert_false (gh_ui_test_shows (dialog, "It is used by two"));
  close_dialog (dialog);
  gh_hosts_remove (fixture->hosts, host);
}

/* As the engine writes it before a step; the program that did is no more. */
static char *
write_journal (Fixture    *fixture,
               const char *uuid)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *name = g_strconcat (id, ".json", NULL);
  char *path = g_build_filename (gh_paths_get_journal_dir (), name, NULL);
  g_autofree char *text = NULL;

  text = g_strdup_printf ("{ \"format\": 1, \"id\": \"%s\", \"kind\": \"create\", "
                          "\"title\": \"Create “half”\", \"host\": \"%s\", "
                          "\"time\": %" G_GINT64_FORMAT ", \"steps\": [ { \"kind\": \"define\", "
                          "\"title\": \"Define the machine “half”\", \"state\": \"done\", "
                          "\"final\": false, \"params\": { \"uuid\": \"%s\", "
                          "\"name\": \"half\" } } ] }",
                          id, fixture->uri, g_get_real_time (), uuid);
  g_mkdir_with_parents (gh_paths_get_journal_dir (), 0700);
  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  return path;
}

/* A move by post-copy whose line broke: not to be forgotten, and not to be undone. */
static void
test_recover (Fixture       *fixture,
              gconstpointer  data)
{
  g_autofree char *path = g_build_filename (gh_paths_get_journal_dir (),
                                            "7e0ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1.json", NULL);
  g_autofree char *text = g_strdup_printf (
    "{ \"format\": 1, \"id\": \"7e0ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1\", \"kind\": \"migrate\", "
    "\"title\": \"Move “half” to there\", \"host\": \"%s\", \"time\": %" G_GINT64_FORMAT
    ", \"steps\": [ { \"kind\": \"migrate\", \"title\": \"Move it\", \"state\": \"failed\", "
    "\"final\": false, \"params\": { \"uuid\": \"2c1ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1\", "
    "\"name\": \"half\", \"peer\": \"%s\", \"begun\": true, \"post-copy\": true } } ] }",
    fixture->uri, g_get_real_time (), fixture->uri);
  GtkWidget *bar = gh_interrupted_bar_new ();
  gpointer weak = bar;

  g_mkdir_with_parents (gh_paths_get_journal_dir (), 0700);
  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  g_object_add_weak_pointer (weak, &weak);
  gtk_container_add (GTK_CONTAINER (fixture->parent), bar);
  gh_interrupted_bar_load (GH_INTERRUPTED_BAR (bar), fixture->hosts);
  gh_ui_test_wait_shows (bar, "Move “half” to there was interrupted");
  gh_ui_test_settle ();
  gh_ui_test_shoot (fixture->parent, "interrupted-recover");
  g_assert_nonnull (gh_ui_test_find (bar, GTK_TYPE_BUTTON, "Recover…"));
  g_assert_nonnull (gh_ui_test_find (bar, GTK_TYPE_BUTTON, "Later"));
  g_assert_null (gh_ui_test_find (bar, GTK_TYPE_BUTTON, "Undo…"));
  g_assert_null (gh_ui_test_find (bar, GTK_TYPE_BUTTON, "Keep as it is"));
  gh_names_assert (bar);
  gtk_widget_destroy (bar);
  gh_ui_test_assert_finalized (&weak);
  g_assert_no_errno (g_unlink (path));
}

static gboolean
is_hidden (gpointer data)
{
  return gh_ui_test_find (data, GTK_TYPE_BUTTON, "Undo…") == NULL;
}

static void
test_interrupted (Fixture       *fixture,
                  gconstpointer  data)
{
  GhMachine *machine = gh_host_find_machine (fixture->host, "test");
  g_autofree char *journal = write_journal (fixture, gh_machine_get_uuid (machine));
  g_autofree char *other = write_journal (fixture, "2c1ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1");
  GtkWidget *bar = gh_interrupted_bar_new ();
  gpointer weak = bar;
  GtkWidget *dialog = NULL;
  g_auto (GhTestCall) call = { NULL };

  /* What runs would stay, without a definition. */
  gh_machine_run_action_async (machine, GH_MACHINE_FORCE_OFF, NULL, gh_test_call_cb, &call);
  gh_test_call_wait (&call);

  g_object_add_weak_pointer (weak, &weak);
  gtk_container_add (GTK_CONTAINER (fixture->parent), bar);
  gh_interrupted_bar_load (GH_INTERRUPTED_BAR (bar), fixture->hosts);
  gh_ui_test_wait_shows (bar, "Create “half” was interrupted");
  gh_ui_test_shoot (fixture->parent, "interrupted");

  /* Its uuid is that of a machine here, so that something is seen to go. */
  gh_ui_test_click (bar, "Undo…");
  dialog = find_dialog ();
  gh_ui_test_wait_shows (dialog, "1 step");
  gh_ui_test_shoot (dialog, "undo");
  gh_names_assert (dialog);
  gh_names_assert (bar);
  gh_ui_test_click (dialog, "Undo");
  gh_test_wait_until (is_empty, fixture->host);
  gh_test_wait_until (nothing_runs, NULL);
  g_assert_false (g_file_test (journal, G_FILE_TEST_EXISTS));

  /* The next one is kept as it is, and forgotten. */
  gh_ui_test_wait_shows (bar, "Create “half” was interrupted");
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
  gh_ui_test_click (bar, "Keep as it is");
  gh_test_wait_until (is_hidden, bar);
  g_assert_false (g_file_test (other, G_FILE_TEST_EXISTS));
  gtk_widget_destroy (bar);
  gh_ui_test_assert_finalized (&weak);
}

static void
test_sizes (void)
{
  static const struct
  {
    const char *text;
    double      mib;
  } cases[] = {
    { "4", 4096 },      { "64", 65536 },   { "512", 512 },  { "1.5g", 1536 }, { "1,5", -1 },
    { "512 MiB", 512 }, { "2 GiB", 2048 }, { "1t", 1048576 }, { "", -1 },     { "-3", -1 },
    { "nan", -1 },      { "3 apples", -1 },
  };
  static const guint64 sizes[] = { 0, 1, 256, 512, 1024, 1536, 1537, 20480, 3 * 1048576 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpfloat (gh_size_spin_parse (cases[i].text, 64), ==, cases[i].mib);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = gh_size_spin_print (sizes[i]);

      g_assert_cmpfloat (gh_size_spin_parse (text, 64), ==, (double) sizes[i]);
    }
}

/* With letters of twice the size, and words as long as German ones. */
static void
test_large_text (Fixture       *fixture,
                 gconstpointer  data)
{
  static const char word[] = "Betriebssystem";
  GtkSettings *settings = gtk_settings_get_default ();
  GtkWidget *dialog = NULL;
  GtkWidget *form = NULL;
  GtkWidget *row = NULL;
  GtkWidget *label = NULL;
  GtkWidget *os_label = NULL;
  int dpi = 0;

  g_object_get (settings, "gtk-xft-dpi", &dpi, NULL);
  g_object_set (settings, "gtk-xft-dpi", 2 * 96 * 1024, NULL);
  dialog = open_create (fixture);
  form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (dialog));
  row = GTK_WIDGET (gtk_widget_get_template_child (form, GH_TYPE_CREATE_FORM, "os_row"));
  os_label = GTK_WIDGET (gtk_widget_get_template_child (form, GH_TYPE_CREATE_FORM, "os_label"));
  gh_test_wait_until (is_not_loading, get_plan (dialog));
  hdy_preferences_row_set_title (HDY_PREFERENCES_ROW (row), word);
  gtk_label_set_text (GTK_LABEL (os_label), "Debian GNU/Linux testing, and more");
  gtk_window_resize (GTK_WINDOW (dialog), 360, 600);
  gh_ui_test_settle ();
  label = gh_ui_test_get (row, GTK_TYPE_LABEL, word);
  gh_ui_test_shoot (dialog, "create-large-text");
  g_assert_cmpint (pango_layout_get_line_count (gtk_label_get_layout (GTK_LABEL (label))), ==, 1);
  gtk_window_close (GTK_WINDOW (dialog));
  g_object_set (settings, "gtk-xft-dpi", dpi, NULL);
}

static void
test_kinds (void)
{
  g_assert_cmpint (gh_file_kind_guess ("/a/debian-12.ISO"), ==, GH_FILE_KIND_ISO);
  g_assert_cmpint (gh_file_kind_guess ("/boot/vmlinuz-6.1.0-18-amd64"), ==, GH_FILE_KIND_KERNEL);
  g_assert_cmpint (gh_file_kind_guess ("/a/bzImage"), ==, GH_FILE_KIND_KERNEL);
  g_assert_cmpint (gh_file_kind_guess ("/boot/initrd.img-6.1"), ==, GH_FILE_KIND_INITRD);
  g_assert_cmpint (gh_file_kind_guess ("/a/initramfs.cpio.gz"), ==, GH_FILE_KIND_INITRD);
  g_assert_cmpint (gh_file_kind_guess ("/a/linux.qcow2"), ==, GH_FILE_KIND_DISK);
  g_assert_cmpint (gh_file_kind_guess ("relative"), ==, GH_FILE_KIND_DISK);
}

int
main (int   argc,
      char *argv[])
{
  gh_ui_test_init (&argc, &argv);

  g_test_add_func ("/plan-dialogs/sizes", test_sizes);
  g_test_add_func ("/plan-dialogs/kinds", test_kinds);
#define ADD(name, func) g_test_add ("/plan-dialogs/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("create", test_create);
  ADD ("override", test_override);
  ADD ("recognise", test_recognise);
  ADD ("choose-os", test_choose_os);
  ADD ("refused", test_refused);
  ADD ("fails", test_fails);
  ADD ("cancel", test_cancel);
  ADD ("close-while-running", test_close_while_running);
  ADD ("typing", test_typing);
  ADD ("drop", test_drop);
  ADD ("options", test_options);
  ADD ("large-text", test_large_text);
  ADD ("delete", test_delete);
  ADD ("delete-shared", test_delete_shared);
  ADD ("interrupted", test_interrupted);
  ADD ("recover", test_recover);
#undef ADD

  return g_test_run ();
}
