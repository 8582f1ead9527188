/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

/* What the files that make the graph share: gh-image-graph-build.c, which puts it together, and
 * gh-image-memory.c, gh-image-graph-files.c and gh-image-graph-users.c. */

#include <sys/stat.h>

#include "gh-image-graph-private.h"

G_BEGIN_DECLS

/* A path, pool volume or other source that a machine names. */
typedef struct
{
  GhImageRole  role;
  gboolean     writes;
  gboolean     shareable;
  gboolean     is_disk; /* of a disk, so that the format is known */
  char        *path;    /* (nullable) */
  char        *pool;    /* (nullable): with volume, instead of a path */
  char        *volume;
  char        *format;  /* (nullable) */
  GStrv        backing; /* (nullable): what QEMU has opened under it */
} GhImageSource;

/* What one definition says; immutable. */
typedef struct
{
  gatomicrefcount ref_count;
  char           *checksum;
  char           *uuid;
  char           *name;
  GhMachineMark  *mark;
  gboolean        active;
  char           *problem; /* (nullable) */
  GPtrArray      *uses;    /* (element-type GhImageSource) */
} GhImageFacts;

/* What the head of a file says, and which state of the file that was. */
typedef struct
{
  guint64   device;
  guint64   inode;
  guint64   size;
  gint64    mtime_ns;
  gint64    ctime_ns;
  gboolean  readable;
  char     *format;   /* (nullable) */
  char     *backing;  /* (nullable): as written */
  char     *data;     /* (nullable): as written */
  guint64   capacity;
  gboolean  linked;   /* lies on something, even if it is not known on what */
  guint     round;    /* in which it was asked for last */
} GhImageHead;

struct _GhImageMemory
{
  GHashTable *facts;   /* uuid -> GhImageFacts */
  GHashTable *heads;   /* path -> GhImageHead */
  GHashTable *folders; /* path -> FolderStamp */
  guint       round;
  guint       n_sniffed;
};

typedef struct
{
  GhImageGraph  *graph;
  GhImageInput  *input;
  GhImageMemory *memory;
  GHashTable    *raw;     /* (element-type GhImage): that some definition calls raw */
  GHashTable    *not_raw; /* (element-type GhImage): that some definition calls otherwise */
  gboolean       changed; /* some file is another than the last time */
} GhImageBuilder;

/* gh-image-memory.c */

void         gh_image_memory_remember  (GhImageBuilder *self, GCancellable *cancellable);
/* The head of the file at @path, read only when the file is another than last time. */
GhImageHead *gh_image_memory_read_head (GhImageBuilder *self, const char *path,
                                        const struct stat *status);
/* Whether the file is as it was when @head was read. */
gboolean     gh_image_head_is_current  (const GhImageHead *head, const struct stat *status);
gint64       gh_image_to_ns            (const struct timespec *time);

/* gh-image-graph-files.c */

/* What makes a file the same file under another name. */
char        *gh_image_dup_identity       (gboolean local, const char *path);
/* The image at @path, made if it is new. */
GhImage     *gh_image_builder_ensure     (GhImageBuilder *self, const char *path);
void         gh_image_builder_link       (GhImage *above, GhImage *below);
/* Links @image to what it calls @text, relative to each folder in which it is known. */
void         gh_image_builder_link_named (GhImageBuilder *self, GhImage *image, const char *text);
gboolean     gh_image_builder_is_raw     (GhImageBuilder *self, GhImage *image);
/* Formats in which one image can lie on another. */
gboolean     gh_image_has_layers         (const char *format);
/* Looks at all files, and at what is found under them in its turn. */
void         gh_image_builder_look       (GhImageBuilder *self, GCancellable *cancellable);

/* gh-image-graph-users.c */

void         gh_image_builder_add_users  (GhImageBuilder *self);

G_END_DECLS
