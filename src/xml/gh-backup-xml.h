/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A disk that a backup job copies, and where to. */
typedef struct
{
  char    *target;    /* "vda" */
  char    *path;      /* of the new file */
  char    *format;    /* of the new file: "qcow2" */
  guint64  capacity;  /* bytes the guest sees, by which the new file is known; 0: not known */
} GhBackupDisk;

GhBackupDisk *gh_backup_disk_new  (const char *target, const char *path, const char *format,
                                   guint64 capacity);
void          gh_backup_disk_free (GhBackupDisk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhBackupDisk, gh_backup_disk_free)

/* The document for virDomainBackupBegin() that copies these disks, and no others, as they are at
 * one instant. @disks: (element-type GhBackupDisk) */
char         *gh_backup_xml_new        (GPtrArray *disks);
/* Whether @text, which describes a job, copies to one of the files @paths. */
gboolean      gh_backup_xml_writes_to  (const char *text, const char * const *paths);

G_END_DECLS
