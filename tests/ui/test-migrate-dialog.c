/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Moving machines to another host, driven as a user would, over real plans on two hosts of the test
 * driver. That driver cannot move a machine, so a run ends in a failure; what moves is tested
 * with real hosts (tests/lab, tests/journeys). */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <handy.h>
#include <string.h>

#include "gh-activity-list.h"
#include "gh-activity.h"
#include "gh-faults.h"
#include "gh-hosts.h"
#include "gh-migrate-dialog.h"
#include "gh-migrate-form.h"
#include "gh-migrate-plan-private.h"
#include "gh-migrate-progress.h"
#include "gh-migrate-several-form.h"
#include "gh-names.h"
#include "gh-plan-dialog.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"

typedef struct
{
  char      *folder;
  GhHosts   *hosts;
  GhHost    *here;
  GhHost    *there;
  GtkWidget *parent;
  GtkWidget *dialog;
  GhPlan    *plan; /* (unowned) */
} Fixture;

#define MACHINE(name, n, state) \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>" name "</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193" n "</uuid>" \
  "<memory>1048576</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os><devices>" \
  "<disk type='file' device='disk'><driver name='qemu' type='raw'/>" \
  "<source file='%1$s/" name ".raw'/><target dev='vda' bus='virtio'/></disk>" \
  "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>" \
  "<interface type='network'><mac address='52:54:00:11:22:3" n "'/><source network='lan'/>" \
  "</interface></devices><test:runstate>" state "</test:runstate></domain>"

/* With nothing that a test host could not take. */
#define PLAIN_MACHINE \
  "<domain type='test'><name>web-4</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e1934</uuid>" \
  "<memory>1048576</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os></domain>"

static GhHost *
add_host (Fixture    *fixture,
          const char *name,
          const char *machines)
{
  g_autofree char *file = g_strdup_printf ("%s.xml", name);
  g_autofree char *path = g_build_filename (fixture->folder, file, NULL);
  g_autofree char *xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>%s"
    "<network><name>%s</name><bridge name='virbr0'/><forward/>"
    "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
    "<pool type='dir'><name>default</name><target><path>%s</path></target></pool>"
    "<pool type='dir'><name>fast</name><target><path>%s/fast</path></target></pool></node>",
    machines, *machines != '\0' ? "lan" : "wide", fixture->folder, fixture->folder);
  g_autofree char *uri = g_strdup_printf ("test://%s", path);
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;
  GhHost *host = NULL;

  g_file_set_contents (path, xml, -1, &error);
  g_assert_no_error (error);
  host = gh_hosts_add (fixture->hosts, uri);
  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

static void
write_image (Fixture *fixture,
             int      i)
{
  g_autofree char *name = g_strdup_printf ("web-%d.raw", i);
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *data = g_malloc0 (1 << 20);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, 1 << 20, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autofree char *machines = NULL;

  fixture->folder = gh_test_dup_tmp_dir ();
  for (int i = 1; i <= 3; i++)
    write_image (fixture, i);
  fixture->hosts = gh_hosts_new ();
  machines = g_strdup_printf (MACHINE ("web-1", "1", "1") MACHINE ("web-2", "2", "1")
                              MACHINE ("web-3", "3", "5") PLAIN_MACHINE,
                              fixture->folder);
  fixture->here = add_host (fixture, "here", machines);
  if (data == NULL)
    fixture->there = add_host (fixture, "there", "");
  fixture->parent = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_widget_show (fixture->parent);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer hosts = fixture->hosts;

  gh_faults_set (NULL);
  gh_activity_clear_ended (gh_activity_get_default ());
  gtk_widget_destroy (fixture->parent);
  g_object_add_weak_pointer (hosts, &hosts);
  gh_hosts_remove (fixture->hosts, fixture->here);
  if (fixture->there != NULL)
    gh_hosts_remove (fixture->hosts, fixture->there);
  g_object_unref (fixture->hosts);
  gh_ui_test_assert_finalized (&hosts);
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
is_prepared (gpointer data)
{
  return gh_plan_get_state (data) == GH_PLAN_PREPARED;
}

static void
wait_prepared (Fixture *fixture)
{
  gh_test_wait_until (is_prepared, fixture->plan);
  gh_ui_test_settle ();
}

static void
open_dialog (Fixture    *fixture,
             const char *first,
             const char *second)
{
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();
  GtkWidget *form = NULL;

  g_ptr_array_add (machines, gh_host_find_machine (fixture->here, first));
  if (second != NULL)
    g_ptr_array_add (machines, gh_host_find_machine (fixture->here, second));
  gh_migrate_dialog_present (GTK_WINDOW (fixture->parent), fixture->hosts, machines, NULL);
  fixture->dialog = find_dialog ();
  g_assert_nonnull (fixture->dialog);
  form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (fixture->dialog));
  if (second == NULL)
    fixture->plan = GH_PLAN (gh_migrate_form_get_plan (GH_MIGRATE_FORM (form)));
  else
    fixture->plan = GH_PLAN (gh_migrate_several_form_get_queue (GH_MIGRATE_SEVERAL_FORM (form)));
  wait_prepared (fixture);
}

static GtkWidget *
get_child (Fixture    *fixture,
           const char *name)
{
  GtkWidget *form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (fixture->dialog));
  GObject *child = gtk_widget_get_template_child (form, G_OBJECT_TYPE (form), name);

  g_assert_nonnull (child);
  return GTK_WIDGET (child);
}

static void
print_checks (GhPlan *plan)
{
  GPtrArray *checks = gh_plan_get_checks (plan);

  for (guint i = 0; i < checks->len; i++)
    g_test_message ("%d %s: %s", gh_check_get_level (g_ptr_array_index (checks, i)),
                    gh_check_get_id (g_ptr_array_index (checks, i)),
                    gh_check_get_title (g_ptr_array_index (checks, i)));
}

static void
test_looks (Fixture       *fixture,
            gconstpointer  data)
{
  g_autofree char *network = NULL;

  open_dialog (fixture, "web-1", NULL);
  print_checks (fixture->plan);
  gtk_window_resize (GTK_WINDOW (fixture->dialog), 560, 850);
  gh_ui_test_shoot (fixture->dialog, "migrate");
  gh_plan_dialog_show_checks (GH_PLAN_DIALOG (fixture->dialog));
  gh_ui_test_settle ();
  gh_ui_test_shoot (fixture->dialog, "migrate-checks");
  gh_ui_test_press (fixture->dialog, "Both hosts see it");
  network = g_strdup_printf (_("Network “%s”"), "lan");
  g_assert_true (gtk_combo_box_set_active_id (
                   GTK_COMBO_BOX (gh_ui_test_get (fixture->dialog, GTK_TYPE_COMBO_BOX, network)),
                   "wide"));
  wait_prepared (fixture);
  gtk_widget_child_focus (get_child (fixture, "destination"), GTK_DIR_TAB_FORWARD);
  gh_ui_test_shoot (fixture->dialog, "migrate-ready");
  gtk_expander_set_expanded (GTK_EXPANDER (get_child (fixture, "more_expander")), TRUE);
  gtk_widget_grab_focus (get_child (fixture, "more_expander"));
  gtk_widget_child_focus (fixture->dialog, GTK_DIR_TAB_FORWARD);
  for (int i = 0; i < 9; i++)
    gtk_widget_child_focus (fixture->dialog, GTK_DIR_TAB_FORWARD);
  gh_ui_test_settle ();
  gh_ui_test_shoot (fixture->dialog, "migrate-options");
  g_object_set (fixture->plan, "parallel", TRUE, NULL);
  wait_prepared (fixture);
  gh_ui_test_shoot (fixture->dialog, "migrate-problems");
  gtk_widget_destroy (fixture->dialog);

  open_dialog (fixture, "web-1", "web-3");
  print_checks (fixture->plan);
  gtk_window_resize (GTK_WINDOW (fixture->dialog), 560, 850);
  gh_ui_test_shoot (fixture->dialog, "migrate-several");
  gtk_widget_destroy (fixture->dialog);
}

static GtkWidget *
get_verb (Fixture *fixture)
{
  GObject *button = gtk_widget_get_template_child (fixture->dialog, GH_TYPE_PLAN_DIALOG,
                                                   "verb_button");

  return GTK_WIDGET (button);
}

/* Without another host there is nothing to choose but to add one; when it is there it is taken. */
static void
test_no_other_host (Fixture       *fixture,
                    gconstpointer  data)
{
  g_autoptr (GhHost) destination = NULL;

  open_dialog (fixture, "web-1", NULL);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "There is no other host"));
  g_assert_nonnull (gh_ui_test_find (fixture->dialog, GTK_TYPE_BUTTON, "Add host…"));
  g_assert_false (gtk_widget_get_visible (get_child (fixture, "choices_box")));
  g_assert_false (gtk_widget_is_sensitive (get_verb (fixture)));
  gh_ui_test_shoot (fixture->dialog, "migrate-no-host");

  fixture->there = add_host (fixture, "there", "");
  gtk_widget_destroy (fixture->dialog);
  open_dialog (fixture, "web-1", NULL);
  g_object_get (fixture->plan, "destination", &destination, NULL);
  g_assert_true (destination == fixture->there);
  g_assert_false (gh_ui_test_shows (fixture->dialog, "There is no other host"));
  g_assert_true (gtk_widget_get_visible (get_child (fixture, "choices_box")));
  gtk_widget_destroy (fixture->dialog);
}

/* What does not go together cannot be chosen, and says why. */
static void
test_choices (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *tile = NULL;
  const char *problem = NULL;
  int preset = -1;

  open_dialog (fixture, "web-1", NULL);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Disk vda"));
  /* The test driver says that its disks take more than they hold, which is just under 1024 GiB. */
  g_assert_true (gh_ui_test_shows (fixture->dialog, "1.0\302\240TiB, all used"));
  g_assert_true (gh_ui_test_shows (fixture->dialog, "CD drive sda"));
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Network “lan”"));
  tile = gh_ui_test_get (fixture->dialog, GTK_TYPE_RADIO_BUTTON, "Through one port");
  g_assert_false (gtk_widget_is_sensitive (tile));
  problem = gh_migrate_plan_find_problem (GH_MIGRATE_PLAN (fixture->plan),
                                          GH_MIGRATE_OPTION_PRESET, GH_MIGRATE_ONE_PORT);
  g_assert_cmpstr (atk_object_get_description (gtk_widget_get_accessible (tile)), ==, problem);
  /* To be read without a pointer; of what stands in the way. */
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Through one port: Disks cannot be copied "
                                   "through one port: only a machine whose disks both hosts "
                                   "share can be moved this way."));

  gh_ui_test_press (fixture->dialog, "Fast");
  g_object_get (fixture->plan, "preset", &preset, NULL);
  g_assert_cmpint (preset, ==, GH_MIGRATE_FAST);
  wait_prepared (fixture);
  /* Something of its own is none of the presets. */
  g_object_set (fixture->plan, "parallel", FALSE, NULL);
  wait_prepared (fixture);
  g_object_get (get_child (fixture, "presets"), "preset", &preset, NULL);
  g_assert_cmpint (preset, ==, GH_MIGRATE_CUSTOM);
  gh_ui_test_press (fixture->dialog, "Safe");
  wait_prepared (fixture);
  g_object_get (fixture->plan, "preset", &preset, NULL);
  g_assert_cmpint (preset, ==, GH_MIGRATE_SAFE);
  gtk_widget_destroy (fixture->dialog);
}

/* The path of a disk there is typed; what is no path is said, and stays to be mended. */
static void
test_path (Fixture       *fixture,
           gconstpointer  data)
{
  GtkWidget *entry = NULL;
  GtkWidget *reset = NULL;
  GhMigrateDisk *disk = NULL;

  open_dialog (fixture, "web-1", NULL);
  entry = gh_ui_test_get (fixture->dialog, GTK_TYPE_ENTRY, "Path there");
  gh_ui_test_press (fixture->dialog, "Copy it");
  wait_prepared (fixture);
  gtk_entry_set_text (GTK_ENTRY (entry), "other.raw");
  g_signal_emit_by_name (entry, "activate");
  wait_prepared (fixture);
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (GH_MIGRATE_PLAN (fixture->plan)), 0);
  g_assert_true (g_str_has_suffix (disk->destination, "/other.raw"));
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (entry)), ==, disk->destination);
  gtk_entry_set_text (GTK_ENTRY (entry), "a/b");
  g_signal_emit_by_name (entry, "activate");
  wait_prepared (fixture);
  gh_ui_test_wait_shows (fixture->dialog, "“a/b” cannot be the path of the disk vda");
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (entry)), ==, "a/b");
  gh_ui_test_shoot (fixture->dialog, "migrate-path");
  reset = gh_ui_test_get (fixture->dialog, GTK_TYPE_BUTTON, "Use what is proposed for this disk");
  gtk_button_clicked (GTK_BUTTON (reset));
  wait_prepared (fixture);
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (GH_MIGRATE_PLAN (fixture->plan)), 0);
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (entry)), ==, disk->destination);
  gtk_widget_destroy (fixture->dialog);
}

/* What was on one network there can be on another; the disks can be left to both hosts. */
static void
test_mapping (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *combo = NULL;
  GhMigrateNetwork *network = NULL;
  GhMigrateDisk *disk = NULL;

  open_dialog (fixture, "web-1", NULL);
  combo = gh_ui_test_get (fixture->dialog, GTK_TYPE_COMBO_BOX, "Network “lan”");
  g_assert_true (gh_ui_test_shows (fixture->dialog, "It is not there"));
  g_assert_true (gtk_combo_box_set_active_id (GTK_COMBO_BOX (combo), "wide"));
  wait_prepared (fixture);
  network = g_ptr_array_index (gh_migrate_plan_get_networks (GH_MIGRATE_PLAN (fixture->plan)), 0);
  g_assert_cmpstr (network->destination, ==, "wide");
  g_assert_true (network->is_there);
  g_assert_false (gh_ui_test_shows (fixture->dialog, "It is not there"));

  gh_ui_test_press (fixture->dialog, "Both hosts see it");
  wait_prepared (fixture);
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (GH_MIGRATE_PLAN (fixture->plan)), 0);
  g_assert_cmpint (disk->mode, ==, GH_MIGRATE_DISK_SHARED);
  g_assert_false (gtk_widget_get_visible (get_child (fixture, "remove_row")));
  gh_ui_test_click (fixture->dialog, "Use what is proposed for this disk");
  wait_prepared (fixture);
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (GH_MIGRATE_PLAN (fixture->plan)), 0);
  g_assert_cmpint (disk->mode, ==, GH_MIGRATE_DISK_COPIED);
  gtk_widget_destroy (fixture->dialog);
}

/* Says what would be, and that nothing was changed; until something else is chosen. */
static void
test_rehearsal (Fixture       *fixture,
                gconstpointer  data)
{
  open_dialog (fixture, "web-1", NULL);
  g_assert_false (gh_ui_test_shows (fixture->dialog, "Rehearsed"));
  gh_ui_test_click (fixture->dialog, "Rehearse only");
  gh_ui_test_wait_shows (fixture->dialog,
                         "Rehearsed: it would not work as it is. Nothing was changed.");
  g_assert_true (gh_ui_test_shows (fixture->dialog, "The name “web-1” is free"));
  gtk_switch_set_active (GTK_SWITCH (get_child (fixture, "temporary_switch")), TRUE);
  g_assert_false (gh_ui_test_shows (fixture->dialog, "Rehearsed"));
  wait_prepared (fixture);
  gtk_widget_destroy (fixture->dialog);
}

/* Each machine says why it does not move, and may be left out; the others are not held up. */
static void
test_several (Fixture       *fixture,
              gconstpointer  data)
{
  GhMigrateQueue *queue = NULL;

  open_dialog (fixture, "web-1", "web-4");
  queue = GH_MIGRATE_QUEUE (fixture->plan);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Move 2 machines"));
  g_assert_cmpuint (gh_migrate_queue_get_n_ready (queue), ==, 1);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "“web-1” is not moved: "));
  g_assert_nonnull (gh_ui_test_find (fixture->dialog, GTK_TYPE_BUTTON, "Move 1 machine"));

  gtk_toggle_button_set_active (
    GTK_TOGGLE_BUTTON (gh_ui_test_get (fixture->dialog, GTK_TYPE_CHECK_BUTTON, "web-1")), FALSE);
  wait_prepared (fixture);
  g_assert_false (gh_ui_test_shows (fixture->dialog, "“web-1” is not moved: "));
  g_assert_true (gtk_widget_is_sensitive (get_verb (fixture)));

  gtk_toggle_button_set_active (
    GTK_TOGGLE_BUTTON (gh_ui_test_get (fixture->dialog, GTK_TYPE_CHECK_BUTTON, "web-4")), FALSE);
  wait_prepared (fixture);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "None of these machines can be moved"));
  g_assert_false (gtk_widget_is_sensitive (get_verb (fixture)));
  gtk_widget_destroy (fixture->dialog);
}

static gboolean
has_ended (gpointer data)
{
  return gh_plan_get_state (data) == GH_PLAN_ENDED;
}

/* The test driver moves nothing: what was chosen is as it was, and the machine too. */
static void
test_failure (Fixture       *fixture,
              gconstpointer  data)
{
  open_dialog (fixture, "web-4", NULL);
  g_assert_true (gtk_widget_is_sensitive (get_verb (fixture)));
  gh_ui_test_click (fixture->dialog, "Move");
  gh_test_wait_until (has_ended, fixture->plan);
  g_assert_cmpint (gh_plan_get_outcome (fixture->plan), ==, GH_OUTCOME_UNDONE);
  gh_ui_test_wait_shows (fixture->dialog, "Everything is as it was before.");
  g_assert_true (gtk_widget_is_sensitive (get_child (fixture, "name_entry")));
  g_assert_true (gh_machine_is_active (gh_host_find_machine (fixture->here, "web-4")));
  gh_ui_test_shoot (fixture->dialog, "migrate-failed");
  gtk_widget_destroy (fixture->dialog);
}

/* What does not go together, once for each way it can be asked for. */

typedef struct
{
  const char *property; /* what is chosen */
  int         value;
  const char *control;  /* what cannot be chosen then, by its accessible name */
  const char *why;
} Illegal;

static const Illegal illegal[] = {
  { "route", GH_MIGRATE_TUNNELLED, "May go on there first",
    "Post-copy needs a connection of its own between the hosts, not one port." },
  { "route", GH_MIGRATE_TUNNELLED, "Several connections",
    "Everything goes through one connection then." },
  { "route", GH_MIGRATE_TUNNELLED, "Encrypt",
    "The connection itself is encrypted, or not: TLS for the data alone is not possible." },
  { "route", GH_MIGRATE_TUNNELLED, "Address there",
    "The data goes where the connection goes: there is no address to choose." },
  { "route", GH_MIGRATE_TUNNELLED, "Address for disks",
    "The data goes where the connection goes: there is no address to choose." },
  { "post-copy", TRUE, "Several connections",
    "Several connections and post-copy do not go together." },
  { "parallel", TRUE, "May go on there first",
    "Several connections and post-copy do not go together." },
  { "compression", GH_MIGRATE_XBZRLE, "Several connections",
    "Several connections and compression do not go together." },
  { "compression", GH_MIGRATE_THREADS, "May go on there first",
    "Post-copy and compression by threads do not go together." },
};

static void
assert_problem (Fixture    *fixture,
                const char *control,
                const char *why)
{
  GtkWidget *found = gh_ui_test_find (fixture->dialog, GTK_TYPE_SWITCH, control);
  GtkWidget *widget = found != NULL
                      ? found : gh_ui_test_get (fixture->dialog, GTK_TYPE_ENTRY, control);
  GtkWidget *row = gtk_widget_get_ancestor (widget, HDY_TYPE_ACTION_ROW);
  const char *subtitle = hdy_action_row_get_subtitle (HDY_ACTION_ROW (row));

  g_test_message ("“%s”: %s", control, subtitle);
  g_assert_true (gtk_widget_is_sensitive (widget) == (why == NULL));
  g_assert_cmpstr (atk_object_get_description (gtk_widget_get_accessible (widget)), ==,
                   why != NULL ? why : "");
  g_assert_cmpstr (atk_object_get_description (gtk_widget_get_accessible (row)), ==,
                   why != NULL ? why : "");
  /* To be read without a pointer; what the row said before comes back. */
  if (why != NULL)
    g_assert_true (gh_ui_test_shows (row, why));
  else
    g_assert_false (g_str_has_suffix (subtitle, " do not go together."));
}

static void
test_illegal (Fixture       *fixture,
              gconstpointer  data)
{
  open_dialog (fixture, "web-4", NULL);
  gtk_expander_set_expanded (GTK_EXPANDER (get_child (fixture, "more_expander")), TRUE);
  gh_ui_test_settle ();
  assert_problem (fixture, "While it runs", "To move it while it is off, shut it down first.");
  /* The test host is on this computer. */
  assert_problem (fixture, "Encrypt", "TLS is not possible over a UNIX socket.");
  for (guint i = 0; i < G_N_ELEMENTS (illegal); i++)
    {
      if (strcmp (illegal[i].control, "Encrypt") != 0)
        assert_problem (fixture, illegal[i].control, NULL);
      g_object_set (fixture->plan, illegal[i].property, illegal[i].value, NULL);
      wait_prepared (fixture);
      assert_problem (fixture, illegal[i].control, illegal[i].why);
      g_object_set (fixture->plan, illegal[i].property, 0, NULL);
      wait_prepared (fixture);
    }

  g_assert_true (gh_ui_test_shows (fixture->dialog, "For lines one connection does not fill."));

  /* Of a list, the entries that are gray: why is said in its row. */
  g_object_set (fixture->plan, "parallel", TRUE, NULL);
  wait_prepared (fixture);
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Inside the hosts’ connection: "
                                   "Everything goes through one connection then."));
  g_assert_true (gh_ui_test_shows (fixture->dialog, "Several connections and compression do not go "
                                   "together."));
  g_assert_false (gh_ui_test_shows (fixture->dialog, "All of it (zlib): "));
  gtk_widget_destroy (fixture->dialog);

  open_dialog (fixture, "web-3", NULL);
  assert_problem (fixture, "While it runs", "The machine is off.");
  assert_problem (fixture, "Only temporarily",
                  "Only a machine that runs can be moved without its definition.");
  gtk_widget_destroy (fixture->dialog);
}

#define NBSP "\302\240"

static gboolean
has_its_network (gpointer data)
{
  return !gh_ui_test_shows (((Fixture *) data)->dialog,
                            "Test host (there.xml) has no network “lan”");
}

/* Each row of a rehearsal, and the repair beside the one that has one. */
static void
test_rehearsal_rows (Fixture       *fixture,
                     gconstpointer  data)
{
  static const char * const rows[] = {
    "“default” at Test host (there.xml) has 100.0" NBSP "GiB free, and 1.0" NBSP "TiB is needed",
    "Free some, or choose another pool.",
    "Test host (there.xml) has no network “lan”",
    "Choose another network there, or make one of this name.",
    "The disks that are copied are kept here as well",
    "Up to 1.0" NBSP "TiB are to be sent, which takes about 43 minutes; the guest stands still "
    "for about 0.3" NBSP "s",
    "3 other checks are all right",
    "The disk vda is copied to the storage pool “default”",
    "The name “web-1” is free at Test host (there.xml)",
    "The processor and machine type fit",
  };

  open_dialog (fixture, "web-1", NULL);
  gh_ui_test_click (fixture->dialog, "Rehearse only");
  gh_ui_test_wait_shows (fixture->dialog,
                         "Rehearsed: it would not work as it is. Nothing was changed.");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("“%s”", rows[i]);
      g_assert_true (gh_ui_test_shows (fixture->dialog, rows[i]));
    }
  gh_ui_test_click (fixture->dialog, "Use “wide” there");
  gh_test_wait_until (has_its_network, fixture);
  gtk_widget_destroy (fixture->dialog);
}

/* By the keyboard alone. */

static void
press_key (Fixture         *fixture,
           guint            key,
           GdkModifierType  modifiers)
{
  g_autofree GdkKeymapKey *keys = NULL;
  GdkEvent *event = gdk_event_new (GDK_KEY_PRESS);
  int n = 0;

  g_assert_true (gdk_keymap_get_entries_for_keyval (
                   gdk_keymap_get_for_display (gdk_display_get_default ()), key, &keys, &n));
  event->key.window = g_object_ref (gtk_widget_get_window (fixture->dialog));
  event->key.time = GDK_CURRENT_TIME;
  event->key.keyval = key;
  event->key.hardware_keycode = (guint16) keys[0].keycode;
  event->key.group = (guint8) keys[0].group;
  event->key.state = modifiers | (keys[0].level > 0 ? GDK_SHIFT_MASK : 0);
  gdk_event_set_device (event, gdk_seat_get_keyboard (gdk_display_get_default_seat (
                                                        gdk_display_get_default ())));
  gtk_main_do_event (event);
  gdk_event_free (event);
  gh_ui_test_settle ();
}

static const char *
get_focused (Fixture *fixture)
{
  GtkWidget *focused = gtk_window_get_focus (GTK_WINDOW (fixture->dialog));
  const char *name = NULL;

  if (focused == NULL)
    return NULL;
  /* Of a list that opens it is a button inside. */
  if (GTK_IS_COMBO_BOX (gtk_widget_get_ancestor (focused, GTK_TYPE_COMBO_BOX)))
    focused = gtk_widget_get_ancestor (focused, GTK_TYPE_COMBO_BOX);
  name = atk_object_get_name (gtk_widget_get_accessible (focused));
  return name != NULL ? name : G_OBJECT_TYPE_NAME (focused);
}

static gboolean
has_focus (gpointer data)
{
  return gtk_window_has_toplevel_focus (data);
}

/* Tab comes by everything one can change, in the order in which it is seen. */
static void
test_keyboard (Fixture       *fixture,
               gconstpointer  data)
{
  static const char * const order[] = {
    "Host to move to", "Add a host", "Safe", "Only temporarily", "Name there", "More options",
    "Route", "Slow the guest down if need be", "May go on there first", "Several connections",
    "Compression", "Bandwidth", "Pause at the end", "Address there",
    "Address for disks", "Rehearse only", "Cancel", "Move",
  };
  guint next = 0;

  open_dialog (fixture, "web-4", NULL);
  gtk_expander_set_expanded (GTK_EXPANDER (get_child (fixture, "more_expander")), TRUE);
  gh_ui_test_settle ();
  gh_names_assert_mnemonics (fixture->dialog);
  /* A button lets go of the focus only where the keys go. */
  gdk_window_focus (gtk_widget_get_window (fixture->dialog), GDK_CURRENT_TIME);
  gh_test_wait_until (has_focus, fixture->dialog);
  gtk_widget_grab_focus (gh_ui_test_get (fixture->dialog, GTK_TYPE_COMBO_BOX, "Host to move to"));
  for (int i = 0; i < 60 && next < G_N_ELEMENTS (order); i++)
    {
      const char *name = get_focused (fixture);

      g_test_message ("Tab: %s", name);
      if (g_strcmp0 (name, order[next]) == 0)
        next++;
      press_key (fixture, GDK_KEY_Tab, 0);
    }
  if (next < G_N_ELEMENTS (order))
    g_error ("Tab does not come from “%s” to “%s”", next > 0 ? order[next - 1] : "", order[next]);

  press_key (fixture, GDK_KEY_n, GDK_MOD1_MASK);
  g_assert_cmpstr (get_focused (fixture), ==, "Name there");
  press_key (fixture, GDK_KEY_r, GDK_MOD1_MASK);
  gh_ui_test_wait_shows (fixture->dialog, "Rehearsed: it would work. Nothing was changed.");
  gtk_widget_grab_focus (get_child (fixture, "name_entry"));
  press_key (fixture, GDK_KEY_Return, 0);
  gh_test_wait_until (has_ended, fixture->plan);
  gh_ui_test_wait_shows (fixture->dialog, "Everything is as it was before.");
  press_key (fixture, GDK_KEY_Escape, 0);
  g_assert_null (find_dialog ());
}

/* What the list of runs says of moves: while they run, and how they ended. */
static void
test_activity (Fixture       *fixture,
               gconstpointer  data)
{
  GtkWidget *list = gh_activity_list_new ();
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);

  gtk_container_add (GTK_CONTAINER (window), list);
  gtk_window_set_default_size (GTK_WINDOW (window), 400, -1);
  gtk_widget_show_all (window);
  g_assert_true (gh_ui_test_shows (window, "What you create, copy, move or delete shows up here."));

  open_dialog (fixture, "web-4", NULL);
  gh_ui_test_click (fixture->dialog, "Move");
  g_assert_true (gh_ui_test_shows (window, "Move “web-4” to Test host (there.xml)"));
  g_assert_nonnull (gh_ui_test_find (window, GTK_TYPE_BUTTON,
                                     "Cancel: Move “web-4” to Test host (there.xml)"));
  gh_test_wait_until (has_ended, fixture->plan);
  gh_ui_test_wait_shows (window, "This host cannot do that. Everything is as it was before.");
  g_assert_nonnull (gh_ui_test_find (window, GTK_TYPE_IMAGE, "Undone"));
  g_assert_null (gh_ui_test_find (window, GTK_TYPE_BUTTON,
                                  "Cancel: Move “web-4” to Test host (there.xml)"));
  gh_ui_test_press (window, "What was run: Move “web-4” to Test host (there.xml)");
  gh_ui_test_settle ();
  gh_ui_test_shoot (window, "activity-undone");
  gtk_widget_destroy (fixture->dialog);

  open_dialog (fixture, "web-1", "web-4");
  gh_ui_test_click (fixture->dialog, "Move 1 machine");
  gh_test_wait_until (has_ended, fixture->plan);
  gh_ui_test_wait_shows (window, "Not everything could be done. Left:\n“web-4” is not moved");
  g_assert_nonnull (gh_ui_test_find (window, GTK_TYPE_IMAGE, "Undone in part"));
  gh_ui_test_shoot (window, "activity-several");
  gtk_widget_destroy (fixture->dialog);

  gh_ui_test_click (window, "Clear finished");
  g_assert_true (gh_ui_test_shows (window, "What you create, copy, move or delete shows up here."));
  gtk_widget_destroy (window);
}

static void
test_finalized (Fixture       *fixture,
                gconstpointer  data)
{
  gpointer plan = NULL;
  gpointer form = NULL;

  for (int i = 0; i < 2; i++)
    {
      open_dialog (fixture, "web-1", i == 0 ? NULL : "web-2");
      plan = fixture->plan;
      form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (fixture->dialog));
      g_object_add_weak_pointer (plan, &plan);
      g_object_add_weak_pointer (form, &form);
      gtk_widget_destroy (fixture->dialog);
      gh_ui_test_assert_finalized (&form);
      gh_ui_test_assert_finalized (&plan);
    }
}

/* The same, for looking at in any language. */
static void
test_progress_looks (Fixture       *fixture,
                     gconstpointer  data)
{
  static const char * const names[] = {
    [GH_MIGRATE_NO_TROUBLE] = "migrate-progress", [GH_MIGRATE_STUCK] = "migrate-progress-stuck",
    [GH_MIGRATE_SILENT] = "migrate-progress-silent",
    [GH_MIGRATE_RECOVERING] = "migrate-progress-recovering",
  };
  GhMigrationProgress progress = {
    .phase = GH_MIGRATION_MEMORY, .disk_total = 20ULL << 30, .disk_done = 20ULL << 30,
    .memory_total = 2ULL << 30, .memory_done = 3ULL << 29, .memory_rate = 112 << 20,
    .dirty_rate = 140 << 20, .iteration = 7, .throttle = 20, .downtime_ms = 1700,
  };
  g_autoptr (GhMigratePlan) plan = gh_migrate_plan_new (gh_host_find_machine (fixture->here,
                                                                              "web-1"),
                                                        fixture->there);
  GtkWidget *figures = gh_migrate_progress_new_for (GH_PLAN (plan));
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);

  gtk_container_set_border_width (GTK_CONTAINER (window), 18);
  gtk_container_add (GTK_CONTAINER (window), figures);
  gtk_window_set_default_size (GTK_WINDOW (window), 520, -1);
  gtk_widget_show (window);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), &progress, i);
      gh_ui_test_shoot (window, names[i]);
    }

  /* What is of no use says why: here, that it does not move. */
  g_assert_false (gh_ui_test_shows (window, "It is not being moved at the moment."));
  plan->progress = gh_migration_progress_copy (&progress);
  plan->stuck = TRUE;
  g_object_notify (G_OBJECT (plan), "stuck");
  g_assert_true (gh_ui_test_shows (window, "It is not being moved at the moment."));
  g_assert_false (gtk_widget_is_sensitive (gh_ui_test_get (window, GTK_TYPE_BUTTON,
                                                           "Slow the guest down")));
  gh_ui_test_shoot (window, "migrate-progress-problems");
  gtk_widget_destroy (window);
}

/* While it moves: figures of both phases, and what can be done when it does not end. */
static void
test_progress (Fixture       *fixture,
               gconstpointer  data)
{
  GhMigrationProgress progress = {
    .phase = GH_MIGRATION_DISKS, .disk_total = 20ULL << 30, .disk_done = 5ULL << 30,
    .disk_rate = 118 << 20, .memory_total = 2ULL << 30, .downtime_ms = -1,
  };
  GtkWidget *figures = gh_migrate_progress_new ();
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);

  gtk_container_set_border_width (GTK_CONTAINER (window), 18);
  gtk_container_add (GTK_CONTAINER (window), figures);
  gtk_window_set_default_size (GTK_WINDOW (window), 520, -1);
  gtk_widget_show (window);
  g_assert_false (gh_ui_test_shows (window, "Memory"));

  gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), &progress,
                            GH_MIGRATE_NO_TROUBLE);
  g_assert_true (gh_ui_test_shows (window, "5.0\302\240GiB of 20.0\302\240GiB, "
                                   "118.0\302\240MiB/s"));
  g_assert_false (gh_ui_test_shows (window, "It is not converging"));
  g_assert_true (gh_ui_test_shows (window, "the disks are copied with the limit"));

  progress.phase = GH_MIGRATION_MEMORY;
  progress.disk_done = progress.disk_total;
  progress.memory_done = 3ULL << 29;
  progress.memory_rate = 112 << 20;
  progress.dirty_rate = 140 << 20;
  progress.iteration = 7;
  progress.throttle = 20;
  progress.downtime_ms = 1700;
  gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), &progress, GH_MIGRATE_STUCK);
  g_assert_false (gh_ui_test_shows (window, "the disks are copied with the limit"));
  g_assert_true (gh_ui_test_shows (window, "20.0\302\240GiB, all there"));
  g_assert_true (gh_ui_test_shows (window, "1.5\302\240GiB of 2.0\302\240GiB, 112.0\302\240MiB/s"));
  g_assert_true (gh_ui_test_shows (window, "Pass 7 · The guest changes 140.0\302\240MiB/s · "
                                   "Slowed down by 20\302\240% · Pause to come: 1.7\302\240s"));
  g_assert_true (gh_ui_test_shows (window, "It is not converging"));
  for (int i = 0; i < GH_MIGRATE_RECOVER; i++)
    g_assert_nonnull (gh_ui_test_find (window, GTK_TYPE_BUTTON, gh_migrate_action_get_label (i)));
  g_assert_null (gh_ui_test_find (window, GTK_TYPE_BUTTON, "Recover"));

  progress.phase = GH_MIGRATION_POST_COPY;
  progress.memory_rate = 0;
  progress.downtime_ms = -1;
  progress.silent_s = 7;
  gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), &progress, GH_MIGRATE_SILENT);
  g_assert_true (gh_ui_test_shows (window, "The line seems to be cut"));
  g_assert_nonnull (gh_ui_test_find (window, GTK_TYPE_BUTTON, "Recover"));
  g_assert_null (gh_ui_test_find (window, GTK_TYPE_BUTTON, "Slow the guest down"));

  gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), &progress, GH_MIGRATE_RECOVERING);
  g_assert_true (gh_ui_test_shows (window, "A new connection is being made"));
  g_assert_null (gh_ui_test_find (window, GTK_TYPE_BUTTON, "Recover"));

  gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), &progress, GH_MIGRATE_NO_TROUBLE);
  g_assert_false (gh_ui_test_shows (window, "A new connection is being made"));
  g_assert_null (gh_ui_test_find (window, GTK_TYPE_BUTTON, "Recover"));

  gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), NULL, GH_MIGRATE_NO_TROUBLE);
  g_assert_false (gh_ui_test_shows (window, "Memory"));
  gtk_widget_destroy (window);
}

static GtkSpinButton *
add_figures (GtkWidget     *box,
             GhMigratePlan *plan)
{
  GhMigrationProgress progress = { .phase = GH_MIGRATION_MEMORY, .downtime_ms = -1 };
  GtkWidget *figures = gh_migrate_progress_new_for (GH_PLAN (plan));
  GtkWidget *spin = NULL;

  gtk_container_add (GTK_CONTAINER (box), figures);
  gh_migrate_progress_show (GH_MIGRATE_PROGRESS (figures), &progress, GH_MIGRATE_NO_TROUBLE);
  spin = gh_ui_test_find (figures, GTK_TYPE_SPIN_BUTTON, "Bandwidth in MiB/s");
  g_assert_nonnull (spin);
  return GTK_SPIN_BUTTON (spin);
}

/* A bandwidth that was changed is what every view says, also one that is opened later; and one that
 * could not be changed is not. */
static void
test_bandwidth (Fixture       *fixture,
                gconstpointer  data)
{
  g_autoptr (GhMigratePlan) plan = gh_migrate_plan_new (gh_host_find_machine (fixture->here,
                                                                              "web-1"),
                                                        fixture->there);
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkSpinButton *first = NULL;
  GtkSpinButton *second = NULL;

  gtk_container_add (GTK_CONTAINER (window), box);
  gtk_widget_show_all (window);
  first = add_figures (box, plan);
  g_object_set (plan, "bandwidth", 10, NULL);
  g_assert_cmpint (gtk_spin_button_get_value_as_int (first), ==, 10);
  gh_migrate_plan_set_bandwidth_now (plan, 16);
  second = add_figures (box, plan);
  g_assert_cmpint (gtk_spin_button_get_value_as_int (first), ==, 16);
  g_assert_cmpint (gtk_spin_button_get_value_as_int (second), ==, 16);
  gh_migrate_plan_set_bandwidth_now (plan, -1);
  g_assert_cmpint (gtk_spin_button_get_value_as_int (second), ==, 10);

  /* It does not move. */
  gtk_spin_button_set_value (second, 20);
  gh_ui_test_wait_shows (window, "The bandwidth could not be changed");
  g_assert_cmpint (gtk_spin_button_get_value_as_int (first), ==, 10);
  g_assert_cmpint (gtk_spin_button_get_value_as_int (second), ==, 10);
  gtk_widget_destroy (window);
}

int
main (int    argc,
      char **argv)
{
  gh_ui_test_init (&argc, &argv);

#define ADD(name, func, data) \
  g_test_add ("/migrate-dialog/" name, Fixture, data, set_up, func, tear_down)
  ADD ("no-other-host", test_no_other_host, "");
  ADD ("choices", test_choices, NULL);
  ADD ("path", test_path, NULL);
  ADD ("mapping", test_mapping, NULL);
  ADD ("rehearsal", test_rehearsal, NULL);
  ADD ("illegal", test_illegal, NULL);
  ADD ("rehearsal-rows", test_rehearsal_rows, NULL);
  ADD ("keyboard", test_keyboard, NULL);
  ADD ("activity", test_activity, NULL);
  ADD ("several", test_several, NULL);
  ADD ("failure", test_failure, NULL);
  ADD ("finalized", test_finalized, NULL);
  ADD ("progress", test_progress, NULL);
  ADD ("bandwidth", test_bandwidth, NULL);
  ADD ("looks", test_looks, NULL);
  ADD ("progress-looks", test_progress_looks, NULL);
#undef ADD

  return g_test_run ();
}
