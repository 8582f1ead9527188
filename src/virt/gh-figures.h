/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GH_FIGURES_N_SAMPLES 60

/* A ring of CPU samples of one machine, in one block. Made with the first sample. */
typedef struct
{
  guint64 last_cpu_ns;
  gint64  last_time_us;   /* monotonic; 0: no previous reading */
  guint   n_samples;
  guint   next;
  guint8  cpu[GH_FIGURES_N_SAMPLES]; /* share, 255 = all of the machine's CPUs */
} GhFigures;

GhFigures *gh_figures_new      (void);
void       gh_figures_free     (GhFigures *self);
gboolean   gh_figures_add      (GhFigures *self, guint64 cpu_ns, gint64 time_us, guint n_cpus);
guint      gh_figures_get_cpu  (const GhFigures *self, float *samples, guint n_samples);

G_END_DECLS
