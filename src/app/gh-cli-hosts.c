/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Verbs about the hosts of the library, which the window shows too: what is added or removed here
 * is there at once. As in the window, a host is connected before it is kept. */

#define G_LOG_DOMAIN "gh-cli-hosts"

#include "config.h"

#include "gh-cli-hosts.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-askpass.h"
#include "gh-command.h"
#include "gh-connect-error.h"
#include "gh-host-address.h"
#include "gh-host-label.h"
#include "gh-saved-hosts.h"
#include "gh-secrets.h"
#include "gh-text.h"
#include "gh-virt-error.h"

/* One host while it is tried, beside others. */
typedef struct
{
  GhHost  *host;  /* (owned) */
  GError  *error; /* (nullable): why it does not answer */
  GTask   *all;   /* (owned) (nullable): ends with the last one */
} Trial;

static void
trial_free (gpointer data)
{
  Trial *trial = data;

  if (trial->host != NULL)
    gh_host_disconnect (trial->host);
  g_clear_object (&trial->host);
  g_clear_error (&trial->error);
  g_clear_object (&trial->all);
  g_free (trial);
}

static void
set_string (JsonObject *object,
            const char *name,
            char       *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
  g_free (value);
}

void
gh_cli_describe_host (JsonObject *object,
                      const char *uri,
                      const char *label)
{
  json_object_set_string_member (object, "host", uri);
  json_object_set_string_member (object, "name", label);
}

GStrv
gh_cli_parse_host (GhCli               *self,
                   const char          *verb,
                   const GOptionEntry  *entries,
                   guint                n_arguments,
                   int                  argc,
                   char               **argv,
                   GhCliStatus         *status)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, n_arguments, 0, argc, argv, &error);

  *status = GH_CLI_DONE;
  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return NULL;
  if (words == NULL)
    *status = gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  else if (self->uri != NULL)
    *status = gh_cli_fail (self, GH_CLI_USAGE,
                           n_arguments > 0 ? _("The host is named after the verb, without -c")
                                           : _("This verb is about all hosts, and takes no -c"),
                           NULL);
  return *status == GH_CLI_DONE ? g_steal_pointer (&words) : NULL;
}

GhCliStatus
gh_cli_fail_to_save_host (GhCli *self)
{
  return gh_cli_fail (self, GH_CLI_FAILED, _("The list of hosts could not be saved"), NULL);
}

void
gh_cli_forget_host (GhCli      *self,
                    const char *uri)
{
  g_autoptr (GAsyncResult) result = NULL;

  gh_secrets_forget_host_async (uri, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  gh_secrets_forget_host_finish (result);
}

/* hosts */

static void
trial_ready_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  Trial *trial = user_data;
  g_autoptr (GTask) all = g_steal_pointer (&trial->all);
  guint *n_left = g_task_get_task_data (all);

  (void) gh_host_ready_finish (GH_HOST (object), result, &trial->error);
  if (--*n_left == 0)
    g_task_return_boolean (all, TRUE);
}

/* Several may ask at once, and nobody could tell whose password is wanted. */
static void
decline_cb (GhQuestion *question,
            gpointer    user_data)
{
  gh_question_cancel (question);
}

/* Returns: (element-type Trial): in the same order. */
static GPtrArray *
try_hosts (GhCli *self,
           GStrv  uris)
{
  g_autoptr (GTask) all = g_task_new (NULL, NULL, gh_cli_call_cb, self);
  g_autoptr (GAsyncResult) result = NULL;
  GPtrArray *trials = g_ptr_array_new_with_free_func (trial_free);
  guint *n_left = g_new (guint, 1);
  gboolean asks = gh_askpass_start (decline_cb, NULL, NULL);

  *n_left = g_strv_length (uris);
  g_task_set_task_data (all, n_left, g_free);
  for (guint i = 0; uris[i] != NULL; i++)
    {
      Trial *trial = g_new0 (Trial, 1);

      trial->host = gh_host_new (uris[i]);
      trial->all = g_object_ref (all);
      g_ptr_array_add (trials, trial);
      gh_host_ready_async (trial->host, self->cancellable, trial_ready_cb, trial);
    }
  result = gh_cli_wait (self);
  if (asks)
    gh_askpass_stop ();
  return trials;
}

static char *
dup_n_machines (GhHost *host)
{
  guint n = gh_host_get_n_machines (host);

  return g_strdup_printf (ngettext ("%u machine", "%u machines", n), n);
}

/* Why it does not answer, and what helps. */
static void
show_error (GhCli        *self,
            const char   *uri,
            const GError *error,
            JsonObject   *object)
{
  g_autofree char *quoted = gh_command_dup_quoted (uri);
  g_autofree char *sentence = NULL;
  g_autofree char *advice = NULL;
  g_autofree char *command = NULL;

  if (g_error_matches (error, GH_CONNECT_ERROR, GH_CONNECT_ERROR_CANCELLED))
    {
      sentence = g_strdup (_("It asks for a password, or whether its key is the right one."));
      advice = g_strdup (_("Tried by itself, it asks in the terminal."));
      command = g_strdup_printf ("guesthouse test-host %s", quoted);
    }
  else
    {
      sentence = gh_error_dup_sentence (error);
      advice = gh_error_dup_advice (error);
      command = gh_error_dup_command (error);
    }
  gh_cli_print (self, "    %s\n", sentence);
  if (advice != NULL)
    gh_cli_print (self, "    %s\n", advice);
  if (command != NULL)
    gh_cli_print (self, "      %s\n", command);
  set_string (object, "error", g_steal_pointer (&sentence));
  set_string (object, "advice", g_steal_pointer (&advice));
  set_string (object, "command", g_steal_pointer (&command));
  set_string (object, "details", gh_error_dup_details (error));
}

static void
show_trial (GhCli      *self,
            Trial      *trial,
            JsonObject *object)
{
  g_autofree char *machines = dup_n_machines (trial->host);

  json_object_set_boolean_member (object, "connected", trial->error == NULL);
  if (trial->error != NULL)
    {
      show_error (self, gh_host_get_uri (trial->host), trial->error, object);
      return;
    }
  json_object_set_int_member (object, "machines", gh_host_get_n_machines (trial->host));
  /* Translators: a host; %s is “3 machines”. */
  gh_cli_print (self, _("    It answers: %s\n"), machines);
}

/* How many columns the widest of them takes. */
static guint
get_widest (char **texts)
{
  guint widest = 0;

  for (guint i = 0; texts[i] != NULL; i++)
    widest = MAX (widest, gh_text_get_columns (texts[i]));
  return widest;
}

GhCliStatus
gh_cli_hosts (GhCli      *self,
              const char *verb,
              int         argc,
              char      **argv)
{
  gboolean tries = FALSE;
  const GOptionEntry entries[] = {
    { "try", 0, 0, G_OPTION_ARG_NONE, &tries, N_("Connect them all, to see which ones answer"),
      NULL },
    { NULL },
  };
  GhCliStatus status = GH_CLI_DONE;
  g_auto (GStrv) words = gh_cli_parse_host (self, verb, entries, 0, argc, argv, &status);
  g_auto (GStrv) uris = NULL;
  g_auto (GStrv) labels = NULL;
  g_autoptr (GPtrArray) trials = NULL;
  JsonObject *object = NULL;
  JsonArray *array = NULL;
  guint label_width = 0;
  guint uri_width = 0;

  if (words == NULL)
    return status;
  uris = gh_saved_hosts_dup_uris ();
  labels = gh_host_labels_new ((const char * const *) uris);
  label_width = get_widest (labels);
  uri_width = get_widest (uris);
  trials = tries && uris[0] != NULL ? try_hosts (self, uris) : NULL;
  array = json_array_new ();
  for (guint i = 0; uris[i] != NULL; i++)
    {
      Trial *trial = trials != NULL ? g_ptr_array_index (trials, i) : NULL;
      g_autofree char *label = gh_text_dup_padded (labels[i], label_width);
      g_autofree char *uri = gh_text_dup_padded (uris[i], uri_width);

      object = json_object_new ();
      gh_cli_describe_host (object, uris[i], labels[i]);
      json_object_set_boolean_member (object, "connects", gh_saved_hosts_get_connects (uris[i]));
      gh_cli_print (self, "%s  %s  %s\n", label, uri,
                    gh_saved_hosts_get_connects (uris[i]) ? _("connected at start")
                                                          : _("connected when asked for"));
      if (trial != NULL)
        show_trial (self, trial, object);
      if (trial != NULL && trial->error != NULL)
        status = GH_CLI_FAILED;
      json_array_add_object_element (array, object);
    }
  object = json_object_new ();
  json_object_set_array_member (object, "hosts", array);
  gh_cli_take_json (self, object);
  return status;
}

/* test-host, remove-host */

char *
gh_cli_dup_saved_host (const char  *word,
                       char       **label)
{
  g_auto (GStrv) uris = gh_saved_hosts_dup_uris ();
  g_auto (GStrv) labels = gh_host_labels_new ((const char * const *) uris);

  for (guint i = 0; uris[i] != NULL; i++)
    if (strcmp (uris[i], word) == 0 || strcmp (labels[i], word) == 0)
      {
        if (label != NULL)
          *label = g_strdup (labels[i]);
        return g_strdup (uris[i]);
      }
  return NULL;
}

char *
gh_cli_dup_host_uri (const char *word)
{
  char *uri = gh_cli_dup_saved_host (word, NULL);

  return uri != NULL ? uri : g_strdup (word);
}

GhCliStatus
gh_cli_fail_unknown_host (GhCli      *self,
                          const char *word)
{
  g_autofree char *what = g_strdup_printf (_("There is no host “%s” in the list"), word);

  return gh_cli_fail (self, GH_CLI_FAILED, what, NULL);
}

GhCliStatus
gh_cli_fail_to_connect_host (GhCli        *self,
                             const GError *error)
{
  return gh_cli_fail (self, GH_CLI_FAILED, _("The host could not be connected"), error);
}

GhCliStatus
gh_cli_test_host (GhCli      *self,
                  const char *verb,
                  int         argc,
                  char      **argv)
{
  GhCliStatus status = GH_CLI_DONE;
  g_auto (GStrv) words = gh_cli_parse_host (self, verb, NULL, 1, argc, argv, &status);
  g_autoptr (GError) error = NULL;
  g_autofree char *label = NULL;
  g_autofree char *machines = NULL;
  JsonObject *object = NULL;

  if (words == NULL)
    return status;
  self->uri = gh_cli_dup_saved_host (words[0], &label);
  if (self->uri == NULL && strstr (words[0], ":/") == NULL)
    return gh_cli_fail_unknown_host (self, words[0]);
  if (self->uri == NULL)
    {
      self->uri = g_strdup (words[0]);
      label = gh_host_label_new (self->uri);
    }
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail_to_connect_host (self, error);

  machines = dup_n_machines (self->host);
  /* Translators: the name of a host; “3 machines”. */
  gh_cli_print (self, _("“%s” answers: %s\n"), label, machines);
  object = json_object_new ();
  gh_cli_describe_host (object, self->uri, label);
  json_object_set_boolean_member (object, "connected", TRUE);
  json_object_set_int_member (object, "machines", gh_host_get_n_machines (self->host));
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}

GhCliStatus
gh_cli_remove_host (GhCli      *self,
                    const char *verb,
                    int         argc,
                    char      **argv)
{
  GhCliStatus status = GH_CLI_DONE;
  g_auto (GStrv) words = gh_cli_parse_host (self, verb, NULL, 1, argc, argv, &status);
  g_autofree char *label = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *question = NULL;
  g_auto (GStrv) uris = NULL;
  JsonObject *object = NULL;

  if (words == NULL)
    return status;
  uri = gh_cli_dup_saved_host (words[0], &label);
  if (uri == NULL)
    return gh_cli_fail_unknown_host (self, words[0]);

  /* What is listed at a first start, and now alone, would come back at once. */
  uris = gh_saved_hosts_dup_uris ();
  if (uris[1] == NULL && gh_saved_hosts_is_default (uri))
    return gh_cli_fail (self, GH_CLI_REFUSED,
                        _("This host is listed while there is no other one"), NULL);

  question = g_strdup_printf (_("Remove “%s” from the list?"), label);
  gh_cli_print (self, "%s\n%s\n", uri, _("Its machines stay as they are, and go on running. The "
                                         "host can be added again."));
  if (!self->dry_run && !self->yes && self->terminal && !self->json && !gh_cli_ask (self, question))
    {
      gh_cli_tell_no (self);
      return GH_CLI_REFUSED;
    }
  if (!self->dry_run)
    {
      gh_saved_hosts_remove (uri);
      gh_saved_hosts_sync ();
      if (gh_saved_hosts_has (uri))
        return gh_cli_fail_to_save_host (self);
      gh_cli_forget_host (self, uri);
      gh_cli_print (self, _("“%s” was removed from the list\n"), label);
    }
  object = json_object_new ();
  gh_cli_describe_host (object, uri, label);
  json_object_set_boolean_member (object, "removed", !self->dry_run);
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}

/* add-host */

typedef struct
{
  char     *transport;
  char     *user;
  char     *key_file;
  char     *jump;
  int       port;
  gboolean  own;
  gboolean  no_connect;
} AddOptions;

static void
add_options_clear (AddOptions *options)
{
  g_free (options->transport);
  g_free (options->user);
  g_free (options->key_file);
  g_free (options->jump);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AddOptions, add_options_clear)

static gboolean
read_transport (const AddOptions  *options,
                GhAddressKind     *kind,
                GError           **error)
{
  static const struct
  {
    const char    *name;
    GhAddressKind  kind;
  } known[] = {
    { "ssh", GH_ADDRESS_SSH },
    { "tls", GH_ADDRESS_TLS },
    { "tcp", GH_ADDRESS_TCP },
  };

  *kind = GH_ADDRESS_SSH;
  for (guint i = 0; options->transport != NULL && i < G_N_ELEMENTS (known); i++)
    if (strcmp (options->transport, known[i].name) == 0)
      {
        *kind = known[i].kind;
        return TRUE;
      }
  if (options->transport == NULL)
    return TRUE;
  g_set_error (error, GH_CLI_ERROR, GH_CLI_ERROR_USAGE,
               _("--transport is ssh, tls or tcp, not “%s”"), options->transport);
  return FALSE;
}

/* The URI that the window's fields would form. */
static char *
make_uri (const char        *word,
          const AddOptions  *options,
          GError           **error)
{
  g_autoptr (GhHostAddress) address = gh_host_address_new ();
  const char *at = strrchr (word, '@');
  gboolean for_ssh = options->user != NULL || options->key_file != NULL || options->jump != NULL ||
                     at != NULL;

  if (strstr (word, ":/") != NULL)
    {
      if (options->transport == NULL && options->user == NULL && options->key_file == NULL &&
          options->jump == NULL && options->port == 0 && !options->own)
        {
          address->kind = GH_ADDRESS_OTHER;
          address->uri = g_strdup (word);
          return gh_host_address_to_uri (address, error);
        }
      g_set_error_literal (error, GH_CLI_ERROR, GH_CLI_ERROR_USAGE,
                           _("A URI says everything itself: only --no-connect goes with it"));
      return NULL;
    }
  if (!read_transport (options, &address->kind, error))
    return NULL;
  if (address->kind != GH_ADDRESS_SSH && for_ssh)
    {
      g_set_error_literal (error, GH_CLI_ERROR, GH_CLI_ERROR_USAGE,
                           _("A user, --key and --jump are for ssh"));
      return NULL;
    }
  address->user = at != NULL && options->user == NULL ? g_strndup (word, (gsize) (at - word))
                                                      : g_strdup (options->user);
  address->computer = g_strdup (at != NULL && options->user == NULL ? at + 1 : word);
  address->key_file = options->key_file != NULL ? g_canonicalize_filename (options->key_file, NULL)
                                                : NULL;
  address->jump = g_strdup (options->jump);
  address->own = options->own;
  /* What is no port is said by the check of the address. */
  address->port = options->port >= 0 ? (guint) options->port : G_MAXUINT;
  return gh_host_address_to_uri (address, error);
}

/* Connected: kept, unless it is only tried. */
static GhCliStatus
keep_host (GhCli    *self,
           gboolean  connects)
{
  g_autofree char *label = NULL;
  JsonObject *object = NULL;

  if (!self->dry_run)
    {
      gh_saved_hosts_add (self->uri, connects);
      /* A dconf that cannot write has the old value again. */
      gh_saved_hosts_sync ();
      if (!gh_saved_hosts_are_kept () || !gh_saved_hosts_has (self->uri))
        return gh_cli_fail_to_save_host (self);
    }
  label = gh_host_label_new (self->uri);
  if (self->dry_run)
    gh_cli_print (self, _("“%s” answers, and would be added\n"), label);
  else
    gh_cli_print (self, connects ? _("“%s” was added; it is connected at start\n")
                                 : _("“%s” was added; it is connected when asked for\n"), label);
  object = json_object_new ();
  gh_cli_describe_host (object, self->uri, label);
  json_object_set_boolean_member (object, "connects", connects);
  json_object_set_boolean_member (object, "added", !self->dry_run);
  json_object_set_int_member (object, "machines", gh_host_get_n_machines (self->host));
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}

GhCliStatus
gh_cli_add_host (GhCli      *self,
                 const char *verb,
                 int         argc,
                 char      **argv)
{
  g_auto (AddOptions) options = { NULL };
  const GOptionEntry entries[] = {
    { "transport", 0, 0, G_OPTION_ARG_STRING, &options.transport,
      N_("How to get there: ssh, tls or tcp"), N_("NAME") },
    { "user", 0, 0, G_OPTION_ARG_STRING, &options.user, N_("The user there; of ssh"), N_("NAME") },
    { "port", 0, 0, G_OPTION_ARG_INT, &options.port, N_("Another port than the usual one"),
      N_("N") },
    { "own", 0, 0, G_OPTION_ARG_NONE, &options.own,
      N_("The user’s own machines there, not those of the system"), NULL },
    { "key", 0, 0, G_OPTION_ARG_FILENAME, &options.key_file, N_("The private key; of ssh"),
      N_("FILE") },
    { "jump", 0, 0, G_OPTION_ARG_STRING, &options.jump, N_("A computer to go through; of ssh"),
      N_("[USER@]COMPUTER") },
    { "no-connect", 0, 0, G_OPTION_ARG_NONE, &options.no_connect,
      N_("Do not connect it when Guesthouse starts"), NULL },
    { NULL },
  };
  GhCliStatus status = GH_CLI_DONE;
  g_auto (GStrv) words = gh_cli_parse_host (self, verb, entries, 1, argc, argv, &status);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  g_auto (GStrv) saved = NULL;

  if (words == NULL)
    return status;
  uri = make_uri (words[0], &options, &error);
  if (uri == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  saved = gh_saved_hosts_dup_uris ();
  if (g_strv_contains ((const char * const *) saved, uri))
    return gh_cli_fail (self, GH_CLI_REFUSED, _("This host is in the list already."), NULL);

  gh_cli_print (self, "%s\n", uri);
  self->uri = g_steal_pointer (&uri);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail_to_connect_host (self, error);
  return keep_host (self, !options.no_connect);
}
