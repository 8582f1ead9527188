/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib-object.h>

#include "gh-xml-error.h"

G_BEGIN_DECLS

/* One libvirt domain document (libxml2), edited in place: what a setter is not about stays
 * as it was. Not thread-safe; may be made and used on any one thread. */
#define GH_TYPE_DOMAIN_XML (gh_domain_xml_get_type ())
G_DECLARE_FINAL_TYPE (GhDomainXml, gh_domain_xml, GH, DOMAIN_XML, GObject)

GhDomainXml *gh_domain_xml_new_from_string (const char *text, GError **error);
char        *gh_domain_xml_to_string       (GhDomainXml *self);
GhDomainXml *gh_domain_xml_copy            (GhDomainXml *self);

/* Plain text of the first node of an XPath below <domain>, such as "name" or "os/type/@machine";
 * NULL when there is none. For fields that are read in one place only. */
char        *gh_domain_xml_dup_text        (GhDomainXml *self, const char *xpath);

char        *gh_domain_xml_dup_name        (GhDomainXml *self);
char        *gh_domain_xml_dup_title       (GhDomainXml *self);
char        *gh_domain_xml_dup_description (GhDomainXml *self);
char        *gh_domain_xml_dup_uuid        (GhDomainXml *self);
char        *gh_domain_xml_dup_type        (GhDomainXml *self);    /* "kvm", "qemu", "test" */
char        *gh_domain_xml_dup_machine     (GhDomainXml *self);    /* "pc-q35-7.2" */
char        *gh_domain_xml_dup_arch        (GhDomainXml *self);
/* from libosinfo metadata, nullable */
char        *gh_domain_xml_dup_os_id       (GhDomainXml *self);
guint64      gh_domain_xml_get_memory_kib  (GhDomainXml *self);
guint        gh_domain_xml_get_n_cpus      (GhDomainXml *self);

typedef enum
{
  GH_FIRMWARE_BIOS,
  GH_FIRMWARE_UEFI,
  GH_FIRMWARE_UEFI_SECURE,
} GhFirmware;

GhFirmware   gh_domain_xml_get_firmware    (GhDomainXml *self);
/* nullable: libvirt chooses it */
char        *gh_domain_xml_dup_nvram_path  (GhDomainXml *self);
gboolean     gh_domain_xml_has_tpm         (GhDomainXml *self);

void         gh_domain_xml_set_name        (GhDomainXml *self, const char *name);
void         gh_domain_xml_set_uuid        (GhDomainXml *self,
                                            const char *uuid); /* sysinfo's too */
void         gh_domain_xml_set_title       (GhDomainXml *self, const char *title);
void         gh_domain_xml_remove_secrets  (GhDomainXml *self);    /* passwd attributes */

/* Disks, in document order. */
typedef struct
{
  char     *type;         /* "file", "block", "volume", "network", "dir" … */
  char     *device;       /* "disk", "cdrom", "floppy", "lun" */
  char     *target;       /* "vda" */
  char     *bus;          /* (nullable) */
  char     *format;       /* (nullable): driver type */
  char     *source;       /* (nullable): file or device path; NULL when empty or not a path */
  char     *source_pool;  /* (nullable): of type="volume" */
  char     *source_volume;
  char     *source_text;  /* (nullable): any source in words, for display */
  GStrv     backing;      /* (nullable): paths of nested <backingStore>, nearest first */
  gboolean  readonly;
  gboolean  shareable;
  gboolean  transient;
} GhDiskXml;

GPtrArray   *gh_domain_xml_list_disks      (GhDomainXml *self);    /* (element-type GhDiskXml) */

/* The image a disk is on: a file, or a device below /dev. What was known of the one before, its
 * backing files among it, goes. FALSE when there is no such disk. */
gboolean     gh_domain_xml_set_disk_source (GhDomainXml *self, const char *target,
                                            const char *path, const char *format);
/* The same by the name that a pool has for it. */
gboolean     gh_domain_xml_set_disk_volume (GhDomainXml *self, const char *target,
                                            const char *pool, const char *volume,
                                            const char *format);

typedef struct
{
  char *type;     /* "network", "bridge", "user" … */
  char *mac;      /* (nullable) */
  char *source;   /* (nullable): network, bridge or device */
  char *model;    /* (nullable) */
} GhNicXml;

GPtrArray   *gh_domain_xml_list_nics       (GhDomainXml *self);    /* (element-type GhNicXml) */
/* Plugs the cable of the card with that address in, or out. The card's element, for libvirt to
 * update the device by; NULL when there is no such card. */
char        *gh_domain_xml_set_cable       (GhDomainXml *self, const char *mac, gboolean plugged);

typedef struct
{
  char *type;         /* "spice", "vnc" … */
  char *listen_type;  /* (nullable): "none", "address", "socket", "network" */
  char *listen;       /* (nullable): address, or the path of a socket */
  int   port;         /* -1 when there is none */
  int   tls_port;
} GhGraphicsXml;

/* (element-type GhGraphicsXml) */
GPtrArray   *gh_domain_xml_list_graphics   (GhDomainXml *self);

typedef struct
{
  char *type;    /* "pty", "tcp" … */
  char *element; /* "serial", "console", "parallel", "channel" */
  char *alias;   /* (nullable): in live XML only */
  char *target;  /* (nullable): target name or port */
} GhCharXml;

/* serial and console, no doubles */
GPtrArray   *gh_domain_xml_list_serials    (GhDomainXml *self);

/* Every host path the definition names, except through pools: disks and their backing files,
 * kernel, initrd, dtb, loader, nvram, file-backed serials. (element-type char*), canonical
 * only as far as text can be. */
GStrv        gh_domain_xml_list_paths      (GhDomainXml *self);

/* The same of a snapshot's XML: its disks and memory, and the definitions it keeps. */
GStrv        gh_snapshot_xml_list_paths    (const char *text, GError **error);
/* Its name; NULL: it cannot be read. */
char        *gh_snapshot_xml_dup_name      (const char *text);
/* The machine as it was when the snapshot was taken; NULL when it does not keep that. */
GhDomainXml *gh_snapshot_xml_dup_domain    (const char *text);
/* How it keeps the disk: "internal", "external", "no"; NULL when it says nothing of it. */
char        *gh_snapshot_xml_dup_disk_kind (const char *text, const char *target);
/* Of these, the files that taking the snapshot made: memory first, then the new layers of its
 * disks. @has_memory (out) (nullable): whether the first is the memory. */
GStrv        gh_snapshot_xml_list_made     (const char *text, gboolean *has_memory, GError **error);

/* Changes in words, “Memory: 4 GiB → 8 GiB”: NULL-terminated, empty when equal. */
GStrv        gh_domain_xml_diff            (GhDomainXml *before, GhDomainXml *after);

G_END_DECLS
