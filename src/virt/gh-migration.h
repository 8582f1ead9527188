/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* Moving machines that run to another host (virDomainMigrate3 and its companions). By UUID, for
 * plans that go on or undo after a restart. */

typedef enum
{
  GH_MIGRATION_STARTING,
  GH_MIGRATION_DISKS,     /* disks are copied */
  GH_MIGRATION_MEMORY,    /* memory is, while the guest goes on here */
  GH_MIGRATION_POST_COPY, /* the guest goes on there, and the rest follows */
} GhMigrationPhase;

/* MiB per second: what libvirt is told for a move that is not limited, its own default and the
 * largest number there is. 0 would stop it. */
#define GH_MIGRATION_NO_LIMIT (G_MAXINT64 / (1024 * 1024))
/* What QEMU is told so that it slows a guest down as it does by default; libvirt has no call for it
 * once a move has begun. */
#define GH_MIGRATION_SLOW_COMMAND "{\"execute\":\"migrate-set-parameters\",\"arguments\":" \
                                  "{\"cpu-throttle-initial\":20,\"cpu-throttle-increment\":10}}"

/**
 * GhMigrationProgress:
 *
 * How far a move is, as QEMU says. Sizes in bytes, rates in bytes per second. A boxed type.
 */
typedef struct
{
  GhMigrationPhase phase;
  guint64          elapsed_ms;
  guint64          disk_total;
  guint64          disk_done;
  guint64          disk_rate;
  guint64          memory_total;
  guint64          memory_done;      /* of the total, what needs no sending any more */
  guint64          memory_sent;      /* over the line, grows beyond the total */
  guint64          memory_remaining;
  guint64          memory_rate;
  guint64          dirty_rate;       /* what the guest writes meanwhile; 0: not known yet */
  guint            iteration;
  guint            throttle;         /* per cent by which the guest is slowed down */
  gint64           downtime_ms;      /* the expected pause; < 0: not known */
  guint            max_downtime_ms;  /* that is allowed; 0: not known */
  guint            silent_s;         /* for so long nothing has moved: the line may be cut */
} GhMigrationProgress;

#define GH_TYPE_MIGRATION_PROGRESS (gh_migration_progress_get_type ())
GType                gh_migration_progress_get_type (void);
GhMigrationProgress *gh_migration_progress_copy     (const GhMigrationProgress *self);
void                 gh_migration_progress_free     (GhMigrationProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrationProgress, gh_migration_progress_free)

/**
 * GhMigrationOptions:
 *
 * How to move: plain data. @xml and @persistent_xml may hold secrets.
 */
typedef struct
{
  gboolean  live;           /* the guest goes on meanwhile */
  gboolean  peer;           /* the source's daemon connects to the destination's itself */
  gboolean  tunnelled;      /* and the data goes that way too */
  gboolean  persist;        /* it is defined at the destination */
  gboolean  undefine;       /* and not any more here */
  gboolean  auto_converge;
  gboolean  slow_later;     /* may be slowed down while it moves, and hardly is before */
  gboolean  post_copy;      /* may be started while it moves */
  gboolean  parallel;
  gboolean  tls;
  gboolean  unsafe;         /* the disks are shared, whatever libvirt thinks */
  gboolean  resume;         /* goes on with a post-copy that broke */
  guint     connections;    /* of parallel; 0: QEMU's default */
  guint     bandwidth_mib;  /* per second; 0: not limited */
  guint     downtime_ms;    /* 0: QEMU's default */
  char     *compression;    /* (nullable): "xbzrle", "mt" */
  char     *name;           /* (nullable): at the destination */
  char     *xml;            /* (nullable): of the run at the destination */
  char     *persistent_xml; /* (nullable): the definition there */
  char     *address;        /* (nullable): where memory goes */
  char     *disks_address;  /* (nullable) */
  char     *peer_uri;       /* (nullable): the destination, as the source's daemon is to open it */
  GStrv     disks;          /* (nullable): targets that are copied */
} GhMigrationOptions;

GhMigrationOptions *gh_migration_options_new  (void);
GhMigrationOptions *gh_migration_options_copy (const GhMigrationOptions *self);
void                gh_migration_options_free (GhMigrationOptions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMigrationOptions, gh_migration_options_free)

/* One move. It runs on a connection of its own to each host; a third one watches and changes it
 * meanwhile. Property: "progress" (GhMigrationProgress, nullable), notified about once a second. */
#define GH_TYPE_MIGRATION (gh_migration_get_type ())
G_DECLARE_FINAL_TYPE (GhMigration, gh_migration, GH, MIGRATION, GObject)

GhMigration *gh_migration_new            (GhHost *source, GhHost *destination, const char *uuid,
                                          const GhMigrationOptions *options);
const GhMigrationProgress *gh_migration_get_progress (GhMigration *self); /* nullable */

/* Once. Cancelling aborts it, and the guest goes on here; in post-copy that is no longer possible,
 * and it is paused instead, if nothing moves any more. After an error nobody knows where it is
 * before both hosts were asked: gh_host_load_presence_async(). */
void         gh_migration_run_async      (GhMigration *self, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean     gh_migration_run_finish     (GhMigration *self, GAsyncResult *result, GError **error);

/* While it runs. */
void         gh_migration_set_bandwidth_async (GhMigration *self, guint mib_per_s,
                                               GAsyncReadyCallback callback, gpointer user_data);
void         gh_migration_set_downtime_async  (GhMigration *self, guint ms,
                                               GAsyncReadyCallback callback, gpointer user_data);
void         gh_migration_start_post_copy_async (GhMigration *self,
                                                 GAsyncReadyCallback callback, gpointer user_data);
void         gh_migration_suspend_async       (GhMigration *self,
                                               GAsyncReadyCallback callback, gpointer user_data);
/* By what QEMU does by itself with auto_converge; where slow_later was chosen. */
void         gh_migration_slow_guest_async    (GhMigration *self,
                                               GAsyncReadyCallback callback, gpointer user_data);
/* Gives up the connection of a post-copy over which nothing comes any more. It ends with an error
 * then, as soon as the other side notices, and can be gone on with: see @resume. */
void         gh_migration_break_async         (GhMigration *self,
                                               GAsyncReadyCallback callback, gpointer user_data);
/* For all of these. */
gboolean     gh_migration_change_finish       (GhMigration *self, GAsyncResult *result,
                                               GError **error);

/**
 * GhPresence:
 *
 * What a host knows of a machine at this moment: for finding out where it is after a move ended
 * somehow. Plain data.
 */
typedef struct
{
  gboolean exists;
  gboolean active;          /* has a QEMU process */
  gboolean persistent;      /* is defined */
  gboolean running;         /* active, and its guest goes on */
  gboolean held;            /* active, and paused because it is, or was, being moved */
  gboolean moving;          /* a job is moving it right now, in or out */
  gboolean receiving;       /* in */
  gboolean post_copy;       /* parts of its memory are still on the other host */
  gboolean post_copy_failed;
  gboolean whole;           /* active, and for certain not waiting for any of its memory: all of it
                             * is here, whatever another host still says */
  gboolean failed;          /* off since it failed to start, or to arrive */
} GhPresence;

/* The same as gh_migration_break_async(), for a move nobody watches. No error when there is nothing
 * to be broken. */
void         gh_host_break_post_copy_async  (GhHost *host, const char *uuid,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean     gh_host_break_post_copy_finish (GhHost *host, GAsyncResult *result, GError **error);
void         gh_host_load_presence_async  (GhHost *host, const char *uuid,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
/* Free with g_free(). */
GhPresence  *gh_host_load_presence_finish (GhHost *host, GAsyncResult *result, GError **error);
/* Lets a guest go on that a move left paused; nothing when it is not paused or not there. */
void         gh_host_resume_async         (GhHost *host, const char *uuid,
                                           GAsyncReadyCallback callback, gpointer user_data);
gboolean     gh_host_resume_finish        (GhHost *host, GAsyncResult *result, GError **error);
/* Stops the guest where it is; nothing when it does not run or is not there. */
void         gh_host_suspend_async        (GhHost *host, const char *uuid,
                                           GAsyncReadyCallback callback, gpointer user_data);
gboolean     gh_host_suspend_finish       (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
