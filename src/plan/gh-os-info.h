/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * GhOs:
 *
 * One operating system as the database describes it. Immutable and reference
 * counted; any thread.
 */
typedef struct
{
  char   *id;           /* "http://debian.org/debian/12" */
  char   *short_id;     /* "debian12" */
  char   *name;         /* “Debian 12”, translated where the database knows it */
  char   *version;      /* (nullable) */
  char   *vendor;       /* (nullable) */
  char   *family;       /* (nullable): "linux", "winnt", "freebsd" … */
  char   *distro;       /* (nullable): "debian", "win" … */
  gint64  release_date; /* seconds since the epoch; 0 when unknown */
  gint64  eol_date;     /* seconds since the epoch; 0 when unknown */
} GhOs;

GhOs *gh_os_ref   (GhOs *self);
void  gh_os_unref (GhOs *self);
gboolean gh_os_is_ended (GhOs *self); /* its maker supports it no more */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhOs, gh_os_unref)

/**
 * GhOsDefaults:
 *
 * What a new machine for one OS should be like, by the database, completed by
 * rules of our own where the database is silent: every figure is set. Immutable
 * and reference counted; any thread.
 */
typedef struct
{
  GhOs     *os;                 /* (nullable): NULL for an OS nobody named */
  guint64   memory_kib;         /* recommended */
  guint     n_cpus;             /* recommended */
  guint64   disk_bytes;         /* recommended */
  guint64   minimum_memory_kib; /* 0 when unknown */
  guint     minimum_cpus;       /* 0 when unknown */
  guint64   minimum_disk_bytes; /* 0 when unknown */
  gboolean  virtio_disk;        /* it has the driver without anybody's help */
  gboolean  virtio_net;
  gboolean  virtio_video;
  gboolean  virtio_rng;
  gboolean  virtio_balloon;
  gboolean  virtio_channel;     /* can run a guest agent */
  gboolean  usb_tablet;
  gboolean  q35;                /* works on the modern machine type, with SATA */
  gboolean  e1000e;             /* else e1000, and before that rtl8139 */
  gboolean  rtl8139;            /* neither virtio nor any e1000 */
  gboolean  bios;               /* starts from BIOS */
  gboolean  uefi;               /* starts from UEFI */
  gboolean  secure_boot;        /* wants Secure Boot with the vendor's keys */
  gboolean  tpm;                /* wants a TPM 2.0 */
  gboolean  windows;
} GhOsDefaults;

GhOsDefaults *gh_os_defaults_new_generic (void);
GhOsDefaults *gh_os_defaults_ref         (GhOsDefaults *self);
void          gh_os_defaults_unref       (GhOsDefaults *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhOsDefaults, gh_os_defaults_unref)

/* The OS database: libosinfo behind a module that is loaded when first asked, on a thread of its
 * own (loading takes some 0.4 s). One per program. */
#define GH_TYPE_OS_INFO (gh_os_info_get_type ())
G_DECLARE_FINAL_TYPE (GhOsInfo, gh_os_info, GH, OS_INFO, GObject)

GhOsInfo     *gh_os_info_get_default     (void);

/* Begins to load the database, for a dialog that is about to need it. */
void          gh_os_info_warm_up         (GhOsInfo *self);

/* All of them, the newest first within one distribution: (element-type GhOs). */
void          gh_os_info_list_async      (GhOsInfo *self, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
GPtrArray    *gh_os_info_list_finish     (GhOsInfo *self, GAsyncResult *result, GError **error);

/* Those of @systems that hold every word of @text in name, short id, version or vendor; best match
 * first, ended ones last. Pure. (element-type GhOs) */
GPtrArray    *gh_os_info_search          (GPtrArray *systems, const char *text);

/* @id: an id or short id; NULL for the generic defaults. G_IO_ERROR_NOT_FOUND for an id that the
 * database does not know. @arch: "x86_64". */
void          gh_os_info_load_defaults_async  (GhOsInfo *self, const char *id, const char *arch,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback, gpointer user_data);
GhOsDefaults *gh_os_info_load_defaults_finish (GhOsInfo *self, GAsyncResult *result,
                                               GError **error);

/* Which OS an installer image at @path installs. NULL without an error when it is not known. */
void          gh_os_info_identify_async  (GhOsInfo *self, const char *path,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
GhOs         *gh_os_info_identify_finish (GhOsInfo *self, GAsyncResult *result, GError **error);

G_END_DECLS
