/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The clone dialog, driven as a user would, over real plans on the test driver. */

#include "config.h"

#include <string.h>

#include "gh-activity.h"
#include "gh-clone-change-row.h"
#include "gh-clone-dialog.h"
#include "gh-clone-form.h"
#include "gh-faults.h"
#include "gh-hosts.h"
#include "gh-names.h"
#include "gh-plan-dialog.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"

typedef struct
{
  char        *folder;
  GhHosts     *hosts;
  GhHost      *host;
  GhMachine   *machine;
  GtkWidget   *parent;
  GtkWidget   *dialog;
  GhClonePlan *plan;       /* (unowned) */
  int          n_shown;    /* machines asked to be shown */
  char        *shown_uuid;
} Fixture;

/* A machine that is off, with a disk, a CD drive and a network card. */
static char *
write_host (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "host.xml", NULL);
  g_autofree char *image = g_build_filename (folder, "web-1.raw", NULL);
  g_autofree char *other = g_build_filename (folder, "other", NULL);
  g_autofree char *data = g_malloc0 (1 << 20);
  g_autofree char *xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>web-1</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>"
    "<memory>1048576</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/><serial>S-1</serial></disk>"
    "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>"
    "<interface type='network'><mac address='52:54:00:11:22:33'/><source network='default'/>"
    "</interface><filesystem type='mount'><source dir='/srv/shared'/><target dir='shared'/>"
    "</filesystem></devices><test:runstate>5</test:runstate></domain>"
    "<network><name>default</name><bridge name='virbr0'/><forward/>"
    "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
    "<pool type='dir'><name>default</name><target><path>%s</path></target></pool>"
    "<pool type='dir'><name>fast</name><target><path>%s</path></target></pool></node>",
    image, folder, other);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (image, data, 1 << 20, &error);
  g_assert_no_error (error);
  g_file_set_contents (path, xml, -1, &error);
  g_assert_no_error (error);
  return g_strdup_printf ("test://%s", path);
}

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
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autofree char *uri = NULL;
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;

  fixture->folder = gh_test_dup_tmp_dir ();
  uri = write_host (fixture->folder);
  fixture->hosts = gh_hosts_new ();
  fixture->host = gh_hosts_add (fixture->hosts, uri);
  gh_host_ready_async (fixture->host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (fixture->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  fixture->machine = gh_host_find_machine (fixture->host, "web-1");
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
  g_free (fixture->folder);
}

static GtkWidget *
find_dialog (void)
{
  GtkWidget *found = NULL;
  GList *windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GH_IS_PLAN_DIALOG (l->data))
      found = l->data;
  g_list_free (windows);
  return found;
}

static gboolean
has_disks (gpointer data)
{
  return gh_clone_plan_get_disks (data) != NULL &&
         gh_plan_get_state (data) == GH_PLAN_PREPARED;
}

static void
open_dialog (Fixture  *fixture,
             gboolean  linked)
{
  gh_clone_dialog_present (GTK_WINDOW (fixture->parent), fixture->machine, linked);
  fixture->dialog = find_dialog ();
  g_assert_nonnull (fixture->dialog);
  fixture->plan = gh_clone_form_get_plan (
    GH_CLONE_FORM (gh_plan_dialog_get_form (GH_PLAN_DIALOG (fixture->dialog))));
  gh_test_wait_until (has_disks, fixture->plan);
  gh_ui_test_settle ();
}

static GtkWidget *
get_child (Fixture    *fixture,
           const char *name)
{
  GtkWidget *form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (fixture->dialog));
  GObject *child = gtk_widget_get_template_child (form, GH_TYPE_CLONE_FORM, name);

  g_assert_nonnull (child);
  return GTK_WIDGET (child);
}

static void
wait_prepared (Fixture *fixture)
{
  gh_test_wait_until (has_disks, fixture->plan);
  gh_ui_test_settle ();
}

static GhCloneMode
get_mode (Fixture *fixture,
          guint    i)
{
  GPtrArray *disks = gh_clone_plan_get_disks (fixture->plan);

  return ((GhCloneDisk *) g_ptr_array_index (disks, i))->mode;
}

/* The names that come are shown while the number of copies changes, and the verb counts them. */
static void
test_copies (Fixture       *fixture,
             gconstpointer  data)
{
  open_dialog (fixture, FALSE);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Clone “web-1”"));
  g_assert_nonnull (gh_ui_test_find (fixture->dialog, GTK_TYPE_BUTTON, "Clone"));
  g_assert_false (gh_ui_test_shows (fixture->dialog, "web-1-1"));

  gtk_spin_button_set_value (GTK_SPIN_BUTTON (get_child (fixture, "copies_spin")), 4);
  wait_prepared (fixture);
  g_assert_nonnull (gh_ui_test_find (fixture->dialog, GTK_TYPE_BUTTON, "Clone 4 machines"));
  g_assert_true (gh_ui_test_shows (fixture->dialog, "web-1-1, web-1-2 … web-1-4"));
  g_assert_false (gtk_widget_get_visible (get_child (fixture, "name_reset")));

  /* What is typed is kept until it is put back. */
  gtk_entry_set_text (GTK_ENTRY (get_child (fixture, "name_entry")), "lab-{n}");
  wait_prepared (fixture);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "lab-1, lab-2 … lab-4"));
  g_assert_true (gtk_widget_get_visible (get_child (fixture, "name_reset")));
  gh_names_assert (fixture->dialog);
  gh_ui_test_click (fixture->dialog, "Use the proposed name");
  wait_prepared (fixture);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "web-1-1, web-1-2 … web-1-4"));
  gtk_widget_destroy (fixture->dialog);
}

/* What cannot be chosen says why; what is chosen can be put back; the original is asked about only
 * when something is linked to it. */
static void
test_disks (Fixture       *fixture,
            gconstpointer  data)
{
  GtkWidget *copy = NULL;
  g_autofree char *tooltip = NULL;

  open_dialog (fixture, FALSE);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Disk vda"));
  g_assert_true (gh_ui_test_shows (fixture->dialog, "CD drive sda"));
  g_assert_cmpint (get_mode (fixture, 1), ==, GH_CLONE_SHARE);
  g_assert_false (gtk_widget_get_visible (get_child (fixture, "parent_group")));

  /* No pool of a test host holds a file: it cannot be copied. */
  copy = gh_ui_test_get (fixture->dialog, GTK_TYPE_RADIO_BUTTON, "Copy");
  g_assert_false (gtk_widget_is_sensitive (copy));
  tooltip = gtk_widget_get_tooltip_text (copy);
  g_assert_cmpstr (tooltip, !=, NULL);
  g_assert_true (gh_ui_test_shows (fixture->dialog, tooltip));
  g_assert_false (gtk_widget_is_sensitive (gh_ui_test_get (fixture->dialog, GTK_TYPE_BUTTON,
                                                           "Clone")));

  gh_ui_test_press (fixture->dialog, "Linked clone");
  wait_prepared (fixture);
  g_assert_cmpint (get_mode (fixture, 0), ==, GH_CLONE_LINK);
  g_assert_true (gtk_widget_get_visible (get_child (fixture, "parent_group")));
  gh_ui_test_shoot (fixture->dialog, "clone-disks");

  gh_ui_test_press (fixture->dialog, "Leave out");
  wait_prepared (fixture);
  g_assert_cmpint (get_mode (fixture, 0), ==, GH_CLONE_LEAVE_OUT);
  g_assert_false (gtk_widget_get_visible (get_child (fixture, "parent_group")));
  gh_ui_test_click (fixture->dialog, "Use what is proposed for this disk");
  wait_prepared (fixture);
  g_assert_cmpint (get_mode (fixture, 0), ==, GH_CLONE_LINK);
  gtk_widget_destroy (fixture->dialog);
}

static gboolean
is_running (gpointer data)
{
  return gh_machine_is_active (data);
}

static gboolean
is_off (gpointer data)
{
  return !gh_machine_is_active (data);
}

static void
run_action (Fixture         *fixture,
            GhMachineAction  action)
{
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;

  gh_machine_run_action_async (fixture->machine, action, NULL, gh_test_call_cb, &call);
  gh_machine_run_action_finish (fixture->machine, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  gh_test_wait_until (action == GH_MACHINE_START ? is_running : is_off, fixture->machine);
  wait_prepared (fixture);
}

/* Nothing can be linked to what is written to: that is said before it is chosen, and no longer once
 * the machine is off. */
static void
test_running (Fixture       *fixture,
              gconstpointer  data)
{
  static const char why[] = "Its disks are being written to, so nothing can be linked to them. "
                            "Shut it down first.";
  GtkWidget *tile = NULL;
  GtkWidget *link = NULL;

  open_dialog (fixture, FALSE);
  tile = get_child (fixture, "linked_tile");
  link = gh_ui_test_get (fixture->dialog, GTK_TYPE_RADIO_BUTTON, "Link");
  g_assert_true (gtk_widget_is_sensitive (tile));
  g_assert_true (gtk_widget_is_sensitive (link));
  g_assert_false (gh_ui_test_shows (fixture->dialog, why));

  run_action (fixture, GH_MACHINE_START);
  g_assert_false (gtk_widget_is_sensitive (tile));
  g_assert_false (gtk_widget_is_sensitive (link));
  g_assert_true (gh_ui_test_shows (fixture->dialog, why));
  g_assert_cmpstr (atk_object_get_description (gtk_widget_get_accessible (tile)), ==, why);
  gh_ui_test_shoot (fixture->dialog, "clone-running");

  run_action (fixture, GH_MACHINE_FORCE_OFF);
  g_assert_true (gtk_widget_is_sensitive (tile));
  g_assert_true (gtk_widget_is_sensitive (link));
  g_assert_false (gh_ui_test_shows (fixture->dialog, why));
  gtk_widget_destroy (fixture->dialog);
}

static void
test_parent (Fixture       *fixture,
             gconstpointer  data)
{
  int parent = -1;

  open_dialog (fixture, TRUE);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "New machine from “web-1”"));
  g_object_get (fixture->plan, "parent", &parent, NULL);
  g_assert_cmpint (parent, ==, GH_CLONE_PARENT_TEMPLATE);
  gh_ui_test_press (fixture->dialog, "It stays usable");
  g_object_get (fixture->plan, "parent", &parent, NULL);
  g_assert_cmpint (parent, ==, GH_CLONE_PARENT_OVERLAY);
  gtk_widget_destroy (fixture->dialog);
}

static GtkWidget *
find_window (const char *title)
{
  GtkWidget *found = NULL;
  GList *windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (g_strcmp0 (gtk_window_get_title (l->data), title) == 0)
      found = l->data;
  g_list_free (windows);
  return found;
}

static void
test_changes (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *window = NULL;

  open_dialog (fixture, TRUE);
  gtk_expander_set_expanded (GTK_EXPANDER (get_child (fixture, "changes_expander")), TRUE);
  gh_ui_test_settle ();
  g_assert_true (gh_ui_test_shows (fixture->dialog, "52:54:00:11:22:33 → 52:54:00:"));
  gtk_window_resize (GTK_WINDOW (fixture->dialog), 560, 1500);
  gh_ui_test_shoot (fixture->dialog, "clone-changes");

  gh_ui_test_click (fixture->dialog, "Show the definition (XML)…");
  window = find_window ("Definition of “web-1-clone”");
  g_assert_nonnull (window);
  gh_ui_test_shoot (window, "clone-xml");
  gtk_widget_destroy (window);
  gtk_widget_destroy (fixture->dialog);
}

static GtkWidget *
find_change_row (Fixture    *fixture,
                 const char *id)
{
  g_autoptr (GList) rows =
    gtk_container_get_children (GTK_CONTAINER (get_child (fixture, "changes_box")));

  for (GList *l = rows; l != NULL; l = l->next)
    if (strcmp (gh_clone_change_row_get_id (l->data), id) == 0)
      return l->data;
  g_assert_not_reached ();
}

/* As a user chooses it; returns the definition of the clone that comes of it. */
static char *
choose_change (Fixture    *fixture,
               const char *id,
               const char *choice)
{
  GtkWidget *row = find_change_row (fixture, id);
  GObject *combo = gtk_widget_get_template_child (row, GH_TYPE_CLONE_CHANGE_ROW, "choice_combo");

  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (combo)));
  g_assert_true (gtk_combo_box_set_active_id (GTK_COMBO_BOX (combo), choice));
  wait_prepared (fixture);
  return gh_clone_plan_dup_xml (fixture->plan, 0);
}

/* Whatever can become of a thing can be chosen, also of what is proposed to stay. */
static void
test_each_choice (Fixture       *fixture,
                  gconstpointer  data)
{
  g_autofree char *removed = NULL;
  g_autofree char *back = NULL;
  g_autofree char *renewed = NULL;
  g_autofree char *gone = NULL;
  g_autofree char *kept = NULL;
  GObject *label = NULL;

  open_dialog (fixture, TRUE);
  removed = choose_change (fixture, "filesystem-0", "remove");
  g_assert_null (strstr (removed, "/srv/shared"));
  label = gtk_widget_get_template_child (find_change_row (fixture, "filesystem-0"),
                                         GH_TYPE_CLONE_CHANGE_ROW, "values_label");
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (label)), ==, "/srv/shared → goes");
  back = choose_change (fixture, "filesystem-0", "default");
  g_assert_nonnull (strstr (back, "/srv/shared"));

  g_assert_nonnull (strstr (back, "<serial>S-1</serial>"));
  renewed = choose_change (fixture, "serial-vda", "new");
  g_assert_null (strstr (renewed, "<serial>S-1</serial>"));
  g_assert_nonnull (strstr (renewed, "<serial>"));
  gone = choose_change (fixture, "serial-vda", "remove");
  g_assert_null (strstr (gone, "<serial>"));

  g_assert_null (strstr (gone, "52:54:00:11:22:33"));
  kept = choose_change (fixture, "mac-0", "keep");
  g_assert_nonnull (strstr (kept, "52:54:00:11:22:33"));
  gtk_widget_destroy (fixture->dialog);
}

static gboolean
has_ended (gpointer data)
{
  return gh_plan_get_state (data) == GH_PLAN_ENDED;
}

/* Through to new machines: the first of them is shown. The test driver cannot make images. */
static void
test_clone (Fixture       *fixture,
            gconstpointer  data)
{
  g_autofree char *uuid = NULL;
  g_autoptr (GhClonePlan) plan = NULL;
  GhMachine *clone = NULL;

  open_dialog (fixture, TRUE);
  gh_ui_test_press (fixture->dialog, "Leave out");
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (get_child (fixture, "copies_spin")), 2);
  wait_prepared (fixture);
  uuid = g_strdup (gh_clone_plan_get_uuid (fixture->plan, 0));
  plan = g_object_ref (fixture->plan);
  gh_ui_test_click (fixture->dialog, "Clone 2 machines");
  gh_test_wait_until (has_ended, plan);
  g_assert_null (gh_plan_get_error (GH_PLAN (plan)));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_DONE);
  g_assert_cmpstr (fixture->shown_uuid, ==, uuid);
  while ((clone = gh_host_find_machine (fixture->host, "web-1-2")) == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (gh_host_find_machine (fixture->host, "web-1-1"));
}

/* The form is as it was when it failed. */
static void
test_failure (Fixture       *fixture,
              gconstpointer  data)
{
  open_dialog (fixture, TRUE);
  gh_ui_test_press (fixture->dialog, "Leave out");
  gtk_entry_set_text (GTK_ENTRY (get_child (fixture, "name_entry")), "lab");
  wait_prepared (fixture);
  gh_faults_set ("domain-define:fail=38");
  gh_ui_test_click (fixture->dialog, "Clone");
  gh_ui_test_wait_shows (fixture->dialog, "Everything is as it was before.");
  g_assert_true (gtk_widget_is_sensitive (get_child (fixture, "name_entry")));
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (get_child (fixture, "name_entry"))), ==, "lab");
  g_assert_cmpint (fixture->n_shown, ==, 0);
  g_assert_null (gh_host_find_machine (fixture->host, "lab"));
  gtk_widget_destroy (fixture->dialog);
}

static void
test_finalized (Fixture       *fixture,
                gconstpointer  data)
{
  gpointer plan = NULL;
  gpointer form = NULL;

  open_dialog (fixture, FALSE);
  plan = fixture->plan;
  form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (fixture->dialog));
  g_object_add_weak_pointer (plan, &plan);
  g_object_add_weak_pointer (form, &form);
  gtk_widget_destroy (fixture->dialog);
  gh_ui_test_assert_finalized (&form);
  gh_ui_test_assert_finalized (&plan);
}

/* For looking at; without GUESTHOUSE_SHOTS it only opens everything there is. */
static void
test_looks (Fixture       *fixture,
            gconstpointer  data)
{
  open_dialog (fixture, FALSE);
  gh_ui_test_shoot (fixture->dialog, "clone");
  g_object_set (fixture->plan, "copies", 3, "linked", TRUE, "seed", TRUE, "sysprep", TRUE, NULL);
  wait_prepared (fixture);
  gtk_expander_set_expanded (GTK_EXPANDER (get_child (fixture, "guest_expander")), TRUE);
  gtk_expander_set_expanded (GTK_EXPANDER (get_child (fixture, "more_expander")), TRUE);
  gtk_window_resize (GTK_WINDOW (fixture->dialog), 560, 1900);
  gh_ui_test_shoot (fixture->dialog, "clone-all");
  gtk_widget_destroy (fixture->dialog);
}

int
main (int    argc,
      char **argv)
{
  gh_ui_test_init (&argc, &argv);

#define ADD(name, func) \
  g_test_add ("/clone-dialog/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("copies", test_copies);
  ADD ("disks", test_disks);
  ADD ("running", test_running);
  ADD ("parent", test_parent);
  ADD ("changes", test_changes);
  ADD ("each-choice", test_each_choice);
  ADD ("clone", test_clone);
  ADD ("failure", test_failure);
  ADD ("finalized", test_finalized);
  ADD ("looks", test_looks);
#undef ADD

  return g_test_run ();
}
