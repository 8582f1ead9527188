/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-host.h"
#include "gh-plan.h"
#include "gh-state-folders.h"
#include "gh-storage.h"

G_BEGIN_DECLS

/**
 * GhMoveDisk:
 *
 * A disk of a machine that is off, to be sent to another host.
 */
typedef struct
{
  const char *target;      /* "vda" */
  const char *path;        /* here */
  guint64     allocation;  /* bytes; 0: not known */
  guint64     length;      /* of the file, where that is known before; 0 else */
  const char *base;        /* (nullable): here: it lies on */
  const char *source_pool; /* (nullable): here; of those in none */
  const char *pool;        /* there */
  const char *destination; /* there: its path in that pool */
} GhMoveDisk;

/* What is to become of the machine. */
typedef struct
{
  GhHost      *source;
  const char  *source_id;  /* (nullable): the UUID that host has itself */
  GhHost      *destination;
  const char  *uuid;
  const char  *name;       /* here */
  const char  *new_name;   /* there */
  GhDomainXml *before;     /* its definition here */
  GhDomainXml *after;      /* there, with secrets; we set where its NVRAM is, and what stays */
  GPtrArray   *disks;      /* (element-type GhMoveDisk): that are sent; others are where they are */
  GPtrArray   *snapshots;  /* (element-type GhSnapshotInfo): as they are to be there */
  gboolean     has_external; /* one of them has files beside the disks */
  guint        n_checkpoints;
  gboolean     has_saved_state;
  gboolean     autostart;
  gboolean     removes_disks; /* here, when all is done */
} GhMove;

/**
 * GhMoveFacts:
 *
 * What sending a machine that is off needs to know of both hosts besides that. Immutable.
 */
typedef struct
{
  GPtrArray      *pools_here;       /* (element-type GhPoolInfo) */
  GPtrArray      *pools;            /* (element-type GhPoolInfo): there; set by who asks */
  GhStateFolders *folders;          /* (nullable): here */
  GhStateFolders *folders_there;    /* (nullable) */
} GhMoveFacts;

void         gh_move_facts_free        (GhMoveFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMoveFacts, gh_move_facts_free)

/* Both hosts are connected. Changes nothing. Pools there are not read: a move knows them anyway;
 * nor are all volumes here, which may be many. */
void         gh_move_facts_load_async  (GhHost *source, GhHost *destination,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
GhMoveFacts *gh_move_facts_load_finish (GhHost *source, GAsyncResult *result, GError **error);

/* What speaks against it, and what to know. Ids: "saved-state", "disk-linked", "snapshots-sent",
 * "snapshots-external", "checkpoints-lost", "nvram-lost", "tpm-sent", "tpm-lost",
 * "kept-at-source". */
void         gh_move_add_checks        (const GhMove *self, const GhMoveFacts *facts,
                                        GhPlanDraft *draft);
/* Sends, defines there, makes sure, and only then removes the definition here. */
void         gh_move_add_steps         (const GhMove *self, const GhMoveFacts *facts,
                                        GhPlanDraft *draft);

G_END_DECLS
