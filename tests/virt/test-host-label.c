/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What hosts are called: no two in one window the same. */

#include "config.h"

#include <unistd.h>

#include "gh-host-label.h"
#include "gh-hosts.h"
#include "gh-test.h"
#include "gh-threads.h"

static const char socket_uri[] =
  "qemu+unix:///session?socket=/run/user/1000/b/libvirt/libvirt-sock";

static void
assert_label (const char *uri,
              const char *expected)
{
  g_autofree char *label = gh_host_label_new (uri);

  g_assert_cmpstr (label, ==, expected);
}

static void
test_alone (void)
{
  assert_label ("qemu:///session", "This computer");
  assert_label ("qemu:///system", geteuid () == 0 ? "This computer" : "This computer (system)");
  assert_label (socket_uri, "This computer (/run/user/1000/b)");
  assert_label ("qemu+unix:///system?mode=direct&socket=/x/sock", "This computer (/x/sock)");
  assert_label ("qemu+ssh://root@lab.example.org/system", "lab.example.org");
  assert_label ("qemu+tcp://[fe80::1]:99/system", "fe80::1");
  assert_label ("test:///default", "Test host");
  /* What is no URI of a host is not taken for this computer. */
  assert_label ("bogus", "bogus");
  assert_label ("bogus:system", "bogus:system");
}

static void
assert_labels (const char * const *uris,
               const char * const *expected)
{
  g_auto (GStrv) labels = gh_host_labels_new (uris);

  g_assert_cmpstrv (labels, (char **) expected);
}

#define LIST(...) ((const char * const []) { __VA_ARGS__, NULL })

static void
test_together (void)
{
  assert_labels (LIST ("qemu:///session", socket_uri),
                 LIST ("This computer", "This computer (/run/user/1000/b)"));
  /* The same to root, and to everybody on another computer. */
  assert_labels (LIST ("qemu+ssh://lab/system", "qemu:///session", "qemu+ssh://lab/session"),
                 LIST ("lab (system)", "This computer", "lab (session)"));
  assert_labels (LIST ("qemu+ssh://lab/system", "qemu+ssh://ann@lab/system"),
                 LIST ("lab", "lab (ann)"));
  assert_labels (LIST ("qemu+ssh://lab:22/system", "qemu+ssh://lab:2222/system"),
                 LIST ("lab (22)", "lab (2222)"));
  assert_labels (LIST ("qemu+ssh://lab/system", "qemu+tls://lab/system"),
                 LIST ("lab (qemu+ssh://lab/system)", "lab (qemu+tls://lab/system)"));
}

static void
count_cb (int *count)
{
  (*count)++;
}

/* Who was there is called otherwise as soon as another comes, and as before when that goes. */
static void
test_registry (void)
{
  g_autoptr (GhHosts) hosts = gh_hosts_new ();
  GhHost *first = gh_hosts_add (hosts, "qemu+ssh://lab/system");
  GhHost *second = NULL;
  int count = 0;

  g_signal_connect_swapped (first, "notify::label", G_CALLBACK (count_cb), &count);
  g_assert_cmpstr (gh_host_get_label (first), ==, "lab");
  second = gh_hosts_add (hosts, "qemu+ssh://lab/session");
  g_assert_cmpstr (gh_host_get_label (first), ==, "lab (system)");
  g_assert_cmpstr (gh_host_get_label (second), ==, "lab (session)");
  g_assert_cmpint (count, ==, 1);
  gh_hosts_remove (hosts, second);
  g_assert_cmpstr (gh_host_get_label (first), ==, "lab");
  g_assert_cmpint (count, ==, 2);
}

int
main (int   argc,
      char *argv[])
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host-label/alone", test_alone);
  g_test_add_func ("/host-label/together", test_together);
  g_test_add_func ("/host-label/registry", test_registry);
  return g_test_run ();
}
