/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The window of snapshots, and that of what a move left, driven as a user would, over a real host:
 * what is on the disks after each click. */

#include "config.h"

#include "gh-lab-image.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "gh-clone-dialog.h"
#include "gh-host-identity.h"
#include "gh-image-guard.h"
#include "gh-move-actions.h"
#include "gh-resize-form.h"
#include "gh-snapshots-dialog.h"
#include "gh-ui-test.h"

#define BEFORE "-P 0xaa 1M 1M"
#define AFTER "-P 0xbb 1M 1M"

typedef struct
{
  GhLab  *lab;
  GhHost *host;
  char   *path;
} World;

typedef struct
{
  GtkWidget  *window;
  const char *text;
} Wanted;

static gboolean
is_listed (gpointer data)
{
  World *world = data;

  return gh_host_find_machine (world->host, "web") != NULL;
}

static void
assert_holds (const char *path,
              const char *pattern)
{
  g_autofree char *command = g_strdup_printf ("read %s", pattern);

  g_assert_true (gh_lab_has_pattern (path, command));
}

/* “web”, with a disk that holds BEFORE in its snapshot “clean” and AFTER now. */
static void
world_init (World *self)
{
  g_autofree char *uri = NULL;
  g_autofree char *xml = NULL;
  virDomainPtr domain = NULL;
  virDomainSnapshotPtr snapshot = NULL;

  self->lab = gh_lab_new ();
  gh_lab_start_daemon (self->lab);
  self->path = gh_lab_dup_path (self->lab, "web.qcow2");
  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", self->path, "64M", NULL));
  gh_lab_write_pattern (self->path, "write " BEFORE);
  xml = g_markup_printf_escaped (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk></devices></domain>", self->path);
  domain = virDomainDefineXML (gh_lab_connect (self->lab), xml);
  g_assert_nonnull (domain);
  snapshot = virDomainSnapshotCreateXML (
    domain, "<domainsnapshot><name>clean</name></domainsnapshot>", 0);
  g_assert_nonnull (snapshot);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
  gh_lab_write_pattern (self->path, "write " AFTER);

  uri = gh_lab_dup_uri (self->lab);
  self->host = gh_host_new (uri);
  gh_host_connect (self->host);
  gh_test_wait_until (is_listed, self);
}

static void
world_clear (World *self)
{
  gh_host_disconnect (self->host);
  g_object_unref (self->host);
  g_free (self->path);
  gh_lab_free (self->lab);
}

static gboolean
is_refused (gpointer data)
{
  Wanted *wanted = data;
  GtkWidget *button = gh_ui_test_find (wanted->window, GTK_TYPE_BUTTON, wanted->text);

  return button != NULL && !gtk_widget_is_sensitive (button) &&
         gh_ui_test_shows (wanted->window, "“child” depends on");
}

static GhMachine *
get_machine (World *world)
{
  GhMachine *machine = gh_host_find_machine (world->host, "web");

  g_assert_nonnull (machine);
  return machine;
}

static gboolean
count_cb (GtkTreeModel *model,
          GtkTreePath  *path,
          GtkTreeIter  *iter,
          gpointer      user_data)
{
  (*(guint *) user_data)++;
  return FALSE;
}

static gboolean
shows_two (gpointer data)
{
  GtkWidget *tree = gh_ui_test_find (data, GTK_TYPE_TREE_VIEW, "Snapshots");
  guint n_rows = 0;

  if (tree != NULL && gtk_tree_view_get_model (GTK_TREE_VIEW (tree)) != NULL)
    gtk_tree_model_foreach (gtk_tree_view_get_model (GTK_TREE_VIEW (tree)), count_cb, &n_rows);
  return n_rows == 2;
}

static void
press_f5 (GtkWidget *window)
{
  GdkEvent *event = gdk_event_new (GDK_KEY_PRESS);
  gboolean handled = FALSE;

  event->key.window = g_object_ref (gtk_widget_get_window (window));
  event->key.keyval = GDK_KEY_F5;
  g_signal_emit_by_name (window, "key-press-event", event, &handled);
  g_assert_true (handled);
  gdk_event_free (event);
}

/* What others do to the snapshots of a machine that is off is told by nobody. */
static void
test_refresh (void)
{
  World world = { NULL };
  GtkWidget *window = NULL;
  virDomainPtr domain = NULL;
  virDomainSnapshotPtr snapshot = NULL;

  world_init (&world);
  window = GTK_WIDGET (gh_snapshots_dialog_present (NULL, get_machine (&world)));
  gh_ui_test_wait_shows (window, "The machine goes on from it.");
  domain = virDomainLookupByName (gh_lab_connect (world.lab), "web");
  snapshot = virDomainSnapshotCreateXML (
    domain, "<domainsnapshot><name>other</name></domainsnapshot>", 0);
  g_assert_nonnull (snapshot);
  press_f5 (window);
  gh_test_wait_until (shows_two, window);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
  gtk_widget_destroy (window);
  world_clear (&world);
}

/* A clone of what the snapshot holds; then the machine itself goes back to it. */
static void
test_clone_and_revert (void)
{
  World world = { NULL };
  GtkWidget *window = NULL;
  GtkWidget *plan = NULL;
  g_autofree char *clone = NULL;

  world_init (&world);
  window = GTK_WIDGET (gh_snapshots_dialog_present (NULL, get_machine (&world)));
  gh_ui_test_wait_shows (window, "The machine goes on from it.");
  gh_ui_test_click_when_ready (window, "Clone…");
  plan = gh_ui_test_wait_plan_dialog ();
  gtk_entry_set_text (GTK_ENTRY (gh_ui_test_get (plan, GTK_TYPE_ENTRY, "Name")), "old");
  gh_ui_test_run_plan ("Clone");
  clone = gh_lab_dup_disk (world.lab, "old");
  g_assert_cmpstr (clone, !=, world.path);
  assert_holds (clone, BEFORE);
  assert_holds (world.path, AFTER);

  gh_ui_test_click_when_ready (window, "Go back…");
  gh_ui_test_run_plan ("Go back");
  assert_holds (world.path, BEFORE);
  g_assert_cmpuint (gh_lab_count_snapshots (world.path), ==, 2);
  gtk_widget_destroy (window);
  world_clear (&world);
}

/* What a linked clone depends on neither goes back nor grows by a click. */
static void
test_parent (void)
{
  World world = { NULL };
  Wanted wanted = { NULL, "Go back" };
  GtkWidget *window = NULL;

  world_init (&world);
  {
    g_autoptr (GhLabRun) run = gh_lab_run (world.lab, "clone", "web", "--linked", "--name", "child",
                                           "--yes", NULL);

    gh_lab_assert_status (run, 0);
  }
  window = GTK_WIDGET (gh_snapshots_dialog_present (NULL, get_machine (&world)));
  gh_ui_test_click_when_ready (window, "Go back…");
  wanted.window = gh_ui_test_wait_plan_dialog ();
  gh_test_wait_until (is_refused, &wanted);
  gtk_widget_destroy (wanted.window);
  gtk_widget_destroy (window);

  gh_resize_form_present (NULL, get_machine (&world));
  wanted.window = gh_ui_test_wait_plan_dialog ();
  wanted.text = "Make larger";
  gh_test_wait_until (is_refused, &wanted);
  gtk_widget_destroy (wanted.window);
  assert_holds (world.path, AFTER);
  world_clear (&world);
}

/* (transfer full): as the host calls itself. */
static char *
dup_host_uuid (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  char *uuid = NULL;

  gh_host_load_identity_async (host, NULL, gh_test_call_cb, &call);
  uuid = gh_host_load_identity_finish (host, gh_test_call_wait (&call), NULL);
  g_assert_nonnull (uuid);
  return uuid;
}

/* What a machine left at a host is removed by a click, and the machine forgets it; its own disk
 * beside it stays. */
static void
test_left (void)
{
  World world = { NULL };
  virConnectPtr conn = NULL;
  virDomainPtr domain = NULL;
  virStoragePoolPtr pool = NULL;
  g_autofree char *old = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *pool_xml = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *left = NULL;
  char *after = NULL;

  world_init (&world);
  conn = gh_lab_connect (world.lab);
  folder = gh_lab_dup_path (world.lab, "left");
  old = g_build_filename (folder, "old.qcow2", NULL);
  g_assert_no_errno (g_mkdir (folder, 0700));
  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", old, "1M", NULL));
  pool_xml = g_strdup_printf ("<pool type='dir'><name>left</name><target><path>%s</path></target>"
                              "</pool>", folder);
  pool = virStoragePoolCreateXML (conn, pool_xml, 0);
  g_assert_nonnull (pool);
  uuid = dup_host_uuid (world.host);
  left = g_markup_printf_escaped ("<machine><left host='%s' uri='%s' path='%s' pool='left'/>"
                                  "</machine>", uuid, gh_host_get_uri (world.host), old);
  domain = virDomainLookupByName (conn, "web");
  g_assert_cmpint (virDomainSetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, left, "guesthouse",
                                         "http://guesthouse.org/xmlns/libvirt/domain/1.0",
                                         VIR_DOMAIN_AFFECT_CONFIG), ==, 0);
  gh_move_actions_present_left (NULL, get_machine (&world), world.host);
  gh_ui_test_wait_shows (gh_ui_test_wait_plan_dialog (), "It is deleted: ");
  g_assert_true (g_file_test (old, G_FILE_TEST_EXISTS));
  gh_ui_test_run_plan ("Delete");
  g_assert_false (g_file_test (old, G_FILE_TEST_EXISTS));
  assert_holds (world.path, AFTER);
  after = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE);
  g_assert_null (strstr (after, "old.qcow2"));
  free (after);
  virDomainFree (domain);
  virStoragePoolDestroy (pool);
  virStoragePoolFree (pool);
  world_clear (&world);
}

int
main (int    argc,
      char **argv)
{
  gh_ui_test_init (&argc, &argv);
  gh_image_guard_install ();
  g_test_add_func ("/lab-snapshot-window/clone-and-revert", test_clone_and_revert);
  g_test_add_func ("/lab-snapshot-window/parent", test_parent);
  g_test_add_func ("/lab-snapshot-window/refresh", test_refresh);
  g_test_add_func ("/lab-snapshot-window/left", test_left);
  return g_test_run ();
}
