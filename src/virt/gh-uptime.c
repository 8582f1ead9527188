/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* libvirt does not tell since when a machine has been running. For QEMU on this computer the
 * age of its process does, and its command line, which everybody may read, has the UUID. */

#define G_LOG_DOMAIN "gh-uptime"

#include "config.h"

#include "gh-uptime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gint64
read_boot_time_us (void)
{
  g_autofree char *text = NULL;
  const char *line = NULL;

  if (!g_file_get_contents ("/proc/stat", &text, NULL, NULL))
    return 0;
  line = strstr (text, "btime ");
  return line != NULL ? g_ascii_strtoll (line + strlen ("btime "), NULL, 10) * G_USEC_PER_SEC : 0;
}

/* proc(5): field 22, counted after the last parenthesis of the name (field 2), in clock ticks. */
static gint64
read_start_ticks (const char *pid)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "stat", NULL);
  g_autofree char *text = NULL;
  const char *field = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return -1;
  field = strrchr (text, ')');
  for (int i = 2; i < 22 && field != NULL; i++)
    {
      field = strchr (field + 1, ' ');
    }
  return field != NULL ? g_ascii_strtoll (field + 1, NULL, 10) : -1;
}

static char *
dup_uuid_argument (const char *arguments,
                   gsize       length)
{
  const char *end = arguments + length;

  for (const char *word = arguments; word < end; word += strlen (word) + 1)
    if (strcmp (word, "-uuid") == 0 && word + strlen (word) + 1 < end)
      return g_strdup (word + strlen (word) + 1);
  return NULL;
}

/**
 * gh_uptime_scan:
 *
 * Reads /proc, which takes some milliseconds: on a worker thread.
 *
 * Returns: (transfer full) (element-type utf8 gint64): start times by UUID
 */
GHashTable *
gh_uptime_scan (void)
{
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GDir) folder = g_dir_open ("/proc", 0, NULL);
  gint64 boot_us = read_boot_time_us ();
  long ticks = sysconf (_SC_CLK_TCK);
  const char *name = NULL;

  while (folder != NULL && boot_us != 0 && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = NULL;
      g_autofree char *arguments = NULL;
      g_autofree char *uuid = NULL;
      gsize length = 0;
      gint64 start = 0;

      if (!g_ascii_isdigit (*name))
        continue;
      path = g_build_filename ("/proc", name, "cmdline", NULL);
      if (!g_file_get_contents (path, &arguments, &length, NULL) || length == 0 ||
          strstr (arguments, "qemu") == NULL)
        continue;
      uuid = dup_uuid_argument (arguments, length);
      start = uuid != NULL ? read_start_ticks (name) : -1;
      if (start >= 0)
        g_hash_table_insert (table, g_steal_pointer (&uuid),
                             g_memdup2 (&(gint64){ boot_us + start * G_USEC_PER_SEC / ticks },
                                        sizeof (gint64)));
    }
  return table;
}
