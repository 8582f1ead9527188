/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-file-users.h"
#include "gh-image-graph.h"

G_BEGIN_DECLS

/* What is remembered from one reading to the next: what definitions say, and what the heads of
 * files say, each with what it was read from. One thread at a time. */
typedef struct _GhImageMemory GhImageMemory;

GhImageMemory *gh_image_memory_new  (void);
void           gh_image_memory_free (GhImageMemory *self);

/* What a graph is made from. Plain data. */
typedef struct
{
  gboolean       local;       /* paths are this computer's */
  gboolean       session;     /* machines run as this user */
  GhImageMemory *memory;
  GPtrArray     *definitions; /* (nullable) (element-type GhDefinition): read anew */
  GStrv          uuids;       /* (nullable): @definitions has only these; gone if not in it */
  GhStorageInfo *storage;
  gboolean       storage_new; /* @storage was read just now */
  GhImageGraph  *before;      /* (nullable): the result, if nothing is different */
} GhImageInput;

/* NULL without an error: a folder has changed, so storage and definitions have to be read anew. */
GhImageGraph *gh_image_graph_build  (GhImageInput *input, GCancellable *cancellable,
                                     GError **error);
/* Finds out which file @path is. Workers only. */
void          gh_image_graph_learn  (GhImageGraph *self, const char *path);
/* How often it was read and files were opened, for tests. */
guint         gh_image_memory_get_n_sniffed (GhImageMemory *self);

struct _GhImageGraph
{
  gatomicrefcount ref_count;
  gboolean        local;
  GPtrArray      *images;      /* (element-type GhImage) */
  GPtrArray      *machines;    /* (element-type GhImageMachine): by name */
  GHashTable     *by_uuid;     /* uuid -> GhImageMachine (unowned) */
  GHashTable     *by_identity; /* identity -> GhImage (unowned) */
  GHashTable     *file_users;  /* GhImage -> (element-type GhFileUser) */
  GPtrArray      *blind_spots; /* (element-type char) */
  GPtrArray      *unreadable;  /* (element-type GhImage) */
  GhStorageInfo  *storage;

  GMutex          mutex;
  GHashTable     *identities;  /* (mutex mutex): path -> identity */
};

void          gh_file_user_free           (gpointer user);
/* (transfer full): what makes a file the same file under another name, as far as it is known. */
char         *gh_image_graph_dup_identity (GhImageGraph *self, const char *path);

G_END_DECLS
