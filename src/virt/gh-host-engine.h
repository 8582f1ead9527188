/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

/* What the files of GhHost share: gh-host.c (the object, connecting), gh-host-events.c,
 * gh-host-list.c, gh-host-figures.c, gh-host-lanes.c and gh-host-capabilities.c. Others do not
 * include this. Main thread, where nothing else is said. */

#include "gh-host-private.h"

G_BEGIN_DECLS

/* Connections for reading, where nothing says that there may be fewer. */
#define GH_HOST_MAX_READERS 5
/* And for reading each of many things, for which libvirt has no single question: then time is the
 * number of questions one after the other. Daemons take thousands of connections. */
#define GH_HOST_MAX_BULK_READERS 48

/* Where events of one connection go. It outlives the host if need be: libvirt and idle sources
 * hold references. Any thread. */
typedef struct _GhEventSink GhEventSink;

struct _GhHost
{
  GObject      parent_instance;

  char        *uri;
  char        *label;
  GhHostState  state;
  GError      *error;         /* (nullable): why it is lost */
  char        *error_text;    /* (nullable) */

  GhLane      *control;       /* (owned) (nullable): NULL unless connecting or connected */
  GhLane      *stats;         /* (owned) (nullable): the same as control on the test driver */
  GhLane      *console;       /* (owned) (nullable): made when first used */
  GhLane      *readers;       /* (owned) (nullable): made when first used */
  guint        readers_id;    /* closes them */
  guint        n_bulk;        /* so many readers there may be until they are closed */
  gboolean     many_readings; /* are to be expected soon after connecting */
  gboolean     brief;         /* nobody looks at it for long */
  GhEventSink *sink;          /* (owned) (nullable): of the present connection */
  GhSsh       *ssh;           /* (owned) (nullable): of the present connection, over ssh */
  GCancellable *cancellable;  /* (owned): of everything the present connection does */
  GPtrArray   *ready_tasks;   /* (element-type GTask) */
  guint        retry_id;
  guint        n_retries;
  gint64       retry_time_us; /* monotonic; 0: no retry is waiting */

  GHashTable  *machines;      /* UUID (of the machine) -> GhMachine (owned) */
  GHashTable  *stale;         /* (element-type char): UUIDs */
  gboolean     all_stale;
  gboolean     opened;        /* the list will be told of changes */
  gboolean     listed;        /* the first list has arrived */
  gboolean     watching;      /* all events are registered */
  gboolean     refreshing;
  gboolean     titles_running;

  guint        n_figure_holds;
  guint        figures_id;
  gboolean     figures_running;
  guint        figures_interval_ms;
  double       cpu_share;

  GhCapabilities *capabilities; /* (owned) (nullable) */
};

/* gh-host.c */
void         gh_host_set_state            (GhHost *self, GhHostState state, const GError *error);
void         gh_host_set_cpu_share        (GhHost *self, double share);
/* (nullable) (element-type GhMachine): each of the arrays. */
void         gh_host_emit_changes         (GhHost *self, GPtrArray *added, GPtrArray *removed,
                                           GPtrArray *changed, gboolean figures);
/* Ends the waiting of gh_host_ready_async(). */
void         gh_host_answer_ready         (GhHost *self, const GError *error);
/* Shows the host as lost and tries again later. */
void         gh_host_lose_connection      (GhHost *self, const GError *why);

/* gh-host-events.c */
GhEventSink *gh_event_sink_new            (GhHost *host);
GhEventSink *gh_event_sink_ref            (GhEventSink *sink);
void         gh_event_sink_unref          (gpointer sink);
/* Of the control lane's thread: open it, with the one event that the list needs to stay right, and
 * register the others. @data: the sink. */
gpointer     gh_host_open_worker          (GhLane *lane, gpointer data, GCancellable *cancellable,
                                           GError **error);
gpointer     gh_host_events_worker        (GhLane *lane, gpointer data, GCancellable *cancellable,
                                           GError **error);

/* gh-host-list.c: read what is stale, unless that is being done. */
void         gh_host_start_refresh        (GhHost *self);
void         gh_host_start_titles         (GhHost *self);

/* gh-host-figures.c */
void         gh_host_start_figures        (GhHost *self);

/* gh-host-lanes.c */
GhConn      *gh_host_new_conn             (GhHost *self, GhSshSeatKind kind, GhEventSink *sink);
/* Whether connections may be opened side by side from the beginning. */
gboolean     gh_host_can_open_ahead       (GhHost *self);
void         gh_host_open_stats           (GhHost *self);
/* Has @n connections for reading, or as many as there may be. */
void         gh_host_open_readers         (GhHost *self, guint n);
void         gh_host_drop_readers         (GhHost *self);

G_END_DECLS
