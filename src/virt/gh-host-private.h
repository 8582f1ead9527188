/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "gh-host.h"
#include "gh-lane.h"
#include "gh-ssh-seat.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virNetwork, virNetworkFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomainSnapshot, virDomainSnapshotFree)

/**
 * GhLaneRole:
 * @GH_ROLE_CONTROL: what the user asked: lifecycle, XML, storage lists
 * @GH_ROLE_STATS: listing and figures, which a stuck QEMU may delay
 * @GH_ROLE_CONSOLE: opening displays, which a stuck QEMU may delay by 30 s
 * @GH_ROLE_READ: several connections that share what is asked of them, so that a line with a long
 *   delay is crossed for several questions at a time; kept open for a while
 * @GH_ROLE_JOB: a thread and a connection of its own, closed afterwards: for what takes long
 *
 * The test driver keeps its state per connection, so there all roles share one lane.
 */
typedef enum
{
  GH_ROLE_CONTROL,
  GH_ROLE_STATS,
  GH_ROLE_CONSOLE,
  GH_ROLE_READ,
  GH_ROLE_JOB,
} GhLaneRole;

/* One machine as a refresh found it: plain data from the worker. */
typedef struct
{
  char           uuid[VIR_UUID_STRING_BUFLEN];
  char          *name;
  char          *title;       /* (nullable) */
  gboolean       title_known;
  GhMachineMark *mark;        /* (nullable): not read */
  int            id;
  GhMachineState state;
  gboolean       transient;
  gboolean       in_parts;    /* as in GhPresence: @post_copy */
  guint          n_cpus;      /* 0: not read */
  guint64        memory_kib;
  gint64         started_us;  /* real time; 0: not known */
} GhMachineRecord;

void gh_machine_record_free (gpointer record);

/* The result of one refresh. */
typedef struct
{
  gboolean   full;     /* what is not in @records is gone */
  GPtrArray *records;  /* (element-type GhMachineRecord) */
  GPtrArray *gone;     /* (element-type char) UUIDs, when not full */
} GhRefresh;

void gh_refresh_free (gpointer refresh);

/* What a lane of a host carries as its connection. Of the lane's thread. */
typedef struct
{
  char         *uri;
  GhSsh        *ssh;     /* (owned) (nullable): how it is reached */
  GhSshSeatKind kind;    /* of the seat it takes */
  GhSshSeat    *seat;    /* (owned) (nullable): of @conn */
  virConnectPtr conn;    /* (nullable) until the first call */
  gpointer      sink;    /* (unowned) (nullable): set on the control lane, which has the events */
  gboolean      brief;   /* no events are registered */
  gboolean      is_surplus; /* others do its work if it cannot be opened */
  virConnectCloseFunc closed_cb;
  int           event_ids[8];
  guint         n_event_ids;
  int           pool_event_id; /* -1: none */
} GhConn;

/* Workers: run on lanes. */
virConnectPtr gh_conn_get                (GhLane *lane, GError **error);
/* A connection of the caller's own, to be closed by it before @seat is freed; fails when the host
 * does not answer in time. */
virConnectPtr gh_conn_open               (const char *uri, GhSsh *ssh, GhSshSeatKind kind,
                                          GhSshSeat **seat, GError **error);
/* (transfer full) (nullable): for it, main thread. */
GhSsh        *gh_host_dup_ssh            (GhHost *self);
virDomainPtr  gh_conn_find_domain        (GhLane *lane, const char *uuid, GError **error);
GHashTable   *gh_conn_list_uuids         (virConnectPtr conn, unsigned int flag);
gpointer      gh_host_refresh_worker     (GhLane *lane, gpointer data, GCancellable *cancellable,
                                          GError **error);
gpointer      gh_host_titles_worker      (GhLane *lane, gpointer data, GCancellable *cancellable,
                                          GError **error);
gpointer      gh_host_figures_worker     (GhLane *lane, gpointer data, GCancellable *cancellable,
                                          GError **error);

/* Asked of a refresh: NULL uuids for everything. */
typedef struct
{
  GStrv    uuids;
  gboolean scan_uptime;
} GhRefreshRequest;

void gh_refresh_request_free (gpointer request);

typedef struct
{
  char    uuid[VIR_UUID_STRING_BUFLEN];
  guint64 cpu_ns;
} GhCpuReading;

typedef struct
{
  GArray *readings;      /* (element-type GhCpuReading) */
  gint64  time_us;       /* monotonic */
  gint64  cpu_cost_us;   /* CPU time the reading took in this process */
  gint64  duration_us;
} GhFiguresReading;

void gh_figures_reading_free (gpointer reading);

/* Runs @func in a lane of @self and completes @task (transfer full) with its result; the
 * cancellable is the task's. Errors come out in GH_VIRT_ERROR or G_IO_ERROR. Main thread. */
void     gh_host_call            (GhHost         *self,
                                  GhLaneRole      role,
                                  GhLanePriority  priority,
                                  GhLaneKind      kind,
                                  const char     *name,
                                  GhLaneFunc      func,
                                  gpointer        data,
                                  GDestroyNotify  data_free,
                                  GDestroyNotify  result_free,
                                  GTask          *task);
/* How many closures of GH_ROLE_READ run side by side: into so many parts a reading is cut. */
guint    gh_host_get_n_readers   (GhHost         *self);
/* The same, for readings that ask about every machine, or volume: it opens them. The more machines
 * a host has, and if it is far, the more; they are closed when idle. */
guint    gh_host_open_bulk_readers (GhHost       *self);
/* One of several closures that fill one record side by side, each its own fields of it. */
typedef struct
{
  gpointer       record;
  GDestroyNotify unref;
  guint          index;
  guint          n_parts;
} GhPart;
/* Runs @func once for each of @n_parts, with a GhPart as its data, and completes @task (transfer
 * full) with @record (transfer full: of g_atomic_rc_box_new0()) when all have ended: an error of
 * one is that of all. They must not mind whether others have run. Main thread. */
void     gh_host_call_parts      (GhHost         *self,
                                  GhLanePriority  priority,
                                  const char     *name,
                                  GhLaneFunc      func,
                                  gpointer        record,
                                  GDestroyNotify  unref,
                                  guint           n_parts,
                                  GTask          *task);
/* Ends a task with its worker's result. */
gpointer gh_call_finish_pointer  (gpointer        source,
                                  GAsyncResult   *result,
                                  GError        **error);
/* Ends a task whose worker has no result. */
gboolean gh_call_finish_void     (gpointer        source,
                                  GAsyncResult   *result,
                                  GError        **error);
/* NULL while the host is not connected. */
GhLane  *gh_host_get_lane        (GhHost         *self,
                                  GhLaneRole      role);
/* A lane with a connection of its own, for streams; the caller stops it with gh_conn_close. */
GhLane  *gh_host_open_job_lane   (GhHost         *self);
void     gh_conn_close           (gpointer        conn);

void     gh_host_mark_stale      (GhHost         *self,
                                  const char     *uuid);
void     gh_host_mark_storage_stale (GhHost      *self);
/* From events, main thread. */
void     gh_host_note_started    (GhHost         *self,
                                  const char     *uuid);

G_END_DECLS
