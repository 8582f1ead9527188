/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

/* What gh-storage.c, gh-pools.c, gh-volumes.c and gh-networks.c share. */

#include <libxml/tree.h>
#include <libxml/xpath.h>

#include "gh-host-private.h"
#include "gh-storage.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlXPathContext, xmlXPathFreeContext)

/* Records, on lanes: gh-storage-records.c */

/* Takes @xml, which is NULL after an error of libvirt's; gives NULL then. */
xmlXPathContextPtr gh_document_open       (char *xml, xmlDocPtr *doc);
char              *gh_document_dup_string (xmlXPathContextPtr context, const char *xpath);
GhPoolInfo        *gh_pool_info_read      (virStoragePoolPtr pool, GHashTable *active,
                                           GHashTable *autostart);
GhVolumeInfo      *gh_volume_info_read    (virStorageVolPtr volume, const char *pool);
/* Which of the pools a list flag selects, in one call for all; NULL: nobody knows. */
GHashTable        *gh_storage_list_pool_uuids (virConnectPtr conn, unsigned int flag);
/* A driver without storage or networks has none of them, which is no failure: then FALSE. */
gboolean           gh_storage_take_error  (GError **error);
/* In gh-pools.c: looks at what is in a pool, whatever libvirt does to it meanwhile. */
gboolean           gh_storage_refresh_pool (virStoragePoolPtr pool, GError **error);

/* Calls, on the main thread: gh-storage-calls.c */

/* Arguments of all the workers. */
typedef struct
{
  char    *name;       /* pool, UUID or path */
  char    *xml;        /* (nullable) */
  char    *source;     /* (nullable): path of a volume */
  gboolean flag;
  gboolean local;      /* the host's files are ours */
  gboolean local_user; /* files outside pools are ours to unlink */
} GhStorageArgs;

GhStorageArgs *gh_storage_args_new (const char *name, const char *xml, gboolean flag);
/* Takes @args. */
void           gh_storage_call     (GhHost *host, GhLaneRole role, GhLaneKind kind,
                                    const char *name, GhLaneFunc func, GhStorageArgs *args,
                                    GDestroyNotify result_free, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
/* The same for what changes storage: what is known of it becomes old. */
void           gh_storage_change   (GhHost *host, GhLaneRole role, const char *name,
                                    GhLaneFunc func, GhStorageArgs *args,
                                    GDestroyNotify result_free, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);

G_END_DECLS
