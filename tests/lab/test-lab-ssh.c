/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Hosts over ssh, against a real sshd on loopback with a real libvirtd behind it. */

#include "config.h"

#include "gh-lab-sshd.h"

#include <arpa/inet.h>
#include <libvirt/virterror.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gh-askpass.h"
#include "gh-connect-error.h"
#include "gh-console.h"
#include "gh-faults.h"
#include "gh-file-users.h"
#include "gh-host.h"
#include "gh-lab-line.h"
#include "gh-lab-plan.h"
#include "gh-migrate-plan.h"
#include "gh-secrets.h"
#include "gh-stall-watch.h"
#include "gh-test.h"
#include "gh-threads.h"
#include "gh-virt-error.h"

#define MACHINE "behind"
#define N_FAR 200

typedef struct
{
  GhLab      *lab; /* (nullable): no sshd to be had, the test is skipped */
  GhLabSshd  *sshd;
  GhHost     *host;
  GPtrArray  *questions; /* (element-type GhQuestion): as they came */
  guint       n_logins;  /* before this test */
} Fixture;

/* Of all tests: starting a daemon takes seconds. */
static GhLab *shared_lab;
static GhLabSshd *shared_sshd;

/* A keyring of one secret. */
static char *kept;
static guint n_cleared;

static void
lookup_async (const char          *kind,
              const char          *name,
              const char          *address,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_return_pointer (task, g_strdup (kept), (GDestroyNotify) gh_secrets_free);
}

static char *
lookup_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

static void
store (const char *kind,
       const char *name,
       const char *address,
       const char *label,
       const char *secret)
{
  g_assert_cmpstr (kind, ==, "passphrase");
  g_free (kept);
  kept = g_strdup (secret);
}

static void
clear (const char *kind,
       const char *name,
       const char *address)
{
  n_cleared++;
  g_clear_pointer (&kept, g_free);
}

static void
clear_all_async (const char          *address,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  g_assert_not_reached ();
}

static void
clear_all_finish (GAsyncResult *result)
{
  g_assert_not_reached ();
}

static const GhSecretsModule keyring = {
  lookup_async, lookup_finish, store, clear, clear_all_async, clear_all_finish,
};

/* The fixture */

static void
asked_cb (GhQuestion *question,
          gpointer    user_data)
{
  Fixture *fixture = user_data;

  g_ptr_array_add (fixture->questions, g_object_ref (question));
}

static void
start_world (void)
{
  virDomainPtr domain = NULL;

  shared_lab = gh_lab_new ();
  shared_sshd = gh_lab_sshd_new (shared_lab);
  domain = virDomainDefineXML (gh_lab_connect (shared_lab),
                               "<domain type='qemu'><name>" MACHINE "</name>"
                               "<memory unit='MiB'>64</memory>"
                               "<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>");
  g_assert_nonnull (domain);
  virDomainFree (domain);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  g_autofree char *uri = NULL;
  g_autoptr (GError) error = NULL;

  if (!gh_lab_has_sshd ())
    return;
  /* The last test's console may still be closing. */
  gh_test_tolerate_spice ();
  if (shared_lab == NULL)
    start_world ();
  fixture->lab = shared_lab;
  fixture->sshd = shared_sshd;
  gh_lab_sshd_set_options (fixture->sshd, NULL);
  gh_lab_sshd_set_client_options (fixture->sshd, NULL);
  gh_lab_sshd_set_key (fixture->sshd, TRUE, NULL);
  gh_lab_sshd_set_known (fixture->sshd, GH_LAB_KNOWN_RIGHT);
  fixture->n_logins = gh_lab_sshd_count_logins (fixture->sshd);
  fixture->questions = g_ptr_array_new_with_free_func (g_object_unref);
  gh_secrets_set_module (&keyring);
  gh_askpass_start (asked_cb, fixture, &error);
  g_assert_no_error (error);
  uri = gh_lab_sshd_dup_uri (fixture->sshd);
  fixture->host = gh_host_new (uri);
}

static gboolean
is_null (gpointer data)
{
  return *(gpointer *) data == NULL;
}

static char *
dup_folder (void)
{
  return g_strdup_printf ("%s/guesthouse-%d", g_get_user_runtime_dir (), (int) getpid ());
}

/* An ssh of this process, whose command line has @text too; 0: there is none. */
static int
find_ssh (const char *text)
{
  g_autofree char *folder = dup_folder ();
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name = NULL;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc", name, "cmdline", NULL);
      g_autofree char *line = NULL;
      gsize length = 0;

      if (g_ascii_isdigit (*name) && atoi (name) != getpid () &&
          g_file_get_contents (path, &line, &length, NULL) &&
          memmem (line, length, folder, strlen (folder)) != NULL &&
          memmem (line, length, text, strlen (text)) != NULL)
        return atoi (name);
    }
  return 0;
}

static gboolean
no_ssh_runs (gpointer data)
{
  return find_ssh ("") == 0;
}

static gboolean
ssh_runs (gpointer data)
{
  return !no_ssh_runs (NULL);
}

/* No ssh, no folder. */
static gboolean
nothing_is_left (gpointer data)
{
  g_autofree char *path = dup_folder ();

  return no_ssh_runs (NULL) && !g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer weak = fixture->host;

  if (fixture->lab == NULL)
    return;
  g_object_add_weak_pointer (G_OBJECT (fixture->host), &weak);
  gh_host_disconnect (fixture->host);
  g_object_unref (fixture->host);
  gh_test_wait_until (is_null, &weak);
  gh_host_end_logins ();
  g_assert_true (gh_lab_wait (20, nothing_is_left, fixture));
  gh_secrets_set_module (NULL);
  g_clear_pointer (&kept, g_free);
  n_cleared = 0;
  g_ptr_array_unref (fixture->questions);
}

static guint
count_logins (Fixture *fixture)
{
  return gh_lab_sshd_count_logins (fixture->sshd) - fixture->n_logins;
}

/* Waiting */

typedef struct
{
  Fixture     *fixture;
  GhHostState  state;
  guint        n_questions;
} Wanted;

static gboolean
has_state (gpointer data)
{
  Wanted *wanted = data;

  return gh_host_get_state (wanted->fixture->host) == wanted->state;
}

static gboolean
has_questions (gpointer data)
{
  Wanted *wanted = data;

  return wanted->fixture->questions->len >= wanted->n_questions;
}

static void
wait_for_state (Fixture     *fixture,
                GhHostState  state)
{
  Wanted wanted = { fixture, state };

  if (gh_lab_wait (60, has_state, &wanted))
    return;
  if (gh_host_get_error (fixture->host) != NULL)
    g_error ("state %d: %s", gh_host_get_state (fixture->host),
             gh_host_get_error (fixture->host)->message);
  g_error ("state %d", gh_host_get_state (fixture->host));
}

static GhQuestion *
wait_for_question (Fixture *fixture,
                   guint    n)
{
  Wanted wanted = { fixture, .n_questions = n };

  g_assert_true (gh_lab_wait (30, has_questions, &wanted));
  return g_ptr_array_index (fixture->questions, n - 1);
}

static void
assert_lost (Fixture            *fixture,
             GhConnectErrorCode  code,
             gboolean            tried_again)
{
  wait_for_state (fixture, GH_HOST_LOST);
  g_assert_error (gh_host_get_error (fixture->host), GH_CONNECT_ERROR, (int) code);
  if (tried_again)
    g_assert_cmpint (gh_host_get_retry_time (fixture->host), >, 0);
  else
    g_assert_cmpint (gh_host_get_retry_time (fixture->host), ==, 0);
}

/* Tests */

/* An unknown computer is shown by its fingerprint; then all goes through one login. */
static void
test_lists (Fixture       *fixture,
            gconstpointer  data)
{
  GhQuestion *question = NULL;
  GhTestCall facts = { 0 };
  g_autoptr (GError) error = NULL;
  GhCapabilities *capabilities = NULL;

  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_known (fixture->sshd, GH_LAB_KNOWN_NOTHING);
  gh_host_connect (fixture->host);
  question = wait_for_question (fixture, 1);
  g_assert_cmpint (gh_question_get_kind (question), ==, GH_QUESTION_HOST_KEY);
  g_assert_cmpstr (gh_question_get_key_type (question), ==, "ED25519");
  g_assert_cmpstr (gh_question_get_fingerprint (question), ==,
                   gh_lab_sshd_get_fingerprint (fixture->sshd));
  g_assert_nonnull (strstr (gh_question_get_name (question), "127.0.0.1"));
  gh_question_answer (question, "yes", FALSE);

  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_nonnull (gh_host_find_machine (fixture->host, MACHINE));
  /* The URI stays what the user entered. */
  g_assert_null (strstr (gh_host_get_uri (fixture->host), "command"));

  /* A third connection, for a job. */
  gh_host_load_capabilities_async (fixture->host, NULL, gh_test_call_cb, &facts);
  capabilities = gh_host_load_capabilities_finish (fixture->host, gh_test_call_wait (&facts),
                                                   &error);
  g_assert_no_error (error);
  gh_capabilities_unref (capabilities);
  gh_test_call_clear (&facts);
  g_assert_cmpuint (gh_lab_sshd_count_sessions (fixture->sshd), >=, 3);
  g_assert_cmpuint (count_logins (fixture), ==, 1);
  g_assert_cmpuint (fixture->questions->len, ==, 1);
}

static void
test_untrusted (Fixture       *fixture,
                gconstpointer  data)
{
  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_known (fixture->sshd, GH_LAB_KNOWN_NOTHING);
  gh_host_connect (fixture->host);
  gh_question_cancel (wait_for_question (fixture, 1));
  assert_lost (fixture, GH_CONNECT_ERROR_CANCELLED, FALSE);
  g_assert_cmpuint (count_logins (fixture), ==, 0);
}

/* A changed key is refused, without a question. */
static void
test_changed (Fixture       *fixture,
              gconstpointer  data)
{
  g_autofree char *advice = NULL;
  g_autofree char *command = NULL;

  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_known (fixture->sshd, GH_LAB_KNOWN_OTHER);
  gh_host_connect (fixture->host);
  assert_lost (fixture, GH_CONNECT_ERROR_HOST_KEY_CHANGED, FALSE);
  g_assert_cmpuint (fixture->questions->len, ==, 0);
  g_assert_cmpuint (count_logins (fixture), ==, 0);
  advice = gh_error_dup_advice (gh_host_get_error (fixture->host));
  g_assert_nonnull (strstr (advice, gh_lab_sshd_get_fingerprint (fixture->sshd)));
  g_assert_null (strstr (advice, "Key before: ?"));
  command = gh_error_dup_command (gh_host_get_error (fixture->host));
  g_assert_true (g_str_has_prefix (command, "ssh-keygen -f "));
  g_assert_nonnull (strstr (command, "-R '[127.0.0.1]:"));
}

/* Also where the address says that nobody need look at the key. */
static void
test_unverified (Fixture       *fixture,
                 gconstpointer  data)
{
  g_autofree char *uri = NULL;

  if (fixture->lab == NULL)
    return;
  uri = g_strconcat (gh_host_get_uri (fixture->host), "?no_verify=1", NULL);
  g_object_unref (fixture->host);
  fixture->host = gh_host_new (uri);
  gh_lab_sshd_set_known (fixture->sshd, GH_LAB_KNOWN_OTHER);
  gh_host_connect (fixture->host);
  assert_lost (fixture, GH_CONNECT_ERROR_HOST_KEY_CHANGED, FALSE);
  g_assert_cmpuint (count_logins (fixture), ==, 0);

  /* One that is not known is asked about. */
  gh_lab_sshd_set_known (fixture->sshd, GH_LAB_KNOWN_NOTHING);
  gh_host_connect (fixture->host);
  g_assert_cmpint (gh_question_get_kind (wait_for_question (fixture, 1)), ==,
                   GH_QUESTION_HOST_KEY);
  gh_question_cancel (wait_for_question (fixture, 1));
  assert_lost (fixture, GH_CONNECT_ERROR_CANCELLED, FALSE);
  g_assert_cmpuint (count_logins (fixture), ==, 0);
}

static void
test_wrong_key (Fixture       *fixture,
                gconstpointer  data)
{
  g_autofree char *command = NULL;

  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_key (fixture->sshd, FALSE, NULL);
  gh_host_connect (fixture->host);
  assert_lost (fixture, GH_CONNECT_ERROR_KEY_REFUSED, FALSE);
  command = gh_error_dup_command (gh_host_get_error (fixture->host));
  g_assert_true (g_str_has_prefix (command, "ssh-copy-id -p "));

  /* Put right, it works at once. */
  gh_lab_sshd_set_key (fixture->sshd, TRUE, NULL);
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
}

/* Asked for until it fits; remembered only then; forgotten when it does not fit any more. */
static void
test_passphrase (Fixture       *fixture,
                 gconstpointer  data)
{
  GhQuestion *question = NULL;

  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_key (fixture->sshd, TRUE, "open sesame");
  gh_host_connect (fixture->host);
  question = wait_for_question (fixture, 1);
  g_assert_cmpint (gh_question_get_kind (question), ==, GH_QUESTION_PASSPHRASE);
  g_assert_true (g_str_has_suffix (gh_question_get_name (question), "/key"));
  g_assert_false (gh_question_get_refused (question));
  gh_question_answer (question, "open barley", TRUE);
  question = wait_for_question (fixture, 2);
  g_assert_true (gh_question_get_refused (question));
  g_assert_null (kept);
  gh_question_answer (question, "open sesame", TRUE);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_cmpstr (kept, ==, "open sesame");

  gh_host_disconnect (fixture->host);
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_cmpuint (fixture->questions->len, ==, 2);

  gh_host_disconnect (fixture->host);
  gh_lab_sshd_set_key (fixture->sshd, TRUE, "another one");
  n_cleared = 0;
  gh_host_connect (fixture->host);
  question = wait_for_question (fixture, 3);
  g_assert_true (gh_question_get_refused (question));
  g_assert_cmpuint (n_cleared, ==, 1);
  gh_question_cancel (question);
  assert_lost (fixture, GH_CONNECT_ERROR_CANCELLED, FALSE);
  g_assert_null (kept);
}

/* Through the same computer once more, which is another login. */
static void
test_jump (Fixture       *fixture,
           gconstpointer  data)
{
  g_autofree char *uri = NULL;

  if (fixture->lab == NULL)
    return;
  uri = g_strdup_printf ("%s?jump=%s@localhost:%u", gh_host_get_uri (fixture->host),
                         g_get_user_name (), gh_lab_sshd_get_port (fixture->sshd));
  g_object_unref (fixture->host);
  fixture->host = gh_host_new (uri);
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_nonnull (gh_host_find_machine (fixture->host, MACHINE));
  g_assert_cmpuint (count_logins (fixture), ==, 2);
}

static void
set_host (Fixture    *fixture,
          const char *uri)
{
  g_object_unref (fixture->host);
  fixture->host = gh_host_new (uri);
}

/* A computer by the name that ssh's configuration knows it by, with all that belongs to it. */
static void
test_alias (Fixture       *fixture,
            gconstpointer  data)
{
  g_autofree char *options = NULL;
  guint port = 0;

  if (fixture->lab == NULL)
    return;
  port = gh_lab_sshd_get_port (fixture->sshd);
  options = g_strdup_printf ("Host office\nHostName 127.0.0.1\nPort %u\nUser %s\n"
                             "ProxyJump %s@localhost:%u\n", port, g_get_user_name (),
                             g_get_user_name (), port);
  gh_lab_sshd_set_client_options (fixture->sshd, options);
  set_host (fixture, "qemu+ssh://office/session");
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_nonnull (gh_host_find_machine (fixture->host, MACHINE));
  g_assert_cmpuint (count_logins (fixture), ==, 2);
  g_assert_cmpuint (fixture->questions->len, ==, 0);
}

/* Users of a directory have an “@” in their names: by itself or escaped, as the form has it. */
static void
test_domain_user (Fixture       *fixture,
                  gconstpointer  data)
{
  static const char * const users[] = { "ada%40corp.example", GH_LAB_DOMAIN_USER };

  if (fixture->lab == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    {
      g_autofree char *uri = g_strdup_printf ("qemu+ssh://%s@127.0.0.1:%u/session", users[i],
                                              gh_lab_sshd_get_port (fixture->sshd));

      set_host (fixture, uri);
      gh_host_connect (fixture->host);
      wait_for_state (fixture, GH_HOST_CONNECTED);
      g_assert_nonnull (gh_host_find_machine (fixture->host, MACHINE));
      gh_host_disconnect (fixture->host);
    }
  g_assert_cmpuint (gh_lab_sshd_count (fixture->sshd, "Accepted publickey for "
                                       GH_LAB_DOMAIN_USER), ==, G_N_ELEMENTS (users));
}

static gboolean
has_ipv6 (void)
{
  struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  int fd = socket (AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean bound = fd >= 0 && bind (fd, (struct sockaddr *) &address, sizeof address) == 0;

  if (fd >= 0)
    close (fd);
  return bound;
}

static void
test_ipv6 (Fixture       *fixture,
           gconstpointer  data)
{
  g_autofree char *uri = NULL;

  if (fixture->lab == NULL)
    return;
  if (!has_ipv6 ())
    {
      g_test_skip ("there is no IPv6 here");
      return;
    }
  gh_lab_sshd_set_options (fixture->sshd, "ListenAddress ::1");
  uri = g_strdup_printf ("qemu+ssh://%s@[::1]:%u/session", g_get_user_name (),
                         gh_lab_sshd_get_port (fixture->sshd));
  set_host (fixture, uri);
  gh_host_connect (fixture->host);
  /* Known by its other address only. */
  g_assert_cmpint (gh_question_get_kind (wait_for_question (fixture, 1)), ==,
                   GH_QUESTION_HOST_KEY);
  gh_question_answer (wait_for_question (fixture, 1), "yes", FALSE);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_nonnull (gh_host_find_machine (fixture->host, MACHINE));
  g_assert_cmpuint (count_logins (fixture), ==, 1);
}

/* A real bash that reads a real file at each login, which says something before libvirt does. */
static void
test_noisy_shell (Fixture       *fixture,
                  gconstpointer  data)
{
  g_autofree char *path = NULL;
  g_autofree char *advice = NULL;

  if (fixture->lab == NULL)
    return;
  path = g_build_filename (gh_lab_get_folder (fixture->lab), ".bashrc", NULL);
  g_assert_true (g_file_set_contents (path, "echo Hi\n", -1, NULL));
  gh_lab_sshd_set_options (fixture->sshd,
                           "ForceCommand exec /bin/bash -c \"$SSH_ORIGINAL_COMMAND\"");
  gh_host_connect (fixture->host);
  assert_lost (fixture, GH_CONNECT_ERROR_NOISY_SHELL, FALSE);
  advice = gh_error_dup_advice (gh_host_get_error (fixture->host));
  g_assert_nonnull (strstr (advice, ".bashrc"));

  /* What it says to its standard error is in nobody's way. */
  g_assert_true (g_file_set_contents (path, "echo Hi >&2\n", -1, NULL));
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_no_errno (unlink (path));
}

/* Neither virt-ssh-helper nor nc. */
static void
test_no_helper (Fixture       *fixture,
                gconstpointer  data)
{
  g_autofree char *bin = NULL;
  g_autofree char *sh = NULL;
  g_autofree char *options = NULL;
  g_autofree char *command = NULL;

  if (fixture->lab == NULL)
    return;
  bin = gh_lab_dup_path (fixture->lab, "few");
  sh = g_build_filename (bin, "sh", NULL);
  options = g_strdup_printf ("ForceCommand PATH=%s; export PATH; exec sh -c "
                             "\"$SSH_ORIGINAL_COMMAND\"", bin);
  g_assert_no_errno (g_mkdir_with_parents (bin, 0700));
  g_assert_no_errno (symlink ("/bin/sh", sh));
  gh_lab_sshd_set_options (fixture->sshd, options);
  gh_host_connect (fixture->host);
  assert_lost (fixture, GH_CONNECT_ERROR_NO_HELPER, TRUE);
  command = gh_error_dup_command (gh_host_get_error (fixture->host));
  g_assert_nonnull (strstr (command, "netcat"));
}

/* Where nobody listens; and while it is open, nobody else can. */
static int
take_port (guint *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (getsockname (fd, (struct sockaddr *) &address, &length));
  *port = ntohs (address.sin_port);
  return fd;
}

/* A computer that takes the connection and says nothing. */
static int
listen_and_be_silent (guint *port)
{
  int fd = take_port (port);

  g_assert_no_errno (listen (fd, 5));
  return fd;
}

static void
test_slow (Fixture       *fixture,
           gconstpointer  data)
{
  g_autofree char *uri = NULL;
  guint port = 0;
  int fd = -1;

  if (fixture->lab == NULL)
    return;
  fd = listen_and_be_silent (&port);
  uri = g_strdup_printf ("qemu+ssh://127.0.0.1:%u/session", port);
  g_object_unref (fixture->host);
  fixture->host = gh_host_new (uri);

  /* Given up by the user: the ssh goes at once. */
  gh_host_connect (fixture->host);
  g_assert_true (gh_lab_wait (20, ssh_runs, fixture));
  gh_host_disconnect (fixture->host);
  g_assert_true (gh_lab_wait (5, no_ssh_runs, fixture));

  /* And by itself after ten seconds. */
  gh_host_connect (fixture->host);
  assert_lost (fixture, GH_CONNECT_ERROR_TIMED_OUT, TRUE);
  close (fd);
}

/* It says what it is, and then nothing more: a line that was cut in the middle of a login. */
static void
test_half_silent (Fixture       *fixture,
                  gconstpointer  data)
{
  static const char banner[] = "SSH-2.0-OpenSSH_9.2\r\n";
  g_autofree char *uri = NULL;
  g_autoptr (GSocketListener) listener = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  GOutputStream *output = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GhTestCall) call = { 0 };
  guint16 port = 0;

  if (fixture->lab == NULL)
    return;
  listener = g_socket_listener_new ();
  port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  g_assert_no_error (error);
  uri = g_strdup_printf ("qemu+ssh://127.0.0.1:%u/session", port);
  set_host (fixture, uri);
  g_socket_listener_accept_async (listener, NULL, gh_test_call_cb, &call);
  gh_host_connect (fixture->host);
  connection = g_socket_listener_accept_finish (listener, gh_test_call_wait (&call), NULL, &error);
  g_assert_no_error (error);
  output = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  g_assert_true (g_output_stream_write_all (output, banner, strlen (banner), NULL, NULL, NULL));
  assert_lost (fixture, GH_CONNECT_ERROR_TIMED_OUT, TRUE);
}

/* The line is cut: noticed at once, and back by itself, with the same machines. */
static void
test_dropped (Fixture       *fixture,
              gconstpointer  data)
{
  GhMachine *machine = NULL;

  if (fixture->lab == NULL)
    return;
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  machine = gh_host_find_machine (fixture->host, MACHINE);
  g_assert_cmpuint (gh_lab_sshd_signal (fixture->sshd, SIGKILL), >, 0);
  wait_for_state (fixture, GH_HOST_LOST);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_UNKNOWN);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_true (gh_host_find_machine (fixture->host, MACHINE) == machine);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_OFF);
  g_assert_cmpuint (count_logins (fixture), ==, 2);
}

/* The far end says nothing any more: nothing here waits, and it is noticed. */
static void
test_frozen (Fixture       *fixture,
             gconstpointer  data)
{
  if (fixture->lab == NULL)
    return;
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  gh_stall_watch_start (50);
  gh_stall_watch_reset ();
  g_assert_cmpuint (gh_lab_sshd_signal (fixture->sshd, SIGSTOP), >, 0);
  gh_test_wait_until (has_state, &(Wanted){ fixture, GH_HOST_LOST });
  g_assert_cmpuint (gh_stall_watch_get_count (), ==, 0);
  gh_stall_watch_stop ();
  /* A new connection is served by new processes. */
  wait_for_state (fixture, GH_HOST_CONNECTED);
  gh_lab_sshd_signal (fixture->sshd, SIGCONT);
}

/* Several at once, as when the window opens */

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static gboolean
is_lost (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_LOST;
}

static gboolean
is_closed (gpointer data)
{
  return gh_question_is_closed (data);
}

static gboolean
two_wait (gpointer data)
{
  return gh_askpass_get_n_waiting () == 2;
}

static GhHost *
connect_more (const char *uri)
{
  GhHost *host = gh_host_new (uri);

  gh_host_connect (host);
  return host;
}

static void
drop_more (GhHost *host)
{
  gh_host_disconnect (host);
  g_object_unref (host);
}

/* One that is silent and one that refuses beside one that answers: nobody waits for anybody, and
 * nothing is asked. */
static void
test_side_by_side (Fixture       *fixture,
                   gconstpointer  data)
{
  g_autofree char *silent_uri = NULL;
  g_autofree char *refusing_uri = NULL;
  GhHost *silent = NULL;
  GhHost *refusing = NULL;
  guint port = 0;
  int fd = -1;
  int refusing_fd = -1;

  if (fixture->lab == NULL)
    return;
  fd = listen_and_be_silent (&port);
  silent_uri = g_strdup_printf ("qemu+ssh://127.0.0.1:%u/session", port);
  refusing_fd = take_port (&port);
  refusing_uri = g_strdup_printf ("qemu+ssh://127.0.0.1:%u/session", port);
  refusing = connect_more (refusing_uri);
  silent = connect_more (silent_uri);
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  /* It is given ten seconds; a computer with much else to do may need them for the other. */
  for (guint i = 0; i < 3 && gh_host_get_state (silent) != GH_HOST_CONNECTING; i++)
    {
      gh_host_disconnect (silent);
      gh_host_disconnect (fixture->host);
      gh_host_connect (silent);
      gh_host_connect (fixture->host);
      wait_for_state (fixture, GH_HOST_CONNECTED);
    }
  g_assert_cmpint (gh_host_get_state (silent), ==, GH_HOST_CONNECTING);
  g_assert_true (gh_lab_wait (20, is_lost, refusing));
  g_assert_cmpint (gh_host_get_retry_time (refusing), >, 0);
  g_assert_cmpint (gh_host_get_state (fixture->host), ==, GH_HOST_CONNECTED);
  g_assert_cmpuint (fixture->questions->len, ==, 0);

  /* Removed while it connects. */
  drop_more (silent);
  drop_more (refusing);
  g_assert_cmpint (gh_host_get_state (fixture->host), ==, GH_HOST_CONNECTED);
  close (refusing_fd);
  close (fd);
}

/* Two that ask: one question at a time, an answer is only for who asked, and who goes takes his
 * question along, whether it is shown or waits. */
static void
test_two_ask (Fixture       *fixture,
              gconstpointer  data)
{
  g_autofree char *key = NULL;
  g_autofree char *uri = NULL;
  GhHost *other = NULL;
  GhQuestion *question = NULL;

  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_key (fixture->sshd, TRUE, "open sesame");
  key = gh_lab_sshd_dup_key_path (fixture->sshd, "key");
  uri = g_strconcat (gh_host_get_uri (fixture->host), "?keyfile=", key, NULL);
  gh_host_connect (fixture->host);
  question = wait_for_question (fixture, 1);
  other = connect_more (uri);
  g_assert_true (gh_lab_wait (30, two_wait, NULL));
  g_assert_cmpuint (fixture->questions->len, ==, 1);

  /* The one that waits behind it goes: nothing is seen of it. */
  drop_more (other);
  g_assert_cmpuint (gh_askpass_get_n_waiting (), ==, 1);
  g_assert_false (gh_question_is_closed (question));

  /* The one that is shown goes: the next one is shown. */
  other = connect_more (uri);
  g_assert_true (gh_lab_wait (30, two_wait, NULL));
  g_assert_cmpuint (fixture->questions->len, ==, 1);
  gh_host_disconnect (fixture->host);
  g_assert_true (gh_lab_wait (10, is_closed, question));
  question = wait_for_question (fixture, 2);
  g_assert_false (gh_question_get_refused (question));
  gh_host_connect (fixture->host);
  g_assert_true (gh_lab_wait (30, two_wait, NULL));
  gh_question_answer (question, "open sesame", FALSE);
  g_assert_true (gh_lab_wait (30, is_connected, other));
  gh_question_cancel (wait_for_question (fixture, 3));
  assert_lost (fixture, GH_CONNECT_ERROR_CANCELLED, FALSE);
  g_assert_cmpint (gh_host_get_state (other), ==, GH_HOST_CONNECTED);
  g_assert_cmpuint (fixture->questions->len, ==, 3);
  drop_more (other);
}

/* Ending */

/* The process of the shared login is there. */
static gboolean
has_master (gpointer data)
{
  return find_ssh ("[mux]") != 0;
}

/* A login that hangs ends all the same, by its number, before the program does. */
static void
test_end_hanging (Fixture       *fixture,
                  gconstpointer  data)
{
  if (fixture->lab == NULL)
    return;
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  g_assert_true (gh_lab_wait (20, has_master, NULL));
  g_assert_no_errno (kill (find_ssh ("[mux]"), SIGSTOP));
  gh_host_end_logins ();
  g_assert_cmpint (find_ssh (""), ==, 0);
}

/* Distance */

/* The best of three: other work on the computer takes time, too. */
static double
measure (double (*func) (gpointer data),
         gpointer data)
{
  double best = G_MAXDOUBLE;

  for (guint i = 0; i < 3; i++)
    {
      double seconds = func (data);

      best = MIN (best, seconds);
    }
  return best;
}

static double
open_bare (gpointer uri)
{
  gint64 start = g_get_monotonic_time ();
  virConnectPtr connection = virConnectOpen (uri);
  double seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;

  g_assert_nonnull (connection);
  virConnectClose (connection);
  return seconds;
}

static double
open_listed (gpointer uri)
{
  g_autoptr (GhHost) host = gh_host_new (uri);
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  double seconds = 0.0;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  g_assert_cmpuint (gh_host_get_n_machines (host), >=, N_FAR);
  gh_host_disconnect (host);
  return seconds;
}

static void
define_far (GhLab *lab,
            guint  begin,
            guint  end)
{
  for (guint i = begin; i < end; i++)
    {
      g_autofree char *xml =
        g_strdup_printf ("<domain type='qemu'><name>far-%u</name><memory unit='MiB'>64</memory><os>"
                         "<type arch='x86_64' machine='q35'>hvm</type></os></domain>", i);
      virDomainPtr domain = virDomainDefineXML (gh_lab_connect (lab), xml);

      g_assert_nonnull (domain);
      virDomainFree (domain);
    }
}

/* A machine, and a daemon that knows its QEMU. */
static GhLab *
make_far_lab (void)
{
  GhLab *lab = gh_lab_new ();
  char *capabilities = virConnectGetDomainCapabilities (gh_lab_connect (lab), NULL, NULL, "q35",
                                                        NULL, 0);

  g_assert_nonnull (capabilities);
  free (capabilities);
  define_far (lab, 0, 1);
  return lab;
}

static void
assert_listed (const char *uri,
               const char *what)
{
  double bare = measure (open_bare, (gpointer) uri);
  double listed = measure (open_listed, (gpointer) uri);

  g_test_message ("%s: open %.3f s, listed %.3f s", what, bare, listed);
  g_assert_cmpfloat (listed - bare, <, 1.0);
}

static double
rehearse (gpointer plan)
{
  gint64 start = g_get_monotonic_time ();

  gh_lab_plan_prepare (plan);
  return (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

/* From the first click: both hosts are opened for it, with a login each. */
static double
open_and_rehearse (gpointer uri)
{
  g_autoptr (GhHost) a = gh_host_new (uri);
  g_autoptr (GhHost) b = gh_host_new (uri);
  g_autoptr (GhMigratePlan) plan = NULL;
  g_auto (GhTestCall) call_a = { 0 };
  g_auto (GhTestCall) call_b = { 0 };
  gint64 start = g_get_monotonic_time ();
  double opened = 0.0;
  double seconds = 0.0;

  gh_host_expect_readings (a);
  gh_host_expect_readings (b);
  gh_host_ready_async (a, NULL, gh_test_call_cb, &call_a);
  gh_host_ready_async (b, NULL, gh_test_call_cb, &call_b);
  g_assert_true (gh_host_ready_finish (a, gh_test_call_wait (&call_a), NULL));
  g_assert_true (gh_host_ready_finish (b, gh_test_call_wait (&call_b), NULL));
  opened = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  plan = gh_migrate_plan_new (gh_host_find_machine (a, "far-0"), b);
  seconds = rehearse (plan);
  g_test_message ("100 ms over ssh: both opened %.3f s, then rehearsed %.3f s", opened, seconds);
  gh_host_disconnect (a);
  gh_host_disconnect (b);
  return seconds;
}

static void
redefine_far (GhLab      *lab,
              guint       index,
              const char *disks)
{
  g_autofree char *name = g_strdup_printf ("far-%u", index);
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  char uuid[VIR_UUID_STRING_BUFLEN];
  g_autofree char *xml = NULL;

  g_assert_nonnull (domain);
  virDomainGetUUIDString (domain, uuid);
  virDomainFree (domain);
  xml = g_strdup_printf ("<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                         "<memory unit='MiB'>64</memory><os>"
                         "<type arch='x86_64' machine='q35'>hvm</type></os><devices>%s</devices>"
                         "</domain>", name, uuid, disks);
  domain = virDomainDefineXML (gh_lab_connect (lab), xml);
  g_assert_nonnull (domain);
  virDomainFree (domain);
}

static char *
make_far_disk (virStoragePoolPtr  pool,
               const char        *name,
               const char        *base)
{
  g_autofree char *below =
    base != NULL ? g_strdup_printf ("<backingStore><path>%s</path><format type='qcow2'/>"
                                    "</backingStore>", base) : g_strdup ("");
  g_autofree char *xml = g_strdup_printf ("<volume><name>%s</name><capacity>1048576</capacity>"
                                          "<target><format type='qcow2'/></target>%s</volume>",
                                          name, below);
  virStorageVolPtr volume = virStorageVolCreateXML (pool, xml, 0);
  char *path = NULL;
  char *copy = NULL;

  g_assert_nonnull (volume);
  path = virStorageVolGetPath (volume);
  copy = g_strdup (path);
  free (path);
  virStorageVolFree (volume);
  return copy;
}

#define FAR_DISK "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>" \
                 "<source file='%s'/><target dev='vda' bus='virtio'/></disk>"
#define FAR_CD "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>" \
               "<source file='%s'/><target dev='sda' bus='sata'/><readonly/></disk>"

/* One as its disk, one as a CD, one in a snapshot only, and one under its own disk. */
static char *
define_users (GhLab *lab)
{
  g_autofree char *folder = gh_lab_dup_path (lab, "far-pool");
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>far</name><target><path>%s</path>"
                                          "</target></pool>", folder);
  virStoragePoolPtr pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_autofree char *own = NULL;
  g_autofree char *above = NULL;
  g_autofree char *with_cd = NULL;
  g_autofree char *disks[4] = { NULL };
  char *path = NULL;
  virDomainPtr domain = NULL;
  virDomainSnapshotPtr snapshot = NULL;

  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolBuild (pool, 0), ==, 0);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  path = make_far_disk (pool, "base.qcow2", NULL);
  own = make_far_disk (pool, "own.qcow2", NULL);
  above = make_far_disk (pool, "above.qcow2", path);
  virStoragePoolFree (pool);
  disks[0] = g_strdup_printf (FAR_DISK, path);
  disks[1] = g_strdup_printf (FAR_CD, path);
  disks[2] = g_strdup_printf (FAR_DISK, own);
  disks[3] = g_strdup_printf (FAR_DISK, above);
  with_cd = g_strconcat (disks[2], disks[1], NULL);
  redefine_far (lab, 0, disks[0]);
  redefine_far (lab, 61, disks[1]);
  redefine_far (lab, 122, with_cd);
  domain = virDomainLookupByName (gh_lab_connect (lab), "far-122");
  snapshot = virDomainSnapshotCreateXML (domain, "<domainsnapshot/>", 0);
  g_assert_nonnull (snapshot);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
  redefine_far (lab, 122, disks[2]);
  redefine_far (lab, 183, disks[3]);
  return path;
}

static void
assert_problem (GhHost     *host,
                const char *fault)
{
  g_autoptr (GhFileUsers) users = NULL;
  g_autofree char *problem = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  gh_faults_set (fault);
  gh_file_users_load_async (host, NULL, NULL, gh_test_call_cb, &call);
  users = gh_file_users_load_finish (gh_test_call_wait (&call), &error);
  gh_faults_set (NULL);
  g_assert_no_error (error);
  problem = gh_file_users_dup_problem (users);
  g_test_message ("%s: %s", fault, problem);
  g_assert_nonnull (problem);
}

/* Who uses a file on a far host is in the definitions of all its machines, which are read each: not
 * one after the other, nor by the usual five. */
static void
assert_users (GhLab *lab)
{
  g_autoptr (GhLabLine) line = gh_lab_line_new_tcp (lab, 100);
  g_autofree char *uri = gh_lab_line_dup_uri (line);
  g_autoptr (GhHost) host = gh_lab_plan_connect (uri);
  g_autofree char *path = define_users (lab);
  g_autoptr (GhFileUsers) users = NULL;
  g_autofree char *problem = NULL;
  g_autofree char *text = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = 0;
  guint most = 0;

  gh_lab_line_count_most (line);
  start = g_get_monotonic_time ();
  gh_file_users_load_async (host, NULL, NULL, gh_test_call_cb, &call);
  users = gh_file_users_load_finish (gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  most = gh_lab_line_count_most (line);
  g_test_message ("users at 100 ms: %.3f s, at most %u calls one after the other",
                  (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC, most);
  problem = gh_file_users_dup_problem (users);
  g_assert_null (problem);
  text = gh_file_users_dup_text (users, path, NULL);
  g_assert_nonnull (strstr (text, "far-0 (disk)"));
  g_assert_nonnull (strstr (text, "far-61 (disk)"));
  g_assert_nonnull (strstr (text, "far-122 (snapshot)"));
  g_assert_nonnull (strstr (text, "far-183 (backing file)"));
  g_assert_cmpuint (most, <, N_FAR / 5);
  /* Whichever of the connections could not read whatever: it is not as if there was nothing. */
  assert_problem (host, "pool-volumes:fail=38,times=1");
  assert_problem (host, "pool-volumes:fail=38,after=9,times=1");
  assert_problem (host, "volume-document:fail=38,times=1");
  gh_host_disconnect (host);
}

/* Two hundred machines, 50 ms away: listed less than a second after the connection is open. And
 * whether one can move is known in three seconds from 100 ms away. Through a real ssh, too: a login
 * for each host, and everything else through it. */
static void
test_far (void)
{
  gboolean has_sshd = gh_lab_has_sshd ();
  g_autoptr (GhLab) lab = make_far_lab ();
  g_autoptr (GhLabLine) line = gh_lab_line_new (lab, 50);
  g_autofree char *uri = gh_lab_line_dup_uri (line);
  g_autoptr (GhLabSshd) sshd = has_sshd ? gh_lab_sshd_new (lab) : NULL;
  guint port = has_sshd ? gh_lab_sshd_get_port (sshd) : 0;
  g_autofree char *alias = g_strdup_printf ("HostKeyAlias [127.0.0.1]:%u", port);

  if (has_sshd)
    {
      g_autoptr (GhLabLine) far_line = gh_lab_line_new_to_port (lab, port, 100);
      g_autofree char *far_uri = gh_lab_sshd_dup_uri_at (sshd, gh_lab_line_get_port (far_line));

      gh_lab_sshd_set_client_options (sshd, alias);
      g_assert_cmpfloat (measure (open_and_rehearse, far_uri), <, 3.0);
      gh_host_end_logins ();
    }
  define_far (lab, 1, N_FAR);
  assert_listed (uri, "50 ms");
  assert_users (lab);
  if (has_sshd)
    {
      g_autoptr (GhLabLine) near_line = gh_lab_line_new_to_port (lab, port, 50);
      g_autofree char *near_uri = gh_lab_sshd_dup_uri_at (sshd, gh_lab_line_get_port (near_line));

      assert_listed (near_uri, "50 ms over ssh");
      gh_host_end_logins ();
    }
}

/* Displays */

static gboolean
is_shown (gpointer data)
{
  return gh_console_get_state (data) == GH_CONSOLE_SHOWN;
}

static gboolean
is_not_shown (gpointer data)
{
  return !is_shown (data);
}

/* A display that listens on the local address of its host, seen from here: every channel goes
 * through ssh, by the one login. */
static void
test_console (Fixture       *fixture,
              gconstpointer  data)
{
  const char *graphics = data;
  g_autofree char *xml = NULL;
  virDomainPtr domain = NULL;
  GtkWidget *window = NULL;
  GtkWidget *console = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GdkPixbuf) frame = NULL;

  if (fixture->lab == NULL || !gh_lab_has_guest ())
    return;
  xml = g_strdup_printf ("<domain type='qemu'><name>screen</name><memory unit='MiB'>192</memory>"
                         "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel>"
                         "<initrd>%s</initrd><cmdline>console=tty0</cmdline></os><devices>"
                         "<graphics type='%s' autoport='yes' listen='127.0.0.1'/>"
                         "<video><model type='virtio'/></video></devices></domain>",
                         gh_lab_get_kernel (fixture->lab), gh_lab_get_initrd (fixture->lab),
                         graphics);
  domain = virDomainCreateXML (gh_lab_connect (fixture->lab), xml, 0);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);

  window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_window_set_default_size (GTK_WINDOW (window), 900, 600);
  console = gh_console_new (GH_CONSOLE_GRAPHICAL);
  gtk_container_add (GTK_CONTAINER (window), console);
  gtk_widget_show_all (window);
  gh_console_set_machine (GH_CONSOLE (console), gh_host_find_machine (fixture->host, "screen"));
  if (!gh_lab_wait (60, is_shown, console))
    g_error ("console: “%s”", gh_console_get_status_text (GH_CONSOLE (console)));

  path = gh_lab_dup_path (fixture->lab, "screen.png");
  file = g_file_new_for_path (path);
  gh_console_take_screenshot_async (GH_CONSOLE (console), file, NULL, gh_test_call_cb, &call);
  gh_console_take_screenshot_finish (GH_CONSOLE (console), gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  frame = gdk_pixbuf_new_from_file (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gdk_pixbuf_get_width (frame), >=, 640);
  g_assert_cmpuint (count_logins (fixture), ==, 1);

  /* The host is given up while its screen is looked at. */
  gh_host_disconnect (fixture->host);
  g_assert_true (gh_lab_wait (20, is_not_shown, console));
  gtk_widget_destroy (window);
  virDomainDestroy (domain);
  virDomainFree (domain);
}

/* Sessions */

#define N_CONSOLES 5

static virDomainPtr
start_screen (Fixture    *fixture,
              const char *name,
              const char *graphics)
{
  g_autofree char *xml =
    g_strdup_printf ("<domain type='qemu'><name>%s</name><memory unit='MiB'>64</memory>"
                     "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
                     "<graphics type='%s' autoport='yes' listen='127.0.0.1'/>"
                     "<serial type='pty'/><video><model type='vga'/></video></devices></domain>",
                     name, graphics);
  virDomainPtr domain = virDomainCreateXML (gh_lab_connect (fixture->lab), xml, 0);

  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  return domain;
}

static GtkWidget *
open_console (Fixture       *fixture,
              const char    *name,
              GhConsoleKind  kind,
              GtkWidget    **window)
{
  GtkWidget *console = gh_console_new (kind);

  *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_window_set_default_size (GTK_WINDOW (*window), 400, 300);
  gtk_container_add (GTK_CONTAINER (*window), console);
  gtk_widget_show_all (*window);
  gh_console_set_machine (GH_CONSOLE (console), gh_host_find_machine (fixture->host, name));
  return console;
}

/* A rehearsal and five consoles at once, however few sessions a login may have: all of it works,
 * nothing is asked, and one login does where it has as many as is usual. */
static void
test_sessions (Fixture       *fixture,
               gconstpointer  data)
{
  static const char * const names[N_CONSOLES] = { "wide", "wide", "wide", "wide", "rich" };
  guint max = GPOINTER_TO_UINT (data);
  g_autofree char *options = g_strdup_printf ("MaxSessions %u", max);
  g_autofree char *uri = NULL;
  g_autoptr (GhHost) other = NULL;
  g_autoptr (GhPlan) plan = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  virDomainPtr wide = NULL;
  virDomainPtr rich = NULL;
  GtkWidget *windows[N_CONSOLES] = { NULL };
  GtkWidget *consoles[N_CONSOLES] = { NULL };
  guint n_refused = 0;

  if (fixture->lab == NULL)
    return;
  wide = start_screen (fixture, "wide", "vnc");
  rich = start_screen (fixture, "rich", "spice");
  gh_lab_sshd_set_options (fixture->sshd, options);
  n_refused = gh_lab_sshd_count (fixture->sshd, "no more sessions");
  gh_host_connect (fixture->host);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  uri = gh_lab_sshd_dup_uri (fixture->sshd);
  other = gh_lab_plan_connect (uri);

  plan = GH_PLAN (gh_migrate_plan_new (gh_host_find_machine (fixture->host, "wide"), other));
  gh_plan_prepare_async (plan, NULL, gh_test_call_cb, &call);
  for (guint i = 0; i < N_CONSOLES; i++)
    consoles[i] = open_console (fixture, names[i],
                                i == 0 ? GH_CONSOLE_SERIAL : GH_CONSOLE_GRAPHICAL, &windows[i]);
  gh_plan_prepare_finish (plan, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_CONSOLES; i++)
    if (!gh_lab_wait (60, is_shown, consoles[i]))
      g_error ("console %u: “%s”", i, gh_console_get_status_text (GH_CONSOLE (consoles[i])));

  n_refused = gh_lab_sshd_count (fixture->sshd, "no more sessions") - n_refused;
  g_test_message ("MaxSessions %u: %u logins, %u sessions refused, %u seen", max,
                  count_logins (fixture), n_refused, gh_host_get_max_sessions (fixture->host));
  g_assert_cmpuint (fixture->questions->len, ==, 0);
  g_assert_cmpint (gh_host_get_state (fixture->host), ==, GH_HOST_CONNECTED);
  if (max == 10)
    {
      g_assert_cmpuint (n_refused, ==, 0);
      g_assert_cmpuint (count_logins (fixture), ==, 2);
      g_assert_cmpuint (gh_host_get_max_sessions (fixture->host), ==, 0);
    }
  else
    {
      g_assert_cmpuint (gh_host_get_max_sessions (fixture->host), >, 0);
      g_assert_cmpuint (gh_host_get_max_sessions (fixture->host), <=, max);
      /* Control, figures, consoles, what is on the serial port, one reader: for both hosts. */
      g_assert_cmpuint (count_logins (fixture), <=, 2 * (5 / max + 1) + 4);
    }

  for (guint i = 0; i < N_CONSOLES; i++)
    gtk_widget_destroy (windows[i]);
  g_clear_object (&plan);
  gh_host_disconnect (other);
  virDomainDestroy (wide);
  virDomainDestroy (rich);
  virDomainFree (wide);
  virDomainFree (rich);
}

/* What was answered for the first login is the answer for the others. */
static void
test_sessions_secret (Fixture       *fixture,
                      gconstpointer  data)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GhCapabilities *capabilities = NULL;

  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_options (fixture->sshd, "MaxSessions 1");
  gh_lab_sshd_set_key (fixture->sshd, TRUE, "open sesame");
  gh_host_connect (fixture->host);
  gh_question_answer (wait_for_question (fixture, 1), "open sesame", FALSE);
  wait_for_state (fixture, GH_HOST_CONNECTED);
  gh_host_load_capabilities_async (fixture->host, NULL, gh_test_call_cb, &call);
  capabilities = gh_host_load_capabilities_finish (fixture->host, gh_test_call_wait (&call),
                                                   &error);
  g_assert_no_error (error);
  gh_capabilities_unref (capabilities);
  g_assert_cmpuint (count_logins (fixture), >=, 3);
  g_assert_cmpuint (fixture->questions->len, ==, 1);
  g_assert_null (kept);
}

static void
test_no_sessions (Fixture       *fixture,
                  gconstpointer  data)
{
  if (fixture->lab == NULL)
    return;
  gh_lab_sshd_set_options (fixture->sshd, "MaxSessions 0");
  gh_host_connect (fixture->host);
  assert_lost (fixture, GH_CONNECT_ERROR_TOO_FEW_SESSIONS, FALSE);
}

int
main (int   argc,
      char *argv[])
{
  int status = 0;

  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function) \
  g_test_add ("/lab/ssh/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("lists", test_lists);
  ADD ("untrusted", test_untrusted);
  ADD ("changed", test_changed);
  ADD ("unverified", test_unverified);
  ADD ("wrong-key", test_wrong_key);
  ADD ("passphrase", test_passphrase);
  ADD ("jump", test_jump);
  ADD ("alias", test_alias);
  ADD ("domain-user", test_domain_user);
  ADD ("ipv6", test_ipv6);
  ADD ("noisy-shell", test_noisy_shell);
  ADD ("no-helper", test_no_helper);
  ADD ("slow", test_slow);
  ADD ("half-silent", test_half_silent);
  ADD ("dropped", test_dropped);
  ADD ("frozen", test_frozen);
  ADD ("side-by-side", test_side_by_side);
  ADD ("two-ask", test_two_ask);
  ADD ("end-hanging", test_end_hanging);
  ADD ("sessions-secret", test_sessions_secret);
  ADD ("no-sessions", test_no_sessions);
  g_test_add_func ("/lab/ssh/far", test_far);
  if (gtk_init_check (&argc, &argv))
    {
      g_test_add ("/lab/ssh/spice", Fixture, "spice", set_up, test_console, tear_down);
      g_test_add ("/lab/ssh/vnc", Fixture, "vnc", set_up, test_console, tear_down);
      g_test_add ("/lab/ssh/sessions-10", Fixture, GUINT_TO_POINTER (10), set_up, test_sessions,
                  tear_down);
      g_test_add ("/lab/ssh/sessions-4", Fixture, GUINT_TO_POINTER (4), set_up, test_sessions,
                  tear_down);
      g_test_add ("/lab/ssh/sessions-1", Fixture, GUINT_TO_POINTER (1), set_up, test_sessions,
                  tear_down);
    }
  status = g_test_run ();
  g_clear_pointer (&shared_sshd, gh_lab_sshd_free);
  g_clear_pointer (&shared_lab, gh_lab_free);
  return status;
}
