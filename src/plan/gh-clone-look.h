/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is known of one local image, by its header alone. */
typedef struct
{
  char    *path;
  int      error_number;    /* 0: it is there and can be read */
  gboolean is_block;
  guint64  file_size;
  guint64  actual_size;
  guint64  virtual_size;
  guint64  device;          /* the file system it is on */
  gint64   mtime_us;        /* when it was last written to */
  guint    n_snapshots;     /* inside of it */
  GStrv    chain;           /* paths of what is under it, nearest first */
  GStrv    chain_formats;   /* "" when the image does not say */
  char    *missing;         /* (nullable): the first of the chain that cannot be read */
  gboolean backing_is_foreign;  /* something in the chain is not a local file */
  gboolean backing_is_relative; /* as written in the image itself */
  gboolean has_data_file;
  gboolean is_encrypted;
  gboolean is_damaged;      /* it is not what the definition says */
} GhImageLook;

/* Of a folder new images go to. */
typedef struct
{
  char    *path;
  gboolean is_there;
  gboolean is_writable;     /* by us */
  guint64  free_bytes;      /* G_MAXUINT64: not known */
  guint64  device;
  gboolean shares_blocks;   /* the file system can, as far as is known */
} GhFolderLook;

/* Names for new files: in @folder, STEM.SUFFIX, or STEM-2.SUFFIX and so on when that is taken. */
typedef struct
{
  char *folder;
  char *stem;
  char *suffix;  /* with its dot */
  char *path;    /* the free one, once looked for */
} GhNameLook;

typedef struct
{
  GPtrArray *images;   /* (element-type GhImageLook): path and format to be given */
  GPtrArray *folders;  /* (element-type GhFolderLook) */
  GPtrArray *names;    /* (element-type GhNameLook) */
  GHashTable *taken;   /* (nullable): paths that are no files, but taken */
} GhCloneLook;

GhCloneLook  *gh_clone_look_new         (void);
void          gh_clone_look_free        (GhCloneLook *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhCloneLook, gh_clone_look_free)

/* All three return what is in @self, to be filled in by looking. @format: as the definition
 * says. */
GhImageLook  *gh_clone_look_add_image   (GhCloneLook *self, const char *path, const char *format);
GhFolderLook *gh_clone_look_add_folder  (GhCloneLook *self, const char *path);
GhNameLook   *gh_clone_look_add_name    (GhCloneLook *self, const char *folder, const char *stem,
                                         const char *suffix);

/* Chooses names by what is known as taken only, for hosts whose files cannot be looked at. */
void          gh_clone_look_choose_names (GhCloneLook *self);

/* Looks at everything in @self (transfer full), on a thread of its own. */
void          gh_clone_look_run_async   (GhCloneLook *self, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);
GhCloneLook  *gh_clone_look_run_finish  (GAsyncResult *result, GError **error);

G_END_DECLS
