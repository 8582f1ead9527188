/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GhBenchRun:
 *
 * One run of a program that prints milestones (gh_debug_milestone()).
 */
typedef struct
{
  GPid        pid;
  int         err_fd;
  gint64      start_us;   /* monotonic, right before it was started */
  GHashTable *milestones; /* name -> µs after the start (gint64 *) */
  GString    *pending;
} GhBenchRun;

GhBenchRun *gh_bench_start       (const char * const *argv, const char * const *environ_extra);
/* Waits for a milestone; its time after the start in µs. Fails the test after a minute. */
gint64      gh_bench_wait        (GhBenchRun *run, const char *milestone);
gint64      gh_bench_get         (GhBenchRun *run, const char *milestone); /* < 0: not reached */
guint64     gh_bench_dirty_kib   (GhBenchRun *run);
double      gh_bench_cpu_seconds (GhBenchRun *run);
void        gh_bench_stop        (GhBenchRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhBenchRun, gh_bench_stop)

/* Whether to take turn @i, from 0. The best of all turns is the measure, since other programs only
 * ever add to it: so while @ours is over @limit times @theirs, more turns are taken, up to
 * @most. */
gboolean    gh_bench_wants_turn  (guint i, guint n_turns, guint most, gint64 ours, gint64 theirs,
                                  double limit);
/* Prints a row of the table; over @limit the test is not passed, far over it it fails. */
void        gh_bench_report      (const char *what, double value, double limit, const char *unit,
                                  const char *detail);

G_END_DECLS
