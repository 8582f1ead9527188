/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How busy the machines of a host are, read as often as that costs little. */

#define G_LOG_DOMAIN "gh-host"

#include "config.h"

#include "gh-host-engine.h"
#include "gh-machine-private.h"
#include "gh-virt-error.h"

#define FIGURES_INTERVAL_MS 2000
/* Reading and showing figures may cost this part of one core. */
#define FIGURES_COST_DIVISOR 150

static gboolean
figures_cb (gpointer user_data)
{
  GhHost *self = user_data;

  self->figures_id = 0;
  gh_host_start_figures (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_figures (GhHost *self,
                  guint   delay_ms)
{
  if (self->figures_id == 0 && self->n_figure_holds > 0 && self->state == GH_HOST_CONNECTED)
    self->figures_id = g_timeout_add (delay_ms, figures_cb, self);
}

static void
apply_figures (GhHost           *self,
               GhFiguresReading *reading)
{
  gint64 start_us = g_get_monotonic_time ();
  gint64 cost_us = 0;
  gboolean any = FALSE;
  double cpus_used = 0;

  for (guint i = 0; i < reading->readings->len; i++)
    {
      GhCpuReading *row = &g_array_index (reading->readings, GhCpuReading, i);
      GhMachine *machine = g_hash_table_lookup (self->machines, row->uuid);

      if (machine != NULL && gh_machine_add_cpu (machine, row->cpu_ns, reading->time_us))
        {
          any = TRUE;
          cpus_used += gh_machine_get_cpu_share (machine) * MAX (gh_machine_get_n_cpus (machine),
                                                                 1);
        }
    }
  if (any)
    {
      guint n_cpus = self->capabilities != NULL ? self->capabilities->n_cpus : 0;
      double share = n_cpus > 0 ? MIN (cpus_used / n_cpus, 1.0) : -1;

      gh_host_emit_changes (self, NULL, NULL, NULL, TRUE);
      gh_host_set_cpu_share (self, share);
    }
  /* What it costs decides how often it is done; painting costs about as much again. */
  cost_us = reading->cpu_cost_us + 2 * (g_get_monotonic_time () - start_us);
  self->figures_interval_ms = (guint) CLAMP (MAX (cost_us * FIGURES_COST_DIVISOR,
                                                  reading->duration_us * 10) / 1000,
                                             FIGURES_INTERVAL_MS, 30 * 1000);
}

static void
figures_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  GhFiguresReading *reading = g_task_propagate_pointer (G_TASK (result), &error);

  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;

  self->figures_running = FALSE;
  if (reading != NULL)
    {
      apply_figures (self, reading);
      gh_figures_reading_free (reading);
    }
  else
    {
      g_debug ("No figures of %s: %s", self->uri, error->message);
      self->figures_interval_ms = MIN (MAX (self->figures_interval_ms, FIGURES_INTERVAL_MS) * 2,
                                       60 * 1000);
    }
  schedule_figures (self, self->figures_interval_ms);
}

static void
capabilities_for_figures_cb (GObject      *object,
                             GAsyncResult *result,
                             gpointer      user_data)
{
  g_autoptr (GhCapabilities) capabilities = gh_host_load_capabilities_finish (GH_HOST (object),
                                                                              result, NULL);

  /* Without them the host has no load figure; nothing else depends on it here. */
  (void) capabilities;
}

void
gh_host_start_figures (GhHost *self)
{
  if (self->figures_running || self->n_figure_holds == 0 || self->state != GH_HOST_CONNECTED ||
      self->figures_id != 0)
    return;

  /* The host's number of CPUs, for its own load; once. */
  if (self->capabilities == NULL && self->figures_interval_ms == 0)
    gh_host_load_capabilities_async (self, self->cancellable, capabilities_for_figures_cb, NULL);
  self->figures_interval_ms = MAX (self->figures_interval_ms, FIGURES_INTERVAL_MS);
  self->figures_running = TRUE;
  gh_host_call (self, GH_ROLE_STATS, GH_LANE_BACKGROUND, GH_LANE_READ, "domain-stats",
                gh_host_figures_worker,
                NULL, NULL, gh_figures_reading_free,
                g_task_new (self, self->cancellable, figures_loaded_cb, NULL));
}

/**
 * gh_host_hold_figures:
 * @self: a host
 *
 * Has figures read until the matching gh_host_release_figures(). To be held
 * only while something on screen shows them.
 */
void
gh_host_hold_figures (GhHost *self)
{
  g_return_if_fail (GH_IS_HOST (self));

  self->n_figure_holds++;
  gh_host_start_figures (self);
}

void
gh_host_release_figures (GhHost *self)
{
  g_return_if_fail (GH_IS_HOST (self));
  g_return_if_fail (self->n_figure_holds > 0);

  self->n_figure_holds--;
  if (self->n_figure_holds == 0)
    g_clear_handle_id (&self->figures_id, g_source_remove);
}
