/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Main thread; ssh is asked for its configuration by a process, and names by GResolver. */

#define G_LOG_DOMAIN "gh-reach"

#include "config.h"

#include "gh-reach.h"

#include <string.h>

#include "gh-host-address.h"
#include "gh-host-private.h"

/* A name that nobody knows by then is used as it is. */
#define LIMIT_MS 2000

void
gh_reach_free (GhReach *self)
{
  g_free (self->name);
  g_free (self->user);
  g_free (self->address);
  g_free (self->own);
  g_free (self);
}

GhReach *
gh_reach_copy (const GhReach *self)
{
  GhReach *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  copy->user = g_strdup (self->user);
  copy->address = g_strdup (self->address);
  copy->own = g_strdup (self->own);
  return copy;
}

/* Deciding */

static gboolean
is_loopback (const char *address)
{
  g_autoptr (GInetAddress) parsed = address != NULL ? g_inet_address_new_from_string (address)
                                                    : NULL;

  return parsed != NULL && g_inet_address_get_is_loopback (parsed);
}

/* The far end of a tunnel perhaps, so nobody else's business. */
gboolean
gh_reach_is_loopback (const GhReach *self)
{
  return g_strcmp0 (self->name, "localhost") == 0 || is_loopback (self->name) ||
         is_loopback (self->address);
}

static gboolean
is_here (const GhReach *self)
{
  return self->local || gh_reach_is_loopback (self);
}

/* fe80:: is a different one for each computer. */
static gboolean
is_of_use (const char *address)
{
  g_autoptr (GInetAddress) parsed = address != NULL ? g_inet_address_new_from_string (address)
                                                    : NULL;

  return parsed != NULL && !g_inet_address_get_is_link_local (parsed) &&
         !g_inet_address_get_is_any (parsed);
}

static char *
dup_tcp (const char *computer)
{
  return strchr (computer, ':') != NULL ? g_strdup_printf ("tcp://[%s]", computer)
                                        : g_strdup_printf ("tcp://%s", computer);
}

char *
gh_reach_dup_address (const GhReach *to,
                      const GhReach *from,
                      gboolean       by_name)
{
  if (is_here (to))
    {
      /* This computer: what the source can reach it by is the number it connects from. */
      if (!is_here (from))
        return to->local && !is_loopback (from->own) && is_of_use (from->own)
               ? dup_tcp (from->own) : NULL;
      return to->name != NULL ? dup_tcp (to->name) : NULL;
    }
  if (by_name && to->name != NULL)
    return dup_tcp (to->name);
  if (is_of_use (to->address))
    return dup_tcp (to->address);
  return to->name != NULL && strchr (to->name, '%') == NULL ? dup_tcp (to->name) : NULL;
}

/* Without what is of this computer: our own parameters, and the file of a key. */
static char *
dup_query (const char *query,
           gboolean    keep_key)
{
  g_auto (GStrv) parts = g_strsplit_set (query != NULL ? query : "", "&;", -1);
  g_autoptr (GString) kept = g_string_new (NULL);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (*parts[i] == '\0' || (!keep_key && g_str_has_prefix (parts[i], "keyfile=")))
        continue;
      g_string_append_printf (kept, "%s%s", kept->len > 0 ? "&" : "", parts[i]);
    }
  return kept->len > 0 ? g_strdup (kept->str) : NULL;
}

char *
gh_reach_dup_uri (const GhReach *to,
                  const GhReach *from,
                  const char    *uri)
{
  g_autofree char *plain = gh_host_address_dup_plain (uri);
  g_autoptr (GUri) parsed = g_uri_parse (plain, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS |
                                         G_URI_FLAGS_ENCODED_QUERY, NULL);
  g_autofree char *query = NULL;
  int port = -1;

  if (parsed == NULL || to->local || to->name == NULL)
    return g_steal_pointer (&plain);
  query = dup_query (g_uri_get_query (parsed), from->local);
  port = to->port > 0 ? (int) to->port : g_uri_get_port (parsed);
  /* Names are better here: that host may know another way, and looks at a certificate or a key. */
  return g_uri_join (G_URI_FLAGS_NON_DNS | G_URI_FLAGS_ENCODED_QUERY, g_uri_get_scheme (parsed),
                     to->user != NULL ? to->user : g_uri_get_userinfo (parsed), to->name, port,
                     g_uri_get_path (parsed), query, NULL);
}

gboolean
gh_reach_take_config (GhReach    *self,
                      const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean hops = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *value = strchr (lines[i], ' ');

      if (value++ == NULL)
        continue;
      if (g_str_has_prefix (lines[i], "hostname "))
        {
          g_free (self->name);
          self->name = g_strdup (value);
        }
      else if (g_str_has_prefix (lines[i], "user "))
        {
          g_free (self->user);
          self->user = g_strdup (value);
        }
      else if (g_str_has_prefix (lines[i], "port "))
        self->port = (guint) g_ascii_strtoull (value, NULL, 10);
      else if (g_str_has_prefix (lines[i], "proxyjump ") ||
               g_str_has_prefix (lines[i], "proxycommand "))
        hops = hops || strcmp (value, "none") != 0;
    }
  if (self->port == 22)
    self->port = 0;
  return hops;
}

/* Finding out */

typedef struct
{
  GhReach      *reach;
  GCancellable *limit; /* of the name */
  guint         limit_id;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  g_clear_handle_id (&look->limit_id, g_source_remove);
  g_object_unref (look->limit);
  g_clear_pointer (&look->reach, gh_reach_free);
  g_free (look);
}

static void
end_look (GTask *task)
{
  Look *look = g_task_get_task_data (task);

  g_task_return_pointer (task, g_steal_pointer (&look->reach), (GDestroyNotify) gh_reach_free);
}

/* Nothing is sent: the kernel only says which of its numbers it would take. */
static char *
dup_own (GInetAddress *address)
{
  g_autoptr (GSocket) fd = g_socket_new (g_inet_address_get_family (address),
                                         G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) to = g_inet_socket_address_new (address, 9);
  g_autoptr (GSocketAddress) own = NULL;

  if (fd != NULL && g_socket_connect (fd, to, NULL, NULL))
    own = g_socket_get_local_address (fd, NULL);
  if (own == NULL)
    return NULL;
  return g_inet_address_to_string (
    g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (own)));
}

static void
use_address (GhReach      *reach,
             GInetAddress *address)
{
  reach->address = g_inet_address_to_string (address);
  reach->own = dup_own (address);
}

static void
resolved_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Look *look = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GList *found = g_resolver_lookup_by_name_finish (G_RESOLVER (object), result, &error);

  for (GList *l = found; l != NULL && look->reach->address == NULL; l = l->next)
    {
      g_autofree char *text = g_inet_address_to_string (l->data);

      if (is_of_use (text))
        use_address (look->reach, l->data);
    }
  if (error != NULL)
    g_debug ("%s: %s", look->reach->name, error->message);
  g_resolver_free_addresses (found);
  end_look (task);
}

static gboolean
limit_cb (gpointer user_data)
{
  Look *look = user_data;

  look->limit_id = 0;
  g_cancellable_cancel (look->limit);
  return G_SOURCE_REMOVE;
}

static void
resolve (GTask    *task,
         gboolean  hops)
{
  Look *look = g_task_get_task_data (task);
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  g_autoptr (GInetAddress) number = g_inet_address_new_from_string (look->reach->name);

  if (number != NULL)
    use_address (look->reach, number);
  /* Behind another computer a name means what it means there. */
  if (number != NULL || hops || strchr (look->reach->name, '%') != NULL)
    {
      end_look (task);
      g_object_unref (task);
      return;
    }
  look->limit_id = g_timeout_add (LIMIT_MS, limit_cb, look);
  g_resolver_lookup_by_name_async (resolver, look->reach->name, look->limit, resolved_cb, task);
}

static void
config_read_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  Look *look = g_task_get_task_data (task);
  g_autofree char *text = NULL;
  gboolean hops = FALSE;

  if (g_subprocess_communicate_utf8_finish (G_SUBPROCESS (object), result, &text, NULL, NULL) &&
      g_subprocess_get_successful (G_SUBPROCESS (object)))
    hops = gh_reach_take_config (look->reach, text);
  resolve (task, hops);
}

void
gh_host_load_reach_async (GhHost              *host,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  GTask *task = g_task_new (host, cancellable, callback, user_data);
  Look *look = g_new0 (Look, 1);
  g_autoptr (GUri) uri = g_uri_parse (gh_host_get_uri (host),
                                      G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS, NULL);
  g_autoptr (GhSsh) ssh = gh_host_dup_ssh (host);
  g_autoptr (GSubprocess) process = NULL;

  g_task_set_source_tag (task, gh_host_load_reach_async);
  look->reach = g_new0 (GhReach, 1);
  look->limit = g_cancellable_new ();
  g_task_set_task_data (task, look, look_free);
  if (uri == NULL || gh_host_is_local (host))
    {
      look->reach->local = TRUE;
      end_look (task);
      g_object_unref (task);
      return;
    }
  look->reach->name = g_strdup (g_uri_get_host (uri));
  if (ssh != NULL)
    {
      g_auto (GStrv) argv = gh_ssh_dup_query (ssh);

      process = g_subprocess_newv ((const char * const *) argv,
                                   G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                   G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
    }
  if (process != NULL)
    g_subprocess_communicate_utf8_async (process, NULL, cancellable, config_read_cb, task);
  else
    resolve (task, FALSE);
}

GhReach *
gh_host_load_reach_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
