/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Why a host cannot be connected, in words and with what helps: a table over the (English) texts of
 * ssh, of the programs at the far end, and of libvirt. What no row fits stays libvirt's error.
 * Any thread. */

#define G_LOG_DOMAIN "gh-connect-error"

#include "config.h"

#include "gh-connect-error.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-virt-error.h"

typedef struct
{
  const char *sentence; /* (nullable) untranslated */
  char       *advice;   /* (nullable) */
  char       *command;  /* (nullable) */
  gboolean    needs_user;
} GhConnectErrorPrivate;

static void
gh_connect_error_private_init (GhConnectErrorPrivate *priv)
{
}

static void
gh_connect_error_private_copy (const GhConnectErrorPrivate *from,
                               GhConnectErrorPrivate       *to)
{
  to->sentence = from->sentence;
  to->advice = g_strdup (from->advice);
  to->command = g_strdup (from->command);
  to->needs_user = from->needs_user;
}

static void
gh_connect_error_private_clear (GhConnectErrorPrivate *priv)
{
  g_free (priv->advice);
  g_free (priv->command);
}

G_DEFINE_EXTENDED_ERROR (GhConnectError, gh_connect_error)

typedef enum
{
  ANY = 0,
  LOCAL = 1 << 0,
  SSH = 1 << 1,
  NET = 1 << 2, /* TLS and TCP */
} Transport;

typedef enum
{
  RETRY,
  NEEDS_USER,
} Next;

typedef struct
{
  GhConnectErrorCode  code;
  Transport           transport;
  const char         *part;    /* of the text */
  const char         *also;    /* (nullable): of the text, too */
  const char         *sentence;
  const char         *advice;  /* (nullable) */
  /* (nullable): {computer} and {login} are replaced; what begins with “@” is to be run on the host
   * itself. */
  const char         *command;
  Next                next;
} Row;

#define TIMED_OUT_SENTENCE N_("The computer did not answer in time.")
#define TIMED_OUT_ADVICE \
  N_("Is it switched on, and is the address right? A firewall may also drop the connection.")
#define NAME_SENTENCE N_("There is no computer of this name.")
#define NAME_ADVICE \
  N_("Check how the name is written. Names of the home network may need an ending such as " \
     "“.local” or “.lan”.")
#define ROUTE_SENTENCE N_("There is no way to this computer.")
#define ROUTE_ADVICE \
  N_("Check the network connection of this computer, and a VPN if one is needed.")
#define GROUP_SENTENCE N_("The user may not manage the machines of this host.")
#define GROUP_ADVICE \
  N_("Become a member of the group “libvirt” there, which means full rights on that computer, " \
     "and log in anew.")
#define GROUP_COMMAND "@sudo usermod -aG libvirt {user}"
#define OFF_SENTENCE N_("The host's libvirt service is not running.")
#define OFF_ADVICE N_("Start it.")
#define OFF_COMMAND "@sudo systemctl enable --now libvirtd.socket"
#define MISSING_SENTENCE N_("Libvirt is not installed on the host.")
#define MISSING_ADVICE N_("Install it there.")
#define MISSING_COMMAND "@sudo apt install libvirt-daemon-system"
#define LOGIN_SENTENCE N_("The computer did not accept the login.")
#define HELPER_SENTENCE N_("The host has no program that hands ssh on to libvirt.")
#define HELPER_ADVICE N_("Install libvirt or netcat there.")
#define HELPER_COMMAND "@sudo apt install libvirt-daemon-system netcat-openbsd"

/* The first row that fits wins. */
static const Row rows[] = {
  /* ssh */
  { GH_CONNECT_ERROR_HOST_KEY_CHANGED, SSH, "REMOTE HOST IDENTIFICATION HAS CHANGED", NULL,
    N_("The computer shows another key than before, so it was not connected."),
    N_("Either it was installed anew, or somebody pretends to be it. Ask who looks after it; only "
       "when the key was really changed, make ssh forget the old one."),
    "ssh-keygen -R {known}", NEEDS_USER },
  { GH_CONNECT_ERROR_HOST_KEY_UNKNOWN, SSH, "Host key verification failed", NULL,
    N_("It is not certain that this is the right computer: its key is not known yet."),
    N_("Connect again, and compare the fingerprint that is shown with the computer’s own."),
    NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_KEY_EXPOSED, SSH, "UNPROTECTED PRIVATE KEY FILE", NULL,
    N_("Others may read the private key, so ssh does not use it."),
    N_("Take the right to read it from them."), "chmod 600 {key}", NEEDS_USER },
  { GH_CONNECT_ERROR_KEY_MISSING, SSH, "Identity file ", " not accessible",
    N_("The private key cannot be opened."),
    N_("Check the path of the key."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_TOO_MANY_KEYS, SSH, "Too many authentication failures", NULL,
    N_("The computer refused too many keys in a row."),
    N_("Choose the right private key for this host."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_KEY_REFUSED, SSH, "Permission denied (publickey)", NULL,
    N_("The computer did not accept any of your keys."),
    N_("Make your public key known to it, or choose another user or private key."),
    "ssh-copy-id {login}", NEEDS_USER },
  { GH_CONNECT_ERROR_LOGIN_REFUSED, SSH, "Permission denied (", NULL, LOGIN_SENTENCE,
    N_("Check the user, and the password or the key."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_LOGIN_REFUSED, SSH, "Permission denied, please try again", NULL,
    LOGIN_SENTENCE, N_("Check the user, and the password or the key."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_OLD_SSH, SSH, "no matching ", " found. Their offer",
    N_("The ssh of the computer is too old: they have no encryption in common."),
    N_("Update the ssh service there."), NULL, RETRY },
  { GH_CONNECT_ERROR_NO_SHELL, SSH, "account is currently not available", NULL,
    N_("The user may not log in to the computer."),
    N_("Choose another user, or give this one a login shell."),
    "@sudo usermod -s /bin/sh {user}", NEEDS_USER },
  { GH_CONNECT_ERROR_FORBIDDEN_TUNNEL, SSH, "administratively prohibited", NULL,
    N_("The ssh service of the computer does not let consoles through."),
    N_("Allow it with “AllowTcpForwarding yes” in its /etc/ssh/sshd_config."), NULL, RETRY },
  { GH_CONNECT_ERROR_TOO_FEW_SESSIONS, SSH, "Session open refused by peer", NULL,
    N_("The ssh service of the computer lets nothing through a login."),
    N_("Set “MaxSessions 10” in its /etc/ssh/sshd_config, and have the service read it."),
    "@sudo systemctl reload ssh", NEEDS_USER },
  { GH_CONNECT_ERROR_NO_SSH, SSH, "guesthouse-ssh: ssh: No such file", NULL,
    N_("This computer has no ssh."), N_("Install it."), "sudo apt install openssh-client",
    NEEDS_USER },
  { GH_CONNECT_ERROR_NAME_UNKNOWN, SSH, "Could not resolve hostname", NULL, NAME_SENTENCE,
    NAME_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_NO_SSH_SERVICE, SSH, "connect to host ", ": Connection refused",
    N_("The computer is there, but its ssh service does not answer."),
    N_("Start or install the ssh service on that computer, and check the port."), NULL, RETRY },
  { GH_CONNECT_ERROR_NO_ROUTE, SSH, "connect to host ", ": No route to host", ROUTE_SENTENCE,
    ROUTE_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_NO_ROUTE, SSH, "connect to host ", ": Network is unreachable", ROUTE_SENTENCE,
    ROUTE_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH, "connect to host ", "timed out", TIMED_OUT_SENTENCE,
    TIMED_OUT_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH, "timed out during banner exchange", NULL, TIMED_OUT_SENTENCE,
    TIMED_OUT_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH, "Timeout, server ", " not responding", TIMED_OUT_SENTENCE,
    TIMED_OUT_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH, "Connection to ", " timed out", TIMED_OUT_SENTENCE,
    TIMED_OUT_ADVICE, NULL, RETRY },

  /* The far end of ssh, and the local host */
  /* What comes first is the length of a message, and letters make a large number. */
  { GH_CONNECT_ERROR_NOISY_SHELL, SSH, "bytes received from server too large", NULL,
    N_("Something is written at each login there, which libvirt takes for an answer."),
    N_("Have the user’s ~/.bashrc, ~/.profile or the like on that computer say it only where "
       "somebody reads it: after “case $- in *i*) ;; *) return;; esac”, or to the standard "
       "error with “>&2”."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_NO_HELPER, SSH, "nc: not found", NULL, HELPER_SENTENCE, HELPER_ADVICE,
    HELPER_COMMAND, RETRY },
  { GH_CONNECT_ERROR_NO_HELPER, SSH, "nc: command not found", NULL, HELPER_SENTENCE, HELPER_ADVICE,
    HELPER_COMMAND, RETRY },
  { GH_CONNECT_ERROR_NO_HELPER, SSH, "virt-ssh-helper: not found", NULL, HELPER_SENTENCE,
    HELPER_ADVICE, HELPER_COMMAND, RETRY },
  { GH_CONNECT_ERROR_NO_HELPER, SSH, "virt-ssh-helper: command not found", NULL, HELPER_SENTENCE,
    HELPER_ADVICE, HELPER_COMMAND, RETRY },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH | LOCAL, "ailed to connect socket to", "Permission denied",
    GROUP_SENTENCE, GROUP_ADVICE, GROUP_COMMAND, RETRY },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH, "unix connect failed: Permission denied", NULL,
    GROUP_SENTENCE, GROUP_ADVICE, GROUP_COMMAND, RETRY },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH | LOCAL, "no polkit agent available", NULL, GROUP_SENTENCE,
    GROUP_ADVICE, GROUP_COMMAND, NEEDS_USER },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH | LOCAL, "access denied by policy", NULL, GROUP_SENTENCE,
    GROUP_ADVICE, GROUP_COMMAND, NEEDS_USER },
  { GH_CONNECT_ERROR_DAEMON_OFF, SSH | LOCAL, "ailed to connect socket to", "No such file",
    OFF_SENTENCE, OFF_ADVICE, OFF_COMMAND, RETRY },
  { GH_CONNECT_ERROR_DAEMON_OFF, SSH | LOCAL, "ailed to connect socket to", "Connection refused",
    OFF_SENTENCE, OFF_ADVICE, OFF_COMMAND, RETRY },
  { GH_CONNECT_ERROR_DAEMON_OFF, SSH, "unix connect failed: ", NULL, OFF_SENTENCE, OFF_ADVICE,
    OFF_COMMAND, RETRY },
  { GH_CONNECT_ERROR_DAEMON_MISSING, SSH | LOCAL, "annot find '", "in path", MISSING_SENTENCE,
    MISSING_ADVICE, MISSING_COMMAND, RETRY },
  { GH_CONNECT_ERROR_DAEMON_MISSING, SSH | LOCAL, "nable to locate libvirtd", NULL,
    MISSING_SENTENCE, MISSING_ADVICE, MISSING_COMMAND, RETRY },

  /* TLS and TCP */
  { GH_CONNECT_ERROR_NAME_UNKNOWN, NET, "nable to resolve address", NULL, NAME_SENTENCE,
    NAME_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_NO_NETWORK_SERVICE, NET, "nable to connect to server", "Connection refused",
    N_("The computer is there, but its libvirt service does not listen on the network."),
    N_("Use ssh, which needs no preparation; or start the network socket of libvirt there."),
    NULL, RETRY },
  { GH_CONNECT_ERROR_NO_ROUTE, NET, "nable to connect to server", "No route to host",
    ROUTE_SENTENCE, ROUTE_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_NO_ROUTE, NET, "nable to connect to server", "Network is unreachable",
    ROUTE_SENTENCE, ROUTE_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_TIMED_OUT, NET, "nable to connect to server", "timed out", TIMED_OUT_SENTENCE,
    TIMED_OUT_ADVICE, NULL, RETRY },
  { GH_CONNECT_ERROR_NO_CA, NET, "annot read CA certificate", NULL,
    N_("The certificate of the authority is missing on this computer."),
    N_("Ask who looks after the host for “cacert.pem”, and put it in /etc/pki/CA or "
       "~/.pki/libvirt."),
    NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_NO_CLIENT_CERTIFICATE, NET, "annot read certificate", "client",
    N_("Your certificate is missing on this computer."),
    N_("Ask who looks after the host for “clientcert.pem” and “clientkey.pem”, and put them in "
       "~/.pki/libvirt."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_CERTIFICATE_NAME, NET, "owner does not match the hostname", NULL,
    N_("The certificate of the computer is for another name, so it was not connected."),
    N_("Enter the name that the certificate was made for, not an address."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_CERTIFICATE_EXPIRED, NET, "ertificate", "expired",
    N_("A certificate has expired."),
    N_("Have a new one made. Check the clocks of both computers, too."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_CERTIFICATE_UNTRUSTED, NET, "ertificate is not trusted", NULL,
    N_("The certificate of the computer is not trusted, so it was not connected."),
    N_("It was not made by the authority whose “cacert.pem” is on this computer."), NULL,
    NEEDS_USER },
  { GH_CONNECT_ERROR_CERTIFICATE_UNTRUSTED, NET, "nknown issuer", NULL,
    N_("The certificate of the computer is not trusted, so it was not connected."),
    N_("It was not made by the authority whose “cacert.pem” is on this computer."), NULL,
    NEEDS_USER },
  { GH_CONNECT_ERROR_CERTIFICATE_REFUSED, NET, "TLS", "nable to read TLS confirmation",
    N_("The computer did not accept your certificate."),
    N_("It has to be made by the authority that the host trusts."), NULL, NEEDS_USER },

  /* Last, for they are said after many of those above */
  { GH_CONNECT_ERROR_DRIVER_UNKNOWN, ANY, "no connection driver available for", NULL,
    N_("Libvirt knows no host of this kind."),
    N_("Check the beginning of the address, such as “qemu+ssh://”."), NULL, NEEDS_USER },
  { GH_CONNECT_ERROR_CLOSED, SSH, "kex_exchange_identification", NULL,
    N_("The computer closed the connection at once."),
    N_("Its ssh service may be busy, or refuse this computer for a while after failed logins."),
    NULL, RETRY },
  { GH_CONNECT_ERROR_CLOSED, SSH, "Connection closed by ", NULL,
    N_("The computer closed the connection at once."),
    N_("Its ssh service may be busy, or refuse this computer for a while after failed logins."),
    NULL, RETRY },
};

/* The user's doing; no text says so. */
static const Row cancelled_row = {
  GH_CONNECT_ERROR_CANCELLED, ANY, "", NULL, N_("You cancelled the login."), NULL, NULL, NEEDS_USER
};

static Transport
get_transport (GUri *uri)
{
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  if (g_str_has_suffix (scheme, "+ssh"))
    return SSH;
  return host != NULL && *host != '\0' ? NET : LOCAL;
}

static const Row *
find_row (Transport   transport,
          const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];

      if ((row->transport == ANY || (row->transport & transport) != 0) &&
          strstr (text, row->part) != NULL &&
          (row->also == NULL || strstr (text, row->also) != NULL))
        return row;
    }
  return NULL;
}

/* Commands to copy */

static char *
dup_match (const char *text,
           const char *pattern)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  return g_regex_match (regex, text, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

static void
replace_quoted (GString    *command,
                const char *placeholder,
                const char *value)
{
  gboolean plain = value != NULL && *value != '\0';
  g_autofree char *quoted = NULL;

  for (const char *c = value; plain && *c != '\0'; c++)
    plain = g_ascii_isalnum (*c) || strchr ("._-/@:%+", *c) != NULL;
  quoted = plain ? g_strdup (value) : g_shell_quote (value != NULL ? value : "");
  g_string_replace (command, placeholder, quoted, 0);
}

static char *
dup_login (GUri *uri)
{
  GString *login = g_string_new (NULL);

  if (uri == NULL || g_uri_get_host (uri) == NULL)
    return g_string_free (login, FALSE);
  if (g_uri_get_port (uri) > 0)
    g_string_append_printf (login, "-p %d ", g_uri_get_port (uri));
  if (g_uri_get_userinfo (uri) != NULL)
    g_string_append_printf (login, "%s@", g_uri_get_userinfo (uri));
  g_string_append (login, g_uri_get_host (uri));
  return g_string_free (login, FALSE);
}

static char *
dup_command (const Row  *row,
             GUri       *uri,
             Transport   transport,
             const char *text)
{
  g_autoptr (GString) command = NULL;
  g_autofree char *login = dup_login (uri);
  g_autofree char *known = dup_match (text, "ssh-keygen -f \"[^\"\\n]*\" -R \"([^\"\\n]+)\"");
  g_autofree char *file = dup_match (text, "ssh-keygen -f \"([^\"\\n]+)\" -R");
  g_autofree char *key = dup_match (text, "Permissions \\d+ for '([^'\\n]+)' are too open");
  const char *user = uri != NULL && transport == SSH ? g_uri_get_userinfo (uri) : NULL;

  if (row->command == NULL)
    return NULL;
  command = g_string_new (row->command + (*row->command == '@'));
  /* The user's own is no service of the system's. */
  if (row->code == GH_CONNECT_ERROR_DAEMON_OFF && uri != NULL &&
      g_str_has_suffix (g_uri_get_path (uri), "/session"))
    g_string_assign (command, "libvirtd --daemon");
  if (known != NULL && strstr (row->command, "{known}") != NULL)
    {
      g_string_assign (command, "ssh-keygen -f {file} -R {known}");
      replace_quoted (command, "{file}", file);
    }
  replace_quoted (command, "{known}", known != NULL ? known
                                      : uri != NULL ? g_uri_get_host (uri) : NULL);
  replace_quoted (command, "{key}", key);
  replace_quoted (command, "{user}", user != NULL ? user : g_get_user_name ());
  g_string_replace (command, "{login}", login, 0);
  if (*row->command == '@' && transport == SSH)
    {
      g_autofree char *quoted = g_shell_quote (command->str);

      return g_strdup_printf ("ssh -t %s %s", login, quoted);
    }
  return g_strdup (command->str);
}

/* Fingerprints */

/* Of a line of known_hosts: [@mark] names type key [comment] */
static char *
dup_line_fingerprint (const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  guint key = words[0] != NULL && *words[0] == '@' ? 3 : 2;
  g_autofree guchar *data = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GChecksum) checksum = NULL;
  guint8 digest[32];
  gsize length = 0;

  if (g_strv_length (words) <= key)
    return NULL;
  g_strchomp (words[key]);
  data = g_base64_decode (words[key], &length);
  if (data == NULL || length == 0)
    return NULL;
  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, data, (gssize) length);
  length = sizeof digest;
  g_checksum_get_digest (checksum, digest, &length);
  text = g_base64_encode (digest, length);
  return g_strdup_printf ("SHA256:%.*s", (int) strcspn (text, "="), text);
}

static char *
dup_old_fingerprint (const char *text)
{
  g_autofree char *path = dup_match (text, "Offending \\S+ key in (.+):\\d+");
  g_autofree char *number = dup_match (text, "Offending \\S+ key in .+:(\\d+)");
  g_autofree char *content = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 n = 0;

  if (path == NULL || !g_ascii_string_to_unsigned (number, 10, 1, G_MAXINT, &n, NULL) ||
      !g_file_get_contents (path, &content, NULL, NULL))
    return NULL;
  lines = g_strsplit (content, "\n", -1);
  return n <= g_strv_length (lines) ? dup_line_fingerprint (lines[n - 1]) : NULL;
}

static char *
dup_advice (const Row  *row,
            const char *text)
{
  g_autofree char *before = NULL;
  g_autofree char *now = NULL;

  if (row->advice == NULL)
    return NULL;
  if (row->code != GH_CONNECT_ERROR_HOST_KEY_CHANGED)
    return g_strdup (_(row->advice));
  now = dup_match (text, "key sent by the remote host is\\s+(\\S+?)\\.?\\s");
  before = dup_old_fingerprint (text);
  if (now == NULL)
    return g_strdup (_(row->advice));
  /* Translators: advice, then the fingerprints of the key that was and of the one that is. */
  return g_strdup_printf (_("%s\nKey before: %s\nKey now: %s"), _(row->advice),
                          before != NULL ? before : "?", now);
}

/**
 * gh_connect_error_new:
 * @uri: the host, as it is shown
 * @cause: libvirt's error
 * @ssh_text: (nullable): what ssh said
 * @cancelled: whether the user did not want to answer a question
 *
 * Finds out why @cause happened.
 *
 * Returns: (transfer full): an error in %GH_CONNECT_ERROR, or @cause's own domain when no row fits
 */
GError *
gh_connect_error_new (const char   *uri,
                      const GError *cause,
                      const char   *ssh_text,
                      gboolean      cancelled)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS,
                                         NULL);
  gboolean has_text = ssh_text != NULL && *ssh_text != '\0';
  g_autofree char *text = has_text ? g_strdup_printf ("%s\n%s", cause->message, ssh_text)
                                   : g_strdup (cause->message);
  Transport transport = get_transport (parsed);
  const Row *row = cancelled ? &cancelled_row : find_row (transport, text);
  GhConnectErrorPrivate *priv = NULL;
  GError *error = NULL;

  if (row == NULL)
    return g_error_new_literal (cause->domain, cause->code, text);
  error = g_error_new_literal (GH_CONNECT_ERROR, (int) row->code, text);
  priv = gh_connect_error_get_private (error);
  priv->sentence = row->sentence;
  priv->advice = dup_advice (row, text);
  priv->command = dup_command (row, parsed, transport, text);
  priv->needs_user = row->next == NEEDS_USER;
  return error;
}

gboolean
gh_connect_error_needs_user (const GError *error)
{
  if (error->domain == GH_CONNECT_ERROR)
    return gh_connect_error_get_private (error)->needs_user;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT) ||
         g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_AUTH_FAILED) ||
         g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_AUTH_CANCELLED);
}

const char *
gh_connect_error_get_sentence (const GError *error)
{
  const char *sentence = gh_connect_error_get_private (error)->sentence;

  return sentence != NULL ? _(sentence) : error->message;
}

const char *
gh_connect_error_get_advice (const GError *error)
{
  return gh_connect_error_get_private (error)->advice;
}

const char *
gh_connect_error_get_command (const GError *error)
{
  return gh_connect_error_get_private (error)->command;
}
