/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-qemu-log"

#include "config.h"

#include "gh-qemu-log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-lane.h"

/* A guest can have its QEMU write as much as it likes. */
#define MAX_BYTES (256 * 1024)
#define MAX_LINES 10
#define MAX_LINE_CHARS 1000
#define MAX_TRIES 20
#define TRY_AGAIN_US (100 * 1000)

#define SYSTEM_FOLDER "/var/log/libvirt/qemu"

typedef struct
{
  char   *path;
  char   *uuid;
  gint64  since_us;
  guint   n_tries;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->path);
  g_free (request->uuid);
  g_free (request);
}

/**
 * gh_qemu_log_dup_path:
 * @session: whether it is the libvirt of this user
 * @name: of a machine
 *
 * Returns: (transfer full) (nullable): the path, whether something is there or not
 */
char *
gh_qemu_log_dup_path (gboolean    session,
                      const char *name)
{
  g_autofree char *file = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  if (*name == '\0' || *name == '.' || strchr (name, '/') != NULL)
    return NULL;
  file = g_strdup_printf ("%s.log", name);
  return session ? g_build_filename (g_get_user_cache_dir (), "libvirt", "qemu", "log", file, NULL)
                 : g_build_filename (SYSTEM_FOLDER, file, NULL);
}

/* “2023-06-01 10:00:00.123+0000: starting up libvirt version: …”: when, or -1 for other lines. */
static gint64
get_start_us (const char *line)
{
  const char *what = strstr (line, ": starting up");
  g_autofree char *text = what != NULL ? g_strndup (line, (gsize) (what - line)) : NULL;
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  return time != NULL ? g_date_time_to_unix (time) * G_USEC_PER_SEC : -1;
}

/* “2023-06-01T10:00:00.123456Z qemu-system-x86_64: …”: when, or -1 for other lines. */
static gint64
get_line_us (const char *line)
{
  const char *end = strstr (line, "Z ");
  g_autofree char *text = end != NULL ? g_strndup (line, (gsize) (end - line) + 1) : NULL;
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  return time != NULL ? g_date_time_to_unix (time) * G_USEC_PER_SEC : -1;
}

/* After the line of a start its command line follows, one that goes on for as long as lines end in
 * a backslash. Whether it names @uuid; *@next: the line after it. */
static gboolean
skip_command_line (GStrv       lines,
                   guint       start,
                   const char *uuid,
                   guint      *next)
{
  gboolean found = FALSE;
  guint i = start + 1;

  while (lines[i] != NULL)
    {
      gboolean goes_on = g_str_has_suffix (lines[i], "\\");

      found = found || strstr (lines[i], uuid) != NULL;
      i++;
      if (!goes_on)
        break;
    }
  *next = i;
  return found;
}

static gboolean
may_be_shown (const char *line)
{
  /* And what libvirt itself writes there. */
  static const char * const words[] = { "secret", "passw", "passphrase", ": shutting down",
                                        " is tainted: " };
  g_autofree char *low = g_ascii_strdown (line, -1);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strstr (low, words[i]) != NULL)
      return FALSE;
  return *line != '\0';
}

/* What a guest can have written there is shown in terminals. */
static char *
dup_clean (const char *line)
{
  g_autofree char *valid = g_utf8_make_valid (line, -1);
  GString *clean = g_string_new (NULL);
  const char *at = valid;

  for (guint i = 0; i < MAX_LINE_CHARS && *at != '\0'; i++, at = g_utf8_next_char (at))
    {
      gunichar character = g_utf8_get_char (at);

      g_string_append_unichar (clean, g_unichar_isprint (character) ? character : ' ');
    }
  g_strchomp (clean->str);
  return g_string_free (clean, FALSE);
}

/**
 * gh_qemu_log_dup_end:
 * @text: of a log
 * @uuid: of the machine
 * @since_us: a real time
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): lines
 */
char *
gh_qemu_log_dup_end (const char *text,
                     const char *uuid,
                     gint64      since_us)
{
  g_auto (GStrv) lines = NULL;
  g_autoptr (GPtrArray) shown = g_ptr_array_new_with_free_func (g_free);
  guint start = G_MAXUINT;
  guint first = 0;
  gboolean new = FALSE; /* the line and those after it */

  g_return_val_if_fail (text != NULL && uuid != NULL, NULL);

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (get_start_us (lines[i]) >= 0)
      start = i;
  if (start == G_MAXUINT || !skip_command_line (lines, start, uuid, &first))
    return NULL;
  /* Times are in whole seconds here. */
  new = get_start_us (lines[start]) + G_USEC_PER_SEC >= since_us;
  for (guint i = first; lines[i] != NULL; i++)
    {
      gint64 time_us = get_line_us (lines[i]);

      new = new || (time_us >= 0 && time_us + G_USEC_PER_SEC >= since_us);
      if (new && may_be_shown (lines[i]))
        g_ptr_array_add (shown, dup_clean (lines[i]));
    }
  if (shown->len == 0)
    return NULL;
  if (shown->len > MAX_LINES)
    g_ptr_array_remove_range (shown, 0, shown->len - MAX_LINES);
  g_ptr_array_add (shown, NULL);
  return g_strjoinv ("\n", (char **) shown->pdata);
}

/* (nullable): the last bytes of a file, which is not waited for. */
static char *
read_end (const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status;
  g_autofree char *bytes = NULL;
  gsize length = 0;
  ssize_t got = 0;

  if (fd < 0)
    return NULL;
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    {
      off_t at = MAX (0, status.st_size - MAX_BYTES);

      bytes = g_malloc0 (MAX_BYTES + 1);
      while (length < MAX_BYTES &&
             ((got = pread (fd, bytes + length, MAX_BYTES - length, at + (off_t) length)) > 0 ||
              (got < 0 && errno == EINTR)))
        length += (gsize) MAX (0, got);
      /* Strings end at the first of them. */
      for (gsize i = 0; i < length; i++)
        if (bytes[i] == '\0')
          bytes[i] = ' ';
    }
  close (fd);
  return g_steal_pointer (&bytes);
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const Request *request = data;
  char *lines = NULL;

  /* What one that has just ended wrote may still be on its way through libvirt's log daemon. */
  for (guint i = 0; lines == NULL && i < request->n_tries; i++)
    {
      g_autofree char *text = NULL;

      if (i > 0)
        g_usleep (TRY_AGAIN_US);
      text = read_end (request->path);
      if (text == NULL)
        break;
      lines = gh_qemu_log_dup_end (text, request->uuid, request->since_us);
    }
  if (lines == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "It says nothing");
  return lines;
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  char *lines = gh_lane_run_finish (GH_LANE (object), result, NULL);

  gh_lane_stop (GH_LANE (object), NULL);
  /* That there is nothing to show is no failure. */
  g_task_return_pointer (task, lines, g_free);
}

/**
 * gh_qemu_log_load_async:
 * @path: of a log
 * @uuid: of the machine
 * @since_us: a real time
 * @waits: whether QEMU has ended just now: what it wrote may not be there yet
 * @callback: called when it was read
 * @user_data: for @callback
 */
void
gh_qemu_log_load_async (const char          *path,
                        const char          *uuid,
                        gint64               since_us,
                        gboolean             waits,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GhLane) lane = gh_lane_new ("qemu-log");
  Request *request = g_new0 (Request, 1);

  g_task_set_source_tag (task, gh_qemu_log_load_async);
  request->path = g_strdup (path);
  request->uuid = g_strdup (uuid);
  request->since_us = since_us;
  request->n_tries = waits ? MAX_TRIES : 1;
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "qemu-log", load_worker, request,
                     request_free, g_free, NULL, loaded_cb, task);
}

char *
gh_qemu_log_load_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), NULL);
}
