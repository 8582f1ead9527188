/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What libvirt tells of a host: registered by the control lane, carried to the main thread. */

#define G_LOG_DOMAIN "gh-host"

#include "config.h"

#include "gh-host-engine.h"
#include "gh-virt-error-private.h"

struct _GhEventSink
{
  gatomicrefcount ref_count;
  GWeakRef        host;
};

GhEventSink *
gh_event_sink_new (GhHost *host)
{
  GhEventSink *sink = g_new0 (GhEventSink, 1);

  g_atomic_ref_count_init (&sink->ref_count);
  g_weak_ref_init (&sink->host, host);
  return sink;
}

GhEventSink *
gh_event_sink_ref (GhEventSink *sink)
{
  g_atomic_ref_count_inc (&sink->ref_count);
  return sink;
}

void
gh_event_sink_unref (gpointer data)
{
  GhEventSink *sink = data;

  if (g_atomic_ref_count_dec (&sink->ref_count))
    {
      g_weak_ref_clear (&sink->host);
      g_free (sink);
    }
}

/* The host, if @sink is of its present connection. */
static GhHost *
sink_dup_host (GhEventSink *sink)
{
  GhHost *host = g_weak_ref_get (&sink->host);

  if (host != NULL && host->sink != sink)
    g_clear_object (&host);
  return host;
}

typedef struct
{
  GhEventSink *sink;
  char       uuid[VIR_UUID_STRING_BUFLEN];
  gboolean   started;
  gboolean   title;
  gboolean   storage; /* of a pool, not of a machine */
  char      *reason;  /* (nullable): the connection was closed */
} Event;

static void
event_free (gpointer data)
{
  Event *event = data;

  gh_event_sink_unref (event->sink);
  g_free (event->reason);
  g_free (event);
}

static gboolean
event_cb (gpointer user_data)
{
  Event *event = user_data;
  g_autoptr (GhHost) host = sink_dup_host (event->sink);

  if (host == NULL)
    return G_SOURCE_REMOVE;

  if (event->reason != NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (GH_VIRT_ERROR, VIR_ERR_INTERNAL_ERROR,
                                                      event->reason);

      gh_host_lose_connection (host, error);
      return G_SOURCE_REMOVE;
    }
  if (event->storage)
    {
      gh_host_mark_storage_stale (host);
      return G_SOURCE_REMOVE;
    }
  if (event->started)
    gh_host_note_started (host, event->uuid);
  gh_host_mark_stale (host, event->uuid);
  return G_SOURCE_REMOVE;
}

/* libvirt calls back on the main loop or, when a lane's thread reads the socket for everybody,
 * there: the event always takes the way through the main context. */
static Event *
event_new (GhEventSink    *sink,
           virDomainPtr  domain)
{
  Event *event = g_new0 (Event, 1);

  event->sink = gh_event_sink_ref (sink);
  if (domain != NULL)
    virDomainGetUUIDString (domain, event->uuid);
  return event;
}

static void
event_post (Event *event)
{
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, event_cb, event, event_free);
}

static int
lifecycle_event_cb (virConnectPtr  conn,
                    virDomainPtr   domain,
                    int            type,
                    int            detail,
                    void          *opaque)
{
  Event *event = event_new (opaque, domain);

  event->started = type == VIR_DOMAIN_EVENT_STARTED;
  event_post (event);
  return 0;
}

static void
metadata_event_cb (virConnectPtr  conn,
                   virDomainPtr   domain,
                   int            type,
                   const char    *nsuri,
                   void          *opaque)
{
  event_post (event_new (opaque, domain));
}

/* What a run is made of has changed: a disk was plugged in, or is another file now. */
static void
device_event_cb (virConnectPtr  conn,
                 virDomainPtr   domain,
                 const char    *alias,
                 void          *opaque)
{
  event_post (event_new (opaque, domain));
}

/* The agent in the guest came or went. */
static void
agent_event_cb (virConnectPtr  conn,
                virDomainPtr   domain,
                int            state,
                int            reason,
                void          *opaque)
{
  event_post (event_new (opaque, domain));
}

static void
block_job_event_cb (virConnectPtr  conn,
                    virDomainPtr   domain,
                    const char    *disk,
                    int            type,
                    int            status,
                    void          *opaque)
{
  event_post (event_new (opaque, domain));
}

static void
pool_event_cb (virConnectPtr     conn,
               virStoragePoolPtr pool,
               int               type,
               int               detail,
               void             *opaque)
{
  Event *event = event_new (opaque, NULL);

  event->storage = TRUE;
  event_post (event);
}

static void
closed_event_cb (virConnectPtr  conn,
                 int            reason,
                 void          *opaque)
{
  Event *event = event_new (opaque, NULL);

  switch (reason)
    {
    case VIR_CONNECT_CLOSE_REASON_KEEPALIVE:
      event->reason = g_strdup ("connection closed due to keepalive timeout");
      break;
    case VIR_CONNECT_CLOSE_REASON_CLIENT:
      event_free (event);
      return;
    default:
      event->reason = g_strdup ("client socket is closed");
      break;
    }
  event_post (event);
}

/* Registering */

/* Not every driver has every event; what it does not tell is as old as the last refresh. */
static void
register_event (GhConn                               *conn,
                GhEventSink                            *sink,
                int                                   event,
                virConnectDomainEventGenericCallback  callback)
{
  int id = -1;

  g_assert (conn->n_event_ids < G_N_ELEMENTS (conn->event_ids));

  id = virConnectDomainEventRegisterAny (conn->conn, NULL, event, callback,
                                         gh_event_sink_ref (sink), gh_event_sink_unref);
  if (id >= 0)
    conn->event_ids[conn->n_event_ids++] = id;
  else
    {
      virResetLastError ();
      gh_event_sink_unref (sink);
    }
}

/* Opens, with the one event that the list needs to stay right. */
gpointer
gh_host_open_worker (GhLane        *lane,
                     gpointer       data,
                     GCancellable  *cancellable,
                     GError       **error)
{
  GhEventSink *sink = data;
  GhConn *conn = gh_lane_get_connection (lane);

  if (gh_conn_get (lane, error) == NULL)
    return NULL;

  if (conn->brief)
    return NULL;
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                  VIR_DOMAIN_EVENT_CALLBACK (lifecycle_event_cb));
  /* The test driver lives in this process and never closes; its 9.0 does not free the callback. */
  if (g_str_has_prefix (conn->uri, "test:"))
    return NULL;
  if (virConnectRegisterCloseCallback (conn->conn, closed_event_cb, gh_event_sink_ref (sink),
                                       gh_event_sink_unref) < 0)
    gh_event_sink_unref (sink);
  else
    conn->closed_cb = closed_event_cb;
  return NULL;
}

/* The other events: each is a round trip, which may be long, and the list is read meanwhile. */
gpointer
gh_host_events_worker (GhLane        *lane,
                       gpointer       data,
                       GCancellable  *cancellable,
                       GError       **error)
{
  GhEventSink *sink = data;
  GhConn *conn = gh_lane_get_connection (lane);

  if (gh_conn_get (lane, error) == NULL)
    return NULL;

  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
                  VIR_DOMAIN_EVENT_CALLBACK (metadata_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
                  VIR_DOMAIN_EVENT_CALLBACK (device_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                  VIR_DOMAIN_EVENT_CALLBACK (device_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2,
                  VIR_DOMAIN_EVENT_CALLBACK (block_job_event_cb));
  register_event (conn, sink, VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE,
                  VIR_DOMAIN_EVENT_CALLBACK (agent_event_cb));
  conn->pool_event_id =
    virConnectStoragePoolEventRegisterAny (conn->conn, NULL, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
                                           VIR_STORAGE_POOL_EVENT_CALLBACK (pool_event_cb),
                                           gh_event_sink_ref (sink), gh_event_sink_unref);
  if (conn->pool_event_id < 0)
    gh_event_sink_unref (sink);
  virResetLastError ();
  return NULL;
}
