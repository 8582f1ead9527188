/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-host-label"

#include "config.h"

#include "gh-host-label.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "gh-saved-hosts.h"

/* Where libvirt's sockets are below the folder that tells one daemon from another. */
#define SOCKET_END "/libvirt/libvirt-sock"

/* What may be different about two hosts of one name, the shortest first. */
typedef enum
{
  DETAIL_KIND,
  DETAIL_USER,
  DETAIL_PORT,
  DETAIL_URI,
  N_DETAILS,
} Detail;

static GUri *
parse (const char *uri)
{
  return g_uri_parse (uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS |
                      G_URI_FLAGS_HAS_PASSWORD, NULL);
}

/* (nullable): the folder of the daemon that is named by its socket. */
static char *
dup_socket_folder (GUri *uri)
{
  const char *query = g_uri_get_query (uri);
  g_autoptr (GHashTable) words = query != NULL
    ? g_uri_parse_params (query, -1, "&;", G_URI_PARAMS_NONE, NULL) : NULL;
  const char *socket = words != NULL ? g_hash_table_lookup (words, "socket") : NULL;

  if (socket == NULL)
    return NULL;
  if (g_str_has_suffix (socket, SOCKET_END) && strlen (socket) > strlen (SOCKET_END))
    return g_strndup (socket, strlen (socket) - strlen (SOCKET_END));
  return g_strdup (socket);
}

static char *
dup_local_label (const char *uri,
                 const char *folder)
{
  /* For root the daemon of the system is the usual one. */
  gboolean is_own = strstr (uri, "/session") != NULL || geteuid () == 0;

  if (folder == NULL)
    return g_strdup (is_own ? _("This computer") : _("This computer (system)"));
  /* Translators: %s is a folder that tells one daemon of this computer from another. */
  return g_strdup_printf (_("This computer (%s)"), folder);
}

char *
gh_host_label_new (const char *uri)
{
  g_autoptr (GUri) parsed = parse (uri);
  const char *host = parsed != NULL ? g_uri_get_host (parsed) : NULL;
  g_autofree char *name = gh_saved_hosts_dup_name (uri);
  g_autofree char *folder = NULL;

  if (name != NULL)
    return g_steal_pointer (&name);
  if (host != NULL && *host != '\0')
    return g_strdup (host);
  if (g_str_has_prefix (uri, "test:"))
    return g_strdup (_("Test host"));
  /* No URI, or none that libvirt knows: it is what the user wrote. */
  if (parsed == NULL || *g_uri_get_path (parsed) != '/')
    return g_strdup (uri);
  folder = dup_socket_folder (parsed);
  return dup_local_label (uri, folder);
}

/* (nullable): it says nothing of this. */
static char *
dup_detail (const char *uri,
            Detail      detail)
{
  g_autoptr (GUri) parsed = detail != DETAIL_URI ? parse (uri) : NULL;
  const char *path = parsed != NULL ? g_uri_get_path (parsed) : NULL;
  const char *slash = path != NULL ? strrchr (path, '/') : NULL;

  if (detail == DETAIL_URI)
    return g_strdup (uri);
  if (parsed == NULL)
    return NULL;
  switch (detail)
    {
    case DETAIL_KIND:
      return slash != NULL && slash[1] != '\0' ? g_strdup (slash + 1) : NULL;
    case DETAIL_USER:
      return g_strdup (g_uri_get_user (parsed));
    case DETAIL_PORT:
    default:
      return g_uri_get_port (parsed) > 0 ? g_strdup_printf ("%d", g_uri_get_port (parsed)) : NULL;
    }
}

/* Whether @detail tells all hosts of @label from each other; at most one may have none. */
static gboolean
is_telling (const char * const *uris,
            char              **plain,
            const char         *label,
            Detail              detail)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; uris[i] != NULL; i++)
    {
      char *text = strcmp (plain[i], label) == 0 ? dup_detail (uris[i], detail) : NULL;

      if (strcmp (plain[i], label) == 0 &&
          !g_hash_table_add (seen, text != NULL ? text : g_strdup ("")))
        return FALSE;
    }
  return TRUE;
}

static guint
count_label (char       **plain,
             const char  *label)
{
  guint n = 0;

  for (guint i = 0; plain[i] != NULL; i++)
    n += strcmp (plain[i], label) == 0 ? 1 : 0;
  return n;
}

GStrv
gh_host_labels_new (const char * const *uris)
{
  guint n = g_strv_length ((char **) uris);
  g_auto (GStrv) plain = g_new0 (char *, n + 1);
  GStrv labels = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    plain[i] = gh_host_label_new (uris[i]);
  for (guint i = 0; i < n; i++)
    {
      Detail detail = DETAIL_KIND;
      g_autofree char *text = NULL;

      if (count_label (plain, plain[i]) > 1)
        {
          while (detail < DETAIL_URI && !is_telling (uris, plain, plain[i], detail))
            detail++;
          text = dup_detail (uris[i], detail);
        }
      if (text == NULL)
        labels[i] = g_strdup (plain[i]);
      else
        /* Translators: a host, and what tells it from another of the same name. */
        labels[i] = g_strdup_printf (_("%s (%s)"), plain[i], text);
    }
  return labels;
}
