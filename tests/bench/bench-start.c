/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Figures of the start: first window, list, memory, idle CPU; each against a bare program measured
 * in the same run, turn by turn, the best of several turns, since noise only ever adds. */

#include "config.h"

#include <string.h>

#include "gh-bench.h"
#include "gh-test.h"
#include "gh-test-hosts.h"

#define N_TURNS 7
#define IDLE_S 20

typedef struct
{
  gint64  window_us;
  gint64  list_us;
  guint64 dirty_kib;
} Best;

static const char *bare = NULL;
static const char *program = NULL;
static char *uris[3]; /* 1, 1,000 and 10,000 machines */
static const guint sizes[] = { 1, 1000, 10000 };

static void
take_turn (const char * const *argv,
           gboolean            lists,
           Best               *best)
{
  g_autoptr (GhBenchRun) run = gh_bench_start (argv, NULL);
  gint64 window_us = gh_bench_wait (run, "window-mapped");
  gint64 list_us = lists ? gh_bench_wait (run, "list-settled") : 0;
  guint64 dirty_kib = 0;

  /* What it does right after is part of what it takes. */
  g_usleep (G_USEC_PER_SEC);
  dirty_kib = gh_bench_dirty_kib (run);
  best->window_us = MIN (best->window_us, window_us);
  best->list_us = MIN (best->list_us, list_us);
  best->dirty_kib = MIN (best->dirty_kib, dirty_kib);
}

static void
measure (guint  size_index,
         guint  n_turns,
         Best  *window_only,
         Best  *bare_list,
         Best  *ours)
{
  const char *bare_argv[] = { bare, NULL, NULL };
  const char *our_argv[] = { program, "-c", uris[size_index], NULL };

  *window_only = *bare_list = *ours = (Best){ G_MAXINT64, G_MAXINT64, G_MAXUINT64 };
  for (guint i = 0; i < n_turns; i++)
    {
      bare_argv[1] = NULL;
      take_turn (bare_argv, FALSE, window_only);
      take_turn (our_argv, TRUE, ours);
      bare_argv[1] = uris[size_index];
      take_turn (bare_argv, TRUE, bare_list);
    }
}

static char *
detail (gint64 ours_us,
        gint64 theirs_us)
{
  return g_strdup_printf ("%.0f ms against %.0f ms", ours_us / 1000.0, theirs_us / 1000.0);
}

static void
test_start (void)
{
  Best window[3];
  Best bare_list[3];
  Best ours[3];
  g_autofree char *details[8] = { NULL };

  measure (0, N_TURNS, &window[0], &bare_list[0], &ours[0]);
  details[0] = detail (ours[0].window_us, window[0].window_us);
  gh_bench_report ("first window, 1 machine, against a bare window",
                   (double) ours[0].window_us / (double) window[0].window_us, 2.0, "×", details[0]);
  details[1] = g_strdup_printf ("%" G_GUINT64_FORMAT " KiB against %" G_GUINT64_FORMAT " KiB",
                                ours[0].dirty_kib, bare_list[0].dirty_kib);
  gh_bench_report ("memory beyond the bare program, 1 machine",
                   ((double) ours[0].dirty_kib - (double) bare_list[0].dirty_kib) / 1024, 14, "MiB", details[1]);

  measure (1, N_TURNS, &window[1], &bare_list[1], &ours[1]);
  details[2] = detail (ours[1].window_us, ours[0].window_us);
  gh_bench_report ("first window, 1,000 machines, against 1 machine",
                   (double) ours[1].window_us / (double) ours[0].window_us, 1.1, "×", details[2]);
  details[3] = detail (ours[1].list_us, bare_list[1].list_us);
  gh_bench_report ("list settled, 1,000 machines, against bare listing",
                   (double) ours[1].list_us / (double) bare_list[1].list_us, 1.3, "×", details[3]);
  details[4] = g_strdup_printf ("%" G_GUINT64_FORMAT " KiB against %" G_GUINT64_FORMAT " KiB",
                                ours[1].dirty_kib, bare_list[1].dirty_kib);
  gh_bench_report ("memory beyond the bare program, 1,000 machines",
                   ((double) ours[1].dirty_kib - (double) bare_list[1].dirty_kib) / 1024, 22, "MiB", details[4]);

  measure (2, 3, &window[2], &bare_list[2], &ours[2]);
  details[5] = detail (ours[2].window_us, ours[0].window_us);
  gh_bench_report ("first window, 10,000 machines, against 1 machine",
                   (double) ours[2].window_us / (double) ours[0].window_us, 1.1, "×", details[5]);
  details[6] = detail (ours[2].list_us, bare_list[2].list_us);
  gh_bench_report ("list settled, 10,000 machines, against bare listing",
                   (double) ours[2].list_us / (double) bare_list[2].list_us, 1.3, "×", details[6]);
}

/* The window is visible and shows figures; over this time nobody touches it. */
static void
test_idle (void)
{
  const char *argv[] = { program, "-c", uris[1], NULL };
  g_autoptr (GhBenchRun) run = gh_bench_start (argv, NULL);
  double before = 0;
  double share = 0;

  gh_bench_wait (run, "list-settled");
  g_usleep (3 * G_USEC_PER_SEC);
  before = gh_bench_cpu_seconds (run);
  g_usleep (IDLE_S * G_USEC_PER_SEC);
  share = (gh_bench_cpu_seconds (run) - before) / IDLE_S * 100;
  gh_bench_report ("CPU while idle and visible, 1,000 machines, half running", share, 1.0, "%", "of one core");
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *folder = NULL;

  g_test_init (&argc, &argv, NULL);
  bare = g_getenv ("GUESTHOUSE_BARE");
  program = g_getenv ("GUESTHOUSE_PROGRAM");
  g_assert_nonnull (bare);
  g_assert_nonnull (program);

  folder = gh_test_dup_tmp_dir ();
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *name = g_strdup_printf ("hosts-%u.xml", sizes[i]);
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *xml = gh_test_hosts_dup_xml (sizes[i], TRUE);

      g_assert_true (g_file_set_contents (path, xml, -1, NULL));
      uris[i] = g_strconcat ("test://", path, NULL);
    }

  g_test_add_func ("/bench/start", test_start);
  g_test_add_func ("/bench/idle", test_idle);
  return g_test_run ();
}
