/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Sizes and spans of time as they are shown. */

#include "config.h"

#include "gh-format.h"

#define KIB G_GUINT64_CONSTANT (1024)
#define GIB (KIB * KIB * KIB)

/* A space that does not break is between number and unit. */
static void
assert_size (guint64     bytes,
             const char *expected)
{
  g_autofree char *size = gh_format_file_size (bytes);

  g_assert_cmpstr (size, ==, expected);
}

static void
test_sizes (void)
{
  g_autofree char *memory = gh_format_memory (2 * KIB * KIB);

  g_assert_cmpstr (memory, ==, "2.0\302\240GiB");
  assert_size (20 * GIB, "20.0\302\240GiB");
  /* Never 1024 of a unit. */
  assert_size (1024 * GIB - 1, "1.0\302\240TiB");
  assert_size (G_GUINT64_CONSTANT (1099506450432), "1.0\302\240TiB");
  assert_size (1023 * GIB, "1023.0\302\240GiB");
  assert_size (1024 * GIB - GIB / 10, "1023.9\302\240GiB");
  assert_size (KIB * KIB - 1, "1.0\302\240MiB");
  assert_size (G_MAXUINT64, "16.0\302\240EiB");
}

static void
test_durations (void)
{
  g_autofree char *second = gh_format_duration (1);
  g_autofree char *minutes = gh_format_duration (179);
  g_autofree char *day = gh_format_duration (24 * 60 * 60);

  g_assert_cmpstr (second, ==, "1 second");
  g_assert_cmpstr (minutes, ==, "2 minutes");
  g_assert_cmpstr (day, ==, "1 day");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/format/sizes", test_sizes);
  g_test_add_func ("/format/durations", test_durations);
  return g_test_run ();
}
