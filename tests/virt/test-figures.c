/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-figures.h"

static void
test_share (void)
{
  GhFigures *figures = gh_figures_new ();
  float samples[8] = { 0 };

  g_assert_false (gh_figures_add (figures, 1000, 1 * G_USEC_PER_SEC, 2));
  g_assert_cmpuint (gh_figures_get_cpu (figures, samples, 8), ==, 0);
  /* One of two CPUs for a second. */
  g_assert_true (gh_figures_add (figures, 1000 + 1000000000u, 2 * G_USEC_PER_SEC, 2));
  g_assert_cmpuint (gh_figures_get_cpu (figures, samples, 8), ==, 1);
  g_assert_cmpfloat_with_epsilon (samples[0], 0.5, 0.01);
  /* More than it has is shown as all. */
  g_assert_true (gh_figures_add (figures, 1000 + 9000000000u, 3 * G_USEC_PER_SEC, 2));
  /* A restart goes back to nothing and adds no sample. */
  g_assert_false (gh_figures_add (figures, 5, 4 * G_USEC_PER_SEC, 2));
  g_assert_true (gh_figures_add (figures, 5, 5 * G_USEC_PER_SEC, 2));
  g_assert_cmpuint (gh_figures_get_cpu (figures, samples, 8), ==, 3);
  g_assert_cmpfloat_with_epsilon (samples[1], 1.0, 0.001);
  g_assert_cmpfloat_with_epsilon (samples[2], 0.0, 0.001);
  gh_figures_free (figures);
}

static void
test_ring (void)
{
  GhFigures *figures = gh_figures_new ();
  float samples[GH_FIGURES_N_SAMPLES] = { 0 };

  for (guint i = 0; i <= GH_FIGURES_N_SAMPLES + 5; i++)
    gh_figures_add (figures, i * (guint64) 500000000, (i + 1) * G_USEC_PER_SEC, 1);
  g_assert_cmpuint (gh_figures_get_cpu (figures, samples, GH_FIGURES_N_SAMPLES), ==,
                    GH_FIGURES_N_SAMPLES);
  g_assert_cmpfloat_with_epsilon (samples[0], 0.5, 0.01);
  g_assert_cmpuint (gh_figures_get_cpu (figures, samples, 3), ==, 3);
  gh_figures_free (figures);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/figures/share", test_share);
  g_test_add_func ("/figures/ring", test_ring);
  return g_test_run ();
}
