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
#define N_LARGE_TURNS 4
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

#define NOTHING { G_MAXINT64, G_MAXINT64, G_MAXUINT64 }

typedef struct
{
  const char *what;
  double      limit;
  const char *unit;
} Figure;

static const Figure figures[] = {
  { "first window, 1 machine, against a bare window", 2.0, "×" },
  { "memory beyond the bare program, 1 machine", 14, "MiB" },
  { "first window, 1,000 machines, against 1 machine", 1.1, "×" },
  { "list settled, 1,000 machines, against bare listing", 1.3, "×" },
  { "memory beyond the bare program, 1,000 machines", 22, "MiB" },
  { "first window, 10,000 machines, against 1 machine", 1.1, "×" },
  { "list settled, 10,000 machines, against bare listing", 1.3, "×" },
};

static double
ratio (gint64 ours_us,
       gint64 theirs_us)
{
  return (double) ours_us / (double) theirs_us;
}

static double
beyond_mib (const Best *ours,
            const Best *bare_list)
{
  return ((double) ours->dirty_kib - (double) bare_list->dirty_kib) / 1024;
}

/* The best of all turns so far is the measure: other programs only ever add to it. So while a
 * figure is over its limit, more turns are taken, up to three rounds of them. */
static void
test_start (void)
{
  Best window[3] = { NOTHING, NOTHING, NOTHING };
  Best bare_list[3] = { NOTHING, NOTHING, NOTHING };
  Best ours[3] = { NOTHING, NOTHING, NOTHING };
  double values[G_N_ELEMENTS (figures)] = { 0 };
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func (g_free);
  gboolean good = FALSE;

  for (guint round = 0; round < 3 && !good; round++)
    {
      measure (0, N_TURNS, &window[0], &bare_list[0], &ours[0]);
      measure (1, N_TURNS, &window[1], &bare_list[1], &ours[1]);
      /* These take longest. */
      if (round == 0 || values[5] > figures[5].limit || values[6] > figures[6].limit)
        measure (2, N_LARGE_TURNS, &window[2], &bare_list[2], &ours[2]);
      values[0] = ratio (ours[0].window_us, window[0].window_us);
      values[1] = beyond_mib (&ours[0], &bare_list[0]);
      values[2] = ratio (ours[1].window_us, ours[0].window_us);
      values[3] = ratio (ours[1].list_us, bare_list[1].list_us);
      values[4] = beyond_mib (&ours[1], &bare_list[1]);
      values[5] = ratio (ours[2].window_us, ours[0].window_us);
      values[6] = ratio (ours[2].list_us, bare_list[2].list_us);
      good = TRUE;
      for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
        good = good && values[i] <= figures[i].limit;
    }

  g_ptr_array_add (details, detail (ours[0].window_us, window[0].window_us));
  g_ptr_array_add (details, g_strdup ("private dirty"));
  g_ptr_array_add (details, detail (ours[1].window_us, ours[0].window_us));
  g_ptr_array_add (details, detail (ours[1].list_us, bare_list[1].list_us));
  g_ptr_array_add (details, g_strdup ("private dirty"));
  g_ptr_array_add (details, detail (ours[2].window_us, ours[0].window_us));
  g_ptr_array_add (details, detail (ours[2].list_us, bare_list[2].list_us));
  for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
    gh_bench_report (figures[i].what, values[i], figures[i].limit, figures[i].unit,
                     details->pdata[i]);
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
  gh_bench_report ("CPU while idle and visible, 1,000 machines, half running", share, 1.0, "%",
                   "of one core");
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
