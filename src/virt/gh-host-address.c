/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-host-address"

#include "config.h"

#include "gh-host-address.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* Separates what a name may hold from what would begin another part of a URI, or an option of
 * ssh, which a name that begins with a dash would be. */
static gboolean
is_fit (const char *text,
        const char *forbidden)
{
  if (*text == '-')
    return FALSE;
  for (const char *c = text; *c != '\0'; c++)
    if ((guchar) *c <= ' ' || *c == 0x7f || strchr (forbidden, *c) != NULL)
      return FALSE;
  return TRUE;
}

gboolean
gh_host_address_is_safe (const char *name)
{
  return is_fit (name, "'\"`$;&|<>(){}*?!~#\\/");
}

static gboolean
is_given (const char *text)
{
  return text != NULL && *text != '\0';
}

GhHostAddress *
gh_host_address_new (void)
{
  return g_new0 (GhHostAddress, 1);
}

void
gh_host_address_free (GhHostAddress *self)
{
  g_free (self->user);
  g_free (self->computer);
  g_free (self->key_file);
  g_free (self->jump);
  g_free (self->uri);
  g_free (self);
}

static gboolean
check_parts (const GhHostAddress  *self,
             GError              **error)
{
  const char *message = NULL;
  gboolean is_ipv6 = is_given (self->computer) && strchr (self->computer, ':') != NULL;

  if (!is_given (self->computer))
    message = _("Enter the name or the address of the computer.");
  else if (is_ipv6 && !g_hostname_is_ip_address (self->computer))
    message = _("This is no IPv6 address. A port has a field of its own.");
  else if (!is_fit (self->computer, "/?#@[]\\") || !gh_host_address_is_safe (self->computer))
    message = _("A computer’s name has no spaces and none of / ? # @ [ ].");
  else if (self->port > G_MAXUINT16)
    message = _("A port is a number up to 65535.");
  else if (self->kind == GH_ADDRESS_SSH && is_given (self->user) &&
           (!is_fit (self->user, "/?#:[]\\") || !gh_host_address_is_safe (self->user)))
    message = _("A user’s name has no spaces and none of / ? # : [ ].");
  else if (self->kind == GH_ADDRESS_SSH && is_given (self->key_file) &&
           !g_path_is_absolute (self->key_file))
    message = _("The path of the key has to begin with “/”.");
  else if (self->kind == GH_ADDRESS_SSH && is_given (self->jump) &&
           !gh_host_address_is_safe (self->jump))
    message = _("A jump host is entered like “user@computer” or “user@computer:22”.");
  if (message == NULL)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

/* Users of a directory have an “@” in their names. libvirt takes the first one for the end of the
 * name, and everybody else the last: escaped it is none. */
static char *
dup_with_user_escaped (const char *uri)
{
  const char *start = strstr (uri, "://");
  const char *end = NULL;
  const char *last = NULL;
  GString *escaped = NULL;

  if (start == NULL || strcspn (uri, "/?#") < (gsize) (start - uri))
    return g_strdup (uri);
  start += strlen ("://");
  end = start + strcspn (start, "/?#");
  last = memrchr (start, '@', (gsize) (end - start));
  if (last == NULL)
    return g_strdup (uri);
  escaped = g_string_new_len (uri, start - uri);
  for (const char *c = start; c < last; c++)
    if (*c == '@')
      g_string_append (escaped, "%40");
    else
      g_string_append_c (escaped, *c);
  return g_string_free (g_string_append (escaped, last), FALSE);
}

static char *
check_other (const GhHostAddress  *self,
             GError              **error)
{
  g_autoptr (GUri) parsed = is_given (self->uri)
                            ? g_uri_parse (self->uri, G_URI_FLAGS_PARSE_RELAXED |
                                           G_URI_FLAGS_NON_DNS, NULL)
                            : NULL;

  if (parsed != NULL)
    return dup_with_user_escaped (self->uri);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, is_given (self->uri)
                       ? _("This is no libvirt URI, which looks like “qemu+ssh://host/system”.")
                       : _("Enter a libvirt URI, like “qemu+ssh://host/system”."));
  return NULL;
}

static void
append_param (GString    *query,
              const char *name,
              const char *value,
              const char *allowed)
{
  if (!is_given (value))
    return;
  if (query->len > 0)
    g_string_append_c (query, '&');
  g_string_append_printf (query, "%s=", name);
  g_string_append_uri_escaped (query, value, allowed, FALSE);
}

/**
 * gh_host_address_to_uri:
 * @self: an address
 * @error: (out): what is missing or wrong, a sentence
 *
 * Returns: (transfer full) (nullable): the URI for libvirt
 */
char *
gh_host_address_to_uri (const GhHostAddress  *self,
                        GError              **error)
{
  static const char * const schemes[GH_ADDRESS_N_KINDS] = {
    [GH_ADDRESS_SSH] = "qemu+ssh",
    [GH_ADDRESS_TLS] = "qemu+tls",
    [GH_ADDRESS_TCP] = "qemu+tcp",
  };
  g_autoptr (GString) query = g_string_new (NULL);

  switch (self->kind)
    {
    case GH_ADDRESS_OWN:
      return g_strdup ("qemu:///session");
    case GH_ADDRESS_SYSTEM:
      return g_strdup ("qemu:///system");
    case GH_ADDRESS_OTHER:
      return check_other (self, error);
    case GH_ADDRESS_SSH:
    case GH_ADDRESS_TLS:
    case GH_ADDRESS_TCP:
      break;
    case GH_ADDRESS_N_KINDS:
    default:
      g_return_val_if_reached (NULL);
    }

  if (!check_parts (self, error))
    return NULL;
  if (self->kind == GH_ADDRESS_SSH)
    {
      append_param (query, "keyfile", self->key_file, "/");
      append_param (query, GH_HOST_ADDRESS_JUMP, self->jump, "@:,[]");
    }
  return g_uri_join (G_URI_FLAGS_NON_DNS | G_URI_FLAGS_ENCODED_QUERY, schemes[self->kind],
                     self->kind == GH_ADDRESS_SSH && is_given (self->user) ? self->user : NULL,
                     self->computer, self->port > 0 ? (int) self->port : -1,
                     self->own ? "/session" : "/system", query->len > 0 ? query->str : NULL, NULL);
}

static GhAddressKind
find_kind (GUri *parsed)
{
  const char *scheme = g_uri_get_scheme (parsed);
  const char *path = g_uri_get_path (parsed);
  gboolean local = !is_given (g_uri_get_host (parsed));

  if (strcmp (path, "/system") != 0 && strcmp (path, "/session") != 0)
    return GH_ADDRESS_OTHER;
  if (strcmp (scheme, "qemu") == 0 && local && g_uri_get_query (parsed) == NULL)
    return strcmp (path, "/session") == 0 ? GH_ADDRESS_OWN : GH_ADDRESS_SYSTEM;
  if (local)
    return GH_ADDRESS_OTHER;
  if (strcmp (scheme, "qemu+ssh") == 0)
    return GH_ADDRESS_SSH;
  if (strcmp (scheme, "qemu+tls") == 0 || strcmp (scheme, "qemu") == 0)
    return GH_ADDRESS_TLS;
  if (strcmp (scheme, "qemu+tcp") == 0)
    return GH_ADDRESS_TCP;
  return GH_ADDRESS_OTHER;
}

/* Takes up @query when it says nothing but what fields are for; FALSE else. */
static gboolean
read_query (GhHostAddress *self,
            const char    *query)
{
  g_autoptr (GHashTable) values = NULL;
  guint n = 0;

  if (query == NULL || *query == '\0')
    return TRUE;
  values = g_uri_parse_params (query, -1, "&", G_URI_PARAMS_NONE, NULL);
  if (self->kind != GH_ADDRESS_SSH || values == NULL)
    return FALSE;
  self->key_file = g_strdup (g_hash_table_lookup (values, "keyfile"));
  self->jump = g_strdup (g_hash_table_lookup (values, GH_HOST_ADDRESS_JUMP));
  n = (self->key_file != NULL) + (self->jump != NULL);
  return g_hash_table_size (values) == n;
}

/**
 * gh_host_address_new_from_uri:
 * @uri: a libvirt URI
 *
 * Takes a URI apart, so that it can be changed in fields. One that holds what no field is for is
 * kept whole.
 *
 * Returns: (transfer full): the address
 */
GhHostAddress *
gh_host_address_new_from_uri (const char *uri)
{
  g_autoptr (GhHostAddress) self = gh_host_address_new ();
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS |
                                         G_URI_FLAGS_ENCODED_QUERY, NULL);
  GhHostAddress *other = NULL;

  self->kind = parsed != NULL ? find_kind (parsed) : GH_ADDRESS_OTHER;
  if (self->kind != GH_ADDRESS_OTHER)
    {
      self->computer = g_strdup (g_uri_get_host (parsed));
      self->port = (guint) MAX (g_uri_get_port (parsed), 0);
      self->own = strcmp (g_uri_get_path (parsed), "/session") == 0;
      self->user = g_strdup (g_uri_get_userinfo (parsed));
      if (read_query (self, g_uri_get_query (parsed)) &&
          (self->user == NULL || self->kind == GH_ADDRESS_SSH))
        return g_steal_pointer (&self);
    }
  other = gh_host_address_new ();
  other->kind = GH_ADDRESS_OTHER;
  other->uri = g_strdup (uri);
  return other;
}

/* Whether @part, “name=value” of a query, is for @name as libvirt reads it: without regard to case,
 * and with what is escaped. */
static gboolean
is_param (const char *part,
          const char *name)
{
  const char *equals = strchr (part, '=');
  g_autofree char *own = g_uri_unescape_segment (part, equals, NULL);

  return own != NULL && g_ascii_strcasecmp (own, name) == 0;
}

/* By libvirt's rules: any scheme with “+NAME”, without regard to case. */
static gboolean
has_transport (const char *uri,
               const char *name)
{
  const char *colon = strchr (uri, ':');
  const char *plus = colon != NULL ? memchr (uri, '+', (gsize) (colon - uri)) : NULL;

  return plus != NULL && (gsize) (colon - plus) == strlen (name) + 1 &&
         g_ascii_strncasecmp (plus + 1, name, strlen (name)) == 0;
}

static GStrv
split_query (const char *uri)
{
  g_autofree char *start = g_strndup (uri, strcspn (uri, "#"));
  const char *query = strchr (start, '?');

  return g_strsplit_set (query != NULL ? query + 1 : "", "&;", -1);
}

/* What would have libvirt not look at the key or the certificate of a host. */
static gboolean
is_unsafe (const char *part)
{
  return is_param (part, "no_verify") || is_param (part, "known_hosts_verify");
}

/**
 * gh_host_address_is_ssh:
 * @uri: a host's URI
 *
 * Returns: whether libvirt runs a program to get there over ssh
 */
gboolean
gh_host_address_is_ssh (const char *uri)
{
  return has_transport (uri, "ssh");
}

/**
 * gh_host_address_is_direct:
 * @uri: a host's URI
 *
 * Returns: whether a connection there is one to libvirt itself: no program is run and nobody logs
 *   in to a computer for it
 */
gboolean
gh_host_address_is_direct (const char *uri)
{
  static const char * const transports[] = { "tcp", "tls", "unix" };
  const char *colon = strchr (uri, ':');

  if (colon == NULL || memchr (uri, '+', (gsize) (colon - uri)) == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    if (has_transport (uri, transports[i]))
      return TRUE;
  return FALSE;
}

/**
 * gh_host_address_dup_program:
 * @uri: a host's URI
 *
 * Returns: (transfer full) (nullable): the program on this computer that the URI has libvirt run
 */
char *
gh_host_address_dup_program (const char *uri)
{
  g_auto (GStrv) parts = split_query (uri);
  char *program = NULL;

  if (!has_transport (uri, "ssh") && !has_transport (uri, "ext"))
    return NULL;
  /* The last one counts. */
  for (guint i = 0; parts[i] != NULL; i++)
    if (is_param (parts[i], "command"))
      {
        const char *equals = strchr (parts[i], '=');

        g_free (program);
        program = g_uri_unescape_string (equals != NULL ? equals + 1 : "", NULL);
        if (program == NULL)
          program = g_strdup (equals + 1);
      }
  return program;
}

/**
 * gh_host_address_dup_remark:
 * @uri: a host's URI
 *
 * Returns: (transfer full) (nullable): what whoever enters this URI should know before it is used:
 *   what of it is not done, and which program it runs. Sentences, a line each
 */
char *
gh_host_address_dup_remark (const char *uri)
{
  g_auto (GStrv) parts = split_query (uri);
  g_autofree char *program = gh_host_address_dup_program (uri);
  GString *text = g_string_new (NULL);

  for (guint i = 0; parts[i] != NULL; i++)
    if (is_unsafe (parts[i]))
      {
        const char *equals = strchrnul (parts[i], '=');
        g_autofree char *name = g_strndup (parts[i], (gsize) (equals - parts[i]));

        /* Translators: %s is a part of a URI, such as “no_verify”. */
        g_string_append_printf (text, _("“%s” is ignored: without a look at a host’s key or "
                                        "certificate, anybody on the way there could pretend to "
                                        "be it."), name);
        g_string_append_c (text, '\n');
      }
  if (program != NULL)
    g_string_append_printf (text, _("Connecting runs a program on this computer: %s"), program);
  else if (text->len > 0)
    g_string_truncate (text, text->len - 1);
  return g_string_free (text, text->len == 0);
}

/**
 * gh_host_address_dup_plain:
 * @uri: a host's URI
 *
 * Returns: (transfer full): the URI as it is handed to libvirt and its programs: without the way
 *   through other computers, which those find in the configuration of ssh, and without what would
 *   have them not look at a host's key or certificate
 */
char *
gh_host_address_dup_plain (const char *uri)
{
  g_auto (GStrv) parts = split_query (uri);
  g_autofree char *base = g_strndup (uri, strcspn (uri, "?#"));
  g_autofree char *escaped = dup_with_user_escaped (base);
  GString *plain = g_string_new (escaped);

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0' && !g_str_has_prefix (parts[i], GH_HOST_ADDRESS_JUMP "=") &&
        !is_unsafe (parts[i]))
      g_string_append_printf (plain, "%c%s", strchr (plain->str, '?') == NULL ? '?' : '&',
                              parts[i]);
  return g_string_free (plain, FALSE);
}
