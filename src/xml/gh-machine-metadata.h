/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-left-files.h"
#include "gh-machine-mark.h"

G_BEGIN_DECLS

/* What Guesthouse itself writes into a machine's <metadata>: one element,
 *
 *   <guesthouse:machine xmlns:guesthouse='…'>
 *     <guesthouse:template/>
 *     <guesthouse:parent uuid='…' name='…'>
 *       <guesthouse:disk target='vda' base='/path' format='qcow2'/>
 *     </guesthouse:parent>
 *     <guesthouse:trial uuid='…' name='…'>
 *       <guesthouse:file path='…'/>        what was made for it, and goes with it
 *       <guesthouse:unplugged mac='…'/>    network cards that get their cables back when it is kept
 *       <guesthouse:base path='…' length='…' changed='…' inode='…'/>  what it lies on, as it was;
 *                                          changed: nanoseconds since 1970
 *     </guesthouse:trial>
 *     <guesthouse:shared path='…'/>        what it lies on: once a disk, now for clones to share
 *     <guesthouse:left host='…' uri='…' path='…' pool='…'/>
 *   </guesthouse:machine>
 *
 * Here it is edited in the machine's document; GhMachineMark reads it at once, and without one.
 * What else stands in it survives. An element that would be empty is removed. */
#define GH_METADATA_NAMESPACE GH_MACHINE_MARK_NAMESPACE
#define GH_METADATA_PREFIX    GH_MACHINE_MARK_PREFIX

/* A disk of a linked clone, and what it is linked to. */
typedef struct
{
  char *target;  /* "vda" */
  char *base;    /* path of the backing file */
  char *format;  /* of the backing file */
} GhMetadataDisk;

GhMetadataDisk *gh_metadata_disk_new  (const char *target, const char *base, const char *format);
void            gh_metadata_disk_free (GhMetadataDisk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMetadataDisk, gh_metadata_disk_free)

gboolean      gh_domain_xml_is_template         (GhDomainXml *self);
void          gh_domain_xml_set_template        (GhDomainXml *self, gboolean is_template);

/* The machine whose disks this one's are linked to. FALSE, and NULLs, when there is none. */
gboolean      gh_domain_xml_get_parent          (GhDomainXml *self, char **uuid, char **name);
/* (element-type GhMetadataDisk) */
GPtrArray    *gh_domain_xml_list_parent_disks   (GhDomainXml *self);
/* @uuid: (nullable): NULL removes it; @disks: (nullable) (element-type GhMetadataDisk) */
void          gh_domain_xml_set_parent          (GhDomainXml *self, const char *uuid,
                                                 const char *name, GPtrArray *disks);

/* UUID of the machine this one is a throw-away twin of; NULL when it is not one. */
char         *gh_domain_xml_dup_trial_of        (GhDomainXml *self);
char         *gh_domain_xml_dup_trial_of_name   (GhDomainXml *self);
/* @files, @unplugged: (nullable) (element-type char): see above. */
void          gh_domain_xml_set_trial_of        (GhDomainXml *self, const char *uuid,
                                                 const char *name, GPtrArray *files,
                                                 GPtrArray *unplugged);

/* Does nothing in what is no trial. */
void          gh_domain_xml_add_trial_base      (GhDomainXml *self, const GhMarkedBase *base);

/* A known one is not added again. */
void          gh_domain_xml_add_shared          (GhDomainXml *self, const char *path);
/* @path: (nullable): all of them. */
void          gh_domain_xml_remove_shared       (GhDomainXml *self, const char *path);

/* What it left at a host it moves away from; known ones are not added again. */
void          gh_domain_xml_add_left            (GhDomainXml *self, const GhLeftFile *file);
/* Of a copy that is away for a while: whether the host it came from is to start the machine by
 * itself again when it is back. */
void          gh_domain_xml_set_away_autostart  (GhDomainXml *self, gboolean autostart);
gboolean      gh_domain_xml_get_away_autostart  (GhDomainXml *self);
/* All of it: a clone has left nothing anywhere. */
void          gh_domain_xml_remove_left         (GhDomainXml *self);

GhMachineKind gh_domain_xml_get_kind            (GhDomainXml *self);

/* For virDomainGetMetadata and virDomainSetMetadata (VIR_DOMAIN_METADATA_ELEMENT, key
 * GH_METADATA_PREFIX, uri GH_METADATA_NAMESPACE), which speak of the element without its
 * namespace. NULL when there is none, which virDomainSetMetadata takes for “remove”. */
char         *gh_domain_xml_dup_machine_metadata (GhDomainXml *self);

/* @text: (nullable): such text. @uuid, @name: (out) (optional) (nullable): of the machine it is a
 * trial of, else of its parent. What cannot be read is an ordinary machine. */
GhMachineKind gh_machine_metadata_parse         (const char *text, char **uuid, char **name);

G_END_DECLS
