/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

#include "gh-xml-error.h"

G_BEGIN_DECLS

/**
 * GhSnapshotXml:
 *
 * What a snapshot's document says of it. Immutable.
 */
typedef struct
{
  char     *name;
  char     *parent;      /* (nullable): the name of the snapshot it was taken after */
  char     *description; /* (nullable) */
  char     *state;       /* "running", "paused", "shutoff", "disk-snapshot" */
  char     *text;        /* the document */
  gint64    created;     /* seconds since the epoch; 0: not known */
  gboolean  external;    /* it keeps something in files of its own, not inside of the images */
  gboolean  has_memory;  /* going back to it goes on where the guest was */
  gboolean  has_domain;  /* it keeps the definition of the machine */
  guint     n_disks;     /* how many disks it keeps */
} GhSnapshotXml;

GhSnapshotXml *gh_snapshot_xml_new_from_string (const char *text, GError **error);
void           gh_snapshot_xml_free            (GhSnapshotXml *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhSnapshotXml, gh_snapshot_xml_free)

/* The document for taking one inside of the disks' images. @description: (nullable). @kept and
 * @left_out: the disks by target, all of the machine's between them. */
char          *gh_snapshot_xml_dup_new         (const char *name, const char *description,
                                                gboolean memory, const char * const *kept,
                                                const char * const *left_out);

G_END_DECLS
