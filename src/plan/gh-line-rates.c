/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-line-rates"

#include "config.h"

#include "gh-line-rates.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "gh-lane.h"
#include "gh-paths.h"

/* Pairs that are remembered. */
#define MAX_PAIRS 100
/* A file of so many is a good deal smaller. */
#define MAX_FILE_SIZE (64 * 1024)
/* Less is mostly what it takes to begin and to end. */
#define MIN_BYTES (G_GUINT64_CONSTANT (8) * 1024 * 1024)
/* Bytes per second that a line may have. */
#define MIN_RATE 1024.0
#define MAX_RATE (1024.0 * 1024 * 1024 * 1024)

/* When it was measured, in seconds since 1970: the oldest go. */
#define KEY_WHEN "measured"

/* By GhLineKind. */
static const char *const keys[GH_LINE_N_KINDS] = { "live", "off" };

/* Two moves that end together, on two lanes. */
static GMutex file_mutex;

typedef struct
{
  char       *pair;  /* the file's group */
  char       *back;  /* (nullable): that of the other direction */
  GhLineKind  kind;
  double      rate;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_free (work->pair);
  g_free (work->back);
  g_free (work);
}

/* Whom somebody is connected with is not to be read there. */
static char *
dup_pair (const char *from,
          const char *to)
{
  g_autofree char *text = g_strdup_printf ("%s\n%s", from, to);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

static char *
dup_path (void)
{
  return g_build_filename (gh_paths_get_state_dir (), "line-rates", "pairs", NULL);
}

static GKeyFile *
read_file (const char *path)
{
  GKeyFile *file = g_key_file_new ();
  GStatBuf status;

  if (g_lstat (path, &status) == 0 && S_ISREG (status.st_mode) && status.st_uid == geteuid () &&
      status.st_size <= MAX_FILE_SIZE)
    g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL);
  return file;
}

/* 0: there is none that could be one. */
static double
get_rate (GKeyFile   *file,
          const char *pair,
          GhLineKind  kind)
{
  double rate = g_key_file_get_double (file, pair, keys[kind], NULL);

  return rate >= MIN_RATE && rate <= MAX_RATE ? rate : 0.0;
}

/* Reading */

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const Work *work = data;
  g_autofree char *path = dup_path ();
  g_autoptr (GKeyFile) file = read_file (path);
  double *rates = g_new0 (double, GH_LINE_N_KINDS);

  for (int i = 0; i < GH_LINE_N_KINDS; i++)
    {
      rates[i] = get_rate (file, work->pair, (GhLineKind) i);
      if (rates[i] <= 0.0)
        rates[i] = get_rate (file, work->back, (GhLineKind) i);
    }
  return rates;
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  double *rates = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, rates, g_free);
}

void
gh_line_rates_load_async (const char          *from,
                          const char          *to,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr (GhLane) lane = NULL;
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  g_assert (from != NULL && to != NULL);

  g_task_set_source_tag (task, gh_line_rates_load_async);
  work->pair = dup_pair (from, to);
  work->back = dup_pair (to, from);
  lane = gh_lane_new ("line-rates");
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "line-rates-load", load_worker, work,
                     work_free, g_free, cancellable, loaded_cb, task);
}

gboolean
gh_line_rates_load_finish (GAsyncResult  *result,
                           double         rates[GH_LINE_N_KINDS],
                           GError       **error)
{
  g_autofree double *loaded = NULL;

  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  loaded = g_task_propagate_pointer (G_TASK (result), error);
  for (int i = 0; i < GH_LINE_N_KINDS; i++)
    rates[i] = loaded != NULL ? loaded[i] : 0.0;
  return loaded != NULL;
}

/* Writing */

static void
drop_oldest (GKeyFile *file)
{
  gsize n = 0;
  g_auto (GStrv) groups = g_key_file_get_groups (file, &n);

  for (; n >= MAX_PAIRS; n--)
    {
      const char *oldest = NULL;
      gint64 since = G_MAXINT64;

      for (gsize i = 0; groups[i] != NULL; i++)
        {
          gint64 when = g_key_file_get_int64 (file, groups[i], KEY_WHEN, NULL);

          if (g_key_file_has_group (file, groups[i]) && when < since)
            {
              oldest = groups[i];
              since = when;
            }
        }
      if (oldest == NULL)
        return;
      g_key_file_remove_group (file, oldest, NULL);
    }
}

static gpointer
keep_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const Work *work = data;
  g_autofree char *path = dup_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *text = NULL;
  g_autoptr (GKeyFile) file = NULL;

  g_mutex_lock (&file_mutex);
  file = read_file (path);
  if (!g_key_file_has_group (file, work->pair))
    drop_oldest (file);
  g_key_file_set_double (file, work->pair, keys[work->kind], work->rate);
  g_key_file_set_int64 (file, work->pair, KEY_WHEN, g_get_real_time () / G_USEC_PER_SEC);
  text = g_key_file_to_data (file, NULL, NULL);
  g_mkdir_with_parents (folder, 0700);
  /* What was there before or what is new; which of them does not matter. */
  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
  g_mutex_unlock (&file_mutex);
  return NULL;
}

static void
kept_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  (void) gh_lane_run_finish (GH_LANE (object), result, &error);
  if (error != NULL)
    g_warning ("How fast a move was could not be written down: %s", error->message);
  gh_lane_stop (GH_LANE (object), NULL);
  g_task_return_boolean (task, TRUE);
}

void
gh_line_rates_keep_async (const char          *from,
                          const char          *to,
                          GhLineKind           kind,
                          guint64              bytes,
                          gint64               span_us,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr (GhLane) lane = NULL;
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Work *work = NULL;

  g_assert (from != NULL && to != NULL && kind < GH_LINE_N_KINDS);

  g_task_set_source_tag (task, gh_line_rates_keep_async);
  if (bytes < MIN_BYTES || span_us <= 0)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  work = g_new0 (Work, 1);
  work->pair = dup_pair (from, to);
  work->kind = kind;
  work->rate = CLAMP ((double) bytes * G_USEC_PER_SEC / (double) span_us, MIN_RATE, MAX_RATE);
  lane = gh_lane_new ("line-rates");
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "line-rates-keep", keep_worker, work,
                     work_free, NULL, NULL, kept_cb, task);
}

void
gh_line_rates_keep_finish (GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, NULL));

  (void) g_task_propagate_boolean (G_TASK (result), NULL);
}
