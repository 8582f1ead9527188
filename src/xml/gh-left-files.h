/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GhLeftFile:
 *
 * A file that a machine left at a host it has moved away from, as its metadata remember it:
 * <guesthouse:left host='UUID' uri='…' path='…' pool='…'/>, or with a kind, kind='nvram' or
 * kind='tpm', instead of the pool. GhMachineMark says whether there are any.
 */
typedef struct
{
  char *host; /* UUID of that host */
  char *uri;  /* how it was reached then */
  char *path;
  char *pool; /* (nullable): of which it is a volume */
  char *kind; /* (nullable): NULL for a disk */
} GhLeftFile;

#define GH_LEFT_NVRAM "nvram"
#define GH_LEFT_TPM "tpm"

GhLeftFile *gh_left_file_new        (const char *host, const char *uri, const char *path,
                                     const char *pool);
void        gh_left_file_free       (gpointer file);

/* @element (nullable): as virDomainGetMetadata() gives it. (element-type GhLeftFile) */
GPtrArray  *gh_left_files_list      (const char *element);
/* @element without one file; NULL when nothing is left in it. All else in it stays. */
char       *gh_left_files_dup_without (const char *element, const char *host, const char *path);

G_END_DECLS
