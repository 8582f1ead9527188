/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-askpass-dialog.h"
#include "gh-names.h"
#include "gh-ui-test.h"

typedef struct
{
  GhQuestion      *question;
  GhAskpassDialog *dialog;
  char            *answer; /* (nullable) */
  gboolean         remember;
  guint            n_answers;
} Fixture;

static void
answered_cb (GhQuestion *question,
             const char *text,
             gboolean    remember,
             Fixture    *fixture)
{
  fixture->answer = g_strdup (text);
  fixture->remember = remember;
  fixture->n_answers++;
}

static void
set_up (Fixture       *fixture,
        gconstpointer  prompt)
{
  fixture->question = gh_question_new ("/f", "1", prompt);
  g_signal_connect (fixture->question, "answered", G_CALLBACK (answered_cb), fixture);
  fixture->dialog = gh_askpass_dialog_present (NULL, fixture->question);
  g_object_add_weak_pointer (G_OBJECT (fixture->dialog), (gpointer *) &fixture->dialog);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gh_ui_test_assert_finalized ((gpointer *) &fixture->dialog);
  g_assert_cmpuint (fixture->n_answers, ==, 1);
  g_object_unref (fixture->question);
  g_free (fixture->answer);
}

static void
enter (Fixture    *fixture,
       const char *text)
{
  GtkWidget *entry = gh_ui_test_get (GTK_WIDGET (fixture->dialog), GTK_TYPE_ENTRY, "Answer");

  g_assert_false (gtk_entry_get_visibility (GTK_ENTRY (entry)));
  gtk_entry_set_text (GTK_ENTRY (entry), text);
}

static void
test_password (Fixture       *fixture,
               gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (fixture->dialog);

  g_assert_true (gh_ui_test_shows (root, "Password of “me@server”"));
  gh_names_assert (root);
  g_assert_false (gh_ui_test_shows (root, "not accepted"));
  enter (fixture, "secret");
  gh_ui_test_press (root, "Remember it in the keyring");
  gh_ui_test_click (root, "Log in");
  g_assert_cmpstr (fixture->answer, ==, "secret");
  g_assert_true (fixture->remember);
}

static void
test_passphrase (Fixture       *fixture,
                 gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (fixture->dialog);

  g_assert_true (gh_ui_test_shows (root, "/home/me/.ssh/id_ed25519"));
  enter (fixture, "secret");
  gtk_widget_activate (gh_ui_test_get (root, GTK_TYPE_ENTRY, "Answer"));
  g_assert_cmpstr (fixture->answer, ==, "secret");
  g_assert_false (fixture->remember);
}

/* The fingerprint is there to be compared, and Enter alone trusts nobody. */
static void
test_host_key (Fixture       *fixture,
               gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (fixture->dialog);
  GtkWidget *cancel = gh_ui_test_get (root, GTK_TYPE_BUTTON, "Cancel");

  g_assert_true (gh_ui_test_shows (root, "Is this really “server”?"));
  gh_names_assert (root);
  g_assert_true (gh_ui_test_shows (root, "SHA256:EfvpJBUz2ZzcSbMvmbPcPjrNeNeHhGJ4kG6d6J0nIWM"));
  g_assert_true (gh_ui_test_shows (root, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"));
  g_assert_null (gh_ui_test_find (root, GTK_TYPE_ENTRY, "Answer"));
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (root)) == cancel);
  gh_ui_test_settle ();
  gh_ui_test_shoot (root, "host-key");
  gh_ui_test_click (root, "They are the same");
  g_assert_cmpstr (fixture->answer, ==, "yes");
}

/* A question of the server itself: its own words, and nothing is remembered. */
static void
test_code (Fixture       *fixture,
           gconstpointer  data)
{
  GtkWidget *root = GTK_WIDGET (fixture->dialog);

  g_assert_true (gh_ui_test_shows (root, "Verification code"));
  g_assert_null (gh_ui_test_find (root, GTK_TYPE_CHECK_BUTTON, "Remember it in the keyring"));
  gh_ui_test_click (root, "Cancel");
  g_assert_null (fixture->answer);
}

static void
test_closed (Fixture       *fixture,
             gconstpointer  data)
{
  gtk_window_close (GTK_WINDOW (fixture->dialog));
  gh_ui_test_assert_finalized ((gpointer *) &fixture->dialog);
  g_assert_null (fixture->answer);
}

/* ssh went away. */
static void
test_withdrawn (Fixture       *fixture,
                gconstpointer  data)
{
  gh_question_cancel (fixture->question);
  g_assert_null (fixture->answer);
}

int
main (int   argc,
      char *argv[])
{
  const char *password = "me@server's password: ";

  gh_ui_test_init (&argc, &argv);
  g_test_add ("/askpass/password", Fixture, password, set_up, test_password, tear_down);
  g_test_add ("/askpass/passphrase", Fixture,
              "Enter passphrase for key '/home/me/.ssh/id_ed25519': ", set_up, test_passphrase,
              tear_down);
  g_test_add ("/askpass/host-key", Fixture,
              "The authenticity of host 'server (10.0.0.9)' can't be established.\n"
              "ED25519 key fingerprint is SHA256:EfvpJBUz2ZzcSbMvmbPcPjrNeNeHhGJ4kG6d6J0nIWM.\n"
              "This key is not known by any other names.\n"
              "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
              set_up, test_host_key, tear_down);
  g_test_add ("/askpass/code", Fixture, "(me@server) Verification code: ", set_up, test_code,
              tear_down);
  g_test_add ("/askpass/closed", Fixture, password, set_up, test_closed, tear_down);
  g_test_add ("/askpass/withdrawn", Fixture, password, set_up, test_withdrawn, tear_down);
  return g_test_run ();
}
