/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-figures"

#include "config.h"

#include "gh-figures.h"

GhFigures *
gh_figures_new (void)
{
  return g_new0 (GhFigures, 1);
}

void
gh_figures_free (GhFigures *self)
{
  g_free (self);
}

/**
 * gh_figures_add:
 * @self: figures of one machine
 * @cpu_ns: CPU time it has used since it was started, in ns
 * @time_us: when that was read, monotonic, in µs
 * @n_cpus: how many CPUs it has
 *
 * Adds a sample from two readings; the first reading, and one that went
 * back because the machine was started anew, only set the base. Main thread.
 *
 * Returns: whether a sample was added
 */
gboolean
gh_figures_add (GhFigures *self,
                guint64    cpu_ns,
                gint64     time_us,
                guint      n_cpus)
{
  gint64 elapsed_us = time_us - self->last_time_us;
  gboolean usable = self->last_time_us != 0 && elapsed_us > 0 && cpu_ns >= self->last_cpu_ns;
  double share = 0;

  if (usable)
    share = (double) (cpu_ns - self->last_cpu_ns) / ((double) elapsed_us * 1000.0 * MAX (n_cpus,
                                                                                         1));
  self->last_cpu_ns = cpu_ns;
  self->last_time_us = time_us;
  if (!usable)
    return FALSE;

  self->cpu[self->next] = (guint8) (CLAMP (share, 0.0, 1.0) * 255.0 + 0.5);
  self->next = (self->next + 1) % GH_FIGURES_N_SAMPLES;
  self->n_samples = MIN (self->n_samples + 1, GH_FIGURES_N_SAMPLES);
  return TRUE;
}

/**
 * gh_figures_get_cpu:
 * @self: figures of one machine
 * @samples: (out caller-allocates): room for @n_samples
 * @n_samples: how many are wanted at most
 *
 * Returns: how many of the newest samples were written, oldest first, 0.0 to 1.0
 */
guint
gh_figures_get_cpu (const GhFigures *self,
                    float           *samples,
                    guint            n_samples)
{
  guint n = MIN (n_samples, self->n_samples);

  for (guint i = 0; i < n; i++)
    {
      guint index = (self->next + GH_FIGURES_N_SAMPLES - n + i) % GH_FIGURES_N_SAMPLES;

      samples[i] = self->cpu[index] / 255.0f;
    }
  return n;
}
