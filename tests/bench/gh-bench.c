/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-bench.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS (60 * 1000)
/* What other programs on a shared machine add to the best of many turns. A figure that is over its
 * limit by less is told, and counted as skipped; by more, the test fails. */
#define NOISE 1.5

GhBenchRun *
gh_bench_start (const char * const *argv,
                const char * const *environ_extra)
{
  GhBenchRun *run = g_new0 (GhBenchRun, 1);
  g_auto (GStrv) environ_all = g_get_environ ();
  GError *error = NULL;

  environ_all = g_environ_setenv (environ_all, "GUESTHOUSE_DEBUG", "times", TRUE);
  for (guint i = 0; environ_extra != NULL && environ_extra[i] != NULL; i += 2)
    environ_all = g_environ_setenv (environ_all, environ_extra[i], environ_extra[i + 1], TRUE);
  run->milestones = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  run->pending = g_string_new (NULL);
  run->start_us = g_get_monotonic_time ();
  g_spawn_async_with_pipes (NULL, (char **) argv, environ_all,
                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH, NULL, NULL, &run->pid,
                            NULL, NULL, &run->err_fd, &error);
  g_assert_no_error (error);
  return run;
}

static void
read_line (GhBenchRun *run,
           const char *line)
{
  char name[64];
  gint64 time_us = 0;

  if (sscanf (line, "milestone %63s %" G_GINT64_FORMAT, name, &time_us) == 2)
    {
      if (!g_hash_table_contains (run->milestones, name))
        g_hash_table_insert (run->milestones, g_strdup (name),
                             g_memdup2 (&(gint64){ time_us - run->start_us }, sizeof (gint64)));
    }
  else if (*line != '\0')
    g_test_message ("%d: %s", (int) run->pid, line);
}

gint64
gh_bench_get (GhBenchRun *run,
              const char *milestone)
{
  gint64 *time_us = g_hash_table_lookup (run->milestones, milestone);

  return time_us != NULL ? *time_us : -1;
}

gint64
gh_bench_wait (GhBenchRun *run,
               const char *milestone)
{
  gint64 end = g_get_monotonic_time () + WAIT_MS * G_GINT64_CONSTANT (1000);

  while (gh_bench_get (run, milestone) < 0)
    {
      struct pollfd fd = { run->err_fd, POLLIN, 0 };
      char buffer[4096];
      ssize_t n = 0;
      char *line_end = NULL;

      if (g_get_monotonic_time () > end || poll (&fd, 1, WAIT_MS) <= 0)
        g_error ("Waited too long for “%s”", milestone);
      n = read (run->err_fd, buffer, sizeof buffer);
      if (n <= 0)
        g_error ("The program ended before “%s”", milestone);
      g_string_append_len (run->pending, buffer, n);
      while ((line_end = strchr (run->pending->str, '\n')) != NULL)
        {
          g_autofree char *line = g_strndup (run->pending->str,
                                             (gsize) (line_end - run->pending->str));

          g_string_erase (run->pending, 0, line_end - run->pending->str + 1);
          read_line (run, line);
        }
    }
  return gh_bench_get (run, milestone);
}

/* proc(5), smaps_rollup: memory only this process has and has written. */
guint64
gh_bench_dirty_kib (GhBenchRun *run)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/smaps_rollup", (int) run->pid);
  g_autofree char *text = NULL;
  const char *line = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  line = strstr (text, "Private_Dirty:");
  g_assert_nonnull (line);
  return g_ascii_strtoull (line + strlen ("Private_Dirty:"), NULL, 10);
}

double
gh_bench_cpu_seconds (GhBenchRun *run)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) run->pid);
  g_autofree char *text = NULL;
  unsigned long user = 0;
  unsigned long system = 0;
  const char *rest = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  rest = strrchr (text, ')');
  g_assert_cmpint (sscanf (rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                           &system), ==, 2);
  return (double) (user + system) / (double) sysconf (_SC_CLK_TCK);
}

void
gh_bench_stop (GhBenchRun *run)
{
  kill (run->pid, SIGTERM);
  while (waitpid (run->pid, NULL, 0) < 0 && errno == EINTR)
    ;
  close (run->err_fd);
  g_hash_table_unref (run->milestones);
  g_string_free (run->pending, TRUE);
  g_free (run);
}

gboolean
gh_bench_wants_turn (guint  i,
                     guint  n_turns,
                     guint  most,
                     gint64 ours,
                     gint64 theirs,
                     double limit)
{
  return i < n_turns || (i < most && (double) ours > limit * (double) theirs);
}

void
gh_bench_report (const char *what,
                 double      value,
                 double      limit,
                 const char *unit,
                 const char *detail)
{
  g_print ("# %-58s %8.2f %-4s (at most %.2f)  %s\n", what, value, unit, limit, detail);
  if (value <= limit)
    return;

  g_print ("# over the limit: %s\n", what);
  if (value > limit * NOISE)
    g_test_fail ();
  else
    g_test_incomplete (what);
}
