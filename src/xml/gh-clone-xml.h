/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"

G_BEGIN_DECLS

/**
 * GhCloneChange:
 *
 * One thing of a machine that must not, or need not, be the same in a clone of it; also what
 * stays although two machines will share it. Reference counted; immutable.
 *
 * What an override of it may be: "keep" if @can_keep, "new" if @can_renew, "remove" if
 * @can_remove, anything else if @can_set. @after is what the clone gets, overrides included.
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
  gboolean  can_renew;
  gboolean  can_remove;
  gboolean  overridden;
  const char *proposed; /* what it is without an override: "keep", "new" or "remove" */
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
  const char *title;        /* (nullable): made of the source's, if that has one */
  GPtrArray  *disks;        /* (element-type GhCloneXmlDisk): those that are not here stay */
  const char *nvram_path;   /* (nullable): where its copy is; NULL: libvirt makes a new one */
  gboolean    tpm_copied;   /* the TPM's state will be a copy */
  const char *seed_path;    /* (nullable): an ISO image to put into a CD drive of its own */
  GHashTable *used_macs;    /* (nullable): a set of lower-case strings */
  GHashTable *used_cids;    /* (nullable): a set of strings */
  GHashTable *used_ports;   /* (nullable): a set of strings */
  GHashTable *used_paths;   /* (nullable): a set of strings: sockets and files of consoles */
  GHashTable *overrides;    /* (nullable): id → "keep", "new", "remove" or a value */
  const char *parent_uuid;  /* (nullable): of linked clones */
  const char *parent_name;  /* (nullable) */
  const char *trial_uuid;   /* (nullable): of what it is a throw-away twin of */
  const char *trial_name;   /* (nullable) */
  gboolean    base_shared;  /* what it is linked to is no machine's own disk from now on */
  GPtrArray  *trial_bases;  /* (nullable) (element-type GhMarkedBase): what it lies on, as it is */
  gboolean    network;      /* FALSE: with unplugged cables */
  guint32     seed;         /* the same seed makes the same addresses */
} GhCloneXmlOptions;

/* Adds what @definition uses up to sets of strings: MAC addresses in lower case, vsock addresses,
 * TCP ports, paths of sockets and console files. Any of them (nullable). */
void         gh_clone_xml_add_used (GhDomainXml *definition, GHashTable *macs, GHashTable *cids,
                                    GHashTable *ports, GHashTable *paths);

/* The definition of a clone of @source, which stays as it is. @changes: (out) (optional)
 * (transfer full) (element-type GhCloneChange). NULL on errors: an override of nothing, or one that
 * cannot be, in GH_XML_ERROR. */
GhDomainXml *gh_clone_xml_make (GhDomainXml *source, const GhCloneXmlOptions *options,
                                GPtrArray **changes, GError **error);

G_END_DECLS
