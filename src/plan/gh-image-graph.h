/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "gh-check.h"
#include "gh-host.h"
#include "gh-image-probe.h"

G_BEGIN_DECLS

typedef struct _GhImage GhImage;
typedef struct _GhImageMachine GhImageMachine;

typedef enum
{
  GH_IMAGE_AS_DISK,
  GH_IMAGE_AS_MEDIUM,   /* a CD, a floppy, a disk that is only read */
  GH_IMAGE_AS_SNAPSHOT, /* a snapshot keeps it: a layer, or memory */
  GH_IMAGE_AS_NVRAM,
  GH_IMAGE_AS_OTHER,    /* named in the definition: a kernel, a log … */
} GhImageRole;

/* One machine that names an image itself. */
typedef struct
{
  GhImageMachine *machine; /* (unowned) */
  GhImageRole     role;
  gboolean        writes;  /* while it runs */
  gboolean        shareable; /* it is meant to be written to by several machines */
} GhImageUser;

struct _GhImageMachine
{
  char          *uuid;
  char          *name;
  GhMachineKind  kind;
  gboolean       is_template;
  char          *parent_name; /* (nullable) */
  gboolean       active;
  char          *problem;     /* (nullable): why it is not known what it uses */
  GPtrArray     *images;      /* (element-type GhImage) (unowned): in order of its definition */
};

/* One file, or another thing that disks are. Two paths of the same file are one image. */
struct _GhImage
{
  char           *path;
  GPtrArray      *names;       /* (element-type char): all paths it was met under, @path first */
  char           *pool;        /* (nullable): an active pool of which it is a volume */
  char           *format;      /* (nullable) */
  GhImageProblem  problem;     /* that it is missing, or cannot be read; fine where unknown */
  gboolean        has_size;
  guint64         size;        /* bytes it takes */
  guint64         capacity;    /* bytes; 0: not known */
  guint64         length;      /* of the file, as of the last reload; 0: not known, as the next */
  gint64          changed_ns;  /* likewise: when it was last written to */
  guint64         inode;
  gboolean        is_image;    /* FALSE: only named in a definition */
  GPtrArray      *below;       /* (element-type GhImage) (unowned): its base, its data file */
  GPtrArray      *above;       /* (element-type GhImage) (unowned): what lies on it */
  GPtrArray      *users;       /* (element-type GhImageUser) */
  char           *foreign_base; /* (nullable): a base that is no file of the host */
};

/**
 * GhImageGraph:
 *
 * Every image on a host, and what depends on what: the volumes of all pools, what
 * the definitions, current runs and snapshots of all machines name, firmware
 * variables, and the chains under all of them, in pools or not. On the local host
 * files are the same when their device and inode are, and chains are read from the
 * files themselves. Immutable and reference counted; any thread.
 */
typedef struct _GhImageGraph GhImageGraph;

GhImageGraph *gh_image_graph_ref          (GhImageGraph *self);
void          gh_image_graph_unref        (GhImageGraph *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhImageGraph, gh_image_graph_unref)

/* The graph is kept with the host. It is read anew as far as events, changed folders or files say
 * that something is different, and every minute. */
void          gh_image_graph_load_async   (GhHost *host, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
/* Reads everything anew: before something is destroyed. @paths (nullable): files that will be
 * asked about, for their identity. */
void          gh_image_graph_reload_async (GhHost *host, const char * const *paths,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
/* For both. */
GhImageGraph *gh_image_graph_load_finish  (GhHost *host, GAsyncResult *result, GError **error);

GPtrArray      *gh_image_graph_get_images   (GhImageGraph *self); /* (element-type GhImage) */
/* (element-type GhImageMachine), by name */
GPtrArray      *gh_image_graph_get_machines (GhImageGraph *self);
GhImage        *gh_image_graph_find         (GhImageGraph *self, const char *path); /* nullable */
GhImageMachine *gh_image_graph_find_machine (GhImageGraph *self, const char *uuid); /* nullable */

/* Sentences about what the graph could not see: machines whose definition and pools whose volumes
 * the host does not give. With one, nobody can say that a file is not needed.
 * (element-type char) */
GPtrArray    *gh_image_graph_get_blind_spots (GhImageGraph *self);
/* Images whose base could not be found out. (element-type GhImage) */
GPtrArray    *gh_image_graph_get_unreadable  (GhImageGraph *self);

/* Everything that lies on the image at @path, nearest first, whether a machine uses it or not.
 * (element-type GhImage) (transfer container) */
GPtrArray    *gh_image_graph_find_dependents (GhImageGraph *self, const char *path);
/* The images under it, nearest first. (element-type GhImage) (transfer container) */
GPtrArray    *gh_image_graph_find_chain      (GhImageGraph *self, const char *path);
/* A running machine that writes to the image at @path or to one under it: whoever links to it gets
 * what changes under him. Without @except_uuid (nullable). (nullable) */
GhImageMachine *gh_image_graph_find_writer   (GhImageGraph *self, const char *path,
                                              const char *except_uuid);
/* Machines that use one of @images, or else the path: who is named to the user. Without the machine
 * @except_uuid (nullable). */
GStrv         gh_image_graph_list_names      (GhImageGraph *self, GPtrArray *images,
                                              const char *except_uuid);
/* “a”, “b” and 3 others */
char         *gh_image_names_dup_text        (const char * const *names);

/* Who depends on the disks of the machine, in words; NULL: nobody. */
char         *gh_image_graph_dup_dependents  (GhImageGraph *self, const char *uuid);

typedef enum
{
  GH_IMAGE_USE_START,
  GH_IMAGE_USE_WRITE,
  GH_IMAGE_USE_RESIZE,
  GH_IMAGE_USE_MOVE,
  GH_IMAGE_USE_REVERT,
  GH_IMAGE_USE_DELETE,
} GhImageUse;

/* What speaks against it, naming who breaks: (element-type GhCheck) (transfer full), refusals;
 * empty when it is fine. Main thread, as checks are objects.
 * Ids: "template" (it is one), "images-needed" (others lie on its disks). */
GPtrArray    *gh_image_graph_check_machine   (GhImageGraph *self, const char *uuid, GhImageUse use);
/* Of one file, as "images-needed"; for GH_IMAGE_USE_DELETE whoever uses it counts too, without
 * @except_uuid (nullable), and "images-unknown" says that the graph is blind. */
GPtrArray    *gh_image_graph_check_path      (GhImageGraph *self, const char *path,
                                              const char *except_uuid, GhImageUse use);

/* What has to do with the machine or the file: its images, what is under and what is on them.
 * Both NULL: all images. (element-type GhImage) (transfer container) */
GPtrArray    *gh_image_graph_list_related    (GhImageGraph *self, const char *uuid,
                                              const char *path);
/* Those of @images that lie on none of them. (element-type GhImage) (transfer container) */
GPtrArray    *gh_image_graph_list_roots      (GhImageGraph *self, GPtrArray *images);

G_END_DECLS
