/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Machines that move over a line between two computers that is slow, cut, or both. After each test:
 * where the machine is, what is on both sides, that the guest went on, and what is on its disk. */

#include "gh-lab-pair.h"

#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gh-test.h"
#include "gh-threads.h"

#define KIB_PER_S_SLOW 2048

static GhLabPair pair;

#define begin_move(...) \
  gh_lab_spawn (pair.a, "-c", pair.a_uri, "migrate", "web", pair.b_uri, "--address", \
                "tcp://10.77.0.2", "--yes", "--json", __VA_ARGS__)

/* Both hosts as new, and a line that is whole and fast. */
static gboolean
open_line (void)
{
  if (pair.net == NULL)
    {
      g_test_skip ("an ordinary user gets no network namespaces here: no line is cut or slowed");
      return FALSE;
    }
  gh_lab_net_set_up (pair.net, TRUE);
  gh_lab_net_set_rate (pair.net, 0);
  return gh_lab_pair_open (&pair);
}

static void
assert_same_disks (void)
{
  g_autofree char *old = g_build_filename (gh_lab_get_folder (pair.a), "img", "web.qcow2", NULL);
  g_autofree char *new = g_build_filename (gh_lab_get_folder (pair.b), "img", "web.qcow2", NULL);
  g_autofree char *compared = NULL;

  gh_lab_pair_set_off (pair.b);
  compared = gh_lab_pair_run_tool ("qemu-img", "compare", old, new, NULL);
  g_assert_nonnull (strstr (compared, "identical"));
}

/* What is sent goes over the line: disks and memory. */
static void
test_crosses (void)
{
  g_autoptr (GhLabRun) run = NULL;
  guint64 count = 0;
  guint64 before = 0;

  if (!open_line ())
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_counter (&pair);
  count = gh_lab_pair_read_counter (pair.a);
  before = gh_lab_net_get_arrived (pair.net);
  run = gh_lab_child_wait (begin_move ("--copy-storage", NULL));
  gh_lab_assert_status (run, 0);
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  g_assert_cmpuint (gh_lab_net_get_arrived (pair.net), >, before + 16 * 1024 * 1024);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.b), >, count);
  assert_same_disks ();
}

/* It stays cut, and the user gives up. */
static void
test_cut (gconstpointer data)
{
  gboolean disks = GPOINTER_TO_INT (data);
  g_auto (GhLabInventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;
  guint64 count = 0;

  if (!open_line ())
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_counter (&pair);
  gh_lab_pair_take_inventory (&pair, &before);
  count = gh_lab_pair_read_counter (pair.a);
  gh_lab_net_set_rate (pair.net, KIB_PER_S_SLOW);
  child = disks ? begin_move ("--copy-storage", NULL) : begin_move (NULL);
  gh_lab_pair_wait_for_phase (&pair, child, disks);
  gh_lab_net_set_up (pair.net, FALSE);
  /* The guest does not wait for the line. */
  count = gh_lab_pair_read_counter (pair.a);
  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
  gh_lab_pair_assert_inventory (&pair, &before);
}

/* It was cut, and is whole again: the move goes on where it was. */
static void
test_mended (gconstpointer data)
{
  gboolean disks = GPOINTER_TO_INT (data);
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;
  guint64 count = 0;

  if (!open_line ())
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_counter (&pair);
  gh_lab_net_set_rate (pair.net, KIB_PER_S_SLOW);
  child = begin_move ("--copy-storage", NULL);
  gh_lab_pair_wait_for_phase (&pair, child, disks);
  gh_lab_net_set_up (pair.net, FALSE);
  count = gh_lab_pair_read_counter (pair.a);
  gh_lab_net_set_rate (pair.net, 0);
  gh_lab_net_set_up (pair.net, TRUE);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 0);
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.b), >, count);
  assert_same_disks ();
}

int
main (int    argc,
      char **argv)
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  g_test_add_func ("/lab/line/crosses", test_crosses);
  g_test_add_data_func ("/lab/line/cut-disks", GINT_TO_POINTER (TRUE), test_cut);
  g_test_add_data_func ("/lab/line/cut-memory", GINT_TO_POINTER (FALSE), test_cut);
  g_test_add_data_func ("/lab/line/mended-disks", GINT_TO_POINTER (TRUE), test_mended);
  g_test_add_data_func ("/lab/line/mended-memory", GINT_TO_POINTER (FALSE), test_mended);
  pair.net = gh_lab_net_new ();
  status = g_test_run ();
  gh_lab_pair_close (&pair);
  g_clear_pointer (&pair.net, gh_lab_net_free);
  return status;
}
