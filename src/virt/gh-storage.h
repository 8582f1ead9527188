/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GhHost GhHost;

/**
 * GhPoolInfo:
 *
 * A storage pool as it was when it was read. Sizes in bytes. Reference counted;
 * immutable; any thread.
 */
typedef struct
{
  char     *name;
  char     *uuid;
  char     *type;   /* "dir", "logical" … */
  char     *path;   /* (nullable): target path */
  gboolean  active;
  gboolean  autostart;
  guint64   capacity;
  guint64   available;
} GhPoolInfo;

GhPoolInfo *gh_pool_info_ref   (GhPoolInfo *self);
void        gh_pool_info_unref (GhPoolInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhPoolInfo, gh_pool_info_unref)

/**
 * GhVolumeInfo:
 *
 * A volume as it was when it was read. Sizes in bytes.
 */
typedef struct
{
  char    *name;
  char    *pool;          /* the pool's name */
  char    *path;
  char    *type;          /* "file", "block", "dir", "network" */
  char    *format;        /* (nullable): "qcow2", "raw" … */
  char    *backing_path;  /* (nullable) */
  guint64  capacity;
  guint64  allocation;
  guint64  length;        /* of its file; 0: not known, as the next */
  gint64   changed_ns;    /* when it was last written to, as the host's clock says */
  gboolean  unread;       /* libvirt would not say more than its name: it may rest on anything */
} GhVolumeInfo;

GhVolumeInfo *gh_volume_info_ref   (GhVolumeInfo *self);
void          gh_volume_info_unref (GhVolumeInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhVolumeInfo, gh_volume_info_unref)

/**
 * GhStorageInfo:
 *
 * All pools of a host, and all volumes of the active ones; of files that we can read
 * ourselves without format, capacity and base.
 */
typedef struct
{
  GPtrArray *pools;    /* (element-type GhPoolInfo) */
  GPtrArray *volumes;  /* (element-type GhVolumeInfo) */
  GPtrArray *problems; /* (element-type char): “POOL: why its volumes could not be listed” */
} GhStorageInfo;

GhStorageInfo *gh_storage_info_ref   (GhStorageInfo *self);
void           gh_storage_info_unref (GhStorageInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhStorageInfo, gh_storage_info_unref)

/**
 * GhNetworkInfo:
 *
 * A virtual network as it was when it was read.
 */
typedef struct
{
  char     *name;
  char     *uuid;
  char     *bridge;  /* (nullable) */
  char     *forward; /* (nullable): "nat", "route" …; NULL for isolated */
  gboolean  active;
  gboolean  autostart;
} GhNetworkInfo;

GhNetworkInfo *gh_network_info_ref   (GhNetworkInfo *self);
void           gh_network_info_unref (GhNetworkInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhNetworkInfo, gh_network_info_unref)

/**
 * GhDefinition:
 *
 * What one machine is made of: the permanent definition, the one of the
 * current run, and its snapshots; for finding out who uses an image.
 */
typedef struct
{
  char  *uuid;
  char  *name;
  char  *xml;       /* permanent definition (that of the run for a transient machine); "" when
                     * the host does not give it */
  char  *live_xml;  /* (nullable): while it runs */
  GStrv  snapshots; /* (nullable): XML of its snapshots */
  char  *problem;   /* (nullable): what the host did not give of all this, and why */
  gboolean autostart; /* the host starts it by itself; where one machine was asked for */
  char  *metadata;  /* (nullable): our element; where one machine was asked for */
} GhDefinition;

void gh_definition_free (GhDefinition *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhDefinition, gh_definition_free)

/* (element-type GhPoolInfo), sorted by name. */
void           gh_host_load_pools_async     (GhHost *host, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GPtrArray     *gh_host_load_pools_finish    (GhHost *host, GAsyncResult *result, GError **error);

/* Defines, builds, starts and marks for automatic start; on failure nothing is left. Returns the
   UUID. */
void           gh_host_create_pool_async    (GhHost *host, const char *xml,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
char          *gh_host_create_pool_finish   (GhHost *host, GAsyncResult *result, GError **error);
void           gh_host_start_pool_async     (GhHost *host, const char *uuid,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean       gh_host_start_pool_finish    (GhHost *host, GAsyncResult *result, GError **error);
/* By name: what is in it is looked at anew. */
void           gh_host_refresh_pool_async   (GhHost *host, const char *name,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean       gh_host_refresh_pool_finish  (GhHost *host, GAsyncResult *result, GError **error);
/* Stops and undefines; never deletes what is in it. With @delete_empty its folder goes too, if
 * empty. A pool that is not there counts as done. */
void           gh_host_remove_pool_async    (GhHost *host, const char *uuid, gboolean delete_empty,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean       gh_host_remove_pool_finish   (GhHost *host, GAsyncResult *result, GError **error);

/* All volumes of all active pools: (element-type GhVolumeInfo). With @refresh the pools are
 * looked at anew first; pools that fail to refresh are listed as they were. */
void           gh_host_load_volumes_async   (GhHost *host, gboolean refresh,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GPtrArray     *gh_host_load_volumes_finish  (GhHost *host, GAsyncResult *result, GError **error);
void           gh_host_load_storage_async   (GhHost *host, gboolean refresh,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GhStorageInfo *gh_host_load_storage_finish  (GhHost *host, GAsyncResult *result, GError **error);
/* The volume at @path, also one that appeared after the last refresh; NULL without an error when
 * no active pool holds it. */
void           gh_host_find_volume_async    (GhHost *host, const char *path,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GhVolumeInfo  *gh_host_find_volume_finish   (GhHost *host, GAsyncResult *result, GError **error);

void           gh_host_create_volume_async  (GhHost *host, const char *pool, const char *xml,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GhVolumeInfo  *gh_host_create_volume_finish (GhHost *host, GAsyncResult *result, GError **error);
/* A new volume of @pool with what is in the volume at @source, chain and all: @xml says its name,
 * format and capacity. On the host, and not to be stopped once it has begun. */
void           gh_host_copy_volume_async    (GhHost *host, const char *pool, const char *xml,
                                             const char *source, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GhVolumeInfo  *gh_host_copy_volume_finish   (GhHost *host, GAsyncResult *result, GError **error);
/* By path. A volume that is not there counts as done. Local files of the session's own user that
 * are in no pool are unlinked. */
void           gh_host_delete_volume_async  (GhHost *host, const char *path,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean       gh_host_delete_volume_finish (GhHost *host, GAsyncResult *result, GError **error);

/* (element-type GhNetworkInfo), sorted by name; empty where the host has no network driver. */
void           gh_host_load_networks_async  (GhHost *host, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GPtrArray     *gh_host_load_networks_finish (GhHost *host, GAsyncResult *result, GError **error);
void           gh_host_start_network_async  (GhHost *host, const char *uuid,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean       gh_host_start_network_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
