/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

/* One snapshot as another host is told of it. */
typedef struct
{
  char     *name;
  char     *xml;        /* may hold secrets */
  gboolean  is_current;
} GhSnapshotInfo;

GhSnapshotInfo *gh_snapshot_info_new  (const char *name, const char *xml, gboolean is_current);
void            gh_snapshot_info_free (gpointer info);

typedef struct
{
  GPtrArray *list;          /* (element-type GhSnapshotInfo): parents before children */
  guint      n_checkpoints;
} GhSnapshotDefinitions;

void gh_snapshot_definitions_free (GhSnapshotDefinitions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhSnapshotDefinitions, gh_snapshot_definitions_free)

void                   gh_host_load_snapshot_definitions_async
  (GhHost *host, const char *uuid, GCancellable *cancellable, GAsyncReadyCallback callback,
   gpointer user_data);
GhSnapshotDefinitions *gh_host_load_snapshot_definitions_finish
  (GhHost *host, GAsyncResult *result, GError **error);

/* Tells a host of snapshots that the machine’s disks hold already; @list: as above. Nothing is
 * written to the disks. */
void         gh_host_redefine_snapshots_async  (GhHost *host, const char *uuid, GPtrArray *list,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback, gpointer user_data);
gboolean     gh_host_redefine_snapshots_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
