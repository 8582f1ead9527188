/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The hosts that are kept, in the memory of this process. */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "gh-saved-hosts.h"

#define FIRST "qemu+ssh://first.example/system"
#define SECOND "qemu+ssh://second.example/system"

typedef struct
{
  guint    n_seen;
  gboolean connects; /* of SECOND, when it was seen */
} Seen;

static gboolean
is_saved (const char *uri)
{
  g_auto (GStrv) uris = gh_saved_hosts_dup_uris ();

  return g_strv_contains ((const char * const *) uris, uri);
}

/* The defaults stay when one is added to them, and come back when the last one goes. */
static void
test_defaults (void)
{
  g_auto (GStrv) defaults = gh_saved_hosts_dup_uris ();
  g_auto (GStrv) with = NULL;
  g_auto (GStrv) back = NULL;
  guint n = g_strv_length (defaults);

  gh_saved_hosts_add (FIRST, TRUE);
  with = gh_saved_hosts_dup_uris ();
  g_assert_cmpuint (g_strv_length (with), ==, n + 1);
  g_assert_cmpstr (with[n], ==, FIRST);
  for (guint i = 0; defaults[i] != NULL; i++)
    gh_saved_hosts_remove (defaults[i]);
  gh_saved_hosts_remove (FIRST);
  back = gh_saved_hosts_dup_uris ();
  g_assert_cmpstrv (back, defaults);
}

static void
test_twice (void)
{
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;

  gh_saved_hosts_add (FIRST, TRUE);
  before = gh_saved_hosts_dup_uris ();
  g_assert_true (gh_saved_hosts_get_connects (FIRST));
  gh_saved_hosts_add (FIRST, FALSE);
  after = gh_saved_hosts_dup_uris ();
  g_assert_cmpstrv (after, before);
  g_assert_false (gh_saved_hosts_get_connects (FIRST));

  /* What is forgotten is forgotten with what was known of it. */
  gh_saved_hosts_remove (FIRST);
  g_assert_false (is_saved (FIRST));
  g_assert_true (gh_saved_hosts_get_connects (FIRST));
}

static void
hosts_changed_cb (GSettings  *settings,
                  const char *key,
                  Seen       *seen)
{
  if (!is_saved (SECOND))
    return;
  seen->n_seen++;
  seen->connects = gh_saved_hosts_get_connects (SECOND);
}

/* A window that sees it appear must not connect one that is only connected when asked for. */
static void
test_seen_whole (void)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  Seen seen = { 0, TRUE };

  g_signal_connect (settings, "changed::hosts", G_CALLBACK (hosts_changed_cb), &seen);
  gh_saved_hosts_add (SECOND, FALSE);
  while (seen.n_seen == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (seen.connects);
  gh_saved_hosts_remove (SECOND);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/saved-hosts/defaults", test_defaults);
  g_test_add_func ("/saved-hosts/twice", test_twice);
  g_test_add_func ("/saved-hosts/seen-whole", test_seen_whole);
  return g_test_run ();
}
