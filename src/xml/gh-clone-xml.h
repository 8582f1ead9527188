/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/**
 * GhCloneChange:
 *
 * One thing of a machine that must not, or need not, be the same in a clone of it. Reference
 * counted; immutable.
 */
typedef struct
{
  char     *id;       /* stable: "name", "mac-0" */
  char     *label;    /* translated: “Network card 1: address” */
  char     *before;   /* (nullable) */
  char     *after;    /* (nullable): it goes */
  char     *why;      /* (nullable): a sentence */
  gboolean  changes;  /* FALSE: it stays */
  gboolean  can_keep;
  gboolean  can_set;
} GhCloneChange;

GhCloneChange *gh_clone_change_ref   (GhCloneChange *self);
void           gh_clone_change_unref (GhCloneChange *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhCloneChange, gh_clone_change_unref)

typedef enum
{
  GH_CLONE_XML_KEEP,
  GH_CLONE_XML_REPLACE,
  GH_CLONE_XML_REMOVE,
} GhCloneXmlDiskAction;

/* What becomes of one disk in the document. */
typedef struct
{
  char                 *target;      /* "vda" */
  GhCloneXmlDiskAction  action;
  char                 *path;        /* (nullable): the new file or device */
  char                 *format;      /* (nullable): of the new one */
  char                 *base;        /* (nullable): what it is linked to */
  char                 *base_format; /* (nullable) */
} GhCloneXmlDisk;

GhCloneXmlDisk *gh_clone_xml_disk_new  (const char *target, GhCloneXmlDiskAction action,
                                        const char *path, const char *format,
                                        const char *base, const char *base_format);
void            gh_clone_xml_disk_free (gpointer disk);

/* Everything is the caller's. */
typedef struct
{
  const char *name;
  const char *uuid;
  const char *title;        /* (nullable): none */
  GPtrArray  *disks;        /* (element-type GhCloneXmlDisk): those that are not here stay */
  const char *nvram_path;   /* (nullable): libvirt chooses it */
  GHashTable *used_macs;    /* (nullable): a set of lower-case strings */
  GHashTable *used_cids;    /* (nullable): a set of strings */
  GHashTable *used_ports;   /* (nullable): a set of strings */
  GHashTable *overrides;    /* (nullable): id → "keep", "new", "remove" or a value */
  const char *parent_uuid;  /* (nullable): of linked clones */
  const char *parent_name;  /* (nullable) */
  const char *trial_uuid;   /* (nullable): of what it is a throw-away twin of */
  const char *trial_name;   /* (nullable) */
  gboolean    network;      /* FALSE: with unplugged cables */
  guint32     seed;         /* the same seed makes the same addresses */
} GhCloneXmlOptions;

/* The definition of a clone of @source, which stays as it is. @changes: (out) (optional)
 * (transfer full) (element-type GhCloneChange). NULL on errors. */
GhDomainXml *gh_clone_xml_make (GhDomainXml *source, const GhCloneXmlOptions *options,
                                GPtrArray **changes, GError **error);

G_END_DECLS
