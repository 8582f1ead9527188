/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Workers that read the list of machines, titles and figures. They run on the stats lane and
 * give plain records back. */

#define G_LOG_DOMAIN "gh-host-refresh"

#include "config.h"

#include "gh-host-private.h"

#include <string.h>
#include <time.h>

#include "gh-presence-private.h"
#include "gh-uptime.h"
#include "gh-virt-error-private.h"

/* A chunk of titles may keep the lane busy for this long, so that figures are not late. */
#define TITLES_CHUNK_US (40 * 1000)

void
gh_machine_record_free (gpointer record)
{
  GhMachineRecord *self = record;

  g_free (self->name);
  g_free (self->title);
  g_clear_pointer (&self->mark, gh_machine_mark_free);
  g_free (self);
}

void
gh_refresh_free (gpointer refresh)
{
  GhRefresh *self = refresh;

  g_ptr_array_unref (self->records);
  g_ptr_array_unref (self->gone);
  g_free (self);
}

void
gh_refresh_request_free (gpointer request)
{
  GhRefreshRequest *self = request;

  g_strfreev (self->uuids);
  g_free (self);
}

void
gh_figures_reading_free (gpointer reading)
{
  GhFiguresReading *self = reading;

  g_array_unref (self->readings);
  g_free (self);
}

static GhMachineState
state_from_libvirt (int state)
{
  switch (state)
    {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
      return GH_MACHINE_RUNNING;
    case VIR_DOMAIN_PAUSED:
      return GH_MACHINE_PAUSED;
    case VIR_DOMAIN_SHUTDOWN:
      return GH_MACHINE_STOPPING;
    case VIR_DOMAIN_SHUTOFF:
      return GH_MACHINE_OFF;
    case VIR_DOMAIN_CRASHED:
      return GH_MACHINE_CRASHED;
    case VIR_DOMAIN_PMSUSPENDED:
      return GH_MACHINE_SUSPENDED;
    default:
      return GH_MACHINE_UNKNOWN;
    }
}

static int
domain_id (virDomainPtr domain)
{
  unsigned int id = virDomainGetID (domain);

  return id == (unsigned int) -1 ? -1 : (int) id;
}

static GhMachineRecord *
record_new (virDomainPtr domain,
            int          state,
            int          reason)
{
  GhMachineRecord *record = g_new0 (GhMachineRecord, 1);

  virDomainGetUUIDString (domain, record->uuid);
  record->name = g_strdup (virDomainGetName (domain));
  record->id = domain_id (domain);
  record->state = state_from_libvirt (state);
  record->in_parts = gh_presence_is_state_post_copy (state, reason);
  return record;
}

static void
free_domains (virDomainPtr *domains)
{
  for (guint i = 0; domains != NULL && domains[i] != NULL; i++)
    virDomainFree (domains[i]);
  free (domains);
}

/**
 * gh_conn_list_uuids:
 * @conn: a connection
 * @flag: a list flag of libvirt
 *
 * Returns: (transfer full) (nullable): the UUIDs of the machines it selects; %NULL where the driver
 *   does not know it
 */
GHashTable *
gh_conn_list_uuids (virConnectPtr conn,
                    unsigned int  flag)
{
  GHashTable *set = NULL;
  virDomainPtr *domains = NULL;

  if (virConnectListAllDomains (conn, &domains, flag) < 0)
    {
      virResetLastError ();
      return NULL;
    }
  set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; domains[i] != NULL; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      virDomainGetUUIDString (domains[i], uuid);
      g_hash_table_add (set, g_strdup (uuid));
    }
  free_domains (domains);
  return set;
}

/* For drivers without bulk statistics. */
static gboolean
list_one_by_one (virConnectPtr   conn,
                 GPtrArray      *records,
                 GError        **error)
{
  virDomainPtr *domains = NULL;

  if (virConnectListAllDomains (conn, &domains, 0) < 0)
    {
      gh_virt_error_take (error);
      return FALSE;
    }
  for (guint i = 0; domains[i] != NULL; i++)
    {
      int state = VIR_DOMAIN_NOSTATE;
      int reason = 0;

      if (virDomainGetState (domains[i], &state, &reason, 0) < 0)
        virResetLastError ();
      g_ptr_array_add (records, record_new (domains[i], state, reason));
    }
  free_domains (domains);
  return TRUE;
}

/* Everything in three calls: list with states, then who has a saved state, then who is
   transient. */
static gboolean
refresh_all (virConnectPtr   conn,
             GhRefresh      *refresh,
             GError        **error)
{
  virDomainStatsRecordPtr *stats = NULL;
  g_autoptr (GHashTable) saved = NULL;
  g_autoptr (GHashTable) transient = NULL;
  int n = virConnectGetAllDomainStats (conn, VIR_DOMAIN_STATS_STATE, &stats,
                                       VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

  if (n < 0)
    {
      virResetLastError ();
      /* Not every driver knows NOWAIT; the test driver does not. */
      n = virConnectGetAllDomainStats (conn, VIR_DOMAIN_STATS_STATE, &stats, 0);
    }
  if (n < 0)
    {
      virResetLastError ();
      if (!list_one_by_one (conn, refresh->records, error))
        return FALSE;
    }
  for (int i = 0; i < n; i++)
    {
      int state = VIR_DOMAIN_NOSTATE;
      int reason = 0;

      virTypedParamsGetInt (stats[i]->params, stats[i]->nparams, "state.state", &state);
      virTypedParamsGetInt (stats[i]->params, stats[i]->nparams, "state.reason", &reason);
      g_ptr_array_add (refresh->records, record_new (stats[i]->dom, state, reason));
    }
  if (n >= 0)
    virDomainStatsRecordListFree (stats);

  saved = gh_conn_list_uuids (conn, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE);
  transient = gh_conn_list_uuids (conn, VIR_CONNECT_LIST_DOMAINS_TRANSIENT);
  for (guint i = 0; i < refresh->records->len; i++)
    {
      GhMachineRecord *record = g_ptr_array_index (refresh->records, i);

      if (record->state == GH_MACHINE_OFF && saved != NULL &&
          g_hash_table_contains (saved, record->uuid))
        record->state = GH_MACHINE_SAVED;
      record->transient = transient != NULL && g_hash_table_contains (transient, record->uuid);
    }
  return TRUE;
}

static char *
read_title (virDomainPtr domain)
{
  char *libvirt_title = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_TITLE, NULL, 0);
  char *title = NULL;

  if (libvirt_title == NULL)
    virResetLastError ();
  else if (*libvirt_title != '\0')
    title = g_strdup (libvirt_title);
  free (libvirt_title);
  return title;
}

static GhMachineMark *
read_mark (virDomainPtr domain)
{
  char *element = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT,
                                        GH_MACHINE_MARK_NAMESPACE, 0);
  GhMachineMark *mark = gh_machine_mark_new (element);

  if (element == NULL)
    virResetLastError ();
  free (element);
  return mark;
}

static gboolean
refresh_some (virConnectPtr   conn,
              GStrv           uuids,
              GhRefresh      *refresh,
              GError        **error)
{
  for (guint i = 0; uuids[i] != NULL; i++)
    {
      g_autoptr (virDomain) domain = virDomainLookupByUUIDString (conn, uuids[i]);
      GhMachineRecord *record = NULL;
      virDomainInfo info = { 0 };
      int state = VIR_DOMAIN_NOSTATE;
      int reason = 0;

      if (domain == NULL || virDomainGetState (domain, &state, &reason, 0) < 0)
        {
          virErrorPtr last = virGetLastError ();

          if (last == NULL || last->code != VIR_ERR_NO_DOMAIN)
            {
              gh_virt_error_take (error);
              return FALSE;
            }
          virResetLastError ();
          g_ptr_array_add (refresh->gone, g_strdup (uuids[i]));
          continue;
        }
      record = record_new (domain, state, reason);
      if (record->state == GH_MACHINE_OFF && virDomainHasManagedSaveImage (domain, 0) == 1)
        record->state = GH_MACHINE_SAVED;
      record->transient = virDomainIsPersistent (domain) == 0;
      record->title = read_title (domain);
      record->title_known = TRUE;
      record->mark = read_mark (domain);
      if (virDomainGetInfo (domain, &info) == 0)
        {
          record->n_cpus = info.nrVirtCpu;
          record->memory_kib = info.maxMem;
        }
      virResetLastError ();
      g_ptr_array_add (refresh->records, record);
    }
  return TRUE;
}

static void
add_start_times (GhRefresh *refresh)
{
  g_autoptr (GHashTable) starts = gh_uptime_scan ();

  for (guint i = 0; i < refresh->records->len; i++)
    {
      GhMachineRecord *record = g_ptr_array_index (refresh->records, i);
      gint64 *started_us = g_hash_table_lookup (starts, record->uuid);

      if (record->id >= 0 && started_us != NULL)
        record->started_us = *started_us;
    }
}

/**
 * gh_host_refresh_worker:
 * @data: a #GhRefreshRequest
 *
 * Lists all machines, or looks at the named ones.
 *
 * Returns: (transfer full) (nullable): a #GhRefresh
 */
gpointer
gh_host_refresh_worker (GhLane        *lane,
                        gpointer       data,
                        GCancellable  *cancellable,
                        GError       **error)
{
  GhRefreshRequest *request = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  GhRefresh *refresh = NULL;
  gboolean ok = FALSE;

  if (conn == NULL)
    return NULL;

  refresh = g_new0 (GhRefresh, 1);
  refresh->full = request->uuids == NULL;
  refresh->records = g_ptr_array_new_with_free_func (gh_machine_record_free);
  refresh->gone = g_ptr_array_new_with_free_func (g_free);
  ok = refresh->full ? refresh_all (conn, refresh, error)
                     : refresh_some (conn, request->uuids, refresh, error);
  if (!ok)
    {
      gh_refresh_free (refresh);
      return NULL;
    }
  if (request->scan_uptime)
    add_start_times (refresh);
  return refresh;
}

/**
 * gh_host_titles_worker:
 * @data: a #GhRefreshRequest naming machines
 *
 * Reads titles, marks, memory and CPU counts, which libvirt only gives one
 * machine at a time, until the time for one chunk is up.
 *
 * Returns: (transfer full) (nullable): a #GhRefresh with records that have a
 *   title and no state, for as many of the machines as there was time for
 */
gpointer
gh_host_titles_worker (GhLane        *lane,
                       gpointer       data,
                       GCancellable  *cancellable,
                       GError       **error)
{
  GhRefreshRequest *request = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  GhRefresh *refresh = NULL;
  gint64 end = g_get_monotonic_time () + TITLES_CHUNK_US;

  if (conn == NULL)
    return NULL;

  refresh = g_new0 (GhRefresh, 1);
  refresh->records = g_ptr_array_new_with_free_func (gh_machine_record_free);
  refresh->gone = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; request->uuids[i] != NULL && (i == 0 || g_get_monotonic_time () < end); i++)
    {
      g_autoptr (virDomain) domain = virDomainLookupByUUIDString (conn, request->uuids[i]);
      GhMachineRecord *record = g_new0 (GhMachineRecord, 1);
      virDomainInfo info = { 0 };

      g_strlcpy (record->uuid, request->uuids[i], sizeof record->uuid);
      record->title_known = TRUE;
      record->title = domain != NULL ? read_title (domain) : NULL;
      record->mark = domain != NULL ? read_mark (domain) : NULL;
      if (domain != NULL && virDomainGetInfo (domain, &info) == 0)
        {
          record->n_cpus = info.nrVirtCpu;
          record->memory_kib = info.maxMem;
        }
      virResetLastError ();
      g_ptr_array_add (refresh->records, record);
    }
  return refresh;
}

static gint64
thread_cpu_us (void)
{
  struct timespec now = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* libvirt's test driver has no CPU times among its bulk statistics; it lives in our own process,
 * so asking each machine costs no round trip. */
static void
read_test_cpu_times (virConnectPtr  conn,
                     GArray        *readings)
{
  virDomainPtr *domains = NULL;

  if (virConnectListAllDomains (conn, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE) < 0)
    virResetLastError ();
  for (guint i = 0; domains != NULL && domains[i] != NULL; i++)
    {
      GhCpuReading reading = { 0 };
      virDomainInfo info = { 0 };

      virDomainGetUUIDString (domains[i], reading.uuid);
      if (virDomainGetInfo (domains[i], &info) < 0)
        continue;
      reading.cpu_ns = info.cpuTime;
      g_array_append_val (readings, reading);
    }
  free_domains (domains);
  virResetLastError ();
}

/**
 * gh_host_figures_worker:
 *
 * CPU times of the running machines in one bulk call. NOWAIT, so that a busy
 * machine is passed over; a stuck QEMU can still hold this lane, and only this.
 *
 * Returns: (transfer full) (nullable): a #GhFiguresReading
 */
gpointer
gh_host_figures_worker (GhLane        *lane,
                        gpointer       data,
                        GCancellable  *cancellable,
                        GError       **error)
{
  gint64 start_us = g_get_monotonic_time ();
  gint64 start_cpu_us = thread_cpu_us ();
  virConnectPtr conn = gh_conn_get (lane, error);
  const char *type = NULL;
  GhFiguresReading *result = NULL;
  virDomainStatsRecordPtr *stats = NULL;

  if (conn == NULL)
    return NULL;

  result = g_new0 (GhFiguresReading, 1);
  result->readings = g_array_new (FALSE, FALSE, sizeof (GhCpuReading));
  type = virConnectGetType (conn);
  if (g_strcmp0 (type, "TEST") == 0 || g_strcmp0 (type, "Test") == 0)
    read_test_cpu_times (conn, result->readings);
  else
    {
      int n = virConnectGetAllDomainStats (conn, VIR_DOMAIN_STATS_CPU_TOTAL, &stats,
                                           VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
                                           VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

      if (n < 0)
        {
          gh_virt_error_take (error);
          gh_figures_reading_free (result);
          return NULL;
        }
      for (int i = 0; i < n; i++)
        {
          GhCpuReading reading = { 0 };
          unsigned long long cpu_ns = 0;

          if (virTypedParamsGetULLong (stats[i]->params, stats[i]->nparams, "cpu.time",
                                       &cpu_ns) != 1)
            continue;
          virDomainGetUUIDString (stats[i]->dom, reading.uuid);
          reading.cpu_ns = cpu_ns;
          g_array_append_val (result->readings, reading);
        }
      virDomainStatsRecordListFree (stats);
    }
  result->time_us = g_get_monotonic_time ();
  result->duration_us = result->time_us - start_us;
  result->cpu_cost_us = thread_cpu_us () - start_cpu_us;
  return result;
}
