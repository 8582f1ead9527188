/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Disk images are foreign input that QEMU believes: a 300-byte VMDK or a qcow2 header can name any
 * file of the host as a part of the disk. So before anything else reads an image, this does: it
 * takes only what it needs from fixed places, trusts no length or offset, and says which other
 * files the image wants. Pure functions, no allocation that the image can choose the size of. */

#define G_LOG_DOMAIN "gh-image-sniff"

#include "config.h"

#include "gh-image-sniff.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE 4096
#define MAX_NAME 4096
#define MAX_DESCRIPTOR (64 * 1024)
#define ISO_BLOCK 2048

typedef struct
{
  GhImageReadFunc  read;
  gpointer         data;
  guint64          file_size;
  guint8           head[HEAD_SIZE];
  gsize            head_size;
  GhImageSniff    *sniff;
} Sniffer;

static guint16
le16 (const guint8 *p)
{
  return (guint16) (p[0] | p[1] << 8);
}

static guint32
le32 (const guint8 *p)
{
  return (guint32) p[0] | (guint32) p[1] << 8 | (guint32) p[2] << 16 | (guint32) p[3] << 24;
}

static guint64
le64 (const guint8 *p)
{
  return (guint64) le32 (p) | (guint64) le32 (p + 4) << 32;
}

static guint32
be32 (const guint8 *p)
{
  return (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | (guint32) p[3];
}

static guint64
be64 (const guint8 *p)
{
  return (guint64) be32 (p) << 32 | (guint64) be32 (p + 4);
}

/* All of it or nothing. */
static gboolean
read_at (Sniffer *self,
         guint64  offset,
         void    *buffer,
         gsize    length)
{
  if (offset > self->file_size || length > self->file_size - offset)
    return FALSE;
  return self->read (self->data, offset, buffer, length) == (gssize) length;
}

static gboolean
head_has (Sniffer    *self,
          gsize       offset,
          const void *bytes,
          gsize       length)
{
  return offset + length <= self->head_size && memcmp (self->head + offset, bytes, length) == 0;
}

static void
mark (Sniffer      *self,
      GhImageFlags  flags)
{
  self->sniff->flags |= flags;
}

/* A name out of an image: cut at the first NUL, made printable on one line. */
static char *
make_text (const void *bytes,
           gsize       length)
{
  g_autofree char *text = g_strndup (bytes, length);

  for (char *p = text; *p != '\0'; p++)
    {
      if (g_ascii_iscntrl (*p))
        *p = '?';
    }
  return g_utf8_make_valid (text, -1);
}

/* The name of another file; “?” for one that is not there, so that it never looks like none. */
static char *
read_name (Sniffer *self,
           guint64  offset,
           guint32  length)
{
  char buffer[MAX_NAME];

  if (length == 0 || length > sizeof buffer || !read_at (self, offset, buffer, length) ||
      *buffer == '\0')
    {
      mark (self, GH_IMAGE_DAMAGED);
      return g_strdup ("?");
    }
  return make_text (buffer, length);
}

static void
sniff_qcow_1 (Sniffer *self)
{
  const guint8 *head = self->head;

  self->sniff->kind = GH_IMAGE_QCOW;
  if (self->head_size < 48)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  self->sniff->virtual_size = be64 (head + 24);
  if (be64 (head + 8) != 0)
    {
      mark (self, GH_IMAGE_LINKED);
      self->sniff->backing_path = read_name (self, be64 (head + 8), be32 (head + 16));
    }
  if (be32 (head + 36) != 0)
    mark (self, GH_IMAGE_ENCRYPTED);
}

/* Looks for the name of an external data file. */
static void
sniff_qcow2_extensions (Sniffer *self,
                        guint64  offset,
                        guint64  end)
{
  while (offset + 8 <= end)
    {
      guint8 header[8];
      guint32 type;
      guint32 length;

      if (!read_at (self, offset, header, sizeof header))
        return;
      type = be32 (header);
      length = be32 (header + 4);
      if (type == 0)
        return;
      if (length > end - offset - 8)
        {
          mark (self, GH_IMAGE_DAMAGED);
          return;
        }
      if (type == 0x44415441 && self->sniff->data_path == NULL)
        self->sniff->data_path = read_name (self, offset + 8, length);
      offset += 8 + ((guint64) length + 7) / 8 * 8;
    }
}

static void
sniff_qcow2 (Sniffer *self)
{
  const guint8 *head = self->head;
  guint32 version = 0;
  guint32 cluster_bits = 0;
  guint32 header_length = 72;
  guint64 incompatible = 0;

  self->sniff->kind = GH_IMAGE_QCOW2;
  if (self->head_size < 72)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }

  version = be32 (head + 4);
  cluster_bits = be32 (head + 20);
  self->sniff->virtual_size = be64 (head + 24);
  if (version > 3)
    mark (self, GH_IMAGE_UNSUPPORTED);
  if (cluster_bits < 9 || cluster_bits > 21)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  if (be32 (head + 32) != 0)
    mark (self, GH_IMAGE_ENCRYPTED);
  if (be64 (head + 8) != 0)
    {
      mark (self, GH_IMAGE_LINKED);
      self->sniff->backing_path = read_name (self, be64 (head + 8), be32 (head + 16));
    }

  if (version >= 3)
    {
      if (self->head_size < 104)
        {
          mark (self, GH_IMAGE_DAMAGED);
          return;
        }
      incompatible = be64 (head + 72);
      header_length = be32 (head + 100);
      if (header_length < 104 || header_length > (guint32) 1 << cluster_bits)
        {
          mark (self, GH_IMAGE_DAMAGED);
          return;
        }
      if ((incompatible & 1) != 0)
        mark (self, GH_IMAGE_DIRTY);
      if ((incompatible & 2) != 0)
        mark (self, GH_IMAGE_DAMAGED);
      if ((incompatible & ~(guint64) 0x1f) != 0)
        mark (self, GH_IMAGE_UNSUPPORTED);
    }
  sniff_qcow2_extensions (self, header_length, (guint64) 1 << cluster_bits);
  if ((incompatible & 4) != 0 && self->sniff->data_path == NULL)
    self->sniff->data_path = g_strdup ("?");
}

static void
sniff_qed (Sniffer *self)
{
  const guint8 *head = self->head;

  self->sniff->kind = GH_IMAGE_QED;
  if (self->head_size < 64)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  self->sniff->virtual_size = le64 (head + 48);
  if ((le64 (head + 16) & 1) != 0)
    {
      mark (self, GH_IMAGE_LINKED);
      self->sniff->backing_path = read_name (self, le32 (head + 56), le32 (head + 60));
    }
  if ((le64 (head + 16) & 2) != 0)
    mark (self, GH_IMAGE_DIRTY);
}

/* The text between the first two quotes; “?” for none. */
static char *
dup_quoted (const char *line)
{
  const char *start = strchr (line, '"');
  const char *end = start != NULL ? strchr (start + 1, '"') : NULL;

  return end != NULL && end != start + 1 ? make_text (start + 1, (gsize) (end - start - 1))
                                         : g_strdup ("?");
}

/* The value of “KEY = VALUE”, with any spaces; NULL when the line is not about @key. */
static const char *
line_value (const char *line,
            const char *key)
{
  gsize length = strlen (key);

  if (g_ascii_strncasecmp (line, key, length) != 0)
    return NULL;
  line += length;
  while (*line == ' ' || *line == '\t')
    line++;
  if (*line != '=')
    return NULL;
  line++;
  while (*line == ' ' || *line == '\t')
    line++;
  return line;
}

/* @self_contained: the data is in the file that holds the descriptor. */
static void
sniff_vmdk_descriptor (Sniffer    *self,
                       const char *text,
                       gboolean    self_contained)
{
  g_auto (GStrv) lines = g_strsplit_set (text, "\r\n", -1);
  guint n_extents = 0;
  gboolean has_parent = FALSE;
  guint64 sectors = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strchug (lines[i]);
      const char *value = NULL;

      if ((value = line_value (line, "parentCID")) != NULL)
        has_parent = g_ascii_strncasecmp (value, "ffffffff", 8) != 0;
      else if (line_value (line, "parentFileNameHint") != NULL && self->sniff->backing_path == NULL)
        self->sniff->backing_path = dup_quoted (line);
      else if (g_ascii_strncasecmp (line, "RW ", 3) == 0 ||
               g_ascii_strncasecmp (line, "RDONLY ", 7) == 0 ||
               g_ascii_strncasecmp (line, "NOACCESS ", 9) == 0)
        {
          n_extents++;
          sectors += g_ascii_strtoull (strchr (line, ' '), NULL, 10);
          if (!self_contained && self->sniff->data_path == NULL)
            self->sniff->data_path = dup_quoted (line);
        }
    }

  if (has_parent || self->sniff->backing_path != NULL)
    {
      mark (self, GH_IMAGE_LINKED);
      if (self->sniff->backing_path == NULL)
        self->sniff->backing_path = g_strdup ("?");
    }
  if (!self_contained)
    {
      if (self->sniff->data_path == NULL)
        self->sniff->data_path = g_strdup ("?");
      if (sectors < G_MAXUINT64 / 512)
        self->sniff->virtual_size = sectors * 512;
    }
  else if (n_extents > 1)
    mark (self, GH_IMAGE_UNSUPPORTED);
}

static void
sniff_vmdk_sparse (Sniffer *self)
{
  const guint8 *head = self->head;
  g_autofree char *descriptor = NULL;
  guint64 capacity;
  guint64 offset;
  guint64 length;

  self->sniff->kind = GH_IMAGE_VMDK;
  if (self->head_size < 512)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  if (le32 (head + 4) > 3)
    mark (self, GH_IMAGE_UNSUPPORTED);
  capacity = le64 (head + 12);
  offset = le64 (head + 28);
  length = le64 (head + 36);
  if (capacity < G_MAXUINT64 / 512)
    self->sniff->virtual_size = capacity * 512;
  else
    mark (self, GH_IMAGE_DAMAGED);

  if (offset == 0)
    return;
  if (length == 0 || length > MAX_DESCRIPTOR / 512 || offset > self->file_size / 512)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  descriptor = g_malloc0 (length * 512 + 1);
  if (!read_at (self, offset * 512, descriptor, length * 512))
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  /* Without a capacity QEMU takes the extents from the descriptor, whatever file they name. */
  sniff_vmdk_descriptor (self, descriptor, /* self_contained= */ capacity != 0);
}

static void
sniff_vmdk_text (Sniffer *self)
{
  gsize length = MIN (self->file_size, MAX_DESCRIPTOR);
  g_autofree char *text = g_malloc0 (length + 1);

  self->sniff->kind = GH_IMAGE_VMDK;
  if (self->file_size > MAX_DESCRIPTOR || !read_at (self, 0, text, length))
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  sniff_vmdk_descriptor (self, text, /* self_contained= */ FALSE);
}

static void
sniff_vdi (Sniffer *self)
{
  static const guint8 no_uuid[16] = { 0 };
  const guint8 *head = self->head;
  guint32 type;

  self->sniff->kind = GH_IMAGE_VDI;
  if (self->head_size < 0x1c8)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  if (le32 (head + 0x44) != 0x00010001)
    mark (self, GH_IMAGE_UNSUPPORTED);
  self->sniff->virtual_size = le64 (head + 0x170);
  type = le32 (head + 0x4c);
  if (type == 3 || type == 4 || memcmp (head + 0x1a8, no_uuid, 16) != 0 ||
      memcmp (head + 0x1b8, no_uuid, 16) != 0)
    mark (self, GH_IMAGE_LINKED);
  else if (type != 1 && type != 2)
    mark (self, GH_IMAGE_UNSUPPORTED);
}

static void
sniff_vhdx_metadata (Sniffer *self,
                     guint64  region)
{
  static const guint8 size_guid[] = { 0x24, 0x42, 0xa5, 0x2f, 0x1b, 0xcd, 0x76, 0x48,
                                      0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8 };
  static const guint8 parameters_guid[] = { 0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d,
                                            0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b };
  static const guint8 parent_guid[] = { 0x2d, 0x5f, 0xd3, 0xa8, 0x0b, 0xb3, 0x4d, 0x45,
                                        0xab, 0xf7, 0xd3, 0xd8, 0x48, 0x34, 0xab, 0x0c };
  guint8 table[32];
  guint n_entries;

  if (!read_at (self, region, table, sizeof table) || memcmp (table, "metadata", 8) != 0)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  n_entries = MIN (le16 (table + 10), 2047);
  for (guint i = 0; i < n_entries; i++)
    {
      guint8 entry[32];
      guint8 value[8];
      guint64 offset;

      if (!read_at (self, region + 32 + (guint64) i * 32, entry, sizeof entry))
        {
          mark (self, GH_IMAGE_DAMAGED);
          return;
        }
      offset = region + le32 (entry + 16);
      if (memcmp (entry, parent_guid, 16) == 0)
        mark (self, GH_IMAGE_LINKED);
      else if (memcmp (entry, size_guid, 16) == 0 && read_at (self, offset, value, 8))
        self->sniff->virtual_size = le64 (value);
      else if (memcmp (entry, parameters_guid, 16) == 0 && read_at (self, offset, value, 8) &&
               (le32 (value + 4) & 2) != 0)
        mark (self, GH_IMAGE_LINKED);
    }
}

static void
sniff_vhdx (Sniffer *self)
{
  static const guint8 metadata_guid[] = { 0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
                                          0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e };
  guint8 header[16];
  guint64 table = 192 * 1024;
  guint n_entries;

  self->sniff->kind = GH_IMAGE_VHDX;
  /* There are two copies of the table. */
  if (!read_at (self, table, header, sizeof header) || memcmp (header, "regi", 4) != 0)
    {
      table = 256 * 1024;
      if (!read_at (self, table, header, sizeof header) || memcmp (header, "regi", 4) != 0)
        {
          mark (self, GH_IMAGE_DAMAGED);
          return;
        }
    }
  n_entries = MIN (le32 (header + 8), 2047);
  for (guint i = 0; i < n_entries; i++)
    {
      guint8 entry[32];

      if (!read_at (self, table + 16 + (guint64) i * 32, entry, sizeof entry))
        break;
      if (memcmp (entry, metadata_guid, 16) == 0 && le64 (entry + 16) < self->file_size)
        {
          sniff_vhdx_metadata (self, le64 (entry + 16));
          return;
        }
    }
  mark (self, GH_IMAGE_DAMAGED);
}

static void
sniff_vhd (Sniffer      *self,
           const guint8 *footer)
{
  guint32 type = be32 (footer + 60);

  self->sniff->kind = GH_IMAGE_VHD;
  self->sniff->virtual_size = be64 (footer + 48);
  if (type == 4)
    mark (self, GH_IMAGE_LINKED);
  else if (type != 2 && type != 3)
    mark (self, GH_IMAGE_UNSUPPORTED);
}

static char *
dup_label (const guint8 *bytes,
           gsize         length)
{
  g_autofree char *text = make_text (bytes, length);

  g_strstrip (text);
  return *text != '\0' ? g_steal_pointer (&text) : NULL;
}

static void
mark_boot_entry (Sniffer      *self,
                 const guint8 *entry,
                 guint8        platform)
{
  if (entry[0] == 0x88)
    mark (self, platform == 0xef ? GH_IMAGE_BOOT_UEFI : GH_IMAGE_BOOT_BIOS);
}

/* El Torito: an entry for the platform of the catalog, then sections for others. */
static void
sniff_boot_catalog (Sniffer *self,
                    guint64  offset)
{
  guint8 catalog[ISO_BLOCK];
  guint position = 64;

  if (!read_at (self, offset, catalog, sizeof catalog) || catalog[0] != 1 || catalog[30] != 0x55 ||
      catalog[31] != 0xaa)
    return;

  mark_boot_entry (self, catalog + 32, catalog[1]);
  while (position + 32 <= sizeof catalog &&
         (catalog[position] == 0x90 || catalog[position] == 0x91))
    {
      gboolean last = catalog[position] == 0x91;
      guint8 platform = catalog[position + 1];
      guint n_entries = le16 (catalog + position + 2);

      position += 32;
      for (guint i = 0; i < n_entries && position + 32 <= sizeof catalog; i++, position += 32)
        mark_boot_entry (self, catalog + position, platform);
      if (last)
        break;
    }
}

/* Sees the volume descriptors; FALSE when there are none. */
static gboolean
sniff_iso (Sniffer *self)
{
  guint8 block[ISO_BLOCK];
  gboolean found = FALSE;

  for (guint i = 16; i < 48; i++)
    {
      if (!read_at (self, (guint64) i * ISO_BLOCK, block, sizeof block))
        break;
      /* UDF alone, as on some newer discs. */
      if (memcmp (block + 1, "BEA01", 5) == 0 || memcmp (block + 1, "NSR0", 4) == 0)
        found = TRUE;
      else if (memcmp (block + 1, "CD001", 5) != 0)
        break;
      else
        {
          found = TRUE;
          if (block[0] == 255)
            continue;
          if (block[0] == 1 && self->sniff->volume_id == NULL)
            {
              self->sniff->system_id = dup_label (block + 8, 32);
              self->sniff->volume_id = dup_label (block + 40, 32);
              self->sniff->publisher_id = dup_label (block + 318, 128);
              self->sniff->application_id = dup_label (block + 574, 128);
              self->sniff->volume_size = (guint64) le32 (block + 80) * le16 (block + 128);
            }
          else if (block[0] == 0 && memcmp (block + 7, "EL TORITO SPECIFICATION", 23) == 0)
            sniff_boot_catalog (self, (guint64) le32 (block + 71) * ISO_BLOCK);
        }
    }
  if (found)
    self->sniff->kind = GH_IMAGE_ISO;
  return found;
}

/* An x86 or ARM Linux image, or a bare ELF executable, which QEMU starts by its PVH note or
 * multiboot. */
static gboolean
is_kernel (Sniffer *self)
{
  const guint8 *head = self->head;

  if (head_has (self, 0x202, "HdrS", 4) && head_has (self, 0x1fe, "\x55\xaa", 2))
    return TRUE;
  if (head_has (self, 0x38, "ARM\x64", 4))
    return TRUE;
  return head_has (self, 0, "\x7f" "ELF", 4) && self->head_size >= 64 && head[5] == 1 &&
         le16 (head + 16) == 2;
}

static gboolean
is_initrd (Sniffer *self)
{
  static const struct
  {
    const char *bytes;
    gsize       length;
  } magics[] = {
    { "070701", 6 }, { "070702", 6 }, { "070707", 6 }, { "\xc7\x71", 2 },  { "\x1f\x8b", 2 },
    { "BZh", 3 },    { "\xfd" "7zXZ", 5 }, { "\x28\xb5\x2f\xfd", 4 }, { "\x02\x21\x4c\x18", 4 },
    { "\x04\x22\x4d\x18", 4 }, { "\x89" "LZO", 4 }, { "\x5d\x00\x00", 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (magics); i++)
    {
      if (head_has (self, 0, magics[i].bytes, magics[i].length))
        return TRUE;
    }
  return FALSE;
}

static void
sniff_gpt (Sniffer *self)
{
  static const guint8 esp_guid[] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                     0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };
  const guint8 *header = self->head + 512;
  guint64 start = le64 (header + 72);
  guint n_entries = MIN (le32 (header + 80), 256);
  guint32 entry_size = le32 (header + 84);

  mark (self, GH_IMAGE_PART_GPT);
  if (entry_size < 128 || entry_size > 4096 || start > self->file_size / 512)
    {
      mark (self, GH_IMAGE_DAMAGED);
      return;
    }
  for (guint i = 0; i < n_entries; i++)
    {
      guint8 type[16];

      if (!read_at (self, start * 512 + (guint64) i * entry_size, type, sizeof type))
        return;
      if (memcmp (type, esp_guid, sizeof type) == 0)
        mark (self, GH_IMAGE_BOOT_UEFI);
    }
}

static gboolean
sniff_raw (Sniffer *self)
{
  const guint8 *head = self->head;
  gboolean has_code = FALSE;

  if (!head_has (self, 510, "\x55\xaa", 2))
    return FALSE;

  self->sniff->kind = GH_IMAGE_RAW;
  self->sniff->virtual_size = self->file_size;
  for (guint i = 0; i < 440 && !has_code; i++)
    has_code = head[i] != 0;
  if (has_code)
    mark (self, GH_IMAGE_BOOT_BIOS);
  if (head_has (self, 512, "EFI PART", 8) && self->head_size >= 1024)
    {
      sniff_gpt (self);
      return TRUE;
    }
  for (guint i = 0; i < 4; i++)
    {
      const guint8 *entry = head + 446 + 16 * i;

      if (entry[4] != 0 && (entry[0] == 0 || entry[0] == 0x80) && le32 (entry + 12) != 0)
        mark (self, GH_IMAGE_PART_MBR);
      if (entry[4] == 0xef)
        mark (self, GH_IMAGE_BOOT_UEFI);
    }
  return TRUE;
}

static gboolean
is_blank (Sniffer *self)
{
  for (gsize i = 0; i < self->head_size; i++)
    {
      if (self->head[i] != 0)
        return FALSE;
    }
  return TRUE;
}

static void
sniff_all (Sniffer *self)
{
  guint8 footer[512];

  if (head_has (self, 0, "QFI\xfb\0\0\0\1", 8))
    sniff_qcow_1 (self);
  else if (head_has (self, 0, "QFI\xfb", 4))
    sniff_qcow2 (self);
  else if (head_has (self, 0, "QED\0", 4))
    sniff_qed (self);
  else if (head_has (self, 0, "KDMV", 4))
    sniff_vmdk_sparse (self);
  else if (head_has (self, 0, "COWD", 4))
    {
      self->sniff->kind = GH_IMAGE_VMDK;
      mark (self, GH_IMAGE_UNSUPPORTED);
    }
  else if (head_has (self, 0, "# Disk DescriptorFile", 21))
    sniff_vmdk_text (self);
  else if (head_has (self, 0x40, "\x7f\x10\xda\xbe", 4))
    sniff_vdi (self);
  else if (head_has (self, 0, "vhdxfile", 8))
    sniff_vhdx (self);
  else if (head_has (self, 0, "conectix", 8) && self->head_size >= 512)
    sniff_vhd (self, self->head);
  else if (head_has (self, 0, "LUKS\xba\xbe", 6))
    {
      self->sniff->kind = GH_IMAGE_LUKS;
      mark (self, GH_IMAGE_ENCRYPTED);
    }
  else if (is_kernel (self))
    self->sniff->kind = GH_IMAGE_KERNEL;
  else if (sniff_iso (self))
    return;
  else if (self->file_size >= 1024 &&
           read_at (self, self->file_size - 512, footer, sizeof footer) &&
           memcmp (footer, "conectix", 8) == 0)
    sniff_vhd (self, footer);
  else if (is_initrd (self))
    self->sniff->kind = GH_IMAGE_INITRD;
  else if (!sniff_raw (self) && is_blank (self))
    mark (self, GH_IMAGE_BLANK);
}

/**
 * gh_image_sniff:
 * @read: reads parts of the file
 * @data: for @read
 * @file_size: bytes
 * @sniff: (out caller-allocates): what it is; to be cleared
 *
 * Says what a file is by its content, never by its name. Any thread.
 */
void
gh_image_sniff (GhImageReadFunc  read_func,
                gpointer         data,
                guint64          file_size,
                GhImageSniff    *sniff)
{
  Sniffer self = { .read = read_func, .data = data, .file_size = file_size, .sniff = sniff };

  memset (sniff, 0, sizeof *sniff);
  self.head_size = MIN (file_size, HEAD_SIZE);
  if (!read_at (&self, 0, self.head, self.head_size))
    {
      mark (&self, GH_IMAGE_DAMAGED);
      return;
    }
  sniff_all (&self);
}

typedef struct
{
  const guint8 *bytes;
  gsize         length;
} Memory;

static gssize
read_memory (gpointer  data,
             guint64   offset,
             void     *buffer,
             gsize     length)
{
  Memory *memory = data;

  if (offset >= memory->length)
    return 0;
  length = MIN (length, memory->length - offset);
  memcpy (buffer, memory->bytes + offset, length);
  return (gssize) length;
}

/**
 * gh_image_sniff_memory:
 * @bytes: a whole file
 * @length: its size
 * @sniff: (out caller-allocates): what it is; to be cleared
 *
 * gh_image_sniff() of bytes. Any thread.
 */
void
gh_image_sniff_memory (const void   *bytes,
                       gsize         length,
                       GhImageSniff *sniff)
{
  Memory memory = { bytes, length };

  gh_image_sniff (read_memory, &memory, length, sniff);
}

static gssize
read_file (gpointer  data,
           guint64   offset,
           void     *buffer,
           gsize     length)
{
  gsize done = 0;

  while (done < length)
    {
      gssize n = pread (GPOINTER_TO_INT (data), (char *) buffer + done, length - done,
                        (off_t) (offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      done += (gsize) n;
    }
  return (gssize) done;
}

/**
 * gh_image_sniff_file:
 * @path: a file or block device; anything else is refused without reading it
 * @sniff: (out caller-allocates): what it is; to be cleared
 * @error: (out): why it could not be read
 *
 * Blocks, possibly for ever on a dead file server: for threads that may.
 *
 * Returns: whether @sniff was set
 */
gboolean
gh_image_sniff_file (const char    *path,
                     GhImageSniff  *sniff,
                     GError       **error)
{
  struct stat status;
  off_t size = 0;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  int error_number = errno;

  memset (sniff, 0, sizeof *sniff);
  if (fd < 0)
    {
      g_set_error (error, G_IO_ERROR, (int) g_io_error_from_errno (error_number), "%s: %s", path,
                   g_strerror (error_number));
      return FALSE;
    }
  if (fstat (fd, &status) != 0 || (!S_ISREG (status.st_mode) && !S_ISBLK (status.st_mode)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "%s: Not a file", path);
      close (fd);
      return FALSE;
    }
  size = S_ISBLK (status.st_mode) ? lseek (fd, 0, SEEK_END) : status.st_size;
  if (size < 0)
    size = 0;
  gh_image_sniff (read_file, GINT_TO_POINTER (fd), (guint64) size, sniff);
  close (fd);
  return TRUE;
}

/**
 * gh_image_sniff_clear:
 * @sniff: what gh_image_sniff() found
 *
 * Frees what is in it.
 */
void
gh_image_sniff_clear (GhImageSniff *sniff)
{
  g_clear_pointer (&sniff->backing_path, g_free);
  g_clear_pointer (&sniff->data_path, g_free);
  g_clear_pointer (&sniff->volume_id, g_free);
  g_clear_pointer (&sniff->system_id, g_free);
  g_clear_pointer (&sniff->publisher_id, g_free);
  g_clear_pointer (&sniff->application_id, g_free);
}

/**
 * gh_image_kind_get_format:
 * @kind: what a file is
 *
 * Returns: (nullable): what it is called in `<driver type>` and by qemu-img;
 *   %NULL for what is no disk
 */
const char *
gh_image_kind_get_format (GhImageKind kind)
{
  switch (kind)
    {
    case GH_IMAGE_UNKNOWN:
    case GH_IMAGE_RAW:
    case GH_IMAGE_ISO:
      return "raw";
    case GH_IMAGE_QCOW:
      return "qcow";
    case GH_IMAGE_QCOW2:
      return "qcow2";
    case GH_IMAGE_QED:
      return "qed";
    case GH_IMAGE_VMDK:
      return "vmdk";
    case GH_IMAGE_VDI:
      return "vdi";
    case GH_IMAGE_VHDX:
      return "vhdx";
    case GH_IMAGE_VHD:
      return "vpc";
    case GH_IMAGE_LUKS:
      return "luks";
    case GH_IMAGE_KERNEL:
    case GH_IMAGE_INITRD:
    default:
      return NULL;
    }
}
