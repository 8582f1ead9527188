/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-format"

#include "config.h"

#include "gh-format.h"

#include <glib/gi18n-lib.h>

/**
 * gh_format_duration:
 * @seconds: a span of time, in seconds
 *
 * Returns: (transfer full): the span in its largest fitting unit, as in
 *   “2 hours”; translated
 */
char *
gh_format_duration (gint64 seconds)
{
  gint64 minutes = seconds / 60;
  gint64 hours = minutes / 60;
  gint64 days = hours / 24;

  if (days > 0)
    return g_strdup_printf (ngettext ("%d day", "%d days", (gulong) days), (int) days);
  if (hours > 0)
    return g_strdup_printf (ngettext ("%d hour", "%d hours", (gulong) hours), (int) hours);
  if (minutes > 0)
    return g_strdup_printf (ngettext ("%d minute", "%d minutes", (gulong) minutes), (int) minutes);
  return g_strdup_printf (ngettext ("%d second", "%d seconds", (gulong) seconds), (int) seconds);
}

/* What would be shown as 1024.0 of a unit is one of the next. */
static guint64
round_up (guint64 bytes)
{
  for (guint64 unit = 1024; unit < G_GUINT64_CONSTANT (1) << 50; unit *= 1024)
    if (bytes < unit * 1024 && bytes >= unit * 1024 - unit / 20)
      return unit * 1024;
  return bytes;
}

/**
 * gh_format_memory:
 * @kib: an amount of memory, in KiB as libvirt counts it
 *
 * Returns: (transfer full): such as “2.0 GiB”; translated
 */
char *
gh_format_memory (guint64 kib)
{
  return gh_format_file_size (kib * 1024);
}

/**
 * gh_format_file_size:
 * @bytes: a size
 *
 * Returns: (transfer full): such as “20.0 GiB”; disks are sold in GB but made
 *   in GiB, so powers of two are shown everywhere; translated
 */
char *
gh_format_file_size (guint64 bytes)
{
  return g_format_size_full (round_up (bytes), G_FORMAT_SIZE_IEC_UNITS);
}
