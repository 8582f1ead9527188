/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "gh-activity.h"
#include "gh-add-host-dialog.h"
#include "gh-faults.h"
#include "gh-names.h"
#include "gh-sample-plan.h"
#include "gh-saved-hosts.h"
#include "gh-secrets.h"
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

/* Edit host: opened with what is known of a saved, connected host. */

static GString *forgotten;

static void
clear_all_async (const char          *address,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);

  g_string_append_printf (forgotten, "%s;", address);
  g_task_return_boolean (task, TRUE);
}

static void
clear_all_finish (GAsyncResult *result)
{
}

static const GhSecretsModule keyring = {
  .clear_all_async = clear_all_async, .clear_all_finish = clear_all_finish,
};

typedef struct
{
  Fixture  base;
  char    *folders[2];
  char    *uris[2];
  GhHost  *host;  /* (unowned): at the first of them */
} Edited;

static void
present_for (Edited *edited,
             GhHost *host)
{
  edited->base.dialog = gh_add_host_dialog_present_for (NULL, edited->base.hosts, host);
  g_object_add_weak_pointer (G_OBJECT (edited->base.dialog), (gpointer *) &edited->base.dialog);
}

static void
set_up_edited (Edited        *edited,
               gconstpointer  data)
{
  g_auto (GhTestCall) call = { 0 };

  forgotten = g_string_new (NULL);
  gh_secrets_set_module (&keyring);
  edited->base.hosts = gh_hosts_new ();
  for (guint i = 0; i < G_N_ELEMENTS (edited->uris); i++)
    {
      edited->folders[i] = gh_test_dup_tmp_dir ();
      edited->uris[i] = gh_test_hosts_write_one (edited->folders[i]);
    }
  gh_saved_hosts_add (edited->uris[0], TRUE);
  gh_saved_hosts_add ("qemu+ssh://last/system", TRUE);
  edited->host = gh_hosts_add (edited->base.hosts, edited->uris[0]);
  (void) gh_hosts_add (edited->base.hosts, "qemu+ssh://last/system");
  gh_host_ready_async (edited->host, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_host_ready_finish (edited->host, gh_test_call_wait (&call), NULL));
  present_for (edited, edited->host);
}

static void
tear_down_edited (Edited        *edited,
                  gconstpointer  data)
{
  GListModel *hosts = G_LIST_MODEL (edited->base.hosts);

  if (edited->base.dialog != NULL)
    gtk_widget_destroy (GTK_WIDGET (edited->base.dialog));
  gh_ui_test_assert_finalized ((gpointer *) &edited->base.dialog);
  while (g_list_model_get_n_items (hosts) > 0)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, 0);

      gh_saved_hosts_remove (gh_host_get_uri (host));
      gh_hosts_remove (edited->base.hosts, host);
    }
  g_clear_object (&edited->base.hosts);
  for (guint i = 0; i < G_N_ELEMENTS (edited->uris); i++)
    {
      g_free (edited->folders[i]);
      g_free (edited->uris[i]);
    }
  gh_secrets_set_module (NULL);
  g_string_free (forgotten, TRUE);
}

static const char *
get_text (Edited     *edited,
          const char *name)
{
  return gtk_entry_get_text (GTK_ENTRY (gh_ui_test_get (GTK_WIDGET (edited->base.dialog),
                                                        GTK_TYPE_ENTRY, name)));
}

static gboolean
has_position (const char *uri,
              const char *next)
{
  g_auto (GStrv) uris = gh_saved_hosts_dup_uris ();

  for (guint i = 0; uris[i] != NULL; i++)
    if (strcmp (uris[i], uri) == 0)
      return g_strcmp0 (uris[i + 1], next) == 0;
  return FALSE;
}

static gboolean
is_called (gpointer data)
{
  return strcmp (gh_host_get_label (data), "Attic") == 0;
}

/* A name, and whether it is connected at start, are saved without a connection. */
static void
test_renames (Edited        *edited,
              gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (edited->base.dialog);
  g_autofree char *name = NULL;

  g_assert_cmpstr (get_text (edited, "URI"), ==, edited->uris[0]);
  g_assert_cmpstr (get_text (edited, "Name"), ==, "");
  gh_names_assert (root);
  enter (&edited->base, "Name", "qemu://x");
  g_assert_true (gh_ui_test_shows (root, "has no “:/” in it"));
  g_assert_false (gtk_widget_get_sensitive (gh_ui_test_get (root, GTK_TYPE_BUTTON, "Save")));
  enter (&edited->base, "Name", " Attic ");
  gtk_switch_set_active (GTK_SWITCH (gh_ui_test_get (root, GTK_TYPE_SWITCH, "Connect at start")),
                         FALSE);
  gh_ui_test_click (root, "Save");
  g_assert_null (edited->base.dialog);
  name = gh_saved_hosts_dup_name (edited->uris[0]);
  g_assert_cmpstr (name, ==, "Attic");
  g_assert_false (gh_saved_hosts_get_connects (edited->uris[0]));
  gh_test_wait_until (is_called, edited->host);
  g_assert_cmpint (gh_host_get_state (edited->host), ==, GH_HOST_CONNECTED);
  g_assert_true (has_position (edited->uris[0], "qemu+ssh://last/system"));

  /* And back to what it is called by its address. */
  present_for (edited, edited->host);
  g_assert_cmpstr (get_text (edited, "Name"), ==, "Attic");
  enter (&edited->base, "Name", "");
  gh_ui_test_click (GTK_WIDGET (edited->base.dialog), "Save");
  g_assert_null (gh_saved_hosts_dup_name (edited->uris[0]));
}

/* Another address takes the place of the old one, and keeps what else is known of it. */
static void
test_moves (Edited        *edited,
            gconstpointer  data)
{
  GhHosts *hosts = edited->base.hosts;
  GhHost *moved = NULL;
  g_autoptr (GhHost) first = NULL;
  g_autofree char *left = NULL;

  gh_saved_hosts_add (edited->uris[0], FALSE);
  gtk_switch_set_active (GTK_SWITCH (gh_ui_test_get (GTK_WIDGET (edited->base.dialog),
                                                     GTK_TYPE_SWITCH, "Connect at start")), FALSE);
  enter (&edited->base, "Name", "Attic");
  enter (&edited->base, "URI", edited->uris[1]);
  gh_ui_test_click (GTK_WIDGET (edited->base.dialog), "Save");
  gh_test_wait_until (is_gone, &edited->base);

  g_assert_null (gh_hosts_find (hosts, edited->uris[0]));
  moved = gh_hosts_find (hosts, edited->uris[1]);
  first = g_list_model_get_item (G_LIST_MODEL (hosts), 0);
  g_assert_true (moved == first);
  g_assert_cmpint (gh_host_get_state (moved), ==, GH_HOST_CONNECTED);
  gh_test_wait_until (is_called, moved);
  g_assert_true (has_position (edited->uris[1], "qemu+ssh://last/system"));
  g_assert_false (gh_saved_hosts_has (edited->uris[0]));
  g_assert_false (gh_saved_hosts_get_connects (edited->uris[1]));
  left = gh_saved_hosts_dup_name (edited->uris[0]);
  g_assert_null (left);
}

/* An address that does not answer, or Cancel: everything stays as it was. */
static void
test_stays (Edited        *edited,
            gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (edited->base.dialog);
  g_auto (GStrv) before = gh_saved_hosts_dup_uris ();
  g_auto (GStrv) after = NULL;

  enter (&edited->base, "Name", "Attic");
  enter (&edited->base, "URI", "qemu+ssh://last/system");
  g_assert_true (gh_ui_test_shows (root, "in the list already"));
  g_assert_false (gtk_widget_get_sensitive (gh_ui_test_get (root, GTK_TYPE_BUTTON, "Save")));
  enter (&edited->base, "URI", "qemu+unix:///session?socket=/nowhere/sock");
  gh_ui_test_click (root, "Save");
  gh_ui_test_wait_shows (root, "The host could not be connected");
  gh_ui_test_click (root, "Cancel");
  gh_test_wait_until (is_gone, &edited->base);
  after = gh_saved_hosts_dup_uris ();
  g_assert_cmpstrv (after, before);
  g_assert_null (gh_saved_hosts_dup_name (edited->uris[0]));
  g_assert_true (gh_hosts_find (edited->base.hosts, edited->uris[0]) == edited->host);
  g_assert_cmpint (gh_host_get_state (edited->host), ==, GH_HOST_CONNECTED);
}

static gboolean
has_ended (gpointer plan)
{
  return gh_plan_get_state (plan) == GH_PLAN_ENDED;
}

static GtkWidget *
find_message (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GTK_IS_MESSAGE_DIALOG (l->data) && gtk_widget_get_visible (l->data))
      return l->data;
  return NULL;
}

/* What goes on needs the address, not the name. */
static void
test_needed (Edited        *edited,
             gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (edited->base.dialog);
  g_autoptr (GhSamplePlan) plan = gh_sample_plan_new ();
  g_auto (GhTestCall) call = { 0 };

  gh_sample_plan_get_traits (plan)->waits = TRUE;
  g_object_set (plan, "host", edited->host, NULL);
  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  g_assert_true (gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&call), NULL));
  gh_activity_run (gh_activity_get_default (), GH_PLAN (plan));
  enter (&edited->base, "URI", edited->uris[1]);
  gh_ui_test_click (root, "Save");
  g_assert_nonnull (find_message ());
  g_assert_true (gh_ui_test_shows (find_message (), "is needed"));
  gtk_dialog_response (GTK_DIALOG (find_message ()), GTK_RESPONSE_CLOSE);
  g_assert_cmpint (gh_host_get_state (edited->host), ==, GH_HOST_CONNECTED);

  enter (&edited->base, "URI", edited->uris[0]);
  enter (&edited->base, "Name", "Attic");
  gh_ui_test_click (root, "Save");
  g_assert_null (edited->base.dialog);
  gh_test_wait_until (is_called, edited->host);
  gh_sample_plan_get_traits (plan)->waits = FALSE;
  gh_sample_plan_go_on (plan);
  gh_test_wait_until (has_ended, plan);
}

/* The fields hold what the address says. */
static void
test_fields (Edited        *edited,
             gconstpointer  data)
{
  GhHost *host = gh_hosts_add (edited->base.hosts, "qemu+ssh://me%40corp@[fe80::1]:2222/session"
                                                   "?keyfile=/home/me/a%20key&jump=me@gate");

  gtk_widget_destroy (GTK_WIDGET (edited->base.dialog));
  gh_ui_test_assert_finalized ((gpointer *) &edited->base.dialog);
  present_for (edited, host);
  g_assert_cmpstr (get_text (edited, "Computer"), ==, "fe80::1");
  g_assert_cmpstr (get_text (edited, "User"), ==, "me@corp");
  g_assert_cmpstr (get_text (edited, "Port"), ==, "2222");
  g_assert_cmpstr (get_text (edited, "Private key"), ==, "/home/me/a key");
  g_assert_cmpstr (get_text (edited, "Jump host"), ==, "me@gate");
  gh_ui_test_settle ();
  gh_ui_test_shoot (GTK_WIDGET (edited->base.dialog), "edit-host");

  /* It is not among the saved ones, and does not get there; nor is it connected for its name. */
  enter (&edited->base, "Name", "Attic");
  gh_ui_test_click (GTK_WIDGET (edited->base.dialog), "Save");
  g_assert_null (edited->base.dialog);
  g_assert_false (gh_saved_hosts_has (gh_host_get_uri (host)));
  g_assert_cmpint (gh_host_get_state (host), ==, GH_HOST_DISCONNECTED);
  gh_test_wait_until (is_called, host);
}

/* Passwords go with the last host of a login. */
static void
test_passwords (Edited        *edited,
                gconstpointer  data)
{
  g_auto (GhTestCall) call = { 0 };
  g_auto (GhTestCall) again = { 0 };

  gh_saved_hosts_add ("qemu+ssh://me@one/session", TRUE);
  gh_secrets_forget_host_async ("qemu+ssh://me@one/system?keyfile=/k", gh_test_call_cb, &call);
  gh_secrets_forget_host_finish (gh_test_call_wait (&call));
  g_assert_cmpstr (forgotten->str, ==, "");
  gh_saved_hosts_remove ("qemu+ssh://me@one/session");
  gh_secrets_forget_host_async ("qemu+ssh://me@one/session?jump=gate", gh_test_call_cb, &again);
  gh_secrets_forget_host_finish (gh_test_call_wait (&again));
  g_assert_cmpstr (forgotten->str, ==, "me@one:-1 gate;");
}

/* Those of an address that is changed, too. */
static void
test_forgets (Edited        *edited,
              gconstpointer  data)
{
  GhHost *last = gh_hosts_find (edited->base.hosts, "qemu+ssh://last/system");

  gtk_widget_destroy (GTK_WIDGET (edited->base.dialog));
  gh_ui_test_assert_finalized ((gpointer *) &edited->base.dialog);
  present_for (edited, last);
  choose_kind (&edited->base, "Any libvirt URI");
  enter (&edited->base, "URI", edited->uris[1]);
  g_assert_cmpstr (forgotten->str, ==, "");
  gh_ui_test_click (GTK_WIDGET (edited->base.dialog), "Save");
  gh_test_wait_until (is_gone, &edited->base);
  g_assert_cmpstr (forgotten->str, ==, "@last:-1;");
}

static gboolean
is_asked_or_gone (gpointer data)
{
  return find_message () != NULL || is_gone (data);
}

/* What begins while the new address is connected needs the old one as much. */
static void
test_needed_late (Edited        *edited,
                  gconstpointer  data)
{
  g_autofree char *held = g_build_filename (edited->folders[1], "held", NULL);
  g_autofree char *faults = g_strdup_printf ("connect-open:hold=%s,times=1", held);
  g_autoptr (GhSamplePlan) plan = gh_sample_plan_new ();
  g_auto (GhTestCall) call = { 0 };

  enter (&edited->base, "URI", edited->uris[1]);
  gh_faults_set (faults);
  gh_ui_test_click (GTK_WIDGET (edited->base.dialog), "Save");
  gh_test_wait_file (held);
  gh_faults_set (NULL);
  gh_sample_plan_get_traits (plan)->waits = TRUE;
  g_object_set (plan, "host", edited->host, NULL);
  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  g_assert_true (gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&call), NULL));
  gh_activity_run (gh_activity_get_default (), GH_PLAN (plan));
  g_assert_cmpint (g_remove (held), ==, 0);
  gh_test_wait_until (is_asked_or_gone, &edited->base);
  g_assert_nonnull (find_message ());
  g_assert_true (gh_ui_test_shows (find_message (), "is needed"));
  gtk_dialog_response (GTK_DIALOG (find_message ()), GTK_RESPONSE_CLOSE);
  g_assert_true (gh_hosts_find (edited->base.hosts, edited->uris[0]) == edited->host);
  g_assert_null (gh_hosts_find (edited->base.hosts, edited->uris[1]));
  g_assert_cmpint (gh_host_get_state (edited->host), ==, GH_HOST_CONNECTED);
  gh_sample_plan_get_traits (plan)->waits = FALSE;
  gh_sample_plan_go_on (plan);
  gh_test_wait_until (has_ended, plan);
}

#define EDIT(name, function) \
  g_test_add ("/add-host/edit/" name, Edited, NULL, set_up_edited, function, tear_down_edited)

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
  EDIT ("renames", test_renames);
  EDIT ("moves", test_moves);
  EDIT ("stays", test_stays);
  EDIT ("needed", test_needed);
  EDIT ("needed-late", test_needed_late);
  EDIT ("forgets", test_forgets);
  EDIT ("fields", test_fields);
  EDIT ("passwords", test_passwords);
  return g_test_run ();
}
