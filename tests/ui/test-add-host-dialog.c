/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "gh-add-host-dialog.h"
#include "gh-names.h"
#include "gh-saved-hosts.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"

typedef struct
{
  GhHosts         *hosts;
  GhAddHostDialog *dialog;
  GhHost          *added; /* (owned) (nullable) */
} Fixture;

static void
added_cb (GhAddHostDialog *dialog,
          GhHost          *host,
          Fixture         *fixture)
{
  fixture->added = g_object_ref (host);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->hosts = gh_hosts_new ();
  fixture->dialog = gh_add_host_dialog_present (NULL, fixture->hosts);
  g_object_add_weak_pointer (G_OBJECT (fixture->dialog), (gpointer *) &fixture->dialog);
  g_signal_connect (fixture->dialog, "added", G_CALLBACK (added_cb), fixture);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  if (fixture->dialog != NULL)
    gtk_widget_destroy (GTK_WIDGET (fixture->dialog));
  gh_ui_test_assert_finalized ((gpointer *) &fixture->dialog);
  if (fixture->added != NULL)
    gh_hosts_remove (fixture->hosts, fixture->added);
  g_clear_object (&fixture->added);
  g_clear_object (&fixture->hosts);
}

static void
choose_kind (Fixture    *fixture,
             const char *kind)
{
  GtkWidget *combo = gh_ui_test_get (GTK_WIDGET (fixture->dialog), GTK_TYPE_COMBO_BOX_TEXT,
                                     "Connection");
  GtkTreeModel *model = gtk_combo_box_get_model (GTK_COMBO_BOX (combo));

  for (int i = 0; i < gtk_tree_model_iter_n_children (model, NULL); i++)
    {
      g_autofree char *text = NULL;

      gtk_combo_box_set_active (GTK_COMBO_BOX (combo), i);
      text = gtk_combo_box_text_get_active_text (GTK_COMBO_BOX_TEXT (combo));
      if (strcmp (text, kind) == 0)
        return;
    }
  g_assert_not_reached ();
}

static void
enter (Fixture    *fixture,
       const char *name,
       const char *text)
{
  GtkWidget *entry = gh_ui_test_get (GTK_WIDGET (fixture->dialog), GTK_TYPE_ENTRY, name);

  gtk_entry_set_text (GTK_ENTRY (entry), text);
}

static gboolean
can_connect (Fixture *fixture)
{
  return gtk_widget_get_sensitive (gh_ui_test_get (GTK_WIDGET (fixture->dialog), GTK_TYPE_BUTTON,
                                                   "Connect"));
}

/* The URI forms as it is typed, and what is missing is said. */
static void
test_forms (Fixture       *fixture,
            gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (fixture->dialog);

  g_assert_false (can_connect (fixture));
  g_assert_true (gh_ui_test_shows (root, "Enter the name"));
  enter (fixture, "Computer", "server");
  enter (fixture, "User", "root");
  enter (fixture, "Port", "2222");
  g_assert_true (gh_ui_test_shows (root, "qemu+ssh://root@server:2222/system"));
  g_assert_true (can_connect (fixture));
  enter (fixture, "Port", "70000");
  g_assert_false (can_connect (fixture));
  enter (fixture, "Port", "");
  enter (fixture, "Computer", "-oProxyCommand=x");
  g_assert_false (can_connect (fixture));
  enter (fixture, "Computer", "fe80::1");
  g_assert_true (gh_ui_test_shows (root, "qemu+ssh://root@[fe80::1]/system"));
  enter (fixture, "Jump host", "me@gate");
  enter (fixture, "Private key", "/home/me/a key");
  g_assert_true (gh_ui_test_shows (root, "qemu+ssh://root@[fe80::1]/system"
                                         "?keyfile=/home/me/a%20key&jump=me@gate"));
  enter (fixture, "Jump host", "gate;reboot");
  g_assert_false (can_connect (fixture));
  enter (fixture, "Jump host", "me@gate");
  enter (fixture, "Computer", "server.example");
  gh_ui_test_settle ();
  gh_ui_test_shoot (root, "add-host-ssh");

  gh_names_assert (GTK_WIDGET (fixture->dialog));
  choose_kind (fixture, "Another computer, over TCP");
  g_assert_true (gh_ui_test_shows (root, "Not encrypted"));
  g_assert_null (gh_ui_test_find (root, GTK_TYPE_ENTRY, "User"));
  gh_ui_test_shoot (root, "add-host");
}

static gboolean
is_gone (gpointer data)
{
  return ((Fixture *) data)->dialog == NULL;
}

/* Only what answers is added; it is connected, and saved. */
static void
test_adds (Fixture       *fixture,
           gconstpointer  data)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write_one (folder);
  g_auto (GStrv) before = gh_saved_hosts_dup_uris ();
  g_auto (GStrv) after = NULL;
  g_auto (GStrv) removed = NULL;

  choose_kind (fixture, "Any libvirt URI");
  gh_names_assert (GTK_WIDGET (fixture->dialog));
  enter (fixture, "URI", uri);
  gh_ui_test_click (GTK_WIDGET (fixture->dialog), "Connect");
  gh_test_wait_until (is_gone, fixture);
  g_assert_nonnull (fixture->added);
  g_assert_cmpint (gh_host_get_state (fixture->added), ==, GH_HOST_CONNECTED);
  g_assert_true (gh_hosts_find (fixture->hosts, uri) == fixture->added);

  after = gh_saved_hosts_dup_uris ();
  g_assert_cmpuint (g_strv_length (after), ==, g_strv_length (before) + 1);
  g_assert_true (g_strv_contains ((const char * const *) after, uri));
  g_assert_true (gh_saved_hosts_get_connects (uri));
  gh_saved_hosts_add (uri, FALSE);
  g_assert_false (gh_saved_hosts_get_connects (uri));
  gh_saved_hosts_remove (uri);
  removed = gh_saved_hosts_dup_uris ();
  g_assert_cmpstrv (removed, before);
}

/* What does not answer is not added; the form stays as it was. */
static void
test_fails (Fixture       *fixture,
            gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (fixture->dialog);
  g_auto (GStrv) before = gh_saved_hosts_dup_uris ();
  g_auto (GStrv) after = NULL;

  choose_kind (fixture, "Any libvirt URI");
  enter (fixture, "URI", "qemu+unix:///session?socket=/nowhere/sock");
  gh_ui_test_click (root, "Connect");
  gh_ui_test_wait_shows (root, "The host could not be connected");
  /* Why, what helps, and how. */
  g_assert_true (gh_ui_test_shows (root, "The host's libvirt service is not running."));
  g_assert_true (gh_ui_test_shows (root, "Start it."));
  g_assert_true (gh_ui_test_shows (root, "libvirtd --daemon"));
  gh_ui_test_click (root, "Copy the command");
  g_assert_true (can_connect (fixture));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->hosts)), ==, 0);
  after = gh_saved_hosts_dup_uris ();
  g_assert_cmpstrv (after, before);
}

/* What of an address is not done, and the program it runs, are said before it is connected. */
static void
test_remarks (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (fixture->dialog);

  choose_kind (fixture, "Any libvirt URI");
  enter (fixture, "URI", "qemu+tls://server/system");
  g_assert_false (gh_ui_test_shows (root, "is ignored"));
  enter (fixture, "URI", "qemu+tls://server/system?no_verify=1");
  g_assert_true (gh_ui_test_shows (root, "“no_verify” is ignored"));
  enter (fixture, "URI", "qemu+ext:///system?command=/opt/own%20one");
  g_assert_true (gh_ui_test_shows (root, "runs a program on this computer: /opt/own one"));
  g_assert_false (gh_ui_test_shows (root, "is ignored"));
  gh_ui_test_settle ();
  gh_ui_test_shoot (root, "add-host-remark");
}

/* Twice the same host makes no sense. */
static void
test_known (Fixture       *fixture,
            gconstpointer  data)
{
  (void) gh_hosts_add (fixture->hosts, "qemu+ssh://server/system");
  enter (fixture, "Computer", "server");
  g_assert_false (can_connect (fixture));
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (fixture->dialog), "in the list already"));
}

/* Closed while it connects: nothing is added. */
static void
test_closed (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write_one (folder);

  choose_kind (fixture, "Any libvirt URI");
  enter (fixture, "URI", uri);
  gh_ui_test_click (GTK_WIDGET (fixture->dialog), "Connect");
  gtk_widget_destroy (GTK_WIDGET (fixture->dialog));
  gh_ui_test_settle ();
  g_assert_null (fixture->added);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->hosts)), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  gh_ui_test_init (&argc, &argv);
  g_test_add ("/add-host/forms", Fixture, NULL, set_up, test_forms, tear_down);
  g_test_add ("/add-host/adds", Fixture, NULL, set_up, test_adds, tear_down);
  g_test_add ("/add-host/fails", Fixture, NULL, set_up, test_fails, tear_down);
  g_test_add ("/add-host/remarks", Fixture, NULL, set_up, test_remarks, tear_down);
  g_test_add ("/add-host/known", Fixture, NULL, set_up, test_known, tear_down);
  g_test_add ("/add-host/closed", Fixture, NULL, set_up, test_closed, tear_down);
  return g_test_run ();
}
