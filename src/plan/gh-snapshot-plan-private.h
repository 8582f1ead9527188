/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-image-graph.h"
#include "gh-snapshot-plan.h"
#include "gh-snapshots.h"

G_BEGIN_DECLS

/* What a snapshot plan has read. */
typedef struct
{
  GhSnapshotList *list;
  GhImageGraph   *graph;
  GhDomainXml    *xml;       /* of the run, else the permanent definition */
  GPtrArray      *disks;     /* (element-type GhDiskXml): of that */
  GStrv           kept;      /* targets of the disks that a snapshot taken now keeps */
  GStrv           left_out;  /* of the others */
} GhSnapshotFacts;

GhSnapshotFacts *gh_snapshot_facts_new   (GhSnapshotList *list, GhImageGraph *graph,
                                          GError **error);
void             gh_snapshot_facts_free  (GhSnapshotFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhSnapshotFacts, gh_snapshot_facts_free)

/* Why none can be taken now: the first thing that speaks against it, else NULL. */
GhCheck *gh_snapshot_facts_dup_obstacle  (const GhSnapshotFacts *self);
/* A name that is not taken, out of @wish. */
char    *gh_snapshot_facts_dup_free_name (const GhSnapshotFacts *self, const char *wish);

void     gh_snapshot_check_take          (const GhSnapshotFacts *facts, const char *name,
                                          GhPlanDraft *draft);
/* @safety: (nullable): the snapshot that will keep how it is now. @wished: whether one was. */
void     gh_snapshot_check_revert        (const GhSnapshotFacts *facts, const char *name,
                                          const char *safety, gboolean wished,
                                          GhPlanDraft *draft);
void     gh_snapshot_check_delete        (const GhSnapshotFacts *facts, const char *name,
                                          GhPlanDraft *draft);

G_END_DECLS
