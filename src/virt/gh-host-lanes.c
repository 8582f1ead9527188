/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The connections of a host: each a thread that carries one, and for reading several. */

#define G_LOG_DOMAIN "gh-host"

#include "config.h"

#include <string.h>

#include "gh-host-address.h"
#include "gh-host-engine.h"

/* Connections for reading are closed when nothing was read for so long. */
#define READERS_IDLE_S 30
/* One that is busy for longer may be stuck in a QEMU: another takes its place, a few times. */
#define READER_STUCK_US (5 * G_TIME_SPAN_SECOND)
#define MAX_STUCK_READERS 15
/* Opening a connection takes as long as to read a few things. */
#define MACHINES_PER_READER 4
/* What else a login over ssh has to have room for: control, figures, consoles, and a job or two. */
#define OTHER_SESSIONS 5

GhConn *
gh_host_new_conn (GhHost        *self,
                  GhSshSeatKind  kind,
                  GhEventSink     *sink)
{
  GhConn *conn = g_new0 (GhConn, 1);

  /* An ssh of ours makes its own of it, and tells of errors by the whole. */
  conn->uri = self->ssh != NULL ? g_strdup (self->uri) : gh_host_address_dup_plain (self->uri);
  conn->ssh = self->ssh != NULL ? gh_ssh_ref (self->ssh) : NULL;
  conn->kind = kind;
  conn->sink = sink;
  conn->brief = self->brief;
  conn->pool_event_id = -1;
  return conn;
}

void
gh_host_drop_readers (GhHost *self)
{
  g_clear_handle_id (&self->readers_id, g_source_remove);
  if (self->readers != NULL)
    gh_lane_stop (self->readers, gh_conn_close);
  g_clear_object (&self->readers);
  self->n_bulk = 0;
}

/* This computer's daemon where it usually is: no line has to be waited for, polkit may ask for a
 * password, and it may have to be started first. */
static gboolean
is_at_hand (GhHost *self)
{
  return gh_host_is_local (self) && strstr (self->uri, "socket=") == NULL;
}

/* Whether connections may be opened side by side from the beginning: nobody is asked a password.
 * Over ssh they wait for the login, which only the control lane asks for. */
gboolean
gh_host_can_open_ahead (GhHost *self)
{
  return !gh_host_is_test (self) && !is_at_hand (self);
}

guint
gh_host_get_n_readers (GhHost *self)
{
  guint n_sessions = 0;

  if (gh_host_is_test (self))
    return 1;
  if (self->ssh == NULL)
    return is_at_hand (self) ? 2 : GH_HOST_MAX_READERS;
  n_sessions = gh_ssh_get_max_sessions (self->ssh);
  return n_sessions > OTHER_SESSIONS ? MIN (n_sessions - OTHER_SESSIONS, GH_HOST_MAX_READERS) : 1;
}

static gpointer
open_worker_ahead (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  g_autoptr (GError) local = NULL;

  /* Whoever asks next tries once more, and is told why not. */
  gh_conn_get (lane, &local);
  return NULL;
}

/* One of several: where there is no room for it, in a login over ssh or among the connections that
 * the daemon takes, the others do its work, unless they may all be stuck. */
static gpointer
open_reader_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  GhConn *conn = gh_lane_get_connection (lane);
  gboolean others = gh_lane_get_n_busy (lane, READER_STUCK_US) + 1 < gh_lane_get_n_threads (lane);
  g_autoptr (GError) local = NULL;

  conn->kind = others ? GH_SSH_SEAT_GIVES_WAY : GH_SSH_SEAT_NEEDED;
  gh_conn_get (lane, &local);
  conn->kind = GH_SSH_SEAT_NEEDED;
  return g_error_matches (local, G_IO_ERROR, G_IO_ERROR_BUSY) ||
         (local != NULL && others && conn->is_surplus) ? conn : NULL;
}

static gboolean
readers_idle_cb (gpointer user_data)
{
  GhHost *self = user_data;

  if (gh_lane_get_n_busy (self->readers, 0) > 0 || gh_lane_get_n_waiting (self->readers) > 0)
    return G_SOURCE_CONTINUE;
  self->readers_id = 0;
  gh_host_drop_readers (self);
  return G_SOURCE_REMOVE;
}

/* Has @n connections for reading, or as many as there may be. */
void
gh_host_open_readers (GhHost *self,
                      guint   n)
{
  guint usual = gh_host_get_n_readers (self);
  guint max = MAX (usual, self->n_bulk);

  if (self->readers == NULL)
    self->readers = gh_lane_new_empty ("read");
  max += MIN (gh_lane_get_n_busy (self->readers, READER_STUCK_US), MAX_STUCK_READERS);
  while (gh_lane_get_n_threads (self->readers) < MIN (n, max))
    {
      GhConn *conn = gh_host_new_conn (self, GH_SSH_SEAT_NEEDED, NULL);

      conn->is_surplus = gh_lane_get_n_threads (self->readers) >= usual;
      gh_lane_add_thread (self->readers, conn, open_reader_worker, gh_conn_close);
    }
  g_clear_handle_id (&self->readers_id, g_source_remove);
  self->readers_id = g_timeout_add_seconds (READERS_IDLE_S, readers_idle_cb, self);
}

guint
gh_host_open_bulk_readers (GhHost *self)
{
  guint n = gh_host_get_n_readers (self);

  /* sshd counts its sessions, and asks for each login: so does whatever else the URI runs. */
  if (n == GH_HOST_MAX_READERS && self->ssh == NULL && gh_host_address_is_direct (self->uri))
    n = CLAMP (gh_host_get_n_machines (self) / MACHINES_PER_READER, n, GH_HOST_MAX_BULK_READERS);
  if (gh_host_is_test (self) || self->control == NULL || !self->opened)
    return n;
  self->n_bulk = n;
  gh_host_open_readers (self, n);
  return n;
}

/* For one more question: those that are open and busy are not waited for. */
static GhLane *
get_readers (GhHost *self)
{
  guint n_asked = 0;

  if (self->readers != NULL)
    n_asked = gh_lane_get_n_busy (self->readers, 0) + gh_lane_get_n_waiting (self->readers);
  gh_host_open_readers (self, n_asked + 1);
  return self->readers;
}

void
gh_host_open_stats (GhHost *self)
{
  if (gh_host_is_test (self))
    self->stats = g_object_ref (self->control);
  else
    {
      self->stats = gh_lane_new_empty ("stats");
      gh_lane_add_thread (self->stats, gh_host_new_conn (self, GH_SSH_SEAT_NEEDED, NULL),
                          open_worker_ahead, NULL);
    }
}

GhLane *
gh_host_open_job_lane (GhHost *self)
{
  GhLane *lane = gh_lane_new ("job");

  gh_lane_set_connection (lane, gh_host_new_conn (self, GH_SSH_SEAT_NEEDED, NULL));
  return lane;
}

GhLane *
gh_host_get_lane (GhHost     *self,
                  GhLaneRole  role)
{
  /* A host that was lost is lost until it is back: calls would wait for it, perhaps for ever. */
  gboolean reconnecting = self->state == GH_HOST_CONNECTING && self->n_retries > 0;

  switch (role)
    {
    case GH_ROLE_STATS:
      return self->opened ? self->stats : NULL;
    case GH_ROLE_CONSOLE:
      if (self->console == NULL && self->control != NULL)
        self->console =
          gh_host_is_test (self) ? g_object_ref (self->control) : gh_host_open_job_lane (self);
      return reconnecting ? NULL : self->console;
    case GH_ROLE_READ:
      return reconnecting || self->control == NULL ? NULL : get_readers (self);
    case GH_ROLE_CONTROL:
    case GH_ROLE_JOB:
    default:
      return reconnecting ? NULL : self->control;
    }
}
