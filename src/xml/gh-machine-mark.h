/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/* Our own element in a machine's <metadata>, and how libvirt is asked for it. */
#define GH_MACHINE_MARK_NAMESPACE "http://guesthouse.org/xmlns/libvirt/domain/1.0"
#define GH_MACHINE_MARK_PREFIX "guesthouse"

/**
 * GhMachineKind:
 * @GH_MACHINE_ORDINARY: nothing special
 * @GH_MACHINE_TEMPLATE: others are made from it; it is not started
 * @GH_MACHINE_LINKED_CLONE: its disks hold only what differs from its parent's
 * @GH_MACHINE_TRIAL: a throw-away twin
 *
 * What a machine is to us, as recorded in its metadata.
 */
typedef enum
{
  GH_MACHINE_ORDINARY,
  GH_MACHINE_TEMPLATE,
  GH_MACHINE_LINKED_CLONE,
  GH_MACHINE_TRIAL,
} GhMachineKind;

/* A file that was made read-only when its machine became a template, and its mode before. */
typedef struct
{
  char  *path;
  guint  mode;
} GhMarkedFile;

/* A file that a trial lies on, as it was when the trial began. 0: not known. */
typedef struct
{
  char    *path;
  guint64  length;
  gint64   changed_ns; /* when it had last been written to */
  guint64  inode;
} GhMarkedBase;

typedef struct
{
  GhMachineKind  kind;
  gboolean       is_template; /* a template may be a linked clone as well */
  char          *parent_uuid; /* (nullable): of what it was cloned from, or is a trial of */
  char          *parent_name; /* (nullable) */
  char          *left_uri;    /* (nullable): of a host where it left files, see gh-left-files.h */
  gboolean       autostart;   /* a template that its host started by itself before */
  GPtrArray     *files;       /* (element-type GhMarkedFile): of a template */
  GPtrArray     *trial_files; /* (element-type char): of a trial: what was made for it */
  GPtrArray     *unplugged;   /* (element-type char): of a trial: addresses of network cards whose
                               * cables were unplugged when it was made */
  GPtrArray     *bases;       /* (element-type GhMarkedBase): of a trial */
  GPtrArray     *shared;      /* (element-type char): what it lies on that is no machine's own disk
                               * any more, but was made for clones to share */
} GhMachineMark;

/* @element (nullable): as virDomainGetMetadata() gives it. What cannot be read is no mark. */
GhMachineMark *gh_machine_mark_new            (const char *element);
GhMachineMark *gh_machine_mark_new_for_domain (GhDomainXml *domain);
void           gh_machine_mark_free           (GhMachineMark *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMachineMark, gh_machine_mark_free)

GhMarkedFile  *gh_marked_file_new             (const char *path, guint mode);
void           gh_marked_file_free            (gpointer file);

GhMarkedBase  *gh_marked_base_new             (const char *path, guint64 length,
                                               gint64 changed_ns, guint64 inode);
void           gh_marked_base_free            (gpointer base);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMarkedBase, gh_marked_base_free)

/* @element with the mark of a template, or without; @files (nullable) and @autostart: how it was
 * before. NULL when nothing is left in it. All else in it stays. */
char          *gh_machine_mark_dup_text       (const char *element, gboolean is_template,
                                               GPtrArray *files, gboolean autostart);
/* @element without the mark of a trial, and with @shared (nullable) (element-type char). NULL when
 * nothing is left in it. */
char          *gh_machine_mark_dup_kept       (const char *element, GPtrArray *shared);
/* @element without the parent and what was shared with it; NULL when nothing is left in it. All
 * else in it stays. */
char          *gh_machine_mark_dup_released   (const char *element);
gboolean       gh_machine_mark_has_parent     (const char *element);

G_END_DECLS
