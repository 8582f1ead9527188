/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The questions of ssh, on a socket in the private folder of this process: our helper brings them,
 * and waits for the answer. They are shown one at a time, whoever asks; when the same is asked
 * twice for one connection, one answer is for both.
 *
 * What the user wants remembered is kept in memory until the connection is open, and only then goes
 * to the keyring. What is remembered is tried first; when ssh asks again it was refused, and is
 * forgotten.
 *
 * A host may need several logins (gh-ssh-seat.h). What was answered for the first is kept in memory
 * while the host is connected, and answers for the others. Who does not answer for another login
 * is not asked again: the host is of use without it.
 */

#define G_LOG_DOMAIN "gh-askpass"

#include "config.h"

#include "gh-askpass.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gh-secrets.h"
#include "gh-ssh.h"

/* A prompt longer than this is not read. */
#define MAX_REQUEST 8192
#define N_PARTS 3

/* One question and who waits for its answer. */
typedef struct
{
  GSocketConnection *connection; /* (owned) */
  GCancellable      *cancellable;
  GString           *request;
  GhQuestion        *question;   /* (owned) (nullable): until it is read */
  gboolean           looked_up;  /* the keyring was asked */
  gboolean           gone;       /* nobody waits any more */
} Request;

/* What the user answered. */
typedef struct
{
  char     *kind;
  char     *name;
  char     *secret;
  gboolean  remember; /* in the keyring, too */
} Answer;

/* What is known of a connection that is being opened, and of one that is open. */
typedef struct
{
  GPtrArray *answers;   /* (element-type Answer) */
  gboolean   cancelled;
  gboolean   accepted;  /* it is open, with these answers */
} Attempt;

typedef struct
{
  GSocketService *service;
  char           *path;
  GhAskpassFunc   ask;
  gpointer        user_data;
  GQueue          requests; /* (element-type Request): read, in order */
  Request        *shown;    /* (nullable) (unowned): one of them */
  GHashTable     *asked;    /* asker and prompt */
  GHashTable     *attempts; /* folder -> Attempt */
} Askpass;

static Askpass *askpass; /* (nullable) */
static int n_asking;     /* atomic: as many as there are requests */

static void show_next (void);

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  gh_secrets_free (answer->secret);
  g_free (answer->kind);
  g_free (answer->name);
  g_free (answer);
}

static void
attempt_free (gpointer data)
{
  Attempt *attempt = data;

  g_ptr_array_unref (attempt->answers);
  g_free (attempt);
}

static Attempt *
get_attempt (const char *folder)
{
  Attempt *attempt = g_hash_table_lookup (askpass->attempts, folder);

  if (attempt == NULL)
    {
      attempt = g_new0 (Attempt, 1);
      attempt->answers = g_ptr_array_new_with_free_func (answer_free);
      g_hash_table_insert (askpass->attempts, g_strdup (folder), attempt);
    }
  return attempt;
}

static void
request_free (Request *request)
{
  g_cancellable_cancel (request->cancellable);
  g_object_unref (request->cancellable);
  g_io_stream_close (G_IO_STREAM (request->connection), NULL, NULL);
  g_object_unref (request->connection);
  if (request->question != NULL)
    g_signal_handlers_disconnect_by_data (request->question, request);
  g_clear_object (&request->question);
  g_string_free (request->request, TRUE);
  g_free (request);
}

static const char *
get_kind_name (GhQuestion *question)
{
  switch (gh_question_get_kind (question))
    {
    case GH_QUESTION_PASSWORD:
      return "password";
    case GH_QUESTION_PASSPHRASE:
      return "passphrase";
    case GH_QUESTION_HOST_KEY:
    case GH_QUESTION_OTHER:
    default:
      return NULL;
    }
}

/* Answers */

static Answer *
find_answer (Attempt    *attempt,
             GhQuestion *question)
{
  const char *kind = get_kind_name (question);
  const char *name = gh_question_get_name (question);

  for (guint i = 0; kind != NULL && name != NULL && i < attempt->answers->len; i++)
    {
      Answer *answer = g_ptr_array_index (attempt->answers, i);

      if (strcmp (answer->kind, kind) == 0 && strcmp (answer->name, name) == 0)
        return answer;
    }
  return NULL;
}

static void
drop_answer (Attempt    *attempt,
             GhQuestion *question)
{
  Answer *answer = find_answer (attempt, question);

  if (answer != NULL)
    g_ptr_array_remove (attempt->answers, answer);
}

static void
keep_answer (Attempt    *attempt,
             GhQuestion *question,
             const char *text,
             gboolean    remember)
{
  Answer *answer = NULL;

  if (get_kind_name (question) == NULL || gh_question_get_name (question) == NULL)
    return;
  drop_answer (attempt, question);
  answer = g_new0 (Answer, 1);
  answer->kind = g_strdup (get_kind_name (question));
  answer->name = g_strdup (gh_question_get_name (question));
  answer->secret = g_strdup (text);
  answer->remember = remember;
  g_ptr_array_add (attempt->answers, answer);
}

/* By the pipe of the helper only; what it cannot take at once is no password. */
static void
send_answer (Request    *request,
             const char *text)
{
  int fd = g_socket_get_fd (g_socket_connection_get_socket (request->connection));
  g_autofree char *answer = g_strconcat ("+", text, "\n", NULL);

  if (send (fd, answer, strlen (answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_debug ("Nobody waits for an answer any more");
  explicit_bzero (answer, strlen (answer));
}

static void
drop_request (Request *request)
{
  g_queue_remove (&askpass->requests, request);
  g_atomic_int_set (&n_asking, (int) askpass->requests.length);
  if (askpass->shown == request)
    askpass->shown = NULL;
  request_free (request);
}

static void
answered_cb (GhQuestion *question,
             const char *text,
             gboolean    remember,
             Request    *request)
{
  g_autoptr (GhQuestion) hold = g_object_ref (question);
  Attempt *attempt = get_attempt (gh_question_get_folder (question));

  /* Nobody to ask any more is no answer; an open connection was asked for before. */
  if (text != NULL || !request->gone)
    attempt->cancelled = text == NULL;
  if (text != NULL)
    {
      keep_answer (attempt, question, text, remember);
      send_answer (request, text);
    }
  drop_request (request);

  /* Others that wait for the same. */
  for (GList *l = askpass->requests.head, *next = NULL; l != NULL; l = next)
    {
      Request *other = l->data;

      next = l->next;
      if (!gh_question_is_same (question, other->question) ||
          gh_question_get_refused (other->question))
        continue;
      if (text != NULL)
        send_answer (other, text);
      drop_request (other);
    }
  show_next ();
}

/* Asking */

static void
looked_up_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GhQuestion) question = user_data;
  const GhSecretsModule *module = gh_secrets_load ();
  char *secret = module->lookup_finish (result);

  if (secret != NULL && !gh_question_is_closed (question))
    gh_question_answer (question, secret, FALSE);
  else if (askpass != NULL && !gh_question_is_closed (question))
    askpass->ask (question, askpass->user_data);
  gh_secrets_free (secret);
}

/* TRUE when the keyring is asked: the question is shown when that has nothing. */
static gboolean
look_up (Request *request)
{
  const char *kind = get_kind_name (request->question);
  const char *name = gh_question_get_name (request->question);
  const GhSecretsModule *module = NULL;
  g_autofree char *address = gh_ssh_dup_address (gh_question_get_folder (request->question));

  if (request->looked_up || kind == NULL || name == NULL || address == NULL)
    return FALSE;
  request->looked_up = TRUE;
  module = gh_secrets_load ();
  if (module == NULL)
    return FALSE;
  if (gh_question_get_refused (request->question))
    {
      module->clear (kind, name, address);
      return FALSE;
    }
  module->lookup_async (kind, name, address, request->cancellable, looked_up_cb,
                        g_object_ref (request->question));
  return TRUE;
}

/* TRUE when it is known already, or not wanted. */
static gboolean
answer_again (GhQuestion *question)
{
  g_autoptr (GhQuestion) hold = g_object_ref (question);
  Attempt *attempt = get_attempt (gh_question_get_folder (question));
  Answer *answer = find_answer (attempt, question);
  g_autofree char *secret = NULL;

  if (!attempt->accepted || (answer == NULL && !attempt->cancelled))
    return FALSE;
  if (answer == NULL)
    {
      gh_question_cancel (question);
      return TRUE;
    }
  secret = g_strdup (answer->secret);
  gh_question_answer (question, secret, FALSE);
  explicit_bzero (secret, strlen (secret));
  return TRUE;
}

static void
show_next (void)
{
  if (askpass == NULL || askpass->shown != NULL || g_queue_is_empty (&askpass->requests))
    return;
  askpass->shown = g_queue_peek_head (&askpass->requests);
  if (!answer_again (askpass->shown->question) && !look_up (askpass->shown))
    askpass->ask (askpass->shown->question, askpass->user_data);
}

static gboolean
is_our_folder (const char *name)
{
  for (const char *c = name; *c != '\0'; c++)
    if (!g_ascii_isdigit (*c))
      return FALSE;
  return *name != '\0';
}

/* The whole request is there: three texts, each ended by a zero byte. */
static gboolean
take_request (Request *request)
{
  const char *parts[N_PARTS] = { NULL };
  const char *at = request->request->str;
  const char *end = at + request->request->len;
  g_autofree char *folder = NULL;
  g_autofree char *address = NULL;
  g_autofree char *key = NULL;

  for (guint i = 0; i < N_PARTS; i++)
    {
      parts[i] = at;
      at = memchr (at, '\0', (gsize) (end - at));
      g_assert (at != NULL);
      at++;
    }
  if (!is_our_folder (parts[0]))
    return FALSE;
  folder = g_build_filename (gh_ssh_get_folders (NULL), parts[0], NULL);
  address = gh_ssh_dup_address (folder);
  if (address == NULL)
    return FALSE;

  request->question = gh_question_new (folder, parts[1], parts[2]);
  key = g_strconcat (parts[1], "\n", parts[2], NULL);
  if (!g_hash_table_add (askpass->asked, g_steal_pointer (&key)))
    {
      gh_question_set_refused (request->question);
      drop_answer (get_attempt (folder), request->question);
    }
  g_signal_connect (request->question, "answered", G_CALLBACK (answered_cb), request);
  g_queue_push_tail (&askpass->requests, request);
  g_atomic_int_set (&n_asking, (int) askpass->requests.length);
  return TRUE;
}

static guint
count_parts (const GString *text)
{
  guint n = 0;

  for (gsize i = 0; i < text->len; i++)
    n += text->str[i] == '\0';
  return n;
}

static void read_more (Request *request);

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  Request *request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result,
                                                               &error);
  gsize length = 0;
  const char *data = NULL;

  /* Answered, and gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;
  if (length > 0 && request->question == NULL && request->request->len + length <= MAX_REQUEST)
    {
      g_string_append_len (request->request, data, (gssize) length);
      if (count_parts (request->request) < N_PARTS || take_request (request))
        {
          read_more (request);
          show_next ();
          return;
        }
    }
  /* It does not wait any more, or talks nonsense. */
  request->gone = TRUE;
  if (request->question != NULL)
    gh_question_cancel (request->question);
  else
    request_free (request);
}

static void
read_more (Request *request)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (request->connection));

  /* Nothing more comes, but the end when it gives up. */
  g_input_stream_read_bytes_async (input, 1024, G_PRIORITY_DEFAULT, request->cancellable, read_cb,
                                   request);
}

static gboolean
incoming_cb (GSocketService    *service,
             GSocketConnection *connection,
             GObject           *source,
             gpointer           user_data)
{
  g_autoptr (GCredentials) peer =
    g_socket_get_credentials (g_socket_connection_get_socket (connection), NULL);
  Request *request = NULL;

  /* Nobody else can open the folder; believe it when the kernel says so, too. */
  if (peer == NULL || g_credentials_get_unix_user (peer, NULL) != getuid ())
    return TRUE;
  request = g_new0 (Request, 1);
  request->connection = g_object_ref (connection);
  request->cancellable = g_cancellable_new ();
  request->request = g_string_new (NULL);
  read_more (request);
  return TRUE;
}

/**
 * gh_askpass_start:
 * @ask: shows a question
 * @user_data: for @ask
 * @error: (out): why ssh cannot ask
 *
 * From now on ssh asks here and not in a terminal.
 *
 * Returns: whether it does
 */
gboolean
gh_askpass_start (GhAskpassFunc   ask,
                  gpointer        user_data,
                  GError        **error)
{
  const char *folder = gh_ssh_get_folders (error);
  g_autoptr (GSocketService) service = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *path = NULL;

  g_return_val_if_fail (askpass == NULL, FALSE);

  if (folder == NULL)
    return FALSE;
  path = g_build_filename (folder, "ask", NULL);
  g_unlink (path);
  address = g_unix_socket_address_new (path);
  service = g_socket_service_new ();
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, error))
    return FALSE;
  askpass = g_new0 (Askpass, 1);
  askpass->service = g_steal_pointer (&service);
  askpass->path = g_steal_pointer (&path);
  askpass->ask = ask;
  askpass->user_data = user_data;
  askpass->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  askpass->attempts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, attempt_free);
  g_queue_init (&askpass->requests);
  g_signal_connect (askpass->service, "incoming", G_CALLBACK (incoming_cb), NULL);
  return TRUE;
}

/**
 * gh_askpass_stop:
 *
 * Gives up all questions; ssh asks in the terminal again.
 */
void
gh_askpass_stop (void)
{
  Askpass *self = g_steal_pointer (&askpass);
  Request *request = NULL;

  if (self == NULL)
    return;
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_unlink (self->path);
  while ((request = g_queue_pop_head (&self->requests)) != NULL)
    {
      g_autoptr (GhQuestion) question = g_object_ref (request->question);

      request_free (request);
      gh_question_cancel (question);
    }
  g_atomic_int_set (&n_asking, 0);
  g_object_unref (self->service);
  g_hash_table_unref (self->asked);
  g_hash_table_unref (self->attempts);
  g_free (self->path);
  g_free (self);
}

guint
gh_askpass_get_n_waiting (void)
{
  return askpass != NULL ? askpass->requests.length : 0;
}

gboolean
gh_askpass_is_asking (void)
{
  return g_atomic_int_get (&n_asking) > 0;
}

/**
 * gh_askpass_withdraw:
 * @folder: of a connection that nobody wants any more
 *
 * Closes its questions without an answer.
 */
void
gh_askpass_withdraw (const char *folder)
{
  gboolean again = TRUE;

  if (askpass == NULL)
    return;
  while (again)
    {
      again = FALSE;
      for (GList *l = askpass->requests.head; l != NULL && !again; l = l->next)
        {
          Request *request = l->data;

          if (strcmp (gh_question_get_folder (request->question), folder) == 0)
            {
              gh_question_cancel (request->question);
              again = TRUE;
            }
        }
    }
  g_hash_table_remove (askpass->attempts, folder);
}

static void
store (const char   *folder,
       const Answer *answer)
{
  const GhSecretsModule *module = gh_secrets_load ();
  g_autofree char *address = gh_ssh_dup_address (folder);
  /* Translators: the name of a password in the keyring; %s is “user@computer”, or the file of a
   * key. */
  g_autofree char *label = g_strdup_printf (_("ssh of Guesthouse: %s"), answer->name);

  if (module != NULL && address != NULL)
    module->store (answer->kind, answer->name, address, label, answer->secret);
}

/**
 * gh_askpass_accepted:
 * @folder: of a connection that is open now
 *
 * Remembers what was to be remembered, and keeps the rest for further logins of the connection.
 */
void
gh_askpass_accepted (const char *folder)
{
  Attempt *attempt = askpass != NULL ? g_hash_table_lookup (askpass->attempts, folder) : NULL;

  if (attempt == NULL)
    return;
  attempt->accepted = TRUE;
  attempt->cancelled = FALSE;
  for (guint i = 0; i < attempt->answers->len; i++)
    {
      Answer *answer = g_ptr_array_index (attempt->answers, i);

      if (answer->remember)
        store (folder, answer);
      answer->remember = FALSE;
    }
}

/**
 * gh_askpass_forget:
 * @folder: of a connection that is not used any more
 *
 * Drops what was kept for further logins.
 */
void
gh_askpass_forget (const char *folder)
{
  if (askpass != NULL)
    g_hash_table_remove (askpass->attempts, folder);
}

/**
 * gh_askpass_was_cancelled:
 * @folder: of a connection that failed
 *
 * Returns: whether the user did not want to answer; not when it was open before
 */
gboolean
gh_askpass_was_cancelled (const char *folder)
{
  Attempt *attempt = askpass != NULL ? g_hash_table_lookup (askpass->attempts, folder) : NULL;

  return attempt != NULL && attempt->cancelled && !attempt->accepted;
}
