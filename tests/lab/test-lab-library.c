/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Hosts of the library on the command line, behind a real sshd: what is not certain is not added,
 * and what is added was connected. */

#include <libvirt/virterror.h>
#include <string.h>

#include "gh-lab-sshd.h"
#include "gh-lab-terminal.h"

/* Of all tests: starting a daemon and an sshd takes seconds. */
static GhLab *far_lab;
static GhLabSshd *far_sshd;
static GhLab *near_lab;
static char *far_uri;
static char *far_port;

static gboolean
start_worlds (void)
{
  virDomainPtr domain = NULL;

  if (!gh_lab_has_sshd ())
    return FALSE;
  if (far_lab == NULL)
    {
      far_lab = gh_lab_new ();
      far_sshd = gh_lab_sshd_new (far_lab);
      domain = virDomainDefineXML (gh_lab_connect (far_lab),
                                   "<domain type='qemu'><name>far-away</name>"
                                   "<memory unit='MiB'>64</memory>"
                                   "<os><type arch='x86_64' machine='q35'>hvm</type></os>"
                                   "</domain>");
      g_assert_nonnull (domain);
      virDomainFree (domain);
      far_uri = gh_lab_sshd_dup_uri (far_sshd);
      far_port = g_strdup_printf ("%u", gh_lab_sshd_get_port (far_sshd));
      /* After sshd, whose ssh is found first then. */
      near_lab = gh_lab_new ();
      gh_lab_set_env (near_lab, "GSETTINGS_BACKEND", "keyfile");
    }
  gh_lab_sshd_set_known (far_sshd, GH_LAB_KNOWN_RIGHT);
  gh_lab_sshd_set_key (far_sshd, TRUE, NULL);
  return TRUE;
}

/* However long a name or an address is, what follows stands below the other hosts' own. */
static void
assert_columns (const char *list)
{
  g_auto (GStrv) lines = g_strsplit (list, "\n", -1);
  glong column = -1;
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *last = strstr (lines[i], "  connected ");

      if (last == NULL)
        continue;
      g_assert_true (column == -1 || column == last - lines[i]);
      column = last - lines[i];
      n++;
    }
  g_assert_cmpuint (n, >, 1);
}

/* (nullable): what is listed of @uri. */
static JsonObject *
find_host (GhLabRun   *run,
           const char *uri)
{
  JsonArray *hosts = json_object_get_array_member (json_node_get_object (run->json), "hosts");

  for (guint i = 0; i < json_array_get_length (hosts); i++)
    {
      JsonObject *host = json_array_get_object_element (hosts, i);

      if (strcmp (json_object_get_string_member (host, "host"), uri) == 0)
        return host;
    }
  return NULL;
}

static gboolean
is_listed (const char *uri)
{
  g_autoptr (GhLabRun) run = gh_lab_run (near_lab, "hosts", "--json", NULL);

  gh_lab_assert_status (run, 0);
  return find_host (run, uri) != NULL;
}

static const char *
get_string (GhLabRun   *run,
            const char *name)
{
  return json_object_get_string_member_with_default (json_node_get_object (run->json), name, "");
}

static GhLabRun *
add (void)
{
  return gh_lab_run (near_lab, "add-host", "127.0.0.1", "--user", g_get_user_name (), "--port",
                     far_port, "--own", "--json", NULL);
}

static void
assert_not_added (const char *sentence)
{
  g_autoptr (GhLabRun) run = add ();

  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (get_string (run, "error"), ==, "The host could not be connected");
  g_assert_cmpstr (get_string (run, "reason"), ==, sentence);
  g_assert_cmpstr (get_string (run, "advice"), !=, "");
  g_assert_false (is_listed (far_uri));
}

/* A login outlives the program by half a minute unless it is ended. */
static gboolean
no_login_is_left (gpointer data)
{
  g_auto (GStrv) processes = gh_lab_list_processes (near_lab);

  for (guint i = 0; processes[i] != NULL; i++)
    if (strstr (processes[i], "[mux]") != NULL)
      return FALSE;
  return TRUE;
}

/* Nobody is there to look at a key: nothing is believed, and nothing is saved. */
static void
test_uncertain (void)
{
  guint n_logins = 0;

  if (!start_worlds ())
    return;
  n_logins = gh_lab_sshd_count_logins (far_sshd);
  gh_lab_sshd_set_known (far_sshd, GH_LAB_KNOWN_NOTHING);
  assert_not_added ("It is not certain that this is the right computer: its key is not known yet.");
  gh_lab_sshd_set_known (far_sshd, GH_LAB_KNOWN_OTHER);
  assert_not_added ("The computer shows another key than before, so it was not connected.");
  gh_lab_sshd_set_known (far_sshd, GH_LAB_KNOWN_RIGHT);
  gh_lab_sshd_set_key (far_sshd, FALSE, NULL);
  assert_not_added ("The computer did not accept any of your keys.");
  g_assert_cmpuint (gh_lab_sshd_count_logins (far_sshd), ==, n_logins);
}

static void
answer_key (const char *answer,
            int         status)
{
  GhLabTerminal *terminal = gh_lab_terminal_new (near_lab, "add-host", far_uri, "--no-connect",
                                                 NULL);
  g_autofree char *out = NULL;

  gh_lab_terminal_await (terminal, gh_lab_sshd_get_fingerprint (far_sshd));
  gh_lab_terminal_await (terminal, "?");
  gh_lab_terminal_type (terminal, answer);
  g_assert_cmpint (gh_lab_terminal_end (terminal, &out), ==, status);
  if (status == 0)
    g_assert_nonnull (strstr (out, "was added"));
  else
    g_assert_nonnull (strstr (out, "The host could not be connected"));
}

/* The fingerprint is shown, and only who says yes has the host. */
static void
test_fingerprint (void)
{
  g_autoptr (GhLabRun) again = NULL;
  g_autoptr (GhLabRun) list = NULL;

  if (!start_worlds ())
    return;
  gh_lab_sshd_set_known (far_sshd, GH_LAB_KNOWN_NOTHING);
  answer_key ("no\n", 1);
  g_assert_false (is_listed (far_uri));
  answer_key ("yes\n", 0);
  list = gh_lab_run (near_lab, "hosts", "--json", NULL);
  g_assert_nonnull (find_host (list, far_uri));
  g_assert_false (json_object_get_boolean_member (find_host (list, far_uri), "connects"));

  again = gh_lab_run (near_lab, "add-host", far_uri, NULL);
  gh_lab_assert_status (again, 3);
  g_assert_nonnull (strstr (again->err, "This host is in the list already."));
}

static void
remove_far (void)
{
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) gone = NULL;
  g_autoptr (GhLabRun) again = NULL;
  GhLabTerminal *terminal = NULL;

  dry = gh_lab_run (near_lab, "remove-host", far_uri, "--dry-run", NULL);
  gh_lab_assert_status (dry, 0);
  terminal = gh_lab_terminal_new (near_lab, "remove-host", far_uri, NULL);
  gh_lab_terminal_await (terminal, "Its machines stay as they are");
  gh_lab_terminal_await (terminal, "[y/N]");
  gh_lab_terminal_type (terminal, "n\n");
  g_assert_cmpint (gh_lab_terminal_end (terminal, NULL), ==, 3);
  g_assert_true (is_listed (far_uri));

  gone = gh_lab_run (near_lab, "remove-host", far_uri, NULL);
  gh_lab_assert_status (gone, 0);
  g_assert_false (is_listed (far_uri));
  again = gh_lab_run (near_lab, "remove-host", far_uri, NULL);
  gh_lab_assert_status (again, 1);
  g_assert_cmpint (gh_lab_get_machine_state (far_lab, "far-away"), >=, 0);
}

/* By its fields, tried by itself and with the others, in words when it does not work, removed. */
static void
test_whole_life (void)
{
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) added = NULL;
  g_autoptr (GhLabRun) tested = NULL;
  g_autoptr (GhLabRun) named = NULL;
  g_autoptr (GhLabRun) same = NULL;
  g_autoptr (GhLabRun) tried = NULL;
  g_autoptr (GhLabRun) refused = NULL;
  g_autoptr (GhLabRun) asks = NULL;
  JsonObject *host = NULL;
  gint64 start = 0;

  if (!start_worlds ())
    return;
  if (is_listed (far_uri))
    gh_lab_run_free (gh_lab_run (near_lab, "remove-host", far_uri, NULL));
  dry = gh_lab_run (near_lab, "add-host", far_uri, "--dry-run", NULL);
  gh_lab_assert_status (dry, 0);
  g_assert_false (is_listed (far_uri));
  added = add ();
  gh_lab_assert_status (added, 0);
  g_assert_cmpstr (get_string (added, "host"), ==, far_uri);
  tested = gh_lab_run (near_lab, "test-host", get_string (added, "name"), "--json", NULL);
  gh_lab_assert_status (tested, 0);
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (tested->json), "machines"), ==,
                   1);
  /* Its name is as good as its address. */
  named = gh_lab_run (near_lab, "-c", get_string (added, "name"), "list", NULL);
  gh_lab_assert_status (named, 0);
  g_assert_nonnull (strstr (named->out, "far-away"));
  same = gh_lab_run (near_lab, "-c", far_uri, "empty-host", get_string (added, "name"), NULL);
  gh_lab_assert_status (same, 3);
  g_assert_nonnull (strstr (same->err, "is the host it is on"));
  start = g_get_monotonic_time ();
  g_assert_true (gh_lab_wait (25, no_login_is_left, NULL));
  g_test_message ("the login ended after %d ms", (int) ((g_get_monotonic_time () - start) / 1000));
  tried = gh_lab_run (near_lab, "hosts", "--try", "--json", NULL);
  gh_lab_assert_status (tried, 0);
  host = find_host (tried, far_uri);
  g_assert_true (json_object_get_boolean_member (host, "connects"));
  g_assert_true (json_object_get_boolean_member (host, "connected"));

  gh_lab_sshd_set_key (far_sshd, FALSE, NULL);
  refused = gh_lab_run (near_lab, "test-host", far_uri, "--json", NULL);
  gh_lab_assert_status (refused, 1);
  g_assert_true (g_str_has_prefix (get_string (refused, "command"), "ssh-copy-id -p "));

  /* What one of several asks is not answered for, and the others are told all the same. */
  gh_lab_sshd_set_key (far_sshd, TRUE, "open sesame");
  asks = gh_lab_run (near_lab, "hosts", "--try", NULL);
  gh_lab_assert_status (asks, 1);
  g_assert_nonnull (strstr (asks->out, "It asks for a password, or whether its key is"));
  g_assert_nonnull (strstr (asks->out, "It answers: 0 machines"));
  assert_columns (asks->out);
  remove_far ();
}

static void
assert_refused_edit (const char *option,
                     const char *value,
                     int         status,
                     const char *message)
{
  g_autoptr (GhLabRun) run = gh_lab_run (near_lab, "edit-host", far_uri, option, value, NULL);

  gh_lab_assert_status (run, status);
  g_assert_nonnull (strstr (run->err, message));
  g_assert_true (is_listed (far_uri));
}

/* Its name and its address; one that does not answer changes nothing. */
static void
test_edited (void)
{
  g_autoptr (GhLabRun) added = NULL;
  g_autoptr (GhLabRun) named = NULL;
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) moved = NULL;
  g_autoptr (GhLabRun) list = NULL;
  g_autoptr (GhLabRun) gone = NULL;
  g_autofree char *key = NULL;
  g_autofree char *uri = NULL;
  JsonObject *host = NULL;

  if (!start_worlds ())
    return;
  gh_lab_sshd_set_known (far_sshd, GH_LAB_KNOWN_RIGHT);
  gh_lab_sshd_set_key (far_sshd, TRUE, NULL);
  key = gh_lab_sshd_dup_key_path (far_sshd, "key");
  added = add ();
  gh_lab_assert_status (added, 0);
  assert_refused_edit ("--port", "1", 1, "The host could not be connected");
  assert_refused_edit ("--uri", "qemu:///session", 3, "in the list already");
  assert_refused_edit ("--name", "qemu:///x", 2, "has no “:/” in it");
  assert_refused_edit ("--autoconnect", "maybe", 2, "yes or no");

  named = gh_lab_run (near_lab, "edit-host", far_uri, "--name", "Attic", "--autoconnect", "no",
                      NULL);
  gh_lab_assert_status (named, 0);
  dry = gh_lab_run (near_lab, "edit-host", "Attic", "--key", key, "--dry-run", NULL);
  gh_lab_assert_status (dry, 0);
  g_assert_true (is_listed (far_uri));
  moved = gh_lab_run (near_lab, "edit-host", "Attic", "--key", key, "--json", NULL);
  gh_lab_assert_status (moved, 0);
  uri = g_strconcat (far_uri, "?keyfile=", key, NULL);
  g_assert_cmpstr (get_string (moved, "host"), ==, uri);
  g_assert_cmpstr (get_string (moved, "name"), ==, "Attic");
  list = gh_lab_run (near_lab, "hosts", "--json", NULL);
  g_assert_null (find_host (list, far_uri));
  host = find_host (list, uri);
  g_assert_nonnull (host);
  g_assert_cmpstr (json_object_get_string_member (host, "name"), ==, "Attic");
  g_assert_false (json_object_get_boolean_member (host, "connects"));
  gone = gh_lab_run (near_lab, "remove-host", "Attic", NULL);
  gh_lab_assert_status (gone, 0);
}

/* Whether it runs machines fast, as far as libvirt tells from there. */
static void
test_check (void)
{
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) text = NULL;
  g_autoptr (GhLabRun) here = NULL;

  if (!start_worlds ())
    return;
  run = gh_lab_run (near_lab, "-c", far_uri, "host", "--json", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "qemu", "ok"));
  g_assert_true (gh_lab_run_has_check (run, "far-unknown", "note"));
  /* Another way to the same computer: what is said of this one may say more, but nothing else. */
  here = gh_lab_run (near_lab, "host", "--json", NULL);
  gh_lab_assert_status (here, 0);
  g_assert_cmpint (gh_lab_run_has_check (run, "kvm-works", "ok"), ==,
                   gh_lab_run_has_check (here, "kvm-works", "ok"));
  text = gh_lab_run (near_lab, "-c", far_uri, "host", NULL);
  gh_lab_assert_status (text, 0);
  g_test_message ("%s", text->out);
  g_assert_nonnull (strstr (text->out, "Guesthouse runs nothing there."));
}

/* A host that takes long to say what it can do is named on a terminal, until it has. */
static void
test_asking (void)
{
  GhLabTerminal *terminal = NULL;
  g_autofree char *out = NULL;

  if (!start_worlds ())
    return;
  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "migration-target:delay=1500,times=1");
  terminal = gh_lab_terminal_new (near_lab, "-c", far_uri, "migrate", "far-away",
                                  "qemu:///session", "--rehearse", NULL);
  gh_lab_terminal_await (terminal, "Asking This computer what it can do…");
  gh_lab_terminal_await (terminal, "\r\033[K");
  (void) gh_lab_terminal_end (terminal, &out);
  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", NULL);
}

int
main (int   argc,
      char *argv[])
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/library/uncertain", test_uncertain);
  g_test_add_func ("/lab/library/fingerprint", test_fingerprint);
  g_test_add_func ("/lab/library/whole-life", test_whole_life);
  g_test_add_func ("/lab/library/edited", test_edited);
  g_test_add_func ("/lab/library/check", test_check);
  g_test_add_func ("/lab/library/asking", test_asking);
  status = g_test_run ();
  g_clear_pointer (&near_lab, gh_lab_free);
  g_clear_pointer (&far_sshd, gh_lab_sshd_free);
  g_clear_pointer (&far_lab, gh_lab_free);
  g_clear_pointer (&far_uri, g_free);
  g_clear_pointer (&far_port, g_free);
  return status;
}
