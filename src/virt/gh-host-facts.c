/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-host-facts"

#include "config.h"

#include "gh-host-facts.h"

#include <stdlib.h>
#include <string.h>

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

static void
facts_clear (gpointer data)
{
  GhHostFacts *self = data;

  g_free (self->hostname);
  g_free (self->driver);
  g_free (self->driver_version);
  g_free (self->libvirt_version);
  g_free (self->processor);
}

GhHostFacts *
gh_host_facts_ref (GhHostFacts *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_host_facts_unref (GhHostFacts *self)
{
  g_atomic_rc_box_release_full (self, facts_clear);
}

/* Libvirt's way to write versions: major * 1,000,000 + minor * 1,000 + release. */
static char *
dup_version (gulong version)
{
  if (version == 0)
    return NULL;
  return g_strdup_printf ("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

static void
read_versions (GhHostFacts   *self,
               virConnectPtr  conn)
{
  char *hostname = virConnectGetHostname (conn);
  unsigned long version = 0;
  unsigned long library = 0;

  self->hostname = g_strdup (hostname);
  free (hostname);
  self->driver = g_strdup (virConnectGetType (conn));
  if (virConnectGetVersion (conn, &version) == 0)
    self->driver_version = dup_version (version);
  if (virConnectGetLibVersion (conn, &library) == 0)
    self->libvirt_version = dup_version (library);
}

/* Sums what the host tells of its CPUs, by the names of virnodegetcpustats. */
static void
read_cpu_stats (GhHostFacts   *self,
                virConnectPtr  conn)
{
  g_autofree virNodeCPUStats *stats = NULL;
  int n = 0;

  if (virNodeGetCPUStats (conn, VIR_NODE_CPU_STATS_ALL_CPUS, NULL, &n, 0) < 0 || n <= 0)
    return;
  stats = g_new0 (virNodeCPUStats, n);
  if (virNodeGetCPUStats (conn, VIR_NODE_CPU_STATS_ALL_CPUS, stats, &n, 0) < 0)
    return;
  for (int i = 0; i < n; i++)
    if (strcmp (stats[i].field, VIR_NODE_CPU_STATS_IDLE) == 0 ||
        strcmp (stats[i].field, VIR_NODE_CPU_STATS_IOWAIT) == 0)
      self->idle_ns += stats[i].value;
    else if (strcmp (stats[i].field, VIR_NODE_CPU_STATS_KERNEL) == 0 ||
             strcmp (stats[i].field, VIR_NODE_CPU_STATS_USER) == 0)
      self->busy_ns += stats[i].value;
}

static gpointer
facts_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  GhHostFacts *self = NULL;
  virNodeInfo node = { 0 };

  if (conn == NULL)
    return NULL;
  if (virNodeGetInfo (conn, &node) < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  self = g_atomic_rc_box_new0 (GhHostFacts);
  self->processor = g_strndup (node.model, sizeof node.model);
  self->n_cpus = node.cpus;
  self->n_sockets = node.sockets * MAX (node.nodes, 1);
  self->n_cores = node.cores;
  self->n_threads = node.threads;
  self->mhz = node.mhz;
  self->memory_kib = node.memory;
  self->free_memory_kib = virNodeGetFreeMemory (conn) / 1024;
  read_versions (self, conn);
  read_cpu_stats (self, conn);
  virResetLastError ();
  return self;
}

/**
 * gh_host_load_facts_async:
 * @host: a connected host
 * @cancellable: (nullable): stops waiting
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Asks a host what it is and how busy.
 */
void
gh_host_load_facts_async (GhHost              *host,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_STATS, GH_LANE_USER, GH_LANE_READ, "node-facts", facts_worker, NULL,
                NULL, (GDestroyNotify) gh_host_facts_unref,
                g_task_new (host, cancellable, callback, user_data));
}

/**
 * gh_host_load_facts_finish:
 * @host: the host
 * @result: given to the callback
 * @error: (out): why it did not say
 *
 * Returns: (transfer full) (nullable): the facts
 */
GhHostFacts *
gh_host_load_facts_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gh_host_facts_get_load:
 * @before: (nullable): an earlier look
 * @after: a later one
 *
 * Returns: the share of its CPUs' time that was used in between, 0 to 1; -1 when it cannot be told
 */
double
gh_host_facts_get_load (GhHostFacts *before,
                        GhHostFacts *after)
{
  guint64 busy = 0;
  guint64 idle = 0;

  /* Counters that went back are those of another boot. */
  if (before == NULL || after->busy_ns < before->busy_ns || after->idle_ns < before->idle_ns)
    return -1.0;
  busy = after->busy_ns - before->busy_ns;
  idle = after->idle_ns - before->idle_ns;
  return busy + idle > 0 ? (double) busy / (double) (busy + idle) : -1.0;
}
