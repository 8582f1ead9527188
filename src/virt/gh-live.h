/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-backup-xml.h"
#include "gh-host.h"

G_BEGIN_DECLS

/* What is done to the disks of machines while they run: copying them (backup jobs) and making
 * them independent of their backing files (block pull). All by UUID, for plans that go on or undo
 * after a restart. Each runs on a connection of its own, and survives that the daemon restarts. */

/**
 * GhJobProgress:
 *
 * How far a job is: written by a worker, read by whoever shows it. Reference counted; any thread.
 */
typedef struct
{
  gatomicrefcount ref_count;
  int             per_mille; /* atomic; < 0: not known yet */
  int             thawed;    /* atomic: a guest that was to hold still has been let go */
} GhJobProgress;

GhJobProgress *gh_job_progress_new   (void);
GhJobProgress *gh_job_progress_ref   (GhJobProgress *self);
void           gh_job_progress_unref (GhJobProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhJobProgress, gh_job_progress_unref)
double         gh_job_progress_get   (GhJobProgress *self); /* 0 to 1; < 0: not known yet */
gboolean       gh_job_progress_is_thawed (GhJobProgress *self);

/* Whether the guest can be asked to hold still. */
typedef enum
{
  GH_LIVE_AGENT_NONE,    /* no guest agent is connected, or it was not to be asked */
  GH_LIVE_AGENT_SILENT,  /* it is connected, but does not answer: it hangs, the guest is paused … */
  GH_LIVE_AGENT_ANSWERS,
} GhLiveAgent;

/**
 * GhLiveInfo:
 *
 * What a running machine is busy with, and whether its guest can be asked to hold still.
 * Immutable.
 */
typedef struct
{
  gboolean    active;     /* it has a QEMU process */
  gboolean    can_backup; /* its QEMU has backup jobs */
  GhLiveAgent agent;
  char       *job;        /* (nullable): the job that excludes others, in words: “backup” */
  GStrv       block_jobs; /* targets of the disks a block job works on */
  char       *xml;        /* (nullable): of the current run */
} GhLiveInfo;

void          gh_live_info_free         (GhLiveInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhLiveInfo, gh_live_info_free)

void          gh_host_load_live_async   (GhHost *host, const char *uuid, gboolean ask_agent,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);
GhLiveInfo   *gh_host_load_live_finish  (GhHost *host, GAsyncResult *result, GError **error);

/* Copies disks as they are at one instant to new files, while the machine goes on. @freeze: the
 * guest agent has the guest write down everything first; it is let go at once after the instant.
 * @progress: (nullable). When it fails or is cancelled, libvirt removes the files. */
void          gh_host_backup_async      (GhHost *host, const char *uuid, GPtrArray *disks,
                                         gboolean freeze, GhJobProgress *progress,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_backup_finish     (GhHost *host, GAsyncResult *result, GError **error);
/* Ends the backup job that writes to one of @paths and waits until it has ended; any other is left
 * alone. A machine that is not there or not running counts as done. When this fails, something
 * may still be writing to the files. */
void          gh_host_end_backup_async  (GhHost *host, const char *uuid, const char * const *paths,
                                         GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_end_backup_finish (GhHost *host, GAsyncResult *result, GError **error);
/* Lets a guest go that may still be held. One without an agent, or that does not run, is not. */
void          gh_host_thaw_async        (GhHost *host, const char *uuid,
                                         GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_thaw_finish       (GhHost *host, GAsyncResult *result, GError **error);

/* Copies what lies in the backing files of the disk @target into the disk itself, which then
 * depends on none; joins a pull of it that runs already. When it fails or is cancelled the chain
 * of files is as it was. */
void          gh_host_pull_async        (GhHost *host, const char *uuid, const char *target,
                                         GhJobProgress *progress, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_pull_finish       (GhHost *host, GAsyncResult *result, GError **error);
/* Ends it if it runs. */
void          gh_host_end_pull_async    (GhHost *host, const char *uuid, const char *target,
                                         GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_end_pull_finish   (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
