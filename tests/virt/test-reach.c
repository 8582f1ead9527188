/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-reach.h"

/* Where the source sends what is for the destination. */
static void
test_address (void)
{
  static const struct
  {
    GhReach     to;
    GhReach     from;
    gboolean    by_name;
    const char *expected;
  } rows[] = {
    { { FALSE, "beta", NULL, 0, "10.0.0.2", "10.0.0.9" }, { .local = TRUE }, FALSE,
      "tcp://10.0.0.2" },
    { { FALSE, "beta", NULL, 0, "10.0.0.2", "10.0.0.9" }, { .local = TRUE }, TRUE, "tcp://beta" },
    { { FALSE, "beta", NULL, 0, "2001:db8::2", NULL }, { .local = TRUE }, FALSE,
      "tcp://[2001:db8::2]" },
    /* Behind another computer, or of this one only. */
    { { FALSE, "beta", NULL, 0, NULL, NULL }, { FALSE, "alpha" }, FALSE, "tcp://beta" },
    { { FALSE, "fe80::1%eth0", NULL, 0, "fe80::1", NULL }, { FALSE, "alpha" }, FALSE, NULL },
    { { FALSE, "127.0.0.1", NULL, 0, "127.0.0.1", NULL }, { FALSE, "alpha" }, FALSE, NULL },
    { { FALSE, "127.0.0.1", NULL, 0, "127.0.0.1", NULL }, { .local = TRUE }, FALSE,
      "tcp://127.0.0.1" },
    /* To this computer. */
    { { .local = TRUE }, { FALSE, "alpha", NULL, 0, "10.0.0.1", "10.0.0.9" }, FALSE,
      "tcp://10.0.0.9" },
    { { .local = TRUE }, { FALSE, "alpha", NULL, 0, NULL, NULL }, FALSE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *address = gh_reach_dup_address (&rows[i].to, &rows[i].from,
                                                       rows[i].by_name);

      g_assert_cmpstr (address, ==, rows[i].expected);
    }
}

/* An alias of ssh's configuration means nothing to another host, nor does a key of this one. */
static void
test_alias (void)
{
  GhReach *reach = g_new0 (GhReach, 1);
  GhReach here = { .local = TRUE };
  GhReach there = { .name = (char *) "alpha" };
  g_autofree char *from_here = NULL;
  g_autofree char *from_there = NULL;

  reach->name = g_strdup ("web");
  g_assert_false (gh_reach_take_config (reach, "host web\nuser admin\nhostname 2001:db8::2\n"
                                        "port 2222\nproxyjump none\n"));
  from_here = gh_reach_dup_uri (reach, &here, "qemu+ssh://web/system?keyfile=/k&jump=gate");
  from_there = gh_reach_dup_uri (reach, &there, "qemu+ssh://web/system?keyfile=/k&jump=gate");
  g_assert_cmpstr (from_here, ==, "qemu+ssh://admin@[2001:db8::2]:2222/system?keyfile=/k");
  g_assert_cmpstr (from_there, ==, "qemu+ssh://admin@[2001:db8::2]:2222/system");
  g_assert_true (gh_reach_take_config (reach, "hostname inner\nport 22\nproxyjump gate\n"));
  g_assert_cmpstr (reach->name, ==, "inner");
  g_assert_cmpuint (reach->port, ==, 0);
  gh_reach_free (reach);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reach/address", test_address);
  g_test_add_func ("/reach/alias", test_alias);
  return g_test_run ();
}
