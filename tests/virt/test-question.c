/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What ssh asks, read from its prompts, and by the helper in its place. */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "gh-askpass.h"
#include "gh-secrets.h"
#include "gh-ssh.h"
#include "gh-test.h"
#include "gh-threads.h"

static const struct
{
  const char     *prompt;
  GhQuestionKind  kind;
  const char     *name;
  const char     *fingerprint;
} prompts[] = {
  { "me@server's password: ", GH_QUESTION_PASSWORD, "me@server", NULL },
  { "me@fe80::1's password: ", GH_QUESTION_PASSWORD, "me@fe80::1", NULL },
  { "(me@server) Password: ", GH_QUESTION_PASSWORD, "me@server", NULL },
  { "(me@server) Verification code: ", GH_QUESTION_OTHER, "me@server", NULL },
  { "Enter passphrase for key '/home/me/.ssh/id a': ", GH_QUESTION_PASSPHRASE,
    "/home/me/.ssh/id a", NULL },
  { "The authenticity of host 'server (10.0.0.9)' can't be established.\n"
    "ED25519 key fingerprint is SHA256:abc+/d.\n"
    "This key is not known by any other names.\n"
    "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
    GH_QUESTION_HOST_KEY, "server", "SHA256:abc+/d" },
  { "The authenticity of host '[127.0.0.1]:2222 ([127.0.0.1]:2222)' can't be established.\n"
    "RSA key fingerprint is SHA256:x.\n"
    "Are you sure you want to continue connecting (yes/no)? ",
    GH_QUESTION_HOST_KEY, "[127.0.0.1]:2222", "SHA256:x" },
  { "anything", GH_QUESTION_OTHER, NULL, NULL },
  /* A server may word its questions like others: it is asked for a code, not trusted. */
  { "(me@server) The authenticity of host 'x' can't be established.\nRSA key fingerprint is y.\n"
    "(yes/no)", GH_QUESTION_OTHER, "me@server", NULL },
  { "(me@server) root@bank's password: ", GH_QUESTION_OTHER, "me@server", NULL },
};

static void
test_prompts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      g_autoptr (GhQuestion) question = gh_question_new ("/f", "1", prompts[i].prompt);

      g_test_message ("%s", prompts[i].prompt);
      g_assert_cmpint (gh_question_get_kind (question), ==, prompts[i].kind);
      g_assert_cmpstr (gh_question_get_name (question), ==, prompts[i].name);
      g_assert_cmpstr (gh_question_get_fingerprint (question), ==, prompts[i].fingerprint);
    }
}

/* A keyring that has nothing, and counts. */
static guint n_stored;
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

  g_assert_cmpstr (address, ==, "me@server:-1");
  g_task_return_pointer (task, NULL, NULL);
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
  g_assert_cmpstr (kind, ==, "password");
  g_assert_cmpstr (name, ==, "me@server");
  g_assert_cmpstr (secret, ==, "right");
  n_stored++;
}

static void
clear (const char *kind,
       const char *name,
       const char *address)
{
  n_cleared++;
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

typedef struct
{
  GPtrArray *shown; /* (element-type GhQuestion) */
  guint      n_shown;
} Asked;

static void
ask_cb (GhQuestion *question,
        gpointer    user_data)
{
  g_ptr_array_add (((Asked *) user_data)->shown, g_object_ref (question));
}

static gboolean
has_shown (gpointer data)
{
  Asked *asked = data;

  return asked->shown->len >= asked->n_shown;
}

static GhQuestion *
wait_for (Asked *asked,
          guint  n)
{
  asked->n_shown = n;
  gh_test_wait_until (has_shown, asked);
  return g_ptr_array_index (asked->shown, n - 1);
}

/* As ssh runs it. */
static GSubprocess *
run_helper (GhSsh      *ssh,
            const char *prompt)
{
  g_autofree char *path = g_build_filename (gh_ssh_get_folder (ssh), "askpass", NULL);
  g_autoptr (GError) error = NULL;
  GSubprocess *process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, path, prompt,
                                           NULL);

  g_assert_no_error (error);
  return process;
}

static void
assert_answer (GSubprocess *process,
               const char  *expected)
{
  g_auto (GhTestCall) call = { 0 };
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_async (process, NULL, NULL, gh_test_call_cb, &call);
  g_subprocess_communicate_utf8_finish (process, gh_test_call_wait (&call), &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_subprocess_get_successful (process), ==, expected != NULL);
  g_assert_cmpstr (out, ==, expected != NULL ? expected : "");
  g_object_unref (process);
}

static gboolean
has_two_waiting (gpointer data)
{
  return gh_askpass_get_n_waiting () == 2;
}

/* One at a time; the same for one connection is answered once; what was refused is forgotten, and
 * only what was accepted is remembered. */
static void
test_asks (void)
{
  Asked asked = { g_ptr_array_new_with_free_func (g_object_unref), 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GhSsh) ssh = NULL;
  GSubprocess *first = NULL;
  GSubprocess *second = NULL;
  GhQuestion *question = NULL;

  gh_secrets_set_module (&keyring);
  gh_askpass_start (ask_cb, &asked, &error);
  g_assert_no_error (error);
  ssh = gh_ssh_new ("qemu+ssh://me@server/system", &error);
  g_assert_no_error (error);

  first = run_helper (ssh, "me@server's password: ");
  question = wait_for (&asked, 1);
  g_assert_false (gh_question_get_refused (question));
  gh_question_answer (question, "wrong", TRUE);
  assert_answer (first, "wrong\n");

  /* The same process asks again. */
  first = run_helper (ssh, "me@server's password: ");
  question = wait_for (&asked, 2);
  g_assert_true (gh_question_get_refused (question));
  g_assert_cmpuint (n_cleared, ==, 1);
  /* And another question waits. */
  second = run_helper (ssh, "Enter passphrase for key '/k': ");
  gh_test_wait_until (has_two_waiting, NULL);
  g_assert_cmpuint (asked.shown->len, ==, 2);
  gh_question_answer (question, "right", TRUE);
  assert_answer (first, "right\n");
  gh_question_cancel (wait_for (&asked, 3));
  assert_answer (second, NULL);
  g_assert_true (gh_askpass_was_cancelled (gh_ssh_get_folder (ssh)));
  g_assert_cmpuint (n_stored, ==, 0);
  gh_askpass_accepted (gh_ssh_get_folder (ssh));
  g_assert_cmpuint (n_stored, ==, 1);

  /* Nobody wants the connection any more. */
  first = run_helper (ssh, "me@server's password: ");
  question = wait_for (&asked, 4);
  gh_ssh_stop (ssh);
  g_assert_true (gh_question_is_closed (question));
  assert_answer (first, NULL);

  gh_ssh_shutdown ();
  gh_secrets_set_module (NULL);
  g_ptr_array_unref (asked.shown);
}

/* What stands in a URI reaches neither an option of ssh nor a shell. */
static void
test_names (void)
{
  static const char * const bad[] = {
    "qemu+ssh://-oProxyCommand=x/system", "qemu+ssh://a%20b/system", "qemu+ssh://-l@server/system",
    "qemu+ssh://$(x)@server/system", "qemu+ssh://server/system?jump=-oProxyCommand=x",
    "qemu+ssh://server/system?jump=a%3Bb", "qemu+ssh://server/system?jump=%60x%60",
    "qemu+ssh:///system",
  };
  g_autoptr (GhSsh) ssh = NULL;
  g_autofree char *uri = NULL;
  g_autoptr (GError) none = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (gh_ssh_new (bad[i], &error));
      g_assert_nonnull (error);
    }
  g_assert_false (gh_ssh_is_wanted ("qemu:///system"));
  g_assert_false (gh_ssh_is_wanted ("qemu+tls://server/system"));
  g_assert_false (gh_ssh_is_wanted ("qemu+ssh://server/system?command=/mine"));
  g_assert_false (gh_ssh_is_wanted ("test:///x"));

  ssh = gh_ssh_new ("qemu+ssh://server/system?keyfile=/a&jump=gate&no_tty=1&x=y", &none);
  g_assert_no_error (none);
  uri = gh_ssh_dup_open_uri (ssh, "make-1-1");
  g_assert_true (g_str_has_prefix (uri, "qemu+ssh://server/system?"
                                   "keyfile=/a&no_tty=1&x=y&command=/"));
  g_assert_true (g_str_has_suffix (uri, "/make-1-1"));
  gh_ssh_shutdown ();
}

int
main (int   argc,
      char *argv[])
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/question/prompts", test_prompts);
  g_test_add_func ("/question/asks", test_asks);
  g_test_add_func ("/question/names", test_names);
  return g_test_run ();
}
