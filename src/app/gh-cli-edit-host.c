/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Changes a host of the library, as the window does: another address has to be connected before it
 * is saved in the place of the old one. */

#define G_LOG_DOMAIN "gh-cli-edit-host"

#include "config.h"

#include "gh-cli-hosts.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-host-address.h"
#include "gh-host-label.h"
#include "gh-saved-hosts.h"

typedef struct
{
  char     *name;
  char     *uri;
  char     *computer;
  char     *user;
  char     *port;
  char     *key_file;
  char     *jump;
  char     *autoconnect;
  gboolean  connects;    /* what that means */
} EditOptions;

static void
edit_options_clear (EditOptions *options)
{
  g_free (options->name);
  g_free (options->uri);
  g_free (options->computer);
  g_free (options->user);
  g_free (options->port);
  g_free (options->key_file);
  g_free (options->jump);
  g_free (options->autoconnect);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EditOptions, edit_options_clear)

static gboolean
fail_usage (const char  *message,
            GError     **error)
{
  g_set_error_literal (error, GH_CLI_ERROR, GH_CLI_ERROR_USAGE, message);
  return FALSE;
}

static gboolean
has_parts (const EditOptions *options)
{
  return options->computer != NULL || options->user != NULL || options->port != NULL ||
         options->key_file != NULL || options->jump != NULL;
}

static gboolean
check_options (EditOptions  *options,
               GError      **error)
{
  const char *answer = options->autoconnect;

  if (options->name != NULL)
    g_strstrip (options->name);
  if (answer != NULL && strcmp (answer, "yes") != 0 && strcmp (answer, "no") != 0)
    return fail_usage (_("--autoconnect is yes or no"), error);
  options->connects = g_strcmp0 (answer, "yes") == 0;
  if (options->uri != NULL && has_parts (options))
    return fail_usage (_("A URI says everything itself: only --name and --autoconnect go with it"),
                       error);
  if (options->name == NULL && answer == NULL && options->uri == NULL && !has_parts (options))
    return fail_usage (_("Say what is to be changed: --name, --autoconnect, or the address"),
                       error);
  return options->name == NULL || gh_saved_hosts_check_name (options->name, error);
}

/* What is given, and may be empty, instead of what was there. */
static void
change_part (char       **part,
             const char  *given)
{
  if (given == NULL)
    return;
  g_free (*part);
  *part = g_strdup (given);
}

static gboolean
change_parts (GhHostAddress      *address,
              const EditOptions  *options,
              GError            **error)
{
  gboolean ssh = address->kind == GH_ADDRESS_SSH;
  guint64 port = 0;

  if (!ssh && address->kind != GH_ADDRESS_TLS && address->kind != GH_ADDRESS_TCP)
    return fail_usage (_("The address of this host has no such parts: change it with --uri"),
                       error);
  if (!ssh && (options->user != NULL || options->key_file != NULL || options->jump != NULL))
    return fail_usage (_("A user, --key and --jump are for ssh"), error);
  change_part (&address->computer, options->computer);
  change_part (&address->user, options->user);
  change_part (&address->jump, options->jump);
  if (options->key_file != NULL)
    {
      g_free (address->key_file);
      address->key_file = *options->key_file != '\0'
                          ? g_canonicalize_filename (options->key_file, NULL) : NULL;
    }
  if (options->port == NULL)
    return TRUE;
  /* What is no port is said by the check of the address. */
  address->port = *options->port == '\0' ? 0 : G_MAXUINT;
  if (g_ascii_string_to_unsigned (options->port, 10, 1, G_MAXUINT16, &port, NULL))
    address->port = (guint) port;
  return TRUE;
}

/* The address from now on; that of before when nothing is said of it. */
static char *
make_uri (const char         *uri,
          const EditOptions  *options,
          GError            **error)
{
  g_autoptr (GhHostAddress) address = NULL;

  if (options->uri != NULL)
    {
      address = gh_host_address_new ();
      address->kind = GH_ADDRESS_OTHER;
      address->uri = g_strdup (options->uri);
      return gh_host_address_to_uri (address, error);
    }
  if (!has_parts (options))
    return g_strdup (uri);
  address = gh_host_address_new_from_uri (uri);
  return change_parts (address, options, error) ? gh_host_address_to_uri (address, error) : NULL;
}

static gboolean
save (GhCli             *self,
      const char        *old,
      const char        *uri,
      const EditOptions *options)
{
  g_autofree char *name = NULL;

  /* The address comes last: a window that sees it asks at once what is known of it. */
  if (options->autoconnect != NULL)
    gh_saved_hosts_add (old, options->connects);
  if (options->name != NULL)
    gh_saved_hosts_set_name (old, options->name);
  gh_saved_hosts_replace (old, uri);
  /* A dconf that cannot write has the old value again. */
  gh_saved_hosts_sync ();
  name = gh_saved_hosts_dup_name (uri);
  if (!gh_saved_hosts_are_kept () || !gh_saved_hosts_has (uri) ||
      (options->name != NULL && g_strcmp0 (name != NULL ? name : "", options->name) != 0))
    return FALSE;
  if (strcmp (old, uri) != 0)
    gh_cli_forget_host (self, old);
  return TRUE;
}

/* Its address is connected, when it is another one. */
static GhCliStatus
finish (GhCli             *self,
        const char        *old,
        const char        *uri,
        const EditOptions *options)
{
  g_autofree char *saved = NULL;
  g_autofree char *label = NULL;
  JsonObject *object = NULL;

  if (!self->dry_run && !save (self, old, uri, options))
    return gh_cli_fail_to_save_host (self);
  saved = gh_cli_dup_saved_host (uri, &label);
  if (saved == NULL)
    label = gh_host_label_new (uri);
  if (self->dry_run)
    gh_cli_print (self, _("“%s” would be changed\n"), label);
  else
    gh_cli_print (self, gh_saved_hosts_get_connects (uri)
                        ? _("“%s” was changed; it is connected at start\n")
                        : _("“%s” was changed; it is connected when asked for\n"), label);
  object = json_object_new ();
  gh_cli_describe_host (object, uri, label);
  if (!self->dry_run)
    json_object_set_boolean_member (object, "connects", gh_saved_hosts_get_connects (uri));
  json_object_set_boolean_member (object, "changed", !self->dry_run);
  if (self->host != NULL)
    json_object_set_int_member (object, "machines", gh_host_get_n_machines (self->host));
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}

GhCliStatus
gh_cli_edit_host (GhCli      *self,
                  const char *verb,
                  int         argc,
                  char      **argv)
{
  g_auto (EditOptions) options = { NULL };
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &options.name,
      N_("What you call it; empty: as its address"), N_("NAME") },
    { "autoconnect", 0, 0, G_OPTION_ARG_STRING, &options.autoconnect,
      N_("Whether it is connected when Guesthouse starts"), "yes|no" },
    { "uri", 0, 0, G_OPTION_ARG_STRING, &options.uri, N_("Another address"), N_("URI") },
    { "computer", 0, 0, G_OPTION_ARG_STRING, &options.computer,
      N_("In its address, another computer"), N_("COMPUTER") },
    { "user", 0, 0, G_OPTION_ARG_STRING, &options.user, N_("Another user there; of ssh"),
      N_("NAME") },
    { "port", 0, 0, G_OPTION_ARG_STRING, &options.port,
      N_("Another port; empty: the usual one"), N_("N") },
    { "key", 0, 0, G_OPTION_ARG_FILENAME, &options.key_file,
      N_("Another private key; of ssh; empty: what ssh finds"), N_("FILE") },
    { "jump", 0, 0, G_OPTION_ARG_STRING, &options.jump,
      N_("Another computer to go through; of ssh; empty: none"), N_("[USER@]COMPUTER") },
    { NULL },
  };
  GhCliStatus status = GH_CLI_DONE;
  g_auto (GStrv) words = gh_cli_parse_host (self, verb, entries, 1, argc, argv, &status);
  g_autoptr (GError) error = NULL;
  g_autofree char *old = NULL;
  g_autofree char *uri = NULL;

  if (words == NULL)
    return status;
  if (!check_options (&options, &error))
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  old = gh_cli_dup_saved_host (words[0], NULL);
  if (old == NULL)
    return gh_cli_fail_unknown_host (self, words[0]);
  uri = make_uri (old, &options, &error);
  if (uri == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  if (strcmp (uri, old) != 0 && gh_saved_hosts_has (uri))
    return gh_cli_fail (self, GH_CLI_REFUSED, _("This host is in the list already."), NULL);

  gh_cli_print (self, "%s\n", uri);
  self->uri = g_strdup (uri);
  if (strcmp (uri, old) != 0 && !gh_cli_connect (self, &error))
    return gh_cli_fail_to_connect_host (self, error);
  return finish (self, old, uri, &options);
}
