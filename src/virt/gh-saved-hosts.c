/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-saved-hosts"

#include "config.h"

#include "gh-saved-hosts.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#define MAX_NAME 80

/* Whether this user may talk to the system's daemon without being asked for anything. Everybody
 * may open its socket; Debian's polkit rule lets the group "libvirt" in. */
static gboolean
can_use_system (void)
{
  struct group *group = NULL;
  int n = getgroups (0, NULL);
  g_autofree gid_t *groups = g_new0 (gid_t, MAX (n, 0) + 1);

  if (access ("/run/libvirt/libvirt-sock", F_OK) != 0 &&
      access ("/run/libvirt/virtqemud-sock", F_OK) != 0)
    return FALSE;
  group = getgrnam ("libvirt");
  n = getgroups (n, groups);
  for (int i = 0; group != NULL && i < n; i++)
    if (groups[i] == group->gr_gid)
      return TRUE;
  return FALSE;
}

static GStrv
dup_default_uris (void)
{
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();

  /* For root, a session URI silently means the system's daemon: say what it is. */
  if (geteuid () != 0)
    g_strv_builder_add (uris, "qemu:///session");
  if (geteuid () == 0 || can_use_system ())
    g_strv_builder_add (uris, "qemu:///system");
  return g_strv_builder_end (uris);
}

static GStrv
dup_without (const char * const *uris,
             const char         *uri)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; uris[i] != NULL; i++)
    if (strcmp (uris[i], uri) != 0)
      g_strv_builder_add (builder, uris[i]);
  return g_strv_builder_end (builder);
}

static GStrv
dup_with (const char * const *uris,
          const char         *uri)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_addv (builder, (const char **) uris);
  if (!g_strv_contains (uris, uri))
    g_strv_builder_add (builder, uri);
  return g_strv_builder_end (builder);
}

/* In its place, unless @uri is there already. */
static GStrv
dup_replaced (const char * const *uris,
              const char         *old,
              const char         *uri)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean there = g_strv_contains (uris, uri);

  for (guint i = 0; uris[i] != NULL; i++)
    if (strcmp (uris[i], old) != 0)
      g_strv_builder_add (builder, uris[i]);
    else if (!there)
      g_strv_builder_add (builder, uri);
  return g_strv_builder_end (builder);
}

static void
change (GSettings  *settings,
        const char *key,
        const char *uri,
        gboolean    there)
{
  g_auto (GStrv) before = strcmp (key, "hosts") == 0 ? gh_saved_hosts_dup_uris ()
                                                     : g_settings_get_strv (settings, key);
  g_auto (GStrv) after = there ? dup_with ((const char * const *) before, uri)
                               : dup_without ((const char * const *) before, uri);

  g_settings_set_strv (settings, key, (const char * const *) after);
}

/**
 * gh_saved_hosts_dup_uris:
 *
 * Returns: (transfer full): libvirt URIs, in the order they are shown
 */
GStrv
gh_saved_hosts_dup_uris (void)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  g_auto (GStrv) uris = g_settings_get_strv (settings, "hosts");

  return uris[0] != NULL ? g_steal_pointer (&uris) : dup_default_uris ();
}

gboolean
gh_saved_hosts_get_connects (const char *uri)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  g_auto (GStrv) manual = g_settings_get_strv (settings, "manual-hosts");

  g_return_val_if_fail (uri != NULL, FALSE);

  return !g_strv_contains ((const char * const *) manual, uri);
}

gboolean
gh_saved_hosts_is_default (const char *uri)
{
  g_auto (GStrv) uris = dup_default_uris ();

  g_return_val_if_fail (uri != NULL, FALSE);

  return g_strv_contains ((const char * const *) uris, uri);
}

/**
 * gh_saved_hosts_add:
 * @uri: a libvirt URI
 * @connects: whether it is connected by itself when Guesthouse starts
 *
 * Saves a host, behind those that are there.
 */
void
gh_saved_hosts_add (const char *uri,
                    gboolean    connects)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);

  g_return_if_fail (uri != NULL);

  /* In this order: who sees the host appear asks at once whether to connect it. */
  change (settings, "manual-hosts", uri, !connects);
  change (settings, "hosts", uri, TRUE);
}

/**
 * gh_saved_hosts_remove:
 * @uri: a libvirt URI
 *
 * Forgets a host. When it was the last, those of a first start come back.
 */
void
gh_saved_hosts_remove (const char *uri)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);

  g_return_if_fail (uri != NULL);

  change (settings, "hosts", uri, FALSE);
  change (settings, "manual-hosts", uri, FALSE);
  gh_saved_hosts_set_name (uri, NULL);
}

gboolean
gh_saved_hosts_has (const char *uri)
{
  g_auto (GStrv) uris = gh_saved_hosts_dup_uris ();

  g_return_val_if_fail (uri != NULL, FALSE);

  return g_strv_contains ((const char * const *) uris, uri);
}

/**
 * gh_saved_hosts_replace:
 * @old: the libvirt URI of a host that is saved
 * @uri: its URI from now on
 *
 * Changes the address of a host. It stays where it is in the list, keeps its name, and is connected
 * at start and collapsed as before.
 */
void
gh_saved_hosts_replace (const char *old,
                        const char *uri)
{
  static const char * const keys[] = { "manual-hosts", "collapsed-hosts", "hosts" };
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  g_autofree char *name = NULL;

  g_return_if_fail (old != NULL);
  g_return_if_fail (uri != NULL);

  if (strcmp (old, uri) == 0 || !gh_saved_hosts_has (old))
    return;
  name = gh_saved_hosts_dup_name (old);
  gh_saved_hosts_set_name (uri, name);
  /* The list comes last: who sees the host appear asks at once what is known of it. */
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_auto (GStrv) before = strcmp (keys[i], "hosts") == 0
                              ? gh_saved_hosts_dup_uris ()
                              : g_settings_get_strv (settings, keys[i]);
      g_auto (GStrv) after = dup_replaced ((const char * const *) before, old, uri);

      g_settings_set_strv (settings, keys[i], (const char * const *) after);
    }
  gh_saved_hosts_set_name (old, NULL);
}

/**
 * gh_saved_hosts_dup_name:
 * @uri: a libvirt URI
 *
 * Returns: (transfer full) (nullable): what the user calls that host
 */
char *
gh_saved_hosts_dup_name (const char *uri)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  g_autoptr (GVariant) names = g_settings_get_value (settings, "host-names");
  g_autofree char *name = NULL;

  g_return_val_if_fail (uri != NULL, NULL);

  /* Others may have written it. */
  if (!g_variant_lookup (names, uri, "s", &name) || *name == '\0' ||
      !gh_saved_hosts_check_name (name, NULL))
    return NULL;
  return g_steal_pointer (&name);
}

/**
 * gh_saved_hosts_set_name:
 * @uri: a libvirt URI
 * @name: (nullable): what the user calls that host; %NULL and "": by its address
 */
void
gh_saved_hosts_set_name (const char *uri,
                         const char *name)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  g_autoptr (GVariant) before = g_settings_get_value (settings, "host-names");
  g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  const char *key = NULL;
  const char *value = NULL;
  GVariantIter iter;

  g_return_if_fail (uri != NULL);

  g_variant_iter_init (&iter, before);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &value))
    if (strcmp (key, uri) != 0)
      g_variant_builder_add (&names, "{ss}", key, value);
  if (name != NULL && *name != '\0')
    g_variant_builder_add (&names, "{ss}", uri, name);
  g_settings_set_value (settings, "host-names", g_variant_builder_end (&names));
}

/* What would be taken for an address, or cannot be read in a list. */
gboolean
gh_saved_hosts_check_name (const char  *name,
                           GError     **error)
{
  gboolean fits = g_utf8_validate (name, -1, NULL) && g_utf8_strlen (name, -1) <= MAX_NAME &&
                  strstr (name, ":/") == NULL && *name != '-';

  for (const char *c = name; fits && *c != '\0'; c = g_utf8_next_char (c))
    fits = g_unichar_isprint (g_utf8_get_char (c));
  if (!fits)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         _("The name of a host is short, has no “:/” in it, and does not begin "
                           "with “-”."));
  return fits;
}

void
gh_saved_hosts_sync (void)
{
  g_settings_sync ();
}

/**
 * gh_saved_hosts_are_kept:
 *
 * Returns: whether what is saved outlives this process; not where GLib has no other place for
 *   settings than its memory
 */
gboolean
gh_saved_hosts_are_kept (void)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  g_autoptr (GObject) backend = NULL;

  g_object_get (settings, "backend", &backend, NULL);
  return strcmp (G_OBJECT_TYPE_NAME (backend), "GMemorySettingsBackend") != 0;
}
