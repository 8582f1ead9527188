/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/* Whether a file beside the disks belongs to the snapshot: it, or the memory it holds, is not
 * inside of the images. */
gboolean gh_snapshot_xml_is_external (const char *xml);

/* What is different in the machine a snapshot remembers. FALSE sets @error. */
typedef gboolean (*GhSnapshotEdit)   (GhDomainXml *machine, gpointer data, GError **error);
/* The snapshot with both machines it may remember edited, that which ran and that which was
 * defined; all else stays as it is. */
char    *gh_snapshot_xml_edit        (const char *xml, GhSnapshotEdit edit, gpointer data,
                                      GError **error);

G_END_DECLS
