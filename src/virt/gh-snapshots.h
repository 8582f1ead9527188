/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"
#include "gh-snapshot-xml.h"

G_BEGIN_DECLS

/* Snapshots of a machine, all by UUID, for plans that undo after a restart. libvirt sends no event
 * for them: whoever changes one says so with GhHost's "definition-changed". */

/**
 * GhSnapshotList:
 *
 * A machine and its snapshots at one instant, and what a change of them has to know. Immutable.
 */
typedef struct
{
  char      *name;            /* of the machine */
  char      *xml;             /* its permanent definition, without secrets */
  char      *live_xml;        /* (nullable): while it runs */
  char      *job;             /* (nullable): what it is busy with, in words */
  char      *current;         /* (nullable): the name of the snapshot it goes on from */
  GPtrArray *snapshots;       /* (element-type GhSnapshotXml), parents before children */
  guint      n_checkpoints;
  guint64    libvirt_version; /* of the host: 9000000 is 9.0.0; 0: not known */
  gboolean   active;
  gboolean   transient;
  gboolean   has_saved_state;
} GhSnapshotList;

void                 gh_snapshot_list_free (GhSnapshotList *self);
const GhSnapshotXml *gh_snapshot_list_find (const GhSnapshotList *self,
                                            const char *name); /* nullable */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhSnapshotList, gh_snapshot_list_free)

/* @settled: waits first until nothing that was begun before changes the machine any more, such as
 * going back to a snapshot for a program that was killed meanwhile. */
void            gh_host_load_snapshots_async    (GhHost *host, const char *uuid, gboolean settled,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
GhSnapshotList *gh_host_load_snapshots_finish   (GhHost *host, GAsyncResult *result,
                                                 GError **error);

void            gh_host_take_snapshot_async     (GhHost *host, const char *uuid, const char *xml,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean        gh_host_take_snapshot_finish    (GhHost *host, GAsyncResult *result,
                                                 GError **error);

/* What the machine is now is lost. Going back to one with memory starts it, so that the start guard
 * is asked first. */
void            gh_host_revert_snapshot_async   (GhHost *host, const char *uuid, const char *name,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean        gh_host_revert_snapshot_finish  (GhHost *host, GAsyncResult *result,
                                                 GError **error);

/* One that is not there counts as done. */
void            gh_host_delete_snapshot_async   (GhHost *host, const char *uuid, const char *name,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean        gh_host_delete_snapshot_finish  (GhHost *host, GAsyncResult *result,
                                                 GError **error);

G_END_DECLS
