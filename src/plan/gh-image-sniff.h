/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  GH_IMAGE_UNKNOWN, /* no format that QEMU knows; as a disk it could only be raw */
  GH_IMAGE_RAW,     /* bytes of a disk: has a partition table or a boot sector */
  GH_IMAGE_ISO,     /* a CD image */
  GH_IMAGE_QCOW,    /* version 1 */
  GH_IMAGE_QCOW2,
  GH_IMAGE_QED,
  GH_IMAGE_VMDK,
  GH_IMAGE_VDI,
  GH_IMAGE_VHDX,
  GH_IMAGE_VHD,
  GH_IMAGE_LUKS,
  GH_IMAGE_KERNEL,  /* Linux, bzImage or EFI stub */
  GH_IMAGE_INITRD,  /* cpio, or compressed data */
} GhImageKind;

typedef enum
{
  GH_IMAGE_PART_MBR = 1 << 0,
  GH_IMAGE_PART_GPT = 1 << 1,
  /* an ISO with an El Torito entry for BIOS, a disk with boot code */
  GH_IMAGE_BOOT_BIOS = 1 << 2,
  GH_IMAGE_BOOT_UEFI = 1 << 3,    /* … for UEFI, a disk with an EFI system partition */
  GH_IMAGE_ENCRYPTED = 1 << 4,
  GH_IMAGE_DAMAGED = 1 << 5,      /* its header contradicts itself */
  GH_IMAGE_UNSUPPORTED = 1 << 6,  /* valid, of a version or kind that is not handled */
  GH_IMAGE_DIRTY = 1 << 7,        /* was not closed properly */
  GH_IMAGE_LINKED = 1 << 8,       /* holds only what differs from another image; see backing_path */
  GH_IMAGE_BLANK = 1 << 9,        /* begins with nothing but zeros */
} GhImageFlags;

/**
 * GhImageSniff:
 *
 * What the first bytes of a file say. Nothing in it is to be trusted further
 * than it was checked.
 */
typedef struct
{
  GhImageKind   kind;
  GhImageFlags  flags;
  guint64       virtual_size;  /* bytes; 0 when the header does not say */
  char         *backing_path;  /* (nullable): as written in the image */
  char         *data_path;     /* (nullable): another file its data is in, as written */

  /* The labels of an ISO, all nullable. */
  char         *volume_id;
  char         *system_id;
  char         *publisher_id;
  char         *application_id;
  guint64       volume_size;   /* bytes */
} GhImageSniff;

/* Reads @length bytes at @offset, fewer at the end of the file. -1 on errors. */
typedef gssize (*GhImageReadFunc) (gpointer  data,
                                   guint64   offset,
                                   void     *buffer,
                                   gsize     length);

void gh_image_sniff        (GhImageReadFunc  read,
                            gpointer         data,
                            guint64          file_size,
                            GhImageSniff    *sniff);
void gh_image_sniff_memory (const void      *bytes,
                            gsize            length,
                            GhImageSniff    *sniff);
gboolean gh_image_sniff_file (const char    *path,
                              GhImageSniff  *sniff,
                              GError       **error);
void gh_image_sniff_clear  (GhImageSniff    *sniff);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GhImageSniff, gh_image_sniff_clear)

const char *gh_image_kind_get_format (GhImageKind kind);

G_END_DECLS
