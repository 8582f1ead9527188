/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "gh-state-folders.h"
#include "gh-transfer-segment.h"

#define BYTES 100000

static void
fill (guint8 *bytes,
      gsize   length)
{
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) (i * 7 + i / 251);
}

/* The same bytes in any pieces, and zeroes as holes or as data, read the same. */
static void
test_pieces (void)
{
  static const gsize pieces[] = { 1, 511, 4096, 5000, 65536, BYTES };
  g_autofree guint8 *bytes = g_malloc (BYTES);
  g_autoptr (GhTransferSegment) whole = gh_transfer_segment_new (1000, TRUE);

  fill (bytes, BYTES);
  memset (bytes + 20000, 0, 30000);
  gh_transfer_segment_add_data (whole, bytes, BYTES);
  gh_transfer_segment_close (whole);
  g_assert_cmpuint (gh_transfer_segment_get_n_bytes (whole), ==, BYTES);
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GhTransferSegment) other = gh_transfer_segment_new (1000, FALSE);

      for (gsize at = 0; at < 20000; at += pieces[i])
        gh_transfer_segment_add_data (other, bytes + at, MIN (pieces[i], 20000 - at));
      gh_transfer_segment_add_hole (other, 30000);
      for (gsize at = 50000; at < BYTES; at += pieces[i])
        gh_transfer_segment_add_data (other, bytes + at, MIN (pieces[i], BYTES - at));
      gh_transfer_segment_close (other);
      g_assert_cmpuint (gh_transfer_segment_get_end (other), ==, 1000 + BYTES);
      g_assert_cmpuint (gh_transfer_segment_get_n_bytes (other), ==, BYTES - 30000);
      g_assert_cmpuint (gh_transfer_segment_get_extents (other)->len, ==, 0);
      g_assert_true (gh_transfer_segment_equal (whole, other));
    }
}

/* One bit, one place, one byte less: all of them show. */
static void
test_differences (void)
{
  g_autofree guint8 *bytes = g_malloc (BYTES);
  g_autoptr (GhTransferSegment) whole = gh_transfer_segment_new (0, FALSE);
  g_autoptr (GhTransferSegment) bit = gh_transfer_segment_new (0, FALSE);
  g_autoptr (GhTransferSegment) moved = gh_transfer_segment_new (0, FALSE);
  g_autoptr (GhTransferSegment) shorter = gh_transfer_segment_new (0, FALSE);
  g_autoptr (GhTransferSegment) elsewhere = gh_transfer_segment_new (4096, FALSE);

  fill (bytes, BYTES);
  gh_transfer_segment_add_data (whole, bytes, BYTES);
  gh_transfer_segment_add_hole (whole, 4096);
  gh_transfer_segment_close (whole);
  gh_transfer_segment_add_hole (moved, 4096);
  gh_transfer_segment_add_data (moved, bytes, BYTES);
  gh_transfer_segment_close (moved);
  gh_transfer_segment_add_data (shorter, bytes, BYTES);
  gh_transfer_segment_add_hole (shorter, 4095);
  gh_transfer_segment_close (shorter);
  gh_transfer_segment_add_data (elsewhere, bytes, BYTES);
  gh_transfer_segment_add_hole (elsewhere, 4096);
  gh_transfer_segment_close (elsewhere);
  bytes[BYTES - 1] ^= 1;
  gh_transfer_segment_add_data (bit, bytes, BYTES);
  gh_transfer_segment_add_hole (bit, 4096);
  gh_transfer_segment_close (bit);
  g_assert_true (gh_transfer_segment_equal (whole, whole));
  g_assert_false (gh_transfer_segment_equal (whole, bit));
  g_assert_false (gh_transfer_segment_equal (whole, moved));
  g_assert_false (gh_transfer_segment_equal (whole, shorter));
  g_assert_false (gh_transfer_segment_equal (whole, elsewhere));
}

static void
test_extents (void)
{
  g_autoptr (GhTransferSegment) segment = gh_transfer_segment_new (0, TRUE);
  GArray *extents = gh_transfer_segment_get_extents (segment);

  gh_transfer_segment_add_hole (segment, 0);
  gh_transfer_segment_add_data (segment, "", 0);
  gh_transfer_segment_add_data (segment, "abc", 3);
  gh_transfer_segment_add_hole (segment, (guint64) 1 << 40);
  gh_transfer_segment_close (segment);
  g_assert_cmpuint (extents->len, ==, 2);
  g_assert_cmpuint (g_bytes_get_size (g_array_index (extents, GhTransferExtent, 0).data), ==, 3);
  g_assert_null (g_array_index (extents, GhTransferExtent, 1).data);
  g_assert_cmpuint (gh_transfer_segment_get_end (segment), ==, ((guint64) 1 << 40) + 3);
  gh_transfer_segment_drop_data (segment);
  g_assert_cmpuint (extents->len, ==, 0);
  g_assert_cmpuint (gh_transfer_segment_get_n_bytes (segment), ==, 3);
}

static void
assert_folders (const char *line,
                const char *nvram, /* NULL: not understood */
                const char *tpm)
{
  g_autoptr (GhStateFolders) folders = gh_state_folders_new_from_command (line);

  if (nvram == NULL)
    {
      g_assert_null (folders);
      return;
    }
  g_assert_nonnull (folders);
  g_assert_cmpstr (folders->nvram, ==, nvram);
  g_assert_cmpstr (folders->tpm, ==, tpm);
}

static void
test_folders (void)
{
  assert_folders ("LC_ALL=C /usr/bin/qemu-system-x86_64 -name guest=guesthouse -chardev "
                  "socket,id=charmonitor,path=/var/lib/libvirt/qemu/domain--1-guesthouse/"
                  "monitor.sock,server=on,wait=off -mon chardev=charmonitor",
                  "/var/lib/libvirt/qemu/nvram", "/var/lib/libvirt/swtpm");
  assert_folders ("qemu -chardev socket,id=charmonitor,path=/home/u/.config/libvirt/qemu/lib/"
                  "domain--1-guesthouse/monitor.sock,server=on",
                  "/home/u/.config/libvirt/qemu/nvram", "/home/u/.config/libvirt/qemu/swtpm");
  /* A home with a space and a comma. */
  assert_folders ("qemu -chardev 'socket,id=charmonitor,path=/home/a b,,c/.config/libvirt/qemu/lib/"
                  "domain--1-guesthouse/monitor.sock,server=on'",
                  "/home/a b,c/.config/libvirt/qemu/nvram",
                  "/home/a b,c/.config/libvirt/qemu/swtpm");
  assert_folders ("qemu -chardev socket,id=charmonitor,path=domain--1-guesthouse/monitor.sock",
                  NULL, NULL);
  assert_folders ("qemu -chardev stdio", NULL, NULL);
  assert_folders ("qemu 'not ended", NULL, NULL);
  assert_folders ("", NULL, NULL);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transfer-segment/pieces", test_pieces);
  g_test_add_func ("/transfer-segment/differences", test_differences);
  g_test_add_func ("/transfer-segment/extents", test_extents);
  g_test_add_func ("/state-folders/command", test_folders);
  return g_test_run ();
}
