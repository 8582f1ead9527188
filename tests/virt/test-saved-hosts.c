/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The hosts that are kept, in the memory of this process. */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "gh-host-label.h"
#include "gh-saved-hosts.h"

#define FIRST "qemu+ssh://first.example/system"
#define SECOND "qemu+ssh://second.example/system"
#define THIRD "qemu+ssh://third.example/system"

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

static void
assert_name (const char *uri,
             const char *expected)
{
  g_autofree char *name = gh_saved_hosts_dup_name (uri);

  g_assert_cmpstr (name, ==, expected);
}

/* A name goes with its host, and what another program has written is looked at before it is
 * shown. */
static void
test_names (void)
{
  static const char * const bad[] = { "qemu:///system", "-c", "two\nlines", "\xff" };
  g_autofree char *label = NULL;

  gh_saved_hosts_add (FIRST, TRUE);
  gh_saved_hosts_set_name (FIRST, "Attic");
  gh_saved_hosts_set_name (SECOND, "Cellar");
  assert_name (FIRST, "Attic");
  assert_name (SECOND, "Cellar");
  label = gh_host_label_new (FIRST);
  g_assert_cmpstr (label, ==, "Attic");
  gh_saved_hosts_remove (FIRST);
  assert_name (FIRST, NULL);
  gh_saved_hosts_set_name (SECOND, "");
  assert_name (SECOND, NULL);

  g_assert_true (gh_saved_hosts_check_name ("", NULL));
  g_assert_true (gh_saved_hosts_check_name ("Dachboden 2: größer", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (gh_saved_hosts_check_name (bad[i], NULL));
  gh_saved_hosts_set_name (FIRST, "two\nlines");
  assert_name (FIRST, NULL);
  gh_saved_hosts_set_name (FIRST, NULL);
}

/* Two hosts that the user calls the same are told from each other. */
static void
test_same_name (void)
{
  static const char * const uris[] = { FIRST, SECOND, NULL };
  g_auto (GStrv) labels = NULL;

  gh_saved_hosts_set_name (FIRST, "Attic");
  gh_saved_hosts_set_name (SECOND, "Attic");
  labels = gh_host_labels_new (uris);
  g_assert_cmpstr (labels[0], ==, "Attic (" FIRST ")");
  g_assert_cmpstr (labels[1], ==, "Attic (" SECOND ")");
  gh_saved_hosts_set_name (FIRST, NULL);
  gh_saved_hosts_set_name (SECOND, NULL);
}

/* A host that has another address stays where it was in the list, and all that is known of it. */
static void
test_replace (void)
{
  g_auto (GStrv) defaults = gh_saved_hosts_dup_uris ();
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);
  const char *collapsed[] = { FIRST, NULL };
  g_auto (GStrv) after = NULL;
  g_auto (GStrv) hidden = NULL;
  guint n = g_strv_length (defaults);

  gh_saved_hosts_add (FIRST, FALSE);
  gh_saved_hosts_add (THIRD, TRUE);
  gh_saved_hosts_set_name (FIRST, "Attic");
  g_settings_set_strv (settings, "collapsed-hosts", collapsed);
  gh_saved_hosts_replace (FIRST, SECOND);
  after = gh_saved_hosts_dup_uris ();
  g_assert_cmpuint (g_strv_length (after), ==, n + 2);
  g_assert_cmpstr (after[n], ==, SECOND);
  g_assert_cmpstr (after[n + 1], ==, THIRD);
  g_assert_false (gh_saved_hosts_get_connects (SECOND));
  g_assert_true (gh_saved_hosts_get_connects (FIRST));
  assert_name (SECOND, "Attic");
  assert_name (FIRST, NULL);
  hidden = g_settings_get_strv (settings, "collapsed-hosts");
  g_assert_true (g_strv_contains ((const char * const *) hidden, SECOND));

  /* What is not saved is not put there. */
  gh_saved_hosts_replace (FIRST, "qemu+ssh://fourth.example/system");
  g_assert_false (gh_saved_hosts_has ("qemu+ssh://fourth.example/system"));
  gh_saved_hosts_remove (SECOND);
  gh_saved_hosts_remove (THIRD);
  g_settings_reset (settings, "collapsed-hosts");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/saved-hosts/defaults", test_defaults);
  g_test_add_func ("/saved-hosts/twice", test_twice);
  g_test_add_func ("/saved-hosts/seen-whole", test_seen_whole);
  g_test_add_func ("/saved-hosts/names", test_names);
  g_test_add_func ("/saved-hosts/same-name", test_same_name);
  g_test_add_func ("/saved-hosts/replace", test_replace);
  return g_test_run ();
}
