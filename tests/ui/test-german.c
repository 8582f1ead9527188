/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The largest dialogs in German: what is pressed with Alt is another key for each thing. */

#include "config.h"

#include "gh-clone-dialog.h"
#include "gh-clone-form.h"
#include "gh-hosts.h"
#include "gh-migrate-dialog.h"
#include "gh-migrate-form.h"
#include "gh-migrate-several-form.h"
#include "gh-names.h"
#include "gh-plan-dialog.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"

#define MACHINE(name, n, state) \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>" name "</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193" n "</uuid>" \
  "<memory>1048576</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os><devices>" \
  "<disk type='file' device='disk'><driver name='qemu' type='raw'/>" \
  "<source file='/nowhere/" name ".raw'/><target dev='vda' bus='virtio'/></disk>" \
  "<interface type='network'><mac address='52:54:00:11:22:3" n "'/><source network='lan'/>" \
  "</interface></devices><test:runstate>" state "</test:runstate></domain>"

typedef struct
{
  char      *folder;
  GhHosts   *hosts;
  GhHost    *here;
  GhHost    *there;
  GtkWidget *parent;
} Fixture;

static GhHost *
add_host (Fixture    *fixture,
          const char *name,
          const char *machines)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>%s"
    "<network><name>lan</name><bridge name='virbr0'/><forward/>"
    "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
    "<pool type='dir'><name>default</name><target><path>%s</path></target></pool></node>",
    machines, fixture->folder);
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
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->folder = gh_test_dup_tmp_dir ();
  fixture->hosts = gh_hosts_new ();
  fixture->here = add_host (fixture, "here.xml", MACHINE ("web-1", "1", "1")
                                                 MACHINE ("web-2", "2", "5"));
  fixture->there = add_host (fixture, "there.xml", "");
  fixture->parent = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_widget_show (fixture->parent);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gtk_widget_destroy (fixture->parent);
  gh_hosts_remove (fixture->hosts, fixture->here);
  gh_hosts_remove (fixture->hosts, fixture->there);
  g_object_unref (fixture->hosts);
  g_free (fixture->folder);
}

static void
expand_cb (GtkWidget *widget,
           gpointer   user_data)
{
  if (GTK_IS_EXPANDER (widget))
    gtk_expander_set_expanded (GTK_EXPANDER (widget), TRUE);
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), expand_cb, NULL);
}

static gboolean
is_prepared (gpointer plan)
{
  return gh_plan_get_state (plan) == GH_PLAN_PREPARED;
}

static void
check_and_close (GtkWidget *dialog,
                 GhPlan    *plan)
{
  gh_test_wait_until (is_prepared, plan);
  expand_cb (dialog, NULL);
  gh_ui_test_settle ();
  gh_names_assert_mnemonics (dialog);
  gtk_widget_destroy (dialog);
}

static void
test_move (Fixture       *fixture,
           gconstpointer  data)
{
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();
  GtkWidget *dialog = NULL;
  GtkWidget *form = NULL;
  GhMigratePlan *plan = NULL;

  g_ptr_array_add (machines, gh_host_find_machine (fixture->here, "web-1"));
  gh_migrate_dialog_present (GTK_WINDOW (fixture->parent), fixture->hosts, machines, NULL);
  dialog = gh_ui_test_wait_plan_dialog ();
  form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (dialog));
  plan = gh_migrate_form_get_plan (GH_MIGRATE_FORM (form));
  gh_test_wait_until (is_prepared, plan);
  g_object_set (plan, "parallel", TRUE, NULL);
  check_and_close (dialog, GH_PLAN (plan));

  g_ptr_array_add (machines, gh_host_find_machine (fixture->here, "web-2"));
  gh_migrate_dialog_present (GTK_WINDOW (fixture->parent), fixture->hosts, machines, NULL);
  dialog = gh_ui_test_wait_plan_dialog ();
  form = gh_plan_dialog_get_form (GH_PLAN_DIALOG (dialog));
  check_and_close (dialog, GH_PLAN (gh_migrate_several_form_get_queue (
                                      GH_MIGRATE_SEVERAL_FORM (form))));
}

static void
test_clone (Fixture       *fixture,
            gconstpointer  data)
{
  GtkWidget *dialog = NULL;
  GhClonePlan *plan = NULL;

  gh_clone_dialog_present (GTK_WINDOW (fixture->parent),
                           gh_host_find_machine (fixture->here, "web-2"), /* linked= */ TRUE);
  dialog = gh_ui_test_wait_plan_dialog ();
  plan = gh_clone_form_get_plan (GH_CLONE_FORM (gh_plan_dialog_get_form (
                                                  GH_PLAN_DIALOG (dialog))));
  gh_test_wait_until (is_prepared, plan);
  g_object_set (plan, "copies", 3, "seed", TRUE, "sysprep", TRUE, NULL);
  check_and_close (dialog, GH_PLAN (plan));
}

int
main (int    argc,
      char **argv)
{
  g_setenv ("GUESTHOUSE_SHOT_LANGUAGE", "de", TRUE);
  gh_ui_test_init (&argc, &argv);
  g_test_add ("/german/move", Fixture, NULL, set_up, test_move, tear_down);
  g_test_add ("/german/clone", Fixture, NULL, set_up, test_clone, tear_down);
  return g_test_run ();
}
